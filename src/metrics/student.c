/* Percentiles of Student's t: few degrees of freedom from a table, more by the expansion of Fisher and Cornish. */
#include "metrics/student.h"

#include "base/math.h"

TL_PRIV double tl__student(size_t freedom)
{
    static const double few[] = {
        12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511, 2.3646242516, 2.3060041352,
        2.2621571628,  2.2281388520, 2.2009851601, 2.1788128297, 2.1603686565, 2.1447866879, 2.1314495456, 2.1199052992,
        2.1098155778,  2.1009220402, 2.0930240544, 2.0859634473, 2.0796138447, 2.0738730679, 2.0686576104, 2.0638985616,
        2.0595385528,  2.0555294386, 2.0518305165, 2.0484071418, 2.0452296421, 2.0422724563};
    const double z = 1.9599639845400545, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, n = (double)freedom;
    if (freedom == 0) return tl__nan_d();
    if (freedom <= TL_COUNT(few)) return few[freedom - 1];
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}
