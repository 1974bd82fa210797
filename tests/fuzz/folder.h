/* What the targets of files of a run share: a folder of the process's own below TMPDIR, which goes when it ends. */
#ifndef TESTS_FUZZ_FOLDER_H
#define TESTS_FUZZ_FOLDER_H

#include <stdio.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "port/port.h"

static char fuzz_folder_path[200];

static inline void fuzz_folder_end(void)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", fuzz_folder_path);
    if (system(command) != 0) fprintf(stderr, "%s is left behind\n", fuzz_folder_path);
}

static inline const char *fuzz_folder(void)
{
    const char *place = getenv("TMPDIR");
    if (fuzz_folder_path[0]) return fuzz_folder_path;
    snprintf(fuzz_folder_path, sizeof fuzz_folder_path, "%s/trainlib-fuzz-%ld", place ? place : "/tmp", tl__process_id());
    fuzz_must(tl__folder_make(fuzz_folder_path, NULL) == TL_OK);
    atexit(fuzz_folder_end);
    return fuzz_folder_path;
}

/* folder/name, in one of four buffers that are used in turn. */
static inline const char *fuzz_path(const char *name)
{
    static char paths[4][300];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", fuzz_folder(), name);
    return paths[turn];
}

static inline const char *fuzz_file(const char *name, const void *bytes, size_t size)
{
    const char *path = fuzz_path(name);
    FILE *file = fopen(path, "wb");
    fuzz_must(file && (size == 0 || fwrite(bytes, 1, size, file) == size));
    fuzz_must(fclose(file) == 0);
    return path;
}

/* What a target prepares must go well. */
static inline void fuzz_ok(tl_status status, const tl_error *error)
{
    if (status != TL_OK) fprintf(stderr, "the target itself: %s\n", error->message);
    fuzz_must(status == TL_OK);
}

static inline tl_context *fuzz_context(void)
{
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.threads = 1;
    options.memory_limit = FUZZ_MEMORY;
    tl_context *context = tl_context_new(&options);
    fuzz_must(context != NULL);
    return context;
}

#endif
