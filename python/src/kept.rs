//! Decisions as they are kept: what they say, without the workspace that they were made on.
//!
//! What many say alike is written once: what policies leave, and the places. So a pickle of a thousand decisions takes
//! little more than what tells them apart.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use siting::report::{DecisionReport, ExplanationReport, ScopeReport};

use crate::decision::{Decision, Decisions};
use crate::failure::{Failure, Outcome};
use crate::kept_scope;

/// The version of the form, beside which stands that of the built-in names.
const VERSION: u32 = 1;
/// What an explanation says as the report beside it does.
const ALIKE: [&str; 6] = ["apiVersion", "kind", "deployment", "verdict", "candidateCount", "scope"];

/// What it says as the refusal does, mostly.
const OF_REFUSAL: [&str; 4] = ["reasons", "remedies", "moreRemedies", "lowerPriority"];

/// Decisions that were written down.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    version: (u32, u64),
    currency: String,
    /// The clusters of the fleet, where columns have a bit for each.
    clusters: Vec<String>,
    /// What policies leave, each once.
    scopes: Vec<Value>,
    /// Cluster, pool, and the type and name of the hardware: each candidate once, ascending.
    places: Vec<(String, String, String, String)>,
    decisions: Vec<One>,
}

/// One decision, without what stands in the tables.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    report: Map<String, Value>,
    explanation: Map<String, Value>,
    scope: usize,
    /// Its candidates as runs of places: the first of each, and how many.
    candidates: Vec<(usize, usize)>,
}

impl Kept {
    /// Writes decisions down, by their reports and explanations.
    pub(crate) fn of(
        currency: &str,
        clusters: Vec<String>,
        told: Vec<(DecisionReport, ExplanationReport)>,
    ) -> Outcome<Self> {
        let named = |report: &DecisionReport| -> Vec<(String, String, String, String)> {
            let listed = report.candidates.iter().flatten();
            listed
                .map(|at| (at.cluster.clone(), at.pool.clone(), at.flavor.r#type.clone(), at.flavor.name.clone()))
                .collect()
        };
        let mut places: BTreeMap<_, usize> =
            told.iter().flat_map(|(report, _)| named(report)).map(|place| (place, 0)).collect();
        places.values_mut().enumerate().for_each(|(at, number)| *number = at);
        let (mut scopes, mut known) = (Vec::new(), HashMap::new());
        let mut decisions = Vec::with_capacity(told.len());
        for (mut report, explanation) in told {
            let numbers = named(&report).into_iter().filter_map(|place| places.get(&place).copied());
            let candidates = runs(numbers);
            report.candidates = None;
            let next = known.len();
            let scope = *known.entry(report.scope.clone()).or_insert(next);
            if scope == next {
                scopes.push(kept_scope::written(&report.scope)?);
            }
            let (mut report, mut explanation) = (object(&report)?, object(&explanation)?);
            report.remove("scope");
            ALIKE.iter().for_each(|key| drop(explanation.remove(*key)));
            for key in OF_REFUSAL {
                if report.get("refusal").and_then(|refusal| refusal.get(key)) == explanation.get(key) {
                    explanation.remove(key);
                }
            }
            decisions.push(One { report, explanation, scope, candidates });
        }
        let places = places.into_keys().collect();
        Ok(Self {
            version: (VERSION, kept_scope::version()),
            currency: currency.to_owned(),
            clusters,
            scopes,
            places,
            decisions,
        })
    }

    /// Reads what was written down; every decision is looked at.
    fn read(text: &str) -> Outcome<Self> {
        let kept: Self = serde_json::from_str(text).map_err(damaged)?;
        if kept.version != (VERSION, kept_scope::version()) {
            return Err(Failure::Value {
                code: "other-version",
                message: "the pickle is of another version of siting".to_owned(),
                help: "send it between processes of one version, or keep its JSON",
            });
        }
        for at in 0..kept.len() {
            kept.report(at)?;
            kept.explanation(at)?;
        }
        Ok(kept)
    }

    pub(crate) fn len(&self) -> usize {
        self.decisions.len()
    }

    pub(crate) fn currency(&self) -> &str {
        &self.currency
    }

    pub(crate) fn clusters(&self) -> &[String] {
        &self.clusters
    }

    fn one(&self, at: usize) -> Outcome<(&One, ScopeReport)> {
        let one = self.decisions.get(at);
        let found = one.and_then(|one| Some((one, self.scopes.get(one.scope)?)));
        let (one, scope) = found.ok_or_else(|| damaged("it lacks a part"))?;
        Ok((one, kept_scope::read(scope)?))
    }

    /// The report of one decision, as it was.
    pub(crate) fn report(&self, at: usize) -> Outcome<DecisionReport> {
        let (one, scope) = self.one(at)?;
        let mut report = one.report.clone();
        let mut candidates = Vec::new();
        for (first, count) in &one.candidates {
            let run = first.checked_add(*count).and_then(|end| self.places.get(*first..end));
            candidates.extend(run.ok_or_else(|| damaged("it lacks a place"))?.iter().map(|(cluster, pool, kind, name)| {
                json!({"cluster": cluster, "pool": pool, "flavor": {"type": kind, "name": name}})
            }));
        }
        report.insert("scope".to_owned(), serde_json::to_value(scope).map_err(damaged)?);
        report.insert("candidates".to_owned(), Value::Array(candidates));
        typed(Value::Object(report))
    }

    /// The explanation of one decision, as it was.
    pub(crate) fn explanation(&self, at: usize) -> Outcome<ExplanationReport> {
        let (one, scope) = self.one(at)?;
        let told = |key: &str| one.report.get(key).cloned().unwrap_or_default();
        let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let workload = told("workload").get("name").map(name).unwrap_or_default();
        let mut explanation = one.explanation.clone();
        for key in OF_REFUSAL {
            if let (false, Some(same)) = (explanation.contains_key(key), told("refusal").get(key)) {
                explanation.insert(key.to_owned(), same.clone());
            }
        }
        for (key, value) in [
            ("apiVersion", json!("siting.dev/v1")),
            ("kind", json!("Explanation")),
            ("deployment", json!(format!("{workload}/{}", name(&told("name"))))),
            ("verdict", told("verdict")),
            ("candidateCount", told("candidateCount")),
            ("scope", serde_json::to_value(scope).map_err(damaged)?),
        ] {
            explanation.insert(key.to_owned(), value);
        }
        typed(Value::Object(explanation))
    }
}

/// Numbers as runs: the first of each, and how many follow one another.
fn runs(numbers: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((first, count)) if *first + *count == number => *count += 1,
            _ => runs.push((number, 1)),
        }
    }
    runs
}

fn object(value: &impl Serialize) -> Outcome<Map<String, Value>> {
    match serde_json::to_value(value).map_err(damaged)? {
        Value::Object(map) => Ok(map),
        _ => Err(damaged("a report is an object")),
    }
}

pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Outcome<T> {
    serde_json::from_value(value).map_err(damaged)
}

pub(crate) fn damaged(cause: impl ToString) -> Failure {
    Failure::value(format!("the pickle is damaged: {}", cause.to_string()), "pickle it again where it was made")
}

/// Reads one decision that was written down.
#[pyfunction]
pub(crate) fn kept_decision(py: Python<'_>, written: &str) -> Outcome<Decision> {
    py.detach(|| {
        let kept = Kept::read(written)?;
        if kept.len() == 1 { Ok(Decision::kept(Arc::new(kept), 0)) } else { Err(damaged("it is of one decision")) }
    })
}

/// Reads decisions that were written down.
#[pyfunction]
pub(crate) fn kept_decisions(py: Python<'_>, written: &str) -> Outcome<Decisions> {
    py.detach(|| Ok(Decisions::kept(Kept::read(written)?)))
}

/// A value of the crate, of the text that was kept of it.
pub(crate) fn restored<T: DeserializeOwned>(text: &str) -> Outcome<T> {
    serde_json::from_str(text).map_err(damaged)
}
