/* Checkpoints. Arrays are written as they lie in memory: a checkpoint is for the same network under the same numerics,
 * and reading refuses everything else. The text of the header is made in the trainer's reserve, so writing allocates
 * nothing. */
#include "train/checkpoint.h"

#include "base/math.h"
#include "base/text.h"
#include "port/port.h"
#include "text/yaml.h"
#include "train/trainer.h"

enum { CHECKPOINT_ANALYTICS = 6, CHECKPOINT_ARRAYS = TL__OPTIMIZER_STATES + 4 + CHECKPOINT_ANALYTICS,
       CHECKPOINT_NAME = 40, CHECKPOINT_CHUNK = 512 };

/* An array of the file. data NULL: there is none yet, to measure. */
struct checkpoint_array {
    char name[CHECKPOINT_NAME];
    void *data;
    bool doubles;
    size_t rows, columns;      /* columns 0: one dimension */
};

static size_t checkpoint_numbers(const struct checkpoint_array *array)
{
    return array->rows * (array->columns ? array->columns : 1);
}

static void checkpoint_put(unsigned char *bytes, uint64_t bits, size_t width)
{
    for (size_t i = 0; i < width; i++) bytes[i] = (unsigned char)(bits >> 8 * i);
}

static uint64_t checkpoint_get(const unsigned char *bytes, size_t width)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < width; i++) bits |= (uint64_t)bytes[i] << 8 * i;
    return bits;
}

static tl_status checkpoint_give(const tl__tensor_source *source, tl__write_fn *write, void *user, tl_error *error)
{
    const struct checkpoint_array *array = source->user;
    unsigned char bytes[CHECKPOINT_CHUNK * 8];
    size_t numbers = checkpoint_numbers(array), width = array->doubles ? 8 : 4;
    for (size_t done = 0; done < numbers;) {
        size_t count = tl__size_min(CHECKPOINT_CHUNK, numbers - done);
        for (size_t i = 0; i < count; i++) {
            uint64_t bits = array->doubles ? tl__double_bits(((const double *)array->data)[done + i])
                                           : tl__float_bits(((const float *)array->data)[done + i]);
            checkpoint_put(bytes + i * width, bits, width);
        }
        TL_TRY(write(user, bytes, count * width, error));
        done += count;
    }
    return TL_OK;
}

/* The arrays of detailed analytics, without empty ones; gives their number. */
static size_t checkpoint_list_analytics(tl__trainer *trainer, struct checkpoint_array *out)
{
    tl__analytics *a = &trainer->analytics;
    if (a->level == TL__ANALYTICS_MINIMUM) return 0;
    bool detailed = a->level == TL__ANALYTICS_DETAILED;
    size_t rows = trainer->prepared ? (size_t)trainer->state.history : trainer->history_size, count = 0;
    const struct checkpoint_array all[CHECKPOINT_ANALYTICS] = {
        {"training.analytics.sums", a->sums, true, sizeof *a->sums / sizeof(double), 0},
        {"training.analytics.norms", a->norms, true, detailed ? a->layers : 0, 0},
        {"training.analytics.counts", a->counts, true, a->training_predictions ? 3 * a->classes : 0, 0},
        {"training.analytics.units", a->unit_gradient, false, detailed ? a->units : 0, 0},
        {"training.analytics.previous", a->previous, false, detailed ? a->trained : 0, 0},
        {"training.analytics.rows", a->rows, true, rows, a->width},
    };
    for (size_t i = 0; i < TL_COUNT(all); i++)
        if (all[i].rows) out[count++] = all[i];
    return count;
}

/* All arrays of a trainer, the ring's left out; gives their number. */
static size_t checkpoint_list(tl__trainer *trainer, struct checkpoint_array *out)
{
    size_t count = 0, floats = tl__trainer_floats(trainer), trained = tl__plan_trained_floats(trainer->plan);
    int states = trainer->optimizer->states(trainer->optimizer_settings);
    out[count++] = (struct checkpoint_array){"training.state", &trainer->state, true, TL__TRAIN_STATE_SIZE, 0};
    for (int i = 0; i < states; i++) {
        float *data = trainer->prepared ? tl__network_state(trainer->network, i) : NULL;
        out[count] = (struct checkpoint_array){"", data, false, trained, 0};
        tl__format(out[count++].name, CHECKPOINT_NAME, "training.optimizer.%d", i);
    }
    if (trainer->keep != TL__KEEP_LAST)
        out[count++] = (struct checkpoint_array){"training.best", trainer->best, false, floats, 0};
    size_t rows = trainer->prepared ? (size_t)trainer->state.history : trainer->history_size;
    if (rows)
        out[count++] = (struct checkpoint_array){"training.history", trainer->history, true, rows,
                                                 sizeof(tl__epoch) / sizeof(double)};
    if (trainer->validation && trainer->evaluator.classes)
        out[count++] = (struct checkpoint_array){"training.kept", trainer->kept, false,
                                                 trainer->data->part[TL_VALIDATION].count, 0};
    return count + checkpoint_list_analytics(trainer, out + count);
}

static tl_value *checkpoint_describe(tl__trainer *trainer, tl__builder *builder)
{
    char id[48], time[24];
    const tl__train_state *state = &trainer->state;
    tl_value *root = tl__put_map(builder, NULL, NULL);
    tl__format(id, sizeof id, "checkpoint-epoch-%lld", (long long)state->epoch);
    tl__time_iso(time, tl__now(trainer->context));
    tl__put_text(builder, root, "id", id);
    tl__put_text(builder, root, "model", trainer->options.model_id ? trainer->options.model_id : "");
    tl__put_integer(builder, root, "epoch", (int64_t)state->epoch);
    tl__put_integer(builder, root, "step", (int64_t)state->step);
    tl__put_number(builder, root, "loss", state->last_train_loss);
    tl_value *metrics = tl__put_map(builder, root, "metrics");
    tl__put_number(builder, metrics, "val_loss", state->last_val_loss);
    tl__put_number(builder, metrics, trainer->evaluator.classes ? "accuracy" : "mae", state->last_accuracy);
    tl__put_text(builder, root, "time", time);
    tl__put_bool(builder, root, "ended", state->ended != TL__END_NONE);
    tl_value *ring = tl__put_list(builder, root, "ring");
    for (size_t i = 0; i < trainer->ring.slots; i++) {
        const struct tl__ring_slot *slot = trainer->prepared ? &trainer->ring.slot[i] : NULL;
        if (slot && slot->epoch < 0) continue;
        tl_value *item = tl__put_map(builder, ring, NULL);
        tl__put_integer(builder, item, "epoch", slot ? (int64_t)slot->epoch : 1000000);
        tl__put_text(builder, item, "hash", slot ? slot->hash
                     : "0123456789012345678901234567890123456789012345678901234567890123");
    }
    return root;
}

/* Weights of the last epoch's end that are the weights of now: the file has them once. */
static bool checkpoint_repeats(const tl__trainer *trainer, const struct checkpoint_array *array)
{
    return array->data && array->data == trainer->analytics.previous &&
           memcmp(array->data, trainer->model->parameters, array->rows * sizeof(float)) == 0;
}

/* The whole file through `write` (NULL: only its texts are made), with `heap` for its texts. */
static tl_status checkpoint_stream(tl__trainer *trainer, tl__heap *heap, tl__write_fn *write, void *user,
                                   tl_error *error)
{
    struct checkpoint_array arrays[CHECKPOINT_ARRAYS];
    tl__tensor_source sources[CHECKPOINT_ARRAYS];
    size_t all = checkpoint_list(trainer, arrays), count = 0;
    for (size_t i = 0; i < all; i++)
        if (!checkpoint_repeats(trainer, &arrays[i])) arrays[count++] = arrays[i];
    for (size_t i = 0; i < count; i++) {
        sources[i] = (tl__tensor_source){.name = arrays[i].name, .dtype = arrays[i].doubles ? TL__DTYPE_F64 :
                                         TL__DTYPE_F32,
                                         .rank = arrays[i].columns ? 2 : 1, .give = checkpoint_give,
                                         .user = &arrays[i]};
        sources[i].shape[0] = arrays[i].rows;
        sources[i].shape[1] = arrays[i].columns;
    }
    tl__tree *tree;
    tl__buffer text;
    tl__builder builder;
    tl_status status = tl__tree_new(heap, NULL, &tree);
    if (status != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl__buffer_init(&text, heap);
    const tl_value *root = checkpoint_describe(trainer, &builder);
    if (!builder.failed) tl__json_write(&text, root, 0);
    if (builder.failed || text.failed) {
        status = tl__fail_memory(error, text.size);
    } else {
        const tl__metadata metadata[] = {{"checkpoint", text.data}, {"training.settings", trainer->settings_text},
                                         {"training.data", trainer->data_text ? trainer->data_text : "{}"}};
        tl__model_extra extra = {sources, count, metadata, TL_COUNT(metadata)};
        status = tl__model_write(trainer->model, heap, &extra, write, user, error);
    }
    tl__buffer_free(&text);
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__trainer_save_model(tl__trainer *trainer, const char *path, tl_error *error)
{
    return tl__model_write_file(trainer->model, &trainer->shadow, NULL, path, true, error);
}

TL_PRIV tl_status tl__checkpoint_measure(tl__trainer *trainer, tl__reserve *reserve, tl_error *error)
{
    size_t file = tl__file_bytes();
    if (file && !tl__alloc(&reserve->heap, file)) return tl__fail_memory(error, file);
    return checkpoint_stream(trainer, &reserve->heap, NULL, NULL, error);
}

static tl_status checkpoint_to_file(void *file, const void *bytes, size_t size, tl_error *error)
{
    return tl__file_write(file, bytes, size, error);
}

static tl_status checkpoint_write_path(tl__trainer *trainer, const char *path, bool sync, tl_error *error)
{
    tl__file *file;
    TL_TRY(tl__file_create(&trainer->shadow, path, &file, error));
    tl_status status = checkpoint_stream(trainer, &trainer->reserve.heap, checkpoint_to_file, file, error);
    if (status == TL_OK) return tl__file_commit(file, sync, error);
    tl__file_abandon(file);
    return status;
}

TL_PRIV tl_status tl__checkpoint_write(tl__trainer *trainer, bool sync, tl_error *error)
{
    char path[1024];
    const char *folder = trainer->options.folder;
    if (sync) TL_TRY(tl__ring_sync(trainer, error));
    tl__format(path, sizeof path, "%s/checkpoint.safetensors", folder);
    TL_TRY(checkpoint_write_path(trainer, path, sync, error));
    tl__ring_committed(trainer);
    if (!trainer->settings->training.checkpoint.keep_all || trainer->state.step != 0) return TL_OK;
    tl__format(path, sizeof path, "%s/checkpoint-epoch-%lld.safetensors", folder, (long long)trainer->state.epoch);
    return checkpoint_write_path(trainer, path, sync, error);
}

/* ---- reading ---- */

static tl_status checkpoint_bad(const char *path, tl_error *error, const char *what)
{
    return tl__fail_at(error, TL_BAD_FILE, path, 0, 0, NULL, "%s; the training cannot go on from this file", what);
}

static tl_status checkpoint_read_array(const tl__safetensors *file, const char *path,
                                       const struct checkpoint_array *array,
                                       tl_error *error)
{
    const tl__tensor_view *view = tl__safetensors_find(file, array->name);
    size_t width = array->doubles ? 8 : 4;
    if (!view)
        return tl__fail_at(error, TL_BAD_FILE, path, 0, 0, NULL, "the array '%s' is not in this checkpoint; another "
                           "version of trainlib wrote it, and the training cannot go on from it: start a new run",
                           array->name);
    if (view->dtype != (array->doubles ? TL__DTYPE_F64 : TL__DTYPE_F32) ||
        view->count != checkpoint_numbers(array))
        return tl__fail_at(error, TL_BAD_FILE, path, 0, 0, NULL,
                           "the array '%s' has another size; the training cannot go on from this file", array->name);
    for (size_t i = 0; i < view->count; i++) {
        uint64_t bits = checkpoint_get(view->bytes + i * width, width);
        if (array->doubles) ((double *)array->data)[i] = tl__bits_double(bits);
        else ((float *)array->data)[i] = tl__bits_float((uint32_t)bits);
    }
    return TL_OK;
}

static tl_status checkpoint_json(tl_context *context, const tl__safetensors *file, const char *path, const char *key,
                                 tl__tree **out, tl_error *error)
{
    const char *text = tl__safetensors_metadata(file, key);
    if (!text) return checkpoint_bad(path, error, "the file is not a checkpoint");
    tl__tree *tree;
    if (tl__tree_new(&context->heap, path, &tree) != TL_OK) return tl__fail_memory(error, strlen(text));
    tl_status status = tl__json_parse(tree, text, strlen(text), error);
    if (status != TL_OK) tl__tree_free(tree);
    else *out = tree;
    return status;
}

/* Rows that change results must be as they were, but for those that may change live. */
static tl_status checkpoint_same_rows(const tl__field *rows, const tl_value *was, const tl_value *is, const char *path,
                                      const char *block, tl_error *error)
{
    for (const tl__field *row = rows; row->name; row++) {
        char name[128];
        const tl_value *a = tl__value_child(was, row->name), *b = tl__value_child(is, row->name);
        tl__format(name, sizeof name, "%s.%s", block, row->name);
        if (row->kind == TL__FIELD_BLOCK && a && b) {
            TL_TRY(checkpoint_same_rows(row->rows, a, b, path, name, error));
            continue;
        }
        bool both = a ? b && tl__value_equal(a, b) : !b;
        if (both || row->flags & TL__LIVE || !((row->flags & TL__RESULT) || row->kind == TL__FIELD_BLOCK)) continue;
        return tl__fail_at(error, TL_BAD_CONFIG, path, 0, 0, name,
                           "%s is not what it was when this checkpoint was made; put "
                           "it back, or start a new run", name);
    }
    return TL_OK;
}

static tl_status checkpoint_same_settings(tl__trainer *trainer, const tl__safetensors *file, const char *path,
                                          tl_error *error)
{
    tl__tree *was, *is;
    tl_context *context = trainer->context;
    TL_TRY(checkpoint_json(context, file, path, "training.settings", &was, error));
    tl_status status = TL_OUT_OF_MEMORY;
    if (tl__tree_new(&context->heap, NULL, &is) != TL_OK) {
        tl__tree_free(was);
        return tl__fail_memory(error, sizeof *is);
    }
    status = tl__json_parse(is, trainer->settings_text, strlen(trainer->settings_text), error);
    if (status == TL_OK)
        status = checkpoint_same_rows(tl__training_rows(), tl__value_child(&was->root, "training"),
                                      tl__value_child(&is->root, "training"), path, "training", error);
    if (status == TL_OK)
        status = checkpoint_same_rows(tl__optimization_rows(), tl__value_child(&was->root, "optimization"),
                                      tl__value_child(&is->root, "optimization"), path, "optimization", error);
    if (status == TL_OK && tl_value_integer(tl__value_child(&was->root, "seed"), 0) != (int64_t)trainer->options.seed)
        status = tl__fail_at(error, TL_BAD_CONFIG, path, 0, 0, "seed",
                             "seed is not what it was when this checkpoint was made; "
                             "put it back, or start a new run");
    tl__tree_free(is);
    tl__tree_free(was);
    return status;
}

static tl_status checkpoint_same(tl__trainer *trainer, const tl__safetensors *file, const char *path, tl_error *error)
{
    char numerics[32];
    tl_context *context = trainer->context;
    const char *was = tl__safetensors_metadata(file, "numerics"), *network = tl__safetensors_metadata(file, "network");
    if (!was || !network || !tl__safetensors_metadata(file, "checkpoint"))
        return checkpoint_bad(path, error, "the file is not a checkpoint");
    tl__model_numerics(context, numerics);
    if (strcmp(was, numerics) != 0)
        return tl__fail_at(error, TL_BAD_NUMERICS, path, 0, 0, NULL,
                           "the checkpoint was made under numerics '%s' and this is "
                           "'%s'; go on with the same version on a machine of the same class", was, numerics);
    tl__buffer text;
    tl__buffer_init(&text, &context->heap);
    tl_status status = tl__model_network_text(trainer->model, &context->heap, &text);
    bool same = status == TL_OK && strcmp(text.data, network) == 0;
    tl__buffer_free(&text);
    if (status != TL_OK) return tl__fail_memory(error, 0);
    if (!same) return checkpoint_bad(path, error, "the network is not the one that the checkpoint was made with");
    TL_TRY(checkpoint_same_settings(trainer, file, path, error));
    tl__tree *data;
    TL_TRY(checkpoint_json(context, file, path, "training.data", &data, error));
    status = data->root.count ? tl__dataset_same(trainer->data, &data->root, error) : TL_OK;
    tl__tree_free(data);
    return status;
}

static bool checkpoint_is_count(double value, double most)
{
    return value >= 0 && value <= most && value == tl__floor(value);
}

static tl_status checkpoint_check_state(const tl__trainer *trainer, const tl__train_state *state, const char *path,
                                        tl_error *error)
{
    bool fits = checkpoint_is_count(state->epoch, 1e9) && checkpoint_is_count(state->step, (double)trainer->steps) &&
                checkpoint_is_count(state->total_steps, 9e15) && checkpoint_is_count(state->best_epoch, state->epoch) &&
                checkpoint_is_count(state->bad, 1e9) && checkpoint_is_count(state->trigger, 1e9) &&
                checkpoint_is_count(state->history, (double)trainer->history_size) &&
                checkpoint_is_count(state->ended, TL__END_STOPPED) && checkpoint_is_count(state->plateau_bad, 1e9) &&
                checkpoint_is_count(state->cooldown, 1e9) && checkpoint_is_count(state->reductions, 1e9);
    return fits ? TL_OK : checkpoint_bad(path, error, "the state in the checkpoint is damaged");
}

/* Numbers of the arrays that are used as counts or name classes. */
static tl_status checkpoint_check_arrays(const tl__trainer *trainer, const char *path, tl_error *error)
{
    bool fits = true;
    for (size_t i = 0; i < (size_t)trainer->state.history; i++) {
        const tl__epoch *epoch = &trainer->history[i];
        fits = fits && checkpoint_is_count(epoch->epoch, 1e9) && checkpoint_is_count(epoch->batches, 9e15) &&
               checkpoint_is_count(epoch->samples, 9e15);
    }
    const size_t rows = trainer->kept ? trainer->data->part[TL_VALIDATION].count : 0;
    for (size_t i = 0; i < rows; i++) fits = fits && checkpoint_is_count((double)trainer->kept[i], 1 << 24);
    return fits ? TL_OK : checkpoint_bad(path, error, "the state in the checkpoint is damaged");
}

static tl_status checkpoint_read_ring(tl__trainer *trainer, const tl__safetensors *file, const char *path,
                                      tl_error *error)
{
    tl__tree *tree;
    tl_status status = TL_OK;
    TL_TRY(checkpoint_json(trainer->context, file, path, "checkpoint", &tree, error));
    const tl_value *ring = tl__value_child(&tree->root, "ring");
    for (const tl_value *item = ring ? ring->first : NULL; item && trainer->ring.slots &&
         status == TL_OK; item = item->next) {
        int64_t epoch = tl_value_integer(tl__value_child(item, "epoch"), -1);
        const char *hash = tl_value_text(tl__value_child(item, "hash"), "");
        if (epoch < 0 || strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64) {    /* names a file */
            status = checkpoint_bad(path, error, "the list of the last epochs' weights is damaged");
            break;
        }
        struct tl__ring_slot *slot = &trainer->ring.slot[(size_t)epoch % trainer->ring.slots];
        slot->epoch = (double)epoch;
        slot->synced = slot->in_checkpoint = true;
        memcpy(slot->hash, hash, 65);
    }
    tl__tree_free(tree);
    return status;
}

static tl_status checkpoint_read_all(tl__trainer *trainer, const tl__safetensors *file, const char *path,
                                     tl_error *error)
{
    struct checkpoint_array arrays[CHECKPOINT_ARRAYS];
    tl__train_state state;
    struct checkpoint_array first = {"training.state", &state, true, TL__TRAIN_STATE_SIZE, 0};
    TL_TRY(checkpoint_read_array(file, path, &first, error));
    TL_TRY(checkpoint_check_state(trainer, &state, path, error));
    TL_TRY(tl__trainer_prepare(trainer, error));
    trainer->state = state;
    size_t count = checkpoint_list(trainer, arrays);
    bool complete = true, previous = true;    /* analytics that were not there begin now */
    for (size_t i = 1; i < count; i++) {
        if (arrays[i].data == trainer->analytics.previous && !tl__safetensors_find(file, arrays[i].name)) {
            previous = false;
            continue;
        }
        bool analytics = strncmp(arrays[i].name, "training.analytics.", 19) == 0;
        tl_status status = checkpoint_read_array(file, path, &arrays[i], analytics ? NULL : error);
        if (status != TL_OK && !analytics) return status;
        complete = complete && status == TL_OK;
    }
    TL_TRY(checkpoint_check_arrays(trainer, path, error));
    TL_TRY(checkpoint_read_ring(trainer, file, path, error));
    TL_TRY(tl__model_check_hash(file, path, error));
    TL_TRY(tl__model_read_tensors(trainer->model, file, path, trainer->model->parameters, error));
    tl__trainer_load_state(trainer);
    if (!previous)
        memcpy(trainer->analytics.previous, trainer->model->parameters, trainer->analytics.trained * sizeof(float));
    tl__analytics_resume(trainer, complete);
    trainer->resumed = true;
    return TL_OK;
}

/* Read a file and its header; both are freed by the caller, also after a failure. */
static tl_status checkpoint_open(tl_context *context, const char *path, tl__buffer *bytes, tl__safetensors *file,
                                 tl_error *error)
{
    tl__buffer_init(bytes, &context->heap);
    *file = (tl__safetensors){0};
    TL_TRY(tl__file_read(path, bytes, SIZE_MAX, error));
    return tl__safetensors_read(file, &context->heap, bytes->data, bytes->size, path, error);
}

TL_PRIV tl_status tl__checkpoint_read(tl__trainer *trainer, const char *path, tl_error *error)
{
    tl__buffer bytes;
    tl__safetensors file;
    tl_status status = checkpoint_open(trainer->context, path, &bytes, &file, error);
    if (status == TL_OK) status = checkpoint_same(trainer, &file, path, error);
    if (status == TL_OK) status = checkpoint_read_all(trainer, &file, path, error);
    tl__safetensors_free(&file);
    tl__buffer_free(&bytes);
    return status;
}

TL_PRIV tl_status tl__trainer_resume(tl__trainer *trainer, const char *checkpoint, tl_error *error)
{
    return tl__checkpoint_read(trainer, checkpoint, error);
}

TL_PRIV tl_status tl__checkpoint_look(tl_context *context, const char *path, tl__checkpoint_info *out, tl_error *error)
{
    tl__buffer bytes;
    tl__safetensors file;
    tl__tree *tree = NULL;
    tl_status status = checkpoint_open(context, path, &bytes, &file, error);
    if (status == TL_OK) status = checkpoint_json(context, &file, path, "checkpoint", &tree, error);
    if (status == TL_OK) {
        const tl_value *root = &tree->root;
        *out = (tl__checkpoint_info){
            .epoch = tl_value_integer(tl__value_child(root, "epoch"), 0),
            .step = tl_value_integer(tl__value_child(root, "step"), 0),
            .loss = tl_value_number(tl__value_child(root, "loss"), tl__nan_d()),
            .ended = tl_value_bool(tl__value_child(root, "ended"), false),
        };
        tl__format(out->id, sizeof out->id, "%s", tl_value_text(tl__value_child(root, "id"), ""));
        tl__format(out->time, sizeof out->time, "%s", tl_value_text(tl__value_child(root, "time"), ""));
        tl__tree_free(tree);
    }
    tl__safetensors_free(&file);
    tl__buffer_free(&bytes);
    return status;
}
