/* From stored rows to the network's inputs: convert, fill and normalise in one pass, column by column. Each stored type
 * has its loop; bytes go through a table of 256 results. */
#include "data/dataset.h"

#include "base/math.h"

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

static void gather_bytes(const gather_rows *g, const tl__column *column, const float *map)
{
    const uint8_t *values = column->values;
    size_t width = column->width;
    for (size_t i = 0; i < g->count; i++) {
        const uint8_t *from = values + gather_row(g, i) * width;
        float *to = g->out + i * g->features;
        for (size_t k = 0; k < width; k++) to[k] = map[from[k]];
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
            for (size_t k = 0; k < width; k++) to[k] = tl__input_value(input, (float)from[k]);  \
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

static void gather_inputs(const tl_dataset *dataset, const tl__rows_of *source, gather_rows *g, float *inputs)
{
    const tl__pipeline *pipeline = dataset->pipeline;
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        const tl__column *column = source->columns[i];
        g->out = inputs + input->offset;
        if (input->category) gather_words(g, column, input, source->word_maps[i]);
        else if (column->type == TL__COLUMN_U8) gather_bytes(g, column, source->byte_maps[i]);
        else if (column->type == TL__COLUMN_I32) gather_i32(g, column, input);
        else if (column->type == TL__COLUMN_F32) gather_f32(g, column, input);
        else gather_f64(g, column, input);
    }
}

TL_PRIV void tl__dataset_gather(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                size_t count,
                                float *inputs, int32_t *labels, float *targets, float *weights)
{
    const tl__part_rows *rows = &dataset->part[part];
    const tl__rows_of *source = rows->from;
    const tl__pipeline *pipeline = dataset->pipeline;
    gather_rows g = {rows->rows, order, first, count, NULL, pipeline->features};
    if (inputs) gather_inputs(dataset, source, &g, inputs);
    for (size_t i = 0; labels && i < count; i++) labels[i] = source->labels ? source->labels[gather_row(&g, i)] : -1;
    for (size_t i = 0; weights && i < count; i++)
        weights[i] = source->weights ? source->weights[gather_row(&g, i)] : 1.0f;
    if (!targets) return;
    for (size_t i = 0; i < count; i++) {
        const float *from = source->targets ? source->targets + gather_row(&g, i) * pipeline->outputs : NULL;
        for (size_t k = 0; k < pipeline->outputs; k++) {
            double value = from ? (double)from[k] : (double)tl__bits_float(0x7fc00000u);
            *targets++ = (float)((value - pipeline->target_shift[k]) / pipeline->target_scale[k]);
        }
    }
}

TL_PRIV void tl__dataset_targets(const tl_dataset *dataset, tl_part part, size_t first, size_t count, float *out)
{
    const tl__part_rows *rows = &dataset->part[part];
    size_t outputs = dataset->pipeline->outputs;
    for (size_t i = 0; rows->from->targets && i < count; i++) {
        memcpy(out + i * outputs, rows->from->targets + rows->rows[first + i] * outputs, outputs * sizeof *out);
    }
}

TL_PRIV size_t tl__dataset_row_id(const tl_dataset *dataset, tl_part part, size_t index)
{
    return dataset->part[part].rows[index];
}
