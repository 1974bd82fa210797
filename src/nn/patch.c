/* Axes of patches: sizes, strides and paddings of settings, and how many positions they give (PyTorch's counts). */
#include "nn/patch.h"

/* Item `index` of a list that has one for all or one for each. */
static int64_t patch_item(const tl__int_list *list, size_t index, int64_t fallback)
{
    if (list->count == 0) return fallback;
    return list->items[list->count > 1 ? index : 0];
}

/* One axis of `in` positions; index: its number among the lists' items. */
static const char *patch_axis(const tl__patch_settings *settings, size_t index, size_t in, tl__patch_axis *out)
{
    int64_t size = patch_item(&settings->size, index, 2);
    int64_t stride = patch_item(&settings->stride, index, settings->stride_is_size ? size : 1);
    int64_t padding = patch_item(&settings->padding, index, TL__PADDING_VALID);
    *out = (tl__patch_axis){.in = in, .size = (size_t)size, .stride = (size_t)stride,
                            .dilation = (size_t)patch_item(&settings->dilation, index, 1)};
    size_t reach = (out->size - 1) * out->dilation + 1, all;
    if (padding == TL__PADDING_SAME) {
        size_t needed = (((in - 1) / out->stride + 1) - 1) * out->stride + reach;
        out->before = needed > in ? (needed - in) / 2 : 0;
        out->after = needed > in ? needed - in - out->before : 0;
    } else if (padding == TL__PADDING_CAUSAL) {
        out->before = reach - 1;
    } else if (padding > 0) {
        out->before = out->after = (size_t)padding;
    }
    all = in + out->before + out->after;
    if (reach > all) return "needs an input that is at least as large as its kernel, of";
    out->out = (all - reach) / out->stride + 1;
    if (settings->ceil_mode && (all - reach) % out->stride != 0 && out->out * out->stride < in + out->before)
        out->out++;
    return NULL;
}

static bool patch_fits(const tl__int_list *list, size_t axes) { return list->count <= 1 || list->count == axes; }

TL_PRIV const char *tl__patch_make(const tl__patch_settings *settings, const tl__shape *in, tl__patch_axis *y,
                                   tl__patch_axis *x)
{
    size_t axes = (size_t)in->rank - 1;
    if (!patch_fits(&settings->size, axes) || !patch_fits(&settings->stride, axes) ||
        !patch_fits(&settings->padding, axes) || !patch_fits(&settings->dilation, axes))
        return "needs kernel_size, stride, padding and dilation of one number, or of one for each axis,";
    *y = (tl__patch_axis){.in = 1, .out = 1, .size = 1, .stride = 1, .dilation = 1};
    if (axes == 1) return patch_axis(settings, 0, in->dim[0], x);
    const char *why = patch_axis(settings, 0, in->dim[0], y);
    return why ? why : patch_axis(settings, 1, in->dim[1], x);
}

TL_PRIV void tl__patch_shape(const tl__shape *in, const tl__patch_axis *y, const tl__patch_axis *x, size_t channels,
                             tl__shape *out)
{
    *out = *in;
    if (in->rank == 3) out->dim[0] = y->out;
    out->dim[in->rank - 2] = x->out;
    out->dim[in->rank - 1] = channels;
}
