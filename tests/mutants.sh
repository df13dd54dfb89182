#!/usr/bin/env bash
# Mutants of policy, placement and lifecycle, a shard at a time: each against the unit tests, the conformance cases,
# 2,000 worlds of the oracle and the tests of the lifecycle and of workspaces. A shard that was run to its end is not run again, so that a run can be broken off
# and resumed; `rm -r` the folder it prints to begin anew.
#
#   tests/mutants.sh                 every fifth shard: a sample of at least 200
#   tests/mutants.sh 0 1 2           these shards of the 56
set -euo pipefail
cd "$(dirname "$0")/.."
shards=56
out="${CARGO_TARGET_DIR:-$PWD/target}/mutants"
[ $# -gt 0 ] || set -- $(seq 0 5 $((shards - 1)))

# The mutants are made in a clone, so that nobody's files are touched; what is built there is kept between shards.
[ -d "$out/tree" ] || git clone --quiet . "$out/tree"
git -C "$out/tree" fetch --quiet origin HEAD && git -C "$out/tree" checkout --quiet --force FETCH_HEAD
export CARGO_TARGET_DIR="$out/build" CARGO_PROFILE_TEST_DEBUG=0
export SITING_WORLDS=2000 PROPTEST_CASES=32

# What a mutant is tried against. Said to every call of cargo, not to the tests alone, or each mutant would also
# build what is not run.
against=(--features=cli --lib)
for test in conformance differential optimize workspace lifecycle lifecycle_adoption lifecycle_random lifecycle_rollouts; do
    against+=("--test=$test")
done

for shard in "$@"; do
    [ -e "$out/$shard/done" ] && continue
    rm -rf "${out:?}/$shard" && mkdir -p "$out/$shard"
    # 2 is said of mutants that survive, 3 of some that took too long; neither is a failure of the run.
    (cd "$out/tree" && cargo mutants --in-place --no-shuffle --colors never --baseline skip --timeout 120 --cap-lints true \
        --file 'src/policy/**' --file 'src/placement/**' --file 'src/lifecycle/**' \
        --shard "$shard/$shards" --sharding round-robin --output "$out/$shard" "${against[@]/#/--cargo-arg=}" \
        -- -- --skip every_small_world --skip large_random_worlds --skip random_worlds_reach --skip worlds_that_bytes_make \
    ) >"$out/$shard/log" 2>&1 || case $? in 2 | 3) ;; *) tail -20 "$out/$shard/log" >&2; exit 1 ;; esac
    touch "$out/$shard/done"
done

count() { cat "$out"/*/mutants.out/"$1".txt 2>/dev/null | wc -l; }
caught=$(count caught) timeout=$(count timeout) missed=$(count missed) unviable=$(count unviable)
echo "caught $((caught + timeout)) of $((caught + timeout + missed)) mutants; $unviable do not build"
cat "$out"/*/mutants.out/missed.txt 2>/dev/null | sort || true
