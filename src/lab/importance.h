/* How much each parameter mattered: the share of the variance of the outcome over the whole space that it explains by
 * itself, estimated by a random forest (functional analysis of variance; Hutter, Hoos and Leyton-Brown, "An Efficient
 * Approach for Assessing Hyperparameter Importance", 2014).
 *
 * A tree cuts the cube into boxes with a value each. For axis j, m_j(x) is the mean of the tree over all other axes;
 * its importance in the tree is the variance of m_j divided by that of the whole tree, and over the forest the mean.
 * The shares add up to at most 1; the rest belongs to parameters that act together. A parameter that counts in some
 * trials only is looked at over these, and its share is of the variance of all; shares may then add up to a little
 * more than 1. */
#ifndef TL_LAB_IMPORTANCE_H
#define TL_LAB_IMPORTANCE_H

#include "base/memory.h"
#include "lab/space.h"

/* losses: finite ones count; at least 4 are needed, else all shares are 0. shares [axes]. */
TL_PRIV tl_status tl__importance(tl__heap *heap, const tl__space *space, const double *points, const double *losses,
                                 size_t count, uint64_t seed, double *shares, tl_error *error);

#endif
