/* Losses: values and gradients for the reductions mean, sum and none. A loss over single values is fed one value per
 * row, so that the gradient into each element loss (`upstream`) can be given as the row's weight. */
#include <stdio.h>

#include "base/text.h"
#include "nn/loss.h"
#include "parity/parity_list.h"
#include "parity/parity_network.h"

/* The case's name of a loss, ours, and how its settings are called. */
typedef struct loss_name {
    const char *theirs, *ours;
    const char *setting, *key;       /* one number that is taken over: spec.key becomes our setting */
    bool classes;
} loss_name;

static const loss_name loss_names[] = {
    {"mse", "mse", NULL, NULL, false},
    {"mae", "mae", NULL, NULL, false},
    {"huber", "huber", "delta", "delta", false},
    {"smooth_l1", "smooth_l1", "beta", "beta", false},
    {"log_cosh", "log_cosh", NULL, NULL, false},
    {"quantile", "quantile", NULL, NULL, false},
    {"kl_div", "kl_div", NULL, NULL, false},
    {"bce_with_logits", "binary_cross_entropy", NULL, NULL, false},
    {"cross_entropy", "cross_entropy", "label_smoothing", "label_smoothing", true},
    {"focal", "focal", "gamma", "gamma", true},
    {"focal_binary", "focal", "gamma", "gamma", true},
};

static size_t loss_list(char *out, size_t size, const char *setting, const tl_value *list)
{
    size_t used = (size_t)snprintf(out, size, ", %s: [", setting);
    for (size_t i = 0; i < tl_value_count(list); i++)
        used += (size_t)snprintf(out + used, size - used, "%s%.17g", i ? ", " : "",
                                 tl_value_number(tl_value_at(list, i), 0.0));
    return used + (size_t)snprintf(out + used, size - used, "]");
}

static void *loss_settings(parity *p, const loss_name *name, const tl__loss *loss, size_t classes)
{
    char text[500];
    const tl_value *one = name->key ? parity_spec(p, name->key) : NULL, *alpha = parity_spec(p, "alpha");
    size_t used = (size_t)snprintf(text, sizeof text, "reduction: %s", tl_value_text(parity_spec(p, "reduction"), "?"));
    if (one) used += (size_t)snprintf(text + used, sizeof text - used, ", %s: %.17g", name->setting, tl_value_number(one, 0));
    if (tl_value_kind(alpha) == TL_LIST) used += loss_list(text + used, sizeof text - used, "alpha", alpha);
    else if (alpha) used += (size_t)snprintf(text + used, sizeof text - used, ", alpha: %.17g", tl_value_number(alpha, 0));
    else if (tl__same_text(name->theirs, "focal")) used += (size_t)snprintf(text + used, sizeof text - used, ", alpha: [1]");
    if (parity_spec(p, "quantiles")) used += loss_list(text + used, sizeof text - used, "quantiles", parity_spec(p, "quantiles"));
    if (parity_spec(p, "class_weights"))
        used += loss_list(text + used, sizeof text - used, "class_weights", parity_spec(p, "class_weights"));
    if (tl__same_text(name->theirs, "kl_div")) snprintf(text + used, sizeof text - used, ", logits: false");
    void *settings = parity_settings(p, &loss->head, text);
    float *weights = tl__arena_push(parity_arena(p), (classes + 1) * sizeof *weights);
    if (settings && weights && classes) tl__loss_class_weights(loss, settings, classes, NULL, NULL, weights);
    return settings;
}

/* A loss whose row has several independent elements, with a weight for each: column by column, an element a row. The
 * quantiles are then one per column. */
static void loss_columns(parity *p, const tl__loss *loss, const tl__loss_call *call, size_t rows, const float *upstream)
{
    const size_t width = call->width, bytes = rows * width * sizeof(float);
    float *column[5];   /* outputs, targets, weights, gradient, losses */
    float *gradient = tl__arena_push(parity_arena(p), bytes), *losses = tl__arena_push(parity_arena(p), bytes), sum = 0.0f;
    for (size_t k = 0; k < TL_COUNT(column); k++) column[k] = tl__arena_push(parity_arena(p), bytes);
    for (size_t j = 0; j < width; j++) {
        char text[60] = "logits: false";
        const tl_value *quantile = tl_value_at(parity_spec(p, "quantiles"), j);
        if (quantile) snprintf(text, sizeof text, "quantiles: [%.17g]", tl_value_number(quantile, 0.0));
        tl__loss_call one = *call;
        one.settings = parity_settings(p, &loss->head, text);
        one.outputs = column[0], one.targets = column[1], one.weights = NULL, one.gradient = NULL, one.row_losses = column[4];
        one.width = one.target_width = 1;
        if (!one.settings) return;
        for (size_t i = 0; i < rows; i++) {
            column[0][i] = call->outputs[i * width + j];
            column[1][i] = call->targets[i * call->target_width + (call->target_width == width ? j : 0)];
            column[2][i] = upstream[i * width + j];
        }
        loss->rows(&one, 0, rows);
        for (size_t i = 0; i < rows; i++) losses[i * width + j] = column[4][i];
        one.weights = column[2], one.gradient = column[3];
        loss->rows(&one, 0, rows);
        for (size_t i = 0; i < rows; i++) gradient[i * width + j] = column[3][i];
        sum += (float)tl__loss_sum(column[4], rows);
    }
    parity_tensor(p, "output.y", losses, rows * width);
    parity_tensor(p, "loss", &sum, 1);
    parity_tensor(p, "grad.input.pred", gradient, rows * width);
}

void parity_loss(parity *p)
{
    const char *theirs = tl_value_text(parity_spec(p, "loss"), "?");
    const loss_name *name = NULL;
    for (size_t i = 0; i < TL_COUNT(loss_names); i++)
        if (tl__same_text(loss_names[i].theirs, theirs)) name = &loss_names[i];
    if (!name) {
        parity_missing(p, theirs);
        return;
    }
    const tl__loss *loss = tl__loss_find(name->ours, NULL);
    const tl__tensor_view *pred = parity_view(p, "input.pred");
    const bool one_column = tl__same_text(theirs, "focal_binary");
    size_t numbers, width = 1, target_width = name->classes ? 0 : 1;
    float *x = parity_floats(p, "input.pred", &numbers), *target = parity_floats(p, "target", NULL);
    float *upstream = parity_floats(p, "upstream.y", NULL);
    if ((name->classes && !one_column) || tl__same_text(theirs, "kl_div")) width = pred->shape[pred->rank - 1];
    if (tl__same_text(theirs, "kl_div")) target_width = width;
    if (parity_spec(p, "quantiles")) width = tl_value_count(parity_spec(p, "quantiles"));
    size_t rows = numbers / width;
    void *settings = loss_settings(p, name, loss, !name->classes ? 0 : one_column ? 2 : width);
    float *gradient = tl__arena_push(parity_arena(p), numbers * sizeof *gradient);
    float *losses = tl__arena_push(parity_arena(p), numbers * sizeof *losses);
    if (!settings || !gradient || !losses) return;
    double denominator = tl__loss_denominator(loss, settings, width, target, target_width, NULL, rows);
    tl__loss_call call = {.kernels = parity_kernels(p), .settings = settings, .outputs = x, .width = width,
                          .targets = target, .target_width = target_width, .scale = 1.0 / denominator,
                          .gradient = gradient, .row_losses = losses};
    if (upstream && parity_view(p, "output.y")->count != rows) {
        loss_columns(p, loss, &call, rows, upstream);
        return;
    }
    if (upstream) {
        loss->rows(&call, 0, rows);
        parity_tensor(p, "output.y", losses, rows);
        call.weights = upstream;
    }
    loss->rows(&call, 0, rows);
    float sum = (float)(tl__loss_sum(losses, rows) / denominator);
    parity_tensor(p, "loss", &sum, 1);
    parity_tensor(p, "grad.input.pred", gradient, numbers);
}
