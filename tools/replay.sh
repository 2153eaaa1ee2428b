#!/bin/sh
# Prints a document (README.md, docs/seeds.md, examples/reports/*.md) with what its commands print now: compiles its
# program, if there is one, and runs the commands of its console blocks with the tool of BUILD-FOLDER, in the folder
# FOLDER. The tests compare the result with the document (readme.bats, engine_reports.bats); after a change of some output,
# `make golden-update` or `make reports` stores it.
#
#   tools/replay.sh BUILD-FOLDER FOLDER DOCUMENT >DOCUMENT.new
set -u
build=$(cd "${1:?usage: replay.sh BUILD-FOLDER FOLDER DOCUMENT}" && pwd) || exit 2
folder=${2:?usage: replay.sh BUILD-FOLDER FOLDER DOCUMENT}
root=$(cd "$(dirname "$0")/.." && pwd)
document=$root/${3:?usage: replay.sh BUILD-FOLDER FOLDER DOCUMENT}
cd "$folder" || exit 2
unset LD_PRELOAD ALLOCSCOPE_OPTIONS ALLOCSCOPE_OUTPUT ALLOCSCOPE_SIGNAL
export PATH="$build:$build/examples:$PATH" C_INCLUDE_PATH="$root/include" NO_COLOR=1

awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$document" >bench.c

console=no
while IFS= read -r line; do
    case $console$line in
    'no```console') console=yes ;;
    'yes```') console=no ;;
    'yes$ '*)
        printf '%s\n' "$line"
        # Process numbers and the times of iterations differ from run to run; blanks at the end of a line are no part of a
        # document.
        sh -c "${line#??}" 2>&1 </dev/null | sed -E -e 's/\(pid [0-9]+\)/(pid 4711)/g' -e 's/\(tid [0-9]+\)/(tid 4711)/g' \
            -e '/ (warmup|counted) /s/ +[0-9.]+ [mun]?s$/  -/' -e '/^iteration /s/ +time$/  time/' -e 's/[[:space:]]+$//'
        continue
        ;;
    yes*) continue ;; # output of old
    esac
    printf '%s\n' "$line"
done <"$document"
