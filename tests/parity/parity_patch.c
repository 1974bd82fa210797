/* Cases of layers that look at patches: convolutions and pooling. */
#include <stdio.h>

#include "parity/parity_list.h"
#include "parity/parity_network.h"

/* ", name: 3" or ", name: [3, 2]". */
static size_t patch_setting(parity *p, char *out, size_t size, const char *key, const char *name)
{
    const tl_value *value = parity_spec(p, key);
    if (!value) return 0;
    if (value->kind != TL_LIST) return (size_t)snprintf(out, size, ", %s: %d", name, (int)tl_value_integer(value, 0));
    return (size_t)snprintf(out, size, ", %s: [%d, %d]", name, (int)tl_value_integer(tl_value_at(value, 0), 0),
                            (int)tl_value_integer(tl_value_at(value, 1), 0));
}

static size_t patch_common(parity *p, char *out, size_t size)
{
    size_t used = patch_setting(p, out, size, "kernel", "kernel_size");
    used += patch_setting(p, out + used, size - used, "stride", "stride");
    used += patch_setting(p, out + used, size - used, "padding", "padding");
    return used + patch_setting(p, out + used, size - used, "dilation", "dilation");
}

static size_t patch_flag(parity *p, char *out, size_t size, const char *key)
{
    const tl_value *value = parity_spec(p, key);
    if (!value) return 0;
    return (size_t)snprintf(out, size, ", %s: %s", key, tl_value_bool(value, false) ? "true" : "false");
}

void parity_conv(parity *p)
{
    char layer[300];
    const char *name = tl_value_text(parity_spec(p, "layer"), "?");
    size_t used = (size_t)snprintf(layer, sizeof layer, "type: %s, activation: none", name);
    used += patch_setting(p, layer + used, sizeof layer - used, "out_channels", "filters");
    used += patch_common(p, layer + used, sizeof layer - used);
    used += patch_setting(p, layer + used, sizeof layer - used, "groups", "groups");
    (void)patch_flag(p, layer + used, sizeof layer - used, "bias");
    parity_layer(p, layer, true);
}

void parity_pool(parity *p)
{
    char layer[300];
    bool largest = strncmp(tl_value_text(parity_spec(p, "layer"), "?"), "max", 3) == 0;
    size_t used = (size_t)snprintf(layer, sizeof layer, "type: %s", largest ? "max_pool" : "avg_pool");
    used += patch_common(p, layer + used, sizeof layer - used);
    used += patch_flag(p, layer + used, sizeof layer - used, "ceil_mode");
    (void)patch_flag(p, layer + used, sizeof layer - used, "count_include_pad");
    parity_layer(p, layer, true);
}

void parity_global_pool(parity *p)
{
    bool largest = strstr(tl_value_text(parity_spec(p, "layer"), "?"), "max") != NULL;
    parity_layer(p, largest ? "type: global_max_pool" : "type: global_avg_pool", true);
}
