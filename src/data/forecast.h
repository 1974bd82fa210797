/* What a forecast's pipeline holds: which columns are channels of a step, which features are made of them, how each is
 * scaled, and the sizes of a window. A row of the network is [input_size, channels] of the past, then [horizon, future]
 * of what is known ahead; its target is [horizon, targets], the first channels.
 *
 * Channels stand in this order: targets, past covariates, future covariates, features of columns, units of time. */
#ifndef TL_DATA_FORECAST_H
#define TL_DATA_FORECAST_H

#include "data/feature.h"
#include "data/pipeline.h"
#include "data/settings.h"

typedef struct tl__channel {
    const char *name;            /* "OT", "OT_lag_3", "hour" */
    bool ahead;                  /* known for the steps to forecast too */
    double *shift, *scale;       /* [sets]: the network's value = (value - shift) / scale */
    double *mean, *deviation;    /* [sets] of the training part before it was cleaned; NULL: never cleaned */
} tl__channel;

/* A member of the feature family with its settings, applied to one column or to the time. */
typedef struct tl__feature_use {
    const tl__feature *member;
    void *settings;              /* in the pipeline's arena */
    size_t of;                   /* channel of its column; SIZE_MAX: the time */
    size_t first;                /* its first channel; of a member that cleans: not used */
} tl__feature_use;

typedef enum tl__step_kind { TL__STEP_NUMBER, TL__STEP_SECONDS, TL__STEP_WEEKDAYS, TL__STEP_MONTHS } tl__step_kind;

typedef struct tl__forecast {
    const char *time, *series;   /* columns; NULL: none */
    size_t input_size, horizon, stride;
    size_t channel_count;
    tl__channel *channels;
    size_t targets, columns;     /* the first channels: what is forecast; all that are columns */
    size_t future;               /* channels known ahead */
    size_t *ahead;               /* [future] their numbers */
    size_t use_count;
    tl__feature_use *uses;       /* members that clean come first */
    size_t history;              /* steps at the start of a series that features take */
    size_t series_count;         /* of the training data; 1 where no column names them */
    const char **series_names;   /* [series_count]; "" where no column names them */
    size_t sets;                 /* of scalings: 1, or series_count */
    tl__step_kind step_kind;
    double step;                 /* distance of steps: seconds, months, or of the numbers; 0: not known */
    bool dates;                  /* times are seconds since 1970-01-01 */
    size_t season;               /* steps of a period; 0: not known */
    int missing;                 /* TL__MISSING_FAIL or TL__MISSING_FORWARD */
} tl__forecast;

/* What a forecast is begun with. */
typedef struct tl__forecast_columns {
    size_t targets, past, future;
    const char *const *names;    /* [targets + past + future] */
} tl__forecast_columns;

/* pipeline->forecast with its channels and features, for so many scalings; all else is 0. Features are a list, or NULL;
 * calendar may be NULL. What is wrong with them is told at its place in `file`. */
TL_PRIV tl_status tl__forecast_new(tl__pipeline *pipeline, const tl__forecast_columns *columns,
                                   const tl_value *features, const tl__text_list *calendar, const char *file,
                                   tl_error *error);
/* The channels' arrays for forecast->sets; false: out of memory. */
TL_PRIV bool tl__forecast_room(tl__pipeline *pipeline);
/* What follows from channels and sizes: the pipeline's raw, features, outputs, names and scales of its targets. */
TL_PRIV tl_status tl__forecast_settle(tl__pipeline *pipeline, tl_error *error);
/* Does one of its uses clean this column? */
TL_PRIV bool tl__forecast_cleans(const tl__forecast *forecast, size_t column);
/* Number of a series, or SIZE_MAX. */
TL_PRIV size_t tl__forecast_series(const tl__forecast *forecast, const char *name);
/* The time `steps` after this one. */
TL_PRIV double tl__forecast_later(const tl__forecast *forecast, double time, size_t steps);
/* "2016-07-01T02:00:00", or the number. */
TL_PRIV void tl__forecast_time(const tl__forecast *forecast, double time, char out[40]);

/* The network's value of a channel; a raw value counts rounded to a float, as a row given as floats has it. */
static inline float tl__channel_value(const tl__channel *channel, size_t set, double raw)
{
    return (float)(((double)(float)raw - channel->shift[set]) / channel->scale[set]);
}
/* One raw window into the network's row, by the first scaling. */
TL_PRIV void tl__forecast_apply(const tl__forecast *forecast, const float *raw, float *out);
/* A scaling as two arrays of a row's length. */
TL_PRIV void tl__forecast_scaling(const tl__forecast *forecast, size_t set, double *shift, double *scale);

/* To and from the pipeline's tree (data/pipeline_tree.c). */
TL_PRIV void tl__forecast_put(tl__builder *builder, tl_value *map, const tl__forecast *forecast);
TL_PRIV tl_status tl__forecast_get(tl__pipeline *pipeline, const tl_value *map, const char *file, tl_error *error);
/* feature_config.json: columns, features with all their settings, calendar, steps that they take. */
TL_PRIV tl_status tl__forecast_write(const tl__pipeline *pipeline, const char *path, tl_error *error);

#endif
