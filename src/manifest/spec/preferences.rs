//! What deployments prefer (D5).

use std::collections::HashMap;

use super::known::{Country, canonical};
use crate::catalog::ChoiceKind;
use crate::deployment::{Spread, Together};
use crate::document::{
    FieldShape, Fields, Format, Item, Map, Nonempty, RecordShape, Rule, Shape, Whole, Written, document, quoted,
    suggestion, words,
};
use crate::origin::{Origin, Problem, ProblemCode, Sourced, listed};
use crate::quantity::Coordinates;

document! {
    /// Which of the candidates a deployment would rather have (D5).
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct PreferencesSpec "a deployment's placement" {
        /// What is preferred, compared in this order.
        prefer: Vec<PreferenceSpec> as InOrder = Vec::new(),
        /// How replicas spread over domains.
        spread: Option<Spread>,
        /// The kind of domain of which one holds all replicas.
        together: Option<Together>,
    }
}

/// One thing to prefer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PreferenceSpec {
    /// The lowest price of a replica.
    Price,
    /// The least left on the node.
    Packing,
    /// The nearest.
    Near(NearSpec),
    /// The highest weight; never an empty list.
    Favourites(Vec<FavouriteSpec>),
}

/// The country or point to be near.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NearSpec {
    /// A country.
    Country(Sourced<String>),
    /// A point.
    Coordinates(Coordinates),
}

/// A place that is preferred by some weight.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FavouriteSpec {
    /// What kind of place.
    pub kind: SiteKind,
    /// Its name; a location's is `provider/region`.
    pub name: Sourced<String>,
    /// How strongly it is preferred, from 1.
    pub weight: u32,
}

words! {
    /// A kind of place that can be a favourite.
    pub enum SiteKind {
        /// A cluster.
        Cluster = "cluster",
        /// A known location.
        Location = "location",
        /// All that a provider runs.
        Provider = "provider",
    }
}

/// Preferences, of which no two are equal: the second could never decide anything.
struct InOrder;

impl Format<Vec<PreferenceSpec>> for InOrder {
    fn read(item: Item<'_>) -> Option<Vec<PreferenceSpec>> {
        let prefer = item.list(|item| Some((item.origin(), PreferenceSpec::read(item)?)))?;
        let mut first: HashMap<&PreferenceSpec, &Origin> = HashMap::with_capacity(prefer.len());
        let mut twins = false;
        for (origin, preference) in &prefer {
            if let Some(earlier) = first.get(preference) {
                let message = format!("`prefer` lists the same `{}` twice", word(preference));
                let problem = Problem::new(ProblemCode::InvalidValue, origin, message);
                item.report(problem.help("keep the first").related(earlier, "first listed here"));
                twins = true;
            } else {
                first.insert(preference, origin);
            }
        }
        (!twins).then(|| prefer.into_iter().map(|(_, preference)| preference).collect())
    }

    fn write(value: &Vec<PreferenceSpec>) -> Written {
        Written::list(value, PreferenceSpec::write)
    }

    fn shape() -> Shape {
        <Vec<PreferenceSpec> as Format<Vec<PreferenceSpec>>>::shape()
    }
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
impl Format<PreferenceSpec> for PreferenceSpec {
    fn read(item: Item<'_>) -> Option<PreferenceSpec> {
        const WORDS: [&str; 4] = ["price", "packing", "near", "favourites"];
        if item.is_object() {
            let mut fields = item.object("a preference")?;
            let near = |item| NearSpec::read(item).map(PreferenceSpec::Near);
            let favourites = |item| <Nonempty<FavouriteSpec>>::read(item).map(PreferenceSpec::Favourites);
            let read = [
                fields.optional("near").map(|item| (item, near(item))),
                fields.optional("favourites").map(|item| (item, favourites(item))),
            ];
            let help = "write one of them in each entry; `price` and `packing` are written as plain words";
            let preference = exactly_one(&fields, read, "a preference", &["near", "favourites"], help);
            fields.finish();
            return preference;
        }
        let text = item.text()?;
        let help = match text {
            "price" => return Some(PreferenceSpec::Price),
            "packing" => return Some(PreferenceSpec::Packing),
            "near" => "say what to be near, such as `near: {country: fr}`".to_owned(),
            "favourites" => "list them, such as `favourites: [{provider: aws, weight: 2}]`".to_owned(),
            _ => suggestion(text, &WORDS, "it must be one of"),
        };
        item.problem(ProblemCode::InvalidValue, format!("a preference cannot be {}", quoted(text)), help);
        None
    }

    fn write(value: &PreferenceSpec) -> Written {
        match value {
            PreferenceSpec::Price | PreferenceSpec::Packing => word(value).into(),
            PreferenceSpec::Near(near) => Map::default().with("near", NearSpec::write(near)).into(),
            PreferenceSpec::Favourites(favourites) => {
                Map::default().with("favourites", Written::list(favourites, FavouriteSpec::write)).into()
            }
        }
    }

    fn shape() -> Shape {
        let mut preference = RecordShape::new("a preference");
        preference.add(FieldShape::new("near", &["The country or point to be near."]), NearSpec::shape());
        let favourites =
            FieldShape::new("favourites", &["Places with weights; the highest weight that matches counts."]);
        preference.add(favourites, <Nonempty<FavouriteSpec> as Format<Vec<FavouriteSpec>>>::shape());
        preference.rules.push(Rule::One(vec!["near", "favourites"]));
        Shape::Either(vec![Shape::Words(vec!["price", "packing"]), Shape::Record(preference)])
    }
}

impl Format<NearSpec> for NearSpec {
    fn read(item: Item<'_>) -> Option<NearSpec> {
        let mut fields = item.object("near")?;
        let read = [
            fields.optional("country").map(|item| (item, <Sourced<Country>>::read(item).map(NearSpec::Country))),
            fields.optional("coordinates").map(|item| (item, Coordinates::read(item).map(NearSpec::Coordinates))),
        ];
        let help = "write `{country: fr}` or `{coordinates: [48.85, 2.35]}`";
        let near = exactly_one(&fields, read, "a proximity preference", &["country", "coordinates"], help);
        fields.finish();
        near
    }

    fn write(value: &NearSpec) -> Written {
        match value {
            NearSpec::Country(country) => Map::default().with("country", country.as_str()).into(),
            NearSpec::Coordinates(point) => Map::default().with("coordinates", Coordinates::write(point)).into(),
        }
    }

    fn shape() -> Shape {
        let mut near = RecordShape::new("a proximity preference");
        near.add(FieldShape::new("country", &["In the country first, then on its continent."]), Shape::Name);
        near.add(FieldShape::new("coordinates", &["Latitude and longitude in degrees."]), Coordinates::shape());
        near.rules.push(Rule::One(vec!["country", "coordinates"]));
        Shape::Record(near)
    }
}

/// The highest weight of a favourite.
const MAX_WEIGHT: i64 = 1000;

impl Format<FavouriteSpec> for FavouriteSpec {
    fn read(item: Item<'_>) -> Option<FavouriteSpec> {
        let mut fields = item.object("a favourite")?;
        let read = SiteKind::ALL.map(|kind| {
            let item = fields.optional(kind.as_str())?;
            let name = item.reference().map(|name| match kind {
                SiteKind::Location => name.with(canonical(ChoiceKind::Location, name.value.clone())),
                SiteKind::Cluster | SiteKind::Provider => name,
            });
            Some((item, name.map(|name| (kind, name))))
        });
        let weight = fields.optional("weight").map_or(Some(1), <Whole<1, MAX_WEIGHT>>::read);
        let help = "give each place an entry of its own";
        let site = exactly_one(&fields, read, "a favourite", &SiteKind::ALL.map(SiteKind::as_str), help);
        fields.finish();
        let (kind, name): (SiteKind, Sourced<String>) = site?;
        Some(FavouriteSpec { kind, name, weight: weight? })
    }

    fn write(value: &FavouriteSpec) -> Written {
        let map = Map::default().with(value.kind.as_str(), value.name.as_str());
        map.maybe("weight", (value.weight != 1).then_some(value.weight)).into()
    }

    fn shape() -> Shape {
        let mut favourite = RecordShape::new("a favourite");
        favourite.add(FieldShape::new("cluster", &["A cluster."]), Shape::Name);
        favourite.add(FieldShape::new("location", &["A known location, `provider/region`."]), Shape::Name);
        favourite.add(FieldShape::new("provider", &["All that a provider runs."]), Shape::Name);
        let weight = FieldShape::new("weight", &["How strongly it is preferred."]).or(1_u32.into());
        favourite.add(weight, <Whole<1, MAX_WEIGHT> as Format<u32>>::shape());
        favourite.rules.push(Rule::One(vec!["cluster", "location", "provider"]));
        Shape::Record(favourite)
    }
}

/// The one field of `names` that is there; none or several are reported. All have been read, for
/// their problems to be reported too.
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
            let message = format!("{what} must have exactly one of {}", listed(names, "and", usize::MAX));
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
