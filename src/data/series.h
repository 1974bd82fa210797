/* Series as a data set holds them: from a table's rows to steps in time order, series after series, and from their
 * channels in double (the grid, while they are computed) to the network's floats, which windows are read from. */
#ifndef TL_DATA_SERIES_H
#define TL_DATA_SERIES_H

#include "data/forecast.h"
#include "data/table.h"

/* The steps of one series. */
typedef struct tl__span {
    size_t begin, end;           /* steps */
    size_t known;                /* end of the steps whose targets are there; <= end */
    size_t series;               /* its number in the forecast's names */
    size_t train;                /* end of the training part; begin: none is known */
} tl__span;

typedef struct tl__series {
    size_t steps, width;         /* width: channels */
    float *values;               /* [steps, width] in the network's unit */
    double *times;               /* [steps]: seconds since 1970-01-01, or numbers */
    uint32_t *rows;              /* [steps]: row of the table */
    size_t span_count;
    tl__span *spans;             /* ascending */
    size_t parts[3];             /* steps in time of training, validation and test; 0 of rows to predict */
} tl__series;

/* What was found while the steps were put in order. */
typedef struct tl__series_found {
    size_t unordered;            /* rows that stood behind a later one */
    size_t gaps, gap_steps;      /* places where steps are missing, and how many */
    double first_gap;            /* time of the step before the first */
    size_t filled;               /* cells that took the value before them */
    size_t incomplete;           /* steps left out at the start of series, since they have no value yet */
    size_t warm_up;              /* and those that features need */
} tl__series_found;

/* Channels in double, one after the other. */
typedef struct tl__grid {
    tl__heap *heap;
    size_t rows, capacity;       /* steps; room in each channel */
    size_t channels;
    double *values;              /* [channels, capacity] */
    double *times;               /* [capacity] */
    uint32_t *table_rows;        /* [capacity] */
    size_t span_count, span_capacity;
    tl__span *spans;
    const char **names;          /* [span_capacity] of the spans' series */
    tl__arena arena;             /* of the names */
    tl__series_found found;
} tl__grid;

/* The columns of a table that the forecast names: [columns], then time and series (NULL: none). */
typedef struct tl__grid_columns {
    const tl__column **columns;
    const tl__column *time, *series;
    const char *source;          /* of the table, for messages */
} tl__grid_columns;

/* The columns' part of the grid: rows sorted by series and time, checked for equal times; missing cells by
 * forecast->missing. Where the last steps of a series have no targets they are steps to predict: `known` ends before
 * them, and of them only the columns known ahead must be there. */
TL_PRIV tl_status tl__grid_read(tl__grid *grid, tl__heap *heap, const tl__table *table,
                                const tl__grid_columns *columns, const tl__forecast *forecast, tl_error *error);
/* One series of it, with room for `more` steps. */
TL_PRIV tl_status tl__grid_one(tl__grid *grid, const tl__grid *all, size_t span, size_t more, tl_error *error);
TL_PRIV void tl__grid_free(tl__grid *grid);
static inline double *tl__grid_channel(const tl__grid *grid, size_t channel)
{
    return grid->values + channel * grid->capacity;
}
/* Distance and kind of steps from the times, and the season where it is 0. */
TL_PRIV tl_status tl__grid_steps(const tl__grid *grid, tl__forecast *forecast, tl_error *error);
TL_PRIV void tl__grid_count_gaps(tl__grid *grid, const tl__forecast *forecast);
/* What was found, as sentences, a line each. */
TL_PRIV void tl__grid_say(const tl__grid *grid, const tl__forecast *forecast, tl__buffer *out);
/* Clean the columns, and compute the features of them. */
TL_PRIV void tl__grid_clean(tl__grid *grid, const tl__forecast *forecast);
TL_PRIV void tl__grid_features(tl__grid *grid, const tl__forecast *forecast);
/* Mean and deviation of the columns that are cleaned, over the steps up to ends [spans] of each series; and shift and
 * scale of all channels but units of time, over those steps that have all features. */
TL_PRIV tl_status tl__grid_fit_clean(const tl__grid *grid, tl__forecast *forecast, const size_t *ends, tl_error *error);
TL_PRIV tl_status tl__grid_fit_scale(const tl__grid *grid, tl__forecast *forecast, const size_t *ends, int normalize,
                                     tl_error *error);
/* The network's floats of the steps that have all features, in the arena. The spans know their series. */
TL_PRIV tl_status tl__series_scale(tl__arena *arena, tl__grid *grid, const tl__forecast *forecast, tl__series **out,
                                   tl_error *error);
/* The span that a step is in. */
TL_PRIV const tl__span *tl__series_span(const tl__series *series, size_t step);

#endif
