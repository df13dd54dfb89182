//! Inventories and their parts: fleets, their index, nodes, reservations.

use super::choices::{Choices, Draw};
use super::loaded::parts;
use super::values::valid;
use crate::id::{Id, PairId, PoolId};
use crate::inventory::{
    Class, Cluster, Fleet, GpuRequest, Hardware, Index, Inventory, Kind, Node, Nodes, Offer, Owner, Pair, Place, Pool,
    Remainder, Request, Reservation, ReservationId, Shape, Share,
};
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare};
use crate::workspace::Workspace;

parts! {
    Fleet: |workspace| Some((**workspace.inventory().fleet()).clone());
    Cluster: |workspace| workspace.inventory().fleet().clusters().last().cloned();
    Pool: |workspace| workspace.inventory().fleet().pools().last().cloned();
    Pair: |workspace| workspace.inventory().fleet().pairs().last().copied();
    Index: |workspace| Some(workspace.inventory().fleet().index().clone());
    Place: |workspace| workspace.inventory().fleet().index().places().last().cloned();
    Class: |workspace| workspace.inventory().fleet().index().classes().last().cloned();
    Kind: |workspace| workspace.inventory().fleet().index().kinds().last().cloned();
    Hardware: |workspace| workspace.inventory().fleet().index().kinds().last().map(|kind| kind.hardware);
    Offer: |workspace| {
        let index = workspace.inventory().fleet().index();
        index.kinds().last().and_then(|kind| index.offers(kind).next()).map(|(_, offer)| *offer)
    };
    Nodes: |workspace| {
        let inventory = workspace.inventory();
        let mut pools = (0..inventory.fleet().pools().len()).map(PoolId::from_index);
        pools.find_map(|pool| inventory.nodes(pool).cloned())
    };
    Node: |workspace| {
        let inventory = workspace.inventory();
        let mut pools = (0..inventory.fleet().pools().len()).map(PoolId::from_index);
        pools.find_map(|pool| inventory.nodes(pool)?.best_node(&Request::default()).cloned())
    };
}

impl Draw for GpuRequest {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::None,
            1 => Self::Whole(choices.between(1, 8)),
            _ => Self::Share(GpuShare::draw(choices)),
        }
    }
}

impl Draw for Request {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            cpu: Cpu::milli_cores(choices.up_to(64_000)),
            memory: Bytes::new(choices.up_to(512 << 30)),
            storage: Bytes::new(choices.up_to(1 << 40)),
            bandwidth: Bandwidth::bits_per_second(choices.up_to(100_000_000_000)),
            gpu: GpuRequest::draw(choices),
        }
    }
}

impl Draw for Remainder {
    /// What a request leaves of a node.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Node::draw(choices).remainder(&Request::draw(choices))
    }
}

impl Draw for Share {
    /// The largest part that a request takes of a shape that holds it.
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| Request::draw(choices).largest_share(&Shape::draw(choices)))
    }
}

impl Draw for ReservationId {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::new(u64::from(choices.below(100)))
    }
}

impl Draw for Owner {
    /// The host, for itself or for a deployment, or a live deployment.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let number = choices.maybe(50, |choices| choices.up_to(9));
        if number.is_some() && choices.chance(20) {
            return Self::Committed("model/bert/v1".into());
        }
        number.map_or(Self::Host, |number| Self::Deployment(format!("model/bert/bert-{number}").into()))
    }
}

impl Draw for Reservation {
    /// What a few small replicas hold of an inventory.
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            let mut inventory = Inventory::draw(choices);
            let pairs = u32::try_from(inventory.fleet().pairs().len()).ok()?;
            let pair = PairId::from_index(usize::try_from(choices.below(pairs)).ok()?);
            let request = Request {
                cpu: Cpu::milli_cores(choices.one_of(500, [0, 1000])),
                memory: Bytes::new(choices.one_of(1, [0, 2]) << 30),
                ..Request::default()
            };
            let id = inventory.reserve_anyway(pair, &request, choices.between(1, 3)).ok()?;
            inventory.reservation(id)
        })
    }
}
