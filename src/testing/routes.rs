//! Traffic under way: balancers, sessions and remote sides that have seen some requests.

use std::net::{IpAddr, Ipv4Addr};

use super::choices::{Choices, Draw};
use super::values::{span, valid, words};
use crate::time::Moment;
use crate::traffic::{
    Algorithm, Backend, BackendId, Balancer, Bound, Caller, Cause, Checks, Country, Destination, Load, LocalSide, Mask,
    Masks, Offloading, Remote, RemoteId, Ring, Routing, Sessions, Side, SiteId, Split, VersionId, Why,
};

words! {
    Bound: New Kept Anew;
    Cause: WakeFirst Forbidden NotForCaller NotReady Unhealthy WithoutWeight Draining Full;
    Why: Calm Loaded LoadedWithoutRemote LocalDown LocalNotForCaller NoRoute;
}

/// Backends with different numbers, of small weights.
fn backends(choices: &mut Choices<'_>) -> Vec<Backend> {
    let mut drawn = choices.several(0, 6, Backend::draw);
    for (number, backend) in (0..).zip(&mut drawn) {
        *backend = Backend {
            id: BackendId(number),
            address: format!("10.0.0.{number}"),
            weight: backend.weight.min(5),
            ..backend.clone()
        };
    }
    drawn
}

/// The address of a caller.
fn address(choices: &mut Choices<'_>) -> Option<IpAddr> {
    choices.maybe(80, |choices| Ipv4Addr::from_bits(0x0a00_0000 + choices.below(1 << 16)).into())
}

impl Draw for Balancer {
    /// A balancer that has chosen a few times; some of the requests are still open.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (algorithm, checks) = (Algorithm::draw(choices), Checks::draw(choices));
        let mut balancer = valid(choices, |choices| Self::with_checks(algorithm, backends(choices), checks).ok());
        if choices.chance(30) {
            balancer.bind(Masks::draw(choices));
        }
        let mut now = Moment::default();
        choices.several(0, 8, |choices| {
            now = now.after(span(choices, 10_000));
            let (address, key) = (address(choices), choices.below(100).to_be_bytes());
            let country = choices.maybe(70, Country::draw);
            let picked = balancer.pick(now, &Caller { address, key: &key, country, ..Caller::default() });
            if let (Ok(id), true) = (picked, choices.chance(60)) {
                balancer.finished(now, id, choices.chance(20));
            }
        });
        balancer
    }
}

/// The country that calls: one of a few.
impl Draw for Country {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| choices.one_of("de", ["fr", "us"]).parse().ok())
    }
}

impl Draw for Mask {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => Self::everywhere(),
            _ => Self::only(choices.several(0, 3, SiteId::draw)),
        }
    }
}

impl Draw for Masks {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let unknown = Mask::draw(choices);
        let bound = choices.several(0, 2, |choices| (Mask::draw(choices), Country::draw(choices)));
        bound.into_iter().fold(Self::new(unknown), |masks, (mask, country)| masks.with(mask, [country]))
    }
}

impl Draw for Ring {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let backends = backends(choices);
        Self::new(backends.iter().map(|backend| (backend.address.as_str(), backend.port, backend.weight)))
    }
}

impl Draw for Sessions {
    /// The sessions that a few clients have.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (mut balancer, split) = (Balancer::draw(choices), Split::all(VersionId::default()));
        let (mut sessions, mut now) = (Self::new(span(choices, 3_600_000)), Moment::default());
        choices.several(0, 6, |choices| {
            now = now.after(span(choices, 60_000));
            let client = choices.one_of("ann", ["ben", "cy"]);
            // A client that no backend can be found for has none.
            let _ = sessions.pick(&mut balancer, &split, now, client, &Caller::default(), choices.up_to(u64::MAX));
        });
        sessions
    }
}

/// A side that has been shown some loads, and where requests went in the end.
fn offloaded(choices: &mut Choices<'_>) -> (Side, Routing) {
    let (rule, remotes) = (Offloading::draw(choices), choices.several(0, 3, Remote::draw));
    let (mut side, mut now) = (Side::default(), Moment::default());
    let metrics = choices.between(1, 2);
    let mut step = |choices: &mut Choices<'_>| {
        now = now.after(span(choices, 900_000));
        let loads: Vec<_> = (0..metrics).map(|_| Load::draw(choices)).collect();
        let requests = choices.maybe(50, |choices| choices.below(5000).into());
        let local = LocalSide { ready: !choices.chance(15), loads: &loads, requests };
        side.step(&rule, now, &local, &remotes)
    };
    let first = step(choices);
    let last = choices.several(0, 5, step).pop().unwrap_or(first);
    (side, last)
}

impl Draw for Load {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { part: choices.maybe(90, |choices| choices.below(2000).into()), relieved: choices.chance(50) }
    }
}

impl Draw for Side {
    fn draw(choices: &mut Choices<'_>) -> Self {
        offloaded(choices).0
    }
}

impl Draw for Routing {
    fn draw(choices: &mut Choices<'_>) -> Self {
        offloaded(choices).1
    }
}

impl Draw for Destination {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(2) {
            0 => Self::Local,
            _ => Self::Remote(RemoteId::draw(choices)),
        }
    }
}
