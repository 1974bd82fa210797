/* Formatting, messages, suggestions, UTF-8. */
#include "base/context.h"
#include "base/error.h"
#include "base/family.h"
#include "base/text.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#define SAME(format, ...) \
    do { \
        char ours[256], theirs[256]; \
        size_t a_ = tl__format(ours, sizeof ours, format, __VA_ARGS__); \
        int b_ = snprintf(theirs, sizeof theirs, format, __VA_ARGS__); \
        assert_string_equal(ours, theirs); \
        assert_int_equal(a_, b_); \
    } while (0)

static void formats_as_printf(void **state)
{
    (void)state;
    SAME("%d|%5d|%-5d|%05d|%+d|%i", 42, 42, 42, 42, 42, -42);
    SAME("%d %d %u", INT_MIN, INT_MAX, UINT_MAX);
    SAME("%ld %lu %lld %llu", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX);
    SAME("%zu %x %X %llx %08x", SIZE_MAX, 0xBEEFu, 0xBEEFu, 0x123456789ABCDEFull, 0x1Fu);
    SAME("%.3d|%8.3d|%.0d|", 5, 5, 0);
    SAME("%s|%10s|%-10s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
    SAME("%c|%3c|%%|%*d|%-*d|", 'x', 'y', 6, 7, 6, 7);
    SAME("%.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5, -0.4);
    SAME("%f %e %.3g", 3.14159, 3.14159, 3.14159);
    SAME("%5.1f|%-8.2f|%08.2f|%+.1f", 9.96, 9.96, -9.96, 0.04);
}

static void cuts_at_the_size(void **state)
{
    char out[8] = ".......";
    (void)state;
    assert_int_equal(tl__format(out, 4, "%s", "abcdef"), 6);
    assert_string_equal(out, "abc");
    assert_int_equal(tl__format(NULL, 0, "%d %s", 12, "abc"), 6);
    assert_int_equal(tl__format(out, 1, "%d", 12), 2);
    assert_string_equal(out, "");
    assert_int_equal(tl__format(out, sizeof out, "%5c|", 'x'), 6);
}

static void digits_in_groups(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"", ""}, {"7", "7"}, {"999", "999"}, {"1000", "1,000"},
                                           {"12345.678", "12,345.678"}, {"1234567", "1,234,567"},
                                           {"123456789012 rows", "123,456,789,012 rows"}, {"-1234", "-1234"},
                                           {"1e9", "1e9"}};
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", cases[i][0]);
        tl__group_digits(text, sizeof text);
        assert_string_equal(text, cases[i][1]);
    }
    char full[] = "1234";    /* no room: as it was */
    tl__group_digits(full, sizeof full);
    assert_string_equal(full, "1234");
}

static void suggestion_is_the_nearest(void **state)
{
    (void)state;
    tl__suggestion s = {"learning_rat", NULL, 0};
    tl__suggest(&s, "learning");
    tl__suggest(&s, "learning_rate");
    tl__suggest(&s, "momentum");
    assert_string_equal(s.best, "learning_rate");
    tl__suggestion swapped = {"ADMA", NULL, 0};
    tl__suggest(&swapped, "adam");
    assert_string_equal(swapped.best, "adam");
    tl__suggestion far = {"dens", NULL, 0};
    tl__suggest(&far, "conv2d");
    assert_null(far.best);
    tl__suggest(&far, "dense");
    assert_string_equal(far.best, "dense");
    tl__suggestion empty = {"", NULL, 0};
    tl__suggest(&empty, "a");
    assert_null(empty.best);
    char name[300];
    memset(name, 'a', sizeof name - 1);
    name[299] = '\0';
    tl__suggestion longest = {name, NULL, 0};
    tl__suggest(&longest, name);
    assert_null(longest.best);
}

static void utf8(void **state)
{
    static const char *const good[] = {"", "abc", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80"};
    static const char *const bad[] = {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                                      "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xE2\x28\xA1", ("a\xC3" "b")};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(good); i++) assert_true(tl__is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < TL_COUNT(bad); i++) assert_false(tl__is_utf8(bad[i], strlen(bad[i])));
    assert_true(tl__is_utf8("a\0b", 3));
}

static void comparisons(void **state)
{
    (void)state;
    assert_true(tl__same_text("abc", "abc"));
    assert_false(tl__same_text("abc", "ab"));
    assert_true(tl__same_text_n("abc", "abcd", 3));
    assert_false(tl__same_text_n("abc", "abcd", 4));
    assert_false(tl__same_text_n("abc", "ab", 2));
    assert_true(tl__same_text_n("", "x", 0));
}

static void mistakes_are_lines(void **state)
{
    tl_error error = {0};
    (void)state;
    assert_int_equal(tl__fail_at(&error, TL_BAD_CONFIG, "a.yaml", 3, 7, "training.epochs", "is %d; it must be %s", 0, "more"), TL_BAD_CONFIG);
    assert_int_equal(tl__fail_at(&error, TL_BAD_FILE, "b.csv", 9, 0, NULL, "second"), TL_BAD_FILE);
    assert_int_equal(tl__fail(&error, TL_IO, "third"), TL_IO);
    assert_int_equal(tl__fail_at(&error, TL_IO, "c", 0, 0, NULL, "fourth"), TL_IO);
    assert_string_equal(error.message, "a.yaml:3:7: is 0; it must be more\nb.csv:9: second\nthird\nc: fourth");
    assert_int_equal(error.status, TL_BAD_CONFIG);
    assert_int_equal(error.mistakes, 4);
    assert_int_equal(error.line, 3);
    assert_int_equal(error.column, 7);
    assert_string_equal(error.file, "a.yaml");
    assert_string_equal(error.setting, "training.epochs");
    assert_int_equal(tl__fail(NULL, TL_IO, "nobody listens"), TL_IO);
}

static void long_messages_end_in_dots(void **state)
{
    char text[4000];
    (void)state;
    for (int shift = 0; shift < 4; shift++) {
        tl_error error = {0};
        memset(text, 'x', sizeof text);
        for (size_t i = (size_t)shift; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xE2\x82\xAC", 3);
        text[sizeof text - 4] = '\0';
        tl__fail_at(&error, TL_IO, text, 1, 1, text, "%s", text);
        assert_true(tl__is_utf8(error.message, strlen(error.message)));
        assert_true(tl__is_utf8(error.file, strlen(error.file)));
        assert_true(tl__is_utf8(error.setting, strlen(error.setting)));
        assert_string_equal(error.message + strlen(error.message) - 3, "...");
        assert_string_equal(error.file + strlen(error.file) - 3, "...");
        tl__fail(&error, TL_IO, "one more");
        assert_int_equal(error.mistakes, 2);
        assert_true(strlen(error.message) < sizeof error.message);
    }
    tl_error many = {0};
    for (int i = 0; i < 1000; i++) tl__fail(&many, TL_IO, "mistake number %d of a thousand", i);
    assert_int_equal(many.mistakes, 1000);
    assert_true(strlen(many.message) < sizeof many.message);
}

static tl__member_head one = {.name = "dense", .aliases = "hidden linear"}, two = {.name = "dropout"};
static const tl__member_head *give_one(void) { return &one; }
static const tl__member_head *give_two(void) { return &two; }

static void families(void **state)
{
    static tl__member_fn *const members[] = {give_one, give_two};
    const tl__family family = {"layer", members, 2};
    tl_error error = {0};
    (void)state;
    assert_ptr_equal(tl__family_find(&family, "dropout", NULL, 0, 0, NULL, &error), &two);
    assert_ptr_equal(tl__family_find(&family, "linear", NULL, 0, 0, NULL, &error), &one);
    assert_int_equal(error.mistakes, 0);
    assert_null(tl__family_find(&family, "dens", "c.yaml", 2, 3, "network.layers[0]", &error));
    assert_string_equal(error.message, "c.yaml:2:3: unknown layer 'dens'; did you mean 'dense'? known: dense, dropout");
}

static char logged[64];
static void log_line(void *user, tl_log_level level, const char *line)
{
    snprintf(logged, sizeof logged, "%d %d %s", *(int *)user, (int)level, line);
}

static void log_levels(void **state)
{
    int number = 7;
    tl_context context;
    (void)state;
    memset(&context, 0, sizeof context);
    tl__log_line(&context, TL_LOG_ERROR, "silent");
    context.log = log_line;
    context.log_user = &number;
    context.log_level = TL_LOG_INFO;
    tl__log_line(&context, TL_LOG_INFO, "%d rows", 5);
    assert_string_equal(logged, "7 2 5 rows");
    tl__log_line(&context, TL_LOG_DEBUG, "not wanted");
    assert_string_equal(logged, "7 2 5 rows");
}

static void statuses_and_version(void **state)
{
    (void)state;
#define STATUS_TEXT(name, number, text) \
    assert_string_equal(tl_status_text(name), text); \
    assert_int_equal(name, number);
    TL_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    assert_non_null(tl_status_text((tl_status)12345));
    assert_string_equal(tl_version(), TL_VERSION);
    char version[32];
    tl__format(version, sizeof version, "%d.%d.%d", TL_VERSION_MAJOR, TL_VERSION_MINOR, TL_VERSION_PATCH);
    assert_string_equal(version, TL_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_as_printf), cmocka_unit_test(cuts_at_the_size), cmocka_unit_test(suggestion_is_the_nearest),
        cmocka_unit_test(digits_in_groups),
        cmocka_unit_test(utf8), cmocka_unit_test(comparisons), cmocka_unit_test(mistakes_are_lines),
        cmocka_unit_test(long_messages_end_in_dots), cmocka_unit_test(families), cmocka_unit_test(log_levels),
        cmocka_unit_test(statuses_and_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
