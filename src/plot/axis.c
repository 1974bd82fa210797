/* Round ticks. Steps of numbers are 1, 2 and 5 times powers of ten; steps of time are those of clocks and calendars. */
#include "plot/axis.h"

#include "base/date.h"
#include "base/math.h"
#include "base/text.h"

static double axis_abs(double x) { return x < 0 ? -x : x; }

/* The largest power of ten that is not above x > 0. */
static double axis_power(double x, int *exponent)
{
    double power = 1;
    for (*exponent = 0; power > x && *exponent > -300; --*exponent) power /= 10;
    for (; power * 10 <= x && *exponent < 305; ++*exponent) power *= 10;
    return power;
}

static double axis_floor(double x)
{
    double whole = (double)(int64_t)(x > 9e15 ? 9e15 : x < -9e15 ? -9e15 : x);
    return whole > x ? whole - 1 : whole;
}

/* "2e-5": exponents without the zeros and the plus of C. */
static void axis_scientific(char *out, size_t size, double value)
{
    char text[32];
    tl__format(text, sizeof text, "%.3g", value);
    char *e = strchr(text, 'e');
    if (!e) {
        tl__format(out, size, "%s", text);
        return;
    }
    *e++ = '\0';
    bool minus = *e == '-';
    while (*e == '-' || *e == '+' || *e == '0') e++;
    tl__format(out, size, "%se%s%s", text, minus ? "-" : "", e);
}

/* As people write numbers: a minus of the digits' width, groups of three. */
static void axis_dress(char *label, size_t size)
{
    char text[24];
    tl__format(text, sizeof text, "%s", *label == '-' ? label + 1 : label);
    tl__group_digits(text, sizeof text);
    tl__format(label, size, "%s%s", *label == '-' ? "\xe2\x88\x92" : "", text);
}

/* Beyond these, axes would not be numbers any more. */
static double axis_within(double x) { return x > 1e300 ? 1e300 : x < -1e300 ? -1e300 : x; }

static void axis_ticks(tl__plot_axis *axis, double first, double step, int exponent)
{
    int decimals = exponent < 0 ? -exponent : 0;
    bool scientific = exponent < -4 || exponent >= 6;
    axis->count = 0;
    for (int i = 0; axis->count < TL__AXIS_TICKS; i++) {
        double at = first + step * i;
        if (at > axis->high + step * 1e-6) break;
        if (at < axis->low - step * 1e-6) continue;
        if (axis_abs(at) < step * 1e-6) at = 0;
        tl__tick *tick = &axis->ticks[axis->count++];
        tick->at = at;
        tick->below[0] = '\0';
        if (scientific) axis_scientific(tick->label, sizeof tick->label, at);
        else tl__format(tick->label, sizeof tick->label, "%.*f", decimals, at);
        axis_dress(tick->label, sizeof tick->label);
    }
}

static void axis_scale(tl__plot_axis *axis, double low, double high, int wanted, bool widen, bool whole)
{
    int exponent;
    if (!tl__is_finite_d(low) || !tl__is_finite_d(high)) low = 0, high = 1;
    low = axis_within(low), high = axis_within(high);
    if (wanted < 2) wanted = 2;
    if (axis_abs(low) < 1e-290 && axis_abs(high) < 1e-290) low = high = 0;
    if (high - low <= 1e-12 * (axis_abs(low) + axis_abs(high))) {
        double around = low == 0 ? 1 : axis_abs(low) * 0.1;
        if (whole) around = 0.5;
        low -= around, high += around;
    }
    double raw = (high - low) / wanted, power = axis_power(raw, &exponent), part = raw / power;
    double step = part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10;
    if (step == 10) exponent++;
    step *= power;
    if (whole && step < 1) step = 1, exponent = 0;
    double first = axis_floor(low / step) * step, last = -axis_floor(-high / step) * step;
    axis->low = widen ? first : low;
    axis->high = widen ? last : high;
    axis_ticks(axis, first, step, exponent);
}

/* In percent, and back; where the data lie within 0 and 1, so does the axis. */
static void axis_shares(tl__plot_axis *axis, double low, double high, int wanted, bool widen)
{
    axis_scale(axis, low * 100, high * 100, wanted, widen, false);
    if (low >= 0 && axis->low < 0) axis->low = 0;
    if (high <= 1 && axis->high > 100) axis->high = 100;
    double from = axis->low / 100, to = axis->high / 100;
    int kept = 0;
    for (int i = 0; i < axis->count; i++) {
        tl__tick *tick = &axis->ticks[kept];
        *tick = axis->ticks[i];
        tick->at /= 100;
        if (tick->at < from - 1e-9 || tick->at > to + 1e-9) continue;
        size_t size = strlen(tick->label);
        tl__format(tick->label + size, sizeof tick->label - size, " %%");
        kept++;
    }
    axis->count = kept;
    axis->low = from;
    axis->high = to;
}

TL_PRIV void tl__axis_numbers(tl__plot_axis *axis, tl__axis_kind kind, double low, double high, int wanted, bool widen)
{
    if (kind == TL__AXIS_SHARES) axis_shares(axis, low, high, wanted, widen);
    else axis_scale(axis, low, high, wanted, widen, kind == TL__AXIS_COUNTS);
}

TL_PRIV double tl__axis_log(double x) { return x > 0 ? tl__log(x) / 2.302585092994046 : 0.0 / 0.0; }

/* 10^exponent times 1, 2 or 5. */
static double axis_of_log(int exponent, int part)
{
    double power = 1;
    for (int i = 0; i < exponent; i++) power *= 10;
    for (int i = 0; i > exponent; i--) power /= 10;
    return power * part;
}

/* Round numbers, at the places of their logarithms; false: there are not two, as of numbers that are hardly any. */
static bool axis_narrow_logs(tl__plot_axis *axis, double low, double high, int wanted)
{
    int kept = 0;
    axis_scale(axis, low, high, wanted < 5 ? wanted : 5, false, false);
    axis->low = tl__axis_log(low);
    axis->high = tl__axis_log(high);
    for (int i = 0; i < axis->count; i++) {
        double at = tl__axis_log(axis->ticks[i].at);
        if (!(at >= axis->low - 1e-9 && at <= axis->high + 1e-9)) continue;
        axis->ticks[kept] = axis->ticks[i];
        axis->ticks[kept++].at = at;
    }
    axis->count = kept;
    return kept > 1;
}

TL_PRIV void tl__axis_logs(tl__plot_axis *axis, double low, double high, int wanted)
{
    static const int parts[] = {1, 2, 5};
    double from = low, to = high;
    low = tl__axis_log(low), high = tl__axis_log(high);
    if (!tl__is_finite_d(low) || !tl__is_finite_d(high)) low = -1, high = 1;
    if (high - low < 0.1) low -= 0.5, high += 0.5;
    else if (high - low < 0.7 && axis_narrow_logs(axis, from, to, wanted)) return;
    int first = (int)axis_floor(low), last = (int)-axis_floor(-high), decades = last - first;
    int every = 1 + (decades - 1) / (wanted < 2 ? 2 : wanted);
    size_t used = (high - low) * 3 <= wanted + 2 ? 3 : 1;
    axis->low = low;
    axis->high = high;
    axis->count = 0;
    for (int e = first; e <= last; e++)
        for (size_t p = 0; p < used; p++) {
            double value = axis_of_log(e, parts[p]), at = (double)e + (p == 0 ? 0 : tl__axis_log(parts[p]));
            if (e % every != 0 || at < low - 1e-9 || at > high + 1e-9 || axis->count == TL__AXIS_TICKS) continue;
            tl__tick *tick = &axis->ticks[axis->count++];
            tick->at = at;
            tick->below[0] = '\0';
            if (e >= -4 && e < 6) tl__format(tick->label, sizeof tick->label, "%g", value);
            else axis_scientific(tick->label, sizeof tick->label, value);
            axis_dress(tick->label, sizeof tick->label);
        }
}

typedef enum axis_unit { AXIS_SECONDS, AXIS_MONTHS } axis_unit;
typedef struct axis_step { axis_unit unit; double size; } axis_step;

static double axis_first_time(const axis_step *step, double low)
{
    tl__date date;
    if (step->unit == AXIS_SECONDS) return axis_floor(low / step->size) * step->size;
    tl__date_of(low, &date);
    double months = (double)date.year * 12 + date.month - 1;
    double start = axis_floor(months / step->size) * step->size;
    double begin = low - ((double)(date.day - 1) * 86400 + date.hour * 3600 + date.minute * 60 + date.second);
    return tl__date_add_months(begin, (int64_t)(start - months));
}

static void axis_label(const axis_step *step, double at, const tl__date *before, tl__tick *tick)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
                                         "Dec"};
    tl__date date;
    tl__date_of(at, &date);
    bool new_day = !before || before->yearday != date.yearday || before->year != date.year;
    bool new_year = !before || before->year != date.year;
    tick->below[0] = '\0';
    if (step->unit == AXIS_MONTHS && step->size >= 12) {
        tl__format(tick->label, sizeof tick->label, "%lld", (long long)date.year);
    } else if (step->unit == AXIS_MONTHS || step->size >= 86400) {
        if (step->unit == AXIS_MONTHS) tl__format(tick->label, sizeof tick->label, "%s", months[date.month - 1]);
        else tl__format(tick->label, sizeof tick->label, "%d %s", date.day, months[date.month - 1]);
        if (new_year) tl__format(tick->below, sizeof tick->below, "%lld", (long long)date.year);
    } else {
        tl__format(tick->label, sizeof tick->label, step->size < 60 ? "%02d:%02d:%02d" : "%02d:%02d", date.hour,
                   date.minute, date.second);
        if (new_day)
            tl__format(tick->below, sizeof tick->below, "%lld-%02d-%02d", (long long)date.year, date.month, date.day);
    }
}

TL_PRIV void tl__axis_times(tl__plot_axis *axis, double low, double high, int wanted)
{
    static const axis_step steps[] = {
        {AXIS_SECONDS, 1}, {AXIS_SECONDS, 5}, {AXIS_SECONDS, 15}, {AXIS_SECONDS, 30}, {AXIS_SECONDS, 60},
        {AXIS_SECONDS, 300}, {AXIS_SECONDS, 900}, {AXIS_SECONDS, 1800}, {AXIS_SECONDS, 3600}, {AXIS_SECONDS, 10800},
        {AXIS_SECONDS, 21600}, {AXIS_SECONDS, 43200}, {AXIS_SECONDS, 86400}, {AXIS_SECONDS, 172800},
        {AXIS_SECONDS, 604800}, {AXIS_MONTHS, 1}, {AXIS_MONTHS, 3}, {AXIS_MONTHS, 6}, {AXIS_MONTHS, 12},
        {AXIS_MONTHS, 24}, {AXIS_MONTHS, 60}, {AXIS_MONTHS, 120}, {AXIS_MONTHS, 600}, {AXIS_MONTHS, 12000},
    };
    tl__date before, *last = NULL;
    if (!tl__is_finite_d(low) || !tl__is_finite_d(high)) low = 0, high = 86400;
    if (high - low < 1) low -= 1, high += 1;
    size_t s = 0;
    while (s + 1 < TL_COUNT(steps) &&
           (high - low) / (steps[s].size * (steps[s].unit == AXIS_MONTHS ? 2629746 : 1)) > wanted) s++;
    axis->low = low;
    axis->high = high;
    axis->count = 0;
    double at = axis_first_time(&steps[s], low);
    while (axis->count < TL__AXIS_TICKS && at <= high) {
        if (at >= low) {
            tl__tick *tick = &axis->ticks[axis->count++];
            tick->at = at;
            axis_label(&steps[s], at, last, tick);
            tl__date_of(at, &before);
            last = &before;
        }
        at = steps[s].unit == AXIS_SECONDS ? at + steps[s].size : tl__date_add_months(at, (int64_t)steps[s].size);
    }
}
