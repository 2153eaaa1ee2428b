#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# The public header in every kind of program: gcc and clang, C and C++, position-independent or not, each linker,
# with and without optimisation. Static programs can't be preloaded: the calls must be harmless there.
load helpers

SOURCE=$TEST_ROOT/test/programs/header_use.c

# build COMPILER LANGUAGE LINKER FLAG...: into ./matrix; warnings are errors.
build() {
    local compiler=$1 language=$2 linker=$3
    shift 3
    "$compiler" -x "$language" -g -I"$TEST_ROOT/include" -Wall -Wextra -Werror "$@" -o matrix "$SOURCE" \
        "-fuse-ld=$linker" >build.out 2>&1
}

# each COMPILER LANGUAGE FLAG...: with each linker and optimisation, the preload is found and 5 blocks are retained.
each() {
    local compiler=$1 language=$2 linker level
    shift 2
    for linker in bfd gold lld; do
        for level in -O0 -O2; do
            build "$compiler" "$language" "$linker" "$level" "$@" ||
                fail "$compiler $language $linker $level $*: $(cat build.out)" || return 1
            rm -f x.snap
            [ "$(./matrix)" = 'inactive 0' ] || fail "$linker $level: active without the preload" || return 1
            record ./matrix
            [ "$status $(cat out)" = '0 active 5' ] || fail "$linker $level: $status $(cat out messages)" || return 1
            books_balance x.snap || return 1
            expect x.snap keep alloc_objects=5 inuse_objects=5 inuse_space=40 || fail "$linker $level" || return 1
        done
    done
}

# inert COMPILER LANGUAGE FLAG...: a static program builds, runs and says inactive, with LD_PRELOAD set or not.
inert() {
    local compiler=$1 language=$2 level
    shift 2
    for level in -O0 -O2; do
        build "$compiler" "$language" bfd "$level" "$@" || fail "$level $*: $(cat build.out)" || return 1
        [ "$(./matrix)" = 'inactive 0' ] || return 1
        [ "$(LD_PRELOAD=$LIBRARY ./matrix)" = 'inactive 0' ] || return 1
    done
}

@test "gcc, C, -pie" {
    need gcc ld.gold ld.lld
    each gcc c -std=c11 -fPIE -pie
}
@test "gcc, C, -no-pie" {
    need gcc ld.gold ld.lld
    each gcc c -std=c11 -fno-pie -no-pie
}
@test "gcc, C++, -pie" {
    need g++ ld.gold ld.lld
    each g++ c++ -std=c++11 -fPIE -pie
}
@test "gcc, C++, -no-pie" {
    need g++ ld.gold ld.lld
    each g++ c++ -std=c++11 -fno-pie -no-pie
}
@test "clang, C, -pie" {
    need clang ld.gold ld.lld
    each clang c -std=c11 -fPIE -pie
}
@test "clang, C, -no-pie" {
    need clang ld.gold ld.lld
    each clang c -std=c11 -fno-pie -no-pie
}
@test "clang, C++, -pie" {
    need clang++ ld.gold ld.lld
    each clang++ c++ -std=c++11 -fPIE -pie
}
@test "clang, C++, -no-pie" {
    need clang++ ld.gold ld.lld
    each clang++ c++ -std=c++11 -fno-pie -no-pie
}
@test "gcc, C and C++, -static-pie and -static: harmless" {
    need gcc g++
    inert gcc c -std=c11 -static-pie
    inert gcc c -std=c11 -static
    inert g++ c++ -std=c++11 -static-pie
    inert g++ c++ -std=c++11 -static
}
@test "clang, C and C++, -static-pie and -static: harmless" {
    need clang clang++
    inert clang c -std=c11 -static-pie
    inert clang c -std=c11 -static
    inert clang++ c++ -std=c++11 -static-pie
    inert clang++ c++ -std=c++11 -static
}
@test "the header compiles in the newest dialects and with pedantic warnings" {
    need gcc g++ clang clang++
    for dialect in c11 c17 c2x gnu11; do
        gcc -x c "-std=$dialect" -pedantic -Wall -Wextra -Werror -I"$TEST_ROOT/include" -fsyntax-only "$SOURCE"
        clang -x c "-std=$dialect" -pedantic -Wall -Wextra -Werror -I"$TEST_ROOT/include" -fsyntax-only "$SOURCE"
    done
    for dialect in c++11 c++14 c++17 c++20; do
        g++ -x c++ "-std=$dialect" -pedantic -Wall -Wextra -Werror -I"$TEST_ROOT/include" -fsyntax-only "$SOURCE"
        clang++ -x c++ "-std=$dialect" -pedantic -Wall -Wextra -Werror -I"$TEST_ROOT/include" -fsyntax-only "$SOURCE"
    done
}
@test "with ALLOCSCOPE_PROBES tracers find the iterations, with the preload and without" {
    need gcc g++ clang ld.gold ld.lld readelf
    printf '#include <sys/sdt.h>\n' | gcc -E - >/dev/null 2>&1 || skip "sys/sdt.h is not installed"
    for compiler in "gcc c" "g++ c++" "clang c"; do
        # shellcheck disable=SC2086 # two words
        each $compiler -DALLOCSCOPE_PROBES
        readelf -n matrix >notes
        grep -q 'Provider: allocscope' notes
        grep -q 'Name: iteration_begin' notes
        grep -q 'Name: iteration_end' notes
    done
    build gcc c bfd -O2
    readelf -n matrix >notes
    [ "$(grep -c allocscope notes)" = 0 ]
}
@test "a debugger stops at each probe, and reads the benchmark's name" {
    need gcc gdb
    printf '#include <sys/sdt.h>\n' | gcc -E - >/dev/null 2>&1 || skip "sys/sdt.h is not installed"
    build gcc c bfd -O2 -DALLOCSCOPE_PROBES
    printf '%s\n' 'set debuginfod enabled off' \
        'break -probe-stap allocscope:iteration_begin' 'commands' 'silent' \
        'printf "begins %s\n", (char *)$_probe_arg0' 'continue' 'end' \
        'break -probe-stap allocscope:iteration_end' 'commands' 'silent' 'printf "ends\n"' 'continue' 'end' run >script
    gdb -nx -batch -x script ./matrix >traced 2>&1 || skip "gdb cannot trace here: $(tail -n 1 traced)"
    [ "$(grep -c '^begins matrix$' traced)" = 5 ] || fail "$(cat traced)"
    [ "$(grep -c '^ends$' traced)" = 5 ]
}
