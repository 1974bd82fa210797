#!/bin/sh
# train:explain: a column that decides, one that repeats nothing, and what is written.
. tests/cli/support.sh
awk 'BEGIN {srand(3); print "signal,noise,kind,class"
     for (i = 0; i < 300; i++) {s = rand(); n = rand(); k = (i % 3 == 0) ? "red" : "blue"
         print s "," n "," k "," (s > 0.5 ? "high" : "low")}}' > made.csv
cat > made.yaml <<'END'
name: made
data: {file: made.csv, target: class}
network: {model: mlp, hidden_size: [8]}
training: {epochs: 40, learning_rate: 0.01}
END
trainlib train:run made.yaml --quiet
exits 0; run=$(ls -d output/runs/made_*)
trainlib train:explain $run --set explanation.repeats=20
exits 0
says out 'accuracy of 60 rows' 'convergence delta' "$run/explain"
is 'the column that decides' "$(sed -n 4p out | cut -d' ' -f1)" signal
for file in explanation.json importance.csv attributions.csv importance.svg attributions.svg; do
    [ -s $run/explain/$file ] || fail "no $file"
done
ls output/logs/xai_*.log >/dev/null || fail 'no log of its own'
awk -F, '$1 == "signal" {exit !($2 > 0.3)} ' $run/explain/importance.csv || fail 'the deciding column should matter'
awk -F, '$1 == "noise" && ($2 > 0.1 || $2 < -0.1) {exit 1}' $run/explain/importance.csv || fail 'noise should not matter'
is 'rows' "$(wc -l < $run/explain/attributions.csv | tr -d ' ')" 61
is 'columns' "$(head -n 1 $run/explain/attributions.csv)" row,explained,delta,signal,noise,kind
cp $run/explain/importance.csv first.csv
trainlib train:explain $run --set explanation.repeats=20 --threads 2 --json
exits 0; says out '"permutation_importance"' '"integrated_gradients"' '"baseline": "mean of the training rows"'
cmp -s first.csv $run/explain/importance.csv || fail 'the same figures on any number of threads'

# More points on the way, a smaller delta.
few=$(trainlib train:explain $run --set explanation.steps=2 --json; sed -n 's/.*"delta_mean": \(.*\),/\1/p' out)
many=$(trainlib train:explain $run --set explanation.steps=400 --json; sed -n 's/.*"delta_mean": \(.*\),/\1/p' out)
awk "BEGIN {exit !($many < $few && $many < 0.01)}" || fail "delta $few with 2 steps, $many with 400"

trainlib train:explain $run --data made.csv --output elsewhere
exits 0; says out '300 rows'; [ -s elsewhere/importance.csv ] || fail 'not where --output says'
trainlib train:explain $run/model.safetensors --data made.csv --output alone
exits 0
trainlib train:explain $run/model.safetensors
mistake '--data FILE'
trainlib train:explain $run --set explanation.metric=r2
mistake explanation.metric classes
cut -d, -f1-3 made.csv > blind.csv
trainlib train:explain $run --data blind.csv
mistake 'class' truth

trainlib train:run made.yaml --kfold --set n_folds=3 --out folds --quiet
exits 0
trainlib train:explain "$(ls -d folds/output/runs/made_*)"
exits 0; says out /fold_

finish
