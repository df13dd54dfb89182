//! Clusters, resolved; the invalid ones apart (C7, I1, I6).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;

use super::names::{self, Problems};
use crate::catalog::{Catalog, ChoiceKind, FlavorKind, folded};
use crate::id::{AttributeSetId, CountryId, FlavorId, LocationId, Name};
use crate::inventory::{ClosedNodes, ClusterDef, Devices, NodeUse, Nodes, PoolDef, Shape, Slice, Used};
use crate::manifest::same::Shared;
use crate::manifest::spec::{ChoiceSpec, ClusterSpec, MAX_GPUS, PoolGpuSpec, PoolSpec, PoolsSpec, Specs, UsedSpec};
use crate::origin::{Origin, Problem, ProblemCode, Sourced, listed};
use crate::quantity::{Bytes, Cpu};
use crate::time::Moment;

/// A cluster, or a pool of one, that is left out of a quarantining load, and why (I6).
#[derive(Clone, PartialEq, Debug)]
pub struct Quarantined {
    /// The cluster's name, as far as it has one.
    pub name: String,
    /// The pool, where it alone is left out.
    pub pool: Option<Name>,
    /// Where it was written.
    pub origin: Origin,
    /// What is wrong with it; never empty.
    pub problems: Vec<Problem>,
}

impl Quarantined {
    /// Whether it is this cluster as a whole.
    #[must_use]
    pub fn is_cluster(&self, name: &str) -> bool {
        self.pool.is_none() && self.name == name
    }
}

/// The clusters and pools that are left out, to be asked of many places.
pub(super) struct LeftOut<'w>(HashSet<(&'w str, Option<&'w str>)>);

impl<'w> LeftOut<'w> {
    pub(super) fn of(quarantined: &'w [Quarantined]) -> Self {
        Self(
            quarantined
                .iter()
                .map(|left_out| (left_out.name.as_str(), left_out.pool.as_ref().map(Name::as_str)))
                .collect(),
        )
    }

    /// Whether the pool of this name is left out, alone or with its cluster.
    pub(super) fn holds(&self, cluster: &str, pool: &str) -> bool {
        self.0.contains(&(cluster, None)) || self.0.contains(&(cluster, Some(pool)))
    }
}

/// The clusters of a load.
pub(super) struct Clusters {
    pub(super) valid: Vec<ClusterDef>,
    pub(super) invalid: Vec<Quarantined>,
}

/// Resolves all clusters, making the locations that they bring known, those of broken ones among
/// them; `problems` keeps the account of suggestions, and nothing is added to it.
///
/// What one cluster is worth does not depend on the order of the input: of clusters that share a
/// name or disagree on a location's country, all are invalid, broken ones among them.
pub(super) fn resolve(catalog: &mut Catalog, specs: &Specs, closed: &ClosedNodes, problems: &mut Problems) -> Clusters {
    let disputes = bring_locations(catalog, specs);
    bring_providers(catalog, specs);
    bring_attributes(catalog, specs);
    let whole = specs.clusters.iter().map(|spec| (spec.metadata.name.as_str(), spec.metadata.name.origin.clone()));
    let broken = specs.broken_clusters.iter().filter(|broken| broken.pool.is_none());
    let broken = broken.filter_map(|broken| Some((broken.name.as_deref()?, broken.origin.clone())));
    let names = Shared::count(whole.chain(broken));
    let twin = |name: &str, origin: &Origin| names.get(name)?.problem(&format!("cluster `{name}`"), origin);

    let mut clusters = Clusters { valid: Vec::with_capacity(specs.clusters.len()), invalid: Vec::new() };
    let all_pools = specs.clusters.iter().map(|spec| spec.pools.len()).fold(0, usize::saturating_add);
    if let Some(problem) = too_large(specs.clusters.len(), all_pools) {
        problems.push(problem);
        return clusters;
    }
    let mut broken_pools = broken_pools(specs);
    for broken in specs.broken_clusters.iter().filter(|broken| broken.pool.is_none()) {
        let mut found = broken.problems.clone();
        let name = broken.name.clone().unwrap_or_default();
        found.extend(twin(&name, &broken.origin));
        let at = location_name(catalog, broken.provider.as_deref(), broken.location.as_deref());
        if let (Some((name, countries)), Some(_)) = (at.and_then(|at| disputes.get_key_value(&at)), &broken.country) {
            found.push(disputed(catalog, name, countries, &broken.origin));
        }
        clusters.invalid.push(Quarantined { name, pool: None, origin: broken.origin.clone(), problems: found });
    }
    for spec in &specs.clusters {
        let before = problems.len();
        let name = &spec.metadata.name;
        problems.extend(twin(name.as_str(), &name.origin));
        let place = place(catalog, spec, &disputes, problems);
        if let Some(at) = spec.observed_at.filter(|at| *at > Moment::LAST_WRITTEN) {
            // Specs that were built in code can hold what no text can (W4).
            let (cluster, last) = (&name.value, Moment::LAST_WRITTEN);
            let message =
                format!("cluster `{cluster}` cannot be observed at {at}: the last moment that is written is {last}");
            let problem = Problem::new(ProblemCode::InvalidValue, &name.origin, message);
            problems.push(problem.help("state when it was looked at, or leave `observedAt` out"));
        }
        let borne = borne(catalog, &[], &spec.attributes, problems);
        let (pools, faulty) = pools(catalog, spec, borne, closed, problems);
        let unread = broken_pools.remove(name.as_str()).unwrap_or_default();
        let faulty = faulty.into_iter().map(|(pool, problems)| (pool.value.clone(), pool.origin.clone(), problems));
        let faulty: Vec<_> = faulty.chain(unread).collect();
        let mut problems = problems.split_off(before);
        let left_out = |pool, origin: &Origin, problems| {
            let name = name.as_str().to_owned();
            Quarantined { name, pool, origin: origin.clone(), problems }
        };
        match place {
            Some(place) if problems.is_empty() && !pools.is_empty() => {
                clusters.valid.push(def(catalog, spec, place, pools));
                let faulty = faulty.into_iter();
                clusters.invalid.extend(faulty.map(|(pool, origin, problems)| left_out(Some(pool), &origin, problems)));
            }
            _ => {
                problems.extend(faulty.into_iter().flat_map(|(_, _, problems)| problems));
                clusters.invalid.push(left_out(None, &name.origin, problems));
            }
        }
    }
    clusters.invalid.sort_by(|a, b| (&a.name, &a.pool, &a.origin).cmp(&(&b.name, &b.pool, &b.origin)));
    clusters
}

/// A pool that could not be read, where it stands, and what is wrong with it.
type BrokenPool = (Name, Origin, Vec<Problem>);

/// The pools that could not be read, by their cluster.
fn broken_pools(specs: &Specs) -> HashMap<&str, Vec<BrokenPool>> {
    let mut pools: HashMap<&str, Vec<BrokenPool>> = HashMap::new();
    for broken in &specs.broken_clusters {
        let pool = broken.pool.as_deref().and_then(|pool| Name::new(pool).ok());
        if let (Some(cluster), Some(pool)) = (&broken.name, pool) {
            pools.entry(cluster).or_default().push((pool, broken.origin.clone(), broken.problems.clone()));
        }
    }
    pools
}

/// The most clusters, and the most pools of all of them, that one load takes: ids are numbers of 32 bits,
/// and a pool has up to two.
const MOST_CLUSTERS: usize = 4_000_000;
const MOST_POOLS: usize = 16_000_000;

/// A fleet beyond these bounds is refused as a whole, before anything is made of it.
fn too_large(clusters: usize, pools: usize) -> Option<Problem> {
    let (found, most, what) = match (clusters > MOST_CLUSTERS, pools > MOST_POOLS) {
        (true, _) => (clusters, MOST_CLUSTERS, "clusters"),
        (_, true) => (pools, MOST_POOLS, "pools"),
        _ => return None,
    };
    let message = format!("there are {found} {what}, more than the {most} that one load accepts");
    let problem = Problem::new(ProblemCode::LimitExceeded, &Origin::default(), message);
    Some(problem.help("load them into several workspaces"))
}

/// Makes known what each pool bears. Names that are not declared are told with the cluster.
fn bring_attributes(catalog: &mut Catalog, specs: &Specs) {
    for spec in &specs.clusters {
        let own: Vec<&str> = spec.attributes.iter().map(|name| name.as_str()).collect();
        catalog.bring_attributes(own.iter().copied());
        if let PoolsSpec::Pools(pools) = &spec.pools {
            for pool in pools {
                catalog.bring_attributes(own.iter().copied().chain(pool.attributes.iter().map(|name| name.as_str())));
            }
        }
    }
}

/// What bears the attributes of a cluster and `more`, which is told of: a problem for each that is not declared.
fn borne(catalog: &Catalog, own: &[Sourced<Name>], more: &[Sourced<Name>], problems: &mut Problems) -> AttributeSetId {
    for name in more {
        if name.as_str().contains('+') {
            let message = format!("`{}` is no attribute: each is listed by itself", name.value);
            let help = format!("write `[{}]`", name.as_str().replace('+', ", "));
            problems.push(Problem::new(ProblemCode::InvalidValue, &name.origin, message).help(help));
            continue;
        }
        let text = Sourced::new(name.as_str().to_owned(), name.origin.clone());
        names::bare(catalog, ChoiceKind::Attribute, &text, problems);
    }
    let all = || own.iter().chain(more).map(|name| name.as_str());
    let found = catalog.attributes_named(all());
    if let (None, Some(name)) = (found, more.first().or(own.first()))
        && all().all(|name| catalog.attributes_named([name]).is_some())
    {
        let most = Catalog::MOST_ATTRIBUTE_SETS;
        let message = format!("clusters and pools bear more than {most} different sets of attributes");
        let problem = Problem::new(ProblemCode::LimitExceeded, &name.origin, message);
        problems.push(problem.help("let more of them bear the same, or declare fewer attributes"));
    }
    found.unwrap_or_default()
}

fn def(catalog: &Catalog, spec: &ClusterSpec, place: Standing, pools: Vec<PoolDef>) -> ClusterDef {
    let Standing { country, location, zone } = place;
    // A partition is a provider of its own, whatever the cluster calls it.
    let of_location = location.map(|location| catalog.location_provider(location));
    let provider = of_location.map_or_else(|| catalog.operator(spec.provider.as_str(), country), Into::into);
    ClusterDef {
        name: spec.metadata.name.value.clone(),
        provider: Name::new(&provider).unwrap_or_else(|_| spec.provider.value.clone()),
        country,
        location,
        zone,
        coordinates: spec.coordinates,
        labels: spec.metadata.labels.clone(),
        healthy: spec.healthy,
        cordoned: spec.cordoned,
        observed_at: spec.observed_at,
        pools,
        origin: spec.metadata.name.origin.clone(),
    }
}

/// The full name of a cluster's location, where provider and region are stated and the region does not name the
/// provider again.
fn location_name(catalog: &Catalog, provider: Option<&str>, region: Option<&str>) -> Option<String> {
    let (provider, region) = (provider?, region?);
    (repeated_provider(catalog, provider, region).is_none()).then(|| catalog.full_name(provider, region))
}

/// The region alone, where it is written as a location's full name.
fn repeated_provider<'a>(catalog: &Catalog, provider: &str, region: &'a str) -> Option<&'a str> {
    let (before, alone) = region.split_once('/')?;
    (catalog.provider(before) == catalog.provider(provider)).then_some(alone)
}

/// Makes known the locations that clusters of providers without a table bring; those on whose country they
/// disagree are returned, with the countries stated. They become known as well, so that only the clusters fail
/// by it: all clusters there are invalid, so nothing depends on which country they are known to be in.
fn bring_locations(catalog: &mut Catalog, specs: &Specs) -> BTreeMap<String, BTreeSet<CountryId>> {
    let whole = specs.clusters.iter().map(|spec| {
        let country = spec.country.as_ref().map(|country| country.as_str());
        (Some(spec.provider.as_str()), spec.location.as_ref().map(|region| region.as_str()), country)
    });
    let broken = specs.broken_clusters.iter();
    let broken = broken.map(|it| (it.provider.as_deref(), it.location.as_deref(), it.country.as_deref()));
    let mut stated: BTreeMap<String, BTreeSet<CountryId>> = BTreeMap::new();
    for (provider, region, country) in whole.chain(broken) {
        let (Some(provider), Some(region), Some(code)) = (provider, region, country) else { continue };
        if catalog.knows_regions_of(provider) || catalog.site(provider, region).is_some() {
            continue;
        }
        let name = location_name(catalog, Some(provider), Some(region));
        if let (Some(name), Some(country)) = (name, catalog.country(code)) {
            stated.entry(name).or_default().insert(country);
        }
    }
    for (name, countries) in &stated {
        if let Some(&country) = countries.first() {
            // A malformed name is reported with its cluster.
            let _ = catalog.add_location(name, country);
        }
    }
    stated.retain(|_, countries| countries.len() > 1);
    stated
}

/// Makes known the providers of clusters that nobody else names; in the order of their names, whatever the order of
/// the clusters (D4).
fn bring_providers(catalog: &mut Catalog, specs: &Specs) {
    let names = specs.clusters.iter().map(|spec| spec.provider.as_str());
    let broken = specs.broken_clusters.iter().filter_map(|broken| broken.provider.as_deref());
    let names: BTreeSet<String> = names.chain(broken).map(|name| catalog.provider(name).into_owned()).collect();
    for name in names {
        catalog.bring_provider(&name);
    }
}

fn disputed(catalog: &Catalog, name: &str, countries: &BTreeSet<CountryId>, origin: &Origin) -> Problem {
    let countries: Vec<_> = countries.iter().map(|&country| catalog.country_code(country)).collect();
    let countries = listed(&countries, "and", names::LISTED);
    let message = format!("clusters disagree on the country of `{name}`: {countries}");
    Problem::new(ProblemCode::FalseCountry, origin, message).help("state one country for all clusters of a location")
}

/// Where a cluster stands.
struct Standing {
    country: CountryId,
    location: Option<LocationId>,
    zone: Option<Name>,
}

/// Where a cluster stands, its zone included (C7).
fn place(
    catalog: &mut Catalog,
    spec: &ClusterSpec,
    disputes: &BTreeMap<String, BTreeSet<CountryId>>,
    problems: &mut Problems,
) -> Option<Standing> {
    let (country, location) = location(catalog, spec, disputes, problems)?;
    let provider = spec.provider.as_str();
    let zone = spec.zone.as_ref().filter(|_| spec.location.is_none());
    if let Some((zone, site)) = zone.and_then(|zone| Some((zone, catalog.site(provider, zone.as_str())?))) {
        // Without its location, policies that speak of that would not see the cluster.
        let name = catalog.location_name(site.location);
        let message = format!("the zone `{}` is a part of `{name}`, and no location is stated", zone.value);
        let region = name.split_once('/').map_or(name, |(_, region)| region);
        let problem = Problem::new(ProblemCode::InvalidValue, &zone.origin, message);
        problems.push(problem.help(format!("add `location: {region}`")));
        return None;
    }
    // The location may be written by the name of a zone within it.
    let within = spec.location.as_ref().and_then(|region| catalog.site(provider, region)?.zone);
    let stated = spec.zone.as_ref().map(|zone| folded(zone.as_str()));
    if let (Some(written), Some(stated)) = (&spec.zone, &stated) {
        let of = catalog.site(provider, stated).map(|site| site.location);
        let elsewhere = of.is_some() && location.is_some() && of != location;
        if elsewhere || within.as_ref().is_some_and(|within| within != stated) {
            let at = spec.location.as_ref().map_or("", |region| region.as_str());
            let message = format!("the zone `{}` is not in `{at}`", written.value);
            let problem = Problem::new(ProblemCode::InvalidValue, &written.origin, message);
            problems.push(problem.help("correct the zone or the location, or leave `zone` out"));
            return None;
        }
    }
    let zone = stated.map(Cow::into_owned).or(within).and_then(|zone| Name::new(&zone).ok());
    Some(Standing { country, location, zone })
}

/// The country and known location of a cluster.
fn location(
    catalog: &mut Catalog,
    spec: &ClusterSpec,
    disputes: &BTreeMap<String, BTreeSet<CountryId>>,
    problems: &mut Problems,
) -> Option<(CountryId, Option<LocationId>)> {
    let stated = match &spec.country {
        None => None,
        Some(code) => Some(names::country(catalog, code, problems)?),
    };
    let provider = spec.provider.as_str();
    let Some(region) = &spec.location else {
        if stated.is_none() {
            let message = format!("cluster `{}` states neither a country nor a location", spec.metadata.name.value);
            let problem = Problem::new(ProblemCode::MissingCountry, &spec.metadata.name.origin, message);
            problems.push(problem.help("add `country: …` with an ISO 3166-1 alpha-2 code"));
        }
        return stated.map(|country| (country, None));
    };
    if let Some(alone) = repeated_provider(catalog, provider, region) {
        let message = format!("the location `{}` repeats the provider", region.value);
        let problem = Problem::new(ProblemCode::InvalidValue, &region.origin, message);
        problems.push(problem.help(format!("write `location: {alone}`")));
        return None;
    }
    if let Some((other, alone)) = region.split_once('/').filter(|(before, _)| catalog.knows_regions_of(before)) {
        let message = format!("the location `{}` names the provider `{other}`, not `{provider}`", region.value);
        let problem = Problem::new(ProblemCode::InvalidValue, &region.origin, message);
        problems.push(
            problem.help(format!("write `provider: {other}` and `location: {alone}`, or a region of `{provider}`")),
        );
        return None;
    }
    let name = catalog.full_name(provider, region);
    if let Some(countries) = disputes.get(&name) {
        let origin = spec.country.as_ref().map_or(&region.origin, |code| &code.origin);
        problems.push(disputed(catalog, &name, countries, origin));
        return None;
    }
    if let Some(site) = catalog.site(provider, region) {
        let known = catalog.location_country(site.location);
        if stated.is_none_or(|country| country == known) {
            return Some((known, Some(site.location)));
        }
        let (code, full) = (catalog.country_code(known), catalog.country_name(known));
        let written = spec.country.as_ref().map_or("", |code| code.as_str());
        let origin = spec.country.as_ref().map_or(&region.origin, |code| &code.origin);
        let message = format!("`{}` is not in `{written}`", catalog.location_name(site.location));
        let problem = Problem::new(ProblemCode::FalseCountry, origin, message);
        problems.push(problem.help(format!("it is in `{code}` ({full}); correct the country, or leave it out")));
        return None;
    }
    if catalog.knows_regions_of(provider) {
        // A misspelt region of a known provider is not a new place, whatever country it claims.
        let near = catalog.nearest_regions(provider, region);
        let message = format!("`{}` has no region `{}`", catalog.provider(provider), region.value);
        let declare = format!("declare `{name}` among the workspace's `locations` if it is new");
        let help = if near.is_empty() {
            declare
        } else {
            format!("did you mean {}? Else {declare}", listed(&near, "or", names::LISTED))
        };
        problems.push(Problem::new(ProblemCode::UnknownName, &region.origin, message).help(help));
        return None;
    }
    match stated.map(|country| (country, catalog.add_location(&name, country))) {
        Some((country, Ok(location))) => Some((country, Some(location))),
        Some((_, Err(error))) => {
            problems.push(Problem::new(ProblemCode::InvalidValue, &region.origin, format!("`{name}`: {error}")));
            None
        }
        None => {
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

/// A pool by itself that is wrong, and how.
type FaultyPool<'s> = (&'s Sourced<Name>, Vec<Problem>);

/// The sound pools, and those that are wrong by themselves; what is wrong with all of them is put with the problems.
fn pools<'s>(
    catalog: &Catalog,
    of: &'s ClusterSpec,
    borne: AttributeSetId,
    closed: &ClosedNodes,
    problems: &mut Problems,
) -> (Vec<PoolDef>, Vec<FaultyPool<'s>>) {
    let (cluster, spec) = (&of.metadata.name, &of.pools);
    let mut faulty = Vec::new();
    if matches!(spec, PoolsSpec::Pools(pools) if pools.is_empty())
        || matches!(spec, PoolsSpec::Flavors(flavors) if flavors.is_empty())
    {
        // No text can hold that, specs that were built in code can.
        let message = format!("cluster `{}` has no pools", cluster.value);
        problems.push(Problem::new(ProblemCode::EmptyList, &cluster.origin, message).help("list at least one"));
    }
    let mut defs: IndexMap<Name, (PoolDef, &Origin)> = IndexMap::new();
    let mut add = |def: PoolDef, origin, again: &dyn Fn(&PoolDef) -> (String, String), problems: &mut Problems| {
        if let Some((_, first)) = defs.get(&def.name) {
            let (message, help) = again(&def);
            let problem = Problem::new(ProblemCode::Duplicate, origin, message).help(help);
            problems.push(problem.related(first, "first written here"));
        } else {
            defs.insert(def.name.clone(), (def, origin));
        }
    };
    match spec {
        PoolsSpec::Flavors(flavors) => {
            for flavor in flavors {
                let Some(def) = unlimited_pool(catalog, flavor, problems) else { continue };
                let def = PoolDef { attributes: borne, ..def };
                let again = |def: &PoolDef| {
                    let code = def.cpu_flavor.or(def.gpu_flavor).map_or("", |found| catalog.flavor_code(found));
                    let message = format!("the cluster lists {} `{code}` twice", flavor.kind);
                    (message, "remove one of them; each is served without limit".to_owned())
                };
                add(def, &flavor.origin, &again, problems);
            }
        }
        PoolsSpec::Pools(pools) => {
            for spec in pools {
                let before = problems.len();
                let def = pool(catalog, &of.attributes, spec, closed.count(cluster, &spec.name), problems);
                let found = problems.split_off(before);
                if !found.is_empty() {
                    faulty.push((&spec.name, found));
                    continue;
                }
                let Some(def) = def else { continue };
                let again = |def: &PoolDef| {
                    (format!("two pools of the cluster are called `{}`", def.name), "give each its own name".to_owned())
                };
                add(def, &spec.name.origin, &again, problems);
            }
        }
    }
    (defs.into_values().map(|(def, _)| def).collect(), faulty)
}

/// The pool that the short form means: `gpu-t4`, without limit or shape (I1).
fn unlimited_pool(catalog: &Catalog, spec: &Sourced<ChoiceSpec>, problems: &mut Problems) -> Option<PoolDef> {
    let kind = spec.kind.flavor_kind()?;
    let code = spec.with(spec.name.clone());
    let (flavor, devices) = match kind {
        FlavorKind::Cpu => (names::on_pool(catalog, kind, &code, problems)?, Devices::default()),
        FlavorKind::Gpu => {
            let gpu = PoolGpuSpec { code, slice: None, memory: None, count: 1 };
            let (flavor, devices) = devices(catalog, &gpu, problems)?;
            (flavor?, devices)
        }
    };
    let name = Name::new(&format!("{}-{}", spec.kind, catalog.flavor_code(flavor))).ok()?;
    let (cpu, gpu) = if kind == FlavorKind::Cpu { (Some(flavor), None) } else { (None, Some(flavor)) };
    Some(PoolDef { devices, ..PoolDef::unlimited(name, cpu, gpu) })
}

/// A pool of a cluster with these attributes, of which so many nodes are gone on which something was in use.
fn pool(
    catalog: &Catalog,
    own: &[Sourced<Name>],
    spec: &PoolSpec,
    gone: u32,
    problems: &mut Problems,
) -> Option<PoolDef> {
    if let Some(gpu) = &spec.gpu
        && !(1..=MAX_GPUS).contains(&gpu.count)
    {
        // No text can hold that, specs that were built in code can.
        let message = format!("a node of pool `{}` cannot have {} GPUs", spec.name.value, gpu.count);
        let problem = Problem::new(ProblemCode::OutOfRange, &gpu.code.origin, message);
        problems.push(problem.help(format!("state 1 to {MAX_GPUS}, or leave `gpu` out")));
    }
    let cpu_flavor = code(catalog, FlavorKind::Cpu, spec.cpu_flavor.as_ref(), problems);
    let gpus = spec.gpu.as_ref().map_or(Some((None, Devices::default())), |gpu| devices(catalog, gpu, problems));
    let shape = Shape {
        cpu: spec.cpu,
        memory: spec.memory,
        storage: spec.storage,
        bandwidth: spec.bandwidth,
        gpus: spec.gpu.as_ref().map_or(0, |gpu| u16::try_from(gpu.count).unwrap_or(u16::MAX)),
        replicas: spec.replicas_per_node,
    };
    let used = in_use(&spec.used);
    let per_node: Vec<_> =
        spec.used_per_node.iter().map(|of| NodeUse { used: in_use(&of.used), replicas: of.replicas }).collect();
    let listed = u32::try_from(per_node.len()).unwrap_or(u32::MAX);
    if let (Some(first), Some(message)) = (spec.used_per_node.first(), listed_in_vain(spec, listed, gone)) {
        let problem = Problem::new(ProblemCode::OverUsed, &first.origin, message);
        problems.push(problem.help("list what is used of each node that there is, from the first on"));
    } else if shape.gpus == 0 && (used.gpu_thousandths > 0 || per_node.iter().any(|of| of.used.gpu_thousandths > 0)) {
        let message = format!("GPUs are in use on pool `{}`, which has none", spec.name.value);
        let problem = Problem::new(ProblemCode::OverUsed, &spec.used.origin, message);
        problems.push(problem.help("remove `gpu` from `used`, or say which GPUs the nodes have"));
    } else if let Some(Err(resource)) =
        spec.nodes.map(|count| Nodes::new(&shape, count.saturating_add(gone), &used, &per_node))
    {
        let message = format!("more {resource} is in use than pool `{}` holds", spec.name.value);
        let origin = spec.used_per_node.first().map_or(&spec.used.origin, |first| &first.origin);
        let holds = holds(resource, &shape, spec.nodes.unwrap_or_default());
        problems.push(Problem::new(ProblemCode::OverUsed, origin, message).help(holds));
    }
    Some(PoolDef {
        name: spec.name.value.clone(),
        shape: Some(shape),
        nodes: spec.nodes,
        cpu_flavor: cpu_flavor?,
        gpu_flavor: gpus?.0,
        devices: gpus?.1,
        price: spec.price_per_hour,
        capacity: spec.capacity,
        attributes: borne(catalog, own, &spec.attributes, problems),
        used,
        used_per_node: per_node,
    })
}

fn in_use(spec: &UsedSpec) -> Used {
    Used {
        cpu: spec.cpu,
        memory: spec.memory,
        storage: spec.storage,
        bandwidth: spec.bandwidth,
        gpu_thousandths: spec.gpu_thousandths,
    }
}

/// What is wrong with a list of so many nodes, where some are gone that may be among them.
fn listed_in_vain(spec: &PoolSpec, listed: u32, gone: u32) -> Option<String> {
    let name = &spec.name.value;
    match spec.nodes {
        None => Some(format!("pool `{name}` lists what is used of its nodes, whose number is unlimited")),
        Some(count) if listed > count.saturating_add(gone) => {
            Some(format!("pool `{name}` lists what is used of {listed} nodes, and has {count}"))
        }
        Some(_) => None,
    }
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

/// The flavor of a pool's GPUs, and what is known of them beside it: a label, or the spec, says of what part of a
/// device each is (I7).
fn devices(catalog: &Catalog, spec: &PoolGpuSpec, problems: &mut Problems) -> Option<(Option<FlavorId>, Devices)> {
    let label = catalog.hardware(FlavorKind::Gpu, &spec.code);
    let labelled = label.as_ref().and_then(|found| Slice::of_label(found.slice.as_ref()?));
    let flavor = match (&label, labelled) {
        (Some(found), Some(_)) => catalog.above_all(&found.flavors),
        _ => names::on_pool(catalog, FlavorKind::Gpu, &spec.code, problems),
    }?;
    let mut refuse = |message: String, help: String| {
        problems.push(Problem::new(ProblemCode::InvalidValue, &spec.code.origin, message).help(help));
        None
    };
    if let (Some(labelled), Some(stated)) = (labelled, spec.slice)
        && labelled != stated
    {
        let message = format!("`{}` is the label of {labelled}, not of `{stated}`", spec.code.value);
        return refuse(message, "leave `slice` out, or name the whole device".to_owned());
    }
    let slice = spec.slice.or(labelled);
    let (stated, known) = (spec.memory.map(Bytes::get), catalog.flavor_memory(flavor));
    if let (Some(stated), Some(known)) = (stated, known) {
        let is_one = !catalog.flavors().any(|other| other != flavor && catalog.is_under(other, flavor));
        let false_of_whole = slice.is_none() && (stated < known || is_one && stated > known);
        if false_of_whole || (slice.is_some() && is_one && stated > known) {
            let (code, whole) = (catalog.flavor_code(flavor), Bytes::new(known));
            let message = format!("`{code}` has {whole} of memory, which `{}` contradicts", Bytes::new(stated));
            return refuse(message, "leave `memory` out, or name the device that has it".to_owned());
        }
    }
    Some((Some(flavor), Devices::new(slice, stated, known)))
}

/// `Some(None)` where nothing is stated, `None` where what is stated is unknown.
fn code(
    catalog: &Catalog,
    kind: FlavorKind,
    name: Option<&Sourced<String>>,
    problems: &mut Problems,
) -> Option<Option<FlavorId>> {
    let Some(name) = name else { return Some(None) };
    names::on_pool(catalog, kind, name, problems).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fleets_are_bounded() {
        assert_eq!(too_large(MOST_CLUSTERS, MOST_POOLS), None);
        let shown = |problem: Option<Problem>| problem.map(|problem| problem.message);
        let clusters = "there are 4000001 clusters, more than the 4000000 that one load accepts".to_owned();
        assert_eq!(shown(too_large(MOST_CLUSTERS + 1, 0)), Some(clusters));
        let pools = "there are 16000001 pools, more than the 16000000 that one load accepts".to_owned();
        assert_eq!(shown(too_large(1, MOST_POOLS + 1)), Some(pools));
    }
}
