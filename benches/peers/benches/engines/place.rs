//! A cluster as the other engines see it: texts.

use siting::catalog::ChoiceKind;
use siting::inventory::Inventory;

use super::fleet::ask;
use super::fleet::question::{DEPLOYMENT, ENVIRONMENT, Statement};
use siting::id::{Id, PairId};

/// What policies can ask about a cluster of one flavor.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) continent: String,
    pub(crate) country: String,
    pub(crate) location: String,
    pub(crate) kind: String,
    pub(crate) code: String,
    pub(crate) family: String,
}

impl Place {
    /// Its attributes by name.
    pub(crate) fn attributes(&self) -> [(&'static str, &str); 6] {
        [
            ("continent", &self.continent),
            ("country", &self.country),
            ("location", &self.location),
            ("kind", &self.kind),
            ("code", &self.code),
            ("family", &self.family),
        ]
    }

    /// As JSON.
    pub(crate) fn json(&self) -> String {
        let attributes: Vec<_> =
            self.attributes().iter().map(|(name, value)| format!("\"{name}\": \"{value}\"")).collect();
        format!("{{{}}}", attributes.join(", "))
    }
}

/// The clusters of a fleet whose clusters have one flavor each.
pub(crate) fn places(inventory: &Inventory) -> Vec<Place> {
    let fleet = inventory.fleet();
    let catalog = fleet.catalog();
    let place = |number: usize| {
        let pair = ask::pair(inventory, PairId::from_index(number));
        let cluster = fleet.cluster(pair.cluster).expect("its cluster");
        let family = catalog.flavor_family(pair.flavor).map_or("", |family| catalog.flavor_code(family));
        Place {
            continent: catalog.continent_of(cluster.country).code().to_owned(),
            country: catalog.country_code(cluster.country).to_owned(),
            location: cluster.location.map_or("", |location| catalog.location_name(location)).to_owned(),
            kind: catalog.flavor_kind(pair.flavor).as_str().to_owned(),
            code: catalog.flavor_code(pair.flavor).to_owned(),
            family: family.to_owned(),
        }
    };
    (0..fleet.pairs().len()).map(place).collect()
}

/// The four policies, those of one level and type together.
pub(crate) fn statements() -> impl Iterator<Item = &'static Statement> {
    ENVIRONMENT.iter().chain(&DEPLOYMENT)
}

/// A condition that is the same text in CEL, Cedar and Casbin: the four policies, attributes named
/// by what stands before them.
pub(crate) fn condition(before: &str) -> String {
    let all: Vec<_> = statements().map(|statement| format!("({})", any(before, statement))).collect();
    all.join(" && ")
}

/// One policy's condition.
pub(crate) fn any(before: &str, statement: &Statement) -> String {
    statement.options.iter().map(|option| one(before, option)).collect::<Vec<_>>().join(" || ")
}

fn one(before: &str, &(kind, name): &(ChoiceKind, &str)) -> String {
    match kind {
        ChoiceKind::Continent => format!("{before}continent == \"{name}\""),
        ChoiceKind::Country => format!("{before}country == \"{name}\""),
        ChoiceKind::Location => format!("{before}location == \"{name}\""),
        ChoiceKind::Gpu | ChoiceKind::Cpu if name == "any" => format!("{before}kind == \"{kind}\""),
        ChoiceKind::Gpu | ChoiceKind::Cpu => {
            format!("({before}kind == \"{kind}\" && ({before}code == \"{name}\" || {before}family == \"{name}\"))")
        }
        other => panic!("the question names no {other}"),
    }
}

/// The condition of some unrelated deployment's policies.
pub(crate) fn other(before: &str, number: usize) -> String {
    let code = ["t4", "l4", "a10", "h100"].get(number % 4).copied().unwrap_or("t4");
    format!("{before}country == \"x{number}\" && {before}code == \"{code}\"")
}
