/* What the machine says about itself, and whether it is quiet: the processor's name, its caches, and how much of it
 * other processes use meanwhile. What an operating system does not tell is left out. */
#define _GNU_SOURCE    /* the processor set of a thread */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#  include <sched.h>
#endif

#include "port/port.h"

int bench_cores(void) { return tl__cpu_count(); }

const char *bench_compiler(void)
{
#ifdef __clang__
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "another compiler";
#endif
}

static void machine_processor(char *out, size_t room)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(out, room, "a processor");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (!value || strncmp(line, "model name", 10) != 0) continue;
        value[strcspn(value, "\n")] = 0;
        snprintf(out, room, "%s", value + 2);
        break;
    }
    if (file) fclose(file);
}

void bench_machine_line(char *out, size_t room, const bench *b)
{
    char processor[128], caches[96] = "";
    machine_processor(processor, sizeof processor);
    snprintf(caches, sizeof caches, "L1 %zu KiB, L2 %zu KiB, L3 %zu KiB", bench_cache_bytes(1) / 1024,
             bench_cache_bytes(2) / 1024, bench_cache_bytes(3) / 1024);
    snprintf(out, room, "trainlib %s, %s kernels, %s; %s, %d core%s, %s", TL_VERSION, b->kernels->name,
             bench_compiler(), processor, bench_cores(), bench_cores() == 1 ? "" : "s", caches);
}

static bool machine_cache_text(int index, const char *name, char out[32])
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    FILE *file = fopen(path, "r");
    bool read = file && fgets(out, 32, file);
    if (file) fclose(file);
    return read;
}

size_t bench_cache_bytes(int level)
{
    static const size_t usual[] = {0, 32768, 1048576, 8388608};
    char text[32];
    for (int index = 0; index < 8 && machine_cache_text(index, "level", text); index++) {
        if (atoi(text) != level || !machine_cache_text(index, "type", text) || text[0] == 'I') continue;
        if (!machine_cache_text(index, "size", text)) continue;
        size_t factor = strchr(text, 'M') ? 1048576 : strchr(text, 'K') ? 1024 : 1;
        return (size_t)strtoul(text, NULL, 10) * factor;
    }
    return usual[level];
}

/* ---- other processes ---- */

/* Processor seconds that a process has used. */
static double machine_process(long id)
{
    char path[40], text[600];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", id);
    FILE *file = fopen(path, "r");
    char *fields = file && fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
    if (file) fclose(file);
    if (fields) sscanf(fields + 1, " %*s %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Processor seconds of this process, or of those that it started and that ended. */
static double machine_own(int who)
{
    struct rusage own;
    getrusage(who, &own);
    return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
           (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) * 1e-6;
}

/* Processor seconds of all processes since the machine's start, less our own and the peers'; below 0: not known. */
static double machine_others(const bench *b)
{
    double user, nice, system, idle, waiting, irq, soft, steal;
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return -1;
    int read = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &waiting, &irq, &soft,
                      &steal);
    fclose(file);
    if (read != 8) return -1;
    double all = (user + nice + system + irq + soft + steal) / (double)sysconf(_SC_CLK_TCK);
    for (int t = 0; t < BENCH_THREADS; t++)
        if (b->processes[t].id > 0) all -= machine_process(b->processes[t].id);
    return all - machine_own(RUSAGE_SELF) - machine_own(RUSAGE_CHILDREN);
}

static double machine_begun_seconds;

double bench_others_begin(const bench *b)
{
    machine_begun_seconds = bench_seconds();
    return machine_others(b);
}

double bench_others_end(const bench *b, double begun)
{
    double now = machine_others(b), seconds = bench_seconds() - machine_begun_seconds;
    if (begun < 0 || now < 0 || seconds <= 0) return -1;
    double used = now - begun - 0.03;    /* the system counts in hundredths of a second, per core */
    return used > 0 ? used / seconds : 0;
}

/* The last one: interrupts and the rest of the system tend to the first. */
int bench_core(void)
{
#ifdef __linux__
    return (int)sysconf(_SC_NPROCESSORS_CONF) - 1;
#else
    return -1;
#endif
}

static void machine_pin(int first, int end)
{
#ifdef __linux__
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int c = first; c < end; c++) CPU_SET((size_t)c, &set);
    sched_setaffinity(0, sizeof set, &set);
#else
    (void)first, (void)end;
#endif
}

void bench_pin(bool one_core) { machine_pin(one_core ? bench_core() : 0, bench_core() + 1); }

void bench_pin_other(void) { machine_pin(0, bench_core()); }
