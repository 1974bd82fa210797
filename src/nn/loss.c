/* The family of losses, and what all of them share: widths, class weights, the mean's divisor, sums, links. */
#include "nn/loss.h"
#include "kernels/kernels.h"
#include "nn/loss_list.h"

static tl__member_fn *const loss_members[] = {
#define TL__X(name) tl__loss_##name,
    TL__LOSSES(TL__X)
#undef TL__X
};
static const tl__family loss_family = {"loss", loss_members, TL_COUNT(loss_members)};

TL_PRIV const tl__family *tl__loss_family(void) { return &loss_family; }

TL_PRIV const tl__loss *tl__loss_find(const char *name, tl_error *error)
{
    return (const tl__loss *)(const void *)tl__family_find(&loss_family, name, NULL, 0, 0, "training.loss", error);
}

TL_PRIV const tl__loss *tl__loss_default(bool classes)
{
    return (const tl__loss *)(const void *)(classes ? tl__loss_cross_entropy() : tl__loss_mse());
}

TL_PRIV size_t tl__loss_width(const tl__loss *loss, const void *settings, size_t targets, bool classes)
{
    if (!(loss->fits & (unsigned)(classes ? TL__FITS_CLASSES : TL__FITS_VALUES))) return 0;
    return loss->width ? loss->width(settings, targets, classes) : targets;
}

TL_PRIV tl_status tl__loss_check(const tl__loss *loss, const void *settings, size_t width, size_t targets, bool classes,
                                 tl_error *error)
{
    const char *name = loss->head.name;
    const tl__loss_common *common = settings;
    const size_t wanted = tl__loss_width(loss, settings, targets, classes);
    if (wanted == 0 && targets > 0)
        return tl__fail(error, TL_BAD_CONFIG, "The loss %s does not fit a target of %s; take %s (training.loss).", name,
                        classes ? "classes" : "numbers",
                        classes ? "cross_entropy, focal or binary_cross_entropy" : "mse, mae, huber or quantile");
    if (loss->check) TL_TRY(loss->check(settings, targets, classes, error));
    if (classes && common->class_weights.count > 0 && common->class_weights.count != targets)
        return tl__fail(error, TL_BAD_CONFIG,
                        "The loss has %zu class weights but the target has %zu classes; give one per class, in class "
                        "order.", common->class_weights.count, targets);
    if (width == wanted || (loss->one_output && classes && targets == 2 && width == 1)) return TL_OK;
    return tl__fail(error, TL_BAD_CONFIG,
                    "The network has %zu outputs but the loss %s needs %zu for %zu %s; set `nodes: %zu` in the output "
                    "layer.", width, name, wanted, targets, classes ? "classes" : targets == 1 ? "value" : "values",
                    wanted);
}

TL_PRIV bool tl__loss_class_weights(const tl__loss *loss, void *settings, size_t classes, const double *given,
                                    const double *balanced, float *out)
{
    tl__loss_common *common = settings;
    const double *from = given;
    common->weights = NULL;
    if (common->class_weights.count == classes && classes > 0)
        from = common->class_weights.items;
    else if (loss->own_weights) {
        if (!loss->own_weights(settings, classes, given, balanced, out)) return false;
        common->weights = out;
        return true;
    }
    if (!from) return false;
    for (size_t k = 0; k < classes; k++) out[k] = (float)from[k];
    common->weights = out;
    return true;
}

TL_PRIV bool tl__loss_is_mean(const void *settings)
{
    return ((const tl__loss_common *)settings)->reduction == TL__REDUCE_MEAN;
}

TL_PRIV double tl__loss_denominator(const tl__loss *loss, const void *settings, size_t width, const float *targets,
                                    size_t target_width, const float *weights, size_t rows)
{
    const tl__loss_common *common = settings;
    const float *class_weights = loss->weighted_mean ? common->weights : NULL;
    const size_t classes = width == 1 ? 2 : width;
    double sum = 0.0;
    if (!tl__loss_is_mean(settings)) return 1.0;
    for (size_t i = 0; i < rows; i++) {
        double weight = weights ? (double)weights[i] : 1.0;
        if (target_width == 0) {
            int32_t class = tl__loss_class(targets[i], classes);
            if (class < 0) continue;
            if (class_weights) weight *= (double)class_weights[class];
        }
        sum += weight;
    }
    return loss->per_element ? sum * (double)width : sum;
}

TL_PRIV double tl__tree_add(double *values, size_t count)
{
    for (size_t n = count; n > 1; n = (n + 1) / 2) {
        for (size_t i = 0; i < n / 2; i++) values[i] = values[2 * i] + values[2 * i + 1];
        if (n % 2) values[n / 2] = values[n - 1];
    }
    return count ? values[0] : 0.0;
}

/* The sums of blocks are combined as they come, as a binary counter carries: level k holds the sum of 2^k blocks that
 * waits for its neighbour. What is left at the end joins from the right, so the result is that of tl__tree_add. */
TL_PRIV double tl__loss_sum(const float *row_losses, size_t rows)
{
    double waiting[sizeof(size_t) * CHAR_BIT], total = 0.0;
    size_t blocks = 0;
    bool any = false;
    for (size_t at = 0; at < rows; at += TL__BLOCK, blocks++) {
        size_t end = at + tl__size_min(TL__BLOCK, rows - at);
        double sum = 0.0;
        int level = 0;
        for (size_t i = at; i < end; i++) sum += (double)row_losses[i];
        for (; blocks >> level & 1; level++) sum = waiting[level] + sum;
        waiting[level] = sum;
    }
    for (int level = 0; blocks >> level; level++) {
        if (!(blocks >> level & 1)) continue;
        total = any ? waiting[level] + total : waiting[level];
        any = true;
    }
    return total;
}

TL_PRIV tl__link tl__loss_link(const tl__loss *loss, size_t width)
{
    return loss->link == TL__LINK_SOFTMAX && width == 1 ? TL__LINK_SIGMOID : loss->link;
}

TL_PRIV void tl__link_apply(const struct tl__kernels *kernels, tl__link link, const float *outputs, size_t rows,
                            size_t width, float *out, size_t out_width)
{
    if (link == TL__LINK_SOFTMAX && width > 1) {
        kernels->softmax(out, outputs, rows, width);
    } else if (link != TL__LINK_NONE && out_width != width) {
        for (size_t i = 0; i < rows; i++) {
            float p = tl__sigmoidf(outputs[i]);
            out[2 * i] = 1.0f - p;
            out[2 * i + 1] = p;
        }
    } else if (link != TL__LINK_NONE) {
        kernels->activate(TL__SIGMOID, 0.0f, 0.0f, out, outputs, rows * width);
    } else if (out != outputs) {
        memcpy(out, outputs, rows * width * sizeof *out);
    }
}
