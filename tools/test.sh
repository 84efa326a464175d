#!/bin/sh
# All tests. The last line counts them: every cmocka case, fuzz run, fault test and end-to-end
# test is one. Leaves the full output in build/test-*.log.
set -eu
cd "$(dirname "$0")/.."
jobs=$(nproc)
mkdir -p build

passed=0 failed=0 skipped=0
add() {
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# ctest_run PRESET REGEX NAME: runs them, shows what failed, counts.
ctest_run() {
    log=build/test-$3.log
    CMOCKA_MESSAGE_OUTPUT=TAP ctest --preset "$1" -R "$2" -V -j "$jobs" --timeout 300 \
        >"$log" 2>&1 || true
    counts=$(awk -f tools/count-ctest.awk "$log")
    # shellcheck disable=SC2086 # three numbers
    set -- "$3" $counts
    if [ "$2" -eq 0 ] && [ "$3" -eq 0 ]; then
        echo "$1: no test ran; see $log" >&2
        set -- "$1" 0 1 0
    elif [ "$3" -gt 0 ]; then
        grep -E '^[0-9]+: (not ok|# )|\*\*\*|ERROR: |^[0-9]+: .*[Ss]anitizer' "$log" >&2 || true
        echo "the whole output: $log" >&2
    fi
    echo "$1: $2 passed, $3 failed"
    add "$2" "$3" "$4"
}

# build PRESET: what does not build is one failed test.
build() {
    if ! { cmake --preset "$1" >/dev/null && cmake --build --preset "$1"; }; then
        echo "the preset $1 does not build" >&2
        add 0 1 0
        return 1
    fi
}

tools/setup.sh test
build dev && ctest_run dev '^(unit|fault)' unit

build fuzz && ctest_run fuzz '^fuzz' fuzz

# Real clients and servers, the real programs.
log=build/test-e2e.log
rm -f "$log"
WRIT_BUILD=$PWD/build/dev tools/node.sh --test --test-concurrency=2 --test-timeout=120000 --test-force-exit \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$log" \
    tests/e2e/*.test.mjs || true
counts=$(awk '/^# pass /{p=$3} /^# fail /{f=$3} /^# cancelled /{c=$3} /^# skipped /{s=$3}
    END { if (p == "") print "0 1 0"; else print p, f + c, s + 0 }' "$log" 2>/dev/null ||
    echo 0 1 0)
# shellcheck disable=SC2086 # three numbers
add $counts

# Our ledgers, checked by tools that are not ours.
log=build/test-interop.log
{ tests/interop/run.sh build/dev 2>&1 || true; } | tee "$log" | sed '$s/^/interop: /'
counts=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2 0/p' "$log")
# shellcheck disable=SC2086 # three numbers
add ${counts:-0 1 0}

if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
