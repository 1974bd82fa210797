/* The group run: `train:run` of the Fashion-MNIST config, ten epochs, from the start of the process to the saved model,
 * and the most memory it held; beside the same training in PyTorch, also a process of its own (peers.py). */
#define _GNU_SOURCE    /* mkdtemp */
#include "peer.h"
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *how;    /* how: the loop of peers.py */
} run_cases[] = {
    {"Fashion-MNIST ten epochs", "slices"},
    {"Fashion-MNIST ten epochs beside DataLoader", "loader"},
};

static void run_label(size_t index, char out[BENCH_NAME]) { snprintf(out, BENCH_NAME, "%s", run_cases[index].name); }

static void run_ours(program *p, const char *threads)
{
    static const char *const sets[][2] = {
        {"data.file.images=%s/%s", "train-images-idx3-ubyte.gz"},
        {"data.file.labels=%s/%s", "train-labels-idx1-ubyte.gz"},
        {"data.test_file.images=%s/%s", "t10k-images-idx3-ubyte.gz"},
        {"data.test_file.labels=%s/%s", "t10k-labels-idx1-ubyte.gz"},
    };
    program_trainlib(p);
    program_word(p, "train:run");
    program_word(p, "examples/fashion-mnist/config.yaml");
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
        program_word(p, "--set");
        program_text(p, sets[s][0], p->b->options.data, sets[s][1]);
    }
    program_word(p, "--out");
    program_word(p, p->folder);
    program_word(p, "--threads");
    program_word(p, threads);
    program_word(p, "--json");
    program_word(p, "--quiet");
    p->figure = "\"accuracy\":";
}

static void run_torch(program *p, const char *threads, const char *how)
{
    program_word(p, "python3");
    program_word(p, "tools/bench/peers.py");
    program_word(p, threads);
    program_word(p, "-1");
    program_word(p, how);
    program_word(p, p->b->options.data);
    program_word(p, p->folder);
    p->figure = "\"accuracy\":";
}

static void run_compare(bench_row *row, const program *ours, const program *theirs)
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
    program *programs = tl__alloc_zero(&b->heap, 2, sizeof *programs);
    if (!programs) return;
    snprintf(threads, sizeof threads, "%d", row->threads);
    for (int i = 0; i < 2; i++) {
        programs[i].b = b;
        programs[i].threads = row->threads;
        programs[i].folder = folder;
    }
    run_ours(&programs[0], threads);
    run_torch(&programs[1], threads, run_cases[index].how);
    bench_team_add(&team, "trainlib", program_times, &programs[0]);
    if (bench_peers_have(b, "torch"))
        bench_team_add(&team, index ? "torch, DataLoader" : "torch", program_times, &programs[1]);
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
