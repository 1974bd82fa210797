/* The only place that knows which layers exist: one line per file layer_NAME.c. Composites
 * stand for others (nn/expand.h) and need the parser. */
#ifdef TL_FREESTANDING
#  define TL__COMPOSITES(X)
#else
#  define TL__COMPOSITES(X) \
    X(residual)         \
    X(transformer_encoder) \
    X(temporal_linear)  \
    X(instance_norm)
#endif

#define TL__LAYERS(X)   \
    X(input)            \
    X(dense)            \
    X(activation)       \
    X(dropout)          \
    X(batch_norm)       \
    X(layer_norm)       \
    X(add)              \
    X(average)          \
    X(concatenate)      \
    X(flatten)          \
    X(attention)        \
    X(positional_encoding) \
    X(embedding)        \
    X(slice)            \
    X(reshape)          \
    X(permute)          \
    X(subtract)         \
    X(multiply)         \
    X(interpolate)      \
    X(moving_average)   \
    X(conv1d)           \
    X(conv2d)           \
    X(max_pool)         \
    X(avg_pool)         \
    X(global_max_pool)  \
    X(global_avg_pool)  \
    X(rnn)              \
    X(lstm)             \
    X(gru)              \
    X(group_norm)       \
    X(reverse_norm)     \
    X(spatial_dropout)  \
    X(noise)            \
    X(basis)            \
    TL__COMPOSITES(X)
