/* Training by hand: the public functions over the trainer. */
#include "train/train.h"

TL_API tl_status tl_train(tl_model *model, const tl_dataset *data, const char *settings, tl_progress_fn *progress,
                          void *user, tl_error *error)
{
    tl__train_settings bound;
    tl__arena arena;
    tl__tree *tree;
    tl__trainer *trainer = NULL;
    tl_status status = tl__train_read(model->context, settings, &arena, &tree, &bound, error);
    if (status == TL_OK) {
        tl__trainer_options options = {.settings = &bound, .file = "settings", .seed = data->seed, .progress = progress,
                                       .progress_user = user, .analytics = bound.detailed_analytics && progress};
        status = tl__trainer_new(model, data, &options, &trainer, error);
    }
    if (status == TL_OK) status = tl__trainer_run(trainer, error);
    tl__trainer_free(trainer);
    if (tree) tl__tree_free(tree);
    tl__arena_free(&arena);
    return status;
}
