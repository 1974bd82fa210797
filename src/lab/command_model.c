/* A trained model, or several that predict together, and data for it. */
#include "lab/command_model.h"

#include "base/text.h"
#include "lab/figures.h"
#include "lab/path.h"
#include "lab/versions.h"

static tl_status trained_config(tl__trained *trained, const tl_options *options, tl_error *error)
{
    const tl__run_place *place = &trained->place;
    if (place->folder)
        return tl__config_read_for(trained->context, place->folder, options->set, options->set_count, options->out,
                                   &trained->config, error);
    if (place->record)
        return tl__version_config(trained->context, place->record, options->set, options->set_count, &trained->config,
                                  error);
    const char *settings = trained->model->settings ? trained->model->settings : "{}";
    return tl__config_parse(trained->context, settings, strlen(settings), place->model, "", options->set,
                            options->set_count, false, NULL, &trained->config, error);
}

/* Which of the models the run found best. */
static tl_status trained_best(tl__trained *trained, size_t *best, tl_error *error)
{
    tl__tree *tree;
    const char *path = tl__path_join(&trained->arena, trained->place.folder, "metrics.json");
    if (!path) return tl__fail_memory(error, 256);
    if (!tl__file_exists(path))
        return tl__fail(error, TL_NOT_FOUND, "%s is not finished; 'trainlib train:run --resume %s' goes on with it.",
                        trained->place.folder, trained->place.folder);
    TL_TRY(tl__json_read(trained->context, path, &tree, error));
    const char *name = tl_value_text(tl_value_get(&tree->root, "cross_validation.best"),
                                     tl_value_text(tl_value_get(&tree->root, "spread.best"), ""));
    for (size_t i = 0; i < trained->many.count; i++)
        if (tl__same_text(trained->many.ones[i].name, name)) *best = i;
    tl__tree_free(tree);
    return TL_OK;
}

static tl_status trained_open_many(tl__trained *trained, const tl_options *options, tl_error *error)
{
    size_t best = 0;
    int combine = trained->config->settings.ensemble.combine;
    if (options->ensemble) combine = tl__combine_of(options->ensemble, error);
    if (combine < 0) return TL_INVALID;
    TL_TRY(trained_best(trained, &best, error));
    trained->models = tl__arena_push_zero(&trained->arena, trained->many.count, sizeof *trained->models);
    if (!trained->models) return tl__fail_memory(error, trained->many.count * sizeof *trained->models);
    TL_TRY(tl__many_load(trained->context, &trained->many, trained->place.folder, trained->models, error));
    trained->model = trained->models[best];
    bool together = !trained->model->pipeline->forecast;
    trained->committee = (tl__committee){trained->models, trained->many.count, together ? combine : TL__COMBINE_BEST,
                                         best};
    trained->place.model = tl__arena_format(&trained->arena, "%s (%s of %zu models)", trained->place.folder,
                                            tl__combine_word(trained->committee.combine), trained->many.count);
    return trained->place.model ? TL_OK : tl__fail_memory(error, 256);
}

/* ---- a list of models, as train:ensemble writes it ---- */

static tl_status trained_open_member(tl__trained *trained, const char *list, const char *name, const char **member,
                                     tl_model **out, tl_error *error)
{
    static const tl_options plain = TL_OPTIONS;
    tl__run_place place;
    const char *folder = tl__path_folder(&trained->arena, list);
    const char *path = folder && name ? tl__path_join(&trained->arena, folder, name) : NULL;
    if (!path) return tl__fail_memory(error, 256);
    if (!tl__file_exists(path) && !tl__folder_exists(path)) path = name;    /* a version */
    *member = tl__arena_text(&trained->arena, path);
    if (!*member) return tl__fail_memory(error, 256);
    TL_TRY(tl__run_find(trained->context, &trained->arena, path, &plain, &place, error));
    TL_TRY(tl_model_load(trained->context, place.model, out, error));
    return place.record ? tl__version_dress(*out, place.record, error) : TL_OK;
}

static tl_status trained_open_list(tl__trained *trained, const char *list, const tl_value *root,
                                   const tl_options *options, tl_error *error)
{
    const tl_value *members = tl_value_get(root, "members");
    size_t count = tl_value_count(members);
    const char *word = options->ensemble ? options->ensemble : tl_value_text(tl_value_get(root, "combine"), "mean");
    int combine = tl__combine_of(word, error);
    int64_t best = tl_value_integer(tl_value_get(root, "best"), -1);
    if (combine < 0) return TL_INVALID;
    if (count == 0) return tl__fail(error, TL_BAD_DATA, "%s: the list of `members` is empty.", list);
    if (combine == TL__COMBINE_BEST && (best < 0 || best >= (int64_t)count))
        return tl__fail(error, TL_BAD_DATA, "%s does not say which member is the best; 'train:ensemble --ensemble "
                        "best' writes a list that does.", list);
    trained->models = tl__arena_push_zero(&trained->arena, count, sizeof *trained->models);
    trained->members = tl__arena_push_zero(&trained->arena, count, sizeof *trained->members);
    if (!trained->models || !trained->members) return tl__fail_memory(error, count * sizeof *trained->models);
    trained->many.count = count;
    for (size_t i = 0; i < count; i++)
        TL_TRY(trained_open_member(trained, list, tl_value_text(tl_value_at(members, i), ""), &trained->members[i],
                                   &trained->models[i], error));
    size_t one = best >= 0 && best < (int64_t)count ? (size_t)best : 0;
    trained->model = trained->models[one];
    trained->committee = (tl__committee){trained->models, count, combine, one};
    TL_TRY(tl__committee_check(&trained->committee, error));
    trained->place.model = tl__arena_format(&trained->arena, "%s (%s of %zu models)", list, word, count);
    if (!trained->place.model) return tl__fail_memory(error, 256);
    return trained_config(trained, options, error);
}

/* Is it such a list? Then it is opened. */
static tl_status trained_try_list(tl__trained *trained, const char *run, const tl_options *options, bool *is,
                                  tl_error *error)
{
    tl__tree *tree;
    tl_error why = {0};
    *is = false;
    if (!run || !tl__path_ends(run, ".json") || !tl__file_exists(run)) return TL_OK;
    if (tl__json_read(trained->context, run, &tree, &why) != TL_OK) return TL_OK;
    *is = tl_value_get(&tree->root, "combine") && tl_value_get(&tree->root, "members");
    tl_status status = *is ? trained_open_list(trained, run, &tree->root, options, error) : TL_OK;
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__trained_open(tl_context *context, const char *run, const tl_options *options, tl__trained *out,
                                   tl_error *error)
{
    bool list;
    memset(out, 0, sizeof *out);
    out->context = context;
    tl__arena_init(&out->arena, &context->heap);
    TL_TRY(trained_try_list(out, run, options, &list, error));
    if (list) return TL_OK;
    TL_TRY(tl__run_find(context, &out->arena, run, options, &out->place, error));
    if (out->place.folder && !tl__file_exists(out->place.model)) {
        tl_error why = {0};
        const char *config = tl__path_join(&out->arena, out->place.folder, "config.yaml");
        if (config && tl__file_exists(config) && trained_config(out, options, &why) == TL_OK &&
            tl__many_of(out->config, &out->arena, &out->many, &why) == TL_OK && out->many.count)
            return trained_open_many(out, options, error);
        return tl__fail(error, TL_NOT_FOUND, "%s has no model yet; 'trainlib train:status %s' says how far it is.",
                        out->place.folder, out->place.folder);
    }
    TL_TRY(tl_model_load(context, out->place.model, &out->model, error));
    if (out->place.record) TL_TRY(tl__version_dress(out->model, out->place.record, error));
    if (options->ensemble)
        tl__log_line(context, TL_LOG_WARNING, "%s is one model, so --ensemble changes nothing.", out->place.model);
    return trained_config(out, options, error);
}

TL_PRIV tl_status tl__trained_predict(const tl__trained *trained, const tl_dataset *data, tl_part part, float *out,
                                      tl_error *error)
{
    if (trained->models) return tl__committee_predict(&trained->committee, data, part, out, error);
    return tl__predict_part(trained->model, data, part, out, error);
}

TL_PRIV tl_status tl__trained_score(const tl__trained *trained, const tl_dataset *data, tl_part part, tl_scores *out,
                                    tl_error *error)
{
    if (!trained->models) return tl_score(trained->model, data, part, out, error);
    if (trained->committee.combine == TL__COMBINE_BEST) {
        tl_dataset *view;
        if (data->pipeline->forecast) return tl_score(trained->model, data, part, out, error);
        TL_TRY(tl__dataset_view(trained->context, data, trained->model->pipeline, &view, error));
        tl_status status = tl_score(trained->model, view, part, out, error);
        tl_dataset_free(view);
        return status;
    }
    return tl__committee_score(&trained->committee, data, part, out, error);
}

TL_PRIV const char *tl__trained_member(tl__trained *trained, size_t member)
{
    if (trained->members) return trained->members[member];
    return tl__path_join(&trained->arena, trained->place.folder, trained->many.ones[member].name);
}

TL_PRIV bool tl__trained_saw(const tl__trained *trained, tl_part part)
{
    return trained->models && trained->many.kind == TL__MANY_FOLDS && part != TL_TEST;
}

TL_PRIV bool tl__trained_knows_data(const tl__trained *trained)
{
    return trained->place.folder || trained->place.record;
}

TL_PRIV void tl__trained_close(tl__trained *trained)
{
    if (!trained->context) return;
    for (size_t i = 0; trained->models && i < trained->many.count; i++) tl_model_free(trained->models[i]);
    if (!trained->models) tl_model_free(trained->model);
    tl__config_free(trained->config);
    tl__arena_free(&trained->arena);
    memset(trained, 0, sizeof *trained);
}

TL_PRIV tl_status tl__trained_read(tl__trained *trained, const char *file, tl_dataset **out, tl_error *error)
{
    const tl_value path = {.kind = TL_TEXT, .text = file, .text_size = strlen(file), .quoted = true};
    tl__data_settings settings = trained->config->settings.data;
    settings.sequence.folder = trained->config->folder;
    return tl__dataset_apply_file(trained->context, trained->model->pipeline, &path, &settings, NULL, out, error);
}
