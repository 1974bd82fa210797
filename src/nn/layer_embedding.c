/* A vector for each code: row c of a table [count, size] in the place of the number c. Numbers that are no code (below
 * 0, count and above, NaN) give zeros and teach nothing, as `one_hot` has it; fractions are cut off.
 *
 * The way back walks lists: all positions of a code, ascending, so that what is done grows with the batch and with
 * what must be written (the gradient is an array of the table's size), not with both multiplied. Each sum is a chain
 * over the batch's positions, cut as any sum over rows (rule 4 of kernels/kernels.h), from which the positions of other
 * codes are left out. */
#include "kernels/leaves.h"
#include "nn/layer.h"

enum { EMBEDDING_NONE = -1, EMBEDDING_VALUES = 64 };

typedef struct embedding_settings {
    int64_t count, size, padding_idx;
} embedding_settings;

typedef struct embedding_state {
    size_t count, size, codes;       /* codes in a sample */
    int32_t *first;                  /* [count]: the first position of a code in the batch; NONE: there is none */
    int32_t *next;                   /* [rows * codes]: the next one with the same code */
    size_t block;                    /* codes of a task */
} embedding_state;

static const tl__field embedding_rows[] = {
    {.name = "count", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__REQUIRED,
     .offset = offsetof(embedding_settings, count), .min = 1, .max = 1073741824, .unit = "codes",
     .help = "how many codes there are: 0 to count - 1"},
    {.name = "size", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(embedding_settings, size), .min = 1, .max = 1048576, .unit = "units",
     .help = "length of a code's vector"},
    {.name = "padding_idx", .kind = TL__FIELD_INT, .flags = TL__RESULT,
     .offset = offsetof(embedding_settings, padding_idx), .fallback = -1, .min = -1, .max = 1073741824,
     .help = "a code whose vector starts as zeros and is not learned; -1: none"},
    {.name = NULL}
};

static const char *embedding_shape(const tl__site *site, tl__shape *out)
{
    const embedding_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    if (settings->count < 1 || settings->size < 1) return "needs `count: N` codes and the `size: N` of their vectors";
    if (settings->padding_idx >= settings->count) return "needs a `padding_idx` that is one of its codes";
    *out = (tl__shape){.rank = 2, .dim = {in->dim[0], (size_t)settings->size}};
    if (in->rank > 2) return "needs codes in [positions] or [time, features]";
    if (in->rank == 2 && !tl__size_mul(in->dim[1], out->dim[1], &out->dim[1])) return "needs smaller vectors";
    return NULL;
}

static int embedding_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const embedding_settings *settings = site->settings;
    tl__init_kind kind = tl__init_of(site->node->initialization);
    size_t size = (size_t)settings->size;
    *out = (tl__tensor_spec){.name = "weight", .rank = 2, .dim = {(size_t)settings->count, size}, .fan_in = size,
                             .fan_out = size, .init = kind, .decays = true,
                             .zero_row = (size_t)(settings->padding_idx + 1)};
    if (kind == TL__INIT_PYTORCH) {   /* N(0, 1), as there */
        out->init = TL__INIT_LECUN_NORMAL;
        out->fan_in = 1;
    }
    return 1;
}

static bool embedding_keeps_time(const tl__site *site)
{
    (void)site;
    return true;
}

static void embedding_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    embedding_state *state = block;
    const embedding_settings *settings = site->settings;
    state->count = (size_t)settings->count;
    state->size = (size_t)settings->size;
    state->codes = tl__shape_size(tl__site_in(site, 0));
    state->block = tl__row_block(state->size);
    if (!memory->training) return;
    state->first = TL_CARVE(&memory->backward, int32_t, state->count);
    state->next = TL_CARVE(&memory->backward, int32_t, memory->rows * state->codes);
    memory->worker = TL__MAX_DEPTH * EMBEDDING_VALUES * sizeof(float);
    memory->keeps_input = true;
}

/* The code, or NONE. */
static int32_t embedding_code(const embedding_state *state, float x)
{
    return x >= 0.0f && x < (float)state->count && (size_t)x < state->count ? (int32_t)x : EMBEDDING_NONE;
}

static void embedding_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const embedding_state *state = op->state;
    size_t at = task * state->block, end = tl__size_min(at + state->block, pass->rows * state->codes);
    (void)scratch;
    for (; at < end; at++) {
        int32_t code = embedding_code(state, op->in[0][at]);
        float *out = op->out + at * state->size;
        if (code == EMBEDDING_NONE) memset(out, 0, state->size * sizeof *out);
        else memcpy(out, op->tensor[0] + (size_t)code * state->size, state->size * sizeof *out);
    }
}

static void embedding_forward(tl__pass *pass, tl__op *op)
{
    const embedding_state *state = op->state;
    size_t positions = pass->rows * state->codes;
    tl__pass_run(pass, op, tl__blocks(positions, state->block), 4.0 * (double)(positions * state->size),
                 embedding_forward_task);
}

/* The lists; with the last position first, each begins with its smallest. */
static void embedding_list(const tl__pass *pass, const tl__op *op)
{
    const embedding_state *state = op->state;
    for (size_t c = 0; c < state->count; c++) state->first[c] = EMBEDDING_NONE;
    for (size_t at = pass->rows * state->codes; at-- > 0;) {
        int32_t code = embedding_code(state, op->in[0][at]);
        if (code == EMBEDDING_NONE) continue;
        state->next[at] = state->first[code];
        state->first[code] = (int32_t)at;
    }
}

/* Columns [column, column + count) of the gradient of the code whose first position is `at`. */
static void embedding_sum(const tl__pass *pass, const tl__op *op, int32_t at, size_t column, size_t count, float *out,
                          float *stack)
{
    const embedding_state *state = op->state;
    const float *from = op->d_out + column;
    tl__leaves walk = tl__leaves_start(pass->rows * state->codes, tl__pass_cut(pass, state->codes));
    do {
        float *value = stack + (size_t)walk.depth * EMBEDDING_VALUES;
        memset(value, 0, count * sizeof *value);
        for (; at != EMBEDDING_NONE && (size_t)at < walk.end; at = state->next[at])
            pass->kernels->add(value, value, from + (size_t)at * state->size, count);
        for (int merges = tl__leaves_merges(&walk); merges > 0; merges--, value -= EMBEDDING_VALUES)
            pass->kernels->add(value - EMBEDDING_VALUES, value - EMBEDDING_VALUES, value, count);
    } while (tl__leaves_next(&walk));
    memcpy(out + column, stack, count * sizeof *out);
}

static void embedding_gradient_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const embedding_state *state = op->state;
    const embedding_settings *settings = op->settings;
    size_t code = task * state->block, end = tl__size_min(code + state->block, state->count);
    for (; code < end; code++) {
        float *out = op->gradient[0] + code * state->size;
        if (state->first[code] == EMBEDDING_NONE || (int64_t)code == settings->padding_idx) {
            memset(out, 0, state->size * sizeof *out);
            continue;
        }
        for (size_t column = 0; column < state->size; column += EMBEDDING_VALUES)
            embedding_sum(pass, op, state->first[code], column, tl__size_min(EMBEDDING_VALUES, state->size - column),
                          out, scratch);
    }
}

static void embedding_backward(tl__pass *pass, tl__op *op)
{
    const embedding_state *state = op->state;
    size_t positions = pass->rows * state->codes;
    if (op->d_in[0]) memset(op->d_in[0], 0, positions * sizeof(float));   /* codes are no quantities */
    if (!op->gradient[0]) return;
    embedding_list(pass, op);
    tl__pass_run(pass, op, tl__blocks(state->count, state->block),
                 8.0 * (double)(positions * state->size) + (double)(state->count * state->size),
                 embedding_gradient_task);
}

TL_PRIV const tl__member_head *tl__layer_embedding(void)
{
    static const tl__layer_example examples[] = {
        {"count: 3, size: 5", 1, {{1, {4}}}}, {"count: 1, size: 1", 1, {{1, {1}}}},
        {"count: 7, size: 3, padding_idx: 2", 1, {{2, {3, 2}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "embedding",
                 .help = "A learned vector for each code 0 to count - 1: [positions] becomes [positions, size], and "
                         "[time, features] becomes [time, features * size]. What is no code gives zeros.",
                 .rows = embedding_rows, .settings_size = sizeof(embedding_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(embedding_state), .shape = embedding_shape,
        .tensors = embedding_tensors, .keeps_time = embedding_keeps_time, .carve = embedding_carve,
        .forward = embedding_forward, .backward = embedding_backward, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
