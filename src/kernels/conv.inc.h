/* Template: convolutions (kernels.h has the definition): how they are cut. The innermost loops are conv_tile.inc.h.
 *
 * Nothing is laid out anew but rows whose edges are padded: they are copied with zeros at both sides, a band at a time.
 * Forward: for each strip of channels, for each row of positions, tiles along the row. The gradient of the weights: a
 * task holds some lines, runs of rows of dw that lie side by side in the source as well (a row of taps with all its
 * channels, where nothing is spread), and goes once through all positions, in parts of whole rows where it can; its
 * chains lie in dw itself, or in scratch on the stack of leaves.h. */

enum {
    SET(CONV_BAND) = 8192,         /* floats of a copy, to stay in the first-level cache */
    SET(CONV_TASKS) = 16,
    SET(CONV_TASK_WORK) = 1 << 18  /* multiply-adds that are worth a task of their own */
};

/* Layers of few channels, which would fill less than half of the lanes, are the narrower set's. */
#ifdef SET_NARROW
#  define CONV_NARROW(channels, ...) \
      if ((channels) <= VN / 2) {    \
          SET_NARROW->__VA_ARGS__;   \
          return;                    \
      }
#else
#  define CONV_NARROW(channels, ...)
#endif

#include "kernels/conv_depthwise.inc.h"

/* Rows of a tile so wide. */
INLINE(size_t) SET(conv_rows)(size_t columns) { return columns <= VN ? CONV_ROWS : GEMM_ROWS; }

/* How many tasks work of so many multiply-adds is cut into, of at most `most`. */
INLINE(size_t) SET(conv_tasks)(double work, size_t most)
{
    const double tasks = work / SET(CONV_TASK_WORK);
    most = tl__size_min(most, SET(CONV_TASKS));
    return tl__size_max(1, tasks < (double)most ? (size_t)tasks : most);
}

/* Rows of positions at a time, and the scratch for a copy of what they read. */
FN(void) SET(conv_bands)(const tl__conv_space *space, tl__conv_plan *plan)
{
    const tl__conv_axis *x = &space->x, *y = &space->y;
    const size_t left = tl__conv_left(x), right = tl__conv_right(x), width = (left + x->in + right) * space->in;
    plan->rows = y->out;
    if (left + right == 0 && y->in > 1) return;   /* rows of a series may have to be cut short */
    const size_t more = (y->taps - 1) * y->spread + 1, room = SET(CONV_BAND) / width;
    plan->rows = tl__size_min(y->out, room > more ? (room - more) / y->step + 1 : 1);
    plan->copy = tl__size_min(y->in, (plan->rows - 1) * y->step + more) * width;
}

/* What positions [first, first + rows) of a sample read. */
FN(tl__conv_band) SET(conv_band)(const tl__conv_space *space, size_t sample, size_t first, size_t rows, float *copy)
{
    const tl__conv_axis *x = &space->x, *y = &space->y;
    const size_t size = x->in * space->in, left = tl__conv_left(x), right = tl__conv_right(x);
    const ptrdiff_t from = tl__conv_row(y, first, 0), to = tl__conv_row(y, first + rows - 1, y->taps - 1) + 1;
    tl__conv_band band = {.first = from > 0 ? (size_t)from : 0, .left = left, .row = size};
    const size_t end = to > 0 ? tl__size_min((size_t)to, y->in) : 0;
    const float *source = space->source + sample * y->in * size;
    const size_t real = space->lengths != NULL ? (size_t)space->lengths[sample] : x->in;
    band.at = source + band.first * size;
    if (left + right == 0 && real == x->in) return band;
    band.at = copy;
    band.row = (left + x->in + right) * space->in;
    for (size_t r = band.first; r < end; r++, copy += band.row) {
        SET(fill)(copy, 0.0f, left * space->in);
        SET(copy)(copy + left * space->in, source + r * size, real * space->in);
        SET(fill)(copy + (left + real) * space->in, 0.0f, (x->in - real + right) * space->in);
    }
    return band;
}

/* ---- forward ---- */

/* Rows of positions [first, end) of a strip of channels [o, o + columns) of group g. */
FN(void) SET(conv_strip)(const tl__conv *call, const tl__conv_band *band, size_t sample, size_t first, size_t end,
                         size_t g, size_t o, size_t columns)
{
    const tl__conv_space *space = &call->space;
    const tl__conv_axis *x = &space->x;
    const size_t in = space->in / space->groups, width = x->out, most = SET(conv_rows)(columns);
    const size_t tiles = SET(parts)(width, most), least = width / tiles, more = width % tiles;
    const bool together = x->spread == 1 && space->groups == 1 && call->w_x == in * space->out;
    const bool relu = call->activation == TL__RELU, deep = SET(conv_is_deep)(space);
    tl__conv_tile t = {.nx = together ? 1 : x->taps, .n = together ? x->taps * in : in,
                       .stride_i = x->step * space->in, .stride_three = 3 * x->step * space->in,
                       .a_y = space->y.spread * band->row, .a_x = x->spread * space->in, .stride_p = 1,
                       .b_y = call->w_y, .b_x = call->w_x, .ldb = space->out,
                       .ldc = call->c_x, .ldsaved = call->c_x, .columns = columns};
    const float *a = band->at + (size_t)((ptrdiff_t)band->left - x->pad) * space->in + g * in;
    t.bias = call->bias != NULL ? call->bias + o : NULL;
    t.cut = relu && call->pre == NULL ? 0.0f : tl__nan();
    if (call->saved != NULL) t.end = relu ? TL__TILE_BACKWARD : TL__TILE_STORE;
    else if (t.bias != NULL || t.cut <= 0.0f) t.end = TL__TILE_FORWARD;
    for (size_t i = first; i < end; i++) {
        size_t to, from = tl__conv_taps(&space->y, i, &to), at = sample * call->c_sample + i * call->c_y + o;
        if (from == to) from = to = 0;
        t.ny = to - from;
        t.a = t.ny > 0 ? a + ((size_t)tl__conv_row(&space->y, i, from) - band->first) * band->row : band->at;
        t.b = call->w + from * call->w_y + o;
        if (deep) {
            t.c = call->c + at;
            if (t.end == TL__TILE_BACKWARD) t.saved = call->saved + at;
            SET(conv_deep)(&t, width, columns);
            continue;
        }
        for (size_t tile = 0, height; tile < tiles; tile++, at += height * call->c_x, t.a += height * t.stride_i) {
            height = least + (tile < more);
            t.c = call->c + at;
            if (t.end == TL__TILE_BACKWARD) t.saved = call->saved + at;
            SET(conv_tile)(height, columns)(&t);
        }
    }
}

/* What the tiles left of the epilogue of a row of positions. */
FN(void) SET(conv_epilogue)(const tl__conv *call, size_t at)
{
    const size_t out = call->space.out, width = call->space.x.out;
    const bool together = call->c_x == out;
    const size_t count = together ? width * out : out;
    for (size_t j = 0; j < (together ? 1 : width); j++, at += call->c_x) {
        float *c = call->c + at;
        if (call->pre != NULL) SET(copy)(call->pre + at, c, count);
        if (call->saved != NULL)
            SET(activate_backward)(call->activation, call->parameter, call->limit, c, c, call->saved + at, count);
        else SET(activate)(call->activation, call->parameter, call->limit, c, c, count);
    }
}

FN(void) SET(conv_run)(const tl__conv *call, const tl__conv_plan *plan, size_t task, void *scratch)
{
    const tl__conv_space *space = &call->space;
    const size_t rows = space->y.out, all = space->samples * rows, width = 2 * VN;
    const size_t out = space->out / space->groups, end = all * (task + 1) / plan->tasks;
    const bool ends = call->pre == NULL && (call->activation == TL__IDENTITY || call->activation == TL__RELU);
    const bool deep = SET(conv_is_deep)(space);
    for (size_t at = all * task / plan->tasks, count; at < end; at += count) {
        const size_t sample = at / rows, first = at % rows;
        count = tl__size_min(tl__size_min(plan->rows, rows - first), end - at);
        const tl__conv_band band = SET(conv_band)(space, sample, first, count, scratch);
        if (deep) SET(conv_strip)(call, &band, sample, first, first + count, 0, 0, space->out);
        for (size_t g = 0; g < space->groups && !deep; g++)
            for (size_t o = 0; o < out; o += width)
                SET(conv_strip)(call, &band, sample, first, first + count, g, g * out + o,
                                tl__size_min(width, out - o));
        for (size_t i = first; i < first + count && !ends; i++)
            SET(conv_epilogue)(call, sample * call->c_sample + i * call->c_y);
    }
}

FN(void) SET(conv_plan)(const tl__conv *call, tl__conv_plan *plan)
{
    const tl__conv_space *space = &call->space;
    const size_t all = space->samples * space->y.out;
    CONV_NARROW(SET(conv_made)(space), conv_plan(call, plan))
    *plan = (tl__conv_plan){.run = SET(conv_run)};
    if (all == 0 || space->x.out == 0) return;
    SET(conv_bands)(space, plan);
    plan->scratch_bytes = plan->copy * sizeof(float);
    plan->tasks = SET(conv_tasks)((double)all * (double)space->x.out * (double)space->out * (double)space->y.taps *
                                  (double)space->x.taps * (double)(space->in / space->groups), all);
}

FN(void) SET(conv_turn)(float *turned, const float *w, size_t taps, size_t in, size_t out, size_t groups)
{
    const size_t read = in / groups, made = out / groups;
    for (size_t k = 0; k < taps; k++)
        for (size_t g = 0; g < groups; g++)
            for (size_t o = 0; o < made; o++)
                for (size_t c = 0; c < read; c++)
                    turned[((taps - 1 - k) * made + o) * in + g * read + c] = w[(k * read + c) * out + g * made + o];
}

/* ---- the gradient of the weights ---- */

/* Where the chains of a task's lines lie: in dw, or line by line in scratch. */
typedef struct SET(conv_chains) {
    float *values;
    size_t line;              /* the first */
    size_t count;
    bool apart;
} SET(conv_chains);

/* The tap (the first row of taps, the tap in it), the group, and the place in dw of a line. */
typedef struct SET(conv_line) {
    size_t ky, kx, g, at;
} SET(conv_line);

INLINE(SET(conv_line)) SET(conv_line_of)(const tl__conv_gradient *call, const tl__conv_plan *plan, size_t line)
{
    const tl__conv_space *space = &call->space;
    const size_t read = space->in / space->groups;
    SET(conv_line) at = {.g = 0};
    if (!SET(conv_is_deep)(space)) {
        at.g = line % space->groups;
        line /= space->groups;
    }
    at.kx = plan->taps > 0 ? 0 : line % space->x.taps;
    at.ky = plan->taps > 0 ? line * plan->taps : line / space->x.taps;
    at.at = (at.ky * space->x.taps + at.kx) * read * space->out + at.g * (space->out / space->groups);
    return at;
}

/* Positions [j, j + n) of rows [i, i + rows), for one line. */
FN(void) SET(conv_line_part)(const tl__conv_gradient *call, const tl__conv_plan *plan, const tl__conv_band *band,
                             const SET(conv_line) *line, const SET(conv_chains) *chains, size_t number, size_t sample,
                             size_t i, size_t rows, size_t j, size_t n)
{
    const tl__conv_space *space = &call->space;
    const tl__conv_axis *x = &space->x;
    const size_t out = SET(conv_made)(space), read = space->in / space->groups;
    size_t to = i + rows;
    tl__conv_positions(&space->y, line->ky, &i, &to);
    if (i == to) return;
    const size_t column = j * x->step + line->kx * x->spread + band->left;
    const float *a = band->at + ((size_t)tl__conv_row(&space->y, i, line->ky) - band->first) * band->row +
                     (size_t)((ptrdiff_t)column - x->pad) * space->in + line->g * read;
    const float *d = call->d + ((sample * space->y.out + i) * x->out + j) * space->out + line->g * out;
    tl__conv_tile t = {.ny = to - i, .nx = 1, .n = n, .stride_i = 1, .stride_p = x->step * space->in, .go_on = true,
                       .stride_three = plan->taps > 1 ? space->y.spread * band->row : 3,
                       .a_y = space->y.step * band->row, .b_y = x->out * space->out, .ldb = space->out,
                       .ldc = chains->apart ? out : space->out};
    float *c = chains->apart ? chains->values + (number - chains->line) * plan->line_rows * out
                             : call->dw + line->at;
    if (SET(conv_is_deep)(space)) {
        t.a = a;
        t.b = d;
        t.c = c;
        t.stride_i = x->spread * space->in;
        SET(conv_deep_gradient)(&t, x->taps, out);
        return;
    }
    for (size_t o = 0; o < out; o += 2 * VN) {
        size_t most;
        t.columns = tl__size_min(2 * VN, out - o);
        most = SET(conv_rows)(t.columns);
        if (plan->taps > 1) most = most / 3 * 3;
        const size_t tiles = SET(parts)(plan->line_rows, most), each = SET(parts)(plan->line_rows, tiles);
        t.b = d + o;
        for (size_t top = 0, height; top < plan->line_rows; top += height) {
            height = tl__size_min(plan->taps > 1 ? (each + 2) / 3 * 3 : each, plan->line_rows - top);
            t.a = plan->taps > 1 ? a + top / 3 * t.stride_three : a + top;
            t.c = c + top * t.ldc + o;
            SET(conv_tile)(height, t.columns)(&t);
        }
    }
}

/* Positions [from, to) of a sample: the end of a row, whole rows, the beginning of one. */
FN(void) SET(conv_sample)(const tl__conv_gradient *call, const tl__conv_plan *plan, const SET(conv_chains) *chains,
                          size_t sample, size_t from, size_t to, float *copy)
{
    const tl__conv_space *space = &call->space;
    const size_t width = space->x.out;
    while (from < to) {
        const size_t i = from / width, j = from % width;
        const bool whole = j == 0 && to - from >= width;
        const size_t rows = whole ? tl__size_min((to - from) / width, plan->rows) : 1;
        const size_t n = whole ? width : tl__size_min(width - j, to - from);
        const tl__conv_band band = SET(conv_band)(space, sample, i, rows, copy);
        for (size_t number = chains->line; number < chains->line + chains->count; number++) {
            const SET(conv_line) line = SET(conv_line_of)(call, plan, number);
            SET(conv_line_part)(call, plan, &band, &line, chains, number, sample, i, rows, j, n);
        }
        from += rows * n;
    }
}

/* One leaf of all chains of a task. */
FN(void) SET(conv_leaf)(const tl__conv_gradient *call, const tl__conv_plan *plan, const SET(conv_chains) *chains,
                        size_t begin, size_t end, float *copy)
{
    const tl__conv_space *space = &call->space;
    const size_t unit = space->y.out * space->x.out, out = SET(conv_made)(space);
    if (chains->apart) {
        SET(fill)(chains->values, 0.0f, chains->count * plan->line_rows * out);
    } else {
        for (size_t number = chains->line; number < chains->line + chains->count; number++)
            for (size_t r = 0; r < plan->line_rows; r++)
                SET(fill)(call->dw + SET(conv_line_of)(call, plan, number).at + r * space->out, 0.0f, out);
    }
    for (size_t at = begin; at < end;) {
        const size_t sample = at / unit, from = at - sample * unit, to = tl__size_min(unit, end - sample * unit);
        SET(conv_sample)(call, plan, chains, sample, from, to, copy);
        at += to - from;
    }
}

FN(void) SET(conv_gradient_run)(const tl__conv_gradient *call, const tl__conv_plan *plan, size_t task, void *scratch)
{
    const tl__conv_space *space = &call->space;
    const size_t unit = space->y.out * space->x.out, out = SET(conv_made)(space);
    float *copy = scratch, *values = copy + plan->copy;
    SET(conv_chains) chains = {.values = values, .line = plan->lines * task / plan->tasks, .apart = plan->leaves};
    chains.count = plan->lines * (task + 1) / plan->tasks - chains.line;
    const size_t size = chains.count * plan->line_rows * out;
    tl__leaves walk = tl__leaves_start(space->samples * unit, (tl__cut){call->pieces, unit});
    if (!plan->leaves) {
        SET(conv_leaf)(call, plan, &chains, 0, space->samples * unit, copy);
        return;
    }
    do {
        chains.values = values + (size_t)walk.depth * size;
        SET(conv_leaf)(call, plan, &chains, walk.begin, walk.end, copy);
        for (int merges = tl__leaves_merges(&walk); merges > 0; merges--, chains.values -= size)
            SET(add)(chains.values - size, chains.values - size, chains.values, size);
    } while (tl__leaves_next(&walk));
    for (size_t number = chains.line; number < chains.line + chains.count; number++)
        for (size_t r = 0; r < plan->line_rows; r++, values += out)
            SET(copy)(call->dw + SET(conv_line_of)(call, plan, number).at + r * space->out, values, out);
}

FN(void) SET(conv_gradient_plan)(const tl__conv_gradient *call, tl__conv_plan *plan)
{
    const tl__conv_space *space = &call->space;
    const tl__conv_axis *x = &space->x, *y = &space->y;
    const size_t read = space->in / space->groups, out = SET(conv_made)(space);
    const size_t positions = space->samples * y->out * x->out, pieces = tl__size_max(1, call->pieces);
    const bool together = x->spread == 1 && space->groups == 1;
    CONV_NARROW(out, conv_gradient_plan(call, plan))
    *plan = (tl__conv_plan){.run_gradient = SET(conv_gradient_run), .leaves = pieces > 1 || positions > TL__BLOCK};
    SET(conv_bands)(space, plan);
    const bool deep = SET(conv_is_deep)(space);
    plan->line_rows = together || deep ? x->taps * read : read;
    plan->taps = together || deep;
    plan->lines = together || deep ? y->taps : x->taps * y->taps * space->groups;
    const bool all = y->pad <= 0 && tl__conv_row(y, y->out - 1, y->taps - 1) < (ptrdiff_t)y->in;
    if (together && plan->line_rows == 3 && all && y->taps > 1) {   /* three columns and some rows at once */
        plan->taps = tl__size_min(y->taps, CONV_ROWS / 3);
        while (y->taps % plan->taps != 0) plan->taps--;
        plan->line_rows = 3 * plan->taps;
        plan->lines = y->taps / plan->taps;
    }
    /* tasks, and so the scratch, as for a usual batch, whatever the number of samples */
    plan->tasks = SET(conv_tasks)(64.0 * (double)(y->out * x->out) * (double)plan->lines * (double)plan->line_rows *
                                  (double)out, plan->lines);
    size_t values = 2;
    for (size_t p = pieces; p > 1; p /= 2) values++;
    const size_t longest = (space->samples / pieces + 1) * y->out * x->out;
    for (size_t blocks = longest / TL__BLOCK + 1; blocks > 0; blocks /= 2) values++;
    const size_t size = SET(parts)(plan->lines, plan->tasks) * plan->line_rows * out;
    plan->scratch_bytes = (plan->copy + (plan->leaves ? values * size : 0)) * sizeof(float);
}
