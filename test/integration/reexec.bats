#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031 # helpers.bash sets snapshot and status; a test is a subshell
# ALLOCSCOPE_REEXEC=1: a program with assertions runs itself under the preload, whatever way it was built.
load helpers

SOURCE=$TEST_ROOT/test/programs/reexec.c

# build COMPILER FLAG...: into ./again; warnings are errors.
build() {
    local compiler=$1 language=c
    shift
    case $compiler in *++) language=c++ ;; esac
    "$compiler" -x "$language" -g -I"$TEST_ROOT/include" -pedantic -Wall -Wextra -Wshadow -Werror "$@" -o again "$SOURCE"
}

# again ARGUMENT...: run it, without the preload but with ALLOCSCOPE_REEXEC=1.
again() {
    status=0
    ALLOCSCOPE_REEXEC=1 timeout "$LIMIT" ./again "$@" >out 2>messages || status=$?
}

each_compiler() {
    local compiler
    for compiler in gcc g++ clang clang++; do
        "$@" "$compiler" || fail "$compiler" || return 1
    done
}

expect_whole() {
    again 'two words' '' '*'
    [ "$status $(tr '\n' ' ' <out)" = '3 [two words] [] [*] active ' ] || fail "$status $(cat out messages)" || return 1
    again leak
    [ "$status" = 134 ] || return 1
    grep -q 'assertion "reexec" at .* failed: 1 block (8 bytes) retained' messages
}

whole() {
    local compiler=$1 standard=c11 linker
    case $compiler in *++) standard=c++11 ;; esac
    for linker in bfd gold lld; do
        build "$compiler" -std=$standard "-fuse-ld=$linker" -fPIE -pie && expect_whole || return 1
        build "$compiler" -std=$standard "-fuse-ld=$linker" -fno-pie -no-pie && expect_whole || return 1
    done
}
@test "C and C++, gcc and clang, PIE or not, each linker: arguments, exit status, a recording from the start" {
    need gcc g++ clang clang++ ld.gold ld.lld
    export ALLOCSCOPE_LIBRARY=$LIBRARY
    each_compiler whole
}

# A library that counts, on stdout, how often the program is executed.
build_counter() {
    printf '%s\n' '#include <unistd.h>' \
        '__attribute__((constructor)) static void count(void) { if (write(1, "executed\n", 9) != 9) _exit(9); }' |
        gcc -x c -shared -fPIC -o counter.so -
}

@test "the library is found as the loader finds it, and what was preloaded stays" {
    need gcc
    build gcc
    LD_LIBRARY_PATH=$BUILD again
    [ "$status $(cat out)" = '3 active' ]
    build_counter
    ALLOCSCOPE_LIBRARY=$LIBRARY LD_PRELOAD=$PWD/counter.so ALLOCSCOPE_REEXEC=1 ./again >out || status=$?
    [ "$status $(xargs <out)" = '3 executed executed active' ]
}

@test "under the preload, or without ALLOCSCOPE_REEXEC, nothing is run again" {
    need gcc
    build gcc
    build_counter
    LD_PRELOAD=$LIBRARY:$PWD/counter.so ALLOCSCOPE_REEXEC=1 ./again >out || status=$?
    [ "$status $(xargs <out)" = '3 executed active' ]
    ALLOCSCOPE_OPTIONS=enabled=0 LD_PRELOAD=$LIBRARY:$PWD/counter.so ALLOCSCOPE_OPTIONAL=1 ALLOCSCOPE_REEXEC=1 \
        ./again >out || status=$?
    [ "$status $(xargs <out)" = '3 executed inactive' ]
    LD_PRELOAD=$PWD/counter.so ALLOCSCOPE_OPTIONAL=1 ./again >out || status=$?
    [ "$status $(xargs <out)" = '3 executed inactive' ]
}

# unable: it says so once and ends with 127; with ALLOCSCOPE_OPTIONAL=1 it runs on as it is.
unable() {
    again
    [ "$status $(cat out)" = '127 ' ] || fail "$status $(cat out messages)" || return 1
    [ "$(grep -c '^allocscope: ALLOCSCOPE_REEXEC=1, but the program cannot run under' messages)" = 1 ] || return 1
    ALLOCSCOPE_OPTIONAL=1 again
    [ "$status $(cat out)" = '3 inactive' ] || fail "$status $(cat out messages)" || return 1
}
unable_static() {
    build "$1" -static && unable && build "$1" -static-pie && unable
}
@test "a library that cannot be loaded, and a static program, end with 127 and say so, once" {
    need gcc g++ clang clang++
    export ALLOCSCOPE_LIBRARY=$PWD/nothing.so
    build gcc
    unable
    export ALLOCSCOPE_LIBRARY=$LIBRARY
    each_compiler unable_static
}

@test "a library that is loaded later does not run the program again" {
    need gcc
    gcc -shared -fPIC -g -I"$TEST_ROOT/include" -o plugin.so "$SOURCE"
    ALLOCSCOPE_REEXEC=1 ALLOCSCOPE_LIBRARY=$LIBRARY plain reexec_plugin "$PWD/plugin.so"
    [ "$plain_status $(tr '\n' ' ' <out.plain)" = '0 begin end ' ]
}

@test "a program that starts another one: each runs again for itself" {
    need gcc
    build gcc
    cat >pair <<'END'
#!/bin/sh
./again first
./again second
exit 0
END
    chmod +x pair
    ALLOCSCOPE_REEXEC=1 ALLOCSCOPE_LIBRARY=$LIBRARY ./pair >out 2>messages
    [ "$(tr '\n' ' ' <out)" = '[first] active [second] active ' ]
    # with the guard variable of another process in its environment
    ALLOCSCOPE_REEXECUTED=1 ALLOCSCOPE_LIBRARY=$LIBRARY again
    [ "$status $(cat out)" = '3 active' ]
}
