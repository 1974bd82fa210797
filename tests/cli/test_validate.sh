#!/bin/sh
# May a model go into production? Prices with a signal and without; classes; what does not apply; mistakes.
. tests/cli/support.sh
make_iris
# Steps of the logarithm: half of the step before and noise of a fixed generator; sum of 4 uniform numbers.
prices() # SHARE
{
    awk -v share=$1 'BEGIN { s = 12345; p = log(100); print "date,close,label,volume"
        for (t = 0; t < 900; t++) {
            u = 0; for (k = 0; k < 4; k++) { s = (s * 16807) % 2147483647; u += s / 2147483647 }
            x = share * x + 0.017 * (u - 2); line[t] = sprintf("%.4f", exp(p)); p += x; word[t] = x > 0 ? "up" : "down" }
        for (t = 0; t < 900; t++)
            printf "%04d-%02d-%02d,%s,%s,%d\n", 2000 + t / 336, t % 336 / 28 + 1, t % 28 + 1, line[t], word[t], t % 7 }'
}
prices 0.6 > signal.csv
prices 0 > noise.csv
cat > signal.yaml <<'END'
data: {file: signal.csv, time: date, task: forecast, target: close, drop: [label], window: {input_size: 8, horizon: 1}, split: {method: time, validation: 0.2, test: 0.3}}
network: {model: nlinear}
training: {epochs: 40, learning_rate: 0.003}
production: {splits: 3, largest_loss: 0.5, latency: 1000, noise: 0.002}
END
sed 's/signal/noise/' signal.yaml > noise.yaml

trainlib train:run signal.yaml --quiet; exits 0
trainlib train:validate signal.yaml
exits 0
says out 'backtest      passed' 'stress        passed' 'walk_forward  passed' 'latency       passed' 'consistency   passed'
says out 'always bought' 'persistence' '95 % interval' 'gap' 'volatility' 'flat' 'reversal' 'missing_day'
run=$(ls -d output/runs/signal_*)
says $run/validation.json '"passed": true' '"scenario": "gap"'
cp $run/validation.json first.json
trainlib train:validate $run --quiet --threads 2; exits 0
grep -v -e latency -e '"value"' -e predictions first.json > a; grep -v -e latency -e '"value"' -e predictions $run/validation.json > b
cmp -s a b || fail 'the same examination should give the same report'

# thresholds; the version of the run can be examined, but not trained anew
trainlib train:validate signal --set production.sharpe=100
exits 1; says out 'backtest      failed' 'walk_forward  not applicable' 'it needs a run folder' 'not passed'
trainlib train:validate $run --set production.mae=0.0001; exits 1; says out 'walk_forward  failed'
trainlib train:validate $run --set production.cost=0.2; exits 1
trainlib train:validate $run --json --set production.latency=0; exits 1; says out '"passed": false'

# no signal: not passed
trainlib train:run noise.yaml --quiet; exits 0
trainlib train:validate noise.yaml --quiet
exits 1; says out 'not passed'

# classes in the order of time, and at random
cat > label.yaml <<'END'
data: {file: signal.csv, time: date, target: label, drop: [date], split: {method: time, validation: 0.2, test: 0.2}}
network: {layers: [{type: hidden, nodes: 4}, {type: output}]}
training: {epochs: 3}
production: {price: close, splits: 2}
END
trainlib train:run label.yaml --quiet; exits 0
trainlib train:validate label.yaml
says out 'Sharpe ratio' 'stress        not applicable' 'rows of the same class' 'walk_forward' 'accuracy'
trainlib train:validate label.yaml --json --set 'production.positions={up: 1, down: 0}'; says out '"trades"'
trainlib train:validate label.yaml --set 'production.positions={up: 1}'
mistake 'production.positions must say what to hold' "'down'"
trainlib train:validate label.yaml --set production.price=close2; mistake 'production.price' 'close'
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species, split: {validation: 0.2, test: 0.2}}
network: {layers: [{type: hidden, nodes: 8}, {type: output}]}
training: {epochs: 30, learning_rate: 0.01}
END
trainlib train:run iris.yaml --quiet; exits 0
trainlib train:validate iris.yaml
exits 0; says out 'production.price names no column' 'the rows have no order in time'
trainlib train:validate output/runs/iris_*/model.safetensors; mistake 'does not say where its data is'
trainlib train:run iris.yaml --quiet --set data.split.test=0 --set name=none; exits 0
trainlib train:validate none; mistake 'there is no test part'

finish
