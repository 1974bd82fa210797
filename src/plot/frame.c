/* Layout and drawing of what stands around the data. */
#include "plot/frame.h"

#include "base/math.h"

enum { FRAME_TEXT_BYTES = 256, FRAME_ROW = 16, FRAME_GAP = 18, FRAME_SWATCH = 26 };

TL_PRIV void tl__range_begin(double *low, double *high)
{
    *low = tl__bits_double(0x7ff0000000000000u);
    *high = -*low;
}

static bool frame_shows(double value, bool log) { return tl__frame_number(value) && (!log || value > 0); }

TL_PRIV void tl__range_take(double value, bool log, double *low, double *high)
{
    if (!frame_shows(value, log)) return;
    if (value < *low) *low = value;
    if (value > *high) *high = value;
}

TL_PRIV void tl__frame_axis(tl__plot_axis *axis, tl__axis_kind kind, double low, double high, double length,
                            bool widen)
{
    int wanted = (int)(length / (widen ? 48 : 80));
    if (kind == TL__AXIS_LOGS) tl__axis_logs(axis, low, high, wanted);
    else tl__axis_numbers(axis, kind, low, high, wanted, widen);
}

TL_PRIV void tl__frame_legend(tl__frame *frame, const char *name, tl__swatch kind, int ink, bool dashed)
{
    if (!name || !*name || frame->legend_count == TL__FRAME_LEGEND) return;
    frame->legend[frame->legend_count++] = (tl__legend_item){name, kind, ink, dashed};
}

TL_PRIV void tl__frame_legend_levels(tl__frame *frame)
{
    for (size_t i = 0; i < frame->mark_count; i++)
        if (frame->marks[i].level && tl__is_finite_d(frame->marks[i].at))
            tl__frame_legend(frame, frame->marks[i].label, TL__SWATCH_LINE, TL__INK_MUTED, true);
}

TL_PRIV bool tl__frame_has(const tl__frame *frame, double x, double y)
{
    return frame_shows(x, frame->x_log) && frame_shows(y, frame->y_log);
}

TL_PRIV tl__point tl__frame_at(const tl__frame *frame, double x, double y)
{
    if (frame->x_log) x = tl__axis_log(x);
    if (frame->y_log) y = tl__axis_log(y);
    return (tl__point){
        frame->left + (x - frame->x.low) / (frame->x.high - frame->x.low) * (frame->right - frame->left),
        frame->bottom - (y - frame->y.low) / (frame->y.high - frame->y.low) * (frame->bottom - frame->top)};
}

TL_PRIV double tl__frame_row(const tl__frame *frame, size_t i, size_t n, double *height)
{
    *height = (frame->bottom - frame->top) / (double)(n ? n : 1);
    return frame->top + *height * ((double)i + 0.5);
}

static void frame_swatch(const tl__frame *frame, const tl__legend_item *item, double x, double y)
{
    const tl__canvas_format *format = frame->canvas->format;
    const tl__point line[] = {{x, y - 4}, {x + 20, y - 4}};
    const tl__stroke stroke = {.ink = item->ink, .width = 2, .dashed = item->dashed};
    if (item->kind == TL__SWATCH_LINE) format->line(frame->canvas, line, 2, &stroke);
    else if (item->kind == TL__SWATCH_DOT) format->dot(frame->canvas, (tl__point){x + 10, y - 4}, 3.5, item->ink, 1);
    else tl__draw_box(frame->canvas, (tl__box){x, y - 9, 20, 10}, item->ink,
                      item->kind == TL__SWATCH_BAND ? 0.25 : 1);
}

/* Rows of the legend; with `draw` it is drawn from y on. */
static int frame_legend(const tl__frame *frame, double y, bool draw)
{
    double left = frame->legend_left, x = left, room = frame->legend_right - left;
    int rows = frame->legend_count ? 1 : 0;
    for (size_t i = 0; i < frame->legend_count; i++) {
        char name[FRAME_TEXT_BYTES];
        double swatch = frame->legend[i].kind == TL__SWATCH_NONE ? 0 : FRAME_SWATCH;
        tl__text_fit(name, sizeof name, frame->legend[i].name, TL__FRAME_SMALL, false, room - swatch);
        double width = swatch + tl__text_width(name, TL__FRAME_SMALL, false);
        if (x > left && x + width > frame->legend_right) x = left, rows++;
        double at = y + FRAME_ROW * (rows - 1);
        if (draw) {
            if (swatch > 0) frame_swatch(frame, &frame->legend[i], x, at);
            tl__draw_text(frame->canvas, x + swatch, at, TL__FRAME_SMALL, TL__INK_TEXT, TL__ANCHOR_START, name);
        }
        x += width + FRAME_GAP;
    }
    return rows;
}

/* Labels of marks stand above the plot, those that would meet on rows of their own; the row of each, the number of
 * rows in all. */
static int frame_mark_rows(const tl__frame *frame, size_t wanted, double *x, tl__anchor *anchor)
{
    double ends[4] = {0};
    int rows = 0;
    for (size_t i = 0; i < frame->mark_count && i <= wanted; i++) {
        const tl__chart_mark *mark = &frame->marks[i];
        if (mark->level || !mark->label || !tl__frame_has(frame, mark->at, 1)) continue;
        double width = tl__text_width(mark->label, TL__FRAME_SMALL, false);
        *x = tl__frame_at(frame, mark->at, frame->y.low).x;
        *anchor = *x + width / 2 > frame->right ? TL__ANCHOR_END
                  : *x - width / 2 < frame->left ? TL__ANCHOR_START : TL__ANCHOR_MIDDLE;
        double begin = *anchor == TL__ANCHOR_END ? *x - width : *anchor == TL__ANCHOR_START ? *x : *x - width / 2;
        int row = 0;
        while (row < rows && row < 3 && ends[row] + 8 > begin) row++;
        ends[row] = begin + width;
        if (row >= rows) rows = row + 1;
        if (i == wanted) return row;
    }
    return rows;
}

static double frame_title_height(const tl__frame *frame) { return frame->title && *frame->title ? 30 : 8; }

static void frame_left(tl__frame *frame)
{
    double widest = 0;
    frame->name_width = 0;
    for (int i = 0; !frame->no_y && !frame->names && i < frame->y.count; i++) {
        double width = tl__text_width(frame->y.ticks[i].label, TL__FRAME_SMALL, false);
        if (width > widest) widest = width;
    }
    for (size_t i = 0; frame->names && i < frame->name_count; i++) {
        double width = tl__text_width(frame->names[i], TL__FRAME_SMALL, false);
        if (width > widest) widest = width;
    }
    if (frame->names && widest > frame->box.width * 0.35) widest = frame->box.width * 0.35;
    frame->name_width = widest;
    bool words = frame->y_label && *frame->y_label;
    frame->left = frame->box.x + 14 + (widest > 0 ? widest + 6 : 0) + (words ? 18 : 0);
}

TL_PRIV void tl__frame_layout(tl__frame *frame)
{
    const tl__box *box = &frame->box;
    bool below = false;
    frame_left(frame);
    double last = 0;
    for (int i = 0; !frame->no_x && i < frame->x.count; i++) {
        below = below || frame->x.ticks[i].below[0];
        last = tl__text_width(frame->x.ticks[i].label, TL__FRAME_SMALL, false) / 2 + 4;
    }
    frame->right = box->x + box->width - frame->right_room - (last > 16 ? last : 16);
    if (frame->right < frame->left + 20) frame->right = frame->left + 20;
    frame->legend_left = frame->square ? box->x + 14 : frame->left;
    frame->legend_right = frame->square ? box->x + box->width - 16 : frame->right;
    frame->top = box->y + frame_title_height(frame) + FRAME_ROW * frame_legend(frame, 0, false) + 8;
    double x;
    tl__anchor anchor;
    frame->mark_rows = frame_mark_rows(frame, SIZE_MAX, &x, &anchor);
    frame->top += 14 * frame->mark_rows;
    frame->bottom = box->y + box->height - (frame->no_x ? 10 : 26) - (below ? 14 : 0) - frame->below_room -
                    (frame->x_label && *frame->x_label ? 16 : 0);
    if (frame->bottom < frame->top + 20) frame->bottom = frame->top + 20;
    if (!frame->square) return;
    double wide = frame->right - frame->left, high = frame->bottom - frame->top;
    if (wide > high) {
        double shift = (wide - high) / 2;
        frame->left += shift, frame->right -= shift;
    } else {
        frame->bottom = frame->top + wide;
    }
}

static void frame_ticks(const tl__frame *frame)
{
    tl__canvas *canvas = frame->canvas;
    for (int i = 0; !frame->no_y && !frame->names && i < frame->y.count; i++) {
        double part = (frame->y.ticks[i].at - frame->y.low) / (frame->y.high - frame->y.low);
        double y = frame->bottom - part * (frame->bottom - frame->top);
        tl__draw_line(canvas, frame->left, y, frame->right, y, TL__INK_GRID, 1);
        tl__draw_text(canvas, frame->left - 6, y + 4, TL__FRAME_SMALL, TL__INK_MUTED, TL__ANCHOR_END,
                      frame->y.ticks[i].label);
    }
    double bottom = frame->bottom + frame->below_room;
    for (int i = 0; !frame->no_x && i < frame->x.count; i++) {
        const tl__tick *tick = &frame->x.ticks[i];
        double part = (tick->at - frame->x.low) / (frame->x.high - frame->x.low);
        double x = frame->left + part * (frame->right - frame->left);
        if (frame->x_grid) tl__draw_line(canvas, x, frame->top, x, bottom, TL__INK_GRID, 1);
        else tl__draw_line(canvas, x, bottom, x, bottom + 4, TL__INK_MUTED, 1);
        tl__draw_text(canvas, x, bottom + 17, TL__FRAME_SMALL, TL__INK_MUTED, TL__ANCHOR_MIDDLE, tick->label);
        if (tick->below[0])
            tl__draw_text(canvas, x, bottom + 31, TL__FRAME_SMALL, TL__INK_MUTED, TL__ANCHOR_MIDDLE, tick->below);
    }
    if (!frame->no_x && !frame->x_grid)
        tl__draw_line(canvas, frame->left, bottom, frame->right, bottom, TL__INK_MUTED, 1);
}

static void frame_words(const tl__frame *frame)
{
    tl__canvas *canvas = frame->canvas;
    const tl__box *box = &frame->box;
    char text[FRAME_TEXT_BYTES];
    double middle = (frame->left + frame->right) / 2;
    if (frame->title && *frame->title) {
        tl__text_style style = {.size = TL__FRAME_TITLE, .ink = TL__INK_TEXT, .bold = true};
        tl__text_fit(text, sizeof text, frame->title, TL__FRAME_TITLE, true, box->width - 28);
        canvas->format->text(canvas, (tl__point){box->x + 14, box->y + 20}, &style, text);
    }
    if (frame->x_label && *frame->x_label) {
        tl__text_fit(text, sizeof text, frame->x_label, TL__FRAME_TEXT, false, frame->right - box->x);
        tl__draw_text(canvas, middle, box->y + box->height - 8, TL__FRAME_TEXT, TL__INK_TEXT, TL__ANCHOR_MIDDLE,
                      text);
    }
    if (frame->y_label && *frame->y_label) {
        tl__text_style style = {.size = TL__FRAME_TEXT, .ink = TL__INK_TEXT, .anchor = TL__ANCHOR_MIDDLE,
                                .upwards = true};
        double x = frame->left - (frame->name_width > 0 ? frame->name_width + 6 : 0) - 10;
        tl__text_fit(text, sizeof text, frame->y_label, TL__FRAME_TEXT, false, frame->bottom - frame->top + 20);
        canvas->format->text(canvas, (tl__point){x, (frame->top + frame->bottom) / 2}, &style, text);
    }
    for (size_t i = 0; frame->names && i < frame->name_count; i++) {
        double height, y = tl__frame_row(frame, i, frame->name_count, &height);
        double size = height < 12 ? (height < 7 ? 7 : height) : TL__FRAME_SMALL;
        if (height < 6 && i % (size_t)(1 + 8 / height) != 0) continue;
        tl__text_fit(text, sizeof text, frame->names[i], size, false, frame->name_width + 1);
        tl__draw_text(canvas, frame->left - 6, y + size * 0.36, size, TL__INK_TEXT, TL__ANCHOR_END, text);
    }
}

TL_PRIV void tl__frame_draw(const tl__frame *frame)
{
    frame_ticks(frame);
    frame_words(frame);
    frame_legend(frame, frame->box.y + frame_title_height(frame) + 14, true);
}

TL_PRIV void tl__frame_marks(const tl__frame *frame)
{
    for (size_t i = 0; i < frame->mark_count; i++) {
        const tl__chart_mark *mark = &frame->marks[i];
        const tl__stroke stroke = {.ink = TL__INK_MUTED, .width = 1, .dashed = true};
        const tl__plot_axis *axis = mark->level ? &frame->y : &frame->x;
        double x = 0;
        double at = (mark->level ? frame->y_log : frame->x_log) ? tl__axis_log(mark->at) : mark->at;
        tl__anchor anchor = TL__ANCHOR_MIDDLE;
        if (!tl__is_finite_d(at) || at < axis->low || at > axis->high) continue;
        tl__point to = tl__frame_at(frame, mark->level ? 1 : mark->at, mark->level ? mark->at : 1);
        int row = mark->level || !mark->label ? 0 : frame_mark_rows(frame, i, &x, &anchor);
        const tl__point across[] = {{frame->left, to.y}, {frame->right, to.y}};
        const tl__point down[] = {{to.x, frame->top - 3}, {to.x, frame->bottom}};
        frame->canvas->format->line(frame->canvas, mark->level ? across : down, 2, &stroke);
        if (!mark->level && mark->label)
            tl__draw_text(frame->canvas, to.x, frame->top - 6 - 14 * row, TL__FRAME_SMALL, TL__INK_MUTED, anchor,
                          mark->label);
    }
}

TL_PRIV void tl__frame_empty(const tl__frame *frame, const char *words)
{
    tl__draw_text(frame->canvas, (frame->left + frame->right) / 2, (frame->top + frame->bottom) / 2, TL__FRAME_TEXT,
                  TL__INK_MUTED, TL__ANCHOR_MIDDLE, words);
}
