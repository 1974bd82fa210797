/* Run folders: {out}/{output.folder}/runs/{name}_{YYYYMMDD_HHMMSS}, two in one second get _2. Made atomically, locked
 * by the process that trains. */
#ifndef TL_LAB_FOLDER_H
#define TL_LAB_FOLDER_H

#include "lab/config.h"
#include "port/port.h"

/* "output/runs" under `out` (NULL: the current folder). */
TL_PRIV const char *tl__runs_folder(tl__arena *arena, const char *out, const char *output);

/* Make {parent}/{name}_{stamp}; *path is in the arena. */
TL_PRIV tl_status tl__folder_make_stamped(tl_context *context, tl__arena *arena, const char *parent, const char *name,
                                          const char *stamp, const char **path, tl_error *error);

/* Called for the folders of `parent` that are named {name}_{stamp} (name NULL: any name), newest first, until it gives
 * false. */
typedef bool tl__run_fn(void *user, const char *path);
TL_PRIV tl_status tl__runs_each(tl_context *context, tl__arena *arena, const char *parent, const char *name,
                                tl__run_fn *each, void *user, tl_error *error);

/* What the RUN of a command means: a run folder, a model file, a config (its newest run), a version, or NULL (the
 * newest run). */
typedef struct tl__run_place {
    const char *folder;      /* NULL: a model file alone */
    const char *model;       /* model.safetensors, or the file that was named, or the weights of a version ... */
    const char *record;      /* ... with its settings (lab/versions.h); NULL: not a version */
    const char *version;     /* its id; NULL: not one */
} tl__run_place;
TL_PRIV tl_status tl__run_find(tl_context *context, tl__arena *arena, const char *run, const tl_options *options,
                               tl__run_place *out, tl_error *error);

/* status.json of a run as a tree with `state` and `running` as they are now: a run whose process is gone is
 * "crashed". */
TL_PRIV tl_status tl__run_state(tl_context *context, const char *folder, tl__tree **out, tl_error *error);

/* A JSON file of a run as a tree. */
TL_PRIV tl_status tl__json_read(tl_context *context, const char *path, tl__tree **out, tl_error *error);
/* A tree as a JSON file, replaced as a whole. */
TL_PRIV tl_status tl__json_save(tl_context *context, const tl_value *value, const char *path, bool sync,
                                tl_error *error);

#endif
