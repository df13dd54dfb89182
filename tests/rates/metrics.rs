//! Windows over observations (R2, R4).

use std::time::Duration;

use proptest::prelude::*;
use siting::metrics::{Gauge, Metric, Quantile, Summary, Window};
use siting::quantity::Milli;
use siting::time::Moment;

fn millis(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

fn window() -> Window {
    Window::new(Duration::from_secs(60), 12).unwrap()
}

#[test]
fn r2_a_window_slides() {
    let mut window = window();
    window.request(millis(1_000), Duration::from_millis(10), true).unwrap();
    window.request(millis(30_000), Duration::from_millis(10), false).unwrap();
    let errors = |now| window.summary(millis(now)).value(&Metric::ErrorRate).map(Milli::get);
    assert_eq!(errors(30_000), Some(50_000)); // percent, in thousandths
    assert_eq!(errors(59_999), Some(50_000));
    assert_eq!(errors(60_000), Some(0)); // the slot of five seconds has left
    assert_eq!(errors(90_000), None);
    // Before there was anything, there is nothing to say; after, the rate of nothing is zero.
    assert_eq!(Summary::default().value(&Metric::RequestRate), None);
    assert_eq!(window.summary(millis(200_000)).value(&Metric::RequestRate), Some(Milli::whole(0)));
}

#[test]
fn r4_a_young_window_speaks_of_what_it_saw() {
    let mut window = window();
    for second in 0..10 {
        window.request(millis(100_000 + second * 1000), Duration::from_millis(1), false).unwrap();
    }
    let summary = window.summary(millis(109_999));
    assert_eq!(summary.over, Some(Duration::from_secs(10)));
    assert_eq!(summary.value(&Metric::RequestRate), Some(Milli::whole(1)));
}

#[test]
fn late_observations_find_their_slot_or_are_left_out() {
    let mut window = window();
    window.request(millis(100_000), Duration::from_millis(1), false).unwrap();
    window.request(millis(80_000), Duration::from_millis(1), false).unwrap();
    window.request(millis(40_000), Duration::from_millis(1), true).unwrap();
    let summary = window.summary(millis(100_000));
    assert_eq!((summary.requests, summary.errors), (2, 0));
}

#[test]
fn r4_replicas_merge() {
    let mut all = window();
    let mut other = window();
    all.gauge(millis(5_000), &Gauge::Concurrency, Milli::whole(3)).unwrap();
    other.gauge(millis(6_000), &Gauge::Concurrency, Milli::whole(5)).unwrap();
    other.request(millis(6_000), Duration::from_millis(7), false).unwrap();
    all.merge(&other).unwrap();
    let summary = all.summary(millis(6_000));
    assert_eq!((summary.replicas, summary.requests), (2, 1));
    assert_eq!(summary.total_concurrency(), Some(Milli::whole(8)));
    assert!(all.merge(&Window::new(Duration::from_secs(60), 6).unwrap()).is_err());
    assert!(Window::new(Duration::from_secs(1), 3).is_err() && Window::new(Duration::ZERO, 1).is_err());
    assert!(Window::new(Duration::from_secs(1), 0).is_err());
}

proptest! {
    /// R2: quantiles are at most a hundredth above the true ones, and never below.
    #[test]
    fn r2_quantiles_are_near(latencies in prop::collection::vec(1..2_000_000_u64, 1..300)) {
        let mut window = window();
        for latency in &latencies {
            window.request(millis(0), Duration::from_micros(*latency), false).unwrap();
        }
        let mut sorted = latencies;
        sorted.sort_unstable();
        let summary = window.summary(millis(0));
        for (quantile, percent) in Quantile::ALL.into_iter().zip([50, 95, 99]) {
            let found = summary.value(&Metric::Latency(quantile)).unwrap().get();
            let rank = (sorted.len() * percent).div_ceil(100);
            let exact = sorted[rank - 1];
            prop_assert!(found >= exact && found <= exact + exact / 100 + 1, "{found} for {exact}");
        }
    }

    /// R2: what several windows saw is what one would have seen, in whatever order they are merged.
    #[test]
    fn r2_merging_is_like_one_window(seen in prop::collection::vec((0..3_usize, 0..90_000_u64, 1..5_000_u64, any::<bool>()), 0..80)) {
        let (mut parts, mut one) = ([window(), window(), window()], window());
        let mut seen = seen;
        seen.sort_by_key(|(_, at, ..)| *at);
        for (part, at, latency, failed) in &seen {
            let latency = Duration::from_micros(*latency);
            parts[*part].request(millis(*at), latency, *failed).unwrap();
            one.request(millis(*at), latency, *failed).unwrap();
        }
        let merged = |order: [usize; 3]| {
            let mut all = parts[order[0]].clone();
            all.merge(&parts[order[1]]).unwrap();
            all.merge(&parts[order[2]]).unwrap();
            all.summary(millis(90_000))
        };
        prop_assert_eq!(merged([0, 1, 2]), merged([2, 0, 1]));
        let alone = one.summary(millis(90_000));
        prop_assert_eq!(merged([0, 1, 2]), Summary { replicas: 3, ..alone });
    }
}

#[test]
fn a_window_has_a_bounded_number_of_slots() {
    let day = Duration::from_secs(86_400);
    assert!(Window::new(day, Window::MOST_SLOTS).is_ok());
    for slots in [0, Window::MOST_SLOTS * 2, u32::MAX] {
        let error = Window::new(day, slots).unwrap_err();
        assert!(error.to_string().contains("1 to 3600 slots"), "{error}");
    }
}
