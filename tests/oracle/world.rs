//! The worlds the oracle judges: plain data without behaviour, and its own small catalog.

/// One of the axes that a policy can restrict (P15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    Location,
    Flavor,
    Provider,
    Capacity,
    Attribute,
}

impl Axis {
    pub const ALL: [Self; 5] = [Self::Location, Self::Flavor, Self::Provider, Self::Capacity, Self::Attribute];
}

/// All that decisions are made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    pub workspace: Level,
    /// `production` and `development` exist without standing here (E1).
    pub environments: Vec<Environment>,
    pub policies: Vec<Policy>,
    pub deployments: Vec<Deployment>,
    pub clusters: Vec<Cluster>,
    /// The workspace's own groups: a name and its countries (C4).
    pub groups: Vec<(String, Vec<String>)>,
    /// The workspace's own locations: `provider/region` and country (C7).
    pub locations: Vec<(String, String)>,
    /// What runs now (I4).
    pub running: Vec<Running>,
    /// The moment of the decisions, in milliseconds since 1970; `None` where nobody says it, and then whatever ends
    /// with time has ended (P16, I8).
    pub at: Option<u64>,
    /// When attachments end (P16): whose (`workspace`, `environment NAME`, `deployment NAME`), of which policy, when.
    pub ends: Vec<(String, String, u64)>,
    /// How old what is known of a cluster may be, in milliseconds (I8).
    pub max_age: Option<u64>,
    /// What deployments may hold together (E4); of one owner, each thing once.
    pub limits: Vec<Limit>,
}

/// The most that the deployments of the workspace, or of one environment, may hold together (E4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// `None` for the workspace's.
    pub environment: Option<String>,
    pub of: Limited,
    /// In thousandths of a GPU, milli-cores, bytes, or micro-units an hour.
    pub most: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limited {
    Gpu,
    /// Of one type: a node of the tree.
    GpuType(String),
    Cpu,
    Memory,
    Price,
}

/// Replicas of a deployment that run now (`kind: Placement`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    pub name: String,
    /// `workload/name`.
    pub deployment: String,
    pub cluster: String,
    pub pool: String,
    pub replicas: u32,
}

/// What the workspace or an environment imposes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// A policy's name, and whether it is enforced or only audited (P12).
    pub attachments: Vec<(String, bool)>,
    /// The axes that need a policy here or above (P13).
    pub require: Vec<Axis>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    pub name: String,
    pub level: Level,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub name: String,
    pub axis: Axis,
    pub options: Vec<Opt>,
    pub except: Vec<Opt>,
    /// Workload types; `None` means all (P1).
    pub targets: Option<Vec<String>>,
    /// Where the requests come from that it binds, instead of deployments: continents, countries, groups (P18).
    pub callers: Option<Vec<Opt>>,
}

/// An option of a policy; the kind is `continent`, `country`, `location`, `group`, `cpu`, `gpu`, `provider`,
/// `jurisdiction`, `capacity` or `attribute`, whose name is one attribute, or several with `+` between (`allOf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opt {
    pub kind: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    pub name: String,
    pub workload_type: String,
    pub workload: String,
    /// `None` means production (E2).
    pub environment: Option<String>,
    pub attachments: Vec<(String, bool)>,
    /// Remote policies that do not resolve (`policy-unresolved`).
    pub remote_missing: Vec<String>,
    pub priority: i64,
    pub replicas: u32,
    pub resources: Option<Resources>,
    /// The most that a replica may cost an hour, in micro-units (D1).
    pub max_price_micro: Option<u64>,
    pub placement: Placement,
}

/// Which of its candidates a deployment would rather have (D5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The first counts most.
    pub prefer: Vec<Preference>,
    pub spread: Option<Spread>,
    /// The kind of domain of which one holds all replicas.
    pub together: Option<Domain>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preference {
    Price,
    Packing,
    Near(Near),
    /// A kind, a name and a weight each.
    Favourites(Vec<(FavouriteKind, String, u32)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Near {
    Country(String),
    /// In millionths of a degree.
    Coordinates {
        lat: i32,
        lon: i32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FavouriteKind {
    Cluster,
    /// By its full name, `provider/region`.
    Location,
    Provider,
}

/// A constraint with `max_skew`, which is at least 1; a preference without (D5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub by: Domain,
    pub max_skew: Option<u32>,
    /// Only beside a skew; at least 1.
    pub min_domains: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    Cluster,
    Location,
    Zone,
    Country,
    Continent,
    Provider,
}

/// What one replica demands (D1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    pub cpu_milli: u64,
    pub memory: u64,
    pub storage: Option<u64>,
    pub bandwidth: Option<u64>,
    pub cpu_type: Option<String>,
    pub gpu: Option<Gpu>,
}

/// One alternative is a plain demand, several are `anyOf` (D1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    pub alternatives: Vec<GpuNeed>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuNeed {
    /// Any of these; all hardware where there is none (D1).
    pub types: Vec<String>,
    pub memory: Option<u64>,
    pub count: u32,
    pub share_milli: Option<u32>,
    /// Which slices are asked for instead of whole GPUs: `any`, or just this one (I7).
    pub slice: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    pub name: String,
    pub provider: String,
    pub country: String,
    /// The full name, `provider/region`.
    pub location: Option<String>,
    /// The part of the location (C7).
    pub zone: Option<String>,
    /// Latitude and longitude in millionths of a degree.
    pub coordinates: Option<(i32, i32)>,
    pub healthy: bool,
    pub cordoned: bool,
    /// What it bears with all its pools (P15).
    pub attributes: Vec<String>,
    /// When it was looked at, in milliseconds since 1970 (I8).
    pub observed_at: Option<u64>,
    pub pools: Pools,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pools {
    /// The short form of I1: a kind and a code each.
    Short(Vec<(String, String)>),
    Full(Vec<Pool>),
}

/// A pool of the full form (I1); quantities are those of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub name: String,
    /// `None` means unlimited.
    pub nodes: Option<u64>,
    pub cpu_flavor: Option<String>,
    pub cpu_milli: u64,
    pub memory: u64,
    pub storage: Option<u64>,
    pub bandwidth: Option<u64>,
    /// A code and the count per node.
    pub gpu: Option<(String, u32)>,
    /// The part of a device that each of them is: a share, or a profile (I7).
    pub slice: Option<String>,
    /// What it bears beside its cluster's (P15).
    pub attributes: Vec<String>,
    /// How the nodes are bought; empty means on demand (P15).
    pub capacity: String,
    pub price_micro: Option<u64>,
    /// The most replicas on one node.
    pub replicas: Option<u64>,
    pub used: Used,
    /// Instead of `used`: what the first nodes have in use, and how many replicas run there.
    pub used_per_node: Vec<(Used, u64)>,
}

/// What a whole pool has in use (I1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub cpu_milli: u64,
    pub memory: u64,
    pub storage: u64,
    pub bandwidth: u64,
    pub gpu_milli: u64,
}

/// A country of the oracle's catalog. One whose code holds a dash is virtual: it stands for all the countries of its
/// continent and groups that are not listed, so that taking out the listed ones never empties a continent or group.
/// No cluster stands in it and no option names it.
#[derive(Debug)]
pub struct Country {
    pub code: &'static str,
    pub continent: &'static str,
    pub groups: &'static [&'static str],
}

/// A flavor of the oracle's catalog. One whose code starts with `other` is virtual in the same way.
#[derive(Debug)]
pub struct Flavor {
    pub kind: &'static str,
    pub code: &'static str,
    /// The nodes above it, from below (C6).
    pub above: &'static [&'static str],
    /// Memory in bytes: the least of what is under it (C6).
    pub memory: Option<u64>,
}

/// The oracle's catalog: real codes, but only a few of them.
#[derive(Debug)]
pub struct Geography {
    pub countries: &'static [Country],
    /// Known locations and their countries.
    pub locations: &'static [(&'static str, &'static str)],
    /// Providers, and the country whose law each one's owner answers to, where one is known (P15). Those whose names
    /// begin with `other` stand for all that are not listed.
    pub providers: &'static [(&'static str, Option<&'static str>)],
    /// Zones that lie elsewhere, and the region that each hangs under (C7).
    pub hanging: &'static [(&'static str, &'static str)],
    pub flavors: &'static [Flavor],
}

/// The attributes that every workspace of the oracle declares (P15).
pub const ATTRIBUTES: [&str; 3] = ["c5", "confidential", "hipaa"];

const EU27: &[&str] = &["eu27", "eea"];
const EEA: &[&str] = &["eea"];

const fn country(code: &'static str, continent: &'static str, groups: &'static [&'static str]) -> Country {
    Country { code, continent, groups }
}

const fn flavor(kind: &'static str, code: &'static str) -> Flavor {
    Flavor { kind, code, above: &[], memory: None }
}

const fn gpu(code: &'static str, above: &'static [&'static str], gib: u64) -> Flavor {
    Flavor { kind: "gpu", code, above, memory: Some(gib << 30) }
}

pub static GEOGRAPHY: Geography = Geography {
    countries: &[
        country("us", "na", &[]),
        country("ca", "na", &[]),
        country("mx", "na", &[]),
        country("fr", "eu", EU27),
        country("de", "eu", EU27),
        country("ie", "eu", EU27),
        country("is", "eu", EEA),
        country("no", "eu", EEA),
        country("ch", "eu", &[]),
        country("gb", "eu", &[]),
        country("jp", "as", &[]),
        country("in", "as", &[]),
        country("sg", "as", &[]),
        country("br", "sa", &[]),
        // C9: countries whose codes are also those of continents.
        country("na", "af", &[]),
        country("af", "as", &[]),
        country("as", "oc", &[]),
        country("sa", "as", &[]),
        country("other-af", "af", &[]),
        country("other-an", "an", &[]),
        country("other-as", "as", &[]),
        country("other-eu", "eu", &[]),
        country("other-na", "na", &[]),
        country("other-oc", "oc", &[]),
        country("other-sa", "sa", &[]),
        country("other-eu27", "eu", EU27),
        country("other-eea", "eu", EEA),
        // Cyprus: a member of the European Union whose M49 region is Asia (C3).
        country("other-eu27-as", "as", EU27),
    ],
    locations: &[
        ("aws/us-east-1", "us"),
        ("aws/us-west-2", "us"),
        ("gcp/us-central1", "us"),
        ("aws/eu-west-1", "ie"),
        ("aws/eu-central-1", "de"),
        ("aws/ap-northeast-1", "jp"),
        ("aws/us-east-1-chi-2", "us"),
        ("aws/us-east-1-qro-1", "mx"),
    ],
    providers: &[
        ("aws", Some("us")),
        ("gcp", Some("us")),
        ("hetzner", Some("de")),
        ("scaleway", Some("fr")),
        ("exoscale", None),
        ("other-provider", None),
        ("other-us", Some("us")),
        ("other-de", Some("de")),
        ("other-fr", Some("fr")),
        ("other-gb", Some("gb")),
        ("other-ca", Some("ca")),
        ("other-ch", Some("ch")),
        ("other-in", Some("in")),
        ("other-eu27", Some("other-eu27")),
        ("other-as", Some("other-as")),
    ],
    hanging: &[("aws/us-east-1-chi-2", "aws/us-east-1"), ("aws/us-east-1-qro-1", "aws/us-east-1")],
    flavors: &[
        flavor("cpu", "x86"),
        flavor("cpu", "arm"),
        gpu("t4", &[], 16),
        gpu("l4", &[], 24),
        gpu("v100", &[], 16),
        gpu("v100-16gb", &["v100"], 16),
        gpu("v100-16gb-pcie", &["v100-16gb", "v100"], 16),
        gpu("v100-16gb-sxm", &["v100-16gb", "v100"], 16),
        gpu("v100-32gb", &["v100"], 32),
        gpu("v100-32gb-dgxs", &["v100-32gb", "v100"], 32),
        gpu("v100-32gb-pcie", &["v100-32gb", "v100"], 32),
        gpu("v100-32gb-sxm", &["v100-32gb", "v100"], 32),
        gpu("v100s", &["v100-32gb", "v100"], 32),
        gpu("a100", &[], 40),
        gpu("a100-40gb", &["a100"], 40),
        gpu("a100-40gb-pcie", &["a100-40gb", "a100"], 40),
        gpu("a100-40gb-sxm", &["a100-40gb", "a100"], 40),
        gpu("a100-64gb", &["a100"], 64),
        gpu("a100-80gb", &["a100"], 80),
        gpu("a100-80gb-pcie", &["a100-80gb", "a100"], 80),
        gpu("a100-80gb-sxm", &["a100-80gb", "a100"], 80),
        gpu("a100x", &["a100-80gb", "a100"], 80),
        gpu("h100", &[], 64),
        gpu("h100-64gb", &["h100"], 64),
        gpu("h100-80gb", &["h100"], 80),
        gpu("h100-80gb-pcie", &["h100-80gb", "h100"], 80),
        gpu("h100-80gb-sxm", &["h100-80gb", "h100"], 80),
        gpu("h100-cnx", &["h100-80gb", "h100"], 80),
        gpu("h100-94gb-sxm", &["h100"], 94),
        gpu("h100-96gb", &["h100"], 96),
        gpu("h100-nvl", &["h100"], 94),
        flavor("gpu", "other-gpu"),
    ],
};

impl Geography {
    pub fn country(&self, code: &str) -> &Country {
        self.countries.iter().find(|country| country.code == code).expect("a country of the oracle's catalog")
    }

    /// Whether a location is another or hangs under it.
    pub fn hangs_under(&self, location: &str, region: &str) -> bool {
        location == region || self.hanging.iter().any(|(zone, of)| *zone == location && self.hangs_under(of, region))
    }

    pub fn flavor(&self, kind: &str, code: &str) -> &Flavor {
        self.flavors
            .iter()
            .find(|flavor| flavor.kind == kind && flavor.code == code)
            .expect("a flavor of the oracle's catalog")
    }
}
