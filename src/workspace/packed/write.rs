//! Values to bytes.

use std::collections::HashMap;

use serde::Serialize;
use serde::ser::{self, Serializer};
use smallvec::SmallVec;

use super::{
    FALSE, FIRST_LISTS, FIRST_RECORDS, FIRST_TEXTS, FLOAT, FORM, LIST, MAGIC, MAP, NEGATIVE, NOTHING, NUMBER, RECORD,
    SMALL, TEXT, TRUE, Unfit, VARIANT,
};

/// A value of some version as bytes.
///
/// # Errors
/// [`Unfit`] of what has no place in this form: numbers of more than 64 bits.
pub(in crate::workspace) fn write(version: u32, value: &impl Serialize) -> Result<Vec<u8>, Unfit> {
    let mut writer = Writer::default();
    value.serialize(&mut writer)?;
    let mut rest = Vec::with_capacity(writer.body.len() + 64);
    number(&mut rest, version.into());
    number(&mut rest, writer.texts.list.len() as u64);
    for text in &writer.texts.list {
        number(&mut rest, text.len() as u64);
        rest.extend(text.as_bytes());
    }
    number(&mut rest, writer.shapes.len() as u64);
    for names in &writer.shapes {
        number(&mut rest, names.len() as u64);
        names.iter().for_each(|name| number(&mut rest, *name));
    }
    rest.append(&mut writer.body);
    let mut bytes = [MAGIC.as_slice(), &[FORM], &crc32fast::hash(&rest).to_le_bytes()].concat();
    bytes.append(&mut rest);
    Ok(bytes)
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 128 {
        out.push(low(number) | 128);
        number >>= 7;
    }
    out.push(low(number));
}

/// The lowest seven bits.
fn low(number: u64) -> u8 {
    u8::try_from(number & 127).unwrap_or_default()
}

/// The texts, each once.
#[derive(Default)]
struct Texts {
    list: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u64>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u64 {
        if let Some(known) = self.numbers.get(text) {
            return *known;
        }
        let number = self.list.len() as u64;
        self.list.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }
}

#[derive(Default)]
struct Writer {
    body: Vec<u8>,
    texts: Texts,
    /// The names of each shape's fields.
    shapes: Vec<Vec<u64>>,
    /// By the addresses of its names, which are the same for each value of a type.
    shape_numbers: HashMap<Vec<usize>, u64>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let number = self.texts.number(text);
        let head = head(TEXT, FIRST_TEXTS, 255, number);
        self.body.extend(head);
    }

    fn shape(&mut self, names: &[&'static str]) -> u64 {
        let addresses: SmallVec<[usize; 16]> = names.iter().map(|name| name.as_ptr().addr()).collect();
        // Names that are empty, or one within another, have no address of their own.
        if let Some(known) = self.shape_numbers.get(addresses.as_slice())
            && self.shapes.get(usize::try_from(*known).unwrap_or(usize::MAX)).is_some_and(|shape| {
                let known = shape.iter().filter_map(|name| self.texts.list.get(usize::try_from(*name).ok()?));
                known.map(|name| name.len()).eq(names.iter().map(|name| name.len()))
            })
        {
            return *known;
        }
        let number = self.shapes.len() as u64;
        let shape = names.iter().map(|name| self.texts.number(name)).collect();
        self.shapes.push(shape);
        self.shape_numbers.insert(addresses.into_vec(), number);
        number
    }
}

/// The bytes before something of a number: one, where the number is among the first.
fn head(tag: u8, first: u8, last: u8, of: u64) -> SmallVec<[u8; 12]> {
    let mut out = SmallVec::new();
    match u8::try_from(of).ok().and_then(|of| first.checked_add(of)).filter(|short| *short <= last) {
        Some(short) => out.push(short),
        None => {
            let mut bytes = vec![tag];
            number(&mut bytes, of);
            out.extend(bytes);
        }
    }
    out
}

/// What holds several values: what stands before them is known after them.
struct Several<'a> {
    writer: &'a mut Writer,
    at: usize,
    count: u64,
    names: SmallVec<[&'static str; 16]>,
}

impl<'a> Several<'a> {
    fn of(writer: &'a mut Writer) -> Self {
        let at = writer.body.len();
        Self { writer, at, count: 0, names: SmallVec::new() }
    }

    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.count += 1;
        value.serialize(&mut *self.writer)
    }

    fn end(self, head: &[u8]) {
        self.writer.body.splice(self.at..self.at, head.iter().copied());
    }

    fn end_list(self) {
        let head = head(LIST, FIRST_LISTS, FIRST_TEXTS - 1, self.count);
        self.end(&head);
    }

    fn end_record(self) {
        let shape = self.writer.shape(&self.names);
        let head = head(RECORD, FIRST_RECORDS, FIRST_LISTS - 1, shape);
        self.end(&head);
    }
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unfit;
    type SerializeSeq = Several<'a>;
    type SerializeTuple = Several<'a>;
    type SerializeTupleStruct = Several<'a>;
    type SerializeTupleVariant = Several<'a>;
    type SerializeMap = Several<'a>;
    type SerializeStruct = Several<'a>;
    type SerializeStructVariant = Several<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Unfit> {
        self.body.push(if value { TRUE } else { FALSE });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unfit> {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => {
                self.body.push(NEGATIVE);
                number(&mut self.body, !value.cast_unsigned());
                Ok(())
            }
        }
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unfit> {
        if value > u64::from(SMALL) {
            self.body.push(NUMBER);
        }
        number(&mut self.body, value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Unfit> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Unfit> {
        self.body.push(FLOAT);
        self.body.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Unfit> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Unfit> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unfit> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Unfit> {
        self.body.push(NOTHING);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unfit> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unfit> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unfit> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unfit> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        self.variant(variant);
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Several<'a>, Unfit> {
        Ok(Several::of(self))
    }

    fn serialize_tuple(self, _: usize) -> Result<Several<'a>, Unfit> {
        Ok(Several::of(self))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Several<'a>, Unfit> {
        Ok(Several::of(self))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Several<'a>, Unfit> {
        self.variant(variant);
        Ok(Several::of(self))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Several<'a>, Unfit> {
        Ok(Several::of(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Several<'a>, Unfit> {
        Ok(Several::of(self))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Several<'a>, Unfit> {
        self.variant(variant);
        Ok(Several::of(self))
    }

    fn is_human_readable(&self) -> bool {
        // As JSON: whoever writes otherwise for machines writes what only its own version reads.
        true
    }
}

impl Writer {
    fn variant(&mut self, name: &'static str) {
        let number_of = self.texts.number(name);
        self.body.push(VARIANT);
        number(&mut self.body, number_of);
    }
}

/// What holds values one after the other.
macro_rules! lists {
    ($($face:ident: $add:ident),+) => {$(
        impl ser::$face for Several<'_> {
            type Ok = ();
            type Error = Unfit;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
                self.add(value)
            }

            fn end(self) -> Result<(), Unfit> {
                self.end_list();
                Ok(())
            }
        }
    )+};
}

lists!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

/// What holds values by the names of fields.
macro_rules! records {
    ($($face:ident),+) => {$(
        impl ser::$face for Several<'_> {
            type Ok = ();
            type Error = Unfit;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unfit> {
                self.names.push(name);
                self.add(value)
            }

            fn end(self) -> Result<(), Unfit> {
                self.end_record();
                Ok(())
            }
        }
    )+};
}

records!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Several<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        self.add(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unfit> {
        let mut head = vec![MAP];
        number(&mut head, self.count);
        Self::end(self, &head);
        Ok(())
    }
}
