/* Template: loops over arrays by vectors, and the 32 virtual lanes of reductions (rule 5 of kernels.h). */

#define LOAD(p) SET(load)(p, count)
#define STORE(p, v) SET(store)(p, v, count)

/* Runs the statements for i = 0, VN, ... with count = VN, and once more with the rest. */
#define EACH_VECTOR(n, ...)                  \
    do {                                     \
        size_t i = 0;                        \
        for (; i + VN <= (n); i += VN) {     \
            const size_t count = VN;         \
            __VA_ARGS__                      \
        }                                    \
        if (VN > 1 && i < (n)) {             \
            const size_t count = (n) - i;    \
            __VA_ARGS__                      \
        }                                    \
    } while (0)

INLINE(V) SET(load)(const float *p, size_t count)
{
    return count == VN ? V_LOAD(p) : V_LOAD_PART(p, count);
}

INLINE(void) SET(store)(float *p, V v, size_t count)
{
    if (count == VN) V_STORE(p, v);
    else V_STORE_PART(p, v, count);
}

#define ZERO V_SET(0.0f)
#define ONE V_SET(1.0f)

/* The lanes in registers: WN of them; EACH_LANE_VECTOR(X) is X(0) ... X(WN - 1), written out to keep them there. */
#define WN (TL__LANES / VN)
#if VN == 16
#  define EACH_LANE_VECTOR(X) X(0) X(1)
#elif VN == 8
#  define EACH_LANE_VECTOR(X) X(0) X(1) X(2) X(3)
#elif VN == 4
#  define EACH_LANE_VECTOR(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#else
#  define EACH_LANE_VECTOR(X) for (int lane = 0; lane < WN; lane++) { X(lane) }
#endif
typedef struct SET(lanes) { V v[WN]; } SET(lanes);

/* Halves: lane i + lane i+16, then 8, 4, 2, 1. */
INLINE(float) SET(lanes_sum)(SET(lanes) w)
{
    float t[VN];
    for (int half = WN / 2; half > 0; half /= 2)
        for (int r = 0; r < half; r++) w.v[r] = V_ADD(w.v[r], w.v[r + half]);
#ifdef V_SUM
    (void)t;
    return V_SUM(w.v[0]);
#else
    V_STORE(t, w.v[0]);
    for (int half = VN / 2; half > 0; half /= 2)
        for (int r = 0; r < half; r++) t[r] = t[r] + t[r + half];
    return t[0];
#endif
}

INLINE(V) SET(larger)(V x, V m) { return V_MAX(x, m); }

INLINE(float) SET(lanes_max)(SET(lanes) w)
{
    float t[VN];
    for (int half = WN / 2; half > 0; half /= 2)
        for (int r = 0; r < half; r++) w.v[r] = SET(larger)(w.v[r + half], w.v[r]);
    V_STORE(t, w.v[0]);
    for (int half = VN / 2; half > 0; half /= 2)
        for (int r = 0; r < half; r++) t[r] = t[r + half] > t[r] ? t[r + half] : t[r];
    return t[0];
}

/* What is left of n terms for the vector of lanes that begins at `first`: 0..VN. */
INLINE(size_t) SET(left)(size_t n, size_t first)
{
    return n <= first ? 0 : n - first < VN ? n - first : VN;
}

/* The vector at p + at, zeros when nothing of it is left. */
INLINE(V) SET(load_lane)(const float *p, size_t at, size_t count)
{
    if (count == 0) return ZERO;
    return SET(load)(p + at, count);
}
