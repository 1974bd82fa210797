/* Section 6 of trainlib.h, and reading what a data: block names. */
#include "data/dataset.h"

#include "base/text.h"
#include "data/sequence.h"
#include "data/stream.h"
#include "text/bind.h"
#include "text/yaml.h"

static tl_status api_read(tl_context *context, const tl_value *file, const tl__data_settings *settings, bool stream,
                          const tl__kinds *known, const char *folder, const char *setting, tl__table **out,
                          tl_error *error)
{
    if (stream) return tl__stream_read(context, file, settings, known, folder, setting, out, error);
    return tl__table_read(context, file, settings, known, folder, setting, out, error);
}

/* Kinds of a table's columns, for its test file. In the arena. */
static tl_status api_kinds(const tl__table *table, tl__arena *arena, tl__kinds *out, tl_error *error)
{
    tl__kind_of *items = tl__arena_push_zero(arena, table->column_count + 1, sizeof *items);
    if (!items) return tl__fail_memory(error, table->column_count * sizeof *items);
    for (size_t i = 0; i < table->column_count; i++) {
        const tl__column *column = &table->columns[i];
        items[i].column = column->name;
        items[i].kind = column->type == TL__COLUMN_CODES ? TL__KIND_CATEGORY
                        : column->date                   ? TL__KIND_DATE
                                                         : TL__KIND_NUMBER;
    }
    *out = (tl__kinds){table->column_count, items};
    return TL_OK;
}

TL_PRIV tl_status tl__dataset_load(tl_context *context, const tl__data_settings *settings, const char *folder,
                                   uint64_t seed, tl_dataset **out, tl_error *error)
{
    tl__table *table = NULL, *test = NULL;
    tl__arena arena;
    tl__kinds kinds;
    if (!settings->file) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.file",
                           "there is no data to learn from; add lines like\ndata:\n  file: table.csv\n  target: "
                           "column");
    }
    size_t before = context->heap.in_use;
    bool stream;
    TL_TRY(tl__stream_wanted(context, settings, settings->file, settings->test_file, folder, &stream, error));
    if (stream && settings->task == TL__TASK_FORECAST)
        return tl__fail_at(error, TL_UNSUPPORTED, NULL, 0, 0, "data.streaming",
                           "the series of a forecast are held in memory; say data.streaming: false, or raise "
                           "data.memory_limit");
    if (settings->sequence.id && settings->task == TL__TASK_FORECAST)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.sequence",
                           "sequences are learned as a whole, so data.sequence goes with data.task: classification or "
                           "regression; series of a forecast are named by data.series");
    if (settings->sequence.table && !settings->sequence.id)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.sequence.id",
                           "data.sequence.table needs data.sequence.id, the column that names the sequence of a row");
    if (stream && settings->sequence.id)
        return tl__fail_at(error, TL_UNSUPPORTED, NULL, 0, 0, "data.streaming",
                           "the steps of sequences are held in memory; say data.streaming: false, or raise "
                           "data.memory_limit");
    if (stream) TL_TRY(tl__stream_check(settings, error));
    TL_TRY(api_read(context, settings->file, settings, stream, NULL, folder, "data.file", &table, error));
    tl__arena_init(&arena, &context->heap);
    tl_status status = tl__sequences_join(table, settings, folder, false, error);
    if (status == TL_OK && settings->test_file) {
        status = api_kinds(table, &arena, &kinds, error);
        if (status == TL_OK) {
            status = api_read(context, settings->test_file, settings, stream, &kinds, folder, "data.test_file", &test,
                              error);
        }
        if (status == TL_OK) status = tl__sequences_join(test, settings, folder, false, error);
    }
    tl__arena_free(&arena);
    if (status != TL_OK) {
        tl__table_free(table);
        tl__table_free(test);
        return status;
    }
    TL_TRY(tl__dataset_make(context, table, test, settings, seed, out, error));
    (*out)->bytes = context->heap.in_use - before;
    return TL_OK;
}

/* ---- settings as text ---- */

typedef struct api_settings {
    tl__tree *tree;
    tl__data_settings block;
} api_settings;

/* "target: x, normalize: none" as the inside of a flow map; or any YAML map. `file` replaces data.file when not
 * NULL. */
static tl_status api_bind(tl_context *context, const char *text, const char *file, api_settings *out, tl_error *error)
{
    tl__buffer flow;
    if (tl__tree_new(&context->heap, "settings", &out->tree) != TL_OK) return tl__fail_memory(error, sizeof *out->tree);
    tl__buffer_init(&flow, &context->heap);
    tl__buffer_format(&flow, "{%s}", text ? text : "");
    tl_status status = flow.failed ? tl__fail_memory(error, flow.size)
                                   : tl__yaml_parse(out->tree, flow.data, flow.size, error);
    tl__buffer_free(&flow);
    if (status == TL_OK && file) {
        tl__builder builder;
        tl__builder_init(&builder, out->tree);
        tl_value *old = tl__value_child(&out->tree->root, "file");
        if (old) tl__value_detach(&out->tree->root, old);
        tl__put_text(&builder, &out->tree->root, "file", file);
        if (builder.failed) status = tl__fail_memory(error, strlen(file));
    }
    if (status == TL_OK) {
        status = tl__bind(tl__data_rows(), &out->block, &out->tree->root, "settings", "data", &out->tree->arena, error);
    }
    if (status != TL_OK) tl__tree_free(out->tree);
    return status;
}

TL_API tl_status tl_dataset_read(tl_context *context, const char *file, const char *settings, tl_dataset **out,
                                 tl_error *error)
{
    api_settings bound;
    if (!context || !out)
        return tl__fail(error, TL_INVALID, "tl_dataset_read needs a context and a place for the result");
    TL_TRY(api_bind(context, settings, file, &bound, error));
    tl_status status = tl__dataset_load(context, &bound.block, NULL, context->seed, out, error);
    tl__tree_free(bound.tree);
    return status;
}

/* ---- from arrays ---- */

static tl_status api_array_column(tl__table *table, const char *name, const float *values, size_t rows, size_t stride,
                                  tl_error *error)
{
    tl__column *column;
    if (tl__table_add(table, name, TL__COLUMN_F32, 1, rows, &column) != TL_OK) return tl__fail_memory(error, rows * 4);
    for (size_t row = 0; row < rows; row++) {
        float value = values[row * stride];
        ((float *)column->values)[row] = value;
        if (value != value && column->missing++ == 0) column->first_missing_row = row;
    }
    return TL_OK;
}

static tl_status api_table(tl_context *context, const float *inputs, const float *targets, size_t rows, size_t features,
                           size_t outputs, size_t classes, tl__table **out, tl_error *error)
{
    tl__table *table;
    tl_status status = TL_OK;
    size_t target_columns = classes ? 1 : outputs;
    if (tl__table_new(context, "arrays", &table) != TL_OK) return tl__fail_memory(error, sizeof *table);
    table->rows = rows;
    table->named = true;
    for (size_t i = 0; i < features && status == TL_OK; i++) {
        char name[32];
        tl__format(name, sizeof name, "x%zu", i);
        status = api_array_column(table, name, inputs + i, rows, features, error);
    }
    for (size_t i = 0; i < target_columns && status == TL_OK; i++) {
        char name[32] = "y";
        if (target_columns > 1) tl__format(name, sizeof name, "y%zu", i);
        status = api_array_column(table, name, targets + i, rows, target_columns, error);
    }
    for (size_t row = 0; classes && row < rows && status == TL_OK; row++) {
        float target = targets[row];
        if (target >= 0 && target < (float)classes && target == (float)(size_t)target) continue;
        status = tl__fail(error, TL_BAD_DATA, "the class of row %zu is %.9g; it must be a whole number from 0 to %zu",
                          row,
                          (double)target, classes - 1);
    }
    if (status == TL_OK) *out = table;
    else tl__table_free(table);
    return status;
}

/* All classes 0..classes-1 are known, also those without a row: they are listed. */
static tl_status api_array_settings(api_settings *bound, size_t outputs, size_t classes, tl_error *error)
{
    tl__arena *arena = &bound->tree->arena;
    size_t count = classes ? 1 : outputs;
    const char **names = tl__arena_push_zero(arena, count, sizeof *names);
    if (!names) return tl__fail_memory(error, count * sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = count == 1 ? "y" : tl__arena_format(arena, "y%zu", i);
        if (!names[i]) return tl__fail_memory(error, 32);
    }
    const char **known = classes && bound->block.classes.count == 0 ? tl__arena_push_zero(arena, classes,
                                                                                          sizeof *known) : NULL;
    for (size_t i = 0; known && i < classes; i++) {
        known[i] = tl__arena_format(arena, "%zu", i);
        if (!known[i]) return tl__fail_memory(error, 32);
    }
    if (classes && bound->block.classes.count == 0) {
        if (!known) return tl__fail_memory(error, classes * sizeof *known);
        bound->block.classes = (tl__text_list){classes, known};
    }
    bound->block.target = (tl__text_list){count, names};
    bound->block.task = classes ? TL__TASK_CLASSIFICATION : TL__TASK_REGRESSION;
    return TL_OK;
}

TL_API tl_status tl_dataset_from_arrays(tl_context *context, const float *inputs, const float *targets, size_t rows,
                                        size_t features, size_t outputs, size_t classes, const char *settings,
                                        tl_dataset **out, tl_error *error)
{
    api_settings bound;
    tl__table *table = NULL;
    if (!context || !inputs || !targets || !out || rows == 0 || features == 0 || (outputs == 0 && classes == 0) ||
        rows > UINT32_MAX) {
        return tl__fail(error, TL_INVALID,
                        "tl_dataset_from_arrays needs inputs and targets with at least one row, feature and output");
    }
    TL_TRY(api_bind(context, settings, NULL, &bound, error));
    size_t before = context->heap.in_use;
    tl_status status = api_table(context, inputs, targets, rows, features, outputs, classes, &table, error);
    if (status == TL_OK) {
        size_t tree = context->heap.in_use;   /* the settings do not stay */
        status = api_array_settings(&bound, outputs, classes, error);
        before += context->heap.in_use - tree;
        if (status == TL_OK) status = tl__dataset_make(context, table, NULL, &bound.block, context->seed, out, error);
        else tl__table_free(table);
    }
    if (status == TL_OK) (*out)->bytes = context->heap.in_use - before;
    tl__tree_free(bound.tree);
    return status;
}

/* ---- looking ---- */

TL_API size_t tl_dataset_rows(const tl_dataset *dataset, tl_part part)
{
    return dataset && part >= TL_TRAIN && part <= TL_TEST ? dataset->part[part].count : 0;
}

TL_API size_t tl_dataset_features(const tl_dataset *dataset) { return dataset ? dataset->pipeline->features : 0; }
TL_API size_t tl_dataset_outputs(const tl_dataset *dataset) { return dataset ? dataset->pipeline->outputs : 0; }

TL_API size_t tl_dataset_classes(const tl_dataset *dataset)
{
    return dataset && dataset->pipeline->classification ? dataset->pipeline->outputs : 0;
}

TL_API const char *tl_dataset_class(const tl_dataset *dataset, size_t index)
{
    return index < tl_dataset_classes(dataset) ? dataset->pipeline->classes[index] : NULL;
}

TL_API tl_status tl_dataset_row(const tl_dataset *dataset, tl_part part, size_t index, float *input, float *target)
{
    int32_t label;
    if (index >= tl_dataset_rows(dataset, part)) return TL_OUT_OF_RANGE;
    bool classes = dataset->pipeline->classification;
    void *room;
    TL_TRY(tl__dataset_room_new(dataset, &room, NULL));
    tl_status status = tl__dataset_gather(dataset, part, NULL, index, 1, input, &label, classes ? NULL : target, NULL,
                                          room, NULL);
    tl__dataset_room_free(dataset, room);
    if (classes && target) *target = (float)label;
    return status;
}
