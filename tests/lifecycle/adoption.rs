//! Lives that are taken on: written down before, or running without anyone who led them (I4, L12, E3).
#![cfg(feature = "manifest")]

use siting::deployment::Workload;
use siting::lifecycle::{Action, Answer, Endpoint, Journal, Number, Observation, Push, PushKind, Refusal, Status};
use siting::manifest::Source;
use siting::time::Moment;
use siting::workspace::{LoadOptions, Workspace};

const NOW: Moment = Moment::from_millis(1_000);

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

/// One cluster of `nodes` with four GPUs each, and two deployments that take a whole node a replica.
fn documents(nodes: u32) -> Vec<String> {
    let pool = format!("{{name: a, nodes: {nodes}, cpu: 8, memory: 64Gi, gpu: {{type: t4, count: 4}}}}");
    let needs = "resources: {cpu: 1, memory: 1Gi, gpu: {anyOf: [{count: 1, type: a100}, {count: 4, type: t4}]}}";
    vec![
        document("Cluster", "paris", &format!("provider: p, country: fr, pools: [{pool}]")),
        document("Deployment", "one", &format!("model: m, version: v1, replicas: 2, {needs}")),
        document("Deployment", "two", &format!("model: m, version: v2, {needs}")),
        document("Deployment", "other", &format!("model: n, {needs}")),
    ]
}

fn runs(name: &str, deployment: &str, replicas: u32) -> String {
    let spec = format!("deployment: {deployment}, cluster: paris, pool: a, replicas: {replicas}");
    document("Placement", name, &spec)
}

fn load(documents: &[String]) -> (Workspace, Workload) {
    let sources = [Source::new("test.yaml", documents.join("---\n"))];
    let workspace = Workspace::from_sources(&sources, LoadOptions::default()).unwrap();
    let workload = workspace.workload("model", &"m".parse().unwrap()).unwrap();
    (workspace, workload)
}

/// How many more replicas of the other workload there is room for: nodes that are free.
fn free(workspace: &Workspace) -> u32 {
    let mut workspace = workspace.clone();
    let other = workspace.workload("model", &"n".parse().unwrap()).unwrap();
    (0..).find(|_| up(&mut workspace, &other, "n/other").is_err()).unwrap()
}

/// Pushes a loaded deployment and brings it up, under its id as its name.
fn up(workspace: &mut Workspace, workload: &Workload, address: &str) -> Result<Number, Refusal> {
    let loaded = workspace.find_deployment(address).unwrap();
    let push = workspace.push_of(loaded, PushKind::Published).unwrap();
    let number = workspace.state_of(workload)?.next_number();
    workspace.carry_out(NOW, workload, Action::Push(Push { name: None, ..push }))?;
    for observation in [Observation::Built, Observation::Ready] {
        see(workspace, workload, number, observation)?;
    }
    Ok(number)
}

fn see(workspace: &mut Workspace, workload: &Workload, number: Number, seen: Observation) -> Result<(), Refusal> {
    let state = workspace.state_of(workload)?;
    let generation = state.deployment(number).map_or(0, |record| record.generation);
    let observe = Action::Observe { deployment: number, generation, observation: seen };
    workspace.carry_out(NOW, workload, observe).map(|_| ())
}

#[test]
fn i4_a_restored_life_takes_what_its_replicas_take_and_no_more() {
    let (mut workspace, m) = load(&documents(5));
    assert_eq!(free(&workspace), 5);
    let number = up(&mut workspace, &m, "m/one").unwrap();
    assert_eq!(free(&workspace), 3);
    let written = serde_json::to_string(&workspace.life(&m).unwrap().snapshot()).unwrap();
    let journal = || Journal::restore(serde_json::from_str(&written).unwrap()).unwrap();

    // Four GPUs a replica: the alternative that is met there, not the first.
    let (mut fresh, m) = load(&documents(5));
    fresh.restore_life(&m, journal()).unwrap();
    assert_eq!((free(&fresh), fresh.life(&m)), (3, workspace.life(&m)));
    // Restored over itself, or beside a document of the same replicas, it is there once.
    fresh.restore_life(&m, journal()).unwrap();
    assert_eq!(free(&fresh), 3);
    let (mut told, m) = load(&[documents(5), vec![runs("r", "m/one", 2)]].concat());
    assert_eq!(free(&told), 3);
    told.restore_life(&m, journal()).unwrap();
    assert_eq!(free(&told), 3);
    // It goes on as it would have.
    fresh.carry_out(NOW, &m, Action::Deactivate(number)).unwrap();
    assert_eq!(free(&fresh), 3);
    see(&mut fresh, &m, number, Observation::Drained).unwrap();
    assert_eq!(free(&fresh), 5);
}

#[test]
fn i4_a_life_that_does_not_fit_is_not_restored() {
    let (mut workspace, m) = load(&documents(5));
    up(&mut workspace, &m, "m/one").unwrap();
    let journal = workspace.life(&m).unwrap().clone();

    let (mut small, m) = load(&documents(1));
    let refusal = small.restore_life(&m, journal.clone()).unwrap_err();
    assert_eq!((refusal.rule, free(&small), small.life(&m)), ("I4", 1, None));
    assert!(refusal.reason.starts_with("2 replicas of `m-1` on `paris`: "), "{refusal}");

    let (mut elsewhere, m) =
        load(&[document("Cluster", "oslo", "provider: p, country: no, flavors: [{type: gpu, name: t4}]")]);
    let refusal = elsewhere.restore_life(&m, journal.clone()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "2 replicas of `m-1` on `paris`: pool `a` of cluster `paris` does not exist (I4); load the cluster as it was"
    );

    // Nor one of another workload.
    let (mut workspace, _) = load(&documents(5));
    let n = workspace.workload("model", &"n".parse().unwrap()).unwrap();
    assert_eq!(workspace.restore_life(&n, journal).unwrap_err().rule, "L1");
    assert_eq!(free(&workspace), 5);
}

#[test]
fn i4_replicas_run_on_where_nothing_new_would_be_placed() {
    let (mut workspace, m) = load(&documents(5));
    up(&mut workspace, &m, "m/one").unwrap();
    let journal = workspace.life(&m).unwrap().clone();
    let mut closed = documents(5);
    closed[0] = closed[0].replace("country: fr", "country: fr, cordoned: true");
    let (mut closed, m) = load(&closed);
    closed.restore_life(&m, journal).unwrap();
    assert_eq!(closed.life(&m).unwrap().state().deployments().map(|record| record.replicas()).sum::<u32>(), 2);
}

#[test]
fn e3_what_runs_alone_under_an_environment_holds_it() {
    let (mut workspace, m) = load(&[documents(5), vec![runs("r1", "m/one", 1), runs("r2", "m/one", 1)]].concat());
    assert_eq!(free(&workspace), 3);
    let [number] = workspace.adopt_life(NOW, &m).unwrap()[..] else { panic!("one deployment runs") };
    assert_eq!((free(&workspace), workspace.running().len()), (3, 0));
    let state = workspace.state_of(&m).unwrap();
    let one = state.deployment(number).unwrap();
    assert_eq!((one.name.as_str(), one.status, one.replicas()), ("one", Status::Active, 2));
    assert!(
        matches!(state.route(&Endpoint::Workload), Answer::Routed(callee) if callee.version.as_deref() == Some("v1"))
    );
    assert_eq!(workspace.life(&m).unwrap().replay().as_ref(), Ok(&state));
    // From here on it is a life like any other.
    assert_eq!(workspace.adopt_life(NOW, &m).unwrap_err().rule, "L1");
    assert_eq!(workspace.carry_out(NOW, &m, Action::Delete(number)).unwrap_err().rule, "L9");
    workspace.carry_out(NOW, &m, Action::Deactivate(number)).unwrap();
    see(&mut workspace, &m, number, Observation::Drained).unwrap();
    assert_eq!(free(&workspace), 5);
}

#[test]
fn e3_of_several_that_run_under_an_environment_none_holds_it_yet() {
    let (mut workspace, m) = load(&[documents(5), vec![runs("r1", "m/one", 2), runs("r2", "m/two", 1)]].concat());
    let numbers = workspace.adopt_life(NOW, &m).unwrap();
    let state = workspace.state_of(&m).unwrap();
    assert_eq!((numbers.len(), state.holder("production"), free(&workspace)), (2, None, 2));
    let two = state.find("two").unwrap();
    workspace.carry_out(NOW, &m, Action::promote(two, "production".parse().unwrap())).unwrap();
    let state = workspace.state_of(&m).unwrap();
    assert_eq!(state.holder("production").map(|holder| holder.number), Some(two));
}

#[test]
fn i4_what_does_not_run_is_not_adopted() {
    let (mut workspace, m) = load(&documents(5));
    let refusal = workspace.adopt_life(NOW, &m).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "no replicas of `m` are known to run (I4); declare its replicas with `kind: Placement`, or push it"
    );
    let draft = documents(5).iter().map(|text| text.replace("name: one", "name: development")).collect::<Vec<_>>();
    let (mut workspace, m) = load(&[draft, vec![runs("r", "m/development", 1)]].concat());
    assert_eq!(workspace.adopt_life(NOW, &m).unwrap_err().rule, "L1");
    assert_eq!((workspace.life(&m), workspace.running().len(), free(&workspace)), (None, 1, 4));
}
