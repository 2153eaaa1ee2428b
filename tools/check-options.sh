#!/bin/sh
# One story in four places: what a command's --help lists, its manual page describes, and the other way round;
# every key of ALLOCSCOPE_OPTIONS, every environment variable and every system call of the preload stands in
# allocscope-preload(7), every function of the public header in allocscope(3).
#
#   tools/check-options.sh build/release/allocscope
set -u
tool=${1:?usage: check-options.sh TOOL}
preload_page=man/allocscope-preload.7
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

missing() { # missing LIST-A LIST-B TEXT: every line of A that B lacks is a finding
    comm -23 "$1" "$2" | awk -v text="$3" '{ print $0 ": " text }' >>"$work/findings"
}

options_of_help() {
    "$tool" "$1" --help | sed -n 's/^  \(-[A-Za-z],\|   \) --\(\[no-\]\)\{0,1\}\([a-z][a-z-]*\).*/--\3/p' | sort -u
}

# --no-graph stands beside --graph, whose negation it is; --no-cache stands alone.
options_of_page() {
    sed -n 's/^\.It \(.*Fl -.*\)/\1/p' "$1" | grep -oE 'Fl -[a-z][a-z-]*' | sed 's/Fl -/--/' | sort -u |
        awk '{ seen[$0] = 1 } END { for (o in seen) { p = o; if (sub(/^--no-/, "--", p) && p in seen) continue; print o } }' |
        sort
}

# Each command: help against page, both ways; the option's letter too.
: >"$work/findings"
commands=$("$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || {
    echo "$tool --help lists no commands" >&2
    exit 1
}
count=0
for command in $commands; do
    [ "$command" != help ] || continue # the page of `help` is allocscope(1)
    page=man/allocscope-$command.1
    if [ ! -f "$page" ]; then
        echo "$page: absent" >>"$work/findings"
        continue
    fi
    options_of_help "$command" >"$work/help"
    options_of_page "$page" >"$work/page"
    missing "$work/help" "$work/page" "option of $command, not in $page"
    missing "$work/page" "$work/help" "in $page, but $command --help does not know it"
    count=$((count + $(wc -l <"$work/help")))
    grep -q "Xr allocscope-$command 1" man/allocscope.1 || echo "$command: not in man/allocscope.1" >>"$work/findings"
done

# Every key of the option table is in the page, and is a flag of run.
sed -n 's/^ *{"\([a-z_]*\)", OPTION_.*/\1/p' src/preload/options.c | sort -u >"$work/keys"
sed -n 's/^\.It Cm \([a-z_]*\)$/\1/p' $preload_page | sort -u >"$work/page"
missing "$work/keys" "$work/page" "key of ALLOCSCOPE_OPTIONS, not in $preload_page"
tr '_' '-' <"$work/keys" | sed 's/^/--/' | sort -u >"$work/flags"
options_of_help run >"$work/help"
missing "$work/flags" "$work/help" 'key of ALLOCSCOPE_OPTIONS, not a flag of allocscope run'

# Variables, system calls, functions.
grep -rhoE '"ALLOCSCOPE_[A-Z_]+' src include | tr -d '"' | sort -u >"$work/variables"
sed -n 's/^\.It Ev \([A-Z_ ,]*\).*/\1/p' man/*.[137] | tr -d ',' | tr ' ' '\n' | sort -u >"$work/page"
missing "$work/variables" "$work/page" 'variable, in no manual page'
grep -rhoE '\bSYS_[a-z0-9_]+' src/preload src/base | sed 's/SYS_//' | grep -vx xxx | sort -u >"$work/calls"
sed -n '/^\.Sh SYSTEM CALLS/,/^\.Sh SEE ALSO/s/^\.It //p' $preload_page | tr -d ',' | tr ' ' '\n' | sort -u >"$work/page"
missing "$work/calls" "$work/page" "system call, not in $preload_page"
sed -n 's/^static inline .*\(allocscope_[a-z_]*\)(.*/\1/p' include/allocscope/*.h |
    grep -v -e '_or_null$' -e '_slot$' -e '_fail$' -e '_fail_unseen$' -e '_limit_make$' -e '_scope_limit$' -e '_scope_leave$' -e '^allocscope_reexec' | sort -u >"$work/functions"
sed -n 's/^\.Fn \(allocscope_[a-z_]*\).*/\1/p' man/allocscope.3 | sort -u >"$work/page"
missing "$work/functions" "$work/page" 'function of the header, not in man/allocscope.3'

if [ -s "$work/findings" ]; then
    cat "$work/findings" >&2
    exit 1
fi
echo "$count options of $(echo "$commands" | wc -w) commands, $(wc -l <"$work/keys") keys, $(wc -l <"$work/calls") system calls and $(wc -l <"$work/functions") functions are documented"
