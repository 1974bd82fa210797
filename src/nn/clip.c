/* Norms, clipping and figures of gradients; the order of the sums stands in clip.h. */
#include "nn/clip.h"
#include "kernels/kernels.h"

/* Gradients of dead units: whole blocks of zeros, which need no second look. */
static bool clip_all_zero(const float *values, size_t count)
{
    uint64_t any = 0;
    size_t i = 0;
    for (; i + 16 <= count && any == 0; i += 16) {
        uint64_t words[8];
        memcpy(words, values + i, sizeof words);
        any = (words[0] | words[1]) | (words[2] | words[3]) | (words[4] | words[5]) | (words[6] | words[7]);
        any &= 0x7fffffff7fffffffu;    /* -0 is zero, too */
    }
    for (; i < count && any == 0; i++) any = values[i] != 0.0f;
    return any == 0;
}

TL_PRIV void tl__sum_of_squares_blocks(const struct tl__kernels *kernels, const float *values, size_t count,
                                       size_t first, size_t end, double *out)
{
    for (size_t b = first; b < end; b++) {
        size_t at = b * TL__SQUARES_BLOCK;
        size_t size = tl__size_min(TL__SQUARES_BLOCK, count - at);
        double sum = (double)kernels->sum_squares(values + at, size, 1);
        /* squares of numbers beyond 2^60 or below 2^-60 leave the floats; those blocks are added in double */
        if (!tl__is_finite_d(sum) || (sum < 0x1p-100 && !clip_all_zero(values + at, size))) {
            sum = 0.0;
            for (size_t i = at; i < at + size; i++) sum += (double)values[i] * (double)values[i];
        }
        out[b - first] = sum;
    }
}

TL_PRIV double tl__sum_of_squares(const struct tl__kernels *kernels, const float *values, size_t count)
{
    double total = 0.0;
    for (size_t b = 0; b * TL__SQUARES_BLOCK < count; b++) {
        double sum;
        tl__sum_of_squares_blocks(kernels, values, count, b, b + 1, &sum);
        total += sum;
    }
    return total;
}

TL_PRIV float tl__clip_factor(double norm, double limit)
{
    const double factor = limit / (norm + 1e-6);
    return limit > 0.0 && factor < 1.0 ? (float)factor : 1.0f;
}

TL_PRIV void tl__clip_scale(const struct tl__kernels *kernels, float *gradient, size_t count, float factor)
{
    if (factor != 1.0f) kernels->scale(gradient, gradient, factor, count);
}

TL_PRIV void tl__clip_value(const struct tl__kernels *kernels, float *gradient, size_t count, float limit)
{
    kernels->clamp(gradient, gradient, -limit, limit, count);
}

TL_PRIV void tl__gradient_figures_add(const float *gradient, size_t count, tl__gradient_figures *figures)
{
    double sum = 0.0, most = figures->max_absolute;
    for (size_t i = 0; i < count; i++) {
        double size = (double)tl__absf(gradient[i]);
        sum += size;
        if (size > most || size != size) most = size;
    }
    figures->sum_absolute += sum;
    figures->max_absolute = most;
    figures->count += count;
}
