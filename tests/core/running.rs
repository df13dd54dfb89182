//! Replicas that documents say run now: where they are taken to run, and how their deployment is addressed.

use siting::analysis;
use siting::manifest::Source;
use siting::report::CertificateReport;
use siting::workspace::{LoadError, LoadOptions, Workspace};

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn load(documents: &[String]) -> Result<Workspace, LoadError> {
    Workspace::from_sources(&[Source::new("test.yaml", documents.join("---\n"))], LoadOptions::default())
}

/// A cluster `c` with a pool of both kinds, a deployment `m/d` without resources, and one replica of it there.
fn running(policy: &str) -> Vec<String> {
    vec![
        document("Policy", "own", policy),
        document("Environment", "production", "policies: [own]"),
        document(
            "Cluster",
            "c",
            "provider: p, country: se, \
             pools: [{name: p, nodes: 2, cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: t4, count: 1}}]",
        ),
        document("Deployment", "d", "model: m"),
        document("Placement", "r", "deployment: m/d, cluster: c, pool: p, replicas: 1"),
    ]
}

fn forbidden(workspace: &Workspace) -> Vec<String> {
    let found = analysis::check(workspace).into_iter().filter(|finding| finding.code == "runs-where-forbidden");
    found.map(|finding| finding.message).collect()
}

/// I4, L13: a demand for any flavor runs on one that the policies allow, where the pool has one; `check` and `place`
/// agree.
#[test]
fn i4_a_demand_for_any_flavor_runs_on_an_allowed_one() {
    for (kind, code) in [("gpu", "t4"), ("cpu", "x86")] {
        let policy = format!("type: {kind}, flavors: [{{type: {kind}, name: any}}]");
        let workspace = load(&running(&policy)).unwrap();
        assert_eq!(forbidden(&workspace), Vec::<String>::new(), "{kind}");
        let pair = workspace.running()[0].pair;
        assert_eq!(workspace.inventory().fleet().names(pair).unwrap().2, code);
        let placed = workspace.place("m/d").unwrap();
        assert_eq!(placed.decision.placements()[0].pair, pair, "the current place is kept");
    }
}

/// L13: the finding says what it runs on, and which policies of which level do not allow it.
#[test]
fn l13_the_finding_names_flavor_and_policies() {
    let workspace = load(&running("type: location, locations: [{type: country, name: de}]")).unwrap();
    assert_eq!(
        forbidden(&workspace),
        ["1 replica of deployment `m/d` runs on `c`/`p` (cpu x86), which policy `own` (environment) does not allow"]
    );
    let mut documents = running("type: location, locations: [{type: country, name: de}]");
    documents[1] = document("Environment", "production", "policies: [own], require: [flavor]");
    assert_eq!(
        forbidden(&load(&documents).unwrap()),
        ["1 replica of deployment `m/d` runs on `c`/`p` (cpu x86), and can run nowhere: the environment requires a \
          flavor policy, but none is in force there or above"]
    );
}

/// L1, C8: documents address a deployment as the command line does.
#[test]
fn l1_documents_address_deployments_as_callers_do() {
    let said = |address: &str, more: &[String]| {
        let mut documents = running("type: location, locations: [{type: country, name: se}]");
        documents[4] = document("Placement", "r", &format!("deployment: {address}, cluster: c, pool: p, replicas: 1"));
        documents.extend_from_slice(more);
        match load(&documents) {
            Ok(workspace) => workspace.running().iter().map(|_| "runs".to_owned()).collect::<Vec<_>>(),
            Err(error) => error.problems.iter().map(ToString::to_string).collect(),
        }
    };
    for address in ["d", "m/d", "model/m/d"] {
        assert_eq!(said(address, &[]), ["runs"], "{address}");
    }
    let twin = [document("Deployment", "d", "model: n")];
    assert_eq!(said("d", &twin), ["test.yaml:24:20: several deployments are called `d`"]);
    assert_eq!(said("n/d", &twin), ["runs"]);
    assert_eq!(said("m/e", &[]), ["test.yaml:24:20: no deployment is called `m/e`"]);
}

/// I6: a pool that cannot be read leaves out that pool alone, whatever is wrong with it; what runs there is told of, since
/// nobody can judge it.
#[test]
fn i6_a_pool_that_cannot_be_read_is_left_out_alone() {
    let good = "{name: good, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 16Gi}";
    let quarantined = |pools: &str| {
        let documents = [
            document("Cluster", "c", &format!("provider: p, country: se, pools: [{pools}]")),
            document("Deployment", "d", "model: m, resources: {cpu: 1, memory: 1Gi}"),
            document("Placement", "r", "deployment: m/d, cluster: c, pool: bad, replicas: 2"),
        ];
        assert!(load(&documents).is_err(), "{pools}");
        let options = LoadOptions { quarantine: true };
        Workspace::from_sources(&[Source::new("test.yaml", documents.join("---\n"))], options).unwrap()
    };
    let left_out = |workspace: &Workspace| {
        let all = workspace.quarantined().iter();
        all.map(|it| (it.name.clone(), it.pool.as_ref().map(ToString::to_string))).collect::<Vec<_>>()
    };
    for bad in [
        "{name: bad, nodes: -1, cpuFlavor: x86, cpu: 4, memory: 16Gi}",
        "{name: bad, nodes: 1, cpuFlavour: x86, cpu: 4, memory: 16Gi}",
        "{name: bad, nodes: 1, cpuFlavor: x86, cpu: four, memory: 16Gi, price: 3}",
        "{name: bad, nodes: 1, cpuFlavor: x87, cpu: 4, memory: 16Gi}",
        "{name: bad}",
    ] {
        for pools in [format!("{bad}, {good}"), format!("{good}, {bad}")] {
            let workspace = quarantined(&pools);
            assert_eq!(left_out(&workspace), [("c".to_owned(), Some("bad".to_owned()))], "{pools}");
            let id = workspace.find_deployment("m/d").unwrap();
            assert!(workspace.place(id).unwrap().decision.is_placed(), "{pools}");
            let found = analysis::check(&workspace).into_iter().filter(|it| it.code == "runs-where-unknown");
            assert_eq!(
                found.map(|it| it.message).collect::<Vec<_>>(),
                ["2 replicas of deployment `m/d` run on `c`/`bad`, which is left out: whether they may is not judged"]
            );
            // A3, A5: nobody can say when the cluster is empty, or that nothing runs where it may not.
            let refused = analysis::drain(&workspace, "c").unwrap_err().to_string();
            assert_eq!(
                refused,
                "pool `bad` of cluster `c` is left out, and replicas run there; correct the pool first"
            );
            let beyond = CertificateReport::new(&workspace).unwrap_err().beyond;
            assert_eq!(beyond.keys().collect::<Vec<_>>(), ["model/m/d"]);
            // W4: it comes back as it was.
            let state = workspace.state();
            let again = Workspace::restore(state.clone()).unwrap();
            assert_eq!((left_out(&again), again.state()), (left_out(&workspace), state), "{pools}");
        }
    }
    // Nothing else is left of the cluster, or it cannot be told which pool is meant.
    for pools in [
        "{name: bad, nodes: -1}".to_owned(),
        format!("{{nodes: -1}}, {good}"),
        format!("{{name: bad, nodes: -1}}, {{name: bad, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 16Gi}}, {good}"),
        format!("{{name: bad, nodes: -1}}, {good}], cordonned: [true"),
    ] {
        assert_eq!(left_out(&quarantined(&pools)), [("c".to_owned(), None)], "{pools}");
    }
}
