/* ROC and precision-recall curves: a square from 0 to 1 with the line of chance. */
#include "base/math.h"
#include "base/text.h"
#include "plot/frame.h"

enum { RATES_COLOURS = 7, RATES_NAME = 120, RATES_PIECE = 256 };

/* Its points as a line, thinned by nothing; of precision and recall each value holds until the next recall. */
static void rates_curve(const tl__frame *frame, const tl__rate_curve *curve, bool steps, const tl__stroke *stroke)
{
    tl__point piece[RATES_PIECE];
    size_t used = 0;
    for (size_t i = 0; i < curve->count; i++) {
        if (!tl__frame_number(curve->x[i]) || !tl__frame_number(curve->y[i])) continue;
        tl__point at = tl__frame_at(frame, curve->x[i], curve->y[i]);
        if (steps && used > 0) {
            piece[used] = (tl__point){piece[used - 1].x, at.y};
            used++;
        }
        piece[used++] = at;
        if (used + 2 <= RATES_PIECE) continue;
        frame->canvas->format->line(frame->canvas, piece, used, stroke);
        piece[0] = piece[used - 1];
        used = 1;
    }
    if (used > 1) frame->canvas->format->line(frame->canvas, piece, used, stroke);
}

static void rates_legend(const tl__rate_curves *of, tl__frame *frame, char names[][RATES_NAME], size_t shown)
{
    for (size_t i = 0; i < shown; i++) {
        char number[24] = "";
        const char *what = of->kind == TL__RATE_ROC ? "AUC" : "AP";
        if (of->curves[i].area == of->curves[i].area)
            tl__format(number, sizeof number, " (%s %.3f)", what, of->curves[i].area);
        tl__format(names[i], RATES_NAME, "%.80s%s", of->curves[i].name ? of->curves[i].name : "", number);
        tl__frame_legend(frame, names[i], TL__SWATCH_LINE, TL__INK_SERIES + (int)i, false);
    }
    if (of->count > shown) {
        tl__format(names[shown], RATES_NAME, "%zu more", of->count - shown);
        tl__frame_legend(frame, names[shown], TL__SWATCH_LINE, TL__INK_MUTED, false);
    }
    if (of->kind == TL__RATE_ROC) tl__frame_legend(frame, "chance", TL__SWATCH_LINE, TL__INK_MUTED, true);
    else if (of->base == of->base) tl__frame_legend(frame, "guessing", TL__SWATCH_LINE, TL__INK_MUTED, true);
}

TL_PRIV void tl__rate_curves_draw(const void *curves, tl__canvas *canvas, tl__box box)
{
    const tl__rate_curves *of = curves;
    bool roc = of->kind == TL__RATE_ROC;
    char names[TL__SERIES_COLOURS][RATES_NAME];
    size_t shown = of->count <= TL__SERIES_COLOURS - 1 ? of->count : RATES_COLOURS - 1;
    tl__frame frame = {.canvas = canvas, .box = box, .title = of->title, .square = true,
                       .x_label = roc ? "false positive rate" : "recall",
                       .y_label = roc ? "true positive rate" : "precision"};
    tl__frame_axis(&frame.x, TL__AXIS_NUMBERS, 0, 1, box.height, true);
    tl__frame_axis(&frame.y, TL__AXIS_NUMBERS, 0, 1, box.height, true);
    rates_legend(of, &frame, names, shown);
    tl__frame_layout(&frame);
    tl__frame_draw(&frame);
    tl__point from = tl__frame_at(&frame, 0, roc ? 0 : of->base), to = tl__frame_at(&frame, 1, roc ? 1 : of->base);
    const tl__point base[] = {from, to};
    const tl__stroke dashed = {.ink = TL__INK_MUTED, .width = 1, .dashed = true};
    if (of->count > 0 && (roc || of->base == of->base)) canvas->format->line(canvas, base, 2, &dashed);
    for (size_t i = of->count; i-- > 0;) {    /* the first ones above the others */
        tl__stroke stroke = {.ink = i < shown ? TL__INK_SERIES + (int)i : TL__INK_MUTED, .width = i < shown ? 1.8 : 0.8,
                             .opacity = i < shown ? 1 : 0.4};
        rates_curve(&frame, &of->curves[i], !roc, &stroke);
    }
    if (of->count == 0) tl__frame_empty(&frame, "no curves");
}
