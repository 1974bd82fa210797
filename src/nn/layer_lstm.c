/* Long short-term memory: Hochreiter and Schmidhuber 1997, with the forget gate of Gers and others 2000; gates in
 * PyTorch's order. */
#include "nn/recurrent.h"

TL_PRIV const tl__member_head *tl__layer_lstm(void)
{
    static const char *const outputs[] = TL__RECURRENT_OUTPUTS;
    static const tl__field rows[] = {TL__RECURRENT_ROWS(outputs), {.name = NULL}};
    static const tl__layer_example examples[] = {
        {"units: 3", 1, {{2, {4, 2}}}},
        {"units: 5, output: sequence", 1, {{2, {3, 3}}}},
        {"units: 2, bidirectional: true, output: sequence", 1, {{2, {5, 3}}}},
        {"units: 3, bidirectional: true", 1, {{2, {3, 1}}}},
        {"units: 1, bias: false, output: state", 1, {{2, {1, 1}}}},
        {"units: 2, bidirectional: true, output: all", 1, {{2, {3, 2}}}},
        {"units: 17, output: sequence", 1, {{2, {3, 2}}}},
        {"units: 2, num_layers: 2, output: sequence", 1, {{2, {3, 2}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "lstm",
                 .help = "Long short-term memory (Hochreiter and Schmidhuber, 1997). From the step's x and the state "
                         "(h, c): i, f, o = sigmoid(W_i x + U_i h + b_i), and so on, g = tanh(W_g x + U_g h + b_g), "
                         "c' = f c + i g, h' = o tanh(c'). `from: [x, h0, c0]` gives it initial states.",
                 .rows = rows, .settings_size = sizeof(tl__recurrent_settings)},
        TL__RECURRENT_LAYER, .inputs_max = 3, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
