/* The pictures of a run, as a family: each says whether it fits, draws from the run's record, and brings the words that
 * explain it. */
#ifndef TL_LAB_PICTURES_H
#define TL_LAB_PICTURES_H

#include "lab/story.h"
#include "plot/chart.h"

typedef struct tl__run_picture {
    const char *name;            /* of its file, "loss" */
    const char *heading;         /* of the report's part that it stands in */
    /* False: it does not fit this run, or memory is out (*failed). Arrays go into the story's arena. words: how to read
     * it. */
    bool (*make)(tl__story *story, tl__picture *out, const char **words, bool *failed);
} tl__run_picture;

TL_PRIV const tl__run_picture *tl__run_picture_at(size_t index);    /* in the order of a report; NULL beyond the last */

TL_PRIV const tl__run_picture *tl__pictures_of_training(size_t index);
TL_PRIV const tl__run_picture *tl__pictures_of_classes(size_t index);
TL_PRIV const tl__run_picture *tl__pictures_of_values(size_t index);
TL_PRIV const tl__run_picture *tl__pictures_of_explanation(size_t index);    /* of story->explained alone */

/* Does a curve fall through more than a factor of thirty, without a 0? Then logarithms show more. */
TL_PRIV bool tl__curve_steep(const double *values, size_t count);

/* One of the forecasts of charts/data.json; false: out of memory. */
TL_PRIV bool tl__picture_forecast(const tl_value *entry, tl__arena *arena, tl__picture *out);

/* The heads of an entry of attention.layers of explanation.json, one beside the other; row: of one row's ("row 17"),
 * or "". */
TL_PRIV bool tl__picture_attention(const tl_value *layer, const char *row, tl__arena *arena, tl__picture *out,
                                   bool *failed);
/* An entry of integrated_gradients.rows. */
TL_PRIV bool tl__picture_row(const tl_value *gradients, const tl_value *row, tl__arena *arena, tl__picture *out,
                             bool *failed);

/* A copy of a chart in the arena, as a picture; NULL: out of memory. */
TL_PRIV bool tl__picture_keep(tl__arena *arena, tl__draw *draw, const void *chart, size_t size, const char *title,
                              double width, double height, tl__picture *out);

#endif
