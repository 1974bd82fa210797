/* Temporal convolutional network: residual blocks of causal convolutions whose dilation doubles, so that the last step
 * sees far back. Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and recurrent networks for
 * sequence modeling", 2018. */
#include "base/text.h"
#include "model/arch.h"

typedef struct tcn_settings {
    int64_t kernel_size, dilation_base;
    double dropout;
} tcn_settings;

static const tl__field tcn_rows[] = {
    {.name = "kernel_size", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tcn_settings, kernel_size), .fallback = 3, .min = 1, .max = 1024, .unit = "steps",
     .tune = "{min: 2, max: 7}",
     .help = "taps of each convolution"},
    {.name = "dilation_base", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tcn_settings, dilation_base), .fallback = 2, .min = 1, .max = 64,
     .tune = "[2, 3, 4]",
     .help = "block i leaves dilation_base^i steps from tap to tap"},
    {.name = "dropout", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tcn_settings, dropout), .max = 1,
     .tune = "{min: 0, max: 0.5}",
     .help = "rate behind each convolution"},
    {.name = NULL}
};

static const char *tcn_write(const tl__arch_site *site)
{
    const tcn_settings *settings = site->settings;
    size_t dilation = 1;
    char drop[48] = "";
    tl__arch_sequence(site);
    if (settings->dropout > 0) tl__format(drop, sizeof drop, ", {type: dropout, rate: %g}", settings->dropout);
    for (size_t i = 0; i < tl__arch_layers(site); i++) {
        char conv[160];
        if (dilation > 65536) return "needs fewer layers or a smaller dilation_base: its blocks see further than 65536";
        tl__format(conv, sizeof conv,
                   "{type: conv1d, filters: %zu, kernel_size: %lld, dilation: %zu, padding: causal}%s",
                   tl__arch_hidden(site, i), (long long)settings->kernel_size, dilation, drop);
        tl__arch_add(site, "type: residual, activation: relu, layers: [%s, %s]", conv, conv);
        dilation *= (size_t)settings->dilation_base;
    }
    tl__arch_add(site, "type: slice, axis: 0, first: -1");
    tl__arch_add(site, "type: flatten, name: encoded");
    tl__arch_ahead(site, "encoded");
    tl__arch_output(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_tcn(void)
{
    static const tl__arch arch = {
        .head = {.name = "tcn",
                 .help = "Temporal convolutional network: `num_layers` (4) residual blocks, x = relu(F(x) + x), F "
                         "twice a causal convolution of `hidden_size` (32) channels with dilation dilation_base^i, an "
                         "activation and dropout; the output is a dense layer behind the last step. Bai, Kolter and "
                         "Koltun, 2018; without weight norm.",
                 .rows = tcn_rows, .settings_size = sizeof(tcn_settings)},
        .input = TL__ARCH_SERIES, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 32, .num_layers = 4, .write = tcn_write
    };
    return &arch.head;
}
