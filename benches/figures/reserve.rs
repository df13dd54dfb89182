//! F5: replicas come and go on the openb cluster.

use std::collections::VecDeque;

use criterion::Criterion;
use siting::inventory::Inventory;

use super::fleet::ask;
use super::fleet::openb;
use super::fleet::question::free_scope;

pub(crate) fn bench(criterion: &mut Criterion) {
    let trace = openb::load().unwrap_or_else(|| {
        println!("F5: the openb trace is not here; a cluster like it is used");
        openb::synthetic()
    });
    let (mut inventory, pods) = (trace.inventory, trace.pods);
    let mut running = fill(&mut inventory, &pods);
    criterion.bench_function("F5/reserve_release/siting/1523", |b| {
        b.iter(|| {
            let (id, pair, request) = running.pop_front().expect("pods run");
            inventory.release(id).expect("it runs");
            let id = inventory.reserve(pair, &request, 1).expect("its room is free");
            running.push_back((id, pair, request));
        });
    });
}

type Running = (siting::inventory::ReservationId, siting::id::PairId, siting::inventory::Request);

/// Pods of the list until six tenths of them run.
fn fill(inventory: &mut Inventory, pods: &[openb::Pod]) -> VecDeque<Running> {
    let scope = free_scope(inventory);
    let mut running = VecDeque::new();
    for pod in pods.iter().take(pods.len() * 6 / 10) {
        let decision = ask::best(inventory, &scope, &pod.demand);
        if let Some(placement) = decision.placements().first() {
            let id = inventory.reserve(placement.pair, &placement.request, 1).expect("as decided");
            running.push_back((id, placement.pair, placement.request));
        }
    }
    running
}
