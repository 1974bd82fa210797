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
folds=$(ls -d folds/output/runs/made_*)
trainlib train:explain $folds
exits 0; says out /fold_ "$folds/explain"
[ -s $folds/explain/importance.svg ] || fail 'the explanation of a run over folds is in its folder'
trainlib train:run made.yaml --seeds 1,2 --out seeds --quiet
seeds=$(ls -d seeds/output/runs/made_*)
trainlib train:explain $seeds --method permutation
exits 0; says out /seed_ "$seeds/explain"
trainlib train:ensemble $seeds/seed_1 $seeds/seed_2 --ensemble vote --output list.json
exits 0
trainlib train:explain list.json --method gradients
exits 0; says out seed_ attribution
trainlib train:validate $folds
mistake '3 models' "train:validate $folds/fold_"
trainlib train:validate list.json
mistake '2 models' "train:validate "
trainlib train:compare $folds $seeds
exits 0; says out 'ensemble.seeds' 'test accuracy'
for what in diagnose prompt; do
    trainlib train:$what $folds
    mistake "$folds/fold_"
    trainlib train:$what list.json
    mistake list.json 'train:predict'
done
trainlib train:evaluate list.json
mistake 'a list of models' '--data'
trainlib train:compare list.json $run
mistake 'a list of 2 models'

# One method, one row.
trainlib train:explain $run --method permutation --output only --json
exits 0; says out '"permutation_importance"'
grep -q integrated_gradients out && fail 'only permutation was asked for'
[ ! -e only/attributions.csv ] || fail 'attributions were not asked for'
trainlib train:explain $run --format csv --output never
mistake svg png pdf
[ ! -e never ] || fail 'a mistake writes nothing'
trainlib train:explain $run --method attention
mistake 'no layer of attention' '--method permutation'
row=$(sed -n 5p $run/explain/attributions.csv | cut -d, -f1)
trainlib train:explain $run --method gradients --set explanation.show_rows=[$row] --format svg,png --output one --json
exits 0; says out "\"row\": $row"
[ -s one/attributions_row_$row.svg ] && [ -s one/attributions_row_$row.png ] || fail 'no picture of the row'
trainlib train:explain $run --set explanation.show_rows=[100000]
mistake explanation.show_rows 'row 100000'
trainlib train:explain $run --set explanation.target=class
mistake explanation.target

# Sequences: what decides stands at the third step of a; b says nothing. And the heads of attention.
awk 'BEGIN {srand(5); print "id,t,a,b,class"
     for (i = 0; i < 150; i++) {n = 4 + int(rand() * 8); up = rand() > 0.5
         for (t = 0; t < n; t++) print i "," t "," rand() - 0.5 + (t == 2) * (up ? 2 : -2) "," rand() - 0.5 "," \
             (up ? "up" : "down")}}' > steps.csv
cat > steps.yaml <<'END'
name: steps
data: {file: steps.csv, time: t, sequence: {id: id}, target: class}
network:
  layers:
    - {type: conv1d, filters: 4, kernel_size: 1}
    - {type: transformer_encoder, name: enc, heads: 2, feedforward: 8, dropout: 0}
    - {type: global_avg_pool}
    - {type: output}
training: {epochs: 30, batch_size: 16, learning_rate: 0.01}
END
trainlib train:run steps.yaml --quiet
exits 0; steps=$(ls -d output/runs/steps_*)
trainlib train:explain $steps --set explanation.repeats=10
exits 0; says out 'steps that matter most: 3 to 3' enc_self_attn 'all alike'
is 'the column that decides' "$(sed -n 4p out | cut -d' ' -f1)" a
for file in step_importance.svg attributions_by_step.svg attributions_by_step.csv attention_enc_self_attn.svg \
    attention_enc_self_attn.npy; do
    [ -s $steps/explain/$file ] || fail "no $file"
done
is 'the step that decides' "$(sort -t, -k4,4 -g -r $steps/explain/attributions_by_step.csv | head -n 1 | cut -d, -f1,2)" a,3
trainlib train:report $steps
exits 0; grep -q 'Where the heads of attention look' $steps/report.html || fail 'the report shows attention'

# Windows: the next value is the one four steps before. The shuffled column and step, and the map, say so.
awk 'BEGIN {srand(7); print "x,noise"; for (i = 0; i < 600; i++) {v[i] = i < 4 ? rand() : 0.05 * rand() + v[i - 4] * 0.99
     if (rand() < 0.3) v[i] = rand(); print v[i] "," rand()}}' > lags.csv
cat > lags.yaml <<'END'
name: lags
data: {file: lags.csv, task: forecast, target: x, covariates: {past: [noise]}, window: {input_size: 6, horizon: 1}}
network: {model: {type: mlp}, hidden_size: [16]}
training: {epochs: 30, learning_rate: 0.01}
END
trainlib train:run lags.yaml --quiet
exits 0; lags=$(ls -d output/runs/lags_*)
trainlib train:explain $lags
exits 0; says out 'mse of ' 'rise' 'steps that matter most: -4 to -4'
is 'the column that decides' "$(sed -n 4p out | cut -d' ' -f1)" x
is 'the lag that decides' "$(sort -t, -k4,4 -g -r $lags/explain/attributions_by_step.csv | head -n 1 | cut -d, -f1,2)" x,-4
is 'cells' "$(wc -l < $lags/explain/attributions_by_step.csv | tr -d ' ')" 13
trainlib train:run lags.yaml --set training.loss=quantile --out quantiles --quiet
quantiles=$(ls -d quantiles/output/runs/lags_*)
trainlib train:evaluate $quantiles --json
mse=$(sed -n '/"test"/,$s/.*"mse": \([0-9.]*\).*/\1/p' out | head -n 1)
trainlib train:explain $quantiles --method permutation --json
exits 0
awk "BEGIN {d = $mse - $(sed -n 's/.*"score": \([0-9.]*\).*/\1/p' out); exit !(d < 1e-6 && d > -1e-6)}" ||
    fail 'the middle quantile is what is scored'
trainlib train:run lags.yaml --seeds 1,2 --out ahead --quiet
ahead=$(ls -d ahead/output/runs/lags_*)
trainlib train:explain $ahead
exits 0; says out "$ahead/seed_" "$ahead/explain"
trainlib train:explain $lags --set explanation.target=noise
mistake explanation.target "'x'"

# Pictures of 4 x 4: the left half bright, or the right one.
printf '\000\000\010\003\000\000\000\144\000\000\000\004\000\000\000\004' > images.idx
printf '\000\000\010\001\000\000\000\144' > labels.idx
i=0; while [ $i -lt 50 ]; do
    printf '\310\0\0\0\310\0\0\0\310\0\0\0\310\0\0\0\0\0\0\310\0\0\0\310\0\0\0\310\0\0\0\310' >> images.idx
    printf '\000\001' >> labels.idx; i=$((i + 1))
done
cat > halves.yaml <<'END'
name: halves
data: {file: {images: images.idx, labels: labels.idx}, task: classification}
network: {model: mlp, hidden_size: [4]}
training: {epochs: 10, learning_rate: 0.02}
END
trainlib train:run halves.yaml --quiet
exits 0; halves=$(ls -d output/runs/halves_*)
trainlib train:explain $halves --method gradients --format svg,png
exits 0
[ -s $halves/explain/attributions_of_pixels.png ] || fail 'no picture of the pixels'
is 'classes' "$(grep -c '"attribution": {' $halves/explain/explanation.json)" 3    # of two classes and one row

finish
