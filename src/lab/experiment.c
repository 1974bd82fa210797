/* Experiments from --kind, --vary and the experiments: block. */
#include "lab/experiment.h"

#include "base/text.h"
#include "text/bind.h"
#include "text/yaml.h"

static const struct experiment_kind { const char *name, *path, *label, *column, *values; } experiment_kinds[] = {
    {"lr", "training.learning_rate", "lr", "learning_rate", "[0.01, 0.001, 0.0001, 0.00001]"},
    {"patience", "optimization.early_stopping.patience", "patience", "patience", "[10, 20, 30, 50]"},
    {"architecture", "network.hidden_size", "arch", "architecture",
     "[[32, 16], [64, 32, 16], [128, 64, 32], [256, 128, 64]]"},
};

typedef struct experiment_settings {
    const char *name, *kind;
    const tl_value *values, *vary, *seeds;
} experiment_settings;

static const tl__field *experiment_rows(void)
{
#define ROW(field) .name = #field, .offset = offsetof(experiment_settings, field)
    static const tl__field rows[] = {
        {ROW(name), .kind = TL__FIELD_TEXT, .help = "Of its folder; not given: the kind, with _experiment"},
        {ROW(kind), .kind = TL__FIELD_TEXT, .help = "lr, patience or architecture"},
        {ROW(values), .kind = TL__FIELD_TREE, .help = "Values of the kind's setting; not given: its own"},
        {ROW(vary), .kind = TL__FIELD_TREE, .help = "{setting: list of values}"},
        {ROW(seeds), .kind = TL__FIELD_TREE, .help = "A list; not given: [42, 123, 456]"},
        {.name = NULL}};
#undef ROW
    return rows;
}

/* A value from a piece of YAML, which lives as long as the config. NULL: a mistake. */
static const tl_value *experiment_parse(tl__config *config, const char *origin, const char *text, tl_error *error)
{
    const char *path = tl__arena_format(&config->arena, "_experiment%zu", config->tree->root.count);
    if (!path || tl__value_set(config->tree, path, text, origin, error) != TL_OK) return NULL;
    return config->tree->root.last;
}

TL_PRIV size_t tl__experiment_count(const tl__config *config, const tl_options *options, tl_error *error)
{
    const tl_value *block = config->settings.experiments;
    if (options->kind || options->vary_count) return 1;
    if (block && block->kind == TL_MAP) return 1;
    if (block && block->kind == TL_LIST && block->count > 0) return block->count;
    tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "experiments", "it does not say what to compare. Name a "
                "kind, --kind lr, patience or architecture, or a setting, --vary 'optimization.dropout=[0.1, 0.2]', "
                "or add:\n"
                "experiments:\n"
                "  - {kind: lr, seeds: [42, 123, 456]}");
    return 0;
}

static tl_status experiment_add(tl__config *config, tl__experiment *out, const char *path, const char *label,
                                const tl_value *values, tl_error *error)
{
    const char *file = values->file ? values->file : config->path, *suggestion = NULL;
    path = tl__config_canonical(config->rows, path, &config->arena);
    if (!path) return tl__fail_memory(error, 64);
    if (!tl__config_row_at(config, path, &suggestion))
        return tl__fail_at(error, TL_BAD_CONFIG, file, values->key_line, values->key_column, "experiments",
                           suggestion ? "%s is not a setting; did you mean '%s'?" : "%s is not a setting.%s", path,
                           suggestion ? suggestion : "");
    if (values->kind != TL_LIST || values->count == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, file, values->line, values->column, "experiments",
                           "%s needs a list of values, such as [0.1, 0.2].", path);
    if (out->factor_count == TL__EXPERIMENT_FACTORS)
        return tl__fail_at(error, TL_BAD_CONFIG, file, values->line, values->column, "experiments",
                           "an experiment varies at most %d settings; train:optimize takes more.",
                           (int)TL__EXPERIMENT_FACTORS);
    const char *last = path;
    for (const char *c = path; *c; c++)
        if (*c == '.') last = c + 1;
    out->factors[out->factor_count++] = (tl__experiment_factor){.path = path, .label = label ? label : last,
                                                                .column = last, .values = values};
    return TL_OK;
}

static tl_status experiment_add_kind(tl__config *config, tl__experiment *out, const char *name, const tl_value *values,
                                     tl_error *error)
{
    tl__suggestion suggestion = {name, NULL, 0};
    for (size_t i = 0; i < TL_COUNT(experiment_kinds); i++) {
        const struct experiment_kind *kind = &experiment_kinds[i];
        tl__suggest(&suggestion, kind->name);
        if (!tl__same_text(kind->name, name)) continue;
        if (!values) values = experiment_parse(config, "values", kind->values, error);
        if (!values) return TL_BAD_CONFIG;
        TL_TRY(experiment_add(config, out, kind->path, kind->label, values, error));
        tl__experiment_factor *factor = &out->factors[out->factor_count - 1];
        factor->column = kind->column;
        if (tl__same_text(name, "architecture")) {
            factor->layers = tl_value_get(&config->tree->root, "network.layers") != NULL;
            if (factor->layers) factor->path = "network.layers";
        }
        out->type = kind->name;
        return TL_OK;
    }
    return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "experiments", suggestion.best
                           ? "'%s' is not a kind of experiment; did you mean %s?"
                           : "'%s' is not a kind of experiment; there are lr, patience and architecture.", name,
                       suggestion.best);
}

static tl_status experiment_count_runs(const tl__config *config, tl__experiment *out, tl_error *error)
{
    double runs = (double)out->seeds->count;
    for (const tl_value *seed = out->seeds->first; seed; seed = seed->next)
        if (seed->kind != TL_INTEGER || seed->integer < 0)
            return tl__fail_at(error, TL_BAD_CONFIG, seed->file ? seed->file : config->path, seed->line, seed->column,
                               "experiments", "seeds are whole numbers from 0, as in [42, 123, 456].");
    for (size_t i = 0; i < out->factor_count; i++) runs *= (double)out->factors[i].values->count;
    if (runs > TL__EXPERIMENT_RUNS)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "experiments", "these are %.0f runs, more than "
                           "%d; list fewer values or seeds.", runs, (int)TL__EXPERIMENT_RUNS);
    out->runs = (size_t)runs;
    return TL_OK;
}

/* What was read becomes whole: its name, its type, its seeds. */
static tl_status experiment_finish(tl__config *config, tl__experiment *out, const char *name, const tl_value *seeds,
                                   tl_error *error)
{
    if (!seeds) seeds = experiment_parse(config, "seeds", "[42, 123, 456]", error);
    if (!seeds) return TL_BAD_CONFIG;
    if (seeds->kind != TL_LIST || seeds->count == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, seeds->file ? seeds->file : config->path, seeds->line, seeds->column,
                           "experiments", "seeds are a list of whole numbers, as in [42, 123, 456].");
    out->seeds = seeds;
    if (!out->type) out->type = out->factors[0].label;
    out->name = name ? name : tl__arena_format(&config->arena, "%s_experiment", out->type);
    if (!out->name) return tl__fail_memory(error, 64);
    for (const char *c = out->name; *c; c++)
        if (*c == '/' || *c == '\\' || *c == ':' || (c == out->name && *c == '.'))
            return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "experiments",
                               "'%s' cannot name a folder; leave out / \\ : and a first point.", out->name);
    return experiment_count_runs(config, out, error);
}

static tl_status experiment_from_options(tl__config *config, const tl_options *options, tl__experiment *out,
                                         tl_error *error)
{
    const tl_value *seeds = NULL;
    if (options->kind) TL_TRY(experiment_add_kind(config, out, options->kind, NULL, error));
    for (size_t i = 0; i < options->vary_count; i++) {
        const char *equals = strchr(options->vary[i], '=');
        const char *path = equals ? tl__arena_copy(&config->arena, options->vary[i],
                                                   (size_t)(equals - options->vary[i])) : "";
        if (!equals)
            return tl__fail(error, TL_INVALID, "--vary %s: a setting and its values are needed, as in "
                            "--vary 'optimization.dropout=[0.1, 0.2]'.", options->vary[i]);
        if (!path) return tl__fail_memory(error, 64);
        const tl_value *values = experiment_parse(config, "--vary", equals + 1, error);
        if (!values) return TL_INVALID;
        TL_TRY(experiment_add(config, out, path, NULL, values, error));
    }
    if (options->seeds) {
        const char *list = tl__arena_format(&config->arena, *options->seeds == '[' ? "%s" : "[%s]", options->seeds);
        seeds = list ? experiment_parse(config, "--seeds", list, error) : NULL;
        if (!seeds) return TL_INVALID;
    }
    return experiment_finish(config, out, NULL, seeds, error);
}

TL_PRIV tl_status tl__experiment_read(tl__config *config, const tl_options *options, size_t index, tl__experiment *out,
                                      tl_error *error)
{
    experiment_settings settings;
    const tl_value *block = config->settings.experiments;
    memset(out, 0, sizeof *out);
    if (options->kind || options->vary_count) return experiment_from_options(config, options, out, error);
    if (block->kind == TL_LIST) block = tl_value_at(block, index);
    TL_TRY(tl__bind(experiment_rows(), &settings, block, config->path, "experiments", &config->arena, error));
    if (settings.kind) TL_TRY(experiment_add_kind(config, out, settings.kind, settings.values, error));
    const tl_value *vary = settings.vary && settings.vary->kind == TL_MAP ? settings.vary->first : NULL;
    for (const tl_value *v = vary; v; v = v->next)
        TL_TRY(experiment_add(config, out, v->key, NULL, v, error));
    if (out->factor_count == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, block->line, block->column, "experiments",
                           "an experiment needs a kind (lr, patience or architecture) or vary: {setting: [values]}.");
    return experiment_finish(config, out, settings.name, settings.seeds, error);
}

/* ---- runs ---- */

TL_PRIV const tl_value *tl__experiment_value(const tl__experiment *experiment, size_t combination, size_t factor)
{
    for (size_t i = experiment->factor_count; i-- > factor + 1;) combination /= experiment->factors[i].values->count;
    const tl_value *values = experiment->factors[factor].values;
    return tl_value_at(values, combination % values->count);
}

TL_PRIV int64_t tl__experiment_seed(const tl__experiment *experiment, size_t run)
{
    return tl_value_integer(tl_value_at(experiment->seeds, run % experiment->seeds->count), 0);
}

/* "0.01", "32-16", "adam"; what a file's name cannot hold becomes _. */
static void experiment_word(const tl_value *value, tl__buffer *out)
{
    char number[40];
    if (value->kind == TL_LIST || value->kind == TL_MAP) {
        for (const tl_value *item = value->first; item; item = item->next) {
            if (item != value->first) tl__buffer_char(out, '-');
            experiment_word(item, out);
        }
    } else if (value->kind == TL_NUMBER) {
        tl__format(number, sizeof number, "%g", value->number);
        tl__buffer_text(out, number);
    } else if (value->kind == TL_INTEGER) {
        tl__buffer_format(out, "%lld", (long long)value->integer);
    } else {
        const char *text = tl_value_text(value, value->kind == TL_BOOL ? (value->integer ? "true" : "false") : "none");
        for (const char *c = text; *c; c++) {
            bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '.';
            tl__buffer_char(out, plain ? *c : '_');
        }
    }
}

TL_PRIV const char *tl__experiment_label(const tl__experiment *experiment, size_t combination, tl__arena *arena)
{
    tl__buffer text;
    tl__buffer_init(&text, arena->heap);
    for (size_t i = 0; i < experiment->factor_count; i++) {
        tl__buffer_format(&text, "%s%s_", i ? "_" : "", experiment->factors[i].label);
        experiment_word(tl__experiment_value(experiment, combination, i), &text);
    }
    const char *label = text.failed ? NULL : tl__arena_copy(arena, text.data, text.size < 160 ? text.size : 160);
    tl__buffer_free(&text);
    return label;
}

TL_PRIV const char *tl__experiment_id(const tl__experiment *experiment, size_t run, tl__arena *arena)
{
    const char *label = tl__experiment_label(experiment, run / experiment->seeds->count, arena);
    if (!label) return NULL;
    return tl__arena_format(arena, "%s_seed_%lld", label, (long long)tl__experiment_seed(experiment, run));
}

TL_PRIV const char *tl__experiment_set(const tl__experiment *experiment, size_t combination, size_t factor,
                                       tl__arena *arena)
{
    const tl__experiment_factor *f = &experiment->factors[factor];
    const tl_value *value = tl__experiment_value(experiment, combination, factor);
    tl__buffer text;
    tl__buffer_init(&text, arena->heap);
    tl__buffer_format(&text, "%s=", f->path);
    if (f->layers) {
        tl__buffer_char(&text, '[');
        for (const tl_value *v = value->kind == TL_LIST ? value->first : value; v;
             v = value->kind == TL_LIST ? v->next : NULL)
            tl__buffer_format(&text, "{type: hidden, nodes: %lld}, ", (long long)tl_value_integer(v, 0));
        tl__buffer_text(&text, "{type: output}]");
    } else {
        tl__json_write(&text, value, 0);
    }
    const char *set = text.failed ? NULL : tl__arena_copy(arena, text.data, text.size);
    tl__buffer_free(&text);
    return set;
}
