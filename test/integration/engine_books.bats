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

@test "sites equal the books of Alien: problematic" {
    compare alien problematic trace
}

@test "sites equal the books of Alien: fixed" {
    compare alien fixed trace
}

@test "sites equal the books of Alien: disposed" {
    compare alien disposed trace
}

@test "sites equal the books of Alien: outer" {
    compare alien outer trace
}

@test "sites equal the books of Alien: outer_disposed" {
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

# table_row LINE: the tool's counts of that row's run equal the table, creations and live.
table_row() {
    local engine scenario parameter variant columns names i=0 site expected
    read -r engine scenario parameter variant columns <<<"$1"
    case $engine in
    lattice) names="signal_node computed_node effect_node edge frame - - - -" ;;
    preact) names="signal computed effect edge - - finish disposer watch_closure" ;;
    alien) names="signal computed effect link propagate_frame check_frame - effect_disposer -" ;;
    esac
    record "$EXAMPLES/reactive-bench" "$engine" "$scenario" "$variant" --parameter "$parameter" --iterations 50 \
        --warmup 0 --inner 10 || return 1
    [ "$status" = 0 ] || fail "$1: exit $status: $(cat messages)" || return 1
    sites x.last.snap >sites.json || fail "$1: no report" || return 1
    read -ra expected <<<"$columns"
    for site in $names; do
        if [ "$site" != - ]; then
            # The first four columns are also told alive or dead.
            jq -e --arg f "${engine}_new_$site" --argjson allocs "${expected[$i]}" \
                --argjson live "$([ "$i" -lt 4 ] && echo "${expected[$((i + 9))]}" || echo null)" '
                (map(select(.function == $f)) | first // {allocs: 0, live_blocks: 0})
                | .allocs == $allocs and ($live == null or .live_blocks == $live)' sites.json >/dev/null ||
                fail "$1: ${engine}_new_$site: $(jq -c --arg f "${engine}_new_$site" 'map(select(.function == $f))' sites.json)" ||
                return 1
        fi
        i=$((i + 1))
    done
}

@test "the tool's counts equal the table of the originals: diamonds and scaling-subscribers" {
    local row rows=0
    options snapshot_at=last force=1
    while IFS= read -r row; do
        table_row "$row" || return 1
        rows=$((rows + 1))
    done < <(grep -P '\t(computed-diamond-simple|computed-diamond-nested|scaling-subscribers)\t' "$TEST_ROOT/examples/engines/expected-counts.tsv")
    [ "$rows" = 60 ] || fail "$rows rows"
}
