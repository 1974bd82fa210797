/* Counting, limits, arenas, buffers, carving. */
#include "base/memory.h"
#include "support/failing.h"

#include <setjmp.h>
#include <cmocka.h>

static void heap_counts_to_the_byte(void **state)
{
    (void)state;
    tl__heap heap;
    tl__heap_init(&heap, NULL, 0);
    char *a = tl__alloc(&heap, 100), *b = tl__alloc_zero(&heap, 10, 30);
    assert_int_equal(heap.in_use, 400);
    for (int i = 0; i < 300; i++) assert_int_equal(b[i], 0);
    a = tl__resize(&heap, a, 100, 50);
    assert_int_equal(heap.in_use, 350);
    assert_int_equal(heap.peak, 400);
    assert_int_equal(heap.calls, 3);
    tl__heap_reset_peak(&heap);
    assert_int_equal(heap.peak, 350);
    tl__free(&heap, b, 300);
    assert_null(tl__resize(&heap, a, 50, 0));
    tl__free(&heap, NULL, 77);
    assert_int_equal(heap.in_use, 0);
    assert_null(tl__alloc(&heap, 0));
    assert_null(tl__alloc_zero(&heap, SIZE_MAX, 2));
}

static void limit_holds(void **state)
{
    (void)state;
    tl__heap heap;
    tl__heap_init(&heap, NULL, 1000);
    void *a = tl__alloc(&heap, 1000);
    assert_non_null(a);
    assert_null(tl__alloc(&heap, 1));
    assert_null(tl__resize(&heap, a, 1000, 1001));
    a = tl__resize(&heap, a, 1000, 500);
    void *b = tl__alloc(&heap, 500);
    assert_non_null(b);
    assert_null(tl__alloc(&heap, SIZE_MAX));
    assert_int_equal(heap.peak, 1000);
    tl__free(&heap, a, 500);
    tl__free(&heap, b, 500);
    assert_int_equal(heap.in_use, 0);
}

static void aligned_blocks(void **state)
{
    (void)state;
    tl__heap heap;
    tl__heap_init(&heap, NULL, 0);
    for (size_t size = 1; size < 300; size += 7) {
        unsigned char *block = tl__alloc_aligned(&heap, size);
        assert_int_equal((uintptr_t)block % 64, 0);
        assert_int_equal(heap.in_use, size + TL__ALIGNED_EXTRA);
        memset(block, 0xAB, size);
        tl__free_aligned(&heap, block, size);
        assert_int_equal(heap.in_use, 0);
    }
    assert_null(tl__alloc_aligned(&heap, SIZE_MAX - 3));
    assert_null(tl__alloc_aligned(&heap, 0));
    tl__free_aligned(&heap, NULL, 5);
}

static void arena_keeps_blocks_apart(void **state)
{
    (void)state;
    tl__heap heap;
    tl__arena arena;
    unsigned char *blocks[600];
    tl__heap_init(&heap, NULL, 0);
    tl__arena_init(&arena, &heap);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 600; i++) {
            blocks[i] = tl__arena_push(&arena, i * 5);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            memset(blocks[i], (int)(i % 251), i * 5);
        }
        for (size_t i = 0; i < 600; i++)
            for (size_t k = 0; k < i * 5; k++) assert_int_equal(blocks[i][k], i % 251);
        assert_string_equal(tl__arena_text(&arena, "text"), "text");
        assert_string_equal(tl__arena_copy(&arena, "text", 2), "te");
        assert_string_equal(tl__arena_format(&arena, "%d-%s", 42, "x"), "42-x");
        int *zeros = tl__arena_push_zero(&arena, 1000, sizeof *zeros);
        for (int i = 0; i < 1000; i++) assert_int_equal(zeros[i], 0);
        tl__arena_free(&arena);
        assert_int_equal(heap.in_use, 0);
    }
    assert_null(tl__arena_push(&arena, SIZE_MAX));
    assert_null(tl__arena_push_zero(&arena, SIZE_MAX, 2));
    assert_non_null(tl__arena_push(&arena, 0));
    tl__arena_free(&arena);
}

static void buffer_grows(void **state)
{
    (void)state;
    tl__heap heap;
    tl__buffer buffer;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&buffer, &heap);
    for (int i = 0; i < 1000; i++) {
        tl__buffer_format(&buffer, "%d,", i);
        tl__buffer_char(&buffer, 'x');
        tl__buffer_text(&buffer, "yz");
        tl__buffer_add(&buffer, "", 0);
    }
    assert_false(buffer.failed);
    assert_int_equal(strlen(buffer.data), buffer.size);
    assert_memory_equal(buffer.data, "0,xyz1,xyz2,xyz", 15);
    assert_string_equal(buffer.data + buffer.size - 7, "999,xyz");
    tl__buffer_clear(&buffer);
    assert_string_equal(buffer.data, "");
    tl__buffer_format(&buffer, "%500d", 7);
    assert_int_equal(buffer.size, 500);
    assert_false(tl__buffer_reserve(&buffer, SIZE_MAX - 2));
    assert_true(buffer.failed);
    tl__buffer_text(&buffer, "more");
    assert_int_equal(buffer.size, 500);
    tl__buffer_free(&buffer);
    assert_int_equal(heap.in_use, 0);
}

static void carver_counts_as_it_places(void **state)
{
    (void)state;
    _Alignas(64) static unsigned char memory[1024];
    tl__carver count = {NULL, 0, false}, place = {memory, 0, false};
    assert_null(TL_CARVE(&count, float, 3));
    assert_null(TL_CARVE(&count, double, 100));
    assert_null(TL_CARVE(&count, char, 0));
    float *a = TL_CARVE(&place, float, 3);
    double *b = TL_CARVE(&place, double, 100);
    assert_ptr_equal(a, memory);
    assert_ptr_equal(b, memory + 64);
    (void)TL_CARVE(&place, char, 0);
    assert_int_equal(count.used, place.used);
    assert_int_equal(count.used, 64 + 832);
    assert_null(tl__carve(&count, SIZE_MAX, 2));
    assert_true(count.overflow);
    assert_null(tl__carve(&place, SIZE_MAX - 100, 1));
    assert_true(place.overflow);
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl__arena arena;
    tl__buffer buffer;
    tl_status status = TL_OUT_OF_MEMORY;
    (void)user;
    tl__arena_init(&arena, heap);
    tl__buffer_init(&buffer, heap);
    void *block = tl__alloc(heap, 10), *aligned = tl__alloc_aligned(heap, 100);
    void *grown = block == NULL ? NULL : tl__resize(heap, block, 10, 20);
    tl__buffer_format(&buffer, "%300d", 1);
    tl__buffer_format(&buffer, "%3000d", 1);
    if (block != NULL && aligned != NULL && grown != NULL && tl__arena_push(&arena, 100) != NULL
        && tl__arena_push(&arena, 100000) != NULL && !buffer.failed && buffer.size == 3300) status = TL_OK;
    if (grown != NULL) tl__free(heap, grown, 20);
    else tl__free(heap, block, 10);
    tl__free_aligned(heap, aligned, 100);
    tl__arena_free(&arena);
    tl__buffer_free(&buffer);
    return status;
}

static void out_of_memory_everywhere(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_counts_to_the_byte), cmocka_unit_test(limit_holds), cmocka_unit_test(aligned_blocks),
        cmocka_unit_test(arena_keeps_blocks_apart), cmocka_unit_test(buffer_grows),
        cmocka_unit_test(carver_counts_as_it_places), cmocka_unit_test(out_of_memory_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
