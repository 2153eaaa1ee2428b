#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016 # helpers.bash sets status; jq filters
# Adapters for test frameworks: what is retained fails a test in the framework's own way, what the framework keeps for itself
# does not count, and without the preload nothing passes unseen.
load helpers

ADAPTERS=$BUILD/adapters

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    unset LD_PRELOAD ALLOCSCOPE_SIGNAL ALLOCSCOPE_OPTIONAL NO_COLOR CK_FORK CK_RUN_CASE
    export ALLOCSCOPE_OUTPUT=$PWD/%e.%p.snap
    options quiet=1 snapshot_at=
}

# example FRAMEWORK ARGUMENT...: under the preload; out, messages, $status.
example() {
    local framework=$1
    [ -x "$ADAPTERS/$framework" ] || skip "$framework is not installed"
    shift
    record "$ADAPTERS/$framework" "$@"
}

# retained NAME BLOCKS BYTES: the preload told of NAME in `messages`, and the site is in the snapshot that it names.
retained() {
    local file
    grep -Eq "allocscope: assertion \"$1\" at .*example.cc?:[0-9]+ failed: $2 blocks? \\($3 bytes?\\) retained" messages ||
        fail "no word of $1: $(cat messages)" || return 1
    file=$(sed -n "s/^allocscope: the heap of \"$1\" is saved; look further: .* //p" messages | head -n 1)
    expect_live "$file" registry_keep "${4:-$2}" "${5:-$3}"
}

# unseen FRAMEWORK PATTERN PASSED: without the preload it fails and says why; with ALLOCSCOPE_OPTIONAL=1 all pass and PASSED says so.
unseen() {
    [ -x "$ADAPTERS/$1" ] || skip "$1 is not installed"
    plain "$ADAPTERS/$1"
    [ "$plain_status" != 0 ]
    cat out.plain messages.plain >all
    grep -q 'cannot be checked: the preload is absent' all
    grep -Eq "$2" all || fail "no line $2: $(cat all)"
    ALLOCSCOPE_OPTIONAL=1 plain "$ADAPTERS/$1"
    cat out.plain messages.plain >all
    grep -Eq "$3" all || fail "no line $3: $(cat all)"
    has_not 'cannot be checked' all
}

has_not() {
    ! grep -q "$1" "$2" || fail "$2 has $1"
}

@test "GoogleTest: what a test keeps fails it, and the next ones run" {
    example googletest --gtest_filter='Registry.*:WithFixture.*:Part.*'
    [ "$status" = 1 ]
    retained Registry.Keeps 2 30
    retained 'the second name' 1 7 4 58
    grep -q '^\[  FAILED  \] Registry.Keeps' out
    grep -q 'example.cc:[0-9]*: Failure' out
    grep -q '^allocscope: Registry.Keeps retains 2 blocks, 30 bytes; ' out
    grep -q '^\[       OK \] Registry.Measures' out
    grep -q '^\[       OK \] WithFixture.Measures' out
    grep -q '^\[  PASSED  \] 2 tests' out
}

@test "GoogleTest: its traces, remarks, properties and death tests are its own; what failed already is not judged" {
    example googletest --gtest_filter='Framework.*' --gtest_repeat=2
    [ "$status" = 1 ]
    [ "$(grep -c '^\[       OK \] Framework.KeepsResultsOfItsOwn' out)" = 2 ]
    [ "$(grep -c '^\[       OK \] Framework.KeepsInAPartToo' out)" = 2 ]
    [ "$(grep -c ': Failure$' out)" = 4 ]
    has_not retain out
    has_not assertion messages
}

@test "GoogleTest: without the preload every test fails, or is skipped" {
    unseen googletest 'FAILED  \] Registry.Measures' '^\[  SKIPPED \] 6 tests'
    grep -q '^\[  PASSED  \] 0 tests' all
    grep -q '^\[  FAILED  \] Framework.FailsForAReasonOfItsOwn' all
}

@test "Catch2: a check that fails is counted with the others, and the case goes on" {
    example catch2
    [ "$status" = 2 ]
    retained 'one name' 1 18
    grep -q 'example.cc:[0-9]*: FAILED:' out
    grep -q 'allocscope: one name retains 1 block, 18 bytes' out
    grep -q 'the test went on' out
    grep -q '^test cases: *4 | 2 passed | 2 failed$' out
    grep -q '^assertions: *11 | 9 passed | 2 failed$' out
}

@test "Catch2: its messages, sections and a failure in a block are its own" {
    example catch2 framework
    [ "$status" = 1 ]
    grep -q 'registry_measure("forty-two") == 8' out
    grep -q '^assertions: 6 | 5 passed | 1 failed$' out
    has_not retain out
    has_not assertion messages
}

@test "Catch2: a reporter that keeps every assertion does not count" {
    example catch2 -r junit -s
    [ "$status" = 2 ]
    [ "$(grep -c assertion messages)" = 1 ]
}

@test "Catch2: without the preload checks fail, or are warnings" {
    unseen catch2 '^test cases: *4 \| 4 failed' '^test cases: *4 \| 3 passed \| 1 failed'
    grep -q 'warning:' all
}

@test "doctest: what a block keeps fails its case, which goes on" {
    example doctest
    [ "$status" = 1 ]
    retained 'one name' 1 18
    grep -q 'example.cc:[0-9]*: ERROR: allocscope: one name retains 1 block, 18 bytes' out
    grep -q 'the test went on' out
    grep -q 'test cases: 4 | 2 passed | 2 failed' out
}

@test "doctest: its messages and a failure in a block are its own" {
    example doctest -tc=framework
    [ "$status" = 1 ]
    grep -q 'registry_measure("forty-two") == 8' out
    grep -q 'assertions: 2 | 1 passed | 1 failed' out
    has_not retain out
    has_not assertion messages
}

@test "doctest: without the preload checks fail, or are messages" {
    unseen doctest 'test cases: 4 \| 0 passed \| 4 failed' 'test cases: 4 \| 3 passed \| 1 failed'
    grep -q 'MESSAGE: allocscope: .* was not checked' all
}

@test "cmocka: a test that keeps fails by its name, fixtures and mocks do not count" {
    example cmocka
    [ "$status" = 2 ]
    retained keeps 1 18
    retained 'the second name' 1 7 3 46
    cat out messages >all
    grep -q '^\[  FAILED  \] keeps$' all
    grep -q '^\[       OK \] measures$' all
    grep -q '^\[       OK \] with_fixture$' all
    grep -q '^\[       OK \] framework_mocks$' all
    has_not 'not reached' all
    grep -q '^\[  PASSED  \] 3 test(s).$' all
}

@test "cmocka: without the preload tests fail, or are skipped, and torn down" {
    unseen cmocka '^\[  FAILED  \] measures$' '^\[  SKIPPED \] 4 test\(s\), listed below:$'
    grep -q '^\[       OK \] part_keeps$' all
    grep -q 'tear_down has run' all
}

@test "Check: with a process for each test and without, what a test keeps fails it" {
    # with forks a test does not see what another one kept
    local fork
    for fork in yes no; do
        export CK_FORK=$fork
        rm -f ./*.snap
        example check
        [ "$status" = 1 ]
        retained keeps 1 18
        if [ "$fork" = yes ]; then
            retained 'the second name' 1 7
        else
            retained 'the second name' 1 7 2 25
        fi
        grep -q '^50%: Checks: 4, Failures: 2, Errors: 0$' out
        grep -q 'failing:keeps:0: allocscope: keeps retains 1 block, 18 bytes' out
    done
}

@test "Check: a case with fixtures passes" {
    export CK_RUN_CASE=fixture
    example check
    [ "$status" = 0 ]
    grep -q '^100%: Checks: 1, Failures: 0, Errors: 0$' out
}

@test "Check: without the preload tests fail, or are not judged" {
    unseen check '^0%: Checks: 4, Failures: 4' '^100%: Checks: 4, Failures: 0'
}

@test "Criterion: what a test keeps fails it in its own process, init and fini lie outside" {
    example criterion
    [ "$status" = 1 ]
    retained registry::keeps 1 18
    retained registry::keeps_for_a_log 1 5
    retained 'the second name' 1 7
    cat out messages >all
    grep -q 'FAIL.*registry::keeps' all
    grep -q 'FAIL.*registry::part_keeps' all
    grep -q 'FAIL.*registry::fails' all
    grep -q 'a text that is sent, and freed' all
    [ "$(grep -c 'assertion "' messages)" = 3 ]
    grep -q 'Tested: .*7.*Passing: .*3.*Failing: .*4.*Crashing: .*0' all
}

@test "Criterion: without the preload tests fail, or are not judged" {
    unseen criterion 'Passing: .*0.*Failing: .*7' 'Passing: .*6.*Failing: .*1'
}

@test "Google Benchmark: our numbers stand in the console and in the JSON, without those of the library" {
    example googlebenchmark
    [ "$status" = 0 ]
    grep -Eq '^Measures/.* allocs=3 bytes=48 retained=0$' out
    grep -Eq '^Keeps/.* allocs=1 bytes=18 retained=18$' out
    example googlebenchmark --benchmark_format=json
    expect_json '[.benchmarks[] | [.allocs, .bytes, .retained, .allocs_per_iter, .total_allocated_bytes, .net_heap_growth]] ==
        [[3, 48, 0, 3, 768, 0], [1, 18, 18, 1, 288, 288]]' out
    expect_json '[.benchmarks[].max_bytes_used] == [16, 288]' out
}

@test "Google Benchmark: its iterations are ours" {
    options quiet=1
    export ALLOCSCOPE_OUTPUT=$PWD/x.snap
    example googlebenchmark --benchmark_filter=Keeps
    "$TOOL" iterations --json x.snap >out
    expect_json '[.benchmarks[] | select(.name == "Keeps") | .iterations[] | .allocs] | length == 66 and all(. == 1)' out
    "$TOOL" check --max-retained 0 x.snap >out || status=$?
    [ "$status" = 1 ]
    grep -q registry_keep out
}

@test "Google Benchmark: without the preload it runs as ever" {
    [ -x "$ADAPTERS/googlebenchmark" ] || skip "googlebenchmark is not installed"
    plain "$ADAPTERS/googlebenchmark"
    [ "$plain_status" = 0 ]
    grep -q '^Measures/' out.plain
    has_not allocs= out.plain
}
