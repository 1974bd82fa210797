/* B7's buffer: the weights of the last `patience` epochs. Beside a checkpoint they are files, named by the hash of
 * their numbers and written once; what a file says cannot change, so an old checkpoint's names stay true until the next
 * one is on the disk. Only then are files removed that nothing names any more. */
#include "base/text.h"
#include "kernels/hash.h"
#include "port/port.h"
#include "train/trainer.h"

enum { RING_PATH = 1024 };

TL_PRIV void tl__ring_carve(tl__carver *carver, tl__ring *ring, bool in_memory)
{
    size_t floats = 0;
    if (in_memory && !tl__size_mul(ring->slots, ring->floats, &floats)) carver->overflow = true;
    ring->states = TL_CARVE(carver, float, floats);
    if (!in_memory) ring->states = NULL;
    ring->slot = TL_CARVE(carver, struct tl__ring_slot, ring->slots);
}

static void ring_path(const tl__trainer *trainer, const char *hash, char out[RING_PATH])
{
    tl__format(out, RING_PATH, "%s/patience-%.16s.safetensors", trainer->options.folder, hash);
}

static struct tl__ring_slot *ring_slot(tl__trainer *trainer, double epoch)
{
    return &trainer->ring.slot[(size_t)epoch % trainer->ring.slots];
}

/* Is the file that a slot names also named by another one? Equal weights share a file. */
static bool ring_is_shared(const tl__trainer *trainer, const struct tl__ring_slot *slot)
{
    for (size_t i = 0; i < trainer->ring.slots; i++) {
        const struct tl__ring_slot *other = &trainer->ring.slot[i];
        if (other != slot && other->epoch >= 0 && strcmp(other->hash, slot->hash) == 0) return true;
    }
    return false;
}

/* Of the weights that the model has now. */
static void ring_hash(const tl__trainer *trainer, char out[65])
{
    tl__sha256 sha;
    tl__sha256_begin(&sha);
    tl__sha256_add(&sha, trainer->model->parameters, tl__trainer_floats(trainer) * sizeof(float));
    tl__sha256_hex(&sha, out);
}

TL_PRIV tl_status tl__ring_put(tl__trainer *trainer, double epoch, tl_error *error)
{
    char path[RING_PATH];
    if (trainer->ring.slots == 0) return TL_OK;
    struct tl__ring_slot *slot = ring_slot(trainer, epoch);
    size_t bytes = tl__trainer_floats(trainer) * sizeof(float);
    if (trainer->ring.states) {
        slot->epoch = epoch;
        memcpy(trainer->ring.states + (size_t)epoch % trainer->ring.slots * trainer->ring.floats,
               trainer->model->parameters,
               bytes);
        return TL_OK;
    }
    if (slot->epoch >= 0 && !slot->in_checkpoint && !ring_is_shared(trainer, slot)) {
        ring_path(trainer, slot->hash, path);
        tl__file_remove(path, NULL);
    }
    *slot = (struct tl__ring_slot){.epoch = epoch};
    ring_hash(trainer, slot->hash);
    ring_path(trainer, slot->hash, path);
    return tl__model_write_file(trainer->model, &trainer->shadow, NULL, path, false, error);
}

static tl_status ring_read(tl__trainer *trainer, const char *path, tl_error *error)
{
    tl__buffer bytes;
    tl__safetensors file;
    tl__heap *heap = &trainer->context->heap;
    tl__buffer_init(&bytes, heap);
    tl_status status = tl__file_read(path, &bytes, SIZE_MAX, error);
    if (status == TL_OK) {
        status = tl__safetensors_read(&file, heap, bytes.data, bytes.size, path, error);
        if (status == TL_OK) {
            status = tl__model_read_tensors(trainer->model, &file, path, trainer->model->parameters, error);
            tl__safetensors_free(&file);
        }
    }
    tl__buffer_free(&bytes);
    return status;
}

TL_PRIV tl_status tl__ring_get(tl__trainer *trainer, double epoch, bool *found, tl_error *error)
{
    char path[RING_PATH];
    *found = false;
    if (trainer->ring.slots == 0 || ring_slot(trainer, epoch)->epoch < 0 || ring_slot(trainer, epoch)->epoch > epoch ||
        ring_slot(trainer, epoch)->epoch < epoch)
        return TL_OK;
    *found = true;
    if (trainer->ring.states) {
        memcpy(trainer->model->parameters,
               trainer->ring.states + (size_t)epoch % trainer->ring.slots * trainer->ring.floats,
               tl__trainer_floats(trainer) * sizeof(float));
        return TL_OK;
    }
    char hash[65];
    ring_path(trainer, ring_slot(trainer, epoch)->hash, path);
    TL_TRY(ring_read(trainer, path, error));
    ring_hash(trainer, hash);
    if (strcmp(hash, ring_slot(trainer, epoch)->hash) == 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_FILE, path, 0, 0, NULL,
                       "the weights in this file are not those of epoch %lld; the "
                       "file was changed", (long long)epoch);
}

TL_PRIV tl_status tl__ring_sync(tl__trainer *trainer, tl_error *error)
{
    char path[RING_PATH];
    for (size_t i = 0; i < trainer->ring.slots && !trainer->ring.states; i++) {
        struct tl__ring_slot *slot = &trainer->ring.slot[i];
        if (slot->epoch < 0 || slot->synced) continue;
        ring_path(trainer, slot->hash, path);
        tl__file *file;
        TL_TRY(tl__file_append_open(&trainer->shadow, path, &file, error));
        tl_status status = tl__file_flush(file, true, error);
        tl_status closed = tl__file_close(file, status == TL_OK ? error : NULL);
        if (status != TL_OK || closed != TL_OK) return status != TL_OK ? status : closed;
        slot->synced = true;
    }
    return TL_OK;
}

/* Files of the folder that look like the ring's and are named by no slot. */
static bool ring_sweep_one(void *user, const char *name)
{
    char path[RING_PATH];
    const tl__trainer *trainer = user;
    if (strncmp(name, "patience-", 9) != 0) return true;
    for (size_t i = 0; i < trainer->ring.slots; i++) {
        const struct tl__ring_slot *slot = &trainer->ring.slot[i];
        if (slot->epoch >= 0 && strncmp(name + 9, slot->hash, 16) == 0) return true;
    }
    tl__format(path, sizeof path, "%s/%s", trainer->options.folder, name);
    tl__file_remove(path, NULL);
    return true;
}

TL_PRIV void tl__ring_committed(tl__trainer *trainer)
{
    if (trainer->ring.slots == 0 || trainer->ring.states) return;
    for (size_t i = 0; i < trainer->ring.slots; i++)
        trainer->ring.slot[i].in_checkpoint = trainer->ring.slot[i].epoch >= 0;
    tl__folder_list(&trainer->shadow, trainer->options.folder, ring_sweep_one, trainer, NULL);
}
