/* The data: block of a config: what to read, what to learn, how to divide and prepare it. Rows in settings.c. */
#ifndef TL_DATA_SETTINGS_H
#define TL_DATA_SETTINGS_H

#include "base/field.h"

enum { TL__TASK_AUTO, TL__TASK_CLASSIFICATION, TL__TASK_REGRESSION, TL__TASK_FORECAST };
enum { TL__SPLIT_AUTO, TL__SPLIT_STRATIFIED, TL__SPLIT_RANDOM, TL__SPLIT_TIME, TL__SPLIT_KFOLD, TL__SPLIT_FORWARD };
enum { TL__NORMALIZE_STANDARD, TL__NORMALIZE_MINMAX, TL__NORMALIZE_ROBUST, TL__NORMALIZE_NONE };
enum { TL__MISSING_FAIL, TL__MISSING_DROP, TL__MISSING_MEAN, TL__MISSING_MEDIAN, TL__MISSING_FORWARD,
       TL__MISSING_CONSTANT };
enum { TL__STREAMING_AUTO, TL__STREAMING_TRUE, TL__STREAMING_FALSE };
enum { TL__HEADER_AUTO, TL__HEADER_TRUE, TL__HEADER_FALSE };

enum { TL__STEPS_LAST, TL__STEPS_FIRST };
enum { TL__SCALING_AUTO, TL__SCALING_WHOLE, TL__SCALING_SERIES };

/* Amounts below 1 are fractions of the rows, from 1 on they are numbers of rows; -1 is `auto`. */
typedef struct tl__split_settings {
    int method;             /* TL__SPLIT_*; auto: stratified for classes, random else */
    double train;           /* auto: all the rest */
    double validation;      /* auto: 0.2; 0 with folds */
    double test;            /* auto: 0.2; 0 where test_file is given, and for one fold of many, which then is the test
                               part */
    int64_t folds, fold;    /* of kfold and forward; fold counts from 1; 0, auto: all of them, one after the other (a
                               data set by itself holds the first) */
    bool stratified;        /* folds of classes keep their proportions */
    const char *group;      /* a column: rows with one value of it stay in one part; NULL: none */
    int64_t seed;           /* -1: the run's */
} tl__split_settings;

/* Of task forecast: the steps that a row is made of. */
typedef struct tl__window_settings {
    int64_t input_size, horizon;
    int64_t stride;         /* steps between the training windows' beginnings */
} tl__window_settings;

/* Rows that are steps of sequences. */
typedef struct tl__sequence_settings {
    const char *id;         /* column that names the sequence of a row; NULL: rows are rows */
    const tl_value *table;  /* tables of one row per sequence; NULL: none */
    int64_t max_length;     /* steps; 0: of the longest */
    int keep;               /* TL__STEPS_* of longer ones */
    const char *folder;     /* no setting: where the paths of `table` begin; NULL: where those of data.file do */
} tl__sequence_settings;

typedef struct tl__covariate_settings {
    tl__text_list past;     /* columns known up to now; empty: all that have no other role */
    tl__text_list future;   /* columns known ahead for all steps of the horizon */
} tl__covariate_settings;

/* Of pictures that are files of their own; -1 is `auto`: as the first one is. */
typedef struct tl__image_settings {
    int64_t height, width, channels;
    const char *column;     /* of a table: paths of pictures, which take its place; NULL: none */
    int scaling;            /* TL__IMAGE_* : data.normalize over all values, or of each channel by itself */
} tl__image_settings;

enum { TL__IMAGE_WHOLE, TL__IMAGE_CHANNEL };

/* Changes of images, drawn anew for each row of a training batch (data/augment.h). */
typedef struct tl__augment_settings {
    double flip_horizontal, flip_vertical;    /* probabilities */
    int64_t shift, crop_padding;              /* pixels */
} tl__augment_settings;

/* Does the method divide into folds? */
static inline bool tl__split_folds(const tl__split_settings *split)
{
    return split->method == TL__SPLIT_KFOLD || split->method == TL__SPLIT_FORWARD;
}

typedef struct tl__data_settings {
    const tl_value *file;        /* a path; a list of paths (one table); {images: path, labels: path}; NULL: none */
    const tl_value *test_file;   /* the same forms: takes the place of the test split; NULL: none */
    const char *format;          /* a member of the loader family, "auto" by name and content */
    tl__text_list target;        /* columns by name or position (0 the first, -1 the last); default -1 */
    int task;                    /* TL__TASK_* */
    tl__text_list class_targets; /* those of the targets that are classes, each for a head; empty: none */
    tl__text_list inputs;        /* columns to use; empty: all that are not used otherwise */
    tl__text_list drop;          /* columns to leave out */
    const char *time;            /* the column that orders the rows; NULL: as they stand in the file */
    tl__sequence_settings sequence;
    /* of task forecast */
    const char *series;          /* column that names the series of a row; NULL: one row holds a step of all series */
    tl__window_settings window;
    tl__covariate_settings covariates;
    tl__text_list calendar;      /* units of the time that are inputs, known ahead */
    const tl_value *features;    /* list of members of the feature family; NULL: none */
    int scaling;                 /* TL__SCALING_* */
    int64_t season;              /* steps of a period, for the naive forecast; 0: by the distance of the steps */
    const char *weight;          /* a column of row weights; NULL: none */
    tl__text_list classes;       /* order of the classes; empty: sorted */
    const char *positive_class, *background_class;
    /* reading */
    int64_t skip_rows;
    int header;                  /* TL__HEADER_* */
    const char *separator, *decimal, *quote;
    bool trim;
    tl__text_list missing_marks;
    const tl_value *types;       /* column: number | integer | category | date; NULL: found out */
    int64_t limit;               /* rows to read at most; 0: all */
    tl__image_settings image;
    /* preparing */
    int missing;                 /* TL__MISSING_* */
    const char *missing_value;   /* of `constant` */
    int64_t max_categories;      /* of one text column */
    int normalize;               /* TL__NORMALIZE_*, of input columns */
    int normalize_target;        /* the same for the targets of a regression */
    tl__split_settings split;
    tl__augment_settings augment;
    /* batches */
    bool shuffle;
    int64_t shuffle_block;       /* rows mixed with each other at a time; 0: all */
    int streaming;               /* TL__STREAMING_* */
    int64_t memory_limit;        /* MiB; 0: none */
    const char *cache_folder;    /* where streamed files are kept as rows; NULL: the next */
    const char *usual_cache;     /* no setting: said by who knows the output folder; NULL: output/cache */
    int64_t workers;             /* 0: batches are made by the caller's thread; else one thread makes them ahead */
    int64_t cache;               /* MiB: a prepared copy of the inputs is kept in memory when it is no larger */
} tl__data_settings;

TL_PRIV const tl__field *tl__data_rows(void);

#endif
