//! The solver against the oracle: an independent reading of the rules, over plain sets and strings.
//!
//! Candidates, verdict, placements, prices, codes, culprits, counts, scopes and audits must all agree
//! (D1–D6, D9, P3–P8, P12, P13, I1, I3, I5). A failure names the seed, which alone repeats it.

use crate::comparison::{agree, compare, specs};
use crate::oracle;
use crate::reach::{NOW, reach};
use siting::time::Moment;

/// Worlds of up to 8 clusters in a normal run; `SITING_WORLDS` asks for more.
const SMALL: u64 = 30_000;
/// An odd number without a pattern, by which counting makes bytes that differ.
const MIXED: u64 = 0x9e37_79b9_7f4a_7c15;
/// Worlds that are reached by changes in a normal run.
const REACHED: u64 = 100;
/// Worlds of up to 60 clusters in a normal run.
const LARGE: u64 = 2_000;

#[test]
fn the_oracle_agrees_on_small_random_worlds() {
    let asked = std::env::var("SITING_WORLDS").ok();
    let worlds = asked.map_or(SMALL, |worlds| worlds.parse().expect("SITING_WORLDS is a number"));
    compare_seeds(0..worlds, 8);
    println!("{worlds} random worlds compared");
}

/// W2: workspaces that were reached by changes, from other worlds and by detours, decide as the oracle says of where they came
/// to.
#[test]
fn the_oracle_agrees_on_worlds_that_changes_lead_to() {
    let asked = std::env::var("SITING_WORLDS").ok();
    let worlds = asked.map_or(REACHED, |worlds| worlds.parse::<u64>().expect("SITING_WORLDS is a number") / 100);
    let told = in_parts(0..worlds, |seed| {
        let [from, by] = [1, 2].map(|other| specs(&oracle::random::world(seed + other * 1_000_003, 8)));
        let mut world = oracle::random::world(seed, 8);
        let what = format!("seed {seed}, reached");
        let (workspace, told) = reach(from, &by, &specs(&world), seed, &what);
        // Where nobody says a moment, questions are about that of the last change.
        let at = world.at.get_or_insert(NOW.as_millis());
        agree(&workspace.at(Moment::from_millis(*at)), &world, seed % 2 == 1, &what);
        told
    });
    let [accepted, refused] = told.into_iter().fold([0, 0], |sum, told| [sum[0] + told[0], sum[1] + told[1]]);
    println!("{worlds} worlds reached by {accepted} changes; {refused} were refused on the way");
    assert!(accepted > refused && refused > 0);
}

/// Worlds on which both once differed, found among ten million: two flavors of one pool share the places for replicas
/// that its nodes have, so that the order of placing says which nodes are left.
#[test]
fn the_oracle_agrees_on_worlds_that_once_differed() {
    for seed in [456_455, 707_906] {
        compare(&oracle::random::world(seed, 8), seed % 2 == 1, &format!("seed {seed}"));
    }
}

#[test]
fn the_oracle_agrees_on_worlds_that_bytes_make() {
    for number in 0..2_000_u64 {
        let bytes: Vec<u8> = (0..60).flat_map(|at| (number * 60 + at).wrapping_mul(MIXED).to_be_bytes()).collect();
        compare(&oracle::random::world_of_bytes(&bytes, 8), number % 2 == 1, &format!("bytes {number}"));
    }
}

#[test]
fn the_oracle_agrees_on_large_random_worlds() {
    compare_seeds(0..LARGE, 60);
}

#[test]
fn the_oracle_agrees_on_every_small_world() {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
    let part = |thread: usize| {
        let part = oracle::enumerate::worlds().enumerate().skip(thread).step_by(threads);
        part.map(|(number, world)| compare(&world, false, &format!("enumerated world {number}"))).count()
    };
    let compared: usize = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        parts.into_iter().map(|part| part.join().expect("no mismatch")).sum()
    });
    println!("{compared} enumerated worlds compared");
}

fn compare_seeds(seeds: std::ops::Range<u64>, max_clusters: usize) {
    in_parts(seeds, |seed| {
        compare(&oracle::random::world(seed, max_clusters), seed % 2 == 1, &format!("seed {seed}"));
    });
}

/// Does something for each seed, on all cores.
fn in_parts<T: Send>(seeds: std::ops::Range<u64>, of: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get()) as u64;
    let part = |thread| seeds.clone().filter(|seed| seed % threads == thread).map(&of).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let part = &part;
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("no mismatch")).collect()
    })
}
