/* What the architectures with a Transformer's encoder share. */
#ifndef TL_MODEL_ARCH_TRANSFORMER_H
#define TL_MODEL_ARCH_TRANSFORMER_H

#include "model/arch.h"

/* The convolution and the recurrent layer of those that have them; in one struct, so that their rows are shared. */
typedef struct tl__arch_transformer_settings {
    int64_t heads, feedforward, filters, kernel_size;
    double dropout;
    int norm, summary;
} tl__arch_transformer_settings;

#define TL__ARCH_TRANSFORMER_NORMS {"post", "pre", NULL}
enum { TL__ARCH_LAST, TL__ARCH_FLATTEN };
#define TL__ARCH_SUMMARIES {"last", "flatten", NULL}

#define TL__ARCH_TRANSFORMER_ROW(row, of, ...)                                                                         \
    {.name = #row, .kind = TL__FIELD_##of, .flags = TL__RESULT | TL__TUNE,                                             \
     .offset = offsetof(tl__arch_transformer_settings, row), __VA_ARGS__}
#define TL__ARCH_TRANSFORMER_ROWS(norms, summaries)                                                                    \
    TL__ARCH_TRANSFORMER_ROW(heads, INT, .fallback = 4, .min = 1, .max = 1024, .tune = "[1, 2, 4, 8]",                 \
                             .help = "heads of the attention; they divide hidden_size"),                               \
    TL__ARCH_TRANSFORMER_ROW(feedforward, INT, .fallback = 128, .min = 1, .max = 1048576, .unit = "units",             \
                             .tune = "{min: 32, max: 512, scale: log}",                                                \
                             .help = "units of the dense layer inside each encoder layer"),                            \
    TL__ARCH_TRANSFORMER_ROW(dropout, FLOAT, .fallback = 0.1, .max = 1, .tune = "{min: 0, max: 0.5}",                  \
                             .help = "rate inside the encoder layers"),                                                \
    TL__ARCH_TRANSFORMER_ROW(norm, CHOICE, .choices = norms,                                                           \
                             .help = "layer norm behind each sum, or before what is added"),                           \
    TL__ARCH_TRANSFORMER_ROW(summary, CHOICE, .choices = summaries,                                                    \
                             .help = "what the output reads: the last step, or all of them")
#define TL__ARCH_CONVOLUTION_ROWS                                                                                      \
    TL__ARCH_TRANSFORMER_ROW(filters, INT, .fallback = 32, .min = 1, .max = 1048576, .unit = "channels",               \
                             .tune = "[16, 32, 64, 128]",                                                              \
                             .help = "channels of the convolution"),                                                   \
    TL__ARCH_TRANSFORMER_ROW(kernel_size, INT, .fallback = 3, .min = 1, .max = 1024, .unit = "steps",                  \
                             .tune = "[3, 5, 7]",                                                                      \
                             .help = "steps that the convolution sees at once")

/* The encoder over the newest layer, [time, width], and its summary, the layer `encoded`. */
TL_PRIV const char *tl__arch_transformer_layers(const tl__arch_site *site,
                                                const tl__arch_transformer_settings *settings, size_t width,
                                                size_t layers);

#endif
