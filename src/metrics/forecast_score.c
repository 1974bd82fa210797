/* A row of sums for every step, channel and series and one for all: each number of a window goes to four of them. What
 * the figures are made from is all that is kept, so a score is as small for ten windows as for ten million. */
#include "metrics/forecast_score.h"

#include "base/math.h"

/* The sums of a row; behind them the losses of the levels, then coverage and width of each interval. */
enum {
    FORECAST_SCORE_NUMBERS, FORECAST_SCORE_SQUARES, FORECAST_SCORE_ABSOLUTE, FORECAST_SCORE_SHARES,
    FORECAST_SCORE_HALVES, FORECAST_SCORE_TRUTHS, FORECAST_SCORE_SCALED, FORECAST_SCORE_SCALES, FORECAST_SCORE_RIGHT,
    FORECAST_SCORE_MOVES, FORECAST_SCORE_LEVELS
};

static size_t forecast_score_rows(const tl__forecast_shape *shape)
{
    return 1 + shape->horizon + shape->channels + shape->series;
}

TL_PRIV void tl__forecast_score_carve(tl__carver *carver, tl__forecast_score *score, const tl__forecast_shape *shape)
{
    size_t numbers;
    *score = (tl__forecast_score){.shape = *shape};
    score->width = FORECAST_SCORE_LEVELS + shape->level_count + shape->level_count / 2 * 2;
    if (!tl__size_mul(forecast_score_rows(shape), score->width, &numbers)) {
        carver->overflow = true;
        return;
    }
    score->rows = TL_CARVE(carver, double, numbers);
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

/* The rows that a number counts for; without series the last one is the first again and gets nothing. */
typedef struct forecast_score_cell {
    double *rows[4];
    int count;
} forecast_score_cell;

static inline void forecast_score_put(const forecast_score_cell *cell, size_t field, double value)
{
    for (int r = 0; r < cell->count; r++) cell->rows[r][field] += value;
}

static int forecast_score_sign(double x) { return (x > 0.0) - (x < 0.0); }

/* All that is known of one point: truth y, prediction p. */
static void forecast_score_point(const forecast_score_cell *cell, double y, double p)
{
    const double size = tl__abs(y - p), base = tl__abs(y), both = base + tl__abs(p);
    forecast_score_put(cell, FORECAST_SCORE_NUMBERS, 1.0);
    forecast_score_put(cell, FORECAST_SCORE_SQUARES, size * size);
    forecast_score_put(cell, FORECAST_SCORE_ABSOLUTE, size);
    forecast_score_put(cell, FORECAST_SCORE_SHARES, size / (base > 0x1p-52 ? base : 0x1p-52));
    forecast_score_put(cell, FORECAST_SCORE_HALVES, both == 0.0 ? 0.0 : size / both);
    forecast_score_put(cell, FORECAST_SCORE_TRUTHS, base);
}

static void forecast_score_against(const forecast_score_cell *cell, const tl__forecast_window *window, size_t channel,
                                   double y, double p)
{
    if (tl__reals_given(window->scale)) {
        const double scale = tl__real(window->scale, channel);
        if (scale > 0.0) {
            forecast_score_put(cell, FORECAST_SCORE_SCALED, tl__abs(y - p) / scale);
            forecast_score_put(cell, FORECAST_SCORE_SCALES, 1.0);
        }
    }
    if (tl__reals_given(window->last)) {
        const double last = tl__real(window->last, channel);
        if (last != last) return;
        const bool right = forecast_score_sign(y - last) == forecast_score_sign(p - last) && p == p;
        forecast_score_put(cell, FORECAST_SCORE_RIGHT, right ? 1.0 : 0.0);
        forecast_score_put(cell, FORECAST_SCORE_MOVES, 1.0);
    }
}

/* at: of the lowest quantile of this number. */
static void forecast_score_levels(const forecast_score_cell *cell, const tl__forecast_shape *shape, tl__reals quantiles,
                                  size_t at, double y)
{
    const size_t levels = shape->level_count, intervals = FORECAST_SCORE_LEVELS + levels;
    for (size_t q = 0; q < levels; q++) {
        const double e = y - tl__real(quantiles, at + q), level = shape->levels[q];
        forecast_score_put(cell, FORECAST_SCORE_LEVELS + q, e > 0.0 ? level * e : (level - 1.0) * e);
    }
    for (size_t i = 0; i < levels / 2; i++) {
        const double low = tl__real(quantiles, at + i), high = tl__real(quantiles, at + levels - 1 - i);
        forecast_score_put(cell, intervals + 2 * i, y >= low && y <= high ? 1.0 : 0.0);
        forecast_score_put(cell, intervals + 2 * i + 1, high - low);
    }
}

TL_PRIV tl__window_loss tl__forecast_score_add(tl__forecast_score *score, const tl__forecast_window *window)
{
    const tl__forecast_shape *shape = &score->shape;
    double absolute = 0.0, squares = 0.0, count = 0.0;
    forecast_score_cell cell = {.count = shape->series ? 4 : 3};
    cell.rows[0] = score->rows;
    if (shape->series) cell.rows[3] = forecast_score_row(score, TL__BY_SERIES, window->series);
    for (size_t h = 0; h < shape->horizon; h++) {
        cell.rows[1] = forecast_score_row(score, TL__BY_STEP, h);
        for (size_t c = 0; c < shape->channels; c++) {
            const size_t at = h * shape->channels + c;
            const double y = tl__real(window->truth, at), p = tl__real(window->predicted, at), e = y - p;
            if (y != y) continue;
            cell.rows[2] = forecast_score_row(score, TL__BY_CHANNEL, c);
            forecast_score_point(&cell, y, p);
            forecast_score_against(&cell, window, c, y, p);
            forecast_score_levels(&cell, shape, window->quantiles, at * shape->level_count, y);
            absolute += tl__abs(e);
            squares += e * e;
            count += 1.0;
        }
    }
    score->windows++;
    const double nan = tl__bits_double(0x7ff8000000000000u);
    return count > 0.0 ? (tl__window_loss){absolute / count, squares / count} : (tl__window_loss){nan, nan};
}

TL_PRIV void tl__forecast_score_merge(tl__forecast_score *score, const tl__forecast_score *other)
{
    const size_t numbers = forecast_score_rows(&score->shape) * score->width;
    for (size_t i = 0; i < numbers; i++) score->rows[i] += other->rows[i];
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
    const double *row = forecast_score_row(score, by, index), numbers = row[FORECAST_SCORE_NUMBERS];
    const size_t levels = score->shape.level_count;
    double losses = 0.0;
    for (size_t q = 0; q < levels; q++) losses += row[FORECAST_SCORE_LEVELS + q];
    *out = (tl__forecast_figures){
        .numbers = numbers,
        .mse = forecast_score_ratio(row[FORECAST_SCORE_SQUARES], numbers),
        .mae = forecast_score_ratio(row[FORECAST_SCORE_ABSOLUTE], numbers),
        .mape = forecast_score_ratio(row[FORECAST_SCORE_SHARES], numbers),
        .smape = 200.0 * forecast_score_ratio(row[FORECAST_SCORE_HALVES], numbers),
        .wape = forecast_score_ratio(row[FORECAST_SCORE_ABSOLUTE], row[FORECAST_SCORE_TRUTHS]),
        .mase = forecast_score_ratio(row[FORECAST_SCORE_SCALED], row[FORECAST_SCORE_SCALES]),
        .direction = forecast_score_ratio(row[FORECAST_SCORE_RIGHT], row[FORECAST_SCORE_MOVES]),
        .pinball = forecast_score_ratio(losses, numbers * (double)levels),
    };
    out->rmse = tl__sqrt_d(out->mse);
}

TL_PRIV double tl__forecast_score_pinball(const tl__forecast_score *score, tl__forecast_by by, size_t index,
                                          size_t level)
{
    const double *row = forecast_score_row(score, by, index);
    return forecast_score_ratio(row[FORECAST_SCORE_LEVELS + level], row[FORECAST_SCORE_NUMBERS]);
}

TL_PRIV void tl__forecast_score_interval(const tl__forecast_score *score, tl__forecast_by by, size_t index, size_t i,
                                         tl__forecast_interval *out)
{
    const tl__forecast_shape *shape = &score->shape;
    const double *row = forecast_score_row(score, by, index), numbers = row[FORECAST_SCORE_NUMBERS];
    const double *sums = row + FORECAST_SCORE_LEVELS + shape->level_count + 2 * i;
    out->nominal = shape->levels[shape->level_count - 1 - i] - shape->levels[i];
    out->coverage = forecast_score_ratio(sums[0], numbers);
    out->width = forecast_score_ratio(sums[1], numbers);
}
