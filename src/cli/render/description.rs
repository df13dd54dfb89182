//! `describe` as the panel that consoles show.

use super::Style;
use super::place::obstacles;
use super::snippet::one_line;
use super::table::columns;
use crate::analysis::{CallerDescription, Description};
use crate::lifecycle::{Answer, Endpoint, Place};
use crate::simulation::moment_in_words;

pub(in crate::cli) fn description(found: &Description, style: Style) -> String {
    let mut text = String::new();
    let mut section = |title: &str, rows: Vec<[String; 2]>| {
        let rows: Vec<_> = rows.into_iter().filter(|[_, value]| !value.is_empty()).collect();
        if !rows.is_empty() {
            text.push_str(&format!("{}\n{}\n", style.bold(title), columns(&[], rows)));
        }
    };
    let row = |label: &str, value: &str| [label.to_owned(), one_line(value)];
    let or_none = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut sections = found.sections();
    let mut basic = vec![
        row("name", &found.name),
        row("id", &or_none(&found.id)),
        row(&found.workload.r#type, &found.workload.name),
        row("version", &or_none(&found.version)),
        row("environment", &found.environment),
        row("status", found.status.map_or("not pushed", |status| status.as_str())),
        row("role", found.role.map_or("", |role| role.as_str())),
    ];
    let settings = |rows: Vec<(&'static str, String)>| rows.into_iter().map(|(label, value)| row(label, &value));
    basic.extend(settings(sections.shift_remove("Basic information").unwrap_or_default()));
    section("Basic information", basic);
    for (title, rows) in sections {
        let current = (title == "Scaling").then(|| row("current replicas", &found.current_replicas.to_string()));
        section(title, current.into_iter().chain(settings(rows)).collect());
    }
    section("Endpoints", found.endpoints.iter().map(|end| [endpoint(&end.endpoint), answer(&end.answer)]).collect());
    let scope = found.scope.iter().map(|axis| {
        let policies: Vec<_> = axis.policies.iter().map(|at| format!("{} ({})", at.name, at.level)).collect();
        let by = if policies.is_empty() { String::new() } else { format!(" by {}", policies.join(", ")) };
        row(&axis.r#type, &format!("{}{by}", axis.state))
    });
    section("Scope", scope.collect());
    section("Requests", found.callers.iter().map(|callers| requests(callers, &found.callers)).collect());
    let placement: Vec<_> = found.placement.places.iter().map(|at| row(at.cluster.as_str(), &place(at))).collect();
    let title = if found.status.is_some() { "Placement" } else { "Placement, if it were pushed now" };
    section(title, placement);
    if !found.placement.reasons.is_empty() {
        let reasons = obstacles(&found.placement.reasons);
        text.push_str(&format!("{}\n{reasons}\n", style.bold(&format!("{title}: refused"))));
    }
    let mut section = |title: &str, rows: Vec<[String; 2]>| {
        if !rows.is_empty() {
            text.push_str(&format!("{}\n{}\n", style.bold(title), columns(&[], rows)));
        }
    };
    let history = found.history.iter().map(|entry| {
        let places: Vec<_> = entry.places.iter().map(|at| format!("{} ×{}", at.cluster, at.replicas)).collect();
        let at = if places.is_empty() { String::new() } else { format!(", on {}", places.join(", ")) };
        [moment_in_words(entry.at), format!("{}: {}{at}", entry.what, entry.status)]
    });
    section("History", history.collect());
    text.trim_end().to_owned() + "\n"
}

/// Where some callers are answered: `from `at`, `be` and 28 more`; who is bound by nothing comes from elsewhere.
fn requests(callers: &CallerDescription, all: &[CallerDescription]) -> [String; 2] {
    const NAMED: usize = 5;
    let from = match &callers.countries {
        None => "of unknown callers".to_owned(),
        Some(_) if callers.policies.is_empty() && all.len() > 2 => "from elsewhere".to_owned(),
        Some(codes) => {
            let (first, rest) = codes.split_at(codes.len().min(NAMED));
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            format!("from {}{more}", first.join(", "))
        }
    };
    let noun = if callers.clusters == 1 { "cluster" } else { "clusters" };
    let policies: Vec<_> = callers.policies.iter().map(|at| format!("{} ({})", at.name, at.level)).collect();
    let by = if policies.is_empty() { String::new() } else { format!(" by {}", policies.join(", ")) };
    [from, format!("answered on {} {noun}{by}", callers.clusters)]
}

fn place(place: &Place) -> String {
    format!("{} {} ×{}", place.pool, place.flavor.replace(':', " "), place.replicas)
}

fn endpoint(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Workload => "workload".to_owned(),
        Endpoint::Draft => "draft".to_owned(),
        Endpoint::Environment(name) => format!("environment {name}"),
        Endpoint::Deployment(_) => "deployment".to_owned(),
    }
}

fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Routed(_) => "answers".to_owned(),
        Answer::Split(shares) => {
            let shares = shares.iter().map(|share| format!("{}% {}", share.percent, share.callee.name));
            format!("answers: {}", shares.collect::<Vec<_>>().join(", "))
        }
        Answer::WakeFirst(_) => "scaled to zero; must be woken first".to_owned(),
        Answer::NotReady(callee) => format!("not ready, {}", callee.status),
        Answer::NotForCaller(_) => "has no replica where the caller may be answered".to_owned(),
        Answer::NotFound(cause) => format!("404, {}", cause.as_str()),
    }
}
