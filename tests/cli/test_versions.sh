#!/bin/sh
# Versions: what runs leave, by what names they are found, comparing, going back, going on, removing.
. tests/cli/support.sh
make_iris
cat > iris.yaml <<'END'
data: {file: iris.csv, target: species, split: {validation: 0.2, test: 0.2}}
network: {layers: [{type: hidden, nodes: 8}, {type: output}]}
training: {epochs: 3}
END
ids() { trainlib train:versions "$@" --json; grep -o '"id": "[0-9a-f]*' out | sed 's/.*"//'; }

trainlib train:versions; exits 0; says out 'no versions in'
trainlib train:run iris.yaml --tag good --note 'the first'
exits 0; says err 'version ' 'of iris'
first=$(ids)
is 'digits of an id' ${#first} 64
trainlib train:run iris.yaml --set training.epochs=6 --quiet
exits 0
second=$(ids iris.yaml | head -n 1)
trainlib train:versions
exits 0; says out '[good] the first' "$(echo $second | cut -c1-12) *"

# the same training is the same version, found by id, tag and name; the newest is current
trainlib train:run iris.yaml --quiet
is 'versions after the same run again' $(ids | wc -l) 2
is 'current' $(ids iris | head -n 1) $first
cmp -s output/versions/iris.safetensors output/runs/iris_*_3/model.safetensors ||
    cmp -s output/versions/iris.safetensors "$(ls -td output/runs/* | head -n 1)/model.safetensors" ||
    fail 'NAME.safetensors should be the current model'
for name in good iris $(echo $first | cut -c1-6); do
    trainlib train:evaluate $name --json
    exits 0; cp out "evaluate.$name"; sed -i.bak '/seconds\|second"/d' "evaluate.$name"
    cmp -s "evaluate.$name" evaluate.good || fail "$name should be the version 'good'"
done
trainlib train:predict good --data iris.csv; exits 0; is 'rows predicted' $(wc -l < out) 151

# side by side
trainlib train:compare good $second
exits 0; says out 'training.epochs' 'test accuracy' 'dense_1.weight'
trainlib train:compare good iris
exits 0; says out 'all that change results are the same' 'equal, bit for bit'
trainlib train:compare good; exits 2
trainlib train:compare good nothing; mistake nothing

# going back makes a child of what it goes back to, with the same bytes
trainlib train:rollback $second --note 'less is more'
exits 0
is 'versions after a rollback' $(ids | wc -l) 3
trainlib train:versions --json
says out "\"parent\": \"$second\"" "\"replaces\": \"$first\"" '"origin": "rollback"' 'less is more'
is 'weights that are stored' $(ls output/versions/weights | wc -l) 2
run=$(grep -l 'epochs: 6' output/runs/*/config.yaml)
cmp -s output/versions/iris.safetensors "${run%config.yaml}model.safetensors" || fail 'a rollback should restore the bytes'
trainlib train:rollback iris; mistake 'current version of iris already'
trainlib train:rollback 0000; mistake "no version '0000'" 'train:versions'

# going on: parent, config and weights
trainlib train:run --from good --set training.epochs=1
exits 0; says err 'starts from output/versions/weights/' '4 of 4 tensors'
trainlib train:versions --json
says out "\"parent\": \"$first\""
trainlib train:run iris.yaml --from "$(ls -d output/runs/* | head -n 1)" --set training.epochs=2 --quiet
exits 0
trainlib train:run iris.yaml --from good --set transfer.from=output/versions/iris.safetensors
mistake 'named twice'
trainlib train:run --from output/versions/iris.safetensors; mistake 'name a config'

# a tag is one version's; removing keeps tagged and current ones
trainlib train:versions $second --tag good --quiet; exits 0
is 'tags' $(grep -o '\[good\]' out | wc -l) 1
trainlib train:versions --keep 1
exits 0; says out "removed $(echo $first | cut -c1-12)" "$(echo $second | cut -c1-12)"
is 'versions after removing' $(ids | wc -l) 2
is 'records after removing' $(ls output/versions/records | wc -l) 2
is 'weights after removing' $(ls output/versions/weights | wc -l) 2
trainlib train:evaluate good --quiet; exits 0

# a line that a crash has torn does not count; a damaged one is named
printf '{"id": "12' >> output/versions/index.jsonl
is 'versions beside a torn line' $(ids | wc -l) 2
trainlib train:run iris.yaml --set training.epochs=4 --quiet; exits 0
is 'versions after a torn line' $(ids | wc -l) 3
lines=$(wc -l < output/versions/index.jsonl)
echo '{"id": "../../x", "object": "y", "name": "z"}' >> output/versions/index.jsonl
trainlib train:versions; mistake "index.jsonl:$((lines + 1))"
trainlib train:run iris.yaml --set training.epochs=5
exits 0; says err 'the run is complete, but not kept as a version' "index.jsonl:$((lines + 1))"

# two runs at once both come in; none are kept when that is asked
rm -r output
for seed in 1 2 3 4; do $command train:run iris.yaml --seed $seed --quiet >/dev/null 2>&1 & done
wait
is 'versions of runs side by side' $(ids | wc -l) 4
trainlib train:run iris.yaml --set output.keep_versions=2 --quiet; exits 0
is 'versions that are kept' $(ids | wc -l) 2
trainlib train:run iris.yaml --out none --set output.versions=false --quiet; exits 0
[ ! -e none/output/versions ] || fail 'output.versions=false should keep none'

# what a process killed while it wrote left behind goes with the next version; what only looks like it stays
: > output/versions/iris.safetensors.tmp-41-0; : > output/versions/weights/x.tmp-41-7; : > output/versions/mine.tmp-a
trainlib train:run iris.yaml --quiet --set training.epochs=6
exits 0
is 'files of killed processes' "$(find output/versions -name '*.tmp-*')" output/versions/mine.tmp-a
rm output/versions/mine.tmp-a

finish
