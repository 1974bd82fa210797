#!/bin/sh
# Sequences of unequal length as users run them: steps in a file or in many, a target for each sequence, one prediction
# for each; the same bits for any threads, kernels and padding; mistakes in one sentence.
. tests/cli/support.sh

# 80 sequences of 1 to 12 steps; the class is whether more of them go up than down, the amount is the last level.
awk 'BEGIN {
    s = 7; print "id,t,level,noise,mood,class,amount"
    for (i = 1; i <= 80; i++) {
        length_ = 1 + (i * 5) % 12; level = 0; up = i % 2 ? 1 : -1; rows = ""
        for (t = 1; t <= length_; t++) {
            s = (s * 16807) % 2147483647; noise = s / 2147483647
            level += up * (0.5 + noise)
            rows = rows sprintf("s%d,%d,%.4f,%.4f,%s,CLASS,AMOUNT\n", i, t, level, noise, t % 3 ? "calm" : "busy")
        }
        gsub("CLASS", up > 0 ? "rise" : "fall", rows); gsub("AMOUNT", sprintf("%.4f", level), rows)
        printf "%s", rows
    }
}' > steps.csv
cat > gru.yaml <<'END'
name: gru
seed: 3
data:
  file: steps.csv
  sequence: {id: id}
  time: t
  target: class
  drop: [amount]
network: {model: gru, hidden_size: 8}
training: {epochs: 12, batch_size: 8, learning_rate: 0.02}
END

trainlib train:run gru.yaml --out one --threads 1
exits 0
says err 'steps.csv 80 sequences, up to 12 × 4 → 2 classes' 'train 48  validation 16  test 16'
says out 'accuracy' 'test'
run=$(echo one/output/runs/gru_*)
says "$run/norm_params.json" '"sequence"' '"max_length": 12' '"keep": "last"'
says "$run/metrics.json" '"accuracy"' '"confusion'
trainlib train:run gru.yaml --out two --threads 2
same()
{
    is "$1" "$(cksum < "$(echo $2/output/runs/gru_*)/model.safetensors")" "$(cksum < "$(echo $3/output/runs/gru_*)/model.safetensors")"
}
same 'the model with two threads' two one
# Killed and gone on with.
$command train:run gru.yaml --out killed --set training.epochs=1000000 --set training.checkpoint.epochs=20 >out 2>err &
process=$! waited=0
until ls killed/output/runs/gru_*/checkpoints/checkpoint.safetensors >/dev/null 2>&1 || [ $waited -gt 600 ]; do
    waited=$((waited + 1))
    sleep 0.1
done
kill -9 $process; wait $process 2>/dev/null
killed=$(echo killed/output/runs/gru_*)
epoch=$(head -c 65536 "$killed/checkpoints/checkpoint.safetensors" | grep -ao 'checkpoint-epoch-[0-9]*' | head -n 1)
trainlib train:run --resume "$killed" --set training.epochs=$((${epoch##*-} + 20)) --quiet
exits 0
trainlib train:run gru.yaml --out whole --set training.epochs=$((${epoch##*-} + 20)) --set training.checkpoint.epochs=20 --quiet
exits 0
same 'the model after a kill' killed whole

# One row for each sequence, whatever the order of its rows.
trainlib train:predict "$run" --data steps.csv --format csv
exits 0; says out 'id,prediction,prob_fall,prob_rise' 's1,' 's80,'
is "predictions" "$(wc -l < out | tr -d ' ')" 81
cp out direct
{ head -n 1 steps.csv; tail -n +2 steps.csv | sort -t, -k1,1V -k2,2nr; } > backwards.csv
trainlib train:predict "$run" --data backwards.csv --format csv
is "predictions of rows in another order" "$(cksum < out)" "$(cksum < direct)"
trainlib train:predict "$run" --data steps.csv --format json
says out '"sequence": "s7"' '"probabilities"'
grep -E '^(id|s17),' steps.csv | cut -d, -f2-5 > alone.csv
trainlib train:predict "$run" --data alone.csv --format csv
is "a file without names is one sequence" "$(tail -n 1 out | cut -d, -f2-)" "$(grep ^s17, direct | cut -d, -f2-)"
grep -E '^(id|s12),' steps.csv > short.csv
is "the shortest" "$(wc -l < short.csv | tr -d ' ')" 2
trainlib train:predict "$run" --data short.csv --format csv
is "a sequence of one step" "$(tail -n 1 out)" "$(grep ^s12, direct)"
trainlib train:evaluate "$run"
exits 0; says out 'test' 'precision'
trainlib train:evaluate "$run" --data steps.csv
exits 0; says out 'test' '        80'

# More padding changes no bit of what is learned and predicted.
padding()
{
    name=$1; shift
    trainlib train:run gru.yaml --out "$name-12" --set training.epochs=3 "$@" --quiet
    exits 0
    trainlib train:run gru.yaml --out "$name-30" --set training.epochs=3 "$@" --set data.sequence.max_length=30 --quiet
    exits 0
    for length in 12 30; do
        trainlib train:predict $name-$length/output/runs/gru_* --data steps.csv --format csv
        exits 0
        cp out predicted-$length
    done
    is "$name with more padding" "$(cksum < predicted-30)" "$(cksum < predicted-12)"
}
padding gru
padding lstm --set 'network={model: lstm, hidden_size: 6, num_layers: 2, bidirectional: true}'
padding convolution --set 'network={layers: [{type: conv1d, filters: 6, kernel_size: 3, padding: same}, {type: batch_norm},
    {type: activation, activation: relu}, {type: conv1d, filters: 6, kernel_size: 3, padding: causal},
    {type: global_max_pool}, {type: output}]}'
padding attention --set 'network={layers: [{type: conv1d, filters: 8, kernel_size: 1}, {type: positional_encoding},
    {type: transformer_encoder, heads: 2, feedforward: 12}, {type: layer_norm}, {type: global_avg_pool}, {type: output}]}'
padding accumulation --set training.gradient_shards=2 --set training.accumulation=2

# What is cut, and from which end.
trainlib train:run gru.yaml --out cut --set data.sequence.max_length=5 --set training.epochs=2
exits 0; says err 'sequences are longer than 5 steps (the longest has 12); their last steps count'
trainlib train:prepare-data gru.yaml --out prepared --set data.sequence.max_length=2 --set data.sequence.keep=first --set data.normalize=none
exits 0
says out 'features'
says prepared/output/data/gru/data_report.json '"sequences"' '"longest": 2' '"count": 80'
grep -h ^s17, prepared/output/data/gru/t*.csv prepared/output/data/gru/v*.csv | cut -d, -f2 > first
is "the first steps" "$(cat first | tr '\n' ' ')" "$(grep ^s17, steps.csv | head -n 2 | cut -d, -f3 | tr '\n' ' ')"
trainlib train:prepare-data gru.yaml --out prepared --format npy
exits 0
for file in X_train y_train lengths_train; do is $file "$([ -s prepared/output/data/gru/$file.npy ] && echo there)" there; done

# Normalisation counts real steps of the training part alone: by hand.
trainlib train:prepare-data gru.yaml --out raw --set data.normalize=none
trainlib train:prepare-data gru.yaml --out scaled
mean=$(tail -n +2 raw/output/data/gru/train.csv | awk -F, '{ s += $2; n++ } END { printf "%.4f", s / n }')
is "the mean of real steps" "$(awk '/"name": "level"/ { here = 1 } here && /"shift"/ { gsub("[^-0-9.]", ""); printf "%.4f", $0; exit }' scaled/output/data/gru/norm_params.json)" "$mean"

# A number for each sequence.
trainlib train:run gru.yaml --out amount --set data.target=amount --set 'data.drop=[class]' --set training.epochs=40
exits 0; says out 'R²'
trainlib train:predict amount/output/runs/gru_* --data steps.csv --format csv
says out 'id,prediction' 's80,'

# A file for each sequence, their targets and groups in tables.
mkdir -p many
awk -F, 'NR > 1 { file = "many/walk_" substr($1, 2) ".csv"; if (!(file in seen)) { print "level,noise" > file; seen[file] = 1 } print $3 "," $4 > file }' steps.csv
awk -F, 'BEGIN { print "walk,class" } NR > 1 && !seen[$1]++ { print substr($1, 2) "," $6 }' steps.csv > classes.csv
awk 'BEGIN { print "walk,place"; for (i = 1; i <= 80; i++) print i "," i % 4 }' > places.csv
sed 's/^  file.*/  file: many\/walk_*.csv/; s/^  sequence.*/  sequence: {id: walk, table: [classes.csv, places.csv]}/; /^  time/d; /^  drop/d' gru.yaml > many.yaml
sed 's/^  target: class/  target: class\n  split: {group: place}/' many.yaml > grouped.yaml
trainlib train:run grouped.yaml --out many-run
exits 0; says err '80 sequences, up to 12 × 2'
trainlib train:predict many-run/output/runs/gru_* --data 'many/walk_*.csv' --format csv
exits 0; says out 'walk,prediction,' '1,' '80,'
is "the order of files" "$(sed -n 3p out | cut -d, -f1)" 2
trainlib train:predict many-run/output/runs/gru_* --data many/walk_7.csv --format csv
exits 0
is "one file" "$(wc -l < out | tr -d ' ')" 2
trainlib train:evaluate many-run/output/runs/gru_* --data 'many/walk_*.csv'
exits 0; says out '        80'

# Mistakes.
try()
{
    trainlib train:run "$@" --out tried
}
sed 's/^s9,3,/,3,/' steps.csv > unnamed.csv
try gru.yaml --set data.file=unnamed.csv;              mistake unnamed.csv "column 'id' has no name here"
sed 's/^s8,2,\(.*\)fall/s8,2,\1rise/' steps.csv > mixed.csv
try gru.yaml --set data.file=mixed.csv;                mistake mixed.csv "column 'class'" "one sequence, 's8'" 'the same in all steps'
sed 's/^s8,3,/s8,2,/' steps.csv > twice.csv
try gru.yaml --set data.file=twice.csv;                mistake twice.csv "sequence 's8' has two steps with the same 't'"
sed 's/^\(s8,2\),[^,]*/\1,NaN/' steps.csv > holes.csv
try gru.yaml --set data.file=holes.csv;                mistake holes.csv "column 'level' has no value here" 'data.missing'
try gru.yaml --set data.sequence.id=walk;              mistake data.sequence.id "'walk'"
try gru.yaml --set data.task=forecast;                 mistake data.sequence 'classification or regression'
try gru.yaml --set data.streaming=true;                mistake data.streaming 'held in memory'
try gru.yaml --set data.file='none_*.csv';             mistake "no file has a name like 'none_*.csv'"
sed '/^17,/d' classes.csv > fewer.csv
try many.yaml --set 'data.sequence.table=fewer.csv';   mistake fewer.csv "sequence '17' has no row here (1 of 80"
{ cat classes.csv; echo 3,rise; } > double.csv
try many.yaml --set 'data.sequence.table=double.csv';  mistake double.csv "sequence '3' has two rows"
try many.yaml --set 'data.sequence.table=[classes.csv, places.csv]'
mistake 'places.csv' 'no column'
try gru.yaml --set 'network={layers: [{type: gru, units: 4, output: sequence}, {type: output}]}'
mistake output
is "no run" "$([ -e tried ] && ls tried/output/runs 2>/dev/null)" ""

# Missing cells: the step is left out, or takes the value before it in its own sequence.
trainlib train:run gru.yaml --set data.file=holes.csv --set data.missing=drop --out drop --set training.epochs=2
exits 0; says err '1 rows with missing values'
trainlib train:prepare-data gru.yaml --set data.file=holes.csv --set data.missing=forward --set data.normalize=none --out forward
exits 0
is "the value before" "$(cat forward/output/data/gru/t*.csv forward/output/data/gru/v*.csv | grep ^s8, | sed -n 2p | cut -d, -f2)" \
    "$(grep ^s8,1, steps.csv | cut -d, -f3)"

finish
