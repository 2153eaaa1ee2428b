#!/bin/sh
# Each header compiles alone, twice in a row, and the public one in every language it promises.
set -u
cc=${CC:-cc}
cxx=${CXX:-c++}
status=0
count=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# The adapters need the header of their framework, which not every machine has; test/integration/adapters.bats compiles them.
for header in $(find include src examples test -name '*.h' ! -path 'include/allocscope/adapters/*' 2>/dev/null | sort); do
    case $header in
    include/*) spelled="<${header#include/}>" ;;
    src/*) spelled="\"${header#src/}\"" ;;
    *) spelled="\"$header\"" ;;
    esac
    # cmocka.h asks for four headers before it; a header that includes it must do so itself.
    printf '#include %s\n#include %s\n' "$spelled" "$spelled" >"$work/alone.c"
    "$cc" -D_GNU_SOURCE -Iinclude -Isrc -I. -Iexamples -Itest -std=gnu11 -Wall -Wextra -Werror -fsyntax-only "$work/alone.c" || {
        echo "$header does not compile alone" >&2
        status=1
    }
    count=$((count + 1))
done

printf '#include <allocscope/allocscope.h>\nint main(void) { return allocscope_active() ? 1 : 0; }\n' >"$work/public.c"
cp "$work/public.c" "$work/public.cc"
for standard in c11 gnu11 c17; do
    "$cc" -Iinclude -std=$standard -Wall -Wextra -Wpedantic -Wcast-qual -Wshadow -Werror -fsyntax-only "$work/public.c" || {
        echo "the public header is not clean $standard" >&2
        status=1
    }
done
if command -v "$cxx" >/dev/null 2>&1; then
    for standard in c++11 c++17 c++20; do
        "$cxx" -Iinclude -std=$standard -Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only "$work/public.cc" || {
            echo "the public header is not clean $standard" >&2
            status=1
        }
    done
else
    echo "no C++ compiler: the public header was not checked as C++" >&2
fi
[ $status = 0 ] && echo "$count headers stand alone; the public one as C11, C17, C++11, C++17 and C++20"
exit $status
