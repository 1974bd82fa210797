/* train:ensemble: several trained runs predict together, measured beside its members. Two forms:
 *
 *     NAME.safetensors   one network, the mean of its members; they saw the same training rows
 *     NAME.json          a list of models, each with its own view of the rows: mean, vote or best */
#include "base/text.h"
#include "lab/command_model.h"
#include "lab/figures.h"
#include "lab/path.h"
#include "model/ensemble.h"
#include "port/port.h"

typedef struct command_ensemble_work {
    tl_context *context;
    const char *const *runs;     /* [count] */
    const char *path;            /* of what is made */
    bool list;                   /* its form */
    tl__trained *members;        /* [count] */
    size_t count;
    tl_model **models;           /* [count] of the members */
    tl__committee committee;     /* of them */
    tl_model *ensemble;          /* the one network; NULL: a list */
    tl_dataset *data;            /* of the first member, or of --data; NULL: not measured */
    tl_part part;                /* that is measured */
    tl__arena arena;
} command_ensemble_work;

/* The file, and which of the two forms it takes. */
static tl_status command_ensemble_form(command_ensemble_work *work, const tl_options *options, tl_error *error)
{
    int combine = options->ensemble ? tl__combine_of(options->ensemble, error) : TL__COMBINE_MEAN;
    if (combine < 0) return TL_INVALID;
    work->committee = (tl__committee){work->models, work->count, combine, 0};
    work->list = options->output ? tl__path_ends(options->output, ".json") : combine != TL__COMBINE_MEAN;
    if (!work->list && combine != TL__COMBINE_MEAN)
        return tl__fail(error, TL_INVALID, "--ensemble %s is no single network; its file is a list of models: --output "
                        "NAME.json.", options->ensemble);
    work->path = options->output ? options->output
                                 : tl__path_join(&work->arena, options->out, work->list ? "ensemble.json"
                                                                                        : "ensemble.safetensors");
    return work->path ? TL_OK : tl__fail_memory(error, 256);
}

static tl_status command_ensemble_open(command_ensemble_work *work, const tl_options *options, tl_error *error)
{
    tl_options plain = *options;
    plain.ensemble = NULL;
    for (size_t m = 0; m < work->count; m++) {
        TL_TRY(tl__trained_open(work->context, work->runs[m], &plain, &work->members[m], error));
        if (work->members[m].models)
            return tl__fail(error, TL_UNSUPPORTED, "%s is several models already; name those of its folders that are "
                            "to be members.", work->runs[m]);
        work->models[m] = work->members[m].model;
    }
    if (work->list) return tl__committee_check(&work->committee, error);
    const char **names = tl__arena_push_zero(&work->arena, work->count, sizeof *names);
    if (!names) return tl__fail_memory(error, work->count * sizeof *names);
    for (size_t m = 0; m < work->count; m++) names[m] = work->runs[m];
    return tl__ensemble_make(work->context, work->models, names, work->count, &work->ensemble, error);
}

/* The member that did best on its own validation part. */
static tl_status command_ensemble_best(command_ensemble_work *work, tl_error *error)
{
    bool classes = work->models[0]->pipeline->classification;
    const char *figure = classes ? "validation.balanced_accuracy" : "validation.mse";
    double least = 0;
    for (size_t m = 0; m < work->count; m++) {
        const char *folder = work->members[m].place.folder;
        const char *path = folder ? tl__path_join(&work->arena, folder, "metrics.json") : NULL;
        double value = 0.0 / 0.0;
        tl__tree *tree;
        if (folder && !path) return tl__fail_memory(error, 256);
        if (path && tl__file_exists(path)) {
            TL_TRY(tl__json_read(work->context, path, &tree, error));
            value = tl_value_number(tl_value_get(&tree->root, figure), value) * (classes ? -1 : 1);
            tl__tree_free(tree);
        }
        if (value != value && work->committee.combine != TL__COMBINE_BEST) return TL_OK;
        if (value != value)
            return tl__fail(error, TL_NOT_FOUND, "%s has no figures of a validation part, by which the best member is "
                            "found; name finished run folders that have one.", work->runs[m]);
        if (m == 0 || value < least) {
            least = value;
            work->committee.best = m;
        }
    }
    return TL_OK;
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

static tl_status command_ensemble_load(command_ensemble_work *work, size_t member, tl_dataset **out, tl_error *error)
{
    const tl__config *config = work->members[member].config;
    return tl__dataset_load(work->context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                            out, error);
}

/* Did every member keep the same rows of the same data apart as its test part? */
static tl_status command_ensemble_same(command_ensemble_work *work, bool *same, tl_error *error)
{
    size_t rows = tl_dataset_rows(work->data, TL_TEST);
    *same = rows > 0;
    for (size_t m = 1; m < work->count && *same; m++) {
        tl_dataset *other = NULL;
        *same = tl__trained_knows_data(&work->members[m]);
        if (!*same) return TL_OK;
        TL_TRY(command_ensemble_load(work, m, &other, error));
        *same = rows == tl_dataset_rows(other, TL_TEST) && tl__same_text(work->data->hash, other->hash);
        for (size_t i = 0; i < rows && *same; i++)
            *same = tl__dataset_row_id(work->data, TL_TEST, i) == tl__dataset_row_id(other, TL_TEST, i);
        tl_dataset_free(other);
    }
    return TL_OK;
}

/* The rows to measure on: those of --data, else the test part (or, of one network, the validation part) of the first
 * member's own. */
static tl_status command_ensemble_data(command_ensemble_work *work, const tl_options *options, tl_error *error)
{
    tl__trained *first = &work->members[0];
    bool same;
    work->part = TL_TEST;
    if (options->data) return tl__trained_read(first, options->data, &work->data, error);
    if (!tl__trained_knows_data(first)) return TL_OK;
    TL_TRY(command_ensemble_load(work, 0, &work->data, error));
    if (!work->list) {
        if (tl_dataset_rows(work->data, TL_TEST) == 0) work->part = TL_VALIDATION;
        return TL_OK;
    }
    TL_TRY(command_ensemble_same(work, &same, error));
    if (same) return TL_OK;
    tl__log_line(work->context, TL_LOG_WARNING, "the members have no test part in common, so nothing is measured; name "
                 "rows that none of them has seen with --data FILE.");
    tl_dataset_free(work->data);
    work->data = NULL;
    return TL_OK;
}

/* Of a model that sees the rows through its own pipeline. */
static tl_status command_ensemble_score(command_ensemble_work *work, tl_model *model, tl_scores *out, tl_error *error)
{
    tl_dataset *view;
    if (!work->list) return tl_score(model, work->data, work->part, out, error);
    TL_TRY(tl__dataset_view(work->context, work->data, model->pipeline, &view, error));
    tl_status status = tl_score(model, view, work->part, out, error);
    tl_dataset_free(view);
    return status;
}

static tl_status command_ensemble_together(command_ensemble_work *work, tl_scores *out, tl_error *error)
{
    const tl__committee *committee = &work->committee;
    if (!work->list) return tl_score(work->ensemble, work->data, work->part, out, error);
    if (committee->combine == TL__COMBINE_BEST)
        return command_ensemble_score(work, committee->models[committee->best], out, error);
    return tl__committee_score(committee, work->data, work->part, out, error);
}

static tl_status command_ensemble_put(command_ensemble_work *work, tl__builder *builder, tl_value *root,
                                      tl_error *error)
{
    tl_scores scores;
    bool measured = work->data && work->data->has_target && tl_dataset_rows(work->data, work->part) > 0;
    bool classes = work->models[0]->pipeline->classification;
    int64_t parameters = 0;
    tl_value *members = tl__put_list(builder, root, "members");
    for (size_t m = 0; m < work->count; m++) {
        tl_value *member = tl__put_map(builder, members, NULL);
        tl__put_text(builder, member, "run", work->runs[m]);
        parameters += tl_model_parameters(work->models[m]);
        if (!measured) continue;
        TL_TRY(command_ensemble_score(work, work->models[m], &scores, error));
        tl__scores_put(builder, member, "scores", &scores, classes);
    }
    tl__put_text(builder, root, "model", work->path);
    tl__put_text(builder, root, "combine", tl__combine_word(work->committee.combine));
    if (work->committee.combine == TL__COMBINE_BEST)
        tl__put_text(builder, root, "best", work->runs[work->committee.best]);
    tl__put_integer(builder, root, "parameters", parameters);
    if (measured) {
        TL_TRY(command_ensemble_together(work, &scores, error));
        tl__put_text(builder, root, "part", work->part == TL_TEST ? "test" : "validation");
        tl__scores_put(builder, root, "ensemble", &scores, classes);
    }
    return builder->failed ? tl__fail_memory(error, 64) : TL_OK;
}

/* The list: {combine, best, members}; where the members are is told from the list's folder. */
static tl_status command_ensemble_write(command_ensemble_work *work, tl_error *error)
{
    char here[1024];
    const char *folder = tl__path_folder(&work->arena, work->path);
    const char *current = tl__folder_current(here, sizeof here) ? here : NULL;
    tl__tree *tree;
    tl__builder builder;
    if (!folder || tl__tree_new(&work->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, 256);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "combine", tl__combine_word(work->committee.combine));
    tl__put_integer(&builder, root, "best", (int64_t)work->committee.best);
    tl_value *members = tl__put_list(&builder, root, "members");
    for (size_t m = 0; m < work->count; m++) {
        const char *path = work->members[m].place.version ? work->members[m].place.version
                           : work->members[m].place.folder
                               ? tl__path_from(&work->arena, folder, work->members[m].place.folder, current)
                               : tl__path_from(&work->arena, folder, work->members[m].place.model, current);
        if (path) tl__put_text(&builder, members, NULL, path);
        else builder.failed = true;
    }
    tl_status status = builder.failed ? tl__fail_memory(error, 256)
                                      : tl__json_save(work->context, root, work->path, false, error);
    tl__tree_free(tree);
    return status;
}

static tl_status command_ensemble_all(command_ensemble_work *work, const tl_options *options, tl__tree *tree,
                                      tl_error *error)
{
    tl__builder builder;
    work->members = tl__arena_push_zero(&work->arena, work->count, sizeof *work->members);
    work->models = tl__arena_push_zero(&work->arena, work->count, sizeof *work->models);
    if (!work->members || !work->models) return tl__fail_memory(error, work->count * sizeof *work->members);
    TL_TRY(command_ensemble_form(work, options, error));
    TL_TRY(command_ensemble_open(work, options, error));
    TL_TRY(work->list ? command_ensemble_best(work, error) : command_ensemble_settings(work, error));
    TL_TRY(command_ensemble_data(work, options, error));
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    TL_TRY(command_ensemble_put(work, &builder, root, error));
    return work->list ? command_ensemble_write(work, error) : tl_model_save(work->ensemble, work->path, error);
}

TL_API tl_status tl_ensemble(tl_context *context, const char *const *runs, size_t count, const tl_options *options,
                             tl_value **out, tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    command_ensemble_work work = {.context = context, .runs = runs, .count = count};
    tl__tree *tree;
    if (count < 2 || count > TL__ENSEMBLE_MEMBERS)
        return tl__fail(error, TL_INVALID, "an ensemble is made of 2 to %d runs or model files, not of %zu.",
                        TL__ENSEMBLE_MEMBERS, count);
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__arena_init(&work.arena, &context->heap);
    tl_status status = command_ensemble_all(&work, options ? options : &defaults, tree, error);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    tl_dataset_free(work.data);
    tl_model_free(work.ensemble);
    for (size_t m = 0; work.members && m < count; m++) tl__trained_close(&work.members[m]);
    tl__arena_free(&work.arena);
    return status;
}
