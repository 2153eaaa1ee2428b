#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# fork, vfork, posix_spawn, exec: each process has its own books and its own file.
load helpers

setup_tree() {
    export ALLOCSCOPE_OUTPUT=$PWD/%e.%p.snap
}

# The snapshots of forked children, and of the others.
forked() {
    local file
    for file in ./*.snap; do
        [ "$(totals "$file" .inherited_blocks)" != 0 ] && echo "$file"
    done
    return 0
}
not_forked() {
    local file
    for file in ./*.snap; do
        [ "$(totals "$file" .inherited_blocks)" = 0 ] && echo "$file"
    done
    return 0
}

@test "a forked child writes its own snapshot, the parent's is undisturbed" {
    setup_tree
    same_as_plain fork_child
    [ "$(files ./*.snap)" = 2 ]
    parent=$(not_forked) child=$(forked)
    books_balance "$parent"
    expect_live "$parent" before_fork 10 1000
    expect_live "$parent" in_child 0 0
    expect_live "$parent" after_fork 3 90
    books_balance "$child"
    expect_live "$child" before_fork 8 800
    expect_live "$child" in_child 5 250
    expect_live "$child" after_fork 0 0
    [ "$(totals "$child" .inherited_blocks)" -ge 8 ]
    [ "$(totals "$child" .inherited_bytes)" -ge 800 ]
}

@test "a second process of a tree never overwrites the first one's file" {
    same_as_plain fork_child
    [ "$(files x.snap x.1.snap)" = 2 ]
    [ "$(files ./*.snap)" = 2 ]
    books_balance x.snap
    books_balance x.1.snap
}

@test "fork while 8 threads allocate: no lock stays held, every child writes an exact snapshot" {
    setup_tree
    same_as_plain fork_while_threads_allocate
    [ "$(files ./*.snap)" = 21 ]
    for file in ./*.snap; do
        books_balance_after_fork "$file"
    done
    for file in $(forked); do
        expect "$file" in_child alloc_objects=10 inuse_objects=10 inuse_space=770
    done
}

@test "follow_fork=0: the child records nothing and writes nothing" {
    setup_tree
    options follow_fork=0
    same_as_plain fork_child
    [ "$(files ./*.snap)" = 1 ]
    file=$(echo ./*.snap)
    books_balance "$file"
    expect_live "$file" before_fork 10 1000
    expect_live "$file" after_fork 3 90
}

start_by() {
    setup_tree
    same_as_plain start_other_program "$1" "$PROGRAMS/malloc_and_free" || return 1
    books_balance start_other_program.*.snap || return 1
    expect_live "$(echo start_other_program.*.snap)" keep 4 160
}

started_program_is_recorded() {
    start_by "$1" || return 1
    [ "$(files ./*.snap)" = 2 ] || fail "$(ls)" || return 1
    books_balance malloc_and_free.*.snap || return 1
    expect_live "$(echo malloc_and_free.*.snap)" keep 3 60
}

@test "a program started by fork and exec is recorded" {
    started_program_is_recorded fork
}

@test "a program started by vfork and exec is recorded, the parent undisturbed" {
    started_program_is_recorded vfork
}

@test "a program started by posix_spawn is recorded" {
    started_program_is_recorded posix_spawn
}

@test "a vfork child that ends by _exit writes no snapshot" {
    start_by vfork_exit
    [ "$(files ./*.snap)" = 1 ]
}

@test "follow_exec=0: started programs are not recorded" {
    options follow_exec=0
    for way in fork vfork posix_spawn; do
        rm -f ./*.snap
        start_by "$way"
        [ "$(files malloc_and_free.*.snap)" = 0 ]
    done
}

@test "exec without fork: the new program is recorded under the same pid" {
    setup_tree
    same_as_plain start_other_program exec "$PROGRAMS/malloc_and_free"
    books_balance malloc_and_free.*.snap
    expect_live "$(echo malloc_and_free.*.snap)" keep 3 60
}

@test "exec without fork and follow_exec=0: the new program is not recorded" {
    setup_tree
    options follow_exec=0
    same_as_plain start_other_program exec "$PROGRAMS/malloc_and_free"
    [ "$(files malloc_and_free.*.snap)" = 0 ]
}

@test "directory= holds for programs that are started too" {
    export ALLOCSCOPE_OUTPUT=%e.snap
    mkdir there
    options directory="$PWD/there"
    same_as_plain start_other_program posix_spawn "$PROGRAMS/malloc_and_free"
    books_balance there/start_other_program.snap
    books_balance there/malloc_and_free.snap
    [ "$(files ./*.snap)" = 0 ]
}

@test "a shell with pipes and subshells behaves as without us" {
    setup_tree
    same_as_plain bash -c 'for i in 1 2 3; do echo "$i" | tr 1-3 a-c; done; (exit 4) || echo "four: $?"'
    for file in ./*.snap; do
        books_balance "$file"
    done
}
