//! Decisions about deployments that a table describes, one batch after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchReader, StringArray};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::Value;
use siting::bitset::BitSet;
use siting::manifest::spec::Specs;
use siting::workspace::{ChangeStep, Documents, PlaceOptions, Workspace as Snapshot, WorkspaceChange};

use super::ROWS;
use super::cells::{Stream, check_columns, row, schema_of, slices, stream};
use super::documents::Table;
use super::texts::{At, Document, Rejected, Texts};
use crate::columns;
use crate::failure::{Failure, Outcome};
use crate::rows::Row;
use crate::workspace::Workspace;

/// What decides tables: a workspace as it was.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Decided {
    workspace: Arc<Snapshot>,
    partial: bool,
}

#[pymethods]
impl Decided {
    #[new]
    fn new(workspace: &Workspace, partial: bool) -> Self {
        Self { workspace: workspace.snapshot(), partial }
    }

    /// The names of the clusters, in the order of the bits of the columns that hold masks.
    fn clusters(&self) -> Vec<String> {
        columns::cluster_names(self.workspace.inventory().fleet())
    }

    /// The decisions of the rows of a stream, as a stream: no more than one batch is at hand.
    fn arrow_stream<'py>(&self, py: Python<'py>, table: &Bound<'py, PyCapsule>) -> Outcome<Bound<'py, PyCapsule>> {
        let given = stream(table)?;
        check_columns(&schema_of(&given), Table::Deployments.name(), Table::Deployments.columns())?;
        let schema = decided_batch(self.clusters_of(), 0, &[], &[])?.schema();
        let (workspace, partial) = (Arc::clone(&self.workspace), self.partial);
        columns::handed_over(py, Box::new(Batches::new(Self { workspace, partial }, given, schema)))
    }
}

/// The columns of a table that comes in.
#[pyfunction]
pub(crate) fn table_columns(table: &str) -> Outcome<Vec<String>> {
    let all = [Table::Clusters, Table::Pools, Table::Deployments, Table::Placements];
    let found = all.into_iter().find(|known| known.name() == table);
    let found = found
        .ok_or_else(|| Failure::value("there is no such table", "name clusters, pools, deployments or placements"))?;
    Ok(found.columns().to_vec())
}

struct Batches {
    decided: Decided,
    given: Box<dyn Iterator<Item = Outcome<RecordBatch>> + Send>,
    schema: SchemaRef,
    /// How many rows came before.
    before: u64,
}

impl Batches {
    fn new(decided: Decided, given: Stream, schema: SchemaRef) -> Self {
        Self { decided, given: Box::new(slices(given, ROWS)), schema, before: 0 }
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let told = |failure: Failure| ArrowError::ExternalError(failure.told().into());
        let batch = match self.given.next()? {
            Ok(batch) => batch,
            Err(failure) => return Some(Err(told(failure))),
        };
        let from = self.before;
        self.before += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        Some(self.decided.decide(from, &batch).map_err(told))
    }
}

impl RecordBatchReader for Batches {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Decided {
    fn clusters_of(&self) -> usize {
        self.workspace.inventory().fleet().clusters().len()
    }

    /// Decides the rows of a batch, each as if it were loaded and the only one.
    fn decide(&self, from: u64, batch: &RecordBatch) -> Outcome<RecordBatch> {
        let (mut documents, mut rejected, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..batch.num_rows() {
            let place = (Table::Deployments, from + u64::try_from(at).unwrap_or(u64::MAX));
            let told = |cells: &serde_json::Map<String, Value>, key: &str| {
                cells.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            match row(batch, at) {
                Ok(cells) => {
                    let kind = Some(told(&cells, "type")).filter(|kind| !kind.is_empty());
                    let kind = kind.unwrap_or_else(|| "model".to_owned());
                    named.push([kind, told(&cells, "workload"), told(&cells, "name")]);
                    documents.push(Document::new(place, &Table::Deployments.written(cells)));
                }
                Err(message) => {
                    named.push(Default::default());
                    let help = "give texts, numbers, truth values, and lists and structs of them";
                    rejected.push(Rejected::new(place, "wrong-type", message, help));
                }
            }
        }
        let mut texts = Texts::new(documents, rejected);
        let with = loop {
            let specs: Vec<_> = texts.specs().into_iter().flat_map(|part| part.deployments.iter().cloned()).collect();
            if specs.is_empty() {
                break Arc::clone(&self.workspace);
            }
            let put = Documents::already_read(Specs { deployments: specs, ..Specs::default() });
            let change = WorkspaceChange::new().then(ChangeStep::Put(Box::new(put)));
            match self.workspace.what_if(self.workspace.last_moment().unwrap_or_default(), change) {
                Ok(with) => break Arc::new(with),
                Err(error) => {
                    let others = texts.reject(error.problems);
                    if !others.is_empty() {
                        return Err(Failure::Load(others));
                    }
                }
            }
        };
        let rejected = texts.into_rejected();
        let mut rows = Vec::with_capacity(named.len());
        for (at, named) in named.into_iter().enumerate() {
            let place: At = (Table::Deployments, from + u64::try_from(at).unwrap_or(u64::MAX));
            rows.push(if rejected.contains_key(&place) { self.invalid(named) } else { self.row(&with, &named)? });
        }
        decided_batch(self.clusters_of(), from, &rows, &told_of(&rejected, from, rows.len()))
    }

    fn row(&self, with: &Arc<Snapshot>, named: &[String; 3]) -> Outcome<Row> {
        let options = PlaceOptions { partial: self.partial, optimize: 0 };
        let decided = with.place_as(named.join("/").as_str(), options)?;
        let mut rows = Row::of_made(with, &[Arc::new(decided)])?;
        rows.pop().ok_or_else(|| Failure::value("a decision is missing", "this is a bug in siting; please report it"))
    }

    /// What is told of a row that cannot be used.
    fn invalid(&self, named: [String; 3]) -> Row {
        Row {
            named,
            environment: None,
            verdict: "invalid",
            candidates: 0,
            placements: Vec::new(),
            wanted: None,
            reasons: Vec::new(),
            clusters: BitSet::empty(self.clusters_of()),
        }
    }
}

/// The columns of decisions, between the number of each row and what is wrong with it.
pub(crate) fn decided_batch(
    clusters: usize,
    from: u64,
    rows: &[Row],
    errors: &[Option<&Rejected>],
) -> Outcome<RecordBatch> {
    let decisions = columns::decisions(clusters, rows)?;
    let first = i64::try_from(from).unwrap_or(i64::MAX);
    let numbers = (first..).take(rows.len()).collect::<Vec<_>>();
    let mut all: Vec<(String, bool, ArrayRef)> = vec![("row".to_owned(), false, Arc::new(Int64Array::from(numbers)))];
    for (field, column) in decisions.schema().fields().iter().zip(decisions.columns()) {
        all.push((field.name().clone(), field.is_nullable(), Arc::clone(column)));
    }
    let text = |of: fn(&Rejected) -> Option<&str>| -> ArrayRef {
        Arc::new(errors.iter().map(|error| error.and_then(of)).collect::<StringArray>())
    };
    all.push(("error_code".to_owned(), true, text(|error| Some(&error.code))));
    all.push(("error_message".to_owned(), true, text(|error| Some(&error.message))));
    all.push(("error_help".to_owned(), true, text(|error| error.help.as_deref())));
    columns::batch_of(all)
}

/// What is wrong with each of so many rows.
fn told_of(rejected: &BTreeMap<At, Rejected>, from: u64, rows: usize) -> Vec<Option<&Rejected>> {
    (from..).take(rows).map(|row| rejected.get(&(Table::Deployments, row))).collect()
}
