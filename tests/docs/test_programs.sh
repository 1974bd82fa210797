#!/bin/sh
# Each program of examples/c-api is compiled against the archive, without a warning, and ends well.
[ -z "$RUN" ] || exit 0    # no emulator: the archive is another machine's
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp examples/c-api/* "$work"
status=0
for program in "$work"/*.c; do
    ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -I. -o "${program%.c}" "$program" "${LIBRARY:-build/libtrainlib.a}" -lpthread &&
    (cd "$work" && "${program%.c}") > "$work/log" 2>&1 ||
    { echo "examples/c-api/${program##*/} fails:"; cat "$work/log"; status=1; }
done
exit $status
