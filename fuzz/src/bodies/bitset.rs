//! Sets as bits, against ordered sets.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use siting::bitset::BitSet;
use siting::id::{Atom, Id};

#[derive(Arbitrary, Debug)]
enum Operation {
    Insert(u16),
    Remove(u16),
    Union,
    Intersect,
    Subtract,
    Complement,
    Swap,
    Copy,
}

/// Whatever is done to two sets, they are what ordered sets are after the same.
pub fn bitset(bytes: &[u8]) {
    let mut bytes = Unstructured::new(bytes);
    let Ok(universe) = bytes.int_in_range(0..=700_usize) else { return };
    let Ok(operations) = Vec::<Operation>::arbitrary(&mut bytes) else { return };
    let (mut bits, mut other_bits) = (BitSet::<Atom>::empty(universe), BitSet::full(universe));
    let (mut set, mut other_set) = (BTreeSet::new(), (0..universe).collect::<BTreeSet<usize>>());
    for operation in operations {
        match operation {
            Operation::Insert(index) => {
                let index = usize::from(index);
                if index < universe {
                    assert_eq!(bits.insert(Atom::from_index(index)), set.insert(index));
                }
            }
            Operation::Remove(index) => {
                assert_eq!(bits.remove(Atom::from_index(usize::from(index))), set.remove(&usize::from(index)));
            }
            Operation::Union => {
                bits.union_with(&other_bits);
                set.extend(&other_set);
            }
            Operation::Intersect => {
                bits.intersect_with(&other_bits);
                set.retain(|index| other_set.contains(index));
            }
            Operation::Subtract => {
                bits.subtract(&other_bits);
                set.retain(|index| !other_set.contains(index));
            }
            Operation::Complement => {
                bits = bits.complement();
                set = (0..universe).filter(|index| !set.contains(index)).collect();
            }
            Operation::Swap => {
                std::mem::swap(&mut bits, &mut other_bits);
                std::mem::swap(&mut set, &mut other_set);
            }
            Operation::Copy => {
                other_bits = bits.clone();
                other_set = set.clone();
            }
        }
        assert!(bits.iter().map(Id::index).eq(set.iter().copied()));
        assert_eq!((bits.len(), bits.is_empty(), bits.is_full()), (set.len(), set.is_empty(), set.len() == universe));
        assert_eq!(bits.is_subset(&other_bits), set.is_subset(&other_set));
        assert_eq!(bits.is_disjoint(&other_bits), set.is_disjoint(&other_set));
        assert_eq!(bits == other_bits, set == other_set);
    }
}
