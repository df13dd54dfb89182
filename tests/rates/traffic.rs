//! Load balancing, sticky sessions, offloading (R3, R5–R7).

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;
use siting::time::Moment;
use siting::traffic::{
    Algorithm, Backend, BackendId, Balancer, Bound, Caller, Cause, Checks, FailedRequests, Load, LocalSide, Offloading,
    Remote, RemoteId, Ring, Sessions, Side, Split, VersionId, Why,
};

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

fn backend(id: u32) -> Backend {
    Backend::new(BackendId(id), format!("10.0.0.{id}"), 80)
}

fn picks(balancer: &mut Balancer, count: usize) -> Vec<u32> {
    (0..count).map(|_| balancer.pick(at(0), &Caller::default()).unwrap().0).collect()
}

#[test]
fn r5_least_connections_regards_weights_and_takes_turns() {
    let backends = vec![backend(0), Backend { weight: 2, ..backend(1) }, backend(2)];
    let mut balancer = Balancer::new(Algorithm::LeastConnections, backends).unwrap();
    assert_eq!(picks(&mut balancer, 8), [1, 0, 2, 1, 2, 0, 1, 1]);
    // What is finished makes room.
    balancer.finished(at(0), BackendId(2), false);
    balancer.finished(at(0), BackendId(2), false);
    assert_eq!(picks(&mut balancer, 1), [2]);
}

#[test]
fn r5_an_address_keeps_its_backend() {
    let mut balancer = Balancer::new(Algorithm::IpHash, (0..5).map(backend).collect()).unwrap();
    let mut of = |address: &str| {
        let caller = Caller { address: Some(address.parse::<IpAddr>().unwrap()), ..Caller::default() };
        balancer.pick(at(0), &caller).unwrap()
    };
    // The last byte of an IPv4 address makes no difference.
    assert_eq!(of("192.168.7.1"), of("192.168.7.200"));
    let spread: std::collections::BTreeSet<_> = (0..50).map(|net| of(&format!("10.1.{net}.1"))).collect();
    assert_eq!(spread.len(), 5);
    assert_eq!(of("2001:db8::1"), of("2001:db8::1"));
    // By hand: 89, 192, 168, 7 give 3345, and of five that is the first.
    assert_eq!(of("192.168.7.9"), BackendId(by_hand(&[192, 168, 7]) % 5));
}

fn by_hand(bytes: &[u32]) -> u32 {
    bytes.iter().fold(89, |hash, byte| (hash * 113 + byte) % 6271)
}

/// Half of at least two requests within ten seconds.
fn by_requests() -> Checks {
    Checks { requests: Some(FailedRequests { at_least: 2, ..FailedRequests::default() }), ..Checks::default() }
}

#[test]
fn r5_failed_requests_take_a_backend_out_for_a_while() {
    let backends = vec![backend(0), backend(1)];
    let mut balancer = Balancer::with_checks(Algorithm::RoundRobin, backends, by_requests()).unwrap();
    let pick = |balancer: &mut Balancer, seconds| balancer.pick(at(seconds), &Caller::default()).unwrap().0;
    assert_eq!([pick(&mut balancer, 0), pick(&mut balancer, 0)], [0, 1]);
    balancer.finished(at(0), BackendId(0), true);
    balancer.finished(at(0), BackendId(1), false);
    assert_eq!(pick(&mut balancer, 0), 0, "one request says too little");
    balancer.finished(at(0), BackendId(0), true);
    assert!((1..=10).all(|second| pick(&mut balancer, second) == 1));
    // One request is let through to see.
    let later: Vec<u32> = (0..4).map(|_| pick(&mut balancer, 11)).collect();
    assert_eq!(later.iter().filter(|id| **id == 0).count(), 1);
    balancer.finished(at(11), BackendId(0), false);
    assert!((0..4).any(|_| pick(&mut balancer, 11) == 0));
}

#[test]
fn r5_failures_that_are_few_among_many_take_nothing_out() {
    // One in a hundred fails, evenly over four backends: by default none counts, and where they count, it is
    // no share to speak of.
    for checks in [Checks::default(), by_requests()] {
        let mut balancer = Balancer::with_checks(Algorithm::RoundRobin, (0..4).map(backend).collect(), checks).unwrap();
        for number in 0..10_000_u64 {
            let now = Moment::from_millis(number * 10);
            let id = balancer.pick(now, &Caller::default()).unwrap_or_else(|none| panic!("request {number}: {none}"));
            balancer.finished(now, id, number % 101 == 100);
        }
    }
}

#[test]
fn r5_requests_do_not_count_against_health_unless_asked_for() {
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(0)]).unwrap();
    for second in 0..100 {
        let id = balancer.pick(at(second), &Caller::default()).unwrap();
        balancer.finished(at(second), id, true);
    }
}

#[test]
fn r5_the_ring_grows_with_backends_and_not_with_weights() {
    let points = |count: u32, weight: u32| {
        let hosts: Vec<String> = (0..count).map(|host| format!("host-{host}")).collect();
        Ring::new(hosts.iter().map(|host| (host.as_str(), 80, weight))).len()
    };
    // Some points fall together, so that a few are missing.
    let about = |points: usize, weights: usize| (weights * 159..=weights * 160).contains(&points);
    assert!(about(points(10, 100), 1000), "at the bound of the mean");
    assert!(about(points(10, 101), 1000), "just beyond");
    assert!(about(points(10, u32::MAX), 1000));
    assert!((3_800_000..=4_000_000).contains(&points(1000, 1000)));
    // The light ones keep a part of a ring that one heavy backend would fill.
    let ring = Ring::new([("heavy", 80, 1_000_000_000), ("light", 80, 1), ("none", 80, 0)]);
    assert!(ring.candidates(b"key").any(|place| place == 1) && ring.candidates(b"key").all(|place| place != 2));
}

#[test]
fn r5_sessions_are_bounded() {
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(0), backend(1)]).unwrap();
    let (split, caller) = (Split::all(VersionId(0)), Caller::default());
    let mut sessions = Sessions::new(Duration::from_secs(60)).at_most(2).unwrap();
    let mut ask = |sessions: &mut Sessions, seconds, key: &str| {
        sessions.pick(&mut balancer, &split, at(seconds), key, &caller, 0).unwrap().1
    };
    assert_eq!(ask(&mut sessions, 0, "ann"), Bound::New);
    assert_eq!(ask(&mut sessions, 30, "ben"), Bound::New);
    // The third is answered without a session; those who have one keep it.
    assert_eq!([ask(&mut sessions, 31, "cy"), ask(&mut sessions, 32, "cy")], [Bound::New; 2]);
    assert_eq!(ask(&mut sessions, 40, "ben"), Bound::Kept);
    assert_eq!(sessions.len(), 2);
    // Ann's has expired, and makes room.
    assert_eq!([ask(&mut sessions, 65, "cy"), ask(&mut sessions, 66, "cy")], [Bound::New, Bound::Kept]);
    assert_eq!(sessions.len(), 2);
}

#[test]
fn r5_checks_have_thresholds_and_draining_takes_nothing_new() {
    let checks = Checks { unhealthy_after: 2, healthy_after: 3, ..Checks::default() };
    let mut balancer = Balancer::with_checks(Algorithm::RoundRobin, vec![backend(0), backend(1)], checks).unwrap();
    balancer.checked(BackendId(0), false);
    assert!(picks(&mut balancer, 2).contains(&0));
    balancer.checked(BackendId(0), false);
    assert_eq!(picks(&mut balancer, 2), [1, 1]);
    (0..2).for_each(|_| balancer.checked(BackendId(0), true));
    assert_eq!(picks(&mut balancer, 2), [1, 1]);
    balancer.checked(BackendId(0), true);
    assert!(picks(&mut balancer, 2).contains(&0));
    balancer.update(BackendId(1), |backend| backend.draining = true);
    assert_eq!(picks(&mut balancer, 3), [0, 0, 0]);
    assert_eq!(balancer.backends()[1].connections, 6); // what it has, it finishes
}

#[test]
fn r7_no_route_has_a_cause_and_there_is_no_panic_mode() {
    let cause = |backends: Vec<Backend>| {
        let mut balancer = Balancer::new(Algorithm::RoundRobin, backends).unwrap();
        balancer.pick(at(0), &Caller::default()).unwrap_err()
    };
    assert_eq!(cause(Vec::new()).cause(), Cause::WakeFirst);
    assert!(cause(Vec::new()).to_string().contains("wake"));
    let forbidden = Backend { allowed: false, ..backend(0) };
    let unready = Backend { ready: false, ..backend(1) };
    let full = Backend { max_connections: Some(0), ..backend(2) };
    assert_eq!(cause(vec![forbidden.clone()]).cause(), Cause::Forbidden);
    let two = cause(vec![forbidden.clone(), unready.clone()]);
    assert_eq!((two.cause(), two.count(Cause::Forbidden), two.count(Cause::NotReady)), (Cause::NotReady, 1, 1));
    assert_eq!(cause(vec![forbidden, unready, full]).cause(), Cause::Full);
    // A weight of 0 and draining are two things.
    let weightless = cause(vec![Backend { weight: 0, ..backend(0) }]);
    assert_eq!((weightless.cause(), weightless.count(Cause::Draining)), (Cause::WithoutWeight, 0));
    assert_eq!(weightless.to_string(), "every healthy replica has a weight of 0");
    let draining = cause(vec![Backend { draining: true, ..backend(0) }, Backend { weight: 0, ..backend(1) }]);
    assert_eq!((draining.cause(), draining.count(Cause::WithoutWeight)), (Cause::Draining, 1));
}

#[test]
fn r5_sessions_expire_and_stay_with_their_version() {
    let version = |id: u32, version| Backend { version: VersionId(version), ..backend(id) };
    let backends = vec![version(0, 1), version(1, 1), version(2, 2), version(3, 2)];
    let mut balancer = Balancer::new(Algorithm::RoundRobin, backends).unwrap();
    let split = Split::new(vec![(VersionId(1), 90), (VersionId(2), 10)]).unwrap();
    let mut sessions = Sessions::new(Duration::from_secs(60));
    let caller = Caller::default();
    let (first, bound) = sessions.pick(&mut balancer, &split, at(0), "ann", &caller, 95).unwrap();
    assert_eq!((balancer.version_of(first), bound), (Some(VersionId(2)), Bound::New));
    // Whatever the random number says, she stays; and each request prolongs the session.
    assert_eq!(sessions.pick(&mut balancer, &split, at(50), "ann", &caller, 0).unwrap(), (first, Bound::Kept));
    assert_eq!(sessions.pick(&mut balancer, &split, at(110), "ann", &caller, 0).unwrap(), (first, Bound::Kept));
    // Her backend goes: another of the same version.
    balancer.update(first, |backend| backend.ready = false);
    let (second, bound) = sessions.pick(&mut balancer, &split, at(111), "ann", &caller, 0).unwrap();
    assert_eq!((balancer.version_of(second), bound), (Some(VersionId(2)), Bound::Anew));
    // The version is rolled back: she is let go, although its backend still stands.
    let all_old = Split::new(vec![(VersionId(1), 100), (VersionId(2), 0)]).unwrap();
    let (third, bound) = sessions.pick(&mut balancer, &all_old, at(112), "ann", &caller, 0).unwrap();
    assert_eq!((balancer.version_of(third), bound), (Some(VersionId(1)), Bound::Anew));
    // Nothing came for longer than the session lives.
    let (_, bound) = sessions.pick(&mut balancer, &split, at(173), "ann", &caller, 95).unwrap();
    assert_eq!(bound, Bound::New);
    sessions.expire(at(1000));
    assert!(sessions.is_empty());
}

#[test]
fn r3_a_version_without_a_ready_backend_gets_nothing() {
    let backends = vec![backend(0), Backend { version: VersionId(1), ready: false, ..backend(1) }];
    let mut balancer = Balancer::new(Algorithm::RoundRobin, backends).unwrap();
    let split = Split::new(vec![(VersionId(0), 50), (VersionId(1), 50)]).unwrap();
    let mut sessions = Sessions::new(Duration::from_secs(60));
    for random in 0..100 {
        let key = random.to_string();
        let (chosen, _) = sessions.pick(&mut balancer, &split, at(0), &key, &Caller::default(), random).unwrap();
        assert_eq!(chosen, BackendId(0));
    }
}

/// The loads of metrics of the local replicas.
fn relieved(parts: &[Option<u64>]) -> Vec<Load> {
    parts.iter().map(|&part| Load { part, relieved: true }).collect()
}

const GOOD: [Remote; 1] = [Remote { id: RemoteId(1), healthy: true, allowed: true }];

#[test]
fn r6_offloading_begins_and_ends_by_windows() {
    let offloading = Offloading::new(50, Duration::from_secs(10)).unwrap().releasing_below(900).unwrap();
    let remotes = [
        Remote { id: RemoteId(1), healthy: true, allowed: false },
        Remote { id: RemoteId(2), healthy: false, allowed: true },
        Remote { id: RemoteId(3), healthy: true, allowed: true },
    ];
    let mut side = Side::default();
    let mut step = |seconds, loads: &[Option<u64>]| {
        let local = LocalSide { ready: true, loads: &relieved(loads), requests: None };
        side.step(&offloading, at(seconds), &local, &remotes)
    };
    assert_eq!(step(0, &[Some(1000), None]).why, Why::Calm);
    // The other metric is over its target for a moment only: neither for the whole window.
    assert_eq!(step(5, &[Some(999), Some(2000)]).why, Why::Calm);
    assert_eq!(step(10, &[Some(1000), Some(500)]).why, Why::Calm);
    let begun = step(20, &[Some(1500), Some(500)]);
    assert_eq!((begun.local, begun.remote, begun.why), (50, Some((RemoteId(3), 50)), Why::Loaded));
    // Between the thresholds nothing changes, however long.
    assert_eq!(step(100, &[Some(950), None]).why, Why::Loaded);
    assert_eq!(step(101, &[Some(899), None]).why, Why::Loaded);
    assert_eq!(step(111, &[Some(899), None]).why, Why::Calm);
    // And it begins again.
    step(200, &[Some(1000), None]);
    assert_eq!(step(210, &[Some(1000), None]).why, Why::Loaded);
}

#[test]
fn r6_a_steady_load_gets_a_steady_answer() {
    // Seed 003: 50 % at the target, and 105 % of it for good. What is seen locally is what is left of it.
    for percentage in [1, 30, 50, 99] {
        let offloading = Offloading::new(percentage, Duration::from_secs(60)).unwrap();
        let (mut side, mut local) = (Side::default(), 100_u64);
        let changes: Vec<u8> = (0..3600)
            .map(|second| {
                let loads = relieved(&[Some(1050 * local / 100)]);
                let seen = LocalSide { ready: true, loads: &loads, requests: None };
                let routing = side.step(&offloading, at(second), &seen, &GOOD);
                local = routing.local.into();
                routing.local
            })
            .collect();
        assert_eq!(changes.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1, "{percentage} %");
        assert_eq!(changes.last(), Some(&(100 - percentage)));
    }
}

#[test]
fn r6_what_does_not_fall_as_requests_leave_releases_below_its_target() {
    let offloading = Offloading::new(50, Duration::from_secs(10)).unwrap();
    let mut side = Side::default();
    let mut step = |seconds, part| {
        let loads = [Load { part: Some(part), relieved: false }];
        side.step(&offloading, at(seconds), &LocalSide { ready: true, loads: &loads, requests: None }, &GOOD).why
    };
    step(0, 1000);
    assert_eq!(step(10, 1000), Why::Loaded);
    assert_eq!([step(20, 1000), step(21, 999), step(30, 999)], [Why::Loaded; 3]);
    assert_eq!(step(31, 999), Why::Calm);
}

#[test]
fn r6_all_that_was_sent_away_comes_back_by_the_number_of_requests() {
    let offloading = Offloading::new(100, Duration::from_secs(10)).unwrap();
    assert!(offloading.releases_by_requests());
    let mut side = Side::default();
    let mut step = |seconds, part: u64, requests: Option<u64>| {
        let loads = relieved(&[Some(part)]);
        side.step(&offloading, at(seconds), &LocalSide { ready: true, loads: &loads, requests }, &GOOD)
    };
    step(0, 1000, Some(200));
    assert_eq!(step(10, 1000, Some(200)).local, 0);
    // Nothing is left locally, which says nothing; nor does 90 % of the requests, or not to know them.
    assert_eq!(step(1000, 0, Some(180)).local, 0);
    assert_eq!(step(2000, 0, None).local, 0);
    assert_eq!(step(3000, 0, Some(179)).local, 0);
    assert_eq!(step(3010, 0, Some(179)).local, 100);
    // A stated point holds instead.
    let stated = offloading.releasing_below(800).unwrap();
    assert!(!stated.releases_by_requests());
    let mut side = Side::default();
    let mut step = |seconds, part: u64| {
        let loads = relieved(&[Some(part)]);
        side.step(&stated, at(seconds), &LocalSide { ready: true, loads: &loads, requests: None }, &GOOD).local
    };
    step(0, 1000);
    assert_eq!([step(10, 1000), step(20, 800), step(30, 799), step(40, 799)], [0, 0, 0, 100]);
}

#[test]
fn r6_without_local_replicas_everything_goes_and_never_to_a_bad_remote() {
    let offloading = Offloading::new(0, Duration::from_secs(10)).unwrap();
    let bad = [Remote { id: RemoteId(1), healthy: true, allowed: false }];
    let loads = relieved(&[Some(1000)]);
    let (down, up) = (LocalSide::default(), LocalSide { ready: true, loads: &loads, requests: None });
    let mut side = Side::default();
    let all = side.step(&offloading, at(0), &down, &GOOD);
    assert_eq!((all.local, all.remote, all.why), (0, Some((RemoteId(1), 100)), Why::LocalDown));
    let none = side.step(&offloading, at(1), &down, &bad);
    assert_eq!((none.local, none.remote, none.why), (0, None, Why::NoRoute));
    side.step(&offloading, at(2), &up, &bad);
    let stays = side.step(&offloading, at(20), &up, &bad);
    assert_eq!((stays.local, stays.remote, stays.why), (100, None, Why::LoadedWithoutRemote));
    // A percentage of zero keeps everything.
    assert_eq!(side.step(&offloading, at(21), &up, &GOOD).local, 100);
}

fn algorithms() -> impl Strategy<Value = Algorithm> {
    prop_oneof![
        Just(Algorithm::RoundRobin),
        Just(Algorithm::LeastConnections),
        Just(Algorithm::IpHash),
        Just(Algorithm::ConsistentHash),
    ]
}

fn backends() -> impl Strategy<Value = Vec<Backend>> {
    let one = (any::<[bool; 3]>(), 0..4_u32, prop::option::of(0..5_u32), 0..3_u32);
    let make =
        |(place, ([ready, allowed, draining], weight, most, version)): (usize, ([bool; 3], u32, Option<u32>, u32))| {
            let id = u32::try_from(place).unwrap();
            let version = VersionId(version);
            Backend { ready, allowed, draining, weight, max_connections: most, version, ..backend(id) }
        };
    prop::collection::vec(one, 0..12).prop_map(move |all| all.into_iter().enumerate().map(make).collect())
}

proptest! {
    /// R5, R7: whoever is chosen could be; where nobody is, nobody could.
    #[test]
    fn r5_every_backend_chosen_is_usable(
        algorithm in algorithms(),
        backends in backends(),
        events in prop::collection::vec((0..12_u32, 0..8_u8, any::<u32>()), 1..80),
    ) {
        let checks = by_requests();
        let mut balancer = Balancer::with_checks(algorithm, backends, checks).unwrap();
        for (tick, (id, event, bits)) in events.into_iter().enumerate() {
            let now = at(tick as u64 * 2);
            let id = BackendId(id);
            match event {
                0 => balancer.finished(now, id, true),
                1 => balancer.finished(now, id, false),
                2 => { balancer.update(id, |one| one.ready = !one.ready); }
                3 => { balancer.update(id, |one| one.allowed = !one.allowed); }
                4 => balancer.checked(id, bits % 2 == 0),
                _ => {
                    let key = bits.to_le_bytes();
                    let version = bits.is_multiple_of(3).then_some(VersionId(bits % 3));
                    let tried = if bits.is_multiple_of(5) { vec![id] } else { Vec::new() };
                    let address = Some(IpAddr::from(key));
                    let caller = Caller { address, key: &key, tried: &tried, version, country: None };
                    let could: Vec<BackendId> = balancer
                        .backends()
                        .iter()
                        .filter(|one| one.unusable(now, &checks).is_none() && !tried.contains(&one.id))
                        .filter(|one| version.is_none_or(|version| version == one.version))
                        .map(|one| one.id)
                        .collect();
                    match balancer.pick(now, &caller) {
                        Ok(chosen) => prop_assert!(could.contains(&chosen), "{chosen:?} of {could:?}"),
                        Err(_) => prop_assert!(could.is_empty(), "{could:?}"),
                    }
                }
            }
        }
    }

    /// R5: round robin gives each its share, evenly mixed.
    #[test]
    fn r5_turns_are_in_proportion(weights in prop::collection::vec(1..8_u32, 1..8)) {
        let backends = (0..).zip(&weights).map(|(id, weight)| Backend { weight: *weight, ..backend(id) }).collect();
        let mut balancer = Balancer::new(Algorithm::RoundRobin, backends).unwrap();
        let round: u32 = weights.iter().sum();
        let mut counts: HashMap<u32, u32> = HashMap::new();
        for id in picks(&mut balancer, round as usize * 3) {
            *counts.entry(id).or_default() += 1;
        }
        for (id, weight) in (0..).zip(&weights) {
            prop_assert_eq!(counts.get(&id), Some(&(weight * 3)));
        }
    }

    /// R5: when a backend leaves the ring, only its own keys move, and these are about its share.
    #[test]
    fn r5_consistent_hashing_moves_only_what_must(count in 3..12_u32, leaving in 0..12_u32, seed in any::<u32>()) {
        let leaving = (leaving % count) as usize;
        let hosts: Vec<String> = (0..count).map(|host| format!("10.0.{}.{host}", seed % 256)).collect();
        let ring = |skip: Option<usize>| {
            let kept: Vec<&str> =
                hosts.iter().enumerate().filter(|(at, _)| Some(*at) != skip).map(|(_, host)| host.as_str()).collect();
            let ring = Ring::new(kept.iter().map(|host| (*host, 80, 1)));
            move |key: u32| kept[ring.lookup(&key.to_le_bytes()).unwrap()].to_owned()
        };
        let (before, after) = (ring(None), ring(Some(leaving)));
        let mut moved = 0;
        for key in 0..2000 {
            let (one, other) = (before(key), after(key));
            if one == hosts[leaving] {
                moved += 1;
            } else {
                prop_assert_eq!(one, other);
            }
        }
        // 160 points a backend: the share is within a half of even.
        let share = 2000 / count;
        prop_assert!(moved < share * 3 / 2 + 30, "{moved} of {share}");
    }

    /// R5, R6: weights sum to 100.
    #[test]
    fn r6_percentages_sum_to_a_hundred(
        percentage in 0..=100_u8,
        events in prop::collection::vec((0..2000_u64, any::<[bool; 3]>()), 1..40),
    ) {
        let offloading = Offloading::new(percentage, Duration::from_secs(7)).unwrap();
        let mut side = Side::default();
        for (tick, (load, [ready, healthy, allowed])) in events.into_iter().enumerate() {
            let remotes = [Remote { id: RemoteId(0), healthy, allowed }];
            let loads = relieved(&[Some(load)]);
            let local = LocalSide { ready, loads: &loads, requests: Some(load) };
            let routing = side.step(&offloading, at(tick as u64 * 3), &local, &remotes);
            let sum = routing.local + routing.remote.map_or(0, |(_, part)| part);
            prop_assert_eq!(sum, if ready || (healthy && allowed) { 100 } else { 0 });
            prop_assert!(routing.remote.is_none() || (healthy && allowed));
            prop_assert!(routing.local == 0 || ready);
        }
    }

    /// R3: a split gives each version its percentage, exactly.
    #[test]
    fn r3_splits_are_exact(first in 0..=100_u8) {
        let split = Split::new(vec![(VersionId(1), first), (VersionId(2), 100 - first)]).unwrap();
        let ones = (0..100).filter(|random| split.choose(*random, |_| true) == Some(VersionId(1))).count();
        prop_assert_eq!(ones, first as usize);
    }
}
