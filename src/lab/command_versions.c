/* train:versions and train:rollback: what runs have made, and going back to it. */
#include "base/text.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/versions.h"

static const tl_options command_versions_defaults = TL_OPTIONS;

/* A config says where its store is and what its versions are called. */
typedef struct command_versions_place {
    const char *output, *name;       /* name NULL: of all */
} command_versions_place;

static tl_status command_versions_locate(tl_context *context, tl__arena *arena, const char *what,
                                         command_versions_place *out, tl_error *error)
{
    tl__config *config;
    *out = (command_versions_place){"output", what};
    if (!what || !tl__path_is_config(what)) return TL_OK;
    TL_TRY(tl__config_read(context, what, NULL, 0, &config, error));
    out->output = tl__arena_text(arena, config->settings.output.folder);
    out->name = tl__arena_text(arena, config->name);
    tl__config_free(config);
    return out->output && out->name ? TL_OK : tl__fail_memory(error, 256);
}

static tl_status command_versions_need(const tl__versions *store, const char *what, const tl__version **out,
                                       tl_error *error)
{
    *out = NULL;
    if (what) TL_TRY(tl__versions_find(store, what, out, error));
    if (*out) return TL_OK;
    return what ? tl__fail(error, TL_NOT_FOUND, "%s has no version '%s'; 'trainlib train:versions' lists what there "
                           "is.", store->folder, what)
                : tl__fail(error, TL_INVALID, "name a version: the beginning of its id, its tag, or the name of a "
                           "config for its current one.");
}

static void command_versions_list(const tl__versions *store, const char *name, tl__builder *builder, tl_value *root)
{
    tl_value *list = tl__put_list(builder, root, "versions");
    for (size_t i = store->count; i-- > 0;)
        if (!store->list[i].removed && (!name || strcmp(store->list[i].name, name) == 0))
            tl__version_put(&store->list[i], builder, list, NULL);
}

static tl_status command_versions_do(tl__versions *store, const char *name, const tl_options *options,
                                     tl__builder *builder, tl_error *error)
{
    const tl__version *version;
    tl_value *root = tl__put_map(builder, NULL, NULL);
    tl__put_text(builder, root, "folder", store->folder);
    if (options->note || options->tag) {
        TL_TRY(command_versions_need(store, name, &version, error));
        TL_TRY(tl__versions_mark(store, version, options->note, options->tag, error));
        name = version->name;
    }
    if (options->keep > 0)
        TL_TRY(tl__versions_prune(store, name, options->keep, builder, tl__put_list(builder, root, "removed"),
                                  error));
    command_versions_list(store, name, builder, root);
    return builder->failed ? tl__fail_memory(error, 256) : TL_OK;
}

TL_API tl_status tl_versions(tl_context *context, const char *what, const tl_options *options, tl_value **out,
                             tl_error *error)
{
    const tl_options *o = options ? options : &command_versions_defaults;
    command_versions_place place;
    tl__arena arena;
    tl__versions store = {0};
    tl__tree *tree = NULL;
    tl__builder builder;
    tl__arena_init(&arena, &context->heap);
    tl_status status = command_versions_locate(context, &arena, what, &place, error);
    if (status == TL_OK) status = tl__versions_open(&store, context, o->out, place.output, error);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK)
        status = tl__fail_memory(error, sizeof *tree);
    if (status == TL_OK) {
        tl__builder_init(&builder, tree);
        status = command_versions_do(&store, place.name, o, &builder, error);
    }
    tl__versions_close(&store);
    tl__arena_free(&arena);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    return status;
}

/* ---- going back ---- */

static tl_status command_versions_restore(tl_context *context, tl__versions *store, const tl__version *version,
                                          const char *output, const tl_options *options, char id[65],
                                          tl_error *error)
{
    tl_model *model;
    const char *object = tl__version_object(store, version, &store->arena);
    const char *record = tl__version_record(store, version, &store->arena);
    if (!object || !record) return tl__fail_memory(error, 256);
    TL_TRY(tl_model_load(context, object, &model, error));
    tl__version_draft draft = {.parent = version->id, .origin = "rollback", .note = options->note ? options->note : "",
                               .tag = options->tag ? options->tag : "", .model = model, .like = version};
    tl_status status = tl__version_dress(model, record, error);
    if (status == TL_OK) status = tl__versions_add(context, options->out, output, &draft, 0, id, error);
    tl_model_free(model);
    return status;
}

static tl_status command_versions_rollback(tl_context *context, tl__versions *store, const char *what,
                                           const char *output, const tl_options *options, tl__builder *builder,
                                           tl_error *error)
{
    char id[65];
    const tl__version *version, *current = NULL;
    TL_TRY(command_versions_need(store, what, &version, error));
    TL_TRY(tl__versions_find(store, version->name, &current, error));
    if (current == version)
        return tl__fail(error, TL_INVALID, "%.12s is the current version of %s already.", version->id, version->name);
    TL_TRY(command_versions_restore(context, store, version, output, options, id, error));
    tl_value *root = tl__put_map(builder, NULL, NULL);
    tl__put_text(builder, root, "id", id);
    tl__put_text(builder, root, "name", version->name);
    tl__put_text(builder, root, "parent", version->id);
    tl__put_text(builder, root, "replaces", current ? current->id : "");
    tl_value *model = tl__put_text(builder, root, "model",
                                   tl__arena_format(&store->arena, "%s/%s.safetensors", store->folder, version->name));
    return model ? TL_OK : tl__fail_memory(error, 256);
}

TL_API tl_status tl_rollback(tl_context *context, const char *version, const tl_options *options, tl_value **out,
                             tl_error *error)
{
    const tl_options *o = options ? options : &command_versions_defaults;
    tl__versions store = {0};
    tl__tree *tree = NULL;
    tl__builder builder;
    tl_status status = tl__versions_open(&store, context, o->out, "output", error);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK)
        status = tl__fail_memory(error, sizeof *tree);
    if (status == TL_OK) {
        tl__builder_init(&builder, tree);
        status = command_versions_rollback(context, &store, version, "output", o, &builder, error);
    }
    tl__versions_close(&store);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    return status;
}
