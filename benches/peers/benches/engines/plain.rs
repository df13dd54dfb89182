//! What one would write without an engine: strings compared with strings.

use super::Engine;
use super::place::Place;

pub(crate) struct Plain {
    places: Vec<Place>,
}

impl Plain {
    pub(crate) fn new(places: &[Place]) -> Self {
        Self { places: places.to_vec() }
    }
}

impl Engine for Plain {
    fn allows(&mut self, cluster: usize) -> bool {
        let place = self.places.get(cluster).expect("a cluster");
        let flavor = |code: &str| place.code == code || place.family == code;
        (place.continent == "eu" || place.country == "us")
            && (place.kind == "gpu" || (place.kind == "cpu" && flavor("x86")))
            && (["fr", "de", "ie"].contains(&place.country.as_str()) || place.location == "aws/us-east-1")
            && (place.kind == "gpu" && (flavor("t4") || flavor("a100")))
    }
}
