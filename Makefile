# The front door: each word forwards to a CMake preset or to a script in tools/.
# `make help` prints what stands behind each.
.DEFAULT_GOAL := build
.PHONY: build release demo test bench fuzz asan tsan lint format clean help
FUZZ_SECONDS ?= 30

build:   ## build everything with warnings as errors, into build/dev
	@tools/setup.sh build
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev

release: ## build optimised programs without tests, into build/release
	@tools/setup.sh build
	@cmake --preset release >/dev/null
	@cmake --build --preset release

demo:    ## one invoice agent under written authority, from grant to proof
	@tools/demo.sh

test:    ## all tests: unit, fault, short fuzz runs, end to end; the last line counts them
	@tools/test.sh

bench:   ## measure, beside the floor of the same machine
	@tools/bench.sh

fuzz:    ## every fuzz harness for FUZZ_SECONDS (30) each
	@tools/fuzz.sh $(FUZZ_SECONDS)

asan:    ## unit and fault tests under the address and undefined behaviour sanitizers
	@tools/sanitize.sh asan

tsan:    ## unit and fault tests under the thread sanitizer
	@tools/sanitize.sh tsan

lint:    ## formatting, clang-tidy, shellcheck, and the rules of tools/lint.sh
	@tools/lint.sh

format:  ## format all C files as .clang-format says
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean:   ## remove what was built
	@rm -rf build

help:    ## this list
	@sed -n 's/^\([a-z]*\): *## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-8s %s\n", $$1, $$2 }'
