/* A reliability diagram: bars of how often the model was right, against the diagonal where that is as often as it said;
 * below, how many rows each bin holds. */
#include "base/math.h"
#include "base/text.h"
#include "plot/frame.h"

enum { RELIABILITY_BELOW = 54 };

static void reliability_counts(const tl__reliability *of, const tl__frame *frame)
{
    double most = 0, below = frame->bottom + frame->below_room - 4, height = RELIABILITY_BELOW - 16;
    char words[48];
    for (size_t i = 0; i < of->bins; i++)
        if (of->counts[i] > most && tl__frame_number(of->counts[i])) most = of->counts[i];
    for (size_t i = 0; i < of->bins; i++) {
        if (!(of->counts[i] > 0) || of->counts[i] > most) continue;
        tl__point a = tl__frame_at(frame, (double)i / (double)of->bins, 0);
        tl__point b = tl__frame_at(frame, (double)(i + 1) / (double)of->bins, 0);
        double bar = height * (of->counts[i] / most);
        if (bar < 0.75) bar = 0.75;
        tl__draw_box(frame->canvas, (tl__box){a.x + 1, below - bar, b.x - a.x - 2, bar}, TL__INK_SERIES + 5, 0.9);
    }
    tl__format(words, sizeof words, "%.0f", most);
    tl__group_digits(words, sizeof words);
    if (most > 0)
        tl__draw_text(frame->canvas, frame->left - 6, below - height + 8, TL__FRAME_SMALL, TL__INK_MUTED,
                      TL__ANCHOR_END, words);
    tl__draw_text(frame->canvas, frame->left - 6, below, TL__FRAME_SMALL, TL__INK_MUTED, TL__ANCHOR_END, "rows");
}

TL_PRIV void tl__reliability_draw(const void *reliability, tl__canvas *canvas, tl__box box)
{
    const tl__reliability *of = reliability;
    char error[64];
    size_t seen = 0;
    tl__frame frame = {.canvas = canvas, .box = box, .title = of->title,
                       .x_label = "confidence: how sure the model was",
                       .y_label = "accuracy: how often it was right", .below_room = RELIABILITY_BELOW};
    tl__frame_axis(&frame.x, TL__AXIS_SHARES, 0, 1, box.width * 0.7, true);
    tl__frame_axis(&frame.y, TL__AXIS_SHARES, 0, 1, box.height * 0.8, true);
    tl__frame_legend(&frame, "accuracy", TL__SWATCH_BOX, TL__INK_SERIES, false);
    tl__frame_legend(&frame, "at the bin's mean", TL__SWATCH_DOT, TL__INK_SERIES + 1, false);
    tl__frame_legend(&frame, "perfect", TL__SWATCH_LINE, TL__INK_MUTED, true);
    if (of->error == of->error) {
        tl__format(error, sizeof error, "calibration error %.1f %%", of->error * 100);
        tl__frame_legend(&frame, error, TL__SWATCH_NONE, TL__INK_TEXT, false);
    }
    tl__frame_layout(&frame);
    tl__frame_draw(&frame);
    for (size_t i = 0; i < of->bins; i++) {
        if (!(of->counts[i] > 0) || !tl__frame_number(of->accuracy[i])) continue;
        tl__point a = tl__frame_at(&frame, (double)i / (double)of->bins, of->accuracy[i]);
        tl__point b = tl__frame_at(&frame, (double)(i + 1) / (double)of->bins, 0);
        tl__draw_box(canvas, (tl__box){a.x + 1, a.y, b.x - a.x - 2, b.y - a.y}, TL__INK_SERIES, 0.8);
        seen++;
    }
    const tl__point diagonal[] = {tl__frame_at(&frame, 0, 0), tl__frame_at(&frame, 1, 1)};
    const tl__stroke dashed = {.ink = TL__INK_MUTED, .width = 1.2, .dashed = true};
    if (seen > 0) canvas->format->line(canvas, diagonal, 2, &dashed);
    for (size_t i = 0; i < of->bins; i++)
        if (of->counts[i] > 0 && tl__frame_has(&frame, of->confidence[i], of->accuracy[i]))
            canvas->format->dot(canvas, tl__frame_at(&frame, of->confidence[i], of->accuracy[i]), 3,
                                TL__INK_SERIES + 1, 1);
    reliability_counts(of, &frame);
    if (seen == 0) tl__frame_empty(&frame, "no rows");
}
