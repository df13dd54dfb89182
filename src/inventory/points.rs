//! Where clusters and pools stand on the axes (P15): the one place of the inventory that names an axis.

use super::cluster::{Cluster, PoolDef};
use crate::catalog::{Axis, Catalog, PerAxis, Point};
use crate::id::{AttributeSetId, FlavorId};

/// The points of something on those axes that it is at one point of.
pub type Points = PerAxis<Option<Point>>;

/// What is at one point of an axis as a whole.
enum Holder {
    /// A cluster with all its pools.
    Cluster(fn(&Cluster) -> Point),
    /// A pool, by one of its flavors.
    Pool(fn(&Catalog, &PoolDef, FlavorId) -> Point),
}

fn holder(axis: Axis) -> Holder {
    match axis {
        Axis::Location => Holder::Cluster(|cluster| cluster.place),
        Axis::Provider => Holder::Cluster(|cluster| cluster.run_by),
        Axis::Flavor => Holder::Pool(|catalog, _, flavor| Point::known(catalog.flavor_atom(flavor))),
        Axis::Capacity => Holder::Pool(|catalog, pool, _| Point::known(catalog.capacity_atom(pool.capacity))),
        // A scope that does not know the set yet sees a pool that bears nothing, which it allows where nothing is asked.
        Axis::Attribute => Holder::Pool(|catalog, pool, _| Point {
            atom: catalog.attributes_atom(pool.attributes),
            rest: catalog.attributes_atom(AttributeSetId::default()),
        }),
    }
}

/// Whether a cluster stands at one point of an axis, with all its pools.
pub(crate) fn is_of_clusters(axis: Axis) -> bool {
    matches!(holder(axis), Holder::Cluster(_))
}

/// Where all pools of a cluster stand.
pub(super) fn of_cluster(cluster: &Cluster) -> Points {
    PerAxis::from_fn(|axis| match holder(axis) {
        Holder::Cluster(point) => Some(point(cluster)),
        Holder::Pool(_) => None,
    })
}

/// Where a pool stands by one of its flavors, whatever its cluster.
pub(super) fn of_pool(catalog: &Catalog, pool: &PoolDef, flavor: FlavorId) -> Points {
    PerAxis::from_fn(|axis| match holder(axis) {
        Holder::Cluster(_) => None,
        Holder::Pool(point) => Some(point(catalog, pool, flavor)),
    })
}
