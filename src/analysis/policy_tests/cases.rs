//! Whether all is as a case expects, under the policies as they are or changed in thought.

use std::cell::OnceCell;
use std::sync::Arc;

use super::CaseResult;
use super::resolve::{Blamed, Case, Expectation, Site, What};
use crate::analysis::governed::{Governance, Subject};
use crate::catalog::Axis;
use crate::deployment::Demand;
use crate::id::{ClusterId, Id, PairId, PolicyId};
use crate::placement::{self, Ask, Decision, Reason, Verdict, policy_reasons};
use crate::policy::{Level, Restriction, Scope};
use crate::workspace::Workspace;

/// A workspace against which cases are run.
pub(super) struct Run<'w> {
    pub(super) workspace: &'w Workspace,
    pub(super) governance: Governance<'w>,
}

impl<'w> Run<'w> {
    pub(super) fn new(workspace: &'w Workspace) -> Self {
        Self { workspace, governance: Governance::of(workspace) }
    }

    /// What a case comes to under the policies as they are.
    pub(super) fn result(&self, case: &Case) -> CaseResult {
        let failures = self.judged(case, &self.governance).map(|judged| judged.failures().collect());
        let failures = failures.unwrap_or_default();
        CaseResult { name: case.name.clone(), origin: case.origin.clone(), failures }
    }

    /// Whether a case passes under policies that are changed in thought.
    pub(super) fn passes(&self, case: &Case, governance: &Governance<'w>) -> bool {
        self.judged(case, governance).is_none_or(|judged| judged.failures().next().is_none())
    }

    fn judged<'a>(&'a self, case: &'a Case, governance: &Governance<'w>) -> Option<Judged<'a>> {
        let subject = case.subject(self.workspace)?;
        let scope = Arc::new(governance.scope(&subject));
        Some(Judged { workspace: self.workspace, case, subject, scope, decision: OnceCell::new() })
    }
}

/// A case and the scope that it is judged by.
struct Judged<'a> {
    workspace: &'a Workspace,
    case: &'a Case,
    subject: Subject<'a>,
    scope: Arc<Scope>,
    /// Made where an expectation asks for it.
    decision: OnceCell<Option<Decision>>,
}

impl Judged<'_> {
    /// What is not as expected.
    fn failures(&self) -> impl Iterator<Item = String> {
        self.case.expected.iter().filter_map(|expected| self.failure(expected))
    }

    fn failure(&self, expected: &Expectation) -> Option<String> {
        match expected {
            Expectation::Allowed(site) => (!self.allows(site)).then(|| {
                let part = if self.denies(site) { "" } else { " whole" };
                format!("`{}` is not allowed{part}: {}", site.shown, self.because(site))
            }),
            Expectation::Denied(site, _) if !self.denies(site) => {
                let part = if self.allows(site) { "" } else { " in part" };
                Some(format!("`{}` is allowed{part}", site.shown))
            }
            Expectation::Denied(site, by) => {
                let excluding = self.excluding(site);
                let missing = by.iter().find(|blamed| !blamed.is_among(&excluding))?;
                Some(format!("`{}` is denied, but not by {missing}: {}", site.shown, self.because(site)))
            }
            Expectation::Verdict(verdict) => {
                let decided = self.decision()?;
                (decided.verdict() != *verdict)
                    .then(|| format!("it is {}, not {verdict}{}", decided.verdict(), reasons(decided)))
            }
            Expectation::RefusedBy(code, by) => {
                let decided = self.decision()?;
                let Some(refusal) = decided.refusal() else {
                    return Some(format!("it is {}, not refused by `{code}`", Verdict::Placed));
                };
                let Some(reason) = refusal.reasons.iter().find(|reason| reason.code == *code) else {
                    return Some(format!("it is refused, but not by `{code}`{}", reasons(decided)));
                };
                let missing = by.iter().find(|blamed| !blamed.is_named_by(reason))?;
                Some(format!("it is refused by `{code}`, but not because of {missing}: {}", reason.message()))
            }
        }
    }

    fn decision(&self) -> Option<&Decision> {
        let decide = || match self.subject.deployment {
            Some(id) => self.workspace.place_under(id, &self.scope).ok(),
            None => {
                let demand = Demand::any_flavor();
                let limits = self.workspace.limits_in(self.subject.environment);
                let ask = Ask::new(&demand, 1).within(&limits);
                Some(placement::decide(self.workspace.inventory(), &self.scope, &ask))
            }
        };
        self.decision.get_or_init(decide).as_ref()
    }

    /// Whether a node is allowed whole, or some pool of a cluster.
    fn allows(&self, site: &Site) -> bool {
        !self.scope.refuses_everything()
            && match site.what {
                What::Choice(choice) => {
                    self.workspace.catalog().atoms(choice).is_subset(self.scope.axis(choice.axis()).allowed())
                }
                What::Cluster(cluster) => self.allows_a_pool(cluster),
            }
    }

    /// Whether nothing of a node is allowed, or no pool of a cluster.
    fn denies(&self, site: &Site) -> bool {
        self.scope.refuses_everything()
            || match site.what {
                What::Choice(choice) => {
                    self.workspace.catalog().atoms(choice).is_disjoint(self.scope.axis(choice.axis()).allowed())
                }
                What::Cluster(cluster) => !self.allows_a_pool(cluster),
            }
    }

    fn allows_a_pool(&self, cluster: ClusterId) -> bool {
        let fleet = self.workspace.inventory().fleet();
        let allowed = fleet.index().allowed(&self.scope);
        fleet
            .cluster(cluster)
            .is_some_and(|found| found.pairs.clone().map(PairId::from_index).any(|pair| allowed.contains(pair)))
    }

    /// The policies that exclude all of a node, or some pool of a cluster.
    fn excluding(&self, site: &Site) -> Vec<(Level, PolicyId)> {
        let excludes = |axis: Axis, restriction: &Restriction| match site.what {
            What::Choice(choice) => self.workspace.catalog().atoms(choice).is_disjoint(&restriction.allowed),
            What::Cluster(cluster) => {
                let fleet = self.workspace.inventory().fleet();
                let pairs =
                    fleet.cluster(cluster).into_iter().flat_map(|found| found.pairs.clone().map(PairId::from_index));
                let mut points = pairs.filter_map(|pair| *fleet.index().class_of(pair)?.points.get(axis));
                points.any(|point| !restriction.admits(point))
            }
        };
        let axes = Axis::ALL.into_iter().filter(|axis| site.axis().is_none_or(|own| own == *axis));
        let restrictions = axes.flat_map(|axis| self.scope.axis(axis).restrictions().iter().map(move |r| (axis, r)));
        let excluding = restrictions.filter(|(axis, restriction)| excludes(*axis, restriction));
        excluding.flat_map(|(_, restriction)| restriction.policies.iter().map(|&id| (restriction.level, id))).collect()
    }

    /// Why something is not allowed.
    fn because(&self, site: &Site) -> String {
        let refused = policy_reasons(&self.scope);
        if !refused.is_empty() {
            return refused.iter().map(Reason::message).collect::<Vec<_>>().join("; ");
        }
        let whole = self.excluding(site);
        let by = if whole.is_empty() { self.narrowing(site) } else { whole };
        let named =
            by.iter().filter_map(|(level, id)| Some(format!("`{}` ({level})", self.scope.policies().get(*id)?.name())));
        match named.collect::<Vec<_>>() {
            named if named.is_empty() => "no policy alone excludes it".to_owned(),
            named => format!("excluded by {}", named.join(", ")),
        }
    }

    /// The policies that take something out of a node.
    fn narrowing(&self, site: &Site) -> Vec<(Level, PolicyId)> {
        let What::Choice(choice) = site.what else { return Vec::new() };
        let atoms = self.workspace.catalog().atoms(choice);
        let restrictions = self.scope.axis(choice.axis()).restrictions().iter();
        let narrowing = restrictions.filter(|restriction| !atoms.is_subset(&restriction.allowed));
        narrowing.flat_map(|restriction| restriction.policies.iter().map(|&id| (restriction.level, id))).collect()
    }
}

/// `: location-not-allowed, insufficient-capacity`
fn reasons(decision: &Decision) -> String {
    let codes = decision.refusal().into_iter().flat_map(|refusal| &refusal.reasons).map(|reason| reason.code.as_str());
    match codes.collect::<Vec<_>>() {
        codes if codes.is_empty() => String::new(),
        codes => format!(": {}", codes.join(", ")),
    }
}

impl Blamed {
    fn is_among(&self, excluding: &[(Level, PolicyId)]) -> bool {
        excluding.iter().any(|(level, id)| *id == self.policy && self.level.is_none_or(|own| own == *level))
    }

    fn is_named_by(&self, reason: &Reason) -> bool {
        let is_this = |policy: &str, level| policy == self.name && self.level.is_none_or(|own| own == level);
        reason.policies.iter().any(|culprit| is_this(culprit.policy.as_str(), culprit.level))
    }
}

impl std::fmt::Display for Blamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.level {
            Some(level) => write!(f, "`{}` ({level})", self.name),
            None => write!(f, "`{}`", self.name),
        }
    }
}
