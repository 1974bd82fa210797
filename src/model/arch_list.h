/* The only place that knows which architectures exist: one line per file arch_NAME.c. The first is taken where a
 * network block names neither an architecture nor layers. */
#define TL__ARCHS(X)     \
    X(mlp)              \
    X(dlinear)          \
    X(nlinear)          \
    X(nhits)            \
    X(nbeats)           \
    X(tcn)              \
    X(transformer)
