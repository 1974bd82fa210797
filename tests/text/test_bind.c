/* Settings from YAML by field lists: values, defaults, ranges, and every mistake told at once with place and remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/failing.h"
#include "text/bind.h"
#include "text/yaml.h"

typedef struct stopping { bool present; int64_t patience; double min_delta; } stopping;

typedef struct settings {
    int64_t batch_size;
    double learning_rate, ratio;
    bool shuffle;
    const char *target, *group;
    int method;
    tl__int_list horizons;
    tl__float_list quantiles;
    tl__text_list drop;
    stopping early_stopping;
    tl__member optimizer;
    const tl_value *layers;
} settings;

static const char *const methods[] = {"auto", "stratified", "random", "time", NULL};

static const tl__field stopping_rows[] = {
    {.name = "patience", .kind = TL__FIELD_INT, .offset = offsetof(stopping, patience), .fallback = 10, .min = 1, .max = 1000,
     .aliases = "training.early_stopping_patience"},
    {.name = "min_delta", .kind = TL__FIELD_FLOAT, .offset = offsetof(stopping, min_delta), .fallback = 0.001, .max = 1e9},
    {.name = NULL}};

#define ROW(field) .name = #field, .offset = offsetof(settings, field)
static const tl__field training_rows[] = {
    {ROW(batch_size), .kind = TL__FIELD_INT, .flags = TL__RESULT, .fallback = 32, .min = 1, .max = 1048576, .unit = "rows",
     .help = "rows of one batch"},
    {ROW(learning_rate), .kind = TL__FIELD_FLOAT, .flags = TL__OPEN_MIN, .fallback = 0.001, .min = 0, .max = 1000,
     .aliases = "training.lr lr"},
    {ROW(ratio), .kind = TL__FIELD_FLOAT, .flags = TL__AUTO, .fallback = -1, .min = 0, .max = 100},
    {ROW(shuffle), .kind = TL__FIELD_BOOL, .fallback = 1},
    {ROW(target), .kind = TL__FIELD_TEXT, .text = "label"},
    {ROW(group), .kind = TL__FIELD_TEXT},
    {ROW(method), .kind = TL__FIELD_CHOICE, .choices = methods},
    {ROW(horizons), .kind = TL__FIELD_INT_LIST, .text = "[1, 7, 30]", .min = 1, .max = 365},
    {ROW(quantiles), .kind = TL__FIELD_FLOAT_LIST, .min = 0, .max = 1},
    {ROW(drop), .kind = TL__FIELD_TEXT_LIST},
    {ROW(early_stopping), .kind = TL__FIELD_BLOCK, .flags = TL__OPTIONAL, .rows = stopping_rows},
    {ROW(optimizer), .kind = TL__FIELD_MEMBER, .text = "adam", .family = "optimizer"},
    {ROW(layers), .kind = TL__FIELD_TREE},
    {.name = NULL}};
#undef ROW

typedef struct whole { settings training; int64_t seed; } whole;

static const tl__field root_rows[] = {
    {.name = "training", .kind = TL__FIELD_BLOCK, .offset = offsetof(whole, training), .rows = training_rows},
    {.name = "seed", .kind = TL__FIELD_INT, .flags = TL__LIVE, .offset = offsetof(whole, seed), .fallback = 42,
     .aliases = "random_seed"},
    {.name = NULL}};

typedef struct adam { double beta1; int64_t steps; } adam;
static const tl__field adam_rows[] = {
    {.name = "beta1", .kind = TL__FIELD_FLOAT, .offset = offsetof(adam, beta1), .fallback = 0.9, .max = 1},
    {.name = "steps", .kind = TL__FIELD_INT, .flags = TL__REQUIRED, .offset = offsetof(adam, steps), .min = 1, .max = 9},
    {.name = NULL}};
static const tl__member_head adam_head = {"adam", NULL, "", adam_rows, sizeof(adam)}, plain_head = {"plain", NULL, "", NULL, 0};
static const tl__member_head *adam_member(void) { return &adam_head; }
static const tl__member_head *plain_member(void) { return &plain_head; }
static tl__member_fn *const members[] = {adam_member, plain_member};
static const tl__family optimizers = {"optimizer", members, 2};

static tl__heap heap;
static tl__arena arena;
static tl__tree *tree;
static whole bound;
static tl_error error;

static int begin(void **state)
{
    (void)state;
    memset(&error, 0, sizeof error);
    memset(&bound, 0x5A, sizeof bound);
    tl__arena_init(&arena, &heap);
    return tl__tree_new(&heap, "bad.yaml", &tree) == TL_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    tl__arena_free(&arena);
    tl__tree_free(tree);
    return heap.in_use == 0 ? 0 : -1;
}

static tl_status read_yaml(const char *text)
{
    if (tl__yaml_parse(tree, text, strlen(text), &error) != TL_OK) fail_msg("%s", error.message);
    return tl__bind(root_rows, &bound, &tree->root, "bad.yaml", "", &arena, &error);
}

static void good(const char *text)
{
    if (read_yaml(text) != TL_OK) fail_msg("%s", error.message);
}

static void defaults(void **state)
{
    (void)state;
    good("");
    assert_int_equal(bound.seed, 42);
    assert_int_equal(bound.training.batch_size, 32);
    assert_true(bound.training.shuffle);
    assert_string_equal(bound.training.target, "label");
    assert_null(bound.training.group);
    assert_int_equal(bound.training.horizons.count, 3);
    assert_int_equal(bound.training.horizons.items[2], 30);
    assert_int_equal(bound.training.quantiles.count, 0);
    assert_false(bound.training.early_stopping.present);
    assert_int_equal(bound.training.early_stopping.patience, 10);
    assert_string_equal(bound.training.optimizer.name, "adam");
    assert_null(bound.training.layers);
    assert_int_equal(tl__bind(root_rows, &bound, NULL, "bad.yaml", "", &arena, &error), TL_OK);
    assert_int_equal(bound.training.horizons.count, 3);
}

static void values_are_typed_by_their_row(void **state)
{
    (void)state;
    good("training:\n  batch_size: 6.4e1\n  learning_rate: 1e-3\n  ratio: auto\n  shuffle: off\n  target: no\n  group: 007\n"
         "  method: time\n  horizons: 5\n  quantiles: [0, 0.5, 1]\n  drop: [id, 3, true, 1.50]\n"
         "  early_stopping:\n  optimizer: {type: sgd, momentum: 0.9}\n  layers: [{type: input}]\nseed:\n");
    const settings *s = &bound.training;
    assert_int_equal(s->batch_size, 64);
    assert_true(s->learning_rate == 0.001);
    assert_true(s->ratio == -1.0);
    assert_false(s->shuffle);
    assert_string_equal(s->target, "no");
    assert_string_equal(s->group, "007");
    assert_int_equal(s->method, 3);
    assert_int_equal(s->horizons.count, 1);
    assert_int_equal(s->horizons.items[0], 5);
    assert_true(s->quantiles.items[1] == 0.5);
    assert_int_equal(s->drop.count, 4);
    assert_string_equal(s->drop.items[1], "3");
    assert_string_equal(s->drop.items[3], "1.50");
    assert_true(s->early_stopping.present);
    assert_true(s->early_stopping.min_delta == 0.001);
    assert_string_equal(s->optimizer.name, "sgd");
    assert_true(tl_value_number(tl_value_get(s->optimizer.settings, "momentum"), 0) == 0.9);
    assert_int_equal(tl_value_count(s->layers), 1);
    assert_int_equal(bound.seed, 42);
}

static void optional_blocks_can_be_switched(void **state)
{
    (void)state;
    good("training: {early_stopping: {patience: 3}}");
    assert_true(bound.training.early_stopping.present);
    good("training: {early_stopping: false}");
    assert_false(bound.training.early_stopping.present);
    good("training: {early_stopping: yes}");
    assert_true(bound.training.early_stopping.present);
}

static void over_changes_only_what_is_said(void **state)
{
    (void)state;
    good("training: {batch_size: 8, drop: [a]}");
    tree->root = (tl_value){0};
    assert_int_equal(tl__yaml_parse(tree, "{seed: 7}", 9, &error), TL_OK);
    assert_int_equal(tl__bind_over(root_rows, &bound, &tree->root, "f", "", &arena, &error), TL_OK);
    assert_int_equal(bound.seed, 7);
    assert_int_equal(bound.training.batch_size, 8);
    assert_int_equal(bound.training.drop.count, 1);
}

static void mistakes_are_all_told(void **state)
{
    (void)state;
    assert_int_equal(read_yaml("training:\n"
                               "  learning_rat: 1\n"
                               "  batch_size: 0\n"
                               "  learning_rate: 0\n"
                               "  ratio: much\n"
                               "  shuffle: maybe\n"
                               "  target: [a]\n"
                               "  method: stratifid\n"
                               "  horizons: [1, 0.5]\n"
                               "  early_stopping: 5\n"
                               "  optimizer: {lr: 1}\n"
                               "patience: 3\n"
                               "zzz: 1\n"
                               "seed: \"7\"\n"), TL_BAD_CONFIG);
    static const char *const lines[] = {
        "bad.yaml:2:3: training.learning_rat is not a setting; did you mean training.learning_rate?",
        "bad.yaml:3:15: training.batch_size is 0; it must be a whole number from 1 to 1048576",
        "bad.yaml:4:18: training.learning_rate is 0; it must be a number above 0 and up to 1000",
        "bad.yaml:5:10: training.ratio is \"much\"; it must be a number from 0 to 100, or auto",
        "bad.yaml:6:12: training.shuffle is \"maybe\"; it must be true or false",
        "bad.yaml:7:11: training.target is a list; it must be a text",
        "bad.yaml:8:11: training.method is \"stratifid\"; it must be one of: auto, stratified, random, time; did you mean stratified?",
        "bad.yaml:9:17: training.horizons[1] is 0.5; it must be a whole number from 1 to 365",
        "bad.yaml:10:19: training.early_stopping is 5; it must be a block of settings",
        "bad.yaml:11:14: training.optimizer does not say which optimizer; begin it with type:",
        "bad.yaml:12:1: patience is not a setting; did you mean training.early_stopping.patience?",
        "bad.yaml:13:1: zzz is not a setting; known here: training, seed",
        "bad.yaml:14:7: seed is \"7\"; it must be a whole number, without quotes"};
    const char *at = error.message;
    assert_int_equal(error.mistakes, TL_COUNT(lines));
    for (size_t i = 0; i < TL_COUNT(lines); i++) {
        size_t size = strcspn(at, "\n");
        if (strlen(lines[i]) != size || strncmp(at, lines[i], size) != 0) fail_msg("'%.*s'\nnot\n'%s'", (int)size, at, lines[i]);
        at += size + (at[size] == '\n');
    }
    assert_int_equal(error.line, 2);
    assert_string_equal(error.setting, "training.learning_rat");
}

static void json_keys_twice(void **state)
{
    (void)state;
    static const char text[] = "{\"seed\": 1,\n \"seed\": 2}";
    assert_int_equal(tl__json_parse(tree, text, sizeof text - 1, &error), TL_OK);
    assert_int_equal(tl__bind(root_rows, &bound, &tree->root, "c.json", "", &arena, &error), TL_BAD_CONFIG);
    assert_string_equal(error.message, "c.json:2:10: the key 'seed' stands twice in one map, here and in line 1; remove one");
}

static void set_from_the_command_line(void **state)
{
    (void)state;
    static const char text[] = "training: {batch_size: 8, optimizer: sgd, horizons: [1, 2]}";
    assert_int_equal(tl__yaml_parse(tree, text, sizeof text - 1, &error), TL_OK);
    assert_int_equal(tl__value_set(tree, "training.batch_size", "16", "--set", &error), TL_OK);
    assert_int_equal(tl__value_set(tree, "training.target", "no", "--set", &error), TL_OK);
    assert_int_equal(tl__value_set(tree, "training.optimizer.momentum", "0.5", "--set", &error), TL_OK);
    assert_int_equal(tl__value_set(tree, "training.horizons[2]", "3", "--set", &error), TL_OK);
    assert_int_equal(tl__value_set(tree, "training.early_stopping.patience", "4", "--set", &error), TL_OK);
    assert_int_equal(tl__bind(root_rows, &bound, &tree->root, "bad.yaml", "", &arena, &error), TL_OK);
    assert_int_equal(bound.training.batch_size, 16);
    assert_string_equal(bound.training.target, "no");
    assert_string_equal(bound.training.optimizer.name, "sgd");
    assert_true(tl_value_number(tl_value_get(bound.training.optimizer.settings, "momentum"), 0) == 0.5);
    assert_int_equal(bound.training.horizons.count, 3);
    assert_int_equal(bound.training.early_stopping.patience, 4);
    assert_int_equal(tl__value_set(tree, "training.batchsize", "0", "--set", &error), TL_OK);
    assert_int_equal(tl__value_set(tree, "seed", "x", "--set", &error), TL_OK);
    assert_int_equal(tl__bind(root_rows, &bound, &tree->root, "bad.yaml", "", &arena, &error), TL_BAD_CONFIG);
    assert_string_equal(error.message, "--set: training.batchsize is not a setting; did you mean training.batch_size?\n"
                                       "--set: seed is \"x\"; it must be a whole number");
}

static void set_refuses(void **state)
{
    (void)state;
    static const struct { const char *path, *text, *message; } cases[] = {
        {"a..b", "1", "--set: 'a..b' is not the path of a setting; write it like training.batch_size or layers[2].nodes"},
        {"", "1", "--set: '' is not the path of a setting; write it like training.batch_size or layers[2].nodes"},
        {"a[x]", "1", "--set: 'a[x]' is not the path of a setting; write it like training.batch_size or layers[2].nodes"},
        {"seed.x", "1", "--set: seed.x cannot be set because seed is not a block of settings"},
        {"list[3]", "1", "--set: list[3] cannot be set: list has 1 items, so the next one is [1]"},
        {"seed", "[1", "--set seed:1:1: the [ that stands here is not closed"},
    };
    assert_int_equal(tl__yaml_parse(tree, "{seed: 1, list: [1]}", 20, &error), TL_OK);
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        memset(&error, 0, sizeof error);
        assert_int_equal(tl__value_set(tree, cases[i].path, cases[i].text, "--set", &error), TL_BAD_CONFIG);
        assert_string_equal(error.message, cases[i].message);
    }
    assert_int_equal(tl_value_integer(tl_value_get(&tree->root, "seed"), 0), 1);
}

static void aliases_come_home(void **state)
{
    (void)state;
    static const char text[] = "random_seed: 5\ntraining:\n  lr: 0.5\n  early_stopping_patience: 3\n";
    assert_int_equal(tl__yaml_parse(tree, text, sizeof text - 1, &error), TL_OK);
    assert_int_equal(tl__bind_aliases(root_rows, tree, &error), TL_OK);
    assert_int_equal(tl__bind(root_rows, &bound, &tree->root, "bad.yaml", "", &arena, &error), TL_OK);
    assert_int_equal(bound.seed, 5);
    assert_true(bound.training.learning_rate == 0.5);
    assert_true(bound.training.early_stopping.present);
    assert_int_equal(bound.training.early_stopping.patience, 3);
}

static void an_alias_beside_its_setting(void **state)
{
    (void)state;
    static const char text[] = "random_seed: 5\nseed: 6\n";
    assert_int_equal(tl__yaml_parse(tree, text, sizeof text - 1, &error), TL_OK);
    assert_int_equal(tl__bind_aliases(root_rows, tree, &error), TL_BAD_CONFIG);
    assert_string_equal(error.message, "bad.yaml:1:1: random_seed is another name of seed, which is given too; keep one of them");
}

static void rows_by_path(void **state)
{
    (void)state;
    const char *suggestion;
    assert_ptr_equal(tl__row_at(root_rows, "training.early_stopping.patience", NULL), &stopping_rows[0]);
    assert_ptr_equal(tl__row_at(root_rows, "training.optimizer.beta1", NULL), &training_rows[11]);
    assert_ptr_equal(tl__row_at(root_rows, "training.horizons[1]", NULL), &training_rows[7]);
    assert_ptr_equal(tl__row_at(root_rows, "training", NULL), &root_rows[0]);
    assert_null(tl__row_at(root_rows, "training.batchsize", &suggestion));
    assert_string_equal(suggestion, "batch_size");
}

static void member_settings(void **state)
{
    (void)state;
    const tl__member_head *member;
    void *made;
    good("training: {optimizer: {type: adam, beta1: 0.5, steps: 2}}");
    assert_int_equal(tl__bind_member(&optimizers, &bound.training.optimizer, "bad.yaml", "training.optimizer", &arena, &member,
                                     &made, &error), TL_OK);
    assert_ptr_equal(member, &adam_head);
    assert_true(((adam *)made)->beta1 == 0.5);
    good("training: {optimizer: plain}");
    assert_int_equal(tl__bind_member(&optimizers, &bound.training.optimizer, "bad.yaml", "training.optimizer", &arena, &member,
                                     &made, &error), TL_OK);
    assert_ptr_equal(member, &plain_head);
    assert_null(made);
}

static void member_mistakes(void **state)
{
    (void)state;
    const tl__member_head *member;
    void *made;
    good("training:\n  optimizer: {type: adam, beta: 0.5}\n");
    assert_int_equal(tl__bind_member(&optimizers, &bound.training.optimizer, "bad.yaml", "training.optimizer", &arena, &member,
                                     &made, &error), TL_BAD_CONFIG);
    assert_string_equal(error.message,
                        "bad.yaml:2:27: training.optimizer.beta is not a setting; did you mean training.optimizer.beta1?\n"
                        "bad.yaml:2:14: training.optimizer.steps is missing; it must be a whole number from 1 to 9");
    memset(&error, 0, sizeof error);
    good("training:\n  optimizer: adm\n");
    assert_int_equal(tl__bind_member(&optimizers, &bound.training.optimizer, "bad.yaml", "training.optimizer", &arena, &member,
                                     &made, &error), TL_BAD_CONFIG);
    assert_memory_equal(error.message, "bad.yaml:2:14: ", 15);
    assert_int_equal(error.line, 2);
}

static void unbound_and_bound_again(void **state)
{
    (void)state;
    tl__tree *out, *again;
    tl__builder builder;
    tl__buffer text;
    good("training:\n  batch_size: 7\n  learning_rate: 0.1\n  target: \"5\"\n  group: no\n  early_stopping: {patience: 2}\n"
         "  drop: [a, \"1\"]\n  optimizer: {type: adam, beta1: 0.5}\n  layers: [{type: input, nodes: 4}]\n  method: random\n");
    tl__buffer_init(&text, &heap);
    assert_int_equal(tl__tree_new(&heap, NULL, &out), TL_OK);
    assert_int_equal(tl__tree_new(&heap, NULL, &again), TL_OK);
    tl__builder_init(&builder, out);
    assert_non_null(tl__unbind(&builder, NULL, NULL, root_rows, &bound, 0));
    tl__yaml_write(&text, &out->root, 0);
    assert_string_equal(text.data,
                        "training:\n  batch_size: 7\n  learning_rate: 0.1\n  ratio: auto\n  shuffle: true\n  target: \"5\"\n"
                        "  group: no\n  method: random\n  horizons: [1, 7, 30]\n  quantiles: []\n  drop: [a, \"1\"]\n"
                        "  early_stopping:\n    patience: 2\n    min_delta: 0.001\n  optimizer:\n    type: adam\n    beta1: 0.5\n"
                        "  layers:\n    - type: input\n      nodes: 4\nseed: 42\n");
    whole second;
    assert_int_equal(tl__yaml_parse(again, text.data, text.size, &error), TL_OK);
    assert_int_equal(tl__bind(root_rows, &second, &again->root, "again", "", &arena, &error), TL_OK);
    assert_int_equal(second.training.batch_size, 7);
    assert_string_equal(second.training.group, "no");
    assert_string_equal(second.training.drop.items[1], "1");
    tl__buffer_clear(&text);
    out->root = (tl_value){0};
    assert_non_null(tl__unbind(&builder, NULL, NULL, root_rows, &bound, TL__RESULT));
    tl__json_write(&text, &out->root, 0);
    assert_string_equal(text.data, "{\"training\": {\"batch_size\": 7}}");
    tl__buffer_free(&text);
    tl__tree_free(out);
    tl__tree_free(again);
}

static void annotated(void **state)
{
    (void)state;
    tl__buffer text;
    good("");
    tl__buffer_init(&text, &heap);
    tl__unbind_yaml(&text, training_rows, &bound.training, 2);
    static const char start[] = "  # rows of one batch; a whole number from 1 to 1048576 (rows); default 32\n  batch_size: 32\n";
    assert_memory_equal(text.data, start, sizeof start - 1);
    assert_non_null(strstr(text.data, "\n  # group:\n"));
    assert_non_null(strstr(text.data, "\n  # early_stopping:\n"));
    assert_non_null(strstr(text.data, "\n  horizons: [1, 7, 30]\n"));
    tl__tree *again;
    assert_int_equal(tl__tree_new(&heap, "again", &again), TL_OK);
    assert_int_equal(tl__yaml_parse(again, text.data, text.size, &error), TL_OK);
    tl__buffer_free(&text);
    tl__tree_free(again);
}

static tl_status scenario(tl__heap *failing_heap, void *user)
{
    static const char text[] = "random_seed: 3\ntraining: {drop: [a, b], optimizer: {type: adam, steps: 1}, target: x}";
    tl__arena own;
    tl__tree *config;
    tl__buffer out;
    whole block;
    const tl__member_head *member;
    void *made;
    tl_error told = {0};
    (void)user;
    tl__arena_init(&own, failing_heap);
    tl__buffer_init(&out, failing_heap);
    TL_TRY(tl__tree_new(failing_heap, "c", &config));
    tl_status status = tl__yaml_parse(config, text, sizeof text - 1, &told);
    if (status == TL_OK) status = tl__bind_aliases(root_rows, config, &told);
    if (status == TL_OK) status = tl__value_set(config, "training.early_stopping.patience", "5", "--set", &told);
    if (status == TL_OK) status = tl__bind(root_rows, &block, &config->root, "c", "", &own, &told);
    if (status == TL_OK)
        status = tl__bind_member(&optimizers, &block.training.optimizer, "c", "o", &own, &member, &made, &told);
    if (status == TL_OK) {
        tl__unbind_yaml(&out, root_rows, &block, 0);
        if (out.failed) status = TL_OUT_OF_MEMORY;
    }
    tl__buffer_free(&out);
    tl__tree_free(config);
    tl__arena_free(&own);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults), TEST(values_are_typed_by_their_row), TEST(optional_blocks_can_be_switched),
        TEST(over_changes_only_what_is_said), TEST(mistakes_are_all_told), TEST(json_keys_twice),
        TEST(set_from_the_command_line), TEST(set_refuses), TEST(aliases_come_home), TEST(an_alias_beside_its_setting),
        TEST(rows_by_path), TEST(member_settings), TEST(member_mistakes), TEST(unbound_and_bound_again), TEST(annotated),
        TEST(out_of_memory),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
