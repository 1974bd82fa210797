/* The only place that knows which architectures exist: one line per file arch_NAME.c. The first is taken where a
 * network block names neither an architecture nor layers. */
#define TL__ARCHS(X)            \
    X(mlp)                      \
    X(cnn)                      \
    X(lstm)                     \
    X(gru)                      \
    X(lstm_cnn)                 \
    X(transformer)              \
    X(lstm_transformer_cnn)     \
    X(tcn)                      \
    X(dlinear)                  \
    X(nlinear)                  \
    X(nhits)                    \
    X(nbeats)
