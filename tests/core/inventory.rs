//! Capacity: what nodes hold, what is reserved and given back, and decisions carried out late
//! (I1–I5).

use std::sync::Arc;

use proptest::prelude::*;

use siting::catalog::{Capacity, Catalog, FlavorKind};
use siting::deployment::{Demand, GpuNeed, Resources};
use siting::id::{AttributeSetId, Id, OfferId, PairId, PoolId};
use siting::inventory::{
    ClusterDef, Devices, GpuRequest, Inventory, PoolDef, Request, Reservation, ReservationId, ReserveError, Shape,
    UnknownReservation, Used,
};
use siting::origin::Origin;
use siting::placement::{Ask, Code, CommitError, Decision, decide, located};
use siting::policy::{Bundle, PolicySet, Scope};
use siting::quantity::{Bandwidth, Bytes, Cpu, GpuShare, Money};

const GIB: u64 = 1 << 30;

/// Nodes of 4 cores, 16 GiB and 2 T4.
fn shape() -> Shape {
    Shape {
        cpu: Cpu::milli_cores(4000),
        memory: Bytes::new(16 * GIB),
        storage: None,
        bandwidth: None,
        gpus: 2,
        replicas: None,
    }
}

fn pool(name: &str, nodes: u32) -> PoolDef {
    let catalog = Catalog::builtin();
    PoolDef {
        name: name.parse().unwrap(),
        shape: Some(shape()),
        nodes: Some(nodes),
        cpu_flavor: catalog.flavor(FlavorKind::Cpu, "x86"),
        gpu_flavor: catalog.flavor(FlavorKind::Gpu, "t4"),
        devices: Devices::default(),
        price: Some(Money::micros(1_000_000)),
        capacity: Capacity::OnDemand,
        attributes: AttributeSetId::default(),
        used: Used::default(),
        used_per_node: Vec::new(),
    }
}

fn cluster(name: &str, pools: Vec<PoolDef>) -> ClusterDef {
    ClusterDef {
        name: name.parse().unwrap(),
        provider: "p".parse().unwrap(),
        country: Catalog::builtin().country("fr").unwrap(),
        location: None,
        zone: None,
        observed_at: None,
        coordinates: None,
        labels: Default::default(),
        healthy: true,
        cordoned: false,
        pools,
        origin: Origin::default(),
    }
}

fn inventory(clusters: Vec<ClusterDef>) -> Inventory {
    Inventory::new(&Catalog::builtin(), clusters).unwrap()
}

fn one_pool(nodes: u32) -> Inventory {
    inventory(vec![cluster("a", vec![pool("p", nodes)])])
}

/// The gpu pair of the only pool: cpu stands before gpu.
const GPU: usize = 1;

fn pair(index: usize) -> PairId {
    PairId::from_index(index)
}

fn gpus(gpu: GpuRequest) -> Request {
    Request { cpu: Cpu::milli_cores(500), memory: Bytes::new(GIB), gpu, ..Request::default() }
}

fn share(thousandths: u32) -> GpuRequest {
    GpuRequest::Share(GpuShare::from_thousandths(thousandths).unwrap())
}

fn free_scope(catalog: &Catalog) -> Arc<Scope> {
    let policies = Arc::new(PolicySet::new(catalog));
    Arc::new(Scope::compile(&policies, [Bundle::default(); 3], catalog.resource_type("model").unwrap(), None))
}

fn two_gpus(inventory: &Inventory, replicas: u32) -> Decision {
    decide(inventory, &free_scope(&Catalog::builtin()), &Ask::new(&of_two_gpus(), replicas))
}

fn of_two_gpus() -> Demand {
    let need = GpuNeed { count: 2, ..GpuNeed::default() };
    Demand::stated(Resources { gpus: [need].into_iter().collect(), ..Resources::default() })
}

/// Carries out what [`two_gpus`] decided, under no policies.
fn commit(inventory: &mut Inventory, decision: &Decision) -> Result<Vec<ReservationId>, CommitError> {
    let places = located(decision, inventory.fleet())?;
    let replicas = decision.placements().iter().map(|placement| placement.replicas).sum();
    let scope = free_scope(&Catalog::builtin());
    siting::placement::commit(inventory, &scope, &Ask::new(&of_two_gpus(), replicas), &places)
}

#[test]
fn i1_used_fills_nodes_from_the_first_on_each_resource_by_itself() {
    let used = Used { cpu: Cpu::milli_cores(5000), gpu_thousandths: 4500, ..Used::default() };
    let inventory = inventory(vec![cluster("a", vec![PoolDef { used, ..pool("p", 3) }])]);
    let nodes = inventory.nodes(PoolId::from_index(0)).unwrap();
    // Cpu: node 0 full, one core of node 1. GPUs: nodes 0 and 1 full, half a GPU of node 2.
    let cpu = |milli| Request { cpu: Cpu::milli_cores(milli), ..Request::default() };
    assert_eq!([0, 1, 2].map(|node| nodes.room_on(node, &cpu(1000))), [0, 3, 4]);
    let gpu = |gpu| Request { gpu, ..Request::default() };
    assert_eq!([0, 1, 2].map(|node| nodes.room_on(node, &gpu(GpuRequest::Whole(1)))), [0, 0, 1]);
    assert_eq!([0, 1, 2].map(|node| nodes.room_on(node, &gpu(share(500)))), [0, 0, 3]);
}

#[test]
fn i1_more_in_use_than_there_is_is_an_error() {
    let used = Used { memory: Bytes::new(33 * GIB), ..Used::default() };
    let clusters = vec![cluster("a", vec![PoolDef { used, ..pool("p", 2) }])];
    let error = Inventory::new(&Catalog::builtin(), clusters).unwrap_err();
    assert_eq!(error.to_string(), "more memory is in use than pool `p` of cluster `a` holds");
}

#[test]
fn i4_a_reservation_that_does_not_fit_changes_nothing() {
    let mut inventory = one_pool(2);
    let before = inventory.nodes(PoolId::from_index(0)).cloned();
    let refused = inventory.reserve(pair(GPU), &gpus(GpuRequest::Whole(2)), 3);
    assert_eq!(refused, Err(ReserveError::NoRoom { wanted: 3, fitting: 2 }));
    assert_eq!(inventory.nodes(PoolId::from_index(0)).cloned(), before);
    assert_eq!(inventory.reservations().count(), 0);
    assert_eq!(inventory.reserve(pair(9), &Request::default(), 1), Err(ReserveError::UnknownPair));
}

#[test]
fn i4_a_reservation_is_released_once() {
    let mut inventory = one_pool(1);
    let id = inventory.reserve(pair(GPU), &gpus(share(250)), 2).unwrap();
    assert_eq!(inventory.release(id), Ok(()));
    assert_eq!(inventory.release(id), Err(UnknownReservation(id)));
    // Its id is never used again.
    assert_ne!(inventory.reserve(pair(GPU), &gpus(share(250)), 2).unwrap(), id);
}

#[test]
fn i4_snapshots_do_not_see_each_other() {
    let mut inventory = one_pool(1);
    let snapshot = inventory.clone();
    inventory.reserve(pair(GPU), &gpus(GpuRequest::Whole(2)), 1).unwrap();
    assert!(two_gpus(&snapshot, 1).is_placed());
    assert!(!two_gpus(&inventory, 1).is_placed());
}

#[test]
fn i4_a_late_decision_is_checked_where_it_touches_and_never_overbooks() {
    let mut now = one_pool(2);
    let first = two_gpus(&now, 2);
    let second = two_gpus(&now, 1);
    assert_eq!(commit(&mut now, &first).unwrap().len(), 1);
    let before = now.nodes(PoolId::from_index(0)).cloned();
    let error = commit(&mut now, &second).unwrap_err();
    assert_eq!(error.to_string(), "pool `p` of cluster `a`: 1 replicas are wanted and 0 fit");
    assert_eq!(now.nodes(PoolId::from_index(0)).cloned(), before);
}

#[test]
fn i4_a_late_decision_finds_its_pools_by_name_in_another_fleet() {
    let old = inventory(vec![cluster("b", vec![pool("p", 1)])]);
    let decision = two_gpus(&old, 1);
    // Another cluster came before it, so its ids are others now.
    let mut new = inventory(vec![cluster("a", vec![pool("p", 1)]), cluster("b", vec![pool("p", 1)])]);
    commit(&mut new, &decision).unwrap();
    assert_eq!(new.nodes(PoolId::from_index(0)).unwrap().room_on(0, &gpus(GpuRequest::Whole(2))), 1);
    assert_eq!(new.nodes(PoolId::from_index(1)).unwrap().room_on(0, &gpus(GpuRequest::Whole(2))), 0);
}

#[test]
fn i4_a_late_decision_is_refused_where_its_pool_is_gone_moved_or_closed() {
    let old = inventory(vec![cluster("b", vec![pool("p", 1)])]);
    let decision = two_gpus(&old, 1);
    let mut gone = inventory(vec![cluster("a", vec![pool("p", 1)])]);
    assert!(matches!(commit(&mut gone, &decision), Err(CommitError::Changed { .. })));
    let country = Catalog::builtin().country("us").unwrap();
    let mut moved = inventory(vec![ClusterDef { country, ..cluster("b", vec![pool("p", 1)]) }]);
    assert!(matches!(commit(&mut moved, &decision), Err(CommitError::Changed { .. })));
    let mut closed = old.clone();
    closed.set_cordoned(closed.fleet().find_cluster("b").unwrap(), true);
    let refused = commit(&mut closed, &decision).unwrap_err();
    assert!(matches!(refused, CommitError::NotACandidate { ref reason, .. } if reason.code == Code::Cordoned));
    assert_eq!(refused.to_string(), "pool `p` of cluster `b`: the cluster is cordoned");
    let refusal = two_gpus(&old, 2);
    assert_eq!(commit(&mut gone, &refusal), Err(CommitError::Refused));
}

/// A late decision means the names it was made with, not the numbers they had (I4, D9).
#[test]
fn i4_a_late_decision_is_held_against_names_not_numbers() {
    let at = |region: &str, country: &str| {
        let mut catalog = Catalog::builtin();
        let country = catalog.country(country).unwrap();
        let location = Some(catalog.add_location(&format!("onprem/{region}"), country).unwrap());
        let def = ClusterDef { country, location, ..cluster("b", vec![pool("p", 1)]) };
        Inventory::new(&catalog, vec![def]).unwrap()
    };
    let decision = two_gpus(&at("here", "us"), 1);
    // Both locations are the first that their catalog was given, so they bear one number.
    assert!(matches!(commit(&mut at("there", "cn"), &decision), Err(CommitError::Changed { .. })));
    assert!(commit(&mut at("here", "us"), &decision).is_ok());
    let with_flavors = |codes: [&str; 2]| {
        let mut catalog = Catalog::builtin();
        for code in codes {
            catalog.add_flavor(FlavorKind::Gpu, code, None, &[] as &[&str], None).unwrap();
        }
        let gpu_flavor = catalog.flavor(FlavorKind::Gpu, "x1");
        Inventory::new(&catalog, vec![cluster("b", vec![PoolDef { gpu_flavor, ..pool("p", 1) }])]).unwrap()
    };
    let decision = two_gpus(&with_flavors(["x1", "x2"]), 1);
    assert!(commit(&mut with_flavors(["x2", "x1"]), &decision).is_ok());
    let x2_now = |inventory: &mut Inventory| commit(inventory, &decision);
    let mut catalog = Catalog::builtin();
    let x2 = catalog.add_flavor(FlavorKind::Gpu, "x2", None, &[] as &[&str], None).ok();
    let pools = vec![PoolDef { gpu_flavor: x2, ..pool("p", 1) }];
    let mut other = Inventory::new(&catalog, vec![cluster("b", pools)]).unwrap();
    assert!(matches!(x2_now(&mut other), Err(CommitError::Changed { .. })));
}

#[test]
fn i4_a_commit_whose_second_part_fails_gives_back_the_first() {
    let fleet = || vec![cluster("a", vec![pool("p", 1)]), cluster("b", vec![pool("p", 1)])];
    let decision = two_gpus(&inventory(fleet()), 2);
    assert_eq!(decision.placements().len(), 2);
    let mut now = inventory(fleet());
    let blocker = now.reserve(pair(3), &gpus(share(1)), 1).unwrap();
    let before: Vec<_> = [0, 1].map(|index| now.nodes(PoolId::from_index(index)).cloned()).into();
    assert!(matches!(commit(&mut now, &decision), Err(CommitError::Taken { .. })));
    let after: Vec<_> = [0, 1].map(|index| now.nodes(PoolId::from_index(index)).cloned()).into();
    assert_eq!(before, after);
    assert_eq!(now.reservations().collect::<Vec<_>>(), [blocker]);
    // As if nothing had been tried: the next reservation gets the id it would have got.
    now.release(blocker).unwrap();
    let mut untouched = inventory(fleet());
    let first = untouched.reserve(pair(3), &gpus(share(1)), 1).unwrap();
    assert_eq!(first, blocker);
    let next = |inventory: &mut Inventory| inventory.reserve(pair(3), &gpus(share(1)), 1).unwrap();
    assert_eq!(next(&mut now), next(&mut untouched));
}

#[test]
fn i5_a_replica_costs_its_largest_share_rounded_up() {
    let price = |request: Request| request.price(&shape(), Money::micros(1_000_000)).map(Money::get);
    // 333 of 4,000 milli-cores of 1,000,000 millionths; a byte costs more than nothing.
    assert_eq!(price(Request { cpu: Cpu::milli_cores(333), ..Request::default() }), Some(83_250));
    assert_eq!(price(Request { memory: Bytes::new(1), ..Request::default() }), Some(1));
    assert_eq!(price(gpus(share(1))), Some(125_000)); // the cpu's eighth is the largest share
    assert_eq!(price(gpus(GpuRequest::Whole(1))), Some(500_000));
    assert_eq!(price(Request::default()), Some(0));
    assert_eq!(price(gpus(GpuRequest::Whole(3))), None);
}

#[test]
fn d5_a_node_is_chosen_by_what_is_left_and_a_share_by_the_fullest_gpu() {
    let mut inventory = one_pool(3);
    // Node 0 keeps 1.75 GPUs free; the next share goes there too, on the same GPU.
    inventory.reserve(pair(GPU), &gpus(share(250)), 1).unwrap();
    inventory.reserve(pair(GPU), &gpus(share(700)), 1).unwrap();
    let nodes = inventory.nodes(PoolId::from_index(0)).unwrap();
    assert_eq!(nodes.room_on(0, &gpus(GpuRequest::Whole(1))), 1);
    // A whole GPU still fits node 0, which leaves less than an idle node would.
    assert_eq!(nodes.best(&gpus(GpuRequest::Whole(1))).map(|(node, _)| node), Some(0));
    assert_eq!(nodes.best(&gpus(GpuRequest::Whole(2))).map(|(node, _)| node), Some(1));
}

#[test]
fn a_billion_replicas_are_decided_without_counting_them_one_by_one() {
    let unlimited = PoolDef { nodes: None, ..pool("p", 1) };
    let inventory = inventory(vec![cluster("a", vec![unlimited]), cluster("b", vec![pool("p", 4_000_000_000)])]);
    let decision = two_gpus(&inventory, u32::MAX);
    assert!(decision.is_placed());
    assert_eq!(decision.placements().iter().map(|p| u64::from(p.replicas)).sum::<u64>(), u64::from(u32::MAX));
}

/// A request that fits an idle node.
fn request() -> impl Strategy<Value = Request> {
    let gpu =
        prop_oneof![Just(GpuRequest::None), (1_u32..=2).prop_map(GpuRequest::Whole), (1_u32..=1000).prop_map(share),];
    (0_u64..=4000, 0_u64..=16, gpu, 0_u64..=100, 0_u64..=100).prop_map(|(cpu, memory, gpu, storage, bandwidth)| {
        Request {
            cpu: Cpu::milli_cores(cpu),
            memory: Bytes::new(memory * GIB),
            storage: Bytes::new(storage),
            bandwidth: Bandwidth::bits_per_second(bandwidth),
            gpu,
        }
    })
}

proptest! {
    /// Whatever is reserved and released in whatever order, in the end everything is as it was.
    #[test]
    fn i4_reserve_and_release_restore_the_exact_state(
        requests in prop::collection::vec((request(), 1_u32..4), 1..20),
        order in any::<prop::sample::Index>(),
    ) {
        let limited = Shape { storage: Some(Bytes::new(250)), bandwidth: Some(Bandwidth::bits_per_second(200)), ..shape() };
        let mut inventory = inventory(vec![cluster("a", vec![PoolDef { shape: Some(limited), ..pool("p", 4) }])]);
        let idle = inventory.nodes(PoolId::from_index(0)).cloned();
        let mut held = Vec::new();
        for (request, replicas) in &requests {
            let before = inventory.nodes(PoolId::from_index(0)).cloned();
            match inventory.reserve(pair(GPU), request, *replicas) {
                Ok(id) => held.push(id),
                Err(_) => prop_assert_eq!(inventory.nodes(PoolId::from_index(0)).cloned(), before),
            }
        }
        while !held.is_empty() {
            let id = held.remove(order.index(held.len()));
            // L14: giving back some first, one by one, comes to the same.
            if order.index(2) == 0 {
                prop_assert_eq!(inventory.shrink(id, 1), Ok(()));
                prop_assert_eq!(inventory.shrink(id, 1), Ok(()));
            }
            prop_assert_eq!(inventory.release(id), Ok(()));
        }
        prop_assert_eq!(inventory.nodes(PoolId::from_index(0)).cloned(), idle);
    }
}

#[test]
fn l14_fewer_replicas_give_back_their_part_and_the_others_stay_on_a_closed_cluster() {
    for gpu in [GpuRequest::None, GpuRequest::Whole(1), share(250)] {
        let mut inventory = one_pool(4);
        let idle = inventory.nodes(PoolId::from_index(0)).cloned();
        let id = inventory.reserve(pair(GPU), &gpus(gpu), 7).unwrap();
        let cluster = inventory.fleet().find_cluster("a").unwrap();
        inventory.set_cordoned(cluster, true);
        inventory.shrink(id, 3).unwrap();
        // Four are left: as much is free as if four had been placed alone, on whichever nodes.
        let free = |inventory: &Inventory| {
            let nodes = inventory.nodes(PoolId::from_index(0)).unwrap();
            (0..4).map(|node| nodes.room_on(node, &gpus(gpu))).sum::<u64>()
        };
        let mut four = one_pool(4);
        four.reserve(pair(GPU), &gpus(gpu), 4).unwrap();
        assert_eq!(free(&inventory), free(&four), "{gpu:?}");
        // More is taken only where the cluster is open.
        assert_eq!(inventory.extend(id, &gpus(gpu), 1), Err(ReserveError::Closed));
        inventory.set_cordoned(cluster, false);
        inventory.extend(id, &gpus(gpu), 3).unwrap();
        inventory.release(id).unwrap();
        assert_eq!(inventory.nodes(PoolId::from_index(0)).cloned(), idle);
    }
}

/// A change to an inventory.
#[derive(Clone, Debug)]
enum Change {
    Add(u8),
    Remove(u8),
    Reserve(u8, Request, u32),
    Release(prop::sample::Index),
    Health(u8, bool),
    Cordon(u8, bool),
    Price(u8, u32),
}

fn change() -> impl Strategy<Value = Change> {
    let cluster = 0_u8..5;
    prop_oneof![
        cluster.clone().prop_map(Change::Add),
        cluster.clone().prop_map(Change::Remove),
        (cluster.clone(), request(), 1_u32..4)
            .prop_map(|(at, request, replicas)| Change::Reserve(at, request, replicas)),
        any::<prop::sample::Index>().prop_map(Change::Release),
        (cluster.clone(), any::<bool>()).prop_map(|(at, healthy)| Change::Health(at, healthy)),
        (cluster.clone(), any::<bool>()).prop_map(|(at, cordoned)| Change::Cordon(at, cordoned)),
        (cluster, 1_u32..9).prop_map(|(at, price)| Change::Price(at, price)),
    ]
}

fn named(number: u8) -> ClusterDef {
    cluster(&format!("c{number}"), vec![pool("q", 2), pool("p", 1)])
}

/// Everything that two inventories could differ in.
fn said(inventory: &Inventory) -> String {
    let pools = inventory.fleet().pools().iter().enumerate();
    let nodes: Vec<_> = pools.map(|(index, pool)| (pool, inventory.nodes(PoolId::from_index(index)))).collect();
    let decisions: Vec<_> = [1, 3].map(|replicas| two_gpus(inventory, replicas).placements().to_vec()).into();
    let held: Vec<_> = inventory.reservations().map(|id| inventory.reservation(id)).collect();
    let index = inventory.fleet().index();
    let in_use: Vec<_> = (0..inventory.fleet().pairs().len())
        .map(OfferId::from_index)
        .filter(|&offer| inventory.is_in_use(offer))
        .collect();
    format!(
        "{nodes:?} {:?} {:?} {index:?} {in_use:?} {decisions:?} {held:?}",
        inventory.healthy(),
        inventory.cordoned()
    )
}

proptest! {
    /// Clusters come and go, prices, health and cordons change, replicas run on: what comes of it equals
    /// an inventory that is built anew, with the reservations restored from what was written down.
    #[test]
    fn i4_an_inventory_that_was_changed_equals_one_built_anew(changes in prop::collection::vec(change(), 1..40)) {
        let catalog = Catalog::builtin();
        let mut inventory = inventory(Vec::new());
        let mut defs: std::collections::BTreeMap<String, ClusterDef> = Default::default();
        for change in changes {
            let find = |inventory: &Inventory, number: u8| inventory.fleet().find_cluster(&format!("c{number}"));
            match change {
                Change::Add(number) => {
                    let def = named(number);
                    let known = defs.contains_key(def.name.as_str());
                    prop_assert_eq!(inventory.add_cluster(&catalog, def.clone()).is_err(), known);
                    defs.entry(def.name.to_string()).or_insert(def);
                }
                Change::Remove(number) => {
                    let name = format!("c{number}");
                    let before = said(&inventory);
                    match inventory.remove_cluster(&name) {
                        Ok(()) => prop_assert!(defs.remove(&name).is_some()),
                        Err(_) => prop_assert_eq!(before, said(&inventory)),
                    }
                }
                Change::Reserve(number, request, replicas) => {
                    let at = find(&inventory, number).and_then(|id| inventory.fleet().cluster(id)).map(|c| c.pairs.end - 1);
                    if let Some(at) = at {
                        let _ = inventory.reserve(pair(at), &request, replicas);
                    }
                }
                Change::Release(which) => {
                    let held: Vec<_> = inventory.reservations().collect();
                    if !held.is_empty() {
                        prop_assert!(inventory.release(held[which.index(held.len())]).is_ok());
                    }
                }
                Change::Health(number, healthy) => {
                    if let Some(id) = find(&inventory, number) {
                        inventory.set_healthy(id, healthy);
                        defs.get_mut(&format!("c{number}")).unwrap().healthy = healthy;
                    }
                }
                Change::Cordon(number, cordoned) => {
                    if let Some(id) = find(&inventory, number) {
                        inventory.set_cordoned(id, cordoned);
                        defs.get_mut(&format!("c{number}")).unwrap().cordoned = cordoned;
                    }
                }
                Change::Price(number, price) => {
                    let price = Some(Money::micros(u64::from(price)));
                    let name = format!("c{number}").parse().unwrap();
                    if let Some(id) = inventory.find_pool(&name, &"p".parse().unwrap()) {
                        inventory.set_price(id, price);
                        let pools = &mut defs.get_mut(name.as_str()).unwrap().pools;
                        pools.iter_mut().find(|pool| pool.name.as_str() == "p").unwrap().price = price;
                    }
                }
            }
        }
        let mut anew = self::inventory(defs.into_values().collect());
        for id in inventory.reservations() {
            let written = serde_json::to_string(&inventory.reservation(id).unwrap()).unwrap();
            let reservation: Reservation = serde_json::from_str(&written).unwrap();
            prop_assert!(anew.restore(&reservation).is_ok());
            prop_assert!(anew.restore(&reservation).is_err());
        }
        prop_assert_eq!(said(&inventory), said(&anew));
    }
}
