//! Draws of the settings of a deployment, and of edits of it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use super::choices::{Choices, Draw};
use super::values::text;
use super::values::{environment, fresh};
use crate::deployment::{LoadBalancer, Offloading, Scaling, Spread, Together};
use crate::inventory::SliceNeed;
use crate::lifecycle::{
    Change, Edit, Favoured, GpuRequirement, PolicyUse, Preferred, Preferring, RequestScaling, Requirements, Settings,
};
use crate::policy::Terms;
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare, Money, Percent};
use crate::rollout;

impl Draw for Settings {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            display_name: choices.maybe(10, text),
            description: choices.maybe(10, text),
            labels: labels(choices),
            variables: variables(choices),
            replicas: choices.maybe(40, |choices| choices.below(6)),
            scaling: choices.maybe(40, Scaling::draw),
            requests: RequestScaling::draw(choices),
            load_balancer: choices.maybe(10, LoadBalancer::draw),
            priority: choices.one_of(0, [1, -1]),
            placement: choices.maybe(15, Preferred::draw),
            resources: choices.maybe(30, Requirements::draw),
            max_price_per_hour: choices.maybe(10, Money::draw),
            policies: choices.several(0, 2, PolicyUse::draw),
            strategy: choices.maybe(15, rollout::Settings::draw),
            offloading: choices.maybe(15, Offloading::draw),
        }
    }
}

fn labels(choices: &mut Choices<'_>) -> BTreeMap<String, String> {
    choices.maybe(10, |choices| ("team".to_owned(), text(choices))).into_iter().collect()
}

fn variables(choices: &mut Choices<'_>) -> BTreeSet<String> {
    choices.some(&["TOKEN".to_owned(), "LEVEL".to_owned()], 2).into_iter().collect()
}

impl Draw for Edit {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { changes: choices.several(1, 3, Change::draw) }
    }
}

impl Draw for Change {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(19) {
            0 => Self::DisplayName(choices.maybe(70, text)),
            1 => Self::Description(choices.maybe(70, text)),
            2 => Self::Labels(labels(choices)),
            3 => Self::Variables { set: variables(choices), unset: variables(choices) },
            4 => Self::Replicas(choices.maybe(70, |choices| choices.below(6))),
            5 => Self::Scaling(choices.maybe(70, Scaling::draw)),
            6 => Self::Requests(RequestScaling::draw(choices)),
            7 => Self::LoadBalancer(choices.maybe(70, LoadBalancer::draw)),
            8 => Self::Priority(choices.one_of(0, [1, -1, i32::MAX, i32::MIN])),
            9 => Self::Placement(choices.maybe(70, Preferred::draw)),
            10 => Self::Resources(choices.maybe(70, Requirements::draw)),
            11 => Self::Policies(choices.several(0, 2, PolicyUse::draw)),
            12 => Self::Name(fresh(choices)),
            13 => Self::Workload(fresh(choices)),
            14 => Self::Version(text(choices)),
            15 => Self::Strategy(choices.maybe(70, rollout::Settings::draw)),
            16 => Self::Offloading(choices.maybe(70, Offloading::draw)),
            17 => Self::MaxPricePerHour(choices.maybe(70, Money::draw)),
            _ => Self::Environment(environment(choices)),
        }
    }
}

impl Draw for RequestScaling {
    fn draw(choices: &mut Choices<'_>) -> Self {
        if !choices.chance(20) {
            return Self::default();
        }
        Self {
            window_seconds: choices.between(10, 3600),
            scale_down_delay_seconds: choices.below(3601),
            concurrency_target: choices.between(1, 100),
            target_utilization: Percent::draw(choices),
        }
    }
}

impl Draw for PolicyUse {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let name = choices.one_of("p1", ["p2", "p3"]);
        Self { remote: choices.chance(10), ..Self::new(name, Terms::draw(choices)) }
    }
}

impl Draw for Requirements {
    fn draw(choices: &mut Choices<'_>) -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            cpu: Cpu::milli_cores(choices.one_of(500, [1000, 4000])),
            memory: Bytes::new(choices.one_of(1, [2, 8]) * GIB),
            storage: choices.maybe(20, |_| Bytes::new(50 * GIB)),
            bandwidth: choices.maybe(20, |_| Bandwidth::bits_per_second(1_000_000_000)),
            cpu_type: choices.maybe(10, |choices| choices.one_of("x86", ["arm"]).to_owned()),
            gpu: choices.several(0, 2, GpuRequirement::draw),
        }
    }
}

impl Draw for GpuRequirement {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let share = choices.maybe(20, GpuShare::draw);
        Self {
            count: if share.is_some() { 1 } else { choices.between(1, 4) },
            types: choices.some(&["t4", "l4", "a100", "a100-80gb"].map(str::to_owned), 2),
            memory: choices.maybe(20, |_| Bytes::new(16 << 30)),
            share,
            slice: if share.is_none() { choices.maybe(8, SliceNeed::draw) } else { None },
        }
    }
}

impl Draw for Preferred {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut prefer = choices.several(0, 2, Preferring::draw);
        // No preference is repeated.
        prefer.dedup_by_key(|preferring| discriminant(preferring));
        Self { prefer, spread: choices.maybe(40, Spread::draw), together: choices.maybe(10, Together::draw) }
    }
}

impl Draw for Preferring {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(5) {
            0 => Self::Price,
            1 => Self::Packing,
            2 => Self::NearCountry(choices.one_of("fr", ["us", "no"]).to_owned()),
            3 => Self::NearPoint(48_860_000, 2_350_000),
            _ => {
                let mut favourites = choices.several(1, 2, Favoured::draw);
                favourites.dedup_by_key(|favoured| discriminant(favoured));
                Self::Favourites(favourites)
            }
        }
    }
}

impl Draw for Favoured {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let weight = choices.one_of(1, [10, 100]);
        match choices.below(3) {
            0 => Self::Cluster("paris".to_owned(), weight),
            1 => Self::Location("aws/us-east-1".to_owned(), weight),
            _ => Self::Provider("aws".to_owned(), weight),
        }
    }
}
