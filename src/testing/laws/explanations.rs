//! Laws of explanations: what is cited excludes, and nothing else does (D6).

use super::super::worlds::address;
use super::variants::Variant;
use super::{Broken, Decider, Spot, each, holds};
use crate::manifest::spec::Specs;

/// The policies cited of a spot exclude it by themselves: with no other attached, it is still no
/// candidate.
///
/// Holds of a decider that does not explain itself.
///
/// # Errors
/// [`Broken`], where the cited policies alone admit the spot, or none is cited.
pub fn explanations_are_sound(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    let law = "explanations_are_sound";
    each(world, |deployment| {
        let base = Variant::of(world, deployment).without_requirements();
        let Some(exclusions) = decider.decide(&base.world, &base.deployment).exclusions else { return Ok(()) };
        for (spot, cited) in exclusions {
            holds(!cited.is_empty(), || {
                Broken::new(law, address(deployment), format!("no policy is cited of {}", shown(&spot)))
            })?;
            let alone = base.clone().keeping(|attachment| cited.contains(attachment));
            let excluded = !decider.decide(&alone.world, &alone.deployment).candidates.contains(&spot);
            holds(excluded, || {
                Broken::new(law, address(deployment), format!("the policies cited admit {}: {cited:?}", shown(&spot)))
            })?;
        }
        Ok(())
    })
}

/// The policies cited of a spot are all that excludes it: without them, it is a candidate where it is
/// one without any; and whatever policies take away is cited.
///
/// Holds of a decider that does not explain itself.
///
/// # Errors
/// [`Broken`], where something else excludes the spot.
pub fn explanations_are_complete(decider: &impl Decider, world: &Specs) -> Result<(), Broken> {
    let law = "explanations_are_complete";
    each(world, |deployment| {
        let base = Variant::of(world, deployment).without_requirements();
        let answer = decider.decide(&base.world, &base.deployment);
        let Some(exclusions) = answer.exclusions else { return Ok(()) };
        let bound = base.attachments();
        let free = base.clone().keeping(|attachment| !bound.contains(attachment));
        let free = decider.decide(&free.world, &free.deployment).candidates;
        for spot in free.difference(&answer.candidates) {
            let Some(cited) = exclusions.get(spot) else {
                let missing = format!("policies take away {}, and none is cited", shown(spot));
                return Err(Broken::new(law, address(deployment), missing));
            };
            let without = base.clone().keeping(|attachment| !cited.contains(attachment));
            let admitted = decider.decide(&without.world, &without.deployment).candidates.contains(spot);
            holds(admitted, || {
                let other = format!("not only the policies cited exclude {}: {cited:?}", shown(spot));
                Broken::new(law, address(deployment), other)
            })?;
        }
        Ok(())
    })
}

fn shown(spot: &Spot) -> String {
    format!("{} of pool `{}` on `{}`", spot.flavor, spot.pool, spot.cluster)
}
