//! How much GPU capacity a replica strands for the demands that are expected (D5).
//!
//! In the spirit of fragmentation gradient descent (Weng et al., "Beware of Fragmentation: Scheduling
//! GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023): of a node's free GPUs,
//! count what each expected demand could not use, and choose the node on which that grows least. Where the
//! paper counts the fragments at which a demand cannot even start, this also counts what stays idle when
//! the node is filled with it, so cpu and memory that would run out first are seen coming. All of it is
//! integers: thousandths of GPUs, times weights.

use super::lower;
use crate::catalog::Catalog;
use crate::deployment::{Expected, Mix};
use crate::id::FlavorId;
use crate::inventory::{GpuRequest, Node, PoolDef, Request};

/// How much more is stranded on a node once a replica has taken what it takes of it; less is better. `None`
/// where it has no room.
///
/// O(expected demands + GPUs of the node × different numbers of them). The sum of weights is below 2^32 and
/// a node's GPUs below 2^26 thousandths, of which each counts at most twice, so neither sum passes 2^59.
pub(super) fn increase(catalog: &Catalog, mix: &Mix, pool: &PoolDef, node: &Node, request: &Request) -> Option<i64> {
    let after = node.after(request)?;
    let flavor = pool.gpu_flavor.filter(|_| mix.names_hardware() || pool.devices.slice.is_some());
    let admits =
        flavor.map(|flavor| move |expected: &Expected| admits(catalog, expected, lower::of_pool(pool), flavor));
    let stranded = |node: &Node| i64::try_from(stranded(mix, node, admits.as_ref())).unwrap_or(i64::MAX);
    Some(stranded(&after) - stranded(node))
}

fn admits(catalog: &Catalog, expected: &Expected, has: lower::Has, flavor: FlavorId) -> bool {
    lower::admits_stated(catalog, &expected.resources, 0, has, flavor)
}

/// What the expected demands cannot use of what is free on a node, each by its weight: where one fits, the
/// thousandths that are free on GPUs too full for it and those that stay free once the node is filled with
/// it; where none does, all that is free, twice. `admits` says which demands the hardware is right for; without
/// it, all. What can never run on a node is not looked for there: counted as idle, it would draw every replica to
/// hardware that few demands name, whatever that does to those that can run there.
fn stranded<F: Fn(&Expected) -> bool>(mix: &Mix, node: &Node, admits: Option<&F>) -> u64 {
    let free = node.gpu_thousandths();
    let of_gpus = mix.by_gpus().iter().map(|of| {
        let (room, too_full) = room(node, of.gpu);
        if admits.is_none() && room == 0 {
            return of.weight * 2 * free;
        }
        if admits.is_none() && node.times_beside_gpus(&of.most, room) == room {
            // No demand of them would run out of anything but GPUs.
            return of.weight * (too_full + (free - room * of.gpu.thousandths()));
        }
        let admitted = of.demands.iter().filter(|expected| admits.is_none_or(|admits| admits(expected)));
        let demands = admitted.map(|expected| {
            let idle = match node.times_beside_gpus(&expected.request, room) {
                0 => 2 * free,
                times => too_full + (free - times * of.gpu.thousandths()),
            };
            u64::from(expected.weight) * idle
        });
        demands.sum()
    });
    of_gpus.sum()
}

/// How often a node's GPUs hold a request for some, and what is free on those too full for it.
fn room(node: &Node, gpu: GpuRequest) -> (u64, u64) {
    match gpu {
        GpuRequest::None => (0, 0),
        GpuRequest::Whole(count) => {
            let whole = node.gpus().iter().filter(|&&free| free == Node::WHOLE).count() as u64;
            let room = whole.checked_div(u64::from(count)).unwrap_or(0);
            (room, node.gpu_thousandths() - whole * u64::from(Node::WHOLE))
        }
        GpuRequest::Share(share) => {
            let share = share.thousandths();
            let each = node.gpus().iter().map(|&free| (u64::from(u32::from(free) / share), u64::from(free)));
            each.fold((0, 0), |(room, too_full), (times, free)| {
                (room + times, too_full + if times == 0 { free } else { 0 })
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Choice, FlavorKind};
    use crate::deployment::{GpuNeed, Resources};
    use crate::inventory::Shape;
    use crate::quantity::{Bytes, Cpu, GpuShare};

    /// Any hardware is right.
    const ANY: Option<&fn(&Expected) -> bool> = None;

    fn resources(cpu: u64, count: u32, share: Option<u32>) -> Resources {
        let share = share.and_then(GpuShare::from_thousandths);
        let gpus = [GpuNeed { count, share, ..GpuNeed::default() }].into_iter().collect();
        Resources { cpu: Cpu::milli_cores(cpu), memory: Bytes::new(1), gpus, ..Resources::default() }
    }

    /// A node of 8 cores and 2 GPUs after replicas of these have come.
    fn node(taken: &[Resources]) -> Node {
        let shape = Shape {
            cpu: Cpu::milli_cores(8000),
            memory: Bytes::new(1 << 30),
            storage: None,
            bandwidth: None,
            gpus: 2,
            replicas: None,
        };
        taken.iter().fold(Node::idle(&shape), |node, resources| node.after(&resources.request(0)).expect("room"))
    }

    fn stranded_for(expected: Resources, node: &Node) -> u64 {
        stranded(&Mix::new([(expected, 1)]).expect("a mix"), node, ANY)
    }

    #[test]
    fn d5_what_an_expected_demand_cannot_use_is_stranded() {
        let idle = node(&[]);
        let used = node(&[resources(1000, 1, Some(600))]);
        // 1400 thousandths are free: 400 and 1000.
        assert_eq!(stranded_for(resources(1000, 1, None), &idle), 0);
        assert_eq!(stranded_for(resources(1000, 1, None), &used), 400 + 400, "too full, and idle when filled");
        assert_eq!(stranded_for(resources(1000, 2, None), &used), 2 * 1400, "no room at all");
        assert_eq!(stranded_for(resources(1000, 1, Some(200)), &used), 0);
        assert_eq!(stranded_for(resources(1000, 1, Some(700)), &used), 400 + 700, "400 too full, 300 beside");
        // Of 7 cores free, 4 go with one share; six of seven shares are idle.
        assert_eq!(stranded_for(resources(4000, 1, Some(200)), &used), 1400 - 200, "cpu runs out first");
    }

    /// What is reckoned for all demands of the same GPUs at once comes to what it comes to one by one.
    #[test]
    fn d5_demands_together_strand_what_they_strand_one_by_one() {
        let expected = [(1000, 1, None), (3000, 1, None), (7000, 1, None), (1000, 1, Some(300)), (5000, 1, Some(300))];
        let expected = expected.map(|(cpu, count, share)| (resources(cpu, count, share), 1));
        let mix = Mix::new(expected.clone()).expect("a mix");
        let by_one = |_: &Expected| true;
        for cores in 0..8 {
            for share in [None, Some(250), Some(700)] {
                let taken = resources(cores * 1000, 1, share);
                let node = node(&[taken]);
                let together = stranded(&mix, &node, ANY);
                assert_eq!(together, stranded(&mix, &node, Some(&by_one)), "{node:?}");
                let each = expected.iter().map(|(resources, _)| stranded_for(resources.clone(), &node));
                assert_eq!(together, each.sum::<u64>(), "{node:?}");
            }
        }
    }

    #[test]
    fn d5_a_demand_says_nothing_of_hardware_that_is_not_right_for_it() {
        let catalog = Catalog::builtin();
        let flavor = |code| catalog.flavor(FlavorKind::Gpu, code);
        let mut expected = resources(1000, 1, Some(600));
        for need in &mut expected.gpus {
            need.codes = flavor("t4").map(Choice::Flavor).into_iter().collect();
        }
        let mix = Mix::new([(expected, 1)]).expect("a mix");
        let increase = |code| {
            let pool = PoolDef::unlimited("p".parse().expect("a name"), None, flavor(code));
            increase(&catalog, &mix, &pool, &node(&[]), &resources(1000, 1, Some(600)).request(0))
        };
        // Filled with it, two times 400 stay free, before; after, too, and on a GPU too full for it are 400.
        assert_eq!(increase("t4"), Some(800 + 400 - 800));
        assert_eq!(increase("l4"), Some(0));
    }

    #[test]
    fn d5_weights_add_up_and_need_not_be_sorted() {
        let used = node(&[resources(1000, 1, Some(600))]);
        let (one, two) = (resources(1000, 1, None), resources(1000, 2, None));
        let mix = |entries: Vec<(Resources, u32)>| Mix::new(entries).expect("a mix");
        let both = mix(vec![(one.clone(), 3), (two.clone(), 1), (one.clone(), 2)]);
        assert_eq!(stranded(&both, &used, ANY), 5 * 800 + 2800);
        let catalog = Catalog::builtin();
        let pool = PoolDef::unlimited("p".parse().expect("a name"), None, None);
        let increase =
            |mix: &Mix| increase(&catalog, mix, &pool, &node(&[]), &resources(1000, 1, Some(600)).request(0));
        assert_eq!(increase(&both), Some(5 * 800 + 2800), "nothing is stranded on an idle node");
        assert_eq!(increase(&both), increase(&mix(vec![(two, 1), (one, 5)])));
    }
}
