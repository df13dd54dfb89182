//! Answers as Arrow columns, handed over by the `PyCapsule` interface without a copy.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, FixedSizeListArray, Int64Array, ListArray, RecordBatch,
    RecordBatchIterator, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use siting::bitset::BitSet;
use siting::id::{ClusterId, PairId};
use siting::inventory::Fleet;
use siting::quantity::Money;
use siting::report::{FiguresReport, ReasonReport};
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
    let counts = decided.iter().map(|one| Some(one.decision.candidates().len()));
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
        ("candidate_count", false, whole(counts)),
        ("price_per_hour", true, money(prices)?),
        ("wanted", true, whole(refusals().map(|found| found.map(|r| r.wanted)))),
        ("fitting", true, whole(refusals().map(|found| found.map(|r| r.fitting)))),
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
            ("flavor", false, flavors(fleet, all().map(|placement| placement.pair))),
            ("replicas", false, whole(all().map(|placement| Some(placement.replicas)))),
            ("price_per_hour", true, money(prices)?),
        ],
    )
}

/// Hardware with its kind, such as `gpu:t4`.
fn flavors(fleet: &Fleet, pairs: impl Iterator<Item = PairId>) -> ArrayRef {
    let mut written = StringBuilder::new();
    for flavor in pairs.filter_map(|pair| Some(fleet.pair(pair)?.flavor)) {
        let catalog = fleet.catalog();
        // Writing to memory does not fail.
        let _ = write!(written, "{}:", catalog.flavor_kind(flavor).as_str());
        written.append_value(catalog.flavor_code(flavor));
    }
    Arc::new(written.finish())
}

/// The reasons of refusals, with what they are about: the policies that exclude, and the figures.
fn reasons(decided: &[Arc<Decided>]) -> Outcome<ArrayRef> {
    let of = |one: &Arc<Decided>| -> Vec<ReasonReport> {
        let refusal = one.decision.refusal();
        refusal.map_or(Vec::new(), |refusal| refusal.reasons.iter().map(ReasonReport::from).collect())
    };
    let rows: Vec<Vec<ReasonReport>> = decided.iter().map(of).collect();
    let all: Vec<&ReasonReport> = rows.iter().flatten().collect();
    let (alone, after) = (all.iter().map(|reason| reason.removed_alone), all.iter().map(|reason| reason.left_after));
    lists(
        rows.iter().map(Vec::len),
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
    let mut packed = Packed::with_capacity(width * rows);
    sets.for_each(|set| packed.push(set.words(), width));
    let values = BooleanArray::new(BooleanBuffer::new(packed.into_buffer(), 0, width * rows), None);
    let size = i32::try_from(width).map_err(|_| {
        Failure::value("there are more clusters than a column of bits is wide", "ask for decisions one by one")
    })?;
    let item = Arc::new(Field::new("item", DataType::Boolean, true));
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
