/* What nhits and nbeats share: blocks in a row, each reading what those before it have left unexplained of the series,
 * and adding its part to the forecast ("doubly residual stacking"; Oreshkin and others, 2020). */
#ifndef TL_MODEL_BLOCKS_H
#define TL_MODEL_BLOCKS_H

#include "model/arch.h"

typedef enum tl__arch_basis {
    TL__BASIS_IDENTITY,      /* the numbers themselves */
    TL__BASIS_LINEAR,        /* interpolation between knots */
    TL__BASIS_NEAREST,
    TL__BASIS_TREND,         /* powers of time; so is its backcast */
    TL__BASIS_SEASONALITY    /* cosines and sines; so is its backcast */
} tl__arch_basis;

typedef struct tl__arch_block {
    size_t pool;             /* steps that are pooled before it reads them; 1: none */
    bool average;            /* by their mean, not their maximum */
    size_t knots;            /* numbers that its forecast is made of, for each quantile */
    tl__arch_basis basis;
} tl__arch_block;

enum { TL__ARCH_BLOCKS = 64 };
/* Over the layer `series`, [target, input_size]; from_last: the forecast begins as the last value of the series;
 * beside: blocks also read the layers `beside`, pooled as the series is, and `known` (tl__arch_beside). */
TL_PRIV void tl__arch_blocks(const tl__arch_site *site, const tl__arch_block *blocks, size_t count, bool from_last,
                             bool beside);

#endif
