/* Accuracy by timeframe: rows of a part in groups by the calendar unit of a date, or by the values of a column. */
#ifndef TL_LAB_TIMEFRAME_H
#define TL_LAB_TIMEFRAME_H

#include "data/dataset.h"
#include "text/value.h"

enum { TL__TIMEFRAME_YEAR, TL__TIMEFRAME_QUARTER, TL__TIMEFRAME_MONTH, TL__TIMEFRAME_WEEK, TL__TIMEFRAME_DAY,
       TL__TIMEFRAME_WEEKDAY, TL__TIMEFRAME_HOUR };

typedef struct tl__timeframe_settings {
    const char *column;          /* NULL: not wanted */
    int unit;                    /* TL__TIMEFRAME_*, of a date */
} tl__timeframe_settings;

typedef struct tl__metrics_settings {
    tl__timeframe_settings timeframe;
} tl__metrics_settings;

TL_PRIV const tl__field *tl__metrics_rows(void);

/* Before anything is trained: is there such a column, and are there classes? */
TL_PRIV tl_status tl__timeframe_check(const tl__timeframe_settings *settings, const tl_dataset *data, const char *file,
                                      tl_error *error);
/* Into the part's map: accuracy_by_timeframe: [{timeframe, rows, accuracy}] in the order of time (words sorted).
 * truth, predicted: [rows of the part]. Nothing where the part's file lacks the column. */
enum { TL__TIMEFRAMES = 1000 };
TL_PRIV tl_status tl__timeframe_put(const tl__timeframe_settings *settings, const tl_dataset *data, tl_part part,
                                    const int32_t *truth, const int32_t *predicted, tl__builder *builder,
                                    tl_value *map, tl_error *error);

#endif
