//! Where requests may be answered, against the oracle (P18): by caller, as sets and as masks of backends; and decisions,
//! which policies that bind requests do not change.

use std::collections::BTreeSet;

use siting::id::{Id, PairId};
use siting::policy::Scope;
use siting::traffic::{Country, SiteId};

use crate::comparison::{candidate, compare, loaded};
use crate::oracle::{callers, random};

/// Worlds in a normal run; `SITING_CALLER_WORLDS` asks for more.
const WORLDS: u64 = 600;

#[test]
fn p18_the_oracle_agrees_on_where_callers_are_answered() {
    let asked = std::env::var("SITING_CALLER_WORLDS").ok();
    let worlds = asked.map_or(WORLDS, |worlds| worlds.parse().expect("SITING_CALLER_WORLDS is a number"));
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get()) as u64;
    let parts: Vec<Seen> = std::thread::scope(|scope| {
        let part = |thread: u64| {
            let mut seen = Seen::default();
            (0..worlds).filter(|seed| seed % threads == thread).for_each(|seed| agrees(seed, &mut seen));
            seen
        };
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        parts.into_iter().map(|part| part.join().expect("no mismatch")).collect()
    });
    // What is drawn reaches what the rule tells apart.
    let all = |of: fn(&Seen) -> u64| parts.iter().map(of).sum::<u64>();
    for (what, count) in [
        ("callers who are cut from something", all(|seen| seen.cut)),
        ("callers who are left with nothing", all(|seen| seen.nothing)),
        ("known callers with more than unknown ones", all(|seen| seen.more_than_unknown)),
        ("replicas outside of the scope that may answer", all(|seen| seen.exempt)),
    ] {
        println!("{what}: {count}");
        assert!(count * 20 > worlds, "{what}: {count} of {worlds} worlds");
    }
}

#[derive(Default)]
struct Seen {
    cut: u64,
    nothing: u64,
    more_than_unknown: u64,
    exempt: u64,
}

fn agrees(seed: u64, seen: &mut Seen) {
    let what = format!("seed {seed}");
    let world = random::with_callers(seed, 8);
    compare(&world, seed % 2 == 1, &what);
    let workspace = loaded(&world).expect("a valid world");
    let fleet = workspace.inventory().fleet();
    let named =
        |pairs: &mut dyn Iterator<Item = PairId>| -> BTreeSet<_> { pairs.map(|pair| candidate(fleet, pair)).collect() };
    let sites = || (0..fleet.pairs().len()).map(|at| (SiteId(at as u32), PairId::from_index(at)));
    for deployment in &world.deployments {
        let id = workspace
            .find_deployment(&format!("{}/{}/{}", deployment.workload_type, deployment.workload, deployment.name));
        let id = id.expect("a deployment of the world");
        let masks = workspace.caller_masks(id, sites()).expect("its own");
        let cuts = workspace.caller_cuts(id).expect("its own");
        let scope = workspace.scope(id).expect("its own");
        let own = named(&mut fleet.index().allowed(&scope).pairs().iter());
        let unknown = callers::answerable(&world, deployment, None);
        for code in callers::countries().map(Some).chain([None]) {
            let caller = code.map(|code| workspace.catalog().country(code).expect("a country"));
            let answering = workspace.answerable_pairs(id, caller).expect("its own");
            let expected = callers::answerable(&world, deployment, code);
            assert_eq!(named(&mut answering.iter()), expected, "{what}: {code:?} in\n{world:#?}");
            // The cut by itself: what replicas that run outside of their scope are held to (R5).
            let running = callers::answerable_by_what_runs(&world, deployment, code);
            let mask = masks.of(code.map(|code| code.parse::<Country>().expect("a code")));
            let admitted = sites().filter(|(site, _)| mask.admits(Some(*site))).map(|(_, pair)| pair);
            assert_eq!(named(&mut admitted.into_iter()), running, "{what}: the mask of {code:?} in\n{world:#?}");
            let both = Scope::clone(&scope).both(cuts.of(caller));
            assert_eq!(fleet.index().allowed(&both).pairs(), answering, "{what}: {code:?}");
            // Nothing that binds requests widens what deployments may have.
            assert!(expected.is_subset(&own), "{what}: {code:?}");
            assert!(unknown.is_subset(&expected), "{what}: {code:?}");
            seen.cut += u64::from(expected.len() < own.len());
            seen.nothing += u64::from(expected.is_empty() && !own.is_empty());
            seen.more_than_unknown += u64::from(unknown.len() < expected.len());
            seen.exempt += u64::from(!running.is_subset(&own));
        }
    }
}
