/* The report of a run: figures first, then why it ended, what it was made from, pictures with how to read them, and at
 * the end all that repeats it. */
#include "lab/report.h"

#include "base/math.h"
#include "base/text.h"
#include "lab/charts.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/pictures.h"
#include "lab/session.h"
#include "port/port.h"

enum { REPORT_CLASSES = 100, REPORT_ALERTS = 40 };    /* alerts: kinds */

/* A row of the table of figures: its name in metrics.json and in words; percent: a share of 1. */
typedef struct report_figure { const char *key, *words; bool percent; } report_figure;

static const report_figure *report_figures(const tl__story *story)
{
    static const report_figure classes[] = {
        {"loss", "loss", false}, {"accuracy", "accuracy", true}, {"balanced_accuracy", "balanced accuracy", true},
        {"f1_macro", "macro F1", false}, {"auc", "AUC", false},
        {"calibration_error", "calibration error", true}, {NULL, NULL, false}};
    static const report_figure values[] = {
        {"loss", "loss", false}, {"mae", "MAE", false}, {"rmse", "RMSE", false}, {"r2", "R\xc2\xb2", false},
        {"median_error", "median error", false}, {"max_error", "largest error", false}, {NULL, NULL, false}};
    static const report_figure forecast[] = {
        {"loss", "loss", false}, {"mse", "MSE, normalised", false}, {"mae", "MAE, normalised", false},
        {"original.mae", "MAE", false}, {"original.rmse", "RMSE", false}, {"original.mase", "MASE", false},
        {"original.smape", "sMAPE, %", false}, {NULL, NULL, false}};
    return story->classification ? classes : story->forecast ? forecast : values;
}

/* ---- what guessing reaches ---- */

/* The share of the part's rows that are of its largest class; NaN: not known. */
static double report_largest_class(const tl__story *story, const char **name)
{
    const tl_value *classes = tl_value_get(story->part, "per_class");
    double rows = 0, most = 0;
    for (size_t k = 0; k < story->classes; k++) {
        double support = tl__story_number(tl_value_at(classes, k), "support");
        rows += support;
        if (support > most) most = support, *name = story->class_names[k];
    }
    return rows > 0 ? most / rows : 0.0 / 0.0;
}

/* RMSE of always predicting the part's own mean, which R2 is measured against. */
static double report_mean_error(const tl__story *story)
{
    double rmse = tl__story_number(story->part, "rmse"), r2 = tl__story_number(story->part, "r2");
    return r2 < 1 ? rmse / tl__sqrt_d(1 - r2) : 0.0 / 0.0;
}

static size_t report_targets(const tl__story *story) { return tl_value_count(tl_value_get(story->part, "targets")); }

/* In one sentence, beside what costs nothing. */
static void report_verdict(const tl__story *story, tl__document *document)
{
    char a[32], b[32];
    if (!story->part) return;
    if (story->classification) {
        const char *name = "";
        double base = report_largest_class(story, &name), accuracy = tl__story_number(story->part, "accuracy");
        double balanced = tl__story_number(story->part, "balanced_accuracy"), even = 1.0 / (double)story->classes;
        int level = accuracy > base ? 0 : balanced > 1.2 * even ? 1 : 2;
        tl__document_note(document, level, "It names %.1f %% of the %s rows rightly; always saying '%s', the "
                          "largest class, would name %.1f %%. Over the classes, each counted the same, it finds %.1f "
                          "%% "
                          "of the rows, where guessing finds %.1f %%.", accuracy * 100, story->part_name, name,
                          base * 100, balanced * 100, even * 100);
    } else if (story->forecast) {
        double own = tl__story_number(story->part, "mse"), last = tl__story_number(story->part,
                                                                                 "baselines.repeat_last.mse");
        double season = tl__story_number(story->part, "baselines.seasonal_naive.mse");
        bool seasonal = season < last || last != last;
        double naive = seasonal ? season : last, high = tl__story_number(story->part, "against.mse.high");
        if (naive != naive) return;
        tl__say_figure(a, own);
        tl__say_figure(b, naive);
        tl__document_note(document, own < naive ? (high < 0 || high != high ? 0 : 1) : 2, "Its mean squared error "
                                                                                          "over the "
                          "%s windows is %s; the better naive forecast, which %s, has %s. %s", story->part_name, a,
                          seasonal ? "repeats the last season" : "repeats the last value", b,
                          own >= naive ? "It is not better than the naive forecast."
                          : high < 0   ? "The difference is larger than chance explains (95 % interval)."
                          : high == high ? "The difference may be chance: its 95 % interval holds 0."
                                         : "It is better than the naive forecast.");
    } else {
        double mean = report_mean_error(story), own = tl__story_number(story->part, "rmse");
        double r2 = tl__story_number(story->part, "r2");
        if (report_targets(story) > 1) {    /* of different units: their errors have no common one */
            if (r2 == r2)
                tl__document_note(document, r2 > 0 ? 0 : 2, "It explains %.1f %% of what varies in the %s rows "
                                  "(R\xc2\xb2, mean over the %zu targets); always predicting their means would explain "
                                  "nothing.", r2 * 100, story->part_name, report_targets(story));
            return;
        }
        if (own != own || mean != mean) return;
        tl__say_figure(a, own);
        tl__say_figure(b, mean);
        tl__document_note(document, own < mean ? 0 : 2, "A prediction for the %s rows is off by %s (root of the mean "
                          "square); always predicting their mean would be off by %s. It explains %.1f %% of what "
                          "varies "
                          "(R\xc2\xb2).", story->part_name, a, b, r2 * 100);
    }
}

/* ---- parts of the report ---- */

/* How many a run over folds, seeds or settings has; 0: it is one training. */
static size_t report_models(const tl__story *story) { return tl_value_count(tl_value_get(story->metrics, "models")); }

/* Of a run of many models: what each of them did. */
static void report_many_ended(const tl__story *story, tl__document *document)
{
    const tl_value *models = tl_value_get(story->metrics, "models");
    size_t count = tl_value_count(models), early = 0;
    int64_t least = 0, most = 0;
    for (size_t m = 0; m < count; m++) {
        const tl_value *model = tl_value_at(models, m);
        int64_t epochs = tl_value_integer(tl_value_get(model, "epochs"), 0);
        if (m == 0 || epochs < least) least = epochs;
        if (epochs > most) most = epochs;
        early += tl__same_text(tl_value_text(tl_value_get(model, "stopped"), ""), "early_stopping_triggered");
    }
    tl__document_text(document, "%zu models were trained, for %lld to %lld epochs. Early stopping ended %zu of them, "
                                "%zu ran all their epochs. Figures of the test part are those of all models together.",
                      count, (long long)least, (long long)most, early, count - early);
}

static void report_cards(const tl__story *story, tl__document *document)
{
    tl__block *cards = tl__document_cards(document);
    char count[32], bytes[32];
    bool many = report_targets(story) > 1;
    const char *main_key = story->classification ? "accuracy" : story->forecast ? "mse" : many ? "r2" : "rmse";
    double seconds = tl__story_number(story->status, "result.seconds");
    if (story->part) {
        const char *words = story->classification ? "Accuracy"
                            : story->forecast     ? "MSE"
                            : many                ? "R\xc2\xb2"
                                                  : "RMSE";
        tl__document_cell(document, cards, "%s, %s", words, story->part_name);
        tl__document_figure(document, cards, tl__story_number(story->part, main_key), story->classification ? "%" : "");
    }
    if (story->classification && story->part) {
        tl__document_cell(document, cards, "Balanced accuracy");
        tl__document_figure(document, cards, tl__story_number(story->part, "balanced_accuracy"), "%");
    }
    int64_t epochs = tl_value_integer(tl_value_get(story->metrics, "epochs"), (int64_t)story->history.records.count);
    int64_t best = tl_value_integer(tl_value_get(story->metrics, "best_epoch"), 0);
    int64_t parameters = tl_value_integer(tl_value_get(story->metrics, "parameters"), 0);
    double memory = tl_value_number(tl_value_get(story->metrics, "memory_bytes"), 0);
    if (report_models(story) > 0) {
        tl__document_cell(document, cards, "Models");
        tl__document_cell(document, cards, "%zu", report_models(story));
    }
    tl__document_cell(document, cards, "%s", report_models(story) > 0 ? "Epochs in all"
                                             : best > 0               ? "Epochs (best)"
                                                                      : "Epochs");
    tl__document_cell(document, cards, best > 0 ? "%lld (%lld)" : "%lld", (long long)epochs, (long long)best);
    if (seconds == seconds) {
        tl__document_cell(document, cards, "Training time");
        if (seconds < 1) tl__document_cell(document, cards, "%.0f ms", seconds * 1000);
        else if (seconds < 120) tl__document_cell(document, cards, "%.1f s", seconds);
        else tl__document_cell(document, cards, "%.0f min", seconds / 60);
    }
    if (parameters > 0) {
        tl__say_count(count, (uint64_t)parameters);
        tl__document_cell(document, cards, "Parameters");
        tl__document_cell(document, cards, "%s", count);
    }
    if (memory > 0) {
        tl__say_bytes(bytes, memory);
        tl__document_cell(document, cards, "Memory");
        tl__document_cell(document, cards, "%s", bytes);
    }
}

static void report_ending(const tl__story *story, tl__document *document)
{
    const char *stopped = tl_value_text(tl_value_get(story->metrics, "stopped"),
                                        tl_value_text(tl_value_get(story->status, "state"), "unknown"));
    const char *trigger = tl_value_text(tl_value_get(story->metrics, "trigger"), "");
    long long epochs = (long long)tl_value_integer(tl_value_get(story->metrics, "epochs"),
                                                   (int64_t)story->history.records.count);
    long long best = (long long)tl_value_integer(tl_value_get(story->metrics, "best_epoch"), 0);
    long long kept = (long long)tl_value_integer(tl_value_get(story->metrics, "kept_epoch"), best);
    long long most = story->config ? (long long)story->config->settings.train.training.epochs : 0;
    long long patience = story->config ? (long long)story->config->settings.train.optimization.early_stopping.patience
                                       : 0;
    tl__document_heading(document, "How it ended and why");
    if (report_models(story) > 0) {
        report_many_ended(story, document);
        return;
    }
    if (tl__same_text(trigger, "early_stopping_ratio_exceeded"))
        tl__document_text(document, "Early stopping ended it after epoch %lld of %lld: validation loss had been too "
                                    "far "
                          "above training loss for %lld epochs.", epochs, most, patience);
    else if (tl__same_text(stopped, "early_stopping_triggered"))
        tl__document_text(document, "Early stopping ended it after epoch %lld of %lld: what is watched had not become "
                          "better for %lld epochs (optimization.early_stopping.patience).", epochs, most, patience);
    else if (tl__same_text(stopped, "completed"))
        tl__document_text(document, "All %lld epochs were run (training.epochs).%s", epochs,
                          best == epochs && epochs > 1 ? " The last one was the best, so more may make it better still."
                                                       : "");
    else if (tl__same_text(stopped, "nan"))
        tl__document_note(document, 2, "It ended in epoch %lld because a number was no longer finite%s%s", epochs,
                          story->history.records.not_finite ? ": " : ".",
                          story->history.records.not_finite ? story->history.records.not_finite : "");
    else if (tl__same_text(stopped, "failed"))
        tl__document_note(document, 2, "It failed after %lld whole epochs. The reason: %s", epochs,
                          tl_value_text(tl_value_get(story->status, "error"), "it is not known."));
    else if (tl__same_text(stopped, "interrupted"))
        tl__document_text(document, "It was interrupted after epoch %lld of %lld. 'trainlib train:run --resume %s' "
                                    "goes on from there, to the same bits.", epochs, most, story->folder);
    else if (tl__same_text(stopped, "crashed"))
        tl__document_note(document, 1, "Its process ended after epoch %lld of %lld and could not say why: it was "
                          "killed, memory ran out, or the power failed. 'trainlib train:run --resume %s' goes on from "
                          "the last checkpoint, to the same bits.", epochs, most, story->folder);
    else
        tl__document_text(document, "Its state is '%s', after epoch %lld of %lld.", stopped, epochs, most);
    if (best > 0)
        tl__document_text(document, kept == best ? "The model holds the weights of epoch %lld, the best one."
                                                 : "The best epoch was %lld; the model holds the weights of epoch %lld "
                                                   "(training.keep).", best, kept);
}

/* A line of the run's talk, whose parts stand two blanks and more apart, as a sentence with commas. */
static const char *report_talk(tl__story *story, const tl_value *metrics, const char *key)
{
    const char *text = tl_value_text(tl_value_get(metrics, key), "");
    size_t used = 0;
    char *out = tl__arena_push(&story->arena, strlen(text) + 1);
    if (!out) return "";
    for (; *text; text++) {
        if (text[0] == ' ' && text[1] == ' ') {
            while (text[1] == ' ') text++;
            if (used && out[used - 1] != ':') out[used++] = ',';
        }
        out[used++] = *text;
    }
    out[used] = '\0';
    return out;
}

/* The name of the first of many models, which trained like the others, and its metrics.json; NULL: not there. */
static const char *report_first(tl__story *story, tl__tree **tree)
{
    const char *name = tl_value_text(tl_value_get(tl_value_at(tl_value_get(story->metrics, "models"), 0), "name"), "");
    const char *path = tl__arena_format(&story->arena, "%s/%s/metrics.json", story->folder, name);
    if (!path || !*name || !tl__file_exists(path)) return NULL;
    return tl__json_read(story->context, path, tree, NULL) == TL_OK ? name : NULL;
}

static void report_about(tl__story *story, tl__document *document)
{
    const tl_value *transfer = tl_value_get(story->metrics, "transfer"), *metrics = story->metrics;
    tl__tree *tree = NULL;
    const char *first = report_models(story) > 0 ? report_first(story, &tree) : NULL;
    if (tree) metrics = &tree->root;
    const char *data = report_talk(story, metrics, "data"), *network = report_talk(story, metrics, "network");
    if (tree) tl__tree_free(tree);
    tl__document_heading(document, "What was trained");
    if (*data) tl__document_text(document, first ? "Data of %s: %s." : "Data%s: %s.", first ? first : "", data);
    if (*network) tl__document_text(document, "Network: %s.", network);
    if (story->config) {
        const tl__config_settings *s = &story->config->settings;
        tl__document_text(document, "Trained with %s at a learning rate of %g in batches of %lld rows, at most %lld "
                                    "epochs.",
                          s->train.training.optimizer.name ? s->train.training.optimizer.name : "adam",
                          s->train.training.learning_rate,
                          (long long)s->train.training.batch_size, (long long)s->train.training.epochs);
    }
    if (transfer) tl__document_text(document, "It began with the weights of another model (transfer.from).");
}

/* A row of a naive forecast or guess below the parts. */
static void report_naive(tl__story *story, tl__document *document, tl__block *table, const report_figure *figures)
{
    static const char *const keys[] = {"repeat_last", "seasonal_naive"};
    static const char *const words[] = {"repeat the last value", "repeat the last season"};
    const char *name = "";
    if (story->classification) {
        double share = report_largest_class(story, &name);
        tl__document_cell(document, table, "always '%s'", name);
        for (const report_figure *f = figures; f->key; f++) {
            bool accuracy = tl__same_text(f->key, "accuracy"), even = tl__same_text(f->key, "balanced_accuracy");
            tl__document_figure(document, table, accuracy ? share : even ? 1.0 / (double)story->classes : 0.0 / 0.0,
                                f->percent ? "%" : "");
        }
        tl__document_cell(document, table, "%s", "");
    } else if (story->forecast) {
        for (size_t i = 0; i < TL_COUNT(keys); i++) {
            char path[80];
            tl__format(path, sizeof path, "baselines.%s", keys[i]);
            const tl_value *naive = tl_value_get(story->part, path);
            if (!naive) continue;
            tl__document_cell(document, table, "%s", words[i]);
            for (const report_figure *f = figures; f->key; f++)
                tl__document_figure(document, table, tl__story_number(naive, f->key), "");
            tl__document_cell(document, table, "%s", "");
        }
    } else {
        tl__document_cell(document, table, "always the mean");
        for (const report_figure *f = figures; f->key; f++)
            tl__document_figure(document, table, tl__same_text(f->key, "rmse") ? report_mean_error(story)
                                                 : tl__same_text(f->key, "r2") ? 0 : 0.0 / 0.0, "");
        tl__document_cell(document, table, "%s", "");
    }
}

/* Of several targets, what is told of each: their units differ. */
static void report_each_target(const tl__story *story, tl__document *document)
{
    static const char *const keys[] = {"mae", "rmse", "r2", "median_error", "max_error"};
    static const char *const words[] = {"MAE", "RMSE", "R\xc2\xb2", "median error", "largest error"};
    const tl_value *targets = tl_value_get(story->part, "targets");
    if (report_targets(story) < 2) return;
    const char *caption = tl__arena_format(document->arena, "Each target, on the %s rows and in its own unit",
                                           story->part_name);
    tl__block *table = tl__document_table(document, caption ? caption : "", 1 + TL_COUNT(keys));
    tl__document_cell(document, table, "target");
    for (size_t k = 0; k < TL_COUNT(keys); k++) tl__document_cell(document, table, "%s", words[k]);
    for (size_t t = 0; t < report_targets(story); t++) {
        const char *name = tl_value_key_at(targets, t);
        tl__document_cell(document, table, "%s", name ? name : "");
        for (size_t k = 0; k < TL_COUNT(keys); k++)
            tl__document_figure(document, table, tl__story_number(tl_value_at(targets, t), keys[k]), "");
    }
}

static void report_table(tl__story *story, tl__document *document)
{
    static const char *const parts[] = {"train", "validation", "test"};
    static const char *const words[] = {"training", "validation", "test"};
    const report_figure *figures = report_figures(story);
    size_t columns = 2;
    if (!story->part) return;
    for (const report_figure *f = figures; f->key; f++) columns++;
    tl__document_heading(document, "Figures");
    tl__document_text(document, "Taken again after the training, without dropout. Only the %s rows, which the "
                                "network never "
                      "saw, say how good it is; naive guesses on the same rows stand below.", story->part_name);
    tl__block *table = tl__document_table(document, "Figures of each part of the data, beside naive guesses", columns);
    tl__document_cell(document, table, "part");
    for (const report_figure *f = figures; f->key; f++) tl__document_cell(document, table, "%s", f->words);
    tl__document_cell(document, table, "rows");
    for (int p = 0; p < 3; p++) {
        const tl_value *part = tl_value_get(story->metrics, parts[p]);
        char count[32];
        int64_t rows = tl_value_integer(tl_value_get(part, "samples"), 0);
        if (rows == 0) continue;
        tl__document_cell(document, table, "%s", words[p]);
        for (const report_figure *f = figures; f->key; f++)
            tl__document_figure(document, table, tl__story_number(part, f->key), f->percent ? "%" : "");
        tl__say_count(count, (uint64_t)rows);
        tl__document_cell(document, table, "%s", count);
    }
    report_naive(story, document, table, figures);
    report_each_target(story, document);
}

static void report_classes(const tl__story *story, tl__document *document)
{
    static const char *const columns[] = {"precision", "recall", "f1", "auc"};
    const tl_value *classes = tl_value_get(story->part, "per_class");
    size_t shown = tl__size_min(story->classes, REPORT_CLASSES);
    if (shown == 0) return;
    tl__block *table = tl__document_table(document, shown < story->classes ? "Each class (the first 100)" : "Each "
                                                                                                            "class", 6);
    tl__document_cell(document, table, "class");
    for (size_t c = 0; c < TL_COUNT(columns); c++)
        tl__document_cell(document, table, "%s", c == 2 ? "F1" : c == 3 ? "AUC" : columns[c]);
    tl__document_cell(document, table, "rows");
    for (size_t k = 0; k < shown; k++) {
        const tl_value *one = tl_value_at(classes, k);
        tl__document_cell(document, table, "%s", story->class_names[k]);
        for (size_t c = 0; c < TL_COUNT(columns); c++)
            tl__document_figure(document, table, tl__story_number(one, columns[c]), c < 2 ? "%" : "");
        tl__document_cell(document, table, "%.0f", tl_value_number(tl_value_get(one, "support"), 0));
    }
}

static tl_status report_pictures(tl__story *story, tl__document *document, tl_error *error)
{
    const char *heading = "";
    const tl__run_picture *member;
    for (size_t i = 0; (member = tl__run_picture_at(i)) != NULL; i++) {
        tl__picture picture;
        const char *words = "";
        bool failed = false;
        if (!member->make(story, &picture, &words, &failed)) {
            if (failed) return tl__fail_memory(error, 0);
            continue;
        }
        if (!tl__same_text(heading, member->heading)) tl__document_heading(document, member->heading);
        heading = member->heading;
        tl__document_picture(document, member->name, &picture, words);
        if (tl__same_text(member->name, "classes")) report_classes(story, document);
    }
    return TL_OK;
}

static void report_alerts(const tl__story *story, tl__document *document)
{
    const tl_value *alerts = story->history.tree ? tl_value_get(&story->history.tree->root, "alerts") : NULL;
    tl__alert_kind kinds[REPORT_ALERTS];
    char when[160];
    size_t count = tl__alert_kinds(alerts, kinds, REPORT_ALERTS);
    if (!story->history.tree) return;
    tl__document_heading(document, "Alerts");
    if (count == 0) tl__document_note(document, 0, "None of the conditions that are watched for was met.");
    for (size_t k = 0; k < count; k++) {
        tl__alert_when(&kinds[k], when, sizeof when);
        tl__document_note(document, tl__same_text(kinds[k].severity, "critical") ? 2 : 1, "%c%s, %s: %s",
                          when[0] - 'a' + 'A', when + 1, kinds[k].severity, kinds[k].message);
    }
}

static void report_repeat(const tl__story *story, tl__document *document)
{
    static const struct { const char *key, *words; bool status; } rows[] = {
        {"config_hash", "hash of the settings", false}, {"data_hash", "hash of the data", false},
        {"version", "trainlib", false},                 {"numerics", "class of numbers", true},
        {"simd", "instructions", true},                 {"threads", "threads", true},
        {"started", "started", true},                   {"run", "run", false},
    };
    tl__document_heading(document, "To repeat it");
    tl__document_text(document, "The same settings, data and seed give the same bits on any machine of the same "
                                "class of "
                      "numbers, with any number of threads: trainlib train:run %s/config.yaml", story->folder);
    tl__block *table = tl__document_table(document, "", 2);
    if (table) table->level = 1;
    tl__document_cell(document, table, "what");
    tl__document_cell(document, table, "value");
    if (story->config) {
        tl__document_cell(document, table, "seed");
        tl__document_cell(document, table, "%lld", (long long)story->config->settings.seed);
    }
    for (size_t i = 0; i < TL_COUNT(rows); i++) {
        const tl_value *value = tl_value_get(rows[i].status ? story->status : story->metrics, rows[i].key);
        if (!value) continue;
        tl__document_cell(document, table, "%s", rows[i].words);
        if (tl_value_kind(value) == TL_TEXT) tl__document_cell(document, table, "%s", tl_value_text(value, ""));
        else tl__document_cell(document, table, "%lld", (long long)tl_value_integer(value, 0));
    }
    if (*story->config_text) tl__document_code(document, "All settings (config.yaml)", story->config_text);
}

TL_PRIV tl_status tl__report_make(tl__story *story, tl__document *out, tl_error *error)
{
    const char *name = story->config ? story->config->name : story->name;
    const char *task = story->forecast ? "forecast" : story->classification ? "classification" : "regression";
    const char *title = tl__arena_format(&story->arena, "%s: %s", name, task);
    const char *sub = tl__arena_format(&story->arena, "Training report of run %s, started %s", story->name,
                                       tl_value_text(tl_value_get(story->status, "started"), "at a time not known"));
    if (!title || !sub) return tl__fail_memory(error, 256);
    tl__document_init(out, &story->arena, title, sub);
    report_cards(story, out);
    report_verdict(story, out);
    report_ending(story, out);
    report_about(story, out);
    report_alerts(story, out);
    report_table(story, out);
    TL_TRY(report_pictures(story, out, error));
    report_repeat(story, out);
    return out->failed ? tl__fail_memory(error, 256) : TL_OK;
}

/* ---- files ---- */

TL_PRIV tl_status tl__report_write(tl_context *context, const tl__document *document, const char *folder,
                                   const char *name, tl_error *error)
{
    static const char *const endings[] = {"html", "pdf"};
    char path[1200];
    for (size_t i = 0; i < TL_COUNT(endings); i++) {
        tl__buffer out;
        if (tl__format(path, sizeof path, "%s/%s.%s", folder, name, endings[i]) >= sizeof path)
            return tl__fail(error, TL_INVALID, "%s is too long a name for a folder.", folder);
        tl__buffer_init(&out, &context->heap);
        if (i == 0) tl__document_html(document, &out);
        else tl__document_pdf(document, &out);
        tl_status status = out.failed ? tl__fail_memory(error, out.size)
                                      : tl__file_replace(path, out.data, out.size, false, error);
        tl__buffer_free(&out);
        if (status != TL_OK) return status;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__report_files(tl_context *context, tl__arena *arena, const tl__document *document,
                                   const char *folder, const char *name, const char *formats, tl__builder *builder,
                                   tl_value *root, tl_error *error)
{
    const char *charts = tl__path_join(arena, folder, "charts");
    const char *html = tl__arena_format(arena, "%s/%s.html", folder, name);
    const char *pdf = tl__arena_format(arena, "%s/%s.pdf", folder, name);
    if (!charts || !html || !pdf) return tl__fail_memory(error, 256);
    TL_TRY(tl__folder_make(charts, error));
    TL_TRY(tl__report_write(context, document, folder, name, error));
    tl__put_text(builder, root, "folder", folder);
    tl__put_text(builder, root, "html", html);
    tl__put_text(builder, root, "pdf", pdf);
    tl_value *list = tl__put_list(builder, root, "charts");
    for (const tl__block *block = document->first; block; block = block->next) {
        if (block->kind != TL__BLOCK_PICTURE) continue;
        TL_TRY(tl__picture_save(context, &block->picture, charts, block->name, formats, error));
        tl__put_text(builder, list, NULL, block->name);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__report_run(tl_context *context, const char *folder, const char *output, const char *formats,
                                 tl__builder *builder, tl_value *root, tl_error *error)
{
    tl__story story;
    tl__document document;
    tl_status status = tl__story_open(context, folder, &story, error);
    if (status == TL_OK) status = tl__report_make(&story, &document, error);
    if (status == TL_OK) {
        tl__put_text(builder, root, "run", folder);
        status = tl__report_files(context, &story.arena, &document, output ? output : folder, "report", formats,
                                  builder, root, error);
    }
    if (status == TL_OK && builder->failed) status = tl__fail_memory(error, 0);
    tl__story_close(&story);
    return status;
}

TL_PRIV void tl__report_end(tl_context *context, tl_run_result *result)
{
    tl__tree *tree;
    tl__builder builder;
    tl_error why = {0};
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return;
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    if (tl__report_run(context, result->run, NULL, "svg", &builder, root, &why) == TL_OK)
        tl__format(result->report, sizeof result->report, "%s/report.html", result->run);
    else
        tl__log_line(context, TL_LOG_WARNING, "the report was not made: %s", why.message);
    tl__tree_free(tree);
}
