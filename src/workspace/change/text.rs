//! A change as text, such as an entry of a log holds it: documents as manifests have them, all else by names.

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Documents;
use crate::deployment::Secret;
use crate::manifest::spec::Specs;
use crate::manifest::{self, Kind, Source};
use crate::origin::{Origin, Problem, ProblemCode};

/// Documents one by one, without the values of environment variables (L11).
pub(in crate::workspace) fn written(specs: &Specs) -> Vec<Value> {
    let mut specs = specs.clone();
    for spec in &mut specs.deployments {
        spec.env.values_mut().for_each(|value| *value = Secret::new(""));
    }
    match serde_json::from_str(&manifest::write_json(&specs)) {
        Ok(Value::Array(documents)) => documents,
        Ok(one) => vec![one],
        // Invariant `values-serialise`: what is written is JSON.
        Err(_) => Vec::new(),
    }
}

/// What documents hold that cannot be read from their text, by document: a problem for each.
pub(super) fn beyond_text(specs: &Specs) -> Vec<Problem> {
    let read = |texts: &[Value]| {
        let text = serde_json::to_string(texts).unwrap_or_default();
        let reading = manifest::read(&[Source::new("specs", text)]);
        let broken = reading.specs.broken_clusters.into_iter().flat_map(|broken| broken.problems);
        // Two of one name are two, and are told so where they are put.
        let problems = reading.problems.into_iter().chain(broken).filter(|it| it.code != ProblemCode::Duplicate);
        problems.collect::<Vec<_>>()
    };
    let documents = written(specs);
    if read(&documents).is_empty() {
        return Vec::new();
    }
    let of_one = |document: &Value| {
        let text = |pointer| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let named = format!("{} `{}`", text("/kind"), text("/metadata/name"));
        let told = |problem: Problem| {
            let message = format!("{named} holds what its text cannot say: {}", problem.message);
            let told = Problem::new(problem.code, &Origin::default(), message);
            problem.help.into_iter().fold(told, Problem::help)
        };
        read(std::slice::from_ref(document)).into_iter().map(told).collect::<Vec<_>>()
    };
    documents.iter().flat_map(of_one).collect()
}

impl Documents {
    /// What was wrong with the texts that they were read from, which is written nowhere.
    fn problem(&self) -> Option<&Problem> {
        let broken = self.specs.broken_clusters.iter().flat_map(|broken| &broken.problems);
        self.problems.iter().chain(broken).next()
    }
}

impl Serialize for Documents {
    /// # Errors
    /// Where something was wrong with them: what cannot be read cannot be written either.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.problem() {
            Some(problem) => Err(S::Error::custom(problem)),
            None => written(&self.specs).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Documents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Vec::<Value>::deserialize(deserializer)?;
        let text = serde_json::to_string(&text).map_err(serde::de::Error::custom)?;
        let read = Self::from(manifest::read(&[Source::new("<change>", text)]));
        match read.problem() {
            Some(problem) => Err(serde::de::Error::custom(problem)),
            None => Ok(read),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom(format!("no kind of document is called `{name}`"));
        Self::parse(&name).ok_or_else(unknown)
    }
}

/// Claims are written with names for both halves.
pub(super) mod claims {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::inventory::Request;
    use crate::lifecycle::Place;

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Claim {
        place: Place,
        request: Request,
    }

    pub(in super::super) fn serialize<S: Serializer>(
        claims: &[(Place, Request)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let claim = |(place, request): &(Place, Request)| Claim { place: place.clone(), request: *request };
        serializer.collect_seq(claims.iter().map(claim))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(Place, Request)>, D::Error> {
        let claims = Vec::<Claim>::deserialize(deserializer)?;
        Ok(claims.into_iter().map(|Claim { place, request }| (place, request)).collect())
    }
}
