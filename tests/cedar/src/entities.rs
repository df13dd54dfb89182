//! Places, hardware and pairs as Cedar's entities.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};
use siting::catalog::{Capacity, Catalog, FlavorKind};
use siting::inventory::Slice;
use siting::manifest::spec::{ClusterSpec, DeploymentSpec, PoolSpec, PoolsSpec, Specs};
use siting::quantity::{Bandwidth, Bytes};

/// A pair of pool and flavor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Resource {
    pub cluster: String,
    pub pool: String,
    pub kind: &'static str,
    pub code: String,
    facts: Facts,
}

/// What decides of a pair; quantities of `None` limit nothing, or are those of a pool without a shape.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Facts {
    open: bool,
    /// `country/us` or `location/aws/us-east-1`.
    place: String,
    country: String,
    provider: String,
    capacity: &'static str,
    host: Option<String>,
    /// What is stated of each GPU.
    device: Option<u64>,
    slice: Option<Slice>,
    cpu: Option<u64>,
    memory: Option<u64>,
    storage: Option<u64>,
    bandwidth: Option<u64>,
    gpus: Option<u64>,
    /// The attributes of the cluster and of the pool (P15).
    bears: Vec<String>,
}

/// All pairs of a world.
pub fn resources(world: &Specs, catalog: &Catalog) -> Vec<Resource> {
    world.clusters.iter().flat_map(|cluster| of_cluster(cluster, catalog)).collect()
}

fn of_cluster(cluster: &ClusterSpec, catalog: &Catalog) -> Vec<Resource> {
    let full = cluster.location.as_ref().map(|region| format!("{}/{}", cluster.provider.as_str(), region.as_str()));
    let known = full.as_ref().and_then(|full| catalog.location(full));
    let country = match (&cluster.country, known) {
        (Some(code), _) => code.value.clone(),
        (None, Some(location)) => catalog.country_code(catalog.location_country(location)).to_owned(),
        (None, None) => panic!("a cluster without a country"),
    };
    let place = full.map_or_else(|| format!("country/{country}"), |full| format!("location/{full}"));
    let base = Facts {
        open: cluster.healthy && !cluster.cordoned,
        place,
        country,
        provider: cluster.provider.as_str().to_owned(),
        capacity: Capacity::OnDemand.as_str(),
        bears: cluster.attributes.iter().map(|name| name.as_str().to_owned()).collect(),
        ..Facts::default()
    };
    let resource = |pool: &str, kind: FlavorKind, code: &str, facts: Facts| Resource {
        cluster: cluster.metadata.name.to_string(),
        pool: pool.to_owned(),
        kind: kind.as_str(),
        code: code.to_owned(),
        facts,
    };
    match &cluster.pools {
        PoolsSpec::Flavors(flavors) => {
            let served = flavors.iter().map(|flavor| {
                let kind = flavor.kind.flavor_kind().expect("hardware");
                let host = (kind == FlavorKind::Cpu).then(|| flavor.name.clone());
                let pool = format!("{}-{}", kind.as_str(), flavor.name);
                resource(&pool, kind, &flavor.name, Facts { host, ..base.clone() })
            });
            served.collect()
        }
        PoolsSpec::Pools(pools) => {
            let of_pool = |pool: &PoolSpec| {
                let facts = Facts {
                    capacity: pool.capacity.as_str(),
                    device: pool.gpu.as_ref().and_then(|gpu| gpu.memory).map(Bytes::get),
                    slice: pool.gpu.as_ref().and_then(|gpu| gpu.slice),
                    host: pool.cpu_flavor.as_ref().map(|code| code.value.clone()),
                    cpu: Some(pool.cpu.get()),
                    memory: Some(pool.memory.get()),
                    storage: pool.storage.map(Bytes::get),
                    bandwidth: pool.bandwidth.map(Bandwidth::get),
                    bears: base.bears.iter().cloned().chain(pool.attributes.iter().map(|name| name.as_str().to_owned())).collect(),
                    gpus: Some(pool.gpu.as_ref().map_or(0, |gpu| u64::from(gpu.count) * 1000)),
                    ..base.clone()
                };
                let cpu = pool.cpu_flavor.as_ref().map(|code| (FlavorKind::Cpu, code.value.clone()));
                let gpu = pool.gpu.as_ref().map(|gpu| (FlavorKind::Gpu, gpu.code.value.clone()));
                let name = pool.name.as_str().to_owned();
                let pairs = cpu.into_iter().chain(gpu);
                pairs.map(|(kind, code)| resource(&name, kind, &code, facts.clone())).collect::<Vec<_>>()
            };
            pools.iter().flat_map(of_pool).collect()
        }
    }
}

pub fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().expect("a type"), cedar_policy::EntityId::new(id))
}

pub fn principal() -> EntityUid {
    uid("Deployment", "asked")
}

/// The entities of all pairs, with what they are in, and the deployment.
pub fn all(resources: &[Resource], catalog: &Catalog, deployment: &DeploymentSpec) -> Entities {
    let mut entities: HashMap<EntityUid, Entity> = HashMap::new();
    let mut add = |uid: EntityUid, attributes: HashMap<String, RestrictedExpression>, parents: HashSet<EntityUid>| {
        entities.insert(uid.clone(), Entity::new(uid, attributes, parents).expect("an entity"));
    };
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    for (number, resource) in resources.iter().enumerate() {
        let (facts, place) = (&resource.facts, uid("Place", &resource.facts.place));
        let country = uid("Place", &format!("country/{}", facts.country));
        if place != country {
            let mut parents = HashSet::from([country.clone()]);
            // An exception of a region takes out the zones that hang under it (C7).
            let mut above = resource.facts.place.strip_prefix("location/").and_then(|name| catalog.location(name));
            while let Some(location) = above {
                parents.insert(uid("Place", &format!("taken/location/{}", catalog.location_name(location))));
                above = catalog.location_parent(location);
            }
            add(place.clone(), HashMap::new(), parents);
        }
        let id = catalog.country(&facts.country).expect("a country");
        let groups = catalog.groups().filter(|&group| catalog.group_members(group).contains(id));
        let groups = groups.map(|group| uid("Place", &format!("group/{}", catalog.group_name(group))));
        let continent = uid("Place", &format!("continent/{}", catalog.continent_of(id).code()));
        add(country, HashMap::new(), groups.chain([continent]).collect());

        let flavor = add_flavor(&mut add, catalog, resource.kind, &resource.code);
        let host = facts.host.as_ref().map(|code| add_flavor(&mut add, catalog, "cpu", code));
        let kind = if resource.kind == "cpu" { FlavorKind::Cpu } else { FlavorKind::Gpu };
        let known = catalog.flavor(kind, &resource.code).and_then(|flavor| catalog.flavor_memory(flavor));
        // I7: what is stated, else the slice's part of what is known.
        let memory = facts.device.or_else(|| facts.slice.map_or(known, |slice| slice.memory(known)));
        let provider = add_provider(&mut add, catalog, &facts.provider);
        let capacity = uid("Capacity", &format!("capacity/{}", facts.capacity));
        add(capacity.clone(), HashMap::new(), HashSet::new());
        let number_of = |amount: u64| RestrictedExpression::new_long(i64::try_from(amount).expect("a number of 63 bits"));
        let optional = [
            ("cpu", facts.cpu),
            ("memory", facts.memory),
            ("storage", facts.storage),
            ("bandwidth", facts.bandwidth),
            ("gpus", facts.gpus),
            ("gpuMemory", memory),
        ];
        let mut attributes: HashMap<_, _> = optional
            .into_iter()
            .filter_map(|(name, amount)| Some((name.to_owned(), number_of(amount?))))
            .collect();
        let bears = facts.bears.iter().map(|name| text(name)).collect::<Vec<_>>();
        attributes.insert("bears".to_owned(), RestrictedExpression::new_set(bears));
        attributes.insert("open".to_owned(), RestrictedExpression::new_bool(facts.open));
        attributes.insert("kind".to_owned(), text(resource.kind));
        attributes.insert("place".to_owned(), RestrictedExpression::new_entity_uid(place));
        attributes.insert("flavor".to_owned(), RestrictedExpression::new_entity_uid(flavor));
        attributes.insert("provider".to_owned(), RestrictedExpression::new_entity_uid(provider));
        attributes.insert("capacity".to_owned(), RestrictedExpression::new_entity_uid(capacity));
        let slice = facts.slice.filter(|_| resource.kind == "gpu");
        attributes.extend(slice.map(|slice| ("slice".to_owned(), text(&slice.to_string()))));
        attributes.extend(host.map(|host| ("host".to_owned(), RestrictedExpression::new_entity_uid(host))));
        add(uid("Pair", &number.to_string()), attributes, HashSet::new());
    }
    let attributes = HashMap::from([("type".to_owned(), text(&deployment.resource_type))]);
    add(principal(), attributes, HashSet::new());
    Entities::from_entities(entities.into_values(), None).expect("entities")
}

/// A provider under the law of its owner, by country and by group (P15).
fn add_provider(
    add: &mut impl FnMut(EntityUid, HashMap<String, RestrictedExpression>, HashSet<EntityUid>),
    catalog: &Catalog,
    name: &str,
) -> EntityUid {
    let name = catalog.provider(name);
    let own = uid("Provider", &format!("provider/{name}"));
    let laws: Vec<String> = match catalog.jurisdiction(&name) {
        Some(country) => {
            let groups = catalog.groups().filter(|&group| catalog.group_members(group).contains(country));
            let groups = groups.map(|group| catalog.group_name(group).to_owned());
            groups.chain([catalog.country_code(country).to_owned()]).collect()
        }
        None => Vec::new(),
    };
    let mut parents: HashSet<EntityUid> = laws.iter().flat_map(|law| ["", "taken/"].map(|by| of_law(by, law))).collect();
    if laws.is_empty() {
        // An exception of any law takes out a provider of no known one.
        let groups = catalog.groups().map(|group| catalog.group_name(group).to_owned());
        let countries = catalog.countries().map(|country| catalog.country_code(country).to_owned());
        parents.extend(groups.chain(countries).map(|law| of_law("taken/", &law)));
    }
    add(own.clone(), HashMap::new(), parents);
    own
}

fn of_law(by: &str, law: &str) -> EntityUid {
    uid("Provider", &format!("{by}jurisdiction/{law}"))
}

/// A code in its family, both in their kind.
fn add_flavor(
    add: &mut impl FnMut(EntityUid, HashMap<String, RestrictedExpression>, HashSet<EntityUid>),
    catalog: &Catalog,
    kind: &str,
    code: &str,
) -> EntityUid {
    let flavor_kind = if kind == "cpu" { FlavorKind::Cpu } else { FlavorKind::Gpu };
    let whole = uid("Flavor", &format!("{kind}/any"));
    let own = uid("Flavor", &format!("{kind}/{code}"));
    let node = |flavor| uid("Flavor", &format!("{kind}/{}", catalog.flavor_code(flavor)));
    let taken = |flavor| uid("Flavor", &format!("taken/{kind}/{}", catalog.flavor_code(flavor)));
    let mut parents = HashSet::from([whole, uid("Flavor", &format!("taken/{kind}/any"))]);
    if let Some(flavor) = catalog.flavor(flavor_kind, code) {
        for other in catalog.flavors() {
            let (above, below) = (catalog.is_under(flavor, other), catalog.is_under(other, flavor));
            // An exception also takes out what is known only by a node above it (C6).
            parents.extend((above || below).then(|| taken(other)));
            parents.extend((above && other != flavor).then(|| node(other)));
        }
    }
    add(own.clone(), HashMap::new(), parents);
    own
}
