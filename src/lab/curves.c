/* How the training went, epoch by epoch. */
#include "base/math.h"
#include "base/text.h"
#include "lab/pictures.h"

enum { CURVES_LAYERS = 8 };

#define CURVES_OF(member) offsetof(tl__record, member)

static tl__chart_series *curves_series(tl__story *story, size_t most)
{
    return tl__arena_push_zero(&story->arena, most, sizeof(tl__chart_series));
}

/* The best epoch and the one that early stopping ended the training in. */
static const tl__chart_mark *curves_marks(tl__story *story, size_t *count)
{
    tl__chart_mark *marks = tl__arena_push_zero(&story->arena, 2, sizeof *marks);
    int64_t best = tl_value_integer(tl_value_get(story->metrics, "best_epoch"), 0);
    int64_t kept = tl_value_integer(tl_value_get(story->metrics, "kept_epoch"), best);
    int64_t epochs = tl_value_integer(tl_value_get(story->metrics, "epochs"), 0);
    const char *stopped = tl_value_text(tl_value_get(story->metrics, "stopped"), "");
    *count = 0;
    if (!marks) return NULL;
    if (best > 0) {
        const char *words = kept == best ? "best epoch %lld" : "best epoch %lld (kept: %lld)";
        marks[*count].at = (double)best;
        marks[(*count)++].label = tl__arena_format(&story->arena, words, (long long)best, (long long)kept);
    }
    if (tl__same_text(stopped, "early_stopping_triggered") && epochs > 0)
        marks[(*count)++] = (tl__chart_mark){.at = (double)epochs, .label = "stopped early"};
    return marks;
}

/* Adds a line of a record's figure if it has any number. */
static void curves_line(tl__story *story, tl__chart_series *series, size_t *count, const char *name, size_t offset,
                          int colour)
{
    size_t rows = story->history.records.count;
    double *x = tl__story_column(story, CURVES_OF(epoch.epoch)), *y = tl__story_column(story, offset);
    if (!x || !y || !tl__story_some(y, rows)) return;
    series[(*count)++] = (tl__chart_series){.name = name, .x = x, .y = y, .count = rows, .colour = colour};
}

static bool curves_curves(tl__story *story, tl__chart *chart, const size_t *offsets, const char *const *names,
                            size_t lines, tl__picture *out, bool *failed)
{
    tl__chart_series *series = curves_series(story, lines);
    size_t count = 0;
    if (!series) return *failed = true, false;
    for (size_t i = 0; i < lines; i++) curves_line(story, series, &count, names[i], offsets[i], (int)i);
    if (count == 0) return false;
    chart->series = series;
    chart->count = count;
    chart->x_label = "epoch";
    if (!tl__picture_keep(&story->arena, tl__chart_draw, chart, sizeof *chart, chart->title, 720, 340, out))
        return *failed = true, false;
    return true;
}

TL_PRIV bool tl__curve_steep(const double *values, size_t count)
{
    double low, high;
    low = high = 0;
    for (size_t i = 0; values && i < count; i++) {
        if (!tl__is_finite_d(values[i])) continue;
        if (!(values[i] > 0)) return false;
        if (low == 0 || values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
    }
    return low > 0 && high / low > 30;
}

static bool curves_loss(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const size_t offsets[] = {CURVES_OF(epoch.train_loss), CURVES_OF(epoch.val_loss)};
    static const char *const names[] = {"training", "validation"};
    size_t rows = story->history.records.count;
    tl__chart chart = {.title = "Loss", .y_label = "loss"};
    for (size_t i = 0; i < 2; i++)
        chart.y_log = chart.y_log || tl__curve_steep(tl__story_column(story, offsets[i]), rows);
    if (chart.y_log) chart.y_label = "loss (logarithmic)";
    chart.marks = curves_marks(story, &chart.mark_count);
    *words = "What the training makes small. Both lines should fall; where validation rises while training goes on "
             "falling, the network has begun to learn its rows by heart. Weights of the best epoch are kept unless the "
             "settings say otherwise. Dropout acts in training only, so the validation line may lie below.";
    return curves_curves(story, &chart, offsets, names, 2, out, failed);
}

static bool curves_score(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    bool classes = story->classification;
    const size_t accuracy[] = {CURVES_OF(epoch.train_accuracy), CURVES_OF(epoch.val_accuracy),
                               CURVES_OF(epoch.val_balanced_accuracy)};
    const size_t mae[] = {CURVES_OF(epoch.train_mae), CURVES_OF(epoch.val_mae)};
    static const char *const names[] = {"training", "validation", "validation, balanced over the classes"};
    tl__chart chart = {.title = classes ? "Accuracy" : "Mean absolute error", .y_percent = classes,
                       .y_label = classes ? "accuracy" : story->forecast ? "MAE (normalised)" : "MAE"};
    chart.marks = curves_marks(story, &chart.mark_count);
    *words = classes ? "The share of rows whose class is named rightly. The balanced one is the mean over the "
                       "classes, so a "
                       "large class does not hide a small one. A gap between training and validation that grows is "
                       "overfitting."
                     : "By how much a prediction is off, on average, in the unit of the target unless the axis says "
                       "otherwise. A gap between training and validation that grows is overfitting.";
    return curves_curves(story, &chart, classes ? accuracy : mae, names, classes ? 3 : 2, out, failed);
}

static bool curves_rate(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const size_t offsets[] = {CURVES_OF(epoch.learning_rate)};
    static const char *const names[] = {NULL};
    size_t rows = story->history.records.count;
    const double *values = tl__story_column(story, offsets[0]);
    bool changes = false;
    for (size_t i = 1; values && i < rows; i++) changes = changes || values[i] != values[0];
    if (!changes) return false;
    tl__chart chart = {.title = "Learning rate", .y_label = "rate in the last step",
                       .y_log = tl__curve_steep(values, rows)};
    *words = "How large the steps were, by the schedule and by changes during the run.";
    return curves_curves(story, &chart, offsets, names, 1, out, failed);
}

static bool curves_gradients(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const size_t offsets[] = {CURVES_OF(epoch.gradient_norm_avg), CURVES_OF(epoch.gradient_norm_max)};
    static const char *const names[] = {"mean over the tensors", "largest tensor"};
    tl__chart chart = {.title = "Gradient norms", .y_label = "L2 norm (logarithmic)", .y_log = true};
    *words = "How strongly the loss pulls at the weights, before clipping. A steady line, or one that falls slowly, is "
             "healthy; one that climbs towards 10 and beyond warns of a learning rate that is too high, one near 0 "
             "while the "
             "loss is still large of gradients that vanish on their way back.";
    return curves_curves(story, &chart, offsets, names, 2, out, failed);
}

static bool curves_layers(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl__records *records = &story->history.records;
    size_t shown = tl__size_min(records->layers, CURVES_LAYERS), count = 0;
    tl__chart_series *series = curves_series(story, shown + 1);
    double *x = tl__story_column(story, CURVES_OF(epoch.epoch));
    tl__chart chart = {.title = "Gradient norm of each layer", .x_label = "epoch", .y_label = "L2 norm (logarithmic)",
                       .y_log = true};
    if (!series || !x) return *failed = true, false;
    for (size_t k = 0; k < shown; k++) {
        size_t layer = records->layers > shown ? k * (records->layers - 1) / (shown - 1) : k;
        double *y = tl__arena_push_zero(&story->arena, records->count + 1, sizeof *y);
        if (!y) return *failed = true, false;
        for (size_t i = 0; i < records->count; i++) y[i] = tl__records_layer(records, i, layer)->gradient_norm;
        if (tl__story_some(y, records->count))
            series[count++] = (tl__chart_series){.name = records->layer_names[layer], .x = x, .y = y,
                                                 .count = records->count, .colour = (int)k};
    }
    if (count == 0) return false;
    chart.series = series;
    chart.count = count;
    *words = records->layers > shown ? "The same, layer by layer; of many layers some are shown, spread over the "
                                       "network. "
                                       "Layers near the input that lie far below those near the output learn little; "
                                       "one without a line has a gradient of 0 and learns nothing."
                                     : "The same, layer by layer. Layers near the input that lie far below those "
                                       "near the output learn little; one without a line has a gradient of 0 and "
                                       "learns nothing.";
    if (!tl__picture_keep(&story->arena, tl__chart_draw, &chart, sizeof chart, chart.title, 720, 340, out))
        return *failed = true, false;
    return true;
}

#undef CURVES_OF

/* Of a run of many models: the figure of each, part by part. */
static bool curves_models(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    static const char *const parts[] = {"train", "validation", "test"};
    const tl_value *models = tl_value_get(story->metrics, "models");
    const char *key = story->classification ? "balanced_accuracy" : "mae";
    size_t count = tl_value_count(models), used = 0;
    if (count < 2) return false;
    const char **names = tl__arena_push_zero(&story->arena, 3, sizeof *names);
    const double **values = tl__arena_push_zero(&story->arena, 3, sizeof *values);
    size_t *sizes = tl__arena_push_zero(&story->arena, 3, sizeof *sizes);
    if (!names || !values || !sizes) return *failed = true, false;
    for (int p = 0; p < 3; p++) {
        double *of = tl__arena_push(&story->arena, count * sizeof *of);
        if (!of) return *failed = true, false;
        for (size_t m = 0; m < count; m++)
            of[m] = tl__story_number(tl_value_get(tl_value_at(models, m), parts[p]), key);
        if (!tl__story_some(of, count)) continue;
        names[used] = parts[p];
        values[used] = of;
        sizes[used++] = count;
    }
    const tl__spread chart = {.title = "Spread over the models", .names = names, .values = values, .sizes = sizes,
                              .count = used, .percent = story->classification,
                              .x_label = story->classification ? "balanced accuracy" : "mean absolute error"};
    *words = "Each dot is one of the models. How far they lie apart is how much of a figure is the luck of the rows, "
             "or "
             "of the seed; a difference between two settings that is smaller means nothing.";
    if (used == 0) return false;
    if (!tl__picture_keep(&story->arena, tl__spread_draw, &chart, sizeof chart, chart.title, 720,
                          110 + 56.0 * (double)used, out)) return *failed = true, false;
    return true;
}

TL_PRIV const tl__run_picture *tl__pictures_of_training(size_t index)
{
    static const tl__run_picture all[] = {
        {"models", "The models", curves_models},
        {"loss", "How the training went", curves_loss},
        {"score", "How the training went", curves_score},
        {"learning_rate", "How the training went", curves_rate},
        {"gradients", "How the training went", curves_gradients},
        {"layers", "How the training went", curves_layers},
    };
    return index < TL_COUNT(all) ? &all[index] : NULL;
}
