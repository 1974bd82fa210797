/* The record of a training against PyTorch, NumPy and scikit-learn: tests/referees/record.py trains the same network on
 * the same rows from the same weights and prints the tables below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "support/trainings.h"
#include "train/history.h"

enum { ROWS = 21, EPOCHS = 3, LAYERS = 2, CLASSES = 3 };

static const struct { const char *name; double value[EPOCHS]; } figures[] = {
    {"train_loss", {1.03817048, 0.876790581, 0.848236959}},
    {"train_acc", {0.357142857, 0.571428571, 0.642857143}},
    {"gradient_norm_avg", {0.307169323, 0.226935186, 0.227848271}},
    {"gradient_norm_max", {0.879992609, 0.68523993, 0.757652727}},
    {"gradient_mean_abs", {0.248572114, 0.188538099, 0.184359464}},
    {"gradient_max_abs", {0.496531886, 0.427655596, 0.457200016}},
    {"val_loss", {0.811541748, 0.804737364, 0.806630691}},
    {"val_acc", {0.571428571, 0.571428571, 0.571428571}},
    {"param_change_magnitude", {0, 0.394616876, 0.308127889}},
    {"param_norm", {2.69320227, 2.75626102, 2.79611537}},
    {"update_ratio", {0, 0.143171083, 0.110198561}},
    {"prediction_confidence_avg", {0.728286087, 0.782409764, 0.80321559}},
    {"prediction_entropy", {0.711686569, 0.588600973, 0.538676911}},
    {"high_confidence_predictions", {0.714285714, 0.714285714, 0.714285714}},
    {"class_balance_score", {0.465477516, 0.465477516, 0.465477516}},
    {"overfitting_score", {0, 0, 0.119047619}},
    {"learning_signal_strength", {0, 3, 3}},
    {"convergence", {0, 1, 1}},
};
/* gradient norm, mean and deviation of the change, its norm, norm */
static const double of_layers[EPOCHS][LAYERS][5] = {
    {{0.868176946, 0, 0, 0, 1.78643434}, {0.866796072, 0, 0, 0, 2.01543811}},
    {{0.681803658, 0.0320710471, 0.0869493735, 0.321037299, 1.81387785},
     {0.598682243, 0, 0.0592494903, 0.229472289, 2.0752884}},
    {{0.723793314, 0.0275301832, 0.0695417284, 0.25908986, 1.84154776},
     {0.553770987, 0, 0.043062157, 0.166779017, 2.10403495}},
};
/* precision, recall, F1, support */
static const double of_classes[EPOCHS][CLASSES][4] = {
    {{0.666666667, 1, 0.8, 4}, {0, 0, 0, 2}, {0, 0, 0, 1}},
    {{0.666666667, 1, 0.8, 4}, {0, 0, 0, 2}, {0, 0, 0, 1}},
    {{0.666666667, 1, 0.8, 4}, {0, 0, 0, 2}, {0, 0, 0, 1}},
};
static const double confidence[EPOCHS][TL__CONFIDENCE_BINS] = {
    {0, 0, 0.285714286, 0.285714286, 0.428571429},
    {0, 0, 0.285714286, 0, 0.714285714},
    {0, 0, 0.285714286, 0, 0.714285714},
};

/* ---- the training ---- */

static double spread(int i, int m) { return (double)((i * 37 + 11) % m) / m; }

static tl_dataset *make_data(tl_context *context)
{
    static const int kinds[] = {0, 0, 1, 2, 0, 1, 0}, shift[][2] = {{1, 0}, {-1, 1}, {0, -2}};
    float inputs[ROWS * 2], targets[ROWS];
    tl_error error = {0};
    tl_dataset *data = NULL;
    for (int r = 0; r < ROWS; r++) {
        int kind = kinds[r % 7];
        targets[r] = (float)kind;
        for (int k = 0; k < 2; k++)
            inputs[2 * r + k] = (float)(4 * spread(2 * r + k, k ? 19 : 23) - 2 + shift[kind][k]);
    }
    if (tl_dataset_from_arrays(context, inputs, targets, ROWS, 2, 1, CLASSES,
                               "normalize: none, shuffle: false, split: {method: time, validation: 0.3334, test: 0}",
                               &data, &error) != TL_OK)
        fail_msg("%s", error.message);
    return data;
}

static void set_weights(training *t)
{
    const tl__plan *plan = tl__trainer_plan(t->trainer);
    assert_int_equal(tl__plan_tensor_count(plan), 4);
    for (int i = 0; i < 4; i++) {
        const tl__tensor *tensor = tl__plan_tensor(plan, i);
        float *at = t->model->parameters + tensor->offset;
        int m = i < 2 ? 13 : 17, inputs = i < 2 ? 2 : 4, outputs = (int)tensor->size / (tensor->rank == 2 ? inputs : 1);
        for (int o = 0; o < outputs; o++) {
            if (tensor->rank == 1) at[o] = (float)((i < 2 ? 0.1 : 0.05) * o);
            for (int k = 0; tensor->rank == 2 && k < inputs; k++)
                at[(size_t)o * tensor->stride[0] + (size_t)k * tensor->stride[1]] =
                    (float)(2 * spread(o * inputs + k, m) - 1);
        }
    }
}

static void near(double got, double wanted, const char *what, size_t epoch)
{
    if (!(tl__abs(got - wanted) <= 1e-5 * (1 + tl__abs(wanted))))
        fail_msg("epoch %zu: %s is %.9g and not %.9g", epoch + 1, what, got, wanted);
}

static void compare(const tl__records *records, size_t epoch)
{
    const tl__record *record = tl__records_at(records, epoch);
    for (size_t i = 0; i < TL_COUNT(figures); i++) {
        const tl__record_field *field = tl__record_field_find(figures[i].name, strlen(figures[i].name));
        assert_non_null(field);
        near(tl__record_value(record, field), figures[i].value[epoch], figures[i].name, epoch);
    }
    for (size_t k = 0; k < LAYERS; k++) {
        const tl__layer_record *layer = tl__records_layer(records, epoch, k);
        const double *wanted = of_layers[epoch][k];
        near(layer->gradient_norm, wanted[0], "a layer's gradient norm", epoch);
        near(layer->mean_change, wanted[1], "a layer's mean change", epoch);
        near(layer->std_change, wanted[2], "the deviation of a layer's change", epoch);
        near(layer->change, wanted[3], "the norm of a layer's change", epoch);
        near(layer->norm, wanted[4], "a layer's norm", epoch);
        near(layer->update_ratio, wanted[3] / wanted[4], "a layer's update ratio", epoch);
    }
    for (size_t k = 0; k < CLASSES; k++) {
        const tl__class_record *of = tl__records_class(records, epoch, k);
        const double *wanted = of_classes[epoch][k];
        near(of->precision, wanted[0], "precision", epoch);
        near(of->recall, wanted[1], "recall", epoch);
        near(of->f1, wanted[2], "F1", epoch);
        near(of->support, wanted[3], "support", epoch);
    }
    for (size_t k = 0; k < TL__CONFIDENCE_BINS; k++)
        near(record->confidence_bins[k], confidence[epoch][k], "a share of confidences", epoch);
}

static void test_record(void **state)
{
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_context *context;
    tl_error error = {0};
    training t;
    (void)state;
    options.threads = 1;
    assert_int_equal(tl_context_make(&options, &context, &error), TL_OK);
    tl_dataset *data = make_data(context);
    assert_int_equal(tl_dataset_rows(data, TL_VALIDATION), 7);
    training_begin(&t, data, "nodes: 4, activation: tanh",
                   "epochs: 3, batch_size: 4, optimizer: sgd, learning_rate: 0.5",
                   (tl__trainer_options){.analytics = true, .sampling = 2});
    set_weights(&t);
    if (tl__trainer_run(t.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    const tl__records *records = tl__trainer_records(t.trainer);
    assert_non_null(records);
    assert_int_equal(records->count, EPOCHS);
    assert_int_equal(records->layers, LAYERS);
    assert_int_equal(records->classes, CLASSES);
    for (size_t i = 0; i < EPOCHS; i++) compare(records, i);
    training_end(&t);
    tl_dataset_free(data);
    tl_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_record)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
