#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# C++: all forms of new and delete, and exceptions.
load helpers

@test "new and delete in every form: plain, array, nothrow, aligned, sized" {
    clean_run new_forms
    expect "$snapshot" plain alloc_objects=2 alloc_space=5 inuse_objects=1 inuse_space=1
    expect "$snapshot" array alloc_objects=2 alloc_space=50 inuse_objects=1 inuse_space=10
    expect "$snapshot" no_throw alloc_objects=4 alloc_space=22 inuse_objects=2 inuse_space=9
    expect "$snapshot" aligned alloc_objects=3 alloc_space=640 inuse_objects=1 inuse_space=128
    expect "$snapshot" sized alloc_objects=4 alloc_space=224 inuse_objects=1 inuse_space=31
}

@test "a new that cannot be served throws bad_alloc and records nothing" {
    clean_run bad_alloc
    expect "$snapshot" ask_too_much inuse_objects=0 inuse_space=0
}

@test "exceptions pass through our frames and leave nothing behind" {
    clean_run exceptions
    expect "$snapshot" throw_deep inuse_objects=0 inuse_space=0
    expect "$snapshot" main inuse_objects=0
}

@test "a C host that loads a throwing C++ library locally keeps its exceptions" {
    clean_run c_host_of_cplusplus "$PROGRAMS/lib/libthrowing.so"
    expect "$snapshot" __cxa_allocate_exception alloc_objects=100 inuse_objects=0
    # nothing of ours may stand in the host's books under the C++ library's frames
    expect_json '[.rows[] | select(any(.stack[]; startswith("throw_and_catch")) and any(.stack[]; startswith("dlopen")))]
        == []' report.json
}
