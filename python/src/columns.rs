//! Answers as Arrow columns, handed over by the `PyCapsule` interface without a copy.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeListArray, Int64Array, ListArray,
    RecordBatch, RecordBatchIterator, RecordBatchReader, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use siting::bitset::BitSet;
use siting::id::{ClusterId, Id};
use siting::inventory::Fleet;
use siting::quantity::Money;
use siting::report::{
    CandidateReport, CauseReport, DecisionReport, DeploymentDiffReport, DiffReport, FiguresReport, ReasonReport,
};

use crate::failure::{Failure, Outcome};
use crate::rows::Row;

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::Value {
            code: "arrow",
            message: error.to_string(),
            help: "decide fewer deployments at once, or read the decisions one by one",
        }
    }
}

/// Money is in millionths, and at most 2^64 of them.
const DIGITS: u8 = 20;
const SCALE: i8 = 6;

/// The names of all clusters: what the bits of masks stand for.
pub(crate) fn cluster_names(fleet: &Fleet) -> Vec<String> {
    fleet.clusters().iter().map(|cluster| cluster.name.as_str().to_owned()).collect()
}

/// One row a decision, with a bit for each of so many clusters.
pub(crate) fn decisions(clusters: usize, rows: &[Row]) -> Outcome<RecordBatch> {
    let named = |part: usize| texts(rows.iter().map(move |row| row.named.get(part).map_or("", String::as_str)));
    let prices = rows.iter().map(|row| total(row.placements.iter().map(|placed| placed.price_per_hour)));
    let environments: StringArray = rows.iter().map(|row| row.environment.as_deref()).collect();
    let columns: [(&str, bool, ArrayRef); 12] = [
        ("type", false, named(0)),
        ("workload", false, named(1)),
        ("name", false, named(2)),
        ("environment", true, Arc::new(environments)),
        ("verdict", false, texts(rows.iter().map(|row| row.verdict))),
        ("candidate_count", false, whole(rows.iter().map(|row| Some(row.candidates)))),
        ("price_per_hour", true, money(prices)?),
        ("wanted", true, whole(rows.iter().map(|row| row.wanted.map(|(wanted, _)| wanted)))),
        ("fitting", true, whole(rows.iter().map(|row| row.wanted.map(|(_, fitting)| fitting)))),
        ("placements", false, placements(rows)?),
        ("reasons", false, reasons(rows)?),
        ("candidate_clusters", false, bits(clusters, rows.iter().map(|row| &row.clusters))?),
    ];
    batch(columns)
}

/// One row a deployment: its address, and the clusters it is allowed on.
pub(crate) fn allowed(
    deployments: &[String],
    clusters: usize,
    sets: &[Arc<BitSet<ClusterId>>],
) -> Outcome<RecordBatch> {
    batch([
        ("deployment", false, texts(deployments.iter().map(String::as_str))),
        ("allowed", false, bits(clusters, sets.iter().map(AsRef::as_ref))?),
    ])
}

/// Batches that can be handed over several times.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Columns {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Columns {
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }
}

#[pymethods]
impl Columns {
    /// As an Arrow stream.
    fn arrow_stream<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyCapsule>> {
        let batches: Vec<_> = self.batches.iter().cloned().map(Ok).collect();
        handed_over(py, Box::new(RecordBatchIterator::new(batches, Arc::clone(&self.schema))))
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

impl From<RecordBatch> for Columns {
    fn from(batch: RecordBatch) -> Self {
        Self::new(batch.schema(), vec![batch])
    }
}

/// Every allowed cluster of every deployment, one a row. Names are dictionaries: a row takes eight bytes.
pub(crate) fn allowed_pairs(
    deployments: &[String],
    clusters: &[String],
    sets: &[Arc<BitSet<ClusterId>>],
) -> Outcome<Columns> {
    let count = sets.iter().map(|set| set.len()).sum();
    let (mut rows, mut marked) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for (row, set) in sets.iter().enumerate() {
        let row = i32::try_from(row).unwrap_or(i32::MAX);
        rows.extend(std::iter::repeat_n(row, set.len()));
        marked.extend(set.iter().map(|id| i32::try_from(id.index()).unwrap_or(i32::MAX)));
    }
    Ok(batch([("deployment", false, named_by(rows, deployments)?), ("cluster", false, named_by(marked, clusters)?)])?
        .into())
}

fn named_by(keys: Vec<i32>, names: &[String]) -> Outcome<ArrayRef> {
    let values = texts(names.iter().map(String::as_str));
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys.into(), values)?))
}

/// Every candidate of every decision, one a row.
pub(crate) fn candidate_pairs(reports: impl Iterator<Item = Outcome<DecisionReport>>) -> Outcome<Columns> {
    let (mut deployments, mut places) = (StringBuilder::new(), [(); 3].map(|()| StringBuilder::new()));
    for report in reports {
        let report = report?;
        let address = report.address();
        for at in report.candidates.iter().flatten() {
            deployments.append_value(&address);
            let flavor = format!("{}:{}", at.flavor.r#type, at.flavor.name);
            let told = [at.cluster.as_str(), at.pool.as_str(), flavor.as_str()];
            places.iter_mut().zip(told).for_each(|(column, text)| column.append_value(text));
        }
    }
    let [cluster, pool, flavor] = places.map(|mut column| Arc::new(column.finish()) as ArrayRef);
    let deployment: ArrayRef = Arc::new(deployments.finish());
    let columns = [("deployment", deployment), ("cluster", cluster), ("pool", pool), ("flavor", flavor)];
    Ok(batch(columns.map(|(name, column)| (name, false, column)))?.into())
}

/// Every candidate that a deployment gained or lost, one a row, with the changes that did it.
pub(crate) fn differences(report: &DiffReport) -> Outcome<Columns> {
    let mut rows: Vec<(&DeploymentDiffReport, &str, &CauseReport, &CandidateReport)> = Vec::new();
    for one in &report.deployments {
        for (word, causes) in [("gained", &one.gains), ("lost", &one.losses)] {
            for cause in causes {
                rows.extend(cause.candidates.iter().map(|at| (one, word, cause, at)));
            }
        }
    }
    let changes = list_of(
        rows.iter().map(|(_, _, cause, _)| cause.changes.len()),
        texts(rows.iter().flat_map(|(_, _, cause, _)| cause.changes.iter().map(String::as_str))),
    )?;
    let flavors: Vec<String> = rows.iter().map(|(.., at)| format!("{}:{}", at.flavor.r#type, at.flavor.name)).collect();
    Ok(batch([
        ("deployment", false, texts(rows.iter().map(|(one, ..)| one.deployment.as_str()))),
        ("policies", false, texts(rows.iter().map(|(one, ..)| one.verdict.as_str()))),
        ("change", false, texts(rows.iter().map(|(_, word, ..)| *word))),
        ("cluster", false, texts(rows.iter().map(|(.., at)| at.cluster.as_str()))),
        ("pool", false, texts(rows.iter().map(|(.., at)| at.pool.as_str()))),
        ("flavor", false, texts(flavors.iter().map(String::as_str))),
        ("changes", false, changes),
    ])?
    .into())
}

/// A capsule that hands a batch on as a stream.
pub(crate) fn stream(py: Python<'_>, batch: RecordBatch) -> Outcome<Bound<'_, PyCapsule>> {
    let schema = batch.schema();
    handed_over(py, Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
}

/// A capsule that hands batches on as they come.
pub(crate) fn handed_over(py: Python<'_>, batches: Box<dyn RecordBatchReader + Send>) -> Outcome<Bound<'_, PyCapsule>> {
    Ok(PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(batches), c"arrow_array_stream")?)
}

fn batch<const N: usize>(columns: [(&str, bool, ArrayRef); N]) -> Outcome<RecordBatch> {
    batch_of(columns.map(|(name, null, column)| (name.to_owned(), null, column)).into())
}

pub(crate) fn batch_of(columns: Vec<(String, bool, ArrayRef)>) -> Outcome<RecordBatch> {
    let fields = columns.iter().map(|(name, null, column)| Field::new(name, column.data_type().clone(), *null));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(.., column)| column).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

fn money(amounts: impl Iterator<Item = Option<u128>>) -> Outcome<ArrayRef> {
    let amounts = amounts.map(|amount| amount.and_then(|amount| i128::try_from(amount).ok()));
    Ok(Arc::new(Decimal128Array::from_iter(amounts).with_precision_and_scale(DIGITS, SCALE)?))
}

/// The sum of all prices, where all are known.
fn total(mut prices: impl Iterator<Item = Option<Money>>) -> Option<u128> {
    prices.try_fold(0, |sum, price| price.map(|price| sum + u128::from(price.get())))
}

fn placements(rows: &[Row]) -> Outcome<ArrayRef> {
    let all = || rows.iter().flat_map(|row| &row.placements);
    let prices = all().map(|placed| placed.price_per_hour.map(|price| u128::from(price.get())));
    let mut flavors = StringBuilder::new();
    for flavor in all().map(|placed| &placed.flavor) {
        // Hardware with its kind, such as `gpu:t4`. Writing to memory does not fail.
        let _ = write!(flavors, "{}:", flavor.r#type);
        flavors.append_value(&flavor.name);
    }
    lists(
        rows.iter().map(|row| row.placements.len()),
        [
            ("cluster", false, texts(all().map(|placed| placed.cluster.as_str()))),
            ("pool", false, texts(all().map(|placed| placed.pool.as_str()))),
            ("flavor", false, Arc::new(flavors.finish())),
            ("replicas", false, whole(all().map(|placed| Some(placed.replicas)))),
            ("price_per_hour", true, money(prices)?),
        ],
    )
}

/// The reasons of refusals, with what they are about: the policies that exclude, and the figures.
fn reasons(rows: &[Row]) -> Outcome<ArrayRef> {
    let all: Vec<&ReasonReport> = rows.iter().flat_map(|row| &row.reasons).collect();
    let (alone, after) = (all.iter().map(|reason| reason.removed_alone), all.iter().map(|reason| reason.left_after));
    lists(
        rows.iter().map(|row| row.reasons.len()),
        [
            ("code", false, texts(all.iter().map(|reason| &*reason.code))),
            ("message", false, texts(all.iter().map(|reason| &*reason.message))),
            ("next", false, texts(all.iter().map(|reason| &*reason.next))),
            ("policies", false, policies(&all)?),
            ("removed_alone", false, whole(alone.map(Some))),
            ("left_after", false, whole(after.map(Some))),
            ("short", false, short(&all)?),
            ("unmet", false, unmet(&all)?),
            ("places", false, places(&all)?),
        ],
    )
}

fn policies(reasons: &[&ReasonReport]) -> Outcome<ArrayRef> {
    let all = || reasons.iter().flat_map(|reason| &reason.policies);
    lists(
        reasons.iter().map(|reason| reason.policies.len()),
        [
            ("name", false, texts(all().map(|policy| &*policy.name))),
            ("level", false, texts(all().map(|policy| policy.level.as_str()))),
        ],
    )
}

/// What of a reason's figures is a list; empty where it has none.
fn figures<T>(reason: &ReasonReport, of: impl Fn(&FiguresReport) -> &Vec<T>) -> &[T] {
    reason.figures.as_ref().map_or(&[], |figures| of(figures).as_slice())
}

fn short(reasons: &[&ReasonReport]) -> Outcome<ArrayRef> {
    let rows: Vec<_> = reasons.iter().map(|reason| figures(reason, |figures| &figures.short)).collect();
    let all = || rows.iter().copied().flatten();
    lists(
        rows.iter().map(|row| row.len()),
        [
            ("resource", false, texts(all().map(|short| &*short.resource))),
            ("wanted", false, texts(all().map(|short| &*short.wanted))),
            ("most", false, texts(all().map(|short| &*short.most))),
            ("alternative", true, whole(all().map(|short| short.alternative))),
        ],
    )
}

fn unmet(reasons: &[&ReasonReport]) -> Outcome<ArrayRef> {
    let rows: Vec<_> = reasons.iter().map(|reason| figures(reason, |figures| &figures.unmet)).collect();
    let all = || rows.iter().copied().flatten();
    lists(
        rows.iter().map(|row| row.len()),
        [
            ("condition", false, texts(all().map(|unmet| &*unmet.condition))),
            ("wanted", false, texts(all().map(|unmet| &*unmet.wanted))),
            ("unknown", false, Arc::new(BooleanArray::from_iter(all().map(|unmet| Some(unmet.unknown))))),
            ("alternative", true, whole(all().map(|unmet| unmet.alternative))),
        ],
    )
}

fn places(reasons: &[&ReasonReport]) -> Outcome<ArrayRef> {
    let rows: Vec<_> = reasons.iter().map(|reason| figures(reason, |figures| &figures.places)).collect();
    let values = whole(rows.iter().copied().flatten().map(|&replicas| Some(replicas)));
    list_of(rows.iter().map(|row| row.len()), values)
}

/// A list of records a row, from the records' columns and how many each row has.
fn lists<const N: usize>(
    lengths: impl Iterator<Item = usize>,
    columns: [(&str, bool, ArrayRef); N],
) -> Outcome<ArrayRef> {
    list_of(lengths, Arc::new(StructArray::from(batch(columns)?)))
}

/// A list a row, from all values and how many each row has.
fn list_of(lengths: impl Iterator<Item = usize>, values: ArrayRef) -> Outcome<ArrayRef> {
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), values, None)?))
}

/// Whole numbers, signed since not every engine has others.
fn whole<N: TryInto<i64>>(numbers: impl Iterator<Item = Option<N>>) -> ArrayRef {
    let all = numbers.map(|number| number.map(|number| number.try_into().unwrap_or(i64::MAX)));
    Arc::new(Int64Array::from_iter(all))
}

/// A bitmask a row, `width` bits each, one after the other.
fn bits<'a>(width: usize, sets: impl ExactSizeIterator<Item = &'a BitSet<ClusterId>>) -> Outcome<ArrayRef> {
    let rows = sets.len();
    let values = BooleanArray::new(BooleanBuffer::new(packed(width, sets), 0, width * rows), None);
    let size = i32::try_from(width).map_err(|_| {
        Failure::value("there are more clusters than a column of bits is wide", "ask for decisions one by one")
    })?;
    let item = Arc::new(Field::new("item", DataType::Boolean, true));
    // Rows without bits have no length of their own, so it is stated.
    Ok(Arc::new(FixedSizeListArray::try_new_with_length(item, size, Arc::new(values), None, rows)?))
}

/// The first `width` bits of each set, one after the other, in whole words.
pub(crate) fn packed<'a>(width: usize, sets: impl ExactSizeIterator<Item = &'a BitSet<ClusterId>>) -> Buffer {
    let mut packed = Packed::with_capacity(width * sets.len());
    sets.for_each(|set| packed.push(set.words(), width));
    packed.into_buffer()
}

/// Bits, least significant first, without gaps.
struct Packed {
    words: Vec<u64>,
    /// Bits written; those of the last word past it are zero.
    len: usize,
}

impl Packed {
    fn with_capacity(bits: usize) -> Self {
        Self { words: Vec::with_capacity(bits.div_ceil(64) + 1), len: 0 }
    }

    /// Appends the first `width` bits of words whose later bits are zero.
    fn push(&mut self, words: &[u64], width: usize) {
        let shift = self.len % 64;
        self.len += width;
        if shift == 0 {
            self.words.extend_from_slice(words);
        } else {
            let mut carry = self.words.pop().unwrap_or(0);
            self.words.extend(words.iter().map(|word| {
                let whole = carry | word << shift;
                carry = word >> (64 - shift);
                whole
            }));
            self.words.push(carry);
        }
        self.words.truncate(self.len.div_ceil(64));
    }

    fn into_buffer(self) -> Buffer {
        // As bytes, the first bit is the lowest of the first byte on every machine.
        Buffer::from_vec(self.words.into_iter().map(u64::to_le).collect::<Vec<_>>())
    }
}
