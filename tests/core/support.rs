//! Small fleets and changes of them, in few words.

use proptest::prelude::*;
use siting::deployment::Workload;
use siting::inventory::{Request, ReservationId};
use siting::lifecycle::{Action, Number, Observation, Place, Push, PushKind, Settings};
use siting::manifest::{Kind, read_str};
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{AttachmentPoint, ChangeStep, Workspace, WorkspaceChange, WorkspaceState};

/// Two clusters of one pool `p` of three nodes with ten cores each, in two countries, and a policy for each country.
pub(crate) const CLUSTERS: &str = "
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
kind: Cluster
metadata: {name: berlin}
spec: {provider: onprem, country: de, pools: [{name: p, nodes: 3, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: p, nodes: 3, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}
---
";

pub(crate) fn moment(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

pub(crate) fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n---\n")
}

/// The document of a cluster with a pool `p`.
pub(crate) fn cluster(name: &str, country: &str, nodes: u32, cpu: u32) -> String {
    let pools = format!("[{{name: p, nodes: {nodes}, cpuFlavor: x86, cpu: {cpu}, memory: 64Gi}}]");
    document("Cluster", name, &format!("{{provider: onprem, country: {country}, pools: {pools}}}"))
}

pub(crate) fn put(text: &str) -> WorkspaceChange {
    WorkspaceChange::new().put(read_str("new.yaml", text))
}

/// All that there is of a workspace, as it is kept.
pub(crate) fn text(workspace: &Workspace) -> String {
    workspace.state().to_json()
}

/// Who is restored from what is kept.
#[track_caller]
pub(crate) fn restored(workspace: &Workspace) -> Workspace {
    Workspace::restore(WorkspaceState::from_json(&text(workspace)).unwrap()).unwrap()
}

/// So many replicas on pool `p` of a cluster.
pub(crate) fn place(cluster: &str, replicas: u32) -> Place {
    Place { cluster: cluster.parse().unwrap(), pool: "p".parse().unwrap(), flavor: "cpu:x86".into(), replicas }
}

pub(crate) fn cores(cpu: u32) -> Request {
    Request { cpu: cpu.to_string().parse().unwrap(), ..Request::default() }
}

pub(crate) fn reserve(cluster: &str, cpu: u32) -> WorkspaceChange {
    WorkspaceChange::new().then(ChangeStep::Reserve(vec![(place(cluster, 1), cores(cpu))]))
}

/// The settings of a document, with so many cores for each replica.
pub(crate) fn settings(cpu: u32, replicas: u32) -> Settings {
    let spec = format!("{{model: x, replicas: {replicas}, resources: {{cpu: {cpu}, memory: 1Gi}}}}");
    read_str("d", &document("Deployment", "x", &spec)).specs.deployments[0].settings()
}

pub(crate) fn pushed(kind: PushKind, cpu: u32, replicas: u32) -> Action {
    Action::Push(Push { settings: settings(cpu, replicas).into(), ..Push::new(kind, "v1") })
}

/// A published version of a model.
pub(crate) fn push(name: &str, cpu: u32, replicas: u32) -> WorkspaceChange {
    command(name, pushed(PushKind::Published, cpu, replicas))
}

pub(crate) fn command(name: &str, action: Action) -> WorkspaceChange {
    WorkspaceChange::new().command("model", name.parse().unwrap(), action)
}

/// What is seen of a model's first deployment.
pub(crate) fn observe(name: &str, generation: u64, observation: Observation) -> WorkspaceChange {
    command(name, Action::Observe { deployment: Number::new(1), generation, observation })
}

/// The workload of a model.
pub(crate) fn life(workspace: &Workspace, name: &str) -> Workload {
    workspace.workload("model", &name.parse().unwrap()).unwrap()
}

/// Brings a model's first deployment to life, of so many cores and replicas.
#[track_caller]
pub(crate) fn run(workspace: &mut Workspace, now: Moment, name: &str, cpu: u32, replicas: u32) -> Workload {
    workspace.change(now, push(name, cpu, replicas)).unwrap();
    for (generation, observation) in [(1, Observation::Built), (2, Observation::Ready)] {
        workspace.change(now, observe(name, generation, observation)).unwrap();
    }
    life(workspace, name)
}

/// Changes of all kinds, small enough that many are accepted and many refused.
pub(crate) fn changes() -> impl Strategy<Value = WorkspaceChange> {
    let cluster = || prop::sample::select(vec!["berlin", "paris", "rome"]);
    let policy = || prop::sample::select(vec!["only-de", "only-fr", "none"]);
    let name = || prop::sample::select(vec!["x", "y"]);
    let one = prop_oneof![
        (cluster(), 0..5_u32, 1..12_u32).prop_map(|(name, nodes, cpu)| put(&self::cluster(
            name,
            if name == "paris" { "fr" } else { "de" },
            nodes.max(1),
            cpu
        ))),
        (cluster(), 0..5_u32).prop_map(|(name, nodes)| WorkspaceChange::new().set_nodes(name, "p", nodes.max(1))),
        cluster().prop_map(|name| WorkspaceChange::new().remove(Kind::Cluster, name)),
        (cluster(), any::<bool>())
            .prop_map(|(name, cordoned)| WorkspaceChange::new()
                .then(ChangeStep::SetCordoned { cluster: name.into(), cordoned })),
        (policy(), any::<bool>()).prop_map(|(name, on)| {
            let at = AttachmentPoint::Environment("production".to_owned());
            let change = WorkspaceChange::new();
            if on { change.attach(at, name, Enforcement::Enforce) } else { change.detach(at, name) }
        }),
        policy().prop_map(|name| WorkspaceChange::new().remove(Kind::Policy, name)),
        (policy(), policy()).prop_map(|(name, of)| {
            let country = if of == "only-de" { "de" } else { "fr" };
            put(&document(
                "Policy",
                name,
                &format!("{{type: location, locations: [{{type: country, name: {country}}}]}}"),
            ))
        }),
        (cluster(), 1..9_u32).prop_map(|(name, cpu)| reserve(name, cpu)),
        (0..6_u64).prop_map(|id| WorkspaceChange::new().then(ChangeStep::Release(ReservationId::new(id)))),
        (name(), 1..9_u32, 1..4_u32).prop_map(|(name, cpu, replicas)| push(name, cpu, replicas)),
        (name(), 1..4_u64).prop_map(|(name, generation)| observe(name, generation, Observation::Built)),
        (name(), 1..4_u64).prop_map(|(name, generation)| observe(name, generation, Observation::Ready)),
        (name(), 1..5_u32)
            .prop_map(|(name, replicas)| command(name, Action::Scale { deployment: Number::new(1), replicas },)),
        name().prop_map(|name| command(name, Action::Deactivate(Number::new(1)),)),
    ];
    prop::collection::vec(one, 1..3).prop_map(|parts| {
        let steps = parts.iter().flat_map(|part| part.steps().iter().cloned());
        steps.fold(WorkspaceChange::new(), WorkspaceChange::then)
    })
}
