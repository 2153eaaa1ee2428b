#!/bin/sh
# Calls we do not make: they overflow, they hide state, or they grow the host's stack. test/programs are exempt: they play
# the host, with its bad habits.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
forbidden='strcpy|strcat|stpcpy|sprintf|vsprintf|strtok|gets|alloca|tmpnam|mktemp|atoi|atol|atof'
find src include examples test bench \( -name '*.[ch]' -o -name '*.cc' \) -print 2>/dev/null | grep -v '^test/programs/' | sort |
    while read -r file; do
        # Comments and strings may name them.
        sed 's,//.*,,; s,/\*[^*]*\*/,,g; s/^[[:space:]]*\*.*//; s/"[^"]*"/""/g' "$file" |
            grep -En "(^|[^A-Za-z0-9_])($forbidden)[[:space:]]*\(" | sed "s,^,$file:,"
        case $file in
        src/* | include/*) awk 'END { if (NR > 1000) print FILENAME ": " NR " lines; the limit is 1000" }' "$file" ;;
        esac
    done >"$work/findings"
grep -rnE '[[:space:]]+$' src include tools make man ./*.md Makefile 2>/dev/null | sed 's/$/ <- ends in blanks/' >>"$work/findings"
if [ -s "$work/findings" ]; then
    cat "$work/findings" >&2
    exit 1
fi
echo 'no forbidden call, no trailing blanks, no file over 1000 lines'
