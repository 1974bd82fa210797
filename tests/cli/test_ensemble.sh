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

# Votes and the best: a list of models that stay apart.
trainlib train:ensemble output/runs/seeds_* --ensemble vote --json
exits 0; says out '"combine": "vote"' '"part": "test"' 'ensemble.json'
trainlib train:ensemble output/runs/seeds_* --ensemble best --output best.json --json
exits 0
best=$(sed -n 's/.*"best": "\(.*\)".*/\1/p' out)
trainlib train:predict best.json --data iris.csv --output p.csv
exits 0
trainlib train:predict "$best" --data iris.csv --output q.csv
cmp -s p.csv q.csv || fail 'the best predicts what it predicts alone'
trainlib train:predict ensemble.json --data iris.csv --output votes.csv
exits 0
i=0; for run in output/runs/seeds_*; do
    i=$((i + 1)); trainlib train:predict "$run" --data iris.csv --output one$i.csv
    cut -d, -f2 one$i.csv > class$i
done
paste -d, class1 class2 class3 | awk -F, 'NR > 1 {print $1 == $2 || $1 == $3 ? $1 : $2 == $3 ? $2 : "tie"}' > voted
cut -d, -f2 votes.csv | tail -n +2 | paste -d, - voted | awk -F, '$2 != "tie" && $1 != $2 {exit 1}' ||
    fail 'the class with most votes wins'
# Of other rows: the mean of probabilities, each model by its own scales; only --data measures it.
mkdir -p lists
trainlib train:ensemble output/runs/seeds_* other/output/runs/seeds_* --output lists/wide.json
exits 0; says err 'no test part in common' '--data FILE'; says out lists/wide.json
trainlib train:predict lists/wide.json --data iris.csv --output wide.csv
exits 0
trainlib train:predict other/output/runs/seeds_* --data iris.csv --output one4.csv
for i in 1 2 3 4; do cut -d, -f3 one$i.csv > prob$i; done
cut -d, -f3 wide.csv | paste -d, - prob1 prob2 prob3 prob4 |
    awk -F, 'NR > 1 {m = ($2 + $3 + $4 + $5) / 4; if ($1 - m > 1e-6 || m - $1 > 1e-6) exit 1}' ||
    fail 'the mean of the four'
trainlib train:evaluate lists/wide.json --data iris.csv --ensemble vote
exits 0; says out 150
trainlib train:evaluate lists/wide.json
mistake '--data'
trainlib train:ensemble output/runs/seeds_* --ensemble vote --output no.safetensors
mistake 'NAME.json'
trainlib train:ensemble ensemble.safetensors output/runs/seeds_* --ensemble best
mistake 'validation part'
cat > no.json <<'END'
{"combine": "vote", "best": 0, "members": ["nowhere"]}
END
trainlib train:predict no.json --data iris.csv
mistake nowhere

finish
