#!/bin/sh
# Builds with optimisation and runs every program of bench/. docs/PERFORMANCE.md explains them.
set -eu
cd "$(dirname "$0")/.."

tools/setup.sh test
cmake --preset release >/dev/null
cmake --build --preset release
ran=0
for program in build/release/bench/bench_*; do
    if [ -f "$program" ] && [ -x "$program" ]; then
        "$program"
        ran=$((ran + 1))
    fi
done
if [ "$ran" -eq 0 ]; then
    echo "bench: no benchmark was built" >&2
    exit 1
fi
WRIT_BUILD=build/release tools/node.sh bench/bench_mcp.mjs
