#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Libraries that come and go.
load helpers

@test "a stack names the module that was there, also after another was loaded at its address" {
    record module_reuse "$PROGRAMS/lib/libvariant_first.so" "$PROGRAMS/lib/libvariant_second.so"
    [ "$status" != 77 ] || skip "the loader chose other addresses"
    [ "$status" = 0 ]
    books_balance "$snapshot"
    expect "$snapshot" first_variant alloc_objects=3 inuse_objects=3 inuse_space=333
    expect "$snapshot" second_variant alloc_objects=2 inuse_objects=2 inuse_space=444
    expect_json '[.rows[] | select(.function == "first_variant") | .module] | unique == ["libvariant_first.so"]' \
        report.json
}

@test "dlopen and dlclose while threads allocate: no deadlock" {
    clean_run dlopen_while_threads_allocate "$PROGRAMS/lib/libvariant_first.so"
    expect "$snapshot" allocate inuse_objects=0
}

@test "code without unwind information and without a frame pointer does no harm" {
    clean_run no_unwind_info
    expect "$snapshot" allocate alloc_objects=100 inuse_objects=100 inuse_space=2700
}

@test "a library bound to the C library's malloc past us does no harm: its frees are counted as unknown" {
    same_as_plain deep_binding "$PROGRAMS/lib/libvariant_first.so"
    "$TOOL" verify "$snapshot"
    expect "$snapshot" keep inuse_objects=2 inuse_space=162
    expect "$snapshot" first_variant alloc_objects=0
    [ "$(info "$snapshot" .seen.unknown_frees)" = 3 ]
}

@test "a forked child ends well when a library was being unloaded by another thread at the fork" {
    export ALLOCSCOPE_OUTPUT=$PWD/%p.snap
    same_as_plain unmapped_library_in_child "$PROGRAMS/lib/liblooked_up_function.so"
    [ "$status" = 0 ]
    [ "$(files ./*.snap)" = 2 ]
}

@test "a forked child of a process with threads knows the libraries that it loads itself" {
    export ALLOCSCOPE_OUTPUT=$PWD/%p.snap
    same_as_plain dlopen_in_forked_child "$PROGRAMS/lib/libvariant_first.so" "$PROGRAMS/lib/libvariant_second.so"
    [ "$status" = 0 ]
    [ "$(files ./*.snap)" = 2 ]
    for file in ./*.snap; do
        books_balance "$file"
        [ "$(info "$file" .forked)" = true ] || continue
        expect "$file" first_variant alloc_objects=3 inuse_objects=3 inuse_space=333
        expect "$file" second_variant alloc_objects=2 inuse_objects=2 inuse_space=444
        expect_json '[.rows[] | select(.function == "second_variant") | .module] == ["libvariant_second.so"]' report.json
    done
}
