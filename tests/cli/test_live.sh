#!/bin/sh
# Changes while a run is on: asked for, written into the config, written down beforehand; killed and gone on with.
. tests/cli/support.sh
make_iris
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species, split: {validation: 0.2, test: 0.2}}
network: {layers: [{type: hidden, nodes: 16}, {type: output}]}
training: {epochs: 1000000, batch_size: 8}
optimization: {dropout: 0.1}
END
start() # CONFIG: a run in the background; $run is its folder
{
    before=$(ls -d output/runs/* 2>/dev/null | wc -l)
    $command train:run $1 --quiet >run.out 2>run.err &
    process=$!
    tries=0
    until [ "$(ls -d output/runs/* 2>/dev/null | wc -l)" -gt $before ] && run=$(ls -td output/runs/* | head -n 1) &&
          grep -q training $run/status.json 2>/dev/null || [ $tries -gt 300 ]; do tries=$((tries + 1)); sleep 0.1; done
}
epoch() { $command train:status $run --json | sed -n 's/.*"epoch": \([0-9]*\).*/\1/p'; }
wait_for() { tries=0; until grep -q "$2" "$1" 2>/dev/null || [ $tries -gt 300 ]; do tries=$((tries + 1)); sleep 0.1; done; }

start iris.yaml
trainlib train:configure $run --set training.learning_rate=0.0003 --set optimization.dropout=0.2 \
    --set optimization.weight_decay=0.001
exits 0; says out 'changed from step'
says $run/changes.jsonl '"training.learning_rate=0.0003","optimization.dropout=0.2"' 'train:configure --set'
wait_for $run/log 'optimization.dropout=0.2 (train'    # the log is written a few times a second
says $run/log 'optimization.dropout=0.2 (train:configure --set)'

# refused: all of it, with the reason; the run goes on
trainlib train:configure $run --set training.batch_size=4 --set training.learning_rate=1
mistake 'training.batch_size cannot change in the middle of a run'
trainlib train:configure $run --set training.learning_rate=-1
mistake 'training.learning_rate is -1'
trainlib train:configure $run --set training.lerning_rate=1
mistake 'training.learning_rate'
wait_for $run/log 'refused, and going on as before'
says $run/log 'refused, and going on as before'
is 'changes after refusals' $(wc -l < $run/changes.jsonl) 1

# written by hand, and badly
echo '{"set": {"training.learning_rate": 0.0002}, "origin": "by hand"}' > control.tmp; mv control.tmp $run/control.json
wait_for $run/changes.jsonl 'by hand'
says $run/changes.jsonl 'training.learning_rate=0.0002'
echo '{"set": ' > $run/control.json
wait_for $run/log 'control.json:'
echo '{"do": "dance"}' > control.tmp; mv control.tmp $run/control.json
wait_for $run/log "'dance' is nothing"
[ ! -e $run/control.json ] || fail 'a request should be taken away'

# waiting, saving, going on
trainlib train:status $run --pause; exits 0
trainlib train:status $run; says out paused
first=$(epoch); sleep 0.3
is 'epoch while it waits' "$(epoch)" "$first"
trainlib train:status $run --checkpoint; exits 0
[ -e $run/checkpoints/checkpoint.safetensors ] || fail 'a checkpoint should be there'
trainlib train:configure $run --set training.checkpoint.epochs=50; exits 0
trainlib train:status $run --continue; exits 0

# the config file: what changed in it, and what may not
sed 's/batch_size: 8/batch_size: 8, learning_rate: 0.0005/' iris.yaml > new.yaml; mv new.yaml iris.yaml
wait_for $run/changes.jsonl 'training.learning_rate=0.0005'
says $run/changes.jsonl '"origin":"iris.yaml"'
sed 's/nodes: 16/nodes: 17/' iris.yaml > new.yaml; mv new.yaml iris.yaml
wait_for $run/log 'iris.yaml was changed; refused'
sed 's/nodes: 17/nodes: 16/; s/, learning_rate: 0.0005//' iris.yaml > new.yaml; mv new.yaml iris.yaml
wait_for $run/changes.jsonl 'training.learning_rate=0.001'

# killed, and gone on with: the same changes before the same steps
trainlib train:status $run --checkpoint; exits 0
trainlib train:configure $run --set training.learning_rate=0.0004; exits 0
sleep 0.2
kill -9 $process; wait $process 2>/dev/null
trainlib train:status $run; says out crashed
trainlib train:configure $run --set training.learning_rate=0.1
exits 1; says err 'is not being trained (crashed); only a run that is on can be changed'
trainlib train:status $run --pause; exits 1
steps=$(sed -n 's/.*"step":\([0-9]*\).*/\1/p' $run/changes.jsonl | tail -n 1)
trainlib train:run --resume $run --set training.epochs=$((steps / 12 + 10)) --quiet
exits 0
says $run/changes.jsonl '--set of --resume' '"training.epochs='

# a run with the same changes written down beforehand has the same weights
{
    sed 's/^training: {/training: {changes: [CHANGES], /' iris.yaml > scripted.in
    changes=$(sed 's/.*"step":\([0-9]*\),"set":\[\(.*\)\]}$/{step: \1, set: [\2]}/' $run/changes.jsonl | tr '\n' ',')
    sed "s|CHANGES|${changes%,}|" scripted.in > scripted.yaml
}
trainlib train:run scripted.yaml --quiet; exits 0
trainlib train:compare $run scripted
exits 0; says out 'equal, bit for bit'

# what was written down is checked before the run begins
sed 's|learning_rate=0.0004|batch_size=9|' scripted.yaml > wrong.yaml
runs=$(ls output/runs | wc -l)
trainlib train:run wrong.yaml; mistake 'training.batch_size cannot change'
sed 's|\[{step: [0-9]*|[{step: soon|' scripted.yaml > wrong.yaml
trainlib train:run wrong.yaml; mistake 'wrong.yaml:3' 'a change is {step: 500'
is 'runs after mistakes' $(ls output/runs | wc -l) $runs

# stopping saves
start iris.yaml
trainlib train:status $run --stop; exits 0
wait $process
is 'exit status of a run that was stopped' $? 130
trainlib train:status $run; says out interrupted
sed 's/optimization: .*//' iris.yaml > plain.yaml
start plain.yaml
trainlib train:configure $run --set optimization.dropout=0.5
mistake 'its network has no dropout layers'
trainlib train:status $run --stop; exits 0
wait $process

# of a run over folds, those that are being trained are asked
cat > folds.yaml <<'END'
data: {file: iris.csv, target: species, split: {folds: 3, test: 0.2}}
network: {layers: [{type: hidden, nodes: 16}, {type: output}]}
training: {epochs: 1000000, batch_size: 8}
folds: {use_kfold: true, parallel: 2}
END
start folds.yaml
trainlib train:status $run --pause; exits 0
wait_for $run/fold_1/status.json paused; says $run/fold_1/status.json paused
wait_for $run/fold_2/status.json paused; says $run/fold_2/status.json paused
trainlib train:configure $run --set training.learning_rate=0.1; mistake 'trained by the same settings'
trainlib train:status $run --continue; exits 0
trainlib train:status $run/fold_2 --checkpoint; exits 0
says $run/fold_2/control_answer.json '"accepted": true'
trainlib train:status $run --stop; exits 0
wait $process
is 'exit status of a run over folds that was stopped' $? 130
trainlib train:status $run; says out interrupted

finish
