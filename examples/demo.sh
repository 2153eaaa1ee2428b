#!/bin/sh
# The demonstration behind `make demo`: one reactive engine, the same workload twice, with a leak and without.
#
#   examples/demo.sh TOOL-FOLDER EXAMPLES-FOLDER OUTPUT-FOLDER
#
# Runs the workload under the profiler, compares the heap at the end of the warm-up with the heap at the end of the last
# iteration, shows who holds what is left, and says what is seen. Exit status: 0 when the output is what the text
# around it promises.
set -u
tool=$1/allocscope
bench=$2/reactive-bench
output=$3
iterations=100
status=0

mkdir -p "$output" || exit 2
rm -f "$output"/leak.*snap "$output"/fixed.*snap
# Names of addresses are cached beside the snapshots, not in the user's home.
XDG_CACHE_HOME=$output/cache
export XDG_CACHE_HOME

heading() {
    printf '\n=== %s\n\n' "$1"
}

# Shows a command as it is typed, then runs it.
show() {
    printf '$'
    printf ' %s' "$@"
    printf '\n'
    "$@"
}

# record NAME VARIANT: NAME.first.snap and NAME.last.snap, and NAME.end.snap by the program itself, with its graph.
record() {
    show "$tool" run --quiet --snapshot-at first,last -o "$output/$1.snap" -- \
        "$bench" lattice computed-diamond-simple "$2" --iterations $iterations --inner 10 \
        --snapshot "$output/$1.end.snap" || exit 2
}

# compare NAME: the diff is shown, and kept for the check at the end.
compare() {
    show "$tool" diff --frames 3 "$output/$1.first.snap" "$output/$1.last.snap" >"$output/$1.diff" || exit 2
    cat "$output/$1.diff"
}

# promised FILE PATTERN: it has such a line.
promised() {
    grep -Eq "$2" "$output/$1" || {
        printf 'demo: %s/%s has no line with: %s\n' "$output" "$1" "$2" >&2
        status=1
    }
}

heading 'A leak, recorded'
cat <<EOT
Lattice is a small reactive engine. Each iteration makes three computed values on a signal that lives outside the
iterations, writes the signal ten times, and lets go of everything it made. The engine's collector runs at the end
of each iteration. So nothing should be left; but the signal still knows its subscribers, and keeps them all.

EOT
record leak outer

heading 'What survives, where it was made, how fast it grows'
cat <<EOT
"first" is the heap at the end of the warm-up, "last" at the end of iteration $iterations. Each row is a place that
allocated. "blocks/iter" is what each iteration leaves behind; "linear" says that it never stops. What was freed
within its iteration is churn: it is counted above the table and never taken for a leak.

EOT
compare leak

heading 'Who holds it'
cat <<EOT
The program took a third snapshot before its teardown; it knows who points to whom. The path leads from the benchmark's
variable to the outer signal, along its list of subscribers, to the computed values that nobody else knows any more.

EOT
show "$tool" retainers --top 1 --site lattice_new_computed_node "$output/leak.end.snap" >"$output/leak.paths" || exit 2
cat "$output/leak.paths"

heading 'The same work, its nodes made once and outside'
record fixed fixed

heading 'Nothing survives'
compare fixed

promised leak.diff '^ *[0-9,]+ .* linear .* lattice_new_computed_node '
promised leak.diff '^ *[0-9,]+ .* linear .* lattice_new_edge '
promised leak.diff '^1,800 blocks retained .*18 blocks.* per iteration'
promised leak.paths '^  the_world '
promised leak.paths '\.subscribers -> lattice_edge .*'
promised leak.paths '\.next_consumer -> \.\.\. [0-9]+ more like it'
promised leak.paths '\.consumer -> lattice_computed '
promised fixed.diff '^0 blocks retained'

heading 'Your turn'
cat <<EOT
  $tool run --snapshot-at first,last -o x.snap -- ./your-program
  $tool diff x.first.snap x.last.snap

Mark your iterations with #include <allocscope/allocscope.h> and ALLOCSCOPE_ITERATION("name") { ... }. The snapshots
of this demonstration are in $output; examples/README.md says what else the engines can show.
EOT
exit $status
