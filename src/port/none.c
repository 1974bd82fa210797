/* What port.h gives where there is nothing below: no operating system (TL_FREESTANDING), no files (TL_NO_FILES), no
 * threads (TL_NO_THREADS). Files fail with a status, threads do not start, locks and events do nothing. */
#include "base/error.h"
#include "port/port.h"

#ifdef TL_FREESTANDING

TL_PRIV int64_t tl__now(tl_context *context)
{
    return context->clock != NULL ? context->clock(context->clock_user) : 0;
}
TL_PRIV int64_t tl__ticks(void) { return 0; }
TL_PRIV int tl__cpu_count(void) { return 1; }
TL_PRIV size_t tl__process_peak(void) { return 0; }
TL_PRIV long tl__process_id(void) { return 1; }
TL_PRIV bool tl__process_alive(long id) { return id == 1; }
TL_PRIV const char *tl__environment(const char *name) { (void)name; return NULL; }
TL_PRIV void tl__sleep(int64_t microseconds) { (void)microseconds; }
TL_PRIV void tl__thread_yield(void) { }

#endif

#if defined(TL_FREESTANDING) || defined(TL_NO_FILES)

static tl_status none_file(const char *path, tl_error *error)
{
    return tl__fail_at(error, TL_UNSUPPORTED, path, 0, 0, NULL, "this build of trainlib has no files (TL_NO_FILES)");
}

TL_PRIV tl_status tl__file_read(const char *path, tl__buffer *out, size_t limit, tl_error *error)
{
    (void)out; (void)limit;
    return none_file(path, error);
}
TL_PRIV tl_status tl__file_replace(const char *path, const void *bytes, size_t size, bool sync, tl_error *error)
{
    (void)bytes; (void)size; (void)sync;
    return none_file(path, error);
}
TL_PRIV size_t tl__file_bytes(void) { return 0; }
TL_PRIV tl_status tl__file_create(tl_context *context, const char *path, tl__file **out, tl_error *error)
{
    (void)context;
    *out = NULL;
    return none_file(path, error);
}
TL_PRIV tl_status tl__file_append_open(tl_context *context, const char *path, tl__file **out, tl_error *error)
{
    return tl__file_create(context, path, out, error);
}
TL_PRIV tl_status tl__file_write(tl__file *file, const void *bytes, size_t size, tl_error *error)
{
    (void)file; (void)bytes; (void)size;
    return none_file(NULL, error);
}
TL_PRIV tl_status tl__file_flush(tl__file *file, bool sync, tl_error *error)
{
    (void)file;
    (void)sync;
    return none_file(NULL, error);
}
TL_PRIV tl_status tl__file_commit(tl__file *file, bool sync, tl_error *error)
{
    return tl__file_flush(file, sync, error);
}
TL_PRIV void tl__file_abandon(tl__file *file) { (void)file; }
TL_PRIV tl_status tl__file_close(tl__file *file, tl_error *error) { return tl__file_flush(file, false, error); }
TL_PRIV size_t tl__reader_bytes(void) { return 0; }
TL_PRIV tl_status tl__reader_open(tl_context *context, const char *path, tl__reader **out, tl_error *error)
{
    (void)context;
    *out = NULL;
    return none_file(path, error);
}
TL_PRIV tl_status tl__reader_at(tl__reader *reader, uint64_t offset, void *out, size_t size, tl_error *error)
{
    (void)reader; (void)offset; (void)out; (void)size;
    return none_file(NULL, error);
}
TL_PRIV tl_status tl__reader_next(tl__reader *reader, void *out, size_t size, size_t *got, tl_error *error)
{
    *got = 0;
    return tl__reader_at(reader, 0, out, size, error);
}
TL_PRIV tl_status tl__reader_mark(tl__reader *reader, tl__file_mark *out, tl_error *error)
{
    (void)reader;
    *out = (tl__file_mark){0, 0};
    return none_file(NULL, error);
}
TL_PRIV void tl__reader_close(tl__reader *reader) { (void)reader; }
TL_PRIV bool tl__file_exists(const char *path) { (void)path; return false; }
TL_PRIV bool tl__folder_exists(const char *path) { (void)path; return false; }
TL_PRIV tl_status tl__file_size(const char *path, uint64_t *bytes, tl_error *error)
{
    *bytes = 0;
    return none_file(path, error);
}
TL_PRIV tl_status tl__file_modified(const char *path, int64_t *microseconds, tl_error *error)
{
    *microseconds = 0;
    return none_file(path, error);
}
TL_PRIV tl_status tl__file_remove(const char *path, tl_error *error) { return none_file(path, error); }
TL_PRIV tl_status tl__file_truncate(const char *path, uint64_t bytes, tl_error *error)
{
    (void)bytes;
    return none_file(path, error);
}
TL_PRIV tl_status tl__folder_make(const char *path, tl_error *error) { return none_file(path, error); }
TL_PRIV tl_status tl__folder_make_new(const char *path, tl_error *error) { return none_file(path, error); }
TL_PRIV tl_status tl__folder_remove(const char *path, tl_error *error) { return none_file(path, error); }
TL_PRIV bool tl__folder_current(char *out, size_t size) { (void)out; (void)size; return false; }
TL_PRIV tl_status tl__folder_list(tl_context *context, const char *path, bool (*each)(void *user, const char *name),
                                  void *user, tl_error *error)
{
    (void)context; (void)each; (void)user;
    return none_file(path, error);
}
TL_PRIV tl_status tl__lock_take(tl_context *context, const char *path, tl__lock **out, tl_error *error)
{
    (void)context;
    *out = NULL;
    return none_file(path, error);
}
TL_PRIV size_t tl__lock_bytes(void) { return 0; }
TL_PRIV void tl__lock_release(tl__lock *lock) { (void)lock; }

#endif

#if defined(TL_FREESTANDING) || defined(TL_NO_THREADS)

TL_PRIV size_t tl__thread_bytes(void) { return 1; }
TL_PRIV tl_status tl__thread_start_at(void *memory, void (*run)(void *user), void *user)
{
    (void)memory; (void)run; (void)user;
    return TL_UNSUPPORTED;
}
TL_PRIV void tl__thread_wait(void *memory) { (void)memory; }
TL_PRIV void tl__thread_pause(void) { }
TL_PRIV tl_status tl__mutex_new(tl__heap *heap, tl__mutex **out) { (void)heap; *out = NULL; return TL_OK; }
TL_PRIV void tl__mutex_free(tl__heap *heap, tl__mutex *mutex) { (void)heap; (void)mutex; }
TL_PRIV void tl__mutex_lock(tl__mutex *mutex) { (void)mutex; }
TL_PRIV void tl__mutex_unlock(tl__mutex *mutex) { (void)mutex; }
TL_PRIV size_t tl__event_bytes(void) { return 0; }
TL_PRIV tl_status tl__event_new(tl__heap *heap, tl__event **out) { (void)heap; *out = NULL; return TL_OK; }
TL_PRIV void tl__event_free(tl__heap *heap, tl__event *event) { (void)heap; (void)event; }
TL_PRIV unsigned tl__event_value(tl__event *event) { (void)event; return 0; }
TL_PRIV void tl__event_signal(tl__event *event) { (void)event; }
TL_PRIV void tl__event_wait(tl__event *event, unsigned seen) { (void)event; (void)seen; }

#endif
