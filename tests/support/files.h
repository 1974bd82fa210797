/* Files for tests: a temporary folder that goes with all in it, files in it, and commands. POSIX. */
#ifndef TESTS_SUPPORT_FILES_H
#define TESTS_SUPPORT_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a new folder (below TMPDIR or /tmp) and gives its path; files_end removes it with all in it. */
void files_begin(char folder[256]);
void files_end(const char *folder);

/* folder/name, in one of a few static buffers that are used in turn. */
const char *files_path(const char *folder, const char *name);
/* Writes a file and gives its path as files_path does. Fails the test when it cannot. */
const char *files_write(const char *folder, const char *name, const void *bytes, size_t size);
const char *files_text(const char *folder, const char *name, const char *text);
/* The whole file with a final NUL, to be freed by free(); NULL when it is not there. size may be NULL. */
char *files_read(const char *path, size_t *size);
/* Number of entries of the folder whose names contain `part`. */
int files_count(const char *folder, const char *part);
bool files_exist(const char *path);

/* Runs a shell command; its exit status, and its standard output (with a final NUL, cut at size) when out is not NULL. */
int files_run(const char *command, char *out, size_t size);

#endif
