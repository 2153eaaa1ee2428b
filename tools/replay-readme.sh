#!/bin/sh
# Prints README.md with what its commands print now: compiles its program, runs the commands of its console blocks
# with the tool of BUILD-FOLDER, in the folder FOLDER. The test compares the result with README.md (readme.bats);
# after a change of some output, `make golden-update` stores it.
#
#   tools/replay-readme.sh BUILD-FOLDER FOLDER >README.new
set -u
build=$(cd "${1:?usage: replay-readme.sh BUILD-FOLDER FOLDER}" && pwd) || exit 2
folder=${2:?usage: replay-readme.sh BUILD-FOLDER FOLDER}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$folder" || exit 2
unset LD_PRELOAD ALLOCSCOPE_OPTIONS ALLOCSCOPE_OUTPUT ALLOCSCOPE_SIGNAL
export PATH="$build:$build/examples:$PATH" C_INCLUDE_PATH="$root/include" NO_COLOR=1

awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$root/README.md" >bench.c

console=no
while IFS= read -r line; do
    case $console$line in
    'no```console') console=yes ;;
    'yes```') console=no ;;
    'yes$ '*)
        printf '%s\n' "$line"
        # Process numbers differ from run to run; blanks at the end of a line are no part of a document.
        sh -c "${line#??}" 2>&1 </dev/null | sed -E -e 's/\(pid [0-9]+\)/(pid 4711)/g' -e 's/\(tid [0-9]+\)/(tid 4711)/g' -e 's/[[:space:]]+$//'
        continue
        ;;
    yes*) continue ;; # output of old
    esac
    printf '%s\n' "$line"
done <"$root/README.md"
