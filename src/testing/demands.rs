//! What deployments demand and prefer, as ids of the built-in catalog.

use std::sync::Arc;

use super::choices::{Choices, Draw};
use super::values::{name, valid};
use crate::catalog::{Catalog, Choice, FlavorKind};
use crate::deployment::{Expected, Favourite, GpuNeed, Mix, Near, OfGpus, Offloading, Preference, Resources, Site};
use crate::id::{CountryId, LocationId};
use crate::inventory::SliceNeed;
use crate::metrics::MetricSpec;
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare};
use crate::traffic;

const GIB: u64 = 1 << 30;

impl Draw for Resources {
    /// Resources with up to two alternatives of GPUs.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            cpu: Cpu::milli_cores(choices.one_of(500, [1000, 1500, 4000, 16_000])),
            memory: Bytes::new(choices.one_of(1, [2, 8, 15, 64]) * GIB),
            storage: Bytes::new(choices.one_of(0, [10, 200]) * GIB),
            bandwidth: Bandwidth::bits_per_second(choices.one_of(0, [100, 1000]) * 1_000_000),
            cpu_type: choices.maybe(10, |choices| flavor(choices, FlavorKind::Cpu, "x86", ["arm"])).flatten(),
            gpus: choices.several(0, 2, GpuNeed::draw).into_iter().collect(),
        }
    }
}

impl Draw for GpuNeed {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let share = choices.maybe(20, GpuShare::draw);
        Self {
            count: if share.is_some() { 1 } else { choices.one_of(1, [2, 4, 8]) },
            codes: choices
                .maybe(50, |choices| flavor(choices, FlavorKind::Gpu, "t4", ["l4", "a100", "a100-80gb"]))
                .flatten()
                .into_iter()
                .collect(),
            memory: choices.maybe(15, |choices| Bytes::new(choices.one_of(16, [24, 40, 80]) * GIB)),
            share,
            slice: if share.is_none() { choices.maybe(8, SliceNeed::draw) } else { None },
        }
    }
}

/// One of these flavors.
fn flavor<const N: usize>(
    choices: &mut Choices<'_>,
    kind: FlavorKind,
    first: &str,
    others: [&str; N],
) -> Option<Choice> {
    Catalog::builtin().flavor(kind, choices.one_of(first, others)).map(Choice::Flavor)
}

impl Draw for Mix {
    /// Demands by small weights, the first of them mostly for GPUs.
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            let demands = choices.several(1, 4, |choices| {
                let (mut resources, weight) = (Resources::draw(choices), choices.between(1, 10));
                resources.gpus = if choices.chance(15) { Vec::new() } else { vec![GpuNeed::draw(choices)] }.into();
                (resources, weight)
            });
            Self::new(demands).ok()
        })
    }
}

impl Draw for OfGpus {
    /// Part of a mix that expects GPUs.
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| Mix::draw(choices).by_gpus().first().cloned())
    }
}

impl Draw for Expected {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| OfGpus::draw(choices).demands.first().cloned())
    }
}

impl Draw for Preference {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => Self::Price,
            1 => Self::Packing(choices.maybe(50, Mix::draw).map(Arc::new)),
            2 => Self::Near(Near::draw(choices)),
            _ => Self::Favourites(choices.several(1, 3, Favourite::draw)),
        }
    }
}

impl Draw for Near {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(2) {
            0 => Self::Country(CountryId::draw(choices)),
            _ => Self::Coordinates(Coordinates::draw(choices)),
        }
    }
}

impl Draw for Favourite {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { site: Site::draw(choices), weight: choices.one_of(1, [0, 10, 100, 1000]) }
    }
}

impl Draw for Site {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::Cluster(name(choices.one_of("a-1", ["b-1", "paris"]))),
            1 => Self::Location(LocationId::draw(choices)),
            _ => Self::Provider(name(choices.one_of("aws", ["gcp", "onprem"]))),
        }
    }
}

impl Draw for Offloading {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { rule: traffic::Offloading::draw(choices), metrics: choices.several(0, 2, MetricSpec::draw) }
    }
}
