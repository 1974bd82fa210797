/* Scoring a model without training it: a network for prediction and an evaluator, in memory of their own. */
#include "train/trainer.h"

#include "text/bind.h"
#include "text/yaml.h"

struct tl__scorer {
    const tl_model *model;
    tl__arena arena;
    tl__tree *tree;              /* the settings of the model's training */
    tl__train_settings settings;
    const tl__loss *loss;
    void *loss_settings;
    tl__plan *plan;
    tl__network *network;
    tl__evaluator evaluator;
    unsigned char *block;
    size_t block_size;
};

TL_PRIV void tl__scorer_free(tl__scorer *scorer)
{
    if (!scorer) return;
    tl__heap *heap = &scorer->model->context->heap;
    if (scorer->block) tl__free_aligned(heap, scorer->block, scorer->block_size);
    if (scorer->network) tl__network_free(heap, scorer->network);
    if (scorer->plan) tl__plan_free(heap, scorer->plan);
    if (scorer->tree) tl__tree_free(scorer->tree);
    tl__arena_free(&scorer->arena);
    tl__free(heap, scorer, sizeof *scorer);
}

/* The loss that the model was trained with; a model that was not has the default of the task. */
static tl_status score_bind(tl__scorer *scorer, const tl_dataset *data, tl_error *error)
{
    const char *text = scorer->model->settings ? scorer->model->settings : "{}";
    if (tl__tree_new(&scorer->model->context->heap, "the model's settings", &scorer->tree) != TL_OK)
        return tl__fail_memory(error, sizeof *scorer->tree);
    TL_TRY(tl__json_parse(scorer->tree, text, strlen(text), error));
    TL_TRY(tl__bind(tl__training_rows(), &scorer->settings.training, tl__value_child(&scorer->tree->root, "training"),
                    "the model's settings", "training", &scorer->arena, error));
    return tl__train_bind_loss(&scorer->settings, data, "the model's settings", &scorer->arena, &scorer->loss,
                               &scorer->loss_settings, error);
}

static tl_status score_fill(tl__scorer *scorer, const tl_dataset *data, tl_error *error)
{
    const tl_model *model = scorer->model;
    tl_context *context = model->context;
    size_t largest = 1;
    if (data->pipeline->features != tl__shape_size(tl__graph_input_shape(&model->graph)))
        return tl__fail(error, TL_BAD_SHAPE, "the network takes %zu inputs but the data gives %zu; use the data that "
                        "the model was trained for", tl__shape_size(tl__graph_input_shape(&model->graph)),
                        data->pipeline->features);
    TL_TRY(score_bind(scorer, data, error));
    TL_TRY(tl__loss_check(scorer->loss, scorer->loss_settings, tl__shape_size(tl__graph_output_shape(&model->graph)),
                          data->pipeline->outputs, data->pipeline->classification, error));
    for (int part = 0; part < TL__PARTS; part++) largest = tl__size_max(largest, data->part[part].count);
    const tl__training_settings *training = &scorer->settings.training;
    tl__evaluator_init(&scorer->evaluator, model, data, scorer->loss, scorer->loss_settings,
                       (size_t)(training->validation_batch_size ? training->validation_batch_size
                                                                : training->batch_size), largest);
    tl__plan_options options = {.kernels = context->kernels, .workers = tl__pool_threads(context->pool),
                                .max_rows = scorer->evaluator.batch};
    TL_TRY(tl__plan_new(&context->heap, &model->graph, &options, &scorer->plan, error));
    TL_TRY(tl__network_new(&context->heap, scorer->plan, model->parameters, &scorer->network, error));
    scorer->evaluator.network = scorer->network;
    tl__carver carver = {0};
    tl__evaluator_carve(&carver, &scorer->evaluator);
    if (carver.overflow) return tl__fail_memory(error, SIZE_MAX);
    scorer->block_size = carver.used;
    scorer->block = tl__alloc_aligned(&context->heap, scorer->block_size);
    if (!scorer->block) return tl__fail_memory(error, scorer->block_size);
    carver = (tl__carver){.base = scorer->block};
    tl__evaluator_carve(&carver, &scorer->evaluator);
    return TL_OK;
}

TL_PRIV tl_status tl__scorer_new(const tl_model *model, const tl_dataset *data, tl__scorer **out, tl_error *error)
{
    tl__scorer *scorer = tl__alloc_zero(&model->context->heap, 1, sizeof *scorer);
    if (!scorer) return tl__fail_memory(error, sizeof *scorer);
    scorer->model = model;
    tl__arena_init(&scorer->arena, &model->context->heap);
    tl_status status = score_fill(scorer, data, error);
    if (status != TL_OK) tl__scorer_free(scorer);
    else *out = scorer;
    return status;
}

TL_PRIV tl_status tl__scorer_run(tl__scorer *scorer, tl_part part, tl_scores *out, tl_error *error)
{
    tl__scores_clear(out);
    if (scorer->evaluator.data->part[part].count == 0) return TL_OK;
    tl_status status = tl__evaluator_run(&scorer->evaluator, part);
    if (status == TL_OK) status = tl__evaluator_scores(&scorer->evaluator, &scorer->model->context->heap, out);
    return status == TL_OK ? TL_OK : tl__fail(error, status, "scoring failed: %s",
                                              tl__evaluator_why(&scorer->evaluator, status));
}

TL_PRIV tl_status tl__scorer_record(const tl__scorer *scorer, tl__builder *builder, tl_value *parent, const char *key)
{
    tl_scores scores;
    return tl__evaluator_record(&scorer->evaluator, &scorer->model->context->heap, builder, parent, key, &scores);
}

TL_PRIV const float *tl__scorer_predictions(const tl__scorer *scorer, size_t *rows, size_t *columns)
{
    *rows = scorer->evaluator.rows;
    *columns = scorer->evaluator.numbers;
    return scorer->evaluator.predicted;
}

TL_API tl_status tl_score(tl_model *model, const tl_dataset *data, tl_part part, tl_scores *out, tl_error *error)
{
    tl__scorer *scorer = NULL;
    TL_TRY(tl__scorer_new(model, data, &scorer, error));
    tl_status status = tl__scorer_run(scorer, part, out, error);
    tl__scorer_free(scorer);
    return status;
}
