//! The macros that declare records and words: the type, and how it is written in text, from one declaration.

/// Declares a record: a struct, and its reader, writer and description.
///
/// After a field's type, `as` names a format if the type's own does not apply, and `=` gives a default. The
/// key is the field's name in camel case, or the one of `#[key = "…"]`. A `check` is a function of some fields,
/// by reference, and of the object; it is called when all of these could be read, and reports what is wrong
/// between them. A `rule` is what a schema can say of it.
macro_rules! document {
    (
        $(#[doc = $doc:literal])*
        $(#[derive($($derive:ident),* $(,)?)])?
        $(#[serde($($serde:tt)*)])?
        $vis:vis struct $name:ident $what:literal {
            $(
                $(#[doc = $field_doc:literal])*
                $(#[serde($($field_serde:tt)*)])?
                $(#[key = $key:literal])?
                $field:ident: $type:ty $(as $format:ty)? $(= $default:expr)?
            ),* $(,)?
        }
        $(check $check:ident($($of:ident),+);)*
        $(rule $rule:expr;)*
    ) => {
        $(#[doc = $doc])*
        $(#[derive($($derive),*)])?
        $(#[serde($($serde)*)])?
        $vis struct $name {
            $(
                $(#[doc = $field_doc])*
                $(#[serde($($field_serde)*)])?
                $vis $field: $type,
            )*
        }

        impl $crate::document::Record for $name {
            const WHAT: &'static str = $what;

            fn take_fields(fields: &mut $crate::document::Fields<'_>) -> Option<Self> {
                $(
                    let $field: Option<$type> =
                        $crate::document::document!(@take fields, ($field [$($key)?]), $type, [$($format)?], [$($default)?]);
                )*
                let sound: &[bool] = &[$(
                    match ($(&$of,)+) {
                        ($(Some($of),)+) => $check($($of,)+ fields).is_some(),
                        _ => true,
                    }
                ),*];
                sound.iter().all(|sound| *sound).then_some(())?;
                Some(Self { $($field: $field?),* })
            }

            fn put_fields(&self, map: $crate::document::Map) -> $crate::document::Map {
                $(
                    let map =
                        $crate::document::document!(@put self.$field, map, ($field [$($key)?]), $type, [$($format)?], [$($default)?]);
                )*
                map
            }

            fn describe_fields(record: &mut $crate::document::RecordShape) {
                $(
                    let field = $crate::document::FieldShape::new(
                        $crate::document::document!(@key ($field [$($key)?])),
                        &[$($field_doc),*],
                    );
                    $crate::document::document!(@describe field, record, $type, [$($format)?], [$($default)?]);
                )*
                $(record.rules.push($rule);)*
            }
        }
    };

    (@format $type:ty, []) => { $type };
    (@format $type:ty, [$format:ty]) => { $format };

    (@key ($field:ident [$key:literal])) => { $key };
    (@key ($field:ident [])) => {{
        const SNAKE: &str = stringify!($field);
        const CAMEL: [u8; $crate::document::camel_length(SNAKE)] = $crate::document::camel(SNAKE);
        const KEY: &str = match std::str::from_utf8(&CAMEL) {
            Ok(key) => key,
            Err(_) => SNAKE,
        };
        KEY
    }};

    (@take $fields:ident, $key:tt, $type:ty, [$($format:ty)?], []) => {
        <$crate::document::document!(@format $type, [$($format)?]) as $crate::document::Field<$type>>::take(
            $fields,
            $crate::document::document!(@key $key),
        )
    };
    (@take $fields:ident, $key:tt, $type:ty, [$($format:ty)?], [$default:expr]) => {
        $crate::document::take_or::<$type, $crate::document::document!(@format $type, [$($format)?])>(
            $fields,
            $crate::document::document!(@key $key),
            || $default,
        )
    };

    (@put $value:expr, $map:ident, $key:tt, $type:ty, [$($format:ty)?], []) => {
        <$crate::document::document!(@format $type, [$($format)?]) as $crate::document::Field<$type>>::put(
            &$value,
            $crate::document::document!(@key $key),
            $map,
        )
    };
    (@put $value:expr, $map:ident, $key:tt, $type:ty, [$($format:ty)?], [$default:expr]) => {
        $crate::document::put_unless::<$type, $crate::document::document!(@format $type, [$($format)?])>(
            &$value,
            $crate::document::document!(@key $key),
            $map,
            &$default,
        )
    };

    (@describe $field:ident, $record:ident, $type:ty, [$($format:ty)?], []) => {
        <$crate::document::document!(@format $type, [$($format)?]) as $crate::document::Field<$type>>::describe(
            $field, $record,
        )
    };
    (@describe $field:ident, $record:ident, $type:ty, [$($format:ty)?], [$default:expr]) => {
        $crate::document::describe_or::<$type, $crate::document::document!(@format $type, [$($format)?])>(
            $field, $record, &$default,
        )
    };
}

/// Declares an enum whose variants are words of manifests.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word for it in manifests.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                let found = Self::ALL.into_iter().find(|found| found.as_str() == word);
                found.ok_or_else(|| serde::de::Error::unknown_variant(&word, &[$($word),+]))
            }
        }

        $crate::document::reads_words!($name);
    };
}

/// Lets an enum with `ALL` and `as_str` be a field.
macro_rules! reads_words {
    ($name:ty) => {
        impl $crate::document::Format<$name> for $name {
            fn read(item: $crate::document::Item<'_>) -> Option<$name> {
                item.one_of(&<$name>::ALL.map(|found| (found.as_str(), found)))
            }

            fn write(value: &$name) -> $crate::document::Written {
                value.as_str().into()
            }

            fn shape() -> $crate::document::Shape {
                $crate::document::Shape::Words(<$name>::ALL.iter().map(|found| found.as_str()).collect())
            }
        }
    };
}

pub(crate) use {document, reads_words, words};

/// The length of a name in camel case.
pub(crate) const fn camel_length(snake: &str) -> usize {
    let (bytes, mut at, mut length) = (snake.as_bytes(), 0, 0);
    while let Some((byte, _)) = after(bytes, at) {
        if byte != b'_' {
            length += 1;
        }
        at += 1;
    }
    length
}

const fn after(bytes: &[u8], at: usize) -> Option<(u8, &[u8])> {
    match bytes.split_at_checked(at) {
        Some((_, [byte, rest @ ..])) => Some((*byte, rest)),
        _ => None,
    }
}

/// A name in camel case, of [`camel_length`].
pub(crate) const fn camel<const LENGTH: usize>(snake: &str) -> [u8; LENGTH] {
    let (bytes, mut at, mut next, mut camel) = (snake.as_bytes(), 0, 0, [0; LENGTH]);
    let mut capital = false;
    while let Some((byte, _)) = after(bytes, at) {
        if byte == b'_' {
            capital = true;
        } else {
            if let Some((_, [place, ..])) = camel.split_at_mut_checked(next) {
                *place = if capital { byte.to_ascii_uppercase() } else { byte };
            }
            (next, capital) = (next + 1, false);
        }
        at += 1;
    }
    camel
}
