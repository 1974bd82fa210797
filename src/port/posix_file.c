/* Files, folders and locks on POSIX.1-2008 systems.
 *
 * A new file is written under a temporary name beside its place and renamed when it is whole, so a reader, a full disk
 * or a crash never sees half of it. With sync, the bytes are on the device before the rename, and the rename before we
 * return. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#  define _FILE_OFFSET_BITS 64
#endif
#include "base/error.h"
#include "base/text.h"
#include "port/port.h"

#if !defined(TL_FREESTANDING) && !defined(TL_NO_FILES) && !defined(_WIN32)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>    /* rename */
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POSIX_FILE_PATH = 4096, POSIX_FILE_TRIES = 100, POSIX_FILE_BUFFER = 1 << 14, POSIX_FILE_READ = 1 << 16 };

struct tl__file {
    tl__heap *heap;
    int descriptor;
    bool beside;                      /* at `temporary`, waits for its commit */
    size_t used;
    char path[POSIX_FILE_PATH], temporary[POSIX_FILE_PATH];
    unsigned char buffer[POSIX_FILE_BUFFER];
};

struct tl__lock {
    tl__heap *heap;
    int descriptor;
    char path[POSIX_FILE_PATH];
};

struct tl__reader {
    tl__heap *heap;
    int descriptor;
    bool standard;
    char path[POSIX_FILE_PATH];
};

/* What an errno means to a user, and what to do about it. */
static tl_status posix_file_failed(tl_error *error, const char *path, const char *what, int code)
{
    static const struct { int code; tl_status status; const char *text; } meanings[] = {
        {ENOENT, TL_NOT_FOUND, "no such file or folder; check the path"},
        {EACCES, TL_IO, "permission denied; choose a place that you may use, with --out or in the config"},
        {EPERM, TL_IO, "permission denied; choose a place that you may use, with --out or in the config"},
        {EROFS, TL_IO, "the file system is read-only; choose another folder with --out"},
        {ENOSPC, TL_IO, "the disk is full; free some space, or choose another folder with --out"},
        {EDQUOT, TL_IO, "your disk quota is used up; free some space, or choose another folder with --out"},
        {EFBIG, TL_IO, "the file would be larger than the system allows; free some space, or choose another folder "
                       "with --out"},
        {EISDIR, TL_IO, "it is a folder, not a file"},
        {ENOTDIR, TL_IO, "a part of the path is a file, not a folder"},
        {EEXIST, TL_EXISTS, "it exists already"},
        {ENAMETOOLONG, TL_IO, "the name is too long"},
        {EMFILE, TL_IO, "too many files are open"},
        {ENFILE, TL_IO, "too many files are open"},
        {ELOOP, TL_IO, "too many links lead to each other"},
        {ENOMEM, TL_OUT_OF_MEMORY, "out of memory"},
        {EIO, TL_IO, "the device reports an error"},
    };
    for (size_t i = 0; i < TL_COUNT(meanings); i++)
        if (meanings[i].code == code)
            return tl__fail_at(error, meanings[i].status, path, 0, 0, NULL, "%s: %s", what, meanings[i].text);
    return tl__fail_at(error, TL_IO, path, 0, 0, NULL, "%s: system error %d", what, code);
}

static int64_t posix_file_modified(const struct stat *info)
{
#ifdef __APPLE__
    return (int64_t)info->st_mtimespec.tv_sec * 1000000 + info->st_mtimespec.tv_nsec / 1000;
#else
    return (int64_t)info->st_mtim.tv_sec * 1000000 + info->st_mtim.tv_nsec / 1000;
#endif
}

static bool posix_file_write_all(int descriptor, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(descriptor, bytes, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (n == 0) errno = EIO;
            return false;
        }
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* Makes a new file PATH.tmp-PID-N; -1 with errno. */
static int posix_file_temporary(const char *path, char out[POSIX_FILE_PATH])
{
    for (int n = 0; n < POSIX_FILE_TRIES; n++) {
        if (tl__format(out, POSIX_FILE_PATH, "%s.tmp-%ld-%d", path, (long)getpid(), n) >= POSIX_FILE_PATH) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int descriptor = open(out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (descriptor >= 0 || errno != EEXIST) return descriptor;
    }
    errno = EEXIST;
    return -1;
}

/* A rename is on the device when its folder is. Systems that cannot sync a folder keep it themselves. */
static void posix_file_sync_folder(const char *path)
{
    char folder[POSIX_FILE_PATH];
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] != '/') end--;
    if (end == 0) folder[end++] = '.';
    else memcpy(folder, path, end);
    folder[end] = 0;
    int descriptor = open(folder, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    (void)fsync(descriptor);
    (void)close(descriptor);
}

/* Ends a temporary file: sync, close, rename. Whatever fails, the temporary file is gone. */
static tl_status posix_file_finish(int descriptor, const char *temporary, const char *path, bool sync, tl_error *error)
{
    int code = 0;
    if (sync && fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP) code = errno;
    if (close(descriptor) != 0 && code == 0 && errno != EINTR) code = errno;
    if (code == 0 && rename(temporary, path) != 0) code = errno;
    if (code != 0) {
        (void)unlink(temporary);
        return posix_file_failed(error, path, "cannot be written", code);
    }
    if (sync) posix_file_sync_folder(path);
    return TL_OK;
}

TL_PRIV tl_status tl__file_read(const char *path, tl__buffer *out, size_t limit, tl_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    int descriptor = standard ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    size_t before = out->size, hint = POSIX_FILE_READ;
    tl_status status = TL_OK;
    struct stat info;
    if (descriptor < 0) return posix_file_failed(error, name, "cannot be read", errno);
    if (fstat(descriptor, &info) == 0) {
        if (S_ISDIR(info.st_mode)) status = posix_file_failed(error, name, "cannot be read", EISDIR);
        else if (S_ISREG(info.st_mode) && info.st_size > 0 && (uint64_t)info.st_size > limit) hint = 0;
        else if (S_ISREG(info.st_mode) && info.st_size > 0) hint = (size_t)info.st_size + 1;
    }
    while (status == TL_OK) {
        if (hint == 0 || out->size - before > limit) {
            status = tl__fail_at(error, TL_OUT_OF_RANGE, name, 0, 0, NULL, "is larger than the limit of %zu bytes",
                                 limit);
        } else if (!tl__buffer_reserve(out, hint)) {
            status = tl__fail_memory(error, out->size + hint);
        } else {
            ssize_t n = read(descriptor, out->data + out->size, hint);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) status = posix_file_failed(error, name, "cannot be read", errno);
            if (n <= 0) break;
            out->size += (size_t)n;
            hint -= (size_t)n;
            if (hint == 0) hint = POSIX_FILE_READ;
        }
    }
    if (!standard) (void)close(descriptor);
    if (status != TL_OK) out->size = before;
    if (out->data != NULL) out->data[out->size] = 0;
    return status;
}

/* ---- reading at positions ---- */

TL_PRIV size_t tl__reader_bytes(void) { return sizeof(struct tl__reader); }

TL_PRIV tl_status tl__reader_open(tl_context *context, const char *path, tl__reader **out, tl_error *error)
{
    tl__reader *reader = tl__alloc_zero(&context->heap, 1, sizeof *reader);
    struct stat info;
    *out = NULL;
    if (reader == NULL) return tl__fail_memory(error, sizeof *reader);
    reader->heap = &context->heap;
    reader->standard = strcmp(path, "-") == 0;
    tl__format(reader->path, sizeof reader->path, "%s", reader->standard ? "standard input" : path);
    reader->descriptor = reader->standard ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    int code = reader->descriptor < 0 ? errno : 0;
    if (code == 0 && fstat(reader->descriptor, &info) == 0 && S_ISDIR(info.st_mode)) code = EISDIR;
    if (code == 0) {
        *out = reader;
        return TL_OK;
    }
    tl__reader_close(reader);
    return posix_file_failed(error, path, "cannot be read", code);
}

TL_PRIV tl_status tl__reader_at(tl__reader *reader, uint64_t offset, void *out, size_t size, tl_error *error)
{
    unsigned char *bytes = out;
    while (size > 0) {
        ssize_t n = pread(reader->descriptor, bytes, size, (off_t)offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return posix_file_failed(error, reader->path, "cannot be read", errno);
        if (n == 0)
            return tl__fail_at(error, TL_BAD_FILE, reader->path, 0, 0, NULL, "the file is shorter than it was");
        bytes += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__reader_next(tl__reader *reader, void *out, size_t size, size_t *got, tl_error *error)
{
    unsigned char *bytes = out;
    *got = 0;
    while (*got < size) {
        ssize_t n = read(reader->descriptor, bytes + *got, size - *got);   /* also of a pipe */
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return posix_file_failed(error, reader->path, "cannot be read", errno);
        if (n == 0) break;
        *got += (size_t)n;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__reader_mark(tl__reader *reader, tl__file_mark *out, tl_error *error)
{
    struct stat info;
    if (fstat(reader->descriptor, &info) != 0) return posix_file_failed(error, reader->path, "cannot be read", errno);
    *out = (tl__file_mark){(uint64_t)info.st_size, posix_file_modified(&info)};
    return TL_OK;
}

TL_PRIV void tl__reader_close(tl__reader *reader)
{
    if (reader == NULL) return;
    if (!reader->standard && reader->descriptor >= 0) (void)close(reader->descriptor);
    tl__free(reader->heap, reader, sizeof *reader);
}

/* ---- writing ---- */

TL_PRIV tl_status tl__file_replace(const char *path, const void *bytes, size_t size, bool sync, tl_error *error)
{
    char temporary[POSIX_FILE_PATH];
    int descriptor = posix_file_temporary(path, temporary);
    if (descriptor < 0) return posix_file_failed(error, path, "cannot be written", errno);
    if (!posix_file_write_all(descriptor, bytes, size)) {
        int code = errno;
        (void)close(descriptor);
        (void)unlink(temporary);
        return posix_file_failed(error, path, "cannot be written", code);
    }
    return posix_file_finish(descriptor, temporary, path, sync, error);
}

static tl_status posix_file_make(tl_context *context, const char *path, tl__file **out, tl_error *error)
{
    tl__file *file = tl__alloc(&context->heap, sizeof *file);
    *out = file;
    if (file == NULL) return tl__fail_memory(error, sizeof *file);
    file->heap = &context->heap;
    file->used = 0;
    file->beside = false;
    file->descriptor = -1;
    if (tl__format(file->path, sizeof file->path, "%s", path) < sizeof file->path) return TL_OK;
    tl__free(file->heap, file, sizeof *file);
    *out = NULL;
    return posix_file_failed(error, path, "cannot be written", ENAMETOOLONG);
}

static tl_status posix_file_opened(tl__file **out, int descriptor, tl_error *error)
{
    tl__file *file = *out;
    file->descriptor = descriptor;
    if (descriptor >= 0) return TL_OK;
    tl_status status = posix_file_failed(error, file->path, "cannot be written", errno);
    tl__free(file->heap, file, sizeof *file);
    *out = NULL;
    return status;
}

TL_PRIV size_t tl__file_bytes(void) { return sizeof(struct tl__file); }

TL_PRIV tl_status tl__file_create(tl_context *context, const char *path, tl__file **out, tl_error *error)
{
    TL_TRY(posix_file_make(context, path, out, error));
    (*out)->beside = true;
    return posix_file_opened(out, posix_file_temporary(path, (*out)->temporary), error);
}

TL_PRIV tl_status tl__file_append_open(tl_context *context, const char *path, tl__file **out, tl_error *error)
{
    TL_TRY(posix_file_make(context, path, out, error));
    return posix_file_opened(out, open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666), error);
}

TL_PRIV tl_status tl__file_flush(tl__file *file, bool sync, tl_error *error)
{
    size_t used = file->used;
    file->used = 0;
    if (!posix_file_write_all(file->descriptor, file->buffer, used) || (sync && fsync(file->descriptor) != 0))
        return posix_file_failed(error, file->path, "cannot be written", errno);
    return TL_OK;
}

TL_PRIV tl_status tl__file_write(tl__file *file, const void *bytes, size_t size, tl_error *error)
{
    if (size > sizeof file->buffer - file->used) TL_TRY(tl__file_flush(file, false, error));
    if (size <= sizeof file->buffer) {
        memcpy(file->buffer + file->used, bytes, size);
        file->used += size;
        return TL_OK;
    }
    if (!posix_file_write_all(file->descriptor, bytes, size))
        return posix_file_failed(error, file->path, "cannot be written", errno);
    return TL_OK;
}

TL_PRIV tl_status tl__file_commit(tl__file *file, bool sync, tl_error *error)
{
    tl_status status = tl__file_flush(file, false, error);
    if (status != TL_OK) {
        tl__file_abandon(file);
        return status;
    }
    status = posix_file_finish(file->descriptor, file->temporary, file->path, sync, error);
    tl__free(file->heap, file, sizeof *file);
    return status;
}

TL_PRIV void tl__file_abandon(tl__file *file)
{
    if (file == NULL) return;
    (void)close(file->descriptor);
    if (file->beside) (void)unlink(file->temporary);
    tl__free(file->heap, file, sizeof *file);
}

TL_PRIV tl_status tl__file_close(tl__file *file, tl_error *error)
{
    tl_status status = tl__file_flush(file, false, error);
    if (close(file->descriptor) != 0 && status == TL_OK && errno != EINTR)
        status = posix_file_failed(error, file->path, "cannot be written", errno);
    tl__free(file->heap, file, sizeof *file);
    return status;
}

TL_PRIV bool tl__file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

TL_PRIV bool tl__folder_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

TL_PRIV tl_status tl__file_size(const char *path, uint64_t *bytes, tl_error *error)
{
    struct stat info;
    if (stat(path, &info) != 0) return posix_file_failed(error, path, "cannot be read", errno);
    *bytes = (uint64_t)info.st_size;
    return TL_OK;
}

TL_PRIV tl_status tl__file_modified(const char *path, int64_t *microseconds, tl_error *error)
{
    struct stat info;
    if (stat(path, &info) != 0) return posix_file_failed(error, path, "cannot be read", errno);
    *microseconds = posix_file_modified(&info);
    return TL_OK;
}

TL_PRIV tl_status tl__file_remove(const char *path, tl_error *error)
{
    if (unlink(path) != 0) return posix_file_failed(error, path, "cannot be removed", errno);
    return TL_OK;
}

TL_PRIV tl_status tl__file_truncate(const char *path, uint64_t bytes, tl_error *error)
{
    int result;
    do result = truncate(path, (off_t)bytes);
    while (result != 0 && errno == EINTR);
    if (result != 0) return posix_file_failed(error, path, "cannot be shortened", errno);
    return TL_OK;
}

TL_PRIV tl_status tl__folder_make(const char *path, tl_error *error)
{
    char part[POSIX_FILE_PATH];
    size_t size = strlen(path);
    if (size >= sizeof part) return posix_file_failed(error, path, "cannot be made", ENAMETOOLONG);
    for (size_t i = 1; i <= size; i++) {
        if (i < size && path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = 0;
        int code = mkdir(part, 0777) == 0 ? 0 : errno;
        if (code == 0 || tl__folder_exists(part)) continue;
        return posix_file_failed(error, path, "cannot be made", code == EEXIST ? ENOTDIR : code);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__folder_make_new(const char *path, tl_error *error)
{
    if (mkdir(path, 0777) != 0) return posix_file_failed(error, path, "cannot be made", errno);
    return TL_OK;
}

TL_PRIV tl_status tl__folder_remove(const char *path, tl_error *error)
{
    if (rmdir(path) != 0) return posix_file_failed(error, path, "cannot be removed", errno);
    return TL_OK;
}

TL_PRIV bool tl__folder_current(char *out, size_t size)
{
    return getcwd(out, size) != NULL;
}

/* Names sift down into a heap by bytes; a folder may hold a hundred thousand. */
static void posix_file_sort(const char **names, size_t count)
{
    for (size_t start = count / 2, end = count; end > 1;) {
        if (start > 0) {
            start--;
        } else {
            const char *top = names[0];
            names[0] = names[--end];
            names[end] = top;
        }
        for (size_t at = start, child = 2 * at + 1; child < end; at = child, child = 2 * at + 1) {
            if (child + 1 < end && strcmp(names[child], names[child + 1]) < 0) child++;
            if (strcmp(names[at], names[child]) >= 0) break;
            const char *down = names[at];
            names[at] = names[child];
            names[child] = down;
        }
    }
}

TL_PRIV tl_status tl__folder_list(tl_context *context, const char *path, bool (*each)(void *user, const char *name),
                                  void *user, tl_error *error)
{
    DIR *folder = opendir(path);
    if (folder == NULL) return posix_file_failed(error, path, "cannot be read", errno);
    tl__arena texts;
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    tl_status status = TL_OK;
    tl__arena_init(&texts, &context->heap);
    while (status == TL_OK) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (entry == NULL && errno != 0) status = posix_file_failed(error, path, "cannot be read", errno);
        if (entry == NULL) break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (count == capacity) {
            size_t wanted = capacity == 0 ? 64 : 2 * capacity;
            const char **grown = tl__resize(&context->heap, names, capacity * sizeof *names, wanted * sizeof *names);
            if (grown == NULL) { status = tl__fail_memory(error, wanted * sizeof *names); break; }
            names = grown;
            capacity = wanted;
        }
        names[count] = tl__arena_text(&texts, entry->d_name);
        if (names[count++] == NULL) status = tl__fail_memory(error, strlen(entry->d_name));
    }
    (void)closedir(folder);
    if (status == TL_OK && count > 1) posix_file_sort(names, count);
    for (size_t i = 0; status == TL_OK && i < count; i++)
        if (!each(user, names[i])) break;
    tl__free(&context->heap, names, capacity * sizeof *names);
    tl__arena_free(&texts);
    return status;
}

TL_PRIV tl_status tl__lock_take(tl_context *context, const char *path, tl__lock **out, tl_error *error)
{
    *out = NULL;
    int descriptor, result;
    struct stat info;
    for (;;) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (descriptor < 0) return posix_file_failed(error, path, "cannot be locked", errno);
        do result = flock(descriptor, LOCK_EX | LOCK_NB);
        while (result != 0 && errno == EINTR);
        /* Who held it may have removed the file between our open and our lock; then it is no one's. */
        if (result != 0 || fstat(descriptor, &info) != 0 || info.st_nlink > 0) break;
        (void)close(descriptor);
    }
    if (result != 0) {
        (void)close(descriptor);
        return tl__fail_at(error, TL_LOCKED, path, 0, 0, NULL,
                           "another process works here; wait for it, or stop it first");
    }
    tl__lock *lock = tl__alloc(&context->heap, sizeof *lock);
    if (lock == NULL) {
        (void)close(descriptor);
        return tl__fail_memory(error, sizeof *lock);
    }
    lock->heap = &context->heap;
    lock->descriptor = descriptor;
    tl__format(lock->path, sizeof lock->path, "%s", path);
    *out = lock;
    return TL_OK;
}

TL_PRIV size_t tl__lock_bytes(void) { return sizeof(struct tl__lock); }

TL_PRIV void tl__lock_release(tl__lock *lock)
{
    if (lock == NULL) return;
    (void)unlink(lock->path);
    (void)close(lock->descriptor);
    tl__free(lock->heap, lock, sizeof *lock);
}

#endif
