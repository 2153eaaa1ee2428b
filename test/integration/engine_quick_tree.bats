#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# Quick-tree: the profiler's numbers, the engine's books and the table of its scenarios are the same integers; what it
# leaks is found with its holder, and what it only keeps ready is not called a leak.
load helpers
load builder_helpers

ENGINE=$BUILD/examples/quick-tree
export SITES='^qt_.*_new$' # for builder_helpers.bash

@test "it behaves as its original and keeps its ledger" {
    run "$ENGINE-test"
    printf '%s\n' "$output"
    [ "$status" = 0 ] && [[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]
}

@test "profiler, books and table agree: trees made and released (A1)" {
    compare_rows '^A1l?/[NDS]' 100
}

@test "profiler, books and table agree: trees kept (A2)" {
    compare_rows '^A2/[NDS]' 100
}

@test "profiler, books and table agree: a leaf kept, with and without the cache, and its name alone (A3)" {
    compare_rows '^A3' 100
}

@test "profiler, books and table agree: contexts used again, and a stale pool (A4, A5)" {
    compare_rows '^A[45]/[NDS]' 100
}

@test "profiler, books and table agree: handles in circles (A6)" {
    compare_rows '^A6/[NDS]' 100
}

@test "profiler, books and table agree: types registered in the loop, or once (A7)" {
    compare_rows '^A7' 100
}

@test "profiler, books and table agree: reads, memos, contexts and descriptors alone (A8 to A11)" {
    compare_rows '^A(8|10|11)' 100
    compare_rows '^A9' 20
}

@test "profiler, books and table agree: failures, snapshots (A12, A13)" {
    compare_rows '^A12' 20
    compare_rows '^A13' 100
}

@test "profiler, books and table agree: 1,436 instances, made, kept, pooled and lost" {
    compare_rows '^A[1246]/L' 20
}

@test "and in code without frame pointers" {
    ENGINE=$ENGINE-no-frame-pointers
    compare_rows '^(A1|A2|A4|A6)/Diverse' 100
}

@test "with two warm-up iterations what happens once retains nothing" {
    local name variant
    options snapshot_at=first,last force=1
    while read -r name variant; do
        scenario "$name" "$variant" 20 --warmup 2 || return 1
        [ "$(totals x.last.snap .retained_blocks)" = 0 ] || fail "$name: $(totals x.last.snap .)" || return 1
    done < <(rows '^(A4/|A7f|A9|A1l)')
    # A stale pool is level: the tree of the last iteration, where that of the warm-up was.
    scenario A5/Diverse pooled 20 --warmup 2
    "$TOOL" diff --json x.first.snap x.last.snap >diff.json
    expect_json '.totals | .born_blocks == 16 and .died_blocks == 16' diff.json
}

@test "check passes what is fixed, and names site and root of what leaks" {
    options snapshot_at=exit force=1
    local name
    for name in A1/Diverse A1/LargeRoot A12; do
        record "$ENGINE" --scenario "$name" --iterations 20 --warmup 2 --marks none
        run "$TOOL" check --max-retained 0 x.snap
        [ "$status" = 0 ] || fail "$name: $output" || return 1
    done
    record "$ENGINE" --scenario A2/Diverse --iterations 20 --warmup 2 --marks none
    run "$TOOL" check --max-retained 0 x.snap
    printf '%s\n' "$output"
    [ "$status" = 1 ]
    [[ $output == *qt_instance_new* && $output == *g_retained_roots* ]]
}

@test "circles and undone failures are leaked; what a list or a pool holds is not" {
    options snapshot_at=exit force=1 quiet=1
    local row scenario holder leaked
    for row in 'A6/Diverse nothing 380' 'A12l nothing 86100' 'A2/Diverse g_retained_roots 0' \
        'A13 g_retained_snapshots 0' 'A7 qt_registry 0' 'A4/Diverse qt_context_pool 0'; do
        read -r scenario holder leaked <<<"$row"
        [ "$(column "$scenario" "$("$ENGINE" --list | awk -v s="$scenario" '$1 == s { print $2 }')" holder)" = "$holder" ]
        record "$ENGINE" --scenario "$scenario" --iterations 20 --marks none --snapshot end.snap
        "$TOOL" report --json --by site --top 0 end.snap >report.json
        [ "$(jq '[.rows[].leaked_blocks] | add' report.json)" = "$leaked" ] ||
            fail "$scenario: $(jq '[.rows[].leaked_blocks] | add' report.json) leaked, expected $leaked" || return 1
        [ "$leaked" != 0 ] || jq -e --arg h "$holder" '[.rows[] | select(.retained_blocks > 0) | .held_by[0]]
            | unique | all(startswith($h))' report.json >/dev/null ||
            fail "$scenario: $(jq -c '[.rows[] | select(.retained_blocks > 0) | [.function, .held_by[0]]]' report.json)"
    done
}

@test "one kept leaf retains its whole tree: 19 blocks" {
    options snapshot_at=exit force=1
    record "$ENGINE" --scenario A3 --iterations 5 --marks none --snapshot end.snap
    "$TOOL" retainers --dominators --json end.snap >dominators.json
    expect_json '[.. | objects | select((.name // "") | startswith("qt_roots_new")) | .children[]
        | [.type, .bytes, .retained_blocks]] == [range(5) | ["qt_instance", 64, 19]]' dominators.json
    "$TOOL" retainers --site qt_ctx_new --json end.snap >paths.json
    # from the leaf by its own pointer to the context
    expect_json '.paths[0] | .root.name == "g_retained_roots" and (.hops[-1].type == "qt_context")
        and ([.hops[].field] | index(".node.context") != null)' paths.json
}
