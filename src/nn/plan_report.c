/* What a plan tells: sizes, lines to print, tensors; and what is done tensor by tensor: initial weights, file order. */
#include "nn/plan_parts.h"

TL_PRIV void tl__plan_totals_of(const tl__plan *plan, tl__plan_totals *out) { *out = plan->totals; }

TL_PRIV int tl__plan_line_count(const tl__plan *plan) { return plan->node_count; }

TL_PRIV void tl__plan_line_at(const tl__plan *plan, int index, tl__plan_line *out)
{
    const tl__graph_node *n = &plan->graph->nodes[index];
    const tl__plan_node *node = &plan->nodes[index];
    tl__site site = tl__plan_site(plan, index);
    memset(out, 0, sizeof *out);
    out->name = n->name;
    out->type = n->common->type;
    out->shape = n->shape;
    out->value_bytes = node->values;
    if (node->live) out->flops = n->layer->flops ? n->layer->flops(&site) : (double)tl__shape_size(&n->shape);
    for (int t = 0; t < node->tensor_count; t++) {
        const tl__tensor *tensor = &plan->tensors[node->first_tensor + t];
        size_t arrays = 1 + (tensor->trained ? (size_t)(plan->gradient_arrays + plan->state_arrays) : 0);
        out->parameters += tensor->size;
        out->parameter_bytes += tensor->size * sizeof(float) * arrays;
    }
}

TL_PRIV int tl__plan_tensor_count(const tl__plan *plan) { return plan->tensor_count; }
TL_PRIV const tl__tensor *tl__plan_tensor(const tl__plan *plan, int index) { return &plan->tensors[index]; }
TL_PRIV size_t tl__plan_parameter_floats(const tl__plan *plan) { return plan->parameter_floats; }
TL_PRIV size_t tl__plan_trained_floats(const tl__plan *plan) { return plan->trained_floats; }
TL_PRIV size_t tl__plan_decay_floats(const tl__plan *plan) { return plan->decay_floats; }
TL_PRIV const tl__graph *tl__plan_graph(const tl__plan *plan) { return plan->graph; }

TL_PRIV void tl__tensor_to_file(const tl__tensor *tensor, float *file, const float *memory)
{
    if (!tensor->transposed) {
        memcpy(file, memory, tensor->size * sizeof *file);
        return;
    }
    size_t out = tensor->dim[0], in = tensor->dim[1];
    for (size_t i = 0; i < out; i++)
        for (size_t j = 0; j < in; j++) file[i * in + j] = memory[j * out + i];
}

TL_PRIV void tl__tensor_from_file(const tl__tensor *tensor, float *memory, const float *file)
{
    if (!tensor->transposed) {
        memcpy(memory, file, tensor->size * sizeof *file);
        return;
    }
    size_t out = tensor->dim[0], in = tensor->dim[1];
    for (size_t i = 0; i < out; i++)
        for (size_t j = 0; j < in; j++) memory[j * out + i] = file[i * in + j];
}

TL_PRIV void tl__plan_initialize(const tl__plan *plan, uint64_t seed, float *parameters)
{
    memset(parameters, 0, plan->parameter_floats * sizeof *parameters);
    for (int t = 0; t < plan->tensor_count; t++) {
        const tl__tensor *tensor = &plan->tensors[t];
        size_t out = tensor->rank > 1 ? tensor->dim[0] : 1;
        tl__init_fill((tl__init_kind)tensor->init, seed, tensor->name, out, tensor->size / (out ? out : 1),
                      tensor->fan_in, tensor->fan_out, tensor->transposed, parameters + tensor->offset);
    }
}
