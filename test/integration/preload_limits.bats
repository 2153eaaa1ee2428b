#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# When something runs out - memory, disk, frames, stacks - the host is unharmed and the loss is counted.
load helpers

@test "a stack deeper than max_frames keeps its innermost frames and is counted as cut" {
    options max_frames=64
    clean_run deep_recursion
    expect_live "$snapshot" bottom 1 18
    expect_live "$snapshot" top 1 19
    [ "$(info "$snapshot" .dropped.frames_cut)" = 1 ]
    expect_json '.rows[] | select(.stack[0] | startswith("bottom")) | .stack | length <= 65' report.json
    expect_json '.rows[] | select(.stack[0] | startswith("bottom")) | .stack[1] | startswith("recurse")' report.json
}

@test "the default limit cuts a recursion of 10,000 frames and says so" {
    clean_run deep_recursion
    [ "$(info "$snapshot" .dropped.frames_cut)" = 1 ]
    expect_live "$snapshot" bottom 1 18
}

@test "one million distinct stacks: at most 180 bytes each, all allocations counted, what is not kept apart too" {
    same_as_plain million_stacks
    "$TOOL" verify "$snapshot"
    "$TOOL" report --json --focus leaf "$snapshot" >report.json
    allocs=$(jq '[.rows[].alloc_objects] | add' report.json)
    dropped=$(info "$snapshot" '.dropped | .stacks + .blocks')
    [ $((allocs + dropped)) = 1048576 ]
    [ "$dropped" = 0 ] || grep -q '^allocscope: .*LOST' messages
    # outgrown indexes give their memory back, or this would be more than 180 bytes a stack
    [ "$dropped" != 0 ] || {
        info "$snapshot" '(.cost_bytes | .stack_index + .nodes + .stacks) /
            (.sections[] | select(.name == "stacks") | .rows)' >bytes
        jq -e '. > 80 and . <= 180' bytes || fail "$(cat bytes) bytes a stack"
    }
}

@test "200,000 live blocks are all in the file" {
    clean_run many_blocks 400000
    expect "$snapshot" make alloc_objects=400000 inuse_objects=200000 inuse_space=6400000
}

limited_memory() {
    local kilobytes
    plain many_blocks "$2"
    for kilobytes in $1; do
        rm -f x.snap
        status=0
        bash -c 'ulimit -v "$1" && exec env LD_PRELOAD="$2" "$3" "$4"' - "$kilobytes" "$LIBRARY" \
            "$PROGRAMS/many_blocks" "$2" >out 2>messages || status=$?
        [ "$status" = 0 ] || fail "$kilobytes KB: exit $status: $(cat messages)" || return 1
        cmp out out.plain || return 1
        if [ -e x.snap ]; then
            "$TOOL" verify x.snap || fail "$kilobytes KB" || return 1
            info x.snap . >info.json
            expect_json '.totals.allocs - .totals.frees == .totals.live_blocks' info.json || return 1
        else
            grep '^allocscope: ' messages || fail "$kilobytes KB: no snapshot and no word" || return 1
        fi
    done
}

@test "a small address space (RLIMIT_AS): the host runs, losses are counted or the file is refused in words" {
    limited_memory '40000 60000 72000 88000 90000 91000 92000 93000 100000 200000 400000' 20000
}

@test "every kind of call takes at most 1 KB of stack more than without us, on a coroutine too" {
    "$PROGRAMS/stack_use" plain.txt >out.plain
    LD_PRELOAD=$LIBRARY "$PROGRAMS/stack_use" ours.txt >out 2>messages
    cmp out out.plain
    [ "$(wc -l <ours.txt)" = 105 ]
    paste plain.txt ours.txt | awk '{ if ($4 - $2 > 1024) { print $1, $4 - $2; bad = 1 } } END { exit bad }' >deep ||
        fail "$(cat deep)"
}

@test "a file-size limit (RLIMIT_FSIZE): no SIGXFSZ, the host ends as without us, one message" {
    plain many_blocks 20000
    status=0
    bash -c 'ulimit -f 8 && exec env LD_PRELOAD="$1" "$2" 20000' - "$LIBRARY" "$PROGRAMS/many_blocks" \
        >out 2>messages || status=$?
    [ "$status" = 0 ] || fail "exit $status"
    cmp out out.plain
    grep -q '^allocscope: ' messages
    [ ! -e x.snap ]
    [ "$(files ./*.tmp*)" = 0 ]
}

@test "a full disk: the host ends as without us, one message, no half file" {
    [ "$(id -u)" = 0 ] || skip "mounting a small disk needs root"
    mkdir disk
    mount -t tmpfs -o size=32k tmpfs disk || skip "this machine cannot mount a tmpfs"
    plain many_blocks 20000
    status=0
    ALLOCSCOPE_OUTPUT=$PWD/disk/x.snap LD_PRELOAD=$LIBRARY "$PROGRAMS/many_blocks" 20000 >out 2>messages || status=$?
    left=$(files disk/*)
    umount disk
    [ "$status" = 0 ]
    cmp out out.plain
    grep -q '^allocscope: ' messages
    [ "$left" = 0 ]
}

@test "few descriptors (RLIMIT_NOFILE): the host is unharmed" {
    plain many_blocks 1000
    bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done
        ulimit -n 4 && exec env LD_PRELOAD="$1" "$2" 1000' - "$LIBRARY" "$PROGRAMS/many_blocks" >out 2>messages
    cmp out out.plain
}

@test "a small stack (RLIMIT_STACK of 128 KB) has room for our hooks" {
    bash -c 'ulimit -s 128 && exec env LD_PRELOAD="$1" "$2"' - "$LIBRARY" "$PROGRAMS/malloc_and_free" >out 2>messages
    books_balance "$snapshot"
    expect_live "$snapshot" keep 3 60
}
