/* The making of a context: memory, kernels, threads, and the proof that this machine and this compiler keep the
 * arithmetic that the numeric contract stands on. */
#include "base/error.h"
#include "base/text.h"
#include "kernels/kernels.h"
#include "par/pool.h"
#include "port/port.h"

enum { CONTEXT_MOST_THREADS = 1024 };

/* A number that the machine and not the compiler computes with. */
static float context_load(float x)
{
    volatile float kept = x;
    return kept;
}

static double context_load_d(double x)
{
    volatile double kept = x;
    return kept;
}

/* What the contract needs of the machine, operation by operation. NULL: all is well. */
static const char *context_self_test(void)
{
    float one = context_load(1.0f), a = context_load(0x1.001p0f), square = context_load(0x1.002p0f);
    double b = context_load_d(0x1.0000001p0), square_d = context_load_d(0x1.0000002p0);
    float large = context_load(0x1p24f), small = context_load(0x1p-126f), half = context_load(0.5f);
    if (a * a - square != 0.0f)
        return "products and sums of float are fused where the source does not say so (compile with -ffp-contract=off)";
    if (b * b - square_d != 0.0)
        return "products and sums of double are fused where the source does not say so (compile with "
               "-ffp-contract=off)";
    if (large + one - large != 0.0f)
        return "float is computed with excess precision (on 32-bit x86: -msse2 -mfpmath=sse)";
    if (one + context_load(0x1p-24f) != 1.0f || one + context_load(0x1.8p-23f) != 0x1.000004p0f ||
        -one - context_load(0x1.8p-24f) != -0x1.000002p0f)
        return "rounding is not to nearest even (another library has set the rounding mode)";
    if (context_load(small * half) == 0.0f)
        return "subnormal results are flushed to zero (another library has set the processor's flush mode)";
    if (context_load(0x1p-149f) * context_load(0x1p24f) != 0x1p-125f)
        return "subnormal operands are taken as zero (another library has set the processor's flush mode)";
    if (tl__fma(a, a, -square) != 0x1p-24f) return "fused multiply-add rounds twice";
    if (tl__fma(small, half, small * half) != small) return "subnormals are lost in fused multiply-add";
    if (one / context_load(3.0f) != 0x1.555556p-2f)
        return "division is not correctly rounded (compile without -ffast-math)";
    if (tl__sqrt(context_load(2.0f)) != 0x1.6a09e6p+0f)
        return "square root is not correctly rounded (compile without -ffast-math)";
    return NULL;
}

static void context_lock(void *user) { tl__mutex_lock(user); }
static void context_unlock(void *user) { tl__mutex_unlock(user); }

/* How many threads: the option, else TRAINLIB_THREADS, else the processors. */
static tl_status context_count_threads(tl_context *context, int wanted, tl_error *error)
{
    const char *text = wanted == 0 ? tl__environment("TRAINLIB_THREADS") : NULL;
    int64_t count = wanted;
    if (text != NULL && *text != 0 && (!tl__parse_int(text, strlen(text), &count) || count < 1 ||
                                       count > CONTEXT_MOST_THREADS))
        return tl__fail(error, TL_INVALID, "TRAINLIB_THREADS is '%s'; it must be a whole number from 1 to %d", text,
                        CONTEXT_MOST_THREADS);
    if (count < 0 || count > CONTEXT_MOST_THREADS)
        return tl__fail(error, TL_INVALID, "threads is %d; it must be a whole number from 1 to %d, or 0 for as many as "
                        "the processor has", wanted, CONTEXT_MOST_THREADS);
    context->threads = count > 0 ? (int)count : tl__cpu_count();
    return TL_OK;
}

static tl_status context_choose_kernels(tl_context *context, const char *limit, tl_error *error)
{
    const char *origin = "tl_context_options.simd";
    if (limit == NULL && (limit = tl__environment("TRAINLIB_SIMD")) != NULL) origin = "TRAINLIB_SIMD";
    if (limit != NULL && *limit == 0) limit = NULL;
    context->kernels = tl__kernels_choose(limit);
    if (context->kernels != NULL) return TL_OK;
    return tl__fail(error, TL_INVALID, "%s is '%s'; it must be one of: avx512, avx2, neon, sse2, scalar, soft", origin,
                    limit);
}

TL_API tl_status tl_context_make(const tl_context_options *options, tl_context **out, tl_error *error)
{
    const tl_context_options defaults = TL_CONTEXT_OPTIONS;
    tl__heap heap;
    *out = NULL;
    if (options == NULL) options = &defaults;
    if (options->struct_size != sizeof defaults)
        return tl__fail(error, TL_INVALID, "tl_context_options has another size; begin with TL_CONTEXT_OPTIONS");
    const char *wrong = context_self_test();
    if (wrong != NULL)
        return tl__fail(error, TL_BAD_MACHINE, "this machine or build does not keep the numeric contract: %s", wrong);

    tl__heap_init(&heap, options->allocator, options->memory_limit);
    tl_context *context = tl__alloc_zero(&heap, 1, sizeof *context);
    if (context == NULL) return tl__fail_memory(error, sizeof *context);
    context->heap = heap;
    context->own_bytes = sizeof *context;
    context->seed = options->seed;
    context->log = options->log;
    context->log_user = options->log_user;
    context->log_level = options->log_level;
    context->clock = options->clock;
    context->clock_user = options->clock_user;

    tl__mutex *mutex = NULL;
    tl_status status = context_count_threads(context, options->threads, error);
    if (status == TL_OK) status = context_choose_kernels(context, options->simd, error);
    if (status == TL_OK) status = tl__mutex_new(&context->heap, &mutex);
    if (status == TL_OK && mutex != NULL) {
        context->heap.lock_user = mutex;
        context->heap.lock = context_lock;
        context->heap.unlock = context_unlock;
    }
    if (status == TL_OK) status = tl__pool_new(&context->heap, context->threads, &context->pool);
    if (status == TL_OUT_OF_MEMORY) tl__fail_memory(error, sizeof *context);
    if (status != TL_OK) {
        tl_context_free(context);
        return status;
    }
    if (context->pool == NULL) context->threads = 1;
    *out = context;
    return TL_OK;
}

TL_API tl_context *tl_context_new(const tl_context_options *options)
{
    tl_context *context = NULL;
    (void)tl_context_make(options, &context, NULL);
    return context;
}

TL_API void tl_context_free(tl_context *context)
{
    if (context == NULL) return;
    tl__pool_free(&context->heap, context->pool);
    tl__mutex *mutex = context->heap.lock_user;
    context->heap.lock = NULL;
    context->heap.unlock = NULL;
    tl__mutex_free(&context->heap, mutex);
    tl__heap heap = context->heap;
    tl__free(&heap, context, context->own_bytes);
}

TL_API const char *tl_context_simd(const tl_context *context) { return context->kernels->name; }
TL_API const char *tl_context_numerics(const tl_context *context)
{
    return tl__numeric_class_name(context->kernels->numeric_class);
}
TL_API int tl_context_threads(const tl_context *context) { return context->threads; }
TL_API size_t tl_context_memory(const tl_context *context) { return context->heap.in_use; }
TL_API size_t tl_context_memory_peak(const tl_context *context) { return context->heap.peak; }
TL_API void tl_cancel(tl_context *context) { context->cancelled = 1; }
