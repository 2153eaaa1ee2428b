#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# The profiler counts what the engines of examples/ count themselves: equality, per constructor, in every variant. An
# engine keeps books of its own (allocs, bytes, live blocks and bytes per kind of block); each kind has a constructor,
# so a row of the report must hold the same four numbers.
load helpers

EXAMPLES=$BUILD/examples
SCENARIOS="computed-diamond-simple computed-diamond-nested computed-diamond-wide computed-chain computed-deep-wide
scaling-subscribers scaling-computed scaling-signal-effect computed-conditional batch-updates effect-cleanup
computed-effect"

# sites FILE: what the report says of the constructors, by function.
sites() {
    "$TOOL" report --json --by site --top 0 "$1" | jq -S '[.rows[]
        | select(.function | test("^(lattice_new_|preact_new_|capture_new)"))
        | {function, allocs: .alloc_objects, bytes: .alloc_space, live_blocks: .inuse_objects,
            live_bytes: .inuse_space}] | sort_by(.function)'
}

# books FILE: what the engine says.
books() {
    jq -S '[.constructors[] | {function, allocs, bytes, live_blocks, live_bytes}] | sort_by(.function)' "$1"
}

# same_numbers SNAPSHOT COUNTS WHAT
same_numbers() {
    sites "$1" >sites.json || fail "$3: no report" || return 1
    books "$2" >books.json || fail "$3: no counts" || return 1
    [ "$(jq length books.json)" -gt 2 ] || fail "$3: the engine counted nothing" || return 1
    cmp -s sites.json books.json || fail "$3: $(diff books.json sites.json)"
}

# compare ENGINE VARIANT OWN: every scenario, at the end of its last iteration and after its teardown.
compare() {
    local scenario
    options snapshot_at=last,exit force=1
    for scenario in $SCENARIOS; do
        record "$EXAMPLES/reactive-bench" "$1" "$scenario" "$2" --own "$3" --iterations 20 --inner 5 \
            --counts last.json --final-counts exit.json || return 1
        [ "$status" = 0 ] || fail "$scenario: exit $status: $(cat messages)" || return 1
        same_numbers x.last.snap last.json "$1 $scenario $2, own $3, last iteration" || return 1
        same_numbers x.snap exit.json "$1 $scenario $2, own $3, exit" || return 1
    done
}

@test "sites equal the books of Lattice: problematic" {
    compare lattice problematic trace
}

@test "sites equal the books of Lattice: fixed" {
    compare lattice fixed trace
}

@test "sites equal the books of Lattice: disposed" {
    compare lattice disposed trace
}

@test "sites equal the books of Lattice: outer" {
    compare lattice outer trace
}

@test "sites equal the books of Lattice: outer_disposed" {
    compare lattice outer_disposed trace
}

@test "sites equal the books of Preact: problematic" {
    compare preact problematic trace
}

@test "sites equal the books of Preact: fixed" {
    compare preact fixed trace
}

@test "sites equal the books of Preact: disposed" {
    compare preact disposed trace
}

@test "sites equal the books of Preact: outer" {
    compare preact outer trace
}

@test "sites equal the books of Preact: outer_disposed" {
    compare preact outer_disposed trace
}

@test "sites equal the books where nobody frees (own caller), and where the context owns the nodes (own ctx)" {
    compare lattice problematic caller
    compare lattice disposed ctx
    compare preact problematic caller
    compare preact disposed ctx
}
