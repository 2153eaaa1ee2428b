#!/bin/bash
# `make field-notes`: the runs of docs/field-notes.md. Gets the sources of three C libraries from Debian (apt-get source,
# with deb-src lines beside those that this machine has, in a folder of our own), builds them as they are, and runs their
# own tests under `allocscope run --check`. Prints a row for each program; ends with the findings, whole.
# Usage: field-notes.sh BUILD; from the environment: WORK, where sources and snapshots stay (BUILD/field-notes).
set -eu
build=$(cd "${1:?usage: field-notes.sh BUILD}" && pwd)
tool=$build/allocscope
work=${WORK:-$build/field-notes}
mkdir -p "$work/apt/lists/partial" "$work/source" "$work/snapshots"
cd "$work"

# Its own lists, so that nothing of the system changes; the addresses are the system's.
prepare_apt() {
    local site
    # shellcheck disable=SC1091
    . /etc/os-release
    # shellcheck disable=SC2016 # apt expands it
    site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Identifier: Packages' |
        awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $VERSION_CODENAME main" >apt/sources.list
    cat >apt/apt.conf <<END
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt";
END
    APT_CONFIG=$work/apt/apt.conf apt-get -qq update
}

# built PACKAGE CMAKE_OPTION...: its folder of build/, made by the package's own CMakeLists.txt.
built() {
    local package=$1
    shift
    [ -d "build/$package" ] || {
        (cd source && APT_CONFIG=$work/apt/apt.conf apt-get -qq source "$package")
        cmake -S source/"$package"-*/ -B "build/$package" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_SHARED_LIBS=ON "$@"
        make -C "build/$package" -j2
    } >"$package.log" 2>&1 || {
        tail -n 20 "$package.log" >&2
        return 1
    }
    echo "$package $(sed -n 's/^Version: //p' source/"$package"_*.dsc)"
}

# judged FOLDER PROGRAM ARGUMENT...: its own exit status and verdict.
judged() {
    local folder=$1 program=$2 status=0 name
    shift 2
    name=${program##*/}
    (cd "$folder" && "$tool" run -q --check --max-leaked 0 -f -o "$work/snapshots/$name.snap" -- "./$program" "$@") \
        >"snapshots/$name.out" 2>"snapshots/$name.err" </dev/null || status=$?
    printf '  %-28s exit %s  %s\n' "$name" "$status" \
        "$(cat "snapshots/$name.out" "snapshots/$name.err" | grep -aE '^(ok: |FAIL |unknown: |allocscope: )' | tail -n 1)"
    [ "$status" = 0 ] || findings="${findings:-} $name"
}

prepare_apt
built jansson
for program in build/jansson/bin/test_*; do
    judged build/jansson "bin/${program##*/}"
done
built cjson -DENABLE_CJSON_UTILS=ON
for program in $(cd build/cjson/tests && find . -maxdepth 1 -type f -perm -u+x | sort); do
    judged build/cjson/tests "${program#./}"
done
built libyaml
examples=$(ls "$work"/source/libyaml-*/examples/*.yaml)
judged build/libyaml test-version
judged build/libyaml test-reader
for program in run-scanner run-parser run-loader run-emitter run-dumper; do
    # shellcheck disable=SC2086 # file names without blanks
    judged build/libyaml "$program" $examples
done
for name in ${findings:-}; do
    echo "== $name"
    "$tool" check --max-leaked 0 "snapshots/$name.snap" || :
done
