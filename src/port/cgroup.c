/* The share of the processors that a Linux container gives its processes, which the processor set does not show: a
 * quota of microseconds in each period. A limit holds for all groups below it, so all groups on the way up are asked;
 * files that a container does not show set no limit. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif
#include "base/text.h"
#include "port/port.h"

#if defined(__linux__) && !defined(TL_FREESTANDING)

#include <fcntl.h>
#include <unistd.h>

enum { CGROUP_PATH = 512, CGROUP_TEXT = 4096, CGROUP_MOST = 1024 };

/* The beginning of a small file as text; empty when it cannot be read. */
static void cgroup_read(const char *path, char *out, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, out, size - 1);
    out[got > 0 ? got : 0] = 0;
    if (file >= 0) close(file);
}

/* The next number of the text, which *at is put behind; -1 when there is none ("max", "-1"). */
static int64_t cgroup_number(const char **at)
{
    const char *begin = *at + strspn(*at, " \n");
    size_t size = strcspn(begin, " \n");
    int64_t number;
    *at = begin + size;
    return tl__parse_int(begin, size, &number) && number > 0 ? number : -1;
}

/* Processors that the quota of one group is worth, rounded up; 0: no limit. */
static int cgroup_limit(const char *folder, bool unified)
{
    char path[CGROUP_PATH + 64], text[64];
    const char *at = text;
    tl__format(path, sizeof path, "%s/%s", folder, unified ? "cpu.max" : "cpu.cfs_quota_us");
    cgroup_read(path, text, sizeof text);
    int64_t quota = cgroup_number(&at), period = unified ? cgroup_number(&at) : -1;
    if (!unified && quota > 0) {
        tl__format(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        cgroup_read(path, text, sizeof text);
        at = text;
        period = cgroup_number(&at);
    }
    if (quota < 0 || period < 0) return 0;
    int64_t count = quota / period + (quota % period != 0);
    return count > CGROUP_MOST ? CGROUP_MOST : (int)count;
}

/* Does the comma-separated list hold the word? */
static bool cgroup_lists(const char *list, size_t size, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = 0; at < size;) {
        size_t part = 0;
        while (at + part < size && list[at + part] != ',') part++;
        if (part == length && memcmp(list + at, word, length) == 0) return true;
        at += part + 1;
    }
    return false;
}

/* The least limit of the group and of those above it, up to `root`. */
static int cgroup_least(const char *root, const char *group, size_t size, bool unified)
{
    char folder[CGROUP_PATH];
    int least = 0;
    size_t base = tl__format(folder, sizeof folder, "%s", root), length = base + size;
    if (length >= sizeof folder) return 0;
    memcpy(folder + base, group, size);
    for (;;) {
        folder[length] = 0;
        int limit = cgroup_limit(folder, unified);
        if (limit > 0 && (least == 0 || limit < least)) least = limit;
        if (length <= base) return least;
        while (length > base && folder[length - 1] != '/') length--;
        if (length > base) length--;
    }
}

TL_PRIV int tl__cgroup_cpus(const char *groups, const char *root)
{
    char text[CGROUP_TEXT], folder[CGROUP_PATH];
    int least = 0;
    cgroup_read(groups, text, sizeof text);
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {   /* number:list:group */
        size_t end = strcspn(line, "\n"), first = strcspn(line, ":") + 1;
        size_t list = first < end ? strcspn(line + first, ":\n") : 0, group = first + list + 1;
        if (first >= end || group > end) continue;
        bool unified = list == 0;
        if (!unified && !cgroup_lists(line + first, list, "cpu")) continue;
        tl__format(folder, sizeof folder, unified ? "%s" : "%s/cpu", root);
        int limit = cgroup_least(folder, line + group, end - group, unified);
        if (limit > 0 && (least == 0 || limit < least)) least = limit;
    }
    return least;
}

#endif
