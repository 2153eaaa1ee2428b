#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Threads: races, threads that come and go, allocation while they end.
load helpers

@test "8 threads malloc, realloc and free: 400,000 blocks born, 0 retained" {
    clean_run realloc_race
    expect "$snapshot" race alloc_objects=400000 inuse_objects=0 inuse_space=0
}

@test "the race again, 5 times: never a contradiction" {
    for _ in 1 2 3 4 5; do
        rm -f x.snap
        record realloc_race
        books_balance "$snapshot"
        expect "$snapshot" race alloc_objects=400000 inuse_objects=0
    done
}

@test "a block freed by another thread is freed" {
    clean_run freed_by_another_thread
    expect "$snapshot" produce alloc_objects=1000 alloc_space=20000 inuse_objects=10 inuse_space=200
}

@test "a thread that ends leaves its blocks in the books" {
    clean_run thread_dies_holding_blocks
    expect "$snapshot" hold alloc_objects=400 inuse_objects=400 inuse_space=9600
}

@test "10,000 short threads are counted exactly in bounded memory" {
    clean_run ten_thousand_threads
    expect "$snapshot" short_thread alloc_objects=20000 inuse_objects=10000 inuse_space=160000
    [ "$(totals "$snapshot" .rss_bytes)" -lt $((64 << 20)) ]
}

@test "destructors of pthread keys still count" {
    clean_run pthread_key_destructor
    expect "$snapshot" destructor alloc_objects=30 alloc_space=1200 inuse_objects=10 inuse_space=400
    expect "$snapshot" store alloc_objects=10 inuse_objects=0
}

@test "destructors of thread_local objects still count" {
    clean_run tls_destructor
    expect "$snapshot" local::at_thread_end alloc_objects=20 alloc_space=510 inuse_objects=10 inuse_space=250
}

@test "cancelled threads: their clean-up handlers count" {
    clean_run cancelled_threads
    expect "$snapshot" sleeper alloc_objects=150 inuse_objects=100 inuse_space=2250
    expect "$snapshot" clean_up alloc_objects=50 inuse_objects=50 inuse_space=1100
}

@test "coroutines on stacks of their own" {
    clean_run coroutines
    expect "$snapshot" routine alloc_objects=200 alloc_space=3400 inuse_objects=100 inuse_space=1700
    expect "$snapshot" make_routines inuse_objects=50
}

@test "threads with the smallest stack have room for our hooks" {
    clean_run small_thread_stacks
    expect "$snapshot" frugal alloc_objects=100 inuse_objects=50 inuse_space=950
}

@test "200 pthread keys: the C library's own allocations inside are neither lost nor a deadlock" {
    clean_run many_pthread_keys
    expect "$snapshot" make_value alloc_objects=1000 alloc_space=12000 inuse_objects=0
    expect "$snapshot" set_all inuse_objects=0
}

@test "threads, loads, forks, timer signals, iterations and snapshots at once: no deadlock, exact books" {
    export ALLOCSCOPE_OUTPUT=$PWD/%p.snap
    options quiet=1
    same_as_plain everything_at_once "$PROGRAMS/lib/libvariant_first.so" "$PROGRAMS/lib/libvariant_second.so"
    [ "$status" = 0 ]
    [ "$(files ./*.snap)" = 22 ] # the process, 20 children, the last one from inside
    for file in ./*.snap; do
        books_balance_after_fork "$file"
    done
    for file in [0-9]*.snap; do
        if [ "$(info "$file" .forked)" = true ]; then
            expect "$file" second_variant inuse_objects=2 inuse_space=444
            continue
        fi
        expect "$file" allocate inuse_objects=0
        expect "$file" keep alloc_objects=3000 inuse_objects=3000 inuse_space=54000
        expect "$file" live_shortly alloc_objects=500 inuse_objects=0
        [ "$(info "$file" .iterations_ended)" = 3000 ]
    done
}
