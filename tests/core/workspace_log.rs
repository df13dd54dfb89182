//! Changes as entries of a log that several planners share (W3, W8).

use proptest::prelude::*;
use siting::deployment::Workload;
use siting::inventory::Request;
use siting::lifecycle::{Action, Number, Observation, Place, Push, PushKind};
use siting::manifest::{Kind, read_str};
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{
    Applied, AttachmentPoint, ChangeStep, EntryError, LogEntry, StateError, Workspace, WorkspaceChange, WorkspaceState,
};

const FLEET: &str = "
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-de}
spec: {type: location, locations: [{type: country, name: de}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-fr}
spec: {type: location, locations: [{type: country, name: fr}]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: a}
spec: {model: m, replicas: 2, resources: {cpu: 4, memory: 1Gi}, env: {TOKEN: hunter2}}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: berlin}
spec: {provider: onprem, country: de, pools: [{name: p, nodes: 3, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: p, nodes: 3, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}
";

fn fleet() -> Workspace {
    FLEET.parse().unwrap()
}

fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

fn text(workspace: &Workspace) -> String {
    workspace.state().to_json()
}

fn put(kind: &str, name: &str, spec: &str) -> WorkspaceChange {
    let text = format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n");
    WorkspaceChange::new().put(read_str("new.yaml", &text))
}

fn place(cluster: &str, replicas: u32) -> Place {
    Place { cluster: cluster.parse().unwrap(), pool: "p".parse().unwrap(), flavor: "cpu:x86".into(), replicas }
}

fn reserve(cluster: &str, cpu: u32) -> WorkspaceChange {
    let request = Request { cpu: cpu.to_string().parse().unwrap(), ..Request::default() };
    WorkspaceChange::new().then(ChangeStep::Reserve(vec![(place(cluster, 1), request)]))
}

fn push(name: &str, cpu: u32, replicas: u32) -> WorkspaceChange {
    let spec = format!(
        "{{apiVersion: siting.dev/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{model: {name}, \
         replicas: {replicas}, resources: {{cpu: {cpu}, memory: 1Gi}}}}}}"
    );
    let settings = read_str("d", &spec).specs.deployments[0].settings();
    let push = Push { settings: settings.into(), ..Push::new(PushKind::Published, "v1") };
    WorkspaceChange::new().command("model", name.parse().unwrap(), Action::Push(push))
}

fn observe(name: &str, generation: u64, observation: Observation) -> WorkspaceChange {
    let seen = Action::Observe { deployment: Number::new(1), generation, observation };
    WorkspaceChange::new().command("model", name.parse().unwrap(), seen)
}

fn life(workspace: &Workspace, name: &str) -> Workload {
    workspace.workload("model", &name.parse().unwrap()).unwrap()
}

/// Prepares here, and applies here and there by what is written.
#[track_caller]
fn both(here: &mut Workspace, there: &mut Workspace, now: u64, key: &str, change: WorkspaceChange) -> LogEntry {
    let before = text(here);
    let entry = here.prepare(at(now), key, change).unwrap().unwrap();
    assert_eq!(text(here), before, "preparing changes nothing");
    let read = LogEntry::from_json(&entry.to_json()).unwrap();
    assert_eq!(read.to_json(), entry.to_json());
    here.apply(&entry).unwrap();
    there.apply(&read).unwrap();
    assert_eq!(text(here), text(there));
    entry
}

/// W3: every kind of change gives the same state elsewhere, byte for byte, and is one revision; the same entry again is
/// none.
#[test]
fn w3_an_entry_gives_the_same_state_elsewhere() {
    let (mut here, mut there) = (fleet(), fleet());
    let de = AttachmentPoint::Environment("production".to_owned());
    let changes = [
        put("Cluster", "rome", "{provider: onprem, country: it, flavors: [{type: gpu, name: t4}]}"),
        WorkspaceChange::new().attach(de.clone(), "only-de", Enforcement::Enforce),
        push("x", 3, 2),
        observe("x", 1, Observation::Built),
        observe("x", 2, Observation::Ready),
        WorkspaceChange::new().detach(de, "only-de"),
        reserve("paris", 3).set_nodes("paris", "p", 2),
        WorkspaceChange::new().then(ChangeStep::Commit { deployment: "m/a".into(), places: vec![place("paris", 2)] }),
        WorkspaceChange::new().then(ChangeStep::SetCordoned { cluster: "berlin".into(), cordoned: true }),
        WorkspaceChange::new().remove(Kind::Cluster, "rome").remove(Kind::Policy, "only-fr"),
    ];
    for (number, change) in (0..).zip(changes) {
        let entry = both(&mut here, &mut there, 10 * number, &format!("key-{number}"), change);
        assert_eq!((entry.revision(), here.revision()), (number, number + 1));
        let before = text(&there);
        assert_eq!(there.apply(&entry).unwrap(), Applied::Known { revision: number + 1 });
        assert_eq!(text(&there), before);
        let restored = Workspace::restore(WorkspaceState::from_json(&before).unwrap()).unwrap();
        assert_eq!(text(&restored), before);
    }
    assert!(!text(&here).contains("hunter2"), "L11");
    assert_eq!(here.last_moment(), Some(at(90)));
    // The lives replay to what they are.
    let journal = there.life(&life(&there, "x")).unwrap();
    assert_eq!(&journal.replay().unwrap(), journal.state());
}

/// W3: what changes nothing is no revision and no entry.
#[test]
fn w3_what_changes_nothing_is_no_entry() {
    let mut workspace = fleet();
    let same = put(
        "Cluster",
        "paris",
        "{provider: onprem, country: fr, pools: [{name: p, nodes: 3, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}",
    );
    assert_eq!(workspace.prepare(at(5), "k", same.clone()).unwrap(), None);
    assert!(!workspace.change(at(5), same).unwrap().changed);
    assert_eq!((workspace.revision(), workspace.last_moment()), (0, None));
    workspace.set_healthy("paris", true).unwrap();
    assert_eq!(workspace.revision(), 0);
    workspace.change(at(5), push("x", 1, 1)).unwrap();
    let late = observe("x", 0, Observation::Ready);
    assert_eq!(workspace.change(at(6), late).unwrap().revision, 1);
    assert_eq!(workspace.revision(), 1);
}

/// W3: calls that change something are of the one history, each one revision.
#[test]
fn w3_every_accepted_call_is_a_revision() {
    let mut workspace = fleet();
    let mut revision = 0;
    let mut accepted = |workspace: &Workspace| {
        revision += 1;
        assert_eq!(workspace.revision(), revision);
    };
    workspace.set_cordoned("paris", true).unwrap();
    accepted(&workspace);
    workspace.attach("m/a", "only-de", Enforcement::Enforce).unwrap();
    accepted(&workspace);
    let decision = workspace.place("m/a").unwrap().decision;
    let made = workspace.commit("m/a", &decision).unwrap();
    accepted(&workspace);
    let kept = workspace.inventory().reservation(made[0]).unwrap();
    workspace.release(made[0]).unwrap();
    accepted(&workspace);
    workspace.take_back(&kept).unwrap();
    accepted(&workspace);
    let request = Request { cpu: "1".parse().unwrap(), ..Request::default() };
    workspace.reserve(&[(place("berlin", 1), request)]).unwrap();
    accepted(&workspace);
    let x = life(&workspace, "x");
    workspace.carry_out(at(3), &x, Action::Push(Push::new(PushKind::Published, "v1"))).unwrap();
    accepted(&workspace);
    assert!(workspace.reserve(&[(place("berlin", 99), request)]).is_err());
    assert!(workspace.carry_out(at(3), &x, Action::Wake(Number::new(7))).is_err());
    assert_eq!(workspace.revision(), 7);
}

/// W3: whoever is behind is told by how much, and what has moved; and whoever wants it still, rebases.
#[test]
fn w3_a_planner_that_lost_the_race_rebases() {
    let (mut first, mut second) = (fleet(), fleet());
    let mine = second.prepare(at(10), "mine", reserve("paris", 8)).unwrap().unwrap();
    let theirs = both(&mut first, &mut fleet(), 20, "theirs", reserve("berlin", 8).set_nodes("paris", "p", 2));
    second.apply(&theirs).unwrap();
    let before = text(&second);
    let behind = second.apply(&mine).unwrap_err();
    let moved = vec!["cluster `berlin`".to_owned(), "cluster `paris`".to_owned()];
    assert_eq!(behind, EntryError::Behind { expected: 0, found: 1, moved });
    assert_eq!(
        behind.to_string(),
        "the entry follows revision 0, and the workspace is at 1; rebase it: cluster `berlin`, cluster `paris` moved"
    );
    let rebased = second.rebase(&mine).unwrap();
    assert_eq!((rebased.revision(), rebased.key(), rebased.at()), (1, "mine", at(20)));
    assert_eq!(rebased.change(), mine.change());
    assert_eq!(text(&second), before);
    second.apply(&rebased).unwrap();
    first.apply(&rebased).unwrap();
    assert_eq!(text(&first), text(&second));
    // The one that it was before is known by its key.
    assert_eq!(first.apply(&mine).unwrap(), Applied::Known { revision: 2 });
    // What does not hold any more is not rebased, and says why.
    let third = fleet()
        .prepare(
            at(30),
            "third",
            reserve("paris", 3).then(ChangeStep::Reserve(vec![(
                place("paris", 2),
                Request { cpu: "9".parse().unwrap(), ..Request::default() },
            )])),
        )
        .unwrap()
        .unwrap();
    let before = text(&first);
    assert!(first.rebase(&third).unwrap_err().to_string().contains("pool `p` of cluster `paris`: "));
    assert_eq!(text(&first), before);
    let ahead = fleet().apply(&rebased).unwrap_err();
    assert_eq!(ahead, EntryError::Ahead { expected: 1, found: 0 });
}

/// W3, W6: a command's decision is checked where it is applied, and solved nowhere.
#[test]
fn w3_decisions_of_commands_are_checked_and_not_solved() {
    let mut here = fleet();
    let entry = here.prepare(at(0), "push", push("x", 6, 2)).unwrap().unwrap();
    here.apply(&entry).unwrap();
    let built = here.prepare(at(1), "built", observe("x", 1, Observation::Built)).unwrap().unwrap();
    let mut written: serde_json::Value = serde_json::from_str(&built.to_json()).unwrap();
    let placements = "/change/steps/0/decided/command/placements/0/places/0";
    assert_eq!(written.pointer(placements).unwrap()["cluster"], "berlin");
    // Another legal place is as good: nothing is solved. One that is forbidden, too small or gone is refused.
    let moved_to = |field: &str, value: serde_json::Value| {
        let mut spoilt = written.clone();
        spoilt.pointer_mut(placements).unwrap()[field] = value;
        LogEntry::from_json(&spoilt.to_string()).unwrap()
    };
    let (paris, rome) = (moved_to("cluster", "paris".into()), moved_to("cluster", "rome".into()));
    let many = moved_to("replicas", 3.into());
    let mut there = here.clone();
    there.apply(&paris).unwrap();
    assert_eq!(there.held_by_life(&life(&there, "x")).len(), 1);
    let before = text(&here);
    assert!(here.clone().apply(&rome).unwrap_err().to_string().contains("pool `p` of cluster `rome`"));
    assert!(here.clone().apply(&many).unwrap_err().to_string().contains("3 replicas are placed and 2 are wanted"));
    written.pointer_mut("/change/steps/0/decided/command/placements").unwrap().as_array_mut().unwrap().clear();
    let none = LogEntry::from_json(&written.to_string()).unwrap();
    assert!(here.apply(&none).unwrap_err().to_string().contains("carries 0 placements and needs 1"));
    assert_eq!(text(&here), before);
    // A policy that came between them is asked.
    let production = AttachmentPoint::Environment("production".to_owned());
    here.change(at(2), WorkspaceChange::new().attach(production, "only-fr", Enforcement::Enforce)).unwrap();
    let refused = here.rebase(&built).unwrap_err().to_string();
    assert!(refused.contains("the place is not allowed by `only-fr` (environment)"), "{refused}");
}

/// W3: a key is one change's, for as long as it is remembered.
#[test]
fn w3_a_key_is_that_of_one_change() {
    let mut workspace = fleet();
    let prepared = |workspace: &Workspace, key: &str, cpu| workspace.prepare(at(0), key, reserve("paris", cpu));
    for key in ["", &"k".repeat(201)] {
        assert_eq!(prepared(&workspace, key, 1).unwrap_err(), EntryError::Key);
    }
    let (one, two) = (prepared(&workspace, "k", 1).unwrap().unwrap(), prepared(&workspace, "k", 2).unwrap().unwrap());
    workspace.apply(&one).unwrap();
    let before = text(&workspace);
    let used = workspace.apply(&two).unwrap_err();
    assert_eq!(used, EntryError::KeyUsed { key: "k".into(), revision: 1 });
    assert_eq!(text(&workspace), before);
    // After 10,000 revisions it is forgotten, and so is what an entry of then follows.
    for turn in 0..10_000 {
        workspace.set_cordoned("paris", turn % 2 == 0).unwrap();
    }
    assert_eq!(workspace.apply(&one).unwrap_err(), EntryError::Forgotten { expected: 0, oldest: 1 });
}

/// W8: time never goes back, and jumps only where that is said.
#[test]
fn w8_time_goes_forward() {
    let mut workspace = fleet();
    let hour = 3_600_000;
    workspace.change(at(50 * hour), reserve("paris", 1)).unwrap();
    workspace.change(at(hour), reserve("paris", 1)).unwrap();
    assert_eq!(workspace.last_moment(), Some(at(50 * hour)));
    let entry = workspace.prepare(at(3), "early", reserve("paris", 1)).unwrap().unwrap();
    assert_eq!(entry.at(), at(50 * hour));
    workspace.change(at(74 * hour), reserve("paris", 1)).unwrap();
    let before = text(&workspace);
    let late = workspace.change(at(99 * hour), reserve("paris", 1)).unwrap_err();
    assert_eq!(late.problems[0].message, "the change is 25 hours later than the last one");
    assert!(workspace.prepare(at(99 * hour), "k", reserve("paris", 1)).is_err());
    assert_eq!(text(&workspace), before);
    let jump = workspace.prepare(at(99 * hour), "k", reserve("paris", 1).allow_jump()).unwrap().unwrap();
    workspace.apply(&LogEntry::from_json(&jump.to_json()).unwrap()).unwrap();
    assert_eq!(workspace.last_moment(), Some(at(99 * hour)));
    // A command counts at the last moment at least.
    let x = life(&workspace, "x");
    workspace.carry_out(at(5), &x, Action::Push(Push::new(PushKind::Published, "v1"))).unwrap();
    assert_eq!(workspace.life(&x).unwrap().entries()[0].at, at(99 * hour));
}

/// W3: an entry of another form or of other tables is refused by name.
#[test]
fn w3_entries_of_others_are_refused() {
    let mut workspace = fleet();
    let entry = workspace.prepare(at(0), "k", reserve("paris", 1)).unwrap().unwrap();
    let spoilt = |field: &str, value: serde_json::Value| {
        let mut written: serde_json::Value = serde_json::from_str(&entry.to_json()).unwrap();
        written[field] = value;
        LogEntry::from_json(&written.to_string())
    };
    assert_eq!(spoilt("version", 2.into()), Err(StateError::Newer { found: 2 }));
    assert!(matches!(spoilt("version", 0.into()), Err(StateError::Malformed { .. })));
    assert!(matches!(spoilt("more", 0.into()), Err(StateError::Malformed { .. })));
    let other = spoilt("tables", "0".into()).unwrap();
    assert!(matches!(workspace.apply(&other), Err(EntryError::Tables { .. })));
    assert_eq!(workspace.revision(), 0);
}

/// Changes of all kinds, small enough that many are accepted and many refused.
fn changes() -> impl Strategy<Value = WorkspaceChange> {
    let cluster = || prop::sample::select(vec!["berlin", "paris", "rome"]);
    let policy = || prop::sample::select(vec!["only-de", "only-fr", "none"]);
    let name = || prop::sample::select(vec!["x", "y"]);
    let one = prop_oneof![
        (cluster(), 0..5_u32, 1..12_u32).prop_map(|(name, nodes, cpu)| put(
            "Cluster",
            name,
            &format!("{{provider: onprem, country: {}, pools: [{{name: p, nodes: {}, cpuFlavor: x86, cpu: {cpu}, memory: 64Gi}}]}}",
                if name == "paris" { "fr" } else { "de" }, nodes.max(1)),
        )),
        (cluster(), 0..5_u32).prop_map(|(name, nodes)| WorkspaceChange::new().set_nodes(name, "p", nodes.max(1))),
        cluster().prop_map(|name| WorkspaceChange::new().remove(Kind::Cluster, name)),
        (cluster(), any::<bool>()).prop_map(|(name, cordoned)| WorkspaceChange::new()
            .then(ChangeStep::SetCordoned { cluster: name.into(), cordoned })),
        (policy(), any::<bool>()).prop_map(|(name, on)| {
            let at = AttachmentPoint::Environment("production".to_owned());
            let change = WorkspaceChange::new();
            if on { change.attach(at, name, Enforcement::Enforce) } else { change.detach(at, name) }
        }),
        policy().prop_map(|name| WorkspaceChange::new().remove(Kind::Policy, name)),
        (policy(), policy()).prop_map(|(name, of)| put(
            "Policy",
            name,
            &format!("{{type: location, locations: [{{type: country, name: {}}}]}}", if of == "only-de" { "de" } else { "fr" }),
        )),
        (cluster(), 1..9_u32).prop_map(|(name, cpu)| reserve(name, cpu)),
        (0..6_u64).prop_map(|id| WorkspaceChange::new().then(ChangeStep::Release(siting::inventory::ReservationId::new(id)))),
        (name(), 1..9_u32, 1..4_u32).prop_map(|(name, cpu, replicas)| push(name, cpu, replicas)),
        (name(), 1..4_u64).prop_map(|(name, generation)| observe(name, generation, Observation::Built)),
        (name(), 1..4_u64).prop_map(|(name, generation)| observe(name, generation, Observation::Ready)),
        (name(), 1..5_u32).prop_map(|(name, replicas)| WorkspaceChange::new().command(
            "model",
            name.parse().unwrap(),
            Action::Scale { deployment: Number::new(1), replicas },
        )),
        name().prop_map(|name| WorkspaceChange::new().command(
            "model",
            name.parse().unwrap(),
            Action::Deactivate(Number::new(1)),
        )),
    ];
    prop::collection::vec(one, 1..3).prop_map(|parts| {
        let steps = parts.iter().flat_map(|part| part.steps().iter().cloned());
        steps.fold(WorkspaceChange::new(), WorkspaceChange::then)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// W3, W4: preparing and applying elsewhere equals the change, restoring equals, a refused change leaves every byte,
    /// and a whole log applied from the start comes to the same.
    #[test]
    fn w3_applying_what_was_prepared_equals_the_change(all in prop::collection::vec(changes(), 1..12)) {
        let (mut here, mut log) = (fleet(), Vec::new());
        for (turn, change) in (0..).zip(all) {
            let before = text(&here);
            let (now, key) = (at(turn * 1000), format!("key-{turn}"));
            match here.prepare(now, &key, change.clone()) {
                Ok(Some(entry)) => {
                    let mut direct = here.clone();
                    let done = direct.change(now, change).unwrap();
                    let entry = LogEntry::from_json(&entry.to_json()).unwrap();
                    let Applied::Now(applied) = here.apply(&entry).unwrap() else { panic!("it is new") };
                    prop_assert_eq!(applied, done);
                    let strip = |workspace: &Workspace| {
                        let mut state = serde_json::to_value(workspace.state()).unwrap();
                        state["revisions"]["recent"] = serde_json::Value::Null;
                        state
                    };
                    prop_assert_eq!(strip(&direct), strip(&here));
                    log.push(entry);
                }
                Ok(None) => prop_assert!(!here.clone().change(now, change).unwrap().changed),
                Err(_) => prop_assert!(here.change(now, change).is_err()),
            }
            if here.revision() == u64::try_from(log.len()).unwrap() && log.last().is_none_or(|last| last.key() != key) {
                prop_assert_eq!(text(&here), before);
            }
            let restored = Workspace::restore(WorkspaceState::from_json(&text(&here)).unwrap()).unwrap();
            prop_assert_eq!(text(&restored), text(&here));
        }
        let mut replayed = fleet();
        for entry in &log {
            replayed.apply(entry).unwrap();
        }
        prop_assert_eq!(text(&replayed), text(&here));
    }
}
