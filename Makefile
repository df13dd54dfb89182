# What people do here. Each target does its own set-up on a machine with Rust (rustup) and, for the wheel, Python.

export CARGO_TERM_COLOR ?= auto

# Where things are built that have a workspace of their own.
BUILD = $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
FUZZ_TARGETS = manifest round_trip bitset solver lifecycle scenario kept
# How long each fuzz target runs: `make fuzz SECONDS=600`.
SECONDS = 60

# The first build of a clean clone keeps nothing for the next one: that would cost it a fifth of its time.
ifeq ($(wildcard $(BUILD)/debug),)
export CARGO_INCREMENTAL ?= 0
endif

.PHONY: demo test bless wheel hosts assure features oracle walk planners cedar mutants licences fuzz keywords bench bench-python instructions tools

## The main job on real input: a fleet of 250 clusters, ten deployments, some of them refused.
demo:
	cargo run --quiet --features cli -- place docs/tour || [ $$? -eq 1 ]
	@echo
	cargo run --quiet --features cli -- explain docs/tour -d bert-api-v1 -c azure-westeurope || [ $$? -eq 1 ]

## Every test and lint that decides whether a change is good. CI runs exactly this.
test: tools
	cargo fmt --check
	cargo clippy --quiet --all-targets --all-features -- -D warnings
	cargo clippy --quiet --no-default-features -- -D warnings
	cargo test --quiet --all-features
	cargo test --quiet --manifest-path tests/outside/Cargo.toml --target-dir $(BUILD)/outside
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --all-features
	$(MAKE) --no-print-directory wheel

## All snapshots, and what documentation shows of the program, written anew. Read the difference before you commit it.
bless:
	INSTA_UPDATE=always cargo test --quiet --all-features --no-fail-fast --test core --test manifest --test lifecycle --test cli \
		-- --skip walk:: --skip random::

## The Python wheel: built and installed into an environment of its own, checked and tested there. Wants
## Python 3.10 or later with pip; PYTHON names another than `python3`.
PYTHON ?= python3
wheel: export CARGO_TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
wheel: export PATH := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/python/bin:$(PATH)
wheel: ENVIRONMENT = $(CARGO_TARGET_DIR)/python
wheel: tools
	cargo clippy --quiet --package siting-python -- -D warnings
	cmp -s python/requirements-dev.txt $(ENVIRONMENT)/requirements-dev.txt || { \
		$(PYTHON) -m venv --clear $(ENVIRONMENT) && \
		python -m pip install --quiet --disable-pip-version-check -r python/requirements-dev.txt && \
		cp python/requirements-dev.txt $(ENVIRONMENT); }
	rm -rf $(ENVIRONMENT)/wheels
	maturin build --quiet --profile dev --manifest-path python/Cargo.toml --out $(ENVIRONMENT)/wheels
	python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps $(ENVIRONMENT)/wheels/siting-*.whl
	ruff check --quiet python
	ruff format --quiet --check python
	cd python/examples && mypy --config-file ../pyproject.toml --cache-dir $(ENVIRONMENT)/mypy .
	cd python/tests && mypy --config-file ../pyproject.toml --cache-dir $(ENVIRONMENT)/mypy -p siting && \
		mypy --config-file ../pyproject.toml --cache-dir $(ENVIRONMENT)/mypy . && \
		python -m mypy.stubtest siting._siting
	cd python/tests && python -m pytest --quiet --numprocesses auto -c ../pyproject.toml --rootdir .. . ../examples

## The control plane that readers copy, from end to end, on SQLite and on a PostgreSQL of its own. The one in Python is
## a part of `make test`.
hosts: export CARGO_TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
hosts: ENVIRONMENT = $(CARGO_TARGET_DIR)/hosts
hosts: HOST = docs/examples/control-plane
hosts: tools
	cargo fmt --check --manifest-path $(HOST)/Cargo.toml
	cargo clippy --quiet --manifest-path $(HOST)/Cargo.toml --target-dir $(ENVIRONMENT)/build --all-targets -- -D warnings
	$(PYTHON) -m venv $(ENVIRONMENT)/python
	$(ENVIRONMENT)/python/bin/python -m pip install --quiet --disable-pip-version-check -r $(HOST)/tests/requirements.txt || \
		echo "POSTGRESQL IS LEFT OUT: there is no package with a server for this Python" >&2
	$(ENVIRONMENT)/python/bin/python $(HOST)/tests/with_postgres.py $(ENVIRONMENT)/postgres \
		cargo test --quiet --manifest-path $(HOST)/Cargo.toml --target-dir $(ENVIRONMENT)/build

## The long runs, by hand before work on the core is called done. What each is for: docs/assurance.md.
assure: tools features licences oracle walk planners cedar fuzz keywords mutants
	cargo package --quiet --allow-dirty
	$(MAKE) instructions

## Instructions that F1–F5 take, held below limits; with valgrind, on any machine, loaded or not.
instructions: export CARGO_TARGET_DIR ?= $(CURDIR)/target
instructions: tools
	@command -v valgrind >/dev/null || { echo "valgrind is missing; install it to count instructions" >&2; exit 1; }
	cargo install --quiet gungraun-runner --version 0.20.0 --root "$$CARGO_TARGET_DIR/gungraun-runner"
	PATH="$$CARGO_TARGET_DIR/gungraun-runner/bin:$$PATH" cargo bench --quiet --manifest-path benches/instructions/Cargo.toml

## Planners that share a log, a million steps.
planners:
	SITING_PLANNER_STEPS=1000000 cargo test --quiet --all-features --test core planners::random

## Every combination of features builds, the crate's next version says what it breaks, and it builds with
## the oldest Rust that it names, where that is installed.
features: tools
	for face in "" manifest schema cli; do for kit in "" proptest arbitrary proptest,arbitrary; do \
		cargo check --quiet --no-default-features --features "$$face,$$kit" || exit 1; \
	done; done
	@oldest=$$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml); \
	if rustup toolchain list | grep -q "^$$oldest"; then cargo +$$oldest check --quiet --all-features; \
	else echo "Rust $$oldest is not installed: whether it builds with that is not tried"; fi
	@if git describe --tags --abbrev=0 >/dev/null 2>&1; then \
		cargo semver-checks --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-semver-checks; \
		cargo semver-checks --baseline-rev "$$(git describe --tags --abbrev=0)"; \
	else echo "there is no tag yet that a change could break"; fi

licences:
	cargo deny --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-deny
	cargo deny --log-level error check licenses bans sources
	cargo deny --log-level error --manifest-path docs/examples/control-plane/Cargo.toml check --config .deny.toml \
		licenses bans sources

## 10 million random worlds, one deployment or several in each, against the oracle.
oracle:
	SITING_WORLDS=10000000 cargo test --release --all-features --test differential -- --nocapture

## Every state of a workload with three deployments and a draft.
walk:
	SITING_WALK=fine cargo test --release --test lifecycle walk -- --nocapture

## 100,000 random worlds against cedar-policy.
cedar:
	SITING_CEDAR_WORLDS=100000 cargo test --quiet --manifest-path tests/cedar/Cargo.toml --target-dir $(BUILD)/cedar -- --nocapture

## A sample of at least 200 mutants; broken off, it goes on where it was.
mutants:
	cargo mutants --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-mutants
	tests/mutants.sh

## Each fuzz target for some time, on all cores; what is found stands in fuzz/artifacts. Where there is no
## nightly Rust, the stable one is asked for what only that has.
fuzz:
	cargo fuzz --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz
	rustup toolchain list | grep -q '^nightly' || export RUSTC_BOOTSTRAP=1; \
	nightly=$$(rustup toolchain list | grep -q '^nightly' && echo +nightly); \
	cargo $$nightly fuzz build --target-dir $(BUILD)/fuzz && \
	printf '%s\n' $(FUZZ_TARGETS) | xargs -P "$$(nproc)" -I @ sh -c 'mkdir -p $(BUILD)/fuzz-corpus/@ && \
		cargo '"$$nightly"' fuzz run --target-dir $(BUILD)/fuzz @ $(BUILD)/fuzz-corpus/@ fuzz/corpus/@ \
			-- -max_total_time=$(SECONDS) -max_len=16384 -timeout=20 -verbosity=0 && echo "@: nothing found in $(SECONDS) s"'

## A million calls of the wheel with random arguments; `make wheel` makes a few hundred.
keywords: export CARGO_TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
keywords: wheel
	cd python/tests && SITING_PYTHON_CASES=1000000 $(CARGO_TARGET_DIR)/python/bin/python -m pytest --quiet \
		-c ../pyproject.toml --rootdir .. test_keywords.py

## How fast, beside targets and other engines; the table is also `target/bench-report.json`. Wants a
## quiet machine. Lists at the end the figures that are missing (F7 and F12 need Python).
bench: export CARGO_TARGET_DIR ?= $(CURDIR)/target
bench: export SITING_PYTHON ?= $(CARGO_TARGET_DIR)/highs/bin/python
bench: tools
	cargo bench --quiet --bench figures
	cargo bench --quiet --bench decisions
	cargo bench --quiet --bench memory
	cargo bench --quiet --bench openb
	cargo bench --quiet --manifest-path benches/peers/Cargo.toml --bench engines
	$(MAKE) --no-print-directory bench-python || echo "F12 is left out: it needs Python 3.10 or later with pip"
	cmp -s benches/peers/requirements.txt "$$CARGO_TARGET_DIR/highs/requirements.txt" || { \
		$(PYTHON) -m venv --clear "$$CARGO_TARGET_DIR/highs" && \
		"$$CARGO_TARGET_DIR/highs/bin/python" -m pip install --quiet --disable-pip-version-check -r benches/peers/requirements.txt && \
		cp benches/peers/requirements.txt "$$CARGO_TARGET_DIR/highs"; } || echo "F7 is left out: it needs Python 3.10 or later with pip"
	cargo run --quiet --release --manifest-path benches/peers/Cargo.toml --bin optimum || echo "F7 is left out"
	cargo run --quiet --release --manifest-path benches/peers/Cargo.toml --bin report

## F12: from Python, beside Rust alone, a plain loop and cedarpy. F17, F18: pickles, and tables in and out.
bench-python: export CARGO_TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
bench-python: ENVIRONMENT = $(CARGO_TARGET_DIR)/python-bench
bench-python:
	$(PYTHON) -m venv --clear $(ENVIRONMENT)
	$(ENVIRONMENT)/bin/pip install --quiet --disable-pip-version-check -r python/benches/requirements.txt
	$(ENVIRONMENT)/bin/maturin build --quiet --release --manifest-path python/Cargo.toml --out $(ENVIRONMENT)/wheels
	$(ENVIRONMENT)/bin/pip install --quiet --disable-pip-version-check --no-deps $(ENVIRONMENT)/wheels/siting-*.whl
	cargo build --quiet --release --package siting-python --example baseline
	$(ENVIRONMENT)/bin/python python/benches/f12.py $(CARGO_TARGET_DIR)/release/examples/baseline $(CARGO_TARGET_DIR)/bench-values
	$(ENVIRONMENT)/bin/python python/benches/f17.py $(CARGO_TARGET_DIR)/bench-values

tools:
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy
