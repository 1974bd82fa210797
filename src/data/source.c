/* One table seen through a pipeline: which column feeds which input, and how its stored values become the network's. */
#include "data/dataset_build.h"

#include "base/math.h"
#include "base/text.h"
#include "data/sequence.h"
#include "data/target.h"
#include "data/window.h"
#include "kernels/kernels.h"

TL_PRIV tl_status tl__source_room(tl_dataset *dataset, tl__rows_of *source, tl_error *error)
{
    const tl__pipeline *pipeline = dataset->pipeline;
    tl__arena *arena = &dataset->arena;
    size_t inputs = pipeline->input_count, rows = source->table->rows, values = rows;
    source->columns = tl__arena_push_zero(arena, inputs + 1, sizeof *source->columns);
    source->word_maps = tl__arena_push_zero(arena, inputs + 1, sizeof *source->word_maps);
    source->byte_maps = tl__arena_push_zero(arena, inputs + 1, sizeof *source->byte_maps);
    if (!source->columns || !source->word_maps || !source->byte_maps) return tl__fail_memory(error, inputs * 24);
    if (!dataset->has_target) return TL_OK;
    if (pipeline->classification) {
        source->labels = tl__arena_push_zero(arena, rows, sizeof *source->labels);
    } else {
        if (!tl__size_mul(rows, pipeline->outputs, &values)) return tl__fail_memory(error, SIZE_MAX);
        source->targets = tl__arena_push_zero(arena, values, sizeof *source->targets);
    }
    return source->labels || source->targets ? TL_OK : tl__fail_memory(error, values * 4);
}

static const tl__column *source_by_name(const tl__table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (tl__same_text(table->columns[i].name, name)) return &table->columns[i];
    }
    return NULL;
}

TL_PRIV tl_status tl__source_columns(tl_dataset *dataset, tl__rows_of *source, tl_error *error)
{
    const tl__pipeline *pipeline = dataset->pipeline;
    const tl__table *table = source->table;
    size_t found = 0;
    for (size_t i = 0; i < pipeline->input_count; i++) {
        source->columns[i] = source_by_name(table, pipeline->inputs[i].name);
        found += source->columns[i] != NULL;
    }
    bool by_position = found < pipeline->input_count && !table->named && table->column_count == pipeline->input_count;
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        if (by_position) source->columns[i] = &table->columns[i];
        const tl__column *column = source->columns[i];
        if (!column) {
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                               "there is no column '%s', which the model needs; the file must have the input columns "
                               "of the training data%s",
                               input->name, table->named ? "" : ", in the same order or with a line of names");
        }
        if (column->width != input->width || (!input->category && column->type == TL__COLUMN_CODES)) {
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                               "column '%s' holds %s here, but %s in the training data", input->name,
                               column->type == TL__COLUMN_CODES ? "texts" : "arrays of another size",
                               input->width > 1 ? "arrays" : "numbers");
        }
    }
    return TL_OK;
}

/* Rows of a stored table with a missing cell, in one pass. */
TL_PRIV tl_status tl__source_incomplete(tl_dataset *dataset, tl__rows_of *source, tl_error *error)
{
    const tl__table *table = source->table;
    size_t inputs = dataset->pipeline->input_count, step = tl__window_rows(table), missing = 0;
    tl__window *window;
    tl_status status = TL_OK;
    for (size_t i = 0; i < inputs; i++) missing += source->columns[i]->missing;
    source->incomplete = tl__arena_push_zero(&dataset->arena, table->rows / 8 + 1, 1);
    if (!source->incomplete) return tl__fail_memory(error, table->rows / 8);
    if (missing == 0) return TL_OK;
    TL_TRY(tl__window_new(dataset->context, table, source->columns, inputs, step, &window, error));
    tl__rows_of view = {.columns = window->list};
    for (size_t first = 0; status == TL_OK && first < table->rows; first += step) {
        size_t count = tl__size_min(step, table->rows - first);
        status = tl__window_load(window, 0, NULL, first, count, error);
        for (size_t i = 0; status == TL_OK && i < count; i++) {
            size_t row = first + i;
            if (tl__row_has_missing(&view, inputs, i)) source->incomplete[row / 8] |= (unsigned char)(1u << row % 8);
        }
    }
    tl__window_free(dataset->context, window);
    return status;
}

TL_PRIV tl_status tl__source_check(tl_dataset *dataset, tl__rows_of *source, const tl__data_settings *settings,
                                   tl_error *error)
{
    tl__table *table = source->table;
    for (size_t i = 0; i < dataset->pipeline->input_count; i++) {
        tl__column *column = &table->columns[source->columns[i] - table->columns];
        TL_TRY(tl__column_check(table, column, settings->missing != TL__MISSING_FAIL, error));
        if (settings->missing != TL__MISSING_FORWARD) continue;
        if (source->sequences) tl__sequences_fill_forward(source, column);
        else tl__column_fill_forward(column, table->rows, NULL);
    }
    bool incomplete = settings->missing == TL__MISSING_DROP && table->store;
    return incomplete ? tl__source_incomplete(dataset, source, error) : TL_OK;
}

/* ---- maps ---- */

static int32_t source_find_word(const tl__input *input, const char *word)
{
    size_t low = 0, high = input->features;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(input->words[middle], word) < 0) low = middle + 1;
        else high = middle;
    }
    return low < input->features && tl__same_text(input->words[low], word) ? (int32_t)low : -1;
}

static tl_status source_word_map(tl_dataset *dataset, tl__rows_of *source, size_t index, tl_error *error)
{
    const tl__column *column = source->columns[index];
    int32_t *map = tl__arena_push_zero(&dataset->arena, column->word_count + 1, sizeof *map);
    if (!map) return tl__fail_memory(error, column->word_count * sizeof *map);
    for (size_t code = 0; code < column->word_count; code++) {
        map[code] = source_find_word(&dataset->pipeline->inputs[index], column->words[code]);
    }
    source->word_maps[index] = map;
    return TL_OK;
}

/* A category that this table holds as numbers (all its words look like numbers here): by their print. */
static tl_status source_number_words(tl_dataset *dataset, tl__rows_of *source, size_t index, tl_error *error)
{
    const tl__column *column = source->columns[index];
    return tl__fail_at(error, TL_BAD_DATA, source->table->source, 0, 0, "data.types",
                       "column '%s' holds numbers here, but texts in the training data; say data.types: {'%s': "
                       "category}",
                       column->name, dataset->pipeline->inputs[index].name);
}

/* (x - shift) / scale as x * factor + offset, both as pairs of floats; taken when it gives every value's bits. */
static void source_byte_line(const tl_dataset *dataset, const tl__input *input, tl__byte_map *map)
{
    uint8_t bytes[256];
    float values[256];
    double factor = 1 / input->scale, offset = -input->shift / input->scale;
    map->line[0] = tl__bits_float(tl__float_bits((float)factor) & 0xFFFFFF00u);    /* 16 bits: the product is exact */
    map->line[1] = (float)(factor - (double)map->line[0]);
    map->line[2] = (float)offset;
    map->line[3] = (float)(offset - (double)map->line[2]);
    for (int v = 0; v < 256; v++) bytes[v] = (uint8_t)v;
    dataset->context->kernels->line_u8(values, bytes, map->line, 256);
    if (memcmp(values, map->values, sizeof values) == 0) map->draw = dataset->context->kernels->line_u8;
}

static tl_status source_byte_map(tl_dataset *dataset, tl__rows_of *source, size_t index, tl_error *error)
{
    const tl__input *input = &dataset->pipeline->inputs[index];
    tl__byte_map *map = tl__arena_push_zero(&dataset->arena, tl__size_max(1, input->channels), sizeof *map);
    if (!map) return tl__fail_memory(error, input->channels * sizeof *map);
    for (size_t c = 0; c < tl__size_max(1, input->channels); c++)
        for (int v = 0; v < 256; v++) map[c].values[v] = tl__input_value(input, c, (float)v);
    if (dataset->context->kernels && input->width > 1 && !input->channels) source_byte_line(dataset, input, map);
    source->byte_maps[index] = map;
    return TL_OK;
}

TL_PRIV tl_status tl__source_maps(tl_dataset *dataset, tl__rows_of *source, tl_error *error)
{
    for (size_t i = 0; i < dataset->pipeline->input_count; i++) {
        const tl__column *column = source->columns[i];
        if (dataset->pipeline->inputs[i].category) {
            if (column->type != TL__COLUMN_CODES) return source_number_words(dataset, source, i, error);
            TL_TRY(source_word_map(dataset, source, i, error));
        } else if (column->type == TL__COLUMN_U8) {
            TL_TRY(source_byte_map(dataset, source, i, error));
        }
    }
    return TL_OK;
}

TL_PRIV tl_status tl__source_weights(tl_dataset *dataset, tl__rows_of *source, const tl__column *column,
                                     tl_error *error)
{
    source->weights = tl__arena_push_zero(&dataset->arena, source->table->rows, sizeof *source->weights);
    if (!source->weights) return tl__fail_memory(error, source->table->rows * sizeof *source->weights);
    for (size_t row = 0; row < source->table->rows; row++) {
        float weight = column->type == TL__COLUMN_CODES ? -1.0f : (float)tl__column_at(column, row, 0);
        if (!tl__is_finite(weight) || weight < 0) {
            return tl__fail_at(error, TL_BAD_DATA, source->table->source, 0, 0, "data.weight",
                               "column '%s' has no weight in row %zu; weights must be numbers from 0 on, in every row",
                               column->name, row);
        }
        source->weights[row] = weight;
    }
    dataset->has_weights = true;
    return TL_OK;
}

TL_PRIV bool tl__row_has_missing(const tl__rows_of *source, size_t inputs, size_t row)
{
    if (source->incomplete) return source->incomplete[row / 8] >> row % 8 & 1;
    for (size_t i = 0; i < inputs; i++) {
        if (source->columns[i]->missing && tl__column_is_missing(source->columns[i], row)) return true;
    }
    return false;
}
