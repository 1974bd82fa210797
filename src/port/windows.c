/* Files, clock and threads on Windows, for mingw and clang. Paths are UTF-8 where the system's code page is. */
#include "base/error.h"
#include "base/text.h"
#include "port/port.h"

#if !defined(TL_FREESTANDING) && defined(_WIN32)

#ifndef WIN32_LEAN_AND_MEAN
#  define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#include <psapi.h>
#include <stdlib.h>

TL_PRIV int64_t tl__now(tl_context *context)
{
    FILETIME t;
    if (context->clock != NULL) return context->clock(context->clock_user);
    GetSystemTimeAsFileTime(&t);
    /* 100 ns since 1601-01-01 */
    return (int64_t)((((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) - 116444736000000000ULL) / 10);
}

TL_PRIV int64_t tl__ticks(void)
{
    LARGE_INTEGER now, rate;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&rate);
    return now.QuadPart / rate.QuadPart * 1000000000 + now.QuadPart % rate.QuadPart * 1000000000 / rate.QuadPart;
}

TL_PRIV int tl__cpu_count(void)
{
    DWORD_PTR mine, all;
    int count = 0;
    if (!GetProcessAffinityMask(GetCurrentProcess(), &mine, &all)) return 1;
    for (; mine != 0; mine &= mine - 1) count++;
    return count < 1 ? 1 : count;
}

TL_PRIV size_t tl__process_peak(void)
{
    PROCESS_MEMORY_COUNTERS counters;
    if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) return 0;
    return counters.PeakWorkingSetSize;
}

TL_PRIV long tl__process_id(void) { return (long)GetCurrentProcessId(); }

TL_PRIV bool tl__process_alive(long id)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)id);
    DWORD code = 0;
    if (process == NULL) return false;
    bool alive = GetExitCodeProcess(process, &code) && code == STILL_ACTIVE;
    CloseHandle(process);
    return alive;
}

TL_PRIV const char *tl__environment(const char *name) { return getenv(name); }
TL_PRIV void tl__sleep(int64_t microseconds) { Sleep((DWORD)((microseconds + 999) / 1000)); }
TL_PRIV void tl__thread_yield(void) { (void)SwitchToThread(); }

#ifndef TL_NO_FILES

enum { WINDOWS_PATH = 4096, WINDOWS_TRIES = 100, WINDOWS_READ = 1 << 16 };

struct tl__file {
    tl__heap *heap;
    HANDLE handle;
    bool beside;
    char path[WINDOWS_PATH], temporary[WINDOWS_PATH];
};

struct tl__lock {
    tl__heap *heap;
    HANDLE handle;
};

struct tl__reader {
    tl__heap *heap;
    HANDLE handle;
    bool standard;
    uint64_t at;
    char path[WINDOWS_PATH];
};

static tl_status windows_failed(tl_error *error, const char *path, const char *what)
{
    static const struct { DWORD code; tl_status status; const char *text; } meanings[] = {
        {ERROR_FILE_NOT_FOUND, TL_NOT_FOUND, "no such file or folder; check the path"},
        {ERROR_PATH_NOT_FOUND, TL_NOT_FOUND, "no such file or folder; check the path"},
        {ERROR_ACCESS_DENIED, TL_IO, "permission denied; choose a place that you may use, with --out or in the config"},
        {ERROR_WRITE_PROTECT, TL_IO, "the disk is write-protected; choose another folder with --out"},
        {ERROR_DISK_FULL, TL_IO, "the disk is full; free some space, or choose another folder with --out"},
        {ERROR_ALREADY_EXISTS, TL_EXISTS, "it exists already"},
        {ERROR_FILE_EXISTS, TL_EXISTS, "it exists already"},
        {ERROR_SHARING_VIOLATION, TL_LOCKED, "another process uses it"},
    };
    DWORD code = GetLastError();
    for (size_t i = 0; i < TL_COUNT(meanings); i++)
        if (meanings[i].code == code)
            return tl__fail_at(error, meanings[i].status, path, 0, 0, NULL, "%s: %s", what, meanings[i].text);
    return tl__fail_at(error, TL_IO, path, 0, 0, NULL, "%s: system error %lu", what, (unsigned long)code);
}

static bool windows_write_all(HANDLE handle, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        DWORD done = 0, part = size > 1 << 30 ? 1 << 30 : (DWORD)size;
        if (!WriteFile(handle, bytes, part, &done, NULL) || done == 0) return false;
        bytes += done;
        size -= done;
    }
    return true;
}

static HANDLE windows_temporary(const char *path, char out[WINDOWS_PATH])
{
    for (int n = 0; n < WINDOWS_TRIES; n++) {
        if (tl__format(out, WINDOWS_PATH, "%s.tmp-%ld-%d", path, tl__process_id(), n) >= WINDOWS_PATH) break;
        HANDLE handle = CreateFileA(out, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
        if (handle != INVALID_HANDLE_VALUE || GetLastError() != ERROR_FILE_EXISTS) return handle;
    }
    return INVALID_HANDLE_VALUE;
}

static tl_status windows_finish(HANDLE handle, const char *temporary, const char *path, bool sync, tl_error *error)
{
    bool fine = !sync || FlushFileBuffers(handle);
    fine = CloseHandle(handle) && fine;
    DWORD how = MOVEFILE_REPLACE_EXISTING | (sync ? (DWORD)MOVEFILE_WRITE_THROUGH : 0);
    if (fine && MoveFileExA(temporary, path, how)) return TL_OK;
    tl_status status = windows_failed(error, path, "cannot be written");
    DeleteFileA(temporary);
    return status;
}

static HANDLE windows_open(const char *path)
{
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    return CreateFileA(path, GENERIC_READ, share, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
}

TL_PRIV tl_status tl__file_read(const char *path, tl__buffer *out, size_t limit, tl_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    HANDLE handle = standard ? GetStdHandle(STD_INPUT_HANDLE)
                             : windows_open(path);
    size_t before = out->size;
    tl_status status = TL_OK;
    if (handle == INVALID_HANDLE_VALUE) return windows_failed(error, name, "cannot be read");
    while (status == TL_OK) {
        DWORD done = 0;
        if (out->size - before > limit) {
            status = tl__fail_at(error, TL_OUT_OF_RANGE, name, 0, 0, NULL, "is larger than the limit of %zu bytes",
                                 limit);
        } else if (!tl__buffer_reserve(out, WINDOWS_READ)) {
            status = tl__fail_memory(error, out->size + WINDOWS_READ);
        } else if (!ReadFile(handle, out->data + out->size, WINDOWS_READ, &done, NULL)) {
            if (GetLastError() == ERROR_BROKEN_PIPE) break;
            status = windows_failed(error, name, "cannot be read");
        } else if (done == 0) {
            break;
        } else {
            out->size += done;
        }
    }
    if (!standard) CloseHandle(handle);
    if (status != TL_OK) out->size = before;
    if (out->data != NULL) out->data[out->size] = 0;
    return status;
}

TL_PRIV size_t tl__reader_bytes(void) { return sizeof(struct tl__reader); }

TL_PRIV tl_status tl__reader_open(tl_context *context, const char *path, tl__reader **out, tl_error *error)
{
    tl__reader *reader = tl__alloc_zero(&context->heap, 1, sizeof *reader);
    *out = NULL;
    if (reader == NULL) return tl__fail_memory(error, sizeof *reader);
    reader->heap = &context->heap;
    reader->standard = strcmp(path, "-") == 0;
    tl__format(reader->path, sizeof reader->path, "%s", reader->standard ? "standard input" : path);
    reader->handle = reader->standard ? GetStdHandle(STD_INPUT_HANDLE) : windows_open(path);
    if (reader->handle != INVALID_HANDLE_VALUE) {
        *out = reader;
        return TL_OK;
    }
    tl_status status = windows_failed(error, path, "cannot be read");
    tl__free(reader->heap, reader, sizeof *reader);
    return status;
}

/* At most size bytes; 0: the end. */
static tl_status windows_read(tl__reader *reader, uint64_t offset, void *out, size_t size, DWORD *done, tl_error *error)
{
    OVERLAPPED place = {0};
    DWORD part = size > 1 << 30 ? 1 << 30 : (DWORD)size;
    place.Offset = (DWORD)offset;
    place.OffsetHigh = (DWORD)(offset >> 32);
    *done = 0;
    if (ReadFile(reader->handle, out, part, done, reader->standard ? NULL : &place)) return TL_OK;
    DWORD code = GetLastError();
    if (code == ERROR_HANDLE_EOF || code == ERROR_BROKEN_PIPE) return TL_OK;
    return windows_failed(error, reader->path, "cannot be read");
}

TL_PRIV tl_status tl__reader_next(tl__reader *reader, void *out, size_t size, size_t *got, tl_error *error)
{
    unsigned char *bytes = out;
    for (*got = 0; *got < size;) {
        DWORD done;
        TL_TRY(windows_read(reader, reader->at, bytes + *got, size - *got, &done, error));
        if (done == 0) break;
        *got += done;
        reader->at += done;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__reader_at(tl__reader *reader, uint64_t offset, void *out, size_t size, tl_error *error)
{
    unsigned char *bytes = out;
    for (size_t got = 0; got < size;) {
        DWORD done;
        TL_TRY(windows_read(reader, offset + got, bytes + got, size - got, &done, error));
        if (done == 0)
            return tl__fail_at(error, TL_BAD_FILE, reader->path, 0, 0, NULL, "the file is shorter than it was");
        got += done;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__reader_mark(tl__reader *reader, tl__file_mark *out, tl_error *error)
{
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(reader->handle, &info))
        return windows_failed(error, reader->path, "cannot be read");
    uint64_t time = (uint64_t)info.ftLastWriteTime.dwHighDateTime << 32 | info.ftLastWriteTime.dwLowDateTime;
    *out = (tl__file_mark){(uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow, (int64_t)(time / 10)};
    return TL_OK;
}

TL_PRIV void tl__reader_close(tl__reader *reader)
{
    if (reader == NULL) return;
    if (!reader->standard) CloseHandle(reader->handle);
    tl__free(reader->heap, reader, sizeof *reader);
}

TL_PRIV tl_status tl__file_replace(const char *path, const void *bytes, size_t size, bool sync, tl_error *error)
{
    char temporary[WINDOWS_PATH];
    HANDLE handle = windows_temporary(path, temporary);
    if (handle == INVALID_HANDLE_VALUE) return windows_failed(error, path, "cannot be written");
    if (windows_write_all(handle, bytes, size)) return windows_finish(handle, temporary, path, sync, error);
    tl_status status = windows_failed(error, path, "cannot be written");
    CloseHandle(handle);
    DeleteFileA(temporary);
    return status;
}

static tl_status windows_make(tl_context *context, const char *path, bool beside, tl__file **out, tl_error *error)
{
    tl__file *file = tl__alloc(&context->heap, sizeof *file);
    *out = NULL;
    if (file == NULL) return tl__fail_memory(error, sizeof *file);
    file->heap = &context->heap;
    file->beside = beside;
    tl__format(file->path, sizeof file->path, "%s", path);
    file->handle = beside ? windows_temporary(path, file->temporary)
                          : CreateFileA(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS,
                                        FILE_ATTRIBUTE_NORMAL, NULL);
    if (file->handle == INVALID_HANDLE_VALUE) {
        tl_status status = windows_failed(error, path, "cannot be written");
        tl__free(file->heap, file, sizeof *file);
        return status;
    }
    *out = file;
    return TL_OK;
}

TL_PRIV size_t tl__file_bytes(void) { return sizeof(struct tl__file); }

TL_PRIV tl_status tl__file_create(tl_context *context, const char *path, tl__file **out, tl_error *error)
{
    return windows_make(context, path, true, out, error);
}

TL_PRIV tl_status tl__file_append_open(tl_context *context, const char *path, tl__file **out, tl_error *error)
{
    return windows_make(context, path, false, out, error);
}

TL_PRIV tl_status tl__file_write(tl__file *file, const void *bytes, size_t size, tl_error *error)
{
    if (windows_write_all(file->handle, bytes, size)) return TL_OK;
    return windows_failed(error, file->path, "cannot be written");
}

TL_PRIV tl_status tl__file_flush(tl__file *file, bool sync, tl_error *error)
{
    if (!sync || FlushFileBuffers(file->handle)) return TL_OK;
    return windows_failed(error, file->path, "cannot be written");
}

TL_PRIV tl_status tl__file_commit(tl__file *file, bool sync, tl_error *error)
{
    tl_status status = windows_finish(file->handle, file->temporary, file->path, sync, error);
    tl__free(file->heap, file, sizeof *file);
    return status;
}

TL_PRIV void tl__file_abandon(tl__file *file)
{
    if (file == NULL) return;
    CloseHandle(file->handle);
    if (file->beside) DeleteFileA(file->temporary);
    tl__free(file->heap, file, sizeof *file);
}

TL_PRIV tl_status tl__file_close(tl__file *file, tl_error *error)
{
    tl_status status = CloseHandle(file->handle) ? TL_OK : windows_failed(error, file->path, "cannot be written");
    tl__free(file->heap, file, sizeof *file);
    return status;
}

static DWORD windows_attributes(const char *path) { return GetFileAttributesA(path); }

TL_PRIV bool tl__file_exists(const char *path)
{
    DWORD a = windows_attributes(path);
    return a != INVALID_FILE_ATTRIBUTES && (a & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

TL_PRIV bool tl__folder_exists(const char *path)
{
    DWORD a = windows_attributes(path);
    return a != INVALID_FILE_ATTRIBUTES && (a & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

TL_PRIV tl_status tl__file_size(const char *path, uint64_t *bytes, tl_error *error)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    if (!GetFileAttributesExA(path, GetFileExInfoStandard, &data)) return windows_failed(error, path, "cannot be read");
    *bytes = (uint64_t)data.nFileSizeHigh << 32 | data.nFileSizeLow;
    return TL_OK;
}

TL_PRIV tl_status tl__file_modified(const char *path, int64_t *microseconds, tl_error *error)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    if (!GetFileAttributesExA(path, GetFileExInfoStandard, &data)) return windows_failed(error, path, "cannot be read");
    uint64_t t = (uint64_t)data.ftLastWriteTime.dwHighDateTime << 32 | data.ftLastWriteTime.dwLowDateTime;
    *microseconds = (int64_t)((t - 116444736000000000ULL) / 10);
    return TL_OK;
}

TL_PRIV tl_status tl__file_remove(const char *path, tl_error *error)
{
    return DeleteFileA(path) ? TL_OK : windows_failed(error, path, "cannot be removed");
}

TL_PRIV tl_status tl__file_truncate(const char *path, uint64_t bytes, tl_error *error)
{
    HANDLE handle = CreateFileA(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    LARGE_INTEGER at;
    if (handle == INVALID_HANDLE_VALUE) return windows_failed(error, path, "cannot be shortened");
    at.QuadPart = (LONGLONG)bytes;
    bool fine = SetFilePointerEx(handle, at, NULL, FILE_BEGIN) && SetEndOfFile(handle);
    tl_status status = fine ? TL_OK : windows_failed(error, path, "cannot be shortened");
    CloseHandle(handle);
    return status;
}

TL_PRIV tl_status tl__folder_make(const char *path, tl_error *error)
{
    char part[WINDOWS_PATH];
    size_t size = strlen(path);
    if (size >= sizeof part) return tl__fail_at(error, TL_IO, path, 0, 0, NULL, "the name is too long");
    for (size_t i = 1; i <= size; i++) {
        if (i < size && path[i] != '/' && path[i] != '\\') continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (part[i - 1] == ':' || CreateDirectoryA(part, NULL)) continue;
        DWORD code = GetLastError();
        if (tl__folder_exists(part)) continue;
        SetLastError(code);
        return windows_failed(error, path, "cannot be made");
    }
    return TL_OK;
}

TL_PRIV tl_status tl__folder_make_new(const char *path, tl_error *error)
{
    return CreateDirectoryA(path, NULL) ? TL_OK : windows_failed(error, path, "cannot be made");
}

TL_PRIV tl_status tl__folder_remove(const char *path, tl_error *error)
{
    return RemoveDirectoryA(path) ? TL_OK : windows_failed(error, path, "cannot be removed");
}

TL_PRIV bool tl__folder_current(char *out, size_t size)
{
    DWORD n = GetCurrentDirectoryA((DWORD)size, out);
    return n > 0 && n < size;
}

/* NTFS gives names in order already, but no promise: they are collected and put in order by insertion. */
TL_PRIV tl_status tl__folder_list(tl_context *context, const char *path, bool (*each)(void *user, const char *name),
                                  void *user, tl_error *error)
{
    struct windows_name { struct windows_name *next; char *name; } *first = NULL;
    char pattern[WINDOWS_PATH];
    WIN32_FIND_DATAA data;
    tl__arena texts;
    tl_status status = TL_OK;
    tl__format(pattern, sizeof pattern, "%s\\*", path);
    HANDLE find = FindFirstFileA(pattern, &data);
    if (find == INVALID_HANDLE_VALUE) return windows_failed(error, path, "cannot be read");
    tl__arena_init(&texts, &context->heap);
    do {
        if (strcmp(data.cFileName, ".") == 0 || strcmp(data.cFileName, "..") == 0) continue;
        struct windows_name *entry = tl__arena_push(&texts, sizeof *entry), **at = &first;
        if (entry == NULL || (entry->name = tl__arena_text(&texts, data.cFileName)) == NULL) {
            status = tl__fail_memory(error, sizeof *entry);
            break;
        }
        while (*at != NULL && strcmp((*at)->name, entry->name) < 0) at = &(*at)->next;
        entry->next = *at;
        *at = entry;
    } while (FindNextFileA(find, &data));
    FindClose(find);
    for (struct windows_name *entry = first; status == TL_OK && entry != NULL; entry = entry->next)
        if (!each(user, entry->name)) break;
    tl__arena_free(&texts);
    return status;
}

TL_PRIV tl_status tl__lock_take(tl_context *context, const char *path, tl__lock **out, tl_error *error)
{
    *out = NULL;
    HANDLE handle = CreateFileA(path, GENERIC_WRITE, 0, NULL, OPEN_ALWAYS,
                                FILE_ATTRIBUTE_NORMAL | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        if (GetLastError() != ERROR_SHARING_VIOLATION) return windows_failed(error, path, "cannot be locked");
        return tl__fail_at(error, TL_LOCKED, path, 0, 0, NULL,
                           "another process works here; wait for it, or stop it first");
    }
    tl__lock *lock = tl__alloc(&context->heap, sizeof *lock);
    if (lock == NULL) {
        CloseHandle(handle);
        return tl__fail_memory(error, sizeof *lock);
    }
    lock->heap = &context->heap;
    lock->handle = handle;
    *out = lock;
    return TL_OK;
}

TL_PRIV size_t tl__lock_bytes(void) { return sizeof(struct tl__lock); }

TL_PRIV void tl__lock_release(tl__lock *lock)
{
    if (lock == NULL) return;
    CloseHandle(lock->handle);
    tl__free(lock->heap, lock, sizeof *lock);
}

#endif

#ifndef TL_NO_THREADS

#include <stdatomic.h>

struct tl__thread { HANDLE handle; void (*run)(void *user); void *user; };
struct tl__mutex { SRWLOCK handle; };
struct tl__event { SRWLOCK mutex; CONDITION_VARIABLE changed; atomic_uint value; };

TL_PRIV void tl__thread_pause(void) { YieldProcessor(); }

static DWORD WINAPI windows_thread(void *argument)
{
    tl__thread *thread = argument;
    thread->run(thread->user);
    return 0;
}

TL_PRIV size_t tl__thread_bytes(void) { return sizeof(tl__thread); }

TL_PRIV tl_status tl__thread_start_at(void *memory, void (*run)(void *user), void *user)
{
    tl__thread *thread = memory;
    thread->run = run;
    thread->user = user;
    thread->handle = CreateThread(NULL, 0, windows_thread, thread, 0, NULL);
    return thread->handle == NULL ? TL_UNSUPPORTED : TL_OK;
}

TL_PRIV void tl__thread_wait(void *memory)
{
    tl__thread *thread = memory;
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
}

TL_PRIV tl_status tl__mutex_new(tl__heap *heap, tl__mutex **out)
{
    *out = tl__alloc(heap, sizeof **out);
    if (*out == NULL) return TL_OUT_OF_MEMORY;
    InitializeSRWLock(&(*out)->handle);
    return TL_OK;
}

TL_PRIV void tl__mutex_free(tl__heap *heap, tl__mutex *mutex)
{
    if (mutex != NULL) tl__free(heap, mutex, sizeof *mutex);
}

TL_PRIV void tl__mutex_lock(tl__mutex *mutex) { AcquireSRWLockExclusive(&mutex->handle); }
TL_PRIV void tl__mutex_unlock(tl__mutex *mutex) { ReleaseSRWLockExclusive(&mutex->handle); }

TL_PRIV size_t tl__event_bytes(void) { return sizeof(tl__event); }

TL_PRIV tl_status tl__event_new(tl__heap *heap, tl__event **out)
{
    *out = tl__alloc(heap, sizeof **out);
    if (*out == NULL) return TL_OUT_OF_MEMORY;
    InitializeSRWLock(&(*out)->mutex);
    InitializeConditionVariable(&(*out)->changed);
    atomic_init(&(*out)->value, 0);
    return TL_OK;
}

TL_PRIV void tl__event_free(tl__heap *heap, tl__event *event)
{
    if (event != NULL) tl__free(heap, event, sizeof *event);
}

TL_PRIV unsigned tl__event_value(tl__event *event) { return atomic_load_explicit(&event->value, memory_order_acquire); }

TL_PRIV void tl__event_signal(tl__event *event)
{
    AcquireSRWLockExclusive(&event->mutex);
    atomic_fetch_add_explicit(&event->value, 1, memory_order_release);
    WakeAllConditionVariable(&event->changed);
    ReleaseSRWLockExclusive(&event->mutex);
}

TL_PRIV void tl__event_wait(tl__event *event, unsigned seen)
{
    AcquireSRWLockExclusive(&event->mutex);
    while (tl__event_value(event) == seen) SleepConditionVariableSRW(&event->changed, &event->mutex, INFINITE, 0);
    ReleaseSRWLockExclusive(&event->mutex);
}

#endif
/* Words that windows.h takes from everyone behind it. */
#undef near
#undef far
#undef small
#endif
