/* A convolution that finds local patterns, and recurrent layers that read them in order. */
#include "model/arch_transformer.h"

static const char *lstm_cnn_write(const tl__arch_site *site)
{
    const tl__arch_transformer_settings *settings = site->settings;
    size_t layers = tl__arch_layers(site);
    tl__arch_sequence(site);
    tl__arch_add(site, "type: conv1d, filters: %lld, kernel_size: %lld, padding: same", (long long)settings->filters,
                 (long long)settings->kernel_size);
    for (size_t i = 0; i + 1 < layers; i++)
        tl__arch_add(site, "type: lstm, units: %zu, output: sequence", tl__arch_hidden(site, i));
    tl__arch_add(site, "type: lstm, name: encoded, units: %zu", tl__arch_hidden(site, layers - 1));
    tl__arch_ahead(site, "encoded");
    tl__arch_output(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_lstm_cnn(void)
{
    static const tl__field rows[] = {TL__ARCH_CONVOLUTION_ROWS, {.name = NULL}};
    static const tl__arch arch = {
        .head = {.name = "lstm_cnn",
                 .help = "A convolution over time of `filters` channels and an activation, then `num_layers` (1) LSTM "
                         "layers of `hidden_size` (64) units, and a dense layer behind the last state. After Sainath "
                         "and others, Convolutional, Long Short-Term Memory, Fully Connected Deep Neural Networks, "
                         "2015.",
                 .rows = rows, .settings_size = sizeof(tl__arch_transformer_settings)},
        .input = TL__ARCH_SERIES, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 64, .num_layers = 1, .write = lstm_cnn_write
    };
    return &arch.head;
}
