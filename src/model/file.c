/* Model files: a graph, its weights and its pipeline as one safetensors file (model/model.h says what is in it).
 *
 * Weights are written in the file's layout [out, in] and in little-endian bytes, whatever the machine and the layout in
 * memory. Reading trusts nothing: the graph is built by the functions that read a config, and every tensor must then
 * have exactly the shape that the graph gives it. */
#include "model/model.h"

#include "base/math.h"
#include "base/text.h"
#include "kernels/hash.h"
#include "kernels/kernels.h"
#include "port/port.h"
#include "text/yaml.h"

enum { FILE_KEYS = 9, FILE_CHUNK = 256 };

struct file_tensor {
    const tl__tensor *tensor;
    const float *values;       /* the tensor in memory */
};

/* ---- writing ---- */

static tl_status file_give(const tl__tensor_source *source, tl__write_fn *write, void *user, tl_error *error)
{
    const struct file_tensor *from = source->user;
    unsigned char bytes[FILE_CHUNK * 4];
    for (size_t done = 0; done < from->tensor->size;) {
        size_t count = tl__size_min(FILE_CHUNK, from->tensor->size - done);
        for (size_t i = 0; i < count; i++) {
            uint32_t bits = tl__float_bits(from->values[tl__tensor_place(from->tensor, done + i)]);
            bytes[4 * i] = (unsigned char)bits;
            bytes[4 * i + 1] = (unsigned char)(bits >> 8);
            bytes[4 * i + 2] = (unsigned char)(bits >> 16);
            bytes[4 * i + 3] = (unsigned char)(bits >> 24);
        }
        TL_TRY(write(user, bytes, 4 * count, error));
        done += count;
    }
    return TL_OK;
}

static tl_status file_put_network(const tl_model *model, tl__heap *heap, tl__buffer *out)
{
    tl__tree *tree;
    TL_TRY(tl__tree_new(heap, NULL, &tree));
    tl__builder builder;
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "output", model->graph.nodes[tl__graph_output(&model->graph)].name);
    tl__graph_put(&model->graph, &builder, root, "layers");
    if (!builder.failed) tl__json_write(out, root, 0);
    bool failed = builder.failed || out->failed;
    tl__tree_free(tree);
    return failed ? TL_OUT_OF_MEMORY : TL_OK;
}

static tl_status file_put_pipeline(const tl_model *model, tl__heap *heap, tl__buffer *out)
{
    tl__tree *tree;
    TL_TRY(tl__tree_new(heap, NULL, &tree));
    tl__builder builder;
    tl__builder_init(&builder, tree);
    const tl_value *root = tl__pipeline_put(&builder, NULL, NULL, model->pipeline);
    if (!builder.failed) tl__json_write(out, root, 0);
    bool failed = builder.failed || out->failed;
    tl__tree_free(tree);
    return failed ? TL_OUT_OF_MEMORY : TL_OK;
}

TL_PRIV tl_status tl__model_network_text(const tl_model *model, tl__heap *heap, tl__buffer *out)
{
    return file_put_network(model, heap, out);
}

static const char *file_link_name(tl__link link)
{
    static const char *const names[] = {"none", "softmax", "sigmoid"};
    return names[link];
}

static tl_status file_check_finite(const tl_model *model, const float *parameters, tl_error *error)
{
    for (int i = 0; i < tl__plan_tensor_count(model->plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(model->plan, i);
        for (size_t k = 0; k < tensor->size; k++)
            if (!tl__is_finite(parameters[tensor->offset + k]))
                return tl__fail(error, TL_NOT_FINITE,
                                "the tensor '%s' holds a number that is NaN or infinite; the model is "
                                "not saved", tensor->name);
    }
    return TL_OK;
}

/* What one call of writing needs, in one block. */
struct file_lists {
    tl__tensor_source *sources;
    struct file_tensor *tensors;
    tl__metadata *metadata;
    size_t tensor_count, metadata_count;
};

static void file_carve(tl__carver *carver, struct file_lists *lists, size_t tensors, size_t sources, size_t metadata)
{
    lists->sources = TL_CARVE(carver, tl__tensor_source, sources);
    lists->tensors = TL_CARVE(carver, struct file_tensor, tensors);
    lists->metadata = TL_CARVE(carver, tl__metadata, metadata);
}

static void file_list(const tl_model *model, const tl__model_extra *extra, struct file_lists *lists,
                      const tl__buffer *network, const tl__buffer *pipeline, const char *numerics, const char *hash)
{
    const char *settings = model->settings ? model->settings : "{}", *metrics = model->metrics ? model->metrics : "{}";
    const tl__metadata own[FILE_KEYS] = {
        {"trainlib", TL_VERSION}, {"format_version", TL__MODEL_FORMAT}, {"numerics", numerics},
            {"network", network->data},
        {"link", file_link_name(model->link)}, {"pipeline", pipeline->data}, {"settings", settings},
        {"metrics", metrics}, {"tensors_sha256", hash},
    };
    memcpy(lists->metadata, own, sizeof own);
    size_t tensors = (size_t)tl__plan_tensor_count(model->plan);
    for (size_t i = 0; i < tensors; i++) {
        const tl__tensor *tensor = tl__plan_tensor(model->plan, (int)i);
        lists->tensors[i] = (struct file_tensor){tensor, model->parameters + tensor->offset};
        tl__tensor_source source = {.name = tensor->name, .dtype = TL__DTYPE_F32, .rank = (size_t)tensor->rank,
                                    .give = file_give, .user = &lists->tensors[i]};
        for (size_t d = 0; d < source.rank; d++) source.shape[d] = tensor->dim[d];
        lists->sources[i] = source;
    }
    if (extra && extra->tensor_count)
        memcpy(lists->sources + tensors, extra->tensors, extra->tensor_count * sizeof *extra->tensors);
    if (extra && extra->metadata_count)
        memcpy(lists->metadata + FILE_KEYS, extra->metadata, extra->metadata_count * sizeof *extra->metadata);
}

/* A writer that only hashes the tensors; the first two pieces of a file are its header. */
struct file_hash {
    tl__sha256 hash;
    int pieces;
};

static tl_status file_hash_piece(void *user, const void *bytes, size_t size, tl_error *error)
{
    struct file_hash *hashing = user;
    (void)error;
    if (hashing->pieces < 2) hashing->pieces++;
    else tl__sha256_add(&hashing->hash, bytes, size);
    return TL_OK;
}

static tl_status file_write_lists(const tl_model *model, tl__heap *heap, const tl__model_extra *extra,
                                  const tl__buffer *network, const tl__buffer *pipeline, tl__write_fn *write,
                                  void *user,
                                  tl_error *error)
{
    size_t tensors = (size_t)tl__plan_tensor_count(model->plan);
    size_t sources = tensors + (extra ? extra->tensor_count : 0);
    size_t metadata = FILE_KEYS + (extra ? extra->metadata_count : 0);
    char numerics[32], hash[65] = "";
    struct file_hash hashing = {.pieces = 0};
    struct file_lists lists;
    tl__carver carver = {0};
    tl__model_numerics(model->context, numerics);
    file_carve(&carver, &lists, tensors, sources, metadata);
    size_t size = carver.used;
    unsigned char *block = tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    file_carve(&carver, &lists, tensors, sources, metadata);
    file_list(model, extra, &lists, network, pipeline, numerics, hash);
    tl__sha256_begin(&hashing.hash);
    tl_status status = tl__safetensors_write(heap, lists.sources, sources, lists.metadata, metadata,
                                             write ? file_hash_piece : NULL, &hashing, error);
    tl__sha256_hex(&hashing.hash, hash);
    if (status == TL_OK)
        status = tl__safetensors_write(heap, lists.sources, sources, lists.metadata, metadata, write, user, error);
    tl__free_aligned(heap, block, size);
    return status;
}

TL_PRIV tl_status tl__model_write(const tl_model *model, tl__heap *heap, const tl__model_extra *extra,
                                  tl__write_fn *write, void *user, tl_error *error)
{
    TL_TRY(file_check_finite(model, model->parameters, error));
    tl__buffer network, pipeline;
    tl__buffer_init(&network, heap);
    tl__buffer_init(&pipeline, heap);
    tl_status status = file_put_network(model, heap, &network);
    if (status == TL_OK) status = file_put_pipeline(model, heap, &pipeline);
    if (status == TL_OUT_OF_MEMORY) tl__fail_memory(error, network.size + pipeline.size);
    if (status == TL_OK) status = file_write_lists(model, heap, extra, &network, &pipeline, write, user, error);
    tl__buffer_free(&pipeline);
    tl__buffer_free(&network);
    return status;
}

static tl_status file_write_to(void *file, const void *bytes, size_t size, tl_error *error)
{
    return tl__file_write(file, bytes, size, error);
}

TL_PRIV tl_status tl__model_write_file(const tl_model *model, tl_context *context, const tl__model_extra *extra,
                                       const char *path, bool sync, tl_error *error)
{
    tl__file *file;
    TL_TRY(tl__file_create(context, path, &file, error));
    tl_status status = tl__model_write(model, &context->heap, extra, file_write_to, file, error);
    if (status == TL_OK) return tl__file_commit(file, sync, error);
    tl__file_abandon(file);
    return status;
}

TL_API tl_status tl_model_save(const tl_model *model, const char *path, tl_error *error)
{
    return tl__model_write_file(model, model->context, NULL, path, true, error);
}

/* ---- reading ---- */

static float file_float(const unsigned char *bytes)
{
    return tl__bits_float((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                         (uint32_t)bytes[3] << 24);
}

static tl_status file_read_tensor(const tl__tensor *tensor, const tl__tensor_view *view, const char *name,
                                  float *parameters, tl_error *error)
{
    bool fits = view->rank == (size_t)tensor->rank && view->count == tensor->size;
    for (size_t d = 0; fits && d < view->rank; d++) fits = view->shape[d] == tensor->dim[d];
    if (!fits)
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "the tensor '%s' does not have the shape that the network "
                           "gives it; the file was changed or damaged", tensor->name);
    if (view->dtype != TL__DTYPE_F32)
        return tl__fail_at(error, TL_UNSUPPORTED, name, 0, 0, NULL, "the tensor '%s' is %s; only F32 can be read",
                           tensor->name, tl__dtype_name(view->dtype));
    for (size_t i = 0; i < tensor->size; i++) {
        float value = file_float(view->bytes + 4 * i);
        if (!tl__is_finite(value))
            return tl__fail_at(error, TL_NOT_FINITE, name, 0, 0, NULL, "the tensor '%s' holds a number that is NaN or "
                               "infinite; train the model again or use an older file", tensor->name);
        parameters[tensor->offset + tl__tensor_place(tensor, i)] = value;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__model_read_tensors(const tl_model *model, const tl__safetensors *file, const char *name,
                                         float *parameters, tl_error *error)
{
    int count = tl__plan_tensor_count(model->plan);
    for (int i = 0; i < count; i++) {
        const tl__tensor *tensor = tl__plan_tensor(model->plan, i);
        const tl__tensor_view *view = tl__safetensors_find(file, tensor->name);
        if (!view)
            return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                               "the tensor '%s' of the network is not in the file",
                               tensor->name);
        TL_TRY(file_read_tensor(tensor, view, name, parameters, error));
    }
    for (size_t i = 0; i < file->count; i++) {
        const char *tensor = file->tensors[i].name;
        bool known = strncmp(tensor, "training.", 9) == 0;
        for (int k = 0; !known && k < count; k++) known = strcmp(tensor, tl__plan_tensor(model->plan, k)->name) == 0;
        if (!known)
            return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                               "the tensor '%s' belongs to no layer of the network",
                               tensor);
    }
    return TL_OK;
}

/* A metadata text as a tree. */
static tl_status file_json(tl_context *context, const tl__safetensors *file, const char *key, const char *name,
                           tl__tree **out, tl_error *error)
{
    const char *text = tl__safetensors_metadata(file, key);
    if (!text)
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "the file has no '%s' in its metadata; it is not a model "
                           "of trainlib", key);
    tl__tree *tree;
    tl_status status = tl__tree_new(&context->heap, name, &tree);
    if (status != TL_OK) return tl__fail_memory(error, strlen(text));
    status = tl__json_parse(tree, text, strlen(text), error);
    if (status != TL_OK) tl__tree_free(tree);
    else *out = tree;
    return status;
}

static tl_status file_read_graph(tl__graph *graph, const tl_value *network, const char *name, tl_error *error)
{
    const tl_value *layers = tl__value_child(network, "layers");
    const char *output = tl_value_text(tl__value_child(network, "output"), NULL);
    if (!layers || layers->kind != TL_LIST || layers->count == 0 || !output)
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL, "the network in the metadata has no list of layers");
    int position = 0;
    for (const tl_value *layer = layers->first; layer; layer = layer->next)
        TL_TRY(tl__graph_add_value(graph, layer, "network.layers", position++, error));
    int node = tl__graph_find(graph, output);
    if (node < 0)
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL, "the network in the metadata has no layer '%s'",
                           output);
    tl__graph_set_output(graph, node);
    return TL_OK;
}

static tl_status file_check_version(const tl__safetensors *file, const char *name, tl_error *error)
{
    const char *format = tl__safetensors_metadata(file, "format_version");
    const char *version = tl__safetensors_metadata(file, "trainlib");
    if (!format || !version)
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "the file is not a model of trainlib: its metadata does not "
                           "say so");
    if (strcmp(format, TL__MODEL_FORMAT) != 0)
        return tl__fail_at(error, TL_BAD_VERSION, name, 0, 0, NULL,
                           "the file has format %s, written by trainlib %s; this is "
                           "trainlib " TL_VERSION ", which reads format " TL__MODEL_FORMAT, format, version);
    return TL_OK;
}

static tl_status file_read_link(tl_model *model, const tl__safetensors *file, const char *name, tl_error *error)
{
    const char *text = tl__safetensors_metadata(file, "link");
    for (int link = TL__LINK_NONE; text && link <= TL__LINK_SIGMOID; link++) {
        if (strcmp(text, file_link_name((tl__link)link)) != 0) continue;
        model->link = (tl__link)link;
        return TL_OK;
    }
    return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                       "the link in the metadata is not none, softmax or sigmoid");
}

/* settings and metrics are kept as they stand, once they are known to be JSON. */
static tl_status file_read_text(tl_model *model, const tl__safetensors *file, const char *key, const char *name,
                                tl_status (*set)(tl_model *, const tl_value *), tl_error *error)
{
    tl__tree *tree;
    if (!tl__safetensors_metadata(file, key)) return TL_OK;
    TL_TRY(file_json(model->context, file, key, name, &tree, error));
    tl_status status = set(model, &tree->root);
    tl__tree_free(tree);
    return status == TL_OK ? TL_OK : tl__fail_memory(error, 0);
}

static tl_status file_make_model(tl_context *context, const tl__safetensors *file, const char *name, tl_model **out,
                                 tl_error *error)
{
    tl__tree *network, *tree;
    tl__graph graph;
    TL_TRY(file_check_version(file, name, error));
    TL_TRY(file_json(context, file, "network", name, &network, error));
    tl__graph_init(&graph, &context->heap, NULL);
    tl_status status = file_read_graph(&graph, &network->root, name, error);
    tl__tree_free(network);
    if (status != TL_OK) {
        tl__graph_free(&graph);
        return status;
    }
    tl__pipeline *pipeline = NULL;
    status = file_json(context, file, "pipeline", name, &tree, error);
    if (status == TL_OK) {
        status = tl__pipeline_get(context, &tree->root, name, &pipeline, error);
        tl__tree_free(tree);
    }
    if (status == TL_OK) status = tl__model_make(context, &graph, pipeline, 0, out, error);
    else tl__graph_free(&graph);
    tl__pipeline_free(pipeline);
    return status;
}

TL_PRIV tl_status tl__model_check_hash(const tl__safetensors *file, const char *name, tl_error *error)
{
    const char *written = tl__safetensors_metadata(file, "tensors_sha256");
    tl__sha256 hash;
    char found[65];
    if (!written) return TL_OK;
    tl__sha256_begin(&hash);
    for (size_t i = 0; i < file->count; i++) tl__sha256_add(&hash, file->tensors[i].bytes, file->tensors[i].size);
    tl__sha256_hex(&hash, found);
    if (strcmp(written, found) == 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                       "the tensors are not those that were written, the file is damaged; take it from where it was "
                       "made again (whoever changed them on purpose removes tensors_sha256 from the metadata)");
}

TL_PRIV tl_status tl__model_from_file(tl_context *context, const tl__safetensors *file, const char *name,
                                      tl_model **out,
                                      tl_error *error)
{
    tl_model *model = NULL;
    TL_TRY(file_make_model(context, file, name, &model, error));
    tl_status status = tl__model_read_tensors(model, file, name, model->parameters, error);
    if (status == TL_OK) status = tl__model_check_hash(file, name, error);
    if (status == TL_OK) status = file_read_link(model, file, name, error);
    if (status == TL_OK) status = file_read_text(model, file, "settings", name, tl__model_set_settings, error);
    if (status == TL_OK) status = file_read_text(model, file, "metrics", name, tl__model_set_metrics, error);
    if (status != TL_OK) tl_model_free(model);
    else *out = model;
    return status;
}

TL_API tl_status tl_model_load(tl_context *context, const char *path, tl_model **out, tl_error *error)
{
    tl__buffer bytes;
    tl__safetensors file;
    tl__buffer_init(&bytes, &context->heap);
    tl_status status = tl__file_read(path, &bytes, SIZE_MAX, error);
    if (status == TL_OK) {
        status = tl__safetensors_read(&file, &context->heap, bytes.data, bytes.size, path, error);
        if (status == TL_OK) {
            status = tl__model_from_file(context, &file, path, out, error);
            tl__safetensors_free(&file);
        }
    }
    tl__buffer_free(&bytes);
    return status;
}
