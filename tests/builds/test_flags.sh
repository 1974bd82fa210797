#!/bin/sh
# The library as one unit compiles without a warning under each compile-time flag, and with clang too.
status=0
compile() { # COMPILER FLAGS...
    command -v "$1" >/dev/null || return 0
    "$@" -std=c11 -ffp-contract=off -Wall -Wextra -Wpedantic -Wshadow -Werror -I. -Isrc -fsyntax-only trainlib.c || { echo "fails: $*"; status=1; }
}
for flag in TL_NO_THREADS TL_NO_FILES TL_NO_STDIO TL_NO_LAB TL_SIMD_NONE TL_NO_AVX512 TL_NO_AVX2 TL_NO_SSE2 TL_FREESTANDING; do
    compile "${CC:-cc}" -D$flag
done
compile clang
exit $status
