//! F11: bytes that an inventory takes for each of its nodes, by a counting allocator.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark may fail loudly")]

mod fleet;

use fleet::clusters::{self, Size};
use fleet::values::record;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const NODES: usize = 1_000_000;

fn main() {
    // Pools of a hundred nodes, none of them in use; a third of them in use by replicas of all
    // sizes; and the hardest fleet, every node a pool of its own.
    let hundreds = Size { pools: NODES / 100, nodes: NODES, per_cluster: 4 };
    measure("idle", hundreds, 0);
    measure("in_use", hundreds, NODES / 3);
    measure("single", Size { pools: NODES, nodes: NODES, per_cluster: 4 }, 0);
}

fn measure(name: &str, size: Size, replicas: usize) {
    let before = ALLOCATOR.current_usage();
    let mut inventory = clusters::inventory(clusters::nodes(size));
    clusters::occupy(&mut inventory, replicas);
    let taken = ALLOCATOR.current_usage() - before;
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let each = taken as f64 / size.nodes as f64;
    println!("F11/bytes_a_node/siting/{name}: {each:.1} ({taken} bytes, {} nodes, {} pools)", size.nodes, size.pools);
    record(&format!("F11/bytes_a_node/siting/{name}"), each, "bytes");
}
