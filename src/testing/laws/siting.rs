//! This crate as a decider.

use std::collections::{BTreeMap, BTreeSet};

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
        let answer = loaded.ok().and_then(|workspace| {
            let id = workspace.find_deployment(&deployment.address()).ok()?;
            Answer::of(&workspace, id)
        });
        answer.unwrap_or_default()
    }
}

impl Answer {
    /// What this crate says of a deployment, explained; `None` where there is no such deployment.
    ///
    /// ```
    /// use siting::manifest::Source;
    /// use siting::testing::laws::Answer;
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let text = "apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {name: v1}\nspec: {model: bert}\n";
    /// let workspace = Workspace::from_sources(&[Source::new("bert.yaml", text)], LoadOptions::default())?;
    /// let answer = Answer::of(&workspace, workspace.find_deployment("bert/v1")?).ok_or("no such deployment")?;
    /// assert!(answer.candidates.is_empty(), "there is no cluster");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(workspace: &Workspace, id: DeploymentId) -> Option<Self> {
        let decision = workspace.place(id).ok()?.decision;
        let fleet = decision.fleet();
        let placements = decision.placements().iter();
        Some(Self {
            candidates: decision.candidates().iter().filter_map(|pair| Spot::of(fleet, pair)).collect(),
            placements: placements.filter_map(|at| Some((Spot::of(fleet, at.pair)?, at.replicas))).collect(),
            exclusions: Some(exclusions(workspace, id, fleet)),
        })
    }
}

impl Spot {
    /// The spot that a pair of pool and flavor is; `None` where the fleet has no such pair.
    #[must_use]
    pub fn of(fleet: &Fleet, pair: PairId) -> Option<Self> {
        let pair = fleet.pair(pair)?;
        let catalog = fleet.catalog();
        Some(Self {
            cluster: fleet.cluster(pair.cluster)?.name.to_string(),
            pool: fleet.pool(pair.pool)?.def.name.to_string(),
            flavor: format!("{}:{}", catalog.flavor_kind(pair.flavor).as_str(), catalog.flavor_code(pair.flavor)),
        })
    }
}

/// What is cited of every pair that is not allowed.
fn exclusions(workspace: &Workspace, id: DeploymentId, fleet: &Fleet) -> BTreeMap<Spot, BTreeSet<Citation>> {
    let clusters = (0..fleet.clusters().len()).map(ClusterId::from_index);
    let pairs = clusters.filter_map(|cluster| workspace.explain_cluster_at(id, cluster).ok()).flatten();
    let excluded = pairs.filter_map(|pair| {
        let about_policies = pair.reasons.iter().filter(|reason| matches!(reason.code, Code::NotAllowed(_)));
        let cited: BTreeSet<_> = about_policies
            .flat_map(|reason| &reason.policies)
            .map(|culprit| Citation { level: culprit.level, policy: culprit.policy.to_string() })
            .collect();
        if cited.is_empty() { None } else { Some((Spot::of(fleet, pair.pair)?, cited)) }
    });
    excluded.collect()
}
