/* What a model must show before it may go into production (lab/validate.h): the `production:` block. */
#ifndef TL_LAB_PRODUCTION_H
#define TL_LAB_PRODUCTION_H

#include "base/field.h"
#include "text/value.h"

typedef struct tl__production_settings {
    const char *price;           /* column; NULL: the target of a forecast of one series */
    const tl_value *positions;   /* class: from -1 to 1; NULL: by the classes' names */
    double cost;
    double band;                 /* relative change that is too small to be traded */
    double steps_of_year;
    double sharpe, largest_loss, latency, consistency;
    double mae, accuracy;        /* of walk-forward; -1: as good as the naive forecast, none */
    int64_t splits, draws;
    double noise;
} tl__production_settings;

TL_PRIV const tl__field *tl__production_rows(void);

#endif
