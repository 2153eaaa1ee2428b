#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# When snapshots are taken, and that blocks are the same blocks in two of them.
load helpers

diff_json() {
    "$TOOL" diff --json "$@" >diff.json || fail "diff $*: exit $?"
}

@test "a call writes to its path and replaces what is there; NULL means the pattern" {
    same_as_plain snapshot_by_call "$PWD/called.snap"
    books_balance called.snap
    expect_live called.snap early 2 40
    expect_live called.snap late 3 90
    books_balance x.snap
    expect_live x.snap early 1 20
    books_balance x.1.snap
    [ "$(files ./*.snap)" = 3 ]
}

@test "an address that is used again is another block" {
    same_as_plain address_reuse "$PWD/a.snap" "$PWD/b.snap"
    books_balance a.snap
    books_balance b.snap
    diff_json a.snap b.snap
    expect_json '.totals.born_blocks == 100 and .totals.born_bytes == 6400
        and .totals.died_blocks == 100 and .totals.died_bytes == 6400 and .totals.kept_blocks == 0' diff.json
}

@test "a realloced block is kept: in place, moved, and moved onto the address of one that died" {
    same_as_plain realloc_between_snapshots "$PWD/a.snap" "$PWD/b.snap"
    books_balance a.snap
    books_balance b.snap
    diff_json a.snap b.snap
    expect_json '.totals.born_blocks == 0 and .totals.born_bytes == 0' diff.json
    expect_json '.totals.died_blocks == 1 and .totals.died_bytes == 5000' diff.json
    expect_json '.totals.kept_blocks == 6 and .totals.grown_bytes == 203904' diff.json
}

@test "before + born - died + grown = after, in bytes" {
    same_as_plain realloc_between_snapshots "$PWD/a.snap" "$PWD/b.snap"
    diff_json a.snap b.snap
    expect_json '.before.bytes + .totals.born_bytes - .totals.died_bytes + .totals.grown_bytes == .after.bytes' diff.json
}

@test "a buffer that only grows by realloc is found as growth" {
    options snapshot_at=first,last
    record grows_only_by_realloc
    [ "$status" = 0 ]
    diff_json x.first.snap x.last.snap
    expect_json '.totals.born_blocks == 0 and .totals.grown_bytes == 40000' diff.json
    for gate in --no-growth "--max-retained 39999"; do
        status=0
        # shellcheck disable=SC2086  # an option and its value
        "$TOOL" check x.first.snap x.last.snap $gate || status=$?
        [ "$status" = 1 ]
    done
    "$TOOL" check x.first.snap x.last.snap --max-retained 40000
}

at_size() {
    local file
    same_as_plain snapshots_while_threads_allocate "$1"
    for file in s?.snap x.snap; do
        books_balance "$file" || return 1
        [ "$(info "$file" .approximate)" = false ] || fail "$file is approximate" || return 1
    done
    expect "$snapshot" allocate inuse_objects=0 inuse_space=0
}

@test "snapshots while 8 threads allocate are exact" {
    at_size 8
}

@test "snapshots while 64 threads allocate are exact" {
    at_size 64
}

@test "a snapshot says what each table of ours costs, mapped and resident, and how often the gate was closed" {
    same_as_plain snapshots_while_threads_allocate 8
    for file in 0 3; do
        "$TOOL" info --json "s$file.snap" >own.json
        expect_json '[.own_memory[].table] - ["rules", "modules", "buffers"] | length == 10' own.json
        expect_json 'all(.own_memory[]; .resident_bytes <= .mapped_bytes)' own.json
        expect_json '([.own_memory[].resident_bytes] | add) == .cost_bytes.total' own.json
        expect_json '.own_memory | map({(.table): .mapped_bytes}) | add | .rules > 0 and .modules > 0 and .buffers > 0' own.json
        expect_json ".gate.closings == $file + 1" own.json
    done
    "$TOOL" info s3.snap >own.txt
    grep -Eq '^  buffers +[0-9.]+ [KM]iB of [0-9.]+ MiB mapped$' own.txt
    grep -Eq '^gate +closed 4 times; all hooks had ended after [0-9.]+ (ns|us|ms|s) at most; a thread stood there for ' own.txt
}

# live_by_thread FILE FUNCTION: a line "TID BLOCKS" for each thread that keeps blocks of FUNCTION.
live_by_thread() {
    "$TOOL" report --by thread --top 0 --focus "^$2 " --json "$1" | jq -r '.rows[] | "\(.key) \(.inuse_objects)"'
}

@test "a cut through 64 threads shows every thread in a lawful state" {
    need jq
    same_as_plain lawful_cuts 64
    for i in a b c d e f g h i j k l m n o p q r s t; do
        live_by_thread s$i.snap first | sort >firsts
        live_by_thread s$i.snap second | sort >seconds
        [ "$(wc -l <firsts)" -gt 0 ]
        # a thread keeps as many of both, or one of the first more; equal keys are joined, missing ones are 0
        join -a 1 -a 2 -e 0 -t "$(printf '\t')" -o 0,1.2,2.2 <(sed 's/ \([0-9]*\)$/\t\1/' firsts) <(sed 's/ \([0-9]*\)$/\t\1/' seconds) >both
        # threads for which there was no memory share a row, which has no thread's number
        awk -F '\t' -v sharing="$(info s$i.snap .dropped.threads)" '
            { most = $1 == "(tid 0)" ? sharing : 1 }
            $2 - $3 < 0 || $2 - $3 > most { print; bad = 1 }
            END { exit bad }' both ||
            fail "s$i.snap is torn: $(cat both)"
    done
}

@test "snapshot_at=first,last: the ends of the warm-up and of the last iteration" {
    options snapshot_at=first,last
    same_as_plain iterate
    [ "$(files ./*.snap)" = 2 ]
    expect_live x.first.snap retain 6 96
    expect_live x.last.snap retain 60 960
    [ "$(info x.last.snap .file.generation)" = 35 ]
    [ "$(info x.first.snap .file.generation)" = 2 ]
}

@test "snapshot_at=last holds what the teardown frees afterwards, and not what it allocates" {
    options snapshot_at=first,last,exit
    same_as_plain tears_down
    [ "$(files ./*.snap)" = 3 ]
    books_balance x.last.snap
    expect_live x.last.snap keep 40 2000
    expect_live x.last.snap set_up 1 70
    expect_live x.last.snap tear_down 0 0
    books_balance x.snap
    expect_live x.snap keep 0 0
    expect_live x.snap set_up 0 0
    expect_live x.snap tear_down 5 300
    diff_json x.first.snap x.last.snap
    expect_json '.totals.born_blocks == 36 and .totals.died_blocks == 0 and .totals.retained_blocks == 36' diff.json
}

@test "snapshot_at=iteration=N takes the heap as it stands at the end of iteration N" {
    options snapshot_at=iteration=7
    same_as_plain iterate
    [ "$(files ./*.snap)" = 1 ]
    file=$(echo ./*.snap)
    books_balance "$file"
    expect_live "$file" retain 21 336
    [ "$(info "$file" .file.generation)" = 7 ]
}

@test "snapshot_at=every=N takes one at the end of each N-th iteration; %i is its number" {
    options snapshot_at=every=10
    export ALLOCSCOPE_OUTPUT=$PWD/at-%i.snap
    same_as_plain iterate
    [ "$(files ./*.snap)" = 3 ]
    for number in 10 20 30; do
        file=$(echo at-"$number".*snap)
        books_balance "$file"
        [ "$(info "$file" .file.generation)" = "$number" ]
        expect_live "$file" retain $((number < 20 ? 30 : 60)) $((number < 20 ? 480 : 960))
    done
}

@test "snapshot_at=peak holds the heap near its highest" {
    options snapshot_at=peak
    same_as_plain grows_in_steps
    [ "$(files ./*.snap)" = 1 ]
    file=$(echo ./*.snap)
    books_balance "$file"
    [ "$(info "$file" .totals.live_bytes)" -ge $((48 << 20)) ]
}

@test "snapshot_at=growth=BYTES takes one each time the heap grew by that much" {
    options snapshot_at=growth=16M
    export ALLOCSCOPE_OUTPUT=$PWD/grown-%n.snap
    same_as_plain grows_in_steps
    count=$(files ./*.snap)
    [ "$count" -ge 3 ] && [ "$count" -le 4 ]
    for file in ./*.snap; do
        books_balance "$file"
        [ "$(info "$file" .totals.live_bytes)" -ge $((16 << 20)) ]
    done
}

@test "several moments in one list" {
    options snapshot_at=iteration=3,exit
    same_as_plain iterate
    [ "$(files ./*.snap)" = 2 ]
    for file in ./*.snap; do
        books_balance "$file"
    done
}

@test "ALLOCSCOPE_SIGNAL takes a snapshot each time, by name or number" {
    for name in SIGUSR2 USR2 12; do
        rm -f ./*.snap
        ALLOCSCOPE_SIGNAL=$name record snapshot_signal 12
        [ "$status" = 0 ]
        [ "$(files ./*.snap)" = 3 ]
        books_balance x.snap
        books_balance x.1.snap
        books_balance x.2.snap
        expect_live x.snap keep 2 30
        expect_live x.1.snap keep 5 75
    done
}

@test "ALLOCSCOPE_SIGNAL is refused with a warning where the program handles the signal" {
    ALLOCSCOPE_SIGNAL=SIGUSR2 record snapshot_signal 12 ignore
    [ "$status" = 0 ]
    [ "$(files ./*.snap)" = 1 ]
    grep -q '^allocscope: .*USR2' messages
}

# ask MODE: start the program, ask it for a snapshot, end its input.
ask() {
    mkfifo input output
    env LD_PRELOAD="$LIBRARY" "$PROGRAMS/waits_for_input" "$1" <input >output 2>messages 3>&- &
    local pid=$!
    exec 8>input 9<output
    read -r line <&9
    [ "$line" = ready ]
    if [ "$1" = busy ]; then
        printf 'x' >&8
    fi
    status=0
    timeout 20 "$TOOL" snapshot -p "$pid" -o "$PWD/asked.snap" >asked.out 2>&1 3>&- 8>&- 9>&- || status=$?
    exec 8>&-
    read -r line <&9
    exec 9<&-
    wait "$pid" || fail "the program ended with $?: $(cat messages)" || return 1
    [ "$line" = "input ended" ] || return 1
    [ "$status" = 0 ] || fail "snapshot -p: $status: $(cat asked.out)" || return 1
}

@test "allocscope snapshot -p asks a program that sleeps in read, which is not disturbed" {
    ask idle
    books_balance asked.snap
    expect_live asked.snap keep 9 810
    books_balance x.snap
}

@test "allocscope snapshot -p of a process without the preload is an error in words" {
    status=0
    "$TOOL" snapshot -p $$ -o y.snap >asked.out 2>&1 || status=$?
    [ "$status" = 2 ]
    grep -q '^allocscope: ' asked.out
    [ ! -e y.snap ]
}
