/* The writer of event files. Events of an epoch go through one buffer of fixed size; a record is whole when the file is
 * flushed, so a reader that follows never sees half of one for long. */
#include "lab/tensorboard.h"

#include "base/math.h"
#include "base/text.h"
#include "lab/path.h"
#include "model/model.h"
#include "port/port.h"
#include "text/events.h"

enum { TENSORBOARD_TEXT = 8192, TENSORBOARD_RECORD = 2048 };

struct tl__tensorboard {
    tl_context *context;
    tl__file *file;                  /* NULL: given up */
    tl__buffer out;                  /* reserved */
    int64_t every;                   /* steps */
    int64_t steps;                   /* since the start */
    bool classification, validation;
    bool begun;                      /* the first step was heard of: a resume is known */
};

TL_PRIV size_t tl__tensorboard_bytes(const tl__config *config)
{
    if (!config->settings.callbacks.tensorboard.present) return 0;
    return sizeof(tl__tensorboard) + tl__file_bytes() + TENSORBOARD_TEXT + 1;
}

static double tensorboard_time(const tl__tensorboard *board)
{
    return (double)tl__now(board->context) * 1e-6;
}

static void tensorboard_flush(tl__tensorboard *board)
{
    tl_error error = {0};
    if (!board->file) return;
    tl_status status = board->out.failed ? tl__fail_memory(&error, board->out.size)
                                         : tl__file_write(board->file, board->out.data, board->out.size, &error);
    if (status == TL_OK) status = tl__file_flush(board->file, false, &error);
    tl__buffer_clear(&board->out);
    if (status == TL_OK) return;
    tl__log_line(board->context, TL_LOG_WARNING, "TensorBoard's events are left out from here on: %s", error.message);
    tl__file_close(board->file, NULL);
    board->file = NULL;
}

static void tensorboard_room(tl__tensorboard *board)
{
    if (board->out.size + TENSORBOARD_RECORD > TENSORBOARD_TEXT) tensorboard_flush(board);
}

static void tensorboard_scalar(tl__tensorboard *board, double time, const char *tag, double value)
{
    if (value != value) return;
    tensorboard_room(board);
    tl__events_scalar(&board->out, time, board->steps, tag, value);
}

/* ---- the beginning ---- */

static tl_status tensorboard_describe(tl__tensorboard *board, const tl__config *config, const char *run,
                                      tl_error *error)
{
    const tl__training_settings *training = &config->settings.train.training;
    const tl__optimization_settings *optimization = &config->settings.train.optimization;
    bool classification = board->classification;
    const char *figures[2] = {board->validation ? "loss/val" : "loss/train", NULL};
    if (classification) figures[1] = board->validation ? "accuracy/val" : "accuracy/train";
    else figures[1] = board->validation ? "mae/val" : "mae/train";
    const tl__hparam hparams[] = {
        {"optimizer", training->optimizer.name, 0}, {"loss", training->loss.name, 0},
        {"learning_rate", NULL, training->learning_rate}, {"batch_size", NULL, (double)training->batch_size},
        {"epochs", NULL, (double)training->epochs}, {"dropout", NULL, optimization->dropout},
        {"l2_reg", NULL, optimization->l2_reg}, {"seed", NULL, (double)config->settings.seed},
    };
    tl__buffer yaml, events;
    double time = tensorboard_time(board);
    tl__buffer_init(&yaml, &board->context->heap);
    tl__buffer_init(&events, &board->context->heap);
    tl__buffer_text(&yaml, "```yaml\n");
    tl_status status = tl__config_write(config, "", &yaml, error);
    tl__buffer_text(&yaml, "```\n");
    tl__events_start(&events, time);
    if (!yaml.failed) tl__events_text(&events, time, 0, "config/text_summary", yaml.data, yaml.size);
    tl__events_hparams(&events, time, tl__path_name(run), hparams, TL_COUNT(hparams), figures, TL_COUNT(figures));
    if (status == TL_OK && (yaml.failed || events.failed)) status = tl__fail_memory(error, events.size);
    if (status == TL_OK) status = tl__file_write(board->file, events.data, events.size, error);
    if (status == TL_OK) status = tl__file_flush(board->file, false, error);
    tl__buffer_free(&yaml);
    tl__buffer_free(&events);
    return status;
}

TL_PRIV const char *tl__tensorboard_folder(const tl__config *config, const char *out_folder, const char *run,
                                           tl__arena *arena)
{
    const char *folder = config->settings.callbacks.tensorboard.folder;
    if (!folder || !*folder) return run;
    const char *all = tl__path_join(arena, out_folder, folder);
    return all ? tl__path_join(arena, all, tl__path_name(run)) : NULL;
}

/* {folder}/events.out.tfevents.{seconds}.trainlib, the next second's name where it is taken. */
TL_PRIV tl_status tl__tensorboard_path(tl_context *context, const char *folder, tl__arena *arena, const char **out,
                                       tl_error *error)
{
    int64_t second = tl__now(context) / 1000000;
    TL_TRY(tl__folder_make(folder, error));
    for (*out = NULL; !*out; second++) {
        *out = tl__arena_format(arena, "%s/events.out.tfevents.%010lld.trainlib", folder, (long long)second);
        if (!*out) return tl__fail_memory(error, 256);
        if (tl__file_exists(*out)) *out = NULL;
    }
    return TL_OK;
}

static tl_status tensorboard_create(tl__tensorboard *board, const tl__config *config, const char *out_folder,
                                    const char *run, tl_error *error)
{
    tl__arena arena;
    tl__arena_init(&arena, &board->context->heap);
    const char *path = NULL, *place = tl__tensorboard_folder(config, out_folder, run, &arena);
    tl_status status = place ? tl__tensorboard_path(board->context, place, &arena, &path, error)
                             : tl__fail_memory(error, 256);
    if (status == TL_OK) status = tl__file_append_open(board->context, path, &board->file, error);
    tl__arena_free(&arena);
    return status;
}

TL_PRIV void tl__tensorboard_open(tl_context *context, const tl__config *config, const char *out_folder,
                                  const char *run, const tl_dataset *data, tl__tensorboard **out)
{
    tl_error error = {0};
    *out = NULL;
    if (!config->settings.callbacks.tensorboard.present) return;
    tl__tensorboard *board = tl__alloc_zero(&context->heap, 1, sizeof *board);
    tl_status status = board ? TL_OK : tl__fail_memory(&error, sizeof *board);
    if (board) {
        board->context = context;
        board->classification = tl_dataset_classes(data) > 0;
        board->validation = tl_dataset_rows(data, TL_VALIDATION) > 0;
        board->every = config->settings.callbacks.tensorboard.update_every;
        tl__buffer_init(&board->out, &context->heap);
        if (!tl__buffer_reserve(&board->out, TENSORBOARD_TEXT)) status = tl__fail_memory(&error, TENSORBOARD_TEXT);
    }
    if (status == TL_OK) status = tensorboard_create(board, config, out_folder, run, &error);
    if (status == TL_OK) status = tensorboard_describe(board, config, run, &error);
    if (status == TL_OK) {
        *out = board;
        return;
    }
    tl__log_line(context, TL_LOG_WARNING, "TensorBoard's events are left out: %s", error.message);
    tl__tensorboard_close(board, false);
}

/* ---- while it trains ---- */

TL_PRIV tl_status tl__tensorboard_batch(void *user, const tl__trainer *trainer, const tl_progress *progress,
                                        tl_error *error)
{
    tl__tensorboard *board = user;
    (void)trainer, (void)error;
    if (!board || !board->file) return TL_OK;
    board->steps = (progress->epoch - 1) * progress->steps + progress->step;
    if (!board->begun && board->steps > 1)
        tl__events_resume(&board->out, tensorboard_time(board), board->steps);
    board->begun = true;
    if (board->every && board->steps % board->every == 0)
        tensorboard_scalar(board, tensorboard_time(board), "loss/batch", progress->loss);
    return TL_OK;
}

static void tensorboard_histogram(tl__tensorboard *board, double time, const char *tag, const float *values,
                                  size_t count)
{
    tl__buckets histogram;
    tl__buckets_clear(&histogram);
    tl__buckets_range(&histogram, values, count);
    tl__buckets_add(&histogram, values, count);
    if (histogram.count == 0) return;
    tensorboard_room(board);
    tl__events_histogram(&board->out, time, board->steps, tag, &histogram);
}

static void tensorboard_weights(tl__tensorboard *board, double time, const tl__trainer *trainer)
{
    const tl__plan *plan = tl__trainer_plan(trainer);
    const float *parameters = tl__trainer_parameters(trainer);
    char tag[128];
    for (int i = 0; i < tl__plan_tensor_count(plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(plan, i);
        if (!tensor->trained) continue;
        tl__format(tag, sizeof tag, "weights/%s", tensor->name);
        tensorboard_histogram(board, time, tag, parameters + tensor->offset, tensor->size);
    }
}

TL_PRIV void tl__tensorboard_epoch(tl__tensorboard *board, const tl__trainer *trainer, const tl__epoch *epoch)
{
    size_t count;
    if (!board || !board->file) return;
    double time = tensorboard_time(board);
    const struct { const char *tag; double value; } scalars[] = {
        {"loss/train", epoch->train_loss}, {"loss/val", epoch->val_loss}, {"accuracy/train", epoch->train_accuracy},
        {"accuracy/val", epoch->val_accuracy}, {"mae/train", epoch->train_mae}, {"mae/val", epoch->val_mae},
        {"learning_rate", epoch->learning_rate},
    };
    for (size_t i = 0; i < TL_COUNT(scalars); i++) tensorboard_scalar(board, time, scalars[i].tag, scalars[i].value);
    const float *predictions = tl__trainer_predictions(trainer, &count);
    if (predictions) tensorboard_histogram(board, time, "predictions", predictions, count);
    tensorboard_weights(board, time, trainer);
    tensorboard_flush(board);
}

TL_PRIV void tl__tensorboard_close(tl__tensorboard *board, bool success)
{
    if (!board) return;
    if (board->file) {
        tl__events_end(&board->out, tensorboard_time(board), success);
        tensorboard_flush(board);
    }
    if (board->file) tl__file_close(board->file, NULL);
    tl__buffer_free(&board->out);
    tl__free(&board->context->heap, board, sizeof *board);
}
