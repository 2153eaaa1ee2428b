#!/bin/sh
# Finds what building (build), testing (build test) or measuring (build bench) still needs, and installs it.
#
#   tools/deps.sh missing SET...   print the missing rows of deps.table; status 1 when there are any
#   tools/deps.sh ensure SET...    install them when something is missing, say nothing otherwise
#   tools/deps.sh hint SET...      when something is missing, say how to install it
#
# Knows apt-get, dnf, pacman and apk; uses sudo when it is not root. Without either it prints the exact command.
set -u
table=$(dirname "$0")/deps.table
action=${1:?usage: deps.sh missing|ensure|hint SET...}
shift
sets=" $* "

rows() {
    while read -r set probe names; do
        case $set in '' | '#'*) continue ;; esac
        case $sets in *" $set "*) echo "$probe $names" ;; esac
    done <"$table"
}

# One run of the preprocessor answers for all headers.
missing_headers() {
    for header in $(rows | sed -n 's/^header:\([^ ]*\) .*/\1/p'); do
        if [ "$have_compiler" = yes ]; then
            printf '#if !__has_include(<%s>)\nMISSING:%s\n#endif\n' "$header" "$header"
        else
            echo "MISSING:$header"
        fi
    done | if [ "$have_compiler" = yes ]; then "${CC:-cc}" -E -P -x c - 2>/dev/null; else cat; fi |
        sed -n 's/^MISSING:/header:/p' | tr -d ' '
}

have_library() {
    case $(/sbin/ldconfig -p 2>/dev/null) in *"$1 "*) return 0 ;; esac
    found=$("${CC:-cc}" -print-file-name="$1" 2>/dev/null) && [ "$found" != "$1" ]
}

missing_rows() {
    have_compiler=no
    command -v "${CC:-cc}" >/dev/null 2>&1 && have_compiler=yes
    headers=" $(missing_headers | tr '\n' ' ') "
    rows | while read -r probe names; do
        case $probe in
        cmd:cc) [ $have_compiler = yes ] && continue ;;
        cmd:*) command -v "${probe#cmd:}" >/dev/null 2>&1 && continue ;;
        lib:*) have_library "${probe#lib:}" && continue ;;
        header:*) case $headers in *" $probe "*) ;; *) continue ;; esac ;;
        *)
            echo "deps.sh: unknown probe $probe" >&2
            continue
            ;;
        esac
        echo "$probe $names"
    done
}

# The column of deps.table, and the command that takes its names.
if command -v apt-get >/dev/null 2>&1; then
    column=2 command='apt-get install -y --no-install-recommends'
elif command -v dnf >/dev/null 2>&1; then
    column=3 command='dnf install -y'
elif command -v pacman >/dev/null 2>&1; then
    column=4 command='pacman -S --needed --noconfirm'
elif command -v apk >/dev/null 2>&1; then
    column=5 command='apk add'
else
    column=2 command=
fi

# No questions; and a server that a test needs (redis) is installed but not started.
quietly='DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1'

packages_of() {
    echo "$1" | awk -v column=$column '$column != "-" && !seen[$column]++ { printf "%s ", $column }'
}

refresh_package_lists() {
    [ $column = 2 ] || return 0
    $as_root apt-get update -q || return 1
}

missing=$(missing_rows)
[ -n "$missing" ] || exit 0
if [ "$action" = missing ]; then
    echo "$missing"
    exit 1
fi
packages=$(packages_of "$missing")
what=$(echo "$missing" | awk '{ sub(/^[a-z]*:/, "", $1); printf " %s", $1 }')
if [ -z "$packages" ]; then
    echo "not packaged on this system, what needs it is skipped:$what" >&2
    exit 0
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    as_root=sudo
fi
if [ -z "$command" ]; then
    echo "missing:$what" >&2
    echo "Install them with your package manager; Debian's names are: $packages" >&2
    [ "$action" = hint ] && exit 0
    exit 1
fi
if [ "$action" = hint ] || { [ -n "$as_root" ] && ! command -v sudo >/dev/null 2>&1; }; then
    echo "missing:$what" >&2
    echo "As root: $command $packages" >&2
    [ "$action" = hint ] && exit 0
    exit 1
fi
echo "missing:$what" >&2
echo "+ ${as_root:+$as_root }$command $packages" >&2
refresh_package_lists || echo "deps.sh: the package lists could not be refreshed; trying with those at hand" >&2
# shellcheck disable=SC2086  # words are wanted: commands and package names have no blanks inside
$as_root env $quietly $command $packages || {
    echo "deps.sh: not everything could be installed in one go; trying one package at a time" >&2
    for package in $packages; do
        # shellcheck disable=SC2086
        $as_root env $quietly $command "$package" ||
            echo "deps.sh: no package $package here" >&2
    done
}
# What building needs must be there now; a test's program may be absent on a system that does not have it.
case $sets in *" build "*) sets=' build ' ;; esac
missing=$(missing_rows)
[ -z "$missing" ] && exit 0
echo "still missing: $(echo "$missing" | awk '{ printf "%s ", $1 }')" >&2
case $sets in ' build ') exit 1 ;; esac
exit 0
