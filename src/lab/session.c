/* Config -> data -> network -> trainer. */
#include "lab/session.h"

#include "base/text.h"
#include "data/series.h"
#include "lab/path.h"
#include "nn/activation.h"
#include "port/port.h"

static tl_status session_fill(tl__session *session, tl_error *error)
{
    const tl__config *config = session->config;
    const tl__config_settings *s = &config->settings;
    tl_context *context = session->context;
    tl__fit fit;
    tl__graph graph;
    if (!session->data) {
        session->owns_data = true;
        TL_TRY(tl__dataset_load(context, &s->data, config->folder, (uint64_t)s->seed, &session->data, error));
    }
    const tl_dataset *data = session->data;
    if (tl_dataset_rows(data, TL_TRAIN) == 0)
        return tl__fail_at(error, TL_BAD_DATA, config->path, 0, 0, "data.split",
                           "no rows are left to train on; give data.split.validation and data.split.test less.");
    TL_TRY(tl__train_fit(&s->train, data, config->path, &fit, error));
    tl_status status = tl__network_build(context, &s->network, s->train.optimization.dropout, &fit, config->path,
                                         &graph,
                                         error);
    if (status == TL_OK) status = tl__transfer_mark(&graph, &s->transfer, error);
    if (status == TL_OK)
        return tl__model_make(context, &graph, data->pipeline, (uint64_t)s->seed, &session->model, error);
    tl__graph_free(&graph);
    return status;
}

TL_PRIV tl_status tl__session_open(tl_context *context, const tl__config *config, tl_dataset *data, tl__session *out,
                                   tl_error *error)
{
    *out = (tl__session){.context = context, .config = config, .data = data};
    return tl__config_place(config, session_fill(out, error), error);
}

static tl_status session_transfer(tl__session *session, tl__arena *arena, tl_error *error)
{
    const tl__config *config = session->config;
    const tl__transfer_settings *settings = &config->settings.transfer;
    tl__builder builder;
    const char *path = tl__path_join(arena, config->folder, settings->from);
    if (path && tl__folder_exists(path)) path = tl__path_join(arena, path, "model.safetensors");
    if (!path) return tl__fail_memory(error, 256);
    if (tl__tree_new(&session->context->heap, NULL, &session->transfer) != TL_OK)
        return tl__fail_memory(error, sizeof *session->transfer);
    tl__builder_init(&builder, session->transfer);
    return tl__transfer_load(session->model, settings, path, &builder, tl__put_map(&builder, NULL, NULL), error);
}

TL_PRIV tl_status tl__session_transfer(tl__session *session, tl_error *error)
{
    tl__arena arena;
    if (!session->config->settings.transfer.from) return TL_OK;
    tl__arena_init(&arena, &session->context->heap);
    tl_status status = session_transfer(session, &arena, error);
    tl__arena_free(&arena);
    return tl__config_place(session->config, status, error);
}

TL_PRIV tl_status tl__session_train(tl__session *session, const tl__trainer_options *options, tl_error *error)
{
    const tl__config *config = session->config;
    tl__trainer_options all = *options;
    all.settings = &config->settings.train;
    all.file = config->path;
    all.seed = (uint64_t)config->settings.seed;
    all.sampling = config->settings.analytics.batch_sampling_rate;
    tl__trainer_free(session->trainer);
    session->trainer = NULL;
    tl_status status = tl__trainer_new(session->model, session->data, &all, &session->trainer, error);
    return tl__config_place(config, status, error);
}

TL_PRIV void tl__session_close(tl__session *session)
{
    tl__trainer_free(session->trainer);
    tl__tree_free(session->transfer);
    tl_model_free(session->model);
    if (session->owns_data) tl_dataset_free(session->data);
    memset(session, 0, sizeof *session);
}

/* ---- for people ---- */

TL_PRIV void tl__say_count(char out[32], uint64_t count)
{
    tl__format(out, 32, "%llu", (unsigned long long)count);
    tl__group_digits(out, 32);
}

TL_PRIV void tl__say_bytes(char out[32], double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    int unit = 0;
    while (bytes >= 1024.0 && unit < 5) bytes /= 1024.0, unit++;
    tl__format(out, 32, bytes < 10.0 && unit > 0 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

/* Name of the first file, without its folder. */
static const char *session_file(const tl_value *file)
{
    while (file && (file->kind == TL_LIST || file->kind == TL_MAP)) file = file->first;
    return file && file->text ? tl__path_name(file->text) : "data";
}

/* "digits.csv 1,797 × 64 → 10 classes   train 1,079  validation 359  test 359" */
static void session_describe_data(const tl__session *session, char *out, size_t size)
{
    static const char *const names[] = {"train", "validation", "test"};
    const tl_dataset *data = session->data;
    char rows[32], what[64];
    size_t all = 0, outputs = tl_dataset_outputs(data);
    const tl__forecast *forecast = data->pipeline->forecast;
    if (forecast) all = data->source[0].series->steps;
    for (int p = 0; p < TL__PARTS && !forecast; p++) all += tl_dataset_rows(data, (tl_part)p);
    tl__say_count(rows, all);
    if (tl_dataset_classes(data)) tl__format(what, sizeof what, "%zu classes", outputs);
    else if (outputs == 1) tl__format(what, sizeof what, "%.48s", data->pipeline->targets[0]);
    else tl__format(what, sizeof what, "%zu values", outputs);
    if (forecast)
        tl__format(what, sizeof what, "%zu × %zu, windows:", forecast->horizon, forecast->targets);
    const char *file = session_file(session->config->settings.data.file);
    const tl__sequence *sequence = data->pipeline->sequence;
    size_t used;
    if (sequence)
        used = tl__format(out, size, "%s %s sequences, up to %zu × %zu → %s ", file, rows, sequence->max_length,
                          sequence->features, what);
    else if (forecast)
        used = tl__format(out, size, "%s %s steps, %zu × %zu → %s ", file, rows, forecast->input_size,
                          forecast->channel_count, what);
    else used = tl__format(out, size, "%s %s × %zu → %s ", file, rows, tl_dataset_features(data), what);
    for (int p = 0; p < TL__PARTS && used < size; p++) {
        if (!tl_dataset_rows(data, (tl_part)p)) continue;
        tl__say_count(rows, tl_dataset_rows(data, (tl_part)p));
        used += tl__format(out + used, size - used, "  %s %s", names[p], rows);
    }
}

/* "64 → 64 relu → 64 relu → 10", shortened in the middle when there is too much of it. */
static size_t session_describe_layers(const tl__session *session, char *out, size_t size)
{
    static const char *const words[] = TL__ACTIVATION_WORDS;
    const tl__graph *graph = &session->model->graph;
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < graph->count && used < size; i++) {
        const tl__graph_node *node = &graph->nodes[i];
        const char *type = node->common->type;
        bool dense = node->hidden || tl__same_text(type, "dense") || tl__same_text(type, "output") ||
                     tl__same_text(type, "hidden") || tl__same_text(type, "input");
        char shape[64], part[128];
        if (tl__same_text(type, "dropout")) continue;
        if (used > 90 && i < graph->count - 1) {
            if (out[used - 1] != '.') used += tl__format(out + used, size - used, " → ...");
            continue;
        }
        if (node->shape.rank == 1) tl__format(shape, sizeof shape, "%zu", node->shape.dim[0]);
        else tl__shape_text(shape, sizeof shape, &node->shape);
        tl__activation_use use = tl__activation_of(node->activation, -1, -1);
        bool plain = tl__activation_is_identity(&use);
        tl__format(part, sizeof part, dense ? "%s" : "%s %s", dense ? shape : type, shape);
        used += tl__format(out + used, size - used, "%s%s%s%s", used ? " → " : "", part, plain ? "" : " ",
                           plain ? "" : words[node->activation]);
    }
    return used < size ? used : size - 1;
}

TL_PRIV void tl__session_architecture(const tl__session *session, char *out, size_t size)
{
    session_describe_layers(session, out, size);
}

TL_PRIV void tl__session_describe(const tl__session *session, char *data, char *network, size_t size)
{
    char parameters[32], memory[32];
    tl__memory plan;
    session_describe_data(session, data, size);
    size_t used = session_describe_layers(session, network, size);
    tl__trainer_memory(session->trainer, &plan);
    tl__say_count(parameters, (uint64_t)tl_model_parameters(session->model));
    tl__say_bytes(memory, (double)plan.total);
    tl__format(network + used, size - used, "   %s parameters, %s planned for training", parameters, memory);
}
