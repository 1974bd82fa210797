/* A Transformer's encoder over the steps of a sequence. Vaswani and others, "Attention is all you need", 2017. */
#include "model/arch_transformer.h"

#include "base/text.h"

TL_PRIV const char *tl__arch_transformer_layers(const tl__arch_site *site,
                                                const tl__arch_transformer_settings *settings, size_t width,
                                                size_t layers)
{
    static const char *const norms[] = TL__ARCH_TRANSFORMER_NORMS;
    if (width % (size_t)settings->heads)
        return tl__arch_needs(site, "has %lld heads, which do not divide its %zu features (hidden_size); take a "
                              "hidden_size that is a multiple of heads", (long long)settings->heads, width);
    tl__arch_add(site, "type: transformer_encoder, name: encoder, heads: %lld, feedforward: %lld, num_layers: %zu, "
                 "norm: %s, dropout: %g, activation: gelu", (long long)settings->heads,
                 (long long)settings->feedforward, layers, norms[settings->norm], settings->dropout);
    if (settings->summary == TL__ARCH_LAST) tl__arch_add(site, "type: slice, axis: 0, first: -1");
    tl__arch_add(site, "type: flatten, name: encoded");
    return NULL;
}

static const char *transformer_write(const tl__arch_site *site)
{
    const tl__arch_transformer_settings *settings = site->settings;
    tl__arch_sequence(site);
    tl__arch_add(site, "type: dense, name: embed, nodes: %zu, activation: none", tl__arch_hidden(site, 0));
    tl__arch_add(site, "type: positional_encoding");
    const char *needs = tl__arch_transformer_layers(site, settings, tl__arch_hidden(site, 0), tl__arch_layers(site));
    if (needs) return needs;
    tl__arch_ahead(site, "encoded");
    tl__arch_output(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_transformer(void)
{
    static const char *const norms[] = TL__ARCH_TRANSFORMER_NORMS, *const summaries[] = TL__ARCH_SUMMARIES;
    static const tl__field rows[] = {TL__ARCH_TRANSFORMER_ROWS(norms, summaries), {.name = NULL}};
    static const tl__arch arch = {
        .head = {.name = "transformer",
                 .help = "A Transformer's encoder: each step through a dense layer to `hidden_size` (64) features, "
                         "plus sines and cosines of its position, `num_layers` (2) layers of attention and a dense "
                         "network, and a dense layer behind the last step or all. Vaswani and others, 2017.",
                 .rows = rows, .settings_size = sizeof(tl__arch_transformer_settings)},
        .input = TL__ARCH_SERIES, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 64, .num_layers = 2, .write = transformer_write
    };
    return &arch.head;
}
