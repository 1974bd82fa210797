/* Clock, process and threads on POSIX.1-2008 systems. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif
#include "base/error.h"
#include "port/port.h"

#if !defined(TL_FREESTANDING) && !defined(_WIN32)

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

TL_PRIV int64_t tl__now(tl_context *context)
{
    struct timespec t;
    if (context->clock != NULL) return context->clock(context->clock_user);
    if (clock_gettime(CLOCK_REALTIME, &t) != 0) return 0;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

TL_PRIV int64_t tl__ticks(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) return 0;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

TL_PRIV int tl__cpu_count(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) n = CPU_COUNT(&set);
    int quota = tl__cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
    if (quota > 0 && quota < n) n = quota;
#endif
    return n < 1 ? 1 : n > 1024 ? 1024 : (int)n;
}

TL_PRIV size_t tl__process_peak(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
    return (size_t)usage.ru_maxrss;
#else
    return (size_t)usage.ru_maxrss * 1024;
#endif
}

TL_PRIV long tl__process_id(void) { return (long)getpid(); }

TL_PRIV bool tl__process_alive(long id)
{
    return id > 0 && (kill((pid_t)id, 0) == 0 || errno == EPERM);
}

TL_PRIV const char *tl__environment(const char *name) { return getenv(name); }

TL_PRIV void tl__sleep(int64_t microseconds)
{
    struct timespec left = {(time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

TL_PRIV void tl__thread_yield(void) { (void)sched_yield(); }

#ifndef TL_NO_THREADS

#include <pthread.h>
#include <stdatomic.h>

#ifdef __linux__
#  include <limits.h>
#  include <sys/syscall.h>
#  ifdef SYS_futex
#    define POSIX_SYSTEM_FUTEX
enum { POSIX_SYSTEM_WAIT = 128, POSIX_SYSTEM_WAKE = 129 };   /* FUTEX_WAIT and FUTEX_WAKE of one process */
#  endif
#endif

struct tl__thread {
    pthread_t handle;
    void (*run)(void *user);
    void *user;
};

struct tl__mutex {
    pthread_mutex_t handle;
};

#ifdef POSIX_SYSTEM_FUTEX
struct tl__event {
    _Atomic uint32_t value;
    atomic_int waiters;
};
#else
struct tl__event {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_uint value;
};
#endif

TL_PRIV void tl__thread_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("pause");
#elif defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
    __asm__ volatile("yield");
#endif
}

static void *posix_system_thread(void *argument)
{
    tl__thread *thread = argument;
    thread->run(thread->user);
    return NULL;
}

TL_PRIV size_t tl__thread_bytes(void) { return sizeof(tl__thread); }

TL_PRIV tl_status tl__thread_start_at(void *memory, void (*run)(void *user), void *user)
{
    tl__thread *thread = memory;
    sigset_t all, before;
    thread->run = run;
    thread->user = user;
    /* Signals belong to the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&thread->handle, NULL, posix_system_thread, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result == 0 ? TL_OK : TL_UNSUPPORTED;
}

TL_PRIV void tl__thread_wait(void *memory) { (void)pthread_join(((tl__thread *)memory)->handle, NULL); }

TL_PRIV tl_status tl__mutex_new(tl__heap *heap, tl__mutex **out)
{
    *out = tl__alloc(heap, sizeof **out);
    if (*out == NULL) return TL_OUT_OF_MEMORY;
    if (pthread_mutex_init(&(*out)->handle, NULL) == 0) return TL_OK;
    tl__free(heap, *out, sizeof **out);
    *out = NULL;
    return TL_OUT_OF_MEMORY;
}

TL_PRIV void tl__mutex_free(tl__heap *heap, tl__mutex *mutex)
{
    if (mutex == NULL) return;
    (void)pthread_mutex_destroy(&mutex->handle);
    tl__free(heap, mutex, sizeof *mutex);
}

TL_PRIV void tl__mutex_lock(tl__mutex *mutex) { (void)pthread_mutex_lock(&mutex->handle); }
TL_PRIV void tl__mutex_unlock(tl__mutex *mutex) { (void)pthread_mutex_unlock(&mutex->handle); }

TL_PRIV size_t tl__event_bytes(void) { return sizeof(tl__event); }

TL_PRIV unsigned tl__event_value(tl__event *event) { return atomic_load_explicit(&event->value, memory_order_acquire); }

#ifdef POSIX_SYSTEM_FUTEX

/* On Linux an event is a word that the kernel compares, and who signals to nobody makes no system call. */
static void posix_system_futex(tl__event *event, int operation, unsigned value)
{
    (void)syscall(SYS_futex, &event->value, operation, value, NULL, NULL, 0);
}

TL_PRIV tl_status tl__event_new(tl__heap *heap, tl__event **out)
{
    *out = tl__alloc_zero(heap, 1, sizeof **out);
    return *out == NULL ? TL_OUT_OF_MEMORY : TL_OK;
}

TL_PRIV void tl__event_free(tl__heap *heap, tl__event *event)
{
    if (event != NULL) tl__free(heap, event, sizeof *event);
}

TL_PRIV void tl__event_signal(tl__event *event)
{
    atomic_fetch_add(&event->value, 1);
    if (atomic_load(&event->waiters) > 0) posix_system_futex(event, POSIX_SYSTEM_WAKE, INT_MAX);
}

TL_PRIV void tl__event_wait(tl__event *event, unsigned seen)
{
    atomic_fetch_add(&event->waiters, 1);
    while (atomic_load(&event->value) == seen) posix_system_futex(event, POSIX_SYSTEM_WAIT, seen);
    atomic_fetch_sub(&event->waiters, 1);
}

#else

TL_PRIV tl_status tl__event_new(tl__heap *heap, tl__event **out)
{
    tl__event *event = tl__alloc(heap, sizeof *event);
    *out = NULL;
    if (event == NULL) return TL_OUT_OF_MEMORY;
    atomic_init(&event->value, 0);
    if (pthread_mutex_init(&event->mutex, NULL) == 0) {
        if (pthread_cond_init(&event->changed, NULL) == 0) {
            *out = event;
            return TL_OK;
        }
        (void)pthread_mutex_destroy(&event->mutex);
    }
    tl__free(heap, event, sizeof *event);
    return TL_OUT_OF_MEMORY;
}

TL_PRIV void tl__event_free(tl__heap *heap, tl__event *event)
{
    if (event == NULL) return;
    (void)pthread_cond_destroy(&event->changed);
    (void)pthread_mutex_destroy(&event->mutex);
    tl__free(heap, event, sizeof *event);
}

TL_PRIV void tl__event_signal(tl__event *event)
{
    (void)pthread_mutex_lock(&event->mutex);
    atomic_fetch_add_explicit(&event->value, 1, memory_order_release);
    (void)pthread_cond_broadcast(&event->changed);
    (void)pthread_mutex_unlock(&event->mutex);
}

TL_PRIV void tl__event_wait(tl__event *event, unsigned seen)
{
    (void)pthread_mutex_lock(&event->mutex);
    while (tl__event_value(event) == seen) (void)pthread_cond_wait(&event->changed, &event->mutex);
    (void)pthread_mutex_unlock(&event->mutex);
}

#endif
#undef POSIX_SYSTEM_FUTEX
#endif
#endif
