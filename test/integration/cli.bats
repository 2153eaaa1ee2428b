#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets status; a test is a subshell; jq filters
# The command line as its users see it: what each command prints over fixed snapshots (test/golden/*.txt holds
# stdout, stderr and exit code), the promised JSON keys, and a clear word for every wrong use.
# `make golden-update` writes the expected texts again.
load helpers

GOLDEN=$TEST_ROOT/test/golden

setup_file() {
    local build=${BUILD:-build/release}
    mkdir -p "$BATS_FILE_TMPDIR/snapshots"
    case $build in /*) ;; *) build=$BATS_TEST_DIRNAME/../../$build ;; esac
    "$build/test/golden/make_fixtures" "$BATS_FILE_TMPDIR/snapshots"
}

fixtures() {
    cp "$BATS_FILE_TMPDIR/snapshots/"*.snap .
    unset ALLOCSCOPE_OUTPUT
}

# run_tool ARGUMENT...: out, messages, $status.
run_tool() {
    status=0
    timeout "$LIMIT" "$TOOL" "$@" >out 2>messages || status=$?
}

# has_not PATTERN FILE
has_not() {
    if grep -q "$1" "$2"; then
        fail "$2 has '$1'"
    fi
}

# golden NAME ARGUMENT...: stdout, stderr and exit code are those of test/golden/NAME.txt.
golden() {
    local name=$1
    shift
    fixtures
    run_tool "$@"
    {
        cat out
        echo "--- stderr"
        cat messages
        echo "--- exit $status"
    } >seen.txt
    if [ -n "${GOLDEN_UPDATE:-}" ]; then
        cp seen.txt "$GOLDEN/$name.txt"
    fi
    diff -u "$GOLDEN/$name.txt" seen.txt
}

# refuses CODE PATTERN ARGUMENT...: nothing on stdout, one clear message, the exit code.
refuses() {
    local code=$1 pattern=$2
    shift 2
    fixtures
    run_tool "$@"
    [ "$status" = "$code" ] || fail "exit $status, expected $code: $(cat messages)" || return 1
    [ ! -s out ] || fail "stdout is not empty: $(cat out)" || return 1
    grep -q "^allocscope: .*$pattern" messages || fail "no message '$pattern': $(cat messages)"
}

# json ARGUMENT...: exit 0 or 1, one JSON document in out.
json() {
    fixtures
    run_tool "$@" --json
    [ "$status" -le 1 ] || fail "exit $status: $(cat messages)" || return 1
    jq -e . out >/dev/null || fail "no JSON: $(head -c 500 out)"
}

# keys FILTER KEY...: the object has all these keys.
keys() {
    local filter=$1 key
    shift
    for key in "$@"; do
        jq -e "$filter | has(\"$key\")" out >/dev/null || fail "$filter has no key $key" || return 1
    done
}

row_keys=(key function file line module type blocks bytes died_blocks died_bytes blocks_per_iteration
    bytes_per_iteration shape verdict stack held_by leaked_blocks leaked_bytes grown_bytes)
file_keys=(path pid program generation blocks bytes time)

# --- what is printed ---

@test "diff shows what the iterations leave, per site, with the growth shape" {
    golden diff_steady diff steady.first.snap steady.last.snap
}

@test "diff says 0 blocks retained when only churn happened" {
    golden diff_clean diff clean.first.snap clean.last.snap
    grep -qx "0 blocks retained" out
}

@test "diff --retained leaves out what was born outside of counted iterations" {
    golden diff_retained diff --retained plain.snap steady.last.snap
}

@test "diff by stack, module, thread, type and birth" {
    golden diff_by_stack diff --by stack steady.first.snap steady.last.snap
    golden diff_by_module diff --by module steady.first.snap steady.last.snap
    golden diff_by_thread diff --by thread --frames 0 steady.first.snap steady.last.snap
    golden diff_by_type diff --by type steady.first.snap steady.last.snap
    golden diff_by_born diff --by born --top 5 steady.first.snap steady.last.snap
}

@test "diff of two runs says that identity is off" {
    golden diff_other_run diff steady.first.snap other.snap
    grep -q "^Two different runs" out
}

@test "report shows totals, rows and who calls them" {
    golden report_steady report steady.last.snap
}

@test "report without iterations shows no columns about them" {
    golden report_plain report plain.snap
}

@test "report by type, thread and birth; wrappers are skipped; ignored blocks are apart" {
    golden report_kinds report kinds.snap
    golden report_by_type report --by type kinds.snap
    golden report_by_thread report --by thread kinds.snap
    golden report_by_born report --by born kinds.snap
    golden report_all_frames report --show-all-frames kinds.snap
    golden report_skip report --skip 'ma*e' --frames 1 kinds.snap
}

@test "report --sort orders by what it says" {
    golden report_sort_allocs report --sort allocs --top 2 --frames 0 steady.last.snap
    golden report_sort_temporary report --sort temporary --top 2 --frames 0 steady.last.snap
    golden report_sort_retained report --sort retained --top 2 --frames 0 steady.last.snap
    golden report_sort_peak report --sort peak --top 2 --frames 0 steady.last.snap
}

@test "report --tree from main down and from the sites up" {
    golden report_tree report --tree steady.last.snap
    golden report_tree_callers report --tree=callers steady.last.snap
    golden report_tree_allocs report --tree --sort allocs steady.last.snap
}

@test "report tells losses in plain words" {
    golden report_lossy report --frames 0 lossy.snap
}

@test "numbers of sampled files are marked as estimates, with their 95 % interval" {
    golden sampled_diff diff sampled.first.snap sampled.last.snap
    golden sampled_report report sampled.last.snap
    golden sampled_tree report --tree sampled.last.snap
    golden sampled_iterations iterations --rows 3 sampled.last.snap
    golden sampled_info info sampled.last.snap
}

@test "a check of a sampled file fails, passes, or says that it cannot tell" {
    golden sampled_check_none check --max-retained 0 sampled.last.snap
    golden sampled_check_fails check --max-retained 100blocks sampled.last.snap
    golden sampled_check_open check --max-retained 40K sampled.last.snap
    golden sampled_check_accepted check --max-retained 40K --accept-estimates sampled.last.snap
    golden sampled_check_holds check --max-retained 1M sampled.last.snap
    golden sampled_check_growth check --no-growth sampled.last.snap
}

@test "a diff with an exact file says that one of them is sampled" {
    golden sampled_mixed diff --frames 0 other.snap sampled.last.snap
}

@test "names from a file cannot reach the terminal as control characters" {
    golden report_hostile report hostile.snap
    has_not "$(printf '\033')" out
    has_not "$(printf '\007')" out
}

@test "C++ names are short in text, whole with --full-names and in JSON" {
    golden report_cplusplus report cplusplus.snap
    golden report_full_names report --full-names cplusplus.snap
    golden report_tree_cplusplus report --tree cplusplus.snap
    json report cplusplus.snap
    expect_json '.rows[0].function | startswith("void std::vector<int, std::allocator<int> >::_M_realloc_insert")' out
}

@test "iterations shows a row per iteration and what survived" {
    golden iterations_steady iterations steady.last.snap
    golden iterations_rows iterations --rows 4 --top 1 steady.last.snap
    golden iterations_clean iterations --rows 3 clean.last.snap
    golden iterations_none iterations plain.snap
}

@test "check passes, finds, and does not pass what it cannot see" {
    golden check_ok check --max-retained 0blocks --max-per-iteration 0 --no-growth clean.last.snap
    golden check_retained check --max-retained 1K steady.last.snap
    golden check_per_iteration check --max-per-iteration 9blocks steady.last.snap
    golden check_growth check --no-growth --frames 0 steady.last.snap
    golden check_allocs check --max-allocs-per-iteration 999 --max-bytes-per-iteration 39K steady.last.snap
    golden check_two_files check --max-retained 0 steady.first.snap steady.last.snap
    golden check_no_iterations check --max-retained 0 plain.snap
    golden check_lossy check --max-retained 0 lossy.snap
    golden check_unknown_shape check --no-growth kinds.snap
}

@test "info shows header, losses, cost and sections" {
    golden info_steady info steady.last.snap
    golden info_lossy info lossy.snap
}

@test "verify names each broken rule and exits 3" {
    golden verify_ok verify steady.last.snap
    golden verify_books verify books.snap
    [ "$status" = 3 ]
}

@test "help lists every command and every option" {
    local command
    golden help --help
    for command in run diff report iterations retainers check snapshot info verify help; do
        golden "help_$command" "$command" --help
    done
}

# --- filters ---

@test "--focus, --hide, --module, --thread and --born leave out what they say" {
    fixtures
    json report --focus 'cache_put' steady.last.snap
    expect_json '[.rows[].function] == ["cache_put"]' out
    json report --hide 'run_once' steady.last.snap
    expect_json '[.rows[].function] == ["config_read"]' out
    json report --module 'libcache*' steady.last.snap
    expect_json '[.rows[].function] == ["cache_put"]' out
    json report --thread worker kinds.snap
    expect_json '[.rows[].function] == ["work"]' out
    json report --thread 1001 kinds.snap
    expect_json '[.rows[].function] == ["work"]' out
    json report --born 4..5 kinds.snap
    expect_json '[.rows[] | select(.blocks > 0) | .function] == ["make"]' out
    json report --min-bytes 1K steady.last.snap
    expect_json 'all(.rows[]; .inuse_space >= 1024)' out
    json report --top 1 steady.last.snap
    expect_json '.rows | length == 1' out
    json diff --focus 'log_append' steady.first.snap steady.last.snap
    expect_json '.totals.born_blocks == 0 and .totals.grown_bytes == 1600' out
}

# --- JSON ---

@test "diff --json has the promised keys and exact numbers" {
    json diff steady.first.snap steady.last.snap
    keys . version command before after totals iterations rows
    keys .before "${file_keys[@]}"
    keys .after "${file_keys[@]}"
    keys .totals born_blocks born_bytes died_blocks died_bytes kept_blocks kept_bytes retained_blocks retained_bytes
    keys .iterations counted between
    keys '.rows[0]' "${row_keys[@]}"
    expect_json '.version == 1 and .command == "diff" and .iterations == {counted: 100, between: 100}' out
    expect_json '.totals.born_blocks == 1000 and .totals.born_bytes == 48000 and .totals.grown_bytes == 1600' out
    expect_json '.totals.before_bytes + .totals.born_bytes - .totals.died_bytes + .totals.grown_bytes
        == .totals.after_bytes' out
    expect_json '.rows[0] | .function == "edge_new" and .line == 12 and .module == "bench" and .blocks == 1000
        and .bytes == 48000 and .blocks_per_iteration == 10 and .bytes_per_iteration == 480
        and .shape == "linear" and .verdict == null and .held_by == [] and .type == null
        and .stack == ["edge_new", "node_link", "computed_read", "run_once", "main"]' out
}

@test "diff names where a buffer that grows was last resized" {
    json diff steady.first.snap steady.last.snap
    expect_json '.rows[] | select(.function == "log_append") | .grown_bytes == 1600
        and .resized_in == ["log_grow", "log_append", "run_once", "main"]' out
    expect_json '.rows[] | select(.function == "edge_new") | .resized_in == []' out
}

@test "report --json has all keys of diff rows and its own" {
    json report steady.last.snap
    keys . version command file totals rows
    keys .file "${file_keys[@]}"
    keys '.rows[0]' "${row_keys[@]}" alloc_objects alloc_space inuse_objects inuse_space temporary_objects peak_space
    expect_json '.totals.allocs == 103012 and .totals.temporary == 102000 and .totals.retained_blocks == 1000' out
    expect_json '[.rows[].inuse_objects] | add == 1012' out
    expect_json '[.rows[].alloc_objects] | add == 103012' out
    expect_json '[.rows[].peak_space] | add == 65536' out
}

@test "report --tree --json nests children that add up" {
    json report --tree steady.last.snap
    expect_json '.bytes == ([.children[].bytes] | add) and .blocks == 1012' out
}

@test "iterations --json has the promised keys" {
    json iterations steady.last.snap
    keys . version benchmarks
    keys '.benchmarks[0]' name iterations sites
    keys '.benchmarks[0].iterations[0]' n phase allocs bytes frees freed_bytes retained_blocks retained_bytes \
        live_bytes peak_bytes ns
    keys '.benchmarks[0].sites[0]' function shape blocks_per_iteration survival
    expect_json '.benchmarks[0].iterations | length == 102 and .[0].phase == "warmup" and .[101].n == 102
        and .[101].phase == "counted" and .[101].retained_blocks == 10' out
    expect_json '.benchmarks[0].sites[0] | .function == "edge_new" and .shape == "linear"
        and .blocks_per_iteration == 10' out
    expect_json 'all(.benchmarks[0].sites[].survival[]; length == 3 and .[0] <= .[1])' out
}

@test "check --json and --format json say ok or give findings with rows" {
    json check --max-retained 100blocks steady.last.snap
    [ "$status" = 1 ]
    expect_json '.version == 1 and .command == "check" and .ok == false and (.findings | length == 1)
        and (.findings[0] | .rule == "max-retained" and .limit == 100 and .actual == 1000)' out
    keys '.findings[0].rows[0]' "${row_keys[@]}"
    run_tool check --format json --no-growth clean.last.snap
    [ "$status" = 0 ]
    expect_json '.ok == true and .findings == []' out
    run_tool check --format json --max-retained 0 plain.snap
    [ "$status" = 2 ]
    expect_json '.ok == false' out
}

@test "info --json says where the file is from and what was dropped" {
    json info lossy.snap
    keys . pid program arguments start_time host versions dropped sections
    expect_json '.dropped.blocks == 12 and .dropped.frames_cut == 3456 and .approximate == true' out
    json info steady.last.snap
    expect_json 'all(.dropped[]; . == 0)' out
}

@test "verify --json lists the findings" {
    fixtures
    run_tool verify --json books.snap
    [ "$status" = 3 ]
    expect_json '.ok == false and .finding_count == (.findings | length) and (.findings[0] | has("rule"))' out
}

@test "JSON stays valid with hostile names" {
    json report hostile.snap
    expect_json '.rows[0].function == "\u001b[31mred\u0007\"\\<T>" and .rows[0].stack[1] == "café"' out
    json report --tree hostile.snap
    json diff hostile.snap hostile.snap
}

# --- exit codes ---

@test "diff --exit-code is 1 when something stayed, 0 when not, and N with --error-exitcode N" {
    fixtures
    run_tool diff --exit-code steady.first.snap steady.last.snap
    [ "$status" = 1 ]
    run_tool diff --exit-code --error-exitcode 42 steady.first.snap steady.last.snap
    [ "$status" = 42 ]
    run_tool diff --exit-code clean.first.snap clean.last.snap
    [ "$status" = 0 ]
    run_tool diff steady.first.snap steady.last.snap
    [ "$status" = 0 ]
}

@test "check --error-exitcode replaces 1 and nothing else" {
    fixtures
    run_tool check --error-exitcode 42 --max-retained 0 steady.last.snap
    [ "$status" = 42 ]
    run_tool check --error-exitcode 42 --max-retained 0 plain.snap
    [ "$status" = 2 ]
    run_tool check --error-exitcode 42 --max-retained 0 missing.snap
    [ "$status" = 3 ]
}

@test "a limit is broken only above it" {
    fixtures
    run_tool check --max-retained 1000blocks --max-per-iteration 10blocks --max-allocs-per-iteration 1000 steady.last.snap
    [ "$status" = 0 ]
    run_tool check --max-retained 999blocks steady.last.snap
    [ "$status" = 1 ]
}

# --- wrong use ---

@test "a missing file is exit 3 in every reading command" {
    refuses 3 "missing.snap" diff plain.snap missing.snap
    refuses 3 "missing.snap" report missing.snap
    refuses 3 "missing.snap" iterations missing.snap
    refuses 3 "missing.snap" check --max-retained 0 missing.snap
    refuses 3 "missing.snap" info missing.snap
    refuses 3 "missing.snap" verify missing.snap
}

@test "a cut, changed or foreign file is exit 3 with a sentence" {
    fixtures
    head -c 2000 steady.last.snap >cut.snap
    refuses 3 "cut.snap: .*" report cut.snap
    grep -Eqi 'cut|missing|bytes' messages
    cp steady.last.snap changed.snap
    printf 'x' | dd of=changed.snap bs=1 seek=5000 conv=notrunc status=none
    refuses 3 "changed.snap: " info changed.snap
    echo hello >text.snap
    refuses 3 "text.snap: " report text.snap
    : >empty.snap
    refuses 3 "empty.snap: " report empty.snap
    mkdir folder.snap
    refuses 3 "folder.snap: " report folder.snap
}

@test "an unknown command suggests the nearest" {
    refuses 2 "unknown command 'dif'; did you mean 'diff'?" dif a b
    refuses 2 "unknown command 'reprot'; did you mean 'report'?" reprot x
    refuses 2 "unknown command 'xyzzyx'" xyzzyx
    has_not "did you mean" messages
}

@test "a command of a later version is told as such" {
    local command
    for command in export merge live; do
        refuses 2 "this version does not have the command '$command' yet" "$command" plain.snap
    done
}

@test "an unknown option suggests the nearest" {
    refuses 2 "unknown option --retaned; did you mean --retained?" diff --retaned plain.snap plain.snap
    refuses 2 "unknown option -Z" report -Z plain.snap
}

@test "values that cannot be are refused with what is expected" {
    refuses 2 "max-retained takes bytes as N, NK, NM or NG, or Nblocks, not '10X'" check --max-retained 10X plain.snap
    refuses 2 "max-retained takes .*not '-1'" check --max-retained=-1 plain.snap
    refuses 2 "not '99999999999999999999'" check --max-retained 99999999999999999999 plain.snap
    refuses 2 "not '18446744073709551615G'" check --max-retained 18446744073709551615G plain.snap
    refuses 2 "min-bytes takes .*not '3blocks'" report --min-bytes 3blocks plain.snap
    refuses 2 "born takes a range.*not '5..2'" report --born 5..2 plain.snap
    refuses 2 "by takes site|stack|type|module|thread|born, not 'colour'" diff --by colour plain.snap plain.snap
    refuses 2 "focus '(' is not a regular expression" report --focus '(' plain.snap
    refuses 2 "top needs a value" report plain.snap --top
    refuses 2 "retained takes no value" diff --retained=1 plain.snap plain.snap
    refuses 2 "cannot be combined" report --tree --by type plain.snap
    refuses 2 "format takes text|json|junit|github, not 'xml'" check --format xml --no-growth plain.snap
}

@test "missing and superfluous operands are refused" {
    refuses 2 "missing operand: BEFORE AFTER" diff plain.snap
    refuses 2 "too many operands" diff plain.snap plain.snap plain.snap
    refuses 2 "missing operand" report
    refuses 2 "missing operand" run
    refuses 2 "no limit given" check plain.snap
    refuses 2 "-p PID is required" snapshot
}

@test "without a command the overview goes to stderr and the exit code is 2" {
    run_tool
    [ "$status" = 2 ]
    [ ! -s out ]
    grep -q "^Usage: allocscope COMMAND" messages
}

@test "options may stand before, between and behind operands, and -- ends them" {
    fixtures
    run_tool diff steady.first.snap --frames 0 steady.last.snap --top=1
    [ "$status" = 0 ]
    cp plain.snap ./--json
    run_tool info -- --json
    [ "$status" = 0 ]
    grep -q "^file  *--json" out
}

@test "a full disk is an error, not a success" {
    fixtures
    [ -e /dev/full ] || skip "no /dev/full"
    local command
    for command in "report steady.last.snap" "diff steady.first.snap steady.last.snap" "info --json plain.snap" \
        "iterations steady.last.snap" "--help" "diff --help" "report --tree --json steady.last.snap"; do
        status=0
        # shellcheck disable=SC2086 # words of a command
        "$TOOL" $command >/dev/full 2>messages || status=$?
        [ "$status" = 2 ] || fail "$command: exit $status" || return 1
        grep -q "^allocscope: cannot write" messages || fail "$command: $(cat messages)" || return 1
    done
}

@test "colour only where it is asked for" {
    fixtures
    run_tool diff --color=always steady.first.snap steady.last.snap
    grep -q "$(printf '\033')" out
    run_tool diff steady.first.snap steady.last.snap
    has_not "$(printf '\033')" out
    run_tool diff --color=never steady.first.snap steady.last.snap
    has_not "$(printf '\033')" out
    NO_COLOR=1 run_tool diff --color=auto steady.first.snap steady.last.snap
    has_not "$(printf '\033')" out
}

# --- run and snapshot: what does not need a recorded program ---

@test "run refuses what it cannot do before it starts anything" {
    refuses 127 "no_such_program: program not found" run no_such_program
    refuses 126 "plain.snap: " run ./plain.snap
    refuses 2 "check needs a limit" run --check true
    refuses 2 "compress takes a level" run --compress=99 true
    refuses 2 "library nowhere.so: " run --library nowhere.so true
    refuses 2 "snapshot-at takes .*, not 'lats'" run --snapshot-at first,lats true
    refuses 2 "snapshot-at takes .*, not 'every=0'" run --snapshot-at every=0 true
    refuses 2 "scope takes process or thread, not 'all'" run --scope all true
    refuses 2 "unwinder takes validated, libunwind or check, not .guess." run --unwinder guess true
    refuses 2 "cannot contain ':'" run --iterate-on a:b true
    refuses 2 "this version does not have --track-mmap yet" run --track-mmap true
    refuses 2 "cannot contain ':'" run --directory a:b true
    refuses 2 "max-retained takes" run --max-retained x true
}

@test "snapshot refuses a process that does not run under allocscope" {
    refuses 2 "does not run under allocscope" snapshot -p $$
    refuses 2 "there is no process" snapshot -p 4194399
    refuses 2 "pid takes a whole number" snapshot -p abc
}

# --- run: what happens around the program ---

@test "run tells what each file holds and names the two worth comparing" {
    run_tool run --snapshot-at first,last -o x.snap -- "$PROGRAMS/iterate"
    [ "$status" = 0 ]
    grep -q '^allocscope: x.first.snap: .* live at the end of warm-up' messages
    grep -q '^allocscope: x.last.snap: .* retained from .* counted iterations$' messages
    grep -qx 'allocscope: next: allocscope diff x.first.snap x.last.snap' messages
    run_tool run --quiet -o y.snap -- "$PROGRAMS/iterate"
    [ ! -s messages ]
}

@test "run --check ends with 1 when a limit is broken, and with the program's own code when it failed" {
    run_tool run -o x.snap --check --max-retained 0 -- "$PROGRAMS/iterate"
    [ "$status" = 1 ]
    grep -q '^FAIL max-retained' messages
    run_tool run -o x.snap --max-retained 1G -- "$PROGRAMS/iterate"
    [ "$status" = 0 ]
    grep -q '^ok: max-retained 1.0 GiB' messages
    run_tool run -o x.snap --max-retained 0 -- "$PROGRAMS/ends" exit
    [ "$status" = 3 ]
    run_tool run -o x.snap --max-retained 0 -- "$PROGRAMS/malloc_and_free"
    [ "$status" = 2 ]
    grep -q 'a check that cannot see does not pass' messages
}

@test "run --symbols keeps the names when the program is gone, also compressed" {
    cp "$PROGRAMS/iterate" here
    run_tool run --symbols --compress -o x.snap -- ./here
    [ "$status" = 0 ]
    "$TOOL" report --json --no-cache x.snap >before.json
    rm here
    "$TOOL" report --json --no-cache x.snap >after.json 2>messages
    [ ! -s messages ]
    cmp before.json after.json
    expect_json '[.rows[].function] | index("retain") != null' after.json
    expect_json '.disk_bytes < .file_bytes' <("$TOOL" info --json x.snap)
}

@test "run --symbols keeps the names of roots, classes and types; fields become offsets" {
    local question
    local -a words questions=('retainers --type app::Leaf x.snap' 'retainers --roots x.snap' 'report --by type x.snap' 'retainers --roots y.snap')
    cp "$PROGRAMS/virtual_classes" "$PROGRAMS/graph_places" .
    run_tool run --symbols --snapshot-at last -o y.snap -- ./graph_places edges y.snap
    [ "$status" = 0 ]
    run_tool run --symbols -o x.snap -- ./virtual_classes "$PROGRAMS/lib/libplugin.so"
    [ "$status" = 0 ]
    "$TOOL" verify x.snap >/dev/null
    "$TOOL" verify y.snap >/dev/null
    for question in "${questions[@]}"; do
        read -ra words <<<"$question"
        "$TOOL" "${words[@]}" --json --no-cache >"before.${question//[ :.-]/_}.json"
    done
    expect_json '.paths[0] | .root.name == "objects" and .hops[-1].type == "app::Leaf"' before.retainers___type_app__Leaf_x_snap.json
    rm virtual_classes graph_places
    for question in "${questions[@]}"; do
        read -ra words <<<"$question"
        "$TOOL" "${words[@]}" --json --no-cache >after.json
        jq 'del(.. | .field?)' "before.${question//[ :.-]/_}.json" >before
        jq 'del(.. | .field?)' after.json | cmp before - || fail "$question: $(diff before <(jq 'del(.. | .field?)' after.json))"
    done
}

@test "run passes SIGTERM on and tells that nothing was written" {
    mkfifo input
    "$TOOL" run -o x.snap -- "$PROGRAMS/waits_for_input" <input >out 2>messages &
    local started=$!
    exec 8>input
    until grep -q . out; do sleep 0.05; done
    kill -TERM $started
    status=0
    wait $started || status=$?
    exec 8>&-
    [ "$status" = 143 ]
    grep -q '^allocscope: no snapshot was written: signal 15' messages
}

@test "run keeps a library that was preloaded already, behind ours" {
    LD_PRELOAD=libdl.so.2 run_tool run -o x.snap -- sh -c 'echo "$LD_PRELOAD"'
    [ "$status" = 0 ]
    grep -qx "$(realpath "$LIBRARY"):libdl.so.2" out
}

@test "run leaves no file behind but snapshots" {
    export TMPDIR=$PWD/temporary
    mkdir temporary
    run_tool run -o x.snap -- "$PROGRAMS/iterate"
    [ "$status" = 0 ]
    [ -z "$(ls -A temporary)" ]
}
