//! Bytes to values.

use std::rc::Rc;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Visitor};

use super::{
    FALSE, FIRST_LISTS, FIRST_RECORDS, FIRST_TEXTS, FLOAT, FORM, LIST, MAGIC, MAP, NEGATIVE, NOTHING, NUMBER, RECORD,
    SMALL, TEXT, TRUE, Unfit, VARIANT,
};

/// Lists, maps and records stand within each other at most so deep.
const DEEPEST: u32 = 128;

/// A text stands there once, and each time that it is named it may be copied: together they come to at most so many bytes,
/// and so many times what was read.
const MOST_TEXT: u64 = 1 << 28;
const MOST_TIMES: u64 = 64;

/// Why bytes are not read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::workspace) enum Refused {
    /// Of a version of the value that is newer.
    Newer { found: u32 },
    /// They are not what was written, or not of this form.
    Unfit(Unfit),
}

impl From<Unfit> for Refused {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

/// What was written of a value of at most this version.
///
/// # Errors
/// [`Refused`], with the number of the byte where something is wrong.
pub(in crate::workspace) fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8], newest: u32) -> Result<T, Refused> {
    let unfit = |message: &str| Unfit(message.to_owned());
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| unfit("it does not begin as the binary form does"))?;
    let (form, rest) = rest.split_first().ok_or_else(|| unfit("it ends within its head"))?;
    if *form != FORM {
        return Err(Unfit(format!("the binary form is of version {form}, and at most {FORM} is known here")).into());
    }
    let (sum, rest) = rest.split_first_chunk::<4>().ok_or_else(|| unfit("it ends within its head"))?;
    let (sum, found) = (u32::from_le_bytes(*sum), crc32fast::hash(rest));
    if sum != found {
        let message = format!("the bytes are damaged: their sum is {found:08x}, and {sum:08x} was written down");
        return Err(Unfit(message).into());
    }
    let text_left = (bytes.len() as u64).saturating_mul(MOST_TIMES).saturating_add(MOST_TEXT);
    let at = bytes.len() - rest.len();
    let mut reader = Reader { bytes, at, texts: Vec::new(), shapes: Vec::new(), depth: 0, text_left };
    let version = u32::try_from(reader.number()?).unwrap_or(u32::MAX);
    if version > newest {
        return Err(Refused::Newer { found: version });
    }
    let value = reader.tables().and_then(|()| T::deserialize(&mut reader));
    let value = value.map_err(|Unfit(message)| Unfit(format!("byte {}: {message}", reader.at)))?;
    if reader.at < bytes.len() {
        return Err(Unfit(format!("byte {}: something follows the value", reader.at)).into());
    }
    Ok(value)
}

struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    texts: Vec<&'de str>,
    shapes: Vec<Rc<[&'de str]>>,
    depth: u32,
    /// How many bytes of texts may still be named.
    text_left: u64,
}

impl<'de> Reader<'de> {
    fn byte(&mut self) -> Result<u8, Unfit> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| Unfit("it ends within a value".to_owned()))?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: u64) -> Result<&'de [u8], Unfit> {
        let end = usize::try_from(count).ok().and_then(|count| self.at.checked_add(count));
        let found = end.and_then(|end| self.bytes.get(self.at..end));
        let found = found.ok_or_else(|| Unfit("it ends within a value".to_owned()))?;
        self.at += found.len();
        Ok(found)
    }

    fn number(&mut self) -> Result<u64, Unfit> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            let bits = u64::from(byte & 127);
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(Unfit("a number has more than 64 bits".to_owned()));
            }
            number |= bits << shift;
            if byte < 128 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    /// The texts and shapes that values refer to.
    fn tables(&mut self) -> Result<(), Unfit> {
        for _ in 0..self.number()? {
            let length = self.number()?;
            let text = std::str::from_utf8(self.take(length)?).map_err(|error| Unfit(format!("a text: {error}")))?;
            self.texts.push(text);
        }
        for _ in 0..self.number()? {
            let mut names = Vec::new();
            for _ in 0..self.number()? {
                let number = self.number()?;
                names.push(self.text(number)?);
            }
            self.shapes.push(names.into());
        }
        Ok(())
    }

    fn text(&self, number: u64) -> Result<&'de str, Unfit> {
        let found = usize::try_from(number).ok().and_then(|number| self.texts.get(number)).copied();
        found.ok_or_else(|| Unfit(format!("there is no text {number}")))
    }

    /// A text as a value, which may be copied.
    fn text_value(&mut self, number: u64) -> Result<&'de str, Unfit> {
        let text = self.text(number)?;
        let left = self.text_left.checked_sub(text.len() as u64);
        self.text_left = left.ok_or_else(|| Unfit("the same long texts are named too often".to_owned()))?;
        Ok(text)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Unfit>) -> Result<T, Unfit> {
        if self.depth == DEEPEST {
            return Err(Unfit(format!("values stand more than {DEEPEST} deep within each other")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn list<V: Visitor<'de>>(&mut self, left: u64, visitor: V) -> Result<V::Value, Unfit> {
        self.deeper(|reader| {
            let mut list = List { reader, left };
            let value = visitor.visit_seq(&mut list)?;
            all_taken(list.left)?;
            Ok(value)
        })
    }

    fn record<V: Visitor<'de>>(&mut self, shape: u64, visitor: V) -> Result<V::Value, Unfit> {
        let names = usize::try_from(shape).ok().and_then(|shape| self.shapes.get(shape)).map(Rc::clone);
        let names = names.ok_or_else(|| Unfit(format!("there is no shape {shape}")))?;
        self.deeper(|reader| {
            let mut fields = Fields { reader, names: names.iter() };
            let value = visitor.visit_map(&mut fields)?;
            all_taken(fields.names.len() as u64)?;
            Ok(value)
        })
    }
}

fn all_taken(left: u64) -> Result<(), Unfit> {
    if left == 0 { Ok(()) } else { Err(Unfit(format!("{left} more values stand there than belong there"))) }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.byte()? {
            number @ 0..=SMALL => visitor.visit_u64(number.into()),
            NOTHING => visitor.visit_unit(),
            FALSE => visitor.visit_bool(false),
            TRUE => visitor.visit_bool(true),
            NUMBER => visitor.visit_u64(self.number()?),
            NEGATIVE => match i64::try_from(self.number()?) {
                Ok(number) => visitor.visit_i64(!number),
                Err(_) => Err(Unfit("a negative number has more than 64 bits".to_owned())),
            },
            FLOAT => {
                let bytes = self.take(8)?.first_chunk::<8>().copied().unwrap_or_default();
                visitor.visit_f64(f64::from_le_bytes(bytes))
            }
            TEXT => {
                let number = self.number()?;
                visitor.visit_borrowed_str(self.text_value(number)?)
            }
            LIST => {
                let length = self.number()?;
                self.list(length, visitor)
            }
            MAP => {
                let length = self.number()?;
                self.deeper(|reader| {
                    let mut map = List { reader, left: length };
                    let value = visitor.visit_map(&mut map)?;
                    all_taken(map.left)?;
                    Ok(value)
                })
            }
            RECORD => {
                let shape = self.number()?;
                self.record(shape, visitor)
            }
            VARIANT => {
                let number = self.number()?;
                let name = self.text(number)?;
                self.deeper(|reader| visitor.visit_map(OneVariant { reader, name: Some(name) }))
            }
            short @ FIRST_RECORDS..FIRST_LISTS => self.record(u64::from(short - FIRST_RECORDS), visitor),
            short @ FIRST_LISTS..FIRST_TEXTS => self.list(u64::from(short - FIRST_LISTS), visitor),
            short @ FIRST_TEXTS.. => visitor.visit_borrowed_str(self.text_value(u64::from(short - FIRST_TEXTS))?),
            other => Err(Unfit(format!("no value begins with {other}"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.bytes.get(self.at) == Some(&NOTHING) {
            self.at += 1;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.byte()? {
            VARIANT => {
                let number = self.number()?;
                let name = self.text(number)?;
                self.deeper(|reader| visitor.visit_enum(Variant { reader: Some(reader), name }))
            }
            TEXT => {
                let number = self.number()?;
                let name = self.text(number)?;
                visitor.visit_enum(Variant { reader: None, name })
            }
            short @ FIRST_TEXTS.. => {
                let name = self.text(u64::from(short - FIRST_TEXTS))?;
                visitor.visit_enum(Variant { reader: None, name })
            }
            _ => Err(Unfit("the name of a variant is missing".to_owned())),
        }
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// The values of a list, or the entries of a map.
struct List<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: u64,
}

impl List<'_, '_> {
    /// No more than there are bytes.
    fn hint(&self) -> Option<usize> {
        let bytes = self.reader.bytes.len().saturating_sub(self.reader.at);
        Some(usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes))
    }
}

impl<'de> de::SeqAccess<'de> for List<'_, 'de> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint()
    }
}

impl<'de> de::MapAccess<'de> for List<'_, 'de> {
    type Error = Unfit;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint()
    }
}

/// The fields of a record.
struct Fields<'a, 'de> {
    reader: &'a mut Reader<'de>,
    names: std::slice::Iter<'a, &'de str>,
}

impl<'de> de::MapAccess<'de> for Fields<'_, 'de> {
    type Error = Unfit;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        let Some(name) = self.names.next() else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.names.len())
    }
}

/// A variant with its value, by its name.
struct Variant<'a, 'de> {
    /// What the value is read from, where there is one.
    reader: Option<&'a mut Reader<'de>>,
    name: &'de str,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Unfit;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Unfit> {
        let name = seed.deserialize(BorrowedStrDeserializer::new(self.name))?;
        Ok((name, self))
    }
}

impl<'a, 'de> Variant<'a, 'de> {
    fn value(self) -> Result<&'a mut Reader<'de>, Unfit> {
        self.reader.ok_or_else(|| Unfit(format!("the value of `{}` is missing", self.name)))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        match self.reader {
            None => Ok(()),
            Some(_) => Err(Unfit(format!("`{}` has no value", self.name))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.value()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        self.value()?.deserialize_any(visitor)
    }
}

/// A variant with a value as a map of one entry, as JSON has it: for who does not know what it is.
struct OneVariant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    name: Option<&'de str>,
}

impl<'de> de::MapAccess<'de> for OneVariant<'_, 'de> {
    type Error = Unfit;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        let Some(name) = self.name.take() else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(&mut *self.reader)
    }
}
