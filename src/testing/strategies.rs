//! Proptest strategies for what has options.

use proptest::strategy::Strategy;

use super::lives::{CommandOptions, CommandSequence};
use super::selection::FleetShape;
use super::series::{Series, SeriesOptions};
use super::strategy::drawn;
use super::worlds::{WorldOptions, draw_deployment, draw_inventory, draw_policies};
use crate::catalog::Catalog;
use crate::inventory::Inventory;
use crate::manifest::spec::{DeploymentSpec, PolicySpec, Specs};
use crate::workspace::Workspace;

/// Worlds of these sizes and shapes; each loads.
///
/// ```
/// use proptest::prelude::*;
/// use siting::testing::{FleetShape, WorldOptions, worlds};
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let edge = WorldOptions { shape: Some(FleetShape::Edge), ..WorldOptions::default() };
/// proptest!(|(world in worlds(edge))| {
///     prop_assert!(Workspace::from_specs(world, LoadOptions::default()).is_ok());
/// });
/// ```
pub fn worlds(options: WorldOptions) -> impl Strategy<Value = Specs> + Clone {
    drawn(move |choices| options.draw(choices))
}

/// Up to five policies for this catalog, named `p1`, `p2` and so on.
///
/// ```
/// use proptest::prelude::*;
/// use siting::catalog::Catalog;
/// use siting::manifest::spec::Specs;
/// use siting::testing::policies_for;
/// use siting::workspace::{LoadOptions, Workspace};
///
/// proptest!(|(policies in policies_for(&Catalog::builtin()))| {
///     let world = Specs { policies, ..Specs::default() };
///     prop_assert!(Workspace::from_specs(world, LoadOptions::default()).is_ok());
/// });
/// ```
pub fn policies_for(catalog: &Catalog) -> impl Strategy<Value = Vec<PolicySpec>> + Clone {
    let catalog = catalog.clone();
    drawn(move |choices| {
        let count = choices.below(6);
        draw_policies(choices, &catalog, count)
    })
}

/// Inventories of up to eight clusters in places of this catalog.
///
/// ```
/// use proptest::prelude::*;
/// use siting::catalog::Catalog;
/// use siting::testing::inventory_for;
///
/// let catalog = Catalog::builtin();
/// proptest!(|(inventory in inventory_for(&catalog))| {
///     for cluster in inventory.fleet().clusters() {
///         prop_assert!(catalog.country(inventory.fleet().catalog().country_code(cluster.country)).is_some());
///     }
/// });
/// ```
pub fn inventory_for(catalog: &Catalog) -> impl Strategy<Value = Inventory> + Clone {
    let catalog = catalog.clone();
    drawn(move |choices| {
        let shape = <FleetShape as super::Draw>::draw(choices);
        draw_inventory(choices, &catalog, shape, 8)
    })
}

/// Deployments of which this workspace knows every name, and has none of that name.
///
/// ```
/// use proptest::prelude::*;
/// use siting::manifest::spec::Specs;
/// use siting::testing::{Choices, Draw, deployment_for};
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let world = Specs::draw(&mut Choices::seeded(1));
/// let workspace = Workspace::from_specs(world.clone(), LoadOptions::default())?;
/// proptest!(|(deployment in deployment_for(&workspace))| {
///     let mut world = world.clone();
///     world.deployments.push(deployment);
///     prop_assert!(Workspace::from_specs(world, LoadOptions::default()).is_ok());
/// });
/// # Ok::<(), siting::workspace::LoadError>(())
/// ```
pub fn deployment_for(workspace: &Workspace) -> impl Strategy<Value = DeploymentSpec> + Clone {
    let workspace = workspace.clone();
    drawn(move |choices| draw_deployment(choices, &workspace))
}

/// Lifecycles of a workload, command by command.
///
/// ```
/// use proptest::prelude::*;
/// use siting::lifecycle::{Journal, State};
/// use siting::testing::{CommandOptions, command_sequences, laws};
///
/// proptest!(|(life in command_sequences(CommandOptions::default()))| {
///     laws::of_lives(|origin: &State| Journal::new(origin.clone()), &life)?;
/// });
/// ```
pub fn command_sequences(options: CommandOptions) -> impl Strategy<Value = CommandSequence> + Clone {
    drawn(move |choices| options.draw(choices))
}

/// Series of measurements.
pub fn metric_series(options: SeriesOptions) -> impl Strategy<Value = Series> + Clone {
    drawn(move |choices| options.draw(choices))
}
