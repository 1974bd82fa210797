/* rnn, lstm and gru beyond what test_layer.c checks of every layer: sequences of unequal length against each of them
 * alone, more padding, initial states, stacks, mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/nets.h"

enum { ROWS = 5, TIME = 6, MORE = 9, IN = 3, UNITS = 5, MOST = 4096 };

static const int32_t lengths[ROWS] = {6, 1, 4, 2, 6};

typedef struct pass {
    float y[MOST], dx[MOST], gradients[MOST];
    size_t out, size;            /* of a row of y; of gradients */
} pass;

/* One way there and back over `rows` rows of `time` steps; upstream as y lies. */
static void run(const char *layer, size_t time, size_t rows, const float *x, const int32_t *given, const float *upstream,
                pass *p)
{
    net n;
    char yaml[200];
    const float *out, *dx;
    tl_error error = {0};
    snprintf(yaml, sizeof yaml, "[{type: input, shape: [%zu, %d]}, {%s}]", time, IN, layer);
    net_init(&n);
    tl__plan_options options = net_options(rows);
    options.input_gradient = true;
    net_make(&n, yaml, &options);
    tl__rows batch = {.inputs = x, .rows = rows, .lengths = given};
    assert_int_equal(tl__network_forward_training(n.network, NULL, &batch, &out, &error), TL_OK);
    p->out = tl__shape_size(tl__graph_output_shape(&n.graph));
    p->size = tl__plan_trained_floats(n.plan);
    assert_true(rows * p->out <= MOST && p->size <= MOST && rows * time * IN <= MOST);
    memcpy(p->y, out, rows * p->out * sizeof(float));
    assert_int_equal(tl__network_backward_from(n.network, NULL, &batch, upstream, &dx), TL_OK);
    memcpy(p->dx, dx, rows * time * IN * sizeof(float));
    memcpy(p->gradients, tl__network_gradients(n.network), p->size * sizeof(float));
    net_free(&n);
}

/* From rows of `time` steps of `size` numbers to rows of `more`, filled up with `padding`. */
static void lengthen(float *to, size_t more, const float *from, size_t time, size_t size, float padding)
{
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < more * size; i++)
            to[r * more * size + i] = i < (size_t)lengths[r] * size ? from[r * time * size + i] : padding;
}

static const char *const kinds[] = {"type: rnn", "type: rnn, nonlinearity: relu", "type: lstm", "type: gru"};

static void each_layer(void (*check)(const char *layer, bool sequence))
{
    char layer[160];
    for (size_t k = 0; k < TL_COUNT(kinds); k++)
        for (int form = 0; form < 4; form++) {
            snprintf(layer, sizeof layer, "name: r, %s, units: %d, bidirectional: %s, output: %s", kinds[k], UNITS,
                     form & 1 ? "true" : "false", form & 2 ? "sequence" : "last");
            check(layer, form & 2);
        }
}

/* Each sequence of a padded batch is what it is alone, to the bit, there and back; both directions begin at its own ends. */
static void as_alone(const char *layer, bool sequence)
{
    static pass all, one;
    static float x[MOST], upstream[MOST], padded[MOST];
    net_fill(x, ROWS * TIME * IN, 1);
    lengthen(padded, TIME, x, TIME, IN, 50.0f);
    net_fill(upstream, MOST, 2);
    size_t step = strstr(layer, "bidirectional: true") ? 2 * UNITS : UNITS, row = sequence ? TIME * step : step;
    for (size_t r = 0; r < ROWS && sequence; r++)
        for (size_t i = (size_t)lengths[r] * step; i < row; i++) upstream[r * row + i] = 0;
    run(layer, TIME, ROWS, padded, lengths, upstream, &all);
    assert_int_equal(all.out, row);
    double sums[MOST] = {0};
    for (size_t r = 0; r < ROWS; r++) {
        size_t length = (size_t)lengths[r];
        run(layer, length, 1, padded + r * TIME * IN, NULL, upstream + r * row, &one);
        assert_memory_equal(all.y + r * row, one.y, one.out * sizeof(float));
        for (size_t i = one.out; i < row; i++) assert_true(all.y[r * row + i] == 0.0f);
        assert_memory_equal(all.dx + r * TIME * IN, one.dx, length * IN * sizeof(float));
        for (size_t i = length * IN; i < TIME * IN; i++) assert_true(all.dx[r * TIME * IN + i] == 0.0f);
        for (size_t i = 0; i < one.size; i++) sums[i] += (double)one.gradients[i];
    }
    for (size_t i = 0; i < all.size; i++) {
        double apart = sums[i] - (double)all.gradients[i];
        assert_true(apart < 1e-5 && apart > -1e-5);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    each_layer(as_alone);
}

/* More padding changes no bit of what is real, gradients of weights included. */
static void as_padded_more(const char *layer, bool sequence)
{
    static pass less, more;
    static float x[MOST], padded[MOST], longer[MOST], upstream[MOST], upstream_longer[MOST], y[MOST];
    size_t step = strstr(layer, "bidirectional: true") ? 2 * UNITS : UNITS;
    net_fill(x, ROWS * TIME * IN, 3);
    lengthen(padded, TIME, x, TIME, IN, 0.0f);
    lengthen(longer, MORE, x, TIME, IN, -7.0f);
    net_fill(upstream, MOST, 4);
    memcpy(upstream_longer, upstream, sizeof upstream);
    if (sequence) {
        lengthen(upstream_longer, MORE, upstream, TIME, step, 0.0f);
        lengthen(y, TIME, upstream, TIME, step, 0.0f);
        memcpy(upstream, y, sizeof upstream);
    }
    run(layer, TIME, ROWS, padded, lengths, upstream, &less);
    run(layer, MORE, ROWS, longer, lengths, upstream_longer, &more);
    if (sequence) {
        lengthen(y, MORE, less.y, TIME, step, 0.0f);
        assert_memory_equal(y, more.y, ROWS * more.out * sizeof(float));
    } else {
        assert_memory_equal(less.y, more.y, ROWS * less.out * sizeof(float));
    }
    lengthen(y, MORE, less.dx, TIME, IN, 0.0f);
    assert_memory_equal(y, more.dx, ROWS * MORE * IN * sizeof(float));
    assert_memory_equal(less.gradients, more.gradients, less.size * sizeof(float));
}

static void test_more_padding(void **state)
{
    (void)state;
    each_layer(as_padded_more);
}

/* What `all` gives is sequence, h and c; and a sequence cut in two, the second half from the first one's states, is the
 * whole to the bit. */
static void test_states_carry_on(void **state)
{
    static const char *const types[] = {"rnn", "lstm", "gru"};
    (void)state;
    for (size_t k = 0; k < TL_COUNT(types); k++) {
        bool lstm = k == 1;
        net n;
        char yaml[1200];
        const float *out;
        float x[2 * 6 * IN];
        snprintf(yaml, sizeof yaml,
                 "[{type: input, name: x, shape: [6, %d]}, {type: %s, name: whole, units: 5, output: all, from: x}, "
                 "{type: slice, name: first, axis: 0, count: 2, from: x}, "
                 "{type: slice, name: rest, axis: 0, first: 2, from: x}, "
                 "{type: %s, name: a, units: 5, output: state, from: first}, "
                 "{type: slice, name: h, from: a, count: 5}, %s"
                 "{type: %s, name: b, units: 5, output: all, from: [rest, h%s]}, "
                 "{type: concatenate, from: [whole, b]}]", IN, types[k], types[k],
                 lstm ? "{type: slice, name: c, from: a, first: 5}, " : "", types[k], lstm ? ", c" : "");
        net_init(&n);
        tl__plan_options options = net_options(2);
        net_make(&n, yaml, &options);
        net_fill(x, TL_COUNT(x), 5);
        float *parameters = tl__network_parameters(n.network);
        for (int t = 0; t < tl__plan_tensor_count(n.plan); t++) {
            const tl__tensor *tensor = tl__plan_tensor(n.plan, t);
            net_fill(parameters + tensor->offset, tensor->size, 20 + (uint32_t)t % 4);
        }
        tl__rows batch = {.inputs = x, .rows = 2};
        assert_int_equal(tl__network_forward_rows(n.network, NULL, &batch, &out), TL_OK);
        size_t whole = 30 + (lstm ? 10 : 5), part = whole - 10;
        for (size_t r = 0; r < 2; r++) {
            const float *row = out + r * (whole + part);
            assert_memory_equal(row + 10, row + whole, 20 * sizeof(float));
            assert_memory_equal(row + 25, row + 30, 5 * sizeof(float));
            assert_memory_equal(row + 30, row + whole + 20, (whole - 30) * sizeof(float));
        }
        net_free(&n);
    }
}

/* A network of one layer more; the last takes the name. */
static void test_stack(void **state)
{
    static const char *const names[] = {"x", "r_l0", "r_dropout0", "r_l1", "r_dropout1", "r"};
    net n;
    tl_error error = {0};
    (void)state;
    net_init(&n);
    assert_int_equal(net_layers(&n.graph, "[{type: input, name: x, shape: [4, 2]}, {type: lstm, name: r, units: 3, "
                                          "num_layers: 3, dropout: 0.25, bidirectional: true, output: state}]", &error),
                     TL_OK);
    assert_int_equal(n.graph.count, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(n.graph.nodes[i].name, names[i]);
    assert_true(n.graph.nodes[3].shape.rank == 2 && n.graph.nodes[3].shape.dim[1] == 6);
    assert_true(n.graph.nodes[5].shape.rank == 1 && n.graph.nodes[5].shape.dim[0] == 12);
    assert_true(*tl__dropout_rate(&n.graph.nodes[2]) == 0.25);
    net_free(&n);
}

/* The weights of a stack have the names of PyTorch's LSTM(2, 3, 3, bidirectional=True) called r, in its order, and begin
 * as those of layers that are written one by one. */
static void test_names_of_a_stack(void **state)
{
    static const char *const parts[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    net stack, single;
    char name[64];
    (void)state;
    net_init(&stack);
    net_init(&single);
    tl__plan_options options = net_options(2);
    net_make(&stack, "[{type: input, name: x, shape: [4, 2]}, {type: lstm, name: r, units: 3, num_layers: 3, "
                     "bidirectional: true}]", &options);
    net_make(&single, "[{type: input, name: x, shape: [4, 2]}, {type: lstm, name: r_l0, units: 3, bidirectional: true, "
                      "output: sequence}, {type: lstm, name: r_l1, units: 3, bidirectional: true, output: sequence}, "
                      "{type: lstm, name: r, units: 3, bidirectional: true}]", &options);
    assert_int_equal(tl__plan_tensor_count(stack.plan), 24);
    for (int i = 0; i < 24; i++) {
        const tl__tensor *tensor = tl__plan_tensor(stack.plan, i), *own = tl__plan_tensor(single.plan, i);
        snprintf(name, sizeof name, "r.%s_l%d%s", parts[i % 4], i / 8, i % 8 < 4 ? "" : "_reverse");
        assert_string_equal(tensor->name, name);
        snprintf(name, sizeof name, "r%s.%s_l0%s", (const char *[]){"_l0", "_l1", ""}[i / 8], parts[i % 4],
                 i % 8 < 4 ? "" : "_reverse");
        assert_string_equal(own->name, name);
        assert_memory_equal(tl__network_parameters(stack.network) + tensor->offset,
                            tl__network_parameters(single.network) + own->offset, tensor->size * sizeof(float));
    }
    net_free(&stack);
    net_free(&single);
}

static void test_mistakes(void **state)
{
    static const struct { const char *layers, *message; } cases[] = {
        {"[{type: input, nodes: 4}, {type: gru, units: 3}]", "needs [time, features]"},
        {"[{type: input, shape: [4, 2]}, {type: lstm}]", "units"},
        {"[{type: input, name: x, shape: [4, 2]}, {type: slice, name: h, axis: 0, count: 1}, "
         "{type: gru, units: 2, from: [x, h]}]", "needs initial states of as many numbers as `units` says"},
        {"[{type: input, name: x, shape: [4, 2]}, {type: gru, name: h, units: 3}, "
         "{type: gru, units: 3, num_layers: 2, from: [x, h]}]", "needs num_layers: 1 where it is given initial states"},
        {"[{type: input, name: x, shape: [4, 2]}, {type: gru, name: h, units: 3}, "
         "{type: gru, units: 3, from: [x, h, h]}]", "input"}
    };
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        net n;
        tl_error error = {0};
        net_init(&n);
        assert_true(net_layers(&n.graph, cases[i].layers, &error) != TL_OK);
        if (!strstr(error.message, cases[i].message)) fail_msg("%s", error.message);
        net_free(&n);
    }
}

/* One step over all rows, or over micro-batches of whole pieces: the weights are the same to the bit, and the threads of
 * the pool do not matter. */
static void stepped(const char *layer, int accumulation, int threads, float *out, size_t *size)
{
    enum { BATCH = 11, STEPS = 7 };
    static const int32_t given[BATCH] = {7, 3, 1, 6, 2, 7, 4, 4, 5, 1, 2};
    float x[BATCH * STEPS * IN], y[BATCH * 2];
    char yaml[300];
    net n;
    tl_error error = {0};
    tl__step_result result;
    tl__update update = {.step = 1, .learning_rate = 0.5};
    net_init(&n);
    tl__plan_options options = net_options(BATCH);
    options.shards = 4;
    options.accumulation = accumulation;
    options.workers = threads;
    net_loss(&n, &options, "mse", "", 2);
    net_optimizer(&n, &options, "sgd", "");
    snprintf(yaml, sizeof yaml, "[{type: input, shape: [7, 3]}, {%s}, {type: output, nodes: 2}]", layer);
    net_make(&n, yaml, &options);
    net_fill(x, TL_COUNT(x), 1);
    net_fill(y, TL_COUNT(y), 2);
    for (int i = 0; i < accumulation; i++) {
        size_t first = tl__piece(BATCH, (size_t)accumulation, (size_t)i);
        tl__rows batch = {.inputs = x + first * STEPS * IN, .targets = y + first * 2, .lengths = given + first,
                          .rows = tl__piece(BATCH, (size_t)accumulation, (size_t)i + 1) - first, .first_row = first,
                          .denominator = BATCH * 2};
        assert_int_equal(tl__network_learn(n.network, n.pool, &batch, &error), TL_OK);
    }
    assert_int_equal(tl__network_update(n.network, n.pool, &update, &result, &error), TL_OK);
    *size = tl__plan_trained_floats(n.plan);
    assert_true(*size <= MOST);
    memcpy(out, tl__network_parameters(n.network), *size * sizeof(float));
    net_free(&n);
}

static void as_accumulated(const char *layer, bool sequence)
{
    static float whole[MOST], parts[MOST];
    size_t size, other;
    if (sequence) return;
    stepped(layer, 1, 1, whole, &size);
    for (int form = 0; form < 4; form++) {
        stepped(layer, 1 << form % 3, form == 3 ? 3 : 1, parts, &other);
        assert_int_equal(size, other);
        assert_memory_equal(whole, parts, size * sizeof(float));
    }
}

static void test_accumulation(void **state)
{
    (void)state;
    each_layer(as_accumulated);
}

/* A loss would count padded steps as outputs. */
static void test_loss_over_steps(void **state)
{
    net n;
    float x[2 * 4 * IN], y[2 * 4];
    double sum = 0, denominator = 0;
    tl_error error = {0};
    (void)state;
    net_init(&n);
    tl__plan_options options = net_options(2);
    net_loss(&n, &options, "mse", "", 4);
    net_optimizer(&n, &options, "adam", "");
    net_make(&n, "[{type: input, shape: [4, 3]}, {type: gru, units: 1, output: sequence}]", &options);
    net_fill(x, TL_COUNT(x), 1);
    net_fill(y, TL_COUNT(y), 2);
    tl__rows batch = {.inputs = x, .targets = y, .rows = 2};
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_OK);
    batch.lengths = lengths;
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_OUT_OF_RANGE);
    batch.lengths = lengths + 1;
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_INVALID);
    assert_non_null(strstr(error.message, "which of them are padding"));
    assert_int_equal(tl__network_evaluate(n.network, NULL, &batch, NULL, &sum, &denominator), TL_INVALID);
    net_free(&n);
}

/* From PyTorch's layout of a weight, [gates, in], to the resident one, [in, gates]; */
static void turn(float *out, const float *in, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows * columns; i++) out[i % columns * rows + i / columns] = in[i];
}

/* torch.nn.LSTM(3, 4, bidirectional=True) over pack_padded_sequence of the five lengths (PyTorch 2.13): the last state of
 * each direction, and gradients of a sum weighted by `upstream`. Every array is ((37 i + 11 k) % 101 - 50) / 128, k its
 * number: weights in PyTorch's order, input 20, upstream 30. */
static void fill_as_torch(float *out, size_t count, size_t k)
{
    for (size_t i = 0; i < count; i++) out[i] = ((float)((i * 37 + k * 11) % 101) - 50) / 128;
}

static void assert_near(const float *got, const float *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float apart = got[i] - wanted[i];
        if (!(apart < 2e-7f && apart > -2e-7f)) fail_msg("number %zu is %g, not %g", i, (double)got[i],
                                                         (double)wanted[i]);
    }
}

static void test_as_packed(void **state)
{
    enum { HIDDEN = 4, GATES = 4 * HIDDEN };
    static const char *const names[] = {
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse",
        "bias_ih_l0_reverse", "bias_hh_l0_reverse"};
    static const float y[] = {
        -0.252954841f, 0.058102835f, 0.216353402f, -0.146237254f, 0.0905391276f, 0.0303837471f,
        -0.155186027f, 0.154294789f, -0.0708548725f, 0.0628355891f, 0.140285596f, -0.087794967f,
        0.0297116172f, -0.0100631248f, -0.0901494846f, 0.0775035024f, -0.222938284f, 0.0577548072f,
        0.209810197f, -0.154724747f, 0.0564649217f, 0.0555575825f, -0.0951404721f, 0.163481429f,
        -0.184746042f, 0.0302637611f, 0.187562227f, -0.0687867254f, 0.065155901f, -0.0147734191f,
        -0.151467696f, 0.122565217f, -0.271128595f, 0.0353096277f, 0.224232361f, -0.0919367895f,
        0.0839843526f, 0.0289993305f, -0.225141853f, 0.164596006f};
    static const float dx[] = {
        0.00771711068f, 0.00934141502f, 0.0197776351f, -2.22493836e-05f, -0.0013213479f, 0.00962374825f,
        -0.000266776828f, -0.00157743238f, 0.00202442193f, -0.00168617698f, -0.000857275678f, -0.00373849785f,
        -0.00470849173f, 0.000349990791f, -0.00939582661f, -0.00878051296f, -0.00743356813f, 0.00294388528f,
        0.0149362115f, 0.0143019278f, 0.0245561451f, 0.0f, 0.0f, 0.0f,
        0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
        0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
        0.0024364749f, 0.00410938216f, -0.0103155952f, 0.00102270325f, 0.0041458644f, -0.00543490332f,
        0.0067776395f, 0.00378057454f, -0.00519513804f, -0.000153487723f, 0.0239966847f, -0.0085169822f,
        0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
        -0.000512811239f, 0.00666711153f, -0.0137067009f, -0.00367594813f, 0.0237072594f, -0.00997208618f,
        0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
        0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
        0.00509222038f, -0.016544912f, -0.000774391461f, 0.00355342892f, -0.0123775955f, 0.00391796231f,
        0.00838063657f, -0.0125759449f, 0.00341974758f, 0.0159051083f, -0.013743788f, 0.000500886701f,
        0.0285840649f, -0.0160276517f, -0.00493509136f, 0.0632120073f, -0.00987232104f, -0.0379172452f};
    static const float d_hh[] = {
        -0.00306882965f, -0.00231538829f, 0.00182618527f, -0.00139386603f, -0.000303379202f, -0.000206457597f,
        2.58122636e-05f, -8.79398431e-06f, 0.00195570593f, 0.00167172437f, 0.000469604624f, -0.000716787647f,
        -0.00672307145f, 0.000937120174f, 0.00681827078f, -0.00494715944f, -0.00352379656f, -0.00248098373f,
        0.00128562842f, -0.00119480921f, 0.000730764586f, -0.000399059732f, -0.000969783112f, 0.000651532435f,
        0.00186464493f, 0.00164946192f, 0.000345025328f, -0.00051704736f, -0.00952795148f, 0.00244511152f,
        0.0104053868f, -0.00732407253f, 0.00674480945f, 0.00717580272f, -0.00241313316f, 0.00192545401f,
        -0.00126806577f, -0.00593934208f, -0.00464402419f, 0.00320268935f, 0.00503557175f, 0.00563919032f,
        0.00246531982f, -0.00267062197f, 0.0744568855f, -0.019373158f, -0.0827100575f, 0.0575577952f,
        -0.00555551564f, -0.00229330035f, 0.00372124393f, -0.00297656236f, -0.000185590165f, -0.000279653439f,
        -0.000141247598f, 8.61621884e-05f, 0.00216018222f, 0.00317149446f, 0.00232321303f, -0.00177381095f,
        -0.00661487645f, 0.00131419161f, 0.00685338816f, -0.00476889592f};
    static const float d_bias_reverse[] = {
        0.0120343734f, 0.0110942125f, 0.0610709786f, 0.0406512767f, 0.00524588209f, -0.00428991299f,
        0.0421282426f, 0.0305537507f, 0.115566954f, 0.0968017355f, -0.442222685f, 0.232835874f,
        0.020316381f, 0.00887596793f, 0.0509954095f, 0.069393754f};
    net n;
    char name[64];
    float x[ROWS * TIME * IN], upstream[ROWS * 2 * HIDDEN], values[GATES * HIDDEN];
    const float *out, *got_dx, *gradients;
    const tl__tensor *tensor;
    tl_error error = {0};
    (void)state;
    net_init(&n);
    tl__plan_options options = net_options(ROWS);
    options.input_gradient = true;
    net_make(&n, "[{type: input, shape: [6, 3]}, {type: lstm, name: r, units: 4, bidirectional: true}]", &options);
    for (size_t i = 0; i < TL_COUNT(names); i++) {
        snprintf(name, sizeof name, "r.%s", names[i]);
        float *to = net_tensor(&n, name, &tensor);
        fill_as_torch(values, tensor->size, i);
        turn(to, values, GATES, tensor->size / GATES);
    }
    fill_as_torch(x, TL_COUNT(x), 20);
    fill_as_torch(upstream, TL_COUNT(upstream), 30);
    tl__rows batch = {.inputs = x, .rows = ROWS, .lengths = lengths};
    assert_int_equal(tl__network_forward_training(n.network, NULL, &batch, &out, &error), TL_OK);
    assert_near(out, y, TL_COUNT(y));
    assert_int_equal(tl__network_backward_from(n.network, NULL, &batch, upstream, &got_dx), TL_OK);
    assert_near(got_dx, dx, TL_COUNT(dx));
    gradients = tl__network_gradients(n.network);
    net_tensor(&n, "r.weight_hh_l0", &tensor);
    turn(values, d_hh, GATES, HIDDEN);
    assert_near(gradients + tensor->offset, values, TL_COUNT(values));
    net_tensor(&n, "r.bias_ih_l0_reverse", &tensor);
    assert_near(gradients + tensor->offset, d_bias_reverse, TL_COUNT(d_bias_reverse));
    net_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_a_stack),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_more_padding),
        cmocka_unit_test(test_states_carry_on),
        cmocka_unit_test(test_as_packed),
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_accumulation),
        cmocka_unit_test(test_loss_over_steps)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
