/* Rows of doubles with names: one table says what each figure of an epoch is called in metrics.csv, where it stands in
 * detailed_metrics.json, and which word means it in a condition. */
#include "train/history.h"

#include "base/math.h"
#include "base/text.h"

#define HISTORY_DOUBLES (sizeof(tl__record) / sizeof(double))
#define HISTORY_LAYER (sizeof(tl__layer_record) / sizeof(double))
#define HISTORY_CLASS (sizeof(tl__class_record) / sizeof(double))

TL_PRIV const tl__record *tl__records_at(const tl__records *records, size_t index)
{
    size_t width = tl__records_width(records->layers, records->classes);
    return index < records->count ? (const tl__record *)(const void *)(records->rows + index * width) : NULL;
}

TL_PRIV tl__layer_record *tl__row_layers(double *row)
{
    return (tl__layer_record *)(void *)(row + HISTORY_DOUBLES);
}

TL_PRIV tl__class_record *tl__row_classes(double *row, size_t layers)
{
    return (tl__class_record *)(void *)(row + HISTORY_DOUBLES + layers * HISTORY_LAYER);
}

TL_PRIV const tl__layer_record *tl__records_layer(const tl__records *records, size_t index, size_t layer)
{
    const double *row = (const double *)(const void *)tl__records_at(records, index);
    if (!row || layer >= records->layers) return NULL;
    return (const tl__layer_record *)(const void *)(row + HISTORY_DOUBLES) + layer;
}

TL_PRIV const tl__class_record *tl__records_class(const tl__records *records, size_t index, size_t class_index)
{
    const double *row = (const double *)(const void *)tl__records_at(records, index);
    if (!row || class_index >= records->classes) return NULL;
    row += HISTORY_DOUBLES + records->layers * HISTORY_LAYER;
    return (const tl__class_record *)(const void *)row + class_index;
}

TL_PRIV void tl__row_clear(double *row, size_t width)
{
    for (size_t i = 0; i < width; i++) row[i] = tl__nan_d();
}

/* ---- the table ---- */

static const tl__record_field *history_fields(size_t *count)
{
#define AT(member) offsetof(tl__record, member)
#define EPOCH(member) offsetof(tl__record, epoch) + offsetof(tl__epoch, member)
#define NUMBER .kind = TL__RECORD_NUMBER
#define COUNT .kind = TL__RECORD_COUNT
    static const tl__record_field fields[] = {
        {"epoch", "", "epoch", EPOCH(epoch), COUNT, "number of the epoch, from 1"},
        {"train_loss", "", "train_loss", EPOCH(train_loss), NUMBER, "mean loss over the epoch, in training mode"},
        {"val_loss", "", "val_loss", EPOCH(val_loss), NUMBER, "loss of validation after the epoch"},
        {"train_acc", "", "train_accuracy", EPOCH(train_accuracy), NUMBER, "share of training rows that were right"},
        {"val_acc", "", "val_accuracy", EPOCH(val_accuracy), NUMBER, "share of validation rows that are right"},
        {"train_mae", "", "train_mae", EPOCH(train_mae), NUMBER, "mean absolute error over the epoch"},
        {"val_mae", "", "val_mae", EPOCH(val_mae), NUMBER, "mean absolute error of validation"},
        {"val_balanced_accuracy", "", "val_balanced_accuracy", EPOCH(val_balanced_accuracy), NUMBER,
         "mean recall of the classes on validation"},
        {"val_f1_macro", "", "val_f1_macro", EPOCH(val_f1_macro), NUMBER, "mean F1 of the classes on validation"},
        {"val_mse", "", "val_mse", EPOCH(val_mse), NUMBER, "mean squared error of validation"},
        {"val_r2", "", "val_r2", EPOCH(val_r2), NUMBER, "coefficient of determination of validation"},
        {"learning_rate", "", "learning_rate", EPOCH(learning_rate), NUMBER, "rate of the epoch's last step"},
        {"best_so_far", "", "best_so_far", EPOCH(best), .kind = TL__RECORD_FLAG, "the best epoch until then"},
        {"early_stopping_triggered", "", "early_stopping_triggered", EPOCH(stopped), .kind = TL__RECORD_FLAG,
         "early stopping ended the training here"},
        {"gradient_norm_avg", "gradient_norms", "average", EPOCH(gradient_norm_avg), NUMBER,
         "norm of all gradients / number of tensors, mean over the looked-at steps"},
        {"gradient_norm_max", "gradient_norms", "maximum", EPOCH(gradient_norm_max), NUMBER,
         "largest norm of one tensor's gradient in the looked-at steps"},
        {"gradient_mean_abs", "gradient_norms", "mean_absolute_element", EPOCH(gradient_mean_abs), NUMBER,
         "mean |g| over all numbers, in the epoch's last step"},
        {"gradient_max_abs", "gradient_norms", "largest_absolute_element", EPOCH(gradient_max_abs), NUMBER,
         "largest |g|, in the epoch's last step"},
        {"param_change_magnitude", "parameter_stats", "total_change_magnitude", AT(param_change), NUMBER,
         "norm of the difference of all trained numbers to the previous epoch"},
        {"param_norm", "parameter_stats", "total_norm", AT(param_norm), NUMBER, "norm of all trained numbers"},
        {"update_ratio", "parameter_stats", "update_ratio", AT(update_ratio), NUMBER,
         "param_change_magnitude / param_norm"},
        {"subnormal_share", "parameter_stats", "subnormal_share", AT(subnormal_share), NUMBER,
         "share of the trained numbers that are subnormal"},
        {"not_finite_share", "parameter_stats", "not_finite_share", AT(not_finite_share), NUMBER,
         "share of the trained numbers that are NaN or infinite"},
        {"dead_units", "parameter_stats", "dead_units", AT(dead_units), NUMBER,
         "share of units that got no gradient in any looked-at step"},
        {"dead_units_worst", "parameter_stats", "dead_units_worst", AT(dead_units_worst), NUMBER,
         "the same of the layer where it is largest"},
        {"prediction_confidence_avg", "prediction_stats", "mean_confidence", AT(confidence), NUMBER,
         "mean of the top probability"},
        {"prediction_entropy", "prediction_stats", "prediction_entropy", AT(entropy), NUMBER,
         "entropy of the probabilities in nats, mean over rows"},
        {"high_confidence_predictions", "prediction_stats", "high_confidence_predictions", AT(high_confidence), NUMBER,
         "share of rows with a top probability above 0.7"},
        {"learning_signal_strength", "learning_indicators", "signal_strength", AT(signal),
         .kind = TL__RECORD_SIGNAL, "weak, medium or strong, from loss, gradients and change"},
        {"overfitting_score", "learning_indicators", "overfitting_score", AT(overfitting), NUMBER,
         "0 to 1, from the distances between training and validation"},
        {"class_balance_score", "learning_indicators", "class_balance_score", AT(class_balance), NUMBER,
         "1 - min(1, std / mean) of the class supports"},
        {"convergence", "learning_indicators", "convergence_indicator", AT(convergence),
         .kind = TL__RECORD_CONVERGENCE, "improving, plateauing or diverging"},
        {"epoch_duration_seconds", "timing", "epoch_duration", EPOCH(seconds), NUMBER, "with validation"},
        {"batch_count", "timing", "batch_count", EPOCH(batches), COUNT, "steps of the epoch"},
        {"total_samples_processed", "timing", "samples_processed", EPOCH(samples), COUNT, "rows of the epoch"},
        {"batch_seconds_mean", "timing", "batch_mean", AT(batch_mean), NUMBER, "seconds of a step"},
        {"batch_seconds_p50", "timing", "batch_p50", AT(batch_p50), NUMBER, "half of the steps took less"},
        {"batch_seconds_p95", "timing", "batch_p95", AT(batch_p95), NUMBER, "95 % of the steps took less"},
        {"batch_seconds_p99", "timing", "batch_p99", AT(batch_p99), NUMBER, "99 % of the steps took less"},
        {"seconds_data", "timing", "data_wait", AT(seconds_data), NUMBER, "waiting for rows"},
        {"seconds_step", "timing", "steps", AT(seconds_step), NUMBER, "in steps, without waiting for rows"},
        {"seconds_validation", "timing", "validation", AT(seconds_validation), NUMBER, "in validation"},
        {"seconds_output", "timing", "output", AT(seconds_output), NUMBER, "writing, of the epoch before"},
        {"seconds_forward", "timing", "forward", AT(seconds_forward), NUMBER, "of the steps, where it was measured"},
        {"seconds_backward", "timing", "backward", AT(seconds_backward), NUMBER, "of the steps, where it was measured"},
        {"seconds_update", "timing", "update", AT(seconds_update), NUMBER, "of the steps, where it was measured"},
    };
#undef AT
#undef EPOCH
#undef NUMBER
#undef COUNT
    *count = TL_COUNT(fields);
    return fields;
}

TL_PRIV const tl__record_field *tl__record_field_at(size_t index)
{
    size_t count;
    const tl__record_field *fields = history_fields(&count);
    return index < count ? &fields[index] : NULL;
}

TL_PRIV const tl__record_field *tl__record_field_find(const char *name, size_t size)
{
    const tl__record_field *field;
    for (size_t i = 0; (field = tl__record_field_at(i)) != NULL; i++)
        if (tl__same_text_n(field->name, name, size)) return field;
    return NULL;
}

TL_PRIV double tl__record_value(const tl__record *record, const tl__record_field *field)
{
    double value;
    memcpy(&value, (const unsigned char *)record + field->offset, sizeof value);
    return value;
}

static const char *const *history_words(tl__record_kind kind)
{
    static const char *const signals[] = {"unknown", "weak", "medium", "strong", NULL};
    static const char *const convergences[] = {"unknown", "improving", "plateauing", "diverging", NULL};
    static const char *const flags[] = {"false", "true", NULL};
    return kind == TL__RECORD_SIGNAL ? signals : kind == TL__RECORD_CONVERGENCE ? convergences :
           kind == TL__RECORD_FLAG ? flags : NULL;
}

TL_PRIV const char *tl__record_word(tl__record_kind kind, double value)
{
    const char *const *words = history_words(kind);
    for (int i = 0; words && words[i]; i++)
        if (value == (double)i) return words[i];
    return words ? words[0] : "";
}

TL_PRIV double tl__record_of_word(tl__record_kind kind, const char *word)
{
    const char *const *words = history_words(kind);
    for (int i = 0; words && words[i]; i++)
        if (tl__same_text(words[i], word)) return (double)i;
    return -1;
}

/* ---- columns of classes ---- */

static unsigned char history_column_char(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') return (unsigned char)(c + 'a' - 'A');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 ? c : '_';
}

static bool history_same_column(const char *a, const char *b)
{
    while (*a && history_column_char((unsigned char)*a) == history_column_char((unsigned char)*b)) a++, b++;
    return !*a && !*b;
}

TL_PRIV size_t tl__class_column(const char *const *names, size_t index, char *out, size_t size)
{
    size_t used = 0, same = 1;
    for (const char *c = names[index]; *c && used + 24 < size; c++)
        out[used++] = (char)history_column_char((unsigned char)*c);
    out[used] = '\0';
    for (size_t i = 0; i < index; i++) same += history_same_column(names[i], names[index]);
    return same > 1 ? used + tl__format(out + used, size - used, "_%zu", same) : used;
}

/* ---- the public view of an epoch ---- */

TL_API const char *tl_epoch_figure_name(size_t index)
{
    const tl__record_field *field = tl__record_field_at(index);
    return field ? field->name : NULL;
}

/* "dense_1.gradient_norm" */
static bool history_layer_figure(const tl_epoch *epoch, const char *name, double *out)
{
    static const char *const figures[HISTORY_LAYER] = {"gradient_norm", "mean_change", "std_change", "change", "norm",
                                                       "update_ratio", "dead_units"};
    const char *dot = strrchr(name, '.');
    for (size_t k = 0; dot && k < epoch->records->layers; k++) {
        if (!tl__same_text_n(epoch->records->layer_names[k], name, (size_t)(dot - name))) continue;
        const double *of = (const double *)(const void *)tl__records_layer(epoch->records, epoch->index, k);
        for (size_t i = 0; i < HISTORY_LAYER; i++)
            if (tl__same_text(figures[i], dot + 1)) return *out = of[i], true;
    }
    return false;
}

/* "buy_recall" */
static bool history_class_figure(const tl_epoch *epoch, const char *name, double *out)
{
    static const char *const figures[HISTORY_CLASS] = {"precision", "recall", "f1", "support"};
    const char *line = strrchr(name, '_');
    char column[TL__CLASS_COLUMN];
    for (size_t k = 0; line && k < epoch->records->classes; k++) {
        tl__class_column(epoch->records->class_names, k, column, sizeof column);
        if (!tl__same_text_n(column, name, (size_t)(line - name))) continue;
        const double *of = (const double *)(const void *)tl__records_class(epoch->records, epoch->index, k);
        for (size_t i = 0; i < HISTORY_CLASS; i++)
            if (tl__same_text(figures[i], line + 1)) return *out = of[i], true;
    }
    return false;
}

TL_API double tl_epoch_figure(const tl_epoch *epoch, const char *name)
{
    double value = tl__nan_d();
    if (!epoch || !name) return value;
    const tl__record_field *field = tl__record_field_find(name, strlen(name));
    if (field) return tl__record_value(tl__records_at(epoch->records, epoch->index), field);
    if (!history_layer_figure(epoch, name, &value)) history_class_figure(epoch, name, &value);
    return value;
}

/* ---- judgements ---- */

static double history_clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;    /* NaN stays */
}

/* Points for what the loss, the gradients and the weights did. */
static double history_signal(const tl__record *record, const tl__record *before)
{
    if (!before) return TL__SIGNAL_UNKNOWN;
    double was = before->epoch.train_loss, points = 0, size = tl__abs(was);
    double gain = size > 0 ? (was - record->epoch.train_loss) / size : 0;
    double norm = record->epoch.gradient_norm_avg;
    points += gain > 0.05 ? 2 : gain > 0.01 ? 1 : 0;
    points += norm > 0.1 ? 2 : norm > 0.01 ? 1 : 0;
    points += record->param_change > 0.01 ? 1 : 0;
    return points >= 4 ? TL__SIGNAL_STRONG : points >= 2 ? TL__SIGNAL_MEDIUM : TL__SIGNAL_WEAK;
}

static double history_convergence(const tl__epoch *now, const tl__epoch *before)
{
    if (!before) return TL__CONVERGENCE_UNKNOWN;
    double train = now->train_loss - before->train_loss, val = now->val_loss - before->val_loss;
    if (train < -0.01 && !(val >= 0.01)) return TL__CONVERGENCE_IMPROVING;
    if (train > 0.01 || val > 0.05) return TL__CONVERGENCE_DIVERGING;
    return TL__CONVERGENCE_PLATEAUING;
}

static double history_overfitting(const tl__epoch *epoch)
{
    double loss = history_clamp((epoch->val_loss - epoch->train_loss) / 0.5);
    double accuracy = history_clamp((epoch->train_accuracy - epoch->val_accuracy) / 0.3);
    if (loss != loss) return 0;
    return accuracy == accuracy ? (loss + accuracy) / 2 : loss;
}

TL_PRIV void tl__record_judge(tl__record *record, const tl__record *before)
{
    record->signal = history_signal(record, before);
    record->convergence = history_convergence(&record->epoch, before ? &before->epoch : NULL);
    record->overfitting = history_overfitting(&record->epoch);
}

#undef HISTORY_DOUBLES
#undef HISTORY_LAYER
#undef HISTORY_CLASS
