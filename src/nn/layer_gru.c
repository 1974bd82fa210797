/* Gated recurrent unit: Cho and others 2014, in the form whose reset gate acts on U_n h + b, as PyTorch has it. */
#include "nn/recurrent.h"

TL_PRIV const tl__member_head *tl__layer_gru(void)
{
    static const char *const outputs[] = TL__RECURRENT_OUTPUTS;
    static const tl__field rows[] = {TL__RECURRENT_ROWS(outputs), {.name = NULL}};
    static const tl__layer_example examples[] = {
        {"units: 3", 1, {{2, {4, 2}}}},
        {"units: 5, output: sequence", 1, {{2, {3, 3}}}},
        {"units: 2, bidirectional: true, output: sequence", 1, {{2, {5, 3}}}},
        {"units: 3, bidirectional: true, output: all", 1, {{2, {3, 1}}}},
        {"units: 1, bias: false", 1, {{2, {1, 1}}}},
        {"units: 17", 1, {{2, {3, 2}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "gru",
                 .help = "Gated recurrent unit (Cho and others, 2014). From the step's x and the state h: "
                         "r = sigmoid(W_r x + U_r h + b_r), z the same with its own weights, "
                         "n = tanh(W_n x + b_n + r (U_n h + d_n)), h' = (1 - z) n + z h. `from: [x, h0]` gives it an "
                         "initial state.",
                 .rows = rows, .settings_size = sizeof(tl__recurrent_settings)},
        TL__RECURRENT_LAYER, .inputs_max = 2, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
