#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Iterations that a program marks by lines on descriptor ALLOCSCOPE_MARK_FD: scripts, shells.
load helpers

# marks N: lines go to descriptor N of the programs that run next.
marks() {
    export ALLOCSCOPE_MARK_FD=$1
}

# expect_rounds FILE NAME N: N iterations of benchmark NAME, and of it alone, each with the 8 allocations of a round, of
# which 3 stay.
expect_rounds() {
    "$TOOL" iterations --json "$1" >iterations.json || fail "iterations: exit $?" || return 1
    expect_json "[.benchmarks[] | [.name, ([.iterations[] | .count // 1] | add)]] == [[\"$2\", $3]]" iterations.json &&
        expect_json '[.benchmarks[].iterations[] | [.allocs, .bytes, .frees, .retained_blocks, .retained_bytes]] | unique
            == [[8, 208, 5, 3, 48]]' iterations.json
}

no_warnings() {
    [ "$(grep -c ALLOCSCOPE_MARK_FD messages)" = 0 ] || fail "$(cat messages)"
}

@test "lines mark iterations, however they are written, where they are written" {
    marks 9
    for way in write stdio pieces pages handler; do
        rm -f x.snap
        clean_run marked_lines $way || fail "$way"
        expect_rounds x.snap round 20 || fail "$way"
        no_warnings
    done
}

@test "lines of one thread mark what another one allocates next" {
    marks 9
    clean_run marked_lines thread
    expect_rounds x.snap round 20
    no_warnings
}

@test "lines never block, whatever waits to be read, and none is lost" {
    marks 9
    clean_run marked_lines silent
    "$TOOL" iterations --json x.snap >iterations.json
    expect_json '[.benchmarks[] | [.name, ([.iterations[] | .count // 1] | add)]] == [["x", 300000], ["round", 20]]' \
        iterations.json
    expect_json '[.benchmarks[0].iterations[] | .allocs] | add == 0' iterations.json
}

@test "lines among threads at work: each iteration and each snapshot is there" {
    marks 9
    same_as_plain marked_lines busy
    for file in x.snap x.1.snap x.2.snap x.3.snap x.4.snap; do
        "$TOOL" verify $file
    done
    "$TOOL" iterations --json x.4.snap >iterations.json
    expect_json '[.benchmarks[] | [.name, ([.iterations[] | .count // 1] | add)]] == [["busy", 1000], ["round", 20]]' \
        iterations.json
    no_warnings
}

@test "a line without its end counts when the process ends" {
    marks 9
    clean_run marked_lines unfinished
    "$TOOL" iterations --json x.snap >iterations.json
    expect_json '[.benchmarks[].iterations[] | .allocs] | length == 20 and .[18] == 8 and .[19] == 9' iterations.json
}

@test "a byte of 0 among the lines is told" {
    marks 9
    record /bin/sh -c 'printf "begin x\nend\nbegin y\n\0end\n" >&9; exit 0'
    [ "$(grep -c 'ALLOCSCOPE_MARK_FD: a byte of 0 was written; what came after it was not read' messages)" = 1 ]
    "$TOOL" iterations --json x.snap >iterations.json
    expect_json '[.benchmarks[] | [.name, .ended]] == [["x", 1], ["y", 0]]' iterations.json
}

@test "each process reads its own lines: a child of fork, and a program that is executed" {
    marks 9
    export ALLOCSCOPE_OUTPUT=$PWD/%n.%p.snap
    same_as_plain marked_lines fork
    for file in *.snap; do
        [ "$(info "$file" .forked)" = true ] && expected=25 || expected=20
        expect_rounds "$file" round "$expected"
    done
    [ "$(find . -name '*.snap' | wc -l)" = 2 ]
    rm ./*.snap
    record /bin/sh -c "echo begin shell >&9; '$PROGRAMS/marked_lines'; echo end >&9"
    for file in *.snap; do
        "$TOOL" iterations --json "$file" | jq -c '[.benchmarks[] | [.name, (.iterations | length)]]'
    done | sort >names
    [ "$(paste -sd' ' names)" = '[["round",20]] [["shell",1]]' ] || fail "$(cat names)"
    no_warnings
}

@test "lines of a program that records nothing mark the process that gave it the descriptor" {
    marks 9
    options follow_exec=0
    clean_run marked_lines shell
    expect_rounds x.snap round 20
    rm x.snap
    options follow_fork=0
    same_as_plain marked_lines fork
    expect_rounds x.snap round 20
}

@test "a descriptor that the program closes and uses for a file is its own" {
    marks 9
    clean_run marked_lines closed
    [ "$(grep -c '^begin round$' other)" = 20 ]
    [ "$(grep -c '^end$' other)" = 20 ]
    expect_json '.benchmarks == []' <("$TOOL" iterations --json x.snap)
}

@test "a descriptor that is open at the start is left alone, with one warning" {
    marks 9
    status=0
    LD_PRELOAD=$LIBRARY "$PROGRAMS/marked_lines" 9>log 2>messages || status=$?
    [ "$status" = 0 ]
    [ "$(grep -c 'ALLOCSCOPE_MARK_FD: this descriptor is open already, and left alone.*: 9$' messages)" = 1 ]
    [ "$(grep -c '^begin round$' log)" = 20 ]
    marks 100000000
    record marked_lines
    [ "$status" = 0 ]
    grep -q 'ALLOCSCOPE_MARK_FD: cannot make this descriptor; no marks by lines: 100000000' messages
    marks nine
    record marked_lines
    grep -q '"nine" is no value for ALLOCSCOPE_MARK_FD; it takes the number of a descriptor' messages
    marks 9
    options scope=thread
    record marked_lines
    grep -q 'ALLOCSCOPE_MARK_FD is ignored with scope=thread' messages
}

@test "lines: phases, snapshots, comments; others are one warning, and nobody can empty the file" {
    marks 9
    cat >script.sh <<'END'
a=
work() { a=$a$(:)$(printf '%01000d' 7); }
echo '# nothing' >&9
echo >&9
for phase in warmup counted counted ''; do
    echo "  begin my work  $phase" >&9
    work
    echo end >&9
done
echo "begin warmup" >&9
echo "end" >&9
echo "snapshot $1/named.snap" >&9
work
echo "stop it" >&9
echo "begin" >&9
echo "end now" >&9
head -c 20000 /dev/zero | tr '\0' x >&9
echo >&9
echo snapshot >&9
work
{ echo >/dev/fd/9; } 2>/dev/null && echo emptied
echo "begin after" >&9
work
echo "end" >&9
exit 0
END
    export ALLOCSCOPE_OUTPUT=$PWD/x.snap
    options warmup=0:follow_exec=0:follow_fork=0
    record /bin/sh script.sh "$PWD"
    [ "$status" = 0 ]
    [ ! -s out ] || fail "$(cat out)"
    [ "$(grep -c ALLOCSCOPE_MARK_FD messages)" = 1 ]
    grep -q 'ALLOCSCOPE_MARK_FD: not begin NAME .*; such lines are ignored: stop it$' messages
    "$TOOL" iterations --json x.1.snap >iterations.json
    expect_json '[.benchmarks[] | [.name, (.iterations | map(.phase))]] == [["my work", ["warmup", "counted", "counted",
        "counted"]], ["warmup", ["counted"]], ["after", ["counted"]]]' iterations.json
    "$TOOL" verify named.snap
    "$TOOL" verify x.snap
    [ "$(info named.snap .file.trigger) $(info x.snap .file.trigger)" = "api api" ]
}

@test "a program that marks itself may write lines too, in the order of both" {
    need /usr/bin/python3
    marks 9
    cat >both.py <<'END'
import ctypes, os
us = ctypes.CDLL(None)
for i in range(10):
    os.write(9, b"begin by line\n")
    us.allocscope_iteration_end()
    us.allocscope_iteration_begin(b"by call")
    os.write(9, b"end\n")
END
    record /usr/bin/python3 both.py
    [ "$status" = 0 ]
    "$TOOL" iterations --json x.snap >iterations.json
    expect_json '[.benchmarks[] | [.name, (.iterations | length)]] == [["by line", 10], ["by call", 10]]' iterations.json
    [ "$(grep -c 'ends\? are ignored\|begins are ignored' messages)" = 0 ]
}

# marked INTERPRETER ARGUMENT...: 3 iterations of "parse", whatever the language.
marked() {
    need "$1"
    marks 9
    rm -f x.snap
    record "$@"
    [ "$status" = 0 ] || fail "$*: $(cat messages)" || return 1
    no_warnings && "$TOOL" iterations --json x.snap >iterations.json || return 1
    expect_json '[.benchmarks[] | [.name, (.iterations | length)]] == [["parse", 3]]' iterations.json
}

@test "the lines of examples/scripts/README.md work in each language" {
    marked sh -c 'for i in 1 2 3; do echo "begin parse" >&9; echo end >&9; done'
    marked lua5.4 -e 'm = io.open("/dev/fd/9", "a"); m:setvbuf("no")
        for i = 1, 3 do m:write("begin parse\n") m:write("end\n") end'
    marked /usr/bin/python3 -c 'import os
for i in range(3): os.write(9, b"begin parse\n"); os.write(9, b"end\n")'
    marked perl -MIO::Handle -e 'open(my $m, ">>&=", 9); $m->autoflush;
        for (1 .. 3) { print $m "begin parse\n"; print $m "end\n" }'
    marked awk 'BEGIN { for (i = 0; i < 3; i++) {
        print "begin parse" >> "/dev/fd/9"; fflush("/dev/fd/9"); print "end" >> "/dev/fd/9"; fflush("/dev/fd/9") } }'
}

# requests FILE BLOCKS: what the two functions of examples/scripts/requests.* leave behind.
requests() {
    "$TOOL" verify "$1" || return 1
    "$TOOL" iterations --json "$1" >iterations.json || return 1
    expect_json '[.benchmarks[] | [.name, (.iterations | length)]] == [["forgetful", 50], ["remembering", 50]]' \
        iterations.json || return 1
    expect_json '[.benchmarks[0].iterations[] | select(.phase == "counted") | .retained_bytes] | add < 1000' \
        iterations.json || return 1
    expect_json "[.benchmarks[1].iterations[] | select(.phase == \"counted\") | select(.retained_bytes < 1000
        or .retained_blocks < $2 or .retained_blocks > $2 + 1)] == []" iterations.json || return 1
    expect_json "[.benchmarks[1].iterations[] | select(.phase == \"counted\") | .retained_blocks] | length == 48
        and add <= 48 * $2 + 4" iterations.json
}

@test "examples/scripts: requests.lua marks its iterations, and the leak is found" {
    need lua5.4
    "$TOOL" run --mark-fd 9 --snapshot-at last -o x.snap -- lua5.4 "$TEST_ROOT/examples/scripts/requests.lua" >out 2>messages
    [ "$(cat out)" = "50 requests" ]
    no_warnings
    requests x.last.snap 1
    "$TOOL" report --json --sort retained x.last.snap >report.json 2>/dev/null
    expect_json '.rows[0] | .retained_blocks >= 48 and .shape == "linear"' report.json
    "$TOOL" report --json --by stack --sort retained x.last.snap >report.json 2>/dev/null
    expect_json '.rows[0].stack | any(startswith("lua_pushlstring")) and any(startswith("luaL_pushresult"))' report.json
    status=0
    "$TOOL" run --mark-fd 9 --check --no-growth -o y.snap -- lua5.4 "$TEST_ROOT/examples/scripts/requests.lua" >out 2>&1 || status=$?
    [ "$status" = 1 ] || fail "exit $status: $(cat out)"
    lua5.4 "$TEST_ROOT/examples/scripts/requests.lua" >out
    [ "$(cat out)" = "50 requests" ]
    ! ALLOCSCOPE_MARK_FD=9 lua5.4 "$TEST_ROOT/examples/scripts/requests.lua" >out 2>&1 || fail "marks that nobody reads"
}

@test "examples/scripts: requests.js marks its iterations on standard output, and the leak is found" {
    need duk
    "$TOOL" run --mark-fd 1 --snapshot-at last -o x.snap -- duk "$TEST_ROOT/examples/scripts/requests.js" >out 2>messages
    [ ! -s out ]
    grep -qx '50 requests' messages
    no_warnings
    requests x.last.snap 2
    "$TOOL" report --json --sort retained x.last.snap >report.json 2>/dev/null
    expect_json '.rows[0] | .retained_blocks >= 96 and .shape == "linear"' report.json
}

@test "run --mark-fd: the number is free for it, whatever stood there" {
    exec 9>log
    "$TOOL" run --mark-fd 9 -o x.snap -- "$PROGRAMS/marked_lines" 2>messages
    exec 9>&-
    [ ! -s log ]
    no_warnings
    expect_rounds x.snap round 20
    for number in 0 2 3 4 5 6 7; do # ours, the shell's, or nobody's
        "$TOOL" run --force --mark-fd $number -o x.snap -- sh -c "echo begin x >&$number; echo end >&$number" 2>messages
        "$TOOL" iterations --json x.snap >iterations.json
        expect_json '[.benchmarks[] | [.name, (.iterations | length)]] == [["x", 1]]' iterations.json || fail "$number"
    done
    status=0
    "$TOOL" run --mark-fd nine true 2>messages || status=$?
    [ "$status" = 2 ]
}
