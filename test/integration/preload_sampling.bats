#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016 # helpers.bash sets snapshot and status; jq filters
# sample=BYTES: some blocks are recorded, and what is estimated from them is right on average, says how inexact it is,
# and is never taken for a count.
load helpers

# sample BYTES PROGRAM ARGUMENT...: a recorded run, its snapshots replace those of the last one.
sample() {
    local bytes=$1
    shift
    ALLOCSCOPE_OPTIONS=sample=$bytes:force=1${with:+:$with} clean_run "$@"
}

# sample_snapshots POINTS BYTES PROGRAM: files at POINTS instead of one at exit.
sample_snapshots() {
    ALLOCSCOPE_OPTIONS=sample=$2:force=1:snapshot_at=$1 record "$3"
    [ "$status" = 0 ] || fail "$3: exit $status: $(cat messages)" || return 1
    for file in x.*.snap; do
        books_balance "$file" || return 1
    done
}

# judges CODE PATTERN ARGUMENT...: the tool ends with CODE and says PATTERN.
judges() {
    local code=$1 pattern=$2 actual=0
    shift 2
    "$TOOL" "$@" >judged 2>&1 || actual=$?
    [ "$actual" = "$code" ] || fail "$*: exit $actual, expected $code: $(cat judged)" || return 1
    grep -q -- "$pattern" judged || fail "$*: no '$pattern': $(cat judged)"
}

report() {
    "$TOOL" report --json "$snapshot" >report.json || fail "report: exit $?"
}

@test "a sampled program runs as it does alone, and the books of its estimates balance" {
    sample 16K sampled
    [ "$(info "$snapshot" .sample_bytes)" = 16384 ]
    sample 1 sampled fork
    sample 1G sampled
}

@test "what was asked of malloc is exact however little is recorded" {
    sample 1M sampled
    report
    # the numbers of the program, and what the C library takes for two threads
    expect_json '.sampled.exact_allocs >= 193101 and .sampled.exact_allocs < 193121' report.json
    expect_json '.sampled.exact_frees >= 140000 and .sampled.exact_frees < 140020' report.json
    expect_json '.sampled.samples < 2000' report.json
    expect_json '.totals.allocs_error > 0' report.json
}

# z SITE KEY TRUTH: how far the estimate is off, in 95 % half-widths; a line of z.txt for this run.
z() {
    jq -r --arg site "$1" --arg key "$2" --argjson truth "$3" '
        (if $site == "" then .totals else [.rows[] | select(.function == $site)] end)
        | if type == "array" then
            {value: (map(.[$key]) | add // 0), error: (map(.[$key + "_error"] * .[$key + "_error"]) | add // 0 | sqrt)}
          else {value: .[$key], error: .[$key + "_error"]} end
        | "\($site).\($key) \((.value - $truth) / ([.error, 1] | max))"' report.json >>z.txt
}

@test "estimates are unbiased, and their 95 % intervals hold the truth, in thirty runs" {
    for _ in $(seq 30); do
        sample 4K sampled
        report
        z keep_small inuse_objects 50000
        z keep_small inuse_space 2400000
        z keep_aligned inuse_objects 1000
        z keep_grown inuse_objects 2000
        z keep_grown inuse_space 6000000
        z keep_grown alloc_space 8000000
        z keep_large inuse_space 1000000
        z churn alloc_objects 140000
        z churn temporary_objects 100000
        z '' live_bytes 10432608
        z keep_small retained_blocks 48000
    done
    # of 30 at least 21 inside (fewer: once in 10^8), and the mean within 5 of its standard errors
    awk '{ n[$1]++; sum[$1] += $2; inside[$1] += $2 >= -1 && $2 <= 1 }
        END { for (k in n) { mean = sum[k] / n[k]
            if (inside[k] < 21 || mean > 0.47 || mean < -0.47) {
                print k, "mean", mean, "inside", inside[k], "of", n[k]; bad = 1 } }
            exit bad }' z.txt
}

@test "a block that was sampled keeps its identity: two files of one run compare by it" {
    sample_snapshots first,last 4K sampled
    "$TOOL" diff --json x.first.snap x.last.snap >diff.json
    expect_json '.identity == "exact" and .sampled.mean_bytes == 4096' diff.json
    expect_json '.totals | .before_blocks + .born_blocks - .died_blocks == .after_blocks' diff.json
    expect_json '.totals | .before_bytes + .born_bytes - .died_bytes + .grown_bytes == .after_bytes' diff.json
    expect_json '.totals.unexplained_blocks == 0' diff.json
    expect_json '[.rows[] | select(.function == "keep_small")][0]
        | .shape == "linear" and .blocks_error > 0 and (.blocks_per_iteration - 1000 | fabs) < 400' diff.json
    "$TOOL" diff x.first.snap x.last.snap >diff.txt
    grep -q '^Sampled: one sample per 4.0 KiB on average' diff.txt
    grep -q '^~.* +-.* blocks retained' diff.txt
}

@test "an exact and a sampled file are compared with a word of warning" {
    ALLOCSCOPE_OUTPUT=$PWD/exact.snap record sampled
    sample 16K sampled
    "$TOOL" diff exact.snap x.snap >diff.txt
    grep -q '^BEFORE is exact and AFTER sampled every 16.0 KiB' diff.txt
}

@test "a limit on a sampled file fails when it must, passes when it can, and else cannot tell" {
    sample_snapshots last 16K sampled
    judges 1 FAIL check --max-retained 0 x.last.snap
    judges 1 'FAIL max-retained: ~' check --max-retained 1M x.last.snap
    "$TOOL" check --max-retained 100M x.last.snap
    sample_snapshots last 1G iterate
    judges 2 'the file is sampled and cannot tell' check --max-retained 0 x.last.snap
    judges 2 'growth that no sample met' check --no-growth x.last.snap
    "$TOOL" check --accept-estimates --no-growth --max-retained 0 x.last.snap
}

@test "an assertion that sees only some blocks does not pass" {
    ALLOCSCOPE_OPTIONS=sample=1G record assert_zero_retained pass
    [ "$status" != 0 ]
    grep -q 'cannot be checked with sample=BYTES' messages
    ALLOCSCOPE_OPTIONAL=1 ALLOCSCOPE_OPTIONS=sample=1G record assert_zero_retained pass
    [ "$status" = 0 ]
}

@test "iterations of one thread, threads, handlers and other entry points work with sampling" {
    with=scope=thread sample 2K sampled
    for program in aligned_calls new_forms freed_by_another_thread realloc_race realloc_failed realloc_to_zero pools \
        thread_dies_holding_blocks ignore_and_label free_in_signal_handler ten_thousand_threads; do
        sample 100 "$program"
    done
}

@test "threads, loads, forks, timer signals, iterations and snapshots at once, sampled: no deadlock, and books that balance" {
    export ALLOCSCOPE_OUTPUT=$PWD/%p.snap ALLOCSCOPE_OPTIONS=quiet=1:sample=200
    same_as_plain everything_at_once "$PROGRAMS/lib/libvariant_first.so" "$PROGRAMS/lib/libvariant_second.so"
    [ "$status" = 0 ]
    for file in ./*.snap; do
        books_balance_after_fork "$file"
    done
}

@test "sample is checked like any other value" {
    ALLOCSCOPE_OPTIONS=sample=2G record true
    grep -q 'is no value for sample; it takes 0 to 1073741824' messages
}
