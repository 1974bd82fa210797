#!/bin/sh
# Forecasts as users run them: a file of series in, a model out, its forecasts as tables; the same bits for any number of
# threads; mistakes in one sentence.
. tests/cli/support.sh

# Two daily series with a week's pattern, from Monday 2024-01-01 on.
awk 'BEGIN {
    s = 1; split("31 29 31 30 31 30 31", days, " "); print "day,sales,visits,promo"
    for (month = 1; month <= 7; month++)
        for (date = 1; date <= days[month] && i < 200; date++) {
            s = (s * 16807) % 2147483647; noise = s / 2147483647
            printf "2024-%02d-%02d,%.4f,%.4f,%d\n", month, date, 100 + 20 * (i % 7) + 5 * noise, 10 * (i % 7) + noise, i % 10 == 0
            i++
        }
}' > sales.csv
cat > sales.yaml <<'END'
name: sales
seed: 5
data:
  file: sales.csv
  time: day
  task: forecast
  target: [sales, visits]
  drop: [promo]
  window: {input_size: 14, horizon: 7}
  split: {train: 140, validation: 30, test: 30}
  calendar: [weekday]
network: {model: mlp, hidden_size: [24]}
training: {epochs: 30, learning_rate: 0.01}
END

trainlib train:run sales.yaml --out one --threads 1
exits 0
says out 'MSE' 'RMSE' 'sMAPE' 'MASE' ' last step' ' season'
says err 'sales.csv 200 steps, 14 × 3 → 7 × 2, windows:' 'train 120  validation 24  test 24'
run=$(echo one/output/runs/sales_*)
for file in model.safetensors norm_params.json feature_config.json metrics.json metrics.csv config.yaml; do
    is "$file" "$([ -s "$run/$file" ] && echo there)" there
done
says "$run/feature_config.json" '"calendar"' '"season": 7' '"horizon": 7'
says "$run/norm_params.json" '"shift"' '"visits"'
says "$run/metrics.json" '"repeat_last"' '"seasonal_naive"' '"original"' '"mase"' '"smape"' '"by_step"' '"by_target"'
trainlib train:evaluate "$run" --json
for figure in smape mase; do
    is "$figure of the command" "$(sed -n '/"test"/,$s/^    "'$figure'": *//p' out | tr -d ,)" \
        "$(sed -n '/^  "test"/,$s/^      "'$figure'": *//p' "$run/metrics.json" | tr -d , | head -n 1)"
done
cp out scored
trainlib train:run sales.yaml --out batches --set training.validation_batch_size=50
trainlib train:evaluate batches/output/runs/sales_* --json
is "figures in larger batches" "$(grep -E '"(mse|mae|smape|mase)"' out | cksum)" "$(grep -E '"(mse|mae|smape|mase)"' scored | cksum)"
trainlib train:run sales.yaml --out two --threads 2
is "the model with two threads" "$(cksum < "$(echo two/output/runs/sales_*)/model.safetensors")" \
    "$(cksum < "$run/model.safetensors")"

# The days after the last one; more of them go on from those.
trainlib train:predict "$run"
exits 0; says out 'day,sales,visits' '2024-07-19,' '2024-07-25,'
is "rows of a forecast" "$(grep -c ^2024 out)" 7
cp out direct
trainlib train:predict "$run" --steps 10
is "rows of ten steps" "$(grep -c ^2024 out)" 10
is "the first seven of ten" "$(head -n 8 out | cksum)" "$(cksum < direct)"
trainlib train:predict "$run" --steps 2 --format json
says out '"day": "2024-07-19"' '"visits": '
trainlib train:predict "$run" --data sales.csv --output made.csv
is "from a file" "$(cksum < made.csv)" "$(cksum < direct)"
head -n 12 sales.csv > short.csv
trainlib train:predict "$run" --data short.csv;      mistake short.csv 'a forecast needs 14 steps' '11; give more of its past'
cut -d, -f1,2 sales.csv > half.csv
trainlib train:predict "$run" --data half.csv;       mistake half.csv "there is no column 'visits'"

trainlib train:evaluate "$run" --json
exits 0
trainlib train:evaluate "$run" --data sales.csv
exits 0; says out 'test' ' last step'
trainlib train:evaluate "$run" --rolling 3
exits 0; says out '2024-06-19' '2024-07-18' 'mean of the pieces: MSE'
is "pieces of the test part" "$(grep -c ^2024 out)" 3
trainlib train:evaluate "$run" --rolling 9
mistake "9 pieces of the test part's 30 steps have 3 steps each" 'at most 4 pieces'
trainlib train:prepare-data sales.yaml --out prepared
exits 0
is "prepared steps" "$(wc -l < prepared/output/data/sales/test.csv | tr -d ' ')" 31
says prepared/output/data/sales/train.csv 'day,sales,visits,weekday' '2024-01-01,'

# A network of one series at a time says what it does not read.
trainlib train:run sales.yaml --out alone --set network.model=nlinear --set training.epochs=1
exits 0; says err 'nlinear forecasts each series from its own past alone: weekday is not used'
trainlib train:run sales.yaml --out alone --set network.model=nlinear --set 'data.calendar=[]' --set training.epochs=1
exits 0; is "columns not used" "$(grep -c 'not used' err)" 0

# Without their level: series that lie 1,000 higher are forecast 1,000 higher, and with instance, too, when they are
# three times as wide. Known and other columns are read as they are.
awk -F, -v OFS=, 'NR > 1 { $2 += 1000; $3 += 1000 } 1' sales.csv > higher.csv
awk -F, -v OFS=, 'NR > 1 { $2 = 3 * $2 + 1000; $3 = 3 * $3 } 1' sales.csv > wider.csv
near() {    # near WHAT FILE TIMES PLUS PLUS2: FILE is the forecast `first` times TIMES, plus PLUS and PLUS2
    is "$1" "$(paste -d, first "$2" | awk -F, -v k="$3" -v a="$4" -v b="$5" 'NR > 1 {
        d = $5 - (k * $2 + a); e = $6 - (k * $3 + b)
        if (d * d > 0.01 || e * e > 0.01) print $0, d, e
    }')" ""
}
for how in last instance; do for model in lstm mlp nlinear; do
    trainlib train:run sales.yaml --out "$model$how" --set network.model=$model --set network.normalization=$how \
        --set training.epochs=3
    exits 0
    trainlib train:predict "$model$how"/output/runs/sales_*; cp out first
    trainlib train:predict "$model$how"/output/runs/sales_* --data higher.csv; cp out second
    near "$model, $how, a higher level" second 1 1000 1000
    [ $how = instance ] || continue
    trainlib train:predict "$model$how"/output/runs/sales_* --data wider.csv; cp out second
    near "$model, $how, wider" second 3 1000 0
done; done
trainlib train:run sales.yaml --set network.normalization=lest; mistake 'did you mean last'

# Known ahead: promotions of the days to come stand in the file, without sales.
sed 's/^  drop.*/  covariates: {future: [promo]}/' sales.yaml > promo.yaml
trainlib train:run promo.yaml --out promo
exits 0
trainlib train:predict promo/output/runs/sales_*
mistake "column 'promo' must be known for 7 steps"
{ cat sales.csv; for day in 19 20 21 22 23 24 25; do echo "2024-07-$day,,,1"; done; } > known.csv
trainlib train:predict promo/output/runs/sales_* --data known.csv
exits 0; says out '2024-07-25,'; says err '7 steps at the end of series have no targets'

# Intervals.
trainlib train:run sales.yaml --out quantiles --set 'training.loss={type: quantile, quantiles: [0.05, 0.5, 0.95]}'
exits 0
trainlib train:predict quantiles/output/runs/sales_*
says out 'day,sales_0.05,sales_0.5,sales_0.95,visits_0.05'
says "$(echo quantiles/output/runs/sales_*)/metrics.json" '"intervals"' '"coverage"' '"pinball"'

# Several series below each other, each with its scaling; a series that is new has none.
awk -F, 'NR == 1 { print "shop,day,sales"; next } { print "north," $1 "," $2; print "south," $1 "," 3 * $2 }' sales.csv > shops.csv
sed 's/sales.csv/shops.csv/; s/^  target.*/  target: sales\n  series: shop/; s/^  drop.*//' sales.yaml > shops.yaml
trainlib train:run shops.yaml --out shops
exits 0; says err 'train 240  validation 48  test 48'
says "$(echo shops/output/runs/sales_*)/metrics.json" '"by_series"' '"north"' '"south"'
# Both series have as many windows, so that the figure of all is the mean of theirs.
is "mean of both series" "$(awk '/^  "test"/ { on = 1 } on && /"original"/ { on = 2 }
    on == 2 && /"mse"/ && !n { all = $2 + 0; n = 1 } on == 2 && /"by_series"/ { on = 3 }
    on == 3 && /"mse"/ && k < 2 { sum += $2; k++ } END { d = sum / 2 / all - 1; print (k == 2 && d * d < 1e-18) ? "equal" : sum " " all }' \
    shops/output/runs/sales_*/metrics.json)" equal
trainlib train:metrics shops/output/runs/sales_*
says out 'in_own_unit' 'last step' 'by_series' 'north' 'south' 'smape'
trainlib train:predict shops/output/runs/sales_*
says out 'shop,day,sales' 'north,2024-07-19,' 'south,2024-07-25,'
sed 's/north/west/' shops.csv > west.csv
trainlib train:predict shops/output/runs/sales_* --data west.csv
mistake "series 'west' was not in the training data"

# The preset: an hourly series, a week to a day, N-HiTS over all of the features.
awk 'BEGIN { print "hour,load"; for (i = 0; i < 700; i++)
    printf "2024-%02d-%02dT%02d:00:00,%.4f\n", 1 + int(i / 672), 1 + int(i / 24) % 28, i % 24, 50 + 10 * (i % 24 < 12) + i % 5 }' > hours.csv
trainlib train:configure --preset forecast --set data.file=hours.csv --set data.time=hour --set data.target=load \
    --set name=hourly --set data.missing=forward
cp out hourly.yaml
trainlib train:run hourly.yaml --out hourly --set training.epochs=2 --set 'network.hidden_size=[16]' \
    --set 'data.split={method: time, train: 300, validation: 175, test: 175}'
exits 0; says err '168 × 11 → 24 × 1'; is "columns not used" "$(grep -c 'not used' err)" 0
run=$(echo hourly/output/runs/hourly_*)
for file in model.safetensors norm_params.json feature_config.json; do
    is "$file" "$([ -s "$run/$file" ] && echo there)" there
done
says "$run/feature_config.json" '"outliers"' '"rolling_std"' '"rate_of_change"'
says "$run/norm_params.json" load_lag_21

# N-HiTS reads columns beside its series: what is known ahead of a series that follows it helps.
awk 'BEGIN { s = 7; print "t,y,x"; for (t = 0; t < 700; t++) { last = x; x = 0
    for (k = 0; k < 6; k++) { s = (s * 16807) % 2147483647; x += s / 2147483647 - 0.5 }
    printf "%d,%.4f,%.4f\n", t, 5 + 3 * x + 2 * last, x } }' > driven.csv
cat > driven.yaml <<'END'
data: {file: driven.csv, time: t, task: forecast, target: [y], covariates: {future: [x]},
       window: {input_size: 12, horizon: 4}, split: {method: time, train: 500, validation: 100, test: 100}}
network: {model: nhits, hidden_size: [32]}
training: {epochs: 20, learning_rate: 0.003}
END
for model in nhits nbeats; do
    trainlib train:run driven.yaml --out driven --set network.model=$model --set network.num_layers=2 --json
    is "$model with x" "$(sed -n '/"test"/,$s/^    "mse": //p' out | awk '{ print ($1 + 0 < 0.1) ? "low" : $1 }')" low
    trainlib train:run driven.yaml --out driven --set network.model=$model --set network.num_layers=2 \
        --set network.covariates=false --json
    is "$model without x" "$(sed -n '/"test"/,$s/^    "mse": //p' out | awk '{ print ($1 + 0 > 0.5) ? "high" : $1 }')" high
done

# Mistakes.
mkdir empty; cd empty || exit 1
trainlib train:run ../sales.yaml --set data.window.horizon=500;        mistake 'a window takes 514 steps' 'the training part of' 'has 140'
trainlib train:run ../sales.yaml --set data.split.method=random;       mistake 'divided in the order of time'
trainlib train:run ../sales.yaml --set data.target=sale;               mistake sale
trainlib train:run ../sales.yaml --set 'data.calendar=[moon]';         mistake "'moon' is no unit"
trainlib train:run ../sales.yaml --set 'data.features=[lags]';         mistake lags lag
trainlib train:run ../sales.yaml --set data.streaming=true;            mistake data.streaming
trainlib train:run ../sales.yaml --set training.monitor=r2;            mistake 'training.monitor: r2'
trainlib train:run ../sales.yaml --set training.loss=cross_entropy;    mistake cross_entropy
untouched

finish
