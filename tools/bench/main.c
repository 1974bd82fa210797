/* make bench: arguments, the list of groups, and the run over the cases that were asked for. */
#include "peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bench_group *const main_groups[] = {
#define BENCH_GROUP(name) &bench_group_##name,
#include "groups.h"
#undef BENCH_GROUP
};
enum { MAIN_GROUPS = sizeof main_groups / sizeof main_groups[0] };

static const char main_usage[] =
    "bench: how fast the library is on this machine\n"
    "\n"
    "    make bench [K=gemm] [PEERS=1] [SIMD=avx2] [DATA=folder]\n"
    "    build/bench [options] [FILTER]\n"
    "\n"
    "FILTER     parts of \"GROUP CASE\", separated by commas: gemm,step 784\n"
    "--list     the cases, one a line\n"
    "--peers    the same work by the packages that are installed here, in turns\n"
    "--repeat N repeats of each measurement (default 7)\n"
    "--simd SET the set of kernels: avx512, avx2, sse2, neon, scalar\n"
    "--threads N threads of the cases that do not fix them (default 1)\n"
    "--times N  exactly N operations a repeat and no limits: for counting instructions in an emulator\n"
    "--data DIR folder with Fashion-MNIST's four .gz files, for the group run\n"
    "--csv FILE, --json FILE   the results as files\n"
    "\n";

void bench_fail(bench *b, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    b->failed = true;
}

typedef struct main_option {
    const char *name;
    bool *flag;
    const char **text;
    int *number;
} main_option;

/* --name, --name VALUE, --name=VALUE. Gives how many words were read; 0 after a mistake was said. */
static int main_read(const main_option *option, const char *word, const char *next)
{
    size_t size = strlen(option->name);
    const char *value = word[2 + size] == '=' ? word + 3 + size : next;
    if (option->flag) return *option->flag = true, 1;
    if (!value) return fprintf(stderr, "bench: --%s needs a value\n", option->name), 0;
    if (option->text) *option->text = value;
    if (option->number) {
        char *end;
        long number = strtol(value, &end, 10);
        if (*end || end == value || number < 1 || number > BENCH_REPEATS)
            return fprintf(stderr, "bench: --%s takes a number from 1 to %d\n", option->name, BENCH_REPEATS), 0;
        *option->number = (int)number;
    }
    return value == next ? 2 : 1;
}

static bool main_arguments(bench_options *options, int argc, char **argv)
{
    const main_option list[] = {
        {"peers", &options->peers, NULL, NULL}, {"list", &options->list, NULL, NULL},
        {"help", &options->help, NULL, NULL}, {"simd", NULL, &options->simd, NULL},
        {"csv", NULL, &options->csv, NULL}, {"json", NULL, &options->json, NULL},
        {"data", NULL, &options->data, NULL}, {"repeat", NULL, NULL, &options->repeat},
        {"threads", NULL, NULL, &options->threads}, {"times", NULL, NULL, &options->times},
    };
    for (int i = 1; i < argc;) {
        int used = 0;
        bool known = false;
        for (size_t o = 0; o < sizeof list / sizeof list[0]; o++) {
            size_t size = strlen(list[o].name);
            if (strncmp(argv[i], "--", 2) != 0 || strncmp(argv[i] + 2, list[o].name, size) != 0) continue;
            if (argv[i][2 + size] && argv[i][2 + size] != '=') continue;
            known = true;
            used = main_read(&list[o], argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        }
        if (!known && argv[i][0] != '-' && !options->filter) {
            options->filter = argv[i];
            known = true;
            used = 1;
        }
        if (!known) fprintf(stderr, "bench: %s is no option; build/bench --help lists them\n", argv[i]);
        if (used == 0) return false;
        i += used;
    }
    return true;
}

/* Does the part begin with a group's whole name? Then it means that group only. */
static bool main_names_group(const char *part)
{
    for (size_t g = 0; g < MAIN_GROUPS; g++) {
        size_t size = strlen(main_groups[g]->name);
        if (strncmp(part, main_groups[g]->name, size) == 0 && (!part[size] || part[size] == ' ')) return true;
    }
    return false;
}

/* Is one of the filter's parts in "GROUP CASE"? */
static bool main_wanted(const char *filter, const char *group, const char *name)
{
    char whole[BENCH_NAME + 20], part[BENCH_NAME];
    if (!filter || !filter[0]) return true;
    snprintf(whole, sizeof whole, "%s %s", group, name);
    while (*filter) {
        size_t size = strcspn(filter, ",");
        if (size > 0 && size < sizeof part) {
            memcpy(part, filter, size);
            part[size] = 0;
            const char *found = strstr(whole, part);
            if (found && (found == whole || !main_names_group(part))) return true;
        }
        filter += size + (filter[size] == ',');
    }
    return false;
}

static size_t main_cases(bench *b)
{
    size_t found = 0;
    for (size_t g = 0; g < MAIN_GROUPS; g++) {
        const bench_group *group = main_groups[g];
        for (size_t i = 0; i < group->count; i++) {
            char name[BENCH_NAME];
            group->label(i, name);
            if (!main_wanted(b->options.filter, group->name, name)) continue;
            found++;
            if (b->options.list) printf("%s %s\n", group->name, name);
            else group->run(b, i);
        }
    }
    return found;
}

int main(int argc, char **argv)
{
    bench b = {.options = {.repeat = 7, .threads = 1}, .program = argv[0]};
    if (!main_arguments(&b.options, argc, argv)) return 2;
    if (b.options.help) {
        fputs(main_usage, stdout);
        for (size_t g = 0; g < MAIN_GROUPS; g++) printf("%-10s %s\n", main_groups[g]->name, main_groups[g]->help);
        return 0;
    }
    tl__heap_init(&b.heap, NULL, 0);
    b.kernels = tl__kernels_choose(b.options.simd);
    if (!b.kernels) return fprintf(stderr, "bench: --simd %s: there is no such set\n", b.options.simd), 2;
    if (!b.options.list) bench_print_head(&b);
    if (main_cases(&b) == 0)
        bench_fail(&b, "no case has %s in its name; build/bench --list shows them", b.options.filter);
    bench_print_summary(&b);
    bench_write_files(&b);
    bench_peers_end(&b);
    tl__free(&b.heap, b.rows, b.row_room * sizeof *b.rows);
    return b.failed;
}
