/* A config made ready to train: its data read, its network built, its trainer planned. What train:run, --plan,
 * train:optimize and the tests share. */
#ifndef TL_LAB_SESSION_H
#define TL_LAB_SESSION_H

#include "lab/config.h"
#include "train/train.h"

typedef struct tl__session {
    tl_context *context;
    const tl__config *config;        /* kept */
    tl_dataset *data;
    bool owns_data;
    tl_model *model;
    tl__tree *transfer;              /* what tl__session_transfer did (model/transfer.h); NULL: nothing */
    tl__trainer *trainer;            /* NULL: not yet (tl__session_train) */
} tl__session;

/* Reads the data (or takes `data`, which stays the caller's) and makes the model. */
TL_PRIV tl_status tl__session_open(tl_context *context, const tl__config *config, tl_dataset *data, tl__session *out,
                                   tl_error *error);
/* Takes weights from where transfer.from says, if it does; not for a training that goes on. */
TL_PRIV tl_status tl__session_transfer(tl__session *session, tl_error *error);
/* Makes the trainer; options: all but settings, file and seed, which come from the config. An earlier trainer is
 * freed. */
TL_PRIV tl_status tl__session_train(tl__session *session, const tl__trainer_options *options, tl_error *error);
TL_PRIV void tl__session_close(tl__session *session);    /* also of one that failed, or is all zeros */

/* The two lines at the beginning of a run: the data, the network and what it takes. */
TL_PRIV void tl__session_describe(const tl__session *session, char *data, char *network, size_t size);

/* The network in one line: "64 → 64 relu → 10". */
TL_PRIV void tl__session_architecture(const tl__session *session, char *out, size_t size);

/* Numbers and bytes for people: "1,797", "412 KiB". */
TL_PRIV void tl__say_count(char out[32], uint64_t count);
TL_PRIV void tl__say_bytes(char out[32], double bytes);

/* What a run holds beside its session while it trains: its own struct, lock, logs and names; with detailed analytics
 * their files. */
TL_PRIV size_t tl__run_bytes(const tl__config *config);

#endif
