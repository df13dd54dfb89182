//! Other documents, with all that was held and lived under those before.

use std::collections::{BTreeMap, HashMap};

use super::super::names::Problems;
use super::super::resolve::{Kept, Resolved, same};
use super::super::running::{self, Running};
use super::super::{LoadOptions, Quarantined, Workspace};
use super::{ChangeError, Written, in_use};
use crate::deployment::Workload;
use crate::id::Name;
use crate::inventory::{ClosedNodes, Displaced, Homeless, Inventory, Restated};
use crate::manifest::spec::{PoolsSpec, RunningSpec, Specs};
use crate::origin::{Origin, Problem, ProblemCode};
use crate::placement::{Code, policy_reasons};

/// What a step met that is no document.
pub(super) fn refused(message: String) -> Problem {
    Problem::new(ProblemCode::Refused, &Origin::default(), message)
}

impl Workspace {
    /// The workspace of other documents. What was reserved is held on the same nodes, lives go on, ids stay what they
    /// are (W1, W2).
    pub(super) fn carried(&self, written: Written, attached: &[String]) -> Result<(Self, Vec<Displaced>), ChangeError> {
        let Written { specs, mut problems, left_out, unsound, restated, removed, without_development, .. } = written;
        let options = LoadOptions { quarantine: self.quarantine };
        let mut closed_nodes = self.inventory.closed_nodes();
        self.close_resized(&specs, &restated, &mut closed_nodes);
        // What is described anew has no more nodes than it says.
        restated.described.iter().for_each(|cluster| closed_nodes.forget(cluster));
        let kept = Kept { before: Some(self), without_development, closed_nodes };
        let (mut resolved, mut found) = Resolved::of(&specs, unsound, options, &kept);
        for cluster in resolved.quarantined.iter().filter(|_| options.quarantine) {
            // What was left out before stays left out; nothing joins it by a change.
            let is_new = |before: &Quarantined| before.name != cluster.name || before.origin != cluster.origin;
            let restated = restated.clusters.iter().any(|name| name.as_str() == cluster.name);
            if restated || self.quarantined.iter().all(is_new) {
                found.extend(cluster.problems.iter().cloned());
            }
        }
        let fail = |specs: &Specs, mut problems: Vec<Problem>| {
            in_use::explain(&mut problems, specs, &removed, &self.catalog);
            Err(ChangeError::new(problems, left_out))
        };
        let (before, kept) = self.without_changed_placements(&specs);
        let clusters = std::mem::take(&mut resolved.clusters);
        let origins: HashMap<Name, Origin> =
            clusters.iter().map(|def| (def.name.clone(), def.origin.clone())).collect();
        let succeeded = before.succeeded(&resolved.catalog, clusters, &restated);
        let (inventory, displaced) = match succeeded {
            Ok(after) => after,
            Err(homeless) => {
                problems.extend(found.into_vec());
                match homeless {
                    Ok(homeless) => problems.extend(homeless.iter().map(|homeless| at_cluster(homeless, &origins))),
                    Err(invalid) => problems.push(same(&invalid)),
                }
                return fail(&specs, problems);
            }
        };
        let unsound = std::mem::take(&mut resolved.unsound);
        let mut after = Self::of(specs, resolved, options, inventory);
        let claims = running::claims(&after, &unsound, &mut found);
        after.running = placements_kept(&mut after.inventory, claims, &kept, &mut found);
        problems.extend(found.into_vec());
        if !problems.is_empty() {
            return fail(&after.specs, problems);
        }
        after.lives = self.lives.clone();
        after.set_asked_at(self.now());
        after.rehouse_lives(self, &mut problems);
        for address in attached {
            problems.extend(after.conflict(address));
        }
        if problems.is_empty() { Ok((after, displaced)) } else { fail(&after.specs, problems) }
    }

    /// Counts the nodes that go among those on which something may be in use.
    fn close_resized(&self, specs: &Specs, restated: &Restated, closed: &mut ClosedNodes) {
        for (cluster, pool) in restated.gone.keys() {
            let spec = specs.clusters.iter().find(|spec| spec.metadata.name.value == *cluster);
            let Some(PoolsSpec::Pools(pools)) = spec.map(|spec| &spec.pools) else { continue };
            let stated = pools.iter().find(|spec| spec.name.value == *pool).and_then(|spec| spec.nodes);
            let numbers = self.inventory.find_pool(cluster, pool).and_then(|id| self.inventory.numbers(id));
            let (Some(stated), Some(numbers)) = (stated, numbers) else { continue };
            let gone = numbers.saturating_sub(stated);
            closed.set(cluster, pool, if gone > 0 { vec![(stated, gone)] } else { Vec::new() });
        }
    }

    /// The inventory without what placements hold whose documents change; and those that do not, by name.
    fn without_changed_placements(&self, specs: &Specs) -> (Inventory, BTreeMap<Name, &Running>) {
        let by_name = |specs: &'_ [RunningSpec]| -> HashMap<Name, RunningSpec> {
            specs.iter().map(|spec| (spec.metadata.name.value.clone(), spec.clone())).collect()
        };
        let (old, new) = (by_name(&self.specs.running), by_name(&specs.running));
        let (mut inventory, mut kept) = (self.inventory.clone(), BTreeMap::new());
        for running in &self.running {
            if new.get(&running.document).is_some_and(|new| old.get(&running.document) == Some(new)) {
                kept.insert(running.document.clone(), running);
            } else {
                // One that the host has released holds nothing.
                let _ = inventory.release(running.reservation);
            }
        }
        (inventory, kept)
    }

    /// Finds all that lives refer to under the documents of now, as far as it was there before.
    fn rehouse_lives(&self, before: &Self, problems: &mut Vec<Problem>) {
        let missing = |message: String| {
            Problem::new(ProblemCode::InUse, &Origin::default(), message)
                .help("stop or delete what refers to it first, or keep it")
        };
        let mut found = Vec::new();
        for (workload, journal) in &self.lives.journals {
            let state = journal.state();
            let life = format!("{} `{}`", state.resource_type(), state.workload());
            if self.catalog.resource_type(state.resource_type()) != Some(workload.resource_type) {
                let message = format!("the workload type `{}` has the life of {life}", state.resource_type());
                found.push(missing(message));
                continue;
            }
            for record in state.deployments() {
                let (id, known) = (state.id(record.number), found.len());
                if self.find_environment(record.governor.as_str()).is_err() {
                    found.push(missing(format!("environment `{}` governs `{id}` of {life}", record.governor)));
                }
                for used in record.settings.policies.iter().filter(|used| !used.remote) {
                    if self.find_policy(&used.name).is_err() {
                        found.push(missing(format!("policy `{}` is attached to `{id}` of {life}", used.name)));
                    }
                }
                for place in record.sites.iter().map(|site| &site.place).filter(|place| self.pair(place).is_none()) {
                    let (pool, cluster, flavor) = (&place.pool, &place.cluster, &place.flavor);
                    let message = format!(
                        "pool `{pool}` of cluster `{cluster}` with `{flavor}` runs replicas of `{id}` of {life}"
                    );
                    found.push(missing(message));
                }
                // Clusters, flavors and groups that its settings name.
                let scope = |of: &Self| of.scope_under(workload, &record.governor, &record.settings);
                if found.len() == known
                    && let Err(refusal) = scope(self)
                    && scope(before).is_ok()
                {
                    found.push(missing(format!("`{id}` of {life} refers to it: {}", refusal.reason)));
                }
            }
            let held = state.slots().map(|(name, _)| name);
            for name in held.filter(|name| self.find_environment(name.as_str()).is_err()) {
                found.push(missing(format!("environment `{name}` has a slot of {life}")));
            }
        }
        problems.extend(found);
    }

    /// P10: what is wrong with the policies of a deployment to which one was attached.
    fn conflict(&self, address: &str) -> Option<Problem> {
        let scope = self.scope(address).ok()?;
        let reason = policy_reasons(&scope).into_iter().find(|reason| reason.code == Code::PolicyConflict)?;
        let message = format!("deployment `{address}`: {}", reason.message());
        let problem = Problem::new(ProblemCode::PolicyConflict, &Origin::default(), message);
        Some(problem.help("detach one of them first, or attach one that leaves something"))
    }

    /// Whether a workload is one of a type that there is.
    pub(in crate::workspace) fn is_known(&self, workload: &Workload) -> bool {
        !self.catalog.resource_type_name(workload.resource_type).is_empty()
    }
}

/// Placements as they are held: those that say what they said, by their reservations; the others anew.
fn placements_kept(
    inventory: &mut Inventory,
    claims: Vec<running::Claimed>,
    kept: &BTreeMap<Name, &Running>,
    problems: &mut Problems,
) -> Vec<Running> {
    let mut all = Vec::with_capacity(claims.len());
    for claim in claims {
        let known = kept.get(&claim.document);
        let same = known.filter(|known| known.deployment == claim.deployment && known.request == claim.request);
        match same {
            Some(known) => all.push(Running { pair: claim.pair, ..(**known).clone() }),
            None => {
                if let Some(known) = known {
                    let _ = inventory.release(known.reservation);
                }
                all.extend(claim.reserve(inventory, problems));
            }
        }
    }
    all
}

fn at_cluster(homeless: &Homeless, origins: &HashMap<Name, Origin>) -> Problem {
    let origin = origins.get(homeless.cluster()).cloned().unwrap_or_default();
    let code = match homeless {
        Homeless::Nodes { .. } => ProblemCode::InvalidValue,
        _ => ProblemCode::InUse,
    };
    Problem::new(code, &origin, homeless.to_string())
}
