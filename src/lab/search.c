/* The search: block. A grid counts through all combinations, the last parameter fastest; random draws each parameter by
 * itself from a counter-based stream. */
#include "lab/search.h"

#include "base/math.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"
#include "text/bind.h"
#include "text/yaml.h"

typedef struct search_settings {
    int method;
    int64_t trials;
    const char *metric;
    const tl_value *parameters;
} search_settings;

typedef struct search_range {
    double min, max;
    int scale;
} search_range;

static const char *const search_methods[] = {"grid", "random", NULL};
static const char *const search_scales[] = {"auto", "linear", "log", NULL};

TL_PRIV const tl__field *tl__search_rows(void)
{
#define ROW(field) .name = #field, .offset = offsetof(search_settings, field)
    static const tl__field rows[] = {
        {ROW(method), .kind = TL__FIELD_CHOICE, .choices = search_methods, .fallback = TL__SEARCH_RANDOM,
         .help = "grid: all combinations of lists; random: each trial draws every parameter"},
        {ROW(trials), .kind = TL__FIELD_INT, .flags = TL__AUTO, .fallback = 0, .min = 0, .max = TL__SEARCH_MOST,
         .unit = "trials", .help = "How many trials; auto: 20, or all of a grid"},
        {ROW(metric), .kind = TL__FIELD_TEXT, .text = "val_loss",
         .help = "Figure of the validation part: val_loss, accuracy, balanced_accuracy, f1_macro, auc, mse, mae, rmse, "
                 "r2"},
        {ROW(parameters), .kind = TL__FIELD_TREE,
         .help = "{setting: list of values} or {setting: {min, max, scale: linear or log}}"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static const tl__field *search_range_rows(void)
{
#define ROW(field) .name = #field, .offset = offsetof(search_range, field)
    static const tl__field rows[] = {
        {ROW(min), .kind = TL__FIELD_FLOAT, .flags = TL__REQUIRED, .help = "Least value"},
        {ROW(max), .kind = TL__FIELD_FLOAT, .flags = TL__REQUIRED, .help = "Largest value"},
        {ROW(scale), .kind = TL__FIELD_CHOICE, .choices = search_scales,
         .help = "linear, or log: each factor is as likely as any other; auto: as the setting asks"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static const struct search_metric { const char *name; bool higher; size_t offset; } search_metrics[] = {
    {"val_loss", false, offsetof(tl_scores, loss)},
    {"accuracy", true, offsetof(tl_scores, accuracy)},
    {"balanced_accuracy", true, offsetof(tl_scores, balanced_accuracy)},
    {"precision_macro", true, offsetof(tl_scores, precision_macro)},
    {"recall_macro", true, offsetof(tl_scores, recall_macro)},
    {"f1_macro", true, offsetof(tl_scores, f1_macro)},
    {"auc", true, offsetof(tl_scores, auc)},
    {"mse", false, offsetof(tl_scores, mse)},
    {"mae", false, offsetof(tl_scores, mae)},
    {"rmse", false, offsetof(tl_scores, rmse)},
    {"r2", true, offsetof(tl_scores, r2)},
};

static const struct search_metric *search_metric_find(const char *name)
{
    for (size_t i = 0; i < TL_COUNT(search_metrics); i++)
        if (tl__same_text(search_metrics[i].name, name)) return &search_metrics[i];
    return NULL;
}

TL_PRIV double tl__search_score(const tl__search *search, const tl_scores *validation)
{
    const struct search_metric *metric = search_metric_find(search->metric);
    double value;
    memcpy(&value, (const char *)validation + metric->offset, sizeof value);
    return value;
}

static tl_status search_read_parameter(tl__config *config, const tl_value *value, tl__search_parameter *out,
                                       tl_error *error)
{
    const char *file = value->file ? value->file : config->path, *suggestion = NULL;
    const char *path = tl__config_canonical(config->rows, value->key, &config->arena);
    const tl__field *row = tl__config_row_at(config, path, &suggestion);
    if (!row)
        return tl__fail_at(error, TL_BAD_CONFIG, file, value->key_line, value->key_column, "search.parameters",
                           suggestion ? "%s is not a setting; did you mean '%s'?" : "%s is not a setting.%s", path,
                           suggestion ? suggestion : "");
    *out = (tl__search_parameter){.path = path, .whole = row->kind == TL__FIELD_INT || row->kind == TL__FIELD_INT_LIST};
    if (value->kind == TL_LIST && value->count > 0) {
        out->values = value;
        return TL_OK;
    }
    search_range range;
    char setting[160];
    tl__format(setting, sizeof setting, "search.parameters.%s", path);
    if (value->kind != TL_MAP)
        return tl__fail_at(error, TL_BAD_CONFIG, file, value->line, value->column, setting,
                           "%s needs a list of values or a range, {min: 0.0001, max: 0.1, scale: log}.", path);
    TL_TRY(tl__bind(search_range_rows(), &range, value, file, setting, &config->arena, error));
    out->min = range.min;
    out->max = range.max;
    out->log = range.scale == 2 || (range.scale == 0 && (row->flags & TL__LOG) && range.min > 0);
    if (!(range.min < range.max) || (out->log && range.min <= 0))
        return tl__fail_at(error, TL_BAD_CONFIG, file, value->line, value->column, setting, out->log
                               ? "on a log scale %s needs 0 < min < max." : "%s needs min < max.", path);
    return TL_OK;
}

static tl_status search_count_grid(const tl__config *config, tl__search *search, tl_error *error)
{
    int64_t all = 1;
    for (size_t i = 0; i < search->count; i++) {
        if (!search->parameters[i].values)
            return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "search.method",
                               "a grid needs lists, and %s is "
                               "a range; list its values or take method: random.", search->parameters[i].path);
        all *= (int64_t)search->parameters[i].values->count;
        if (all > TL__SEARCH_MOST)
            return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "search.parameters",
                               "the grid has more than %d combinations; take method: random.", (int)TL__SEARCH_MOST);
    }
    if (search->trials == 0 || search->trials > all) search->trials = all;
    return TL_OK;
}

TL_PRIV tl_status tl__search_read(tl__config *config, tl__search *out, tl_error *error)
{
    search_settings settings;
    const tl_value *block = config->settings.search;
    if (!block)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "search",
                           "it does not say what to search. Add these lines with the settings to vary:\n"
                           "search:\n"
                           "  method: random\n"
                           "  trials: 20\n"
                           "  parameters:\n"
                           "    training.learning_rate: {min: 0.0001, max: 0.1, scale: log}");
    TL_TRY(tl__bind(tl__search_rows(), &settings, block, config->path, "search", &config->arena, error));
    const struct search_metric *metric = search_metric_find(settings.metric);
    if (!metric)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, block->line, block->column, "search.metric",
                           "search.metric is '%s'; it must be val_loss, accuracy, balanced_accuracy, f1_macro, auc, "
                           "mse, mae, rmse or r2.", settings.metric);
    if (!settings.parameters || settings.parameters->kind != TL_MAP || settings.parameters->count == 0 ||
        settings.parameters->count > TL__SEARCH_PARAMETERS)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, block->line, block->column, "search.parameters",
                           "search.parameters needs 1 to %d settings, each with a list or a range.",
                           (int)TL__SEARCH_PARAMETERS);
    *out = (tl__search){.method = settings.method, .trials = settings.trials, .metric = metric->name,
                        .higher = metric->higher, .seed = (uint64_t)config->settings.seed};
    for (const tl_value *value = settings.parameters->first; value; value = value->next)
        TL_TRY(search_read_parameter(config, value, &out->parameters[out->count++], error));
    if (out->method == TL__SEARCH_GRID) return search_count_grid(config, out, error);
    if (out->trials == 0) out->trials = 20;
    return TL_OK;
}

/* Which of its values a grid's trial has. */
static size_t search_grid_index(const tl__search *search, size_t parameter, int64_t trial)
{
    for (size_t i = search->count; i-- > 0;) {
        int64_t count = (int64_t)search->parameters[i].values->count;
        if (i == parameter) return (size_t)(trial % count);
        trial /= count;
    }
    return 0;
}

TL_PRIV void tl__search_value(const tl__search *search, size_t parameter, int64_t trial, tl__buffer *out)
{
    const tl__search_parameter *p = &search->parameters[parameter];
    tl__random random;
    tl__random_init(&random, search->seed, TL__DRAW_SEARCH, tl__name_hash(p->path), (uint32_t)trial, 0);
    if (p->values) {
        size_t index = search->method == TL__SEARCH_GRID ? search_grid_index(search, parameter, trial)
                                                         : tl__random_below(&random, 0, (uint32_t)p->values->count);
        tl__json_write(out, tl_value_at(p->values, index), 0);
        return;
    }
    double share = (double)tl__random_uniform(&random, 0), value;
    if (p->whole && !p->log) {
        value = tl__floor(p->min + share * (p->max - p->min + 1.0));
    } else if (p->log) {
        double low = tl__log(p->min), high = tl__log(p->max);
        value = tl__exp(low + share * (high - low));
        if (p->whole) value = tl__floor(value + 0.5);
    } else {
        value = p->min + share * (p->max - p->min);
    }
    if (value < p->min) value = p->min;
    if (value > p->max) value = p->max;
    if (p->whole) tl__buffer_format(out, "%lld", (long long)value);
    else tl__buffer_format(out, "%.6g", value);
}
