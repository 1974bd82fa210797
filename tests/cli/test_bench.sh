#!/bin/sh
# The benchmark runs: it lists its cases, measures some of each kind once, and writes files that can be read. No figure
# is looked at.
. tests/cli/support.sh
[ -z "$RUN" ] || { echo "left out: the figures would be an emulator's"; exit 0; }
bench=$(dirname "${command##* }")/bench    # beside the command

runs()
{
    (cd "$root" && "$bench" "$@") >out 2>err </dev/null
    status=$?
}

runs --help
exits 0; says out '--peers' '--repeat N'
runs --list
exits 0; says out 'gemm 512x512x512' 'step 784-256-128-10 batch 64' 'threads 4-16-3' 'predict 4-16-3' 'kernels adam'
runs --no-such
exits 2; says err '--no-such is no option'
runs --repeat none
exits 2; says err '--repeat takes a number from 1'
runs --simd fast
exits 2; says err '--simd fast: there is no such set'
runs --repeat 1 'no such case'
exits 1; says err 'no case has no such case in its name'

runs --repeat 1 --csv "$work/b.csv" --json "$work/b.json" \
    'gemm batch 32 128,step 4-16,predict 4-16,kernels adam 16,functions tanh,data gunzip of numbers'
exits 0
for name in 'batch 32 128 to 10 forward' '4-16-3 batch 16' '4-16-3 one row p50' 'adam 16x256' 'tanh' 'gunzip of numbers'; do
    says out "$name"
    says b.csv "$name"
    says b.json "\"case\": \"$name"
done
if command -v python3 >/dev/null; then
    python3 -c 'import json, sys; sys.exit(len(json.load(open("b.json"))["rows"]) < 6)'
    status=$?
    exits 0
fi
runs --repeat 1 --times 3 --csv "$work/none/b.csv" 'step 4-16'
exits 1; says err 'none/b.csv cannot be written'
finish
