#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031 # helpers.bash sets status; a test is a subshell
# `allocscope check` as a gate before the reactive engines: what is made once, dropped to the collector or disposed passes
# with 0 retained blocks; what an outer signal keeps fails, and site and holder stand in the finding. Which rows keep
# something says expected-counts.tsv, the table of the originals.
load helpers

EXAMPLES=$BUILD/examples
TABLE=$TEST_ROOT/examples/engines/expected-counts.tsv

# gate ENGINE SCENARIO VARIANT OPTION...: 20 iterations, and the judgement of the heap while the world is alive.
gate() {
    rm -f end.snap
    record "$EXAMPLES/reactive-bench" "$@" --iterations 20 --inner 3 --snapshot end.snap
    [ "$status" = 0 ] || fail "$*: exit $status: $(cat messages)" || return 1
    case $2:$3 in
    computed-conditional:fixed) run "$TOOL" check --no-growth end.snap ;; # each iteration frees the edges of the last one
    *) run "$TOOL" check --max-retained 0 end.snap ;;
    esac
}

# gates ENGINE: each row of the table but the largest.
gates() {
    local engine scenario variant computeds effects edges kept passed=0 failed=0
    options snapshot_at=exit force=1 quiet=1
    while read -r engine scenario variant computeds effects edges; do
        kept=$((computeds + effects + edges))
        gate "$engine" "$scenario" "$variant" || return 1
        if [[ $variant == outer* && $kept != 0 ]]; then
            [ "$status" = 1 ] || fail "$engine $scenario $variant passes: $output" || return 1
            [[ $output == *"${engine}_new_"* && $output == *the_world* ]] ||
                fail "$engine $scenario $variant: no site or no holder: $output" || return 1
            failed=$((failed + 1))
        else
            [ "$status" = 0 ] || fail "$engine $scenario $variant fails: $output" || return 1
            passed=$((passed + 1))
        fi
    done < <(awk -F '\t' -v e="$1" '$1 == e && $3 != 200 { print $1, $2, $4, $15, $16, $17 }' "$TABLE")
    echo "$passed $failed"
}

@test "Lattice: 39 rows pass, 21 fail by what the outer signal keeps" {
    gates lattice >numbers
    [ "$(cat numbers)" = '39 21' ] || fail "$(cat numbers)"
}

@test "Preact: 57 rows pass, 3 fail: effects that nobody disposed" {
    gates preact >numbers
    [ "$(cat numbers)" = '57 3' ] || fail "$(cat numbers)"
}

@test "Alien: 41 rows pass, 19 fail" {
    gates alien >numbers
    [ "$(cat numbers)" = '41 19' ] || fail "$(cat numbers)"
}

@test "what a caller forgets fails, and no root reaches it; what it releases passes" {
    local engine
    options snapshot_at=exit force=1 quiet=1
    for engine in lattice preact alien; do
        gate $engine computed-effect problematic --own caller
        [ "$status" = 1 ] || fail "$engine passes: $output" || return 1
        [[ $output == *"${engine}_new_"* && $output == *'no root reaches them'* ]] || fail "$engine: $output" || return 1
        gate $engine computed-effect disposed --own caller
        [ "$status" = 0 ] || fail "$engine fails: $output" || return 1
    done
}
