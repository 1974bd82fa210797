/* Methods of search: numbers in, proposals out. A method knows no trainings: it sees axes, the points of earlier trials
 * and what came of them, and says where to look next. What it says follows from the seed, the trial's number and these
 * alone. */
#ifndef TL_LAB_SEARCH_METHOD_H
#define TL_LAB_SEARCH_METHOD_H

#include "base/family.h"
#include "base/memory.h"
#include "base/random.h"
#include "lab/space.h"

/* What is known when trials are proposed. */
typedef struct tl__search_view {
    tl__heap *heap;
    const tl__space *space;
    uint64_t seed;
    int64_t first;              /* number of the first trial that is proposed, from 0 */
    size_t known;
    const double *points;       /* [known, axes]: values */
    const double *losses;       /* [known]: smaller is better; not finite: the trial failed */
} tl__search_view;

typedef struct tl__search_method {
    tl__member_head head;
    bool learns;                /* proposals depend on what earlier trials gave */
    /* `wanted` trials, [wanted, axes] values, that will run at the same time. */
    tl_status (*propose)(const tl__search_view *view, size_t wanted, double *out, tl_error *error);
} tl__search_method;

/* What the method proposes, with what does not count settled. */
TL_PRIV tl_status tl__search_propose(const tl__search_method *method, const tl__search_view *view, size_t wanted,
                                     double *out, tl_error *error);

TL_PRIV const tl__family *tl__search_family(void);
TL_PRIV const tl__search_method *tl__search_method_at(size_t index);

/* Combinations of a grid without those that differ only in what does not count; `all`: with them. */
TL_PRIV int64_t tl__search_grid_count(const tl__space *space, int64_t all);

/* A stream of draws: those of a trial for a purpose. */
typedef struct tl__search_draws {
    tl__random random;
    uint32_t used;
} tl__search_draws;
TL_PRIV tl__search_draws tl__search_stream(uint64_t seed, uint32_t key, int64_t trial, uint32_t purpose);
TL_PRIV double tl__search_uniform(tl__search_draws *draws);     /* within 0..1, never 0 or 1 */
TL_PRIV double tl__search_normal(tl__search_draws *draws);

/* Methods that learn begin with trials that fill the cube evenly: Roberts' additive sequence of the generalised
 * golden ratio, shifted by the seed (M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018). */
TL_PRIV void tl__search_spread(const tl__search_view *view, int64_t trial, double *out);

/* The normal distribution: its density, the share below x, and the logarithm of h(z) = density(z) + z * share(z), of
 * which the expected improvement is the deviation's multiple. Accurate to 1e-12, log h also where h is tiny. */
TL_PRIV double tl__normal_density(double x);
TL_PRIV double tl__normal_share(double x);
TL_PRIV double tl__normal_place(double share);              /* the inverse of it, within 0..1 */
TL_PRIV double tl__log_improvement(double z);

#endif
