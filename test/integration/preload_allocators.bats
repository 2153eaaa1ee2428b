#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Programs linked with another allocator than the C library's: live blocks are exact all the same.
load helpers

c_program_is_exact() {
    [ -x "$PROGRAMS/other_allocator.$1" ] || skip "$1 is not installed"
    clean_run "other_allocator.$1"
    expect "$snapshot" keep alloc_objects=1000 alloc_space=24000 inuse_objects=1000 inuse_space=24000
    expect "$snapshot" keep_aligned alloc_objects=50 inuse_objects=50 inuse_space=5000
    expect "$snapshot" churn alloc_objects=20000 inuse_objects=0
}

cplusplus_program_is_exact() {
    [ -x "$PROGRAMS/other_allocator_cplusplus.$1" ] || skip "$1 is not installed"
    clean_run "other_allocator_cplusplus.$1"
    expect "$snapshot" keep alloc_objects=500 alloc_space=10000 inuse_objects=500 inuse_space=10000
    expect "$snapshot" churn inuse_objects=0 inuse_space=0
    expect "$snapshot" hand_over alloc_objects=100 alloc_space=3300 inuse_objects=0
}

# classes_are_exact PROGRAM: 8,192 blocks in each function; the sums of their sizes.
classes_are_exact() {
    clean_run "$1"
    expect "$snapshot" main alloc_objects=43008 inuse_objects=17408 inuse_space=18883584
    expect "$snapshot" stays alloc_objects=8192 alloc_space=8392704 inuse_objects=8192 inuse_space=8392704
    expect "$snapshot" leaves_in_order alloc_objects=8192 alloc_space=8392704 inuse_objects=0 inuse_space=0
    expect "$snapshot" leaves_in_reverse alloc_objects=8192 alloc_space=8392704 inuse_objects=0 inuse_space=0
    expect "$snapshot" leaves_in_disorder alloc_objects=8192 alloc_space=8392704 inuse_objects=0 inuse_space=0
    expect "$snapshot" comes_back alloc_objects=8192 alloc_space=8392704 inuse_objects=8192 inuse_space=8392704
    expect "$snapshot" grows alloc_objects=2048 inuse_objects=1024 inuse_space=2098176
}

# other_classes_are_exact ALLOCATOR: the same where blocks lie closer than a granule of the C library's.
other_classes_are_exact() {
    [ -x "$PROGRAMS/other_allocator_classes.$1" ] || skip "$1 is not installed"
    classes_are_exact "other_allocator_classes.$1"
    [ "$(cat out)" = 'closest blocks: 08 bytes' ]
}

@test "C with jemalloc" {
    c_program_is_exact jemalloc
}
@test "C++ with jemalloc" {
    cplusplus_program_is_exact jemalloc
}
@test "C with tcmalloc" {
    c_program_is_exact tcmalloc
}
@test "C++ with tcmalloc" {
    cplusplus_program_is_exact tcmalloc
}
@test "C with mimalloc" {
    c_program_is_exact mimalloc
}
@test "C++ with mimalloc" {
    cplusplus_program_is_exact mimalloc
}
@test "the same programs with the C library's allocator" {
    clean_run other_allocator
    expect "$snapshot" keep alloc_objects=1000 alloc_space=24000 inuse_objects=1000 inuse_space=24000
    rm x.snap
    clean_run other_allocator_cplusplus
    expect "$snapshot" keep alloc_objects=500 inuse_objects=500 inuse_space=10000
    expect "$snapshot" churn inuse_objects=0 inuse_space=0
}

@test "every size from 1 to 2,048 bytes, neighbours of one class, with jemalloc" {
    other_classes_are_exact jemalloc
}
@test "every size from 1 to 2,048 bytes, neighbours of one class, with tcmalloc" {
    other_classes_are_exact tcmalloc
}
@test "every size from 1 to 2,048 bytes, neighbours of one class, with mimalloc" {
    other_classes_are_exact mimalloc
}
@test "every size from 1 to 2,048 bytes, neighbours of one class, with the C library's allocator" {
    classes_are_exact other_allocator_classes
    [ "$(cat out)" = 'closest blocks: 32 bytes' ]
}

@test "an allocator that is preloaded behind us" {
    [ -x "$PROGRAMS/other_allocator.jemalloc" ] || skip "jemalloc is not installed"
    LIBRARY="$LIBRARY libjemalloc.so.2"
    clean_run other_allocator
    expect "$snapshot" keep alloc_objects=1000 inuse_objects=1000 inuse_space=24000
    expect "$snapshot" keep_aligned inuse_objects=50 inuse_space=5000
    expect "$snapshot" churn alloc_objects=20000 inuse_objects=0
}
