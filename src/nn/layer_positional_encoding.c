/* A number of its own added to every position and feature of [time, feature], so that layers that would treat all
 * positions alike can tell them apart: y = x + P. P is learned, or the sines and cosines of Vaswani et al. 2017, which
 * lie in the file as a buffer. */
#include "nn/layer.h"

enum { POSITIONAL_ENCODING_SINUSOIDAL, POSITIONAL_ENCODING_LEARNED, POSITIONAL_ENCODING_COLUMNS = 256 };

typedef struct positional_encoding_settings {
    int kind;
} positional_encoding_settings;

static const char *const positional_encoding_kinds[] = {"sinusoidal", "learned", NULL};

static const tl__field positional_encoding_rows[] = {
    {.name = "kind", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(positional_encoding_settings, kind), .choices = positional_encoding_kinds,
     .help = "sines and cosines, or numbers that are learned"},
    {.name = NULL}
};

static const char *positional_encoding_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return out->rank == 2 ? NULL : "needs [time, features]";
}

static int positional_encoding_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const positional_encoding_settings *settings = site->settings;
    const tl__shape *shape = tl__site_in(site, 0);
    bool learned = settings->kind == POSITIONAL_ENCODING_LEARNED;
    *out = (tl__tensor_spec){.name = learned ? "weight" : "pe", .rank = 2, .dim = {shape->dim[0], shape->dim[1]},
                             .fan_in = shape->dim[1], .fan_out = shape->dim[1], .buffer = !learned, .decays = learned,
                             .init = learned ? tl__init_of(site->node->initialization) : TL__INIT_SINUSOIDS};
    return 1;
}

static void positional_encoding_carve(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)site;
    (void)memory;
    (void)state;
}

static size_t positional_encoding_range(const tl__pass *pass, const tl__op *op, size_t task, size_t *first)
{
    size_t block = tl__row_block(op->size);
    *first = task * block;
    return tl__size_min(block, pass->rows - *first);
}

static void positional_encoding_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, rows = positional_encoding_range(pass, op, task, &first), at = first * op->size;
    (void)scratch;
    pass->kernels->add_bias(op->out + at, op->in[0] + at, op->tensor[0], rows, op->size);
}

static void positional_encoding_forward(tl__pass *pass, tl__op *op)
{
    tl__pass_run(pass, op, tl__blocks(pass->rows, tl__row_block(op->size)), 8.0 * (double)(pass->rows * op->size),
                 positional_encoding_forward_task);
}

/* Rows of the input's gradient, then columns of P's. */
static void positional_encoding_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t copies = op->d_in[0] ? tl__blocks(pass->rows, tl__row_block(op->size)) : 0, first;
    (void)scratch;
    if (task < copies) {
        size_t rows = positional_encoding_range(pass, op, task, &first);
        pass->kernels->copy(op->d_in[0] + first * op->size, op->d_out + first * op->size, rows * op->size);
        return;
    }
    first = (task - copies) * POSITIONAL_ENCODING_COLUMNS;
    pass->kernels->column_sums(op->gradient[0], op->d_out, pass->rows, op->size, tl__pass_cut(pass, 1), first,
                               tl__size_min(POSITIONAL_ENCODING_COLUMNS, op->size - first));
}

static void positional_encoding_backward(tl__pass *pass, tl__op *op)
{
    size_t tasks = op->d_in[0] ? tl__blocks(pass->rows, tl__row_block(op->size)) : 0;
    if (op->gradient[0]) tasks += tl__blocks(op->size, POSITIONAL_ENCODING_COLUMNS);
    tl__pass_run(pass, op, tasks, 16.0 * (double)(pass->rows * op->size), positional_encoding_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_positional_encoding(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{2, {5, 3}}}}, {"kind: learned", 1, {{2, {3, 4}}}}, {"kind: learned", 1, {{2, {1, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "positional_encoding", .aliases = "positional",
                 .help = "y = x + P over [time, features]: sinusoidal, P[t, 2i] = sin(t / 10000^(2i/features)) and "
                         "P[t, 2i + 1] its cosine (Vaswani and others, 2017), or learned.",
                 .rows = positional_encoding_rows, .settings_size = sizeof(positional_encoding_settings)},
        .inputs_min = 1, .inputs_max = 1, .shape = positional_encoding_shape, .tensors = positional_encoding_tensors,
        .keeps_time = tl__keeps_positions, .carve = positional_encoding_carve, .forward = positional_encoding_forward,
        .backward = positional_encoding_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
