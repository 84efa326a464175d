#!/bin/sh
# Installs what a task needs and is not there yet: Debian packages, then the npm packages of
# tests/e2e at the versions of its lock file. Running it again does nothing.
#
#   tools/setup.sh build|demo|test|lint...
set -eu
cd "$(dirname "$0")/.."

build="build-essential cmake ninja-build pkg-config libssl-dev libjansson-dev libuv1-dev"
clang="clang libclang-rt-14-dev"
interop="golang-go golang-golang-x-mod-dev"
packages=""
npm=no
for task in "$@"; do
    case $task in
    build) packages="$packages $build libcmocka-dev" ;;
    demo) packages="$packages $build openssh-client nodejs npm" npm=yes ;;
    test)
        packages="$packages $build libcmocka-dev openssh-client nodejs npm $clang $interop"
        npm=yes
        ;;
    unit) packages="$packages $build libcmocka-dev openssh-client" ;;
    fuzz) packages="$packages $build libcmocka-dev $clang" ;;
    lint) packages="$packages $build libcmocka-dev clang clang-format clang-tidy shellcheck" ;;
    *)
        echo "setup.sh: no such task: $task" >&2
        exit 2
        ;;
    esac
done

# Go 1.19 or newer, whoever built it.
have_go() {
    minor=$(go version 2>/dev/null | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
    [ "${minor:-0}" -ge 19 ]
}

# There, as a Debian package or (npm comes with some other builds of Node) as a program.
have() {
    case $1 in
    golang-go) have_go && return 0 ;;
    npm | nodejs) command -v "${1%js}" >/dev/null 2>&1 && return 0 ;;
    esac
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=""
for package in $packages; do
    have "$package" || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "setup.sh: not a Debian system; please install:$missing" >&2
        exit 1
    fi
    sudo=""
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    echo "setup: installing$missing"
    $sudo apt-get update -q >/dev/null
    # shellcheck disable=SC2086 # lists of words
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $missing >/dev/null
fi

if [ $npm = yes ]; then
    stamp=tests/e2e/node_modules/.writ-lock
    if ! cmp -s tests/e2e/package-lock.json "$stamp"; then
        echo "setup: installing the npm packages of tests/e2e/package-lock.json"
        (cd tests/e2e && npm ci --include=dev --loglevel=error --no-progress >/dev/null)
        cp tests/e2e/package-lock.json "$stamp"
    fi
fi
