//! What a change, a claim or a kept state must not lose, and not bring in (W1–W6).

use proptest::prelude::*;
use serde_json::{Value, json};
use siting::inventory::ReserveError;
use siting::lifecycle::{Action, Number};
use siting::manifest::{Kind, read_str};
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{
    AttachmentPoint, ChangeStep, InvalidEntry, LogEntry, StateError, Workspace, WorkspaceChange, WorkspaceState,
};

use super::support::{
    CLUSTERS, command, cores, document, life, moment, observe, place, push, put, reserve, restored, run, text,
};

const NOW: Moment = Moment::from_millis(1000);

fn fleet() -> Workspace {
    CLUSTERS.parse().unwrap()
}

/// A cluster of one pool with so many nodes and whatever else is said of it.
fn pool(nodes: u32, more: &str) -> String {
    let pools = format!("[{{name: p, nodes: {nodes}, cpuFlavor: x86, cpu: 10, memory: 64Gi, {more}}}]");
    document("Cluster", "rome", &format!("{{provider: onprem, country: it, pools: {pools}}}"))
}

/// A state in which something else stands at a place.
fn spoilt(workspace: &Workspace, pointer: &str, value: Value) -> Result<Workspace, StateError> {
    let mut written: Value = serde_json::from_str(&text(workspace)).unwrap();
    *written.pointer_mut(pointer).unwrap() = value;
    WorkspaceState::from_json(&written.to_string()).and_then(Workspace::restore)
}

/// I1, W4: nodes that go, and that a document lists what is used of, come back as nodes that are gone.
#[test]
fn i1_a_pool_that_says_what_each_node_uses_shrinks() {
    let mut workspace: Workspace = pool(3, "usedPerNode: [{cpu: 1}, {cpu: 2}, {cpu: 3}]").parse().unwrap();
    let fewer = WorkspaceChange::new().set_nodes("rome", "p", 2);
    assert!(workspace.change(NOW, fewer).unwrap().changed);
    assert_eq!(restored(&workspace).state(), workspace.state());
    // Whoever describes it anew may list no more than there are.
    let again = put(&pool(2, "usedPerNode: [{cpu: 1}, {cpu: 2}, {cpu: 4}]"));
    let refused = workspace.change(NOW, again).unwrap_err();
    assert_eq!(refused.problems[0].message, "pool `p` lists what is used of 3 nodes, and has 2");
    workspace.change(NOW, put(&pool(2, "usedPerNode: [{cpu: 1}, {cpu: 2}]"))).unwrap();
    assert_eq!(restored(&workspace).state(), workspace.state());
}

/// I1, I3: health and cordons of a pool whose nodes are gone can be set, whatever was in use on them.
#[test]
fn i1_a_cluster_with_nodes_that_are_gone_is_cordoned() {
    let mut workspace: Workspace = pool(3, "used: {cpu: 25}").parse().unwrap();
    workspace.change(NOW, WorkspaceChange::new().set_nodes("rome", "p", 2)).unwrap();
    for (healthy, cordoned) in [(false, true), (true, false)] {
        let change = WorkspaceChange::new()
            .then(ChangeStep::SetHealthy { cluster: "rome".into(), healthy })
            .then(ChangeStep::SetCordoned { cluster: "rome".into(), cordoned });
        workspace.change(NOW, change).unwrap();
        assert_eq!(restored(&workspace).state(), workspace.state());
    }
}

/// W2: what the settings of a live deployment name is not removed, and the rest is.
#[test]
fn w2_what_a_life_names_stays() {
    let both = "{flavors: [{type: gpu, name: v8, memory: 8Gi}, {type: gpu, name: v9, memory: 8Gi}]}";
    let documents = [CLUSTERS, &document("Workspace", "acme", both), &pool(1, "used: {cpu: 1}")];
    let begun: Workspace = documents.concat().parse().unwrap();
    let fails = |settings: &str, change: WorkspaceChange, named: &str| {
        let mut workspace = begun.clone();
        let text = document("Deployment", "x", &format!("{{model: x, {settings}}}"));
        let settings = read_str("d", &text).specs.deployments[0].settings();
        let pushed = siting::lifecycle::Push {
            settings: settings.into(),
            ..siting::lifecycle::Push::new(siting::lifecycle::PushKind::Published, "v1")
        };
        workspace.change(NOW, command("x", Action::Push(pushed))).unwrap();
        let before = super::support::text(&workspace);
        let refused = workspace.change(NOW, change.clone()).unwrap_err();
        assert_eq!(super::support::text(&workspace), before);
        assert!(refused.problems[0].message.contains("`x-1` of model `x` refers to it"), "{refused}");
        assert!(refused.problems[0].message.contains(named), "{refused}");
        begun.clone().change(NOW, change).unwrap();
    };
    let without = |spec: &str| put(&document("Workspace", "acme", spec));
    let rome = WorkspaceChange::new().remove(Kind::Cluster, "rome");
    fails("placement: {prefer: [{favourites: [{cluster: rome, weight: 1}]}]}", rome, "rome");
    let flavor = without("{flavors: [{type: gpu, name: v8, memory: 8Gi}]}");
    fails("resources: {cpu: 1, memory: 1Gi, gpu: {type: v9, count: 1}}", flavor, "v9");
}

/// E2: what is pushed without an environment is governed by the default of now, not of when its life began.
#[test]
fn e2_the_default_environment_is_that_of_now() {
    let staging = document("Environment", "staging", "{}");
    let mut workspace: Workspace = [CLUSTERS, &staging].concat().parse().unwrap();
    workspace.change(NOW, push("x", 1, 1)).unwrap();
    workspace.change(NOW, put(&document("Workspace", "acme", "{defaultEnvironment: staging}"))).unwrap();
    let entry = workspace.prepare(NOW, "second", push("x", 1, 1)).unwrap().unwrap();
    workspace.apply(&entry).unwrap();
    let journal = workspace.life(&life(&workspace, "x")).unwrap();
    let governors: Vec<_> = journal.state().deployments().map(|one| one.governor.to_string()).collect();
    assert_eq!(governors, ["production", "staging"]);
    assert_eq!(&journal.replay().unwrap(), journal.state());
}

/// P10: it is asked of the deployment that was named, also where the same change brings another of that name.
#[test]
fn p10_an_address_that_becomes_ambiguous_is_asked_still() {
    let deployment = |model: &str| document("Deployment", "v1", &format!("{{model: {model}, policies: [only-de]}}"));
    let mut workspace: Workspace = [CLUSTERS, &deployment("a")].concat().parse().unwrap();
    let at = AttachmentPoint::Environment("production".to_owned());
    workspace.change(NOW, WorkspaceChange::new().attach(at, "only-de", Enforcement::Enforce)).unwrap();
    let before = text(&workspace);
    let change = WorkspaceChange::new()
        .attach(AttachmentPoint::Deployment("v1".to_owned()), "only-fr", Enforcement::Enforce)
        .detach(AttachmentPoint::Deployment("v1".to_owned()), "only-de");
    let alone = workspace.change(NOW, change.clone()).unwrap_err();
    let steps = put(&deployment("b")).steps().to_vec();
    let both = workspace.change(NOW, steps.into_iter().fold(change, WorkspaceChange::then)).unwrap_err();
    assert_eq!(both, alone);
    assert!(both.problems[0].message.starts_with("deployment `model/a/v1`: "), "{both}");
    assert_eq!(text(&workspace), before);
}

/// W2: a change in place comes to what making all anew would, also where policies say on which flavor of its pool
/// something runs.
#[test]
fn w2_what_runs_on_any_flavor_follows_the_policies() {
    let both = "[{name: p, nodes: 1, cpuFlavor: x86, gpu: {type: t4, count: 1}, cpu: 10, memory: 64Gi}]";
    let documents = [
        document("Cluster", "berlin", &format!("{{provider: onprem, country: de, pools: {both}}}")),
        document("Policy", "hardware", "{type: flavor, flavors: [{type: gpu, name: t4}]}"),
        document("Policy", "other", "{type: flavor, flavors: [{type: cpu, name: x86}]}"),
        document("Environment", "production", "{policies: [hardware]}"),
        document("Deployment", "v1", "{model: m}"),
        document("Placement", "run", "{deployment: m/v1, cluster: berlin, pool: p, replicas: 1}"),
    ];
    let at = || AttachmentPoint::Environment("production".to_owned());
    let cpu = document("Policy", "hardware", "{type: flavor, flavors: [{type: cpu, name: x86}]}");
    let unrelated = document("Deployment", "v2", "{model: m}");
    for alone in [put(&cpu), WorkspaceChange::new().attach(at(), "other", Enforcement::Enforce)] {
        let mut here: Workspace = documents.concat().parse().unwrap();
        let mut there = here.clone();
        here.change(NOW, alone.clone()).unwrap();
        // With another step beside it, all is made anew.
        let steps = put(&unrelated).steps().to_vec();
        there.change(NOW, steps.into_iter().fold(alone, WorkspaceChange::then)).unwrap();
        there.change(NOW, WorkspaceChange::new().remove(Kind::Deployment, "m/v2")).unwrap();
        let pairs = |workspace: &Workspace| workspace.running().iter().map(|own| own.pair).collect::<Vec<_>>();
        assert_eq!(pairs(&here), pairs(&there));
        assert_eq!(pairs(&here), pairs(&restored(&here)));
        assert_eq!(here.running_violations(), there.running_violations());
    }
}

/// W1: a place that names another kind of hardware names nothing.
#[test]
fn w1_a_place_of_another_kind_is_no_place() {
    let mut workspace = fleet();
    let mut other = place("berlin", 1);
    for flavor in ["tpu:x86", "gpu:x86", "x86", "CPU:x86"] {
        other.flavor = flavor.into();
        assert_eq!(workspace.reserve(&[(other.clone(), cores(1))]), Err((0, ReserveError::UnknownPair)), "{flavor}");
    }
    let gpu = "[{name: p, nodes: 1, gpu: {type: t4, count: 1}, cpu: 10, memory: 64Gi}]";
    let gpu = document("Cluster", "oslo", &format!("{{provider: onprem, country: no, pools: {gpu}}}"));
    workspace.change(NOW, put(&gpu)).unwrap();
    other = place("oslo", 1);
    other.flavor = "tpu:t4".into();
    assert_eq!(workspace.reserve(&[(other, cores(1))]), Err((0, ReserveError::UnknownPair)));
}

/// W4, W5: a state that is at the end of the numbers was tampered with: what counts on from there would soon give one
/// twice.
#[test]
fn w5_no_state_is_at_the_end_of_the_numbers() {
    let refused = spoilt(&fleet(), "/nextReservation", json!(u64::MAX)).unwrap_err();
    assert_eq!(refused.to_string(), "nextReservation: no state has come that far");
}

/// W4: what a reservation says of its nodes must be possible.
#[test]
fn w4_an_uneven_reservation_is_refused() {
    let mut workspace = fleet();
    workspace.reserve(&[(place("berlin", 3), cores(6))]).unwrap();
    for (field, value) in [("replicas", 4), ("replicas", 0), ("count", 0), ("count", 2)] {
        let found = spoilt(&workspace, &format!("/reservations/0/taken/0/{field}"), json!(value));
        let error = found.unwrap_err().to_string();
        assert_eq!(
            error, "reservations[0]: reservation 0 does not hold as much on each of its nodes",
            "{field} {value}"
        );
    }
}

/// W4, W5: a placement's reservation is one that was made, the host's own, of its pool and size.
#[test]
fn w4_placements_hold_what_was_made_for_them() {
    let needs = "resources: {cpu: 2, memory: 1Gi}";
    let documents = [
        CLUSTERS,
        &document("Deployment", "v1", &format!("{{model: m, {needs}}}")),
        &document("Placement", "run", "{deployment: m/v1, cluster: berlin, pool: p, replicas: 2}"),
    ];
    let mut workspace: Workspace = documents.concat().parse().unwrap();
    run(&mut workspace, NOW, "x", 1, 1);
    workspace.reserve(&[(place("berlin", 1), cores(1))]).unwrap();
    let kept: Value = serde_json::from_str(&text(&workspace)).unwrap();
    assert_eq!(kept["running"], json!([0]));
    let of_life = kept["lives"][0]["held"][0]["reservation"]["id"].clone();
    let refused = |id: Value| spoilt(&workspace, "/running/0", id).unwrap_err().to_string();
    assert_eq!(refused(json!(77)), "running[0]: reservation 77 was never made");
    assert_eq!(refused(of_life.clone()), format!("running[0]: reservation {of_life} belongs to `model/x/x-1`"));
    let other = kept["reservations"][1]["id"].clone();
    assert_eq!(
        refused(other.clone()),
        format!("running[0]: reservation {other} is for 1 replicas, and the document says 2")
    );
    // One that was made and given back is held no more.
    workspace.release(siting::inventory::ReservationId::new(0)).unwrap();
    assert_eq!(restored(&workspace).state(), workspace.state());
}

/// W3, W4: nothing that is written down is read past, and what is missing is missed.
#[test]
fn w4_every_field_of_an_entry_and_a_state_counts() {
    let mut workspace = fleet();
    workspace.change(NOW, push("x", 1, 2)).unwrap();
    let entry = workspace.prepare(NOW, "k", observe("x", 1, siting::lifecycle::Observation::Built)).unwrap().unwrap();
    let written: Value = serde_json::from_str(&entry.to_json()).unwrap();
    let objects = [
        "",
        "/change",
        "/change/steps/0/decided",
        "/change/steps/0/decided/command",
        "/change/steps/0/decided/command/action/observe",
        "/change/steps/0/decided/command/placements/0",
        "/change/steps/0/decided/command/placements/0/places/0",
    ];
    for at in objects {
        let mut more = written.clone();
        more.pointer_mut(at).unwrap()["more"] = json!(1);
        assert!(matches!(LogEntry::from_json(&more.to_string()), Err(InvalidEntry::Malformed { .. })), "{at}");
    }
    let pushed = workspace.prepare(NOW, "p", push("y", 1, 2)).unwrap().unwrap();
    let mut more: Value = serde_json::from_str(&pushed.to_json()).unwrap();
    more.pointer_mut("/change/steps/0/decided/command/action/push").unwrap()["more"] = json!(1);
    assert!(LogEntry::from_json(&more.to_string()).is_err());
    let mut state: Value = serde_json::from_str(&text(&workspace)).unwrap();
    state.as_object_mut().unwrap().remove("revisions");
    assert!(WorkspaceState::from_json(&state.to_string()).is_err());
}

/// W2: documents that could not be read are no documents: a change with such is not written, and an entry with such not
/// read.
#[test]
fn w2_documents_with_problems_are_not_written() {
    let broken = put("apiVersion: siting.dev/v1\nkind: Policy\nmetadata: {name: x}\nspec: {type: location}\n");
    let error = serde_json::to_string(&broken).unwrap_err().to_string();
    assert!(error.contains("new.yaml:"), "{error}");
    let sound = serde_json::to_value(put(&document("Environment", "staging", "{}"))).unwrap();
    let read: WorkspaceChange = serde_json::from_value(sound.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), sound);
    let mut spoilt = sound;
    spoilt.pointer_mut("/steps/0/put/0").unwrap()["spec"]["require"] = json!(["colour"]);
    assert!(serde_json::from_value::<WorkspaceChange>(spoilt).is_err());
}

/// W2: a problem says in which of several steps it is, and what would be right.
#[test]
fn w2_problems_of_steps_say_where_and_what_instead() {
    let shown = |change: WorkspaceChange| {
        let problem = fleet().change(NOW, change).unwrap_err().problems.swap_remove(0);
        (problem.message, problem.help.unwrap_or_default())
    };
    let good = || reserve("paris", 1);
    let then = |step: ChangeStep| good().then(step);
    let (message, help) = shown(then(ChangeStep::Release(siting::inventory::ReservationId::new(9))));
    assert_eq!(message, "step 2: reservation 9 is unknown or already released");
    assert_eq!(help, "release what the host has reserved, once");
    let (message, help) = shown(then(ChangeStep::Reserve(vec![(place("berlin", 1), cores(11))])));
    assert_eq!(message, "step 2: pool `p` of cluster `berlin`: 1 replicas are wanted and 0 fit");
    assert_eq!(help, "ask for less, or make room");
    let commit = ChangeStep::Commit { deployment: "none".into(), places: Vec::new() };
    let (message, help) = shown(then(commit));
    assert!(message.starts_with("step 2: deployment `none`: "), "{message}");
    assert!(!help.is_empty());
    let (message, help) = shown(command("x", Action::Wake(Number::new(3))));
    assert!(message.starts_with("model `x`: ") && !message.contains(';'), "{message}");
    let _ = help;
    let drafted = command("x", Action::Patch { version: None });
    let (message, help) = shown(good().then(drafted.steps()[0].clone()));
    assert_eq!((message.as_str(), help.as_str()), ("step 2: model `x`: there is no draft to patch (L2)", "push one"));
}

/// W8: a command by itself does not jump a day ahead either, and nothing counts before what has happened.
#[test]
fn w8_commands_jump_only_where_that_is_said() {
    let mut workspace = fleet();
    let x = run(&mut workspace, NOW, "x", 2, 1);
    let before = text(&workspace);
    let late = moment(1000 + 25 * 3_600_000);
    let scale = Action::Scale { deployment: Number::new(1), replicas: 2 };
    let refused = workspace.carry_out(late, &x, scale.clone()).unwrap_err();
    assert_eq!((refused.rule, refused.reason.as_str()), ("W8", "the command is 25 hours later than the last change"));
    assert_eq!(text(&workspace), before);
    assert!(!workspace.jump_to(moment(2000)));
    assert_eq!(text(&workspace), before);
    assert!(workspace.jump_to(late));
    workspace.carry_out(late, &x, scale).unwrap();
    // A question about what would follow is about a moment that can be.
    let at = AttachmentPoint::Environment("production".to_owned());
    let change = WorkspaceChange::new().attach(at, "only-fr", Enforcement::Enforce);
    let (early, then) = (workspace.preview(moment(0), change.clone()), workspace.preview(late, change));
    assert_eq!(early.unwrap().violations, then.unwrap().violations);
}

/// I4: a life that is restored from its journal holds what its replicas take, not what its settings say by now.
#[test]
fn i4_a_restored_life_holds_what_it_held() {
    use siting::lifecycle::{Change, Edit, Requirements};
    let mut workspace = fleet();
    let x = run(&mut workspace, NOW, "x", 8, 1);
    let number = Number::new(1);
    workspace.change(NOW, command("x", Action::Deactivate(number))).unwrap();
    let small = Requirements { cpu: "1".parse().unwrap(), memory: "1Gi".parse().unwrap(), ..Requirements::default() };
    let edit = Edit { changes: vec![Change::Resources(Some(small))] };
    workspace.change(NOW, command("x", Action::Edit { deployment: number, edit })).unwrap();
    let held = |workspace: &Workspace| {
        let of = |id| serde_json::to_value(workspace.inventory().reservation(id).unwrap()).unwrap()["taken"].clone();
        workspace.inventory().reservations().map(of).collect::<Vec<_>>()
    };
    let mut again = workspace.clone();
    again.restore_life(&x, workspace.life(&x).unwrap().clone()).unwrap();
    assert_eq!(held(&again), held(&workspace));
    assert_eq!(held(&again)[0][0]["part"]["cpu"], json!(8000));
}

/// W3, W4: forgetting what was makes a history short, and changes nothing else; what is kept of a workspace does not grow
/// with what has happened to it.
#[test]
fn w4_a_compacted_history_does_not_grow() {
    let mut workspace = fleet();
    let x = run(&mut workspace, NOW, "x", 1, 1);
    let (mut sizes, mut logged) = (Vec::new(), 3);
    for turn in 0..6 {
        for step in 0..50_u32 {
            let scale = Action::Scale { deployment: Number::new(1), replicas: 1 + (step + turn) % 2 };
            logged += usize::from(workspace.change(NOW, command("x", scale)).is_ok());
        }
        assert_eq!(workspace.life(&x).unwrap().entries().len(), logged);
        let before = workspace.clone();
        let entry = workspace.prepare(NOW, &format!("compact-{turn}"), WorkspaceChange::new().compact(10)).unwrap();
        workspace.apply(&LogEntry::from_json(&entry.unwrap().to_json()).unwrap()).unwrap();
        logged = 10;
        let life = workspace.life(&x).unwrap();
        let last = before.life(&x).unwrap().entries().skip(before.life(&x).unwrap().entries().len() - 10);
        assert!(life.entries().eq(last));
        assert_eq!(&life.replay().unwrap(), life.state());
        assert_eq!(life.state(), before.life(&x).unwrap().state());
        assert_eq!(workspace.desired().collect::<Vec<_>>(), before.desired().collect::<Vec<_>>());
        assert_eq!(restored(&workspace).state(), workspace.state());
        let lives: Value = serde_json::from_str(&text(&workspace)).unwrap();
        sizes.push(lives["lives"].to_string().len());
    }
    let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
    assert!(most - least < 200, "one replica more or less: {sizes:?}");
    assert!(!workspace.change(NOW, WorkspaceChange::new().compact(10)).unwrap().changed);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// W3, W4: a state or an entry in which something else stands, is missing or is there twice, is refused, or is one that
    /// holds no more than there is. The fuzz target `kept` goes on with the same.
    #[test]
    fn w4_what_was_tampered_with_is_refused_or_sound(
        which in any::<u8>(),
        edits in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = vec![which];
        for (place, how) in edits {
            bytes.extend(place.to_be_bytes());
            bytes.push(how);
        }
        super::tampered::kept(&bytes);
    }

    /// W4: so it is with the bytes of a state, under a sum that fits what was made of them.
    #[test]
    fn w4_bytes_that_were_tampered_with_are_refused_or_sound(
        edits in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = vec![255];
        for (at, how) in edits {
            bytes.extend(at.to_be_bytes());
            bytes.push(how);
        }
        super::tampered::kept(&bytes);
    }
}
