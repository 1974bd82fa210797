/* The records of a run as it goes on. Everything waits in two buffers of fixed size and is let go at most four times a
 * second; only what a crash of the machine may cost is ever unsynced: models and checkpoints are synced by their
 * writers. */
#include "lab/journal.h"

#include "base/text.h"
#include "text/yaml.h"

enum { JOURNAL_STATUS_BYTES = 4096 };
static const int64_t journal_pause = 250 * 1000 * 1000;    /* nanoseconds between writes */

/* ---- the log ---- */

static void journal_flush_log(tl__journal *journal)
{
    for (int i = 0; i < 2; i++)
        if (journal->log[i] && journal->text.size) {
            tl__file_write(journal->log[i], journal->text.data, journal->text.size, NULL);
            tl__file_flush(journal->log[i], false, NULL);
        }
    tl__buffer_clear(&journal->text);
}

static void journal_add(tl__journal *journal, const char *line)
{
    char time[24];
    tl__time_iso(time, tl__now(journal->context));
    if (journal->text.size + strlen(line) + 32 > TL__JOURNAL_BYTES) journal_flush_log(journal);
    if (strlen(line) + 32 > TL__JOURNAL_BYTES) return;
    tl__buffer_text(&journal->text, time);
    tl__buffer_text(&journal->text, "  ");
    tl__buffer_text(&journal->text, line);
    tl__buffer_char(&journal->text, '\n');
}

static void journal_on_log(void *user, tl_log_level level, const char *line)
{
    tl__journal *journal = user;
    if (level <= TL_LOG_INFO) journal_add(journal, line);
    if (journal->user_log && level <= journal->user_level) journal->user_log(journal->user, level, line);
}

static tl_status journal_open_log(tl__journal *journal, int index, const char *path, tl_error *error)
{
    return tl__file_append_open(journal->context, path, &journal->log[index], error);
}

/* Two logs, the rows; a buffer asks for a byte more than it holds. */
TL_PRIV size_t tl__journal_bytes(void)
{
    return 3 * tl__file_bytes() + 2 * (TL__JOURNAL_BYTES + 1) + JOURNAL_STATUS_BYTES + 1;
}

TL_PRIV tl_status tl__journal_open(tl__journal *journal, tl_context *context, const char *folder, const char *logs,
                                   const char *kind, const char *stamp, tl_error *error)
{
    char path[700];
    journal->context = context;
    tl__buffer_init(&journal->text, &context->heap);
    tl__buffer_init(&journal->rows, &context->heap);
    tl__buffer_init(&journal->status, &context->heap);
    if (!tl__buffer_reserve(&journal->text, TL__JOURNAL_BYTES) ||
        !tl__buffer_reserve(&journal->rows, TL__JOURNAL_BYTES) ||
        !tl__buffer_reserve(&journal->status, JOURNAL_STATUS_BYTES))
        return tl__fail_memory(error, TL__JOURNAL_BYTES);
    journal->user_log = context->log;
    journal->user = context->log_user;
    journal->user_level = context->log_level;
    tl__time_iso(journal->started, tl__now(context));
    tl__format(journal->run, sizeof journal->run, "%s", folder ? folder : "");
    tl__format(journal->status_path, sizeof journal->status_path, "%s/status.json", journal->run);
    if (folder) {
        tl__format(path, sizeof path, "%s/log", folder);
        TL_TRY(journal_open_log(journal, 0, path, error));
    }
    if (logs) {
        TL_TRY(tl__folder_make(logs, error));
        tl__format(path, sizeof path, "%s/%s_%s.log", logs, kind, stamp);
        TL_TRY(journal_open_log(journal, 1, path, error));
    }
    context->log = journal_on_log;
    context->log_user = journal;
    if (context->log_level < TL_LOG_INFO) context->log_level = TL_LOG_INFO;
    return TL_OK;
}

TL_PRIV tl_status tl__journal_close(tl__journal *journal, tl_error *error)
{
    tl_status status = TL_OK, closed;
    if (!journal->context) return TL_OK;
    if (journal->context->log_user == journal) {
        journal->context->log = journal->user_log;
        journal->context->log_user = journal->user;
        journal->context->log_level = journal->user_level;
    }
    journal_flush_log(journal);
    for (int i = 0; i < 2; i++)
        if (journal->log[i] && (closed = tl__file_close(journal->log[i], status == TL_OK ? error : NULL)) != TL_OK)
            status = closed;
    if (journal->csv) {
        if (journal->rows.size) {
            closed = tl__file_write(journal->csv, journal->rows.data, journal->rows.size,
                                    status == TL_OK ? error : NULL);
            if (closed != TL_OK) status = closed;
        }
        closed = tl__file_close(journal->csv, status == TL_OK ? error : NULL);
        if (closed != TL_OK) status = closed;
    }
    tl__buffer_free(&journal->text);
    tl__buffer_free(&journal->rows);
    tl__buffer_free(&journal->status);
    memset(journal, 0, sizeof *journal);
    return status;
}

/* ---- metrics.csv ---- */

/* A cell with 6 significant digits; empty when there is no number. */
static void journal_cell(tl__buffer *out, double value)
{
    tl__buffer_char(out, ',');
    if (value == value) tl__buffer_format(out, "%.6g", value);
}

static void journal_header(tl__buffer *out, bool classification)
{
    tl__buffer_text(out, "epoch,train_loss,val_loss,");
    tl__buffer_text(out, classification ? "train_acc,val_acc" : "train_mae,val_mae");
    tl__buffer_text(out, ",learning_rate,gradient_norm_avg,gradient_norm_max,early_stopping_triggered,batch_count,"
                         "total_samples_processed,epoch_duration_seconds\n");
}

static void journal_row(tl__buffer *out, const tl__epoch *e, bool classification)
{
    tl__buffer_format(out, "%lld", (long long)e->epoch);
    journal_cell(out, e->train_loss);
    journal_cell(out, e->val_loss);
    journal_cell(out, classification ? e->train_accuracy : e->train_mae);
    journal_cell(out, classification ? e->val_accuracy : e->val_mae);
    journal_cell(out, e->learning_rate);
    journal_cell(out, e->gradient_norm_avg);
    journal_cell(out, e->gradient_norm_max);
    tl__buffer_format(out, ",%d,%lld,%lld", e->stopped != 0.0, (long long)e->batches, (long long)e->samples);
    journal_cell(out, e->seconds);
    tl__buffer_char(out, '\n');
}

TL_PRIV void tl__journal_keep_rows(tl__buffer *out, const tl__buffer *old, double first_epoch)
{
    const char *at = old->data, *end = at ? at + old->size : at;
    bool header = true;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) return;
        const char *comma = memchr(at, ',', (size_t)(stop - at));
        int64_t epoch;
        if (!header && comma && tl__parse_int(at, (size_t)(comma - at), &epoch) && (double)epoch < first_epoch)
            tl__buffer_add(out, at, (size_t)(stop + 1 - at));
        header = false;
        at = stop + 1;
    }
}

TL_PRIV tl_status tl__journal_table(tl__journal *journal, const char *folder, bool classification,
                                    const tl__trainer *trainer, tl_error *error)
{
    char path[700];
    tl__buffer text, old;
    size_t epochs = tl__trainer_epochs(trainer);
    tl__format(path, sizeof path, "%s/metrics.csv", folder);
    journal->classification = classification;
    tl__buffer_init(&text, &journal->context->heap);
    tl__buffer_init(&old, &journal->context->heap);
    journal_header(&text, classification);
    if (epochs && tl__trainer_epoch(trainer, 0)->epoch > 1.0 && tl__file_exists(path) &&
        tl__file_read(path, &old, (size_t)1 << 30, NULL) == TL_OK)
        tl__journal_keep_rows(&text, &old, tl__trainer_epoch(trainer, 0)->epoch);
    for (size_t i = 0; i < epochs; i++) journal_row(&text, tl__trainer_epoch(trainer, i), classification);
    tl_status status = text.failed ? tl__fail_memory(error, text.size)
                                   : tl__file_replace(path, text.data, text.size, false, error);
    tl__buffer_free(&text);
    tl__buffer_free(&old);
    if (status != TL_OK) return status;
    return tl__file_append_open(journal->context, path, &journal->csv, error);
}

static tl_status journal_flush_rows(tl__journal *journal, tl_error *error)
{
    if (!journal->csv || !journal->rows.size) return TL_OK;
    TL_TRY(tl__file_write(journal->csv, journal->rows.data, journal->rows.size, error));
    tl__buffer_clear(&journal->rows);
    return tl__file_flush(journal->csv, false, error);
}

static tl_status journal_flush(tl__journal *journal, bool force, tl_error *error)
{
    int64_t now = tl__ticks();
    if (!force && now - journal->flushed < journal_pause) return TL_OK;
    journal->flushed = now;
    journal_flush_log(journal);
    return journal_flush_rows(journal, error);
}

TL_PRIV tl_status tl__journal_epoch(tl__journal *journal, const tl__epoch *epoch, tl_error *error)
{
    if (journal->rows.size + 512 > TL__JOURNAL_BYTES) TL_TRY(journal_flush_rows(journal, error));
    journal_row(&journal->rows, epoch, journal->classification);
    return journal_flush(journal, false, error);
}

/* ---- status.json ---- */

static void journal_text(tl__buffer *out, const char *key, const char *text)
{
    tl__buffer_format(out, "  \"%s\": ", key);
    tl__json_string(out, text, strlen(text));
    tl__buffer_text(out, ",\n");
}

static void journal_number(tl__buffer *out, const char *key, double value)
{
    if (value == value) tl__buffer_format(out, "  \"%s\": %g,\n", key, value);
    else tl__buffer_format(out, "  \"%s\": null,\n", key);
}

static void journal_write_status(tl__buffer *out, const tl__journal *journal, const tl_progress *p,
                                 const tl_value *result)
{
    char time[24];
    tl__time_iso(time, tl__now(journal->context));
    tl__buffer_text(out, "{\n");
    journal_text(out, "run", journal->run);
    journal_text(out, "name", journal->name);
    journal_text(out, "state", p->state);
    tl__buffer_format(out, "  \"epoch\": %lld,\n  \"epochs\": %lld,\n  \"step\": %lld,\n  \"steps\": %lld,\n",
                      (long long)p->epoch, (long long)p->epochs, (long long)p->step, (long long)p->steps);
    journal_number(out, "loss", p->loss);
    journal_number(out, "validation_loss", p->validation_loss);
    journal_number(out, "accuracy", p->accuracy);
    tl__buffer_format(out, "  \"regression\": %s,\n", p->regression ? "true" : "false");
    journal_number(out, "learning_rate", p->learning_rate);
    journal_number(out, "seconds", p->seconds);
    journal_number(out, "seconds_left", p->seconds_left);
    journal_number(out, "samples_per_second", p->samples_per_second);
    journal_text(out, "started", journal->started);
    journal_text(out, "updated", time);
    tl__buffer_format(out, "  \"process\": %ld,\n  \"threads\": %d,\n", tl__process_id(), journal->context->threads);
    journal_text(out, "simd", tl_context_simd(journal->context));
    journal_text(out, "numerics", tl_context_numerics(journal->context));
    journal_text(out, "config_hash", journal->hash);
    if (journal->error) journal_text(out, "error", journal->error);
    tl__buffer_format(out, "  \"version\": \"%s\"", TL_VERSION);
    if (result) {
        tl__buffer_text(out, ",\n  \"result\": ");
        tl__json_write(out, result, 2);
    }
    tl__buffer_text(out, "\n}\n");
}

TL_PRIV tl_status tl__journal_status(tl__journal *journal, const tl_progress *progress, const tl_value *result,
                                     bool force,
                                     tl_error *error)
{
    if (progress->epoch_end && progress->line) journal_add(journal, progress->line);
    int64_t now = tl__ticks();
    if (!force && now - journal->written < journal_pause) return TL_OK;
    journal->written = now;
    tl__buffer *text = &journal->status;
    tl__buffer_clear(text);
    journal_write_status(text, journal, progress, result);
    if (text->failed) return tl__fail_memory(error, text->size);
    TL_TRY(tl__file_replace(journal->status_path, text->data, text->size, false, error));
    return journal_flush(journal, force, error);
}
