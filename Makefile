# What people do here. Each target does its own set-up on a machine with Rust (rustup) and nothing else.

export CARGO_TERM_COLOR ?= auto

.PHONY: demo test assure bench instructions tools

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
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --all-features

## The long runs, by hand before work on the core is called done.
assure: tools
	for features in "" manifest schema cli; do \
		cargo check --quiet --no-default-features --features "$$features" || exit 1; \
	done
	SITING_WORLDS=10000000 cargo test --release --test differential -- --nocapture
	SITING_WALK=fine cargo test --release --test lifecycle_walk -- --nocapture
	cargo package --quiet --allow-dirty
	$(MAKE) instructions

## Instructions that F1–F5 take, held below limits; with valgrind, on any machine, loaded or not.
instructions: export CARGO_TARGET_DIR ?= $(CURDIR)/target
instructions: tools
	@command -v valgrind >/dev/null || { echo "valgrind is missing; install it to count instructions" >&2; exit 1; }
	cargo install --quiet gungraun-runner --version 0.20.0 --root "$$CARGO_TARGET_DIR/gungraun-runner"
	PATH="$$CARGO_TARGET_DIR/gungraun-runner/bin:$$PATH" cargo bench --quiet --manifest-path benches/instructions/Cargo.toml

## How fast, beside targets and other engines; the table is also `target/bench-report.json`. Wants a
## quiet machine. What needs Python (HiGHS) says so where that is missing.
bench: export CARGO_TARGET_DIR ?= $(CURDIR)/target
bench: export SITING_PYTHON ?= $(CARGO_TARGET_DIR)/highs/bin/python
bench: tools
	cargo bench --quiet --bench figures
	cargo bench --quiet --bench decisions
	cargo bench --quiet --bench memory
	cargo bench --quiet --bench openb
	cargo bench --quiet --manifest-path benches/peers/Cargo.toml --bench engines
	test -x "$$SITING_PYTHON" || { python3 -m venv "$$CARGO_TARGET_DIR/highs" && "$$SITING_PYTHON" -m pip install --quiet highspy; } || true
	cargo run --quiet --release --manifest-path benches/peers/Cargo.toml --bin optimum
	cargo run --quiet --release --manifest-path benches/peers/Cargo.toml --bin report

tools:
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy
