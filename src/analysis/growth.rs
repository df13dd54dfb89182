//! What hostile or merely large input costs, counted in names read and sets compared: twice the input may take twice
//! the work, and not four times.
#![cfg(feature = "manifest")]

use super::check;
use crate::id::counted;
use crate::manifest::Source;
use crate::workspace::{LoadOptions, Workspace};

/// The work of loading a text, of checking it, and of deciding all of it.
fn work(text: &str) -> [u64; 3] {
    let load = || Workspace::from_sources(&[Source::new("a.yaml", text)], LoadOptions::default());
    let workspace = load().unwrap();
    [counted::of(load), counted::of(|| check(&workspace)), counted::of(|| workspace.place_all())]
}

/// Four times the input takes little more than four times the work, in each part.
fn grows_with_the_input(text: impl Fn(usize) -> String) {
    const FEW: usize = 100;
    let (few, many) = (work(&text(FEW)), work(&text(4 * FEW)));
    for (few, many) in few.into_iter().zip(many) {
        assert!(many <= 5 * few + 1000, "{few} grow to {many}");
    }
}

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("---\napiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn listed(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

/// A cluster, and a deployment under an environment with these policies.
fn governed(policies: &str, own: &str) -> String {
    document("Environment", "production", &format!("policies: [{policies}]"))
        + &document("Deployment", "d", &format!("model: m, policies: [{own}]"))
        + &document("Cluster", "c", "provider: p, country: de, flavors: [{type: gpu, name: t4}]")
}

const COUNTRIES: [&str; 40] = [
    "at", "be", "bg", "hr", "cy", "cz", "dk", "ee", "fi", "fr", "de", "gr", "hu", "ie", "it", "lv", "lt", "lu", "mt",
    "nl", "pl", "pt", "ro", "sk", "si", "es", "se", "us", "ca", "mx", "br", "ar", "cl", "co", "pe", "jp", "kr", "in",
    "id", "th",
];

fn policy(name: &str, countries: &[&str]) -> String {
    let options = listed(countries.len(), |at| format!("{{type: country, name: {}}}", countries[at]));
    document("Policy", name, &format!("type: location, locations: [{options}]"))
}

#[test]
fn of_options_repeated_on_a_line() {
    grows_with_the_input(|count| {
        let again = |country: &str| listed(count, |_| format!("{{type: country, name: {country}}}"));
        let (options, except) = (again("de"), again("fr"));
        document("Policy", "p", &format!("type: location, locations: [{options}], except: [{except}]"))
            + &governed("p", "p")
    });
}

#[test]
fn of_audit_attachments() {
    grows_with_the_input(|count| {
        let watched = listed(count, |at| format!("{{name: p{at}, enforcement: audit}}"));
        (0..count).map(|at| policy(&format!("p{at}"), &COUNTRIES[..1])).collect::<String>()
            + &governed(&watched, &watched)
    });
}

#[test]
fn of_one_audit_attachment_repeated() {
    grows_with_the_input(|count| {
        let watched = listed(count, |_| "{name: p, enforcement: audit}".to_owned());
        policy("p", &COUNTRIES[..1]) + &governed(&watched, &watched)
    });
}

#[test]
fn of_policies_with_many_options() {
    grows_with_the_input(|count| {
        let attached = listed(count, |at| format!("p{at}"));
        let policies: String = (0..count)
            .map(|at| {
                let mut countries = COUNTRIES;
                countries.rotate_left(at % COUNTRIES.len());
                policy(&format!("p{at}"), &countries[..39])
            })
            .collect();
        policies + &governed(&attached, &attached)
    });
}

#[test]
fn of_environments_deployments_and_clusters() {
    grows_with_the_input(|count| {
        let environments = (0..count).map(|at| document("Environment", &format!("e{at}"), "policies: [p]"));
        let deployments =
            (0..count).map(|at| document("Deployment", &format!("d{at}"), &format!("model: m, environment: e{at}")));
        let clusters = (0..count).map(|at| {
            let spec = "provider: p, country: de, pools: [{name: a, nodes: 9, cpuFlavor: x86, cpu: 4, memory: 8Gi}]";
            document("Cluster", &format!("c{at}"), spec)
        });
        policy("p", &COUNTRIES) + &environments.chain(deployments).chain(clusters).collect::<String>()
    });
}

/// The measure itself: a scan of all for each is seen.
#[test]
fn work_for_each_pair_is_noticed() {
    let text = policy("p", &COUNTRIES) + &governed("p", "");
    let workspace = Workspace::from_sources(&[Source::new("a.yaml", text)], LoadOptions::default()).unwrap();
    let name = |_| workspace.policies().iter().next().map(|(_, policy)| policy.name().as_str().len());
    let pairs = |count: usize| counted::of(|| (0..count * count).filter_map(name).sum::<usize>());
    assert!(pairs(40) > 5 * pairs(10));
}
