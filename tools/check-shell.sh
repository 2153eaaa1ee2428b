#!/bin/sh
# Runs shellcheck over every script: tools, tests (bats too) and .ci/run.
set -u
command -v shellcheck >/dev/null 2>&1 || {
    echo 'shellcheck is missing: make deps'
    exit 77
}
scripts=$(find tools test examples bench -type f \( -name '*.sh' -o -name '*.bats' -o -name '*.bash' \) | sort)
# shellcheck disable=SC2086  # one word per file
shellcheck -x -P SCRIPTDIR $scripts .ci/run || exit 1
echo "shellcheck: $(echo "$scripts" | wc -l) scripts clean"
