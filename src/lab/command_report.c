/* train:report: a run's report, or several runs side by side. */
#include "base/text.h"
#include "lab/charts.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/report.h"

enum { COMMAND_REPORT_RUNS = 64 };

static tl_status command_report_one(tl_context *context, const char *run, const tl_options *options, tl__arena *arena,
                                    tl__builder *builder, tl_value *root, tl_error *error)
{
    tl__run_place place;
    TL_TRY(tl__run_find(context, arena, run, options, &place, error));
    if (!place.folder)
        return tl__fail(error, TL_INVALID, "%s is a model file; a report is made of a run folder.", run);
    if (options->output) TL_TRY(tl__folder_make(options->output, error));
    return tl__report_run(context, place.folder, options->output, options->format ? options->format : "svg", builder,
                          root, error);
}

static tl_status command_report_write(tl__story *stories, size_t count, const tl_options *options, tl__builder *builder,
                                      tl_value *root, tl_error *error)
{
    tl__document document;
    tl_context *context = stories[0].context;
    const char *folder = options->output;
    if (!folder) folder = tl__path_join(&stories[0].arena, options->out, "output/comparison");
    const char *charts = folder ? tl__path_join(&stories[0].arena, folder, "charts") : NULL;
    const char *html = folder ? tl__path_join(&stories[0].arena, folder, "comparison.html") : NULL;
    const char *pdf = folder ? tl__path_join(&stories[0].arena, folder, "comparison.pdf") : NULL;
    if (!charts || !html || !pdf) return tl__fail_memory(error, 256);
    TL_TRY(tl__report_compare(stories, count, &document, error));
    TL_TRY(tl__folder_make(charts, error));
    TL_TRY(tl__report_write(context, &document, folder, "comparison", error));
    tl__put_text(builder, root, "folder", folder);
    tl__put_text(builder, root, "html", html);
    tl__put_text(builder, root, "pdf", pdf);
    tl_value *list = tl__put_list(builder, root, "charts");
    for (const tl__block *block = document.first; block; block = block->next) {
        if (block->kind != TL__BLOCK_PICTURE) continue;
        TL_TRY(tl__picture_save(context, &block->picture, charts, block->name,
                                options->format ? options->format : "svg", error));
        tl__put_text(builder, list, NULL, block->name);
    }
    return TL_OK;
}

static tl_status command_report_many(tl_context *context, const char *const *runs, size_t count,
                                     const tl_options *options, tl__arena *arena, tl__builder *builder, tl_value *root,
                                     tl_error *error)
{
    tl__story *stories = tl__arena_push_zero(arena, count, sizeof *stories);
    tl_status status = stories ? TL_OK : tl__fail_memory(error, count * sizeof *stories);
    tl_value *list = tl__put_list(builder, root, "runs");
    for (size_t r = 0; r < count && status == TL_OK; r++) {
        tl__run_place place;
        status = tl__run_find(context, arena, runs[r], options, &place, error);
        if (status == TL_OK && !place.folder)
            status = tl__fail(error, TL_INVALID, "%s is a model file; a report is made of run folders.", runs[r]);
        if (status == TL_OK) status = tl__story_open(context, place.folder, &stories[r], error);
        if (status == TL_OK) tl__put_text(builder, list, NULL, place.folder);
    }
    if (status == TL_OK) status = command_report_write(stories, count, options, builder, root, error);
    for (size_t r = 0; stories && r < count; r++) tl__story_close(&stories[r]);
    return status;
}

TL_API tl_status tl_report(tl_context *context, const char *const *runs, size_t count, const tl_options *options,
                           tl_value **out, tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__arena arena;
    tl__tree *tree;
    tl__builder builder;
    if (!options) options = &defaults;
    if (count > COMMAND_REPORT_RUNS)
        return tl__fail(error, TL_INVALID, "a report holds at most %d runs, not %zu.", COMMAND_REPORT_RUNS, count);
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl__arena_init(&arena, &context->heap);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl_status status = count < 2 ? command_report_one(context, count ? runs[0] : NULL, options, &arena, &builder, root,
                                                      error)
                                 : command_report_many(context, runs, count, options, &arena, &builder, root, error);
    if (status == TL_OK && builder.failed) status = tl__fail_memory(error, 0);
    tl__arena_free(&arena);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    return status;
}
