#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# bindings/python: Python programs mark iterations and ask what is retained; pytest fails what leaves something behind.
load helpers

MARKS=$TEST_ROOT/test/programs/python/marks.py

# The first interpreter that has MODULE, in $python.
need_python() {
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $1" 2>/dev/null && return 0
    done
    skip "python3 with $1 is not installed"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    unset LD_PRELOAD ALLOCSCOPE_SIGNAL ALLOCSCOPE_OPTIONAL
    export ALLOCSCOPE_OUTPUT=$PWD/x.snap PYTHONPATH=$TEST_ROOT/bindings/python PYTHONMALLOC=malloc PYTHONHASHSEED=0
    export PYTHONDONTWRITEBYTECODE=1
    options quiet=1 snapshot_at=
}

marked_tests() {
    "$@" "$python" -m pytest -p allocscope_pytest -p no:cacheprovider -v "$TEST_ROOT/test/programs/python/test_marked.py"
}

@test "Python: iterations are counted, and what they keep is retained, one block each" {
    need_python ctypes
    options quiet=1 snapshot_at=last
    record "$python" "$MARKS" iterations
    [ "$status" = 0 ]
    "$TOOL" iterations --json x.last.snap >out
    expect_json '[.benchmarks[] | .name] | sort == ["block", "decorated"]' out
    # the first ones make caches of the interpreter
    expect_json 'all(.benchmarks[]; (.iterations | length == 20) and all(.iterations[2:][]; .survived_blocks == 1 and .survived_bytes == 16))' out
    "$TOOL" check --max-retained 100 x.last.snap >out || status=$?
    [ "$status" = 1 ]
}

@test "Python: what functions retain is exact, circles are collected, and the asking itself does not count" {
    need_python ctypes
    record "$python" "$MARKS" retained
    [ "$status" = 0 ]
    printf '%s\n' 'clean 0 blocks, 0 bytes retained in 10 rounds (0.00 blocks a round)' \
        'make_circle 0 blocks, 0 bytes retained in 10 rounds (0.00 blocks a round)' \
        'keep 10 blocks, 160 bytes retained in 10 rounds (1.00 blocks a round)' | diff - out
}

@test "Python: an assertion that fails says so, and names sites and a snapshot" {
    need_python ctypes
    record "$python" "$MARKS" assertions
    [ "$status" = 0 ] || fail "$(cat messages)"
    printf '%s\n' 'allocscope: keep: 10 blocks, 160 bytes retained in 10 rounds (1.00 blocks a round); standard error names the sites and the snapshot' \
        'allocscope: one object: 1 block, 16 bytes retained; standard error names the sites and the snapshot' 'done True' | diff - out
    grep -Eq '^allocscope: assertion "keep" at .*/marks.py:[0-9]+ failed: 10 blocks \(160 bytes\) retained' messages
    grep -q '^allocscope: assertion "one object" at .*/marks.py:[0-9]* failed: 1 block (16 bytes) retained' messages
    grep -q 'look further: allocscope retainers' messages
}

@test "Python: without the preload marks do nothing and assertions fail, unless ALLOCSCOPE_OPTIONAL=1" {
    need_python ctypes
    plain "$python" "$MARKS" iterations
    [ "$plain_status" = 0 ]
    plain "$python" "$MARKS" assertions
    [ "$plain_status" = 1 ]
    grep -q 'AllocscopeError: .*the preload is absent' messages.plain
    export ALLOCSCOPE_OPTIONAL=1
    plain "$python" "$MARKS" assertions
    [ "$plain_status $(cat out.plain)" = '0 done False' ]
}

@test "pytest: what a marked test keeps fails it; fixtures, asserts and what is lazy do not" {
    need_python pytest
    marked_tests env LD_PRELOAD="$LIBRARY" >out 2>messages || status=$?
    [ "$status" = 1 ] || fail "$(cat out messages)"
    grep -q '^allocscope: every object is seen$' out
    grep -q 'test_clean PASSED' out
    grep -q 'test_keeps FAILED' out
    grep -q 'test_lazy PASSED' out
    grep -q 'test_keeps_what_it_may PASSED' out
    grep -q 'test_part PASSED' out
    grep -q 'test_part_keeps FAILED' out
    grep -q 'AllocscopeError: allocscope: test_keeps: 10 blocks, 160 bytes retained in 10 rounds' out
    grep -q 'assertion "test_keeps" at .*test_marked.py:[0-9]* failed: 10 blocks (160 bytes) retained' messages
    grep -q 'AllocscopeError: allocscope: a part: 1 block, 16 bytes retained' out
    grep -q '2 failed, 4 passed' out
}

@test "pytest: with Python's own allocator it says what it cannot see" {
    need_python pytest
    unset PYTHONMALLOC
    marked_tests env LD_PRELOAD="$LIBRARY" >out 2>messages || status=$?
    grep -q '^allocscope: only objects of more than 512 bytes are seen; PYTHONMALLOC=malloc shows all$' out
}

@test "pytest: without the preload marked tests fail, or are skipped with ALLOCSCOPE_OPTIONAL=1" {
    need_python pytest
    marked_tests env >out 2>messages || status=$?
    [ "$status" = 1 ]
    grep -q '^allocscope: the preload is absent' out
    grep -q '6 failed' out
    status=0
    marked_tests env ALLOCSCOPE_OPTIONAL=1 >out 2>messages || status=$?
    [ "$status" = 0 ] || fail "$(cat out)"
    grep -q '2 passed, 4 skipped' out
}
