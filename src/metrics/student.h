/* Confidence of a mean of few values. */
#ifndef TL_METRICS_STUDENT_H
#define TL_METRICS_STUDENT_H

#include "base/base.h"

/* The 97.5th percentile of Student's t: half a 95 % interval is this many standard errors. NaN without a degree of
 * freedom. */
TL_PRIV double tl__student(size_t freedom);

#endif
