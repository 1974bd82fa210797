/* Regression trees that are grown on bootstrap samples until their leaves are small, each cut the one that lowers the
 * squared error most; names are cut into one and the rest. Boxes are kept as they are cut, so that marginals are
 * exact. */
#include "lab/importance.h"

#include "base/error.h"
#include "base/math.h"
#include "lab/search_method.h"

enum { IMPORTANCE_TREES = 64, IMPORTANCE_LEAF = 2, IMPORTANCE_SEEN = 2000 };

/* A leaf: its value, and its box. Of an axis of names, low..high is not a range: bit k of `names` says that the box
 * holds name k (at most 64 names are told apart). */
typedef struct importance_box {
    double low[TL__SPACE_AXES], high[TL__SPACE_AXES];
    uint64_t names[TL__SPACE_AXES];
    double value;
} importance_box;

typedef struct importance_work {
    tl__heap *heap;
    const tl__space *space;
    size_t count;                /* of rows */
    const double *places;        /* [count, axes]: 0..1, names by their number */
    const double *losses;        /* [count] */
    size_t *rows;                /* [count]: the sample, in pieces */
    double *values;              /* [count]: to be sorted */
    importance_box *boxes;       /* [count] */
    size_t box_count;
} importance_work;

typedef struct importance_cut {
    size_t axis;
    double at;                   /* below it; of names: the one */
    double gain;
} importance_cut;

static bool importance_names(const importance_work *work, size_t axis)
{
    return work->space->axes[axis].kind == TL__AXIS_CHOICE;
}

static uint64_t importance_bit(double name)
{
    return (uint64_t)1 << ((unsigned)name & 63u);
}

static bool importance_left(const importance_work *work, size_t row, const importance_cut *cut)
{
    double place = work->places[row * work->space->count + cut->axis];
    return importance_names(work, cut->axis) ? importance_bit(place) == importance_bit(cut->at) : place < cut->at;
}

static void importance_sort(double *values, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap = gap > 2 ? gap * 5 / 11 : gap - 1)
        for (size_t i = gap; i < count; i++) {
            double value = values[i];
            size_t k = i;
            for (; k >= gap && values[k - gap] > value; k -= gap) values[k] = values[k - gap];
            values[k] = value;
        }
}

/* How much a cut lowers the squared error; 0 when a side would be too small. */
static double importance_gain(const importance_work *work, const size_t *rows, size_t count, const importance_cut *cut)
{
    double sum[2] = {0, 0};
    size_t number[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        int side = importance_left(work, rows[i], cut);
        sum[side] += work->losses[rows[i]];
        number[side]++;
    }
    if (number[0] < IMPORTANCE_LEAF || number[1] < IMPORTANCE_LEAF) return 0.0;
    double all = sum[0] + sum[1];
    return sum[0] * sum[0] / (double)number[0] + sum[1] * sum[1] / (double)number[1] - all * all / (double)count;
}

/* The best cut along an axis, among at most 32 places. */
static void importance_try(importance_work *work, const size_t *rows, size_t count, size_t axis, importance_cut *best)
{
    for (size_t i = 0; i < count; i++) work->values[i] = work->places[rows[i] * work->space->count + axis];
    importance_sort(work->values, count);
    size_t stride = count > 32 && !importance_names(work, axis) ? count / 32 : 1;
    for (size_t i = importance_names(work, axis) ? 0 : stride; i < count; i += stride) {
        importance_cut cut = {axis, work->values[i], 0.0};
        if (!importance_names(work, axis)) {
            if (work->values[i] == work->values[i - 1]) continue;
            cut.at = 0.5 * (work->values[i] + work->values[i - 1]);
        } else if (i > 0 && work->values[i] == work->values[i - 1]) {
            continue;
        }
        cut.gain = importance_gain(work, rows, count, &cut);
        if (cut.gain > best->gain) *best = cut;
    }
}

static void importance_grow(importance_work *work, size_t first, size_t count, const importance_box *box, int depth)
{
    size_t *rows = work->rows + first, left = 0;
    importance_cut cut = {.gain = 1e-12};
    for (size_t axis = 0; axis < work->space->count && count >= 2 * IMPORTANCE_LEAF && depth < 48; axis++)
        importance_try(work, rows, count, axis, &cut);
    if (!(cut.gain > 1e-12)) {
        double sum = 0.0;
        for (size_t i = 0; i < count; i++) sum += work->losses[rows[i]];
        work->boxes[work->box_count] = *box;
        work->boxes[work->box_count++].value = sum / (double)count;
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (importance_left(work, rows[i], &cut)) {
            size_t row = rows[i];
            rows[i] = rows[left];
            rows[left++] = row;
        }
    importance_box side = *box;
    if (importance_names(work, cut.axis)) side.names[cut.axis] = box->names[cut.axis] & importance_bit(cut.at);
    else side.high[cut.axis] = cut.at;
    importance_grow(work, first, left, &side, depth + 1);
    side = *box;
    if (importance_names(work, cut.axis)) side.names[cut.axis] = box->names[cut.axis] & ~importance_bit(cut.at);
    else side.low[cut.axis] = cut.at;
    importance_grow(work, first + left, count - left, &side, depth + 1);
}

static double importance_width(const importance_work *work, const importance_box *box, size_t axis)
{
    double names = tl__axis_count(&work->space->axes[axis]), held = 0.0;
    if (!importance_names(work, axis)) return box->high[axis] - box->low[axis];
    if (names > 64.0) names = 64.0;
    for (uint64_t bits = box->names[axis]; bits; bits &= bits - 1) held += 1.0;
    return held / names;
}

static double importance_volume(const importance_work *work, const importance_box *box)
{
    double volume = 1.0;
    for (size_t j = 0; j < work->space->count; j++) volume *= importance_width(work, box, j);
    return volume;
}

/* The variance of the tree's mean over all other axes: on each piece between the ends of boxes that mean is constant.
 * */
static double importance_marginal(importance_work *work, size_t axis, double mean)
{
    double sum = 0.0;
    bool names = importance_names(work, axis);
    size_t cuts = 0, pieces = 0;
    for (size_t b = 0; b < work->box_count && !names; b++) work->values[cuts++] = work->boxes[b].low[axis];
    importance_sort(work->values, cuts);
    if (names) pieces = (size_t)(tl__axis_count(&work->space->axes[axis]) < 64.0
                                     ? tl__axis_count(&work->space->axes[axis]) : 64.0);
    else pieces = cuts;
    for (size_t p = 0; p < pieces; p++) {
        double low = names ? 0.0 : work->values[p], high = names ? 0.0 : p + 1 < cuts ? work->values[p + 1] : 1.0;
        double width = names ? 1.0 / (double)pieces : high - low, value = 0.0;
        if (!(width > 0.0)) continue;
        for (size_t b = 0; b < work->box_count; b++) {
            const importance_box *box = &work->boxes[b];
            bool inside = names ? (box->names[axis] >> p & 1) != 0 : box->low[axis] <= low && box->high[axis] > low;
            double own = importance_width(work, box, axis);
            if (inside && own > 0.0) value += box->value * importance_volume(work, box) / own;
        }
        sum += width * (value - mean) * (value - mean);
    }
    return sum;
}

static bool importance_tree(importance_work *work, uint64_t seed, int tree, double *shares)
{
    importance_box cube;
    double mean = 0.0, variance = 0.0;
    tl__search_draws draws = tl__search_stream(seed, 0, tree, 4);
    for (size_t j = 0; j < TL__SPACE_AXES; j++) cube.low[j] = 0.0, cube.high[j] = 1.0;
    for (size_t j = 0; j < work->space->count; j++) {
        double names = tl__axis_count(&work->space->axes[j]);
        cube.names[j] = names > 0.0 && names < 64.0 ? ((uint64_t)1 << (unsigned)names) - 1 : ~(uint64_t)0;
    }
    for (size_t i = 0; i < work->count; i++)
        work->rows[i] = (size_t)(tl__search_uniform(&draws) * (double)work->count);
    work->box_count = 0;
    importance_grow(work, 0, work->count, &cube, 0);
    for (size_t b = 0; b < work->box_count; b++)
        mean += importance_volume(work, &work->boxes[b]) * work->boxes[b].value;
    for (size_t b = 0; b < work->box_count; b++) {
        double away = work->boxes[b].value - mean;
        variance += importance_volume(work, &work->boxes[b]) * away * away;
    }
    if (!(variance > 0.0)) return false;
    for (size_t j = 0; j < work->space->count; j++) shares[j] += importance_marginal(work, j, mean) / variance;
    return true;
}

static void importance_forest(importance_work *work, uint64_t seed, double *shares)
{
    int trees = 0;
    for (int tree = 0; tree < IMPORTANCE_TREES; tree++) trees += importance_tree(work, seed, tree, shares);
    for (size_t j = 0; j < work->space->count && trees > 0; j++) shares[j] /= (double)trees;
}

/* Of axes that all count. */
static tl_status importance_flat(tl__heap *heap, const tl__space *space, const double *points, const double *losses,
                                 size_t count, uint64_t seed, double *shares, tl_error *error)
{
    importance_work work = {.heap = heap, .space = space};
    size_t finite = 0, axes = space->count;
    for (size_t j = 0; j < axes; j++) shares[j] = 0.0;
    for (size_t i = 0; i < count; i++) finite += tl__is_finite_d(losses[i]);
    if (finite < 4) return TL_OK;
    size_t first = finite > IMPORTANCE_SEEN ? finite - IMPORTANCE_SEEN : 0, room = finite - first;
    size_t doubles = room * (axes + 2) * sizeof(double);
    size_t bytes = doubles + room * (sizeof(size_t) + sizeof(importance_box) + 8);
    unsigned char *memory = tl__alloc(heap, bytes);
    if (!memory) return tl__fail_memory(error, bytes);
    double *places = (double *)(void *)memory, *kept = places + room * axes;
    work.places = places;
    work.losses = kept;
    work.values = kept + room;
    work.boxes = (importance_box *)(void *)(memory + doubles);
    work.rows = (size_t *)(void *)(work.boxes + room);
    for (size_t i = 0, number = 0; i < count; i++) {
        if (!tl__is_finite_d(losses[i]) || number++ < first) continue;
        for (size_t j = 0; j < axes; j++) {
            double value = points[i * axes + j];
            bool name = space->axes[j].kind == TL__AXIS_CHOICE;
            places[work.count * axes + j] = name ? value : tl__axis_unit(&space->axes[j], value);
        }
        kept[work.count++] = losses[i];
    }
    importance_forest(&work, seed, shares);
    tl__free(heap, memory, bytes);
    return TL_OK;
}

static double importance_variance(const double *losses, size_t count, size_t *finite)
{
    double sum = 0.0, squares = 0.0;
    *finite = 0;
    for (size_t i = 0; i < count; i++)
        if (tl__is_finite_d(losses[i])) sum += losses[i], ++*finite;
    for (size_t i = 0; i < count && *finite; i++) {
        double away = tl__is_finite_d(losses[i]) ? losses[i] - sum / (double)*finite : 0.0;
        squares += away * away;
    }
    return *finite ? squares / (double)*finite : 0.0;
}

/* The axes that always count and, where `own` is one that does not, it and those that it counts under, over the points
 * where it counts. kept [count * axes + count]: room for these. */
static tl_status importance_under(tl__heap *heap, const tl__space *space, size_t own, const double *points,
                                  const double *losses, size_t count, uint64_t seed, double *kept, double *shares,
                                  tl_error *error)
{
    tl__space part = {0};
    size_t axes[TL__SPACE_AXES], rows = 0, all, some;
    double found[TL__SPACE_AXES], *kept_losses = kept + count * space->count;
    for (size_t j = 0; j < space->count; j++) {
        bool above = j == own;
        for (size_t k = own; k < space->count && space->axes[k].under; k = space->axes[k].under - 1)
            above = above || space->axes[k].under - 1 == j;
        if (space->axes[j].under && !above) continue;
        axes[part.count] = j;
        part.axes[part.count] = space->axes[j];
        part.axes[part.count++].under = 0;
    }
    for (size_t i = 0; i < count; i++) {
        const double *point = points + i * space->count;
        if (own < space->count && !tl__space_counts(space, own, point)) continue;
        for (size_t a = 0; a < part.count; a++) kept[rows * part.count + a] = point[axes[a]];
        kept_losses[rows++] = losses[i];
    }
    TL_TRY(importance_flat(heap, &part, kept, kept_losses, rows, seed, found, error));
    double whole = importance_variance(losses, count, &all), here = importance_variance(kept_losses, rows, &some);
    double weight = own < space->count && whole > 0.0 && all ? here * (double)some / (whole * (double)all) : 1.0;
    for (size_t a = 0; a < part.count; a++)
        if (own < space->count ? axes[a] == own : true) shares[axes[a]] = found[a] * weight;
    return TL_OK;
}

TL_PRIV tl_status tl__importance(tl__heap *heap, const tl__space *space, const double *points, const double *losses,
                                 size_t count, uint64_t seed, double *shares, tl_error *error)
{
    bool flat = true;
    size_t bytes;
    for (size_t j = 0; j < space->count; j++) flat = flat && !space->axes[j].under;
    if (flat) return importance_flat(heap, space, points, losses, count, seed, shares, error);
    if (!tl__size_mul(count + 1, (space->count + 1) * sizeof(double), &bytes)) return tl__fail_memory(error, SIZE_MAX);
    double *kept = tl__alloc(heap, bytes);
    if (!kept) return tl__fail_memory(error, bytes);
    tl_status status = importance_under(heap, space, space->count, points, losses, count, seed, kept, shares, error);
    for (size_t j = 0; j < space->count && status == TL_OK; j++)
        if (space->axes[j].under)
            status = importance_under(heap, space, j, points, losses, count, seed, kept, shares, error);
    tl__free(heap, kept, bytes);
    return status;
}
