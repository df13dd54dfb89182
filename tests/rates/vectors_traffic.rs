//! Answers of the original for consistent hashing, and of nginx for its other algorithms (R5).

use std::fs;
use std::path::Path;

use siting::time::Moment;
use siting::traffic::{Algorithm, Backend, BackendId, Balancer, Caller, Ring};

/// The servers of the cases.
fn ring() -> (Vec<String>, Ring) {
    let hosts: Vec<String> = (1..=9).map(|host| format!("10.0.0.{host}")).collect();
    let ring = Ring::new(hosts.iter().map(|host| (host.as_str(), 443, 100)));
    (hosts, ring)
}

fn check(rows: impl Iterator<Item = (String, String)>) -> usize {
    let (hosts, ring) = ring();
    let mut count = 0;
    for (key, server) in rows {
        let found = ring.lookup(key.as_bytes()).map(|place| format!("{}:443", hosts[place]));
        assert_eq!(found, Some(server), "{key}");
        count += 1;
    }
    println!("{count} cases");
    count
}

#[test]
fn r5_consistent_hashing_answers_as_nginx_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = fs::read_to_string(root.join("tests/vectors/consistent_hash.json")).unwrap();
    let own: Vec<(String, String)> = serde_json::from_str(&own).unwrap();
    assert!(check(own.into_iter()) > 10);
    let path = root.join("../shared/vectors/nginx_consistent_hash.csv");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: {} is absent", path.display());
        return;
    };
    let rows = text.lines().filter_map(|line| line.split_once(','));
    assert!(check(rows.map(|(key, server)| (key.to_owned(), server.trim().to_owned()))) > 300);
}

#[test]
fn r5_round_robin_turns_as_nginx_does() {
    let turns = |weights: &[u32], picks: usize| -> String {
        let backend = |(id, weight): (usize, &u32)| {
            let id = BackendId(u32::try_from(id).unwrap());
            Backend { weight: *weight, ..Backend::new(id, "10.0.0.1", 80) }
        };
        let backends = weights.iter().enumerate().map(backend).collect();
        let mut balancer = Balancer::new(Algorithm::RoundRobin, backends).unwrap();
        let mut letter = || {
            let id = balancer.pick(Moment::from_millis(0), &Caller::default()).unwrap();
            char::from(b'a' + u8::try_from(id.0).unwrap())
        };
        (0..picks).map(|_| letter()).collect()
    };
    assert_eq!(turns(&[5, 1, 1], 7), "aabacaa");
    assert_eq!(turns(&[1, 1, 1], 6), "abcabc");
    assert_eq!(turns(&[2, 1], 6), "abaaba");
}
