/* Tables and data sets from texts, for tests. */
#ifndef TESTS_SUPPORT_DATA_H
#define TESTS_SUPPORT_DATA_H

#include "data/dataset.h"
#include "text/value.h"

/* A context of one thread with seed 42 on this heap's allocator; data_context_end checks that nothing is left. */
void data_context(tl_context *context);
void data_context_end(tl_context *context);

/* Settings bound from the inside of a flow map, "target: y"; freed by data_settings_end. Fails the test on a mistake. */
typedef struct data_settings {
    tl__data_settings block;
    tl__tree *tree;
} data_settings;
tl_status data_settings_make(tl_context *context, const char *text, data_settings *out);
void data_settings_end(data_settings *settings);

/* From the text of a file called t.csv; settings as above. */
tl_status data_table(tl_context *context, const char *text, const char *settings, tl__table **out, tl_error *error);
tl_status data_set(tl_context *context, const char *text, const char *settings, tl_dataset **out, tl_error *error);
/* Fails the test unless making the data set fails with this status and a message that holds `part`. */
void data_refused(const char *text, const char *settings, tl_status status, const char *part);

/* The number of the row in its file for each row of a part, as "0 3 7". */
const char *data_rows(const tl_dataset *dataset, tl_part part);

#endif
