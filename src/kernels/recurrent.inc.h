/* Template: recurrent layers (their arithmetic is defined in kernels.h).
 *
 * Rows do not know of each other, so a block of rows goes through all of its time without waiting for others: what it
 * remembers stays in the first-level cache, only the weights stream by. For each step the block's rows [x, 1, h] meet
 * the weights [w_ih; bias; w_hh], packed in strips one tile wide; a chain then never leaves its register. One to three
 * rows read the weights where they lie, in lines. The cells follow on the finished rows. */

enum {
    SET(RECURRENT_FEW) = 3,
    SET(RECURRENT_LARGE) = 1 << 17,   /* floats of weights that are too many for the second-level cache: blocks of */
    SET(RECURRENT_TILES) = 4          /* several tiles then share what is read */
};

/* A block's rows while it is computed. */
typedef struct SET(recurrent_rows) {
    size_t a_size, z_size;            /* floats of a row */
    float *a;                         /* [x, 1, h] */
    float *z;                         /* chains; on the way back, gradients of chains */
    float *c;                         /* cell states, or their gradients */
    float *h;                         /* on the way back: gradient of h, and what the product adds to it */
    float *more;
    float *bias;
} SET(recurrent_rows);

/* Columns of the weights whose chains are alike: which terms they have and where they go. */
typedef struct SET(recurrent_part) {
    size_t column, count, z;
    bool x, h;
} SET(recurrent_part);

INLINE(size_t) SET(recurrent_parts)(const tl__recurrent *call, SET(recurrent_part) parts[3])
{
    const size_t u = call->units;
    parts[0] = (SET(recurrent_part)){0, tl__cell_gates(call->cell) * u, 0, true, true};
    if (call->cell != TL__CELL_GRU) return 1;
    parts[0].count = 2 * u;
    parts[1] = (SET(recurrent_part)){2 * u, u, 2 * u, true, false};
    parts[2] = (SET(recurrent_part)){2 * u, u, 3 * u, false, true};
    return 3;
}

INLINE(size_t) SET(recurrent_terms)(const tl__recurrent *call, const SET(recurrent_part) *part)
{
    return (part->x ? call->in : 0) + 1 + (part->h ? call->units : 0);
}

FN(void) SET(recurrent_plan)(const tl__recurrent *call, tl__recurrent_plan *plan)
{
    const size_t u = call->units, columns = tl__cell_gates(call->cell) * u, wide = SET(TILE_COLUMNS);
    SET(recurrent_part) parts[3];
    const size_t part_count = SET(recurrent_parts)(call, parts);
    const bool few = call->rows <= SET(RECURRENT_FEW) && (GEMM_MASKED || u % VN == 0);
    *plan = (tl__recurrent_plan){.back_floats = columns * tl__size_round(u, wide)};
    for (size_t i = 0; i < part_count && !few; i++)
        plan->packed_floats += SET(recurrent_terms)(call, &parts[i]) * tl__size_round(parts[i].count, wide);
    const size_t most = GEMM_ROWS * (columns * (call->in + u) > SET(RECURRENT_LARGE) ? SET(RECURRENT_TILES) : 1u);
    size_t blocks = tl__size_max(1, SET(parts)(call->rows, most));
    if (blocks % 2 == 1 && call->rows > blocks * 4) blocks++;   /* alike for two threads */
    plan->block = tl__size_max(1, SET(parts)(call->rows, blocks));
    const size_t kept = tl__cell_kept(call->cell) * u;
    plan->scratch_bytes = (tl__size_min(call->rows, most) * (call->in + 1 + u + kept + 3 * u) + kept) * sizeof(float);
}

INLINE(SET(recurrent_rows)) SET(recurrent_place)(const tl__recurrent *call, size_t rows, float *scratch)
{
    const size_t u = call->units;
    SET(recurrent_rows) at = {.a_size = call->in + 1 + u, .z_size = tl__cell_kept(call->cell) * u};
    at.z = scratch;
    at.c = at.z + rows * at.z_size;
    at.h = at.c + rows * u;
    at.more = at.h + rows * u;
    at.bias = at.more + rows * u;
    at.a = at.bias + at.z_size;
    return at;
}

INLINE(V) SET(recurrent_bias)(const float *b, size_t i, size_t count) { return b == NULL ? ZERO : LOAD(b + i); }

/* Biases of a part's columns. */
FN(void) SET(recurrent_biases)(const tl__recurrent *call, const SET(recurrent_part) *part, size_t first, size_t columns,
                               float *out)
{
    const float *ih = call->b_ih != NULL && part->x ? call->b_ih + part->column + first : NULL;
    const float *hh = call->b_hh != NULL && part->h ? call->b_hh + part->column + first : NULL;
    EACH_VECTOR(columns, V v = SET(recurrent_bias)(ih != NULL ? ih : hh, i, count);
                if (ih != NULL && hh != NULL) v = V_ADD(v, LOAD(hh + i));
                STORE(out + i, v););
}

FN(void) SET(recurrent_pack)(const tl__recurrent *call, bool back, float *packed)
{
    const size_t wide = SET(TILE_COLUMNS), u = call->units, ld = tl__cell_gates(call->cell) * u;
    if (back) {
        for (size_t j = 0; j < u; j += wide, packed += ld * wide)
            SET(pack_b)(packed, wide, call->w_hh + j * ld, ld, true, ld, tl__size_min(wide, u - j));
        return;
    }
    SET(recurrent_part) parts[3];
    const size_t part_count = SET(recurrent_parts)(call, parts);
    for (size_t i = 0; i < part_count; i++) {
        const SET(recurrent_part) *part = &parts[i];
        for (size_t j = 0; j < part->count; j += wide) {
            const size_t columns = tl__size_min(wide, part->count - j), at = part->column + j;
            if (part->x) {
                SET(pack_b)(packed, wide, call->w_ih + at, ld, false, call->in, columns);
                packed += call->in * wide;
            }
            SET(fill)(packed, 0.0f, wide);
            SET(recurrent_biases)(call, part, j, columns, packed);
            packed += wide;
            if (part->h) {
                SET(pack_b)(packed, wide, call->w_hh + at, ld, false, u, columns);
                packed += u * wide;
            }
        }
    }
}

/* c = a * b over k terms, b packed in strips. */
FN(void) SET(recurrent_product)(float *c, size_t ldc, const float *a, size_t lda, size_t rows, const float *packed,
                                size_t k, size_t columns)
{
    const size_t wide = SET(TILE_COLUMNS), tiles = SET(parts)(rows, GEMM_ROWS), least = rows / tiles;
    const size_t more = rows % tiles;
    for (size_t j = 0; j < columns; j += wide, packed += k * wide) {
        tl__tile t = {.k = k, .a = a, .stride_i = lda, .stride_p = 1, .b = packed, .ldb = wide, .c = c + j,
                      .ldc = ldc, .columns = tl__size_min(wide, columns - j)};
        for (size_t tile = 0, height; tile < tiles; tile++, t.a += height * lda, t.c += height * ldc) {
            height = least + (tile < more);
            SET(tile)(height, t.columns)(&t);
        }
    }
}

/* c (+)= a * b over k terms for one to three rows, b as it lies. */
FN(void) SET(recurrent_lines)(float *c, size_t ldc, const float *a, size_t lda, size_t rows, const float *b,
                              size_t ldb, size_t k, size_t columns, bool go_on)
{
    const tl__region at = {.rows = rows, .columns = columns, .chains = c, .ld = ldc};
    tl__tile t = {.k = k, .a = a, .stride_i = lda, .stride_p = 1, .b = b, .ldb = ldb, .ldc = ldc, .go_on = go_on};
    for (size_t j = SET(gemm_lines)(&at, &t); j < columns; j += SET(TILE_COLUMNS)) {
        t.columns = tl__size_min(SET(TILE_COLUMNS), columns - j);
        t.b = b + j;
        t.c = c + j;
        SET(tile)(rows, t.columns)(&t);
    }
}

/* The chains of a step whose x is at `x`, rows ldx apart. */
FN(void) SET(recurrent_chains)(const tl__recurrent *call, const SET(recurrent_rows) *at, size_t rows, const float *x,
                               size_t ldx)
{
    const size_t in = call->in, ld = tl__cell_gates(call->cell) * call->units;
    SET(recurrent_part) parts[3];
    const size_t part_count = SET(recurrent_parts)(call, parts);
    if (call->packed == NULL) {
        for (size_t i = 0; i < part_count; i++) {
            const SET(recurrent_part) *part = &parts[i];
            float *z = at->z + part->z;
            if (part->x)
                SET(recurrent_lines)(z, at->z_size, x, ldx, rows, call->w_ih + part->column, ld, in, part->count,
                                     false);
            for (size_t row = 0; row < rows; row++, z += at->z_size) {
                if (!part->x) SET(fill)(z, 0.0f, part->count);
                SET(add)(z, z, at->bias + part->z, part->count);
            }
            if (part->h)
                SET(recurrent_lines)(at->z + part->z, at->z_size, at->a + in + 1, at->a_size, rows,
                                     call->w_hh + part->column, ld, call->units, part->count, true);
        }
        return;
    }
    for (size_t row = 0; row < rows; row++)
        EACH_VECTOR(in, STORE(at->a + row * at->a_size + i, LOAD(x + row * ldx + i)););
    const float *packed = call->packed;
    for (size_t i = 0; i < part_count; i++) {
        const size_t k = SET(recurrent_terms)(call, &parts[i]);
        SET(recurrent_product)(at->z + parts[i].z, at->z_size, at->a + (parts[i].x ? 0 : in), at->a_size, rows, packed,
                               k, parts[i].count);
        packed += k * tl__size_round(parts[i].count, SET(TILE_COLUMNS));
    }
}

/* One row of a step: from its chains z and states h and c to its next states. Arrays that are NULL are not kept. */
typedef struct SET(recurrent_cell) {
    const float *z;
    float *h, *c, *out, *gates, *before, *cells;
    size_t units;
} SET(recurrent_cell);

INLINE(void) SET(recurrent_state)(const SET(recurrent_cell) *cell, size_t i, size_t count, V h)
{
    if (cell->before != NULL) STORE(cell->before + i, LOAD(cell->h + i));
    if (cell->out != NULL) STORE(cell->out + i, h);
    STORE(cell->h + i, h);
}

FN(void) SET(cell_lstm)(const SET(recurrent_cell) *cell)
{
    const size_t u = cell->units;
    const float *z = cell->z;
    float *to = cell->gates;
    EACH_VECTOR(u, const V in = SET(v_sigmoid)(LOAD(z + i)), keep = SET(v_sigmoid)(LOAD(z + u + i));
                const V new = SET(v_tanh)(LOAD(z + 2 * u + i)), show = SET(v_sigmoid)(LOAD(z + 3 * u + i));
                const V c = V_FMA(keep, LOAD(cell->c + i), V_MUL(in, new));
                STORE(cell->c + i, c);
                if (to != NULL) {
                    STORE(to + i, in);
                    STORE(to + u + i, keep);
                    STORE(to + 2 * u + i, new);
                    STORE(to + 3 * u + i, show);
                    STORE(cell->cells + i, c);
                }
                SET(recurrent_state)(cell, i, count, V_MUL(show, SET(v_tanh)(c))););
}

FN(void) SET(cell_gru)(const SET(recurrent_cell) *cell)
{
    const size_t u = cell->units;
    const float *z = cell->z;
    float *to = cell->gates;
    EACH_VECTOR(u, const V reset = SET(v_sigmoid)(LOAD(z + i)), keep = SET(v_sigmoid)(LOAD(z + u + i));
                const V b = LOAD(z + 3 * u + i), new = SET(v_tanh)(V_FMA(reset, b, LOAD(z + 2 * u + i)));
                if (to != NULL) {
                    STORE(to + i, reset);
                    STORE(to + u + i, keep);
                    STORE(to + 2 * u + i, new);
                    STORE(to + 3 * u + i, b);
                }
                SET(recurrent_state)(cell, i, count, V_FMA(keep, V_SUB(LOAD(cell->h + i), new), new)););
}

FN(void) SET(cell_plain)(const SET(recurrent_cell) *cell, bool relu)
{
    EACH_VECTOR(cell->units, const V z = LOAD(cell->z + i);
                const V h = relu ? V_SELECT(V_LE(z, ZERO), ZERO, z) : SET(v_tanh)(z);
                if (cell->gates != NULL) STORE(cell->gates + i, h);
                SET(recurrent_state)(cell, i, count, h););
}

INLINE(size_t) SET(recurrent_length)(const tl__recurrent *call, size_t row)
{
    return call->lengths == NULL ? call->time : (size_t)call->lengths[row];
}

INLINE(size_t) SET(recurrent_longest)(const tl__recurrent *call, size_t first, size_t rows)
{
    size_t longest = call->lengths == NULL ? call->time : 0;
    for (size_t row = 0; row < rows && call->lengths != NULL; row++)
        longest = tl__size_max(longest, (size_t)call->lengths[first + row]);
    return longest;
}

/* Zeros where a row has no step, from `begin` to `end`. */
FN(void) SET(recurrent_nothing)(const tl__recurrent *call, size_t row, size_t begin, size_t end)
{
    const size_t u = call->units, kept = tl__cell_kept(call->cell) * u;
    for (size_t t = begin; t < end; t++) {
        const size_t at = row * call->time + t;
        if (call->out != NULL) SET(fill)(call->out + row * call->out_row + t * call->out_step, 0.0f, u);
        if (call->gates == NULL) continue;
        SET(fill)(call->gates + at * kept, 0.0f, kept);
        SET(fill)(call->before + at * u, 0.0f, u);
    }
}

FN(void) SET(recurrent_step)(const tl__recurrent *call, const SET(recurrent_rows) *at, size_t row, size_t local,
                             size_t t)
{
    const size_t u = call->units, place = row * call->time + t;
    SET(recurrent_cell) cell = {.z = at->z + local * at->z_size, .h = at->a + local * at->a_size + call->in + 1,
                                .c = at->c + local * u, .units = u};
    if (call->out != NULL) cell.out = call->out + row * call->out_row + t * call->out_step;
    if (call->gates != NULL) {
        cell.gates = call->gates + place * at->z_size;
        cell.before = call->before + place * u;
        cell.cells = call->cells != NULL ? call->cells + place * u : NULL;
    }
    if (call->cell == TL__CELL_LSTM) SET(cell_lstm)(&cell);
    else if (call->cell == TL__CELL_GRU) SET(cell_gru)(&cell);
    else if (call->cell == TL__CELL_RELU) SET(cell_plain)(&cell, true);
    else SET(cell_plain)(&cell, false);
}

/* to = from, or zeros. */
INLINE(void) SET(recurrent_start)(float *to, const float *from, size_t ld, size_t row, size_t n)
{
    if (from != NULL) SET(copy)(to, from + row * ld, n);
    else SET(fill)(to, 0.0f, n);
}

FN(void) SET(recurrent_forward)(const tl__recurrent *call, size_t first, size_t rows, void *scratch)
{
    const size_t u = call->units, time = call->time, ldx = time * call->in;
    const size_t longest = SET(recurrent_longest)(call, first, rows);
    const SET(recurrent_rows) at = SET(recurrent_place)(call, rows, scratch);
    SET(recurrent_part) parts[3];
    const size_t part_count = SET(recurrent_parts)(call, parts);
    for (size_t i = 0; i < part_count && call->packed == NULL; i++)
        SET(recurrent_biases)(call, &parts[i], 0, parts[i].count, at.bias + parts[i].z);
    for (size_t row = 0; row < rows; row++) {
        float *a = at.a + row * at.a_size + call->in;
        a[0] = 1.0f;
        SET(recurrent_start)(a + 1, call->h0, call->ld0, first + row, u);
        SET(recurrent_start)(at.c + row * u, call->c0, call->ld0, first + row, u);
        SET(recurrent_nothing)(call, first + row, SET(recurrent_length)(call, first + row), time);
    }
    for (size_t step = 0; step < longest; step++) {
        const size_t t = call->reverse ? longest - 1 - step : step;
        SET(recurrent_chains)(call, &at, rows, call->x + first * ldx + t * call->in, ldx);
        for (size_t row = 0; row < rows; row++)
            if (t < SET(recurrent_length)(call, first + row)) SET(recurrent_step)(call, &at, first + row, row, t);
    }
    for (size_t row = 0; row < rows; row++) {
        const size_t to = (first + row) * call->ld_n;
        if (call->h_n != NULL) SET(copy)(call->h_n + to, at.a + row * at.a_size + call->in + 1, u);
        if (call->c_n != NULL) SET(copy)(call->c_n + to, at.c + row * u, u);
    }
}

/* ---- The way back */

/* One row of a step: gates become gradients of chains, in memory and, in the order of the product, at z. */
typedef struct SET(recurrent_slope) {
    float *gates, *z, *dh, *dc;
    const float *before, *c, *c_before, *d_out;
    size_t units;
} SET(recurrent_slope);

INLINE(V) SET(recurrent_dh)(const SET(recurrent_slope) *at, size_t i, size_t count)
{
    const V dh = LOAD(at->dh + i);
    return at->d_out != NULL ? V_ADD(dh, LOAD(at->d_out + i)) : dh;
}

FN(void) SET(slope_lstm)(const SET(recurrent_slope) *at)
{
    const size_t u = at->units;
    float *gates = at->gates, *z = at->z;
    EACH_VECTOR(u, const V in = LOAD(gates + i), keep = LOAD(gates + u + i), new = LOAD(gates + 2 * u + i);
                const V show = LOAD(gates + 3 * u + i), dh = SET(recurrent_dh)(at, i, count);
                const V t = SET(v_tanh)(LOAD(at->c + i));
                V dc = V_FMA(V_MUL(dh, show), V_SUB(ONE, V_MUL(t, t)), LOAD(at->dc + i));
                const V d0 = V_MUL(V_MUL(dc, new), V_MUL(in, V_SUB(ONE, in)));
                const V d1 = V_MUL(V_MUL(dc, LOAD(at->c_before + i)), V_MUL(keep, V_SUB(ONE, keep)));
                const V d2 = V_MUL(V_MUL(dc, in), V_SUB(ONE, V_MUL(new, new)));
                const V d3 = V_MUL(V_MUL(dh, t), V_MUL(show, V_SUB(ONE, show)));
                STORE(at->dc + i, V_MUL(dc, keep));
                STORE(z + i, d0);
                STORE(gates + i, d0);
                STORE(z + u + i, d1);
                STORE(gates + u + i, d1);
                STORE(z + 2 * u + i, d2);
                STORE(gates + 2 * u + i, d2);
                STORE(z + 3 * u + i, d3);
                STORE(gates + 3 * u + i, d3););
}

FN(void) SET(slope_gru)(const SET(recurrent_slope) *at)
{
    const size_t u = at->units;
    float *gates = at->gates, *z = at->z;
    EACH_VECTOR(u, const V reset = LOAD(gates + i), keep = LOAD(gates + u + i), new = LOAD(gates + 2 * u + i);
                const V b = LOAD(gates + 3 * u + i), dh = SET(recurrent_dh)(at, i, count);
                const V da = V_MUL(V_MUL(dh, V_SUB(ONE, keep)), V_SUB(ONE, V_MUL(new, new)));
                const V dz = V_MUL(V_MUL(dh, V_SUB(LOAD(at->before + i), new)), V_MUL(keep, V_SUB(ONE, keep)));
                const V dr = V_MUL(V_MUL(da, b), V_MUL(reset, V_SUB(ONE, reset)));
                const V db = V_MUL(da, reset);
                STORE(at->dh + i, V_MUL(dh, keep));
                STORE(z + i, dr);
                STORE(gates + i, dr);
                STORE(z + u + i, dz);
                STORE(gates + u + i, dz);
                STORE(gates + 2 * u + i, da);
                STORE(z + 2 * u + i, db);
                STORE(gates + 3 * u + i, db););
}

FN(void) SET(slope_plain)(const SET(recurrent_slope) *at, bool relu)
{
    EACH_VECTOR(at->units, const V h = LOAD(at->gates + i), dh = SET(recurrent_dh)(at, i, count);
                const V dz = relu ? V_SELECT(V_LE(h, ZERO), ZERO, dh) : V_MUL(dh, V_SUB(ONE, V_MUL(h, h)));
                STORE(at->gates + i, dz);
                STORE(at->z + i, dz););
}

FN(void) SET(recurrent_back_step)(const tl__recurrent *call, const SET(recurrent_rows) *at, size_t row, size_t local,
                                  size_t t, const float *zeros)
{
    const size_t u = call->units, place = row * call->time + t, kept = tl__cell_kept(call->cell) * u;
    const bool begins = call->reverse ? t + 1 == SET(recurrent_length)(call, row) : t == 0;
    SET(recurrent_slope) slope = {.gates = call->gates + place * kept, .z = at->z + local * at->z_size,
                                  .dh = at->h + local * u, .dc = at->c + local * u, .before = call->before + place * u,
                                  .units = u};
    if (call->d_out != NULL) slope.d_out = call->d_out + row * call->out_row + t * call->out_step;
    if (call->cell == TL__CELL_LSTM) {
        slope.c = call->cells + place * u;
        slope.c_before = !begins ? call->reverse ? slope.c + u : slope.c - u
                                 : call->c0 != NULL ? call->c0 + row * call->ld0 : zeros;
        SET(slope_lstm)(&slope);
    } else if (call->cell == TL__CELL_GRU) {
        SET(slope_gru)(&slope);
    } else {
        SET(slope_plain)(&slope, call->cell == TL__CELL_RELU);
    }
}

FN(void) SET(recurrent_backward)(const tl__recurrent *call, size_t first, size_t rows, void *scratch)
{
    const size_t u = call->units, columns = tl__cell_gates(call->cell) * u;
    const size_t longest = SET(recurrent_longest)(call, first, rows);
    SET(recurrent_rows) at = SET(recurrent_place)(call, rows, scratch);
    at.z_size = columns;
    SET(fill)(at.a, 0.0f, u);
    for (size_t row = 0; row < rows; row++) {
        SET(recurrent_start)(at.h + row * u, call->d_h_n, call->ld_n, first + row, u);
        SET(recurrent_start)(at.c + row * u, call->d_c_n, call->ld_n, first + row, u);
    }
    for (size_t step = longest; step-- > 0;) {
        const size_t t = call->reverse ? longest - 1 - step : step;
        for (size_t row = 0; row < rows; row++) {
            if (t < SET(recurrent_length)(call, first + row))
                SET(recurrent_back_step)(call, &at, first + row, row, t, at.a);
            else SET(fill)(at.z + row * columns, 0.0f, columns);
        }
        if (step == 0 && call->d_h0 == NULL) break;
        SET(recurrent_product)(at.more, u, at.z, columns, rows, call->packed_back, columns, u);
        for (size_t row = 0; row < rows; row++) {
            float *dh = at.h + row * u, *more = at.more + row * u;
            if (t >= SET(recurrent_length)(call, first + row)) continue;
            if (call->cell == TL__CELL_GRU) SET(add)(dh, dh, more, u);
            else SET(copy)(dh, more, u);
        }
    }
    for (size_t row = 0; row < rows; row++) {
        const size_t to = (first + row) * call->ld0;
        if (call->d_h0 != NULL) SET(copy)(call->d_h0 + to, at.h + row * u, u);
        if (call->d_c0 != NULL) SET(copy)(call->d_c0 + to, at.c + row * u, u);
    }
}
