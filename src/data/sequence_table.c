/* Columns of a table with one row per sequence, its label for one, as columns of the steps. */
#include "data/sequence.h"

#include "base/text.h"
#include "data/target.h"

static bool sequence_listed(const tl__text_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (tl__same_text(list->items[i], name)) return true;
    return false;
}

/* Is a column asked for? -1, the target that is meant where none is named, is the last one of the last table. */
static bool sequence_wants(const tl__data_settings *settings, const char *name, bool last)
{
    bool usual = settings->target.count == 0 ||
                 (settings->target.count == 1 && tl__same_text(settings->target.items[0], "-1"));
    return sequence_listed(&settings->target, name) || sequence_listed(&settings->inputs, name) || (usual && last) ||
           (settings->weight && tl__same_text(settings->weight, name)) ||
           (settings->split.group && tl__same_text(settings->split.group, name));
}

typedef struct sequence_join {
    tl__table *table;
    const tl__data_settings *settings;
    const char *folder;
    bool lenient;
    tl_error *error;
} sequence_join;

typedef struct sequence_names {
    const tl__column *column;
    char scratch[2][32];
} sequence_names;

static bool sequence_name_before(sequence_names *names, uint32_t b, uint32_t a)
{
    return strcmp(tl__target_name(names->column, b, names->scratch[0]),
                  tl__target_name(names->column, a, names->scratch[1])) < 0;
}

#define SORT_NAME sequence_sort_names
#define SORT_TYPE uint32_t
#define SORT_USER sequence_names *
#define SORT_BEFORE(user, b, a) sequence_name_before(user, b, a)
#include "base/sort.inc.h"

/* The row of each sequence in the table: out [ids->word_count], UINT32_MAX where it has none. */
static tl_status sequence_find_rows(const tl__table *about, const tl__column *names, const tl__column *ids,
                                    uint32_t *out, tl_error *error)
{
    tl__heap *heap = &about->context->heap;
    sequence_names order = {.column = names};
    size_t bytes = 2 * about->rows * sizeof(uint32_t);
    uint32_t *sorted = tl__alloc(heap, bytes);
    tl_status status = TL_OK;
    if (!sorted) return tl__fail_memory(error, bytes);
    for (size_t i = 0; i < about->rows; i++) sorted[i] = (uint32_t)i;
    sequence_sort_names(sorted, sorted + about->rows, about->rows, &order);
    for (size_t i = 1; i < about->rows && status == TL_OK; i++) {
        if (sequence_name_before(&order, sorted[i - 1], sorted[i])) continue;
        status = tl__fail_at(error, TL_BAD_DATA, about->source, 0, 0, "data.sequence.table",
                             "sequence '%s' has two rows here, %zu and %zu; a table of sequences has one row for each",
                             tl__target_name(names, sorted[i], order.scratch[0]), (size_t)sorted[i - 1],
                             (size_t)sorted[i]);
    }
    for (size_t s = 0; s < ids->word_count; s++) {
        size_t low = 0, high = about->rows;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (strcmp(tl__target_name(names, sorted[middle], order.scratch[0]), ids->words[s]) < 0) low = middle + 1;
            else high = middle;
        }
        bool found = low < about->rows &&
                     tl__same_text(tl__target_name(names, sorted[low], order.scratch[0]), ids->words[s]);
        out[s] = found ? sorted[low] : UINT32_MAX;
    }
    tl__free(heap, sorted, bytes);
    return status;
}

/* Numbers become doubles: a sequence that the table lacks has none. */
static tl_status sequence_add_column(tl__table *table, const tl__column *ids, const tl__column *from,
                                     const uint32_t *rows, tl_error *error)
{
    tl__column *made;
    bool words = from->type == TL__COLUMN_CODES;
    const int32_t *codes = ids->values;
    size_t bytes = from->word_count * sizeof *made->words;
    if (tl__table_add(table, from->name, words ? TL__COLUMN_CODES : TL__COLUMN_F64, 1, table->rows, &made) != TL_OK)
        return tl__fail_memory(error, table->rows * sizeof(double));
    made->date = from->date;
    if (words && bytes) {
        made->words = tl__alloc(&table->context->heap, bytes);
        if (!made->words) return tl__fail_memory(error, bytes);
        made->word_capacity = from->word_count;
        for (; made->word_count < from->word_count; made->word_count++) {
            made->words[made->word_count] = tl__arena_text(&table->arena, from->words[made->word_count]);
            if (!made->words[made->word_count]) return tl__fail_memory(error, 64);
        }
    }
    for (size_t row = 0; row < table->rows; row++) {
        uint32_t at = rows[codes[row]];
        bool missing = at == UINT32_MAX || tl__column_is_missing(from, at);
        if (missing && made->missing++ == 0) made->first_missing_row = row;
        if (words) ((int32_t *)made->values)[row] = missing ? -1 : ((const int32_t *)from->values)[at];
        else ((double *)made->values)[row] = missing ? (double)tl__nan() : tl__column_at(from, at, 0);
    }
    return TL_OK;
}

static const tl__column *sequence_ids(const tl__table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (tl__same_text(table->columns[i].name, name)) return &table->columns[i];
    return NULL;
}

/* The table's columns that are asked for; rows [sequences] is where each sequence stands in it. */
static tl_status sequence_take_columns(const sequence_join *join, const tl__table *about, const tl__column *names,
                                       size_t ids, bool last, const uint32_t *rows)
{
    tl__table *table = join->table;
    size_t missing = 0, at = 0, taken = 0, all = table->columns[ids].word_count;
    for (size_t s = all; s-- > 0;) {
        if (rows[s] != UINT32_MAX) continue;
        missing++;
        at = s;
    }
    if (missing == all && join->lenient) return TL_OK;
    for (size_t i = 0; i < about->column_count; i++) {
        const tl__column *from = &about->columns[i];
        if (from == names || !sequence_wants(join->settings, from->name, last && i + 1 == about->column_count))
            continue;
        if (missing && join->settings->missing == TL__MISSING_FAIL && !join->lenient)
            return tl__fail_at(join->error, TL_BAD_DATA, about->source, 0, 0, "data.sequence.table",
                               "sequence '%s' has no row here (%zu of %zu have none); add it, or say data.missing: "
                               "drop to leave such sequences out",
                               table->columns[ids].words[at], missing, all);
        if (sequence_ids(table, from->name))
            return tl__fail_at(join->error, TL_BAD_DATA, about->source, 0, 0, "data.sequence.table",
                               "column '%s' is in this table and among the steps; rename one", from->name);
        TL_TRY(sequence_add_column(table, &table->columns[ids], from, rows, join->error));
        taken++;
    }
    if (taken || join->lenient) return TL_OK;
    return tl__fail_at(join->error, TL_BAD_CONFIG, NULL, 0, 0, "data.sequence.table",
                       "no column of '%s' is used; name one by data.target, data.inputs, data.weight or "
                       "data.split.group",
                       about->source);
}

static tl_status sequence_join_columns(const sequence_join *join, const tl__table *about, const tl__column *names,
                                       bool last)
{
    tl__heap *heap = &join->table->context->heap;
    size_t ids;
    TL_TRY(tl__table_find(join->table, join->settings->sequence.id, "data.sequence.id", &ids, join->error));
    const tl__column *column = &join->table->columns[ids];
    if (column->type != TL__COLUMN_CODES || column->missing) return TL_OK;    /* told by who puts steps in order */
    if (names->width != 1)
        return tl__fail_at(join->error, TL_BAD_DATA, about->source, 0, 0, "data.sequence.table",
                           "column '%s' holds arrays, so it cannot name sequences", names->name);
    size_t bytes = column->word_count * sizeof(uint32_t);
    uint32_t *rows = tl__alloc(heap, bytes);
    if (!rows) return tl__fail_memory(join->error, bytes);
    tl_status status = sequence_find_rows(about, names, column, rows, join->error);
    if (status == TL_OK) status = sequence_take_columns(join, about, names, ids, last, rows);
    tl__free(heap, rows, bytes);
    return status;
}

static tl_status sequence_join_one(const sequence_join *join, const tl_value *file, bool last)
{
    tl__table *about = NULL;
    tl_context *context = join->table->context;
    tl__data_settings reading = *join->settings;
    tl_error unread = {0};
    tl_error *error = join->lenient ? &unread : join->error;
    reading.limit = 0;
    tl_status status = tl__table_read(context, file, &reading, NULL, join->folder, "data.sequence.table", &about,
                                      error);
    if (status == TL_OK && !sequence_ids(about, reading.sequence.id)) {
        /* names are texts, in the first column where none is called so: it is read again with that said */
        tl__table_free(about);
        about = NULL;
        reading.sequence.id = "0";
        status = tl__table_read(context, file, &reading, NULL, join->folder, "data.sequence.table", &about, error);
    }
    if (status != TL_OK) return join->lenient && status != TL_OUT_OF_MEMORY ? TL_OK : status;
    const tl__column *names = sequence_ids(about, reading.sequence.id);
    status = sequence_join_columns(join, about, names ? names : &about->columns[0], last);
    tl__table_free(about);
    return status;
}

TL_PRIV tl_status tl__sequences_join(tl__table *table, const tl__data_settings *settings, const char *folder,
                                     bool lenient, tl_error *error)
{
    const tl_value *files = settings->sequence.table;
    const sequence_join join = {table, settings, settings->sequence.folder ? settings->sequence.folder : folder,
                                lenient, error};
    if (!files || files->kind == TL_NULL || !settings->sequence.id) return TL_OK;
    if (files->kind != TL_LIST) return sequence_join_one(&join, files, true);
    for (const tl_value *file = files->first; file; file = file->next)
        TL_TRY(sequence_join_one(&join, file, !file->next));
    return TL_OK;
}
