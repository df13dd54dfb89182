//! The comparison of the solver with the oracle, for seeded worlds and for those that fuzzers make.

mod translate;

use std::collections::BTreeSet;

use crate::oracle::judge::{self, Verdict};
use crate::oracle::world::World;

use siting::catalog::{Axis, Catalog};
use siting::deployment::Domain;
use siting::id::{DeploymentId, PairId};
use siting::inventory::Fleet;
use siting::placement::{Ask, Code, Decision, PairExplanation, ranking};
use siting::quantity::Money;
use siting::time::Moment;
use siting::workspace::{LoadError, LoadOptions, Outcome, PlaceOptions, Workspace};
pub use translate::specs;

/// The world as a workspace that is asked at the world's moment.
pub fn loaded(world: &World) -> Result<Workspace, LoadError> {
    let workspace = Workspace::from_specs(specs(world), LoadOptions::default())?;
    Ok(world.at.map_or_else(|| workspace.clone(), |at| workspace.at(Moment::from_millis(at))))
}

/// With `partial`, deployments take as many replicas as fit.
pub fn compare(world: &World, partial: bool, what: &str) {
    let workspace = match loaded(world) {
        Ok(workspace) => workspace,
        Err(error) => panic!("{what}: does not load: {error}\n{world:#?}"),
    };
    agree(&workspace, world, partial, what);
}

/// The same of a workspace that stands for the world, however it came about.
pub fn agree(workspace: &Workspace, world: &World, partial: bool, what: &str) {
    let ours: Vec<(String, Verdict)> = workspace
        .place_all_as(PlaceOptions { partial, optimize: 0 })
        .iter()
        .map(|outcome| said(workspace, outcome))
        .collect();
    let expected = judge::decide_all(world, partial);
    for (ours, expected) in ours.iter().zip(&expected) {
        assert_eq!(ours, expected, "{what}: solver (left) and oracle (right) differ in\n{world:#?}");
    }
    assert_eq!(ours.len(), expected.len(), "{what}");
    for id in workspace.deployment_ids() {
        explanations_agree(workspace, id, what);
    }
}

/// The first replica goes where all candidates, ranked one by one, are led by (D5).
fn the_best_is_taken_first(workspace: &Workspace, id: DeploymentId, decision: &Decision, what: &str) {
    let Some(taken) = decision.placements().first() else { return };
    if workspace.running().iter().any(|running| running.deployment == id) {
        // What it holds now is free for it in its own decision only.
        return;
    }
    if !workspace.limits_held().is_empty() {
        // The best candidate may take too much of a limit (E4).
        return;
    }
    if workspace.deployment(id).is_some_and(|deployment| deployment.preferences.together.is_some()) {
        // The best candidate may stand where there is no room for all (D5).
        return;
    }
    let (deployment, scope) = (workspace.deployment(id).expect("its own"), workspace.scope(id).expect("its own"));
    let ask = Ask::new(&deployment.demand, deployment.replicas).preferring(&deployment.preferences);
    let by_zone = deployment.preferences.spread.is_some_and(|it| it.by == Domain::Zone && it.max_skew.is_some());
    let fleet = workspace.inventory().fleet();
    let has_zone = |pair| fleet.pair(pair).and_then(|pair| fleet.cluster(pair.cluster)?.zone.as_ref()).is_some();
    let ranks = ranking(workspace.inventory(), &scope, &ask, decision.alternative());
    // D5: what has no zone takes nothing where the spread by zone is a constraint.
    let ranks: Vec<_> = ranks.into_iter().filter(|rank| !by_zone || has_zone(rank.pair)).collect();
    assert_eq!(ranks.first().map(|rank| rank.pair), Some(taken.pair), "{what}: {ranks:#?}");
}

/// What is said of each cluster adds up to what is decided over all (D6).
fn explanations_agree(workspace: &Workspace, id: DeploymentId, what: &str) {
    let decision = workspace.place(id).expect("a deployment of the workspace").decision;
    the_best_is_taken_first(workspace, id, &decision, what);
    let clusters = decision.fleet().clusters().iter();
    let explained = |name: &str| workspace.explain_cluster(id, name).expect("a cluster");
    let pairs: Vec<PairExplanation> = clusters.flat_map(|cluster| explained(cluster.name.as_str())).collect();
    for pair in &pairs {
        assert_eq!(pair.candidate, decision.candidates().contains(pair.pair), "{what}: {pair:?}");
        assert!(pair.candidate || !pair.reasons.is_empty(), "{what}: {pair:?}");
    }
    let said: BTreeSet<Code> = pairs.iter().flat_map(|pair| &pair.reasons).map(|reason| reason.code).collect();
    for reason in decision.refusal().iter().flat_map(|refusal| &refusal.reasons) {
        // Room and spread may be why only the last replicas have no place.
        let of_all = matches!(
            reason.code,
            Code::NoClusters
                | Code::SpreadImpossible
                | Code::TogetherImpossible
                | Code::InsufficientCapacity
                | Code::OverLimit
        );
        assert!(
            of_all || pairs.is_empty() || said.contains(&reason.code),
            "{what}: no pair says {reason:?}, but {said:?}"
        );
        let of_pairs = pairs.iter().flat_map(|pair| &pair.reasons).filter(|other| other.code == reason.code);
        let cited: BTreeSet<_> = of_pairs.flat_map(|other| &other.policies).collect();
        let is_policys = !matches!(reason.code, Code::NoClusters | Code::SpreadImpossible | Code::TogetherImpossible)
            && !pairs.is_empty();
        assert!(!is_policys || cited == reason.policies.iter().collect(), "{what}: {reason:?} against {cited:?}");
    }
}

/// An outcome in the oracle's words.
fn said(workspace: &Workspace, outcome: &Outcome) -> (String, Verdict) {
    let deployment = workspace.deployment(outcome.deployment).expect("a deployment of the workspace");
    let decision = &outcome.decision;
    let fleet = decision.fleet();
    let placements = decision.placements().iter().map(|placement| judge::Placement {
        candidate: candidate(fleet, placement.pair),
        replicas: placement.replicas,
        price: placement.price_per_hour.map(Money::get),
    });
    let refusal = decision.refusal().map(|refusal| judge::Refusal {
        wanted: refusal.wanted,
        fitting: refusal.fitting,
        clusters: refusal.clusters,
        reasons: refusal.reasons.iter().map(reason).collect(),
    });
    let audit = outcome.audit.iter().map(|audit| judge::Audit {
        policy: workspace.policies().get(audit.policy).expect("a policy").name().as_str().to_owned(),
        level: audit.level.as_str(),
        loses: audit.loses,
        gains: audit.gains,
        verdict: audit.verdict.as_str(),
    });
    let scope = decision.scope();
    let verdict = Verdict {
        verdict: decision.verdict().as_str(),
        candidates: decision.candidates().iter().map(|pair| candidate(fleet, pair)).collect(),
        placements: placements.collect(),
        refusal,
        scope: judge::Scope {
            location: scope.axis(Axis::Location).state().as_str(),
            flavor: scope.axis(Axis::Flavor).state().as_str(),
            provider: scope.axis(Axis::Provider).state().as_str(),
            capacity: scope.axis(Axis::Capacity).state().as_str(),
            attribute: scope.axis(Axis::Attribute).state().as_str(),
        },
        audit: audit.collect(),
    };
    (deployment.name.as_str().to_owned(), verdict)
}

fn reason(reason: &siting::placement::Reason) -> judge::Reason {
    judge::Reason {
        code: reason.code.as_str(),
        policies: reason.policies.iter().map(|c| (c.policy.as_str().to_owned(), c.level.as_str())).collect(),
        removed_alone: reason.counts.removed_alone,
        left_after: reason.counts.left_after,
    }
}

pub fn candidate(fleet: &Fleet, pair: PairId) -> judge::Candidate {
    let pair = fleet.pair(pair).expect("a pair of the fleet");
    let catalog: &Catalog = fleet.catalog();
    judge::Candidate {
        cluster: fleet.cluster(pair.cluster).expect("a cluster").name.as_str().to_owned(),
        pool: fleet.pool(pair.pool).expect("a pool").def.name.as_str().to_owned(),
        kind: catalog.flavor_kind(pair.flavor).as_str().to_owned(),
        code: catalog.flavor_code(pair.flavor).to_owned(),
    }
}
