/* A Gaussian process over points of the unit cube: what is known there, smoothed, with how sure one may be elsewhere.
 *
 *     covariance(a, b) = signal * (1 + r + r^2 / 3) * exp(-r),   r = sqrt(5) * sqrt(sum_j d_j^2 / length_j^2)
 *
 * (Matern 5/2, Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, eq. 4.17; d_j = |a_j - b_j|, on
 * axes of names 0 or 1), plus `noise` where a point meets itself. Doubles in a fixed order: the same bits everywhere.
 * */
#ifndef TL_LAB_GAUSSIAN_H
#define TL_LAB_GAUSSIAN_H

#include "lab/space.h"

typedef struct tl__gaussian {
    size_t axes, count, room;       /* room: points that there is memory for */
    bool names[TL__SPACE_AXES];     /* axes whose distance is 0 or 1 */
    double length[TL__SPACE_AXES], signal, noise;
    double *points;                 /* [room, axes] */
    double *targets;                /* [room] */
    double *factor;                 /* [room, room]: lower triangle of the Cholesky factor */
    double *weights;                /* [room]: inverse covariance times targets */
    double *scratch;                /* [room, room] and [2, room]: of tl__gaussian_fit and predictions */
} tl__gaussian;

/* Bytes of the arrays, which the caller gives to tl__gaussian_place. */
TL_PRIV size_t tl__gaussian_doubles(size_t room, size_t axes);
TL_PRIV void tl__gaussian_place(tl__gaussian *g, size_t room, size_t axes, double *memory);

/* Factorise for the lengths, signal and noise as they are; gives the logarithm of the marginal likelihood, or
 * -infinity when the covariance is not positive definite. */
TL_PRIV double tl__gaussian_solve(tl__gaussian *g);
/* The same with its derivatives by log length_j, log signal and log noise, [axes + 2]. */
TL_PRIV double tl__gaussian_slope(tl__gaussian *g, double *slope);
/* Lengths, signal and noise of the largest posterior density under priors that keep few points from saying too much:
 * log length ~ N((1 + log(axes)) / 2, 3), that grows with the axes after Hvarfner et al., 2024; log signal ~ N(0, 1);
 * log noise ~ N(-9, 4). Ends solved. */
TL_PRIV void tl__gaussian_fit(tl__gaussian *g);
/* Mean and variance of the function (without noise) at a point. */
TL_PRIV void tl__gaussian_at(const tl__gaussian *g, const double *point, double *mean, double *variance);
/* One more point, believed to give `target`; there must be room. Solved again. */
TL_PRIV void tl__gaussian_add(tl__gaussian *g, const double *point, double target);

#endif
