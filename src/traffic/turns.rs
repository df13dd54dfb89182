//! Whose turn it is: smooth weighted round robin and least connections, over plain numbers.

use std::cmp::Ordering;

/// The backends that can be chosen, as columns of numbers, ascending by place.
///
/// A pick goes through all of them; columns let the processor take several at a time.
#[derive(Clone, Default, Debug)]
pub(super) struct Turns {
    /// Each one's place among all backends.
    places: Vec<u32>,
    weights: Vec<i32>,
    /// The weight that counts: less after failures, and growing back.
    effective: Vec<i32>,
    current: Vec<i32>,
    connections: Vec<u32>,
    /// Connections for the weight, on a scale that all share; empty where there is no such scale within
    /// the type, and the weights have to be multiplied crosswise.
    loads: Vec<i32>,
    /// What one connection adds to the load.
    steps: Vec<i32>,
    /// Those of the least load; none where they have to be looked for.
    tied: Tied,
    /// Whether some effective weight is below its weight.
    recovering: bool,
}

/// Those of the least load, as columns, ascending by where they stand. While they are here, their `current`
/// is kept here.
#[derive(Clone, Default, Debug)]
struct Tied {
    stand: Vec<usize>,
    current: Vec<i32>,
    weights: Vec<i32>,
}

/// Where one backend stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) place: u32,
    pub(super) weight: i32,
    pub(super) effective: i32,
    pub(super) current: i32,
    pub(super) connections: u32,
}

/// Which of those that can be chosen a mask leaves, as a column: all bits, or none.
#[derive(Clone, Debug)]
pub(super) struct Left {
    bits: Vec<i32>,
}

impl Left {
    pub(super) fn has(&self, at: usize) -> bool {
        self.bits.get(at).is_some_and(|bits| *bits != 0)
    }

    pub(super) fn is_any(&self) -> bool {
        self.bits.iter().any(|bits| *bits != 0)
    }
}

impl Turns {
    pub(super) fn new(turns: impl Iterator<Item = Turn>) -> Self {
        let mut all = Self::default();
        for turn in turns {
            all.places.push(turn.place);
            all.weights.push(turn.weight);
            all.effective.push(turn.effective);
            all.current.push(turn.current);
            all.connections.push(turn.connections);
            all.recovering |= turn.effective < turn.weight;
        }
        all.scale();
        all
    }

    /// All of them, as they stand once they are [settled](Self::settle).
    pub(super) fn iter(&self) -> impl Iterator<Item = Turn> + use<'_> {
        (0..self.places.len()).filter_map(|at| self.get(at))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn place(&self, at: usize) -> Option<u32> {
        self.places.get(at).copied()
    }

    /// Where the backend of this place stands among those that can be chosen.
    pub(super) fn find(&self, place: u32) -> Option<usize> {
        self.places.binary_search(&place).ok()
    }

    /// Takes one away from, or adds one to, the connections.
    pub(super) fn connect(&mut self, at: usize, connections: u32) {
        if let Some(own) = self.connections.get_mut(at) {
            *own = connections;
        }
        let load = self.steps.get(at).and_then(|step| step.checked_mul(i32::try_from(connections).ok()?));
        match (self.loads.get_mut(at), load) {
            (Some(own), Some(load)) => *own = load,
            _ => self.loads.clear(),
        }
        self.follow(at, load);
    }

    /// Keeps the idlest as they are after the load of one has changed, so that they need not be looked for
    /// among all at every pick: while connections only open, each look serves as many picks as it finds.
    fn follow(&mut self, at: usize, load: Option<i32>) {
        let mut others = self.tied.stand.iter().filter(|other| **other != at);
        let least = others.next().and_then(|other| self.loads.get(*other).copied());
        // One that was alone may still be below all others, or not.
        let (Some(least), Some(load)) = (least, load) else { return self.settle() };
        match (self.tied.stand.binary_search(&at), load.cmp(&least)) {
            (Ok(found), Ordering::Greater) => {
                self.tied.stand.remove(found);
                self.tied.weights.remove(found);
                let current = self.tied.current.remove(found);
                if let Some(own) = self.current.get_mut(at) {
                    *own = current;
                }
            }
            (Err(found), Ordering::Equal) => {
                let column = |column: &[i32]| column.get(at).copied().unwrap_or(0);
                self.tied.stand.insert(found, at);
                self.tied.weights.insert(found, column(&self.weights));
                self.tied.current.insert(found, column(&self.current));
            }
            (_, Ordering::Less) => {
                self.settle();
                self.tie(at);
            }
            _ => {}
        }
    }

    /// Adds one at the end of the idlest.
    fn tie(&mut self, at: usize) {
        if let (Some(current), Some(weight)) = (self.current.get(at), self.weights.get(at)) {
            self.tied.stand.push(at);
            self.tied.current.push(*current);
            self.tied.weights.push(*weight);
        }
    }

    /// Brings what is kept of the idlest back to all.
    pub(super) fn settle(&mut self) {
        for (at, current) in self.tied.stand.drain(..).zip(self.tied.current.drain(..)) {
            if let Some(own) = self.current.get_mut(at) {
                *own = current;
            }
        }
        self.tied.weights.clear();
    }

    /// Makes a backend's weight count for less, after a failure.
    pub(super) fn weaken(&mut self, at: usize, by: i32) {
        if let Some(effective) = self.effective.get_mut(at) {
            *effective = (*effective - by).max(0);
            self.recovering = true;
        }
    }

    fn get(&self, at: usize) -> Option<Turn> {
        Some(Turn {
            place: *self.places.get(at)?,
            weight: *self.weights.get(at)?,
            effective: *self.effective.get(at)?,
            current: *self.current.get(at)?,
            connections: *self.connections.get(at)?,
        })
    }

    /// Brings all loads to one scale: connections times the least common multiple of the weights over the
    /// own weight.
    fn scale(&mut self) {
        let least = |multiple: i32, weight: &i32| {
            let (mut a, mut b) = (multiple, *weight);
            while b > 0 {
                (a, b) = (b, a % b);
            }
            multiple.checked_mul(weight.checked_div(a)?)
        };
        let Some(multiple) = self.weights.iter().try_fold(1, least) else { return };
        self.steps = self.weights.iter().map(|weight| multiple.checked_div(*weight).unwrap_or(0)).collect();
        let load = |(step, connections): (&i32, &u32)| step.checked_mul(i32::try_from(*connections).ok()?);
        let loads: Option<Vec<i32>> = self.steps.iter().zip(&self.connections).map(load).collect();
        self.loads = loads.unwrap_or_default();
    }

    /// Smooth weighted round robin among all.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.settle();
        if self.recovering {
            return self.next_of(|_, _| true);
        }
        let (mut total, mut most) = (0, i32::MIN);
        for (current, weight) in self.current.iter_mut().zip(&self.weights) {
            *current += weight;
            total += weight;
            most = most.max(*current);
        }
        let at = self.current.iter().position(|current| *current == most)?;
        *self.current.get_mut(at)? -= total;
        Some(at)
    }

    /// Smooth weighted round robin among those that `admits` lets pass: each grows by its weight, the
    /// largest is taken and pays for all.
    pub(super) fn next_of(&mut self, admits: impl Fn(usize, &Turn) -> bool) -> Option<usize> {
        self.settle();
        let mut total = 0;
        let mut best: Option<(usize, i32)> = None;
        let mut recovering = false;
        for at in 0..self.places.len() {
            let Some(turn) = self.get(at) else { continue };
            let grows = turn.effective < turn.weight;
            recovering |= grows;
            if !admits(at, &turn) {
                continue;
            }
            let now = turn.current + turn.effective;
            total += turn.effective;
            if let (Some(current), Some(effective)) = (self.current.get_mut(at), self.effective.get_mut(at)) {
                *current = now;
                *effective += i32::from(grows);
            }
            if best.is_none_or(|(_, most)| now > most) {
                best = Some((at, now));
            }
        }
        self.recovering = recovering;
        let (at, _) = best?;
        *self.current.get_mut(at)? -= total;
        Some(at)
    }

    /// The same among those that a mask leaves.
    pub(super) fn next_in(&mut self, left: &Left) -> Option<usize> {
        self.settle();
        if self.recovering {
            return self.next_of(|at, _| left.has(at));
        }
        let (mut total, mut most) = (0, i32::MIN);
        for ((current, weight), bits) in self.current.iter_mut().zip(&self.weights).zip(&left.bits) {
            let weight = weight & bits;
            *current += weight;
            total += weight;
            most = most.max((*current & bits) | (i32::MIN & !bits));
        }
        let mut taking_part = self.current.iter().zip(&left.bits);
        let at = taking_part.position(|(current, bits)| *current == most && *bits != 0)?;
        *self.current.get_mut(at)? -= total;
        Some(at)
    }

    /// The fewest connections for the weight among those that a mask leaves.
    pub(super) fn idlest_in(&mut self, left: &Left) -> Option<usize> {
        self.settle();
        if self.recovering || self.loads.is_empty() {
            return self.idlest_of(|at, _| left.has(at));
        }
        let loads = || self.loads.iter().zip(&left.bits);
        let least = loads().map(|(load, bits)| (load & bits) | (i32::MAX & !bits)).min()?;
        let idlest = loads().map(|(load, bits)| bits & -i32::from(*load == least)).collect();
        self.next_in(&Left { bits: idlest })
    }

    /// Those that a mask leaves, of which `admits` says whether a place is one.
    pub(super) fn left(&self, admits: impl Fn(u32) -> bool) -> Left {
        Left { bits: self.places.iter().map(|&place| -i32::from(admits(place))).collect() }
    }

    /// The fewest connections for the weight; of several, by smooth weighted round robin among them.
    pub(super) fn idlest(&mut self) -> Option<usize> {
        if self.recovering || self.loads.is_empty() {
            return self.idlest_of(|_, _| true);
        }
        if self.tied.stand.is_empty() {
            let least = self.loads.iter().copied().min()?;
            let loads = std::mem::take(&mut self.loads);
            let idlest = loads.iter().enumerate().filter(|(_, load)| **load == least);
            idlest.for_each(|(at, _)| self.tie(at));
            self.loads = loads;
        }
        // One that is alone would grow and pay the same, as if it had not taken part.
        if let [only] = self.tied.stand[..] {
            return Some(only);
        }
        let (mut total, mut most) = (0, i32::MIN);
        for (current, weight) in self.tied.current.iter_mut().zip(&self.tied.weights) {
            *current += weight;
            total += weight;
            most = most.max(*current);
        }
        let chosen = self.tied.current.iter().position(|current| *current == most)?;
        *self.tied.current.get_mut(chosen)? -= total;
        self.tied.stand.get(chosen).copied()
    }

    /// The same among those that `admits` lets pass, by multiplying crosswise.
    pub(super) fn idlest_of(&mut self, admits: impl Fn(usize, &Turn) -> bool) -> Option<usize> {
        self.settle();
        let crosswise = |one: &Turn, other: &Turn| {
            let load = |turn: &Turn, weight: i32| u64::from(turn.connections) * u64::from(weight.unsigned_abs());
            load(one, other.weight).cmp(&load(other, one.weight))
        };
        let mut best: Option<(usize, Turn)> = None;
        let mut several = false;
        for (at, turn) in self.iter().enumerate().filter(|(at, turn)| admits(*at, turn)) {
            match best.as_ref().map(|(_, best)| crosswise(&turn, best)) {
                None | Some(Ordering::Less) => (best, several) = (Some((at, turn)), false),
                Some(Ordering::Equal) => several = true,
                Some(Ordering::Greater) => {}
            }
        }
        let (at, best) = best?;
        if several { self.next_of(|at, turn| admits(at, turn) && crosswise(turn, &best).is_eq()) } else { Some(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R5: the idlest that are kept from pick to pick are those that a look at all of them finds.
    #[test]
    fn r5_what_is_kept_from_pick_to_pick_is_what_a_look_at_all_finds() {
        let turn = |place: u32| {
            let weight = i32::try_from(1 + place % 4).unwrap_or(1);
            Turn { place, weight, effective: weight, current: 0, connections: 0 }
        };
        let mut kept = Turns::new((0..17).map(turn));
        let mut looked = kept.clone();
        let mut open = [0_u32; 17];
        // A small generator: which of them closes a connection, and when.
        let mut random = 1_u32;
        for _ in 0..20_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let closing = (random >> 16) as usize % 40;
            let at = match open.get(closing) {
                Some(connections) if *connections > 0 => closing,
                Some(_) => continue,
                None => {
                    let at = kept.idlest();
                    assert_eq!(at, looked.idlest_of(|_, _| true));
                    at.expect("one")
                }
            };
            let own = open.get_mut(at).expect("one of them");
            *own = if closing < 17 { *own - 1 } else { *own + 1 };
            kept.connect(at, *own);
            looked.connect(at, *own);
        }
    }
}
