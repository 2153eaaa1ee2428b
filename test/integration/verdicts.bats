#!/usr/bin/env bats
# shellcheck disable=SC2154 # helpers.bash sets status
# What a row's verdict is, of every shape that survivors have, of what is reached and what is not.
load helpers

# verdicts ITERATIONS: before.iteration-2.snap and x.snap.
verdicts() {
    options snapshot_at=iteration=2 force=1
    ALLOCSCOPE_OUTPUT=$PWD/before.snap record verdicts "$1"
    [ "$status" = 0 ] || fail "exit $status: $(cat messages)" || return 1
    "$TOOL" verify x.snap >verify.out 2>&1 || fail "$(cat verify.out)"
}

# rows FILE: function, shape and verdict of each, sorted.
rows() {
    jq -r '.rows[] | "\(.function) \(.shape) \(.verdict)"' "$1" | sort
}

@test "reached and without growth: cached; linear: abandoned; not reached: leaked; irregular: unknown" {
    verdicts 72
    "$TOOL" report --json x.snap >report.json
    [ "$(rows report.json)" = "$(printf '%s\n' \
        'array_grow amortised cached' \
        'bursts_new irregular unknown' \
        'cache_new one-off cached' \
        'churn transient null' \
        'forget linear leaked' \
        'later_free deferred cached' \
        'list_new linear abandoned' \
        'pool_new bounded cached' \
        'setup_new one-off cached')" ] || fail "$(rows report.json)"
    expect_json '[.rows[] | select(.leaked_blocks > 0) | .function] == ["forget"]' report.json
    expect_json '.rows[] | select(.function == "forget") | .leaked_blocks >= 70' report.json
}

@test "a diff says the same of what was born between two snapshots" {
    verdicts 72
    "$TOOL" diff --json before.iteration-2.snap x.snap >diff.json
    [ "$(rows diff.json)" = "$(printf '%s\n' \
        'array_grow amortised cached' \
        'bursts_new irregular unknown' \
        'cache_new one-off cached' \
        'forget linear leaked' \
        'later_free deferred cached' \
        'list_new linear abandoned' \
        'pool_new bounded cached')" ] || fail "$(rows diff.json)"
}

@test "text shows the verdict beside the shape" {
    verdicts 72
    "$TOOL" diff before.iteration-2.snap x.snap >text
    grep -q '^ .* linear  *leaked .* forget ' text
    grep -q '^ .* linear  *abandoned .* list_new ' text
    grep -q '^ .* bounded  *cached .* pool_new ' text
    "$TOOL" report x.snap >text
    grep -q '^ .* linear  *leaked .* forget ' text
    grep -q '^ .* bounded  *cached .* pool_new ' text
    ! "$TOOL" check --no-growth x.snap >text || return 1
    grep -q '^ .* linear  *abandoned .* list_new ' text
}

@test "under 14 counted iterations what is reached stays unknown, and a leak is still one" {
    verdicts 10
    "$TOOL" report --json x.snap >report.json
    expect_json '[.rows[] | .verdict] | unique == [null, "leaked", "unknown"]' report.json
    expect_json '[.rows[] | select(.verdict == "leaked") | .function] == ["forget"]' report.json
}

# path: the lines below "the path to", each without its blanks.
path() {
    sed -n '/^  the path to the largest block of the first row:$/,/^[^ ]/p' text | sed -n 's/^    *//p'
}

@test "a failed check shows the path to the largest block of its first row, for every rule of survivors" {
    local rule site
    verdicts 72
    for rule in '--max-retained 0:list_new' '--max-per-iteration 0:later_free' '--no-growth:list_new'; do
        site=${rule#*:}
        # shellcheck disable=SC2086 # a rule is one word or two
        ! "$TOOL" check ${rule%:*} --hide 'forget|bursts|cache' x.snap >text || return 1
        [[ "$(path)" = 'held'*' (verdicts)'*"-> $site (verdicts.c:"*' B, born in iteration '* ]] ||
            fail "$rule: $(cat text)" || return 1
    done
    for rule in '--max-leaked 0' '--max-retained 0'; do
        # shellcheck disable=SC2086
        ! "$TOOL" check $rule x.snap >text || return 1
        [[ "$(path)" = *'no root'*'-> forget (verdicts.c:'*'(56 B, born in iteration '* ]] || fail "$rule: $(cat text)" || return 1
        # shellcheck disable=SC2086
        ! "$TOOL" check --json $rule x.snap >check.json || return 1
        expect_json '.findings[0].path | [.root, .hops[-1].function, .hops[-1].bytes] == [null, "forget", 56]' check.json
    done
    ! "$TOOL" check --max-allocs-per-iteration 0 x.snap >text || return 1
    ! grep -q 'path to' text || return 1
    ! "$TOOL" check --json --max-allocs-per-iteration 0 x.snap >check.json || return 1
    expect_json '.findings[0] | has("path") and .path == null' check.json
}

@test "--no-graph leaves verdicts and holders out, and what needs them does not pass" {
    local command
    verdicts 72
    for command in report 'diff before.iteration-2.snap' 'check --max-retained 0'; do
        # shellcheck disable=SC2086
        "$TOOL" $command --no-graph x.snap >text || [[ "$command" = check* ]]
        ! grep ' verdict  \|^ *held by\|path to' text || return 1
        # shellcheck disable=SC2086
        "$TOOL" $command --no-graph --json x.snap >json || [[ "$command" = check* ]]
        expect_json '[.. | objects | select(has("verdict")) | .verdict, .leaked_blocks] | unique == [null]' json
    done
    run "$TOOL" check --max-leaked 1G --no-graph x.snap
    [ "$status" = 2 ]
    [[ "$output" = *'nobody asked who holds the blocks'* ]]
}

@test "without a graph there is no verdict" {
    options graph=0
    record verdicts 20
    [ "$status" = 0 ]
    "$TOOL" report --json x.snap >report.json
    expect_json '[.rows[] | .verdict, .leaked_blocks] | unique == [null]' report.json
    "$TOOL" report x.snap >text
    ! grep ' verdict  \|^ *held by' text || return 1
}
