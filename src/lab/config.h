/* The root of a run's settings: the folders' rows composed into one table, and a config file read by it.
 *
 * Reading: parse, move aliases to the paths of their rows, apply --set, refuse what belongs to later versions, bind.
 * All mistakes are told at once. Paths in a config are relative to its file. */
#ifndef TL_LAB_CONFIG_H
#define TL_LAB_CONFIG_H

#include "data/settings.h"
#include "lab/production.h"
#include "lab/timeframe.h"
#include "model/transfer.h"
#include "nn/graph.h"
#include "text/value.h"
#include "train/settings.h"

typedef struct tl__prediction_settings {
    double threshold;            /* of the positive class, with two classes; -1: the likelier one */
} tl__prediction_settings;

enum { TL__REPORT_AUTO, TL__REPORT_ALWAYS, TL__REPORT_NEVER };

typedef struct tl__output_settings {
    const char *folder;          /* holds runs/ and logs/; relative to --out */
    bool best_model;             /* keep best_model_{kind}_{model}.safetensors as the training finds it */
    const char *kind;            /* {kind} of that name; NULL: the data's format */
    bool versions;               /* keep what the run makes as a version (lab/versions.h) */
    int64_t keep_versions;       /* so many of this name; 0: all */
    int report;                  /* TL__REPORT_* */
} tl__output_settings;

typedef struct tl__analytics_settings {
    bool enabled, export_csv, export_json, export_alerts;
    int64_t batch_sampling_rate;
    const char *folder;          /* holds runs/; relative to --out */
    int64_t keep_runs;           /* newest ones that are kept; 0: all */
    const tl_value *alerts;      /* the user's own (train/alerts.h); NULL: none */
} tl__analytics_settings;

/* A run of several models: one for each fold, or for each seed, or for each set of changed settings. */
typedef struct tl__folds_settings {
    bool use_kfold;              /* short for data.split.method: kfold, or forward where rows have a time */
    int64_t parallel;            /* trainings at a time */
} tl__folds_settings;

/* Of train:explain. */
typedef struct tl__explanation_settings {
    int method;                  /* TL__EXPLAIN_* of lab/explanation.h */
    const char *metric;          /* of the metric family, or "auto" */
    const char *target;          /* NULL: the first */
    int64_t repeats, rows, steps, step_groups;
    tl__int_list show_rows;
} tl__explanation_settings;

enum { TL__COMBINE_MEAN, TL__COMBINE_VOTE, TL__COMBINE_BEST };
typedef struct tl__ensemble_settings {
    int combine;
    tl__int_list seeds;
    const tl_value *members;     /* list of maps: path of a setting -> value; NULL: none */
} tl__ensemble_settings;

typedef struct tl__tensorboard_settings {
    bool present;
    const char *folder;          /* NULL: the run's; else it holds a folder of each run */
    int64_t update_every;        /* steps between points of a batch; 0: epochs only */
} tl__tensorboard_settings;

/* The figures that callbacks.checkpoint.monitor names, in this order. */
enum { TL__KEPT_VAL_LOSS, TL__KEPT_TRAIN_LOSS, TL__KEPT_ACCURACY, TL__KEPT_BALANCED_ACCURACY, TL__KEPT_F1_MACRO,
       TL__KEPT_MAE, TL__KEPT_MSE, TL__KEPT_R2 };

typedef struct tl__kept_settings {
    bool present;
    const char *folder;          /* holds a folder of each run */
    bool best_only;
    int monitor;                 /* TL__KEPT_* */
} tl__kept_settings;

typedef struct tl__callbacks_settings {
    tl__kept_settings checkpoint;
    tl__tensorboard_settings tensorboard;
    bool learning_rate_monitor;  /* say when the rate changes */
} tl__callbacks_settings;

typedef struct tl__config_settings {
    const char *name;            /* NULL: from the file's name, see tl__config_name */
    const char *symbol, *strategy, *timeframe;    /* what the run is about, for its record; symbol also names it */
    int64_t seed;
    tl__data_settings data;
    tl__network_settings network;
    tl__train_settings train;    /* training: and optimization: */
    tl__transfer_settings transfer;
    tl__prediction_settings prediction;
    tl__output_settings output;
    tl__analytics_settings analytics;
    tl__folds_settings folds;
    tl__ensemble_settings ensemble;
    tl__explanation_settings explanation;
    tl__metrics_settings metrics;
    tl__production_settings production;
    tl__callbacks_settings callbacks;
    const tl_value *search;      /* of train:optimize */
    const tl_value *experiments; /* of train:experiment */
} tl__config_settings;

enum { TL__CONFIG_ROWS = 22 };   /* with the one that ends the table */
TL_PRIV void tl__config_rows(tl__field rows[TL__CONFIG_ROWS]);

typedef struct tl__config {
    tl_context *context;
    tl__arena arena;
    tl__tree *tree;              /* as read, under the paths of the rows */
    tl__field rows[TL__CONFIG_ROWS];
    tl__config_settings settings;
    const char *path;            /* of the file; "" when it came from text */
    const char *folder;          /* where relative paths start; "": the current one */
    const char *name;            /* of its runs: letters, digits, - _ and . */
} tl__config;

/* path: a file, a run folder (its config.yaml), or NULL for ./config.yaml. */
TL_PRIV tl_status tl__config_read(tl_context *context, const char *path, const char *const *set, size_t set_count,
                                  tl__config **out, tl_error *error);
/* From a text; `name` for messages, `folder` for relative paths. need_data: without data.file it is a mistake.
 * preset: what the text and --set do not mention is taken from it; NULL: none. */
TL_PRIV tl_status tl__config_parse(tl_context *context, const char *text, size_t size, const char *name,
                                   const char *folder, const char *const *set, size_t set_count, bool need_data,
                                   const char *preset, tl__config **out, tl_error *error);
TL_PRIV void tl__config_free(tl__config *config);
/* As tl__config_read, for a command that writes below `out` (NULL: the current folder): what data may be kept for later
 * runs is kept there. */
TL_PRIV tl_status tl__config_read_for(tl_context *context, const char *path, const char *const *set, size_t set_count,
                                      const char *out_folder, tl__config **out, tl_error *error);
/* Who reads a setting later knows its path, but not where it stands: puts line and column into such a mistake. Gives
 * the status back. */
TL_PRIV tl_status tl__config_place(const tl__config *config, tl_status status, tl_error *error);

/* The whole effective config as YAML that reads back to the same, its paths as they are called from `folder` ("" keeps
 * them). */
TL_PRIV tl_status tl__config_write(const tl__config *config, const char *folder, tl__buffer *out, tl_error *error);
/* The settings that change results, as a map under `key`; what model files hold and runs are compared by. */
TL_PRIV tl_value *tl__config_results(const tl__config *config, tl__builder *builder, tl_value *parent, const char *key);
/* SHA-256 of these settings as one line of JSON. */
TL_PRIV tl_status tl__config_hash(const tl__config *config, char out[65], tl_error *error);
/* The path that "path=value" sets when it is not a live setting; NULL when it may change while a run is on. */
TL_PRIV const char *tl__config_not_live(const char *set, tl__arena *arena);

/* The path of the row that a path or alias means, in the arena; the path itself when no row has it as an alias. */
TL_PRIV const char *tl__config_canonical(const tl__field *rows, const char *path, tl__arena *arena);

/* The row of a setting's path; below `network` also that of the named architecture. NULL: see tl__row_at. */
TL_PRIV const tl__field *tl__config_row_at(const tl__config *config, const char *path, const char **suggestion);

/* Presets: a name, what it is for, and its YAML. NULL beyond the last. */
typedef struct tl__preset { const char *name, *help, *yaml; } tl__preset;
TL_PRIV const tl__preset *tl__preset_at(size_t index);
TL_PRIV const tl__preset *tl__preset_find(const char *name, tl_error *error);

#endif
