//! Findings about policies by themselves.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, Choice, Continent, PerAxis};
use crate::id::{Atom, CountryId, Id, PolicyId};
use crate::manifest::spec::{Allowed, ChoiceSpec, PolicySpec};
use crate::origin::{Origin, Sourced};
use crate::policy::{Callers, Policy};
use crate::workspace::Workspace;

/// Words in a policy that refer to the European Union rather than to Europe (C4).
const UNION: [&str; 5] = ["gdpr", "eu27", "eu-27", "european union", "european-union"];

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
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
        let about = About { catalog, spec, policy, subject: Subject::new("Policy", policy.name()) };
        if !attached.contains(&id) {
            findings.push(about.finding(
                "policy-unused",
                Severity::Info,
                &spec.metadata.name.origin,
                "is not attached anywhere",
            ));
        }
        about.continent_for_union(findings);
        about.options(findings);
        about.exceptions(findings);
        about.callers(findings);
        if has_clusters {
            about.without_cluster(standing.get(policy.axis()), findings);
        }
    }
    if !has_clusters {
        let origin = workspace.specs().policies.first().map(|spec| spec.metadata.name.origin.clone());
        let origin = Origin { line: 0, column: 0, length: 0, ..origin.unwrap_or_default() };
        let finding = Finding::new("no-clusters", Severity::Info, Subject::new("Workspace", ""), &origin);
        findings.push(
            finding.message("no clusters were loaded, so it was not checked whether clusters exist behind the names"),
        );
    }
}

/// The policies attached anywhere, enforced or not.
fn attached(workspace: &Workspace) -> HashSet<PolicyId> {
    let environments = workspace.environments().flat_map(|(_, environment)| &environment.attachments);
    let deployments = workspace.deployments().iter().flat_map(|deployment| &deployment.attachments);
    let all = workspace.bundle().attachments.iter().chain(environments).chain(deployments);
    all.map(|attachment| attachment.policy).collect()
}

/// The atoms of each axis that some cluster has, healthy or not.
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
    subject: Subject,
}

impl About<'_> {
    fn finding(&self, code: &'static str, severity: Severity, origin: &Origin, what: &str) -> Finding {
        Finding::new(code, severity, self.subject.clone(), origin)
            .message(format!("policy `{}` {what}", self.policy.name()))
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
        let meant = |spec: &'s Sourced<ChoiceSpec>| {
            self.catalog.choices(spec.kind, &spec.name).into_iter().map(move |choice| (spec, choice))
        };
        specs.iter().flat_map(meant).collect()
    }

    /// Continent `eu` in a policy that speaks of the union (C4).
    fn continent_for_union(&self, findings: &mut Findings) {
        let metadata = &self.spec.metadata;
        let words = [Some(metadata.name.as_str()), metadata.display_name.as_deref(), self.spec.description.as_deref()];
        let text = words.into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase();
        let Some(word) = UNION.into_iter().find(|word| text.contains(word)) else { return };
        for (spec, _) in self.written().iter().filter(|(_, choice)| *choice == Choice::Continent(Continent::Eu)) {
            let what = format!("mentions `{word}` but allows the continent of Europe");
            findings.push(
                self.finding("continent-for-union", Severity::Warning, &spec.origin, &what)
                    .help("the union is `{type: group, name: eu27}`; `eea` and `gdpr-adequate` are groups as well"),
            );
        }
    }

    /// Options that say nothing new (P1), and lists that were never written (P9).
    fn options(&self, findings: &mut Findings) {
        if self.policy.options().everything {
            let what = "has no flavor list, so it allows every flavor";
            findings.push(self.finding("allows-everything", Severity::Warning, self.policy.origin(), what));
        }
        // Repeats are compared with the first of the same meaning, so that only what the catalog tells apart is
        // compared with one another.
        let mut meanings: IndexMap<Choice, &Sourced<ChoiceSpec>> = IndexMap::new();
        let mut repeated = Vec::new();
        for (spec, choice) in self.written() {
            match meanings.get(&choice) {
                Some(first) => repeated.push((spec, *first)),
                None => {
                    meanings.insert(choice, spec);
                }
            }
        }
        let distinct: Vec<_> = meanings.iter().map(|(choice, spec)| (*spec, self.catalog.atoms(*choice))).collect();
        // Only what others allow as well can be covered by one of them.
        let mut counts = vec![0_u32; self.catalog.universe(self.policy.axis())];
        for atom in distinct.iter().flat_map(|(_, atoms)| atoms.iter()) {
            if let Some(count) = counts.get_mut(atom.index()) {
                *count += 1;
            }
        }
        let shared = |atoms: &BitSet<Atom>| atoms.iter().all(|atom| counts.get(atom.index()).is_some_and(|&n| n > 1));
        let narrow =
            distinct.iter().enumerate().filter(|(_, (_, atoms))| shared(atoms)).filter_map(|(index, (spec, atoms))| {
                let mut others = distinct.iter().enumerate().filter(|(other, _)| *other != index);
                // Of two that mean the same, the later one is the repetition.
                let covering =
                    others.find(|(other, (_, wide))| atoms.is_subset(wide) && (atoms != wide || *other < index));
                covering.map(|(_, (wide, _))| (*spec, *wide))
            });
        for (spec, wide) in narrow.chain(repeated) {
            findings.push_with("option-covered", &self.subject, || {
                let what = if spec.value == wide.value {
                    format!("names {} {} more than once", spec.kind, tick(spec))
                } else {
                    format!("names {} {}, which {} {} covers", spec.kind, tick(spec), wide.kind, tick(wide))
                };
                self.finding("option-covered", Severity::Info, &spec.origin, &what)
            });
        }
    }

    /// Callers that others of the policy cover (P18).
    fn callers(&self, findings: &mut Findings) {
        let stated = self.resolved(self.spec.callers.as_deref().unwrap_or_default());
        let countries: Vec<_> =
            stated.iter().map(|(spec, choice)| (*spec, Callers::countries_of(self.catalog, *choice))).collect();
        for (at, (spec, own)) in countries.iter().enumerate() {
            let covers = |(other, (_, wide)): &(usize, &(_, BitSet<CountryId>))| {
                *other != at && own.is_subset(wide) && (own != wide || *other < at)
            };
            let Some((_, (wide, _))) = countries.iter().enumerate().find(covers) else { continue };
            findings.push_with("option-covered", &self.subject, || {
                let what = if spec.value == wide.value {
                    format!("names callers from {} {} more than once", spec.kind, tick(spec))
                } else {
                    format!(
                        "names callers from {} {}, which {} {} covers",
                        spec.kind,
                        tick(spec),
                        wide.kind,
                        tick(wide)
                    )
                };
                self.finding("option-covered", Severity::Info, &spec.origin, &what)
            });
        }
    }

    /// Exceptions that remove nothing (P1).
    fn exceptions(&self, findings: &mut Findings) {
        let mut left = BitSet::empty(self.catalog.universe(self.policy.axis()));
        if self.policy.options().everything {
            left = left.complement();
        }
        for (_, choice) in self.written() {
            self.catalog.add_atoms(choice, &mut left);
        }
        let mut taken = HashSet::new();
        for (spec, choice) in self.resolved(&self.spec.except) {
            let again = !taken.insert(choice);
            let atoms = (!again).then(|| self.catalog.excepted(choice));
            if atoms.as_ref().is_none_or(|atoms| atoms.is_disjoint(&left)) {
                findings.push_with("exception-without-effect", &self.subject, || {
                    let what = format!("excepts {} {}, which it does not allow anyway", spec.kind, tick(spec));
                    self.finding("exception-without-effect", Severity::Warning, &spec.origin, &what)
                });
            }
            if let Some(atoms) = atoms {
                left.subtract(&atoms);
            }
        }
    }

    /// Known names that no cluster matches (C8).
    fn without_cluster(&self, standing: &BitSet<Atom>, findings: &mut Findings) {
        for (spec, choice) in self.written() {
            if self.catalog.atoms(choice).is_disjoint(standing) {
                let where_to = if self.policy.axis() == Axis::Location { "is there" } else { "has it" };
                let what = format!("allows {} {}, but no cluster {where_to}", spec.kind, tick(spec));
                findings.push(self.finding("no-cluster-behind", Severity::Warning, &spec.origin, &what));
            }
        }
    }
}

fn tick(spec: &ChoiceSpec) -> String {
    format!("`{}`", spec.name)
}
