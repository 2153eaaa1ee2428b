#!/usr/bin/env bats
# shellcheck disable=SC2154 # helpers.bash sets status
# Every engine alone, without the profiler, under the address and the undefined-behaviour sanitizer: its own tests, and
# each workload that promises to leave nothing leaves nothing.
load helpers

SANITIZED=$(dirname "$BUILD")/asan/examples

setup() {
    [ -x "$SANITIZED/fluent-builder" ] || skip 'the sanitized engines are not built (make test builds them)'
    cd "$BATS_TEST_TMPDIR" || return 1
}

# sound PROGRAM ARGUMENT...: its tests pass and no sanitizer says anything; some tests leak on purpose.
sound() {
    local program=$1
    shift
    run env ASAN_OPTIONS=detect_leaks=0 "$SANITIZED/$program" "$@"
    if [ "$status" != 0 ] || ! [[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]; then
        fail "$program: exit $status: $(tail -30 <<<"$output")"
    fi
}

@test "the builder engines' own tests" {
    sound fluent-builder-test
    sound quick-tree-test
    sound pump-test "$TEST_ROOT/examples/engines/pump/cases.txt"
}

@test "the reactive engines: every case, every count, random programs" {
    sound reactive-conformance "$TEST_ROOT/examples/engines/conformance/cases.txt"
    sound reactive-counts-test "$TEST_ROOT/examples/engines/expected-counts.tsv"
    sound reactive-random --count 200
}

@test "the builder engines: what is disposed or fixed leaks nothing" {
    local program name variant count=0
    for program in fluent-builder quick-tree pump; do
        while read -r name variant; do
            "$SANITIZED/$program" --scenario "$name" --variant "$variant" --iterations 3 --marks none >out 2>messages ||
                fail "$program $name $variant: $(tail -30 messages)" || return 1
            count=$((count + 1))
        done < <("$SANITIZED/$program" --list | awk -F '\t' '$2 == "disposed" || ($2 == "fixed" && $4 == "transient") { print $1, $2 }')
    done
    [ "$count" -gt 30 ] || fail "$count rows"
}

@test "the reactive engines: what is disposed leaks nothing, in every scenario" {
    local engine scenario count=0
    for scenario in $("$SANITIZED/reactive-bench" --list | awk '{ print $1 }'); do
        for engine in lattice preact alien; do
            "$SANITIZED/reactive-bench" "$engine" "$scenario" disposed --iterations 2 --inner 2 >out 2>messages ||
                fail "$engine $scenario: $(tail -30 messages)" || return 1
            count=$((count + 1))
        done
    done
    [ "$count" -ge 36 ] || fail "$count runs"
}
