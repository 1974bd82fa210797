/* Writes the library as one file: amalgamate trainlib.c src VERSION > trainlib.c
 *
 * Includes in quotes are replaced by the file's text: a file with an include guard the first time only, a template
 * (no guard) each time. trainlib.h stays an include. System includes stay where they are. #line keeps messages and
 * debuggers pointing at the sources. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 1000, MAX_DEPTH = 20, MAX_LINE = 4000 };

static char *seen[MAX_FILES];
static int seen_count;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "amalgamate: %s %s\n", what, name);
    exit(1);
}

static int is_guarded(FILE *file)
{
    char line[MAX_LINE];
    int guarded = 0;
    while (!guarded && fgets(line, sizeof line, file))
        if (line[0] == '#') guarded = strncmp(line, "#ifndef TL_", 11) == 0 && strstr(line, "_H\n") != NULL;
    rewind(file);
    return guarded;
}

static int is_first_time(const char *path)
{
    for (int i = 0; i < seen_count; i++)
        if (strcmp(seen[i], path) == 0) return 0;
    if (seen_count == MAX_FILES) die("too many files at", path);
    seen[seen_count] = malloc(strlen(path) + 1);
    if (seen[seen_count] == NULL) die("out of memory at", path);
    strcpy(seen[seen_count++], path);
    return 1;
}

static void put_file(const char *path, const char *folder, int depth)
{
    FILE *file = fopen(path, "r");
    char line[MAX_LINE], name[MAX_LINE], below[MAX_LINE];
    int number = 0;
    if (file == NULL) die("cannot open", path);
    if (depth > MAX_DEPTH) die("includes are nested too deep at", path);
    if (is_guarded(file) && !is_first_time(path)) {
        fclose(file);
        return;
    }
    printf("#line 1 \"%s\"\n", path);
    while (fgets(line, sizeof line, file)) {
        number++;
        if (sscanf(line, " # include \"%[^\"]\"", name) != 1 || strcmp(name, "trainlib.h") == 0) {
            fputs(line, stdout);
            continue;
        }
        if (snprintf(below, sizeof below, "%s/%s", folder, name) >= (int)sizeof below) die("name too long", name);
        put_file(below, folder, depth + 1);
        printf("#line %d \"%s\"\n", number + 1, path);
    }
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 4) die("usage:", "amalgamate trainlib.c src VERSION");
    printf("/* trainlib %s in one file. Compile it with: cc -O2 -c trainlib.c ; licence (MIT) at the end of trainlib.h. */\n", argv[3]);
    put_file(argv[1], argv[2], 0);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
