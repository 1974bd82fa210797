/* The parameters of a search into axes. A list of numbers in order is an axis with an order, so that a method learns
 * from the neighbours of a value; any other list is an axis of names. What a user does not say comes from the setting's
 * row. A parameter may count only where another has a certain value; the settings of a family's member (the momentum
 * of sgd) do so by themselves where the member is searched, too. */
#include "lab/search.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/text.h"
#include "lab/explain.h"
#include "text/bind.h"
#include "text/yaml.h"

typedef struct search_parameters_work {
    const tl_value *block;
    const char *file;
    tl__config *config;          /* NULL: names of the caller's own */
    tl__arena *arena;
    tl__search *search;
    const char *path;            /* of the one that is read */
    const char *place;           /* the file of its mistakes, and where in it */
    int line, column;
} search_parameters_work;

typedef struct search_parameters_range {
    double min, max, step;
    int scale;
    const tl_value *values, *when;
} search_parameters_range;

enum { SEARCH_AUTO, SEARCH_LINEAR, SEARCH_LOG, SEARCH_LOG10, SEARCH_INTEGER };

static const tl__field *search_parameters_rows(void)
{
    static const char *const scales[] = {"auto", "linear", "log", "log10", "integer", NULL};
#define ROW(field) .name = #field, .offset = offsetof(search_parameters_range, field)
    static const tl__field rows[] = {
        {ROW(min), .kind = TL__FIELD_FLOAT, .help = "Least value"},
        {ROW(max), .kind = TL__FIELD_FLOAT, .help = "Largest value"},
        {ROW(step), .kind = TL__FIELD_FLOAT, .help = "Only min, min + step, ...; 0: all between"},
        {ROW(scale), .kind = TL__FIELD_CHOICE, .choices = scales,
         .help = "linear; log: each factor is as likely as any other; log10: so, and min and max are exponents of ten; "
                 "integer: whole numbers; auto: as the setting asks"},
        {ROW(values), .kind = TL__FIELD_TREE, .help = "A list in the place of min and max"},
        {ROW(when), .kind = TL__FIELD_TREE,
         .help = "{parameter: value or values}: it counts only where that parameter, which stands above it, has them"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static tl_status search_parameters_fail(const search_parameters_work *work, tl_error *error, const char *rest)
{
    return tl__fail_at(error, TL_BAD_CONFIG, work->place, work->line, work->column, "search.parameters", "%s %s",
                       work->path, rest);
}

/* ---- rows ---- */

/* The row that chooses a member above the path, "training.optimizer" of "training.optimizer.momentum". */
static const tl__field *search_parameters_above(const search_parameters_work *work, char *prefix, size_t size)
{
    for (const char *dot = strchr(work->path, '.'); dot; dot = strchr(dot + 1, '.')) {
        tl__format(prefix, size, "%.*s", (int)(dot - work->path), work->path);
        const tl__field *row = tl__config_row_at(work->config, prefix, NULL);
        bool chooses = row && row->kind == TL__FIELD_MEMBER;
        if (chooses && tl__config_row_at(work->config, work->path, NULL) == row) return row;
    }
    return NULL;
}

static const tl__field *search_parameters_member_row(const tl__family *family, const tl_value *choice,
                                                     const char *fallback, const char *key)
{
    const char *name = tl_value_text(choice && choice->kind == TL_MAP ? tl__value_child(choice, "type") : choice,
                                     fallback);
    for (size_t i = 0; name && i < family->count; i++) {
        const tl__member_head *member = tl__family_member(family, i);
        if (tl__same_text(member->name, name) && member->rows)
            return tl__field_find(member->rows, key, strlen(key), NULL);
    }
    return NULL;
}

/* Of a setting of a family's member: the row, and where it counts when the member is searched. */
static tl_status search_parameters_member(const search_parameters_work *work, const tl__field *chooser,
                                          const char *prefix, const tl__field **row, tl__space_axis *axis,
                                          tl_error *error)
{
    char words[200];
    const tl__search *search = work->search;
    const char *key = work->path + strlen(prefix) + 1;
    const tl__family *family = tl__explain_family(chooser, prefix);
    *row = NULL;
    for (size_t i = 0; family && i + 1 < search->space.count; i++) {
        const tl_value *values = search->parameters[i].values;
        size_t number = 0;
        if (!tl__same_text(search->parameters[i].path, prefix) || !values) continue;
        for (const tl_value *v = values->first; v && number < 64; v = v->next, number++) {
            const tl__field *found = search_parameters_member_row(family, v, NULL, key);
            if (!found) continue;
            *row = found;
            axis->under = (uint32_t)i + 1;
            axis->when |= (uint64_t)1 << number;
        }
        if (*row) return TL_OK;
        tl__format(words, sizeof words, "is a setting of none of the values of %s that are searched; take it out, or "
                   "list one that has it.", prefix);
        return search_parameters_fail(work, error, words);
    }
    const tl_value *now = tl_value_get(&work->config->tree->root, prefix);
    if (family) *row = search_parameters_member_row(family, now, chooser->text, key);
    if (*row) return TL_OK;
    tl__format(words, sizeof words, "is no setting of the %s that the config chooses; set %s to one that has it, or "
               "list %s above it.", chooser->family, prefix, prefix);
    return search_parameters_fail(work, error, words);
}

static tl_status search_parameters_row(const search_parameters_work *work, const tl__field **row,
                                       tl__space_axis *axis, tl_error *error)
{
    const char *suggestion = NULL;
    char prefix[160], words[200] = "is not a setting.";
    *row = NULL;
    if (!work->config) return TL_OK;
    *row = tl__config_row_at(work->config, work->path, &suggestion);
    if (suggestion) tl__format(words, sizeof words, "is not a setting; did you mean '%s'?", suggestion);
    if (!*row) return search_parameters_fail(work, error, words);
    const tl__field *chooser = search_parameters_above(work, prefix, sizeof prefix);
    return chooser ? search_parameters_member(work, chooser, prefix, row, axis, error) : TL_OK;
}

/* ---- the usual values ---- */

static tl_status search_parameters_parse(tl__config *config, const char *origin, const char *text,
                                         const tl_value **out, tl_error *error)
{
    const char *path = tl__arena_format(&config->arena, "_search%zu", config->tree->root.count);
    if (!path) return tl__fail_memory(error, 64);
    TL_TRY(tl__value_set(config->tree, path, text, origin, error));
    *out = config->tree->root.last;
    return TL_OK;
}

/* A list or a range from the row; *out NULL: it has none. */
static tl_status search_parameters_usual(const search_parameters_work *work, const tl__field *row,
                                         const tl_value **out, tl_error *error)
{
    tl__buffer text;
    *out = NULL;
    if (!row || (!row->tune && row->kind != TL__FIELD_BOOL && row->kind != TL__FIELD_CHOICE)) return TL_OK;
    if (!row->tune && !(row->flags & TL__TUNE)) return TL_OK;
    tl__buffer_init(&text, &work->config->context->heap);
    if (row->tune) tl__buffer_text(&text, row->tune);
    else if (row->kind == TL__FIELD_BOOL) tl__buffer_text(&text, "[false, true]");
    bool words = !row->tune && row->kind == TL__FIELD_CHOICE;
    for (size_t i = 0; words && row->choices[i]; i++)
        if (!tl__same_text(row->choices[i], "auto"))
            tl__buffer_format(&text, "%s%s", text.size ? ", " : "[", row->choices[i]);
    if (words) tl__buffer_text(&text, "]");
    tl_status status = text.failed ? tl__fail_memory(error, 64) : TL_OK;
    if (status == TL_OK) status = search_parameters_parse(work->config, work->path, text.data, out, error);
    tl__buffer_free(&text);
    return status;
}

static tl_status search_parameters_refuse(const search_parameters_work *work, const tl__field *row, tl_error *error)
{
    char words[200];
    bool number = row && (row->kind == TL__FIELD_INT || row->kind == TL__FIELD_FLOAT);
    if (!work->config)
        return search_parameters_fail(work, error, "needs a list of values or a range, {min: 0.0001, max: 0.1, scale: "
                                                   "log}.");
    tl__format(words, sizeof words, "has no usual range to search; write one, %s: %s.", work->path,
               number ? "{min: ..., max: ...}" : "[a list of values]");
    return search_parameters_fail(work, error, words);
}

/* ---- axes ---- */

/* Numbers that only rise or only fall? */
static bool search_parameters_in_order(const tl_value *list)
{
    double before = 0.0, last = 0.0;
    size_t i = 0;
    for (const tl_value *v = list->first; v; v = v->next, i++) {
        if (v->kind != TL_INTEGER && v->kind != TL_NUMBER) return false;
        if (i > 0 && v->number == last) return false;
        if (i > 1 && (v->number > last) != (last > before)) return false;
        before = last;
        last = v->number;
    }
    return true;
}

static void search_parameters_list(const tl_value *list, tl__search_parameter *out, tl__space_axis *axis)
{
    out->values = list;
    axis->kind = search_parameters_in_order(list) ? TL__AXIS_WHOLE : TL__AXIS_CHOICE;
    axis->max = (double)(list->count - 1);
}

static tl_status search_parameters_axis(const search_parameters_work *work, const search_parameters_range *range,
                                        const tl__field *row, tl__search_parameter *out, tl__space_axis *axis,
                                        tl_error *error)
{
    axis->log = range->scale == SEARCH_LOG || range->scale == SEARCH_LOG10 ||
                (range->scale == SEARCH_AUTO && row && (row->flags & TL__LOG) && range->min > 0 && range->step == 0);
    axis->min = range->scale == SEARCH_LOG10 ? tl__pow(10.0, range->min) : range->min;
    axis->max = range->scale == SEARCH_LOG10 ? tl__pow(10.0, range->max) : range->max;
    out->whole = range->scale == SEARCH_INTEGER ||
                 (row && (row->kind == TL__FIELD_INT || row->kind == TL__FIELD_INT_LIST));
    axis->kind = out->whole ? TL__AXIS_WHOLE : TL__AXIS_REAL;
    if (!(range->min < range->max) || (axis->log && axis->min <= 0) || !(axis->max < 1e300))
        return search_parameters_fail(work, error, axis->log ? "needs 0 < min < max on a log scale."
                                                             : "needs min < max.");
    if (out->whole && (axis->min != tl__floor(axis->min) || axis->max != tl__floor(axis->max)))
        return search_parameters_fail(work, error, "takes whole numbers, so min and max must be whole.");
    if (range->step == 0.0) return TL_OK;
    double steps = tl__floor((range->max - range->min) / range->step * (1.0 + 1e-12));
    if (!(range->step > 0.0) || axis->log || !(steps >= 1.0 && steps < TL__SEARCH_MOST))
        return search_parameters_fail(work, error, "has a step that does not fit: a step needs a linear range and must "
                                                   "be larger than 0 and at most max - min.");
    out->first = range->min;
    out->step = range->step;
    axis->kind = TL__AXIS_WHOLE;
    axis->min = 0.0;
    axis->max = steps;
    return TL_OK;
}

/* ---- when it counts ---- */

/* Also by the name of a member, `sgd` of {type: sgd}. */
static bool search_parameters_is(const tl_value *value, const tl_value *asked)
{
    tl_value bare = *asked;      /* it may stand under a key */
    bare.key = NULL;
    bare.key_size = 0;
    if (tl__value_equal(value, &bare)) return true;
    return value->kind == TL_MAP && asked->kind == TL_TEXT &&
           tl__same_text(tl_value_text(tl__value_child(value, "type"), ""), tl_value_text(asked, "-"));
}

static tl_status search_parameters_when(const search_parameters_work *work, const tl_value *when,
                                        tl__space_axis *axis, tl_error *error)
{
    char words[200];
    const tl__search *search = work->search;
    if (when->kind != TL_MAP || when->count != 1)
        return search_parameters_fail(work, error, "needs when: {parameter: value}, one of the parameters above it.");
    const tl_value *asked = when->first;
    const char *path = asked->key;
    size_t at = 0, number = 0;
    if (work->config) path = tl__config_canonical(work->config->rows, path, &work->config->arena);
    if (!path) return tl__fail_memory(error, 64);
    while (at + 1 < search->space.count && !tl__same_text(search->parameters[at].path, path)) at++;
    const tl_value *values = at + 1 < search->space.count ? search->parameters[at].values : NULL;
    if (!values || values->count > 64) {
        tl__format(words, sizeof words, at + 1 < search->space.count
                       ? "counts by %s, which must be a list of at most 64 values."
                       : "counts by %s, which must stand above it among the parameters.", path);
        return search_parameters_fail(work, error, words);
    }
    axis->under = (uint32_t)at + 1;
    axis->when = 0;
    for (const tl_value *v = values->first; v; v = v->next, number++) {
        bool same = asked->kind != TL_LIST && search_parameters_is(v, asked);
        for (const tl_value *a = asked->kind == TL_LIST ? asked->first : NULL; a; a = a->next)
            same = same || search_parameters_is(v, a);
        if (same) axis->when |= (uint64_t)1 << number;
    }
    if (axis->when) return TL_OK;
    tl__format(words, sizeof words, "never counts: %s does not take the value after when.", path);
    return search_parameters_fail(work, error, words);
}

/* ---- one of them ---- */

static tl_status search_parameters_fill(const search_parameters_work *work, const tl_value *value,
                                        const tl__field *row, tl__search_parameter *out, tl__space_axis *axis,
                                        tl_error *error)
{
    char setting[160];
    search_parameters_range range = {.min = 0.0};
    const tl_value *usual, *list = value;
    bool named = !value || tl__same_text(tl_value_text(value, ""), "auto");
    TL_TRY(search_parameters_usual(work, row, &usual, error));
    tl__format(setting, sizeof setting, "search.parameters.%s", work->path);
    if (!named && value->kind != TL_LIST && value->kind != TL_MAP)
        return search_parameters_fail(work, error, "needs a list of values or a range, {min: 0.0001, max: 0.1, "
                                                   "scale: log}, or auto.");
    if (named) {
        list = usual && usual->kind == TL_LIST ? usual : NULL;
    } else if (value->kind == TL_MAP) {
        bool ends = tl__value_child(value, "min") || tl__value_child(value, "max");
        TL_TRY(tl__bind(search_parameters_rows(), &range, value, work->place, setting, work->arena, error));
        if (range.when) TL_TRY(search_parameters_when(work, range.when, axis, error));
        list = range.values ? range.values : !ends && usual && usual->kind == TL_LIST ? usual : NULL;
    }
    if (list && (list->kind != TL_LIST || list->count == 0))
        return search_parameters_fail(work, error, "needs at least one value in its list.");
    if (list) {
        search_parameters_list(list, out, axis);
        return TL_OK;
    }
    bool both = !named && tl__value_child(value, "min") && tl__value_child(value, "max");
    if (!both && (!usual || usual->kind != TL_MAP)) return search_parameters_refuse(work, row, error);
    if (!both) {
        TL_TRY(tl__bind(search_parameters_rows(), &range, usual, work->place, setting, work->arena, error));
        if (!named) TL_TRY(tl__bind_over(search_parameters_rows(), &range, value, work->place, setting, work->arena,
                                         error));
    }
    return search_parameters_axis(work, &range, row, out, axis, error);
}

static tl_status search_parameters_add(search_parameters_work *work, const char *key, const tl_value *value,
                                       tl_error *error)
{
    tl__search *search = work->search;
    const tl__field *row;
    work->path = work->config ? tl__config_canonical(work->config->rows, key, &work->config->arena) : key;
    if (!work->path) return tl__fail_memory(error, 64);
    for (size_t i = 0; i < search->space.count; i++)
        if (tl__same_text(search->parameters[i].path, work->path))
            return search_parameters_fail(work, error, "is listed twice; keep one of them.");
    if (search->space.count == TL__SPACE_AXES)
        return tl__fail_at(error, TL_BAD_CONFIG, work->place, work->line, work->column, "search.parameters",
                           "search.parameters takes at most %d settings.", (int)TL__SPACE_AXES);
    tl__search_parameter *out = &search->parameters[search->space.count];
    tl__space_axis *axis = &search->space.axes[search->space.count++];
    *out = (tl__search_parameter){.path = work->path};
    *axis = (tl__space_axis){.key = tl__name_hash(work->path)};
    TL_TRY(search_parameters_row(work, &row, axis, error));
    return search_parameters_fill(work, value, row, out, axis, error);
}

static void search_parameters_at(search_parameters_work *work, const tl_value *place, bool key)
{
    work->place = place->file ? place->file : work->file;
    work->line = key ? place->key_line : place->line;
    work->column = key ? place->key_column : place->column;
}

/* A map of them, or a list of names and maps. */
static tl_status search_parameters_each(search_parameters_work *work, const tl_value *parameters, tl_error *error)
{
    for (const tl_value *item = parameters->first; item; item = item->next) {
        search_parameters_at(work, item, parameters->kind == TL_MAP);
        if (parameters->kind == TL_MAP) TL_TRY(search_parameters_add(work, item->key, item, error));
        else if (item->kind == TL_TEXT) TL_TRY(search_parameters_add(work, tl_value_text(item, ""), NULL, error));
        else if (item->kind == TL_MAP) TL_TRY(search_parameters_each(work, item, error));
        else
            return tl__fail_at(error, TL_BAD_CONFIG, work->place, work->line, work->column, "search.parameters",
                               "a list of parameters holds names of settings, such as training.learning_rate.");
    }
    return TL_OK;
}

/* "training.learning_rate" or "training.learning_rate=[0.1, 0.01]" */
static tl_status search_parameters_vary(search_parameters_work *work, const char *vary, tl_error *error)
{
    const char *equals = strchr(vary, '=');
    const char *path = tl__arena_copy(work->arena, vary, equals ? (size_t)(equals - vary) : strlen(vary));
    if (!path) return tl__fail_memory(error, strlen(vary));
    const tl_value *value = NULL;
    if (equals) TL_TRY(search_parameters_parse(work->config, "--vary", equals + 1, &value, error));
    work->place = "--vary";
    work->line = work->column = 0;
    return search_parameters_add(work, path, value, error);
}

TL_PRIV tl_status tl__search_parameters(const tl__search_asked *asked, const tl_value *parameters,
                                        tl__config *config, tl__arena *arena, tl__search *out, tl_error *error)
{
    search_parameters_work work = {.file = asked->file, .config = config, .arena = arena, .search = out};
    const tl_value *block = asked->block;
    for (size_t i = 0; i < asked->vary_count; i++) TL_TRY(search_parameters_vary(&work, asked->vary[i], error));
    if (asked->vary_count) return TL_OK;
    if (!parameters || (parameters->kind != TL_MAP && parameters->kind != TL_LIST) || parameters->count == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, asked->file, block ? block->line : 0, block ? block->column : 0,
                           "search.parameters", "search.parameters needs 1 to %d settings: a list of their names, or "
                           "each with a list or a range.", (int)TL__SPACE_AXES);
    return search_parameters_each(&work, parameters, error);
}
