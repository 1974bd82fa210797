/* Counts of values in bins of one width, or counts that were taken before. The number of bins follows the values'
 * middle half (D. Freedman, P. Diaconis 1981). */
#include "base/math.h"
#include "plot/frame.h"

enum { HISTOGRAM_MOST = 80, HISTOGRAM_SAMPLE = 1024 };

typedef struct histogram_bins {
    double low, width;
    size_t count;
    double counts[HISTOGRAM_MOST];
} histogram_bins;

#define SORT_NAME histogram_sort
#define SORT_TYPE double
#define SORT_USER int
#define SORT_BEFORE(user, b, a) ((b) < (a))
#include "base/sort.inc.h"

/* Twice the middle half over the cube root of the number, by an even sample of the values. */
static size_t histogram_bin_count(const tl__histogram_chart *of, double low, double high)
{
    double sample[HISTOGRAM_SAMPLE], scratch[HISTOGRAM_SAMPLE];
    size_t used = 0, step = 1 + of->count / HISTOGRAM_SAMPLE;
    for (size_t i = 0; i < of->count; i += step)
        if (tl__frame_number(of->values[i])) sample[used++] = of->values[i];
    if (used < 2 || !(high > low)) return 1;
    histogram_sort(sample, scratch, used, 0);
    double half = sample[used * 3 / 4] - sample[used / 4];
    double width = 2 * half / tl__exp(tl__log((double)of->count) / 3);
    double bins = width > 0 ? (high - low) / width : 20;
    return bins > HISTOGRAM_MOST ? HISTOGRAM_MOST : bins < 5 ? 5 : (size_t)bins;
}

static void histogram_fill(const tl__histogram_chart *of, histogram_bins *bins)
{
    double low, high;
    memset(bins, 0, sizeof *bins);
    tl__range_begin(&low, &high);
    for (size_t i = 0; i < of->count; i++) tl__range_take(of->values[i], false, &low, &high);
    if (!(high >= low)) return;
    if (high - low > 1e290) low /= 4, high /= 4;
    bins->count = of->bins ? tl__size_min(of->bins, HISTOGRAM_MOST) : histogram_bin_count(of, low, high);
    if (!(high > low)) {
        double around = low == 0 ? 0.5 : tl__abs(low) * 0.05;
        low -= around;
        high += around;
        bins->count = 1;
    }
    bins->low = low;
    bins->width = (high - low) / (double)bins->count;
    for (size_t i = 0; i < of->count; i++) {
        if (!tl__frame_number(of->values[i])) continue;
        double place = (of->values[i] - low) / bins->width;
        bins->counts[place < 0 ? 0 : tl__size_min((size_t)place, bins->count - 1)]++;
    }
}

TL_PRIV void tl__histogram_draw(const void *histogram, tl__canvas *canvas, tl__box box)
{
    const tl__histogram_chart *of = histogram;
    histogram_bins bins;
    tl__frame frame = {.canvas = canvas, .box = box, .title = of->title, .x_label = of->x_label,
                       .y_label = of->y_label ? of->y_label : "number", .marks = of->marks,
                       .mark_count = of->mark_count};
    bool counted = of->counts != NULL;
    double low, high, most = 0;
    if (!counted) histogram_fill(of, &bins);
    size_t count = counted ? of->count : bins.count;
    tl__range_begin(&low, &high);
    for (size_t i = 0; i < count; i++) {
        double from = counted ? of->edges[i] : bins.low + bins.width * (double)i;
        tl__range_take(from, false, &low, &high);
        tl__range_take(counted ? of->edges[i + 1] : from + bins.width, false, &low, &high);
        double number = counted ? of->counts[i] : bins.counts[i];
        if (tl__frame_number(number) && number > most) most = number;
    }
    for (size_t i = 0; i < of->mark_count; i++) tl__range_take(of->marks[i].at, false, &low, &high);
    tl__frame_axis(&frame.y, TL__AXIS_COUNTS, 0, most > 0 ? most : 1, box.height, true);
    tl__frame_axis(&frame.x, TL__AXIS_NUMBERS, low, high, box.width, false);
    tl__frame_layout(&frame);
    tl__frame_draw(&frame);
    for (size_t i = 0; i < count; i++) {
        double from = counted ? of->edges[i] : bins.low + bins.width * (double)i;
        double to = counted ? of->edges[i + 1] : from + bins.width, value = counted ? of->counts[i] : bins.counts[i];
        if (!tl__frame_number(value) || !(value > 0)) continue;
        tl__point a = tl__frame_at(&frame, from, value), b = tl__frame_at(&frame, to, 0);
        double gap = b.x - a.x > 4 ? 0.5 : 0;
        tl__draw_box(canvas, (tl__box){a.x + gap, a.y, b.x - a.x - 2 * gap, b.y - a.y}, TL__INK_SERIES, 0.85);
    }
    if (count > 0) tl__frame_marks(&frame);
    else tl__frame_empty(&frame, "no values");
}
