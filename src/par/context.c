/* The making of a context: memory, kernels, threads, and the proof that this machine and this compiler keep the
 * arithmetic that the numeric contract stands on. */
#include "base/error.h"
#include "base/text.h"
#include "kernels/kernels.h"
#include "par/pool.h"
#include "port/port.h"

enum { CONTEXT_MOST_THREADS = 1024 };

/* What the contract needs of the machine, operation by operation; the operands are volatile so that it is the machine
 * and not the compiler that computes. NULL: all is well. */
static const char *context_self_test(void)
{
    volatile float one = 1.0f, up = 1.0f + 0x1p-12f, down = 1.0f - 0x1p-12f, minus = -1.0f, three = 3.0f, two = 2.0f;
    volatile float small = 0x1p-126f, half = 0.5f, tiny = 0x1p-24f, large = 0x1p24f;
    volatile double d_up = 1.0 + 0x1p-30, d_down = 1.0 - 0x1p-30, d_minus = -1.0;
    float a = up, b = down, c = minus, kept = small * half;
    double x = d_up, y = d_down, z = d_minus;
    if (a * b + c != 0.0f) return "products and sums of float are fused where the source does not say so (compile with -ffp-contract=off)";
    if (x * y + z != 0.0) return "products and sums of double are fused where the source does not say so (compile with -ffp-contract=off)";
    if (tl__fma(up, down, minus) != -0x1p-24f) return "fused multiply-add rounds twice";
    if (one + tiny != 1.0f || (one + 0x1p-23f) + tiny != 1.0f + 0x1p-22f) return "rounding is not to nearest even";
    if (kept == 0.0f) return "subnormal results are flushed to zero (another library has set the processor's flush mode)";
    if (kept * two != 0x1p-126f) return "subnormal operands are taken as zero (another library has set the processor's flush mode)";
    if (one / three != 0x1.555556p-2f) return "division is not correctly rounded (compile without -ffast-math)";
    if (tl__sqrt(two) != 0x1.6a09e6p+0f) return "square root is not correctly rounded (compile without -ffast-math)";
    if ((large + one) - large != 0.0f) return "float is computed with excess precision (on 32-bit x86: -msse2 -mfpmath=sse)";
    if (!(tl__fma(small, half, small * half) == small)) return "subnormals are lost in fused multiply-add";
    return NULL;
}

static void context_lock(void *user) { tl__mutex_lock(user); }
static void context_unlock(void *user) { tl__mutex_unlock(user); }

static int context_thread_count(int wanted)
{
    const char *text = tl__environment("TRAINLIB_THREADS");
    int64_t from_environment;
    if (wanted == 0 && text != NULL && tl__parse_int(text, strlen(text), &from_environment) && from_environment > 0)
        wanted = from_environment > CONTEXT_MOST_THREADS ? CONTEXT_MOST_THREADS : (int)from_environment;
    if (wanted <= 0) wanted = tl__cpu_count();
    return wanted > CONTEXT_MOST_THREADS ? CONTEXT_MOST_THREADS : wanted;
}

static tl_status context_choose_kernels(tl_context *context, const char *limit, tl_error *error)
{
    const char *origin = "tl_context_options.simd";
    if (limit == NULL && (limit = tl__environment("TRAINLIB_SIMD")) != NULL) origin = "TRAINLIB_SIMD";
    if (limit != NULL && *limit == 0) limit = NULL;
    context->kernels = tl__kernels_choose(limit);
    if (context->kernels != NULL) return TL_OK;
    return tl__fail(error, TL_INVALID, "%s is '%s'; it must be one of: avx512, avx2, neon, sse2, scalar, soft", origin, limit);
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
    if (wrong != NULL) return tl__fail(error, TL_BAD_MACHINE, "this machine or build does not keep the numeric contract: %s", wrong);

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
    context->threads = context_thread_count(options->threads);

    tl__mutex *mutex = NULL;
    tl_status status = context_choose_kernels(context, options->simd, error);
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
TL_API const char *tl_context_numerics(const tl_context *context) { return tl__numeric_class_name(context->kernels->numeric_class); }
TL_API int tl_context_threads(const tl_context *context) { return context->threads; }
TL_API size_t tl_context_memory(const tl_context *context) { return context->heap.in_use; }
TL_API size_t tl_context_memory_peak(const tl_context *context) { return context->heap.peak; }
TL_API void tl_cancel(tl_context *context) { context->cancelled = 1; }
