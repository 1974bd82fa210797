/* What the rows of a section say together: geometric means of the ratios to each peer and of the shares of the
 * machine's own, and the row where each is least. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

/* Ratios of rows; how many, the sum of their logarithms, and the least. */
typedef struct summary_mean {
    int count;
    double logs, least;
    const char *where;
} summary_mean;

static void summary_add(summary_mean *mean, double ratio, const char *where)
{
    if (ratio <= 0) return;
    if (mean->count == 0 || ratio < mean->least) {
        mean->least = ratio;
        mean->where = where;
    }
    mean->logs += tl__log(ratio);
    mean->count++;
}

static void summary_print(const summary_mean *mean, const char *what)
{
    if (mean->count > 1)
        printf("    %-44s %.3f on average (geometric), least %.3f: %s\n", what,
               tl__exp(mean->logs / mean->count), mean->least, mean->where);
}

static bool summary_same(const bench_row *a, const bench_row *b)
{
    return b->section && strcmp(a->section, b->section) == 0 && strcmp(a->group, b->group) == 0;
}

static void summary_peer(const bench *b, const bench_row *of, const char *peer)
{
    summary_mean mean = {0};
    char what[80];
    for (size_t i = 0; i < b->row_count; i++)
        for (int p = 0; p < b->rows[i].peer_count; p++)
            if (summary_same(of, &b->rows[i]) && strcmp(b->rows[i].peers[p].name, peer) == 0)
                summary_add(&mean, b->rows[i].peers[p].seconds.median / b->rows[i].ours.seconds.median,
                            b->rows[i].name);
    snprintf(what, sizeof what, "times as fast as %s", peer);
    summary_print(&mean, what);
}

static void summary_section(const bench *b, const bench_row *of)
{
    summary_mean share = {0};
    printf("\n%s, %s\n", of->group, of->section);
    for (size_t i = 0; i < b->row_count; i++)
        if (summary_same(of, &b->rows[i])) summary_add(&share, bench_share(&b->rows[i]), b->rows[i].name);
    summary_print(&share, "share of the machine's peak");
    for (int p = 0; p < of->peer_count; p++) summary_peer(b, of, of->peers[p].name);
}

void bench_print_summary(const bench *b)
{
    size_t loud = 0;
    for (size_t i = 0; i < b->row_count; i++) {
        bool first = b->rows[i].section != NULL;
        for (size_t before = 0; before < i && first; before++) first = !summary_same(&b->rows[i], &b->rows[before]);
        if (first) summary_section(b, &b->rows[i]);
        loud += b->rows[i].others > BENCH_LOUD;
    }
    if (loud)
        printf("\n%zu of %zu rows were measured while other processes worked, too: they are worth repeating.\n", loud,
               b->row_count);
}
