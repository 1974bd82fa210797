/* Rows to predict or to evaluate: a table through a pipeline that was fitted before. All its rows become the test
 * part. */
#include "data/dataset_build.h"

#include "base/math.h"
#include "base/text.h"
#include "data/forecast_make.h"
#include "data/loader.h"
#include "data/sequence.h"
#include "data/stream.h"
#include "data/target.h"
#include "data/window.h"

/* The columns must be read as the training data was: a category of digits is not a number here. */
static tl_status apply_kinds(const tl__pipeline *pipeline, tl__arena *arena, tl__kinds *out, tl_error *error)
{
    if (pipeline->forecast) return tl__forecast_kinds(pipeline->forecast, arena, out, error);
    size_t count = pipeline->input_count + pipeline->target_count;
    tl__kind_of *items = tl__arena_push_zero(arena, count, sizeof *items);
    if (!items) return tl__fail_memory(error, count * sizeof *items);
    for (size_t i = 0; i < pipeline->input_count; i++) {
        items[i].column = pipeline->inputs[i].name;
        items[i].kind = pipeline->inputs[i].category ? TL__KIND_CATEGORY : TL__KIND_NUMBER;
    }
    for (size_t i = 0; i < pipeline->target_count; i++) {
        tl__kind_of *item = &items[pipeline->input_count + i];
        item->column = pipeline->targets[i];
        bool classes = pipeline->classification || tl__target_classes(pipeline, i);
        item->kind = classes ? TL__KIND_FIND_OUT : TL__KIND_NUMBER;
    }
    *out = (tl__kinds){count, items};
    return TL_OK;
}

/* The targets, when all of them are there. In a file without names a target is there when it stands where it stood in
 * the training data and is no input. */
static bool apply_find_targets(const tl_dataset *dataset, size_t *columns)
{
    const tl__pipeline *pipeline = dataset->pipeline;
    const tl__table *table = dataset->source[0].table;
    for (size_t i = 0; i < pipeline->target_count; i++) {
        size_t at = 0;
        while (at < table->column_count && !tl__same_text(table->columns[at].name, pipeline->targets[i])) at++;
        if (at == table->column_count) return false;
        const tl__column *column = &table->columns[at];
        for (size_t k = 0; k < pipeline->input_count; k++) {
            if (dataset->source[0].columns[k] == column) return false;
        }
        bool classes = pipeline->classification || tl__target_classes(pipeline, i);
        if (column->width != 1 || (!classes && column->type == TL__COLUMN_CODES)) return false;
        columns[i] = at;
    }
    return true;
}

static tl_status apply_note_extra(tl_dataset *dataset)
{
    const tl__table *table = dataset->source[0].table;
    const tl__rows_of *source = &dataset->source[0];
    for (size_t i = 0; i < table->column_count; i++) {
        const tl__sequence *form = dataset->pipeline->sequence;
        bool used = form && (tl__same_text(form->id, table->columns[i].name) ||
                             (form->time && tl__same_text(form->time, table->columns[i].name)));
        for (size_t k = 0; k < dataset->pipeline->input_count && !used; k++)
            used = source->columns[k] == &table->columns[i];
        for (size_t k = 0; k < dataset->pipeline->target_count && !used; k++) {
            used = tl__same_text(dataset->pipeline->targets[k], table->columns[i].name);
        }
        if (!used) TL_TRY(tl__dataset_note(dataset, "column '%s' is not used by the model", table->columns[i].name));
    }
    return TL_OK;
}

static tl_status apply_rows(tl_dataset *dataset, bool drop, tl_error *error)
{
    const tl__rows_of *source = &dataset->source[0];
    const tl__pipeline *pipeline = dataset->pipeline;
    if (drop && source->table->store) TL_TRY(tl__source_incomplete(dataset, &dataset->source[0], error));
    TL_TRY(tl__part_new(dataset, TL_TEST, source, source->table->rows, error));
    tl__part_rows *part = &dataset->part[TL_TEST];
    const tl__sequences *all = source->sequences;
    for (size_t s = 0; all && s < all->count; s++)
        if (all->begin[s] < all->begin[s + 1]) part->rows[part->count++] = all->rows[all->begin[s]];
    for (size_t row = 0; row < source->table->rows && !all; row++) {
        if (drop && tl__row_has_missing(source, pipeline->input_count, row)) dataset->left_out.missing_rows++;
        else part->rows[part->count++] = (uint32_t)row;
    }
    TL_TRY(tl__part_count_unknown(dataset, part, error));
    if (dataset->left_out.missing_rows == 0) return TL_OK;
    tl_status status = tl__dataset_note(dataset, "%zu rows with missing values are left out",
                                        dataset->left_out.missing_rows);
    return status == TL_OK ? TL_OK : tl__fail_memory(error, 400);
}

static tl_status apply_targets(tl_dataset *dataset, const size_t *columns, tl_error *error)
{
    const tl__pipeline *pipeline = dataset->pipeline;
    tl__rows_of *source = &dataset->source[0];
    for (size_t i = 0; i < pipeline->target_count; i++) {
        TL_TRY(tl__column_take_in(source->table, &source->table->columns[columns[i]], error));
        TL_TRY(tl__column_check(source->table, &source->table->columns[columns[i]], true, error));
    }
    tl__target_encode(source->table, columns, pipeline, source->labels, source->targets);
    for (size_t i = 0; i < pipeline->target_count && source->sequences; i++)
        TL_TRY(tl__sequences_constant(source, &source->table->columns[columns[i]], "data.target", error));
    for (size_t row = 0; source->labels && row < source->table->rows; row++) {
        if (source->labels[row] != -2) continue;
        source->labels[row] = -1;
        dataset->left_out.unknown_class_rows++;
    }
    for (size_t row = 0; source->targets && pipeline->target_classes && row < source->table->rows; row++) {
        size_t target = tl__target_unknown(source, pipeline, row);
        if (target == SIZE_MAX) continue;
        source->targets[row * pipeline->outputs + target] = tl__nan();
        dataset->left_out.unknown_class_rows++;
    }
    if (!pipeline->classification) return TL_OK;
    for (int p = 0; p < TL__PARTS; p++) {
        dataset->class_counts[p] = tl__arena_push_zero(&dataset->arena, pipeline->outputs, sizeof(int64_t));
        if (!dataset->class_counts[p]) return tl__fail_memory(error, pipeline->outputs * sizeof(int64_t));
    }
    return TL_OK;
}

static const tl__column *apply_column(const tl__table *table, const char *name)
{
    for (size_t i = 0; name && i < table->column_count; i++)
        if (tl__same_text(table->columns[i].name, name)) return &table->columns[i];
    return NULL;
}

/* A file that does not name its sequences is one; it is called as the file is. */
static tl_status apply_one_sequence(tl__table *table, const char *id, tl_error *error)
{
    tl__column *made;
    if (apply_column(table, id)) return TL_OK;
    if (tl__table_add(table, id, TL__COLUMN_CODES, 1, table->rows, &made) != TL_OK)
        return tl__fail_memory(error, table->rows * 4);
    made->words = tl__alloc(&table->context->heap, sizeof *made->words);
    if (!made->words) return tl__fail_memory(error, sizeof *made->words);
    made->words[0] = table->source;
    made->word_count = made->word_capacity = 1;
    return TL_OK;
}

static tl_status apply_sequences(tl_dataset *dataset, bool drop, tl_error *error)
{
    tl__rows_of *source = &dataset->source[0];
    const tl__sequence *form = dataset->pipeline->sequence;
    const tl__column *time = apply_column(source->table, form->time);
    if (form->time && !time)
        return tl__fail_at(error, TL_BAD_DATA, source->table->source, 0, 0, NULL,
                           "there is no column '%s', which orders the steps of a sequence; the file must have the "
                           "columns of the training data",
                           form->time);
    TL_TRY(tl__sequences_order(dataset, source, apply_column(source->table, form->id), time, error));
    TL_TRY(tl__sequences_cut(dataset, source, drop, error));
    return tl__sequences_note(dataset, source) == TL_OK ? TL_OK : tl__fail_memory(error, 400);
}

static tl_status apply_make(tl_dataset *dataset, const tl__pipeline *pipeline, const tl__data_settings *settings,
                            tl_error *error)
{
    tl__rows_of *source = &dataset->source[0];
    bool drop = settings && settings->missing == TL__MISSING_DROP;
    if (tl__pipeline_clone(dataset->context, pipeline, &dataset->pipeline) != TL_OK)
        return tl__fail_memory(error, 1024);
    if (pipeline->forecast) return tl__forecast_apply_table(dataset, error);
    size_t *columns = tl__arena_push_zero(&dataset->arena, pipeline->target_count + 1, sizeof *columns);
    if (!columns) return tl__fail_memory(error, pipeline->target_count * sizeof *columns);
    if (pipeline->sequence) TL_TRY(apply_one_sequence(source->table, pipeline->sequence->id, error));
    TL_TRY(tl__dataset_hash(dataset, error));
    TL_TRY(tl__source_room(dataset, source, error));
    TL_TRY(tl__source_columns(dataset, source, error));
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        bool filled = input->category ? input->fill_word != SIZE_MAX : input->fill == input->fill;
        TL_TRY(tl__column_check(source->table, source->columns[i], drop || filled, error));
    }
    if (pipeline->sequence) TL_TRY(apply_sequences(dataset, drop, error));
    dataset->has_target = apply_find_targets(dataset, columns);
    if (dataset->has_target) {
        TL_TRY(tl__source_room(dataset, source, error));
        TL_TRY(tl__source_columns(dataset, source, error));
        TL_TRY(apply_targets(dataset, columns, error));
    }
    TL_TRY(tl__source_maps(dataset, source, error));
    if (apply_note_extra(dataset) != TL_OK) return tl__fail_memory(error, 400);
    TL_TRY(apply_rows(dataset, drop, error));
    if (dataset->has_target) tl__part_count_classes(dataset, TL_TEST);
    return TL_OK;
}

TL_PRIV tl_status tl__dataset_apply(tl_context *context, const tl__pipeline *pipeline, tl__table *table,
                                    const tl__data_settings *settings, tl_dataset **out, tl_error *error)
{
    tl_dataset *dataset;
    if (tl__dataset_new(context, table, NULL, &dataset) != TL_OK) return tl__fail_memory(error, sizeof *dataset);
    size_t before = context->heap.in_use;
    dataset->shuffle = false;
    tl_status status = apply_make(dataset, pipeline, settings, error);
    tl__dataset_let_go(dataset);
    dataset->bytes = context->heap.in_use - before;
    if (status == TL_OK) *out = dataset;
    else tl_dataset_free(dataset);
    return status;
}

typedef struct apply_from {
    const tl_value *file;
    const char *bytes, *name, *folder;
    size_t size;
} apply_from;

static tl_status apply_read(tl_context *context, const tl__pipeline *pipeline, const apply_from *from,
                            const tl__data_settings *settings, tl_dataset **out, tl_error *error)
{
    tl__arena arena;
    tl__kinds kinds;
    tl__table *table = NULL;
    size_t before = context->heap.in_use;
    tl__arena_init(&arena, &context->heap);
    bool stream = false;
    tl__data_settings own = *settings;
    if (pipeline->sequence) own.sequence.id = pipeline->sequence->id;
    settings = &own;
    tl_status status = apply_kinds(pipeline, &arena, &kinds, error);
    if (status == TL_OK && from->file)
        status = tl__stream_wanted(context, settings, from->file, NULL, from->folder, &stream, error);
    stream = stream && !pipeline->forecast && !pipeline->sequence;
    if (status == TL_OK && stream) {
        status = tl__stream_read(context, from->file, settings, &kinds, from->folder, "--data", &table, error);
    } else if (status == TL_OK) {
        status = from->file ? tl__table_read(context, from->file, settings, &kinds, from->folder, NULL, &table, error)
                            : tl__table_parse(context, from->bytes, from->size, from->name, settings, &kinds, &table,
                                              error);
    }
    tl__arena_free(&arena);
    if (status == TL_OK && pipeline->sequence && apply_column(table, pipeline->sequence->id)) {
        status = tl__sequences_join(table, settings, from->folder, true, error);
        if (status != TL_OK) tl__table_free(table);
    }
    if (status == TL_OK) status = tl__dataset_apply(context, pipeline, table, settings, out, error);
    if (status == TL_OK) (*out)->bytes = context->heap.in_use - before;
    return status;
}

TL_PRIV tl_status tl__dataset_apply_file(tl_context *context, const tl__pipeline *pipeline, const tl_value *file,
                                         const tl__data_settings *settings, const char *folder, tl_dataset **out,
                                         tl_error *error)
{
    apply_from from = {file, NULL, NULL, folder, 0};
    return apply_read(context, pipeline, &from, settings, out, error);
}

TL_PRIV tl_status tl__dataset_apply_bytes(tl_context *context, const tl__pipeline *pipeline, const char *bytes,
                                          size_t size, const char *name, const tl__data_settings *settings,
                                          tl_dataset **out, tl_error *error)
{
    apply_from from = {NULL, bytes, name, NULL, size};
    return apply_read(context, pipeline, &from, settings, out, error);
}

/* ---- block by block ---- */

struct tl__apply_blocks {
    tl_context *context;
    const tl__pipeline *pipeline;
    tl__data_settings settings;
    tl__arena arena;
    tl__kinds kinds;
    tl__csv_file file;           /* texts of the caller */
    tl__csv_rows *rows;
    size_t step, done;
};

enum { APPLY_CELLS = 1 << 17, APPLY_LEAST_ROWS = 256 };

static tl_status apply_open(tl__apply_blocks *blocks, const char *path, tl_error *error)
{
    TL_TRY(apply_kinds(blocks->pipeline, &blocks->arena, &blocks->kinds, error));
    blocks->file = (tl__csv_file){path, tl__same_text(path, "-") ? "standard input" : path};
    TL_TRY(tl__csv_rows_open(blocks->context, &blocks->file, 1, &blocks->settings, &blocks->kinds, &blocks->rows,
                             error));
    blocks->step = tl__size_max(APPLY_LEAST_ROWS, APPLY_CELLS / tl__csv_rows_count(blocks->rows));
    return TL_OK;
}

TL_PRIV tl_status tl__apply_open(tl_context *context, const tl__pipeline *pipeline, const char *path,
                                 const tl__data_settings *settings, tl__apply_blocks **out, tl_error *error)
{
    tl__apply_blocks *blocks = tl__alloc_zero(&context->heap, 1, sizeof *blocks);
    if (!blocks) return tl__fail_memory(error, sizeof *blocks);
    blocks->context = context;
    blocks->pipeline = pipeline;
    blocks->settings = *settings;
    tl__arena_init(&blocks->arena, &context->heap);
    tl_status status = apply_open(blocks, path, error);
    if (status == TL_OK) *out = blocks;
    else tl__apply_close(blocks);
    return status;
}

TL_PRIV tl_status tl__apply_next(tl__apply_blocks *blocks, tl_dataset **out, size_t *first, tl_error *error)
{
    tl__table *table;
    *out = NULL;
    *first = blocks->done;
    TL_TRY(tl__csv_rows_table(blocks->rows, blocks->step, &table, error));
    if (!table) return TL_OK;
    blocks->done += table->rows;
    tl_status status = tl__loader_pictures(table, blocks->file.path, &blocks->settings, error);
    if (status != TL_OK) {
        tl__table_free(table);
        return status;
    }
    return tl__dataset_apply(blocks->context, blocks->pipeline, table, &blocks->settings, out, error);
}

TL_PRIV void tl__apply_close(tl__apply_blocks *blocks)
{
    if (!blocks) return;
    tl__csv_rows_close(blocks->rows);
    tl__arena_free(&blocks->arena);
    tl__free(&blocks->context->heap, blocks, sizeof *blocks);
}
