//! What comes out of decisions and questions over a workspace, each of a workspace that was drawn.

use std::cmp::Reverse;

use super::choices::{Choices, Draw};
use super::loaded::{parts, refusing};
use super::values::{valid, words};
use crate::analysis::{
    self, AxisDescription, Description, Finding, Obstacle, OptionCount, PlacementDescription, Question, Remaining,
    Severity, Subject, WorkloadName,
};
use crate::catalog::Axis;
use crate::id::{ClusterId, Id};
use crate::inventory::Remainder;
use crate::placement::{
    self, Ask, Code, Counts, Culprit, Decision, PairExplanation, Placement, PreferenceValue, Rank, Reason, Refusal,
    UnknownLast, Verdict,
};
use crate::quantity::Money;
use crate::workspace::{Outcome, Workspace};

parts! {
    Outcome: |workspace| workspace.place(workspace.deployment_ids().next()?).ok();
    Decision: |workspace| Some(workspace.place(workspace.deployment_ids().next()?).ok()?.decision);
    Placement: |workspace| {
        workspace.place(workspace.deployment_ids().next()?).ok()?.decision.placements().first().cloned()
    };
    PairExplanation: |workspace| {
        let first = ClusterId::from_index(0);
        workspace.explain_cluster_at(workspace.deployment_ids().next()?, first).ok()?.first().cloned()
    };
    Rank: |workspace| {
        let id = workspace.deployment_ids().next()?;
        let (deployment, scope) = (workspace.deployment(id)?, workspace.scope(id).ok()?);
        let ask = Ask::new(&deployment.demand, 1).preferring(&deployment.preferences);
        placement::ranking(workspace.inventory(), &scope, &ask, 0).into_iter().next()
    };
    Description: |workspace| analysis::describe(&workspace, workspace.deployment_ids().next()?).ok();
    Remaining: |workspace| {
        let (environment, model) = (workspace.default_environment(), workspace.catalog().resource_types().next()?);
        Some(analysis::options(&workspace, environment, model, &[]))
    };
    Question: |workspace| {
        let (environment, _) = workspace.environments().last()?;
        let resource_type = workspace.catalog().resource_types().last()?;
        Some(Question { environment, resource_type, given: Vec::new() })
    };
    Finding: |workspace| analysis::check(&workspace).into_iter().next();
}

parts! { refusing =>
    Refusal: |workspace| {
        let mut decisions = workspace.deployment_ids().filter_map(|id| Some(workspace.place(id).ok()?.decision));
        decisions.find_map(|decision| decision.refusal().cloned())
    };
}

parts! { Refusal::draw => Reason: |refusal| refusal.reasons.first().cloned(); }
parts! { Reason::draw => Culprit: |reason| reason.policies.first().cloned(); }
parts! { Description::draw =>
    WorkloadName: |description| Some(description.workload);
    AxisDescription: |description| description.scope.first().cloned();
    PlacementDescription: |description| Some(description.placement);
}
parts! { Reason::draw => Obstacle: |reason| Some(Obstacle::from(&reason)); }
parts! { Remaining::draw => OptionCount: |report| report.values.get(Axis::Location).first().copied(); }
parts! { Finding::draw => Subject: |finding| Some(finding.subject); }

words! {
    Verdict: Placed Partial Refused;
    Severity: Error Warning Info;
}

impl Draw for Code {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let all: Vec<Self> = Self::all().collect();
        choices.pick(&all).copied().unwrap_or(Self::NoClusters)
    }
}

impl Draw for Counts {
    /// Clusters of a small fleet.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut clusters = || usize::try_from(choices.below(20)).unwrap_or(0);
        Self { removed_alone: clusters(), left_after: clusters() }
    }
}

impl<T: Draw> Draw for UnknownLast<T> {
    fn draw(choices: &mut Choices<'_>) -> Self {
        choices.maybe(80, T::draw).into()
    }
}

impl Draw for PreferenceValue {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(5) {
            0 => Self::Price(UnknownLast::<Money>::draw(choices)),
            1 => Self::Packing(UnknownLast::<Remainder>::draw(choices)),
            2 => Self::Stranding(choices.maybe(80, |choices| i64::from(choices.below(8000)) - 4000).into()),
            3 => Self::Near(choices.maybe(80, |choices| choices.below(20_000)).into()),
            _ => Self::Favourite(Reverse(choices.below(1000))),
        }
    }
}
