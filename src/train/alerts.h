/* Alerts: a table of rules over the record of a training (train/history.h). A rule is a name, a severity, a category, a
 * condition (train/condition.h) and a message with its remedy; the built-in ones are rows of one table, users add
 * theirs under analytics.alerts. An alert is given when its condition begins to hold, not in each epoch.
 *
 * All is a function of the record alone: the same history gives the same alerts, live, after a resume, from files. */
#ifndef TL_TRAIN_ALERTS_H
#define TL_TRAIN_ALERTS_H

#include "train/condition.h"

typedef enum tl__severity { TL__SEVERITY_INFO, TL__SEVERITY_WARNING, TL__SEVERITY_CRITICAL } tl__severity;

enum { TL__ALERT_DETAILS = 4, TL__ALERT_MESSAGE = 512, TL__ALERT_RULES = 40 };

typedef struct tl__alert_rule {
    const char *name;                /* "exploding_gradients" */
    tl__severity severity;
    const char *category;            /* gradient_flow, overfitting, learning_dynamics, data_quality, performance */
    const char *when;                /* "gradient_norm_max > 10" */
    const char *message;             /* whole sentences; {expression} stands for its value */
    const char *details;             /* "current_norm = gradient_norm_avg; ..."; NULL: the condition's own fields */
    bool once;                       /* the first time only */
    bool always;                     /* also without detailed analytics */
} tl__alert_rule;

typedef struct tl__alert {
    const tl__alert_rule *rule;
    int64_t epoch;
    char message[TL__ALERT_MESSAGE];
    int details;
    struct { char name[40]; double value; } detail[TL__ALERT_DETAILS];
} tl__alert;

/* The built-in rules with those of the user laid over them: one of the same name takes its place. */
typedef struct tl__alert_rules {
    size_t count;
    tl__alert_rule rule[TL__ALERT_RULES];
    tl__condition condition[TL__ALERT_RULES];
} tl__alert_rules;

TL_PRIV const tl__alert_rule *tl__alert_builtin(size_t index);    /* NULL beyond the last */
TL_PRIV const char *tl__severity_text(tl__severity severity);     /* "critical" */
/* analytics.alerts as it was read ([{name, when, severity, category, message}]; NULL: none) over the built-in rules.
 * Texts are kept where they stand. Mistakes are told with file and line. */
TL_PRIV tl_status tl__alerts_read(const tl_value *list, const char *file, tl__alert_rules *out, tl_error *error);

typedef tl_status tl__alert_fn(void *user, const tl__alert *alert, tl_error *error);
/* The alerts that begin in row `index` of the record, in the order of the table; a failure of the function ends it. */
TL_PRIV tl_status tl__alerts_at(const tl__alert_rules *rules, const tl__records *records, size_t index,
                                tl__alert_fn *each, void *user, tl_error *error);
/* Without detailed analytics: built-in rules that are looked at always, in a record of one row; each once, which *said
 * remembers. */
TL_PRIV tl_status tl__alerts_always(const tl__records *one, uint32_t *said, tl__alert_fn *each, void *user,
                                    tl_error *error);
/* That of how the training ended (records->not_finite), if it did so. */
TL_PRIV tl_status tl__alerts_end(const tl__alert_rules *rules, const tl__records *records, tl__alert_fn *each,
                                 void *user, tl_error *error);
/* Those of the whole record, and of how it ended. */
TL_PRIV tl_status tl__alerts_each(const tl__alert_rules *rules, const tl__records *records, tl__alert_fn *each,
                                  void *user, tl_error *error);

#endif
