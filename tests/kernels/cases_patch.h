/* The part of the walk over convolutions and pooling. Included by cases.h, whose words it uses. */

/* A space that follows from a number: sizes, steps, spreads, pads of both signs, groups. */
static tl__conv_space cases_space(unsigned turn)
{
    static const size_t channels[][3] = {{1, 1, 1}, {1, 8, 1}, {2, 17, 1}, {3, 16, 1}, {8, 5, 1},
                                         {4, 34, 2}, {6, 6, 6}, {3, 9, 3}, {5, 40, 1}};
    tl__conv_space space = {.samples = 1 + turn % 3};
    tl__conv_axis *const axes[] = {&space.y, &space.x};
    const size_t *three = channels[turn % 9];
    space.in = three[0];
    space.out = three[1];
    space.groups = three[2];
    for (int a = 0; a < 2; a++) {
        tl__conv_axis *axis = axes[a];
        turn = turn * 1103515245u + 12345u;
        *axis = (tl__conv_axis){.in = 1 + (turn >> 8) % (a == 0 ? 6 : 31), .taps = 1 + (turn >> 13) % 3,
                                .step = 1 + (turn >> 18) % 2, .spread = 1 + (turn >> 21) % 2,
                                .pad = (ptrdiff_t)((turn >> 24) % 4) - 1};
        axis->out = 1 + (turn >> 28) % (axis->in + 2);
    }
    return space;
}

static void cases_conv_one(cases *c, unsigned turn)
{
    static const int32_t lengths[] = {1, 0, 1};
    tl__conv_space space = cases_space(turn);
    const size_t in = space.in / space.groups, positions = space.y.out * space.x.out;
    space.source = c->in[0] + turn % 5;
    if (space.y.in == 1) space.lengths = lengths;
    tl__conv call = {.space = space, .w = c->in[1] + turn % 3, .w_x = in * space.out, .c_x = space.out,
                     .activation = (tl__activation)(turn % 5 ? turn % 2 : turn % TL__ACTIVATION_COUNT),
                     .parameter = 0.5f};
    call.w_y = space.x.taps * call.w_x;
    call.c_y = space.x.out * space.out;
    call.c_sample = space.y.out * call.c_y;
    call.c = cases_out(c, 0, turn % 5);
    call.bias = turn % 3 ? c->in[2] : NULL;
    call.pre = turn % 7 == 1 ? cases_out(c, 1, 0) : NULL;
    call.saved = turn % 4 == 2 ? c->in[3] : NULL;
    if (call.saved != NULL) call.bias = NULL;
    tl__conv_gradient back = {.space = space, .d = c->in[3], .dw = cases_out(c, 2, turn % 5),
                              .pieces = (size_t)1 << turn % 3};
    tl__conv_plan plan[2];
    c->set->conv_plan(&call, &plan[0]);
    c->set->conv_gradient_plan(&back, &plan[1]);
    for (int k = 0; k < 2; k++) {
        const size_t bytes = plan[k].scratch_bytes;
        unsigned char *scratch = malloc(bytes + 32);
        if (scratch == NULL) exit(1);
        memset(scratch, 0x7f, bytes + 32);
        for (size_t task = plan[k].tasks; task-- > 0;) {
            if (k == 0) plan[k].run(&call, &plan[k], task, scratch);
            else plan[k].run_gradient(&back, &plan[k], task, scratch);
        }
        for (size_t i = bytes; i < bytes + 32; i++)
            if (scratch[i] != 0x7f) c->overrun = true;
        free(scratch);
    }
    const size_t taps = space.y.taps * space.x.taps;
    cases_report(c, "conv", 0, call.c, space.samples * positions * space.out);
    if (call.pre != NULL) cases_report(c, "conv", 1, call.pre, space.samples * positions * space.out);
    cases_report(c, "conv_gradient", 2, back.dw, taps * call.w_x);
    float *turned = cases_out(c, 3, turn % 5);
    c->set->conv_turn(turned, call.w, taps, space.in, space.out, space.groups);
    cases_report(c, "conv_turn", 3, turned, taps * call.w_x);
}

static void cases_pooling_one(cases *c, unsigned turn)
{
    static const int32_t lengths[] = {1, 0, 1};
    const tl__conv_space space = cases_space(turn);
    const tl__kernels *k = c->set;
    const size_t all = space.samples * space.y.out * space.x.out * space.out;
    const size_t size = space.samples * space.y.in * space.x.in * space.out;
    tl__pooling call = {.y = space.y, .x = space.x, .after_y = turn % 2, .after_x = turn % 3, .channels = space.out,
                        .source = c->in[0] + turn % 5, .d = c->in[3]};
    if (call.y.in == 1) call.lengths = lengths;
    call.c = cases_out(c, 0, turn % 5);
    call.chosen = cases_out(c, 1, turn % 3);
    call.dx = cases_out(c, 2, turn % 4);
    k->max_pool(&call, 0, space.samples * space.y.out);
    call.relu = turn % 4 == 0;
    k->max_pool_backward(&call, 0, space.samples);
    cases_report(c, "max_pool", 0, call.c, all);
    cases_report(c, "max_pool", 1, call.chosen, all);
    cases_report(c, "max_pool_backward", 2, call.dx, size);
    call.relu = false;
    call.counts_padding = turn % 2 == 0;
    call.c = cases_out(c, 0, turn % 5);
    call.dx = cases_out(c, 2, turn % 4);
    k->avg_pool(&call, 0, space.samples * space.y.out);
    k->avg_pool_backward(&call, 0, space.samples);
    cases_report(c, "avg_pool", 0, call.c, all);
    cases_report(c, "avg_pool_backward", 2, call.dx, size);
}

static void cases_patches(cases *c, int kind)
{
    for (unsigned turn = (unsigned)kind; turn < 600; turn += kind == 0 ? 1 : 5) cases_conv_one(c, turn);
    for (unsigned turn = (unsigned)kind; turn < 300; turn += kind == 0 ? 1 : 5) cases_pooling_one(c, turn);
}
