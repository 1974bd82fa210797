#!/bin/sh
# Runs of many models: folds, seeds, changed settings; what they leave, how they predict together, kill and resume.
. tests/cli/support.sh
make_iris
cat > folds.yaml <<'END'
name: folds
data: {file: iris.csv, target: species}
use_kfold: true
n_folds: 5
focal_alpha: [0.2, 0.3, 0.5]
focal_gamma: 2.0
network: {model: mlp, hidden_size: [8]}
training: {epochs: 12, monitor: balanced_accuracy, learning_rate: 0.01}
END
trainlib train:configure folds.yaml
exits 0; says out 'method: kfold' 'folds: 5' 'type: focal' 'gamma: 2' 'fold: auto'
trainlib train:run folds.yaml
exits 0
says out 'balanced_accuracy of 5 models: 0.' ' ± ' validation test
says err 'fold 1/5' 'fold 5/5' 'a model for each of 5 folds; the test part stays apart'
run=$(ls -d output/runs/folds_*)
for k in 1 2 3 4 5; do
    [ -s $run/fold_$k/model.safetensors ] || fail "fold_$k has no model"
    [ -s $run/best_model_csv_mlp_fold$k.safetensors ] || fail "no best model of fold $k"
done
grep -q 'fold 3/5' "$(ls output/logs/training_*.log)" || fail 'the log tells of all folds'

# Every row outside the test part is predicted once; a fifth of 150 rows stays apart, and the folds are of one size.
is 'rows out of fold' "$(sed 1d $run/out_of_fold.csv | cut -d, -f1 | sort -u | wc -l | tr -d ' ')" 120
is 'sizes of the folds' "$(sed 1d $run/out_of_fold.csv | cut -d, -f2 | sort | uniq -c | awk '{printf "%s:%s ", $2, $1}')" \
   '1:24 2:24 3:24 4:24 5:24 '
is 'classes in a fold' "$(sed 1d $run/out_of_fold.csv | awk -F, '$2 == 2 {n[$3]++} END {for (c in n) print n[c]}' | sort -u)" 8
is 'header' "$(head -n 1 $run/out_of_fold.csv)" 'row,fold,truth,prediction,prob_setosa,prob_versicolor,prob_virginica'

# The score is the mean of the folds' own, with its deviation.
trainlib train:metrics $run --json
exits 0; says out '"cross_validation"'
awk -F': ' '/"balanced_accuracy"/ {gsub(",", "", $2); print $2}' $run/fold_*/status.json > all
awk '{gsub(",", "")} /"cross_validation"/ {inside = 1} inside && /"score":/ {print $2} inside && /"std":/ {print $2; exit}' \
    $run/metrics.json > said
awk 'NR % 3 == 2 {s += $1; q += $1 * $1; n++} END {m = s / n; v = (q - n * m * m) / (n - 1);
     printf "%.9f %.9f\n", m, sqrt(v > 0 ? v : 0)}' all > wanted
is 'mean and deviation' "$(awk '{printf "%s%.9f", (NR > 1 ? " " : ""), $1}' said)" "$(cat wanted)"

# Its report tells of all folds.
trainlib train:report $run
exits 0; grep -q 'The models' $run/report.html || fail 'no report of the folds'

# All of them together: as one model.
trainlib train:evaluate $run
exits 0; says out 'test ' ' 30'; ! grep -q '^train ' out || fail 'training rows say nothing of models that saw them'
trainlib train:predict $run --data iris.csv --output mean.csv
exits 0; is 'predictions' "$(wc -l < mean.csv | tr -d ' ')" 151
for k in 1 2 3 4 5; do trainlib train:predict $run/fold_$k --data iris.csv --output f$k.csv; exits 0; done
paste -d, f1.csv f2.csv f3.csv f4.csv f5.csv mean.csv | awk -F, 'NR > 1 {m = ($3 + $8 + $13 + $18 + $23) / 5
    d = m - $28; if (d < 0) d = -d; if (d > 1e-6) bad++} END {print bad + 0}' > difference
is 'means that differ' "$(cat difference)" 0
trainlib train:predict $run --data iris.csv --ensemble vote --output vote.csv
exits 0
paste -d, f1.csv f2.csv f3.csv f4.csv f5.csv vote.csv | awk -F, 'NR > 1 {v = ($2 == $27) + ($7 == $27) + ($12 == $27)
    v += ($17 == $27) + ($22 == $27); if (v < 2) bad++} END {print bad + 0}' > difference
is 'votes against the many' "$(cat difference)" 0
trainlib train:predict $run --data iris.csv --ensemble best --output best.csv
exits 0
same=0; for k in 1 2 3 4 5; do cmp -s best.csv f$k.csv && same=1; done
is 'the best is one of them' $same 1
trainlib train:predict $run --data iris.csv --ensemble most
mistake mean vote best

# Several at a time, and a run that was killed: the same bits.
trainlib train:run folds.yaml --set folds.parallel=3 --out other --quiet
exits 0; other=$(ls -d other/output/runs/folds_*)
for k in 1 2 3 4 5; do
    cmp -s $run/fold_$k/model.safetensors $other/fold_$k/model.safetensors || fail "fold $k has other bits in parallel"
done
cmp -s $run/out_of_fold.csv $other/out_of_fold.csv || fail 'other predictions in parallel'
$command train:run folds.yaml --out killed --quiet --set training.checkpoint.steps=1 >out 2>err & pid=$!
i=0
while [ ! -e "$(echo killed/output/runs/folds_*/fold_3/checkpoints/checkpoint.safetensors)" ] && [ $i -lt 200 ]; do
    i=$((i + 1)); sleep 0.02
done
kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
trainlib train:run folds.yaml --out killed --quiet --set training.checkpoint.steps=1 --resume
[ $status = 0 ] || [ -e "$(echo killed/output/runs/folds_*/out_of_fold.csv)" ] || fail 'a killed run goes on'
killed=$(ls -d killed/output/runs/folds_*)
for k in 1 2 3 4 5; do
    cmp -s $run/fold_$k/model.safetensors $killed/fold_$k/model.safetensors || fail "fold $k has other bits after a kill"
done
sed '/"run"\|"memory_bytes"/d' $killed/metrics.json > b
sed '/"run"\|"memory_bytes"/d' $run/metrics.json > a
cmp -s a b || fail 'other figures after a kill'

# One fold, and folds without a test part: each row is judged once.
trainlib train:run folds.yaml --set data.split.fold=2 --set data.split.test=0.2 --out one --quiet
exits 0; [ -s "$(echo one/output/runs/folds_*/model.safetensors)" ] || fail 'one fold is one model'
trainlib train:run folds.yaml --set data.split.test=0 --set data.split.validation=0.2 --out nested --quiet
exits 0; is 'all rows' "$(cat nested/output/runs/folds_*/out_of_fold.csv | wc -l | tr -d ' ')" 151

# Seeds and settings.
trainlib train:run folds.yaml --set use_kfold=false --seeds 1,2,3 --out seeds
exits 0; says out 'of 3 models'; says err 'seed 2 (2/3)'
seeds=$(ls -d seeds/output/runs/folds_*)
[ -s $seeds/seed_2/model.safetensors ] || fail 'a folder for each seed'
trainlib train:evaluate $seeds
exits 0; says out 'train ' 'test '
trainlib train:run folds.yaml --set use_kfold=false --out sets \
    --set 'ensemble.members=[{training.optimizer: sgd}, {training.learning_rate: 0.02}]'
exits 0; says out 'of 2 models'
grep -q 'learning_rate: 0.02' sets/output/runs/folds_*/member_2/config.yaml || fail 'the member has its setting'

# Mistakes.
trainlib train:run folds.yaml --set data.split.folds=500 --out no
mistake data.split.folds 'larger than'
trainlib train:run folds.yaml --seeds 1,2
mistake 'one of them at a time'
trainlib train:run folds.yaml --set use_kfold=false --seeds 4,4
mistake ensemble.seeds twice
trainlib train:run folds.yaml --set use_kfold=false --set 'ensemble.members=[{training.epoch: 3}]'
mistake 'training.epoch' 'did you mean'
trainlib train:run folds.yaml --set n_folds=1
mistake folds 'from 2'
sed 's/focal_gamma: 2.0/training: {loss: cross_entropy}\nfocal_gamma: 2.0/; /^training: {epochs/d' folds.yaml > both.yaml
trainlib train:run both.yaml
mistake 'focal loss' both.yaml:
[ ! -e no ] || fail 'a mistake makes no folder'

finish
