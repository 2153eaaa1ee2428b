#!/bin/sh
# Runs shellcheck over every script: tools, tests (bats too) and .ci/run; and parses the Python ones.
set -u
command -v shellcheck >/dev/null 2>&1 || {
    echo 'shellcheck is missing: make deps'
    exit 77
}
scripts=$(find tools test examples bench -type f \( -name '*.sh' -o -name '*.bats' -o -name '*.bash' \) | sort)
# shellcheck disable=SC2086  # one word per file
shellcheck -x -P SCRIPTDIR $scripts .ci/run || exit 1
pythons=$(find tools test examples bench -type f -name '*.py' | sort)
for script in $pythons; do
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script" || exit 1
done
echo "shellcheck: $(echo "$scripts" | wc -l) scripts clean; $(echo "$pythons" | wc -w) Python scripts parse"
