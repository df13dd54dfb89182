//! Findings about policies by themselves.

use std::collections::HashSet;

use super::finding::{Finding, Severity, Subject};
use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, Choice, Continent, PerAxis};
use crate::id::{Atom, PolicyId};
use crate::manifest::spec::{Allowed, ChoiceSpec, PolicySpec};
use crate::origin::{Origin, Sourced};
use crate::policy::Policy;
use crate::workspace::Workspace;

/// Words in a policy that speak of the European Union rather than of Europe (C4).
const UNION: [&str; 5] = ["gdpr", "eu27", "eu-27", "european union", "european-union"];

pub(super) fn check(workspace: &Workspace, findings: &mut Vec<Finding>) {
    let catalog = workspace.catalog();
    let attached = attached(workspace);
    let standing = standing(workspace);
    let has_clusters = !workspace.inventory().fleet().clusters().is_empty();
    for spec in &workspace.specs().policies {
        let policies = workspace.policies();
        let Some((id, policy)) =
            policies.find(spec.metadata.name.as_str()).and_then(|id| Some((id, policies.get(id)?)))
        else {
            continue;
        };
        let about = About { catalog, spec, policy };
        if !attached.contains(&id) {
            findings.push(about.finding(
                "policy-unused",
                Severity::Info,
                &spec.metadata.name.origin,
                "is attached nowhere",
            ));
        }
        about.continent_for_union(findings);
        about.options(findings);
        about.exceptions(findings);
        if has_clusters {
            about.without_cluster(standing.get(policy.axis()), findings);
        }
    }
    if !has_clusters {
        let origin = workspace.specs().policies.first().map(|spec| spec.metadata.name.origin.clone());
        let origin = Origin { line: 0, column: 0, length: 0, ..origin.unwrap_or_default() };
        let finding = Finding::new("no-clusters", Severity::Info, Subject::new("Workspace", ""), &origin);
        findings.push(finding.message("no clusters were loaded, so names are not held against a fleet"));
    }
}

/// The policies attached anywhere, enforced or not.
fn attached(workspace: &Workspace) -> HashSet<PolicyId> {
    let environments = workspace.environments().flat_map(|(_, environment)| &environment.attachments);
    let deployments = workspace.deployments().iter().flat_map(|deployment| &deployment.attachments);
    let all = workspace.bundle().attachments.iter().chain(environments).chain(deployments);
    all.map(|attachment| attachment.policy).collect()
}

/// The atoms of each axis on which some cluster stands, healthy or not.
pub(super) fn standing(workspace: &Workspace) -> PerAxis<BitSet<Atom>> {
    let classes = workspace.inventory().fleet().index().classes();
    PerAxis::from_fn(|axis| {
        let atoms = classes.iter().filter_map(|class| class.points.get(axis).map(|point| point.atom));
        BitSet::from_ids(workspace.catalog().universe(axis), atoms)
    })
}

struct About<'a> {
    catalog: &'a Catalog,
    spec: &'a PolicySpec,
    policy: &'a Policy,
}

impl About<'_> {
    fn finding(&self, code: &'static str, severity: Severity, origin: &Origin, what: &str) -> Finding {
        let subject = Subject::new("Policy", self.policy.name());
        Finding::new(code, severity, subject, origin).message(format!("policy `{}` {what}", self.policy.name()))
    }

    /// The options as written, each with what it means.
    fn written(&self) -> Vec<(&Sourced<ChoiceSpec>, Choice)> {
        let specs: &[_] = match &self.spec.options {
            Allowed::Listed(specs) => specs,
            Allowed::Everything => &[],
        };
        self.resolved(specs)
    }

    fn resolved<'s>(&self, specs: &'s [Sourced<ChoiceSpec>]) -> Vec<(&'s Sourced<ChoiceSpec>, Choice)> {
        specs.iter().filter_map(|spec| Some((spec, self.catalog.resolve(spec.kind, &spec.name)?))).collect()
    }

    /// Continent `eu` in a policy that speaks of the union (C4).
    fn continent_for_union(&self, findings: &mut Vec<Finding>) {
        let metadata = &self.spec.metadata;
        let words = [Some(metadata.name.as_str()), metadata.display_name.as_deref(), self.spec.description.as_deref()];
        let text = words.into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase();
        let Some(word) = UNION.into_iter().find(|word| text.contains(word)) else { return };
        for (spec, _) in self.written().iter().filter(|(_, choice)| *choice == Choice::Continent(Continent::Eu)) {
            let what = format!("speaks of `{word}` and allows the continent of Europe");
            findings.push(
                self.finding("continent-for-union", Severity::Warning, &spec.origin, &what)
                    .help("the union is `{type: group, name: eu27}`; `eea` and `gdpr-adequate` are groups as well"),
            );
        }
    }

    /// Options that say nothing new (P1), and lists that were never written (P9).
    fn options(&self, findings: &mut Vec<Finding>) {
        if self.policy.options().everything {
            let what = "has no flavor list, so it allows every flavor";
            findings.push(self.finding("allows-everything", Severity::Warning, self.policy.origin(), what));
        }
        let atoms = |(spec, choice)| (spec, self.catalog.atoms(choice));
        let written: Vec<_> = self.written().into_iter().map(atoms).collect();
        for (index, (spec, atoms)) in written.iter().enumerate() {
            let mut others = written.iter().enumerate().filter(|(other, _)| *other != index);
            // Of two that mean the same, the later one is the repetition.
            let covering = others.find(|(other, (_, wide))| atoms.is_subset(wide) && (atoms != wide || *other < index));
            if let Some((_, (wide, _))) = covering {
                let what = format!("names {} {}, which {} {} covers", spec.kind, tick(spec), wide.kind, tick(wide));
                findings.push(self.finding("option-covered", Severity::Info, &spec.origin, &what));
            }
        }
    }

    /// Exceptions that take nothing out (P1).
    fn exceptions(&self, findings: &mut Vec<Finding>) {
        let mut left = BitSet::empty(self.catalog.universe(self.policy.axis()));
        if self.policy.options().everything {
            left = left.complement();
        }
        for (_, choice) in self.written() {
            self.catalog.add_atoms(choice, &mut left);
        }
        for (spec, choice) in self.resolved(&self.spec.except) {
            let atoms = self.catalog.atoms(choice);
            if atoms.is_disjoint(&left) {
                let what = format!("takes out {} {}, which it does not allow anyway", spec.kind, tick(spec));
                findings.push(self.finding("exception-without-effect", Severity::Warning, &spec.origin, &what));
            }
            left.subtract(&atoms);
        }
    }

    /// Known names behind which no cluster stands (C8).
    fn without_cluster(&self, standing: &BitSet<Atom>, findings: &mut Vec<Finding>) {
        for (spec, choice) in self.written() {
            if self.catalog.atoms(choice).is_disjoint(standing) {
                let where_to = if self.policy.axis() == Axis::Location { "stands there" } else { "has it" };
                let what = format!("allows {} {}, and no cluster {where_to}", spec.kind, tick(spec));
                findings.push(self.finding("no-cluster-behind", Severity::Warning, &spec.origin, &what));
            }
        }
    }
}

fn tick(spec: &ChoiceSpec) -> String {
    format!("`{}`", spec.name)
}
