//! Tables that come in: streams of batches, and cells as the values that manifests have.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{
    ArrowDictionaryKeyType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, Schema};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::{Map, Number, Value};

use crate::failure::{Failure, Outcome};

/// A table as it comes in, batch by batch.
pub(crate) type Stream = RecordBatchStreamReader;

/// Takes a stream out of a capsule of Arrow's C stream interface, which is empty afterwards.
#[allow(unsafe_code)]
pub(crate) fn stream(capsule: &Bound<'_, PyCapsule>) -> Outcome<Stream> {
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds a stream of that interface, by its definition; `from_raw` moves it out and
    // leaves a released one behind, which the capsule's destructor knows.
    let read = unsafe { RecordBatchStreamReader::from_raw(pointer.as_ptr()) };
    read.map_err(|error| Failure::value(error.to_string(), "give a table that is exported anew for each call"))
}

/// The cells of a row: each column that is not null, by its name, as JSON.
pub(crate) fn row(batch: &RecordBatch, row: usize) -> Result<Map<String, Value>, String> {
    let mut cells = Map::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if let Some(value) = cell(column.as_ref(), row).map_err(|kind| unusable(field.name(), &kind))? {
            cells.insert(field.name().clone(), value);
        }
    }
    Ok(cells)
}

fn unusable(column: &str, kind: &DataType) -> String {
    format!("column `{column}` is of type {kind}, which no field has")
}

/// Refuses columns that the table does not have, and such as stand twice.
pub(crate) fn check_columns(schema: &Schema, table: &str, known: &[String]) -> Outcome<()> {
    let mut seen = BTreeMap::new();
    for field in schema.fields() {
        let name = field.name();
        if seen.insert(name, ()).is_some() {
            return Err(Failure::value(format!("column `{name}` of `{table}` stands twice"), "give it once"));
        }
        if !known.contains(name) {
            let near = siting::catalog::nearest(name, known.iter().map(String::as_str));
            let message = match near.first() {
                Some(near) if name.len() <= 100 => format!("`{table}` has no column `{name}`; did you mean `{near}`?"),
                _ => format!("`{table}` has no column `{name}`"),
            };
            return Err(Failure::Value {
                code: "unknown-field",
                message,
                help: "`siting.arrow` lists the columns of each table; leave out or rename others",
            });
        }
    }
    Ok(())
}

/// A value as JSON; nothing where it is null or not a number.
fn cell(array: &dyn Array, at: usize) -> Result<Option<Value>, DataType> {
    if array.is_null(at) {
        return Ok(None);
    }
    let kind = array.data_type();
    Ok(match kind {
        DataType::Null => None,
        DataType::Boolean => Some(Value::Bool(array.as_boolean().value(at))),
        DataType::Int8 => whole::<Int8Type>(array, at),
        DataType::Int16 => whole::<Int16Type>(array, at),
        DataType::Int32 => whole::<Int32Type>(array, at),
        DataType::Int64 => whole::<Int64Type>(array, at),
        DataType::UInt8 => whole::<UInt8Type>(array, at),
        DataType::UInt16 => whole::<UInt16Type>(array, at),
        DataType::UInt32 => whole::<UInt32Type>(array, at),
        DataType::UInt64 => whole::<UInt64Type>(array, at),
        DataType::Float32 => float(array.as_primitive::<Float32Type>().value(at).into()),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(at)),
        DataType::Decimal128(..) => Some(Value::String(array.as_primitive::<Decimal128Type>().value_as_string(at))),
        DataType::Utf8 => text(array.as_string::<i32>().value(at)),
        DataType::LargeUtf8 => text(array.as_string::<i64>().value(at)),
        DataType::Utf8View => text(array.as_string_view().value(at)),
        DataType::List(_) => list(array.as_list::<i32>().value(at).as_ref())?,
        DataType::LargeList(_) => list(array.as_list::<i64>().value(at).as_ref())?,
        DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(at).as_ref())?,
        DataType::Struct(fields) => {
            let mut map = Map::new();
            for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                if let Some(value) = cell(column.as_ref(), at)? {
                    map.insert(field.name().clone(), value);
                }
            }
            Some(Value::Object(map))
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(at);
            let mut map = Map::new();
            for entry in 0..entries.len() {
                let key = cell(entries.column(0).as_ref(), entry)?;
                if let (Some(Value::String(key)), Some(value)) = (key, cell(entries.column(1).as_ref(), entry)?) {
                    map.insert(key, value);
                }
            }
            Some(Value::Object(map))
        }
        DataType::Dictionary(keys, _) => match **keys {
            DataType::Int8 => named::<Int8Type>(array, at)?,
            DataType::Int16 => named::<Int16Type>(array, at)?,
            DataType::Int32 => named::<Int32Type>(array, at)?,
            DataType::Int64 => named::<Int64Type>(array, at)?,
            DataType::UInt8 => named::<UInt8Type>(array, at)?,
            DataType::UInt16 => named::<UInt16Type>(array, at)?,
            DataType::UInt32 => named::<UInt32Type>(array, at)?,
            DataType::UInt64 => named::<UInt64Type>(array, at)?,
            _ => return Err(kind.clone()),
        },
        _ => return Err(kind.clone()),
    })
}

fn whole<T: ArrowPrimitiveType>(array: &dyn Array, at: usize) -> Option<Value>
where
    T::Native: Into<Number>,
{
    Some(Value::Number(array.as_primitive::<T>().value(at).into()))
}

/// What dataframes have for a missing number is none; a whole number that became a float is whole again.
#[allow(clippy::cast_possible_truncation)]
fn float(value: f64) -> Option<Value> {
    let exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    if exact { Some(Value::Number((value as i64).into())) } else { Number::from_f64(value).map(Value::Number) }
}

fn text(value: &str) -> Option<Value> {
    Some(Value::String(value.to_owned()))
}

fn list(values: &dyn Array) -> Result<Option<Value>, DataType> {
    let mut found = Vec::with_capacity(values.len());
    for at in 0..values.len() {
        found.push(cell(values, at)?.unwrap_or(Value::Null));
    }
    Ok(Some(Value::Array(found)))
}

fn named<K: ArrowDictionaryKeyType>(array: &dyn Array, at: usize) -> Result<Option<Value>, DataType> {
    let dictionary = array.as_dictionary::<K>();
    match dictionary.key(at) {
        Some(key) => cell(dictionary.values().as_ref(), key),
        None => Ok(None),
    }
}

/// The rows of a stream in slices of at most so many, so that no more than one is at hand.
pub(crate) fn slices(stream: Stream, most: usize) -> impl Iterator<Item = Outcome<RecordBatch>> {
    stream.flat_map(move |batch| match batch {
        Ok(batch) => {
            let starts = (0..batch.num_rows()).step_by(most);
            let cut = starts.map(|from| Ok(batch.slice(from, most.min(batch.num_rows() - from))));
            cut.collect::<Vec<_>>()
        }
        Err(error) => vec![Err(error.into())],
    })
}

/// The schema of a stream.
pub(crate) fn schema_of(stream: &Stream) -> arrow_schema::SchemaRef {
    RecordBatchReader::schema(stream)
}
