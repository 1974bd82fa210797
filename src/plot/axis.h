/* Axes: a range widened to round ticks, and the ticks' labels. */
#ifndef TL_PLOT_AXIS_H
#define TL_PLOT_AXIS_H

#include "base/base.h"

enum { TL__AXIS_TICKS = 24 };

typedef struct tl__tick {
    double at;
    char label[24];
    char below[24];              /* a second line: the day of hours, the year of days; "" mostly */
} tl__tick;

typedef struct tl__plot_axis {
    double low, high;
    tl__tick ticks[TL__AXIS_TICKS];
    int count;
} tl__plot_axis;

typedef enum tl__axis_kind {
    TL__AXIS_NUMBERS,
    TL__AXIS_COUNTS,             /* counts, epochs: no tick between two whole numbers */
    TL__AXIS_SHARES,             /* of 1, labels in percent; the axis ends at 0 and 1 unless its data go beyond */
    TL__AXIS_LOGS
} tl__axis_kind;

/* An axis of numbers, whole numbers or shares from low to high with about `wanted` ticks at 1, 2 or 5 times a power of
 * ten; `widen`: it begins and ends at ticks. One value, no value or NaN give a range around it. */
TL_PRIV void tl__axis_numbers(tl__plot_axis *axis, tl__axis_kind kind, double low, double high, int wanted, bool widen);
/* Of positive numbers by their magnitude: low, high and the ticks' places are logarithms to base 10. Ticks stand at
 * powers of ten, and between them at 2 and 5 times as much where there is room; of a narrow range at round numbers. */
TL_PRIV void tl__axis_logs(tl__plot_axis *axis, double low, double high, int wanted);
TL_PRIV double tl__axis_log(double x);    /* to base 10; of 0 and below NaN */
/* Of times in seconds since 1970-01-01 UTC: ticks at whole minutes, hours, days, months or years. */
TL_PRIV void tl__axis_times(tl__plot_axis *axis, double low, double high, int wanted);

#endif
