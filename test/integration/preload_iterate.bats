#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Iterations of programs that make no marks themselves: by a signal, by a count, by the clock, by a function's entries.
load helpers

iterations() {
    "$TOOL" iterations --json "$snapshot" >iterations.json || fail "iterations: exit $?"
}

# rounds NAME N: N iterations of benchmark NAME ended, each with the 8 allocations of a round, of which 3 stay.
expect_rounds() {
    iterations
    expect_json "[.benchmarks[] | [.name, (.iterations | length)]] == [[\"$1\", $2]]" iterations.json &&
        expect_json '[.benchmarks[].iterations[] | [.allocs, .bytes, .frees, .retained_blocks, .retained_bytes]] | unique
            == [[8, 208, 5, 3, 48]]' iterations.json
}

@test "iterate_on_signal: each delivery ends an iteration and begins the next" {
    options iterate_on_signal=USR1
    clean_run rounds signal
    expect_rounds "signal USR1" 19
}

@test "iterate_on_signal: a signal inside a hook marks when the hook ends" {
    options iterate_on_signal=USR1
    clean_run rounds inside
    expect_rounds "signal USR1" 19
}

@test "iterate_on_signal: snapshots are taken at iteration ends, from the handler too" {
    options iterate_on_signal=SIGUSR1:snapshot_at=first,iteration=10,last
    record rounds signal
    books_balance x.first.snap
    books_balance x.iteration-10.snap
    [ "$(totals x.iteration-10.snap .live_blocks)" = 30 ]
    [ "$(totals x.last.snap .live_blocks)" = 57 ]
    "$TOOL" check x.first.snap x.last.snap --max-retained 51blocks
    status=0
    "$TOOL" check x.first.snap x.last.snap --max-retained 50blocks >check.out || status=$?
    [ "$status" = 1 ]
}

@test "iterate_on_signal: of signals to many threads at work none is lost" {
    options iterate_on_signal=RTMIN+1
    clean_run marked_threads
    iterations
    expect_json '.benchmarks | length == 1 and .[0].name == "signal RTMIN+1"' iterations.json
    expect_json '[.benchmarks[0].iterations[] | .count // 1] | add == 999' iterations.json
}

@test "iterate_on_signal: refused with one warning where the program handles that signal, and it gets its signals" {
    options iterate_on_signal=USR1
    same_as_plain rounds handles
    [ "$(grep -c "iterate_on_signal: the program handles this signal itself; it marks no iterations" messages)" = 1 ]
    expect_json '.benchmarks == []' <("$TOOL" iterations --json "$snapshot")
    options iterate_on_signal=USR9
    record rounds
    grep -q 'iterate_on_signal: no such signal.*USR9' messages
}

@test "iterate_every: on one thread each iteration has exactly N allocations" {
    options iterate_every=8
    clean_run rounds
    expect_rounds "every 8 allocations" 19
}

@test "iterate_every: with several threads the error stays within N/64 for each" {
    options iterate_every=6400
    clean_run marked_threads
    iterations
    expect_json '.benchmarks[0].name == "every 6400 allocations"' iterations.json
    expect_json '[.benchmarks[0].iterations[].allocs] | length >= 57 and all(. >= 6400 - 500 and . <= 6400 + 500)' \
        iterations.json
}

@test "iterate_every: with scope=thread each thread counts its own" {
    options iterate_every=6400:scope=thread
    clean_run marked_threads
    iterations
    expect_json '[.benchmarks[0].iterations[] | select(.allocs != 6400)] | length <= 4' iterations.json
    expect_json '.benchmarks[0].iterations | length == 60' iterations.json
}

@test "iterate_every: in milliseconds the first hook after them begins an iteration" {
    options iterate_every=20ms
    clean_run rounds slow
    iterations
    expect_json '.benchmarks[0].name == "every 20 ms" and (.benchmarks[0].iterations | length >= 19)' iterations.json
    expect_json '[.benchmarks[0].iterations[] | select(.ns < 10000000)] == []' iterations.json
}

@test "iterate_every: what cannot be counted is refused with a word" {
    options iterate_every=soon
    record rounds
    grep -q '"soon" is no value for iterate_every; it takes a number of allocations, or of milliseconds as in 100ms' messages
    options sample=1K:iterate_every=8
    record rounds
    grep -q '"iterate_every" is ignored with sample=BYTES' messages
}

@test "run marks iterations from outside, and gates what they retain" {
    "$TOOL" run -o x.snap --iterate-every 8 --check --max-retained 51blocks -- "$PROGRAMS/rounds"
    status=0
    "$TOOL" run --force -o x.snap --iterate-every 8 --check --max-per-iteration 2blocks -- "$PROGRAMS/rounds" || status=$?
    [ "$status" = 1 ]
    status=0
    "$TOOL" run --force -o x.snap --iterate-on-signal USR1 --check --no-growth -- "$PROGRAMS/rounds" signal >check.out 2>&1 || status=$?
    [ "$status" = 1 ]
    grep -q 'linear' check.out
    status=0
    "$TOOL" run --iterate-every often true 2>messages || status=$?
    [ "$status" = 2 ]
    grep -q "iterate-every takes a number of allocations, or of milliseconds as in 100ms, not 'often'" messages
}
