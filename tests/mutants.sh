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
#   SITING_MUTANTS_FIRST=1 tests/mutants.sh   only against the tests that know the room
set -euo pipefail
cd "$(dirname "$0")/.."
shards=56
out="${CARGO_TARGET_DIR:-$PWD/target}/mutants"
[ $# -gt 0 ] || set -- $(seq 0 5 $((shards - 1)))
echo "$out"

# The mutants are made in clones, one for each half, so that nobody's files are touched and the halves can run side by
# side; what is built is kept between shards.
for room in decisions lives; do
    tree="$out/$room/tree"
    [ -d "$tree" ] || git clone --quiet . "$tree"
    git -C "$tree" fetch --quiet origin HEAD && git -C "$tree" checkout --quiet --force FETCH_HEAD
    git -C "$tree" clean --quiet --force -d
done
commit=$(git -C "$tree" rev-parse HEAD)
export CARGO_PROFILE_TEST_DEBUG=0 SITING_WORLDS=2000 PROPTEST_CASES=32

# run FOLDER SECONDS ARGUMENT...: mutants against tests. One that takes too long is caught. Before the first of all, the
# tests have to pass in that time on the code as it is.
run() {
    local to=$1 seconds=$2
    shift 2
    # 2 is said of mutants that survive, 3 of some that took too long; neither is a failure of the run.
    (cd "$tree" && cargo mutants --in-place --no-shuffle --colors never --baseline "$baseline" --cap-lints true \
        --timeout "$seconds" --output "$to" "$@" -- \
        -- --skip every_small_world --skip large_random_worlds --skip worlds_that_bytes_make --skip every_state_within_bounds \
    ) >>"$to/log" 2>&1 || case $? in 2 | 3) ;; *) tail -20 "$to/log" >&2; exit 1 ;; esac
    baseline=skip
}

# Which tests are said to every call of cargo: each mutant would else also build those that are not run.
against() { printf -- '--cargo-arg=%s\n' "$@"; }

# again FOLDER ARGUMENT...: the survivors of a shard against more; `caught` and `missed` are made anew.
again() {
    local to=$1 names=() files=() fields=(--exclude-re 'delete field')
    shift
    [ -s "$to/missed" ] || return 0
    mapfile -t names < <(sed 's/[][\.*^$()+?{}|]/\\&/g; s/.*/--re=^&$/' "$to/missed")
    mapfile -t files < <(sed 's/:.*//; s/^/--file=/' "$to/missed" | sort -u)
    # A field that is left out is not chosen by its name; where one survived, its like are tried once more.
    grep -q 'delete field' "$to/missed" && fields=()
    run "$to" 600 "${files[@]}" "${names[@]}" "${fields[@]}" $(against "$@")
    # One that is not found any more, since its line has moved, is not caught by that.
    sort "$to/missed" >"$to/before"
    sort "$to/mutants.out/caught.txt" "$to/mutants.out/timeout.txt" | comm -12 "$to/before" - >"$to/now"
    comm -23 "$to/before" "$to/now" >"$to/missed"
    cat "$to/now" >>"$to/caught"
}

# The shards of a half: `decisions` or `lives`.
half() {
    local room=$1 tree="$out/$1/tree" baseline=run files known to
    export CARGO_TARGET_DIR="$out/$room/build"
    shift
    case $room in
    decisions)
        files=(--file 'src/policy/**' --file 'src/placement/**')
        known=(--lib --test=differential --test=core) ;;
    lives)
        files=(--file 'src/lifecycle/**')
        known=(--lib --test=lifecycle) ;;
    esac
    for shard in "$@"; do
        to="$out/$room/$shard"
        if [ ! -e "$to/tried" ]; then
            rm -rf "$to" && mkdir -p "$to"
            run "$to" 60 "${files[@]}" --sharding round-robin --shard "$shard/$shards" $(against "${known[@]}")
            cat "$to/mutants.out/caught.txt" "$to/mutants.out/timeout.txt" >"$to/caught"
            cp "$to/mutants.out/missed.txt" "$to/missed"
            cp "$to/mutants.out/unviable.txt" "$to/unviable"
            echo "$commit" >"$to/commit"
            touch "$to/tried"
        fi
        if [ -s "$to/missed" ] && [ -z "${SITING_MUTANTS_FIRST:-}" ] && [ "$(cat "$to/tried")" != "$commit" ]; then
            # Most are caught by what was written against them; what builds all tests for each takes longer.
            again "$to" "${known[@]}"
            again "$to" --all-features --tests
            echo "$commit" >"$to/tried"
        fi
    done
}

half decisions "$@" & decisions=$!
half lives "$@" & lives=$!
failed=
for part in "$decisions" "$lives"; do wait "$part" || failed=1; done
[ -z "$failed" ] || exit 1

caught=$(cat "$out"/*/*/caught | wc -l) missed=$(cat "$out"/*/*/missed | wc -l)
echo "caught $caught of $((caught + missed)) mutants; $(cat "$out"/*/*/unviable | wc -l) do not build"
echo "made of $(sort -u "$out"/*/*/commit | cut -c1-7 | paste -sd' ')"
sort "$out"/*/*/missed
