# Sourced by the tests of the command, which run from the top of the project. Each begins in an empty folder of its own;
# `trainlib ARGS` runs the command and keeps $status and the files out and err.
root=$(pwd)
set -- $TRAINLIB    # an emulator may stand in front
[ $# -gt 0 ] || set -- "$root/build/trainlib"
command="$*"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0 checks=0

trainlib()
{
    $command "$@" >out 2>err </dev/null
    status=$?
}

# iris.csv: 150 rows with a header, three classes.
make_iris()
{
    echo sepal_length,sepal_width,petal_length,petal_width,species > iris.csv
    sed -n 's/,Iris-/,/p' "$root/examples/c-api/iris.csv" >> iris.csv
}

fail()
{
    failures=$((failures + 1))
    echo "FAILED: $*"
    echo "  status $status"
    sed 's/^/  out: /' out | head -n 12
    sed 's/^/  err: /' err | head -n 12
}

# exits STATUS: the command ended so.
exits()
{
    checks=$((checks + 1))
    [ "$status" = "$1" ] || fail "exit status should be $1"
}

# says FILE TEXT...: each text stands in the file, out or err.
says()
{
    file=$1
    shift
    for text in "$@"; do
        checks=$((checks + 1))
        grep -qF -e "$text" "$file" || fail "$file should say: $text"
    done
}

# is NAME VALUE WANTED
is()
{
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1 is '$2', should be '$3'"
}

# A mistake: exit 1 or 2, one sentence that says each of the texts, nothing half-written, no crash.
mistake()
{
    checks=$((checks + 1))
    case $status in 1 | 2) ;; *) fail "exit status should be 1 or 2" ;; esac
    says err "$@"
    checks=$((checks + 1))
    [ ! -s out ] || fail "a mistake prints no result"
    checks=$((checks + 1))
    left=$(find . -name '*.tmp*' | head -n 3)
    [ -z "$left" ] || fail "left behind: $left"
}

# No run folder was made.
untouched()
{
    checks=$((checks + 1))
    [ ! -e output ] || fail "output/ was made"
}

finish()
{
    [ $failures -eq 0 ] || { echo "$failures of $checks checks failed"; exit 1; }
    echo "$checks checks"
}
