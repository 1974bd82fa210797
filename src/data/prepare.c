/* The prepared set as files: what the network sees, a file per part (npy: two), written piece by piece. Of a forecast
 * CSV has the steps and npy the windows. Targets stand in their own unit, classes by name in CSV and by number in
 * npy. */
#include "data/dataset.h"

#include "base/text.h"
#include "data/sequence.h"
#include "data/series.h"
#include "port/port.h"
#include "text/csv.h"
#include "text/npy.h"

enum { PREPARE_ROWS = 256 };

typedef struct prepare {
    const tl_dataset *dataset;
    tl_part part;
    float *inputs;               /* [PREPARE_ROWS, features] */
    int32_t *labels;
    float *targets;
    int32_t *lengths;            /* of sequences; NULL: rows are none */
    void *room;                  /* for gathering */
    tl__buffer out;
    tl__file *file;
    tl_error *error;
} prepare;

static const char *prepare_part(tl_part part)
{
    static const char *const words[] = {"train", "validation", "test"};
    return words[part];
}

static tl_status prepare_flush(prepare *p)
{
    if (p->out.failed) return tl__fail_memory(p->error, p->out.capacity);
    TL_TRY(tl__file_write(p->file, p->out.data, p->out.size, p->error));
    tl__buffer_clear(&p->out);
    return TL_OK;
}

static tl_status prepare_gather(prepare *p, size_t first, size_t *count)
{
    const tl_dataset *dataset = p->dataset;
    *count = tl__size_min(PREPARE_ROWS, dataset->part[p->part].count - first);
    tl__dataset_lengths(dataset, p->part, NULL, first, *count, p->lengths);
    if (p->targets) tl__dataset_targets(dataset, p->part, first, *count, p->targets);
    return tl__dataset_gather(dataset, p->part, NULL, first, *count, p->inputs, p->labels, NULL, NULL, p->room,
                              p->error);
}

/* ---- csv ---- */

static void prepare_csv_names(prepare *p)
{
    const tl__pipeline *pipeline = p->dataset->pipeline;
    char name[512];
    bool begun = pipeline->sequence != NULL;
    if (begun) tl__csv_put(&p->out, pipeline->sequence->id, strlen(pipeline->sequence->id), true, true);
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        for (size_t k = 0; k < input->features; k++) {
            size_t size = input->category      ? tl__format(name, sizeof name, "%s=%s", input->name, input->words[k])
                          : input->width > 1 ? tl__format(name, sizeof name, "%s_%zu", input->name, k)
                                             : tl__format(name, sizeof name, "%s", input->name);
            tl__csv_put(&p->out, name, tl__size_min(size, sizeof name - 1), i + k == 0 && !begun, true);
        }
    }
    for (size_t i = 0; i < pipeline->target_count; i++) {
        tl__csv_put(&p->out, pipeline->targets[i], strlen(pipeline->targets[i]), false, true);
    }
    tl__csv_end_row(&p->out);
}

/* Of a forecast: its steps, not its windows, which overlap. */
static tl_status prepare_csv_steps(prepare *p)
{
    const tl_dataset *dataset = p->dataset;
    const tl__forecast *forecast = dataset->pipeline->forecast;
    const tl__series *series = dataset->source[0].series;
    bool named = forecast->series != NULL;
    char time[40];
    if (named) tl__csv_put(&p->out, forecast->series, strlen(forecast->series), true, true);
    const char *axis = forecast->time ? forecast->time : "step";
    tl__csv_put(&p->out, axis, strlen(axis), !named, true);
    for (size_t c = 0; c < forecast->channel_count; c++)
        tl__csv_put(&p->out, forecast->channels[c].name, strlen(forecast->channels[c].name), false, true);
    tl__csv_end_row(&p->out);
    for (size_t i = 0; i < series->steps; i++) {
        if (dataset->part_of[series->rows[i]] != p->part) continue;
        const char *name = forecast->series_names[tl__series_span(series, i)->series];
        if (named) tl__csv_put(&p->out, name, strlen(name), true, true);
        tl__forecast_time(forecast, series->times[i], time);
        tl__csv_put(&p->out, time, strlen(time), !named, false);
        for (size_t c = 0; c < series->width; c++)
            tl__csv_put_float(&p->out, series->values[i * series->width + c], false);
        tl__csv_end_row(&p->out);
        if (i % PREPARE_ROWS == 0) TL_TRY(prepare_flush(p));
    }
    return prepare_flush(p);
}

/* A row; of a sequence, one for each step, behind its name. */
static void prepare_csv_row(prepare *p, size_t first, size_t i)
{
    const tl__pipeline *pipeline = p->dataset->pipeline;
    size_t steps = p->lengths ? (size_t)p->lengths[i] : 1;
    size_t features = p->lengths ? pipeline->sequence->features : pipeline->features;
    const char *id = tl__dataset_sequence_id(p->dataset, p->part, first + i);
    for (size_t t = 0; t < steps; t++) {
        const float *inputs = p->inputs + i * pipeline->features + t * features;
        if (id) tl__csv_put(&p->out, id, strlen(id), true, true);
        for (size_t k = 0; k < features; k++) tl__csv_put_float(&p->out, inputs[k], k == 0 && !id);
        if (p->labels) {
            const char *name = p->labels[i] < 0 ? "" : pipeline->classes[p->labels[i]];
            tl__csv_put(&p->out, name, strlen(name), false, true);
        }
        for (size_t k = 0; p->targets && k < pipeline->outputs; k++)
            tl__csv_put_float(&p->out, p->targets[i * pipeline->outputs + k], false);
        tl__csv_end_row(&p->out);
    }
}

static tl_status prepare_csv_rows(prepare *p)
{
    const tl__pipeline *pipeline = p->dataset->pipeline;
    if (pipeline->forecast) return prepare_csv_steps(p);
    prepare_csv_names(p);
    for (size_t first = 0, count; first < p->dataset->part[p->part].count; first += count) {
        TL_TRY(prepare_gather(p, first, &count));
        for (size_t i = 0; i < count; i++) prepare_csv_row(p, first, i);
        TL_TRY(prepare_flush(p));
    }
    return prepare_flush(p);
}

/* ---- npy ---- */

static void prepare_npy_word(tl__buffer *out, uint32_t bits)
{
    unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                              (unsigned char)(bits >> 24)};
    tl__buffer_add(out, bytes, sizeof bytes);
}

static void prepare_npy_floats(tl__buffer *out, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        prepare_npy_word(out, bits);
    }
}

static tl_status prepare_npy_inputs(prepare *p)
{
    const tl__sequence *sequence = p->dataset->pipeline->sequence;
    size_t features = p->dataset->pipeline->features, shape[3] = {p->dataset->part[p->part].count, features};
    if (sequence) shape[1] = sequence->max_length;
    if (sequence) shape[2] = sequence->features;
    tl__npy_put_header(&p->out, 'f', 4, shape, sequence ? 3 : 2);
    for (size_t first = 0, count; first < shape[0]; first += count) {
        TL_TRY(prepare_gather(p, first, &count));
        prepare_npy_floats(&p->out, p->inputs, count * features);
        TL_TRY(prepare_flush(p));
    }
    return prepare_flush(p);
}

static tl_status prepare_npy_targets(prepare *p)
{
    size_t outputs = p->dataset->pipeline->outputs, shape[2] = {p->dataset->part[p->part].count, outputs};
    tl__npy_put_header(&p->out, p->labels ? 'i' : 'f', 4, shape, p->labels ? 1 : 2);
    for (size_t first = 0, count; first < shape[0]; first += count) {
        TL_TRY(prepare_gather(p, first, &count));
        for (size_t i = 0; p->labels && i < count; i++) prepare_npy_word(&p->out, (uint32_t)p->labels[i]);
        if (p->targets) prepare_npy_floats(&p->out, p->targets, count * outputs);
        TL_TRY(prepare_flush(p));
    }
    return prepare_flush(p);
}

static tl_status prepare_npy_lengths(prepare *p)
{
    size_t rows = p->dataset->part[p->part].count;
    tl__npy_put_header(&p->out, 'i', 4, &rows, 1);
    for (size_t first = 0, count; first < rows; first += count) {
        TL_TRY(prepare_gather(p, first, &count));
        for (size_t i = 0; i < count; i++) prepare_npy_word(&p->out, (uint32_t)p->lengths[i]);
        TL_TRY(prepare_flush(p));
    }
    return prepare_flush(p);
}

/* ---- files ---- */

static tl_status prepare_file(prepare *p, const char *folder, const char *prefix, const char *suffix,
                              tl_status (*write)(prepare *p))
{
    tl__arena arena;
    tl_context *context = p->dataset->context;
    tl__arena_init(&arena, &context->heap);
    const char *path = tl__arena_format(&arena, "%s/%s%s.%s", folder, prefix, prepare_part(p->part), suffix);
    tl__buffer_clear(&p->out);
    tl_status status = path ? tl__file_create(context, path, &p->file, p->error) : tl__fail_memory(p->error, 256);
    if (status == TL_OK) {
        status = write(p);
        if (status == TL_OK) status = tl__file_commit(p->file, false, p->error);
        else tl__file_abandon(p->file);
    }
    tl__arena_free(&arena);
    return status;
}

static tl_status prepare_parts(prepare *p, const char *folder, bool csv)
{
    for (int part = 0; part < TL__PARTS; part++) {
        p->part = (tl_part)part;
        if (p->dataset->part[part].count == 0) continue;
        if (csv) TL_TRY(prepare_file(p, folder, "", "csv", prepare_csv_rows));
        else {
            TL_TRY(prepare_file(p, folder, "X_", "npy", prepare_npy_inputs));
            TL_TRY(prepare_file(p, folder, "y_", "npy", prepare_npy_targets));
            if (p->lengths) TL_TRY(prepare_file(p, folder, "lengths_", "npy", prepare_npy_lengths));
        }
    }
    return TL_OK;
}

TL_PRIV tl_status tl__dataset_write(const tl_dataset *dataset, const char *folder, const char *format, tl_error *error)
{
    prepare p = {.dataset = dataset, .error = error};
    tl__heap *heap = &dataset->context->heap;
    const tl__pipeline *pipeline = dataset->pipeline;
    int32_t lengths[PREPARE_ROWS];
    size_t inputs, targets = PREPARE_ROWS * sizeof(float) * (pipeline->classification ? 1 : pipeline->outputs);
    bool csv = tl__same_text(format, "csv");
    if (!csv && !tl__same_text(format, "npy")) {
        return tl__fail_at(error, TL_INVALID, NULL, 0, 0, "format",
                           "a prepared set is written as csv or npy, not as '%s'",
                           format);
    }
    if (!tl__size_mul(pipeline->features, PREPARE_ROWS * sizeof(float), &inputs))
        return tl__fail_memory(error, SIZE_MAX);
    if (pipeline->sequence) p.lengths = lengths;
    TL_TRY(tl__folder_make(folder, error));
    tl__buffer_init(&p.out, heap);
    TL_TRY(tl__dataset_room_new(dataset, &p.room, error));
    p.inputs = tl__alloc(heap, inputs);
    void *aims = tl__alloc(heap, targets);
    if (pipeline->classification) p.labels = aims;
    else p.targets = aims;
    tl_status status = p.inputs && aims ? prepare_parts(&p, folder, csv) : tl__fail_memory(error, inputs + targets);
    if (status == TL_OK) {
        tl__arena arena;
        tl__arena_init(&arena, heap);
        const char *path = tl__arena_format(&arena, "%s/norm_params.json", folder);
        status = path ? tl__pipeline_write(pipeline, path, error) : tl__fail_memory(error, 256);
        tl__arena_free(&arena);
    }
    tl__dataset_room_free(dataset, p.room);
    tl__free(heap, p.inputs, inputs);
    tl__free(heap, aims, targets);
    tl__buffer_free(&p.out);
    return status;
}
