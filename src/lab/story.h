/* A run as its folder tells it: all that reports, charts and comparisons read. What is not there is NULL, NaN or "". */
#ifndef TL_LAB_STORY_H
#define TL_LAB_STORY_H

#include "lab/analytics.h"

typedef struct tl__story {
    tl_context *context;
    tl__arena arena;                 /* for arrays of charts, too */
    const char *folder, *name;       /* name: of the folder */
    tl__run_records history;         /* an epoch a row */
    tl__config *config;
    const char *config_text;
    tl__tree *metrics_tree, *status_tree, *data_tree, *explained_tree;
    const tl_value *metrics, *status, *data;      /* metrics.json, status.json, charts/data.json */
    const tl_value *explained;       /* explain/explanation.json, of train:explain */
    const tl_value *part;            /* of metrics: test, else validation, else train */
    const char *part_name;
    bool classification, forecast;
    size_t classes;
    const char **class_names;        /* [classes] */
} tl__story;

/* To be closed, also after a failure. */
TL_PRIV tl_status tl__story_open(tl_context *context, const char *folder, tl__story *out, tl_error *error);
TL_PRIV void tl__story_close(tl__story *story);

/* A figure of metrics.json, "test.accuracy"; NaN: not there. */
TL_PRIV double tl__story_number(const tl_value *map, const char *path);
/* A list of numbers as an array in the arena; nulls are NaN. NULL: out of memory, or no list. */
TL_PRIV double *tl__story_numbers(tl__arena *arena, const tl_value *list, size_t *count);
/* A figure of every epoch, by its place in tl__record. */
TL_PRIV double *tl__story_column(tl__story *story, size_t offset);
/* Has it any finite number? */
TL_PRIV bool tl__story_some(const double *values, size_t count);

#endif
