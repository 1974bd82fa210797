/* A trained model with the config it came from, for the commands that use one on data. */
#ifndef TL_LAB_COMMAND_MODEL_H
#define TL_LAB_COMMAND_MODEL_H

#include "data/dataset.h"
#include "lab/config.h"
#include "lab/committee.h"
#include "lab/folder.h"
#include "lab/many.h"
#include "model/model.h"

typedef struct tl__trained {
    tl_context *context;
    tl__arena arena;
    tl__run_place place;
    tl_model *model;         /* of a run of many the best one */
    tl_model **models;       /* of a run of many; NULL: it is one */
    tl__many many;           /* of a list of models only their count */
    const char **members;    /* of a list of models: their runs or files */
    tl__committee committee; /* of them */
    tl__config *config;      /* of the run; of a model file alone, from the settings that it carries */
} tl__trained;

/* run: as tl__run_find reads it, or the list of models that train:ensemble writes. To be closed, also after a
 * failure. */
TL_PRIV tl_status tl__trained_open(tl_context *context, const char *run, const tl_options *options, tl__trained *out,
                                   tl_error *error);
/* Does its config say where its own rows are? Not that of a model file. */
TL_PRIV bool tl__trained_knows_data(const tl__trained *trained);
TL_PRIV void tl__trained_close(tl__trained *trained);
/* Of several models one's folder, file or version, as tl__trained_open takes it; in the arena. NULL: out of memory. */
TL_PRIV const char *tl__trained_member(tl__trained *trained, size_t member);
/* Predictions as tl__predict_part gives them, and figures, of the model or of all of a run of many together. */
TL_PRIV tl_status tl__trained_predict(const tl__trained *trained, const tl_dataset *data, tl_part part, float *out,
                                      tl_error *error);
TL_PRIV tl_status tl__trained_score(const tl__trained *trained, const tl_dataset *data, tl_part part, tl_scores *out,
                                    tl_error *error);
/* Did some of its models train on the part? Then its figures say nothing. */
TL_PRIV bool tl__trained_saw(const tl__trained *trained, tl_part part);
/* The rows of a file ("-": standard input) through the model's pipeline; they are the TL_TEST part. */
TL_PRIV tl_status tl__trained_read(tl__trained *trained, const char *file, tl_dataset **out, tl_error *error);

#endif
