/* Event files, byte for byte: two records as TensorBoard's own writer makes them, and all others taken apart by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "support/event_parts.h"
#include "text/events.h"
#include "text/protobuf.h"

static void assert_hex(const tl__buffer *buffer, const char *hex)
{
    assert_int_equal(buffer->size, strlen(hex) / 2);
    for (size_t i = 0; i < buffer->size; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        if ((unsigned char)buffer->data[i] != strtoul(two, NULL, 16)) fail_msg("byte %zu differs", i);
    }
}

/* tensorboard 2.21 wrote and read these. */
static void test_golden(void **state)
{
    tl__heap heap;
    tl__buffer out;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    tl__events_start(&out, 1700000000.0);
    assert_hex(&out, "1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32eced8f9d");
    tl__buffer_clear(&out);
    tl__events_scalar(&out, 1700000001.0, 1, "loss/train", 0.5);
    assert_hex(&out, "200000000000000029eda9500900004040fc54d94110012a130a110a0a6c6f73732f747261696e150000003f1dcda027");
    tl__buffer_free(&out);
    assert_int_equal(heap.in_use, 0);
}

/* ---- taking apart ---- */

static double real(uint64_t bits) { return tl__bits_double(bits); }

static void test_histogram(void **state)
{
    static const float values[] = {-1, 0, 0.5f, 2, 2, 2, 0, 0, 0, 0};
    float odd[3];
    tl__heap heap;
    tl__buffer out;
    tl__buckets histogram;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    odd[0] = tl__bits_float(0x7fc00000u), odd[1] = tl__bits_float(0x7f800000u), odd[2] = 1;
    tl__buckets_clear(&histogram);
    tl__buckets_range(&histogram, values, 6);
    tl__buckets_range(&histogram, odd, 3);
    tl__buckets_add(&histogram, values, 6);
    tl__buckets_add(&histogram, odd, 3);
    tl__events_histogram(&out, 12.5, 300, "weights/dense_1", &histogram);
    part file = {(const unsigned char *)out.data, out.size}, event = record(&file);
    uint64_t number;
    assert_int_equal(file.size, 0);
    field(event, 1, 0, &number);
    assert_true(real(number) == 12.5);
    field(event, 2, 0, &number);
    assert_int_equal(number, 300);
    part value = field(field(event, 5, 0, NULL), 1, 0, NULL), tag = field(value, 1, 0, NULL);
    assert_int_equal(tag.size, 15);
    assert_memory_equal(tag.bytes, "weights/dense_1", 15);
    part histo = field(value, 5, 0, NULL);
    static const double wanted[] = {-1, 2, 7, 6.5, 14.25};    /* min, max, count, sum, sum of squares */
    for (int i = 0; i < 5; i++) {
        field(histo, i + 1, 0, &number);
        assert_true(real(number) == wanted[i]);
    }
    part limits = field(histo, 6, 0, NULL), counts = field(histo, 7, 0, NULL);
    assert_int_equal(limits.size, 31 * 8);
    assert_int_equal(counts.size, 31 * 8);
    assert_true(real(little(limits.bytes, 8)) == -1);
    assert_true(tl__abs(real(little(limits.bytes + 30 * 8, 8)) - 2) < 1e-12);
    double all = 0;
    for (int i = 0; i < 31; i++) all += real(little(counts.bytes + i * 8, 8));
    assert_true(all == 7 && real(little(counts.bytes, 8)) == 0 && real(little(counts.bytes + 8, 8)) == 1);
    assert_true(real(little(counts.bytes + 30 * 8, 8)) == 3);
    tl__buffer_free(&out);
}

/* All values equal: they stand in a bucket that holds the value. */
static void test_histogram_of_one_value(void **state)
{
    static const float values[] = {3, 3};
    tl__heap heap;
    tl__buffer out;
    tl__buckets histogram;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    tl__buckets_clear(&histogram);
    tl__buckets_range(&histogram, values, 2);
    tl__buckets_add(&histogram, values, 2);
    tl__events_histogram(&out, 1, 1, "h", &histogram);
    part file = {(const unsigned char *)out.data, out.size};
    part histo = field(field(field(record(&file), 5, 0, NULL), 1, 0, NULL), 5, 0, NULL);
    part limits = field(histo, 6, 0, NULL), counts = field(histo, 7, 0, NULL);
    for (int i = 1; i < 31; i++) {
        double count = real(little(counts.bytes + i * 8, 8));
        double left = real(little(limits.bytes + (i - 1) * 8, 8)), right = real(little(limits.bytes + i * 8, 8));
        assert_true(count == 0 || (count == 2 && left < 3 && right > 3));
    }
    tl__buffer_free(&out);
}

static void test_text_and_hparams(void **state)
{
    tl__heap heap;
    tl__buffer out;
    const tl__hparam hparams[] = {{"optimizer", "adam", 0}, {"learning_rate", NULL, 0.001}};
    const char *const metrics[] = {"loss/val"};
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    tl__events_resume(&out, 1, 7);
    tl__events_text(&out, 1, 0, "config/text_summary", "a: 1", 4);
    tl__events_hparams(&out, 2, "run", hparams, 2, metrics, 1);
    tl__events_end(&out, 3, true);
    part file = {(const unsigned char *)out.data, out.size}, event = record(&file);
    uint64_t number;
    field(event, 2, 0, &number);
    assert_int_equal(number, 7);
    field(field(event, 7, 0, NULL), 1, 0, &number);
    assert_int_equal(number, 1);
    part value = field(field(record(&file), 5, 0, NULL), 1, 0, NULL), text = field(field(value, 8, 0, NULL), 8, 0, NULL);
    assert_int_equal(text.size, 4);
    assert_memory_equal(text.bytes, "a: 1", 4);
    part plugin = field(field(value, 9, 0, NULL), 1, 0, NULL);
    assert_memory_equal(field(plugin, 1, 0, NULL).bytes, "text", 4);
    for (int i = 2; i <= 4; i++) {    /* experiment, start, end */
        value = field(field(record(&file), 5, 0, NULL), 1, 0, NULL);
        plugin = field(field(value, 9, 0, NULL), 1, 0, NULL);
        assert_memory_equal(field(plugin, 1, 0, NULL).bytes, "hparams", 7);
        part content = field(field(plugin, 2, 0, NULL), i, 0, NULL);
        assert_true(content.size > 0);
        if (i == 4) continue;
        part second = field(content, i == 2 ? 4 : 1, 1, NULL), name = field(second, 1, 0, NULL);
        assert_int_equal(name.size, 13);
        assert_memory_equal(name.bytes, "learning_rate", 13);
    }
    assert_int_equal(file.size, 0);
    tl__buffer_free(&out);
    assert_int_equal(heap.in_use, 0);
}

static void test_varints(void **state)
{
    tl__heap heap;
    tl__buffer out;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    tl__proto_int(&out, 1, 150);
    tl__proto_int(&out, 2, -1);
    assert_hex(&out, "08960110ffffffffffffffffff01");
    tl__buffer_clear(&out);
    size_t mark = tl__proto_begin(&out, 3);    /* a length of two bytes */
    for (int i = 0; i < 200; i++) tl__buffer_char(&out, 'x');
    tl__proto_end(&out, mark);
    assert_int_equal(out.size, 203);
    assert_memory_equal(out.data, "\x1a\xc8\x01x", 4);
    tl__buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_histogram), cmocka_unit_test(test_histogram_of_one_value),
        cmocka_unit_test(test_text_and_hparams), cmocka_unit_test(test_varints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
