//! Limits on what deployments hold together, as one decision meets them (E4).

use std::fmt;

use super::price::replica_price;
use crate::catalog::{Catalog, Choice, FlavorKind, Meaning};
use crate::id::{FlavorId, Name, PairId};
use crate::inventory::{Devices, Fleet, Request, Resource};
use crate::policy::{Level, Limits};
use crate::quantity::GpuShare;

/// What a limit is of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Limited {
    /// GPUs of any type, in thousandths.
    Gpu,
    /// GPUs of a type, in thousandths.
    GpuType(Meaning),
    /// Cpu, in milli-cores.
    Cpu,
    /// Memory, in bytes.
    Memory,
    /// What replicas cost an hour, in millionths.
    Price,
}

/// A limit in force, and what is held of it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limit {
    /// Whose it is: the workspace's, or an environment's.
    pub level: Level,
    /// The environment, where it is one's.
    pub environment: Option<Name>,
    /// What it is of.
    pub of: Limited,
    /// What that is called in manifests: `gpu`, `gpus.h100`.
    pub name: String,
    /// The most that may be held, in its unit.
    pub most: u64,
    /// What is held, in its unit.
    pub held: u64,
    /// By whom, the most first: a deployment, or the host.
    pub by: Vec<(String, u64)>,
}

impl Limited {
    /// The resource that it is measured in.
    fn resource(&self) -> Resource {
        match self {
            Self::Gpu | Self::GpuType(_) => Resource::Gpu,
            Self::Cpu => Resource::Cpu,
            Self::Memory => Resource::Memory,
            Self::Price => Resource::Price,
        }
    }

    /// An amount of it, as manifests write it.
    #[must_use]
    pub fn written(&self, amount: u64) -> String {
        self.resource().written(amount)
    }

    /// What it is called in manifests: `gpu`, `gpus.h100`.
    fn name(&self, catalog: &Catalog) -> String {
        match self {
            Self::Gpu => "gpu".to_owned(),
            Self::GpuType(types) => {
                let names: Vec<_> = types.iter().map(|&of| catalog.choice_name(of)).collect();
                format!("gpus.{}", names.join("+"))
            }
            Self::Cpu => "cpu".to_owned(),
            Self::Memory => "memory".to_owned(),
            Self::Price => "pricePerHour".to_owned(),
        }
    }

    /// What one replica holds of it on a pair, in its unit. `None` where its price is not known: under a limit of price
    /// it is no candidate, and what runs so is not counted.
    #[must_use]
    pub fn of_replica(&self, fleet: &Fleet, pair: PairId, request: &Request) -> Option<u64> {
        let (catalog, pair) = (fleet.catalog(), fleet.pair(pair)?);
        let pool = fleet.pool(pair.pool)?;
        let gpus = || {
            let flavor = pool.def.gpu_flavor.unwrap_or(pair.flavor);
            gpus(catalog, pool.def.devices, flavor, request)
        };
        Some(match self {
            Self::Gpu => gpus(),
            Self::GpuType(types) => {
                let flavor = pool.def.gpu_flavor.unwrap_or(pair.flavor);
                if types.iter().any(|&of| counts(catalog, of, flavor)) { gpus() } else { 0 }
            }
            Self::Cpu => request.cpu.get(),
            Self::Memory => request.memory.get(),
            Self::Price => replica_price(pool, request)?.get(),
        })
    }
}

/// Whether hardware is of a type, or is known only by a node above it.
fn counts(catalog: &Catalog, choice: Choice, flavor: FlavorId) -> bool {
    let above = match choice {
        Choice::Flavor(wanted) => catalog.covers(Choice::Flavor(flavor), catalog.flavor_atom(wanted)),
        _ => false,
    };
    catalog.flavor_kind(flavor) == FlavorKind::Gpu && (catalog.covers(choice, catalog.flavor_atom(flavor)) || above)
}

/// Thousandths of GPUs; of slices, each by its part of the device's memory, rounded up (I7).
fn gpus(catalog: &Catalog, devices: Devices, flavor: FlavorId, request: &Request) -> u64 {
    let wanted = request.gpu.thousandths();
    let whole = u64::from(GpuShare::WHOLE);
    let device = catalog.flavor_memory(flavor);
    let part = devices.slice.and_then(|_| {
        let (slice, device) = (devices.memory(device)?, device.filter(|memory| *memory > 0)?);
        u64::try_from((u128::from(slice) * u128::from(whole)).div_ceil(u128::from(device))).ok()
    });
    part.map_or(wanted, |part| wanted.saturating_mul(part.min(whole)).div_ceil(whole))
}

impl Limit {
    /// What may still be held, in its unit.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.most.saturating_sub(self.held)
    }

    /// The limits that somebody states; nothing is held of them yet.
    pub(crate) fn stated(catalog: &Catalog, limits: &Limits, environment: Option<&Name>) -> Vec<Self> {
        let stated = [
            (Limited::Gpu, limits.gpu.map(|most| most.get())),
            (Limited::Cpu, limits.cpu.map(|most| most.get())),
            (Limited::Memory, limits.memory.map(|most| most.get())),
            (Limited::Price, limits.price_per_hour.map(|most| most.get())),
        ];
        let by_type = limits.gpus.iter().map(|(types, most)| (Limited::GpuType(types.clone()), Some(most.get())));
        let all = stated.into_iter().chain(by_type).filter_map(|(of, most)| Some((of, most?)));
        let level = if environment.is_some() { Level::Environment } else { Level::Workspace };
        let limit = |(of, most): (Limited, u64)| {
            let name = of.name(catalog);
            Self { level, environment: environment.cloned(), of, name, most, held: 0, by: Vec::new() }
        };
        all.map(limit).collect()
    }

    /// Counts what somebody holds.
    pub(crate) fn count(&mut self, who: &str, amount: u64) {
        if amount == 0 {
            return;
        }
        self.held = self.held.saturating_add(amount);
        match self.by.iter_mut().find(|(known, _)| known == who) {
            Some((_, held)) => *held = held.saturating_add(amount),
            None => self.by.push((who.to_owned(), amount)),
        }
    }

    /// Sorts who holds it: the most first, then by name.
    pub(crate) fn sort(&mut self) {
        self.by.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }

    /// The limit, what is held of it and by whom, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        const NAMED: usize = 5;
        let whose = match &self.environment {
            Some(environment) => format!("environment `{environment}`"),
            None => "the workspace".to_owned(),
        };
        let (most, held) = (self.of.written(self.most), self.of.written(self.held));
        let of = &self.name;
        let named = |who: &String| if who.contains('/') { format!("`{who}`") } else { who.clone() };
        let by = self.by.iter().take(NAMED);
        let by = by.map(|(who, amount)| format!("{} by {}", self.of.written(*amount), named(who)));
        let mut by: Vec<String> = by.collect();
        if self.by.len() > NAMED {
            by.push(format!("the rest by {} others", self.by.len() - NAMED));
        }
        let by = if by.is_empty() { String::new() } else { format!(": {}", by.join(", ")) };
        format!("{whose} limits {of} to {most}, and {held} is held{by}")
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gpu => "gpu",
            Self::GpuType(_) => "gpus",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Price => "pricePerHour",
        })
    }
}

/// What is left of each limit while replicas are placed.
#[derive(Clone, Debug)]
pub(super) struct Budget<'a> {
    limits: &'a [Limit],
    left: Vec<u64>,
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &'a [Limit]) -> Self {
        Self { limits, left: limits.iter().map(Limit::left).collect() }
    }

    /// How many replicas may stand on a pair, at most so many.
    pub(super) fn room(&self, fleet: &Fleet, pair: PairId, request: &Request, most: u32) -> u32 {
        if self.limits.is_empty() {
            return most;
        }
        let room = |(limit, left): (&Limit, &u64)| {
            let each = limit.of.of_replica(fleet, pair, request).unwrap_or(0);
            left.checked_div(each).map_or(most, |room| u32::try_from(room).unwrap_or(u32::MAX))
        };
        self.limits.iter().zip(&self.left).map(room).fold(most, u32::min)
    }

    /// No fewer replicas than can stand on these pairs together, whatever room there is.
    pub(super) fn most(&self, fleet: &Fleet, on: impl Iterator<Item = (PairId, Request)> + Clone) -> u32 {
        let most = |(limit, left): (&Limit, &u64)| {
            let each = on.clone().map(|(pair, request)| limit.of.of_replica(fleet, pair, &request).unwrap_or(0));
            left.checked_div(each.min()?)
        };
        let least = self.limits.iter().zip(&self.left).filter_map(most).min();
        least.map_or(u32::MAX, |most| u32::try_from(most).unwrap_or(u32::MAX))
    }

    /// Takes what so many replicas hold.
    pub(super) fn take(&mut self, fleet: &Fleet, pair: PairId, request: &Request, replicas: u32) {
        for (limit, left) in self.limits.iter().zip(&mut self.left) {
            let each = limit.of.of_replica(fleet, pair, request).unwrap_or(0);
            *left = left.saturating_sub(each.saturating_mul(u64::from(replicas)));
        }
    }
}
