//! Clusters, resolved; the invalid ones apart (C7, I1, I6).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use super::names;
use crate::catalog::{AddLocationError, Catalog, Choice, ChoiceKind};
use crate::id::{CountryId, FlavorId, LocationId, Name};
use crate::inventory::{ClusterDef, Nodes, PoolDef, Shape, Used};
use crate::manifest::spec::{ChoiceSpec, ClusterSpec, PoolSpec, PoolsSpec, Specs};
use crate::origin::{Origin, Problem, ProblemCode, Sourced};
use crate::quantity::{Bytes, Cpu};

/// A cluster that is left out of a quarantining load, and why (I6).
#[derive(Clone, PartialEq, Debug)]
pub struct Quarantined {
    /// Its name, as far as it has one.
    pub name: String,
    /// Where it was written.
    pub origin: Origin,
    /// What is wrong with it; never empty.
    pub problems: Vec<Problem>,
}

/// The clusters of a load.
pub(super) struct Clusters {
    pub(super) valid: Vec<ClusterDef>,
    pub(super) invalid: Vec<Quarantined>,
}

/// Resolves all clusters, making the locations that they bring known.
///
/// What one cluster is worth does not depend on the order of the input: of clusters that share a
/// name or disagree on a location's country, all are invalid.
pub(super) fn resolve(catalog: &mut Catalog, specs: &Specs) -> Clusters {
    let mut found = Vec::with_capacity(specs.clusters.len());
    let disputes = bring_locations(catalog, &specs.clusters);
    let twins = twins(&specs.clusters);
    for spec in &specs.clusters {
        let mut problems = Vec::new();
        let name = &spec.metadata.name;
        if let Some(origins) = twins.get(name.as_str()) {
            let message = format!("{} clusters are called `{}`", origins.len(), name.value);
            let problem = Problem::new(ProblemCode::Duplicate, &name.origin, message);
            let others = origins.iter().filter(|origin| ***origin != name.origin).take(3);
            problems.push(others.fold(problem, |problem, origin| problem.related(origin, "another is here")));
        }
        let place = place(catalog, spec, &disputes, &mut problems);
        let pools = pools(catalog, &spec.pools, &mut problems);
        found.push((spec, place, pools, problems));
    }
    let broken = specs.broken_clusters.iter().map(|broken| Quarantined {
        name: broken.name.clone().unwrap_or_default(),
        origin: broken.origin.clone(),
        problems: broken.problems.clone(),
    });
    let mut clusters = Clusters { valid: Vec::with_capacity(found.len()), invalid: broken.collect() };
    for (spec, place, pools, problems) in found {
        match place {
            Some((country, location)) if problems.is_empty() => {
                clusters.valid.push(def(spec, country, location, pools));
            }
            _ => clusters.invalid.push(Quarantined {
                name: spec.metadata.name.as_str().to_owned(),
                origin: spec.metadata.name.origin.clone(),
                problems,
            }),
        }
    }
    clusters.invalid.sort_by(|a, b| (&a.name, &a.origin).cmp(&(&b.name, &b.origin)));
    clusters
}

fn def(spec: &ClusterSpec, country: CountryId, location: Option<LocationId>, pools: Vec<PoolDef>) -> ClusterDef {
    ClusterDef {
        name: spec.metadata.name.value.clone(),
        provider: spec.provider.value.clone(),
        country,
        location,
        coordinates: spec.coordinates,
        labels: spec.metadata.labels.clone(),
        healthy: spec.healthy,
        cordoned: spec.cordoned,
        pools,
        origin: spec.metadata.name.origin.clone(),
    }
}

/// The names that several clusters share, with where each stands.
fn twins(specs: &[ClusterSpec]) -> HashMap<&str, Vec<&Origin>> {
    let mut by_name: HashMap<&str, Vec<&Origin>> = HashMap::new();
    for spec in specs {
        by_name.entry(spec.metadata.name.as_str()).or_default().push(&spec.metadata.name.origin);
    }
    by_name.retain(|_, origins| origins.len() > 1);
    by_name
}

/// `provider/region`, if the cluster states a region.
fn location_name(spec: &ClusterSpec) -> Option<String> {
    spec.location.as_ref().map(|region| format!("{}/{}", spec.provider.as_str(), region.value).to_lowercase())
}

/// Makes the clusters' new locations known; those on whose country they disagree are returned, with
/// the countries stated.
fn bring_locations(catalog: &mut Catalog, specs: &[ClusterSpec]) -> BTreeMap<String, BTreeSet<CountryId>> {
    let mut stated: BTreeMap<String, BTreeSet<CountryId>> = BTreeMap::new();
    for spec in specs {
        let Some(name) = location_name(spec).filter(|name| catalog.location(name).is_none()) else { continue };
        if let Some(country) = spec.country.as_ref().and_then(|code| catalog.country(code)) {
            stated.entry(name).or_default().insert(country);
        }
    }
    for (name, countries) in &stated {
        if let (1, Some(&country)) = (countries.len(), countries.first()) {
            // A malformed name is reported with its cluster.
            let _ = catalog.add_location(name, country);
        }
    }
    stated.retain(|_, countries| countries.len() > 1);
    stated
}

/// The country and known location of a cluster.
fn place(
    catalog: &mut Catalog,
    spec: &ClusterSpec,
    disputes: &BTreeMap<String, BTreeSet<CountryId>>,
    problems: &mut Vec<Problem>,
) -> Option<(CountryId, Option<LocationId>)> {
    let stated = match &spec.country {
        None => None,
        Some(code) => Some(names::country(catalog, code, problems)?),
    };
    let Some((name, region)) = location_name(spec).zip(spec.location.as_ref()) else {
        if stated.is_none() {
            let message = format!("cluster `{}` states neither a country nor a location", spec.metadata.name.value);
            let problem = Problem::new(ProblemCode::MissingCountry, &spec.metadata.name.origin, message);
            problems.push(problem.help("add `country: …` with an ISO 3166-1 alpha-2 code"));
        }
        return stated.map(|country| (country, None));
    };
    if let Some(countries) = disputes.get(&name) {
        let countries: Vec<_> = countries.iter().map(|&country| catalog.country_code(country).to_owned()).collect();
        let message = format!("clusters disagree on the country of `{name}`: {}", names::listed(&countries));
        let origin = spec.country.as_ref().map_or(&region.origin, |code| &code.origin);
        problems.push(
            Problem::new(ProblemCode::FalseCountry, origin, message)
                .help("state one country for all clusters of a location"),
        );
        return None;
    }
    match (catalog.location(&name), stated) {
        (Some(location), None) => Some((catalog.location_country(location), Some(location))),
        (Some(location), Some(country)) if catalog.location_country(location) == country => {
            Some((country, Some(location)))
        }
        (Some(location), Some(_)) => {
            let known = catalog.location_country(location);
            let (code, full) = (catalog.country_code(known), catalog.country_name(known));
            let origin = spec.country.as_ref().map_or(&region.origin, |code| &code.origin);
            problems.push(
                Problem::new(ProblemCode::FalseCountry, origin, format!("`{name}` is not in this country"))
                    .help(format!("it is in `{code}` ({full}); correct the country, or leave it out")),
            );
            None
        }
        (None, Some(country)) => match catalog.add_location(&name, country) {
            Ok(location) => Some((country, Some(location))),
            Err(error @ AddLocationError::Malformed) => {
                let message = format!("`{name}`: {error}");
                problems.push(Problem::new(ProblemCode::InvalidValue, &region.origin, message));
                None
            }
            Err(_) => None,
        },
        (None, None) => {
            let message = format!("the country of `{name}` is not known");
            let problem = Problem::new(ProblemCode::MissingCountry, &region.origin, message);
            let near = catalog.nearest(ChoiceKind::Location, &name);
            let help = match near.first() {
                Some(nearest) => format!("add `country: …`, or correct the location; `{nearest}` is known"),
                None => "add `country: …` with an ISO 3166-1 alpha-2 code".to_owned(),
            };
            problems.push(problem.help(help));
            None
        }
    }
}

fn pools(catalog: &Catalog, spec: &PoolsSpec, problems: &mut Vec<Problem>) -> Vec<PoolDef> {
    let defs: Vec<PoolDef> = match spec {
        PoolsSpec::Flavors(flavors) => {
            flavors.iter().filter_map(|flavor| unlimited_pool(catalog, flavor, problems)).collect()
        }
        PoolsSpec::Pools(pools) => pools.iter().filter_map(|pool| self::pool(catalog, pool, problems)).collect(),
    };
    let mut seen: IndexMap<&Name, usize> = IndexMap::new();
    for (index, def) in defs.iter().enumerate() {
        if seen.insert(&def.name, index).is_some() {
            let origin = match spec {
                PoolsSpec::Pools(pools) => {
                    pools.iter().rev().find(|pool| pool.name.value == def.name).map(|pool| &pool.name.origin)
                }
                PoolsSpec::Flavors(flavors) => flavors.last().map(|flavor| &flavor.origin),
            };
            let message = format!("two pools of the cluster are called `{}`", def.name);
            problems.push(Problem::new(ProblemCode::Duplicate, origin.unwrap_or(&Origin::default()), message));
        }
    }
    defs
}

/// The pool that the short form means: `gpu-t4`, without limit or shape (I1).
fn unlimited_pool(catalog: &Catalog, spec: &Sourced<ChoiceSpec>, problems: &mut Vec<Problem>) -> Option<PoolDef> {
    let flavor = match names::choice(catalog, spec, problems)? {
        Choice::Flavor(flavor) => flavor,
        _ => {
            let message = format!("`{}` is not hardware that a cluster can have", spec.name);
            let help = "name each code that the cluster serves";
            problems.push(Problem::new(ProblemCode::InvalidValue, &spec.origin, message).help(help));
            return None;
        }
    };
    let name = Name::new(&format!("{}-{}", spec.kind, catalog.flavor_code(flavor))).ok()?;
    let (cpu, gpu) = if spec.kind == ChoiceKind::Cpu { (Some(flavor), None) } else { (None, Some(flavor)) };
    Some(PoolDef::unlimited(name, cpu, gpu))
}

fn pool(catalog: &Catalog, spec: &PoolSpec, problems: &mut Vec<Problem>) -> Option<PoolDef> {
    let cpu_flavor = code(catalog, ChoiceKind::Cpu, spec.cpu_flavor.as_ref(), problems);
    let gpu_flavor = code(catalog, ChoiceKind::Gpu, spec.gpu.as_ref().map(|gpu| &gpu.code), problems);
    let shape = Shape {
        cpu: spec.cpu,
        memory: spec.memory,
        storage: spec.storage,
        bandwidth: spec.bandwidth,
        gpus: spec.gpu.as_ref().map_or(0, |gpu| u16::try_from(gpu.count).unwrap_or(u16::MAX)),
    };
    let used = Used {
        cpu: spec.used.cpu,
        memory: spec.used.memory,
        storage: spec.used.storage,
        bandwidth: spec.used.bandwidth,
        gpu_thousandths: spec.used.gpu_thousandths,
    };
    if let Some(Err(resource)) = spec.nodes.map(|count| Nodes::new(&shape, count, &used)) {
        let message = format!("more {resource} is in use than pool `{}` holds", spec.name.value);
        let holds = holds(resource, &shape, spec.nodes.unwrap_or_default());
        problems.push(Problem::new(ProblemCode::OverUsed, &spec.used.origin, message).help(holds));
    }
    Some(PoolDef {
        name: spec.name.value.clone(),
        shape: Some(shape),
        nodes: spec.nodes,
        cpu_flavor: cpu_flavor?,
        gpu_flavor: gpu_flavor?,
        price: spec.price_per_hour,
        spot: spec.spot,
        used,
    })
}

/// What all nodes hold together, where that can be written.
fn holds(resource: &str, shape: &Shape, nodes: u32) -> String {
    let nodes_of = |each: u64| each.checked_mul(u64::from(nodes));
    let total = match resource {
        "cpu" => nodes_of(shape.cpu.get()).map(|total| Cpu::milli_cores(total).to_string()),
        "memory" => nodes_of(shape.memory.get()).map(|total| Bytes::new(total).to_string()),
        "gpu" => Some((u64::from(shape.gpus) * u64::from(nodes)).to_string()),
        _ => None,
    };
    match total {
        Some(total) => format!("its {nodes} nodes hold {total} together"),
        None => format!("it has {nodes} nodes"),
    }
}

/// `Some(None)` where nothing is stated, `None` where what is stated is unknown.
fn code(
    catalog: &Catalog,
    kind: ChoiceKind,
    name: Option<&Sourced<String>>,
    problems: &mut Vec<Problem>,
) -> Option<Option<FlavorId>> {
    let Some(name) = name else { return Some(None) };
    match names::bare(catalog, kind, name, problems)? {
        Choice::Flavor(flavor) => Some(Some(flavor)),
        _ => {
            let message = format!("`{}` is not hardware that a pool can have", name.value);
            problems.push(Problem::new(ProblemCode::InvalidValue, &name.origin, message).help("name the code"));
            None
        }
    }
}
