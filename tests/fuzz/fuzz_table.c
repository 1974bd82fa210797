/* Any bytes as a file of any format (second byte) under some settings (first byte): a table, then a data set. A refusal
 * has a message, and nothing is left. */
#include "data/dataset.h"
#include "fuzz/fuzz.h"

static void make_set(tl_context *context, tl__table *table, const tl__data_settings *settings)
{
    tl_dataset *dataset = NULL;
    tl_error error = {0};
    if (tl__dataset_make(context, table, NULL, settings, 1, &dataset, &error) != TL_OK) {
        fuzz_must(error.message[0] != 0);
        return;
    }
    float *row = tl__alloc_zero(&context->heap, dataset->pipeline->features, sizeof *row);
    size_t features = dataset->pipeline->features;
    if (row) fuzz_must(tl_dataset_row(dataset, TL_TRAIN, 0, row, NULL) == TL_OK);
    tl__free(&context->heap, row, features * sizeof *row);
    tl_dataset_free(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"t.csv", "t.json", "t.npy", "t", "t.jsonl"}, *const marks[] = {"?", "NA"};
    tl_context context = {.threads = 1};
    tl__data_settings settings = {0};
    tl__table *table = NULL;
    tl_error error = {0};
    if (size < 2) return 0;
    tl__heap_init(&context.heap, NULL, FUZZ_MEMORY);
    tl__field_defaults(tl__data_rows(), &settings);
    settings.target = settings.inputs = settings.drop = settings.classes = (tl__text_list){0, NULL};
    settings.missing_marks = (tl__text_list){2, marks};
    settings.missing = bytes[0] % 6;
    settings.normalize = bytes[0] / 6 % 4;
    settings.split.method = bytes[0] / 24 % 5;
    settings.split.folds = 2;
    if (bytes[1] / 5 % 2) settings.sequence.id = "0";
    settings.sequence.max_length = bytes[1] / 10 % 3;
    settings.sequence.keep = bytes[1] / 30 % 2;
    if (bytes[1] / 60 % 2) settings.time = "1";
    tl_status status = tl__table_parse(&context, (const char *)bytes + 2, size - 2, names[bytes[1] % 5], &settings, NULL,
                                       &table, &error);
    if (status == TL_OK) make_set(&context, table, &settings);
    else fuzz_must(error.message[0] != 0);
    fuzz_must(context.heap.in_use == 0);
    return 0;
}
