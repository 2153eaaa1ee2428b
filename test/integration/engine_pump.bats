#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# Pump: the profiler's numbers, the engine's books and the table of its scenarios are the same integers; what it leaks is
# found with its holder, and a level that is bounded is not called a leak. 95 rows, three sides each: about half a minute.
load helpers
load builder_helpers

ENGINE=$BUILD/examples/pump
export SITES='^pg_.*_new$' # for builder_helpers.bash

@test "it behaves as its original and keeps its ledger" {
    run "$ENGINE-test" "$TEST_ROOT/examples/engines/pump/cases.txt"
    printf '%s\n' "$output"
    [ "$status" = 0 ] && [[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]
}

@test "profiler, books and table agree: the benchmarks with a scope in each operation" {
    compare_rows '^(SimpleResolution|FlowExecution)' 100
    compare_rows '^(DeepDependencyChain|WideDependencyGraph|ComplexFlowChain)' 20
}

@test "profiler, books and table agree: the benchmarks on a scope that lives on" {
    compare_rows '^(ResolveCtx|ExecutionCtx|ExtensionCopying|Reactive)' 100
    compare_rows '^ComplexDependencyGraph' 20
}

@test "profiler, books and table agree: the stress test" {
    compare_rows '^StressTest$' 20
}

@test "a hundred threads make the blocks that one makes" {
    options snapshot_at=last,exit force=1 graph=0
    scenario StressTest disposed 2 --threads
    sites_equal x.last.snap last.json "in threads"
    [ "$(jq .allocs last.json)" = 82200 ] && [ "$(jq .live_blocks last.json)" = 0 ]
}

@test "profiler, books and table agree: executions and their tree (B1, B2)" {
    compare_rows '^B[12]' 100
}

@test "profiler, books and table agree: executors, cleanups, scopes (B3, B4, B6 to B9)" {
    compare_rows '^B[346789]' 100
}

@test "profiler, books and table agree: lost executions, tags, lost cleanups (B10 to B12)" {
    compare_rows '^B1[012]' 100
}

@test "profiler, books and table agree: edges (B5); an update walks 11 more each time" {
    compare_rows '^B5' 100
    # An edge more for each of the graph's in each iteration, and the work of an update grows with them.
    scenario B5 leaky 8
    "$TOOL" report --json --by site --top 0 x.last.snap >report.json
    expect_json '.rows[] | select(.function == "pg_edge_new") | .retained_blocks == 88' report.json
    "$TOOL" iterations --json --top 0 x.snap >iterations.json
    expect_json '[.benchmarks[].iterations[].allocs] == [96, 97, 98, 98, 98, 99, 99, 99]' iterations.json
}

@test "and in code without frame pointers" {
    ENGINE=$ENGINE-no-frame-pointers
    compare_rows '^(FlowExecution|B1|B1p|B4|B7|B10|B12)$' 100
}

@test "a tree that is full is bounded after 2,000 iterations; what has no limit is still linear" {
    local row name variant shape blocks
    options snapshot_at=last force=1 graph=0
    for row in 'B1 baseline bounded 4004' 'B1p pooled bounded 4009' 'B2 baseline bounded 6714' \
        'B1k leaky linear 10004' 'B1l leaky linear 8004'; do
        read -r name variant shape blocks <<<"$row"
        scenario "$name" "$variant" 2000 --marks none || return 1
        "$TOOL" report --json --by site --top 0 x.last.snap >report.json
        # contexts that are kept are linear still where the nodes beside them are not
        jq -e --arg s "$shape" --argjson b "$blocks" '.totals.retained_blocks == $b
            and (([.rows[] | select(.function == "pg_node_new").shape]
                == [if $s == "linear" and $b == 8004 then "linear" else "bounded" end]))
            and ($b != 10004 or ([.rows[] | select(.function == "pg_execctx_new").shape] == ["linear"]))' \
            report.json >/dev/null ||
            fail "$name: $(jq -c '[.totals.retained_blocks, [.rows[] | select(.retained_blocks > 0) | [.function, .shape]]]' report.json)" ||
            return 1
    done
}

@test "with two warm-up iterations what happens once retains nothing" {
    local name variant
    options snapshot_at=first,last force=1 graph=0
    while read -r name variant; do
        scenario "$name" "$variant" 20 --warmup 2 || return 1
        "$TOOL" diff --json x.first.snap x.last.snap >diff.json
        expect_json '.totals | .born_blocks == .died_blocks' diff.json || fail "$name $variant" || return 1
    done < <(rows '^(B3f|B4f|B5f|B5fp|B8|B9|B9s|B12f)$|^(Simple|Deep|Flow|Complex|Resolve|Extension)' |
        grep -v -e leaky -e lazy)
}

@test "check passes what is fixed or disposed, and names site and path of what leaks" {
    options snapshot_at=exit force=1
    local name variant site holder passed=0 found=0
    while read -r name variant; do
        record "$ENGINE" --scenario "$name" --variant "$variant" --iterations 20 --warmup 2 --marks none
        run "$TOOL" check --max-retained 0 x.snap
        [ "$status" = 0 ] || fail "$name $variant: $output" || return 1
        passed=$((passed + 1))
    done < <(rows '^(B|Simple|Deep|Wide|Flow|ComplexFlow)' | grep -E '(fixed|disposed)$')
    while read -r name site holder; do
        record "$ENGINE" --scenario "$name" --variant leaky --iterations 20 --warmup 2 --marks none
        run "$TOOL" check --max-retained 0 x.snap
        [ "$status" = 1 ] && [[ $output == *"$site"* && $output == *"$holder"* ]] ||
            fail "$name: $status: $output" || return 1
        found=$((found + 1))
    done <<'ROWS'
B1k pg_execctx_new g_retained_executions
B1l pg_node_new .tree
B3 pg_executor_new .cache
B4 pg_executor_new .cleanup_registry
B5 pg_edge_new .downstream
B6 pg_scope_new g_retained_scopes
B7 pg_cleanups_new .cleanup_registry
B10 pg_execctx_new leaked:
B11 pg_tag_entry_new .tags
B12 pg_user_resource_new leaked:
ROWS
    [ "$passed $found" = "24 10" ] || fail "$passed passed, $found found"
}

@test "lost executions and resources are leaked; what a scope or a pool holds is not" {
    options snapshot_at=exit force=1 quiet=1
    local row scenario variant leaked
    for row in 'B10 leaky 8' 'B12 leaky 20' 'B7 leaky 0' 'B1k leaky 0' 'B1p pooled 0' 'B8 pooled 0' \
        'SimpleResolution leaky 220'; do
        read -r scenario variant leaked <<<"$row"
        record "$ENGINE" --scenario "$scenario" --variant "$variant" --iterations 20 --marks none --snapshot end.snap
        "$TOOL" report --json --by site --top 0 end.snap >report.json
        [ "$(jq '[.rows[].leaked_blocks] | add' report.json)" = "$leaked" ] ||
            fail "$scenario: $(jq '[.rows[].leaked_blocks] | add' report.json) leaked, expected $leaked" || return 1
    done
}

@test "disposed and released, the engine leaks nothing (valgrind)" {
    need valgrind
    local name variant
    while read -r name variant; do
        run valgrind -q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all --error-exitcode=9 \
            "$ENGINE" --scenario "$name" --variant "$variant" --iterations 3 --marks none
        [ "$status" = 0 ] || fail "$name $variant: $output" || return 1
    done < <(rows '^(B4f|B8|B12f|ComplexFlowChain)$' | grep -v leaky)
}
