#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031 # helpers.bash sets snapshot and status; a test is a subshell
# The reference graph as it is captured: what holds a block, what does not, and what the program notices of it.
load helpers

PRINT_GRAPH=$BUILD/test/print-graph

# place NAME ARGUMENT...: a block that is held in one place; the graph as text in `graph`.
place() {
    local name=$1
    shift
    [ "$(uname -m)" = x86_64 ] || skip 'the places are written for x86-64'
    options snapshot_at=last
    same_as_plain_but_graph "$name" "$PWD/x.snap" "$@"
}

# The plain run has no snapshot to take: it is only the recorded one that must end well.
same_as_plain_but_graph() {
    record graph_places "$@" || return 1
    [ "$status" = 0 ] || fail "graph_places $*: exit $status: $(cat messages)" || return 1
    graph_of "$snapshot"
}

# graph_of FILE: it keeps the rules, and has a graph.
graph_of() {
    books_balance "$1" || return 1
    "$PRINT_GRAPH" "$1" >graph || fail "$1: no graph: $(cat messages)"
}

# held PATTERN: some line of the graph matches.
held() {
    grep -Eq "$1" graph || fail "no line matches: $1: $(grep -E '^(graph|root|edge|lone)' graph)"
}

not_held() {
    ! grep -E "$1" graph
}

@test "data, .bss and thread-local data of the program hold" {
    place data
    held '^root data graph_places .* 1001 data$'
    held '^root data graph_places .* 1001 bss$'
    held '^root tls graph_places .* 1001 thread-local$'
    not_held '^lone'
}

@test "what nobody holds is held by nothing" {
    place nowhere
    held '^lone .* gone$'
    [ "$(grep -c ' gone$' graph)" = 1 ]
}

@test "a register that a call keeps holds; the caller's others do not count" {
    place kept-register
    held '^root registers - .* 0x3 -> .* 1001 kept-register$'
    [ "$(grep -c kept-register graph)" = 1 ]
}

@test "all registers of another thread hold, vectors too" {
    place thread-register
    held '^root registers - .* 0x9 -> .* 1001 thread-register$'
    [ "$(grep -c thread-register graph)" = 1 ]
    held '^graph method=forked threads=1 running=0'
    place thread-vector
    held '^root registers - .* 0x1a -> .* 1001 thread-vector$'
    [ "$(grep -c thread-vector graph)" = 1 ]
}

@test "another thread's stack holds, and its frame is known" {
    place thread-stack
    held '^root stack - .* 1001 thread-stack$'
    held '^graph method=forked threads=1 running=0 interrupted=1'
    held '^frame [0-9]+ .* graph_places$'
    not_held '^lone'
}

@test "another thread's thread-local data hold" {
    place thread-local
    held '^root tls graph_places .* 1001 thread-local-of-thread$'
    not_held '^lone'
}

@test "below a stack pointer nothing holds, nor does the stack of a thread that has ended" {
    place below-stack
    held '^lone .* gone$'
    [ "$(grep -c ' gone$' graph)" = 1 ]
    place ended-stack
    held '^lone .* gone$'
    [ "$(grep -c ' gone$' graph)" = 1 ]
}

@test "a library that was opened by hand holds in its .bss and its thread-local data" {
    place library "$PROGRAMS/lib/libholding.so"
    held '^root data libholding.so .* 1001 library-bss$'
    held '^root tls libholding.so .* 1001 library-thread-local$'
    not_held '^lone'
}

@test "memory that the program mapped holds, shared and read-only too" {
    place mappings
    held '^root mapping - "" .* 1001 mapping$'
    held '^root mapping - "/dev/zero \(deleted\)" .* 1001 shared-mapping$'
    not_held '^lone'
}

@test "freed blocks hold nothing" {
    place freed
    held '^lone .* gone$'
    [ "$(grep -c ' gone$' graph)" = 1 ]
}

@test "a range that was given holds, by its name" {
    place given
    held '^root given - "the table" .* 1001 given$'
}

@test "edges say where the word is and where it points to" {
    place edges
    held '^root data graph_places .* holder$'
    held '^edge [0-9]+\+8 1001 holder -> [0-9]+\+0 1001 start$'
    held '^edge [0-9]+\+16 1001 holder -> [0-9]+\+500 1001 interior$'
    held '^edge [0-9]+\+24 1001 holder -> [0-9]+\+1001 1001 past-end$'
    held '^edge [0-9]+\+32 1001 holder -> [0-9]+\+1002 1001 in-slack$'
    held '^edge [0-9]+\+40 1001 holder -> [0-9]+\+1 1001 tagged$'
    held '^edge [0-9]+\+1000 1001 holder -> [0-9]+\+0 1001 from-slack$'
    [ "$(grep -c '^edge' graph)" = 6 ]
}

@test "a snapshot in a signal handler knows all registers of what it interrupted" {
    [ "$(uname -m)" = x86_64 ] || skip 'written for x86-64'
    export ALLOCSCOPE_SIGNAL=USR2
    options snapshot_at=last
    record graph_places interrupted unused
    [ "$status" = 0 ]
    graph_of "$snapshot"
    held '^root registers - .* 0xf -> .* 1001 interrupted-register$'
    [ "$(grep -c interrupted-register graph)" = 1 ]
}

@test "graph=0 leaves it out; so do snapshots of last and peak" {
    options graph=0 snapshot_at=
    record graph_places nowhere "$PWD/x.snap"
    books_balance x.snap
    has_no_graph x.snap
    rm x.snap
    options snapshot_at=first,last,peak,exit
    record iterate only
    has_no_graph x.last.snap
    has_no_graph x.peak.snap
    graph_of x.first.snap
    graph_of x.snap
}

# has_no_graph FILE
has_no_graph() {
    local answer=0
    "$PRINT_GRAPH" "$1" >none || answer=$?
    [ "$answer" = 1 ] || fail "$1: print-graph answers $answer"
}

# surroundings CASE: a program that checks itself what it would notice; the graph as text in `graph`.
surroundings() {
    options snapshot_at=last
    record graph_surroundings "$1" "$snapshot"
    [ "$status" = 0 ] || fail "graph_surroundings $1: exit $status: $(cat messages)" || return 1
    graph_of "$snapshot"
}

@test "a sparse mapping of 10 GB is searched where it holds something, and nothing grows" {
    surroundings sparse
    held '^root mapping - "" .* 100 far-out$'
    held '^root mapping - "" .* 100 at-the-end$'
    held '^graph .* absent=107374[0-9]{5} '
}

@test "pages without access, a file shorter than its mapping and a device do no harm" {
    surroundings unreadable
}

@test "who blocks all signals is stopped; who does so behind our back is counted, and its stack still holds" {
    surroundings blocked
    held '^graph method=forked threads=3 running=1 '
    held '^root stack - .* 100 blocks-signals$'
    held '^root stack - .* 100 blocks-by-force$'
    not_held '^lone'
}

@test "64 threads are stopped twice, and their errno stays" {
    surroundings many
    held '^graph method=forked threads=64 running=0 '
    case $BUILD in
    *stress*) return 0 ;; # labels are among what is lost there
    esac
    [ "$(grep -c '^root stack .* of-reader$' graph)" -ge 56 ]
    [ "$(grep -c '^root stack .* of-spinner$' graph)" -ge 8 ]
    not_held '^lone'
}

@test "where no copy of the process can be made, it is read while the threads stand" {
    surroundings refused
    held '^graph method=stopped threads=1 running=0 '
    held '^root stack - .* 100 on-stack$'
}

# The graph's line and the next of `allocscope info`, in `lines`, and its JSON in `info.json`.
info_of() {
    "$TOOL" info "$1" | grep -A 1 '^graph  *read' | tee lines
    "$TOOL" info --json "$1" >info.json
}

@test "info says which way a graph was read, how fast, and what stood still for it" {
    surroundings blocked
    info_of "$snapshot"
    grep -Eq '^graph +read in a copy of the process, while it ran on: .*B in .*s \([0-9.]+ GB/s\), .*B not resident$' lines
    grep -Eq '^  threads +2 of 3 other threads stopped, in .*s; [0-9]+ system calls? interrupted$' lines
    jq -e '.graph | .method == "forked" and .threads == 3 and .threads_running == 1 and .scanned_bytes > 0 and .scan_ns > 0' info.json
    rm "$snapshot"
    surroundings refused
    info_of "$snapshot"
    grep -q '^graph  *read by the process itself, while its other threads stood: ' lines
    rm "$snapshot"
    options graph=0 snapshot_at=
    record graph_places nowhere "$PWD/y.snap"
    info_of y.snap || true
    [ ! -s lines ]
    jq -e 'has("graph") | not' info.json
}

@test "wait sees no child of ours, SIGCHLD tells of none, and none is left" {
    surroundings children
    held '^graph method=forked '
}

@test "pause, sigsuspend, poll, epoll_wait and sleep do not return because of us" {
    [ "$(uname -m)" = x86_64 ] || skip 'calls are made again on x86-64'
    surroundings calls
    held '^graph method=forked threads=5 running=0 '
}
