# shellcheck shell=bash disable=SC2154,SC2034 # helpers.bash sets status; sourced by the tests of the builder engines
# What the tests of the builder engines share: a scenario under the preload, and the three sides that must agree on it:
# the profiler, the engine's own books (a JSON line at each mark), and the row of the engine's table (--list).
# ENGINE is the driver program, SITES the pattern of its constructors.

# rows PATTERN: "scenario variant" of each row whose name matches.
rows() {
    "$ENGINE" --list | awk -F '\t' -v p="$1" 'NR > 1 && $1 ~ p { print $1, $2 }'
}

# column SCENARIO VARIANT NAME: what the table says.
column() {
    "$ENGINE" --list | awk -F '\t' -v s="$1" -v v="$2" -v n="$3" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == n) c = i } $1 == s && $2 == v { print $c }'
}

# scenario NAME VARIANT ITERATIONS OPTION...: under the preload. The driver itself compares the books with the row's
# promises at every iteration, and its exit status tells.
scenario() {
    local name=$1 variant=$2 iterations=$3
    shift 3
    record "$ENGINE" --scenario "$name" --variant "$variant" --iterations "$iterations" "$@" || return 1
    [ "$status" = 0 ] || fail "$name $variant: exit $status: $(cat messages)" || return 1
    grep -F '"mark":"iteration_end"' out | tail -n 1 >last.json
    tail -n 1 out >exit.json
}

# sites_equal SNAPSHOT MARK WHAT: allocs, bytes, live blocks and bytes of every constructor.
sites_equal() {
    "$TOOL" report --json --by site --top 0 "$1" >report.json || fail "$3: no report" || return 1
    jq -r --arg p "$SITES" --slurpfile marks "$2" '
        [.rows[] | select(.function | test($p)) | {function, allocs: .alloc_objects, bytes: .alloc_space,
            live_blocks: .inuse_objects, live_bytes: .inuse_space}] as $sites
        | [$marks[0].by_kind[] | {function, allocs, bytes, live_blocks, live_bytes}] as $books
        | if ($books | length) < 2 then "the engine counted nothing" else
            "\($books - $sites | select(. != []) | "books: \(.)")", "\($sites - $books | select(. != []) | "sites: \(.)")"
          end' report.json >differences || fail "$3: not to be compared" || return 1
    [ ! -s differences ] || fail "$3: $(cat differences)"
}

# iterations_equal NAME: every iteration's allocs, bytes, frees and freed bytes.
iterations_equal() {
    "$TOOL" iterations --json --top 0 x.snap >iterations.json || fail "$1: no iterations" || return 1
    grep -F '"mark":"iteration' out | jq -c -s -r --arg n "$1" --slurpfile tool iterations.json '
        [range(0; length; 2) as $i | .[$i] as $b | .[$i + 1] | [.allocs - $b.allocs, .bytes - $b.bytes,
            .frees - $b.frees, .freed_bytes - $b.freed_bytes]] as $engine
        | [$tool[0].benchmarks[] | select(.name == $n) | .iterations[] | [.allocs, .bytes, .frees, .freed_bytes]] as $tool
        | if $engine == [] then "no iterations" elif $engine == $tool then empty else
            [range([$engine, $tool] | map(length) | max) | select($engine[.] != $tool[.]) | [., $engine[.], $tool[.]]]
            | "iteration, engine, tool: \(.[:5])" end' >differences || fail "$1: not to be compared" || return 1
    [ ! -s differences ] || fail "$1: $(cat differences)"
}

# retained_equal NAME VARIANT ITERATIONS: the table, the books, and what the tool says survived, less what the iterations
# freed of the setup's.
retained_equal() {
    local table books survivors setup
    table=$(column "$1" "$2" "retained($3)")
    books=$(grep -oP '"retained_blocks":\K-?[0-9]+' last.json)
    "$TOOL" report --json --by site --top 0 x.last.snap >report.json
    survivors=$(grep -oP '"totals":\{.*?"retained_blocks":\K[0-9]+' report.json | head -n 1)
    if [ "$survivors" != "$table" ]; then
        setup=$(jq -s '[.[] | select(.mark == "iteration_begin")] | first | .live_blocks' out)
        survivors=$(($(jq --arg p "$SITES" '[.rows[] | select(.function | test($p)) | .inuse_objects] | add' report.json) - setup))
    fi
    [ "$table $books" = "$books $survivors" ] ||
        fail "$1 $2: retained: table $table, books $books, tool $survivors"
}

# shapes_equal NAME VARIANT: each site that retains has a shape of the row's; where it is linear, that is said of all but
# the one block that is the list of the others. What is bounded may be empty just now.
shapes_equal() {
    local promised
    promised=$(column "$1" "$2" shape)
    jq -e --arg s "$promised" '[.rows[] | select(.retained_blocks > (if $s == "linear" then 1 else 0 end)) | .shape]
        | unique | . == ($s | if . == "transient" then [] else split(" ") | sort end)
            or (. == [] and $s == "bounded")' report.json >/dev/null ||
        fail "$1 $2: not $promised: $(jq -c '[.rows[] | select(.retained_blocks > 0) | [.function, .shape]]' report.json)"
}

# compare_rows PATTERN ITERATIONS: all of that.
compare_rows() {
    local name variant count=0
    options snapshot_at=last,exit force=1 graph=0
    while read -r name variant; do
        scenario "$name" "$variant" "$2" || return 1
        sites_equal x.last.snap last.json "$name $variant, last iteration" || return 1
        sites_equal x.snap exit.json "$name $variant, exit" || return 1
        iterations_equal "$name" || return 1
        retained_equal "$name" "$variant" "$2" || return 1
        shapes_equal "$name" "$variant" || return 1
        count=$((count + 1))
    done < <(rows "$1")
    [ "$count" -gt 0 ] || fail "no row matches $1"
}
