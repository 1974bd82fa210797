/* Configs: what they become, what they are written as, and what of them makes a run what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab/config.h"
#include "text/bind.h"

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

static tl__config *parse(const char *text, const char *set, const char *preset)
{
    tl__config *config = NULL;
    memset(&error, 0, sizeof error);
    tl__config_parse(context, text, strlen(text), "sub/iris.yaml", "sub", &set, set ? 1 : 0, true, preset, &config, &error);
    return config;
}

static void refused(const char *text, const char *set, const char *part)
{
    size_t before = tl_context_memory(context);
    assert_null(parse(text, set, NULL));
    assert_int_equal(error.status, TL_BAD_CONFIG);
    if (!strstr(error.message, part)) fail_msg("'%s' is not in: %s", part, error.message);
    assert_int_equal(tl_context_memory(context), before);
}

static const char users[] =
    "network:\n  layers:\n    - type: \"input\"\n      nodes: 128\n    - type: \"hidden\"\n      nodes: 256\n"
    "    - type: \"output\"\n      nodes: 64\n  activation: \"relu\"\n  initialization: \"xavier\"\n"
    "training:\n  learning_rate: 0.001\n  batch_size: 32\n  epochs: 100\n  optimizer: \"adam\"\n  loss: \"mse\"\n"
    "optimization:\n  dropout: 0.2\n  l2_reg: 0.01\n  early_stopping:\n    patience: 10\n    min_delta: 0.001\n"
    "data: {file: made.csv}\n";

static void test_users_block(void **state)
{
    (void)state;
    tl__config *config = parse(users, NULL, NULL);
    assert_non_null(config);
    const tl__config_settings *s = &config->settings;
    assert_int_equal(s->seed, 42);
    assert_int_equal(s->train.training.batch_size, 32);
    assert_true(s->train.optimization.early_stopping.present);
    assert_int_equal(s->train.optimization.early_stopping.patience, 10);
    assert_int_equal(tl_value_count(s->network.layers), 3);
    assert_string_equal(config->name, "iris");
    assert_string_equal(config->folder, "sub");
    tl__config_free(config);
}

static void test_names(void **state)
{
    (void)state;
    tl__config *config = parse("name: a b/ü\ndata: {file: x.csv}", NULL, NULL);
    assert_string_equal(config->name, "a_b___");
    tl__config_free(config);
    assert_int_equal(tl__config_parse(context, "data: {file: d/prices.csv.gz}", 29, "config.yaml", "", NULL, 0, true, NULL,
                                      &config, NULL), TL_OK);
    assert_string_equal(config->name, "prices");
    tl__config_free(config);
}

static void test_set(void **state)
{
    (void)state;
    tl__config *config = parse("data: {file: x.csv}\ntraining: {epochs: 5, optimizer: sgd}", "training.num_epochs=7", NULL);
    assert_int_equal(config->settings.train.training.epochs, 7);
    tl__config_free(config);
    config = parse("data: {file: x.csv}\ntraining: {optimizer: sgd}", "training.optimizer.momentum=0.9", NULL);
    assert_non_null(config);
    assert_string_equal(config->settings.train.training.optimizer.name, "sgd");
    tl__config_free(config);
    config = parse("data: {file: x.csv}", "training.optimizer.beta1=0.8", NULL);
    assert_non_null(config);
    assert_string_equal(config->settings.train.training.optimizer.name, "adam");
    tl__config_free(config);
    refused("data: {file: x.csv}", "training.optimizer.momentun=0.9", "--set");
    refused("data: {file: x.csv}", "trainig.epochs=3", "training");
    assert_null(parse("data: {file: x.csv}", "training.epochs", NULL));
    assert_int_equal(error.status, TL_INVALID);
}

static void test_mistakes(void **state)
{
    (void)state;
    refused("", NULL, "data:\n  file: ");
    refused("training: {epochs: 3}", NULL, "data:\n  file: ");
    refused("- a", NULL, "a config is a map");
    refused("data: {file: x.csv}\ntraining: {epochs: 0, batch_size: x}\nseed: -1", NULL, "3 mistakes; nothing was run.");
    refused("data: {file: x.csv}\nnetwork: {layers: [{type: hidden, nods: 3}, {type: dens}, {type: output, activation: "
            "sigmod}]}\ntraining: {epochs: 0}", NULL, "4 mistakes; nothing was run.");
    refused("data: {file: x.csv}\nnetwork: {layers: [{type: hidden, nods: 3}, output]}", NULL,
            "network.layers[0].nods is not a setting; did you mean network.layers[0].nodes?\n1 mistake;");
    refused("data: {file: x.csv}\nnetwork: {layers: [{type: hidden}, output]}", NULL, "network.layers[0].nodes is missing");
    refused("data: {file: x.csv}\nnetwork: {model: mlp, layers: [output]}", NULL, ":2:18: network.model is 'mlp' and");
    refused("data: {file: x.csv}\nnetwork: {model: resnet}", NULL, ":2:18: unknown architecture 'resnet'");
    refused("data: {file: x.csv}\nnetwork: {model: mlp}", "network.model=resnet", "--set: unknown architecture 'resnet'");
    refused("data {file: x.csv}", NULL, "2 mistakes; nothing was run.");
    refused("data: {file: x.csv}\nmodes: {progressive: true}\ntraining: {symbol: A}", NULL, "1 mistake;");
    refused("data: {file: x.csv}\nquantization: {bits: 8}", NULL, "int8");
    refused("data: {file: x.csv}\ntraining: {epochs: 3, num_epochs: 4}", NULL, "num_epochs");
    refused("data: {file: x.csv}\ntraining: {lr_scheduler: {type: steep}}", NULL, "did you mean 'step'");
}

/* Presets lie beneath what the text says. */
/* Settings of a named architecture stand beside its name or in its map, in the file or in --set. */
static void test_settings_of_models(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        {"data: {file: x.csv}\nnetwork: {model: tcn, kernel_size: 5, hidden_size: 7}", NULL},
        {"data: {file: x.csv}\nnetwork: {hidden_size: 7, model: {type: tcn, kernel_size: 5}}", NULL},
        {"data: {file: x.csv}\nnetwork: {model: tcn, hidden_size: 7}", "network.kernel_size=5"},
        {"data: {file: x.csv}\nnetwork: {model: tcn, hidden_size: 7}", "network.model.kernel_size=5"}};
    char first[65], hash[65];
    for (size_t i = 0; i < TL_COUNT(same); i++) {
        tl__config *config = parse(same[i][0], same[i][1], NULL);
        if (!config) fail_msg("%s", error.message);
        const tl__network_settings *network = &config->settings.network;
        assert_string_equal(network->model.name, "tcn");
        assert_int_equal(tl_value_integer(tl__value_child(network->model.settings, "kernel_size"), 0), 5);
        assert_int_equal(network->hidden_size.items[0], 7);
        assert_int_equal(tl__config_hash(config, i ? hash : first, &error), TL_OK);
        if (i) assert_string_equal(hash, first);
        tl__config_free(config);
    }
    refused("data: {file: x.csv}\nnetwork: {model: tcn, kernel_sise: 5}", NULL,
            ":2:23: network.model.kernel_sise is not a setting; did you mean network.model.kernel_size?");
    refused("data: {file: x.csv}\nnetwork: {model: tcn, hiden_size: 5}", NULL, "did you mean network.hidden_size?");
    refused("data: {file: x.csv}\nnetwork: {model: mlp, kernel_size: 5}", NULL, "network.kernel_size is not a setting");
    refused("data: {file: x.csv}\nnetwork: {model: tcn, kernel_size: 0}", NULL, "a whole number from 1 to 1024");
}

static void test_presets(void **state)
{
    (void)state;
    tl__config *config = parse("data: {file: x.csv}\noptimization: {dropout: 0.5}", NULL, "plain");
    assert_non_null(config);
    assert_float_equal(config->settings.train.optimization.dropout, 0.5, 0);
    assert_float_equal(config->settings.train.optimization.l2_reg, 0.01, 0);
    tl__config_free(config);
    for (size_t i = 0; tl__preset_at(i); i++) {
        config = parse("data: {file: x.csv}", NULL, tl__preset_at(i)->name);
        assert_non_null(config);
        tl__config_free(config);
    }
    assert_null(parse("data: {file: x.csv}", NULL, "progressive"));
}

/* What is written reads back to the same settings, paths called from where it is written to. */
static void test_round_trip(void **state)
{
    (void)state;
    const char *const texts[] = {
        users,
        "data: {file: [a.csv, /b.csv], test_file: t.csv, target: 'no', classes: ['1', '2'], split: {method: time, test: 100}}\n"
        "training: {optimizer: {type: sgd, momentum: 0.9}, loss: {type: focal, gamma: 1.5}, lr_scheduler: {type: step}}\n"
        "search: {parameters: {training.epochs: [1, 2]}}\nname: x",
    };
    for (size_t i = 0; i < TL_COUNT(texts); i++) {
        char first[65], second[65];
        tl__buffer written;
        tl__config *config = parse(texts[i], NULL, NULL), *again = NULL;
        assert_non_null(config);
        tl__buffer_init(&written, &context->heap);
        assert_int_equal(tl__config_write(config, "output/runs/x", &written, NULL), TL_OK);
        tl_status status = tl__config_parse(context, written.data, written.size, "output/runs/x/config.yaml", "output/runs/x",
                                            NULL, 0, true, NULL, &again, &error);
        if (status != TL_OK) fail_msg("%s\n%s", error.message, written.data);
        assert_int_equal(tl__config_hash(config, first, NULL), TL_OK);
        assert_int_equal(tl__config_hash(again, second, NULL), TL_OK);
        assert_string_equal(first, second);
        const tl_value *file = again->settings.data.file;
        if (file->kind == TL_TEXT) {
            assert_string_equal(tl_value_text(file, ""), "../../../sub/made.csv");
        } else {
            assert_string_equal(tl_value_text(tl_value_at(file, 0), ""), "../../../sub/a.csv");
            assert_string_equal(tl_value_text(tl_value_at(file, 1), ""), "/b.csv");
            assert_string_equal(again->settings.data.target.items[0], "no");
        }
        tl__buffer_free(&written);
        tl__config_free(again);
        tl__config_free(config);
    }
}

/* The hash knows what changes results and nothing else. */
static void test_hash(void **state)
{
    (void)state;
    static const struct { const char *set; bool same; } cases[] = {
        {"training.epochs=100", true},    /* the default said */
        {"name=other", true},       {"data.file=other.csv", true}, {"output.folder=x", true},
        {"data.workers=0", true},   {"analytics.enabled=true", true}, {"training.checkpoint.minutes=1", true},
        {"seed=1", false},          {"training.epochs=99", false}, {"data.target=a", false},
        {"network.activation=tanh", false}, {"training.optimizer.beta1=0.8", false},
        {"optimization.early_stopping.patience=10", false},
    };
    char plain[65], hash[65];
    tl__config *config = parse("data: {file: x.csv}", NULL, NULL);
    assert_int_equal(tl__config_hash(config, plain, NULL), TL_OK);
    assert_int_equal(strlen(plain), 64);
    tl__config_free(config);
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        config = parse("data: {file: x.csv}", cases[i].set, NULL);
        assert_non_null(config);
        assert_int_equal(tl__config_hash(config, hash, NULL), TL_OK);
        if (cases[i].same != tl__same_text(plain, hash)) fail_msg("%s", cases[i].set);
        tl__config_free(config);
    }
}

static void test_live(void **state)
{
    (void)state;
    tl__arena arena;
    tl__arena_init(&arena, &context->heap);
    assert_null(tl__config_not_live("training.learning_rate=1", &arena));
    assert_null(tl__config_not_live("training.num_epochs=9", &arena));
    assert_string_equal(tl__config_not_live("training.batch_size=1", &arena), "training.batch_size");
    assert_string_equal(tl__config_not_live("random_seed=1", &arena), "seed");
    assert_non_null(tl__config_not_live("nonsense", &arena));
    tl__arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users_block), cmocka_unit_test(test_names), cmocka_unit_test(test_set),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_presets), cmocka_unit_test(test_settings_of_models),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_hash), cmocka_unit_test(test_live),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
