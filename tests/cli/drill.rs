//! `siting drill` and `siting drain`, as users run them (A3).

use crate::support::Folder;

fn cluster(name: &str, provider: &str, country: &str, nodes: u32) -> String {
    format!(
        "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{provider: {provider}, \
         country: {country}, pools: [{{name: a, nodes: {nodes}, cpuFlavor: x86, cpu: 4, memory: 8Gi}}]}}\n---\n"
    )
}

fn fleet() -> Folder {
    let deployments = "\
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert, replicas: 3, resources: {cpu: 4, memory: 1Gi}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: swiss}
spec: {model: bert, policies: [switzerland], resources: {cpu: 4, memory: 1Gi}}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: switzerland}
spec: {type: location, locations: [{type: country, name: ch}]}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: v1-a}
spec: {deployment: bert/v1, cluster: paris, pool: a, replicas: 2}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: swiss-a}
spec: {deployment: bert/swiss, cluster: zurich, pool: a, replicas: 1}
---
";
    let clusters =
        [cluster("paris", "ovh", "fr", 2), cluster("lyon", "ovh", "fr", 1), cluster("zurich", "acme", "ch", 2)];
    Folder::of(&[("fleet.yaml", deployments.to_owned() + &clusters.concat())])
}

#[test]
fn a3_a_drill_tells_what_each_loss_makes_impossible() {
    let folder = fleet();
    let answer = folder.run(&["drill", "@"]);
    assert_eq!(answer.status, 1);
    for line in [
        "cluster:paris          1  bert/v1     2 of 3 fit",
        "cluster:zurich         1  bert/swiss  impossible",
        "country:fr             2  bert/v1     1 of 3 fit",
        "  bert/swiss: cluster:zurich",
        "  bert/v1: cluster:zurich and country:fr, cluster:zurich and provider:ovh",
    ] {
        let is_there = answer.out.lines().any(|found| found == line);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_alike = answer.out.lines().any(|found| words(found) == words(line));
        assert!(is_there || is_alike, "{line}\n{}", answer.out);
    }
    // Lyon alone is not needed, and one drill of several is of all at once.
    assert!(!answer.out.contains("cluster:lyon  "), "{}", answer.out);
    assert_eq!(folder.run(&["drill", "@", "--lose", "cluster:lyon"]).status, 0);
    let both = folder.run(&["drill", "@", "--lose", "country:fr", "--lose", "provider:acme", "-o", "json"]);
    let report = both.json();
    assert_eq!(report["losses"][0]["lost"], serde_json::json!(["country:fr", "provider:acme"]));
    assert_eq!(report["losses"][0]["impossible"].as_array().unwrap().len(), 2);
}

#[test]
fn a3_what_is_lost_must_be_known() {
    let folder = fleet();
    for (lost, says) in [
        ("cluster:pari", "no cluster is called `pari`"),
        ("provider:ovg", "no provider of a cluster is called `ovg`"),
        ("country:narnia", "no country is called `narnia`"),
        ("gpu:t4", "`gpu` is no kind of loss"),
        ("paris", "`paris` is nothing that can be lost"),
    ] {
        let answer = folder.run(&["drill", "@", "--lose", lost]);
        assert_eq!(answer.status, 2);
        assert!(answer.err.contains(says), "{says}: {}", answer.err);
    }
}

#[test]
fn a3_a_drain_is_a_plan_of_moves_or_what_is_in_the_way() {
    let folder = fleet();
    let answer = folder.run(&["drain", "@", "paris"]);
    assert_eq!((answer.status, answer.err.as_str()), (0, ""), "{}", answer.out);
    assert!(answer.out.contains("paris emptied by "), "{}", answer.out);
    let json = folder.run(&["drain", "@", "paris", "-o", "json"]).json();
    let to: u64 = json["moves"].as_array().unwrap().iter().map(|step| step["replicas"].as_u64().unwrap()).sum();
    assert_eq!(to, 2);
    let stuck = folder.run(&["drain", "@", "zurich"]);
    assert_eq!(stuck.status, 1);
    assert!(stuck.out.contains("stays bert/swiss: 1 replica on zurich/a\n"), "{}", stuck.out);
    assert!(stuck.out.contains("cordoned"), "{}", stuck.out);
    assert!(stuck.out.ends_with("zurich cannot be emptied\n"), "{}", stuck.out);
    assert_eq!(folder.run(&["drain", "@", "lyon"]).out, "nothing runs on lyon\n");
    assert!(folder.run(&["drain", "@", "pari"]).err.contains("no cluster is called `pari`"));
    assert!(folder.run(&["drain", "@"]).err.contains("which cluster?"));
}

/// A3: zones are lost, too, by location and name.
#[test]
fn a3_a_zone_can_be_lost() {
    let cluster = |name: &str, zone: &str| {
        format!(
            "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{provider: aws, location: us-east-1, \
             zone: us-east-1{zone}, pools: [{{name: a, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi}}]}}\n---\n"
        )
    };
    let deployment = "apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {name: v1}\nspec: {model: bert, replicas: 3, \
                      resources: {cpu: 4, memory: 1Gi}}\n---\n";
    let clusters = [cluster("one", "a"), cluster("two", "a"), cluster("three", "b")].concat();
    let folder = Folder::of(&[("fleet.yaml", deployment.to_owned() + &clusters)]);
    let lost = folder.run(&["drill", "@", "--lose", "zone:aws/us-east-1/us-east-1a", "-o", "json"]).json();
    assert_eq!(lost["losses"][0]["partial"][0]["after"], 1, "{lost}");
    // A zone of one cluster is that cluster.
    let all = folder.run(&["drill", "@"]).out;
    assert!(all.contains("zone:aws/us-east-1/us-east-1a") && !all.contains("us-east-1b"), "{all}");
    let unknown = folder.run(&["drill", "@", "--lose", "zone:aws/us-east-1/us-east-1c"]);
    assert_eq!(unknown.status, 2);
    assert!(unknown.err.contains("us-east-1a") || unknown.err.contains("us-east-1b"), "{}", unknown.err);
}
