/* The family of layers, made from layer_list.h; and the one place where ops meet the pool. */
#include "nn/layer.h"

TL_PRIV const tl__family *tl__layer_family(void)
{
#define LAYER_MEMBER(name) tl__layer_##name,
    static tl__member_fn *const members[] = {TL__LAYERS(LAYER_MEMBER)};
#undef LAYER_MEMBER
    static const tl__family family = {"layer", members, TL_COUNT(members)};
    return &family;
}

TL_PRIV bool tl__keeps_positions(const tl__site *site) { return site->node->shape.rank > 1; }

typedef struct layer_call {
    tl__pass *pass;
    tl__op *op;
    tl__op_fn *run;
} layer_call;

static void layer_task(void *user, size_t task, int worker)
{
    const layer_call *call = user;
    call->run(call->pass, call->op, task, call->pass->scratch + (size_t)worker * call->pass->scratch_stride);
}

TL_PRIV void tl__pass_run(tl__pass *pass, tl__op *op, size_t count, double work, tl__op_fn *run)
{
    if (tl__pool_pays(pass->pool, count, work)) {
        layer_call call = {pass, op, run};
        tl__parallel_for(pass->pool, count, layer_task, &call);
    } else {
        for (size_t task = 0; task < count; task++) run(pass, op, task, pass->scratch);
    }
}

TL_PRIV void tl__pass_samples(tl__pass *pass, tl__op *op, double cost, tl__op_fn *run)
{
    size_t size = tl__size_max(op->size, op->in_size[0]);
    tl__pass_run(pass, op, tl__blocks(pass->rows, tl__row_block(size)), cost * (double)(pass->rows * size), run);
}

TL_PRIV void tl__carve_nothing(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)site;
    (void)memory;
    (void)state;
}

TL_PRIV bool tl__axis_of(const tl__shape *shape, int64_t axis, tl__axis *out)
{
    if (axis < -shape->rank || axis >= shape->rank) return false;
    *out = (tl__axis){.index = (int)(axis < 0 ? axis + shape->rank : axis), .outer = 1, .inner = 1};
    out->n = shape->dim[out->index];
    for (int i = 0; i < shape->rank; i++) {
        if (i < out->index) out->outer *= shape->dim[i];
        if (i > out->index) out->inner *= shape->dim[i];
    }
    return true;
}

TL_PRIV bool tl__axis_keeps_time(const tl__site *site, int64_t axis)
{
    tl__axis found;
    return tl__axis_of(tl__site_in(site, 0), axis, &found) && found.index > 0;
}
