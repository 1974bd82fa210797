#!/bin/sh
# train:experiment and train:optimize as users type them: folders, tables, going on, mistakes.
. tests/cli/support.sh
make_iris
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species, split: {validation: 0.2, test: 0.2}}
network: {model: mlp, hidden_size: 8}
training: {epochs: 3, learning_rate: 0.01}
search: {trials: 6, parameters: {training.learning_rate: {min: 0.001, max: 0.1}}}
END
folder=training_analytics/experiments

# the three kinds, by the names and columns that they always have
trainlib train:experiment iris.yaml --kind lr --apply-best
exits 0; says out 'lr_0.01 ' 'lr_1e-05' 'best.yaml'
is 'learning rates' "$(ls $folder/lr_experiment | grep -c '^run_lr_.*_seed_')" 12
for id in lr_0.01_seed_42 lr_0.001_seed_123 lr_1e-05_seed_456; do
    for name in metrics.csv detailed_metrics.json alerts.txt config.yaml; do
        [ -s "$folder/lr_experiment/run_$id/$name" ] || fail "run_$id should have $name"
    done
done
is 'columns' "$(head -n 1 $folder/lr_experiment/summary.csv)" 'experiment_type,learning_rate,seed,run_id,status,error,epochs,best_epoch,train_loss,val_loss,test_loss,train_accuracy,val_accuracy,test_accuracy,stopping_reason'
is 'rows' "$(grep -c '^lr,.*,completed,,3,' $folder/lr_experiment/summary.csv)" 12
trainlib train:configure $folder/lr_experiment/best.yaml --check; exits 0
trainlib train:experiment iris.yaml --kind patience --run-seeds 1,2 --json
exits 0; says out '"patience_10_seed_1"' '"label": "patience_50"' '"n": 2'
trainlib train:experiment iris.yaml --kind architecture --run-seeds 7 --quiet
exits 0; says out 'arch_32-16 ' 'arch_256-128-64 '
is 'architectures' "$(ls $folder/architecture_experiment | grep -c '^run_arch_')" 4

# what is finished is not run again; with other settings it is
cp $folder/lr_experiment/summary.csv before.csv
trainlib train:experiment iris.yaml --kind lr
exits 0; is 'kept' "$(grep -c '(was there)' err)" 12
cmp -s before.csv $folder/lr_experiment/summary.csv || fail 'the summary should be the same again'
trainlib train:experiment iris.yaml --kind lr --set training.epochs=2
exits 0; is 'run anew' "$(grep -c '(was there)' err)" 0

# two settings; a run that fails is a row
trainlib train:experiment iris.yaml --vary 'training.optimizer=[adam, adm]' --vary 'optimization.dropout=[0, 0.1]' --run-seeds 5
exits 0; says out 'optimizer_adam_dropout_0.1' '2 runs failed'; says err "did you mean 'adam'"
is 'failed' "$(grep -c ',failed,' $folder/optimizer_experiment/summary.csv)" 2
trainlib train:experiment iris.yaml --vary 'training.optimizer=[adm]' --run-seeds 5,6
exits 1; says out '2 runs failed; summary.csv says why'

# the block of the config
cat >> iris.yaml <<'END'
experiments:
  - {kind: lr, values: [0.1, 0.01], seeds: [1]}
  - {name: widths, vary: {network.hidden_size: [4, 16]}, seeds: [1, 2]}
END
trainlib train:experiment iris.yaml --quiet
exits 0; says out 'lr_0.1 ' 'hidden_size_16' "$folder/widths"

# mistakes
trainlib train:experiment iris.yaml --kind learning; exits 2; says err 'lr, patience and architecture'
trainlib train:experiment iris.yaml --vary training.lerning_rate=[1]; exits 2; says err "did you mean 'learning_rate'"
trainlib train:experiment iris.yaml --vary training.epochs; exits 2; says err 'a setting and its values are needed'
trainlib train:experiment iris.yaml --kind lr --run-seeds a; exits 2; says err 'seeds are whole numbers'
trainlib train:experiment iris.yaml --kind lr --shard 3/2; exits 2; says err 'as in --shard 1/4'

# a page with the values beside each other
experiment=$(dirname "$(ls training_analytics/experiments/*/summary.json | head -n 1)")
trainlib train:report $experiment
exits 0; says out "$experiment/report.html" "$experiment/report.pdf"
says $experiment/report.html 'values were tried' 'least mean validation loss' 'Validation loss of each run' '<figcaption>'
[ -s $experiment/charts/val_loss.svg ] || fail 'the chart of an experiment'
trainlib train:report $experiment --output page --json; exits 0; says out '"experiment": "'

# a search: table, importance, files; going on finds nothing left to do
trainlib train:optimize iris.yaml
exits 0; says out 'training.learning_rate' 'importance' 'best.yaml'; says err 'trial 6/6'
trainlib train:configure output/search/*/best.yaml --check; exits 0
trainlib train:optimize iris.yaml --resume --json
exits 0; says out '"trials": 6' '"importance"'; says err 'after 6 trials'
trainlib train:optimize iris.yaml --resume --set search.trials=8
exits 0; says err 'trial 8/8'
trainlib train:optimize iris.yaml --shard 1/2; exits 2; says err 'shards know nothing of each other'

finish
