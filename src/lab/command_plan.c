/* train:run --plan: the network and its memory, before any of it is asked for. */
#include "base/text.h"
#include "lab/session.h"

static void command_plan_layers(tl__builder *builder, tl_value *root, const tl__plan *plan)
{
    tl_value *layers = tl__put_list(builder, root, "layers");
    for (int i = 0; i < tl__plan_line_count(plan); i++) {
        tl__plan_line line;
        char shape[96];
        tl__plan_line_at(plan, i, &line);
        tl__shape_text(shape, sizeof shape, &line.shape);
        tl_value *layer = tl__put_map(builder, layers, NULL);
        tl__put_text(builder, layer, "name", line.name);
        tl__put_text(builder, layer, "type", line.type);
        tl__put_text(builder, layer, "shape", shape);
        tl__put_integer(builder, layer, "parameters", (int64_t)line.parameters);
        tl__put_integer(builder, layer, "flops", (int64_t)line.flops);
        tl__put_integer(builder, layer, "bytes", (int64_t)(line.parameter_bytes + line.value_bytes));
    }
}

static tl_status command_plan_make(tl_context *context, const tl__session *session, tl_value **out, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    tl__memory memory;
    tl__plan_totals totals;
    const tl__plan *plan = tl__trainer_plan(session->trainer);
    tl__trainer_memory(session->trainer, &memory);
    tl__plan_totals_of(plan, &totals);
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "name", session->config->name);
    command_plan_layers(&builder, root, plan);
    tl_value *lines = tl__put_map(&builder, root, "memory");
    for (int i = 0; i < memory.count; i++)
        tl__put_integer(&builder, lines, memory.lines[i].name, (int64_t)memory.lines[i].bytes);
    tl__put_integer(&builder, lines, "run folder and logs", (int64_t)tl__run_bytes(session->config));
    tl__put_integer(&builder, root, "parameters", tl_model_parameters(session->model));
    tl__put_integer(&builder, root, "flops", (int64_t)totals.flops);
    tl__put_integer(&builder, root, "memory_bytes", (int64_t)(memory.total + tl__run_bytes(session->config)));
    if (builder.failed) {
        tl__tree_free(tree);
        return tl__fail_memory(error, 0);
    }
    *out = &tree->root;
    return TL_OK;
}

TL_API tl_status tl_plan(tl_context *context, const char *config_path, const tl_options *options, tl_value **out,
                         tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__trainer_options nothing = {.folder = "checkpoints", .run = ""};    /* as a run has it; nothing is written */
    tl__session session = {.context = NULL};
    tl__config *config = NULL;
    if (!options) options = &defaults;
    tl_status status = tl__config_read_for(context, config_path, options->set, options->set_count, options->out,
                                           &config, error);
    if (status == TL_OK) status = tl__session_open(context, config, NULL, &session, error);
    if (status == TL_OK && options->detailed_analytics) config->settings.analytics.enabled = true;
    if (status == TL_OK) nothing.analytics = config->settings.analytics.enabled;
    if (status == TL_OK) status = tl__session_train(&session, &nothing, error);
    if (status == TL_OK) status = command_plan_make(context, &session, out, error);
    tl__session_close(&session);
    tl__config_free(config);
    return status;
}
