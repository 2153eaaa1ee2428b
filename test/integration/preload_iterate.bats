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

# --- iterate_on=FUNCTION ---

on_x86() {
    [ "$(uname -m)" = x86_64 ] || skip "functions are entered on x86-64 only"
}

# ended NAME N: benchmark NAME, and N iterations ended.
ended() {
    iterations
    expect_json "[.benchmarks[] | [.name, .ended]] == [[\"$1\", $2]]" iterations.json
}

ways='plain recursion jumps depths tail handler blocked waiting'

@test "iterate_on: each entry into a local function is an iteration, however it is called and left" {
    on_x86
    options iterate_on=parse
    for way in $ways; do
        rm -f "$snapshot"
        clean_run entered "$way"
        expect_rounds parse 19 || fail "$way"
    done
}

@test "iterate_on: with the prologues of two compilers, optimised or not, with and without position, frame pointer and marks" {
    on_x86
    options iterate_on=parse
    count=0
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        for flags in '-O0 -no-pie' '-O1 -fPIE -pie' '-O2 -fcf-protection' '-O3 -fstack-protector-all' '-Os -fno-omit-frame-pointer'; do
            # shellcheck disable=SC2086 # several flags
            "$compiler" $flags -fno-builtin -g -D_GNU_SOURCE -w "$TEST_ROOT/test/programs/entered.c" -o entered
            for way in recursion jumps tail waiting; do
                rm -f "$snapshot"
                record ./entered "$way"
                [ "$status" = 0 ] || fail "$compiler $flags $way: $status"
                expect_rounds parse 19 || fail "$compiler $flags $way"
                count=$((count + 1))
            done
        done
    done
    [ "$count" -ge 20 ]
}

@test "iterate_on: whatever the first instruction is, it does what it did" {
    on_x86
    for name in load compare address call jump short_jump constant store jump_through_memory vector push mark return_of_it test; do
        rm -f "$snapshot"
        options "iterate_on=begins_with_$name"
        same_as_plain first_instructions
        ended "begins_with_$name" 9
    done
    rm -f "$snapshot"
    options iterate_on=begins_with_loop
    same_as_plain first_instructions
    grep -q 'iterate_on=begins_with_loop: its first instruction cannot be moved, so it marks no iterations; its code: e3 00 b8' messages
}

@test "iterate_on: the length of first instructions is what objdump says, in the C library and in the tool" {
    need objdump
    on_x86
    for file in "$TOOL" "$(readlink -f "$(gcc -print-file-name=libc.so.6)")"; do
        "$BUILD/test/first-instructions" "$file" | sort -u >ours
        objdump -d -w "$file" | awk -F'\t' '/^ *[0-9a-f]+:\t/ { gsub(/[ :]/, "", $1); print $1, split($2, bytes, " ") }' | sort >theirs
        join ours theirs >both
        [ "$(wc -l <both)" -gt 300 ]
        [ "$(awk '$2 != "refused" && $2 != $3' both)" = "" ]
        [ "$(grep -c refused both)" -le 10 ]
    done
}

@test "iterate_on: exceptions out of a function of C++, by its qualified or its mangled name" {
    on_x86
    options iterate_on=app::parse
    clean_run entered_cplusplus
    ended app::parse 20
    rm -f "$snapshot"
    options iterate_on=_ZN3app5parseEi:warmup=0
    clean_run entered_cplusplus
    ended _ZN3app5parseEi 19
    expect_json '[.benchmarks[0].iterations[].retained_blocks] | unique == [1]' iterations.json
    rm -f "$snapshot"
    options iterate_on=app::Reader::read
    clean_run entered_cplusplus
    ended app::Reader::read 19
}

@test "iterate_on: each thread has its iterations with scope=thread, and one at a time has them without" {
    on_x86
    options iterate_on=handle:scope=thread:warmup=0
    clean_run entered_by_threads together
    ended handle 200
    expect_json '[.benchmarks[0].iterations[] | [.allocs, .retained_blocks]] | unique == [[2, 1]]' iterations.json
    rm -f "$snapshot"
    options iterate_on=handle
    clean_run entered_by_threads one_by_one
    ended handle 20
    rm -f "$snapshot"
    clean_run entered_by_threads overlapping
    ended handle 1
    [ "$(grep -c 'an iteration began while another one was open; such begins are ignored' messages)" = 1 ]
}

@test "iterate_on: a program's own SIGTRAP stays its own" {
    on_x86
    options iterate_on=parse
    clean_run owns_sigtrap
    ended parse 29
    rm -f "$snapshot"
    same_as_plain owns_sigtrap without
    [ "$status" = 133 ]
}

@test "iterate_on: goes on in a forked child" {
    on_x86
    options iterate_on=parse
    same_as_plain entered_and_forks
    [ "$(files ./*.snap)" = 2 ]
    for file in ./*.snap; do
        books_balance_after_fork "$file"
        "$TOOL" iterations --json "$file" | jq '.benchmarks[0].ended' >>ended
    done
    [ "$(sort -n ended | paste -sd' ')" = "5 9" ]
}

@test "iterate_on: in a library that is loaded later" {
    on_x86
    options iterate_on=library_round:warmup=0
    clean_run loads_function
    ended library_round 19
    expect_json '[.benchmarks[0].iterations[] | [.allocs, .retained_blocks]] | unique == [[2, 1]]' iterations.json
}

@test "iterate_on: in a library that is unloaded and loaded again 20 times" {
    on_x86
    options iterate_on=library_round
    same_as_plain loads_function again
    ended library_round 19
}

@test "iterate_on: children that lack the function say nothing, when their parent is recorded" {
    on_x86
    options iterate_on=parse
    record sh -c '/bin/true; /bin/true; :'
    [ "$(grep -c 'there is no such function' messages)" = 1 ]
}

@test "iterate_on: what cannot be entered is told with the reason" {
    on_x86
    options iterate_on=parze
    clean_run entered
    grep -q 'iterate_on=parze: there is no such function .* the nearest name is parse; libraries that are loaded later are searched too' messages
    options iterate_on=malloc
    clean_run entered
    grep -q 'iterate_on=malloc: is the allocator, which is recorded; it marks no iterations' messages
    options iterate_on=parse
    need strip
    strip -o stripped "$PROGRAMS/entered"
    record ./stripped
    grep -q 'iterate_on=parse: there is no such function .*; a stripped program tells only of what it exports' messages
    options iterate_on=sqrtf64x_nowhere
    record entered
    [ "$(grep -c 'iterate_on' messages)" = 1 ]
}

@test "iterate_on: run gates what a program retains between two entries" {
    on_x86
    "$TOOL" run -o x.snap --iterate-on parse --check --max-retained 51blocks -- "$PROGRAMS/entered"
    status=0
    "$TOOL" run --force -o x.snap --iterate-on parse --check --no-growth -- "$PROGRAMS/entered" >check.out 2>&1 || status=$?
    [ "$status" = 1 ]
    grep -q 'linear.*work' check.out
    "$TOOL" run --force -o y.snap --iterate-on app::parse --snapshot-at first,last -- "$PROGRAMS/entered_cplusplus"
    "$TOOL" diff --json y.first.snap y.last.snap >diff.json
    expect_json '.totals.born_blocks == 18' diff.json
}

@test "iterate_on: functions of interpreters and libraries that nobody rebuilt" {
    on_x86
    need lua5.4 sqlite3 python3
    printf 'kept = {}\nfor i = 1, 20 do kept[i] = load("return " .. i) end\n' >rounds.lua
    options iterate_on=lua_load
    same_as_plain lua5.4 rounds.lua
    ended lua_load 20
    rm -f "$snapshot"
    for i in $(seq 20); do echo "select $i;"; done >rounds.sql
    options iterate_on=sqlite3_prepare_v2
    same_as_plain sqlite3 :memory: '.read rounds.sql'
    ended sqlite3_prepare_v2 19
    rm -f "$snapshot"
    printf 'kept = []\nfor i in range(20):\n    exec("kept.append(i)")\n' >rounds.py
    options iterate_on=PyRun_StringFlags
    same_as_plain "$(python3 -c 'import sys; print(sys.executable)')" -I -S rounds.py
    ended PyRun_StringFlags 19
}
