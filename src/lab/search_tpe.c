/* The tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011), with all
 * axes in one mixture: the best trials and the rest each become a density, a kernel around every trial and a wide one
 * for what nobody tried; of points drawn from the density of the best, the one that is likelier there than among the
 * rest by the largest factor is tried. */
#include "base/error.h"
#include "base/math.h"
#include "lab/search_method.h"
#include "lab/search_method_list.h"
#include "lab/tpe.h"

enum { TPE_START = 10, TPE_DRAWS = 48 };

/* ---- the density ---- */

/* The share of a normal kernel that lies in low..high. */
static double tpe_share(double middle, double width, double low, double high)
{
    return tl__normal_share((high - middle) / width) - tl__normal_share((low - middle) / width);
}

/* Is the kernel as wide as the axis? So is that of a trial in which the axis did not count. */
static bool tpe_wide(const tl__tpe *tpe, size_t kernel, size_t j)
{
    if (kernel >= tpe->count) return true;
    double place = tpe->places[kernel * tpe->space->count + j];
    return place != place;
}

static double tpe_kernel(const tl__tpe *tpe, size_t kernel, size_t j, double value)
{
    const tl__space_axis *axis = &tpe->space->axes[j];
    bool wide = tpe_wide(tpe, kernel, j);
    size_t at = kernel * tpe->space->count + j;
    double middle = wide ? 0.5 : tpe->places[at], width = tpe->widths[at];
    if (axis->kind == TL__AXIS_CHOICE) {    /* Aitchison and Aitken, 1976 */
        double count = tl__axis_count(axis), rest = width;
        return tl__log(wide ? 1.0 / count : (middle == value ? 1.0 - rest : 0.0) + rest / count);
    }
    if (axis->kind == TL__AXIS_WHOLE) {
        double low, high;
        tl__axis_share(axis, value, &low, &high);
        double part = tpe_share(middle, width, low, high);
        return tl__log(part > 1e-300 ? part : 1e-300) - tpe->logs[at];
    }
    double z = (tl__axis_unit(axis, value) - middle) / width;
    return -0.5 * z * z - 0.91893853320467274178 - tpe->logs[at];
}

TL_PRIV double tl__tpe_log_density(const tl__tpe *tpe, const double *point)
{
    double highest = -1e308, sum = 0.0;
    bool counts[TL__SPACE_AXES];
    for (size_t j = 0; j < tpe->space->count; j++) counts[j] = tl__space_counts(tpe->space, j, point);
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 0; k <= tpe->count; k++) {
            double *log = &tpe->logs[(tpe->count + 1) * tpe->space->count + k];
            if (pass == 0) {
                *log = 0.0;
                for (size_t j = 0; j < tpe->space->count; j++)
                    if (counts[j]) *log += tpe_kernel(tpe, k, j, point[j]);
                if (*log > highest) highest = *log;
            } else {
                sum += tl__exp(*log - highest);
            }
        }
    return highest + tl__log(sum / ((double)tpe->count + 1.0));
}

/* The larger of the distances to the kernels on both sides; at the ends there is one side. */
static double tpe_gap(const tl__tpe *tpe, size_t kernel, size_t j)
{
    const size_t axes = tpe->space->count;
    double here = tpe->places[kernel * axes + j], left = -1.0, right = 2.0;
    for (size_t k = 0; k < tpe->count; k++) {
        double there = tpe->places[k * axes + j];
        if (k == kernel) continue;
        if ((there < here || (there == here && k < kernel)) && there > left) left = there;
        if ((there > here || (there == here && k > kernel)) && there < right) right = there;
    }
    if (left < 0.0 && right > 1.0) return here > 0.5 ? here : 1.0 - here;
    if (left < 0.0) return right - here;
    if (right > 1.0) return here - left;
    return here - left > right - here ? here - left : right - here;
}

TL_PRIV void tl__tpe_widths(tl__tpe *tpe)
{
    const tl__space *space = tpe->space;
    double n = (double)tpe->count, least = 1.0 / (n < 98.0 ? n + 2.0 : 100.0);
    for (size_t j = 0; j < space->count; j++) {
        double count = tl__axis_count(&space->axes[j]);
        bool names = space->axes[j].kind == TL__AXIS_CHOICE;
        for (size_t k = 0; k <= tpe->count; k++) {
            size_t at = k * space->count + j;
            bool wide = tpe_wide(tpe, k, j);
            double width = wide ? 1.0 : names ? count / (count + n) : tpe_gap(tpe, k, j);
            if (!names && width < least) width = least;
            tpe->widths[at] = width;
            tpe->logs[at] = names ? 0.0 : tl__log((count > 0.0 ? 1.0 : width) *
                                                  tpe_share(wide ? 0.5 : tpe->places[at], width, 0.0, 1.0));
        }
    }
}

/* ---- proposing ---- */

static void tpe_add(tl__tpe *tpe, const double *point)
{
    const tl__space *space = tpe->space;
    for (size_t j = 0; j < space->count; j++) {
        const tl__space_axis *axis = &space->axes[j];
        double place = axis->kind == TL__AXIS_CHOICE ? point[j] : tl__axis_unit(axis, point[j]);
        if (!tl__space_counts(space, j, point)) place = tl__nan_d();
        tpe->places[tpe->count * space->count + j] = place;
    }
    tpe->count++;
}

static void tpe_draw(const tl__tpe *tpe, tl__search_draws *draws, double *out)
{
    size_t kernel = (size_t)(tl__search_uniform(draws) * ((double)tpe->count + 1.0));
    for (size_t j = 0; j < tpe->space->count; j++) {
        const tl__space_axis *axis = &tpe->space->axes[j];
        double place = tl__search_uniform(draws);
        bool wide = tpe_wide(tpe, kernel, j);
        size_t at = (kernel < tpe->count ? kernel : tpe->count) * tpe->space->count + j;
        double middle = wide ? 0.5 : tpe->places[at], width = tpe->widths[at];
        if (axis->kind == TL__AXIS_CHOICE) {
            double rest = width;
            out[j] = wide || place < rest ? tl__axis_value(axis, wide ? place : place / rest) : middle;
            continue;
        }
        double low = tl__normal_share(-middle / width), high = tl__normal_share((1.0 - middle) / width);
        out[j] = tl__axis_value(axis, middle + width * tl__normal_place(low + place * (high - low)));
    }
    tl__space_settle(tpe->space, out);
}

/* Is a before b: the smaller loss, then the earlier one; what failed is last. */
static bool tpe_before(const double *losses, size_t a, size_t b)
{
    bool fine_a = tl__is_finite_d(losses[a]), fine_b = tl__is_finite_d(losses[b]);
    if (fine_a != fine_b) return fine_a;
    if (fine_a && losses[a] != losses[b]) return losses[a] < losses[b];
    return a < b;
}

static void tpe_split(const tl__search_view *view, tl__tpe *best, tl__tpe *rest)
{
    size_t wanted = (view->known + 9) / 10;
    if (wanted > 25) wanted = 25;
    for (size_t i = 0; i < view->known; i++) {
        size_t before = 0;
        for (size_t k = 0; k < view->known; k++) before += tpe_before(view->losses, k, i);
        tpe_add(before < wanted ? best : rest, view->points + i * view->space->count);
    }
    tl__tpe_widths(best);
}

static tl_status search_tpe_propose(const tl__search_view *view, size_t wanted, double *out, tl_error *error)
{
    const size_t axes = view->space->count;
    size_t room = view->known + wanted + 1, finite = 0, bytes = 2 * room * (3 * axes + 1) * sizeof(double);
    for (size_t i = 0; i < view->known; i++) finite += tl__is_finite_d(view->losses[i]);
    bool even = view->known < TPE_START || finite == 0;
    double *places = even ? NULL : tl__alloc(view->heap, bytes);
    if (!even && !places) return tl__fail_memory(error, bytes);
    tl__tpe best = {.space = view->space, .places = places}, rest = {.space = view->space};
    if (places) {
        best.widths = places + room * axes;
        best.logs = best.widths + room * axes;
        rest.places = best.logs + room * (axes + 1);
        rest.widths = rest.places + room * axes;
        rest.logs = rest.widths + room * axes;
        tpe_split(view, &best, &rest);
    }
    for (size_t i = 0; i < wanted; i++) {
        tl__search_draws draws = tl__search_stream(view->seed, 0, view->first + (int64_t)i, 3);
        double point[TL__SPACE_AXES], highest = 0.0, *place = out + i * axes;
        if (even) {
            tl__search_spread(view, view->first + (int64_t)i, place);
            continue;
        }
        tl__tpe_widths(&rest);
        for (int draw = 0; draw < TPE_DRAWS; draw++) {
            tpe_draw(&best, &draws, point);
            double worth = tl__tpe_log_density(&best, point) - tl__tpe_log_density(&rest, point);
            if (draw > 0 && !(worth > highest)) continue;
            highest = worth;
            memcpy(place, point, axes * sizeof *point);
        }
        tpe_add(&rest, place);    /* at work: not to be tried again beside it */
    }
    tl__free(view->heap, places, places ? bytes : 0);
    return TL_OK;
}

TL_PRIV const tl__member_head *tl__search_tpe(void)
{
    static const tl__search_method method = {
        .head = {.name = "tpe", .help = "Tree-structured Parzen estimator: densities of the best trials and of the "
                                        "rest; for many parameters, names among them."},
        .learns = true,
        .propose = search_tpe_propose};
    return &method.head;
}
