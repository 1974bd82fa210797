/* Versions: what each run made, kept after its folder is gone. A store is a folder {out}/{output.folder}/versions:
 *
 *     index.jsonl                one line per event: a version, a note or tag that it got, its removal
 *     records/ID.json            what a version was made from: config, settings, metrics
 *     weights/HASH.safetensors   models by the hash of their network, weights and pipeline; equal ones lie there once
 *     NAME.safetensors           the model of NAME's current version, its newest: what a rollback changes
 *
 * A version's id is a hash of what it holds and of where it comes from, so the same training makes the same version
 * again. The index is only ever appended to, under a lock; its last line may be torn by a crash and then does not
 * count. Files are synced before the line that names them. */
#ifndef TL_LAB_VERSIONS_H
#define TL_LAB_VERSIONS_H

#include "lab/config.h"
#include "model/model.h"
#include "port/port.h"

typedef struct tl__version {
    const char *id;                  /* 64 hexadecimal digits */
    const char *parent;              /* id of the version it goes on from; "": none */
    const char *name;                /* of the config */
    const char *object;              /* HASH */
    const char *note, *tag;          /* "": none */
    const tl_value *line;            /* all that the index says of it */
    bool removed;
    bool current;                    /* the newest of its name */
} tl__version;

typedef struct tl__versions {
    tl_context *context;
    tl__arena arena;
    const char *folder;
    tl__tree *index;                 /* a list of the lines; NULL: there is no store yet */
    tl__version *list;               /* oldest first */
    size_t count;
} tl__versions;

/* The store below `out` (NULL: the current folder); `output` is output.folder. Empty when there is none. To be closed,
 * also after a failure. */
TL_PRIV tl_status tl__versions_open(tl__versions *store, tl_context *context, const char *out, const char *output,
                                    tl_error *error);
TL_PRIV void tl__versions_close(tl__versions *store);

/* By the beginning of an id (4 digits at least), a tag, or "NAME" for its current version. NULL: none is called so. */
TL_PRIV tl_status tl__versions_find(const tl__versions *store, const char *what, const tl__version **out,
                                    tl_error *error);

/* What a new version is made from; texts are copied, "" where there is none. */
typedef struct tl__version_draft {
    const char *parent, *origin;     /* origin: "run", "rollback" */
    const char *run;                 /* name of the run folder */
    const char *note, *tag;
    tl_model *model;                 /* with its settings and metrics */
    const tl__config *config;        /* of a run ... */
    const char *config_hash, *data_hash;
    const char *stopped;
    int64_t epochs, best_epoch;
    const tl__version *like;         /* ... or all of this from a version of the store */
} tl__version_draft;
/* Adds a version and makes it the current one of its name; id: what it is called. Adding again what is current already
 * changes nothing. keep: how many of its name stay, see below; 0: all. */
TL_PRIV tl_status tl__versions_add(tl_context *context, const char *out, const char *output,
                                   const tl__version_draft *draft, int64_t keep, char id[65], tl_error *error);

/* note, tag: NULL leaves it, "" takes it away. A tag names one version: another that had it loses it. */
TL_PRIV tl_status tl__versions_mark(tl__versions *store, const tl__version *version, const char *note, const char *tag,
                                    tl_error *error);
/* Removes all but the newest `keep` of each name (of `name`, when it is not NULL); current and tagged ones stay.
 * Weights that no version has any more are removed. Ids go to the list `removed`. */
TL_PRIV tl_status tl__versions_prune(tl__versions *store, const char *name, int64_t keep, tl__builder *builder,
                                     tl_value *removed, tl_error *error);

/* Paths in the arena; NULL: out of memory. */
TL_PRIV const char *tl__version_object(const tl__versions *store, const tl__version *version, tl__arena *arena);
TL_PRIV const char *tl__version_record(const tl__versions *store, const tl__version *version, tl__arena *arena);
/* Gives a model that was loaded from the version's object the settings and metrics of its record. */
TL_PRIV tl_status tl__version_dress(tl_model *model, const char *record, tl_error *error);

/* The config that the version was made with; its paths lead from where the store is. */
TL_PRIV tl_status tl__version_config(tl_context *context, const char *record, const char *const *set,
                                     size_t set_count, tl__config **out, tl_error *error);

/* The version as a map for listings. */
TL_PRIV tl_value *tl__version_put(const tl__version *version, tl__builder *builder, tl_value *parent, const char *key);

#endif
