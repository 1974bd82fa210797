/* What rnn, lstm and gru share: all but their cell, which is a kernel. A member's file gives its rows
 * (TL__RECURRENT_ROWS) and a descriptor with these functions. */
#ifndef TL_NN_RECURRENT_H
#define TL_NN_RECURRENT_H

#include "nn/layer.h"

typedef struct tl__recurrent_settings {
    int64_t units, num_layers;
    int64_t level;               /* of a stack; -1: it is none */
    double dropout;              /* between layers */
    bool bidirectional, bias;
    int output;                  /* index in TL__RECURRENT_OUTPUTS */
    int nonlinearity;            /* of rnn: 0 tanh, 1 relu */
} tl__recurrent_settings;

/* last: h after a sequence's last step, that of the reverse direction after its first; sequence: h of every step;
 * state: h, then c, after the last step; all: the sequence, h and c as one row. */
enum { TL__RECURRENT_LAST, TL__RECURRENT_SEQUENCE, TL__RECURRENT_STATE, TL__RECURRENT_ALL };
#define TL__RECURRENT_OUTPUTS {"last", "sequence", "state", "all", NULL}

#define TL__RECURRENT_ROW(row, field, of, flag, ...)                                                                   \
    {.name = row, .kind = TL__FIELD_##of, .flags = TL__RESULT | (flag),                                                \
     .offset = offsetof(tl__recurrent_settings, field), __VA_ARGS__}
#define TL__RECURRENT_ROWS(words)                                                                                      \
    TL__RECURRENT_ROW("units", units, INT, TL__TUNE | TL__REQUIRED, .min = 1, .max = 1048576, .unit = "units",         \
                      .aliases = "hidden_size", .help = "size of the hidden state"),                                   \
    TL__RECURRENT_ROW("num_layers", num_layers, INT, TL__TUNE, .fallback = 1, .min = 1, .max = 64, .unit = "layers",   \
                      .help = "layers on top of each other, each reading the sequence of the one below"),              \
    TL__RECURRENT_ROW("level", level, INT, TL__AUTO, .fallback = -1, .min = 0, .max = 63,                              \
                      .help = "which layer of a stack this is, from 0; its weights are called weight_ih_l1, as "       \
                              "PyTorch calls those of level 1 (num_layers writes it)"),                                \
    TL__RECURRENT_ROW("dropout", dropout, FLOAT, TL__TUNE, .fallback = 0, .min = 0, .max = 1,                          \
                      .help = "rate of dropout between these layers"),                                                 \
    TL__RECURRENT_ROW("bidirectional", bidirectional, BOOL, TL__TUNE, .fallback = 0, .max = 1,                         \
                      .help = "read the sequence from its end, too, with weights of its own; both side by side"),      \
    TL__RECURRENT_ROW("bias", bias, BOOL, 0, .fallback = 1, .max = 1,                                                  \
                      .help = "add two numbers of its own to each gate"),                                              \
    TL__RECURRENT_ROW("output", output, CHOICE, 0, .choices = words, .fallback = TL__RECURRENT_LAST,                   \
                      .help = "the state after the last step, that of every step (sequence), with the cell's state "   \
                              "(state), or all of it in one row")

TL_PRIV const char *tl__recurrent_shape(const tl__site *site, tl__shape *out);
TL_PRIV bool tl__recurrent_keeps_time(const tl__site *site);
TL_PRIV int tl__recurrent_tensors(const tl__site *site, tl__tensor_spec *out);
TL_PRIV void tl__recurrent_carve(const tl__site *site, tl__layer_memory *memory, void *state);
TL_PRIV void tl__recurrent_forward(tl__pass *pass, tl__op *op);
TL_PRIV void tl__recurrent_backward(tl__pass *pass, tl__op *op);
TL_PRIV double tl__recurrent_flops(const tl__site *site);
#ifndef TL_FREESTANDING
TL_PRIV void tl__recurrent_expand(const tl__site *site, tl__expansion *out);
#  define TL__RECURRENT_EXPAND .expand = tl__recurrent_expand,
#else
#  define TL__RECURRENT_EXPAND
#endif

#define TL__RECURRENT_LAYER                                                                                            \
    .inputs_min = 1, .state_size = TL__RECURRENT_STATE_SIZE, TL__RECURRENT_EXPAND .shape = tl__recurrent_shape,        \
    .keeps_time = tl__recurrent_keeps_time, .tensors = tl__recurrent_tensors, .carve = tl__recurrent_carve,            \
    .forward = tl__recurrent_forward, .backward = tl__recurrent_backward, .flops = tl__recurrent_flops
enum { TL__RECURRENT_STATE_SIZE = 1024 };

#endif
