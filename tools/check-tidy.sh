#!/bin/sh
# clang-tidy over the sources, as many at a time as there are processors. A file that passed is not looked at
# again until it, a header, .clang-tidy or this script changes.
#
#   tools/check-tidy.sh STAMP-FOLDER [FILE...]
#
# The static analyzer is nearly all of the time, and it grows with the paths that it follows through a function. At
# TIDY_NODES=225000, the tool's own limit, all files take four minutes on two processors.
set -u
TIDY_NODES=${TIDY_NODES:-25000}
stamps=${1:?usage: check-tidy.sh STAMP-FOLDER [FILE...]}
shift
clang_tidy=${CLANG_TIDY:-clang-tidy}
command -v "$clang_tidy" >/dev/null 2>&1 || {
    echo "$clang_tidy is missing: make deps"
    exit 77
}
case $("$clang_tidy" --version | tr '\n' ' ') in
*'version 14.'*) ;;
*)
    echo "$("$clang_tidy" --version | sed -n 's/.*version/version/p') is not 14, whose checks .clang-tidy names"
    exit 77
    ;;
esac
mkdir -p "$stamps"
if [ $# = 0 ]; then
    # shellcheck disable=SC2046  # one word per file
    set -- $(find src examples bench -name '*.c' | sort)
fi
newest_header=$(find include src examples bench -name '*.h' -printf '%T@ %p\n' | sort -rn | sed -n '1s/[^ ]* //p')

for file in "$@"; do
    stamp=$stamps/$(echo "$file" | tr '/' '_').ok
    if [ -f "$stamp" ] && [ -n "$(find "$stamp" -newer "$file" -newer .clang-tidy -newer "$0" -newer "$newest_header")" ]; then
        continue
    fi
    printf '%s\n%s\n' "$file" "$stamp"
done >"$stamps/todo"
todo=$(($(wc -l <"$stamps/todo") / 2))

export clang_tidy TIDY_NODES
# shellcheck disable=SC2016  # expanded by the inner shell
xargs -r -n 2 -P "$(getconf _NPROCESSORS_ONLN)" sh -c '
    output=$("$clang_tidy" --quiet "$1" -- -std=gnu11 -D_GNU_SOURCE -Iinclude -Isrc -I. -Iexamples -Itest \
        -Xclang -analyzer-config -Xclang "max-nodes=$TIDY_NODES" 2>&1)
    if [ $? = 0 ]; then
        : >"$2"
    else
        printf "%s\n" "$output" | grep " error: " >&2 # the notes: run it on the one file
        exit 1
    fi' tidy <"$stamps/todo" || exit 1
echo "clang-tidy: $# files clean, $todo of them looked at now"
