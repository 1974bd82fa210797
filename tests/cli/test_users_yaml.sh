#!/bin/sh
# The users' own YAML, word for word, each with nothing but data: added.
. tests/cli/support.sh
make_iris

# with_data FILE: the block on standard input, then the data.
with_data()
{
    { cat; echo 'data: {file: iris.csv, target: species}'; } > "$1"
}

# A network of 128 inputs and 64 outputs, on data made for it.
awk 'BEGIN {
    for (i = 0; i < 128; i++) printf "x%d,", i
    for (i = 0; i < 64; i++) printf "y%d%s", i, i < 63 ? "," : "\n"
    x = 1
    for (row = 0; row < 60; row++) {
        for (i = 0; i < 128; i++) { x = x * 16807 % 2147483647; v[i] = x / 2147483647; printf "%.3f,", v[i] }
        for (i = 0; i < 64; i++) printf "%.3f%s", v[i] - v[i + 64], i < 63 ? "," : "\n"
    }
}' > made.csv
cat > network.yaml <<'END'
network:
  layers:
    - type: "input"
      nodes: 128
    - type: "hidden"
      nodes: 256
    - type: "output"
      nodes: 64
  activation: "relu"
  initialization: "xavier"
training:
  learning_rate: 0.001
  batch_size: 32
  epochs: 100
  optimizer: "adam"
  loss: "mse"
optimization:
  dropout: 0.2
  l2_reg: 0.01
  early_stopping:
    patience: 10
    min_delta: 0.001
END
awk 'BEGIN { printf "data:\n  file: made.csv\n  target: [y0"; for (i = 1; i < 64; i++) printf ", y%d", i; print "]" }' >> network.yaml
trainlib train:run network.yaml
exits 0; says out 'R²'; says err '128 → 256 relu → 64'

# Analytics, off as they are by default.
with_data analytics.yaml <<'END'
model:
  training:
    analytics:
      enabled: false  # Default off
      export_csv: true
      export_json: true
      export_alerts: true
      batch_sampling_rate: 10  # Sample every 10th batch for batch-level metrics
END
trainlib train:run analytics.yaml --set training.epochs=2
exits 0; says out 'accuracy'

# Training over time belongs to a later version: one sentence, however many of its settings there are.
with_data progressive.yaml <<'END'
training:
  symbol: "AAPL"
  start_date: "2025-01-01"
  initial_end_date: "2025-09-01"
  window_increment: 7  # days
  max_iterations: 30
  target_accuracy: 0.70
  early_stop_patience: 5
models:
  enabled: ["lstm", "cnn", "transformer"]  # or ["lstm"] for a quick check
  batch_size: 64
  epochs_per_iteration: 15
horizons:
  enabled: [1, 7, 30]  # days
modes:
  progressive: true
  unified: true
  compare_results: true
END
trainlib train:run progressive.yaml
exits 2; says err 'progressive training on price series, which this version does not have yet' '1 mistake;'

# The settings of the forecasting guide, with each of its schedules.
for schedule in '{type: cosine_annealing, t_max: 100, eta_min: 1e-6}' '{type: step, step_size: 30, gamma: 0.1}' \
    '{type: reduce_on_plateau, patience: 5, factor: 0.5, min_lr: 1e-6}'; do
    with_data guide.yaml <<END
training: {batch_size: 32, num_epochs: 100, learning_rate: 1e-3, weight_decay: 1e-5, gradient_clip: 1.0, dropout: 0.2,
  early_stopping_patience: 10, early_stopping_min_delta: 1e-4, validation_split: 0.2, mixed_precision: true, num_workers: 4,
  lr_scheduler: $schedule}
END
    trainlib train:run guide.yaml
    exits 0; says out 'accuracy'; says err 'training.mixed_precision: this version trains in float32' 'validation 30'
    is 'lines about mixed precision' "$(grep -c mixed_precision err)" 1
done
with_data quantized.yaml <<'END'
quantization: {bits: 8, symmetric: true, per_channel: true, calibration_samples: 1000}
END
trainlib train:run quantized.yaml
exits 2; says err 'quantized.yaml:1:1: quantization belongs to int8 models, which this version does not have yet' '1 mistake;'

finish
