/* Layout first, from the widths of the labels; then grid, bands, lines, points, text: data lies above the grid. */
#include "plot/chart.h"

#include "base/math.h"
#include "plot/axis.h"

enum { CHART_TITLE = 15, CHART_TEXT = 12, CHART_SMALL = 11, CHART_PIECE = 256 };

typedef struct chart_frame {
    const tl__chart *chart;
    tl__canvas *canvas;
    tl__plot_axis x, y;
    double left, right, top, bottom;    /* of the plot on the page */
} chart_frame;

static tl__point chart_place(const chart_frame *frame, double x, double y)
{
    tl__point at = {
        frame->left + (x - frame->x.low) / (frame->x.high - frame->x.low) * (frame->right - frame->left),
        frame->bottom - (y - frame->y.low) / (frame->y.high - frame->y.low) * (frame->bottom - frame->top),
    };
    return at;
}

static void chart_take(double value, double *low, double *high)
{
    if (!tl__is_finite_d(value)) return;
    if (value < *low) *low = value;
    if (value > *high) *high = value;
}

static void chart_axes(chart_frame *frame)
{
    const tl__chart *chart = frame->chart;
    double inf = tl__bits_double(0x7ff0000000000000u), x_low = inf, x_high = -inf, y_low = inf, y_high = -inf;
    for (size_t s = 0; s < chart->count; s++)
        for (size_t i = 0; i < chart->series[s].count; i++) {
            chart_take(chart->series[s].x[i], &x_low, &x_high);
            chart_take(chart->series[s].y[i], &y_low, &y_high);
            if (chart->series[s].high) chart_take(chart->series[s].high[i], &y_low, &y_high);
        }
    tl__axis_numbers(&frame->y, y_low, y_high, (int)(frame->canvas->height / 60), true);
    int wanted = (int)(frame->canvas->width / 90);
    if (chart->x_times) tl__axis_times(&frame->x, x_low, x_high, wanted);
    else tl__axis_numbers(&frame->x, x_low, x_high, wanted, false);
}

static void chart_text(const chart_frame *frame, double x, double y, double size, int ink, tl__anchor anchor,
                       const char *text)
{
    tl__text_style style = {.size = size, .ink = ink, .anchor = anchor, .bold = size == CHART_TITLE};
    frame->canvas->format->text(frame->canvas, (tl__point){x, y}, &style, text);
}

/* Rows of the legend when it is laid out in this width; with `draw` it is drawn from y on. */
static int chart_legend(const chart_frame *frame, double y, bool draw)
{
    const tl__chart *chart = frame->chart;
    const tl__canvas_format *format = frame->canvas->format;
    double x = frame->left;
    int rows = 0;
    for (size_t s = 0; s < chart->count; s++) {
        const tl__chart_series *series = &chart->series[s];
        if (!series->name) continue;
        double width = 26 + tl__text_width(series->name, CHART_SMALL, false);
        if (rows == 0) rows = 1;
        else if (x + width > frame->right) x = frame->left, rows++;
        double at = y + 16 * (rows - 1);
        tl__point mark[] = {{x, at - 4}, {x + 20, at - 4}};
        tl__point box[] = {{x, at - 8}, {x + 20, at - 8}, {x + 20, at}, {x, at}};
        int ink = TL__INK_SERIES + series->colour;
        if (draw && series->kind == TL__CHART_LINE) format->line(frame->canvas, mark, 2, ink, 2, series->dashed);
        if (draw && series->kind == TL__CHART_BAND) format->area(frame->canvas, box, 4, ink, 0.25);
        if (draw && series->kind == TL__CHART_POINTS) format->dot(frame->canvas, (tl__point){x + 10, at - 4}, 3, ink);
        if (draw) chart_text(frame, x + 26, at, CHART_SMALL, TL__INK_TEXT, TL__ANCHOR_START, series->name);
        x += width + 18;
    }
    return rows;
}

static void chart_layout(chart_frame *frame)
{
    const tl__chart *chart = frame->chart;
    double widest = 0;
    for (int i = 0; i < frame->y.count; i++) {
        double width = tl__text_width(frame->y.ticks[i].label, CHART_SMALL, false);
        if (width > widest) widest = width;
    }
    bool below = false;
    for (int i = 0; i < frame->x.count; i++) below = below || frame->x.ticks[i].below[0];
    frame->left = 16 + widest + (chart->y_label && *chart->y_label ? 20 : 0);
    frame->right = frame->canvas->width - 20;
    frame->top = (chart->title && *chart->title ? 34 : 12) + 16 * chart_legend(frame, 0, false) + 4;
    frame->bottom = frame->canvas->height - 24 - (below ? 14 : 0) - (chart->x_label && *chart->x_label ? 18 : 0);
}

static void chart_grid(const chart_frame *frame)
{
    const tl__canvas_format *format = frame->canvas->format;
    for (int i = 0; i < frame->y.count; i++) {
        double y = chart_place(frame, frame->x.low, frame->y.ticks[i].at).y;
        tl__point line[] = {{frame->left, y}, {frame->right, y}};
        format->line(frame->canvas, line, 2, TL__INK_GRID, 1, false);
        chart_text(frame, frame->left - 6, y + 4, CHART_SMALL, TL__INK_MUTED, TL__ANCHOR_END, frame->y.ticks[i].label);
    }
    for (int i = 0; i < frame->x.count; i++) {
        const tl__tick *tick = &frame->x.ticks[i];
        double x = chart_place(frame, tick->at, frame->y.low).x;
        tl__point line[] = {{x, frame->bottom}, {x, frame->bottom + 4}};
        format->line(frame->canvas, line, 2, TL__INK_MUTED, 1, false);
        chart_text(frame, x, frame->bottom + 17, CHART_SMALL, TL__INK_MUTED, TL__ANCHOR_MIDDLE, tick->label);
        if (tick->below[0])
            chart_text(frame, x, frame->bottom + 31, CHART_SMALL, TL__INK_MUTED, TL__ANCHOR_MIDDLE, tick->below);
    }
    tl__point base[] = {{frame->left, frame->bottom}, {frame->right, frame->bottom}};
    format->line(frame->canvas, base, 2, TL__INK_MUTED, 1, false);
}

static void chart_words(const chart_frame *frame)
{
    const tl__chart *chart = frame->chart;
    double middle = (frame->top + frame->bottom) / 2;
    if (chart->title && *chart->title)
        chart_text(frame, frame->left, 24, CHART_TITLE, TL__INK_TEXT, TL__ANCHOR_START, chart->title);
    if (chart->x_label && *chart->x_label)
        chart_text(frame, (frame->left + frame->right) / 2, frame->canvas->height - 8, CHART_TEXT, TL__INK_TEXT,
                   TL__ANCHOR_MIDDLE, chart->x_label);
    if (chart->y_label && *chart->y_label) {
        tl__text_style style = {.size = CHART_TEXT, .ink = TL__INK_TEXT, .anchor = TL__ANCHOR_MIDDLE, .upwards = true};
        frame->canvas->format->text(frame->canvas, (tl__point){16, middle}, &style, chart->y_label);
    }
    chart_legend(frame, chart->title && *chart->title ? 46 : 22, true);
}

/* In pieces that share a point: a line of any length needs no memory. */
static void chart_line(const chart_frame *frame, const tl__chart_series *series)
{
    tl__point piece[CHART_PIECE];
    size_t used = 0;
    for (size_t i = 0; i <= series->count; i++) {
        bool there = i < series->count && tl__is_finite_d(series->y[i]) && tl__is_finite_d(series->x[i]);
        if (there) piece[used++] = chart_place(frame, series->x[i], series->y[i]);
        if (there && used < CHART_PIECE) continue;
        if (used > 1)
            frame->canvas->format->line(frame->canvas, piece, used, TL__INK_SERIES + series->colour, 1.8,
                                        series->dashed);
        else if (used == 1 && !there)
            frame->canvas->format->dot(frame->canvas, piece[0], 2, TL__INK_SERIES + series->colour);
        if (there) piece[0] = piece[used - 1];
        used = there;
    }
}

/* Piece by piece, to and fro. */
static void chart_band(const chart_frame *frame, const tl__chart_series *series)
{
    enum { HALF = CHART_PIECE / 2 };
    tl__point piece[CHART_PIECE];
    for (size_t first = 0; first + 1 < series->count; first += HALF - 1) {
        size_t count = tl__size_min(HALF, series->count - first), used = 0;
        for (size_t i = 0; i < count; i++)
            piece[used++] = chart_place(frame, series->x[first + i], series->y[first + i]);
        for (size_t i = count; i-- > 0;)
            piece[used++] = chart_place(frame, series->x[first + i], series->high[first + i]);
        frame->canvas->format->area(frame->canvas, piece, used, TL__INK_SERIES + series->colour, 0.25);
    }
}

static void chart_series(const chart_frame *frame, tl__chart_kind kind)
{
    for (size_t s = 0; s < frame->chart->count; s++) {
        const tl__chart_series *series = &frame->chart->series[s];
        if (series->kind != kind) continue;
        if (kind == TL__CHART_LINE) chart_line(frame, series);
        if (kind == TL__CHART_BAND) chart_band(frame, series);
        for (size_t i = 0; kind == TL__CHART_POINTS && i < series->count; i++)
            if (tl__is_finite_d(series->y[i]))
                frame->canvas->format->dot(frame->canvas, chart_place(frame, series->x[i], series->y[i]), 2.5,
                                           TL__INK_SERIES + series->colour);
    }
}

TL_PRIV void tl__chart_draw(const tl__chart *chart, tl__canvas *canvas)
{
    chart_frame frame = {.chart = chart, .canvas = canvas};
    canvas->format->begin(canvas, chart->title ? chart->title : "");
    chart_axes(&frame);
    chart_layout(&frame);
    chart_grid(&frame);
    chart_series(&frame, TL__CHART_BAND);
    if (chart->mark == chart->mark) {
        double x = chart_place(&frame, chart->mark, frame.y.low).x;
        tl__point line[] = {{x, frame.top}, {x, frame.bottom}};
        canvas->format->line(canvas, line, 2, TL__INK_MUTED, 1, true);
    }
    chart_series(&frame, TL__CHART_LINE);
    chart_series(&frame, TL__CHART_POINTS);
    chart_words(&frame);
    canvas->format->end(canvas);
}
