/* The data report: what was read, what each column holds, what was left out and why, and what in it may mislead
 * (constant columns, duplicate rows, rows that two parts share, classes out of balance). Figures are of the tables as
 * stored, all rows. */
#include "data/dataset_build.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/text.h"
#include "data/sequence.h"
#include "data/window.h"

enum { REPORT_WORDS = 10 };

/* ---- all rows of a table ---- */

typedef void survey_visit(void *user, const tl__column *columns, size_t first, size_t rows);

/* Once for a table in memory, window by window for one that is stored. */
static tl_status survey_blocks(const tl__table *table, survey_visit *visit, void *user, tl_error *error)
{
    tl__window *window;
    tl_status status = TL_OK;
    if (!table->store) {
        visit(user, table->columns, 0, table->rows);
        return TL_OK;
    }
    size_t step = tl__window_rows(table);
    TL_TRY(tl__window_new(table->context, table, NULL, 0, step, &window, error));
    for (size_t first = 0; status == TL_OK && first < table->rows; first += step) {
        size_t rows = tl__size_min(step, table->rows - first);
        status = tl__window_load(window, 0, NULL, first, rows, error);
        if (status == TL_OK) visit(user, window->columns, first, rows);
    }
    tl__window_free(table->context, window);
    return status;
}

/* ---- columns ---- */

typedef struct survey_numbers {
    size_t count;
    double sum, squares, mean, deviation, smallest, largest;
    size_t *words;       /* [word_count + 1] how often each occurs; NULL: a column of numbers */
} survey_numbers;

typedef struct survey_columns {
    tl__arena arena;
    size_t count;
    survey_numbers *numbers;    /* [count] */
} survey_columns;

static void survey_add_words(survey_numbers *n, const int32_t *codes, size_t rows)
{
    for (size_t row = 0; row < rows; row++) {
        if (codes[row] >= 0) n->words[codes[row]]++;
    }
}

static void survey_add(void *user, const tl__column *columns, size_t first, size_t rows)
{
    survey_columns *survey = user;
    (void)first;
    for (size_t c = 0; c < survey->count; c++) {
        survey_numbers *n = &survey->numbers[c];
        if (n->words) {
            survey_add_words(n, columns[c].values, rows);
            continue;
        }
        for (size_t i = 0; i < rows * columns[c].width; i++) {
            double value = tl__column_at(&columns[c], 0, i);
            if (value != value) continue;
            if (n->count == 0 || value < n->smallest) n->smallest = value;
            if (n->count == 0 || value > n->largest) n->largest = value;
            n->count++;
            n->sum += value;
        }
    }
}

static void survey_add_squares(void *user, const tl__column *columns, size_t first, size_t rows)
{
    survey_columns *survey = user;
    (void)first;
    for (size_t c = 0; c < survey->count; c++) {
        survey_numbers *n = &survey->numbers[c];
        for (size_t i = 0; !n->words && i < rows * columns[c].width; i++) {
            double value = tl__column_at(&columns[c], 0, i) - n->mean;
            if (value == value) n->squares += value * value;
        }
    }
}

static tl_status survey_look(survey_columns *survey, const tl__table *table, tl_error *error)
{
    tl__arena_init(&survey->arena, &table->context->heap);
    survey->count = table->column_count;
    survey->numbers = tl__arena_push_zero(&survey->arena, survey->count, sizeof *survey->numbers);
    for (size_t c = 0; survey->numbers && c < survey->count; c++) {
        const tl__column *column = &table->columns[c];
        survey_numbers *n = &survey->numbers[c];
        if (column->type != TL__COLUMN_CODES) continue;
        n->words = tl__arena_push_zero(&survey->arena, column->word_count + 1, sizeof *n->words);
        if (!n->words) return tl__fail_memory(error, column->word_count * sizeof *n->words);
    }
    if (!survey->numbers) return tl__fail_memory(error, survey->count * sizeof *survey->numbers);
    TL_TRY(survey_blocks(table, survey_add, survey, error));
    for (size_t c = 0; c < survey->count; c++) {
        survey_numbers *n = &survey->numbers[c];
        n->mean = n->count ? n->sum / (double)n->count : 0;
    }
    TL_TRY(survey_blocks(table, survey_add_squares, survey, error));
    for (size_t c = 0; c < survey->count; c++) {
        survey_numbers *n = &survey->numbers[c];
        n->deviation = n->count ? tl__sqrt_d(n->squares / (double)n->count) : 0;
    }
    return TL_OK;
}

/* A float32 as people wrote it: 32.1, not 32.099998474121094. */
static double survey_short(const tl__column *column, double value)
{
    char text[32];
    double number = value;
    if (column->type == TL__COLUMN_F32) tl__parse_double(text, tl__print_float(text, (float)value), &number);
    return number;
}

/* The commonest words with their counts, which are used up. Gives the number of different words. */
static size_t survey_words(tl__builder *builder, tl_value *map, const tl__column *column, size_t *counts)
{
    size_t different = 0;
    for (size_t i = 0; i < column->word_count; i++) different += counts[i] > 0;
    tl__put_integer(builder, map, "words", (int64_t)different);
    tl_value *list = tl__put_map(builder, map, "commonest");
    for (int shown = 0; shown < REPORT_WORDS; shown++) {
        size_t best = 0;
        for (size_t i = 1; i < column->word_count; i++) best = counts[i] > counts[best] ? i : best;
        if (column->word_count == 0 || counts[best] == 0) break;
        tl__put_integer(builder, list, column->words[best], (int64_t)counts[best]);
        counts[best] = 0;
    }
    return different;
}

static const char *survey_role(unsigned char role)
{
    static const char *const words[] = {"input",    "target",  "weight",          "group",           "time",
                                        "sequence", "dropped", "date (not used)", "empty (not used)"};
    return words[role];
}

static void survey_column(tl__builder *builder, tl_value *list, tl_value *constant, const tl__table *table,
                          size_t index, survey_numbers *n, unsigned char role)
{
    const tl__column *column = &table->columns[index];
    tl_value *map = tl__put_map(builder, list, NULL);
    bool one;
    tl__put_text(builder, map, "name", column->name);
    tl__put_text(builder, map, "type", tl__column_type_name(column));
    tl__put_text(builder, map, "role", survey_role(role));
    if (column->width > 1) tl__put_integer(builder, map, "width", (int64_t)column->width);
    tl__put_integer(builder, map, "missing", (int64_t)column->missing);
    if (column->type == TL__COLUMN_CODES) {
        one = survey_words(builder, map, column, n->words) == 1;
    } else {
        one = n->count > 0 && n->smallest == n->largest;
        if (n->count > 0) {
            tl__put_number(builder, map, "min", survey_short(column, n->smallest));
            tl__put_number(builder, map, "max", survey_short(column, n->largest));
            tl__put_number(builder, map, "mean", n->mean);
            tl__put_number(builder, map, "std", n->deviation);
        }
    }
    if (one && role == TL__ROLE_INPUT) tl__put_text(builder, constant, NULL, column->name);
}

/* ---- rows ---- */

typedef struct survey_row {
    uint64_t hash;       /* of the inputs as stored */
    uint64_t whole;      /* of inputs and targets */
    unsigned char part;
} survey_row;

#define SORT_NAME survey_sort
#define SORT_TYPE survey_row
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) (b).hash < (a).hash
#include "base/sort.inc.h"

static uint64_t survey_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

typedef struct survey_hashing {
    const tl_dataset *dataset;
    survey_row *rows;
} survey_hashing;

static void survey_hash_rows(void *user, const tl__column *columns, size_t first, size_t count)
{
    const survey_hashing *hashing = user;
    const tl_dataset *dataset = hashing->dataset;
    survey_row *rows = hashing->rows + first;
    for (size_t i = 0; i < dataset->source[0].table->column_count; i++) {
        const tl__column *column = &columns[i];
        size_t size = tl__column_value_size(column->type) * column->width;
        unsigned char role = dataset->roles[i];
        if (role != TL__ROLE_INPUT && role != TL__ROLE_TARGET) continue;
        for (size_t row = 0; row < count; row++) {
            uint64_t value = tl__fnv1a((const unsigned char *)column->values + row * size, size);
            rows[row].whole = survey_mix(rows[row].whole, value);
            if (role == TL__ROLE_INPUT) rows[row].hash = survey_mix(rows[row].hash, value);
        }
    }
    for (size_t row = 0; row < count; row++) rows[row].part = dataset->part_of[first + row];
}

/* Runs of equal inputs: rows that repeat one before them (target too), and rows whose inputs training has as well. */
static void survey_count_runs(const survey_row *rows, size_t count, size_t *duplicates, size_t shared[TL__PARTS])
{
    for (size_t begin = 0, end; begin < count; begin = end) {
        bool trained = false;
        for (end = begin; end < count && rows[end].hash == rows[begin].hash; end++) {
            trained = trained || rows[end].part == TL_TRAIN;
        }
        for (size_t i = begin; i < end; i++) {
            if (trained && rows[i].part < TL__PARTS) shared[rows[i].part]++;
            bool again = false;
            /* long runs are rows without information (all zeros); the first rows of a run tell enough */
            for (size_t k = begin; k < i && k < begin + 64 && !again; k++) again = rows[k].whole == rows[i].whole;
            *duplicates += again;
        }
    }
}

static tl_status survey_duplicates(tl__builder *builder, tl_value *map, const tl_dataset *dataset, tl_error *error)
{
    size_t count = dataset->source[0].table->rows, duplicates = 0, shared[TL__PARTS] = {0};
    tl__heap *heap = &dataset->context->heap;
    survey_row *rows = tl__alloc_zero(heap, count, 2 * sizeof *rows);
    if (!rows) return tl__fail_memory(error, count * 2 * sizeof *rows);
    survey_hashing hashing = {dataset, rows};
    tl_status status = survey_blocks(dataset->source[0].table, survey_hash_rows, &hashing, error);
    if (status == TL_OK) {
        survey_sort(rows, rows + count, count, NULL);
        survey_count_runs(rows, count, &duplicates, shared);
    }
    tl__free(heap, rows, count * 2 * sizeof *rows);
    if (status != TL_OK) return status;
    tl__put_integer(builder, map, "duplicate_rows", (int64_t)duplicates);
    tl_value *leak = tl__put_map(builder, map, "inputs_also_in_training");
    tl__put_integer(builder, leak, "validation", (int64_t)shared[TL_VALIDATION]);
    tl__put_integer(builder, leak, "test", (int64_t)shared[TL_TEST]);
    return TL_OK;
}

/* ---- all of it ---- */

static void survey_left_out(tl__builder *builder, tl_value *map, const tl_dataset *dataset)
{
    tl_value *out = tl__put_map(builder, map, "left_out");
    tl__put_integer(builder, out, "rows_with_missing_values", (int64_t)dataset->left_out.missing_rows);
    tl__put_integer(builder, out, "rows_without_target", (int64_t)dataset->left_out.missing_target_rows);
    tl__put_integer(builder, out, "rows_of_other_classes", (int64_t)dataset->left_out.unknown_class_rows);
    tl__put_integer(builder, out, "cells_of_unknown_categories", (int64_t)dataset->left_out.unknown_categories);
}

static void survey_notes(tl__builder *builder, tl_value *map, const char *note)
{
    tl_value *notes = tl__put_list(builder, map, "notes");
    while (*note) {
        size_t size = strcspn(note, "\n");
        tl__put_text_n(builder, notes, NULL, note, size);
        note += size + (note[size] == '\n');
    }
}

static tl_status survey_all_columns(tl__builder *builder, tl_value *map, const tl_dataset *dataset, tl_error *error)
{
    const tl__table *table = dataset->source[0].table;
    tl_value *columns = tl__put_list(builder, map, "columns"), *constant = tl__put_list(builder, map,
                                                                                        "constant_columns");
    survey_columns survey = {0};
    tl_status status = survey_look(&survey, table, error);
    for (size_t i = 0; dataset->roles && i < table->column_count && status == TL_OK && !builder->failed; i++) {
        survey_column(builder, columns, constant, table, i, &survey.numbers[i], dataset->roles[i]);
    }
    tl__arena_free(&survey.arena);
    return status;
}

/* How many there are, and how long. */
static void survey_sequences(tl__builder *builder, tl_value *map, const tl__sequences *all)
{
    size_t count = 0, steps = all->begin[all->count], longest = 0, shortest = SIZE_MAX;
    for (size_t s = 0; s < all->count; s++) {
        size_t length = all->begin[s + 1] - all->begin[s];
        if (length == 0) continue;
        count++;
        longest = tl__size_max(longest, length);
        shortest = tl__size_min(shortest, length);
    }
    tl_value *out = tl__put_map(builder, map, "sequences");
    tl__put_integer(builder, out, "count", (int64_t)count);
    tl__put_integer(builder, out, "steps", (int64_t)steps);
    tl__put_integer(builder, out, "shortest", (int64_t)(count ? shortest : 0));
    tl__put_number(builder, out, "mean", count ? (double)steps / (double)count : 0);
    tl__put_integer(builder, out, "longest", (int64_t)longest);
    tl__put_integer(builder, out, "cut", (int64_t)all->cut);
    tl__put_integer(builder, out, "empty", (int64_t)all->empty);
}

TL_PRIV tl_status tl__dataset_report(tl__builder *builder, tl_value *parent, const char *key, const tl_dataset *dataset,
                                     const tl__data_settings *settings, tl_value **out, tl_error *error)
{
    static const char *const missing[] = {"fail", "drop", "mean", "median", "forward", "constant"};
    const tl__table *table = dataset->source[0].table;
    const tl__pipeline *pipeline = dataset->pipeline;
    tl_value *map = tl__put_map(builder, parent, key);
    tl__put_text(builder, map, "source", table->source);
    tl__put_text(builder, map, "hash", dataset->hash);
    tl__put_integer(builder, map, "rows", (int64_t)table->rows);
    tl__put_text(builder, map, "task", pipeline->classification ? "classification" : "regression");
    tl__put_integer(builder, map, "features", (int64_t)pipeline->features);
    tl__put_integer(builder, map, "outputs", (int64_t)pipeline->outputs);
    tl_value *parts = tl__put_map(builder, map, "parts");
    tl__put_integer(builder, parts, "train", (int64_t)dataset->part[TL_TRAIN].count);
    tl__put_integer(builder, parts, "validation", (int64_t)dataset->part[TL_VALIDATION].count);
    tl__put_integer(builder, parts, "test", (int64_t)dataset->part[TL_TEST].count);
    tl__put_text(builder, map, "missing", missing[settings->missing]);
    survey_left_out(builder, map, dataset);
    TL_TRY(survey_all_columns(builder, map, dataset, error));
    const tl__sequences *sequences = dataset->source[0].sequences;
    if (sequences) survey_sequences(builder, map, sequences);
    else if (dataset->part_of) TL_TRY(survey_duplicates(builder, map, dataset, error));
    if (pipeline->classification && dataset->class_counts[TL_TRAIN]) {
        tl__class_distribution(builder, map, "class_distribution", dataset);
    }
    survey_notes(builder, map, dataset->note);
    *out = map;
    return builder->failed ? tl__fail_memory(error, 0) : TL_OK;
}
