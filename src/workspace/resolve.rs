//! Documents, resolved: all names of a load to ids, before anything is placed.

use std::sync::Arc;

use super::deployments::Deployments;
use super::environments::Environments;
use super::names::{self, Problems, Unsound};
use super::{
    LoadOptions, Quarantined, Workspace, additions, clusters, deployments, environments, limits, policies, preferences,
};
use crate::catalog::Catalog;
use crate::deployment::Mix;
use crate::id::EnvironmentId;
use crate::inventory::{ClosedNodes, ClusterDef, InvalidFleet};
use crate::manifest::spec::Specs;
use crate::origin::{Problem, ProblemCode};
use crate::policy::{Attachment, Limits, PolicySet};

/// What was there before the documents, and outlives them.
#[derive(Default)]
pub(super) struct Kept<'a> {
    /// The workspace so far: its policies, environments, deployments and workload types keep their ids (W1).
    pub(super) before: Option<&'a Workspace>,
    /// Whether the built-in environment `development` has been removed (E1).
    pub(super) without_development: bool,
    /// Nodes that are gone beside those that pools state.
    pub(super) closed_nodes: ClosedNodes,
}

/// What documents come to, but for the room on their clusters.
pub(super) struct Resolved {
    pub(super) catalog: Catalog,
    pub(super) policies: Arc<PolicySet>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) environments: Environments,
    pub(super) default_environment: EnvironmentId,
    pub(super) limits: Limits,
    pub(super) deployments: Deployments,
    pub(super) clusters: Vec<ClusterDef>,
    pub(super) quarantined: Vec<Quarantined>,
    pub(super) expected: Option<Arc<Mix>>,
    /// All that is unsound, the deployments among them.
    pub(super) unsound: Unsound,
}

impl Resolved {
    /// Resolves all documents, with all that is wrong with them.
    pub(super) fn of(specs: &Specs, mut unsound: Unsound, options: LoadOptions, kept: &Kept<'_>) -> (Self, Problems) {
        let before = kept.before;
        let mut problems = Problems::beside(&unsound);
        let mut catalog = Catalog::builtin();
        additions::add(&mut catalog, before.map(Workspace::catalog), specs.workspace.as_ref(), &mut problems);
        let clusters = clusters::resolve(&mut catalog, specs, &kept.closed_nodes, &mut problems);
        if !options.quarantine {
            problems.extend(clusters.invalid.iter().flat_map(|cluster| cluster.problems.iter().cloned()));
        }
        policies::bring_attribute_sets(&mut catalog, &specs.policies, &mut problems);
        let known = before.map(|before| &*before.policies);
        let policies = Arc::new(policies::resolve(&catalog, known, &specs.policies, &mut unsound, &mut problems));
        let known = before.map(|before| &before.environments);
        let builtin = environments::Builtin { without_development: kept.without_development };
        let environments = environments::resolve(known, builtin, &catalog, &policies, &unsound, specs, &mut problems);
        let default_environment = environments::default(&environments, &unsound, specs, &mut problems);
        let root = specs.workspace.as_ref();
        let attachments =
            root.map_or_else(Vec::new, |spec| names::attachments(&policies, &unsound, &spec.policies, &mut problems));
        let limits = limits::resolve(&catalog, root.and_then(|spec| spec.limits.as_ref()), &mut problems);
        let expected = deployments::expected(&catalog, specs, &mut problems);
        let scene = deployments::Scene {
            catalog: &catalog,
            policies: &policies,
            unsound: &unsound,
            environments: &environments,
            default_environment,
            sites: &preferences::Sites::new(&catalog, specs, expected.clone()),
        };
        let (in_order, refused) = deployments::resolve(&scene, &specs.deployments, &mut problems);
        unsound.deployments.extend(refused);
        let deployments = Deployments::after(before.map(|before| &*before.deployments), in_order);
        let resolved = Self {
            catalog,
            policies,
            attachments,
            environments,
            default_environment,
            limits,
            deployments,
            clusters: clusters.valid,
            quarantined: clusters.invalid,
            expected,
            unsound,
        };
        (resolved, problems)
    }
}

/// Clusters that make no fleet. Those that were resolved do, so nobody sees it.
pub(super) fn same(invalid: &InvalidFleet) -> Problem {
    Problem::new(ProblemCode::Duplicate, &Default::default(), invalid.to_string())
}
