//! `options` as a table an axis.

use super::Style;
use super::table::table;
use super::words::with_article;
use crate::catalog::Axis;
use crate::report::{OptionReport, OptionsReport};

pub(in crate::cli) fn options(report: &OptionsReport, style: Style) -> String {
    let environment = &report.environment;
    let resource_type = with_article(&report.workload_type);
    if Axis::ALL.into_iter().all(|axis| report.of(axis).is_empty()) {
        let nothing = style.bad("nothing is left");
        return format!("For {resource_type} in {environment}, {nothing}: {}\n", report.reasons.join("; "));
    }
    // What nothing stands on, such as attributes that nobody declares, leaves nothing whatever is chosen.
    let named_axes: Vec<Axis> = Axis::ALL.into_iter().filter(|&axis| !report.of(axis).is_empty()).collect();
    let section = |title: &str, entries: &[OptionReport]| {
        let title = style.bold(&format!("{title} for {resource_type} in {environment}"));
        let named = |entry: &OptionReport| [entry.r#type.to_owned(), entry.name.clone(), entry.clusters.to_string()];
        let further = |entry: &OptionReport| {
            let leaves = entry.leaves.as_ref()?;
            let left = named_axes.iter().map(|&axis| format!("{} {}", leaves.of(axis), axis.title().to_lowercase()));
            let left: Vec<_> = left.collect();
            let [kind, name, clusters] = named(entry);
            Some([kind, name, clusters, left.join(", ")])
        };
        let rows: Vec<_> = entries.iter().filter_map(further).collect();
        if rows.is_empty() {
            let rows = entries.iter().map(named).collect();
            return format!("{title}\n\n{}", table(["type", "name", "clusters"], &[2], rows));
        }
        format!("{title}\n\n{}", table(["type", "name", "clusters", "would leave"], &[2], rows))
    };
    named_axes.iter().map(|&axis| section(axis.title(), report.of(axis))).collect::<Vec<_>>().join("\n")
}
