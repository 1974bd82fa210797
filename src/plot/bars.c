/* Level bars, from the top, with the value at each bar's end where there is room. */
#include "base/math.h"
#include "base/text.h"
#include "plot/frame.h"

enum { BARS_MOST = 30 };

static double bars_value(const tl__bars *bars, const double *of, size_t row, size_t group)
{
    return of[row * (bars->group_count ? bars->group_count : 1) + group];
}

static void bars_axis(const tl__bars *bars, size_t rows, size_t groups, tl__frame *frame)
{
    double low = 0, high = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t g = 0; g < groups; g++) {
            tl__range_take(bars_value(bars, bars->values, r, g), false, &low, &high);
            if (bars->low) tl__range_take(bars_value(bars, bars->low, r, g), false, &low, &high);
            if (bars->high) tl__range_take(bars_value(bars, bars->high, r, g), false, &low, &high);
        }
    for (size_t i = 0; i < bars->mark_count; i++) tl__range_take(bars->marks[i].at, false, &low, &high);
    if (low == 0 && high == 0) high = 1;
    tl__frame_axis(&frame->x, bars->percent ? TL__AXIS_SHARES : TL__AXIS_NUMBERS, low, high, frame->box.width * 0.8,
                   true);
}

static void bars_error(const tl__bars *bars, const tl__frame *frame, size_t r, size_t g, double y, double height)
{
    double low = bars->low ? bars_value(bars, bars->low, r, g) : 0.0 / 0.0;
    double high = bars->high ? bars_value(bars, bars->high, r, g) : 0.0 / 0.0;
    if (!tl__frame_number(low) || !tl__frame_number(high)) return;
    double x0 = tl__frame_at(frame, low, 1).x, x1 = tl__frame_at(frame, high, 1).x, cap = height * 0.22;
    if (cap > 4) cap = 4;
    tl__draw_line(frame->canvas, x0, y, x1, y, TL__INK_TEXT, 1.2);
    tl__draw_line(frame->canvas, x0, y - cap, x0, y + cap, TL__INK_TEXT, 1.2);
    tl__draw_line(frame->canvas, x1, y - cap, x1, y + cap, TL__INK_TEXT, 1.2);
}

/* The value beside the end of its bar, or within where there is no room beside it. */
static void bars_number(const tl__bars *bars, const tl__frame *frame, double value, double end, double y, double thick)
{
    char text[32];
    double size = thick > 13 ? TL__FRAME_SMALL : thick * 0.8;
    if (size < 7.5 || bars->low || bars->high) return;
    tl__format(text, sizeof text, bars->percent ? "%.1f %%" : "%.3g", bars->percent ? value * 100 : value);
    double width = tl__text_width(text, size, false);
    bool left = value < 0, within = left ? end - width - 4 < frame->left : end + width + 4 > frame->right + 4;
    tl__draw_text(frame->canvas, end + (left != within ? -4 : 4), y + size * 0.36, size,
                  within ? TL__INK_PAPER : TL__INK_MUTED, left != within ? TL__ANCHOR_END : TL__ANCHOR_START, text);
}

static void bars_row(const tl__bars *bars, const tl__frame *frame, size_t r, size_t rows, size_t groups)
{
    double height, middle = tl__frame_row(frame, r, rows, &height), zero = tl__frame_at(frame, 0, 1).x;
    double thick = height * (groups > 1 ? 0.8 : 0.64) / (double)groups;
    if (thick > 26) thick = 26;
    for (size_t g = 0; g < groups; g++) {
        double value = bars_value(bars, bars->values, r, g);
        double y = middle + ((double)g - (double)(groups - 1) / 2) * thick;
        if (!tl__frame_number(value)) {
            if (thick > 8)
                tl__draw_text(frame->canvas, zero + 4, y + 4, 9, TL__INK_MUTED, TL__ANCHOR_START, "no value");
            continue;
        }
        double end = tl__frame_at(frame, value, 1).x, from = end < zero ? end : zero;
        tl__box box = {from, y - thick * 0.46, end < zero ? zero - end : end - zero, thick * 0.92};
        if (box.width < 0.75) box.width = 0.75;
        tl__draw_box(frame->canvas, box, TL__INK_SERIES + (int)(g % TL__SERIES_COLOURS), groups > 1 ? 1 : 0.9);
        bars_error(bars, frame, r, g, y, thick);
        bars_number(bars, frame, value, end, y, thick);
    }
}

TL_PRIV void tl__bars_draw(const void *of, tl__canvas *canvas, tl__box box)
{
    const tl__bars *bars = of;
    size_t groups = bars->group_count ? bars->group_count : 1;
    size_t rows = tl__size_min(bars->count, bars->most ? bars->most : BARS_MOST);
    tl__frame frame = {.canvas = canvas, .box = box, .title = bars->title, .x_label = bars->x_label, .x_grid = true,
                       .names = bars->names, .name_count = rows, .marks = bars->marks,
                       .mark_count = bars->mark_count};
    char rest[64];
    if (rows < bars->count) {
        tl__format(rest, sizeof rest, "and %zu more", bars->count - rows);
        frame.box.height -= 14;
        tl__draw_text(canvas, box.x + 14, box.y + box.height - 6, TL__FRAME_SMALL, TL__INK_MUTED, TL__ANCHOR_START,
                      rest);
    }
    bars_axis(bars, rows, groups, &frame);
    for (size_t g = 0; bars->groups && g < groups; g++)
        tl__frame_legend(&frame, bars->groups[g], TL__SWATCH_BOX, TL__INK_SERIES + (int)(g % TL__SERIES_COLOURS),
                         false);
    tl__frame_layout(&frame);
    tl__frame_draw(&frame);
    for (size_t r = 0; r < rows; r++) bars_row(bars, &frame, r, rows, groups);
    double zero = tl__frame_at(&frame, 0, 1).x;
    tl__draw_line(canvas, zero, frame.top, zero, frame.bottom, TL__INK_MUTED, 1);
    tl__frame_marks(&frame);
    if (rows == 0) tl__frame_empty(&frame, "no values");
}
