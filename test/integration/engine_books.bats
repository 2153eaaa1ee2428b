#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# The profiler counts what the engines of examples/ count themselves: equality, per constructor, in every variant. An
# engine keeps books of its own (allocs, bytes, live blocks and bytes per kind of block); each kind has a constructor,
# so a row of the report must hold the same four numbers. And with the originals' table: 195 rows, what was made and what is alive.
load helpers

EXAMPLES=$BUILD/examples
SCENARIOS="computed-diamond-simple computed-diamond-nested computed-diamond-wide computed-chain computed-deep-wide
scaling-subscribers scaling-computed scaling-signal-effect computed-conditional batch-updates effect-cleanup
computed-effect"

TABLE=$TEST_ROOT/examples/engines/expected-counts.tsv

# parameter ENGINE SCENARIO: with which the table was made; of two the smaller, the scenario's own.
parameter() {
    awk -F '\t' -v e="$1" -v s="$2" '$1 == e && $2 == s { print $3 }' "$TABLE" | sort -n | head -n 1
}

# sites FILE: what the report says of the constructors, by function.
sites() {
    "$TOOL" report --json --by site --top 0 "$1" | jq -S '[.rows[]
        | select(.function | test("^(lattice_new_|preact_new_|alien_new_|capture_new)"))
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

# equals_table ENGINE SCENARIO VARIANT PARAMETER: the sites of the last same_numbers are the row of the originals, creations
# and live.
equals_table() {
    local names row expected i=0 site
    case $1 in
    lattice) names="signal_node computed_node effect_node edge frame - - - -" ;;
    preact) names="signal computed effect edge - - finish disposer watch_closure" ;;
    alien) names="signal computed effect link propagate_frame check_frame - effect_disposer -" ;;
    esac
    row=$(awk -F '\t' -v row="$1 $2 $4 $3" '$1 " " $2 " " $3 " " $4 == row' "$TABLE" | cut -f 5-)
    read -ra expected <<<"$row"
    [ "${#expected[@]}" = 13 ] || fail "$*: no such row" || return 1
    for site in $names; do
        if [ "$site" != - ]; then
            # The first four columns are also told alive or dead.
            jq -e --arg f "$1_new_$site" --argjson allocs "${expected[$i]}" \
                --argjson live "$([ "$i" -lt 4 ] && echo "${expected[$((i + 9))]}" || echo null)" '
                (map(select(.function == $f)) | first // {allocs: 0, live_blocks: 0})
                | .allocs == $allocs and ($live == null or .live_blocks == $live)' sites.json >/dev/null ||
                fail "$*: $1_new_$site: $(jq -c --arg f "$1_new_$site" 'map(select(.function == $f))' sites.json)" ||
                return 1
        fi
        i=$((i + 1))
    done
}

# compare ENGINE VARIANT OWN: every scenario, at the end of its last iteration and after its teardown; with a collector, as
# the originals have one, beside their table too.
compare() {
    local scenario
    options snapshot_at=last,exit force=1
    for scenario in $SCENARIOS; do
        record "$EXAMPLES/reactive-bench" "$1" "$scenario" "$2" --own "$3" --iterations 50 --warmup 0 --inner 10 \
            --counts last.json --final-counts exit.json || return 1
        [ "$status" = 0 ] || fail "$scenario: exit $status: $(cat messages)" || return 1
        same_numbers x.snap exit.json "$1 $scenario $2, own $3, exit" || return 1
        same_numbers x.last.snap last.json "$1 $scenario $2, own $3, last iteration" || return 1
        [ "$3" != trace ] || equals_table "$1" "$scenario" "$2" "$(parameter "$1" "$scenario")" || return 1
    done
}

@test "sites equal the books of Lattice and the table of the originals: problematic" {
    compare lattice problematic trace
}

@test "sites equal the books of Lattice and the table of the originals: fixed" {
    compare lattice fixed trace
}

@test "sites equal the books of Lattice and the table of the originals: disposed" {
    compare lattice disposed trace
}

@test "sites equal the books of Lattice and the table of the originals: outer" {
    compare lattice outer trace
}

@test "sites equal the books of Lattice and the table of the originals: outer_disposed" {
    compare lattice outer_disposed trace
}

@test "sites equal the books of Preact and the table of the originals: problematic" {
    compare preact problematic trace
}

@test "sites equal the books of Preact and the table of the originals: fixed" {
    compare preact fixed trace
}

@test "sites equal the books of Preact and the table of the originals: disposed" {
    compare preact disposed trace
}

@test "sites equal the books of Preact and the table of the originals: outer" {
    compare preact outer trace
}

@test "sites equal the books of Preact and the table of the originals: outer_disposed" {
    compare preact outer_disposed trace
}

@test "sites equal the books of Alien and the table of the originals: problematic" {
    compare alien problematic trace
}

@test "sites equal the books of Alien and the table of the originals: fixed" {
    compare alien fixed trace
}

@test "sites equal the books of Alien and the table of the originals: disposed" {
    compare alien disposed trace
}

@test "sites equal the books of Alien and the table of the originals: outer" {
    compare alien outer trace
}

@test "sites equal the books of Alien and the table of the originals: outer_disposed" {
    compare alien outer_disposed trace
}

@test "sites equal the books where nobody frees (own caller), and where the context owns the nodes (own ctx)" {
    compare lattice problematic caller
    compare lattice disposed ctx
    compare preact problematic caller
    compare preact disposed ctx
    compare alien problematic caller
    compare alien disposed ctx
}

@test "and of the largest, scaling-subscribers with 200" {
    local engine variant rows=0
    options snapshot_at=last force=1
    for engine in lattice preact alien; do
        for variant in problematic fixed disposed outer outer_disposed; do
            record "$EXAMPLES/reactive-bench" $engine scaling-subscribers $variant --parameter 200 --iterations 50 --warmup 0 \
                --inner 10 --counts last.json || return 1
            [ "$status" = 0 ] || fail "$engine $variant: exit $status: $(cat messages)" || return 1
            same_numbers x.last.snap last.json "$engine scaling-subscribers $variant, 200" || return 1
            equals_table $engine scaling-subscribers $variant 200 || return 1
            rows=$((rows + 1))
        done
    done
    [ "$rows" = 15 ]
}
