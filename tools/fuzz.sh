#!/bin/sh
# tools/fuzz.sh [SECONDS]: every fuzz harness in turn. What it finds is kept in build/fuzz.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-30}

tools/setup.sh fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz

failed=0
ran=0
for source in fuzz/*/fuzz_*.c; do
    folder=$(basename "$(dirname "$source")")
    name=$(basename "$source" .c)
    name=${name#fuzz_}
    program=build/fuzz/fuzz/$folder/fuzz_${folder}_$name
    found=build/fuzz/fuzz/$folder/found/$name
    ran=$((ran + 1))
    mkdir -p "$found"
    printf '%-32s ' "$folder/$name"
    if "$program" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$found.crash-" "$found" "fuzz/$folder/corpus/$name" \
        >"$found.log" 2>&1; then
        awk '/number_of_executed_units/ { print $2 " runs" }' "$found.log"
    else
        failed=$((failed + 1))
        echo "FAILED, see $found.log"
    fi
done
echo "$((ran - failed)) harnesses passed, $failed failed"
[ "$failed" -eq 0 ]
