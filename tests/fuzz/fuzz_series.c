/* Any bytes as a file of series under some settings (first two bytes): steps in order of time, features, windows of all
 * parts. Or, where the first byte is odd, as the description of a pipeline that a model file holds: what is read back is
 * written the same again. A refusal has a message, and nothing is left. */
#include "data/dataset.h"
#include "data/forecast.h"
#include "data/windows.h"
#include "fuzz/fuzz.h"
#include "text/yaml.h"

static const char *const feature_texts[] = {
    "", "[lag]", "[{type: rolling_mean, windows: [2, 3]}, outliers]", "[ema, {type: lag, lags: [1], of: [b]}]",
    "[{type: rolling_std, windows: [2]}, rate_of_change]", "[rsi, macd]", "[bollinger]", "[{type: calendar}]"};

/* Every window of a part, and what naive forecasts of it are. */
static void read_windows(const tl_dataset *dataset, tl_part part, float *row, float *out)
{
    for (size_t i = 0; i < tl_dataset_rows(dataset, part); i++) {
        fuzz_must(tl_dataset_row(dataset, part, i, row, NULL) == TL_OK);
        fuzz_must(tl__window_origin(dataset, part, i) > 0);
        tl__window_repeat_last(dataset, part, i, out);
        tl__window_seasonal(dataset, part, i, out);
        tl__windows_restore(dataset, part, i, 1, out);
    }
}

static void make_set(tl_context *context, tl__table *table, const tl__data_settings *settings)
{
    tl_dataset *dataset = NULL;
    tl_error error = {0};
    if (tl__dataset_make(context, table, NULL, settings, 1, &dataset, &error) != TL_OK) {
        fuzz_must(error.message[0] != 0);
        return;
    }
    size_t features = dataset->pipeline->features, outputs = dataset->pipeline->outputs;
    float *row = tl__alloc_zero(&context->heap, features + outputs, sizeof *row);
    for (int part = TL_TRAIN; row && part <= TL_TEST; part++)
        read_windows(dataset, (tl_part)part, row, row + features);
    tl__free(&context->heap, row, (features + outputs) * sizeof *row);
    tl_dataset_free(dataset);
}

static void read_file(tl_context *context, const uint8_t *bytes, size_t size)
{
    static const char *const targets[] = {"a", "b"}, *const units[] = {"hour", "weekday", "month"};
    tl__data_settings settings = {0};
    tl__table *table = NULL;
    tl__tree *tree = NULL;
    tl_error error = {0};
    const unsigned how = bytes[0] / 2u, more = bytes[1];
    tl__field_defaults(tl__data_rows(), &settings);
    settings.target = (tl__text_list){1 + how % 2, targets};
    settings.inputs = settings.drop = settings.classes = settings.missing_marks = (tl__text_list){0, NULL};
    settings.covariates.past = (tl__text_list){0, NULL};
    settings.covariates.future = (tl__text_list){how / 2 % 2 && !(how % 2), targets + 1};
    settings.calendar = (tl__text_list){how / 4 % 4, units};
    settings.time = how / 16 % 2 ? "t" : NULL;
    settings.series = how / 32 % 2 ? "s" : NULL;
    settings.missing = how / 64 % 2 ? TL__MISSING_FORWARD : TL__MISSING_FAIL;
    settings.task = TL__TASK_FORECAST;
    settings.window = (tl__window_settings){1 + more % 3, 1 + more / 3 % 3, 1 + more / 9 % 2};
    const char *features = feature_texts[more / 18 % TL_COUNT(feature_texts)];
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return;
    if (*features && tl__yaml_parse(tree, features, strlen(features), &error) == TL_OK) settings.features = &tree->root;
    tl_status status = tl__table_parse(context, (const char *)bytes + 2, size - 2, "t.csv", &settings, NULL, &table,
                                       &error);
    if (status == TL_OK) make_set(context, table, &settings);
    else fuzz_must(error.message[0] != 0);
    tl__tree_free(tree);
}

/* A pipeline's tree as text; read from `text`, which must be accepted where `must`. */
static bool pipeline_text(tl_context *context, const char *text, size_t size, bool must, tl__buffer *out)
{
    tl__tree *tree = NULL, *written = NULL;
    tl__pipeline *pipeline = NULL;
    tl_error error = {0};
    tl__builder builder;
    bool made = false;
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return false;
    tl_status status = tl__json_parse(tree, text, size, &error);
    if (status == TL_OK) status = tl__pipeline_get(context, &tree->root, "model", &pipeline, &error);
    fuzz_must(status == TL_OK || (!must && error.message[0] != 0));
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &written) == TL_OK) {
        tl__builder_init(&builder, written);
        tl__pipeline_put(&builder, NULL, NULL, pipeline);
        tl__json_write(out, &written->root, 0);
        made = !builder.failed && !out->failed;
    }
    tl__pipeline_free(pipeline);
    tl__tree_free(written);
    tl__tree_free(tree);
    return made;
}

static void read_pipeline(tl_context *context, const uint8_t *bytes, size_t size)
{
    tl__buffer first, second;
    tl__buffer_init(&first, &context->heap);
    tl__buffer_init(&second, &context->heap);
    if (pipeline_text(context, (const char *)bytes + 2, size - 2, false, &first) &&
        pipeline_text(context, first.data, first.size, true, &second))
        fuzz_must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    tl__buffer_free(&first);
    tl__buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl_context context = {.threads = 1};
    if (size < 2) return 0;
    tl__heap_init(&context.heap, NULL, FUZZ_MEMORY);
    if (bytes[0] % 2) read_pipeline(&context, bytes, size);
    else read_file(&context, bytes, size);
    fuzz_must(context.heap.in_use == 0);
    return 0;
}
