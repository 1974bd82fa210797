/* A search over settings: what it varies and the values of each trial. The values of trial i follow from the seed, the
 * parameter's path and i alone, so a search that is resumed, or run in pieces, tries the same. */
#ifndef TL_LAB_SEARCH_H
#define TL_LAB_SEARCH_H

#include "lab/config.h"

enum { TL__SEARCH_GRID, TL__SEARCH_RANDOM };
enum { TL__SEARCH_MOST = 1000000, TL__SEARCH_PARAMETERS = 32 };

typedef struct tl__search_parameter {
    const char *path;            /* of the row, "training.learning_rate" */
    const tl_value *values;      /* a list; NULL: a range */
    double min, max;
    bool log, whole;
} tl__search_parameter;

typedef struct tl__search {
    int method;
    int64_t trials;              /* a grid: all combinations, or the first so many */
    const char *metric;          /* "val_loss", or one of the figures of the validation part */
    bool higher;                 /* is better */
    uint64_t seed;
    size_t count;
    tl__search_parameter parameters[TL__SEARCH_PARAMETERS];
} tl__search;

TL_PRIV const tl__field *tl__search_rows(void);
/* From the config's search: block. Texts point into the config. */
TL_PRIV tl_status tl__search_read(tl__config *config, tl__search *out, tl_error *error);
/* Value of a parameter in a trial (from 0), as --set takes it: JSON, numbers with 6 digits. */
TL_PRIV void tl__search_value(const tl__search *search, size_t parameter, int64_t trial, tl__buffer *out);
/* The figure that trials are ordered by. */
TL_PRIV double tl__search_score(const tl__search *search, const tl_scores *validation);

#endif
