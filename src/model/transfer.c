/* Transfer: which layers a selector means, and tensors from a file into a model that has others, too. */
#include "model/transfer.h"

#include "base/math.h"
#include "base/text.h"
#include "port/port.h"
#include "text/bind.h"
#include "text/yaml.h"

TL_PRIV const tl__field *tl__transfer_rows(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__transfer_settings, field)
    static const tl__field rows[] = {
        {ROW(from), .kind = TL__FIELD_TEXT, .flags = TL__RESULT | TL__PATH,
         .help = "A model file, any safetensors file or a run folder whose weights to start from, by name and shape"},
        {ROW(layers), .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT,
         .help = "Layers to load: names, patterns (conv_*), numbers or ranges (0..3); not given: all that match"},
        {ROW(rename), .kind = TL__FIELD_TREE, .flags = TL__RESULT,
         .help = "{encoder.fc1: dense_1}: how names in the file begin, and how they begin here"},
        {ROW(freeze), .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT,
         .help = "Layers that keep their weights: names, patterns, numbers or ranges"},
        {ROW(rate_factors), .kind = TL__FIELD_TREE, .flags = TL__RESULT,
         .help = "{conv_*: 0.1}: layers that learn with training.learning_rate times a factor"},
        {.name = NULL}};
#undef ROW
    return rows;
}

/* ---- selectors ---- */

/* A whole number at *text, which moves behind it; -1: there is none. */
static int transfer_number(const char **text)
{
    int value = -1;
    for (; **text >= '0' && **text <= '9' && value < TL__MAX_NODES; ++*text)
        value = (value < 0 ? 0 : value) * 10 + (**text - '0');
    return value;
}

static bool transfer_range(const char *selector, int *first, int *last)
{
    *first = *last = transfer_number(&selector);
    if (*first >= 0 && strncmp(selector, "..", 2) == 0) {
        selector += 2;
        *last = transfer_number(&selector);
    }
    return *first >= 0 && *last >= 0 && *selector == '\0';
}

/* * stands for any letters, ? for one. */
static bool transfer_fits(const char *pattern, const char *name)
{
    const char *star = NULL, *again = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            again = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return *pattern == '\0';
}

/* The layer's place in its list; in a graph that was made by calls, its number there. */
static int transfer_place(const tl__graph *graph, int node)
{
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].position >= 0) return graph->nodes[node].position;
    return node;
}

static bool transfer_means(const char *selector, const tl__graph *graph, int node)
{
    int first, last;
    if (!transfer_range(selector, &first, &last)) return transfer_fits(selector, graph->nodes[node].name);
    int place = transfer_place(graph, node);
    return place >= first && place <= last;
}

static tl_status transfer_no_layer(const tl__graph *graph, const char *setting, const char *selector, tl_error *error)
{
    char names[512] = "";
    size_t used = 0;
    for (int i = 0; i < graph->count && used + TL__NODE_NAME + 8 < sizeof names; i++)
        used += tl__format(names + used, sizeof names - used, "%s%s", used ? ", " : "", graph->nodes[i].name);
    return tl__fail_at(error, TL_BAD_CONFIG, graph->file, 0, 0, setting,
                       "%s: '%s' means no layer of this network; its layers are %s", setting, selector, names);
}

/* Do something to all layers that a selector means. */
static tl_status transfer_each(tl__graph *graph, const char *setting, const char *selector, bool freeze, double factor,
                               tl_error *error)
{
    bool found = false;
    for (int i = 0; i < graph->count; i++) {
        if (!transfer_means(selector, graph, i)) continue;
        found = true;
        if (freeze) tl__graph_freeze(graph, i);
        else tl__graph_set_rate_factor(graph, i, factor);
    }
    return found ? TL_OK : transfer_no_layer(graph, setting, selector, error);
}

TL_PRIV tl_status tl__transfer_mark(tl__graph *graph, const tl__transfer_settings *settings, tl_error *error)
{
    const tl_value *factors = settings->rate_factors;
    for (size_t i = 0; i < settings->freeze.count; i++)
        TL_TRY(transfer_each(graph, "transfer.freeze", settings->freeze.items[i], true, 0, error));
    if (factors && factors->kind != TL_MAP && factors->kind != TL_NULL)
        return tl__fail_at(error, TL_BAD_CONFIG, graph->file, factors->line, factors->column, "transfer.rate_factors",
                           "transfer.rate_factors is a map of layers to factors, {conv_*: 0.1}");
    for (const tl_value *item = factors ? factors->first : NULL; item; item = item->next) {
        double factor = tl_value_number(item, 0);
        if (!(factor > 0 && factor <= 1e6))
            return tl__fail_at(error, TL_BAD_CONFIG, graph->file, item->line, item->column, "transfer.rate_factors",
                               "transfer.rate_factors.%s must be a number above 0 and at most 1e6; transfer.freeze "
                               "keeps weights as they are", item->key);
        TL_TRY(transfer_each(graph, "transfer.rate_factors", item->key, false, factor, error));
    }
    return TL_OK;
}

TL_PRIV tl_status tl__transfer_mark_model(tl_model *model, const tl__transfer_settings *settings, tl_error *error)
{
    TL_TRY(tl__transfer_mark(&model->graph, settings, error));
    return tl__model_plan_again(model, error);
}

/* ---- names and numbers of the file ---- */

/* What a tensor of the file is called here; false: the name does not fit. */
static bool transfer_name(const tl_value *rename, const char *name, char out[TL__SAFETENSORS_MAX_NAME + 64])
{
    const tl_value *longest = NULL;
    size_t size = TL__SAFETENSORS_MAX_NAME + 64;
    for (const tl_value *item = rename ? rename->first : NULL; item; item = item->next)
        if (strncmp(name, item->key, item->key_size) == 0 && (!longest || item->key_size > longest->key_size))
            longest = item;
    if (!longest) return tl__format(out, size, "%s", name) < size;
    return tl__format(out, size, "%s%s", tl_value_text(longest, ""), name + longest->key_size) < size;
}

static uint64_t transfer_bits(const unsigned char *bytes, size_t size)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++) bits |= (uint64_t)bytes[i] << 8 * i;
    return bits;
}

/* IEEE binary16: 5 bits of exponent, 10 of fraction. */
static float transfer_half(uint32_t bits)
{
    uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
    float magnitude = exponent == 0    ? (float)fraction * 0x1p-24f
                      : exponent == 31 ? tl__bits_float(0x7f800000u | fraction << 13)
                                       : tl__bits_float((exponent + 112) << 23 | fraction << 13);
    return bits & 0x8000 ? -magnitude : magnitude;
}

static bool transfer_reads(tl__dtype dtype)
{
    return dtype == TL__DTYPE_F32 || dtype == TL__DTYPE_F64 || dtype == TL__DTYPE_F16 || dtype == TL__DTYPE_BF16;
}

static float transfer_float(tl__dtype dtype, const unsigned char *bytes)
{
    uint64_t bits = transfer_bits(bytes, tl__dtype_size(dtype));
    if (dtype == TL__DTYPE_F64) return (float)tl__bits_double(bits);
    if (dtype == TL__DTYPE_F16) return transfer_half((uint32_t)bits);
    return tl__bits_float(dtype == TL__DTYPE_BF16 ? (uint32_t)bits << 16 : (uint32_t)bits);
}

/* ---- loading ---- */

typedef struct transfer_job {
    tl_model *model;
    const tl__transfer_settings *settings;
    const tl__safetensors *file;
    const char *path;
    const tl__tensor_view **views;      /* [tensors of the model]: what the file has for each, or NULL */
    bool *used;                         /* [tensors of the file] */
    float *values;                      /* room for the largest tensor, in the file's order */
    tl__builder *builder;
    tl_value *report, *loaded, *missing, *other_shape, *beside;
    size_t tensors, of_tensors;
    uint64_t numbers, of_numbers;
} transfer_job;

static bool transfer_wants(const transfer_job *job, const tl__tensor *tensor)
{
    const tl__text_list *layers = &job->settings->layers;
    for (size_t i = 0; i < layers->count; i++)
        if (transfer_means(layers->items[i], &job->model->graph, tensor->node)) return true;
    return layers->count == 0;
}

static bool transfer_same_shape(const tl__tensor *tensor, const tl__tensor_view *view)
{
    bool same = view->rank == (size_t)tensor->rank && view->count == tensor->size;
    for (size_t d = 0; same && d < view->rank; d++) same = view->shape[d] == tensor->dim[d];
    return same;
}

/* A bias is worth nothing beside weights of another shape: a layer whose tensors do not all fit, where they are there,
 * is left as it is. */
static bool transfer_layer_fits(const transfer_job *job, int node)
{
    for (int t = 0; t < tl__plan_tensor_count(job->model->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(job->model->plan, t);
        if (tensor->node == node && job->views[t] && !transfer_same_shape(tensor, job->views[t])) return false;
    }
    return true;
}

static void transfer_put_shape(tl__builder *builder, tl_value *map, const char *key, const size_t *dim, size_t rank)
{
    tl_value *list = tl__put_list(builder, map, key);
    for (size_t d = 0; d < rank; d++) tl__put_integer(builder, list, NULL, (int64_t)dim[d]);
}

/* Pairs the tensors of both sides. */
static void transfer_pair(transfer_job *job)
{
    char name[TL__SAFETENSORS_MAX_NAME + 64];
    int count = tl__plan_tensor_count(job->model->plan);
    for (size_t i = 0; i < job->file->count; i++) {
        const tl__tensor_view *view = &job->file->tensors[i];
        if (strncmp(view->name, "training.", 9) == 0) job->used[i] = true;    /* a checkpoint's own */
        else if (transfer_name(job->settings->rename, view->name, name))
            for (int t = 0; t < count; t++)
                if (strcmp(tl__plan_tensor(job->model->plan, t)->name, name) == 0) {
                    job->views[t] = view;
                    job->used[i] = true;
                }
    }
}

/* Reads a tensor of the file and, with `take`, puts it into the model. */
static tl_status transfer_read(transfer_job *job, const tl__tensor *tensor, const tl__tensor_view *view, bool take,
                               tl_error *error)
{
    size_t each = tl__dtype_size(view->dtype);
    if (!transfer_reads(view->dtype))
        return tl__fail_at(error, TL_UNSUPPORTED, job->path, 0, 0, NULL,
                           "the tensor '%s' is %s; F32, F64, F16 and BF16 can be read", view->name,
                           tl__dtype_name(view->dtype));
    for (size_t i = 0; i < tensor->size; i++) {
        job->values[i] = transfer_float(view->dtype, view->bytes + i * each);
        if (!tl__is_finite(job->values[i]))
            return tl__fail_at(error, TL_NOT_FINITE, job->path, 0, 0, NULL,
                               "the tensor '%s' holds a number that is NaN or infinite; use another file", view->name);
    }
    if (take) tl__tensor_from_file(tensor, job->model->parameters + tensor->offset, job->values);
    return TL_OK;
}

/* Reads all that fits and tells the outcome; with `take` puts it into the model instead. */
static tl_status transfer_walk(transfer_job *job, bool take, tl_error *error)
{
    for (int t = 0; t < tl__plan_tensor_count(job->model->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(job->model->plan, t);
        const tl__tensor_view *view = job->views[t];
        if (!transfer_wants(job, tensor)) continue;
        bool same = view && transfer_same_shape(tensor, view), fits = same && transfer_layer_fits(job, tensor->node);
        if (fits) TL_TRY(transfer_read(job, tensor, view, take, error));
        if (take) continue;
        job->of_tensors++;
        job->of_numbers += tensor->size;
        if (fits) {
            job->tensors++;
            job->numbers += tensor->size;
            tl__put_text(job->builder, job->loaded, NULL, tensor->name);
        } else if (!view || same) {
            tl__put_text(job->builder, view ? job->beside : job->missing, NULL, tensor->name);
        } else {
            tl_value *map = tl__put_map(job->builder, job->other_shape, NULL);
            tl__put_text(job->builder, map, "tensor", tensor->name);
            transfer_put_shape(job->builder, map, "here", tensor->dim, (size_t)tensor->rank);
            transfer_put_shape(job->builder, map, "file", view->shape, view->rank);
        }
    }
    return TL_OK;
}

static tl_status transfer_nothing(const transfer_job *job, tl_error *error)
{
    const tl__tensor *tensor = tl__plan_tensor(job->model->plan, 0);
    const tl_value *other = job->other_shape ? job->other_shape->first : NULL;
    if (other)
        return tl__fail_at(error, TL_BAD_DATA, job->path, 0, 0, "transfer.from",
                           "no tensor of the file has the shape that it has in this network ('%s', for one); make the "
                           "layers as large as those of the file", tl_value_text(tl_value_get(other, "tensor"), ""));
    return tl__fail_at(error, TL_BAD_DATA, job->path, 0, 0, "transfer.from",
                       "no tensor of the file has a name of this network: there are '%s' here and '%s' in the file; "
                       "name the layers alike or set transfer.rename", tensor ? tensor->name : "none",
                       job->file->count ? job->file->tensors[0].name : "none");
}

static tl_status transfer_do(transfer_job *job, tl_error *error)
{
    tl__builder *builder = job->builder;
    transfer_pair(job);
    tl__put_text(builder, job->report, "file", job->path);
    job->loaded = tl__put_list(builder, job->report, "loaded");
    job->missing = tl__put_list(builder, job->report, "missing");
    job->other_shape = tl__put_list(builder, job->report, "other_shape");
    job->beside = tl__put_list(builder, job->report, "beside_other_shape");
    TL_TRY(transfer_walk(job, false, error));
    tl_value *unused = tl__put_list(builder, job->report, "unused");
    for (size_t i = 0; i < job->file->count; i++)
        if (!job->used[i]) tl__put_text(builder, unused, NULL, job->file->tensors[i].name);
    tl__put_integer(builder, job->report, "tensors", (int64_t)job->tensors);
    tl__put_integer(builder, job->report, "of_tensors", (int64_t)job->of_tensors);
    tl__put_integer(builder, job->report, "numbers", (int64_t)job->numbers);
    tl__put_integer(builder, job->report, "of_numbers", (int64_t)job->of_numbers);
    if (builder->failed) return tl__fail_memory(error, 0);
    if (job->tensors == 0) return transfer_nothing(job, error);
    return transfer_walk(job, true, error);
}

static void transfer_carve(tl__carver *carver, transfer_job *job, size_t largest)
{
    job->views = TL_CARVE(carver, const tl__tensor_view *, (size_t)tl__plan_tensor_count(job->model->plan));
    job->used = TL_CARVE(carver, bool, job->file->count);
    job->values = TL_CARVE(carver, float, largest);
}

static tl_status transfer_from(transfer_job *job, tl_error *error)
{
    tl__heap *heap = &job->model->context->heap;
    size_t largest = 0;
    tl__carver carver = {0};
    for (int t = 0; t < tl__plan_tensor_count(job->model->plan); t++)
        largest = tl__size_max(largest, tl__plan_tensor(job->model->plan, t)->size);
    transfer_carve(&carver, job, largest);
    size_t size = carver.used;
    unsigned char *block = tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    memset(block, 0, size);
    carver = (tl__carver){.base = block};
    transfer_carve(&carver, job, largest);
    tl_status status = transfer_do(job, error);
    tl__free_aligned(heap, block, size);
    return status;
}

/* Every selector of transfer.layers must mean a layer, and transfer.rename be a map of texts. */
static tl_status transfer_check(const tl_model *model, const tl__transfer_settings *settings, tl_error *error)
{
    const tl_value *rename = settings->rename;
    for (size_t i = 0; i < settings->layers.count; i++) {
        bool found = false;
        for (int k = 0; k < model->graph.count && !found; k++)
            found = transfer_means(settings->layers.items[i], &model->graph, k);
        if (!found) return transfer_no_layer(&model->graph, "transfer.layers", settings->layers.items[i], error);
    }
    if (rename && rename->kind != TL_MAP && rename->kind != TL_NULL)
        return tl__fail_at(error, TL_BAD_CONFIG, model->graph.file, rename->line, rename->column, "transfer.rename",
                           "transfer.rename is a map of beginnings of names, {encoder.fc1: dense_1}");
    return TL_OK;
}

TL_PRIV tl_status tl__transfer_load(tl_model *model, const tl__transfer_settings *settings, const char *path,
                                    tl__builder *builder, tl_value *report, tl_error *error)
{
    tl__buffer bytes;
    tl__safetensors file;
    TL_TRY(transfer_check(model, settings, error));
    tl__buffer_init(&bytes, &model->context->heap);
    tl_status status = tl__file_read(path, &bytes, SIZE_MAX, error);
    if (status == TL_OK)
        status = tl__safetensors_read(&file, &model->context->heap, bytes.data, bytes.size, path, error);
    if (status == TL_OK) {
        transfer_job job = {.model = model, .settings = settings, .file = &file, .path = path, .builder = builder,
                            .report = report};
        status = transfer_from(&job, error);
        tl__safetensors_free(&file);
    }
    tl__buffer_free(&bytes);
    return status;
}

/* ---- from C ---- */

TL_API tl_status tl_model_transfer(tl_model *model, const char *path, const char *settings, tl_value **report,
                                   tl_error *error)
{
    tl_context *context = model->context;
    tl__transfer_settings own;
    tl__tree *given = NULL, *told = NULL;
    tl__arena arena;
    tl__buffer flow;
    if (report) *report = NULL;
    tl__arena_init(&arena, &context->heap);
    tl__buffer_init(&flow, &context->heap);
    tl__buffer_format(&flow, "{%s}", settings ? settings : "");
    tl_status status = flow.failed || tl__tree_new(&context->heap, "settings", &given) != TL_OK ||
                       tl__tree_new(&context->heap, NULL, &told) != TL_OK ? tl__fail_memory(error, flow.size) : TL_OK;
    if (status == TL_OK) status = tl__yaml_parse(given, flow.data, flow.size, error);
    if (status == TL_OK)
        status = tl__bind(tl__transfer_rows(), &own, &given->root, "settings", "", &arena, error);
    if (status == TL_OK) status = tl__transfer_mark_model(model, &own, error);
    if (status == TL_OK && path) {
        tl__builder builder;
        tl__builder_init(&builder, told);
        status = tl__transfer_load(model, &own, path, &builder, tl__put_map(&builder, NULL, NULL), error);
    }
    if (status == TL_OK && report && path) *report = &told->root, told = NULL;
    tl__tree_free(told);
    tl__tree_free(given);
    tl__buffer_free(&flow);
    tl__arena_free(&arena);
    return status;
}
