//! `check` as a compiler would say it.

use annotate_snippets::Level;

use super::diagnostics::Diagnostic;
use super::words::count;
use super::{Style, Texts};
use crate::analysis::{Checked, Finding, Severity};
use crate::report::NextChangeReport;

pub(in crate::cli) fn check(
    checked: &Checked,
    next: Option<&NextChangeReport>,
    texts: &Texts<'_>,
    style: Style,
) -> String {
    let next = next.map(|next| format!("next, at {}: {}\n", next.at, next.what.join(", "))).unwrap_or_default();
    let (findings, silenced) = (&checked.findings, checked.silenced.len());
    let silenced =
        if silenced > 0 { format!("{} silenced with a reason\n", count(silenced, "finding")) } else { String::new() };
    if findings.is_empty() {
        return format!("{}\n{silenced}{next}", style.good("no findings"));
    }
    let mut text: String = findings.iter().map(|finding| of(finding).render(texts, style) + "\n").collect();
    text.push_str(&summary(findings, style));
    text + &silenced + &next
}

fn of(finding: &Finding) -> Diagnostic<'_> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::NOTE,
    };
    Diagnostic {
        level,
        code: finding.code,
        message: &finding.message,
        help: finding.help.as_deref(),
        origin: &finding.origin,
        related: &finding.related,
    }
}

/// `2 errors, 1 warning, 3 notes`
fn summary(findings: &[Finding], style: Style) -> String {
    let number = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")];
    let parts = parts.map(|(severity, noun)| (number(severity), noun));
    let words: Vec<_> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(*number, noun)).collect();
    format!("{}\n", style.bold(&words.join(", ")))
}
