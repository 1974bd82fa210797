/* The input pipeline: how raw columns become the network's inputs, and its outputs classes or values in the target's
 * unit. Fitted on the training part only, then never changed; a model carries a copy.
 *
 * A number becomes (raw - shift) / scale, computed in double from the raw value rounded to float32, so that a row
 * of a file and the same row given as floats have the same bits. A category column of n words becomes n features, 1 at
 * the word and 0 elsewhere; a word that training did not have gives zeros only. A raw row is one float per number
 * (width floats for a vector column) and one per category: the word's number in the sorted `words`, NaN where it is
 * missing. */
#ifndef TL_DATA_PIPELINE_H
#define TL_DATA_PIPELINE_H

#include "base/context.h"
#include "base/error.h"
#include "text/value.h"

typedef struct tl__line {
    double shift, scale;
} tl__line;

typedef struct tl__input {
    const char *name;
    bool category;
    size_t width;                  /* raw floats: 1 for a category */
    size_t features;               /* width, or the number of words */
    size_t shape[3];               /* of a row of a vector column (data/table.h); zeros: none */
    size_t raw_offset, offset;     /* in the raw row and in the feature row */
    double shift, scale;           /* of a number, over all values of a vector column; scale is never 0 (a constant
                                      column: 1) */
    size_t channels;               /* scaled each by itself, in turn along the values of a vector column; 0: all
                                      alike, by shift and scale */
    const tl__line *lines;         /* [channels] */
    double fill;                   /* what a missing number becomes, before normalising; NaN: it is a mistake */
    const char **words;            /* [features] of a category, sorted by bytes */
    size_t fill_word;              /* what a missing category becomes; SIZE_MAX: a mistake */
} tl__input;

/* Of a pipeline whose rows are sequences of steps; the inputs are those of a step. */
typedef struct tl__sequence {
    const char *id, *time;         /* columns; time may be NULL */
    size_t max_length;
    bool keep_first;               /* of a longer one; else its last steps */
    size_t raw, features;          /* floats of a step */
} tl__sequence;

typedef struct tl__class_list {
    size_t count;                  /* 0: a number */
    const char **names;
} tl__class_list;

typedef struct tl__pipeline {
    tl_context *context;
    tl__arena arena;               /* owns all texts and arrays below */
    size_t input_count;
    tl__input *inputs;
    size_t raw;                    /* floats of a raw row: tl_model_inputs */
    size_t features;               /* floats of a feature row: inputs of the network */
    const char *normalize;         /* "standard", "minmax", "robust", "none" */
    /* targets */
    bool classification;
    size_t outputs;                /* classes, or target columns */
    const char **targets;          /* names of the target columns; one for a classification */
    size_t target_count;
    const char **classes;          /* [outputs] of a classification; NULL else */
    int positive_class, background_class;    /* -1: not given */
    double *target_shift, *target_scale;     /* [outputs] of a regression: learned value = (target - shift) / scale */
    tl__class_list *target_classes;          /* [target_count] where heads learn classes beside numbers: such a target
                                                is the number of its class, shift 0 and scale 1, and no
                                                classification is meant by it; NULL: all are numbers */
    tl__sequence *sequence;        /* NULL: a row is no sequence */
    struct tl__forecast *forecast;           /* data/forecast.h: a row is a window of series, inputs are its channels
                                                and not the list above, outputs [horizon, targets]; NULL: rows are
                                                rows */
} tl__pipeline;

TL_PRIV void tl__pipeline_free(tl__pipeline *pipeline);   /* NULL: nothing */
TL_PRIV tl_status tl__pipeline_clone(tl_context *context, const tl__pipeline *pipeline, tl__pipeline **out);

/* To and from the tree that norm_params.json and a model's metadata hold; doubles survive to the bit. Reading trusts
 * nothing; mistakes name `file`. */
TL_PRIV tl_value *tl__pipeline_put(tl__builder *builder, tl_value *parent, const char *key,
                                   const tl__pipeline *pipeline);
TL_PRIV tl_status tl__pipeline_get(tl_context *context, const tl_value *value, const char *file, tl__pipeline **out,
                                   tl_error *error);

/* The tree as a JSON file: norm_params.json. */
TL_PRIV tl_status tl__pipeline_write(const tl__pipeline *pipeline, const char *path, tl_error *error);

/* A tree that was built, as a JSON file of this kind. */
TL_PRIV tl_status tl__pipeline_save(tl__builder *builder, const char *path, tl_error *error);

/* A pipeline that changes nothing, for arrays from memory without settings and for models without data: `features`
 * inputs named x0, x1, ..., classes named 0, 1, ... (classes 0: a regression of `outputs` values). */
TL_PRIV tl_status tl__pipeline_plain(tl_context *context, size_t features, size_t outputs, size_t classes,
                                     tl__pipeline **out);

/* Steps of a raw row that is a sequence: up to the last one that is not missing altogether. */
TL_PRIV size_t tl__pipeline_length(const tl__pipeline *pipeline, const float *raw);
/* out [rows, features] from raw [rows, pipeline->raw]; of a sequence 0 behind its end, and one without steps is
 * missing. No allocation. TL_NOT_FINITE when a value is missing that the
 * pipeline has no fill for, or infinite; out then holds the rows before it, and *bad_row (may be NULL) its number. */
TL_PRIV tl_status tl__pipeline_apply(const tl__pipeline *pipeline, const float *raw, size_t rows, float *out,
                                     size_t *bad_row);
/* In place, values [rows, tl__pipeline_width] of a regression: from the network's unit to the target's; where a target
 * is a class, from logits to probabilities. Of a classification: nothing. */
TL_PRIV void tl__pipeline_restore(const tl__pipeline *pipeline, float *values, size_t rows);
/* Classes of a target, 0: a number; and numbers that a network with one for each number and class gives for all. */
TL_PRIV bool tl__pipeline_same_heads(const tl__pipeline *p, const tl__pipeline *q);    /* as many targets: the same
                                                                                         classes of each? */
TL_PRIV size_t tl__target_classes(const tl__pipeline *pipeline, size_t target);
TL_PRIV size_t tl__pipeline_width(const tl__pipeline *pipeline);
/* Shift and scale of a raw value of a number input. */
static inline tl__line tl__input_line(const tl__input *input, size_t k)
{
    return input->channels ? input->lines[k % input->channels] : (tl__line){input->shift, input->scale};
}
/* Value k of a number input, and one of a category into its `features` places; false: it is missing and has no
 * fill. The value may come out infinite or NaN: the caller checks. */
static inline float tl__input_value(const tl__input *input, size_t k, float raw)
{
    double value = raw != raw ? input->fill : (double)raw;
    tl__line line = tl__input_line(input, k);
    return (float)((value - line.shift) / line.scale);
}
/* And back: value k of an input as it was in the file. */
static inline double tl__input_raw(const tl__input *input, size_t k, double value)
{
    tl__line line = tl__input_line(input, k);
    return value * line.scale + line.shift;
}
TL_PRIV bool tl__input_word(const tl__input *input, float raw, float *out);
/* Number of a class, or -1. */
TL_PRIV int tl__pipeline_class(const tl__pipeline *pipeline, const char *name);
TL_PRIV int tl__class_number(const char *const *names, size_t count, const char *name);

/* --- for those who make pipelines (data/) --- */
TL_PRIV tl_status tl__pipeline_new(tl_context *context, size_t inputs, tl__pipeline **out);
TL_PRIV bool tl__pipeline_texts(tl__pipeline *pipeline, const char ***out, const char *const *texts, size_t count);
TL_PRIV tl__line *tl__pipeline_lines(tl__pipeline *pipeline, const tl__line *lines, size_t count);    /* NULL: zeros */
TL_PRIV bool tl__pipeline_doubles(tl__pipeline *pipeline, double **out, const double *values, size_t count);
/* Offsets and sums from the inputs' widths and features; false on overflow. */
TL_PRIV bool tl__pipeline_place(tl__pipeline *pipeline);
/* The constant text of a normalisation's name, or NULL. */
TL_PRIV const char *tl__normalize_word(const char *word);

#endif
