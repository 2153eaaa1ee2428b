#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# ALLOCSCOPE_ASSERT_ZERO_RETAINED: passes, fails with everything a person needs, and never passes unseen.
load helpers

@test "an assertion that holds says nothing" {
    record assert_zero_retained pass
    [ "$status" = 0 ]
    [ "$(cat out)" = held ]
    [ "$(grep -c 'survive\|retained' messages)" = 0 ]
}

@test "a failed assertion aborts after it has named survivors, sites, bytes and a snapshot" {
    record assert_zero_retained fail
    [ "$status" = 134 ]
    grep '^allocscope:' messages
    grep -q 'frame' messages
    grep -q '\b3 blocks' messages
    grep -q '\b99 ' messages
    grep -q 'assert_zero_retained\|leaking_work' messages
    file=$(ls ./*.snap)
    grep -q "$(basename "$file")" messages
    books_balance "$file"
    expect_live "$file" leaking_work 3 99
}

@test "a failure handler is called instead of abort" {
    record assert_zero_retained handled
    [ "$status" = 5 ]
}

@test "another thread's blocks do not fail an assertion, but do fail the process variant" {
    record assert_zero_retained other
    [ "$status" = 0 ]
    rm -f ./*.snap
    record assert_zero_retained process
    [ "$status" = 134 ]
}

@test "without the preload an assertion fails, unless ALLOCSCOPE_OPTIONAL=1" {
    plain assert_zero_retained pass
    [ "$plain_status" = 134 ]
    grep -q 'allocscope: .*LD_PRELOAD' messages.plain
    export ALLOCSCOPE_OPTIONAL=1
    plain assert_zero_retained fail
    [ "$plain_status" = 0 ]
}
