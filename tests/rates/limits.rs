//! Bounds of what a host keeps while it runs: each is tried at it and just beyond it, in a process that has little
//! memory. `tests/cli/limits.rs` holds them against the guide's table.
#![cfg(unix)]

use std::process::Command;
use std::time::Duration;

use siting::id::Name;
use siting::metrics::{Gauge, InvalidMerge, InvalidSample, Window};
use siting::quantity::Milli;
use siting::time::Moment;
use siting::traffic::{
    Algorithm, Backend, BackendId, Balancer, Bound, Caller, InvalidBackends, Ring, Sessions, Split, VersionId,
};

/// Says to a test that it runs in the process that has little memory.
const LIMITED: &str = "SITING_LIMITED_MEMORY";

/// Runs a body in a process of its own that has 1 GiB of memory: the test runs itself again there.
fn with_little_memory(test: &str, body: impl FnOnce()) {
    if std::env::var_os(LIMITED).is_some() {
        return body();
    }
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 1048576; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let output = command.args(["--exact", &format!("limits::{test}")]).env(LIMITED, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn backend(id: u32, weight: u32) -> Backend {
    Backend { weight, ..Backend::new(BackendId(id), format!("10.0.{}.{}", id / 256, id % 256), 80) }
}

/// R5: weights are bounded, each and together; no request is answered by other weights than were stated.
#[test]
fn weights_are_bounded() {
    with_little_memory("weights_are_bounded", weights);
}

fn weights() {
    let of = |count: u32, weight: u32| {
        [Algorithm::RoundRobin, Algorithm::LeastConnections, Algorithm::IpHash, Algorithm::ConsistentHash]
            .map(|algorithm| Balancer::new(algorithm, (0..count).map(|id| backend(id, weight)).collect()))
    };
    for balancer in of(500, 1_000_000) {
        let mut balancer = balancer.unwrap();
        assert!(balancer.pick(Moment::default(), &Caller::default()).is_ok());
        let before = balancer.backends().to_vec();
        let error = balancer.replace(vec![backend(7, 1_000_001)]).unwrap_err();
        assert_eq!(error, InvalidBackends::TooHeavy { backend: BackendId(7), weight: 1_000_001 });
        assert_eq!(balancer.backends(), before);
    }
    let heavy = InvalidBackends::TooHeavy { backend: BackendId(0), weight: 1_000_001 };
    assert!(of(1, 1_000_001).into_iter().all(|balancer| balancer.err() == Some(heavy)));
    let together = InvalidBackends::TooHeavyTogether { total: 501_000_000 };
    assert!(of(501, 1_000_000).into_iter().all(|balancer| balancer.err() == Some(together)));
}

/// R5: a host tells backends apart by their numbers.
#[test]
fn r5_two_backends_of_one_number_are_refused() {
    let twice = InvalidBackends::Twice { backend: BackendId(3) };
    let backends = || vec![backend(3, 1), backend(4, 1), backend(3, 2)];
    assert_eq!(Balancer::new(Algorithm::RoundRobin, backends()).err(), Some(twice));
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(1, 1)]).unwrap();
    assert_eq!(balancer.replace(backends()), Err(twice));
    assert_eq!(balancer.backends(), [backend(1, 1)]);
}

/// R5: memory follows the number of backends, whatever their weights.
#[test]
fn rings_are_bounded() {
    with_little_memory("rings_are_bounded", rings);
}

fn rings() {
    let ring = |count: u32, weight: u32| {
        let addresses: Vec<_> = (0..count).map(|id| format!("10.0.{}.{}", id / 256, id % 256)).collect();
        Ring::new(addresses.iter().map(|address| (address.as_str(), 443, weight)))
    };
    // Points that coincide are one.
    let points = |ring: &Ring| ring.len() as f64 / f64::from(Ring::POINTS);
    assert!((points(&ring(250, 100)) - 25_000.0).abs() < 25.0);
    assert_eq!(ring(250, 101), ring(250, 100));
    assert_eq!(ring(250, 4_294_967_295), ring(250, 100));
    assert_eq!(ring(1, 101), ring(1, 100));
    assert!((points(&ring(30_000, 1)) - 30_000.0).abs() < 60.0);
    assert_eq!(ring(30_000, 2), ring(30_000, 1));
}

#[test]
fn sessions_are_bounded() {
    with_little_memory("sessions_are_bounded", sessions);
}

fn sessions() {
    let new = || Sessions::new(Duration::from_secs(60));
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(0, 1)]).unwrap();
    let split = Split::all(VersionId(0));
    let mut ask = |sessions: &mut Sessions, client: &str| {
        let caller = Caller::default();
        sessions.pick(&mut balancer, &split, Moment::default(), client, &caller, 0).unwrap().1
    };
    let mut many = new();
    (0..1_000_000).for_each(|client| assert_eq!(ask(&mut many, &client.to_string()), Bound::New));
    assert_eq!(ask(&mut many, "999999"), Bound::Kept);
    assert_eq!((ask(&mut many, "one more"), ask(&mut many, "one more")), (Bound::New, Bound::New));
    assert_eq!(many.len(), 1_000_000);
    // Keys of a mebibyte.
    let mut long = new();
    let key = |client: u32| format!("{client:03}") + &"x".repeat((1 << 20) - 3);
    (0..256).for_each(|client| assert_eq!(ask(&mut long, &key(client)), Bound::New));
    assert_eq!(ask(&mut long, &key(255)), Bound::Kept);
    assert_eq!((ask(&mut long, "x"), ask(&mut long, "x")), (Bound::New, Bound::New));
    assert_eq!(new().at_most(1_000_000).map(|sessions| sessions.len()), Ok(0));
    assert_eq!(new().at_most(1_000_001).unwrap_err().most, 1_000_001);
}

#[test]
fn windows_are_bounded() {
    with_little_memory("windows_are_bounded", windows);
}

fn windows() {
    let hour = Duration::from_secs(3600);
    let mut window = Window::new(hour, 3600).unwrap();
    assert!(Window::new(Duration::from_secs(3601), 3601).is_err());
    let now = |slot: u64| Moment::from_millis(slot * 1000);
    let day = Duration::from_secs(86_400);
    // In every slot the smallest latency and the greatest.
    for slot in 0..3600 {
        window.request(now(slot), Duration::ZERO, false).unwrap();
        window.request(now(slot), day, false).unwrap();
    }
    let too_long = window.request(now(3599), day + Duration::from_nanos(1), false);
    assert_eq!(too_long, Err(InvalidSample::TooLong));
    assert_eq!(window.summary(now(3599)).requests, 7200);
    let gauge = |number: u32| Gauge::Custom(Name::new(&number.to_string()).unwrap());
    let filled = |numbers: std::ops::Range<u32>| {
        let mut window = Window::new(hour, 60).unwrap();
        for number in numbers {
            window.gauge(now(0), &gauge(number), Milli::whole(1)).unwrap();
        }
        window
    };
    let mut full = filled(0..100);
    assert_eq!(full.gauge(now(0), &gauge(100), Milli::whole(1)), Err(InvalidSample::TooManyGauges));
    assert_eq!(full.gauge(now(0), &gauge(99), Milli::whole(1)), Ok(()));
    let mut half = filled(0..60);
    assert_eq!(half.merge(&filled(50..101)), Err(InvalidMerge::TooManyGauges));
    assert_eq!(half.summary(now(0)).gauges.len(), 60);
    assert_eq!(half.merge(&filled(50..100)), Ok(()));
    assert_eq!(half.summary(now(0)).gauges.len(), 100);
}
