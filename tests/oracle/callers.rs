//! Where requests may be answered, by the country that they come from (P18), from the rule's text alone.

use std::collections::BTreeSet;

use super::judge::{
    Atom, Candidate, Pair, allowed, allows, covers, has_ended, in_force, in_scope, levels, pairs, policy,
    requirements_hold, state,
};
use super::world::{Axis, Deployment, GEOGRAPHY, Policy, World};

/// The (pools, flavors) at which a request from a country may be answered: the deployment's scope, cut by the policies
/// that bind the caller. `None` is a caller of whom nobody knows the country.
pub fn answerable(world: &World, deployment: &Deployment, caller: Option<&str>) -> BTreeSet<Candidate> {
    let in_force = in_force(world, deployment, None);
    // D6: each of these three fails everything.
    let refused = !deployment.remote_missing.is_empty()
        || !requirements_hold(world, deployment, &in_force)
        || Axis::ALL.into_iter().any(|axis| state(world, &in_force, axis) == "conflict");
    let may_run = |pair: &Pair| Axis::ALL.into_iter().all(|axis| allowed(world, &in_force, axis, pair.on(axis)));
    let all = pairs(world);
    let answering = all.iter().filter(|pair| !refused && may_run(pair) && passes(world, deployment, caller, pair));
    answering.map(|pair| pair.name.clone()).collect()
}

/// The same of replicas that R5 exempts: the deployment's own scope does not count for them, the caller's cut does.
pub fn answerable_by_what_runs(world: &World, deployment: &Deployment, caller: Option<&str>) -> BTreeSet<Candidate> {
    let all = pairs(world);
    let answering = all.iter().filter(|pair| passes(world, deployment, caller, pair));
    answering.map(|pair| pair.name.clone()).collect()
}

/// Whether a (pool, flavor) is within a caller's cut.
fn passes(world: &World, deployment: &Deployment, caller: Option<&str>, pair: &Pair) -> bool {
    levels(world, deployment).into_iter().all(|(level, attachments)| {
        // An audited one cuts nothing; targets are as for any policy (P6).
        let enforced: BTreeSet<&str> =
            attachments.iter().filter(|(_, enforced)| *enforced).map(|(name, _)| name.as_str()).collect();
        let of_callers = enforced.into_iter().map(|name| policy(world, name));
        let of_callers: Vec<&Policy> =
            of_callers.filter(|policy| policy.callers.is_some() && in_scope(policy, deployment)).collect();
        // An ended one allows nothing to those it names, and to unknown callers.
        let admits = |policy: &Policy| {
            !has_ended(world, deployment, level, &policy.name) && allows(world, policy, pair.on(policy.axis))
        };
        match caller {
            // All of them, each by itself.
            None => of_callers.into_iter().all(admits),
            // P3–P5: the union of those that name it, by type; a level without any cuts nothing.
            Some(country) => Axis::ALL.into_iter().all(|axis| {
                let binding = |policy: &&Policy| policy.axis == axis && names(world, policy, country);
                let mut binding = of_callers.iter().copied().filter(binding).peekable();
                binding.peek().is_none() || binding.any(admits)
            }),
        }
    })
}

/// Whether a policy's callers are those of a country, among others.
fn names(world: &World, policy: &Policy, country: &str) -> bool {
    let place = Atom::Place { location: None, country: GEOGRAPHY.country(country) };
    policy.callers.iter().flatten().any(|caller| covers(world, caller, &place))
}

/// The countries that callers can be of: all that are written out.
pub fn countries() -> impl Iterator<Item = &'static str> {
    GEOGRAPHY.countries.iter().map(|country| country.code).filter(|code| !code.contains('-'))
}
