#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; programs in other languages
# The validated unwinder: unwinder=check takes every stack also by an honest walk, and one in 64 by libunwind.
load helpers

# The program under unwinder=check: it found what to compare, and no difference.
checked() {
    ALLOCSCOPE_OPTIONS=unwinder=check:graph=0 LD_PRELOAD=$LIBRARY timeout "$LIMIT" "$@" >out 2>err </dev/null ||
        fail "$* ended with $?: $(tail -3 err)"
    grep -E 'unwinder=check: [0-9]+ stacks' err >lines || fail "nothing was compared: $(tail -3 err)"
    awk '{ for (i = 1; i <= NF; i++) { if ($i == "stacks,") stacks += $(i - 1); if ($i == "differ") bad += $(i - 1)
               if ($i == "other" || $i == "shorter," || $i == "longer") bad += $(i - 1) } }
         END { exit !(stacks > 0 && bad == 0) }' lines || fail "differences: $(cat err)"
}

torture() { # COMPILER FLAGS...
    need "$1"
    "$@" -std=gnu++17 -g -o torture "$TEST_ROOT/test/programs/unwind_torture.cpp" -pthread -ldl
    checked ./torture 60 "$PROGRAMS/lib/libsame_place_a.so" "$PROGRAMS/lib/libsame_place_b.so"
}

@test "unusual control flow, compiled by g++ -O0" {
    torture g++ -O0 -fomit-frame-pointer
}

@test "unusual control flow, compiled by g++ -O1 with frame pointers" {
    torture g++ -O1 -fno-omit-frame-pointer
}

@test "unusual control flow, compiled by g++ -O2" {
    torture g++ -O2 -fomit-frame-pointer
}

@test "unusual control flow, compiled by g++ -O3 with frame pointers" {
    torture g++ -O3 -fno-omit-frame-pointer
}

@test "unusual control flow, compiled by clang++ -O1" {
    torture clang++ -O1 -fomit-frame-pointer
}

@test "unusual control flow, compiled by clang++ -O2 with frame pointers" {
    torture clang++ -O2 -fno-omit-frame-pointer
}

# soak ROWS ROUNDS: a small part of `make soak`, by the recorder LIBRARY.
soak() {
    need g++ python3
    status=0
    ROWS=$1 ROUNDS=$2 TURNS=1 WANTED=10000 LIBRARY=$LIBRARY "$TEST_ROOT/tools/soak.sh" "$BUILD" >out 2>err || status=$?
}

@test "the soak of one build of the torture: no difference" {
    soak '^torture, g\+\+ -O2 -fomit-frame-pointer$' 60
    [ "$status" = 0 ] || fail "$(cat out err)"
    grep -Eq '^\| torture, g\+\+ -O2 -fomit-frame-pointer \| [1-9][0-9]+ \| 0 \| [1-9][0-9]* \| 0 \| 0 \| 0 \|$' out
    [ "$(tail -n 1 out)" = '1 passed, 0 failed' ]
}

@test "each of 10 stale stacks is seen, and every frame that libunwind misses" {
    checked "$PROGRAMS/stack_paths" plain 20000
    LIBRARY=$BUILD/test/liballocscope_faulty_unwinder.so
    ! checked "$PROGRAMS/stack_paths" plain 20000 || fail "faults were not seen"
    grep -E 'unwinder=check: [0-9]+ stacks, 10 differ from an honest walk; ([1-9][0-9]*) compared with libunwind: 0 other frames, \1 shorter, 0 longer there' err
}

@test "the soak of a recorder with faults fails and says where" {
    soak '^torture, g\+\+ -O2 -fomit-frame-pointer$' 20
    LIBRARY=$BUILD/test/liballocscope_faulty_unwinder.so
    soak '^torture, g\+\+ -O2 -fomit-frame-pointer$' 20
    [ "$status" = 1 ]
    [ "$(tail -n 1 out)" = '0 passed, 1 failed' ]
    grep -Eq 'unwinder=check: an honest walk differs: frame [0-9]+ ours' err || fail "$(cat err)"
}

@test "interpreters and compilers: the same stacks by every way" {
    need python3 perl gcc
    PYTHONMALLOC=malloc checked python3 -c 'import json, ast, re
for k in range(3): json.loads(json.dumps([{"a": i, "b": [i] * 5} for i in range(3000)]))
ast.parse("x = 1 + 2 * (3 + 4)\n" * 300)
re.compile("(a|b)*c{1,9}[x-z]+").match("ab" * 20)'
    checked perl -e 'my %h; $h{$_} = [1, 2, {a => $_}] for 1 .. 20000;'
    printf '#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n' >x.c
    checked gcc -O2 -c x.c
}

@test "deep recursion is cut at the same frame" {
    export ALLOCSCOPE_OPTIONS=unwinder=check:graph=0:max_frames=16
    LD_PRELOAD=$LIBRARY timeout "$LIMIT" "$PROGRAMS/deep_recursion" >out 2>err
    grep 'unwinder=check: [0-9]* stacks, 0 differ from an honest walk; [0-9]* compared with libunwind: 0 other frames, 0 shorter, 0 longer' err
}

@test "handlers that interrupt hooks, coroutines, code without information: no difference" {
    checked "$PROGRAMS/signal_storm"
    checked "$PROGRAMS/coroutines"
    checked "$PROGRAMS/no_unwind_info"
}

@test "a handler on an alternate stack of 8 KB, most of it taken by the kernel, leaves room for us" {
    ALLOCSCOPE_OPTIONS=unwinder=validated:graph=0 LD_PRELOAD=$LIBRARY timeout "$LIMIT" "$PROGRAMS/sigaltstack_handler"
    expect "$snapshot" handler alloc_objects=200 inuse_objects=100 inuse_space=4400
}

@test "one library after another at the same address: each has its own stacks" {
    ALLOCSCOPE_OPTIONS=unwinder=validated:graph=0 LD_PRELOAD=$LIBRARY timeout "$LIMIT" \
        "$PROGRAMS/module_reuse" "$PROGRAMS/lib/libvariant_first.so" "$PROGRAMS/lib/libvariant_second.so" || status=$?
    [ "${status:-0}" != 77 ] || skip "the loader chose other addresses"
    expect "$snapshot" first_variant alloc_objects=3 inuse_objects=3 inuse_space=333
    expect "$snapshot" second_variant alloc_objects=2 inuse_objects=2 inuse_space=444
}

@test "code made at run time, described by __register_frame: each has its own stacks, and none when it is gone" {
    export ALLOCSCOPE_OPTIONS=unwinder=validated:graph=0
    same_as_plain registered_frames
    [ "$status" != 77 ] || skip "written for x86-64"
    [ "$status" = 0 ] || fail "exit $status: $(cat messages)"
    books_balance "$snapshot"
    expect "$snapshot" allocate alloc_objects=400 inuse_objects=400 inuse_space=10800
    expect "$snapshot" with_small_frame alloc_objects=100 inuse_objects=100 inuse_space=2700
    expect "$snapshot" with_large_frame alloc_objects=100 inuse_objects=100 inuse_space=2700
    expect "$snapshot" main inuse_objects=200
    expect "$snapshot" without_information alloc_objects=0
}

@test "the same when 4 threads make such code in each other's place" {
    export ALLOCSCOPE_OPTIONS=unwinder=validated:graph=0
    same_as_plain registered_frames threads
    [ "$status" != 77 ] || skip "written for x86-64"
    [ "$status" = 0 ] || fail "exit $status: $(cat messages)"
    expect "$snapshot" allocate alloc_objects=12000 inuse_objects=0
    expect "$snapshot" with_small_frame alloc_objects=6000 alloc_space=162000 inuse_objects=0
    expect "$snapshot" with_large_frame alloc_objects=6000 alloc_space=162000 inuse_objects=0
}

@test "code made at run time that keeps no frame pointer, registered by __register_frame_info: its caller is in the stack" {
    export ALLOCSCOPE_OPTIONS=unwinder=validated:graph=0
    same_as_plain frameless_generated_code
    [ "$status" != 77 ] || skip "written for x86-64"
    [ "$status" = 0 ] || fail "exit $status: $(cat messages)"
    books_balance "$snapshot"
    expect "$snapshot" first_outer alloc_objects=50 inuse_objects=50 inuse_space=950
    expect "$snapshot" second_outer alloc_objects=30 inuse_objects=30 inuse_space=690
    # libunwind does not know these frames
    ALLOCSCOPE_OPTIONS=unwinder=check:graph=0:force=1 record frameless_generated_code
    grep -E 'unwinder=check: [0-9]+ stacks, 0 differ from an honest walk' messages
}
