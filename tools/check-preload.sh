#!/bin/sh
# What the preload may be to its host: imports from a short list, no dynamic thread-local storage, no text
# relocations, libgcc_s before libunwind (else a host that loads C++ throws through the wrong unwinder), and
# exactly the exports that src/preload/exports.map names.
#
#   tools/check-preload.sh build/release/liballocscope.so
set -u
library=${1:?usage: check-preload.sh LIBRARY}
allowed=tools/preload-imports.allow
map=src/preload/exports.map
status=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

[ -f "$library" ] || {
    echo "$library: not built" >&2
    exit 1
}
[ -f "$map" ] || {
    echo "$map: absent" >&2
    exit 1
}

fail() {
    echo "$library: $*" >&2
    status=1
}

symbols() { # symbols NM-OPTION: dynamic names without their versions
    nm -D "$1" "$library" | awk '{ print $NF }' | sed 's/@.*//' | sort -u
}

symbols --undefined-only >"$work/imports"
sed 's/#.*//' "$allowed" | awk 'NF { print $1 }' | sort -u >"$work/allowed"
extra=$(comm -23 "$work/imports" "$work/allowed" | tr '\n' ' ')
[ -z "$extra" ] || fail "imports that $allowed does not list: $extra"
! grep -qx '__tls_get_addr' "$work/imports" || fail 'uses dynamic thread-local storage (__tls_get_addr may allocate)'

readelf -rW "$library" >"$work/relocations"
! grep -q 'DTPMOD\|TLSDESC' "$work/relocations" || fail 'has dynamic thread-local relocations'

readelf -dW "$library" >"$work/dynamic"
! grep -q 'TEXTREL' "$work/dynamic" || fail 'has text relocations'
grep -q 'BIND_NOW\|FLAGS_1.*NOW' "$work/dynamic" || fail 'is not bound at load: a lazy call may run the loader inside malloc'
grep -q 'SONAME.*\[liballocscope\.so\]' "$work/dynamic" || fail 'soname is not liballocscope.so'
readelf -lW "$library" | grep -q 'GNU_STACK .*RWE' && fail 'asks for an executable stack'

needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$work/dynamic" | tr '\n' ' ')
case $needed in
*libunwind*libgcc_s*) fail "libunwind is needed before libgcc_s: $needed" ;;
*libgcc_s*) ;;
*libunwind*) fail "needs libunwind without libgcc_s before it: $needed" ;;
esac
for name in $needed; do
    case $name in
    libc.so.* | ld-linux* | libgcc_s.so.* | libunwind.so.*) ;;
    *) fail "needs $name, which every profiled program would load" ;;
    esac
done

symbols --defined-only | grep -v '^ALLOCSCOPE_[0-9]' >"$work/exports"
# The names between "global:" and "local:", comments removed.
tr '\n' ' ' <"$map" | sed 's,/\*[^*]*\*/,,g; s/.*global:\(.*\)local:.*/\1/' | tr ';' '\n' | tr -d ' \t' |
    grep -v '^$' | sort -u >"$work/promised"
more=$(comm -23 "$work/exports" "$work/promised" | tr '\n' ' ')
fewer=$(comm -13 "$work/exports" "$work/promised" | tr '\n' ' ')
[ -z "$more" ] || fail "exports what $map does not name: $more"
[ -z "$fewer" ] || fail "does not export what $map names: $fewer"

[ $status = 0 ] && echo "preload: $(wc -l <"$work/imports") imports allowed, $(wc -l <"$work/exports") exports as in $map"
exit $status
