//! Changes that are common and small, made without a look at all the rest. Each comes to what making everything anew
//! would come to; what may be refused is left to that.

use std::sync::Arc;

use super::super::names::Problems;
use super::super::policies;
use super::{AttachmentPoint, ChangeStep, Changed, Documents, WorkspaceChange};
use crate::catalog::Axis;
use crate::inventory::Displaced;
use crate::manifest::spec::{AttachmentSpec, PoolsSpec, Specs};
use crate::policy::{Attachment, Terms};
use crate::time::Moment;
use crate::workspace::Workspace;

impl Workspace {
    /// Carries out a change of one step, if it is one of these and nothing speaks against it; else nothing has changed.
    pub(super) fn in_place(&mut self, now: Moment, change: &WorkspaceChange) -> Option<Changed> {
        let [step] = change.steps.as_slice() else { return None };
        let of_policies = !matches!(step, ChangeStep::SetNodes { .. });
        if of_policies && self.runs_where_policies_say() {
            return None;
        }
        match step {
            ChangeStep::Put(documents) => self.put_in_place(documents),
            ChangeStep::Attach {
                at: AttachmentPoint::Environment(name),
                policy,
                enforcement,
                until,
                reason,
                ticket,
            } => {
                let (reason, ticket) = (reason.clone(), ticket.clone());
                let terms = Terms { enforcement: *enforcement, until: *until, reason, ticket };
                self.attach_in_place(name, policy, &terms)
            }
            ChangeStep::SetNodes { cluster, pool, nodes, gone } => {
                self.set_nodes_in_place(now, (cluster, pool), *nodes, gone)
            }
            _ => None,
        }
    }

    /// One policy, and nothing else.
    fn put_in_place(&mut self, documents: &Documents) -> Option<Changed> {
        let [spec] = documents.specs.policies.as_slice() else { return None };
        let alone = Specs { policies: vec![spec.clone()], ..Specs::default() };
        if documents.specs != alone || !documents.problems.is_empty() || documents.left_out > 0 {
            return None;
        }
        let name = spec.metadata.name.as_str();
        let place = self.specs.policies.iter().position(|known| known.metadata.name.as_str() == name);
        if place.is_some_and(|place| self.specs.policies.get(place) == Some(spec)) {
            return Some(Changed::default());
        }
        // A policy that a deployment has been waiting for binds it from now on.
        if place.is_none() && self.deployments().iter().any(|deployment| !deployment.unresolved.is_empty()) {
            return None;
        }
        // What it asks for together with the others must be known beside what each asks for (P15).
        if spec.axis == Axis::Attribute {
            return None;
        }
        let mut problems = Problems::default();
        let policy = policies::policy(&self.catalog, spec, &mut problems)?;
        Arc::make_mut(&mut self.policies).insert(policy).ok()?;
        let specs = Arc::make_mut(&mut self.specs);
        match place.and_then(|place| specs.policies.get_mut(place)) {
            Some(known) => known.clone_from(spec),
            None => specs.policies.push(spec.clone()),
        }
        Some(Changed { changed: true, ..Changed::default() })
    }

    /// A policy to an environment that has a document.
    fn attach_in_place(&mut self, environment: &str, policy: &str, terms: &Terms) -> Option<Changed> {
        if terms.unwritten().is_some() {
            return None;
        }
        let id = self.find_environment(environment).ok()?;
        let attachment = Attachment::new(self.find_policy(policy).ok()?, terms.clone());
        let place = self.specs.environments.iter().position(|spec| spec.metadata.name.as_str() == environment)?;
        let known = self.specs.environments.get(place)?.policies.iter().position(|known| *known.policy == *policy);
        let attached = &mut self.environments.table.get_mut(id)?.attachments;
        let written = &mut Arc::make_mut(&mut self.specs).environments.get_mut(place)?.policies;
        match known {
            // Attachments stand in the order in which they are written.
            Some(at) => {
                let (attached, written) = (attached.get_mut(at)?, written.get_mut(at)?);
                if attached.terms() == *terms {
                    return Some(Changed::default());
                }
                *attached = attachment;
                *written = AttachmentSpec { policy: written.policy.clone(), ..AttachmentSpec::new("", terms.clone()) };
            }
            None => {
                attached.push(attachment);
                written.push(AttachmentSpec::new(policy, terms.clone()));
            }
        }
        Some(Changed { changed: true, ..Changed::default() })
    }

    /// How many nodes a pool has.
    fn set_nodes_in_place(
        &mut self,
        now: Moment,
        (cluster, pool): (&str, &str),
        nodes: u32,
        gone: &[u32],
    ) -> Option<Changed> {
        let place = self.specs.clusters.iter().position(|spec| spec.metadata.name.as_str() == cluster)?;
        let PoolsSpec::Pools(pools) = &self.specs.clusters.get(place)?.pools else { return None };
        let at = pools.iter().position(|spec| spec.name.as_str() == pool)?;
        let (spec, cluster) = (pools.get(at)?, self.specs.clusters.get(place)?.metadata.name.value.clone());
        if spec.nodes? == nodes && gone.is_empty() {
            return Some(Changed::default());
        }
        let id = self.inventory.find_pool(&cluster, &spec.name.value)?;
        let were_gone = !self.inventory.gone_nodes(id).is_empty();
        let displaced: Vec<Displaced> = self.inventory.resize(id, nodes, gone)?;
        let PoolsSpec::Pools(pools) = &mut Arc::make_mut(&mut self.specs).clusters.get_mut(place)?.pools else {
            return None;
        };
        pools.get_mut(at)?.nodes = Some(nodes);
        let touched = were_gone || !displaced.is_empty();
        let effects = if touched { self.tell_of_nodes(now, Some(id)) } else { Vec::new() };
        Some(Changed { changed: true, displaced, effects, ..Changed::default() })
    }
}
