/* What a run tells in the log about its beginning and its end. */
#include "lab/run_say.h"

#include "base/text.h"
#include "data/forecast.h"

/* What was taken from another model, and what was not. */
static void run_say_transfer(tl_context *context, const tl__session *session)
{
    const tl_value *report = session->transfer ? &session->transfer->root : NULL;
    char loaded[32], all[32], rest[160] = "";
    size_t used = 0;
    if (!report) return;
    const tl_value *missing = tl_value_get(report, "missing"), *other = tl_value_get(report, "other_shape");
    if (tl_value_count(missing))
        used += tl__format(rest, sizeof rest, "; not there: %zu", tl_value_count(missing));
    if (tl_value_count(other))
        tl__format(rest + used, sizeof rest - used, "; of another shape: %zu", tl_value_count(other));
    tl__say_count(loaded, (uint64_t)tl_value_integer(tl_value_get(report, "numbers"), 0));
    tl__say_count(all, (uint64_t)tl_value_integer(tl_value_get(report, "of_numbers"), 0));
    tl__log_line(context, TL_LOG_INFO, "starts from %s: %lld of %lld tensors (%s of %s numbers)%s",
                 tl_value_text(tl_value_get(report, "file"), ""),
                 (long long)tl_value_integer(tl_value_get(report, "tensors"), 0),
                 (long long)tl_value_integer(tl_value_get(report, "of_tensors"), 0), loaded, all, rest);
}

/* Columns that a network of one series at a time does not see. */
static void run_say_unread(tl_context *context, const tl__config *config, const tl_dataset *data)
{
    const tl__network_settings *network = &config->settings.network;
    const tl__forecast *forecast = data->pipeline->forecast;
    char names[200];
    size_t used = 0, shown = 0, first = forecast ? forecast->targets : 0;
    if (!forecast || forecast->channel_count == first || !tl__network_reads_targets(network)) return;
    for (size_t i = first; i < forecast->channel_count && used < 120; i++, shown++)
        used += tl__format(names + used, sizeof names - used, "%s%.40s", shown ? ", " : "", forecast->channels[i].name);
    if (first + shown < forecast->channel_count)
        tl__format(names + used, sizeof names - used, " and %zu more", forecast->channel_count - first - shown);
    tl__log_line(context, TL_LOG_WARNING, "%s forecasts each series from its own past alone: %s %s not used. nhits, "
                 "mlp, lstm, gru, cnn, tcn and transformer read them.", network->model.name, names,
                 forecast->channel_count - first > 1 ? "are" : "is");
}

TL_PRIV void tl__run_say_beginning(tl_context *context, const tl__config *config, const tl__session *session,
                                   const char *resumed)
{
    static const char blanks[] = "                                                                ";
    char data[512], network[512];
    const char *name = config->name;
    int size = (int)strlen(name), width = size > 7 ? size : 7;    /* "network" */
    tl__session_describe(session, data, network, sizeof data);
    tl__log_line(context, TL_LOG_INFO, "%s%.*s  %s", name, width - size, blanks, data);
    tl__log_line(context, TL_LOG_INFO, "network%.*s  %s", width - 7, blanks, network);
    if (session->data->note && *session->data->note)
        tl__log_line(context, TL_LOG_INFO, "%s", session->data->note);
    run_say_unread(context, config, session->data);
    run_say_transfer(context, session);
    if (resumed)
        tl__log_line(context, TL_LOG_INFO, "going on with %s after epoch %zu", resumed,
                     tl__trainer_epochs(session->trainer));
}

TL_PRIV void tl__run_say_end(tl_context *context, const tl__config *config, const tl__train_result *end)
{
    char kept[64] = "";
    if (end->kept_epoch != end->best_epoch)
        tl__format(kept, sizeof kept, "; the model has epoch %lld", (long long)end->kept_epoch);
    if (tl__same_text(end->stopped, "early_stopping_triggered"))
        tl__log_line(context, TL_LOG_INFO, "stopped at epoch %lld: %s for %lld epochs (best: epoch %lld%s)",
                     (long long)end->epochs, tl__same_text(end->trigger, "early_stopping_ratio_exceeded")
                         ? "validation loss too far above training loss" : "no better validation loss",
                     (long long)config->settings.train.optimization.early_stopping.patience,
                     (long long)end->best_epoch, kept);
    else if (tl__same_text(end->stopped, "completed"))
        tl__log_line(context, TL_LOG_INFO, "finished after %lld epoch%s (best: epoch %lld%s)",
                     (long long)end->epochs,
                     end->epochs == 1 ? "" : "s", (long long)end->best_epoch, kept);
}

/* Figures of each target column, where there are several: those of the test part, else of the validation part. Of a
 * forecast, which may have hundreds, where heads learn them. */
TL_PRIV void tl__run_say_targets(tl_context *context, const char *part, bool heads, const tl_value *figures)
{
    const tl_value *targets = tl_value_get(tl_value_get(figures, part), "targets");
    const tl_value *forecast = tl_value_get(tl_value_get(figures, part), "original.by_target");
    if (!targets && heads && tl_value_count(forecast) > 1) targets = forecast;
    for (size_t k = 0; k < tl_value_count(targets); k++) {
        const tl_value *of = tl_value_at(targets, k);
        const char *name = tl_value_key_at(targets, k);
        if (tl_value_get(of, "accuracy"))
            tl__log_line(context, TL_LOG_INFO, "%s  %s: accuracy %.4f  balanced accuracy %.4f  f1 %.4f", part, name,
                         tl_value_number(tl_value_get(of, "accuracy"), 0),
                         tl_value_number(tl_value_get(of, "balanced_accuracy"), 0),
                         tl_value_number(tl_value_get(of, "f1_macro"), 0));
        else if (targets == forecast)
            tl__log_line(context, TL_LOG_INFO, "%s  %s: mae %.4g  rmse %.4g  mase %.4g", part, name,
                         tl_value_number(tl_value_get(of, "mae"), 0), tl_value_number(tl_value_get(of, "rmse"), 0),
                         tl_value_number(tl_value_get(of, "mase"), 0));
        else
            tl__log_line(context, TL_LOG_INFO, "%s  %s: mae %.4g  rmse %.4g  r2 %.4f", part, name,
                         tl_value_number(tl_value_get(of, "mae"), 0), tl_value_number(tl_value_get(of, "rmse"), 0),
                         tl_value_number(tl_value_get(of, "r2"), 0));
    }
}

TL_PRIV void tl__run_say_many(tl_context *context, const tl__many *many, const tl_dataset *data)
{
    const char *test = tl_dataset_rows(data, TL_TEST) ? "; the test part stays apart" : "";
    if (many->kind == TL__MANY_FOLDS)
        tl__log_line(context, TL_LOG_INFO, "folds    a model for each of %zu folds%s", many->count, test);
    else
        tl__log_line(context, TL_LOG_INFO, "%s  %zu models", many->word, many->count);
}

TL_PRIV void tl__run_say_scores(tl_context *context, const tl__many *many, const tl_run_result *result)
{
    tl__log_line(context, TL_LOG_INFO, "%s over %zu %s: %.4f \xc2\xb1 %.4f", result->metric, many->count,
                 many->word, result->mean, result->deviation);
}
