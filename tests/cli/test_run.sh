#!/bin/sh
# The way from a config to a trained, measured, resumable model, as a user goes it.
. tests/cli/support.sh
make_iris
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species}
network: {layers: [{type: hidden, nodes: 16}, {type: output}]}
training: {epochs: 30, learning_rate: 0.01}
optimization: {early_stopping: {patience: 10}}
END

trainlib train:run iris.yaml --plan
exits 0; says out 'parameters' 'planned for training'
trainlib train:prepare-data iris.yaml
exits 0; says out 'output/data/iris'
for file in train.csv validation.csv test.csv norm_params.json data_report.json; do
    [ -s output/data/iris/$file ] || fail "prepare-data should write $file"
done

trainlib train:run iris.yaml
exits 0
says err 'iris.csv 150 × 4 → 3 classes' '4 → 16 relu → 3' 'planned for training' 'epoch 1/30  loss '
says out 'accuracy' 'validation' 'test' 'output/runs/iris_'
run=$(ls -d output/runs/iris_*)
for file in config.yaml status.json metrics.csv metrics.json log norm_params.json model.safetensors; do
    [ -s $run/$file ] || fail "a run should have $file"
done
is 'rows of metrics.csv' "$(wc -l < $run/metrics.csv | tr -d ' ')" "$(($(grep -c '  epoch ' $run/log) + 1))"
is 'the header of metrics.csv' "$(head -n 1 $run/metrics.csv)" 'epoch,train_loss,val_loss,train_acc,val_acc,learning_rate,gradient_norm_avg,gradient_norm_max,early_stopping_triggered,batch_count,total_samples_processed,epoch_duration_seconds'
says $run/log 'loss' 'iris.csv 150'
cmp -s $run/log output/logs/training_*.log || fail 'the log in logs/ should be the same'
says $run/metrics.json '"confusion"' '"per_class"' '"roc"' '"balanced_accuracy"'
grep -q "$(printf '\033')" err && fail 'no escape codes on a pipe'

# The same again from the effective config, under another number of threads: the same bits.
trainlib train:run $run/config.yaml --threads 2 --out again --quiet
exits 0
is 'talk under --quiet' "$(wc -c < err | tr -d ' ')" 0
cmp -s $run/model.safetensors again/output/runs/iris_*/model.safetensors || fail 'the effective config should give the same model'
trainlib train:run iris.yaml --seed 7 --out again --quiet
exits 0
[ "$(ls again/output/runs | wc -l | tr -d ' ')" = 2 ] || fail 'two runs, two folders'

trainlib train:run iris.yaml --json --out json --set training.epochs=3
exits 0
says out '"run"' '"epochs": 3' '"best_epoch"' '"stopped"' '"seconds"' '"samples_per_second"' '"parameters": 131' '"memory_bytes"' \
    '"train"' '"validation"' '"test"' '"loss"' '"samples"' '"accuracy"' '"balanced_accuracy"' '"precision_macro"' '"recall_macro"' \
    '"f1_macro"' '"auc"'

trainlib train:run iris.yaml --preset plain
exits 2
trainlib train:run iris.yaml --out best --set output.best_model=true --loss-function focal
exits 0
[ -s best/output/runs/iris_*/best_model_csv_mlp.safetensors ] || fail 'the best model should be kept'
trainlib train:evaluate $run
exits 0; [ -s output/logs/evaluation_*.log ] || fail 'an evaluation has a log'

trainlib train:status
exits 0; says out "$run" 'done' 'acc'
trainlib train:status --json
exits 0; says out '"state": "done"' '"running": false' '"config_hash"'
trainlib train:status $run --watch
exits 0
trainlib train:metrics
exits 0; says out 'training' 'pattern' 'performance' 'validation' 'confusion'
trainlib train:metrics $run --format csv
exits 0; cmp -s out $run/metrics.csv || fail 'the table should be metrics.csv'
trainlib train:metrics iris.yaml --format json
exits 0; says out '"training"' '"epochs"'

trainlib train:evaluate
exits 0; says out 'accuracy' 'precision' 'support'
trainlib train:evaluate $run --json
exits 0; says out '"test"' '"accuracy"' '"parameters": 131'
trainlib train:evaluate $run/model.safetensors --data iris.csv --json
exits 0; says out '"samples": 150'

# Prediction: without the target, in another order, from standard input, as CSV and JSON.
cut -d, -f1-4 iris.csv > rows.csv
trainlib train:predict --data rows.csv
exits 0; is 'lines' "$(wc -l < out | tr -d ' ')" 151
is 'columns' "$(head -n 1 out)" 'row,prediction,prob_setosa,prob_versicolor,prob_virginica'
cp out direct.csv
awk -F, '{ print $4 "," $2 "," $3 "," $1 ",x" }' OFS=, rows.csv | sed '1s/,x$/,extra/' > shuffled.csv
trainlib train:predict --data shuffled.csv
exits 0; cmp -s out direct.csv || fail 'the order of columns should not matter'; says err 'extra'
$command train:predict --data - < rows.csv > out 2> err; status=$?
exits 0; cmp -s out direct.csv || fail 'standard input should give the same'
trainlib train:predict $run --data rows.csv --output p.csv
exits 0; cmp -s p.csv direct.csv || fail '--output should hold the same'
mkfifo pipe && { cat rows.csv > pipe & }
trainlib train:predict --data pipe --set data.streaming=true --output q.csv
exits 0
cmp -s p.csv q.csv || fail "rows from a pipe, read block by block, give other predictions"
checks=$((checks + 1))
trainlib train:predict $run --data rows.csv --format json
exits 0; says out '"prediction": "setosa"' '"probabilities"'
trainlib train:predict $run --data rows.csv --json
exits 0; says out '"predictions"' '"rows": 150'
cut -d, -f1-3 iris.csv > three.csv
trainlib train:predict $run --data three.csv
mistake petal_width
sed '5s/^[^,]*/?/' rows.csv > gap.csv
trainlib train:predict $run --data gap.csv
mistake gap.csv

# A search: recorded, repeatable, and its best config runs.
cat >> iris.yaml <<'END'
search:
  method: random
  trials: 3
  parameters:
    training.learning_rate: {min: 0.001, max: 0.1, scale: log}
    network.layers: [[{type: hidden, nodes: 4}, {type: output}], [{type: hidden, nodes: 8}, {type: output}]]
END
trainlib train:optimize iris.yaml --set training.epochs=4
exits 0; says out 'val_loss' 'best.yaml'; says err 'trial 3/3'
search=$(ls -d output/search/iris_*)
is 'trials' "$(wc -l < $search/trials.csv | tr -d ' ')" 4
cut -d, -f1-5,7- $search/trials.csv > first
trainlib train:optimize iris.yaml --set training.epochs=4 --out again --quiet
exits 0; cut -d, -f1-5,7- again/output/search/iris_*/trials.csv > second
cmp -s first second || fail 'a search should be repeatable'
trainlib train:optimize iris.yaml --set training.epochs=4 --resume --json
exits 0; says out '"trials": 3'
trainlib train:run $search/best.yaml --quiet
exits 0
trainlib train:optimize iris.yaml --set search.method=grid
mistake 'a grid needs lists'
trainlib train:optimize iris.yaml --set search.metric=loss
mistake search.metric "'loss'"

# Interrupted, crashed, in use by another process: each is told, and going on ends as the undisturbed run.
cat > long.yaml <<'END'
data: {file: iris.csv, target: species}
network: {layers: [{type: hidden, nodes: 16}, {type: output}]}
training: {epochs: 1000000, batch_size: 4, checkpoint: {epochs: 50}}
END
# started OUT: train in the background until the first checkpoint is there
started()
{
    $command train:run long.yaml --out $1 >out 2>err &
    process=$!
    waited=0
    until ls $1/output/runs/long_*/checkpoints/checkpoint.safetensors >/dev/null 2>&1 || [ $waited -gt 600 ]; do
        waited=$((waited + 1))
        sleep 0.1
    done
    long=$(ls -d $1/output/runs/long_*)
}
started stopped
trainlib train:run --resume $long
exits 1; says err 'another process'
trainlib train:status $long --json
says out '"running": true' '"state": "training"'
kill -INT $process; wait $process; status=$?
exits 130
trainlib train:status $long
exits 0; says out interrupted '--resume'
started crashed
kill -9 $process; wait $process 2>/dev/null
trainlib train:status $long
exits 0; says out crashed '--resume'
sed 's/^5.1,3.5/5.1,3.6/' iris.csv > kept.csv; mv iris.csv old.csv; mv kept.csv iris.csv
trainlib train:run --resume $long
exits 1; says err sepal_width
trainlib train:status $long
says out crashed
mv old.csv iris.csv
trainlib train:run --resume $long --set training.batch_size=8
exits 2; says err 'training.batch_size cannot change'
for out in stopped crashed; do
    long=$(ls -d $out/output/runs/long_*)
    epoch=$(head -c 65536 $long/checkpoints/checkpoint.safetensors | grep -ao 'checkpoint-epoch-[0-9]*' | head -n 1)
    last=$((${epoch##*-} + 60))
    trainlib train:run --resume $long --set training.epochs=$last --quiet
    exits 0
    trainlib train:run long.yaml --out whole-$out --set training.epochs=$last --quiet
    exits 0
    cmp -s $long/model.safetensors whole-$out/output/runs/long_*/model.safetensors ||
        fail 'a resumed run should end as the undisturbed one'
    is 'stability after a resume' "$(grep '"stability_index"' $long/metrics.json)" \
       "$(grep '"stability_index"' whole-$out/output/runs/long_*/metrics.json)"
done
[ -z "$(find . -name '*.tmp*')" ] || fail 'what a crash left half-written should be gone after a resume'

finish
