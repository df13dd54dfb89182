//! Laws: what must hold of any platform that decides where workloads run, in any world.
//!
//! The central trait is [`Decider`]: implement it for your own platform, and have [`of_policies`] check
//! every law on worlds of any kind. [`Siting`] is this crate as a decider. [`Life`] is the same for the
//! lifecycles of workloads, checked by [`of_lives`].
//!
//! A law that does not hold is [`Broken`]: which, for what, and how it shows.

mod explanations;
mod lives;
mod siting;
mod variants;

use std::collections::{BTreeMap, BTreeSet};

pub use explanations::{explanations_are_complete, explanations_are_sound};
pub use lives::{Life, decides_like_the_rules, of_lives, refused_commands_change_nothing, replay_gives_the_same};
pub use siting::Siting;

use crate::manifest::spec::{DeploymentSpec, Specs};
use crate::policy::Level;
use variants::Variant;

/// A platform under test that decides where a deployment may run.
///
/// A platform that asks this crate is tested for what it does with the answers; one that decides by
/// itself, for whether it means the same.
///
/// ```
/// use siting::manifest::spec::{DeploymentSpec, Specs};
/// use siting::testing::laws::{self, Answer, Decider, Siting};
/// use siting::testing::{Choices, Draw};
///
/// /// A platform that forgets the policies of workspaces.
/// struct Forgetful;
///
/// impl Decider for Forgetful {
///     fn decide(&self, world: &Specs, deployment: &DeploymentSpec) -> Answer {
///         let mut seen = world.clone();
///         if let Some(workspace) = &mut seen.workspace {
///             workspace.policies.clear();
///         }
///         Siting.decide(&seen, deployment)
///     }
/// }
///
/// let worlds = || (0..200).map(|seed| Specs::draw(&mut Choices::seeded(seed)));
/// assert!(worlds().all(|world| laws::stays_inside(&Siting, &world).is_ok()));
/// assert!(worlds().any(|world| laws::stays_inside(&Forgetful, &world).is_err()));
/// ```
pub trait Decider {
    /// Where a deployment of this world may run, and where it is placed, alone on the fleet as it is. The
    /// deployment is one of the world's.
    fn decide(&self, world: &Specs, deployment: &DeploymentSpec) -> Answer;
}

/// What a [`Decider`] says of a deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// Every spot where one replica could run if it were empty (D2).
    pub candidates: BTreeSet<Spot>,
    /// Where its replicas are put, and how many; empty where it is refused.
    pub placements: BTreeMap<Spot, u32>,
    /// The spots that policies exclude, with all that each excluding level says of it. `None` of a
    /// decider that does not explain itself.
    pub exclusions: Option<BTreeMap<Spot, BTreeSet<Citation>>>,
}

/// A place where replicas run, and on what.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Spot {
    /// The cluster.
    pub cluster: String,
    /// The pool; that of a cluster's short form is named like `gpu-t4`.
    pub pool: String,
    /// The flavor, such as `gpu:t4`.
    pub flavor: String,
}

/// A policy that is named as a reason, and the level at which it is attached.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Citation {
    /// The level.
    pub level: Level,
    /// The policy's name.
    pub policy: String,
}

/// A law that does not hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{law} does not hold for `{subject}`: {shown}")]
pub struct Broken {
    law: &'static str,
    subject: String,
    shown: String,
}

impl Broken {
    fn new(law: &'static str, subject: impl Into<String>, shown: impl Into<String>) -> Self {
        Self { law, subject: subject.into(), shown: shown.into() }
    }

    /// The law, named like the function that checks it.
    #[must_use]
    pub fn law(&self) -> &'static str {
        self.law
    }
}

/// Every law of policies, for every deployment of a world.
///
/// A decider that admits nothing keeps most of them: hold it to [`leaves_nothing_out`] as well, or make sure
/// that what it answers is not empty throughout.
///
/// Decides a few times for each policy and option of the world, so that a world of a usual size takes
/// some hundred decisions.
///
/// # Errors
/// The first law that is [`Broken`].
pub fn of_policies(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    is_deterministic(decider, world)?;
    stays_inside(decider, world)?;
    never_widens(decider, world)?;
    is_monotone(decider, world)?;
    order_and_duplicates_do_not_matter(decider, world)?;
    targets_isolate(decider, world)?;
    callers_bind_no_deployment(decider, world)?;
    explanations_are_sound(decider, world)?;
    explanations_are_complete(decider, world)
}

/// Equal questions get equal answers (D4).
///
/// # Errors
/// [`Broken`], where two answers to one question differ.
pub fn is_deterministic(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    each(world, |deployment| {
        let same = decider.decide(world, deployment) == decider.decide(&world.clone(), &deployment.clone());
        holds(same, || Broken::new("is_deterministic", deployment.address(), "a second answer differs from the first"))
    })
}

/// No candidate, and no replica, is outside what the policies of all levels allow (D9).
///
/// # Errors
/// [`Broken`], where this crate does not have such a candidate.
pub fn stays_inside(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    each(world, |deployment| {
        let (found, allowed) = (decider.decide(world, deployment), Siting.decide(world, deployment));
        let law = "stays_inside";
        within(law, deployment, &found.candidates, &allowed.candidates, "a candidate is not allowed")?;
        let placed = found.placements.into_keys().collect();
        within(law, deployment, &placed, &allowed.candidates, "replicas are put where they are not allowed")
    })
}

/// Every candidate that this crate has is one of the decider's: no rule of its own keeps replicas out. Not
/// among [`of_policies`], since a platform may have such rules.
///
/// # Errors
/// [`Broken`], where the decider lacks a candidate.
pub fn leaves_nothing_out(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    each(world, |deployment| {
        let (found, allowed) = (decider.decide(world, deployment), Siting.decide(world, deployment));
        within("leaves_nothing_out", deployment, &allowed.candidates, &found.candidates, "what is allowed is left out")
    })
}

/// No level's policies allow what the others do not: without them there are at least the same
/// candidates (P5).
///
/// # Errors
/// [`Broken`], where a level adds a candidate.
pub fn never_widens(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    compare(decider, world, "never_widens", |deployment| {
        Level::ALL.into_iter().map(|level| Variant::without_level(world, deployment, level)).collect()
    })
}

/// A policy that allows less, or excepts more, adds no candidate.
///
/// # Errors
/// [`Broken`], where a candidate is there only since a policy allows less.
pub fn is_monotone(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    each(world, |deployment| {
        let before = decider.decide(world, deployment).candidates;
        for tighter in Variant::tighter(world, deployment) {
            let after = decider.decide(&tighter.world, &tighter.deployment).candidates;
            within("is_monotone", deployment, &after, &before, &tighter.what)?;
        }
        Ok(())
    })
}

/// Answers depend neither on the order in which a world is written nor on what is written twice (D4).
///
/// # Errors
/// [`Broken`], where an answer changes with it.
pub fn order_and_duplicates_do_not_matter(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    equal(decider, world, "order_and_duplicates_do_not_matter", |deployment| {
        let base = Variant::of(world, deployment);
        let others = [Variant::reversed(world, deployment), Variant::doubled(world, deployment)];
        others.into_iter().map(|other| (base.clone(), other)).collect()
    })
}

/// A policy whose targets leave out a workload's type is as if absent (P6).
///
/// # Errors
/// [`Broken`], where such a policy changes an answer.
pub fn targets_isolate(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    equal(decider, world, "targets_isolate", |deployment| Variant::retargeted(world, deployment))
}

/// A policy that binds requests is as if absent to whoever decides where deployments run (P18).
///
/// # Errors
/// [`Broken`], where such a policy changes an answer.
pub fn callers_bind_no_deployment(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    equal(decider, world, "callers_bind_no_deployment", |deployment| Variant::binding_callers(world, deployment))
}

/// Checks something of every deployment.
fn each(world: &Specs, mut check: impl FnMut(&DeploymentSpec) -> Result<(), Broken>) -> Result<(), Broken> {
    world.deployments.iter().try_for_each(&mut check)
}

/// Checks that the candidates are among those of every variant.
fn compare(
    decider: &impl Decider,
    world: &Specs,
    law: &'static str,
    variants: impl Fn(&DeploymentSpec) -> Vec<Variant>,
) -> Result<(), Broken> {
    each(world, |deployment| {
        let before = decider.decide(world, deployment).candidates;
        for variant in variants(deployment) {
            let after = decider.decide(&variant.world, &variant.deployment).candidates;
            within(law, deployment, &before, &after, &variant.what)?;
        }
        Ok(())
    })
}

/// Checks that both variants of each pair get one answer.
fn equal(
    decider: &impl Decider,
    world: &Specs,
    law: &'static str,
    variants: impl Fn(&DeploymentSpec) -> Vec<(Variant, Variant)>,
) -> Result<(), Broken> {
    each(world, |deployment| {
        for (one, other) in variants(deployment) {
            let found = decider.decide(&one.world, &one.deployment);
            let same = found == decider.decide(&other.world, &other.deployment);
            holds(same, || Broken::new(law, deployment.address(), format!("the answer changes, {}", other.what)))?;
        }
        Ok(())
    })
}

fn within(
    law: &'static str,
    deployment: &DeploymentSpec,
    found: &BTreeSet<Spot>,
    allowed: &BTreeSet<Spot>,
    what: &str,
) -> Result<(), Broken> {
    let outside = found.difference(allowed).next();
    outside.map_or(Ok(()), |spot| {
        let Spot { cluster, pool, flavor } = spot;
        Err(Broken::new(law, deployment.address(), format!("{what}: {flavor} of pool `{pool}` on `{cluster}`")))
    })
}

fn holds(law: bool, broken: impl FnOnce() -> Broken) -> Result<(), Broken> {
    if law { Ok(()) } else { Err(broken()) }
}
