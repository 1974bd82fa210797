/* The axes in another order: [time, feature] becomes [feature, time]. The way back is the opposite order. */
#include "nn/layer.h"

enum { PERMUTE_TILE = 8 };

typedef struct permute_settings {
    tl__int_list axes;
} permute_settings;

typedef struct permute_state {
    size_t out[3], in[3];      /* sizes of the output's axes, and their strides in the input; missing axes in front */
    size_t step;               /* numbers of a position of the input's first axis */
    bool keeps_time;
} permute_state;

static const tl__field permute_rows[] = {
    {.name = "axes", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT, .offset = offsetof(permute_settings, axes),
     .min = 0, .max = TL__SHAPE_RANK - 1, .help = "of the input, in the output's order; default: the opposite order"},
    {.name = NULL}
};

/* The input's axis that is the output's axis i. */
static int permute_axis(const permute_settings *settings, int rank, int i)
{
    return settings->axes.count ? (int)settings->axes.items[i] : rank - 1 - i;
}

static const char *permute_shape(const tl__site *site, tl__shape *out)
{
    const permute_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    int seen = 0;
    if (settings->axes.count && (int)settings->axes.count != in->rank)
        return "needs an input of as many axes as `axes` lists";
    out->rank = in->rank;
    for (int i = 0; i < in->rank; i++) {
        int axis = permute_axis(settings, in->rank, i);
        if (axis >= in->rank || (seen & 1 << axis)) return "needs `axes` that list each axis of the input once";
        seen |= 1 << axis;
        out->dim[i] = in->dim[axis];
    }
    return NULL;
}

/* Where only axes of size 1 change their places nothing moves. */
static bool permute_identity(const tl__site *site, bool training)
{
    const permute_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    int newest = -1;
    (void)training;
    for (int i = 0; i < in->rank; i++) {
        int axis = permute_axis(settings, in->rank, i);
        if (in->dim[axis] == 1) continue;
        if (axis < newest) return false;
        newest = axis;
    }
    return true;
}

static bool permute_keeps_time(const tl__site *site)
{
    const permute_settings *settings = site->settings;
    int rank = tl__site_in(site, 0)->rank;
    return rank > 1 && permute_axis(settings, rank, 0) == 0;
}

static void permute_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    permute_state *state = block;
    const tl__shape *in = tl__site_in(site, 0);
    (void)memory;
    state->step = tl__shape_size(in) / in->dim[0];
    state->keeps_time = permute_keeps_time(site);
    for (int i = 0; i < 3; i++) {
        int at = i - (3 - in->rank);
        state->out[i] = state->in[i] = 1;
        if (at < 0) continue;
        int axis = permute_axis(site->settings, in->rank, at);
        state->out[i] = in->dim[axis];
        for (int k = axis + 1; k < in->rank; k++) state->in[i] *= in->dim[k];
    }
}

/* Rows [0, m) of n: y[i * ldy + j] = x[i * from + j * step], in tiles, since one of the two lies across. */
static void permute_plane(float *y, size_t ldy, size_t along, const float *x, size_t from, size_t step, size_t m,
                          size_t n)
{
    for (size_t i0 = 0; i0 < m; i0 += PERMUTE_TILE)
        for (size_t j0 = 0; j0 < n; j0 += PERMUTE_TILE) {
            size_t i1 = tl__size_min(m, i0 + PERMUTE_TILE), j1 = tl__size_min(n, j0 + PERMUTE_TILE);
            for (size_t i = i0; i < i1; i++)
                for (size_t j = j0; j < j1; j++) y[i * ldy + j * along] = x[i * from + j * step];
        }
}

/* Time ends here: what comes after a sequence's end is 0 from now on, and takes no gradient. */
static void permute_end_time(const tl__pass *pass, const tl__op *op, size_t first, size_t rows, bool forward)
{
    const permute_state *state = op->state;
    const int32_t *lengths = state->keeps_time ? NULL : tl__op_lengths(pass, op, 0);
    if (!lengths) return;
    for (size_t r = first; r < first + rows; r++) {
        const size_t *size = state->out, *in = state->in;
        size_t begin = (size_t)lengths[r] * state->step;
        if (!forward) {
            memset(op->d_in[0] + r * op->size + begin, 0, (op->size - begin) * sizeof(float));
            continue;
        }
        for (size_t i = 0; i < op->size; i++) {
            size_t at = i / (size[1] * size[2]) * in[0] + i / size[2] % size[1] * in[1] + i % size[2] * in[2];
            if (at >= begin) op->out[r * op->size + i] = 0.0f;
        }
    }
}

static void permute_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const permute_state *state = op->state;
    const size_t *size = state->out, *in = state->in;
    size_t first, rows = tl__task_samples(pass, op, task, &first);
    (void)scratch;
    for (size_t r = first * size[0]; r < (first + rows) * size[0]; r++) {
        const float *x = op->in[0] + r / size[0] * op->size + r % size[0] * in[0];
        permute_plane(op->out + r * size[1] * size[2], size[2], 1, x, in[1], in[2], size[1], size[2]);
    }
    permute_end_time(pass, op, first, rows, true);
}

static void permute_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const permute_state *state = op->state;
    const size_t *size = state->out, *in = state->in;
    size_t first, rows = tl__task_samples(pass, op, task, &first);
    (void)scratch;
    for (size_t r = first * size[0]; r < (first + rows) * size[0]; r++) {
        float *dx = op->d_in[0] + r / size[0] * op->size + r % size[0] * in[0];
        permute_plane(dx, in[1], in[2], op->d_out + r * size[1] * size[2], size[2], 1, size[1], size[2]);
    }
    permute_end_time(pass, op, first, rows, false);
}

static void permute_forward(tl__pass *pass, tl__op *op) { tl__pass_samples(pass, op, 20.0, permute_forward_task); }

static void permute_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) tl__pass_samples(pass, op, 20.0, permute_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_permute(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{2, {3, 11}}}}, {"axes: [1, 2, 0]", 1, {{3, {2, 3, 4}}}}, {"axes: [0, 2, 1]", 1, {{3, {3, 9, 2}}}},
        {"", 1, {{2, {1, 4}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "permute", .aliases = "transpose",
                 .help = "The axes in another order: [time, feature] becomes [feature, time], so that the layers "
                         "behind it work along time.",
                 .rows = permute_rows, .settings_size = sizeof(permute_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(permute_state), .shape = permute_shape,
        .identity = permute_identity, .keeps_time = permute_keeps_time, .carve = permute_carve,
        .forward = permute_forward, .backward = permute_backward, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
