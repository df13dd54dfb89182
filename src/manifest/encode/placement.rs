//! Preferences and running replicas to documents.

use super::super::kind::Kind;
use super::super::spec::{FavouriteSpec, NearSpec, PreferenceSpec, PreferencesSpec, RunningSpec};
use super::cluster::coordinates;
use super::{native, reference};
use crate::deployment::Spread;
use crate::document::{Map, Written as Value};

pub(super) fn running(spec: &RunningSpec) -> Map {
    let body = Map::default()
        .with("deployment", reference(&spec.deployment))
        .with("cluster", reference(&spec.cluster))
        .with("pool", reference(&spec.pool))
        .with("replicas", spec.replicas);
    native(Kind::Placement, &spec.metadata, body)
}

pub(super) fn preferences(spec: &PreferencesSpec) -> Map {
    let spread = |spread: Spread| {
        Map::default().with("by", spread.by.as_str()).maybe("maxSkew", spread.max_skew.map(std::num::NonZeroU32::get))
    };
    Map::default()
        .unless_empty("prefer", Value::list(&spec.prefer, preference))
        .maybe("spread", spec.spread.map(spread))
}

fn preference(spec: &PreferenceSpec) -> Value {
    match spec {
        PreferenceSpec::Price => "price".into(),
        PreferenceSpec::Packing => "packing".into(),
        PreferenceSpec::Near(near) => Map::default().with("near", self::near(near)).into(),
        PreferenceSpec::Favourites(favourites) => {
            Map::default().with("favourites", Value::list(favourites, favourite)).into()
        }
    }
}

fn near(spec: &NearSpec) -> Map {
    match spec {
        NearSpec::Country(country) => Map::default().with("country", reference(country)),
        NearSpec::Coordinates(point) => Map::default().with("coordinates", coordinates(*point)),
    }
}

fn favourite(spec: &FavouriteSpec) -> Map {
    Map::default()
        .with(spec.kind.as_str(), reference(&spec.name))
        .maybe("weight", (spec.weight != 1).then_some(spec.weight))
}
