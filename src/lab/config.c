/* A config file becomes a struct: text -> tree -> aliases moved -> preset beneath -> --set above -> what is for later
 * versions refused -> bound by the table of rows. Messages are collected, so that one look at the file repairs all. */
#include "lab/config.h"

#include "base/text.h"
#include "lab/path.h"
#include "model/arch.h"
#include "nn/loss.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "port/port.h"
#include "text/bind.h"
#include "text/yaml.h"
#include "train/alerts.h"

enum { CONFIG_MAX_BYTES = 16 << 20 };

/* ---- what later versions take ---- */

/* One entry per setting, with the feature that it belongs to; a feature is told once. */
static const struct config_later { const char *path, *feature, *remedy; } config_later[] = {
#define PROGRESSIVE "progressive training on price series", \
                    "leave out models, horizons, modes and the dates under training to train one network"
    {"modes", PROGRESSIVE},
    {"models", PROGRESSIVE},
    {"horizons", PROGRESSIVE},
    {"training.symbol", PROGRESSIVE},
    {"training.start_date", PROGRESSIVE},
    {"training.initial_end_date", PROGRESSIVE},
    {"training.window_increment", PROGRESSIVE},
    {"training.max_iterations", PROGRESSIVE},
    {"training.target_accuracy", PROGRESSIVE},
    {"training.early_stop_patience", PROGRESSIVE},
#undef PROGRESSIVE
    {"quantization", "int8 models", "leave it out; the model is float32"},
    {"data.label", "labels from prices", "name a column that holds the label under data.target"},
};

static void config_refuse_later(const tl__config *config, tl_error *error)
{
    const char *told = "";
    for (size_t i = 0; i < TL_COUNT(config_later); i++) {
        const struct config_later *later = &config_later[i];
        const tl_value *value = tl_value_get(&config->tree->root, later->path);
        if (!value || tl__same_text(told, later->feature)) continue;
        told = later->feature;
        tl__fail_at(error, TL_BAD_CONFIG, value->file ? value->file : config->tree->file, value->key_line,
                    value->key_column, later->path, "%s belongs to %s, which this version does not have yet; %s.",
                    later->path, later->feature, later->remedy);
    }
}

/* Take them out of the tree, so that they are not told again as unknown. */
static void config_drop_later(tl__tree *tree)
{
    for (size_t i = 0; i < TL_COUNT(config_later); i++) {
        tl_value *parent = &tree->root;
        const char *path = config_later[i].path, *dot = strchr(path, '.');
        if (dot) {
            parent = NULL;
            for (tl_value *v = tree->root.first; v; v = v->next)
                if (v->key_size == (size_t)(dot - path) && memcmp(v->key, path, v->key_size) == 0) parent = v;
            path = dot + 1;
        }
        tl_value *child = parent && parent->kind == TL_MAP ? tl__value_child(parent, path) : NULL;
        if (child) tl__value_detach(parent, child);
    }
}

/* ---- aliases, presets, --set ---- */

/* The row's path when `path` begins with one of the aliases in the list, in the arena; else NULL. */
static const char *config_by_alias(const char *aliases, const char *row_path, const char *path, tl__arena *arena)
{
    while (aliases && *aliases) {
        size_t size = 0;
        while (aliases[size] && aliases[size] != ' ') size++;
        if (strncmp(path, aliases, size) == 0 && (path[size] == '\0' || path[size] == '.'))
            return tl__arena_format(arena, "%s%s", row_path, path + size);
        aliases += size;
        while (*aliases == ' ') aliases++;
    }
    return NULL;
}

static const char *config_find_alias(const tl__field *rows, const char *prefix, const char *path, tl__arena *arena)
{
    for (const tl__field *row = rows; row && row->name; row++) {
        const char *row_path = tl__arena_format(arena, *prefix ? "%s.%s" : "%s%s", prefix, row->name);
        if (!row_path) return NULL;
        const char *found = config_by_alias(row->aliases, row_path, path, arena);
        if (!found && row->kind == TL__FIELD_BLOCK) found = config_find_alias(row->rows, row_path, path, arena);
        if (found) return found;
    }
    return NULL;
}

TL_PRIV const char *tl__config_canonical(const tl__field *rows, const char *path, tl__arena *arena)
{
    const char *found = config_find_alias(rows, "", path, arena);
    return found ? found : path;
}

TL_PRIV const char *tl__config_not_live(const char *set, tl__arena *arena)
{
    tl__field rows[TL__CONFIG_ROWS];
    tl__config_rows(rows);
    const char *equals = strchr(set, '=');
    const char *path = tl__arena_copy(arena, set, equals ? (size_t)(equals - set) : strlen(set));
    if (path) path = tl__config_canonical(rows, path, arena);
    const tl__field *row = path ? tl__row_at(rows, path, NULL) : NULL;
    return row && (row->flags & TL__LIVE) ? NULL : path ? path : set;
}

/* Before a setting of a family's member is set ("training.optimizer.beta1"), `optimizer: adam` becomes a map. */
static tl_status config_open_members(tl__config *config, const char *path, tl_error *error)
{
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
        const char *prefix = tl__arena_copy(&config->arena, path, (size_t)(dot - path));
        if (!prefix) return tl__fail_memory(error, strlen(path));
        const tl__field *row = tl__row_at(config->rows, prefix, NULL);
        if (!row || row->kind != TL__FIELD_MEMBER) continue;
        const tl_value *value = tl_value_get(&config->tree->root, prefix);
        if (value && value->kind == TL_MAP) continue;
        const char *type = tl_value_text(value, row->text);
        if (!type) continue;
        const char *map = tl__arena_format(&config->arena, "{type: %s}", type);
        if (!map) return tl__fail_memory(error, strlen(type));
        TL_TRY(tl__value_set(config->tree, prefix, map, "--set", error));
    }
    return TL_OK;
}

static tl_status config_set(tl__config *config, const char *set, tl_error *error)
{
    const char *equals = strchr(set, '=');
    if (!equals || equals == set)
        return tl__fail(error, TL_INVALID, "--set %s: a setting and its value are needed, as in "
                        "--set training.epochs=20.", set);
    const char *path = tl__arena_copy(&config->arena, set, (size_t)(equals - set));
    if (path) path = tl__config_canonical(config->rows, path, &config->arena);
    if (!path) return tl__fail_memory(error, strlen(set));
    TL_TRY(config_open_members(config, path, error));
    return tl__value_set(config->tree, path, equals + 1, "--set", error);
}

/* Everything of `from` that `into` does not have. */
static void config_merge(tl__builder *builder, tl_value *into, const tl_value *from)
{
    for (const tl_value *value = from->first; value; value = value->next) {
        tl_value *there = tl__value_child(into, value->key);
        if (!there) tl__put_copy(builder, into, value->key, value);
        else if (there->kind == TL_MAP && value->kind == TL_MAP) config_merge(builder, there, value);
    }
}

static tl_status config_lay_preset(tl__config *config, const char *name, tl_error *error)
{
    const tl__preset *preset = tl__preset_find(name, error);
    if (!preset) return TL_BAD_CONFIG;
    tl__tree *tree;
    tl__builder builder;
    TL_TRY(tl__tree_new(&config->context->heap, "preset", &tree));
    tl_status status = tl__yaml_parse(tree, preset->yaml, strlen(preset->yaml), error);
    if (status == TL_OK) {
        tl__builder_init(&builder, config->tree);
        config_merge(&builder, &config->tree->root, &tree->root);
        if (builder.failed) status = tl__fail_memory(error, strlen(preset->yaml));
    }
    tl__tree_free(tree);
    return status;
}

/* `focal_alpha` and `focal_gamma` belong to a loss, so they stand for a whole one: {type: focal, ...}. */
static tl_status config_focal(tl__config *config, tl_error *error)
{
    static const char *const keys[] = {"alpha", "gamma"};
    tl_value *root = &config->tree->root, *training = tl__value_child(root, "training");
    for (size_t i = 0; i < TL_COUNT(keys); i++) {
        char name[16], path[32];
        tl__builder builder;
        tl__format(name, sizeof name, "focal_%s", keys[i]);
        tl_value *parent = tl__value_child(root, name) ? root : training;
        tl_value *value = parent && parent->kind == TL_MAP ? tl__value_child(parent, name) : NULL;
        if (!value) continue;
        const tl_value *loss = tl_value_get(root, "training.loss");
        const char *type = tl_value_text(loss && loss->kind == TL_MAP ? tl_value_get(loss, "type") : loss, "focal");
        if (!tl__same_text(type, "focal") && !tl__same_text(type, "auto"))
            return tl__fail_at(error, TL_BAD_CONFIG, config->tree->file, value->key_line, value->key_column, name,
                               "%s is of the focal loss, but training.loss is %s; leave one of them out.", name, type);
        if (!loss || loss->kind != TL_MAP) TL_TRY(tl__value_set(config->tree, "training.loss", "{type: focal}",
                                                                config->tree->file, error));
        tl__format(path, sizeof path, "training.loss.%s", keys[i]);
        TL_TRY(tl__value_set(config->tree, path, "0", config->tree->file, error));
        tl__builder_init(&builder, config->tree);
        tl__value_fill(&builder, (tl_value *)(uintptr_t)tl_value_get(root, path), value);
        if (builder.failed) return tl__fail_memory(error, 64);
        training = tl__value_child(root, "training");
        tl__value_detach(parent == root ? root : training, value);
    }
    return TL_OK;
}

/* folds.use_kfold is a method of the split. */
static void config_use_folds(tl__config *config)
{
    tl__data_settings *data = &config->settings.data;
    bool ordered = data->time || data->task == TL__TASK_FORECAST || data->split.method == TL__SPLIT_TIME;
    if (!config->settings.folds.use_kfold || tl__split_folds(&data->split)) return;
    data->split.method = ordered ? TL__SPLIT_FORWARD : TL__SPLIT_KFOLD;
}

/* ---- settings of a named architecture ---- */

static const tl__member_head *config_model(const tl_value *network)
{
    const tl_value *model = network && network->kind == TL_MAP ? tl__value_child(network, "model") : NULL;
    if (model && model->kind == TL_MAP) model = tl__value_child(model, "type");
    const char *name = tl_value_text(model, NULL);
    return name ? tl__family_find(tl__arch_family(), name, NULL, 0, 0, NULL, NULL) : NULL;
}

/* Is a key of the network block meant for the architecture? Also a misspelt one, so that it is told there. */
static bool config_is_models(const tl__member_head *model, const tl_value *value)
{
    const char *near_network = NULL, *near_model = NULL;
    if (!model->rows || tl__field_find(tl__network_rows(), value->key, value->key_size, &near_network)) return false;
    return tl__field_find(model->rows, value->key, value->key_size, &near_model) || (near_model && !near_network);
}

/* {model: tcn, levels: 4} becomes {model: {type: tcn, levels: 4}}. */
static tl_status config_gather_model(tl__config *config, tl_error *error)
{
    tl__builder builder;
    tl_value *network = tl__value_child(&config->tree->root, "network"), *next;
    const tl__member_head *model = config_model(network);
    if (!model) return TL_OK;
    tl_value *map = tl__value_child(network, "model");
    tl__builder_init(&builder, config->tree);
    for (tl_value *value = network->first; value; value = next) {
        next = value->next;
        if (!config_is_models(model, value)) continue;
        if (map->kind != TL_MAP) {
            tl_value name = *map;
            map->kind = TL_MAP;
            map->first = map->last = NULL;
            map->count = 0;
            if (!tl__put_copy(&builder, map, "type", &name)) return tl__fail_memory(error, sizeof name);
        }
        tl__value_detach(network, value);
        value->next = NULL;
        map->last->next = value;
        map->last = value;
        map->count++;
    }
    return TL_OK;
}

TL_PRIV const tl__field *tl__config_row_at(const tl__config *config, const char *path, const char **suggestion)
{
    const tl__member_head *model = config_model(tl__value_child(&config->tree->root, "network"));
    const char *key = strncmp(path, "network.model.", 14) == 0 ? path + 14 : strncmp(path, "network.", 8) == 0 ?
                      path + 8 : NULL;
    const tl__field *row = key && model && model->rows ? tl__field_find(model->rows, key, strlen(key), NULL) : NULL;
    return row ? row : tl__row_at(config->rows, path, suggestion);
}

/* ---- reading ---- */

/* Members of families and layers are bound again by those who use them; here so that their mistakes are told with all
 * others. */
static void config_check_member(tl__config *config, const tl__family *family, const tl__member *choice,
                                const char *path,
                                tl_error *error)
{
    const tl__member_head *member;
    void *settings;
    if (choice->name && !tl__same_text(choice->name, "auto"))
        tl__bind_member(family, choice, config->tree->file, path, &config->arena, &member, &settings, error);
}

static void config_check_members(tl__config *config, tl_error *error)
{
    const tl__training_settings *training = &config->settings.train.training;
    config_check_member(config, tl__optimizer_family(), &training->optimizer, "training.optimizer", error);
    config_check_member(config, tl__loss_family(), &training->loss, "training.loss", error);
    config_check_member(config, tl__schedule_family(), &training->lr_scheduler, "training.lr_scheduler", error);
    tl__network_check(config->context, &config->settings.network, config->tree->file, error);
}

/* Rules are read again by the run, into memory of their own. */
static tl_status config_check_alerts(const tl__config *config, tl_error *error)
{
    const tl_value *alerts = config->settings.analytics.alerts;
    tl__heap *heap = &config->context->heap;
    if (!alerts) return TL_OK;
    tl__alert_rules *rules = tl__alloc(heap, sizeof *rules);
    if (!rules) return tl__fail_memory(error, sizeof *rules);
    tl__alerts_read(alerts, config->tree->file, rules, error);
    tl__free(heap, rules, sizeof *rules);
    return TL_OK;
}

static void config_need_data(const tl__config *config, tl_error *error)
{
    if (config->settings.data.file || tl_value_get(&config->tree->root, "data.file")) return;
    tl__fail_at(error, TL_BAD_CONFIG, config->tree->file, 0, 0, "data.file",
                "it does not say where the data is. Add these lines with your file and the column to learn:\n"
                "data:\n"
                "  file: measurements.csv\n"
                "  target: species");
}

TL_PRIV tl_status tl__config_place(const tl__config *config, tl_status status, tl_error *error)
{
    char place[sizeof error->file + 32];
    if (status == TL_OK || !error || error->line > 0 || !error->setting[0]) return status;
    const tl_value *value = tl_value_get(&config->tree->root, error->setting);
    size_t old = strlen(error->file), room = sizeof error->message, size = strlen(error->message) + 1;
    if (!value || (old > 0 && strcmp(error->file, config->tree->file) != 0)) return status;
    const char *end = old > 0 ? "" : ": ";
    size_t used = value->file ? tl__format(place, sizeof place, "%s%s", value->file, end)
                              : tl__format(place, sizeof place, "%s:%d:%d%s", config->tree->file, value->line,
                                           value->column, end);
    if (used >= sizeof place || size - old + used > room) return status;
    memmove(error->message + used, error->message + old, size - old);
    memcpy(error->message, place, used);
    if (value->file) return status;
    error->line = value->line;
    error->column = value->column;
    return status;
}

/* "3 mistakes; nothing was run. 'trainlib train:configure --explain training' describes these settings." */
static void config_sum_up(const tl__config *config, tl_error *error)
{
    size_t used = strlen(error->message), block = 0;
    while (error->setting[block] && error->setting[block] != '.' && error->setting[block] != '[') block++;
    if (used + 160 > sizeof error->message) used = sizeof error->message - 160;
    used += tl__format(error->message + used, sizeof error->message - used, "\n%d mistake%s; nothing was run.",
                       error->mistakes, error->mistakes == 1 ? "" : "s");
    const tl__field *row = tl__field_find(config->rows, error->setting, block, NULL);
    if (row)
        tl__format(error->message + used, sizeof error->message - used,
                   " 'trainlib train:configure --explain %.*s' describes these settings.", (int)block, error->setting);
}

/* Letters, digits, - _ . and nothing else, so that it can be part of a file's name anywhere. */
static const char *config_clean_name(const tl__config *config, tl__arena *arena)
{
    const char *symbol = config->settings.symbol, *name = symbol && *symbol ? symbol : config->settings.name;
    const tl_value *file = config->settings.data.file;
    if (!name || !*name) {
        name = tl__path_stem(arena, config->path);
        if (name && (!*name || tl__same_text(name, "config")) && file && file->kind == TL_TEXT)
            name = tl__path_stem(arena, tl_value_text(file, ""));
    }
    if (!name || !*name) name = "run";
    char *out = tl__arena_text(arena, name);
    for (char *c = out; c && *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' ||
                     *c == '_' || (*c == '.' && c != out);
        if (!plain) *c = '_';
    }
    if (out && strlen(out) > 64) out[64] = '\0';
    return out;
}

/* Is a head's loss one of classes alone? */
static bool config_head_of_classes(const tl_value *head)
{
    const tl_value *loss = head->kind == TL_MAP ? tl__value_child(head, "loss") : NULL;
    const tl_value *name = loss && loss->kind == TL_MAP ? tl__value_child(loss, "type") : loss;
    const tl__loss *found = tl__loss_find(tl_value_text(name, ""), NULL);
    return found && !(found->fits & TL__FITS_VALUES);
}

/* The columns of the heads as a list of data; classes: of those whose loss is one of classes. */
static void config_put_targets(tl__builder *builder, tl_value *data, const char *key, const tl_value *heads,
                               bool classes)
{
    tl_value *list = NULL;
    for (const tl_value *head = heads->first; head; head = head->next) {
        const tl_value *target = head->kind == TL_MAP ? tl__value_child(head, "target") : NULL;
        if (!target || (classes && !config_head_of_classes(head))) continue;
        if (!list) list = tl__put_list(builder, data, key);
        if (target->kind != TL_LIST) tl__put_copy(builder, list, NULL, target);
        for (const tl_value *item = target->kind == TL_LIST ? target->first : NULL; item; item = item->next)
            tl__put_copy(builder, list, NULL, item);
    }
}

/* What data leaves out follows from the heads: the columns to learn, and which of them are classes. */
static tl_status config_target_of_heads(tl__config *config, tl_error *error)
{
    tl_value *data = tl__value_child(&config->tree->root, "data");
    const tl_value *heads = tl_value_get(&config->tree->root, "training.heads");
    tl__builder builder;
    if (!data || data->kind != TL_MAP || !heads || heads->kind != TL_LIST) return TL_OK;
    tl__builder_init(&builder, config->tree);
    if (!tl__value_child(data, "target")) config_put_targets(&builder, data, "target", heads, false);
    if (!tl__value_child(data, "class_targets")) config_put_targets(&builder, data, "class_targets", heads, true);
    return builder.failed ? tl__fail_memory(error, 64) : TL_OK;
}

static tl_status config_fill(tl__config *config, const char *text, size_t size, const char *const *set,
                             size_t set_count,
                             bool need_data, const char *preset, tl_error *error)
{
    tl__tree *tree = config->tree;
    TL_TRY(tl__yaml_parse(tree, text, size, error));
    if (tree->root.kind == TL_NULL) tree->root.kind = TL_MAP;
    if (tree->root.kind != TL_MAP)
        return tl__fail_at(error, TL_BAD_CONFIG, tree->file, tree->root.line, tree->root.column, NULL,
                           "a config is a map of blocks such as data: and training:, not a %s.",
                           tree->root.kind == TL_LIST ? "list" : "single value");
    config_refuse_later(config, error);
    config_drop_later(tree);
    tl_status status = tl__bind_aliases(config->rows, tree, error);
    if (status == TL_OUT_OF_MEMORY) return status;
    for (size_t i = 0; i < set_count; i++) {
        status = config_set(config, set[i], error);
        if (status == TL_OUT_OF_MEMORY || status == TL_INVALID) return status;
    }
    if (preset) TL_TRY(config_lay_preset(config, preset, error));
    status = config_focal(config, error);
    if (status == TL_OUT_OF_MEMORY) return status;
    TL_TRY(config_gather_model(config, error));
    TL_TRY(config_target_of_heads(config, error));
    status = tl__bind(config->rows, &config->settings, &tree->root, tree->file, "", &config->arena, error);
    if (status == TL_OUT_OF_MEMORY) return status;
    config_use_folds(config);
    config_check_members(config, error);
    TL_TRY(config_check_alerts(config, error));
    if (error->status == TL_OUT_OF_MEMORY) return TL_OUT_OF_MEMORY;
    if (need_data) config_need_data(config, error);
    if (error->status != TL_OK) {
        tl__config_place(config, TL_BAD_CONFIG, error);
        config_sum_up(config, error);
        return TL_BAD_CONFIG;
    }
    config->name = config_clean_name(config, &config->arena);
    return config->name ? TL_OK : tl__fail_memory(error, 64);
}

TL_PRIV tl_status tl__config_parse(tl_context *context, const char *text, size_t size, const char *name,
                                   const char *folder, const char *const *set, size_t set_count, bool need_data,
                                   const char *preset, tl__config **out, tl_error *error)
{
    tl_error own = {0};
    if (!error) error = &own;
    tl__config *config = tl__alloc_zero(&context->heap, 1, sizeof *config);
    if (!config) return tl__fail_memory(error, sizeof *config);
    config->context = context;
    tl__arena_init(&config->arena, &context->heap);
    tl__config_rows(config->rows);
    config->path = tl__arena_text(&config->arena, name);
    config->folder = tl__arena_text(&config->arena, folder);
    tl_status status = config->path && config->folder ? tl__tree_new(&context->heap, config->path, &config->tree)
                                                      : TL_OUT_OF_MEMORY;
    if (status != TL_OK) tl__fail_memory(error, sizeof *config);
    else status = config_fill(config, text, size, set, set_count, need_data, preset, error);
    if (status != TL_OK) {
        tl__config_free(config);
        return status;
    }
    *out = config;
    return TL_OK;
}

TL_PRIV tl_status tl__config_read(tl_context *context, const char *path, const char *const *set, size_t set_count,
                                  tl__config **out, tl_error *error)
{
    tl__arena arena;
    tl__buffer text;
    tl_status status;
    tl__arena_init(&arena, &context->heap);
    tl__buffer_init(&text, &context->heap);
    if (!path) path = "config.yaml";
    if (tl__folder_exists(path)) path = tl__path_join(&arena, path, "config.yaml");
    const char *folder = path ? tl__path_folder(&arena, path) : NULL;
    if (!folder) {
        status = tl__fail_memory(error, 256);
    } else if (!tl__file_exists(path)) {
        status = tl__fail_at(error, TL_BAD_CONFIG, path, 0, 0, NULL,
                             "there is no such file. 'trainlib train:configure --preset plain > config.yaml' writes a "
                             "config to begin with.");
    } else {
        status = tl__file_read(path, &text, CONFIG_MAX_BYTES, error);
        if (status == TL_OK)
            status = tl__config_parse(context, text.data ? text.data : "", text.size, path, folder, set, set_count,
                                      true,
                                      NULL, out, error);
    }
    tl__buffer_free(&text);
    tl__arena_free(&arena);
    return status;
}

TL_PRIV tl_status tl__config_read_for(tl_context *context, const char *path, const char *const *set, size_t set_count,
                                      const char *out_folder, tl__config **out, tl_error *error)
{
    TL_TRY(tl__config_read(context, path, set, set_count, out, error));
    tl__config *config = *out;
    const char *folder = tl__path_join(&config->arena, out_folder, config->settings.output.folder);
    folder = folder ? tl__path_join(&config->arena, folder, "cache") : NULL;
    if (folder) {
        config->settings.data.usual_cache = folder;
        return TL_OK;
    }
    tl__config_free(config);
    *out = NULL;
    return tl__fail_memory(error, 256);
}

TL_PRIV void tl__config_free(tl__config *config)
{
    if (!config) return;
    if (config->tree) tl__tree_free(config->tree);
    tl__arena_free(&config->arena);
    tl__free(&config->context->heap, config, sizeof *config);
}
