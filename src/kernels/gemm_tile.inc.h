/* Template: the tiles of the matrix product, its innermost loops.
 *
 * A tile is GEMM_ROWS rows or fewer by GEMM_WIDE vectors or fewer, its chains in registers: per term one load of each
 * vector of b and one broadcast of a for each row. Every height and width is a function of its own, so that edges run
 * as fast as the middle; where a set can mask (GEMM_MASKED) the last vector of b is read by a mask and needs no
 * packing. Bias, relu and its derivative are applied in registers: absent parts are -0 (adding it changes nothing) and
 * NaN (nothing is below it).
 * A line is one to three rows and many vectors, for batches that small: b streams by once, as it lies. */

#define TILE_ROWS_1(X) X(0)
#define TILE_ROWS_2(X) TILE_ROWS_1(X) X(1)
#define TILE_ROWS_3(X) TILE_ROWS_2(X) X(2)
#define TILE_ROWS_4(X) TILE_ROWS_3(X) X(3)
#define TILE_ROWS_5(X) TILE_ROWS_4(X) X(4)
#define TILE_ROWS_6(X) TILE_ROWS_5(X) X(5)
#define TILE_ROWS_7(X) TILE_ROWS_6(X) X(6)
#define TILE_ROWS_8(X) TILE_ROWS_7(X) X(7)
#define TILE_ROWS_9(X) TILE_ROWS_8(X) X(8)
#define TILE_ROWS_10(X) TILE_ROWS_9(X) X(9)
#define TILE_ROWS_11(X) TILE_ROWS_10(X) X(10)
#define TILE_ROWS_12(X) TILE_ROWS_11(X) X(11)
#define TILE_ROWS_13(X) TILE_ROWS_12(X) X(12)
#define TILE_ROWS_14(X) TILE_ROWS_13(X) X(13)
#define TILE_COUNTS_4(X) X(1) X(2) X(3) X(4)
#define TILE_COUNTS_6(X) TILE_COUNTS_4(X) X(5) X(6)
#define TILE_COUNTS_8(X) TILE_COUNTS_6(X) X(7) X(8)
#define TILE_COUNTS_14(X) TILE_COUNTS_8(X) X(9) X(10) X(11) X(12) X(13) X(14)
#define TILE_PASTE_(a, b) a##b
#define TILE_PASTE(a, b) TILE_PASTE_(a, b)
#define TILE_COUNTS TILE_PASTE(TILE_COUNTS_, GEMM_ROWS)

/* X(i, j) for each of the `wide` vectors. */
#if GEMM_WIDE == 2
#  define TILE_EACH(X, i) X(i, 0) if (wide > 1) { X(i, 1) }
#elif GEMM_WIDE == 3
#  define TILE_EACH(X, i) X(i, 0) if (wide > 1) { X(i, 1) } if (wide > 2) { X(i, 2) }
#else
#  define TILE_EACH(X, i) X(i, 0) if (wide > 1) { X(i, 1) } if (wide > 2) { X(i, 2) } if (wide > 3) { X(i, 3) }
#endif

#define TILE_PART(j) (masked && (j) == wide - 1)
#define TILE_LOAD(p, j) (TILE_PART(j) ? V_LOAD_PART((p) + (j) * VN, rest) : V_LOAD((p) + (j) * VN))
#define TILE_STORE(p, j, v)                                                                                    \
    if (TILE_PART(j)) V_STORE_PART((p) + (j) * VN, v, rest);                                                   \
    else V_STORE((p) + (j) * VN, v);

#define TILE_START(i, j) acc[i][(j) % wide] = go_on ? TILE_LOAD(c + i * ldc, j) : ZERO;
#define TILE_START_ROW(i) TILE_EACH(TILE_START, i)
#if GEMM_MASKED
#  define TILE_B(i, j) y[(j) % wide] = TILE_LOAD(b, j);
#else
#  define TILE_B(i, j) y[(j) % wide] = V_LOAD(b + (j) * VN);
#endif
#define TILE_FMA(i, j) acc[i][(j) % wide] = V_FMA(x, y[(j) % wide], acc[i][(j) % wide]);
/* Three rows share a pointer: x86 has not got fourteen. */
#define TILE_POINTER(i) if (i % 3 == 0) row[i / 3] = a + i * stride_i;
#define TILE_ROW(i)                                                                                            \
    {                                                                                                          \
        const V x = V_SET(row[i / 3][i % 3 * stride_i]);                                                       \
        TILE_EACH(TILE_FMA, i)                                                                                 \
    }
#define TILE_ADVANCE(i) if (i % 3 == 0) row[i / 3] += stride_p;

#define TILE_END(i, j) TILE_STORE(c + i * ldc, j, acc[i][(j) % wide])
#define TILE_END_ROW(i) TILE_EACH(TILE_END, i)
#define TILE_BIAS(i, j) y[(j) % wide] = t->bias != NULL ? TILE_LOAD(t->bias, j) : V_SET(-0.0f);
#define TILE_FORWARD(i, j)                                                                                     \
    {                                                                                                          \
        const V v = V_ADD(acc[i][(j) % wide], y[(j) % wide]);                                                  \
        TILE_STORE(c + i * ldc, j, V_SELECT(V_LE(v, cut), ZERO, v))                                            \
    }
#define TILE_FORWARD_ROW(i) TILE_EACH(TILE_FORWARD, i)
#define TILE_BACKWARD(i, j)                                                                                    \
    TILE_STORE(c + i * ldc, j, V_SELECT(V_LE(TILE_LOAD(saved + i * ldsaved, j), ZERO), ZERO, acc[i][(j) % wide]))
#define TILE_BACKWARD_ROW(i) TILE_EACH(TILE_BACKWARD, i)

#ifdef GEMM_CHAINS_ONLY
#  define TILE_IS_STORE true
#  define TILE_FINISH(rows) TILE_ROWS_##rows(TILE_END_ROW)
#else
#  define TILE_IS_STORE (t->end == TL__TILE_STORE)
#  define TILE_FINISH(rows)                                                                                    \
    if (t->end == TL__TILE_STORE) {                                                                            \
        TILE_ROWS_##rows(TILE_END_ROW)                                                                         \
    } else if (t->end == TL__TILE_FORWARD) {                                                                   \
        const V cut = V_SET(t->cut);                                                                           \
        TILE_EACH(TILE_BIAS, 0)                                                                                \
        TILE_ROWS_##rows(TILE_FORWARD_ROW)                                                                     \
    } else {                                                                                                   \
        const float *saved = t->saved;                                                                         \
        const size_t ldsaved = t->ldsaved;                                                                     \
        TILE_ROWS_##rows(TILE_BACKWARD_ROW)                                                                    \
    }
#endif

/* A set's own loop over as many of the k terms as it likes (TILE_FAST; its chains go to c, from where the rest goes
 * on), and its own copy of a strip of b (TILE_COPY). */
#ifndef TILE_FAST
#  define TILE_FAST(rows)
#endif

/* Lines of c that the next tile needs; all at once they would be in the way. */
#ifdef __GNUC__
#  define TILE_AHEAD                                                                                           \
    if (k % 32 == 0 && ahead > 0) {                                                                            \
        __builtin_prefetch(next);                                                                              \
        __builtin_prefetch(next + wide * VN - 1);                                                              \
        next += ldc;                                                                                           \
        ahead--;                                                                                               \
    }
#else
#  define TILE_AHEAD
#endif

#define TILE_PACK(i, j) V_STORE(pack + (j) * VN, y[(j) % wide]);
#define DEFINE_TILE(rows, vectors, is_masked, name, packing, ...)                                              \
    FN(void) SET(name##_##rows)(const tl__tile *t)                                                             \
    {                                                                                                          \
        enum { wide = vectors, masked = is_masked };                                                           \
        const size_t stride_i = t->stride_i, stride_p = t->stride_p, ldc = t->ldc;                             \
        const size_t rest = t->columns - (wide - 1) * VN;                                                      \
        const float *a = t->a, *b = t->b, *row[5];                                                             \
        float *c = t->c;                                                                                       \
        size_t k = t->k, ldb = t->ldb;                                                                         \
        bool go_on = t->go_on;                                                                                 \
        const float *next = t->next;                                                                           \
        size_t ahead = t->ahead;                                                                               \
        V acc[rows][wide], y[wide];                                                                            \
        (void)rest, (void)next, (void)ahead;                                                                   \
        packing                                                                                                \
        TILE_ROWS_##rows(TILE_POINTER)                                                                         \
        TILE_ROWS_##rows(TILE_START_ROW)                                                                       \
        for (; k > 0; k--) {                                                                                   \
            TILE_AHEAD                                                                                         \
            TILE_EACH(TILE_B, 0)                                                                               \
            __VA_ARGS__                                                                                        \
            TILE_ROWS_##rows(TILE_ROW)                                                                         \
            TILE_ROWS_##rows(TILE_ADVANCE)                                                                     \
            b += ldb;                                                                                          \
        }                                                                                                      \
        TILE_FINISH(rows)                                                                                      \
    }
#define DEFINE_TILES(rows, vectors)                                                                            \
    DEFINE_TILE(rows, vectors, 0, tile_##vectors##_0, TILE_FAST(rows), (void)0;)                               \
    DEFINE_TILE(rows, vectors, 1, tile_##vectors##_1, , (void)0;)
#define NAME_TILES(rows, vectors) SET(tile_##vectors##_0_##rows), SET(tile_##vectors##_1_##rows)
#if GEMM_WIDE == 2
#  define TILE_FORMS(rows) DEFINE_TILES(rows, 1) DEFINE_TILES(rows, 2)
#  define TILE_NAMES(rows) {NAME_TILES(rows, 1), NAME_TILES(rows, 2)},
#else
#  define TILE_FORMS(rows)                                                                                     \
    DEFINE_TILES(rows, 1) DEFINE_TILES(rows, 2) DEFINE_TILES(rows, 3) DEFINE_TILES(rows, 4)
#  define TILE_NAMES(rows) {NAME_TILES(rows, 1), NAME_TILES(rows, 2), NAME_TILES(rows, 3), NAME_TILES(rows, 4)},
#endif
/* The same, with b packed on the way: the first tile of a strip does that for the others. */
#ifdef TILE_COPY
#  define TILE_PACKING(rows)                                                                                   \
    DEFINE_TILE(rows, GEMM_WIDE, 0, tile_packing,                                                              \
                TILE_COPY(k, b, ldb, t->pack); b = t->pack; ldb = GEMM_WIDE * VN; TILE_FAST(rows), (void)0;)
#else
#  define TILE_PACKING(rows)                                                                                   \
    DEFINE_TILE(rows, GEMM_WIDE, 0, tile_packing, float *pack = t->pack;,                                      \
                TILE_EACH(TILE_PACK, 0) pack += GEMM_WIDE * VN;)
#endif
#define TILE_PACKING_NAME(rows) SET(tile_packing_##rows),
TILE_COUNTS(TILE_FORMS)
TILE_COUNTS(TILE_PACKING)

typedef void SET(tile_fn)(const tl__tile *t);

/* The tile of so many rows and columns. */
INLINE(SET(tile_fn) *) SET(tile)(size_t rows, size_t columns)
{
    static SET(tile_fn) *const tiles[][2 * GEMM_WIDE] = {TILE_COUNTS(TILE_NAMES)};
    return tiles[rows - 1][(columns + VN - 1) / VN * 2 - 2 + (columns % VN != 0)];
}

INLINE(SET(tile_fn) *) SET(tile_packing)(size_t rows)
{
    static SET(tile_fn) *const tiles[] = {TILE_COUNTS(TILE_PACKING_NAME)};
    return tiles[rows - 1];
}

/* ---- lines ---- */

#define TILE_LINES(X) X(1) X(2) X(3)
#define LINE_EACH(X, i)                                                                                        \
    X(i, 0) X(i, 1)                                                                                            \
    if (wide > 2) { X(i, 2) X(i, 3) }                                                                          \
    if (wide > 4) { X(i, 4) X(i, 5) X(i, 6) X(i, 7) }                                                          \
    if (wide > 8) { X(i, 8) X(i, 9) X(i, 10) X(i, 11) X(i, 12) X(i, 13) X(i, 14) X(i, 15) }
#define LINE_START(i, j) acc[i][(j) % wide] = t->go_on ? V_LOAD(c + i * ldc + (j) * VN) : ZERO;
#define LINE_START_ROW(i) LINE_EACH(LINE_START, i)
#define LINE_X(i) x[i] = V_SET(t->a[i * stride_i + p * stride_p]);
#define LINE_FMA(i, j) acc[i][(j) % wide] = V_FMA(x[i], y, acc[i][(j) % wide]);
#define LINE_COLUMN(rows, j)                                                                                   \
    {                                                                                                          \
        const V y = V_LOAD(b + (j) * VN);                                                                      \
        LINE_FMA(0, j) if (rows > 1) { LINE_FMA(1 % rows, j) } if (rows > 2) { LINE_FMA(2 % rows, j) }         \
    }
#define LINE_END(i, j) V_STORE(c + i * ldc + (j) * VN, acc[i][(j) % wide]);
#define LINE_END_ROW(i) LINE_EACH(LINE_END, i)

#define DEFINE_LINE(rows, name, vectors)                                                                       \
    FN(void) SET(name##_##rows)(const tl__tile *t)                                                             \
    {                                                                                                          \
        enum { wide = vectors };                                                                               \
        const size_t stride_i = t->stride_i, stride_p = t->stride_p, ldb = t->ldb, ldc = t->ldc;               \
        const float *b = t->b;                                                                                 \
        float *c = t->c;                                                                                       \
        V acc[rows][wide], x[rows];                                                                            \
        TILE_ROWS_##rows(LINE_START_ROW)                                                                       \
        for (size_t p = 0; p < t->k; p++, b += ldb) {                                                          \
            TILE_ROWS_##rows(LINE_X)                                                                           \
            LINE_EACH(LINE_COLUMN, rows)                                                                       \
        }                                                                                                      \
        TILE_ROWS_##rows(LINE_END_ROW)                                                                         \
        (void)stride_i, (void)ldc;                                                                             \
    }
#define DEFINE_LINES(rows) DEFINE_LINE(rows, line, GEMM_LINE_##rows) DEFINE_LINE(rows, half_line, GEMM_LINE_##rows / 2)
TILE_LINES(DEFINE_LINES)

typedef struct SET(line) {
    SET(tile_fn) *run;
    size_t columns;
} SET(line);

/* The longer or the shorter line of one to three rows. */
INLINE(SET(line)) SET(line_of)(size_t rows, int half)
{
#define LINE_NAMES(rows)                                                                                       \
    {{SET(line_##rows), GEMM_LINE_##rows * VN}, {SET(half_line_##rows), GEMM_LINE_##rows / 2 * VN}},
    static const SET(line) lines[][2] = {TILE_LINES(LINE_NAMES)};
#undef LINE_NAMES
    return lines[rows - 1][half];
}

#ifndef GEMM_CHAINS_ONLY
#  include "kernels/conv_tile.inc.h"
#endif

#undef TILE_ROWS_1
#undef TILE_ROWS_2
#undef TILE_ROWS_3
#undef TILE_ROWS_4
#undef TILE_ROWS_5
#undef TILE_ROWS_6
#undef TILE_ROWS_7
#undef TILE_ROWS_8
#undef TILE_ROWS_9
#undef TILE_ROWS_10
#undef TILE_ROWS_11
#undef TILE_ROWS_12
#undef TILE_ROWS_13
#undef TILE_ROWS_14
#undef TILE_COUNTS_4
#undef TILE_COUNTS_6
#undef TILE_COUNTS_8
#undef TILE_COUNTS_14
#undef TILE_PASTE_
#undef TILE_PASTE
#undef TILE_COUNTS
#undef TILE_EACH
#undef TILE_PART
#undef TILE_LOAD
#undef TILE_STORE
#undef TILE_START
#undef TILE_START_ROW
#undef TILE_B
#undef TILE_FMA
#undef TILE_POINTER
#undef TILE_ROW
#undef TILE_ADVANCE
#undef TILE_END
#undef TILE_END_ROW
#undef TILE_BIAS
#undef TILE_FORWARD
#undef TILE_FORWARD_ROW
#undef TILE_BACKWARD
#undef TILE_BACKWARD_ROW
#undef TILE_FINISH
#undef TILE_FAST
#undef TILE_AHEAD
#undef TILE_IS_STORE
#undef TILE_COPY
#undef DEFINE_TILE
#undef TILE_FORMS
#undef TILE_NAMES
#undef TILE_PACK
#undef TILE_PACKING
#undef TILE_PACKING_NAME
#undef DEFINE_TILES
#undef NAME_TILES
#undef LINE_EACH
#undef LINE_START
#undef LINE_START_ROW
#undef LINE_X
#undef LINE_FMA
#undef LINE_COLUMN
#undef LINE_END
#undef LINE_END_ROW
#undef DEFINE_LINE
#undef DEFINE_LINES
#undef TILE_LINES
