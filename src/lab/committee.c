/* Sums in double, in the order of the models, so the result does not depend on threads. */
#include "lab/committee.h"

#include "base/text.h"
#include "lab/figures.h"
#include "metrics/metrics.h"

static const char *const committee_words[] = {"mean", "vote", "best"};

TL_PRIV const char *tl__combine_word(int combine) { return committee_words[combine]; }

TL_PRIV int tl__combine_of(const char *word, tl_error *error)
{
    for (int i = 0; i < (int)TL_COUNT(committee_words); i++)
        if (tl__same_text(word, committee_words[i])) return i;
    tl__fail(error, TL_INVALID, "models predict together by mean, vote or best, not by '%s'.", word);
    return -1;
}

static bool committee_same(const tl_model *a, const tl_model *b)
{
    const tl__pipeline *p = a->pipeline, *q = b->pipeline;
    if (p->classification != q->classification || p->outputs != q->outputs || p->target_count != q->target_count ||
        tl__model_predictions(a) != tl__model_predictions(b)) return false;
    for (size_t k = 0; p->classification && k < p->outputs; k++)
        if (!tl__same_text(p->classes[k], q->classes[k])) return false;
    for (size_t k = 0; k < p->target_count; k++)
        if (!tl__same_text(p->targets[k], q->targets[k])) return false;
    return tl__pipeline_same_heads(p, q);
}

TL_PRIV tl_status tl__committee_check(const tl__committee *committee, tl_error *error)
{
    const tl_model *first = committee->models[0];
    if (committee->combine == TL__COMBINE_VOTE && !first->pipeline->classification)
        return tl__fail(error, TL_UNSUPPORTED, "models vote on classes; values are averaged: --ensemble mean.");
    for (size_t m = 0; m < committee->count; m++) {
        if (committee->models[m]->pipeline->forecast)
            return tl__fail(error, TL_UNSUPPORTED, "forecasts are put together as one network only: train:ensemble "
                            "with --output NAME.safetensors.");
        if (!committee_same(first, committee->models[m]))
            return tl__fail(error, TL_BAD_DATA, "the members predict different things (other targets or classes), so "
                            "they cannot predict together.");
    }
    return TL_OK;
}

typedef struct committee_work {
    size_t rows, width;
    float *one;                  /* [rows, width]: of one model */
    double *sum;                 /* [rows, width] */
    int32_t *classes;            /* [rows] */
    double *votes;               /* [rows, width]; NULL: none */
} committee_work;

static void committee_carve(tl__carver *carver, committee_work *work, bool vote)
{
    size_t cells = 0;
    if (!tl__size_mul(work->rows, work->width, &cells)) carver->overflow = true;
    work->one = TL_CARVE(carver, float, cells);
    work->sum = TL_CARVE(carver, double, cells);
    if (!vote) return;
    work->classes = TL_CARVE(carver, int32_t, work->rows);
    work->votes = TL_CARVE(carver, double, cells);
}

static tl_status committee_add(const tl_model *model, const tl_dataset *data, tl_part part, committee_work *work,
                               tl_error *error)
{
    tl_dataset *view;
    if (tl__model_predictions(model) != work->width)
        return tl__fail(error, TL_BAD_SHAPE, "the models predict different numbers of values.");
    TL_TRY(tl__dataset_view(data->context, data, model->pipeline, &view, error));
    tl_status status = tl__predict_part(model, view, part, work->one, error);
    tl_dataset_free(view);
    if (status != TL_OK) return status;
    for (size_t i = 0; i < work->rows * work->width; i++) work->sum[i] += (double)work->one[i];
    if (!work->votes) return TL_OK;
    tl__predicted_classes(tl__of_floats(work->one), work->rows, work->width, work->classes);
    for (size_t i = 0; i < work->rows; i++) work->votes[i * work->width + (size_t)work->classes[i]] += 1.0;
    return TL_OK;
}

static tl_status committee_all(const tl__committee *committee, const tl_dataset *data, tl_part part,
                               committee_work *work, float *out, tl_error *error)
{
    size_t cells = work->rows * work->width;
    double count = (double)committee->count;
    memset(work->sum, 0, cells * sizeof *work->sum);
    if (work->votes) memset(work->votes, 0, cells * sizeof *work->votes);
    for (size_t m = 0; m < committee->count; m++) TL_TRY(committee_add(committee->models[m], data, part, work, error));
    for (size_t i = 0; i < cells; i++) {
        double mean = work->sum[i] / count;
        out[i] = (float)(work->votes ? (work->votes[i] + mean / 1024.0) / (count + 1.0 / 1024.0) : mean);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__committee_predict(const tl__committee *committee, const tl_dataset *data, tl_part part,
                                        float *out, tl_error *error)
{
    tl__heap *heap = &data->context->heap;
    bool best = committee->combine == TL__COMBINE_BEST, vote = committee->combine == TL__COMBINE_VOTE;
    const tl__committee one = {committee->models + (best ? committee->best : 0), 1, TL__COMBINE_MEAN, 0};
    if (best) committee = &one;
    if (vote && !data->pipeline->classification)
        return tl__fail(error, TL_UNSUPPORTED, "models vote on classes; values are averaged: --ensemble mean.");
    committee_work work = {.rows = tl_dataset_rows(data, part), .width = tl__model_predictions(committee->models[0])};
    if (work.rows == 0) return TL_OK;
    tl__carver carver = {0};
    committee_carve(&carver, &work, vote);
    size_t size = carver.used;
    unsigned char *block = carver.overflow ? NULL : tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    committee_carve(&carver, &work, vote);
    tl_status status = committee_all(committee, data, part, &work, out, error);
    tl__free_aligned(heap, block, size);
    return status;
}

typedef struct committee_judged {
    float *predicted, *values;
    int32_t *truth;
} committee_judged;

static void committee_judged_carve(tl__carver *carver, committee_judged *work, size_t rows, size_t width, bool classes)
{
    size_t cells = 0;
    if (!tl__size_mul(rows, width, &cells)) carver->overflow = true;
    work->predicted = TL_CARVE(carver, float, cells);
    work->values = classes ? NULL : TL_CARVE(carver, float, cells);
    work->truth = classes ? TL_CARVE(carver, int32_t, rows) : NULL;
}

static tl_status committee_judge(const tl__committee *committee, const tl_dataset *data, tl_part part,
                                 const committee_judged *work, tl_scores *out, tl_error *error)
{
    tl__heap *heap = &data->context->heap;
    tl__judged judged = {tl_dataset_rows(data, part), work->truth, work->values, work->predicted};
    tl__tree *tree;
    tl__builder builder;
    tl_value *map;
    TL_TRY(tl__committee_predict(committee, data, part, work->predicted, error));
    if (work->truth) tl__dataset_gather_targets(data, part, NULL, 0, judged.rows, work->truth, NULL, NULL);
    else tl__dataset_targets(data, part, 0, judged.rows, work->values);
    if (tl__tree_new(heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl_status status = tl__judged_put(heap, &builder, root, "part", data->pipeline, &judged, out, &map, error);
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__committee_score(const tl__committee *committee, const tl_dataset *data, tl_part part,
                                      tl_scores *out, tl_error *error)
{
    tl__heap *heap = &data->context->heap;
    size_t rows = tl_dataset_rows(data, part), width = tl__model_predictions(committee->models[0]);
    committee_judged work;
    tl__carver carver = {0};
    tl__record_read(NULL, out);
    if (rows == 0) return TL_OK;
    if (width != data->pipeline->outputs)
        return tl__fail(error, TL_UNSUPPORTED, "models with intervals or with heads for classes are not measured "
                        "together; --ensemble best takes one of them.");
    committee_judged_carve(&carver, &work, rows, width, data->pipeline->classification);
    size_t size = carver.used;
    unsigned char *block = carver.overflow ? NULL : tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    committee_judged_carve(&carver, &work, rows, width, data->pipeline->classification);
    tl_status status = committee_judge(committee, data, part, &work, out, error);
    tl__free_aligned(heap, block, size);
    return status;
}
