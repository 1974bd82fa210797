#!/bin/sh
# Searches by the names of settings alone, parameters that count under a condition, and the reports of searches and
# experiments.
. tests/cli/support.sh
make_iris
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species, split: {method: stratified, validation: 0.3}}
network: {model: mlp, hidden_size: 8}
training: {epochs: 3}
END

# --vary: ranges from the table of settings
trainlib train:optimize iris.yaml --vary training.learning_rate --vary network.activation --set search.trials=5
exits 0
says out 'training.learning_rate' 'network.activation' 'importance'
csv=$(echo output/search/iris_*/trials.csv)
is 'columns' "$(head -n 1 $csv)" 'trial,status,val_loss,epochs,best_epoch,seconds,training.learning_rate,network.activation'
is 'trials' "$(grep -c ',done,' $csv)" 5
tail -n +2 $csv | cut -d, -f7 | awk '$1 < 0.0001 || $1 > 0.1 { bad = 1 } END { exit bad }' || fail 'a rate is out of its usual range'
trainlib train:optimize iris.yaml --vary seed; mistake 'seed has no usual range to search'
trainlib train:optimize iris.yaml --vary 'optimization.dropout=[0, 0.2]' --vary 'training.batch_size={min: 8, max: 9}' --json
exits 0; says out '"method": "grid"' '"trials": 4'
trainlib train:optimize iris.yaml; mistake '--vary training.learning_rate'
trainlib train:configure --explain training.learning_rate; exits 0; says out 'a search tries: {min: 0.0001, max: 0.1, scale: log}'
rm -r output

# a momentum where the optimizer has one; going on gives the same trials
cat >> iris.yaml <<'END'
search:
  trials: 12
  parameters:
    training.optimizer: [adam, sgd]
    training.optimizer.momentum: auto
    optimization.dropout: {max: 0.2, when: {training.optimizer: adam}}
END
trainlib train:optimize iris.yaml --out whole; exits 0
csv=$(echo whole/output/search/iris_*/trials.csv)
grep -q '^[0-9]*,done,.*,"adam",,0' $csv || fail 'adam should have no momentum, but a dropout'
grep -q '^[0-9]*,done,.*,"sgd",0.*,$' $csv || fail 'sgd should have a momentum and no dropout'
is 'none failed' "$(grep -c ',failed,' $csv)" 0
says out ' -'
trainlib train:optimize iris.yaml --out part --set search.trials=6 --quiet; exits 0
trainlib train:optimize iris.yaml --out part --resume --quiet; exits 0
cut -d, -f1-5,7- $csv > a; cut -d, -f1-5,7- part/output/search/iris_*/trials.csv > b
cmp -s a b || fail 'a search that goes on should come to the same trials'
for method in random tpe; do
    trainlib train:optimize iris.yaml --out $method --set search.method=$method --json
    exits 0; says out '"failed": 0' '"training.optimizer.momentum":'
done

# reports
folder=$(echo whole/output/search/iris_*)
trainlib train:report $folder; exits 0
says $folder/report.html 'Score of the trials' 'Settings of the trials' 'training.optimizer.momentum'
trainlib train:experiment iris.yaml --vary 'training.learning_rate=[0.03, 0.0001, -1]' --run-seeds 1,2,3
exits 0; says out 'report.html'
folder=training_analytics/experiments/learning_rate_experiment
says $folder/report.html 'learning_rate_0.03 has the least mean validation loss' 'more than the seeds explain' \
    'Validation loss of each run' 'Loss of each seed' 'of which 3 failed' 'failed: '
[ -s $folder/report.pdf ] || fail 'the PDF is not there'
trainlib train:report $folder --format svg,png --output pictures; exits 0
for name in val_loss val_accuracy curves panels; do
    [ -s pictures/charts/$name.svg ] && [ -s pictures/charts/$name.png ] || fail "$name is not there"
done
trainlib train:experiment iris.yaml --kind lr --run-seeds 1 --set output.report=never --quiet
exits 0; [ ! -e training_analytics/experiments/lr_experiment/report.html ] || fail 'output.report: never makes a report'
finish
