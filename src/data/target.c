/* Classes are the different values of the target column, sorted (numbers as numbers, texts by bytes) or as data.classes
 * lists them; their names are the texts, or the shortest print of the numbers. */
#include "data/target.h"

#include "base/math.h"
#include "base/text.h"

enum { TARGET_MAX_CLASSES = 65536, TARGET_FEW = 20, TARGET_ROWS_EACH = 5 };

typedef struct target_value {
    double number;               /* of a column of numbers, or of words that are all numbers */
    const char *word;            /* NULL: a column of numbers */
    bool whole;
} target_value;

typedef struct target_set {      /* distinct values, sorted */
    tl__heap *heap;
    target_value *items;
    size_t count, capacity;
} target_set;

TL_PRIV const char *tl__target_name(const tl__column *column, size_t row, char scratch[32])
{
    double value = tl__column_at(column, row, 0);
    if (value != value) return "";
    if (column->type == TL__COLUMN_CODES) return column->words[(size_t)value];
    if (column->type == TL__COLUMN_F32) tl__print_float(scratch, (float)value);
    else tl__print_double(scratch, value);
    return scratch;
}

/* ---- distinct values ---- */

static tl_status target_insert(target_set *set, double number, size_t limit, tl_error *error)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->items[middle].number < number) low = middle + 1;
        else high = middle;
    }
    if (low < set->count && set->items[low].number == number) return TL_OK;
    if (set->count > limit) return TL_OK;
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 32;
        target_value *items = tl__resize(set->heap, set->items, set->capacity * sizeof *items,
                                         capacity * sizeof *items);
        if (!items) return tl__fail_memory(error, capacity * sizeof *items);
        set->items = items;
        set->capacity = capacity;
    }
    memmove(&set->items[low + 1], &set->items[low], (set->count - low) * sizeof *set->items);
    set->items[low] = (target_value){number, NULL, number == (double)(int64_t)(number < 9e15 &&
                                                                               number > -9e15 ? number : 0.5)};
    set->count++;
    return TL_OK;
}

/* All different numbers of a column, until there are more than `limit`. */
static tl_status target_distinct(const tl__table *table, const tl__column *column, size_t limit, target_set *set,
                                 tl_error *error)
{
    for (size_t row = 0; row < table->rows && set->count <= limit; row++) {
        double value = tl__column_at(column, row, 0);
        if (value == value) TL_TRY(target_insert(set, value, limit, error));
    }
    return TL_OK;
}

static bool target_before(const target_value *a, const target_value *b, bool numbers)
{
    return numbers ? a->number < b->number : strcmp(a->word, b->word) < 0;
}

/* Words that occur, sorted: as numbers when all are, else by bytes. */
static tl_status target_words(const tl__table *table, const tl__column *column, target_set *set, tl_error *error)
{
    size_t bytes = column->word_count * sizeof *set->items;
    bool numbers = true;
    unsigned char *seen = tl__alloc_zero(set->heap, column->word_count ? column->word_count : 1, 1);
    set->items = column->word_count ? tl__alloc(set->heap, bytes) : NULL;
    set->capacity = set->items ? column->word_count : 0;
    if (!seen || (column->word_count && !set->items)) {
        tl__free(set->heap, seen, column->word_count ? column->word_count : 1);
        return tl__fail_memory(error, bytes);
    }
    for (size_t row = 0; row < table->rows; row++) {
        int32_t code = ((const int32_t *)column->values)[row];
        if (code >= 0) seen[code] = 1;
    }
    for (size_t i = 0; i < column->word_count; i++) {
        target_value value = {0, column->words[i], true};
        if (!seen[i]) continue;
        numbers = tl__parse_double(value.word, strlen(value.word), &value.number) && numbers;
        set->items[set->count++] = value;
    }
    tl__free(set->heap, seen, column->word_count ? column->word_count : 1);
    for (size_t i = 1; i < set->count; i++) {   /* insertion: classes are few */
        target_value value = set->items[i];
        size_t at = i;
        for (; at > 0 && target_before(&value, &set->items[at - 1], numbers); at--) set->items[at] = set->items[at - 1];
        set->items[at] = value;
    }
    return TL_OK;
}

/* ---- task ---- */

static tl_status target_found_task(const tl__table *table, const tl__column *column, size_t rows,
                                   bool *classification, tl_error *error)
{
    target_set set = {&table->context->heap, NULL, 0, 0};
    bool whole = true;
    tl_status status = target_distinct(table, column, TARGET_FEW, &set, error);
    for (size_t i = 0; i < set.count; i++) whole = whole && set.items[i].whole;
    *classification = whole && (set.count <= 2 || (set.count <= TARGET_FEW &&
                                                   set.count * TARGET_ROWS_EACH <= rows));
    tl__free(set.heap, set.items, set.capacity * sizeof *set.items);
    return status;
}

static bool target_is_class(const tl__data_settings *settings, const char *name)
{
    return tl__class_number(settings->class_targets.items, settings->class_targets.count, name) >= 0;
}

static tl_status target_check_among(const tl__table *table, const tl__roles *roles, const tl__data_settings *settings,
                                    tl_error *error)
{
    for (size_t i = 0; i < settings->class_targets.count; i++) {
        const char *name = settings->class_targets.items[i];
        size_t k = 0;
        while (k < roles->target_count && !tl__same_text(table->columns[roles->targets[k]].name, name)) k++;
        if (k < roles->target_count) continue;
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.class_targets",
                           "data.class_targets names '%s', which is none of the columns of data.target", name);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__target_task(const tl__table *table, const tl__roles *roles, const tl__data_settings *settings,
                                  bool *classification, tl_error *error)
{
    const tl__column *column = &table->columns[roles->targets[0]];
    TL_TRY(target_check_among(table, roles, settings, error));
    if (column->width != 1) {
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.target",
                           "column '%s' holds %zu values per row, so it cannot be the target", column->name,
                           column->width);
    }
    *classification = settings->task == TL__TASK_CLASSIFICATION;
    if (settings->class_targets.count > 0 && *classification)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.task",
                           "data.task is classification, which has one target and no heads; leave data.task out");
    if (settings->task == TL__TASK_AUTO && roles->target_count == 1 && settings->class_targets.count == 0) {
        if (column->type == TL__COLUMN_CODES) *classification = true;
        else {
            bool steps = roles->sequence != SIZE_MAX;    /* a sequence has one target */
            size_t rows = steps ? table->columns[roles->sequence].word_count : table->rows;
            TL_TRY(target_found_task(table, column, rows, classification, error));
        }
    }
    if (*classification && roles->target_count > 1) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.target",
                           "a classification has one target column, but data.target names %zu", roles->target_count);
    }
    for (size_t i = 0; i < roles->target_count && !*classification; i++) {
        column = &table->columns[roles->targets[i]];
        bool number = column->type != TL__COLUMN_CODES && !column->date;
        if (number || target_is_class(settings, column->name)) continue;
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.target",
                           "column '%s' holds %s, which a regression cannot learn; %s, or choose another data.target",
                           column->name, column->date ? "dates" : "texts", roles->target_count > 1
                           ? "give it a head of its own with the loss cross_entropy" : "say data.task: "
                           "classification");
    }
    return TL_OK;
}

/* ---- classes ---- */

static bool target_listed(const target_set *set, const tl__column *column, const char *name, tl__suggestion *suggestion)
{
    for (size_t i = 0; i < set->count; i++) {
        char scratch[32];
        const char *word = set->items[i].word;
        if (!word) {
            if (column->type == TL__COLUMN_F32) tl__print_float(scratch, (float)set->items[i].number);
            else tl__print_double(scratch, set->items[i].number);
            word = scratch;
        }
        if (tl__same_text(word, name)) return true;
        if (set->items[i].word) tl__suggest(suggestion, word);
    }
    return false;
}

static tl_status target_check_listed(const tl__table *table, const tl__column *column, const target_set *set,
                                     const tl__data_settings *settings, tl_error *error)
{
    for (size_t i = 0; i < settings->classes.count; i++) {
        const char *name = settings->classes.items[i];
        tl__suggestion suggestion = {name, NULL, 0};
        for (size_t k = 0; k < i; k++) {
            if (!tl__same_text(settings->classes.items[k], name)) continue;
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.classes", "data.classes lists '%s' twice", name);
        }
        /* a class without rows is fine (another file may have some), one that looks misspelt is not */
        if (target_listed(set, column, name, &suggestion) || !suggestion.best) continue;
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.classes",
                           "data.classes lists '%s', but column '%s' of %s never holds it; did you mean '%s'?", name,
                           column->name, table->source, suggestion.best);
    }
    return TL_OK;
}

static tl_status target_class_number(const tl__pipeline *pipeline, const char *setting, const char *name, int *out,
                                     tl_error *error)
{
    tl__suggestion suggestion = {name, NULL, 0};
    *out = -1;
    if (!name) return TL_OK;
    *out = tl__pipeline_class(pipeline, name);
    if (*out >= 0) return TL_OK;
    for (size_t i = 0; i < pipeline->outputs; i++) tl__suggest(&suggestion, pipeline->classes[i]);
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, setting,
                       "%s is '%s', which is none of the %zu classes ('%s', ...)",
                       setting, name, pipeline->outputs, suggestion.best ? suggestion.best : pipeline->classes[0]);
}

/* Names of the classes: as listed, or those that occur. */
static tl_status target_names(const target_set *set, const tl__column *column, const tl__text_list *listed,
                              tl__arena *arena, tl__class_list *out, tl_error *error)
{
    out->count = listed->count ? listed->count : set->count;
    out->names = tl__arena_push_zero(arena, out->count, sizeof *out->names);
    for (size_t i = 0; out->names && i < out->count; i++) {
        char scratch[32];
        const char *name = listed->count ? listed->items[i] : set->items[i].word;
        if (!name && column->type == TL__COLUMN_F32) tl__print_float(scratch, (float)set->items[i].number);
        else if (!name) tl__print_double(scratch, set->items[i].number);
        out->names[i] = tl__arena_text(arena, name ? name : scratch);
        if (!out->names[i]) return tl__fail_memory(error, 32);
    }
    return out->names ? TL_OK : tl__fail_memory(error, out->count * sizeof *out->names);
}

static tl_status target_check_count(const tl__table *table, const tl__column *column, const target_set *set,
                                    size_t count, tl_error *error)
{
    if (count < 2) {
        char scratch[32] = "";
        const char *name = set->count ? set->items[0].word : "nothing";
        if (!name) tl__print_double(scratch, set->items[0].number);
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.target",
                           "column '%s' holds one class only ('%s'), so there is nothing to tell apart; choose "
                           "another data.target, or data with at least two classes",
                           column->name, name ? name : scratch);
    }
    if (count <= TARGET_MAX_CLASSES) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.target",
                       "column '%s' holds more than %d classes; if it is a number to predict, say data.task: "
                       "regression", column->name, (int)TARGET_MAX_CLASSES);
}

/* Numbers of which any is no whole one are hardly meant as classes. */
static tl_status target_check_whole(const tl__table *table, const tl__column *column, const target_set *set,
                                    tl_error *error)
{
    bool whole = true;
    for (size_t i = 0; i < set->count; i++) whole = whole && (set->items[i].word || set->items[i].whole);
    if (whole) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, NULL, 0, 0, "data.class_targets",
                       "column '%s' of %s holds fractions, which are no classes; give its head a loss of numbers, mse, "
                       "mae or huber", column->name, table->source);
}

/* Of one of several targets (`among`), or the one target, whose classes data.classes may list. */
static tl_status target_classes(const tl__table *table, const tl__column *column, const tl__data_settings *settings,
                                bool among, tl__arena *arena, tl__class_list *out, tl_error *error)
{
    const tl__text_list none = {0}, *listed = among ? &none : &settings->classes;
    target_set set = {&table->context->heap, NULL, 0, 0};
    tl_status status = column->type == TL__COLUMN_CODES
                           ? target_words(table, column, &set, error)
                           : target_distinct(table, column, TARGET_MAX_CLASSES, &set, error);
    if (status == TL_OK && among) status = target_check_whole(table, column, &set, error);
    if (status == TL_OK && listed->count) status = target_check_listed(table, column, &set, settings, error);
    if (status == TL_OK)
        status = target_check_count(table, column, &set, listed->count ? listed->count : set.count, error);
    if (status == TL_OK) status = target_names(&set, column, listed, arena, out, error);
    tl__free(set.heap, set.items, set.capacity * sizeof *set.items);
    return status;
}

/* The one target of a classification. */
static tl_status target_classification(const tl__table *table, const tl__column *column,
                                       const tl__data_settings *settings, tl__pipeline *pipeline, tl_error *error)
{
    tl__class_list classes;
    TL_TRY(target_classes(table, column, settings, false, &pipeline->arena, &classes, error));
    pipeline->classes = classes.names;
    pipeline->outputs = classes.count;
    TL_TRY(target_class_number(pipeline, "data.positive_class", settings->positive_class, &pipeline->positive_class,
                               error));
    return target_class_number(pipeline, "data.background_class", settings->background_class,
                               &pipeline->background_class, error);
}

/* Those of several targets that are classes. */
static tl_status target_classes_among(const tl__table *table, const tl__roles *roles, const tl__data_settings *settings,
                                      tl__pipeline *pipeline, tl_error *error)
{
    if (settings->class_targets.count == 0) return TL_OK;
    pipeline->target_classes = tl__arena_push_zero(&pipeline->arena, roles->target_count,
                                                   sizeof *pipeline->target_classes);
    if (!pipeline->target_classes) return tl__fail_memory(error, roles->target_count * sizeof(tl__class_list));
    for (size_t k = 0; k < roles->target_count; k++) {
        if (!target_is_class(settings, pipeline->targets[k])) continue;
        TL_TRY(target_classes(table, &table->columns[roles->targets[k]], settings, true, &pipeline->arena,
                              &pipeline->target_classes[k], error));
    }
    return TL_OK;
}

TL_PRIV tl_status tl__target_describe(const tl__table *table, const tl__roles *roles, const tl__data_settings *settings,
                                      tl__pipeline *pipeline, tl_error *error)
{
    size_t count = roles->target_count;
    const char **names = tl__arena_push_zero(&pipeline->arena, count, sizeof *names);
    for (size_t i = 0; names && i < count; i++) {
        names[i] = tl__arena_text(&pipeline->arena, table->columns[roles->targets[i]].name);
        if (!names[i]) return tl__fail_memory(error, 32);
    }
    if (!names) return tl__fail_memory(error, count * sizeof *names);
    pipeline->targets = names;
    pipeline->target_count = count;
    if (pipeline->classification) {
        return target_classification(table, &table->columns[roles->targets[0]], settings, pipeline, error);
    }
    pipeline->outputs = count;
    pipeline->target_shift = tl__arena_push_zero(&pipeline->arena, count, sizeof(double));
    pipeline->target_scale = tl__arena_push_zero(&pipeline->arena, count, sizeof(double));
    if (!pipeline->target_shift || !pipeline->target_scale) return tl__fail_memory(error, count * sizeof(double));
    return target_classes_among(table, roles, settings, pipeline, error);
}

/* ---- rows ---- */

/* The class of a row among these; -1: missing, -2: none of them. */
static int32_t target_label(const tl__column *column, size_t row, const char *const *names, size_t count)
{
    char scratch[32];
    if (tl__column_is_missing(column, row)) return -1;
    int number = tl__class_number(names, count, tl__target_name(column, row, scratch));
    return number < 0 ? -2 : number;
}

/* The classes of all rows, to labels or, with a stride, to targets. The last value is remembered, since equal ones
 * stand together. */
static void target_labels(const tl__table *table, const tl__column *column, const char *const *names, size_t count,
                          int32_t *labels, float *targets, size_t stride)
{
    double last = 0;
    int32_t label = -3;
    for (size_t row = 0; row < table->rows; row++) {
        double value = tl__column_at(column, row, 0);
        if (label == -3 || value != last) label = target_label(column, row, names, count);
        if (labels) labels[row] = label;
        else targets[row * stride] = label == -1 ? tl__nan() : (float)label;
        last = value;
    }
}

TL_PRIV void tl__target_encode(const tl__table *table, const size_t *columns, const tl__pipeline *pipeline,
                               int32_t *labels, float *targets)
{
    if (pipeline->classification) {
        target_labels(table, &table->columns[columns[0]], pipeline->classes, pipeline->outputs, labels, NULL, 0);
        return;
    }
    for (size_t i = 0; i < pipeline->outputs; i++) {
        const tl__column *column = &table->columns[columns[i]];
        if (tl__target_classes(pipeline, i)) {
            const tl__class_list *list = &pipeline->target_classes[i];
            target_labels(table, column, list->names, list->count, NULL, targets + i, pipeline->outputs);
            continue;
        }
        for (size_t row = 0; row < table->rows; row++) {
            targets[row * pipeline->outputs + i] = (float)tl__column_at(column, row, 0);
        }
    }
}

TL_PRIV size_t tl__target_unknown(const tl__rows_of *source, const tl__pipeline *pipeline, size_t row)
{
    if (source->labels) return source->labels[row] == -2 ? 0 : SIZE_MAX;
    for (size_t k = 0; pipeline->target_classes && k < pipeline->target_count; k++)
        if (pipeline->target_classes[k].count && source->targets[row * pipeline->outputs + k] == -2.0f) return k;
    return SIZE_MAX;
}
