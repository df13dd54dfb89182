//! Nodes that go and come: each keeps its number (I1).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

#[cfg(feature = "manifest")]
use serde::{Deserialize, Serialize};

use super::cluster::{NodeUse, Shape, Used};
use super::node::Node;
use super::nodes::{Nodes, Run, Taken};
use crate::id::Name;

/// Neighbouring nodes of a pool: the first number, and how many.
pub(crate) type Stretch = (u32, u32);

/// The nodes that are gone, by cluster and pool.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ClosedNodes(BTreeMap<Name, BTreeMap<Name, Vec<Stretch>>>);

/// The nodes of one pool that are gone, as they are written down.
#[cfg(feature = "manifest")]
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosedPool {
    pub(crate) cluster: Name,
    pub(crate) pool: Name,
    pub(crate) nodes: Vec<Stretch>,
}

impl ClosedNodes {
    /// The closed nodes of a pool, ascending.
    pub(crate) fn of(&self, cluster: &Name, pool: &Name) -> &[Stretch] {
        self.0.get(cluster).and_then(|pools| pools.get(pool)).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many they are.
    pub(crate) fn count(&self, cluster: &Name, pool: &Name) -> u32 {
        self.of(cluster, pool).iter().map(|(_, count)| *count).fold(0, u32::saturating_add)
    }

    pub(crate) fn set(&mut self, cluster: &Name, pool: &Name, closed: Vec<Stretch>) {
        let pools = self.0.entry(cluster.clone()).or_default();
        if closed.is_empty() {
            pools.remove(pool);
        } else {
            pools.insert(pool.clone(), closed);
        }
        if pools.is_empty() {
            self.0.remove(cluster);
        }
    }

    /// Knows no more of a cluster.
    pub(crate) fn forget(&mut self, cluster: &Name) {
        self.0.remove(cluster);
    }

    /// All of them, to be written down.
    #[cfg(feature = "manifest")]
    pub(crate) fn written(&self) -> Vec<ClosedPool> {
        let pools =
            self.0.iter().flat_map(|(cluster, pools)| pools.iter().map(move |(pool, nodes)| (cluster, pool, nodes)));
        let one = |(cluster, pool, nodes): (&Name, &Name, &Vec<Stretch>)| ClosedPool {
            cluster: cluster.clone(),
            pool: pool.clone(),
            nodes: nodes.clone(),
        };
        pools.map(one).collect()
    }

    /// What was written down; the place in the list of the first that cannot be, and why.
    #[cfg(feature = "manifest")]
    pub(crate) fn read(written: &[ClosedPool]) -> Result<Self, (usize, &'static str)> {
        let mut closed = Self::default();
        for (at, pool) in written.iter().enumerate() {
            let mut end = 0;
            for &(first, count) in &pool.nodes {
                let next = first.checked_add(count).filter(|_| first >= end && count > 0);
                end = next.ok_or((at, "its nodes do not ascend"))?;
            }
            if pool.nodes.is_empty() {
                return Err((at, "it lists no nodes"));
            }
            if !closed.of(&pool.cluster, &pool.pool).is_empty() {
                return Err((at, "the pool is listed twice"));
            }
            closed.set(&pool.cluster, &pool.pool, pool.nodes.clone());
        }
        Ok(closed)
    }
}

impl Taken {
    /// How many of its nodes are among others.
    pub(super) fn nodes_among(&self, nodes: &[Stretch]) -> u32 {
        let own = self.first..self.first.saturating_add(self.count);
        let common = |&(first, count): &Stretch| {
            let (start, end) = (own.start.max(first), own.end.min(first.saturating_add(count)));
            end.saturating_sub(start)
        };
        nodes.iter().map(common).fold(0, u32::saturating_add)
    }

    /// The same in parts, each of which is on some nodes, or on none of them.
    pub(super) fn parted(&self, nodes: &[Stretch]) -> Vec<Self> {
        let own = self.first..self.first.saturating_add(self.count);
        let bounds = nodes.iter().flat_map(|&(first, count)| [first, first.saturating_add(count)]);
        let mut cuts: Vec<u32> = bounds.filter(|cut| own.contains(cut)).chain([own.start, own.end]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let stretches = cuts.iter().zip(cuts.iter().skip(1));
        stretches.map(|(&first, &end)| self.of_nodes(first, end - first)).collect()
    }

    /// How many replicas are on each of its nodes.
    pub(super) fn replicas_each(&self) -> u32 {
        self.replicas.checked_div(self.count).unwrap_or_default()
    }
}

impl Nodes {
    /// `count` nodes that are there, beside those that are closed. What is in use fills nodes from the first number
    /// on, be they there or not.
    ///
    /// # Errors
    /// The name of a resource of which more is in use than all of them have, or `nodes` for closed nodes whose
    /// numbers are beyond all.
    pub(super) fn with_closed(
        shape: &Shape,
        count: u32,
        closed: &[Stretch],
        used: &Used,
        per_node: &[NodeUse],
    ) -> Result<Self, &'static str> {
        let gone = closed.iter().map(|(_, count)| *count).fold(0, u32::saturating_add);
        let numbers = count.checked_add(gone).ok_or("nodes")?;
        let mut nodes = Self::new(shape, numbers, used, per_node)?;
        for &(first, count) in closed {
            if first.checked_add(count).is_none_or(|end| end > numbers) {
                return Err("nodes");
            }
            nodes.set_open(first..first + count, false);
        }
        Ok(nodes)
    }

    /// Adds idle nodes with the next numbers.
    pub(super) fn append(&mut self, shape: &Shape, count: u32) {
        let first = self.numbers();
        let count = count.min(u32::MAX - first);
        if count > 0 {
            self.insert(first, Run { count, node: Arc::new(Node::idle(shape)), open: true });
            self.join(first);
        }
    }

    /// The nodes that are closed, ascending.
    pub(super) fn closed(&self) -> Vec<Stretch> {
        let mut closed: Vec<Stretch> = Vec::new();
        for (&first, run) in self.runs.iter().filter(|(_, run)| !run.open) {
            match closed.last_mut() {
                Some((start, count)) if *start + *count == first => *count += run.count,
                _ => closed.push((first, run.count)),
            }
        }
        closed
    }

    /// Closes nodes, or opens them again.
    fn set_open(&mut self, nodes: Range<u32>, open: bool) {
        self.split(nodes.start);
        self.split(nodes.end);
        let changed: Vec<u32> = self.runs.range(nodes.clone()).map(|(&first, _)| first).collect();
        for &first in &changed {
            if let Some(run) = self.remove(first) {
                match (run.open, open) {
                    (true, false) => self.closed += run.count,
                    (false, true) => self.closed -= run.count,
                    _ => {}
                }
                self.insert(first, Run { open, ..run });
            }
        }
        for start in changed.into_iter().chain([nodes.end]) {
            self.join(start);
        }
    }

    /// Leaves so many nodes: closes those that are `gone`, then the highest; or opens the lowest closed ones, then
    /// adds others (I1). The nodes that were closed.
    ///
    /// # Errors
    /// Why the nodes that are gone cannot be; nothing has changed then.
    pub(super) fn resize(&mut self, shape: &Shape, count: u32, gone: &[u32]) -> Result<Vec<Stretch>, String> {
        let mut gone = gone.to_vec();
        gone.sort_unstable();
        if let Some(twice) = gone.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first())) {
            return Err(format!("node {} is named twice", twice.copied().unwrap_or_default()));
        }
        let is_open = |number: u32| self.run_of(number).is_some_and(|(_, run)| run.open);
        if let Some(absent) = gone.iter().find(|&&number| !is_open(number)) {
            return Err(format!("there is no node {absent}"));
        }
        let fewer = self.count().saturating_sub(count);
        if u32::try_from(gone.len()).is_ok_and(|gone| gone > fewer) {
            let (named, now) = (gone.len(), self.count());
            return Err(format!("{named} nodes are named, and from {now} nodes to {count} only {fewer} go"));
        }
        let before = self.closed();
        for number in gone {
            self.set_open(number..number + 1, false);
        }
        while self.count() > count {
            let Some((&first, run)) = self.runs.iter().rfind(|(_, run)| run.open) else { break };
            let (end, close) = (first + run.count, run.count.min(self.count() - count));
            self.set_open(end - close..end, false);
        }
        while self.count() < count {
            match self.runs.iter().find(|(_, run)| !run.open) {
                Some((&first, run)) => {
                    let open = run.count.min(count - self.count());
                    self.set_open(first..first + open, true);
                }
                None => {
                    self.append(shape, count - self.count());
                    break;
                }
            }
        }
        Ok(without(&self.closed(), &before))
    }
}

/// The nodes of the first stretches that are not in the others. Both ascend.
fn without(all: &[Stretch], others: &[Stretch]) -> Vec<Stretch> {
    let mut left = Vec::new();
    for &(first, count) in all {
        let (mut start, end) = (first, first + count);
        for &(other, count) in others.iter().filter(|(other, count)| *other < end && other + count > first) {
            if other > start {
                left.push((start, other - start));
            }
            start = start.max(other + count);
        }
        if start < end {
            left.push((start, end - start));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::{Bytes, Cpu};

    fn shape() -> Shape {
        Shape {
            cpu: Cpu::milli_cores(4000),
            memory: Bytes::new(1 << 30),
            storage: None,
            bandwidth: None,
            gpus: 0,
            replicas: None,
        }
    }

    /// I1: shrinking closes the highest, or those that are named; growing opens the lowest closed first.
    #[test]
    fn i1_nodes_keep_their_numbers() {
        let mut nodes = Nodes::new(&shape(), 5, &Used::default(), &[]).unwrap();
        assert_eq!(nodes.resize(&shape(), 3, &[]), Ok(vec![(3, 2)]));
        assert_eq!(nodes.resize(&shape(), 2, &[0]), Ok(vec![(0, 1)]));
        assert_eq!((nodes.closed(), nodes.count(), nodes.numbers()), (vec![(0, 1), (3, 2)], 2, 5));
        assert_eq!(nodes.resize(&shape(), 4, &[]), Ok(vec![]));
        assert_eq!(nodes.closed(), [(4, 1)]);
        assert_eq!(nodes.resize(&shape(), 7, &[]), Ok(vec![]));
        assert_eq!(nodes, Nodes::new(&shape(), 7, &Used::default(), &[]).unwrap());
        assert_eq!(nodes.resize(&shape(), 0, &[]), Ok(vec![(0, 7)]));
        assert_eq!(nodes.best(&crate::inventory::Request::default()), None);
        for (count, gone, why) in [(0, vec![1], "there is no node 1"), (3, vec![1], "there is no node 1")] {
            assert_eq!(nodes.resize(&shape(), count, &gone), Err(why.to_owned()));
        }
        nodes.resize(&shape(), 3, &[]).unwrap();
        assert_eq!(nodes.resize(&shape(), 2, &[1, 1]), Err("node 1 is named twice".to_owned()));
        let few = "2 nodes are named, and from 3 nodes to 2 only 1 go";
        assert_eq!(nodes.resize(&shape(), 2, &[0, 1]), Err(few.to_owned()));
    }

    /// I1: closed nodes are those that a pool built anew is told of.
    #[test]
    fn i1_a_resized_pool_equals_one_built_with_its_closed_nodes() {
        let used = Used { cpu: Cpu::milli_cores(9000), ..Used::default() };
        let mut nodes = Nodes::new(&shape(), 6, &used, &[]).unwrap();
        nodes.resize(&shape(), 3, &[0, 2]).unwrap();
        assert_eq!(Ok(nodes.clone()), Nodes::with_closed(&shape(), 3, &nodes.closed(), &used, &[]));
        assert_eq!(Nodes::with_closed(&shape(), 3, &[(4, 1)], &used, &[]), Err("nodes"));
    }

    /// I1: what is gone has no room.
    #[test]
    fn i1_closed_nodes_have_no_room() {
        let mut nodes = Nodes::new(&shape(), 5, &Used::default(), &[]).unwrap();
        let request = crate::inventory::Request { cpu: Cpu::milli_cores(2000), ..Default::default() };
        assert_eq!(nodes.room(&request, 99), 10);
        nodes.resize(&shape(), 2, &[0]).unwrap();
        assert_eq!((nodes.room(&request, 99), nodes.room_on(0, &request), nodes.room_on(1, &request)), (4, 0, 2));
    }

    #[test]
    fn stretches_are_subtracted() {
        assert_eq!(without(&[(0, 10)], &[(2, 3), (7, 1)]), [(0, 2), (5, 2), (8, 2)]);
        assert_eq!(without(&[(0, 2), (5, 2)], &[(0, 2)]), [(5, 2)]);
        assert_eq!(without(&[(1, 2)], &[]), [(1, 2)]);
    }
}
