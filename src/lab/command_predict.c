/* train:predict: rows of a file in, one line of predictions for each out.
 *
 *     row          number of the row in its file, from 0
 *     prediction   the class, or the value in the target's unit (prediction_NAME for each of several targets)
 *     prob_CLASS   for each class
 *
 * Columns are found by name. One that the model needs and the file lacks is a mistake; others are ignored and named
 * once. A word that training did not have counts as none of the known ones. A missing cell becomes what training would
 * have made of it; where training had none missing it is a mistake, and with data.missing: drop its row is left out. */
#include "base/text.h"
#include "lab/command_model.h"
#include "lab/figures.h"
#include "metrics/metrics.h"
#include "text/csv.h"
#include "text/yaml.h"

typedef struct command_predict_rows {
    const tl_dataset *data;
    const tl__pipeline *pipeline;
    const float *values;         /* [rows, width] */
    size_t rows, width;
    double threshold;            /* < 0: none */
    int positive;
} command_predict_rows;

static size_t command_predict_class(const command_predict_rows *r, size_t row)
{
    const float *values = r->values + row * r->width;
    size_t best = 0;
    if (r->width == 2 && r->threshold >= 0.0)
        return (double)values[r->positive] >= r->threshold ? (size_t)r->positive : (size_t)(1 - r->positive);
    for (size_t c = 1; c < r->width; c++)
        if (values[c] > values[best]) best = c;
    return best;
}

static void command_predict_csv(tl__buffer *out, const command_predict_rows *r)
{
    const tl__pipeline *p = r->pipeline;
    char number[32];
    tl__buffer_text(out, "row");
    if (p->classification || p->target_count == 1) tl__buffer_text(out, ",prediction");
    for (size_t c = 0; c < r->width && (p->classification || p->target_count > 1); c++) {
        tl__buffer name;
        tl__buffer_init(&name, out->heap);
        tl__buffer_format(&name, p->classification ? "prob_%s" : "prediction_%s", p->classification ? p->classes[c]
                                                                                                  : p->targets[c]);
        tl__csv_put(out, name.data ? name.data : "", name.size, false, false);
        tl__buffer_free(&name);
    }
    tl__buffer_char(out, '\n');
    for (size_t row = 0; row < r->rows && !out->failed; row++) {
        tl__buffer_format(out, "%zu", tl__dataset_row_id(r->data, TL_TEST, row));
        if (p->classification) {
            const char *name = p->classes[command_predict_class(r, row)];
            tl__csv_put(out, name, strlen(name), false, false);
        }
        for (size_t c = 0; c < r->width; c++) {
            tl__buffer_char(out, ',');
            tl__buffer_add(out, number, tl__print_float(number, r->values[row * r->width + c]));
        }
        tl__buffer_char(out, '\n');
    }
}

/* A float as the double with the same shortest text, so that JSON and CSV show the same digits. */
static double command_predict_number(float value)
{
    char text[32];
    double number = (double)value;
    tl__parse_double(text, tl__print_float(text, value), &number);
    return number;
}

static void command_predict_list(tl__builder *builder, tl_value *root, const char *key, const command_predict_rows *r)
{
    const tl__pipeline *p = r->pipeline;
    tl_value *list = tl__put_list(builder, root, key);
    for (size_t row = 0; row < r->rows && !builder->failed; row++) {
        const float *values = r->values + row * r->width;
        tl_value *map = tl__put_map(builder, list, NULL), *inner = map;
        tl__put_integer(builder, map, "row", (int64_t)tl__dataset_row_id(r->data, TL_TEST, row));
        if (p->classification) {
            tl__put_text(builder, map, "prediction", p->classes[command_predict_class(r, row)]);
            inner = tl__put_map(builder, map, "probabilities");
        } else if (p->target_count > 1) {
            inner = tl__put_map(builder, map, "prediction");
        }
        for (size_t c = 0; c < r->width; c++) {
            const char *name = p->classification ? p->classes[c] : p->target_count > 1 ? p->targets[c] : "prediction";
            tl__put_number(builder, inner, name, command_predict_number(values[c]));
        }
    }
}

/* As a text for a file or for the result, or as values. */
static tl_status command_predict_show(tl_context *context, const command_predict_rows *rows, const tl_options *options,
                                      tl__builder *builder, tl_value *root, tl_error *error)
{
    bool json = options->format && tl__same_text(options->format, "json");
    tl_status status = TL_OK;
    tl__buffer text;
    if (!options->format && !options->output) {
        command_predict_list(builder, root, "predictions", rows);
        return builder->failed ? tl__fail_memory(error, 0) : TL_OK;
    }
    tl__buffer_init(&text, &context->heap);
    if (json) {
        tl__tree *tree;
        tl__builder own;
        if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, 256);
        tl__builder_init(&own, tree);
        command_predict_list(&own, NULL, NULL, rows);
        if (own.failed) text.failed = true;
        else tl__json_write(&text, &tree->root, 2);
        tl__buffer_char(&text, '\n');
        tl__tree_free(tree);
    } else {
        command_predict_csv(&text, rows);
    }
    if (text.failed) status = tl__fail_memory(error, text.size);
    else if (options->output) status = tl__file_replace(options->output, text.data, text.size, false, error);
    else tl__put_text_n(builder, root, "text", text.data, text.size);
    if (options->output) tl__put_text(builder, root, "output", options->output);
    tl__buffer_free(&text);
    if (status == TL_OK && builder->failed) status = tl__fail_memory(error, 0);
    return status;
}

static tl_status command_predict_all(tl__trained *trained, const tl_dataset *data, const tl_options *options,
                                     tl__tree *tree,
                                     tl_error *error)
{
    tl_context *context = trained->context;
    command_predict_rows rows = {.data = data, .pipeline = trained->model->pipeline};
    size_t bytes;
    tl__builder builder;
    rows.rows = tl_dataset_rows(data, TL_TEST);
    rows.width = tl__model_predictions(trained->model);
    rows.threshold = trained->config->settings.prediction.threshold;
    rows.positive = rows.pipeline->positive_class >= 0 ? rows.pipeline->positive_class : 1;
    if (!tl__size_mul(rows.rows, rows.width, &bytes) || !tl__size_mul(bytes, sizeof(float), &bytes))
        return tl__fail(error, TL_OUT_OF_RANGE, "there are too many rows to predict at once.");
    float *values = bytes ? tl__alloc(&context->heap, bytes) : NULL;
    if (bytes && !values) return tl__fail_memory(error, bytes);
    rows.values = values;
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "model", trained->place.model);
    tl__put_integer(&builder, root, "rows", (int64_t)rows.rows);
    tl__put_integer(&builder, root, "rows_left_out", (int64_t)data->left_out.missing_rows);
    tl__put_integer(&builder, root, "unknown_categories", (int64_t)data->left_out.unknown_categories);
    tl_status status = bytes ? tl__predict_part(trained->model, data, TL_TEST, values, error) : TL_OK;
    if (status == TL_OK) status = command_predict_show(context, &rows, options, &builder, root, error);
    tl__free(&context->heap, values, bytes);
    return status;
}

TL_API tl_status tl_predict_file(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                                 tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__trained trained;
    tl_dataset *data = NULL;
    tl__tree *tree = NULL;
    if (!options) options = &defaults;
    if (!options->data)
        return tl__fail(error, TL_INVALID, "name the rows to predict: --data FILE, or --data - for standard input.");
    tl_status status = tl__trained_open(context, run, options, &trained, error);
    if (status == TL_OK) status = tl__trained_read(&trained, options->data, &data, error);
    if (status == TL_OK && data->note && *data->note) tl__log_line(context, TL_LOG_INFO, "%s", data->note);
    if (status == TL_OK && data->left_out.missing_rows)
        tl__log_line(context, TL_LOG_WARNING, "%zu rows have missing cells and are left out (data.missing: drop)",
                     data->left_out.missing_rows);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK) status = tl__fail_memory(error, 256);
    if (status == TL_OK) status = command_predict_all(&trained, data, options, tree, error);
    tl_dataset_free(data);
    tl__trained_close(&trained);
    if (status != TL_OK && tree) tl__tree_free(tree);
    if (status == TL_OK) *out = &tree->root;
    return status;
}
