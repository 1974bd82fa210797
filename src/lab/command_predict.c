/* train:predict: rows of a file in, one line of predictions for each out.
 *
 *     row          number of the row in its file, from 0
 *     prediction   the class, or the value in the target's unit (prediction_NAME for each of several targets)
 *                  (prediction_0.1, ... of a network of quantiles)
 *     prob_CLASS   for each class (prob_NAME_CLASS where one of several targets is a class)
 *
 * Columns are found by name. One that the model needs and the file lacks is a mistake; others are ignored and named
 * once. A word that training did not have counts as none of the known ones. A missing cell becomes what training would
 * have made of it; where training had none missing it is a mistake, and with data.missing: drop its row is left out. */
#include "base/text.h"
#include "data/stream.h"
#include "lab/command_forecast.h"
#include "lab/figures.h"
#include "metrics/metrics.h"
#include "text/csv.h"
#include "text/yaml.h"

typedef struct command_predict_rows {
    const tl_dataset *data;
    const tl__pipeline *pipeline;
    const float *values;         /* [rows, width] */
    size_t rows, width, each;    /* each: numbers of a value, more than one of a network of quantiles */
    const char **labels;         /* [each] of quantiles */
    double threshold;            /* < 0: none */
    int positive;
    size_t first;                /* number of the data's first row in its file */
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

static void command_predict_name(tl__buffer *out, const char *kind, const char *target, const char *class)
{
    tl__buffer name;
    tl__buffer_init(&name, out->heap);
    tl__buffer_text(&name, kind);
    if (target) tl__buffer_format(&name, "_%s", target);
    if (class) tl__buffer_format(&name, "_%s", class);
    tl__csv_put(out, name.data ? name.data : "", name.size, false, false);
    tl__buffer_free(&name);
}

/* Of several targets, or of one that a head learns: for each its value, or its class and the probabilities. */
static void command_predict_target_names(tl__buffer *out, const command_predict_rows *r)
{
    const tl__pipeline *p = r->pipeline;
    bool one = p->target_count == 1 && !p->target_classes;
    for (size_t k = 0; k < p->target_count; k++) {
        const tl__class_list *list = tl__target_classes(p, k) ? &p->target_classes[k] : NULL;
        for (size_t q = 0; q < r->each; q++)
            command_predict_name(out, "prediction", one ? NULL : p->targets[k], r->each > 1 ? r->labels[q] : NULL);
        for (size_t c = 0; list && c < list->count; c++)
            command_predict_name(out, "prob", p->targets[k], list->names[c]);
    }
}

static void command_predict_names(tl__buffer *out, const command_predict_rows *r)
{
    const tl__pipeline *p = r->pipeline;
    const char *id = p->sequence ? p->sequence->id : "row";
    tl__csv_put(out, id, strlen(id), true, true);
    if (!p->classification) command_predict_target_names(out, r);
    else tl__buffer_text(out, ",prediction");
    for (size_t c = 0; p->classification && c < r->width; c++) command_predict_name(out, "prob", NULL, p->classes[c]);
    tl__buffer_char(out, '\n');
}

static const char *command_predict_likeliest(const tl__class_list *list, const float *probabilities)
{
    size_t best = 0;
    for (size_t c = 1; c < list->count; c++)
        if (probabilities[c] > probabilities[best]) best = c;
    return list->names[best];
}

static void command_predict_numbers(tl__buffer *out, const float *values, size_t count)
{
    char number[32];
    for (size_t c = 0; c < count; c++) {
        tl__buffer_char(out, ',');
        tl__buffer_add(out, number, tl__print_float(number, values[c]));
    }
}

static void command_predict_targets(tl__buffer *out, const tl__pipeline *p, const float *values)
{
    for (size_t k = 0; k < p->target_count; k++) {
        size_t width = tl__size_max(1, tl__target_classes(p, k));
        if (tl__target_classes(p, k)) {
            const char *name = command_predict_likeliest(&p->target_classes[k], values);
            tl__csv_put(out, name, strlen(name), false, false);
        }
        command_predict_numbers(out, values, width);
        values += width;
    }
}

static void command_predict_csv(tl__buffer *out, const command_predict_rows *r)
{
    const tl__pipeline *p = r->pipeline;
    for (size_t row = 0; row < r->rows && !out->failed; row++) {
        const float *values = r->values + row * r->width;
        const char *sequence = tl__dataset_sequence_id(r->data, TL_TEST, row);
        if (sequence) tl__csv_put(out, sequence, strlen(sequence), true, true);
        else tl__buffer_format(out, "%zu", r->first + tl__dataset_row_id(r->data, TL_TEST, row));
        if (p->classification) {
            const char *name = p->classes[command_predict_class(r, row)];
            tl__csv_put(out, name, strlen(name), false, false);
        }
        if (p->target_classes) command_predict_targets(out, p, values);
        else command_predict_numbers(out, values, r->width);
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

/* {prediction: 4100}, {prediction: {mass: 4100, species: Adelie}, probabilities: {species: {Adelie: 0.98, ...}}}, or
 * for a value {0.1: 3900, 0.5: 4100, ...} */
static void command_predict_map(tl__builder *builder, tl_value *map, const command_predict_rows *r,
                                const float *values)
{
    const tl__pipeline *p = r->pipeline;
    bool one = p->target_count == 1 && !p->target_classes;
    tl_value *inner = one ? map : tl__put_map(builder, map, "prediction"), *chances = NULL;
    for (size_t k = 0; k < p->target_count; k++) {
        const tl__class_list *list = tl__target_classes(p, k) ? &p->target_classes[k] : NULL;
        const char *name = one ? "prediction" : p->targets[k];
        if (!list) {
            tl_value *of = r->each > 1 ? tl__put_map(builder, inner, name) : inner;
            for (size_t q = 0; q < r->each; q++)
                tl__put_number(builder, of, r->each > 1 ? r->labels[q] : name, command_predict_number(*values++));
            continue;
        }
        tl__put_text(builder, inner, name, command_predict_likeliest(list, values));
        if (!chances) chances = tl__put_map(builder, map, "probabilities");
        tl_value *of = tl__put_map(builder, chances, name);
        for (size_t c = 0; c < list->count; c++)
            tl__put_number(builder, of, list->names[c], command_predict_number(*values++));
    }
}

static void command_predict_list(tl__builder *builder, tl_value *root, const char *key, const command_predict_rows *r)
{
    const tl__pipeline *p = r->pipeline;
    tl_value *list = tl__put_list(builder, root, key);
    for (size_t row = 0; row < r->rows && !builder->failed; row++) {
        const float *values = r->values + row * r->width;
        tl_value *map = tl__put_map(builder, list, NULL);
        const char *sequence = tl__dataset_sequence_id(r->data, TL_TEST, row);
        if (sequence) tl__put_text(builder, map, "sequence", sequence);
        else tl__put_integer(builder, map, "row", (int64_t)tl__dataset_row_id(r->data, TL_TEST, row));
        if (!p->classification) {
            command_predict_map(builder, map, r, values);
            continue;
        }
        tl__put_text(builder, map, "prediction", p->classes[command_predict_class(r, row)]);
        tl_value *chances = tl__put_map(builder, map, "probabilities");
        for (size_t c = 0; c < r->width; c++)
            tl__put_number(builder, chances, p->classes[c], command_predict_number(values[c]));
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
        command_predict_names(&text, rows);
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

/* data: NULL, for the names alone. */
static tl_status command_predict_of(tl__trained *trained, const tl_dataset *data, command_predict_rows *out,
                                    tl_error *error)
{
    const tl__pipeline *pipeline = trained->model->pipeline;
    bool plain = pipeline->classification || pipeline->target_classes;
    *out = (command_predict_rows){
        .data = data, .pipeline = pipeline, .rows = data ? tl_dataset_rows(data, TL_TEST) : 0,
        .width = tl__model_predictions(trained->model), .threshold = trained->config->settings.prediction.threshold,
        .positive = pipeline->positive_class >= 0 ? pipeline->positive_class : 1,
    };
    out->each = plain ? 1 : out->width / pipeline->outputs;
    return tl__quantile_labels(trained, &trained->arena, out->each, &out->labels, error);
}

static tl_status command_predict_all(tl__trained *trained, const tl_dataset *data, const tl_options *options,
                                     tl__tree *tree,
                                     tl_error *error)
{
    tl_context *context = trained->context;
    command_predict_rows rows;
    size_t bytes;
    tl__builder builder;
    TL_TRY(command_predict_of(trained, data, &rows, error));
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
    tl_status status = bytes ? tl__trained_predict(trained, data, TL_TEST, values, error) : TL_OK;
    if (status == TL_OK) status = command_predict_show(context, &rows, options, &builder, root, error);
    tl__free(&context->heap, values, bytes);
    return status;
}

/* ---- rows of a file larger than memory ---- */

typedef struct command_predict_stream {
    tl__trained *trained;
    const tl_options *options;
    command_predict_rows names;  /* and all else that blocks have in common */
    tl__apply_blocks *blocks;
    tl__file *file;              /* NULL: the text is the result */
    tl__buffer text;
    size_t rows, left_out, unknown;
    bool noted;
} command_predict_stream;

/* The predictions of a block, as text. */
static tl_status command_predict_block(command_predict_stream *stream, const tl_dataset *data, size_t first,
                                       tl_error *error)
{
    tl_context *context = stream->trained->context;
    command_predict_rows rows = stream->names;
    size_t bytes;
    rows.data = data;
    rows.rows = tl_dataset_rows(data, TL_TEST);
    if (data->note && *data->note && !stream->noted) tl__log_line(context, TL_LOG_INFO, "%s", data->note);
    stream->noted = true;
    stream->rows += rows.rows;
    stream->left_out += data->left_out.missing_rows;
    stream->unknown += data->left_out.unknown_categories;
    rows.first = first;
    if (rows.rows == 0) return TL_OK;
    if (!tl__size_mul(rows.rows, rows.width * sizeof(float), &bytes)) return tl__fail_memory(error, SIZE_MAX);
    float *values = tl__alloc(&context->heap, bytes);
    if (!values) return tl__fail_memory(error, bytes);
    rows.values = values;
    tl_status status = tl__trained_predict(stream->trained, data, TL_TEST, values, error);
    if (status == TL_OK) command_predict_csv(&stream->text, &rows);
    tl__free(&context->heap, values, bytes);
    if (status == TL_OK && stream->text.failed) status = tl__fail_memory(error, stream->text.size);
    if (status != TL_OK || !stream->file) return status;
    TL_TRY(tl__file_write(stream->file, stream->text.data, stream->text.size, error));
    tl__buffer_clear(&stream->text);
    return TL_OK;
}

static tl_status command_predict_blocks(command_predict_stream *stream, tl_error *error)
{
    const tl__trained *trained = stream->trained;
    const tl_options *options = stream->options;
    tl_context *context = trained->context;
    size_t first;
    TL_TRY(command_predict_of(stream->trained, NULL, &stream->names, error));
    TL_TRY(tl__apply_open(context, trained->model->pipeline, options->data, &trained->config->settings.data,
                          &stream->blocks, error));
    if (options->output) TL_TRY(tl__file_create(context, options->output, &stream->file, error));
    command_predict_names(&stream->text, &stream->names);
    for (;;) {
        tl_dataset *data;
        if (tl__cancelled(context)) return tl__fail(error, TL_CANCELLED, "stopped on request; nothing was written");
        TL_TRY(tl__apply_next(stream->blocks, &data, &first, error));
        if (!data) break;
        tl_status status = command_predict_block(stream, data, first, error);
        tl_dataset_free(data);
        TL_TRY(status);
    }
    if (!stream->file) return TL_OK;
    if (stream->text.size) TL_TRY(tl__file_write(stream->file, stream->text.data, stream->text.size, error));
    tl__file *file = stream->file;
    stream->file = NULL;
    return tl__file_commit(file, false, error);
}

static tl_status command_predict_streamed(tl__trained *trained, const tl_options *options, tl__tree *tree,
                                          tl_error *error)
{
    command_predict_stream stream = {.trained = trained, .options = options};
    tl__builder builder;
    if (!options->format || !tl__same_text(options->format, "csv"))
        return tl__fail_at(error, TL_UNSUPPORTED, NULL, 0, 0, "data.streaming",
                           "predictions of streamed rows are written as csv (--format csv); for other forms hold the "
                           "rows in memory: data.streaming: false");
    tl__buffer_init(&stream.text, &trained->context->heap);
    tl_status status = command_predict_blocks(&stream, error);
    if (status == TL_OK && stream.left_out)
        tl__log_line(trained->context, TL_LOG_WARNING,
                     "%zu rows have missing cells and are left out (data.missing: drop)", stream.left_out);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "model", trained->place.model);
    tl__put_integer(&builder, root, "rows", (int64_t)stream.rows);
    tl__put_integer(&builder, root, "rows_left_out", (int64_t)stream.left_out);
    tl__put_integer(&builder, root, "unknown_categories", (int64_t)stream.unknown);
    if (options->output) tl__put_text(&builder, root, "output", options->output);
    else tl__put_text_n(&builder, root, "text", stream.text.data ? stream.text.data : "", stream.text.size);
    tl__file_abandon(stream.file);
    tl__apply_close(stream.blocks);
    tl__buffer_free(&stream.text);
    return status == TL_OK && builder.failed ? tl__fail_memory(error, 0) : status;
}

static tl_status command_predict_wanted(const tl__trained *trained, const char *file, bool *out, tl_error *error)
{
    const tl_value path = {.kind = TL_TEXT, .text = file, .text_size = strlen(file), .quoted = true};
    const tl__data_settings *settings = &trained->config->settings.data;
    bool array = false;
    TL_TRY(tl__stream_wanted(trained->context, settings, &path, NULL, NULL, out, error));
    if (*out) TL_TRY(tl__stream_is_array(trained->context, file, settings, &array, error));
    *out = *out && !array && !trained->model->pipeline->sequence;    /* an array is read where it lies */
    return TL_OK;
}

static tl_status command_predict_whole(tl__trained *trained, const tl_options *options, tl__tree *tree,
                                       tl_error *error)
{
    tl_context *context = trained->context;
    tl_dataset *data;
    TL_TRY(tl__trained_read(trained, options->data, &data, error));
    if (data->note && *data->note) tl__log_line(context, TL_LOG_INFO, "%s", data->note);
    if (data->left_out.missing_rows)
        tl__log_line(context, TL_LOG_WARNING, "%zu rows have missing cells and are left out (data.missing: drop)",
                     data->left_out.missing_rows);
    tl_status status = command_predict_all(trained, data, options, tree, error);
    tl_dataset_free(data);
    return status;
}

static tl_status command_predict_check(const tl_options *options, bool forecast, tl_error *error)
{
    if (forecast) return TL_OK;
    if (!options->data)
        return tl__fail(error, TL_INVALID, "name the rows to predict: --data FILE, or --data - for standard input.");
    if (options->steps == 0) return TL_OK;
    return tl__fail(error, TL_INVALID, "--steps is of forecasts; this model predicts each row by itself.");
}

TL_API tl_status tl_predict_file(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                                 tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__trained trained;
    tl__tree *tree = NULL;
    bool stream = false;
    if (!options) options = &defaults;
    tl_status status = tl__trained_open(context, run, options, &trained, error);
    bool forecast = status == TL_OK && trained.model->pipeline->forecast;
    bool nothing = status == TL_NOT_FOUND && !run && !options->data;    /* what is missing most is named */
    if (status == TL_OK || nothing) status = command_predict_check(options, forecast, error);
    if (status == TL_OK && !forecast) status = command_predict_wanted(&trained, options->data, &stream, error);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK) status = tl__fail_memory(error, 256);
    if (status == TL_OK && forecast) status = tl__forecast_file(&trained, options, tree, error);
    else if (status == TL_OK) status = stream ? command_predict_streamed(&trained, options, tree, error)
                                         : command_predict_whole(&trained, options, tree, error);
    tl__trained_close(&trained);
    if (status != TL_OK && tree) tl__tree_free(tree);
    if (status == TL_OK) *out = &tree->root;
    return status;
}
