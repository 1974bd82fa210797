/* What the series of a forecast say: the season that is in them, whether validation lies on another level than
 * training, and columns that know the target's next steps. Numbers are those that the network sees. */
#include "lab/diagnosis.h"

#include "base/math.h"
#include "base/text.h"
#include "data/series.h"

enum { DIAGNOSIS_SERIES_STEPS = 4096, DIAGNOSIS_SERIES_LEAST = 60 };

typedef struct diagnosis_series {
    const tl__series *series;
    const tl__span *span;            /* the one with the most training steps */
    size_t first, steps;             /* of training: the newest of it */
    double *x;                       /* [steps] */
} diagnosis_series;

static double diagnosis_series_value(const diagnosis_series *d, size_t step, size_t channel)
{
    return (double)d->series->values[step * d->series->width + channel];
}

/* ---- the season ---- */

/* The straight line through x is taken away; gives the mean square of what is left. */
static double diagnosis_series_detrend(double *x, size_t n)
{
    double middle = ((double)n - 1) / 2, sum = 0, slope = 0, squares = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        slope += ((double)i - middle) * x[i];
        squares += ((double)i - middle) * ((double)i - middle);
    }
    for (size_t i = 0; i < n; i++) {
        x[i] -= sum / (double)n + slope / squares * ((double)i - middle);
        left += x[i] * x[i];
    }
    return left / (double)n;
}

static double diagnosis_series_alike(const double *x, size_t n, size_t lag, double variance)
{
    double sum = 0;
    for (size_t i = lag; i < n; i++) sum += x[i] * x[i - lag];
    return sum / (double)(n - lag) / variance;
}

/* The first lag at which the series is like itself again, after it was not, and again at twice the lag. */
static void diagnosis_series_season(diagnosis_series *d, tl__series_evidence *out)
{
    double variance, before = 1, least = 1, here;
    for (size_t i = 0; i < d->steps; i++) d->x[i] = diagnosis_series_value(d, d->first + i, 0);
    variance = diagnosis_series_detrend(d->x, d->steps);
    if (!(variance > 1e-12)) return;
    here = diagnosis_series_alike(d->x, d->steps, 1, variance);
    for (size_t lag = 1; lag + 1 < d->steps / 3; lag++) {
        double after = diagnosis_series_alike(d->x, d->steps, lag + 1, variance);
        least = here < least ? here : least;
        if (lag > 2 && here > 0.6 && here >= before && here >= after && here - least > 0.3 &&
            diagnosis_series_alike(d->x, d->steps, 2 * lag, variance) > 0.5) {
            out->season = lag;
            out->season_alike = here;
            return;
        }
        before = here;
        here = after;
    }
}

/* The mean square error of repeating the last season, of all targets in validation. */
static void diagnosis_series_repeat(const diagnosis_series *d, size_t targets, size_t begin, size_t end,
                                    tl__series_evidence *out)
{
    double squares = 0, count = 0;
    if (out->season == 0) return;
    for (size_t t = begin; t < end; t++)
        for (size_t k = 0; k < targets && t >= d->span->begin + out->season; k++) {
            double apart = diagnosis_series_value(d, t, k) - diagnosis_series_value(d, t - out->season, k);
            squares += apart * apart;
            count += 1;
        }
    if (count > 0) out->season_mse = squares / count;
}

/* ---- the level ---- */

static void diagnosis_series_level(const diagnosis_series *d, size_t begin, size_t end, tl__series_evidence *out)
{
    double sum = 0, squares = 0, later = 0, n = (double)d->steps;
    for (size_t i = 0; i < d->steps; i++) {
        double value = diagnosis_series_value(d, d->first + i, 0);
        sum += value;
        squares += value * value;
    }
    for (size_t t = begin; t < end; t++) later += diagnosis_series_value(d, t, 0);
    double variance = squares / n - sum / n * (sum / n);
    double apart = end > begin ? tl__abs(later / (double)(end - begin) - sum / n) : 0;
    if (variance > 0 && end > begin) out->level = apart / tl__sqrt_d(variance);
}

/* ---- columns that know what comes ---- */

/* Correlation of the steps of a channel with those of the target `ahead` steps later; of changes from step to step, so
 * that a common trend counts for nothing. */
static double diagnosis_series_tells(const diagnosis_series *d, size_t channel, size_t ahead)
{
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0, n = 0;
    for (size_t t = d->first + 1; t + ahead < d->first + d->steps; t++) {
        double x = diagnosis_series_value(d, t, channel) - diagnosis_series_value(d, t - 1, channel);
        double y = diagnosis_series_value(d, t + ahead, 0) - diagnosis_series_value(d, t + ahead - 1, 0);
        a += x, b += y, aa += x * x, bb += y * y, ab += x * y, n += 1;
    }
    double va = aa - a * a / n, vb = bb - b * b / n;
    double r = n > 2 && va > 1e-12 && vb > 1e-12 ? (ab - a * b / n) / tl__sqrt_d(va * vb) : 0;
    return tl__abs(r);
}

/* Of columns known ahead also the step itself counts: they are told for the steps to forecast. */
static void diagnosis_series_ahead(const diagnosis_series *d, const tl__forecast *f, tl__series_evidence *out)
{
    for (size_t k = 1; k <= f->horizon && k * 4 < d->steps; k++) {
        double own = diagnosis_series_tells(d, 0, k);
        for (size_t c = f->targets; c < f->columns; c++) {
            double told = diagnosis_series_tells(d, c, f->channels[c].ahead ? 0 : k);
            if (!(told > 0.97) || !(1 - told < 0.3 * (1 - own)) || !(told > out->ahead)) continue;
            out->ahead = told;
            out->ahead_own = own;
            out->ahead_steps = f->channels[c].ahead ? 0 : k;
            out->ahead_name = f->channels[c].name;
        }
        if (k >= 64) return;
    }
}

/* ---- all of it ---- */

TL_PRIV tl_status tl__diagnose_series(tl__evidence *evidence, tl_error *error)
{
    const tl_dataset *data = evidence->session->data;
    const tl__forecast *forecast = data->pipeline->forecast;
    tl__series_evidence *out = &evidence->series;
    diagnosis_series d = {.series = forecast ? data->part[TL_TRAIN].from->series : NULL};
    *out = (tl__series_evidence){.season_mse = tl__nan_d(), .level = tl__nan_d()};
    if (!d.series) return TL_OK;
    for (size_t s = 0; s < d.series->span_count; s++) {
        const tl__span *span = &d.series->spans[s];
        if (!d.span || span->train - span->begin > d.span->train - d.span->begin) d.span = span;
    }
    if (!d.span || d.span->train - d.span->begin < DIAGNOSIS_SERIES_LEAST) return TL_OK;
    d.steps = tl__size_min(d.span->train - d.span->begin, DIAGNOSIS_SERIES_STEPS);
    d.first = d.span->train - d.steps;
    d.x = tl__arena_push(evidence->arena, d.steps * sizeof *d.x);
    if (!d.x) return tl__fail_memory(error, d.steps * sizeof *d.x);
    size_t end = tl__size_min(d.span->known, d.span->train + d.series->parts[TL_VALIDATION]);
    out->known = true;
    diagnosis_series_season(&d, out);
    diagnosis_series_repeat(&d, forecast->targets, d.span->train, end, out);
    diagnosis_series_level(&d, d.span->train, end, out);
    diagnosis_series_ahead(&d, forecast, out);
    return TL_OK;
}
