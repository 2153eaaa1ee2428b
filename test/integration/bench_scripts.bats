#!/usr/bin/env bats
# The benchmarks' scripts work: tiny runs, nothing asserted about time.
load helpers

bench() {
    python3 "$TEST_ROOT/bench/run.py" --build "$BUILD" --output results.md --quick --repeat 1 --wait-idle 0 "$@"
}

@test "a section of the results is written, the others stay as they were" {
    need python3
    printf '# Old\n\n## Real programs\n\nkept\n\n## An iteration mark\n\nreplaced\n' >results.md
    bench --only marks >out
    grep -q '^# What allocscope costs$' results.md
    grep -q '^kept$' results.md
    [ "$(grep -c '^replaced$' results.md)" = 0 ]
    grep -Eq '^\| 100 stacks known, mean of 20,000 \| [0-9.]+ \| [0-9.,]+ \|$' results.md
}

@test "one row of the hot path, and no file for a part of a section" {
    need python3
    bench --only hot --rows 'inner, depth 5, 1 thread, built without' >out
    grep -Eq '^\| inner, depth 5, 1 thread \| -?[0-9.]+ \| -?[0-9.,]+ \|' out
    [ ! -e results.md ]
}

@test "a real program under allocscope prints what it prints alone, and the answer is there" {
    need python3 lua5.4
    bench --only programs --rows lua >out
    grep -Eq '^\| lua5.4: plain \| 1 \| [0-9.]+ \| 1.00 .* same \|$' out
    grep -Eq '^\| lua5.4: allocscope \| 1 \| [0-9.]+ \|.* same \|$' out
}

@test "a snapshot with a graph, its analysis, and a server meanwhile" {
    need python3 redis-server redis-cli
    bench --only graph,redis,analysis >out
    grep -Eq '^\| 100,000 live blocks .*: edges, millions \| - \| 0\.[0-9]+ \|$' results.md
    grep -Eq '^\| redis with 10,000 keys: the same during a snapshot, ms \| - \| [0-9.]+ \| [0-9.]+ \|$' results.md
    grep -Eq '^\| dominators and retained sizes \| [0-9.]+ \([0-9]+\) \| [0-9.]+ \([0-9]+\) \|$' results.md
}
