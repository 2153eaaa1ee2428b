#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2034 # helpers.bash sets snapshot and status; LIBRARY and PROGRAMS are for it
# The recorder on aarch64: programs in an emulator (qemu-user), their snapshots read by the tool of this machine. Made by
# make/cross.mk; ROUNDS lengthens what can be lengthened (make soak).
load helpers

CROSS_BUILD=$BUILD-aarch64
CROSS_ROOT=${CROSS_ROOT:-$TEST_ROOT/build/aarch64-root}
LIBRARY=$CROSS_BUILD/liballocscope.so
PROGRAMS=$CROSS_BUILD/test/programs
ROUNDS=${ROUNDS:-1}

# What all of these need; bats cannot skip a whole file.
need_emulator() {
    command -v qemu-aarch64 >/dev/null || skip "qemu-aarch64 is not installed (make deps-aarch64)"
    command -v aarch64-linux-gnu-gcc >/dev/null || skip "there is no compiler for aarch64 (make deps-aarch64)"
    [ -e "$CROSS_ROOT/usr/lib/aarch64-linux-gnu/libunwind.so" ] ||
        skip "there is no libunwind for aarch64 in $CROSS_ROOT (make deps-aarch64)"
}

# emulated PROGRAM ARGUMENT...: PRELOADED names the library or nothing.
emulated() {
    timeout "$LIMIT" qemu-aarch64 -cpu max,pauth-impdef=on -L /usr/aarch64-linux-gnu \
        -E LD_LIBRARY_PATH="$CROSS_ROOT/usr/lib/aarch64-linux-gnu:$CROSS_ROOT/lib/aarch64-linux-gnu" \
        ${PRELOADED:+-E LD_PRELOAD="$PRELOADED"} "$@"
}

# As in helpers.bash, for programs of the other machine.
plain() {
    local program=$PROGRAMS/$1
    shift
    plain_status=0
    emulated "$program" "$@" >out.plain 2>messages.plain || plain_status=$?
}
record() {
    local program=$PROGRAMS/$1
    shift
    status=0
    PRELOADED=$LIBRARY emulated "$program" "$@" >out 2>messages || status=$?
}

# checked COLUMNS PROGRAM ARGUMENT...: under unwinder=check; libunwind may differ in none but these COLUMNS.
checked() {
    local allowed=$1
    shift
    options unwinder=check
    record "$@"
    [ "$status" = 0 ] || fail "$* ended with $status: $(tail -3 messages)" || return 1
    grep -E 'unwinder=check: [0-9]+ stacks' messages >lines || fail "nothing was compared: $(tail -3 messages)" || return 1
    awk -v allowed="$allowed" '{ for (i = 2; i <= NF; i++) { word = $i; sub(",", "", word)
            if (word == "stacks") stacks += $(i - 1)
            if (word == "compared") seen += $(i - 1)
            if ((word == "differ" || word == "other" || word == "shorter" || word == "longer") && word != allowed)
                bad += $(i - 1) } }
        END { exit !(stacks > 100 && seen > 1 && bad == 0) }' lines || fail "differences: $(cat messages)"
}

@test "the library is for aarch64 and keeps the rules for what it may be to its host" {
    need_emulator
    readelf -hW "$LIBRARY" | grep -q 'Machine: *AArch64'
    (cd "$TEST_ROOT" && tools/check-preload.sh "$LIBRARY")
}

@test "counters are exact, and a profiled program behaves as it does without" {
    need_emulator
    local program
    for program in exact_counters realloc_books iterate exceptions usable_size longjmp_out_of_frames deep_recursion; do
        rm -f x*.snap
        clean_run "$program" || fail "$program" || return 1
    done
}

@test "snapshots by call, and those of a child, are files of their own" {
    need_emulator
    clean_run snapshot_by_call "$PWD/called.snap"
    books_balance called.snap
    expect_live called.snap early 2 40
    expect_live called.snap late 3 90
    rm -f ./*.snap
    same_as_plain fork_child
    [ "$(files x.snap x.1.snap)" = 2 ]
    books_balance x.snap
    books_balance x.1.snap
}

@test "1,000 walks in each of five ways: each stack is the path that the program took, whatever the compiler did" {
    need_emulator
    local way mode unwinder
    for way in plain pointers debug signed; do
        for mode in plain jumps handlers threads coroutines; do
            rm -f x.snap
            record "stack_paths.$way" "$mode" $((1000 * ROUNDS))
            [ "$status" = 0 ] || fail "$way, $mode: exit $status: $(cat messages)" || return 1
            books_balance "$snapshot" || fail "$way, $mode" || return 1
            "$TOOL" report --json --by stack --top 1000000 --show-all-frames "$snapshot" >report.json 2>/dev/null
            jq -e --argjson walks $((1000 * ROUNDS)) '
                def path: .stack[1:11] | map(if . == "right" or . == "right_varying" then 1 elif . == "left" then 0 else error("frame " + .) end)
                    | reduce .[] as $bit (0; . * 2 + $bit);
                [.rows[] | select(.stack[0] == "leaf")] as $rows
                | ($rows | map(.alloc_objects) | add == $walks)
                and all($rows[]; .alloc_space == .alloc_objects * (path + 1))
                and ($rows | map(path) | unique | length > 200)' report.json >/dev/null ||
                fail "$way, $mode: wrong stacks" || return 1
        done
    done
}

@test "unusual control flow: the same stacks as libunwind finds, at -O0 and -O2, with and without frame pointers" {
    need_emulator
    local way
    for way in debug plain pointers; do
        checked none "unwind_torture.$way" $((5 * ROUNDS)) \
            "$PROGRAMS/lib/libsame_place_a.so" "$PROGRAMS/lib/libsame_place_b.so" || fail "$way" || return 1
    done
}

@test "signed return addresses (-mbranch-protection=standard): walks go on where a libunwind before 1.7 stops" {
    need_emulator
    checked shorter unwind_torture.signed $((5 * ROUNDS)) \
        "$PROGRAMS/lib/libsame_place_a.so" "$PROGRAMS/lib/libsame_place_b.so"
}

@test "exceptions and coroutines: the same stacks as libunwind finds" {
    need_emulator
    checked none exceptions
    checked none coroutines
}

@test "generated code without call frame information: by its frame records, and on with the functions outside" {
    need_emulator
    record unwind_torture.generated $((10 * ROUNDS))
    [ "$status" = 0 ]
    "$TOOL" report --json --by stack --top 1000000 --show-all-frames "$snapshot" >report.json 2>/dev/null
    jq -e '[.rows[] | select(any(.stack[]; test("^through_generated_code")))]
        | length > 6 and all(any(.stack[]; test("^one_round")))' report.json >/dev/null ||
        fail "$(jq -c '[.rows[].stack] | .[:5]' report.json)"
}

@test "a frame pointer that points nowhere ends the stack, not the host" {
    need_emulator
    clean_run no_unwind_info
    expect_live "$snapshot" allocate 100 2700
}

@test "equal return addresses at equal heights, other callers: never mixed up" {
    need_emulator
    clean_run same_frames_other_callers
    expect "$snapshot" caller_one alloc_objects=500 alloc_space=5000 inuse_objects=500
    expect "$snapshot" caller_two alloc_objects=500 alloc_space=10000 inuse_objects=500
}

@test "handlers: on an alternate stack, and leaving a hook by longjmp" {
    need_emulator
    record sigaltstack_handler
    [ "$status" = 0 ]
    expect "$snapshot" handler alloc_objects=200 inuse_objects=100 inuse_space=4400
    rm -f x.snap
    same_as_plain longjmp_out_of_handler
    "$TOOL" verify "$snapshot"
    expect "$snapshot" after alloc_objects=100 inuse_objects=100 inuse_space=3600
}
