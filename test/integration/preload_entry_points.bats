#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Every entry point of the C allocator: what it returns is what it returns without us, and each call is counted as
# what it is.
load helpers

@test "malloc and free: live, allocated and temporary blocks are three different numbers" {
    clean_run malloc_and_free
    expect "$snapshot" keep alloc_objects=3 alloc_space=60 inuse_objects=3 inuse_space=60
    expect "$snapshot" churn alloc_objects=5 alloc_space=35 inuse_objects=0 inuse_space=0
}

@test "calloc hands out zeroed memory and counts its product" {
    clean_run calloc_is_zeroed
    expect "$snapshot" clean alloc_objects=1 alloc_space=1500 inuse_objects=1 inuse_space=1500
    expect "$snapshot" soil alloc_objects=1 inuse_objects=0
}

@test "calloc with a product that overflows fails as without us and records nothing" {
    clean_run calloc_overflow
    expect "$snapshot" overflow alloc_objects=0 alloc_space=0
}

@test "reallocarray that overflows keeps the block" {
    clean_run reallocarray_overflow
    expect "$snapshot" grow alloc_objects=1 alloc_space=300 inuse_objects=1 inuse_space=300
}

@test "realloc to zero is a free" {
    clean_run realloc_to_zero
    expect "$snapshot" make_and_drop alloc_objects=100 alloc_space=6400 inuse_objects=0 inuse_space=0
}

@test "a failed realloc keeps the block" {
    clean_run realloc_failed
    expect "$snapshot" keep alloc_objects=1 alloc_space=48 inuse_objects=1 inuse_space=48
}

@test "realloc is neither an alloc nor a free: growth adds to bytes, shrinkage to freed bytes" {
    clean_run realloc_books
    expect "$snapshot" from_null alloc_objects=1 alloc_space=40 inuse_objects=1 inuse_space=40
    expect "$snapshot" grow alloc_objects=1 alloc_space=5000 inuse_objects=1 inuse_space=5000
    expect "$snapshot" shrink alloc_objects=1 alloc_space=3000 inuse_objects=1 inuse_space=100
    expect "$snapshot" cycle alloc_objects=1 alloc_space=80 inuse_objects=0 inuse_space=0
    [ "$(info "$snapshot" .totals.reallocs)" = 5 ]
}

@test "the memalign family keeps its alignments and counts the bytes asked for" {
    clean_run aligned_calls
    expect "$snapshot" call_posix_memalign alloc_objects=1 inuse_objects=1 inuse_space=11
    expect "$snapshot" call_posix_memalign_wrongly alloc_objects=0
    expect "$snapshot" call_aligned_alloc alloc_objects=1 inuse_objects=1 inuse_space=1024
    expect "$snapshot" call_memalign alloc_objects=1 inuse_objects=1 inuse_space=33
    expect "$snapshot" call_valloc alloc_objects=1 inuse_objects=1 inuse_space=44
    expect "$snapshot" call_pvalloc alloc_objects=1 inuse_objects=1 inuse_space=55
}

@test "malloc_usable_size answers and is no event" {
    clean_run usable_size
    expect "$snapshot" keep alloc_objects=3 alloc_space=2133 inuse_objects=3 inuse_space=2133
}

@test "free(NULL) is no event" {
    clean_run free_null
    [ "$(info "$snapshot" .seen.unknown_frees)" = 0 ]
}

@test "free_sized and free_aligned_sized are frees" {
    clean_run sized_frees
    expect "$snapshot" drop alloc_objects=20 alloc_space=3060 inuse_objects=0
}

@test "strdup, asprintf, getline and other allocations of the C library arrive with their callers" {
    clean_run libc_callers
    expect "$snapshot" call_strdup inuse_objects=1 inuse_space=10
    expect "$snapshot" call_strndup inuse_objects=1 inuse_space=5
    expect "$snapshot" call_asprintf inuse_objects=1
    expect "$snapshot" call_getline inuse_objects=1 inuse_space=120
    expect "$snapshot" call_getcwd inuse_objects=1
    expect "$snapshot" call_realpath inuse_objects=1
    expect "$snapshot" call_wcsdup inuse_objects=1 inuse_space=20
    expect "$snapshot" call_open_memstream inuse_objects=1
}

@test "errno leaves every call as the C library leaves it" {
    options max_frames=1000
    clean_run errno_unchanged
    expect "$snapshot" each_call alloc_objects=3505 inuse_objects=0
}
