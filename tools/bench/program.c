/* Processes: their time, and the most memory they held. */
#define _GNU_SOURCE    /* wait4 */
#include "program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void program_word(program *p, const char *word) { p->words[p->count++] = word; }

void program_text(program *p, const char *format, const char *a, const char *b)
{
    snprintf(p->text[p->texts], PROGRAM_PATH, format, a, b);
    program_word(p, p->text[p->texts++]);
}

void program_trainlib(program *p)
{
    const char *slash = strrchr(p->b->program, '/');
    char folder[PROGRAM_PATH / 2];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - p->b->program) : 1, slash ? p->b->program : ".");
    program_text(p, "%s/%s", folder, "trainlib");
}

static void program_child(const program *p, const char *output)
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

static double program_figure(const char *output, const char *mark)
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
static void program_clean(const program *p)
{
    pid_t id = fork();
    if (id == 0) {
        execlp("rm", "rm", "-rf", p->folder, (char *)NULL);
        _exit(127);
    }
    if (id > 0) waitpid(id, NULL, 0);
}

static double program_seconds(const struct timeval *time)
{
    return (double)time->tv_sec + 1e-6 * (double)time->tv_usec;
}

double program_once(program *p)
{
    char output[PROGRAM_PATH];
    int status = 0;
    struct rusage usage;
    if (mkdir(p->folder, 0700) != 0) return -1;
    snprintf(output, sizeof output, "%s/output.txt", p->folder);
    fflush(NULL);
    double begun = bench_seconds();
    pid_t id = fork();
    if (id == 0) program_child(p, output);
    bool ended = id > 0 && wait4(id, &status, 0, &usage) == id && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    double seconds = bench_seconds() - begun;
    p->result = ended ? program_figure(output, p->figure) : -1;
    if (ended && (double)usage.ru_maxrss * 1024 > p->peak) p->peak = (double)usage.ru_maxrss * 1024;
    p->processor = program_seconds(&usage.ru_utime) + program_seconds(&usage.ru_stime);
    program_clean(p);
    return ended && p->result >= 0 ? seconds : -1;
}

double program_times(void *user, size_t times)
{
    double sum = 0;
    for (size_t i = 0; i < times; i++) {
        double seconds = program_once(user);
        if (seconds < 0) return -1;
        sum += seconds;
    }
    return sum;
}
