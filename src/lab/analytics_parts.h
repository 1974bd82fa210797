/* Inside of the files of detailed analytics: analytics_write.c opens them and writes the table and the alerts,
 * analytics_json.c writes detailed_metrics.json. */
#ifndef TL_LAB_ANALYTICS_PARTS_H
#define TL_LAB_ANALYTICS_PARTS_H

#include "lab/analytics.h"
#include "port/port.h"

enum { TL__ANALYTICS_TEXT = 16384, TL__ANALYTICS_PATH = 700 };

struct tl__analytics_files {
    tl_context *context;
    const tl__config *config;
    const char *hash;
    char run[TL__ANALYTICS_PATH], folder[TL__ANALYTICS_PATH];    /* as the process calls them */
    char to_run[TL__ANALYTICS_PATH];                              /* the run's folder as this one calls it */
    char csv[TL__ANALYTICS_PATH], json[TL__ANALYTICS_PATH], alerts[TL__ANALYTICS_PATH];    /* "": not written */
    char architecture[256], started[24];
    tl__file *csv_file, *alerts_file;
    tl__buffer text;                 /* of the table; reserved: a training allocates nothing */
    size_t classes;
    bool classification, forecast;
    int64_t flushed;                 /* ticks */
    int told[TL__SEVERITY_CRITICAL + 1];
    uint64_t said;                   /* rules that were told on the screen: once in a run */
    bool quiet;                      /* alerts are those of epochs before a resume */
    tl__alert_rules rules;
};

/* Where the rows are: the trainer's record, or a record of one row made from what every training keeps. */
typedef struct tl__analytics_rows {
    tl__records records;
    tl__record one;
} tl__analytics_rows;
TL_PRIV const tl__records *tl__analytics_rows_of(const tl__trainer *trainer, const tl__epoch *epoch,
                                                 tl__analytics_rows *out);

TL_PRIV tl_status tl__analytics_json(tl__analytics_files *files, const tl__records *records,
                                     const tl__train_result *end, tl_error *error);

#endif
