//! Requests are answered where the caller's mask leaves, whoever chooses (P18).

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;
use siting::time::Moment;
use siting::traffic::{
    Algorithm, Backend, BackendId, Balancer, Bound, Caller, Cause, Country, Mask, Masks, Remote, RemoteId, Routing,
    Sessions, SiteId, Split, VersionId, Why,
};

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

fn from(code: &str) -> Caller<'static> {
    Caller { country: Some(country(code)), ..Caller::default() }
}

fn backend(id: u32, site: u32) -> Backend {
    let site = Some(SiteId(site));
    Backend { site, ..Backend::new(BackendId(id), format!("10.0.0.{id}"), 80) }
}

/// Callers from Germany at site 0, from the United States anywhere, unknown ones at site 0.
fn masks() -> Masks {
    let european = Mask::only([SiteId(0)]);
    Masks::new(european.clone()).with(european, [country("de")]).with(Mask::everywhere(), [country("us")])
}

/// P18: a caller is answered within its mask, an unknown one within that of unknown callers; the cause is told where
/// nothing is left, and nobody else answers.
#[test]
fn p18_a_pick_stays_within_the_mask() {
    for algorithm in [Algorithm::RoundRobin, Algorithm::LeastConnections, Algorithm::IpHash, Algorithm::ConsistentHash]
    {
        let mut balancer = Balancer::new(algorithm, vec![backend(0, 0), backend(1, 1), backend(2, 1)]).unwrap();
        balancer.bind(masks());
        for number in 0..20_u32 {
            let key = number.to_be_bytes();
            let asked = |caller: Caller<'static>| Caller { address: Some(IpAddr::from(key)), ..caller };
            assert_eq!(balancer.pick(at(0), &asked(from("de"))), Ok(BackendId(0)), "{algorithm:?}");
            assert_eq!(balancer.pick(at(0), &asked(Caller::default())), Ok(BackendId(0)), "{algorithm:?}");
            // Nobody gave a mask for these.
            assert_eq!(balancer.pick(at(0), &asked(from("zz"))), Ok(BackendId(0)), "{algorithm:?}");
        }
        // A failover stays there as well.
        let tried = [BackendId(0)];
        let none = balancer.pick(at(0), &Caller { tried: &tried, ..from("de") }).unwrap_err();
        assert_eq!((none.cause(), none.count(Cause::NotForCaller)), (Cause::Unhealthy, 2), "{algorithm:?}");
        balancer.update(BackendId(0), |backend| backend.ready = false);
        let none = balancer.pick(at(0), &from("de")).unwrap_err();
        assert_eq!((none.cause(), none.count(Cause::NotReady)), (Cause::NotReady, 1), "{algorithm:?}");
        assert!(balancer.pick(at(0), &from("us")).is_ok(), "{algorithm:?}");
        balancer.replace(vec![backend(1, 1)]).unwrap();
        let none = balancer.pick(at(0), &from("de")).unwrap_err();
        assert_eq!(none.cause(), Cause::NotForCaller, "{algorithm:?}");
        assert_eq!(none.to_string(), "no replica is where this caller may be answered");
    }
}

/// P18: where a backend does not say where it stands, only callers who are cut from nothing get there.
#[test]
fn p18_a_backend_that_stands_nowhere_is_outside_of_every_mask_that_cuts() {
    let nowhere = Backend { site: None, ..backend(0, 0) };
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![nowhere]).unwrap();
    assert!(balancer.pick(at(0), &Caller::default()).is_ok());
    balancer.bind(masks());
    assert_eq!(balancer.pick(at(0), &from("de")).unwrap_err().cause(), Cause::NotForCaller);
    assert!(balancer.pick(at(0), &from("us")).is_ok());
}

/// P18: a session does not hold a caller outside of its mask; shares of a canary are taken among what it leaves.
#[test]
fn p18_sessions_and_shares_stay_within_the_mask() {
    let old = backend(0, 0);
    let new = Backend { version: VersionId(1), ..backend(1, 1) };
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![old, new]).unwrap();
    balancer.bind(masks());
    let mut sessions = Sessions::new(Duration::from_secs(600));
    let split = Split::new(vec![(VersionId(0), 50), (VersionId(1), 50)]).unwrap();
    let mut ask =
        |key: &str, caller: Caller<'_>, random| sessions.pick(&mut balancer, &split, at(0), key, &caller, random);
    // By their numbers both would go to the new version, which the mask leaves to the second alone.
    assert_eq!(ask("ann", from("de"), 99), Ok((BackendId(0), Bound::New)));
    assert_eq!(ask("bob", from("us"), 99), Ok((BackendId(1), Bound::New)));
    // Who calls from elsewhere now is bound anew.
    assert_eq!(ask("bob", from("de"), 99), Ok((BackendId(0), Bound::Anew)));
    assert_eq!(ask("bob", Caller::default(), 99), Ok((BackendId(0), Bound::Kept)));
}

/// P18: where the mask leaves one side, it answers; where both, by the shares that hold for all.
#[test]
fn p18_offloading_stays_within_the_mask() {
    let remote = |id, allowed| Remote { id: RemoteId(id), healthy: true, allowed };
    let loaded = Routing { local: 60, remote: Some((RemoteId(1), 40)), why: Why::Loaded };
    let calm = Routing { local: 100, remote: None, why: Why::Calm };
    let down = Routing { local: 0, remote: Some((RemoteId(1), 100)), why: Why::LocalDown };
    let told = |routing: Routing| (routing.local, routing.remote.map(|(id, part)| (id.0, part)), routing.why);
    let both = [remote(1, true), remote(2, true)];
    let second = [remote(1, false), remote(2, true)];
    let none = [remote(1, false), remote(2, false)];
    assert_eq!(told(loaded.for_caller(true, &both)), (60, Some((1, 40)), Why::Loaded));
    assert_eq!(told(loaded.for_caller(true, &second)), (60, Some((2, 40)), Why::Loaded));
    assert_eq!(told(loaded.for_caller(true, &none)), (100, None, Why::LoadedWithoutRemote));
    assert_eq!(told(loaded.for_caller(false, &second)), (0, Some((2, 100)), Why::LocalNotForCaller));
    assert_eq!(told(calm.for_caller(true, &both)), (100, None, Why::Calm));
    assert_eq!(told(calm.for_caller(false, &both)), (0, Some((1, 100)), Why::LocalNotForCaller));
    assert_eq!(told(calm.for_caller(false, &none)), (0, None, Why::NoRoute));
    // What is down for all is down for a caller, whatever its mask leaves.
    assert_eq!(told(down.for_caller(true, &second)), (0, Some((2, 100)), Why::LocalDown));
    assert_eq!(told(down.for_caller(true, &none)), (0, None, Why::NoRoute));
}

/// P18: what is kept binds as before, and masks in conflict are not read.
#[test]
fn p18_masks_are_kept_with_their_balancer() {
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(0, 0), backend(1, 1)]).unwrap();
    balancer.bind(masks());
    let mut kept: Balancer = serde_json::from_str(&serde_json::to_string(&balancer).unwrap()).unwrap();
    assert_eq!(kept.masks(), &masks());
    assert_eq!(kept.pick(at(0), &from("de")), Ok(BackendId(0)));
    let twice = r#"{"unknown": null, "of": [[[0], ["de"]], [[1], ["de"]]]}"#;
    assert!(serde_json::from_str::<Masks>(twice).unwrap_err().to_string().starts_with("a country has two masks"));
    for wrong in ["", "d", "deu", "d1", "dé"] {
        assert!(wrong.parse::<Country>().is_err(), "{wrong}");
    }
}

fn algorithms() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(vec![
        Algorithm::RoundRobin,
        Algorithm::LeastConnections,
        Algorithm::IpHash,
        Algorithm::ConsistentHash,
    ])
}

fn mask() -> impl Strategy<Value = Mask> {
    prop_oneof![
        1 => Just(Mask::everywhere()),
        4 => prop::collection::vec((0..4_u32).prop_map(SiteId), 0..4).prop_map(Mask::only),
    ]
}

const CODES: [&str; 3] = ["de", "fr", "us"];

fn drawn_masks() -> impl Strategy<Value = Masks> {
    (mask(), prop::collection::vec(mask(), 3)).prop_map(|(unknown, of)| {
        of.into_iter().zip(CODES).fold(Masks::new(unknown), |masks, (mask, code)| masks.with(mask, [country(code)]))
    })
}

fn backends() -> impl Strategy<Value = Vec<Backend>> {
    let one = (any::<[bool; 2]>(), 0..4_u32, prop::option::of(1..5_u32), 0..2_u32, prop::option::of(0..4_u32));
    let one = one.prop_map(|([ready, allowed], weight, max_connections, version, site)| {
        let (version, site) = (VersionId(version), site.map(SiteId));
        Backend { ready, allowed, weight, max_connections, version, site, ..backend(0, 0) }
    });
    let numbered = |(place, one): (usize, Backend)| {
        let id = u32::try_from(place).unwrap();
        Backend { id: BackendId(id), address: format!("10.0.0.{id}"), ..one }
    };
    prop::collection::vec(one, 0..12).prop_map(move |all| all.into_iter().enumerate().map(numbered).collect())
}

proptest! {
    /// P18, R5: no pick ever leaves the mask, by whichever way it comes to a backend; and where there is none within it,
    /// there is no route.
    #[test]
    fn p18_no_pick_ever_leaves_the_mask(
        algorithm in algorithms(),
        backends in backends(),
        bound in prop::collection::vec(drawn_masks(), 2),
        events in prop::collection::vec((0..12_u32, 0..10_u8, any::<u32>()), 1..60),
    ) {
        let mut balancer = Balancer::new(algorithm, backends).unwrap();
        let mut sessions = Sessions::new(Duration::from_secs(40));
        let split = Split::new(vec![(VersionId(0), 70), (VersionId(1), 30)]).unwrap();
        let [first, second] = <[Masks; 2]>::try_from(bound).unwrap();
        let mut masks = first;
        balancer.bind(masks.clone());
        for (tick, (id, event, bits)) in events.into_iter().enumerate() {
            let (now, id) = (at(tick as u64 * 2), BackendId(id));
            match event {
                0 => balancer.finished(now, id, bits % 2 == 0),
                1 => { balancer.update(id, |one| one.ready = !one.ready); }
                2 => { balancer.update(id, |one| one.site = Some(SiteId(bits % 4))); }
                3 => {
                    masks = second.clone();
                    balancer.bind(second.clone());
                }
                4 => balancer = serde_json::from_str(&serde_json::to_string(&balancer).unwrap()).unwrap(),
                _ => {
                    let key = bits.to_le_bytes();
                    let version = bits.is_multiple_of(3).then_some(VersionId(bits % 2));
                    let tried = if bits.is_multiple_of(5) { vec![id] } else { Vec::new() };
                    let country = CODES.get(bits as usize / 7 % 4).map(|code| country(code));
                    let address = Some(IpAddr::from(key));
                    let caller = Caller { address, key: &key, tried: &tried, version, country };
                    let mask = masks.of(country);
                    let by_session = event > 7;
                    let could: Vec<&Backend> = balancer
                        .backends()
                        .iter()
                        .filter(|one| one.unusable(now, &Default::default()).is_none() && !tried.contains(&one.id))
                        .filter(|one| by_session || version.is_none_or(|version| version == one.version))
                        .filter(|one| mask.admits(one.site))
                        .collect();
                    let (is_none, could): (bool, Vec<BackendId>) =
                        (could.is_empty(), could.iter().map(|one| one.id).collect());
                    let picked = if by_session {
                        let client = ["ann", "bob", "cy"][bits as usize % 3];
                        sessions.pick(&mut balancer, &split, now, client, &caller, bits.into()).map(|(id, _)| id)
                    } else {
                        balancer.pick(now, &caller)
                    };
                    match picked {
                        Ok(chosen) => prop_assert!(could.contains(&chosen), "{chosen:?} of {could:?}"),
                        Err(none) => prop_assert!(is_none, "{none} of {could:?}"),
                    }
                }
            }
        }
    }

    /// P18: among what a mask leaves, turns are those of a balancer that has nothing else.
    #[test]
    fn p18_turns_under_a_mask_are_those_among_what_it_leaves(
        weights in prop::collection::vec((1..8_u32, 0..2_u32), 1..10),
        by_turn in any::<bool>(),
        failing in any::<bool>(),
    ) {
        let algorithm = if by_turn { Algorithm::RoundRobin } else { Algorithm::LeastConnections };
        let all: Vec<_> = (0..).zip(&weights)
            .map(|(id, (weight, site))| Backend { weight: *weight, ..backend(id, *site) }).collect();
        let some: Vec<_> = all.iter().filter(|one| one.site == Some(SiteId(0))).cloned().collect();
        let checks = siting::traffic::Checks {
            requests: Some(siting::traffic::FailedRequests {
                percent: 100, at_least: 3, timeout: Duration::from_secs(1000),
            }),
            ..Default::default()
        };
        let mut bound = Balancer::with_checks(algorithm, all, checks).unwrap();
        bound.bind(masks());
        let mut alone = Balancer::with_checks(algorithm, some, checks).unwrap();
        for number in 0..60_u64 {
            let picked = bound.pick(at(number), &from("de"));
            prop_assert_eq!(picked.ok(), alone.pick(at(number), &Caller::default()).ok());
            if let Ok(id) = picked && number % 3 == 0 {
                bound.finished(at(number), id, failing && number % 4 == 0);
                alone.finished(at(number), id, failing && number % 4 == 0);
            }
        }
    }
}

/// P18: each caller's requests are shared among what its mask leaves, whoever else calls.
#[test]
fn p18_shares_hold_for_each_caller_whoever_else_calls() {
    let mut balancer = Balancer::new(Algorithm::RoundRobin, (0..4).map(|id| backend(id, id % 2)).collect()).unwrap();
    balancer.bind(masks());
    let mut counts: HashMap<(bool, u32), u32> = HashMap::new();
    for number in 0..400 {
        let european = number % 2 == 0;
        let picked = balancer.pick(at(0), &from(if european { "de" } else { "us" })).unwrap();
        *counts.entry((european, picked.0)).or_default() += 1;
    }
    let of = |european, id| counts.get(&(european, id)).copied().unwrap_or(0);
    assert_eq!([of(true, 1), of(true, 3)], [0, 0]);
    for id in 0..4 {
        let european = id % 2 == 1 || (98..=102).contains(&of(true, id));
        assert!(european && (48..=52).contains(&of(false, id)), "{counts:?}");
    }
}
