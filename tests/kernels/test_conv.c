/* Convolutions of every set against the definition in kernels.h, written out number by number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"

enum { MOST = 1 << 17 };

static float source[MOST], weights[MOST], upstream[MOST], bias[64], got[MOST], want[MOST];

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void fill(float *values, uint32_t seed)
{
    for (size_t i = 0; i < MOST; i++) values[i] = ((float)draw(&seed) - 8388608.0f) * 0x1p-22f;
}

/* Channel c of row y, column x; `zero` where the column does not exist. */
static float at(const tl__conv_space *s, size_t sample, ptrdiff_t y, ptrdiff_t x, size_t c)
{
    const size_t real = s->lengths ? (size_t)s->lengths[sample] : s->x.in;
    if (x < 0 || x >= (ptrdiff_t)real) return 0.0f;
    return s->source[((sample * s->y.in + (size_t)y) * s->x.in + (size_t)x) * s->in + c];
}

static ptrdiff_t place(const tl__conv_axis *axis, size_t position, size_t tap)
{
    return (ptrdiff_t)(position * axis->step + tap * axis->spread) - axis->pad;
}

static bool exists(const tl__conv_axis *axis, size_t position, size_t tap)
{
    return place(axis, position, tap) >= 0 && place(axis, position, tap) < (ptrdiff_t)axis->in;
}

static float plain_value(const tl__conv *call, size_t sample, size_t i, size_t j, size_t o)
{
    const tl__conv_space *s = &call->space;
    const size_t read = s->in / s->groups, first = o / (s->out / s->groups) * read;
    float acc = 0.0f;
    for (size_t ky = 0; ky < s->y.taps; ky++)
        for (size_t kx = 0; kx < s->x.taps && exists(&s->y, i, ky); kx++)
            for (size_t c = 0; c < read; c++)
                acc = tl__fma(at(s, sample, place(&s->y, i, ky), place(&s->x, j, kx), first + c),
                              call->w[ky * call->w_y + kx * call->w_x + c * s->out + o], acc);
    return acc + call->bias[o];
}

/* The chain of one weight over positions [begin, end) of all samples. */
static float plain_chain(const tl__conv_gradient *call, size_t ky, size_t kx, size_t c, size_t o, size_t begin,
                         size_t end)
{
    const tl__conv_space *s = &call->space;
    const size_t unit = s->y.out * s->x.out, first = o / (s->out / s->groups) * (s->in / s->groups);
    float acc = 0.0f;
    for (size_t p = begin; p < end; p++) {
        const size_t sample = p / unit, i = p % unit / s->x.out, j = p % s->x.out;
        if (exists(&s->y, i, ky))
            acc = tl__fma(at(s, sample, place(&s->y, i, ky), place(&s->x, j, kx), first + c),
                          call->d[p * s->out + o], acc);
    }
    return acc;
}

static float plain_blocks(const tl__conv_gradient *call, size_t ky, size_t kx, size_t c, size_t o, size_t begin,
                          size_t end)
{
    size_t count = (end - begin + 4095) / 4096, h = 1;
    if (count <= 1) return plain_chain(call, ky, kx, c, o, begin, end);
    while (h * 2 < count) h *= 2;
    return plain_blocks(call, ky, kx, c, o, begin, begin + h * 4096) +
           plain_blocks(call, ky, kx, c, o, begin + h * 4096, end);
}

static float plain_pieces(const tl__conv_gradient *call, size_t ky, size_t kx, size_t c, size_t o, size_t first,
                          size_t count)
{
    const size_t unit = call->space.y.out * call->space.x.out, n = call->space.samples;
    if (count == 1)
        return plain_blocks(call, ky, kx, c, o, tl__piece(n, call->pieces, first) * unit,
                            tl__piece(n, call->pieces, first + 1) * unit);
    return plain_pieces(call, ky, kx, c, o, first, count / 2) +
           plain_pieces(call, ky, kx, c, o, first + count / 2, count / 2);
}

static void run(const tl__kernels *k, const tl__conv *call, const tl__conv_gradient *back)
{
    tl__conv_plan plan;
    if (call) k->conv_plan(call, &plan);
    else k->conv_gradient_plan(back, &plan);
    void *scratch = malloc(plan.scratch_bytes + 1);
    for (size_t task = 0; task < plan.tasks; task++) {
        if (call) plan.run(call, &plan, task, scratch);
        else plan.run_gradient(back, &plan, task, scratch);
    }
    free(scratch);
}

static void check(const tl__conv_space *space, size_t pieces)
{
    const size_t read = space->in / space->groups;
    const tl__conv call = {.space = *space, .w = weights, .w_y = space->x.taps * read * space->out,
                           .w_x = read * space->out, .c = got, .c_x = space->out, .c_y = space->x.out * space->out,
                           .c_sample = space->y.out * space->x.out * space->out, .bias = bias};
    const tl__conv_gradient back = {.space = *space, .d = upstream, .dw = got, .pieces = pieces};
    const tl__kernels *k;
    const size_t all = space->samples * call.c_sample, size = space->y.taps * call.w_y;
    assert_true(all <= MOST && size <= MOST && space->samples * space->y.in * space->x.in * space->in <= MOST);
    for (size_t p = 0; p < all; p++)
        want[p] = plain_value(&call, p / call.c_sample, p % call.c_sample / call.c_y,
                              p % call.c_y / space->out, p % space->out);
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
        if (k->numeric_class != TL__CANONICAL) continue;
        run(k, &call, NULL);
        assert_memory_equal(got, want, all * sizeof *got);
    }
    for (size_t p = 0; p < size; p++)
        want[p] = plain_pieces(&back, p / call.w_y, p % call.w_y / call.w_x, p % call.w_x / space->out, p % space->out,
                               0, pieces);
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
        if (k->numeric_class != TL__CANONICAL) continue;
        run(k, NULL, &back);
        assert_memory_equal(got, want, size * sizeof *got);
    }
}

/* Sizes, steps, spreads, pads of both signs and groups of every kind. */
static void sets_keep_the_definition(void **state)
{
    static const size_t channels[][3] = {{1, 1, 1}, {1, 8, 1}, {3, 7, 1}, {2, 33, 1}, {8, 16, 1}, {4, 6, 2}, {5, 5, 5}};
    static const int32_t lengths[] = {3, 0, 5};
    uint32_t seed = 7;
    (void)state;
    fill(source, 1);
    fill(weights, 2);
    fill(upstream, 3);
    for (size_t i = 0; i < TL_COUNT(bias); i++) bias[i] = (float)i - 20.5f;
    for (int turn = 0; turn < 400; turn++) {
        const size_t *three = channels[draw(&seed) % TL_COUNT(channels)];
        tl__conv_space space = {.samples = 1 + draw(&seed) % 3, .in = three[0], .out = three[1], .groups = three[2],
                                .source = source};
        tl__conv_axis *const axes[] = {&space.y, &space.x};
        for (int a = 0; a < 2; a++) {
            *axes[a] = (tl__conv_axis){.in = 1 + draw(&seed) % (a ? 30 : 6), .taps = 1 + draw(&seed) % 4,
                                       .step = 1 + draw(&seed) % 3, .spread = 1 + draw(&seed) % 2,
                                       .pad = (ptrdiff_t)(draw(&seed) % 5) - 1};
            axes[a]->out = 1 + draw(&seed) % (axes[a]->in + 2);
        }
        if (turn % 4 == 0) {
            space.y = (tl__conv_axis){.in = 1, .out = 1, .taps = 1, .step = 1, .spread = 1};
            if (space.x.in >= 5) space.lengths = lengths;
        }
        check(&space, (size_t)1 << draw(&seed) % 4);
    }
}

/* More positions than a block has, with cuts inside rows and samples. */
static void long_chains_are_cut(void **state)
{
    static const tl__conv_axis small = {.in = 28, .out = 26, .taps = 3, .step = 1, .spread = 1};
    static const tl__conv_axis same = {.in = 60, .out = 60, .taps = 3, .step = 1, .spread = 1, .pad = 1};
    tl__conv_space space = {.samples = 13, .y = small, .x = small, .in = 1, .out = 8, .groups = 1, .source = source};
    (void)state;
    fill(source, 1);
    fill(weights, 2);
    fill(upstream, 3);
    check(&space, 1);
    check(&space, 4);
    space = (tl__conv_space){.samples = 3, .y = same, .x = same, .in = 2, .out = 3, .groups = 1, .source = source};
    check(&space, 1);
    check(&space, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sets_keep_the_definition),
                                       cmocka_unit_test(long_chains_are_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
