/* From stored rows to the network's inputs: convert, fill and normalise in one pass, column by column. Each stored type
 * has its loop; bytes go through a table of 256 results, or along the line that has the same bits. */
#include "data/dataset.h"

#include "base/math.h"
#include "data/sequence.h"
#include "data/window.h"
#include "data/windows.h"

typedef struct gather_rows {
    const uint32_t *rows;        /* of the part */
    const uint32_t *order;       /* positions in rows; NULL: first, first + 1, ... */
    size_t first, count;
    float *out;                  /* [count, features] at the input's offset */
    size_t features;
} gather_rows;

static inline size_t gather_row(const gather_rows *g, size_t i)
{
    return g->rows[g->order ? g->order[i] : g->first + i];
}

enum {
    GATHER_LINE = 16,    /* from so many bytes a row on it pays to call the kernel */
    GATHER_AHEAD = 3     /* rows of a shuffled part lie anywhere in memory: they are sent for before their turn */
};

static inline void gather_fetch(const uint8_t *values, size_t size)
{
#if defined(__GNUC__)
    for (size_t at = 0; at < size && at < 4096; at += 64) __builtin_prefetch(values + at);
#else
    (void)values;
    (void)size;
#endif
}

/* map: as many as there are channels. */
static void gather_bytes(const gather_rows *g, const tl__column *column, size_t channels, const tl__byte_map *map)
{
    const uint8_t *values = column->values;
    size_t width = column->width;
    for (size_t i = 0; channels && i < g->count; i++) {
        const uint8_t *from = values + gather_row(g, i) * width;
        float *to = g->out + i * g->features;
        for (size_t k = 0; k < width; k += channels)
            for (size_t c = 0; c < channels; c++) to[k + c] = map[c].values[from[k + c]];
    }
    if (channels) return;
    if (map->draw && width >= GATHER_LINE) {
        for (size_t i = 0; i < g->count; i++) {
            if (i + GATHER_AHEAD < g->count) gather_fetch(values + gather_row(g, i + GATHER_AHEAD) * width, width);
            map->draw(g->out + i * g->features, values + gather_row(g, i) * width, map->line, width);
        }
        return;
    }
    for (size_t i = 0; i < g->count; i++) {
        const uint8_t *from = values + gather_row(g, i) * width;
        float *to = g->out + i * g->features;
        for (size_t k = 0; k < width; k++) to[k] = map->values[from[k]];
    }
}

#define GATHER_NUMBERS(name, type)                                                              \
    static void name(const gather_rows *g, const tl__column *column, const tl__input *input)    \
    {                                                                                           \
        const type *values = column->values;                                                    \
        size_t width = column->width;                                                           \
        for (size_t i = 0; i < g->count; i++) {                                                 \
            const type *from = values + gather_row(g, i) * width;                               \
            float *to = g->out + i * g->features;                                               \
            for (size_t k = 0; k < width; k++) to[k] = tl__input_value(input, k, (float)from[k]); \
        }                                                                                       \
    }
GATHER_NUMBERS(gather_i32, int32_t)
GATHER_NUMBERS(gather_f32, float)
GATHER_NUMBERS(gather_f64, double)
#undef GATHER_NUMBERS

static void gather_words(const gather_rows *g, const tl__column *column, const tl__input *input, const int32_t *map)
{
    const int32_t *codes = column->values;
    for (size_t i = 0; i < g->count; i++) {
        int32_t code = codes[gather_row(g, i)];
        size_t word = code < 0 ? input->fill_word : map[code] < 0 ? SIZE_MAX : (size_t)map[code];
        float *to = g->out + i * g->features;
        memset(to, 0, input->features * sizeof *to);
        if (word < input->features) to[word] = 1.0f;
    }
}

static void gather_all(const tl__pipeline *pipeline, const tl__rows_of *source, gather_rows g, float *inputs)
{
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        const tl__column *column = source->columns[i];
        g.out = inputs + input->offset;
        if (input->category) gather_words(&g, column, input, source->word_maps[i]);
        else if (column->type == TL__COLUMN_U8) gather_bytes(&g, column, input->channels, source->byte_maps[i]);
        else if (column->type == TL__COLUMN_I32) gather_i32(&g, column, input);
        else if (column->type == TL__COLUMN_F32) gather_f32(&g, column, input);
        else gather_f64(&g, column, input);
    }
}

TL_PRIV void tl__dataset_gather_inputs(const tl__pipeline *pipeline, const tl__rows_of *source, const uint32_t *rows,
                                       const uint32_t *order, size_t first, size_t count, float *inputs)
{
    gather_rows g = {rows, order, first, count, NULL, pipeline->features};
    if (!source->sequences) {
        gather_all(pipeline, source, g, inputs);
        return;
    }
    size_t length, step = pipeline->sequence->features;
    for (size_t i = 0; i < count; i++, inputs += pipeline->features) {
        const uint32_t *steps = tl__sequence_steps(source, (uint32_t)gather_row(&g, i), &length);
        gather_all(pipeline, source, (gather_rows){steps, NULL, 0, length, NULL, step}, inputs);
        memset(inputs + length * step, 0, (pipeline->features - length * step) * sizeof *inputs);
    }
}

TL_PRIV void tl__dataset_lengths(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                 size_t count, int32_t *lengths)
{
    const tl__part_rows *rows = &dataset->part[part];
    gather_rows g = {rows->rows, order, first, count, NULL, 0};
    size_t length;
    for (size_t i = 0; rows->from->sequences && i < count; i++) {
        tl__sequence_steps(rows->from, (uint32_t)gather_row(&g, i), &length);
        lengths[i] = (int32_t)length;
    }
}

TL_PRIV void tl__dataset_gather_targets(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                        size_t count, int32_t *labels, float *targets, float *weights)
{
    const tl__part_rows *rows = &dataset->part[part];
    const tl__rows_of *source = rows->from;
    const tl__pipeline *pipeline = dataset->pipeline;
    gather_rows g = {rows->rows, order, first, count, NULL, pipeline->features};
    for (size_t i = 0; labels && i < count; i++) labels[i] = source->labels ? source->labels[gather_row(&g, i)] : -1;
    for (size_t i = 0; weights && i < count; i++)
        weights[i] = source->weights ? source->weights[gather_row(&g, i)] : 1.0f;
    if (!targets) return;
    if (pipeline->forecast) {
        tl__windows_gather(dataset, part, order, first, count, NULL, targets);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const float *from = source->targets ? source->targets + gather_row(&g, i) * pipeline->outputs : NULL;
        for (size_t k = 0; k < pipeline->outputs; k++) {
            double value = from ? (double)from[k] : (double)tl__nan();
            *targets++ = (float)((value - pipeline->target_shift[k]) / pipeline->target_scale[k]);
        }
    }
}

/* ---- from a file of rows ---- */

enum { GATHER_ROWS = 256 };    /* of a window for reading: a few reads at most, and little memory */

typedef struct gather_room {
    tl__window window;
    uint32_t rows[GATHER_ROWS];    /* of the table, then of the window */
} gather_room;

static gather_room *gather_carve(tl__carver *carver, const tl_dataset *dataset, const tl__rows_of *source)
{
    gather_room *room = TL_CARVE(carver, gather_room, 1);
    tl__window window;
    tl__window_carve(carver, source->table, source->columns, dataset->pipeline->input_count, GATHER_ROWS, NULL,
                     &window);
    if (carver->base) room->window = window;
    return room;
}

TL_PRIV size_t tl__dataset_room(const tl_dataset *dataset)
{
    size_t most = 0;
    for (int s = 0; s < 2; s++) {
        tl__carver carver = {0};
        if (!dataset->source[s].table || !dataset->source[s].table->store) continue;
        gather_carve(&carver, dataset, &dataset->source[s]);
        most = tl__size_max(most, carver.used);
    }
    return most;
}

TL_PRIV tl_status tl__dataset_room_new(const tl_dataset *dataset, void **out, tl_error *error)
{
    size_t size = tl__dataset_room(dataset);
    *out = size ? tl__alloc_aligned(&dataset->context->heap, size) : NULL;
    return *out || size == 0 ? TL_OK : tl__fail_memory(error, size);
}

TL_PRIV void tl__dataset_room_free(const tl_dataset *dataset, void *room)
{
    if (room) tl__free_aligned(&dataset->context->heap, room, tl__dataset_room(dataset));
}

static tl_status gather_stored(const tl_dataset *dataset, const tl__part_rows *part, const uint32_t *order,
                               size_t first, size_t count, float *inputs, void *memory, tl_error *error)
{
    tl__carver carver = {.base = memory};
    gather_room *room = gather_carve(&carver, dataset, part->from);
    tl__rows_of view = *part->from;
    view.columns = room->window.list;
    for (size_t done = 0, n; done < count; done += n) {
        n = tl__size_min(count - done, GATHER_ROWS);
        for (size_t i = 0; i < n; i++) room->rows[i] = part->rows[order ? order[done + i] : first + done + i];
        TL_TRY(tl__window_load(&room->window, 0, room->rows, 0, n, error));
        for (size_t i = 0; i < n; i++) room->rows[i] = (uint32_t)i;
        tl__dataset_gather_inputs(dataset->pipeline, &view, room->rows, NULL, 0, n,
                                  inputs + done * dataset->pipeline->features);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__dataset_gather(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                     size_t count, float *inputs, int32_t *labels, float *targets, float *weights,
                                     void *room, tl_error *error)
{
    const tl__part_rows *rows = &dataset->part[part];
    tl__dataset_gather_targets(dataset, part, order, first, count, labels, targets, weights);
    if (!inputs) return TL_OK;
    if (dataset->pipeline->forecast) {
        tl__windows_gather(dataset, part, order, first, count, inputs, NULL);
        return TL_OK;
    }
    if (rows->from->table->store)
        return gather_stored(dataset, rows, order, first, count, inputs, room, error);
    tl__dataset_gather_inputs(dataset->pipeline, rows->from, rows->rows, order, first, count, inputs);
    return TL_OK;
}

TL_PRIV void tl__dataset_targets(const tl_dataset *dataset, tl_part part, size_t first, size_t count, float *out)
{
    const tl__part_rows *rows = &dataset->part[part];
    size_t outputs = dataset->pipeline->outputs;
    if (dataset->pipeline->forecast) {
        tl__windows_gather(dataset, part, NULL, first, count, NULL, out);
        tl__windows_restore(dataset, part, first, count, out);
        return;
    }
    for (size_t i = 0; rows->from->targets && i < count; i++) {
        memcpy(out + i * outputs, rows->from->targets + rows->rows[first + i] * outputs, outputs * sizeof *out);
    }
}

TL_PRIV const char *tl__dataset_sequence_id(const tl_dataset *dataset, tl_part part, size_t index)
{
    const tl__part_rows *rows = &dataset->part[part];
    return rows->from->sequences ? tl__sequence_name(rows->from, rows->rows[index]) : NULL;
}

TL_PRIV size_t tl__dataset_row_id(const tl_dataset *dataset, tl_part part, size_t index)
{
    const tl__part_rows *rows = &dataset->part[part];
    return rows->from->series ? rows->from->series->rows[rows->rows[index]] : rows->rows[index];
}
