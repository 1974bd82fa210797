/* A trained model and data for it. */
#include "lab/command_model.h"

#include "base/text.h"
#include "lab/versions.h"

TL_PRIV tl_status tl__trained_open(tl_context *context, const char *run, const tl_options *options, tl__trained *out,
                                   tl_error *error)
{
    memset(out, 0, sizeof *out);
    out->context = context;
    tl__arena_init(&out->arena, &context->heap);
    TL_TRY(tl__run_find(context, &out->arena, run, options, &out->place, error));
    if (out->place.folder && !tl__file_exists(out->place.model))
        return tl__fail(error, TL_NOT_FOUND, "%s has no model yet; 'trainlib train:status %s' says how far it is.",
                        out->place.folder, out->place.folder);
    TL_TRY(tl_model_load(context, out->place.model, &out->model, error));
    if (out->place.record) TL_TRY(tl__version_dress(out->model, out->place.record, error));
    if (out->place.folder)
        return tl__config_read_for(context, out->place.folder, options->set, options->set_count, options->out,
                                   &out->config, error);
    if (out->place.record)
        return tl__version_config(context, out->place.record, options->set, options->set_count, &out->config, error);
    const char *settings = out->model->settings ? out->model->settings : "{}";
    return tl__config_parse(context, settings, strlen(settings), out->place.model, "", options->set, options->set_count,
                            false, NULL, &out->config, error);
}

TL_PRIV bool tl__trained_knows_data(const tl__trained *trained)
{
    return trained->place.folder || trained->place.record;
}

TL_PRIV void tl__trained_close(tl__trained *trained)
{
    if (!trained->context) return;
    tl_model_free(trained->model);
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
