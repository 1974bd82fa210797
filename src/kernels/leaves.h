/* How chains are cut and put together again (rules 4 and 6 of kernels.h): a walk over the leaves, blocks of at most
 * TL__BLOCK terms, piece by piece. After a leaf's value is pushed on a stack, merges() says how often the two topmost
 * values are to be added (lower + upper): a binary counter over the blocks of a piece, folded at the piece's end, and
 * one over the pieces. After the last leaf one value is left. */
#ifndef TL_KERNELS_LEAVES_H
#define TL_KERNELS_LEAVES_H

#include "kernels/kernels.h"

enum { TL__MAX_DEPTH = 80 };   /* two counters of at most 64 - 12 and 26 digits */

typedef struct tl__leaves {
    size_t samples, pieces, unit;
    size_t piece, block;        /* of the current leaf */
    size_t piece_end;
    size_t begin, end;          /* terms of the current leaf */
    int depth, base;            /* values on the stack, and those below this piece's */
} tl__leaves;

/* terms: a multiple of the cut's unit. */
static inline tl__leaves tl__leaves_start(size_t terms, tl__cut cut)
{
    tl__leaves walk = {.samples = terms, .pieces = tl__size_max(1, cut.pieces), .unit = tl__size_max(1, cut.unit)};
    if (walk.unit > 1) walk.samples /= walk.unit;
    walk.piece_end = tl__piece(walk.samples, walk.pieces, 1) * walk.unit;
    walk.end = tl__size_min(walk.piece_end, TL__BLOCK);
    return walk;
}

/* To be called once per leaf, after its value was pushed. */
static inline int tl__leaves_merges(tl__leaves *walk)
{
    int merges = 0;
    walk->depth++;
    if (walk->end < walk->piece_end) {
        for (size_t digits = walk->block; digits & 1; digits >>= 1) merges++;
    } else {
        merges = walk->depth - walk->base - 1;
        for (size_t digits = walk->piece; digits & 1; digits >>= 1) merges++;
    }
    walk->depth -= merges;
    return merges;
}

/* Go to the next leaf; false after the last. */
static inline bool tl__leaves_next(tl__leaves *walk)
{
    if (walk->end < walk->piece_end) {
        walk->block++;
    } else {
        if (++walk->piece == walk->pieces) return false;
        walk->block = 0;
        walk->base = walk->depth;
        walk->piece_end = tl__piece(walk->samples, walk->pieces, walk->piece + 1) * walk->unit;
    }
    walk->begin = walk->end;
    walk->end = walk->begin + tl__size_min(walk->piece_end - walk->begin, TL__BLOCK);
    return true;
}

#endif
