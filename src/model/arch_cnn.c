/* A convolutional network for images, and for series: convolutions and pooling, then dense layers. LeCun and others,
 * "Gradient-based learning applied to document recognition", 1998. */
#include "model/arch.h"

typedef struct cnn_settings {
    tl__int_list filters;
    int64_t kernel_size, pool_size;
    bool batch_norm;
} cnn_settings;

static const tl__field cnn_rows[] = {
    {.name = "filters", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(cnn_settings, filters), .min = 1, .max = 1048576, .text = "[16, 32]", .unit = "channels",
     .help = "channels of each convolution; as many numbers as convolutions"},
    {.name = "kernel_size", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(cnn_settings, kernel_size), .fallback = 3, .min = 1, .max = 1024,
     .tune = "[3, 5, 7]",
     .help = "positions that a convolution sees at once, in height and width or in time"},
    {.name = "pool_size", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(cnn_settings, pool_size), .fallback = 2, .min = 1, .max = 1024,
     .tune = "[1, 2]",
     .help = "positions of which the largest stays behind each convolution; 1: all stay"},
    {.name = "batch_norm", .kind = TL__FIELD_BOOL, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(cnn_settings, batch_norm), .max = 1,
     .help = "batch norm between each convolution and its activation"},
    {.name = NULL}
};

static const char *cnn_write(const tl__arch_site *site)
{
    const cnn_settings *settings = site->settings;
    const tl__shape *input = &site->fit->input;
    bool image = input->rank == 3;
    if (!image && input->rank != 2 && !site->fit->series.input_size)
        return "needs images or sequences; network.input_shape says how a row is shaped, [28, 28, 1]";
    size_t height = image ? input->dim[0] : 0, width = image ? input->dim[1] : site->fit->series.input_size;
    if (!width) width = input->dim[0];
    tl__arch_sequence(site);
    for (size_t i = 0; i < settings->filters.count; i++) {
        size_t pool = (size_t)settings->pool_size;
        tl__arch_add(site, "type: conv%dd, filters: %lld, kernel_size: %lld, padding: same%s", image ? 2 : 1,
                     (long long)settings->filters.items[i], (long long)settings->kernel_size,
                     settings->batch_norm ? ", bias: false, activation: none" : "");
        if (settings->batch_norm) tl__arch_add(site, "type: batch_norm");
        if (settings->batch_norm) tl__arch_activation(site);
        if (pool > 1 && (width < pool || (image && height < pool)))
            return "has more convolutions in `filters` than its input can be pooled for; list fewer";
        if (pool > 1) tl__arch_add(site, "type: max_pool, kernel_size: %zu", pool);
        width /= pool;
        height /= pool;
    }
    tl__arch_add(site, "type: flatten");
    for (size_t i = 0; i + 1 < tl__arch_layers(site); i++)
        tl__arch_add(site, "type: dense, nodes: %zu", tl__arch_hidden(site, i));
    tl__arch_add(site, "type: dense, name: encoded, nodes: %zu", tl__arch_hidden(site, tl__arch_layers(site) - 1));
    tl__arch_ahead(site, "encoded");
    tl__arch_output(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_cnn(void)
{
    static const tl__arch arch = {
        .head = {.name = "cnn",
                 .help = "A convolution, an activation and max pooling for each number in `filters`, then "
                         "`num_layers` (1) dense layers of `hidden_size` (64) and the output; over images [height, "
                         "width, channels], or over the time of sequences and forecasts. LeCun and others, 1998.",
                 .rows = cnn_rows, .settings_size = sizeof(cnn_settings)},
        .input = TL__ARCH_ANY, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 64, .num_layers = 1, .write = cnn_write
    };
    return &arch.head;
}
