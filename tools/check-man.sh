#!/bin/sh
# mandoc's linter over the manual pages; and every page that another one names must exist.
set -u
command -v mandoc >/dev/null 2>&1 || {
    echo 'mandoc is missing: make deps'
    exit 77
}
status=0
mandoc -T lint -W warning man/*.[1-9] >&2 || status=1
absent=$(sed -n 's/^\.Xr \(allocscope[^ ]*\) \([0-9]\).*/\1.\2/p' man/*.[1-9] | sort -u | while read -r page; do
    [ -f "man/$page" ] || echo "man/$page"
done)
if [ -n "$absent" ]; then
    echo "referred to by a manual page, but absent: $absent" >&2
    status=1
fi
[ $status = 0 ] && echo "mandoc: $(find man -name '*.[1-9]' | wc -l) manual pages clean"
exit $status
