/* A convolution for local patterns, an LSTM for their order, attention over all of its steps. */
#include "model/arch_transformer.h"

static const char *lstm_transformer_cnn_write(const tl__arch_site *site)
{
    const tl__arch_transformer_settings *settings = site->settings;
    size_t width = tl__arch_hidden(site, 0);
    tl__arch_sequence(site);
    tl__arch_add(site, "type: conv1d, filters: %lld, kernel_size: %lld, padding: same", (long long)settings->filters,
                 (long long)settings->kernel_size);
    tl__arch_add(site, "type: lstm, units: %zu, output: sequence", width);
    const char *needs = tl__arch_transformer_layers(site, settings, width, tl__arch_layers(site));
    if (needs) return needs;
    tl__arch_ahead(site, "encoded");
    tl__arch_output(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_lstm_transformer_cnn(void)
{
    static const char *const norms[] = TL__ARCH_TRANSFORMER_NORMS, *const summaries[] = TL__ARCH_SUMMARIES;
    static const tl__field rows[] = {TL__ARCH_CONVOLUTION_ROWS, TL__ARCH_TRANSFORMER_ROWS(norms, summaries),
                                     {.name = NULL}};
    static const tl__arch arch = {
        .head = {.name = "lstm_transformer_cnn",
                 .help = "A convolution over time of `filters` channels, an LSTM of `hidden_size` (64) units that "
                         "gives each step's state, `num_layers` (1) layers of a Transformer's encoder over these, and "
                         "a dense layer behind the last step or all. Sainath and others, 2015, with the encoder of "
                         "Vaswani and others, 2017.",
                 .rows = rows, .settings_size = sizeof(tl__arch_transformer_settings)},
        .input = TL__ARCH_SERIES, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 64, .num_layers = 1, .write = lstm_transformer_cnn_write
    };
    return &arch.head;
}
