/* detailed_metrics.json: all that was collected, in full precision. It is written once, at the end, epoch by epoch
 * through one buffer; the table of figures (train/history.h) says what stands where. */
#include "lab/analytics_parts.h"

#include "base/math.h"
#include "base/text.h"
#include "text/bind.h"
#include "text/yaml.h"

typedef struct analytics_json {
    tl__buffer out;
    tl__file *file;
    int depth;
    bool first;                      /* nothing stands yet in what was opened last */
} analytics_json;

static void analytics_json_key(analytics_json *j, const char *key)
{
    static const char blanks[] = "                    ";
    tl__buffer_text(&j->out, j->first ? "\n" : ",\n");
    tl__buffer_format(&j->out, "%.*s", 2 * j->depth, blanks);
    if (key) {
        tl__json_string(&j->out, key, strlen(key));
        tl__buffer_text(&j->out, ": ");
    }
    j->first = false;
}

static void analytics_json_open(analytics_json *j, const char *key, char bracket)
{
    analytics_json_key(j, key);
    tl__buffer_char(&j->out, bracket);
    j->depth++;
    j->first = true;
}

static void analytics_json_close(analytics_json *j, char bracket)
{
    static const char blanks[] = "                    ";
    j->depth--;
    if (!j->first) tl__buffer_format(&j->out, "\n%.*s", 2 * j->depth, blanks);
    tl__buffer_char(&j->out, bracket);
    j->first = false;
}

static void analytics_json_number(analytics_json *j, const char *key, double value)
{
    analytics_json_key(j, key);
    if (tl__is_finite_d(value)) tl__buffer_format(&j->out, "%g", value);
    else tl__buffer_text(&j->out, "null");
}

static void analytics_json_text(analytics_json *j, const char *key, const char *text)
{
    analytics_json_key(j, key);
    if (text) tl__json_string(&j->out, text, strlen(text));
    else tl__buffer_text(&j->out, "null");
}

static tl_status analytics_json_flush(analytics_json *j, tl_error *error)
{
    if (j->out.failed) return tl__fail_memory(error, j->out.size);
    TL_TRY(tl__file_write(j->file, j->out.data, j->out.size, error));
    tl__buffer_clear(&j->out);
    return TL_OK;
}

/* ---- an epoch ---- */

static void analytics_json_figure(analytics_json *j, const tl__record *record, const tl__record_field *field)
{
    double value = tl__record_value(record, field);
    if (field->kind == TL__RECORD_SIGNAL || field->kind == TL__RECORD_CONVERGENCE) {
        analytics_json_text(j, field->key, tl__record_word(field->kind, value));
    } else if (field->kind == TL__RECORD_FLAG) {
        analytics_json_key(j, field->key);
        tl__buffer_text(&j->out, value != 0 ? "true" : "false");
    } else {
        analytics_json_number(j, field->key, value);
    }
}

static void analytics_json_norms(analytics_json *j, const tl__records *records, size_t row)
{
    analytics_json_open(j, "by_layer", '{');
    for (size_t i = 0; i < records->layers; i++)
        analytics_json_number(j, records->layer_names[i], tl__records_layer(records, row, i)->gradient_norm);
    analytics_json_close(j, '}');
}

static void analytics_json_changes(analytics_json *j, const tl__records *records, size_t row)
{
    analytics_json_open(j, "by_layer", '{');
    for (size_t i = 0; i < records->layers; i++) {
        const tl__layer_record *layer = tl__records_layer(records, row, i);
        analytics_json_open(j, records->layer_names[i], '{');
        analytics_json_number(j, "mean_change", layer->mean_change);
        analytics_json_number(j, "std_change", layer->std_change);
        analytics_json_number(j, "change", layer->change);
        analytics_json_number(j, "norm", layer->norm);
        analytics_json_number(j, "update_ratio", layer->update_ratio);
        analytics_json_number(j, "dead_units", layer->dead_units);
        analytics_json_close(j, '}');
    }
    analytics_json_close(j, '}');
}

static void analytics_json_classes(analytics_json *j, const tl__records *records, size_t row)
{
    analytics_json_open(j, "class_metrics", '{');
    for (size_t i = 0; i < records->classes; i++) {
        const tl__class_record *of = tl__records_class(records, row, i);
        analytics_json_open(j, records->class_names[i], '{');
        analytics_json_number(j, "precision", of->precision);
        analytics_json_number(j, "recall", of->recall);
        analytics_json_number(j, "f1", of->f1);
        analytics_json_number(j, "support", of->support);
        analytics_json_close(j, '}');
    }
    analytics_json_close(j, '}');
}

static void analytics_json_bins(analytics_json *j, const tl__record *record)
{
    analytics_json_open(j, "confidence_distribution", '[');
    for (int i = 0; i < TL__CONFIDENCE_BINS; i++) analytics_json_number(j, NULL, record->confidence_bins[i]);
    analytics_json_close(j, ']');
}

/* What a group has beside its figures. */
static void analytics_json_group_end(analytics_json *j, const char *group, const tl__records *records, size_t row)
{
    if (!*group) return;
    if (tl__same_text(group, "gradient_norms")) analytics_json_norms(j, records, row);
    if (tl__same_text(group, "parameter_stats")) analytics_json_changes(j, records, row);
    if (tl__same_text(group, "prediction_stats")) analytics_json_bins(j, tl__records_at(records, row));
    analytics_json_close(j, '}');
    if (tl__same_text(group, "parameter_stats")) analytics_json_classes(j, records, row);
}

static void analytics_json_epoch(analytics_json *j, const tl__records *records, size_t row)
{
    const tl__record *record = tl__records_at(records, row);
    const tl__record_field *field;
    const char *group = "";
    analytics_json_open(j, NULL, '{');
    for (size_t i = 0; (field = tl__record_field_at(i)) != NULL; i++) {
        if (!tl__same_text(group, field->group)) {
            analytics_json_group_end(j, group, records, row);
            analytics_json_open(j, field->group, '{');
        }
        group = field->group;
        analytics_json_figure(j, record, field);
    }
    analytics_json_group_end(j, group, records, row);
    analytics_json_close(j, '}');
}

/* ---- the rest ---- */

static void analytics_json_metadata(analytics_json *j, const tl__analytics_files *files, const tl__train_result *end)
{
    const tl__config_settings *settings = &files->config->settings;
    char now[24];
    const char *name = strrchr(files->folder, '/');
    tl__time_iso(now, tl__now(files->context));
    analytics_json_open(j, "run_metadata", '{');
    analytics_json_text(j, "run_id", name ? name + 1 : files->folder);
    analytics_json_text(j, "symbol", settings->symbol);
    analytics_json_text(j, "strategy", settings->strategy);
    analytics_json_text(j, "timeframe", settings->timeframe);
    analytics_json_text(j, "start_time", files->started);
    analytics_json_text(j, "end_time", now);
    analytics_json_number(j, "total_epochs", (double)end->epochs);
    analytics_json_text(j, "stopping_reason", end->stopped);
    analytics_json_text(j, "config_hash", files->hash);
    analytics_json_text(j, "run_folder", files->to_run);
    analytics_json_text(j, "version", TL_VERSION);
    analytics_json_close(j, '}');
}

static tl_status analytics_json_config(analytics_json *j, const tl__analytics_files *files, tl_error *error)
{
    const tl__train_settings *train = &files->config->settings.train;
    const tl__stopping_settings *stopping = &train->optimization.early_stopping;
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&files->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *rest = tl__config_results(files->config, &builder, NULL, NULL);
    analytics_json_open(j, "training_config", '{');
    analytics_json_number(j, "learning_rate", train->training.learning_rate);
    analytics_json_number(j, "batch_size", (double)train->training.batch_size);
    analytics_json_text(j, "architecture", files->architecture);
    analytics_json_number(j, "early_stopping_patience", stopping->present ? (double)stopping->patience
                                                                          : tl__nan_d());
    analytics_json_text(j, "optimizer", train->training.optimizer.name);
    analytics_json_text(j, "loss", train->training.loss.name);
    analytics_json_number(j, "epochs", (double)train->training.epochs);
    analytics_json_key(j, "settings");
    if (!builder.failed) tl__json_write(&j->out, rest, 0);
    analytics_json_close(j, '}');
    tl__tree_free(tree);
    return builder.failed ? tl__fail_memory(error, sizeof *tree) : TL_OK;
}

typedef struct analytics_json_alerts {
    analytics_json *json;
    const char *reason;              /* of a training that ended with NaN */
} analytics_json_alerts;

static tl_status analytics_json_alert(void *user, const tl__alert *alert, tl_error *error)
{
    analytics_json_alerts *to = user;
    analytics_json *j = to->json;
    analytics_json_open(j, NULL, '{');
    analytics_json_number(j, "epoch", (double)alert->epoch);
    analytics_json_text(j, "severity", tl__severity_text(alert->rule->severity));
    analytics_json_text(j, "category", alert->rule->category);
    analytics_json_text(j, "name", alert->rule->name);
    analytics_json_text(j, "message", alert->message);
    analytics_json_open(j, "details", '{');
    for (int i = 0; i < alert->details; i++)
        analytics_json_number(j, alert->detail[i].name, alert->detail[i].value);
    if (to->reason && !alert->details) analytics_json_text(j, "reason", to->reason);
    analytics_json_close(j, '}');
    analytics_json_close(j, '}');
    return analytics_json_flush(j, error);
}

/* "plateau_after_epoch_5": what the training did after the last epoch in which it got better. */
static void analytics_json_progression(const tl__records *records, char *out, size_t size)
{
    size_t last = records->count;
    while (last > 0 && tl__records_at(records, last - 1)->convergence != TL__CONVERGENCE_IMPROVING) last--;
    if (records->count < 2) tl__format(out, size, "unknown");
    else if (last == records->count) tl__format(out, size, "improving_to_the_end");
    else {
        bool diverges = tl__records_at(records, records->count - 1)->convergence == TL__CONVERGENCE_DIVERGING;
        int64_t epoch = last ? (int64_t)tl__records_at(records, last - 1)->epoch.epoch : 1;
        tl__format(out, size, "%s_after_epoch_%lld", diverges ? "diverging" : "plateau", (long long)epoch);
    }
}

static const char *analytics_json_trigger(const tl__train_result *end)
{
    static const char *const words[][2] = {{"completed", "all_epochs_done"}, {"interrupted", "stopped_on_request"},
                                           {"nan", "not_finite"}};
    for (size_t i = 0; i < TL_COUNT(words); i++)
        if (tl__same_text(end->stopped, words[i][0])) return words[i][1];
    return end->trigger;
}

static void analytics_json_final(analytics_json *j, const tl__records *records, const tl__train_result *end)
{
    double best = tl__nan_d(), norm = best, loss = best;
    char progression[64];
    for (size_t i = 0; i < records->count; i++) {
        const tl__epoch *epoch = &tl__records_at(records, i)->epoch;
        if (!(epoch->val_accuracy <= best) && epoch->val_accuracy == epoch->val_accuracy) best = epoch->val_accuracy;
        if (!(epoch->val_loss >= loss) && epoch->val_loss == epoch->val_loss) loss = epoch->val_loss;
        norm = epoch->gradient_norm_avg;
    }
    analytics_json_progression(records, progression, sizeof progression);
    analytics_json_open(j, "final_analysis", '{');
    analytics_json_number(j, "total_epochs_completed", (double)end->epochs);
    analytics_json_number(j, "best_val_accuracy", best);
    analytics_json_number(j, "best_val_loss", loss);
    analytics_json_number(j, "best_epoch", (double)end->best_epoch);
    analytics_json_text(j, "stopping_trigger", analytics_json_trigger(end));
    analytics_json_number(j, "final_gradient_norm", norm);
    analytics_json_text(j, "learning_progression", progression);
    analytics_json_close(j, '}');
}

static tl_status analytics_json_all(analytics_json *j, tl__analytics_files *files, const tl__records *records,
                                    const tl__train_result *end, tl_error *error)
{
    analytics_json_alerts alerts = {j, records->not_finite};
    tl__buffer_char(&j->out, '{');
    j->depth = 1;
    j->first = true;
    analytics_json_metadata(j, files, end);
    TL_TRY(analytics_json_config(j, files, error));
    analytics_json_open(j, "epoch_metrics", '[');
    for (size_t i = 0; i < records->count; i++) {
        analytics_json_epoch(j, records, i);
        TL_TRY(analytics_json_flush(j, error));
    }
    analytics_json_close(j, ']');
    analytics_json_open(j, "alerts", '[');
    TL_TRY(tl__alerts_each(&files->rules, records, analytics_json_alert, &alerts, error));
    analytics_json_close(j, ']');
    analytics_json_final(j, records, end);
    analytics_json_close(j, '}');
    tl__buffer_char(&j->out, '\n');
    return analytics_json_flush(j, error);
}

TL_PRIV tl_status tl__analytics_json(tl__analytics_files *files, const tl__records *records,
                                     const tl__train_result *end, tl_error *error)
{
    analytics_json j = {.first = true};
    TL_TRY(tl__file_create(files->context, files->json, &j.file, error));
    tl__buffer_init(&j.out, &files->context->heap);
    tl_status status = analytics_json_all(&j, files, records, end, error);
    tl__buffer_free(&j.out);
    if (status == TL_OK) return tl__file_commit(j.file, false, error);
    tl__file_abandon(j.file);
    return status;
}
