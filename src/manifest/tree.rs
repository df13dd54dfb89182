//! YAML and JSON text to trees of documents, in which every value knows where it was written.
//!
//! Scalars stay text: whether `1.5`, `NO` or `007` is a number, a boolean or a word is for the field
//! that holds it to decide. The tree is built from the parser's events without recursion, within bounds
//! on nesting, nodes and copies, so that hostile text costs little.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::source::Source;
use crate::document::{Entry, Node, Place, Report, Value, quoted};
use crate::origin::{Problem, ProblemCode};

/// The deepest nesting of lists, and the deepest of mappings.
const MAX_DEPTH: usize = 64;
/// The most values of one document.
const MAX_NODES: usize = 2_000_000;
/// The most bytes, roughly, that aliases may copy in one document.
const MAX_COPIED: usize = 16 << 20;

/// Calls `each` with every document of `source` that can be read. One that cannot is reported; the
/// next begins at the following `---`.
pub(super) fn documents<'t>(source: &'t Source, report: &Report, mut each: impl FnMut(Node<'t>)) {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let mut options = granit_parser::options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut building =
        Building { file: &source.name, text, report, open: Vec::new(), anchors: HashMap::new(), nodes: 0, copied: 0 };
    loop {
        match building.document(&mut parser) {
            Ok(Some(document)) => each(document),
            Ok(None) => return,
            Err(problem) => {
                report.add(problem);
                if !parser.proceed_next_document().unwrap_or(false) {
                    return;
                }
            }
        }
    }
}

/// A tree being built.
struct Building<'s, 't> {
    file: &'s Arc<str>,
    text: &'t str,
    report: &'s Report,
    /// The collections that have begun and not ended, outermost first.
    open: Vec<Open<'t>>,
    /// Anchored values that are complete, with their weights.
    anchors: HashMap<usize, (Node<'t>, usize)>,
    nodes: usize,
    copied: usize,
}

/// A collection that has begun.
struct Open<'t> {
    place: Place,
    anchor: usize,
    content: Content<'t>,
}

enum Content<'t> {
    List(Vec<Node<'t>>),
    /// The entries so far, and the key that waits for its value.
    Map(Vec<Entry<'t>>, Option<Key<'t>>),
}

enum Key<'t> {
    Text(Cow<'t, str>, Place),
    /// Not a text, and reported; its value is dropped.
    Unusable,
}

impl<'t> Building<'_, 't> {
    /// The next document, or nothing at the end of the text.
    fn document(&mut self, parser: &mut Parser<'t, StrInput<'t>>) -> Result<Option<Node<'t>>, Problem> {
        self.open.clear();
        self.anchors.clear();
        (self.nodes, self.copied) = (0, 0);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| self.syntax(&error))?;
            let place = self.place(&span);
            let complete = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let plain = style == ScalarStyle::Plain && !self.is_text_by_tag(tag.as_deref(), place)?;
                    self.complete(Node { place, value: Value::Scalar { text, plain } }, anchor)?
                }
                Event::SequenceStart(_, anchor, tag) => {
                    self.is_text_by_tag(tag.as_deref(), place)?;
                    self.open.push(Open { place, anchor, content: Content::List(Vec::new()) });
                    None
                }
                Event::MappingStart(_, anchor, tag) => {
                    self.is_text_by_tag(tag.as_deref(), place)?;
                    self.open.push(Open { place, anchor, content: Content::Map(Vec::new(), None) });
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => self.close()?,
                Event::Alias(anchor) => {
                    let copy = self.copy(anchor, place)?;
                    self.complete(copy, 0)?
                }
                _ => None,
            };
            if complete.is_some() {
                return Ok(complete);
            }
        }
        Ok(None)
    }

    /// Ends the innermost collection.
    fn close(&mut self) -> Result<Option<Node<'t>>, Problem> {
        let Some(Open { place, anchor, content }) = self.open.pop() else { return Ok(None) };
        let value = match content {
            Content::List(items) => Value::List(items),
            Content::Map(entries, _) if self.open.is_empty() => self.documents_in(entries),
            Content::Map(entries, _) => Value::Map(self.without_duplicates(entries)),
        };
        self.complete(Node { place, value }, anchor)
    }

    /// Puts a complete value where it belongs; the outermost one is the document.
    fn complete(&mut self, node: Node<'t>, anchor: usize) -> Result<Option<Node<'t>>, Problem> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("a document has more than {MAX_NODES} values");
            return Err(self.limit(node.place, message, "split it into several documents"));
        }
        if anchor != 0 {
            let weight = node.weight();
            self.charge(weight, node.place)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => return Ok(Some(node)),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(entries, key)) => match key.take() {
                Some(Key::Text(key, place)) => entries.push(Entry { key, place, value: node }),
                Some(Key::Unusable) => {}
                None => *key = Some(as_key(node, self.file, self.report)),
            },
        }
        Ok(None)
    }

    /// A copy of what was anchored, as if written at `place`.
    fn copy(&mut self, anchor: usize, place: Place) -> Result<Node<'t>, Problem> {
        let Some((_, weight)) = self.anchors.get(&anchor) else {
            let message = "an alias refers to a value that contains it";
            let problem = Problem::new(ProblemCode::InvalidSyntax, &place.of(self.file), message);
            return Err(problem.help("write out the value instead of the alias"));
        };
        self.charge(*weight, place)?;
        let value = self.anchors.get(&anchor).map(|(node, _)| node.value.clone());
        Ok(Node { place, value: value.unwrap_or(Value::List(Vec::new())) })
    }

    fn charge(&mut self, weight: usize, place: Place) -> Result<(), Problem> {
        self.copied += weight;
        if self.copied > MAX_COPIED {
            let message = format!("aliases expand to more than {} MiB", MAX_COPIED >> 20);
            return Err(self.limit(place, message, "write out the repeated values, or use fewer aliases"));
        }
        Ok(())
    }

    /// The outermost mapping; where `---` is missing between documents, the list of them. That is reported, and each
    /// is read all the same, so that nothing that refers to it is said to be unknown.
    fn documents_in(&self, entries: Vec<Entry<'t>>) -> Value<'t> {
        let mut documents: Vec<Vec<Entry<'t>>> = Vec::new();
        let mut rest = entries;
        while let Some(seam) = seam(&rest) {
            let next = rest.split_off(seam);
            documents.push(std::mem::replace(&mut rest, next));
            let place = rest.first().map_or_else(Place::default, |first| first.place);
            let problem =
                Problem::new(ProblemCode::InvalidSyntax, &place.of(self.file), "a second document begins here");
            self.report.add(problem.help("put `---` on the line before it"));
        }
        if documents.is_empty() {
            return Value::Map(self.without_duplicates(rest));
        }
        documents.push(rest);
        let node = |entries: Vec<Entry<'t>>| {
            let place = entries.first().map_or_else(Place::default, |first| first.place);
            Node { place, value: Value::Map(self.without_duplicates(entries)) }
        };
        Value::List(documents.into_iter().map(node).collect())
    }

    /// Drops entries with a duplicate key, and reports each.
    fn without_duplicates(&self, entries: Vec<Entry<'t>>) -> Vec<Entry<'t>> {
        let mut first: HashMap<&str, Place> = HashMap::with_capacity(entries.len());
        let keep: Vec<bool> = entries
            .iter()
            .map(|entry| match first.get(&*entry.key) {
                None => first.insert(&entry.key, entry.place).is_none(),
                Some(earlier) => {
                    self.report.add_with(|| {
                        let message = format!("the key {} appears twice", quoted(&entry.key));
                        Problem::new(ProblemCode::Duplicate, &entry.place.of(self.file), message)
                            .help("keep one of them")
                            .related(&earlier.of(self.file), "first written here")
                    });
                    false
                }
            })
            .collect();
        entries.into_iter().zip(keep).filter_map(|(entry, keep)| keep.then_some(entry)).collect()
    }

    /// Whether a tag says that a scalar is text. Tags of JSON's types say nothing new; others are
    /// refused.
    fn is_text_by_tag(&self, tag: Option<&Tag>, place: Place) -> Result<bool, Problem> {
        match tag.map(Tag::core_suffix) {
            None | Some(Some("int" | "float" | "bool" | "null" | "map" | "seq")) => Ok(false),
            Some(Some("str")) => Ok(true),
            Some(_) => {
                let problem =
                    Problem::new(ProblemCode::InvalidSyntax, &place.of(self.file), "this tag is not supported");
                Err(problem.help("remove the word that begins with `!`"))
            }
        }
    }

    fn syntax(&self, error: &ScanError) -> Problem {
        let marker = error.marker();
        let place = Place { line: count(marker.line()), column: count(marker.col() + 1), length: 1 };
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => {
                let message = format!("values are nested more than {MAX_DEPTH} levels deep");
                self.limit(place, message, "no manifest needs that; look for an extra bracket")
            }
            kind => {
                let problem =
                    Problem::new(ProblemCode::InvalidSyntax, &place.of(self.file), plain_sentence(&error.info()));
                match kind {
                    ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
                        problem.help("indent with spaces; YAML does not allow tabs there")
                    }
                    ErrorKind::UnexpectedCharacter { character } if is_unprintable(*character) => {
                        problem.help(format!("in double quotes, write it as `\\u{:04x}`", u32::from(*character)))
                    }
                    _ => problem.help(
                        "look for a wrong indentation, or a bracket, quote or colon too many or too few, here or just above",
                    ),
                }
            }
        }
    }

    fn limit(&self, place: Place, message: String, help: &str) -> Problem {
        Problem::new(ProblemCode::LimitExceeded, &place.of(self.file), message).help(help)
    }

    /// Where `span` begins, and how far it reaches on that line.
    fn place(&self, span: &Span) -> Place {
        let (start, end) = (span.start, span.end);
        let length = if start.line() == end.line() {
            end.index().saturating_sub(start.index())
        } else {
            let rest = start.byte_offset().and_then(|offset| self.text.get(offset..)).unwrap_or_default();
            rest.lines().next().unwrap_or_default().chars().count()
        };
        Place { line: count(start.line()), column: count(start.col() + 1), length: count(length).max(1) }
    }
}

/// Where a second document begins: both keys of a heading stand again, behind more than a heading.
fn seam(entries: &[Entry<'_>]) -> Option<usize> {
    const HEADING: [&str; 2] = ["apiVersion", "kind"];
    let is_heading = |entry: &&Entry<'_>| HEADING.contains(&&*entry.key);
    let has_both = |entries: &[Entry<'_>]| HEADING.iter().all(|key| entries.iter().any(|entry| entry.key == *key));
    let mut seen: Vec<&str> = Vec::new();
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| is_heading(entry)) {
        if seen.contains(&&*entry.key) {
            let (before, after) = entries.split_at_checked(index)?;
            let is_whole = has_both(before) && before.iter().any(|entry| !is_heading(&entry));
            return (is_whole && has_both(after)).then_some(index);
        }
        seen.push(&entry.key);
    }
    None
}

fn as_key<'t>(node: Node<'t>, file: &Arc<str>, report: &Report) -> Key<'t> {
    if let Value::Scalar { text, .. } = node.value {
        return Key::Text(text, node.place);
    }
    let problem = Problem::new(ProblemCode::WrongType, &node.place.of(file), "a key must be a string");
    report.add(problem.help("put quotes around a key that begins with `{` or `[`"));
    Key::Unusable
}

/// Characters that YAML does not allow in text, but that a text can still hold: those outside `c-printable`
/// (YAML 1.2.2, 5.1).
pub(super) fn is_unprintable(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        _ => character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}'),
    }
}

/// The parser's message in one line, as ours are written.
fn plain_sentence(message: &str) -> String {
    let mut sentence = message.lines().next().unwrap_or_default().trim_end_matches('.').replace('\'', "`");
    if sentence.is_empty() {
        sentence.push_str("this is not valid YAML or JSON");
    }
    sentence
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every scalar below a node as `line:column+length text`, with quotes where it had some.
    fn scalars(node: &Node<'_>, found: &mut Vec<String>) {
        match &node.value {
            Value::Scalar { text, plain } => {
                let Place { line, column, length } = node.place;
                found.push(if *plain {
                    format!("{line}:{column}+{length} {text}")
                } else {
                    format!("{line}:{column}+{length} {text:?}")
                });
            }
            Value::List(items) => items.iter().for_each(|item| scalars(item, found)),
            Value::Map(entries) => entries.iter().for_each(|entry| scalars(&entry.value, found)),
        }
    }

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let (report, mut found) = (Report::new(10), Vec::new());
        documents(&Source::new("x", text), &report, |node| scalars(&node, &mut found));
        (found, report.into_problems().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn scalars_keep_their_text_and_place() {
        let (found, problems) =
            read("a: 1.50\nb: NO\nc: \"0.1\"\nd: [007, é, 1e400]\ne:\n  - ~\nf: |\n  two\n  lines\n");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            found,
            [
                "1:4+4 1.50",
                "2:4+2 NO",
                "3:4+5 \"0.1\"",
                "4:5+3 007",
                "4:10+1 é",
                "4:13+5 1e400",
                "6:5+1 ~",
                "8:3+3 \"two\\nlines\\n\""
            ]
        );
    }

    #[test]
    fn json_has_places_too() {
        let (found, problems) = read("{\"a\": [1, \"\\u00e9\\n\"],\r\n\t\"b\": null}");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(found, ["1:8+1 1", "1:11+10 \"é\\n\"", "2:7+4 null"]);
    }

    #[test]
    fn an_alias_stands_where_it_is_used() {
        assert_eq!(read("a: &x 1\nb: *x\n").0, ["1:7+1 1", "2:4+2 1"]);
    }

    #[test]
    fn a_tag_makes_text_of_a_number() {
        assert_eq!(read("a: !!str 1\nb: !!int 1\n").0, ["1:10+1 \"1\"", "2:10+1 1"]);
    }

    /// C8: one mistake is one problem, and what stands behind it is read.
    #[test]
    fn documents_without_a_line_between_them_are_read_apart() {
        let one = "apiVersion: a\nkind: b\nspec: 1\n";
        let (found, problems) = read(&format!("{one}{one}kind: c\napiVersion: a\n"));
        assert_eq!(found.len(), 8);
        let expected = ["x:4:1: a second document begins here", "x:7:1: a second document begins here"];
        assert_eq!(problems, expected);
        let (_, problems) = read("apiVersion: a\nkind: b\nkind: c\nspec: 1\n");
        assert_eq!(problems, ["x:3:1: the key `kind` appears twice"]);
    }

    #[test]
    fn documents_after_a_broken_one_are_read() {
        let (found, problems) = read("a: 1\n---\nb: [\n---\nc: 2\n---\n}\n---\nd: 3\n");
        assert_eq!(found, ["1:4+1 1", "5:4+1 2", "9:4+1 3"]);
        assert_eq!(problems.len(), 2);
    }
}
