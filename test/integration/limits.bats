#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031 # helpers.bash sets status; a test is a subshell
# Every rule of `allocscope check`, at its limit and one below it: exit code and sentence, word for word. Then what real
# programs do and no gate should call growth, one habit at a time (test/programs/habits.c), and the small leak that
# each must still show. HABIT_RUNS=50 runs the limits and each habit that often: make gates-50.
load helpers

RUNS=${HABIT_RUNS:-1}

# survivors ARGUMENT...: x.snap of such a run.
survivors() {
    rm -f x.snap
    options snapshot_at=every=1000000 quiet=1
    record survivors "$@"
    [ "$status" = 0 ] || fail "survivors: $(cat messages)"
}

# verdict STATUS SENTENCE ARGUMENT...: that exit code, and that line below the one of the file; of FAIL lines all.
verdict() {
    local expected=$1 sentence=$2 status=0 said
    shift 2
    "$TOOL" check --frames 0 "$@" x.snap >text 2>errors || status=$?
    said=$(sed 1d text | sed -n '/^ok\|^FAIL/p')
    [ "$status" = "$expected" ] || fail "check $*: exit $status, not $expected: $(cat text errors)" || return 1
    [ "$said" = "$sentence" ] || fail "check $*: '$said', not '$sentence'"
}

# edge NAME LIMIT ACTUAL BELOW WHERE: passes with a limit of ACTUAL and fails with BELOW, by an option, by a budget for
# all and, where a site can have that limit, by one of a site. ACTUAL and BELOW as the tool words them.
edge() {
    local name=$1 limit=$2 actual=$3 below=$4 where=$5 unit number json
    number=${limit%blocks}
    unit=${limit#"$number"}
    verdict 0 "ok: $name $actual" "--$name" "$limit" || return 1
    verdict 1 "FAIL $name: $actual, limit $below$where" "--$name" "$((number - 1))$unit" || return 1
    for json in '{"version": 1, "limits": {"%s": "%s"}}' '{"version": 1, "sites": [{"site": ".", "%s": "%s"}]}'; do
        local of=''
        if [[ $json == *sites* ]]; then
            [[ $name == *-allocs-* || $name == *-bytes-* ]] && continue
            of=" of sites '.'"
        fi
        # shellcheck disable=SC2059 # the format is one of the two above
        printf "$json" "$name" "$limit" >budget.json
        verdict 0 "ok: $name$of $actual" --budget budget.json || return 1
        # shellcheck disable=SC2059
        printf "$json" "$name" "$((number - 1))$unit" >budget.json
        verdict 1 "FAIL $name$of: $actual, limit $below$where" --budget budget.json || return 1
    done
}

# 18 blocks of 16 bytes stay, 3 of 24 are lost in the 6th, 12th and 18th of 20 iterations, of which 2 are warm-up.
@test "each limit, by option and by budget, holds at its number and breaks one below, and says so" {
    local run
    for run in $(seq "$RUNS"); do
        survivors 20 first=1 lost=6 churn=5
        edge max-retained 360 '360 B' '359 B' ''
        edge max-retained 21blocks '21 blocks' '20 blocks' ''
        edge max-per-iteration 40 '40 B' '39 B' ' in iteration 6 of work'
        edge max-per-iteration 2blocks '2 blocks' '1 block' ' in iteration 6 of work'
        edge max-allocs-per-iteration 7 '7 allocations' '6 allocations' ' in iteration 6 of work'
        edge max-bytes-per-iteration 540 '540 B' '539 B' ' in iteration 6 of work'
        edge max-leaked 72 '72 B' '71 B' ''
        edge max-leaked 3blocks '3 blocks' '2 blocks' ''
    done
}

@test "a limit of zero holds when nothing stays, and one block breaks it" {
    survivors 20 churn=5
    verdict 0 'ok: max-retained 0 B, max-per-iteration 0 B, no-growth, max-leaked 0 B' \
        --max-retained 0 --max-per-iteration 0 --max-leaked 0 --no-growth
    survivors 20 lost=20
    verdict 1 'FAIL max-retained: 1 block, limit 0 blocks' --max-retained 0blocks
    verdict 1 'FAIL max-per-iteration: 1 block, limit 0 blocks in iteration 20 of work' --max-per-iteration 0blocks
    verdict 1 'FAIL max-leaked: 1 block, limit 0 blocks' --max-leaked 0blocks
    verdict 0 'ok: no-growth' --no-growth
}

# 98 counted iterations: each of the seven stretches has 14.
@test "growth is a block in each seventh of the run: every 14th iteration is enough, every 15th leaves one out" {
    local grows='FAIL no-growth: 1 row grows with every stretch of the iterations'
    survivors 100 first=14
    verdict 1 "$grows" --no-growth
    survivors 100 first=15
    verdict 0 'ok: no-growth' --no-growth
    printf '{"version": 1, "limits": {"no-growth": true}}' >budget.json
    verdict 0 'ok: no-growth' --budget budget.json
    survivors 16 first=1
    verdict 1 "$grows" --no-growth
    verdict 1 "$grows" --budget budget.json
    printf '{"version": 1, "limits": {"no-growth": false}, "sites": [{"site": "second", "no-growth": true}]}' >budget.json
    verdict 0 "ok: no-growth of sites 'second'" --budget budget.json
    survivors 15 first=1
    verdict 2 '' --no-growth
    grep -qx "allocscope: x.snap: fewer than 14 counted iterations: growth can't be judged; a check that cannot see does not pass" errors ||
        fail "$(cat errors)"
}

@test "a baseline's tolerance holds at its percent and breaks one below, for survivors and for churn" {
    local limits='ok: max-allocs-per-iteration %s allocations, max-bytes-per-iteration %s B, no more than in base.json%s'
    survivors 20 first=2 churn=8
    "$TOOL" baseline x.snap -o base.json
    # shellcheck disable=SC2059 # the format is the sentence
    verdict 0 "$(printf "$limits" 9 816 '')" --baseline base.json
    survivors 20 first=1
    # shellcheck disable=SC2059
    verdict 0 "$(printf "$limits" 18 1,632 ' (tolerance 100 %)' | sed 's/1,632 B/1.6 KiB/')" --baseline base.json --tolerance 100%
    verdict 1 'FAIL baseline: 1 stack retains more than in base.json (tolerance 99 %)' --baseline base.json --tolerance 99%
    survivors 20 first=2 churn=9
    # 9 allocations become 10, 816 bytes 916: 11.1 and 12.3 % more
    # shellcheck disable=SC2059
    verdict 0 "$(printf "$limits" 10 922 ' (tolerance 13 %)')" --baseline base.json --tolerance 13
    verdict 1 'FAIL max-bytes-per-iteration: 916 B, limit 913 B in iteration 4 of work' --baseline base.json --tolerance 12
    verdict 1 'FAIL max-allocs-per-iteration: 10 allocations, limit 9 allocations in iteration 4 of work
FAIL max-bytes-per-iteration: 916 B, limit 905 B in iteration 4 of work' --baseline base.json --tolerance 11
}

# habits STATUS ITERATIONS WORD...: judged by --no-growth, RUNS times.
habits() {
    local expected=$1 run status
    shift
    options snapshot_at=every=1000000 quiet=1 graph=0
    for run in $(seq "$RUNS"); do
        rm -f x.snap
        record habits "$@"
        [ "$status" = 0 ] || fail "habits $*: $(cat messages)" || return 1
        status=0
        "$TOOL" check --frames 0 --no-growth x.snap >text 2>errors || status=$?
        [ "$status" = "$expected" ] || fail "habits $*, run $run: exit $status: $(cat text errors)" || return 1
        [ "$expected" = 0 ] || [ "$(grep -cE ' linear ' text)" = 1 ] || fail "habits $*: $(cat text)" || return 1
        [ "$expected" = 0 ] || grep -qE '^ +20 +320 B .* linear .* leak \(habits\.c' text || fail "habits $*: $(cat text)" || return 1
    done
}

HABITS='lazy realloc copy cache printf getline fopen threads'

@test "tables made when needed, doubling, a full cache, stdio and threads that free for each other are no growth" {
    local habit iterations
    need_room "series are lost"
    for habit in $HABITS; do
        for iterations in 100 300 2000; do
            habits 0 "$iterations" "$habit" || return 1
        done
    done
    # shellcheck disable=SC2086 # words
    habits 0 300 $HABITS
}

@test "a block of 16 bytes in every hundredth of 2,000 iterations is growth, beside each of them and all" {
    local habit
    need_room "series are lost"
    for habit in $HABITS; do
        habits 1 2000 "$habit" leak=100 || return 1
    done
    # shellcheck disable=SC2086 # words
    habits 1 2000 $HABITS leak=100
}
