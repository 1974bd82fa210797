/* What the quick reader of numbers takes, it reads as tl__parse_double does, which the C library's strtod checks. */
#include "base/number_scan.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static uint32_t drawn = 1;

static uint32_t draw(uint32_t below)
{
    drawn = drawn * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)drawn * below >> 32);
}

/* The text with what must be readable behind it. Returns whether it was taken to its end. */
static bool scan(const char *text, tl__scanned *number)
{
    char room[256];
    memset(room, '7', sizeof room);
    memcpy(room, text, strlen(text));
    room[strlen(text)] = ',';
    return tl__scan_number(room, '.', number) == room + strlen(text);
}

static void check(const char *text, bool must)
{
    tl__scanned number;
    double expected, value;
    float as_float;
    bool taken = scan(text, &number);
    if (must) assert_true(taken);
    if (!taken) return;
    if (!tl__parse_double(text, strlen(text), &expected)) fail_msg("%s was taken", text);
    if (tl__scan_double(&number, &value) && tl__double_bits(value) != tl__double_bits(expected))
        fail_msg("%s: %.17g, not %.17g", text, value, expected);
    if (tl__scan_float(&number, &as_float) && tl__float_bits(as_float) != tl__float_bits((float)expected))
        fail_msg("%s: %.9g, not %.9g", text, (double)as_float, (double)(float)expected);
}

static void takes_what_is_common(void **state)
{
    static const char *const texts[] = {"0", "-0", "7", "-7.", ".5", "12345678", "123456789", "1234567890123456789", "0.1",
                                        "-0.12345678", "3.141592653589793", "0.12345678901234567", "00000000.00000001",
                                        "1e5", "1E+5", "2.5e-3", "-1.7976931348623157", "9999999999.999999999", "1e22",
                                        "1e0022", "0.0000000000000000001"};
    static const char *const others[] = {"", "-", ".", "e5", "1e", "1e+", "1e12345", "--1", "+1", "1.2.3", "12a", "inf",
                                         "12345678901234567890", "1.2345678901234567890", "0x1", "\xFF", ":", "/"};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(texts); i++) check(texts[i], true);
    tl__scanned number;
    for (size_t i = 0; i < TL_COUNT(others); i++) assert_false(scan(others[i], &number));
    assert_true(scan("1e23", &number));
    double value;
    float as_float;
    assert_false(tl__scan_double(&number, &value));
    assert_false(tl__scan_float(&number, &as_float));
    assert_true(scan("9007199254740993", &number) && !tl__scan_double(&number, &value));
}

static void random_digits(void **state)
{
    char text[64];
    (void)state;
    for (int i = 0; i < 400000; i++) {
        size_t used = 0, before = draw(12), after = draw(22 - (uint32_t)before);
        if (draw(2)) text[used++] = '-';
        for (size_t k = 0; k < before; k++) text[used++] = (char)('0' + draw(10));
        if (draw(4)) text[used++] = '.';
        for (size_t k = 0; k < after; k++) text[used++] = (char)('0' + draw(10));
        if (draw(3) == 0) used += (size_t)snprintf(text + used, 16, "e%d", (int)draw(60) - 30);
        text[used] = 0;
        check(text, false);
    }
}

/* Texts at, just above and just below the middle of two floats, where a value that is almost right rounds wrongly. */
static void middles_of_floats(void **state)
{
    char text[64];
    (void)state;
    for (int i = 0; i < 200000; i++) {
        float low = tl__bits_float(0x30000000u + (draw(0x1FFFFFFFu)));
        double middle = ((double)low + (double)tl__bits_float(tl__float_bits(low) + 1)) / 2;
        middle = tl__bits_double(tl__double_bits(middle) + draw(40) - 20);
        snprintf(text, sizeof text, "%.*e", 13 + (int)draw(6), middle);
        check(text, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_what_is_common), cmocka_unit_test(random_digits),
                                       cmocka_unit_test(middles_of_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
