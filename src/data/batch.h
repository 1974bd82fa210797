/* Batches: the rows of a part in an epoch's order, prepared for the network, made ahead by a thread where that pays.
 *
 * The order of epoch e is a permutation drawn from (seed, e) alone (data/order.h), so a resumed training asks for epoch
 * e from batch b and gets what it would have got. All memory is one block, whose size is known before.
 *
 * Streamed data passes through two windows of the order: batches are made from one while the next is read, a share of
 * it with each batch. */
#ifndef TL_DATA_BATCH_H
#define TL_DATA_BATCH_H

#include "data/dataset.h"

typedef struct tl__batch_options {
    tl_part part;
    size_t batch_size;         /* rows; 1.. */
    bool shuffle;              /* false: in the part's order (evaluation, time order) */
    size_t shuffle_block;      /* rows that are mixed with each other at a time (data/order.h); 0: all */
    bool drop_last;            /* leave out a last batch that is not full */
    int workers;               /* 0: the caller makes them; else a thread makes the next while this one is used, when
                                  the part is large enough for it to pay */
    size_t cache_bytes;        /* a prepared copy of all inputs is kept when it is no larger; 0: never */
    bool augment;              /* change images as data.augment says (data/augment.h) */
} tl__batch_options;

typedef struct tl__batch {
    size_t rows;               /* of this batch: batch_size, or fewer in the last */
    size_t first;              /* position of its first row in the epoch */
    const uint32_t *order;     /* [rows] positions of its rows in the part (for tl__dataset_row_id) */
    const float *inputs;       /* [rows, features]; aligned to 64 bytes */
    const int32_t *labels;     /* [rows] of a classification; -1: not known; NULL: a regression */
    const float *targets;      /* [rows, outputs] of a regression, in the network's unit; NULL: a classification */
    const float *weights;      /* [rows]; NULL: the data has no weight column */
    const int32_t *lengths;    /* [rows] steps of sequences; NULL: rows are none */
} tl__batch;

typedef struct tl__batches tl__batches;

/* Bytes that tl__batches_new asks for, exactly; 0: sizes overflow. */
TL_PRIV size_t tl__batches_bytes(const tl_dataset *dataset, const tl__batch_options *options);
/* The data set is kept and must outlive the batches. */
TL_PRIV tl_status tl__batches_new(const tl_dataset *dataset, const tl__batch_options *options, tl__batches **out,
                                  tl_error *error);
TL_PRIV void tl__batches_free(tl__batches *batches);

TL_PRIV size_t tl__batches_count(const tl__batches *batches);    /* batches per epoch */
/* Begin epoch `epoch` (any number; it names the order) with batch `first`. Allocates nothing. */
TL_PRIV void tl__batches_start(tl__batches *batches, uint32_t epoch, size_t first);
/* The next batch, valid until the next call; NULL: the epoch is over, or reading failed. Allocates nothing. */
TL_PRIV const tl__batch *tl__batches_next(tl__batches *batches);
/* Why the last call gave NULL: TL_OK at the end of the epoch. */
TL_PRIV tl_status tl__batches_failure(const tl__batches *batches, tl_error *error);
/* Nanoseconds that _next has waited for data since _start. */
TL_PRIV int64_t tl__batches_waited(const tl__batches *batches);

#endif
