# shellcheck shell=bash
# What the integration tests share: run a program with and without the preload, read the snapshot back with the
# tool, compare numbers exactly. Every test runs in an empty folder of its own ($PWD); BUILD names the variant's
# folder. A program of test/programs is given by its bare name.

TEST_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$TEST_ROOT/build/release}
case $BUILD in
/*) ;;
*) BUILD=$TEST_ROOT/$BUILD ;;
esac
LIBRARY=$BUILD/liballocscope.so
TOOL=$BUILD/allocscope
PROGRAMS=$BUILD/test/programs
export XDG_CACHE_HOME=$BUILD/test/cache # names of addresses are kept here, not in the user's home
LIMIT=${LIMIT:-120}                     # seconds until a program counts as hung

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    unset LD_PRELOAD ALLOCSCOPE_OPTIONS ALLOCSCOPE_SIGNAL ALLOCSCOPE_OPTIONAL NO_COLOR
    [ -z "${TEST_OPTIONS:-}" ] || export ALLOCSCOPE_OPTIONS=$TEST_OPTIONS
    export ALLOCSCOPE_OUTPUT=$PWD/x.snap
    snapshot=$PWD/x.snap
}

fail() {
    printf '%s\n' "$*" >&2
    return 1
}

need() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || skip "$command is not installed"
    done
}

# The stress build's tables are so small that some numbers differ by right: WHY.
need_room() {
    case $BUILD in
    *stress*) skip "the tables of this build are tiny: $1" ;;
    esac
}

program_path() {
    case $1 in
    */*) printf '%s' "$1" ;;
    *) if [ -x "$PROGRAMS/$1" ]; then printf '%s' "$PROGRAMS/$1"; else command -v "$1"; fi ;;
    esac
}

# plain PROGRAM ARGUMENT...: without the preload; out.plain, messages.plain, $plain_status.
plain() {
    local program
    program=$(program_path "$1") || fail "no program $1" || return 1
    shift
    plain_status=0
    timeout "$LIMIT" "$program" "$@" >out.plain 2>messages.plain || plain_status=$?
}

# record PROGRAM ARGUMENT...: under the preload; out, messages, $status.
record() {
    local program
    program=$(program_path "$1") || fail "no program $1" || return 1
    shift
    status=0
    timeout "$LIMIT" env LD_PRELOAD="$LIBRARY" "$program" "$@" >out 2>messages || status=$?
}

# same_as_plain PROGRAM ARGUMENT...: both; same exit status, same stdout, and on stderr only our own lines are added.
same_as_plain() {
    plain "$@" || return 1
    record "$@" || return 1
    [ "$status" = "$plain_status" ] ||
        fail "$1: exit $status under the preload, $plain_status without: $(cat messages)" || return 1
    cmp out.plain out || fail "$1: another output under the preload" || return 1
    grep -v '^allocscope:' messages | cmp messages.plain - ||
        fail "$1: another stderr under the preload: $(cat messages)"
}

# clean_run PROGRAM ARGUMENT...: the same as plain, exit 0, and a snapshot whose books balance.
clean_run() {
    same_as_plain "$@" || return 1
    [ "$status" = 0 ] || fail "$1: exit $status: $(cat messages)" || return 1
    books_balance "$snapshot"
}

# info FILE FILTER: one value of `allocscope info --json`.
info() {
    "$TOOL" info --json "$1" | jq -r "$2"
}

# totals FILE FILTER: one value of the totals of `allocscope report --json`.
totals() {
    "$TOOL" report --json "$1" | jq -r ".totals | $2"
}

# books_balance FILE: it keeps every rule of the format, allocs - frees = live in blocks and bytes, and nothing
# was dropped. In the stress variant mappings fail on purpose: there losses need only be counted.
books_balance() {
    "$TOOL" verify "$1" >verify.out 2>&1 || fail "verify $1: $(cat verify.out)" || return 1
    "$TOOL" info --json "$1" >info.json || fail "info $1: exit $?" || return 1
    jq -e '.totals.allocs - .totals.frees == .totals.live_blocks
        and .totals.bytes - .totals.freed_bytes == .totals.live_bytes' info.json >/dev/null ||
        fail "$1: books do not balance: $(jq -c .totals info.json)" || return 1
    case $BUILD in
    *stress*) return 0 ;;
    esac
    jq -e '.dropped | del(.frames_cut) | all(. == 0)' info.json >/dev/null ||
        fail "$1: something was dropped: $(jq -c .dropped info.json)" || return 1
}

# books_balance_after_fork FILE: the same, but of a forked child. A thread that did not run for 100 ms inside a hook is
# half way there: counted, and settled from the table.
books_balance_after_fork() {
    [ "$(info "$1" .forked)" = true ] || books_balance "$1" || return 1
    "$TOOL" verify "$1" >verify.out || fail "verify $1: $(cat verify.out)" || return 1
    "$TOOL" info --json "$1" | jq -e '.dropped | .deferred <= 8 and (del(.frames_cut, .deferred) | all(. == 0))' >/dev/null ||
        fail "$1: something was dropped"
}

# numbers FILE FUNCTION: the report's rows, summed over all stacks that hold FUNCTION, as one JSON object.
numbers() {
    "$TOOL" report --json --by stack --top 1000000 --show-all-frames "$1" >report.json ||
        fail "report $1: exit $?" || return 1
    jq -c --arg f "$2" 'reduce (.rows[] | select(any(.stack[]; test("^" + $f + "(\\W|$)")))) as $row
        ({alloc_objects: 0, alloc_space: 0, inuse_objects: 0, inuse_space: 0, temporary_objects: 0,
        peak_space: 0}; with_entries(.value += ($row[.key] // 0)))' report.json
}

# expect FILE FUNCTION KEY=N...: exact numbers of all stacks that hold FUNCTION.
expect() {
    local file=$1 function=$2 all pair actual
    shift 2
    all=$(numbers "$file" "$function") || return 1
    for pair in "$@"; do
        actual=$(jq -r ".${pair%%=*}" <<<"$all")
        [ "$actual" = "${pair#*=}" ] ||
            fail "$function: ${pair%%=*} is $actual, expected ${pair#*=}: $all" || return 1
    done
}

# expect_live FILE FUNCTION BLOCKS BYTES
expect_live() {
    expect "$1" "$2" inuse_objects="$3" inuse_space="$4"
}

# expect_json FILTER FILE: the filter must give true.
expect_json() {
    jq -e "$1" "$2" >/dev/null || fail "$1 does not hold in $(jq -c . "$2" | cut -c 1-2000)"
}

# options KEY=VALUE...: ALLOCSCOPE_OPTIONS, behind those of TEST_OPTIONS, with which all tests can be run once more.
options() {
    local IFS=:
    export ALLOCSCOPE_OPTIONS="${TEST_OPTIONS:+$TEST_OPTIONS:}$*"
}

# files PATTERN...: how many exist.
files() {
    local count=0 file
    for file in "$@"; do
        [ -e "$file" ] && count=$((count + 1))
    done
    echo "$count"
}
