#!/bin/sh
# What the command says about itself and about mistakes in its arguments.
. tests/cli/support.sh

trainlib
exits 0; says out 'train:run' 'train:predict' '--set PATH=VALUE'
trainlib --help
exits 0; says out 'trainlib COMMAND CONFIG'
trainlib --version
exits 0; says out 'trainlib '
for name in prepare-data configure run status metrics evaluate predict optimize ensemble; do
    trainlib train:$name --help
    exits 0; says out "trainlib train:$name" '--json'
done

trainlib train:rum
exits 2; says err "'train:rum' is not a command; did you mean train:run?"
trainlib nonsense
exits 2; says err "'nonsense' is not a command"
trainlib train:run --seet a=b
exits 2; says err '--seet; did you mean --set?'
trainlib train:predict --plan
exits 2; says err 'train:predict does not take --plan'
trainlib train:run --set
exits 2; says err '--set needs a value: --set PATH=VALUE'
trainlib train:run --set epochs
exits 2; says err "--set does not take 'epochs'"
trainlib train:run --threads none
exits 2; says err "--threads does not take 'none'"
trainlib train:run --loss-function mse
exits 2; says err "--loss-function does not take 'mse'; it takes focal|ce"
trainlib train:run --json=yes
exits 2; says err '--json takes no value'
trainlib train:run -v
exits 2; says err 'two dashes'
trainlib train:run a.yaml b.yaml
exits 2; says err "'b.yaml' is one too many"
trainlib train:predict
exits 2; says err '--data FILE'

finish
