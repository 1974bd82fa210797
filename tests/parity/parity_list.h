/* Who handles which case. PARITY_FAMILIES: the family in NAME.json begins so; the first line that fits is taken.
 * PARITY_FILES: files that hold many cases of their own. */
#ifndef TESTS_PARITY_LIST_H
#define TESTS_PARITY_LIST_H

#include "parity/parity.h"

#define PARITY_FAMILIES(X)              \
    X("dense", parity_dense)            \
    X("activation", parity_activation)  \
    X("dropout_eval", parity_dropout)   \
    X("batchnorm", parity_batch_norm)   \
    X("layernorm", parity_layer_norm)   \
    X("embedding", parity_embedding)    \
    X("mha", parity_attention)          \
    X("encoder", parity_encoder)        \
    X("interpolate1d", parity_interpolate) \
    X("conv", parity_conv)              \
    X("maxpool", parity_pool)           \
    X("avgpool", parity_pool)           \
    X("globalpool", parity_global_pool) \
    X("rnn", parity_recurrent)          \
    X("lstm", parity_recurrent)         \
    X("gru", parity_recurrent)          \
    X("loss_", parity_loss)             \
    X("optim_", parity_optimizer)       \
    X("net_mlp", parity_mlp)            \
    X("net_dlinear", parity_dlinear)    \
    X("net_cnn", parity_cnn)            \
    X("net_transformer", parity_transformer) \
    X("net_nhits", parity_nhits)        \
    X("nhits_block", parity_nhits_block)            \
    X("net_gru", parity_recurrent_network)          \
    X("net_bilstm_quantile", parity_recurrent_network) \
    X("net_conv_lstm", parity_recurrent_network)

#define PARITY_FILES(X)                 \
    X("schedulers", parity_schedules)   \
    X("metrics", parity_metrics)

#define PARITY_DECLARE(family, handler) void handler(parity *p);
PARITY_FAMILIES(PARITY_DECLARE)
#undef PARITY_DECLARE
#define PARITY_DECLARE(file, handler) void handler(parity *p, const tl_value *root);
PARITY_FILES(PARITY_DECLARE)
#undef PARITY_DECLARE

#endif
