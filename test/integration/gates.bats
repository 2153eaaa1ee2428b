#!/usr/bin/env bats
# `allocscope check` and `run --check`: each rule on both sides of its limit, budgets, baselines, suppressions, and the
# forms that CI systems read. The programs are test/programs/survivors.c with other arguments.
load helpers

# survivors ARGUMENT...: x.snap of such a run.
survivors() {
    rm -f x.snap
    ALLOCSCOPE_OPTIONS=snapshot_at=every=1000000:quiet=1 record survivors "$@"
    [ "$status" = 0 ] || fail "survivors: $(cat messages)"
}

# judged STATUS ARGUMENT...: that exit code of `check` on x.snap; the output in text, messages in errors.
judged() {
    local expected=$1 status=0
    shift
    "$TOOL" check --frames 0 "$@" x.snap >text 2>errors || status=$?
    [ "$status" = "$expected" ] || fail "check $*: exit $status, not $expected: $(cat text errors)"
}

# says TEXT...: each is in the output, as it stands.
says() {
    local line
    for line in "$@"; do
        grep -qF -- "$line" text || fail "not said: $line: $(cat text)" || return 1
    done
}

# 20 iterations, two of them warm-up: 18 blocks of 16 bytes are retained, 3 lost ones of 24 from the 6th, 12th, 18th.
@test "each rule passes at its limit and fails just below it" {
    survivors 20 first=1 lost=6 churn=5
    for rule in 'max-retained 360' 'max-retained 21blocks' 'max-per-iteration 40' 'max-per-iteration 2blocks' \
        'max-allocs-per-iteration 7' 'max-bytes-per-iteration 540' 'max-leaked 72' 'max-leaked 3blocks'; do
        name=${rule% *} limit=${rule#* }
        number=${limit%blocks} unit=${limit#"$number"}
        judged 0 "--$name" "$limit"
        says "ok: $name"
        judged 1 "--$name" "$((number - 1))$unit"
        says "FAIL $name: "
    done
    judged 1 --no-growth
    says 'FAIL no-growth: 1 row grows'
    judged 0 --max-retained 360 --max-leaked 3blocks --error-exitcode 9
    judged 9 --max-retained 359 --error-exitcode 9
}

@test "what real programs do is not growth; one block of 16 bytes in every hundredth iteration is" {
    survivors 2000 innocent churn=3
    judged 0 --no-growth
    survivors 2000 innocent churn=3 first=100
    judged 1 --no-growth --top 1
    says 'FAIL no-growth: 1 row grows' 'first (survivors.c:'
}

@test "fifty runs of each, and never another verdict" {
    for i in $(seq 50); do
        survivors 300 innocent churn="$i"
        judged 0 --no-growth
        survivors 300 innocent second=7 churn="$i"
        judged 1 --no-growth
    done
}

@test "suppressions: LeakSanitizer's syntax, what was left out, and what is of no use" {
    survivors 20 first=1 second=2
    judged 1 --max-retained 0
    says 'FAIL max-retained: 432 B'
    printf '%s\n' '# mine' '' 'leak:^first$' 'leak:nowhere' 'race:another tool' >one
    printf 'leak:surviv*rs.c\n' >two
    judged 1 --max-retained 0 --suppressions one
    says 'FAIL max-retained: 144 B' 'suppressed: 18 blocks, 288 B' '18 blocks, 288 B  leak:^first$ (one:3)' \
        'unused: leak:nowhere (one:4)'
    judged 0 --max-retained 0 --suppressions one --suppressions two
    says 'suppressed: 27 blocks, 432 B' '9 blocks, 144 B  leak:surviv*rs.c (two:1)'
    judged 0 --no-growth --suppressions two --json
    jq -e '.ok and .suppressions == [{"pattern": "surviv*rs.c", "origin": "two", "line": 1, "blocks": 27, "bytes": 432}]' text
    printf 'leak first\n' >bad
    judged 2 --max-retained 0 --suppressions bad
    grep -q 'bad: line 1 is not leak:PATTERN' errors
    judged 2 --max-retained 0 --suppressions missing
    grep -q 'missing: No such file' errors
}

@test "what the program itself suppresses is left out, and said" {
    survivors 20 meant
    judged 0 --max-retained 0
    says 'suppressed: 18 blocks, 144 B' 'leak:^meant_to_stay$ (the program)'
    judged 1 --max-retained 0 --no-default-suppressions
    says 'FAIL max-retained: 144 B'
    [ "$(info x.snap '.sections[] | select(.name == "suppressions") | .rows')" = 41 ]
}

@test "buffers of stdio and other blocks that libraries keep are no leaks" {
    survivors 20 innocent
    ALLOCSCOPE_OPTIONS=graph=1 judged 0 --max-leaked 0
}

@test "budgets: a site by its own limits, the rest by the general ones" {
    survivors 20 first=1 second=2
    budget() {
        printf '%s' "$1" >budget.json
    }
    budget '{"version": 1, "limits": {"max-retained": 144}, "sites": [{"site": "^first$", "max-retained": 288}]}'
    judged 0 --budget budget.json
    says 'max-retained 144 B' "max-retained of sites '^first\$' 288 B"
    budget '{"version": 1, "limits": {"max-retained": 143}, "sites": [{"site": "^first$", "max-retained": "17blocks"}]}'
    judged 1 --budget budget.json
    says 'FAIL max-retained: 144 B, limit 143 B' "FAIL max-retained of sites '^first\$': 18 blocks, limit 17 blocks"
    # the command line wins, in either unit
    budget '{"version": 1, "limits": {"max-retained": 0}}'
    judged 0 --budget budget.json --max-retained 27blocks
    budget '{"version": 1, "sites": [{"site": "survivors.c", "max-per-iteration": "2blocks", "no-growth": true}]}'
    judged 1 --budget budget.json
    says "FAIL no-growth of sites 'survivors.c': 2 rows grow"
    judged 1 --budget budget.json --json
    jq -e '[.findings[] | [.rule, .site, .actual]] == [["no-growth", "survivors.c", 2]]' text
}

@test "budgets that cannot be meant are refused with a sentence" {
    survivors 20 first=1
    while IFS='|' read -r text sentence; do
        printf '%s' "$text" >budget.json
        judged 2 --budget budget.json
        grep -qF "$sentence" errors || fail "$text: $(cat errors)" || return 1
    done <<'END'
{"limits": {}}|"version" is not 1
[1]|not a JSON object
{"version": 1, "limit": {}}|"limit" is not known
{"version": 1, "limits": {"max-retain": 1}}|"max-retain" is no limit
{"version": 1, "limits": {"max-retained": "1X"}}|"max-retained" is not bytes as N
{"version": 1, "limits": {"no-growth": 1}}|"no-growth" is neither true nor false
{"version": 1, "sites": [{"max-retained": 1}]}|has no text "site"
{"version": 1, "sites": [{"site": "f"}]}|the site "f" has no limit
{"version": 1, "sites": [{"site": "f", "max-allocs-per-iteration": 1}]}|is counted for the whole process
{"version": 1,|line 1
END
    judged 2 --budget missing.json
}

@test "baselines: new survivors fail, fixed ones are told, other builds and lengths can be compared" {
    survivors 20 first=1 second=2
    "$TOOL" baseline x.snap -o base.json
    jq -e '.program == "survivors"' base.json
    jq -e '.counted_iterations == 18 and [.retained[] | [(.stack | split(";")[0]), .blocks, .bytes]]
        == [["first", 18, 288], ["second", 9, 144]]' base.json
    [ "$(grep -cE '0x|survivors\.c|:[0-9]+\)' base.json)" = 0 ]
    judged 0 --baseline base.json
    says 'ok: ' 'no more than in base.json'
    # twice as long, the same rates
    survivors 38 first=1 second=2
    judged 0 --baseline base.json
    survivors 20 first=1 second=1
    judged 1 --baseline base.json
    says 'FAIL baseline: 1 stack retains more than in base.json'
    judged 1 --baseline base.json --json
    jq -e '.findings[] | select(.rule == "baseline") | .rows | length == 1 and (.[0]
        | .function == "second" and .blocks == 18 and .baseline_blocks == 9 and .baseline_bytes == 144)' text
    judged 0 --baseline base.json --tolerance 100%
    judged 1 --baseline base.json --tolerance 99
    survivors 20 second=2
    judged 0 --baseline base.json
    says 'fixed: 1 stack of the baseline retains nothing any more' '18 blocks, 288 B  first;work;main'
    judged 0 --baseline base.json --json
    jq -e '[.fixed[] | [.blocks, .bytes]] == [[18, 288]]' text
}

@test "baselines: churn counts too, another build is compared by functions, --update renews" {
    survivors 20 second=2 churn=5
    judged 0 --baseline base.json --update
    jq -e '.max_allocs_per_iteration == 6 and .max_bytes_per_iteration == 516' base.json
    survivors 20 second=2 churn=6
    judged 1 --baseline base.json
    says 'FAIL max-allocs-per-iteration: 7 allocations, limit 6 allocations'
    judged 0 --baseline base.json --tolerance 20
    judged 0 --baseline base.json --update
    judged 0 --baseline base.json
    # other addresses and lines
    mkdir other
    { echo && echo && cat "$TEST_ROOT/test/programs/survivors.c"; } >other/survivors.c
    "${CC:-cc}" -O0 -g -D_GNU_SOURCE -I"$TEST_ROOT/include" -I"$TEST_ROOT/test/programs" -rdynamic -o other/survivors other/survivors.c
    rm x.snap
    ALLOCSCOPE_OPTIONS=snapshot_at=every=1000000 record "$PWD/other/survivors" 20 second=2 churn=6
    judged 0 --baseline base.json
    judged 2 --max-retained 0 --tolerance 5
    judged 2 --baseline missing.json
    printf '{"version": 1, "what": "something else"}' >wrong.json
    judged 2 --baseline wrong.json
    grep -q 'not a baseline' errors
    rm x.snap
    ALLOCSCOPE_OPTIONS=quiet=1 record malloc_and_free
    status=0
    "$TOOL" baseline x.snap 2>errors || status=$?
    [ "$status" = 2 ]
    grep -q 'no iterations recorded; a baseline that cannot see is none' errors
}

@test "JUnit XML: a case for each limit, with what was found" {
    need python3
    survivors 20 first=1 second=2
    printf '{"version": 1, "sites": [{"site": "^sec*<&\\">", "max-retained": 0}]}' >budget.json
    judged 1 --format junit --budget budget.json --max-retained 0 --max-leaked 0
    python3 - <<'END'
import xml.etree.ElementTree as tree
suite = tree.parse("text").getroot().find("testsuite")
assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "0"), suite.attrib
cases = {case.get("name"): case for case in suite}
assert list(cases) == ["max-retained", "max-leaked", "max-retained of sites '^sec*<&\">'"], list(cases)
assert all(case.get("classname") == "allocscope.survivors" for case in suite)
failure = cases["max-retained"].find("failure")
assert failure.get("message") == "max-retained: 432 B, limit 0 B", failure.attrib
assert "first (survivors.c:" in failure.text and "second (survivors.c:" in failure.text
assert len(cases["max-leaked"]) == 0
END
    survivors 10 first=1
    judged 2 --format junit --no-growth
    python3 - <<'END'
import xml.etree.ElementTree as tree
suite = tree.parse("text").getroot().find("testsuite")
assert suite.get("errors") == "1"
assert "fewer than 14 counted iterations" in suite.find("testcase/error").get("message")
END
}

@test "annotations of GitHub Actions: one for each row, at its line" {
    survivors 20 first=1 second=2
    judged 1 --format github --max-retained 0
    [ "$(wc -l <text)" = 2 ]
    grep -qE '^::error file=[^,]*survivors\.c,line=[0-9]+,title=allocscope max-retained::max-retained: 432 B, limit 0 B%0A' text
    sed -n 2p text | grep -qE '^::error file=[^,]*survivors\.c,line=[0-9]+,title=allocscope max-retained::second \(survivors\.c:[0-9]+\)'
    judged 0 --format github --max-retained 432
    [ ! -s text ]
}

@test "run --check does all of it in one step" {
    run_checked() {
        local expected=$1 status=0
        shift
        "$TOOL" run -q --snapshot-at last -o y.snap -f "$@" >text 2>&1 || status=$?
        [ "$status" = "$expected" ] || fail "run $*: exit $status: $(cat text)"
    }
    run_checked 1 --max-retained 0 -- "$PROGRAMS/survivors" 20 first=1
    says 'FAIL max-retained: 288 B'
    printf 'leak:^first$\n' >mine
    run_checked 0 --max-retained 0 --suppressions mine -- "$PROGRAMS/survivors" 20 first=1
    printf '{"version": 1, "sites": [{"site": "^first$", "max-retained": 287}]}' >budget.json
    run_checked 1 --budget budget.json -- "$PROGRAMS/survivors" 20 first=1
    "$TOOL" baseline y.last.snap -o base.json
    run_checked 0 --check --baseline base.json -- "$PROGRAMS/survivors" 20 first=1
    run_checked 1 --check --baseline base.json -- "$PROGRAMS/survivors" 20 first=1 second=1
}
