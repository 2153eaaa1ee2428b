#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Options and output: every mistake is one warning, no file is overwritten, the host never suffers.
load helpers

@test "with no setting at all a snapshot lies in the working directory and one line tells of it" {
    unset ALLOCSCOPE_OUTPUT
    record malloc_and_free
    [ "$status" = 0 ]
    file=$(echo allocscope.malloc_and_free.*.snap)
    books_balance "$file"
    [ "$(wc -l <messages)" = 1 ]
    grep -q "^allocscope: .*$file" messages
    grep -q 'allocscope \(report\|diff\|info\)' messages
}

@test "the file is readable by its owner only, and no temporary file stays" {
    record malloc_and_free
    [ "$(stat -c %a x.snap)" = 600 ]
    [ "$(files ./*.tmp* .??*)" = 0 ]
}

@test "an empty list of moments takes no snapshot" {
    options snapshot_at=
    record malloc_and_free
    [ "$status" = 0 ]
    [ "$(files ./*.snap)" = 0 ]
    [ ! -s messages ]
}

@test "an unknown key is one warning that names it and the nearest key" {
    options max_frame=10
    clean_run malloc_and_free
    [ "$(grep -c '^allocscope: .*max_frame\b' messages)" = 1 ]
    grep -q 'max_frame\b.*max_frames' messages
}

@test "a bad value is one warning that names key and value; the default holds" {
    options max_frames=many warmup=-1 scope=galaxy snapshot_at=sometimes
    clean_run malloc_and_free
    grep -q '^allocscope: .*many' messages
    grep -q '^allocscope: .*-1' messages
    grep -q '^allocscope: .*galaxy' messages
    grep -q '^allocscope: .*sometimes' messages
    expect_live "$snapshot" keep 3 60
}

@test "garbage in ALLOCSCOPE_OPTIONS never ends the program" {
    for garbage in ':' '::::' '=' '=:=' 'a' 'a=' '=b' 'snapshot_at=' 'snapshot_at=,,,' 'every=0' 'snapshot_at=every=0' \
        'max_frames=99999999999999999999999' "$(printf 'x%.0s' {1..5000})" $'\x01\xff'; do
        rm -f x.snap
        ALLOCSCOPE_OPTIONS=$garbage record malloc_and_free
        [ "$status" = 0 ]
        [ "$(cat out)" = "done" ]
    done
}

@test "quiet=1 says nothing when all is well" {
    options quiet=1
    clean_run malloc_and_free
    [ ! -s messages ]
}

@test "enabled=0 records nothing and writes nothing" {
    options enabled=0
    same_as_plain malloc_and_free
    [ "$(files ./*.snap)" = 0 ]
}

@test "the pattern expands %e %p %h %t %n %i and %%" {
    export ALLOCSCOPE_OUTPUT=$PWD/'a%e-%p-%h-%t-%n-%i-%%.snap'
    record malloc_and_free
    file=$(echo a*.snap)
    [[ $file =~ ^amalloc_and_free-[0-9]+-"$(uname -n)"-[0-9]{6,}[^-]*-[0-9]+-[0-9]+-%\.snap$ ]] || fail "$file"
    books_balance "$file"
    pid=$(cut -d- -f2 <<<"$file")
    [ "$(info "$file" .pid)" = "$pid" ]
}

@test "a file that exists is never overwritten: .1, .2 before .snap" {
    for _ in 1 2 3; do
        record malloc_and_free
    done
    [ "$(files x.snap x.1.snap x.2.snap)" = 3 ]
    [ "$(files ./*.snap)" = 3 ]
    echo 'not mine' >y.snap
    ALLOCSCOPE_OUTPUT=$PWD/y.snap record malloc_and_free
    [ "$(cat y.snap)" = 'not mine' ]
    books_balance y.1.snap
}

@test "force=1 replaces the file" {
    options force=1
    echo 'old' >x.snap
    record malloc_and_free
    record malloc_and_free
    [ "$(files ./*.snap)" = 1 ]
    books_balance x.snap
}

@test "directory= says where files go" {
    mkdir there
    options directory="$PWD/there"
    ALLOCSCOPE_OUTPUT=%e.snap record malloc_and_free
    books_balance there/malloc_and_free.snap
}

@test "a folder that cannot be written is one message, the host is unharmed" {
    ALLOCSCOPE_OUTPUT=/nonexistent/folder/x.snap record malloc_and_free
    [ "$status" = 0 ]
    [ "$(cat out)" = "done" ]
    [ "$(grep -c '^allocscope: .*/nonexistent/folder' messages)" = 1 ]
}

@test "a recorded program sees its own environment and arguments" {
    export ALLOCSCOPE_OPTIONS=quiet=1
    record env
    grep -v '^_=\|^ALLOCSCOPE_\|^LD_PRELOAD=' out | sort >recorded.environment
    env | grep -v '^_=\|^ALLOCSCOPE_\|^LD_PRELOAD=' | sort >own.environment
    cmp own.environment recorded.environment
}
