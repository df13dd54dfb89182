//! The native half of the Python package `siting`.
//!
//! It holds what must be fast or shared: workspaces, decisions, columns, balancers. Everything else
//! crosses as JSON, in the very forms of the manifests and reports, and is given types by the Python
//! half (`siting/`), which is the face. To bind something new: a method here that takes and returns
//! JSON, a record of its fields there.

mod callers;
mod capacity;
mod changes;
mod columns;
mod decision;
mod failure;
mod kept;
mod kept_scope;
mod life;
mod losses;
mod masks;
mod metrics;
mod offload;
mod policies;
mod rollout;
mod rows;
mod scaling;
mod schemas;
mod tables;
mod traffic;
mod workspace;
mod written;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _siting {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::callers::{
        answerable, caller_masks, caller_masks_live, country_code, offload_for, offload_live_for, routes_from,
        routing_for,
    };
    #[pymodule_export]
    use super::capacity::{closed, release, reservations, reserve, restore, set_cluster};
    #[pymodule_export]
    use super::changes::{
        apply_entry, change, jump_to, prepare, preview_change, rebase_entry, revision, seen_in, what_if,
    };
    #[pymodule_export]
    use super::columns::Columns;
    #[pymodule_export]
    use super::decision::{Decision, Decisions, commit};
    #[pymodule_export]
    use super::kept::{kept_decision, kept_decisions};
    #[pymodule_export]
    use super::life::{
        adopt_life, advance, autoscale, carry_out, deployments, describe_live, desired, legal_commands, life, lives,
        observe, observe_place, preview, restore_life, routes, run_scenarios,
    };
    #[pymodule_export]
    use super::losses::{losses, settle_losses};
    #[pymodule_export]
    use super::masks::Masks;
    #[pymodule_export]
    use super::metrics::Window;
    #[pymodule_export]
    use super::offload::{offload_live, offload_loaded};
    #[pymodule_export]
    use super::policies::{attach, change_policies, impact, remove_environment, settle_violations, violations};
    #[pymodule_export]
    use super::rollout::{Rollout, rollout_bounds};
    #[cfg(feature = "script")]
    #[pymodule_export]
    use super::run_command_line;
    #[pymodule_export]
    use super::scaling::Autoscaler;
    #[pymodule_export]
    use super::schemas::Schema;
    #[pymodule_export]
    use super::tables::{Decided, load_tables, table_columns};
    #[pymodule_export]
    use super::traffic::{Balancer, Request, Sessions, destination, offload};
    #[pymodule_export]
    use super::workspace::{Workspace, builtin_catalog, diff, differences, nearest, normalise, schema};

    #[pymodule_export]
    use super::written::{read_back, read_bytes, write_bytes, write_down};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// The command line: arguments without the program's name, to an exit status.
#[cfg(feature = "script")]
#[pyfunction]
fn run_command_line(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| siting::cli::main(std::iter::once("siting".into()).chain(arguments)).0)
}
