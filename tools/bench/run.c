/* The group run: `train:run` of the Fashion-MNIST config, ten epochs, from the start of the process to the saved model,
 * and the most memory it held; beside the same training in PyTorch, also a process of its own (peers.py). */
#define _GNU_SOURCE    /* wait4, mkdtemp */
#include "peer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name, *how;    /* how: the loop of peers.py */
} run_cases[] = {
    {"Fashion-MNIST ten epochs", "slices"},
    {"Fashion-MNIST ten epochs beside DataLoader", "loader"},
};

static void run_label(size_t index, char out[BENCH_NAME]) { snprintf(out, BENCH_NAME, "%s", run_cases[index].name); }

enum { RUN_WORDS = 24, RUN_PATH = 700 };

/* A program with its arguments, run again and again. */
typedef struct run_program {
    bench *b;
    const char *words[RUN_WORDS];
    char text[12][RUN_PATH];
    int count, texts;
    int threads;
    const char *folder, *accuracy;    /* what stands before the test accuracy in its output */
    double result;                    /* that accuracy */
    double peak;                      /* bytes of memory, the largest of the repeats */
} run_program;

static void run_word(run_program *p, const char *word) { p->words[p->count++] = word; }

static void run_text(run_program *p, const char *format, const char *a, const char *b)
{
    snprintf(p->text[p->texts], RUN_PATH, format, a, b);
    run_word(p, p->text[p->texts++]);
}

static void run_child(const run_program *p, const char *output)
{
    char threads[16];
    int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) _exit(126);
    dup2(out, 1);
    snprintf(threads, sizeof threads, "%d", p->threads);
    setenv("OMP_NUM_THREADS", threads, 1);
    setenv("MKL_NUM_THREADS", threads, 1);
    bench_pin(p->threads == 1);
    execvp(p->words[0], (char *const *)(void *)p->words);
    _exit(127);
}

static double run_accuracy(const char *output, const char *mark)
{
    static char text[20000];
    FILE *file = fopen(output, "r");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) fclose(file);
    text[size] = 0;
    const char *test = strstr(text, "\"test\""), *at = test ? strstr(test, mark) : NULL;
    return at ? strtod(at + strlen(mark), NULL) : -1;
}

/* The program's own files, so that the next repeat begins as this one did. */
static void run_clean(const run_program *p)
{
    pid_t id = fork();
    if (id == 0) {
        execlp("rm", "rm", "-rf", p->folder, (char *)NULL);
        _exit(127);
    }
    if (id > 0) waitpid(id, NULL, 0);
}

static double run_once(run_program *p)
{
    char output[RUN_PATH];
    int status = 0;
    struct rusage usage;
    if (mkdir(p->folder, 0700) != 0) return -1;
    snprintf(output, sizeof output, "%s/output.txt", p->folder);
    fflush(NULL);
    double begun = bench_seconds();
    pid_t id = fork();
    if (id == 0) run_child(p, output);
    bool ended = id > 0 && wait4(id, &status, 0, &usage) == id && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    double seconds = bench_seconds() - begun;
    p->result = ended ? run_accuracy(output, p->accuracy) : -1;
    if (ended && (double)usage.ru_maxrss * 1024 > p->peak) p->peak = (double)usage.ru_maxrss * 1024;
    run_clean(p);
    return ended && p->result >= 0 ? seconds : -1;
}

static double run_times(void *user, size_t times)
{
    double sum = 0;
    for (size_t i = 0; i < times; i++) {
        double seconds = run_once(user);
        if (seconds < 0) return -1;
        sum += seconds;
    }
    return sum;
}

/* The command's program lies beside this one. */
static void run_ours(run_program *p, const char *threads)
{
    static const char *const sets[][2] = {
        {"data.file.images=%s/%s", "train-images-idx3-ubyte.gz"},
        {"data.file.labels=%s/%s", "train-labels-idx1-ubyte.gz"},
        {"data.test_file.images=%s/%s", "t10k-images-idx3-ubyte.gz"},
        {"data.test_file.labels=%s/%s", "t10k-labels-idx1-ubyte.gz"},
    };
    const char *slash = strrchr(p->b->program, '/');
    char folder[RUN_PATH / 2];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - p->b->program) : 1, slash ? p->b->program : ".");
    run_text(p, "%s/%s", folder, "trainlib");
    run_word(p, "train:run");
    run_word(p, "examples/fashion-mnist/config.yaml");
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
        run_word(p, "--set");
        run_text(p, sets[s][0], p->b->options.data, sets[s][1]);
    }
    run_word(p, "--out");
    run_word(p, p->folder);
    run_word(p, "--threads");
    run_word(p, threads);
    run_word(p, "--json");
    run_word(p, "--quiet");
    p->accuracy = "\"accuracy\":";
}

static void run_torch(run_program *p, const char *threads, const char *how)
{
    run_word(p, "python3");
    run_word(p, "tools/bench/peers.py");
    run_word(p, threads);
    run_word(p, "-1");
    run_word(p, how);
    run_word(p, p->b->options.data);
    run_word(p, p->folder);
    p->accuracy = "\"accuracy\":";
}

static void run_compare(bench_row *row, const run_program *ours, const run_program *theirs)
{
    double apart = ours->result - theirs->result;
    row->peers[0].compared = true;
    row->peers[0].difference = apart < 0 ? -apart : apart;
    row->peers[0].alike = row->peers[0].difference < 0.02;    /* other draws, other weights: seeds are 0.01 apart */
}

static void run_measure(bench *b, size_t index, bench_row *row, const char *folder)
{
    char threads[16];
    bench_team team = {0};
    run_program *programs = tl__alloc_zero(&b->heap, 2, sizeof *programs);
    if (!programs) return;
    snprintf(threads, sizeof threads, "%d", row->threads);
    for (int i = 0; i < 2; i++) {
        programs[i].b = b;
        programs[i].threads = row->threads;
        programs[i].folder = folder;
    }
    run_ours(&programs[0], threads);
    run_torch(&programs[1], threads, run_cases[index].how);
    bench_team_add(&team, "trainlib", run_times, &programs[0]);
    if (bench_peers_have(b, "torch"))
        bench_team_add(&team, index ? "torch, DataLoader" : "torch", run_times, &programs[1]);
    row->times = 1;
    if (bench_measure(b, row, team.workers, team.count)) {
        int used = snprintf(row->note, sizeof row->note, "test accuracy %.4f, at most %.0f MB of memory",
                            programs[0].result, programs[0].peak * 1e-6);
        if (team.count > 1) {
            run_compare(row, &programs[0], &programs[1]);
            snprintf(row->note + used, sizeof row->note - (size_t)used, "; torch %.4f, %.0f MB (%.2f of it)",
                     programs[1].result, programs[1].peak * 1e-6, programs[0].peak / programs[1].peak);
        }
        bench_report(b, row);
    }
    tl__free(&b->heap, programs, 2 * sizeof *programs);
}

static void run_run(bench *b, size_t index)
{
    const char *temporary = getenv("TMPDIR");
    char folder[300], inner[320];
    bench_row row = bench_begin(b, &bench_group_run, index);
    if (!b->options.data) {
        printf("run: left out; --data DIR (DATA=folder) says where Fashion-MNIST's four files are\n");
        return;
    }
    snprintf(folder, sizeof folder, "%.200s/trainlib-bench-XX" "XX" "XX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        bench_fail(b, "run: no temporary folder could be made");
        return;
    }
    snprintf(inner, sizeof inner, "%s/work", folder);
    row.threads = b->options.threads;
    row.work = 600000;
    row.unit = "samples/s";
    run_measure(b, index, &row, inner);
    rmdir(folder);
}

const bench_group bench_group_run = {
    "run", "train:run of Fashion-MNIST from process start to saved model (needs --data)",
    sizeof run_cases / sizeof run_cases[0], run_label, run_run,
};
