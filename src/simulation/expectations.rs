//! What was expected, held against what is.

use std::collections::BTreeMap;

use super::scripted_host::Host;
use super::wording::named;
use super::{Difference, Seen, StepReport};
use crate::lifecycle::{Answer, Endpoint, Refusal, State, Status};
use crate::manifest::scenario::{EndpointSpec, ExpectSpec};
use crate::origin::printable;

/// What is written where a rollout was not rolled back, or where nothing is offloaded.
const NO: &str = "no";

/// Everything that is not as expected.
pub(super) fn differences(expect: &ExpectSpec, step: &StepReport, seen: &Seen<'_>) -> Vec<Difference> {
    let &Seen { scene, workload, state, host, now, .. } = seen;
    let mut found = Vec::new();
    let mut hold = |subject: String, expected: String, is: String| {
        if expected != is {
            // A scenario is somebody's text: what it names garbles no terminal.
            let [subject, expected, is] = [subject, expected, is].map(|text| printable(&text).into_owned());
            found.push(Difference { subject, expected, found: is });
        }
    };
    hold_refusal(expect, step, &mut hold);
    let missing = || "no such deployment".to_owned();
    let record = |address: &str| state.find(address).and_then(|number| state.deployment(number));
    for (address, status) in &expect.status {
        let deleted = || state.find(address).map(|_| Status::Deleted.to_string());
        let is = record(address).map(|record| record.status.to_string()).or_else(deleted).unwrap_or_else(missing);
        hold(format!("status of {address}"), status.to_string(), is);
    }
    for (address, role) in &expect.roles {
        let is = state.find(address).and_then(|number| state.role(number));
        hold(format!("role of {address}"), role.to_string(), is.map_or_else(missing, |role| role.to_string()));
    }
    for (address, governor) in &expect.governors {
        let is = record(address).map_or_else(missing, |record| record.governor.to_string());
        hold(format!("governor of {address}"), governor.clone(), is);
    }
    for (way, wanted) in &expect.routes {
        let environment = way.strip_prefix("environment/").filter(|name| scene.find_environment(name).is_err());
        hold(
            format!("what {way} leads to"),
            wanted.clone(),
            environment.map_or_else(|| route(state, way, |endpoint| Ok(state.route(endpoint))), no_environment),
        );
    }
    for (from, way, wanted) in
        expect.routes_from.iter().flat_map(|(from, ways)| ways.iter().map(move |(way, wanted)| (from, way, wanted)))
    {
        let environment = way.strip_prefix("environment/").filter(|name| scene.find_environment(name).is_err());
        // A scenario knows its countries, and `unknown` is none.
        let caller = scene.catalog().country(from);
        let got = |endpoint: &Endpoint| scene.route(workload, endpoint, caller);
        let is = environment.map_or_else(|| route(state, way, got), no_environment);
        hold(format!("what {way} leads to from {from}"), wanted.clone(), is);
    }
    for (address, wanted) in &expect.places {
        let mut is: BTreeMap<String, u32> = BTreeMap::new();
        for site in record(address).iter().flat_map(|record| &record.sites) {
            *is.entry(site.place.cluster.to_string()).or_default() += site.place.replicas;
        }
        hold(format!("places of {address}"), places(wanted), places(&is));
    }
    for (address, wanted) in &expect.replicas {
        let is = record(address).map_or_else(missing, |record| record.running().to_string());
        hold(format!("replicas of {address}"), wanted.to_string(), is);
    }
    for (environment, wanted) in &expect.rolled_back {
        let why = state.slot(environment).and_then(|slot| slot.rolled_back.as_ref());
        let is_known = scene.find_environment(environment).is_ok();
        let no_reason = || if is_known { NO.to_owned() } else { no_environment(environment) };
        let is = why.map_or_else(no_reason, |why| why.reason.clone());
        let comes_true = match wanted.as_str() {
            NO => why.is_none(),
            words => why.is_some() && is.contains(words),
        };
        if !comes_true || !is_known {
            let wanted = if wanted == NO { NO.to_owned() } else { format!("… {wanted} …") };
            hold(format!("why {environment} was rolled back"), wanted, is);
        }
    }
    for (environment, wanted) in &expect.offloaded {
        let to = host.and_then(|host| host.offloaded.iter().find(|(name, _)| name.as_str() == environment));
        let is = match (to, scene.find_environment(environment)) {
            (Some((_, (cluster, percent))), _) => format!("{cluster} {percent}%"),
            (None, Ok(_)) => NO.to_owned(),
            (None, Err(_)) => no_environment(environment),
        };
        hold(format!("where {environment} is offloaded to"), wanted.clone(), is);
    }
    if let Some(wanted) = expect.lost {
        let lost = host.map_or(0, Host::lost);
        if lost > wanted {
            hold("requests lost".to_owned(), format!("{wanted} at most"), lost.to_string());
        }
    }
    if let Some(wanted) = &expect.effects {
        hold("effects".to_owned(), wanted.join("; "), step.effects.join("; "));
    }
    if let Some(wanted) = &expect.violations {
        let is: Vec<_> =
            scene.violations_of(now, workload).iter().map(|violation| named(state, violation.deployment)).collect();
        hold("violations".to_owned(), wanted.join(", "), is.join(", "));
    }
    found
}

fn hold_refusal(expect: &ExpectSpec, step: &StepReport, hold: &mut impl FnMut(String, String, String)) {
    let accepted = || "accepted".to_owned();
    match (&expect.refused, &step.refused) {
        (Some((rule, words)), Some(refusal)) => {
            hold("refused by".to_owned(), rule.clone(), refusal.rule.to_owned());
            let text = refusal.to_string();
            if let Some(words) = words.as_ref().filter(|words| !text.contains(words.as_str())) {
                hold("why refused".to_owned(), format!("… {words} …"), text);
            }
        }
        (Some((rule, _)), None) => hold("outcome".to_owned(), format!("refused by {rule}"), accepted()),
        (None, Some(refusal)) => hold("outcome".to_owned(), accepted(), format!("refused: {refusal}")),
        (None, None) => {}
    }
}

/// What a call gets, in a word: a deployment's name, or why there is none.
fn route(state: &State, way: &str, answer: impl Fn(&Endpoint) -> Result<Answer, Refusal>) -> String {
    let Some(spec) = EndpointSpec::read(way) else {
        return "no endpoint: write `workload`, `draft`, `environment/…` or `deployment/…`".to_owned();
    };
    let Some(endpoint) = endpoint(state, &spec) else { return "never-there".to_owned() };
    let answer = match answer(&endpoint) {
        Ok(answer) => answer,
        Err(refusal) => return refusal.to_string(),
    };
    match answer {
        Answer::Routed(callee) => callee.name.to_string(),
        Answer::Split(shares) => {
            let words = shares.iter().map(|share| format!("{} {}%", share.callee.name, share.percent));
            words.collect::<Vec<_>>().join(", ")
        }
        Answer::WakeFirst(_) => "wake-first".to_owned(),
        Answer::NotReady(_) => "not-ready".to_owned(),
        Answer::NotForCaller(_) => "not-for-caller".to_owned(),
        Answer::NotFound(cause) => cause.as_str().to_owned(),
    }
}

/// The endpoint that is meant; `None` of a deployment that was never there.
pub(super) fn endpoint(state: &State, spec: &EndpointSpec) -> Option<Endpoint> {
    Some(match spec {
        EndpointSpec::Workload => Endpoint::Workload,
        EndpointSpec::Draft => Endpoint::Draft,
        EndpointSpec::Environment(name) => Endpoint::Environment(name.clone()),
        EndpointSpec::Deployment(address) => Endpoint::Deployment(state.find(address)?),
    })
}

/// A slip in an expectation is no expectation that comes true.
fn no_environment(name: &str) -> String {
    format!("no environment is called `{name}`")
}

fn places(places: &BTreeMap<String, u32>) -> String {
    let words: Vec<_> = places.iter().map(|(cluster, replicas)| format!("{cluster} ×{replicas}")).collect();
    words.join(", ")
}
