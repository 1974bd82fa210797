/* The search: block: its settings, the figure that trials are ordered by, the method that `auto` stands for. */
#include "lab/search.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/text.h"
#include "lab/search_method_list.h"
#include "text/bind.h"
#include "text/yaml.h"

typedef struct search_stop_settings {
    bool present;
    int method;
    int64_t min_epochs;
    double factor;
    int64_t startup;
} search_stop_settings;

typedef struct search_settings {
    int method;                  /* 0: auto; else a member's number + 1 */
    int64_t trials, generation, parallel;
    bool async;
    search_stop_settings stop;
    const char *metric;
    const tl_value *parameters;
} search_settings;

TL_PRIV const tl__field *tl__search_rows(void)
{
#define TL__X(name) #name,
    static const char *const methods[] = {"auto", TL__SEARCH_METHODS(TL__X) NULL};
#undef TL__X
    static const char *const stops[] = {"none", "median", "asha", "hyperband", NULL};
#define ROW(field) .name = #field, .offset = offsetof(search_stop_settings, field)
    static const tl__field stop[] = {
        {ROW(method), .kind = TL__FIELD_CHOICE, .choices = stops, .fallback = TL__STOP_ASHA,
         .help = "median: worse than the median of earlier trials at the same epoch; asha: only the best of each rung "
                 "go on; hyperband: asha with rungs that begin later for some; none"},
        {ROW(min_epochs), .kind = TL__FIELD_INT, .fallback = 3, .min = 1, .max = 1e6, .unit = "epochs",
         .help = "Epochs that every trial gets"},
        {ROW(factor), .kind = TL__FIELD_FLOAT, .fallback = 3, .min = 1.5, .max = 100,
         .help = "asha, hyperband: rungs at min_epochs, min_epochs * factor, ...; one in so many goes on from each"},
        {ROW(startup), .kind = TL__FIELD_INT, .fallback = 5, .min = 1, .max = 1e6, .unit = "trials",
         .help = "median: nothing is stopped before so many trials have come that far"},
        {.name = NULL}};
#undef ROW
#define ROW(field) .name = #field, .offset = offsetof(search_settings, field)
    static const tl__field rows[] = {
        {ROW(method), .kind = TL__FIELD_CHOICE, .choices = methods,
         .help = "grid: all combinations of lists; random: each trial draws every parameter; bayesian: a Gaussian "
                 "process for few parameters; tpe: Parzen estimators for many; auto: a grid that trials can go "
                 "through, else bayesian up to 8 parameters, else tpe"},
        {ROW(trials), .kind = TL__FIELD_INT, .flags = TL__AUTO, .fallback = 0, .min = 0, .max = TL__SEARCH_MOST,
         .unit = "trials", .help = "How many trials; auto: all of a grid, 20 of random, else 50"},
        {ROW(metric), .kind = TL__FIELD_TEXT, .text = "val_loss",
         .help = "Figure of the validation part: val_loss, accuracy, balanced_accuracy, f1_macro, auc, mse, mae, rmse, "
                 "r2"},
        {ROW(parallel), .kind = TL__FIELD_INT, .flags = TL__AUTO, .fallback = 0, .min = 0, .max = 1024,
         .unit = "trials", .help = "Trials at work at the same time, each on one thread; 1: one on all threads; auto: "
                                   "one for each thread. The result does not depend on it"},
        {ROW(generation), .kind = TL__FIELD_INT, .flags = TL__AUTO, .fallback = 0, .min = 0, .max = 64,
         .unit = "trials", .help = "Trials that are proposed together and see exactly the trials before them; auto: 4"},
        {ROW(async), .kind = TL__FIELD_BOOL,
         .help = "A trial sees whatever has ended when it begins: nothing waits, and the search cannot be repeated"},
        {ROW(stop), .kind = TL__FIELD_BLOCK, .flags = TL__OPTIONAL, .rows = stop,
         .help = "Ends hopeless trials early; off unless mentioned"},
        {ROW(parameters), .kind = TL__FIELD_TREE,
         .help = "{setting: list of values} or {setting: {min, max, scale: linear, log, log10 or integer, step}}, or "
                 "setting: auto for its usual values; [setting, setting] for those of several"},
        {.name = NULL}};
#undef ROW
    return rows;
}

/* after: the column of an epoch that comes nearest. */
static const struct search_metric { const char *name; bool higher; size_t offset, after; } search_metrics[] = {
#define AT(figure, column) offsetof(tl_scores, figure), offsetof(tl__epoch, column)
    {"val_loss", false, AT(loss, val_loss)},
    {"accuracy", true, AT(accuracy, val_accuracy)},
    {"balanced_accuracy", true, AT(balanced_accuracy, val_balanced_accuracy)},
    {"precision_macro", true, AT(precision_macro, val_f1_macro)},
    {"recall_macro", true, AT(recall_macro, val_balanced_accuracy)},
    {"f1_macro", true, AT(f1_macro, val_f1_macro)},
    {"auc", true, AT(auc, val_balanced_accuracy)},
    {"mse", false, AT(mse, val_mse)},
    {"mae", false, AT(mae, val_mae)},
    {"rmse", false, AT(rmse, val_mse)},
    {"r2", true, AT(r2, val_r2)},
#undef AT
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

TL_PRIV double tl__search_epoch_score(const tl__search *search, const tl__epoch *epoch)
{
    const struct search_metric *metric = search_metric_find(search->metric);
    double value;
    memcpy(&value, (const char *)epoch + metric->after, sizeof value);
    return value;
}

/* ---- all of them ---- */

/* Combinations of the axes, at most TL__SEARCH_MOST + 1; 0: one of them is a continuum. */
static int64_t search_combinations(const tl__search *search, const char **continuum)
{
    double all = 1.0;
    for (size_t i = 0; i < search->space.count; i++) {
        double count = tl__axis_count(&search->space.axes[i]);
        if (count == 0.0 && continuum) *continuum = search->parameters[i].path;
        all *= count;
    }
    return all > TL__SEARCH_MOST ? TL__SEARCH_MOST + 1 : tl__search_grid_count(&search->space, (int64_t)all);
}

static tl_status search_count_grid(const char *file, tl__search *search, tl_error *error)
{
    const char *continuum = "";
    int64_t all = search_combinations(search, &continuum);
    if (all == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "search.method", "a grid needs lists, and %s is a range; "
                           "list its values, give the range a step, or take method: random.", continuum);
    if (all > TL__SEARCH_MOST)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "search.parameters",
                           "the grid has more than %d combinations; take method: random.", (int)TL__SEARCH_MOST);
    if (search->trials == 0 || search->trials > all) search->trials = all;
    return TL_OK;
}

/* What `auto` stands for. */
static const tl__search_method *search_choose(const tl__search *search)
{
    int64_t all = search_combinations(search, NULL);
    const tl__member_head *head = all > 0 && all <= (search->trials ? search->trials : 50) ? tl__search_grid()
                                  : search->space.count <= 8 && search->trials <= 300 ? tl__search_bayesian()
                                                                                      : tl__search_tpe();
    return (const tl__search_method *)(const void *)head;
}

TL_PRIV tl_status tl__search_read(const tl__search_asked *asked, tl__config *config, uint64_t seed, tl__arena *arena,
                                  tl__search *out, tl_error *error)
{
    search_settings settings;
    const tl_value *block = asked->block;
    TL_TRY(tl__bind(tl__search_rows(), &settings, block, asked->file, "search", arena, error));
    const struct search_metric *metric = search_metric_find(settings.metric);
    if (!metric)
        return tl__fail_at(error, TL_BAD_CONFIG, asked->file, block ? block->line : 0, block ? block->column : 0,
                           "search.metric",
                           "search.metric is '%s'; it must be val_loss, accuracy, balanced_accuracy, f1_macro, auc, "
                           "mse, mae, rmse or r2.", settings.metric);
    *out = (tl__search){.trials = settings.trials, .generation = settings.generation ? settings.generation : 4,
                        .parallel = settings.parallel, .async = settings.async, .metric = metric->name,
                        .higher = metric->higher, .seed = seed};
    if (settings.stop.present)
        out->stop = (tl__stop_rule){settings.stop.method, settings.stop.min_epochs, settings.stop.factor,
                                    settings.stop.startup, 0};
    TL_TRY(tl__search_parameters(asked, settings.parameters, config, arena, out, error));
    out->method = settings.method ? tl__search_method_at((size_t)settings.method - 1) : search_choose(out);
    if (&out->method->head == tl__search_grid()) return search_count_grid(asked->file, out, error);
    if (out->trials == 0) out->trials = out->method->learns ? 50 : 20;
    return TL_OK;
}

TL_PRIV tl_status tl__search_of_config(tl__config *config, const tl_options *options, tl__search *out,
                                       tl_error *error)
{
    const tl__config_settings *settings = &config->settings;
    const tl__search_asked asked = {settings->search, config->path, options->vary, options->vary_count};
    if (!settings->search && !options->vary_count)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "search",
                           "it does not say what to search. Name settings, --vary training.learning_rate, or add these "
                           "lines:\n"
                           "search:\n"
                           "  trials: 20\n"
                           "  parameters: [training.learning_rate, optimization.dropout]");
    TL_TRY(tl__search_read(&asked, config, (uint64_t)settings->seed, &config->arena, out, error));
    out->stop.epochs = settings->train.training.epochs;
    return TL_OK;
}

TL_PRIV void tl__search_value(const tl__search *search, size_t parameter, double value, tl__buffer *out)
{
    const tl__search_parameter *p = &search->parameters[parameter];
    if (p->values) {
        tl__json_write(out, tl_value_at(p->values, (size_t)value), 0);
        return;
    }
    if (p->step != 0.0) value = p->first + value * p->step;
    if (p->whole) tl__buffer_format(out, "%lld", (long long)value);
    else tl__buffer_format(out, "%.6g", value);
}

TL_PRIV void tl__search_put(tl__builder *builder, tl_value *map, const tl__search *search, size_t parameter,
                            double value)
{
    const tl__search_parameter *p = &search->parameters[parameter];
    if (p->values) {
        tl__put_copy(builder, map, p->path, tl_value_at(p->values, (size_t)value));
        return;
    }
    if (p->step != 0.0) {    /* with the digits that tl__search_value prints */
        char text[40];
        size_t size = tl__format(text, sizeof text, "%.6g", p->first + value * p->step);
        tl__parse_double(text, size, &value);
    }
    if (p->whole) tl__put_integer(builder, map, p->path, (int64_t)value);
    else tl__put_number(builder, map, p->path, value);
}
