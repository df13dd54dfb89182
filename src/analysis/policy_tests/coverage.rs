//! What cases hold, found by taking things out in thought.

use std::collections::{BTreeSet, HashSet};

use super::cases::Run;
use super::resolve::{Case, Expectation};
use super::{Coverage, Tested};
use crate::analysis::governed::{Governance, Owner, Subject};
use crate::catalog::{Axis, Catalog, Choice};
use crate::id::PolicyId;
use crate::placement::Code;
use crate::policy::{Attachment, Enforcement, Environment, Level, Options, Policy, Scope};
use crate::workspace::Workspace;

/// What the cases hold; all of them pass.
pub(super) fn measure<'w>(workspace: &'w Workspace, run: &Run<'w>, cases: &[&Case]) -> Coverage {
    let subjects = subjects(workspace, cases);
    let mut coverage = Coverage::default();
    for (tested, governance, concerns) in things(workspace, &run.governance) {
        let mut concerned = subjects.iter().filter(|(subject, _)| concerns.is_about(workspace, subject));
        if concerned.all(|(subject, scope)| same(scope, &governance.scope(subject))) {
            coverage.redundant.push(tested);
            continue;
        }
        coverage.counted += 1;
        let holds = |case: &&Case| {
            let concerned = case.subject(workspace).is_some_and(|subject| concerns.is_about(workspace, &subject));
            concerned && !run.passes(case, &governance)
        };
        if !cases.iter().any(holds) {
            coverage.uncovered.push(tested);
        }
    }
    let expected = expected_codes(cases);
    for code in possible_codes(&subjects) {
        coverage.counted += 1;
        if !expected.contains(&code) {
            coverage.uncovered.push(Tested::Reason { code: code.as_str().to_owned() });
        }
    }
    coverage.uncovered.sort();
    coverage.redundant.sort();
    coverage
}

/// Everybody whom policies can mean something to: each deployment, any of each type in each environment, and those of
/// the cases. Of those who are governed alike, one.
fn subjects<'a>(workspace: &'a Workspace, cases: &[&'a Case]) -> Vec<(Subject<'a>, Scope)> {
    let deployments = workspace.deployment_ids().filter_map(|id| Subject::deployment(workspace, id));
    let any = workspace.environments().flat_map(|(environment, _)| {
        workspace.catalog().resource_types().map(move |resource_type| Subject::any(environment, resource_type))
    });
    let of_cases = cases.iter().filter_map(|case| case.subject(workspace));
    let mut seen = HashSet::new();
    // What is attached to a deployment can be taken out of that one alone.
    let governance = Governance::of(workspace);
    let all = deployments.chain(any).chain(of_cases).filter(|subject| seen.insert(alike(*subject)));
    all.map(|subject| (subject, governance.scope(&subject))).collect()
}

/// The same for all that are governed alike. What is attached to a deployment can be taken out of that one alone.
fn alike(subject: Subject<'_>) -> Subject<'_> {
    Subject { deployment: subject.deployment.filter(|_| !subject.own.is_empty()), ..subject }
}

/// Whether two scopes allow the same. A level that restricts to everything allows what one that does not restrict does;
/// they differ where a policy is required.
fn same(one: &Scope, other: &Scope) -> bool {
    match (one.refuses_everything(), other.refuses_everything()) {
        (true, true) => true,
        (false, false) => Axis::ALL.into_iter().all(|axis| one.axis(axis).allowed() == other.axis(axis).allowed()),
        _ => false,
    }
}

/// Whom taking something out can mean something to.
#[derive(Clone, Copy)]
struct Concerns {
    owner: Option<Owner>,
    policy: Option<PolicyId>,
}

impl Concerns {
    fn is_about(self, workspace: &Workspace, subject: &Subject<'_>) -> bool {
        match self.owner {
            Some(Owner::Environment(id)) => subject.environment == id,
            Some(Owner::Deployment(id)) => subject.deployment == Some(id),
            Some(Owner::Workspace) => true,
            None => {
                let environment =
                    workspace.environment(subject.environment).map(Environment::bundle).unwrap_or_default();
                let imposed = workspace.bundle().attachments;
                let mut attached = imposed.iter().chain(environment.attachments).chain(subject.own);
                self.policy.is_none_or(|policy| attached.any(|attachment| attachment.policy == policy))
            }
        }
    }
}

/// All that can be taken out, with what is left then.
fn things<'g, 'w: 'g>(
    workspace: &'w Workspace,
    whole: &'g Governance<'w>,
) -> impl Iterator<Item = (Tested, Governance<'w>, Concerns)> + 'g {
    let of_policies = workspace.policies().iter().flat_map(move |(id, policy)| of_policy(whole, id, policy));
    let deployments = workspace.deployment_ids().filter_map(|id| Some((id, workspace.deployment(id)?)));
    let imposed = (Owner::Workspace, None, workspace.bundle().attachments);
    let owners = std::iter::once(imposed)
        .chain(workspace.environments().map(|(id, environment)| {
            let name = environment.name.as_str().to_owned();
            (Owner::Environment(id), Some(name), environment.attachments.as_slice())
        }))
        .chain(deployments.map(|(id, deployment)| {
            (Owner::Deployment(id), Some(deployment.address()), deployment.attachments.as_slice())
        }));
    of_policies.chain(owners.flat_map(move |(owner, name, attachments)| of_owner(whole, owner, name, attachments)))
}

fn of_policy<'w>(whole: &Governance<'w>, id: PolicyId, policy: &Policy) -> Vec<(Tested, Governance<'w>, Concerns)> {
    let concerns = Concerns { owner: None, policy: Some(id) };
    let (name, options) = (policy.name().as_str().to_owned(), policy.options());
    let mut things = vec![(Tested::Policy { policy: name.clone() }, whole.without(None, Some(id)), concerns)];
    let without = |list: &[_], at: usize| {
        let kept = list.iter().enumerate().filter(|(other, _)| *other != at);
        kept.map(|(_, choice)| *choice).collect::<Vec<_>>()
    };
    for (at, &choice) in options.allowed.iter().enumerate() {
        let left = Options { allowed: without(&options.allowed, at), ..options.clone() };
        let option = choice_text(whole.catalog(), choice);
        things.push((Tested::Option { policy: name.clone(), option }, whole.with_options(id, left), concerns));
    }
    for (at, &choice) in options.except.iter().enumerate() {
        let left = Options { except: without(&options.except, at), ..options.clone() };
        let option = choice_text(whole.catalog(), choice);
        things.push((Tested::Exception { policy: name.clone(), option }, whole.with_options(id, left), concerns));
    }
    things
}

fn of_owner<'w>(
    whole: &Governance<'w>,
    owner: Owner,
    name: Option<String>,
    attachments: &[Attachment],
) -> Vec<(Tested, Governance<'w>, Concerns)> {
    let level = match owner {
        Owner::Workspace => Level::Workspace,
        Owner::Environment(_) => Level::Environment,
        Owner::Deployment(_) => Level::Deployment,
    };
    let enforced = attachments.iter().filter(|attachment| attachment.enforcement == Enforcement::Enforce);
    let enforced: BTreeSet<PolicyId> = enforced.map(|attachment| attachment.policy).collect();
    if enforced.is_empty() {
        return Vec::new();
    }
    let all = Concerns { owner: Some(owner), policy: None };
    let mut things = vec![(Tested::Level { level, owner: name.clone() }, whole.without(Some(owner), None), all)];
    things.extend(enforced.into_iter().filter_map(|id| {
        let policy = whole.policies().get(id)?.name().as_str().to_owned();
        let tested = Tested::Attachment { policy, level, owner: name.clone() };
        Some((tested, whole.without(Some(owner), Some(id)), Concerns { policy: Some(id), ..all }))
    }));
    things
}

/// The reasons for which policies refuse somebody, or exclude something of somebody's.
fn possible_codes(subjects: &[(Subject<'_>, Scope)]) -> BTreeSet<Code> {
    let mut codes = BTreeSet::new();
    for (_, scope) in subjects {
        codes.extend((!scope.unresolved().is_empty()).then_some(Code::PolicyUnresolved));
        codes.extend((!scope.unmet().is_empty()).then_some(Code::PolicyRequired));
        codes.extend(scope.conflicts().next().map(|_| Code::PolicyConflict));
        let excluding = Axis::ALL
            .into_iter()
            .filter(|&axis| scope.axis(axis).restrictions().iter().any(|restriction| !restriction.allowed.is_full()));
        codes.extend(excluding.map(Code::NotAllowed));
    }
    codes
}

/// The reasons that cases expect: by their code, or by the policies that must exclude.
fn expected_codes(cases: &[&Case]) -> BTreeSet<Code> {
    let expected = cases.iter().flat_map(|case| &case.expected).flat_map(|expected| match expected {
        Expectation::RefusedBy(code, _) => vec![*code],
        Expectation::Denied(site, by) if !by.is_empty() => match site.axis() {
            Some(axis) => vec![Code::NotAllowed(axis)],
            None => Vec::new(),
        },
        _ => Vec::new(),
    });
    expected.collect()
}

/// `country de`
fn choice_text(catalog: &Catalog, choice: Choice) -> String {
    format!("{} {}", catalog.choice_kind(choice), catalog.choice_name(choice))
}
