#!/usr/bin/env bats
# README.md shows real output: its program is compiled, its commands are run, and what they print must be what
# stands there. Process numbers and the line on resident memory differ from run to run and are left out.
load helpers

# The program of the first ten minutes.
readme_program() {
    awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$TEST_ROOT/README.md"
}

# readme_console N: the N-th block of commands and output.
readme_console() {
    awk -v wanted="$1" '/^```console$/ { n++; on = 1; next } /^```/ { on = 0 } on && n == wanted' "$TEST_ROOT/README.md"
}

normalise() {
    sed -E -e 's/\(pid [0-9]+\)/(pid N)/g' -e '/^memory: /d' -e 's/[ \t]+$//'
}

# Run the commands of a block as a user would who has installed us; print them with what they print.
replay() {
    local line
    while IFS= read -r line; do
        case $line in
        '$ '*)
            printf '%s\n' "$line"
            PATH=$BUILD:$PATH C_INCLUDE_PATH=$TEST_ROOT/include sh -c "${line#??}" 2>&1 || true
            ;;
        esac
    done
}

@test "the first ten minutes of the README print what it says" {
    local block
    unset ALLOCSCOPE_OUTPUT
    readme_program >bench.c
    for block in 1 2 3; do
        readme_console $block >expected.raw
        [ -s expected.raw ]
        normalise <expected.raw >expected
        replay <expected.raw | normalise >actual
        diff expected actual
    done
}

@test "the README's program does the same without us" {
    readme_program >bench.c
    cc -g -I "$TEST_ROOT/include" bench.c -o bench
    ./bench >out 2>&1
    [ ! -s out ]
    [ -z "$(find . -name '*.snap')" ]
}

@test "LD_PRELOAD=liballocscope.so ./bench records as the README says" {
    unset ALLOCSCOPE_OUTPUT
    readme_program >bench.c
    cc -g -I "$TEST_ROOT/include" bench.c -o bench
    LD_LIBRARY_PATH=$BUILD LD_PRELOAD=liballocscope.so ./bench >out 2>messages
    [ ! -s out ]
    [ "$(wc -l <messages)" = 1 ]
    grep -q '^allocscope: ' messages
    set -- allocscope.bench.*.snap
    [ $# = 1 ]
    [ -f "$1" ]
    "$TOOL" verify "$1"
}
