#!/bin/sh
# The formatting of .clang-format. Releases of clang-format differ, so one is the judge: 14, as in Debian 12.
set -u
clang_format=${CLANG_FORMAT:-clang-format}
command -v "$clang_format" >/dev/null 2>&1 || {
    echo "$clang_format is missing: make deps"
    exit 77
}
case $("$clang_format" --version) in
*'version 14.'*) ;;
*)
    echo "$("$clang_format" --version) is not 14, which formats these files"
    exit 77
    ;;
esac
files=$(find src include examples test bench \( -name '*.[ch]' -o -name '*.cc' \) -print | sort)
# shellcheck disable=SC2086  # one word per file
findings=$("$clang_format" --dry-run $files 2>&1 | sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: warning: .*/\1/p' | sort | uniq -c)
if [ -n "$findings" ]; then
    printf 'places to format, by file (make format puts them right):\n%s\n' "$findings" >&2
    exit 1
fi
echo "$(echo "$files" | wc -l) files are formatted"
