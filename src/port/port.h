/* The operating system, as small as we need it: files, clock, threads, processor. The only folder that includes
 * an operating system's headers. port_posix.c, port_windows.c, port_none.c (TL_FREESTANDING). */
#ifndef TL_PORT_PORT_H
#define TL_PORT_PORT_H

#include "base/context.h"

/* --- time --- */
TL_PRIV int64_t tl__now(tl_context *context);   /* microseconds since 1970 UTC, by the context's clock if it has one */
TL_PRIV int64_t tl__ticks(void);                /* nanoseconds of a clock that never goes back; for durations */
/* "2026-11-21T10:15:00Z" and "20261121_101500"; own calendar arithmetic, UTC. */
TL_PRIV void tl__time_iso(char out[24], int64_t microseconds);
TL_PRIV void tl__time_compact(char out[24], int64_t microseconds);

/* --- files --- */
/* Whole file into out (appended). At most limit bytes, else TL_OUT_OF_RANGE. Path "-" is standard input. */
TL_PRIV tl_status tl__file_read(const char *path, tl__buffer *out, size_t limit, tl_error *error);
/* Replace a file as a whole: written beside it, synced when `sync`, renamed. The old file stays until then; after a
 * failure no temporary file is left. A temporary name is PATH.tmp-PID-N. */
TL_PRIV tl_status tl__file_replace(const char *path, const void *bytes, size_t size, bool sync, tl_error *error);
/* The same in pieces: open, write, then commit or abandon. */
typedef struct tl__file tl__file;
TL_PRIV tl_status tl__file_create(tl_context *context, const char *path, tl__file **out,
                                  tl_error *error);   /* new, beside */
TL_PRIV size_t tl__file_bytes(void);   /* of the context's heap, while one is open */
TL_PRIV tl_status tl__file_append_open(tl_context *context, const char *path, tl__file **out, tl_error *error);
TL_PRIV tl_status tl__file_write(tl__file *file, const void *bytes, size_t size, tl_error *error);
TL_PRIV tl_status tl__file_flush(tl__file *file, bool sync, tl_error *error);
TL_PRIV tl_status tl__file_commit(tl__file *file, bool sync, tl_error *error);   /* flush, sync, rename, close, free */
TL_PRIV void tl__file_abandon(tl__file *file);   /* close; a file that was not committed is removed */
TL_PRIV tl_status tl__file_close(tl__file *file, tl_error *error);               /* of append_open */

/* A file open for reading; "-" is standard input, which can only be read on (tl__reader_next). Any thread, and several
 * at once, may read at positions. */
typedef struct tl__reader tl__reader;
typedef struct tl__file_mark {      /* what shows that a file was changed */
    uint64_t size;
    int64_t modified;               /* microseconds since 1970 */
} tl__file_mark;
TL_PRIV tl_status tl__reader_open(tl_context *context, const char *path, tl__reader **out, tl_error *error);
TL_PRIV size_t tl__reader_bytes(void);   /* of the context's heap, while one is open */
/* Exactly size bytes from offset; TL_BAD_FILE when the file ends before. */
TL_PRIV tl_status tl__reader_at(tl__reader *reader, uint64_t offset, void *out, size_t size, tl_error *error);
/* The next bytes, at most size; *got is smaller at the end only. */
TL_PRIV tl_status tl__reader_next(tl__reader *reader, void *out, size_t size, size_t *got, tl_error *error);
TL_PRIV tl_status tl__reader_mark(tl__reader *reader, tl__file_mark *out, tl_error *error);   /* as it is now */
TL_PRIV void tl__reader_close(tl__reader *reader);

TL_PRIV bool tl__file_exists(const char *path);
TL_PRIV bool tl__folder_exists(const char *path);
TL_PRIV tl_status tl__file_size(const char *path, uint64_t *bytes, tl_error *error);
TL_PRIV tl_status tl__file_modified(const char *path, int64_t *microseconds, tl_error *error);
TL_PRIV tl_status tl__file_remove(const char *path, tl_error *error);
TL_PRIV tl_status tl__file_truncate(const char *path, uint64_t bytes, tl_error *error);
TL_PRIV tl_status tl__folder_make(const char *path, tl_error *error);            /* with its parents; exists: fine */
TL_PRIV tl_status tl__folder_make_new(const char *path, tl_error *error);        /* TL_EXISTS when it is there */
TL_PRIV tl_status tl__folder_remove(const char *path, tl_error *error);          /* an empty one */
/* The current folder as an absolute path; false when the system does not say or it is too long. */
TL_PRIV bool tl__folder_current(char *out, size_t size);
/* Names in a folder, sorted by bytes, without . and .. ; called for each until it gives false. */
TL_PRIV tl_status tl__folder_list(tl_context *context, const char *path, bool (*each)(void *user, const char *name),
                                  void *user, tl_error *error);
/* Remove temporary files that a killed process left in the folder; _all: and in the folders in it. For who holds the
 * folder's lock: nobody else is writing there. */
TL_PRIV tl_status tl__folder_clean(tl_context *context, const char *path, tl_error *error);
TL_PRIV tl_status tl__folder_clean_all(tl_context *context, const char *path, tl_error *error);
/* A lock that dies with its process. TL_LOCKED when another holds it. */
typedef struct tl__lock tl__lock;
TL_PRIV tl_status tl__lock_take(tl_context *context, const char *path, tl__lock **out, tl_error *error);
TL_PRIV void tl__lock_release(tl__lock *lock);
TL_PRIV size_t tl__lock_bytes(void);   /* of the context's heap, while one is held */

/* --- process and machine --- */
TL_PRIV int tl__cpu_count(void);                /* that this process may use, 1 to 1024: its processor set and quota */
#ifdef __linux__
/* Processors that the quotas of the control groups in a file like /proc/self/cgroup are worth, rounded up;
 * `root` is where groups are mounted. 0: no limit. */
TL_PRIV int tl__cgroup_cpus(const char *groups, const char *root);
#endif
TL_PRIV size_t tl__process_peak(void);          /* bytes of resident memory at its largest; 0: not known */
TL_PRIV long tl__process_id(void);
TL_PRIV bool tl__process_alive(long id);
TL_PRIV const char *tl__environment(const char *name);   /* NULL when not set */

/* --- threads --- (with TL_NO_THREADS: start fails, locks do nothing) */
typedef struct tl__thread tl__thread;
typedef struct tl__mutex tl__mutex;
typedef struct tl__event tl__event;             /* a condition with its own mutex: wait until value != seen */
TL_PRIV tl_status tl__thread_start(tl__heap *heap, void (*run)(void *user), void *user, tl__thread **out);
TL_PRIV void tl__thread_join(tl__heap *heap, tl__thread *thread);
/* The same in memory of tl__thread_bytes that the caller gives and, after the wait, takes back. */
TL_PRIV size_t tl__thread_bytes(void);
TL_PRIV tl_status tl__thread_start_at(void *memory, void (*run)(void *user), void *user);
TL_PRIV void tl__thread_wait(void *memory);
TL_PRIV void tl__thread_yield(void);
TL_PRIV void tl__thread_pause(void);            /* the processor's hint inside a spin */
TL_PRIV void tl__sleep(int64_t microseconds);
TL_PRIV tl_status tl__mutex_new(tl__heap *heap, tl__mutex **out);
TL_PRIV void tl__mutex_free(tl__heap *heap, tl__mutex *mutex);
TL_PRIV void tl__mutex_lock(tl__mutex *mutex);
TL_PRIV void tl__mutex_unlock(tl__mutex *mutex);
TL_PRIV size_t tl__event_bytes(void);                               /* that tl__event_new takes */
TL_PRIV tl_status tl__event_new(tl__heap *heap, tl__event **out);
TL_PRIV void tl__event_free(tl__heap *heap, tl__event *event);
TL_PRIV unsigned tl__event_value(tl__event *event);                 /* atomic load */
TL_PRIV void tl__event_signal(tl__event *event);                    /* value += 1, wakes all */
TL_PRIV void tl__event_wait(tl__event *event, unsigned seen);       /* sleeps while value == seen */

#endif
