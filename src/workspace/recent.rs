//! The last revisions, each with its key, if it had one (W3). Snapshots share them: one more costs little, however many
//! are remembered and whoever looks at those before.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A revision that is remembered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Revision {
    /// The idempotency key, and what was accepted under it, by its fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<(String, String)>,
    /// What was asked for under it, before anything was decided, by its fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<String>,
    /// What it changed, in words.
    pub(super) subjects: Vec<String>,
}

/// So many revisions are copied, or looked through, at one go.
const CHUNK: usize = 128;

/// The last revisions, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// All but the last are full.
    chunks: VecDeque<Arc<Chunk>>,
    /// How many of the first chunk are forgotten.
    forgotten: usize,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    revisions: Vec<Arc<Revision>>,
    /// The keys by their hashes, ascending, and which revision has each.
    keys: Vec<(u64, usize)>,
}

impl Recent {
    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.revisions.len()).sum::<usize>().saturating_sub(self.forgotten)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Revision> {
        self.chunks.iter().flat_map(|chunk| &chunk.revisions).skip(self.forgotten).map(Arc::as_ref)
    }

    /// One more, after which at most so many are remembered.
    pub(super) fn push(&mut self, revision: Revision, most: usize) {
        if self.chunks.back().is_none_or(|last| last.revisions.len() >= CHUNK) {
            self.chunks.push_back(Arc::default());
        }
        if let Some(last) = self.chunks.back_mut().map(Arc::make_mut) {
            if let Some((key, _)) = &revision.key {
                let key = (hashed(key), last.revisions.len());
                last.keys.insert(last.keys.partition_point(|known| *known < key), key);
            }
            last.revisions.push(Arc::new(revision));
        }
        while self.len() > most {
            self.forgotten += 1;
            if self.chunks.front().is_some_and(|first| self.forgotten >= first.revisions.len()) {
                self.chunks.pop_front();
                self.forgotten = 0;
            }
        }
    }

    /// The revision of a key, and how many came after it. O(revisions / 128).
    #[cfg(feature = "manifest")]
    pub(super) fn find(&self, key: &str) -> Option<(usize, &Revision)> {
        let (hash, mut after) = (hashed(key), 0);
        for (at, chunk) in self.chunks.iter().enumerate().rev() {
            let same = chunk.keys.iter().skip(chunk.keys.partition_point(|(known, _)| *known < hash));
            for &(_, place) in same.take_while(|(known, _)| *known == hash) {
                let Some(revision) = chunk.revisions.get(place) else { continue };
                let remembered = at > 0 || place >= self.forgotten;
                if remembered && revision.key.as_ref().is_some_and(|(known, _)| known == key) {
                    return Some((after + chunk.revisions.len() - place - 1, revision));
                }
            }
            after += chunk.revisions.len();
        }
        None
    }
}

fn hashed(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl PartialEq for Recent {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Serialize for Recent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Recent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut recent = Self::default();
        for revision in Vec::<Revision>::deserialize(deserializer)? {
            recent.push(revision, usize::MAX);
        }
        Ok(recent)
    }
}

#[cfg(all(test, feature = "manifest"))]
mod tests {
    use super::*;

    /// W3: each key is found where it is as long as it is remembered, and no longer.
    #[test]
    fn w3_keys_are_found_while_they_are_remembered() {
        let mut recent = Recent::default();
        let most = 3 * CHUNK + 7;
        for number in 0..10 * CHUNK {
            // Every third has none.
            let key = (number % 3 > 0).then(|| (format!("key-{number}"), number.to_string()));
            recent.push(Revision { key, asked: None, subjects: vec![number.to_string()] }, most);
            let remembered = (number + 1).min(most);
            assert_eq!(recent.len(), remembered);
            if number % 37 > 0 {
                continue;
            }
            for back in 0..=number {
                let found = recent.find(&format!("key-{}", number - back));
                let there = (number - back) % 3 > 0 && back < remembered;
                assert_eq!(found.map(|(after, _)| after), there.then_some(back), "{number} {back}");
            }
            let first = recent.iter().next().map(|revision| revision.subjects.clone());
            assert_eq!(first, Some(vec![(number + 1 - remembered).to_string()]));
            assert_eq!(recent.iter().count(), remembered);
        }
        let read: Recent = serde_json::from_str(&serde_json::to_string(&recent).unwrap()).unwrap();
        assert_eq!(read, recent);
    }
}
