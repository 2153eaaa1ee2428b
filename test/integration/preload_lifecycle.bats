#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Before main and after it: constructors, handlers at exit, every way to end, closed descriptors.
load helpers

@test "handlers of atexit count" {
    clean_run atexit_handlers
    expect "$snapshot" at_exit alloc_objects=2 inuse_objects=2 inuse_space=140
    expect "$snapshot" keep_early alloc_objects=5 inuse_objects=0
}

@test "constructors of other libraries count, their destructors do no harm" {
    clean_run library_constructors
    expect "$snapshot" construct alloc_objects=3 alloc_space=270
}

for_each_end() {
    local way
    for way in "$@"; do
        rm -f x.snap
        same_as_plain ends "$way" || return 1
        books_balance "$snapshot" || fail "after $way" || return 1
        expect_live "$snapshot" keep 7 490 || fail "after $way" || return 1
    done
}

@test "return from main, exit, _exit, _Exit and quick_exit write the snapshot and keep the exit status" {
    for_each_end return exit _exit _Exit quick_exit
    [ "$status" = 3 ]
}

@test "exit from a thread, and the last pthread_exit, write the snapshot" {
    for_each_end thread pthread_exit
}

@test "abort and SIGKILL end the program as without us, without a snapshot" {
    same_as_plain ends abort
    same_as_plain ends kill
    [ "$(files ./*.snap*)" = 0 ]
}

@test "a program that closes descriptors 0 to 2 gets its snapshot" {
    same_as_plain closes_descriptors standard
    books_balance "$snapshot"
    expect_live "$snapshot" keep 6 396
}

@test "a program that closes all descriptors gets its snapshot" {
    same_as_plain closes_descriptors all
    books_balance "$snapshot"
    expect_live "$snapshot" keep 6 396
}

@test "a program that closes stderr at exit gets its snapshot and its message" {
    same_as_plain closes_descriptors stderr
    books_balance "$snapshot"
    expect_live "$snapshot" keep 6 396
    grep -q '^allocscope: .*x\.snap' messages
}

@test "a program started without descriptors 0 to 2 gets its snapshot" {
    env LD_PRELOAD="$LIBRARY" "$PROGRAMS/waits_for_input" <&- >&- 2>&- || true
    books_balance "$snapshot"
    expect_live "$snapshot" keep 9 810
}

@test "descriptors that the program closed and reused are never written to" {
    same_as_plain reuses_descriptors
    [ "$(cat own-*.txt | sort | uniq -c | tr -s ' ')" = " 40 mine" ]
    books_balance "$snapshot"
}

@test "a program that changes its directory finds the snapshot where it started" {
    ALLOCSCOPE_OUTPUT=%e.snap clean_run_in_start_directory
}

clean_run_in_start_directory() {
    record changes_directory
    [ "$status" = 0 ]
    books_balance changes_directory.snap
    [ ! -e /changes_directory.snap ]
}
