/* The mean of layers of one shape: what makes one network of an ensemble. Probabilities are averaged where the inputs
 * are logits, p = mean of softmax(x_k) or sigmoid(x_k), and what comes out are logits again: log p or log(p / (1 - p)),
 * so that the loss and the link of the network stay what they are. Input k has weight w_k / sum of w. */
#include "base/math.h"
#include "nn/layer.h"

enum { AVERAGE_VALUES, AVERAGE_SOFTMAX, AVERAGE_SIGMOID };

typedef struct average_settings {
    int over;
    tl__float_list weights;
} average_settings;

typedef struct average_state {
    float share[TL__NODE_INPUTS];
    size_t columns;              /* of a softmax: the last axis */
    int over;
} average_state;

static const char *const average_words[] = {"values", "softmax", "sigmoid", NULL};
static const tl__field average_rows[] = {
    {.name = "over", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = offsetof(average_settings, over),
     .choices = average_words, .help = "what is averaged: the values, or the probabilities that they are logits of"},
    {.name = "weights", .kind = TL__FIELD_FLOAT_LIST, .flags = TL__RESULT,
     .offset = offsetof(average_settings, weights), .max = 1e9,
     .help = "how much each input counts; not given: all alike"},
    {.name = NULL}
};

static const char *average_shape(const tl__site *site, tl__shape *out)
{
    const average_settings *settings = site->settings;
    double sum = 0;
    *out = *tl__site_in(site, 0);
    for (int k = 1; k < site->node->input_count; k++)
        if (!tl__shape_same(tl__site_in(site, k), out)) return "needs inputs of one shape";
    for (size_t k = 0; k < settings->weights.count; k++) sum += settings->weights.items[k];
    if (settings->weights.count && (settings->weights.count != (size_t)site->node->input_count || !(sum > 0)))
        return "needs one weight for each input, not all of them 0";
    return NULL;
}

static void average_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    average_state *state = block;
    const average_settings *settings = site->settings;
    const tl__shape *shape = &site->node->shape;
    int count = site->node->input_count;
    double sum = 0;
    for (size_t k = 0; k < settings->weights.count; k++) sum += settings->weights.items[k];
    for (int k = 0; k < count; k++)
        state->share[k] = (float)(settings->weights.count ? settings->weights.items[k] / sum : 1.0 / count);
    state->over = settings->over;
    state->columns = shape->dim[shape->rank - 1];
    memory->keeps_input = state->over != AVERAGE_VALUES;
    memory->worker = state->over == AVERAGE_VALUES ? 0 : 2 * tl__size_round(state->columns, 16) * sizeof(float);
}

/* The probabilities of one row of one input. */
static void average_row(const tl__pass *pass, const average_state *state, const float *x, float *p)
{
    if (state->over == AVERAGE_SOFTMAX) pass->kernels->softmax(p, x, 1, state->columns);
    else pass->kernels->activate(TL__SIGMOID, 0.0f, 0.0f, p, x, state->columns);
}

/* p = mean over the inputs; what vanishes counts as the smallest normal number, whose logarithm is finite. */
static void average_mean(const tl__pass *pass, const tl__op *op, const average_state *state, size_t at, float *one,
                         float *p)
{
    for (size_t j = 0; j < state->columns; j++) p[j] = 0.0f;
    for (int k = 0; k < op->input_count; k++) {
        average_row(pass, state, op->in[k] + at, one);
        for (size_t j = 0; j < state->columns; j++) p[j] = tl__fma(state->share[k], one[j], p[j]);
    }
    for (size_t j = 0; j < state->columns; j++) {
        if (p[j] < 0x1p-126f) p[j] = 0x1p-126f;
        if (state->over == AVERAGE_SIGMOID && p[j] > 1.0f - 0x1p-24f) p[j] = 1.0f - 0x1p-24f;
    }
}

static size_t average_rows_of(const tl__pass *pass, const tl__op *op, const average_state *state, size_t task,
                              size_t *first)
{
    size_t block = tl__row_block(state->columns), rows = pass->rows * (op->size / state->columns);
    *first = task * block;
    return tl__size_min(block, rows - *first);
}

static void average_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const average_state *state = op->state;
    size_t first, rows = average_rows_of(pass, op, state, task, &first), n = state->columns, at = first * n;
    float *one = scratch, *p = one + tl__size_round(n, 16);
    if (state->over == AVERAGE_VALUES) {
        pass->kernels->scale(op->out + at, op->in[0] + at, state->share[0], rows * n);
        for (int k = 1; k < op->input_count; k++)
            pass->kernels->axpy(op->out + at, state->share[k], op->in[k] + at, rows * n);
        return;
    }
    for (size_t i = 0; i < rows; i++, at += n) {
        average_mean(pass, op, state, at, one, p);
        for (size_t j = 0; j < n; j++)
            op->out[at + j] = state->over == AVERAGE_SOFTMAX ? tl__logf(p[j]) : tl__logf(p[j]) - tl__logf(1.0f - p[j]);
    }
}

/* With g = share * dout / p: dx = softmax_backward(g), for sigmoids share * dout / (p (1 - p)) * s (1 - s). */
static void average_backward_row(tl__pass *pass, tl__op *op, const average_state *state, size_t at, float *one,
                                 float *p)
{
    size_t n = state->columns;
    bool softmax = state->over == AVERAGE_SOFTMAX;
    average_mean(pass, op, state, at, one, p);
    for (size_t j = 0; j < n; j++) p[j] = op->d_out[at + j] / (softmax ? p[j] : p[j] * (1.0f - p[j]));
    for (int k = 0; k < op->input_count; k++) {
        float *dx = op->d_in[k] ? op->d_in[k] + at : NULL;
        if (!dx) continue;
        average_row(pass, state, op->in[k] + at, one);
        for (size_t j = 0; j < n; j++)
            dx[j] = softmax ? state->share[k] * p[j] : state->share[k] * p[j] * (one[j] * (1.0f - one[j]));
        if (softmax) pass->kernels->softmax_backward(dx, dx, one, 1, n);
    }
}

static void average_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const average_state *state = op->state;
    size_t first, rows = average_rows_of(pass, op, state, task, &first), n = state->columns, at = first * n;
    float *one = scratch, *p = one + tl__size_round(n, 16);
    if (state->over == AVERAGE_VALUES) {
        for (int k = 0; k < op->input_count; k++)
            if (op->d_in[k]) pass->kernels->scale(op->d_in[k] + at, op->d_out + at, state->share[k], rows * n);
        return;
    }
    for (size_t i = 0; i < rows; i++, at += n) average_backward_row(pass, op, state, at, one, p);
}

static void average_forward(tl__pass *pass, tl__op *op)
{
    const average_state *state = op->state;
    double work = state->over == AVERAGE_VALUES ? 8.0 : 60.0;
    tl__pass_run(pass, op, tl__blocks(pass->rows * (op->size / state->columns), tl__row_block(state->columns)),
                 work * (double)(pass->rows * op->size) * op->input_count, average_forward_task);
}

static void average_backward(tl__pass *pass, tl__op *op)
{
    const average_state *state = op->state;
    double work = state->over == AVERAGE_VALUES ? 8.0 : 100.0;
    tl__pass_run(pass, op, tl__blocks(pass->rows * (op->size / state->columns), tl__row_block(state->columns)),
                 work * (double)(pass->rows * op->size) * op->input_count, average_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_average(void)
{
    static const tl__layer_example examples[] = {
        {"", 2, {{1, {5}}, {1, {5}}}},
        {"weights: [1, 3]", 2, {{2, {3, 4}}, {2, {3, 4}}}},
        {"over: softmax", 2, {{1, {7}}, {1, {7}}}},
        {"over: softmax, weights: [2, 1]", 2, {{2, {3, 2}}, {2, {3, 2}}}},
        {"over: sigmoid", 2, {{1, {1}}, {1, {1}}}},
        {"over: sigmoid", 1, {{1, {19}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "average",
                 .help = "The mean of layers of one shape, which `from:` names; over: softmax or sigmoid averages the "
                         "probabilities and gives their logits, log p or log(p / (1 - p)). What train:ensemble makes "
                         "of several models.",
                 .rows = average_rows, .settings_size = sizeof(average_settings)},
        .inputs_min = 1, .inputs_max = TL__NODE_INPUTS, .state_size = sizeof(average_state), .shape = average_shape,
        .keeps_time = tl__keeps_positions, .carve = average_carve, .forward = average_forward,
        .backward = average_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
