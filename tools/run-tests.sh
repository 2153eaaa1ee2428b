#!/bin/bash
# Runs the parts of `make test`, adds up their results and ends with one plain line: "N passed, N failed" (and
# ", N skipped", the reasons listed before). Exit status 1 when something failed.
#
#   tools/run-tests.sh BUILD-FOLDER PART...
#
# A part is one of
#   unit              every cmocka program of BUILD-FOLDER/test/unit, as TAP
#   unit:FOLDER       the same of another variant's folder
#   bats:FILE...      one bats run; files are run side by side (JOBS, default one per processor), each test in a
#                     folder of its own, so that nothing is shared between them
#   tap:COMMAND       a command that prints TAP
# All output goes to BUILD-FOLDER/test/results, what failed is repeated at the end.
set -u
build=${1:?usage: run-tests.sh BUILD-FOLDER PART...}
shift
results=$build/test/results
JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN)}
rm -rf "$results"
mkdir -p "$results"
skipped_line='^(not )?ok .*# *skip'
passed=0
failed=0
skipped=0

# add NAME STATUS: count the TAP in results/NAME.tap; a part that died without saying so is one failure.
add() {
    local ok bad skip planned
    # cmocka writes a skipped test as "not ok N # SKIP name", everyone else as "ok N name # skip reason".
    skip=$(grep -ciE "$skipped_line" "$results/$1.tap")
    ok=$(grep '^ok ' "$results/$1.tap" | grep -cviE "$skipped_line")
    bad=$(grep '^not ok ' "$results/$1.tap" | grep -cviE "$skipped_line")
    planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$results/$1.tap" | awk '{ sum += $1 } END { print sum + 0 }')
    if [ "$planned" -gt $((ok + bad + skip)) ] || { [ "$2" != 0 ] && [ "$bad" = 0 ]; }; then
        echo "not ok $1 ended early (status $2, $((ok + bad + skip)) of $planned results)" >>"$results/$1.tap"
        bad=$((bad + 1))
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    skipped=$((skipped + skip))
    printf '%-40s %4d passed, %d failed%s\n' "$1" "$ok" "$bad" "$([ "$skip" = 0 ] || echo ", $skip skipped")"
}

run_unit_program() {
    local program=$1 name=$2-${1##*/} status=0
    CMOCKA_MESSAGE_OUTPUT=TAP "$program" >"$results/$name.tap" 2>"$results/$name.err" || status=$?
    echo "$status" >"$results/$name.status"
}

# run_unit FOLDER PREFIX: JOBS programs side by side.
run_unit() {
    local program name
    export -f run_unit_program
    export results
    # shellcheck disable=SC2016  # the job's own arguments
    find "$1"/test/unit -name '*_test' -type f -executable -print0 | sort -z |
        xargs -r -0 -n 1 -P "$JOBS" bash -c 'run_unit_program "$2" "$1"' run-unit "$2"
    for program in "$1"/test/unit/*_test; do
        [ -x "$program" ] || continue
        name=$2-${program##*/}
        add "$name" "$(cat "$results/$name.status" 2>/dev/null || echo 1)"
    done
}

# One file after the other inside a job; JOBS of them side by side.
run_bats_file() {
    local file=$1 name status=0
    name=bats-$(basename "$file" .bats)
    bats --tap --timing "$file" >"$results/$name.tap" 2>"$results/$name.err" || status=$?
    echo "$status" >"$results/$name.status"
}

# run_bats "FILE FILE ...": the names hold no blanks.
run_bats() {
    local file name
    export -f run_bats_file
    export results BUILD=$build
    # shellcheck disable=SC2016  # the job's own argument
    tr -s ' ' '\n' <<<"$1" | xargs -r -n 1 -P "$JOBS" bash -c 'run_bats_file "$1"' run-bats
    for file in $1; do
        name=bats-$(basename "$file" .bats)
        add "$name" "$(cat "$results/$name.status" 2>/dev/null || echo 1)"
    done
}

run_tap() {
    local name status=0
    name=$(basename "${1%% *}" .sh)
    # shellcheck disable=SC2086  # a command and its arguments
    $1 >"$results/$name.tap" 2>"$results/$name.err" || status=$?
    add "$name" "$status"
}

for part in "$@"; do
    case $part in
    unit) run_unit "$build" unit ;;
    unit:*) run_unit "${part#unit:}" "unit-$(basename "${part#unit:}")" ;;
    bats:*) run_bats "${part#bats:}" ;;
    tap:*) run_tap "${part#tap:}" ;;
    *)
        echo "run-tests.sh: unknown part $part" >&2
        exit 2
        ;;
    esac
done

for tap in "$results"/*.tap; do
    [ -e "$tap" ] || continue
    # What failed, with the lines that say why.
    awk -v file="$(basename "$tap" .tap)" '/^not ok / && !/# *(SKIP|skip)/ { print ""; print file ": " $0; show = 1; next }
        /^(ok |1\.\.)/ { show = 0 } show && /^#/ { print }' "$tap"
    if grep -q '^not ok' "$tap" && [ -s "${tap%.tap}.err" ]; then
        tail -20 "${tap%.tap}.err"
    fi
done
if [ "$skipped" != 0 ]; then
    echo
    echo 'skipped:'
    grep -hiE "$skipped_line" "$results"/*.tap |
        sed -E 's/^(not )?ok [0-9]+ -? */  /; s/ in [0-9]+ms//; s/# *skip/-/I' | sort -u
fi
echo
if [ "$skipped" = 0 ]; then
    echo "$passed passed, $failed failed"
else
    echo "$passed passed, $failed failed, $skipped skipped"
fi
# A run that saw nothing has not passed.
[ "$failed" = 0 ] && [ "$passed" != 0 ]
