//! `siting catalog`

use clap::ValueEnum;

use crate::catalog::{Catalog, ChoiceKind, FlavorKind, folded, nearest};
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::Session;
use crate::report::{CatalogReport, Section};

pub(in crate::cli) fn catalog(session: &mut Session, args: &args::Catalog) -> Result<ExitStatus, Failure> {
    let catalog = match args.from.as_slice() {
        [] => Catalog::builtin(),
        paths => session.load(paths)?.workspace.catalog().clone(),
    };
    let wanted = Wanted::new(&catalog, args)?;
    let mut report = CatalogReport::new(&catalog, wanted.section);
    wanted.keep(&mut report, &catalog);
    let found = count(&report) > 0;
    if let Some(word) = wanted.word.filter(|_| !found) {
        return Err(wanted.nothing_called(&catalog, word));
    }
    session.answer(&report, |report, style| {
        if found { render::catalog(report, style) } else { "nothing in the catalog is all of that\n".to_owned() }
    })?;
    Ok(if found { ExitStatus::YES } else { ExitStatus::NO })
}

/// What is asked for.
struct Wanted<'a> {
    section: Option<Section>,
    word: Option<&'a str>,
    /// A provider with the `/` that parts it from its regions.
    provider: Option<String>,
    country: Option<&'static str>,
    vendor: Option<String>,
}

impl<'a> Wanted<'a> {
    fn new(catalog: &Catalog, args: &'a args::Catalog) -> Result<Self, Failure> {
        let (section, word) = section(args)?;
        let of_places = args.provider.is_some() || args.country.is_some();
        let misses = |own: Section| section.is_some_and(|section| section != own);
        if (of_places && misses(Section::Locations)) || (args.vendor.is_some() && misses(Section::Flavors)) {
            let (flags, what) = if of_places {
                ("`--provider` and `--country` apply to locations", "locations")
            } else {
                ("`--vendor` applies to flavors", "flavors")
            };
            let help = format!("list {what}: `siting catalog {what}`");
            return Err(Failure::invalid(format!("{flags}, not to this section"), help));
        }
        Ok(Self {
            section: match (of_places, args.vendor.is_some()) {
                (true, _) => Some(Section::Locations),
                (_, true) => Some(Section::Flavors),
                _ => section,
            },
            word,
            provider: args.provider.as_deref().map(|name| provider(catalog, name)).transpose()?,
            country: args.country.as_deref().map(|code| country(catalog, code)).transpose()?,
            vendor: args.vendor.as_deref().map(|name| vendor(catalog, name)).transpose()?,
        })
    }

    /// Keeps what is asked for.
    fn keep(&self, report: &mut CatalogReport, catalog: &Catalog) {
        let word = self.word.map(folded);
        let has = |texts: &[&str]| {
            let within = |word: &str| texts.iter().any(|text| has_word(&folded(text), word));
            word.as_deref().is_none_or(within)
        };
        let read_as = |kind: FlavorKind| self.word.and_then(|word| catalog.hardware(kind, word));
        let read: Vec<_> = FlavorKind::ALL.into_iter().filter_map(read_as).flat_map(|found| found.flavors).collect();
        let is_read = |name: &str| read.iter().any(|&flavor| catalog.flavor_code(flavor) == name);
        let full = |code: &str| catalog.country(code).map_or("", |country| catalog.country_name(country));
        let called = |name: &str| {
            let location = catalog.location(name);
            location.is_some_and(|location| catalog.location_aliases(location).any(|alias| has(&[alias])))
        };
        retain(&mut report.continents, |entry| has(&[&entry.code, &entry.name]));
        retain(&mut report.countries, |entry| {
            has(&[&entry.code, &entry.name]) || entry.aliases.iter().any(|alias| has(&[alias]))
        });
        retain(&mut report.groups, |entry| has(&[&entry.name]));
        retain(&mut report.providers, |entry| {
            has(&[&entry.name, entry.owner.as_deref().unwrap_or_default()])
                || entry.aliases.iter().any(|alias| has(&[alias]))
        });
        retain(&mut report.locations, |entry| {
            self.provider.as_deref().is_none_or(|provider| entry.name.starts_with(provider))
                && self.country.is_none_or(|country| country == entry.country)
                && (has(&[&entry.name, full(&entry.country)]) || called(&entry.name))
        });
        retain(&mut report.flavors, |entry| {
            let own = entry.vendor.as_deref().unwrap_or_default();
            self.vendor.as_deref().is_none_or(|vendor| vendor == own)
                && (has(&[&entry.name, &entry.display_name, own])
                    || entry.aliases.iter().any(|alias| has(&[alias]))
                    || is_read(&entry.name))
        });
        if self.section.is_none() && word.is_some() {
            // A search over everything shows where something was found.
            drop_empty(&mut report.continents);
            drop_empty(&mut report.countries);
            drop_empty(&mut report.groups);
            drop_empty(&mut report.providers);
            drop_empty(&mut report.locations);
            drop_empty(&mut report.flavors);
        }
    }

    /// Nothing has this word in its name.
    fn nothing_called(&self, catalog: &Catalog, word: &str) -> Failure {
        let kinds = ChoiceKind::ALL.into_iter().filter(|&kind| {
            let own = match kind {
                ChoiceKind::Continent => Section::Continents,
                ChoiceKind::Country => Section::Countries,
                ChoiceKind::Group => Section::Groups,
                ChoiceKind::Location => Section::Locations,
                ChoiceKind::Cpu | ChoiceKind::Gpu => Section::Flavors,
                ChoiceKind::Provider => Section::Providers,
                // No list of their own.
                ChoiceKind::Jurisdiction | ChoiceKind::Capacity | ChoiceKind::Attribute => return false,
            };
            self.section.is_none_or(|section| section == own)
        });
        let kinds: Vec<ChoiceKind> = kinds.collect();
        let listed = kinds.iter().flat_map(|&kind| catalog.suggestions(kind, word));
        let mut near: Vec<_> = listed.filter(|near| kinds.contains(&near.kind)).map(|near| near.name).collect();
        if self.section.is_none() {
            near.extend(nearest(word, SECTIONS));
        }
        near = nearest(word, near.iter().map(String::as_str));
        Failure::unknown(format!("nothing is called `{word}`"), &near)
    }
}

const SECTIONS: [&str; 6] = ["continents", "countries", "groups", "providers", "locations", "flavors"];

/// The list that is meant, and the word to look for: alone, the word may stand in the place of the list.
fn section(args: &args::Catalog) -> Result<(Option<Section>, Option<&str>), Failure> {
    let Some(first) = args.section.as_deref() else { return Ok((None, None)) };
    match (Section::from_str(first, true), args.word.as_deref()) {
        (Ok(section), word) => Ok((Some(section), word)),
        (Err(_), None) => Ok((None, Some(first))),
        (Err(_), Some(_)) => {
            let near = nearest(first, SECTIONS);
            let near = if near.is_empty() { SECTIONS.map(str::to_owned).to_vec() } else { near };
            Err(Failure::unknown(format!("no list is called `{first}`"), &near))
        }
    }
}

fn provider(catalog: &Catalog, name: &str) -> Result<String, Failure> {
    let start = format!("{}/", catalog.provider(name));
    if catalog.locations().any(|location| catalog.location_name(location).starts_with(&start)) {
        return Ok(start);
    }
    let known: Vec<_> =
        catalog.locations().filter_map(|location| Some(catalog.location_name(location).split_once('/')?.0)).collect();
    let aliases = catalog.providers().flat_map(|one| [vec![one.name], one.aliases].concat()).collect::<Vec<_>>();
    let near = nearest(name, known.into_iter().chain(aliases));
    Err(Failure::unknown(format!("no provider with locations is called `{name}`"), &near))
}

fn country(catalog: &Catalog, code: &str) -> Result<&'static str, Failure> {
    let unknown = || {
        let near = catalog.nearest(ChoiceKind::Country, code);
        Failure::unknown(format!("no country is called `{code}`"), &near)
    };
    catalog.country(code).map(|country| catalog.country_code(country)).ok_or_else(unknown)
}

fn vendor(catalog: &Catalog, name: &str) -> Result<String, Failure> {
    let known = || catalog.flavors().filter_map(|flavor| catalog.flavor_vendor(flavor));
    let wanted = folded(name);
    if known().any(|vendor| vendor == wanted) {
        return Ok(wanted.into_owned());
    }
    let mut near = nearest(&wanted, known());
    if near.is_empty() {
        near = known().map(str::to_owned).collect();
        near.sort();
    }
    near.dedup();
    Err(Failure::unknown(format!("no vendor is called `{name}`"), &near))
}

/// Whether a word of a text begins so. Letters and digits part words too: `h100` has the word `100`.
fn has_word(text: &str, start: &str) -> bool {
    let mut before = ' ';
    text.char_indices().any(|(at, character)| {
        let last = std::mem::replace(&mut before, character);
        let begins = !last.is_alphanumeric() || last.is_ascii_digit() != character.is_ascii_digit();
        begins && text.get(at..).is_some_and(|rest| rest.starts_with(start))
    })
}

fn count(report: &CatalogReport) -> usize {
    let counts = [
        report.continents.as_ref().map(Vec::len),
        report.countries.as_ref().map(Vec::len),
        report.groups.as_ref().map(Vec::len),
        report.providers.as_ref().map(Vec::len),
        report.locations.as_ref().map(Vec::len),
        report.flavors.as_ref().map(Vec::len),
    ];
    counts.into_iter().flatten().sum()
}

fn drop_empty<T>(list: &mut Option<Vec<T>>) {
    if list.as_ref().is_some_and(Vec::is_empty) {
        *list = None;
    }
}

fn retain<T>(list: &mut Option<Vec<T>>, keep: impl FnMut(&T) -> bool) {
    if let Some(list) = list {
        list.retain(keep);
    }
}
