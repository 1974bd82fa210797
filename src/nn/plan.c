/* Making a plan: which nodes are needed, who needs gradients, where parameters lie, and which buffers may share bytes.
 *
 * Lifetimes are counted in the times of plan_times.c; where the gradients of weights come after all backward passes
 * (split), at plan->end. Buffers are placed largest first, each at the lowest offset where no buffer of overlapping
 * lifetime lies. */
#include "nn/plan_parts.h"

#include "base/hash.h"
#include "base/text.h"
#include "nn/clip.h"
#include "nn/optimizer.h"

enum { PLAN_LINE = 64, PLAN_LINE_FLOATS = PLAN_LINE / sizeof(float), PLAN_SPLIT = 1 << 16, PLAN_STREAM = 1024 };

/* ---- Sizes of the plan itself */

static int plan_count_tensors(const tl__graph *graph)
{
    tl__tensor_spec specs[TL__LAYER_TENSORS];
    int count = 0;
    for (int i = 0; i < graph->count; i++) {
        const tl__graph_node *node = &graph->nodes[i];
        tl__site site = {graph, node, node->settings};
        if (node->layer->tensors) count += node->layer->tensors(&site, specs);
    }
    return count;
}

static size_t plan_max_buffers(const tl__graph *graph)
{
    size_t count = 1;
    for (int i = 0; i < graph->count; i++) count += 5 + (size_t)graph->nodes[i].input_count;
    return count;
}

/* The plan and its arrays, one behind the other; with base NULL only counted. */
static tl__plan *plan_carve(tl__carver *carver, const tl__graph *graph)
{
    size_t nodes = (size_t)graph->count, buffers = plan_max_buffers(graph);
    int tensors = plan_count_tensors(graph);
    tl__plan *plan = TL_CARVE(carver, tl__plan, 1);
    tl__plan_node *plan_nodes = TL_CARVE(carver, tl__plan_node, nodes);
    tl__tensor *plan_tensors = TL_CARVE(carver, tl__tensor, (size_t)tensors);
    tl__plan_buffer *plan_buffers = TL_CARVE(carver, tl__plan_buffer, buffers);
    int *order = TL_CARVE(carver, int, buffers);
    if (!carver->base) return NULL;
    memset(plan, 0, sizeof *plan);
    memset(plan_nodes, 0, nodes * sizeof *plan_nodes);
    memset(plan_tensors, 0, (size_t)tensors * sizeof *plan_tensors);
    plan->nodes = plan_nodes;
    plan->tensors = plan_tensors;
    plan->buffers = plan_buffers;
    plan->order = order;
    plan->tensor_count = tensors;
    return plan;
}

TL_PRIV size_t tl__plan_size(const tl__graph *graph)
{
    tl__carver carver = {0};
    plan_carve(&carver, graph);
    return carver.used + PLAN_LINE - 1;
}

/* ---- Parameters */

/* Strides of the file's axes, the last axis in memory being the innermost. */
static void plan_order(const int order[4], tl__tensor *out)
{
    bool given = false;
    size_t stride = 1;
    for (int i = 0; i < out->rank; i++) given = given || order[i] != 0;
    for (int i = out->rank - 1; i >= 0; i--) {
        int axis = given ? order[i] : i;
        out->stride[axis] = stride;
        out->reordered = out->reordered || axis != i;
        stride *= out->dim[axis];
    }
}

/* The name in files; the first is drawn by the name that it would have by itself, so that stacks begin with the same
 * weights as layers written one by one. */
static void plan_name(const tl__graph_node *node, const tl__tensor_spec *spec, tl__tensor *out)
{
    char suffix[16];
    size_t size = strlen(node->name), end = tl__format(suffix, sizeof suffix, "_l%d", spec->level - 1);
    tl__format(out->name, sizeof out->name, "%s.%s", node->name, spec->name);
    out->key = tl__name_hash(out->name);
    const char *zero = spec->name;
    while (*zero != '\0' && (zero[0] != '_' || zero[1] != 'l' || zero[2] != '0')) zero++;
    if (!spec->level || *zero == '\0') return;
    if (size > end && strcmp(node->name + size - end, suffix) == 0) size -= end;
    tl__format(out->name, sizeof out->name, "%.*s.%.*s%s%s", (int)size, node->name, (int)(zero - spec->name),
               spec->name, suffix, zero + 3);
}

static tl_status plan_tensor(tl__plan *plan, int node, const tl__tensor_spec *spec, tl__tensor *out, tl_error *error)
{
    const tl__graph_node *n = &plan->graph->nodes[node];
    size_t size = 1, bytes;
    plan_name(n, spec, out);
    out->node = node;
    out->rank = spec->rank;
    for (int i = 0; i < spec->rank; i++) {
        out->dim[i] = spec->dim[i];
        if (!tl__size_mul(size, spec->dim[i], &size)) size = SIZE_MAX;
    }
    if (!tl__size_mul(size, 8 * sizeof(float), &bytes) || size > UINT32_MAX)
        return tl__fail_at(error, TL_OUT_OF_RANGE, plan->graph->file, n->line, n->column, NULL,
                           "The weights of '%s' (%s) are more than this machine can address; give it fewer nodes.",
                           n->name, out->name);
    out->size = size;
    out->offset = TL__NOWHERE;
    plan_order(spec->order, out);
    out->fan_in = spec->fan_in;
    out->fan_out = spec->fan_out;
    out->init = (int)spec->init;
    out->zero_row = spec->zero_row;
    out->trained = !spec->buffer && !n->common->frozen;
    out->decays = spec->decays;
    out->rate_factor = n->common->rate_factor;
    return TL_OK;
}

/* Group 0: weights that are trained, 1: other trained ones, 2: the rest. */
static int plan_group(const tl__tensor *tensor) { return !tensor->trained ? 2 : !tensor->decays; }

/* The first tensor of a group that has no place yet; NULL: there is none. */
static const tl__tensor *plan_first_unplaced(const tl__plan *plan, int count, int group)
{
    for (int t = 0; t < count; t++)
        if (plan->tensors[t].offset == TL__NOWHERE && plan_group(&plan->tensors[t]) == group) return &plan->tensors[t];
    return NULL;
}

/* Places the tensors of a group that share a rate factor: one part of the optimizer's step. Frozen ones and buffers
 * have no rate, and are one part. */
static tl_status plan_part(tl__plan *plan, int count, int group, double rate_factor, size_t *offset, tl_error *error)
{
    for (int t = 0; t < count; t++) {
        tl__tensor *tensor = &plan->tensors[t];
        if (plan_group(tensor) != group || (group < 2 && tensor->rate_factor != rate_factor)) continue;
        tensor->offset = *offset;
        if (!tl__size_add(*offset, tl__size_round(tensor->size, PLAN_LINE_FLOATS), offset) ||
            *offset > SIZE_MAX / sizeof(float) / 8)
            return tl__fail(error, TL_OUT_OF_RANGE, "The weights are more than this machine can address.");
        plan->totals.parameter_count += tensor->size;
        if (group == 2) continue;
        plan->totals.trained_count += tensor->size;
        plan->norm_blocks += tl__blocks(tensor->size, TL__SQUARES_BLOCK);
    }
    if (group == 2) return TL_OK;
    if (plan->part_count == TL__OPTIMIZER_PARTS)
        return tl__fail(error, TL_OUT_OF_RANGE, "The layers have more than %d different rate factors; use fewer.",
                        TL__OPTIMIZER_PARTS / 2);
    plan->parts[plan->part_count++] = (tl__plan_part){*offset, rate_factor, group == 0};
    return TL_OK;
}

static tl_status plan_parameters(tl__plan *plan, tl_error *error)
{
    int count = 0;
    for (int i = 0; i < plan->node_count; i++) {
        tl__tensor_spec specs[TL__LAYER_TENSORS];
        const tl__layer *layer = tl__plan_layer(plan, i);
        tl__site site = tl__plan_site(plan, i);
        memset(specs, 0, sizeof specs);
        plan->nodes[i].first_tensor = count;
        plan->nodes[i].tensor_count = layer->tensors ? layer->tensors(&site, specs) : 0;
        for (int k = 0; k < plan->nodes[i].tensor_count; k++)
            TL_TRY(plan_tensor(plan, i, &specs[k], &plan->tensors[count++], error));
    }
    size_t offset = 0;
    for (int group = 0; group < 3; group++) {
        for (const tl__tensor *first; (first = plan_first_unplaced(plan, count, group)) != NULL;)
            TL_TRY(plan_part(plan, count, group, first->rate_factor, &offset, error));
        if (group == 0) plan->decay_floats = offset;
        if (group == 1) plan->trained_floats = offset;
    }
    plan->parameter_floats = offset;
    return TL_OK;
}

/* ---- Who is needed, and who needs gradients */

static void plan_needs(tl__plan *plan)
{
    const tl__graph *graph = plan->graph;
    plan->nodes[plan->output].live = true;
    plan->nodes[0].live = true;
    for (int i = plan->node_count - 1; i >= 0; i--)
        for (int k = 0; plan->nodes[i].live && k < graph->nodes[i].input_count; k++) {
            plan->nodes[graph->nodes[i].inputs[k]].live = true;
            plan->nodes[graph->nodes[i].inputs[k]].uses++;
        }
    for (int i = 0; i < plan->node_count; i++) {
        const tl__graph_node *n = &graph->nodes[i];
        tl__plan_node *node = &plan->nodes[i];
        tl__site site = tl__plan_site(plan, i);
        node->timed = n->input_count == 0 || (n->layer->keeps_time && plan->nodes[n->inputs[0]].timed &&
                                              n->layer->keeps_time(&site));
        node->gradient = n->input_count == 0 && plan->options.input_gradient;
        for (int t = 0; t < node->tensor_count; t++)
            if (plan->tensors[node->first_tensor + t].trained) node->gradient = true;
        for (int k = 0; k < n->input_count; k++) {
            node->wants[k] = plan->nodes[n->inputs[k]].gradient;
            if (node->wants[k]) node->gradient = true;
        }
        for (int mode = 0; mode < TL__MODES; mode++) {
            bool identity = n->layer->identity && n->layer->identity(&site, mode == TL__TRAINING);
            node->root[mode] = identity ? plan->nodes[n->inputs[0]].root[mode] : i;
        }
        node->gradient_root = i;
        if (node->root[TL__TRAINING] != i && plan->nodes[n->inputs[0]].uses == 1)
            node->gradient_root = plan->nodes[n->inputs[0]].gradient_root;
    }
}

/* ---- Buffers */

typedef struct plan_maker {
    tl__plan *plan;
    int mode;
    int count;
    size_t rows;
} plan_maker;

static int plan_max(int a, int b) { return a > b ? a : b; }

static tl__plan_buffer *plan_buffer(plan_maker *maker, int node, size_t size, size_t *offset, int from, int to)
{
    *offset = TL__NOWHERE;
    if (size == 0) return NULL;
    tl__plan_buffer *buffer = &maker->plan->buffers[maker->count++];
    *buffer = (tl__plan_buffer){tl__size_round(size, PLAN_LINE), offset, node, from, to, 0, -1};
    return buffer;
}

/* It is needed from `from` to `to` once more. */
static void plan_buffer_again(tl__plan_buffer *buffer, int from, int to)
{
    if (!buffer) return;
    buffer->again_from = from;
    buffer->again_to = to;
}

TL_PRIV void tl__plan_memory(const tl__plan *plan, int node, int mode, tl__layer_memory *out)
{
    memset(out, 0, sizeof *out);
    out->kernels = plan->options.kernels;
    out->workers = (size_t)plan->options.workers;
    out->training = mode == TL__TRAINING;
    out->rows = out->training ? plan->options.max_rows : plan->options.evaluation_rows;
    out->pieces = plan->options.shards / plan->options.accumulation;
    if (out->training)
        memcpy(out->wants_gradient, plan->nodes[node].wants, sizeof out->wants_gradient);
}

/* Does a node read its input and the gradient of its output once more after all input gradients? */
static bool plan_is_split(const tl__plan *plan, int i)
{
    return plan->split && plan->graph->nodes[i].layer->gradient_tasks && tl__plan_backward(plan, i);
}

/* The gradients of weights can wait until all input gradients are there when what they are made from is kept. That is
 * done where it is not more than the weights, or little: PLAN_SPLIT floats; and not where weights lie in a layer that
 * never runs: they have gradients of zero in the array, and decay. In a small network the tests that streaming needs
 * (nn/network_step.c) take longer than it saves. */
static void plan_split(tl__plan *plan)
{
    const size_t smallest = plan->options.stream_floats ? plan->options.stream_floats : PLAN_STREAM;
    if (!plan->options.training || !plan->options.optimizer || plan->options.recompute) return;
    if (plan->trained_floats < smallest) return;
    size_t room = tl__size_max(plan->decay_floats, PLAN_SPLIT) / tl__size_max(1, plan->options.max_rows);
    plan->split = true;
    for (int i = 0; i < plan->node_count; i++) {
        size_t size = tl__shape_size(&plan->graph->nodes[i].shape);
        for (int t = 0; t < plan->nodes[i].tensor_count && !plan->nodes[i].live; t++)
            if (plan->tensors[plan->nodes[i].first_tensor + t].trained) plan->split = false;
        if (!plan_is_split(plan, i)) continue;
        if (size > room) plan->split = false;
        else room -= size;
    }
}

/* The array of node i is read at this time: in its first life, or, where it is written again before, its second. */
static void plan_read(tl__plan_buffer *buffer, int again, int time)
{
    if (again >= 0 && time >= again) buffer->again_to = plan_max(buffer->again_to, time);
    else buffer->to = plan_max(buffer->to, time);
}

/* What is read between the loss and its segment's second forward pass is held all the time, and written twice. */
static void plan_out_buffer(plan_maker *maker, int i)
{
    tl__plan *plan = maker->plan;
    tl__plan_node *node = &plan->nodes[i];
    int n = plan->node_count, again = -1;
    bool training = maker->mode == TL__TRAINING;
    tl__plan_buffer *buffer = plan_buffer(maker, i, maker->rows * tl__shape_size(&plan->graph->nodes[i].shape) *
                                          sizeof(float), &node->at[maker->mode].out, i, i);
    if (training && node->again >= 0) again = buffer->again_from = buffer->again_to = node->again;
    if (plan->nodes[plan->output].root[maker->mode] == i) buffer->to = plan->end + 1;
    if (node->keeps_output && training && tl__plan_backward(plan, i)) plan_read(buffer, again, node->back);
    for (int j = i + 1; j < n; j++) {
        const tl__plan_node *reader = &plan->nodes[j];
        if (!reader->live || reader->root[maker->mode] != j) continue;
        for (int k = 0; k < plan->graph->nodes[j].input_count; k++) {
            if (plan->nodes[plan->graph->nodes[j].inputs[k]].root[maker->mode] != i) continue;
            plan_read(buffer, again, j);
            if (training && reader->again >= 0) plan_read(buffer, again, reader->again);
            if (reader->keeps_input && training && tl__plan_backward(plan, j))
                plan_read(buffer, again, plan_is_split(plan, j) ? plan->end : reader->back);
        }
    }
    bool held = again >= 0 && buffer->to > n, read = buffer->again_to > again;
    if (held) buffer->to = plan_max(buffer->to, buffer->again_to);
    if (again >= 0 && !held && (read || node->repeats)) node->repeats = true;
    else plan_buffer_again(buffer, 0, -1);
}

static void plan_gradient_buffers(plan_maker *maker)
{
    tl__plan *plan = maker->plan;
    const tl__graph *graph = plan->graph;
    int n = plan->node_count;
    for (int i = n - 1; i >= 0; i--) {
        tl__plan_node *node = &plan->nodes[i];
        node->at[TL__TRAINING].d_out = TL__NOWHERE;
        for (int k = 0; k < TL__NODE_INPUTS; k++) node->at[TL__TRAINING].edge[k] = TL__NOWHERE;
        if (!node->live || !node->gradient || node->gradient_root != i) continue;
        /* the readers of all nodes that share this gradient write it; the earliest is the highest in number */
        int from = node->back;
        for (int j = i; j < n; j++) {
            if (plan->nodes[j].live && plan->nodes[j].gradient_root == i && j == plan->output) from = n;
            for (int k = 0; plan->nodes[j].live && k < graph->nodes[j].input_count; k++)
                if (plan->nodes[graph->nodes[j].inputs[k]].gradient_root == i && plan->nodes[j].back < from)
                    from = plan->nodes[j].back;
        }
        int to = !graph->nodes[i].input_count ? plan->end + 1 : plan_is_split(plan, i) ? plan->end : node->back;
        plan_buffer(maker, i, maker->rows * tl__shape_size(&graph->nodes[i].shape) * sizeof(float),
                    &node->at[TL__TRAINING].d_out, from, to);
    }
}

/* The first that writes a node's gradient, its last reader, writes it directly; the others get a buffer each. */
static void plan_edge_buffers(plan_maker *maker)
{
    tl__plan *plan = maker->plan;
    const tl__graph *graph = plan->graph;
    int n = plan->node_count;
    for (int t = 0; t < n; t++) {
        bool written = t == plan->output;
        if (!plan->nodes[t].live || !plan->nodes[t].gradient) continue;
        for (int j = n - 1; j > t; j--)
            for (int k = 0; plan->nodes[j].live && k < graph->nodes[j].input_count; k++) {
                if (graph->nodes[j].inputs[k] != t) continue;
                if (written)
                    plan_buffer(maker, j, maker->rows * tl__shape_size(&graph->nodes[t].shape) * sizeof(float),
                                &plan->nodes[j].at[TL__TRAINING].edge[k], plan->nodes[j].back, plan->nodes[j].back);
                written = true;
            }
    }
}

/* A node's blocks by its layer's own count. */
static void plan_layer_buffers(plan_maker *maker, int i)
{
    union {
        unsigned char bytes[TL__LAYER_STATE];
        double number;
        void *pointer;
    } state;
    tl__plan *plan = maker->plan;
    tl__plan_node *node = &plan->nodes[i];
    tl__plan_places *at = &node->at[maker->mode];
    tl__layer_memory memory;
    tl__site site = tl__plan_site(plan, i);
    TL_ASSERT(tl__plan_layer(plan, i)->state_size <= sizeof state);
    memset(&state, 0, sizeof state);
    tl__plan_memory(plan, i, maker->mode, &memory);
    tl__plan_layer(plan, i)->carve(&site, &memory, &state);
    node->keeps_input = memory.keeps_input;
    node->keeps_output = memory.keeps_output;
    plan->scratch = tl__size_max(plan->scratch, tl__size_round(memory.worker, PLAN_LINE));
    bool training = maker->mode == TL__TRAINING, again = training && node->again >= 0;
    bool held = again && tl__plan_layer(plan, i)->commit;   /* what is committed after the forward pass stays */
    tl__plan_buffer *kept = plan_buffer(maker, i, memory.kept.used, &at->kept, i,
                                        training && (!again || held) ? node->back : i);
    tl__plan_buffer *forward = plan_buffer(maker, i, memory.forward.used, &at->forward, i, i);
    plan_buffer(maker, i, training ? memory.backward.used : 0, &at->backward, node->back, node->back);
    node->repeats = again && !held && kept;
    if (node->repeats) plan_buffer_again(kept, node->again, node->back);
    if (again) plan_buffer_again(forward, node->again, node->again);
}

/* ---- Placing */

static bool plan_meet(int a_from, int a_to, int b_from, int b_to)
{
    return a_from <= a_to && b_from <= b_to && a_from <= b_to && b_from <= a_to;
}

static bool plan_overlap(const tl__plan_buffer *a, const tl__plan_buffer *b)
{
    return plan_meet(a->from, a->to, b->from, b->to) || plan_meet(a->from, a->to, b->again_from, b->again_to) ||
           plan_meet(a->again_from, a->again_to, b->from, b->to) ||
           plan_meet(a->again_from, a->again_to, b->again_from, b->again_to);
}

/* Order by size, largest first, equal ones as they came: an insertion sort, the lists are short. */
static void plan_sort(tl__plan *plan, int count)
{
    for (int i = 0; i < count; i++) {
        int k = i;
        for (; k > 0 && plan->buffers[plan->order[k - 1]].size < plan->buffers[i].size; k--)
            plan->order[k] = plan->order[k - 1];
        plan->order[k] = i;
    }
}

/* Gives the bytes that all buffers take together, SIZE_MAX when that is too many. */
static size_t plan_place(tl__plan *plan, int count)
{
    size_t end = 0;
    plan_sort(plan, count);
    for (int i = 0; i < count; i++) {
        tl__plan_buffer *buffer = &plan->buffers[plan->order[i]];
        size_t at = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (int k = 0; k < i; k++) {
                const tl__plan_buffer *other = &plan->buffers[plan->order[k]];
                if (plan_overlap(buffer, other) && at < *other->offset + other->size &&
                    *other->offset < at + buffer->size) {
                    at = *other->offset + other->size;
                    moved = true;
                }
            }
        }
        if (buffer->size > SIZE_MAX / 4 - at) return SIZE_MAX;
        *buffer->offset = at;
        end = tl__size_max(end, at + buffer->size);
    }
    return end;
}

static tl_status plan_values(tl__plan *plan, int mode, tl_error *error)
{
    bool training = mode == TL__TRAINING;
    plan_maker maker = {plan, mode, 0, training ? plan->options.max_rows : plan->options.evaluation_rows};
    int n = plan->node_count;
    for (int i = 0; i < n; i++) {
        size_t bytes;
        if (!tl__size_mul(tl__shape_size(&plan->graph->nodes[i].shape) * sizeof(float), maker.rows, &bytes) ||
            bytes > SIZE_MAX / 64)
            return tl__fail(error, TL_OUT_OF_RANGE,
                            "The values of '%s' for %zu rows are more than this machine can address; "
                            "lower training.batch_size.", plan->graph->nodes[i].name, maker.rows);
        tl__plan_places *at = &plan->nodes[i].at[mode];
        at->out = at->kept = at->forward = at->backward = TL__NOWHERE;
        if (plan->nodes[i].live && plan->nodes[i].root[mode] == i && plan->graph->nodes[i].input_count)
            plan_layer_buffers(&maker, i);
    }
    for (int i = 0; i < n; i++)
        if (plan->nodes[i].live && plan->nodes[i].root[mode] == i && plan->graph->nodes[i].input_count)
            plan_out_buffer(&maker, i);
    if (training) {
        plan_gradient_buffers(&maker);
        plan_edge_buffers(&maker);
    }
    plan->row_losses[mode] = TL__NOWHERE;
    if (plan->options.loss) plan_buffer(&maker, -1, maker.rows * sizeof(float), &plan->row_losses[mode], n, n);

    size_t bytes = plan_place(plan, maker.count), unshared = 0;
    if (bytes == SIZE_MAX)
        return tl__fail(error, TL_OUT_OF_RANGE, "The values for %zu rows are more than this machine can address; lower "
                        "training.batch_size.", maker.rows);
    for (int i = 0; i < n; i++) plan->nodes[i].values = 0;
    for (int b = 0; b < maker.count; b++) {
        unshared += plan->buffers[b].size;
        if (plan->buffers[b].node >= 0) plan->nodes[plan->buffers[b].node].values += plan->buffers[b].size;
    }
    plan->values = tl__size_max(plan->values, bytes);
    plan->totals.values_unshared = tl__size_max(plan->totals.values_unshared, unshared);
    return TL_OK;
}

/* Under recomputation as many segments as give the least memory, of some that are tried. */
static tl_status plan_training(tl__plan *plan, tl_error *error)
{
    static const int segments[] = {2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64};
    size_t evaluation = plan->values, least;
    int best = 1;
    TL_TRY(plan_values(plan, TL__TRAINING, error));
    least = plan->values;
    if (!plan->options.recompute) return TL_OK;
    for (size_t i = 0; i < TL_COUNT(segments) && segments[i] <= plan->node_count; i++) {
        tl__plan_times(plan, segments[i]);
        plan->values = evaluation;
        TL_TRY(plan_values(plan, TL__TRAINING, error));
        if (plan->values < least) {
            least = plan->values;
            best = segments[i];
        }
    }
    tl__plan_times(plan, plan->options.segments > 0 ? plan->options.segments : best);
    plan->values = evaluation;
    return plan_values(plan, TL__TRAINING, error);
}

/* ---- The whole */

static tl_status plan_options(tl__plan *plan, const tl__plan_options *given, tl_error *error)
{
    tl__plan_options *options = &plan->options;
    *options = *given;
    if (options->shards < 1) options->shards = 1;
    if (options->accumulation < 1) options->accumulation = 1;
    if (options->workers < 1) options->workers = 1;
    if (options->evaluation_rows == 0) options->evaluation_rows = options->max_rows;
    if (options->evaluation_rows == 0)
        return tl__fail(error, TL_INVALID, "A plan needs the largest number of rows of a batch.");
    if (!options->training) {
        options->max_rows = 0;
        options->optimizer = NULL;
        options->shards = options->accumulation = 1;
        return TL_OK;
    }
    if ((options->shards & (options->shards - 1)) != 0)
        return tl__fail(error, TL_BAD_CONFIG, "training.gradient_shards is %d; it must be a power of two.",
                        options->shards);
    if ((options->accumulation & (options->accumulation - 1)) != 0 || options->accumulation > options->shards)
        return tl__fail(error, TL_BAD_CONFIG, "training.accumulation is %d; it must be a power of two and at most "
                        "training.gradient_shards, which is %d.", options->accumulation, options->shards);
    return TL_OK;
}

static void plan_counts(tl__plan *plan)
{
    const tl__plan_options *options = &plan->options;
    int levels = 0;
    while (1 << levels < options->accumulation) levels++;
    plan->gradient_arrays = options->training ? levels + 1 : 0;
    plan->state_arrays = options->optimizer ? options->optimizer->states(options->optimizer_settings) : 0;
    for (int i = 0; i < plan->node_count; i++) {
        tl__plan_line line;
        tl__plan_line_at(plan, i, &line);
        plan->totals.flops += line.flops;
    }
}

static tl_status plan_make(tl__plan *plan, const tl__graph *graph, const tl__plan_options *options, tl_error *error)
{
    plan->graph = graph;
    plan->node_count = graph->count;
    plan->output = tl__graph_output(graph);
    TL_TRY(plan_options(plan, options, error));
    TL_TRY(plan_parameters(plan, error));
    plan_needs(plan);
    plan_split(plan);
    tl__plan_times(plan, 1);
    TL_TRY(plan_values(plan, TL__EVALUATION, error));
    if (plan->options.training) TL_TRY(plan_training(plan, error));
    plan_counts(plan);
    plan->totals.plan = tl__plan_size(graph);
    if (tl__network_measure(plan, &plan->totals) != TL_OK)
        return tl__fail(error, TL_OUT_OF_RANGE, "The network is larger than this machine can address; lower "
                        "training.batch_size or the layers' nodes.");
    return TL_OK;
}

TL_PRIV tl_status tl__plan_place(void *memory, size_t size, const tl__graph *graph, const tl__plan_options *options,
                                 tl__plan **out, tl_error *error)
{
    *out = NULL;
    TL_TRY(tl__graph_check(graph, error));
    if (size < tl__plan_size(graph)) return tl__fail_memory(error, tl__plan_size(graph));
    tl__carver carver = {(unsigned char *)memory + (-(uintptr_t)memory & (PLAN_LINE - 1)), 0, false};
    tl__plan *plan = plan_carve(&carver, graph);
    TL_TRY(plan_make(plan, graph, options, error));
    *out = plan;
    return TL_OK;
}

TL_PRIV tl_status tl__plan_new(tl__heap *heap, const tl__graph *graph, const tl__plan_options *options, tl__plan **out,
                               tl_error *error)
{
    *out = NULL;
    TL_TRY(tl__graph_check(graph, error));
    size_t size = tl__plan_size(graph);
    void *memory = tl__alloc(heap, size);
    if (!memory) return tl__fail_memory(error, size);
    tl_status status = tl__plan_place(memory, size, graph, options, out, error);
    if (status != TL_OK) tl__free(heap, memory, size);
    else (*out)->block = memory;
    return status;
}

TL_PRIV void tl__plan_free(tl__heap *heap, tl__plan *plan)
{
    if (plan) tl__free(heap, plan->block, plan->totals.plan);
}
