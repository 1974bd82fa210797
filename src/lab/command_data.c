/* train:prepare-data: the prepared parts as files, and a report. */
#include "base/text.h"
#include "lab/config.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "data/dataset.h"

/* What the terminal shows: rows of the parts, what was left out. */
static void command_data_summary(tl__builder *builder, tl_value *root, const tl_dataset *data)
{
    tl_value *map = tl__put_map(builder, root, "summary");
    tl__put_text(builder, map, "task", data->pipeline->forecast ? "forecast"
                 : data->pipeline->classification ? "classification" : "regression");
    tl__put_integer(builder, map, "features", (int64_t)tl_dataset_features(data));
    tl__put_integer(builder, map, data->pipeline->classification ? "classes" : "outputs",
                    (int64_t)tl_dataset_outputs(data));
    tl__put_integer(builder, map, "train", (int64_t)tl_dataset_rows(data, TL_TRAIN));
    tl__put_integer(builder, map, "validation", (int64_t)tl_dataset_rows(data, TL_VALIDATION));
    tl__put_integer(builder, map, "test", (int64_t)tl_dataset_rows(data, TL_TEST));
    if (data->left_out.missing_rows)
        tl__put_integer(builder, map, "rows left out for missing cells", (int64_t)data->left_out.missing_rows);
    if (data->left_out.missing_target_rows)
        tl__put_integer(builder, map, "rows left out for a missing target",
                        (int64_t)data->left_out.missing_target_rows);
    if (data->left_out.unknown_class_rows)
        tl__put_integer(builder, map, "rows left out for a class not listed",
                        (int64_t)data->left_out.unknown_class_rows);
    if (data->note && *data->note) tl__put_text(builder, map, "note", data->note);
}

static tl_status command_data_write(tl_context *context, const tl__config *config, const tl_dataset *data,
                                    const tl_options *options, tl__arena *arena, tl__tree *tree, tl_error *error)
{
    tl__builder builder;
    const char *folder = options->output, *report_path;
    if (!folder) {
        folder = tl__path_join(arena, options->out, config->settings.output.folder);
        folder = folder ? tl__path_join(arena, folder, "data") : NULL;
        folder = folder ? tl__path_join(arena, folder, config->name) : NULL;
    }
    report_path = folder ? tl__path_join(arena, folder, "data_report.json") : NULL;
    if (!report_path) return tl__fail_memory(error, 256);
    const char *format = options->format ? options->format : "csv";
    if (!tl__same_text(format, "csv") && !tl__same_text(format, "npy"))
        return tl__fail(error, TL_INVALID, "--format %s: the prepared data is written as csv or npy.", format);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL), *report;
    tl__put_text(&builder, root, "folder", folder);
    command_data_summary(&builder, root, data);
    TL_TRY(tl__dataset_report(&builder, root, "report", data, &config->settings.data, &report, error));
    TL_TRY(tl__folder_make(folder, error));
    TL_TRY(tl__dataset_write(data, folder, format, error));
    return tl__json_save(context, report, report_path, false, error);
}

TL_API tl_status tl_prepare_data(tl_context *context, const char *config_path, const tl_options *options,
                                 tl_value **out,
                                 tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__config *config = NULL;
    tl_dataset *data = NULL;
    tl__tree *tree = NULL;
    tl__arena arena;
    if (!options) options = &defaults;
    tl__arena_init(&arena, &context->heap);
    tl_status status = tl__config_read_for(context, config_path, options->set, options->set_count, options->out,
                                           &config, error);
    if (status == TL_OK)
        status = tl__dataset_load(context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                                  &data,
                                  error);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK) status = tl__fail_memory(error, 256);
    if (status == TL_OK) status = command_data_write(context, config, data, options, &arena, tree, error);
    tl_dataset_free(data);
    tl__config_free(config);
    tl__arena_free(&arena);
    if (status != TL_OK && tree) tl__tree_free(tree);
    if (status == TL_OK) *out = &tree->root;
    return status;
}
