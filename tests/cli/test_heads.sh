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
mistake 'cross_entropy takes classes'
trainlib train:run two.yaml --set training.heads[0].target=prize --quiet
mistake "did you mean 'price'"
trainlib train:run two.yaml --set training.heads[0].wait=2 --quiet
mistake 'heads[0]' weight
trainlib train:run two.yaml --set 'network.layers=[{type: hidden, nodes: 4}, {type: output}]' --quiet
mistake 'heads make outputs of their own'

finish
