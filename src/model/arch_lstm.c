/* Recurrent layers and a dense layer behind their last state. */
#include "model/arch_recurrent.h"

#include "base/text.h"

TL_PRIV const char *tl__arch_recurrent(const tl__arch_site *site, const char *type)
{
    const tl__arch_recurrent_settings *settings = site->settings;
    size_t layers = tl__arch_layers(site);
    const char *both = settings->bidirectional ? ", bidirectional: true" : "";
    tl__arch_sequence(site);
    if (site->network->hidden_size.count <= 1) {
        char drop[40] = "";
        if (layers > 1 && settings->dropout > 0) tl__format(drop, sizeof drop, ", dropout: %g", settings->dropout);
        tl__arch_add(site, "type: %s, name: encoded, units: %zu, num_layers: %zu%s%s", type, tl__arch_hidden(site, 0),
                     layers, both, drop);
    } else {
        for (size_t i = 0; i + 1 < layers; i++) {
            tl__arch_add(site, "type: %s, units: %zu, output: sequence%s", type, tl__arch_hidden(site, i), both);
            if (settings->dropout > 0) tl__arch_add(site, "type: dropout, rate: %g", settings->dropout);
        }
        tl__arch_add(site, "type: %s, name: encoded, units: %zu%s", type, tl__arch_hidden(site, layers - 1), both);
    }
    tl__arch_ahead(site, "encoded");
    tl__arch_output(site);
    return NULL;
}

static const char *lstm_write(const tl__arch_site *site) { return tl__arch_recurrent(site, "lstm"); }

TL_PRIV const tl__member_head *tl__arch_lstm(void)
{
    static const tl__field rows[] = {TL__ARCH_RECURRENT_ROWS};
    static const tl__arch arch = {
        .head = {.name = "lstm",
                 .help = "Long short-term memory over the sequence, `num_layers` (1) layers of `hidden_size` (64) "
                         "units, and a dense layer behind the last state. Hochreiter and Schmidhuber, 1997.",
                 .rows = rows, .settings_size = sizeof(tl__arch_recurrent_settings)},
        .input = TL__ARCH_SERIES, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 64, .num_layers = 1, .write = lstm_write
    };
    return &arch.head;
}
