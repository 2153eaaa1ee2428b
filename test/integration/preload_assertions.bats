#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# The assertions of the header: they pass, fail with everything a person needs, and never pass unseen.
load helpers

SCOPES=$TEST_ROOT/test/programs/assertion_scopes.c

# failures: what failed and why, one line each, from messages.
failures() {
    sed -n 's/^allocscope: assertion "\(.*\)" at .*assertion_scopes\.c:[0-9]* \(failed\|cannot\)/\1/p' messages
}

# expect_lines FILE: its lines are those of stdin.
expect_lines() {
    diff "$1" - || fail "$1 holds other lines" || return 1
}

# each_language COMMAND: with $compiler and $language set, for gcc and clang, C11 and C++11.
each_language() {
    local pair
    for pair in 'gcc c' 'g++ c++' 'clang c' 'clang++ c++'; do
        read -r compiler language <<<"$pair"
        "$1" || fail "$pair" || return 1
    done
}

@test "an assertion that holds says nothing" {
    record assert_zero_retained pass
    [ "$status" = 0 ]
    [ "$(cat out)" = held ]
    [ "$(grep -c 'survive\|retained' messages)" = 0 ]
}

@test "a failed assertion aborts after it has named survivors, sites, bytes and a snapshot" {
    record assert_zero_retained fail
    [ "$status" = 134 ]
    grep '^allocscope:' messages
    grep -q 'frame' messages
    grep -q '\b3 blocks' messages
    grep -q '\b99 ' messages
    grep -q 'assert_zero_retained\|leaking_work' messages
    file=$(ls ./*.snap)
    grep -q "$(basename "$file")" messages
    books_balance "$file"
    expect_live "$file" leaking_work 3 99
}

@test "a failed assertion names the site, the way to the largest survivor, and a command that shows it again" {
    record assertion_scopes abort
    [ "$status" = 134 ]
    grep -qx 'allocscope:  *1  *16 B  keep (assertion_scopes.c:13)' messages
    line=$(($(sed -n '/("inner")/=' "$SCOPES") + 2))
    grep -q "^allocscope:  *from nested (assertion_scopes.c:$line)\$" messages
    sed -n '/who holds the largest survivor/,$p' messages >held
    grep -qx 'allocscope:       kept+8 (assertion_scopes)' held
    grep -qx 'allocscope:         -> keep (assertion_scopes.c:13) (16 B, born outside iterations)' held
    # one path only: what the library itself keeps of the block holds nothing
    [ "$(grep -c -e '-> keep' held)" = 1 ]
    command=$(sed -n 's/^allocscope: the heap of "inner" is saved; look further: allocscope //p' messages)
    case $command in "retainers --id 0x"*".3 $PWD/x.snap") ;; *) fail "command: $command" ;; esac
    # shellcheck disable=SC2086
    "$TOOL" $command >again
    grep -qx 'kept+8 (assertion_scopes)' <(sed 's/^ *//' again)
}

@test "a survivor that nobody holds is called leaked; without a graph that is not known" {
    record assertion_scopes lost
    sed -n '/who holds the largest survivor/,$p' messages >held
    grep -qx 'allocscope:     1 block (24 B) of id .*: leaked, no root reaches it' held
    ALLOCSCOPE_OPTIONS=graph=0 record assertion_scopes lost
    grep -q '^allocscope:  *1  *24 B  lose (assertion_scopes.c:' messages
    grep -qx 'allocscope:   who holds them is not known: no graph was recorded' messages
    [ "$(grep -c 'who holds the largest' messages)" = 0 ]
}

@test "only blocks born in the scope are named, in a program with several threads and marks" {
    record assertion_scopes iterations
    sed -n '/"around"/,/look further/p' messages | grep -q '^allocscope:  *3  *20 B .* keep (assertion_scopes.c:13)$'
    sed -n '/"inside"/,/look further/p' messages | grep -q '^allocscope:  *1  *8 B .* keep (assertion_scopes.c:13)$'
    rm -f ./*.snap
    record assert_zero_retained process
    grep -q '^allocscope:  *3  *99 B  leaking_work (assert_zero_retained.c:15)$' messages
}

@test "without the tool a failure tells module and offset, which addr2line knows" {
    export ALLOCSCOPE_TOOL
    for ALLOCSCOPE_TOOL in '' "$PWD/nothing" /bin/false; do
        record assertion_scopes abort
        place=$(sed -n 's/^allocscope:   1 block (16 B) from assertion_scopes+//p' messages)
        [ "$(addr2line -f -e "$PROGRAMS/assertion_scopes" "$place" | head -n 1)" = keep ]
        grep -q 'look further: allocscope retainers' messages
        case $ALLOCSCOPE_TOOL in
        */nothing) grep -q 'was not found; see ALLOCSCOPE_TOOL' messages ;;
        *false) grep -q 'the tool failed' messages ;;
        '') [ "$(grep -c 'tool' messages)" = 0 ] ;;
        esac
    done
}

@test "the tool is found beside the library, in bin beside lib, and in PATH" {
    mkdir -p root/bin root/lib/machine other path
    for folder in root/bin path; do
        printf '#!/bin/sh\necho from %s\n' "$folder" >$folder/allocscope
        chmod +x $folder/allocscope
    done
    for folder in root/lib root/lib/machine other; do
        cp "$LIBRARY" $folder
    done
    PATH=$PWD/path:$PATH LIBRARY=$PWD/root/lib/liballocscope.so record assertion_scopes abort
    grep -qx 'allocscope:     from root/bin' messages
    PATH=$PWD/path:$PATH LIBRARY=$PWD/root/lib/machine/liballocscope.so record assertion_scopes abort
    grep -qx 'allocscope:     from root/bin' messages
    PATH=$PWD/path:$PATH LIBRARY=$PWD/other/liballocscope.so record assertion_scopes abort
    grep -qx 'allocscope:     from path' messages
}

@test "the tool runs without the preload, our settings, and the program's descriptors, signals and input" {
    cat >tool <<'END'
#!/bin/sh
echo "preload=$LD_PRELOAD options=$ALLOCSCOPE_OPTIONS output=$ALLOCSCOPE_OUTPUT kept=$KEPT"
echo "input=$(readlink /proc/$$/fd/0) blocked=$(sed -n 's/^SigBlk:\t//p' /proc/$$/status)"
echo "ignored=$(sed -n 's/^SigIgn:\t//p' /proc/$$/status) seven=$(readlink /proc/$$/fd/7)"
END
    chmod +x tool
    (
        export KEPT=1 ALLOCSCOPE_OPTIONS=warmup=1 ALLOCSCOPE_TOOL=$PWD/tool
        trap '' USR1
        record assertion_scopes abort 7</dev/zero
        grep -qx 'allocscope:     preload= options= output= kept=1' messages
        grep -qx 'allocscope:     input=/dev/null blocked=0000000000000000' messages
        grep -qx 'allocscope:     ignored=0000000000000000 seven=' messages
    )
}

@test "a failure whose handler returns leaves no child, signal, descriptor, mask or errno behind" {
    record assertion_host
    [ "$status" = 0 ]
    [ "$(cat out)" = unharmed ]
    [ "$(grep -c 'who holds the largest survivor' messages)" = 2 ]
    record assertion_host closed
    [ "$status" = 0 ]
}

@test "a forked child that is not recorded does not pass unseen" {
    export ALLOCSCOPE_OPTIONS=follow_fork=0
    record assertion_host fork
    [ "$(cat out)" = 'child failed' ]
    grep -q 'cannot be checked' messages
    ALLOCSCOPE_OPTIONAL=1 record assertion_host fork
    [ "$(cat out)" = 'child passed' ]
}

@test "a failure handler is called instead of abort" {
    record assert_zero_retained handled
    [ "$status" = 5 ]
}

@test "another thread's blocks do not fail an assertion, but do fail the process variant" {
    record assert_zero_retained other
    [ "$status" = 0 ]
    rm -f ./*.snap
    record assert_zero_retained process
    [ "$status" = 134 ]
}

@test "without the preload an assertion fails, unless ALLOCSCOPE_OPTIONAL=1" {
    plain assert_zero_retained pass
    [ "$plain_status" = 134 ]
    grep -q 'allocscope: .*LD_PRELOAD' messages.plain
    export ALLOCSCOPE_OPTIONAL=1
    plain assert_zero_retained fail
    [ "$plain_status" = 0 ]
}

@test "a budget names each limit that is broken, with limit and actual; what keeps to it says nothing" {
    record assertion_scopes budget
    [ "$status" = 0 ]
    failures >found
    expect_lines found <<'END'
allocs over: allocations 5, limit 4
bytes over: bytes allocated 50, limit 49
blocks over: retained blocks 2, limit 1
both over: retained bytes 40, limit 39; allocations 2, limit 1
process over: allocations 1, limit 0
END
    grep '^handler' out >handled
    expect_lines handled <<'END'
handler allocs over 5
handler bytes over 50
handler blocks over 2
handler both over 2
handler process over 1
END
    [ "$(tail -n 1 out)" = end ]
    books_balance x.snap
}

@test "rounds: warm-up is not judged, counted rounds are told apart, however many" {
    record assertion_scopes rounds
    [ "$status" = 0 ]
    failures >found
    expect_lines found <<'END'
leak in 4 counted rounds after 2 of warm-up: 10 blocks (160 bytes) retained
many in 1000 counted rounds after 1 of warm-up: 1000 blocks (1000 bytes) retained
END
    grep 'by counted round' messages >by_round
    sed 's/, 65-128.*, 897-/ ... 897-/' by_round >short
    expect_lines short <<'END'
allocscope:   by counted round: 1: 1 block (16 B), 2: 2 blocks (32 B), 3: 3 blocks (48 B), 4: 4 blocks (64 B)
allocscope:   by counted round: 1-64: 64 blocks (64 B) ... 897-960: 64 blocks (64 B), 961-1000: 40 blocks (40 B)
END
    grep -qx '5 rounds' out
    [ "$(tail -n 1 out)" = end ]
}

@test "break and continue end a scope and are judged; without a counted round nothing passes" {
    record assertion_scopes leaving
    [ "$status" = 0 ]
    failures >found
    expect_lines found <<'END'
break: 1 block (1 byte) retained
continue: 1 block (1 byte) retained
break of rounds in 2 counted rounds after 1 of warm-up: 2 blocks (2 bytes) retained
never counted be checked: no counted round ran. Give it some, or set ALLOCSCOPE_OPTIONAL=1 to skip it.
no rounds be checked: no counted round ran. Give it some, or set ALLOCSCOPE_OPTIONAL=1 to skip it.
break of a budget: allocations 1, limit 0
END
    [ "$(grep -c '^handler' out)" = 6 ]
}

@test "a scope that is left by return or goto is judged there" {
    record assertion_scopes return
    [ "$status" = 0 ]
    failures >found
    expect_lines found <<'END'
return: 1 block (1 byte) retained
goto of both: 1 block (2 bytes) retained
goto: allocations 2, limit 1
END
    grep -qx 'returned 1' out
    [ "$(tail -n 1 out)" = end ]
}

@test "C++: a scope that is left by an exception says that it is not judged; in a destructor meanwhile it is" {
    need g++ clang++
    for compiler in g++ clang++; do
        for standard in c++11 c++17; do
            "$compiler" -std=$standard -g -Wall -Wextra -Wshadow -Werror -I"$TEST_ROOT/include" -o thrower \
                "$TEST_ROOT/test/programs/two_files/thrower.cc"
            record ./thrower
            [ "$status" = 0 ]
            [ "$(cat out)" = 'handler unwinding 1
caught' ]
            [ "$(grep -c 'assertion "thrown" at .*thrower.cc:[0-9]* was left by an exception and is not judged' messages)" = 1 ]
        done
    done
}

@test "a scope may begin in one function and end in another" {
    record assertion_scopes fixtures
    [ "$status" = 0 ]
    failures >found
    expect_lines found <<'END'
fixture: 1 block (5 bytes) retained
fixture of rounds in 2 counted rounds after 1 of warm-up: 2 blocks (12 bytes) retained
END
}

@test "scopes nest: the outer one counts what the inner ones leave, whatever became of them" {
    record assertion_scopes nested
    [ "$status" = 0 ]
    failures >found
    expect_lines found <<'END'
inner: 1 block (16 bytes) retained
outer: 2 blocks (24 bytes) retained
END
    record assertion_scopes abort
    [ "$status" = 134 ]
    [ "$(failures)" = 'inner: 1 block (16 bytes) retained' ]
}

@test "survivors are told by the iteration of their birth, in scopes around and inside of iterations" {
    record assertion_scopes iterations
    [ "$status" = 0 ]
    grep 'by iteration' messages >found
    expect_lines found <<'END'
allocscope:   by iteration of birth: 2: 1 block (8 B), 3: 1 block (8 B), outside: 1 block (4 B)
allocscope:   by iteration of birth: 5: 1 block (8 B)
END
}

@test "a program whose handler goes on fails as often as it likes, but saves eight snapshots only" {
    record assertion_scopes again
    [ "$status" = 0 ]
    [ "$(grep -c '^handler again 1' out)" = 12 ]
    [ "$(failures | sort | uniq -c)" = '     12 again: 1 block (8 bytes) retained' ]
    [ "$(grep -c 'further failed assertions' messages)" = 1 ]
    [ "$(find . -name '*.snap' | wc -l)" = 9 ] # and the one at exit
}

scopes_compile() {
    "$compiler" -x "$language" "-std=${language}11" -g -pedantic -Wall -Wextra -Wshadow -Wcast-qual -Werror \
        -I"$TEST_ROOT/include" -o scopes "$SCOPES" || return 1
    for how in budget rounds leaving return fixtures nested; do
        record ./scopes $how || return 1
        [ "$status" = 0 ] || return 1
        failures >"$how.found"
        cmp "$how.found" "expected.$how" || return 1
    done
}
@test "all of it in C11 and C++11, by gcc and clang, without a warning" {
    need gcc clang g++ clang++
    for how in budget rounds leaving return fixtures nested; do
        record assertion_scopes $how
        failures >"expected.$how"
    done
    each_language scopes_compile
}

# build_library NAME FLAG...: other.c as lib NAME .so, and a program NAME with main.c that uses it.
build_library() {
    local name=$1
    shift
    "$compiler" -x "$language" "${flags[@]}" -fPIC -c -o "$name.o" "$files/other.c" || return 1
    "$compiler" -shared "$@" -o "lib$name.so" "$name.o" || return 1
    "$compiler" -x "$language" "${flags[@]}" -o "$name" "$files/main.c" -x none "./lib$name.so"
}
# With and without the preload; in one program, with a library, with one that hides the variable, and static.
one_handler() {
    local files=$TEST_ROOT/test/programs/two_files expected
    local flags=("-std=${language}11" -g -Wall -Wextra -Werror -I"$TEST_ROOT/include")
    "$compiler" -x "$language" "${flags[@]}" -o one "$files/main.c" "$files/other.c" || return 1
    "$compiler" -x "$language" "${flags[@]}" -static -o static "$files/main.c" "$files/other.c" || return 1
    build_library shared || return 1
    build_library hidden -Wl,--version-script=hidden.map || return 1
    for program in one static shared hidden; do
        expected='1 handler elsewhere 0 1'
        [ "$program" != hidden ] || expected='' # the library has a variable of its own, without a handler: it aborts
        [ "$(./$program 2>messages | xargs)" = "$expected" ] || fail "$program" || return 1
    done
    for program in one shared hidden; do
        record ./$program
        [ "$(xargs <out)" = '1 handler elsewhere 1 1' ] || fail "$program under the preload" || return 1
    done
}
@test "one failure handler serves all files of a program, and with the preload all of its libraries" {
    need gcc clang g++ clang++
    echo '{ global: fails_elsewhere; local: *; };' >hidden.map
    each_language one_handler
}

@test "a preload that is older than the header is asked for no more than it has" {
    export LIBRARY=$PROGRAMS/lib/libold_preload.so
    record assert_zero_retained handled
    [ "$status" = 5 ]
    [ "$(cat out)" = 'assert_retained 7 0 frame line' ]
    record assertion_scopes budget
    [ "$status" = 0 ]
    [ "$(grep -c 'cannot be checked: the preload is older than the header' messages)" = 9 ]
    [ "$(grep -c '^handler' out)" = 9 ]
}

@test "a program of the first header is served as ever" {
    record old_header
    [ "$status" = 0 ]
    [ "$(cat out)" = two ]
    grep -q 'assertion "first" at first.c:1 failed: 2 blocks (48 bytes) retained' messages
    record old_header hold
    [ "$(cat out)" = none ]
}

@test "a scope over more iterations than there are epochs does not pass unseen" {
    record assertion_scopes long
    [ "$status" = 0 ]
    case $BUILD in
    *stress*) # a thousand epochs
        [ "$(failures | cut -c 1-80)" = 'long be checked over so many iterations: the epochs were numbered anew; assert l' ]
        grep -qx 'handler long 18446744073709551615' out
        ;;
    *) [ -z "$(failures)" ] ;;
    esac
}
