/* Presets: the starting points that train:configure writes. Each is a piece of YAML that lies beneath what the user
 * says. A preset is listed when everything it names exists. */
#include "lab/config.h"

#include "base/text.h"

static const tl__preset preset_table[] = {
    {"plain", "a small network with dropout, l2 and early stopping",
     "network:\n"
     "  layers:\n"
     "    - {type: hidden, nodes: 256}\n"
     "    - {type: output}\n"
     "  activation: relu\n"
     "  initialization: xavier\n"
     "training: {learning_rate: 0.001, batch_size: 32, epochs: 100, optimizer: adam}\n"
     "optimization: {dropout: 0.2, l2_reg: 0.01, early_stopping: {patience: 10, min_delta: 0.001}}\n"},
    {"advanced", "classification of unbalanced classes: focal loss, balanced accuracy, early stopping by delta and "
                 "ratio",
     "data: {split: {method: stratified, validation: 0.2, test: 0.2}}\n"
     "network: {model: mlp}\n"
     "training:\n"
     "  learning_rate: 0.001\n"
     "  batch_size: 32\n"
     "  epochs: 100\n"
     "  optimizer: adam\n"
     "  loss: {type: focal, gamma: 2.0}\n"
     "  monitor: balanced_accuracy\n"
     "  keep: patience\n"
     "optimization: {early_stopping: {patience: 5, min_delta: 0.001, ratio_check: true}}\n"
     "output: {best_model: true}\n"},
    {"forecast", "a day of an hourly series ahead from the week before: N-HiTS, features, cosine schedule",
     "data:\n"
     "  task: forecast\n"
     "  window: {input_size: 168, horizon: 24, stride: 1}\n"
     "  split: {method: time, validation: 0.2, test: 0.2}\n"
     "  normalize: standard\n"
     "  features:\n"
     "    - {type: outliers, sigma: 3}\n"
     "    - {type: lag, lags: [1, 3, 7, 14, 21]}\n"
     "    - {type: rolling_mean, windows: [20, 50]}\n"
     "    - {type: rolling_std, windows: [20]}\n"
     "    - {type: ema, alphas: [0.3]}\n"
     "    - {type: rate_of_change, periods: [1]}\n"
     "  workers: 4\n"
     "network: {model: nhits}\n"
     "training:\n"
     "  learning_rate: 0.001\n"
     "  batch_size: 32\n"
     "  validation_batch_size: 64\n"
     "  epochs: 100\n"
     "  optimizer: adam\n"
     "  mixed_precision: true\n"
     "  lr_scheduler: {type: cosine_annealing, t_max: 100, eta_min: 0.000001}\n"
     "optimization: {dropout: 0.2, weight_decay: 0.00001, gradient_clip: 1.0, early_stopping: {patience: 10, "
     "min_delta: 0.0001}}\n"
     "output: {best_model: true}\n"},
    {"kfold", "the advanced preset with a model for each of ten stratified folds; a fifth of the rows stays apart as "
              "the test part",
     "folds: {use_kfold: true}\n"
     "data: {split: {folds: 10, stratified: true, test: 0.2}}\n"
     "network: {model: mlp}\n"
     "training:\n"
     "  learning_rate: 0.001\n"
     "  batch_size: 32\n"
     "  epochs: 100\n"
     "  optimizer: adam\n"
     "  loss: {type: focal, gamma: 2.0}\n"
     "  monitor: balanced_accuracy\n"
     "  keep: patience\n"
     "optimization: {early_stopping: {patience: 5, min_delta: 0.001, ratio_check: true}}\n"
     "output: {best_model: true}\n"},
};

TL_PRIV const tl__preset *tl__preset_at(size_t index)
{
    return index < TL_COUNT(preset_table) ? &preset_table[index] : NULL;
}

TL_PRIV const tl__preset *tl__preset_find(const char *name, tl_error *error)
{
    tl__suggestion suggestion = {name, NULL, 0};
    char names[256];
    size_t used = 0;
    for (size_t i = 0; i < TL_COUNT(preset_table); i++) {
        if (tl__same_text(preset_table[i].name, name)) return &preset_table[i];
        tl__suggest(&suggestion, preset_table[i].name);
        const char *before = i == 0 ? "" : i + 1 < TL_COUNT(preset_table) ? ", " : " and ";
        used += tl__format(names + used, sizeof names - used, "%s%s", before, preset_table[i].name);
    }
    char meant[64] = "";
    if (suggestion.best) tl__format(meant, sizeof meant, " did you mean %s?", suggestion.best);
    tl__fail(error, TL_BAD_CONFIG, "'%s' is not a preset;%s there are %s.", name, meant, names);
    return NULL;
}

TL_API const char *tl_config_preset(const char *name)
{
    const tl__preset *preset = name ? tl__preset_find(name, NULL) : NULL;
    return preset ? preset->yaml : NULL;
}
