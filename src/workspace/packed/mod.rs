//! A compact binary form of whatever serde writes (W4).
//!
//! It describes itself as JSON does, so that fields can be absent and later versions can have more; but each text, and
//! each set of names of fields, is written once, and numbers take as few bytes as they need. Crates with such a form either
//! write no names, so that nothing can be absent, or write them with each value.
//!
//! What the bytes are stands in `docs/guide.md`.

mod read;
mod write;

use std::fmt;

pub(super) use read::{Refused, read};
pub(super) use write::write;

const MAGIC: &[u8; 7] = b"siting\0";
const FORM: u8 = 1;

const SMALL: u8 = 127;
const NOTHING: u8 = 128;
const FALSE: u8 = 129;
const TRUE: u8 = 130;
const NUMBER: u8 = 131;
const NEGATIVE: u8 = 132;
const FLOAT: u8 = 133;
const TEXT: u8 = 134;
const LIST: u8 = 135;
const MAP: u8 = 136;
const RECORD: u8 = 137;
const VARIANT: u8 = 138;
const FIRST_RECORDS: u8 = 160;
const FIRST_LISTS: u8 = 192;
const FIRST_TEXTS: u8 = 208;

/// Why something cannot be written or read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unfit(pub(super) String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl serde::ser::Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};
    use serde_json::Value;

    use super::*;

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Mixed {
        number: i64,
        large: u64,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        absent: Option<Box<Mixed>>,
        list: Vec<Kind>,
        map: BTreeMap<u64, bool>,
        pair: (u8, char),
        unit: (),
    }

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    enum Kind {
        Unit,
        New(i32),
        Tuple(u8, String),
        Record { of: f64 },
    }

    fn kind() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Unit),
            any::<i32>().prop_map(Kind::New),
            (any::<u8>(), ".*").prop_map(|(of, text)| Kind::Tuple(of, text)),
            (-1e9..1e9).prop_map(|of| Kind::Record { of }),
        ]
    }

    fn mixed() -> impl Strategy<Value = Mixed> {
        let one = (
            any::<i64>(),
            any::<u64>(),
            ".{0,80}",
            prop::collection::vec(kind(), 0..40),
            prop::collection::btree_map(any::<u64>(), any::<bool>(), 0..4),
            any::<(u8, char)>(),
        );
        let one = one.prop_map(|(number, large, text, list, map, pair)| Mixed {
            number,
            large,
            text,
            absent: None,
            list,
            map,
            pair,
            unit: (),
        });
        let one = one.boxed();
        (one.clone(), one, any::<bool>()).prop_map(|(mut outer, inner, nested)| {
            outer.absent = nested.then(|| Box::new(inner));
            outer
        })
    }

    proptest! {
        /// W4: what is written is read as it was, by who knows what it is and by who does not.
        #[test]
        fn w4_what_is_written_is_read(value in prop::collection::vec(mixed(), 0..4)) {
            let bytes = write(7, &value).unwrap();
            prop_assert_eq!(read::<Vec<Mixed>>(&bytes, 7).unwrap(), value.clone());
            let json = serde_json::to_value(&value).unwrap();
            let known: Value = read(&write(7, &json).unwrap(), 7).unwrap();
            prop_assert_eq!(known, json);
        }

        /// W4: bytes that are not what was written are refused by their sum; with a sum that is right, nothing panics.
        #[test]
        fn w4_damaged_bytes_are_refused(
            value in mixed(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..3),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = write(7, &value).unwrap();
            let mut spoilt = bytes.clone();
            for (at, change) in edits {
                let at = at.index(spoilt.len());
                spoilt[at] ^= change;
            }
            if spoilt != bytes {
                prop_assert!(read::<Mixed>(&spoilt, 7).is_err());
                if let Some((sum, rest)) = spoilt[8..].split_at_mut_checked(4) {
                    sum.copy_from_slice(&crc32fast::hash(rest).to_le_bytes());
                }
                let _ = read::<Mixed>(&spoilt, 7);
                let _ = read::<Value>(&spoilt, 7);
            }
            prop_assert!(read::<Mixed>(&bytes[..cut.index(bytes.len())], 7).is_err());
        }
    }

    /// W4: a text that stands there once is not copied without end.
    #[test]
    fn w4_a_long_text_cannot_be_named_without_end() {
        let times = |count: usize| write(7, &vec!["x".repeat(1 << 20); count]).unwrap();
        assert_eq!(read::<Vec<String>>(&times(3), 7).unwrap().len(), 3);
        // Of 1 MiB each, some 320 come to the most there may be.
        let refused = read::<Vec<serde::de::IgnoredAny>>(&times(400), 7);
        assert_eq!(refused.map(|all| all.len()).map_err(|refused| matches!(refused, Refused::Unfit(_))), Err(true));
    }

    /// W4: who wrote it is told from who else did.
    #[test]
    fn w4_newer_forms_are_refused_by_name() {
        let bytes = write(7, &1_u8).unwrap();
        assert_eq!(read::<u8>(&bytes, 7), Ok(1));
        assert!(matches!(read::<u8>(&bytes, 6), Err(Refused::Newer { found: 7 })));
        let mut newer = bytes.clone();
        newer[7] = 2;
        let refused = read::<u8>(&newer, 7).unwrap_err();
        assert_eq!(
            refused,
            Refused::Unfit(Unfit("the binary form is of version 2, and at most 1 is known here".into()))
        );
        assert!(read::<u8>(b"{}", 7).is_err());
        assert!(read::<u8>(&[bytes.as_slice(), &[0]].concat(), 7).is_err());
    }
}
