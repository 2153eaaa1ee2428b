#!/bin/sh
# Runs the gates of `make check`, all of them even when one fails, and prints a line of TAP for each, so that
# `make test` can count them with the other tests. What a failing gate says goes to stderr; a gate whose tool is
# missing, or of another release, ends with 77 and is skipped with the reason.
#
#   tools/check.sh BUILD-FOLDER [GATE...]
set -u
build=${1:?usage: check.sh BUILD-FOLDER [GATE...]}
shift
all='headers layers preload options words man shell format tidy'
[ $# -gt 0 ] || {
    # shellcheck disable=SC2086  # one word per gate
    set -- $all
}
number=0
failed=0
echo "1..$#"
for gate in "$@"; do
    number=$((number + 1))
    case $gate in
    preload) argument=$build/liballocscope.so ;;
    options) argument=$build/allocscope ;;
    tidy) argument=$build/tidy ;;
    *) argument= ;;
    esac
    summary=$("tools/check-$gate.sh" ${argument:+"$argument"})
    case $? in
    0) echo "ok $number check $gate: $summary" ;;
    77) echo "ok $number check $gate # skip $summary" ;;
    *)
        echo "not ok $number check $gate"
        failed=$((failed + 1))
        ;;
    esac
done
[ $failed = 0 ]
