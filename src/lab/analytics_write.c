/* Detailed analytics on the disk: the folder, metrics.csv and alerts.txt while the training goes on.
 *
 * Whatever cannot be written is said once and left out from then on; the training hears nothing of it. */
#include "lab/analytics_parts.h"

#include "base/math.h"
#include "base/text.h"
#include "lab/folder.h"
#include "lab/journal.h"
#include "lab/path.h"
#include "text/yaml.h"

static const int64_t analytics_write_pause = 250 * 1000 * 1000;    /* nanoseconds between writes */

TL_PRIV size_t tl__analytics_files_bytes(void)
{
    return sizeof(tl__analytics_files) + 2 * tl__file_bytes() + TL__ANALYTICS_TEXT + 1;
}

/* ---- what fails ---- */

static void analytics_write_lost(const tl__analytics_files *files, const char *name, const tl_error *error)
{
    tl__log_line(files->context, TL_LOG_WARNING, "analytics: %s is left out from here on: %s", name, error->message);
}

static void analytics_write_drop(tl__analytics_files *files, char *path, tl__file **file, const tl_error *error)
{
    analytics_write_lost(files, tl__path_name(path), error);
    *path = '\0';
    if (*file) tl__file_close(*file, NULL);
    *file = NULL;
}

/* ---- metrics.csv ---- */

/* The text is let go when there is no room for more, and else some times a second. */
static bool analytics_write_flush(tl__analytics_files *files, size_t room)
{
    tl_error error = {0};
    if (files->text.size + room <= TL__ANALYTICS_TEXT && room) return true;
    if (!files->csv_file || !files->text.size) return files->csv_file != NULL;
    tl_status status = tl__file_write(files->csv_file, files->text.data, files->text.size, &error);
    tl__buffer_clear(&files->text);
    if (status == TL_OK) status = tl__file_flush(files->csv_file, false, &error);
    if (status != TL_OK) analytics_write_drop(files, files->csv, &files->csv_file, &error);
    return status == TL_OK;
}

/* Columns other than those of classes, in the order of C1: before them, and after. */
static const char *const *analytics_write_columns(const tl__analytics_files *files, bool after)
{
    static const char *const begin[] = {"epoch", "train_loss", "val_loss", "train_acc", "val_acc", "learning_rate",
                                        "gradient_norm_avg", "gradient_norm_max", "param_change_magnitude", NULL};
    static const char *const end[] = {"prediction_confidence_avg", "prediction_entropy", "learning_signal_strength",
                                      "early_stopping_triggered", "overfitting_score", "class_balance_score",
                                      "batch_count", "total_samples_processed", "epoch_duration_seconds", NULL};
    static const char *const begin_values[] = {"epoch", "train_loss", "val_loss", "train_mae", "val_mae",
                                               "learning_rate", "gradient_norm_avg", "gradient_norm_max",
                                               "param_change_magnitude", NULL};
    static const char *const end_values[] = {"val_mse", "val_r2", "learning_signal_strength",
                                             "early_stopping_triggered", "overfitting_score", "batch_count",
                                             "total_samples_processed", "epoch_duration_seconds", NULL};
    if (files->classification) return after ? end : begin;
    return after ? end_values : begin_values;
}

static bool analytics_write_leaves_out(const tl__analytics_files *files, const char *column)
{
    return files->forecast && tl__same_text(column, "val_r2");
}

static void analytics_write_header(const tl__analytics_files *files, const tl_dataset *data, tl__buffer *out)
{
    const char *const *columns = analytics_write_columns(files, false);
    const char *const *classes = (const char *const *)data->pipeline->classes;
    static const char *const figures[] = {"_precision", "_recall"};
    char column[TL__CLASS_COLUMN];
    for (size_t i = 0; columns[i]; i++) {
        if (i) tl__buffer_char(out, ',');
        tl__buffer_text(out, columns[i]);
    }
    for (size_t f = 0; f < TL_COUNT(figures); f++)
        for (size_t k = 0; k < tl_dataset_classes(data); k++) {
            tl__class_column(classes, k, column, sizeof column);
            tl__buffer_format(out, ",%s%s", column, figures[f]);
        }
    columns = analytics_write_columns(files, true);
    for (size_t i = 0; columns[i]; i++)
        if (!analytics_write_leaves_out(files, columns[i])) tl__buffer_format(out, ",%s", columns[i]);
    tl__buffer_char(out, '\n');
}

static void analytics_write_number(tl__buffer *out, double value)
{
    if (value == value) tl__buffer_format(out, "%.6g", value);
}

static void analytics_write_figure(tl__buffer *out, const tl__record *record, const char *name)
{
    const tl__record_field *field = tl__record_field_find(name, strlen(name));
    double value = tl__record_value(record, field);
    if (field->kind == TL__RECORD_SIGNAL) tl__buffer_text(out, tl__record_word(field->kind, value));
    else if (field->kind == TL__RECORD_COUNT) tl__buffer_format(out, "%lld", (long long)value);
    else analytics_write_number(out, value);
}

/* files: where long rows go in pieces; NULL: `out` grows. */
static void analytics_write_row(tl__analytics_files *files, const tl__records *records, size_t row, bool pieces,
                                tl__buffer *out)
{
    const tl__record *record = tl__records_at(records, row);
    const char *const *columns = analytics_write_columns(files, false);
    for (size_t i = 0; columns[i]; i++) {
        if (i) tl__buffer_char(out, ',');
        analytics_write_figure(out, record, columns[i]);
    }
    for (size_t k = 0; k < 2 * files->classes; k++) {
        bool recall = k >= files->classes;
        const tl__class_record *of = tl__records_class(records, row, recall ? k - files->classes : k);
        if (pieces && !analytics_write_flush(files, 64)) return;
        tl__buffer_char(out, ',');
        if (of) analytics_write_number(out, recall ? of->recall : of->precision);
    }
    columns = analytics_write_columns(files, true);
    for (size_t i = 0; columns[i]; i++) {
        if (analytics_write_leaves_out(files, columns[i])) continue;
        tl__buffer_char(out, ',');
        analytics_write_figure(out, record, columns[i]);
    }
    tl__buffer_char(out, '\n');
}

static void analytics_write_table(tl__analytics_files *files, const tl_dataset *data, const tl__records *records)
{
    tl__buffer text, old;
    tl_error error = {0};
    tl__heap *heap = &files->context->heap;
    tl__buffer_init(&text, heap);
    tl__buffer_init(&old, heap);
    analytics_write_header(files, data, &text);
    if (records && records->count && tl__records_at(records, 0)->epoch.epoch > 1 && tl__file_exists(files->csv) &&
        tl__file_read(files->csv, &old, (size_t)1 << 30, NULL) == TL_OK)
        tl__journal_keep_rows(&text, &old, tl__records_at(records, 0)->epoch.epoch);
    for (size_t i = 0; records && i < records->count; i++) analytics_write_row(files, records, i, false, &text);
    tl_status status = text.failed ? tl__fail_memory(&error, text.size)
                                   : tl__file_replace(files->csv, text.data, text.size, false, &error);
    if (status == TL_OK) status = tl__file_append_open(files->context, files->csv, &files->csv_file, &error);
    if (status != TL_OK) analytics_write_drop(files, files->csv, &files->csv_file, &error);
    tl__buffer_free(&text);
    tl__buffer_free(&old);
}

/* ---- alerts ---- */

static void analytics_write_say(tl__analytics_files *files, const char *text)
{
    tl_error error = {0};
    if (!files->alerts_file) return;
    tl_status status = tl__file_write(files->alerts_file, text, strlen(text), &error);
    if (status == TL_OK) status = tl__file_flush(files->alerts_file, false, &error);
    if (status != TL_OK) analytics_write_drop(files, files->alerts, &files->alerts_file, &error);
}

static tl_status analytics_write_alert(void *user, const tl__alert *alert, tl_error *error)
{
    tl__analytics_files *files = user;
    const tl__alert_rule *rule = alert->rule;
    char line[TL__ALERT_MESSAGE + 128];
    (void)error;
    files->told[rule->severity]++;
    tl__format(line, sizeof line, "epoch %lld  %s  %s  %s\n    %s\n", (long long)alert->epoch,
               tl__severity_text(rule->severity), rule->category, rule->name, alert->message);
    analytics_write_say(files, line);
    uint64_t bit = (uint64_t)1 << (size_t)(rule - files->rules.rule);
    bool again = files->said & bit;
    files->said |= bit;
    if (!files->quiet && !again)
        tl__log_line(files->context, rule->severity == TL__SEVERITY_INFO ? TL_LOG_INFO : TL_LOG_WARNING,
                     "epoch %lld: %s%s", (long long)alert->epoch,
                     rule->severity == TL__SEVERITY_CRITICAL ? "critical: " : "", alert->message);
    return TL_OK;
}

static void analytics_write_alerts(tl__analytics_files *files, const tl__records *records)
{
    char head[2 * TL__ANALYTICS_PATH];
    tl_error error = {0};
    const char *name = tl__path_name(files->folder);
    tl__format(head, sizeof head, "Alerts of %s\nrun: %s\n\n", name, files->to_run);
    tl_status status = tl__file_replace(files->alerts, head, strlen(head), false, &error);
    if (status == TL_OK) status = tl__file_append_open(files->context, files->alerts, &files->alerts_file, &error);
    if (status != TL_OK) analytics_write_drop(files, files->alerts, &files->alerts_file, &error);
    files->quiet = true;
    if (records) tl__alerts_each(&files->rules, records, analytics_write_alert, files, NULL);
    files->quiet = false;
}

/* ---- retention ---- */

static void analytics_write_mark(char *out, size_t size, const char *folder)
{
    tl__format(out, size, "%s/unfinished", folder);
}

typedef struct analytics_write_old {
    tl__analytics_files *files;
    const char *path;
    int64_t seen;
    char removed[512];
    size_t used;
} analytics_write_old;

static bool analytics_write_remove_file(void *user, const char *name)
{
    char path[TL__ANALYTICS_PATH + 300];
    tl__format(path, sizeof path, "%s/%s", (const char *)user, name);
    tl__file_remove(path, NULL);
    return true;
}

/* Newest first. A folder with the mark belongs to a run that goes on, or can be gone on with. */
static bool analytics_write_is_old(void *user, const char *path)
{
    analytics_write_old *old = user;
    char mark[TL__ANALYTICS_PATH + 16], whole[TL__ANALYTICS_PATH];
    analytics_write_mark(mark, sizeof mark, path);
    if (tl__same_text(path, old->files->folder) || tl__file_exists(mark)) return true;
    if (++old->seen < old->files->config->settings.analytics.keep_runs) return true;
    tl__format(whole, sizeof whole, "%s", path);
    tl__folder_list(old->files->context, path, analytics_write_remove_file, whole, NULL);
    if (tl__folder_remove(path, NULL) == TL_OK && old->used < sizeof old->removed)
        old->used += tl__format(old->removed + old->used, sizeof old->removed - old->used, "%s%s",
                                old->used ? ", " : "", tl__path_name(path));
    return true;
}

static void analytics_write_retain(tl__analytics_files *files, const char *parent)
{
    analytics_write_old old = {.files = files};
    tl__arena arena;
    if (!files->config->settings.analytics.keep_runs) return;
    tl__arena_init(&arena, &files->context->heap);
    tl__runs_each(files->context, &arena, parent, NULL, analytics_write_is_old, &old, NULL);
    tl__arena_free(&arena);
    if (old.used)
        tl__log_line(files->context, TL_LOG_INFO, "analytics: removed by analytics.keep_runs (%lld): %s",
                     (long long)files->config->settings.analytics.keep_runs, old.removed);
}

/* ---- beginning and end ---- */

/* Length of --out with its separator, when both paths begin with it: they then name each other from there, so that
 * they can be moved together. */
static size_t analytics_write_above(const char *out, const char *a, const char *b)
{
    size_t size = out ? strlen(out) : 0;
    while (size > 0 && out[size - 1] == '/') size--;
    bool both = size && strncmp(a, out, size) == 0 && strncmp(b, out, size) == 0 && a[size] == '/' && b[size] == '/';
    return both ? size + 1 : 0;
}

static tl_status analytics_write_places(tl__analytics_files *files, const tl__analytics_run *run, tl__arena *arena,
                                        tl_error *error)
{
    const tl__analytics_settings *settings = &run->config->settings.analytics;
    char here[1024], mark[TL__ANALYTICS_PATH + 16];
    const char *current = tl__folder_current(here, sizeof here) ? here : NULL;
    const char *parent = tl__path_join(arena, run->out, settings->folder);
    if (parent) parent = tl__path_join(arena, parent, "runs");
    const char *folder = run->folder ? run->folder
                                     : parent ? tl__path_join(arena, parent, tl__path_name(run->run)) : NULL;
    size_t above = folder ? analytics_write_above(run->out, folder, run->run) : 0;
    const char *to_run = folder ? tl__path_from(arena, folder + above, run->run + above, current) : NULL;
    const char *from_run = folder ? tl__path_from(arena, run->run + above, folder + above, current) : NULL;
    if (!to_run || !from_run) return tl__fail_memory(error, 256);
    if (strlen(folder) + 32 > TL__ANALYTICS_PATH || strlen(to_run) >= TL__ANALYTICS_PATH)
        return tl__fail(error, TL_INVALID, "the path %s is too long", folder);
    tl__format(files->folder, sizeof files->folder, "%s", folder);
    tl__format(files->run, sizeof files->run, "%s", run->run);
    tl__format(files->to_run, sizeof files->to_run, "%s", to_run);
    TL_TRY(tl__folder_make(folder, error));
    analytics_write_mark(mark, sizeof mark, folder);
    TL_TRY(tl__file_replace(mark, to_run, strlen(to_run), false, error));
    if (settings->export_csv) tl__format(files->csv, sizeof files->csv, "%s/metrics.csv", folder);
    if (settings->export_json) tl__format(files->json, sizeof files->json, "%s/detailed_metrics.json", folder);
    if (settings->export_alerts) tl__format(files->alerts, sizeof files->alerts, "%s/alerts.txt", folder);
    const char *link = tl__arena_format(arena, "%s/analytics.json", run->run);
    tl__buffer text;
    tl__buffer_init(&text, &files->context->heap);
    tl__buffer_text(&text, "{\"folder\": ");
    tl__json_string(&text, from_run, strlen(from_run));
    tl__buffer_text(&text, "}\n");
    tl_status status = !link || text.failed ? tl__fail_memory(error, 256)
                                            : tl__file_replace(link, text.data, text.size, false, error);
    tl__buffer_free(&text);
    TL_TRY(status);
    analytics_write_retain(files, parent);
    return TL_OK;
}

static tl_status analytics_write_config(tl__analytics_files *files, tl_error *error)
{
    char path[TL__ANALYTICS_PATH + 16];
    tl__buffer text;
    tl__format(path, sizeof path, "%s/config.yaml", files->folder);
    tl__buffer_init(&text, &files->context->heap);
    tl_status status = tl__config_write(files->config, files->folder, &text, error);
    if (status == TL_OK) status = tl__file_replace(path, text.data, text.size, false, error);
    tl__buffer_free(&text);
    return status;
}

static tl_status analytics_write_begin(tl__analytics_files *files, const tl__analytics_run *run,
                                       const tl__trainer *trainer, tl_error *error)
{
    tl__arena arena;
    tl_error config_error = {0};
    const tl_dataset *data = run->data;
    files->config = run->config;
    files->hash = run->hash;
    files->classes = tl_dataset_classes(data);
    files->classification = files->classes > 0;
    files->forecast = data->pipeline->forecast != NULL;
    tl__format(files->architecture, sizeof files->architecture, "%s", run->architecture);
    tl__time_iso(files->started, tl__now(files->context));
    TL_TRY(tl__alerts_read(run->config->settings.analytics.alerts, run->config->path, &files->rules, error));
    if (!tl__buffer_reserve(&files->text, TL__ANALYTICS_TEXT)) return tl__fail_memory(error, TL__ANALYTICS_TEXT);
    tl__arena_init(&arena, &files->context->heap);
    tl_status status = analytics_write_places(files, run, &arena, error);
    tl__arena_free(&arena);
    TL_TRY(status);
    const tl__records *records = tl__trainer_records(trainer);
    if (analytics_write_config(files, &config_error) != TL_OK)
        analytics_write_lost(files, "config.yaml", &config_error);
    if (*files->csv) analytics_write_table(files, data, records);
    if (*files->alerts) analytics_write_alerts(files, records);
    return TL_OK;
}

TL_PRIV void tl__analytics_open(tl_context *context, const tl__analytics_run *run, const tl__trainer *trainer,
                                tl__analytics_files **out)
{
    tl_error error = {0};
    tl__analytics_files *files = tl__alloc_zero(&context->heap, 1, sizeof *files);
    *out = NULL;
    tl_status status = files ? TL_OK : tl__fail_memory(&error, sizeof *files);
    if (files) {
        files->context = context;
        tl__buffer_init(&files->text, &context->heap);
        status = analytics_write_begin(files, run, trainer, &error);
    }
    if (status != TL_OK) {
        tl__log_line(context, TL_LOG_WARNING, "analytics: no files are written: %s", error.message);
        tl__analytics_close(files);
    } else {
        *out = files;
    }
}

TL_PRIV const tl__records *tl__analytics_rows_of(const tl__trainer *trainer, const tl__epoch *epoch,
                                                 tl__analytics_rows *out)
{
    const tl__records *records = tl__trainer_records(trainer);
    if (records) return records;
    tl__row_clear((double *)(void *)&out->one, sizeof out->one / sizeof(double));
    out->one.epoch = *epoch;
    tl__record_judge(&out->one, NULL);
    out->records = (tl__records){.count = 1, .rows = (const double *)(const void *)&out->one};
    return &out->records;
}

TL_PRIV void tl__analytics_epoch_done(tl__analytics_files *files, const tl__trainer *trainer, const tl__epoch *epoch)
{
    tl__analytics_rows one;
    if (!files) return;
    const tl__records *records = tl__analytics_rows_of(trainer, epoch, &one);
    int64_t now = tl__ticks();
    if (files->csv_file && analytics_write_flush(files, 1024))
        analytics_write_row(files, records, records->count - 1, true, &files->text);
    if (now - files->flushed >= analytics_write_pause) {
        files->flushed = now;
        analytics_write_flush(files, 0);
    }
    tl__alerts_at(&files->rules, records, records->count - 1, analytics_write_alert, files, NULL);
}

/* "2 alerts: 1 critical, 1 warning." */
static void analytics_write_sum(tl__analytics_files *files)
{
    char line[160];
    size_t used = 0;
    int all = 0;
    for (int i = 0; i <= TL__SEVERITY_CRITICAL; i++) all += files->told[i];
    if (!all) {
        analytics_write_say(files, "No alerts.\n");
        return;
    }
    used = tl__format(line, sizeof line, "\n%d alert%s:", all, all == 1 ? "" : "s");
    for (int i = TL__SEVERITY_CRITICAL, some = 0; i >= 0; i--)
        if (files->told[i])
            used += tl__format(line + used, sizeof line - used, "%s %d %s", some++ ? "," : "", files->told[i],
                               tl__severity_text((tl__severity)i));
    tl__format(line + used, sizeof line - used, ".\n");
    analytics_write_say(files, line);
}

/* Rows of what every training keeps, where there is no record. */
static double *analytics_write_minimum(const tl__analytics_files *files, const tl__trainer *trainer,
                                       tl__records *out, size_t *size)
{
    size_t count = tl__trainer_epochs(trainer), width = tl__records_width(0, 0);
    double *rows = tl__alloc_zero(&files->context->heap, count, width * sizeof *rows);
    *size = count * width * sizeof *rows;
    *out = (tl__records){.count = rows ? count : 0, .rows = rows};
    for (size_t i = 0; rows && i < count; i++) {
        tl__record *record = (tl__record *)(void *)(rows + i * width);
        tl__row_clear(rows + i * width, width);
        record->epoch = *tl__trainer_epoch(trainer, i);
        tl__record_judge(record, i ? record - 1 : NULL);
    }
    return rows;
}

TL_PRIV void tl__analytics_end(tl__analytics_files *files, const tl__trainer *trainer, const tl__train_result *end,
                               const char *why)
{
    char mark[TL__ANALYTICS_PATH + 16];
    tl_error error = {0};
    if (!files) return;
    const tl__records *kept = tl__trainer_records(trainer);
    tl__records records = kept ? *kept : (tl__records){.count = 0};
    size_t size = 0;
    double *own = kept ? NULL : analytics_write_minimum(files, trainer, &records, &size);
    if (tl__same_text(end->stopped, "nan")) records.not_finite = why;
    tl__alerts_end(&files->rules, &records, analytics_write_alert, files, NULL);
    if (files->csv_file) analytics_write_flush(files, 0);
    analytics_write_sum(files);
    if (*files->json && tl__analytics_json(files, &records, end, &error) != TL_OK) {
        analytics_write_lost(files, "detailed_metrics.json", &error);
        *files->json = '\0';
    }
    tl__free(&files->context->heap, own, size);
    if (tl__same_text(end->stopped, "interrupted")) return;
    analytics_write_mark(mark, sizeof mark, files->folder);
    tl__file_remove(mark, NULL);
}

TL_PRIV tl__analytics_paths tl__analytics_paths_of(const tl__analytics_files *files)
{
    if (!files) return (tl__analytics_paths){"", "", ""};
    return (tl__analytics_paths){files->csv, files->json, files->alerts};
}

TL_PRIV void tl__analytics_close(tl__analytics_files *files)
{
    if (!files) return;
    if (files->csv_file) tl__file_close(files->csv_file, NULL);
    if (files->alerts_file) tl__file_close(files->alerts_file, NULL);
    tl__buffer_free(&files->text);
    tl__free(&files->context->heap, files, sizeof *files);
}
