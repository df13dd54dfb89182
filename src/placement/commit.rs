//! Placements, carried out on an inventory and under policies that may have moved on (I4, W6).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::ask::Ask;
use super::constraint::Code;
use super::decision::{Decision, Placement, Verdict};
use super::explain;
use super::feasible::{Feasible, Question};
use super::one_domain::OneDomain;
use super::reason::{self, Reason};
use super::spread::Domains;
use crate::catalog::Catalog;
use crate::deployment::Domain;
use crate::id::{FlavorId, PairId};
use crate::inventory::{Cluster, Fleet, GpuRequest, Inventory, Request, ReservationId, ReserveError};
use crate::policy::Scope;

/// Why placements cannot be carried out; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The decision is a refusal.
    #[error("the decision is a refusal")]
    Refused,
    /// The deployment is not of this workspace.
    #[error("{0}")]
    UnknownDeployment(String),
    /// A pool that the decision uses is gone, or is elsewhere or something else by now.
    #[error("{site} is gone or has changed")]
    Changed {
        /// The pool and its cluster.
        site: String,
    },
    /// The policies of this moment allow nothing.
    #[error("{}", .reason.message())]
    Forbidden {
        /// Why.
        reason: Box<Reason>,
    },
    /// A place is no candidate at this moment: the policies, the cluster or the demand rule it out.
    #[error("{site}: {}", .reason.message())]
    NotACandidate {
        /// The pool and its cluster.
        site: String,
        /// The first constraint that it fails.
        reason: Box<Reason>,
    },
    /// Each place meets the demand under some alternative, but no single one is met by all of them (D1).
    #[error("no single alternative of the demand is met by all places; alternatives are not mixed")]
    MixedAlternatives,
    /// More replicas than are wanted.
    #[error("{placed} replicas are placed and {wanted} are wanted")]
    TooMany {
        /// Replicas placed.
        placed: u64,
        /// Replicas wanted.
        wanted: u32,
    },
    /// The replicas do not spread as they must (D5).
    #[error("the replicas are spread with a skew of {skew}, and {most} is allowed")]
    Skewed {
        /// The skew that they have.
        skew: u32,
        /// The most that is allowed.
        most: u32,
    },
    /// The replicas stand in fewer domains than they must (D5).
    #[error("the replicas stand in {domains} domains, and {least} are the fewest allowed")]
    TooFewDomains {
        /// The domains that hold one.
        domains: u32,
        /// The fewest that are allowed.
        least: u32,
    },
    /// The replicas do not stand in one domain, as they must (D5).
    #[error("the replicas stand in more than one {}, and they must stand together", .by.as_str())]
    Apart {
        /// The kind of domain.
        by: Domain,
    },
    /// It would pass a limit (E4).
    #[error("it would pass a limit: {limit}")]
    OverLimit {
        /// The limit, what is held of it and by whom.
        limit: String,
    },
    /// A pool that is used does not take its replicas any more.
    #[error("{site}: {cause}")]
    Taken {
        /// The pool and its cluster.
        site: String,
        /// Why.
        cause: ReserveError,
    },
}

/// Reserves replicas at places, if every constraint holds at this moment: the policies of `scope`, health
/// and cordon, the demand of `ask`, the spread that it requires, and free room (W6). Whoever chose the
/// places is not believed: what each replica takes follows from the demand.
///
/// Fewer replicas than are wanted may be placed, as a partial decision does; replicas of zero reserve
/// nothing.
///
/// ```
/// # use siting::inventory::Inventory;
/// # use siting::placement::{Ask, CommitError, commit, decide, located};
/// # fn both(inventory: &mut Inventory, scope: &std::sync::Arc<siting::policy::Scope>) -> Result<(), CommitError> {
/// # let demand = siting::deployment::Demand::any_flavor();
/// let ask = Ask::new(&demand, 2);
/// let decision = decide(inventory, scope, &ask);
/// // … by then the inventory and the policies may be others.
/// let places = located(&decision, inventory.fleet())?;
/// let reservations = commit(inventory, scope, &ask, &places)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`CommitError`]; nothing has changed then, so several planners can share one inventory and the
/// loser decides anew.
pub fn commit(
    inventory: &mut Inventory,
    scope: &Arc<Scope>,
    ask: &Ask<'_>,
    places: &[(PairId, u32)],
) -> Result<Vec<ReservationId>, CommitError> {
    let wanted = checked(inventory, scope, ask, places)?;
    let mut wanted: Vec<_> = wanted.into_iter().filter(|(_, _, replicas)| *replicas > 0).enumerate().collect();
    // On a pool of both flavors that limits the replicas of its nodes, what takes a GPU goes first: only some nodes
    // have one left, and what takes none fits beside it wherever there is a place.
    wanted.sort_by_key(|(_, (_, request, _))| request.gpu == GpuRequest::None);
    let (order, wanted): (Vec<usize>, Vec<_>) = wanted.into_iter().unzip();
    let mut made: Vec<_> = order.into_iter().zip(reserve(inventory, &wanted)?).collect();
    made.sort_by_key(|(place, _)| *place);
    Ok(made.into_iter().map(|(_, reservation)| reservation).collect())
}

/// Reserves what a decision placed on this very inventory and under these very policies.
///
/// # Errors
/// As [`commit`].
pub(crate) fn commit_own(inventory: &mut Inventory, decision: &Decision) -> Result<Vec<ReservationId>, CommitError> {
    let places = located(decision, inventory.fleet())?;
    let there = decision.placements().iter().zip(places);
    let of: HashMap<PairId, (PairId, Request)> =
        there.clone().map(|(placement, (pair, _))| (placement.pair, (pair, placement.request))).collect();
    let in_sequence: HashSet<PairId> = decision.sequence().iter().map(|(pair, _)| *pair).collect();
    let alone = there.filter(|(placement, _)| !in_sequence.contains(&placement.pair));
    let alone = alone.map(|(placement, (pair, replicas))| (pair, placement.request, replicas));
    let shared = decision.sequence().iter().filter_map(|(id, replicas)| {
        let &(pair, request) = of.get(id)?;
        Some((pair, request, *replicas))
    });
    let wanted: Vec<_> = alone.chain(shared).collect();
    reserve(inventory, &wanted)
}

/// Where a decision placed replicas, on another state of its fleet: each pool must still be there, in the same
/// place and of the same flavors.
///
/// # Errors
/// [`CommitError::Refused`] or [`CommitError::Changed`].
pub fn located(decision: &Decision, fleet: &Arc<Fleet>) -> Result<Vec<(PairId, u32)>, CommitError> {
    if decision.verdict() == Verdict::Refused {
        return Err(CommitError::Refused);
    }
    let there = |placement: &Placement| {
        let pair = same_pair(decision.fleet(), fleet, placement.pair);
        let pair = pair.ok_or_else(|| CommitError::Changed { site: site(decision.fleet(), placement.pair) })?;
        Ok((pair, placement.replicas))
    };
    decision.placements().iter().map(there).collect()
}

/// What the replicas take, if every constraint but room holds.
pub(crate) fn checked(
    inventory: &Inventory,
    scope: &Arc<Scope>,
    ask: &Ask<'_>,
    places: &[(PairId, u32)],
) -> Result<Vec<(PairId, Request, u32)>, CommitError> {
    let fleet = inventory.fleet();
    if let Some(reason) = reason::policy_reasons(scope).into_iter().next() {
        return Err(CommitError::Forbidden { reason: Box::new(reason) });
    }
    let placed = places.iter().map(|(_, replicas)| u64::from(*replicas)).sum();
    if placed > u64::from(ask.replicas) {
        return Err(CommitError::TooMany { placed, wanted: ask.replicas });
    }
    let feasible = Feasible::new(fleet, inventory.takers(), scope, ask.demand).within(ask.limits);
    let question = Question::new(inventory, &feasible, *ask);
    let under = |alternative: usize| -> Option<Vec<(PairId, Request, u32)>> {
        let taken = places.iter().map(|&(pair, replicas)| {
            let fit = feasible.of_pair(pair, alternative).filter(|fit| fit.failures.is_none())?;
            Some((pair, fit.request, replicas))
        });
        taken.collect()
    };
    let met = (0..ask.demand.alternatives()).find_map(|alternative| Some((alternative, under(alternative)?)));
    let Some((alternative, wanted)) = met else {
        return Err(why_not(&question, scope, places));
    };
    stands_as_it_must(&question, alternative, places)?;
    keeps_the_limits(&question, &wanted)?;
    Ok(wanted)
}

/// Why no alternative is met by all places.
fn why_not(question: &Question<'_>, scope: &Arc<Scope>, places: &[(PairId, u32)]) -> CommitError {
    let fleet = question.fleet();
    for &(id, _) in places {
        let alternatives = 0..question.ask.demand.alternatives();
        let met = alternatives.into_iter().any(|alternative| question.feasible.is_candidate(id, alternative));
        if met {
            continue;
        }
        let site = site(fleet, id);
        let cluster = fleet.pair(id).map(|pair| pair.cluster);
        let explained =
            cluster.map(|cluster| explain::explain_cluster(question.inventory, scope, &question.ask, cluster));
        let of_pair = explained.into_iter().flatten().find(|explained| explained.pair == id);
        let first = of_pair.and_then(|explained| {
            explained
                .reasons
                .into_iter()
                .find(|reason| !matches!(reason.code, Code::InsufficientCapacity | Code::OverLimit))
        });
        return match first {
            Some(reason) => CommitError::NotACandidate { site, reason: Box::new(reason) },
            None => CommitError::Changed { site },
        };
    }
    CommitError::MixedAlternatives
}

/// Whether the replicas stand together, and spread over the domains that have a candidate, as the deployment requires
/// (D5).
fn stands_as_it_must(question: &Question<'_>, alternative: usize, places: &[(PairId, u32)]) -> Result<(), CommitError> {
    let fleet = question.fleet();
    let all: Vec<(PairId, u32)> = question.ask.beside.iter().chain(places).copied().collect();
    let one = question.together().map(|together| (together, OneDomain::of(question, together, &all)));
    if let Some((together, one)) = &one {
        let apart = |(id, replicas): &(PairId, u32)| {
            *replicas > 0 && !fleet.pair(*id).is_some_and(|pair| one.has(pair.cluster))
        };
        if all.iter().any(apart) {
            return Err(CommitError::Apart { by: together.by });
        }
    }
    let Some(spread) = question.spread() else { return Ok(()) };
    let Some(most) = spread.max_skew else { return Ok(()) };
    let counts =
        |id: &PairId| one.as_ref().is_none_or(|(_, one)| fleet.pair(*id).is_some_and(|pair| one.has(pair.cluster)));
    let candidates: Vec<PairId> = question.feasible.candidates(alternative).filter(counts).collect();
    let mut domains = Domains::new(question, &candidates, spread);
    for &(pair, replicas) in places {
        if let Some(pair) = question.fleet().pair(pair) {
            domains.add_all(pair.cluster, replicas);
        }
    }
    let skew = domains.skew();
    if skew > most.get() {
        return Err(CommitError::Skewed { skew, most: most.get() });
    }
    let (domains, least) = (domains.used(), domains.fewest());
    if domains < least { Err(CommitError::TooFewDomains { domains, least }) } else { Ok(()) }
}

/// Whether what replicas hold passes no limit (E4).
fn keeps_the_limits(question: &Question<'_>, wanted: &[(PairId, Request, u32)]) -> Result<(), CommitError> {
    let fleet = question.fleet();
    for limit in question.limits() {
        let each = |(pair, request, replicas): &(PairId, Request, u32)| {
            let one = limit.of.of_replica(fleet, *pair, request).unwrap_or(0);
            one.saturating_mul(u64::from(*replicas))
        };
        if wanted.iter().map(each).fold(0, u64::saturating_add) > limit.left() {
            return Err(CommitError::OverLimit { limit: limit.in_words() });
        }
    }
    Ok(())
}

/// Takes room for all, or for none.
fn reserve(inventory: &mut Inventory, wanted: &[(PairId, Request, u32)]) -> Result<Vec<ReservationId>, CommitError> {
    let awake: Vec<_> = wanted.iter().copied().filter(|(_, _, replicas)| *replicas > 0).collect();
    let fleet = Arc::clone(inventory.fleet());
    inventory.reserve_all(&awake).map_err(|(index, cause)| {
        let site = awake.get(index).map_or_else(String::new, |&(pair, ..)| site(&fleet, pair));
        CommitError::Taken { site, cause }
    })
}
/// The pair of another fleet that is the same place and flavor under the same names.
fn same_pair(from: &Arc<Fleet>, to: &Arc<Fleet>, id: PairId) -> Option<PairId> {
    if Arc::ptr_eq(from, to) {
        return Some(id);
    }
    let pair = from.pair(id)?;
    let (cluster, pool) = (from.cluster(pair.cluster)?, from.pool(pair.pool)?);
    // Ids mean something in their own catalog only, so the two are compared by their names.
    let (old, new) = (from.catalog(), to.catalog());
    let flavor = new.flavor(old.flavor_kind(pair.flavor), old.flavor_code(pair.flavor))?;
    let found = to.find_pair(cluster.name.as_str(), pool.def.name.as_str(), flavor)?;
    let now = to.pair(found)?;
    let same_place = place_name(old, cluster) == place_name(new, to.cluster(now.cluster)?);
    let hardware = &to.pool(now.pool)?.def;
    let same_hardware = code(old, pool.def.cpu_flavor) == code(new, hardware.cpu_flavor)
        && code(old, pool.def.gpu_flavor) == code(new, hardware.gpu_flavor);
    (same_place && same_hardware).then_some(found)
}

fn place_name<'a>(catalog: &'a Catalog, cluster: &Cluster) -> (&'a str, Option<&'a str>) {
    (catalog.country_code(cluster.country), cluster.location.map(|location| catalog.location_name(location)))
}

fn code(catalog: &Catalog, flavor: Option<FlavorId>) -> Option<&str> {
    flavor.map(|flavor| catalog.flavor_code(flavor))
}

fn site(fleet: &Fleet, pair: PairId) -> String {
    match fleet.names(pair) {
        Some((cluster, pool, _)) => format!("pool `{pool}` of cluster `{cluster}`"),
        None => "a pool of another fleet".to_owned(),
    }
}
