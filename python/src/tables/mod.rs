//! Tables in: clusters, pools, deployments and placements from anything that hands over Arrow's C stream.
//!
//! Rows that cannot be used come back with what is wrong; the rest is used.

mod cells;
mod decide;
mod documents;
mod texts;

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::Value;
use siting::manifest::spec::Specs;
use siting::manifest::{self, Reading};
use siting::workspace::{LoadOptions, Workspace as Snapshot};

use self::cells::{Stream, check_columns, row, schema_of, slices, stream};
use self::documents::Table;
use self::texts::{Clusters, Document, Rejected, Texts};
use crate::failure::{Failure, Outcome};
use crate::workspace::{Workspace, gathered};

pub(crate) use self::decide::{Decided, decided_batch, table_columns};

/// How many rows are at hand at a time.
const ROWS: usize = 4096;

/// A table, the row in it, and the code, message and help of what is wrong.
type Told = (&'static str, u64, String, String, Option<String>);

/// Loads a workspace of texts, and of tables where they are given; and the rows that are not used.
#[pyfunction]
#[pyo3(signature = (paths, texts, *, clusters=None, pools=None, deployments=None, placements=None))]
pub(crate) fn load_tables(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    texts: Vec<(String, String)>,
    clusters: Option<Bound<'_, PyCapsule>>,
    pools: Option<Bound<'_, PyCapsule>>,
    deployments: Option<Bound<'_, PyCapsule>>,
    placements: Option<Bound<'_, PyCapsule>>,
) -> Outcome<(Workspace, Vec<Told>)> {
    let taken = |capsule: Option<Bound<'_, PyCapsule>>| capsule.map(|one| stream(&one)).transpose();
    let (clusters, pools) = (taken(clusters)?, taken(pools)?);
    let (deployments, placements) = (taken(deployments)?, taken(placements)?);
    py.detach(|| {
        let mut rejected = Vec::new();
        let mut fleet = Clusters::default();
        each(Table::Clusters, clusters, &mut rejected, |at, cells, value| {
            fleet.add(cells, Document::new(at, &value));
            Ok(())
        })?;
        each(Table::Pools, pools, &mut rejected, |at, cluster, value| fleet.pool(cluster, at, &value))?;
        let mut documents = fleet.documents;
        for (table, given) in [(Table::Deployments, deployments), (Table::Placements, placements)] {
            each(table, given, &mut rejected, |at, _, value| {
                documents.push(Document::new(at, &value));
                Ok(())
            })?;
        }
        let gathered = gathered(&paths, texts);
        let mut own: Reading = manifest::read(&gathered.sources);
        own.problems.extend(gathered.problems);
        if !own.problems.is_empty() {
            return Err(Failure::Load(own.problems));
        }
        let (workspace, rejected) = resolved(&own.specs, Texts::new(documents, rejected))?;
        let told = rejected.into_iter().map(|one| {
            let (table, row) = one.at;
            (table.name(), row, one.code, one.message, one.help)
        });
        Ok((workspace.into(), told.collect()))
    })
}

/// Every row of a table as what a manifest has for it, with the name of a cluster where it has one.
fn each(
    table: Table,
    given: Option<Stream>,
    rejected: &mut Vec<Rejected>,
    mut add: impl FnMut(texts::At, Option<&str>, Value) -> Result<(), Rejected>,
) -> Outcome<()> {
    let Some(given) = given else { return Ok(()) };
    check_columns(&schema_of(&given), table.name(), table.columns())?;
    let mut number = 0_u64;
    for batch in slices(given, ROWS) {
        let batch = batch?;
        for at in 0..batch.num_rows() {
            let place = (table, number);
            number += 1;
            let help = "give texts, numbers, truth values, and lists and structs of them";
            let made = row(&batch, at).map_err(|message| Rejected::new(place, "wrong-type", message, help));
            let made = made.and_then(|cells| {
                let key = if table == Table::Pools { "cluster" } else { "name" };
                let name = cells.get(key).and_then(Value::as_str).map(str::to_owned);
                add(place, name.as_deref(), table.written(cells))
            });
            rejected.extend(made.err());
        }
    }
    Ok(())
}

/// The workspace of documents and of all rows that can be used with them.
fn resolved(own: &Specs, mut texts: Texts) -> Outcome<(Snapshot, Vec<Rejected>)> {
    loop {
        let mut specs = own.clone();
        for part in texts.specs() {
            specs.clusters.extend(part.clusters.iter().cloned());
            specs.deployments.extend(part.deployments.iter().cloned());
            specs.running.extend(part.running.iter().cloned());
        }
        match Snapshot::from_specs(specs, LoadOptions::default()) {
            Ok(workspace) => return Ok((workspace, texts.into_rejected().into_values().collect())),
            Err(error) => {
                let others = texts.reject(error.problems);
                if !others.is_empty() {
                    return Err(Failure::Load(others));
                }
            }
        }
    }
}
