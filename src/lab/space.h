/* What a search may choose from, as numbers: one axis per parameter, each turned to and from the unit interval, so that
 * a method of search sees a cube and nothing else. */
#ifndef TL_LAB_SPACE_H
#define TL_LAB_SPACE_H

#include "base/base.h"

enum { TL__SPACE_AXES = 32 };

typedef enum tl__space_kind {
    TL__AXIS_REAL,      /* any number from min to max */
    TL__AXIS_WHOLE,     /* min, min + 1, ..., max, in an order that means something */
    TL__AXIS_CHOICE     /* 0, 1, ..., max: names without an order */
} tl__space_kind;

typedef struct tl__space_axis {
    tl__space_kind kind;
    bool log;           /* equal ratios are equal steps */
    double min, max;
    uint32_t key;       /* of its random draws, so that another axis more or less does not change them */
    uint32_t under;     /* number, from 1, of an axis of whole numbers or names before it that decides whether this one
                           counts; 0: it always does */
    uint64_t when;      /* bit k: it counts where that axis is k */
} tl__space_axis;

typedef struct tl__space {
    size_t count;
    tl__space_axis axes[TL__SPACE_AXES];
} tl__space;

/* The value at a place of the unit interval: within the bounds, whole where the axis is, numbers of the other axes
 * rounded to six digits, so that what a file holds reads back as the same. */
TL_PRIV double tl__axis_value(const tl__space_axis *axis, double unit);
/* The place of a value: of a whole number the middle of its share. CHOICE: likewise, for draws only. */
TL_PRIV double tl__axis_unit(const tl__space_axis *axis, double value);
/* How many values there are; 0: a continuum. */
TL_PRIV double tl__axis_count(const tl__space_axis *axis);
/* Does the axis count at a point of values? */
TL_PRIV bool tl__space_counts(const tl__space *space, size_t axis, const double *point);
/* Axes that do not count get the value in their middle, so that such points are the same one. */
TL_PRIV void tl__space_settle(const tl__space *space, double *point);
/* The end points of the share of a place on a WHOLE axis, within 0..1. */
TL_PRIV void tl__axis_share(const tl__space_axis *axis, double value, double *low, double *high);

#endif
