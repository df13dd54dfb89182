//! Whatever can be loaded can be put and removed later, whole or not at all (W1, W2).

use proptest::prelude::*;
use siting::inventory::Owner;
use siting::lifecycle::{Action, Observation, Push, PushKind};
use siting::manifest::{Kind, Source, read_str};
use siting::origin::ProblemCode;
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{
    AttachmentPoint, ChangeStep, LoadOptions, LookupError, Workspace, WorkspaceChange, WorkspaceState,
};

use super::support::{self, CLUSTERS, cluster, cores, document, place, put, restored, text};

const NOW: Moment = Moment::from_millis(1000);

/// Two clusters, and deployments in two environments.
fn documents() -> String {
    let needs = "resources: {cpu: 4, memory: 1Gi}";
    let staging = document("Environment", "staging", "{policies: [only-de]}");
    let a = document("Deployment", "a", &format!("{{model: m, environment: staging, {needs}}}"));
    let b = document("Deployment", "b", &format!("{{model: m, {needs}}}"));
    format!("{CLUSTERS}{staging}{a}{b}")
}

fn fleet() -> Workspace {
    documents().parse().unwrap()
}

/// The messages and helps of a change that is refused, after which not a byte is other.
#[track_caller]
fn refused(workspace: &mut Workspace, change: WorkspaceChange) -> Vec<String> {
    let before = text(workspace);
    let error = workspace.change(NOW, change).unwrap_err();
    assert_eq!(text(workspace), before);
    let shown = |problem: &siting::origin::Problem| match &problem.help {
        Some(help) => format!("{problem}; {help}"),
        None => problem.to_string(),
    };
    error.problems.iter().map(shown).collect()
}

/// Who is restored from what is written down is the same, and decides the same.
#[track_caller]
fn comes_back(workspace: &Workspace) {
    let restored = restored(workspace);
    assert_eq!(restored.state(), workspace.state());
    let places = |workspace: &Workspace| {
        let outcomes = workspace.place_all();
        outcomes.iter().map(|outcome| workspace.places(&outcome.decision)).collect::<Vec<_>>()
    };
    assert_eq!(places(&restored), places(workspace));
    for (old, new) in workspace.inventory().fleet().pools().iter().zip(restored.inventory().fleet().pools()) {
        assert_eq!(old.def.nodes, new.def.nodes);
    }
}

/// W1: an id means the same thing as long as that is there, and is refused elsewhere and afterwards.
#[test]
fn w1_an_id_is_never_another_thing() {
    let mut workspace = fleet();
    let (a, b) = (workspace.find_deployment("a").unwrap(), workspace.find_deployment("b").unwrap());
    let (de, fr) = (workspace.find_policy("only-de").unwrap(), workspace.find_policy("only-fr").unwrap());
    let staging = workspace.find_environment("staging").unwrap();
    // Whatever goes, comes and moves to another place of the order, the others stay what they are.
    let change = put(&document("Deployment", "c", "{model: m, priority: 5, policies: [only-fr]}"))
        .detach(AttachmentPoint::Environment("staging".to_owned()), "only-de")
        .remove(Kind::Policy, "only-de")
        .remove(Kind::Deployment, "m/a");
    workspace.change(NOW, change).unwrap();
    assert_eq!(workspace.deployment(b).unwrap().name.as_str(), "b");
    assert_eq!(workspace.find_deployment("b").unwrap(), b);
    assert_eq!(workspace.policies().get(fr).unwrap().name().as_str(), "only-fr");
    assert_eq!(workspace.environment(staging).unwrap().name.as_str(), "staging");
    assert!(matches!(workspace.place(a), Err(LookupError::Foreign { kind: "deployment", .. })));
    assert!(workspace.attach(b, de, Enforcement::Enforce).is_err());
    // One of the same name is another one.
    workspace.change(NOW, put(&documents())).unwrap();
    assert_ne!(workspace.find_deployment("a").unwrap(), a);
    assert_ne!(workspace.find_policy("only-de").unwrap(), de);
    assert!(workspace.deployment(a).is_none() && workspace.policies().get(de).is_none());
    // Nor are those of another workspace known, or of a clone that went its own way.
    let mut other = fleet();
    assert!(matches!(other.place(b), Err(LookupError::Foreign { .. })));
    let foreign = other.find_policy("only-fr").unwrap();
    assert!(workspace.attach(b, foreign, Enforcement::Audit).is_err());
    let before = other.clone();
    other.change(NOW, put(&document("Deployment", "c", "{model: m}"))).unwrap();
    let mut twin = before.clone();
    twin.change(NOW, put(&document("Deployment", "d", "{model: m}"))).unwrap();
    let (c, d) = (other.find_deployment("c").unwrap(), twin.find_deployment("d").unwrap());
    assert!(other.deployment(d).is_none() && twin.deployment(c).is_none() && before.deployment(c).is_none());
}

/// W1: so it is with types of workloads, which outlive changes of those beside them.
#[test]
fn w1_a_workload_type_stays_what_it_is() {
    let types = |types: &str| put(&document("Workspace", "acme", &format!("{{resourceTypes: [{types}]}}")));
    let mut workspace = fleet();
    workspace.change(NOW, types("batch, pipeline")).unwrap();
    let pipeline = workspace.workload("pipeline", &"x".parse().unwrap()).unwrap();
    let batch = workspace.workload("batch", &"x".parse().unwrap()).unwrap();
    workspace.change(NOW, types("pipeline, stream")).unwrap();
    assert_eq!(workspace.workload("pipeline", &"x".parse().unwrap()), Some(pipeline.clone()));
    let push = |kind| Action::Push(Push::new(kind, "v1"));
    assert_eq!(workspace.carry_out(NOW, &batch, push(PushKind::Published)).unwrap_err().rule, "W1");
    workspace.carry_out(NOW, &pipeline, push(PushKind::Published)).unwrap();
    assert_eq!(
        refused(&mut workspace, types("stream")),
        ["(built in code): the workload type `pipeline` has the life of pipeline `x`; \
          stop or delete what refers to it first, or keep it"]
    );
    let names: Vec<_> =
        workspace.catalog().resource_types().map(|id| workspace.catalog().resource_type_name(id)).collect();
    assert_eq!(names, ["agent", "function", "model", "pipeline", "stream"]);
    comes_back(&workspace);
}

/// W2: a document replaces the whole one of its kind and name; one that says the same changes nothing.
#[test]
fn w2_a_document_is_put_whole() {
    let mut workspace = fleet();
    assert!(!workspace.change(NOW, put(&documents())).unwrap().changed);
    let wider = "{type: location, locations: [{type: continent, name: eu}]}";
    assert!(workspace.change(NOW, put(&document("Policy", "only-de", wider))).unwrap().changed);
    assert_eq!(workspace.count_allowed("a").unwrap(), 2);
    workspace.change(NOW, put(&document("Environment", "staging", "{}"))).unwrap();
    assert!(workspace.environment(workspace.find_environment("staging").unwrap()).unwrap().attachments.is_empty());
    workspace.change(NOW, put(&cluster("berlin", "fr", 1, 4))).unwrap();
    assert_eq!(workspace.inventory().fleet().clusters()[0].country, workspace.catalog().country("fr").unwrap());
    comes_back(&workspace);
}

/// W2: all that is wrong is said at once, as a load says it, and nothing has changed.
#[test]
fn w2_a_change_is_refused_whole_with_all_its_problems() {
    let mut workspace = fleet();
    let text = [
        document("Deployment", "ok", "{model: ok}"),
        document("Deployment", "c", "{model: m, policies: [only-df], polices: []}"),
        document("Policy", "bad", "{type: location, locations: [{type: country, name: zz}]}"),
        cluster("rome", "xx", 1, 1),
    ];
    let change = put(&text.concat())
        .remove(Kind::Environment, "stagin")
        .attach(AttachmentPoint::Deployment("m/b".to_owned()), "bad", Enforcement::Enforce)
        .set_nodes("berlin", "q", 3);
    let problems = refused(&mut workspace, change);
    let says = |what: &str| assert!(problems.iter().any(|problem| problem.contains(what)), "{what}: {problems:#?}");
    says("new.yaml:9:39: a deployment's spec has no field `polices`");
    says("new.yaml:9:29: no policy is called `only-df`; did you mean `only-de` or `only-fr`?");
    says("no country is called `zz`");
    says("no country is called `xx`");
    says("no environment is called `stagin`; did you mean `staging`?");
    says("no pool is called `q`");
    assert_eq!(problems.len(), 6, "{problems:#?}");
    // Two of one name in one text are two, as in a load.
    let twice = [cluster("rome", "it", 1, 1), cluster("rome", "it", 2, 1)].concat();
    assert!(refused(&mut workspace, put(&twice))[0].contains("`rome` is defined twice"));
}

/// W2: what is referred to is not removed, unless the same change removes the references.
#[test]
fn w2_what_is_referred_to_stays() {
    let mut workspace = fleet();
    let removal = || WorkspaceChange::new().remove(Kind::Policy, "only-de");
    assert_eq!(
        refused(&mut workspace, removal()),
        ["<text>:25:19: policy `only-de` is attached to environment `staging`; \
          detach it there in the same change, or keep it"]
    );
    let staging = WorkspaceChange::new().remove(Kind::Environment, "staging");
    assert_eq!(
        refused(&mut workspace, staging.clone()),
        ["<text>:30:31: environment `staging` governs deployment `m/a`; \
          remove the deployment, or put it elsewhere, in the same change"]
    );
    let production = WorkspaceChange::new().remove(Kind::Environment, "production");
    assert_eq!(
        refused(&mut workspace, production),
        ["(built in code): `production` cannot be removed; put it without policies instead"]
    );
    // In one change, in whatever order.
    let all = removal().remove(Kind::Environment, "staging").remove(Kind::Deployment, "model/m/a");
    workspace.change(NOW, all).unwrap();
    assert!(workspace.find_policy("only-de").is_err() && workspace.find_environment("staging").is_err());
    comes_back(&workspace);
}

/// W2: who uses what is taken out is told, each with its place and what to do about it.
#[test]
fn w2_who_uses_what_is_taken_out_is_told() {
    let root =
        "{defaultEnvironment: staging, policies: [only-de], groups: {nordics: [se, no]}, resourceTypes: [batch]}";
    let more = [
        document("Workspace", "acme", root),
        document(
            "Policy",
            "north",
            "{type: location, resourceTypes: [batch], locations: [{type: group, name: nordics}]}",
        ),
        document("Deployment", "c", "{model: m, placement: {prefer: [{favourites: [{cluster: paris, weight: 1}]}]}}"),
        document("Deployment", "d", "{model: m, policies: [only-de]}"),
        document("Placement", "runs", "{deployment: d, cluster: berlin, pool: p, replicas: 1}"),
    ];
    let mut workspace: Workspace = format!("{}{}", documents(), more.concat()).parse().unwrap();
    let mut told = |change: WorkspaceChange| -> Vec<String> {
        let codes = workspace.clone().change(NOW, change.clone()).unwrap_err().problems;
        assert!(codes.iter().all(|problem| problem.code == ProblemCode::InUse), "{codes:?}");
        let problems = refused(&mut workspace, change);
        assert!(problems.iter().all(|problem| problem.contains("in the same change")), "{problems:?}");
        problems
            .iter()
            .map(|problem| problem.split("; ").next().unwrap().split_once(": ").unwrap().1.to_owned())
            .collect()
    };
    let remove = |kind, name: &str| WorkspaceChange::new().remove(kind, name);
    assert_eq!(
        told(remove(Kind::Policy, "only-de")),
        [
            "policy `only-de` is attached to environment `staging`",
            "policy `only-de` is attached to the workspace",
            "policy `only-de` is attached to deployment `m/d`"
        ]
    );
    assert_eq!(
        told(remove(Kind::Environment, "staging")),
        ["environment `staging` governs deployment `m/a`", "environment `staging` is the default of the workspace"]
    );
    assert_eq!(told(remove(Kind::Cluster, "paris")), ["deployment `m/c` prefers cluster `paris`"]);
    assert_eq!(told(remove(Kind::Deployment, "m/d")), ["placement `runs` has replicas of deployment `m/d`"]);
    assert_eq!(
        told(put(&document("Workspace", "acme", "{}"))),
        [
            "workload type `batch` is in use here, and the change takes it out of the workspace",
            "group `nordics` is in use here, and the change takes it out of the workspace"
        ]
    );
}

/// W2: what lives refer to is referred to.
#[test]
fn w2_lives_hold_what_they_need() {
    let mut workspace = fleet();
    workspace.change(NOW, put(&document("Environment", "lab", "{}"))).unwrap();
    let life = workspace.workload("model", &"x".parse().unwrap()).unwrap();
    let settings = "{model: x, policies: [only-fr], resources: {cpu: 4, memory: 1Gi}}";
    let settings = read_str("d", &document("Deployment", "x", settings)).specs.deployments[0].settings();
    let lab = Some("lab".parse().unwrap());
    let push = Push { settings: settings.into(), environment: lab, ..Push::new(PushKind::Published, "v1") };
    workspace.carry_out(NOW, &life, Action::Push(push)).unwrap();
    let number = workspace.life(&life).unwrap().state().find("x-1").unwrap();
    let built = Action::Observe { deployment: number, generation: 1, observation: Observation::Built };
    workspace.carry_out(NOW, &life, built).unwrap();
    let problems = refused(
        &mut workspace,
        WorkspaceChange::new().remove(Kind::Environment, "lab").remove(Kind::Policy, "only-fr"),
    );
    assert!(problems[0].contains("environment `lab` governs `x-1` of model `x`"), "{problems:?}");
    assert!(problems[1].contains("policy `only-fr` is attached to `x-1` of model `x`"), "{problems:?}");
    let problems = refused(&mut workspace, WorkspaceChange::new().remove(Kind::Cluster, "paris"));
    assert!(
        problems[0].contains("1 reservation holds room on cluster `paris`; move or release it first"),
        "{problems:?}"
    );
    assert!(workspace.remove_environment("lab").is_err());
    // All that it does not need may go, and it goes on.
    workspace.change(NOW, WorkspaceChange::new().remove(Kind::Cluster, "berlin")).unwrap();
    comes_back(&workspace);
    let ready = Action::Observe { deployment: number, generation: 2, observation: Observation::Ready };
    workspace.carry_out(NOW, &life, ready).unwrap();
    workspace.carry_out(NOW, &life, Action::Deactivate(number)).unwrap();
    comes_back(&workspace);
}

/// I1, W2: fewer nodes than are used close those that are gone, and tell who ran there. Nothing new comes to them.
#[test]
fn w2_a_pool_shrinks_below_its_use() {
    let mut workspace = fleet();
    support::run(&mut workspace, NOW, "x", 6, 3);
    let host = workspace.reserve(&[(place("berlin", 3), cores(4))]).unwrap()[0];
    let changed = workspace.change(NOW, WorkspaceChange::new().set_nodes("berlin", "p", 1)).unwrap();
    let told: Vec<_> = changed.displaced.iter().map(|it| (it.owner.clone(), it.replicas)).collect();
    assert_eq!(told, [(Owner::Deployment("model/x/x-1".into()), 2), (Owner::Host, 2)]);
    assert_eq!(changed.displaced[1].reservation, host);
    assert_eq!(workspace.inventory().nodes(siting::id::Id::from_index(0)).unwrap().count(), 1);
    assert!(workspace.clone().reserve(&[(place("berlin", 1), cores(1))]).is_err());
    comes_back(&workspace);
    // The lowest closed one is the first to come back, with all that it held.
    workspace.change(NOW, WorkspaceChange::new().set_nodes("berlin", "p", 2)).unwrap();
    comes_back(&workspace);
    workspace.release(host).unwrap();
    assert!(workspace.clone().reserve(&[(place("berlin", 2), cores(4))]).is_ok());
    assert!(workspace.clone().reserve(&[(place("berlin", 3), cores(4))]).is_err());
    // Those that are named go first.
    let gone = ChangeStep::SetNodes { cluster: "berlin".into(), pool: "p".into(), nodes: 1, gone: vec![0] };
    let changed = workspace.change(NOW, WorkspaceChange::new().then(gone.clone())).unwrap();
    assert_eq!(changed.displaced.len(), 1);
    comes_back(&workspace);
    assert_eq!(
        refused(&mut workspace, WorkspaceChange::new().then(gone)),
        ["<text>:14:18: pool `p` of cluster `berlin`: there is no node 0"]
    );
    // A pool can come back whole, or go down to nothing.
    workspace.change(NOW, WorkspaceChange::new().set_nodes("berlin", "p", 3)).unwrap();
    let nodes = workspace.inventory().nodes(siting::id::Id::from_index(0)).unwrap().clone();
    let mut fresh = fleet();
    support::run(&mut fresh, NOW, "x", 6, 3);
    assert_eq!(fresh.inventory().nodes(siting::id::Id::from_index(0)), Some(&nodes));
    // What a document says that is in use does not hinder it either.
    let used = "{provider: onprem, country: it, pools: [{name: p, nodes: 3, cpuFlavor: x86, cpu: 10, memory: 64Gi, \
                used: {cpu: 25}}]}";
    workspace.change(NOW, put(&document("Cluster", "rome", used))).unwrap();
    workspace.change(NOW, WorkspaceChange::new().set_nodes("rome", "p", 1)).unwrap();
    comes_back(&workspace);
    assert!(workspace.clone().reserve(&[(place("rome", 1), cores(1))]).is_err());
    workspace.change(NOW, WorkspaceChange::new().set_nodes("rome", "p", 3)).unwrap();
    assert!(workspace.clone().reserve(&[(place("rome", 1), cores(5))]).is_ok());
}

/// W2: a document that leaves no room for what runs is refused, and says whose it is.
#[test]
fn w2_what_runs_keeps_its_room() {
    let mut workspace = fleet();
    let id = workspace.reserve(&[(place("berlin", 1), cores(6))]).unwrap()[0];
    let small = refused(&mut workspace, put(&cluster("berlin", "de", 3, 5)));
    let room =
        format!("pool `p` of cluster `berlin` would have no room for what the host holds there by reservation {id}");
    assert_eq!(small, [format!("new.yaml:3:18: {room}")]);
    let renamed =
        "{provider: onprem, country: de, pools: [{name: q, nodes: 3, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}";
    let gone = refused(&mut workspace, put(&document("Cluster", "berlin", renamed)));
    assert!(gone[0].contains("1 reservation holds room on pool `p` of cluster `berlin`"), "{gone:?}");
    workspace.change(NOW, put(&cluster("berlin", "de", 3, 6))).unwrap();
    comes_back(&workspace);
    workspace.release(id).unwrap();
    workspace.change(NOW, WorkspaceChange::new().remove(Kind::Cluster, "berlin")).unwrap();
    assert!(workspace.find_cluster("berlin").is_err());
}

/// W2, I4: what documents say that runs follows them.
#[test]
fn w2_placements_are_put_and_removed() {
    let mut workspace = fleet();
    let runs = |replicas: u32, on: &str| {
        put(&document(
            "Placement",
            "a-1",
            &format!("{{deployment: m/a, cluster: {on}, pool: p, replicas: {replicas}}}"),
        ))
    };
    workspace.change(NOW, runs(2, "berlin")).unwrap();
    let held = |workspace: &Workspace| workspace.inventory().reservations().collect::<Vec<_>>();
    let first = held(&workspace);
    assert_eq!((first.len(), workspace.running().len()), (1, 1));
    // Other changes leave it where it is; one of its deployment's demand does not.
    workspace.change(NOW, put(&cluster("rome", "it", 3, 10))).unwrap();
    assert_eq!(held(&workspace), first);
    workspace.change(NOW, put(&document("Deployment", "a", "{model: m, resources: {cpu: 5, memory: 1Gi}}"))).unwrap();
    assert_eq!(workspace.inventory().reservation(held(&workspace)[0]).unwrap().replicas(), 2);
    assert_ne!(held(&workspace), first);
    comes_back(&workspace);
    let problems = refused(&mut workspace, runs(9, "berlin"));
    assert!(problems[0].contains("more runs on pool `p` than it holds"), "{problems:?}");
    assert!(refused(&mut workspace, WorkspaceChange::new().remove(Kind::Deployment, "a"))[0].contains("`m/a`"));
    workspace.change(NOW, runs(1, "paris")).unwrap();
    assert_eq!(workspace.running_violations().len(), 0);
    workspace.change(NOW, WorkspaceChange::new().remove(Kind::Placement, "a-1")).unwrap();
    assert!(held(&workspace).is_empty() && workspace.running().is_empty());
}

/// P10, W2: policies are attached and detached; what leaves a deployment nothing is refused.
#[test]
fn w2_policies_are_attached_and_detached() {
    let mut workspace = fleet();
    let of_a = || AttachmentPoint::Deployment("m/a".to_owned());
    let attach = |policy: &str| WorkspaceChange::new().attach(of_a(), policy, Enforcement::Enforce);
    let problems = refused(&mut workspace, attach("only-fr"));
    assert!(problems[0].contains("deployment `model/m/a`: "), "{problems:?}");
    // With the other one gone in the same change, it is none.
    let staging = AttachmentPoint::Environment("staging".to_owned());
    workspace.change(NOW, attach("only-fr").detach(staging.clone(), "only-de")).unwrap();
    assert!(!workspace.change(NOW, attach("only-fr")).unwrap().changed);
    assert_eq!(workspace.count_allowed("a").unwrap(), 1);
    comes_back(&workspace);
    let problems = refused(&mut workspace, WorkspaceChange::new().detach(staging, "only-de"));
    assert!(problems[0].contains("policy `only-de` is not attached to environment `staging`"), "{problems:?}");
    // Environments that have no document, and the workspace itself.
    for point in [AttachmentPoint::Environment("production".to_owned()), AttachmentPoint::Workspace] {
        workspace.change(NOW, WorkspaceChange::new().attach(point, "only-de", Enforcement::Audit)).unwrap();
    }
    comes_back(&workspace);
}

/// P11, A2: who loses all, loses some, gains; the workspace stays as it is.
#[test]
fn p11_a_preview_tells_who_is_hit() {
    let mut workspace = fleet();
    let x = support::run(&mut workspace, NOW, "x", 6, 1);
    let before = text(&workspace);
    let more = [
        document("Policy", "only-de", "{type: location, locations: [{type: country, name: fr}]}"),
        cluster("rome", "it", 1, 1),
    ];
    let production = AttachmentPoint::Environment("production".to_owned());
    let change = put(&more.concat()).attach(production, "only-fr", Enforcement::Enforce);
    let preview = workspace.preview(NOW, change).unwrap();
    let shown: Vec<_> = preview
        .impact
        .deployments
        .iter()
        .map(|it| (it.deployment.as_str(), it.live, it.before, it.after, it.loses, it.gains))
        .collect();
    assert_eq!(
        shown,
        [("model/m/a", false, 1, 1, 1, 1), ("model/m/b", false, 2, 1, 1, 0), ("model/x/x-1", true, 2, 1, 1, 0)]
    );
    assert_eq!(preview.impact.lose_some().count(), 3);
    assert_eq!(preview.impact.gain().count(), 1);
    assert_eq!(preview.impact.lose_all().count(), 0);
    let violations: Vec<_> = preview.violations.iter().map(|it| (&it.workload, it.places.clone())).collect();
    assert_eq!(violations, [(&x, vec![place("berlin", 1)])]);
    assert_eq!(text(&workspace), before);
    let none = WorkspaceChange::new().attach(AttachmentPoint::Workspace, "only-fr", Enforcement::Enforce);
    let preview = workspace.preview(NOW, none).unwrap();
    assert_eq!(preview.impact.lose_all().map(|it| it.deployment.as_str()).collect::<Vec<_>>(), ["model/m/a"]);
}

/// W2: documents and commands go together, or not at all.
#[test]
fn w2_a_transaction_is_all_or_nothing() {
    let mut workspace = fleet();
    let x = support::run(&mut workspace, NOW, "x", 6, 1);
    let number = workspace.life(&x).unwrap().state().find("x-1").unwrap();
    let scale = |replicas| Action::Scale { deployment: number, replicas };
    let rome = put(&cluster("rome", "it", 9, 10));
    // Six more do not fit without the new cluster.
    let command = |change: WorkspaceChange, replicas| change.command("model", "x".parse().unwrap(), scale(replicas));
    assert!(refused(&mut workspace, command(WorkspaceChange::new(), 9))[0].contains("model `x`: "));
    let both = command(rome.clone(), 90);
    assert!(refused(&mut workspace, both)[0].contains("model `x`: "));
    assert!(workspace.find_cluster("rome").is_err());
    let changed = workspace.change(NOW, command(rome, 9)).unwrap();
    assert!(!changed.effects.is_empty() && workspace.find_cluster("rome").is_ok());
    let bad = WorkspaceChange::new()
        .then(ChangeStep::Reserve(vec![(place("rome", 1), cores(1)), (place("rome", 99), cores(9))]));
    let problems = refused(&mut workspace, bad);
    assert!(problems[0].contains("pool `p` of cluster `rome`: 99 replicas are wanted"), "{problems:?}");
    comes_back(&workspace);
}

/// D10: what is not in the workspace is decided as if it were.
#[test]
fn d10_a_deployment_is_decided_that_is_not_there() {
    let workspace = fleet();
    let change = put(&document("Deployment", "new", "{model: m, environment: staging, replicas: 2}"));
    let then = workspace.what_if(NOW, change).unwrap();
    assert!(then.place("m/new").unwrap().decision.is_placed());
    assert_eq!(then.count_allowed("m/new").unwrap(), 1);
    assert!(workspace.place("m/new").is_err());
}

/// E1, W4: the built-in environment `development` can be removed, and stays removed.
#[test]
fn e1_development_stays_removed() {
    let mut workspace = fleet();
    workspace.remove_environment("development").unwrap();
    assert!(workspace.find_environment("development").is_err());
    comes_back(&workspace);
    workspace.change(NOW, put(&cluster("rome", "it", 1, 1))).unwrap();
    assert!(workspace.find_environment("development").is_err());
    assert!(workspace.remove_environment("development").is_err());
    workspace.change(NOW, put(&document("Environment", "development", "{}"))).unwrap();
    assert!(workspace.find_environment("development").is_ok());
    comes_back(&workspace);
}

/// I6, W4: clusters that were left out stay left out, until they are put right; a change brings no broken ones.
#[test]
fn i6_broken_clusters_are_kept_and_mended() {
    let broken = document("Cluster", "rome", "{provider: onprem, country: it, pools: 3}");
    let invalid = cluster("oslo", "zz", 1, 1);
    let source = Source::new("fleet.yaml", [documents().as_str(), &broken, &invalid].concat());
    let mut workspace = Workspace::from_sources(&[source], LoadOptions { quarantine: true }).unwrap();
    let names = |workspace: &Workspace| workspace.quarantined().iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&workspace), ["oslo", "rome"]);
    let restored = Workspace::restore(WorkspaceState::from_json(&text(&workspace)).unwrap()).unwrap();
    assert_eq!(names(&restored), ["oslo", "rome"]);
    assert_eq!(restored.quarantined()[1], workspace.quarantined()[1]);
    comes_back(&workspace);
    workspace.change(NOW, put(&document("Deployment", "c", "{model: m}"))).unwrap();
    assert_eq!(names(&workspace), ["oslo", "rome"]);
    assert!(refused(&mut workspace, put(&cluster("lima", "zz", 1, 1)))[0].contains("no country is called `zz`"));
    assert!(!refused(&mut workspace, put(&broken)).is_empty());
    workspace.change(NOW, put(&cluster("rome", "it", 1, 1))).unwrap();
    workspace.change(NOW, WorkspaceChange::new().remove(Kind::Cluster, "oslo")).unwrap();
    assert!(names(&workspace).is_empty() && workspace.find_cluster("rome").is_ok());
    comes_back(&workspace);
}

/// I3, W4: health and cordons are in the documents, and a document that is put says them anew.
#[test]
fn i3_health_and_cordons_outlive_other_changes() {
    let mut workspace = fleet();
    workspace.set_cordoned("berlin", true).unwrap();
    workspace.set_healthy("paris", false).unwrap();
    workspace.change(NOW, put(&cluster("rome", "it", 1, 1))).unwrap();
    let open = |workspace: &Workspace| {
        let inventory = workspace.inventory();
        ["berlin", "paris", "rome"].map(|name| inventory.is_open(inventory.fleet().find_cluster(name).unwrap()))
    };
    assert_eq!(open(&workspace), [false, false, true]);
    comes_back(&workspace);
    assert!(workspace.change(NOW, put(&cluster("berlin", "de", 3, 10))).unwrap().changed);
    let health = ChangeStep::SetHealthy { cluster: "paris".into(), healthy: true };
    assert!(workspace.change(NOW, WorkspaceChange::new().then(health.clone())).unwrap().changed);
    assert!(!workspace.change(NOW, WorkspaceChange::new().then(health)).unwrap().changed);
    assert_eq!(open(&workspace), [true, true, true]);
}

/// W2: codes tell programs what is wrong.
#[test]
fn w2_refusals_carry_codes() {
    let mut workspace = fleet();
    workspace.reserve(&[(place("paris", 1), cores(1))]).unwrap();
    let code = |workspace: &mut Workspace, change| workspace.change(NOW, change).unwrap_err().problems[0].code;
    let removed = WorkspaceChange::new().remove(Kind::Cluster, "paris");
    assert_eq!(code(&mut workspace, removed), ProblemCode::InUse);
    let unknown = WorkspaceChange::new().remove(Kind::Cluster, "parsi");
    assert_eq!(code(&mut workspace, unknown), ProblemCode::UnknownName);
    let of_a = AttachmentPoint::Deployment("a".to_owned());
    let conflict = WorkspaceChange::new().attach(of_a, "only-fr", Enforcement::Enforce);
    assert_eq!(code(&mut workspace, conflict), ProblemCode::PolicyConflict);
    let release = WorkspaceChange::new().then(ChangeStep::Release(siting::inventory::ReservationId::new(99)));
    assert_eq!(code(&mut workspace, release), ProblemCode::Refused);
}

/// Changes of which none needs another, nor undoes it.
fn independent() -> Vec<WorkspaceChange> {
    let wider = "{type: location, locations: [{type: continent, name: eu}]}";
    vec![
        put(&document("Policy", "eu", wider)),
        put(&document("Policy", "only-fr", wider)),
        put(&cluster("rome", "it", 4, 8)),
        put(&cluster("oslo", "no", 2, 8)),
        put(&document("Deployment", "c", "{model: n, replicas: 2, resources: {cpu: 2, memory: 1Gi}}")),
        WorkspaceChange::new().remove(Kind::Deployment, "m/b"),
        WorkspaceChange::new().set_nodes("berlin", "p", 1),
        WorkspaceChange::new().set_nodes("paris", "p", 7),
        WorkspaceChange::new().attach(AttachmentPoint::Workspace, "only-de", Enforcement::Audit),
        WorkspaceChange::new().then(ChangeStep::SetCordoned { cluster: "paris".into(), cordoned: true }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// W2, W4: any order of independent changes, one by one or as one, comes to the same, byte for byte; so does a
    /// restart between them.
    #[test]
    fn w2_independent_changes_commute(order in Just((0..10).collect::<Vec<usize>>()).prop_shuffle(), restart in 0..10_usize) {
        let all = independent();
        let mut straight = fleet();
        straight.reserve(&[(place("berlin", 3), cores(6))]).unwrap();
        let mut shuffled = straight.clone();
        let mut as_one = WorkspaceChange::new();
        for (done, index) in order.into_iter().enumerate() {
            shuffled.change(NOW, all[index].clone()).unwrap();
            as_one = all[index].steps().iter().cloned().fold(as_one, WorkspaceChange::then);
            if done == restart {
                shuffled = Workspace::restore(WorkspaceState::from_json(&text(&shuffled)).unwrap()).unwrap();
            }
        }
        let mut together = straight.clone();
        together.change(NOW, as_one).unwrap();
        for change in all {
            straight.change(NOW, change).unwrap();
        }
        // How often, and what came when, are theirs.
        let all = |workspace: &Workspace| {
            let mut state = serde_json::to_value(workspace.state()).unwrap();
            state["revisions"] = serde_json::Value::Null;
            state.to_string()
        };
        prop_assert_eq!(all(&shuffled), all(&straight));
        prop_assert_eq!(all(&together), all(&straight));
        comes_back(&straight);
    }
}
