#!/bin/sh
# A short training of one network of each family must give the weights whose hash stands here, whatever the instruction
# set and the number of threads: `canonical` on all machines, `unfused` for SSE2. The whole file must be the same, too.
# Environment: BITS, a command that shares out all it can (an emulator may stand in front); RUN, not empty in an emulator;
# SETS and THREADS, which are tried; FAMILIES, which networks.
BITS=${BITS:-build/trainlib}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
. tests/bits/families.sh
status=0 count=0

# What must come out: family, canonical, unfused.
expected='
layers                b123151cc75a9c1e 461db4bdeddc713e
mlp                   5df0dee029d4be54 d19f5e7b87759518
cnn                   0306922c0b11ceaa f067fe1055847809
lstm                  85d4a2b2df4c09c3 e4dca535dd868141
gru                   8ddff76ef2370ba9 565d6f105fda2984
lstm_cnn              2010097df145c793 c0838a0f777e7891
lstm_transformer_cnn  1506acc6a82c2019 dc5daacdd5c8d38a
transformer           2fd68aa38b04dc58 c6b3f09784adc103
tcn                   b9f4ee02508ae221 e88c9787415a2b80
nhits                 7bdf18f85e358ee6 79bf51551bdb6ecc
nbeats                a0ba2222629fc49b 570d7bcaf4312d8a
dlinear               8f5a527008ab5287 d6b74cf1c7d60b50
nlinear               01a1bc8f1e7a4a80 07c6ba887b06f604
heads                 299aa3f8ee1b3cd9 1220e336dd42f2d8
'

case $BITS in *aarch64*|*arm*) machine=arm ;; *) machine=$(uname -m) ;; esac
sets='scalar avx2 sse2'
if [ "$machine" != x86_64 ]; then sets='scalar neon'
elif grep -qs avx512f /proc/cpuinfo; then sets="$sets avx512"; fi
sets=${SETS:-$sets}
if [ -n "$RUN" ]; then all='1 3'; else all='1 2 3 8'; fi
all=${THREADS:-$all}

wanted() { echo "$expected" | sed -n "s/^$1  *\([0-9a-f]*\)  *\([0-9a-f]*\)$/\\$2/p"; }

# The tensors of a file of weights, behind its header.
weights() { tail -c +$((9 + $(od -An -tu4 -N4 "$1"))) "$1" | sha256sum | cut -c1-16; }

for family in ${FAMILIES:-$families}; do
    family_config "$family"
    canonical= unfused=
    for set in $sets; do
        for threads in $all; do
            rm -rf "$folder/out"
            if ! TRAINLIB_SIMD=$set $BITS train:run "$folder/$family.yaml" --out "$folder/out" --threads "$threads" --quiet \
                >"$folder/log" 2>&1; then
                echo "$family, $set, $threads threads: failed"; cat "$folder/log"; status=1; continue
            fi
            file=$(echo "$folder"/out/output/runs/*/model.safetensors)
            whole=$(sha256sum "$file" | cut -c1-16)
            count=$((count + 1))
            if [ "$set" = sse2 ]; then column=2 first=${unfused:-$whole} unfused=$whole
            else column=1 first=${canonical:-$whole} canonical=$whole; fi
            got=$(weights "$file") want=$(wanted "$family" $column)
            [ "$got" = "$want" ] || { echo "$family, $set, $threads threads: weights $got instead of $want"; status=1; }
            [ "$whole" = "$first" ] || { echo "$family, $set, $threads threads: the file differs from the first one"; status=1; }
        done
    done
done
[ $status -eq 0 ] && echo "$count trainings, same bits"
exit $status
