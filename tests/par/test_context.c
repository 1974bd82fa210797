/* Contexts: options, environment, accounting, cancelling, the self-test of the arithmetic. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif
#include "base/context.h"
#include "par/pool.h"
#include "port/port.h"
#include "support/failing.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#ifdef __SSE2__
#  include <xmmintrin.h>
#endif

static void defaults(void **state)
{
    (void)state;
    tl_context *context = tl_context_new(NULL);
    assert_non_null(context);
    assert_int_equal(tl_context_threads(context), tl__cpu_count());
    assert_int_equal(context->seed, 42);
    assert_true(tl_context_memory(context) >= sizeof *context);
    assert_true(tl_context_memory_peak(context) >= tl_context_memory(context));
    assert_non_null(strstr("avx512 avx2 neon sse2 scalar soft", tl_context_simd(context)));
    assert_non_null(strstr("canonical unfused", tl_context_numerics(context)));
    assert_non_null(strstr(tl_build_info(), "simd:"));
    assert_non_null(strstr(tl_build_info(), "scalar"));
    assert_false(tl__cancelled(context));
    tl_cancel(context);
    assert_true(tl__cancelled(context));
    tl_context_free(context);
    tl_context_free(NULL);
}

static void options_are_taken(void **state)
{
    (void)state;
    failing counted = {0};
    tl_allocator allocator = failing_allocator(&counted);
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_context *context;
    tl_error error = {0};
    options.allocator = &allocator;
    options.threads = 3;
    options.simd = "scalar";
    options.seed = 7;
    options.memory_limit = 1 << 20;
    assert_int_equal(tl_context_make(&options, &context, &error), TL_OK);
    assert_int_equal(tl_context_threads(context), 3);
    assert_int_equal(tl__pool_threads(context->pool), 3);
    assert_string_equal(tl_context_simd(context), "scalar");
    assert_string_equal(tl_context_numerics(context), "canonical");
    assert_int_equal(context->seed, 7);
    assert_null(tl__alloc(&context->heap, 2 << 20));
    tl_context_free(context);
    assert_int_equal(counted.live, 0);
    assert_true(counted.asked > 0);
}

static void mistakes(void **state)
{
    (void)state;
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_context *context = (tl_context *)&options;
    tl_error simd = {0}, threads = {0}, size = {0};
    options.simd = "mmx";
    assert_int_equal(tl_context_make(&options, &context, &simd), TL_INVALID);
    assert_null(context);
    assert_non_null(strstr(simd.message, "mmx"));
    assert_non_null(strstr(simd.message, "scalar"));
    options.simd = NULL;
    options.threads = -1;
    assert_int_equal(tl_context_make(&options, &context, &threads), TL_INVALID);
    assert_non_null(strstr(threads.message, "-1"));
    options.threads = 1;
    options.struct_size = 0;
    assert_int_equal(tl_context_make(&options, &context, &size), TL_INVALID);
    options.struct_size = sizeof options;
    options.memory_limit = 10;
    assert_int_equal(tl_context_make(&options, &context, NULL), TL_OUT_OF_MEMORY);
    assert_null(tl_context_new(&options));
}

static void environment(void **state)
{
    (void)state;
    tl_error error = {0};
    tl_context *context;
    setenv("TRAINLIB_THREADS", "5", 1);
    setenv("TRAINLIB_SIMD", "scalar", 1);
    assert_int_equal(tl_context_make(NULL, &context, &error), TL_OK);
    assert_int_equal(tl_context_threads(context), 5);
    assert_string_equal(tl_context_simd(context), "scalar");
    tl_context_free(context);
    setenv("TRAINLIB_THREADS", "many", 1);
    assert_int_equal(tl_context_make(NULL, &context, &error), TL_INVALID);
    assert_non_null(strstr(error.message, "TRAINLIB_THREADS is 'many'"));
    unsetenv("TRAINLIB_THREADS");
    tl_error simd = {0};
    setenv("TRAINLIB_SIMD", "best", 1);
    assert_int_equal(tl_context_make(NULL, &context, &simd), TL_INVALID);
    assert_non_null(strstr(simd.message, "TRAINLIB_SIMD"));
    setenv("TRAINLIB_SIMD", "", 1);
    assert_int_equal(tl_context_make(NULL, &context, NULL), TL_OK);
    tl_context_free(context);
    unsetenv("TRAINLIB_SIMD");
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_context *context;
    (void)user;
    options.allocator = &heap->allocator;
    options.threads = 2;
    tl_status status = tl_context_make(&options, &context, NULL);
    tl_context_free(context);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) >= 4);
}

/* A program that has set the processor to flush subnormals is told so. */
static void flush_modes_are_seen(void **state)
{
    (void)state;
#ifdef __SSE2__
    static const unsigned modes[] = {0x8000, 0x0040, 0x2000, 0x4000, 0x6000};    /* FTZ, DAZ, rounding down, up, to zero */
    unsigned before = _mm_getcsr();
    for (size_t i = 0; i < TL_COUNT(modes); i++) {
        tl_context *context;
        tl_error error = {0};
        _mm_setcsr(before | modes[i]);
        tl_status status = tl_context_make(NULL, &context, &error);
        _mm_setcsr(before);
        assert_int_equal(status, TL_BAD_MACHINE);
        assert_non_null(strstr(error.message, "numeric contract"));
    }
#endif
}

static void heap_is_shared(void *user, size_t task, int worker)
{
    (void)worker;
    tl_context *context = user;
    void *block = tl__alloc(&context->heap, 100 + task);
    if (block != NULL) tl__free(&context->heap, block, 100 + task);
}

static void threads_share_the_heap(void **state)
{
    (void)state;
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.threads = 4;
    tl_context *context = tl_context_new(&options);
    size_t before = tl_context_memory(context);
    tl__parallel_for(context->pool, 5000, heap_is_shared, context);
    assert_int_equal(tl_context_memory(context), before);
    tl_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults), cmocka_unit_test(options_are_taken), cmocka_unit_test(mistakes),
        cmocka_unit_test(environment), cmocka_unit_test(out_of_memory), cmocka_unit_test(flush_modes_are_seen),
        cmocka_unit_test(threads_share_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
