#!/bin/sh
# Kills trainings with SIGKILL at random moments, KILLS=50 times in all and EACH=3 times one network of each family, and
# goes on with --resume until each is done. The model must have the bits of an uninterrupted training, and no temporary
# file may be left.
# Environment: TRAINLIB, the command; KILLS; EACH.
TRAINLIB=${TRAINLIB:-build/trainlib} KILLS=${KILLS:-50} EACH=${EACH:-3}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

awk 'BEGIN {
    s = 1; print "a,b,c,d,e,f,label"
    for (i = 0; i < 600; i++) {
        line = ""; t = 0
        for (j = 0; j < 6; j++) { s = (s * 16807) % 2147483647; x = s / 2147483647; line = line sprintf("%.4f,", x); t += x * (j - 2.5) }
        print line (t > 0.3 ? "up" : t < -0.3 ? "down" : "flat")
    }
}' > "$folder/data.csv"
cat > "$folder/config.yaml" <<'END'
name: crash
seed: 3
data: {file: data.csv, target: label, split: {method: stratified, validation: 0.2, test: 0.1}, normalize: standard}
network:
  layers:
    - {type: hidden, nodes: 24, activation: relu}
    - {type: batch_norm}
    - {type: dropout, rate: 0.1}
    - {type: output}
training: {epochs: 40, batch_size: 16, checkpoint: {epochs: 2, steps: 7}, lr_scheduler: {type: cosine, t_max: 40}}
optimization: {early_stopping: {patience: 15}}
END

hash_of() { sha256sum "$1"/output/runs/*/model.safetensors | cut -d' ' -f1; }
# A random number from 0 to 65535.
draw() { od -An -N2 -tu2 /dev/urandom | tr -d ' '; }
milliseconds() { awk '{ print int($1 * 1000) }' /proc/uptime 2>/dev/null || echo "$(date +%s)000"; }

# Trains a config to its end, then again, killed and resumed, until KILLS kills have come to pass.
crash() { # CONFIG KILLS
    config=$folder/$1.yaml
    began=$(milliseconds)
    $TRAINLIB train:run "$config" --out "$folder/$1" --threads 2 --quiet >"$folder/log" 2>&1 ||
        { echo "$1: the uninterrupted training fails:"; cat "$folder/log"; exit 1; }
    longest=$(($(milliseconds) - began))
    expected=$(hash_of "$folder/$1")
    kills=0 trainings=0
    while [ "$kills" -lt "$2" ]; do
        trainings=$((trainings + 1))
        out=$folder/$1-$trainings
        resume=
        while :; do
            if [ "$kills" -ge "$2" ]; then
                $TRAINLIB train:run "$config" --out "$out" --threads 2 --quiet $resume >"$folder/log" 2>&1 ||
                    { echo "$1, training $trainings: the last resume fails:"; cat "$folder/log"; exit 1; }
                break
            fi
            $TRAINLIB train:run "$config" --out "$out" --threads 2 --quiet $resume >"$folder/log" 2>&1 &
            child=$!
            sleep "$(awk -v r="$(draw)" -v most="$longest" 'BEGIN { printf "%.3f", 0.005 + r / 65536 * most / 1000 }')"
            kill -9 $child 2>/dev/null && killed=1 || killed=0
            { wait $child; } 2>/dev/null
            code=$?
            [ $code -eq 0 ] && break
            if [ $code -ne 137 ]; then
                echo "$1, training $trainings after $kills kills: exit status $code:"; cat "$folder/log"; exit 1
            fi
            kills=$((kills + killed))
            # the kill may come when all is written and only the process has not ended yet
            grep -qs '"state": *"done"' "$out"/output/runs/*/status.json && break
            # before its folder existed there is nothing to go on with
            resume=; ls "$out"/output/runs/*/config.yaml >/dev/null 2>&1 && resume=--resume
        done
        got=$(hash_of "$out")
        [ "$got" = "$expected" ] || { echo "$1, training $trainings: $got, uninterrupted: $expected"; status=1; }
        left=$(find "$out" -name '*.tmp-*')
        [ -z "$left" ] || { echo "$1, training $trainings leaves: $left"; status=1; }
        rm -rf "$out"
    done
    echo "$1: $kills kills in $trainings trainings"
}

status=0
crash config "$KILLS"
epochs=6 checkpoint=', checkpoint: {epochs: 2, steps: 3}'
. tests/bits/families.sh
for family in $families; do
    family_config "$family"
    crash "$family" "$EACH"
done
[ $status -eq 0 ] && echo "same bits as uninterrupted, nothing left behind"
exit $status
