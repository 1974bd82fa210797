/* Template: pooling (kernels.h has the definition), vectors along the channels. Windows of two by two that are whole,
 * the most usual ones, are written out. */

/* The taps of a position: where the first is, from one to the next, and how many. */
typedef struct SET(window) {
    size_t at, row, column;       /* floats into a sample's source */
    size_t ny, nx, tap;           /* tap: number of the first */
    float n;                      /* taps that an average is over */
} SET(window);

/* Of rows from -pad to in + after, those of position i. */
INLINE(size_t) SET(pool_inside)(const tl__conv_axis *axis, size_t after, size_t i)
{
    const ptrdiff_t begin = tl__conv_row(axis, i, 0), end = (ptrdiff_t)(axis->in + after);
    return (size_t)((begin + (ptrdiff_t)axis->taps < end ? begin + (ptrdiff_t)axis->taps : end) - begin);
}

INLINE(SET(window)) SET(pool_window)(const tl__pooling *call, const tl__conv_axis *x, size_t i, size_t j)
{
    size_t to_y, to_x, from_y = tl__conv_taps(&call->y, i, &to_y), from_x = tl__conv_taps(x, j, &to_x);
    SET(window) w = {.row = call->y.spread * call->x.in * call->channels, .column = x->spread * call->channels,
                     .ny = to_y - from_y, .nx = to_x - from_x, .tap = from_y * x->taps + from_x};
    if (w.ny * w.nx == 0) return (SET(window)){.n = 1.0f};
    w.at = ((size_t)tl__conv_row(&call->y, i, from_y) * call->x.in + (size_t)tl__conv_row(x, j, from_x)) *
           call->channels;
    w.n = (float)(w.ny * w.nx);
    if (call->counts_padding)
        w.n = (float)(SET(pool_inside)(&call->y, call->after_y, i) * SET(pool_inside)(x, call->after_x, j));
    return w;
}

/* The window of position j of a row, given that of the one before: where both are whole, it is one step further. */
INLINE(void) SET(pool_next)(const tl__pooling *call, const tl__conv_axis *x, size_t i, size_t j, size_t whole,
                            SET(window) *w)
{
    if (j > 0 && w->nx == x->taps && j < whole) w->at += x->step * call->channels;
    else *w = SET(pool_window)(call, x, i, j);
}

/* Positions of a row up to which, once windows are whole, they stay so. */
INLINE(size_t) SET(pool_whole)(const tl__pooling *call, const tl__conv_axis *x)
{
    size_t whole = call->counts_padding && call->after_x > 0 ? 0 : x->out;
    while (whole > 0 && tl__conv_row(x, whole - 1, x->taps - 1) >= (ptrdiff_t)x->in) whole--;
    return whole;
}

/* The columns of a sample. */
INLINE(tl__conv_axis) SET(pool_columns)(const tl__pooling *call, size_t sample)
{
    tl__conv_axis x = call->x;
    if (call->lengths != NULL) x.in = (size_t)call->lengths[sample];
    return x;
}

/* The largest of ny x nx numbers in each channel, and its tap. */
INLINE(V) SET(pool_largest)(const float *x, const SET(window) *w, size_t ny, size_t nx, size_t taps, size_t count,
                            V *chosen)
{
    V m = V_OF(I_SET((int32_t)0xff800000)), at = V_SET((float)w->tap);
    for (size_t ky = 0; ky < ny; ky++)
        for (size_t kx = 0; kx < nx; kx++) {
            const V v = LOAD(x + ky * w->row + kx * w->column), tap = V_SET((float)(w->tap + ky * taps + kx));
            const M larger = V_LT(m, v), number = V_EQ(v, v);
            m = V_SELECT(number, V_SELECT(larger, v, m), v);
            at = V_SELECT(number, V_SELECT(larger, tap, at), tap);
        }
    *chosen = ny * nx > 0 ? at : V_SET(-1.0f);
    return ny * nx > 0 ? m : ZERO;
}

FN(void) SET(max_pool)(const tl__pooling *call, size_t first, size_t count_rows)
{
    const size_t channels = call->channels;
    CONV_NARROW(channels, max_pool(call, first, count_rows))
    for (size_t row = first; row < first + count_rows; row++) {
        const size_t sample = row / call->y.out;
        const tl__conv_axis x = SET(pool_columns)(call, sample);
        const float *source = call->source + sample * call->y.in * call->x.in * channels;
        const size_t whole = SET(pool_whole)(call, &x), i_row = row % call->y.out;
        SET(window) w = {.nx = 0};
        size_t to = row * x.out * channels;
        for (size_t j = 0; j < x.out; j++, to += channels) {
            SET(pool_next)(call, &x, i_row, j, whole, &w);
            const float *from = source + w.at;
            EACH_VECTOR(channels, V chosen;
                        const V m = w.ny == 2 && w.nx == 2
                                        ? SET(pool_largest)(from + i, &w, 2, 2, x.taps, count, &chosen)
                                        : SET(pool_largest)(from + i, &w, w.ny, w.nx, x.taps, count, &chosen);
                        STORE(call->c + to + i, m);
                        if (call->chosen != NULL) STORE(call->chosen + to + i, chosen););
        }
    }
}

FN(void) SET(avg_pool)(const tl__pooling *call, size_t first, size_t count_rows)
{
    const size_t channels = call->channels;
    CONV_NARROW(channels, avg_pool(call, first, count_rows))
    for (size_t row = first; row < first + count_rows; row++) {
        const size_t sample = row / call->y.out;
        const tl__conv_axis x = SET(pool_columns)(call, sample);
        const float *source = call->source + sample * call->y.in * call->x.in * channels;
        const size_t whole = SET(pool_whole)(call, &x), i_row = row % call->y.out;
        SET(window) w = {.nx = 0};
        float *to = call->c + row * x.out * channels;
        for (size_t j = 0; j < x.out; j++, to += channels) {
            SET(pool_next)(call, &x, i_row, j, whole, &w);
            EACH_VECTOR(channels, V acc = ZERO;
                        for (size_t ky = 0; ky < w.ny; ky++) {
                            V line = ZERO;
                            for (size_t kx = 0; kx < w.nx; kx++)
                                line = V_ADD(line, LOAD(source + w.at + ky * w.row + kx * w.column + i));
                            acc = V_ADD(acc, line);
                        }
                        STORE(to + i, V_DIV(acc, V_SET(w.n))););
        }
    }
}

/* Do no two positions look at one number? */
INLINE(bool) SET(pool_apart)(const tl__conv_axis *axis) { return (axis->taps - 1) * axis->spread < axis->step; }

/* Does somebody look at every one? */
INLINE(bool) SET(pool_all)(const tl__conv_axis *axis)
{
    return axis->spread == 1 && axis->step <= axis->taps && axis->pad >= 0 &&
           tl__conv_row(axis, axis->out - 1, axis->taps - 1) + 1 >= (ptrdiff_t)axis->in;
}

/* One window's gradient g to its taps. alone: nobody else writes there. */
INLINE(void) SET(pool_give)(float *dx, const SET(window) *w, size_t ny, size_t nx, size_t taps, V g, V chosen,
                            bool all, bool alone, size_t count)
{
    for (size_t ky = 0; ky < ny; ky++)
        for (size_t kx = 0; kx < nx; kx++) {
            float *to = dx + ky * w->row + kx * w->column;
            const V tap = V_SET((float)(w->tap + ky * taps + kx));
            const V more = all ? g : V_SELECT(V_EQ(chosen, tap), g, ZERO);
            STORE(to, V_ADD(alone ? ZERO : LOAD(to), more));
        }
}

INLINE(void) SET(pool_backward)(const tl__pooling *call, size_t first, size_t samples, bool all)
{
    const size_t channels = call->channels, size = call->y.in * call->x.in * channels;
    const bool alone = SET(pool_apart)(&call->y) && SET(pool_apart)(&call->x);
    for (size_t sample = first; sample < first + samples; sample++) {
        const tl__conv_axis x = SET(pool_columns)(call, sample);
        float *dx = call->dx + sample * size;
        size_t from = sample * call->y.out * x.out * channels;
        if (!alone || call->lengths != NULL || !SET(pool_all)(&call->y) || !SET(pool_all)(&x))
            SET(fill)(dx, 0.0f, size);
        const size_t whole = SET(pool_whole)(call, &x);
        for (size_t row = 0; row < call->y.out; row++) {
            SET(window) w = {.nx = 0};
            for (size_t j = 0; j < x.out; j++, from += channels) {
                SET(pool_next)(call, &x, row, j, whole, &w);
                float *to = dx + w.at;
                EACH_VECTOR(channels, V g = LOAD(call->d + from + i), chosen = ZERO;
                            if (all) g = V_DIV(g, V_SET(w.n));
                            else chosen = LOAD(call->chosen + from + i);
                            if (call->relu) g = V_SELECT(V_LE(LOAD(call->c + from + i), ZERO), ZERO, g);
                            if (w.ny == 2 && w.nx == 2)
                                SET(pool_give)(to + i, &w, 2, 2, x.taps, g, chosen, all, alone, count);
                            else SET(pool_give)(to + i, &w, w.ny, w.nx, x.taps, g, chosen, all, alone, count););
            }
        }
    }
}

FN(void) SET(max_pool_backward)(const tl__pooling *call, size_t first, size_t count)
{
    CONV_NARROW(call->channels, max_pool_backward(call, first, count))
    SET(pool_backward)(call, first, count, false);
}

FN(void) SET(avg_pool_backward)(const tl__pooling *call, size_t first, size_t count)
{
    CONV_NARROW(call->channels, avg_pool_backward(call, first, count))
    SET(pool_backward)(call, first, count, true);
}

#undef CONV_NARROW
