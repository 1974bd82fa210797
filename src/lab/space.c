/* Axes: a whole number k owns the interval k - 1/2 .. k + 1/2 of the axis before it is scaled to 0..1, so that all are
 * equally likely on a linear axis and ratios count on a logarithmic one. */
#include "lab/space.h"

#include "base/math.h"
#include "base/text.h"

typedef struct space_ends { double low, high; } space_ends;

/* Of the axis as it is scaled. */
static space_ends space_range(const tl__space_axis *axis)
{
    double half = axis->kind == TL__AXIS_REAL ? 0.0 : 0.5;
    space_ends ends = {axis->min - half, axis->max + half};
    if (axis->log) ends.low = tl__log(ends.low), ends.high = tl__log(ends.high);
    return ends;
}

static double space_clip(double value, double min, double max)
{
    return value < min ? min : value > max ? max : value;
}

/* To six digits. */
static double space_round(double value)
{
    char text[40];
    double rounded;
    size_t size = tl__format(text, sizeof text, "%.6g", value);
    return tl__parse_double(text, size, &rounded) ? rounded : value;
}

TL_PRIV double tl__axis_value(const tl__space_axis *axis, double unit)
{
    space_ends ends = space_range(axis);
    double value = ends.low + space_clip(unit, 0.0, 1.0) * (ends.high - ends.low);
    if (axis->log) value = tl__exp(value);
    value = axis->kind == TL__AXIS_REAL ? space_round(value) : tl__floor(value + 0.5);
    return space_clip(value, axis->min, axis->max);
}

static double space_unit(const tl__space_axis *axis, double value)
{
    space_ends ends = space_range(axis);
    if (!(ends.low < ends.high)) return 0.5;
    return space_clip(((axis->log ? tl__log(value) : value) - ends.low) / (ends.high - ends.low), 0.0, 1.0);
}

TL_PRIV void tl__axis_share(const tl__space_axis *axis, double value, double *low, double *high)
{
    *low = value <= axis->min ? 0.0 : space_unit(axis, value - 0.5);
    *high = value >= axis->max ? 1.0 : space_unit(axis, value + 0.5);
}

TL_PRIV double tl__axis_unit(const tl__space_axis *axis, double value)
{
    double low, high;
    if (axis->kind == TL__AXIS_REAL) return space_unit(axis, value);
    tl__axis_share(axis, value, &low, &high);
    return 0.5 * (low + high);
}

TL_PRIV bool tl__space_counts(const tl__space *space, size_t axis, const double *point)
{
    for (; space->axes[axis].under; axis = space->axes[axis].under - 1) {
        double decides = point[space->axes[axis].under - 1];
        if (!(decides >= 0.0 && decides < 64.0) || !(space->axes[axis].when >> (unsigned)decides & 1u)) return false;
    }
    return true;
}

TL_PRIV void tl__space_settle(const tl__space *space, double *point)
{
    for (size_t j = 0; j < space->count; j++)
        if (!tl__space_counts(space, j, point)) point[j] = tl__axis_value(&space->axes[j], 0.5);
}

TL_PRIV double tl__axis_count(const tl__space_axis *axis)
{
    return axis->kind == TL__AXIS_REAL ? 0.0 : axis->max - axis->min + 1.0;
}
