//! What deployments hold together of what is limited (E4).

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Workspace;
use super::names::{self, Problems};
use crate::bitset::BitSet;
use crate::catalog::Catalog;
use crate::deployment::{Deployment, Workload};
use crate::id::{ClusterId, DeploymentId, EnvironmentId, PairId};
use crate::inventory::{Inventory, Owner, ReservationId};
use crate::lifecycle::State;
use crate::manifest::spec::LimitsSpec;
use crate::placement::Limit;
use crate::policy::Limits;

/// The limits of a document, names to ids.
pub(super) fn resolve(catalog: &Catalog, spec: Option<&LimitsSpec>, problems: &mut Problems) -> Limits {
    let Some(spec) = spec else { return Limits::default() };
    let by_type = spec.gpus.iter().map(|(name, most)| (names::limited(catalog, name, problems), *most));
    Limits {
        gpus: by_type.collect(),
        gpu: spec.gpu,
        cpu: spec.cpu,
        memory: spec.memory,
        price_per_hour: spec.price_per_hour,
    }
}

/// The first limit that is passed after something, and by more than before it: what was passed already stops nothing.
pub(super) fn passed<'a>(before: &[Limit], after: &'a [Limit]) -> Option<&'a Limit> {
    let both = before.iter().zip(after);
    both.filter(|(before, after)| after.held > after.most && after.held > before.held).map(|(_, after)| after).next()
}

/// Who holds something: its name, and the environments that it counts for.
type Holder = (String, SmallVec<[EnvironmentId; 2]>);

/// Who holds reservations.
struct Holders {
    /// By the owner that the reservations of a life have.
    lives: HashMap<Arc<str>, Holder>,
    /// The replicas that documents say run.
    running: HashMap<ReservationId, DeploymentId>,
}

impl Workspace {
    /// The limits of the workspace and of an environment, with what is held of each.
    pub(crate) fn limits_in(&self, environment: EnvironmentId) -> Vec<Limit> {
        self.limits_on(&self.inventory, &[environment])
    }

    /// Whether anything is limited.
    pub(crate) fn is_limited(&self) -> bool {
        !self.limits.is_empty() || self.environments().any(|(_, environment)| !environment.limits.is_empty())
    }

    /// The limits of the workspace and of some environments, with what is held of each.
    pub(crate) fn limits_on(&self, inventory: &Inventory, environments: &[EnvironmentId]) -> Vec<Limit> {
        self.limits_with(inventory, environments, None, |_| true)
    }

    /// The same where some clusters are lost, with all that runs there.
    pub(super) fn limits_without(
        &self,
        inventory: &Inventory,
        environment: EnvironmentId,
        lost: &BitSet<ClusterId>,
    ) -> Vec<Limit> {
        let is_left = |pair| inventory.fleet().pair(pair).is_some_and(|found| !lost.contains(found.cluster));
        self.limits_with(inventory, &[environment], None, is_left)
    }

    /// The limits of the workspace and of all environments with what is held of each, where one life is in another state.
    pub(super) fn limits_after(&self, life: Option<(&Workload, &State)>) -> Vec<Limit> {
        let environments: Vec<EnvironmentId> = self.environments().map(|(id, _)| id).collect();
        self.limits_with(&self.inventory, &environments, life, |_| true)
    }

    /// The limits of the workspace and of all environments, with what is held of each and by whom (E4).
    ///
    /// O(reservations).
    #[must_use]
    pub fn limits_held(&self) -> Vec<Limit> {
        self.limits_after(None)
    }

    fn limits_with(
        &self,
        inventory: &Inventory,
        environments: &[EnvironmentId],
        life: Option<(&Workload, &State)>,
        counts: impl Fn(PairId) -> bool,
    ) -> Vec<Limit> {
        if !self.is_limited() {
            return Vec::new();
        }
        let own = Limit::stated(&self.catalog, &self.limits, None).into_iter().map(|limit| (None, limit));
        let mut all: Vec<(Option<EnvironmentId>, Limit)> = own.collect();
        for (at, id) in environments.iter().enumerate() {
            let repeated = environments.iter().take(at).any(|other| other == id);
            if let Some(found) = self.environment(*id).filter(|_| !repeated) {
                let stated = Limit::stated(&self.catalog, &found.limits, Some(&found.name));
                all.extend(stated.into_iter().map(|limit| (Some(*id), limit)));
            }
        }
        if all.is_empty() {
            return Vec::new();
        }
        let holders = self.holders_of_limits(life);
        for id in inventory.reservations() {
            let (who, counts_for) = self.holder(inventory, id, &holders);
            for (pair, request, replicas) in inventory.held(id).into_iter().filter(|(pair, ..)| counts(*pair)) {
                for (environment, limit) in &mut all {
                    if environment.is_none_or(|environment| counts_for.contains(&environment)) {
                        let each = limit.of.of_replica(inventory.fleet(), pair, &request).unwrap_or(0);
                        limit.count(&who, each.saturating_mul(u64::from(replicas)));
                    }
                }
            }
        }
        all.into_iter()
            .map(|(_, mut limit)| {
                limit.sort();
                limit
            })
            .collect()
    }

    /// Who holds a reservation.
    fn holder(&self, inventory: &Inventory, id: ReservationId, known: &Holders) -> Holder {
        if let Some(found) = known.running.get(&id).and_then(|deployment| self.deployment(*deployment)) {
            return (found.address().to_string(), SmallVec::from_slice(&[found.environment]));
        }
        match inventory.owner(id) {
            Some(Owner::Deployment(address)) => match known.lives.get(address) {
                Some(holder) => holder.clone(),
                None => (address.to_string(), SmallVec::new()),
            },
            Some(Owner::Committed(address)) => {
                let found = match self.addresses.find(address) {
                    [only] => self.deployment(*only),
                    _ => None,
                };
                let who = found.map_or_else(|| address.to_string(), |found| found.address().to_string());
                (who, found.map(|found| found.environment).into_iter().collect())
            }
            Some(Owner::Host) | None => ("the host".to_owned(), SmallVec::new()),
        }
    }

    /// The deployments of all lives by the owner that their reservations have: each counts for its governor and, as
    /// long as it is being promoted, for the environment that it is promoted to.
    fn holders_of_limits(&self, life: Option<(&Workload, &State)>) -> Holders {
        let mut all = HashMap::new();
        let others = self.lives().map(|(workload, journal)| (workload, journal.state()));
        let others = others.filter(|(workload, _)| life.is_none_or(|(other, _)| other != *workload));
        for (_, state) in others.chain(life) {
            for record in state.deployments() {
                let governors = std::iter::once(&record.governor).chain(state.sought_by(record.number));
                let environments = governors.filter_map(|name| self.find_environment(name.as_str()).ok());
                let owner = super::holdings::owner_text(state, record.number);
                let who = format!("{}/{}", state.workload(), record.name);
                all.insert(owner.into(), (who, environments.collect()));
            }
        }
        let running = self.running.iter().map(|running| (running.reservation, running.deployment)).collect();
        Holders { lives: all, running }
    }

    /// Makes reservations those of a deployment, which count where that is limited.
    pub(super) fn hold_for(&mut self, deployment: &Deployment, made: &[ReservationId]) {
        let owner = self.committed(deployment);
        made.iter().for_each(|id| self.inventory.assign(*id, owner.clone()));
    }

    /// The owner of what the host holds for a deployment.
    pub(super) fn committed(&self, deployment: &Deployment) -> Owner {
        let resource_type = self.catalog.resource_type_name(deployment.workload.resource_type);
        Owner::Committed(format!("{resource_type}/{}", deployment.address()).into())
    }
}
