//! What a change would do, before it is made (P11, A2).

use std::collections::HashMap;

use super::{ChangeError, Changed, Workspace, WorkspaceChange};
use crate::bitset::BitSet;
use crate::deployment::Deployment;
use crate::id::{Id, PairId};
use crate::inventory::Fleet;
use crate::lifecycle::Record;
use crate::policy::Scope;
use crate::time::Moment;
use crate::workspace::allowed::Governed;
use crate::workspace::lookup::full_address;
use crate::workspace::{RunningViolation, Violation};

/// What a change would come to.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Preview {
    /// What it would do at once.
    pub changed: Changed,
    /// The deployments whose places would be others.
    pub impact: Impact,
    /// Live deployments that would run where they may not, and what would follow (L13).
    pub violations: Vec<Violation>,
    /// Loaded deployments that would run where they may not.
    pub running_violations: Vec<RunningViolation>,
}

/// The deployments whose places a change makes others: those of the documents in the order in which they are decided,
/// then live ones by workload and number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Impact {
    /// Those that lose places, gain some, or both.
    pub deployments: Vec<DeploymentImpact>,
}

/// A deployment whose places are others after a change. A place is a pool and a flavor on which its policies let it
/// run, whatever it demands and whatever is free or closed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DeploymentImpact {
    /// Its full address, `type/workload/name`; of a live one, with its id instead of the name.
    pub deployment: String,
    /// Whether it is live; else a document says it.
    pub live: bool,
    /// How many places it has before.
    pub before: usize,
    /// How many it has afterwards.
    pub after: usize,
    /// How many of those before it loses.
    pub loses: usize,
    /// How many it gains.
    pub gains: usize,
}

impl DeploymentImpact {
    /// Whether nothing of what it had is left to it, and nothing else is either.
    #[must_use]
    pub fn loses_all(&self) -> bool {
        self.before > 0 && self.after == 0
    }
}

impl Impact {
    /// Those that lose all places.
    pub fn lose_all(&self) -> impl Iterator<Item = &DeploymentImpact> {
        self.deployments.iter().filter(|affected| affected.loses_all())
    }

    /// Those that lose some places, and not all.
    pub fn lose_some(&self) -> impl Iterator<Item = &DeploymentImpact> {
        self.deployments.iter().filter(|affected| affected.loses > 0 && !affected.loses_all())
    }

    /// Those that gain places.
    pub fn gain(&self) -> impl Iterator<Item = &DeploymentImpact> {
        self.deployments.iter().filter(|affected| affected.gains > 0)
    }
}

impl Workspace {
    /// What a change would come to. Nothing changes.
    ///
    /// ```
    /// use siting::policy::Enforcement;
    /// use siting::time::Moment;
    /// use siting::workspace::{AttachmentPoint, Workspace, WorkspaceChange};
    ///
    /// let workspace: Workspace = "
    /// apiVersion: siting.dev/v1
    /// kind: Policy
    /// metadata: {name: us-only}
    /// spec: {type: location, locations: [{type: country, name: us}]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: v1}
    /// spec: {model: bert}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: paris}
    /// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
    /// ".parse()?;
    /// let change = WorkspaceChange::new().attach(AttachmentPoint::Workspace, "us-only", Enforcement::Enforce);
    /// let preview = workspace.preview(Moment::default(), change)?;
    /// let lost: Vec<_> = preview.impact.lose_all().map(|lost| lost.deployment.as_str()).collect();
    /// assert_eq!(lost, ["model/bert/v1"]);
    /// assert!(workspace.is_allowed_anywhere("bert/v1")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub fn preview(&self, now: Moment, change: WorkspaceChange) -> Result<Preview, ChangeError> {
        let now = self.moment(now, &change)?;
        let (after, changed, _) = self.changed(now, change)?;
        let after = after.at(now);
        Ok(Preview {
            changed,
            impact: self.seen_at(now).impact_of(&after),
            violations: after.violations(now),
            running_violations: after.running_violations(),
        })
    }

    /// The deployments of both whose places differ.
    fn impact_of(&self, after: &Self) -> Impact {
        let mut places = Places::between(self, after);
        let mut deployments = Vec::new();
        for (id, now) in after.deployments.iter() {
            let Some(before) = self.deployment(id) else { continue };
            let found = places.compare([(self, before), (after, now)]);
            deployments.extend(found.affected(full_address(&self.catalog, before), false));
        }
        for (workload, journal) in &self.lives.journals {
            let Some(later) = after.life(workload) else { continue };
            for record in journal.state().deployments() {
                let Some(now) = later.state().deployment(record.number) else { continue };
                let scope =
                    |of: &Self, record: &Record| of.scope_under(workload, &record.governor, &record.settings).ok();
                let found = places.compare_scopes(scope(self, record).as_ref(), scope(after, now).as_ref());
                let state = journal.state();
                let address = format!("{}/{}/{}", state.resource_type(), state.workload(), state.id(record.number));
                deployments.extend(found.affected(address, true));
            }
        }
        Impact { deployments }
    }
}

/// How many places there are before and after, how many are lost and gained.
#[derive(Clone, Copy, Default)]
struct Difference {
    before: usize,
    after: usize,
    loses: usize,
    gains: usize,
}

impl Difference {
    fn affected(self, deployment: String, live: bool) -> Option<DeploymentImpact> {
        let Self { before, after, loses, gains } = self;
        (loses > 0 || gains > 0).then_some(DeploymentImpact { deployment, live, before, after, loses, gains })
    }
}

/// The places of two workspaces, compared: what many deployments share is compared once.
struct Places<'a> {
    fleets: [&'a Fleet; 2],
    /// The places of before in the fleet of afterwards; `None` where it is the same fleet.
    moved: Option<Vec<Option<PairId>>>,
    known: HashMap<[Governed; 2], Difference>,
}

impl<'a> Places<'a> {
    fn between(before: &'a Workspace, after: &'a Workspace) -> Self {
        let fleets = [before, after].map(|workspace| &**workspace.inventory.fleet());
        let [from, to] = fleets;
        let same = std::ptr::eq(from, to);
        let moved = |id: PairId| {
            let (cluster, pool, code) = from.names(id)?;
            let kind = from.catalog().flavor_kind(from.pair(id)?.flavor);
            to.find_pair(cluster.as_str(), pool.as_str(), to.catalog().flavor(kind, code)?)
        };
        let moved = (!same).then(|| from.pair_ids().map(|(id, _)| moved(id)).collect());
        Self { fleets, moved, known: HashMap::new() }
    }

    fn compare(&mut self, both: [(&Workspace, &Deployment); 2]) -> Difference {
        let key = both.map(|(_, deployment)| Governed::of(deployment));
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let [before, after] = both.map(|(workspace, deployment)| workspace.scope_of(deployment));
        let found = self.compare_scopes(Some(&before), Some(&after));
        self.known.insert(key, found);
        found
    }

    fn compare_scopes(&self, before: Option<&Scope>, after: Option<&Scope>) -> Difference {
        let places = |fleet: &Fleet, scope: Option<&Scope>| {
            let scope = scope.filter(|scope| !scope.refuses_everything());
            scope.map_or_else(|| BitSet::empty(fleet.pairs().len()), |scope| fleet.index().allowed(scope).pairs())
        };
        let [from, to] = self.fleets;
        let (before, after) = (places(from, before), places(to, after));
        let kept = match &self.moved {
            None => before.len() - before.difference(&after).len(),
            Some(moved) => {
                let still = |id: &PairId| {
                    let now = moved.get(id.index()).copied().flatten();
                    now.is_some_and(|now| after.contains(now))
                };
                before.iter().filter(still).count()
            }
        };
        let (before, after) = (before.len(), after.len());
        Difference { before, after, loses: before - kept, gains: after - kept }
    }
}
