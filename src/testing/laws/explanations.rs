//! Laws of explanations: what is cited excludes, and nothing else does (D6).

use std::collections::{BTreeMap, BTreeSet};

use super::variants::Variant;
use super::{Broken, Citation, Decider, Spot, each, holds};
use crate::manifest::spec::{DeploymentSpec, Specs};

/// What is cited of a spot excludes it: it is not a candidate, each policy cited excludes it by itself, and so
/// does all that its level says on that axis.
///
/// Asked of a world whose clusters are open, for a deployment that demands nothing, so that nothing but
/// policies can exclude. Holds of a decider that does not explain itself.
///
/// # Errors
/// [`Broken`], where what is cited admits the spot, or nothing is cited.
pub fn explanations_are_sound(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    each(world, |deployment| {
        let mut asked = Asked::of(decider, world, deployment);
        let Some((candidates, exclusions)) = asked.explained() else { return Ok(()) };
        let broken = |spot: &Spot, how: String| {
            Broken::new("explanations_are_sound", deployment.address(), format!("{} {how}", shown(spot)))
        };
        for (spot, cited) in exclusions {
            holds(!cited.is_empty(), || broken(&spot, "is excluded, but no policy is cited".to_owned()))?;
            holds(!candidates.contains(&spot), || broken(&spot, format!("is a candidate, but {cited:?} is cited")))?;
            for citation in cited {
                let alone = BTreeSet::from([citation.clone()]);
                for kept in [alone, asked.beside(&citation)] {
                    let admitted = asked.with(kept.clone()).contains(&spot);
                    holds(!admitted, || broken(&spot, format!("is excluded by {citation:?}, but {kept:?} admit it")))?;
                }
            }
        }
        Ok(())
    })
}

/// The policies cited of a spot are all that excludes it: without them, it is a candidate where it is
/// one without any; and whatever policies take away is cited.
///
/// Asked of the same world as [`explanations_are_sound`]. Holds of a decider that does not explain itself.
///
/// # Errors
/// [`Broken`], where something else excludes the spot.
pub fn explanations_are_complete(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    each(world, |deployment| {
        let mut asked = Asked::of(decider, world, deployment);
        let Some((candidates, exclusions)) = asked.explained() else { return Ok(()) };
        let broken = |spot: &Spot, how: String| {
            Broken::new("explanations_are_complete", deployment.address(), format!("{} {how}", shown(spot)))
        };
        let free = asked.with(BTreeSet::new()).clone();
        for spot in free.difference(&candidates) {
            let Some(cited) = exclusions.get(spot) else {
                return Err(broken(spot, "is removed by policies, but none is cited".to_owned()));
            };
            let others = asked.bound.difference(cited).cloned().collect();
            let admitted = asked.with(others).contains(spot);
            holds(admitted, || broken(spot, format!("is excluded by more than is cited: {cited:?}")))?;
        }
        Ok(())
    })
}

/// A decider that is asked about one deployment under some of the policies that bind it, about the same ones
/// once.
struct Asked<'d, D> {
    decider: &'d D,
    base: Variant,
    /// The enforced policies that bind it.
    bound: BTreeSet<Citation>,
    answered: BTreeMap<BTreeSet<Citation>, BTreeSet<Spot>>,
}

impl<'d, D: Decider> Asked<'d, D> {
    fn of(decider: &'d D, world: &Specs, deployment: &DeploymentSpec) -> Self {
        let base = Variant::of(world, deployment).without_requirements().without_obstacles();
        let bound = base.attachments();
        Self { decider, base, bound, answered: BTreeMap::new() }
    }

    /// The candidates, and what is cited of other spots, under all policies.
    #[expect(clippy::type_complexity, reason = "both are fields of an answer")]
    fn explained(&self) -> Option<(BTreeSet<Spot>, BTreeMap<Spot, BTreeSet<Citation>>)> {
        let answer = self.decider.decide(&self.base.world, &self.base.deployment);
        Some((answer.candidates, answer.exclusions?))
    }

    /// The candidates under these policies only.
    fn with(&mut self, kept: BTreeSet<Citation>) -> &BTreeSet<Spot> {
        let (decider, base) = (self.decider, &self.base);
        self.answered.entry(kept).or_insert_with_key(|kept| {
            let variant = base.clone().keeping(|attachment| kept.contains(attachment));
            decider.decide(&variant.world, &variant.deployment).candidates
        })
    }

    /// All that a citation's level says on its axis.
    fn beside(&self, citation: &Citation) -> BTreeSet<Citation> {
        let axis = self.base.axis_of(&citation.policy);
        let same = |other: &&Citation| other.level == citation.level && self.base.axis_of(&other.policy) == axis;
        self.bound.iter().filter(same).cloned().collect()
    }
}

fn shown(spot: &Spot) -> String {
    format!("{} of pool `{}` on `{}`", spot.flavor, spot.pool, spot.cluster)
}
