/* Which columns of a table are targets, covariates, time and name of the series. */
#ifndef TL_DATA_FORECAST_ROLES_H
#define TL_DATA_FORECAST_ROLES_H

#include "data/forecast.h"
#include "data/table.h"

typedef struct tl__forecast_roles {
    tl__heap *heap;
    size_t column_count;
    unsigned char *of;           /* [column_count] TL__ROLE_* */
    size_t *columns;             /* [column_count] numbers of the channels' columns: targets, past, future */
    size_t targets, past, future;
    size_t time, series;         /* SIZE_MAX: none */
    bool time_found;             /* data.time was not given: the only column of dates */
} tl__forecast_roles;

/* Frees itself when it fails. */
TL_PRIV tl_status tl__forecast_roles_find(const tl__table *table, const tl__data_settings *settings,
                                          tl__forecast_roles *out, tl_error *error);
TL_PRIV void tl__forecast_roles_free(tl__forecast_roles *roles);

#endif
