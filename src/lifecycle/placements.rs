//! The two steps of a placement: what is asked for, and the answer that a command carries (L12).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Number, Place, Settings, replicas};
use crate::placement::Code;

/// A question that must be answered before a command is applied: where shall these replicas run?
#[derive(Clone, PartialEq, Debug)]
pub struct PlacementRequest {
    /// The deployment; for one that the command makes, the number it will get.
    pub deployment: Number,
    /// The environments that must all allow the places: its governor and, while it moves under
    /// another, that one too (L3).
    pub governors: Vec<Name>,
    /// How many replicas; none for one that stays scaled to zero, where a place must exist (D1).
    pub replicas: u32,
    /// What decides where they may run.
    pub settings: Arc<Settings>,
    /// The places it has. Where all of them are allowed, they are the answer.
    pub keep: Vec<Place>,
    /// Where replicas of it stand that stay, beside those asked for: they count where its replicas are to be spread, or
    /// to stand together (D5).
    pub beside: Vec<Place>,
    /// What the answer is for.
    pub purpose: Purpose,
}

/// What the answer to a [`PlacementRequest`] is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Replicas are started, or stay.
    Place,
    /// Replicas are started in the place of lost ones: as many of `replicas` as fit, and at least one (W9).
    Replace,
    /// Replicas are to be fewer, `replicas` of those at `keep`: the answer is the places of `keep` on open
    /// clusters where it may run, as they stand there, the best first. Nothing is taken, and without an answer the
    /// oldest places count as the best (L14).
    Shrink,
}

/// The answer to a [`PlacementRequest`]: places for all replicas, or why there are none. It is
/// self-contained, so that a log of commands replays without asking anybody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Placed {
    /// The deployment asked about.
    pub deployment: Number,
    /// Where its replicas run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Why they run nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What would give them a place, where that is known: lower case, no final period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Placed {
    /// Replicas that run at these places.
    #[must_use]
    pub fn at(deployment: Number, places: Vec<Place>) -> Self {
        Self { deployment, places, refusal: None, next: None }
    }

    /// Replicas that run nowhere, and why.
    #[must_use]
    pub fn refused(deployment: Number, refusal: impl Into<String>) -> Self {
        Self { deployment, places: Vec::new(), refusal: Some(refusal.into()), next: None }
    }
}

/// Why replicas run nowhere, and what would give them a place.
pub(in crate::lifecycle) struct NoPlace {
    pub(in crate::lifecycle) reason: String,
    pub(in crate::lifecycle) next: Option<String>,
}

/// Where the placements of a transition come from.
pub(in crate::lifecycle) enum Answers<'a> {
    /// The command carries them; of several for one deployment each is taken once, in order.
    Given(Vec<&'a Placed>),
    /// They are being asked for: every request is noted and taken as granted.
    Asked(Vec<PlacementRequest>),
}

impl Answers<'_> {
    /// The places of one request.
    pub(in crate::lifecycle) fn places(&mut self, request: PlacementRequest) -> Result<Vec<Place>, Refusal> {
        self.ask(request)?.map_err(|NoPlace { reason, next }| {
            let general = if reason == Code::NoClusters.summary() {
                "load clusters, or write `fleet: unlimited` in a scenario"
            } else {
                "loosen a policy or the demand, or add room"
            };
            let next = next.unwrap_or_else(|| general.to_owned());
            Refusal::new("L12", format!("it cannot be placed: {reason}")).next(next)
        })
    }

    /// The places of one request, or why there are none.
    pub(in crate::lifecycle) fn ask(
        &mut self,
        request: PlacementRequest,
    ) -> Result<Result<Vec<Place>, NoPlace>, Refusal> {
        let mut granted = match self {
            Self::Asked(requests) => {
                let granted = if request.keep.is_empty() { anywhere(request.replicas) } else { request.keep.clone() };
                requests.push(request);
                granted
            }
            Self::Given(placements) => {
                let found = placements.iter().position(|placed| placed.deployment == request.deployment);
                let missing = || {
                    Refusal::new("L12", format!("the command carries no placement for {} replicas", request.replicas))
                        .next("ask for the placements it needs, and have them decided")
                };
                let placed = found.map(|at| placements.remove(at)).ok_or_else(missing)?;
                if let Some(refusal) = &placed.refusal {
                    return Ok(Err(NoPlace { reason: refusal.clone(), next: placed.next.clone() }));
                }
                let found = replicas(&placed.places);
                let some = request.purpose == Purpose::Replace && (1..request.replicas).contains(&found);
                if found != request.replicas && !some {
                    return Err(missing());
                }
                placed.places.clone()
            }
        };
        // Where nothing runs is no place.
        granted.retain(|place| place.replicas > 0);
        Ok(Ok(granted))
    }
}

impl Answers<'_> {
    /// The places of one request that may stay longest, the best first (L14).
    pub(in crate::lifecycle) fn best_first(&mut self, request: PlacementRequest) -> Result<Vec<Place>, Refusal> {
        let placements = match self {
            Self::Asked(requests) => {
                let keep = request.keep.clone();
                requests.push(request);
                return Ok(keep);
            }
            Self::Given(placements) => placements,
        };
        let Some(at) = placements.iter().position(|placed| placed.deployment == request.deployment) else {
            return Ok(request.keep);
        };
        let placed = placements.remove(at);
        let wrong = match (&placed.refusal, placed.places.iter().find(|place| !request.keep.contains(place))) {
            (None, None) => return Ok(placed.places.clone()),
            (Some(refusal), _) => format!("fewer replicas need no place, and the answer is a refusal: {refusal}"),
            (None, Some(place)) => {
                format!(
                    "the placement keeps {} replicas on cluster `{}`, where no such are",
                    place.replicas, place.cluster
                )
            }
        };
        let next = "answer with places of the request's `keep`, the best first, or with none";
        Err(Refusal::new("L12", wrong).next(next))
    }
}

/// A stand-in while placements are only being asked for.
fn anywhere(replicas: u32) -> Vec<Place> {
    let name = Name::new("anywhere").ok();
    let place = name.map(|name| Place { cluster: name.clone(), pool: name, flavor: "any".into(), replicas });
    place.into_iter().collect()
}
