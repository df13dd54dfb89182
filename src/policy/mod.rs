//! Policies, and what those in force leave: the algebra.
//!
//! A [`Policy`] allows options of one axis; its *effect* is a set of that axis's atoms (P2).
//! Attached at three levels, policies combine into a [`Scope`] (P3–P8): union within a level,
//! intersection across levels and axes, so that no level can widen another. A scope remembers
//! which policies of which level restrict it. A policy that states [`Callers`] binds requests instead of deployments:
//! [`CallerCuts`] say what is left to each caller (P18).
//!
//! Answers for the rules P1–P10, P12, P13, P15, P16, P18, E1, E2.

mod attachment;
mod callers;
mod environment;
mod limits;
mod scope;

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::SmallVec;

pub use attachment::{Attachment, Enforcement, Level, Note, OnLoss, OnReplaced, OnViolation, Terms};
pub use callers::{CallerCuts, Callers};
pub use environment::Environment;
pub use limits::Limits;
pub use scope::{AxisScope, Bundle, Restriction, Scope, State};

use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, Choice, PerAxis};
use crate::id::{Atom, Name, PolicyId, ResourceTypeId, Table};
use crate::origin::Origin;

/// A named set of allowed options of one axis (P1).
///
/// ```
/// use siting::catalog::{Axis, Catalog, ChoiceKind};
/// use siting::policy::{Options, Policy, Targets};
///
/// let catalog = Catalog::builtin();
/// let choice = |kind, name| catalog.resolve(kind, name).ok_or("unknown");
/// let eea = choice(ChoiceKind::Group, "eea")?;
/// let iceland = choice(ChoiceKind::Country, "is")?;
/// let policy = Policy::new(&catalog, "eea-but".parse()?, Axis::Location, Options::listed([eea], [iceland]),
/// Targets::All)?;
/// assert!(!policy.effect().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    name: Name,
    axis: Axis,
    options: Options,
    targets: Targets,
    callers: Option<Callers>,
    effect: BitSet<Atom>,
    origin: Origin,
}

impl Policy {
    /// A policy over `axis`, compiled against `catalog`.
    ///
    /// # Errors
    /// [`InvalidPolicy`] if an option is of another axis, or if nothing of the catalog is left (P9).
    pub fn new(
        catalog: &Catalog,
        name: Name,
        axis: Axis,
        options: Options,
        targets: Targets,
    ) -> Result<Self, InvalidPolicy> {
        let effect = options.effect(catalog, axis)?;
        if effect.is_empty() {
            let excepts = !options.except.is_empty();
            return Err(if excepts { InvalidPolicy::AllowsNothing } else { InvalidPolicy::NothingKnown });
        }
        Ok(Self { name, axis, options, targets, callers: None, effect, origin: Origin::default() })
    }

    /// The same policy, with the place where it was written.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// The same policy, binding requests from these places instead of deployments (P18).
    ///
    /// # Errors
    /// [`InvalidPolicy::NotCallers`] without any place, or if one is no continent, country or group.
    pub fn binding_callers(
        mut self,
        catalog: &Catalog,
        callers: impl IntoIterator<Item = Choice>,
    ) -> Result<Self, InvalidPolicy> {
        let callers = Callers::new(catalog, callers.into_iter().collect());
        self.callers = Some(callers.ok_or(InvalidPolicy::NotCallers)?);
        Ok(self)
    }

    /// The same policy with other options, to be looked at in thought: it may allow nothing.
    pub(crate) fn supposing(&self, catalog: &Catalog, options: Options) -> Self {
        let effect = options.effect(catalog, self.axis).unwrap_or_else(|_| BitSet::empty(catalog.universe(self.axis)));
        Self { options, effect, ..self.clone() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its type: the axis whose options it allows.
    #[must_use]
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// Its options and exceptions as they were stated.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The workload types it applies to.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Whose requests it binds; `None` where it binds deployments (P18).
    #[must_use]
    pub fn callers(&self) -> Option<&Callers> {
        self.callers.as_ref()
    }

    /// What it allows, as atoms of its axis (P2).
    #[must_use]
    pub fn effect(&self) -> &BitSet<Atom> {
        &self.effect
    }

    /// Where it was written.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The stated options that admit `atom`; empty where the policy does not, or an exception takes
    /// it out.
    pub fn admitting(&self, catalog: &Catalog, atom: Atom) -> Vec<Choice> {
        if !self.effect.contains(atom) {
            return Vec::new();
        }
        self.options.allowed.iter().copied().filter(|&choice| catalog.covers(choice, atom)).collect()
    }
}

/// What a policy states: what is allowed, and what is excepted from that.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Whether everything is allowed: the Beamlit format's unset list (P9).
    pub everything: bool,
    /// The allowed nodes of the axis's tree.
    pub allowed: Vec<Choice>,
    /// The excepted nodes.
    pub except: Vec<Choice>,
}

impl Options {
    /// The options in `allowed`, without those in `except`.
    #[must_use]
    pub fn listed(allowed: impl IntoIterator<Item = Choice>, except: impl IntoIterator<Item = Choice>) -> Self {
        Self { everything: false, allowed: allowed.into_iter().collect(), except: except.into_iter().collect() }
    }

    /// All atoms of the allowed nodes that no exception covers (P1).
    fn effect(&self, catalog: &Catalog, axis: Axis) -> Result<BitSet<Atom>, InvalidPolicy> {
        if self.allowed.iter().chain(&self.except).any(|choice| choice.axis() != axis) {
            return Err(InvalidPolicy::OtherAxis);
        }
        let universe = catalog.universe(axis);
        let mut effect = if self.everything { BitSet::full(universe) } else { BitSet::empty(universe) };
        for &choice in &self.allowed {
            effect.union_with(&catalog.atoms(choice));
        }
        for &choice in &self.except {
            effect.subtract(&catalog.excepted(choice));
        }
        Ok(effect)
    }
}

/// The workload types a policy applies to (P1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Targets {
    /// Every type.
    #[default]
    All,
    /// These; never empty.
    Only(SmallVec<[ResourceTypeId; 4]>),
}

impl Targets {
    /// Whether `resource_type` is among them.
    #[must_use]
    pub fn include(&self, resource_type: ResourceTypeId) -> bool {
        match self {
            Self::All => true,
            Self::Only(types) => types.contains(&resource_type),
        }
    }
}

/// Why a policy cannot be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// An option or exception belongs to another axis than the policy's type.
    #[error("an option does not belong to the policy's type")]
    OtherAxis,
    /// No options, or exceptions that leave nothing (P9).
    #[error("its exceptions remove everything that it allows")]
    AllowsNothing,
    /// Nothing is known of what it allows: a jurisdiction that no known provider answers to (P9, P15).
    #[error("nothing that it allows is known")]
    NothingKnown,
    /// Its callers are none, or one is no continent, country or group (P18).
    #[error("callers are continents, countries and groups, at least one")]
    NotCallers,
    /// It was compiled against another catalog than the other policies of the set.
    #[error("the policy was compiled against another catalog")]
    OtherCatalog,
}

/// All policies of a workspace, compiled against one catalog; shared by the scopes made from them.
#[derive(Clone, Debug)]
pub struct PolicySet {
    universe: PerAxis<usize>,
    by_name: HashMap<Name, PolicyId>,
    policies: Table<PolicyId, Arc<Policy>>,
}

impl PolicySet {
    /// No policies yet, over `catalog`'s axes.
    #[must_use]
    pub fn new(catalog: &Catalog) -> Self {
        let universe = PerAxis::from_fn(|axis| catalog.universe(axis));
        Self { universe, by_name: HashMap::new(), policies: Table::new() }
    }

    /// No policies yet; those of a name that was known before get their ids again (W1).
    #[must_use]
    pub(crate) fn after(before: Option<&Self>, catalog: &Catalog) -> Successor {
        let new = Self::new(catalog);
        match before {
            None => Successor { known: HashMap::new(), set: new },
            Some(before) => {
                Successor { known: before.by_name.clone(), set: Self { policies: before.policies.emptied(), ..new } }
            }
        }
    }

    /// Adds a policy; one of the same name is replaced, and its id is that of the other.
    ///
    /// # Errors
    /// [`InvalidPolicy::OtherCatalog`] if the policy was compiled against a catalog of another size
    /// than the set was made for.
    pub fn insert(&mut self, policy: Policy) -> Result<PolicyId, InvalidPolicy> {
        let known = self.by_name.get(&policy.name).copied();
        self.insert_as(known, policy)
    }

    fn insert_as(&mut self, known: Option<PolicyId>, policy: Policy) -> Result<PolicyId, InvalidPolicy> {
        if policy.effect.universe() != self.universe(policy.axis) {
            return Err(InvalidPolicy::OtherCatalog);
        }
        let (name, policy) = (policy.name.clone(), Arc::new(policy));
        let id = match known {
            Some(id) if self.policies.put(id, Arc::clone(&policy)) => id,
            _ => self.policies.push(policy),
        };
        self.by_name.insert(name, id);
        Ok(id)
    }

    /// The policy with this id; `None` for an id of another set, or of a policy that was removed.
    #[must_use]
    pub fn get(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id).map(|policy| &**policy)
    }

    /// The policy of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PolicyId> {
        self.by_name.get(name).copied()
    }

    /// All policies with their ids, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (PolicyId, &Policy)> {
        self.policies.iter().map(|(id, policy)| (id, &**policy))
    }

    /// The number of atoms of an axis at the time the set was made.
    #[must_use]
    pub fn universe(&self, axis: Axis) -> usize {
        *self.universe.get(axis)
    }
}

/// A set that comes after another one.
pub(crate) struct Successor {
    known: HashMap<Name, PolicyId>,
    pub(crate) set: PolicySet,
}

impl Successor {
    /// Adds a policy, as [`PolicySet::insert`] does.
    pub(crate) fn insert(&mut self, policy: Policy) -> Result<PolicyId, InvalidPolicy> {
        let known = self.known.get(&policy.name).or_else(|| self.set.by_name.get(&policy.name)).copied();
        self.set.insert_as(known, policy)
    }
}
