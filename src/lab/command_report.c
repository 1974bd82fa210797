/* train:report: a run's report, or several runs side by side. */
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/report.h"

enum { COMMAND_REPORT_RUNS = 64 };

/* Of a search or of an experiment, by what lies in its folder. */
static tl_status command_report_many_runs(tl_context *context, const char *folder, bool search,
                                          const tl_options *options, tl__arena *arena, tl__builder *builder,
                                          tl_value *root, tl_error *error)
{
    tl__document document;
    TL_TRY(search ? tl__report_search(context, folder, arena, &document, error)
                  : tl__report_experiment(context, folder, arena, &document, error));
    tl__put_text(builder, root, search ? "search" : "experiment", folder);
    return tl__report_files(context, arena, &document, options->output ? options->output : folder, "report",
                            options->format ? options->format : "svg", builder, root, error);
}

static tl_status command_report_one(tl_context *context, const char *run, const tl_options *options, tl__arena *arena,
                                    tl__builder *builder, tl_value *root, tl_error *error)
{
    tl__run_place place;
    const char *trials = run ? tl__path_join(arena, run, "trials.jsonl") : "";
    const char *summary = run ? tl__path_join(arena, run, "summary.json") : "";
    if (!trials || !summary) return tl__fail_memory(error, 256);
    if (options->output) TL_TRY(tl__folder_make(options->output, error));
    bool search = *trials && tl__file_exists(trials);
    if (search || (*summary && tl__file_exists(summary)))
        return command_report_many_runs(context, run, search, options, arena, builder, root, error);
    TL_TRY(tl__run_find(context, arena, run, options, &place, error));
    if (!place.folder)
        return tl__fail(error, TL_INVALID, "%s is a model file; a report is made of a run folder.", run);
    return tl__report_run(context, place.folder, options->output, options->format ? options->format : "svg", builder,
                          root, error);
}

static tl_status command_report_write(tl__story *stories, size_t count, const tl_options *options, tl__arena *arena,
                                      tl__builder *builder, tl_value *root, tl_error *error)
{
    tl__document document;
    const char *folder = options->output ? options->output
                                         : tl__path_join(arena, options->out, "output/comparison");
    if (!folder) return tl__fail_memory(error, 256);
    TL_TRY(tl__report_compare(stories, count, &document, error));
    return tl__report_files(stories[0].context, arena, &document, folder, "comparison",
                            options->format ? options->format : "svg", builder, root, error);
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
    if (status == TL_OK) status = command_report_write(stories, count, options, arena, builder, root, error);
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
