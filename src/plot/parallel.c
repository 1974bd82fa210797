/* Parallel coordinates: an upright axis for each setting, a line for each trial, coloured by its score. */
#include "base/math.h"
#include "base/text.h"
#include "plot/frame.h"

enum { PARALLEL_AXES = 16, PARALLEL_NAME = 96, PARALLEL_SCORES = 512, PARALLEL_LAYERS = 8 };

#define SORT_NAME parallel_sort
#define SORT_TYPE double
#define SORT_USER int
#define SORT_BEFORE(user, b, a) ((b) < (a))
#include "base/sort.inc.h"

typedef struct parallel_work {
    const tl__parallel *of;
    tl__frame frame;
    size_t axes;
    tl__plot_axis axis[PARALLEL_AXES];
    double low, high;            /* of the scores */
    double scores[PARALLEL_SCORES];    /* of evenly chosen lines, in order */
    size_t known;
} parallel_work;

static bool parallel_whole(const tl__parallel_axis *axis, size_t lines)
{
    for (size_t i = 0; i < lines; i++)
        if (tl__frame_number(axis->values[i]) && tl__floor(axis->values[i]) != axis->values[i]) return false;
    return true;
}

static void parallel_ranges(parallel_work *work)
{
    const tl__parallel *of = work->of;
    for (size_t a = 0; a < work->axes; a++) {
        const tl__parallel_axis *axis = &of->axes[a];
        double low, high;
        tl__range_begin(&low, &high);
        for (size_t i = 0; i < of->lines; i++) tl__range_take(axis->values[i], axis->log, &low, &high);
        if (axis->words) low = 0, high = axis->word_count > 1 ? (double)(axis->word_count - 1) : 1;
        int wanted = (int)(work->frame.box.height / 50);
        if (axis->log) tl__axis_logs(&work->axis[a], low, high, wanted);
        else tl__axis_numbers(&work->axis[a], parallel_whole(axis, of->lines) ? TL__AXIS_COUNTS : TL__AXIS_NUMBERS, low,
                              high, wanted, !axis->words);
    }
    tl__range_begin(&work->low, &work->high);
    for (size_t i = 0; of->scores && i < of->lines; i++) tl__range_take(of->scores[i], false, &work->low, &work->high);
}

static double parallel_x(const parallel_work *work, size_t a)
{
    double width = work->frame.right - work->frame.left;
    return work->axes < 2 ? work->frame.left + width / 2
                          : work->frame.left + width * (double)a / (double)(work->axes - 1);
}

static double parallel_y(const parallel_work *work, size_t a, double value)
{
    const tl__plot_axis *axis = &work->axis[a];
    if (work->of->axes[a].log) value = tl__axis_log(value);
    double part = (value - axis->low) / (axis->high - axis->low);
    return work->frame.bottom - part * (work->frame.bottom - work->frame.top);
}

/* 1 is the best score, 0 the worst, between them the share of worse ones; NaN: not known. */
static double parallel_goodness(const parallel_work *work, size_t line)
{
    double score = work->of->scores ? work->of->scores[line] : 0.0 / 0.0;
    if (!tl__frame_number(score) || !(work->high > work->low)) return score == score ? 1 : score;
    size_t low = 0, high = work->known;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (work->scores[middle] < score) low = middle + 1;
        else high = middle;
    }
    double part = work->known > 1 ? (double)low / (double)(work->known - 1) : 0;
    part = part > 1 ? 1 : part;
    return work->of->lower_is_better ? 1 - part : part;
}

/* Scores in order, so that a colour says the place among all: one very bad trial does not make all others alike. */
static void parallel_order(parallel_work *work)
{
    double scratch[PARALLEL_SCORES];
    size_t lines = work->of->scores ? work->of->lines : 0, step = 1 + lines / PARALLEL_SCORES;
    for (size_t i = 0; i < lines; i += step)
        if (tl__frame_number(work->of->scores[i])) work->scores[work->known++] = work->of->scores[i];
    parallel_sort(work->scores, scratch, work->known, 0);
}

static void parallel_line(const parallel_work *work, size_t line, bool bold)
{
    tl__point points[PARALLEL_AXES];
    double goodness = parallel_goodness(work, line);
    tl__stroke stroke = {.ink = goodness == goodness ? tl__ink_at(TL__INK_SCALE, 0.2 + 0.8 * goodness) : TL__INK_MUTED,
                         .width = 1.2, .opacity = goodness == goodness ? 0.3 + 0.5 * goodness : 0.3};
    size_t used = 0;
    if (bold) stroke = (tl__stroke){.ink = TL__INK_SERIES + 1, .width = 2.6};
    for (size_t a = 0; a <= work->axes; a++) {
        double value = a < work->axes ? work->of->axes[a].values[line] : 0.0 / 0.0;
        bool there = a < work->axes && tl__frame_number(value) && (!work->of->axes[a].log || value > 0);
        if (there) {
            points[used++] = (tl__point){parallel_x(work, a), parallel_y(work, a, value)};
            continue;
        }
        if (used > 1) work->frame.canvas->format->line(work->frame.canvas, points, used, &stroke);
        used = 0;
    }
}

/* Above the axis; of neighbours on two levels where the room is small. A path that does not fit loses its front:
 * hidden_size of network.hidden_size. */
static void parallel_name(const parallel_work *work, size_t a, double room)
{
    bool first = a == 0, last = a + 1 == work->axes && work->axes > 1, wide = room >= 240;
    const tl__frame *frame = &work->frame;
    const char *name = work->of->axes[a].name, *dot;
    char text[PARALLEL_NAME];
    double width = wide ? room - 10 : room * 1.4, x = parallel_x(work, a);
    if (first) x -= 8, width = wide ? room / 2 : room * 1.3 - 2;
    if (last) x = frame->box.x + frame->box.width - 8, width = wide ? room / 2 : room * 1.3 - 2;
    while (tl__text_width(name, TL__FRAME_SMALL, true) > width && (dot = strchr(name, '.')) != NULL) name = dot + 1;
    tl__text_fit(text, sizeof text, name, TL__FRAME_SMALL, true, width);
    tl__text_style style = {.size = TL__FRAME_SMALL, .ink = TL__INK_TEXT, .bold = true,
                            .anchor = first ? TL__ANCHOR_START : last ? TL__ANCHOR_END : TL__ANCHOR_MIDDLE};
    const tl__point at = {x, frame->top - (wide || a % 2 == 0 ? 10 : 24)};
    frame->canvas->format->text(frame->canvas, at, &style, text);
}

static void parallel_axis(const parallel_work *work, size_t a)
{
    const tl__parallel_axis *axis = &work->of->axes[a];
    tl__canvas *canvas = work->frame.canvas;
    char text[PARALLEL_NAME];
    double x = parallel_x(work, a), room = (work->frame.right - work->frame.left) / (double)(work->axes > 1 ?
                                                                                             work->axes - 1 : 1);
    bool last = a + 1 == work->axes && work->axes > 1;
    tl__draw_line(canvas, x, work->frame.top, x, work->frame.bottom, TL__INK_MUTED, 1);
    size_t ticks = axis->words ? axis->word_count : (size_t)work->axis[a].count;
    size_t every = axis->words && ticks > 24 ? 1 + ticks / 24 : 1;
    for (size_t i = 0; i < ticks; i += every) {
        double at = axis->words ? (double)i : work->axis[a].ticks[i].at;
        double part = (at - work->axis[a].low) / (work->axis[a].high - work->axis[a].low);
        double y = work->frame.bottom - part * (work->frame.bottom - work->frame.top);
        tl__text_fit(text, sizeof text, axis->words ? axis->words[i] : work->axis[a].ticks[i].label, TL__FRAME_SMALL,
                     false, last ? work->frame.right_room - 8 : room * 0.8);
        tl__draw_line(canvas, x - 3, y, x + 3, y, TL__INK_MUTED, 1);
        double width = tl__text_width(text, TL__FRAME_SMALL, false);
        tl__draw_box(canvas, (tl__box){x + 5, y - 7, width + 4, 13}, TL__INK_PAPER, 0.75);
        tl__draw_text(canvas, x + 7, y + 4, TL__FRAME_SMALL, TL__INK_TEXT, TL__ANCHOR_START, text);
    }
    parallel_name(work, a, room);
}

TL_PRIV void tl__parallel_draw(const void *parallel, tl__canvas *canvas, tl__box box)
{
    const tl__parallel *of = parallel;
    char words[64];
    parallel_work work = {.of = of, .axes = tl__size_min(of->count, PARALLEL_AXES)};
    work.frame = (tl__frame){.canvas = canvas, .box = box, .title = of->title, .no_x = true, .no_y = true,
                             .right_room = 56};
    parallel_ranges(&work);
    parallel_order(&work);
    tl__format(words, sizeof words, "stronger colour: better %.40s", of->score_label ? of->score_label : "");
    if (of->scores && work.high > work.low)
        tl__frame_legend(&work.frame, words, TL__SWATCH_LINE, TL__INK_SCALE + TL__SCALE_COLOURS - 1, false);
    if (of->best < of->lines) tl__frame_legend(&work.frame, "the best", TL__SWATCH_LINE, TL__INK_SERIES + 1, false);
    tl__frame_layout(&work.frame);
    work.frame.top += 34;
    tl__frame_draw(&work.frame);
    for (size_t i = 0; i < of->lines; i++)
        if (i != of->best && parallel_goodness(&work, i) != parallel_goodness(&work, i)) parallel_line(&work, i, false);
    for (int layer = 0; layer < PARALLEL_LAYERS; layer++)    /* the better ones above the others */
        for (size_t i = 0; i < of->lines; i++) {
            double goodness = parallel_goodness(&work, i) * (PARALLEL_LAYERS - 1e-9);
            if (i != of->best && goodness >= layer && goodness < layer + 1) parallel_line(&work, i, false);
        }
    if (of->best < of->lines) parallel_line(&work, of->best, true);
    for (size_t a = 0; a < work.axes; a++) parallel_axis(&work, a);
    if (of->lines == 0 || work.axes == 0) tl__frame_empty(&work.frame, "no trials");
}
