#!/bin/bash
# `make soak`: every stack that the validated unwinder gives is compared with an honest walk, one in 64 with libunwind
# too (unwinder=check), in test/programs/unwind_torture.cpp, built in 16 ways, and in the real programs of the
# benchmarks. Prints a row for each, and ends with one plain line: "N passed, N failed" (and ", N skipped"). A row passes
# when the program ended as it should and no stack was different. Usage: soak.sh BUILD; from the environment:
#   ROUNDS   of the torture, in each of its threads             TURNS    of each real program
#   ROWS     only titles that match this regular expression     WANTED   comparisons that there must be in all
#   LIBRARY  the recorder to be judged
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:?usage: soak.sh BUILD}" && pwd)
rounds=${ROUNDS:-10000}
turns=${TURNS:-2}
rows=${ROWS:-}
wanted=${WANTED:-100000000}
library=${LIBRARY:-$build/liballocscope.so}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
numbers='unwinder=check: \([0-9]*\) stacks, \([0-9]*\) differ from an honest walk; \([0-9]*\) compared with libunwind: \([0-9]*\) other frames, \([0-9]*\) shorter, \([0-9]*\) longer there'
compared=0
judged=0
passed=0
failed=0
skipped=0

# row TITLE FILE STATUS: what FILE says of the program, which ended with STATUS. Whatever is not its numbers is
# repeated, and is a failure: a difference, or why there are no numbers.
row() {
    local title=$1 file=$2 status=$3 stacks different by_libunwind others shorter longer
    read -r stacks different by_libunwind others shorter longer < <(
        sed -n "s/.*$numbers.*/\1 \2 \3 \4 \5 \6/p" "$file" |
            awk '{ for (i = 1; i <= 6; i++) sum[i] += $i } END { for (i = 1; i <= 6; i++) printf "%d ", sum[i]; print "" }'
    )
    compared=$((compared + stacks))
    judged=$((judged + by_libunwind))
    echo "| $title | $stacks | $different | $by_libunwind | $others | $shorter | $longer |"
    if grep -v "$numbers" "$file" >"$work/said" || [ "$status" != 0 ] || [ "$stacks" = 0 ] ||
        [ $((different + others + shorter + longer)) != 0 ]; then
        failed=$((failed + 1))
        echo "$title: exit status $status" | cat - "$work/said" | head -n 30 >&2
    else
        passed=$((passed + 1))
    fi
}

skip() { # TITLE REASON
    skipped=$((skipped + 1))
    echo "| $1 | skipped: $2 | | | | | |"
}

# torture COMPILER FLAG...
torture() {
    local title="torture, $*" status=0
    [[ $title =~ $rows ]] || return 0
    command -v "$1" >"$work/said" || {
        skip "$title" "$1 is not installed"
        return 0
    }
    "$@" -std=gnu++17 -g -o "$work/torture" "$root/test/programs/unwind_torture.cpp" -pthread -ldl 2>"$work/err" &&
        ALLOCSCOPE_OPTIONS=quiet=1:graph=0:snapshot_at=:unwinder=check LD_PRELOAD=$library "$work/torture" "$rounds" \
            "$build/test/programs/lib/libsame_place_a.so" "$build/test/programs/lib/libsame_place_b.so" \
            >"$work/out" 2>"$work/err" </dev/null || status=$?
    row "$title" "$work/err" "$status"
}

real_programs() {
    local title reason
    python3 "$root/bench/check_programs.py" "$build" "$library" "$turns" "$rows" >"$work/programs" || {
        failed=$((failed + 1))
        return 0
    }
    cut -f 1 "$work/programs" | uniq >"$work/titles"
    while read -r title; do
        awk -F '\t' -v title="$title" '$1 == title { print $2 }' "$work/programs" >"$work/program"
        if reason=$(grep -m 1 'is not installed$' "$work/program"); then
            skip "$title" "$reason"
        else
            row "$title" "$work/program" 0
        fi
    done <"$work/titles"
}

echo '| program | stacks compared with an honest walk | different | with libunwind | other frames | shorter there | longer there |'
echo '|---|---|---|---|---|---|---|'
for compiler in g++ clang++; do
    for level in -O0 -O1 -O2 -O3; do
        for pointers in -fomit-frame-pointer -fno-omit-frame-pointer; do
            torture "$compiler" "$level" "$pointers"
        done
    done
done
real_programs
echo "| all | $compared | | $judged | | | |"
if [ "$compared" -lt "$wanted" ]; then
    failed=$((failed + 1))
    echo "$compared stacks were compared, $wanted are wanted" >&2
fi
[ "$skipped" = 0 ] || skipped_words=", $skipped skipped"
echo "$passed passed, $failed failed${skipped_words:-}"
[ "$failed" = 0 ]
