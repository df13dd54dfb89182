//! The policies that govern a question, taken out of the workspace so that they can be changed in thought.

use std::collections::HashMap;
use std::sync::Arc;

use super::step::Step;
use crate::catalog::{Axis, Catalog};
use crate::id::{Name, PolicyId, ResourceTypeId};
use crate::policy::{Attachment, Bundle, Enforcement, Level, Options, Policy, PolicySet, Scope};
use crate::time::Moment;

/// What governs a question: everything that its scope is compiled from.
#[derive(Clone, Debug)]
pub(crate) struct Governing<'a> {
    pub(crate) policies: &'a PolicySet,
    /// The environments that must all allow a place, each with its name and what its three levels impose.
    pub(crate) environments: Vec<(&'a Name, [Bundle<'a>; 3])>,
    pub(crate) resource_type: ResourceTypeId,
    /// The moment of the question.
    pub(crate) at: Option<Moment>,
    pub(crate) unresolved: &'a [Name],
    /// By policy of the set: the highest level that it is attached at anywhere.
    pub(crate) highest: Vec<(PolicyId, Level)>,
}

/// The policies in force, over a fleet's catalog, with ids of their own: few, however many the workspace has.
#[derive(Debug)]
pub(super) struct Local<'a> {
    catalog: &'a Catalog,
    policies: Arc<PolicySet>,
    /// By governing environment and level: what is attached there and in force, and what is required there.
    levels: Vec<[(Vec<Attachment>, &'a [Axis]); 3]>,
    environments: Vec<&'a Name>,
    resource_type: ResourceTypeId,
    at: Option<Moment>,
    unresolved: &'a [Name],
    highest: Vec<(PolicyId, Level)>,
}

/// Policies of one level that allow an axis together.
pub(super) struct Gate {
    pub(super) level: Level,
    pub(super) environment: usize,
    pub(super) axis: Axis,
    pub(super) policies: Vec<PolicyId>,
    /// Those of them whose attachment has not ended: the others allow nothing (P16).
    pub(super) standing: Vec<PolicyId>,
}

impl<'a> Local<'a> {
    pub(super) fn new(governing: &Governing<'a>, catalog: &'a Catalog) -> Self {
        let mut policies = PolicySet::new(catalog);
        let mut known: HashMap<PolicyId, Option<PolicyId>> = HashMap::new();
        let mut local = |id: PolicyId| {
            *known.entry(id).or_insert_with(|| {
                let found = governing.policies.get(id)?;
                let policy = found.supposing(catalog, found.options().clone());
                policies.insert(policy).ok()
            })
        };
        let mut levels: Vec<[(Vec<Attachment>, &'a [Axis]); 3]> = Vec::new();
        for (_, bundles) in &governing.environments {
            levels.push(bundles.map(|bundle| {
                let in_force = bundle.attachments.iter().filter(|attachment| {
                    // What binds requests keeps no replica from a place (P18).
                    let binds = |policy: &Policy| {
                        policy.callers().is_none() && policy.targets().include(governing.resource_type)
                    };
                    attachment.enforcement == Enforcement::Enforce
                        && governing.policies.get(attachment.policy).is_some_and(binds)
                });
                let mut attached: Vec<Attachment> = Vec::new();
                for attachment in in_force {
                    if let Some(policy) = local(attachment.policy) {
                        let attachment = Attachment { policy, ..attachment.clone() };
                        if !attached.contains(&attachment) {
                            attached.push(attachment);
                        }
                    }
                }
                (attached, bundle.require)
            }));
        }
        let highest = governing.highest.iter().filter_map(|(id, level)| Some((local(*id)?, *level))).collect();
        Self {
            catalog,
            levels,
            environments: governing.environments.iter().map(|(name, _)| *name).collect(),
            resource_type: governing.resource_type,
            at: governing.at,
            unresolved: governing.unresolved,
            highest,
            policies: Arc::new(policies),
        }
    }

    pub(super) fn unresolved(&self) -> &'a [Name] {
        self.unresolved
    }

    pub(super) fn name(&self, policy: PolicyId) -> Option<&Name> {
        self.policies.get(policy).map(Policy::name)
    }

    /// The environment of this number.
    pub(super) fn environment(&self, number: usize) -> Option<&'a Name> {
        self.environments.get(number).copied()
    }

    /// The highest level that a policy is attached at anywhere.
    pub(super) fn highest(&self, policy: PolicyId) -> Level {
        let found = self.highest.iter().find(|(id, _)| *id == policy);
        found.map_or(Level::Deployment, |(_, level)| *level)
    }

    /// Everything that policies of one level and axis have to allow. What several environments have in common is told
    /// once.
    pub(super) fn gates(&self) -> Vec<Gate> {
        let mut gates = Vec::new();
        for (number, levels) in self.levels.iter().enumerate() {
            for (level, (attached, _)) in Level::ALL.into_iter().zip(levels) {
                let environment = if level == Level::Environment { number } else { 0 };
                if number > 0 && level != Level::Environment {
                    continue;
                }
                for axis in Axis::ALL {
                    let is_of = |attachment: &&Attachment| {
                        self.policies.get(attachment.policy).is_some_and(|policy| policy.axis() == axis)
                    };
                    let of_axis = || attached.iter().filter(is_of);
                    let policies: Vec<PolicyId> = of_axis().map(|attachment| attachment.policy).collect();
                    let standing = of_axis().filter(|attachment| !attachment.has_ended(self.at));
                    let standing = standing.map(|attachment| attachment.policy).collect();
                    if !policies.is_empty() {
                        gates.push(Gate { level, environment, axis, policies, standing });
                    }
                }
            }
        }
        gates
    }

    /// A policy in force, by its id here.
    pub(super) fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id)
    }

    /// What the policies leave after some steps. O(policies in force × atoms / 64).
    pub(super) fn scope(&self, steps: &[Step]) -> Scope {
        let mut policies = Arc::clone(&self.policies);
        let mut added: Vec<(PolicyId, Options)> = Vec::new();
        for step in steps {
            let Step::Add(id, option) = step else { continue };
            match added.iter_mut().find(|(known, _)| known == id) {
                Some((_, options)) => options.allowed.push(*option),
                None => {
                    let Some(found) = self.policies.get(*id) else { continue };
                    let mut options = found.options().clone();
                    options.allowed.push(*option);
                    added.push((*id, options));
                }
            }
        }
        for (id, options) in added {
            if let Some(found) = self.policies.get(id) {
                // A policy of the same name and catalog takes the place of the one that has the name.
                let _ = Arc::make_mut(&mut policies).insert(found.supposing(self.catalog, options));
            }
        }
        let is_left = |environment: usize, level: Level, attachment: &Attachment| {
            !steps.iter().any(|step| match step {
                Step::Detach(of, number, policy) => {
                    *of == level
                        && *policy == attachment.policy
                        && (level != Level::Environment || *number == environment)
                }
                _ => false,
            })
        };
        let forgotten = |at: usize| steps.contains(&Step::Forget(at));
        let unresolved = self.unresolved.iter().enumerate().filter(|(at, _)| !forgotten(*at));
        let unresolved: Vec<Name> = unresolved.map(|(_, name)| name.clone()).collect();
        let mut all: Option<Scope> = None;
        for (number, levels) in self.levels.iter().enumerate() {
            let mut left: [Vec<Attachment>; 3] = Default::default();
            for ((kept, (attached, _)), level) in left.iter_mut().zip(levels).zip(Level::ALL) {
                kept.extend(attached.iter().filter(|attachment| is_left(number, level, attachment)).cloned());
            }
            let [workspace, environment, deployment] = &left;
            let [(_, first), (_, second), (_, third)] = levels;
            let bundles = [
                Bundle { attachments: workspace, require: first },
                Bundle { attachments: environment, require: second },
                Bundle { attachments: deployment, require: third },
            ];
            let scope =
                Scope::compile(&policies, bundles, self.resource_type, self.at).with_unresolved(unresolved.clone());
            all = Some(match all {
                Some(before) => before.both(&scope),
                None => scope,
            });
        }
        all.unwrap_or_else(|| {
            Scope::compile(&policies, Default::default(), self.resource_type, self.at).with_unresolved(unresolved)
        })
    }
}
