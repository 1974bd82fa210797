/* Changes while a run is on. A change is a set of live settings that acts before a step; it comes from
 *
 *     control.json in the run's folder     {"set": {"training.learning_rate": 1e-4}, "do": "pause", "origin": "..."};
 *                                          do: pause, continue, stop, checkpoint. It is taken away when it was read,
 *                                          and answered in control_answer.json
 *     the config file                      when it is written anew: what differs from what it said before
 *     --set of a resumed run
 *     training.changes                     written down beforehand
 *
 * Each is checked as a config is, all of it or nothing. What was taken stands in changes.jsonl, on the disk before it
 * acts: {"time", "origin", "step", "set"}. A resumed run takes the same changes before the same steps. What cannot be
 * changed is refused with its reason in the log, and the run goes on. */
#ifndef TL_LAB_LIVE_H
#define TL_LAB_LIVE_H

#include "lab/journal.h"
#include "lab/session.h"

typedef struct tl__live_change {
    int64_t step;                    /* acts when so many steps are done */
    const char *const *set;          /* "training.learning_rate=0.0001" */
    size_t count;
} tl__live_change;

typedef struct tl__live {
    tl_context *context;
    tl__arena *arena;                /* of the run; grows with each change */
    const tl__config *config;        /* as the run began */
    const tl_options *options;
    tl__trainer *trainer;
    tl__journal *journal;
    const char *folder;              /* of the run */
    const char *file;                /* the config's, that is watched; NULL: none */
    tl__file_mark mark;              /* of it, when it was read */
    tl__config *file_config;         /* what it said then; NULL: as `config` */
    const tl_progress *progress;     /* the last one */
    const char **set;                /* all that has come so far, oldest first */
    size_t set_count, set_capacity;
    tl__live_change *planned;        /* written down or recorded, by step */
    size_t planned_count, next;
    int64_t looked;                  /* ticks */
    bool paused;
} tl__live;

/* Before the trainer reads a checkpoint; all members but `folder` and `file` may be zero. What cannot be is refused.
 * checkpoint: NULL, or what the trainer is going to read. */
TL_PRIV tl_status tl__live_open(tl__live *live, tl__session *session, const char *checkpoint, tl_error *error);
TL_PRIV void tl__live_close(tl__live *live);
/* A listener's `before`, with the tl__live as user. */
TL_PRIV tl_status tl__live_before(void *live, tl__trainer *trainer, tl_error *error);

/* ---- live_requests.c ---- */
/* Look for what others ask of the run. */
TL_PRIV tl_status tl__live_look(tl__live *live, tl_error *error);
TL_PRIV bool tl__live_mark(const char *file, tl__file_mark *out);   /* false: it cannot be looked at */
/* The config that the run works with now, with `set` over it. */
TL_PRIV tl_status tl__live_config(const tl__live *live, const char *const *set, size_t count, tl__config **out,
                                  tl_error *error);
/* Take a change: checked, recorded, acting. why: the reason of a refusal, which gives TL_BAD_CONFIG. */
TL_PRIV tl_status tl__live_take(tl__live *live, const char *const *set, size_t count, const char *origin,
                                tl_error *why);
/* {path: value} or ["path=value"] as texts for --set, in the arena; *out NULL: memory is out. */
TL_PRIV size_t tl__live_texts(tl_context *context, tl__arena *arena, const tl_value *set, const char *const **out);

#endif
