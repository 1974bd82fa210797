/* Making a data set, step by step: hash the tables, find roles, describe the target, choose the rows that can be used,
 * divide them, fit the pipeline on the training rows, map what is stored to what the network sees. */
#include "data/dataset_build.h"

#include "base/text.h"
#include "data/augment.h"
#include "data/forecast_make.h"
#include "data/pipeline_fit.h"
#include "data/sequence.h"
#include "data/split.h"
#include "data/stream.h"
#include "data/target.h"
#include "data/window.h"

/* ---- life ---- */

TL_PRIV tl_status tl__dataset_new(tl_context *context, tl__table *table, tl__table *test, tl_dataset **out)
{
    tl_dataset *dataset = tl__alloc_zero(&context->heap, 1, sizeof *dataset);
    if (!dataset) {
        tl__table_free(table);
        tl__table_free(test);
        return TL_OUT_OF_MEMORY;
    }
    dataset->context = context;
    tl__arena_init(&dataset->arena, &context->heap);
    dataset->source[0].table = table;
    dataset->source[1].table = test;
    dataset->note = "";
    dataset->shuffle = true;
    for (int p = 0; p < TL__PARTS; p++) dataset->part[p].from = &dataset->source[0];
    *out = dataset;
    return TL_OK;
}

TL_API void tl_dataset_free(tl_dataset *dataset)
{
    if (!dataset) return;
    tl__heap *heap = &dataset->context->heap;
    tl__pipeline_free(dataset->pipeline);
    for (int i = 0; i < 2 && !dataset->borrowed; i++) tl__table_free(dataset->source[i].table);
    tl__arena_free(&dataset->arena);
    tl__free(heap, dataset, sizeof *dataset);
}

TL_PRIV tl_status tl__dataset_note(tl_dataset *dataset, const char *format, ...)
{
    char line[400];
    va_list list;
    va_start(list, format);
    tl__format_list(line, sizeof line, format, list);
    va_end(list);
    const char *joined = tl__arena_format(&dataset->arena, "%s%s%s", dataset->note, dataset->note[0] ? "\n" : "", line);
    if (!joined) return TL_OUT_OF_MEMORY;
    dataset->note = joined;
    return TL_OK;
}

TL_PRIV tl_status tl__part_new(tl_dataset *dataset, tl_part part, const tl__rows_of *from, size_t count,
                               tl_error *error)
{
    tl__part_rows *rows = &dataset->part[part];
    rows->from = from;
    rows->count = 0;
    rows->rows = tl__arena_push_zero(&dataset->arena, count ? count : 1, sizeof *rows->rows);
    return rows->rows ? TL_OK : tl__fail_memory(error, count * sizeof *rows->rows);
}

TL_PRIV void tl__part_count_classes(tl_dataset *dataset, tl_part part)
{
    const tl__part_rows *rows = &dataset->part[part];
    for (size_t i = 0; dataset->class_counts[part] && i < rows->count; i++) {
        int32_t label = rows->from->labels[rows->rows[i]];
        if (label >= 0) dataset->class_counts[part][label]++;
    }
}

/* ---- rows that can be used ---- */

typedef struct dataset_candidates {
    tl__heap *heap;
    size_t count, capacity;
    uint32_t *rows;
    int32_t *labels;
    uint32_t *groups;
    double *times;
    unsigned char *part;
    uint32_t *order;
} dataset_candidates;

static void dataset_candidates_free(dataset_candidates *c)
{
    tl__free(c->heap, c->rows, c->capacity * sizeof *c->rows);
    tl__free(c->heap, c->labels, c->capacity * sizeof *c->labels);
    tl__free(c->heap, c->groups, c->capacity * sizeof *c->groups);
    tl__free(c->heap, c->times, c->capacity * sizeof *c->times);
    tl__free(c->heap, c->part, c->capacity);
    tl__free(c->heap, c->order, c->capacity * sizeof *c->order);
}

static bool dataset_target_missing(const tl__rows_of *source, const tl__pipeline *pipeline, size_t row)
{
    if (source->labels) return source->labels[row] == -1;
    for (size_t i = 0; i < pipeline->outputs; i++) {
        float target = source->targets[row * pipeline->outputs + i];
        if (target != target) return true;
    }
    return false;
}

/* Counts what is left out; false: the row is. */
static bool dataset_usable(tl_dataset *dataset, const tl__rows_of *source, size_t row, bool drop)
{
    if (tl__target_unknown(source, dataset->pipeline, row) != SIZE_MAX) {
        dataset->left_out.unknown_class_rows++;
        return false;
    }
    if (dataset_target_missing(source, dataset->pipeline, row)) {
        dataset->left_out.missing_target_rows++;
        return false;
    }
    if (drop && !source->sequences && tl__row_has_missing(source, dataset->pipeline->input_count, row)) {
        dataset->left_out.missing_rows++;
        return false;
    }
    return true;
}

static tl_status dataset_check_target(const tl__table *table, const tl__column *column,
                                      const tl__data_settings *settings,
                                      tl_error *error)
{
    return tl__column_check(table, column, settings->missing != TL__MISSING_FAIL, error);
}

/* The rows that are to be judged: all, or the heads of the sequences that have any step. */
static void dataset_take_usable(tl_dataset *dataset, const tl__rows_of *source, bool drop, uint32_t *rows,
                                size_t *count)
{
    const tl__sequences *all = source->sequences;
    size_t most = all ? all->count : source->table->rows;
    for (size_t i = 0; i < most; i++) {
        if (all && all->begin[i] == all->begin[i + 1]) continue;
        size_t row = all ? all->rows[all->begin[i]] : i;
        if (dataset_usable(dataset, source, row, drop)) rows[(*count)++] = (uint32_t)row;
    }
}

static tl_status dataset_choose_rows(tl_dataset *dataset, const tl__rows_of *source, const tl__data_settings *settings,
                                     dataset_candidates *c, tl_error *error)
{
    size_t rows = source->table->rows;
    c->heap = &dataset->context->heap;
    c->capacity = rows;
    c->rows = tl__alloc_zero(c->heap, rows, sizeof *c->rows);
    if (!c->rows) return tl__fail_memory(error, rows * sizeof *c->rows);
    dataset_take_usable(dataset, source, settings->missing == TL__MISSING_DROP, c->rows, &c->count);
    if (c->count > 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, source->table->source, 0, 0, "data.missing",
                       "no rows are left: of %zu, %zu have missing values, %zu no target, %zu a class that "
                       "data.classes does not list",
                       rows, dataset->left_out.missing_rows, dataset->left_out.missing_target_rows,
                       dataset->left_out.unknown_class_rows);
}

/* ---- the split ---- */

/* Candidates by their value in a column. */
typedef struct dataset_order {
    const tl__column *column;
    const uint32_t *rows;
} dataset_order;

static bool dataset_less(dataset_order order, uint32_t a, uint32_t b)
{
    return tl__column_at(order.column, order.rows[a], 0) < tl__column_at(order.column, order.rows[b], 0);
}

#define SORT_NAME dataset_sort
#define SORT_TYPE uint32_t
#define SORT_USER dataset_order
#define SORT_BEFORE(user, b, a) dataset_less(user, b, a)
#include "base/sort.inc.h"

/* Group numbers of the candidates: equal values, equal numbers. */
static tl_status dataset_groups(const tl__column *column, dataset_candidates *c, size_t *count, tl_error *error)
{
    /* a code is a number already; other values are numbered by a sort of the candidates */
    c->groups = tl__alloc_zero(c->heap, c->capacity, sizeof *c->groups);
    uint32_t *sorted = tl__alloc_zero(c->heap, c->capacity, 2 * sizeof *sorted);
    if (!c->groups || !sorted) {
        tl__free(c->heap, sorted, c->capacity * 2 * sizeof *sorted);
        return tl__fail_memory(error, c->capacity * 12);
    }
    for (size_t i = 0; i < c->count; i++) sorted[i] = (uint32_t)i;
    dataset_sort(sorted, sorted + c->capacity, c->count, (dataset_order){column, c->rows});
    *count = 0;
    for (size_t i = 0; i < c->count; i++) {
        bool same = i > 0 && tl__column_at(column, c->rows[sorted[i]], 0) == tl__column_at(column,
                                                                                           c->rows[sorted[i - 1]], 0);
        c->groups[sorted[i]] = (uint32_t)(same ? *count - 1 : (*count)++);
    }
    tl__free(c->heap, sorted, c->capacity * 2 * sizeof *sorted);
    return TL_OK;
}

static tl_status dataset_times(const tl__table *table, const tl__column *column, dataset_candidates *c, tl_error *error)
{
    if (column->type == TL__COLUMN_CODES || column->missing) {
        return tl__fail_at(error, TL_BAD_DATA, table->source, column->first_missing_line, 0, "data.time",
                           "column '%s' %s, so it cannot order the rows; data.time needs a date or number in every row",
                           column->name, column->missing ? "has missing cells" : "holds texts");
    }
    c->times = tl__alloc_zero(c->heap, c->capacity, sizeof *c->times);
    if (!c->times) return tl__fail_memory(error, c->capacity * sizeof *c->times);
    for (size_t i = 0; i < c->count; i++) c->times[i] = tl__column_at(column, c->rows[i], 0);
    return TL_OK;
}

static tl_status dataset_take_parts(tl_dataset *dataset, const dataset_candidates *c, tl_error *error)
{
    size_t counts[TL__PARTS + 1] = {0};
    const tl__rows_of *source = &dataset->source[0];
    dataset->part_of = tl__arena_push_zero(&dataset->arena, source->table->rows, 1);
    if (!dataset->part_of) return tl__fail_memory(error, source->table->rows);
    memset(dataset->part_of, TL__PARTS, source->table->rows);
    for (size_t i = 0; i < c->count; i++) counts[c->part[i]]++;
    for (int p = 0; p < TL__PARTS; p++) TL_TRY(tl__part_new(dataset, (tl_part)p, source, counts[p], error));
    for (size_t i = 0; i < c->count; i++) {
        uint32_t candidate = c->order[i], row = c->rows[candidate];
        unsigned char part = c->part[candidate];
        size_t steps = 1;
        const uint32_t *all = source->sequences ? tl__sequence_steps(source, row, &steps) : &row;
        for (size_t t = 0; t < steps; t++) dataset->part_of[all[t]] = part;
        if (part >= TL__PARTS) continue;
        tl__part_rows *rows = &dataset->part[part];
        rows->rows[rows->count++] = row;
    }
    if (dataset->part[TL_TRAIN].count > 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split",
                       "data.split leaves no rows to train on (there are %zu)",
                       c->count);
}

static tl_status dataset_split(tl_dataset *dataset, const tl__roles *roles, const tl__data_settings *settings,
                               uint64_t seed, dataset_candidates *c, tl_error *error)
{
    const tl__rows_of *source = &dataset->source[0];
    const tl__table *table = source->table;
    tl__split_input input = {.rows = c->count, .classes = dataset->pipeline->outputs,
                             .test_elsewhere = dataset->source[1].table != NULL, .seed = seed};
    if (settings->split.seed >= 0) input.seed = (uint64_t)settings->split.seed;
    c->part = tl__alloc_zero(c->heap, c->capacity, 1);
    c->order = tl__alloc_zero(c->heap, c->capacity, sizeof *c->order);
    if (!c->part || !c->order) return tl__fail_memory(error, c->capacity * 5);
    if (source->labels) {
        c->labels = tl__alloc_zero(c->heap, c->capacity, sizeof *c->labels);
        if (!c->labels) return tl__fail_memory(error, c->capacity * sizeof *c->labels);
        for (size_t i = 0; i < c->count; i++) c->labels[i] = source->labels[c->rows[i]];
        input.labels = c->labels;
    }
    if (roles->group != SIZE_MAX) {
        TL_TRY(tl__column_check(table, &table->columns[roles->group], false, error));
        TL_TRY(dataset_groups(&table->columns[roles->group], c, &input.group_count, error));
        input.groups = c->groups;
    }
    if (roles->time != SIZE_MAX) {
        TL_TRY(dataset_times(table, &table->columns[roles->time], c, error));
        input.times = c->times;
    }
    TL_TRY(tl__split(c->heap, &settings->split, &input, c->part, c->order, error));
    return dataset_take_parts(dataset, c, error);
}

/* ---- the pipeline ---- */

static tl_status dataset_start_pipeline(tl_dataset *dataset, const tl__roles *roles, const tl__data_settings *settings,
                                        tl_error *error)
{
    static const char *const words[] = {"standard", "minmax", "robust", "none"};
    const tl__table *table = dataset->source[0].table;
    bool classification = false;
    size_t at = 0;
    TL_TRY(tl__target_task(table, roles, settings, &classification, error));
    if (tl__pipeline_new(dataset->context, roles->input_count, &dataset->pipeline) != TL_OK) {
        return tl__fail_memory(error, roles->input_count * sizeof(tl__input));
    }
    dataset->pipeline->classification = classification;
    dataset->pipeline->normalize = words[settings->normalize];
    for (size_t i = 0; i < table->column_count; i++) {
        if (roles->of[i] == TL__ROLE_INPUT) dataset->pipeline->inputs[at++].name = table->columns[i].name;
    }
    for (size_t i = 0; i < roles->target_count; i++) {
        TL_TRY(dataset_check_target(table, &table->columns[roles->targets[i]], settings, error));
    }
    return tl__target_describe(table, roles, settings, dataset->pipeline, error);
}

/* On the rows of the training part; of sequences, on their steps. */
static tl_status dataset_fit_inputs(tl_dataset *dataset, const tl__data_settings *settings, tl_error *error)
{
    tl__pipeline *pipeline = dataset->pipeline;
    const tl__part_rows *train = &dataset->part[TL_TRAIN];
    size_t count = train->count, bytes = 0;
    uint32_t *rows = train->rows;
    tl_status status = TL_OK;
    if (pipeline->sequence) TL_TRY(tl__sequences_steps(dataset, train, &rows, &count, &bytes, error));
    for (size_t i = 0; i < pipeline->input_count && status == TL_OK; i++)
        status = tl__fit_input(pipeline, &pipeline->inputs[i], train->from->columns[i], rows, count, settings, error);
    if (bytes) tl__free(&dataset->context->heap, rows, bytes);
    return status;
}

static tl_status dataset_fit(tl_dataset *dataset, const tl__data_settings *settings, tl_error *error)
{
    tl__pipeline *pipeline = dataset->pipeline;
    const tl__rows_of *source = &dataset->source[0];
    const tl__part_rows *train = &dataset->part[TL_TRAIN];
    if (source->table->store)
        TL_TRY(tl__fit_stored(pipeline, source->table, source->columns, train->rows, train->count, settings, error));
    if (!source->table->store) TL_TRY(dataset_fit_inputs(dataset, settings, error));
    if (!tl__pipeline_place(pipeline) || pipeline->features == 0) {
        return tl__fail_at(error, TL_OUT_OF_RANGE, source->table->source, 0, 0, NULL,
                           pipeline->features ? "the inputs are larger than memory" :
                           "no input column holds any value");
    }
    if (pipeline->classification) return TL_OK;
    return tl__fit_targets(pipeline, source->targets, train->rows, train->count, settings->normalize_target, error);
}

/* ---- test file ---- */

/* The steps of a test file's sequences: the columns that say so have the same names. */
static tl_status dataset_test_order(tl_dataset *dataset, const tl__roles *roles, tl_error *error)
{
    tl__rows_of *source = &dataset->source[1];
    const tl__column *columns = dataset->source[0].table->columns;
    size_t ids, time = SIZE_MAX;
    TL_TRY(tl__table_find(source->table, columns[roles->sequence].name, "data.sequence.id", &ids, error));
    if (roles->time != SIZE_MAX)
        TL_TRY(tl__table_find(source->table, columns[roles->time].name, "data.time", &time, error));
    return tl__sequences_order(dataset, source, &source->table->columns[ids],
                               time == SIZE_MAX ? NULL : &source->table->columns[time], error);
}

static tl_status dataset_test_file(tl_dataset *dataset, const tl__roles *roles, const tl__data_settings *settings,
                                   tl_error *error)
{
    tl__rows_of *source = &dataset->source[1];
    const tl__table *train = dataset->source[0].table;
    tl__table *table = source->table;
    size_t targets[64], weight;
    if (roles->target_count > TL_COUNT(targets)) {
        return tl__fail_at(error, TL_UNSUPPORTED, NULL, 0, 0, "data.test_file",
                           "data.test_file cannot be used with more than %zu targets", TL_COUNT(targets));
    }
    TL_TRY(tl__source_room(dataset, source, error));
    TL_TRY(tl__source_columns(dataset, source, error));
    for (size_t i = 0; i < roles->target_count; i++) {
        const char *name = train->columns[roles->targets[i]].name;
        TL_TRY(tl__table_find(table, name, "data.target", &targets[i], error));
        TL_TRY(tl__column_take_in(table, &table->columns[targets[i]], error));
        TL_TRY(dataset_check_target(table, &table->columns[targets[i]], settings, error));
        bool classes = dataset->pipeline->classification || tl__target_classes(dataset->pipeline, i);
        if (!classes && table->columns[targets[i]].type == TL__COLUMN_CODES) {
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.target",
                               "column '%s' holds texts here, but numbers in the training data", name);
        }
    }
    if (dataset->pipeline->sequence) TL_TRY(dataset_test_order(dataset, roles, error));
    TL_TRY(tl__source_check(dataset, source, settings, error));
    if (dataset->pipeline->sequence) {
        TL_TRY(tl__sequences_cut(dataset, source, settings->missing == TL__MISSING_DROP, error));
        for (size_t i = 0; i < roles->target_count; i++)
            TL_TRY(tl__sequences_constant(source, &table->columns[targets[i]], "data.target", error));
    }
    if (roles->weight != SIZE_MAX) {
        TL_TRY(tl__table_find(table, train->columns[roles->weight].name, "data.weight", &weight, error));
        TL_TRY(tl__column_take_in(table, &table->columns[weight], error));
        TL_TRY(tl__source_weights(dataset, source, &table->columns[weight], error));
    }
    tl__target_encode(table, targets, dataset->pipeline, source->labels, source->targets);
    TL_TRY(tl__part_new(dataset, TL_TEST, source, table->rows, error));
    tl__part_rows *part = &dataset->part[TL_TEST];
    for (size_t row = 0; row < table->rows && settings->classes.count == 0; row++) {
        size_t target = tl__target_unknown(source, dataset->pipeline, row);
        if (target != SIZE_MAX) {
            char scratch[32];
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.test_file",
                               "row %zu has the class '%s', which the training data does not have; correct one of the "
                               "files, or list the classes that count: data.classes",
                               row, tl__target_name(&table->columns[targets[target]], row, scratch));
        }
    }
    dataset_take_usable(dataset, source, settings->missing == TL__MISSING_DROP, part->rows, &part->count);
    return tl__source_maps(dataset, source, error);
}

/* ---- all of it ---- */

static size_t dataset_unknown(const tl__rows_of *from, const tl__column *const *columns, size_t inputs,
                              const uint32_t *rows, size_t count)
{
    size_t unknown = 0;
    for (size_t i = 0; i < inputs; i++) {
        const int32_t *map = from->word_maps[i], *codes = map ? columns[i]->values : NULL;
        for (size_t row = 0; codes && row < count; row++) {
            int32_t code = codes[rows ? rows[row] : row];
            unknown += code >= 0 && map[code] < 0;
        }
    }
    return unknown;
}

/* Training rows have no unknown words: theirs are the known ones. */
static tl_status dataset_count_stored(tl_dataset *dataset, const tl__part_rows *part, tl_error *error)
{
    const tl__rows_of *from = part->from;
    size_t inputs = dataset->pipeline->input_count, categories = 0;
    tl__window *window;
    tl_status status = TL_OK;
    for (size_t i = 0; i < inputs; i++) categories += from->word_maps[i] != NULL;
    if (categories == 0 || part->count == 0 || part == &dataset->part[TL_TRAIN]) return TL_OK;
    TL_TRY(tl__window_new(dataset->context, from->table, from->columns, inputs, tl__window_rows(from->table), &window,
                          error));
    for (size_t done = 0, n; status == TL_OK && done < part->count; done += n) {
        n = tl__size_min(window->capacity, part->count - done);
        status = tl__window_load(window, 0, part->rows + done, 0, n, error);
        if (status == TL_OK)
            dataset->left_out.unknown_categories += dataset_unknown(from, window->list, inputs, NULL, n);
    }
    tl__window_free(dataset->context, window);
    return status;
}

TL_PRIV tl_status tl__part_count_unknown(tl_dataset *dataset, const tl__part_rows *part, tl_error *error)
{
    const tl__rows_of *from = part->from;
    size_t inputs = dataset->pipeline->input_count;
    if (from->table->store) return dataset_count_stored(dataset, part, error);
    if (from->sequences) {
        uint32_t *steps;
        size_t count, bytes;
        TL_TRY(tl__sequences_steps(dataset, part, &steps, &count, &bytes, error));
        dataset->left_out.unknown_categories += dataset_unknown(from, from->columns, inputs, steps, count);
        tl__free(&dataset->context->heap, steps, bytes);
        return TL_OK;
    }
    dataset->left_out.unknown_categories += dataset_unknown(from, from->columns, inputs, part->rows, part->count);
    return TL_OK;
}

static tl_status dataset_notes(tl_dataset *dataset, const tl__roles *roles)
{
    const tl__table *table = dataset->source[0].table;
    const tl__left_out *out = &dataset->left_out;
    for (size_t i = 0; i < table->column_count; i++) {
        if (roles->of[i] == TL__ROLE_DATE) {
            TL_TRY(tl__dataset_note(dataset, "column '%s' is not an input: it holds dates", table->columns[i].name));
        } else if (roles->of[i] == TL__ROLE_EMPTY) {
            TL_TRY(tl__dataset_note(dataset, "column '%s' is not an input: all its cells are missing",
                                    table->columns[i].name));
        }
    }
    for (int s = 0; s < 2; s++)
        if (dataset->source[s].sequences) TL_TRY(tl__sequences_note(dataset, &dataset->source[s]));
    if (out->missing_rows)
        TL_TRY(tl__dataset_note(dataset, "%zu rows with missing values are left out", out->missing_rows));
    if (out->missing_target_rows) {
        TL_TRY(tl__dataset_note(dataset, "%zu rows without a target are left out", out->missing_target_rows));
    }
    if (out->unknown_class_rows) {
        TL_TRY(tl__dataset_note(dataset, "%zu rows of classes that data.classes does not list are left out",
                                out->unknown_class_rows));
    }
    if (out->unknown_categories) {
        TL_TRY(tl__dataset_note(dataset, "%zu cells hold texts that the training part does not have; they count as "
                                         "none",
                                out->unknown_categories));
    }
    for (size_t i = 0; dataset->pipeline->classification && i < dataset->pipeline->outputs; i++) {
        if (dataset->class_counts[TL_TRAIN][i] > 0) continue;
        TL_TRY(tl__dataset_note(dataset, "the training part has no row of class '%s'", dataset->pipeline->classes[i]));
    }
    return TL_OK;
}

/* Of stored columns, those that rows are chosen, divided and judged by are held in memory while that is done. */
static tl_status dataset_take_in(tl__table *table, const tl__roles *roles, tl_error *error)
{
    for (size_t i = 0; i < table->column_count; i++) {
        unsigned char role = roles->of[i];
        bool wanted = role == TL__ROLE_TARGET || role == TL__ROLE_WEIGHT || role == TL__ROLE_GROUP ||
                      role == TL__ROLE_TIME;
        if (wanted) TL_TRY(tl__column_take_in(table, &table->columns[i], error));
    }
    return TL_OK;
}

TL_PRIV void tl__dataset_let_go(tl_dataset *dataset)
{
    for (int s = 0; s < 2; s++) {
        tl__table *table = dataset->source[s].table;
        for (size_t i = 0; table && i < table->column_count; i++) tl__column_let_go(table, &table->columns[i]);
    }
}

/* ---- sequences ---- */

static tl_status dataset_sequences(tl_dataset *dataset, const tl__roles *roles, const tl__data_settings *settings,
                                   tl_error *error)
{
    const tl__table *table = dataset->source[0].table;
    tl__pipeline *pipeline = dataset->pipeline;
    const tl__column *ids = &table->columns[roles->sequence];
    const tl__column *time = roles->time == SIZE_MAX ? NULL : &table->columns[roles->time];
    tl__sequence *form = tl__arena_push_zero(&pipeline->arena, 1, sizeof *form);
    if (!form) return tl__fail_memory(error, sizeof *form);
    form->id = tl__arena_text(&pipeline->arena, ids->name);
    form->time = time ? tl__arena_text(&pipeline->arena, time->name) : NULL;
    if (!form->id || (time && !form->time)) return tl__fail_memory(error, 64);
    form->max_length = (size_t)settings->sequence.max_length;
    form->keep_first = settings->sequence.keep == TL__STEPS_FIRST;
    pipeline->sequence = form;
    return tl__sequences_order(dataset, &dataset->source[0], ids, time, error);
}

static tl_status dataset_sequences_cut(tl_dataset *dataset, const tl__roles *roles, const tl__data_settings *settings,
                                       tl_error *error)
{
    tl__rows_of *source = &dataset->source[0];
    const tl__column *columns = source->table->columns;
    TL_TRY(tl__sequences_cut(dataset, source, settings->missing == TL__MISSING_DROP, error));
    for (size_t i = 0; i < roles->target_count; i++)
        TL_TRY(tl__sequences_constant(source, &columns[roles->targets[i]], "data.target", error));
    if (roles->group != SIZE_MAX)
        TL_TRY(tl__sequences_constant(source, &columns[roles->group], "data.split.group", error));
    if (roles->weight != SIZE_MAX)
        TL_TRY(tl__sequences_constant(source, &columns[roles->weight], "data.weight", error));
    return TL_OK;
}

static tl_status dataset_make(tl_dataset *dataset, const tl__data_settings *settings, uint64_t seed, tl__roles *roles,
                              dataset_candidates *c, tl_error *error)
{
    tl__rows_of *source = &dataset->source[0];
    tl__table *table = source->table;
    TL_TRY(tl__dataset_hash(dataset, error));
    TL_TRY(tl__roles_find(table, settings, roles, error));
    TL_TRY(dataset_take_in(table, roles, error));
    TL_TRY(dataset_start_pipeline(dataset, roles, settings, error));
    dataset->has_target = true;
    TL_TRY(tl__source_room(dataset, source, error));
    for (size_t i = 0, at = 0; i < table->column_count; i++) {
        if (roles->of[i] == TL__ROLE_INPUT) source->columns[at++] = &table->columns[i];
    }
    if (roles->sequence != SIZE_MAX) TL_TRY(dataset_sequences(dataset, roles, settings, error));
    TL_TRY(tl__source_check(dataset, source, settings, error));
    if (roles->sequence != SIZE_MAX) TL_TRY(dataset_sequences_cut(dataset, roles, settings, error));
    tl__target_encode(table, roles->targets, dataset->pipeline, source->labels, source->targets);
    if (roles->weight != SIZE_MAX) TL_TRY(tl__source_weights(dataset, source, &table->columns[roles->weight], error));
    TL_TRY(dataset_choose_rows(dataset, source, settings, c, error));
    TL_TRY(dataset_split(dataset, roles, settings, seed, c, error));
    TL_TRY(dataset_fit(dataset, settings, error));
    TL_TRY(tl__source_maps(dataset, source, error));
    if (dataset->source[1].table) TL_TRY(dataset_test_file(dataset, roles, settings, error));
    for (int p = 0; p < TL__PARTS && dataset->pipeline->classification; p++) {
        size_t bytes = dataset->pipeline->outputs * sizeof(int64_t);
        dataset->class_counts[p] = tl__arena_push_zero(&dataset->arena, dataset->pipeline->outputs, sizeof(int64_t));
        if (!dataset->class_counts[p]) return tl__fail_memory(error, bytes);
        tl__part_count_classes(dataset, (tl_part)p);
    }
    dataset->roles = tl__arena_push_zero(&dataset->arena, table->column_count, 1);
    if (!dataset->roles) return tl__fail_memory(error, table->column_count);
    memcpy(dataset->roles, roles->of, table->column_count);
    for (int p = 0; p < TL__PARTS; p++) TL_TRY(tl__part_count_unknown(dataset, &dataset->part[p], error));
    if (dataset_notes(dataset, roles) != TL_OK) return tl__fail_memory(error, 400);
    return TL_OK;
}

/* The data set, which is freed after a failure. */
static tl_status dataset_finish(tl_dataset *dataset, const tl__data_settings *settings, uint64_t seed, tl_dataset **out,
                                tl_error *error)
{
    tl_context *context = dataset->context;
    const tl__table *table = dataset->source[0].table;
    tl__roles roles = {0};
    dataset_candidates candidates = {.heap = &context->heap};
    size_t before = context->heap.in_use;
    dataset->seed = seed;
    dataset->augment = settings->augment;
    dataset->shuffle = settings->shuffle;
    dataset->shuffle_block = settings->shuffle_block > 0 ? (size_t)settings->shuffle_block
                             : table->store              ? tl__stream_block(table, settings)
                                                         : 0;
    dataset->workers = (int)settings->workers;
    if ((uint64_t)settings->cache < SIZE_MAX >> 20) dataset->cache_bytes = (size_t)settings->cache << 20;
    bool forecast = settings->task == TL__TASK_FORECAST;
    tl_status status = forecast ? tl__forecast_make(dataset, settings, error)
                                : dataset_make(dataset, settings, seed, &roles, &candidates, error);
    if (status == TL_OK) status = tl__augment_check(dataset, error);
    dataset_candidates_free(&candidates);
    tl__roles_free(&roles);
    tl__dataset_let_go(dataset);
    dataset->bytes = context->heap.in_use - before;
    if (status == TL_OK) *out = dataset;
    else tl_dataset_free(dataset);
    return status;
}

TL_PRIV tl_status tl__dataset_make(tl_context *context, tl__table *table, tl__table *test,
                                   const tl__data_settings *settings, uint64_t seed, tl_dataset **out, tl_error *error)
{
    tl_dataset *dataset;
    if (tl__dataset_new(context, table, test, &dataset) != TL_OK) return tl__fail_memory(error, sizeof *dataset);
    return dataset_finish(dataset, settings, seed, out, error);
}

/* ---- over the tables of another ---- */

static tl_status dataset_borrow(tl_context *context, const tl_dataset *from, tl_dataset **out, tl_error *error)
{
    if (tl__dataset_new(context, NULL, NULL, out) != TL_OK) return tl__fail_memory(error, sizeof **out);
    (*out)->borrowed = true;
    for (int i = 0; i < 2; i++) (*out)->source[i].table = from->source[i].table;
    return TL_OK;
}

TL_PRIV tl_status tl__dataset_remake(tl_context *context, const tl_dataset *from, const tl__data_settings *settings,
                                     uint64_t seed, tl_dataset **out, tl_error *error)
{
    tl_dataset *dataset;
    TL_TRY(dataset_borrow(context, from, &dataset, error));
    return dataset_finish(dataset, settings, seed, out, error);
}

static tl_status dataset_view(tl_dataset *view, const tl_dataset *from, const tl__pipeline *pipeline, tl_error *error)
{
    if (tl__pipeline_clone(view->context, pipeline, &view->pipeline) != TL_OK) return tl__fail_memory(error, 1024);
    for (int i = 0; i < 2 && from->source[i].table; i++) {
        tl__rows_of *source = &view->source[i];
        const tl__rows_of *old = &from->source[i];
        TL_TRY(tl__source_room(view, source, error));
        TL_TRY(tl__source_columns(view, source, error));
        source->labels = old->labels;
        source->targets = old->targets;
        source->weights = old->weights;
        source->incomplete = old->incomplete;
        TL_TRY(tl__source_maps(view, source, error));
    }
    for (int p = 0; p < TL__PARTS; p++) {
        view->part[p] = from->part[p];
        view->part[p].from = &view->source[from->part[p].from == &from->source[1]];
        view->class_counts[p] = from->class_counts[p];
        TL_TRY(tl__part_count_unknown(view, &view->part[p], error));
    }
    view->has_target = from->has_target;
    view->has_weights = from->has_weights;
    view->seed = from->seed;
    memcpy(view->hash, from->hash, sizeof view->hash);
    return TL_OK;
}

TL_PRIV tl_status tl__dataset_view(tl_context *context, const tl_dataset *from, const tl__pipeline *pipeline,
                                   tl_dataset **out, tl_error *error)
{
    tl_dataset *view;
    if (pipeline->classification != from->pipeline->classification || pipeline->outputs != from->pipeline->outputs ||
        pipeline->forecast || from->pipeline->forecast || !tl__pipeline_same_heads(pipeline, from->pipeline))
        return tl__fail(error, TL_BAD_DATA, "the models predict different things, so they cannot see the same rows.");
    for (size_t k = 0; pipeline->classification && k < pipeline->outputs; k++)
        if (!tl__same_text(pipeline->classes[k], from->pipeline->classes[k]))
            return tl__fail(error, TL_BAD_DATA, "the models know other classes ('%s' and '%s' are the first that "
                            "differ); make them of the same data, or list data.classes.", from->pipeline->classes[k],
                            pipeline->classes[k]);
    TL_TRY(dataset_borrow(context, from, &view, error));
    size_t before = context->heap.in_use;
    tl_status status = dataset_view(view, from, pipeline, error);
    view->bytes = context->heap.in_use - before;
    if (status == TL_OK) *out = view;
    else tl_dataset_free(view);
    return status;
}
