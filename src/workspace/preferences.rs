//! Preferences, resolved (D5).

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use super::names::{self, Problems};
use crate::catalog::{Catalog, ChoiceKind};
use crate::deployment::{Favourite, Mix, Near, Preference, Preferences, Site};
use crate::id::Name;
use crate::manifest::spec::{FavouriteSpec, NearSpec, PreferenceSpec, PreferencesSpec, SiteKind, Specs};

/// What preferences are resolved against: the clusters and providers that they can name, those left out of
/// the load among them, listed when the first favourite asks; and the expected demands.
pub(super) struct Sites<'a> {
    catalog: &'a Catalog,
    specs: &'a Specs,
    clusters: OnceCell<HashSet<&'a str>>,
    providers: OnceCell<HashSet<String>>,
    /// The demands for which packing leaves room.
    expected: Option<Arc<Mix>>,
}

impl<'a> Sites<'a> {
    pub(super) fn new(catalog: &'a Catalog, specs: &'a Specs, expected: Option<Arc<Mix>>) -> Self {
        Self { catalog, specs, clusters: OnceCell::new(), providers: OnceCell::new(), expected }
    }

    fn clusters(&self) -> &HashSet<&'a str> {
        self.clusters.get_or_init(|| {
            let named = self.specs.clusters.iter().map(|cluster| cluster.metadata.name.as_str());
            let broken = self.specs.broken_clusters.iter().filter_map(|cluster| cluster.name.as_deref());
            named.chain(broken).collect()
        })
    }

    fn providers(&self) -> &HashSet<String> {
        self.providers.get_or_init(|| {
            let of_clusters = self.specs.clusters.iter().map(|cluster| cluster.provider.as_str());
            let of_broken = self.specs.broken_clusters.iter().filter_map(|cluster| cluster.provider.as_deref());
            let locations = self.catalog.locations().map(|location| self.catalog.location_name(location));
            let of_locations = locations.filter_map(|name| name.split_once('/')).map(|(provider, _)| provider);
            let all = of_clusters.chain(of_broken).chain(of_locations);
            all.map(|provider| self.catalog.provider(provider).into_owned()).collect()
        })
    }
}

/// The preferences, if all that they name is known.
pub(super) fn resolve(
    catalog: &Catalog,
    sites: &Sites<'_>,
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
    Preferences { prefer, spread: spec.spread, together: spec.together }
}

fn favourite(catalog: &Catalog, sites: &Sites<'_>, spec: &FavouriteSpec, problems: &mut Problems) -> Option<Favourite> {
    let mut unknown = |what: &'static str, known: &mut dyn Iterator<Item = &str>| {
        let near = problems.nearest(what, &spec.name, || known);
        problems.push(names::unknown(what, &spec.name, &near));
    };
    let site = match spec.kind {
        SiteKind::Cluster if sites.clusters().contains(spec.name.as_str()) => {
            Site::Cluster(Name::new(&spec.name).ok()?)
        }
        SiteKind::Cluster => {
            unknown("cluster", &mut sites.clusters().iter().copied());
            return None;
        }
        SiteKind::Provider => {
            let name = catalog.provider(&spec.name);
            if !sites.providers().contains(&*name) {
                unknown("provider", &mut sites.providers().iter().map(String::as_str));
                return None;
            }
            Site::Provider(Name::new(&name).ok()?)
        }
        SiteKind::Location => match names::bare(catalog, ChoiceKind::Location, &spec.name, problems)? {
            crate::catalog::Choice::Location(location) => Site::Location(location),
            _ => return None,
        },
    };
    Some(Favourite { site, weight: spec.weight })
}
