/* Cholesky factor, likelihood and its slope, and a climb by resilient steps (Riedmiller and Braun, 1993), which needs
 * signs of slopes only and so no line search. */
#include "lab/gaussian.h"

#include "base/math.h"

enum { GAUSSIAN_CLIMB = 40 };

static double gaussian_infinity(void) { return tl__bits_double((uint64_t)0x7ff << 52); }

TL_PRIV size_t tl__gaussian_doubles(size_t room, size_t axes) { return room * axes + 2 * room * room + 4 * room; }

TL_PRIV void tl__gaussian_place(tl__gaussian *g, size_t room, size_t axes, double *memory)
{
    *g = (tl__gaussian){.axes = axes, .room = room, .signal = 1.0, .noise = 1e-4, .points = memory};
    g->targets = g->points + room * axes;
    g->weights = g->targets + room;
    g->factor = g->weights + room;
    g->scratch = g->factor + room * room;
    for (size_t j = 0; j < axes; j++) g->length[j] = 1.0;
}

/* d_j^2 / length_j^2 */
static double gaussian_part(const tl__gaussian *g, const double *a, const double *b, size_t j)
{
    double d = g->names[j] ? (a[j] == b[j] ? 0.0 : 1.0) : a[j] - b[j];
    return d * d / (g->length[j] * g->length[j]);
}

static double gaussian_root(const tl__gaussian *g, const double *a, const double *b)
{
    double sum = 0.0;
    for (size_t j = 0; j < g->axes; j++) sum += gaussian_part(g, a, b, j);
    return tl__sqrt_d(5.0 * sum);
}

static double gaussian_covariance(const tl__gaussian *g, const double *a, const double *b)
{
    double r = gaussian_root(g, a, b);
    return g->signal * (1.0 + r + r * r / 3.0) * tl__exp(-r);
}

/* Row i of the factor from the rows above; false: not positive definite. */
static bool gaussian_row(tl__gaussian *g, size_t i)
{
    double *row = g->factor + i * g->room;
    for (size_t k = 0; k <= i; k++) {
        const double *other = g->factor + k * g->room;
        double sum = gaussian_covariance(g, g->points + i * g->axes, g->points + k * g->axes);
        if (i == k) sum += g->noise;
        for (size_t m = 0; m < k; m++) sum -= row[m] * other[m];
        if (i != k) row[k] = sum / other[k];
        else if (sum > 0.0) row[k] = tl__sqrt_d(sum);
        else return false;
    }
    return true;
}

/* x := L^-1 x, zeros before `first`; then x := L^-T x. */
static void gaussian_forward(const tl__gaussian *g, double *x, size_t first)
{
    for (size_t i = first; i < g->count; i++) {
        const double *row = g->factor + i * g->room;
        double sum = x[i];
        for (size_t k = first; k < i; k++) sum -= row[k] * x[k];
        x[i] = sum / row[i];
    }
}

static void gaussian_backward(const tl__gaussian *g, double *x)
{
    for (size_t i = g->count; i-- > 0;) {
        const double *row = g->factor + i * g->room;
        x[i] /= row[i];
        for (size_t k = 0; k < i; k++) x[k] -= row[k] * x[i];
    }
}

/* Weights and likelihood from a factor that is ready. */
static double gaussian_weigh(tl__gaussian *g)
{
    double sum = 0.0;
    memcpy(g->weights, g->targets, g->count * sizeof *g->weights);
    gaussian_forward(g, g->weights, 0);
    for (size_t i = 0; i < g->count; i++)
        sum -= 0.5 * g->weights[i] * g->weights[i] + tl__log(g->factor[i * g->room + i]) + 0.91893853320467274178;
    gaussian_backward(g, g->weights);
    return sum;
}

TL_PRIV double tl__gaussian_solve(tl__gaussian *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (!gaussian_row(g, i)) return -gaussian_infinity();
    return gaussian_weigh(g);
}

TL_PRIV double tl__gaussian_slope(tl__gaussian *g, double *slope)
{
    const size_t n = g->count;
    double likelihood = tl__gaussian_solve(g), *inverse = g->scratch;
    memset(slope, 0, (g->axes + 2) * sizeof *slope);
    if (!(likelihood > -gaussian_infinity())) return likelihood;
    for (size_t i = 0; i < n; i++) {    /* columns of the inverse covariance, as rows */
        double *column = inverse + i * g->room;
        memset(column, 0, n * sizeof *column);
        column[i] = 1.0;
        gaussian_forward(g, column, i);
        gaussian_backward(g, column);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            const double *a = g->points + i * g->axes, *b = g->points + k * g->axes;
            /* 1/2 trace((w w' - K^-1) dK), pairs counted twice off the diagonal */
            double factor = (g->weights[i] * g->weights[k] - inverse[i * g->room + k]) * (i == k ? 0.5 : 1.0);
            double r = gaussian_root(g, a, b), decay = tl__exp(-r);
            double by_length = factor * g->signal * (5.0 / 3.0) * (1.0 + r) * decay;
            for (size_t j = 0; i != k && j < g->axes; j++) slope[j] += by_length * gaussian_part(g, a, b, j);
            slope[g->axes] += factor * g->signal * (1.0 + r + r * r / 3.0) * decay;
            if (i == k) slope[g->axes + 1] += factor * g->noise;
        }
    return likelihood;
}

/* ---- fitting ---- */

typedef struct gaussian_prior { double middle, variance, low, high; } gaussian_prior;

static gaussian_prior gaussian_prior_of(const tl__gaussian *g, size_t p)
{
    if (p < g->axes)
        return (gaussian_prior){0.5 + 0.5 * tl__log((double)g->axes), 3.0, -4.0, 7.0};
    return p == g->axes ? (gaussian_prior){0.0, 1.0, -4.0, 6.0} : (gaussian_prior){-9.0, 4.0, -16.0, 0.0};
}

static double *gaussian_parameter(tl__gaussian *g, size_t p)
{
    return p < g->axes ? &g->length[p] : p == g->axes ? &g->signal : &g->noise;
}

/* Likelihood times prior at the logarithms `at`, with its slope. */
static double gaussian_posterior(tl__gaussian *g, const double *at, double *slope)
{
    for (size_t p = 0; p < g->axes + 2; p++) *gaussian_parameter(g, p) = tl__exp(at[p]);
    double value = tl__gaussian_slope(g, slope);
    for (size_t p = 0; p < g->axes + 2; p++) {
        gaussian_prior prior = gaussian_prior_of(g, p);
        value -= 0.5 * (at[p] - prior.middle) * (at[p] - prior.middle) / prior.variance;
        slope[p] -= (at[p] - prior.middle) / prior.variance;
    }
    return value;
}

/* Climbs from `at`; `best` and `highest` are kept when nothing higher is found. */
static void gaussian_climb(tl__gaussian *g, double *at, double *best, double *highest)
{
    double slope[TL__SPACE_AXES + 2], before[TL__SPACE_AXES + 2] = {0}, step[TL__SPACE_AXES + 2];
    const size_t count = g->axes + 2;
    for (size_t p = 0; p < count; p++) step[p] = 0.3;
    for (int turn = 0; turn < GAUSSIAN_CLIMB; turn++) {
        double value = gaussian_posterior(g, at, slope), largest = 0.0;
        if (value > *highest) {
            *highest = value;
            memcpy(best, at, count * sizeof *best);
        }
        for (size_t p = 0; p < count; p++) {
            gaussian_prior prior = gaussian_prior_of(g, p);
            double sign = slope[p] * before[p];
            if (sign > 0.0 && step[p] < 1.0) step[p] *= 1.3;
            if (sign < 0.0) step[p] *= 0.5, slope[p] = 0.0;
            if (slope[p] > 0.0) at[p] += step[p];
            if (slope[p] < 0.0) at[p] -= step[p];
            if (at[p] < prior.low) at[p] = prior.low;
            if (at[p] > prior.high) at[p] = prior.high;
            if (step[p] > largest) largest = step[p];
            before[p] = slope[p];
        }
        if (largest < 1e-3) break;
    }
}

TL_PRIV void tl__gaussian_fit(tl__gaussian *g)
{
    static const double begins[] = {0.0, -1.2, -2.2};    /* log length; the prior's middle is above */
    double at[TL__SPACE_AXES + 2], best[TL__SPACE_AXES + 2], highest = -gaussian_infinity();
    for (size_t p = 0; p < g->axes + 2; p++) best[p] = gaussian_prior_of(g, p).middle;
    for (size_t b = 0; b < TL_COUNT(begins); b++) {
        for (size_t p = 0; p < g->axes; p++) at[p] = begins[b];
        at[g->axes] = 0.0;
        at[g->axes + 1] = -7.0;
        gaussian_climb(g, at, best, &highest);
    }
    for (size_t p = 0; p < g->axes + 2; p++) *gaussian_parameter(g, p) = tl__exp(best[p]);
    while (!(tl__gaussian_solve(g) > -gaussian_infinity()) && g->noise < 1.0) g->noise *= 10.0;
}

TL_PRIV void tl__gaussian_at(const tl__gaussian *g, const double *point, double *mean, double *variance)
{
    double *k = g->scratch + g->room * g->room;
    *mean = 0.0;
    *variance = g->signal;
    for (size_t i = 0; i < g->count; i++) {
        k[i] = gaussian_covariance(g, point, g->points + i * g->axes);
        *mean += k[i] * g->weights[i];
    }
    gaussian_forward(g, k, 0);
    for (size_t i = 0; i < g->count; i++) *variance -= k[i] * k[i];
    if (!(*variance > 0.0)) *variance = 0.0;
}

TL_PRIV void tl__gaussian_add(tl__gaussian *g, const double *point, double target)
{
    size_t i = g->count++;
    memcpy(g->points + i * g->axes, point, g->axes * sizeof *point);
    g->targets[i] = target;
    if (gaussian_row(g, i)) gaussian_weigh(g);
    else g->count--;    /* it lies on another: nothing new */
}
