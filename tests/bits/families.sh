# Sourced: one small network of each family, for checks that compare trainings bit by bit. `families` lists them,
# `family_config NAME` writes $folder/NAME.yaml and the data that it reads. $epochs: how long it trains, else 2;
# $checkpoint: the block of that name.
families='layers mlp cnn lstm gru lstm_cnn lstm_transformer_cnn transformer tcn nhits nbeats dlinear nlinear heads'

# Digits are images of 8 by 8, or eight steps of eight numbers; series are 240 hours of seven columns.
family_data() { # digits | series
    case $1 in
        digits)
            gzip -dc examples/quickstart/digits.csv.gz | sed -n 1,180p > "$folder/digits.csv"
            echo 'data: {file: digits.csv, target: -1, split: {method: stratified, validation: 0.2, test: 0.1}}'
            echo "training: {epochs: ${epochs:-2}, batch_size: 61, gradient_shards: 4, optimizer: adamw, gradient_clip: 1.0," \
                 'lr_scheduler: {type: cosine, t_max: 3}'"$checkpoint}";;
        series)
            sed -n 1,241p examples/forecast/ETTh1.csv > "$folder/series.csv"
            echo 'data:'
            echo '  {file: series.csv, time: date, task: forecast, target: [OT, HUFL], calendar: [hour], normalize: standard,'
            echo '   window: {input_size: 24, horizon: 6, stride: 1}, split: {method: time, validation: 48, test: 24}}'
            echo "training: {epochs: ${epochs:-2}, batch_size: 47, gradient_shards: 2, learning_rate: 0.003$checkpoint}";;
    esac
}

family_config() { # NAME
    case $1 in
        layers)
            data=digits
            network='
  layers:
    - {type: hidden, name: a, nodes: 33, activation: gelu}
    - {type: batch_norm}
    - {type: dropout, rate: 0.2}
    - {type: hidden, name: b, nodes: 33, activation: tanh}
    - {type: layer_norm, name: c}
    - {type: add, name: d, from: [a, c]}
    - {type: concatenate, from: [b, d]}
    - {type: hidden, nodes: 17, activation: mish}
    - {type: output}';;
        mlp)  data=digits network='{model: mlp, hidden_size: [70, 41], activation: silu}';;
        cnn)  data=digits network='{model: {type: cnn, filters: [5, 9], batch_norm: true}, input_shape: [8, 8, 1], hidden_size: [19]}';;
        lstm) data=digits network='{model: {type: lstm, bidirectional: true, dropout: 0.1}, input_shape: [8, 8], num_layers: 2, hidden_size: [13]}';;
        gru)  data=series network='{model: gru, num_layers: 2, hidden_size: [19]}';;
        lstm_cnn) data=series network='{model: {type: lstm_cnn, filters: 9}, hidden_size: [17]}';;
        lstm_transformer_cnn)
            data=series network='{model: {type: lstm_transformer_cnn, filters: 7, heads: 3, feedforward: 21}, hidden_size: [18]}';;
        transformer)
            data=series network='{model: {type: transformer, heads: 2, feedforward: 25, norm: pre}, num_layers: 2, hidden_size: [14]}';;
        tcn)  data=series network='{model: {type: tcn, dropout: 0.1}, num_layers: 3, hidden_size: [11]}';;
        nhits) data=series network='{model: {type: nhits, pool_size: [4, 1], downsample: [3, 1]}, hidden_size: [67]}';;
        nbeats)
            data=series network='{model: {type: nbeats, stacks: [trend, seasonality, generic], blocks: 1}, hidden_size: [66]}';;
        dlinear) data=series network='{model: {type: dlinear, kernel: 7, individual: true}}';;
        nlinear) data=series network='{model: nlinear}';;
        heads)
            data=series network='
  layers: [{type: hidden, nodes: 23, activation: tanh}]
heads:
  - {target: OT, loss: mse, weight: 0.7}
  - {target: HUFL, loss: mae, weight: 0.3, layers: [{type: hidden, nodes: 7}]}';;
    esac
    { echo "name: $1"; echo 'seed: 7'; family_data $data; echo "network: $network"; } > "$folder/$1.yaml"
}
