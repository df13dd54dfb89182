//! `siting catalog`

use crate::catalog::{Catalog, ChoiceKind, FlavorKind, folded};
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::Session;
use crate::report::CatalogReport;

pub(in crate::cli) fn catalog(session: &mut Session, args: &args::Catalog) -> Result<ExitStatus, Failure> {
    let catalog = match args.from.as_slice() {
        [] => Catalog::builtin(),
        paths => session.load(paths)?.workspace.catalog().clone(),
    };
    let mut report = CatalogReport::new(&catalog, args.section);
    let found = keep(&mut report, &catalog, args)?;
    session.answer(&report, render::catalog)?;
    Ok(if found { ExitStatus::YES } else { ExitStatus::NO })
}

/// Keeps what is asked for; whether anything is left.
fn keep(report: &mut CatalogReport, catalog: &Catalog, args: &args::Catalog) -> Result<bool, Failure> {
    let provider = args.provider.as_deref().map(|name| format!("{}/", catalog.provider(name)));
    let country = match args.country.as_deref() {
        None => None,
        Some(code) => match catalog.country(code) {
            Some(country) => Some(catalog.country_code(country)),
            None => {
                return Err(Failure::unknown(
                    format!("no country is called `{code}`"),
                    &catalog.nearest(ChoiceKind::Country, code),
                ));
            }
        },
    };
    let vendor = args.vendor.as_deref().map(folded);
    let of_places = provider.is_some() || country.is_some();
    if (of_places && args.section.is_some() && report.locations.is_none())
        || (vendor.is_some() && args.section.is_some() && report.flavors.is_none())
    {
        let what = if of_places { "locations" } else { "flavors" };
        let help = format!("list {what}: `siting catalog {what}`");
        return Err(Failure::invalid("the section has nothing of that kind".to_owned(), help));
    }
    if of_places || vendor.is_some() {
        (report.continents, report.countries, report.groups) = (None, None, None);
    }
    if of_places {
        report.flavors = None;
    }
    if vendor.is_some() {
        report.locations = None;
    }
    let word = args.word.as_deref().map(folded);
    let has = |texts: &[&str]| {
        let within = |word: &str| texts.iter().any(|text| folded(text).contains(word));
        word.as_deref().is_none_or(within)
    };
    let read_as = |kind: FlavorKind| args.word.as_deref().and_then(|word| catalog.hardware(kind, word));
    let read: Vec<_> = FlavorKind::ALL.into_iter().filter_map(read_as).flat_map(|found| found.flavors).collect();
    let is_read = |name: &str| read.iter().any(|&flavor| catalog.flavor_code(flavor) == name);
    let full = |code: &str| catalog.country(code).map_or("", |country| catalog.country_name(country));
    retain(&mut report.continents, |entry| has(&[&entry.code, &entry.name]));
    retain(&mut report.countries, |entry| {
        has(&[&entry.code, &entry.name]) || entry.aliases.iter().any(|alias| has(&[alias]))
    });
    retain(&mut report.groups, |entry| has(&[&entry.name]));
    retain(&mut report.locations, |entry| {
        provider.as_deref().is_none_or(|provider| entry.name.starts_with(provider))
            && country.is_none_or(|country| country == entry.country)
            && has(&[&entry.name, full(&entry.country)])
    });
    retain(&mut report.flavors, |entry| {
        let own = entry.vendor.as_deref().unwrap_or_default();
        vendor.as_deref().is_none_or(|vendor| vendor == own)
            && (has(&[&entry.name, &entry.display_name, own])
                || entry.aliases.iter().any(|alias| has(&[alias]))
                || is_read(&entry.name))
    });
    if args.section.is_none() && word.is_some() {
        // A search over everything shows where something was found.
        drop_empty(&mut report.continents);
        drop_empty(&mut report.countries);
        drop_empty(&mut report.groups);
        drop_empty(&mut report.locations);
        drop_empty(&mut report.flavors);
    }
    let counts = [
        report.continents.as_ref().map(Vec::len),
        report.countries.as_ref().map(Vec::len),
        report.groups.as_ref().map(Vec::len),
        report.locations.as_ref().map(Vec::len),
        report.flavors.as_ref().map(Vec::len),
    ];
    Ok(counts.into_iter().flatten().sum::<usize>() > 0)
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
