//! Policies that bind requests, from manifests to routes (P18).

use std::collections::BTreeSet;

use siting::analysis::{check, diff};
use siting::id::{CountryId, Id, PairId};
use siting::lifecycle::{Action, Answer, Endpoint, Observation, PushKind};
use siting::manifest::{Source, read_scenarios};
use siting::policy::{Enforcement, State};
use siting::simulation::simulate;
use siting::time::Moment;
use siting::traffic::{Algorithm, Backend, BackendId, Balancer, Caller, Cause, Country, Side, SiteId, Why};
use siting::workspace::{LoadOptions, Local, Workspace};

/// Europeans are answered in the EEA only, others anywhere; `v1` runs wherever `spec` lets it.
fn world(callers: &str, spec: &str, clusters: &[&str]) -> String {
    let mut text = format!(
        "apiVersion: siting.dev/v1
kind: Policy
metadata: {{name: europeans-in-europe}}
spec: {callers}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {{name: no-us}}
spec: {{type: location, locations: [{{type: continent, name: eu}}]}}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {{name: production}}
spec: {{policies: [europeans-in-europe]}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {{name: v1}}
spec: {spec}
"
    );
    for country in clusters {
        text += &format!(
            "---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {{name: {country}}}
spec: {{provider: onprem, country: {country}, flavors: [{{type: gpu, name: t4}}]}}
"
        );
    }
    text
}

const EUROPEANS: &str = "{type: location, locations: [{type: group, name: eea}], callers: [{type: group, name: eea}]}";

fn loaded(text: &str) -> Workspace {
    Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap()
}

fn country(workspace: &Workspace, code: &str) -> Option<CountryId> {
    workspace.catalog().country(code)
}

fn answering(workspace: &Workspace, code: &str) -> Vec<String> {
    let clusters = workspace.inventory().fleet().clusters();
    let found = workspace.answerable("v1", country(workspace, code)).unwrap();
    found.iter().map(|id| clusters[id.index()].name.to_string()).collect()
}

fn codes(workspace: &Workspace) -> BTreeSet<&'static str> {
    check(workspace).into_iter().map(|finding| finding.code).collect()
}

fn messages(workspace: &Workspace, code: &str) -> Vec<String> {
    check(workspace).into_iter().filter(|finding| finding.code == code).map(|finding| finding.message).collect()
}

/// P18: the scope of the deployment is as without it, and requests are cut.
#[test]
fn p18_callers_bind_requests_and_no_deployments() {
    let workspace = loaded(&world(EUROPEANS, "{model: bert}", &["de", "fr", "us"]));
    assert_eq!(workspace.allowed("v1").unwrap().len(), 3);
    assert_eq!(workspace.scope("v1").unwrap().axis(siting::catalog::Axis::Location).state(), State::Unrestricted);
    assert_eq!(answering(&workspace, "de"), ["de", "fr"]);
    assert_eq!(answering(&workspace, "us"), ["de", "fr", "us"]);
    // Not known: it may be from Europe.
    assert_eq!(answering(&workspace, "nowhere"), ["de", "fr"]);
    assert_eq!(codes(&workspace), BTreeSet::from(["policy-unused"]));
    // It may be of any type: what answers Europeans are machines bought on demand.
    let on_demand =
        "{type: capacity, capacity: [{type: capacity, name: spot}], callers: [{type: continent, name: eu}]}";
    let workspace = loaded(&world(on_demand, "{model: bert}", &["de"]));
    assert_eq!((answering(&workspace, "de").len(), answering(&workspace, "us").len()), (0, 1));
}

/// P13, P18: they do not satisfy what a level requires.
#[test]
fn p18_callers_do_not_count_for_require() {
    let text = world(EUROPEANS, "{model: bert}", &["de"]);
    let text =
        text.replace("{policies: [europeans-in-europe]}", "{policies: [europeans-in-europe], require: [location]}");
    let workspace = loaded(&text);
    let reasons = workspace.place("v1").unwrap().decision.refusal().unwrap().reasons.clone();
    assert_eq!(reasons[0].code.as_str(), "policy-required");
}

/// P10, P18: attaching one is not refused, whatever it leaves; `check` names who is left with nothing.
#[test]
fn p18_attaching_is_not_refused_and_check_names_who_has_no_route() {
    let text =
        world(EUROPEANS, "{model: bert}", &["us"]).replace("{policies: [europeans-in-europe]}", "{policies: []}");
    let mut workspace = loaded(&text);
    assert!(!codes(&workspace).contains("caller-without-route"));
    workspace.attach("v1", "europeans-in-europe", Enforcement::Enforce).unwrap();
    assert!(workspace.place("v1").unwrap().decision.refusal().is_none());
    let told = messages(&workspace, "caller-without-route");
    assert_eq!(
        told,
        [
            "callers from `at`, `be`, `bg`, `cy`, `cz` and 25 more have no route to deployment `bert/v1`: policy \
             `europeans-in-europe` leaves no place where it may run",
            "unknown callers have no route to deployment `bert/v1`: policy `europeans-in-europe` leaves no place where it \
             may run",
        ]
    );
    // Against the deployment's own scope, whatever clusters there are.
    let mut workspace = loaded(&world(EUROPEANS, "{model: bert}", &["de"]));
    workspace.attach("v1", "no-us", Enforcement::Enforce).unwrap();
    assert!(!codes(&workspace).contains("caller-without-route"));
}

/// P12, P18: an audited one cuts nothing, and `check` says that nothing reports on it.
#[test]
fn p18_an_audited_caller_policy_cuts_nothing() {
    let text = world(EUROPEANS, "{model: bert}", &["us"])
        .replace("[europeans-in-europe]", "[{name: europeans-in-europe, enforcement: audit}]");
    let workspace = loaded(&text);
    assert_eq!(answering(&workspace, "de"), ["us"]);
    assert!(workspace.place("v1").unwrap().audit.is_empty());
    assert_eq!(
        messages(&workspace, "callers-audited"),
        [
            "policy `europeans-in-europe` binds requests and is only audited at environment `production`: it cuts nothing, and \
          nothing reports on it"
        ]
    );
}

/// P16, P18: an ended one allows nothing to those it names and to unknown callers.
#[test]
fn p18_an_ended_caller_policy_allows_nothing_to_those_it_names() {
    let text = world(EUROPEANS, "{model: bert}", &["de", "us"])
        .replace("[europeans-in-europe]", "[{name: europeans-in-europe, until: 2027-01-01T00:00:00Z}]");
    let workspace = loaded(&text);
    let end: Moment = "2027-01-01T00:00:00Z".parse().unwrap();
    let before = workspace.at(Moment::from_millis(end.as_millis() - 1));
    assert_eq!((answering(&before, "de").len(), answering(&before, "us").len()), (1, 2));
    let after = workspace.at(end);
    assert_eq!((answering(&after, "de").len(), answering(&after, "us").len()), (0, 2));
    assert!(answering(&after, "nowhere").is_empty());
    assert_eq!(after.allowed("v1").unwrap().len(), 2);
    assert!(codes(&after).is_superset(&BTreeSet::from(["attachment-ended", "caller-without-route"])));
}

/// P18: the masks hold what caller policies cut, for whatever numbers the host gives its places. R5: a replica that runs
/// where its scope does not let it goes on answering, within the caller's mask.
#[test]
fn p18_masks_lift_the_scope_and_never_the_cut() {
    let mut workspace = loaded(&world(EUROPEANS, "{model: bert}", &["de", "us"]));
    workspace.attach("v1", "no-us", Enforcement::Enforce).unwrap();
    let fleet = workspace.inventory().fleet();
    // The host's numbers are its own.
    let pairs = (0..fleet.pairs().len()).map(PairId::from_index);
    let sites: Vec<_> = (70..).map(SiteId).zip(pairs).collect();
    let masks = workspace.caller_masks("v1", sites.clone()).unwrap();
    let site_in = |code: &str| {
        let at = |pair: &PairId| fleet.cluster(fleet.pair(*pair).unwrap().cluster).unwrap().name.as_str() == code;
        sites.iter().find(|(_, pair)| at(pair)).map(|(site, _)| *site)
    };
    let from = |code: &str| code.parse::<Country>().ok();
    assert!(masks.of(from("de")).admits(site_in("de")) && !masks.of(from("de")).admits(site_in("us")));
    assert!(masks.of(from("us")).admits(site_in("us")));
    assert!(!masks.of(None).admits(site_in("us")));
    // Both are names of the United Kingdom, whose callers nothing cuts.
    assert!(masks.of(from("gb")).is_everywhere() && masks.of(from("uk")).is_everywhere());
    assert_eq!(masks.of(from("zz")), masks.of(None));
    // By its scope it may run in Germany only; the replica in the United States answers those who may be answered there.
    let backend = |id: u32, code: &str| Backend { site: site_in(code), ..Backend::new(BackendId(id), "10.0.0.1", 80) };
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(0, "us")]).unwrap();
    balancer.bind(masks);
    let caller = |code: &str| Caller { country: from(code), ..Caller::default() };
    assert_eq!(balancer.pick(Moment::default(), &caller("us")), Ok(BackendId(0)));
    assert_eq!(balancer.pick(Moment::default(), &caller("de")).unwrap_err().cause(), Cause::NotForCaller);
}

/// P18, R6: a failover that has nowhere to go says so, instead of leaving the set; with somewhere, it goes there.
#[test]
fn p18_a_failover_with_nowhere_to_go_says_so() {
    let spec = "{model: bert, offloading: {percentage: 50}}";
    let running = "---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: v1-a}
spec: {deployment: bert/v1, cluster: de, pool: gpu-t4, replicas: 1}
";
    for (clusters, expected) in [(&["de", "us"][..], None), (&["de", "fr", "us"][..], Some("fr"))] {
        let workspace = loaded(&(world(EUROPEANS, spec, clusters) + running));
        let fleet = workspace.inventory().fleet();
        let id = workspace.find_deployment("v1").unwrap();
        let down = Local { ready: false, ..Local::default() };
        let all = workspace.offload(id, &mut Side::default(), Moment::default(), &down).unwrap();
        // For everybody there is somewhere to go.
        assert_eq!((all.routing.why, all.routing.remote.map(|(_, part)| part)), (Why::LocalDown, Some(100)));
        let european = workspace.offload_for(id, &all, country(&workspace, "de"), false).unwrap();
        let names: Vec<_> = european.remotes.iter().map(|pair| fleet.names(*pair).unwrap().0.to_string()).collect();
        assert_eq!(names.first().map(String::as_str), expected);
        let why = if expected.is_some() { Why::LocalDown } else { Why::NoRoute };
        assert_eq!((european.routing.why, european.routing.choose(7).is_some()), (why, expected.is_some()));
        let american = workspace.offload_for(id, &all, country(&workspace, "us"), false).unwrap();
        assert_eq!(american, all);
    }
}

/// P18: where replicas run, and none where some callers may be answered, `check` says so.
#[test]
fn p18_check_names_callers_whom_nothing_that_runs_may_answer() {
    let running = "---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: v1-a}
spec: {deployment: bert/v1, cluster: us, pool: gpu-t4, replicas: 1}
";
    let workspace = loaded(&(world(EUROPEANS, "{model: bert}", &["de", "us"]) + running));
    assert!(!codes(&workspace).contains("caller-without-route"));
    let told = messages(&workspace, "caller-without-replica");
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[1],
        "unknown callers have no route to deployment `bert/v1` at present: policy `europeans-in-europe` leaves none of the \
         places where it runs"
    );
    // What runs may answer, wherever it may run by now.
    let moved = running.replace("cluster: us", "cluster: de");
    let mut workspace = loaded(&(world(EUROPEANS, "{model: bert}", &["de", "us"]) + &moved));
    assert!(!codes(&workspace).contains("caller-without-replica"));
    workspace.attach("v1", "no-us", Enforcement::Enforce).unwrap();
    assert!(!codes(&workspace).contains("caller-without-replica"));
}

/// P18, R3: routes of a life answer a caller where a ready replica may.
#[test]
fn p18_a_life_answers_callers_where_its_ready_replicas_may() {
    let mut workspace = loaded(&world(EUROPEANS, "{model: bert}", &["us"]));
    let workload = workspace.find_workload("model", "bert").unwrap();
    let id = workspace.find_deployment("v1").unwrap();
    let push = workspace.push_of(id, PushKind::promoted("production".parse().unwrap())).unwrap();
    let now = Moment::default();
    workspace.carry_out(now, &workload, Action::Push(push)).unwrap();
    let state = workspace.state_of(&workload).unwrap();
    let number = state.deployments().next().unwrap().number;
    let route = |workspace: &Workspace, code: &str| {
        workspace.route(&workload, &Endpoint::Workload, country(workspace, code)).unwrap()
    };
    for observation in [Observation::Built, Observation::Ready] {
        let record = workspace.state_of(&workload).unwrap();
        let generation = record.deployment(number).unwrap().generation;
        workspace.carry_out(now, &workload, Action::Observe { deployment: number, generation, observation }).unwrap();
    }
    assert!(matches!(route(&workspace, "us"), Answer::Routed(_)), "{:?}", route(&workspace, "us"));
    assert!(matches!(route(&workspace, "de"), Answer::NotForCaller(_)));
    assert!(route(&workspace, "de").shares().is_empty() && route(&workspace, "nowhere").split().is_none());
    let record = workspace.state_of(&workload).unwrap();
    let place = record.deployment(number).unwrap().sites[0].place.clone();
    let masks = workspace.caller_masks_live(&workload, number, [(SiteId(3), &place)]).unwrap();
    assert!(!masks.of("de".parse().ok()).admits(Some(SiteId(3))) && masks.of("us".parse().ok()).is_everywhere());
    assert!(codes(&workspace).contains("caller-without-route"));
}

/// C8, P18: what callers name must be places, known ones, and at least one.
#[test]
fn p18_callers_that_make_no_sense_are_refused_where_they_stand() {
    let problem = |callers: &str| {
        let spec = format!("{{type: location, locations: [{{type: group, name: eea}}], callers: {callers}}}");
        let text = world(&spec, "{model: bert}", &["de"]);
        let error = Workspace::from_sources(&[Source::new("fleet.yaml", &text)], LoadOptions::default()).unwrap_err();
        let problem = error.problems[0].clone();
        assert_eq!(problem.origin.line, 4, "{problem:?}");
        (problem.code.as_str(), problem.message, problem.help.unwrap_or_default())
    };
    assert_eq!(problem("[]").0, "empty-list");
    let (code, message, help) = problem("[{type: location, name: aws/us-east-1}]");
    assert_eq!((code, message.as_str()), ("invalid-value", "a location does not belong in this list"));
    assert_eq!(help, "callers are known by their country: write a continent, a country or a group");
    let (code, message, help) = problem("[{type: country, name: germny}]");
    assert_eq!((code, message.as_str()), ("unknown-name", "no country is called `germny`"));
    assert_eq!(help, "did you mean `de`?");
    assert_eq!(problem("[{type: gpu, name: t4}]").0, "invalid-value");
    assert_eq!(problem("germany").0, "wrong-type");
}

/// P1, P18: callers that others cover are findings.
#[test]
fn p18_callers_that_others_cover_are_found() {
    let twice = "{type: location, locations: [{type: group, name: eea}], callers: [{type: group, name: eea}, \
                 {type: country, name: de}, {type: group, name: eea}]}";
    let workspace = loaded(&world(twice, "{model: bert}", &["de"]));
    assert_eq!(
        messages(&workspace, "option-covered"),
        [
            "policy `europeans-in-europe` names callers from country `de`, which group `eea` covers",
            "policy `europeans-in-europe` names callers from group `eea` more than once",
        ]
    );
}

/// P16, P18, L12: a scenario asks at its own moment, whatever the machine's clock says and whatever moment was asked about
/// before: European callers lose their route when the policy that lets them be answered ends, and not a tick before.
#[test]
fn p16_a_scenario_lets_caller_policies_end_by_its_own_clock() {
    let text = world(EUROPEANS, "{model: other}", &["de"]);
    for year in ["1999", "2031"] {
        let until = format!("[{{name: europeans-in-europe, until: {year}-12-01T00:05:00Z}}]");
        let workspace = loaded(&text.replace("[europeans-in-europe]", &until));
        let story = |at: &str, route: &str| {
            format!(
                "apiVersion: siting.dev/v1
kind: Scenario
metadata: {{name: until}}
spec:
  model: bert
  host: {{}}
  start: {year}-12-01T00:00:00Z
  steps:
    - push: {{name: one, version: v1, promote: production, replicas: 1, resources: {{cpu: 1, memory: 1Gi, gpu: {{count: 1}}}}}}
    - {{at: 1m, traffic: {{requestsPerSecond: 8, from: de}}}}
    - {{at: {at}, wait: true, expect: {{routesFrom: {{de: {{environment/production: {route}}}}}}}}}
"
            )
        };
        for (at, route) in [("299s", "one"), ("300s", "not-for-caller"), ("420s", "not-for-caller")] {
            let scenario = read_scenarios(&[Source::new("story.yaml", story(at, route))]).scenarios.remove(0);
            let asked_in_2030 = workspace.at("2030-06-01T00:00:00Z".parse().unwrap());
            for workspace in [&workspace, &asked_in_2030] {
                let (report, _) = simulate(workspace, &scenario).unwrap();
                assert!(report.passed, "{year} at {at}: {report:#?}");
                // Eight a second, from the end on; what comes within its tick of five seconds is of one moment.
                let after = if at == "420s" { 120..=125 } else { 0..=5 };
                assert!(after.contains(&(report.lost / 8)), "{year} at {at}: {} are lost", report.lost);
            }
        }
    }
}

/// A1, P18: who takes an own caller policy off a deployment, lets it end later, or widens it, has widened the deployment, by
/// name, though it may run where it might before.
#[test]
fn a1_a_deployments_own_caller_policy_is_not_loosened_without_a_word() {
    let own = |policies: &str, callers: &str| {
        let spec = format!("{{model: bert, policies: {policies}}}");
        loaded(&world(callers, &spec, &["de", "us"]).replace("spec: {policies: [europeans-in-europe]}", "spec: {}"))
    };
    let wider = EUROPEANS.replace("locations: [", "locations: [{type: country, name: us}, ");
    let ending = "[{name: europeans-in-europe, until: 2090-01-01T00:00:00Z}]";
    let bound = own("[europeans-in-europe]", EUROPEANS);
    for (old, new) in [
        (&bound, &own("[]", EUROPEANS)),
        (&bound, &own("[europeans-in-europe]", &wider)),
        (&own(ending, EUROPEANS), &bound),
    ] {
        let found = diff(old, new);
        assert_eq!(found.widened(), ["deployment `model/bert/v1` is widened"]);
        assert!(found.deployments[0].delta.is_empty());
        assert_eq!(diff(new, old).widened(), [""; 0]);
    }
}
