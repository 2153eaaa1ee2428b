#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# Who holds what the engines of examples/ retain. The caller forgets: leaked. The context accumulates: held by the
# context. An outer signal is still there: held by its list of subscribers. A collector: nothing is left.
load helpers

EXAMPLES=$BUILD/examples

# graph ENGINE SCENARIO VARIANT OWN: 20 iterations; end.snap is taken behind the last one, while the world is alive.
graph() {
    options snapshot_at=iteration=3,iteration=20 force=1
    record "$EXAMPLES/reactive-bench" "$1" "$2" "$3" --own "$4" --iterations 20 --inner 5 --snapshot end.snap
    [ "$status" = 0 ] || fail "$*: exit $status: $(cat messages)" || return 1
    "$TOOL" verify end.snap >verify.out 2>&1 || fail "$*: $(cat verify.out)"
}

# held SITE BLOCKS LEAKED: that many are there, that many of them leaked, none is held on doubtful evidence.
held() {
    "$TOOL" retainers --json --site "$1" end.snap >retainers.json || fail "$1: no paths" || return 1
    expect_json "[.target.blocks, .target.leaked_blocks, .target.weak_blocks] == [$2, $3, 0]" retainers.json
}

# paths: each as "root field field ... type", of the site asked last.
paths() {
    jq -r '.paths[] | "\(.root.name) \([.hops[].field // empty] | join(" ")) \(.hops[-1].type)"' retainers.json
}

# shape SITE SHAPE: how its survivors develop between the third iteration and the twentieth.
shape() {
    "$TOOL" diff --json x.iteration-3.snap x.iteration-20.snap >diff.json || fail "no diff" || return 1
    expect_json "[.rows[] | select(.function == \"$1\" and .blocks > 0) | .shape] | unique == [\"$2\"]" diff.json
}

# verdict SITE VERDICT: of all of its rows that the iterations left behind.
verdict() {
    "$TOOL" report --json --by site --top 0 end.snap >report.json || fail "no report" || return 1
    expect_json "[.rows[] | select((.function | test(\"^$1\")) and .retained_blocks > 1) | .verdict] | unique == [\"$2\"]" report.json
}

none_left() {
    ! "$TOOL" retainers --json --site "$1" end.snap >retainers.json 2>messages ||
        fail "$1: $(jq -c .target retainers.json)" || return 1
    grep -q "no block matches site $1" messages
}

@test "Lattice, outer signal: its subscribers are abandoned, and the path leads through its subscriber list" {
    graph lattice computed-diamond-simple outer trace
    held lattice_new_computed_node 66 0
    verdict lattice_new_computed_node abandoned
    shape lattice_new_computed_node linear
    [ "$(paths)" = "$(printf '%s\n' \
        'the_world .outer .environment .node .subscribers .consumer lattice_computed' \
        'the_world .outer .environment .node .subscribers_tail .consumer lattice_computed')" ] || fail "$(paths)"
    "$TOOL" retainers --site lattice_new_computed_node end.snap >text
    grep -q '^  the_world (reactive-bench)$' text
    grep -q '\.next_consumer -> \.\.\. [0-9]* more like it' text
}

@test "Lattice, outer signal: the field that takes in is the subscriber list" {
    graph lattice computed-diamond-simple outer trace
    "$TOOL" retainers --edges --json end.snap >edges.json
    # each iteration's two edges join the list of the outer signal: one of them behind an edge that was there before
    expect_json '[.rows[] | select(.takes_in) | (.holder | sub(" .*"; "")), .field, (.held | sub(" .*"; ""))]
        == ["lattice_new_edge", ".next_consumer", "lattice_new_edge"]' edges.json
    expect_json '.rows[0] | [.edges_per_iteration, .counted_ages.older] == [1, 20]' edges.json
    "$TOOL" retainers --edges end.snap | grep -q 'takes in .*lattice_new_edge (.*)  \.next_consumer -> lattice_new_edge'
}

@test "Lattice, outer signal, effects disposed: the computeds stay, held as before" {
    graph lattice scaling-subscribers outer_disposed trace
    held lattice_new_computed_node 220 0
    verdict lattice_new_computed_node abandoned
    [ "$(paths)" = "$(printf '%s\n' \
        'the_world .outer .environment .node .subscribers .consumer lattice_computed' \
        'the_world .outer .environment .node .subscribers_tail .consumer lattice_computed')" ] || fail "$(paths)"
    none_left lattice_new_effect_node
}

@test "Preact, outer signal: only what an effect observes stays, held by the signal's targets" {
    graph preact computed-diamond-simple outer trace
    none_left preact_new_computed
    graph preact scaling-subscribers outer trace
    held preact_new_computed 220 0
    verdict preact_new_computed abandoned
    [ "$(paths)" = 'the_world .outer .targets .target preact_computed' ] || fail "$(paths)"
    held preact_new_effect 220 0
    verdict preact_new_effect abandoned
    [ "$(paths)" = 'the_world .outer .targets .target .signal.targets .target preact_effect' ] || fail "$(paths)"
    shape preact_new_computed linear
    graph preact scaling-subscribers outer_disposed trace
    none_left preact_new_computed
    none_left preact_new_effect
}

@test "Alien, outer signal: what was read stays, held by the signal's subscribers; effects only until they are disposed" {
    graph alien computed-diamond-simple outer trace
    held alien_new_computed 66 0
    verdict alien_new_computed abandoned
    [ "$(paths)" = "$(printf '%s\n' \
        'the_world .outer .node .node.subscribers .subscriber alien_computed' \
        'the_world .outer .node .node.subscribers_tail .subscriber alien_computed')" ] || fail "$(paths)"
    shape alien_new_computed linear
    graph alien scaling-subscribers outer trace
    held alien_new_computed 220 0
    verdict alien_new_computed abandoned
    held alien_new_effect 220 0
    verdict alien_new_effect abandoned
    [ "$(paths | head -1)" = 'the_world .outer .node .node.subscribers .subscriber .node.subscribers .subscriber alien_effect' ] ||
        fail "$(paths)"
    graph alien scaling-subscribers outer_disposed trace
    none_left alien_new_computed
    none_left alien_new_effect
}

@test "the caller forgets its nodes: leaked, in circles that keep themselves alive" {
    graph lattice computed-diamond-simple problematic caller
    held lattice_new_computed_node 66 66
    verdict lattice_new_computed_node leaked
    [ "$(jq -c '[.paths[].root] | unique' retainers.json)" = '[null]' ]
    shape lattice_new_computed_node linear
    "$TOOL" retainers --cycles --json end.snap >cycles.json
    [ "$(jq -c '[.cycles[] | select(.leaked)] | length' cycles.json)" = 22 ] || fail "$(jq -c '.cycles[]' cycles.json)"
    graph preact computed-diamond-simple problematic caller
    held preact_new_computed 66 66
    verdict preact_new_computed leaked
    graph alien computed-diamond-simple problematic caller
    held alien_new_computed 66 66
    verdict alien_new_computed leaked
    shape alien_new_computed linear
    # a signal of Preact does not know a computed that nobody observes: it is lost although the signal is held
    graph preact computed-diamond-simple outer caller
    held preact_new_computed 66 66
    verdict preact_new_computed leaked
    held preact_new_signal 1 0
}

@test "the context owns its nodes: abandoned, held by the context's list" {
    graph lattice computed-diamond-simple problematic ctx
    held lattice_new_computed_node 66 0
    verdict lattice_new_computed_node abandoned
    [ "$(paths)" = 'the_world .api .first_owned lattice_computed' ] || fail "$(paths)"
    shape lattice_new_computed_node linear
    graph preact computed-diamond-simple problematic ctx
    held preact_new_computed 66 0
    verdict preact_new_computed abandoned
    [ "$(jq -c '[.paths[].root.name] | unique' retainers.json)" = '["preact_state"]' ]
    shape preact_new_computed linear
    graph alien computed-diamond-simple problematic ctx
    held alien_new_computed 66 0
    verdict alien_new_computed abandoned
    [ "$(jq -c '[.paths[].root.name] | unique' retainers.json)" = '["alien_state"]' ]
    shape alien_new_computed linear
}

@test "made once, or disposed and released: held by the benchmark, or nothing left" {
    local engine site
    for engine in lattice preact alien; do
        site=${engine}_new_computed
        [ "$engine" != lattice ] || site=lattice_new_computed_node
        graph "$engine" scaling-subscribers fixed trace
        held "$site" 10 0
        [ "$(jq -c '[.paths[].root.name] | unique' retainers.json)" = '["the_world"]' ]
        graph "$engine" scaling-subscribers disposed caller
        none_left "$site"
        graph "$engine" scaling-subscribers problematic trace
        none_left "$site"
    done
}
