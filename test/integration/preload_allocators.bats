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

@test "an allocator that is preloaded behind us" {
    [ -x "$PROGRAMS/other_allocator.jemalloc" ] || skip "jemalloc is not installed"
    LIBRARY="$LIBRARY libjemalloc.so.2"
    clean_run other_allocator
    expect "$snapshot" keep alloc_objects=1000 inuse_objects=1000 inuse_space=24000
    expect "$snapshot" keep_aligned inuse_objects=50 inuse_space=5000
    expect "$snapshot" churn alloc_objects=20000 inuse_objects=0
}
