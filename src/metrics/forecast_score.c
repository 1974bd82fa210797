/* A row of sums for every step, channel and series and one for all. A number goes to its channel's row and to the sums
 * of the step at work, those to the step's row and the window's, and that to the series' row and to that of all. What
 * the figures are made from is all that is kept, so a score is as small for ten windows as for ten million. */
#include "metrics/forecast_score.h"

#include "base/math.h"

/* The sums of a row: those of errors only, those of other figures, then the losses of the levels, then coverage and
 * width of each interval. */
enum {
    FORECAST_SCORE_NUMBERS, FORECAST_SCORE_SQUARES, FORECAST_SCORE_ABSOLUTE, FORECAST_SCORE_ERRORS,
    FORECAST_SCORE_SHARES = FORECAST_SCORE_ERRORS, FORECAST_SCORE_HALVES, FORECAST_SCORE_TRUTHS, FORECAST_SCORE_SCALED,
    FORECAST_SCORE_SCALES, FORECAST_SCORE_RIGHT, FORECAST_SCORE_MOVES, FORECAST_SCORE_ALL
};

static size_t forecast_score_rows(const tl__forecast_shape *shape)
{
    return 1 + shape->horizon + shape->channels + shape->series;
}

/* Where the levels' sums begin. */
static size_t forecast_score_first(const tl__forecast_shape *shape)
{
    return shape->errors_only ? FORECAST_SCORE_ERRORS : FORECAST_SCORE_ALL;
}

TL_PRIV void tl__forecast_score_carve(tl__carver *carver, tl__forecast_score *score, const tl__forecast_shape *shape)
{
    size_t numbers;
    *score = (tl__forecast_score){.shape = *shape};
    score->width = forecast_score_first(shape) + shape->level_count + shape->level_count / 2 * 2;
    if (!tl__size_mul(forecast_score_rows(shape), score->width, &numbers)) {
        carver->overflow = true;
        return;
    }
    score->rows = TL_CARVE(carver, double, numbers);
    score->window = TL_CARVE(carver, double, score->width);
    score->inverse = TL_CARVE(carver, double, shape->channels);
}

TL_PRIV void tl__forecast_score_begin(tl__forecast_score *score)
{
    score->windows = 0;
    memset(score->rows, 0, forecast_score_rows(&score->shape) * score->width * sizeof *score->rows);
}

static double *forecast_score_row(const tl__forecast_score *score, tl__forecast_by by, size_t index)
{
    const tl__forecast_shape *shape = &score->shape;
    size_t row = by == TL__BY_ALL ? 0 : 1 + index;
    if (by == TL__BY_CHANNEL || by == TL__BY_SERIES) row += shape->horizon;
    if (by == TL__BY_SERIES) row += shape->channels;
    return score->rows + row * score->width;
}

/* ---- adding ---- */

static inline void forecast_score_sum(double *to, const double *from, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

/* at: of the lowest quantile of this number; rows: the step's, the window's, the channel's, from their levels on. */
static void forecast_score_levels(const tl__forecast_shape *shape, tl__reals quantiles, size_t at, double y,
                                  double *const rows[3])
{
    const size_t levels = shape->level_count;
    for (size_t q = 0; q < levels; q++) {
        const double e = y - tl__real(quantiles, at + q), level = shape->levels[q];
        const double loss = e > 0.0 ? level * e : (level - 1.0) * e;
        for (int r = 0; r < 3; r++) rows[r][q] += loss;
    }
    for (size_t i = 0; i < levels / 2; i++) {
        const double low = tl__real(quantiles, at + i), high = tl__real(quantiles, at + levels - 1 - i);
        const double inside = y >= low && y <= high ? 1.0 : 0.0;
        for (int r = 0; r < 3; r++) {
            rows[r][levels + 2 * i] += inside;
            rows[r][levels + 2 * i + 1] += high - low;
        }
    }
}

/* A step at work: truth and prediction of its first channel, and where its numbers go. */
typedef struct forecast_score_place {
    tl__reals truth, predicted, last;
    const double *inverse;
    double *channels;                /* rows, `width` apart */
    size_t count, width;
} forecast_score_place;

/* The errors of a step; sums [FORECAST_SCORE_ERRORS]. */
static void forecast_score_errors(const forecast_score_place *at, double *sums)
{
    double numbers = 0.0, squares = 0.0, absolute = 0.0, *row = at->channels;
    for (size_t c = 0; c < at->count; c++, row += at->width) {
        const double y = tl__real(at->truth, c), e = y - tl__real(at->predicted, c);
        if (y != y) continue;
        numbers += 1.0;
        squares += e * e;
        absolute += tl__abs(e);
        row[FORECAST_SCORE_NUMBERS] += 1.0;
        row[FORECAST_SCORE_SQUARES] += e * e;
        row[FORECAST_SCORE_ABSOLUTE] += tl__abs(e);
    }
    sums[FORECAST_SCORE_NUMBERS] = numbers;
    sums[FORECAST_SCORE_SQUARES] = squares;
    sums[FORECAST_SCORE_ABSOLUTE] = absolute;
}

/* All else; sums [FORECAST_SCORE_ALL]. */
static void forecast_score_others(const forecast_score_place *at, double *sums)
{
    double shares = 0.0, halves = 0.0, truths = 0.0, scaled = 0.0, scales = 0.0, rights = 0.0, moves = 0.0;
    double *row = at->channels;
    for (size_t c = 0; c < at->count; c++, row += at->width) {
        const double y = tl__real(at->truth, c), p = tl__real(at->predicted, c), size = tl__abs(y - p);
        const double base = tl__abs(y), both = base + tl__abs(p), inverse = at->inverse[c];
        if (y != y) continue;
        const double share = size / (base > 0x1p-52 ? base : 0x1p-52), half = size / (both == 0.0 ? 1.0 : both);
        row[FORECAST_SCORE_SHARES] += share, shares += share;
        row[FORECAST_SCORE_HALVES] += half, halves += half;
        row[FORECAST_SCORE_TRUTHS] += base, truths += base;
        if (inverse > 0.0) {
            row[FORECAST_SCORE_SCALED] += size * inverse, scaled += size * inverse;
            row[FORECAST_SCORE_SCALES] += 1.0, scales += 1.0;
        }
        if (!tl__reals_given(at->last)) continue;
        const double last = tl__real(at->last, c), move = last == last ? 1.0 : 0.0;
        const double right = (double)(((y > last) == (p > last)) & ((y < last) == (p < last)) & (p == p)) * move;
        row[FORECAST_SCORE_RIGHT] += right, rights += right;
        row[FORECAST_SCORE_MOVES] += move, moves += move;
    }
    const double all[] = {shares, halves, truths, scaled, scales, rights, moves};
    memcpy(sums + FORECAST_SCORE_ERRORS, all, sizeof all);
}

static tl__reals forecast_score_from(tl__reals values, size_t first)
{
    return values.d ? tl__of_doubles(values.d + first) : tl__of_floats(values.f + first);
}

static void forecast_score_step(tl__forecast_score *score, const tl__forecast_window *window, size_t h)
{
    const tl__forecast_shape *shape = &score->shape;
    const size_t fields = forecast_score_first(shape), first = h * shape->channels;
    double sums[FORECAST_SCORE_ALL] = {0}, *step = forecast_score_row(score, TL__BY_STEP, h);
    const forecast_score_place at = {
        .truth = forecast_score_from(window->truth, first), .predicted = forecast_score_from(window->predicted, first),
        .last = window->last, .inverse = score->inverse, .channels = forecast_score_row(score, TL__BY_CHANNEL, 0),
        .count = shape->channels, .width = score->width,
    };
    forecast_score_errors(&at, sums);
    if (!shape->errors_only) forecast_score_others(&at, sums);
    forecast_score_sum(step, sums, fields);
    forecast_score_sum(score->window, sums, fields);
    for (size_t c = 0; c < shape->channels && shape->level_count; c++) {
        const double y = tl__real(at.truth, c);
        double *const rows[] = {step + fields, score->window + fields, at.channels + c * at.width + fields};
        if (y == y) forecast_score_levels(shape, window->quantiles, (first + c) * shape->level_count, y, rows);
    }
}

static void forecast_score_scales(tl__forecast_score *score, tl__reals scale)
{
    for (size_t c = 0; c < score->shape.channels; c++) {
        const double of = tl__reals_given(scale) ? tl__real(scale, c) : 0.0;
        score->inverse[c] = of > 0.0 ? 1.0 / of : 0.0;
    }
}

TL_PRIV tl__window_loss tl__forecast_score_add(tl__forecast_score *score, const tl__forecast_window *window)
{
    const tl__forecast_shape *shape = &score->shape;
    const double nan = tl__nan_d(), *sums = score->window;
    memset(score->window, 0, score->width * sizeof *score->window);
    forecast_score_scales(score, window->scale);
    for (size_t h = 0; h < shape->horizon; h++) forecast_score_step(score, window, h);
    forecast_score_sum(forecast_score_row(score, TL__BY_ALL, 0), sums, score->width);
    if (window->series < shape->series)
        forecast_score_sum(forecast_score_row(score, TL__BY_SERIES, window->series), sums, score->width);
    score->windows++;
    const double numbers = sums[FORECAST_SCORE_NUMBERS];
    if (!(numbers > 0.0)) return (tl__window_loss){nan, nan};
    return (tl__window_loss){sums[FORECAST_SCORE_ABSOLUTE] / numbers, sums[FORECAST_SCORE_SQUARES] / numbers};
}

TL_PRIV void tl__forecast_score_merge(tl__forecast_score *score, const tl__forecast_score *other)
{
    forecast_score_sum(score->rows, other->rows, forecast_score_rows(&score->shape) * score->width);
    score->windows += other->windows;
}

/* ---- figures ---- */

static double forecast_score_ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : tl__nan_d();
}

TL_PRIV void tl__forecast_score_figures(const tl__forecast_score *score, tl__forecast_by by, size_t index,
                                        tl__forecast_figures *out)
{
    const double nan = tl__nan_d();
    const double *row = forecast_score_row(score, by, index), numbers = row[FORECAST_SCORE_NUMBERS];
    const size_t levels = score->shape.level_count;
    double losses = 0.0;
    for (size_t q = 0; q < levels; q++) losses += row[forecast_score_first(&score->shape) + q];
    *out = (tl__forecast_figures){
        .numbers = numbers, .mse = forecast_score_ratio(row[FORECAST_SCORE_SQUARES], numbers),
        .mae = forecast_score_ratio(row[FORECAST_SCORE_ABSOLUTE], numbers), .mape = nan, .smape = nan, .wape = nan,
        .mase = nan, .direction = nan, .pinball = forecast_score_ratio(losses, numbers * (double)levels),
    };
    out->rmse = tl__sqrt_d(out->mse);
    if (score->shape.errors_only) return;
    out->mape = forecast_score_ratio(row[FORECAST_SCORE_SHARES], numbers);
    out->smape = 200.0 * forecast_score_ratio(row[FORECAST_SCORE_HALVES], numbers);
    out->wape = forecast_score_ratio(row[FORECAST_SCORE_ABSOLUTE], row[FORECAST_SCORE_TRUTHS]);
    out->mase = forecast_score_ratio(row[FORECAST_SCORE_SCALED], row[FORECAST_SCORE_SCALES]);
    out->direction = forecast_score_ratio(row[FORECAST_SCORE_RIGHT], row[FORECAST_SCORE_MOVES]);
}

TL_PRIV double tl__forecast_score_pinball(const tl__forecast_score *score, tl__forecast_by by, size_t index,
                                          size_t level)
{
    const double *row = forecast_score_row(score, by, index);
    return forecast_score_ratio(row[forecast_score_first(&score->shape) + level], row[FORECAST_SCORE_NUMBERS]);
}

TL_PRIV void tl__forecast_score_interval(const tl__forecast_score *score, tl__forecast_by by, size_t index, size_t i,
                                         tl__forecast_interval *out)
{
    const tl__forecast_shape *shape = &score->shape;
    const double *row = forecast_score_row(score, by, index), numbers = row[FORECAST_SCORE_NUMBERS];
    const double *sums = row + forecast_score_first(shape) + shape->level_count + 2 * i;
    out->nominal = shape->levels[shape->level_count - 1 - i] - shape->levels[i];
    out->coverage = forecast_score_ratio(sums[0], numbers);
    out->width = forecast_score_ratio(sums[1], numbers);
}
