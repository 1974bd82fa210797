/* An explanation of a model by rows of a data set, as a tree from which tables and pictures are made (train:explain).
 * By columns; by steps where rows have several; by pixels where they are pictures; by heads of attention. */
#ifndef TL_LAB_EXPLANATION_H
#define TL_LAB_EXPLANATION_H

#include "lab/attention_map.h"
#include "lab/attribution.h"
#include "lab/config.h"

enum { TL__EXPLAIN_ALL, TL__EXPLAIN_PERMUTATION, TL__EXPLAIN_GRADIENTS, TL__EXPLAIN_ATTENTION };
enum { TL__EXPLAIN_ROWS = 8 };           /* rows that are shown one by one, at most */

typedef struct tl__explanation {
    /* set by the caller */
    tl_context *context;
    tl__arena *arena;
    const tl__explanation_settings *settings;
    uint64_t seed;
    const tl_model *model;
    const tl_dataset *data;              /* whose part is explained */
    const tl_dataset *own;               /* training rows for the baseline; NULL: zeros */
    tl_part part;
    /* made */
    tl__explained rows, shown;
    const tl__metric *metric;
    size_t target;                       /* of values */
    size_t height, width, channels;      /* of rows that are one picture; else 0 */
    bool permuted, went, looked;         /* which explanations there are */
    double base;
    tl__cells *cells;                    /* [columns + groups] that were shuffled: of a column, then of some steps */
    size_t groups;
    tl__importance_figure *importance;   /* [columns + groups] */
    double *mean, *mean_abs;             /* [columns]: of the attributions of a column, summed over its steps */
    double *cell_mean, *cell_abs;        /* [columns, steps]: of each step's */
    double *sums;                        /* [rows, columns] */
    uint32_t *targets;                   /* [rows]: class that is explained */
    double *deltas;                      /* [rows] */
    double *pictures, *pixels;           /* [classes, height * width]: means of pictures and of attributions */
    size_t *class_rows;                  /* [classes] */
    double *shown_parts;                 /* [shown rows, features] */
    uint32_t *shown_targets;             /* [shown rows] */
    tl__attention_maps attention, shown_attention[TL__EXPLAIN_ROWS];
} tl__explanation;

/* What settings and model do not fit together is told. To be freed, also after a failure. */
TL_PRIV tl_status tl__explanation_make(tl__explanation *explanation, tl_error *error);
TL_PRIV void tl__explanation_free(tl__explanation *explanation);
TL_PRIV tl_status tl__explanation_put(const tl__explanation *explanation, tl__builder *builder, tl_value *root,
                                      tl_error *error);
/* The class or target that row i's attributions are of. */
TL_PRIV const char *tl__explanation_of(const tl__explanation *explanation, uint32_t target);

#endif
