#!/bin/sh
# The table of test/README.md: what allocscope, LeakSanitizer and Valgrind say of the same heaps, whose reference graphs
# are known (test/programs/known_graphs.c). Usage: compare-leak-checkers.sh BUILD
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build/release}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for command in gcc valgrind jq; do
    command -v "$command" >/dev/null || { echo "compare-leak-checkers: $command is not installed" >&2; exit 1; }
done

# Without optimisation and with the same flags, so that all three see the same program.
compile() {
    gcc -g -O0 -I"$root/include" -I"$root/test/programs" "$@" "$root/test/programs/known_graphs.c" -ldl
}
compile -o plain
compile -fsanitize=leak -o sanitized

# allocscope CASE: blocks that are leaked, held on weak evidence only, and held.
allocscope_says() {
    rm -f g.snap
    env LD_PRELOAD="$build/liballocscope.so" ALLOCSCOPE_OPTIONS=snapshot_at=:quiet=1 ./plain "$1" >/dev/null
    for site in new_item new_branch new_link new_buckets new_entry new_mixed new_tagged new_buffer new_cell new_pointed \
        new_shared new_owner new_directory; do
        "$build/allocscope" retainers --json --site "$site" g.snap 2>/dev/null || true
    done | jq -s -r 'map(.target) | [(map(.leaked_blocks) | add), (map(.weak_blocks) | add),
        (map(.blocks - .leaked_blocks - .weak_blocks) | add)] | map(tostring) | join(" | ")'
}

# leak_sanitizer CASE: blocks leaked directly and indirectly; it does not count what is held.
leak_sanitizer_says() {
    ./sanitized "$1" 2>&1 >/dev/null | awk '
        /^Direct leak of/ { for (i = 1; i <= NF; i++) if ($i == "in") direct += $(i + 1) }
        /^Indirect leak of/ { for (i = 1; i <= NF; i++) if ($i == "in") indirect += $(i + 1) }
        END { printf "%d | %d", direct, indirect }'
}

# valgrind_says CASE: blocks definitely, indirectly and possibly lost, and still reachable.
valgrind_says() {
    valgrind --leak-check=full --show-leak-kinds=all ./plain "$1" 2>&1 >/dev/null | awk '
        /definitely lost:|indirectly lost:|possibly lost:|still reachable:/ {
            for (i = 1; i <= NF; i++) if ($i == "in") { gsub(",", "", $(i + 1)); row = row (row == "" ? "" : " | ") $(i + 1) } }
        END { printf "%s", row == "" ? "0 | 0 | 0 | 0" : row }'
}

echo '| heap | leaked | weakly held | held | direct | indirect | definitely | indirectly | possibly | reachable |'
echo '|---|---|---|---|---|---|---|---|---|---|'
for heap in list lost_list tree ring lost_ring table hidden tagged interior union shared; do
    echo "| $heap | $(allocscope_says $heap) | $(leak_sanitizer_says $heap) | $(valgrind_says $heap) |"
done
