/* What an experiment varies: values of settings times seeds, each a run with an id that says what it is. */
#ifndef TL_LAB_EXPERIMENT_H
#define TL_LAB_EXPERIMENT_H

#include "lab/config.h"

enum { TL__EXPERIMENT_FACTORS = 4, TL__EXPERIMENT_RUNS = 10000 };

typedef struct tl__experiment_factor {
    const char *path;            /* of the setting, "training.learning_rate" */
    const char *label;           /* in run ids: "lr" */
    const char *column;          /* of summary.csv: "learning_rate" */
    bool layers;                 /* values are the sizes of hidden layers, for network.layers */
    const tl_value *values;      /* a list */
} tl__experiment_factor;

typedef struct tl__experiment {
    const char *name;            /* "lr_experiment" */
    const char *type;            /* "lr" */
    size_t factor_count;
    tl__experiment_factor factors[TL__EXPERIMENT_FACTORS];
    const tl_value *seeds;       /* a list */
    size_t runs;                 /* combinations times seeds; seeds change fastest */
} tl__experiment;

/* How many experiments are asked for: by options, else by the config's block; 0 with a mistake. */
TL_PRIV size_t tl__experiment_count(const tl__config *config, const tl_options *options, tl_error *error);
/* The index-th of them. Texts lie in the config's arena. */
TL_PRIV tl_status tl__experiment_read(tl__config *config, const tl_options *options, size_t index, tl__experiment *out,
                                      tl_error *error);
/* The factor's value in a combination (run / seeds). */
TL_PRIV const tl_value *tl__experiment_value(const tl__experiment *experiment, size_t combination, size_t factor);
TL_PRIV int64_t tl__experiment_seed(const tl__experiment *experiment, size_t run);
/* "lr_0.01"; of a run "lr_0.01_seed_42". NULL: memory is out. */
TL_PRIV const char *tl__experiment_label(const tl__experiment *experiment, size_t combination, tl__arena *arena);
TL_PRIV const char *tl__experiment_id(const tl__experiment *experiment, size_t run, tl__arena *arena);
/* "training.learning_rate=0.01" */
TL_PRIV const char *tl__experiment_set(const tl__experiment *experiment, size_t combination, size_t factor,
                                       tl__arena *arena);

#endif
