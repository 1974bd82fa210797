/* From a table of steps to sequences: order, what is left out, what is cut. */
#include "data/sequence.h"

#include "base/text.h"

/* ---- order ---- */

static bool sequence_before(const tl__column *time, uint32_t b, uint32_t a)
{
    return tl__column_at(time, b, 0) < tl__column_at(time, a, 0);
}

#define SORT_NAME sequence_sort
#define SORT_TYPE uint32_t
#define SORT_USER const tl__column *
#define SORT_BEFORE(user, b, a) sequence_before(user, b, a)
#include "base/sort.inc.h"

static tl_status sequence_check_columns(const tl__table *table, const tl__column *ids, const tl__column *time,
                                        tl_error *error)
{
    if (ids->type != TL__COLUMN_CODES || ids->missing)
        return tl__fail_at(error, TL_BAD_DATA, table->source, ids->first_missing_line, 0, "data.sequence.id",
                           "column '%s' %s, so it cannot tell sequences apart; every row needs the name of its "
                           "sequence",
                           ids->name, ids->missing ? "has no name here" : "holds no names");
    if (!time || (time->type != TL__COLUMN_CODES && !time->missing)) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, table->source, time->first_missing_line, 0, "data.time",
                       "column '%s' %s, so it cannot order the steps of a sequence; data.time needs a date or number "
                       "in every row",
                       time->name, time->missing ? "has missing cells" : "holds texts");
}

/* Steps with one time have no order. */
static tl_status sequence_sort_steps(tl_dataset *dataset, const tl__rows_of *source, const tl__column *time,
                                     tl_error *error)
{
    const tl__sequences *all = source->sequences;
    tl__heap *heap = &dataset->context->heap;
    size_t bytes = all->longest * sizeof(uint32_t);
    uint32_t *scratch = tl__alloc(heap, bytes);
    tl_status status = TL_OK;
    if (!scratch) return tl__fail_memory(error, bytes);
    for (size_t s = 0; s < all->count && status == TL_OK; s++) {
        uint32_t *rows = all->rows + all->begin[s];
        size_t count = all->begin[s + 1] - all->begin[s];
        sequence_sort(rows, scratch, count, time);
        for (size_t i = 1; i < count && status == TL_OK; i++) {
            if (tl__column_at(time, rows[i], 0) != tl__column_at(time, rows[i - 1], 0)) continue;
            status = tl__fail_at(error, TL_BAD_DATA, source->table->source, 0, 0, "data.time",
                                 "sequence '%s' has two steps with the same '%s', in rows %zu and %zu; remove one, or "
                                 "leave out data.time to keep the order of the file",
                                 all->ids->words[s], time->name, (size_t)rows[i - 1], (size_t)rows[i]);
        }
    }
    tl__free(heap, scratch, bytes);
    return status;
}

TL_PRIV tl_status tl__sequences_order(tl_dataset *dataset, tl__rows_of *source, const tl__column *ids,
                                      const tl__column *time, tl_error *error)
{
    const tl__table *table = source->table;
    tl__sequences *all = tl__arena_push_zero(&dataset->arena, 1, sizeof *all);
    if (!all) return tl__fail_memory(error, sizeof *all);
    TL_TRY(sequence_check_columns(table, ids, time, error));
    const int32_t *codes = ids->values;
    all->ids = ids;
    all->count = ids->word_count;
    all->begin = tl__arena_push_zero(&dataset->arena, all->count + 2, sizeof *all->begin);
    all->rows = tl__arena_push_zero(&dataset->arena, table->rows, sizeof *all->rows);
    if (!all->begin || !all->rows) return tl__fail_memory(error, table->rows * sizeof *all->rows);
    for (size_t row = 0; row < table->rows; row++) all->begin[codes[row] + 2]++;
    for (size_t s = 0; s < all->count; s++) {
        all->longest = tl__size_max(all->longest, all->begin[s + 2]);
        all->begin[s + 2] += all->begin[s + 1];
    }
    for (size_t row = 0; row < table->rows; row++) all->rows[all->begin[codes[row] + 1]++] = (uint32_t)row;
    source->sequences = all;
    return time ? sequence_sort_steps(dataset, source, time, error) : TL_OK;
}

TL_PRIV void tl__sequences_fill_forward(const tl__rows_of *source, tl__column *column)
{
    const tl__sequences *all = source->sequences;
    for (size_t s = 0; s < all->count; s++)
        tl__column_fill_forward(column, all->begin[s + 1] - all->begin[s], all->rows + all->begin[s]);
}

/* ---- what is kept ---- */

TL_PRIV tl_status tl__sequences_cut(tl_dataset *dataset, tl__rows_of *source, bool drop, tl_error *error)
{
    tl__sequences *all = source->sequences;
    tl__sequence *form = dataset->pipeline->sequence;
    size_t inputs = dataset->pipeline->input_count, used = 0;
    all->longest = 0;
    for (size_t s = 0, from = 0; s < all->count; s++) {
        size_t end = all->begin[s + 1], begin = used;
        for (; from < end; from++) {
            bool leave = drop && tl__row_has_missing(source, inputs, all->rows[from]);
            dataset->left_out.missing_rows += leave;
            if (!leave) all->rows[used++] = all->rows[from];
        }
        all->begin[s] = (uint32_t)begin;
        all->empty += used == begin;
        all->longest = tl__size_max(all->longest, used - begin);
    }
    all->begin[all->count] = (uint32_t)used;
    if (all->longest == 0)
        return tl__fail_at(error, TL_BAD_DATA, source->table->source, 0, 0, "data.missing",
                           "no step is left: all have missing values");
    if (form->max_length == 0) form->max_length = all->longest;
    used = 0;
    for (size_t s = 0, from = 0; s < all->count; s++) {
        size_t end = all->begin[s + 1], kept = tl__size_min(end - from, form->max_length);
        size_t first = form->keep_first ? from : end - kept;
        all->cut += kept < end - from;
        memmove(all->rows + used, all->rows + first, kept * sizeof *all->rows);
        all->begin[s] = (uint32_t)used;
        used += kept;
        from = end;
    }
    all->begin[all->count] = (uint32_t)used;
    return TL_OK;
}

TL_PRIV tl_status tl__sequences_constant(const tl__rows_of *source, const tl__column *column, const char *setting,
                                         tl_error *error)
{
    const tl__sequences *all = source->sequences;
    for (size_t s = 0; s < all->count; s++) {
        for (uint32_t i = all->begin[s] + 1; i < all->begin[s + 1]; i++) {
            double one = tl__column_at(column, all->rows[i - 1], 0), other = tl__column_at(column, all->rows[i], 0);
            if (one == other || (one != one && other != other)) continue;
            return tl__fail_at(error, TL_BAD_DATA, source->table->source, 0, 0, setting,
                               "column '%s' has different values in rows %zu and %zu, which are steps of one sequence, "
                               "'%s'; %s must be the same in all steps of a sequence",
                               column->name, (size_t)all->rows[i - 1], (size_t)all->rows[i], all->ids->words[s],
                               setting);
        }
    }
    return TL_OK;
}

/* ---- reading ---- */

TL_PRIV const uint32_t *tl__sequence_steps(const tl__rows_of *source, uint32_t head, size_t *count)
{
    const tl__sequences *all = source->sequences;
    size_t s = (size_t)((const int32_t *)all->ids->values)[head];
    *count = all->begin[s + 1] - all->begin[s];
    return all->rows + all->begin[s];
}

TL_PRIV const char *tl__sequence_name(const tl__rows_of *source, uint32_t head)
{
    const tl__sequences *all = source->sequences;
    return all->ids->words[((const int32_t *)all->ids->values)[head]];
}

TL_PRIV tl_status tl__sequences_steps(const tl_dataset *dataset, const tl__part_rows *part, uint32_t **out,
                                      size_t *count, size_t *bytes, tl_error *error)
{
    size_t used = 0, n;
    *count = 0;
    for (size_t i = 0; i < part->count; i++) {
        tl__sequence_steps(part->from, part->rows[i], &n);
        *count += n;
    }
    *bytes = (*count + 1) * sizeof **out;
    *out = tl__alloc(&dataset->context->heap, *bytes);
    if (!*out) return tl__fail_memory(error, *bytes);
    for (size_t i = 0; i < part->count; i++) {
        const uint32_t *steps = tl__sequence_steps(part->from, part->rows[i], &n);
        memcpy(*out + used, steps, n * sizeof *steps);
        used += n;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__sequences_note(tl_dataset *dataset, const tl__rows_of *source)
{
    const tl__sequences *all = source->sequences;
    const tl__sequence *form = dataset->pipeline->sequence;
    if (all->empty)
        TL_TRY(tl__dataset_note(dataset, "%zu sequences have no step left and are left out", all->empty));
    if (all->cut == 0) return TL_OK;
    return tl__dataset_note(dataset, "%zu sequences are longer than %zu steps (the longest has %zu); their %s steps "
                            "count (data.sequence.keep)",
                            all->cut, form->max_length, all->longest, form->keep_first ? "first" : "last");
}
