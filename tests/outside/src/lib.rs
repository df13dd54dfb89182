//! A toy platform that runs deployments where siting allows it, and has a failover of its own.

use siting::bitset::BitSet;
use siting::id::{Id, PairId};
use siting::inventory::Fleet;
use siting::manifest::spec::Specs;
use siting::workspace::{LoadError, LoadOptions, Workspace};

/// A platform, and what is wrong with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Platform {
    /// What is wrong; nothing by default.
    pub fault: Option<Fault>,
}

/// Faults that platforms have had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// What may run where is remembered by environment, so that a deployment's own policies are forgotten.
    CachedByEnvironment,
    /// Where no place is left, any healthy cluster will do.
    FailoverAnywhere,
}

/// Where a deployment may run, and where it does.
#[derive(Clone, Debug)]
pub struct Placed {
    /// All pairs that it may run on.
    pub allowed: BitSet<PairId>,
    /// Those that it runs on, with replicas.
    pub running: Vec<(PairId, u32)>,
}

impl Platform {
    /// Places the deployment of this address.
    pub fn place(&self, world: &Specs, address: &str) -> Result<(Placed, Workspace), LoadError> {
        let mut seen = world.clone();
        if self.fault == Some(Fault::CachedByEnvironment) {
            seen.deployments.iter_mut().for_each(|deployment| deployment.policies.clear());
        }
        let workspace = Workspace::from_specs(seen, LoadOptions::default())?;
        let decision = workspace.place(address);
        let Ok(decision) = decision.map(|outcome| outcome.decision) else {
            let nothing = BitSet::empty(workspace.inventory().fleet().pairs().len());
            return Ok((Placed { allowed: nothing, running: Vec::new() }, workspace));
        };
        let mut running: Vec<_> = decision.placements().iter().map(|found| (found.pair, found.replicas)).collect();
        if running.is_empty() && self.fault == Some(Fault::FailoverAnywhere) {
            running.extend(first_healthy(&workspace).map(|pair| (pair, 1)));
        }
        Ok((Placed { allowed: decision.candidates().clone(), running }, workspace))
    }
}

fn first_healthy(workspace: &Workspace) -> Option<PairId> {
    let fleet: &Fleet = workspace.inventory().fleet();
    let healthy = |name: &str| {
        workspace.specs().clusters.iter().any(|cluster| cluster.metadata.name.as_str() == name && cluster.healthy)
    };
    let cluster = fleet.clusters().iter().find(|cluster| healthy(cluster.name.as_str()))?;
    cluster.pairs.clone().next().map(PairId::from_index)
}
