/* See files.h. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#  define _FILE_OFFSET_BITS 64
#endif
#include "support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void files_begin(char folder[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, 256, "%s/trainlib-test-" "XX" "XX" "XX", base != NULL && strlen(base) < 200 ? base : "/tmp");
    if (mkdtemp(folder) == NULL) fail_msg("no temporary folder %s", folder);
}

void files_end(const char *folder)
{
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL) return;
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        char path[1024];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) files_end(path);
        else unlink(path);
    }
    closedir(open_folder);
    rmdir(folder);
}

const char *files_path(const char *folder, const char *name)
{
    static char paths[8][1024];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *files_write(const char *folder, const char *name, const void *bytes, size_t size)
{
    const char *path = files_path(folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) fail_msg("cannot write %s", path);
    if (size > 0 && fwrite(bytes, 1, size, file) != size) fail_msg("cannot write %s", path);
    if (fclose(file) != 0) fail_msg("cannot write %s", path);
    return path;
}

const char *files_text(const char *folder, const char *name, const char *text)
{
    return files_write(folder, name, text, strlen(text));
}

char *files_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    size_t used = 0, capacity = 4096;
    if (file == NULL) return NULL;
    char *bytes = malloc(capacity);
    while (bytes != NULL) {
        size_t n = fread(bytes + used, 1, capacity - used - 1, file);
        used += n;
        if (n == 0) break;
        if (capacity - used < 2) bytes = realloc(bytes, capacity *= 2);
    }
    fclose(file);
    if (bytes == NULL) return NULL;
    bytes[used] = '\0';
    if (size != NULL) *size = used;
    return bytes;
}

int files_count(const char *folder, const char *part)
{
    int count = 0;
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && strstr(entry->d_name, part) != NULL) count++;
    closedir(open_folder);
    return count;
}

bool files_exist(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

int files_run(const char *command, char *out, size_t size)
{
    FILE *pipe_in = popen(command, "r");
    char part[512];
    size_t used = 0;
    if (pipe_in == NULL) return -1;
    for (size_t n; (n = fread(part, 1, sizeof part, pipe_in)) > 0;)
        for (size_t i = 0; i < n && out != NULL && used + 1 < size; i++) out[used++] = part[i];
    if (out != NULL && size > 0) out[used] = '\0';
    int status = pclose(pipe_in);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
