//! Changes as entries of a log that several planners share (W3, W8).

use proptest::prelude::*;
use siting::lifecycle::{Action, Number, Observation, Push, PushKind};
use siting::manifest::Kind;
use siting::policy::Enforcement;
use siting::workspace::{
    Applied, AttachmentPoint, ChangeStep, EntryError, InvalidEntry, LogEntry, Workspace, WorkspaceChange,
};

use super::support::{
    CLUSTERS, changes, cluster, cores, document, life, moment, observe, place, push, put, reserve, restored, text,
};

fn fleet() -> Workspace {
    let spec = "{model: m, replicas: 2, resources: {cpu: 4, memory: 1Gi}, env: {TOKEN: hunter2}}";
    format!("{CLUSTERS}{}", document("Deployment", "a", spec)).parse().unwrap()
}

/// Prepares here, and applies here and there by what is written.
#[track_caller]
fn both(here: &mut Workspace, there: &mut Workspace, now: u64, key: &str, change: WorkspaceChange) -> LogEntry {
    let before = text(here);
    let entry = here.prepare(moment(now), key, change).unwrap().unwrap();
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
        put(&document("Cluster", "rome", "{provider: onprem, country: it, flavors: [{type: gpu, name: t4}]}")),
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
        assert_eq!(text(&restored(&there)), before);
    }
    assert!(!text(&here).contains("hunter2"), "L11");
    assert_eq!(here.last_moment(), Some(moment(90)));
    // The lives replay to what they are.
    let journal = there.life(&life(&there, "x")).unwrap();
    assert_eq!(&journal.replay().unwrap(), journal.state());
}

/// W3: what changes nothing is no revision and no entry.
#[test]
fn w3_what_changes_nothing_is_no_entry() {
    let mut workspace = fleet();
    let same = put(&cluster("paris", "fr", 3, 10));
    assert_eq!(workspace.prepare(moment(5), "k", same.clone()).unwrap(), None);
    assert!(!workspace.change(moment(5), same).unwrap().changed);
    assert_eq!((workspace.revision(), workspace.last_moment()), (0, None));
    workspace.set_healthy("paris", true).unwrap();
    assert_eq!(workspace.revision(), 0);
    workspace.change(moment(5), push("x", 1, 1)).unwrap();
    let late = observe("x", 0, Observation::Ready);
    assert_eq!(workspace.change(moment(6), late).unwrap().revision, 1);
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
    let request = cores(1);
    workspace.reserve(&[(place("berlin", 1), request)]).unwrap();
    accepted(&workspace);
    let x = life(&workspace, "x");
    workspace.carry_out(moment(3), &x, Action::Push(Push::new(PushKind::Published, "v1"))).unwrap();
    accepted(&workspace);
    assert!(workspace.reserve(&[(place("berlin", 99), request)]).is_err());
    assert!(workspace.carry_out(moment(3), &x, Action::Wake(Number::new(7))).is_err());
    assert_eq!(workspace.revision(), 7);
}

/// W3: whoever is behind is told by how much, and what has moved; and whoever wants it still, rebases.
#[test]
fn w3_a_planner_that_lost_the_race_rebases() {
    let (mut first, mut second) = (fleet(), fleet());
    let mine = second.prepare(moment(10), "mine", reserve("paris", 8)).unwrap().unwrap();
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
    assert_eq!((rebased.revision(), rebased.key(), rebased.at()), (1, "mine", moment(20)));
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
            moment(30),
            "third",
            reserve("paris", 3).then(ChangeStep::Reserve(vec![(place("paris", 2), cores(9))])),
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
    let entry = here.prepare(moment(0), "push", push("x", 6, 2)).unwrap().unwrap();
    here.apply(&entry).unwrap();
    let built = here.prepare(moment(1), "built", observe("x", 1, Observation::Built)).unwrap().unwrap();
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
    here.change(moment(2), WorkspaceChange::new().attach(production, "only-fr", Enforcement::Enforce)).unwrap();
    let refused = here.rebase(&built).unwrap_err().to_string();
    assert!(refused.contains("the place is not allowed by `only-fr` (environment)"), "{refused}");
}

/// W3: a key is one change's, for as long as it is remembered.
#[test]
fn w3_a_key_is_that_of_one_change() {
    let mut workspace = fleet();
    let prepared = |workspace: &Workspace, key: &str, cpu| workspace.prepare(moment(0), key, reserve("paris", cpu));
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

/// W3: what has been done is not prepared or rebased again, and says as what it was done.
#[test]
fn w3_what_was_done_is_not_wanted_again() {
    let mut workspace = fleet();
    let entry = workspace.prepare(moment(0), "k", reserve("paris", 1)).unwrap().unwrap();
    let other = workspace.prepare(moment(0), "k", reserve("paris", 2)).unwrap().unwrap();
    workspace.apply(&entry).unwrap();
    let done = |revision| EntryError::AlreadyApplied { key: "k".into(), revision };
    let used = |revision| EntryError::KeyUsed { key: "k".into(), revision };
    assert_eq!(workspace.prepare(moment(0), "k", reserve("paris", 1)).unwrap_err(), done(1));
    assert_eq!(workspace.prepare(moment(0), "k", reserve("paris", 3)).unwrap_err(), used(1));
    assert_eq!(workspace.rebase(&entry).unwrap_err(), done(1));
    assert_eq!(workspace.rebase(&other).unwrap_err(), used(1));
}

/// W3: so it is with commands, for which much is decided and filled in, after a restart, and wherever the log was read.
#[test]
fn w3_a_command_under_a_known_key_is_told_from_another() {
    let (mut here, mut there) = (fleet(), fleet());
    let steps = [push("x", 3, 2), observe("x", 1, Observation::Built), observe("x", 2, Observation::Ready)];
    let others = [push("x", 3, 3), observe("x", 2, Observation::Built), observe("x", 2, Observation::Failed)];
    for (number, change) in (0..).zip(&steps) {
        both(&mut here, &mut there, number, &format!("key-{number}"), change.clone());
    }
    for workspace in [here, restored(&there), there] {
        let before = text(&workspace);
        for (number, (same, other)) in (0..).zip(steps.iter().zip(&others)) {
            let (key, revision) = (format!("key-{number}"), number + 1);
            let again = workspace.prepare(moment(9), &key, same.clone()).unwrap_err();
            assert_eq!(again, EntryError::AlreadyApplied { key: key.clone(), revision });
            let refused = workspace.prepare(moment(9), &key, other.clone()).unwrap_err();
            assert_eq!(refused, EntryError::KeyUsed { key, revision });
        }
        assert_eq!(text(&workspace), before);
    }
}

/// W3: what others have brought about meanwhile is no entry any more.
#[test]
fn w3_what_is_so_already_is_not_rebased() {
    let cordon = WorkspaceChange::new().then(ChangeStep::SetCordoned { cluster: "paris".into(), cordoned: true });
    let mut workspace = fleet();
    let mine = workspace.prepare(moment(0), "mine", cordon.clone()).unwrap().unwrap();
    let theirs = workspace.prepare(moment(0), "theirs", cordon).unwrap().unwrap();
    workspace.apply(&theirs).unwrap();
    assert_eq!(workspace.rebase(&mine).unwrap_err(), EntryError::Nothing);
    // Nor is it applied, however it came to follow the head.
    let mut written: serde_json::Value = serde_json::from_str(&mine.to_json()).unwrap();
    written["revision"] = 1.into();
    let before = text(&workspace);
    let forced = LogEntry::from_json(&written.to_string()).unwrap();
    assert_eq!(workspace.apply(&forced).unwrap_err(), EntryError::Nothing);
    assert_eq!(text(&workspace), before);
}

/// W3: an entry that nobody can follow any more, or yet, is not rebased.
#[test]
fn w3_only_what_is_remembered_is_rebased() {
    let (mut workspace, early) = (fleet(), fleet().prepare(moment(0), "early", reserve("paris", 1)).unwrap().unwrap());
    for turn in 0..10_001 {
        workspace.set_cordoned("paris", turn % 2 == 0).unwrap();
    }
    assert_eq!(workspace.rebase(&early).unwrap_err(), EntryError::Forgotten { expected: 0, oldest: 1 });
    let late = workspace.prepare(moment(0), "late", reserve("berlin", 1)).unwrap().unwrap();
    assert_eq!(fleet().rebase(&late).unwrap_err(), EntryError::Ahead { expected: 10_001, found: 0 });
}

/// W8: time never goes back, and jumps only where that is said.
#[test]
fn w8_time_goes_forward() {
    let mut workspace = fleet();
    let hour = 3_600_000;
    workspace.change(moment(50 * hour), reserve("paris", 1)).unwrap();
    workspace.change(moment(hour), reserve("paris", 1)).unwrap();
    assert_eq!(workspace.last_moment(), Some(moment(50 * hour)));
    let entry = workspace.prepare(moment(3), "early", reserve("paris", 1)).unwrap().unwrap();
    assert_eq!(entry.at(), moment(50 * hour));
    workspace.change(moment(74 * hour), reserve("paris", 1)).unwrap();
    let before = text(&workspace);
    let late = workspace.change(moment(99 * hour), reserve("paris", 1)).unwrap_err();
    assert_eq!(late.problems[0].message, "the change is 25 hours later than the last one");
    assert!(workspace.prepare(moment(99 * hour), "k", reserve("paris", 1)).is_err());
    assert_eq!(text(&workspace), before);
    let jump = workspace.prepare(moment(99 * hour), "k", reserve("paris", 1).allow_jump()).unwrap().unwrap();
    workspace.apply(&LogEntry::from_json(&jump.to_json()).unwrap()).unwrap();
    assert_eq!(workspace.last_moment(), Some(moment(99 * hour)));
    // A command counts at the last moment at least.
    let x = life(&workspace, "x");
    workspace.carry_out(moment(5), &x, Action::Push(Push::new(PushKind::Published, "v1"))).unwrap();
    assert_eq!(workspace.life(&x).unwrap().entries().next().unwrap().at, moment(99 * hour));
}

/// W3: an entry of another form or of other tables is refused by name.
#[test]
fn w3_entries_of_others_are_refused() {
    let mut workspace = fleet();
    let entry = workspace.prepare(moment(0), "k", reserve("paris", 1)).unwrap().unwrap();
    let spoilt = |field: &str, value: serde_json::Value| {
        let mut written: serde_json::Value = serde_json::from_str(&entry.to_json()).unwrap();
        written[field] = value;
        LogEntry::from_json(&written.to_string())
    };
    assert_eq!(spoilt("version", 2.into()), Err(InvalidEntry::Newer { found: 2 }));
    assert!(matches!(spoilt("version", 0.into()), Err(InvalidEntry::Malformed { .. })));
    assert!(matches!(spoilt("more", 0.into()), Err(InvalidEntry::Malformed { .. })));
    let other = spoilt("tables", "0".into()).unwrap();
    assert!(matches!(workspace.apply(&other), Err(EntryError::Tables { .. })));
    // However it was read.
    let mut written: serde_json::Value = serde_json::from_str(&entry.to_json()).unwrap();
    written["version"] = 2.into();
    let newer: LogEntry = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(workspace.apply(&newer).unwrap_err(), EntryError::Newer { found: 2 });
    assert_eq!(workspace.rebase(&newer).unwrap_err(), EntryError::Newer { found: 2 });
    written["version"] = 1.into();
    for key in ["", &"k".repeat(201)] {
        written["key"] = key.into();
        let other = LogEntry::from_json(&written.to_string()).unwrap();
        assert_eq!(workspace.apply(&other).unwrap_err(), EntryError::Key);
    }
    assert_eq!(workspace.revision(), 0);
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
            let (now, key) = (moment(turn * 1000), format!("key-{turn}"));
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
            prop_assert_eq!(text(&restored(&here)), text(&here));
        }
        let mut replayed = fleet();
        for entry in &log {
            replayed.apply(entry).unwrap();
        }
        prop_assert_eq!(text(&replayed), text(&here));
    }
}
