#!/bin/sh
# Texts for language models: of a run, of one that went wrong, of an experiment; long tables; mistakes.
. tests/cli/support.sh
make_iris
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species, split: {validation: 0.2, test: 0.2}}
network: {layers: [{type: hidden, nodes: 8}, {type: output}]}
training: {epochs: 6, learning_rate: 0.01}
END
trainlib train:run iris.yaml --quiet --detailed-analytics; exits 0
run=$(ls -d output/runs/iris_*)
trainlib train:prompt
exits 0
says out 'Classes (3): setosa (30 training rows), versicolor' 'Chance accuracy: 0.3333' 'Final epoch: 6 of at most 6' \
    'How it ended: completed' 'training.learning_rate: 0.01' 'Poor, Fair, Good or Excellent' 'actionable points only' \
    'Why did the training stop' 'epoch,train_loss,val_loss' 'The training gave no alerts'
tail -n +2 $run/../../../training_analytics/runs/*/metrics.csv > rows
while read -r row; do grep -qxF -e "$row" out || fail "the table should have the row $row"; done < rows
trainlib train:prompt training_analytics/runs/iris_*; exits 0; says out 'Chance accuracy: 0.3333' 'How it ended: completed'
trainlib train:prompt $run --kind failure --json; exits 0; says out '"text"' 'What went wrong'
trainlib train:prompt $run --kind poem; exits 2; says err 'analysis, failure, comparison'
trainlib train:prompt nowhere; mistake nowhere

# a table of 2,000 rows is thinned; the first and the last rows stay
trainlib train:run iris.yaml --quiet --set training.epochs=2000 --set name=long; exits 0
trainlib train:prompt long_none; mistake long_none
trainlib train:prompt $(ls -d output/runs/long_*); exits 0
says out 'of 2000 rows are shown' "$(tail -n 1 output/runs/long_*/metrics.csv)" "$(sed -n 2p output/runs/long_*/metrics.csv)"
[ $(wc -c < out) -lt 13000 ] || fail 'the text should fit'
awk -F, '/^[0-9]+,/ { if ($1 <= last) bad = 1; last = $1 } END { exit bad }' out || fail 'rows should be in order'

# a regression has no chance; one that failed gets the questions of a failure
awk -F, -v OFS=, 'NR > 1 { print $1, $2, $3 }' iris.csv > numbers.csv
sed 's/iris.csv, target: species/numbers.csv, target: -1/' iris.yaml > numbers.yaml
trainlib train:run numbers.yaml --quiet; exits 0
trainlib train:prompt numbers.yaml; exits 0; says out 'so there is no accuracy' 'Final validation error (MAE)'
sed -i.bak '1s/.*/1,2,3e38/' numbers.csv
trainlib train:run numbers.yaml --quiet --set name=bad --set training.learning_rate=1000 --set training.optimizer=sgd \
    --set data.normalize_target=none
[ $status -ne 0 ] || fail 'this training should fail'
trainlib train:prompt $(ls -d output/runs/bad_*)
exits 0; says out 'went wrong' 'Message:'

# an experiment
mkdir -p ex
cat > ex/summary.csv <<'END'
experiment_type,learning_rate,seed,run_id,status,error,epochs,best_epoch,train_loss,val_loss,final_val_accuracy
lr_experiment,0.01,42,lr_0.01_seed_42,done,,10,8,0.1,0.2,0.9
lr_experiment,0.01,123,lr_0.01_seed_123,done,,20,9,0.1,0.2,0.8
lr_experiment,0.001,42,lr_0.001_seed_42,failed,"it, ""broke""",,,,,
END
trainlib train:prompt ex
exits 0
says out 'Experiment: ex, 3 runs' 'by learning_rate' '0.01: 2 runs, 0 failed, epochs 15 on average' '0.85 ± 0.071' \
    '0.001: 1 runs, 1 failed' 'Rank the settings' 'it, ""broke""'

# values that are quoted, hold commas and line ends
cat > ex/summary.csv <<'END'
experiment_type,network.layers,seed,run_id,status,error,epochs,val_accuracy
layers,"[32, 16]",1,a,done,,10,0.5
layers,"[32, 16]",2,b,done,,20,0.7
layers,"[8, 4]",1,c,failed,"one line,
and ""another"",1",,
END
trainlib train:prompt ex
exits 0; says out 'ex, 3 runs' '- [32, 16]: 2 runs, 0 failed, epochs 15 on average, final validation figure 0.6' '- [8, 4]: 1 runs, 1 failed'

finish
