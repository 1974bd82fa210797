/* Figures of an order: ROC and precision-recall curves and the areas below them. Rows of equal scores are taken as one
 * step, so all that is needed is the scores of each kind of rows, sorted: numbers, which a radix sort puts in order in
 * a pass per byte. One order gives all figures of a class. */
#include "base/math.h"
#include "metrics/metrics.h"

enum { RANKING_DIGITS = 256 };

/* ---- the order ---- */

/* A number of which the smallest belongs to the best score; ±0 are one. */
static uint64_t ranking_key(tl__reals scores, size_t i)
{
    if (scores.d) {
        uint64_t bits = tl__double_bits(scores.d[i] + 0.0);
        return bits >> 63 ? bits : ~(bits | (uint64_t)1 << 63);
    }
    uint32_t bits = tl__float_bits(scores.f[i] + 0.0f);
    return bits >> 31 ? bits : ~(bits | (uint32_t)1 << 31) & UINT32_MAX;
}

static double ranking_score(tl__reals scores, uint64_t key)
{
    if (scores.d) return tl__bits_double(key >> 63 ? key : ~key & ~((uint64_t)1 << 63));
    return (double)tl__bits_float((uint32_t)(key >> 31 ? key : ~key & ~((uint64_t)1 << 31)));
}

/* Ascending, byte by byte from the lowest; a byte that all numbers share takes no pass. Numbers and scratch may change
 * places: the sorted ones are returned. */
static uint64_t *ranking_sort(uint64_t *numbers, uint64_t *scratch, size_t count, int bytes)
{
    size_t counts[8][RANKING_DIGITS] = {{0}};
    for (size_t i = 0; i < count; i++)
        for (int b = 0; b < bytes; b++) counts[b][numbers[i] >> 8 * b & 0xFF]++;
    for (int b = 0; b < bytes; b++) {
        size_t *at = counts[b], sum = 0;
        if (count == 0 || at[numbers[0] >> 8 * b & 0xFF] == count) continue;
        for (int d = 0; d < RANKING_DIGITS; d++) {
            size_t here = at[d];
            at[d] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++) scratch[at[numbers[i] >> 8 * b & 0xFF]++] = numbers[i];
        uint64_t *other = numbers;
        numbers = scratch;
        scratch = other;
    }
    return numbers;
}

TL_PRIV size_t tl__ranking_bytes(size_t rows)
{
    size_t bytes;
    return tl__size_mul(rows, 2 * sizeof(uint64_t), &bytes) ? bytes : SIZE_MAX;
}

/* other: only rows of class `positive` and `other` count; -1: all rows. */
static bool ranking_counts(int32_t truth, int32_t positive, int32_t other)
{
    return truth >= 0 && (other < 0 || truth == positive || truth == other);
}

static tl_status ranking_new(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                             size_t column, int32_t positive, int32_t other, tl__ranking *out)
{
    int64_t positives = 0, negatives = 0;
    bool finite = true;
    *out = (tl__ranking){.scores = scores};
    for (size_t i = 0; i < rows; i++) {
        if (!ranking_counts(truth[i], positive, other)) continue;
        double score = tl__real(scores, i * stride + column);
        finite = finite && score == score;
        positives += truth[i] == positive;
        negatives += truth[i] != positive;
    }
    if (!finite || positives == 0) return TL_OK;
    const size_t count = (size_t)(positives + negatives);
    out->bytes = tl__ranking_bytes(count);
    uint64_t *block = tl__alloc(heap, out->bytes);
    if (!block) return TL_OUT_OF_MEMORY;
    uint64_t *hits = block, *misses = block + positives;
    for (size_t i = 0; i < rows; i++) {
        if (!ranking_counts(truth[i], positive, other)) continue;
        const uint64_t key = ranking_key(scores, i * stride + column);
        if (truth[i] == positive) *hits++ = key;
        else *misses++ = key;
    }
    const int bytes = scores.d ? 8 : 4;
    out->block = block;
    out->positive = ranking_sort(block, block + count, (size_t)positives, bytes);
    out->negative = ranking_sort(block + positives, block + count + positives, (size_t)negatives, bytes);
    out->positives = positives;
    out->negatives = negatives;
    return TL_OK;
}

TL_PRIV tl_status tl__ranking_new(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                  size_t column, int32_t positive, tl__ranking *out)
{
    return ranking_new(heap, truth, scores, rows, stride, column, positive, -1, out);
}

TL_PRIV void tl__ranking_free(tl__heap *heap, tl__ranking *ranking)
{
    tl__free(heap, ranking->block, ranking->bytes);
    *ranking = (tl__ranking){0};
}

/* A walk down the scores: a step takes the rows of the next one. */
typedef struct ranking_walk {
    const tl__ranking *ranking;
    int64_t hits, misses;            /* so far */
    int64_t positives, negatives;    /* of the last step */
    uint64_t key;
} ranking_walk;

static bool ranking_step(ranking_walk *walk)
{
    const tl__ranking *r = walk->ranking;
    const int64_t hits = walk->hits, misses = walk->misses;
    const bool hit = hits < r->positives, miss = misses < r->negatives;
    if (!hit && !miss) return false;
    const uint64_t key = !miss || (hit && r->positive[hits] < r->negative[misses]) ? r->positive[hits]
                                                                                   : r->negative[misses];
    while (walk->hits < r->positives && r->positive[walk->hits] == key) walk->hits++;
    while (walk->misses < r->negatives && r->negative[walk->misses] == key) walk->misses++;
    walk->positives = walk->hits - hits;
    walk->negatives = walk->misses - misses;
    walk->key = key;
    return true;
}

/* ---- areas ---- */

/* Twice the number of pairs in the right order, ties counting half, is a whole number; one division rounds. */
TL_PRIV double tl__ranking_auc(const tl__ranking *ranking)
{
    ranking_walk walk = {.ranking = ranking};
    double twice = 0.0;
    if (ranking->positives == 0 || ranking->negatives == 0) return tl__nan_d();
    while (ranking_step(&walk))
        twice += (double)walk.negatives * (double)(2 * (walk.hits - walk.positives) + walk.positives);
    return twice / (2.0 * (double)ranking->positives * (double)ranking->negatives);
}

TL_PRIV double tl__ranking_precision(const tl__ranking *ranking)
{
    ranking_walk walk = {.ranking = ranking};
    double sum = 0.0;
    if (ranking->positives == 0) return tl__nan_d();
    while (ranking_step(&walk))
        sum += (double)walk.positives / (double)ranking->positives *
               ((double)walk.hits / (double)(walk.hits + walk.misses));
    return sum;
}

static tl_status ranking_auc_of(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                size_t column, int32_t positive, int32_t other, double *out)
{
    tl__ranking ranking;
    TL_TRY(ranking_new(heap, truth, scores, rows, stride, column, positive, other, &ranking));
    *out = tl__ranking_auc(&ranking);
    tl__ranking_free(heap, &ranking);
    return TL_OK;
}

TL_PRIV tl_status tl__roc_auc(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                              size_t column, int32_t positive, double *out)
{
    return ranking_auc_of(heap, truth, scores, rows, stride, column, positive, -1, out);
}

TL_PRIV tl_status tl__average_precision(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows,
                                        size_t stride, size_t column, int32_t positive, double *out)
{
    tl__ranking ranking;
    TL_TRY(tl__ranking_new(heap, truth, scores, rows, stride, column, positive, &ranking));
    *out = tl__ranking_precision(&ranking);
    tl__ranking_free(heap, &ranking);
    return TL_OK;
}

TL_PRIV double tl__class_mean(const double *values, size_t classes)
{
    double sum = 0.0, counted = 0.0;
    if (classes == 2) return values[1];
    for (size_t k = 0; k < classes; k++) {
        if (values[k] != values[k]) continue;
        sum += values[k];
        counted += 1.0;
    }
    return counted > 0.0 ? sum / counted : tl__nan_d();
}

TL_PRIV tl_status tl__auc(tl__heap *heap, const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                          bool by_support, double *per_class, double *out)
{
    double sum = 0.0, weights = 0.0;
    *out = tl__nan_d();
    for (size_t k = 0; k < classes; k++) {
        double auc, weight = 1.0;
        TL_TRY(tl__roc_auc(heap, truth, probabilities, rows, classes, k, (int32_t)k, &auc));
        if (per_class) per_class[k] = auc;
        if (auc != auc) continue;
        if (by_support) {
            weight = 0.0;
            for (size_t i = 0; i < rows; i++) weight += truth[i] == (int32_t)k ? 1.0 : 0.0;
        }
        if (classes == 2) *out = auc;   /* the last one: of class 1 */
        sum += weight * auc;
        weights += weight;
    }
    if (classes != 2 && weights > 0.0) *out = sum / weights;
    return TL_OK;
}

TL_PRIV tl_status tl__auc_one_vs_one(tl__heap *heap, const int32_t *truth, tl__reals probabilities, size_t rows,
                                     size_t classes, double *out)
{
    double sum = 0.0, pairs = 0.0;
    for (size_t a = 0; a < classes; a++) {
        for (size_t b = 0; b < classes; b++) {
            double auc;
            if (a == b) continue;
            TL_TRY(ranking_auc_of(heap, truth, probabilities, rows, classes, a, (int32_t)a, (int32_t)b, &auc));
            if (auc != auc) continue;
            sum += auc;
            pairs += 1.0;
        }
    }
    *out = pairs > 0.0 ? sum / pairs : tl__nan_d();
    return TL_OK;
}

/* ---- curves ---- */

TL_PRIV void tl__curve_free(tl__heap *heap, tl__curve *curve)
{
    size_t bytes = curve->capacity * sizeof(double);
    tl__free(heap, curve->x, bytes);
    tl__free(heap, curve->y, bytes);
    tl__free(heap, curve->threshold, bytes);
    *curve = (tl__curve){0};
}

static tl_status ranking_curve_new(tl__heap *heap, size_t count, tl__curve *out)
{
    *out = (tl__curve){.capacity = count};
    size_t bytes = count * sizeof(double);   /* fits: rows of 16 bytes have been allocated */
    out->x = tl__alloc(heap, bytes);
    out->y = tl__alloc(heap, bytes);
    out->threshold = tl__alloc(heap, bytes);
    if (out->x && out->y && out->threshold) return TL_OK;
    tl__curve_free(heap, out);
    return TL_OUT_OF_MEMORY;
}

/* Which points stay: of `all`, `limit` evenly spread ones with the first and the last. */
static bool ranking_kept(size_t index, size_t all, size_t limit, size_t kept)
{
    if (limit == 0 || all <= limit) return true;
    double share = limit > 1 ? (double)kept * (double)(all - 1) / (double)(limit - 1) : 0.0;
    return (double)index >= share;
}

static void ranking_points(const tl__ranking *ranking, size_t points, size_t limit, bool roc, tl__curve *out)
{
    ranking_walk walk = {.ranking = ranking};
    for (size_t index = 0; index < points; index++) {
        if (index) ranking_step(&walk);
        if (out->count == out->capacity || !ranking_kept(index, points, limit, out->count)) continue;
        const double recall = (double)walk.hits / (double)ranking->positives;
        const int64_t taken = walk.hits + walk.misses;
        out->x[out->count] = roc ? (double)walk.misses / (double)ranking->negatives : recall;
        out->y[out->count] = roc ? recall : taken ? (double)walk.hits / (double)taken : 1.0;
        out->threshold[out->count++] = index ? ranking_score(ranking->scores, walk.key)
                                             : tl__bits_double(0x7ff0000000000000u);
    }
}

static tl_status ranking_curve(tl__heap *heap, const tl__ranking *ranking, size_t limit, bool roc, tl__curve *out)
{
    ranking_walk walk = {.ranking = ranking};
    size_t points = 1;
    *out = (tl__curve){0};
    if (ranking->positives == 0 || (roc && ranking->negatives == 0)) return TL_OK;
    while (ranking_step(&walk)) points++;
    TL_TRY(ranking_curve_new(heap, limit && limit < points ? limit : points, out));
    ranking_points(ranking, points, limit, roc, out);
    return TL_OK;
}

TL_PRIV tl_status tl__ranking_roc(tl__heap *heap, const tl__ranking *ranking, size_t limit, tl__curve *out)
{
    return ranking_curve(heap, ranking, limit, true, out);
}

TL_PRIV tl_status tl__ranking_precision_recall(tl__heap *heap, const tl__ranking *ranking, size_t limit,
                                               tl__curve *out)
{
    return ranking_curve(heap, ranking, limit, false, out);
}

static tl_status ranking_curve_of(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                  size_t column, int32_t positive, size_t limit, bool roc, tl__curve *out)
{
    tl__ranking ranking;
    *out = (tl__curve){0};
    TL_TRY(tl__ranking_new(heap, truth, scores, rows, stride, column, positive, &ranking));
    tl_status status = ranking_curve(heap, &ranking, limit, roc, out);
    tl__ranking_free(heap, &ranking);
    return status;
}

TL_PRIV tl_status tl__roc_curve(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                size_t column, int32_t positive, size_t limit, tl__curve *out)
{
    return ranking_curve_of(heap, truth, scores, rows, stride, column, positive, limit, true, out);
}

TL_PRIV tl_status tl__precision_recall_curve(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows,
                                             size_t stride, size_t column, int32_t positive, size_t limit,
                                             tl__curve *out)
{
    return ranking_curve_of(heap, truth, scores, rows, stride, column, positive, limit, false, out);
}

TL_PRIV double tl__curve_area(const tl__curve *curve)
{
    double area = 0.0;
    for (size_t i = 1; i < curve->count; i++)
        area += (curve->x[i] - curve->x[i - 1]) * (curve->y[i] + curve->y[i - 1]) / 2.0;
    return area;
}
