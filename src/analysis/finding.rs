//! One finding: something legal that is probably unintended.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::origin::{Origin, Related, printable};

/// One finding: something legal that is probably unintended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Its kind, in kebab case; stable for programs.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found: lower case, no final period, names in backticks.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// Where it is in the source.
    pub origin: Origin,
    /// Related places.
    pub related: Vec<Related>,
}

/// How bad a finding is, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something can never work.
    Error,
    /// Something is probably unintended.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// The severity's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A document that a finding is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Subject {
    /// The document's kind.
    pub kind: &'static str,
    /// Its name; a deployment's as `workload/name`.
    pub name: String,
}

impl Subject {
    pub(super) fn new(kind: &'static str, name: impl ToString) -> Self {
        Self { kind, name: name.to_string() }
    }
}

impl Finding {
    pub(super) fn new(code: &'static str, severity: Severity, subject: Subject, origin: &Origin) -> Self {
        let origin = origin.clone();
        Self { code, severity, message: String::new(), help: None, subject, origin, related: Vec::new() }
    }

    pub(super) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = printable(&message.into()).into_owned();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(printable(&help.into()).into_owned());
        self
    }
}

/// The most findings of one code about one document.
const MOST_OF_SUBJECT: usize = 10;
/// The most findings of one code.
const MOST_OF_CODE: usize = 1000;

/// Findings, limited for each code and document, so that a mistake repeated a hundred thousand times lists few.
#[derive(Default)]
pub(super) struct Findings {
    listed: Vec<Finding>,
    /// How many there are of each code about each document, and about how many documents.
    of_subject: HashMap<(&'static str, Subject), usize>,
    of_code: HashMap<&'static str, usize>,
}

impl Findings {
    /// Records a finding that is made only if there is room for it.
    pub(super) fn push_with(&mut self, code: &'static str, subject: &Subject, make: impl FnOnce() -> Finding) {
        let of_subject = self.of_subject.entry((code, subject.clone())).or_default();
        *of_subject += 1;
        if *of_subject <= MOST_OF_SUBJECT {
            let of_code = self.of_code.entry(code).or_default();
            *of_code += 1;
            if *of_code <= MOST_OF_CODE {
                self.listed.push(make());
            }
        }
    }

    /// Records a finding.
    pub(super) fn push(&mut self, finding: Finding) {
        let (code, subject) = (finding.code, finding.subject.clone());
        self.push_with(code, &subject, || finding);
    }

    /// The findings by place. If not all of a code are listed, one after the last counts the others.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.listed.sort_by(|a, b| (&a.origin, a.code, &a.message).cmp(&(&b.origin, b.code, &b.message)));
        self.listed.dedup();
        let mut last: HashMap<&'static str, usize> = HashMap::new();
        let mut last_of: HashMap<(&'static str, &Subject), usize> = HashMap::new();
        for (index, finding) in self.listed.iter().enumerate() {
            last.insert(finding.code, index);
            last_of.insert((finding.code, &finding.subject), index);
        }
        let mut more: Vec<(usize, Finding)> = Vec::new();
        for ((code, subject), count) in &self.of_subject {
            let Some(&index) = last_of.get(&(*code, subject)) else { continue };
            if *count > MOST_OF_SUBJECT {
                more.extend(self.more(
                    index,
                    count - MOST_OF_SUBJECT,
                    &format!(" about this {}", subject.kind.to_lowercase()),
                ));
            }
        }
        for (code, count) in &self.of_code {
            if let Some(&index) = last.get(code).filter(|_| *count > MOST_OF_CODE) {
                more.extend(self.more(index, count - MOST_OF_CODE, ""));
            }
        }
        more.sort_by(|a, b| (a.0, &a.1.message).cmp(&(b.0, &b.1.message)));
        let mut more = more.into_iter().peekable();
        let mut found = Vec::with_capacity(self.listed.len());
        for (index, finding) in self.listed.into_iter().enumerate() {
            found.push(finding);
            while let Some((_, counted)) = more.next_if(|(at, _)| *at == index) {
                found.push(counted);
            }
        }
        found
    }

    /// The finding that counts others like one that is listed.
    fn more(&self, index: usize, count: usize, whose: &str) -> Option<(usize, Finding)> {
        let like = self.listed.get(index)?;
        let message = format!("and {count} more like it{whose}");
        let finding = Finding { message, help: None, related: Vec::new(), ..like.clone() };
        Some((index, finding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(subjects: usize, each: usize) -> Vec<Finding> {
        let mut findings = Findings::default();
        for subject in 0..subjects {
            for line in 0..each {
                let origin = Origin { line: u32::try_from(subject * each + line).unwrap(), ..Origin::default() };
                let subject = Subject::new("Policy", subject);
                findings.push(Finding::new("x", Severity::Info, subject, &origin).message("m"));
            }
        }
        findings.into_sorted()
    }

    #[test]
    fn a_few_stand_for_many() {
        let found = many(1, MOST_OF_SUBJECT);
        assert_eq!(found.len(), MOST_OF_SUBJECT);
        assert!(found.iter().all(|finding| finding.message == "m"));
        let found = many(2, 100_000);
        let counted: Vec<_> = found.iter().enumerate().filter(|(_, it)| it.message != "m").collect();
        assert_eq!(counted.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [10, 21]);
        assert!(counted.iter().all(|(_, it)| it.message == "and 99990 more like it about this policy"));
        let found = many(4000, 1);
        assert_eq!(found.len(), MOST_OF_CODE + 1);
        assert_eq!(found[MOST_OF_CODE].message, "and 3000 more like it");
    }
}
