//! What is wrong, as a compiler would say it: message, line, caret, help.

use annotate_snippets::{AnnotationKind, Element, Level, Origin as File, Renderer, Snippet};

use super::snippet::{excerpt, one_line};
use super::words::count;
use super::{Style, Texts};
use crate::origin::{Origin, Problem, Related};
use crate::workspace::Quarantined;

/// The characters that a terminal is taken to be wide.
const WIDTH: usize = 120;
/// The most problems of clusters that are shown.
const MOST: usize = 1000;

/// Something to say of a place.
pub(super) struct Diagnostic<'a> {
    pub(super) level: Level<'static>,
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    pub(super) help: Option<&'a str>,
    pub(super) origin: &'a Origin,
    pub(super) related: &'a [Related],
}

/// All problems, and how many they are.
pub(in crate::cli) fn errors(problems: &[Problem], texts: &Texts<'_>, style: Style) -> String {
    let rendered = problems.iter().map(|problem| of(problem, Level::ERROR).render(texts, style) + "\n");
    let mut text: String = rendered.collect();
    if problems.len() > 1 {
        let mut files: Vec<_> = problems.iter().filter_map(|problem| problem.origin.file.as_deref()).collect();
        files.sort_unstable();
        files.dedup();
        let of = if files.is_empty() { String::new() } else { format!(" in {}", count(files.len(), "file")) };
        text.push_str(&style.bad(&format!("{}{of}", count(problems.len(), "error"))));
        text.push('\n');
    } else if text.ends_with("\n\n") {
        text.pop();
    }
    text
}

/// The notices of a load.
pub(in crate::cli) fn notices(notices: &[&Problem], texts: &Texts<'_>, style: Style) -> String {
    notices.iter().map(|notice| of(notice, Level::NOTE).render(texts, style) + "\n").collect()
}

/// The clusters that a load left out, and why.
pub(in crate::cli) fn quarantined(clusters: &[Quarantined], texts: &Texts<'_>, style: Style) -> String {
    // Of very many the first say enough: all are counted below, and listed by `-o json`.
    let problems = clusters.iter().flat_map(|cluster| &cluster.problems).take(MOST);
    let mut text: String = problems.map(|problem| of(problem, Level::WARNING).render(texts, style) + "\n").collect();
    if !clusters.is_empty() {
        let names: Vec<_> = clusters.iter().map(named).collect();
        let were = if clusters.len() == 1 { "is" } else { "are" };
        let pools = clusters.iter().filter(|left_out| left_out.pool.is_some()).count();
        let parts = [(clusters.len() - pools, "invalid cluster"), (pools, "invalid pool")];
        let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(number, what));
        let count = parts.collect::<Vec<_>>().join(" and ");
        let names = super::words::some(&names, 10);
        text.push_str(&format!("{} {count} {were} left out: {names}\n\n", style.bold("warning:")));
    }
    text
}

fn named(left_out: &Quarantined) -> String {
    let cluster = if left_out.name.is_empty() { "(no name)".to_owned() } else { one_line(&left_out.name) };
    match &left_out.pool {
        Some(pool) => format!("{cluster}/{}", one_line(pool.as_str())),
        None => cluster,
    }
}

fn of<'a>(problem: &'a Problem, level: Level<'static>) -> Diagnostic<'a> {
    Diagnostic {
        level,
        code: problem.code.as_str(),
        message: &problem.message,
        help: problem.help.as_deref(),
        origin: &problem.origin,
        related: &problem.related,
    }
}

impl Diagnostic<'_> {
    /// Ends in a line end.
    pub(super) fn render(&self, texts: &Texts<'_>, style: Style) -> String {
        let renderer = if style.colors() { Renderer::styled() } else { Renderer::plain() };
        let mut marks = Vec::new();
        let mut group = self.level.clone().primary_title(one_line(self.message)).id(self.code).elements(shown(
            self.origin,
            None,
            texts,
            &mut marks,
        ));
        for related in self.related {
            group = group.elements(shown(&related.origin, Some(&related.message), texts, &mut marks));
        }
        let placed = self.origin.file.is_some();
        if let Some(help) = self.help.filter(|_| placed) {
            group = group.element(Level::HELP.message(one_line(help)));
        }
        let mut text = renderer.term_width(WIDTH).render(&[group]);
        for (mark, place) in marks {
            text = text.replacen(&mark, &place, 1);
        }
        text.push('\n');
        // Next to a source line, help is attached to its margin; without one it is printed alone.
        if let Some(help) = self.help.filter(|_| !placed) {
            text.push_str(&format!("  {} {}\n", style.bold("help:"), one_line(help)));
        }
        text
    }
}

/// A place: its line if that is there, else the file; nothing for a value built in code.
///
/// The renderer counts columns in the text it gets. Where that does not begin with the line, a mark
/// stands in for the place, to be replaced by what is true.
fn shown(
    origin: &Origin,
    label: Option<&str>,
    texts: &Texts<'_>,
    marks: &mut Vec<(String, String)>,
) -> Vec<Element<'static>> {
    let Some(file) = origin.file.as_deref() else { return said(label) };
    let path = one_line(file);
    let Some(line) = texts.line(file, origin.line) else {
        let mut place = File::path(path);
        if let (Ok(line @ 1..), Ok(column)) = (usize::try_from(origin.line), usize::try_from(origin.column)) {
            place = place.line(line).char_column(column);
        }
        return said(label).into_iter().chain([place.into()]).collect();
    };
    let found = excerpt(line, origin.column, origin.length);
    let path = if found.from_start {
        path
    } else {
        // A private character: no shown text contains it, since those are made visible.
        let mark = format!("\u{f8ff}{}\u{f8ff}", marks.len());
        let column = found.text.get(..found.span.start).unwrap_or_default().chars().count() + 1;
        marks.push((format!("{mark}:{}:{column}", origin.line), format!("{path}:{}:{}", origin.line, origin.column)));
        mark
    };
    let kind = if label.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
    let snippet = Snippet::source(found.text)
        .path(path)
        .line_start(usize::try_from(origin.line).unwrap_or(usize::MAX))
        .annotation(kind.span(found.span).label(label.map(one_line)));
    vec![snippet.into()]
}

/// The word on a related place whose line cannot be shown.
fn said(label: Option<&str>) -> Vec<Element<'static>> {
    label.map(|label| Level::NOTE.message(one_line(label)).into()).into_iter().collect()
}
