/* Bayesian search: a Gaussian process learns what trials gave, and the next one is where the expected improvement over
 * the best is largest (Jones, Schonlau and Welch, 1998), climbed as its logarithm (Ament et al., 2023), which has a
 * slope where the improvement itself is zero to the last digit. Trials of one generation are proposed one after the
 * other, each believing that those before it give what the process expects of them.
 *
 * A process knows least about the corners of the cube, and in five dimensions and more it would spend its first trials
 * there. But who writes a range expects the best value inside it rather than at its ends, so the improvement is
 * weighted with that belief, whose weight falls as 1 / trials (Hvarfner et al., "Augmenting Acquisition Functions with
 * User Beliefs", 2022): a best value at an end is found all the same. */
#include "base/error.h"
#include "base/math.h"
#include "lab/gaussian.h"
#include "lab/search_method.h"
#include "lab/search_method_list.h"

enum {
    BAYESIAN_START = 4,         /* points before it learns */
    BAYESIAN_BELIEF = 15,       /* weight of the belief after one trial */
    BAYESIAN_ROOM = 240,        /* points that the process keeps: the best, and as many of the others */
    BAYESIAN_BATCH = 64,
    BAYESIAN_DRAWS = 512,       /* places that are looked at, and as many for each of the first axes */
    BAYESIAN_CLIMBS = 6         /* the best of them are climbed from */
};

typedef struct bayesian_work {
    const tl__search_view *view;
    tl__gaussian process;
    double best;                /* least target */
    double starts[BAYESIAN_CLIMBS][TL__SPACE_AXES], worth[BAYESIAN_CLIMBS];
} bayesian_work;

/* ---- what it learns from ---- */

static double bayesian_place(const tl__space_axis *axis, double value)
{
    return axis->kind == TL__AXIS_CHOICE ? value : tl__axis_unit(axis, value);
}

/* The number-th smallest of the finite losses. */
static double bayesian_order(const double *losses, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        if (!tl__is_finite_d(losses[i])) continue;
        for (size_t k = 0; k < count; k++) before += losses[k] < losses[i] || (losses[k] == losses[i] && k < i);
        if (before == number) return losses[i];
    }
    return 0.0;
}

/* Which trials the process sees: all, or the best for half of its room and some of all others. */
static size_t bayesian_choose(const tl__search_view *view, size_t *chosen)
{
    size_t finite = 0, count = 0;
    for (size_t i = 0; i < view->known; i++) finite += tl__is_finite_d(view->losses[i]);
    double bound = finite > BAYESIAN_ROOM / 2 ? bayesian_order(view->losses, view->known, BAYESIAN_ROOM / 2) : 0.0;
    const size_t half = BAYESIAN_ROOM / 2;
    for (size_t i = 0; i < view->known && count < BAYESIAN_ROOM; i++) {
        bool turn = i * half / view->known != (i + 1) * half / view->known;
        if (view->known <= BAYESIAN_ROOM || turn || view->losses[i] < bound) chosen[count++] = i;
    }
    return count;
}

/* Losses become targets: above the median they grow as a logarithm only, so that a few disasters do not flatten what
 * lies below; then mean 0 and variance 1. A trial that failed counts half way to the worst: where many fail nobody
 * looks again, and one that failed by chance does not hide what is around it. */
static void bayesian_targets(double *targets, size_t count)
{
    double worst = 0.0, sum = 0.0, squares = 0.0;
    size_t finite = 0;
    for (size_t i = 0; i < count; i++)
        if (tl__is_finite_d(targets[i])) worst = finite++ && worst > targets[i] ? worst : targets[i];
    double median = bayesian_order(targets, count, finite / 2), least = bayesian_order(targets, count, 0);
    double scale = median - least;
    for (size_t i = 0; i < count; i++) {
        bool failed = !tl__is_finite_d(targets[i]);
        if (failed) targets[i] = worst;
        if (targets[i] > median && scale > 0.0)
            targets[i] = median + scale * tl__log(1.0 + (targets[i] - median) / scale);
        if (failed) targets[i] = 0.5 * (median + targets[i]);
        sum += targets[i];
    }
    for (size_t i = 0; i < count; i++) targets[i] -= sum / (double)count, squares += targets[i] * targets[i];
    double deviation = tl__sqrt_d(squares / (double)count);
    for (size_t i = 0; i < count; i++) targets[i] = deviation > 0.0 ? targets[i] / deviation : 0.0;
}

static void bayesian_learn(bayesian_work *work)
{
    const tl__search_view *view = work->view;
    const tl__space *space = view->space;
    tl__gaussian *g = &work->process;
    size_t chosen[BAYESIAN_ROOM];
    g->count = bayesian_choose(view, chosen);
    for (size_t j = 0; j < space->count; j++) g->names[j] = space->axes[j].kind == TL__AXIS_CHOICE;
    for (size_t i = 0; i < g->count; i++) {
        const double *point = view->points + chosen[i] * space->count;
        for (size_t j = 0; j < space->count; j++)
            g->points[i * space->count + j] = bayesian_place(&space->axes[j], point[j]);
        g->targets[i] = view->losses[chosen[i]];
    }
    bayesian_targets(g->targets, g->count);
    tl__gaussian_fit(g);
}

/* ---- where to look ---- */

/* The logarithm of how likely the best value is thought to lie there: even in the middle half of an axis, at its ends
 * 1 / e for each unit of weight. */
static double bayesian_belief(const bayesian_work *work, const double *point)
{
    double sum = 0.0;
    for (size_t j = 0; j < work->view->space->count; j++) {
        double out = 2.0 * point[j] - 1.0;
        if (!work->process.names[j]) sum -= out * out * out * out;
    }
    return sum * (double)BAYESIAN_BELIEF / (double)work->view->known;
}

/* The logarithm of the expected improvement, weighted. */
static double bayesian_worth(const bayesian_work *work, const double *point)
{
    double mean, variance;
    tl__gaussian_at(&work->process, point, &mean, &variance);
    if (!(variance > 1e-18)) return -1e300;
    double deviation = tl__sqrt_d(variance);
    return tl__log(deviation) + tl__log_improvement((work->best - mean) / deviation) + bayesian_belief(work, point);
}

/* A place as the axis has it: the middle of a whole number's share, a name's number. */
static double bayesian_snap(const tl__space_axis *axis, double unit)
{
    return axis->kind == TL__AXIS_REAL ? unit : bayesian_place(axis, tl__axis_value(axis, unit));
}

/* What does not count at a place goes to its middle. */
static void bayesian_settle(const tl__space *space, double *place)
{
    double point[TL__SPACE_AXES];
    for (size_t j = 0; j < space->count; j++) {
        const tl__space_axis *axis = &space->axes[j];
        point[j] = axis->kind == TL__AXIS_WHOLE ? tl__axis_value(axis, place[j]) : place[j];
        if (axis->under && !tl__space_counts(space, j, point)) {
            point[j] = tl__axis_value(axis, 0.5);
            place[j] = axis->kind == TL__AXIS_REAL ? 0.5 : bayesian_place(axis, point[j]);
        }
    }
}

static void bayesian_offer(bayesian_work *work, double *point)
{
    size_t axes = work->view->space->count, at = BAYESIAN_CLIMBS;
    bayesian_settle(work->view->space, point);
    double worth = bayesian_worth(work, point);
    while (at > 0 && worth > work->worth[at - 1]) at--;
    if (at == BAYESIAN_CLIMBS) return;
    for (size_t i = BAYESIAN_CLIMBS - 1; i > at; i--) {
        work->worth[i] = work->worth[i - 1];
        memcpy(work->starts[i], work->starts[i - 1], axes * sizeof(double));
    }
    work->worth[at] = worth;
    memcpy(work->starts[at], point, axes * sizeof(double));
}

/* Even places of the whole cube, and places around the best points so far. */
static void bayesian_look(bayesian_work *work, int64_t trial)
{
    const tl__space *space = work->view->space;
    const tl__gaussian *g = &work->process;
    tl__search_draws draws = tl__search_stream(work->view->seed, 0, trial, 2);
    size_t wide = BAYESIAN_DRAWS * (space->count < 6 ? space->count : 6);
    double point[TL__SPACE_AXES];
    for (size_t i = 0; i < BAYESIAN_CLIMBS; i++) work->worth[i] = -1e308;
    for (size_t i = 0; i < wide; i++) {
        for (size_t j = 0; j < space->count; j++)
            point[j] = bayesian_snap(&space->axes[j], tl__search_uniform(&draws));
        bayesian_offer(work, point);
    }
    for (size_t i = 0; i < g->count; i++) {
        size_t better = 0;
        for (size_t k = 0; k < g->count; k++) better += g->targets[k] < g->targets[i];
        for (int around = 0; better < 4 && around < 40; around++) {
            double width = around % 4 == 0 ? 0.2 : around % 4 == 1 ? 0.05 : around % 4 == 2 ? 0.01 : 0.002;
            for (size_t j = 0; j < space->count; j++) {
                const tl__space_axis *axis = &space->axes[j];
                double place = g->points[i * space->count + j], step = width * tl__search_normal(&draws);
                if (axis->kind != TL__AXIS_CHOICE) point[j] = bayesian_snap(axis, place + step);
                else point[j] = tl__search_uniform(&draws) < width ? bayesian_snap(axis, tl__search_uniform(&draws))
                                                                   : place;
                if (axis->kind == TL__AXIS_REAL) point[j] = point[j] < 0.0 ? 0.0 : point[j] > 1.0 ? 1.0 : point[j];
            }
            bayesian_offer(work, point);
        }
    }
}

/* One axis after the other by steps that shrink where they do not help; names are tried each. */
static double bayesian_climb(const bayesian_work *work, double *point, double worth)
{
    const tl__space *space = work->view->space;
    double step = 0.05, there[TL__SPACE_AXES];
    for (int turn = 0; turn < 60 && step > 1e-4; turn++) {
        bool moved = false;
        for (size_t j = 0; j < space->count; j++) {
            const tl__space_axis *axis = &space->axes[j];
            double count = tl__axis_count(axis), grain = count > 0.0 ? 1.0 / count : 0.0;
            int tries = axis->kind == TL__AXIS_CHOICE ? (int)count : 2;
            for (int t = 0; t < tries; t++) {
                double reach = step > grain ? step : grain;
                double to = axis->kind == TL__AXIS_CHOICE ? (double)t : point[j] + (t ? reach : -reach);
                if (axis->kind != TL__AXIS_CHOICE) to = bayesian_snap(axis, to < 0.0 ? 0.0 : to > 1.0 ? 1.0 : to);
                memcpy(there, point, space->count * sizeof *there);
                there[j] = to;
                bayesian_settle(space, there);
                if (there[j] == point[j]) continue;
                double found = bayesian_worth(work, there);
                if (!(found > worth)) continue;
                worth = found;
                moved = true;
                memcpy(point, there, space->count * sizeof *there);
            }
        }
        if (!moved) step *= 0.4;
    }
    return worth;
}

static void bayesian_one(bayesian_work *work, int64_t trial, double *out)
{
    const tl__space *space = work->view->space;
    size_t best = 0;
    bayesian_look(work, trial);
    for (size_t i = 0; i < BAYESIAN_CLIMBS; i++) {
        work->worth[i] = bayesian_climb(work, work->starts[i], work->worth[i]);
        if (work->worth[i] > work->worth[best]) best = i;
    }
    for (size_t j = 0; j < space->count; j++) {
        const tl__space_axis *axis = &space->axes[j];
        double place = work->starts[best][j];
        out[j] = axis->kind == TL__AXIS_CHOICE ? place : tl__axis_value(axis, place);
    }
}

/* The beginning: the middle of the cube, then even points. */
static void bayesian_begin(const tl__search_view *view, int64_t trial, double *out)
{
    tl__search_spread(view, trial, out);
    for (size_t j = 0; j < view->space->count && trial == 0; j++)
        if (view->space->axes[j].kind != TL__AXIS_CHOICE) out[j] = tl__axis_value(&view->space->axes[j], 0.5);
}

static tl_status search_bayesian_propose(const tl__search_view *view, size_t wanted, double *out, tl_error *error)
{
    const size_t axes = view->space->count;
    size_t room = (view->known < BAYESIAN_ROOM ? view->known : BAYESIAN_ROOM) + BAYESIAN_BATCH, finite = 0;
    for (size_t i = 0; i < view->known; i++) finite += tl__is_finite_d(view->losses[i]);
    size_t bytes = sizeof(bayesian_work) + tl__gaussian_doubles(room, axes) * sizeof(double);
    bool even = finite < 2 || view->known < BAYESIAN_START;
    bayesian_work *work = even ? NULL : tl__alloc(view->heap, bytes);
    if (!even && !work) return tl__fail_memory(error, bytes);
    if (work) {
        work->view = view;
        tl__gaussian_place(&work->process, room, axes, (double *)(void *)(work + 1));
        bayesian_learn(work);
    }
    for (size_t i = 0; i < wanted; i++) {
        double point[TL__SPACE_AXES], mean, variance, *place = out + i * axes;
        int64_t trial = view->first + (int64_t)i;
        if (even || i >= BAYESIAN_BATCH) {
            bayesian_begin(view, trial, place);
            continue;
        }
        tl__gaussian *g = &work->process;
        work->best = g->targets[0];
        for (size_t k = 1; k < g->count; k++) work->best = g->targets[k] < work->best ? g->targets[k] : work->best;
        bayesian_one(work, trial, place);
        for (size_t j = 0; j < axes; j++) point[j] = bayesian_place(&view->space->axes[j], place[j]);
        tl__gaussian_at(g, point, &mean, &variance);
        tl__gaussian_add(g, point, mean);
    }
    tl__free(view->heap, work, work ? bytes : 0);
    return TL_OK;
}

TL_PRIV const tl__member_head *tl__search_bayesian(void)
{
    static const tl__search_method method = {
        .head = {.name = "bayesian", .help = "A Gaussian process (Matern 5/2) and the expected improvement; for few "
                                             "parameters, most of them numbers."},
        .learns = true,
        .propose = search_bayesian_propose};
    return &method.head;
}
