//! Random worlds, the same for the same seed everywhere. Policies, demands and clusters draw from a few countries and
//! flavors that each world favours, so that they meet often enough for every verdict and every reason to occur.

use super::judge::{Candidate, candidates, leaves_something, running_fits};
use super::world::{
    ATTRIBUTES, Axis, Cluster, Deployment, Domain, Environment, FavouriteKind, GEOGRAPHY, Gpu, GpuNeed, Level, Limit,
    Limited, Near, Opt, Placement, Policy, Pool, Pools, Preference, Resources, Running, Spread, Used, World,
};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Locations that are not in the catalog: the workspace's own, or brought by clusters (C7).
const OWN: &[(&str, &str)] = &[
    ("onprem/oslo-1", "no"),
    ("onprem/paris-1", "fr"),
    ("onprem/pune", "in"),
    ("onprem/us-east-1", "ca"),
    ("edge/são paulo", "br"),
    ("edge/zürich 1", "ch"),
    ("edge/windhoek", "na"),
    ("edge/us-east-1", "us"),
];

/// Where clusters stand, far apart, so that no two distances round to the same kilometres unless they are the same:
/// latitude and longitude in millionths of a degree.
pub const PLACES: &[(i32, i32)] = &[
    (38_900_000, -77_400_000),
    (45_840_000, -119_700_000),
    (53_350_000, -6_260_000),
    (50_110_000, 8_680_000),
    (35_680_000, 139_690_000),
    (1_350_000, 103_820_000),
    (-23_550_000, -46_630_000),
    (-33_870_000, 151_210_000),
    (0, 179_999_999),
    (0, -179_999_999),
    (0, 0),
];

/// Beginnings of names, among them some that an order other than that of bytes would sort otherwise.
const NAMES: &[&str] = &["a", "b", "c", "B", "Z", "a-b", "a b", "a.b", "a10", "a9", "é", "z", "日本", "𝒜", "_", "~"];

/// The generator splitmix64, after what bytes say.
struct Random {
    /// Taken from the end, two at a time.
    bytes: Vec<u8>,
    state: u64,
}

impl Random {
    fn seeded(seed: u64) -> Self {
        Random { bytes: Vec::new(), state: seed }
    }

    fn next(&mut self) -> u64 {
        if let (Some(low), Some(high)) = (self.bytes.pop(), self.bytes.pop()) {
            return u64::from(low) | u64::from(high) << 8;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Up to `count` different elements.
    fn some<T: Clone + PartialEq>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut chosen = Vec::new();
        for _ in 0..count {
            let one = self.pick(from);
            if !chosen.contains(one) {
                chosen.push(one.clone());
            }
        }
        chosen
    }

    fn maybe<T>(&mut self, percent: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.chance(percent) { Some(make(self)) } else { None }
    }
}

/// A valid world with at most so many clusters.
pub fn world(seed: u64, max_clusters: usize) -> World {
    // Its second part has a generator of its own, so that the first is the same without it.
    let mut world = world_by(Random::seeded(seed), |_| Random::seeded(!seed), max_clusters).0;
    // So has its third, which every third world does without.
    if seed % 3 != 2 {
        bounds(&mut Random::seeded(seed.rotate_left(32)), &mut world);
    }
    // And its fourth, which one in four worlds has.
    if seed % 4 == 1 {
        limits(&mut Random::seeded(seed.rotate_left(16)), &mut world);
    }
    world
}

/// Limits of the workspace and of environments (E4): mostly about as much as a few replicas hold.
fn limits(random: &mut Random, world: &mut World) {
    let mut owners = vec![None];
    owners.extend(world.environments.iter().map(|environment| Some(environment.name.clone())));
    let pools = || {
        world.clusters.iter().flat_map(|cluster| match &cluster.pools {
            Pools::Short(flavors) => flavors.iter().filter(|(kind, _)| kind == "gpu").map(|(_, code)| code).collect(),
            Pools::Full(pools) => {
                pools.iter().filter_map(|pool| pool.gpu.as_ref()).map(|(code, _)| code).collect::<Vec<_>>()
            }
        })
    };
    let mut types: Vec<String> = vec!["v100".to_owned(), "a100-80gb".to_owned()];
    for code in pools() {
        let known = GEOGRAPHY.flavor("gpu", code);
        types.extend(std::iter::once(known.code).chain(known.above.iter().copied()).map(str::to_owned));
    }
    for _ in 0..random.between(1, 4) {
        let environment = random.pick(&owners).clone();
        let few = *random.pick(&[0, 1, 2, 2, 3, 5, 8, 20]);
        let (of, most) = match random.below(6) {
            0 | 1 => (Limited::Gpu, few * *random.pick(&[1000, 1000, 500, 125])),
            2 => (Limited::GpuType(random.pick(&types).clone()), few * *random.pick(&[1000, 500])),
            3 => (Limited::Cpu, few * *random.pick(&[500, 1000, 4000])),
            4 => (Limited::Memory, few * *random.pick(&[1, 4, 16]) * GIB),
            _ => (Limited::Price, few * *random.pick(&[100_000, 1_000_000, 333_333])),
        };
        if !world.limits.iter().any(|known| known.environment == environment && known.of == of) {
            world.limits.push(Limit { environment, of, most });
        }
    }
}

/// A valid world with at most so many clusters, of which these bytes decide: the fuzzer's.
pub fn world_of_bytes(bytes: &[u8], max_clusters: usize) -> World {
    let first = Random { bytes: bytes.iter().rev().copied().collect(), state: 0 };
    let (mut world, mut random) = world_by(first, |first| first, max_clusters);
    bounds(&mut random, &mut world);
    if random.chance(25) {
        limits(&mut random, &mut world);
    }
    world
}

/// The same world with policies that bind requests (P18): copies of its own with callers, attached at its levels. They
/// change no decision.
pub fn with_callers(seed: u64, max_clusters: usize) -> World {
    let (mut world, mut random) = (world(seed, max_clusters), Random::seeded(seed.wrapping_mul(0x9e37_79b9)));
    let of_deployments = world.policies.clone();
    for number in 0..random.between(1, 5) {
        let name = format!("callers-{number}");
        let callers = (0..random.between(1, 3)).map(|_| callers(&mut random, &world)).collect();
        let policy = Policy { name: name.clone(), callers: Some(callers), ..random.pick(&of_deployments).clone() };
        world.policies.push(policy);
        let enforced = random.chance(85);
        let owner = match random.below(10) {
            0..3 => {
                world.workspace.attachments.push((name.clone(), enforced));
                "workspace".to_owned()
            }
            3..6 if !world.environments.is_empty() => {
                let chosen = random.below(world.environments.len());
                world.environments[chosen].level.attachments.push((name.clone(), enforced));
                format!("environment {}", world.environments[chosen].name)
            }
            _ => {
                let chosen = random.below(world.deployments.len());
                world.deployments[chosen].attachments.push((name.clone(), enforced));
                format!("deployment {}", world.deployments[chosen].name)
            }
        };
        if random.chance(25) {
            let until = world.at.unwrap_or(1_000).saturating_add(random.below(3) as u64).saturating_sub(1);
            world.ends.push((owner, name, until));
        }
    }
    world
}

/// A continent, a country or a group.
fn callers(random: &mut Random, world: &World) -> Opt {
    let countries: Vec<&str> = super::callers::countries().collect();
    let country = (*random.pick(&countries)).to_owned();
    let (kind, name) = match random.below(4) {
        0 => ("continent", GEOGRAPHY.country(&country).continent.to_owned()),
        1 if !world.groups.is_empty() => ("group", random.pick(&world.groups).0.clone()),
        2 => ("group", (*random.pick(&["eea", "eu27"])).to_owned()),
        _ => ("country", country),
    };
    Opt { kind: kind.to_owned(), name }
}

/// Bounds of what deployments take and where they stand.
fn bounds(random: &mut Random, world: &mut World) {
    for deployment in &mut world.deployments {
        if !deployment.remote_missing.is_empty() {
            continue;
        }
        if random.chance(20) {
            let most = *random.pick(&[0, 25_000, 50_000, 99_999, 100_000, 263_000, 333_333, 526_000, 2_000_000]);
            deployment.max_price_micro = Some(most);
        }
        if let Some(spread) = &mut deployment.placement.spread
            && spread.max_skew.is_some()
            && random.chance(40)
        {
            spread.min_domains = Some(*random.pick(&[1, 2, 2, 3, 4]));
            if random.chance(50) {
                spread.max_skew = Some(*random.pick(&[2, 3, 4]));
            }
        }
        if random.chance(20) {
            let kinds =
                [Domain::Cluster, Domain::Location, Domain::Zone, Domain::Country, Domain::Continent, Domain::Provider];
            deployment.placement.together = Some(*random.pick(&kinds));
        }
    }
}

fn world_by(mut random: Random, second: impl FnOnce(Random) -> Random, max_clusters: usize) -> (World, Random) {
    let taste = Taste::new(&mut random);
    let mut world = World::default();
    for name in ["nordics", "home"] {
        if random.chance(40) {
            let count = random.between(1, 4);
            world.groups.push((name.to_owned(), taste.countries(&mut random, count)));
        }
    }
    for (name, country) in OWN {
        if random.chance(15) {
            world.locations.push(((*name).to_owned(), (*country).to_owned()));
        }
    }
    let clusters = if random.chance(4) { 0 } else { random.between(max_clusters.min(1), max_clusters) };
    for number in 0..clusters {
        let cluster = cluster(&mut random, &taste, number);
        world.clusters.push(cluster);
    }
    policies(&mut random, &taste, &mut world);
    world.workspace = level(&mut random, &world, 1, 3);
    for name in ["production", "development", "staging"] {
        if random.chance(80) {
            let level = level(&mut random, &world, 3, 7);
            world.environments.push(Environment { name: name.to_owned(), level });
        }
    }
    for number in 0..random.between(1, 4) {
        let deployment = deployment(&mut random, &taste, &world, number);
        world.deployments.push(deployment);
    }
    let mut random = second(random);
    let open = random.chance(50);
    if open {
        relax(&mut random, &taste, &mut world, max_clusters);
    }
    for cluster in &mut world.clusters {
        cluster.coordinates = random.maybe(70, |random| *random.pick(PLACES));
    }
    for number in 0..world.deployments.len() {
        if random.chance(if open { 65 } else { 35 }) && world.deployments[number].remote_missing.is_empty() {
            world.deployments[number].placement = placement(&mut random, &taste, &world);
            if open && random.chance(75) {
                strain(&mut random, &mut world.deployments[number]);
            }
        }
    }
    if random.chance(45) {
        running(&mut random, &mut world);
    }
    if random.chance(25) {
        moments(&mut random, &mut world);
    }
    if random.chance(25) {
        attributes(&mut random, &mut world);
    }
    (world, random)
}

/// Lets clusters and pools bear attributes, and policies ask for some of them (P15).
fn attributes(random: &mut Random, world: &mut World) {
    let all: Vec<String> = ATTRIBUTES.iter().map(|name| (*name).to_owned()).collect();
    for cluster in &mut world.clusters {
        cluster.attributes = random.some(&all, 2);
        if let Pools::Full(pools) = &mut cluster.pools {
            pools.iter_mut().for_each(|pool| pool.attributes = random.some(&all, 2));
        }
    }
    for number in 0..random.between(1, 3) {
        let mut options = Vec::new();
        for _ in 0..random.between(1, 2) {
            let count = *random.pick(&[1, 1, 2, 3]);
            let mut names = random.some(&all, count);
            names.sort();
            options.push(Opt { kind: "attribute".to_owned(), name: names.join("+") });
        }
        let targets = random.maybe(20, |_| vec!["model".to_owned()]);
        let name = format!("bears-{number}");
        let (axis, except) = (Axis::Attribute, Vec::new());
        world.policies.push(Policy { name: name.clone(), axis, options, except, targets, callers: None });
        let attachment = (name.clone(), random.chance(80));
        let deployments = world.deployments.len();
        let owner = match random.below(4) {
            0 => {
                world.workspace.attachments.push(attachment);
                "workspace".to_owned()
            }
            1 if !world.environments.is_empty() => {
                let at = random.below(world.environments.len());
                world.environments[at].level.attachments.push(attachment);
                format!("environment {}", world.environments[at].name)
            }
            _ => {
                let at = random.below(deployments);
                let deployment = &mut world.deployments[at];
                if deployment.remote_missing.is_empty() {
                    deployment.attachments.push(attachment);
                }
                format!("deployment {}", deployment.name)
            }
        };
        if random.chance(15) {
            world.ends.push((owner, name, *random.pick(MOMENTS)));
        }
    }
    if random.chance(10) {
        world.workspace.require.push(Axis::Attribute);
    }
}

/// Moments near those that matter: just before, at, and just after.
const MOMENTS: &[u64] = &[1_000, 59_999, 60_000, 60_001, 120_000];

/// Lets attachments end, and what is known of clusters age (P16, I8).
fn moments(random: &mut Random, world: &mut World) {
    world.at = random.maybe(90, |random| *random.pick(MOMENTS));
    let mut attached: Vec<(String, Vec<(String, bool)>)> =
        vec![("workspace".to_owned(), world.workspace.attachments.clone())];
    for environment in &world.environments {
        attached.push((format!("environment {}", environment.name), environment.level.attachments.clone()));
    }
    for deployment in &world.deployments {
        attached.push((format!("deployment {}", deployment.name), deployment.attachments.clone()));
    }
    for (owner, attachments) in attached {
        for (policy, _) in attachments {
            let known = world.ends.iter().any(|(whose, of, _)| *whose == owner && *of == policy);
            if !known && random.chance(50) {
                world.ends.push((owner.clone(), policy, *random.pick(MOMENTS)));
            }
        }
    }
    world.max_age = random.maybe(60, |random| *random.pick(&[0, 1, 1_000, 60_000]));
    for cluster in &mut world.clusters {
        cluster.observed_at = random.maybe(60, |random| *random.pick(MOMENTS));
    }
}

/// What a world favours.
struct Taste {
    countries: Vec<String>,
    /// Kind and code.
    flavors: Vec<(String, String)>,
}

impl Taste {
    fn new(random: &mut Random) -> Self {
        let countries = every_country();
        let flavors = every_flavor();
        let places = random.between(1, 4);
        let kinds = random.between(2, 5);
        let mut flavors = random.some(&flavors, kinds);
        if random.chance(60) {
            flavors.push(("cpu".to_owned(), "x86".to_owned()));
        }
        Taste { countries: random.some(&countries, places), flavors }
    }

    fn country(&self, random: &mut Random) -> String {
        if random.chance(85) { random.pick(&self.countries).clone() } else { random.pick(&every_country()).clone() }
    }

    fn countries(&self, random: &mut Random, count: usize) -> Vec<String> {
        let mut chosen: Vec<String> = (0..count).map(|_| self.country(random)).collect();
        chosen.sort();
        chosen.dedup();
        chosen
    }

    fn flavor(&self, random: &mut Random) -> (String, String) {
        if random.chance(90) { random.pick(&self.flavors).clone() } else { random.pick(&every_flavor()).clone() }
    }

    /// A flavor's code of one kind.
    fn code(&self, random: &mut Random, kind: &str) -> String {
        let of_kind = |all: &[(String, String)]| -> Vec<String> {
            all.iter().filter(|(k, _)| k == kind).map(|(_, code)| code.clone()).collect()
        };
        let favoured = of_kind(&self.flavors);
        if favoured.is_empty() || random.chance(10) {
            random.pick(&of_kind(&every_flavor())).clone()
        } else {
            random.pick(&favoured).clone()
        }
    }
}

/// The countries that can be named.
fn every_country() -> Vec<String> {
    GEOGRAPHY.countries.iter().filter(|c| !c.code.contains('-')).map(|c| c.code.to_owned()).collect()
}

/// The flavors that can be named.
fn every_flavor() -> Vec<(String, String)> {
    let named = GEOGRAPHY.flavors.iter().filter(|flavor| !flavor.code.starts_with("other"));
    named.map(|flavor| (flavor.kind.to_owned(), flavor.code.to_owned())).collect()
}

fn cluster(random: &mut Random, taste: &Taste, number: usize) -> Cluster {
    let country = taste.country(random);
    let here = |(_, c): &&(&str, &str)| *c == country;
    let known: Vec<&str> = GEOGRAPHY.locations.iter().chain(OWN).filter(here).map(|(name, _)| *name).collect();
    let location = if known.is_empty() { None } else { random.maybe(65, |random| (*random.pick(&known)).to_owned()) };
    let provider = match location.as_deref().and_then(|name| name.split_once('/')) {
        Some((provider, _)) => provider,
        None => *random.pick(&["aws", "gcp", "onprem", "hetzner", "scaleway", "exoscale"]),
    };
    let pools = if random.chance(25) {
        let wanted = random.between(1, 3);
        let mut flavors: Vec<(String, String)> = (0..wanted).map(|_| taste.flavor(random)).collect();
        flavors.sort();
        flavors.dedup();
        Pools::Short(flavors)
    } else {
        let wanted = random.between(1, 3);
        Pools::Full((0..wanted).map(|number| pool(random, taste, number)).collect())
    };
    Cluster {
        name: format!("{}-{number}", random.pick(NAMES)),
        provider: provider.to_owned(),
        country,
        location,
        zone: random.maybe(80, |random| (*random.pick(&["a", "b", "c"])).to_owned()),
        coordinates: None,
        healthy: !random.chance(9),
        cordoned: random.chance(9),
        observed_at: None,
        attributes: Vec::new(),
        pools,
    }
}

fn pool(random: &mut Random, taste: &Taste, number: usize) -> Pool {
    let (cpu, gpu) = *random.pick(&[(true, false), (true, false), (false, true), (true, true), (true, true)]);
    let mut pool = Pool {
        name: format!("{}-{number}", random.pick(NAMES)),
        nodes: random.maybe(92, |random| random.between(1, 4) as u64),
        cpu_flavor: if cpu { Some(taste.code(random, "cpu")) } else { None },
        cpu_milli: *random.pick(&[2000, 4000, 4000, 8000, 16_000, 7910]),
        memory: *random.pick(&[4, 8, 16, 16, 32, 61]) * GIB,
        storage: random.maybe(30, |random| *random.pick(&[50, 100, 375]) * GIB),
        bandwidth: random.maybe(30, |random| *random.pick(&[1_000_000_000, 10_000_000_000, 25_000_000_000])),
        gpu: if gpu { Some((taste.code(random, "gpu"), *random.pick(&[1, 1, 2, 4, 8]))) } else { None },
        attributes: Vec::new(),
        slice: if gpu { random.maybe(10, |random| (*random.pick(SLICES)).to_owned()) } else { None },
        price_micro: random
            .maybe(75, |random| *random.pick(&[100_000, 100_000, 526_000, 333_333, 1_000_001, 3_060_000])),
        replicas: random.maybe(12, |random| *random.pick(&[1, 1, 2, 3, 110])),
        used: Used::default(),
        used_per_node: Vec::new(),
        capacity: (*random.pick(&["", "", "on-demand", "spot", "spot", "reserved"])).to_owned(),
    };
    if random.chance(4) {
        // Scaled to zero.
        pool.nodes = Some(0);
    } else if let (Some(nodes), true) = (pool.nodes, random.chance(50)) {
        if random.chance(25) {
            let most = pool.replicas.unwrap_or(5) as usize;
            for _ in 0..random.between(1, nodes as usize) {
                let part = (used(random, &pool, 1), random.between(0, most) as u64);
                pool.used_per_node.push(part);
            }
        } else {
            pool.used = used(random, &pool, nodes);
        }
    }
    pool
}

/// At most what the pool holds (I1); nothing of what it leaves unstated.
fn used(random: &mut Random, pool: &Pool, nodes: u64) -> Used {
    let mut part = |whole: u64, unit: u64| {
        if random.chance(30) { 0 } else { whole / unit * random.between(0, 100) as u64 / 100 * unit }
    };
    let gpus = pool.gpu.as_ref().map_or(0, |(_, count)| u64::from(*count));
    let (cpu_milli, memory) = (part(nodes * pool.cpu_milli, 1), part(nodes * pool.memory, MIB));
    let (storage, bandwidth) =
        (part(nodes * pool.storage.unwrap_or(0), MIB), part(nodes * pool.bandwidth.unwrap_or(0), 1_000_000));
    let gpu_unit = *random.pick(&[1000, 1000, 250, 1]);
    let gpu_milli = if random.chance(30) {
        nodes * gpus * 1000
    } else {
        random.between(0, (nodes * gpus * 1000 / gpu_unit) as usize) as u64 * gpu_unit
    };
    Used { cpu_milli, memory, storage, bandwidth, gpu_milli }
}

fn policies(random: &mut Random, taste: &Taste, world: &mut World) {
    for number in 0..random.between(2, 7) {
        let axis = match random.below(20) {
            0..9 => Axis::Location,
            9..16 => Axis::Flavor,
            16..18 => Axis::Provider,
            _ => Axis::Capacity,
        };
        let most = *random.pick(&[1, 1, 2, 3]);
        let mut policy = Policy {
            name: format!("{}-{number}", random.pick(NAMES)),
            axis,
            options: (0..most).map(|_| option(random, taste, world, axis)).collect(),
            except: Vec::new(),
            targets: random.maybe(20, |random| {
                let count = random.between(1, 2);
                random.some(&["model".to_owned(), "function".to_owned(), "agent".to_owned()], count)
            }),
            callers: None,
        };
        if random.chance(40) {
            policy.except = (0..random.between(1, 2)).map(|_| option(random, taste, world, axis)).collect();
            // P9: exceptions that leave nothing are an error.
            if !leaves_something(world, &policy) {
                policy.except.clear();
            }
        }
        world.policies.push(policy);
    }
}

/// Jurisdictions of which there are providers.
const LAWS: &[&str] = &["us", "us", "de", "fr", "gb", "ca", "ch", "in", "eu27", "eu27", "eea"];

fn option(random: &mut Random, taste: &Taste, world: &World, axis: Axis) -> Opt {
    let (kind, name) = match axis {
        Axis::Provider => {
            let mut known = vec!["aws", "gcp", "hetzner", "scaleway", "exoscale"];
            known.extend(world.clusters.iter().map(|cluster| cluster.provider.as_str()));
            match random.below(5) {
                0 | 1 => ("jurisdiction".to_owned(), (*random.pick(LAWS)).to_owned()),
                _ => ("provider".to_owned(), (*random.pick(&known)).to_owned()),
            }
        }
        Axis::Capacity => {
            ("capacity".to_owned(), (*random.pick(&["on-demand", "on-demand", "spot", "reserved"])).to_owned())
        }
        Axis::Attribute => ("attribute".to_owned(), (*random.pick(&ATTRIBUTES)).to_owned()),
        Axis::Flavor => {
            let (kind, code) = taste.flavor(random);
            let above = GEOGRAPHY.flavor(&kind, &code).above;
            let name = match random.below(10) {
                0 | 1 => "any".to_owned(),
                2..5 if !above.is_empty() => (*random.pick(above)).to_owned(),
                _ => code,
            };
            (kind, name)
        }
        Axis::Location => {
            let country = taste.country(random);
            let built_in = GEOGRAPHY.locations.iter().map(|(name, _)| (*name).to_owned());
            let own = world.locations.iter().map(|(name, _)| name.clone());
            let brought: Vec<String> = world.clusters.iter().filter_map(|cluster| cluster.location.clone()).collect();
            let (kind, name) = match random.below(20) {
                0..7 => ("continent", GEOGRAPHY.country(&country).continent.to_owned()),
                7..13 => ("country", country),
                13..15 if !brought.is_empty() => ("location", random.pick(&brought).clone()),
                13..16 => ("location", random.pick(&built_in.chain(own).collect::<Vec<String>>()).clone()),
                16..18 if !world.groups.is_empty() => ("group", random.pick(&world.groups).0.clone()),
                _ => ("group", (*random.pick(&["eea", "eu27"])).to_owned()),
            };
            (kind.to_owned(), name)
        }
    };
    Opt { kind, name }
}

fn attachments(random: &mut Random, world: &World, most: usize) -> Vec<(String, bool)> {
    let names: Vec<String> = world.policies.iter().map(|policy| policy.name.clone()).collect();
    let count = random.between(0, most);
    let mut chosen: Vec<(String, bool)> =
        random.some(&names, count).into_iter().map(|name| (name, random.chance(75))).collect();
    // Now and then one both enforced and audited at one level.
    if !chosen.is_empty() && random.chance(2) {
        let (name, enforced) = chosen[0].clone();
        chosen.push((name, !enforced));
    }
    chosen
}

fn level(random: &mut Random, world: &World, most: usize, require: usize) -> Level {
    let attachments = attachments(random, world, most);
    let mut axes = Vec::new();
    for (axis, part) in [(Axis::Location, 1), (Axis::Flavor, 1), (Axis::Provider, 4), (Axis::Capacity, 4)] {
        if random.chance(require / part) {
            axes.push(axis);
        }
    }
    Level { attachments, require: axes }
}

fn deployment(random: &mut Random, taste: &Taste, world: &World, number: usize) -> Deployment {
    let mut environments = vec!["production".to_owned(), "development".to_owned()];
    environments.extend(world.environments.iter().map(|environment| environment.name.clone()));
    let resources = random.maybe(70, |random| resources(random, taste));
    let mut deployment = Deployment {
        name: format!("{}-{number}", random.pick(NAMES)),
        workload_type: (*random.pick(&["model", "model", "model", "function", "agent"])).to_owned(),
        workload: (*random.pick(&["bert", "llama", "Whisper"])).to_owned(),
        environment: random.maybe(60, |random| random.pick(&environments).clone()),
        attachments: attachments(random, world, 2),
        remote_missing: Vec::new(),
        priority: *random.pick(&[0, 0, 0, 1, 5, -1]),
        replicas: *random.pick(&[0, 1, 1, 2, 3, 5, 8, 13]),
        resources,
        max_price_micro: None,
        placement: Placement::default(),
    };
    // Only manifests of the foreign format have remote policies; they know neither resources, priority nor audit.
    if deployment.workload_type == "model" && random.chance(6) {
        deployment.remote_missing = random.some(&["gone".to_owned(), "Lost".to_owned(), "away".to_owned()], 2);
        deployment.priority = 0;
        deployment.resources = None;
        deployment.attachments.retain(|(_, enforced)| *enforced);
    }
    deployment
}

fn resources(random: &mut Random, taste: &Taste) -> Resources {
    Resources {
        cpu_milli: *random.pick(&[100, 500, 1000, 1000, 1500, 2000, 3000, 12_000]),
        memory: *random.pick(&[256, 1024, 1000, 2048, 4096, 4096, 20_000]) * MIB,
        storage: random.maybe(15, |random| *random.pick(&[10, 60, 200]) * GIB),
        bandwidth: random.maybe(15, |random| *random.pick(&[100_000_000, 1_000_000_000, 10_000_000_000])),
        cpu_type: random.maybe(12, |random| taste.code(random, "cpu")),
        gpu: random.maybe(50, |random| {
            let count = *random.pick(&[1, 1, 1, 2, 3]);
            let alternatives: Vec<GpuNeed> = (0..count).map(|_| gpu_need(random, taste)).collect();
            // A count of 0 is no GPU (D1); that is no alternative to one.
            if alternatives.len() == 1 && random.chance(10) {
                Gpu { alternatives: vec![GpuNeed::default()] }
            } else {
                Gpu { alternatives }
            }
        }),
    }
}

/// Parts of devices.
const SLICES: &[&str] = &["1/8", "1/2", "3/4", "1g.5gb", "3g.20gb"];

fn gpu_need(random: &mut Random, taste: &Taste) -> GpuNeed {
    let many = if random.chance(45) { *random.pick(&[1, 1, 1, 2, 3]) } else { 0 };
    let mut types: Vec<String> = Vec::new();
    for _ in 0..many {
        let code = taste.code(random, "gpu");
        types.push(match GEOGRAPHY.flavor("gpu", &code).above {
            above if !above.is_empty() && random.chance(40) => (*random.pick(above)).to_owned(),
            _ => code,
        });
    }
    types.sort();
    types.dedup();
    let share_milli = random.maybe(30, |random| *random.pick(&[100, 250, 333, 500, 500, 999, 1000]));
    let count = if share_milli.is_some() { 1 } else { *random.pick(&[1, 1, 1, 2, 4]) };
    let slice = if share_milli.is_none() {
        random.maybe(12, |random| if random.chance(50) { "any" } else { *random.pick(SLICES) }.to_owned())
    } else {
        None
    };
    GpuNeed {
        types,
        slice,
        memory: random.maybe(15, |random| *random.pick(&[16, 20, 24, 40, 80]) * GIB),
        count,
        share_milli,
    }
}

/// Makes a world in which deployments have several candidates, and preferences and spread something to choose from:
/// fewer policies, more clusters, and hardware that is mostly of one sort.
fn relax(random: &mut Random, taste: &Taste, world: &mut World, max_clusters: usize) {
    while world.clusters.len() < max_clusters && random.chance(80) {
        let cluster = cluster(random, taste, world.clusters.len());
        world.clusters.push(cluster);
    }
    world.workspace = Level::default();
    for environment in &mut world.environments {
        environment.level.require.clear();
        environment.level.attachments.retain(|(_, enforced)| !enforced || random.chance(15));
    }
    let (cpu, gpu) = (taste.code(random, "cpu"), taste.code(random, "gpu"));
    let fresh = random.chance(35);
    for cluster in &mut world.clusters {
        cluster.healthy |= random.chance(70);
        cluster.cordoned &= random.chance(30);
        if matches!(cluster.pools, Pools::Short(_)) && random.chance(60) {
            cluster.pools = Pools::Full(vec![pool(random, taste, 0)]);
        }
        let small = random.chance(30);
        if let Pools::Full(pools) = &mut cluster.pools {
            for pool in pools {
                if fresh || small {
                    (pool.used, pool.used_per_node) = (Used::default(), Vec::new());
                }
                // So that it runs full.
                if small || pool.nodes.is_none() && random.chance(70) {
                    pool.nodes = Some(1);
                    pool.used_per_node.truncate(1);
                }
                if random.chance(20) {
                    continue;
                }
                pool.cpu_flavor = pool.cpu_flavor.as_ref().map(|_| cpu.clone());
                pool.gpu = pool.gpu.as_ref().map(|(_, count)| (gpu.clone(), *count));
            }
        }
    }
    for deployment in &mut world.deployments {
        deployment.attachments.retain(|(_, enforced)| !enforced || random.chance(15));
        if let Some(resources) = &mut deployment.resources {
            resources.cpu_type = None;
            for need in resources.gpu.iter_mut().flat_map(|gpu| &mut gpu.alternatives) {
                if !random.chance(30) {
                    need.types.clear();
                }
                need.memory = need.memory.filter(|_| random.chance(30));
                need.slice = need.slice.take().filter(|_| random.chance(30));
            }
        }
    }
}

/// Makes a deployment want so many replicas that a spread by skew runs into clusters that are full, and often asks for
/// nothing that only some clusters have.
fn strain(random: &mut Random, deployment: &mut Deployment) {
    if deployment.placement.spread.is_none_or(|spread| spread.max_skew.is_none()) {
        return;
    }
    deployment.replicas = *random.pick(&[3, 5, 8, 13, 21]);
    if random.chance(70) {
        let resources = deployment.resources.get_or_insert_default();
        (resources.storage, resources.bandwidth, resources.gpu) = (None, None, None);
        resources.cpu_milli = *random.pick(&[900, 1000, 1500, 2000, 3000]);
        resources.memory = *random.pick(&[1, 1, 2, 4]) * GIB;
    } else if let Some(resources) = &mut deployment.resources {
        let needs = [GpuNeed { count: 2, ..GpuNeed::default() }, GpuNeed { count: 1, ..GpuNeed::default() }];
        resources.gpu = Some(Gpu { alternatives: random.some(&needs, 3) });
    }
}

fn placement(random: &mut Random, taste: &Taste, world: &World) -> Placement {
    let (prefers, spreads) = *random.pick(&[(true, false), (false, true), (false, true), (true, true)]);
    let mut prefer = Vec::new();
    if prefers {
        let count = *random.pick(&[1, 1, 2, 3]);
        for kind in random.some(&[0, 1, 2, 2, 3, 3], count) {
            prefer.push(match kind {
                0 => Preference::Price,
                1 => Preference::Packing,
                2 if random.chance(50) => Preference::Near(Near::Country(taste.country(random))),
                2 => {
                    let (lat, lon) = *random.pick(PLACES);
                    Preference::Near(Near::Coordinates { lat, lon })
                }
                _ => Preference::Favourites(favourites(random, world)),
            });
        }
    }
    let domains =
        [Domain::Cluster, Domain::Location, Domain::Zone, Domain::Country, Domain::Continent, Domain::Provider];
    let spread = if spreads {
        let by = *random.pick(&domains);
        Some(Spread { by, max_skew: random.maybe(65, |random| *random.pick(&[1, 1, 1, 2, 3])), min_domains: None })
    } else {
        None
    };
    Placement { prefer, spread, together: None }
}

/// Weights of some clusters, locations and providers that there are; none twice.
fn favourites(random: &mut Random, world: &World) -> Vec<(FavouriteKind, String, u32)> {
    let mut all: Vec<(FavouriteKind, String)> = Vec::new();
    for cluster in &world.clusters {
        all.push((FavouriteKind::Cluster, cluster.name.clone()));
        all.push((FavouriteKind::Provider, cluster.provider.clone()));
        all.extend(cluster.location.clone().map(|location| (FavouriteKind::Location, location)));
    }
    all.extend(GEOGRAPHY.locations.iter().take(2).map(|(name, _)| (FavouriteKind::Location, (*name).to_owned())));
    let count = random.between(1, 4);
    let chosen = random.some(&all, count);
    chosen.into_iter().map(|(kind, name)| (kind, name, *random.pick(&[1, 1, 5, 10, 10, 100, u32::MAX]))).collect()
}

/// Adds what runs: for most of it on a candidate, else wherever there is room (I4).
fn running(random: &mut Random, world: &mut World) {
    let mut everywhere: Vec<(String, String)> = Vec::new();
    for cluster in &world.clusters {
        let pools: Vec<String> = match &cluster.pools {
            Pools::Short(flavors) => flavors.iter().map(|(kind, code)| format!("{kind}-{code}")).collect(),
            Pools::Full(pools) => pools.iter().map(|pool| pool.name.clone()).collect(),
        };
        everywhere.extend(pools.into_iter().map(|pool| (cluster.name.clone(), pool)));
    }
    if everywhere.is_empty() {
        return;
    }
    for number in 0..random.between(1, 6) {
        let deployment = random.pick(&world.deployments);
        let (mut cluster, mut pool) = random.pick(&everywhere).clone();
        if random.chance(75) {
            let candidates: Vec<Candidate> = candidates(world, deployment).into_iter().collect();
            if !candidates.is_empty() {
                Candidate { cluster, pool, .. } = random.pick(&candidates).clone();
            }
        }
        // On which flavor of a pool of both kinds it runs depends on the policies, where any will do: with each that is
        // taken out of a world, something else would run.
        let of_both = |found: &&Pool| found.name == pool && found.cpu_flavor.is_some() && found.gpu.is_some();
        let is_here = |found: &&Cluster| found.name == cluster;
        let ambiguous = world.clusters.iter().filter(is_here).any(|found| match &found.pools {
            Pools::Short(_) => false,
            Pools::Full(pools) => pools.iter().any(|found| of_both(&found)),
        });
        if deployment.resources.is_none() && ambiguous {
            continue;
        }
        let running = Running {
            name: format!("{}-{number}", random.pick(NAMES)),
            deployment: format!("{}/{}", deployment.workload, deployment.name),
            cluster,
            pool,
            replicas: *random.pick(&[1, 1, 2, 3, 5, 8]),
        };
        // As many as there is room for.
        for replicas in (1..=running.replicas).rev() {
            world.running.push(Running { replicas, ..running.clone() });
            if running_fits(world) {
                break;
            }
            world.running.pop();
        }
    }
}
