/* Template: softmax and its kind where a row has at most TL__LANES columns. A lane of a register is then a row, not a
 * column: VN rows are turned into one vector per column, and what rule 5 of kernels.h sums in lanes is the same small
 * tree for all rows at once. Lanes that a short row leaves empty hold +0; as each chain begins with +0, leaving them
 * out changes at most the sign of a zero, which the last addition of short_sum gives back.
 *
 * (Only where there are exponentials: for softmax's way back, the turning costs more than it saves.)
 * SHORT_ROWS(rows, columns, call) in a function of rows.inc.h makes the call and returns where this way is open and
 * there are rows enough to fill the register by some part: one row of three columns takes 28 ns in the other way, 80 ns
 * in this one, whatever rows are missing. A set of one lane has none. FOUR_LOAD(v, in, ld, last) and FOUR_STORE(out,
 * ld, last, v) move four columns of VN rows; the last row has an address of its own, so that the others may be read and
 * written past their end, into the next row. */
#if VN > 1
#define SHORT_ROWS(rows, columns, call)                                                     \
    if ((columns) > 1 && (columns) <= TL__LANES && (rows) > 1 + (columns) / 2) {            \
        call;                                                                               \
        return;                                                                             \
    }

enum { SET(SHORT_PAD) = 4 };

/* v[0 .. columns-1] = the columns of `rows` (1..VN) rows; lanes of missing rows hold 0. */
INLINE(void) SET(short_load)(V *v, const float *x, size_t rows, size_t columns)
{
    float part[VN * TL__LANES + SET(SHORT_PAD)], last[SET(SHORT_PAD)] = {0};
    if (rows < VN) {
        memset(part, 0, VN * columns * sizeof *part);
        memcpy(part, x, rows * columns * sizeof *part);
        x = part;
    }
    const float *end = x + (VN - 1) * columns;
    size_t j = 0;
    for (; j + 4 <= columns; j += 4) FOUR_LOAD(v + j, x + j, columns, end + j);
    if (j == columns) return;
    for (size_t i = j; i < columns; i++) last[i - j] = end[i];
    FOUR_LOAD(v + j, x + j, columns, last);
}

/* The other way. The rightmost columns go first: what they write past a row's end is overwritten by the others. */
INLINE(void) SET(short_store)(float *y, V *v, size_t rows, size_t columns)
{
    float part[VN * TL__LANES + SET(SHORT_PAD)], last[SET(SHORT_PAD)];
    float *out = rows < VN ? part : y, *end = out + (VN - 1) * columns;
    size_t j = columns & ~(size_t)3;
    if (j < columns) {
        FOUR_STORE(out + j, columns, last, v + j);
        for (size_t i = j; i < columns; i++) end[i] = last[i - j];
    }
    while (j > 0) {
        j -= 4;
        FOUR_STORE(out + j, columns, end + j, v + j);
    }
    if (rows < VN) memcpy(y, part, rows * columns * sizeof *y);
}

/* The tree over lanes that hold their chain's value; `lane` is used up. */
INLINE(V) SET(short_sum)(V *lane, size_t columns)
{
    size_t n = columns;
    for (size_t half = TL__LANES / 2; half > 0; half /= 2) {
        for (size_t i = half; i < n; i++) lane[i - half] = V_ADD(lane[i - half], lane[i]);
        if (n > half) n = half;
    }
    return columns < TL__LANES ? V_ADD(lane[0], ZERO) : lane[0];
}

INLINE(V) SET(short_max)(const V *v, size_t columns)
{
    const V lowest = V_OF(I_SET((int32_t)0xff800000));
    V lane[TL__LANES];
    size_t n = columns;
    for (size_t j = 0; j < columns; j++) lane[j] = SET(larger)(v[j], lowest);
    for (size_t half = TL__LANES / 2; half > 0; half /= 2) {
        for (size_t i = half; i < n; i++) lane[i - half] = SET(larger)(lane[i], lane[i - half]);
        if (n > half) n = half;
    }
    return lane[0];
}

/* v -= its maximum, which is returned; e = exp(v); the sum of e. */
INLINE(V) SET(short_exp)(V *e, V *v, size_t columns, V *max)
{
    V lane[TL__LANES];
    const V m = SET(short_max)(v, columns);
    for (size_t j = 0; j < columns; j++) {
        v[j] = V_SUB(v[j], m);
        lane[j] = e[j] = SET(v_exp_falling)(v[j]);
    }
    *max = m;
    return SET(short_sum)(lane, columns);
}

#define EACH_GROUP(rows) for (size_t row = 0, count; row < (rows) && (count = SET(left)(rows, row)) > 0; row += VN)

INLINE(void) SET(short_softmax)(float *y, const float *x, size_t rows, size_t columns)
{
    V v[TL__LANES], e[TL__LANES], max;
    EACH_GROUP(rows) {
        SET(short_load)(v, x + row * columns, count, columns);
        const V s = SET(short_exp)(e, v, columns, &max);
        for (size_t j = 0; j < columns; j++) e[j] = V_DIV(e[j], s);
        SET(short_store)(y + row * columns, e, count, columns);
    }
}

INLINE(void) SET(short_log_softmax)(float *y, const float *x, size_t rows, size_t columns)
{
    V v[TL__LANES], e[TL__LANES], max;
    EACH_GROUP(rows) {
        SET(short_load)(v, x + row * columns, count, columns);
        const V log = SET(v_log)(SET(short_exp)(e, v, columns, &max));
        for (size_t j = 0; j < columns; j++) v[j] = V_SUB(v[j], log);
        SET(short_store)(y + row * columns, v, count, columns);
    }
}

INLINE(void) SET(short_logsumexp)(float *out, const float *x, size_t rows, size_t columns)
{
    V v[TL__LANES], e[TL__LANES], lane[TL__LANES], max;
    EACH_GROUP(rows) {
        SET(short_load)(v, x + row * columns, count, columns);
        for (size_t j = 0; j < columns; j++) lane[j] = V_ADD(ZERO, v[j]);
        const V sum = SET(short_sum)(lane, columns), log = SET(v_log)(SET(short_exp)(e, v, columns, &max));
        SET(store)(out + row, V_SELECT(V_LT(max, V_SET(-FLT_MAX)), sum, V_ADD(max, log)), count);
    }
}

/* Column j's class weight; 1 where there are none. */
INLINE(V) SET(short_weight)(const float *weights, size_t j) { return weights == NULL ? ONE : V_SET(weights[j]); }

INLINE(void) SET(short_cross_entropy)(const tl__cross_entropy *call, float share, float total)
{
    const size_t columns = call->columns;
    const float *weights = call->class_weights;
    V v[TL__LANES], e[TL__LANES], lane[TL__LANES], max;
    EACH_GROUP(call->rows) {
        float class[VN];
        for (size_t i = 0; i < VN; i++) class[i] = i < count ? (float)call->classes[row + i] : -1.0f;
        const V target = V_LOAD(class);
        SET(short_load)(v, call->x + row * columns, count, columns);
        const V s = SET(short_exp)(e, v, columns, &max), log = SET(v_log)(s);
        V at = ZERO, own = ONE;
        for (size_t j = 0; j < columns; j++) {
            const M here = V_EQ(target, V_SET((float)(int)j));
            at = V_SELECT(here, v[j], at);
            if (weights != NULL) own = V_SELECT(here, V_SET(weights[j]), own);
        }
        own = V_MUL(V_SET(1.0f - call->smoothing), own);
        V loss = V_MUL(own, V_SUB(log, at)), all = own;
        if (share != 0.0f) {
            for (size_t j = 0; j < columns; j++)
                lane[j] = V_FMA(SET(short_weight)(weights, j), V_SUB(log, v[j]), ZERO);
            loss = V_ADD(loss, V_MUL(V_SET(share), SET(short_sum)(lane, columns)));
            all = V_ADD(own, V_SET(share * total));
        }
        const V weight = call->row_weights == NULL ? ONE : SET(load)(call->row_weights + row, count);
        const M ignored = V_LT(target, ZERO);
        SET(store)(call->loss + row, V_SELECT(ignored, ZERO, V_MUL(weight, loss)), count);
        if (call->gradient == NULL) continue;
        const V factor = V_MUL(V_SET(call->gradient_scale), weight);
        for (size_t j = 0; j < columns; j++) {
            V g = V_MUL(V_DIV(e[j], s), all);
            if (share != 0.0f) g = V_SUB(g, V_MUL(V_SET(share), SET(short_weight)(weights, j)));
            g = V_SELECT(V_EQ(target, V_SET((float)(int)j)), V_SUB(g, own), g);
            e[j] = V_SELECT(ignored, ZERO, V_MUL(factor, g));
        }
        SET(short_store)(call->gradient + row * columns, e, count, columns);
    }
}
#undef EACH_GROUP
#else
#define SHORT_ROWS(rows, columns, call)
#endif
