//! Zones, providers and locations of the workspace's own (C7), and spreading over zones (D5).

use siting::manifest::Source;
use siting::workspace::{LoadOptions, Workspace};

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn workspace(documents: &[String]) -> Workspace {
    Workspace::from_sources(&[Source::new("fleet.yaml", documents.join("---\n"))], LoadOptions::default()).unwrap()
}

/// What is wrong with a load, as messages.
fn errors(documents: &[String]) -> Vec<String> {
    let source = Source::new("fleet.yaml", documents.join("---\n"));
    let error = Workspace::from_sources(&[source], LoadOptions::default()).unwrap_err();
    error.problems.iter().map(|problem| problem.message.clone()).collect()
}

/// C7: a location that hangs under a region falls with its exception; a provider is called by any of its names.
#[test]
fn c7_providers_and_parents_of_the_workspaces_own() {
    let own = document(
        "Workspace",
        "w",
        "providers: [{name: acme, aliases: [acme-cloud]}], locations: [{name: acme/west-oslo, country: no, parent: \
         acme/west}, {name: acme-cloud/west, country: se}]",
    );
    let x86 = "flavors: [{type: cpu, name: x86}]";
    let cluster = |name: &str, region: &str| {
        document("Cluster", name, &format!("provider: ACME-Cloud, location: {region}, {x86}"))
    };
    let policy =
        "type: location, locations: [{type: continent, name: eu}], except: [{type: location, name: acme/west}]";
    let bound = document("Deployment", "d", "model: m, policies: [p]");
    let documents = [
        own.clone(),
        cluster("region", "west"),
        cluster("zone", "west-oslo"),
        cluster("other", "north").replace("location: north", "country: fi"),
        document("Policy", "p", policy),
        bound,
    ];
    let loaded = workspace(&documents);
    assert_eq!(loaded.catalog().provider("acme-cloud"), "acme");
    let decision = loaded.place("d").unwrap().decision;
    let places: Vec<_> = decision.placed().map(|placed| placed.cluster.to_string()).collect();
    assert_eq!(places, ["other"]);
    let clusters = loaded.inventory().fleet().clusters();
    assert!(clusters.iter().all(|cluster| cluster.provider.as_str() == "acme"));

    // What is known is not pointed elsewhere, and nothing hangs under a zone.
    for (wrong, message) in [
        ("providers: [{name: mine, aliases: [amazon]}]", "a provider is already known as `amazon`"),
        ("providers: [{name: aws, aliases: [a]}]", "a provider is already known as `aws`"),
        (
            "locations: [{name: acme/a, country: se}, {name: acme/b, country: se, parent: acme/a}, {name: acme/c, \
             country: se, parent: acme/b}]",
            "`acme/b` hangs under a region itself",
        ),
        ("locations: [{name: acme/a, country: se, parent: acme/x}]", "no location is called `acme/x`"),
        (
            "locations: [{name: aws/eu-north-1, country: se, parent: aws/eu-west-1}]",
            "`aws/eu-north-1`: the location is known, but that region is not its parent",
        ),
    ] {
        assert_eq!(errors(&[document("Workspace", "w", wrong)]), [message]);
    }
}

/// C7: a zone is a part of its location, stated or read from the location's name.
#[test]
fn c7_zones_are_parts_of_locations() {
    let x86 = "flavors: [{type: cpu, name: x86}]";
    let cluster = |name: &str, place: &str| document("Cluster", name, &format!("provider: aws, {place}, {x86}"));
    let documents = [
        cluster("a", "location: us-east-1a"),
        cluster("b", "location: us-east-1, zone: us-east-1b"),
        cluster("c", "location: us-east-1, zone: hall-2"),
        cluster("d", "location: us-east-1"),
    ];
    let loaded = workspace(&documents);
    let clusters = loaded.inventory().fleet().clusters();
    let zones: Vec<_> = clusters.iter().map(|cluster| cluster.zone.as_ref().map(|zone| zone.as_str())).collect();
    assert_eq!(zones, [Some("us-east-1a"), Some("us-east-1b"), Some("hall-2"), None]);
    let locations: Vec<_> = clusters.iter().map(|cluster| cluster.location).collect();
    assert_eq!(locations, [loaded.catalog().location("aws/us-east-1"); 4]);
    for (place, message) in [
        ("location: us-east-1, zone: eu-west-1a", "the zone `eu-west-1a` is not in `us-east-1`"),
        ("location: us-east-1a, zone: us-east-1b", "the zone `us-east-1b` is not in `us-east-1a`"),
    ] {
        assert_eq!(errors(&[cluster("a", place)]), [message]);
    }
    // No place to name in a policy.
    let policy = document("Policy", "p", "type: location, locations: [{type: location, name: own/hall-2}]");
    assert_eq!(errors(&[policy]), ["no location is called `own/hall-2`"]);
}

/// D5: what has no zone takes nothing where the spread by zone is a constraint.
#[test]
fn d5_replicas_spread_over_zones() {
    let cluster = |name: &str, zone: &str| {
        let pools = "pools: [{name: p, nodes: 9, cpuFlavor: x86, cpu: 4, memory: 16Gi}]";
        document("Cluster", name, &format!("provider: own, location: hall, country: se, {zone}{pools}"))
    };
    let deployment = |spread: &str| {
        let spec =
            format!("model: m, replicas: 4, resources: {{cpu: 1, memory: 1Gi}}, placement: {{spread: {spread}}}");
        document("Deployment", "d", &spec)
    };
    let placed = |spread: &str| {
        let documents = [
            cluster("a", "zone: one, "),
            cluster("b", "zone: one, "),
            cluster("c", "zone: two, "),
            cluster("d", ""),
            deployment(spread),
        ];
        let decision = workspace(&documents).place("d").unwrap().decision;
        decision.placed().map(|placed| format!("{} {}", placed.cluster, placed.replicas)).collect::<Vec<_>>()
    };
    assert_eq!(placed("{by: zone, maxSkew: 1}"), ["a 2", "c 2"]);
    assert_eq!(placed("{by: location, maxSkew: 1}"), ["a 4"]);
}

/// C7, D5: clusters of one location stand near each other; a sign, or both numbers the wrong way round, is found.
#[test]
fn c7_coordinates_of_one_location_that_contradict_each_other_are_found() {
    let found = |clusters: &[(&str, &str, &str)]| {
        let all = clusters.iter().map(|(name, location, coordinates)| {
            let flavors = "flavors: [{type: gpu, name: t4}]";
            let at = format!("provider: own, country: us, location: {location}, coordinates: {coordinates}, {flavors}");
            document("Cluster", name, &at)
        });
        let findings = siting::analysis::check(&workspace(&all.collect::<Vec<_>>())).into_iter();
        let ours = findings.filter(|finding| finding.code == "coordinates-contradict");
        ours.map(|finding| finding.message).collect::<Vec<_>>()
    };
    // Ashburn, and a neighbour 30 km away.
    let (here, near) = (("a", "ashburn", "[39.04, -77.49]"), ("b", "ashburn", "[38.9, -77.2]"));
    assert_eq!(found(&[here, near]), [""; 0]);
    // Without its sign it is in Tajikistan; in another location that says nothing.
    assert_eq!(found(&[here, near, ("c", "khujand", "[39.04, 77.49]")]), [""; 0]);
    let [message] = &found(&[here, near, ("c", "ashburn", "[39.04, 77.49]")])[..] else { panic!("one finding") };
    assert!(
        message.starts_with("clusters `a` and `c` are both in `own/ashburn`, and by their coordinates "),
        "{message}"
    );
    assert_eq!(found(&[here, ("b", "ashburn", "[-39.04, -77.49]"), ("c", "ashburn", "[39.04, 77.49]")]).len(), 1);
}

/// C7: a zone that the provider is known to have says where the cluster stands, so its location is stated, whatever
/// country is claimed; else policies that speak of the location would not see the cluster.
#[test]
fn c7_a_known_zone_wants_its_location() {
    let cluster =
        |place: &str| vec![document("Cluster", "c", &format!("{place}, flavors: [{{type: cpu, name: x86}}]"))];
    for country in ["de", "us"] {
        let found = errors(&cluster(&format!("provider: aws, country: {country}, zone: us-east-1a")));
        assert_eq!(
            found,
            ["the zone `us-east-1a` is a part of `aws/us-east-1`, and no location is stated"],
            "{country}"
        );
    }
    assert_eq!(errors(&cluster("provider: aws, country: de, zone: use1-az1")).len(), 1);
    workspace(&cluster("provider: aws, country: us, location: us-east-1, zone: us-east-1a"));
    workspace(&cluster("provider: own, country: de, zone: us-east-1a"));
}

/// C7: a provider holds no `/`, however wide it is written.
#[test]
fn c7_a_wide_slash_is_a_slash() {
    for provider in ["hw/x", "hw／x", "℀"] {
        let found = errors(&[document(
            "Cluster",
            "c",
            &format!("provider: \"{provider}\", country: de, flavors: [{{type: cpu, name: x86}}]"),
        )]);
        assert_eq!(found, ["a provider's name cannot contain `/`"], "{provider}");
    }
}
