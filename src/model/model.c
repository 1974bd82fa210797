/* Models: making, freeing, and what they are asked. */
#include "model/model.h"

#include "base/text.h"
#include "kernels/kernels.h"
#include "text/yaml.h"

static char *model_text(tl__heap *heap, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = tl__alloc(heap, size);
    if (copy) memcpy(copy, text, size);
    return copy;
}

static void model_free_text(tl__heap *heap, char *text)
{
    if (text) tl__free(heap, text, strlen(text) + 1);
}

TL_API void tl_model_free(tl_model *model)
{
    if (!model || !model->context) return;
    tl__heap *heap = &model->context->heap;
    if (model->parameters)
        tl__free_aligned(heap, model->parameters, tl__plan_parameter_floats(model->plan) * sizeof(float));
    if (model->plan) tl__plan_free(heap, model->plan);
    tl__pipeline_free(model->pipeline);
    model_free_text(heap, model->settings);
    model_free_text(heap, model->metrics);
    tl__graph_free(&model->graph);
    tl__free(heap, model, sizeof *model);
}

static tl_status model_plan(tl_model *model, tl__plan **out, tl_error *error)
{
    tl__plan_options options = {.kernels = model->context->kernels, .workers = 1, .max_rows = 1};
    return tl__plan_new(&model->context->heap, &model->graph, &options, out, error);
}

TL_PRIV tl_status tl__model_plan_again(tl_model *model, tl_error *error)
{
    tl__heap *heap = &model->context->heap;
    tl__plan *plan;
    TL_TRY(model_plan(model, &plan, error));
    size_t bytes = tl__plan_parameter_floats(plan) * sizeof(float);
    float *parameters = bytes ? tl__alloc_aligned(heap, bytes) : NULL;
    if (bytes && !parameters) {
        tl__plan_free(heap, plan);
        return tl__fail_memory(error, bytes);
    }
    if (bytes) memset(parameters, 0, bytes);
    for (int t = 0; t < tl__plan_tensor_count(plan); t++) {
        const tl__tensor *from = tl__plan_tensor(model->plan, t), *to = tl__plan_tensor(plan, t);
        memcpy(parameters + to->offset, model->parameters + from->offset, to->size * sizeof(float));
    }
    if (model->parameters)
        tl__free_aligned(heap, model->parameters, tl__plan_parameter_floats(model->plan) * sizeof(float));
    tl__plan_free(heap, model->plan);
    model->plan = plan;
    model->parameters = parameters;
    return TL_OK;
}

static tl_status model_fill(tl_model *model, const tl__pipeline *pipeline, uint64_t seed, tl_error *error)
{
    tl_context *context = model->context;
    TL_TRY(tl__graph_check(&model->graph, error));
    TL_TRY(model_plan(model, &model->plan, error));
    size_t floats = tl__plan_parameter_floats(model->plan), bytes;
    if (!tl__size_mul(floats, sizeof(float), &bytes)) return tl__fail_memory(error, SIZE_MAX);
    if (bytes) {
        model->parameters = tl__alloc_aligned(&context->heap, bytes);
        if (!model->parameters) return tl__fail_memory(error, bytes);
        tl__plan_initialize(model->plan, seed, model->parameters);
    }
    if (pipeline) return tl__model_set_pipeline(model, pipeline, error);
    tl_status status = tl__pipeline_plain(context, tl__shape_size(tl__graph_input_shape(&model->graph)),
                                          tl__shape_size(tl__graph_output_shape(&model->graph)), 0, &model->pipeline);
    return status == TL_OUT_OF_MEMORY ? tl__fail_memory(error, 0) : status;
}

TL_PRIV tl_status tl__model_make(tl_context *context, tl__graph *graph, const tl__pipeline *pipeline, uint64_t seed,
                                 tl_model **out, tl_error *error)
{
    tl_model *model = tl__alloc_zero(&context->heap, 1, sizeof *model);
    if (!model) {
        tl__graph_free(graph);
        return tl__fail_memory(error, sizeof *model);
    }
    model->context = context;
    model->graph = *graph;
    tl__graph_init(graph, &context->heap, NULL);
    tl_status status = model_fill(model, pipeline, seed, error);
    if (status != TL_OK) tl_model_free(model);
    else *out = model;
    return status;
}

TL_PRIV tl_status tl__model_set_pipeline(tl_model *model, const tl__pipeline *pipeline, tl_error *error)
{
    size_t inputs = tl__shape_size(tl__graph_input_shape(&model->graph));
    size_t outputs = tl__shape_size(tl__graph_output_shape(&model->graph));
    bool two = pipeline->classification && pipeline->outputs == 2 && outputs == 1;
    if (inputs != pipeline->features)
        return tl__fail(error, TL_BAD_SHAPE, "the network takes %zu inputs but the data gives %zu; change the input "
                        "layer or the data's columns", inputs, pipeline->features);
    const tl__sequence *sequence = pipeline->sequence;
    if (sequence && tl__graph_input_shape(&model->graph)->dim[0] != sequence->max_length)
        return tl__fail(error, TL_BAD_SHAPE,
                        "the data gives sequences of %zu steps of %zu numbers, so the input layer's first size must be "
                        "their steps; say shape: [%zu, %zu], or leave the input layer out",
                        sequence->max_length, sequence->features, sequence->max_length, sequence->features);
    if (pipeline->classification && outputs != pipeline->outputs && !two)
        return tl__fail(error, TL_BAD_SHAPE, "the network has %zu outputs but the data has %zu classes; change the "
                        "output layer's nodes", outputs, pipeline->outputs);
    size_t width = tl__pipeline_width(pipeline);
    bool fits = pipeline->target_classes ? outputs == width : width > 0 && outputs % width == 0;
    if (!pipeline->classification && !fits)
        return tl__fail(error, TL_BAD_SHAPE, "the network has %zu outputs but the data's targets need %zu; change the "
                        "output layer's nodes", outputs, width);
    tl__pipeline *copy;
    tl_status status = tl__pipeline_clone(model->context, pipeline, &copy);
    if (status != TL_OK)
        return tl__fail(error, status, "the input pipeline could not be copied: %s", tl_status_text(status));
    tl__pipeline_free(model->pipeline);
    model->pipeline = copy;
    return TL_OK;
}

static tl_status model_set_json(tl_model *model, char **text, const tl_value *value)
{
    tl__heap *heap = &model->context->heap;
    tl__buffer buffer;
    char *copy = NULL;
    if (value) {
        tl__buffer_init(&buffer, heap);
        tl__json_write(&buffer, value, 0);
        if (!buffer.failed) copy = model_text(heap, buffer.data);
        tl__buffer_free(&buffer);
        if (!copy) return TL_OUT_OF_MEMORY;
    }
    model_free_text(heap, *text);
    *text = copy;
    return TL_OK;
}

TL_PRIV tl_status tl__model_set_settings(tl_model *model, const tl_value *settings)
{
    return model_set_json(model, &model->settings, settings);
}

TL_PRIV tl_status tl__model_set_metrics(tl_model *model, const tl_value *metrics)
{
    return model_set_json(model, &model->metrics, metrics);
}

TL_PRIV size_t tl__model_predictions(const tl_model *model)
{
    size_t outputs = tl__shape_size(tl__graph_output_shape(&model->graph));
    return outputs == 1 && model->link == TL__LINK_SIGMOID ? 2 : outputs;
}

TL_PRIV void tl__model_numerics(const tl_context *context, char out[32])
{
    tl__format(out, 32, "%s %d", tl__numeric_class_name(context->kernels->numeric_class), TL_NUMERICS_VERSION);
}

TL_API int64_t tl_model_parameters(const tl_model *model)
{
    tl__plan_totals totals;
    tl__plan_totals_of(model->plan, &totals);
    return (int64_t)totals.parameter_count;
}

TL_API size_t tl_model_inputs(const tl_model *model)
{
    return model->pipeline ? model->pipeline->raw : tl__shape_size(tl__graph_input_shape(&model->graph));
}

TL_API size_t tl_model_outputs(const tl_model *model)
{
    return tl__model_predictions(model);
}

TL_API const char *tl_model_class(const tl_model *model, size_t index)
{
    const tl__pipeline *pipeline = model->pipeline;
    return pipeline && pipeline->classification && index < pipeline->outputs ? pipeline->classes[index] : NULL;
}

TL_API size_t tl_model_targets(const tl_model *model)
{
    return model->pipeline ? model->pipeline->target_count : 0;
}

TL_API const char *tl_model_target(const tl_model *model, size_t target)
{
    return target < tl_model_targets(model) ? model->pipeline->targets[target] : NULL;
}

TL_API size_t tl_model_target_classes(const tl_model *model, size_t target)
{
    const tl__pipeline *pipeline = model->pipeline;
    if (target >= tl_model_targets(model)) return 0;
    return pipeline->classification ? pipeline->outputs : tl__target_classes(pipeline, target);
}

TL_API const char *tl_model_target_class(const tl_model *model, size_t target, size_t index)
{
    if (index >= tl_model_target_classes(model, target)) return NULL;
    return model->pipeline->classification ? model->pipeline->classes[index]
                                           : model->pipeline->target_classes[target].names[index];
}
