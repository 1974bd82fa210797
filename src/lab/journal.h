/* What a run writes while it goes on, all buffered and let go at most four times a second:
 *
 *     status.json    how far it is; replaced atomically, without fsync
 *     metrics.csv    one row per epoch
 *     log            the talk; output/logs/{kind}_{stamp}.log has the same text
 *
 * While a journal is open, the log of its context goes through it. */
#ifndef TL_LAB_JOURNAL_H
#define TL_LAB_JOURNAL_H

#include "lab/config.h"
#include "port/port.h"
#include "train/train.h"

enum { TL__JOURNAL_BYTES = 16384 };

typedef struct tl__journal {
    tl_context *context;
    tl__file *log[2];                /* the run's, and the one among all logs; NULL: not open */
    tl__file *csv;
    tl__buffer text, rows, status;   /* waiting for log, csv and status.json; reserved: a training allocates nothing */
    int64_t flushed, written;        /* ticks of the last flush and of the last status */
    char status_path[600];
    const char *hash, *name;         /* of the config */
    const char *error;               /* why it failed, for the last status; NULL: it did not */
    char run[512];
    char started[24];
    bool classification;
    tl_log_fn *user_log;             /* what the context had before */
    void *user;
    tl_log_level user_level;
} tl__journal;

/* folder: of the run; logs: where the second log goes (NULL: nowhere). kind: "training", "evaluation". */
TL_PRIV tl_status tl__journal_open(tl__journal *journal, tl_context *context, const char *folder, const char *logs,
                                   const char *kind, const char *stamp, tl_error *error);
TL_PRIV size_t tl__journal_bytes(void);   /* of the heap, while one is open */
/* Flushes, closes, and gives the context its log back. Safe on a journal that is all zeros. */
TL_PRIV tl_status tl__journal_close(tl__journal *journal, tl_error *error);

/* Rows of the text of a table that are older than `first_epoch`, which a trainer no longer remembers. */
TL_PRIV void tl__journal_keep_rows(tl__buffer *out, const tl__buffer *old, double first_epoch);
/* Begin metrics.csv anew with the epochs that the trainer remembers (after a resume), else with the header alone. */
TL_PRIV tl_status tl__journal_table(tl__journal *journal, const char *folder, bool classification,
                                    const tl__trainer *trainer, tl_error *error);
TL_PRIV tl_status tl__journal_epoch(tl__journal *journal, const tl__epoch *epoch, tl_error *error);
/* Status now (force) or when a quarter of a second has passed; flushes logs and rows as well. An epoch's line goes into
 * the log. result: a map that is added (the end), or NULL. */
TL_PRIV tl_status tl__journal_status(tl__journal *journal, const tl_progress *progress, const tl_value *result,
                                     bool force,
                                     tl_error *error);

#endif
