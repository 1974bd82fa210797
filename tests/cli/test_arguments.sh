#!/bin/sh
# What the command says about itself and about mistakes in its arguments.
. tests/cli/support.sh

trainlib
exits 0; says out 'train:run' 'train:predict' '--set PATH=VALUE'
trainlib --help
exits 0; says out 'trainlib COMMAND CONFIG'
trainlib --version
exits 0; says out 'trainlib '
trainlib --help
for name in $(awk '/^  train:/ { print $1 }' out); do
    trainlib $name --help
    exits 0; says out "trainlib $name" '--json'
done
# the manual page has what the commands say of themselves
page=$root/tools/cli/trainlib.1
TRAINLIB="$command" $root/tools/manual-page > commands.1
sed -n '/^\.\\" commands$/,/^\.\\" end of commands$/p' $page | sed '1d;$d' > page.1
cmp -s commands.1 page.1 || fail 'the manual page is old: tools/manual-page tools/cli/trainlib.1'
trainlib train:experiment config.yaml --resume
exits 2; says err 'train:experiment does not take --resume'

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
