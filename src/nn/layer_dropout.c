/* Dropout: in training each number is zero with probability `rate` and else divided by 1 - rate; in evaluation nothing
 * happens. The mask is a function of (seed, layer's name, step, row in the global batch, element), so it is drawn twice
 * rather than kept. Srivastava et al. 2014, scaled in training as everyone does now. */
#include "nn/layer.h"

typedef struct dropout_settings {
    double rate;
} dropout_settings;

static const tl__field dropout_rows[] = {
    {.name = "rate", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__TUNE,
     .offset = offsetof(dropout_settings, rate), .fallback = 0.5, .min = 0, .max = 1,
     .help = "probability that a number is set to zero in training"},
    {.name = NULL}
};

static const char *dropout_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return NULL;
}

static bool dropout_identity(const tl__site *site, bool training)
{
    (void)site;
    return !training;
}

static void dropout_carve(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)site;
    (void)memory;
    (void)state;
}

static void dropout_apply(tl__pass *pass, const tl__op *op, size_t task, float *y, const float *x)
{
    const dropout_settings *settings = op->settings;
    size_t block = tl__row_block(op->size), first = task * block;
    tl__random random;
    tl__random_init(&random, pass->seed, TL__DRAW_DROPOUT, op->key, pass->step, 0);
    pass->kernels->dropout(y + first * op->size, x + first * op->size, tl__size_min(block, pass->rows - first),
                           op->size,
                           pass->training ? (float)settings->rate : 0.0f, &random, (uint32_t)(pass->first_row + first));
}

static void dropout_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    (void)scratch;
    dropout_apply(pass, op, task, op->out, op->in[0]);
}

/* The derivative of the layer before goes along while the rows are in the cache. */
static void dropout_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t block = tl__row_block(op->size), first = task * block, at = first * op->size;
    (void)scratch;
    dropout_apply(pass, op, task, op->d_in[0], op->d_out);
    if (op->fused_saved)
        tl__activation_backward(pass->kernels, &op->fused, op->d_in[0] + at, op->d_in[0] + at, op->fused_saved + at,
                                tl__size_min(block, pass->rows - first), op->size);
}

static void dropout_run(tl__pass *pass, tl__op *op, tl__op_fn *run)
{
    tl__pass_run(pass, op, tl__blocks(pass->rows, tl__row_block(op->size)), 80.0 * (double)(pass->rows * op->size),
                 run);
}

static void dropout_forward(tl__pass *pass, tl__op *op) { dropout_run(pass, op, dropout_forward_task); }

static void dropout_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) dropout_run(pass, op, dropout_backward_task);
}

TL_PRIV double *tl__dropout_rate(const tl__graph_node *node)
{
    if (&node->layer->head != tl__layer_dropout()) return NULL;
    dropout_settings *settings = node->settings;
    return &settings->rate;
}

TL_PRIV const tl__member_head *tl__layer_dropout(void)
{
    static const tl__layer_example examples[] = {
        {"rate: 0.5", 1, {{1, {9}}}}, {"rate: 0", 1, {{2, {2, 3}}}}, {"rate: 0.25", 1, {{1, {130}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "dropout",
                 .help = "In training each number becomes zero with probability `rate`, the others are divided by 1 - "
                         "rate (Srivastava and others, 2014); in evaluation nothing happens. optimization.dropout puts "
                         "one behind each hidden layer.",
                 .rows = dropout_rows, .settings_size = sizeof(dropout_settings)},
        .inputs_min = 1, .inputs_max = 1, .shape = dropout_shape, .keeps_time = tl__keeps_positions,
        .identity = dropout_identity, .carve = dropout_carve,
        .forward = dropout_forward, .backward = dropout_backward, .applies_derivative = true, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
