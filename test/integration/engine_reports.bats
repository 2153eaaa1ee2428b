#!/usr/bin/env bats
# docs/*.md and examples/reports/*.md show real output: their commands run again (tools/replay.sh), and what they print must
# be what stands there. `make reports` stores it.
load helpers

# same_again DOCUMENT...: each in a folder of its own.
same_again() {
    local document
    for document in "$@"; do
        mkdir folder
        "$TEST_ROOT/tools/replay.sh" "$BUILD" "$PWD/folder" "$document" >actual || return 1
        [ "$(grep -c '^\$ ' actual)" -gt 5 ] || fail "$document: no commands" || return 1
        diff "$TEST_ROOT/$document" actual || fail "$document is not what its commands print" || return 1
        rm -rf folder
    done
}

@test "the reports on the engines are what their commands print" {
    need_room 'births share epochs, and the output says so'
    cd "$TEST_ROOT" || return 1
    set -- examples/reports/*.md
    cd "$BATS_TEST_TMPDIR" || return 1
    [ $# = 6 ]
    same_again "$@"
}

@test "the answers of docs/seeds.md are what its commands print" {
    need_room 'births share epochs, and the output says so'
    same_again docs/seeds.md
}

@test "and each report says that something was found, and that something was mended" {
    local document
    for document in "$TEST_ROOT"/examples/reports/*.md; do
        grep -q '^exit 1$' "$document" || fail "$document: no finding" || return 1
        grep -q '^exit 0$' "$document" || fail "$document: nothing passes" || return 1
    done
}
