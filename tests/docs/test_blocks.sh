#!/bin/sh
# Runs what the README and the guides tell a user to type. In each Markdown file:
#   ```sh        is run as it stands, in a copy of the file's folder (trainlib and make are on the PATH)
#   ```console   its lines that begin with "$ " are run
#   ```c         a whole program is compiled against the archive and run
#   ```yaml      a whole config (it has a line "data:") must pass train:configure --check
# A block below the line <!-- shown --> is only shown: it needs the network or data that is not bundled. One below
# <!-- seconds --> trains for seconds, which would be many minutes in an emulator; it runs on the machine itself only.
root=$(pwd)
set -- $TRAINLIB    # an emulator may stand in front
[ $# -gt 0 ] || set -- "$root/build/trainlib"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin"
printf '#!/bin/sh\nexec %s "$@"\n' "$*" > "$work/bin/trainlib"; chmod +x "$work/bin/trainlib"
PATH=$work/bin:$PATH; export PATH
status=0

for guide in README.md examples/*/README.md; do
    folder=$work/$(dirname "$guide")
    rm -rf "$work/examples"; cp -r examples "$work/examples"; mkdir -p "$folder"
    awk -v out="$work/block" -v emulated="$RUN" '
        /^<!-- shown -->/ || (/^<!-- seconds -->/ && emulated) { shown = 1; next }
        /^```/ && !inside { kind = substr($0, 4); inside = 1; n++; file = out "." n "." kind; if (!shown) { printf "" > file; lines = 0 }; next }
        /^```/ && inside { inside = 0; shown = 0; close(file); next }
        inside && !shown { print > file }' "$guide"
    for block in $(ls "$work"/block.* 2>/dev/null | sort -t. -k2 -n); do
        case $block in
        *.sh) (cd "$folder" && sh -e "$block") >"$work/log" 2>&1 ;;
        *.console) sed -n 's/^\$ //p' "$block" > "$block.run"; (cd "$folder" && sh -e "$block.run") >"$work/log" 2>&1 ;;
        *.c) grep -q 'int main(' "$block" || continue
             [ -z "$RUN" ] || continue
             ${CC:-cc} -std=c11 -I"$root" -o "$work/program" "$block" "${LIBRARY:-$root/build/libtrainlib.a}" -lpthread >"$work/log" 2>&1 && (cd "$folder" && "$work/program") >>"$work/log" 2>&1 ;;
        *.yaml) grep -q '^data:' "$block" || continue
             cp "$block" "$folder/block.yaml"; (cd "$folder" && trainlib train:configure block.yaml --check) >"$work/log" 2>&1 ;;
        *) continue ;;
        esac || { echo "$guide: this block fails:"; cat "$block"; echo "--- it says:"; tail -n 20 "$work/log"; status=1; }
    done
    rm -f "$work"/block.*
done
exit $status
