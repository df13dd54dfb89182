//! Whatever a change accepts is kept, read again and shared, however extreme it is (W3, W4).

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use siting::inventory::{GpuRequest, Request};
use siting::lifecycle::{Action, Number, Observation, PlaceSeen, PolicyUse, Push, PushKind, RequestScaling, Settings};
use siting::manifest::spec::{AttachmentSpec, ClusterSpec, EnvironmentSpec, Specs};
use siting::policy::{Enforcement, Terms};
use siting::quantity::{Bandwidth, Bytes, Cpu};
use siting::testing::{Choices, Draw};
use siting::time::Moment;
use siting::workspace::{
    AttachError, AttachmentPoint, ChangeStep, LoadOptions, LogEntry, PolicyChange, Workspace, WorkspaceChange,
};

use super::support::{CLUSTERS, command, document, life, moment, place, restored, settings, text};

/// The last moment of the year 9999: RFC 3339 has four digits for a year.
const LAST: u64 = 253_402_300_799_999;

fn fleet() -> Workspace {
    let more = [
        document("Cluster", "rome", "{provider: onprem, country: it, flavors: [{type: cpu, name: x86}]}"),
        document("Deployment", "d", "{model: m}"),
        document("Environment", "staging", "{}"),
    ];
    format!("{CLUSTERS}{}", more.concat()).parse().unwrap()
}

fn ending(at: u64) -> Terms {
    Terms::from(Enforcement::Audit).until(moment(at))
}

/// P16, W4: an end that no text can say is refused on every way in, and the last that one can is kept.
#[test]
fn p16_an_end_that_cannot_be_written_is_refused() {
    let points = || {
        let named = |name: &str| AttachmentPoint::Environment(name.to_owned());
        [
            AttachmentPoint::Workspace,
            AttachmentPoint::Deployment("m/d".to_owned()),
            named("staging"),
            named("production"),
        ]
    };
    let attach = |point: &AttachmentPoint, at| WorkspaceChange::new().attach(point.clone(), "only-de", ending(at));
    for point in points() {
        let mut workspace = fleet();
        let before = text(&workspace);
        for at in [LAST + 1, u64::MAX] {
            let refused = workspace.change(moment(0), attach(&point, at)).unwrap_err();
            let says = "the last moment that is written is 9999-12-31T23:59:59.999Z";
            assert!(refused.problems[0].message.ends_with(says), "{refused}");
            assert!(refused.problems[0].help.as_deref().unwrap().starts_with("leave `until` out"));
            assert!(workspace.prepare(moment(0), "k", attach(&point, at)).is_err());
            assert_eq!(text(&workspace), before);
        }
        assert!(workspace.change(moment(0), attach(&point, LAST)).unwrap().changed);
        assert_eq!(restored(&workspace).state(), workspace.state());
    }
    let mut workspace = fleet();
    let before = text(&workspace);
    let refused = workspace.attach("m/d", "only-de", ending(LAST + 1)).unwrap_err();
    assert!(matches!(refused, AttachError::Unwritten(_)), "{refused}");
    let policies = vec![("only-de".to_owned(), ending(u64::MAX))];
    let change = PolicyChange { environment: Some("staging".to_owned()), policies };
    assert!(matches!(workspace.change_policies(&change), Err(AttachError::Unwritten(_))));
    assert!(matches!(workspace.impact(moment(0), &change), Err(AttachError::Unwritten(_))));
    assert_eq!(text(&workspace), before);
    workspace.attach("m/d", "only-de", ending(LAST)).unwrap();
    assert_eq!(restored(&workspace).state(), workspace.state());
    // Nor is it read: the offset leads into another year.
    assert!("9999-12-31T23:59:59-00:01".parse::<Moment>().is_err());
    assert_eq!("9999-12-31T23:59:59.999Z".parse(), Ok(moment(LAST)));
}

/// W4: so it is with whatever else code can build and no text can say, loaded or put.
#[test]
fn w4_what_no_text_can_say_is_refused() {
    let staging = || EnvironmentSpec::new("staging".parse().unwrap());
    let ends = EnvironmentSpec { policies: vec![AttachmentSpec::new("only-de", ending(LAST + 1))], ..staging() };
    let rome = fleet().specs().clusters.iter().find(|spec| spec.metadata.name.as_str() == "rome").unwrap().clone();
    let observed = ClusterSpec { observed_at: Some(moment(LAST + 1)), ..rome };
    let patient = EnvironmentSpec { grace_seconds: Duration::from_secs(u64::from(u32::MAX) + 1), ..staging() };
    let put = |specs: Specs, says: &str| {
        let mut workspace = fleet();
        let before = text(&workspace);
        let change = WorkspaceChange::new().put(specs);
        let refused = workspace.change(moment(0), change.clone()).unwrap_err();
        assert!(refused.problems.iter().any(|problem| problem.message.contains(says)), "{refused:?}");
        assert!(workspace.prepare(moment(0), "k", change).is_err());
        assert_eq!(text(&workspace), before);
    };
    put(Specs { environments: vec![ends.clone()], ..Specs::default() }, "Environment `staging` holds what");
    put(Specs { environments: vec![patient], ..Specs::default() }, "Environment `staging` holds what");
    put(Specs { clusters: vec![observed.clone()], ..Specs::default() }, "Cluster `rome` holds what");
    let mut loaded = fleet().specs().clone();
    loaded.environments.push(ends);
    loaded.clusters.push(observed);
    let told = Workspace::from_specs(loaded, LoadOptions::default()).unwrap_err();
    let says = |what: &str| told.problems.iter().any(|problem| problem.message.contains(what));
    assert!(says("policy `only-de`: an attachment cannot end at 10000-01-01T00:00:00Z"), "{told:?}");
    assert!(says("cluster `rome` cannot be observed at 10000-01-01T00:00:00Z"), "{told:?}");
}

fn small() -> impl Strategy<Value = u32> {
    select(vec![0, 1, 2, 3, u32::MAX - 1, u32::MAX])
}

fn large() -> impl Strategy<Value = u64> {
    select(vec![0, 1, 2, 1000, 1 << 40, i64::MAX as u64, u64::MAX - 1, u64::MAX])
}

fn words() -> impl Strategy<Value = String> {
    let tricky = ["", " ", "null", "a\nb", "\u{0}", "\u{feff}", "\u{85}", "\u{2028}", "\"\\", "é漢🙂", "2027-01-01"];
    prop_oneof![select(tricky.to_vec()).prop_map(str::to_owned), any::<String>()]
}

fn request() -> impl Strategy<Value = Request> {
    (large(), large(), large(), small()).prop_map(|(cpu, memory, bandwidth, gpus)| Request {
        cpu: Cpu::milli_cores(cpu),
        memory: Bytes::new(memory),
        bandwidth: Bandwidth::bits_per_second(bandwidth),
        gpu: if gpus == 0 { GpuRequest::None } else { GpuRequest::Whole(gpus) },
        ..Request::default()
    })
}

fn extreme_settings() -> impl Strategy<Value = Settings> {
    (small(), words(), large(), any::<i32>(), any::<u64>()).prop_map(|(count, words, until, priority, seed)| {
        let mut drawn = Settings::draw(&mut Choices::seeded(seed));
        drawn.policies = vec![PolicyUse::new("only-de", ending(until).reason(words.clone()))];
        drawn.labels = [(words.clone(), words.clone())].into();
        drawn.variables = [words.clone()].into();
        (drawn.display_name, drawn.description) = (Some(words.clone()), Some(words));
        (drawn.replicas, drawn.priority) = (Some(count), priority);
        drawn.requests = RequestScaling { window_seconds: count, concurrency_target: count, ..drawn.requests };
        (drawn.placement, drawn.max_price_per_hour) = (None, None);
        drawn.resources = settings(1, 1).resources.filter(|_| seed % 2 == 0);
        drawn
    })
}

fn extreme() -> impl Strategy<Value = WorkspaceChange> {
    let cluster = || select(vec!["berlin", "paris", "rome"]);
    let pushed = |settings: Settings| {
        command("x", Action::Push(Push { settings: settings.into(), ..Push::new(PushKind::Published, "v1") }))
    };
    let one = Number::new(1);
    prop_oneof![
        (select(vec![0, 1, LAST, LAST + 1, u64::MAX]), words(), 0..3).prop_map(|(at, words, point)| {
            let point = match point {
                0 => AttachmentPoint::Workspace,
                1 => AttachmentPoint::Environment("staging".to_owned()),
                _ => AttachmentPoint::Deployment("m/d".to_owned()),
            };
            WorkspaceChange::new().attach(point, "only-de", ending(at).reason(words.clone()).ticket(words))
        }),
        (cluster(), small(), prop::collection::vec(small(), 0..2)).prop_map(|(cluster, nodes, gone)| {
            let (cluster, pool) = (cluster.to_owned(), "p".to_owned());
            WorkspaceChange::new().then(ChangeStep::SetNodes { cluster, pool, nodes, gone })
        }),
        (cluster(), small(), request()).prop_map(|(cluster, replicas, request)| {
            let mut place = place(cluster, replicas);
            if cluster == "rome" {
                place.pool = "cpu-x86".parse().unwrap();
            }
            WorkspaceChange::new().then(ChangeStep::Reserve(vec![(place, request)]))
        }),
        (0..4_u64)
            .prop_map(|id| WorkspaceChange::new().then(ChangeStep::Release(siting::inventory::ReservationId::new(id)))),
        extreme_settings().prop_map(pushed),
        (select(vec![1, 2, u64::MAX]), select(vec![Observation::Built, Observation::Ready, Observation::Failed]))
            .prop_map(move |(generation, observation)| {
                command("x", Action::Observe { deployment: one, generation, observation })
            }),
        (large(), small(), small(), small()).prop_map(move |(sequence, ready, lost, failed)| {
            let place = place("rome", 1);
            let (cluster, pool, flavor) = (place.cluster, "cpu-x86".parse().unwrap(), place.flavor);
            let seen = PlaceSeen { cluster, pool, flavor, sequence, ready, lost, failed };
            command("x", Action::ObservePlace { deployment: one, generation: 2, seen })
        }),
        small().prop_map(move |replicas| command("x", Action::Scale { deployment: one, replicas })),
        any::<u64>().prop_map(|seed| command("x", Action::draw(&mut Choices::seeded(seed)))),
        small().prop_map(|keep| WorkspaceChange::new().compact(keep)),
        large().prop_map(|seconds| {
            let grace_seconds = Duration::from_secs(seconds);
            let staging = EnvironmentSpec { grace_seconds, ..EnvironmentSpec::new("staging".parse().unwrap()) };
            WorkspaceChange::new().put(Specs { environments: vec![staging], ..Specs::default() })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// W3, W4: what was accepted comes back as it is, and its entry is read and comes to the same elsewhere.
    #[test]
    fn w4_whatever_is_accepted_comes_back(all in prop::collection::vec((extreme(), large()), 1..8)) {
        let (mut here, mut there) = (fleet(), fleet());
        for (turn, (change, now)) in all.into_iter().enumerate() {
            let change = change.allow_jump();
            let before = text(&here);
            match here.prepare(moment(now), &format!("key-{turn}"), change.clone()) {
                Ok(Some(entry)) => {
                    let read = LogEntry::from_json(&entry.to_json()).unwrap();
                    prop_assert_eq!(read.to_json(), entry.to_json());
                    here.apply(&entry).unwrap();
                    there.apply(&read).unwrap();
                    prop_assert_eq!(text(&there), text(&here));
                }
                Ok(None) => prop_assert!(!here.change(moment(now), change).unwrap().changed),
                Err(_) => {
                    prop_assert!(here.change(moment(now), change).is_err());
                    prop_assert_eq!(text(&here), before);
                }
            }
            let again = restored(&here);
            prop_assert_eq!(text(&again), text(&here));
            if let Some(journal) = here.life(&life(&here, "x")) {
                prop_assert_eq!(again.life(&life(&again, "x")), Some(journal));
            }
        }
    }
}
