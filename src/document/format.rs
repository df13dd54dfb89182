//! How values and fields are written in text: one impl reads, writes and describes.

use std::num::NonZeroU32;
use std::time::Duration;

use indexmap::IndexMap;

use super::fields::Fields;
use super::item::Item;
use super::shape::{FieldShape, RecordShape, Shape};
use super::value::{Map, Value};
use super::wording::quoted;
use crate::id::Name;
use crate::origin::{ProblemCode, Sourced};
use crate::quantity::{Amount, Bandwidth, Bytes, Cpu, GpuShare, Gpus, Milli, Money, Percent};
use crate::time::Moment;

/// One way in which a `T` is written in text. Most types are their own format.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how a `{T}` is written in a manifest",
    note = "name a format after the type, as in `u32 as Whole<1>`"
)]
pub(crate) trait Format<T> {
    /// Whether a field that cannot be read counts as absent.
    const LENIENT: bool = false;

    /// The value; `None` if something is wrong, which is reported.
    fn read(item: Item<'_>) -> Option<T>;
    /// The value as it is written back.
    fn write(value: &T) -> Value;
    /// What can be written there.
    fn shape() -> Shape;
}

/// How a `T` is written in an object: under which keys, and whether it must be present.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how a field of type `{T}` is written in a manifest",
    note = "name a format after the type, as in `u32 as Whole<1>`"
)]
pub(crate) trait Field<T> {
    /// The value; `None` if it is missing or unreadable, which is reported.
    /// An optional field that is absent is returned as absent.
    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<T>;
    /// An object with the field.
    fn put(value: &T, key: &'static str, map: Map) -> Map;
    /// Adds what can be written there to the description of an object.
    fn describe(field: FieldShape, record: &mut RecordShape);
}

/// A required field.
impl<T, F: Format<T>> Field<T> for F {
    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<T> {
        fields.required(key).and_then(F::read)
    }

    fn put(value: &T, key: &'static str, map: Map) -> Map {
        map.with(key, F::write(value))
    }

    fn describe(field: FieldShape, record: &mut RecordShape) {
        record.add(field.required(), F::shape());
    }
}

/// An optional field. No `Option` is a format, which distinguishes this impl from the one above.
impl<T, F: Format<T>> Field<Option<T>> for Option<F> {
    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<Option<T>> {
        match fields.optional(key) {
            None => Some(None),
            Some(item) => match F::read(item) {
                None if F::LENIENT => Some(None),
                read => read.map(Some),
            },
        }
    }

    fn put(value: &Option<T>, key: &'static str, map: Map) -> Map {
        map.maybe(key, value.as_ref().map(F::write))
    }

    fn describe(field: FieldShape, record: &mut RecordShape) {
        record.add(field, F::shape());
    }
}

/// A field with a default: the reader fills it in, the writer leaves it out.
pub(crate) fn take_or<T, F: Format<T>>(
    fields: &mut Fields<'_>,
    key: &'static str,
    default: impl FnOnce() -> T,
) -> Option<T> {
    match fields.optional(key).map(F::read) {
        None => Some(default()),
        Some(None) if F::LENIENT => Some(default()),
        Some(read) => read,
    }
}

/// A field that counts as absent if it cannot be read, which is reported: the load fails, but what the rest of
/// its record names is looked up first.
pub(crate) struct Lenient<F>(std::marker::PhantomData<F>);

impl<T, F: Format<T>> Format<T> for Lenient<F> {
    const LENIENT: bool = true;

    fn read(item: Item<'_>) -> Option<T> {
        F::read(item)
    }

    fn write(value: &T) -> Value {
        F::write(value)
    }

    fn shape() -> Shape {
        F::shape()
    }
}

/// The counterpart of [`take_or`].
pub(crate) fn put_unless<T: PartialEq, F: Format<T>>(value: &T, key: &'static str, map: Map, default: &T) -> Map {
    if value == default { map } else { map.with(key, F::write(value)) }
}

/// The description of a field with a default.
pub(crate) fn describe_or<T, F: Format<T>>(field: FieldShape, record: &mut RecordShape, default: &T) {
    record.add(field.or(F::write(default)), F::shape());
}

/// A record: an object whose fields are declared, by `document!`.
pub(crate) trait Record: Sized {
    /// What it is called in problems; the title of its schema.
    const WHAT: &'static str;
    /// Takes its fields.
    fn take_fields(fields: &mut Fields<'_>) -> Option<Self>;
    /// Adds its fields.
    fn put_fields(&self, map: Map) -> Map;
    /// Adds the descriptions of its fields.
    fn describe_fields(record: &mut RecordShape);
}

impl<R: Record> Format<R> for R {
    fn read(item: Item<'_>) -> Option<R> {
        let mut fields = item.object(R::WHAT)?;
        let read = R::take_fields(&mut fields);
        fields.finish();
        read
    }

    fn write(value: &R) -> Value {
        value.put_fields(Map::default()).into()
    }

    fn shape() -> Shape {
        let mut record = RecordShape::new(R::WHAT);
        R::describe_fields(&mut record);
        Shape::Record(record)
    }
}

/// A field of a record that is not written in the text.
pub(crate) struct Elsewhere;

impl<T> Field<Option<T>> for Elsewhere {
    fn take(_: &mut Fields<'_>, _: &'static str) -> Option<Option<T>> {
        Some(None)
    }

    fn put(_: &Option<T>, _: &'static str, map: Map) -> Map {
        map
    }

    fn describe(_: FieldShape, _: &mut RecordShape) {}
}

impl<T, F: Format<T>> Format<Sourced<T>> for Sourced<F> {
    fn read(item: Item<'_>) -> Option<Sourced<T>> {
        F::read(item).map(|value| item.sourced(value))
    }

    fn write(value: &Sourced<T>) -> Value {
        F::write(value)
    }

    fn shape() -> Shape {
        F::shape()
    }
}

/// A list. Entries that cannot be read are left out, so that what the others name is looked up.
impl<T, F: Format<T>> Format<Vec<T>> for Vec<F> {
    fn read(item: Item<'_>) -> Option<Vec<T>> {
        item.list(F::read)
    }

    fn write(value: &Vec<T>) -> Value {
        Value::list(value, F::write)
    }

    fn shape() -> Shape {
        Shape::List { of: Box::new(F::shape()), least: 0 }
    }
}

/// A list of at least one entry.
pub(crate) struct Nonempty<F>(std::marker::PhantomData<F>);

impl<T, F: Format<T>> Format<Vec<T>> for Nonempty<F> {
    fn read(item: Item<'_>) -> Option<Vec<T>> {
        item.nonempty(F::read)
    }

    fn write(value: &Vec<T>) -> Value {
        Value::list(value, F::write)
    }

    fn shape() -> Shape {
        Shape::List { of: Box::new(F::shape()), least: 1 }
    }
}

/// A list that is read as a whole or not at all.
pub(crate) struct Every<F>(std::marker::PhantomData<F>);

impl<T, F: Format<T>> Format<Vec<T>> for Every<F> {
    fn read(item: Item<'_>) -> Option<Vec<T>> {
        let mut unreadable = false;
        let read = item.list(|item| {
            let read = F::read(item);
            unreadable |= read.is_none();
            read
        })?;
        (!unreadable).then_some(read)
    }

    fn write(value: &Vec<T>) -> Value {
        Value::list(value, F::write)
    }

    fn shape() -> Shape {
        Shape::List { of: Box::new(F::shape()), least: 0 }
    }
}

impl Format<bool> for bool {
    fn read(item: Item<'_>) -> Option<bool> {
        item.boolean()
    }

    fn write(value: &bool) -> Value {
        (*value).into()
    }

    fn shape() -> Shape {
        Shape::Boolean
    }
}

/// A whole number from `FROM` to `TO`.
pub(crate) struct Whole<const FROM: i64, const TO: i64 = { u32::MAX as i64 }>;

impl<N: TryFrom<i64> + Copy + Into<Value>, const FROM: i64, const TO: i64> Format<N> for Whole<FROM, TO> {
    fn read(item: Item<'_>) -> Option<N> {
        item.whole(FROM..=TO)
    }

    fn write(value: &N) -> Value {
        (*value).into()
    }

    fn shape() -> Shape {
        Shape::Whole { from: FROM, to: TO }
    }
}

/// Types that are written in another format.
macro_rules! as_another {
    ($($type:ty: $format:ty;)+) => {$(
        impl Format<$type> for $type {
            fn read(item: Item<'_>) -> Option<$type> {
                <$format as Format<$type>>::read(item)
            }

            fn write(value: &$type) -> Value {
                <$format as Format<$type>>::write(value)
            }

            fn shape() -> Shape {
                <$format as Format<$type>>::shape()
            }
        }
    )+};
}

as_another! {
    u32: Whole<0>;
    u64: Whole<0, { i64::MAX }>;
    u16: Whole<0, { u16::MAX as i64 }>;
    i32: Whole<{ i32::MIN as i64 }, { i32::MAX as i64 }>;
}

impl Format<NonZeroU32> for NonZeroU32 {
    fn read(item: Item<'_>) -> Option<NonZeroU32> {
        item.whole(1..=u32::MAX.into()).and_then(NonZeroU32::new)
    }

    fn write(value: &NonZeroU32) -> Value {
        value.get().into()
    }

    fn shape() -> Shape {
        Shape::Whole { from: 1, to: u32::MAX.into() }
    }
}

impl Format<Percent> for Percent {
    fn read(item: Item<'_>) -> Option<Percent> {
        item.whole(1..=100).and_then(Percent::new)
    }

    fn write(value: &Percent) -> Value {
        value.get().into()
    }

    fn shape() -> Shape {
        Shape::Whole { from: 1, to: 100 }
    }
}

/// Whole seconds, at least `FROM`; a fraction is rounded up when written.
pub(crate) struct Seconds<const FROM: i64>;

impl<const FROM: i64> Format<Duration> for Seconds<FROM> {
    fn read(item: Item<'_>) -> Option<Duration> {
        item.whole::<u32>(FROM..=u32::MAX.into()).map(|seconds| Duration::from_secs(seconds.into()))
    }

    fn write(value: &Duration) -> Value {
        (value.as_secs() + u64::from(value.subsec_nanos() > 0)).into()
    }

    fn shape() -> Shape {
        Shape::Whole { from: FROM, to: u32::MAX.into() }
    }
}

/// Exact amounts, in the notation of each type.
macro_rules! amounts {
    ($($type:ty),+) => {$(
        impl Format<$type> for $type {
            fn read(item: Item<'_>) -> Option<$type> {
                item.quantity()
            }

            fn write(value: &$type) -> Value {
                Value::text(value)
            }

            fn shape() -> Shape {
                Shape::Amount { units: <$type as Amount>::UNITS, above_zero: false }
            }
        }
    )+};
}

amounts!(Cpu, Bytes, Bandwidth, Gpus, Money, Milli);

impl Format<Moment> for Moment {
    fn read(item: Item<'_>) -> Option<Moment> {
        let moment = item.text()?.parse().ok();
        if moment.is_none() {
            let message = "a moment must have a date, a time and a UTC offset";
            item.problem(ProblemCode::InvalidValue, message, "write it as `2026-01-31T12:00:00Z`, from 1970 to 9999");
        }
        moment
    }

    fn write(value: &Moment) -> Value {
        Value::text(value)
    }

    fn shape() -> Shape {
        Shape::Moment
    }
}

/// A length of time above zero, as a whole number and a unit.
pub(crate) struct Span;

const UNITS: [(&str, u64); 4] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

impl Format<Duration> for Span {
    fn read(item: Item<'_>) -> Option<Duration> {
        let text = item.text()?;
        let of = |(unit, millis): (&str, u64)| {
            let number = text.strip_suffix(unit).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
            number.parse::<u64>().ok()?.checked_mul(millis)
        };
        // `ms` ends in `s`, and is asked for first.
        let span = of(("ms", 1)).or_else(|| UNITS.into_iter().find_map(of)).filter(|millis| *millis > 0);
        if span.is_none() {
            let help = "write it as `90s`, `10m`, `2h` or `1d`";
            item.problem(
                ProblemCode::InvalidValue,
                "a length of time must be a whole number above zero and a unit",
                help,
            );
        }
        span.map(Duration::from_millis)
    }

    fn write(value: &Duration) -> Value {
        let millis = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
        let fitting = UNITS.into_iter().find(|(_, unit)| millis % unit == 0);
        let (unit, of) = fitting.unwrap_or(("ms", 1));
        Value::text(format!("{}{unit}", millis / of))
    }

    fn shape() -> Shape {
        Shape::Pattern("^0*[1-9][0-9]*(ms|s|m|h|d)$")
    }
}

impl Format<GpuShare> for GpuShare {
    fn read(item: Item<'_>) -> Option<GpuShare> {
        item.quantity()
    }

    fn write(value: &GpuShare) -> Value {
        Value::text(value)
    }

    fn shape() -> Shape {
        Shape::Share
    }
}

impl Format<String> for String {
    fn read(item: Item<'_>) -> Option<String> {
        item.string()
    }

    fn write(value: &String) -> Value {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Text
    }
}

impl Format<Name> for Name {
    fn read(item: Item<'_>) -> Option<Name> {
        item.name().map(|name| name.value)
    }

    fn write(value: &Name) -> Value {
        value.as_str().into()
    }

    fn shape() -> Shape {
        Shape::Name
    }
}

/// The name of something that is described elsewhere.
pub(crate) struct Reference;

impl Format<String> for Reference {
    fn read(item: Item<'_>) -> Option<String> {
        item.reference().map(|name| name.value)
    }

    fn write(value: &String) -> Value {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Name
    }
}

/// Texts by key. As in Kubernetes, `3` and `true` are not strings there.
impl Format<IndexMap<String, String>> for IndexMap<String, String> {
    fn read(item: Item<'_>) -> Option<IndexMap<String, String>> {
        item.texts()
    }

    fn write(value: &IndexMap<String, String>) -> Value {
        Value::Map(value.iter().map(|(key, text)| (key.clone(), text.into())).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(Shape::StrictText), least: 0 }
    }
}

/// A whole number from `FROM` on, or `unlimited`.
pub(crate) struct OrUnlimited<const FROM: i64>;

impl<const FROM: i64> Format<Option<u32>> for OrUnlimited<FROM> {
    fn read(item: Item<'_>) -> Option<Option<u32>> {
        if item.is("unlimited") {
            return Some(None);
        }
        if let Some(text) = item.scalar().filter(|text| text.starts_with(char::is_alphabetic)) {
            let message = format!("{} cannot be {}", item.called(), quoted(text));
            item.problem(ProblemCode::InvalidValue, message, "write a whole number, or `unlimited`");
            return None;
        }
        item.whole(FROM..=u32::MAX.into()).map(Some)
    }

    fn write(value: &Option<u32>) -> Value {
        value.map_or_else(|| "unlimited".into(), Value::from)
    }

    fn shape() -> Shape {
        Shape::Either(vec![Shape::Whole { from: FROM, to: u32::MAX.into() }, Shape::Words(vec!["unlimited"])])
    }
}
