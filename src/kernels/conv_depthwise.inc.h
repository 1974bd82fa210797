/* Template: convolutions of one channel in each group (depthwise). Vectors run along the channels of both sides, which
 * are the same, so a number is read with the vector around it: eight positions of a row at a time, and for the gradient
 * three taps of a row. The chains are those of every convolution. Included by conv.inc.h. */

INLINE(bool) SET(conv_is_deep)(const tl__conv_space *space)
{
    return space->groups > 1 && space->in == space->groups && space->out == space->groups;
}

/* Channels that vectors run along: those of a group, or all. */
INLINE(size_t) SET(conv_made)(const tl__conv_space *space)
{
    return SET(conv_is_deep)(space) ? space->out : space->out / space->groups;
}

/* The end of a tile, as tl__conv_tile says. */
INLINE(void) SET(conv_end)(const tl__conv_tile *t, V x, size_t at, size_t count)
{
    if (t->end == TL__TILE_FORWARD) {
        x = V_ADD(x, t->bias != NULL ? LOAD(t->bias) : V_SET(-0.0f));
        x = V_SELECT(V_LE(x, V_SET(t->cut)), ZERO, x);
    } else if (t->end == TL__TILE_BACKWARD) {
        x = V_SELECT(V_LE(LOAD(t->saved + at), ZERO), ZERO, x);
    }
    STORE(t->c + at, x);
}

#define DEEP_8(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define DEEP_1(X) X(0)
#define DEEP_START(r) V acc##r = ZERO;
#define DEEP_TERM(r) acc##r = V_FMA(LOAD(a + (r) * t->stride_i), y, acc##r);
#define DEEP_END(r) SET(conv_end)(t, acc##r, (j + (r)) * t->ldc, count);
#define DEFINE_DEEP(rows)                                                                              \
    INLINE(void) SET(conv_deep_##rows)(const tl__conv_tile *t, size_t j, size_t count)                 \
    {                                                                                                  \
        DEEP_##rows(DEEP_START)                                                                        \
        for (size_t ky = 0; ky < t->ny; ky++)                                                          \
            for (size_t kx = 0; kx < t->nx; kx++) {                                                    \
                const float *a = t->a + j * t->stride_i + ky * t->a_y + kx * t->a_x;                   \
                const V y = LOAD(t->b + ky * t->b_y + kx * t->b_x);                                    \
                DEEP_##rows(DEEP_TERM)                                                                 \
            }                                                                                          \
        DEEP_##rows(DEEP_END)                                                                          \
    }
DEFINE_DEEP(1)
DEFINE_DEEP(8)

/* A row of positions and a vector of channels, or a part of one. */
INLINE(void) SET(conv_deep_line)(const tl__conv_tile *t, size_t width, size_t count)
{
    size_t j = 0;
    for (; j + 8 <= width; j += 8) SET(conv_deep_8)(t, j, count);
    for (; j < width; j++) SET(conv_deep_1)(t, j, count);
}

FN(void) SET(conv_deep)(const tl__conv_tile *row, size_t width, size_t channels)
{
    tl__conv_tile t = *row;
    for (size_t o = 0; o < channels; o += VN) {
        t.a = row->a + o;
        t.b = row->b + o;
        t.c = row->c + o;
        if (row->bias != NULL) t.bias = row->bias + o;
        if (row->saved != NULL) t.saved = row->saved + o;
        if (channels - o >= VN) SET(conv_deep_line)(&t, width, VN);
        else SET(conv_deep_line)(&t, width, channels - o);
    }
}

#define DEEP_LOAD(r) V acc##r = LOAD(c + (r) * t->ldc);
#define DEEP_ADD(r) acc##r = V_FMA(LOAD(a + (r) * t->stride_i), d, acc##r);
#define DEEP_STORE(r) STORE(c + (r) * t->ldc, acc##r);
#define DEEP_3(X) X(0) X(1) X(2)
/* Chains of one or three taps side by side, over ny rows of n positions. */
#define DEFINE_DEEP_GRADIENT(taps)                                                                     \
    INLINE(void) SET(conv_deep_gradient_##taps)(const tl__conv_tile *t, size_t tap, size_t count)      \
    {                                                                                                  \
        float *c = t->c + tap * t->ldc;                                                                \
        DEEP_##taps(DEEP_LOAD)                                                                         \
        for (size_t ny = 0; ny < t->ny; ny++) {                                                        \
            const float *a = t->a + tap * t->stride_i + ny * t->a_y, *b = t->b + ny * t->b_y;          \
            for (size_t n = 0; n < t->n; n++, a += t->stride_p, b += t->ldb) {                         \
                const V d = LOAD(b);                                                                   \
                DEEP_##taps(DEEP_ADD)                                                                  \
            }                                                                                          \
        }                                                                                              \
        DEEP_##taps(DEEP_STORE)                                                                        \
    }
DEFINE_DEEP_GRADIENT(1)
DEFINE_DEEP_GRADIENT(3)

INLINE(void) SET(conv_deep_taps)(const tl__conv_tile *t, size_t taps, size_t count)
{
    size_t tap = 0;
    for (; tap + 3 <= taps; tap += 3) SET(conv_deep_gradient_3)(t, tap, count);
    for (; tap < taps; tap++) SET(conv_deep_gradient_1)(t, tap, count);
}

FN(void) SET(conv_deep_gradient)(const tl__conv_tile *line, size_t taps, size_t channels)
{
    tl__conv_tile t = *line;
    for (size_t o = 0; o < channels; o += VN, t.a += VN, t.b += VN, t.c += VN) {
        if (channels - o >= VN) SET(conv_deep_taps)(&t, taps, VN);
        else SET(conv_deep_taps)(&t, taps, channels - o);
    }
}

#undef DEEP_8
#undef DEEP_3
#undef DEEP_1
#undef DEEP_START
#undef DEEP_TERM
#undef DEEP_END
#undef DEEP_LOAD
#undef DEEP_ADD
#undef DEEP_STORE
#undef DEFINE_DEEP
#undef DEFINE_DEEP_GRADIENT
