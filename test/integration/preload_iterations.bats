#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Iterations, phases, scopes; the statistics that are kept per iteration.
load helpers

iterations() {
    "$TOOL" iterations --json "$snapshot" >iterations.json || fail "iterations: exit $?"
}

@test "each iteration's numbers are exact" {
    clean_run iterate
    iterations
    expect_json '[.benchmarks[] | [.name, (.iterations | length)]] == [["leak", 20], ["clean", 15]]' iterations.json
    expect_json '.benchmarks[0].iterations | map(.allocs) == [range(20) | 9]' iterations.json
    expect_json '.benchmarks[0].iterations | map(.bytes) == [range(20) | 216]' iterations.json
    expect_json '.benchmarks[0].iterations | map(.frees) == [5] + [range(19) | 6]' iterations.json
    expect_json '.benchmarks[0].iterations | map(.freed_bytes) == [160] + [range(19) | 168]' iterations.json
    expect_json '.benchmarks[0].iterations | map([.survived_blocks, .survived_bytes]) | unique == [[4, 56]]' iterations.json
    expect_json '.benchmarks[0].iterations | map(.retained_blocks) == [range(19) | 3] + [4]' iterations.json
    expect_json '.benchmarks[0].iterations | map(.retained_bytes) == [range(19) | 48] + [56]' iterations.json
    expect_json '.benchmarks[1].iterations | map([.allocs, .bytes, .frees, .retained_blocks]) | unique == [[4, 400, 4, 0]]' \
        iterations.json
    expect_json '.benchmarks | map(.iterations | map(.n)) == [[range(1; 21)], [range(1; 16)]]' iterations.json
    expect_json '.benchmarks | map(.iterations | map(.phase))
        == [["warmup", "warmup"] + [range(18) | "counted"], ["warmup", "warmup"] + [range(13) | "counted"]]' iterations.json
}

@test "retained, handed on and temporary blocks are told apart" {
    clean_run iterate
    expect "$snapshot" retain inuse_objects=60 inuse_space=960 temporary_objects=0
    expect "$snapshot" hand_on alloc_objects=20 inuse_objects=1 inuse_space=8 temporary_objects=0
    expect "$snapshot" churn alloc_objects=160 inuse_objects=0 temporary_objects=160
}

@test "a site that retains in every iteration is linear with its exact rate, churn is transient" {
    clean_run iterate only
    iterations
    expect_json '.benchmarks[0].sites[] | select(.function == "retain")
        | .shape == "linear" and .blocks_per_iteration == 3' iterations.json
    expect_json '[.benchmarks[].sites[] | select(.function == "churn")] == []' iterations.json
    "$TOOL" report --json "$snapshot" >report.json
    expect_json '.rows | map([.function, .shape]) | sort
        == [["churn", "transient"], ["hand_on", "deferred"], ["retain", "linear"]]' report.json
}

@test "blocks that outlive the iteration live in the generation they were born in" {
    options snapshot_at=first,last
    record iterate
    books_balance x.first.snap
    books_balance x.last.snap
    "$TOOL" diff --json x.first.snap x.last.snap >diff.json
    expect_json '.totals.born_blocks == 55 and .totals.born_bytes == 872' diff.json
    expect_json '.totals.died_blocks == 1 and .totals.died_bytes == 8' diff.json
    expect_json '.iterations == {"counted": 31, "between": 33}' diff.json
    expect_json '.rows[] | select(.function == "retain") | .blocks == 54 and .bytes == 864' diff.json
}

@test "a begin inside an iteration and an end without one are ignored, counted and reported once" {
    clean_run iterations_nested
    iterations
    expect_json '[.benchmarks[] | select(.iterations | length > 0) | [.name, (.iterations | length)]] == [["outer", 3]]' \
        iterations.json
    expect_json '.benchmarks[0].iterations | map(.allocs) == [2, 2, 2]' iterations.json
    [ "$(info "$snapshot" .seen.ignored_marks)" = 4 ]
    [ "$(grep -c '^allocscope: .*ignored' messages)" -ge 1 ]
    [ "$(grep -c '^allocscope: .*begin' messages)" -le 1 ]
}

@test "explicit phases win over the warm-up count" {
    clean_run iterations_phases
    iterations
    expect_json '.benchmarks[0].iterations | map(.phase) == [range(4) | "warmup"] + [range(6) | "counted"]' iterations.json
    [ "$(info "$snapshot" .iterations_counted)" = 6 ]
}

@test "warmup=N decides how many first iterations are warm-up" {
    options warmup=7
    clean_run iterate
    iterations
    expect_json '.benchmarks | map(.iterations | map(select(.phase == "warmup")) | length) == [7, 7]' iterations.json
}

@test "scope=process: all threads' blocks belong to the open iteration" {
    clean_run iterations_of_threads
    "$TOOL" diff --json --retained --by stack "$snapshot" "$snapshot" >diff.json || true
    iterations
    expect_json '.benchmarks[0].iterations | map(.retained_blocks) | all(. >= 2)' iterations.json
    born_in helper '[1, 2, 3, 4, 5]'
    born_in own '[1, 2, 3, 4, 5]'
}

@test "scope=thread: only the blocks of the thread that began it belong to the iteration" {
    options scope=thread
    clean_run iterations_of_threads
    born_in helper '[0]'
    born_in own '[1, 2, 3, 4, 5]'
}

# born_in FUNCTION GENERATIONS: the generations in which FUNCTION's live blocks were born.
born_in() {
    local generation
    for generation in 0 1 2 3 4 5; do
        "$TOOL" report --json --by stack --top 1000000 --show-all-frames --born "$generation..$generation" "$snapshot" |
            jq --arg f "$1" --argjson g "$generation" 'if any(.rows[]; .inuse_objects > 0 and
                any(.stack[]; test("^" + $f + "(\\W|$)"))) then $g else empty end'
    done | jq -s . >born.json
    expect_json ". == $2" born.json
}

@test "scope=thread: threads run iterations side by side, each exact" {
    options scope=thread
    clean_run iterations_on_each_thread
    iterations
    [ "$(info "$snapshot" .iterations_ended)" = 200 ]
    expect_json '.benchmarks[0].iterations | map(.count // 1) | add == 200' iterations.json
    expect_json '.benchmarks[0].iterations | map(.allocs) | add == 400' iterations.json
    expect_json '.benchmarks[0].iterations | map(.retained_blocks) | add == 200' iterations.json
    expect "$snapshot" work alloc_objects=400 inuse_objects=200 temporary_objects=200
}

@test "2^20 iterations stay in bounded memory and lose no number" {
    clean_run iterate_a_million
    iterations
    expect_json '.benchmarks[0].iterations | length <= 4096' iterations.json
    expect_json '.benchmarks[0].iterations | map(.count // 1) | add == 1048576' iterations.json
    [ "$(info "$snapshot" .iterations_ended)" = 1048576 ]
    expect "$snapshot" churn alloc_objects=2097152 temporary_objects=2097152 inuse_objects=0
    expect "$snapshot" keep alloc_objects=256 inuse_objects=256 inuse_space=2560
    [ "$(totals "$snapshot" .rss_bytes)" -lt $((64 << 20)) ]
}

@test "between pause and resume allocations of this thread are left out, frees are not" {
    same_as_plain pause_and_resume
    "$TOOL" verify "$snapshot"
    expect "$snapshot" before alloc_objects=5 inuse_objects=0
    expect "$snapshot" unseen alloc_objects=0 inuse_objects=0
    expect "$snapshot" seen alloc_objects=2 inuse_objects=2 inuse_space=42
    [ "$(info "$snapshot" .seen.paused)" = 10 ]
}

@test "ignored blocks are left out of diff and check and counted apart; labels name types" {
    record ignore_and_label "$PWD/before.snap"
    books_balance "$snapshot"
    [ "$(totals "$snapshot" .ignored_blocks)" = 4 ]
    [ "$(totals "$snapshot" .ignored_bytes)" = 256 ]
    "$TOOL" diff --json --by type before.snap "$snapshot" >diff.json
    expect_json '.totals.born_blocks == 8 and .totals.born_bytes == 384' diff.json
    expect_json '[.rows[] | [.type, .blocks]] | sort == [["computed", 6], ["edge", 2]]' diff.json
    status=0
    "$TOOL" check "$snapshot" --max-retained 8blocks || status=$?
    [ "$status" = 0 ]
    "$TOOL" check "$snapshot" --max-retained 7blocks || status=$?
    [ "$status" = 1 ]
}

@test "pools: blocks inside a block, freed singly, by reset and with their pool" {
    same_as_plain pools
    "$TOOL" verify "$snapshot"
    expect "$snapshot" arena inuse_objects=2 inuse_space=8192
    expect "$snapshot" from_pool inuse_objects=9 inuse_space=360
    [ "$(totals "$snapshot" .pooled_blocks)" = 9 ]
    [ "$(totals "$snapshot" .pooled_bytes)" = 360 ]
    [ "$(rows_of pools)" = 3 ]
}

# rows_of SECTION: how many rows it has.
rows_of() {
    info "$snapshot" ".sections[] | select(.name == \"$1\") | .rows"
}

@test "extra roots are in the file" {
    clean_run roots
    [ "$(rows_of roots)" = 2 ]
}

@test "the counters and marks of the API are exact, for the process and for the thread" {
    clean_run exact_counters
}
