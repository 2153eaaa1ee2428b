#!/usr/bin/env bats
# shellcheck disable=SC2154 # helpers.bash sets status
# The harness of the examples: groups, comparison with a baseline, what happens once, the floor, and its three formats. The
# numbers are those of the Lattice and Preact engines; times are only looked at for being there.
load helpers

# bench ARGUMENT...: reactive-bench under the preload, 20 iterations of 10 writes; its output in out.
bench() {
    options quiet=1 snapshot_at=last force=1
    record "$BUILD/examples/reactive-bench" "$@" --iterations 20 --inner 10
    [ "$status" = 0 ] || fail "reactive-bench $*: $(cat messages)"
}

# row NAME: the last five columns.
row() {
    awk -v n="$1" '$1 == n { print $(NF - 4), $(NF - 3), $(NF - 2), $(NF - 1), $NF }' out
}

@test "a group for each scenario: peak, allocs, bytes and what is retained, exactly" {
    bench lattice,preact computed-diamond-simple,computed-chain fixed,outer
    [ "$(grep '^\*' out)" = "$(printf '* computed-diamond-simple\n* computed-chain')" ]
    [ "$(row lattice:fixed)" = "$(printf '16 10 160 0 0\n0 0 0 0 0')" ]
    [ "$(row lattice:outer)" = "$(printf '960 32 1104 18 856\n2960 70 2960 66 2872')" ]
    [ "$(row preact:outer)" = "$(printf '744 10 744 0 0\n2240 30 2240 0 0')" ]
    # what is made once is told apart
    grep -qx '    once: setup 79 allocs, 11600 B; first call 13 allocs, 336 B' out
}

@test "rows are compared with the baseline, or with the fastest" {
    bench lattice,preact computed-diamond-simple fixed,outer --baseline preact:outer
    grep -q '^  lattice:outer: 1.48 times more bytes; 3.20 times more allocations; 856 retained bytes, not 0; .* than preact:outer (the baseline)$' out
    grep -q '^  lattice:fixed: 4.65 times fewer bytes; as many allocations; as many retained bytes; ' out
    [ "$(grep -c 'than preact:outer (the baseline)$' out)" = 3 ]
    bench lattice,preact computed-diamond-simple fixed,outer
    [ "$(grep -c 'than .* (the fastest)$' out)" = 3 ]
}

@test "peaks are those of allocscope iterations" {
    bench lattice computed-chain outer --format json
    "$TOOL" iterations --json --top 0 x.last.snap >iterations.json
    jq -e --slurpfile bench out '.benchmarks[0].iterations as $rows | $bench[0].benchmarks[0].heap.peak_bytes
        == ([range(1; $rows | length) | $rows[.].peak_bytes - $rows[. - 1].live_bytes] | max)' iterations.json
}

@test "an empty iteration costs no allocation and no byte" {
    bench lattice computed-diamond-simple fixed --floor
    grep -qE '^an empty iteration: .* ns, 0 allocs, 0 B; ' out
    bench lattice computed-diamond-simple fixed --floor --format json
    jq -e '.floor.heap | .allocs == 0 and .bytes == 0 and .peak_bytes == 0 and .retained_blocks == 0
        and .setup == {allocs: 0, bytes: 0} and .first == {allocs: 0, bytes: 0}' out
}

@test "JSON: every row with its group, its samples and its heap" {
    bench all computed-chain fixed --format json --baseline alien:fixed
    jq -e '[.benchmarks[] | [.group, .name, .baseline]] == [["computed-chain", "lattice:fixed", false],
        ["computed-chain", "preact:fixed", false], ["computed-chain", "alien:fixed", true]]' out
    jq -e '[.benchmarks[] | .samples == 20 and .ticks == 20 and .warmup_calls == 2 and .ns.min <= .ns.avg and .ns.avg <= .ns.max
        and .heap.setup.allocs > 0] | all' out
    plain "$BUILD/examples/reactive-bench" lattice computed-chain fixed --iterations 3 --format json
    jq -e '.floor == null and .benchmarks[0].heap == null' out.plain
}

@test "lines as go test -benchmem prints them" {
    bench lattice,preact computed-diamond-simple outer --format benchmem
    [ "$(wc -l <out)" = 2 ]
    grep -qE '^Benchmarkcomputed-diamond-simple/lattice:outer-1	 +20	 +[0-9.]+ ns/op	 +1104 B/op	 +32 allocs/op	 +856 retained-B/op	 +960 peak-B/op$' out
    plain "$BUILD/examples/reactive-bench" lattice computed-chain fixed --iterations 3 --format benchmem
    grep -qE '^Benchmarklattice:computed-chain:fixed-1	 +3	 +[0-9.]+ ns/op$' out.plain
}

@test "a word that is not known is refused, wherever it stands in a list" {
    local words
    for words in 'lattice,latice computed-chain fixed' 'lattice computed-chain,chain fixed' 'lattice computed-chain ,' \
        'lattice computed-chain fixed --format xml'; do
        # shellcheck disable=SC2086 # several words
        plain "$BUILD/examples/reactive-bench" $words --iterations 1
        [ "$plain_status" = 2 ] || fail "$words: exit $plain_status" || return 1
    done
}
