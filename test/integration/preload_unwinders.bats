#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Whole stacks, exact for every single allocation: programs that know their own stacks, and the two unwinders against
# each other.
load helpers

# Each row's functions spell a path; its bytes must be its allocations times (path + 1).
PATHS='def path: .stack[1:11] | map(if . == "right" or . == "right_varying" then 1 elif . == "left" then 0 else error("frame " + .) end)
    | reduce .[] as $bit (0; . * 2 + $bit);
    [.rows[] | select(.stack[0] == "leaf")] as $rows
    | ($rows | map(.alloc_objects) | add == $walks)
    and all($rows[]; .alloc_space == .alloc_objects * (path + 1) and .inuse_space == .inuse_objects * (path + 1))
    and ($rows | map(path) | unique | length > 900)'

# paths MODE WALKS: with both unwinders, in a plain build and in an optimised one without frame pointers.
paths() {
    local unwinder program
    for unwinder in libunwind validated; do
        for program in stack_paths stack_paths.optimised; do
            rm -f x.snap
            options "unwinder=$unwinder"
            record "$program" "$1" "$2"
            [ "$status" = 0 ] || fail "$program, $unwinder: exit $status: $(cat messages)" || return 1
            books_balance "$snapshot" || fail "$program, $unwinder" || return 1
            "$TOOL" report --json --by stack --show-all-frames "$snapshot" >report.json
            jq -e --argjson walks "$2" "$PATHS" report.json >/dev/null || fail "$program, $unwinder: wrong stacks" ||
                return 1
        done
    done
}

@test "20,000 walks: each stack is the path that the program took" {
    paths plain 20000
}
@test "the same when leaves leave by longjmp" {
    paths jumps 20000
}
@test "the same in coroutines on stacks that are unmapped and mapped again" {
    paths coroutines 4000
}
@test "the same in signal handlers on an alternate stack" {
    paths handlers 20000
}
@test "the same in 4 threads at once" {
    paths threads 20000
}

@test "equal return addresses at equal heights, other callers: never mixed up" {
    local unwinder
    for unwinder in libunwind validated; do
        rm -f x.snap
        options "unwinder=$unwinder"
        record same_frames_other_callers
        [ "$status" != 77 ] || skip "written for x86-64"
        [ "$status" = 0 ]
        expect "$snapshot" caller_one alloc_objects=500 alloc_space=5000 inuse_objects=500
        expect "$snapshot" caller_two alloc_objects=500 alloc_space=10000 inuse_objects=500
    done
}

# Only programs whose allocations do not depend on addresses can be compared run by run (python3 and cc1 hash pointers).
# stacks_by UNWINDER PROGRAM ARGUMENT...: each stack with its numbers, without addresses.
stacks_by() {
    local unwinder=$1
    shift
    rm -f x.snap
    options "unwinder=$unwinder" quiet=1
    setarch -R true 2>/dev/null || skip "addresses cannot be fixed here (setarch -R)"
    record setarch -R env "LD_PRELOAD=$LIBRARY" "$@"
    "$TOOL" report --json --by stack --show-all-frames "$snapshot" |
        jq -c '.rows[] | [[.frames[] | [.module, .offset]], .alloc_objects, .alloc_space, .inuse_objects, .inuse_space]' |
        sort >"stacks.$unwinder"
    [ -s "stacks.$unwinder" ]
}

# agree PROGRAM ARGUMENT...
agree() {
    local program
    program=$(program_path "$1")
    shift
    stacks_by libunwind "$program" "$@"
    stacks_by validated "$program" "$@"
    cmp stacks.libunwind stacks.validated || fail "$(diff stacks.libunwind stacks.validated | head -5)"
}

@test "both unwinders agree on every stack: C++ exceptions" {
    agree exceptions
}
@test "both unwinders agree on every stack: callers inside the C library" {
    agree libc_callers
}
@test "both unwinders agree on every stack: sqlite3" {
    need sqlite3
    agree sqlite3 :memory: 'create table t(a, b); insert into t values (1, 2), (3, 4); create index i on t(b);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000) insert into t select i, -i from n;
        select sum(a), sum(b) from t;'
}
@test "both unwinders agree on every stack: lua5.4" {
    need lua5.4
    agree lua5.4 -e 'local t = {} for i = 1, 3000 do t[i] = {tostring(i), pcall(error, i)} end print(#t)'
}
@test "both unwinders agree on every stack: perl" {
    need perl
    export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0
    agree perl -e 'my %h; $h{"k$_"} .= "x" x $_ for 1 .. 2000; my @s = sort { $a cmp $b } keys %h; print scalar(@s), "\n"'
}
