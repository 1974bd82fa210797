#!/bin/sh
# Several heads over a shared network: columns, losses and weights, figures per target, and mistakes.
. tests/cli/support.sh
awk 'BEGIN { print "a,b,price,volatility"; s = 7
    for (i = 0; i < 200; i++) {
        s = (s * 16807) % 2147483647; a = s / 2147483647; s = (s * 16807) % 2147483647; b = s / 2147483647
        printf "%.5f,%.5f,%.5f,%.5f\n", a, b, 100 + 20 * a - 5 * b, 0.1 + a * b } }' > two.csv
cat > two.yaml <<'END'
name: two
data: {file: two.csv, split: {validation: 0.2, test: 0.2}}
network:
  layers: [{type: hidden, nodes: 16}]
heads:
  - {target: price, loss: mse, weight: 0.7}
  - {target: volatility, loss: mae, weight: 0.3, layers: [{type: hidden, nodes: 8}]}
training: {epochs: 150, learning_rate: 0.01}
END
trainlib train:run two.yaml
exits 0
says err 'test  price: mae' 'test  volatility: mae'
run=$(ls -d output/runs/two_*)
says $run/metrics.json '"price": {' '"volatility": {'
says $run/model.safetensors head_price.weight head_volatility.bias
loss=$(sed -n 's/^ *"loss": \([0-9.e-]*\).*/\1/p' $run/metrics.json | tail -n 1)
trainlib train:evaluate $run --json
exits 0; says out "$loss"
trainlib train:predict $run --data two.csv
exits 0; says out 'row,prediction_price,prediction_volatility'
is 'the r2 of price above 0.9' "$(awk '/"price"/ {p = 1} p && /"r2"/ {sub(/,/, "", $2); print ($2 > 0.9); exit}' $run/metrics.json)" 1

# a named architecture gives the heads' outputs side by side
trainlib train:run two.yaml --set network.layers=null --set network.model=mlp --set training.heads[1].layers=null --quiet
exits 0
trainlib train:run two.yaml --set network.layers=null --set network.model=mlp --quiet
mistake 'two.yaml:7' 'layers of its own'
trainlib train:run two.yaml --set data.target=price --quiet
mistake "names the column 'volatility'" 'data.target'
trainlib train:run two.yaml --set training.heads[0].loss=cross_entropy --quiet
mistake "column 'price' of two.csv holds fractions, which are no classes"
trainlib train:run two.yaml --set training.heads[0].target=prize --quiet
mistake "did you mean 'price'"
trainlib train:run two.yaml --set training.heads[0].wait=2 --quiet
mistake 'heads[0]' weight
trainlib train:run two.yaml --set 'network.layers=[{type: hidden, nodes: 4}, {type: output}]' --quiet
mistake 'heads make outputs of their own'

# A class beside a number: the loss is the sum by weight, predictions are a value, a class and its probabilities.
sed 1,1d two.csv | awk -F, 'BEGIN { print "a,b,price,kind,sort" }
    { print $1 "," $2 "," $3 "," ($1 > $2 ? "left" : $1 > $2 / 2 ? "middle" : "right") "," ($1 > 0.5) }' > mixed.csv
cat > mixed.yaml <<'END'
name: mixed
data: {file: mixed.csv, split: {validation: 0.2, test: 0.2}}
network:
  layers: [{type: hidden, nodes: 16}]
heads:
  - {target: kind, loss: {type: cross_entropy, class_weights: [1, 1, 2]}, weight: 0.5, layers: [{type: hidden, nodes: 8}]}
  - {target: price, loss: mse, weight: 0.3}
  - {target: sort, loss: focal, weight: 0.2}
training: {epochs: 150, learning_rate: 0.01}
END
trainlib train:run mixed.yaml
exits 0
says err 'test  price: mae' 'test  kind: accuracy 0.9' 'test  sort: accuracy'
run=$(ls -d output/runs/mixed_*)
says $run/norm_params.json '"left"' '"middle"' '"right"'
says $run/metrics.json '"confusion"' '"balanced_accuracy"' '"r2"'
says $run/config.yaml 'class_targets: [kind, sort]'
mae=$(awk '/"test"/ {t = 1} t && /"mae"/ {print $2; exit}' $run/metrics.json)
trainlib train:evaluate $run --json
exits 0; says out "\"mae\": $mae" '"targets": {' '"kind": {' '"confusion"'
trainlib train:predict $run --data mixed.csv
exits 0
says out 'row,prediction_kind,prob_kind_left,prob_kind_middle,prob_kind_right,prediction_price,prediction_sort,prob_sort_0,prob_sort_1'
is 'rows whose probabilities add up' "$(awk -F, 'NR > 1 { s = $3 + $4 + $5 + $8 + $9; if (s > 1.99999 && s < 2.00001) n++ } END { print n }' out)" 200
is 'most classes are right' "$(awk -F, 'NR == FNR { kind[FNR] = $4; next } FNR > 1 && $2 == kind[FNR] { n++ } END { print (n > 185) }' mixed.csv out)" 1
trainlib train:predict $run --data mixed.csv --json
exits 0; says out '"probabilities": {' '"kind": {' '"middle": 0.'
$command train:run mixed.yaml --threads 2 --quiet >out 2>err
is 'the model of two threads' "$(cmp output/runs/mixed_*/model.safetensors && echo same)" same
trainlib train:run mixed.yaml --set training.epochs=4 --set data.split.method=kfold --set data.split.folds=3 --quiet; exits 0
trainlib train:run mixed.yaml --set training.epochs=4 --set ensemble.seeds=2 --quiet; exits 0
trainlib train:run mixed.yaml --set training.epochs=4 --set network.layers=null --set network.model=mlp \
    --set training.heads[0].layers=null --quiet
exits 0
trainlib train:report $run; exits 0
trainlib train:validate $run; exits 0
trainlib train:explain $run; mistake 'train that target alone'
trainlib train:run mixed.yaml --set training.heads[1].loss=cross_entropy --quiet
mistake "'price'" 'fractions'
trainlib train:run mixed.yaml --set training.heads[2].loss=mse --set training.epochs=2 --quiet
exits 0
trainlib train:run mixed.yaml --set training.heads[0].loss=mse --quiet
mistake "'kind'" texts cross_entropy
trainlib train:run mixed.yaml --set 'training.heads[0].target=[kind, sort]' --set training.heads[2]=null --quiet
mistake 'mixed.yaml'
trainlib train:run mixed.yaml --set training.heads=null --set 'data.target=[kind, price]' --set data.class_targets=kind --quiet
mistake 'data.class_targets' 'give each target one'
trainlib train:run mixed.yaml --set data.class_targets=kint --quiet
mistake 'kint'
trainlib train:run mixed.yaml --set data.task=classification --quiet
mistake 'data.task'

# Heads of a forecast: each has columns of its own of every step; a head over all is the loss without heads.
head -n 700 "$root/examples/forecast/ETTh1.csv" > series.csv
cat > series.yaml <<'END'
name: series
data: {file: series.csv, time: date, task: forecast, window: {input_size: 12, horizon: 4}, split: {method: time, validation: 100, test: 100}}
network: {layers: [{type: gru, units: 8}]}
heads:
  - {target: OT, loss: mse, weight: 0.7}
  - {target: [HUFL, HULL], loss: mae, weight: 0.3, layers: [{type: hidden, nodes: 8}]}
training: {epochs: 2}
END
trainlib train:run series.yaml
exits 0
says err 'test  OT: mae' 'test  HULL: mae' 'concatenate [4, 3]'
run=$(ls -d output/runs/series_*)
trainlib train:predict $run --data series.csv --steps 4
exits 0; says out 'date,OT,HUFL,HULL'
trainlib train:run series.yaml --set network.layers=null --set network.model=dlinear --set training.heads[1].layers=null --quiet
exits 0
trainlib train:run series.yaml --set training.heads[0].loss=cross_entropy --quiet
mistake 'cross_entropy takes classes' forecast
for heads in '[{target: [OT, HUFL, HULL], loss: mse}]' 'null'; do
    trainlib train:run series.yaml --set "training.heads=$heads" --set 'data.target=[OT, HUFL, HULL]' --set network.layers=null \
        --set network.model=dlinear --quiet --json
    exits 0; sed -n 's/.*"loss": \([0-9.]\{8\}\).*/\1/p' out >> losses
done
is 'one head for all and none' "$(head -n 3 losses)" "$(tail -n 3 losses)"

# Several numbers a value: quantiles have columns of their own.
trainlib train:run two.yaml --set training.heads=null --set 'data.target=[price, volatility]' --quiet \
    --set 'training.loss={type: quantile, quantiles: [0.25, 0.5, 0.75]}' --set training.epochs=3 \
    --set network.layers=null --set network.model=mlp --set name=three
exits 0
trainlib train:predict output/runs/three_* --data two.csv
exits 0
says out 'row,prediction_price_0.25,prediction_price_0.5,prediction_price_0.75,prediction_volatility_0.25'
is 'numbers of a row' "$(sed -n 2p out | awk -F, '{ print NF }')" 7
trainlib train:predict output/runs/three_* --data two.csv --json
exits 0; says out '"volatility": {' '"0.75": '

finish
