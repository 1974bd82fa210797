/* Gaussian noise: in training a normal number is added to each number, in evaluation nothing happens. It is a function
 * of (seed, layer's name, step, row in the global batch, element). Bishop, "Training with noise is equivalent to
 * Tikhonov regularization", 1995. */
#include "nn/layer.h"

typedef struct noise_settings {
    double deviation;
} noise_settings;

static const tl__field noise_rows[] = {
    {.name = "deviation", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(noise_settings, deviation), .fallback = 0.1, .max = 1e6,
     .help = "standard deviation of what is added in training"},
    {.name = NULL}
};

static const char *noise_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return NULL;
}

static bool noise_identity(const tl__site *site, bool training)
{
    (void)site;
    return !training;
}

static void noise_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const noise_settings *settings = op->settings;
    float deviation = pass->training ? (float)settings->deviation : 0.0f;
    size_t first, rows = tl__task_samples(pass, op, task, &first);
    (void)scratch;
    for (size_t r = first; r < first + rows; r++) {
        const float *x = op->in[0] + r * op->size;
        float *y = op->out + r * op->size;
        tl__random random;
        tl__random_init(&random, pass->seed, TL__DRAW_NOISE, op->key, pass->step, (uint32_t)(pass->first_row + r));
        for (size_t i = 0; i < op->size; i++) y[i] = x[i] + deviation * tl__random_normal(&random, (uint32_t)i);
    }
}

static void noise_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, rows = tl__task_samples(pass, op, task, &first), at = first * op->size;
    (void)scratch;
    pass->kernels->copy(op->d_in[0] + at, op->d_out + at, rows * op->size);
}

static void noise_forward(tl__pass *pass, tl__op *op) { tl__pass_samples(pass, op, 400.0, noise_forward_task); }

static void noise_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) tl__pass_samples(pass, op, 8.0, noise_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_noise(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{1, {9}}}}, {"deviation: 2", 1, {{2, {3, 5}}}}, {"deviation: 0", 1, {{1, {1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "noise", .aliases = "gaussian_noise",
                 .help = "In training a normal number with mean 0 and this `deviation` is added to each number "
                         "(Bishop, 1995); in evaluation nothing happens.",
                 .rows = noise_rows, .settings_size = sizeof(noise_settings)},
        .inputs_min = 1, .inputs_max = 1, .shape = noise_shape, .identity = noise_identity,
        .keeps_time = tl__keeps_positions, .carve = tl__carve_nothing, .forward = noise_forward,
        .backward = noise_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
