/* Prints one hash per kernel function over the cases of cases.h: hash_kernels [SET]. Equal output means equal bits, so
 * it is run for every set, compiler, optimisation level and machine (also emulated) and compared; sets of class
 * "unfused" have an output of their own. Which set ran goes to standard error. */
#include "kernels/cases.h"

enum { HASHES_MAX = 128 };
static struct hashes { const char *name; uint64_t hash; } hashes[HASHES_MAX];
static size_t hashes_count;

static void hashes_add(void *user, const char *name, uint64_t hash)
{
    size_t i = 0;
    (void)user;
    while (i < hashes_count && strcmp(hashes[i].name, name) != 0) i++;
    if (i == HASHES_MAX) exit(1);
    if (i == hashes_count) hashes[hashes_count++] = (struct hashes){name, 1469598103934665603u};
    hashes[i].hash = (hashes[i].hash ^ hash) * 1099511628211u;
}

int main(int count, char **arguments)
{
    bool overrun;
    const tl__kernels *set = tl__kernels_choose(count > 1 ? arguments[1] : NULL);
    if (set == NULL) {
        fprintf(stderr, "unknown kernel set '%s'\n", arguments[1]);
        return 2;
    }
    if (!cases_run(set, hashes_add, NULL, &overrun)) return 1;
    fprintf(stderr, "%s (%s)%s\n", set->name, tl__numeric_class_name(set->numeric_class),
            overrun ? ": WROTE OUTSIDE OF A DESTINATION" : "");
    for (size_t i = 0; i < hashes_count; i++)
        printf("%s %08lx%08lx\n", hashes[i].name, (unsigned long)(hashes[i].hash >> 32),
               (unsigned long)(hashes[i].hash & 0xffffffffu));
    return overrun;
}
