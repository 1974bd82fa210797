/* The rows of the data: block: defaults, types, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/data.h"
#include "text/bind.h"

static void has_the_written_defaults(void **state)
{
    (void)state;
    tl_context context;
    data_settings s;
    data_context(&context);
    assert_int_equal(data_settings_make(&context, "", &s), TL_OK);
    const tl__data_settings *b = &s.block;
    assert_null(b->file);
    assert_int_equal(b->target.count, 1);
    assert_string_equal(b->target.items[0], "-1");
    assert_int_equal(b->task, TL__TASK_AUTO);
    assert_int_equal(b->missing, TL__MISSING_FAIL);
    assert_int_equal(b->missing_marks.count, 8);
    assert_string_equal(b->missing_marks.items[0], "");
    assert_int_equal(b->normalize, TL__NORMALIZE_STANDARD);
    assert_int_equal(b->split.method, TL__SPLIT_AUTO);
    assert_true(b->split.train == -1 && b->split.validation == -1 && b->split.test == -1);
    assert_int_equal(b->split.folds, 10);
    assert_int_equal(b->split.seed, -1);
    assert_true(b->trim && b->shuffle);
    data_settings_end(&s);
    data_context_end(&context);
}

static void types_words_by_their_row(void **state)
{
    (void)state;
    tl_context context;
    data_settings s;
    data_context(&context);
    assert_int_equal(data_settings_make(&context,
                                        "target: no, drop: [1, yes], header: true, quote: \"'\", separator: tab, classes: [0, 1], "
                                        "file: a.csv, split: {method: kfold, fold: 3, validation: auto, group: 7}",
                                        &s),
                     TL_OK);
    assert_string_equal(s.block.target.items[0], "no");
    assert_string_equal(s.block.drop.items[0], "1");
    assert_string_equal(s.block.drop.items[1], "yes");
    assert_int_equal(s.block.header, TL__HEADER_TRUE);
    assert_string_equal(s.block.quote, "'");
    assert_string_equal(s.block.file->text, "a.csv");
    assert_int_equal(s.block.split.method, TL__SPLIT_KFOLD);
    assert_int_equal(s.block.split.fold, 3);
    assert_true(s.block.split.validation == -1);
    assert_string_equal(s.block.split.group, "7");
    data_settings_end(&s);
    data_context_end(&context);
}

static void refuse(const char *settings, const char *words)
{
    tl_context context;
    tl_dataset *d = NULL;
    tl_error error = {0};
    data_context(&context);
    assert_int_equal(tl_dataset_read(&context, "t.csv", settings, &d, &error), TL_BAD_CONFIG);
    if (!strstr(error.message, words)) fail_msg("%s: %s", settings, error.message);
    data_context_end(&context);
}

static void refuses_what_is_no_setting(void **state)
{
    (void)state;
    refuse("targt: y", "did you mean data.target?");
    refuse("split: {folds: 1}", "data.split.folds");
    refuse("split: {validation: -0.5}", "data.split.validation");
    refuse("normalize: zscore", "standard");
    refuse("missing: ignore", "forward");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_written_defaults), cmocka_unit_test(types_words_by_their_row),
        cmocka_unit_test(refuses_what_is_no_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
