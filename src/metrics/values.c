/* Figures of predicted numbers: regression, intervals and series. Two passes: means first, then sums of differences. */
#include "base/math.h"
#include "metrics/forecast_score.h"

/* Of one output. */
typedef struct values_column {
    double errors, truth;            /* means */
    double residual, error_spread, total;   /* sums of squares: of errors, around their mean, of truth around its
                                               mean */
} values_column;

static values_column values_column_of(tl__reals truth, tl__reals predicted, size_t rows, size_t outputs, size_t output)
{
    values_column c = {0};
    for (size_t i = 0; i < rows; i++) {
        const double y = tl__real(truth, i * outputs + output);
        c.truth += y;
        c.errors += y - tl__real(predicted, i * outputs + output);
    }
    c.truth /= (double)rows;
    c.errors /= (double)rows;
    for (size_t i = 0; i < rows; i++) {
        const double y = tl__real(truth, i * outputs + output), e = y - tl__real(predicted, i * outputs + output);
        c.residual += e * e;
        c.error_spread += (e - c.errors) * (e - c.errors);
        c.total += (y - c.truth) * (y - c.truth);
    }
    return c;
}

/* 1 - part/whole; a whole of 0 is met exactly or not at all. */
static double values_explained(double part, double whole)
{
    return whole > 0.0 ? 1.0 - part / whole : part == 0.0 ? 1.0 : part > 0.0 ? 0.0 : tl__nan_d();
}

/* The figures that are sums over all numbers. */
static void values_errors(tl__reals truth, tl__reals predicted, size_t count, tl__value_figures *out)
{
    double squares = 0.0, sizes = 0.0, shares = 0.0, halves = 0.0, truths = 0.0, most = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double y = tl__real(truth, i), p = tl__real(predicted, i), size = tl__abs(y - p);
        const double both = tl__abs(y) + tl__abs(p), base = tl__abs(y);
        squares += size * size;
        sizes += size;
        shares += size / (base > 0x1p-52 ? base : 0x1p-52);
        halves += both == 0.0 ? 0.0 : size / both;
        truths += base;
        if (size > most || size != size) most = size;
    }
    const double n = (double)count;
    out->mse = squares / n;
    out->rmse = tl__sqrt_d(out->mse);
    out->mae = sizes / n;
    out->mape = shares / n;
    out->smape = 200.0 * (halves / n);
    out->wape = truths > 0.0 ? sizes / truths : tl__nan_d();
    out->max_error = most;
}

TL_PRIV void tl__value_figures_of(tl__reals truth, tl__reals predicted, size_t rows, size_t outputs,
                                  double *r2_per_output, tl__value_figures *out)
{
    const double nan = tl__nan_d();
    double residual = 0.0, total = 0.0;
    *out = (tl__value_figures){nan, nan, nan, nan, nan, nan, nan, nan, nan, nan};
    for (size_t k = 0; k < outputs && rows == 0 && r2_per_output; k++) r2_per_output[k] = nan;
    if (rows == 0 || outputs == 0) return;
    values_errors(truth, predicted, rows * outputs, out);
    out->r2 = out->explained_variance = 0.0;
    for (size_t k = 0; k < outputs; k++) {
        const values_column c = values_column_of(truth, predicted, rows, outputs, k);
        const double r2 = values_explained(c.residual, c.total);
        if (r2_per_output) r2_per_output[k] = r2;
        out->r2 += r2 / (double)outputs;
        out->explained_variance += values_explained(c.error_spread, c.total) / (double)outputs;
        if (c.total > 0.0) residual += c.residual, total += c.total;
    }
    out->r2_weighted = total > 0.0 ? 1.0 - residual / total : out->r2;
}

static void values_merge(const double *from, double *to, size_t begin, size_t middle, size_t end)
{
    for (size_t a = begin, b = middle, k = begin; k < end; k++)
        to[k] = a < middle && (b >= end || from[a] <= from[b]) ? from[a++] : from[b++];
}

TL_PRIV tl_status tl__median_error(tl__heap *heap, tl__reals truth, tl__reals predicted, size_t rows, double *out)
{
    size_t bytes;
    bool finite = true;
    *out = tl__nan_d();
    if (rows == 0) return TL_OK;
    if (!tl__size_mul(rows, 2 * sizeof(double), &bytes)) return TL_OUT_OF_MEMORY;
    double *block = tl__alloc(heap, bytes), *from = block;
    if (!block) return TL_OUT_OF_MEMORY;
    double *to = block + rows;
    for (size_t i = 0; i < rows; i++) {
        from[i] = tl__abs(tl__real(truth, i) - tl__real(predicted, i));
        finite = finite && from[i] == from[i];
    }
    for (size_t run = 1; run < rows; run *= 2) {
        for (size_t begin = 0; begin < rows; begin += 2 * run)
            values_merge(from, to, begin, tl__size_min(begin + run, rows), tl__size_min(begin + 2 * run, rows));
        double *swap = from;
        from = to;
        to = swap;
    }
    if (finite) *out = rows % 2 ? from[rows / 2] : (from[rows / 2 - 1] + from[rows / 2]) / 2.0;
    tl__free(heap, block, bytes);
    return TL_OK;
}

TL_PRIV double tl__pearson(tl__reals truth, tl__reals predicted, size_t rows, size_t outputs, size_t output)
{
    double mean_y = 0.0, mean_p = 0.0, yy = 0.0, pp = 0.0, yp = 0.0;
    for (size_t i = 0; i < rows; i++) {
        mean_y += tl__real(truth, i * outputs + output);
        mean_p += tl__real(predicted, i * outputs + output);
    }
    mean_y /= (double)rows, mean_p /= (double)rows;
    for (size_t i = 0; i < rows; i++) {
        const double y = tl__real(truth, i * outputs + output) - mean_y;
        const double p = tl__real(predicted, i * outputs + output) - mean_p;
        yy += y * y, pp += p * p, yp += y * p;
    }
    return yy > 0.0 && pp > 0.0 ? yp / (tl__sqrt_d(yy) * tl__sqrt_d(pp)) : tl__nan_d();
}

TL_PRIV double tl__mase(double mae, tl__reals series, size_t length, size_t season)
{
    const double error = tl__naive_error(series, length, 1, 0, season);
    return error > 0.0 ? mae / error : tl__nan_d();
}

TL_PRIV double tl__pinball(tl__reals truth, tl__reals predicted, size_t count, double q)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double e = tl__real(truth, i) - tl__real(predicted, i);
        sum += e > 0.0 ? q * e : (q - 1.0) * e;
    }
    return count ? sum / (double)count : tl__nan_d();
}

TL_PRIV double tl__coverage(tl__reals truth, tl__reals low, tl__reals high, size_t count)
{
    size_t inside = 0;
    for (size_t i = 0; i < count; i++)
        inside += tl__real(truth, i) >= tl__real(low, i) && tl__real(truth, i) <= tl__real(high, i);
    return count ? (double)inside / (double)count : tl__nan_d();
}

static int values_sign(double x) { return (x > 0.0) - (x < 0.0); }

TL_PRIV double tl__direction(tl__reals truth, tl__reals predicted, size_t rows, size_t outputs, size_t output)
{
    size_t right = 0;
    if (rows < 2) return tl__nan_d();
    for (size_t t = 1; t < rows; t++) {
        const double last = tl__real(truth, (t - 1) * outputs + output);
        right += values_sign(tl__real(truth, t * outputs + output) - last) ==
                 values_sign(tl__real(predicted, t * outputs + output) - last);
    }
    return (double)right / (double)(rows - 1);
}
