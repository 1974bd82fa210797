/* A data set: tables, the pipeline fitted on the training part, and the rows of the three parts.
 *
 * Life: table(s) -> roles of columns -> targets encoded -> rows divided -> pipeline fitted on the training rows.
 * Read-only afterwards, so any thread may gather from it. The kind of target follows the pipeline: classes have
 * `labels` (0..classes-1 per row), regressions have `targets` [rows, outputs] in the network's unit (normalised;
 * data.normalize_target). */
#ifndef TL_DATA_DATASET_H
#define TL_DATA_DATASET_H

#include "data/pipeline.h"
#include "data/settings.h"
#include "data/table.h"
#include "text/value.h"

enum { TL__PARTS = 3 };            /* TL_TRAIN, TL_VALIDATION, TL_TEST */

/* What the bytes of a column become. Where one line through all 256 values gives their very bits, it is computed, which
 * is faster than looking them up one by one. */
typedef struct tl__byte_map {
    float values[256];
    float line[4];
    void (*draw)(float *y, const uint8_t *x, const float line[4], size_t n);    /* kernels' line_u8; NULL: look up */
} tl__byte_map;

/* One file (or list) with the pipeline's columns found in it. A set has one, or two when data.test_file is given. */
typedef struct tl__rows_of {
    tl__table *table;
    const tl__column **columns;    /* [pipeline->input_count]; NULL: not in this table (all missing) */
    int32_t **word_maps;           /* [input_count] of categories: the table's code -> the pipeline's word, -1 unknown;
                                      NULL: a column of numbers */
    tl__byte_map **byte_maps;      /* [input_count] of U8 columns: value -> normalised value, one for each of
                                      the input's channels; NULL: other types */
    int32_t *labels;               /* [table->rows] of a classification; -1: missing or unknown class */
    float *targets;                /* [table->rows, outputs] of a regression, in the target's unit; NaN: missing */
    float *weights;                /* [table->rows], or NULL */
    struct tl__series *series;     /* of a forecast: what windows are read from (data/series.h) */
    struct tl__sequences *sequences;   /* rows are steps of these (data/sequence.h), and a sequence stands in all arrays
                                      of rows at its head, its first row; NULL: rows are rows */
    unsigned char *incomplete;     /* a bit per row of a stored table: a cell of the inputs is missing; NULL: the
                                      table is in memory, or rows with missing cells are kept */
} tl__rows_of;

typedef struct tl__part_rows {
    const tl__rows_of *from;
    size_t count;
    uint32_t *rows;                /* numbers of rows in from->table; training parts ascend. Of a forecast: steps of
                                      from->series that the windows' targets begin with; of sequences their heads */
} tl__part_rows;

/* What was left out and why, for the report. */
typedef struct tl__left_out {
    size_t missing_rows;           /* data.missing: drop */
    size_t missing_target_rows;
    size_t unknown_class_rows;     /* rows of classes that data.classes does not list */
    size_t unknown_categories;     /* cells of validation, test or applied rows with a word that training did not
                                      have */
} tl__left_out;

struct tl_dataset {
    tl_context *context;
    tl__arena arena;
    tl__pipeline *pipeline;        /* owned */
    tl__rows_of source[2];         /* [1].table NULL: no test file */
    tl__part_rows part[TL__PARTS];
    bool borrowed;                 /* the tables belong to another data set */
    bool has_target;               /* false: rows to predict whose target is not in the file */
    bool has_weights;
    tl__left_out left_out;
    int64_t *class_counts[TL__PARTS];   /* [classes] of a classification */
    const char *note;              /* sentences for the user, a line each ("column 'date' is not used: ..."); "" none */
    size_t bytes;                  /* that the context's heap holds for this object: tables, pipeline and all */
    uint64_t seed;                 /* of the split and of the order of batches */
    tl__augment_settings augment;
    bool shuffle;                  /* from the settings, for tl__batches_new */
    size_t shuffle_block;          /* the same, resolved; 0: all rows */
    int workers;
    size_t cache_bytes;
    unsigned char *roles;          /* [columns of source[0]] TL__ROLE_*; NULL: rows to predict */
    unsigned char *part_of;        /* [rows of source[0]] tl_part, 3: in none; NULL: rows to predict */
    char hash[65];                 /* SHA-256 of the content, before any split: names, types and values of all
                                      columns */
    char (*column_hashes)[65];     /* [columns of source[0], then of source[1]] */
};

/* All that a data: block says. Relative paths start at `folder` (NULL: the current one). Seed: the run's. */
TL_PRIV tl_status tl__dataset_load(tl_context *context, const tl__data_settings *settings, const char *folder,
                                   uint64_t seed, tl_dataset **out, tl_error *error);
/* From a table, which the data set owns from then on (also after a failure). `test` may be NULL. */
TL_PRIV tl_status tl__dataset_make(tl_context *context, tl__table *table, tl__table *test,
                                   const tl__data_settings *settings, uint64_t seed, tl_dataset **out, tl_error *error);
/* Another data set over the tables of `from`, which it must not outlive: other settings of the split, say, and the
 * pipeline fitted anew. Of tables in memory it may be made in any thread, with a context of that thread, once one data
 * set was made of them. */
TL_PRIV tl_status tl__dataset_remake(tl_context *context, const tl_dataset *from, const tl__data_settings *settings,
                                     uint64_t seed, tl_dataset **out, tl_error *error);
/* The parts of `from` through another pipeline of the same columns and targets: what a model of other training rows
 * sees of them. `from` must live longer. Not of forecasts. */
TL_PRIV tl_status tl__dataset_view(tl_context *context, const tl_dataset *from, const tl__pipeline *pipeline,
                                   tl_dataset **out, tl_error *error);
/* A file of rows to predict or to evaluate, read as the pipeline's columns demand, then tl__dataset_apply. `file` has
 * the forms of data.file; `bytes` not NULL: the content, and `name` its name. */
TL_PRIV tl_status tl__dataset_apply_file(tl_context *context, const tl__pipeline *pipeline, const tl_value *file,
                                         const tl__data_settings *settings, const char *folder, tl_dataset **out,
                                         tl_error *error);
TL_PRIV tl_status tl__dataset_apply_bytes(tl_context *context, const tl__pipeline *pipeline, const char *bytes,
                                          size_t size, const char *name, const tl__data_settings *settings,
                                          tl_dataset **out, tl_error *error);
/* A CSV file of rows to predict block by block ("-": standard input), so that memory holds a block of it: each block is
 * a data set of its own, whose first row is row *first of the file; NULL: there are no more. Pipeline and path are
 * kept. */
typedef struct tl__apply_blocks tl__apply_blocks;
TL_PRIV tl_status tl__apply_open(tl_context *context, const tl__pipeline *pipeline, const char *path,
                                 const tl__data_settings *settings, tl__apply_blocks **out, tl_error *error);
TL_PRIV tl_status tl__apply_next(tl__apply_blocks *blocks, tl_dataset **out, size_t *first, tl_error *error);
TL_PRIV void tl__apply_close(tl__apply_blocks *blocks);
/* Rows of another table through a fitted pipeline (cloned): all rows are the TL_TEST part. A column that the pipeline
 * needs and the table lacks is a mistake; others are ignored and told in `note`. The target may be absent (has_target).
 * With `settings` missing: drop rows with missing cells are left out; without, they must have a fill. Owns the
 * table. */
TL_PRIV tl_status tl__dataset_apply(tl_context *context, const tl__pipeline *pipeline, tl__table *table,
                                    const tl__data_settings *settings, tl_dataset **out, tl_error *error);

/* Prepare rows order[0..count) of a part (positions in the part; NULL: first, first+1, ...): inputs [count, features],
 * labels [count] or targets [count, outputs], weights [count] (1 without weights); each may be NULL. Any thread, each
 * with its own room: tl__dataset_room bytes, aligned to 64, where inputs of streamed data pass through (0 bytes, and
 * NULL, for data in memory). Only reading a file can fail. */
TL_PRIV size_t tl__dataset_room(const tl_dataset *dataset);
TL_PRIV tl_status tl__dataset_gather(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                     size_t count, float *inputs, int32_t *labels, float *targets, float *weights,
                                     void *room, tl_error *error);
/* The room on the heap; NULL where none is needed. */
TL_PRIV tl_status tl__dataset_room_new(const tl_dataset *dataset, void **out, tl_error *error);
TL_PRIV void tl__dataset_room_free(const tl_dataset *dataset, void *room);
/* Steps of the sequences that these rows are, [count]; nothing where they are none. */
TL_PRIV void tl__dataset_lengths(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                 size_t count, int32_t *lengths);
/* Labels, targets and weights alone. */
TL_PRIV void tl__dataset_gather_targets(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                        size_t count, int32_t *labels, float *targets, float *weights);
/* Inputs alone: rows[order[0..count)] (order NULL: rows[first..]) of columns that are in memory. */
TL_PRIV void tl__dataset_gather_inputs(const tl__pipeline *pipeline, const tl__rows_of *source, const uint32_t *rows,
                                       const uint32_t *order, size_t first, size_t count, float *inputs);
/* Targets of a regression in their own unit, for metrics: out [count, outputs]. */
TL_PRIV void tl__dataset_targets(const tl_dataset *dataset, tl_part part, size_t first, size_t count, float *out);
/* Number of the row in its file, from 0 (header and skipped lines not counted): the row id of predictions. */
TL_PRIV const char *tl__dataset_sequence_id(const tl_dataset *dataset, tl_part part, size_t index);    /* or NULL */
TL_PRIV size_t tl__dataset_row_id(const tl_dataset *dataset, tl_part part, size_t index);

/* Weights [classes] from the training part: total / count, scaled so that they sum to the number of classes (a class
 * without training rows: 0 before scaling). */
TL_PRIV void tl__class_weights(const tl_dataset *dataset, double *out);
/* Class distribution: per class the rows and shares in all parts; balance = 1 - min(1, std / mean of the training
 * counts); largest / smallest ratio; entropy in nats. Under `key` of a tree. */
TL_PRIV tl_value *tl__class_distribution(tl__builder *builder, tl_value *parent, const char *key,
                                         const tl_dataset *dataset);

/* What the data is, to be kept beside a run: rows, hash, and name, type and hash of each column. */
TL_PRIV tl_value *tl__dataset_describe(tl__builder *builder, tl_value *parent, const char *key,
                                       const tl_dataset *dataset);
/* Compares with such a description: TL_OK when it is the same data, else TL_BAD_DATA with the first difference as a
 * sentence. */
TL_PRIV tl_status tl__dataset_same(const tl_dataset *dataset, const tl_value *described, tl_error *error);

/* The data report: rows, per column type, missing, range or words, constant columns, duplicate rows, what was left out
 * and why, parts, class distribution. */
TL_PRIV tl_status tl__dataset_report(tl__builder *builder, tl_value *parent, const char *key, const tl_dataset *dataset,
                                     const tl__data_settings *settings, tl_value **out, tl_error *error);
/* The prepared set: train.csv, validation.csv, test.csv (features by name, then the target), or X_train.npy,
 * y_train.npy, ... and norm_params.json in `folder`. format: "csv" or "npy". */
TL_PRIV tl_status tl__dataset_write(const tl_dataset *dataset, const char *folder, const char *format, tl_error *error);

#endif
