/* trainlib: train neural networks from a YAML file, on any machine with a C compiler.
 *
 * This header is the whole public interface and its manual; it reads from top to bottom.
 *
 *     #include <stdio.h>
 *     #include "trainlib.h"
 *
 *     int main(void)
 *     {
 *         tl_error error = {0};
 *         tl_context *context = tl_context_new(NULL);
 *         tl_run_result result;
 *         if (tl_run(context, "config.yaml", NULL, &result, &error) != TL_OK)
 *             return fprintf(stderr, "%s\n", error.message), 1;
 *         printf("test accuracy %.3f, model in %s\n", result.test.accuracy, result.model_path);
 *         tl_context_free(context);
 *     }
 *
 *  1  version            5  the pipeline: what the commands do    9  training by hand
 *  2  status and error   6  data sets                            10  prediction
 *  3  context            7  graphs                               11  memory that you give
 *  4  values             8  models
 *
 * Rules for all of it:
 * - A function that can fail returns a tl_status. Those that read, check or load also fill a tl_error (may be
 *   NULL). Nothing aborts, prints or exits. Running out of memory is a status like any other and leaves objects as
 *   they were.
 * - What _new or _load or _read made, _free frees; _free(NULL) does nothing. Texts and arrays that you pass in are
 *   copied unless the comment says "kept".
 * - No global state. Objects of different contexts may be used in different threads at the same time; the objects
 *   of one context by one thread at a time, but for what says "any thread".
 * - Tensors are dense, row-major float32: [rows, columns]. Images are [height, width, channel], series [time, feature].
 * - Same seed, same data, same settings: same bits, for any number of threads, any instruction set of the canonical
 *   class, any compiler, and after any interruption.
 */
#ifndef TRAINLIB_H
#define TRAINLIB_H

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#  include <stdbool.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef TL_API
#  if defined(TL_SINGLE_UNIT) || !defined(__GNUC__) || defined(_WIN32)
#    define TL_API
#  else
#    define TL_API __attribute__((visibility("default")))
#  endif
#endif

/* ---- 1. Version ------------------------------------------------------------------------------------------------ */

#define TL_VERSION_MAJOR 0
#define TL_VERSION_MINOR 1
#define TL_VERSION_PATCH 0
#define TL_VERSION "0.1.0"

/* Raised whenever any operation gives other bits; stands in every model file. */
#define TL_NUMERICS_VERSION 3

TL_API const char *tl_version(void);      /* of the library that is linked: "0.1.0" */

/* What was compiled in, in words: "threads files simd:avx512,avx2,sse2,scalar". Any thread. */
TL_API const char *tl_build_info(void);

/* ---- 2. Status and error --------------------------------------------------------------------------------------- */

/* name, number, meaning */
#define TL_STATUS_LIST(X)                                                              \
    X(TL_OK, 0, "success")                                                             \
    X(TL_OUT_OF_MEMORY, 1, "out of memory")                                            \
    X(TL_INVALID, 2, "an argument that the function does not take")                    \
    X(TL_BAD_SHAPE, 3, "shapes that do not fit each other")                            \
    X(TL_BAD_CONFIG, 4, "a mistake in settings")                                       \
    X(TL_BAD_FILE, 5, "a file that is not what it should be")                          \
    X(TL_BAD_DATA, 6, "data that cannot be used as it is")                             \
    X(TL_OUT_OF_RANGE, 7, "a size or number beyond its limit")                         \
    X(TL_NOT_FOUND, 8, "no such thing")                                                \
    X(TL_IO, 9, "reading or writing failed")                                           \
    X(TL_UNSUPPORTED, 10, "not supported by this build or format")                     \
    X(TL_BAD_VERSION, 11, "written by a version that cannot be read")                  \
    X(TL_CANCELLED, 12, "stopped on request")                                          \
    X(TL_NOT_FINITE, 13, "a number that is NaN or infinite")                           \
    X(TL_LOCKED, 14, "in use by another process")                                      \
    X(TL_EXISTS, 15, "exists already")                                                 \
    X(TL_BAD_MACHINE, 16, "this machine or compiler does not keep the numeric contract") \
    X(TL_BAD_NUMERICS, 17, "made under another numeric class or version")

typedef enum tl_status {
#define TL_STATUS_ENUM(name, number, text) name = number,
    TL_STATUS_LIST(TL_STATUS_ENUM)
#undef TL_STATUS_ENUM
    TL_STATUS_LAST
} tl_status;

TL_API const char *tl_status_text(tl_status status);   /* the meaning above; never NULL */

/* What went wrong, where, and what to do. Zero it before use; a function that succeeds leaves it alone. */
typedef struct tl_error {
    tl_status status;
    int mistakes;        /* how many were found; the message has a line for each */
    int line, column;    /* of the first, from 1; 0: none */
    char file[256];      /* of the first; "": none */
    char setting[128];   /* full path of the first setting concerned, "training.batch_size"; "": none */
    char message[2048];  /* whole sentences: what, where, the remedy */
} tl_error;

/* ---- 3. Context ------------------------------------------------------------------------------------------------ */

typedef struct tl_context tl_context;

/* One function does all: new_size 0 frees and gives NULL, block NULL allocates, else resizes. Gives NULL when it
 * cannot, and the old block then stays. Aligned for any type. Called by several threads, but never at once. */
typedef struct tl_allocator {
    void *(*resize)(void *user, void *block, size_t old_size, size_t new_size);
    void *user;
} tl_allocator;

typedef enum tl_log_level { TL_LOG_ERROR, TL_LOG_WARNING, TL_LOG_INFO, TL_LOG_DEBUG } tl_log_level;

/* One line without its end. */
typedef void tl_log_fn(void *user, tl_log_level level, const char *line);

/* Begin with TL_CONTEXT_OPTIONS and change what you need. */
typedef struct tl_context_options {
    size_t struct_size;
    const tl_allocator *allocator;    /* NULL: malloc */
    size_t memory_limit;              /* bytes; 0: none */
    int threads;                      /* 0: as many as this process may use (processor set, container's quota) */
    const char *simd;                 /* best set to use: "scalar", "sse2", "avx2", "avx512", "neon"; NULL: the
                                         environment's TRAINLIB_SIMD, else the best that the machine has */
    uint64_t seed;                    /* for what has no seed of its own */
    tl_log_fn *log;                   /* NULL: silent */
    void *log_user;
    tl_log_level log_level;           /* the least important level that is wanted */
    int64_t (*clock)(void *user);     /* microseconds since 1970-01-01 UTC; NULL: the system's */
    void *clock_user;
} tl_context_options;
#define TL_CONTEXT_OPTIONS {sizeof(tl_context_options), NULL, 0, 0, NULL, 42, NULL, NULL, TL_LOG_INFO, NULL, NULL}

/* NULL options: the defaults. NULL when memory is out or the machine does not keep the numeric contract;
 * tl_context_make says which. */
TL_API tl_context *tl_context_new(const tl_context_options *options);
TL_API tl_status tl_context_make(const tl_context_options *options, tl_context **out, tl_error *error);
TL_API void tl_context_free(tl_context *context);   /* after all that was made with it */

TL_API const char *tl_context_simd(const tl_context *context);       /* the kernel set in use: "avx512" */
TL_API const char *tl_context_numerics(const tl_context *context);   /* "canonical" or "unfused" */
TL_API int tl_context_threads(const tl_context *context);
TL_API size_t tl_context_memory(const tl_context *context);          /* bytes in use now */
TL_API size_t tl_context_memory_peak(const tl_context *context);     /* at most, since the start */

/* Any thread, also a signal handler: the run or training that goes on in this context finishes its step, saves and
 * returns TL_CANCELLED. */
TL_API void tl_cancel(tl_context *context);

/* ---- 4. Values: trees of settings and results ------------------------------------------------------------------- */

typedef struct tl_value tl_value;
typedef enum tl_kind { TL_NULL, TL_BOOL, TL_INTEGER, TL_NUMBER, TL_TEXT, TL_LIST, TL_MAP } tl_kind;

TL_API tl_kind tl_value_kind(const tl_value *value);                      /* NULL: TL_NULL */
/* By path: "test.accuracy", "layers[2].nodes". NULL when it is not there. */
TL_API const tl_value *tl_value_get(const tl_value *value, const char *path);
TL_API size_t tl_value_count(const tl_value *value);                      /* items of a list or map */
TL_API const tl_value *tl_value_at(const tl_value *value, size_t index);  /* NULL beyond the end */
TL_API const char *tl_value_key_at(const tl_value *map, size_t index);
TL_API double tl_value_number(const tl_value *value, double otherwise);   /* of integers and numbers */
TL_API int64_t tl_value_integer(const tl_value *value, int64_t otherwise);
TL_API bool tl_value_bool(const tl_value *value, bool otherwise);
TL_API const char *tl_value_text(const tl_value *value, const char *otherwise);
/* As JSON or YAML; *out is freed by tl_text_free. indent 0: one line. NaN and infinities become null in JSON. */
TL_API tl_status tl_value_json(tl_context *context, const tl_value *value, int indent, char **out);
TL_API tl_status tl_value_yaml(tl_context *context, const tl_value *value, char **out);
TL_API void tl_text_free(tl_context *context, char *text);
TL_API void tl_value_free(tl_context *context, tl_value *root);           /* roots only */

/* ---- 5. The pipeline: what the commands do ---------------------------------------------------------------------- */

/* The record of one epoch. */
typedef struct tl_epoch tl_epoch;

/* How far a run is: the same fields as an object of status.json. */
typedef struct tl_progress {
    const char *state;               /* "loading", "training", "evaluating", "done", "stopped", "failed" */
    int64_t epoch, epochs;           /* from 1; epochs: the most there can be */
    int64_t step, steps;             /* within the epoch */
    double loss;                     /* running mean of the epoch; NaN: not yet */
    double validation_loss;          /* of the last epoch; NaN: none */
    double accuracy;                 /* validation, else training; MAE for regression; NaN: none */
    double learning_rate;
    double seconds;                  /* since the start */
    double seconds_left;             /* estimate; NaN: not yet */
    double samples_per_second;
    bool epoch_end;                  /* called after the last step of an epoch and its validation */
    bool regression;                 /* accuracy is the mean absolute error */
    const char *run;                 /* the run's folder; "": none */
    const char *line;                /* at an epoch's end: it in one line, as the log has it; else "" */
    const char *note;                /* what this run is part of, "trial 3/10"; "": nothing */
    int64_t trials, trials_ended;    /* of a search or experiment, whose seconds are meant then; 0: none */
    double best;                     /* best figure of its trials; NaN: none yet */
    const tl_epoch *record;          /* at an epoch's end, while the function runs: its figures; else NULL */
} tl_progress;

/* Called at most ten times a second and at each epoch's end; true goes on, false stops as tl_cancel does. In the
 * caller's thread; where the models of one run are trained several at a time (folds.parallel) in the thread of the one
 * that it tells of, never in two at the same time. */
typedef bool tl_progress_fn(void *user, const tl_progress *progress);

/* A figure of the epoch by its name in metrics.csv or in conditions of alerts, "val_loss", "gradient_norm_avg",
 * "buy_recall" (and _precision, _f1, _support); that of a layer after the layer's name and a dot,
 * "dense_1.gradient_norm" (mean_change, std_change, change, norm, update_ratio, dead_units). Of words it is the number:
 * learning_signal_strength 0 unknown to 3 strong, convergence 0 unknown, 1 improving, 2 plateauing, 3 diverging. NaN:
 * there is no such figure, or the training does not collect it: without detailed analytics
 * (tl_options.detailed_analytics; "detailed_analytics: true" in the settings of tl_train) there are losses, scores,
 * rate, gradient norms and times. */
TL_API double tl_epoch_figure(const tl_epoch *epoch, const char *name);
/* Names of the figures that are not those of classes and layers; NULL beyond the last. */
TL_API const char *tl_epoch_figure_name(size_t index);

/* Options that all commands share. Begin with TL_OPTIONS. */
typedef struct tl_options {
    size_t struct_size;
    const char *const *set;          /* "training.epochs=5": as --set */
    size_t set_count;
    const char *out;                 /* folder for results; NULL: the current one */
    const char *resume;              /* a run folder; "": the newest unfinished run of this config; NULL: a new run */
    const char *preset;              /* of configure: plain or advanced */
    const char *explain;             /* of configure: a setting's path */
    const char *data;                /* of predict and evaluate: a file, "-" standard input; NULL: the test part */
    const char *format;              /* of predict and metrics: "csv", "json"; of explain "svg,png"; NULL: the command's
                                        own */
    const char *output;              /* of predict and prepare-data: where to write; NULL: into the result */
    bool plan;                       /* of run: only the memory plan */
    bool check;                      /* of configure: only look for mistakes */
    tl_progress_fn *progress;
    void *progress_user;
    bool expand;                     /* of configure: the layers of a named architecture */
    int64_t steps;                   /* of predict: steps to forecast; 0: as many as the network gives at once */
    int64_t rolling;                 /* of evaluate: pieces of a forecast's test part, each after a training on all
                                        that comes before it; 0: the model as it is */
    const char *from;                /* of run: a version, run or model file whose weights it begins with */
    const char *note, *tag;          /* of run, rollback and versions: for the version; NULL: none */
    int64_t keep;                    /* of versions: remove all but so many of each name; 0: none */
    bool detailed_analytics;         /* of run: as analytics.enabled: true */
    const char *kind;                /* of experiment: "lr", "patience", "architecture"; NULL: by `vary` or the config.
                                        Of prompt: "analysis", "failure", "comparison"; NULL: what fits */
    const char *const *vary;         /* of experiment: "optimization.dropout=[0.1, 0.2]"; of optimize also
                                        "optimization.dropout={min: 0, max: 0.5}", and "optimization.dropout" for the
                                        setting's usual values; in the place of search.parameters */
    size_t vary_count;
    const char *seeds;               /* of experiment: "42, 123, 456"; NULL: these */
    bool apply_best;                 /* of experiment: write the best config */
    int64_t shard, shards;           /* of optimize and experiment: only part `shard` (from 1) of `shards`; 0: all */
    const char *ensemble;            /* of predict, evaluate and ensemble: how several models predict together,
                                        "mean", "vote" or "best"; NULL: as the run's config says, else mean */
    const char *apply_advice;        /* of configure: a run whose diagnosis is heeded; NULL: none */
} tl_options;
#define TL_OPTIONS {sizeof(tl_options), NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, false, \
                    NULL, NULL, false, 0, 0, NULL, NULL, NULL, 0, false, NULL, NULL, 0, NULL, \
                    false, 0, 0, NULL, NULL}

/* Figures of one part of the data. What the task does not have is NaN. */
typedef struct tl_scores {
    int64_t samples;                 /* 0: there is no such part */
    double loss;
    double accuracy, balanced_accuracy, precision_macro, recall_macro, f1_macro, auc;
    double mse, mae, rmse, r2;       /* in the target's unit; of a forecast as the network sees it, normalised */
    double smape, mase;              /* of a forecast, in the targets' own unit: percent, and times the naive error of
                                        the training part; NaN but in the last part that is scored */
    double repeat_last_mse, repeat_last_mae, repeat_last_smape, repeat_last_mase;   /* the last step again and again, on
                                        the same windows */
    double seasonal_mse, seasonal_mae, seasonal_smape, seasonal_mase;    /* and the last season; NaN: not known */
} tl_scores;

typedef struct tl_run_result {
    char run[512];                   /* folder */
    char model_path[600];
    char version[65];                /* id of what it made; "": not kept */
    char stopped[64];                /* "completed", "early_stopping_triggered", "interrupted", "nan" */
    int64_t epochs, best_epoch;
    double seconds, samples_per_second;
    double output_seconds;           /* for files and listeners: rows of tables, checkpoints, events, progress */
    int64_t parameters;
    size_t memory_bytes;             /* planned */
    size_t memory_peak_bytes;        /* of the process, resident, at its largest; 0: the system does not say */
    tl_scores train, validation, test;
    char analytics_csv[700], analytics_json[700], analytics_alerts[700];    /* what detailed analytics wrote; "": not */
    /* Of a run of many models (folds, seeds): train and validation are means over the models, test is that of all of
     * them together; epochs and seconds are sums, model_path is "". */
    int64_t models;                  /* 0: one training */
    char metric[32];                 /* that the best is chosen by, "balanced_accuracy"; of the models on their folds */
    double mean, deviation;          /* the mean of it, and the standard deviation with n - 1 below */
    char report[600];                /* report.html; "": not made (output.report) */
} tl_run_result;

/* The YAML of a preset: "plain", "advanced", "kfold" and others (train:configure --help); options->preset takes from it
 * what a file and options->set do not mention. NULL: there is no such preset. */
TL_API const char *tl_config_preset(const char *name);

/* All that `train:run` does: read the config and the data, build, train, evaluate, write the run folder. */
TL_API tl_status tl_run(tl_context *context, const char *config, const tl_options *options, tl_run_result *result,
                        tl_error *error);
/* The result as the object that `train:run --json` prints. */
TL_API tl_status tl_run_result_value(tl_context *context, const tl_run_result *result, tl_value **out);

/* The other commands: `config` is a config file, or a run folder (or NULL: the newest run) where the command works on
 * a run. *out is the object that --json prints. */
TL_API tl_status tl_plan(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                         tl_error *error);
TL_API tl_status tl_prepare_data(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                                 tl_error *error);
TL_API tl_status tl_configure(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                              tl_error *error);
TL_API tl_status tl_run_status(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                               tl_error *error);
/* Ask a run that is on in another process or thread for "pause", "continue", "stop" (it saves and can be resumed) or
 * "checkpoint", or for other settings: options->set, what NULL. Comes back when the run has answered: *out has the step
 * from which on it holds. TL_BAD_CONFIG with the reason: it was refused, and the run goes on as it was. */
TL_API tl_status tl_run_control(tl_context *context, const char *run, const char *what, const tl_options *options,
                                tl_value **out, tl_error *error);
TL_API tl_status tl_run_metrics(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                                tl_error *error);
/* A report of a run (count 0: the newest): report.html, report.pdf and charts/ in the run folder or in options->output;
 * options->format: of the charts, "svg,png,pdf" (NULL: svg). Of several runs, at most 64: comparison.html and
 * comparison.pdf, in options->output (NULL: output/comparison under options->out). Of the folder of a search: how its
 * trials went; of an experiment: its values over their seeds. *out: {run, runs, search or experiment, folder, html,
 * pdf, charts: [names]}. */
TL_API tl_status tl_report(tl_context *context, const char *const *runs, size_t count, const tl_options *options,
                           tl_value **out, tl_error *error);
TL_API tl_status tl_optimize(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                             tl_error *error);
typedef struct tl_search tl_search;

/* Search over a function of your own. `settings` is what a config's search: block would hold, its parameters under
 * any names: "method: bayesian, parameters: {x: {min: -5, max: 10}, size: [16, 32, 64], kind: [a, b]}". Asking gives a
 * trial's number (from 0) and a value per parameter in their order; of a list that is not all numbers in order, the
 * place in it; of a parameter that does not count in the trial (its `when` does not hold), NaN. Several trials may be
 * asked for before they are told. Telling: smaller is better; NaN or infinity: it failed. What is asked follows from
 * the seed and from what was told before. `values` has room for all parameters. */
TL_API tl_status tl_search_new(tl_context *context, const char *settings, uint64_t seed, tl_search **out,
                               tl_error *error);
TL_API void tl_search_free(tl_search *search);
TL_API tl_status tl_search_ask(tl_search *search, int64_t *trial, double *values, tl_error *error);
TL_API tl_status tl_search_tell(tl_search *search, int64_t trial, double loss, tl_error *error);
/* The best so far; TL_NOT_FOUND: none yet. trial, values and loss may be NULL. */
TL_API tl_status tl_search_best(const tl_search *search, int64_t *trial, double *values, double *loss,
                                tl_error *error);
/* Trains once for each value and seed: training_analytics/experiments/NAME/run_ID for each run, summary.csv and
 * summary.json. A run that fails is recorded and the others go on; runs that are finished are not run again. */
TL_API tl_status tl_experiment(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                               tl_error *error);
/* Several runs or model files, 2 to 64 of one kind, predict together; options->output is the file that is made.
 * NAME.safetensors: one network, the mean of its members, which were trained on the same rows. NAME.json: a list of
 * the models, each with its own view of the rows, that predict as options->ensemble says; it is a RUN for tl_predict
 * and tl_evaluate with options->data. NULL: ensemble.safetensors in options->out for the mean, ensemble.json for "vote"
 * and "best" (of the members' own validation figures). *out: {members: [{run, scores}], model, combine, ensemble}. */
TL_API tl_status tl_ensemble(tl_context *context, const char *const *runs, size_t count, const tl_options *options,
                             tl_value **out, tl_error *error);
TL_API tl_status tl_evaluate(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                             tl_error *error);
/* Why did a training stop, and what to change? `run` is a run folder or a config (its newest run). *out: {run, stopped
 * (a sentence), reason, causes: [{cause, sentence, evidence ("strong", "some"), score, figures: [text], changes:
 * [{setting, from, to}]}] by their evidence, not_the_cause: [text], checklist: [{group, point, found, words}], alerts:
 * [{alert, epoch, harmless}], trials}, also in the run's diagnosis.json. Trains for some epochs to find out; tl_cancel
 * ends it. */
TL_API tl_status tl_diagnose(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                             tl_error *error);
/* Where the time of a run's training goes: its network and data, measured for a moment on this machine. *out: {rows:
 * [{name, phase, microseconds, share, gflops, of_peak}] of a step whose parts are timed one after the other, steps,
 * parts_microseconds (their sum), step_microseconds (of a real step, which updates most weights while their gradients
 * are in the cache), validation_seconds, epoch: {steps, steps_seconds, validation_seconds, output_seconds (files and
 * listeners, as the run counted them), run_seconds (what an epoch of it took)}, gflops, peak_gflops, suggestions:
 * [text], ...}, also in the run's profile.json. The run stays as it is. */
TL_API tl_status tl_profile(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                            tl_error *error);
/* May the model go into production? Back-test, walk-forward, stress, latency and consistency against the thresholds of
 * the config's production: block, on the test part. *out: {passed, checks: [{name, status, value, bound, threshold,
 * note}], ...}, also in the run's validation.json. A model that does not pass is no failure: TL_OK, passed false. */
TL_API tl_status tl_validate(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                             tl_error *error);
/* A run or an experiment as a text for a language model: classes, chance, how it ended, settings, alerts, the table,
 * and questions; at most about 6,500 tokens. *out: {text}. */
TL_API tl_status tl_prompt(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                           tl_error *error);
/* What predictions hang on (the setting explanation: says how): permutation importance and integrated gradients by
 * column, of windows and sequences by step, of pictures by pixel; where heads of attention look. Of several models the
 * best is explained. *out: {rows, metric, score, permutation_importance: [{column, mean, std}], step_importance:
 * [{first, last, mean, std}], integrated_gradients: {columns: [{column, mean, mean_absolute}], by_step, pictures,
 * rows}, attention: {layers: [{layer, heads: [{head, entropy, distance, looks_at, map: {rows, columns, values}}]}],
 * single}, folder}, each where it was asked for and there is such a thing. Also writes explanation.json, tables, npy
 * files and pictures (options->format: "svg", "png", "pdf" or several) into RUN/explain or options->output.
 * options->data: other rows than the test part; they need the target. */
TL_API tl_status tl_explain(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                            tl_error *error);
TL_API tl_status tl_predict_file(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                                 tl_error *error);

/* Each run leaves a version of its model in output/versions: weights, config and figures, with an id that follows from
 * them. A version is named by the beginning of its id (4 digits at least), by its tag, or by its config's name, which
 * means the current one. Where a command takes a run, it takes a version too.
 *
 * The versions of a config, of a name, or of all (NULL), newest first. With options->note or tag, `what` is a version
 * that gets them; with options->keep, older ones are removed: all but the newest `keep` of each name, the current and
 * tagged ones. */
TL_API tl_status tl_versions(tl_context *context, const char *what, const tl_options *options, tl_value **out,
                             tl_error *error);
/* Two runs, versions or model files side by side: settings that differ, figures of all parts, distance of weights. */
TL_API tl_status tl_compare(tl_context *context, const char *a, const char *b, const tl_options *options,
                            tl_value **out, tl_error *error);
/* Makes a version the current one of its name again: a new version with the same model, whose parent it is, and
 * output/versions/NAME.safetensors with its weights. */
TL_API tl_status tl_rollback(tl_context *context, const char *version, const tl_options *options, tl_value **out,
                             tl_error *error);

/* ---- 6. Data sets ----------------------------------------------------------------------------------------------- */

typedef struct tl_dataset tl_dataset;
typedef enum tl_part { TL_TRAIN, TL_VALIDATION, TL_TEST } tl_part;

/* Read a file (csv, json, npy, idx, each .gz too; png, pgm, ppm) or a folder of pictures and prepare it: `settings` is
 * what a config's data: block would hold, as YAML in flow form, "target: species, split: {validation: 0.2, test: 0.2},
 * normalize: standard". file NULL: the settings name it, as for lists and pairs, "file: {images: train-images.gz,
 * labels: train-labels.gz}". */
TL_API tl_status tl_dataset_read(tl_context *context, const char *file, const char *settings, tl_dataset **out,
                                 tl_error *error);
/* From memory: inputs [rows, features]; targets [rows, outputs] for regression, or [rows] class numbers 0..classes-1
 * when classes is not 0. Settings as above. */
TL_API tl_status tl_dataset_from_arrays(tl_context *context, const float *inputs, const float *targets, size_t rows,
                                        size_t features, size_t outputs, size_t classes, const char *settings,
                                        tl_dataset **out, tl_error *error);
TL_API void tl_dataset_free(tl_dataset *dataset);
TL_API size_t tl_dataset_rows(const tl_dataset *dataset, tl_part part);
TL_API size_t tl_dataset_features(const tl_dataset *dataset);    /* inputs to the network per row */
TL_API size_t tl_dataset_outputs(const tl_dataset *dataset);     /* classes, or target columns */
TL_API size_t tl_dataset_classes(const tl_dataset *dataset);     /* 0: not a classification */
TL_API const char *tl_dataset_class(const tl_dataset *dataset, size_t index);
/* Row `index` of a part as the network sees it: input [features], target [outputs] or its class number [1]. */
TL_API tl_status tl_dataset_row(const tl_dataset *dataset, tl_part part, size_t index, float *input, float *target);

/* ---- 7. Graphs --------------------------------------------------------------------------------------------------- */

typedef struct tl_graph tl_graph;
typedef int tl_node;    /* number of a layer in its graph; negative: a mistake was made */

/* An empty graph; free it any time after tl_model_new, which copies it. */
TL_API tl_status tl_graph_new(tl_context *context, tl_graph **out);
TL_API void tl_graph_free(tl_graph *graph);
TL_API tl_node tl_graph_input(tl_graph *graph, const char *name, size_t features);
/* An input of one to three sizes: [time, features] of sequences, [height, width, channels] of images. */
TL_API tl_node tl_graph_input_shaped(tl_graph *graph, const char *name, const size_t *sizes, size_t count);
/* A layer over one node; settings as YAML in flow form, "nodes: 16, activation: relu". A mistake is remembered and told
 * by tl_model_new, so calls can be written in a row. */
TL_API tl_node tl_graph_add(tl_graph *graph, const char *type, tl_node from, const char *settings);
TL_API tl_node tl_graph_join(tl_graph *graph, const char *type, const tl_node *from, size_t count,
                             const char *settings);

/* ---- 8. Models: a graph with weights ----------------------------------------------------------------------------- */

typedef struct tl_model tl_model;

/* The graph is copied. Weights are drawn from the context's seed. */
TL_API tl_status tl_model_new(tl_context *context, const tl_graph *graph, tl_node output, tl_model **out,
                              tl_error *error);
TL_API tl_status tl_model_save(const tl_model *model, const char *path, tl_error *error);
TL_API tl_status tl_model_load(tl_context *context, const char *path, tl_model **out, tl_error *error);
TL_API void tl_model_free(tl_model *model);
/* Start from weights that are trained already. From the safetensors file `path` (any program's; NULL: none) come all
 * tensors whose name and shape fit; the rest stays as it is. settings: "layers: [conv_*], rename: {fc1: dense_1},
 * freeze: [0..3], rate_factors: {conv_*: 0.1}", as in the `transfer:` block of a config; NULL: all that fits. Later
 * trainings keep what is frozen. *report (NULL: not wanted; tl_value_free it) says what was loaded, what was missing
 * and what had another shape. Nothing fits: TL_BAD_DATA, and the weights stay. */
TL_API tl_status tl_model_transfer(tl_model *model, const char *path, const char *settings, tl_value **report,
                                   tl_error *error);
TL_API int64_t tl_model_parameters(const tl_model *model);
TL_API size_t tl_model_inputs(const tl_model *model);     /* raw input columns for prediction */
TL_API size_t tl_model_outputs(const tl_model *model);
TL_API const char *tl_model_class(const tl_model *model, size_t index);    /* NULL: not a classifier */
/* The columns that a model predicts, in the order of its outputs: of each its value or, where it is one of several
 * targets and a class, the probabilities of its classes (tl_model_target_classes; 0: a value). A classifier has one, a
 * forecast has them for each step of its horizon. NULL, 0: there is no such target or class. */
TL_API size_t tl_model_targets(const tl_model *model);
TL_API const char *tl_model_target(const tl_model *model, size_t target);
TL_API size_t tl_model_target_classes(const tl_model *model, size_t target);
TL_API const char *tl_model_target_class(const tl_model *model, size_t target, size_t index);

/* ---- 9. Training by hand ----------------------------------------------------------------------------------------- */

/* Settings are those of training: and optimization: in one flow map, "epochs: 100, optimizer: adam, early_stopping:
 * {patience: 10}"; with "detailed_analytics: true" the records of its epochs (tl_progress.record) hold everything. The
 * model takes the data set's normalisation and classes along. */
TL_API tl_status tl_train(tl_model *model, const tl_dataset *data, const char *settings, tl_progress_fn *progress,
                          void *user, tl_error *error);
TL_API tl_status tl_score(tl_model *model, const tl_dataset *data, tl_part part, tl_scores *out, tl_error *error);

/* ---- 10. Prediction ---------------------------------------------------------------------------------------------- */

typedef struct tl_predictor tl_predictor;

/* One per thread; it holds the scratch for up to max_rows rows at once and shares the model's weights, which stay as
 * they are while predictors exist. */
TL_API tl_status tl_predictor_new(const tl_model *model, size_t max_rows, tl_predictor **out, tl_error *error);
TL_API void tl_predictor_free(tl_predictor *predictor);
/* Rows of calls that follow are windows of this series, by its name in the column data.series. Needed where each
 * series has its own scaling (data.scaling: series; until then tl_predict is TL_INVALID): a series that was not in the
 * training data is TL_NOT_FOUND then, and all stays as it was. With one scaling for all, any name is fine. A model
 * without such a column: TL_INVALID. */
TL_API tl_status tl_predictor_series(tl_predictor *predictor, const char *series, tl_error *error);
/* inputs [rows, tl_model_inputs] raw measurements in the columns of the training data (categories by their number);
 * outputs [rows, tl_model_outputs]: probabilities for a classifier, values in the target's unit else. Of a model of
 * sequences a row is [max_length, columns], one step after the other, and steps of NaN only behind the last fill it up;
 * a row without a step is TL_NOT_FINITE. rows at most max_rows, else TL_OUT_OF_RANGE. No allocation, no lock. */
TL_API tl_status tl_predict(tl_predictor *predictor, const float *inputs, size_t rows, float *outputs);

/* ---- 11. Memory that you give ------------------------------------------------------------------------------------ */

/* A network as plain data, for machines without files or an allocator; `train:export --format c` writes these. All of
 * it is kept, not copied, and may lie in read-only memory. */
typedef struct tl_setting {
    const char *name;
    double number;       /* of number, bool and integer settings */
    const char *text;    /* of settings that are words */
} tl_setting;

typedef struct tl_layer_description {
    const char *type;                /* "input", "dense", ... */
    const int *inputs;               /* numbers of earlier layers */
    int input_count;
    const tl_setting *settings;
    int setting_count;
} tl_layer_description;

typedef struct tl_model_description {
    const tl_layer_description *layers;
    int layer_count;                 /* the last one is the output */
    const float *const *weights;     /* one array per parameter tensor, in file order and layout; NULL: drawn */
    int weight_count;
    uint64_t seed;
    int max_rows;                    /* of a batch */
    const char *loss;                /* also says whether predictions are probabilities; NULL: the outputs as they
                                        are */
    const char *optimizer;           /* training only, as what follows */
    const tl_setting *optimizer_settings;
    int optimizer_setting_count;
    float learning_rate;
} tl_model_description;

typedef enum tl_purpose { TL_FOR_PREDICTION, TL_FOR_TRAINING } tl_purpose;

/* Bytes that tl_model_place needs, exactly; 0: the description has a mistake. */
TL_API size_t tl_model_bytes(const tl_model_description *description, tl_purpose purpose);
/* memory: aligned to 16 bytes, at least tl_model_bytes. Nothing else is allocated, ever. */
TL_API tl_status tl_model_place(const tl_model_description *description, tl_purpose purpose, void *memory, size_t size,
                                tl_model **out);
/* One optimizer step on rows rows; inputs [rows, features], targets [rows, outputs] or class numbers [rows]. Gives the
 * mean loss before the step; NaN: rows is out of range or the loss is not finite (the weights then stay). */
TL_API float tl_train_step(tl_model *model, const float *inputs, const float *targets, int rows);
/* outputs [rows, outputs]: what tl_predict gives, for a placed model. */
TL_API tl_status tl_infer(tl_model *model, const float *inputs, int rows, float *outputs);

#ifdef __cplusplus
}
#endif

#endif

/* MIT License
 *
 * Copyright (c) 2026 the trainlib authors
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
 * documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
 * rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
 * permit persons to whom the Software is furnished to do so, subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
 * Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
 * WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
 * COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
 * OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
 */
