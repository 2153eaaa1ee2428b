#!/bin/sh
# What building and testing the recorder for aarch64 on another machine needs (make deps-aarch64, Debian and its kin):
# a cross compiler and qemu-user are installed, and the C libraries' companions that are missing beside them, libunwind
# and what it needs, are unpacked into a folder of the build. The package system of the machine itself is not told of
# another architecture: the lists for it live in that folder too.
#
#   tools/deps-aarch64.sh FOLDER      FOLDER/usr, FOLDER/lib: what was unpacked
set -eu
folder=${1:?usage: deps-aarch64.sh FOLDER}
command -v apt-get >/dev/null || {
    echo "deps-aarch64.sh: knows apt-get only. Needed: aarch64-linux-gnu-gcc and -g++, qemu-aarch64, and libunwind" \
        "for aarch64 in $folder" >&2
    exit 1
}
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo

missing=
for command in aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu aarch64-linux-gnu-g++:g++-aarch64-linux-gnu \
    qemu-aarch64:qemu-user; do
    command -v "${command%%:*}" >/dev/null || missing="$missing ${command#*:}"
done
if [ -n "$missing" ]; then
    $as_root apt-get update -q
    # shellcheck disable=SC2086  # a list of packages
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
[ ! -e "$folder/usr/include/aarch64-linux-gnu/libunwind.h" ] || exit 0
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
: >"$folder/apt/status"
private() {
    apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$folder/apt" \
        -o Dir::State::status="$folder/apt/status" -o Dir::State::lists="$folder/apt/lists" \
        -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@"
}
private update
(cd "$folder/apt" && private download libunwind-dev libunwind8 liblzma5)
for package in "$folder"/apt/*.deb; do
    dpkg-deb -x "$package" "$folder"
done
rm -rf "$folder/apt"
echo "unpacked for aarch64: $folder"
