/* The family of optimizers, and what callers ask of all of them. */
#include "nn/optimizer.h"
#include "base/text.h"
#include "nn/optimizer_list.h"

static tl__member_fn *const optimizer_members[] = {
#define TL__X(name) tl__optimizer_##name,
    TL__OPTIMIZERS(TL__X)
#undef TL__X
};
static const tl__family optimizer_family = {"optimizer", optimizer_members, TL_COUNT(optimizer_members)};

TL_PRIV const tl__family *tl__optimizer_family(void) { return &optimizer_family; }

TL_PRIV const tl__optimizer *tl__optimizer_find(const char *name, tl_error *error)
{
    return (const tl__optimizer *)(const void *)tl__family_find(&optimizer_family, name, NULL, 0, 0,
                                                                "training.optimizer",
                                                                error);
}

TL_PRIV void tl__optimizer_start(const tl__optimizer *optimizer, const void *settings, float *const *state,
                                 size_t count)
{
    for (int i = 0; i < optimizer->states(settings); i++) {
        float value = optimizer->state_start ? optimizer->state_start(settings, i) : 0.0f;
        for (size_t k = 0; k < count; k++) state[i][k] = value;
    }
}

TL_PRIV tl_status tl__optimizer_check(const tl__optimizer *optimizer, const void *settings, tl_error *error)
{
    return optimizer->check ? optimizer->check(settings, error) : TL_OK;
}

TL_PRIV double tl__optimizer_power(double x, int64_t n)
{
    const uint64_t one = tl__double_bits(1.0);
    double product = 1.0;
    for (; n > 0; n >>= 1, x *= x) {
        if (x < 0x1p-128) return 0.0;
        /* n & 1 ? x : 1.0 without a branch, which the bits of a step's number would often mislead */
        product *= tl__bits_double(one ^ ((one ^ tl__double_bits(x)) & (0 - (uint64_t)(n & 1))));
    }
    return product;
}

/* The setting of this name, or NULL. */
static double *optimizer_setting(const tl__optimizer *optimizer, void *settings, const char *name)
{
    for (const tl__field *row = optimizer->head.rows; row->name; row++)
        if (tl__same_text(row->name, name)) return (double *)(void *)((char *)settings + row->offset);
    return NULL;
}

TL_PRIV double *tl__optimizer_weight_decay(const tl__optimizer *optimizer, void *settings)
{
    return optimizer_setting(optimizer, settings, "weight_decay");
}

TL_PRIV double *tl__optimizer_momentum(const tl__optimizer *optimizer, void *settings)
{
    double *momentum = optimizer_setting(optimizer, settings, "momentum");
    return momentum ? momentum : optimizer_setting(optimizer, settings, "beta1");
}
