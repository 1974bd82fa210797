/* A row of sums for every step, channel and series and one for all. A number goes to its channel's row and to that of
 * the step at work, which then goes to the step's row, the series' and that of all. What the figures are made from is
 * all that is kept, so a score is as small for ten windows as for ten million. */
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
    score->step = TL_CARVE(carver, double, score->width);
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

static void forecast_score_sum(double *to, const double *from, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

/* To the step at work and to a channel's row. */
static inline void forecast_score_put(double *step, double *channel, const double *values, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        step[first + i] += values[i];
        channel[first + i] += values[i];
    }
}

static int forecast_score_sign(double x) { return (x > 0.0) - (x < 0.0); }

/* What is known of truth y and prediction p besides their difference. */
static inline void forecast_score_more(const tl__forecast_window *window, size_t channel, double y, double p,
                                       double *values)
{
    const double size = tl__abs(y - p), base = tl__abs(y), both = base + tl__abs(p);
    const double scale = tl__reals_given(window->scale) ? tl__real(window->scale, channel) : 0.0;
    values[0] = size / (base > 0x1p-52 ? base : 0x1p-52);
    values[1] = both == 0.0 ? 0.0 : size / both;
    values[2] = base;
    values[3] = scale > 0.0 ? size / scale : 0.0;
    values[4] = scale > 0.0 ? 1.0 : 0.0;
    values[5] = values[6] = 0.0;
    if (!tl__reals_given(window->last)) return;
    const double last = tl__real(window->last, channel);
    if (last != last) return;
    values[5] = forecast_score_sign(y - last) == forecast_score_sign(p - last) && p == p ? 1.0 : 0.0;
    values[6] = 1.0;
}

/* at: of the lowest quantile of this number. */
static void forecast_score_levels(double *step, double *channel, const tl__forecast_shape *shape, tl__reals quantiles,
                                  size_t at, double y)
{
    const size_t levels = shape->level_count, first = forecast_score_first(shape);
    for (size_t q = 0; q < levels; q++) {
        const double e = y - tl__real(quantiles, at + q), level = shape->levels[q];
        const double loss = e > 0.0 ? level * e : (level - 1.0) * e;
        forecast_score_put(step, channel, &loss, first + q, 1);
    }
    for (size_t i = 0; i < levels / 2; i++) {
        const double low = tl__real(quantiles, at + i), high = tl__real(quantiles, at + levels - 1 - i);
        const double of[] = {y >= low && y <= high ? 1.0 : 0.0, high - low};
        forecast_score_put(step, channel, of, first + levels + 2 * i, 2);
    }
}

static void forecast_score_step(tl__forecast_score *score, const tl__forecast_window *window, size_t h)
{
    const tl__forecast_shape *shape = &score->shape;
    memset(score->step, 0, score->width * sizeof *score->step);
    for (size_t c = 0; c < shape->channels; c++) {
        const size_t at = h * shape->channels + c;
        const double y = tl__real(window->truth, at), p = tl__real(window->predicted, at), e = y - p;
        double *channel = forecast_score_row(score, TL__BY_CHANNEL, c);
        double values[FORECAST_SCORE_ALL] = {1.0, e * e, tl__abs(e)};
        if (y != y) continue;
        if (shape->errors_only) {
            forecast_score_put(score->step, channel, values, 0, FORECAST_SCORE_ERRORS);
        } else {
            forecast_score_more(window, c, y, p, values + FORECAST_SCORE_ERRORS);
            forecast_score_put(score->step, channel, values, 0, FORECAST_SCORE_ALL);
        }
        forecast_score_levels(score->step, channel, shape, window->quantiles, at * shape->level_count, y);
    }
}

TL_PRIV tl__window_loss tl__forecast_score_add(tl__forecast_score *score, const tl__forecast_window *window)
{
    const tl__forecast_shape *shape = &score->shape;
    const double nan = tl__bits_double(0x7ff8000000000000u);
    double absolute = 0.0, squares = 0.0, count = 0.0;
    for (size_t h = 0; h < shape->horizon; h++) {
        forecast_score_step(score, window, h);
        forecast_score_sum(score->rows, score->step, score->width);
        forecast_score_sum(forecast_score_row(score, TL__BY_STEP, h), score->step, score->width);
        if (shape->series)
            forecast_score_sum(forecast_score_row(score, TL__BY_SERIES, window->series), score->step, score->width);
        absolute += score->step[FORECAST_SCORE_ABSOLUTE];
        squares += score->step[FORECAST_SCORE_SQUARES];
        count += score->step[FORECAST_SCORE_NUMBERS];
    }
    score->windows++;
    return count > 0.0 ? (tl__window_loss){absolute / count, squares / count} : (tl__window_loss){nan, nan};
}

TL_PRIV void tl__forecast_score_merge(tl__forecast_score *score, const tl__forecast_score *other)
{
    forecast_score_sum(score->rows, other->rows, forecast_score_rows(&score->shape) * score->width);
    score->windows += other->windows;
}

/* ---- figures ---- */

static double forecast_score_ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : tl__bits_double(0x7ff8000000000000u);
}

TL_PRIV void tl__forecast_score_figures(const tl__forecast_score *score, tl__forecast_by by, size_t index,
                                        tl__forecast_figures *out)
{
    const double nan = tl__bits_double(0x7ff8000000000000u);
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
