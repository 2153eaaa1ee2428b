#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Signal handlers that allocate, storms of signals, jumps out of handlers and frames.
load helpers

@test "malloc and free in a signal handler are recorded with the handler in the stack" {
    clean_run free_in_signal_handler
    expect "$snapshot" handler alloc_objects=10 inuse_objects=10 inuse_space=800
    expect "$snapshot" make_block alloc_objects=10 inuse_objects=0
    expect_json '[.rows[] | select(.stack[0] | startswith("handler"))
        | .stack | any(startswith("main"))] | all' report.json
}

@test "a storm of signals inside the hooks: not one event is lost" {
    clean_run signal_storm
    expect "$snapshot" handler inuse_objects=0
    expect "$snapshot" work inuse_objects=0
    expect_json '[.rows[] | select(.function == "work") | .alloc_objects] | add == 300000' report.json
}

@test "a handler on an alternate stack of 8 KB has room for our hooks" {
    clean_run sigaltstack_handler
    expect "$snapshot" handler alloc_objects=200 alloc_space=104400 inuse_objects=100 inuse_space=4400
}

@test "longjmp over frames that allocated keeps stacks exact" {
    clean_run longjmp_out_of_frames
    expect "$snapshot" jump alloc_objects=1000 inuse_objects=1000 inuse_space=12000
    expect_json '[.rows[] | select(.stack[0] | startswith("jump")) | .stack | length] | sort
        | . as $lengths | length == 17 and . == [range($lengths[0]; $lengths[0] + 17)]' report.json
}

@test "siglongjmp out of a handler, even from inside a hook, leaves recording as it was" {
    same_as_plain longjmp_out_of_handler
    "$TOOL" verify "$snapshot"
    expect "$snapshot" after alloc_objects=100 inuse_objects=100 inuse_space=3600
    [ "$(info "$snapshot" .approximate)" = false ]
}

@test "a program that owns all real-time signals gets each of them" {
    clean_run realtime_signals
}
