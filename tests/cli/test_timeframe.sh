#!/bin/sh
# Accuracy by timeframe against a count of the predictions, and how stable classes were over the last epochs.
. tests/cli/support.sh
awk 'BEGIN {srand(7); print "date,hour_of,x,y,class"
     for (i = 0; i < 240; i++) {x = rand(); y = rand(); m = int(i / 40) + 1; d = int((i % 40) * 0.7) + 1
         printf "2024-%02d-%02d,%s,%.4f,%.4f,%s\n", m, d, (i % 3 ? "day" : "night"), x, y, (x + y > 1 ? "up" : "down")}}' > made.csv
cat > made.yaml <<'END'
name: made
data: {file: made.csv, target: class, inputs: [x, y], time: date, split: {method: time, validation: 0.25, test: 0.25}}
metrics: {timeframe: {column: date, unit: month}}
network: {model: mlp, hidden_size: [4]}
training: {epochs: 6, keep: last}
END
trainlib train:run made.yaml --quiet
exits 0; run=$(ls -d output/runs/made_*)
trainlib train:predict $run --data made.csv --output p.csv
exits 0
# The test part is rows 180 to 239: 20 of May, 40 of June.
paste -d, made.csv p.csv | awk -F, 'NR > 181 {m = substr($1, 1, 7); n[m]++; h[m] += $5 == $7}
    END {printf "2024-05 %d %.6f 2024-06 %d %.6f", n["2024-05"], h["2024-05"] / n["2024-05"], n["2024-06"],
         h["2024-06"] / n["2024-06"]}' > wanted
groups='/"test":/ {inside = 1} inside && /"timeframe":/ {gsub(/[",]/, "", $2); t = $2; if ($3) {gsub(/[",]/, "", $3); t = t " " $3}}
    inside && t && /"rows":/ {r = $2 + 0} inside && t && /"accuracy":/ {printf "%s%s %d %.6f", sep, t, r, $2; sep = " "; t = ""}'
is 'months of the test part' "$(awk "$groups" $run/metrics.json)" "$(cat wanted)"
trainlib train:metrics $run
exits 0; says out accuracy_by_timeframe 2024-05 2024-06 stability_index
for unit in year quarter week day weekday hour; do
    trainlib train:run made.yaml --set metrics.timeframe.unit=$unit --out $unit --quiet; exits 0
done
is 'year' "$(awk "$groups" year/output/runs/made_*/metrics.json | cut -d' ' -f1,2)" '2024 60'
is 'quarter' "$(awk "$groups" quarter/output/runs/made_*/metrics.json | cut -d' ' -f1-3)" '2024 Q2 60'
is 'hour' "$(awk "$groups" hour/output/runs/made_*/metrics.json | cut -d' ' -f1,2)" '00:00 60'
grep -q '"timeframe": "Wednesday"' weekday/output/runs/made_*/metrics.json || fail 'no Wednesday'
grep -q '"timeframe": "2024-06-03"' week/output/runs/made_*/metrics.json || fail 'no week of Monday, the third of June'
grep -q '"timeframe": "2024-06-28"' day/output/runs/made_*/metrics.json || fail 'no day'
trainlib train:run made.yaml --set metrics.timeframe.column=hour_of --out words --quiet
exits 0; is 'words' "$(awk "$groups" words/output/runs/made_*/metrics.json | cut -d' ' -f1,2,4,5)" 'day 40 night 20'
trainlib train:run made.yaml --set metrics.timeframe.column=dat --out no --quiet
mistake metrics.timeframe.column date
trainlib train:run made.yaml --set data.target=x --set data.inputs=[y] --out no --quiet
mistake metrics.timeframe.column classes

# Stability: the share of validation rows whose class is one in all of the last 5 epochs.
for e in 1 2 3 4 5 6 7 8; do
    trainlib train:run made.yaml --set training.epochs=$e --out e$e --quiet; exits 0
    trainlib train:predict e$e/output/runs/made_* --data made.csv --output e$e.csv
    sed -n 122,181p e$e.csv | cut -d, -f2 > c$e
done
share() { paste -d, "$@" | awk -F, '{same = 1; for (i = 2; i <= NF; i++) if ($i != $1) same = 0; n += same}
    END {printf "%.6f", n / NR}'; }
stability() { awk '/"stability_index"/ {printf "%.6f", $2}' "$1"/metrics.json; }
is 'after 8 epochs' "$(stability e8/output/runs/made_*)" "$(share c4 c5 c6 c7 c8)"
is 'after 6 epochs' "$(stability e6/output/runs/made_*)" "$(share c2 c3 c4 c5 c6)"
is 'after 3 epochs' "$(stability e3/output/runs/made_*)" "$(share c1 c2 c3)"

finish
