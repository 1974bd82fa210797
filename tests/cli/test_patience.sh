#!/bin/sh
# Early stopping gives the weights of epoch trigger - patience back, to the bit: those of a run that ends there.
. tests/cli/support.sh
cp "$root/examples/tabular/german.csv" .
cat > stop.yaml <<'END'
name: stop
data: {file: german.csv, header: false, target: -1, positive_class: 2}
network: {model: mlp, hidden_size: [32]}
training: {epochs: 60, keep: patience, loss: focal}
END
for patience in 2 5; do
    trainlib train:run stop.yaml --out p$patience \
        --set "optimization.early_stopping={patience: $patience, min_delta: 0.001, ratio_check: true}"
    exits 0; says err 'stopped at epoch'
    trigger=$(sed -n 's/^stopped at epoch \([0-9]*\):.*/\1/p' err)
    kept=$((trigger - patience))
    trainlib train:predict p$patience/output/runs/stop_* --data german.csv --output stopped.csv
    exits 0
    [ $kept -ge 1 ] || { fail "the trigger $trigger leaves no epoch to compare with"; continue; }
    trainlib train:run stop.yaml --out e$patience --set training.epochs=$kept --set training.keep=last --quiet
    exits 0
    trainlib train:predict e$patience/output/runs/stop_* --data german.csv --output ended.csv
    exits 0
    checks=$((checks + 1))
    cmp -s stopped.csv ended.csv || fail "patience $patience: not the weights of epoch $kept"
done
finish
