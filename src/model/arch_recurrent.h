/* What lstm and gru share: all but the layer's name. */
#ifndef TL_MODEL_ARCH_RECURRENT_H
#define TL_MODEL_ARCH_RECURRENT_H

#include "model/arch.h"

typedef struct tl__arch_recurrent_settings {
    double dropout;
    bool bidirectional;
} tl__arch_recurrent_settings;

#define TL__ARCH_RECURRENT_ROWS                                                                                        \
    {.name = "bidirectional", .kind = TL__FIELD_BOOL, .flags = TL__RESULT | TL__TUNE,                                  \
     .offset = offsetof(tl__arch_recurrent_settings, bidirectional), .max = 1,                                         \
     .help = "read the sequence from its end, too, with weights of its own"},                                          \
    {.name = "dropout", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,                                       \
     .offset = offsetof(tl__arch_recurrent_settings, dropout), .max = 1, .tune = "{min: 0, max: 0.5}",                \
     .help = "rate between recurrent layers"},                                                                         \
    {.name = NULL}

/* The layers of this type, each reading the sequence of the one before, and the output behind the last one's last
 * state. */
TL_PRIV const char *tl__arch_recurrent(const tl__arch_site *site, const char *type);

#endif
