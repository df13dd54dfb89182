//! Answers as Arrow columns, handed over by the `PyCapsule` interface without a copy.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, FixedSizeListArray, ListArray, RecordBatch, RecordBatchIterator,
    StringArray, StructArray, UInt32Array, UInt64Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use siting::bitset::BitSet;
use siting::id::ClusterId;
use siting::inventory::Fleet;
use siting::quantity::Money;
use siting::workspace::{Outcome as Decided, Workspace};

use crate::failure::{Failure, Outcome};

/// Money is in millionths, and at most 2^64 of them.
const DIGITS: u8 = 20;
const SCALE: i8 = 6;

/// The names of all clusters: what the bits of masks stand for.
pub(crate) fn cluster_names(fleet: &Fleet) -> Vec<String> {
    fleet.clusters().iter().map(|cluster| cluster.name.as_str().to_owned()).collect()
}

/// One row a decision.
pub(crate) fn decisions(workspace: &Workspace, decided: &[Arc<Decided>]) -> Outcome<RecordBatch> {
    let deployments: Vec<_> = decided.iter().filter_map(|one| workspace.deployment(one.deployment)).collect();
    let fleet = workspace.inventory().fleet();
    let refusals = || decided.iter().map(|one| one.decision.refusal());
    let clusters = fleet.clusters().len();
    let masks: Vec<_> = decided.iter().map(|one| candidate_clusters(fleet, &one.decision, clusters)).collect();
    let environment = |id| workspace.environment(id).map(|found| found.name.as_str());
    let type_name = |id| workspace.catalog().resource_type_name(id);
    let verdicts = decided.iter().map(|one| one.decision.verdict().as_str());
    let counts = decided.iter().map(|one| u64::try_from(one.decision.candidates().len()).unwrap_or(u64::MAX));
    let prices = decided.iter().map(|one| total(one.decision.placements().iter().map(|p| p.price_per_hour)));
    let columns: [(&str, bool, ArrayRef); 12] = [
        ("type", false, texts(deployments.iter().map(|d| type_name(d.workload.resource_type)))),
        ("workload", false, texts(deployments.iter().map(|d| d.workload.name.as_str()))),
        ("name", false, texts(deployments.iter().map(|d| d.name.as_str()))),
        (
            "environment",
            true,
            Arc::new(deployments.iter().map(|d| environment(d.environment)).collect::<StringArray>()),
        ),
        ("verdict", false, texts(verdicts)),
        ("candidate_count", false, Arc::new(UInt64Array::from_iter_values(counts))),
        ("price_per_hour", true, money(prices)?),
        ("wanted", true, Arc::new(UInt32Array::from_iter(refusals().map(|found| found.map(|r| r.wanted))))),
        ("fitting", true, Arc::new(UInt32Array::from_iter(refusals().map(|found| found.map(|r| r.fitting))))),
        ("placements", false, placements(fleet, decided)?),
        ("reasons", false, reasons(decided)?),
        ("candidate_clusters", false, bits(clusters, masks.iter())?),
    ];
    batch(columns)
}

/// One row a deployment: its address, and the clusters it is allowed on.
pub(crate) fn allowed(workspace: &Workspace, sets: &[Arc<BitSet<ClusterId>>]) -> Outcome<RecordBatch> {
    let deployments = workspace.deployments();
    let mut addresses = StringBuilder::with_capacity(deployments.len(), deployments.len() * 32);
    for deployment in deployments {
        for part in [deployment.workload.name.as_str(), "/", deployment.name.as_str()] {
            // Writing to memory does not fail.
            let _ = addresses.write_str(part);
        }
        addresses.append_value("");
    }
    let clusters = workspace.inventory().fleet().clusters().len();
    batch([
        ("deployment", false, Arc::new(addresses.finish()) as ArrayRef),
        ("allowed", false, bits(clusters, sets.iter().map(AsRef::as_ref))?),
    ])
}

/// A capsule that hands a batch on as a stream.
pub(crate) fn stream(py: Python<'_>, batch: RecordBatch) -> Outcome<Bound<'_, PyCapsule>> {
    let schema = batch.schema();
    let batches = RecordBatchIterator::new([Ok(batch)], schema);
    let stream = FFI_ArrowArrayStream::new(Box::new(batches));
    Ok(PyCapsule::new_with_value(py, stream, c"arrow_array_stream")?)
}

fn batch<const N: usize>(columns: [(&str, bool, ArrayRef); N]) -> Outcome<RecordBatch> {
    let fields = columns.iter().map(|(name, null, column)| Field::new(*name, column.data_type().clone(), *null));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(_, _, column)| column).collect();
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

/// The clusters with a candidate.
fn candidate_clusters(fleet: &Fleet, decision: &siting::placement::Decision, clusters: usize) -> BitSet<ClusterId> {
    BitSet::from_ids(clusters, decision.candidates().iter().filter_map(|pair| Some(fleet.pair(pair)?.cluster)))
}

fn placements(fleet: &Fleet, decided: &[Arc<Decided>]) -> Outcome<ArrayRef> {
    let all = || decided.iter().flat_map(|one| one.decision.placements());
    let named = || all().filter_map(|placement| fleet.names(placement.pair));
    let prices = all().map(|placement| placement.price_per_hour.map(|price| u128::from(price.get())));
    let lengths = decided.iter().map(|one| one.decision.placements().len());
    lists(
        lengths,
        [
            ("cluster", false, texts(named().map(|(cluster, _, _)| cluster.as_str()))),
            ("pool", false, texts(named().map(|(_, pool, _)| pool.as_str()))),
            ("flavor", false, texts(named().map(|(_, _, flavor)| flavor))),
            ("replicas", false, Arc::new(UInt32Array::from_iter_values(all().map(|placement| placement.replicas)))),
            ("price_per_hour", true, money(prices)?),
        ],
    )
}

fn reasons(decided: &[Arc<Decided>]) -> Outcome<ArrayRef> {
    let of = |one: &'_ Arc<Decided>| one.decision.refusal().map_or(0, |refusal| refusal.reasons.len());
    let all = || decided.iter().filter_map(|one| one.decision.refusal()).flat_map(|refusal| &refusal.reasons);
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let (alone, after) =
        (all().map(|reason| count(reason.counts.removed_alone)), all().map(|reason| count(reason.counts.left_after)));
    lists(
        decided.iter().map(of),
        [
            ("code", false, texts(all().map(|reason| reason.code.as_str()))),
            ("removed_alone", false, Arc::new(UInt64Array::from_iter_values(alone))),
            ("left_after", false, Arc::new(UInt64Array::from_iter_values(after))),
        ],
    )
}

/// A list of records a row, from the records' columns and how many each row has.
fn lists<const N: usize>(
    lengths: impl Iterator<Item = usize>,
    columns: [(&str, bool, ArrayRef); N],
) -> Outcome<ArrayRef> {
    let records = StructArray::from(batch(columns)?);
    let item = Arc::new(Field::new("item", records.data_type().clone(), false));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(records), None)?))
}

/// A bitmask a row, `width` bits each, one after the other.
fn bits<'a>(width: usize, sets: impl ExactSizeIterator<Item = &'a BitSet<ClusterId>>) -> Outcome<ArrayRef> {
    let rows = sets.len();
    let mut packed = Packed::with_capacity(width * rows);
    sets.for_each(|set| packed.push(set.words(), width));
    let values = BooleanArray::new(BooleanBuffer::new(packed.into_buffer(), 0, width * rows), None);
    let size = i32::try_from(width).map_err(|_| {
        Failure::value("there are more clusters than a column of bits is wide", "ask for decisions one by one")
    })?;
    let item = Arc::new(Field::new("item", DataType::Boolean, false));
    // Rows without bits have no length of their own, so it is stated.
    Ok(Arc::new(FixedSizeListArray::try_new_with_length(item, size, Arc::new(values), None, rows)?))
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
