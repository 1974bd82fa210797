/* What the fuzz targets share: each reads any bytes, must not leak, and what it accepted must survive being written and
 * read again. Run by `make fuzz` under libFuzzer with the address and undefined-behaviour sanitizers. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/memory.h"

enum { FUZZ_MEMORY = 256 << 20 };   /* a reader that asks for more than this gets no memory */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A broken promise ends the process, which the fuzzer reports. */
static inline void fuzz_must(bool holds)
{
    if (!holds) __builtin_trap();
}

#endif
