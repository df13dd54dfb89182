//! `catalog` as tables.

use super::Style;
use super::table::table;
use super::words::some;
use crate::report::{CatalogReport, LocationEntry};

pub(in crate::cli) fn catalog(report: &CatalogReport, style: Style) -> String {
    let owned = |text: &str| text.to_owned();
    let mut sections = Vec::new();
    if let Some(continents) = &report.continents {
        let rows = continents.iter().map(|entry| [entry.code.clone(), entry.name.clone()]);
        sections.push(("Continents", table(["code", "name"], &[], rows.collect())));
    }
    if let Some(countries) = &report.countries {
        let rows = countries
            .iter()
            .map(|entry| [entry.code.clone(), entry.continent.clone(), entry.aliases.join(", "), entry.name.clone()]);
        sections.push(("Countries", table(["code", "continent", "aliases", "name"], &[], rows.collect())));
    }
    if let Some(groups) = &report.groups {
        let rows = groups.iter().map(|entry| {
            let about =
                entry.about.as_deref().unwrap_or("defined by this workspace").split(" (").next().unwrap_or_default();
            [entry.name.clone(), entry.countries.len().to_string(), entry.countries.join(" "), owned(about)]
        });
        let rows: Vec<_> = rows.collect();
        sections.push(("Groups", grouped(rows)));
    }
    if let Some(providers) = &report.providers {
        let rows = providers.iter().map(|entry| {
            let known = |text: &Option<String>| text.clone().unwrap_or_else(|| owned("-"));
            [entry.name.clone(), known(&entry.jurisdiction), known(&entry.owner), entry.aliases.join(", ")]
        });
        sections.push(("Providers", table(["name", "answers to", "owner", "also read"], &[], rows.collect())));
    }
    if let Some(locations) = &report.locations {
        let parent = |entry: &LocationEntry| entry.parent.clone().unwrap_or_else(|| owned("-"));
        let rows = locations.iter().map(|entry| [entry.name.clone(), entry.country.clone(), parent(entry)]);
        sections.push(("Locations", table(["name", "country", "hangs under"], &[], rows.collect())));
    }
    if let Some(flavors) = &report.flavors {
        let rows = flavors.iter().map(|entry| {
            [
                entry.r#type.clone(),
                entry.name.clone(),
                entry.parent.clone().unwrap_or_else(|| owned("-")),
                entry.memory.map_or_else(|| owned("-"), |memory| memory.to_string()),
                entry.display_name.clone(),
                some(&entry.aliases, 2),
            ]
        });
        let headings = ["type", "name", "parent", "memory", "display name", "aliases"];
        sections.push(("Flavors", table(headings, &[3], rows.collect())));
    }
    match sections.as_slice() {
        [(_, only)] => only.clone(),
        _ => {
            let titled = sections.iter().map(|(title, text)| format!("{}\n\n{text}", style.bold(title)));
            titled.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Members take a line of their own: there are many.
fn grouped(rows: Vec<[String; 4]>) -> String {
    let entry = |[name, number, members, about]: [String; 4]| format!("{name}: {about}\n  {number}: {members}\n");
    rows.into_iter().map(entry).collect()
}
