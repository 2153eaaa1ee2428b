#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# Fluent builders: the profiler's numbers, the engine's books and the table of its scenarios are the same integers; what
# it leaks is found with its holder, and what its pools keep ready is not called a leak.
load helpers
load builder_helpers

ENGINE=$BUILD/examples/fluent-builder
export SITES='^fluent_new_' # for builder_helpers.bash

@test "it behaves as its original and keeps its ledger" {
    run "$ENGINE-test"
    printf '%s\n' "$output"
    [ "$status" = 0 ] && [[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]
}

@test "profiler, books and table agree: builders dropped, forgotten, given back (C1 to C5)" {
    compare_rows '^C[1-5]$' 100
}

@test "profiler, books and table agree: pools that overflow (C6)" {
    compare_rows '^C6' 20
}

@test "profiler, books and table agree: factories in the loop, pools emptied, stale strings (C7 to C9)" {
    compare_rows '^C[7-9]' 100
}

@test "profiler, books and table agree: memos, caches, failures, states (C10 to C13)" {
    compare_rows '^C1[023]$' 100
    compare_rows '^C11$' 2000
}

@test "profiler, books and table agree: each mode of building, dropped, pooled, forgotten" {
    compare_rows '^(async-)?[a-z]' 20
}

@test "and in code without frame pointers" {
    ENGINE=$ENGINE-no-frame-pointers
    compare_rows '^(C2|C7-built|C13|user)$' 100
}

@test "with two warm-up iterations what happens once retains nothing" {
    local name variant
    options snapshot_at=first,last force=1
    while read -r name variant; do
        scenario "$name" "$variant" 20 --warmup 2 || return 1
        [ "$(totals x.last.snap .retained_blocks)" = 0 ] || fail "$name: $(totals x.last.snap .)" || return 1
        "$TOOL" diff --json x.first.snap x.last.snap >diff.json
        expect_json '.totals | .born_blocks == .died_blocks' diff.json || fail "$name $variant" || return 1
    done < <("$ENGINE" --list | awk -F '\t' '$4 == "one-off" && $1 !~ /^C6/ && $1 $2 != "C9pooled" { print $1, $2 }')
}

@test "check passes what is fixed, disposed or pooled, and names site and holder of what leaks" {
    options snapshot_at=exit force=1
    local name variant shape holder count=0
    while read -r name variant shape holder; do
        [[ $name != C6* && $name$variant != C9pooled ]] || continue # which keep what is young
        record "$ENGINE" --scenario "$name" --variant "$variant" --iterations 20 --warmup 2 --marks none --snapshot end.snap
        run "$TOOL" check --max-retained 0 end.snap
        case $shape in
        linear)
            [ "$status" = 1 ] || fail "$name $variant passes: $output" || return 1
            [[ $output == *fluent_new_* ]] || fail "$name $variant: no site: $output" || return 1
            [ "$holder" = nothing ] && holder='no root reaches them'
            [[ $output == *"$holder"* ]] || fail "$name $variant: not $holder: $output" || return 1
            ;;
        transient | one-off)
            [ "$status" = 0 ] || fail "$name $variant fails: $output" || return 1
            ;;
        *) continue ;;
        esac
        rm -f end.snap
        count=$((count + 1))
    done < <("$ENGINE" --list | awk -F '\t' 'NR > 1 { print $1, $2, $4, $5 }')
    [ "$count" -gt 45 ]
}

@test "forgotten builders are leaked, kept ones abandoned, pooled ones cached" {
    options snapshot_at=exit force=1 quiet=1
    local row scenario variant holder leaked verdict
    for row in 'C2 leaky nothing 600 leaked' 'user leaky nothing 1100 leaked' 'C5 leaky g_retained_users 0 abandoned' \
        'C7 leaky fluent_registries 0 abandoned' 'C10 leaky g_retained_memo 0 abandoned' \
        'C13 leaky g_retained_states 0 abandoned' 'C3 pooled fluent_registries 0 cached' \
        'C4 pooled fluent_registries 0 cached' 'C9 pooled fluent_registries 0 cached' \
        'user pooled fluent_registries 0 cached'; do
        read -r scenario variant holder leaked verdict <<<"$row"
        [ "$(column "$scenario" "$variant" holder)" = "$holder" ]
        rm -f end.snap
        record "$ENGINE" --scenario "$scenario" --variant "$variant" --iterations 100 --marks none --snapshot end.snap
        "$TOOL" report --json --by site --top 0 end.snap >report.json
        [ "$(jq '[.rows[].leaked_blocks] | add' report.json)" = "$leaked" ] ||
            fail "$scenario: $(jq '[.rows[].leaked_blocks] | add' report.json) leaked, expected $leaked" || return 1
        jq -e --arg v "$verdict" --argjson n "$([ "$verdict" = cached ] && echo 0 || echo 1)" '[.rows[] | select(.retained_blocks > $n) | .verdict] | unique == [$v]' report.json >/dev/null ||
            fail "$scenario: not $verdict: $(jq -c '[.rows[] | [.function, .retained_blocks, .verdict]]' report.json)" || return 1
        [ "$leaked" != 0 ] || jq -e --arg h "$holder" '[.rows[] | select(.retained_blocks > 0) | .held_by[0]]
            | unique | all(startswith($h))' report.json >/dev/null ||
            fail "$scenario: $(jq -c '[.rows[] | select(.retained_blocks > 0) | [.function, .held_by[0]]]' report.json)" || return 1
    done
}

@test "without the profiler, what is disposed or fixed leaks nothing" {
    need valgrind
    local name variant count=0
    while read -r name variant; do
        valgrind -q --leak-check=full --show-leak-kinds=definite,indirect,possible --error-exitcode=9 \
            "$ENGINE" --scenario "$name" --variant "$variant" --iterations 3 --marks none >/dev/null 2>messages ||
            fail "$name $variant: $(cat messages)" || return 1
        count=$((count + 1))
    done < <("$ENGINE" --list | awk -F '\t' '$2 == "disposed" || $2 == "fixed" { print $1, $2 }')
    [ "$count" -gt 12 ]
}
