//! What a scenario's host saw over time, for charts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Replicas and shares of the calls over time, and what was told on the way.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// The deployments, in the order in which they were first seen.
    pub deployments: Vec<Line>,
    /// What was told, with the milliseconds after the start.
    pub notes: Vec<Note>,
    /// The last moment seen, in milliseconds after the start.
    pub until: u64,
}

/// A deployment over time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// Its name.
    pub name: String,
    /// A point wherever something changed, by time.
    pub points: Vec<Point>,
}

/// What a deployment was like from a moment on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// When, in milliseconds after the start.
    pub at: u64,
    /// Replicas asked for.
    pub replicas: u32,
    /// Replicas ready.
    pub ready: u32,
    /// Percent of the calls.
    pub percent: u8,
}

/// Something that was told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// When, in milliseconds after the start.
    pub at: u64,
    /// What.
    pub what: String,
}

impl Series {
    /// Adds a point to a deployment's line, under the name that it has now, and says which line that is.
    pub(super) fn add(&mut self, line: Option<usize>, name: &str, point: Point) -> usize {
        self.until = self.until.max(point.at);
        let same = |last: &Point| Point { at: point.at, ..*last } == point;
        let at = line.unwrap_or(self.deployments.len());
        match self.deployments.get_mut(at) {
            Some(line) => {
                if line.name != name {
                    name.clone_into(&mut line.name);
                }
                if !line.points.last().is_some_and(same) {
                    line.points.push(point);
                }
            }
            None => self.deployments.push(Line { name: name.to_owned(), points: vec![point] }),
        }
        at
    }

    /// Notes what is told; what was told last is not told again.
    pub(super) fn note(&mut self, at: Duration, what: String) {
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        if self.notes.last().is_none_or(|last| last.what != what) {
            self.notes.push(Note { at, what });
        }
    }

    /// Whether anything changed over time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deployments.is_empty()
    }
}
