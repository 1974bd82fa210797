/* The result of a run as a tree, as --json prints it. */
#include "lab/figures.h"
#include "text/bind.h"

TL_API tl_status tl_run_result_value(tl_context *context, const tl_run_result *result, tl_value **out)
{
    tl__tree *tree;
    tl__builder builder;
    TL_TRY(tl__tree_new(&context->heap, NULL, &tree));
    tl__builder_init(&builder, tree);
    bool classes = result->train.accuracy == result->train.accuracy && result->train.samples > 0;
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "run", result->run);
    tl__put_text(&builder, root, "model", result->model_path);
    if (*result->report) tl__put_text(&builder, root, "report", result->report);
    if (*result->version) tl__put_text(&builder, root, "version", result->version);
    tl__put_integer(&builder, root, "epochs", result->epochs);
    tl__put_integer(&builder, root, "best_epoch", result->best_epoch);
    tl__put_text(&builder, root, "stopped", result->stopped);
    tl__put_number(&builder, root, "seconds", result->seconds);
    tl__put_number(&builder, root, "samples_per_second", result->samples_per_second);
    tl__put_number(&builder, root, "output_seconds", result->output_seconds);
    tl__put_integer(&builder, root, "parameters", result->parameters);
    tl__put_integer(&builder, root, "memory_bytes", (int64_t)result->memory_bytes);
    if (result->models > 0) {
        tl__put_integer(&builder, root, "models", result->models);
        tl__put_text(&builder, root, "metric", result->metric);
        tl__put_number(&builder, root, "mean", result->mean);
        tl__put_number(&builder, root, "deviation", result->deviation);
    }
    if (result->memory_peak_bytes)
        tl__put_integer(&builder, root, "memory_peak_bytes", (int64_t)result->memory_peak_bytes);
    tl__scores_put(&builder, root, "train", &result->train, classes);
    tl__scores_put(&builder, root, "validation", &result->validation, classes);
    tl__scores_put(&builder, root, "test", &result->test, classes);
    const char *const paths[][2] = {{"csv_path", result->analytics_csv}, {"json_path", result->analytics_json},
                                    {"alerts_path", result->analytics_alerts}};
    tl_value *analytics = NULL;
    for (size_t i = 0; i < TL_COUNT(paths); i++) {
        if (!*paths[i][1]) continue;
        if (!analytics) analytics = tl__put_map(&builder, root, "analytics");
        tl__put_text(&builder, analytics, paths[i][0], paths[i][1]);
    }
    if (builder.failed) {
        tl__tree_free(tree);
        return TL_OUT_OF_MEMORY;
    }
    *out = &tree->root;
    return TL_OK;
}
