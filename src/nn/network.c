/* Laying out a network: one function asks for every part of its block. With no base it counts, so the plan's figures
 * and the placed network cannot disagree; with a base it wires every pointer that a step will use. */
#include "nn/network_parts.h"

#include "base/hash.h"

enum { NETWORK_LINE = 64 };

typedef struct network_parts {
    tl__network *network;
    tl__network_op *ops[TL__MODES];
    tl__network_input *inputs[TL__MODES];
    unsigned char *states[TL__MODES];
    float *parameters, *gradients, *state;
    double *block_squares, *norms, *piece_losses;
    unsigned char *values, *scratch;
} network_parts;

/* Live nodes, how many pointers read the input, and the bytes of all layers' structs. */
static void network_count(const tl__plan *plan, int mode, size_t *ops, size_t *inputs, size_t *states)
{
    *ops = *inputs = *states = 0;
    for (int i = 0; i < plan->node_count; i++) {
        const tl__graph_node *n = &plan->graph->nodes[i];
        if (!plan->nodes[i].live || n->input_count == 0) continue;
        ++*ops;
        for (int k = 0; k < n->input_count; k++)
            if (plan->graph->nodes[plan->nodes[n->inputs[k]].root[mode]].input_count == 0) ++*inputs;
        if (plan->nodes[i].root[mode] == i) *states += tl__size_round(n->layer->state_size, NETWORK_LINE);
    }
}

static void network_carve(tl__carver *carver, const tl__plan *plan, network_parts *out, tl__plan_totals *totals)
{
    size_t begin = carver->used;
    memset(out, 0, sizeof *out);
    out->network = TL_CARVE(carver, tl__network, 1);
    for (int mode = 0; mode < (plan->options.training ? TL__MODES : 1); mode++) {
        size_t ops, inputs, states;
        network_count(plan, mode, &ops, &inputs, &states);
        out->ops[mode] = TL_CARVE(carver, tl__network_op, ops);
        out->inputs[mode] = TL_CARVE(carver, tl__network_input, inputs);
        out->states[mode] = TL_CARVE(carver, unsigned char, states);
    }
    if (plan->options.training) {
        out->block_squares = TL_CARVE(carver, double, plan->norm_blocks);
        out->norms = TL_CARVE(carver, double, (size_t)plan->tensor_count);
    }
    out->piece_losses = TL_CARVE(carver, double, (size_t)plan->options.shards);
    totals->own = tl__size_round(carver->used, NETWORK_LINE) - begin;
    begin = carver->used;
    if (plan->options.own_parameters) out->parameters = TL_CARVE(carver, float, plan->parameter_floats);
    totals->parameters = carver->used - begin;
    begin = carver->used;
    out->gradients = TL_CARVE(carver, float, plan->trained_floats * (size_t)plan->gradient_arrays);
    totals->gradients = carver->used - begin;
    begin = carver->used;
    out->state = TL_CARVE(carver, float, plan->trained_floats * (size_t)plan->state_arrays);
    totals->state = carver->used - begin;
    begin = carver->used;
    out->values = TL_CARVE(carver, unsigned char, plan->values);
    totals->values = carver->used - begin;
    begin = carver->used;
    out->scratch = TL_CARVE(carver, unsigned char, plan->scratch * (size_t)plan->options.workers);
    totals->scratch = carver->used - begin;
}

TL_PRIV tl_status tl__network_measure(const tl__plan *plan, tl__plan_totals *totals)
{
    tl__carver carver = {0};
    network_parts parts;
    network_carve(&carver, plan, &parts, totals);
    if (carver.overflow || carver.used > SIZE_MAX - NETWORK_LINE) return TL_OUT_OF_RANGE;
    totals->network = carver.used + NETWORK_LINE - 1;
    return TL_OK;
}

/* ---- Wiring */

static float *network_at(const network_parts *parts, size_t offset)
{
    return offset == TL__NOWHERE ? NULL : (float *)(void *)(parts->values + offset);
}

static void network_wire_tensors(const tl__plan *plan, const tl__network *network, int mode, int node, tl__op *op)
{
    const tl__plan_node *planned = &plan->nodes[node];
    for (int t = 0; t < planned->tensor_count; t++) {
        const tl__tensor *tensor = &plan->tensors[planned->first_tensor + t];
        op->tensor[t] = network->parameters + tensor->offset;
        if (mode == TL__TRAINING && tensor->trained) op->gradient[t] = network->gradients + tensor->offset;
    }
}

static tl__network_op *network_find(tl__network_mode *m, int node)
{
    for (int i = 0; i < m->count; i++)
        if (m->ops[i].node == node) return &m->ops[i];
    return NULL;
}

/* Inputs, outputs and gradients of one op. */
static void network_wire_op(tl__network *network, const network_parts *parts, int mode, int node)
{
    const tl__plan *plan = network->plan;
    const tl__graph_node *n = &plan->graph->nodes[node];
    const tl__plan_node *planned = &plan->nodes[node];
    tl__network_mode *m = &network->mode[mode];
    tl__network_op *entry = &m->ops[m->count++];
    tl__op *op = &entry->op;
    entry->node = node;
    entry->identity = planned->root[mode] != node;
    op->layer = n->layer;
    op->node = n;
    op->settings = n->settings;
    op->key = tl__name_hash(n->name);
    op->input_count = n->input_count;
    op->size = tl__shape_size(&n->shape);
    op->out = network_at(parts, plan->nodes[planned->root[mode]].at[mode].out);
    for (int k = 0; k < n->input_count; k++) {
        int root = plan->nodes[n->inputs[k]].root[mode];
        op->in_size[k] = tl__shape_size(&plan->graph->nodes[n->inputs[k]].shape);
        op->in[k] = network_at(parts, plan->nodes[root].at[mode].out);
        op->timed[k] = plan->nodes[n->inputs[k]].timed;
        if (plan->graph->nodes[root].input_count == 0) m->inputs[m->input_count++].where = &op->in[k];
    }
    network_wire_tensors(plan, network, mode, node, op);
    if (mode != TL__TRAINING || !tl__plan_backward(plan, node)) return;
    entry->backward = !(entry->identity && planned->gradient_root != node);
    op->d_out = network_at(parts, plan->nodes[planned->gradient_root].at[mode].d_out);
    for (int k = 0; k < n->input_count; k++) {
        if (!planned->wants[k]) continue;
        float *target = network_at(parts, plan->nodes[plan->nodes[n->inputs[k]].gradient_root].at[mode].d_out);
        float *edge = network_at(parts, planned->at[mode].edge[k]);
        op->d_in[k] = edge ? edge : target;
        if (edge) entry->add_to[k] = target;
    }
}

/* Give a layer its blocks, by the function that counted them. */
static void network_wire_state(tl__network *network, const network_parts *parts, int mode, tl__network_op *entry,
                               unsigned char *state)
{
    const tl__plan *plan = network->plan;
    const tl__plan_places *at = &plan->nodes[entry->node].at[mode];
    tl__site site = tl__plan_site(plan, entry->node);
    tl__layer_memory memory;
    tl__plan_memory(plan, entry->node, mode, &memory);
    memory.kept.base = (void *)network_at(parts, at->kept);
    memory.forward.base = (void *)network_at(parts, at->forward);
    memory.backward.base = (void *)network_at(parts, at->backward);
    entry->op.state = state;
    entry->op.layer->carve(&site, &memory, state);
}

/* Let a reader apply the derivative of the layer before it, where it is the only one and both can. */
static void network_fuse(tl__network *network)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    for (int i = 0; i < m->count; i++) {
        tl__op *op = &m->ops[i].op;
        int before = op->node->inputs[0];
        if (!op->layer->applies_derivative || m->ops[i].identity || !op->d_in[0] || m->ops[i].add_to[0]) continue;
        if (network->plan->nodes[before].uses != 1 || before == network->plan->output) continue;
        tl__network_op *producer = network_find(m, before);
        if (!producer || producer->identity || !producer->op.layer->saved) continue;
        if (network->plan->nodes[before].segment != network->plan->nodes[m->ops[i].node].segment) continue;
        op->fused_saved = producer->op.layer->saved(&producer->op, &op->fused);
        producer->op.derivative_done = op->fused_saved != NULL;
    }
}

static void network_wire_mode(tl__network *network, const network_parts *parts, int mode)
{
    const tl__plan *plan = network->plan;
    tl__network_mode *m = &network->mode[mode];
    unsigned char *state = parts->states[mode];
    m->ops = parts->ops[mode];
    m->inputs = parts->inputs[mode];
    m->max_rows = mode == TL__TRAINING ? plan->options.max_rows : plan->options.evaluation_rows;
    for (int i = 0; i < plan->node_count; i++) {
        if (!plan->nodes[i].live || plan->graph->nodes[i].input_count == 0) continue;
        network_wire_op(network, parts, mode, i);
        tl__network_op *entry = &m->ops[m->count - 1];
        if (entry->identity) continue;
        network_wire_state(network, parts, mode, entry, state);
        state += tl__size_round(entry->op.layer->state_size, NETWORK_LINE);
    }
    m->output = network_at(parts, plan->nodes[plan->nodes[plan->output].root[mode]].at[mode].out);
    m->row_losses = network_at(parts, plan->row_losses[mode]);
    if (mode == TL__TRAINING)
        m->output_gradient =
            network_at(parts, plan->nodes[plan->nodes[plan->output].gradient_root].at[mode].d_out);
}

TL_PRIV tl_status tl__network_place(void *memory, size_t size, const tl__plan *plan, float *parameters,
                                    tl__network **out)
{
    *out = NULL;
    if (!memory || size < plan->totals.network) return TL_OUT_OF_MEMORY;
    if (plan->options.own_parameters ? parameters != NULL : parameters == NULL) return TL_INVALID;
    size_t skip = -(uintptr_t)memory & (NETWORK_LINE - 1);
    tl__carver carver = {(unsigned char *)memory + skip, 0, false};
    network_parts parts;
    tl__plan_totals totals;
    network_carve(&carver, plan, &parts, &totals);
    memset(carver.base, 0, carver.used);
    tl__network *network = parts.network;
    network->plan = plan;
    network->parameters = parameters ? parameters : parts.parameters;
    network->gradients = parts.gradients;
    for (int l = 1; l < plan->gradient_arrays; l++)
        network->levels[l - 1] = parts.gradients + (size_t)l * plan->trained_floats;
    for (int s = 0; s < plan->state_arrays; s++)
        network->state[s] = parts.state + (size_t)s * plan->trained_floats;
    network->block_squares = parts.block_squares;
    network->norms = parts.norms;
    network->piece_losses = parts.piece_losses;
    network->scratch = parts.scratch;
    network->scratch_bytes = plan->scratch;
    network_wire_mode(network, &parts, TL__EVALUATION);
    if (plan->options.training) {
        network_wire_mode(network, &parts, TL__TRAINING);
        network_fuse(network);
        network->input_gradient = network_at(&parts, plan->nodes[0].at[TL__TRAINING].d_out);
    }
    if (plan->options.optimizer)
        tl__optimizer_start(plan->options.optimizer, plan->options.optimizer_settings, network->state,
                            plan->trained_floats);
    *out = network;
    return TL_OK;
}

TL_PRIV tl_status tl__network_new(tl__heap *heap, const tl__plan *plan, float *parameters, tl__network **out,
                                  tl_error *error)
{
    *out = NULL;
    void *memory = tl__alloc(heap, plan->totals.network);
    if (!memory) return tl__fail_memory(error, plan->totals.network);
    tl_status status = tl__network_place(memory, plan->totals.network, plan, parameters, out);
    if (status != TL_OK) {
        tl__free(heap, memory, plan->totals.network);
        return tl__fail(error, status, "A network takes parameters exactly when its plan does not own them.");
    }
    (*out)->block = memory;
    return TL_OK;
}

TL_PRIV void tl__network_free(tl__heap *heap, tl__network *network)
{
    if (network) tl__free(heap, network->block, network->plan->totals.network);
}

/* ---- What it has */

TL_PRIV float *tl__network_parameters(tl__network *network) { return network->parameters; }
TL_PRIV const float *tl__network_gradients(const tl__network *network) { return network->gradients; }
TL_PRIV int tl__network_state_count(const tl__network *network) { return network->plan->state_arrays; }
TL_PRIV float *tl__network_state(tl__network *network, int index) { return network->state[index]; }
TL_PRIV double tl__network_norm(const tl__network *network, int tensor) { return network->norms[tensor]; }
