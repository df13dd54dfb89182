//! Problems of documents that share a kind and a name.

use std::hash::Hash;

use indexmap::IndexMap;

use crate::origin::{Origin, Problem, ProblemCode};

/// The places of the first and the second of one name, and how many there are.
pub(crate) struct Shared {
    first: Origin,
    pub(super) second: Option<Origin>,
    count: usize,
}

impl Shared {
    /// The names of `all`, each with its places.
    pub(crate) fn count<K: Hash + Eq>(all: impl Iterator<Item = (K, Origin)>) -> IndexMap<K, Self> {
        let mut names: IndexMap<K, Self> = IndexMap::new();
        for (key, origin) in all {
            match names.get_mut(&key) {
                Some(shared) => {
                    shared.second.get_or_insert(origin);
                    shared.count += 1;
                }
                None => {
                    names.insert(key, Self { first: origin, second: None, count: 1 });
                }
            }
        }
        names
    }

    /// The problem at `origin` with what is called `what`, related to another place of the name;
    /// nothing if the name is not shared.
    pub(crate) fn problem(&self, what: &str, origin: &Origin) -> Option<Problem> {
        let second = self.second.as_ref()?;
        let times = if self.count == 2 { "twice".to_owned() } else { format!("{} times", self.count) };
        let other =
            if *origin == self.first { (second, "defined again here") } else { (&self.first, "first defined here") };
        let problem = Problem::new(ProblemCode::Duplicate, origin, format!("{what} is defined {times}"))
            .help("keep one, or give each its own name");
        Some(problem.related(other.0, other.1))
    }
}
