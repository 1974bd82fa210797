#!/bin/sh
# train:ensemble: runs that differ in their seed become one model file.
. tests/cli/support.sh
make_iris
cat > seeds.yaml <<'END'
name: seeds
data: {file: iris.csv, target: species, split: {seed: 1, validation: 0.2, test: 0.2}}
network: {model: mlp, hidden_size: [8]}
training: {epochs: 10}
END
for seed in 1 2 3; do
    trainlib train:run seeds.yaml --seed $seed --quiet
    exits 0
done
trainlib train:ensemble output/runs/seeds_*
exits 0
says out 'ensemble  ' accuracy ensemble.safetensors
is 'lines of the table' "$(wc -l < out | tr -d ' ')" 7
trainlib train:evaluate ensemble.safetensors --data iris.csv
exits 0; says out '150'
trainlib train:predict ensemble.safetensors --data iris.csv --output p.csv
exits 0; is 'predictions' "$(wc -l < p.csv | tr -d ' ')" 151
trainlib train:ensemble output/runs/seeds_* --json --output again.safetensors
exits 0; says out '"members": [' '"part": "test"'
cmp -s ensemble.safetensors again.safetensors || fail 'the same members should give the same file'

trainlib train:run seeds.yaml --set data.split.seed=2 --out other --quiet
trainlib train:ensemble output/runs/seeds_* other/output/runs/seeds_* --output no.safetensors
mistake 'other rows' data.split.seed
trainlib train:ensemble other/output/runs/seeds_*
mistake '2 to 64 runs'
trainlib train:ensemble
mistake '2 to 64 runs'
trainlib train:ensemble nothing output/runs/seeds_*
mistake nothing
[ ! -e no.safetensors ] || fail 'a mistake writes no file'

finish
