#!/bin/sh
# Style and structure, checked by programs instead of by reviewers:
#   tools/lint.sh          everything
#   tools/lint.sh rules    only the greps: a second, no build
set -eu
cd "$(dirname "$0")/.."

failures=0
# fail RULE LINES: says which rule is broken where.
fail() {
    printf '%s\n' "$2" | sed "s|^|lint: $1: |" >&2
    failures=$((failures + 1))
}
# forbid RULE PATTERN FILES...: no line may match.
forbid() {
    rule=$1 pattern=$2
    shift 2
    [ $# -gt 0 ] || return 0
    hits=$(grep -nE -e "$pattern" "$@" /dev/null || true)
    [ -z "$hits" ] || fail "$rule" "$hits"
}
files() {
    git ls-files -co --exclude-standard -- "$@" | while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}

# None of our file names holds a space: the lists below are split on purpose.
# shellcheck disable=SC2046,SC2086
rules() {
    sources=$(files 'src/*.c')
    headers=$(files 'src/*.h' 'include/*.h')
    all_c=$(files '*.c' '*.h')
    written=$(files ':!tests/e2e/package-lock.json' ':!LICENSE' ':!fuzz/*/corpus/*' \
        ':!tests/vectors/*' ':!tools/lint.sh')

    forbid 'comments are /* */' '^([^"]|"([^"\\]|\\.)*")*(^|[^:"])//' $all_c
    forbid 'finish it or leave it out' '\b(TODO|FIXME|XXX|HACK)\b' $written
    forbid 'no path of one machine' '(^|[^[:alnum:]_./-])(/home/[a-z]|/root/|/work/)' $written
    forbid 'no tabs in C, no blanks at the end of a line' '(	|[ 	]$)' $all_c
    forbid 'secrets are compared in constant time' \
        '\b(memcmp|strcmp|writ_slice_eq)\([^;]*(secret|_mac|_sig|signature)[,).]' $sources
    forbid 'deciding and encoding take memory from an arena, never from the heap' \
        '\b(malloc|calloc|realloc|strdup)\(' $(files 'src/authority/decide*.c' 'src/record/*.c')
    forbid 'unchecked multiplication for an allocation' '\b(malloc|realloc)\([^;]*[^(]\*' $sources
    forbid 'the authority reads no clock, draws no random numbers, does no I/O' \
        '\b(clock_gettime|gettimeofday|time|getrandom|open|read|write|fopen|socket)\(' \
        $(files 'src/authority/*.c' 'src/record/*.c')
    forbid 'OpenSSL is called by crypto only' '#include <openssl/' \
        $(files 'src/*.c' 'src/*.h' ':!src/crypto/*')
    forbid 'jansson is called by base only' '#include <jansson' \
        $(files 'src/*.c' 'src/*.h' ':!src/base/*')
    forbid 'no switch over our enums has a default; nor any other' '^[[:space:]]*default:' \
        $(files 'src/authority/*.c' 'src/record/*.c' 'src/replay/*.c')

    early=$(awk -f tools/uninitialised.awk $all_c) ||
        fail 'a variable with cleanup is initialised before anything can return' "$early"

    for file in $headers; do
        case $file in */banned.h) continue ;; esac
        for line in Source Units Limits Errors Ownership Threads; do
            case $file in
            # Inner headers of a folder say it where it is not plain.
            src/*/include/* | include/*) ;;
            *) continue ;;
            esac
            grep -q "^ \* $line: " "$file" || fail 'contract line is missing' "$file: $line:"
        done
        grep -q '^#ifndef WRIT_[A-Z0-9_]*_H$' "$file" || fail 'include guard' "$file"
    done

    for file in $sources $(files 'tests/unit/*.c' 'fuzz/*.c' 'bench/*.c'); do
        includes=$(grep -E '^#include' "$file" || true)
        case $file in
        src/*)
            last=$(printf '%s\n' "$includes" | tail -1)
            [ "$last" = '#include "base/banned.h"' ] ||
                fail 'base/banned.h is included last' "$file"
            folder=$(echo "$file" | cut -d/ -f2)
            own=$(basename "$file" .c).h
            first=$(printf '%s\n' "$includes" | head -1)
            for header in "src/$folder/$own" "$(dirname "$file")/$own" \
                "src/$folder/include/$folder/$own"; do
                [ -f "$header" ] || continue
                case $first in
                *"/$own\"" | *"\"$own\"") ;;
                *state.h\" | *_internal.h\") ;; # which includes it, and the opaque struct
                *) fail 'own header is included first' "$file" ;;
                esac
                break
            done
            ;;
        tests/unit/*)
            case $(printf '%s\n' "$includes" | head -1) in
            '#include "'*) ;;
            *) fail 'test.h, or what includes it, is included first' "$file" ;;
            esac
            ;;
        esac
    done

    # Who may know whom (docs/ARCHITECTURE.md); the linker holds the rest.
    may base ''
    may crypto 'base'
    may record 'base'
    may wire 'base'
    may ledger 'base crypto'
    may authority 'base crypto record'
    may replay 'base crypto record ledger authority'
    # `writ mcp` signs what it asks for: it needs the texts of the authority's requests.
    may gateway 'base crypto wire authority'
    may daemon 'base crypto record ledger authority replay wire'
    may cli 'base crypto record ledger authority replay wire gateway'

    for file in $(files 'fuzz/*/fuzz_*.c'); do
        name=$(basename "$file" .c)
        corpus=$(dirname "$file")/corpus/${name#fuzz_}
        [ -n "$(ls "$corpus" 2>/dev/null)" ] || fail 'a fuzz harness has a corpus' "$file"
        grep -qE 'abort\(\)|__builtin_trap|assert' "$file" ||
            fail 'a fuzz harness holds a property' "$file"
    done
    for file in $(files 'tests/unit/*/test_*.c' 'fuzz/*/fuzz_*.c'); do
        name=$(basename "$file" .c | sed 's/^test_//; s/^fuzz_//')
        grep -qw "$name" "$(dirname "$file")/CMakeLists.txt" || fail 'is not built' "$file"
    done
    long=$(wc -l $sources | awk '$1 > 600 && $2 != "total" { print $2 ": " $1 " lines" }')
    [ -z "$long" ] || fail 'a file is at most 600 lines' "$long"
    shells=$(grep -lE '^#!/bin/(ba)?sh' $(files 'tools/*' '.ci/*' 'tests/*.sh' 'packaging/*') \
        /dev/null || true)
    if command -v shellcheck >/dev/null 2>&1; then
        shellcheck $shells || fail 'shellcheck' 'see above'
    fi
}

# may FOLDER 'OTHERS': its files include only its own headers and those of OTHERS.
# shellcheck disable=SC2046
may() {
    others=$(echo "$1 $2" | sed 's/ *$//; s/ /|/g')
    inner='base|crypto|record|wire|ledger|authority|replay|gateway|daemon|cli|cedar'
    hits=$(grep -nE "#include \"($inner)/" $(files "src/$1/*.c" "src/$1/*.h") /dev/null |
        grep -vE "#include \"($others)/" || true)
    [ -z "$hits" ] || fail "$1 may not know this folder" "$hits"
}

finish() {
    if [ "$failures" -gt 0 ]; then
        echo "lint: $failures rules are broken" >&2
        exit 1
    fi
    echo "lint: clean"
    exit 0
}

if [ "${1:-}" = rules ]; then
    rules
    finish
fi

tools/setup.sh lint
mkdir -p build
rules
echo "lint: formatting"
# shellcheck disable=SC2046
clang-format --dry-run -Werror $(files '*.c' '*.h') 2>&1 | grep ' error: ' |
    cut -d: -f1 | sort | uniq -c >build/lint.log || true
[ ! -s build/lint.log ] || fail 'clang-format (run make format): places, file' "$(cat build/lint.log)"
echo "lint: clang-tidy"
cmake --preset clang >/dev/null
# One file a run: with several, its check of va_list remembers the file before.
files 'src/*.c' | xargs -P "$(nproc)" -n 1 clang-tidy -p build/clang --quiet \
    >build/lint.log 2>/dev/null ||
    fail clang-tidy "$(grep -E ' (error|warning): ' build/lint.log || echo 'see build/lint.log')"
finish
