#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031 # helpers.bash sets snapshot and status; a test is a subshell
# Snapshots that are asked for from outside: a copy of the process writes them, the program goes on.
load helpers

PRINT_GRAPH=$BUILD/test/print-graph

# in_copy CASE: snapshot_in_copy takes a snapshot by a signal; without iterations there is no other.
in_copy() {
    export ALLOCSCOPE_SIGNAL=USR2
    options "${at:-snapshot_at=last}"
    record snapshot_in_copy "$1" "$snapshot"
    [ "$status" = 0 ] || fail "snapshot_in_copy $1: exit $status: $(cat messages)"
}

# graph_is PATTERN: the line of the graph in x.snap.
graph_is() {
    "$PRINT_GRAPH" "$snapshot" >graph || fail "no graph: $(cat messages)" || return 1
    grep -Eq "^graph $1" graph || fail "$1: $(grep '^graph' graph)"
}

@test "a program that is asked by a signal goes on before the file is there; wait sees nothing, no zombie stays" {
    in_copy goes-on
    books_balance "$snapshot"
    expect_live "$snapshot" keep 100000 2400000
    expect_live "$snapshot" keep_after 0 0
    graph_is 'method=forked threads=0 '
    [ "$(grep -c 'x.snap: .* live blocks' messages)" = 1 ]
}

@test "without a graph, too, a copy writes" {
    at=graph=0:snapshot_at=last in_copy goes-on
    books_balance "$snapshot"
    expect_live "$snapshot" keep_after 0 0
}

@test "a second signal while the file is written waits its turn" {
    in_copy twice
    books_balance x.snap
    books_balance x.1.snap
    expect_live x.snap keep_after 0 0
    expect_live x.1.snap keep_after 1 77
    [ "$(files ./*.snap)" = 2 ]
}

@test "a process that ends waits for its file, and for one that has waited its turn" {
    at=snapshot_at=exit in_copy ends
    books_balance x.snap
    books_balance x.1.snap
    [ "$(files ./*.snap)" = 2 ]
    graph_is 'method=forked threads=0 '
    rm ./*.snap
    in_copy ends-twice
    books_balance x.snap
    books_balance x.1.snap
    [ "$(files ./*.snap)" = 2 ]
    [ "$(files ./*.tmp*)" = 0 ]
}

@test "run learns of a file that a copy wrote" {
    "$TOOL" run --signal USR2 -q --snapshot-at last -o "$PWD/run.snap" -- "$PROGRAMS/snapshot_in_copy" ends run.snap >run.out 2>run.messages
    books_balance run.snap
}

@test "when the copy is killed the file is written without it, and that is said once" {
    in_copy killed
    books_balance "$snapshot"
    expect_live "$snapshot" keep_after 1 77
    [ "$(grep -c 'copy of the process .* was killed' messages)" = 1 ]
    [ "$(files ./*.tmp*)" = 0 ]
}

@test "a forked child has nothing to do with its parent's copy" {
    in_copy forks
    books_balance "$snapshot"
    expect_live "$snapshot" keep 100000 2400000
}

@test "with no process left to the user the program writes the file itself, and the file says so" {
    in_copy refused
    books_balance "$snapshot"
    graph_is 'method=single threads=0 '
}

@test "allocscope snapshot -p of a program that is writing another one asks again until its time is up" {
    mkfifo input output
    options snapshot_at=last
    ALLOCSCOPE_SIGNAL=USR2 env LD_PRELOAD="$LIBRARY" "$PROGRAMS/snapshot_in_copy" held "$snapshot" <input >output 2>messages 3>&- &
    local pid=$! line answer=0
    exec 8>input 9<output
    read -r line <&9
    [ "$line" = held ]
    "$TOOL" snapshot -p "$pid" --timeout 1 -o late.snap >asked.out 2>&1 3>&- 8>&- 9>&- || answer=$?
    [ "$answer" = 2 ] || fail "answer $answer: $(cat asked.out)"
    grep -q 'another snapshot is being written' asked.out
    [ ! -e late.snap ]
    printf x >&8
    "$TOOL" snapshot -p "$pid" -o asked.snap >asked.out 2>&1 3>&- 8>&- 9>&- || fail "$(cat asked.out)"
    exec 8>&-
    wait "$pid" || fail "the program ended with $?: $(cat messages)"
    exec 9<&-
    books_balance x.snap
    books_balance asked.snap
    [ "$(files "/tmp/allocscope-$(id -u)/$pid".*)" = 0 ]
}

@test "two who ask for snapshots of one program at once get one each" {
    mkfifo input output
    options snapshot_at=last
    env LD_PRELOAD="$LIBRARY" "$PROGRAMS/waits_for_input" <input >output 2>messages 3>&- &
    local pid=$! line
    exec 8>input 9<output
    read -r line <&9
    "$TOOL" snapshot -p "$pid" -o first.snap >first.out 2>&1 3>&- 8>&- 9>&- &
    local other=$!
    "$TOOL" snapshot -p "$pid" -o second.snap >second.out 2>&1 3>&- 8>&- 9>&- || fail "$(cat second.out)"
    wait "$other" || fail "$(cat first.out)"
    exec 8>&-
    wait "$pid"
    exec 9<&-
    grep -q "^$PWD/first.snap$" first.out
    grep -q "^$PWD/second.snap$" second.out
    books_balance first.snap
    books_balance second.snap
}
