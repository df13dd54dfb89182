//! Rollouts against a host whose replicas behave (R1–R3).

use std::time::Duration;

use proptest::prelude::Strategy as _;
use proptest::prelude::*;
use siting::metrics::{Metric, Quantile, Summary};
use siting::quantity::Milli;
use siting::rollout::{
    Action, BlueGreen, Canary, Check, Group, Observation, Outcome, Pause, Phase, Reason, Refusal, Rolling, Rollout,
    Span, Standing, Step, Strategy, Tally, Threshold, Traffic, Verdict,
};
use siting::time::Moment;

/// A host: replicas that were asked for become ready a tick later, and those that were not are gone at once.
struct Host {
    desired: u32,
    old: Group,
    new: Group,
    weight: u8,
    /// Whether replicas of the new version become ready.
    works: bool,
    summary: Summary,
    requests: u64,
    /// Requests that the new version answers in a tick, at full weight.
    load: u64,
    second: u64,
    /// The fewest and most replicas seen.
    fewest: u32,
    most: u32,
    log: Vec<(u64, Action)>,
}

impl Host {
    fn new(desired: u32) -> Self {
        let old = Group { replicas: desired, available: desired };
        let good = Summary { requests: 1000, errors: 0, ..Summary::default() };
        Self {
            desired,
            old,
            new: Group::default(),
            weight: 0,
            works: true,
            summary: good,
            requests: 0,
            load: 100,
            second: 0,
            fewest: desired,
            most: desired,
            log: Vec::new(),
        }
    }

    fn seen(&self) -> Observation<'_> {
        let summary = Some(&self.summary);
        Observation {
            desired: self.desired,
            most: u32::MAX,
            old: self.old,
            new: self.new,
            summary,
            requests: self.requests,
        }
    }

    /// A tick of ten seconds.
    fn tick(&mut self, rollout: &mut Rollout) -> Vec<Action> {
        self.second += 10;
        let actions = rollout.step(Moment::from_millis(self.second * 1000), &self.seen());
        for action in &actions {
            match action {
                Action::ScaleNew(replicas) => self.new.replicas = *replicas,
                Action::ScaleOld(replicas) => self.old.replicas = *replicas,
                Action::Route(weight) => self.weight = *weight,
                _ => {}
            }
            self.log.push((self.second, *action));
        }
        for group in [&mut self.old, &mut self.new] {
            group.available = group.available.min(group.replicas);
        }
        self.fewest = self.fewest.min(self.old.available + self.new.available);
        self.most = self.most.max(self.old.replicas + self.new.replicas);
        self.old.available = self.old.replicas;
        if self.works {
            self.new.available = self.new.replicas;
        }
        // Never to a version without a ready replica.
        assert!(self.weight == 0 || self.new.available > 0 || !self.works, "{:?}", self.log);
        self.requests += self.load * u64::from(self.weight) / 100;
        actions
    }

    /// Ticks until it is over; how it ended.
    fn run(&mut self, rollout: &mut Rollout, ticks: usize) -> Option<Outcome> {
        for _ in 0..ticks {
            self.tick(rollout);
            if let Phase::Done(outcome) = rollout.phase() {
                return Some(outcome);
            }
        }
        None
    }

    fn weights(&self) -> Vec<u8> {
        let weight = |(_, action): &(u64, Action)| match action {
            Action::Route(weight) => Some(*weight),
            _ => None,
        };
        self.log.iter().filter_map(weight).collect()
    }
}

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

fn errors_at_most_one_percent() -> Check {
    Check::at_most(Metric::ErrorRate, Milli::whole(1))
}

fn bad() -> Summary {
    Summary { requests: 1000, errors: 100, ..Summary::default() }
}

fn canary() -> Strategy {
    Strategy::Canary(Canary::default())
}

fn blue_green(bake: u64, window: u64) -> Strategy {
    let seconds = Duration::from_secs;
    Strategy::BlueGreen(BlueGreen { bake: seconds(bake), rollback_window: seconds(window) })
}

#[test]
fn r1_rolling_replaces_everything() {
    let mut host = Host::new(10);
    let strategy = Strategy::Rolling(Rolling::default());
    let mut rollout = Rollout::new(strategy.clone(), Vec::new(), at(0));
    assert_eq!(host.run(&mut rollout, 30), Some(Outcome::Completed));
    assert_eq!((host.old.replicas, host.new), (0, Group { replicas: 10, available: 10 }));
    assert_eq!((host.fewest, host.most), (8, strategy.peak(10).replicas));
    assert_eq!(host.weights().last(), Some(&100));
}

#[test]
fn r1_blue_green_bakes_switches_and_keeps_the_old() {
    let mut host = Host::new(4);
    let mut rollout = Rollout::new(blue_green(60, 120), Vec::new(), at(0));
    assert_eq!(host.run(&mut rollout, 60), Some(Outcome::Completed));
    assert_eq!(host.weights(), [100]);
    let time = |wanted: Action| host.log.iter().find(|(_, action)| *action == wanted).unwrap().0;
    assert_eq!(time(Action::ScaleNew(4)), 10);
    assert_eq!(time(Action::Route(100)), 80); // ready at 20, and baked for 60
    assert_eq!(time(Action::Done(Outcome::Completed)), 200);
    assert_eq!((host.old.replicas, host.most), (4, 8));
}

#[test]
fn r1_canary_leads_up_by_steps() {
    let mut host = Host::new(10);
    let mut rollout = Rollout::new(canary(), Vec::new(), at(0));
    assert_eq!(host.run(&mut rollout, 200), Some(Outcome::Completed));
    assert_eq!(host.weights(), [10, 25, 50, 100]);
    let soaked = |weight, from| host.log.iter().find(|(_, one)| *one == Action::Route(weight)).unwrap().0 - from;
    assert_eq!(soaked(10, 0), 20);
    // 300 s of soak are 30 ticks, which bring the 100 requests as well; and a tick for the new replicas.
    assert_eq!((soaked(25, 20), soaked(50, 330)), (310, 310));
    assert_eq!(host.fewest, 10);
}

#[test]
fn r1_a_step_waits_for_its_requests() {
    let mut host = Host::new(10);
    host.load = 10; // one request a tick at 10 %
    let mut rollout = Rollout::new(canary(), Vec::new(), at(0));
    assert_eq!(host.run(&mut rollout, 60), None);
    assert_eq!(host.weights(), [10]);
    host.run(&mut rollout, 45);
    assert_eq!(host.weights(), [10, 25]);
}

#[test]
fn r1_a_canary_by_replicas_keeps_within_its_slack() {
    let by = Traffic::ByReplicas(Rolling { surge: Span::Count(1), unavailable: Span::Count(0) });
    let strategy = Strategy::Canary(Canary::new([20, 60].map(Step::of).into(), by).unwrap());
    let mut host = Host::new(5);
    let mut rollout = Rollout::new(strategy, Vec::new(), at(0));
    assert_eq!(host.run(&mut rollout, 300), Some(Outcome::Completed));
    assert_eq!((host.old.replicas, host.new.replicas, host.fewest, host.most), (0, 5, 5, 6));
}

#[test]
fn r2_each_strategy_goes_back_by_itself() {
    let reason = Outcome::RolledBack(Reason::Check(0, Verdict::Failed));
    let by = Traffic::ByReplicas(Rolling { surge: Span::Count(2), unavailable: Span::Count(0) });
    let by_replicas = Strategy::Canary(Canary::new([20, 60].map(Step::of).into(), by).unwrap());
    let strategies = [Strategy::Rolling(Rolling::default()), blue_green(30, 300), canary(), by_replicas];
    for strategy in strategies {
        let mut host = Host::new(10);
        let mut rollout = Rollout::new(strategy.clone(), vec![errors_at_most_one_percent()], at(0));
        for _ in 0..if matches!(strategy, Strategy::Rolling(_)) { 3 } else { 6 } {
            host.tick(&mut rollout);
        }
        assert!(host.weight > 0);
        assert_eq!(rollout.phase(), if host.weight == 100 { Phase::Switched } else { Phase::Advancing });
        host.summary = bad();
        let ended = host.run(&mut rollout, 60);
        assert_eq!(ended, Some(reason), "{strategy:?}");
        assert_eq!((host.weight, host.new.replicas, host.old.available), (0, 0, 10), "{strategy:?}");
        assert!(host.fewest >= strategy.fewest(10) && host.most <= strategy.peak(10).replicas, "{strategy:?}");
    }
}

#[test]
fn r2_a_bad_canary_loses_its_traffic_at_once() {
    let mut host = Host::new(10);
    let mut rollout = Rollout::new(canary(), vec![errors_at_most_one_percent()], at(0));
    for _ in 0..10 {
        host.tick(&mut rollout);
    }
    assert_eq!(host.weight, 10);
    host.summary = bad();
    while host.weight > 0 {
        let actions = host.tick(&mut rollout);
        if host.weight == 0 {
            assert!(actions.starts_with(&[Action::Reverting(Reason::Check(0, Verdict::Failed)), Action::Route(0)]));
        }
    }
}

#[test]
fn r2_too_little_traffic_waits_and_is_never_a_success() {
    for strategy in [Strategy::Rolling(Rolling::default()), blue_green(0, 30), canary()] {
        let mut host = Host::new(4);
        host.summary = Summary { requests: 99, errors: 0, ..Summary::default() };
        let mut rollout = Rollout::new(strategy, vec![errors_at_most_one_percent()], at(0));
        assert_eq!(host.run(&mut rollout, 500), None);
        assert!(matches!(rollout.phase(), Phase::Advancing | Phase::Switched));
        host.summary.requests = 100;
        assert_eq!(host.run(&mut rollout, 200), Some(Outcome::Completed));
    }
}

#[test]
fn r2_what_never_comes_up_goes_back_after_the_deadline() {
    for strategy in [Strategy::Rolling(Rolling::default()), blue_green(0, 30), canary()] {
        let mut host = Host::new(10);
        host.works = false;
        let mut rollout = Rollout::new(strategy.clone(), Vec::new(), at(0)).with_deadline(Duration::from_secs(100));
        assert_eq!(host.run(&mut rollout, 60), Some(Outcome::RolledBack(Reason::Deadline)), "{strategy:?}");
        assert!(host.second > 100 && host.fewest >= strategy.fewest(10));
        assert!(host.weights().iter().all(|weight| *weight == 0));
    }
}

#[test]
fn r1_commands() {
    let mut host = Host::new(10);
    let mut rollout = Rollout::new(canary(), Vec::new(), at(0));
    host.tick(&mut rollout);
    host.tick(&mut rollout);
    rollout.pause().unwrap();
    assert_eq!(rollout.pause(), Err(Refusal::Paused));
    assert_eq!(host.run(&mut rollout, 200), None);
    assert_eq!((host.weights(), rollout.paused()), (vec![10], Some(Pause::ByHand)));
    rollout.resume(at(host.second)).unwrap();
    assert_eq!(rollout.resume(at(host.second)), Err(Refusal::NotPaused));
    host.tick(&mut rollout);
    host.tick(&mut rollout);
    assert_eq!(host.weight, 25);
    rollout.cancel(at(host.second)).unwrap();
    assert_eq!(rollout.roll_back(at(host.second)), Err(Refusal::Reverting));
    host.tick(&mut rollout);
    assert_eq!(host.weight, 0);
    // Forward all the same, even while going back.
    rollout.force_forward(at(host.second)).unwrap();
    assert_eq!(host.run(&mut rollout, 10), Some(Outcome::Completed));
    assert_eq!((host.weight, host.new.available), (100, 10));
    assert_eq!(rollout.force_forward(at(host.second)), Err(Refusal::Over));
    assert!(host.tick(&mut rollout).is_empty());

    let mut host = Host::new(3);
    let mut rollout = Rollout::new(blue_green(0, 600), Vec::new(), at(0));
    for _ in 0..5 {
        host.tick(&mut rollout);
    }
    assert_eq!(rollout.phase(), Phase::Switched);
    rollout.roll_back(at(host.second)).unwrap();
    assert_eq!(host.run(&mut rollout, 5), Some(Outcome::RolledBack(Reason::ByHand)));
    assert_eq!(host.weights(), [100, 0]);
}

#[test]
fn r2_an_inconclusive_check_stands_still_until_resumed() {
    let check = Check {
        success: Some(Threshold::Below(Milli::whole(1))),
        failure: Some(Threshold::Above(Milli::whole(5))),
        ..errors_at_most_one_percent()
    };
    let mut host = Host::new(10);
    host.summary.errors = 30;
    let mut rollout = Rollout::new(canary(), vec![check], at(0));
    let actions = host.tick(&mut rollout);
    assert_eq!(actions, [Action::Paused(Pause::Inconclusive(0))]);
    host.summary.errors = 0;
    assert_eq!(host.run(&mut rollout, 50), None);
    rollout.resume(at(host.second)).unwrap();
    assert_eq!(host.run(&mut rollout, 200), Some(Outcome::Completed));
}

#[test]
fn r2_limits_and_the_worst_verdict() {
    let latency = Metric::Latency(Quantile::P99);
    let check = Check {
        failure_limit: Some(1),
        error_limit: 1,
        min_requests: 0,
        interval: Duration::from_secs(10),
        ..Check::at_most(latency, Milli::whole(200))
    };
    let of = |millis| Summary { latencies: Some([Milli::whole(millis); 3]), requests: 10, ..Summary::default() };
    let verdicts = |check: &Check, summaries: &[Summary]| -> Vec<Verdict> {
        let mut tally = Tally::beginning(at(0));
        (0..).zip(summaries).map(|(tick, summary)| tally.measure(check, at(tick * 10), summary)).collect()
    };
    use Verdict::{Error, Failed, Inconclusive, Running, Successful};
    assert_eq!(verdicts(&check, &[of(200), of(201), of(150), of(500)]), [Running, Running, Running, Failed]);
    let none = Summary::default();
    assert_eq!(verdicts(&check, &[none.clone(), of(1), none.clone(), none]), [Running, Running, Running, Error]);
    let counted = Check { count: Some(2), ..check.clone() };
    assert_eq!(verdicts(&counted, &[of(1), of(1)]), [Running, Successful]);
    let in_a_row = Check { count: Some(3), successes: Some(2), ..check.clone() };
    assert_eq!(verdicts(&in_a_row, &[of(1), of(500), of(1)]), [Running, Running, Inconclusive]);
    assert_eq!(verdicts(&in_a_row, &[of(1), of(1)]), [Running, Successful]);

    let rate = Check { min_requests: 0, ..Check::at_most(Metric::RequestRate, Milli::whole(1)) };
    let mut tallies = [Tally::beginning(at(0)); 2];
    let checks = [rate, Check { failure_limit: Some(0), ..check }];
    for (tally, check) in tallies.iter_mut().zip(&checks) {
        tally.measure(check, at(0), &of(500));
    }
    // The first could not be measured, the second failed: that is the worst.
    assert_eq!(Standing::of(&checks, &tallies), Standing::Bad(1, Verdict::Failed));
}

fn strategies() -> impl proptest::strategy::Strategy<Value = Strategy> {
    let span = || prop_oneof![(0..5_u32).prop_map(Span::Count), (0..100_u32).prop_map(Span::Percent)];
    let slack = move || (span(), span()).prop_map(|(surge, unavailable)| Rolling { surge, unavailable });
    let traffic = prop_oneof![
        slack().prop_map(Traffic::ByReplicas),
        prop::option::of(0..4_u32).prop_map(|fewest| Traffic::Routed { fewest }),
    ];
    let weights = prop::collection::btree_set(1..=100_u8, 0..4);
    let canary = (weights, traffic).prop_map(|(weights, traffic)| {
        let steps = weights.into_iter().map(|weight| Step { soak: Duration::from_secs(20), ..Step::of(weight) });
        Strategy::Canary(Canary::new(steps.collect(), traffic).unwrap())
    });
    let blue_green = (0..60_u64, 0..60_u64).prop_map(|(bake, window)| blue_green(bake, window));
    prop_oneof![slack().prop_map(Strategy::Rolling), blue_green, canary]
}

proptest! {
    /// R3: never too few, never too many, and never traffic to what is not ready, whatever is commanded;
    /// and every rollout that is let run comes to an end, or says that nothing comes to judge it by.
    #[test]
    fn r3_availability_and_capacity_hold_throughout(
        strategy in strategies(),
        desired in 1..15_u32,
        events in prop::collection::vec(0..12_u8, 0..40),
    ) {
        let mut host = Host::new(desired);
        host.load = 2000;
        let mut rollout = Rollout::new(strategy.clone(), vec![errors_at_most_one_percent()], at(0));
        for event in events {
            let now = at(host.second);
            match event {
                0 => { let _ = rollout.pause(); }
                1 => { let _ = rollout.resume(now); }
                2 => { let _ = rollout.cancel(now); }
                3 => { let _ = rollout.force_forward(now); }
                4 => host.summary = bad(),
                _ => { host.tick(&mut rollout); }
            }
        }
        let _ = rollout.resume(at(host.second));
        let ended = host.run(&mut rollout, 400).is_some() || matches!(rollout.phase(), Phase::Done(_));
        // Where the nearest split gives the new side no replica and there is no room for one, no request comes to judge it
        // by: it waits, and has said so (L17).
        let waits = host.new.replicas == 0 && host.log.iter().any(|(_, action)| matches!(action, Action::Idle(_)));
        prop_assert!(ended || waits, "{:?} {:?}", rollout, host.log);
        prop_assert!(host.fewest >= strategy.fewest(desired), "{} {:?}", host.fewest, host.log);
        prop_assert!(host.most <= strategy.peak(desired).replicas, "{} {:?}", host.most, host.log);
        let new_serves = rollout.phase() == Phase::Done(Outcome::Completed);
        prop_assert_eq!(host.weight, if new_serves { 100 } else { 0 });
    }

    /// R3: where a router makes the weight, it never exceeds the step's.
    #[test]
    fn r3_a_routed_weight_never_overshoots(weights in prop::collection::btree_set(1..=100_u8, 1..5), desired in 1..20_u32) {
        let step = |weight: &u8| Step { soak: Duration::from_secs(20), requests: 0, ..Step::of(*weight) };
        let steps: Vec<Step> = weights.iter().map(step).collect();
        let traffic = Traffic::Routed { fewest: None };
        let mut host = Host::new(desired);
        let strategy = Strategy::Canary(Canary::new(steps, traffic).unwrap());
        let mut rollout = Rollout::new(strategy, Vec::new(), at(0));
        prop_assert_eq!(host.run(&mut rollout, 100), Some(Outcome::Completed));
        let mut expected: Vec<u8> = weights.into_iter().collect();
        if expected.last() != Some(&100) {
            expected.push(100);
        }
        prop_assert_eq!(host.weights(), expected);
    }
}

/// L17, R3: one hundredth of one replica is none, and there is no room for one: nothing comes to judge the step by, which is said.
#[test]
fn l17_a_canary_without_room_for_its_share_waits_and_says_so() {
    let slack = Rolling { surge: Span::Count(0), unavailable: Span::Count(0) };
    let canary = Canary::new(vec![Step::of(1)], Traffic::ByReplicas(slack)).unwrap();
    let mut host = Host::new(1);
    host.load = 2000;
    let mut rollout = Rollout::new(Strategy::Canary(canary), vec![errors_at_most_one_percent()], at(0));
    assert_eq!(host.run(&mut rollout, 400), None);
    assert_eq!((host.old.available, host.new.replicas, host.weight), (1, 0, 0));
    assert!(host.log.iter().any(|(_, action)| matches!(action, Action::Idle(_))));
}

/// R1, R2: where no replica is wanted there is nothing to soak or to judge, and the rollout ends.
#[test]
fn r1_a_canary_of_no_replicas_ends() {
    for traffic in [Traffic::Routed { fewest: None }, Traffic::ByReplicas(Rolling::default())] {
        let canary = Canary::new(Canary::default().steps().to_vec(), traffic).unwrap();
        let mut rollout = Rollout::new(Strategy::Canary(canary), vec![errors_at_most_one_percent()], at(0));
        let seen = Observation {
            desired: 0,
            most: 10,
            old: Group::default(),
            new: Group::default(),
            summary: None,
            requests: 0,
        };
        for second in 0..60 {
            rollout.step(at(second), &seen);
        }
        assert_eq!(rollout.phase(), Phase::Done(Outcome::Completed), "{traffic:?}");
    }
}

/// R2: when a check measures first, how often, and how many figures it bears that are neither good nor bad.
#[test]
fn r2_a_check_begins_repeats_and_bears_as_it_says() {
    let check = Check {
        min_requests: 0,
        interval: Duration::from_secs(10),
        ..Check::at_most(Metric::Latency(Quantile::P99), Milli::whole(200))
    };
    let verdicts = |check: &Check, millis: &[u64]| -> Vec<Verdict> {
        let mut tally = Tally::beginning(at(0));
        let of = |millis| Summary { latencies: Some([Milli::whole(millis); 3]), requests: 10, ..Summary::default() };
        (0..).zip(millis).map(|(tick, &millis)| tally.measure(check, at(tick * 10), &of(millis))).collect()
    };
    use Verdict::{Failed, Inconclusive, Pending, Running};
    assert_eq!(verdicts(&check, &[500]), [Failed]);
    let delayed = Check { initial_delay: Duration::from_secs(15), ..check.clone() };
    assert_eq!(verdicts(&delayed, &[500, 500, 1]), [Pending, Pending, Running]);
    let rare = Check { interval: Duration::from_secs(20), ..check.clone() };
    assert_eq!(verdicts(&rare, &[1, 500, 1, 500, 500]), [Running, Running, Running, Running, Failed]);
    let between = Check { failure: Some(Threshold::Above(Milli::whole(400))), ..check };
    assert_eq!(verdicts(&between, &[300]), [Inconclusive]);
    let bears_one = Check { inconclusive_limit: 1, ..between };
    assert_eq!(verdicts(&bears_one, &[300, 1, 300]), [Running, Running, Inconclusive]);
}
