//! Whose turn it is: smooth weighted round robin and least connections, over plain numbers.

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
    /// Whether some effective weight is below its weight.
    recovering: bool,
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
        if self.recovering {
            return self.next_of(|_| true);
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
    pub(super) fn next_of(&mut self, admits: impl Fn(&Turn) -> bool) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<(usize, i32)> = None;
        let mut recovering = false;
        for at in 0..self.places.len() {
            let Some(turn) = self.get(at) else { continue };
            let grows = turn.effective < turn.weight;
            recovering |= grows;
            if !admits(&turn) {
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

    /// The fewest connections for the weight; of several, by smooth weighted round robin among them.
    pub(super) fn idlest(&mut self) -> Option<usize> {
        if self.recovering || self.loads.is_empty() {
            return self.idlest_of(|_| true);
        }
        let least = self.loads.iter().copied().min()?;
        let (mut total, mut most) = (0, i32::MIN);
        for ((current, weight), load) in self.current.iter_mut().zip(&self.weights).zip(&self.loads) {
            // One that is alone grows and pays the same, as if it had not taken part.
            let tied = -i32::from(*load == least);
            let grown = *weight & tied;
            *current += grown;
            total += grown;
            most = most.max(if tied == 0 { i32::MIN } else { *current });
        }
        let chosen = |(current, load): (&i32, &i32)| *current == most && *load == least;
        let at = self.current.iter().zip(&self.loads).position(chosen)?;
        *self.current.get_mut(at)? -= total;
        Some(at)
    }

    /// The same among those that `admits` lets pass, by multiplying crosswise.
    pub(super) fn idlest_of(&mut self, admits: impl Fn(&Turn) -> bool) -> Option<usize> {
        let crosswise = |one: &Turn, other: &Turn| {
            let load = |turn: &Turn, weight: i32| u64::from(turn.connections) * u64::from(weight.unsigned_abs());
            load(one, other.weight).cmp(&load(other, one.weight))
        };
        let mut best: Option<(usize, Turn)> = None;
        let mut several = false;
        for (at, turn) in self.iter().enumerate().filter(|(_, turn)| admits(turn)) {
            match best.as_ref().map(|(_, best)| crosswise(&turn, best)) {
                None | Some(std::cmp::Ordering::Less) => (best, several) = (Some((at, turn)), false),
                Some(std::cmp::Ordering::Equal) => several = true,
                Some(std::cmp::Ordering::Greater) => {}
            }
        }
        let (at, best) = best?;
        if several { self.next_of(|turn| admits(turn) && crosswise(turn, &best).is_eq()) } else { Some(at) }
    }
}
