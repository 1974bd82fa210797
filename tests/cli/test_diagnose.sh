#!/bin/sh
# Why did it stop? Planted causes, a healthy run, runs that crashed or have no analytics, values, a forecast, advice.
. tests/cli/support.sh
make_iris
cat > iris.yaml <<'END'
seed: 3
data: {file: iris.csv, target: species}
network: {layers: [{type: hidden, nodes: 16}, {type: output}]}
training: {epochs: 60, batch_size: 16, learning_rate: 0.01}
END
# first RUN: the first cause that is named
first() { trainlib train:diagnose "$1" --json; exits 0; first=$(sed -n 's/.*"cause": "\([a-z_]*\)".*/\1/p' out | head -n 1); }

# a healthy run names nothing; the alerts that it had were harmless
trainlib train:run iris.yaml --quiet --detailed-analytics; exits 0
trainlib train:diagnose iris.yaml
exits 0
says out 'Training stopped at epoch 60 of 60' 'Nothing is wrong' 'Not the cause: no NaN' 'inputs are scaled' 'no dead units'
run=$(ls -d output/runs/iris_*)
says $run/diagnosis.json '"causes": []' '"checklist"' '"rates"'
trainlib train:diagnose iris.yaml --checklist; exits 0
says out 'loss does not fall' 'overfitting' 'unstable' 'mixed precision' 'gradient clipping' 'NaN in the data'
is 'points of the checklist' "$(grep -c '^  [ !] ' out)" 15
first $run; is 'cause of a healthy run' "$first" ''
cp out a; trainlib train:diagnose $run --json --threads 2; cmp -s a out || fail 'the same run, the same words'
cp $run/model.safetensors model; trainlib train:diagnose $run --quiet; cmp -s model $run/model.safetensors || fail 'a diagnosis changes no model'
trainlib train:configure --apply-advice $run
exits 0; says out 'There is nothing to change' 'learning_rate: 0.01'

# learning rates; what it says, and the config that it makes
trainlib train:run iris.yaml --quiet --set training.learning_rate=1e-6 --set name=slow; exits 0
trainlib train:diagnose output/runs/slow_*
exits 0
says out '1  The learning rate is too low.' 'strong evidence' 'Tried again for' 'training.learning_rate: 1e-06' '--apply-advice' \
    'Not the cause:'
trainlib train:configure --apply-advice output/runs/slow_*
exits 0; says out '# The learning rate is too low.' '# training.learning_rate: 1e-06'
cp out next.yaml
trainlib train:configure next.yaml --check; exits 0
trainlib train:run next.yaml --quiet --set name=next; exits 0
first output/runs/next_*; [ "$first" = rate_low ] && fail 'the advice should help'
trainlib train:run iris.yaml --quiet --set training.learning_rate=1000 --set name=fast; exits 0
first output/runs/fast_*; is 'cause of a high rate' "$first" rate_high

# data
awk -F, -v OFS=, 'NR == 1 { print "code", $0; next } { print ($5 == "setosa" ? 1 : $5 == "virginica" ? 2 : 3) + NR % 10 / 100, $0 }' iris.csv > leak.csv
trainlib train:run iris.yaml --quiet --set data.file=leak.csv --set name=leak; exits 0
trainlib train:diagnose output/runs/leak_*; says out "Column 'code' gives the target away" 'data.drop: none' '["code"]'
trainlib train:configure --apply-advice output/runs/leak_*; exits 0; says out 'drop: [code]'
awk 'NR == 1 { print; next } { print; print }' iris.csv > twice.csv
trainlib train:run iris.yaml --quiet --set data.file=twice.csv --set name=twice; exits 0
first output/runs/twice_*; is 'cause of doubled rows' "$first" duplicates
awk -F, -v OFS=, 'NR > 1 { $1 *= 1000; $3 *= 40 } { print }' iris.csv > wide.csv
trainlib train:run iris.yaml --quiet --set data.file=wide.csv --set data.normalize=none --set name=wide; exits 0
first output/runs/wide_*; is 'cause of columns without a scale' "$first" unscaled

# values and forecasts; a target that is a class
awk 'BEGIN { s = 5; print "a,b,y,k"; for (i = 0; i < 300; i++) { s = s * 16807 % 2147483647; a = s / 1e9 - 1; s = s * 16807 % 2147483647
    b = s / 1e9 - 1; printf "%.4f,%.4f,%.4f,%d\n", a, b, a * a - b, (a > 0 ? 2 : (b > 0 ? 1 : 0)) } }' > values.csv
cat > values.yaml <<'END'
data: {file: values.csv, header: true, target: y, drop: [k]}
network: {layers: [{type: hidden, nodes: 16}, {type: output}]}
training: {epochs: 60, batch_size: 16, learning_rate: 0.01}
END
trainlib train:run values.yaml --quiet; exits 0
first values.yaml; is 'cause of good values' "$first" ''
trainlib train:run values.yaml --quiet --set data.target=k --set data.drop=[y] --set data.task=regression --set name=class; exits 0
trainlib train:diagnose output/runs/class_*; says out 'the target is a class' 'data.task: regression' 'classification'
awk 'BEGIN { print "t,v"; for (i = 0; i < 300; i++) printf "%d,%.4f\n", i, sin(i / 4) }' > wave.csv
cat > wave.yaml <<'END'
data: {file: wave.csv, time: t, task: forecast, target: v, window: {input_size: 16, horizon: 2}, split: {method: time, validation: 0.2, test: 0.1}}
network: {model: nlinear}
training: {epochs: 20, learning_rate: 0.01}
END
trainlib train:run wave.yaml --quiet; exits 0
first wave.yaml; is 'cause of a good forecast' "$first" ''

# In an emulator these trainings take ten minutes.
if [ -z "$RUN" ]; then
# forecasts: a window shorter than the season, a level that moves away, a column that knows the next steps, and each mended
awk 'BEGIN { s = 7; print "t,v,c"; for (i = 0; i < 903; i++) { s = s * 16807 % 2147483647; v[i] = (i % 48 < 3 ? 6 : i % 48 == 20 ? -5 : 0) + s / 4e9 }
    for (i = 0; i < 900; i++) printf "%d,%.4f,%.4f\n", i, v[i], 2 * v[i + 2] }' > pulses.csv
awk 'BEGIN { s = 9; print "t,v"; for (i = 0; i < 900; i++) { s = s * 16807 % 2147483647; printf "%d,%.4f\n", i, 0.03 * i * (1 + i / 600) + 2 * sin(i / 4) + s / 4e9 } }' > rising.csv
cat > pulses.yaml <<'END'
data: {file: pulses.csv, time: t, task: forecast, target: v, drop: [c], window: {input_size: 8, horizon: 4}, split: {method: time, validation: 0.2, test: 0.1}}
network: {model: lstm}
training: {epochs: 20, batch_size: 32, learning_rate: 0.005}
optimization: {early_stopping: {patience: 8}}
END
trainlib train:run pulses.yaml --quiet; exits 0
trainlib train:diagnose pulses.yaml; exits 0
says out '1  The window is shorter than the season.' 'repeats itself every 48 steps' 'the network sees 8' 'data.window.input_size: 8' '48'
trainlib train:run pulses.yaml --quiet --set data.window.input_size=48 --set training.epochs=60 --set network.model=mlp --set name=wide_window; exits 0
first output/runs/wide_window_*; [ "$first" = window_short ] && fail 'a window of a season is long enough'
trainlib train:run pulses.yaml --quiet --set data.file=rising.csv --set 'data.drop=[]' --set network.normalization=none --set data.window.input_size=24 --set name=rising; exits 0
trainlib train:diagnose output/runs/rising_*; says out 'The level of the series moves away' 'network.normalization: none' 'last'
trainlib train:run pulses.yaml --quiet --set data.file=rising.csv --set 'data.drop=[]' --set data.window.input_size=24 --set name=level; exits 0
first output/runs/level_*; is 'cause of a forecast whose windows are normalised' "$first" ''
trainlib train:run pulses.yaml --quiet --set 'data.drop=[]' --set name=ahead; exits 0
trainlib train:diagnose output/runs/ahead_*; says out "1  Column 'c' knows the steps that are to be forecast." '2 steps later' 'data.drop'
fi

# units that stand at the end of their range from the beginning
cat > tanh.yaml <<'END'
seed: 3
data: {file: iris.csv, target: species}
network: {layers: [{type: hidden, nodes: 24}, {type: hidden, nodes: 24}, {type: output}], activation: tanh}
training: {epochs: 30, batch_size: 16, learning_rate: 0.01}
END
trainlib train:run tanh.yaml --quiet; exits 0
trainlib train:diagnose tanh.yaml; says out 'no saturated units'
trainlib train:run tanh.yaml --quiet --set training.learning_rate=8 --set training.epochs=6 --set training.keep=last --set name=spoiled; exits 0
echo "transfer: {from: $(ls -d output/runs/spoiled_*)}" >> tanh.yaml
trainlib train:run tanh.yaml --quiet --set training.learning_rate=0.0001 --set name=stuck; exits 0
trainlib train:diagnose output/runs/stuck_*; says out 'Most units are saturated' 'network.activation: tanh' 'relu'

# crashed: no model, a checkpoint or not even that; a last line that is cut off
cp -r output/runs/slow_* crashed && rm crashed/model.safetensors && sed -i.bak 's/"state": "done"/"state": "training"/; /"result"/,$d' crashed/status.json
echo '}' >> crashed/status.json; sed -i.bak 's/"version": "0.1.0",/"version": "0.1.0"/' crashed/status.json
mkdir -p deep/er; mv crashed deep/er/crashed
trainlib train:diagnose deep/er/crashed --set data.file="$work/iris.csv"
exits 0; says out 'ended without a word' 'The learning rate is too low.'
rm -r deep/er/crashed/checkpoints; head -n 3 deep/er/crashed/metrics.csv | head -c 300 > cut; mv cut deep/er/crashed/metrics.csv
trainlib train:diagnose deep/er/crashed --set data.file="$work/iris.csv"; exits 0; says out 'Training stopped at epoch 1 of 60'

# where the time goes; the training is the same
trainlib train:run iris.yaml --quiet --profile --set name=timed
exits 0; says out 'of peak' 'dense_2' 'backward' 'optimizer' 'data' 'a step takes' 'one after the other' 'an epoch: its steps' 'files and screen'
timed=$(ls -d output/runs/timed_*)
says $timed/profile.json '"rows"' '"peak_gflops"' '"suggestions"' '"validation_seconds"' '"parts_microseconds"' '"output_seconds"' '"run_seconds"'
trainlib train:run iris.yaml --quiet --set name=timed
for other in output/runs/timed_*; do cmp -s $timed/model.safetensors $other/model.safetensors || fail 'a profile changes nothing'; done
trainlib train:run wave.yaml --quiet --profile --json; exits 0; says out '"run"'

# mistakes
trainlib train:diagnose nowhere; mistake nowhere
trainlib train:diagnose $run/model.safetensors; mistake 'is not the folder of a run'
trainlib train:configure --apply-advice nowhere; mistake nowhere
mv iris.csv gone.csv; trainlib train:diagnose $run; mistake iris.csv
finish
