#!/bin/sh
# Starting from a trained model: weights by name, what is told of the rest, frozen layers, resume without the source.
. tests/cli/support.sh
make_iris
cat > base.yaml <<'END'
name: base
data: {file: iris.csv, target: species, split: {validation: 0.2, test: 0.2}}
network:
  layers: [{type: hidden, nodes: 8, name: encoder}, {type: output, name: head}]
training: {epochs: 5}
END
sed 's/^name: base/name: fine/; s/name: head/name: other/' base.yaml > fine.yaml
echo 'transfer: {from: base.safetensors, freeze: [encoder], rate_factors: {other: 0.5}}' >> fine.yaml
trainlib train:run base.yaml --out one --quiet
exits 0
base=$(echo one/output/runs/base_*)
cp $base/model.safetensors base.safetensors

trainlib train:run fine.yaml --out two
exits 0
says err 'starts from base.safetensors: 2 of 4 tensors (40 of 67 numbers); not there: 2'
fine=$(echo two/output/runs/fine_*)
says $fine/transfer.json '"encoder.weight"' '"other.bias"'
says $fine/config.yaml '../../../../base.safetensors'

# a run folder is a source too, and a pattern may choose
trainlib train:run fine.yaml --out three --set transfer.from=$base --set 'transfer.layers=enc*'
exits 0; says err '2 of 2 tensors (40 of 40 numbers)'
trainlib train:run fine.yaml --out four --set transfer.from=none.safetensors
mistake none.safetensors
trainlib train:run fine.yaml --out five --set 'transfer.layers=[conv_*]'
mistake 'transfer.layers' "'conv_*' means no layer" 'encoder, other'
[ ! -e four ] && [ ! -e five ] || fail 'a mistake makes no folder'

# killed, and gone on with when the source is gone
cp fine.yaml long.yaml
$command train:run long.yaml --out killed --set training.epochs=1000000 --set training.checkpoint.epochs=5 >out 2>err &
process=$!
waited=0
until ls killed/output/runs/*/checkpoints/checkpoint.safetensors >/dev/null 2>&1 || [ $waited -gt 600 ]; do
    waited=$((waited + 1))
    sleep 0.1
done
kill -9 $process; wait $process 2>/dev/null
run=$(ls -d killed/output/runs/*)
epoch=$(head -c 65536 $run/checkpoints/checkpoint.safetensors | grep -ao 'checkpoint-epoch-[0-9]*' | head -n 1)
last=$((${epoch##*-} + 20))
trainlib train:run long.yaml --out whole --set training.epochs=$last --set training.checkpoint.epochs=5 --quiet
exits 0
rm base.safetensors
trainlib train:run --resume $run --set training.epochs=$last --quiet
exits 0
cmp -s $run/model.safetensors whole/output/runs/*/model.safetensors ||
    fail 'a resumed run should end as the undisturbed one'

finish
