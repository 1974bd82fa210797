#!/bin/sh
# Reports as users make them: of a classification, a regression and a forecast, of several runs, at the end of a run; with
# names that would break a careless page.
. tests/cli/support.sh
make_iris
sed 's/setosa/<script>alert(1)<\/script>/; s/sepal_length/"sepal <b> \& \x27x\x27"/' iris.csv > hostile.csv
cat > flowers.yaml <<'END'
name: flowers
data: {file: hostile.csv, target: species, split: {method: stratified, validation: 0.2, test: 0.2}}
network: {model: mlp, hidden_size: [8]}
training: {epochs: 12, learning_rate: 0.01}
output: {report: always}
END
trainlib train:run flowers.yaml
exits 0
says out 'report.html  metrics.csv'
run=$(echo output/runs/flowers_*)
for file in report.html report.pdf charts/loss.svg charts/confusion.svg charts/roc.svg charts/precision_recall.svg \
    charts/reliability.svg; do
    [ -s $run/$file ] || fail "$file is not there"
done
page=$run/report.html
says $page '<!DOCTYPE html>' 'How it ended and why' 'All 12 epochs were run' 'Confusion matrix, test part' \
    '&lt;script&gt;alert(1)&lt;/script&gt;' 'always saying' 'hash of the data' '<figcaption>' 'All settings (config.yaml)'
for not in '<script' 'src=' 'http://' 'https://' '@import' 'url('; do
    if grep -qF -e "$not" $page; then fail "report.html has $not"; fi
done
[ "$(wc -c < $page)" -lt 2000000 ] || fail 'report.html is too large'
grep -q '<script' $run/charts/confusion.svg && fail 'a name is markup in an SVG'

# The same bytes when it is made again; other formats; another folder.
cksum $page $run/report.pdf | cut -d' ' -f1,2 > before
trainlib train:report $run --format svg,png,pdf
exits 0
says out "$run/report.html" "$run/report.pdf" "$run/charts: "
cksum $page $run/report.pdf | cut -d' ' -f1,2 | cmp -s - before || fail 'a report made again has other bytes'
[ "$(head -c 4 $run/charts/loss.png | tail -c 3)" = PNG ] || fail 'loss.png is no PNG'
[ "$(head -c 5 $run/charts/loss.pdf)" = %PDF- ] || fail 'loss.pdf is no PDF'
trainlib train:report --output there --json
exits 0
says out '"charts": [' '"html": "there/report.html"'
[ -s there/report.pdf ] && [ -s there/charts/loss.svg ] || fail 'the report is not where --output says'
trainlib train:report $run --format gif; mistake gif
trainlib train:report $run --format svg,csv; mistake "'csv' is not a format of charts"

# Two runs side by side.
trainlib train:run flowers.yaml --seed 7 --set output.report=never --set training.learning_rate=0.02
exits 0
other=$(ls -d output/runs/flowers_* | tail -n 1)
[ ! -e $other/report.html ] || fail 'output.report: never makes a report'
trainlib train:report $run $other
exits 0
says out output/comparison/comparison.html
says output/comparison/comparison.html '2 runs compared' 'training.learning_rate' '>0.01<' '>0.02<' 'Validation loss'

# Regressions and forecasts have their own pictures; a run of a second or less makes no report by itself.
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 200; i++) printf "%d,%d,%.2f\n", i % 7, i % 11, 3 * (i % 7) - (i % 11) + i % 3 }' > r.csv
printf 'name: r\ndata: {file: r.csv, target: y, split: {validation: 0.2, test: 0.2}}\ntraining: {epochs: 3}\n' > r.yaml
trainlib train:run r.yaml
exits 0
r=$(echo output/runs/r_*)
[ ! -e $r/report.html ] && [ -s $r/charts/data.json ] || fail 'the numbers of charts are kept, the report is not made'
trainlib train:report $r
exits 0
says $r/report.html 'y: predicted and actual' 'y: errors, test part' 'always the mean'
trainlib train:report flowers.yaml r.yaml
mistake 'predicts classes and' 'give runs of one task'

# A search has a report of its own, also while it is going on (a line that is cut off); a run over folds has one, too.
cat r.yaml - > s.yaml <<'END'
search: {method: random, trials: 6, metric: val_loss, parameters: {training.learning_rate: [0.001, 0.01, 0.1], training.optimizer: [adam, sgd]}}
END
trainlib train:optimize s.yaml --quiet
exits 0
search=$(ls -d output/search/*)
printf '{"trial": 7, "sta' >> $search/trials.jsonl
trainlib train:report $search
exits 0
says $search/report.html '6 trials have ended' 'the smallest val_loss' 'training.optimizer' 'The best trials'
[ -s $search/charts/history.svg ] && [ -s $search/charts/parallel.svg ] || fail 'the charts of a search'
trainlib train:run flowers.yaml --set name=folded --set use_kfold=true --set n_folds=3
exits 0
[ -s "$(echo output/runs/folded_*/report.html)" ] || fail 'a run over folds has a report'
says "$(echo output/runs/folded_*/report.html)" '3 models were trained' 'Data of fold_1' 'Epochs in all'

# Targets of different units have figures and pictures of their own; a run that failed says why.
trainlib train:run r.yaml --set name=two --set 'data.target=[y, b]' --set output.report=always
exits 0
says "$(echo output/runs/two_*/report.html)" 'mean over the 2 targets' 'Each target, on the test rows' \
    'y: errors, test part' 'b: errors, test part'
trainlib train:run r.yaml --set name=wild --set training.optimizer=sgd --set training.learning_rate=1000
trainlib train:report output/runs/wild_*
exits 0
says "$(echo output/runs/wild_*/report.html)" 'The reason: epoch 1, step'

sed -i 's/"state": "failed"/"state": "interrupted"/' output/runs/wild_*/status.json
trainlib train:report output/runs/wild_*
exits 0
says "$(echo output/runs/wild_*/report.html)" 'It was interrupted after epoch' 'train:run --resume'

# The charts are images for TensorBoard, in an event file beside that of the training.
trainlib train:run flowers.yaml --set name=board --set callbacks.tensorboard.update_every=0
exits 0
[ "$(ls output/runs/board_*/events.out.tfevents.* | wc -l)" = 2 ] || fail 'the charts have an event file of their own'
cat output/runs/board_*/events.out.tfevents.* > events
for tag in loss score confusion roc; do grep -qaF "charts/$tag" events || fail "TensorBoard has no charts/$tag"; done
trainlib train:explain $run --quiet && trainlib train:report $run
exits 0
says $page 'Importance of the columns'
finish
