//! Preferences, resolved (D5).

use std::collections::HashSet;
use std::sync::Arc;

use super::names::{self, Problems};
use crate::catalog::{Catalog, ChoiceKind, nearest};
use crate::deployment::{Favourite, Mix, Near, Preference, Preferences, Site};
use crate::id::Name;
use crate::manifest::spec::{FavouriteSpec, NearSpec, PreferenceSpec, PreferencesSpec, SiteKind, Specs};

/// What preferences are resolved against: the clusters and providers that they can name, those left out of
/// the load among them, and the expected demands.
pub(super) struct Sites {
    clusters: HashSet<String>,
    providers: HashSet<String>,
    /// The demands for which packing leaves room.
    expected: Option<Arc<Mix>>,
}

impl Sites {
    pub(super) fn new(catalog: &Catalog, specs: &Specs, expected: Option<Arc<Mix>>) -> Self {
        let named = specs.clusters.iter().map(|cluster| cluster.metadata.name.as_str().to_owned());
        let broken = specs.broken_clusters.iter().filter_map(|cluster| cluster.name.clone());
        let of_clusters = specs.clusters.iter().map(|cluster| cluster.provider.as_str().to_owned());
        let of_broken = specs.broken_clusters.iter().filter_map(|cluster| cluster.provider.clone());
        let locations = catalog.locations().map(|location| catalog.location_name(location));
        let of_locations = locations.filter_map(|name| name.split_once('/')).map(|(provider, _)| provider.to_owned());
        Self {
            clusters: named.chain(broken).collect(),
            providers: of_clusters.chain(of_broken).chain(of_locations).collect(),
            expected,
        }
    }
}

/// The preferences, if all that they name is known.
pub(super) fn resolve(
    catalog: &Catalog,
    sites: &Sites,
    spec: &PreferencesSpec,
    problems: &mut Problems,
) -> Preferences {
    let mut prefer = Vec::with_capacity(spec.prefer.len());
    for preference in &spec.prefer {
        prefer.extend(match preference {
            PreferenceSpec::Price => Some(Preference::Price),
            PreferenceSpec::Packing => Some(Preference::Packing(sites.expected.clone())),
            PreferenceSpec::Near(NearSpec::Coordinates(point)) => Some(Preference::Near(Near::Coordinates(*point))),
            PreferenceSpec::Near(NearSpec::Country(code)) => {
                names::country(catalog, code, problems).map(|country| Preference::Near(Near::Country(country)))
            }
            PreferenceSpec::Favourites(favourites) => {
                let known = favourites.iter().filter_map(|spec| favourite(catalog, sites, spec, problems));
                Some(Preference::Favourites(known.collect()))
            }
        });
    }
    Preferences { prefer, spread: spec.spread }
}

fn favourite(catalog: &Catalog, sites: &Sites, spec: &FavouriteSpec, problems: &mut Problems) -> Option<Favourite> {
    let mut known = |what: &str, names: &HashSet<String>| {
        let found = names.contains(spec.name.as_str()).then(|| Name::new(&spec.name).ok()).flatten();
        if found.is_none() {
            let near = problems.near(|| nearest(&spec.name, names.iter().map(String::as_str)));
            problems.push(names::unknown(what, &spec.name, &near));
        }
        found
    };
    let site = match spec.kind {
        SiteKind::Cluster => Site::Cluster(known("cluster", &sites.clusters)?),
        SiteKind::Provider => Site::Provider(known("provider", &sites.providers)?),
        SiteKind::Location => match names::bare(catalog, ChoiceKind::Location, &spec.name, problems)? {
            crate::catalog::Choice::Location(location) => Site::Location(location),
            _ => return None,
        },
    };
    Some(Favourite { site, weight: spec.weight })
}
