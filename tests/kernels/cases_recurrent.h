/* The part of the walk over recurrent layers: blocks of one row and of several, states smaller and larger than a register
 * and than a tile. Included by cases.h, whose words it uses. */
static void cases_recurrent_one(cases *c, unsigned turn, size_t rows, size_t time, size_t in, size_t units)
{
    const tl__kernels *k = c->set;
    const tl__cell cell = (tl__cell)(turn % TL__CELLS);
    const size_t kept = tl__cell_kept(cell) * units, steps = rows * time;
    int32_t lengths[32];
    float *states = c->in[4], *o[4];
    for (size_t i = 0; i < rows; i++) lengths[i] = (int32_t)(1 + (i * 5 + turn) % time);
    for (int i = 0; i < 4; i++) o[i] = cases_out(c, i, turn % 3);
    tl__recurrent call = {.cell = cell, .reverse = turn / 4 % 2, .rows = rows, .time = time, .in = in, .units = units,
                          .lengths = turn % 3 ? lengths : NULL, .x = c->in[0] + turn % 3, .w_ih = c->in[1],
                          .w_hh = c->in[2], .h0 = turn % 5 ? states : NULL, .c0 = turn % 5 ? states + 5000 : NULL,
                          .ld0 = units + turn % 2, .out = turn % 7 ? o[0] : NULL, .out_row = time * units,
                          .out_step = units, .ld_n = units, .gates = o[1], .before = o[2], .cells = o[3]};
    if (turn % 4) {
        call.b_ih = c->in[3];
        call.b_hh = c->in[3] + 1000;
    }
    tl__recurrent_plan plan;
    k->recurrent_plan(&call, &plan);
    float *memory = malloc((plan.packed_floats + plan.back_floats + 4 * rows * (units + 1)) * sizeof(float) +
                           plan.scratch_bytes + 256);
    if (memory == NULL) exit(1);
    unsigned char *at = (unsigned char *)memory + (64 - (uintptr_t)memory % 64);
    float *packed = (float *)(void *)(at + (plan.scratch_bytes + 63) / 64 * 64), *end = packed + plan.packed_floats;
    float *last = end + plan.back_floats;
    if (plan.packed_floats) k->recurrent_pack(&call, false, packed);
    k->recurrent_pack(&call, true, end);
    if (plan.packed_floats) call.packed = packed;
    call.packed_back = end;
    call.h_n = last;
    if (cell == TL__CELL_LSTM) call.c_n = last + rows * units;
    for (size_t i = 0; i < rows; i += plan.block)
        k->recurrent_forward(&call, i, rows - i < plan.block ? rows - i : plan.block, at);
    if (call.out) cases_report(c, "recurrent_forward", 0, o[0], steps * units);
    cases_report(c, "recurrent_forward", 1, o[1], steps * kept);
    cases_report(c, "recurrent_forward", 2, o[2], steps * units);
    cases_report(c, "recurrent_forward", -1, last, rows * units * (cell == TL__CELL_LSTM ? 2 : 1));
    call.d_out = call.out ? c->in[5] : NULL;
    call.d_h_n = turn % 6 ? c->in[5] + 9000 : NULL;
    call.d_c_n = turn % 6 && cell == TL__CELL_LSTM ? c->in[5] + 9100 : NULL;
    call.d_h0 = last;
    call.d_c0 = cell == TL__CELL_LSTM ? last + rows * (units + 1) : NULL;
    memset(last, 0, 4 * rows * (units + 1) * sizeof(float));
    for (size_t i = 0; i < rows; i += plan.block)
        k->recurrent_backward(&call, i, rows - i < plan.block ? rows - i : plan.block, at);
    cases_report(c, "recurrent_backward", 1, o[1], steps * kept);
    cases_report(c, "recurrent_backward", -1, last, 2 * rows * (units + 1));
    free(memory);
}

static void cases_recurrent(cases *c)
{
    static const size_t rows[] = {1, 2, 3, 7, 30}, units[] = {1, 3, 8, 17, 35}, ins[] = {1, 6, 16};
    for (unsigned turn = 0; turn < 120; turn++)
        cases_recurrent_one(c, turn, rows[turn % 5], 1 + turn % 6, ins[turn / 5 % 3], units[turn / 8 % 5]);
}
