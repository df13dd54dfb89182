//! Findings about policies that bind requests (P18): callers who may be answered nowhere, and policies that bind nobody.

use std::collections::HashMap;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::Catalog;
use crate::id::{CountryId, DeploymentId, PairId};
use crate::manifest::spec::{AttachmentSpec, DeploymentSpec};
use crate::origin::{Origin, listed};
use crate::policy::{CallerCuts, Enforcement, Scope};
use crate::workspace::Workspace;

/// The most countries or policies that one finding names.
const NAMED: usize = 5;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    if workspace.policies().iter().all(|(_, policy)| policy.callers().is_none()) {
        return;
    }
    audited(workspace, findings);
    let mut runs: HashMap<DeploymentId, Vec<PairId>> = HashMap::new();
    for running in workspace.running() {
        runs.entry(running.deployment).or_default().push(running.pair);
    }
    for id in workspace.deployment_ids() {
        let (Ok(scope), Ok(cuts)) = (workspace.scope(id), workspace.caller_cuts(id)) else { continue };
        let Some(found) = workspace.deployment(id) else { continue };
        let about = About { workspace, address: found.address(), origin: &found.origin };
        let running = runs.get(&id).map(Vec::as_slice).unwrap_or_default();
        about.check(&scope, &cuts, running, findings);
    }
    lives(workspace, findings);
}

/// The same of deployments that live, where no document says the same.
fn lives(workspace: &Workspace, findings: &mut Findings) {
    let nowhere = Origin::default();
    for (workload, life) in workspace.lives() {
        for record in life.state().deployments() {
            let address = format!("{}/{}", workload.name, record.name);
            if workspace.find_deployment(&address).is_ok() {
                continue;
            }
            let scope = workspace.scope_under(workload, &record.governor, &record.settings);
            let cuts = workspace.caller_cuts_live(workload, record.number);
            let (Ok(scope), Ok(cuts)) = (scope, cuts) else { continue };
            let running: Vec<_> = record.sites.iter().filter_map(|site| workspace.pair(&site.place)).collect();
            About { workspace, address, origin: &nowhere }.check(&scope, &cuts, &running, findings);
        }
    }
}

/// All callers that are told apart, in words, with what is cut from them.
fn all<'a>(catalog: &'a Catalog, cuts: &'a CallerCuts) -> impl Iterator<Item = (String, &'a Scope)> {
    let of_countries = cuts.groups().map(|(countries, cut)| (in_words(catalog, &countries), &**cut));
    of_countries.chain([("unknown callers".to_owned(), &**cuts.of(None))])
}

/// `callers from `at`, `be` and 28 more`
fn in_words(catalog: &Catalog, countries: &[CountryId]) -> String {
    let codes: Vec<_> = countries.iter().map(|&country| catalog.country_code(country)).collect();
    format!("callers from {}", listed(&codes, "and", NAMED))
}

struct About<'a> {
    workspace: &'a Workspace,
    address: String,
    origin: &'a Origin,
}

impl About<'_> {
    fn check(&self, scope: &Scope, cuts: &CallerCuts, running: &[PairId], findings: &mut Findings) {
        let fleet = self.workspace.inventory().fleet();
        let (index, has_clusters) = (fleet.index(), !fleet.clusters().is_empty());
        // Of a deployment that may run nowhere, its own findings tell.
        if cuts.is_empty() || scope.refuses_everything() || has_clusters && !index.allowed(scope).is_any() {
            return;
        }
        for (callers, cut) in all(self.workspace.catalog(), cuts).filter(|(_, cut)| cut.restricts()) {
            let within = index.allowed(cut);
            // What runs answers within the cut, also outside of its scope (R5).
            if running.iter().any(|&pair| within.contains(pair)) {
                continue;
            }
            let left = scope.clone().both(cut);
            if left.refuses_everything() || has_clusters && !index.allowed(&left).is_any() {
                self.without_route(&callers, cut, findings);
            } else if !running.is_empty() {
                self.without_replica(&callers, cut, findings);
            }
        }
    }

    fn finding(&self, code: &'static str, message: String) -> Finding {
        Finding::new(code, Severity::Warning, Subject::new("Deployment", &self.address), self.origin).message(message)
    }

    fn without_route(&self, callers: &str, cut: &Scope, findings: &mut Findings) {
        let message = format!(
            "{callers} have no route to deployment `{}`: {} no place where it may run",
            self.address,
            self.leaving(cut)
        );
        let help = "let it run where they may be answered, or widen what these policies allow";
        findings.push(self.finding("caller-without-route", message).help(help));
    }

    fn without_replica(&self, callers: &str, cut: &Scope, findings: &mut Findings) {
        let message = format!(
            "{callers} have no route to deployment `{}` at present: {} none of the places where it runs",
            self.address,
            self.leaving(cut)
        );
        let help =
            "run a replica where they may be answered: callers bind requests, and placement does not ask for them";
        findings.push(self.finding("caller-without-replica", message).help(help));
    }

    /// The policies of a cut: `policy `a` leaves`.
    fn leaving(&self, cut: &Scope) -> String {
        let axes = crate::catalog::Axis::ALL.into_iter().flat_map(|axis| cut.axis(axis).restrictions());
        let ids = axes.flat_map(|restriction| restriction.policies.iter());
        let mut names: Vec<_> =
            ids.filter_map(|&id| Some(self.workspace.policies().get(id)?.name().as_str())).collect();
        names.sort_unstable();
        names.dedup();
        let (noun, verb) = if names.len() == 1 { ("policy", "leaves") } else { ("policies", "leave") };
        format!("{noun} {} {verb}", listed(&names, "and", NAMED))
    }
}

/// Attachments that are only audited: they cut nothing, and no decision would tell of them.
fn audited(workspace: &Workspace, findings: &mut Findings) {
    let specs = workspace.specs();
    let mut told = |subject: &Subject, attached: &[AttachmentSpec]| {
        for spec in attached.iter().filter(|spec| spec.enforcement == Enforcement::Audit) {
            let policies = workspace.policies();
            let binds =
                policies.find(&spec.policy).and_then(|id| policies.get(id)).is_some_and(|it| it.callers().is_some());
            if binds {
                let message = format!(
                    "policy `{}` binds requests and is only audited at {} `{}`: it cuts nothing, and nothing reports on it",
                    spec.policy.value,
                    subject.kind.to_lowercase(),
                    subject.name
                );
                let finding = Finding::new("callers-audited", Severity::Warning, subject.clone(), &spec.policy.origin)
                    .message(message);
                findings.push(finding.help("enforce it, or detach it"));
            }
        }
    };
    if let Some(spec) = &specs.workspace {
        told(&Subject::new("Workspace", &spec.metadata.name.value), &spec.policies);
    }
    for spec in &specs.environments {
        told(&Subject::new("Environment", &spec.metadata.name.value), &spec.policies);
    }
    for DeploymentSpec { metadata, workload, policies, .. } in &specs.deployments {
        told(&Subject::new("Deployment", format!("{}/{}", workload.value, metadata.name.value)), policies);
    }
}
