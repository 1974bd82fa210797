/* The densities of the tree-structured Parzen estimator, on their own so that they can be tested. */
#ifndef TL_LAB_TPE_H
#define TL_LAB_TPE_H

#include "lab/space.h"

typedef struct tl__tpe {
    const tl__space *space;
    size_t count;                       /* of trials; one more kernel is as wide as the cube, around its middle */
    double *places;                     /* [count, axes]: of names their number, else 0..1; NaN: it did not count */
    double *widths;                     /* [count + 1, axes]: deviation of the kernels; of names the share that is
                                           spread over all of them */
    double *logs;                       /* [count + 1, axes + 1]: of the kernels' shares within the cube; room */
} tl__tpe;

/* Widths and logs from the places: a kernel is as wide as the larger gap to its neighbours on the axis, as in the
 * paper, and not below 1 / (count + 2) or 1 / 100. */
TL_PRIV void tl__tpe_widths(tl__tpe *tpe);
/* Of a point of values: the mean of the kernels, each the product over the axes that count there. A continuous axis has
 * a density on 0..1, the others a probability. */
TL_PRIV double tl__tpe_log_density(const tl__tpe *tpe, const double *point);

#endif
