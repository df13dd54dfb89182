//! Scaling, from proposals to a number (R4).

use std::time::Duration;

use proptest::prelude::*;
use siting::id::Name;
use siting::metrics::{MetricSpec, Resource, Source, Target};
use siting::quantity::Milli;
use siting::scaling::behaviour::{self, Amount, Behaviour, Changes, Held, Limit, Rules, Select};
use siting::scaling::hpa::{Figures, NoFigure, Phase, Replica, Sample, Standing};
use siting::scaling::settings::{Baseten, Beamlit};
use siting::scaling::zero::{self, Activity, LastReplica};
use siting::scaling::{Autoscaler, Bounds, Decision, NoProposal, Observed, State, hpa, kpa, manual};
use siting::time::Moment;

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

fn bounds(min: u32, max: u32) -> Bounds {
    Bounds::new(min, max).unwrap()
}

fn utilisation(resource: Resource, percent: u32) -> MetricSpec {
    MetricSpec::new(Source::Resource(resource), Target::Utilization(percent)).unwrap()
}

/// Replicas that ask for one core each, and use so much of it, in thousandths.
fn using(used: &[u64], now: Moment) -> Vec<Replica> {
    let sample = |used: u64| Sample { value: Milli::thousandths(used), at: now, window: Duration::from_secs(30) };
    let replica = |used: &u64| Replica::running(at(0), Some(Milli::whole(1)), Some(sample(*used)));
    used.iter().map(replica).collect()
}

fn per_replica(replicas: &[Replica]) -> Result<Figures<'_>, NoFigure> {
    Ok(Figures::PerReplica { replicas, strays: &[] })
}

fn decide(autoscaler: &Autoscaler, state: &mut State, seconds: u64, used: &[u64]) -> Decision {
    let replicas = using(used, at(seconds));
    let count = u32::try_from(used.len()).unwrap();
    let figures = [per_replica(&replicas)];
    let observed = Observed { current: count, ready: count, figures: &figures, ..Observed::default() };
    autoscaler.decide(state, at(seconds), &observed)
}

#[test]
fn r4_the_largest_proposal_wins() {
    let metrics = vec![utilisation(Resource::Cpu, 50), utilisation(Resource::Memory, 80)];
    let autoscaler = Autoscaler::by_metrics(bounds(1, 10), metrics);
    let (idle, busy) = (using(&[100, 100], at(1000)), using(&[1600, 1600], at(1000)));
    let figures = [per_replica(&idle), per_replica(&busy)];
    let observed = Observed { current: 2, ready: 2, figures: &figures, ..Observed::default() };
    let decision = autoscaler.decide(&mut State::default(), at(1000), &observed);
    assert_eq!((decision.proposed, decision.replicas), (Some(4), 4));
}

#[test]
fn r4_a_failed_metric_lets_the_others_grow_and_not_shrink() {
    let metrics = vec![utilisation(Resource::Cpu, 50), utilisation(Resource::Memory, 50)];
    let autoscaler = Autoscaler::by_metrics(bounds(1, 10), metrics);
    let proposed = |used: &[u64]| {
        let replicas = using(used, at(1000));
        let figures = [per_replica(&replicas), Err(NoFigure::NoSamples)];
        let observed = Observed { current: 2, ready: 2, figures: &figures, ..Observed::default() };
        let decision = autoscaler.decide(&mut State::default(), at(1000), &observed);
        assert_eq!(decision.silent, [(1, NoProposal::NoFigure(NoFigure::NoSamples))]);
        (decision.proposed, decision.replicas)
    };
    assert_eq!(proposed(&[1000, 1000]), (Some(4), 4));
    assert_eq!(proposed(&[100, 100]), (None, 2));
}

#[test]
fn r4_shrinking_waits_for_the_window() {
    let autoscaler = Autoscaler::by_metrics(bounds(1, 10), vec![utilisation(Resource::Cpu, 50)]);
    let mut state = State::default();
    assert_eq!(decide(&autoscaler, &mut state, 1000, &[500; 4]).replicas, 4);
    let steadied = decide(&autoscaler, &mut state, 1100, &[50; 4]);
    assert_eq!((steadied.proposed, steadied.replicas), (Some(1), 4));
    assert_eq!(decide(&autoscaler, &mut state, 1301, &[50; 4]).replicas, 1);
}

#[test]
fn r4_the_tolerance_includes_both_ends() {
    let autoscaler = Autoscaler::by_metrics(bounds(1, 100), vec![utilisation(Resource::Cpu, 50)]);
    for (used, wanted) in [(450, 10), (549, 10), (559, 10), (560, 12), (449, 9)] {
        let mut fresh = State::default();
        // 55 % over 50 % is 1.1, and 45 % is 0.9: both are borne.
        let mut autoscaler = autoscaler.clone();
        autoscaler.behaviour = Behaviour::immediate();
        assert_eq!(decide(&autoscaler, &mut fresh, 1000, &[used; 10]).replicas, wanted, "{used}");
    }
}

#[test]
fn r4_standing_of_replicas() {
    let (now, initialisation) = (at(10_000), hpa::Initialisation::default());
    let mut replica = using(&[500], now).remove(0);
    let standing = |replica: &Replica| replica.standing(true, now, &initialisation);
    assert_eq!(standing(&replica), Standing::Ready);
    replica.started = Some(at(9_900));
    replica.ready = Some((true, at(9_980)));
    // Ready for less than the window of the sample.
    assert_eq!(standing(&replica), Standing::Unready);
    replica.ready = Some((true, at(9_970)));
    assert_eq!(standing(&replica), Standing::Ready);
    // Not ready, but it has been: its figure counts after the time of initialisation.
    (replica.started, replica.ready) = (Some(at(1_000)), Some((false, at(5_000))));
    assert_eq!(standing(&replica), Standing::Ready);
    replica.ready = Some((false, at(1_010)));
    assert_eq!(standing(&replica), Standing::Unready);
    assert_eq!(replica.standing(false, now, &initialisation), Standing::Ready);
    replica.sample = None;
    assert_eq!(standing(&replica), Standing::Missing);
    replica.phase = Phase::Pending;
    assert_eq!(standing(&replica), Standing::Unready);
    replica.stopping = true;
    assert_eq!(standing(&replica), Standing::Ignored);
}

#[test]
fn r4_from_many_to_one_to_none_and_back() {
    let requests = kpa::Settings::new(1.0, 100).unwrap();
    let autoscaler = Autoscaler::by_requests(bounds(0, 10), requests);
    let mut state = State::default();
    let mut step = |seconds: u64, current: u32, load: f64, waiting: bool| {
        let seen = kpa::Seen { ready: current, stable: load, panic: load, reachable: true };
        let requests = Some(seen);
        let observed = Observed {
            current,
            ready: current,
            requests,
            waiting,
            buffered_since: Some(at(66)),
            ..Observed::default()
        };
        autoscaler.decide(&mut state, at(seconds), &observed).replicas
    };
    assert_eq!(step(0, 8, 8.0, false), 8);
    // At most half of them go at a time.
    assert_eq!(step(60, 8, 0.0, false), 4);
    assert_eq!(step(62, 4, 0.0, false), 2);
    assert_eq!(step(64, 2, 0.0, false), 1);
    assert_eq!(step(66, 1, 0.0, false), 1); // found idle
    assert_eq!(step(95, 1, 0.0, false), 1);
    assert_eq!(step(96, 1, 0.0, false), 0);
    assert_eq!(step(100, 0, 0.0, false), 0);
    assert_eq!(step(200, 0, 0.0, true), 1); // a request waits
}

#[test]
fn r4_a_last_replica_is_retained() {
    let settings = zero::Settings { retention: Duration::from_secs(100), ..zero::Settings::default() };
    let mut activity = Activity::Active(at(0));
    let mut step = |seconds: u64, buffered_since: Option<Moment>| {
        let seen = zero::Seen { current: 1, ready: 1, buffered_since };
        zero::step(&settings, &mut activity, at(seconds), 0, &seen)
    };
    assert_eq!(step(60, Some(at(0))), 1);
    assert_eq!(step(159, Some(at(0))), 1);
    assert_eq!(step(160, None), 1); // nothing would catch a request
    assert_eq!(step(161, Some(at(161))), 0);
}

#[test]
fn r4_what_a_start_or_a_wake_brought_leaves_only_after_the_delay() {
    // Baseten's delay of 900 s, with no traffic at all.
    let settings = Baseten { min_replica: Some(0), max_replica: Some(5), ..Baseten::default() };
    let autoscaler = settings.read().unwrap().autoscaler;
    let mut state = State::default();
    let mut replicas = |seconds: u64, current: u32| {
        let seen = kpa::Seen { ready: current, stable: 0.0, panic: 0.0, reachable: true };
        let observed = Observed {
            current,
            ready: current,
            requests: Some(seen),
            buffered_since: Some(at(0)),
            ..Observed::default()
        };
        autoscaler.decide(&mut state, at(seconds), &observed).replicas
    };
    // Three were started. The first decision comes when they are ready.
    assert!((0..900).step_by(5).all(|second| replicas(second, 3) == 3));
    assert!(replicas(900, 3) < 3);
    // At most half go at a time, and what was left for that is history, too.
    let mut second = 900;
    while replicas(second, 1) > 0 {
        second += 5;
        assert!(second < 2000, "it never goes to zero");
    }
    // Somebody wakes it with two, long after: these stay as long.
    assert_eq!(replicas(5000, 0), 0);
    assert!((5005..5905).step_by(5).all(|second| replicas(second, 2) == 2));
    assert!(replicas(5905, 2) < 2);
}

#[test]
fn r4_a_state_that_begins_keeps_what_runs() {
    let autoscaler =
        Baseten { min_replica: Some(0), max_replica: Some(5), ..Baseten::default() }.read().unwrap().autoscaler;
    let mut state = State::beginning(at(100), 4);
    let seen = kpa::Seen { ready: 4, stable: 0.0, panic: 0.0, reachable: true };
    let observed = Observed { current: 4, ready: 4, requests: Some(seen), ..Observed::default() };
    assert_eq!(autoscaler.decide(&mut state, at(999), &observed).replicas, 4);
    assert!(autoscaler.decide(&mut state, at(1000), &observed).replicas < 4);
}

#[test]
fn r4_what_keeps_the_last_replica_is_named() {
    let queue = Source::Object(Name::new("queue").unwrap());
    let metric = MetricSpec::new(queue, Target::Value(Milli::whole(10))).unwrap();
    let mut autoscaler = Autoscaler::by_metrics(bounds(0, 6), vec![metric]);
    autoscaler.behaviour.down.window = Duration::ZERO;
    let replicas = using(&[0], at(0));
    let empty = [Ok(Figures::Total { values: &[Milli::whole(0)], replicas: &replicas })];
    let mut state = State::default();
    let mut kept = |autoscaler: &Autoscaler, seconds: u64, buffered_since| {
        let observed = Observed { current: 1, ready: 1, figures: &empty, buffered_since, ..Observed::default() };
        let decision = autoscaler.decide(&mut state, at(seconds), &observed);
        assert_eq!(decision.replicas == 1, decision.last_replica.is_some());
        decision.last_replica
    };
    assert_eq!(kept(&autoscaler, 0, None), Some(LastReplica::RecentlyActive));
    kept(&autoscaler, 60, None);
    assert_eq!(kept(&autoscaler, 3600, None), Some(LastReplica::NoBuffer), "however long");
    autoscaler.zero.retention = Duration::from_secs(7200);
    assert_eq!(kept(&autoscaler, 3600, Some(at(0))), Some(LastReplica::Retention));
    autoscaler.zero.retention = Duration::ZERO;
    autoscaler.zero.enabled = false;
    assert_eq!(kept(&autoscaler, 3600, Some(at(0))), Some(LastReplica::NotEnabled));
    autoscaler.zero.enabled = true;
    assert_eq!(kept(&autoscaler, 3601, Some(at(0))), None);
}

#[test]
fn r4_a_start_that_never_ends_is_given_up() {
    let settings = zero::Settings::default();
    let mut activity = Activity::Asleep;
    let seen = zero::Seen { current: 1, ready: 0, buffered_since: Some(at(0)) };
    assert_eq!(zero::step(&settings, &mut activity, at(0), 1, &seen), 1);
    assert_eq!(zero::step(&settings, &mut activity, at(600), 0, &seen), 1);
    assert_eq!(zero::step(&settings, &mut activity, at(601), 0, &seen), 0);
    assert_eq!(activity, Activity::Asleep);
}

#[test]
fn r4_a_draft_has_one_replica_at_most() {
    let draft = Autoscaler::by_requests(Bounds::DRAFT, kpa::Settings::new(1.0, 70).unwrap());
    let seen = kpa::Seen { ready: 1, stable: 500.0, panic: 500.0, reachable: true };
    let observed = Observed { current: 1, ready: 1, requests: Some(seen), ..Observed::default() };
    let decision = draft.decide(&mut State::default(), at(0), &observed);
    assert_eq!((decision.replicas, decision.held), (1, Held::TooManyReplicas));
}

#[test]
fn r4_a_number_by_hand_is_refused_where_scaling_is_on() {
    assert_eq!(manual::scale(7, None), Ok(7));
    let refusal = manual::scale(1, Bounds::new(2, 4)).unwrap_err();
    assert_eq!(refusal.bounds(), bounds(2, 4));
    assert!(refusal.help().contains("`minReplicas` to at most 1"));
    assert!(manual::scale(3, Bounds::new(2, 4)).unwrap_err().help().starts_with("set both to 3"));
}

#[test]
fn r4_other_platforms_settings_are_names() {
    let standard = Baseten::default().read().unwrap();
    assert!(standard.unsaid.is_empty());
    let requests = standard.autoscaler.requests.unwrap();
    assert_eq!(
        (requests.stable_window, requests.scale_down_delay),
        (Duration::from_secs(60), Duration::from_secs(900))
    );
    assert_eq!((standard.autoscaler.bounds, requests.target()), (bounds(0, 1), 0.7));
    let rate = Baseten { max_scale_down_rate: Some(25), max_replica: Some(20), ..Baseten::default() }.read().unwrap();
    let limited = |from, to| {
        let behaviour = &rate.autoscaler.behaviour;
        behaviour::limit(at(0), from, to, rate.autoscaler.bounds, behaviour, &Changes::default(), &Changes::default()).0
    };
    assert_eq!((limited(10, 0), limited(3, 0)), (8, 2)); // a quarter rounded down, and at least one
    for (bad, setting) in [
        (Baseten { autoscaling_window: Some(9), ..Baseten::default() }, "autoscaling_window"),
        (Baseten { max_scale_down_rate: Some(51), ..Baseten::default() }, "max_scale_down_rate"),
        (Baseten { min_replica: Some(2), ..Baseten::default() }, "min_replica"),
        (Baseten { concurrency_target: Some(0), ..Baseten::default() }, "concurrency_target"),
    ] {
        assert_eq!(bad.read().unwrap_err().setting(), setting);
    }
    let remote = Beamlit {
        metric: Some("cpu"),
        target: Some("80"),
        stable_window: Some("1m30s"),
        scale_up_minimum: Some(2),
        scale_down_delay: Some("5m"),
        last_pod_retention_period: Some("30s"),
        ..Beamlit::default()
    };
    let reading = remote.read().unwrap();
    assert_eq!(reading.autoscaler.metrics, [utilisation(Resource::Cpu, 80)]);
    assert_eq!(reading.autoscaler.behaviour.down.window, Duration::from_secs(300));
    assert_eq!(reading.autoscaler.zero.retention, Duration::from_secs(30));
    let unsaid: Vec<_> = reading.unsaid.iter().map(|unsaid| unsaid.setting).collect();
    assert_eq!(unsaid, ["stableWindow", "scaleUpMinimum"]);
    for (bad, setting) in [
        (Beamlit { metric: Some("gpu"), ..Beamlit::default() }, "metric"),
        (Beamlit { target: Some("lots"), ..Beamlit::default() }, "target"),
        (Beamlit { scale_up_minimum: Some(1), ..Beamlit::default() }, "scaleUpMinimum"),
        (Beamlit { stable_window: Some("5s"), ..Beamlit::default() }, "stableWindow"),
        (Beamlit { stable_window: Some("1500ms"), ..Beamlit::default() }, "stableWindow"),
        (Beamlit { min_num_replicas: Some(11), ..Beamlit::default() }, "minNumReplicas"),
    ] {
        assert_eq!(bad.read().unwrap_err().setting(), setting);
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    let amount = prop_oneof![(0..20_u32).prop_map(Amount::Replicas), (0..300_u32).prop_map(Amount::Percent)];
    let limit =
        (amount, 1..200_u64).prop_map(|(amount, seconds)| Limit { amount, period: Duration::from_secs(seconds) });
    let select = prop_oneof![Just(Select::Max), Just(Select::Min), Just(Select::Disabled)];
    (select, prop::collection::vec(limit, 0..3)).prop_map(|(select, limits)| Rules {
        window: Duration::ZERO,
        select,
        limits,
    })
}

proptest! {
    /// R4: within bounds, whatever is measured; and stable for a load that is at its target.
    #[test]
    fn r4_a_number_is_within_its_bounds(
        used in prop::collection::vec(0..5_000_u64, 1..12),
        min in 0..6_u32,
        more in 0..10_u32,
        up in rules(),
        down in rules(),
    ) {
        let mut autoscaler = Autoscaler::by_metrics(bounds(min, min + more), vec![utilisation(Resource::Cpu, 50)]);
        autoscaler.behaviour = Behaviour { up, down };
        let mut state = State::default();
        let mut used = used;
        for round in 0..5 {
            let decision = decide(&autoscaler, &mut state, 1000 + round * 15, &used);
            prop_assert!((min..=min + more).contains(&decision.replicas));
            used.resize(decision.replicas.max(1) as usize, 700);
        }
    }

    /// R4: the limits hold in each period, by the change from the number at its start.
    #[test]
    fn r4_a_number_keeps_to_the_rates(
        wants in prop::collection::vec(0..200_u32, 1..40),
        most in 1..10_u32,
        period in 10..100_u64,
    ) {
        let limit = Limit { amount: Amount::Replicas(most), period: Duration::from_secs(period) };
        let rules = Rules { window: Duration::ZERO, select: Select::Max, limits: vec![limit] };
        let behaviour = Behaviour { up: rules.clone(), down: rules };
        let (mut ups, mut downs, mut current) = (Changes::default(), Changes::default(), 50);
        let mut history = vec![(0, current)];
        for (tick, want) in (1_u64..).zip(wants) {
            let now = at(tick * 7);
            let (next, _) = behaviour::limit(now, current, want, bounds(0, 1000), &behaviour, &ups, &downs);
            if next > current {
                ups.store(now, next - current, &behaviour.up);
            } else if next < current {
                downs.store(now, current - next, &behaviour.down);
            }
            let start = history.iter().rev().find(|(then, _)| tick * 7 - then >= period).unwrap_or(&history[0]).1;
            let kept = next == current || next.abs_diff(start) <= most || next.abs_diff(start) < current.abs_diff(start);
            prop_assert!(kept, "{history:?}, and then {next}");
            current = next;
            history.push((tick * 7, current));
        }
    }

    /// R4: at its target, a deployment stays as it is; the number grows with the load.
    #[test]
    fn r4_proposals_follow_the_load(count in 1..30_usize, load in 0..3_000_u64, more in 0..500_u64) {
        let autoscaler = Autoscaler::by_metrics(bounds(0, 1000), vec![utilisation(Resource::Cpu, 50)]);
        let proposed = |used| decide(&autoscaler, &mut State::default(), 1000, &vec![used; count]).proposed.unwrap();
        prop_assert_eq!(proposed(500) as usize, count);
        prop_assert!(proposed(load) <= proposed(load + more));
    }
}
