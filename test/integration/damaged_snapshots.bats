#!/usr/bin/env bats
# Damaged files, one for each rule of allocscope-snapshot(5): refused with a sentence and exit 3 by every command
# that reads, or told by verify, also with exit 3.
load helpers

CORRUPT=$BUILD/test/corrupt-snapshot

# each_case KIND FUNCTION: for every case of KIND, damage good.snap into bad.snap and call FUNCTION CASE WORDS.
each_case() {
    local name kind words failed=0
    "$CORRUPT" --good good.snap
    while IFS=$'\t' read -r name kind words; do
        [ "$kind" = "$1" ] || continue
        "$CORRUPT" good.snap "$name" bad.snap || fail "no place for $name" || return 1
        "$2" "$name" "$words" || failed=1
    done < <("$CORRUPT" --list)
    return "$failed"
}

is_refused() {
    local code=0
    "$TOOL" info bad.snap >out 2>messages || code=$?
    [ "$code" = 3 ] || fail "$1: exit $code, not 3" || return 1
    [ ! -s out ] || fail "$1: something was printed of a damaged file" || return 1
    [ "$(wc -l <messages)" = 1 ] || fail "$1: not one line: $(cat messages)" || return 1
    grep -q '^allocscope: .*bad\.snap' messages || fail "$1: no file named: $(cat messages)" || return 1
    grep -qF -- "$2" messages || fail "$1: '$(cat messages)' does not say '$2'"
}

is_found() {
    local code=0
    "$TOOL" verify bad.snap >out 2>messages || code=$?
    [ "$code" = 3 ] || fail "$1: exit $code, not 3" || return 1
    grep -qwF -- "$2" out messages || fail "$1: no word of $2"
}

@test "info refuses each damaged file with one sentence and exit 3" {
    each_case refused is_refused
}

@test "verify names the rule that each wrong file breaks and exits 3" {
    each_case verify is_found
}

@test "every reading command exits 3 for a damaged file, on either side of a diff" {
    "$CORRUPT" --good good.snap
    "$CORRUPT" good.snap checksum-of-stacks bad.snap
    for command in 'info bad.snap' 'verify bad.snap' 'report bad.snap' 'iterations bad.snap' \
        'check --max-retained 0 bad.snap' 'diff bad.snap good.snap' 'diff good.snap bad.snap'; do
        code=0
        # shellcheck disable=SC2086  # a command and its arguments
        "$TOOL" $command >out 2>messages || code=$?
        [ "$code" = 3 ] || fail "$command: exit $code"
        grep -q 'checksum of section STACKS' messages || fail "$command: $(cat messages)"
    done
}

@test "a recorded file that was cut says where it ends and how much is missing" {
    record malloc_and_free
    bytes=$(stat -c %s "${snapshot:?}")
    head -c $((bytes - 1000)) "${snapshot:?}" >cut.snap
    code=0
    "$TOOL" info cut.snap 2>messages || code=$?
    [ "$code" = 3 ]
    grep -q "ends at byte $((bytes - 1000)), 1000 of $bytes bytes are missing" messages || fail "$(cat messages)"
}
