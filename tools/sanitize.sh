#!/bin/sh
# tools/sanitize.sh asan|tsan: unit and fault tests under a sanitizer.
set -eu
cd "$(dirname "$0")/.."

tools/setup.sh unit
cmake --preset "$1" >/dev/null
cmake --build --preset "$1"
# Strict, and without address randomisation surprises: a race or a leak is a failed test.
TSAN_OPTIONS=halt_on_error=1 ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 \
    UBSAN_OPTIONS=print_stacktrace=1 \
    ctest --preset "$1" -R '^(unit|fault)' -j "$(nproc)" --timeout 600
