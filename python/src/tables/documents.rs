//! Rows as documents: what each column means, and the text that the reader of the manifests takes, a line each.
//!
//! Every row is read by the very reader of the manifests, so that a table can say what a manifest can, and is told off
//! in the same words.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use siting::manifest::{self, Kind};

/// A table that comes in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Table {
    Clusters,
    Pools,
    Deployments,
    Placements,
}

/// A column that is short for a field deeper in the spec.
type Short = (&'static str, &'static [&'static str]);

const CLUSTER: &[Short] = &[];
const POOL: &[Short] = &[
    ("gpu_type", &["gpu", "type"]),
    ("gpu_count", &["gpu", "count"]),
    ("gpu_memory", &["gpu", "memory"]),
    ("gpu_slice", &["gpu", "slice"]),
    ("used_cpu", &["used", "cpu"]),
    ("used_memory", &["used", "memory"]),
    ("used_storage", &["used", "storage"]),
    ("used_bandwidth", &["used", "bandwidth"]),
    ("used_gpu", &["used", "gpu"]),
];
const DEPLOYMENT: &[Short] = &[
    ("cpu", &["resources", "cpu"]),
    ("memory", &["resources", "memory"]),
    ("storage", &["resources", "storage"]),
    ("bandwidth", &["resources", "bandwidth"]),
    ("cpu_type", &["resources", "cpuType"]),
    ("gpu_type", &["resources", "gpu", "type"]),
    ("gpu_count", &["resources", "gpu", "count"]),
    ("gpu_memory", &["resources", "gpu", "memory"]),
    ("gpu_share", &["resources", "gpu", "share"]),
    ("gpu_slice", &["resources", "gpu", "slice"]),
];

impl Table {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Pools => "pools",
            Self::Deployments => "deployments",
            Self::Placements => "placements",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Clusters | Self::Pools => Kind::Cluster,
            Self::Deployments => Kind::Deployment,
            Self::Placements => Kind::Placement,
        }
    }

    fn short(self) -> &'static [Short] {
        match self {
            Self::Clusters => CLUSTER,
            Self::Pools => POOL,
            Self::Deployments => DEPLOYMENT,
            Self::Placements => &[],
        }
    }

    /// The columns that mean something, by name: those of their own, the short ones, and every field of the spec.
    pub(crate) fn columns(self) -> &'static [String] {
        static ALL: OnceLock<[Vec<String>; 4]> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            [Self::Clusters, Self::Pools, Self::Deployments, Self::Placements].map(|table| {
                let own: &[&str] = match table {
                    Self::Clusters | Self::Placements => &["name", "display_name", "labels"],
                    Self::Pools => &["cluster"],
                    Self::Deployments => &["name", "workload", "type", "display_name", "labels"],
                };
                let own = own.iter().map(|name| (*name).to_owned());
                let short = table.short().iter().map(|(name, _)| (*name).to_owned());
                let mut names: Vec<String> = own.chain(short).chain(table.fields()).collect();
                names.dedup();
                names
            })
        });
        let [clusters, pools, deployments, placements] = all;
        match self {
            Self::Clusters => clusters,
            Self::Pools => pools,
            Self::Deployments => deployments,
            Self::Placements => placements,
        }
    }

    /// The fields of the spec, in the spelling of columns.
    fn fields(self) -> Vec<String> {
        let schema = manifest::schema(Some(self.kind()));
        let at = |path: &str| schema.pointer(path).and_then(Value::as_object);
        let spec = "/properties/spec/properties";
        let found = match self {
            Self::Pools => at(&format!("{spec}/pools/items/properties")),
            _ => at(spec),
        };
        let taken = ["workload", "model"];
        let names = found.into_iter().flat_map(Map::keys).filter(|name| !taken.contains(&name.as_str()));
        names.map(|name| snake(name)).filter(|name| !(self == Self::Clusters && name == "pools")).collect()
    }

    /// A row as what a manifest has for it: a whole document, or a pool of one.
    pub(crate) fn written(self, mut cells: Map<String, Value>) -> Value {
        let mut metadata = Map::new();
        let mut spec = Map::new();
        if self == Self::Deployments {
            let kind = cells.remove("type").unwrap_or_else(|| "model".into());
            if let Some(name) = cells.remove("workload") {
                spec.insert("workload".into(), json!({"type": kind, "name": name}));
            }
        }
        if self != Self::Pools {
            for (column, key) in [("name", "name"), ("display_name", "displayName"), ("labels", "labels")] {
                metadata.extend(cells.remove(column).map(|value| (key.to_owned(), value)));
            }
        }
        cells.remove("cluster").filter(|_| self != Self::Pools).map(|name| spec.insert("cluster".into(), name));
        for (column, value) in cells {
            let path = self.short().iter().find(|(short, _)| *short == column).map(|(_, path)| *path);
            match path {
                Some(path) => put(&mut spec, path, value),
                None => drop(spec.insert(camel(&column), keys(&column, value))),
            }
        }
        // Hardware of clusters is told as answers tell it: `gpu:t4`.
        if let Some(Value::Array(flavors)) = spec.get_mut("flavors") {
            flavors.iter_mut().for_each(chosen);
        }
        if self == Self::Pools {
            return Value::Object(spec);
        }
        json!({"apiVersion": "siting.dev/v1", "kind": self.kind().as_str(), "metadata": metadata, "spec": spec})
    }
}

fn chosen(flavor: &mut Value) {
    if let Some((kind, name)) = flavor.as_str().and_then(|text| text.split_once(':')) {
        *flavor = json!({"type": kind, "name": name});
    }
}

/// Puts a value at the end of a path, beside what is there.
fn put(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => drop(map.insert((*key).to_owned(), value)),
        [key, rest @ ..] => {
            if let Value::Object(inner) = map.entry(*key).or_insert_with(|| json!({})) {
                put(inner, rest, value);
            }
        }
    }
}

/// The keys of nested values in the spelling of manifests, but where they are the user's own.
fn keys(column: &str, value: Value) -> Value {
    match value {
        Value::Object(map) if !["env", "labels", "groups"].contains(&column) => {
            map.into_iter().map(|(key, value)| (camel(&key), keys(&key, value))).collect()
        }
        Value::Array(list) => list.into_iter().map(|value| keys(column, value)).collect(),
        other => other,
    }
}

/// `pricePerHour` as `price_per_hour`.
fn snake(name: &str) -> String {
    let mut found = String::with_capacity(name.len() + 4);
    for one in name.chars() {
        if one.is_ascii_uppercase() {
            found.push('_');
        }
        found.push(one.to_ascii_lowercase());
    }
    found
}

/// `price_per_hour` as `pricePerHour`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        found.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        found.push_str(letters.as_str());
    }
    found
}
