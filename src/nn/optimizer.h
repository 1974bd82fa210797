/* Optimizers: from gradients to new weights, one pass over weights, gradient and state.
 *
 * All parameters that are trained lie in one array; the state is `states` further arrays of that size, zero (or
 * state_start) before the first step. Once per step, prepare turns rate, step number and settings into a few float
 * factors (computed in double, fixed order); apply then works on any range of the arrays, so ranges are tasks.
 *
 *     optimizer->prepare(settings, &request, &factors);       for each part: with l2 for weights only
 *     optimizer->apply(kernels, &factors, w, state, first, g, count);
 *
 * Moments whose magnitude falls below 2^-120 become zero by definition: they would decay into subnormals, which are
 * slow, and are too small to move a weight. Formulas, defaults and names of settings and states are PyTorch's. */
#ifndef TL_NN_OPTIMIZER_H
#define TL_NN_OPTIMIZER_H

#include "base/error.h"
#include "base/family.h"
#include "kernels/kernels.h"

enum {
    TL__OPTIMIZER_STATES = 4,
    TL__OPTIMIZER_PARTS = 16         /* of a step: 8 rates, with l2 and without */
};

/* What a step is told. */
typedef struct tl__optimizer_request {
    int64_t step;                    /* 1 at the first one: bias correction */
    double learning_rate;
    double l2;                       /* optimization.l2_reg, 0 for biases and norms. Joins the optimizer's own
                                        weight_decay: added to the gradient as (weight_decay + l2) * w; decoupled
                                        with adamw */
    double gradient_scale;           /* of the gradient, before l2: the clip factor; 0: 1 */
    double momentum;                 /* from a schedule: sgd's and rmsprop's momentum, Adam's beta1; 0: the settings' */
} tl__optimizer_request;

/* Ready numbers of one step. Which kernel's they are is each member's own. */
typedef struct tl__optimizer_factors {
    union {
        tl__sgd sgd;
        tl__rmsprop rmsprop;
        tl__adagrad adagrad;
        tl__adam adam;
        float value[16];
    };
    int state[TL__OPTIMIZER_STATES];   /* index + 1 of each array that the kernel takes, in its order; 0: none */
} tl__optimizer_factors;

typedef struct tl__optimizer {
    tl__member_head head;
    /* Arrays of state, 0..TL__OPTIMIZER_STATES, by settings: momentum 0 needs none. */
    int (*states)(const void *settings);
    const char *(*state_name)(const void *settings, int index);   /* "exp_avg": as in checkpoints */
    float (*state_start)(const void *settings, int index);        /* NULL: 0 */
    void (*prepare)(const void *settings, const tl__optimizer_request *request, tl__optimizer_factors *out);
    /* Elements first..first+count-1 of weights and state, which are given as whole arrays; gradient[0] is that of
     * element `first`. */
    void (*apply)(const tl__kernels *kernels, const tl__optimizer_factors *factors, float *weights,
                  float *const *state, size_t first, const float *gradient, size_t count);
    tl_status (*check)(const void *settings, tl_error *error);    /* what rows cannot say; NULL: nothing */
} tl__optimizer;

/* A step under way over arrays that are cut into parts, each with factors of its own: weights take l2 and other
 * parameters do not, and layers may have rates of their own. */
typedef struct tl__optimizer_part {
    size_t end;                      /* the part before ends where this one begins */
    tl__optimizer_factors factors;
} tl__optimizer_part;

typedef struct tl__optimizer_step {
    const tl__kernels *kernels;
    const tl__optimizer *optimizer;
    tl__optimizer_part part[TL__OPTIMIZER_PARTS];
    float *parameters;
    float *const *state;
} tl__optimizer_step;

TL_PRIV const tl__family *tl__optimizer_family(void);
TL_PRIV const tl__optimizer *tl__optimizer_find(const char *name, tl_error *error);   /* NULL with the mistake told */

/* Fill the state arrays with what they hold before the first step. */
TL_PRIV void tl__optimizer_start(const tl__optimizer *optimizer, const void *settings, float *const *state,
                                 size_t count);
/* Take the gradients of elements first..first+count-1, which lie in one part, into the weights. */
static inline void tl__optimizer_take(const tl__optimizer_step *step, size_t first, const float *gradient,
                                      size_t count)
{
    const tl__optimizer_part *part = step->part;
    while (first >= part->end) part++;
    step->optimizer->apply(step->kernels, &part->factors, step->parameters, step->state, first, gradient, count);
}
/* What tl__field rows cannot say: nesterov needs momentum and no dampening. */
TL_PRIV tl_status tl__optimizer_check(const tl__optimizer *optimizer, const void *settings, tl_error *error);

/* The state array that the kernel takes in place `slot`, from element `first` on; NULL: none. */
static inline float *tl__optimizer_array(const tl__optimizer_factors *factors, float *const *state, int slot,
                                         size_t first)
{
    return factors->state[slot] ? state[factors->state[slot] - 1] + first : NULL;
}
/* What prepare functions share: gradient_scale with its 0 meaning 1. */
static inline float tl__optimizer_scale(const tl__optimizer_request *request)
{
    return request->gradient_scale == 0.0 ? 1.0f : (float)request->gradient_scale;
}

/* x^n for the corrections of running means, 0 <= x < 1: the product of x^(2^k) over the bits of n, lowest first, each
 * square made of the one before; 0 once these squares are below 2^-128, which 1 - x^n does not see. The bits follow
 * from x and n alone, whatever steps were taken before; the error is at most n * 2^-53 of x^n, as much as the rounding
 * of a setting like 0.999 to a double costs anyway. */
TL_PRIV double tl__optimizer_power(double x, int64_t n);

/* Pointers to what callers change: the settings' own weight_decay (training.weight_decay, live changes) and momentum or
 * beta1; NULL where the member has none. */
TL_PRIV double *tl__optimizer_weight_decay(const tl__optimizer *optimizer, void *settings);
TL_PRIV double *tl__optimizer_momentum(const tl__optimizer *optimizer, void *settings);

#endif
