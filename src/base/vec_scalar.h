/* One lane: what a vector set is made of, in plain C. This list is the whole vocabulary of the templates in base/ and
 * kernels/; each set's header gives the same words for its registers. V_FMA and VN-independent parts may be defined
 * before inclusion. No include guard; base/vec_end.h takes the words away again. */
#define VN 1
#define V float
#define M bool
#define I int32_t

#define V_SET(x) (x)
#define V_LOAD(p) (*(p))
#define V_LOAD_PART(p, n) ((void)(n), *(p))      /* the first n lanes, the others 0; n in 1..VN */
#define V_STORE(p, v) (*(p) = (v))
#define V_STORE_PART(p, v, n) ((void)(n), *(p) = (v))
#define V_LOAD_U8(p) ((float)*(p))
#define V_ADD(a, b) ((a) + (b))
#define V_SUB(a, b) ((a) - (b))
#define V_MUL(a, b) ((a) * (b))
#define V_DIV(a, b) ((a) / (b))
#define V_SQRT(a) tl__sqrt(a)
#ifndef V_FMA
#  define V_FMA(a, b, c) tl__fma(a, b, c)        /* a*b + c */
#endif
#define V_MIN(a, b) ((a) < (b) ? (a) : (b))      /* exactly so: b where either is NaN, and of two zeros */
#define V_MAX(a, b) ((a) > (b) ? (a) : (b))
#define V_LT(a, b) ((a) < (b))                   /* all comparisons are false for NaN */
#define V_LE(a, b) ((a) <= (b))
#define V_EQ(a, b) ((a) == (b))
#define V_SELECT(m, a, b) ((m) ? (a) : (b))
#define V_OF(i) tl__bits_float((uint32_t)(i))    /* the same bits */
#define I_OF(v) ((int32_t)tl__float_bits(v))
#define V_FROM_I(i) ((float)(i))                 /* the same number */
#define I_SET(x) ((int32_t)(x))
#define I_LOAD(p) ((int32_t)*(p))
#define I_ADD(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define I_SUB(a, b) ((int32_t)((uint32_t)(a) - (uint32_t)(b)))
#define I_AND(a, b) ((a) & (b))
#define I_OR(a, b) ((a) | (b))
#define I_XOR(a, b) ((a) ^ (b))
#define I_SHL(a, n) ((int32_t)((uint32_t)(a) << (n)))
#define I_SHR(a, n) ((int32_t)((uint32_t)(a) >> (n)))
#define I_SAR(a, n) ((a) >> (n))                 /* arithmetic in gcc and clang on every target */
