#!/usr/bin/env bats
# README.md shows real output: its program is compiled, its commands are run, and what they print must be what
# stands there (tools/replay.sh).
load helpers

# The program of the first ten minutes.
readme_program() {
    awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$TEST_ROOT/README.md"
}

# Resident memory is the kernel's business.
normalise() {
    sed -E -e '/^memory: /d'
}

@test "the first ten minutes of the README print what it says" {
    need_room 'births share epochs after a few dozen iterations'
    "$TEST_ROOT/tools/replay.sh" "$BUILD" "$PWD" README.md >actual.raw
    [ "$(grep -c '^BEFORE ' actual.raw)" = 1 ]
    normalise <"$TEST_ROOT/README.md" >expected
    normalise <actual.raw >actual
    diff expected actual
}

@test "the README's path leads from the outer signal along its subscribers to what is left" {
    local path
    path=$(sed -n '/^  the_world /,/^$/p' "$TEST_ROOT/README.md" | sed -n 's/^ *\(\.[a-z_.]*\) -> .*/\1/p' | paste -sd ' ')
    [ "$path" = '.outer .environment .node .subscribers .next_consumer .next_consumer .consumer .producer.subscribers .consumer' ] ||
        fail "$path"
}

@test "the README's program does the same without us" {
    readme_program >bench.c
    cc -g -I "$TEST_ROOT/include" bench.c -o bench
    ./bench >out 2>&1
    [ ! -s out ]
    [ -z "$(find . -name '*.snap')" ]
}

@test "LD_PRELOAD=liballocscope.so ./bench records as the README says" {
    need_room 'one more message, that epochs are used up'
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
