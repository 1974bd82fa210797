/* The simple recurrent layer: Elman 1990. */
#include "nn/recurrent.h"

TL_PRIV const tl__member_head *tl__layer_rnn(void)
{
    static const char *const outputs[] = TL__RECURRENT_OUTPUTS, *const nonlinearities[] = {"tanh", "relu", NULL};
    static const tl__field rows[] = {
        TL__RECURRENT_ROWS(outputs),
        TL__RECURRENT_ROW("nonlinearity", nonlinearity, CHOICE, TL__TUNE, .choices = nonlinearities, .fallback = 0,
                          .help = "what the sum goes through"),
        {.name = NULL}
    };
    static const tl__layer_example examples[] = {
        {"units: 3", 1, {{2, {4, 2}}}},
        {"units: 5, output: sequence, nonlinearity: relu", 1, {{2, {3, 3}}}},
        {"units: 2, bidirectional: true, output: sequence", 1, {{2, {5, 3}}}},
        {"units: 1, bias: false", 1, {{2, {1, 1}}}},
        {"units: 18, output: all", 1, {{2, {3, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "rnn",
                 .help = "Simple recurrent layer (Elman, 1990): h' = tanh(W x + b + U h + d), or relu. `from: [x, h0]` "
                         "gives it an initial state. On long sequences lstm and gru learn better.",
                 .rows = rows, .settings_size = sizeof(tl__recurrent_settings)},
        TL__RECURRENT_LAYER, .inputs_max = 2, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
