/* Spatial dropout: in training whole channels become zero, at all positions of a sample at once, since neighbouring
 * positions tell the same. Tompson and others 2015. The mask is dropout's, over one row of channels. */
#include "nn/layer.h"

typedef struct spatial_dropout_settings {
    double rate;
} spatial_dropout_settings;

static const tl__field spatial_dropout_rows[] = {
    {.name = "rate", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(spatial_dropout_settings, rate), .fallback = 0.5, .max = 1,
     .help = "probability that a channel is set to zero in training"},
    {.name = NULL}
};

static const char *spatial_dropout_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return out->rank < 2 ? "needs [time, channel] or [height, width, channel]" : NULL;
}

static bool spatial_dropout_identity(const tl__site *site, bool training)
{
    (void)site;
    return !training;
}

static size_t spatial_dropout_channels(const tl__graph_node *node) { return node->shape.dim[node->shape.rank - 1]; }

static void spatial_dropout_carve(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)state;
    memory->worker = tl__size_round(2 * spatial_dropout_channels(site->node) * sizeof(float), 64);
}

static void spatial_dropout_apply(tl__pass *pass, tl__op *op, size_t task, float *y, const float *x, float *scratch)
{
    const spatial_dropout_settings *settings = op->settings;
    size_t channels = spatial_dropout_channels(op->node), first, rows = tl__task_samples(pass, op, task, &first);
    float *mask = scratch, *ones = scratch + channels;
    tl__random random;
    tl__random_init(&random, pass->seed, TL__DRAW_DROPOUT, op->key, pass->step, 0);
    pass->kernels->fill(ones, 1.0f, channels);
    for (size_t r = first; r < first + rows; r++) {
        pass->kernels->dropout(mask, ones, 1, channels, pass->training ? (float)settings->rate : 0.0f, &random,
                               (uint32_t)(pass->first_row + r));
        for (size_t at = r * op->size; at < (r + 1) * op->size; at += channels)
            pass->kernels->multiply(y + at, x + at, mask, channels);
    }
}

static void spatial_dropout_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    spatial_dropout_apply(pass, op, task, op->out, op->in[0], scratch);
}

static void spatial_dropout_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    spatial_dropout_apply(pass, op, task, op->d_in[0], op->d_out, scratch);
}

static void spatial_dropout_forward(tl__pass *pass, tl__op *op)
{
    tl__pass_samples(pass, op, 20.0, spatial_dropout_forward_task);
}

static void spatial_dropout_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) tl__pass_samples(pass, op, 20.0, spatial_dropout_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_spatial_dropout(void)
{
    static const tl__layer_example examples[] = {
        {"rate: 0.5", 1, {{2, {4, 5}}}}, {"rate: 0.25", 1, {{3, {2, 3, 17}}}}, {"rate: 0", 1, {{2, {1, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "spatial_dropout",
                 .help = "In training each channel of a sample becomes zero at all its positions with probability "
                         "`rate`, the others are divided by 1 - rate (Tompson and others, 2015); in evaluation "
                         "nothing happens.",
                 .rows = spatial_dropout_rows, .settings_size = sizeof(spatial_dropout_settings)},
        .inputs_min = 1, .inputs_max = 1, .shape = spatial_dropout_shape, .identity = spatial_dropout_identity,
        .keeps_time = tl__keeps_positions, .carve = spatial_dropout_carve, .forward = spatial_dropout_forward,
        .backward = spatial_dropout_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
