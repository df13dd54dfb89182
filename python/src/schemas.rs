//! The schemas of tables that come out, as Arrow has them and as Spark writes them.

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Field, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::json;
use siting::report::DiffReport;

use crate::columns;
use crate::failure::{Failure, Outcome};
use crate::kept::typed;
use crate::tables;

/// The schema of a table.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Schema {
    schema: SchemaRef,
}

#[pymethods]
impl Schema {
    /// The schema of a table by its name, with a bit for each of so many clusters.
    #[staticmethod]
    fn of(py: Python<'_>, table: &str, clusters: usize) -> Outcome<Self> {
        py.detach(|| {
            let schema = match table {
                "decisions" => columns::decisions(clusters, &[])?.schema(),
                "decided" => tables::decided_batch(clusters, 0, &[], &[])?.schema(),
                "allowed" => columns::allowed(&[], clusters, &[])?.schema(),
                "pairs" => columns::allowed_pairs(&[], &[], &[])?.schema(),
                "candidates" => columns::candidate_pairs(std::iter::empty())?.schema(),
                "differences" => columns::differences(&no_difference()?)?.schema(),
                _ => return Err(Failure::value("there is no such table", "this is a bug in siting; please report it")),
            };
            Ok(Self { schema })
        })
    }

    fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// As a schema of Spark is written.
    fn ddl(&self) -> String {
        listed(self.schema.fields().iter().map(|field| (field.as_ref(), " ")))
    }

    /// As a capsule of Arrow's C schema interface.
    fn arrow_schema<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref())?;
        Ok(PyCapsule::new_with_value(py, schema, c"arrow_schema")?)
    }
}

fn no_difference() -> Outcome<DiffReport> {
    let nothing =
        ["policies", "levels", "environments", "loosened", "widened", "deployments", "added", "removed", "moves"];
    let mut report = json!({"apiVersion": "siting.dev/v1", "kind": "DiffReport"});
    if let Some(report) = report.as_object_mut() {
        report.extend(nothing.map(|key| (key.to_owned(), json!([]))));
    }
    typed(report)
}

fn listed<'a>(fields: impl Iterator<Item = (&'a Field, &'a str)>) -> String {
    fields
        .map(|(field, between)| format!("{}{between}{}", field.name(), spark(field.data_type())))
        .collect::<Vec<_>>()
        .join(", ")
}

fn spark(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Decimal128(digits, scale) => format!("DECIMAL({digits},{scale})"),
        DataType::List(item) | DataType::FixedSizeList(item, _) => format!("ARRAY<{}>", spark(item.data_type())),
        DataType::Struct(fields) => format!("STRUCT<{}>", listed(fields.iter().map(|field| (field.as_ref(), ": ")))),
        // Names, which may stand in a dictionary.
        _ => "STRING".to_owned(),
    }
}
