/* The explanations that settings ask for, one after the other, each over the same rows. */
#include "lab/explanation.h"

#include "base/text.h"
#include "data/forecast.h"

/* ---- what is to be explained ---- */

static tl_status explanation_metric(tl__explanation *e, tl_error *error)
{
    const char *name = e->settings->metric;
    bool classes = e->model->pipeline->classification;
    if (tl__same_text(name, "auto")) name = classes ? "accuracy" : e->model->pipeline->forecast ? "mse" : "r2";
    e->metric = tl__metric_find(name, error);
    if (!e->metric) return TL_BAD_CONFIG;
    if (e->metric->of_classes == classes) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "explanation.metric", "explanation.metric: %s is a figure of "
                       "%s, and the model predicts %s.", name, classes ? "values" : "classes",
                       classes ? "classes" : "values");
}

static tl_status explanation_target(tl__explanation *e, tl_error *error)
{
    const tl__pipeline *pipeline = e->model->pipeline;
    const char *wanted = e->settings->target;
    size_t count = pipeline->forecast ? pipeline->forecast->targets : pipeline->target_count;
    if (!wanted) return TL_OK;
    if (pipeline->classification)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "explanation.target", "explanation.target is of models "
                           "that predict values; of classes each row's predicted one is explained.");
    for (size_t i = 0; i < count; i++) {
        const char *name = pipeline->forecast ? pipeline->forecast->channels[i].name : pipeline->targets[i];
        if (!tl__same_text(name, wanted)) continue;
        e->target = i;
        return TL_OK;
    }
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "explanation.target", "explanation.target: '%s' is not a "
                       "target of this model; the first one is '%s'.", wanted,
                       pipeline->forecast ? pipeline->forecast->channels[0].name : pipeline->targets[0]);
}

static void explanation_picture(tl__explanation *e)
{
    const tl__pipeline *pipeline = e->model->pipeline;
    const tl__input *input = &pipeline->inputs[0];
    if (pipeline->forecast || pipeline->sequence || pipeline->input_count != 1 || input->category ||
        input->shape[0] == 0 || input->shape[1] == 0) return;
    e->height = input->shape[0];
    e->width = input->shape[1];
    e->channels = input->features / (e->height * e->width);
}

/* The places in the part of rows that are named by their numbers in the file. */
static tl_status explanation_shown(tl__explanation *e, tl_error *error)
{
    const tl__int_list *wanted = &e->settings->show_rows;
    size_t all = tl_dataset_rows(e->data, e->part), count = tl__size_min(wanted->count, TL__EXPLAIN_ROWS);
    uint32_t places[TL__EXPLAIN_ROWS] = {0};
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < all && (int64_t)tl__dataset_row_id(e->data, e->part, at) != wanted->items[i]) at++;
        if (at == all)
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "explanation.show_rows", "explanation.show_rows: row "
                               "%lld is not among the %zu rows of the %s part; their numbers stand in "
                               "attributions.csv.", (long long)wanted->items[i], all,
                               e->part == TL_TEST ? "test" : "validation");
        places[i] = (uint32_t)at;
    }
    return tl__explained_new(e->model, e->data, e->part, places, count ? count : 1, &e->shown, error);
}

static bool explanation_wants(const tl__explanation *e, int method)
{
    return e->settings->method == TL__EXPLAIN_ALL || e->settings->method == method;
}

/* ---- permutation ---- */

static tl_status explanation_permute(tl__explanation *e, tl_error *error)
{
    size_t columns = e->rows.columns, steps = e->rows.steps, count;
    e->groups = steps > 1 ? tl__size_min(steps, (size_t)e->settings->step_groups) : 0;
    count = columns + e->groups;
    e->cells = tl__arena_push_zero(e->arena, count, sizeof *e->cells);
    e->importance = tl__arena_push_zero(e->arena, count, sizeof *e->importance);
    if (!e->cells || !e->importance) return tl__fail_memory(error, count * sizeof *e->cells);
    for (size_t i = 0; i < columns; i++) e->cells[i] = (tl__cells){i, 0, steps};
    for (size_t i = 0; i < e->groups; i++)
        e->cells[columns + i] = (tl__cells){SIZE_MAX, i * steps / e->groups, (i + 1) * steps / e->groups};
    e->permuted = true;
    return tl__permutation_importance(&e->rows, e->metric, e->cells, count, (size_t)e->settings->repeats, e->seed,
                                      &e->base, e->importance, error);
}

/* ---- integrated gradients ---- */

/* The mean of the training rows as the network sees them, of sequences of all their steps; zeros where none are
 * known. */
static tl_status explanation_mean_row(const tl__explanation *e, float *out, double *sum, tl_error *error)
{
    size_t rows = e->own ? tl_dataset_rows(e->own, TL_TRAIN) : 0, features = e->rows.features, seen = 0;
    size_t period = e->rows.lengths ? features / e->rows.steps : features;
    void *room;
    memset(out, 0, features * sizeof *out);
    if (rows == 0) return TL_OK;
    TL_TRY(tl__dataset_room_new(e->own, &room, error));
    tl_status status = TL_OK;
    for (size_t i = 0; status == TL_OK && i < rows; i++) {
        int32_t steps = 1;
        status = tl__dataset_gather(e->own, TL_TRAIN, NULL, i, 1, out, NULL, NULL, NULL, room, error);
        if (e->rows.lengths) tl__dataset_lengths(e->own, TL_TRAIN, NULL, i, 1, &steps);
        for (size_t k = 0; k < (size_t)steps * period; k++) sum[k % period] += (double)out[k];
        seen += (size_t)steps;
    }
    tl__dataset_room_free(e->own, room);
    for (size_t k = 0; k < features; k++) out[k] = (float)(sum[k % period] / (double)seen);
    return status;
}

static double explanation_cell_sum(const tl__explained *rows, const double *parts, size_t step, size_t column)
{
    size_t at, count = tl__explained_cell(rows, step, column, &at);
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += parts[at + k];
    return sum;
}

static void explanation_take_pixels(tl__explanation *e, size_t row, const double *parts, uint32_t target)
{
    const tl__input *input = &e->model->pipeline->inputs[0];
    const float *x = e->rows.inputs + row * e->rows.features;
    size_t pixels = e->height * e->width, of = e->model->pipeline->classification ? target : 0;
    if (e->rows.truth && tl_model_outputs(e->model) == 1) of = 1;
    for (size_t i = 0; i < pixels * e->channels; i++) {
        e->pixels[of * pixels + i / e->channels] += parts[i];
        e->pictures[of * pixels + i / e->channels] += tl__input_raw(input, i, (double)x[i]) / (double)e->channels;
    }
    e->class_rows[of]++;
}

static void explanation_take(void *user, size_t row, const double *parts, uint32_t target, double delta)
{
    tl__explanation *e = user;
    const tl__explained *rows = &e->rows;
    double share = 1.0 / (double)rows->rows;
    e->targets[row] = target;
    e->deltas[row] = delta;
    for (size_t c = 0; c < rows->columns; c++) {
        double *sum = &e->sums[row * rows->columns + c];
        for (size_t s = 0; s < rows->steps; s++) {
            double of = explanation_cell_sum(rows, parts, s, c);
            *sum += of;
            e->cell_mean[c * rows->steps + s] += of * share;
            e->cell_abs[c * rows->steps + s] += (of < 0 ? -of : of) * share;
        }
        e->mean[c] += *sum * share;
        e->mean_abs[c] += (*sum < 0 ? -*sum : *sum) * share;
    }
    if (e->height) explanation_take_pixels(e, row, parts, target);
}

static void explanation_take_shown(void *user, size_t row, const double *parts, uint32_t target, double delta)
{
    tl__explanation *e = user;
    (void)delta;
    memcpy(e->shown_parts + row * e->shown.features, parts, e->shown.features * sizeof *parts);
    e->shown_targets[row] = target;
}

static bool explanation_room(tl__explanation *e)
{
    size_t rows = e->rows.rows, columns = e->rows.columns, cells, sums, pixels, shown;
    size_t classes = e->model->pipeline->classification ? e->model->pipeline->outputs : 1;
    if (!tl__size_mul(columns, e->rows.steps, &cells) || !tl__size_mul(rows, columns, &sums) ||
        !tl__size_mul(e->height * e->width, classes, &pixels) ||
        !tl__size_mul(e->shown.rows, e->shown.features, &shown)) return false;
    e->mean = tl__arena_push_zero(e->arena, columns, sizeof *e->mean);
    e->mean_abs = tl__arena_push_zero(e->arena, columns, sizeof *e->mean_abs);
    e->cell_mean = tl__arena_push_zero(e->arena, cells, sizeof *e->cell_mean);
    e->cell_abs = tl__arena_push_zero(e->arena, cells, sizeof *e->cell_abs);
    e->sums = tl__arena_push_zero(e->arena, sums, sizeof *e->sums);
    e->targets = tl__arena_push_zero(e->arena, rows, sizeof *e->targets);
    e->deltas = tl__arena_push_zero(e->arena, rows, sizeof *e->deltas);
    e->pictures = tl__arena_push_zero(e->arena, pixels + 1, sizeof *e->pictures);
    e->pixels = tl__arena_push_zero(e->arena, pixels + 1, sizeof *e->pixels);
    e->class_rows = tl__arena_push_zero(e->arena, classes, sizeof *e->class_rows);
    e->shown_parts = tl__arena_push_zero(e->arena, shown, sizeof *e->shown_parts);
    e->shown_targets = tl__arena_push_zero(e->arena, e->shown.rows, sizeof *e->shown_targets);
    return e->mean && e->mean_abs && e->cell_mean && e->cell_abs && e->sums && e->targets && e->deltas &&
           e->pictures && e->pixels && e->class_rows && e->shown_parts && e->shown_targets;
}

static tl_status explanation_go(tl__explanation *e, tl_error *error)
{
    size_t features = e->rows.features, steps = (size_t)e->settings->steps, pixels = e->height * e->width;
    size_t classes = e->model->pipeline->classification ? e->model->pipeline->outputs : 1;
    float *baseline = tl__arena_push_zero(e->arena, features, sizeof *baseline);
    double *sum = tl__arena_push_zero(e->arena, features, sizeof *sum);
    if (!baseline || !sum || !explanation_room(e)) return tl__fail_memory(error, features * sizeof *sum);
    TL_TRY(explanation_mean_row(e, baseline, sum, error));
    TL_TRY(tl__integrated_gradients(&e->rows, baseline, steps, e->target, explanation_take, e, error));
    for (size_t i = 0; i < classes * pixels; i++) {
        double rows = (double)tl__size_max(e->class_rows[i / pixels], 1);
        e->pictures[i] /= rows;
        e->pixels[i] /= rows;
    }
    e->went = true;
    return tl__integrated_gradients(&e->shown, baseline, steps, e->target, explanation_take_shown, e, error);
}

/* ---- attention ---- */

static tl_status explanation_look(tl__explanation *e, tl_error *error)
{
    if (tl__attention_layers(e->model) == 0 && e->settings->method == TL__EXPLAIN_ALL) return TL_OK;
    if (tl__attention_layers(e->model) == 0)
        return tl__fail(error, TL_UNSUPPORTED, "this network has no layer of attention, so there are no maps of it; "
                        "--method permutation and gradients explain any network.");
    e->looked = true;
    TL_TRY(tl__attention_maps_of(&e->rows, e->arena, &e->attention, error));
    for (size_t i = 0; i < e->shown.rows; i++) {
        tl__explained one = e->shown;
        one.rows = 1;
        one.inputs += i * one.features;
        if (one.lengths) one.lengths += i;
        TL_TRY(tl__attention_maps_of(&one, e->arena, &e->shown_attention[i], error));
    }
    return TL_OK;
}

TL_PRIV tl_status tl__explanation_make(tl__explanation *explanation, tl_error *error)
{
    tl__explanation *e = explanation;
    TL_TRY(explanation_metric(e, error));
    TL_TRY(explanation_target(e, error));
    explanation_picture(e);
    TL_TRY(tl__explained_new(e->model, e->data, e->part, NULL, (size_t)e->settings->rows, &e->rows, error));
    TL_TRY(explanation_shown(e, error));
    if (explanation_wants(e, TL__EXPLAIN_ATTENTION)) TL_TRY(explanation_look(e, error));
    if (explanation_wants(e, TL__EXPLAIN_PERMUTATION)) TL_TRY(explanation_permute(e, error));
    return explanation_wants(e, TL__EXPLAIN_GRADIENTS) ? explanation_go(e, error) : TL_OK;
}

TL_PRIV void tl__explanation_free(tl__explanation *explanation)
{
    tl__explained_free(&explanation->rows);
    tl__explained_free(&explanation->shown);
}

TL_PRIV const char *tl__explanation_of(const tl__explanation *explanation, uint32_t target)
{
    const tl__pipeline *pipeline = explanation->model->pipeline;
    if (pipeline->forecast) return pipeline->forecast->channels[target].name;
    if (!pipeline->classification) return pipeline->targets[target];
    return pipeline->classes[explanation->rows.width == 2 && tl_model_outputs(explanation->model) == 1 ? 1 : target];
}
