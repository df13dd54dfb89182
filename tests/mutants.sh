#!/usr/bin/env bash
# Mutants of policy, placement and lifecycle, a shard at a time. Each is tried against the tests that know its room
# best: the unit tests, and 2,000 worlds of the oracle or the stories of the lifecycle. If it survives those, it is
# tried against every test there is, the conformance cases among them, but for the exhaustive ones.
#
# A shard that was run to its end is not run again, so that a run can be broken off and resumed; its survivors are, if
# something has been committed since. `rm -r` the folder that it prints to begin anew.
#
#   tests/mutants.sh                 every fifth shard: a sample of at least 200
#   tests/mutants.sh 0 1 2           these shards of the 56
set -euo pipefail
cd "$(dirname "$0")/.."
shards=56
out="${CARGO_TARGET_DIR:-$PWD/target}/mutants"
[ $# -gt 0 ] || set -- $(seq 0 5 $((shards - 1)))
echo "$out"

# The mutants are made in a clone, so that nobody's files are touched; what is built there is kept between shards.
[ -d "$out/tree" ] || git clone --quiet . "$out/tree"
git -C "$out/tree" fetch --quiet origin HEAD && git -C "$out/tree" checkout --quiet --force FETCH_HEAD
git -C "$out/tree" clean --quiet --force -d
commit=$(git -C "$out/tree" rev-parse HEAD)
export CARGO_PROFILE_TEST_DEBUG=0 SITING_WORLDS=2000 PROPTEST_CASES=32

# run FOLDER SECONDS ARGUMENT...: mutants against tests; `caught`, `unviable` and `missed` in the folder take up what
# comes of it. One that takes too long is caught.
run() {
    local to=$1 seconds=$2
    shift 2
    # 2 is said of mutants that survive, 3 of some that took too long; neither is a failure of the run.
    (cd "$out/tree" && cargo mutants --in-place --no-shuffle --colors never --baseline skip --cap-lints true \
        --timeout "$seconds" --output "$to" "$@" -- \
        -- --skip every_small_world --skip large_random_worlds --skip worlds_that_bytes_make --skip every_state_within_bounds \
    ) >>"$to/log" 2>&1 || case $? in 2 | 3) ;; *) tail -20 "$to/log" >&2; exit 1 ;; esac
    cat "$to/mutants.out/caught.txt" "$to/mutants.out/timeout.txt" >>"$to/caught"
    cat "$to/mutants.out/unviable.txt" >>"$to/unviable"
    cp "$to/mutants.out/missed.txt" "$to/missed"
}

# Which tests are said to every call of cargo: each mutant would else also build those that are not run.
against() { printf -- '--cargo-arg=%s\n' "$@"; }

for shard in "$@"; do
    for room in decisions lives; do
        to="$out/$room-$shard"
        case $room in
        decisions)
            files=(--file 'src/policy/**' --file 'src/placement/**')
            known=(--lib --test=differential --test=optimize --test=workspace) ;;
        lives)
            files=(--file 'src/lifecycle/**')
            known=(--lib --test=lifecycle --test=lifecycle_edits --test=lifecycle_rollouts) ;;
        esac
        if [ ! -e "$to/done" ]; then
            rm -rf "$to" && mkdir -p "$to"
            CARGO_TARGET_DIR="$out/build-$room" run "$to" 60 "${files[@]}" --sharding round-robin --shard "$shard/$shards" \
                $(against "${known[@]}")
        fi
        if [ -s "$to/missed" ] && [ "$(cat "$to/done" 2>/dev/null)" != "$commit" ]; then
            mapfile -t names < <(sed 's/[][\.*^$()+?{}|]/\\&/g; s/.*/--re=^&$/' "$to/missed")
            CARGO_TARGET_DIR="$out/build" run "$to" 600 "${names[@]}" $(against --all-features --tests)
        fi
        echo "$commit" >"$to/done"
    done
done

caught=$(cat "$out"/*/caught | wc -l) missed=$(cat "$out"/*/missed | wc -l)
echo "caught $caught of $((caught + missed)) mutants; $(cat "$out"/*/unviable | wc -l) do not build"
sort "$out"/*/missed
