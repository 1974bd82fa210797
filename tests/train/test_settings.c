/* What trainings can be told, in which spellings, and what is said when it does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/trainings.h"
#include "train/trainer.h"

struct said {
    tl_context *context;
    tl__arena arena;
    tl__tree *tree;
    tl__train_settings settings;
    tl_error error;
    tl_status status;
};

static void say(struct said *s, const char *text)
{
    memset(s, 0, sizeof *s);
    s->context = tl_context_new(NULL);
    s->status = tl__train_read(s->context, text, &s->arena, &s->tree, &s->settings, &s->error);
}

static void forget(struct said *s)
{
    tl__tree_free(s->tree);
    tl__arena_free(&s->arena);
    tl_context_free(s->context);
}

static bool is(double value, double wanted) { return value >= wanted && value <= wanted; }

/* A2's and A3's numbers; what is not mentioned is off. */
static void test_defaults(void **state)
{
    (void)state;
    struct said s;
    say(&s, NULL);
    assert_int_equal(s.status, TL_OK);
    assert_true(is(s.settings.training.learning_rate, 0.001));
    assert_int_equal(s.settings.training.batch_size, 32);
    assert_int_equal(s.settings.training.epochs, 100);
    assert_string_equal(s.settings.training.optimizer.name, "adam");
    assert_string_equal(s.settings.training.loss.name, "auto");
    assert_null(s.settings.training.lr_scheduler.name);
    assert_true(is(s.settings.optimization.dropout, 0) && is(s.settings.optimization.l2_reg, 0));
    assert_true(is(s.settings.optimization.gradient_clip, 0) && !s.settings.optimization.early_stopping.present);
    forget(&s);
    say(&s, "early_stopping: {}");
    assert_true(s.settings.optimization.early_stopping.present);
    assert_int_equal(s.settings.optimization.early_stopping.patience, 10);
    assert_true(is(s.settings.optimization.early_stopping.min_delta, 0.001));
    forget(&s);
}

/* E1's spellings. */
static void test_aliases(void **state)
{
    (void)state;
    struct said s;
    say(&s, "batch_size: 16, num_epochs: 7, learning_rate: 1e-2, weight_decay: 1e-5, gradient_clip: 1.0, dropout: 0.2, "
            "early_stopping_patience: 4, early_stopping_min_delta: 1e-4, mixed_precision: true, "
            "lr_scheduler: {type: cosine_annealing, t_max: 100, eta_min: 1e-6}");
    if (s.status != TL_OK) fail_msg("%s", s.error.message);
    assert_int_equal(s.settings.training.epochs, 7);
    assert_true(is(s.settings.optimization.weight_decay, 1e-5) && is(s.settings.optimization.gradient_clip, 1));
    assert_true(is(s.settings.optimization.dropout, 0.2) && s.settings.training.mixed_precision);
    assert_true(s.settings.optimization.early_stopping.present);
    assert_int_equal(s.settings.optimization.early_stopping.patience, 4);
    assert_true(is(s.settings.optimization.early_stopping.min_delta, 1e-4));
    assert_string_equal(s.settings.training.lr_scheduler.name, "cosine_annealing");
    forget(&s);
    say(&s, "gradient_clip: 0.5, gradient_clip_by: largest");
    assert_true(s.status == TL_OK && s.settings.optimization.gradient_clip_by == 1);
    forget(&s);
}

static void expect_unread(const char *text, const char *sentence)
{
    struct said s;
    say(&s, text);
    assert_int_not_equal(s.status, TL_OK);
    if (!strstr(s.error.message, sentence)) fail_msg("%s\nlacks: %s", s.error.message, sentence);
    forget(&s);
}

static void test_mistakes_of_rows(void **state)
{
    (void)state;
    expect_unread("learning_rat: 1", "did you mean training.learning_rate");
    expect_unread("batch_size: 0", "from 1 to 1048576");
    expect_unread("dropout: 1", "optimization.dropout is 1");
    expect_unread("keep: bets", "best");
    expect_unread("epochs: 3, num_epochs: 4", "epochs");
    expect_unread("{", "");
}

static void expect_unfit(const char *text, const char *sentence)
{
    training t;
    tl_error error = {0};
    tl__trainer *trainer = NULL;
    training_start(&t, 60, "nodes: 8", "epochs: 1", NULL);
    tl__train_settings settings;
    tl__arena arena;
    tl__tree *tree;
    if (tl__train_read(t.context, text, &arena, &tree, &settings, &error) != TL_OK) fail_msg("%s", error.message);
    tl__trainer_options options = {.settings = &settings, .seed = 1};
    size_t used = t.context->heap.in_use;
    tl_status status = tl__trainer_new(t.model, t.data, &options, &trainer, &error);
    if (status == TL_OK) fail_msg("%s was taken", text);
    if (!strstr(error.message, sentence)) fail_msg("%s\nlacks: %s", error.message, sentence);
    assert_true(t.context->heap.in_use == used);
    tl__tree_free(tree);
    tl__arena_free(&arena);
    training_end(&t);
}

static void test_mistakes_between_rows(void **state)
{
    (void)state;
    expect_unfit("loss: mse", "training.loss is mse, which takes numbers, but the target is a class");
    expect_unfit("loss: cros_entropy", "cross_entropy");
    expect_unfit("optimizer: adem", "adam");
    expect_unfit("optimizer: {type: sgd, momentun: 0.9}", "momentum");
    expect_unfit("gradient_shards: 3", "must be a power of two");
    expect_unfit("accumulation: 6", "must be a power of two");
    expect_unfit("class_weights: [1, 2]", "a list of 3 numbers");
    expect_unfit("class_weights: [1, 2, -3]", "not negative");
    expect_unfit("class_weights: sometimes", "none, balanced");
    expect_unfit("monitor: r2", "not a figure of this task");
    expect_unfit("lr_scheduler: stepp", "step");
    expect_unfit("optimizer: {type: sgd, nesterov: true}", "momentum");
}

/* Micro-batches with whole shards, and any number of threads, are other ways to the same bits. */
static void same_weights(const char *one, const char *other, size_t rows)
{
    training a, b;
    tl_error error = {0};
    training_start(&a, rows, "nodes: 8", one, NULL);
    training_start(&b, rows, "nodes: 8", other, NULL);
    if (tl__trainer_run(a.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    if (tl__trainer_run(b.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    assert_memory_equal(a.model->parameters, b.model->parameters, tl__plan_parameter_floats(a.model->plan) * sizeof(float));
    training_end(&b);
    training_end(&a);
}

static void test_accumulation(void **state)
{
    (void)state;
    same_weights("epochs: 4, batch_size: 16, gradient_shards: 4", "epochs: 4, batch_size: 4, gradient_shards: 4, accumulation: 4",
                 71);
    same_weights("epochs: 4, batch_size: 8, gradient_shards: 2, class_weights: balanced",
                 "epochs: 4, batch_size: 4, gradient_shards: 2, accumulation: 2, class_weights: balanced", 53);
    same_weights("epochs: 4, batch_size: 8", "epochs: 4, batch_size: 8, recompute: true", 53);
}

/* The ratio's threshold is 1.15, under focal loss 20.0, and off where it is not asked for. */
static void test_ratio(void **state)
{
    (void)state;
    static const struct { const char *settings; double ratio; } cases[] = {
        {"early_stopping: {}", 0}, {"early_stopping: {ratio_check: true}", 1.15}, {"early_stopping: {ratio: 1.4}", 1.4},
        {"loss: focal, early_stopping: {ratio_check: true}", 20.0}, {"loss: focal, early_stopping: {ratio: 3}", 3},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        training t;
        training_start(&t, 60, "nodes: 8", cases[i].settings, NULL);
        assert_true(is(t.trainer->stopping.ratio, cases[i].ratio));
        training_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_aliases), cmocka_unit_test(test_mistakes_of_rows),
        cmocka_unit_test(test_mistakes_between_rows), cmocka_unit_test(test_accumulation), cmocka_unit_test(test_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
