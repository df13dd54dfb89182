//! What is held stays held, by whom it was, where it was (W4–W6).

use serde_json::{Value, json};
use siting::catalog::Axis;
use siting::deployment::Workload;
use siting::id::Name;
use siting::inventory::{Owner, Request};
use siting::lifecycle::{Action, Change, Edit, Observation, Place, Push, PushKind, Requirements};
use siting::manifest::{Source, read_str};
use siting::placement::{Code, CommitError};
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{
    LoadOptions, PolicyChange, ReleaseError, StateError, TakeBackError, Workspace, WorkspaceState,
};

fn load(text: &str) -> Workspace {
    Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap()
}

/// Clusters of one pool of `nodes` nodes with 10 cpu each, and the documents given.
fn fleet(nodes: u32, documents: &str) -> Workspace {
    load(&format!(
        "apiVersion: siting.dev/v1
kind: Cluster
metadata: {{name: berlin}}
spec: {{provider: onprem, country: de, pools: [{{name: p, nodes: {nodes}, cpuFlavor: x86, cpu: 10, memory: 64Gi}}]}}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {{name: only-fr}}
spec: {{type: location, locations: [{{type: country, name: fr}}]}}
---
{documents}"
    ))
}

fn workload(workspace: &Workspace, name: &str) -> Workload {
    workspace.workload("model", &name.parse::<Name>().unwrap()).unwrap()
}

/// Brings a deployment of so many cores and replicas to life.
fn run(workspace: &mut Workspace, name: &str, cpu: u32, replicas: u32, at: u64) {
    let life = workload(workspace, name);
    let spec = format!(
        "{{apiVersion: siting.dev/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{model: {name}, \
         replicas: {replicas}, resources: {{cpu: {cpu}, memory: 1Gi}}, env: {{TOKEN: hunter2}}}}}}"
    );
    let settings = read_str("d", &spec).specs.deployments[0].settings();
    let push = Push { settings: settings.into(), ..Push::new(PushKind::Published, "v1") };
    workspace.carry_out(Moment::from_millis(at), &life, Action::Push(push)).unwrap();
    let number = workspace.life(&life).unwrap().state().find(&format!("{name}-1")).unwrap();
    for (generation, observation) in [(1, Observation::Built), (2, Observation::Ready)] {
        let seen = Action::Observe { deployment: number, generation, observation };
        workspace.carry_out(Moment::from_millis(at + generation), &life, seen).unwrap();
    }
}

/// So many replicas on pool `p` of a cluster.
fn at(cluster: &str, flavor: &str, replicas: u32) -> Place {
    Place { cluster: cluster.parse().unwrap(), pool: "p".parse().unwrap(), flavor: flavor.into(), replicas }
}

fn again(workspace: &Workspace) -> Workspace {
    Workspace::restore(WorkspaceState::from_json(&workspace.state().to_json()).unwrap()).unwrap()
}

/// Cores in use, by what is reserved.
fn held(workspace: &Workspace) -> u64 {
    let inventory = workspace.inventory();
    let taken = |id| serde_json::to_value(inventory.reservation(id).unwrap()).unwrap();
    let cpu = |taken: &Value| taken["count"].as_u64().unwrap() * taken["part"]["cpu"].as_u64().unwrap();
    let sum = |value: Value| value["taken"].as_array().unwrap().iter().map(cpu).sum::<u64>();
    inventory.reservations().map(|id| sum(taken(id))).sum::<u64>() / 1000
}

/// W4: on two nodes of ten, 3 + 7 and 7 + 3 is full, whatever order would place it anew.
#[test]
fn w4_a_full_fleet_comes_back_on_the_nodes_that_it_was_on() {
    let mut workspace = fleet(2, "");
    run(&mut workspace, "a", 3, 1, 0);
    run(&mut workspace, "b", 7, 1, 10);
    run(&mut workspace, "c", 7, 1, 20);
    let life = workload(&workspace, "a");
    let number = workspace.life(&life).unwrap().state().find("a-1").unwrap();
    workspace.carry_out(Moment::from_millis(30), &life, Action::Scale { deployment: number, replicas: 2 }).unwrap();
    assert_eq!(held(&workspace), 20);
    let restored = again(&workspace);
    assert_eq!(restored.state(), workspace.state());
    assert_eq!(held(&restored), 20);
    let nodes = |workspace: &Workspace| workspace.inventory().nodes(siting::id::Id::from_index(0)).cloned();
    assert_eq!(nodes(&restored), nodes(&workspace));
}

/// W4: what is stopping holds what it was started with, whatever its settings say by now.
#[test]
fn w4_a_restored_life_holds_what_its_replicas_take() {
    let mut workspace = fleet(1, "");
    run(&mut workspace, "bert", 8, 1, 0);
    let life = workload(&workspace, "bert");
    let number = workspace.life(&life).unwrap().state().find("bert-1").unwrap();
    workspace.carry_out(Moment::from_millis(10), &life, Action::Deactivate(number)).unwrap();
    let small = Requirements { cpu: "1".parse().unwrap(), memory: "1Gi".parse().unwrap(), ..Requirements::default() };
    let edit = Edit { changes: vec![Change::Resources(Some(small))] };
    workspace.carry_out(Moment::from_millis(20), &life, Action::Edit { deployment: number, edit }).unwrap();
    assert_eq!((held(&workspace), held(&again(&workspace))), (8, 8));
}

/// W5, L11: each reservation has an owner, and secrets are in no state.
#[test]
fn w5_nobody_releases_what_is_anothers() {
    let mut workspace = fleet(2, "");
    run(&mut workspace, "bert", 4, 1, 0);
    let one = Request { cpu: "1".parse().unwrap(), ..Request::default() };
    let own = workspace.reserve(&[(at("berlin", "cpu:x86", 2), one)]).unwrap()[0];
    let of_life = workspace.inventory().reservations().find(|id| *id != own).unwrap();
    let owner = Owner::Deployment("model/bert/bert-1".into());
    assert_eq!(workspace.inventory().owner(of_life), Some(&owner));
    let before = workspace.state();
    assert!(!before.to_json().contains("hunter2"), "L11");
    assert_eq!(workspace.release(of_life), Err(ReleaseError::Owned { id: of_life, owner: owner.clone() }));
    let kept = workspace.inventory().reservation(of_life).unwrap();
    assert!(matches!(workspace.take_back(&kept), Err(TakeBackError::Owned { .. })));
    assert_eq!(workspace.state(), before);
    let mine = workspace.inventory().reservation(own).unwrap();
    workspace.release(own).unwrap();
    assert!(matches!(workspace.release(own), Err(ReleaseError::Unknown(_))));
    workspace.take_back(&mine).unwrap();
    // All but how often it has changed.
    let mut after = serde_json::to_value(workspace.state()).unwrap();
    let before = serde_json::to_value(before).unwrap();
    assert_ne!(after["revisions"], before["revisions"]);
    after["revisions"] = before["revisions"].clone();
    assert_eq!(after, before);
    let restored = again(&workspace);
    assert_eq!(restored.inventory().owner(of_life), Some(&owner));
}

/// W5: ids are never used again, whatever was restored.
#[test]
fn w5_the_last_number_is_never_given() {
    let mut workspace = fleet(2, "");
    let berlin = at("berlin", "cpu:x86", 1);
    let id = workspace.reserve(&[(berlin.clone(), Request::default())]).unwrap()[0];
    let mut kept = serde_json::to_value(workspace.inventory().reservation(id).unwrap()).unwrap();
    workspace.release(id).unwrap();
    kept["id"] = json!(u64::MAX);
    let kept = serde_json::from_value(kept).unwrap();
    let refused = workspace.take_back(&kept).unwrap_err();
    assert_eq!(refused.to_string(), "reservation 18446744073709551615 has a number that is never given");
    // A number that was given once is not given again after a restart either.
    let mut restored = again(&workspace);
    assert_ne!(restored.reserve(&[(berlin, Request::default())]).unwrap()[0], id);
}

const DEPLOYMENT: &str = "apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: d}
spec: {model: m, replicas: 2, resources: {cpu: 4, memory: 1Gi}}
";

/// W6: what the policies of this moment do not allow is not carried out.
#[test]
fn w6_a_decision_from_before_a_policy_changed_is_refused() {
    let mut workspace = fleet(2, DEPLOYMENT);
    let id = workspace.find_deployment("d").unwrap();
    let decision = workspace.place(id).unwrap().decision;
    let change = |policies: &[&str]| PolicyChange {
        environment: Some("production".to_owned()),
        policies: policies.iter().map(|name| ((*name).to_owned(), Enforcement::Enforce.into())).collect(),
    };
    let unknown = workspace.change_policies(&change(&["only-fr", "only-frr"])).unwrap_err();
    assert_eq!(unknown.to_string(), "no policy is called `only-frr`; did you mean `only-fr`?", "W1");
    workspace.change_policies(&change(&["only-fr"])).unwrap();
    let before = workspace.state();
    let refused = workspace.commit(id, &decision).unwrap_err();
    assert!(
        matches!(&refused, CommitError::NotACandidate { reason, .. } if reason.code == Code::NotAllowed(Axis::Location))
    );
    assert_eq!(
        refused.to_string(),
        "pool `p` of cluster `berlin`: the place is not allowed by `only-fr` (environment)"
    );
    assert_eq!(workspace.state(), before);
    // The attachment is part of what is kept.
    assert!(!again(&workspace).place("m/d").unwrap().decision.is_placed());
    workspace.change_policies(&change(&[])).unwrap();
    assert_eq!(workspace.commit(id, &decision).unwrap().len(), 1);
}

/// W6: a claim is checked like any; what it takes follows from the deployment's own demand.
#[test]
fn w6_a_claim_is_not_believed() {
    let mut workspace = fleet(2, DEPLOYMENT);
    let id = workspace.find_deployment("d").unwrap();
    let place = |cluster: &str, flavor: &str, replicas| Place {
        cluster: cluster.parse().unwrap(),
        pool: "p".parse().unwrap(),
        flavor: flavor.into(),
        replicas,
    };
    let gone = workspace.commit_places(id, &[place("rome", "cpu:x86", 1)]).unwrap_err();
    assert_eq!(gone.to_string(), "pool `p` of cluster `rome` is gone or has changed");
    let many = workspace.commit_places(id, &[place("berlin", "cpu:x86", 2), place("berlin", "cpu:x86", 1)]);
    assert_eq!(many, Err(CommitError::TooMany { placed: 3, wanted: 2 }));
    workspace.commit_places(id, &[place("berlin", "cpu:x86", 2)]).unwrap();
    assert_eq!(held(&workspace), 8);
    workspace.set_cordoned("berlin", true).unwrap();
    assert!(matches!(
        workspace.commit_places(id, &[place("berlin", "cpu:x86", 1)]),
        Err(CommitError::NotACandidate { reason, .. }) if reason.code == Code::Cordoned
    ));
    let unknown = workspace.set_cordoned("berlinn", true).unwrap_err();
    assert_eq!(unknown.to_string(), "no cluster is called `berlinn`; did you mean `berlin`?", "W1");
}

/// D1: replicas of one deployment are all placed under one alternative, D5: and keep their skew.
#[test]
fn w6_alternatives_are_not_mixed_and_the_spread_holds() {
    let pool = |name: &str, country: &str, gpu: &str| {
        format!(
            "{{apiVersion: siting.dev/v1, kind: Cluster, metadata: {{name: {name}}}, spec: {{provider: onprem, \
             country: {country}, pools: [{{name: p, nodes: 4, cpuFlavor: x86, cpu: 9, memory: 90Gi, \
             gpu: {{type: {gpu}, count: 1}}}}]}}}}\n---\n"
        )
    };
    let mut workspace = load(&format!(
        "{}{}{}{{apiVersion: siting.dev/v1, kind: Deployment, metadata: {{name: d}}, spec: {{model: m, replicas: 4, \
         resources: {{cpu: 1, memory: 1Gi, gpu: {{anyOf: [{{count: 1, type: l4}}, {{count: 1, type: t4}}]}}}}, \
         placement: {{spread: {{by: cluster, maxSkew: 1}}}}}}}}",
        pool("a", "de", "l4"),
        pool("b", "fr", "t4"),
        pool("c", "it", "t4"),
    ));
    let id = workspace.find_deployment("d").unwrap();
    let place = |cluster: &str, flavor: &str, replicas| Place {
        cluster: cluster.parse().unwrap(),
        pool: "p".parse().unwrap(),
        flavor: flavor.into(),
        replicas,
    };
    let mixed = workspace.commit_places(id, &[place("a", "gpu:l4", 2), place("b", "gpu:t4", 2)]);
    assert_eq!(mixed, Err(CommitError::MixedAlternatives));
    let skewed = workspace.commit_places(id, &[place("b", "gpu:t4", 2)]);
    assert_eq!(skewed, Err(CommitError::Skewed { skew: 2, most: 1 }));
    assert!(workspace.commit_places(id, &[place("b", "gpu:t4", 2), place("c", "gpu:t4", 2)]).is_ok());
}

/// W4: every part of a state that is tampered with is refused with its place, or means the same.
#[test]
fn w4_a_state_that_contradicts_itself_is_refused_with_its_place() {
    let mut workspace = fleet(2, DEPLOYMENT);
    run(&mut workspace, "bert", 4, 2, 0);
    let one = Request { cpu: "1".parse().unwrap(), ..Request::default() };
    workspace.reserve(&[(at("berlin", "cpu:x86", 1), one)]).unwrap();
    let state = serde_json::to_value(workspace.state()).unwrap();
    let spoilt = |path: &str, value: Value| {
        let mut state = state.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        match state.pointer_mut(parent).unwrap() {
            Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
            other => other[key.parse::<usize>().unwrap()] = value,
        }
        WorkspaceState::from_json(&state.to_string()).and_then(Workspace::restore).map(|_| ()).unwrap_err()
    };
    for (path, value, says) in [
        ("/version", json!(3), "the state has version 3; this version of siting reads up to version 2"),
        ("/version", json!(0), "this is not a workspace state: there is no version 0"),
        (
            "/reservations/0/taken/0/count",
            json!(3),
            "reservations[0]: reservation 1 does not hold as much on each of its nodes",
        ),
        ("/reservations/0/taken/0/first", json!(3), "reservations[0]: the nodes that reservation 1 holds are not free"),
        (
            "/reservations/0/owner",
            json!("model/x/x-1"),
            "reservations[0]: reservation 1 belongs to `model/x/x-1`; restore its lifecycle instead",
        ),
        (
            "/reservations/0/pool",
            json!("q"),
            "reservations[0]: pool `q` of cluster `berlin` is not part of this inventory",
        ),
        ("/running", json!([0]), "running: 1 reservations for 0 documents"),
        ("/nextReservation", json!(0), "nextReservation: a reservation already has this number or a later one"),
        (
            "/closedNodes",
            json!([{"cluster": "berlin", "pool": "q", "nodes": [[2, 1]]}]),
            "closedNodes[0]: cluster `berlin` has no such pool with a number of nodes",
        ),
        (
            "/closedNodes",
            json!([{"cluster": "berlin", "pool": "p", "nodes": [[2, 1], [2, 1]]}]),
            "closedNodes[0]: its nodes do not ascend",
        ),
        (
            "/closedNodes",
            json!([{"cluster": "berlin", "pool": "p", "nodes": [[7, 1]]}]),
            "closedNodes: more nodes is in use than pool `p` of cluster `berlin` holds",
        ),
        ("/lives/0/resourceType", json!("x"), "lives[0].resourceType: no type is called `x`"),
        ("/lives/0/workload", json!("x"), "lives[0].journal.state: this is the lifecycle of model `bert`"),
        (
            "/lives/0/journal/state/next",
            json!(1),
            "lives[0].journal.state: deployment 1 has a number that was never given: the next is 1",
        ),
        (
            "/lives/0/journal/state/next",
            json!(u64::MAX),
            "lives[0].journal.state: the next deployment cannot have the number 18446744073709551615",
        ),
        (
            "/lives/0/journal/state/deployments/1/generation",
            json!(u64::MAX),
            "lives[0].journal.state: deployment 1 cannot have replaced its replicas 18446744073709551615 times",
        ),
        (
            "/lives/0/journal/state/deployments/1/number",
            json!(0),
            "lives[0].journal.state: deployment 1 is said to have the number 0",
        ),
        (
            "/lives/0/journal/state/deployments/1/governor",
            json!("nowhere"),
            "lives[0].journal.state: deployment `bert-1` is governed by `nowhere`, and no environment is called that",
        ),
        (
            "/lives/0/journal/state/slots/production",
            json!({"holder": 9, "previous": null, "promotion": null}),
            "lives[0].journal.state: environment `production` has deployment 9, which is not there",
        ),
        ("/lives/0/held", json!([]), "lives[0].held: nothing is reserved for 2 replicas of deployment number 1"),
        (
            "/lives/0/held/0/place/replicas",
            json!(1),
            "lives[0].held[0]: the lifecycle does not have 1 replicas of deployment number 1 there",
        ),
        (
            "/lives/0/held/0/request/cpu",
            json!("1"),
            "lives[0].held[0]: the reservation does not match what 2 replicas take",
        ),
        (
            "/lives/0/held/0/reservation/taken/0/part/cpu",
            json!(1000),
            "lives[0].held[0]: the reservation does not match what 2 replicas take",
        ),
        ("/lives/0/held/0/reservation/id", json!(1), "lives[0].held[0]: reservation 1 is held already"),
        (
            "/lives/0/held/0/reservation/owner",
            json!("model/bert/bert-2"),
            "lives[0].held[0]: the reservation belongs to `model/bert/bert-2`",
        ),
    ] {
        assert_eq!(spoilt(path, value).to_string(), says, "{path}");
    }
    assert!(matches!(spoilt("/documents/0/spec", json!({})), StateError::Documents(_)));
    assert!(matches!(spoilt("/lives", json!(3)), StateError::Malformed { .. }));
    assert!(matches!(WorkspaceState::from_json("{"), Err(StateError::Malformed { .. })));
}

/// W4: the bytes of a state say what its text says, and a reservation takes 40 of them at most.
#[test]
fn w4_bytes_say_what_the_text_says() {
    let mut workspace = fleet(400, DEPLOYMENT);
    run(&mut workspace, "bert", 4, 2, 0);
    let reserve = |workspace: &mut Workspace, count: u64| {
        for number in 0..count {
            let cpu = format!("{}m", 1000 + number % 7 * 500).parse().unwrap();
            let one =
                Request { cpu, memory: siting::quantity::Bytes::new((1 + number % 5) << 30), ..Request::default() };
            workspace.reserve(&[(at("berlin", "cpu:x86", 1), one)]).unwrap();
        }
    };
    let size = |workspace: &Workspace| {
        let mut state = serde_json::to_value(workspace.state()).unwrap();
        // What was accepted is told apart from what is reserved.
        state["revisions"] = json!({"revision": 0});
        WorkspaceState::from_json(&state.to_string()).unwrap().to_bytes().len()
    };
    reserve(&mut workspace, 100);
    let (state, before) = (workspace.state(), size(&workspace));
    let bytes = state.to_bytes();
    assert_eq!(WorkspaceState::from_bytes(&bytes).unwrap(), state);
    assert_eq!(Workspace::restore(WorkspaceState::from_bytes(&bytes).unwrap()).unwrap().state(), state);
    assert!(bytes.len() * 3 < state.to_json().len(), "{} of {}", bytes.len(), state.to_json().len());
    reserve(&mut workspace, 400);
    let each = (size(&workspace) - before) / 400;
    assert!(each <= 40, "a reservation takes {each} bytes");
    // Each byte counts.
    for at in 0..bytes.len() {
        let mut spoilt = bytes.clone();
        spoilt[at] ^= 1;
        assert!(WorkspaceState::from_bytes(&spoilt).is_err(), "byte {at}");
    }
    let damaged = WorkspaceState::from_bytes(&bytes[..bytes.len() - 1]).unwrap_err().to_string();
    assert!(damaged.starts_with("this is not a workspace state: the bytes are damaged"), "{damaged}");
}

/// W4: what an earlier version wrote is read, for ever.
#[test]
fn w4_states_of_earlier_versions_are_read() {
    let text = include_str!("states/v1.json");
    let workspace = Workspace::restore(WorkspaceState::from_json(text).unwrap()).unwrap();
    let open = |name: &str| {
        let inventory = workspace.inventory();
        inventory.is_open(inventory.fleet().find_cluster(name).unwrap())
    };
    assert_eq!(["berlin", "oslo", "paris"].map(open), [true, false, false]);
    // 3 of a, 7 of b, which stops as it was started, 2 x 4 of the placement, and 2 of the host's own.
    assert_eq!(held(&workspace), 3 + 7 + 8 + 2);
    assert_eq!(workspace.running().len(), 1);
    let life = workspace.life(&workload(&workspace, "b")).unwrap();
    assert!(life.entries().len() >= 5);
    // A replay remembers more than that version did: what stops was started with.
    let mut replayed = serde_json::to_value(life.replay().unwrap()).unwrap();
    for record in replayed["deployments"].as_object_mut().unwrap().values_mut() {
        record.as_object_mut().unwrap().remove("startedWith");
    }
    assert_eq!(replayed, serde_json::to_value(life.state()).unwrap());
    let (old, new): (Value, Value) =
        (serde_json::from_str(text).unwrap(), serde_json::to_value(workspace.state()).unwrap());
    for field in ["reservations", "running", "nextReservation", "lives"] {
        assert_eq!(old[field], new[field], "{field}");
    }
    assert_eq!(new["version"], json!(WorkspaceState::VERSION));
    assert_eq!(again(&workspace).state(), workspace.state());
    let spoilt = text.replace(r#""name": "oslo""#, r#""name": "rome""#);
    assert!(WorkspaceState::from_json(&spoilt).and_then(Workspace::restore).is_err());
    let none = text.replacen(r#""name": "paris""#, r#""name": "rome""#, 1);
    let error = WorkspaceState::from_json(&none).unwrap_err();
    assert_eq!(error.to_string(), "clusters[2]: no cluster is called `rome`");
}

/// W4: so it is with the second form, as text and as bytes: a rollout under way, a replica whose node is gone and another in
/// its place, keys, a broken cluster, an attachment that ends.
#[test]
fn w4_states_of_the_second_form_are_read() {
    let (text, bytes) = (include_str!("states/v2.json"), include_bytes!("states/v2.bin"));
    let (of_text, of_bytes) = (WorkspaceState::from_json(text).unwrap(), WorkspaceState::from_bytes(bytes).unwrap());
    assert_eq!(of_text, of_bytes);
    let workspace = Workspace::restore(of_bytes).unwrap();
    assert_eq!(workspace.revision(), 9);
    assert_eq!(workspace.quarantined()[0].name, "rome");
    // 2 x 5 on nodes that are there, 5 on one that is gone, 5 in its place; 2 x 2 of the placement; 1 of `y`.
    assert_eq!(held(&workspace), 10 + 5 + 5 + 4 + 1);
    let losses = workspace.losses(Moment::from_millis(90_000));
    assert_eq!((losses.len(), losses[0].since), (1, Moment::from_millis(40)));
    let life = workspace.life(&workload(&workspace, "x")).unwrap();
    assert_eq!(&life.replay().unwrap(), life.state());
    assert_eq!(again(&workspace).state(), workspace.state());
}

/// W4: a journal of 0.1.0 is read, with a rollout under way, and goes on.
#[test]
fn w4_journals_of_the_first_release_are_read() {
    let mut workspace = fleet(4, "");
    run(&mut workspace, "bert", 2, 2, 0);
    let life = workload(&workspace, "bert");
    let holder = workspace.life(&life).unwrap().state().find("bert-1").unwrap();
    let promote = |deployment| Action::Promote {
        deployment,
        environment: "production".parse().unwrap(),
        name: None,
        on_replaced: None,
        force: false,
        by: None,
    };
    let mut turn = 100;
    let mut carry_out = |workspace: &mut Workspace, action| {
        turn += 1;
        workspace.carry_out(Moment::from_millis(turn), &life, action).unwrap();
    };
    carry_out(&mut workspace, promote(holder));
    let update = Action::UpdateVersion {
        environment: "production".parse().unwrap(),
        version: "v2".to_owned(),
        name: None,
        on_replaced: None,
        by: None,
    };
    carry_out(&mut workspace, update);
    let candidate = workspace.life(&life).unwrap().state().find("bert-2").unwrap();
    let seen = |workspace: &Workspace, observation| {
        let generation = workspace.life(&life).unwrap().state().deployment(candidate).unwrap().generation;
        Action::Observe { deployment: candidate, generation, observation }
    };
    for observation in [Observation::Built, Observation::Ready] {
        let seen = seen(&workspace, observation);
        carry_out(&mut workspace, seen);
    }
    let journal = workspace.life(&life).unwrap();
    let mut written = serde_json::to_value(journal.snapshot()).unwrap();
    let rollout = written.pointer_mut("/state/slots/production/promotion/rollout").unwrap();
    let rollout = rollout.as_object_mut().unwrap();
    // As 0.1.0 had it: `before` for the size, and beside it what the candidate was to have.
    let size = rollout.remove("size").unwrap();
    rollout.insert("before".to_owned(), size.clone());
    rollout.insert("desired".to_owned(), size);
    rollout.remove("holderSlept");
    rollout.remove("byLoad");
    let read: siting::lifecycle::Snapshot = serde_json::from_value(written.clone()).unwrap();
    let restored = siting::lifecycle::Journal::restore(read).unwrap();
    assert_eq!(restored.state(), journal.state());
    let mut again = fleet(4, "");
    again.restore_life(&life, restored).unwrap();
    assert_eq!(held(&again), held(&workspace));
    assert!(again.held_by_life(&life).len() >= 2, "W5");
    *written.pointer_mut("/state/slots/production/promotion/rollout/desired").unwrap() = json!("many");
    assert!(serde_json::from_value::<siting::lifecycle::Snapshot>(written).is_err());
}
