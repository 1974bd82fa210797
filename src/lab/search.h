/* The search: block: what is varied, by which method, and what trials are ordered by. Values of trials are axes' values
 * (lab/space.h) within, and JSON where settings are set. */
#ifndef TL_LAB_SEARCH_H
#define TL_LAB_SEARCH_H

#include "lab/config.h"
#include "lab/search_method.h"
#include "lab/search_stop.h"
#include "train/train.h"

enum { TL__SEARCH_MOST = 1000000 };

typedef struct tl__search_parameter {
    const char *path;            /* of the row, "training.learning_rate" */
    const tl_value *values;      /* a list; NULL: a range */
    double first, step;          /* step not 0: first, first + step, ... by the axis's number */
    bool whole;                  /* numbers are printed without a point */
} tl__search_parameter;

typedef struct tl__search {
    const tl__search_method *method;
    int64_t trials;              /* a grid: all combinations, or the first so many */
    int64_t generation;          /* trials that are proposed together, from the same knowledge */
    int64_t parallel;            /* trials at work at the same time; 0: as many as there are threads */
    bool async;
    tl__stop_rule stop;
    const char *metric;          /* "val_loss", or one of the figures of the validation part */
    bool higher;                 /* is better */
    uint64_t seed;
    tl__search_parameter parameters[TL__SPACE_AXES];
    tl__space space;             /* an axis for each parameter */
} tl__search;

TL_PRIV const tl__field *tl__search_rows(void);
/* What is asked for: a search: block, and names in the place of its parameters, "training.learning_rate" or
 * "training.learning_rate=[0.1, 0.01]". */
typedef struct tl__search_asked {
    const tl_value *block;       /* NULL: defaults */
    const char *file;            /* of the block */
    const char *const *vary;
    size_t vary_count;
} tl__search_asked;

/* Texts point into the block and the arena. config NULL: the parameters are names of the caller's own. */
TL_PRIV tl_status tl__search_read(const tl__search_asked *asked, tl__config *config, uint64_t seed, tl__arena *arena,
                                  tl__search *out, tl_error *error);
/* Of it the parameters (lab/search_parameters.c). */
TL_PRIV tl_status tl__search_parameters(const tl__search_asked *asked, const tl_value *parameters,
                                        tl__config *config, tl__arena *arena, tl__search *out, tl_error *error);
/* The block of a config with options->vary, or the sentence that says how to write one. */
TL_PRIV tl_status tl__search_of_config(tl__config *config, const tl_options *options, tl__search *out,
                                       tl_error *error);
/* An axis's value as --set takes it: JSON, numbers with 6 digits. */
TL_PRIV void tl__search_value(const tl__search *search, size_t parameter, double value, tl__buffer *out);
/* The same as a value under the parameter's path. */
TL_PRIV void tl__search_put(tl__builder *builder, tl_value *map, const tl__search *search, size_t parameter,
                            double value);
/* The figure that trials are ordered by; after an epoch, the one that comes nearest to it. */
TL_PRIV double tl__search_score(const tl__search *search, const tl_scores *validation);
TL_PRIV double tl__search_epoch_score(const tl__search *search, const tl__epoch *epoch);

#endif
