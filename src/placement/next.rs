//! What to do about a reason: the sentence after "why not".

use super::condition::Condition;
use super::constraint::Code;
use super::figures::{Figures, Short, Unmet};
use super::reason::Reason;
use crate::inventory::Resource;

impl Reason {
    /// What can be done about it: lower case, no final period. It follows from the code and the figures; nothing is
    /// tried.
    #[must_use]
    pub fn next(&self) -> String {
        match self.code {
            Code::PolicyUnresolved => "load these policies, or take them out of the deployment".to_owned(),
            Code::PolicyRequired => "attach a policy of that type where it is required, or above".to_owned(),
            Code::PolicyConflict if self.policies.iter().any(|culprit| culprit.no_moment) => {
                "say at which moment (`at`): what has an end counts as ended where none is given".to_owned()
            }
            Code::PolicyConflict if self.policies.iter().any(|culprit| culprit.ended.is_some()) => {
                "extend what has ended (`until`), or attach another policy at its level".to_owned()
            }
            Code::PolicyConflict => "detach or widen a policy of one of these levels".to_owned(),
            Code::Unhealthy => "wait until the cluster is healthy, or choose among others".to_owned(),
            Code::Stale => "observe the cluster anew (`observedAt`), or raise `maxAge` in the workspace".to_owned(),
            Code::Cordoned => "uncordon the cluster, or choose among others".to_owned(),
            Code::NotAllowed(_) => {
                "choose what `siting options` lists, or have one policy of each level allow it".to_owned()
            }
            Code::NoSuchFlavor => of_hardware(&self.figures()),
            Code::DoesNotFitNode => of_size(&self.figures()),
            Code::TooExpensive => {
                let is_bounded = self.source.as_ref().is_none_or(|source| source.asked.demand.max_price.is_some());
                of_price(&self.figures(), is_bounded)
            }
            Code::InsufficientCapacity => of_room(&self.figures()),
            Code::OverLimit => "raise the limit, ask for less, or release what others hold".to_owned(),
            Code::TogetherImpossible => {
                "make room in one domain, ask for fewer replicas, or for a wider domain in `together`".to_owned()
            }
            Code::SpreadImpossible => {
                "raise `maxSkew` or lower `minDomains`, or make room in the domain that holds the fewest replicas"
                    .to_owned()
            }
            Code::NoClusters => "load a cluster".to_owned(),
        }
    }
}

fn of_hardware(figures: &Figures) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for Unmet { condition, unknown, .. } in &figures.unmet {
        let step = match (condition, unknown) {
            (Condition::Kind, _) => "add a pool of that kind",
            (Condition::Type, _) => "demand the family, or list each `type` that will do",
            (Condition::Memory, true) => "state the memory of the flavor in the workspace's `flavors`",
            (Condition::Memory, false) => "demand less GPU memory",
            (Condition::Slice, _) => {
                "ask for a `slice` where there are slices, and for none where there are whole GPUs"
            }
            (Condition::Price, _) => "state the `pricePerHour` of the pools",
            (Condition::CpuType, true) => "state the `cpuFlavor` of the pool",
            (Condition::CpuType, false) => "leave `cpuType` out",
        };
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    if steps.is_empty() { "demand hardware that is there".to_owned() } else { steps.join(", or ") }
}

fn of_size(figures: &Figures) -> String {
    let lower = |short: &Short| {
        let most = short.resource.written(short.most);
        (short.most > 0 && short.most < short.wanted).then(|| format!("{} to {most}", short.resource.as_str()))
    };
    let mut lowered: Vec<_> = figures.short.iter().filter_map(lower).collect();
    lowered.dedup();
    if lowered.is_empty() {
        return "ask for less, or add larger nodes".to_owned();
    }
    format!("lower {}, or add larger nodes", lowered.join(" and "))
}

fn of_price(figures: &Figures, is_bounded: bool) -> String {
    let cheapest =
        figures.short.iter().filter(|short| short.resource == Resource::Price).map(|short| short.wanted).min();
    match cheapest {
        Some(cheapest) => format!(
            "raise `maxPricePerHour` to {} or more, ask for less, or leave it out",
            Resource::Price.written(cheapest)
        ),
        None if !is_bounded => "state the `pricePerHour` of the pools, as there is a limit of price".to_owned(),
        None => "state the `pricePerHour` of the pools, or leave `maxPricePerHour` out".to_owned(),
    }
}

fn of_room(figures: &Figures) -> String {
    if figures.short.iter().any(|short| short.resource == Resource::Nodes) {
        return "scale the pool up, or ask for fewer replicas".to_owned();
    }
    if figures.places.is_empty() {
        return "ask for fewer or smaller replicas, or add nodes".to_owned();
    }
    "name all types in one `type: […]`, which are taken together, or ask for fewer replicas".to_owned()
}
