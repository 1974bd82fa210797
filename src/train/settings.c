/* The tables of `training:` and `optimization:`. Aliases are the spellings that users' files have. */
#include "train/settings.h"

#include "base/text.h"
#include "text/bind.h"
#include "text/yaml.h"

TL_PRIV const tl__field *tl__training_rows(void)
{
#define ROW(field) .name = #field, .offset = offsetof(tl__checkpoint_settings, field)
    static const tl__field checkpoint[] = {
        {ROW(epochs), .kind = TL__FIELD_INT, .flags = TL__LIVE, .min = 0, .max = 1e9, .unit = "epochs",
         .help = "a checkpoint after every so many epochs; 0: by time only"},
        {ROW(steps), .kind = TL__FIELD_INT, .flags = TL__LIVE, .min = 0, .max = 1e15, .unit = "steps",
         .help = "a checkpoint after every so many steps; 0: by time only"},
        {ROW(minutes), .kind = TL__FIELD_FLOAT, .flags = TL__LIVE, .fallback = 5, .min = 0, .max = 1e6,
         .unit = "minutes", .help = "a checkpoint when the last one is older than this; 0: never for that reason"},
        {ROW(keep_all), .kind = TL__FIELD_BOOL, .help = "also keep a file of its own for each epoch"},
        {.name = NULL},
    };
#undef ROW
    static const char *const monitors[] = {"auto", "val_loss", "train_loss", "accuracy", "balanced_accuracy",
                                           "f1_macro",
                                           "mae", "mse", "r2", NULL};
    static const char *const keeps[] = {"auto", "best", "last", "patience", NULL};
#define ROW(field) .name = #field, .offset = offsetof(tl__training_settings, field)
    static const tl__field rows[] = {
        {ROW(learning_rate), .kind = TL__FIELD_FLOAT,
         .flags = TL__RESULT | TL__LIVE | TL__TUNE | TL__LOG | TL__OPEN_MIN,
         .fallback = 0.001, .min = 0, .max = 1000, .aliases = "training.lr",
         .tune = "{min: 0.0001, max: 0.1, scale: log}",
         .help = "step size of the optimizer at the start of the schedule"},
        {ROW(batch_size), .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE, .fallback = 32, .min = 1,
         .max = 1 << 20,
         .unit = "rows",
         .tune = "[16, 32, 64, 128, 256]",
         .help = "rows of one batch"},
        {ROW(epochs), .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__LIVE, .fallback = 100, .min = 1, .max = 1e6,
         .unit = "epochs", .aliases = "training.num_epochs", .help = "passes over the training rows, at most"},
        {ROW(optimizer), .kind = TL__FIELD_MEMBER, .flags = TL__RESULT | TL__TUNE, .text = "adam",
         .family = "optimizer",
         .tune = "[adam, adamw, sgd, rmsprop]",
         .help = "how gradients change the weights"},
        {ROW(loss), .kind = TL__FIELD_MEMBER, .flags = TL__RESULT | TL__TUNE, .text = "auto", .family = "loss",
         .aliases = "training.loss_function",
         .help = "what is made small; auto: mse for regression, cross_entropy for classification"},
        {ROW(lr_scheduler), .kind = TL__FIELD_MEMBER, .flags = TL__RESULT | TL__TUNE, .family = "schedule",
         .aliases = "training.scheduler", .help = "how the learning rate changes; absent: it stays"},
        {ROW(heads), .kind = TL__FIELD_TREE, .flags = TL__RESULT, .aliases = "heads",
         .help = "several outputs over one network: a list of {target: column, loss: mse, weight: 1, layers: [...]}"},
        {ROW(class_weights), .kind = TL__FIELD_TREE, .flags = TL__RESULT,
         .help = "weights of the classes in the loss: none, balanced, or a list of numbers in class order"},
        {ROW(gradient_shards), .kind = TL__FIELD_INT, .flags = TL__RESULT, .fallback = 1, .min = 1, .max = 1024,
         .help = "pieces of a batch whose gradients are added in a fixed tree; a power of two, part of the numerics"},
        {ROW(accumulation), .kind = TL__FIELD_INT, .flags = TL__RESULT, .fallback = 1, .min = 1, .max = 1 << 20,
         .unit = "batches", .aliases = "training.gradient_accumulation training.accumulation_steps",
         .help = "batches whose gradients make one step"},
        {ROW(recompute), .kind = TL__FIELD_BOOL,
         .help = "keep fewer values in memory and compute them again on the way back: less memory, up to a third more "
                 "time, the same results"},
        {ROW(drop_last), .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
         .help = "leave out a last batch that is not full"},
        {ROW(validation_batch_size), .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__AUTO, .min = 0, .max = 1 << 20,
         .unit = "rows", .aliases = "training.val_batch_size",
         .help = "rows of one batch when evaluating; auto: as batch_size"},
        {ROW(monitor), .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .choices = monitors,
         .help = "what decides which epoch is best; auto: val_loss, or train_loss without validation"},
        {ROW(keep), .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .choices = keeps,
         .help = "whose weights the model ends with; auto: best with validation, else last"},
        {ROW(changes), .kind = TL__FIELD_TREE, .flags = TL__RESULT,
         .help = "live changes written down beforehand: [{step: 500, set: {training.learning_rate: 1e-4}}] acts after "
                 "500 steps"},
        {ROW(mixed_precision), .kind = TL__FIELD_BOOL, .help = "accepted; this version trains in float32 and says so"},
        {ROW(checkpoint), .kind = TL__FIELD_BLOCK, .rows = checkpoint,
         .help = "when the state of the training is saved for --resume"},
        {.name = NULL},
    };
#undef ROW
    return rows;
}

TL_PRIV const tl__field *tl__optimization_rows(void)
{
    static const char *const clip_by[] = {"norm", "largest", NULL};
#define ROW(field) .name = #field, .offset = offsetof(tl__stopping_settings, field)
    static const tl__field stopping[] = {
        {ROW(patience), .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__LIVE | TL__TUNE, .fallback = 10, .min = 1,
         .max = 1e6, .unit = "epochs",
         .aliases = "training.early_stopping_patience training.early_stopping.patience",
         .tune = "{min: 3, max: 50, scale: log}",
         .help = "bad epochs in a row that end the training"},
        {ROW(min_delta), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE, .fallback = 0.001, .min = 0,
         .max = 1e9,
         .aliases = "training.early_stopping_min_delta training.early_stopping.min_delta",
         .help = "an epoch is bad when val_loss does not beat the best by this"},
        {ROW(ratio_check), .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
         .help = "an epoch is bad too when val_loss / train_loss exceeds ratio"},
        {ROW(ratio), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__AUTO, .min = 0, .max = 1e9,
         .help = "threshold of the ratio check, which a number turns on; auto: 1.15, under focal loss 20.0"},
        {.name = NULL},
    };
#undef ROW
#define ROW(field) .name = #field, .offset = offsetof(tl__optimization_settings, field)
    static const tl__field rows[] = {
        {ROW(dropout), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__TUNE | TL__OPEN_MAX, .min = 0,
         .max = 1,
         .aliases = "training.dropout",
         .tune = "{min: 0, max: 0.5}",
         .help = "share of the values dropped after each hidden layer"},
        {ROW(l2_reg), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__TUNE | TL__LOG, .min = 0,
         .max = 1e6,
         .aliases = "training.l2_reg",
         .tune = "{min: 0.000001, max: 0.01, scale: log}",
         .help = "l2_reg * w is added to the gradient of weights, not of biases and "
                                               "norms"},
        {ROW(weight_decay), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__TUNE | TL__LOG | TL__AUTO,
         .fallback = -1, .min = 0, .max = 1e6, .aliases = "training.weight_decay",
         .tune = "{min: 0.000001, max: 0.1, scale: log}",
         .help = "decay of all parameters as the optimizer does it; auto: its own default"},
        {ROW(gradient_clip), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__TUNE, .min = 0, .max = 1e9,
         .aliases = "training.gradient_clip training.gradient_clip_norm",
         .tune = "[0, 5, 1]",
         .help = "largest norm over all gradients; larger ones are scaled down; 0: off"},
        {ROW(gradient_clip_by), .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .choices = clip_by,
         .aliases = "training.gradient_clip_by",
         .help = "what gradient_clip limits: the norm of all gradients, or their largest element"},
        {ROW(gradient_clip_value), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE, .min = 0, .max = 1e9,
         .aliases = "training.gradient_clip_value", .help = "largest absolute value of a gradient's element; 0: off"},
        {ROW(early_stopping), .kind = TL__FIELD_BLOCK, .flags = TL__OPTIONAL, .rows = stopping,
         .help = "ends the training when validation no longer gets better; off unless mentioned"},
        {.name = NULL},
    };
#undef ROW
    return rows;
}

/* The rows of a root that has both blocks, as a config has them, and what tl_train has beside them. */
static void settings_root(tl__field rows[4])
{
    rows[0] = (tl__field){.name = "training", .kind = TL__FIELD_BLOCK, .rows = tl__training_rows(),
                          .offset = offsetof(tl__train_settings, training), .help = "how to train"};
    rows[1] = (tl__field){.name = "optimization", .kind = TL__FIELD_BLOCK, .rows = tl__optimization_rows(),
                          .offset = offsetof(tl__train_settings, optimization), .help = "what keeps training in shape"};
    rows[2] = (tl__field){.name = "detailed_analytics", .kind = TL__FIELD_BOOL,
                          .offset = offsetof(tl__train_settings, detailed_analytics),
                          .help = "records of epochs that hold everything"};
    rows[3] = (tl__field){.name = NULL};
}

static void settings_move(tl_value *block, tl_value *item)
{
    item->next = NULL;
    if (block->last) block->last->next = item;
    else block->first = item;
    block->last = item;
    block->count++;
}

/* {epochs: 5, dropout: 0.1} to {training: {epochs: 5}, optimization: {dropout: 0.1}}. What is a row of neither stays
 * with training, whose mistake then names the nearest row. */
static void settings_sort_keys(tl__builder *builder)
{
    tl_value *root = &builder->tree->root, given = *root;
    root->kind = TL_MAP;
    root->first = root->last = NULL;
    root->count = 0;
    tl_value *training = tl__put_map(builder, root, "training"), *optimization = tl__put_map(builder, root,
                                                                                             "optimization");
    if (builder->failed) return;
    for (tl_value *item = given.first, *next; item; item = next) {
        next = item->next;
        bool second = !tl__field_find(tl__training_rows(), item->key, item->key_size, NULL) &&
                      tl__field_find(tl__optimization_rows(), item->key, item->key_size, NULL);
        bool beside = tl__same_text_n("detailed_analytics", item->key, item->key_size);
        settings_move(beside ? root : second ? optimization : training, item);
    }
}

TL_PRIV tl_status tl__train_read(tl_context *context, const char *text, tl__arena *arena, tl__tree **tree,
                                 tl__train_settings *out, tl_error *error)
{
    tl__field rows[4];
    tl__buffer flow;
    tl__builder builder;
    tl__arena_init(arena, &context->heap);
    *tree = NULL;
    if (tl__tree_new(&context->heap, "settings", tree) != TL_OK) return tl__fail_memory(error, sizeof **tree);
    tl__buffer_init(&flow, &context->heap);
    tl__buffer_format(&flow, "{%s}", text ? text : "");
    tl_status status = flow.failed ? tl__fail_memory(error, flow.size)
                                   : tl__yaml_parse(*tree, flow.data, flow.size, error);
    tl__buffer_free(&flow);
    TL_TRY(status);
    tl__builder_init(&builder, *tree);
    settings_sort_keys(&builder);
    if (builder.failed) return tl__fail_memory(error, 0);
    settings_root(rows);
    TL_TRY(tl__bind_aliases(rows, *tree, error));
    return tl__bind(rows, out, &(*tree)->root, "settings", "", arena, error);
}
