//! Drawn series of measurements take the course they are asked for, and autoscalers and rollouts that are
//! fed with them do what such a course calls for (R1, R4).

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Life, scaling};
use siting::id::Name;
use siting::lifecycle::{self, Number, Push, PushKind, Settings};
use siting::metrics::{Gauge, Metric, Quantile, Summary, Window};
use siting::quantity::Milli;
use siting::rollout::{
    Action, BlueGreen, Canary, Check, Group, Observation, Outcome, Phase, Reason, Rolling, Rollout, Strategy, Verdict,
};
use siting::scaling::State;
use siting::testing::{Choices, Course, Series, SeriesOptions};

/// Series of this course: sixty measurements, a second apart.
fn options(course: Course) -> SeriesOptions {
    SeriesOptions { measurements: 60..=60, course: Some(course), ..SeriesOptions::default() }
}

fn drawn(options: SeriesOptions) -> impl Iterator<Item = Series> {
    (0..100).map(move |seed| options.draw(&mut Choices::seeded(seed)))
}

/// How many requests each measurement sees.
fn loads(course: Course) -> impl Iterator<Item = Vec<usize>> {
    drawn(options(course)).map(|series| series.measured.iter().map(|(_, seen)| seen.requests.len()).collect())
}

/// What a window of a minute says at the end of a series.
fn summary(series: &Series) -> Summary {
    let mut window = Window::new(Duration::from_secs(60), 60).unwrap();
    let end = series.feed(&mut window);
    window.summary(end)
}

#[test]
fn a_steady_load_stays_as_it_began() {
    for loads in loads(Course::Steady) {
        assert!(loads[0] > 0 && loads.iter().all(|load| *load == loads[0]), "{loads:?}");
    }
}

#[test]
fn a_rising_load_rises_to_four_times_what_it_was() {
    for loads in loads(Course::Rising) {
        assert!(loads.is_sorted() && loads[0] > 0 && loads[59] == 4 * loads[0], "{loads:?}");
    }
    // However few measurements there are.
    let pair = SeriesOptions { measurements: 2..=2, ..options(Course::Rising) };
    assert!(drawn(pair).all(|series| {
        let [(_, first), (_, last)] = &series.measured[..] else { return false };
        last.requests.len() == 4 * first.requests.len()
    }));
}

#[test]
fn a_falling_load_falls_to_nothing() {
    for loads in loads(Course::Falling) {
        assert!(loads.is_sorted_by(|one, next| one >= next) && loads[0] > 0, "{loads:?}");
        assert!(loads[30..].iter().all(|load| *load == 0), "{loads:?}");
    }
}

#[test]
fn spikes_are_few_and_high() {
    for loads in loads(Course::Spikes) {
        let spikes: Vec<_> = (0..60).filter(|at| loads[*at] > 1).collect();
        assert_eq!(spikes, [9, 19, 29, 39, 49, 59]);
        assert!(loads.iter().all(|load| *load == 1 || *load == loads[9] && load % 5 == 0), "{loads:?}");
    }
}

#[test]
fn waves_come_again() {
    for loads in loads(Course::Waves) {
        let wave = &loads[..20];
        assert!(loads.chunks(20).all(|other| other == wave), "{loads:?}");
        assert!(wave[0] > 0 && wave[..=10].is_sorted_by(|one, next| one >= next), "{loads:?}");
        assert!(wave[10] == 0 && wave[10..].is_sorted(), "{loads:?}");
    }
}

#[test]
fn silence_gives_no_figure() {
    for series in drawn(options(Course::Silent)) {
        assert_eq!(series.measured.len(), 60);
        let summary = summary(&series);
        assert_eq!(summary, Summary { replicas: 1, ..Summary::default() });
        assert_eq!(summary.value(&Metric::ErrorRate), None);
    }
}

#[test]
fn latencies_are_as_long_as_asked_for() {
    for typical in [20_u64, 2000] {
        let options = SeriesOptions { latency: Duration::from_millis(typical), ..options(Course::Steady) };
        let mut all: Vec<_> =
            drawn(options).flat_map(|series| series.measured).flat_map(|(_, seen)| seen.requests).collect();
        all.sort_unstable();
        let (count, at) = (all.len(), |percent: usize| all[all.len() * percent / 100].0.as_millis());
        let typical = u128::from(typical);
        assert!(count > 10_000 && at(0) >= typical / 2 && all[count - 1].0.as_millis() <= typical * 15);
        assert!((typical * 95..=typical * 107).contains(&(at(50) * 100)), "{}", at(50));
        // One in fifty takes ten times as long: between 97 and 99 of a hundred it jumps.
        assert!(at(97) <= typical * 3 / 2 && at(99) >= typical * 5, "{} {}", at(97), at(99));
    }
    // Another latency is the same figure in the summary.
    let fast = SeriesOptions { latency: Duration::from_millis(20), ..options(Course::Rising) };
    let median = Metric::Latency(Quantile::P50);
    assert!(drawn(fast).all(|series| summary(&series).value(&median).unwrap() <= Milli::whole(31)));
}

#[test]
fn gauges_show_what_is_asked_for() {
    let queue = Gauge::Custom("queue".parse::<Name>().unwrap());
    let all = [Gauge::Cpu, Gauge::Memory, Gauge::Gpu, Gauge::Concurrency, queue.clone()];
    for series in drawn(SeriesOptions { gauges: all.to_vec(), ..options(Course::Steady) }) {
        let summary = summary(&series);
        let value = |gauge: &Gauge| summary.value(&Metric::Gauge(gauge.clone())).unwrap();
        let load = value(&queue).get() / 1000;
        assert_eq!(load, summary.requests / 60);
        // Half a second each, a second apart: half of them are in flight at a time.
        assert_eq!(value(&Gauge::Concurrency), Milli::thousandths(load * 500));
        assert_eq!(value(&Gauge::Gpu), Milli::whole(load * 4));
        assert_eq!(value(&Gauge::Memory), Milli::whole(30 + load));
        assert!((load * 5..=load * 5 + 5).contains(&(value(&Gauge::Cpu).get() / 1000)));
    }
    for series in drawn(SeriesOptions { gauges: vec![Gauge::Gpu], ..options(Course::Steady) }) {
        let shown: Vec<_> = summary(&series).gauges.into_iter().map(|(gauge, _)| gauge).collect();
        assert_eq!(shown, [Gauge::Gpu]);
    }
}

const FIRST: Number = Number::new(1);

/// The replicas of a deployment that a series scales, after each measurement: from 1 to 100, and so many at
/// the beginning. Measurements are a minute apart, so that what waits has been waited for.
fn scaled(course: Course, seed: u64, replicas: u32) -> Vec<u32> {
    let mut life = Life::new();
    let settings = Settings { scaling: Some(scaling(1, 100)), replicas: Some(replicas), ..Settings::default() };
    life.act(lifecycle::Action::Push(Push { settings: Arc::new(settings), ..Push::new(PushKind::Published, "v1") }))
        .unwrap();
    life.up("bert-1");
    let minute = Duration::from_secs(60);
    // Each request takes half of the time to the next measurement.
    let options = SeriesOptions { every: minute, latency: minute / 2, ..options(course) };
    let mut window = Window::new(minute, 60).unwrap();
    let mut memory = State::default();
    let mut seen = Vec::new();
    for (now, measured) in options.draw(&mut Choices::seeded(seed)).measured {
        measured.feed(now, &mut window);
        let ready = life.state().deployment(FIRST).unwrap().running();
        if let Some(action) = life.state().autoscale(now, FIRST, &mut memory, &measured.load(&window, ready)) {
            life.act(action).unwrap();
        }
        seen.push(life.state().deployment(FIRST).unwrap().running());
    }
    seen
}

#[test]
fn r4_an_autoscaler_grows_with_a_rising_load_and_shrinks_with_a_falling_one() {
    for seed in 0..20 {
        let rising = scaled(Course::Rising, seed, 1);
        assert!(rising.is_sorted() && rising[59] > rising[0], "{rising:?}");
        let falling = scaled(Course::Falling, seed, 1);
        let most = *falling.iter().max().unwrap();
        assert!(falling[59] < most || most == 1, "{falling:?}");
        assert_eq!(falling[59], 1, "nothing is asked for any more: {falling:?}");
        let silent = scaled(Course::Silent, seed, 1);
        assert!(silent.iter().all(|replicas| *replicas == silent[0]), "without a figure it stays: {silent:?}");
    }
}

#[test]
fn a_request_waits_where_no_replica_is_ready() {
    let window = Window::new(Duration::from_secs(60), 60).unwrap();
    let series = options(Course::Steady).draw(&mut Choices::seeded(1));
    let busy = &series.measured[0].1;
    assert!(busy.load(&window, 0).waiting && !busy.load(&window, 1).waiting);
    let series = options(Course::Silent).draw(&mut Choices::seeded(1));
    assert!(!series.measured[0].1.load(&window, 0).waiting);
}

/// How a rollout ends that is fed with what a new version shows; `None` where it goes on.
fn rolled_out(strategy: Strategy, new: &Series) -> Option<Outcome> {
    let check = Check { min_requests: 1, ..Check::at_most(Metric::ErrorRate, Milli::whole(10)) };
    let mut window = Window::new(Duration::from_secs(300), 60).unwrap();
    let all = Group { replicas: 4, available: 4 };
    let (mut old, mut fresh, mut requests) = (all, Group::default(), 0);
    let mut rollout = Rollout::new(strategy, vec![check], new.measured.first()?.0);
    for (now, measured) in &new.measured {
        if fresh.available > 0 {
            measured.feed(*now, &mut window);
            requests += measured.requests.len() as u64;
        }
        let summary = window.summary(*now);
        let seen = Observation { desired: 4, most: 4, old, new: fresh, summary: Some(&summary), requests };
        for action in rollout.step(*now, &seen) {
            match action {
                Action::ScaleNew(replicas) => fresh = Group { replicas, available: replicas },
                Action::ScaleOld(replicas) => old = Group { replicas, available: replicas },
                Action::Done(outcome) => return Some(outcome),
                _ => {}
            }
        }
    }
    assert!(!matches!(rollout.phase(), Phase::Done(_)));
    None
}

#[test]
fn r2_a_failing_new_version_goes_back_and_a_good_one_is_promoted() {
    let bake = BlueGreen { bake: Duration::from_secs(120), rollback_window: Duration::from_secs(120) };
    let strategies =
        [Strategy::Rolling(Rolling::default()), Strategy::BlueGreen(bake), Strategy::Canary(Canary::default())];
    // A measurement every ten seconds, and so many that every strategy comes to its end.
    let options = SeriesOptions {
        measurements: 400..=400,
        every: Duration::from_secs(10),
        failing: 0,
        ..options(Course::Steady)
    };
    for strategy in strategies {
        for seed in 0..20 {
            let (old, bad) = options.draw_pair(&mut Choices::seeded(seed), 90);
            let (_, good) = options.draw_pair(&mut Choices::seeded(seed), 0);
            let times = |series: &Series| series.measured.iter().map(|(now, _)| *now).collect::<Vec<_>>();
            assert_eq!((times(&old), summary(&old).errors), (times(&bad), 0));
            assert_eq!(
                rolled_out(strategy.clone(), &bad),
                Some(Outcome::RolledBack(Reason::Check(0, Verdict::Failed))),
                "{strategy:?} {seed}"
            );
            assert_eq!(rolled_out(strategy.clone(), &good), Some(Outcome::Completed), "{strategy:?} {seed}");
        }
    }
}
