/* A run's folder as evidence: its settings, record, weights and scores. What there is not stays unknown: a run that
 * crashed has no scores, a run of before the first epoch has no record, and the rest is still looked at. */
#include "lab/diagnosis.h"

#include "base/math.h"
#include "base/text.h"
#include "lab/diagnosis_run.h"
#include "lab/path.h"
#include "text/bind.h"

/* ---- the record ---- */

static void diagnosis_run_record(tl__evidence *e)
{
    const tl__records *records = e->records;
    double watched = tl__nan_d(), rises = 0, before = tl__nan_d();
    e->epochs = records->count;
    e->first_loss = e->last_loss = e->least_loss = e->val_least = e->val_last = tl__nan_d();
    for (size_t i = 0; i < records->count; i++) {
        const tl__epoch *epoch = &tl__records_at(records, i)->epoch;
        double value = e->has_validation ? epoch->val_loss : epoch->train_loss;
        if (!(watched <= value)) watched = value, e->best = i;
        if (!(e->least_loss <= epoch->train_loss)) e->least_loss = epoch->train_loss;
        if (!(e->val_least <= epoch->val_loss)) e->val_least = epoch->val_loss;
        if (epoch->gradient_norm_max > e->peak_norm) e->peak_norm = epoch->gradient_norm_max;
        rises += epoch->train_loss > 1.05 * before;
        before = epoch->train_loss;
    }
    if (records->count == 0) return;
    e->first_loss = tl__records_at(records, 0)->epoch.train_loss;
    e->last_loss = before;
    e->val_last = tl__records_at(records, records->count - 1)->epoch.val_loss;
    e->jumps = records->count > 2 ? rises / (double)(records->count - 1) : 0;
}

/* ---- scores ---- */

static void diagnosis_run_predicted(tl__evidence *e, const tl__scorer *scorer, tl_part part)
{
    size_t rows, columns, largest = 0, smallest = 0, hits = 0;
    const tl_dataset *data = e->session->data;
    const float *predicted = tl__scorer_predictions(scorer, &rows, &columns);
    rows = tl__size_min(rows, tl_dataset_rows(data, part));
    for (size_t i = 0; predicted && i < rows; i++) {
        const float *row = predicted + i * columns;
        int32_t label;
        size_t top = 0;
        for (size_t c = 1; c < columns; c++) top = row[c] > row[top] ? c : top;
        tl__dataset_gather_targets(data, part, NULL, i, 1, &label, NULL, NULL);
        largest += top == e->data.largest_class;
        if (label != (int32_t)e->data.smallest_class) continue;
        smallest++;
        hits += (int32_t)top == label;
    }
    e->predicted_largest = rows ? (double)largest / (double)rows : tl__nan_d();
    e->recall_smallest = smallest ? (double)hits / (double)smallest : tl__nan_d();
}

static double diagnosis_run_skill(const tl__evidence *e, const tl_scores *scores, bool balanced)
{
    if (scores->samples == 0) return tl__nan_d();
    if (!e->classification) return scores->r2;
    double chance = balanced ? 1 / (double)e->classes : e->data.chance;
    double value = balanced ? scores->balanced_accuracy : scores->accuracy;
    return chance < 1 ? (value - chance) / (1 - chance) : tl__nan_d();
}

static tl_status diagnosis_run_score(tl__evidence *e, const tl_model *model, tl_error *error)
{
    tl__scorer *scorer;
    TL_TRY(tl__scorer_new(model, e->session->data, &scorer, error));
    tl_status status = tl__scorer_run(scorer, TL_TRAIN, &e->train, error);
    if (status == TL_OK && e->classification) diagnosis_run_predicted(e, scorer, TL_TRAIN);
    if (status == TL_OK && e->has_validation) {
        status = tl__scorer_run(scorer, TL_VALIDATION, &e->validation, error);
        if (status == TL_OK && e->classification) diagnosis_run_predicted(e, scorer, TL_VALIDATION);
    }
    tl__scorer_free(scorer);
    if (status != TL_OK) return status;
    e->scored = true;
    e->train_skill = diagnosis_run_skill(e, &e->train, false);
    e->val_skill = diagnosis_run_skill(e, &e->validation, false);
    e->train_balanced = e->classification ? diagnosis_run_skill(e, &e->train, true) : tl__nan_d();
    e->val_balanced = e->classification ? diagnosis_run_skill(e, &e->validation, true) : tl__nan_d();
    return TL_OK;
}

/* ---- the run ---- */

/* Its model, else its last checkpoint; of neither, or of another network (the config was changed by hand), none. */
static tl_status diagnosis_run_model(tl__diagnosis_run *run, tl_error *error)
{
    const char *checkpoint = tl__path_join(&run->arena, run->place.folder, "checkpoints/checkpoint.safetensors");
    if (!checkpoint) return tl__fail_memory(error, 256);
    const char *path = tl__file_exists(run->place.model) ? run->place.model : checkpoint;
    if (!tl__file_exists(path)) return TL_OK;
    TL_TRY(tl_model_load(run->context, path, &run->model, error));
    const tl__plan *a = run->model->plan, *b = run->session.model->plan;
    bool same = tl__plan_parameter_floats(a) == tl__plan_parameter_floats(b) &&
                tl__plan_tensor_count(a) == tl__plan_tensor_count(b);
    if (same) return TL_OK;
    tl_model_free(run->model);
    run->model = NULL;
    return TL_OK;
}

static const char *diagnosis_run_stopped(tl__diagnosis_run *run)
{
    const tl_value *status = run->status ? &run->status->root : NULL;
    const char *stopped = tl_value_text(tl_value_get(status, "result.stopped"), "");
    const char *state = tl_value_text(tl_value_get(status, "state"), "");
    if (*stopped) return stopped;
    if (run->records.records.not_finite) return "nan";
    return state;
}

static void diagnosis_run_begin(tl__diagnosis_run *run)
{
    tl__evidence *e = &run->evidence;
    const tl_dataset *data = run->session.data;
    double nan = tl__nan_d();
    *e = (tl__evidence){.context = run->context, .config = run->config, .session = &run->session, .arena = &run->arena,
                        .records = &run->records.records, .train_skill = nan, .val_skill = nan, .train_balanced = nan,
                        .val_balanced = nan, .predicted_largest = nan, .recall_smallest = nan, .own = nan};
    e->effective = &run->effective->root;
    e->classification = data->pipeline->classification;
    e->classes = e->classification ? data->pipeline->outputs : 0;
    e->forecast = data->pipeline->forecast != NULL;
    e->has_validation = tl_dataset_rows(data, TL_VALIDATION) > 0;
    e->transferred = run->config->settings.transfer.from != NULL;
    e->state = tl_value_text(run->status ? tl_value_get(&run->status->root, "state") : NULL, "");
    e->stopped = diagnosis_run_stopped(run);
    for (size_t i = 0; i < TL__TRIALS; i++) e->trials[i].loss = nan;
}

static tl_status diagnosis_run_config(tl__diagnosis_run *run, const tl_options *options, tl_error *error)
{
    tl__builder builder;
    TL_TRY(tl__config_read_for(run->context, run->place.folder, options->set, options->set_count, options->out,
                               &run->config, error));
    if (tl__split_folds(&run->config->settings.data.split) && run->config->settings.data.split.fold == 0)
        return tl__fail(error, TL_BAD_CONFIG, "%s trained a model for each fold; name the folder of one fold, as "
                        "%s/fold_1.", run->place.folder, run->place.folder);
    if (tl__tree_new(&run->context->heap, NULL, &run->effective) != TL_OK) return tl__fail_memory(error, 256);
    tl__builder_init(&builder, run->effective);
    tl__unbind(&builder, NULL, NULL, run->config->rows, &run->config->settings, 0);
    return builder.failed ? tl__fail_memory(error, 256) : TL_OK;
}

TL_PRIV tl_status tl__diagnosis_open(tl__diagnosis_run *run, const char *path, const tl_options *options,
                                     tl_error *error)
{
    tl_context *context = run->context;
    TL_TRY(tl__run_find(context, &run->arena, path, options, &run->place, error));
    if (!run->place.folder)
        return tl__fail(error, TL_INVALID, "%s is not the folder of a run; a diagnosis needs the run's record and "
                                           "config, "
                        "as 'trainlib train:diagnose output/runs/NAME'.", path ? path : "this");
    TL_TRY(diagnosis_run_config(run, options, error));
    TL_TRY(tl__run_records_read(context, run->place.folder, &run->records, error));
    if (tl__run_state(context, run->place.folder, &run->status, NULL) != TL_OK) run->status = NULL;
    TL_TRY(tl__session_open(context, run->config, NULL, &run->session, error));
    TL_TRY(tl__session_transfer(&run->session, error));
    return diagnosis_run_model(run, error);
}

/* The log is silent meanwhile: what trials do is no news of the run. */
TL_PRIV tl_status tl__diagnosis_look(tl__diagnosis_run *run, tl_error *error)
{
    tl_log_fn *log = run->context->log;
    diagnosis_run_begin(run);
    tl__evidence *e = &run->evidence;
    diagnosis_run_record(e);
    TL_TRY(tl__diagnose_data(e, error));
    TL_TRY(tl__diagnose_series(e, error));
    if (run->model) TL_TRY(diagnosis_run_score(e, run->model, error));
    run->context->log = NULL;
    tl_status status = tl__diagnose_trials(e, run->model ? run->model->parameters : NULL, error);
    run->context->log = log;
    return status;
}

TL_PRIV void tl__diagnosis_close(tl__diagnosis_run *run)
{
    tl__session_close(&run->session);
    tl_model_free(run->model);
    tl__run_records_free(&run->records);
    tl__tree_free(run->status);
    tl__tree_free(run->effective);
    tl__config_free(run->config);
    tl__arena_free(&run->arena);
}
