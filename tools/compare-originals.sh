#!/bin/sh
# The JavaScript originals of the reference engines beside our C engines: make compare-originals. Their packages are
# installed below BUILD-FOLDER; where npm or its registry cannot be reached that is said, and nothing is compared.
#
#   tools/compare-originals.sh BUILD-FOLDER
set -u
build=${1:?usage: compare-originals.sh BUILD-FOLDER}
here=$(pwd)
folder=$build/originals
for program in node npm; do
    command -v "$program" >/dev/null || {
        echo "skipped: $program is not installed"
        exit 0
    }
done
mkdir -p "$folder"
cp examples/originals/package.json examples/originals/*.mjs "$folder"
cd "$folder" || exit 2
[ -d node_modules/alien-signals ] || npm install --no-package-lock --no-audit --no-fund --silent >npm.log 2>&1 || {
    echo "skipped: npm could not install the packages ($folder/npm.log)"
    exit 0
}
case $build in
/*) ;;
*) build=$here/$build ;;
esac
exec node --expose-gc compare.mjs "$build/examples"
