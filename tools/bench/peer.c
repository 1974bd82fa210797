/* The process of the Python packages: started when first needed, one for each number of threads, since most packages
 * read that number only once. */
#define _POSIX_C_SOURCE 200809L    /* fork, pipe, fdopen */
#include "peer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where peers.py lies: as seen from the source tree, or from the program in its build folder. */
static bool peer_script(const bench *b, char *out, size_t room)
{
    const char *slash = strrchr(b->program, '/');
    snprintf(out, room, "tools/bench/peers.py");
    if (access(out, R_OK) == 0) return true;
    snprintf(out, room, "%.*s/../tools/bench/peers.py", slash ? (int)(slash - b->program) : 1,
             slash ? b->program : ".");
    return access(out, R_OK) == 0;
}

static bool peer_start(bench *b, bench_process *process, int threads)
{
    char script[600], number[16], core[16];
    int to[2], from[2];
    if (!peer_script(b, script, sizeof script))
        return bench_fail(b, "tools/bench/peers.py is not here; run from the project's folder"), false;
    snprintf(number, sizeof number, "%d", threads);
    snprintf(core, sizeof core, "%d", threads == 1 ? bench_core() : -1);
    if (pipe(to) != 0 || pipe(from) != 0) return bench_fail(b, "no pipe to the peers could be made"), false;
    /* a process started later must not hold these open: the end of its questions is what ends the other */
    fcntl(to[1], F_SETFD, FD_CLOEXEC);
    fcntl(from[0], F_SETFD, FD_CLOEXEC);
    fflush(NULL);
    pid_t id = fork();
    if (id == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[0]), close(from[1]);
        execlp("python3", "python3", script, number, core, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    if (id < 0) return bench_fail(b, "no process for the peers could be started"), false;
    signal(SIGPIPE, SIG_IGN);
    process->id = (long)id;
    process->to = fdopen(to[1], "w");
    process->from = fdopen(from[0], "r");
    return process->to && process->from;
}

/* One line to the process and its answer without "ok "; false: it said no, in *answer, or is not there. */
static bool peer_ask(bench *b, int threads, char *answer, size_t room, const char *line)
{
    bench_process *process = &b->processes[threads - 1];
    answer[0] = 0;
    if (process->broken) return false;
    if (!process->to && !peer_start(b, process, threads)) process->broken = true;
    if (!process->broken) {
        fprintf(process->to, "%s\n", line);
        fflush(process->to);
        process->broken = !fgets(answer, (int)room, process->from);
    }
    if (process->broken) return false;
    answer[strcspn(answer, "\n")] = 0;
    bool good = strncmp(answer, "ok", 2) == 0;
    memmove(answer, answer + 2, strlen(answer + 2) + 1);
    return good;
}

/* ---- which packages there are ---- */

static const struct { const char *package, *install; } peer_packages[] = {
    {"torch", "pip install torch"}, {"numpy", "pip install numpy"}, {"scikit-learn", "pip install scikit-learn"},
    {"onnxruntime", "pip install onnxruntime"}, {"onnx", "pip install onnx"},
};

bool bench_peers_have(const bench *b, const char *package)
{
    size_t size = strlen(package);
    for (const char *at = strstr(b->packages, package); at; at = strstr(at + 1, package))
        if (at > b->packages && at[-1] == ' ' && at[size] == ' ') return true;
    return false;
}

/* OpenBLAS takes AVX-512 by itself on some processors only; what is set already stays, and is said. */
static void peer_say_core(void)
{
    const char *core = getenv("OPENBLAS_CORETYPE");
    bool ours = !core && strcmp(tl__kernels_choose(NULL)->name, "avx512") == 0;
    if (ours) setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
    if (ours) printf("OPENBLAS_CORETYPE=SkylakeX is set, so that OpenBLAS uses AVX-512.\n");
    else if (core) printf("OPENBLAS_CORETYPE=%s was set: OpenBLAS is held to that processor's kernels.\n", core);
}

void bench_peers_head(bench *b)
{
    if (!b->options.peers) return;
    peer_say_core();
    if (!peer_ask(b, 1, b->packages, sizeof b->packages, "have")) {
        b->packages[0] = 0;
        printf("Peers: python3 is not here (or peers.py failed), so its packages are left out.\n");
        return;
    }
    printf("Peers:%s\n", b->packages);
    for (size_t p = 0; p < sizeof peer_packages / sizeof peer_packages[0]; p++)
        if (!bench_peers_have(b, peer_packages[p].package))
            printf("%s is not installed and left out: %s\n", peer_packages[p].package, peer_packages[p].install);
}

void bench_peers_end(bench *b)
{
    for (int t = 0; t < BENCH_THREADS; t++) {
        bench_process *process = &b->processes[t];
        if (process->to) fclose(process->to);
        if (process->from) fclose(process->from);
        if (process->id > 0) waitpid((pid_t)process->id, NULL, 0);
    }
}

/* ---- a row's team ---- */

void bench_team_add(bench_team *team, const char *name, double (*run)(void *user, size_t times), void *user)
{
    if (team->count <= BENCH_PEERS) team->workers[team->count++] = (bench_worker){name, run, user};
}

bench_job *bench_team_peer(bench *b, bench_team *team, int threads, const char *package, const char *name,
                           const char *format, ...)
{
    char work[800], line[900], answer[400];
    if (threads > BENCH_THREADS || team->count > BENCH_PEERS || !bench_peers_have(b, package)) return NULL;
    va_list list;
    va_start(list, format);
    vsnprintf(work, sizeof work, format, list);
    va_end(list);
    bench_job *job = &team->jobs[team->count - 1];
    *job = (bench_job){.b = b, .threads = threads};
    snprintf(job->id, sizeof job->id, "j%d", team->count);
    snprintf(line, sizeof line, "make %s %s", job->id, work);
    if (!peer_ask(b, threads, answer, sizeof answer, line)) {
        bench_fail(b, "%s is left out of this row:%s", name, answer);
        return NULL;
    }
    bench_team_add(team, name, bench_job_run, job);
    return job;
}

void bench_team_end(bench_team *team)
{
    for (int w = 1; w < team->count; w++) {
        char line[40], answer[400];
        if (team->workers[w].run != bench_job_run) continue;
        bench_job *job = team->workers[w].user;
        snprintf(line, sizeof line, "drop %s", job->id);
        peer_ask(job->b, job->threads, answer, sizeof answer, line);
    }
    team->count = 0;
}

double bench_job_run(void *user, size_t times)
{
    bench_job *job = user;
    char line[60], answer[400], *end;
    snprintf(line, sizeof line, "run %s %zu", job->id, times);
    if (!peer_ask(job->b, job->threads, answer, sizeof answer, line)) {
        bench_fail(job->b, "a peer stopped:%s", answer);
        return -1;
    }
    double seconds = strtod(answer, &end);
    job->p99 = strtod(end, NULL);
    return seconds;
}

double bench_job_value(bench_job *job)
{
    char line[40], answer[400];
    snprintf(line, sizeof line, "value %s", job->id);
    if (!peer_ask(job->b, job->threads, answer, sizeof answer, line)) return tl__bits_double(0x7ff8000000000000u);
    return strtod(answer, NULL);
}
