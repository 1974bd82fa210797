/* Values of groups side by side: every value a dot, moved a little up or down so that equal ones show; a box over the
 * middle half. Quartiles are interpolated between values (R. Hyndman, Y. Fan 1996, type 7). */
#include "base/math.h"
#include "plot/frame.h"

enum { SPREAD_MOST = 512, SPREAD_BOX_FROM = 5 };

#define SORT_NAME spread_sort
#define SORT_TYPE double
#define SORT_USER int
#define SORT_BEFORE(user, b, a) ((b) < (a))
#include "base/sort.inc.h"

static double spread_quantile(const double *sorted, size_t count, double part)
{
    double place = part * (double)(count - 1);
    size_t below = (size_t)place, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (place - (double)below);
}

/* The finite values, in order; those beyond the room are left out evenly. */
static size_t spread_take(const double *values, size_t size, double *sorted)
{
    double scratch[SPREAD_MOST];
    size_t used = 0, step = 1 + (size ? (size - 1) / SPREAD_MOST : 0);
    for (size_t i = 0; i < size; i += step)
        if (tl__frame_number(values[i])) sorted[used++] = values[i];
    spread_sort(sorted, scratch, used, 0);
    return used;
}

static void spread_box(const tl__frame *frame, const double *sorted, size_t count, double y, double height)
{
    double half = height * 0.26 > 14 ? 14 : height * 0.26;
    tl__point low = tl__frame_at(frame, spread_quantile(sorted, count, 0.25), 1);
    tl__point high = tl__frame_at(frame, spread_quantile(sorted, count, 0.75), 1);
    tl__point middle = tl__frame_at(frame, spread_quantile(sorted, count, 0.5), 1);
    tl__draw_line(frame->canvas, tl__frame_at(frame, sorted[0], 1).x, y, low.x, y, TL__INK_MUTED, 1);
    tl__draw_line(frame->canvas, high.x, y, tl__frame_at(frame, sorted[count - 1], 1).x, y, TL__INK_MUTED, 1);
    tl__draw_box(frame->canvas, (tl__box){low.x, y - half, high.x - low.x, 2 * half}, TL__INK_SERIES + 5, 0.35);
    tl__draw_line(frame->canvas, middle.x, y - half, middle.x, y + half, TL__INK_SERIES, 2.5);
}

/* The mean and its interval, behind the dots. */
static void spread_mean(const tl__spread *of, const tl__frame *frame, size_t g, double y, double height)
{
    double half = height * 0.3 > 10 ? 10 : height * 0.3, at = tl__frame_at(frame, of->means[g], 1).x;
    if (!tl__frame_number(of->means[g])) return;
    if (tl__frame_number(of->low[g]) && tl__frame_number(of->high[g])) {
        double low = tl__frame_at(frame, of->low[g], 1).x, high = tl__frame_at(frame, of->high[g], 1).x;
        tl__draw_box(frame->canvas, (tl__box){low, y - half, high - low, 2 * half}, TL__INK_SERIES + 5, 0.35);
    }
    tl__draw_line(frame->canvas, at, y - half - 2, at, y + half + 2, TL__INK_SERIES + 1, 2.5);
}

static void spread_group(const tl__spread *of, const tl__frame *frame, size_t g)
{
    double sorted[SPREAD_MOST], height, y = tl__frame_row(frame, g, of->count, &height);
    size_t count = spread_take(of->values[g], of->sizes[g], sorted);
    if (of->means) spread_mean(of, frame, g, y, height);
    else if (count >= SPREAD_BOX_FROM) spread_box(frame, sorted, count, y, height);
    double radius = count > 60 ? 2 : 3, room = height * 0.3 > 12 ? 12 : height * 0.3, before = -1e300;
    int row = 0;
    for (size_t i = 0; i < count; i++) {
        tl__point at = tl__frame_at(frame, sorted[i], 1);
        row = at.x - before < radius * 1.8 ? row + 1 : 0;    /* those that would meet go to and fro about the middle */
        before = at.x;
        int places = 1 + 2 * (int)(room / (radius * 1.4)), place = row % places;
        double shift = (place + 1) / 2 * radius * 1.4 * (place % 2 ? 1 : -1);
        frame->canvas->format->dot(frame->canvas, (tl__point){at.x, y + shift}, radius, TL__INK_SERIES, 0.75);
    }
    if (count == 0)
        tl__draw_text(frame->canvas, frame->left + 6, y + 4, TL__FRAME_SMALL, TL__INK_MUTED, TL__ANCHOR_START,
                      "no values");
}

TL_PRIV void tl__spread_draw(const void *spread, tl__canvas *canvas, tl__box box)
{
    const tl__spread *of = spread;
    double low, high;
    tl__frame frame = {.canvas = canvas, .box = box, .title = of->title, .x_label = of->x_label, .x_grid = true,
                       .names = of->names, .name_count = of->count, .marks = of->marks, .mark_count = of->mark_count};
    tl__range_begin(&low, &high);
    for (size_t g = 0; g < of->count; g++)
        for (size_t i = 0; i < of->sizes[g]; i++) tl__range_take(of->values[g][i], false, &low, &high);
    for (size_t g = 0; of->means && g < of->count; g++) {
        tl__range_take(of->low[g], false, &low, &high);
        tl__range_take(of->high[g], false, &low, &high);
    }
    if (of->means && of->count) {
        tl__frame_legend(&frame, "a seed", TL__SWATCH_DOT, TL__INK_SERIES, false);
        tl__frame_legend(&frame, "mean", TL__SWATCH_LINE, TL__INK_SERIES + 1, false);
        tl__frame_legend(&frame, "its 95 % interval", TL__SWATCH_BAND, TL__INK_SERIES + 5, false);
    }
    for (size_t i = 0; i < of->mark_count; i++) tl__range_take(of->marks[i].at, false, &low, &high);
    tl__frame_axis(&frame.x, of->percent ? TL__AXIS_SHARES : TL__AXIS_NUMBERS, low, high, box.width * 0.8, true);
    tl__frame_layout(&frame);
    tl__frame_draw(&frame);
    tl__frame_marks(&frame);
    for (size_t g = 0; g < of->count; g++) spread_group(of, &frame, g);
    if (of->count == 0) tl__frame_empty(&frame, "no values");
}
