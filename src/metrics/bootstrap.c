/* The bootstrap of a mean. Running sums give each block's sum by one subtraction, so a draw takes as long as it has
 * blocks. */
#include "base/math.h"
#include "base/random.h"
#include "metrics/forecast_score.h"

enum { BOOTSTRAP_DRAWS = 2000 };

#define SORT_NAME bootstrap_sort
#define SORT_TYPE double
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) ((b) < (a))
#include "base/sort.inc.h"

/* Sum of `size` values from `first` on, the first value following the last; sums [count + 1] are running ones. */
static double bootstrap_block(const double *sums, size_t count, size_t first, size_t size)
{
    const size_t end = first + size;
    if (end <= count) return sums[end] - sums[first];
    return sums[count] - sums[first] + sums[end - count];
}

static double bootstrap_draw(const double *sums, size_t count, size_t block, uint64_t seed, uint32_t draw)
{
    tl__random random;
    double sum = 0.0;
    tl__random_init(&random, seed, TL__DRAW_BOOTSTRAP, 0, draw, 0);
    for (size_t done = 0, place = 0; done < count; done += block, place++)
        sum += bootstrap_block(sums, count, tl__random_below(&random, (uint32_t)place, (uint32_t)count),
                               tl__size_min(block, count - done));
    return sum / (double)count;
}

/* Of sorted values, linear between the two that are nearest. */
static double bootstrap_quantile(const double *sorted, size_t count, double q)
{
    const double at = q * (double)(count - 1);
    const size_t below = (size_t)at;
    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

static void bootstrap_summarize(double *means, double *scratch, size_t draws, double level, tl__bootstrap *out)
{
    size_t below = 0;
    for (size_t i = 0; i < draws; i++) below += means[i] < 0.0;
    bootstrap_sort(means, scratch, draws, NULL);
    out->low = bootstrap_quantile(means, draws, (1.0 - level) / 2.0);
    out->high = bootstrap_quantile(means, draws, (1.0 + level) / 2.0);
    out->below = (double)below / (double)draws;
}

TL_PRIV tl_status tl__bootstrap_mean(tl__heap *heap, tl__reals values, size_t count,
                                     const tl__bootstrap_options *options, tl__bootstrap *out)
{
    const double nan = tl__nan_d(), level = options->level > 0.0 ? options->level : 0.95;
    const uint32_t draws = options->draws ? options->draws : BOOTSTRAP_DRAWS;
    const size_t block = tl__size_min(tl__size_max(options->block, 1), count);
    size_t bytes;
    *out = (tl__bootstrap){nan, nan, nan, nan};
    if (count == 0 || count > UINT32_MAX) return TL_OK;
    if (!tl__size_add(count + 1, 2 * (size_t)draws, &bytes) || !tl__size_mul(bytes, sizeof(double), &bytes))
        return TL_OUT_OF_MEMORY;
    double *sums = tl__alloc(heap, bytes), *means = sums ? sums + count + 1 : NULL;
    if (!sums) return TL_OUT_OF_MEMORY;
    sums[0] = 0.0;
    for (size_t i = 0; i < count; i++) sums[i + 1] = sums[i] + tl__real(values, i);
    if (tl__is_finite_d(sums[count])) {
        out->mean = sums[count] / (double)count;
        for (uint32_t d = 0; d < draws; d++) means[d] = bootstrap_draw(sums, count, block, options->seed, d);
        bootstrap_summarize(means, means + draws, draws, level, out);
    }
    tl__free(heap, sums, bytes);
    return TL_OK;
}
