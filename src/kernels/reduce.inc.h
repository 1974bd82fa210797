/* Template: sums over arrays (lanes, blocks, pieces) and over rows per column (chains, blocks, pieces). */

/* What a lane or chain takes in. Tails come as zero terms. */
enum SET(what) {
    SET(SUM),          /* acc + x */
    SET(SQUARES),      /* fma(x, x, acc) */
    SET(DOT),          /* fma(x, y, acc) */
    SET(DEVIATIONS),   /* d = x - p; fma(d, d, acc) */
    SET(EXPONENTIALS), /* acc + exp(x - p), x <= p */
    SET(FINITE),       /* acc + (x - x): NaN as soon as one x is not finite */
    SET(LIKELIHOOD),   /* fma(y, q - (x - p), acc), y = 1 where NULL */
    SET(GAIN),         /* acc + x*y, x where y is NULL */
    SET(GAIN_DOT)      /* fma(x*y, (z - p)*q, acc) */
};

INLINE(V) SET(term)(enum SET(what) what, V acc, const float *x, const float *y, const float *z, float p, float q,
                    size_t at, size_t count)
{
    V v = SET(load_lane)(x, at, count), g;
    switch (what) {
    case SET(SUM): return V_ADD(acc, v);
    case SET(SQUARES): return V_FMA(v, v, acc);
    case SET(DOT): return V_FMA(v, SET(load_lane)(y, at, count), acc);
    case SET(DEVIATIONS):
        v = V_FIRST(V_SUB(v, V_SET(p)), count);
        return V_FMA(v, v, acc);
    case SET(EXPONENTIALS): return V_ADD(acc, V_FIRST(SET(v_exp_falling)(V_SUB(v, V_SET(p))), count));
    case SET(FINITE): return V_ADD(acc, V_SUB(v, v));
    case SET(LIKELIHOOD):
        g = y == NULL ? V_FIRST(ONE, count) : SET(load_lane)(y, at, count);
        return V_FMA(g, V_FIRST(V_SUB(V_SET(q), V_SUB(v, V_SET(p))), count), acc);
    case SET(GAIN):
    case SET(GAIN_DOT):
    default:
        g = y == NULL ? v : V_MUL(v, SET(load_lane)(y, at, count));
        if (what == SET(GAIN)) return V_ADD(acc, g);
        v = V_MUL(V_SUB(SET(load_lane)(z, at, count), V_SET(p)), V_SET(q));
        return V_FMA(g, V_FIRST(v, count), acc);
    }
}

/* One block in lanes; n may be 0. */
INLINE(float) SET(block)(enum SET(what) what, const float *x, const float *y, const float *z, float p, float q,
                         size_t begin, size_t end)
{
    SET(lanes) w;
    size_t i = begin;
#define LANE_ZERO(r) w.v[r] = ZERO;
#define LANE_TERM(r) w.v[r] = SET(term)(what, w.v[r], x, y, z, p, q, i + (size_t)(r) * VN, VN);
#define LANE_TAIL(r) \
    w.v[r] = SET(term)(what, w.v[r], x, y, z, p, q, i + (size_t)(r) * VN, SET(left)(end, i + (size_t)(r) * VN));
    EACH_LANE_VECTOR(LANE_ZERO)
    for (; end - i >= TL__LANES; i += TL__LANES) { EACH_LANE_VECTOR(LANE_TERM) }
    if (i < end) { EACH_LANE_VECTOR(LANE_TAIL) }
#undef LANE_ZERO
#undef LANE_TERM
#undef LANE_TAIL
    return SET(lanes_sum)(w);
}

INLINE(float) SET(reduce)(enum SET(what) what, const float *x, const float *y, const float *z, float p, float q,
                          size_t n, size_t pieces)
{
    if (n <= TL__BLOCK && pieces <= 1) return SET(block)(what, x, y, z, p, q, 0, n);
    float stack[TL__MAX_DEPTH];
    tl__leaves walk = tl__leaves_start(n, (tl__cut){pieces, 1});
    do {
        int top = walk.depth;
        stack[top] = SET(block)(what, x, y, z, p, q, walk.begin, walk.end);
        for (int merges = tl__leaves_merges(&walk); merges > 0; merges--, top--)
            stack[top - 1] = stack[top - 1] + stack[top];
    } while (tl__leaves_next(&walk));
    return stack[0];
}

FN(float) SET(sum)(const float *x, size_t n, size_t pieces)
{
    return SET(reduce)(SET(SUM), x, NULL, NULL, 0.0f, 0.0f, n, pieces);
}

FN(float) SET(sum_squares)(const float *x, size_t n, size_t pieces)
{
    return SET(reduce)(SET(SQUARES), x, NULL, NULL, 0.0f, 0.0f, n, pieces);
}

FN(float) SET(dot)(const float *x, const float *y, size_t n, size_t pieces)
{
    return SET(reduce)(SET(DOT), x, y, NULL, 0.0f, 0.0f, n, pieces);
}

FN(bool) SET(any_nonfinite)(const float *x, size_t n)
{
    float sum = SET(block)(SET(FINITE), x, NULL, NULL, 0.0f, 0.0f, 0, n);
    return sum != sum;
}

FN(float) SET(max)(const float *x, size_t n)
{
    const V lowest = V_OF(I_SET((int32_t)0xff800000));
    SET(lanes) w;
    size_t i = 0;
#define LANE_START(r) w.v[r] = lowest;
#define LANE_MAX(r) w.v[r] = SET(larger)(V_LOAD(x + i + (size_t)(r) * VN), w.v[r]);
#define LANE_TAIL(r)                                                                                        \
    {                                                                                                       \
        const size_t at = i + (size_t)(r) * VN, count = SET(left)(n, at);                                   \
        V v = SET(load_lane)(x, at, count), used = V_FIRST(ONE, count);                                     \
        w.v[r] = SET(larger)(V_SELECT(V_LT(ZERO, used), v, lowest), w.v[r]);                                \
    }
    EACH_LANE_VECTOR(LANE_START)
    for (; n - i >= TL__LANES; i += TL__LANES) { EACH_LANE_VECTOR(LANE_MAX) }
    if (i < n) { EACH_LANE_VECTOR(LANE_TAIL) }
#undef LANE_START
#undef LANE_MAX
#undef LANE_TAIL
    return SET(lanes_max)(w);
}

/* Column sums: a strip of up to four vectors of columns runs down the rows, its chains in registers. */
enum SET(column) {
    SET(COLUMN_SUM),         /* acc + x */
    SET(COLUMN_DOT),         /* fma(x, y, acc) */
    SET(COLUMN_DEVIATIONS),  /* d = x - mean of the column; fma(d, d, acc) */
    SET(COLUMN_HAT_BY_ROW),  /* fma(x, (y - mean) * inverse, acc), both of the row */
    SET(COLUMN_HAT)          /* the same, both of the column */
};

typedef struct SET(columns) {
    const float *x, *y, *mean, *inverse;
    float *out;
    size_t rows, columns;
    tl__cut cut;
} SET(columns);

INLINE(V) SET(column_term)(enum SET(column) what, V acc, V v, V y, V mean, V inverse)
{
    switch (what) {
    case SET(COLUMN_SUM): return V_ADD(acc, v);
    case SET(COLUMN_DOT): return V_FMA(v, y, acc);
    case SET(COLUMN_DEVIATIONS):
        v = V_SUB(v, mean);
        return V_FMA(v, v, acc);
    default: return V_FMA(v, V_MUL(V_SUB(y, mean), inverse), acc);
    }
}

#define EACH_OF_STRIP(X) X(0) X(1) X(2) X(3)

/* Columns [at, at + ...): `width` full vectors, or one of `count` lanes. */
INLINE(void) SET(column_strip)(enum SET(column) what, const SET(columns) *call, size_t at, int width, size_t count)
{
    V stack[TL__MAX_DEPTH][4], mean[4], inverse[4];
    const bool by_column = what == SET(COLUMN_DEVIATIONS) || what == SET(COLUMN_HAT);
    tl__leaves walk = tl__leaves_start(call->rows, call->cut);
#define CONSTANTS(r)                                                                                            \
    mean[r] = by_column && r < width ? SET(load)(call->mean + at + r * VN, count) : ZERO;                       \
    inverse[r] = what == SET(COLUMN_HAT) && r < width ? SET(load)(call->inverse + at + r * VN, count) : ZERO;
    EACH_OF_STRIP(CONSTANTS)
#undef CONSTANTS
    do {
        V acc[4];
        int top = walk.depth;
#define START(r) acc[r] = ZERO;
#define TERM(r)                                                                                                 \
    if (r < width) {                                                                                            \
        V y = what >= SET(COLUMN_HAT_BY_ROW) || what == SET(COLUMN_DOT)                                         \
                  ? SET(load)(call->y + row * call->columns + at + r * VN, count)                               \
                  : ZERO;                                                                                       \
        acc[r] = SET(column_term)(what, acc[r], SET(load)(call->x + row * call->columns + at + r * VN, count), y, \
                                  mean[r], inverse[r]);                                                         \
    }
#define PUSH(r) stack[top][r] = acc[r];
#define MERGE(r) stack[top - 1][r] = V_ADD(stack[top - 1][r], stack[top][r]);
        EACH_OF_STRIP(START)
        for (size_t row = walk.begin; row < walk.end; row++) {
            if (what == SET(COLUMN_HAT_BY_ROW)) {
                mean[0] = mean[1] = mean[2] = mean[3] = V_SET(call->mean[row]);
                inverse[0] = inverse[1] = inverse[2] = inverse[3] = V_SET(call->inverse[row]);
            }
            EACH_OF_STRIP(TERM)
        }
        EACH_OF_STRIP(PUSH)
        for (int merges = tl__leaves_merges(&walk); merges > 0; merges--, top--) { EACH_OF_STRIP(MERGE) }
    } while (tl__leaves_next(&walk));
#define WRITE(r) if (r < width) SET(store)(call->out + at + r * VN, stack[0][r], count);
    EACH_OF_STRIP(WRITE)
#undef START
#undef TERM
#undef PUSH
#undef MERGE
#undef WRITE
}
#undef EACH_OF_STRIP

INLINE(void) SET(column_reduce)(enum SET(column) what, const SET(columns) *call, size_t first, size_t count)
{
    size_t at = first, end = first + count;
    for (; end - at >= 4 * VN; at += 4 * VN) SET(column_strip)(what, call, at, 4, VN);
    for (; end - at >= VN; at += VN) SET(column_strip)(what, call, at, 1, VN);
    if (at < end) SET(column_strip)(what, call, at, 1, end - at);
}

FN(void) SET(column_sums)(float *out, const float *x, size_t rows, size_t columns, tl__cut cut, size_t first,
                          size_t count)
{
    const SET(columns) call = {.x = x, .out = out, .rows = rows, .columns = columns, .cut = cut};
    SET(column_reduce)(SET(COLUMN_SUM), &call, first, count);
}

FN(void) SET(column_dots)(float *out, const float *x, const float *y, size_t rows, size_t columns, tl__cut cut,
                          size_t first, size_t count)
{
    const SET(columns) call = {.x = x, .y = y, .out = out, .rows = rows, .columns = columns, .cut = cut};
    SET(column_reduce)(SET(COLUMN_DOT), &call, first, count);
}

FN(void) SET(column_square_deviations)(float *out, const float *x, const float *mean, size_t rows, size_t columns,
                                       tl__cut cut, size_t first, size_t count)
{
    const SET(columns) call = {.x = x, .mean = mean, .out = out, .rows = rows, .columns = columns, .cut = cut};
    SET(column_reduce)(SET(COLUMN_DEVIATIONS), &call, first, count);
}

FN(void) SET(layer_norm_sums)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *mean,
                              const float *inverse, size_t rows, size_t columns, tl__cut cut, size_t first,
                              size_t count)
{
    const SET(columns) call = {dy, x, mean, inverse, dgamma, rows, columns, cut};
    if (dgamma != NULL) SET(column_reduce)(SET(COLUMN_HAT_BY_ROW), &call, first, count);
    if (dbeta != NULL) SET(column_sums)(dbeta, dy, rows, columns, cut, first, count);
}

FN(void) SET(batch_norm_sums)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *mean,
                              const float *inverse, size_t rows, size_t columns, tl__cut cut, size_t first,
                              size_t count)
{
    const SET(columns) call = {dy, x, mean, inverse, dgamma, rows, columns, cut};
    if (dgamma != NULL) SET(column_reduce)(SET(COLUMN_HAT), &call, first, count);
    if (dbeta != NULL) SET(column_sums)(dbeta, dy, rows, columns, cut, first, count);
}
