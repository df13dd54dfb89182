//! What deployments prefer (D5), and where their replicas run now (I4).

use std::collections::HashMap;
use std::num::NonZeroU32;

use super::super::spec::{FavouriteSpec, Metadata, NearSpec, PreferenceSpec, PreferencesSpec, RunningSpec, SiteKind};
use super::shared::{coordinates, given, native};
use crate::deployment::{Domain, Spread};
use crate::document::{Fields, Item, quoted, suggestion};
use crate::origin::{Origin, Problem, ProblemCode, Sourced, listed};

/// The heaviest that a favourite can be.
const MAX_WEIGHT: i64 = 1000;

/// Reads a placement: replicas that run now.
pub(in super::super) fn running(document: Item<'_>) -> Option<RunningSpec> {
    native(document, "a placement's spec", running_spec)
}

fn running_spec(metadata: Metadata, mut fields: Fields<'_>) -> Option<RunningSpec> {
    let deployment = fields.required("deployment").and_then(Item::reference);
    let cluster = fields.required("cluster").and_then(Item::reference);
    let pool = fields.required("pool").and_then(Item::reference);
    let replicas = fields.required("replicas").and_then(|item| item.whole(1..=i64::from(u32::MAX)));
    fields.finish();
    Some(RunningSpec { metadata, deployment: deployment?, cluster: cluster?, pool: pool?, replicas: replicas? })
}

/// Reads a deployment's `placement`.
pub(super) fn preferences(item: Item<'_>) -> Option<PreferencesSpec> {
    let mut fields = item.object("a deployment's placement")?;
    let prefer = fields.optional("prefer").map(|list| list.list(|item| Some((item.origin(), preference(item)?))));
    let spread = fields.optional("spread").map(spread);
    let prefer = given(prefer).map(Option::unwrap_or_default).and_then(|prefer| without_twins(&fields, prefer));
    fields.finish();
    Some(PreferencesSpec { prefer: prefer?, spread: given(spread)? })
}

/// The preferences, if none stands twice: the second could never decide anything.
fn without_twins(fields: &Fields<'_>, prefer: Vec<(Origin, PreferenceSpec)>) -> Option<Vec<PreferenceSpec>> {
    let mut first: HashMap<&PreferenceSpec, &Origin> = HashMap::with_capacity(prefer.len());
    let mut twins = false;
    for (origin, preference) in &prefer {
        if let Some(earlier) = first.get(preference) {
            let message = format!("`prefer` lists the same `{}` twice", word(preference));
            let problem = Problem::new(ProblemCode::InvalidValue, origin, message);
            fields.report(problem.help("keep the first").related(earlier, "first listed here"));
            twins = true;
        } else {
            first.insert(preference, origin);
        }
    }
    (!twins).then(|| prefer.into_iter().map(|(_, preference)| preference).collect())
}

fn word(preference: &PreferenceSpec) -> &'static str {
    match preference {
        PreferenceSpec::Price => "price",
        PreferenceSpec::Packing => "packing",
        PreferenceSpec::Near(_) => "near",
        PreferenceSpec::Favourites(_) => "favourites",
    }
}

/// `price`, `packing`, `{near: …}` or `{favourites: […]}`.
fn preference(item: Item<'_>) -> Option<PreferenceSpec> {
    const WORDS: [&str; 4] = ["price", "packing", "near", "favourites"];
    if item.is_object() {
        let mut fields = item.object("a preference")?;
        let read = [
            fields.optional("near").map(|item| (item, near(item).map(PreferenceSpec::Near))),
            fields.optional("favourites").map(|item| (item, item.nonempty(favourite).map(PreferenceSpec::Favourites))),
        ];
        let help = "write one of them in each entry; `price` and `packing` are words of their own";
        let preference = exactly_one(&fields, read, "a preference", &["near", "favourites"], help);
        fields.finish();
        return preference;
    }
    let text = item.text()?;
    let help = match text {
        "price" => return Some(PreferenceSpec::Price),
        "packing" => return Some(PreferenceSpec::Packing),
        "near" => "say near to what, such as `near: {country: fr}`".to_owned(),
        "favourites" => "list them, such as `favourites: [{provider: aws, weight: 2}]`".to_owned(),
        _ => suggestion(text, &WORDS, "it is one of"),
    };
    item.problem(ProblemCode::InvalidValue, format!("a preference cannot be {}", quoted(text)), help);
    None
}

fn near(item: Item<'_>) -> Option<NearSpec> {
    let mut fields = item.object("near")?;
    let read = [
        fields.optional("country").map(|item| (item, item.reference().map(NearSpec::Country))),
        fields.optional("coordinates").map(|item| (item, coordinates(item).map(NearSpec::Coordinates))),
    ];
    let help = "write `{country: fr}` or `{coordinates: [48.85, 2.35]}`";
    let near = exactly_one(&fields, read, "near", &["country", "coordinates"], help);
    fields.finish();
    near
}

fn favourite(item: Item<'_>) -> Option<FavouriteSpec> {
    let mut fields = item.object("a favourite")?;
    let read = [SiteKind::Cluster, SiteKind::Location, SiteKind::Provider].map(|kind| {
        let item = fields.optional(kind.as_str())?;
        Some((item, item.reference().map(|name| (kind, name))))
    });
    let weight = fields.optional("weight").map_or(Some(1), |item| item.whole(1..=MAX_WEIGHT));
    let help = "give each place an entry of its own";
    let site = exactly_one(&fields, read, "a favourite", &["cluster", "location", "provider"], help);
    fields.finish();
    let (kind, name): (SiteKind, Sourced<String>) = site?;
    Some(FavouriteSpec { kind, name, weight: weight? })
}

/// The one field of `names` that is there; none or several are reported. All have been read, for
/// their problems to come along.
fn exactly_one<'d, T>(
    fields: &Fields<'d>,
    read: impl IntoIterator<Item = Option<(Item<'d>, Option<T>)>>,
    what: &str,
    names: &[&str],
    help: &str,
) -> Option<T> {
    let mut there = read.into_iter().flatten();
    match (there.next(), there.next()) {
        (Some((_, value)), None) => value,
        (Some(_), Some((second, _))) => {
            let message = format!("{what} has one of {}, not several", listed(names, "and", usize::MAX));
            second.problem(ProblemCode::InvalidValue, message, help);
            None
        }
        (None, _) => {
            let message = format!("{what} needs {}", listed(names, "or", usize::MAX));
            fields.problem(ProblemCode::MissingField, message, Some(help));
            None
        }
    }
}

fn spread(item: Item<'_>) -> Option<Spread> {
    let mut fields = item.object("spread")?;
    let domains = Domain::ALL.map(|domain| (domain.as_str(), domain));
    let by = fields.required("by").and_then(|item| item.one_of(&domains));
    let max_skew = fields.optional("maxSkew").map(|item| item.whole(1..=i64::from(u32::MAX)).and_then(NonZeroU32::new));
    fields.finish();
    Some(Spread { by: by?, max_skew: given(max_skew)? })
}
