#!/bin/sh
# Fails when a file includes a module that its own module may not see. The table below is the law;
# ARCHITECTURE.md gives the reasons.
set -u
status=0

modules_for() {
    case $1 in
    base) echo 'base' ;;
    snapshot) echo 'base snapshot' ;;
    preload) echo 'base snapshot preload' ;;
    symbols) echo 'base symbols' ;;
    analysis) echo 'base snapshot analysis' ;;
    report) echo 'base snapshot symbols analysis report' ;;
    export) echo 'base snapshot symbols analysis export' ;;
    cli) echo 'base snapshot symbols analysis report export cli' ;;
    *) return 1 ;;
    esac
}

fail() {
    echo "$*" >&2
    status=1
}

project_includes() {
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$1"
}

# includes_one_of FILE HEADER...: true when FILE includes one of the system headers
includes_one_of() {
    file=$1
    shift
    for header in "$@"; do
        grep -Eq "^[[:space:]]*#[[:space:]]*include[[:space:]]*<$header>" "$file" && return 0
    done
    return 1
}

only_in() { # only_in 'allowed path prefixes' HEADER...: a library has one home
    homes=$1
    shift
    for file in $sources; do
        for home in $homes; do
            case $file in "$home"*) continue 2 ;; esac
        done
        ! includes_one_of "$file" "$@" || fail "$file: <$*> is at home in $homes only"
    done
}

sources=$(find src -name '*.[ch]')
for file in $sources; do
    module=${file#src/}
    module=${module%%/*}
    may=$(modules_for "$module") || {
        fail "$file: tools/check-layers.sh does not know the module $module"
        continue
    }
    for include in $(project_includes "$file"); do
        case " $may allocscope " in
        *" ${include%%/*} "*) ;;
        *) fail "$file: $module may not include $include" ;;
        esac
        [ -f "src/$include" ] || [ -f "include/$include" ] ||
            fail "$file: \"$include\" is not written from src/ or include/"
    done
    case $module in
    preload | base | snapshot | analysis) ;;
    *) includes_one_of "$file" 'libunwind.h' && fail "$file: libunwind belongs behind preload/unwind.h" ;;
    esac
done

for file in src/preload/*.c src/preload/*.h src/snapshot/snapshot_writer.[ch]; do
    [ -f "$file" ] || continue
    includes_one_of "$file" 'stdio.h' 'locale.h' 'search.h' && fail "$file: no stdio inside the profiled process"
done
for file in src/analysis/*.[ch]; do
    [ -f "$file" ] || continue
    grep -En '\b(printf|fprintf|puts|fputs|fopen|open|exit|abort)[[:space:]]*\(' "$file" >&2 &&
        fail "$file: analysis is pure: no output, no files, no exit"
done
for file in examples/*.[ch] examples/*/*.[ch] examples/*/*/*.[ch]; do
    [ -f "$file" ] || continue
    for include in $(project_includes "$file"); do
        [ ! -f "src/$include" ] || fail "$file: an example may see only <allocscope/...>, not $include"
    done
done
only_in 'src/preload/' 'libunwind.h'
only_in 'src/symbols/' 'elfutils/libdw.h' 'elfutils/libdwfl.h' 'elfutils/libdwelf.h' 'dwarf.h' 'gelf.h' 'libelf.h'
only_in 'src/snapshot/' 'zstd.h'
only_in 'src/base/ src/preload/' 'xxhash.h'

[ $status = 0 ] && echo "layers hold in $(echo "$sources" | wc -l) files"
exit $status
