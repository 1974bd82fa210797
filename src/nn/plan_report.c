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
TL_PRIV const tl__graph *tl__plan_graph(const tl__plan *plan) { return plan->graph; }

TL_PRIV size_t tl__tensor_place(const tl__tensor *tensor, size_t i)
{
    size_t place = 0;
    if (!tensor->reordered) return i;
    for (int axis = tensor->rank - 1; axis > 0; axis--) {
        place += i % tensor->dim[axis] * tensor->stride[axis];
        i /= tensor->dim[axis];
    }
    return place + i * tensor->stride[0];
}

TL_PRIV void tl__tensor_to_file(const tl__tensor *tensor, float *file, const float *memory)
{
    for (size_t i = 0; i < tensor->size; i++) file[i] = memory[tl__tensor_place(tensor, i)];
}

TL_PRIV void tl__tensor_from_file(const tl__tensor *tensor, float *memory, const float *file)
{
    for (size_t i = 0; i < tensor->size; i++) memory[tl__tensor_place(tensor, i)] = file[i];
}

TL_PRIV void tl__plan_initialize(const tl__plan *plan, uint64_t seed, float *parameters)
{
    memset(parameters, 0, plan->parameter_floats * sizeof *parameters);
    for (int t = 0; t < plan->tensor_count; t++)
        tl__init_fill(&plan->tensors[t], seed, parameters + plan->tensors[t].offset);
}
