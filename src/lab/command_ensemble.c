/* train:ensemble: several trained runs become one model, the mean of their predictions, measured beside its members. */
#include "base/text.h"
#include "lab/command_model.h"
#include "lab/figures.h"
#include "lab/path.h"
#include "model/ensemble.h"

typedef struct command_ensemble_work {
    tl_context *context;
    tl__trained *members;        /* [count] */
    size_t count;
    tl_model *ensemble;
    tl_dataset *data;            /* of the first member, or of --data */
    tl_part part;                /* that is measured */
    tl__arena arena;
} command_ensemble_work;

static tl_status command_ensemble_open(command_ensemble_work *work, const char *const *runs, const tl_options *options,
                                       tl_error *error)
{
    tl_model **models = tl__arena_push_zero(&work->arena, work->count, sizeof *models);
    const char **names = tl__arena_push_zero(&work->arena, work->count, sizeof *names);
    if (!models || !names) return tl__fail_memory(error, work->count * sizeof *models);
    for (size_t m = 0; m < work->count; m++) {
        TL_TRY(tl__trained_open(work->context, runs[m], options, &work->members[m], error));
        models[m] = work->members[m].model;
        names[m] = runs[m];
    }
    return tl__ensemble_make(work->context, models, names, work->count, &work->ensemble, error);
}

/* The settings of the first member: how data is read, and the loss. */
static tl_status command_ensemble_settings(command_ensemble_work *work, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&work->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    const tl_value *settings = tl__config_results(work->members[0].config, &builder, root, "settings");
    tl_status status = builder.failed ? TL_OUT_OF_MEMORY : tl__model_set_settings(work->ensemble, settings);
    tl__tree_free(tree);
    return status == TL_OK ? TL_OK : tl__fail_memory(error, 0);
}

/* The rows to measure on: those of --data, else the test part (or the validation part) of the first member's own. */
static tl_status command_ensemble_data(command_ensemble_work *work, const tl_options *options, tl_error *error)
{
    tl__trained *first = &work->members[0];
    const tl__config *config = first->config;
    work->part = TL_TEST;
    if (options->data) return tl__trained_read(first, options->data, &work->data, error);
    if (!tl__trained_knows_data(first)) return TL_OK;
    TL_TRY(tl__dataset_load(work->context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                            &work->data, error));
    if (tl_dataset_rows(work->data, TL_TEST) == 0) work->part = TL_VALIDATION;
    return TL_OK;
}

static tl_status command_ensemble_put(command_ensemble_work *work, tl__builder *builder, tl_value *root,
                                      const char *const *runs, const char *path, tl_error *error)
{
    tl_scores scores;
    bool measured = work->data && work->data->has_target && tl_dataset_rows(work->data, work->part) > 0;
    bool classes = work->ensemble->pipeline->classification;
    tl_value *members = tl__put_list(builder, root, "members");
    for (size_t m = 0; m < work->count; m++) {
        tl_value *member = tl__put_map(builder, members, NULL);
        tl__put_text(builder, member, "run", runs[m]);
        if (!measured) continue;
        TL_TRY(tl_score(work->members[m].model, work->data, work->part, &scores, error));
        tl__scores_put(builder, member, "scores", &scores, classes);
    }
    tl__put_text(builder, root, "model", path);
    tl__put_integer(builder, root, "parameters", tl_model_parameters(work->ensemble));
    if (measured) {
        TL_TRY(tl_score(work->ensemble, work->data, work->part, &scores, error));
        tl__put_text(builder, root, "part", work->part == TL_TEST ? "test" : "validation");
        tl__scores_put(builder, root, "ensemble", &scores, classes);
    }
    return builder->failed ? tl__fail_memory(error, 64) : TL_OK;
}

static tl_status command_ensemble_all(command_ensemble_work *work, const char *const *runs, const tl_options *options,
                                      tl__tree *tree, tl_error *error)
{
    tl__builder builder;
    const char *path = options->output ? options->output : tl__path_join(&work->arena, options->out,
                                                                         "ensemble.safetensors");
    if (!path) return tl__fail_memory(error, 256);
    TL_TRY(command_ensemble_open(work, runs, options, error));
    TL_TRY(command_ensemble_settings(work, error));
    TL_TRY(command_ensemble_data(work, options, error));
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    TL_TRY(command_ensemble_put(work, &builder, root, runs, path, error));
    return tl_model_save(work->ensemble, path, error);
}

TL_API tl_status tl_ensemble(tl_context *context, const char *const *runs, size_t count, const tl_options *options,
                             tl_value **out, tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    command_ensemble_work work = {.context = context, .count = count};
    tl__tree *tree;
    if (count < 2 || count > TL__ENSEMBLE_MEMBERS)
        return tl__fail(error, TL_INVALID, "an ensemble is made of 2 to %d runs or model files, not of %zu.",
                        TL__ENSEMBLE_MEMBERS, count);
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__arena_init(&work.arena, &context->heap);
    work.members = tl__arena_push_zero(&work.arena, count, sizeof *work.members);
    tl_status status = work.members ? command_ensemble_all(&work, runs, options ? options : &defaults, tree, error)
                                    : tl__fail_memory(error, count * sizeof *work.members);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    for (size_t m = 0; work.members && m < count; m++) tl__trained_close(&work.members[m]);
    tl_dataset_free(work.data);
    tl_model_free(work.ensemble);
    tl__arena_free(&work.arena);
    return status;
}
