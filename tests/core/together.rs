//! Bounds of what replicas cost, and of where all of them stand (D1, D5).

use siting::lifecycle::{Action, Number, Observation, PushKind};
use siting::manifest::Source;
use siting::placement::CommitError;
use siting::workspace::{LoadOptions, Workspace};

use crate::support::{command, life, moment, observe};

fn workspace(documents: &[&str]) -> Workspace {
    let with_head = |document: &&str| format!("apiVersion: siting.dev/v1\n{document}\n");
    let text = documents.iter().map(with_head).collect::<Vec<_>>().join("---\n");
    Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap()
}

/// A pool of nodes with 4 cores each.
fn cluster(name: &str, place: &str, nodes: u32, price: &str) -> String {
    format!(
        "kind: Cluster\nmetadata: {{name: {name}}}\nspec: {{provider: own, {place}, pools: [{{name: p, nodes: {nodes}, \
         cpuFlavor: x86, cpu: 4, memory: 16Gi{price}}}]}}"
    )
}

fn deployment(spec: &str) -> String {
    format!("kind: Deployment\nmetadata: {{name: d}}\nspec: {{model: m, resources: {{cpu: 4, memory: 1Gi}}, {spec}}}")
}

/// Where the replicas of `d` go, or the codes that stand in the way and how many fit.
fn placed(documents: &[&str]) -> Result<Vec<String>, (Vec<&'static str>, u32)> {
    let workspace = workspace(documents);
    let decision = workspace.place("d").unwrap().decision;
    match decision.refusal() {
        Some(refusal) => Err((refusal.reasons.iter().map(|reason| reason.code.as_str()).collect(), refusal.fitting)),
        None => Ok(workspace.places(&decision).iter().map(|at| format!("{} {}", at.cluster, at.replicas)).collect()),
    }
}

/// D1: a replica costs no more than `maxPricePerHour`, and what nobody knows the price of is no candidate.
#[test]
fn d1_a_replica_costs_no_more_than_it_may() {
    let cheap = cluster("cheap", "country: de", 1, ", pricePerHour: 2");
    let dear = cluster("dear", "country: de", 9, ", pricePerHour: \"2.01\"");
    let unknown = cluster("unknown", "country: de", 9, "");
    let within = |most: &str, replicas: u32| deployment(&format!("replicas: {replicas}, maxPricePerHour: {most}"));
    assert_eq!(placed(&[&cheap, &dear, &unknown, &within("2", 1)]).unwrap(), ["cheap 1"]);
    assert_eq!(placed(&[&cheap, &dear, &unknown, &within("2.01", 3)]).unwrap(), ["cheap 1", "dear 2"]);
    let refused = placed(&[&cheap, &dear, &unknown, &within("2", 2)]).unwrap_err();
    assert_eq!(refused, (vec!["too-expensive", "insufficient-capacity"], 1));
    assert_eq!(placed(&[&unknown, &within("99", 1)]).unwrap_err(), (vec!["too-expensive"], 0));
    // By what it takes of a node: half a node costs half of it.
    let half = within("1", 1).replace("cpu: 4", "cpu: 2");
    assert_eq!(placed(&[&cheap, &half]).unwrap(), ["cheap 1"]);
}

/// D1, D6: the sentence says what a replica costs at the least, and what to do.
#[test]
fn d1_too_expensive_says_what_is_the_cheapest() {
    let said = |documents: &[&str]| {
        let workspace = workspace(documents);
        let decision = workspace.place("d").unwrap().decision;
        let reason = &decision.refusal().unwrap().reasons[0];
        format!("{}. Next: {}.", reason.message(), reason.next())
    };
    let demand = deployment("maxPricePerHour: \"1.5\"");
    assert_eq!(
        said(&[
            &cluster("a", "country: de", 1, ", pricePerHour: 2"),
            &cluster("b", "country: de", 1, ", pricePerHour: 3"),
            &demand
        ]),
        "a replica costs more than is allowed: price at most 1.5 wanted, 2 at the least. Next: raise `maxPricePerHour` to 2 \
         or more, ask for less, or leave it out."
    );
    assert_eq!(
        said(&[&cluster("a", "country: de", 1, ""), &demand]),
        "a replica costs more than is allowed: price at most 1.5 wanted, and what a replica costs is not known. Next: state \
         the `pricePerHour` of the pools, or leave `maxPricePerHour` out."
    );
}

/// W6: whoever names places is held to the price as well.
#[test]
fn w6_a_claim_is_held_to_the_price() {
    let documents = |most: &str| {
        let demand = deployment(&format!("maxPricePerHour: {most}"));
        workspace(&[&cluster("a", "country: de", 1, ", pricePerHour: 2"), &demand])
    };
    let loose = documents("2");
    let places = loose.places(&loose.place("d").unwrap().decision);
    let error = documents("1").commit_places("d", &places).unwrap_err();
    assert!(
        matches!(&error, CommitError::NotACandidate { reason, .. } if reason.code.as_str() == "too-expensive"),
        "{error}"
    );
}

/// D5: at least so many domains hold a replica; what a skew would let stand in one is held back for them.
#[test]
fn d5_replicas_stand_in_at_least_so_many_domains() {
    let a = cluster("a", "country: de", 9, ", pricePerHour: 1");
    let b = cluster("b", "country: fr", 9, ", pricePerHour: 2");
    let c = cluster("c", "country: it", 9, ", pricePerHour: 3");
    let full = cluster("c", "country: it", 0, ", pricePerHour: 3");
    let spread = |replicas: u32, least: u32| {
        let spread = format!("spread: {{by: country, maxSkew: 3, minDomains: {least}}}");
        deployment(&format!("replicas: {replicas}, placement: {{{spread}}}"))
    };
    assert_eq!(placed(&[&a, &b, &c, &spread(4, 1)]).unwrap(), ["a 3", "b 1"]);
    assert_eq!(placed(&[&a, &b, &c, &spread(4, 3)]).unwrap(), ["a 2", "b 1", "c 1"]);
    // Two replicas can stand in two domains at most.
    assert_eq!(placed(&[&a, &b, &c, &spread(2, 3)]).unwrap(), ["a 1", "b 1"]);
    // A domain that is full holds none, and there are but two others.
    let refused = placed(&[&a, &b, &full, &spread(4, 3)]).unwrap_err();
    assert_eq!(refused, (vec!["insufficient-capacity", "spread-impossible"], 2));
}

/// D5: all replicas in the domain that has a place for all, ranked by its best candidate.
#[test]
fn d5_replicas_stand_together() {
    let near = cluster("near", "country: de", 2, ", pricePerHour: 1");
    let far = cluster("far", "country: jp", 4, ", pricePerHour: 3");
    let further = cluster("further", "country: jp", 4, ", pricePerHour: 2");
    let by =
        |replicas: u32, by: &str| deployment(&format!("replicas: {replicas}, placement: {{together: {{by: {by}}}}}"));
    assert_eq!(placed(&[&near, &far, &further, &by(2, "country")]).unwrap(), ["near 2"]);
    assert_eq!(placed(&[&near, &far, &further, &by(4, "cluster")]).unwrap(), ["further 4"]);
    assert_eq!(placed(&[&near, &far, &further, &by(5, "continent")]).unwrap(), ["further 4", "far 1"]);
    // For a partial answer, the domain that holds the most.
    assert_eq!(
        placed(&[&near, &far, &by(5, "country")]).unwrap_err(),
        (vec!["insufficient-capacity", "together-impossible"], 4)
    );
    // What has no zone is no candidate for a constraint by zone.
    let zoned = cluster("zoned", "country: de, location: x-1, zone: a", 1, ", pricePerHour: 9");
    assert_eq!(placed(&[&near, &zoned, &by(1, "zone")]).unwrap(), ["zoned 1"]);
    // Within the one domain, they are spread.
    let spread = "placement: {together: {by: country}, spread: {by: cluster, maxSkew: 1}}";
    assert_eq!(
        placed(&[&near, &far, &further, &deployment(&format!("replicas: 4, {spread}"))]).unwrap(),
        ["further 2", "far 2"]
    );
}

/// The case `gang-split-over-continents`: a gang of four nodes that Tokyo alone holds.
#[test]
fn d5_a_gang_is_not_split_over_continents() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/gang-split-over-continents/fleet.yaml");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: the cases are not here");
        return;
    };
    let gang = text.replacen("replicas: 4,", "replicas: 4, placement: {together: {by: location}},", 1);
    let load =
        |text: &str| Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap();
    let clusters = |workspace: &Workspace| -> Vec<String> {
        let decision = workspace.place("llm/train").unwrap().decision;
        workspace.places(&decision).iter().map(|at| format!("{} {}", at.cluster, at.replicas)).collect()
    };
    assert_eq!(clusters(&load(&text)), ["virginia 2", "tokyo 2"]);
    assert_eq!(clusters(&load(&gang)), ["tokyo 4"]);
}

/// W6, D5: a claim of places apart, or in too few domains, is refused, and nothing is taken.
#[test]
fn w6_a_claim_stands_as_it_must() {
    let clusters = [cluster("a", "country: de", 4, ""), cluster("b", "country: fr", 4, "")];
    let loaded = |placement: &str| {
        let demand = deployment(&format!("replicas: 4, placement: {{{placement}}}"));
        workspace(&[&clusters[0], &clusters[1], &demand])
    };
    let spread = loaded("spread: {by: cluster, maxSkew: 1}");
    let apart = spread.places(&spread.place("d").unwrap().decision);
    let error = loaded("together: {by: country}").commit_places("d", &apart).unwrap_err();
    assert_eq!(error.to_string(), "the replicas stand in more than one country, and they must stand together");
    let together = loaded("together: {by: cluster}");
    let one = together.places(&together.place("d").unwrap().decision);
    let error = loaded("spread: {by: cluster, maxSkew: 4, minDomains: 2}").commit_places("d", &one).unwrap_err();
    assert_eq!(error.to_string(), "the replicas stand in 1 domains, and 2 are the fewest allowed");
}

/// D5, L12: replicas that a life adds stand where the others stand, or it is not scaled.
#[test]
fn d5_a_life_grows_where_it_stands() {
    let demand = deployment("replicas: 1, placement: {together: {by: cluster}}");
    let (small, large) =
        (cluster("a", "country: de", 2, ", pricePerHour: 1"), cluster("b", "country: de", 9, ", pricePerHour: 2"));
    let mut workspace = workspace(&[&small, &large, &demand]);
    let push = workspace.push_of(workspace.find_deployment("d").unwrap(), PushKind::Published).unwrap();
    workspace.change(moment(0), command("m", Action::Push(push))).unwrap();
    for (generation, observation) in [(1, Observation::Built), (2, Observation::Ready)] {
        workspace.change(moment(0), observe("m", generation, observation)).unwrap();
    }
    let places = |workspace: &Workspace| -> Vec<String> {
        let record = workspace.life(&life(workspace, "m")).unwrap().state().deployment(Number::new(1)).unwrap();
        record.places().iter().map(|at| format!("{} {}", at.cluster, at.replicas)).collect()
    };
    let scale = |replicas| command("m", Action::Scale { deployment: Number::new(1), replicas });
    assert_eq!(places(&workspace), ["a 1"]);
    workspace.change(moment(1), scale(2)).unwrap();
    assert_eq!(places(&workspace), ["a 2"]);
    // There is room beside it, but not in its cluster.
    let refused = workspace.change(moment(2), scale(3)).unwrap_err().to_string();
    assert!(refused.contains("no one domain has a place for all replicas"), "{refused}");
    assert_eq!(places(&workspace), ["a 2"]);
}
