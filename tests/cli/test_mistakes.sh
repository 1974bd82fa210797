#!/bin/sh
# Bad input of every kind: one sentence with file, line, column or setting and the remedy; exit 1 or 2; nothing half-written.
. tests/cli/support.sh
make_iris

# on FILE: train on it
on()
{
    trainlib train:run iris.yaml --set data.file="$1"
}
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species}
network: {layers: [{type: hidden, nodes: 16}, {type: output}]}
training: {epochs: 3}
END

on nowhere.csv;                                      mistake nowhere.csv
: > empty.csv; on empty.csv;                         mistake empty.csv
head -n 1 iris.csv > header.csv; on header.csv;      mistake header.csv
sed '7s/,[^,]*$//' iris.csv > ragged.csv; on ragged.csv;   mistake ragged.csv:7
sed '9s/^[^,]*/abc/' iris.csv > text.csv; on text.csv;     mistake text.csv 'sepal_length' 'abc'
sed '9s/^[^,]*/NaN/' iris.csv > nan.csv; on nan.csv;       mistake nan.csv 'sepal_length' 'data.missing'
sed '9s/^[^,]*/inf/' iris.csv > inf.csv; on inf.csv;       mistake inf.csv 'sepal_length'
head -n 51 iris.csv > one.csv; on one.csv;           mistake one.csv setosa
head -n 4 iris.csv > three.csv; on three.csv;        mistake three.csv
gzip -c iris.csv > iris.csv.gz; on iris.csv.gz;      exits 0; rm -rf output
head -c 300 iris.csv.gz > cut.csv.gz; on cut.csv.gz; mistake cut.csv.gz
printf '\000\001\002' > noise.csv; on noise.csv;     mistake noise.csv
mkdir folder.csv; on folder.csv;                     mistake folder.csv

# Sizes that no machine has.
printf '\223NUMPY\001\000v\000{"descr": "<f4", "fortran_order": False, "shape": (100000000, 100000), }                                         \n' \
    | sed "s/\"/'/g" > huge.npy
on huge.npy;                                         mistake huge.npy
printf '\000\000\010\003\177\377\377\377\177\377\377\377\177\377\377\377' > huge.idx
on huge.idx;                                         mistake huge.idx
trainlib train:run iris.yaml --set 'network.layers=[{type: hidden, nodes: 1000000}, {type: hidden, nodes: 1000000}, {type: output}]'
mistake dense_2
trainlib train:run iris.yaml --set 'network.layers=[{type: hidden, nodes: 10000000000}, {type: output}]'
mistake nodes

# Settings.
trainlib train:run iris.yaml --set training.epoch=3;          mistake 'did you mean training.epochs?'
trainlib train:run iris.yaml --set training.epochs=ten;       mistake 'training.epochs is "ten"'
trainlib train:run iris.yaml --set training.epochs=0;         mistake 'training.epochs is 0' 'from 1 to'
trainlib train:run iris.yaml --set data.target=specie;        mistake 'specie' 'species'
trainlib train:run iris.yaml --set data.drop=nothing;         mistake 'nothing'
trainlib train:run iris.yaml --set training.loss=mse;         mistake 'mse'
trainlib train:run iris.yaml --set training.loss=mze;         mistake "did you mean 'mse'?"
trainlib train:run iris.yaml --set data.split.test=0.9 --set data.split.validation=0.5; mistake 'split'
trainlib train:run iris.yaml --set 'network.layers=[{type: dens, nodes: 4}]'; mistake 'dens'
trainlib train:run iris.yaml --set 'network.layers=[{type: hidden, nodes: 4}, {type: output, nodes: 5}]'; mistake '5' '3'
trainlib train:run iris.yaml --set 'network.layers=[{type: input, nodes: 7}, {type: hidden, nodes: 4}, {type: output}]'; mistake '7' '4'

# Shapes, heads that do not divide, a layer that nobody reads, a cycle: the layer, its line, what came and what it needs.
net() # LINE...
{
    { echo 'data: {file: iris.csv, target: species}'; echo 'training: {epochs: 1}'; echo 'network:'; echo '  layers:'
      for line; do echo "    - $line"; done; } > net.yaml
    trainlib train:run net.yaml
}
net '{type: hidden, nodes: 8, name: a}' '{type: hidden, nodes: 9, name: b}' '{type: add, from: [a, b]}' '{type: output}'
mistake "net.yaml:7:7: network.layers[2] 'add' needs inputs of one shape but 'a' (line 5) gives [8] and 'b' (line 6) gives [9]"
net '{type: lstm, units: 8}' '{type: output}'
mistake "net.yaml:5:7: network.layers[0] 'lstm' needs [time, features]" 'gives [4]'
net '{type: reshape, shape: [2, 3]}' '{type: output}'
mistake "net.yaml:5:7: network.layers[0] 'reshape' needs a \`shape\` of as many numbers" 'gives [4]'
net '{type: reshape, shape: [2, 2]}' '{type: attention, heads: 3}' '{type: flatten}' '{type: output}'
mistake "net.yaml:6:7: network.layers[1] 'attention' needs as many features as its \`heads\` divide evenly" 'gives [2, 2]'
net '{type: reshape, shape: [2, 2]}' '{type: transformer_encoder, heads: 3}' '{type: flatten}' '{type: output}'
mistake "net.yaml:6:7: network.layers[1] 'transformer_encoder' needs as many features as its \`heads\` divide evenly" 'gives [2, 2]'
net '{type: hidden, nodes: 8, name: a}' '{type: hidden, nodes: 9, name: b}' '{type: output, from: a}'
mistake "net.yaml:6:7: network.layers[1] 'hidden' gives [9] to no other layer"
net '{type: hidden, nodes: 8, name: a, from: b}' '{type: hidden, nodes: 9, name: b, from: a}' '{type: output}'
mistake 'net.yaml:5:' "reads 'b' of line 6, behind it" cycle
net '{type: hidden, nodes: 8, name: a, from: a}' '{type: output}'
mistake 'net.yaml:5:' 'reads itself' cycle
net '{type: hidden, nodes: 8, name: first}' '{type: hidden, nodes: 8, from: nowhere}' '{type: output}'
mistake "net.yaml:6:7: network.layers[1] 'hidden' reads 'nowhere'" "the one before it is 'first'"
trainlib train:run iris.yaml --set network.layers=null --set 'network.model={type: transformer, heads: 3}' \
    --set network.hidden_size=16 --set 'network.input_shape=[2, 2]'
mistake 'network.model transformer has 3 heads, which do not divide its 16 features'
trainlib train:run iris.yaml --set network.layers=null --set network.model=cnn --set 'network.input_shape=[2, 3, 1]'
mistake 'network.model cnn has the input_shape [2, 3, 1], which is 6 numbers, but a row of the data has 4'
head -n 101 "$root/examples/forecast/ETTh1.csv" > steps.csv
printf '%s\n' 'data:' '  {file: steps.csv, time: date, task: forecast, target: OT,' '   window: {input_size: 24, horizon: 90}}' \
    'network: {model: dlinear}' > steps.yaml
trainlib train:run steps.yaml
mistake 'steps.yaml:3:' 'a window takes 114 steps (input_size 24 and horizon 90)' 'steps.csv has' 'data.window.horizon smaller'
untouched

# What only the data can tell is told with the place of its setting.
printf '%s\n' 'data: {file: iris.csv, target: species}' 'training:' '  epochs: 3' '  loss: mse' > late.yaml
trainlib train:run late.yaml;                                 mistake 'late.yaml:4:9: training.loss is mse'
printf "%s\n" "data: {file: iris.csv, target: species}" "training:" "  epochs: 3" "  monitor: mae" > late.yaml
trainlib train:run late.yaml;                                 mistake 'late.yaml:4:12: training.monitor'
trainlib train:run late.yaml --set training.monitor=mse;      mistake '--set: training.monitor'

# Runs.
trainlib train:status;                                        mistake 'no run'
trainlib train:metrics nowhere;                               mistake nowhere
trainlib train:evaluate iris.csv;                             mistake iris.csv
trainlib train:run iris.yaml --resume;                        mistake 'no unfinished run'
trainlib train:run --resume nowhere;                          mistake nowhere
untouched
trainlib train:run iris.yaml --quiet
exits 0
run=$(ls -d output/runs/iris_*)
trainlib train:run --resume $run;                             mistake 'finished'
head -c 400 $run/model.safetensors > damaged.safetensors
trainlib train:evaluate damaged.safetensors --data iris.csv;  mistake damaged.safetensors
sed 's/softmax/softmux/' $run/model.safetensors > strange.safetensors
trainlib train:predict strange.safetensors --data iris.csv;   mistake strange.safetensors
: > nothing.safetensors
trainlib train:predict nothing.safetensors --data iris.csv;   mistake nothing.safetensors
sed 's/^5.1/5.2/' iris.csv > new.csv && mv new.csv iris.csv
trainlib train:evaluate $run;                                 mistake 'changed'
make_iris

# Places that cannot be written.
: > file
trainlib train:run iris.yaml --out file --quiet;              mistake file
trainlib train:predict $run --data iris.csv --output file/p.csv;       mistake file/p.csv
trainlib train:predict $run --data iris.csv --output nowhere/p.csv;    mistake nowhere/p.csv
if [ -w /dev/full ]; then
    $command train:metrics $run > /dev/full 2>err; status=$?; : > out
    mistake 'standard output'
fi
mkdir sealed && chmod 555 sealed
if ! touch sealed/x 2>/dev/null; then
    trainlib train:run iris.yaml --out sealed --quiet;        mistake sealed 'permission denied'
fi
chmod 755 sealed; rm -f sealed/x
mkdir small
if mount -t tmpfs -o size=16k,nr_inodes=32 tmpfs small 2>/dev/null; then
    trainlib train:run iris.yaml --out small --quiet
    mistake small
    mount -o remount,ro small
    trainlib train:run iris.yaml --out small --quiet;         mistake small 'read-only'
    umount small
fi

finish
