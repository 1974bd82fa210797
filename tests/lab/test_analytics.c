/* Detailed analytics as a run writes them: columns, formulas against other programs' numbers, switches, resume, what
 * happens when something cannot be written, retention, and reading it all back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/math.h"
#include "base/text.h"
#include "lab/analytics.h"
#include "lab/folder.h"
#include "support/failing.h"
#include "support/files.h"

static char folder[256];

/* Three classes called buy, Hold it and sell around three centres, unequally many; and a column of values. */
static void make_data(void)
{
    char *text = malloc(65536);
    size_t used = (size_t)sprintf(text, "a,b,kind,value\n");
    unsigned state = 1;
    for (int i = 0; i < 120; i++) {
        double x[2];
        for (int j = 0; j < 2; j++) state = state * 1103515245u + 12345u, x[j] = (double)(state >> 16 & 1023) / 1023.0;
        int kind = i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2;
        used += (size_t)sprintf(text + used, "%.4f,%.4f,%s,%.4f\n", x[0] + kind, x[1] - kind,
                                kind == 0 ? "buy" : kind == 1 ? "Hold it" : "sell", x[0] + 2 * x[1]);
    }
    files_text(folder, "made.csv", text);
    free(text);
    files_text(folder, "class.yaml", "data: {file: made.csv, target: kind, drop: value, split: {method: stratified, "
                                     "validation: 0.25, test: 0.25}}\n"
                                     "network: {layers: [{type: hidden, nodes: 8}, {type: output}]}\n"
                                     "training: {epochs: 6, learning_rate: 0.01, batch_size: 16}\n");
    files_text(folder, "value.yaml", "data: {file: made.csv, target: value, drop: kind}\n"
                                     "network: {layers: [{type: hidden, nodes: 8}, {type: output}]}\n"
                                     "training: {epochs: 4, learning_rate: 0.01, batch_size: 16}\n");
}

static int setup(void **state)
{
    (void)state;
    files_begin(folder);
    make_data();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_end(folder);
    return 0;
}

/* ---- a run in a folder of its own, under a clock that stands still ---- */

static int64_t stopped_clock(void *user) { return *(int64_t *)user; }

typedef struct ran {
    tl_status status;
    tl_run_result result;
    char said[8192];                /* warnings and errors */
    char out[300];
} ran;

static void listen(void *user, tl_log_level level, const char *line)
{
    ran *r = user;
    size_t used = strlen(r->said);
    if (level <= TL_LOG_WARNING) snprintf(r->said + used, sizeof r->said - used, "%s\n", line);
}

typedef struct how {
    const char *set[6];
    size_t set_count;
    const char *resume;
    const tl_allocator *allocator;
    int threads;
    bool off;                       /* without analytics */
    int64_t stop_at;                /* epoch after which the run is stopped; 0: none */
} how;

static bool stop_after(void *user, const tl_progress *progress)
{
    const how *h = user;
    return !h->stop_at || !progress->epoch_end || progress->epoch < h->stop_at;
}

static ran *run(const char *config, const char *out, const how *given)
{
    static int64_t time = 1763720100000000;    /* 2025-11-21 10:15:00 */
    ran *r = calloc(1, sizeof *r);
    how h = *given;
    tl_context_options of = TL_CONTEXT_OPTIONS;
    of.threads = h.threads ? h.threads : 1;
    of.clock = stopped_clock;
    of.clock_user = &time;
    of.log = listen;
    of.log_user = r;
    of.allocator = h.allocator;
    tl_context *context = tl_context_new(&of);
    tl_options options = TL_OPTIONS;
    snprintf(r->out, sizeof r->out, "%s", files_path(folder, out));
    options.out = r->out;
    options.set = h.set;
    options.set_count = h.set_count;
    options.resume = h.resume;
    options.detailed_analytics = !h.off;
    options.progress = stop_after;
    options.progress_user = &h;
    tl_error error = {0};
    size_t before = tl_context_memory(context);
    r->status = tl_run(context, files_path(folder, config), &options, &r->result, &error);
    if (r->status != TL_OK) snprintf(r->said + strlen(r->said), 2100, "%s\n", error.message);
    assert_int_equal(tl_context_memory(context), before);
    tl_context_free(context);
    return r;
}

static char *first_line(const char *path)
{
    char *text = files_read(path, NULL);
    assert_non_null(text);
    char *end = strchr(text, '\n');
    assert_non_null(end);
    *end = '\0';
    return text;
}

/* ---- the table ---- */

static void test_columns(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "columns", &(how){.set = {"symbol=AAPL"}, .set_count = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    char *header = first_line(r->result.analytics_csv);
    assert_string_equal(header, "epoch,train_loss,val_loss,train_acc,val_acc,learning_rate,gradient_norm_avg,"
                                "gradient_norm_max,param_change_magnitude,hold_it_precision,buy_precision,"
                                "sell_precision,hold_it_recall,buy_recall,sell_recall,prediction_confidence_avg,"
                                "prediction_entropy,learning_signal_strength,early_stopping_triggered,"
                                "overfitting_score,class_balance_score,batch_count,total_samples_processed,"
                                "epoch_duration_seconds");
    free(header);
    assert_non_null(strstr(r->result.analytics_csv, "columns/training_analytics/runs/AAPL_20251121_101500/metrics.csv"));
    assert_true(files_exist(r->result.analytics_json) && files_exist(r->result.analytics_alerts));
    assert_true(files_exist(files_path(r->out, "training_analytics/runs/AAPL_20251121_101500/config.yaml")));
    char *alerts = files_read(r->result.analytics_alerts, NULL);
    assert_non_null(strstr(alerts, "No alerts."));
    assert_non_null(strstr(alerts, "run: ../../../output/runs/AAPL_20251121_101500"));
    free(alerts);
    assert_string_equal(r->said, "");
    free(r);
}

static void test_columns_of_values(void **state)
{
    (void)state;
    ran *r = run("value.yaml", "values", &(how){.threads = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    char *header = first_line(r->result.analytics_csv);
    assert_string_equal(header, "epoch,train_loss,val_loss,train_mae,val_mae,learning_rate,gradient_norm_avg,"
                                "gradient_norm_max,param_change_magnitude,val_mse,val_r2,learning_signal_strength,"
                                "early_stopping_triggered,overfitting_score,batch_count,total_samples_processed,"
                                "epoch_duration_seconds");
    free(header);
    free(r);
}

/* No validation: empty cells, and predictions are those in training. */
static void test_without_validation(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "alone", &(how){.set = {"data.split={validation: 0, test: 0.25}"}, .set_count = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    tl_context *context = tl_context_new(NULL);
    tl__run_records records;
    assert_int_equal(tl__run_records_read(context, r->result.run, &records, NULL), TL_OK);
    for (size_t i = 0; i < records.records.count; i++) {
        const tl__record *record = tl__records_at(&records.records, i);
        double support = 0, hits = 0;
        for (size_t k = 0; k < 3; k++) {
            const tl__class_record *of = tl__records_class(&records.records, i, k);
            support += of->support;
            hits += of->recall * of->support;
        }
        assert_true(record->epoch.val_loss != record->epoch.val_loss && record->overfitting == 0);
        assert_true(support == record->epoch.samples);
        assert_true(tl__abs(hits / support - record->epoch.train_accuracy) < 1e-12);
        assert_true(record->confidence > 1.0 / 3 && record->entropy > 0 && record->entropy < 1.1);
    }
    tl__run_records_free(&records);
    tl_context_free(context);
    free(r);
}

static void test_size(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "size", &(how){.set = {"training.epochs=50"}, .set_count = 1});
    size_t size;
    free(files_read(r->result.analytics_csv, &size));
    assert_true(size > 5000 && size < 50 * 1024);
    free(r);
}

static void test_switches(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "off", &(how){.off = true});
    assert_false(files_exist(files_path(r->out, "training_analytics")));
    assert_string_equal(r->result.analytics_csv, "");
    free(r);
    r = run("class.yaml", "some", &(how){.off = true, .set = {"training.analytics={enabled: true, export_json: false, "
                                         "export_alerts: false, folder: elsewhere}"}, .set_count = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    assert_non_null(strstr(r->result.analytics_csv, "some/elsewhere/runs/"));
    assert_string_equal(r->result.analytics_json, "");
    assert_string_equal(r->result.analytics_alerts, "");
    free(r);
}

/* ---- the same bits ---- */

static void same_files(const char *a, const char *b)
{
    size_t first, second;
    char *one = files_read(a, &first), *other = files_read(b, &second);
    assert_non_null(one);
    assert_non_null(other);
    if (first != second || memcmp(one, other, first) != 0) fail_msg("%s and %s differ", a, b);
    free(one);
    free(other);
}

static void test_same_bits(void **state)
{
    (void)state;
    ran *off = run("class.yaml", "bits0", &(how){.off = true}), *one = run("class.yaml", "bits1", &(how){.threads = 1});
    ran *three = run("class.yaml", "bits3", &(how){.threads = 3});
    same_files(off->result.model_path, one->result.model_path);
    same_files(one->result.model_path, three->result.model_path);
    same_files(one->result.analytics_csv, three->result.analytics_csv);
    same_files(one->result.analytics_json, three->result.analytics_json);
    free(off), free(one), free(three);
}

/* Stopped after an epoch and gone on with: files as if nothing had happened. */
static void test_resume(void **state)
{
    (void)state;
    ran *whole = run("class.yaml", "whole", &(how){.threads = 1});
    ran *part = run("class.yaml", "part", &(how){.stop_at = 3});
    assert_int_equal(part->status, TL_CANCELLED);
    char mark[720];
    snprintf(mark, sizeof mark, "%s", part->result.analytics_csv);
    strcpy(strstr(mark, "metrics.csv"), "unfinished");
    assert_true(files_exist(mark));    /* unfinished: retention leaves it */
    ran *rest = run("class.yaml", "part", &(how){.resume = ""});
    if (rest->status != TL_OK) fail_msg("%s", rest->said);
    same_files(whole->result.analytics_csv, rest->result.analytics_csv);
    same_files(whole->result.analytics_json, rest->result.analytics_json);
    same_files(whole->result.analytics_alerts, rest->result.analytics_alerts);
    assert_false(files_exist(mark));
    free(whole), free(part), free(rest);
    /* A run without analytics can be gone on with, with them. */
    part = run("class.yaml", "later", &(how){.stop_at = 2, .off = true});
    rest = run("class.yaml", "later", &(how){.resume = ""});
    if (rest->status != TL_OK) fail_msg("%s", rest->said);
    char *csv = files_read(rest->result.analytics_csv, NULL);
    int lines = 0;
    for (const char *c = csv; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 7);
    free(csv), free(part), free(rest);
}

/* ---- reading back ---- */

static void test_read_back(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "read", &(how){.threads = 1});
    tl_context *context = tl_context_new(NULL);
    tl__run_records json, csv, own, other;
    size_t before = tl_context_memory(context);
    assert_int_equal(tl__run_records_read(context, r->result.run, &json, NULL), TL_OK);
    assert_int_equal(json.records.count, 6);
    assert_int_equal(json.records.classes, 3);
    assert_int_equal(json.records.layers, 2);
    assert_string_equal(json.records.class_names[0], "Hold it");
    assert_string_equal(json.records.layer_names[1], "dense_2");
    assert_true(json.records.validation && json.tree);
    assert_string_equal(json.metric, "accuracy");
    assert_int_equal(tl__run_records_read(context, json.analytics, &other, NULL), TL_OK);    /* by the other name */
    assert_int_equal(other.records.count, 6);
    assert_non_null(strstr(other.folder, "output/runs/"));

    remove(r->result.analytics_json);
    assert_int_equal(tl__run_records_read(context, r->result.run, &csv, NULL), TL_OK);
    assert_null(csv.tree);
    assert_int_equal(csv.records.classes, 3);
    char torn[700], path[700];
    snprintf(path, sizeof path, "%s/metrics.csv", r->result.run);
    size_t size;
    char *text = files_read(path, &size);
    snprintf(torn, sizeof torn, "%s", files_path(folder, "torn"));
    char command[800];
    snprintf(command, sizeof command, "mkdir -p %s", torn);
    files_run(command, NULL, 0);
    files_write(torn, "metrics.csv", text, size - 10);    /* the last line is cut off */
    assert_int_equal(tl__run_records_read(context, torn, &own, NULL), TL_OK);
    assert_int_equal(own.records.count, 5);
    for (size_t i = 0; i < 6; i++) {
        const tl__record *a = tl__records_at(&json.records, i), *b = tl__records_at(&csv.records, i);
        const tl__record *c = i < 5 ? tl__records_at(&own.records, i) : a;
        assert_true(tl__abs(a->epoch.train_loss - b->epoch.train_loss) < 1e-5);
        assert_true(tl__abs(a->entropy - b->entropy) < 1e-5 && a->signal == b->signal);
        assert_true(a->convergence == b->convergence);
        assert_true(tl__abs(a->epoch.val_loss - c->epoch.val_loss) < 1e-5);
        for (size_t k = 0; k < 3; k++)
            assert_true(tl__abs(tl__records_class(&json.records, i, k)->recall -
                                tl__records_class(&csv.records, i, k)->recall) < 1e-5);
    }
    tl_error error = {0};
    tl__run_records none;
    assert_int_equal(tl__run_records_read(context, folder, &none, &error), TL_NOT_FOUND);
    assert_non_null(strstr(error.message, "has no record of a training"));
    free(text);
    tl__run_records_free(&json);
    tl__run_records_free(&other);
    tl__run_records_free(&csv);
    tl__run_records_free(&own);
    assert_int_equal(tl_context_memory(context), before);
    tl_context_free(context);
    free(r);
}

/* ---- what goes wrong ---- */

/* A folder stands where a file is to be: that file is left out, the others and the training are as ever. */
static void test_degradation_of_files(void **state)
{
    static const char *const names[] = {"metrics.csv", "detailed_metrics.json", "alerts.txt", "config.yaml"};
    (void)state;
    ran *well = run("class.yaml", "well", &(how){.threads = 1});
    for (size_t i = 0; i < 4; i++) {
        char out[32], command[700];
        snprintf(out, sizeof out, "broken%zu", i);
        snprintf(command, sizeof command, "mkdir -p %s/training_analytics/runs/class_20251121_101500/%s/x",
                 files_path(folder, out), names[i]);
        files_run(command, NULL, 0);
        ran *r = run("class.yaml", out, &(how){.threads = 1});
        if (r->status != TL_OK) fail_msg("%s", r->said);
        same_files(well->result.model_path, r->result.model_path);
        assert_non_null(strstr(r->said, names[i]));
        assert_int_equal(*r->result.analytics_csv == '\0', i == 0);
        assert_int_equal(*r->result.analytics_json == '\0', i == 1);
        assert_int_equal(*r->result.analytics_alerts == '\0', i == 2);
        if (i != 0) same_files(well->result.analytics_csv, r->result.analytics_csv);
        free(r);
    }
    /* No folder at all. */
    char command[700];
    snprintf(command, sizeof command, "mkdir -p %s && echo x > %s/training_analytics", files_path(folder, "nowhere"),
             files_path(folder, "nowhere"));
    files_run(command, NULL, 0);
    ran *r = run("class.yaml", "nowhere", &(how){.threads = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    assert_non_null(strstr(r->said, "no files are written"));
    same_files(well->result.model_path, r->result.model_path);
    free(r), free(well);
}

/* An allocator that refuses blocks of the sizes that the levels ask for. */
typedef struct refusing {
    size_t from, to;
    int refused;
} refusing;

static void *refuse(void *user, void *block, size_t old_size, size_t new_size)
{
    refusing *r = user;
    (void)old_size;
    if (!new_size) return free(block), NULL;
    if (new_size >= r->from && new_size <= r->to) return r->refused++, NULL;
    return realloc(block, new_size);
}

static void test_degradation_of_levels(void **state)
{
    (void)state;
    enum { EPOCHS = 5000 };    /* rows are the largest blocks by far, and of other sizes in each level */
    size_t detailed = EPOCHS * tl__records_width(2, 3) * sizeof(double);
    size_t basic = EPOCHS * tl__records_width(0, 3) * sizeof(double);
    const struct { size_t from, to; const char *part; bool layers; } levels[] = {
        {(size_t)-1, (size_t)-1, "", true},
        {detailed, detailed + 8192, "goes on with figures without layers", false},
        {basic, detailed + 8192, "goes on with losses and accuracies alone", false},
    };
    char *model = NULL;
    size_t model_size = 0;
    for (size_t i = 0; i < 3; i++) {
        char out[32];
        refusing r = {levels[i].from, levels[i].to, 0};
        tl_allocator allocator = {refuse, &r};
        snprintf(out, sizeof out, "level%zu", i);
        ran *got = run("class.yaml", out, &(how){.allocator = &allocator, .set_count = 2,
                       .set = {"training.epochs=5000", "optimization.early_stopping.patience=3"}});
        if (got->status != TL_OK) fail_msg("%s", got->said);
        assert_int_equal(r.refused, (int)i);
        assert_non_null(strstr(got->said, levels[i].part));
        size_t size;
        char *bytes = files_read(got->result.model_path, &size);
        if (model) assert_true(size == model_size && memcmp(bytes, model, size) == 0);
        else model = bytes, model_size = size, bytes = NULL;
        free(bytes);
        tl_context *context = tl_context_new(NULL);
        tl__run_records records;
        assert_int_equal(tl__run_records_read(context, got->result.run, &records, NULL), TL_OK);
        assert_int_equal(records.records.count, (size_t)got->result.epochs);
        assert_int_equal(records.records.layers > 0, levels[i].layers);
        assert_int_equal(records.records.classes, i == 2 ? 0 : 3);
        char *header = first_line(got->result.analytics_csv);
        assert_non_null(strstr(header, "hold_it_precision"));    /* the columns are there in each level */
        free(header);
        tl__run_records_free(&records);
        tl_context_free(context);
        free(got);
    }
    free(model);
}

/* NaN is an alert that names the layer, and the record says how it ended. */
static void test_not_finite(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "nan", &(how){.set = {"training.optimizer=sgd", "training.learning_rate=1000",
                                                     "training.epochs=200", "network.activation=elu",
                                                     "training.loss=mse"}, .set_count = 4});
    if (r->status != TL_NOT_FINITE) fail_msg("%s", r->said);
    assert_non_null(strstr(r->said, "critical: NaN or infinity: epoch"));
    char *json = files_read(r->result.analytics_json, NULL);
    assert_non_null(json);
    assert_non_null(strstr(json, "\"stopping_reason\": \"nan\""));
    assert_non_null(strstr(json, "\"name\": \"not_finite\""));
    assert_non_null(strstr(json, "dense_"));
    free(json), free(r);
}

static void test_own_alerts(void **state)
{
    (void)state;
    files_text(folder, "own.yaml", "data: {file: made.csv, target: kind, drop: value}\n"
                                   "network: {layers: [{type: hidden, nodes: 8}, {type: output}]}\n"
                                   "training: {epochs: 4, learning_rate: 0.01, batch_size: 16}\n"
                                   "analytics:\n  alerts:\n    - name: third\n      when: epoch == 3\n"
                                   "      severity: critical\n      message: 'this is epoch {epoch}'\n");
    ran *r = run("own.yaml", "own", &(how){.threads = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    assert_string_equal(r->said, "epoch 3: critical: this is epoch 3\n");
    char *alerts = files_read(r->result.analytics_alerts, NULL);
    assert_non_null(strstr(alerts, "epoch 3  critical  performance  third\n    this is epoch 3\n"));
    assert_non_null(strstr(alerts, "\n1 alert: 1 critical.\n"));
    free(alerts), free(r);
    r = run("class.yaml", "wrong", &(how){.set = {"analytics.alerts=[{name: a, when: epoc > 1, message: b}]"},
                                          .set_count = 1});
    assert_int_equal(r->status, TL_BAD_CONFIG);
    assert_non_null(strstr(r->said, "there is no figure 'epoc'; did you mean epoch?"));
    free(r);
}

/* ---- a program hears of each epoch ---- */

typedef struct hearing {
    char cells[16][1024];           /* name=figure, a line each, of each epoch */
    int64_t epochs, stop_at;
} hearing;

static bool hear_epoch(void *user, const tl_progress *progress)
{
    hearing *h = user;
    if (!progress->epoch_end) return assert_null(progress->record), true;
    assert_non_null(progress->record);
    static const char *const names[] = {"epoch", "val_loss", "gradient_norm_avg", "param_change_magnitude",
                                        "hold_it_precision", "sell_recall", "prediction_entropy",
                                        "learning_signal_strength", "class_balance_score"};
    char *at = h->cells[h->epochs++];
    for (size_t i = 0; i < TL_COUNT(names); i++)
        at += sprintf(at, "%s=%.6g\n", names[i], tl_epoch_figure(progress->record, names[i]));
    sprintf(at, "sell_support=%g\n", tl_epoch_figure(progress->record, "sell_support"));
    double layer = tl_epoch_figure(progress->record, "dense_2.gradient_norm"), none[3] = {
        tl_epoch_figure(progress->record, "nothing"), tl_epoch_figure(progress->record, "dense_9.norm"),
        tl_epoch_figure(progress->record, "sell_nothing")};
    assert_true(layer > 0 && tl_epoch_figure(progress->record, "dense_1.norm") > 0);
    for (int i = 0; i < 3; i++) assert_true(none[i] != none[i]);
    return h->epochs < h->stop_at;
}

/* Each figure by name is what metrics.csv has under that name, and the function may end the run. */
static void test_callback(void **state)
{
    (void)state;
    static hearing h;
    h.stop_at = 4;
    tl_context *context = tl_context_new(NULL);
    tl_options options = TL_OPTIONS;
    tl_run_result result;
    options.out = files_path(folder, "heard");
    options.detailed_analytics = true;
    options.progress = hear_epoch;
    options.progress_user = &h;
    assert_int_equal(tl_run(context, files_path(folder, "class.yaml"), &options, &result, NULL), TL_CANCELLED);
    assert_int_equal(h.epochs, 4);
    tl__run_records read;
    assert_int_equal(tl__run_records_read(context, result.run, &read, NULL), TL_OK);
    assert_int_equal(read.records.count, 4);
    for (size_t i = 0; i < 4; i++) {
        char line[80];
        const tl__record *record = tl__records_at(&read.records, i);
        const struct { const char *name; double value; } wanted[] = {
            {"epoch", record->epoch.epoch}, {"val_loss", record->epoch.val_loss},
            {"gradient_norm_avg", record->epoch.gradient_norm_avg}, {"param_change_magnitude", record->param_change},
            {"hold_it_precision", tl__records_class(&read.records, i, 0)->precision},
            {"sell_recall", tl__records_class(&read.records, i, 2)->recall}, {"prediction_entropy", record->entropy},
            {"learning_signal_strength", record->signal}, {"class_balance_score", record->class_balance},
            {"sell_support", 5},
        };
        for (size_t k = 0; k < TL_COUNT(wanted); k++) {
            snprintf(line, sizeof line, "%s=%.6g\n", wanted[k].name, wanted[k].value);
            if (!strstr(h.cells[i], line)) fail_msg("%s is not in\n%s", line, h.cells[i]);
        }
    }
    tl__run_records_free(&read);
    tl_context_free(context);
}

typedef struct by_hand { int epochs; double change, loss, norm; } by_hand;

static bool hear_by_hand(void *user, const tl_progress *progress)
{
    by_hand *h = user;
    if (!progress->epoch_end) return true;
    h->change = tl_epoch_figure(progress->record, "param_change_magnitude");
    h->loss = tl_epoch_figure(progress->record, "train_loss") - progress->loss;
    h->norm = tl_epoch_figure(progress->record, "gradient_norm_avg");
    return ++h->epochs < 3;
}

static void test_callback_by_hand(void **state)
{
    static const char *const settings[] = {"epochs: 9", "epochs: 9, detailed_analytics: true"};
    (void)state;
    for (int detailed = 0; detailed < 2; detailed++) {
        tl_context *context = tl_context_new(NULL);
        tl_dataset *data;
        tl_graph *graph;
        tl_model *model;
        by_hand h = {0};
        assert_int_equal(tl_dataset_read(context, files_path(folder, "made.csv"), "target: kind, drop: value", &data, NULL),
                         TL_OK);
        assert_int_equal(tl_graph_new(context, &graph), TL_OK);
        tl_node node = tl_graph_add(graph, "dense", tl_graph_input(graph, "x", 2), "nodes: 3");
        assert_int_equal(tl_model_new(context, graph, node, &model, NULL), TL_OK);
        assert_int_equal(tl_train(model, data, settings[detailed], hear_by_hand, &h, NULL), TL_CANCELLED);
        assert_int_equal(h.epochs, 3);
        assert_true(h.loss == 0 && h.norm > 0);
        if (detailed) assert_true(h.change > 0);
        else assert_true(h.change != h.change);
        tl_graph_free(graph);
        tl_model_free(model);
        tl_dataset_free(data);
        tl_context_free(context);
    }
}

/* ---- callbacks.checkpoint ---- */

/* best.safetensors is the model of the best epoch, also when the run is stopped and gone on with. */
static void test_kept_models(void **state)
{
    (void)state;
    const how every = {.off = true, .set = {"callbacks.checkpoint={folder: ./kept, best_only: false, monitor: val_loss}",
                                            "training.keep=best", "training.learning_rate=0.3"}, .set_count = 3};
    how part = every, rest = every;
    ran *r = run("class.yaml", "kept_all", &every);
    if (r->status != TL_OK) fail_msg("%s", r->said);
    char path[700], best[720], epoch[740];
    snprintf(path, sizeof path, "%s/kept/class_20251121_101500", r->out);
    snprintf(best, sizeof best, "%s/best.safetensors", path);
    assert_int_equal(files_count(path, "epoch_"), 6);
    snprintf(epoch, sizeof epoch, "%s/epoch_%d.safetensors", path, (int)r->result.best_epoch);
    same_files(best, epoch);
    part.stop_at = 3;
    rest.resume = "";
    ran *first = run("class.yaml", "kept_part", &part), *second = run("class.yaml", "kept_part", &rest);
    assert_int_equal(first->status, TL_CANCELLED);
    if (second->status != TL_OK) fail_msg("%s", second->said);
    snprintf(epoch, sizeof epoch, "%s/kept/class_20251121_101500/best.safetensors", second->out);
    same_files(best, epoch);
    free(r), free(first), free(second);
    r = run("class.yaml", "kept_best", &(how){.off = true, .set = {"callbacks.checkpoint={monitor: f1_macro}"},
                                              .set_count = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    snprintf(path, sizeof path, "%s/checkpoints/class_20251121_101500", r->out);
    assert_int_equal(files_count(path, "best"), 1);
    assert_int_equal(files_count(path, "epoch_"), 0);
    free(r);
    r = run("value.yaml", "kept_wrong", &(how){.off = true, .set = {"callbacks.checkpoint={monitor: accuracy}"},
                                               .set_count = 1});
    assert_int_equal(r->status, TL_BAD_CONFIG);
    assert_non_null(strstr(r->said, "this network gives values; name val_loss, train_loss, mae, mse or r2"));
    free(r);
}

/* ---- names, said once ---- */

static void test_equal_columns(void **state)
{
    static const char *const names[] = {"Buy", "buy", "b y", "B?Y", "b_y"};
    static const char *const columns[] = {"buy", "buy_2", "b_y", "b_y_2", "b_y_3"};
    char column[TL__CLASS_COLUMN], shorter[30];
    (void)state;
    for (size_t i = 0; i < TL_COUNT(names); i++) {
        assert_int_equal(tl__class_column(names, i, column, sizeof column), strlen(columns[i]));
        assert_string_equal(column, columns[i]);
    }
    static const char *const longer[] = {"a long name of a class", "a long name of a class"};
    tl__class_column(longer, 1, shorter, sizeof shorter);
    assert_string_equal(shorter, "a_long_2");
    assert_null(tl_epoch_figure_name(1000));
    assert_string_equal(tl_epoch_figure_name(0), "epoch");
}

/* An alert that begins again and again is a line in the file each time, and one on the screen. */
static void test_said_once(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "again", &(how){.set = {"analytics.alerts=[{name: odd, when: epoch == 1 or epoch == 3 or "
                 "epoch == 5, message: 'an odd epoch, {epoch}'}]"}, .set_count = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    assert_string_equal(r->said, "epoch 1: an odd epoch, 1\n");
    char *alerts = files_read(r->result.analytics_alerts, NULL);
    assert_non_null(strstr(alerts, "an odd epoch, 3"));
    assert_non_null(strstr(alerts, "\n3 alerts: 3 warning.\n"));
    free(alerts), free(r);
}

/* A folder's name may hold what JSON escapes. */
static void test_quoted_folder(void **state)
{
    (void)state;
    ran *r = run("class.yaml", "quoted", &(how){.set = {"analytics.folder='in \"quotes\"'"}, .set_count = 1});
    if (r->status != TL_OK) fail_msg("%s", r->said);
    tl_context *context = tl_context_new(NULL);
    tl__run_records read;
    assert_int_equal(tl__run_records_read(context, r->result.run, &read, NULL), TL_OK);
    assert_non_null(read.tree);
    tl__run_records_free(&read);
    tl_context_free(context);
    free(r);
}

/* ---- retention ---- */

static void test_retention(void **state)
{
    (void)state;
    ran *last = NULL;
    for (int i = 0; i < 5; i++) {
        free(last);
        last = run("class.yaml", "kept", &(how){.set = {"analytics.keep_runs=3", "training.epochs=1"}, .set_count = 2});
        if (last->status != TL_OK) fail_msg("%s", last->said);
    }
    char runs[700];
    snprintf(runs, sizeof runs, "%s/training_analytics/runs", last->out);
    assert_int_equal(files_count(runs, "class_"), 3);
    assert_true(files_exist(last->result.analytics_csv));
    char command[1600];    /* an unfinished one stays, and is not counted */
    snprintf(command, sizeof command, "mkdir %s/class_20200101_000000 && touch %s/class_20200101_000000/unfinished", runs,
             runs);
    files_run(command, NULL, 0);
    free(last);
    last = run("class.yaml", "kept", &(how){.set = {"analytics.keep_runs=3", "training.epochs=1"}, .set_count = 2});
    assert_int_equal(files_count(runs, "class_"), 4);
    assert_int_equal(files_count(runs, "class_2020"), 1);
    free(last);
}

/* ---- memory ---- */

typedef struct peak_watch { tl_context *context; size_t peak, calls; } peak_watch;

static bool watch_peak(void *user, const tl_progress *progress)
{
    peak_watch *watch = user;
    if (!progress->epoch_end) return true;
    if (progress->epoch == 1) {
        tl__heap_reset_peak(&watch->context->heap);
        watch->calls = watch->context->heap.calls;
    }
    watch->peak = watch->context->heap.peak;
    if (progress->epoch == progress->epochs) watch->calls = watch->context->heap.calls - watch->calls;
    return true;
}

/* The plan holds to the byte with analytics, a step asks for nothing, and what comes after fits, too. */
static void test_plan(void **state)
{
    static const char *const set[] = {"training.epochs=20"};
    (void)state;
    tl_context *context = tl_context_new(NULL);
    peak_watch watch = {.context = context};
    tl_run_result result;
    tl_options options = TL_OPTIONS;
    tl_value *plan;
    options.set = set;
    options.set_count = 1;
    options.detailed_analytics = true;
    assert_int_equal(tl_plan(context, files_path(folder, "class.yaml"), &options, &plan, NULL), TL_OK);
    int64_t planned = tl_value_integer(tl_value_get(plan, "memory_bytes"), 0);
    assert_true(tl_value_integer(tl_value_get(tl_value_get(plan, "memory"), "analytics"), 0) > 0);
    tl_value_free(context, plan);
    options.out = files_path(folder, "plan");
    options.progress = watch_peak;
    options.progress_user = &watch;
    assert_int_equal(tl_run(context, files_path(folder, "class.yaml"), &options, &result, NULL), TL_OK);
    assert_int_equal(watch.peak, result.memory_bytes);
    assert_int_equal(watch.peak, planned);
    assert_int_equal(watch.calls, 0);
    tl_context_free(context);
}

/* A record in which lists stand where maps should: what they hold is nothing. */
static void test_lists_for_maps(void **state)
{
    (void)state;
    tl__run_records records;
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    char strange[256];
    files_begin(strange);
    files_text(strange, "detailed_metrics.json",
               "{\"epoch_metrics\": [{\"epoch\": 1, \"train_loss\": 0.5, \"gradient_norms\": {\"by_layer\": [1, 2]}, "
               "\"parameter_stats\": {\"by_layer\": {\"d\": 3}}, \"class_metrics\": [{\"precision\": 1}]}, 7]}");
    assert_int_equal(tl__run_records_read(context, strange, &records, &error), TL_OK);
    assert_int_equal(records.records.count, 2);
    assert_int_equal(records.records.layers + records.records.classes, 0);
    assert_true(tl__records_at(&records.records, 0)->epoch.train_loss == 0.5);
    tl__run_records_free(&records);
    files_end(strange);
    tl_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns), cmocka_unit_test(test_columns_of_values),
        cmocka_unit_test(test_without_validation), cmocka_unit_test(test_size), cmocka_unit_test(test_switches),
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_resume), cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_degradation_of_files), cmocka_unit_test(test_degradation_of_levels),
        cmocka_unit_test(test_not_finite), cmocka_unit_test(test_own_alerts), cmocka_unit_test(test_retention),
        cmocka_unit_test(test_plan), cmocka_unit_test(test_callback), cmocka_unit_test(test_callback_by_hand),
        cmocka_unit_test(test_kept_models), cmocka_unit_test(test_lists_for_maps),
        cmocka_unit_test(test_equal_columns), cmocka_unit_test(test_said_once), cmocka_unit_test(test_quoted_folder),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
