//! `options` as two tables.

use super::Style;
use super::table::table;
use super::words::with_article;
use crate::report::{OptionReport, OptionsReport};

/// What was asked.
pub(in crate::cli) struct Asked<'a> {
    pub(in crate::cli) environment: &'a str,
    pub(in crate::cli) resource_type: &'a str,
    /// Why nothing is left, if nothing is.
    pub(in crate::cli) because: &'a str,
}

pub(in crate::cli) fn options(report: &OptionsReport, question: &Asked<'_>, style: Style) -> String {
    let Asked { environment, resource_type, because } = question;
    let resource_type = with_article(resource_type);
    if report.locations.is_empty() && report.flavors.is_empty() {
        let nothing = style.bad("nothing is left");
        return format!("For {resource_type} in {environment}, {nothing}: {because}\n");
    }
    let section = |title: &str, entries: &[OptionReport]| {
        let row = |entry: &OptionReport| [entry.r#type.to_owned(), entry.name.clone(), entry.clusters.to_string()];
        let rows = entries.iter().map(row).collect();
        let title = style.bold(&format!("{title} for {resource_type} in {environment}"));
        format!("{title}\n\n{}", table(["type", "name", "clusters"], &[2], rows))
    };
    format!("{}\n{}", section("Places", &report.locations), section("Hardware", &report.flavors))
}
