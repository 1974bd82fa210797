/* Dense layers one after the other. */
#include "model/arch.h"

static const char *mlp_write(const tl__arch_site *site)
{
    if (site->network->normalization > TL__NORMALIZATION_NONE) {
        tl__arch_past(site, false);
        tl__arch_add(site, "type: flatten, name: encoded");
        tl__arch_ahead(site, "encoded");
    } else {
        tl__arch_flatten(site);
    }
    for (size_t i = 0; i < tl__arch_layers(site); i++)
        tl__arch_add(site, "type: dense, nodes: %zu", tl__arch_hidden(site, i));
    tl__arch_output(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_mlp(void)
{
    static const tl__arch arch = {
        .head = {.name = "mlp",
                 .help = "Dense layers one after the other, h = act(W h + b), over all inputs in a row: `num_layers` "
                         "hidden ones (1) of `hidden_size` (64), then the output. Rumelhart, Hinton and Williams, "
                         "1986."},
        .normalization = TL__NORMALIZATION_LAST, .hidden_size = 64, .num_layers = 1, .write = mlp_write
    };
    return &arch.head;
}
