//! Documents of rows as texts with a line for each row, and what is wrong with them, by row.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::thread;

use serde_json::Value;
use siting::manifest::spec::Specs;
use siting::manifest::{self, Reading, Source};
use siting::origin::Problem;

use super::documents::Table;

/// How many lines are read at once.
const LINES: usize = 2000;

/// A row of a table.
pub(crate) type At = (Table, u64);

/// A row that is not used, and why.
#[derive(Clone, Debug)]
pub(crate) struct Rejected {
    pub(crate) at: At,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Rejected {
    pub(crate) fn new(at: At, code: &str, message: impl Into<String>, help: &str) -> Self {
        Self { at, code: code.to_owned(), message: message.into(), help: Some(help.to_owned()) }
    }
}

/// A document of a row, and of the rows of its pools.
pub(crate) struct Document {
    pub(crate) at: At,
    /// All of it but its pools, on one line.
    line: String,
    pub(crate) pools: Vec<(At, String)>,
}

impl Document {
    pub(crate) fn new(at: At, value: &Value) -> Self {
        Self { at, line: value.to_string(), pools: Vec::new() }
    }

    /// Adds its lines to a text, and their rows to the list of rows by line.
    fn write(&self, text: &mut String, rows: &mut Vec<At>) {
        rows.push(self.at);
        // The spec is what ends a document.
        let Some(open) = self.line.strip_suffix("}}").filter(|_| !self.pools.is_empty()) else {
            text.push_str(&self.line);
            return;
        };
        text.push_str(open);
        text.push_str(if open.ends_with('{') { "\"pools\":[" } else { ",\"pools\":[" });
        for (number, (at, pool)) in self.pools.iter().enumerate() {
            text.push_str(if number == 0 { "\n" } else { ",\n" });
            text.push_str(pool);
            rows.push(*at);
        }
        text.push_str("]}}");
    }
}

/// Documents of rows, read in parts, so that what is wrong with one is read anew without it, and no other.
pub(crate) struct Texts {
    documents: Vec<Document>,
    /// From which document on each part is, and what was read of it.
    parts: Vec<Part>,
    rejected: BTreeMap<At, Rejected>,
}

struct Part {
    documents: std::ops::Range<usize>,
    /// The rows of its lines, from the second on; the first opens the list.
    rows: Vec<At>,
    specs: Option<Specs>,
}

impl Texts {
    pub(crate) fn new(documents: Vec<Document>, rejected: Vec<Rejected>) -> Self {
        let mut parts = Vec::new();
        let (mut from, mut lines) = (0, 0);
        for (at, document) in documents.iter().enumerate() {
            lines += 1 + document.pools.len();
            if lines >= LINES || at + 1 == documents.len() {
                parts.push(Part { documents: from..at + 1, rows: Vec::new(), specs: None });
                (from, lines) = (at + 1, 0);
            }
        }
        let rejected = rejected.into_iter().map(|one| (one.at, one)).collect();
        Self { documents, parts, rejected }
    }

    /// Rejects the rows of problems; those that are not of rows come back.
    pub(crate) fn reject(&mut self, problems: Vec<Problem>) -> Vec<Problem> {
        let mut others = Vec::new();
        for problem in problems {
            match self.row_of(&problem) {
                Some((part, at)) => {
                    if let Some(part) = self.parts.get_mut(part) {
                        part.specs = None;
                    }
                    let Problem { code, message, help, .. } = problem;
                    let rejected = Rejected { at, code: code.as_str().to_owned(), message, help };
                    self.rejected.entry(at).or_insert(rejected);
                }
                None => others.push(problem),
            }
        }
        others
    }

    fn row_of(&self, problem: &Problem) -> Option<(usize, At)> {
        let number = problem.origin.file.as_ref()?.strip_prefix(FILE)?.strip_suffix('>')?.parse::<usize>().ok()?;
        let line = usize::try_from(problem.origin.line).ok()?.checked_sub(2)?;
        Some((number, *self.parts.get(number)?.rows.get(line)?))
    }

    /// Reads what has not been read, until nothing is wrong with it: all that can be used.
    pub(crate) fn specs(&mut self) -> Vec<&Specs> {
        loop {
            let problems = self.read();
            // What cannot be told by a row cannot be mended by leaving one out.
            let before = self.rejected.len();
            self.reject(problems);
            if self.rejected.len() == before {
                break;
            }
        }
        self.parts.iter().filter_map(|part| part.specs.as_ref()).collect()
    }

    fn read(&mut self) -> Vec<Problem> {
        let Self { documents, parts, rejected } = self;
        let (documents, rejected) = (&*documents, &*rejected);
        let mut unread: Vec<(usize, &mut Part)> =
            parts.iter_mut().enumerate().filter(|(_, part)| part.specs.is_none()).collect();
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = unread.len().div_ceil(cores).max(1);
        thread::scope(|scope| {
            let some = |parts: &mut [(usize, &mut Part)]| -> Vec<Problem> {
                parts.iter_mut().flat_map(|(number, part)| part.read(*number, documents, rejected)).collect()
            };
            let mut shares = unread.chunks_mut(share);
            let first = shares.next();
            let rest: Vec<_> = shares.map(|part| scope.spawn(move || some(part))).collect();
            let mut problems = first.map(some).unwrap_or_default();
            problems.extend(rest.into_iter().flat_map(|part| part.join().unwrap_or_default()));
            problems
        })
    }

    pub(crate) fn into_rejected(self) -> BTreeMap<At, Rejected> {
        self.rejected
    }
}

/// What the texts are called, before their number.
const FILE: &str = "<rows ";

impl Part {
    fn read(&mut self, number: usize, documents: &[Document], rejected: &BTreeMap<At, Rejected>) -> Vec<Problem> {
        let mut text = String::from(r#"{"apiVersion":"v1","kind":"List","items":["#);
        self.rows.clear();
        for document in documents.get(self.documents.clone()).unwrap_or_default() {
            if rejected.contains_key(&document.at) {
                continue;
            }
            text.push_str(if self.rows.is_empty() { "\n" } else { ",\n" });
            let used = document.pools.iter().filter(|(at, _)| !rejected.contains_key(at));
            let kept = Document { at: document.at, line: document.line.clone(), pools: used.cloned().collect() };
            kept.write(&mut text, &mut self.rows);
        }
        text.push_str("]}");
        let reading: Reading = manifest::read(&[Source::new(&format!("{FILE}{number}>"), text)]);
        let broken = reading.specs.broken_clusters.iter().flat_map(|broken| broken.problems.clone());
        let problems: Vec<_> = reading.problems.iter().cloned().chain(broken).collect();
        self.specs = Some(reading.specs);
        problems
    }
}

/// The documents of clusters with their pools, by the name of each.
#[derive(Default)]
pub(crate) struct Clusters {
    pub(crate) documents: Vec<Document>,
    names: HashMap<String, usize>,
}

impl Clusters {
    pub(crate) fn add(&mut self, name: Option<&str>, document: Document) {
        if let Some(name) = name {
            self.names.entry(name.to_owned()).or_insert(self.documents.len());
        }
        self.documents.push(document);
    }

    pub(crate) fn pool(&mut self, cluster: Option<&str>, at: At, pool: &Value) -> Result<(), Rejected> {
        let help = "name a cluster of the table `clusters` in the column `cluster`";
        let Some(cluster) = cluster else {
            return Err(Rejected::new(at, "missing-field", "a pool is of a cluster", help));
        };
        let document = self.names.get(cluster).and_then(|number| self.documents.get_mut(*number));
        let Some(document) = document else {
            let shown: String = cluster.chars().take(60).flat_map(char::escape_debug).collect();
            return Err(Rejected::new(at, "unknown-name", format!("there is no cluster `{shown}`"), help));
        };
        document.pools.push((at, pool.to_string()));
        Ok(())
    }
}
