/* The choice between the processor's SHA-256 and plain C. */
#include "kernels/hash.h"

TL_PRIV void tl__sha256_begin(tl__sha256 *hash)
{
    tl__sha256_blocks *x86 = tl__x86_sha256(), *arm = tl__arm_sha256();
    tl__sha256_init(hash);
    if (x86) hash->blocks = x86;
    if (arm) hash->blocks = arm;
}
