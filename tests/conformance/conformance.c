/* Runs outside suites of cases against the readers: conformance DIR [-v].
 *
 * Anywhere below DIR: files y_*.json, n_*.json and i_*.json (must be accepted, must be rejected, either); folders with
 * in.yaml and in.json or test.event (the value) or error (must be rejected); folders with csvs/ and json/ (the rows).
 * A case is correct, a clean refusal (a valid case that uses a construct the reader names as left out), set aside (its own
 * files contradict each other), wrong, or a crash (a signal, or longer than ten seconds; each case runs in a process of
 * its own). Exit status 1 when any is wrong or crashes. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "text/csv.h"
#include "text/yaml.h"

enum { CORRECT = 0, WRONG = 10, ASIDE = 11, REFUSED = 20, MAX_CONSTRUCTS = 32, SECONDS = 10 };
enum { JSON, YAML, CSV, KINDS };

static struct {
    int cases, correct, refused, aside, wrong, crashed;
    int constructs[MAX_CONSTRUCTS];
} tally[KINDS];
static bool verbose;

struct file { char *data; size_t size; };

static bool read_file(const char *folder, const char *name, struct file *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    out->size = 0;
    out->data = NULL;
    for (size_t got = 1, room = 0; got > 0; out->size += got) {
        if (out->size + 1 >= room) out->data = realloc(out->data, room = room * 2 + 4096);
        if (out->data == NULL) exit(3);
        got = fread(out->data + out->size, 1, room - out->size - 1, file);
    }
    out->data[out->size] = '\0';
    fclose(file);
    return true;
}

static int wrong(const char *name, const char *why)
{
    printf("WRONG  %s: %s\n", name, why);
    return WRONG;
}

static tl__tree *new_tree(tl__heap *heap)
{
    tl__tree *tree = NULL;
    if (tl__tree_new(heap, "in", &tree) != TL_OK) exit(3);
    return tree;
}

/* --- comparing --- */

static bool same_value(const tl_value *a, const tl_value *b)
{
    bool numbers = (a->kind == TL_INTEGER || a->kind == TL_NUMBER) && (b->kind == TL_INTEGER || b->kind == TL_NUMBER);
    if (numbers) return a->number == b->number;
    if (a->kind != b->kind || a->count != b->count) return false;
    if (a->kind == TL_TEXT) return a->text_size == b->text_size && memcmp(a->text, b->text, a->text_size) == 0;
    if (a->kind == TL_BOOL) return a->integer == b->integer;
    const tl_value *other = b->first;
    for (const tl_value *child = a->first; child != NULL; child = child->next) {
        if (a->kind == TL_MAP) other = tl__value_child(b, child->key);
        if (other == NULL || !same_value(child, other)) return false;
        if (a->kind == TL_LIST) other = other->next;
    }
    return true;
}

static void unescape(char *text)
{
    char *to = text;
    for (; *text != '\0'; text++) {
        if (*text != '\\') {
            *to++ = *text;
            continue;
        }
        text++;
        *to++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : *text == 'r' ? '\r' : *text == 'b' ? '\b' : *text;
    }
    *to = '\0';
}

/* The value against the events "+MAP", "=VAL :text", ... that begin at *at; moves over them. */
static bool same_events(const tl_value *value, char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (end == NULL) return false;
    *end = '\0';
    *at = end + 1;
    if (strncmp(line, "+MAP", 4) == 0 || strncmp(line, "+SEQ", 4) == 0) {
        bool map = line[1] == 'M';
        if (value->kind != (map ? TL_MAP : TL_LIST)) return false;
        for (const tl_value *child = value->first; child != NULL; child = child->next) {
            if (map) {
                tl_value key = {.kind = TL_TEXT, .text = child->key, .text_size = child->key_size};
                if (!same_events(&key, at)) return false;
            }
            if (!same_events(child, at)) return false;
        }
        bool closed = strncmp(*at, map ? "-MAP" : "-SEQ", 4) == 0;
        end = strchr(*at, '\n');
        if (end != NULL) *at = end + 1;
        return closed;
    }
    if (strncmp(line, "=VAL ", 5) != 0 || value->kind == TL_MAP || value->kind == TL_LIST) return false;
    unescape(line + 6);
    bool plain = line[5] == ':';
    return strlen(line + 6) == value->text_size && memcmp(line + 6, value->text, value->text_size) == 0 &&
           (plain || value->kind == TL_TEXT);
}

static bool same_document(const tl_value *value, char *events)
{
    char *at = strstr(events, "+DOC");
    if (at == NULL) return value->kind == TL_NULL;   /* an empty stream */
    at = strchr(at, '\n');
    if (at == NULL) return false;
    at++;
    return same_events(value, &at) && strncmp(at, "-DOC", 4) == 0;
}

/* --- cases --- */

static int json_case(const char *path)
{
    tl__heap heap;
    tl_error error = {0};
    struct file text;
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    tl__heap_init(&heap, NULL, 0);
    if (!read_file("", path, &text)) return wrong(path, "cannot be read");
    tl__tree *tree = new_tree(&heap), *again = new_tree(&heap);
    tl_status status = tl__json_parse(tree, text.data, text.size, &error);
    int result = CORRECT;
    if (status == TL_OK && name[0] == 'n') result = wrong(path, "accepted");
    if (status != TL_OK && name[0] == 'y') result = wrong(path, error.message);
    if (status != TL_OK && error.message[0] == '\0') result = wrong(path, "rejected without a message");
    if (status == TL_OK) {
        tl__buffer out;
        tl__buffer_init(&out, &heap);
        tl__json_write(&out, &tree->root, 0);
        if (tl__json_parse(again, out.data, out.size, &error) != TL_OK || !tl__value_equal(&tree->root, &again->root))
            result = wrong(path, "does not survive being written and read again");
        tl__buffer_free(&out);
    }
    tl__tree_free(tree);
    tl__tree_free(again);
    free(text.data);
    return heap.in_use == 0 ? result : wrong(path, "leaks memory");
}

static bool is_refusal(const tl_error *error)
{
    return strstr(error->message, "are not part of the YAML that trainlib reads") != NULL;
}

/* Which construct a refusal names, and whether its sign is in the text at all. */
static int refused(const char *folder, const struct file *text, const tl_error *error)
{
    static const char *const signs[] = {"&", "*", "!", "%", "-.", "?", "[{", ":", "<"};
    for (size_t i = 0; tl__yaml_refusal(i) != NULL && i < TL_COUNT(signs); i++)
        if (strstr(error->message, tl__yaml_refusal(i)) != NULL && strpbrk(text->data, signs[i]) != NULL)
            return REFUSED + (int)i;
    return wrong(folder, error->message);
}

static int yaml_check(const char *folder, tl__heap *heap, const struct file *text, tl__tree *tree, tl__tree *expected)
{
    tl_error error = {0};
    struct file other;
    tl_status status = tl__yaml_parse(tree, text->data, text->size, &error);
    if (read_file(folder, "error", &other)) {
        free(other.data);
        return status != TL_OK ? CORRECT : wrong(folder, "accepted, but it is not YAML");
    }
    if (status != TL_OK && is_refusal(&error)) return refused(folder, text, &error);
    if (status != TL_OK) return wrong(folder, error.message);
    bool compared = false;
    int result = CORRECT;
    if (read_file(folder, "in.json", &other)) {
        compared = true;
        if (other.size == 0) result = tree->root.kind == TL_NULL ? CORRECT : wrong(folder, "a value out of nothing");
        else if (tl__json_parse(expected, other.data, other.size, &error) != TL_OK) result = wrong(folder, error.message);
        else if (!same_value(&tree->root, &expected->root)) result = wrong(folder, "another value than in.json");
        free(other.data);
    }
    if (result == CORRECT && read_file(folder, "test.event", &other)) {
        compared = true;
        if (!same_document(&tree->root, other.data)) result = wrong(folder, "another value than test.event");
        free(other.data);
    }
    if (!compared) return wrong(folder, "the case has no expected value");
    if (result == CORRECT) {
        tl__buffer out;
        tl__tree *again = new_tree(heap);
        tl__buffer_init(&out, heap);
        tl__yaml_write(&out, &tree->root, 0);
        if (tl__yaml_parse(again, out.data, out.size, &error) != TL_OK || !tl__value_equal(&tree->root, &again->root))
            result = wrong(folder, "does not survive being written and read again");
        tl__buffer_free(&out);
        tl__tree_free(again);
    }
    return result;
}

static int yaml_case(const char *folder)
{
    tl__heap heap;
    struct file text;
    tl__heap_init(&heap, NULL, 0);
    if (!read_file(folder, "in.yaml", &text)) return wrong(folder, "in.yaml cannot be read");
    tl__tree *tree = new_tree(&heap), *expected = new_tree(&heap);
    int result = yaml_check(folder, &heap, &text, tree, expected);
    tl__tree_free(tree);
    tl__tree_free(expected);
    free(text.data);
    return heap.in_use == 0 ? result : wrong(folder, "leaks memory");
}

/* Cases whose own files contradict each other: counted apart, and said. */
static int differs(const char *path, const char *why)
{
    static const char *const aside[][2] = {
        {"csvs/location_coordinates.csv", "its .json has another phone number than its .csv"}};
    for (size_t i = 0; i < TL_COUNT(aside); i++) {
        if (strlen(path) < strlen(aside[i][0])) continue;
        if (strcmp(path + strlen(path) - strlen(aside[i][0]), aside[i][0]) != 0) continue;
        printf("set aside  %s: %s\n", path, aside[i][1]);
        return ASIDE;
    }
    return wrong(path, why);
}

/* CSV with a header line against a list of maps of texts, or against the one map of the only row. */
static int csv_check(const char *path, tl__csv *csv, tl__tree *names, const tl_value *expected)
{
    tl__builder builder;
    tl_error error = {0};
    bool more;
    size_t row = 0;
    tl__builder_init(&builder, names);
    names->root.kind = TL_LIST;
    while (tl__csv_next(csv, &more, &error) == TL_OK) {
        if (!more) return row == (expected->kind == TL_MAP ? 1 : expected->count) + 1 ? CORRECT : wrong(path, "another number of rows");
        if (row == 0) {
            for (size_t i = 0; i < csv->count; i++)
                tl__put_text_n(&builder, &names->root, NULL, csv->cells[i].text, csv->cells[i].size);
        } else {
            const tl_value *map = expected->kind == TL_MAP ? expected : tl_value_at(expected, row - 1);
            if (map == NULL || map->count != csv->count) return wrong(path, "another number of rows or columns");
            for (size_t i = 0; i < csv->count; i++) {
                const tl_value *name = tl_value_at(&names->root, i), *cell = tl__value_child(map, name->text);
                if (cell == NULL || cell->text_size != csv->cells[i].size ||
                    memcmp(cell->text, csv->cells[i].text, cell->text_size) != 0)
                    return differs(path, "a cell differs");
            }
        }
        row++;
    }
    return wrong(path, error.message);
}

static int csv_case(const char *path)
{
    tl__heap heap;
    tl_error error = {0};
    struct file text, json;
    char answer[4096];
    tl__heap_init(&heap, NULL, 0);
    const char *name = strrchr(path, '/') + 1;
    int folder = (int)(name - path - (ptrdiff_t)strlen("/csvs/"));
    snprintf(answer, sizeof answer, "%.*s/json/%.*s.json", folder, path, (int)strcspn(name, "."), name);
    if (!read_file("", path, &text) || !read_file("", answer, &json)) return wrong(path, "no such pair of files");
    tl__tree *expected = new_tree(&heap), *names = new_tree(&heap);
    tl__csv csv;
    tl__csv_options options = TL__CSV_OPTIONS;
    int result = WRONG;
    if (tl__json_parse(expected, json.data, json.size, &error) != TL_OK) wrong(path, error.message);
    else if (tl__csv_open(&csv, &heap, text.data, text.size, name, &options, &error) != TL_OK) wrong(path, error.message);
    else result = csv_check(path, &csv, names, &expected->root);
    tl__csv_close(&csv);
    tl__tree_free(expected);
    tl__tree_free(names);
    free(text.data);
    free(json.data);
    return heap.in_use == 0 ? result : wrong(path, "leaks memory");
}

/* --- running --- */

static void run(int kind, int (*check)(const char *path), const char *path)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS);
        int result = check(path);
        fflush(stdout);
        _exit(result);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("conformance");
        exit(3);
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    tally[kind].cases++;
    if (code == CORRECT) {
        tally[kind].correct++;
    } else if (code == WRONG) {
        tally[kind].wrong++;
    } else if (code == ASIDE) {
        tally[kind].aside++;
    } else if (code >= REFUSED && code < REFUSED + MAX_CONSTRUCTS) {
        tally[kind].refused++;
        tally[kind].constructs[code - REFUSED]++;
        if (verbose) printf("refused  %s: %s\n", path, tl__yaml_refusal((size_t)(code - REFUSED)));
    } else {
        tally[kind].crashed++;
        printf("CRASH  %s: %s %d\n", path, WIFSIGNALED(status) ? "signal" : "exit status",
               WIFSIGNALED(status) ? WTERMSIG(status) : code);
    }
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), tail = strlen(end);
    return size > tail && strcmp(name + size - tail, end) == 0;
}

static void walk(const char *folder, bool csvs)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    if (count < 0) {
        perror(folder);
        exit(3);
    }
    bool has_json = false;
    for (int i = 0; i < count; i++) has_json = has_json || strcmp(names[i]->d_name, "json") == 0;
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        char path[4096];
        struct stat about;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (name[0] == '.' || stat(path, &about) != 0) {
            /* not a case */
        } else if (S_ISDIR(about.st_mode)) {
            walk(path, has_json && strcmp(name, "csvs") == 0);
        } else if (csvs && ends_with(name, ".csv")) {
            run(CSV, csv_case, path);
        } else if (strcmp(name, "in.yaml") == 0) {
            run(YAML, yaml_case, folder);
        } else if (name[0] != '\0' && name[1] == '_' && strchr("yni", name[0]) != NULL && ends_with(name, ".json")) {
            run(JSON, json_case, path);
        }
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    static const char *const words[KINDS] = {"JSON", "YAML", "CSV"};
    int bad = 0, cases = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: conformance DIR [-v]    (DIR: any folder with JSON, YAML or CSV cases)\n");
        return 2;
    }
    verbose = argc > 2 && strcmp(argv[2], "-v") == 0;
    walk(argv[1], false);
    printf("%-6s %7s %9s %14s %10s %7s %7s\n", "", "cases", "correct", "clean refusal", "set aside", "wrong", "crash");
    for (int kind = 0; kind < KINDS; kind++) {
        printf("%-6s %7d %9d %14d %10d %7d %7d\n", words[kind], tally[kind].cases, tally[kind].correct,
               tally[kind].refused, tally[kind].aside, tally[kind].wrong, tally[kind].crashed);
        bad += tally[kind].wrong + tally[kind].crashed;
        cases += tally[kind].cases;
    }
    for (size_t i = 0; tl__yaml_refusal(i) != NULL; i++)
        if (tally[YAML].constructs[i] > 0) printf("%14d refused for %s\n", tally[YAML].constructs[i], tl__yaml_refusal(i));
    if (cases == 0) fprintf(stderr, "%s holds no cases\n", argv[1]);
    return bad > 0 || cases == 0;
}
