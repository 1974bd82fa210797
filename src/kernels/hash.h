/* SHA-256 by the processor's own instructions where it has them (five times plain C), else as base/hash.h does it; the
 * same hash either way. */
#ifndef TL_KERNELS_HASH_H
#define TL_KERNELS_HASH_H

#include "base/hash.h"

TL_PRIV void tl__sha256_begin(tl__sha256 *hash);    /* instead of tl__sha256_init */

/* NULL: not in this build, or not on this machine. */
TL_PRIV tl__sha256_blocks *tl__x86_sha256(void);
TL_PRIV tl__sha256_blocks *tl__arm_sha256(void);

#endif
