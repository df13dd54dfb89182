//! Every state within bounds: three deployments at most, a draft, two environments, any number of ids
//! (E3, L1–L12). Each invariant is claimed of each state and of each step, and ten planted faults are
//! each found.
//!
//! `SITING_WALK=fine` tells states apart by governors and previous holders, too, and goes further: for the long runs.
//! `SITING_WALK_STEPS` says how far strategies are walked: so many steps, or `all`.

use crate::walk_support::actions::Bounds;
use crate::walk_support::faults::Fault;
use crate::walk_support::key::Grain;
use crate::walk_support::walk::{Found, Walk};

const ALL: Bounds = Bounds { published: 3, draft: true, by_place: false, strategies: false, steps: None };
const FEWEST: Bounds = Bounds { published: 1, draft: true, by_place: false, strategies: false, steps: None };
const FEWER: Bounds = Bounds { published: 2, draft: true, by_place: false, strategies: false, steps: None };
const ONE_BY_PLACE: Bounds = Bounds { published: 1, draft: true, by_place: true, strategies: false, steps: None };
const BY_PLACE: Bounds = Bounds { published: 2, draft: false, by_place: true, strategies: false, steps: None };
const STRATEGIES: Bounds = Bounds { published: 2, draft: false, by_place: false, strategies: true, steps: Some(9) };
const STRATEGIES_BY_PLACE: Bounds =
    Bounds { published: 2, draft: false, by_place: true, strategies: true, steps: Some(8) };

#[test]
fn every_state_within_bounds_is_sound() {
    let fine = std::env::var_os("SITING_WALK").is_some_and(|grain| grain == "fine");
    // All states take many minutes: `make walk`.
    let (bounds, grain) = if fine { (ALL, Grain::Fine) } else { (FEWER, Grain::Coarse) };
    let started = std::time::Instant::now();
    let found = Walk { bounds, grain, fault: None }.run().unwrap_or_else(|broken| panic!("{broken}"));
    let Found { states, steps, depth } = found;
    println!("{bounds:?}, {grain:?}: {states} states, {steps} steps, {depth} deep, {:?}", started.elapsed());
    assert!(states > if fine { 100_000 } else { 1000 }, "the walk got nowhere: {states} states");
}

/// L14: replicas are seen one place at a time, in every order.
#[test]
fn every_state_of_places_is_sound() {
    let found = Walk { bounds: BY_PLACE, grain: Grain::Coarse, fault: None }.run();
    let Found { states, steps, depth } = found.unwrap_or_else(|broken| panic!("{broken}"));
    println!("{BY_PLACE:?}: {states} states, {steps} steps, {depth} deep");
    assert!(states > 1000, "the walk got nowhere: {states} states");
}

/// L14–L18, R1, R3: every strategy, with two replicas a side of which some are ready, on clusters that close; each step
/// forwards and back, with too little room and where the candidate may not be.
#[test]
fn every_state_of_strategies_is_sound() {
    let fine = std::env::var_os("SITING_WALK").is_some_and(|grain| grain == "fine");
    let deep = std::env::var("SITING_WALK_STEPS").ok();
    for (bounds, further) in [(STRATEGIES, 2), (STRATEGIES_BY_PLACE, 0)] {
        let usual = bounds.steps.map(|steps| if fine { steps + further } else { steps });
        let bounds = Bounds { steps: deep.as_ref().map_or(usual, |deep| deep.parse().ok()), ..bounds };
        let found = Walk { bounds, grain: Grain::Whole, fault: None }.run();
        let Found { states, steps, depth } = found.unwrap_or_else(|broken| panic!("{broken}"));
        println!("{bounds:?}: {states} states, {steps} steps, {depth} deep");
        assert!(states > 1000, "the walk got nowhere: {states} states");
    }
}

#[test]
fn states_of_equal_keys_have_equal_futures() {
    for (bounds, grain) in [(FEWER, Grain::Coarse), (FEWEST, Grain::Fine), (ONE_BY_PLACE, Grain::Coarse)] {
        let compared =
            Walk { bounds, grain, fault: None }.compare_futures().unwrap_or_else(|broken| panic!("{broken}"));
        println!("{bounds:?}, {grain:?}: {compared} futures compared");
        assert!(compared > 500, "too few were compared: {compared}");
    }
}

#[test]
fn every_planted_fault_is_found() {
    for (fault, claim) in [
        (Fault::CandidateDeleted, "candidates-live"),
        (Fault::TwoDrafts, "one-draft"),
        (Fault::InactivePromoted, "L6"),
        (Fault::ReplacedStillRouted, "routed no more"),
        (Fault::IdUsedAgain, "ids-once"),
    ] {
        found(FEWER, Grain::Coarse, fault, claim);
    }
    for (fault, claim) in [
        (Fault::HolderLeavesEarly, "L15"),
        (Fault::FailedStopsReady, "L15"),
        (Fault::OldObservationCounts, "L14"),
        (Fault::ForbiddenTakesOver, "L18"),
        (Fault::StartWithoutDeadline, "L17"),
    ] {
        found(STRATEGIES_BY_PLACE, Grain::Whole, fault, claim);
    }
}

#[track_caller]
fn found(bounds: Bounds, grain: Grain, fault: Fault, claim: &str) {
    let broken = Walk { bounds, grain, fault: Some(fault) }.run().expect_err("a broken claim");
    assert!(broken.lines().next().unwrap().contains(claim), "{fault:?}: {broken}");
}
