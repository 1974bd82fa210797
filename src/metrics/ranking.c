/* Figures of an order: ROC and precision-recall curves and the areas below them. Rows are sorted by score once (own
 * merge sort: the order of ties is part of the result); ties are then taken as one step. */
#include "base/math.h"
#include "metrics/metrics.h"

typedef struct ranking_row {
    double score;
    int32_t positive;
} ranking_row;

/* All rows, best score first. */
typedef struct ranking_order {
    ranking_row *rows, *scratch;
    size_t count, bytes;
    int64_t positives, negatives;
    bool defined;                    /* both kinds occur, no NaN */
} ranking_order;

static double ranking_nan(void) { return tl__bits_double(0x7ff8000000000000u); }

/* Descending. */
#define SORT_NAME ranking_sort
#define SORT_TYPE ranking_row
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) !((a).score >= (b).score)
#include "base/sort.inc.h"

/* other: only rows of class `positive` and `other` count; -1: all rows. */
static tl_status ranking_new(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                             size_t column, int32_t positive, int32_t other, ranking_order *order)
{
    *order = (ranking_order){0};
    if (rows == 0) return TL_OK;
    if (!tl__size_mul(rows, sizeof(ranking_row), &order->bytes)) return TL_OUT_OF_MEMORY;
    order->rows = tl__alloc(heap, order->bytes);
    order->scratch = tl__alloc(heap, order->bytes);
    if (!order->rows || !order->scratch) {
        tl__free(heap, order->rows, order->bytes);
        tl__free(heap, order->scratch, order->bytes);
        return TL_OUT_OF_MEMORY;
    }
    bool finite = true;
    for (size_t i = 0; i < rows; i++) {
        if (truth[i] < 0 || (other >= 0 && truth[i] != positive && truth[i] != other)) continue;
        ranking_row row = {tl__real(scores, i * stride + column), truth[i] == positive};
        if (row.score != row.score) finite = false;
        order->positives += row.positive;
        order->rows[order->count++] = row;
    }
    order->negatives = (int64_t)order->count - order->positives;
    order->defined = finite && order->positives > 0;
    if (order->defined) ranking_sort(order->rows, order->scratch, order->count, NULL);
    return TL_OK;
}

static void ranking_free(tl__heap *heap, ranking_order *order)
{
    tl__free(heap, order->rows, order->bytes);
    tl__free(heap, order->scratch, order->bytes);
}

/* The rows from *at on that share one score: counts them by kind and moves on. */
static void ranking_step(const ranking_order *order, size_t *at, int64_t *positives, int64_t *negatives)
{
    const double score = order->rows[*at].score;
    int64_t first = (int64_t)*at, hits = 0;
    for (; *at < order->count && order->rows[*at].score == score; (*at)++) hits += order->rows[*at].positive;
    *positives = hits;
    *negatives = (int64_t)*at - first - hits;
}

/* Twice the number of pairs in the right order, ties counting half, is a whole number; one division rounds. */
static double ranking_auc(const ranking_order *order)
{
    int64_t above = 0, positives, negatives;
    double twice = 0.0;
    if (!order->defined || order->negatives == 0) return ranking_nan();
    for (size_t at = 0; at < order->count; above += positives) {
        ranking_step(order, &at, &positives, &negatives);
        twice += (double)negatives * (double)(2 * above + positives);
    }
    return twice / (2.0 * (double)order->positives * (double)order->negatives);
}

static tl_status ranking_auc_of(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                size_t column, int32_t positive, int32_t other, double *out)
{
    ranking_order order;
    TL_TRY(ranking_new(heap, truth, scores, rows, stride, column, positive, other, &order));
    *out = ranking_auc(&order);
    ranking_free(heap, &order);
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
    ranking_order order;
    TL_TRY(ranking_new(heap, truth, scores, rows, stride, column, positive, -1, &order));
    int64_t hits = 0, positives, negatives;
    double sum = 0.0;
    for (size_t at = 0; order.defined && at < order.count;) {
        ranking_step(&order, &at, &positives, &negatives);
        hits += positives;
        sum += (double)positives / (double)order.positives * ((double)hits / (double)at);
    }
    *out = order.defined ? sum : ranking_nan();
    ranking_free(heap, &order);
    return TL_OK;
}

TL_PRIV tl_status tl__auc(tl__heap *heap, const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                          bool by_support, double *per_class, double *out)
{
    double sum = 0.0, weights = 0.0;
    *out = ranking_nan();
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
    *out = pairs > 0.0 ? sum / pairs : ranking_nan();
    return TL_OK;
}

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

static tl_status ranking_curve(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                               size_t column, int32_t positive, size_t limit, bool roc, tl__curve *out)
{
    ranking_order order;
    *out = (tl__curve){0};
    TL_TRY(ranking_new(heap, truth, scores, rows, stride, column, positive, -1, &order));
    if (!order.defined || (roc && order.negatives == 0)) {
        ranking_free(heap, &order);
        return TL_OK;
    }
    size_t points = 1;
    int64_t hits = 0, positives, negatives;
    for (size_t at = 0; at < order.count; points++) ranking_step(&order, &at, &positives, &negatives);
    tl_status status = ranking_curve_new(heap, limit && limit < points ? limit : points, out);
    for (size_t at = 0, index = 0; status == TL_OK && index < points; index++) {
        double threshold = index ? order.rows[at].score : tl__bits_double(0x7ff0000000000000u);
        if (index) {
            ranking_step(&order, &at, &positives, &negatives);
            hits += positives;
        }
        if (out->count == out->capacity || !ranking_kept(index, points, limit, out->count)) continue;
        double recall = (double)hits / (double)order.positives, misses = (double)((int64_t)at - hits);
        out->x[out->count] = roc ? misses / (double)order.negatives : recall;
        out->y[out->count] = roc ? recall : at ? (double)hits / (double)at : 1.0;
        out->threshold[out->count++] = threshold;
    }
    ranking_free(heap, &order);
    return status;
}

TL_PRIV tl_status tl__roc_curve(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                size_t column, int32_t positive, size_t limit, tl__curve *out)
{
    return ranking_curve(heap, truth, scores, rows, stride, column, positive, limit, true, out);
}

TL_PRIV tl_status tl__precision_recall_curve(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows,
                                             size_t stride, size_t column, int32_t positive, size_t limit,
                                             tl__curve *out)
{
    return ranking_curve(heap, truth, scores, rows, stride, column, positive, limit, false, out);
}

TL_PRIV double tl__curve_area(const tl__curve *curve)
{
    double area = 0.0;
    for (size_t i = 1; i < curve->count; i++)
        area += (curve->x[i] - curve->x[i - 1]) * (curve->y[i] + curve->y[i - 1]) / 2.0;
    return area;
}
