/* The group threads: the steps on two threads beside the same on one, in turns; and beside a process that keeps a core
 * busy, where barriers that spin would collapse. */
#define _POSIX_C_SOURCE 200809L    /* fork, kill */
#include "net.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    net_shape shape;
    bool busy;    /* beside a busy process */
} threads_cases[] = {
    {NET_DENSE(32, 784, 256, 128, 10), false}, {NET_DENSE(64, 784, 256, 128, 10), false},
    {NET_DENSE(128, 784, 256, 128, 10), false},
    {NET_DENSE(512, 784, 256, 128, 10), false}, {NET_DENSE(16, 4, 16, 3), false},
    {NET_DENSE(32, 24, 32, 16, 3), false},
    {NET_DENSE(64, 784, 256, 128, 10), true}, {NET_DENSE(512, 784, 256, 128, 10), true},
    {NET_DENSE(32, 24, 32, 16, 3), true},
};

static void threads_label(size_t index, char out[BENCH_NAME])
{
    net_name(&threads_cases[index].shape, out);
    strcat(out, threads_cases[index].busy ? " on 2 threads beside a busy core" : " on 2 threads");
}

/* A process that computes until it is killed. */
static pid_t threads_compete(void)
{
    fflush(NULL);
    pid_t id = fork();
    if (id == 0) {
        bench_pin(true);
        for (;;) bench_loop_peak(2, 1000000);
    }
    return id;
}

/* What two threads of the machine can do more than one. */
static void threads_machine(bench *b, bench_row *row)
{
    double one = bench_peak(b, row->simd, 1), two = bench_peak(b, row->simd, 2);
    double one_triad = bench_triad(b, BENCH_L3, 1), two_triad = bench_triad(b, BENCH_L3, 2);
    if (one > 0 && one_triad > 0)
        snprintf(row->note, sizeof row->note, "the machine: multiply-adds %.2f, triad in L3 %.2f times those of one",
                 two / one, two_triad / one_triad);
}

static void threads_measure(bench *b, size_t index, bench_row *row, net *two, net *one)
{
    bench_team team = {0};
    bench_team_add(&team, "trainlib", net_train, two);
    bench_team_add(&team, "trainlib, 1 thread", net_train, one);
    net_peers(two, b, &team, 2, NET_TORCH);
    pid_t busy = threads_cases[index].busy ? threads_compete() : 0;
    bool good = bench_measure(b, row, team.workers, team.count);
    if (busy > 0) {
        kill(busy, SIGKILL);
        waitpid(busy, NULL, 0);
        row->others -= 1;    /* our own doing */
    }
    if (good) bench_report(b, row);
    bench_team_end(&team);
}

static void threads_run(bench *b, size_t index)
{
    const net_shape *shape = &threads_cases[index].shape;
    bench_row row = bench_begin(b, &bench_group_threads, index);
    net one, two;
    if (bench_cores() < 2) {
        printf("%s: this machine has one core\n", row.name);
        return;
    }
    row.threads = 2;
    row.work = (double)shape->batch;
    row.unit = "samples/s";
    row.target = 0.1;
    bench_limit_peak(b, &row);
    if (!threads_cases[index].busy) threads_machine(b, &row);
    bool made_one = net_make(&one, b, shape, b->kernels, 1), made_two = net_make(&two, b, shape, b->kernels, 2);
    if (made_one) row.limit_work = net_flops(&one);
    if (made_one && made_two) threads_measure(b, index, &row, &two, &one);
    net_free(&one);
    net_free(&two);
}

const bench_group bench_group_threads = {
    "threads", "the steps on two threads, alone and beside a busy process",
    sizeof threads_cases / sizeof threads_cases[0], threads_label, threads_run,
};
