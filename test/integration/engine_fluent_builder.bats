#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# Fluent builders: the profiler's numbers, the engine's books and the table of its scenarios are the same integers; what
# it leaks is found with its holder, and what its pools keep ready is not called a leak.
load helpers

ENGINE=$BUILD/examples/fluent-builder

@test "it behaves as its original and keeps its ledger" {
    run "$ENGINE-test"
    printf '%s\n' "$output"
    [ "$status" = 0 ] && [[ ${lines[-1]} =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]]
}
