#!/bin/sh
# Our ledgers, checked by golang.org/x/mod/sumdb as Debian packages it (verify.go); nothing is
# downloaded. One line a case; the last line counts them.
#
#   tests/interop/run.sh [BUILD]    BUILD holds interop_make_log; build/dev when not given
set -eu
cd "$(dirname "$0")/../.."
make_log=${1:-build/dev}/tests/interop/interop_make_log

mkdir -p build
tmp=$(mktemp -d build/interop.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

passed=0 failed=0
pass() {
    echo "ok: $1: $(tail -1 "$tmp/output")"
    passed=$((passed + 1))
}
fail() {
    echo "FAILED: $1: $(tail -3 "$tmp/output")"
    failed=$((failed + 1))
}

# verify DIR [OLDER...]: by the tool that is not ours.
verify() {
    dir=$1
    shift
    "$tmp/verify" "$dir/log" "$dir/vkey" "$@" >"$tmp/output" 2>&1
}

# good NAME DIR LEAST WORD SIZE [load]: grows the ledger in DIR and verifies it, with at least
# LEAST checkpoints that were signed on the way, this one among them.
good() {
    name=$1 dir=$2 least=$3
    shift 3
    mkdir -p "$dir"
    if ! "$make_log" "$dir" "$@" >"$tmp/output" 2>&1; then
        fail "$name"
        return
    fi
    set -- "$dir"/checkpoints/*
    if [ $# -lt "$least" ]; then
        echo "only $# checkpoints" >"$tmp/output"
        fail "$name"
    elif verify "$dir" "$@"; then
        pass "$name"
    else
        fail "$name"
    fi
}

# bad NAME WORDS DIR [OLDER...]: must be refused, and in these words.
bad() {
    name=$1 words=$2
    shift 2
    if verify "$@"; then
        echo "was accepted" >"$tmp/output"
        fail "$name"
    elif grep -q "^verify: $words" "$tmp/output"; then
        pass "$name"
    else
        fail "$name"
    fi
}

# flip FILE OFFSET: turns the lowest bit of one byte.
flip() {
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf '%o' $((byte ^ 1)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# The packages of Debian, from its own place, and no module from anywhere.
if ! env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOENV=off GOTOOLCHAIN=local \
    GOCACHE="$PWD/build/go-cache" CGO_ENABLED=0 \
    go build -o "$tmp/verify" tests/interop/verify.go >"$tmp/output" 2>&1; then
    fail 'verify.go builds'
    echo "$passed passed, $failed failed"
    exit 1
fi

# One ledger, closed and opened again between the sizes, each with all that was signed before.
count=0
for size in 0 1 255 256 257 65535 65536 70000; do
    count=$((count + 1))
    good "$size entries" "$tmp/log" "$count" entry "$size"
    [ "$size" -ne 257 ] || cp -a "$tmp/log" "$tmp/small"
done
good 'grown while it was published' "$tmp/load" 4 load 20000 load

# What must not pass. Byte 2 of a bundle is the first byte of its first entry.
cp -a "$tmp/small" "$tmp/leaf"
flip "$tmp/leaf/log/tile/entries/000" 2
bad 'a flipped byte of an entry' 'root: ' "$tmp/leaf"

cp -a "$tmp/small" "$tmp/tile"
flip "$tmp/tile/log/tile/0/000" 4000
bad 'a flipped byte of a tile' 'inclusion of entry ' "$tmp/tile"

cp -a "$tmp/small" "$tmp/size"
sed '2s/257/256/' "$tmp/small/log/checkpoint" >"$tmp/size/log/checkpoint"
bad 'a checkpoint changed after signing' 'checkpoint: ' "$tmp/size"

mkdir "$tmp/other"
"$make_log" "$tmp/other" other 100
bad 'a history that was signed and then replaced' 'consistency with ' "$tmp/small" \
    "$tmp/other/checkpoints/0000000100"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
