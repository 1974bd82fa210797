/* Searches: the block as it is read, and the values of trials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab/search.h"

static tl_context *context;
static tl_error error;

static int setup(void **state)
{
    (void)state;
    context = tl_context_new(NULL);
    return context ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tl_context_free(context);
    return 0;
}

static tl_status read(const char *search, tl__config **config, tl__search *out)
{
    char text[1024];
    memset(&error, 0, sizeof error);
    tl__format(text, sizeof text, "data: {file: x.csv}\n%s", search);
    assert_int_equal(tl__config_parse(context, text, strlen(text), "s.yaml", "", NULL, 0, true, NULL, config, &error), TL_OK);
    tl_options options = TL_OPTIONS;
    return tl__search_of_config(*config, &options, out, &error);
}

static void value(const tl__search *search, size_t parameter, int64_t trial, char out[64])
{
    tl__buffer text;
    double points[TL__SPACE_AXES];
    tl__search_view view = {&context->heap, &search->space, search->seed, trial, 0, points, points};
    assert_int_equal(search->method->propose(&view, 1, points, NULL), TL_OK);
    tl__buffer_init(&text, &context->heap);
    tl__search_value(search, parameter, points[parameter], &text);
    tl__format(out, 64, "%s", text.data);
    tl__buffer_free(&text);
}

/* All combinations once, the last parameter fastest. */
static void test_grid(void **state)
{
    (void)state;
    static const char *const wanted[][2] = {{"0.1", "\"adam\""}, {"0.1", "{\"type\": \"sgd\"}"}, {"0.1", "3"},
                                            {"0.01", "\"adam\""}, {"0.01", "{\"type\": \"sgd\"}"}, {"0.01", "3"}};
    tl__config *config;
    tl__search search;
    assert_int_equal(read("search: {method: grid, parameters: {training.lr: [0.1, 0.01], training.optimizer: [adam, {type: sgd}, 3]}}",
                          &config, &search), TL_OK);
    assert_int_equal(search.trials, 6);
    assert_string_equal(search.parameters[0].path, "training.learning_rate");
    assert_string_equal(search.metric, "val_loss");
    assert_false(search.higher);
    for (int64_t trial = 0; trial < 6; trial++)
        for (size_t p = 0; p < 2; p++) {
            char text[64];
            value(&search, p, trial, text);
            assert_string_equal(text, wanted[trial][p]);
        }
    tl__config_free(config);
}

/* Ranges are kept, whole settings are whole, and a trial's value depends on seed, path and trial only. */
static void test_random(void **state)
{
    (void)state;
    tl__config *config, *other;
    tl__search search, alone;
    const char *text = "search: {method: random, trials: 300, metric: accuracy, parameters: {training.learning_rate: {min: 0.0001, max: 0.1}, "
                       "network.hidden_size: {min: 8, max: 64}, optimization.dropout: {min: 0, max: 0.5}}}";
    assert_int_equal(read(text, &config, &search), TL_OK);
    assert_int_equal(search.trials, 300);
    assert_true(search.higher);
    assert_true(search.space.axes[0].log);
    assert_true(search.parameters[1].whole);
    assert_false(search.space.axes[2].log);
    assert_int_equal(read("search: {method: random, parameters: {optimization.dropout: {min: 0, max: 0.5}}}", &other, &alone), TL_OK);
    assert_int_equal(alone.trials, 20);
    int below = 0, whole[65] = {0};
    for (int64_t trial = 0; trial < 300; trial++) {
        char cell[64], same[64];
        double number;
        int64_t integer;
        value(&search, 0, trial, cell);
        assert_true(tl__parse_double(cell, strlen(cell), &number) && number >= 0.0001 && number <= 0.1);
        below += number < 0.00316;    /* the middle of the log scale */
        value(&search, 1, trial, cell);
        assert_true(tl__parse_int(cell, strlen(cell), &integer) && integer >= 8 && integer <= 64);
        whole[integer]++;
        value(&search, 2, trial, cell);
        value(&alone, 0, trial, same);
        assert_string_equal(cell, same);
    }
    assert_in_range(below, 110, 190);    /* 150 +- 4.6 standard deviations */
    int seen = 0;
    for (int i = 8; i <= 64; i++) seen += whole[i] > 0;
    assert_true(seen > 50);
    tl__config_free(other);
    tl__config_free(config);
}

/* Settings of a named architecture are searched as those of the network block are. */
static void test_settings_of_models(void **state)
{
    (void)state;
    tl__config *config;
    tl__search search;
    char text[64];
    assert_int_equal(read("network: {model: tcn}\nsearch: {trials: 9, parameters: {network.kernel_size: {min: 2, max: 5}, "
                          "network.model.dropout: {min: 0, max: 0.5}}}", &config, &search), TL_OK);
    for (int64_t trial = 0; trial < 9; trial++) {
        value(&search, 0, trial, text);
        assert_true(strlen(text) == 1 && text[0] >= '2' && text[0] <= '5');
    }
    assert_true(search.parameters[0].whole && !search.parameters[1].whole);
    tl__config_free(config);
}

/* The users' three searches, and what auto makes of the space. */
static void test_methods(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{method: grid, parameters: {network.hidden_size: [128, 256, 512], network.num_layers: [2, 3, 4], "
         "optimization.dropout: [0.1, 0.2, 0.3], training.learning_rate: [1e-4, 1e-3, 1e-2]}}", "grid 81"},
        {"{method: random, parameters: {network.hidden_size: {min: 128, max: 512}, network.num_layers: {min: 2, max: 4}, "
         "optimization.dropout: {min: 0.1, max: 0.3}, training.learning_rate: {min: 1e-4, max: 1e-2, scale: log}}}",
         "random 20"},
        {"{method: bayesian, parameters: {network.hidden_size: {min: 128, max: 512}, optimization.dropout: {min: 0, "
         "max: 0.5}, training.learning_rate: {min: -4, max: -2, scale: log10}}}", "bayesian 50"},
        {"{parameters: {optimization.dropout: {min: 0, max: 0.5, step: 0.1}}}", "grid 6"},
        {"{trials: 5, parameters: {optimization.dropout: {min: 0, max: 0.5, step: 0.1}}}", "bayesian 5"},
        {"{trials: 400, parameters: {optimization.dropout: {min: 0, max: 0.5}}}", "tpe 400"},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl__config *config;
        tl__search search;
        char text[800], cell[64];
        tl__format(text, sizeof text, "network: {model: mlp}\nsearch: %s", cases[i][0]);
        assert_int_equal(read(text, &config, &search), TL_OK);
        tl__format(text, sizeof text, "%s %lld", search.method->head.name, (long long)search.trials);
        assert_string_equal(text, cases[i][1]);
        if (i == 2) assert_true(search.space.axes[2].log && search.space.axes[2].min == 1e-4 && search.space.axes[2].max == 1e-2);
        if (i == 3) {
            value(&search, 0, 3, cell);
            assert_string_equal(cell, "0.3");
        }
        tl__config_free(config);
    }
}

/* A setting's name alone takes the values of its row, and what is written takes their place. */
static void test_usual(void **state)
{
    (void)state;
    tl__config *config;
    tl__search search;
    char text[64];
    assert_int_equal(read("network: {model: mlp}\nsearch: {parameters: [training.lr, optimization.dropout, network.hidden_size, "
                          "training.optimizer, network.activation, {training.batch_size: [8, 16]}]}", &config, &search),
                     TL_OK);
    const tl__space_axis *axis = search.space.axes;
    assert_int_equal(search.space.count, 6);
    assert_string_equal(search.method->head.name, "bayesian");
    assert_string_equal(search.parameters[0].path, "training.learning_rate");
    assert_true(axis[0].kind == TL__AXIS_REAL && axis[0].log && axis[0].min == 1e-4 && axis[0].max == 0.1);
    assert_true(axis[1].kind == TL__AXIS_REAL && !axis[1].log && axis[1].min == 0 && axis[1].max == 0.5);
    assert_true(axis[2].kind == TL__AXIS_WHOLE && axis[2].log && axis[2].min == 16 && axis[2].max == 512);
    assert_true(axis[3].kind == TL__AXIS_CHOICE && axis[3].max == 3 && axis[4].kind == TL__AXIS_CHOICE && axis[5].max == 1);
    tl__config_free(config);
    assert_int_equal(read("search: {method: random, parameters: {training.learning_rate: {max: 0.01}, optimization.dropout: auto, "
                          "data.normalize: auto}}", &config, &search), TL_OK);
    axis = search.space.axes;
    assert_true(axis[0].log && axis[0].min == 1e-4 && axis[0].max == 0.01 && axis[1].max == 0.5);
    assert_true(axis[2].kind == TL__AXIS_CHOICE && axis[2].max == 3);
    for (int64_t trial = 0; trial < 30; trial++) {
        value(&search, 2, trial, text);
        assert_string_not_equal(text, "\"auto\"");
    }
    tl__config_free(config);
}

/* Every row that says what a search tries says something that a search can read, within the row's range. */
static void test_rows(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "[training.learning_rate, training.batch_size, training.optimizer, training.optimizer.weight_decay, "
        "training.optimizer.beta1, training.optimizer.beta2, training.optimizer.alpha, training.optimizer.momentum, "
        "optimization.early_stopping.patience, optimization.dropout, optimization.l2_reg, optimization.weight_decay, "
        "optimization.gradient_clip, network.activation, network.initialization, network.num_layers]",
        "{training.optimizer: [adagrad], training.optimizer.lr_decay: auto, training.lr_scheduler: [step, one_cycle, "
        "reduce_on_plateau, warm_restarts], training.lr_scheduler.step_size: auto, "
        "training.lr_scheduler.gamma: auto, training.lr_scheduler.warmup: auto, training.lr_scheduler.pct_start: auto, "
        "training.lr_scheduler.max_lr: auto, training.lr_scheduler.patience: auto, training.lr_scheduler.factor: auto, "
        "training.lr_scheduler.t_0: auto, training.loss: [focal, huber, smooth_l1, cross_entropy], training.loss.gamma: "
        "auto, training.loss.delta: auto, training.loss.beta: auto, training.loss.label_smoothing: auto}"};
    for (size_t i = 0; i < TL_COUNT(lists); i++) {
        tl__config *config;
        tl__search search;
        char text[1024];
        tl__format(text, sizeof text, "search: {method: random, parameters: %s}", lists[i]);
        if (read(text, &config, &search) != TL_OK) fail_msg("%s", error.message);
        for (size_t j = 0; j < search.space.count; j++)
            assert_true(search.parameters[j].values || search.space.axes[j].min < search.space.axes[j].max);
        tl__config_free(config);
    }
    const char *models[][2] = {{"tcn", "[network.kernel_size, network.dilation_base, network.dropout]"},
                               {"cnn", "[network.kernel_size, network.pool_size, network.batch_norm]"},
                               {"lstm", "[network.dropout, network.bidirectional]"},
                               {"transformer", "[network.heads, network.feedforward, network.dropout, network.norm]"},
                               {"nhits", "[network.blocks, network.pooling]"}, {"dlinear", "[network.kernel]"},
                               {"nbeats", "[network.blocks, network.degree]"}};
    for (size_t i = 0; i < TL_COUNT(models); i++) {
        tl__config *config;
        tl__search search;
        char text[1024];
        tl__format(text, sizeof text, "network: {model: %s}\nsearch: {parameters: %s}", models[i][0], models[i][1]);
        if (read(text, &config, &search) != TL_OK) fail_msg("%s: %s", models[i][0], error.message);
        tl__config_free(config);
    }
}

/* The momentum counts with the optimizers that have one; a written `when` with the values that it names. */
static void test_when(void **state)
{
    (void)state;
    tl__config *config;
    tl__search search;
    assert_int_equal(read("search: {method: grid, parameters: {training.optimizer: [adam, {type: sgd}, rmsprop], "
                          "training.optimizer.momentum: [0, 0.5, 0.9], network.num_layers: [1, 2], optimization.dropout: "
                          "{values: [0.1, 0.2], when: {network.num_layers: 2}}}}", &config, &search), TL_OK);
    assert_int_equal(search.space.axes[1].under, 1);
    assert_int_equal(search.space.axes[1].when, 6);
    assert_int_equal(search.space.axes[3].under, 3);
    assert_int_equal(search.space.axes[3].when, 2);
    assert_int_equal(search.trials, (1 + 3 + 3) * (1 + 2));
    double points[21 * 4];
    tl__search_view view = {&context->heap, &search.space, 1, 0, 0, points, points};
    assert_int_equal(tl__search_propose(search.method, &view, 21, points, NULL), TL_OK);
    for (size_t a = 0; a < 21; a++)    /* all differ, also in what counts */
        for (size_t b = 0; b < a; b++) assert_memory_not_equal(points + 4 * a, points + 4 * b, 4 * sizeof(double));
    tl__config_free(config);
    assert_int_equal(read("search: {method: random, parameters: {training.optimizer: [adam, sgd, rmsprop], "
                          "optimization.dropout: {max: 0.2, when: {training.optimizer: [sgd, adam]}}, optimization.l2_reg: "
                          "{when: {training.optimizer: rmsprop}}}}", &config, &search), TL_OK);
    assert_int_equal(search.space.axes[1].when, 3);
    assert_int_equal(search.space.axes[2].when, 4);
    tl__config_free(config);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"seed: 1", "search:\n  trials: 20"},
        {"search: {parameters: {training.lerning_rate: [1]}}", "did you mean 'learning_rate'?"},
        {"search: {parameters: {training.learning_rate: 1}}", "a list of values or a range"},
        {"search: {parameters: {training.learning_rate: []}}", "at least one value in its list"},
        {"search: {parameters: [seed]}", "seed has no usual range to search; write one, seed: {min: ..., max: ...}"},
        {"search: {parameters: {training.loss: auto}}", "training.loss has no usual range to search; write one, "
         "training.loss: [a list of values]"},
        {"search: {parameters: [training.learning_rat]}", "did you mean 'learning_rate'?"},
        {"search: {parameters: [3]}", "names of settings"},
        {"search: {parameters: [training.optimizer.momentum]}", "training.optimizer.momentum is no setting of the "
         "optimizer that the config chooses; set training.optimizer"},
        {"search: {parameters: {training.optimizer: [adam], training.optimizer.momentum: auto}}",
         "is a setting of none of the values of training.optimizer"},
        {"search: {parameters: {training.optimizer: [adam, sgd], training.optimizer.momentun: auto}}",
         "is a setting of none of the values of training.optimizer"},
        {"search: {parameters: {optimization.dropout: {when: {training.optimizer: sgd}}}}", "must stand above it"},
        {"search: {parameters: {optimization.l2_reg: auto, optimization.dropout: {when: {optimization.l2_reg: 0.1}}}}",
         "must be a list of at most 64 values"},
        {"search: {parameters: {training.optimizer: [adam, sgd], optimization.dropout: {when: {training.optimizer: "
         "rmsprop}}}}", "optimization.dropout never counts"},
        {"search: {parameters: {training.optimizer: [adam, sgd], optimization.dropout: {when: sgd}}}",
         "needs when: {parameter: value}"},
        {"search: {parameters: {training.learning_rate: {min: 1, max: 0.1}}}", "min < max"},
        {"search: {parameters: {training.learning_rate: {min: 0, max: 0.1, scale: log}}}", "0 < min < max"},
        {"search: {parameters: {training.lr: [1], training.learning_rate: [1]}}", "is listed twice"},
        {"search: {parameters: {training.batch_size: {min: 1.5, max: 4}}}", "min and max must be whole"},
        {"search: {parameters: {optimization.dropout: {min: 0, max: 0.5, step: 1}}}", "a step needs"},
        {"search: {parameters: {optimization.dropout: {min: 0.1, max: 0.5, step: 0.1, scale: log}}}", "a step needs"},
        {"search: {stop: {method: ash}, parameters: {training.epochs: [1]}}", "search.stop.method"},
        {"search: {parameters: {training.learning_rate: {min: 0.1}}}", "max"},
        {"search: {parameters: {}}", "1 to 32 settings"},
        {"search: {metric: acuracy, parameters: {training.epochs: [1]}}", "search.metric is 'acuracy'"},
        {"search: {method: grid, parameters: {training.learning_rate: {min: 1, max: 2}}}", "a grid needs lists"},
        {"search: {methode: grid, parameters: {training.epochs: [1]}}", "did you mean search.method?"},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl__config *config;
        tl__search search;
        assert_int_equal(read(cases[i][0], &config, &search), TL_BAD_CONFIG);
        if (!strstr(error.message, cases[i][1])) fail_msg("'%s' is not in: %s", cases[i][1], error.message);
        tl__config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grid), cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_settings_of_models),
                                       cmocka_unit_test(test_methods), cmocka_unit_test(test_usual),
                                       cmocka_unit_test(test_rows), cmocka_unit_test(test_when),
        cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
