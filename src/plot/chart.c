/* Lines, bands and points: axes from the data, then grid, bands, lines, points: data lies above the grid. */
#include "plot/chart.h"

#include "base/math.h"
#include "plot/frame.h"

enum { CHART_PIECE = 256 };

static void chart_axes(const tl__chart *chart, tl__frame *frame)
{
    double x_low, x_high, y_low, y_high;
    bool whole = true;           /* epochs, steps and the like have none between them */
    tl__range_begin(&x_low, &x_high);
    tl__range_begin(&y_low, &y_high);
    if (chart->x_low != 0 || chart->x_high != 0) {
        tl__range_take(chart->x_low, chart->x_log, &x_low, &x_high);
        tl__range_take(chart->x_high, chart->x_log, &x_low, &x_high);
    }
    if (chart->y_low != 0 || chart->y_high != 0) {
        tl__range_take(chart->y_low, chart->y_log, &y_low, &y_high);
        tl__range_take(chart->y_high, chart->y_log, &y_low, &y_high);
    }
    for (size_t s = 0; s < chart->count; s++)
        for (size_t i = 0; i < chart->series[s].count; i++) {
            const tl__chart_series *series = &chart->series[s];
            if (!tl__is_finite_d(series->y[i])) continue;
            tl__range_take(series->x[i], chart->x_log, &x_low, &x_high);
            whole = whole && tl__floor(series->x[i]) == series->x[i];
            tl__range_take(series->y[i], chart->y_log, &y_low, &y_high);
            if (series->high) tl__range_take(series->high[i], chart->y_log, &y_low, &y_high);
        }
    for (size_t i = 0; i < chart->mark_count; i++)
        if (chart->marks[i].level) tl__range_take(chart->marks[i].at, chart->y_log, &y_low, &y_high);
    tl__axis_kind x_kind = chart->x_log ? TL__AXIS_LOGS : whole ? TL__AXIS_COUNTS : TL__AXIS_NUMBERS;
    tl__axis_kind y_kind = chart->y_log ? TL__AXIS_LOGS : chart->y_percent ? TL__AXIS_SHARES : TL__AXIS_NUMBERS;
    tl__frame_axis(&frame->y, y_kind, y_low, y_high, frame->box.height, true);
    double length = chart->square ? frame->box.height : frame->box.width;
    if (chart->x_times) tl__axis_times(&frame->x, x_low, x_high, (int)(length / 90));
    else tl__frame_axis(&frame->x, x_kind, x_low, x_high, length, false);
}

static void chart_legend(const tl__chart *chart, tl__frame *frame)
{
    static const tl__swatch swatches[] = {TL__SWATCH_LINE, TL__SWATCH_BAND, TL__SWATCH_DOT, TL__SWATCH_LINE};
    for (size_t s = 0; s < chart->count; s++)
        tl__frame_legend(frame, chart->series[s].name, swatches[chart->series[s].kind],
                         TL__INK_SERIES + chart->series[s].colour % TL__SERIES_COLOURS, chart->series[s].dashed);
    tl__frame_legend_levels(frame);
}

/* In pieces that share a point: a line of any length needs no memory. A point between gaps is a dot. */
static void chart_line(const tl__frame *frame, const tl__chart_series *series)
{
    tl__point piece[CHART_PIECE];
    size_t used = 0;
    bool steps = series->kind == TL__CHART_STEPS;
    const tl__canvas_format *format = frame->canvas->format;
    const tl__stroke stroke = {.ink = TL__INK_SERIES + series->colour % TL__SERIES_COLOURS, .width = 1.8,
                               .dashed = series->dashed, .opacity = series->opacity};
    for (size_t i = 0; i <= series->count; i++) {
        bool there = i < series->count && tl__frame_has(frame, series->x[i], series->y[i]);
        tl__point at = there ? tl__frame_at(frame, series->x[i], series->y[i]) : (tl__point){0, 0};
        if (there && steps && used > 0) piece[used] = (tl__point){at.x, piece[used - 1].y}, used++;
        if (there) piece[used++] = at;
        if (there && used + 2 <= CHART_PIECE) continue;
        if (used > 1) format->line(frame->canvas, piece, used, &stroke);
        else if (used == 1 && !there) format->dot(frame->canvas, piece[0], 2.5, stroke.ink, 1);
        if (there) piece[0] = piece[used - 1];
        used = there;
    }
}

/* Piece by piece, to and fro. */
static void chart_band(const tl__frame *frame, const tl__chart_series *series)
{
    enum { HALF = CHART_PIECE / 2 };
    tl__point piece[CHART_PIECE];
    size_t first = 0;
    while (first + 1 < series->count) {
        size_t count = 0, used = 0;
        while (count < HALF && first + count < series->count &&
               tl__frame_has(frame, series->x[first + count], series->y[first + count]) &&
               tl__frame_has(frame, series->x[first + count], series->high[first + count])) count++;
        for (size_t i = 0; i < count; i++)
            piece[used++] = tl__frame_at(frame, series->x[first + i], series->y[first + i]);
        for (size_t i = count; i-- > 0;)
            piece[used++] = tl__frame_at(frame, series->x[first + i], series->high[first + i]);
        if (count > 1)
            frame->canvas->format->area(frame->canvas, piece, used,
                                        TL__INK_SERIES + series->colour % TL__SERIES_COLOURS, 0.25);
        first += count > 1 ? count - (count == HALF) : 1;
    }
}

static size_t chart_series(const tl__chart *chart, const tl__frame *frame, tl__chart_kind kind)
{
    size_t seen = 0;
    for (size_t s = 0; s < chart->count; s++) {
        const tl__chart_series *series = &chart->series[s];
        bool is_line = kind == TL__CHART_LINE && series->kind == TL__CHART_STEPS;
        if (series->kind != kind && !is_line) continue;
        for (size_t i = 0; i < series->count; i++) seen += tl__frame_has(frame, series->x[i], series->y[i]);
        if (kind == TL__CHART_LINE) chart_line(frame, series);
        if (kind == TL__CHART_BAND) chart_band(frame, series);
        for (size_t i = 0; kind == TL__CHART_POINTS && i < series->count; i++)
            if (tl__frame_has(frame, series->x[i], series->y[i]))
                frame->canvas->format->dot(frame->canvas, tl__frame_at(frame, series->x[i], series->y[i]), 2.5,
                                           TL__INK_SERIES + series->colour % TL__SERIES_COLOURS,
                                           series->opacity > 0 ? series->opacity : 1);
    }
    return seen;
}

TL_PRIV void tl__chart_draw(const void *of, tl__canvas *canvas, tl__box box)
{
    const tl__chart *chart = of;
    tl__frame frame = {.canvas = canvas, .box = box, .title = chart->title, .x_label = chart->x_label,
                       .y_label = chart->y_label, .x_log = chart->x_log, .y_log = chart->y_log,
                       .square = chart->square, .marks = chart->marks, .mark_count = chart->mark_count};
    chart_axes(chart, &frame);
    chart_legend(chart, &frame);
    tl__frame_layout(&frame);
    tl__frame_draw(&frame);
    if (chart->diagonal) {
        const tl__point line[] = {{frame.left, frame.bottom}, {frame.right, frame.top}};
        const tl__stroke stroke = {.ink = TL__INK_MUTED, .width = 1, .dashed = true};
        canvas->format->line(canvas, line, 2, &stroke);
    }
    size_t seen = chart_series(chart, &frame, TL__CHART_BAND);
    tl__frame_marks(&frame);
    seen += chart_series(chart, &frame, TL__CHART_LINE);
    seen += chart_series(chart, &frame, TL__CHART_POINTS);
    if (seen == 0) tl__frame_empty(&frame, "no values");
}
