#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# The engines of examples/ behave and allocate as their originals; what they retain is found, and what they only churn
# is never taken for retained.
load helpers

EXAMPLES=$BUILD/examples

conforms() {
    run "$EXAMPLES/reactive-conformance" --engine "$1" "$TEST_ROOT/examples/engines/conformance/cases.txt"
    printf '%s\n' "$output"
    [ "$status" = 0 ] && [[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]
}

@test "Lattice behaves as its original in every open case" {
    conforms lattice
}

@test "Lattice with its defect mended behaves as its model" {
    conforms lattice-mended
}

@test "Preact behaves as its original in every open case" {
    conforms preact
}

@test "Alien behaves as its original in every open case that its interface allows" {
    conforms alien
}

@test "Alien with its defects mended loses no effect and keeps no link of a dead one" {
    conforms alien-mended
}

@test "the engines allocate what the originals allocate, in 13 scenarios and 5 variants" {
    run "$EXAMPLES/reactive-counts-test" "$TEST_ROOT/examples/engines/expected-counts.tsv"
    printf '%s\n' "$output"
    [ "$status" = 0 ] && [[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]
}

@test "in 2,000 random programs nobody notices who frees the nodes, nothing is left, and values are right" {
    run "$EXAMPLES/reactive-random" --count 2000
    printf '%s\n' "$output"
    [ "$status" = 0 ] && [ "${lines[-1]}" = "2000 passed, 0 failed" ]
}

# retained ENGINE SCENARIO VARIANT OWN: "BLOCKS SHAPE..." of the diff from the end of warm-up to the last iteration.
retained() {
    options snapshot_at=first,last force=1
    record "$EXAMPLES/reactive-bench" "$1" "$2" "$3" --own "$4" --iterations 50 --inner 10 || return 1
    "$TOOL" diff --json x.first.snap x.last.snap >diff.json || return 1
    jq -r '"\(.totals.retained_blocks) \([.rows[] | select(.blocks > 0) | .shape] | unique | join(" "))"' diff.json
}

@test "what a live signal keeps is found: 4 edges, 3 nodes, 3 closures and 2 handles per iteration, linear" {
    [ "$(retained lattice computed-diamond-simple outer trace)" = "900 linear" ]
    expect_json '[.rows[] | select(.function == "lattice_new_edge" or .function == "lattice_new_computed_node")
        | {(.function): [.blocks, .blocks_per_iteration]}] | add
        == {"lattice_new_edge": [200, 4], "lattice_new_computed_node": [150, 3]}' diff.json
}

@test "the same work with its nodes outside retains nothing; nor does it in an engine that lets go of the unobserved" {
    [ "$(retained lattice computed-diamond-simple fixed trace)" = "0 " ]
    [ "$(retained preact computed-diamond-simple outer trace)" = "0 " ]
}

@test "disposing the effects heals Preact, and Lattice only of the effects" {
    [ "$(retained preact scaling-subscribers outer_disposed trace)" = "0 " ]
    retained lattice scaling-subscribers outer_disposed trace
    expect_json '[.rows[] | select(.function | test("lattice_new_effect")) | .blocks] | add // 0 | . == 0' diff.json
    expect_json '.rows[] | select(.function == "lattice_new_computed_node") | .blocks == 500' diff.json
}

@test "disposing the effects heals Alien of what only they observed, not of what was read directly" {
    [ "$(retained alien scaling-subscribers outer_disposed trace)" = "0 " ]
    # per iteration 4 links, 3 nodes, 3 closures and the 2 handles that one of these captured
    [ "$(retained alien computed-diamond-simple outer_disposed trace)" = "600 linear" ]
}

@test "without a collector the dropped set of each iteration is leaked: 24 blocks of the engine and 3 closures" {
    [ "$(retained lattice computed-diamond-simple problematic caller)" = "$((50 * 27)) linear" ]
}

@test "churn is not retention: 100,000 frames of 16 bytes per iteration, and nothing retained" {
    options snapshot_at=last force=1
    record "$EXAMPLES/reactive-bench" lattice computed-diamond-simple fixed --iterations 3
    [ "$status" = 0 ]
    # Two warm-up iterations, three counted; the very first write finds no subscriber.
    expect x.last.snap lattice_new_frame alloc_objects=499999 alloc_space=7999984 inuse_objects=0 \
        temporary_objects=499999
    totals x.last.snap .retained_blocks | grep -qx 0
    tail -1 out | awk '{ exit !($(NF - 3) == 100000 && $(NF - 2) == 1600000 && $(NF - 1) == 0 && $NF == 0) }'
}

@test "without the preload the harness knows the time but no heap" {
    plain "$EXAMPLES/reactive-bench" preact computed-chain problematic --iterations 5 --inner 3
    [ "$plain_status" = 0 ]
    tail -1 out.plain | awk '{ exit !($(NF - 3) == "-" && $(NF - 2) == "-" && $(NF - 1) == "-" && $NF == "-") }'
}

@test "by the clock the harness warms up, batches and ends; each call is an iteration" {
    options snapshot_at=last force=1
    record "$EXAMPLES/reactive-bench" preact computed-effect fixed --inner 1
    [ "$status" = 0 ]
    # A cold call and one or two warm-up calls, then samples of 4,096 calls or of one.
    "$TOOL" info --json x.last.snap >info.json
    totals x.last.snap '"\(.iterations_ended) \(.iterations_counted)"' >iterations
    awk '{ warmup = $1 - $2; exit !(warmup >= 1 && warmup <= 3 && $2 >= 12) }' iterations || fail "$(cat iterations)"
}

@test "disposed and released, the engines leak nothing (valgrind)" {
    need valgrind
    local engine own
    for engine in lattice preact alien; do
        for own in trace caller ctx; do
            run valgrind -q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
                --error-exitcode=9 "$EXAMPLES/reactive-bench" "$engine" scaling-subscribers disposed \
                --iterations 3 --inner 3 --own "$own"
            [ "$status" = 0 ] || fail "$engine $own: $output" || return 1
        done
    done
}

@test "make demo shows the leak with its sites and a run that retains nothing" {
    run "$TEST_ROOT/examples/demo.sh" "$BUILD" "$EXAMPLES" "$PWD/demo"
    printf '%s\n' "$output"
    [ "$status" = 0 ]
    [[ $output == *"lattice_new_computed_node"* && $output == *"0 blocks retained"* ]]
}

@test "the smallest example: its one entry per request is found, its churn is not" {
    options snapshot_at=first,last
    record "$EXAMPLES/request-history"
    "$TOOL" diff --json x.first.snap x.last.snap >diff.json
    expect_json '[.rows[] | select(.blocks > 0) | [.function, .blocks, .bytes, .blocks_per_iteration, .shape]]
        == [["remember", 98, 4704, 1, "linear"]]' diff.json
}
