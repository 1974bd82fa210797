/* Template: the tiles of convolutions. They are those of the matrix product with one more thing: the terms come in
 * ny runs of nx runs of n, each of which begins at a place of its own in a and b. So an image is read where it lies: a
 * forward tile is some positions of a row by some channels, its terms the taps and the channels that they read; a tile
 * of the weights' gradient is some channels that are read by some that are made, its terms the positions.
 * Included by gemm_tile.inc.h, whose words it uses. With one vector there may be more rows (CONV_ROWS). */
#define CONV_COUNTS TILE_PASTE(TILE_COUNTS_, CONV_ROWS)
#define CONV_POINTER(i) if (i % 3 == 0) row[i / 3] = a + i / 3 * stride_three;
#define CONV_B(i, j) y[(j) % wide] = TILE_LOAD(b, j);

#define DEFINE_CONV_TILE(rows, vectors, is_masked)                                                              \
    FN(void) SET(conv_tile_##vectors##_##is_masked##_##rows)(const tl__conv_tile *t)                            \
    {                                                                                                          \
        enum { wide = vectors, masked = is_masked };                                                           \
        const size_t stride_i = t->stride_i, stride_three = t->stride_three, stride_p = t->stride_p;           \
        const size_t ldb = t->ldb, ldc = t->ldc, rest = t->columns - (wide - 1) * VN;                           \
        const float *a_y = t->a, *b_y = t->b, *row[5];                                                          \
        float *c = t->c;                                                                                       \
        const bool go_on = t->go_on;                                                                           \
        V acc[rows][wide], y[wide];                                                                            \
        (void)rest, (void)stride_i;                                                                            \
        TILE_ROWS_##rows(TILE_START_ROW)                                                                       \
        for (size_t ny = t->ny; ny > 0; ny--, a_y += t->a_y, b_y += t->b_y) {                                  \
            const float *a_x = a_y, *b_x = b_y;                                                                \
            for (size_t nx = t->nx; nx > 0; nx--, a_x += t->a_x, b_x += t->b_x) {                              \
                const float *a = a_x, *b = b_x;                                                                \
                TILE_ROWS_##rows(CONV_POINTER)                                                                 \
                for (size_t k = t->n; k > 0; k--) {                                                            \
                    TILE_EACH(CONV_B, 0)                                                                       \
                    TILE_ROWS_##rows(TILE_ROW)                                                                 \
                    TILE_ROWS_##rows(TILE_ADVANCE)                                                             \
                    b += ldb;                                                                                  \
                }                                                                                              \
            }                                                                                                  \
        }                                                                                                      \
        TILE_FINISH(rows)                                                                                      \
    }
#if VN > 1
#  define DEFINE_CONV_TILES(rows, vectors) DEFINE_CONV_TILE(rows, vectors, 0) DEFINE_CONV_TILE(rows, vectors, 1)
#  define NAME_CONV_TILES(rows, vectors) SET(conv_tile_##vectors##_0_##rows), SET(conv_tile_##vectors##_1_##rows)
#else
#  define DEFINE_CONV_TILES(rows, vectors) DEFINE_CONV_TILE(rows, vectors, 0)
#  define NAME_CONV_TILES(rows, vectors) SET(conv_tile_##vectors##_0_##rows), NULL
#endif
#define CONV_FIRST(rows) DEFINE_CONV_TILES(rows, 1)
#define CONV_FIRST_NAME(rows) {NAME_CONV_TILES(rows, 1)},
#define CONV_SECOND(rows) DEFINE_CONV_TILES(rows, 2)
#define CONV_SECOND_NAME(rows) {NAME_CONV_TILES(rows, 2)},
CONV_COUNTS(CONV_FIRST)
TILE_COUNTS(CONV_SECOND)

typedef void SET(conv_tile_fn)(const tl__conv_tile *t);

/* The tile of so many rows and columns: at most two vectors, and of two at most GEMM_ROWS rows. */
INLINE(SET(conv_tile_fn) *) SET(conv_tile)(size_t rows, size_t columns)
{
    static SET(conv_tile_fn) *const one[][2] = {CONV_COUNTS(CONV_FIRST_NAME)};
    static SET(conv_tile_fn) *const two[][2] = {TILE_COUNTS(CONV_SECOND_NAME)};
    const bool part = columns % VN != 0;
    return columns <= VN ? one[rows - 1][part] : two[rows - 1][part];
}

#undef CONV_COUNTS
#undef CONV_POINTER
#undef CONV_B
#undef DEFINE_CONV_TILE
#undef DEFINE_CONV_TILES
#undef NAME_CONV_TILES
#undef CONV_FIRST
#undef CONV_FIRST_NAME
#undef CONV_SECOND
#undef CONV_SECOND_NAME
