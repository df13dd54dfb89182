//! What reasons say: which resource is short and by how much, which condition is not met, what each alternative
//! would place. Each sentence answers "what would I do now?" (D6).

use siting::manifest::Source;
use siting::placement::{Code, Reason};
use siting::workspace::{LoadOptions, Workspace};

fn workspace(documents: &[&str]) -> Workspace {
    let with_head = |document: &&str| match document.starts_with("apiVersion") {
        true => format!("{document}\n"),
        false => format!("apiVersion: siting.dev/v1\n{document}\n"),
    };
    let text = documents.iter().map(with_head).collect::<Vec<_>>().join("---\n");
    Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap()
}

fn refusal(workspace: &Workspace) -> Vec<Reason> {
    workspace.place("d").unwrap().decision.refusal().unwrap().reasons.clone()
}

fn messages(reasons: &[Reason]) -> Vec<(&'static str, String)> {
    reasons.iter().map(|reason| (reason.code.as_str(), reason.message())).collect()
}

/// The code, the sentence.
fn said(documents: &[&str]) -> Vec<(&'static str, String)> {
    messages(&refusal(&workspace(documents)))
}

const GPU_POOL: &str = "kind: Cluster\nmetadata: {name: c}\nspec: {provider: own, country: de, pools: [{name: p, nodes: 2, \
    cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: t4, count: 2}}]}";

#[test]
fn d6_each_resource_that_is_short_is_named_with_both_amounts() {
    let big =
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, resources: {cpu: 8, memory: 100Gi, gpu: {count: 1}}}";
    assert_eq!(
        said(&[GPU_POOL, big])[1],
        (
            "does-not-fit-node",
            "one replica is more than a whole node holds: cpu 8 wanted, at most 4 on a node; memory 100Gi wanted, at \
             most 16Gi on a node"
                .to_owned()
        )
    );
    // Both nodes have a GPU, and one core left.
    let used =
        GPU_POOL.replace("gpu: {type: t4, count: 2}", "gpu: {type: t4, count: 2}, usedPerNode: [{cpu: 3}, {cpu: 3}]");
    let fits =
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, resources: {cpu: 2, memory: 1Gi, gpu: {count: 1}}}";
    let reasons = refusal(&workspace(&[&used, fits]));
    let short = reasons.iter().find(|reason| reason.code == Code::InsufficientCapacity).unwrap().figures().short;
    assert_eq!(
        short.iter().map(|it| (it.resource.as_str(), it.wanted, it.most)).collect::<Vec<_>>(),
        [("cpu", 2000, 1000)]
    );
}

#[test]
fn d6_the_condition_that_is_not_met_is_named_and_whether_it_is_only_unknown() {
    let own = "kind: Workspace\nmetadata: {name: w}\nspec: {flavors: [{type: gpu, name: x900}]}";
    let cluster = GPU_POOL.replace("type: t4", "type: x900");
    let by_memory = "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1, memory: 80Gi}}}";
    let of_pairs = |documents: &[&str]| {
        let workspace = workspace(documents);
        let pairs = workspace.explain_cluster("d", "c").unwrap();
        pairs.iter().map(|pair| messages(&pair.reasons)).collect::<Vec<_>>()
    };
    let general = "the hardware is not what is demanded";
    assert_eq!(
        of_pairs(&[own, &cluster, by_memory]),
        [
            vec![("no-such-flavor", format!("{general}: kind gpu wanted"))],
            vec![("no-such-flavor", format!("{general}: memory 80Gi wanted, and what the flavor has is not known"))],
        ]
    );
    let by_type = by_memory.replace("memory: 80Gi", "type: [h100, l4]");
    assert_eq!(
        of_pairs(&[own, &cluster, &by_type])[1],
        [("no-such-flavor", format!("{general}: type h100 or l4 wanted"))]
    );
}

#[test]
fn d1_alternatives_are_not_mixed_and_what_each_would_place_is_said() {
    let pool = |name: &str, country: &str, code: &str| {
        format!(
            "kind: Cluster\nmetadata: {{name: {name}}}\nspec: {{provider: own, country: {country}, pools: [{{name: p, \
             nodes: 4, cpuFlavor: x86, cpu: 96, memory: 900Gi, gpu: {{type: {code}, count: 1}}}}]}}"
        )
    };
    let five = "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, replicas: 5, resources: {cpu: 1, memory: 1Gi, gpu: \
                {anyOf: [{count: 1, type: h100}, {count: 1, type: a100}]}}}";
    let reasons = refusal(&workspace(&[&pool("a", "de", "h100-80gb"), &pool("b", "fr", "a100-80gb"), five]));
    let last = reasons.last().unwrap();
    assert_eq!((last.code, last.figures().places), (Code::InsufficientCapacity, vec![4, 4]));
    assert!(
        last.message().ends_with("alternatives are not mixed, and alone they would place 4 and 4"),
        "{}",
        last.message()
    );
    // A list of types takes them together.
    let together =
        five.replace("anyOf: [{count: 1, type: h100}, {count: 1, type: a100}]", "count: 1, type: [h100, a100]");
    let workspace = workspace(&[&pool("a", "de", "h100-80gb"), &pool("b", "fr", "a100-80gb"), &together]);
    assert!(workspace.place("d").unwrap().decision.is_placed());
}

#[test]
fn d6_a_cluster_is_explained_alternative_by_alternative_as_the_refusal_is() {
    // The first alternative is more than a node holds, the second of another type.
    let demand = "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, resources: {cpu: 1, memory: 1Gi, gpu: \
                  {anyOf: [{count: 4, type: t4}, {count: 1, type: l4}]}}}";
    let workspace = workspace(&[GPU_POOL, demand]);
    let of_all: Vec<_> = refusal(&workspace).iter().map(|reason| reason.code.as_str()).collect();
    let pairs = workspace.explain_cluster("d", "c").unwrap();
    let gpu = messages(&pairs[1].reasons);
    let said: Vec<_> = gpu.iter().map(|(code, _)| *code).collect();
    assert_eq!(said, ["no-such-flavor", "does-not-fit-node", "insufficient-capacity"]);
    assert_eq!(
        gpu[0].1,
        "under alternative 2, the hardware is not what is demanded: type l4 \
                          wanted"
    );
    assert_eq!(
        gpu[1].1,
        "under alternative 1, one replica is more than a whole node holds: gpu 4 wanted, at most 2 on a node"
    );
    // By quantities alone, the second alternative has room; so room is no reason over all.
    assert_eq!(of_all, ["no-such-flavor", "does-not-fit-node"]);
}

#[test]
fn d6_a_domain_that_is_full_is_why_spreading_ends() {
    let cluster = |name: &str, country: &str, nodes: u32| {
        format!(
            "kind: Cluster\nmetadata: {{name: {name}}}\nspec: {{provider: own, country: {country}, pools: [{{name: p, \
             nodes: {nodes}, cpuFlavor: x86, cpu: 4, memory: 32Gi}}]}}"
        )
    };
    let spread = "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, replicas: 9, resources: {cpu: 4, memory: 4Gi}, \
                  placement: {spread: {by: cluster, maxSkew: 1}}}";
    let reasons =
        refusal(&workspace(&[&cluster("a", "de", 2), &cluster("b", "fr", 9), &cluster("c", "it", 9), spread]));
    let counts: Vec<_> =
        reasons.iter().map(|it| (it.code.as_str(), it.counts.removed_alone, it.counts.left_after)).collect();
    assert_eq!(counts, [("insufficient-capacity", 1, 2), ("spread-impossible", 2, 0)]);
}

#[test]
fn i1_a_pool_scaled_to_zero_is_a_candidate_without_room() {
    let asleep = GPU_POOL.replace("nodes: 2", "nodes: 0");
    let demand =
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1}}}";
    let workspace = workspace(&[&asleep, demand]);
    let outcome = workspace.place("d").unwrap();
    assert_eq!(outcome.decision.candidates().len(), 1);
    let reasons = refusal(&workspace);
    assert_eq!(reasons.last().unwrap().message(), "there is not enough room left on the nodes: a pool has no node");
}

#[test]
fn p17_which_option_of_which_policy_admits_a_place_is_said_level_by_level() {
    let policies = [
        "kind: Policy\nmetadata: {name: eea}\nspec: {type: location, locations: [{type: group, name: eea}, {type: country, name: de}]}",
        "kind: Policy\nmetadata: {name: asia}\nspec: {type: location, locations: [{type: continent, name: as}]}",
        "kind: Policy\nmetadata: {name: t4}\nspec: {type: flavor, flavors: [{type: gpu, name: t4}]}",
        "kind: Environment\nmetadata: {name: production}\nspec: {policies: [eea, asia]}",
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, policies: [t4]}",
        GPU_POOL,
    ];
    let workspace = workspace(&policies);
    let decision = workspace.place("d").unwrap().decision;
    let admissions = decision.admitted_by(decision.placements()[0].pair);
    let option = |found: &siting::placement::Admission| {
        let choice = found.option.unwrap();
        let catalog = workspace.catalog();
        format!("{} {}: {} {}", found.level, found.policy, catalog.choice_kind(choice), catalog.choice_name(choice))
    };
    assert_eq!(
        admissions.iter().map(option).collect::<Vec<_>>(),
        ["environment eea: group eea", "environment eea: country de", "deployment t4: gpu t4"]
    );
}

#[test]
fn p1_an_exception_that_another_policy_of_the_level_undoes_is_found() {
    let documents = [
        "kind: Policy\nmetadata: {name: eea-but-hu}\nspec: {type: location, locations: [{type: group, name: eea}], except: [{type: country, name: hu}]}",
        "kind: Policy\nmetadata: {name: visegrad}\nspec: {type: location, locations: [{type: country, name: hu}, {type: country, name: ua}]}",
        "kind: Environment\nmetadata: {name: production}\nspec: {policies: [eea-but-hu, visegrad]}",
    ];
    let found = |documents: &[&str]| {
        let findings = siting::analysis::check(&workspace(documents));
        findings
            .into_iter()
            .filter(|finding| finding.code == "exception-undone")
            .map(|it| it.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found(&documents),
        [
            "the exception of country `hu` of policy `eea-but-hu` has no effect in environment `production`: `visegrad` allows it"
        ]
    );
    let other = documents[1].replace("name: hu", "name: cz");
    assert_eq!(found(&[documents[0], &other, documents[2]]), Vec::<String>::new());
}

#[test]
fn d5_a_spread_that_binds_nothing_is_found() {
    let found = |spec: &str| {
        let deployment = format!("kind: Deployment\nmetadata: {{name: d}}\nspec: {{model: m, {spec}}}");
        let findings = siting::analysis::check(&workspace(&[GPU_POOL, &deployment]));
        findings.iter().any(|finding| finding.code == "spread-without-effect")
    };
    assert!(found("replicas: 3, placement: {spread: {by: country, maxSkew: 3}}"));
    assert!(!found("replicas: 3, placement: {spread: {by: country, maxSkew: 2}}"));
    assert!(!found("replicas: 3, placement: {spread: {by: country}}"), "a preference has no skew");
    assert!(!found("scaling: {minReplicas: 1, maxReplicas: 9}, placement: {spread: {by: country, maxSkew: 3}}"));
}

/// D6: each sentence names what stands in the way with its figures, and what to do about it follows.
#[test]
fn d6_each_refusal_says_what_to_do_now() {
    let x86 = "pools: [{name: p, nodes: 2, cpuFlavor: x86, cpu: 4, memory: 16Gi}]";
    let cluster =
        |spec: &str| format!("kind: Cluster\nmetadata: {{name: c}}\nspec: {{provider: own, country: de, {spec}}}");
    let deployment = |spec: &str| format!("kind: Deployment\nmetadata: {{name: d}}\nspec: {{model: m, {spec}}}");
    let policy = |name: &str, country: &str| {
        format!(
            "kind: Policy\nmetadata: {{name: {name}}}\nspec: {{type: location, locations: [{{type: country, name: {country}}}]}}"
        )
    };
    let small = "resources: {cpu: 1, memory: 1Gi}";
    let said = |documents: &[&str]| {
        let reasons = refusal(&workspace(documents));
        // The one after which nothing is left; the last, where something is.
        let decisive = reasons.iter().find(|reason| reason.counts.left_after == 0).or(reasons.last()).unwrap();
        format!("{}: {}. Next: {}.", decisive.code, decisive.message(), decisive.next())
    };
    let environment = |spec: &str| format!("kind: Environment\nmetadata: {{name: production}}\nspec: {{{spec}}}");
    let own = deployment(&format!("{small}, policies: [fr]"));
    let spread = deployment(&format!("replicas: 3, {small}, placement: {{spread: {{by: cluster, maxSkew: 1}}}}"));
    let tight =
        cluster(x86).replace("{name: c}", "{name: b}").replace("cpu: 4", "cpu: 1").replace("nodes: 2", "nodes: 1");
    let gpus = "pools: [{name: p, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: x900, count: 2}}]";
    let x900 = "kind: Workspace\nmetadata: {name: w}\nspec: {flavors: [{type: gpu, name: x900}]}";
    let wants = |gpu: &str| deployment(&format!("resources: {{cpu: 1, memory: 1Gi, gpu: {{count: 1, {gpu}}}}}"));
    let either = "resources: {cpu: 1, memory: 1Gi, gpu: {anyOf: [{count: 1, type: t4}, {count: 1, type: l4}]}}";
    let both = "pools: [{name: p, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: t4, count: 1}}, {name: q, \
                nodes: 1, cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: l4, count: 1}}]";
    let remote = "apiVersion: deployment.beamlit.com/v1alpha1\nkind: ModelDeployment\nmetadata: {name: d}\nspec: {model: m, \
                  environment: production, modelSourceRef: {apiVersion: apps/v1, kind: Deployment, name: d, \
                  namespace: default}, serviceRef: {name: d, namespace: default, targetPort: 8080}, policies: \
                  [{refType: remotePolicy, name: far}]}";
    let cases = [
        (
            vec![remote.to_owned()],
            "policy-unresolved: the deployment names policies that are not known here: `far` (deployment). Next: load \
             these policies, or take them out of the deployment.",
        ),
        (
            vec![policy("fr", "fr"), policy("de", "de"), environment("policies: [de]"), own.clone()],
            "policy-conflict: the levels' location policies leave nothing together: `de` (environment), `fr` \
             (deployment). Next: detach or widen a policy of one of these levels.",
        ),
        (vec![deployment(small)], "no-clusters: there is no cluster. Next: load a cluster."),
        (
            vec![cluster(&format!("healthy: false, {x86}")), deployment(small)],
            "unhealthy: the cluster is unhealthy. Next: wait until the cluster is healthy, or choose among others.",
        ),
        (
            vec![cluster(&format!("cordoned: true, {x86}")), deployment(small)],
            "cordoned: the cluster is cordoned. Next: uncordon the cluster, or choose among others.",
        ),
        (
            vec![cluster(x86), policy("fr", "fr"), own.clone()],
            "location-not-allowed: the place is not allowed by `fr` (deployment). Next: choose what `siting options` \
             lists, or have one policy of each level allow it.",
        ),
        (
            vec![cluster(x86), environment("require: [location]"), deployment(small)],
            "policy-required: the environment requires a location policy, but none is in force there or above. Next: \
             attach a policy of that type where it is required, or above.",
        ),
        (
            vec![cluster(x86), wants("type: t4")],
            "no-such-flavor: the hardware is not what is demanded: kind gpu wanted. Next: add a pool of that kind.",
        ),
        (
            vec![x900.to_owned(), cluster(gpus).replace("cpuFlavor: x86, ", ""), wants("memory: 80Gi")],
            "no-such-flavor: the hardware is not what is demanded: memory 80Gi wanted, and what the flavor has is not \
             known. Next: state the memory of the flavor in the workspace's `flavors`.",
        ),
        (
            vec![cluster(x86), deployment("resources: {cpu: 8, memory: 1Gi}")],
            "does-not-fit-node: one replica is more than a whole node holds: cpu 8 wanted, at most 4 on a node. Next: \
             lower cpu to 4, or add larger nodes.",
        ),
        (
            vec![
                cluster(&x86.replace("memory: 16Gi", "memory: 16Gi, used: {cpu: 7, memory: 0}")),
                deployment("resources: {cpu: 2, memory: 1Gi}"),
            ],
            "insufficient-capacity: there is not enough room left on the nodes: cpu 2 wanted, at most 1 left on a \
             node. Next: ask for fewer or smaller replicas, or add nodes.",
        ),
        (
            vec![cluster(&x86.replace("nodes: 2", "nodes: 0")), deployment(small)],
            "insufficient-capacity: there is not enough room left on the nodes: a pool has no node. Next: scale the \
             pool up, or ask for fewer replicas.",
        ),
        (
            vec![cluster(both), deployment(&format!("replicas: 2, {either}"))],
            "insufficient-capacity: there is not enough room left on the nodes: alternatives are not mixed, and alone \
             they would place 1 and 1. Next: name all types in one `type: […]`, which are taken together, or ask for \
             fewer replicas.",
        ),
        (
            vec![cluster(x86), tight, spread.replace("replicas: 3", "replicas: 4")],
            "spread-impossible: another replica would exceed the skew that the spread allows. Next: raise `maxSkew` \
             or lower `minDomains`, or make room in the domain that holds the fewest replicas.",
        ),
    ];
    for (documents, sentence) in cases {
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        assert_eq!(said(&documents), sentence);
    }
}
