/* Conditions over records, and the table of alerts on planted sequences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "base/text.h"
#include "text/yaml.h"
#include "train/alerts.h"

#define NAN_D tl__bits_double(0x7ff8000000000000u)

enum { ROWS = 16, WIDTH = sizeof(tl__record) / sizeof(double) };

typedef struct planted {
    double rows[ROWS * WIDTH];
    tl__records records;
} planted;

static tl__record *row(planted *p, size_t index) { return (tl__record *)(void *)(p->rows + index * WIDTH); }

/* Healthy epochs: nothing is to be said of them. */
static void plant(planted *p, size_t count)
{
    tl__row_clear(p->rows, ROWS * WIDTH);
    p->records = (tl__records){.count = count, .rows = p->rows, .validation = true};
    for (size_t i = 0; i < count; i++) {
        tl__record *r = row(p, i);
        r->epoch.epoch = (double)(i + 1);
        r->epoch.train_loss = 1.0 / (double)(i + 1);
        r->epoch.val_loss = r->epoch.train_loss + 0.1;
        r->epoch.val_accuracy = 0.9;
        r->epoch.gradient_norm_avg = 0.5;
        r->epoch.gradient_norm_max = 2;
        r->epoch.gradient_mean_abs = 0.01;
        r->epoch.gradient_max_abs = 1;
        r->param_change = 0.5;
        r->class_balance = 0.9;
        r->not_finite_share = 0;
        r->signal = TL__SIGNAL_STRONG;
        r->convergence = TL__CONVERGENCE_IMPROVING;
    }
}

/* ---- conditions ---- */

static double value_of(const char *text, const tl__records *records, size_t index)
{
    tl__condition condition;
    char why[320] = "";
    if (tl__condition_parse(text, strlen(text), &condition, why, sizeof why) != TL_OK) fail_msg("%s: %s", text, why);
    return tl__condition_value(&condition, records, index);
}

static void test_arithmetic(void **state)
{
    planted p;
    (void)state;
    plant(&p, 3);
    p.records.classes = 0;
    static const struct { const char *text; double value; } cases[] = {
        {"1 + 2 * 3", 7}, {"(1 + 2) * 3", 9}, {"10 - 4 - 3", 3}, {"24 / 4 / 2", 3}, {"-2 * -3", 6}, {"- - 4", 4},
        {"abs(-2.5)", 2.5}, {"min(3, 2) + max(3, 2)", 5}, {"1e3", 1000}, {".5", 0.5}, {"2 < 3", 1}, {"2 > 3", 0},
        {"3 <= 3", 1}, {"3 >= 4", 0}, {"2 == 2", 1}, {"2 != 2", 0}, {"1 or 0 and 0", 1}, {"(1 or 0) and 0", 0},
        {"not 0", 1}, {"not 1 == 2", 1}, {"not not 5", 1}, {"1 < 2 and 2 < 3", 1}, {"true and not false", 1},
        {"strong - weak", 2}, {"diverging", 3}, {"epoch", 2}, {"prev(epoch)", 1},
        {"epoch - prev(epoch)", 1}, {"prev(epoch + 1)", 2}, {"learning_signal_strength == strong", 1},
        {"train_loss", 0.5}, {"val_loss - train_loss > 0.05", 1},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        double got = value_of(cases[i].text, &p.records, 1);
        if (!(tl__abs(got - cases[i].value) < 1e-12)) fail_msg("%s is %g", cases[i].text, got);
    }
}

static void test_missing_figures(void **state)
{
    planted p;
    (void)state;
    plant(&p, 2);
    static const char *const no[] = {"val_mae > 0", "val_mae <= 0", "val_mae == val_mae", "val_mae", "val_mae != 1",
                                     "prev(prev(epoch)) > 0", "classes > 0", "val_acc < 1.2 / classes", "val_mae > 0 or 0"};
    for (size_t i = 0; i < TL_COUNT(no); i++) {
        double got = value_of(no[i], &p.records, 1);
        if (got == got && got != 0) fail_msg("%s holds", no[i]);
    }
    assert_true(value_of("not val_mae > 0", &p.records, 1) == 1);
    assert_true(value_of("min(val_mae, 3)", &p.records, 1) != 3);    /* what is missing stays missing */
}

static void test_mistakes(void **state)
{
    static const struct { const char *text, *part; } cases[] = {
        {"", "a value is needed"}, {"1 +", "a value is needed"}, {"(1", "a ) is missing at character 3"},
        {"1 2", "not understood, at character 3"}, {"gradient_norm > 10", "did you mean gradient_norm_"},
        {"foo", "no figure 'foo'"}, {"abs 1", "a ( is missing"}, {"min(1)", "a comma"}, {"1 < 2 < 3", "not understood"},
        {"1 for 0 epochs", "a whole number of epochs"}, {"1 for 2", "the word epochs"}, {"1..2", "not a number"},
        {"1 for 1.5 epochs", "a whole number"}, {"and 1", "no figure 'and'"}, {"1 &", "not understood"},
        {"1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1", "too long"},
        {"((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))", "nested too deeply"},
        {"------------------------------------------1", "nested too deeply"},
    };
    tl__condition condition;
    char why[320];
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        assert_int_equal(tl__condition_parse(cases[i].text, strlen(cases[i].text), &condition, why, sizeof why),
                         TL_BAD_CONFIG);
        if (!strstr(why, cases[i].part)) fail_msg("%s: %s", cases[i].text, why);
    }
}

static void test_streaks(void **state)
{
    planted p;
    tl__condition condition;
    (void)state;
    plant(&p, 6);
    row(&p, 2)->epoch.gradient_norm_max = 0;
    assert_int_equal(tl__condition_parse("gradient_norm_max > 1 for 2 epochs", 34, &condition, NULL, 0), TL_OK);
    static const bool wanted[] = {false, true, false, false, true, true};
    for (size_t i = 0; i < 6; i++) assert_int_equal(tl__condition_holds(&condition, &p.records, i), wanted[i]);
}

/* ---- alerts ---- */

typedef struct heard {
    char text[1024];       /* "name@epoch name@epoch" */
    tl__alert last;
} heard;

static tl_status hear(void *user, const tl__alert *alert, tl_error *error)
{
    heard *h = user;
    size_t used = strlen(h->text);
    (void)error;
    tl__format(h->text + used, sizeof h->text - used, "%s%s@%lld", used ? " " : "", alert->rule->name,
               (long long)alert->epoch);
    h->last = *alert;
    return TL_OK;
}

static heard listen(const planted *p)
{
    static tl__alert_rules rules;
    heard h = {.text = ""};
    assert_int_equal(tl__alerts_read(NULL, NULL, &rules, NULL), TL_OK);
    assert_int_equal(tl__alerts_each(&rules, &p->records, hear, &h, NULL), TL_OK);
    return h;
}

static void test_healthy(void **state)
{
    planted p;
    (void)state;
    plant(&p, ROWS);
    assert_string_equal(listen(&p).text, "");
    plant(&p, 0);
    assert_string_equal(listen(&p).text, "");
}

/* Each of C3, E10 and E18: begins, goes on, ends and begins again. */
static void test_each_alert(void **state)
{
    planted p;
    heard h;
    (void)state;
    plant(&p, 12);    /* small from the third epoch on: it counts after the fifth */
    row(&p, 1)->epoch.gradient_norm_avg = 0.04;
    for (size_t i = 2; i < 12; i++) row(&p, i)->epoch.gradient_norm_avg = 0.009;
    h = listen(&p);
    assert_string_equal(h.text, "gradient_drop@2 vanishing_gradients@6");
    assert_non_null(strstr(h.last.message, "0.009, below 0.01"));

    plant(&p, 6);
    row(&p, 1)->epoch.gradient_norm_max = row(&p, 2)->epoch.gradient_norm_max = 10.5;
    row(&p, 4)->epoch.gradient_norm_max = 11;
    row(&p, 5)->epoch.gradient_norm_max = 10;
    h = listen(&p);
    assert_string_equal(h.text, "exploding_gradients@2 exploding_gradients@5");
    assert_string_equal(h.last.rule->category, "gradient_flow");
    assert_int_equal(h.last.rule->severity, TL__SEVERITY_CRITICAL);
    assert_int_equal(h.last.details, 1);
    assert_string_equal(h.last.detail[0].name, "gradient_norm_max");
    assert_true(h.last.detail[0].value == 11);

    plant(&p, 6);
    row(&p, 3)->epoch.val_loss = row(&p, 3)->epoch.train_loss + 0.31;
    row(&p, 4)->epoch.val_loss = row(&p, 4)->epoch.train_loss + 0.29;
    assert_string_equal(listen(&p).text, "severe_overfitting@4");

    plant(&p, 10);
    for (size_t i = 1; i < 10; i++) row(&p, i)->signal = TL__SIGNAL_WEAK;
    row(&p, 5)->signal = TL__SIGNAL_MEDIUM;    /* four, then four */
    assert_string_equal(listen(&p).text, "");
    row(&p, 5)->signal = TL__SIGNAL_WEAK;
    assert_string_equal(listen(&p).text, "learning_plateau@6");

    plant(&p, 3);
    for (size_t i = 0; i < 3; i++) row(&p, i)->class_balance = 0.49;
    assert_string_equal(listen(&p).text, "class_imbalance@1");

    plant(&p, 13);
    p.records.classes = 3;
    tl__class_record none[3 * 13];
    double wide[13 * (WIDTH + 12)];
    memset(none, 0, sizeof none);
    memset(wide, 0, sizeof wide);
    for (size_t i = 0; i < 13; i++) {
        row(&p, i)->epoch.val_accuracy = 0.39;
        memcpy(wide + i * (WIDTH + 12), row(&p, i), WIDTH * sizeof(double));
    }
    p.records.rows = wide;
    assert_string_equal(listen(&p).text, "poor_convergence@11");
    p.records.classes = 0;    /* no chance to compare with */
    p.records.rows = p.rows;
    assert_string_equal(listen(&p).text, "");
}

static void test_gradient_drop(void **state)
{
    planted p;
    (void)state;
    plant(&p, 4);
    row(&p, 2)->epoch.gradient_norm_avg = 0.09;
    heard h = listen(&p);
    assert_string_equal(h.text, "gradient_drop@3");
    assert_int_equal(h.last.details, 3);
    assert_string_equal(h.last.detail[0].name, "prev_norm");
    assert_true(h.last.detail[0].value == 0.5);
    assert_string_equal(h.last.detail[1].name, "current_norm");
    assert_true(h.last.detail[1].value == 0.09);
    assert_string_equal(h.last.detail[2].name, "drop_ratio");
    assert_true(tl__abs(h.last.detail[2].value - 0.18) < 1e-15);
    row(&p, 2)->epoch.gradient_norm_avg = 0.1;    /* exactly 20 %: not under */
    assert_string_equal(listen(&p).text, "");
}

static void test_element_alerts_once(void **state)
{
    planted p;
    (void)state;
    plant(&p, 6);
    for (size_t i = 0; i < 6; i += 2) row(&p, i)->epoch.gradient_mean_abs = 1e-8;
    for (size_t i = 1; i < 6; i += 2) row(&p, i)->epoch.gradient_max_abs = 10.5;
    assert_string_equal(listen(&p).text, "element_gradient_vanishing@1 element_gradient_exploding@2");
    uint32_t said = 0;
    heard h = {.text = ""};
    for (size_t i = 0; i < 6; i++) {
        tl__records one = {.count = 1, .rows = p.rows + i * WIDTH};
        assert_int_equal(tl__alerts_always(&one, &said, hear, &h, NULL), TL_OK);
    }
    assert_string_equal(h.text, "element_gradient_vanishing@1 element_gradient_exploding@2");
}

static void test_not_finite(void **state)
{
    planted p;
    (void)state;
    plant(&p, 4);
    p.records.not_finite = "epoch 5, step 3: the output of layer 'dense_2' is not finite";
    heard h = listen(&p);
    assert_string_equal(h.text, "not_finite@5");
    assert_non_null(strstr(h.last.message, "dense_2"));
    assert_int_equal(h.last.rule->severity, TL__SEVERITY_CRITICAL);
}

/* ---- the user's rules ---- */

static tl_status read_rules(const char *yaml, tl__alert_rules *rules, tl__tree **tree, tl__heap *heap, tl_error *error)
{
    tl__heap_init(heap, NULL, 0);
    assert_int_equal(tl__tree_new(heap, "run.yaml", tree), TL_OK);
    assert_int_equal(tl__yaml_parse(*tree, yaml, strlen(yaml), error), TL_OK);
    return tl__alerts_read(&(*tree)->root, "run.yaml", rules, error);
}

static void test_user_rules(void **state)
{
    static tl__alert_rules rules;
    planted p;
    tl__heap heap;
    tl__tree *tree;
    heard h = {.text = ""};
    (void)state;
    plant(&p, 4);
    row(&p, 2)->epoch.gradient_norm_max = 20;
    assert_int_equal(read_rules("- {name: stuck, when: train_loss > 0.9 * prev(train_loss) or epoch == 2, "
                                "severity: info, message: 'loss {train_loss}, before {prev(train_loss)}'}\n"
                                "- {name: exploding_gradients, when: gradient_norm_max > 100, message: much}\n",
                                &rules, &tree, &heap, NULL), TL_OK);
    assert_int_equal(tl__alerts_each(&rules, &p.records, hear, &h, NULL), TL_OK);
    assert_string_equal(h.text, "stuck@2");
    assert_string_equal(h.last.message, "loss 0.5, before 1");
    assert_int_equal(h.last.rule->severity, TL__SEVERITY_INFO);
    tl__tree_free(tree);
    assert_int_equal(heap.in_use, 0);
}

static void test_user_mistakes(void **state)
{
    static tl__alert_rules rules;
    static const struct { const char *yaml, *part; } cases[] = {
        {"when: 1", "run.yaml:1:1: a list of alerts is needed"},
        {"- 5", "run.yaml:1:3: an alert is a map"},
        {"- {name: a, when: epoch > 1}", "needs a name, a condition under when, and a message"},
        {"- {name: a, when: epoc > 1, message: m}", "run.yaml:1:19: there is no figure 'epoc'; did you mean epoch?"},
        {"- {name: a, when: epoch > 1, message: 'm {x'}", "a { without its }"},
        {"- {name: a, when: epoch > 1, message: 'm {x}'}", "{x} is not understood: there is no figure 'x'"},
        {"- {name: a, when: epoch > 1, message: m, severity: loud}", "one of: info, warning, critical"},
        {"- {name: a, when: epoch > 1, message: m, category: loud}", "one of: gradient_flow"},
        {"- {name: a, wen: epoch > 1, message: m}", "'wen' is not a part of an alert; did you mean when"},
    };
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl__heap heap;
        tl__tree *tree;
        tl_error error = {0};
        assert_int_equal(read_rules(cases[i].yaml, &rules, &tree, &heap, &error), TL_BAD_CONFIG);
        if (!strstr(error.message, cases[i].part)) fail_msg("%s: %s", cases[i].yaml, error.message);
        tl__tree_free(tree);
    }
}

/* ---- the judgements: cases chosen by hand, judged by judge() and overfitting() of tests/referees/record.py ---- */

static void test_judgements(void **state)
{
    /* was, is: train_loss; val_loss was, is; train_acc, val_acc; norm; change -> signal, convergence, overfitting */
    static const struct { double was, is, val_was, val, acc, val_acc, norm, change, signal, convergence, over; }
        cases[] = {
            {1.0, 0.9, 1.0, 0.95, 0.8, 0.7, 0.5, 0.2, TL__SIGNAL_STRONG, TL__CONVERGENCE_IMPROVING,
             0.21666666666666676},
            {1.0, 0.98, 1.0, 1.02, 0.8, 0.8, 0.05, 0.2, TL__SIGNAL_MEDIUM, TL__CONVERGENCE_PLATEAUING,
             0.040000000000000036},
            {1.0, 0.995, 1.0, 0.99, 0.8, 0.9, 0.005, 0.02, TL__SIGNAL_WEAK, TL__CONVERGENCE_PLATEAUING, 0},
            {1.0, 0.9, 1.0, 1.06, 0.99, 0.5, 0.005, 0.001, TL__SIGNAL_MEDIUM, TL__CONVERGENCE_DIVERGING,
             0.66},
            {1.0, 1.02, 1.0, 1.0, 0.5, 0.5, 0.2, 0.02, TL__SIGNAL_MEDIUM, TL__CONVERGENCE_DIVERGING, 0},
            {0.5, 0.2, 0.6, 3.0, 1.0, 0.1, 20, 5, TL__SIGNAL_STRONG, TL__CONVERGENCE_DIVERGING, 1},
        };
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl__record before, now;
        tl__row_clear((double *)(void *)&before, WIDTH);
        tl__row_clear((double *)(void *)&now, WIDTH);
        before.epoch.train_loss = cases[i].was;
        before.epoch.val_loss = cases[i].val_was;
        now.epoch.train_loss = cases[i].is;
        now.epoch.val_loss = cases[i].val;
        now.epoch.train_accuracy = cases[i].acc;
        now.epoch.val_accuracy = cases[i].val_acc;
        now.epoch.gradient_norm_avg = cases[i].norm;
        now.param_change = cases[i].change;
        tl__record_judge(&now, &before);
        assert_true(now.signal == cases[i].signal);
        assert_true(now.convergence == cases[i].convergence);
        assert_true(tl__abs(now.overfitting - cases[i].over) < 1e-15);
        tl__record_judge(&now, NULL);
        assert_true(now.signal == TL__SIGNAL_UNKNOWN && now.convergence == TL__CONVERGENCE_UNKNOWN);
    }
}

/* Without validation there is no overfitting to see; a regression has the loss alone. */
static void test_judgements_without(void **state)
{
    tl__record now;
    (void)state;
    tl__row_clear((double *)(void *)&now, WIDTH);
    now.epoch.train_loss = 0.5;
    tl__record_judge(&now, NULL);
    assert_true(now.overfitting == 0);
    now.epoch.val_loss = 0.6;
    tl__record_judge(&now, NULL);
    assert_true(tl__abs(now.overfitting - 0.2) < 1e-12);
}

static void test_field_table(void **state)
{
    const tl__record_field *field;
    (void)state;
    for (size_t i = 0; (field = tl__record_field_at(i)) != NULL; i++) {
        assert_ptr_equal(tl__record_field_find(field->name, strlen(field->name)), field);
        assert_true(field->offset < sizeof(tl__record) && field->offset % sizeof(double) == 0 && *field->help);
    }
    assert_null(tl__record_field_find("epochs", 6));
    assert_string_equal(tl__record_word(TL__RECORD_SIGNAL, 3), "strong");
    assert_true(tl__record_of_word(TL__RECORD_CONVERGENCE, "diverging") == 3);
    assert_true(tl__record_of_word(TL__RECORD_NUMBER, "x") < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_missing_figures), cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_streaks), cmocka_unit_test(test_healthy), cmocka_unit_test(test_each_alert),
        cmocka_unit_test(test_gradient_drop), cmocka_unit_test(test_element_alerts_once),
        cmocka_unit_test(test_not_finite), cmocka_unit_test(test_user_rules), cmocka_unit_test(test_user_mistakes),
        cmocka_unit_test(test_judgements), cmocka_unit_test(test_judgements_without),
        cmocka_unit_test(test_field_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
