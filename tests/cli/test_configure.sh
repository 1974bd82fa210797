#!/bin/sh
# train:configure: what it writes can be read, what it explains comes from the tables, presets and aliases.
. tests/cli/support.sh
make_iris

for preset in plain advanced kfold; do
    trainlib train:configure --preset $preset --set data.file=iris.csv --set data.target=species
    exits 0
    cp out $preset.yaml
    trainlib train:configure $preset.yaml --check
    exits 0; says out 'no mistakes'
done
says plain.yaml 'dropout: 0.2' 'patience: 10'
says advanced.yaml 'type: focal' 'monitor: balanced_accuracy' 'ratio_check: true'
trainlib train:configure plain.yaml --set training.epochs=7
exits 0; says out 'epochs: 7'
says advanced.yaml 'type: focal'
trainlib train:configure --preset forecast --set data.file=hours.csv --set data.time=hour --set data.target=load
exits 0
cp out forecast.yaml
says forecast.yaml 'input_size: 168' 'horizon: 24' 'stride: 1' 'method: time' 'sigma: 3' 'lags: [1, 3, 7, 14, 21]' \
    'windows: [20, 50]' 'windows: [20]' 'alphas: [0.3]' 'periods: [1]' 'workers: 4' 'nhits' 'batch_size: 32' \
    'validation_batch_size: 64' 'epochs: 100' 'learning_rate: 0.001' 'mixed_precision: true' 't_max: 100' 'dropout: 0.2' \
    'gradient_clip: 1' 'patience: 10' 'best_model: true'
trainlib train:configure forecast.yaml --check
exits 0; says out 'no mistakes'
says kfold.yaml 'use_kfold: true' 'method: kfold' 'folds: 10' 'stratified: true' 'type: focal'
trainlib train:configure --preset nothing
exits 2; says err 'plain, advanced' kfold
trainlib train:configure --preset plian
exits 2; says err 'did you mean plain?'

trainlib train:configure --explain training.batch_size
exits 0; says out 'training.batch_size: 32' 'a whole number from 1 to 1048576'
trainlib train:configure --explain training
exits 0; says out 'training.learning_rate: 0.001'
trainlib train:configure --explain training.optimizer
exits 0; says out 'adamw' 'rmsprop'
trainlib train:configure --explain training.optimizer.adam
exits 0; says out 'training.optimizer.adam.beta1: 0.9'
trainlib train:configure --explain data.features
exits 0; says out '--explain data.features.lag' 'sum of x[t - n + 1 .. t] / n'
trainlib train:configure --explain data.features.lag
exits 0; says out 'data.features.lag.lags: [1, 3, 7, 14, 21]'
trainlib train:configure --explain data.sizes
exits 2; says err "data.sizes is not a setting; '--explain training' lists those of a block."
trainlib train:configure --explain network.layers.dense.nodes
exits 0; says out 'nodes'
trainlib train:configure --explain random_seed
exits 0; says out 'seed: 42'
trainlib train:configure --explain training.batch_sise
exits 2; says err 'did you mean training.batch_size?'
trainlib train:configure --explain training.optimizer.adm
exits 2; says err "did you mean 'adam'?"
trainlib train:configure --explain training.epochs --json
exits 0; says out '"path": "training.epochs"'

# Every mistake at once, then how many.
cat > bad.yaml <<'END'
data: {file: iris.csv, target: species}
training:
  learning_rat: 0.1
  batch_size: 0
  epochs: ten
  optimizer: adm
END
trainlib train:configure bad.yaml --check
exits 2
says err 'bad.yaml:3:3: training.learning_rat is not a setting; did you mean training.learning_rate?' \
    'bad.yaml:4:15: training.batch_size is 0' 'bad.yaml:5:11: training.epochs is "ten"' "'adm'; did you mean 'adam'?" \
    "4 mistakes; nothing was run. 'trainlib train:configure --explain training' describes these settings."

# The users' spellings.
cat > aliases.yaml <<'END'
random_seed: 7
data: {file: iris.csv, target: species}
model: {training: {analytics: {enabled: false, export_csv: true, export_json: true, export_alerts: true, batch_sampling_rate: 10}}}
training: {batch_size: 32, num_epochs: 5, learning_rate: 1e-3, weight_decay: 1e-5, gradient_clip: 1.0, dropout: 0.2,
  early_stopping_patience: 10, early_stopping_min_delta: 1e-4, validation_split: 0.2, mixed_precision: true, num_workers: 4,
  lr_scheduler: {type: cosine_annealing, t_max: 100, eta_min: 1e-6}}
END
trainlib train:configure aliases.yaml --check
exits 0
trainlib train:configure aliases.yaml --set training.num_epochs=9
exits 0; says out 'seed: 7' 'epochs: 9' 'patience: 10' 'min_delta: 0.0001' 'gradient_clip: 1' 'workers: 4' 'batch_sampling_rate: 10'

# Without data: the message shows the lines to add.
echo 'training: {epochs: 3}' > nothing.yaml
trainlib train:run nothing.yaml
exits 2; says err 'data:' '  file: ' '  target: '
: > empty.yaml
trainlib train:run empty.yaml
exits 2; says err '  file: '
trainlib train:run missing.yaml
exits 2; says err 'missing.yaml' 'train:configure'
trainlib train:run
exits 2; says err 'config.yaml'
printf 'data:\n\tfile: iris.csv\n' > tabs.yaml
trainlib train:run tabs.yaml
exits 2; says err 'tabs.yaml:2:1' 'tab'
printf -- '- a\n- b\n' > list.yaml
trainlib train:run list.yaml
exits 2; says err 'a config is a map'
trainlib train:run plain.yaml --set training.epoch=3
exits 2; says err '--set' 'did you mean training.epochs?'
untouched

# The layers of a named architecture are a config that trains to the same weights.
cat > named.yaml <<'END'
data: {file: iris.csv, target: species}
network: {model: mlp, hidden_size: 16, num_layers: 2, activation: tanh}
training: {epochs: 2}
END
trainlib train:configure named.yaml --expand
exits 0; says out '{type: dense, nodes: 16}' 'activation: tanh' '{type: output}'
cp out listed.yaml
for config in named listed; do
    trainlib train:run $config.yaml --out $config --quiet
    exits 0
    tail -c 1612 $config/output/runs/*/model.safetensors > $config.weights
done
cmp named.weights listed.weights || { echo "listed layers train to other weights"; exit 1; }
trainlib train:configure listed.yaml --expand
exits 0; says out '- type: dense' 'nodes: 16'
trainlib train:configure --explain network.model.mlp
exits 0; says out 'hidden_size'

finish
