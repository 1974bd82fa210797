/* Numbers in and out against libc, which rounds correctly on the systems that run the tests. */
#include "base/math.h"
#include "base/text.h"

#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t test_state = 88172645463325252u;

static uint64_t next(void)
{
    test_state ^= test_state << 13;
    test_state ^= test_state >> 7;
    test_state ^= test_state << 17;
    return test_state;
}

/* Bit patterns, decimals of few digits, integers, powers of two. */
static double some_double(int i)
{
    uint64_t x = next();
    switch (i % 5) {
    case 0: return tl__bits_double(x);
    case 1: return (double)(int64_t)(x >> 40) / 1000.0;
    case 2: return (double)(int64_t)(x >> (x & 63)) * 1e-7;
    case 3: return (double)x;
    default: return ldexp(1.0, (int)(x % 2098) - 1074);
    }
}

static size_t significant(const char *text)
{
    size_t count = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0')) continue;
        count++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return count - zeros;
}

static void shortest_double_reads_back(void **state)
{
    (void)state;
    for (int i = 0; i < 150000; i++) {
        char ours[32], theirs[64];
        double x = some_double(i), back;
        size_t size = tl__print_double(ours, x);
        assert_int_equal(size, strlen(ours));
        if (x != x) {
            assert_string_equal(ours, "nan");
            continue;
        }
        assert_true(strtod(ours, NULL) == x);
        assert_true(tl__parse_double(ours, size, &back));
        assert_true(tl__double_bits(back) == tl__double_bits(x));
        if (i % 4 != 0 || x == 0.0 || x - x != 0.0) continue;
        int digits = 0;
        do snprintf(theirs, sizeof theirs, "%.*e", digits++, x);
        while (strtod(theirs, NULL) != x);
        assert_true(significant(ours) <= significant(theirs));
    }
}

static void shortest_float_reads_back(void **state)
{
    (void)state;
    for (int i = 0; i < 150000; i++) {
        char ours[32], theirs[64];
        float x = tl__bits_float((uint32_t)next());
        if (i % 3 == 0) x = (float)(int32_t)(next() % 2000000) / 1000.0f;
        if (x != x) continue;
        tl__print_float(ours, x);
        assert_true(strtof(ours, NULL) == x);
        if (i % 4 != 0 || x == 0.0f || x - x != 0.0f) continue;
        int digits = 0;
        do snprintf(theirs, sizeof theirs, "%.*e", digits++, (double)x);
        while (strtof(theirs, NULL) != x);
        assert_true(significant(ours) <= significant(theirs));
    }
}

static void fixed_digits_as_printf(void **state)
{
    static const char *const formats[] = {"%.*f", "%.*e", "%.*g", "%12.*f", "%-14.*g|", "%+012.*e", "%020.*f"};
    (void)state;
    for (int i = 0; i < 100000; i++) {
        char ours[1024], theirs[1024];
        double x = some_double(i);
        if (x != x) continue;
        int precision = (int)(next() % (i % 100 == 0 ? 400 : 22));
        const char *format = formats[next() % TL_COUNT(formats)];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        size_t a = tl__format(ours, sizeof ours, format, precision, x);
        int b = snprintf(theirs, sizeof theirs, format, precision, x);
#pragma GCC diagnostic pop
        assert_string_equal(ours, theirs);
        assert_int_equal(a, b);
    }
}

/* Numbers of usual size, many of them half-way between two texts. */
static void few_digits_as_printf(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char ours[400], theirs[400];
        double x = ldexp((double)(next() % 1000000), -(int)(next() % 30));
        if (i % 4 == 0) x = ldexp((double)(next() >> 11), (int)(next() % 150) - 140);
        if (i % 4 == 1) x = ldexp(1.0, (int)(next() % 160) - 140) * (i % 8 == 1 ? 1.0 : 1.0 - 0x1p-53);
        int precision = (int)(next() % 20);
        tl__format(ours, sizeof ours, "%.*g", precision, x);
        snprintf(theirs, sizeof theirs, "%.*g", precision, x);
        assert_string_equal(ours, theirs);
        tl__format(ours, sizeof ours, "%.*f", precision, x);
        snprintf(theirs, sizeof theirs, "%.*f", precision, x);
        assert_string_equal(ours, theirs);
    }
}

static void parses_as_strtod(void **state)
{
    (void)state;
    for (int i = 0; i < 150000; i++) {
        char text[400];
        double x = some_double(i), ours;
        int size = snprintf(text, sizeof text, "%.*e", (int)(next() % (i % 50 == 0 ? 300 : 30)), x);
        if (i % 3 == 0) size = snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)next(), (unsigned long long)next(), (int)(next() % 700) - 350);
        assert_true(tl__parse_double(text, (size_t)size, &ours));
        if (x != x && i % 3 != 0) assert_true(ours != ours);
        else assert_true(tl__double_bits(ours) == tl__double_bits(strtod(text, NULL)));
    }
}

/* Exactly half-way between two neighbours, and a little above and below, written out in full. */
static void ties(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        static char text[2600];
        double ours;
        uint64_t bits = next() & 0x7FFFFFFFFFFFFFFFu;
        if (i % 2 == 0) bits &= 0x000FFFFFFFFFFFFFu;    /* subnormal */
        if (bits >> 52 >= 0x7FE) continue;
        int exponent;
        double m = frexp(tl__bits_double(bits), &exponent);
        (void)m;
        /* the middle as a long double is exact where there are 64 bits; elsewhere the test has no reference */
        if (LDBL_MANT_DIG < 64) return;
        long double middle = ((long double)tl__bits_double(bits) + (long double)tl__bits_double(bits + 1)) / 2;
        int size = snprintf(text, sizeof text, "%.1100Le", middle);
        assert_true(tl__parse_double(text, (size_t)size, &ours));
        assert_true(tl__double_bits(ours) == (bits & 1 ? bits + 1 : bits));
        char *e = strchr(text, 'e');
        e[-1] = '1';
        assert_true(tl__parse_double(text, (size_t)size, &ours));
        assert_true(tl__double_bits(ours) == bits + 1);
    }
}

static void published_hard_cases(void **state)
{
    static const struct { const char *text; double value; } cases[] = {
        {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022}, {"2.2250738585072012e-308", 0x1p-1022},
        {"2.2250738585072014e-308", 0x1p-1022}, {"4.9e-324", 0x1p-1074}, {"2.4703282292062327208e-324", 0.0},
        {"2.4703282292062328e-324", 0x1p-1074}, {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
        {"1.7976931348623158e308", 0x1.fffffffffffffp1023}, {"1e23", 1e23}, {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.00000000000000000000001", 9007199254740994.0}, {"0.1", 0.1}, {".5", 0.5}, {"5.", 5.0},
        {"-0", -0.0}, {"+7", 7.0}, {"1e-400", 0.0}, {"0e999999999999", 0.0}, {"0.000000000000000000000000000000001e33", 1.0},
        {"6.631236846766476e-316", 6.631236846766476e-316}, {"3.237883913302901e-319", 3.237883913302901e-319},
        {"8.988465674311580536566680e307", 0x1p1023},
    };
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        double x;
        assert_true(tl__parse_double(cases[i].text, strlen(cases[i].text), &x));
        assert_true(tl__double_bits(x) == tl__double_bits(cases[i].value));
    }
    static const char *const infinite[] = {"1.7976931348623159e308", "1e400", "inf", "+INF", "Infinity"};
    for (size_t i = 0; i < TL_COUNT(infinite); i++) {
        double x;
        assert_true(tl__parse_double(infinite[i], strlen(infinite[i]), &x));
        assert_true(x == (double)INFINITY);
    }
    double x;
    assert_true(tl__parse_double("-inf", 4, &x) && x == -(double)INFINITY);
    assert_true(tl__parse_double("NaN", 3, &x) && x != x);
    assert_true(tl__parse_double("1.5xyz", 3, &x) && x == 1.5);
}

static void not_numbers(void **state)
{
    static const char *const cases[] = {"", "+", "-", ".", "e5", "1e", "1e+", "1.2.3", " 1", "1 ", "0x10", "1,5", "--1", "in", "infi",
                                        "nano", "1e5.0", "1_000", ("\xC2\xA0" "1")};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        double x = 3.0;
        assert_false(tl__parse_double(cases[i], strlen(cases[i]), &x));
    }
}

static void shortest_layout(void **state)
{
    static const struct { double value; const char *text; } cases[] = {
        {0.0, "0"}, {-0.0, "-0"}, {1.0, "1"}, {-1.5, "-1.5"}, {0.1, "0.1"}, {100.0, "100"}, {1e15, "1000000000000000"},
        {1e16, "1e+16"}, {123456789012345680.0, "1.2345678901234568e+17"}, {0.0001, "0.0001"}, {0.00001, "1e-05"},
        {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"}, {2.5e-7, "2.5e-07"},
        {9007199254740993.0, "9007199254740992"}, {1e23, "1e+23"}, {5.684341886080802e-14, "5.684341886080802e-14"},
    };
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        char text[32];
        tl__print_double(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
        char formatted[40];
        tl__format(formatted, sizeof formatted, "%g", cases[i].value);
        assert_string_equal(formatted, cases[i].text);
    }
    char text[32];
    tl__print_double(text, -(double)INFINITY);
    assert_string_equal(text, "-inf");
    tl__print_double(text, (double)NAN);
    assert_string_equal(text, "nan");
    tl__print_float(text, 0.1f);
    assert_string_equal(text, "0.1");
    tl__print_float(text, 16777216.0f);
    assert_string_equal(text, "16777216");
    tl__print_float(text, 1.17549435e-38f);
    assert_string_equal(text, "1.1754944e-38");
}

static void integers(void **state)
{
    int64_t n;
    (void)state;
    assert_true(tl__parse_int("9223372036854775807", 19, &n) && n == INT64_MAX);
    assert_true(tl__parse_int("-9223372036854775808", 20, &n) && n == INT64_MIN);
    assert_true(tl__parse_int("+0012", 5, &n) && n == 12);
    assert_true(tl__parse_int("-0", 2, &n) && n == 0);
    assert_false(tl__parse_int("9223372036854775808", 19, &n));
    assert_false(tl__parse_int("-9223372036854775809", 20, &n));
    assert_false(tl__parse_int("99999999999999999999", 20, &n));
    assert_false(tl__parse_int("", 0, &n));
    assert_false(tl__parse_int("-", 1, &n));
    assert_false(tl__parse_int("1.0", 3, &n));
    assert_false(tl__parse_int("0x1", 3, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortest_double_reads_back), cmocka_unit_test(shortest_float_reads_back),
        cmocka_unit_test(fixed_digits_as_printf), cmocka_unit_test(few_digits_as_printf),
        cmocka_unit_test(parses_as_strtod), cmocka_unit_test(ties),
        cmocka_unit_test(published_hard_cases), cmocka_unit_test(not_numbers), cmocka_unit_test(shortest_layout),
        cmocka_unit_test(integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
