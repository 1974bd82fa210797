/* Kernels: all arithmetic over arrays, and its numeric contract.
 *
 * A set is a table of functions for one instruction set. All sets of class `canonical` give the same bits for the
 * same arguments, whatever the lengths, the alignment, the way a caller cuts rows, columns or elements into calls,
 * and the number of threads; the class `unfused` (SSE2) does the same with every fma replaced by a multiplication
 * and an addition. Kernels are single-threaded and allocate nothing; callers hand ranges and tasks to par/.
 *
 * The contract (a change of any line is a new TL_NUMERICS_VERSION):
 *  1. fma(a,b,c) has one rounding. It is used exactly where this file writes fma; all other operations round alone.
 *     Division and square root are IEEE. Subnormals are kept. NaN comes out where NaN goes in (sign and payload are
 *     open); relu, clamp and the like hand NaN on. Comparisons select; no machine's min or max is used.
 *  2. GEMM: one chain per output, acc = +0, then acc = fma(a[i][p], b[p][j], acc), p ascending; p is never padded.
 *  3. Column sums over rows: one chain per column, rows ascending, acc = +0, then add (or fma, as stated).
 *  4. A chain of 2 and 3 runs over at most TL__BLOCK terms. The terms are cut into `pieces` (gradient shards) between
 *     samples, each of which is `unit` terms (time steps, pixels): of n*unit terms piece s of P is
 *     [unit*tl__piece(n,P,s), unit*tl__piece(n,P,s+1)); a piece is cut into blocks of TL__BLOCK terms from its
 *     beginning; an empty piece is +0. Blocks of a piece, then pieces, are added by the tree of rule 6.
 *  5. Sums along a row or over an array ("lanes" below): TL__LANES virtual lanes, term i goes to lane i mod
 *     TL__LANES, each lane a chain from +0 (add, or fma for products), the last round filled up with zero terms; then
 *     the lanes are added in halves: lane i + lane i+16, then 8, 4, 2, 1. Pieces and blocks as in 4.
 *     Maxima: the same lanes from -infinity, `x > m ? x : m`, folded in the same halves.
 *  6. The tree over parts 0..c-1: c = 1 is the part; else left + right, left the first h parts, h the largest power
 *     of two below c.
 *  7. exp, log, tanh, sigmoid, ... are those of base/math.h.
 * L = 32 lanes: measured against 16 and 64 (src/kernels/README.md) and frozen.
 *
 * Arrays are float32, rows contiguous (row stride = columns) unless a stride `ld…` (in floats) is given. n = 0 or
 * rows = 0 is allowed and writes nothing, unless a result is said to be 0. Outputs may be the same array as an input
 * of the same shape where a comment says "in place"; else arrays do not overlap. */
#ifndef TL_KERNELS_KERNELS_H
#define TL_KERNELS_KERNELS_H

#include "base/math.h"
#include "base/random.h"

enum { TL__BLOCK = 4096, TL__LANES = 32 };

/* First of the terms of piece `piece` when n terms are cut into `pieces` (a power of two): halves of halves, the left
 * one the smaller. Because a half is cut as the whole is, a micro-batch or a rank that holds tl__piece(n, A, i) up to
 * tl__piece(n, A, i + 1) and cuts its own rows into pieces / A has the very pieces of the whole, whatever n is. */
static inline size_t tl__piece(size_t n, size_t pieces, size_t piece)
{
    size_t first = 0;
    if (piece >= pieces) return n;
    while (pieces > 1) {
        size_t left = n / 2;
        pieces /= 2;
        if (piece < pieces) {
            n = left;
        } else {
            first += left;
            n -= left;
            piece -= pieces;
        }
    }
    return first;
}

/* How the terms of a sum over rows are cut (rule 4): how often, and how many rows a sample has. 0 of either means 1. */
typedef struct tl__cut {
    size_t pieces, unit;
} tl__cut;

typedef enum tl__numeric_class {
    TL__CANONICAL,   /* "canonical" */
    TL__UNFUSED      /* "unfused" */
} tl__numeric_class;

/* Activations and the names that settings give them. x is the pre-activation, y the output, c the parameter, l the
 * limit:
 *   identity    x
 *   relu        x <= 0 ? 0 : x
 *   leaky_relu  x > 0 ? x : c*x                   c: negative slope, >= 0
 *   elu         x > 0 ? x : c*expm1(x)            c: alpha, > 0
 *   gelu        0.5*x * (1 + erf(x/sqrt 2)), computed as max(x,0) - |x|*P(-|x|), P the normal distribution
 *   gelu_tanh   0.5*x * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3))), computed as x * sigmoid(2*sqrt(2/pi) * (...))
 *   silu        x * sigmoid(x)
 *   tanh, sigmoid
 *   softplus    c*x > l ? x : log(1 + exp(c*x)) * (1/c)     c: beta, > 0; l = 0 stands for 20
 *   selu        x > 0 ? s*x : s*a*expm1(x)                   s = 1.0507009873554805, a = 1.6732632423543772
 *   mish        x * tanh(log(1 + exp(x))), computed as x * (n/d): with t = exp(-|x|) n = 1 + 2t and d = n + 2t^2 for
 *               x > 0, else n = t*(t + 2) and d = n + 2
 *   hardtanh    x < -c ? -c : x > c ? c : x                  c: > 0
 *   relu6       x <= 0 ? 0 : x > 6 ? 6 : x
 *   hardswish   x <= -3 ? 0 : x >= 3 ? x : x * ((x + 3)/6)
 * The formulas are PyTorch's; the order of operations is elementwise.inc.h's and part of the contract. */
#define TL__ACTIVATIONS(X)                                                                              \
    X(TL__IDENTITY, "identity")                                                                         \
    X(TL__RELU, "relu")                                                                                 \
    X(TL__LEAKY_RELU, "leaky_relu")                                                                     \
    X(TL__ELU, "elu")                                                                                   \
    X(TL__GELU, "gelu")                                                                                 \
    X(TL__GELU_TANH, "gelu_tanh")                                                                       \
    X(TL__SILU, "silu")                                                                                 \
    X(TL__TANH, "tanh")                                                                                 \
    X(TL__SIGMOID, "sigmoid")                                                                           \
    X(TL__SOFTPLUS, "softplus")                                                                         \
    X(TL__SELU, "selu")                                                                                 \
    X(TL__MISH, "mish")                                                                                 \
    X(TL__HARDTANH, "hardtanh")                                                                         \
    X(TL__RELU6, "relu6")                                                                               \
    X(TL__HARDSWISH, "hardswish")
typedef enum tl__activation {
#define TL__X(constant, name) constant,
    TL__ACTIVATIONS(TL__X)
#undef TL__X
    TL__ACTIVATION_COUNT
} tl__activation;

/* "relu"; a settings row's list of choices is made from TL__ACTIVATIONS. */
TL_PRIV const char *tl__activation_name(tl__activation kind);
/* The kind of this name, or TL__ACTIVATION_COUNT. */
TL_PRIV tl__activation tl__activation_find(const char *name);
/* Does the derivative need x (true: keep the pre-activation) or is y enough? */
TL_PRIV bool tl__activation_needs_pre(tl__activation kind);
/* The parameter c when a config gives none: 0.01 for leaky_relu, 1 for elu, softplus and hardtanh, else 0. */
TL_PRIV float tl__activation_default(tl__activation kind);

/* One matrix product c = epilogue(op(a) · op(b)), op(a) [m,k], op(b) [k,n], c [m,n]. Zero the struct, then fill it.
 * The dense layer with W resident as [in, out]:
 *   forward         y[rows,out]   = act(x[rows,in] · W + bias)   a = x, b = W
 *   weight gradient dW[in,out]    = xT · dz                      a = x, a_transposed, b = dz, cut = shards
 *   input gradient  dx[rows,in]   = (dz · WT) * act'(saved)      a = dz, b = W, b_transposed
 * Bias gradients are column sums.
 * Epilogue, in this order, each part only when asked for: + bias[j]; pre = that value; activation; * derivative
 * (when `saved` is set: the derivative of `activation` at `saved`, and no activation is applied); c_old + value
 * (when `accumulate`). k = 0 gives the epilogue of +0. c, pre overlap no input.
 * With `take` the results are not stored (c may be NULL, `accumulate` is off) but handed over while they are in the
 * cache: each element of c exactly once, in pieces of rows or several whole rows: values[0..count) are the elements
 * of a matrix [m, n] without gaps from [row][column] on.
 * Calls come from the task that computed them, so from several threads at once where tasks do; `values` lies in the
 * task's scratch, and may be overwritten. */
typedef void tl__gemm_take(void *user, size_t row, size_t column, float *values, size_t count);
typedef struct tl__gemm {
    size_t m, n, k;
    const float *a;
    size_t lda;             /* a[i*lda + p], or transposed a[p*lda + i] */
    bool a_transposed;
    const float *b;
    size_t ldb;             /* b[p*ldb + j], or transposed b[j*ldb + p] */
    bool b_transposed;
    float *c;
    size_t ldc;
    bool accumulate;
    bool go_on;             /* chains begin at c instead of +0; k <= TL__BLOCK, one piece, no epilogue */
    tl__cut cut;            /* rule 4, over k; pieces a power of two */
    const float *bias;      /* [n] or NULL */
    tl__activation activation;
    float parameter, limit; /* of the activation */
    float *pre;             /* [m,n] or NULL: receives the pre-activation */
    size_t ldpre;
    const float *saved;     /* [m,n] or NULL: pre-activation or output, as tl__activation_needs_pre says */
    size_t ldsaved;
    tl__gemm_take *take;    /* or NULL */
    void *take_user;
    size_t workers;         /* threads that the tasks are meant for: few want few and large ones; 0: any number */
} tl__gemm;

/* How a product is computed, found once for many calls: tasks 0..tasks - 1, each
 *     plan.run(&call, &plan, task, scratch)
 * on any thread, each with its own scratch (64-byte aligned, scratch_bytes; those of a plan with more rows m or
 * terms k, all else equal, are enough, too). The plan depends on the sizes, strides, flags and `workers` of the call,
 * on whether `take` is set, and on the set, never on who runs it; so data pointers and the epilogue may be missing when
 * it is made and change from run to run. */
typedef struct tl__gemm_plan tl__gemm_plan;
struct tl__gemm_plan {
    size_t tasks, scratch_bytes;
    void (*run)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch);
    /* The rest is the set's own (gemm.inc.h). */
    size_t rows, columns;       /* of a region */
    size_t across, down;        /* regions side by side and below each other: one task each */
    size_t depth;               /* most terms of a step */
    size_t block;               /* most tiles below each other whose rows of a stay in the cache */
    bool by_columns;            /* tasks go down first: where a batch is smaller than a layer, the thread that makes the
                                   first columns of the outputs then also makes those of the weights' gradient */
    uint8_t caches;             /* a tl__caches */
    bool packs_b, copies_a;     /* into scratch */
    bool by_rows;               /* tiles run across a region, not down */
    bool leaves;                /* several leaves: a stack of regions lies in scratch */
    bool values;                /* the chains live in scratch */
    size_t copy_at, values_at;  /* scratch: b, then a, then values; in floats */
};

/* Convolutions (cross-correlations) over images [height, width, channel]; a series [time, channel] is an image of one
 * row. Position (i, j) of a sample reads, with tap (ky, kx), row i*step + ky*spread - pad of axis y and the column that
 * axis x gives in the same way; channels are cut into groups, and those of a group read their group only. */
typedef struct tl__conv_axis {
    size_t in, out;          /* rows (columns) that are read, and positions that are computed */
    size_t taps;             /* at least 1 */
    size_t step, spread;     /* at least 1 */
    ptrdiff_t pad;
} tl__conv_axis;

typedef struct tl__conv_space {
    size_t samples;
    tl__conv_axis y, x;
    size_t in, out, groups;  /* channels; groups divides both */
    const float *source;     /* [samples, y.in, x.in, in] */
    const int32_t *lengths;  /* [samples] columns that count, the others are taken for 0; NULL: all */
} tl__conv_space;

/* value[i][j][o]: acc = +0; for ky ascending whose row exists, kx ascending, channel c of the group ascending:
 *     acc = fma(source, w[ky][kx][c][o], acc), source = +0 at columns that do not exist; never cut into blocks.
 * Epilogue as in tl__gemm: + bias[o]; pre = that value; activation, or * its derivative at `saved`.
 * The gradient of the input is the same operation over the gradient of the output, with w turned (conv_turn): one call
 * for each remainder of input positions by the step. */
typedef struct tl__conv {
    tl__conv_space space;
    const float *w;          /* w[ky*w_y + kx*w_x + c*out + o] */
    size_t w_y, w_x;
    float *c;                /* value o of (i, j) at c[sample*c_sample + i*c_y + j*c_x + o] */
    size_t c_sample, c_y, c_x;
    const float *bias;       /* [out] or NULL */
    tl__activation activation;
    float parameter, limit;
    float *pre;              /* NULL, or with the strides of c, as `saved` */
    const float *saved;
} tl__conv;

/* dw[ky][kx][c][o]: chain over all positions, samples first, then rows, then columns, whose source row exists:
 *     acc = fma(source, d[position][o], acc), source = +0 at columns that do not exist.
 * Blocks and pieces by rule 4 over all positions, the unit being those of a sample. Bias gradients are column sums. */
typedef struct tl__conv_gradient {
    tl__conv_space space;
    const float *d;          /* [samples, y.out, x.out, out] */
    float *dw;               /* [y.taps, x.taps, in / groups, out] */
    size_t pieces;
} tl__conv_gradient;

/* As tl__gemm_plan: tasks on any thread, each with its own scratch. Made from sizes alone. */
typedef struct tl__conv_plan tl__conv_plan;
struct tl__conv_plan {
    size_t tasks, scratch_bytes;
    void (*run)(const tl__conv *call, const tl__conv_plan *plan, size_t task, void *scratch);
    void (*run_gradient)(const tl__conv_gradient *call, const tl__conv_plan *plan, size_t task, void *scratch);
    /* The rest is the set's own (conv.inc.h). */
    size_t rows;             /* of positions at a time */
    size_t copy;             /* floats of scratch for a copy of source rows */
    size_t lines, line_rows; /* of a gradient: runs of rows of dw that lie side by side in the source, too */
    size_t taps;             /* rows of taps in a line, or 0: one tap */
    bool leaves;
};
/* One direction of a recurrent layer over samples of `time` steps of `in` numbers each, U units. For each step, from
 * h (h0) and c (c0) of the step before, the pre-activation of gate q of unit u is one chain, q*U + u its column in the
 * weights and biases:
 *   acc = +0; fma(x[p], w_ih[p], acc), p ascending; acc + (b_ih + b_hh); fma(h[p], w_hh[p], acc), p ascending
 *   tanh, relu  one gate: h = act(z)
 *   lstm        gates i, f, g, o: sigmoids, g tanh; c = fma(f, c, i*g); h = o * tanh(c)
 *   gru         gates r, z, n: r and z sigmoids of such chains; of n two chains,
 *               a = (chain of x) + b_ih and b = the chain of h that goes on from +0 + b_hh; n = tanh(fma(r, b, a));
 *               h = fma(z, h - n, n)
 * The way back, steps in the opposite order, dh (d_h_n) and dc (d_c_n) from the step that was just done:
 *   dh = dh + d_out of the step, where there is one; then the gradients of the pre-activations:
 *   tanh, relu  dz = dh * act'(h)
 *   lstm        t = tanh(c); e = dh * o; dc = fma(e, 1 - t*t, dc); di = (dc * g) * (i * (1 - i));
 *               df = (dc * c_before) * (f * (1 - f)); dg = (dc * i) * (1 - g*g); do = (dh * t) * (o * (1 - o));
 *               dc = dc * f
 *   gru         e = dh * (1 - z); da = e * (1 - n*n); dz = (dh * (h_before - n)) * (z * (1 - z));
 *               dr = (da * b) * (r * (1 - r)); db = da * r; k = dh * z
 *   dh of the step before = the chain of fma(dz of a column, w_hh, acc) over the columns ascending (gru: r, z, db),
 *   acc = +0; gru: k + it.
 * These chains are not cut. What a step leaves behind for the gradients of weights, which are products over all (row,
 * step), rows ascending, steps of a row ascending, `unit` = time: `gates`, then the gradients of pre-activations in
 * their place (gru: r, z, a, b), and `before`, the h that the step began with.
 * Of samples with lengths only their first so many steps are done (in reverse: beginning with the last of these);
 * `out`, `gates` and `before` of other steps are 0. */
typedef enum tl__cell { TL__CELL_TANH, TL__CELL_RELU, TL__CELL_LSTM, TL__CELL_GRU, TL__CELLS } tl__cell;

/* Chains of a cell: of the weights and biases, and of `gates`. */
static inline size_t tl__cell_gates(tl__cell cell) { return cell == TL__CELL_LSTM ? 4 : cell == TL__CELL_GRU ? 3 : 1; }
static inline size_t tl__cell_kept(tl__cell cell) { return cell < TL__CELL_LSTM ? 1 : 4; }

typedef struct tl__recurrent {
    tl__cell cell;
    bool reverse;
    size_t rows, time, in, units;
    const int32_t *lengths;            /* [rows]; NULL: all are `time` */
    const float *x;                    /* [rows, time, in] */
    const float *w_ih, *w_hh;          /* [in, gates*units], [units, gates*units] */
    const float *b_ih, *b_hh;          /* [gates*units]; NULL: zeros */
    const float *packed, *packed_back; /* of recurrent_pack */
    const float *h0, *c0;              /* [rows, units], rows ld0 apart; NULL: zeros */
    size_t ld0;
    float *out;                        /* h of step t of row r goes to out[r*out_row + t*out_step]; NULL: nowhere */
    size_t out_row, out_step;
    float *h_n, *c_n;                  /* after a row's last step, [rows, units], rows ld_n apart; NULL: nowhere */
    size_t ld_n;
    float *gates;                      /* [rows, time, kept*units]; NULL: there is no way back */
    float *before, *cells;             /* [rows, time, units]; cells, c after each step, of lstm only */
    const float *d_out, *d_h_n, *d_c_n; /* gradients of out, h_n and c_n, as those lie; NULL: zeros */
    float *d_h0, *d_c0;                /* as h0 and c0 lie; NULL: not wanted */
} tl__recurrent;

/* How it is computed, from sizes, flags and the set: blocks of rows, one task each; floats that recurrent_pack
 * writes (for the way back, too), and bytes of scratch of a task, 64-byte aligned. Those of more rows are enough for
 * fewer. */
typedef struct tl__recurrent_plan {
    size_t block, packed_floats, back_floats, scratch_bytes;
} tl__recurrent_plan;

/* Pooling: position (i, j) looks at the taps of a convolution that exist, channel by channel. Where none does, a value
 * is 0 and nothing goes back.
 * max_pool: m = -infinity; for ky ascending, kx ascending: m = x > m or x is NaN ? x : m; chosen is the number
 *     ky*x.taps + kx of the tap that m comes from (the first there is, where all are -infinity), -1 of none.
 * avg_pool: acc = +0; for ky ascending: acc = acc + (chain of x over kx ascending, from +0); value = acc / n, n the
 *     number of these taps, or, where padding counts, of those inside the rows and columns from -pad to in + after.
 * Back: dx = +0, then for the positions that look at it, ascending: dx = dx + (max_pool: d of those that chose it;
 *     avg_pool: d / n). */
typedef struct tl__pooling {
    tl__conv_axis y, x;
    size_t after_y, after_x;     /* rows and columns after the last that counts_padding counts, too */
    size_t channels;
    bool counts_padding;
    const float *source;         /* [samples, y.in, x.in, channels] */
    const int32_t *lengths;      /* [samples] columns that there are; NULL: all */
    float *c;                    /* [samples, y.out, x.out, channels] */
    float *chosen;               /* the same shape; forward: NULL where it is not kept */
    const float *d;              /* the gradient of c; back, as what follows */
    bool relu;                   /* max_pool: also * the derivative of relu, which the source is an output of */
    float *dx;                   /* the shape of source */
} tl__pooling;

/* Rows of features with their classes, for softmax + cross-entropy in one pass. For row i with class t:
 *   nll_j = log(sum exp(x_i - m)) - (x_ij - m), m the row's maximum,
 *   loss_i = r_i * ((1-s)*w_t*nll_t + s/K * sum_j w_j*nll_j)
 *   gradient_ij = g * r_i * (p_ij*((1-s)*w_t + s/K*sum_j w_j) - s/K*w_j - (j == t ? (1-s)*w_t : 0))
 * with K columns, s smoothing, w class weights (NULL: 1), r row weights (NULL: 1), p = softmax(x).
 * A row whose class is negative is ignored: loss 0, gradient 0. Not checked here: class < columns. */
typedef struct tl__cross_entropy {
    size_t rows, columns;
    const float *x;                /* [rows, columns] logits */
    const int32_t *classes;        /* [rows] */
    const float *class_weights;    /* [columns] or NULL */
    const float *row_weights;      /* [rows] or NULL */
    float smoothing;               /* 0..1 */
    float gradient_scale;          /* g */
    float *loss;                   /* [rows] */
    float *gradient;               /* [rows, columns] or NULL; may be x */
} tl__cross_entropy;

/* Optimizer steps: factors are computed once per step in double by the caller and rounded to float.
 * In all of them  g = gradient_scale * gradient, then g = fma(l2, w, g): gradient_scale carries the clip factor, l2
 * is PyTorch's weight_decay of sgd, rmsprop, adagrad and adam plus the config's l2_reg (weights only).
 * Running moments below 2^-120 in magnitude are set to +0 after each update, by compare and select: they would decay
 * into subnormals, slowly and to no effect. With eps >= 1e-12 a moment that small moves a weight by less than
 * 2^-80 of the learning rate. */
static inline float tl__settled(float moment) { return tl__absf(moment) < 0x1p-120f ? 0.0f : moment; }

typedef struct tl__sgd {
    float rate, momentum, dampened;      /* dampened = 1 - dampening */
    float l2, gradient_scale;
    bool nesterov, first;                /* first: the momentum buffer takes g as it is */
} tl__sgd;

typedef struct tl__rmsprop {
    float rate, alpha, one_minus_alpha, eps, momentum;
    float l2, gradient_scale;
} tl__rmsprop;

typedef struct tl__adagrad {
    float rate;                          /* lr / (1 + (step-1)*lr_decay) */
    float eps, l2, gradient_scale;
} tl__adagrad;

typedef struct tl__adam {
    float step_size;                     /* lr / (1 - beta1^t) */
    float one_minus_beta1, beta2, one_minus_beta2;
    float root_scale;                    /* 1 / sqrt(1 - beta2^t) */
    float eps;
    float keep;                          /* AdamW: 1 - lr*weight_decay, multiplies w first; adam: 1 */
    float l2, gradient_scale;
} tl__adam;

/* Caches of one core, by the second level: below 512 KiB, below 1 MiB, from there on. Unknown ones count as middle.
 * They decide how large products are cut, never what comes out. */
typedef enum tl__caches { TL__CACHES_SMALL, TL__CACHES_MIDDLE, TL__CACHES_LARGE, TL__CACHES_COUNT } tl__caches;

typedef struct tl__kernels {
    const char *name;                    /* "scalar", "soft", "sse2", "avx2", "avx512", "neon" */
    tl__numeric_class numeric_class;
    tl__caches caches;

    /* Matrix product: plan, then plan.run. */
    void (*gemm_plan)(const tl__gemm *call, tl__gemm_plan *plan);

    /* Convolution: plan, then plan.run or plan.run_gradient. */
    void (*conv_plan)(const tl__conv *call, tl__conv_plan *plan);
    void (*conv_gradient_plan)(const tl__conv_gradient *call, tl__conv_plan *plan);
    /* turned[taps-1-k][o][g*in/groups + c] = w[k][c][g*out/groups + o] for the taps of both axes in one. */
    void (*conv_turn)(float *turned, const float *w, size_t taps, size_t in, size_t out, size_t groups);

    /* Pooling: rows of positions [first, first + count), counted through all samples; back: samples. */
    void (*max_pool)(const tl__pooling *call, size_t first, size_t count);
    void (*max_pool_backward)(const tl__pooling *call, size_t first, size_t count);
    void (*avg_pool)(const tl__pooling *call, size_t first, size_t count);
    void (*avg_pool_backward)(const tl__pooling *call, size_t first, size_t count);

    /* y = act(x); dx = dy * act'(saved). In place allowed: y = x, dx = dy. */
    void (*activate)(tl__activation kind, float parameter, float limit, float *y, const float *x, size_t n);
    void (*activate_backward)(tl__activation kind, float parameter, float limit, float *dx, const float *dy,
                              const float *saved, size_t n);

    /* Elementwise; all in place. */
    void (*add)(float *y, const float *a, const float *b, size_t n);                /* a + b */
    void (*multiply)(float *y, const float *a, const float *b, size_t n);           /* a * b */
    void (*multiply_add)(float *y, const float *a, const float *b, size_t n);       /* y = fma(a, b, y) */
    void (*scale)(float *y, const float *x, float factor, size_t n);                /* factor * x */
    void (*axpy)(float *y, float factor, const float *x, size_t n);                 /* y = fma(factor, x, y) */
    void (*clamp)(float *y, const float *x, float low, float high, size_t n);       /* NaN stays */
    void (*fill)(float *y, float value, size_t n);
    void (*copy)(float *y, const float *x, size_t n);
    void (*copy_rows)(float *y, size_t ldy, const float *x, size_t ldx, size_t rows, size_t columns);
    void (*add_bias)(float *y, const float *x, const float *bias, size_t rows, size_t columns);   /* in place */

    /* Batches: (x - mean) * inverse, one pair or one pair per column; codes to indicators (class outside: zeros). */
    void (*normalize)(float *y, const float *x, float mean, float inverse, size_t n);
    void (*normalize_columns)(float *y, const float *x, const float *mean, const float *inverse, size_t rows,
                              size_t columns);
    /* A line at bytes, x * (line[0] + line[1]) + (line[2] + line[3]), with nearly twice the digits before the last
     * rounding: p = x * line[0]; s = p + line[2]; t = s - p; e = (p - (s - t)) + (line[2] - t);
     * y = s + (fma(x, line[1], line[3]) + e). For p to be exact, line[0] has no more than 16 significant bits. */
    void (*line_u8)(float *y, const uint8_t *x, const float line[4], size_t n);
    void (*one_hot)(float *y, const int32_t *classes, size_t rows, size_t columns);

    /* Sums over an array: lanes, blocks, pieces (rule 5). n = 0 gives +0. */
    float (*sum)(const float *x, size_t n, size_t pieces);
    float (*sum_squares)(const float *x, size_t n, size_t pieces);                 /* fma(x, x, lane) */
    float (*dot)(const float *x, const float *y, size_t n, size_t pieces);         /* fma(x, y, lane) */
    float (*max)(const float *x, size_t n);                                        /* NaN passed over; -inf of none */
    bool (*any_nonfinite)(const float *x, size_t n);

    /* Sums over rows, per column (rules 3, 4): a range of columns [first, first + count) of the rows x columns array
     * is computed and written at out[first...]; so threads split columns. */
    void (*column_sums)(float *out, const float *x, size_t rows, size_t columns, tl__cut cut, size_t first,
                        size_t count);                                             /* add */
    void (*column_dots)(float *out, const float *x, const float *y, size_t rows, size_t columns, tl__cut cut,
                        size_t first, size_t count);                               /* fma(x, y, acc) */
    void (*column_square_deviations)(float *out, const float *x, const float *mean, size_t rows, size_t columns,
                                     tl__cut cut, size_t first, size_t count);   /* d = x - mean; fma(d, d, acc) */

    /* Rows. mean = lanes / n; variance = lanes of fma(d, d, lane), d = x - mean, / n (biased). */
    void (*row_moments)(float *mean, float *variance, const float *x, size_t rows, size_t columns);
    /* m = max; e = exp(x - m); s = lanes of e; y = e / s. In place. */
    void (*softmax)(float *y, const float *x, size_t rows, size_t columns);
    /* y = (x - m) - log(s). In place. */
    void (*log_softmax)(float *y, const float *x, size_t rows, size_t columns);
    /* out[i] = m + log(s); -infinity for rows of -infinity only. */
    void (*logsumexp)(float *out, const float *x, size_t rows, size_t columns);
    /* d = lanes of fma(y, dy, lane); dx = y * (dy - d). In place: dx = dy. */
    void (*softmax_backward)(float *dx, const float *dy, const float *y, size_t rows, size_t columns);
    /* s = lanes of dy; dx = fma(-exp(y), s, dy), y the log-softmax. In place: dx = dy. */
    void (*log_softmax_backward)(float *dx, const float *dy, const float *y, size_t rows, size_t columns);
    void (*cross_entropy)(const tl__cross_entropy *call);

    /* Layer norm. inverse = 1 / sqrt(variance + eps); xhat = (x - mean) * inverse; y = fma(xhat, gamma, beta).
     * gamma, beta [columns] may be NULL (y = xhat * gamma, xhat + beta, xhat). mean, inverse [rows] are written
     * (NULL: not kept). In place. */
    void (*layer_norm)(float *y, float *mean, float *inverse, const float *x, const float *gamma, const float *beta,
                       float eps, size_t rows, size_t columns);
    /* g = dy * gamma; a = (lanes of g) / n; b = (lanes of fma(g, xhat, lane)) / n;
     * dx = inverse * (fma(-xhat, b, g) - a). In place: dx = dy. */
    void (*layer_norm_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                                const float *gamma, size_t rows, size_t columns);
    /* dgamma: chain fma(dy, xhat, acc); dbeta: chain of dy; columns [first, first + count); either may be NULL.
     * mean and inverse per row (layer norm) ... */
    void (*layer_norm_sums)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *mean,
                            const float *inverse, size_t rows, size_t columns, tl__cut cut, size_t first,
                            size_t count);
    /* ... or per column (batch norm). */
    void (*batch_norm_sums)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *mean,
                            const float *inverse, size_t rows, size_t columns, tl__cut cut, size_t first,
                            size_t count);

    /* Batch norm with given mean and inverse per column: xhat, y as in layer_norm; gamma, beta may be NULL. In place.
     * Training: mean = column_sums / n, variance = column_square_deviations / n. */
    void (*batch_norm)(float *y, const float *x, const float *mean, const float *inverse, const float *gamma,
                       const float *beta, size_t rows, size_t columns);
    /* Training: g = gamma * inverse, a = dbeta / n, b = dgamma / n (n = all rows of the batch, given as per_row = 1/n,
     * a product); dx = g * (fma(-xhat, b, dy) - a). In place: dx = dy.
     * Evaluation (mean and inverse are constants): dx = g * dy, by passing dgamma = dbeta = NULL. */
    void (*batch_norm_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                                const float *gamma, const float *dgamma, const float *dbeta, float per_row,
                                size_t rows, size_t columns);

    /* Dropout, forward and backward alike: y = u >= p ? x * (1/(1-p)) : +0, u = tl__random_uniform of (random with
     * row first_row + i, element j). Row i's random.counter[1] is first_row + i: the position in the global batch.
     * p = 1 gives zeros, p = 0 copies. In place. */
    void (*dropout)(float *y, const float *x, size_t rows, size_t columns, float p, const tl__random *random,
                    uint32_t first_row);

    /* Attention of one head: blocks of scores, one row per key and one column per query, rows ld apart: x[j*ld + i] =
     * q_i . k_j, a chain of products as in rule 2. Query i sees the keys j < keys, and if causal of these only
     * j <= first + i (first: the number of the block's first query). Chains run over the keys or queries that are seen,
     * ascending, from +0, and are not cut (rule 4 does not hold here); what is not seen is +0 in the results.
     * weights, in place: m_i = largest x_ji (`x > m ? x : m` from -infinity); e_ji = exp(scale * (x_ji - m_i));
     *      s_i = chain of add over e_ji; r_i = 1 / s_i; x_ji = e_ji * r_i. m and r are written at largest, inverse.
     * slopes, in place, from scores x and d = the gradient of the weights: w_ji = exp(scale * (x_ji - m_i)) * r_i;
     *      delta_i (written, or as given) = chain of fma(w_ji, d_ji, acc) over j;
     *      x_ji = w_ji; d_ji = (w_ji * (d_ji - delta_i)) * scale.
     * scale > 0. */
    void (*attention_weights)(float *x, size_t ld, float *largest, float *inverse, size_t keys, size_t queries,
                              bool causal, size_t first, float scale);
    void (*attention_slopes)(float *x, float *d, size_t ld, const float *largest, const float *inverse, float *delta,
                             bool given, size_t keys, size_t queries, bool causal, size_t first, float scale);
    /* The corner of a causal block where key j is seen by the queries i >= j, a[j*lda + i]; c and b have `columns`
     * columns. Of queries: c_i goes on, fma(a_ji, b_j, c_i) for j = 0 .. min(i, keys - 1). Of keys: c_j = a chain of
     * fma(a_ji, b_i, acc) from +0 for i = j .. queries - 1. */
    void (*attention_triangle)(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
                               size_t keys, size_t queries, size_t columns, bool of_keys);

    /* Recurrent layers: plan; pack the weights (back: for the way back) at the beginning of each pass, where the plan
     * asks for floats; then any rows of a block or fewer, each all of its time. */
    void (*recurrent_plan)(const tl__recurrent *call, tl__recurrent_plan *plan);
    void (*recurrent_pack)(const tl__recurrent *call, bool back, float *packed);
    void (*recurrent_forward)(const tl__recurrent *call, size_t first, size_t rows, void *scratch);
    void (*recurrent_backward)(const tl__recurrent *call, size_t first, size_t rows, void *scratch);

    /* Optimizer steps over n parameters; state arrays start as zeros.
     * sgd: buffer NULL when momentum is 0. buffer = first ? g : fma(momentum, buffer, dampened*g);
     *      u = nesterov ? fma(momentum, buffer, g) : buffer; w = fma(-rate, u, w).
     * rmsprop: square = fma(one_minus_alpha*g, g, alpha*square); average (NULL: not centered) =
     *      fma(one_minus_alpha, g - average, average); q = square, or fma(-average, average, square) not below 0;
     *      u = g / (sqrt(q) + eps); buffer (NULL: momentum 0) = fma(momentum, buffer, u), u = buffer;
     *      w = fma(-rate, u, w).
     * adagrad: square = fma(g, g, square); w = fma(-rate, g / (sqrt(square) + eps), w).
     * adam: w = keep*w (after g is made); m = fma(one_minus_beta1, g - m, m);
     *      v = fma(one_minus_beta2*g, g, beta2*v); largest (amsgrad; NULL: none) = v > largest ? v : largest;
     *      w = fma(-step_size, m / fma(sqrt(v or largest), root_scale, eps), w). */
    void (*sgd)(const tl__sgd *step, float *w, const float *gradient, float *buffer, size_t n);
    void (*rmsprop)(const tl__rmsprop *step, float *w, const float *gradient, float *square, float *average,
                    float *buffer, size_t n);
    void (*adagrad)(const tl__adagrad *step, float *w, const float *gradient, float *square, size_t n);
    void (*adam)(const tl__adam *step, float *w, const float *gradient, float *m, float *v, float *largest, size_t n);
} tl__kernels;

/* The best set that this build holds and this machine has. `limit` forces it down: the best set that is not above
 * the named one in the order avx512, avx2, neon, sse2, scalar, soft ("scalar": plain C, with the processor's fma where
 * it has one; "soft": plain C, fma in software). NULL: no limit. An unknown name gives NULL. */
TL_PRIV const tl__kernels *tl__kernels_choose(const char *limit);
/* The sets that this machine can run, best first; NULL when index is past the last. */
TL_PRIV const tl__kernels *tl__kernels_list(size_t index);
/* The same set, for other caches than those of this machine. */
TL_PRIV const tl__kernels *tl__kernels_for(const tl__kernels *set, tl__caches caches);
/* "canonical" or "unfused". */
TL_PRIV const char *tl__numeric_class_name(tl__numeric_class numeric_class);

#endif
