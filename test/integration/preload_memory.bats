#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2034 # helpers.bash sets snapshot and status; a test is a subshell and uses LIBRARY
# Mappings fail, at the start and later, now and then and all of them: the host does what it did, what is lost is
# counted and told, and what is written can be read.
load helpers

setup_file() {
    need jq
}

# without_memory SKIP,STEP PROGRAM ARGUMENT...: after SKIP mappings of the recorder every STEP-th fails.
without_memory() {
    local LIBRARY=$BUILD/test/liballocscope_failing_map_every.so file lost
    export FAILING_MAP=$1
    shift
    rm -f ./*.snap
    same_as_plain "$@" || fail "FAILING_MAP=$FAILING_MAP" || return 1
    [ "$(files ./*.tmp*)" = 0 ] || fail "FAILING_MAP=$FAILING_MAP: half a file is left" || return 1
    [ "$(files ./*.snap)" != 0 ] || grep -q '^allocscope: \(no snapshot\|no memory\)' messages ||
        fail "FAILING_MAP=$FAILING_MAP: no snapshot and no word" || return 1
    for file in ./*.snap; do
        [ -e "$file" ] || continue
        "$TOOL" verify "$file" >verify.out 2>&1 || fail "FAILING_MAP=$FAILING_MAP $file: $(cat verify.out)" || return 1
        "$TOOL" info --json "$file" >info.json
        expect_json '.totals.allocs - .totals.frees == .totals.live_blocks' info.json || return 1
        lost=$(jq '.dropped | .blocks + .stacks > 0' info.json)
        [ "$lost" = true ] || continue
        [ "$(grep -c "^allocscope: $PWD/${file#./}: .*LOST" messages)" = 1 ] ||
            fail "FAILING_MAP=$FAILING_MAP $file: $(jq -c .dropped info.json), but: $(cat messages)" || return 1
    done
}

# Every n-th from the start, all of them from some place on, and some of them.
memory_fails_everywhere_in() {
    local failing
    for failing in 0,1 0,2 0,5 0,11 0,13 0,17 0,19 0,23 0,31 0,41 0,47 12,1 16,1 20,1 26,1 36,1 16,2 22,3; do
        without_memory $failing "$@" || return 1
    done
}

@test "one thread allocates, resizes and frees while mappings fail" {
    memory_fails_everywhere_in realloc_books
}

@test "threads, iterations and labels while mappings fail" {
    memory_fails_everywhere_in everything_at_once
}

@test "handlers allocate and free while mappings fail" {
    memory_fails_everywhere_in free_in_signal_handler
}

@test "a forked child and its parent while mappings fail" {
    memory_fails_everywhere_in fork_child
}

@test "exceptions are caught while mappings fail" {
    memory_fails_everywhere_in exceptions
}

@test "threads are cancelled while mappings fail" {
    memory_fails_everywhere_in cancelled_threads
}

@test "libraries come and go while mappings fail" {
    memory_fails_everywhere_in dlopen_while_threads_allocate
}

@test "coroutines switch stacks while mappings fail" {
    memory_fails_everywhere_in coroutines
}

# Without memory for stacks each allocation looks for a new one: most signals come there. The program sees our numbers
# and says that some are missing; it must come that far.
@test "handlers interrupt the search for a stack that finds no memory, and end" {
    LIBRARY=$BUILD/test/liballocscope_failing_map_every.so
    export FAILING_MAP=20,1
    for round in 1 2 3; do
        record signal_storm
        [ "$status" = 0 ] || [ "$status" = 99 ] || fail "round $round: exit $status: $(cat messages)"
    done
}
