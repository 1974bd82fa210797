/* The family of methods, and what they share: streams of draws, the even beginning, the normal distribution. */
#include "lab/search_method.h"

#include "base/math.h"
#include "lab/search_method_list.h"

static tl__member_fn *const search_method_members[] = {
#define TL__X(name) tl__search_##name,
    TL__SEARCH_METHODS(TL__X)
#undef TL__X
};
static const tl__family search_method_family = {"method of search", search_method_members,
                                                TL_COUNT(search_method_members)};

TL_PRIV const tl__family *tl__search_family(void) { return &search_method_family; }

TL_PRIV const tl__search_method *tl__search_method_at(size_t index)
{
    return (const tl__search_method *)(const void *)tl__family_member(&search_method_family, index);
}

TL_PRIV tl_status tl__search_propose(const tl__search_method *method, const tl__search_view *view, size_t wanted,
                                     double *out, tl_error *error)
{
    TL_TRY(method->propose(view, wanted, out, error));
    for (size_t i = 0; i < wanted; i++) tl__space_settle(view->space, out + i * view->space->count);
    return TL_OK;
}

/* ---- draws ---- */

TL_PRIV tl__search_draws tl__search_stream(uint64_t seed, uint32_t key, int64_t trial, uint32_t purpose)
{
    tl__search_draws draws = {.used = 0};
    tl__random_init(&draws.random, seed, TL__DRAW_SEARCH, key, (uint32_t)trial, purpose);
    return draws;
}

TL_PRIV double tl__search_uniform(tl__search_draws *draws)
{
    return ((double)tl__random_u32(&draws->random, draws->used++) + 0.5) * (1.0 / 4294967296.0);
}

TL_PRIV double tl__search_normal(tl__search_draws *draws) { return tl__normal_place(tl__search_uniform(draws)); }

TL_PRIV void tl__search_spread(const tl__search_view *view, int64_t trial, double *out)
{
    double golden = 2.0, step = 1.0;
    for (int i = 0; i < 60; i++)    /* the root of g^(axes + 1) = g + 1 */
        golden = tl__pow(1.0 + golden, 1.0 / ((double)view->space->count + 1.0));
    for (size_t j = 0; j < view->space->count; j++) {
        tl__search_draws draws = tl__search_stream(view->seed, view->space->axes[j].key, 0, 1);
        step /= golden;
        double place = tl__search_uniform(&draws) + (double)(trial + 1) * step;
        out[j] = tl__axis_value(&view->space->axes[j], place - tl__floor(place));
    }
}

/* ---- the normal distribution ---- */

TL_PRIV double tl__normal_density(double x) { return 0.39894228040143267794 * tl__exp(-0.5 * x * x); }

/* share(-x) / density(x) for x > 0: Laplace's continued fraction from its far end. */
static double search_method_mills(double x)
{
    double tail = x;
    for (int k = 100; k > 0; k--) tail = x + (double)k / tail;
    return 1.0 / tail;
}

TL_PRIV double tl__normal_share(double x)
{
    if (x != x) return x;
    if (x < -3.0) return x < -39.0 ? 0.0 : tl__normal_density(x) * search_method_mills(-x);
    if (x > 3.0) return x > 39.0 ? 1.0 : 1.0 - tl__normal_density(x) * search_method_mills(x);
    double term = x, sum = x;    /* 1/2 + density * (x + x^3/3 + x^5/15 + ...) */
    for (int k = 3; k < 120 && tl__abs(term) > 1e-18; k += 2) sum += term *= x * x / (double)k;
    return 0.5 + tl__normal_density(x) * sum;
}

/* Newton's steps on the logarithm of the share, which is concave: from the left they never overshoot. */
TL_PRIV double tl__normal_place(double share)
{
    if (share != share) return share;
    if (share > 0.5) return -tl__normal_place(1.0 - share);
    if (!(share > 1e-300)) return -38.0;
    double wanted = tl__log(share), at = share < 0.02 ? -tl__sqrt_d(-2.0 * wanted) : -2.1;
    for (int i = 0; i < 60; i++) {
        double here = tl__normal_share(at), step = (wanted - tl__log(here)) * here / tl__normal_density(at);
        at += step;
        if (tl__abs(step) < 1e-13 * (1.0 + tl__abs(at))) break;
    }
    return at;
}

TL_PRIV double tl__log_improvement(double z)
{
    if (z > -1.0) return tl__log(tl__normal_density(z) + z * tl__normal_share(z));
    /* density * (1 - |z| * mills): for large |z| the difference is 1/z^2 - 3/z^4 + 15/z^6 - 105/z^8 + ... */
    double a = -z, s = 1.0 / (a * a), rest;
    if (a < 3.0) rest = 1.0 - a * tl__normal_share(z) / tl__normal_density(z);
    else if (a < 30.0) rest = 1.0 - a * search_method_mills(a);
    else rest = s * (1.0 - s * (3.0 - s * (15.0 - s * (105.0 - s * (945.0 - s * 10395.0)))));
    return -0.91893853320467274178 - 0.5 * z * z + tl__log(rest);
}
