#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# `allocscope run`: the program's own exit status, the options as flags, and clear words where we can't look.
load helpers

run_tool() {
    status=0
    timeout "$LIMIT" "$TOOL" run "$@" >out 2>messages || status=$?
}

@test "run gives the program's output and exit status" {
    run_tool -o x.snap -- "$PROGRAMS/malloc_and_free"
    [ "$status" = 0 ]
    head -1 out | grep -qx "done"
    expect_live x.snap keep 3 60
    run_tool -o y.snap -- "$PROGRAMS/ends" exit
    [ "$status" = 3 ]
}

@test "run gives 128 + signal for a program that a signal ends" {
    run_tool -o x.snap -- "$PROGRAMS/ends" abort
    [ "$status" = 134 ]
}

@test "run on a static program says so, and starts it only with --anyway" {
    run_tool -o x.snap -- "$PROGRAMS/static_program"
    [ "$status" = 2 ]
    grep -q '^allocscope: .*static' messages
    [ ! -s out ]
    run_tool --anyway -o x.snap -- "$PROGRAMS/static_program"
    [ "$status" = 0 ]
    grep -q '^allocscope: .*static' messages
    grep -qx "done" out
    [ ! -e x.snap ]
}

@test "run on a setuid program says so" {
    [ "$(id -u)" = 0 ] || skip "making a file of another user needs root"
    cp "$PROGRAMS/malloc_and_free" setuid_program
    chown 65534 setuid_program
    chmod u+s setuid_program
    run_tool -o x.snap -- ./setuid_program
    [ "$status" = 2 ]
    grep -q '^allocscope: .*setuid' messages
}

@test "run passes its flags on as options" {
    run_tool -o x.snap --snapshot-at first,last --warmup 5 -- "$PROGRAMS/iterate"
    [ "$status" = 0 ]
    expect_live x.first.snap retain 15 240
    expect_live x.last.snap retain 60 960
}

@test "run on a program that does not exist is an error in words" {
    run_tool -o x.snap -- ./no_such_program
    [ "$status" = 2 ] || [ "$status" = 127 ]
    grep -q '^allocscope: .*no_such_program' messages
}
