/* The table of a run's settings: blocks of this folder's own, and the root that composes all folders' rows. */
#include "lab/config.h"

static const tl__field *config_rows_prediction(void)
{
    static const tl__field rows[] = {
        {.name = "threshold", .kind = TL__FIELD_FLOAT, .flags = TL__AUTO,
         .offset = offsetof(tl__prediction_settings, threshold), .fallback = -1, .min = 0, .max = 1,
         .help = "With two classes, predict data.positive_class from this probability on; auto: the likelier class"},
        {.name = NULL}};
    return rows;
}

static const char *const config_rows_reports[] = {"auto", "always", "never", NULL};

static const tl__field *config_rows_output(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__output_settings, field)
    static const tl__field rows[] = {
        {ROW(folder), .kind = TL__FIELD_TEXT, .text = "output",
         .help = "Folder of runs/, logs/ and data/, under --out"},
        {ROW(best_model), .kind = TL__FIELD_BOOL,
         .help = "Also keep best_model_{kind}_{model}.safetensors, written whenever training.monitor gets better"},
        {ROW(kind), .kind = TL__FIELD_TEXT, .help = "{kind} of that name; not given: the format of the data"},
        {ROW(versions), .kind = TL__FIELD_BOOL, .fallback = 1,
         .help = "Keep each run's model as a version, for train:versions, train:compare and train:rollback"},
        {ROW(keep_versions), .kind = TL__FIELD_INT, .min = 0, .max = 1e6, .unit = "versions",
         .help = "Of this name; older ones are removed, but for tagged ones; 0: all stay"},
        {ROW(report), .kind = TL__FIELD_CHOICE, .choices = config_rows_reports,
         .help = "report.html, report.pdf and charts/ at the end of a run; auto: of runs longer than a second"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static const tl__field *config_rows_analytics(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__analytics_settings, field)
    static const tl__field rows[] = {
        {ROW(enabled), .kind = TL__FIELD_BOOL,
         .help = "Detailed analytics: what gradients, weights and predictions did in each epoch, and alerts; as "
                 "--detailed-analytics"},
        {ROW(export_csv), .kind = TL__FIELD_BOOL, .fallback = 1, .help = "metrics.csv, the table of epochs"},
        {ROW(export_json), .kind = TL__FIELD_BOOL, .fallback = 1,
         .help = "detailed_metrics.json, all that was collected"},
        {ROW(export_alerts), .kind = TL__FIELD_BOOL, .fallback = 1, .help = "alerts.txt, the list of alerts"},
        {ROW(batch_sampling_rate), .kind = TL__FIELD_INT, .fallback = 10, .min = 1, .max = 1e6, .unit = "batches",
         .help = "Gradient norms are taken from every so many-th batch"},
        {ROW(folder), .kind = TL__FIELD_TEXT, .text = "training_analytics",
         .help = "Folder of runs/{run id}/ with these files, under --out"},
        {ROW(keep_runs), .kind = TL__FIELD_INT, .fallback = 100, .min = 0, .max = 1e6, .unit = "runs",
         .help = "The newest so many runs are kept there, older ones removed; 0: all"},
        {ROW(alerts), .kind = TL__FIELD_TREE,
         .help = "Alerts of your own: a list of {name, when: condition, severity: info, warning or critical, message}"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static const tl__field *config_rows_folds(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__folds_settings, field)
    static const tl__field rows[] = {
        {ROW(use_kfold), .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .aliases = "use_kfold training.use_kfold",
         .help = "A model for each of data.split.folds folds: data.split.method kfold, or forward where data.time is "
                 "given or the task is forecast"},
        {ROW(parallel), .kind = TL__FIELD_INT, .fallback = 1, .min = 1, .max = 64, .unit = "trainings",
         .help = "Models of a run of many that are trained at a time, each on its share of the threads; the same "
                 "results"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static const tl__field *config_rows_ensemble(void)
{
    static const char *const combines[] = {"mean", "vote", "best", NULL};
#define ROW(field) .name = #field, .offset = offsetof(tl__ensemble_settings, field)
    static const tl__field rows[] = {
        {ROW(combine), .kind = TL__FIELD_CHOICE, .choices = combines,
         .help = "What several models predict together: the mean of their predictions, the class that most of them "
                 "name (equal numbers: that with the larger mean probability), or what the best on validation says"},
        {ROW(seeds), .kind = TL__FIELD_INT_LIST, .min = 0, .max = 9007199254740992.0, .flags = TL__RESULT,
         .help = "Train a model for each of these seeds, all on the same rows"},
        {ROW(members), .kind = TL__FIELD_TREE, .flags = TL__RESULT,
         .help = "Train a model for each of these sets of changed settings: [{training.optimizer: sgd}, ...]"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static const tl__field *config_rows_callbacks(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__tensorboard_settings, field)
    static const tl__field tensorboard[] = {
        {ROW(folder), .kind = TL__FIELD_TEXT,
         .help = "Holds a folder of each run, under --out, such as ./logs; not given: the run's own folder"},
        {ROW(update_every), .kind = TL__FIELD_INT, .fallback = 100, .min = 0, .max = 1e9, .unit = "steps",
         .aliases = "callbacks.tensorboard.update_freq",
         .help = "A point of loss/batch every so many steps; 0: points of epochs only"},
        {.name = NULL}};
#undef ROW
    static const char *const monitors[] = {"val_loss", "train_loss", "accuracy", "balanced_accuracy", "f1_macro", "mae",
                                           "mse", "r2", NULL};
#define ROW(field) .name = #field, .offset = offsetof(tl__kept_settings, field)
    static const tl__field checkpoint[] = {
        {ROW(folder), .kind = TL__FIELD_TEXT, .text = "./checkpoints",
         .aliases = "callbacks.checkpoint.checkpoint_dir",
         .help = "Holds a folder of each run, under --out, with best.safetensors"},
        {ROW(best_only), .kind = TL__FIELD_BOOL, .fallback = 1, .aliases = "callbacks.checkpoint.save_best_only",
         .help = "Only the best epoch's model; false: epoch_N.safetensors of each epoch, too"},
        {ROW(monitor), .kind = TL__FIELD_CHOICE, .choices = monitors,
         .help = "The figure of validation that says which epoch is best; without validation it is train_loss"},
        {.name = NULL}};
#undef ROW
#define ROW(field) .name = #field, .offset = offsetof(tl__callbacks_settings, field)
    static const tl__field rows[] = {
        {ROW(checkpoint), .kind = TL__FIELD_BLOCK, .flags = TL__OPTIONAL, .rows = checkpoint,
         .help = "Models that are kept while it trains, apart from the run's own; off unless mentioned"},
        {ROW(tensorboard), .kind = TL__FIELD_BLOCK, .flags = TL__OPTIONAL, .rows = tensorboard,
         .help = "Event files for TensorBoard: scalars, histograms, charts, the config, hyperparameters; off unless "
                 "mentioned"},
        {ROW(learning_rate_monitor), .kind = TL__FIELD_BOOL, .aliases = "callbacks.lr_monitor",
         .help = "A line in the log when the learning rate of an epoch is another than before"},
        {.name = NULL}};
#undef ROW
    return rows;
}

static const tl__field *config_rows_explanation(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__explanation_settings, field)
    static const char *const methods[] = {"all", "permutation", "gradients", "attention", NULL};
    static const tl__field rows[] = {
        {ROW(method), .kind = TL__FIELD_CHOICE, .choices = methods, .max = 3,
         .help = "Which explanations are made; all: permutation importance, integrated gradients, and maps of "
                 "attention where the network has it"},
        {ROW(metric), .kind = TL__FIELD_TEXT, .text = "auto",
         .help = "The figure whose drop says how much a column matters; auto: accuracy for classes, r2 for values, mse "
                 "for forecasts"},
        {ROW(repeats), .kind = TL__FIELD_INT, .fallback = 5, .min = 1, .max = 1000, .unit = "times",
         .help = "How often each column is shuffled"},
        {ROW(rows), .kind = TL__FIELD_INT, .fallback = 1000, .min = 1, .max = 1e6, .unit = "rows",
         .help = "Rows that are explained at most, evenly taken from the part"},
        {ROW(steps), .kind = TL__FIELD_INT, .fallback = 50, .min = 1, .max = 10000, .unit = "steps",
         .help = "Points on the way from the baseline to a row, of integrated gradients"},
        {ROW(step_groups), .kind = TL__FIELD_INT, .fallback = 24, .min = 1, .max = 10000, .unit = "groups",
         .help = "Of windows and sequences: groups of neighbouring steps, at most, that are shuffled one after the "
                 "other"},
        {ROW(target), .kind = TL__FIELD_TEXT,
         .help = "Of several targets the one that integrated gradients explain; not given: the first"},
        {ROW(show_rows), .kind = TL__FIELD_INT_LIST, .min = 0, .max = 9007199254740992.0,
         .help = "Rows that are shown one by one, 8 at most, by their numbers in the file as attributions.csv has "
                 "them; not given: the first that is explained"},
        {.name = NULL}};
#undef ROW
    return rows;
}

TL_PRIV void tl__config_rows(tl__field rows[TL__CONFIG_ROWS])
{
#define AT(member) offsetof(tl__config_settings, member)
    const tl__field all[TL__CONFIG_ROWS] = {
        {.name = "name", .kind = TL__FIELD_TEXT, .offset = AT(name),
         .help = "Name of the run; not given: that of the config file, or of the data file for config.yaml"},
        {.name = "symbol", .kind = TL__FIELD_TEXT, .offset = AT(symbol), .aliases = "analytics.symbol",
         .help = "What the run is about, such as a share's symbol; names the run"},
        {.name = "strategy", .kind = TL__FIELD_TEXT, .offset = AT(strategy), .aliases = "analytics.strategy",
         .help = "Stands in the record of the training"},
        {.name = "timeframe", .kind = TL__FIELD_TEXT, .offset = AT(timeframe), .aliases = "analytics.timeframe",
         .help = "Stands in the record of the training, such as 1d or 1h"},
        {.name = "seed", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = AT(seed), .fallback = 42, .min = 0,
         .max = 9007199254740992.0, .aliases = "random_seed training.random_seed training.seed",
         .help = "Every random draw follows from it; same seed, same bits"},
        {.name = "data", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = AT(data), .rows = tl__data_rows(),
         .help = "What to read, what to learn, how to divide and prepare it"},
        {.name = "network", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = AT(network),
         .rows = tl__network_rows(), .help = "The layers, or a named architecture"},
        {.name = "training", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = AT(train.training),
         .rows = tl__training_rows(), .help = "How it is trained"},
        {.name = "optimization", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = AT(train.optimization),
         .rows = tl__optimization_rows(), .help = "Regularisation, clipping and early stopping"},
        {.name = "transfer", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = AT(transfer),
         .rows = tl__transfer_rows(), .help = "Starting from a trained model: what is loaded, kept, or learns slower"},
        {.name = "prediction", .kind = TL__FIELD_BLOCK, .offset = AT(prediction), .rows = config_rows_prediction(),
         .help = "How predictions are made from probabilities"},
        {.name = "output", .kind = TL__FIELD_BLOCK, .offset = AT(output), .rows = config_rows_output(),
         .help = "What is written, and where"},
        {.name = "analytics", .kind = TL__FIELD_BLOCK, .offset = AT(analytics), .rows = config_rows_analytics(),
         .aliases = "training.analytics model.training.analytics", .help = "Detailed records of a training"},
        {.name = "folds", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = AT(folds),
         .rows = config_rows_folds(), .help = "A model for each fold of the rows"},
        {.name = "ensemble", .kind = TL__FIELD_BLOCK, .flags = TL__RESULT, .offset = AT(ensemble),
         .rows = config_rows_ensemble(),
         .help = "A model for each of several seeds or settings, and how they predict together"},
        {.name = "explanation", .kind = TL__FIELD_BLOCK, .offset = AT(explanation),
         .rows = config_rows_explanation(), .help = "How train:explain looks at a model"},
        {.name = "metrics", .kind = TL__FIELD_BLOCK, .offset = AT(metrics), .rows = tl__metrics_rows(),
         .help = "Figures that are not always wanted"},
        {.name = "production", .kind = TL__FIELD_BLOCK, .offset = AT(production), .rows = tl__production_rows(),
         .help = "What train:validate demands of a model"},
        {.name = "callbacks", .kind = TL__FIELD_BLOCK, .offset = AT(callbacks), .rows = config_rows_callbacks(),
         .aliases = "training.callbacks", .help = "What hears of the training while it goes on"},
        {.name = "search", .kind = TL__FIELD_TREE, .offset = AT(search),
         .help = "What train:optimize varies: {method, trials, metric, stop, parallel, parameters: {path: values}}"},
        {.name = "experiments", .kind = TL__FIELD_TREE, .offset = AT(experiments),
         .help = "What train:experiment compares: a list of {name, kind: lr, patience or architecture, vary: {path: "
                 "values}, seeds}"},
        {.name = NULL}};
#undef AT
    memcpy(rows, all, sizeof all);
}
