/* Gated recurrent units and a dense layer behind their last state. */
#include "model/arch_recurrent.h"

static const char *gru_write(const tl__arch_site *site) { return tl__arch_recurrent(site, "gru"); }

TL_PRIV const tl__member_head *tl__arch_gru(void)
{
    static const tl__field rows[] = {TL__ARCH_RECURRENT_ROWS};
    static const tl__arch arch = {
        .head = {.name = "gru",
                 .help = "Gated recurrent units over the sequence, `num_layers` (1) layers of `hidden_size` (64) "
                         "units, and a dense layer behind the last state. Cho and others, 2014.",
                 .rows = rows, .settings_size = sizeof(tl__arch_recurrent_settings)},
        .input = TL__ARCH_SERIES, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 64, .num_layers = 1, .write = gru_write
    };
    return &arch.head;
}
