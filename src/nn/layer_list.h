/* The only place that knows which layers exist: one line per file layer_NAME.c. */
#define TL__LAYERS(X)   \
    X(input)            \
    X(dense)            \
    X(activation)       \
    X(dropout)          \
    X(batch_norm)       \
    X(layer_norm)       \
    X(add)              \
    X(concatenate)      \
    X(flatten)
