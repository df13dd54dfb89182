//! This crate as a decider.

use std::collections::{BTreeMap, BTreeSet};

use super::super::worlds::address;
use super::{Answer, Citation, Decider, Spot};
use crate::id::{ClusterId, DeploymentId, Id, PairId};
use crate::inventory::Fleet;
use crate::manifest::spec::{DeploymentSpec, Specs};
use crate::placement::Code;
use crate::workspace::{LoadOptions, Workspace};

/// This crate as a [`Decider`]. Of a world that does not load it says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Siting;

impl Decider for Siting {
    fn decide(&self, world: &Specs, deployment: &DeploymentSpec) -> Answer {
        let loaded = Workspace::from_specs(world.clone(), LoadOptions::default());
        loaded.ok().and_then(|workspace| answer(&workspace, deployment)).unwrap_or_default()
    }
}

fn answer(workspace: &Workspace, deployment: &DeploymentSpec) -> Option<Answer> {
    let id = workspace.find_deployment(&address(deployment)).ok()?;
    let decision = workspace.place(id)?.decision;
    let fleet = decision.fleet();
    let placements = decision.placements().iter();
    Some(Answer {
        candidates: decision.candidates().iter().filter_map(|pair| spot(fleet, pair)).collect(),
        placements: placements.filter_map(|placed| Some((spot(fleet, placed.pair)?, placed.replicas))).collect(),
        exclusions: Some(exclusions(workspace, id, fleet)),
    })
}

/// What is cited of every pair that is not allowed.
fn exclusions(workspace: &Workspace, id: DeploymentId, fleet: &Fleet) -> BTreeMap<Spot, BTreeSet<Citation>> {
    let clusters = (0..fleet.clusters().len()).map(ClusterId::from_index);
    let pairs = clusters.filter_map(|cluster| workspace.explain_cluster(id, cluster)).flatten();
    let excluded = pairs.filter_map(|pair| {
        let about_policies = pair
            .reasons
            .iter()
            .filter(|reason| matches!(reason.code, Code::LocationNotAllowed | Code::FlavorNotAllowed));
        let cited: BTreeSet<_> = about_policies
            .flat_map(|reason| &reason.policies)
            .map(|culprit| Citation { level: culprit.level, policy: culprit.policy.to_string() })
            .collect();
        if cited.is_empty() { None } else { Some((spot(fleet, pair.pair)?, cited)) }
    });
    excluded.collect()
}

fn spot(fleet: &Fleet, pair: PairId) -> Option<Spot> {
    let pair = fleet.pair(pair)?;
    let catalog = fleet.catalog();
    Some(Spot {
        cluster: fleet.cluster(pair.cluster)?.name.to_string(),
        pool: fleet.pool(pair.pool)?.def.name.to_string(),
        flavor: format!("{}:{}", catalog.flavor_kind(pair.flavor).as_str(), catalog.flavor_code(pair.flavor)),
    })
}
