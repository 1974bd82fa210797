/* Which epoch is best is asked of the trainer's history each time, so a resumed run knows it, too. */
#include "lab/kept.h"

#include "base/text.h"
#include "lab/path.h"
#include "port/port.h"

/* The figure that decides; the training's loss without validation. Larger is better. */
static double kept_figure(const tl__epoch *epoch, int monitor)
{
    const double values[] = {
        [TL__KEPT_VAL_LOSS] = epoch->val_loss, [TL__KEPT_TRAIN_LOSS] = epoch->train_loss,
        [TL__KEPT_ACCURACY] = epoch->val_accuracy, [TL__KEPT_BALANCED_ACCURACY] = epoch->val_balanced_accuracy,
        [TL__KEPT_F1_MACRO] = epoch->val_f1_macro, [TL__KEPT_MAE] = epoch->val_mae, [TL__KEPT_MSE] = epoch->val_mse,
        [TL__KEPT_R2] = epoch->val_r2,
    };
    static const bool smaller[] = {true, true, false, false, false, true, true, false};
    double value = values[monitor];
    if (epoch->val_loss != epoch->val_loss) {
        value = epoch->train_loss;
        monitor = TL__KEPT_TRAIN_LOSS;
    }
    return smaller[monitor] ? -value : value;
}

static bool kept_is_best(const tl__trainer *trainer, int monitor)
{
    size_t count = tl__trainer_epochs(trainer);
    double newest = kept_figure(tl__trainer_epoch(trainer, count - 1), monitor);
    bool best = newest == newest;
    for (size_t i = 0; i + 1 < count && best; i++)
        best = !(kept_figure(tl__trainer_epoch(trainer, i), monitor) >= newest);
    return best;
}

TL_PRIV tl_status tl__kept_open(const tl__config *config, bool classification, const char *out_folder, const char *run,
                                tl__arena *arena, const char **out, tl_error *error)
{
    const tl__kept_settings *settings = &config->settings.callbacks.checkpoint;
    bool of_classes = settings->monitor == TL__KEPT_ACCURACY || settings->monitor == TL__KEPT_BALANCED_ACCURACY ||
                      settings->monitor == TL__KEPT_F1_MACRO;
    bool of_values = settings->monitor == TL__KEPT_MAE || settings->monitor == TL__KEPT_MSE ||
                     settings->monitor == TL__KEPT_R2;
    *out = NULL;
    if (!settings->present) return TL_OK;
    if (classification ? of_values : of_classes) {
        const tl_value *at = tl_value_get(&config->tree->root, "callbacks.checkpoint.monitor");
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, at ? at->line : 0, at ? at->column : 0,
                           "callbacks.checkpoint.monitor", "this figure is one of %s; name val_loss, train_loss%s",
                           classification ? "values, and this network tells classes"
                                          : "classes, and this network gives values",
                           classification ? ", accuracy, balanced_accuracy or f1_macro" : ", mae, mse or r2");
    }
    const char *folder = tl__path_join(arena, out_folder, settings->folder);
    if (folder) folder = tl__path_join(arena, folder, tl__path_name(run));
    if (!folder) return tl__fail_memory(error, 256);
    TL_TRY(tl__folder_make(folder, error));
    *out = folder;
    return TL_OK;
}

TL_PRIV tl_status tl__kept_epoch(const tl__config *config, const char *folder, tl__trainer *trainer,
                                 tl_error *error)
{
    const tl__kept_settings *settings = &config->settings.callbacks.checkpoint;
    char path[1024];
    if (!folder) return TL_OK;
    if (!settings->best_only) {
        double epoch = tl__trainer_epoch(trainer, tl__trainer_epochs(trainer) - 1)->epoch;
        if (tl__format(path, sizeof path, "%s/epoch_%lld.safetensors", folder, (long long)epoch) >= sizeof path)
            return tl__fail(error, TL_INVALID, "the path %s is too long", folder);
        TL_TRY(tl__trainer_save_model(trainer, path, error));
    }
    if (!kept_is_best(trainer, settings->monitor)) return TL_OK;
    if (tl__format(path, sizeof path, "%s/best.safetensors", folder) >= sizeof path)
        return tl__fail(error, TL_INVALID, "the path %s is too long", folder);
    return tl__trainer_save_model(trainer, path, error);
}
