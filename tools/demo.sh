#!/bin/sh
# Installs what is missing, builds the programs, and runs examples/demo.
set -eu
cd "$(dirname "$0")/.."

tools/setup.sh demo
cmake --preset release >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building the programs (build/release) ..."
if ! cmake --build --preset release >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
WRIT_BUILD=${WRIT_BUILD:-$PWD/build/release} tools/node.sh examples/demo/demo.mjs "$@"
