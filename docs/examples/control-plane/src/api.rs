//! The API. Whoever may ask twice sends an `Idempotency-Key`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use siting::deployment::Workload;
use siting::lifecycle::{Action, Sight};
use siting::manifest::{Kind, read_step, read_str};
use siting::metrics::Window;
use siting::report::{DecisionReport, ExplanationReport, Include};
use siting::simulation;
use siting::workspace::{Changed, Workspace, WorkspaceChange};

use crate::error::Error;
use crate::planner::Planner;

/// What the API answers from: the planner, and what was measured of candidates.
pub struct Host {
    pub planner: Planner,
    windows: Mutex<HashMap<String, Window>>,
}

type Shared = State<Arc<Host>>;
type Answer = Result<Json<Value>, Error>;

pub fn router(planner: Planner) -> (Router, Arc<Host>) {
    let host = Arc::new(Host { planner, windows: Mutex::default() });
    let router = Router::new()
        .route("/documents", put(put_documents))
        .route("/documents/{kind}/{*name}", delete(remove_document))
        .route("/preview", post(preview))
        .route("/place/{*deployment}", get(place))
        .route("/workloads/{type}/{name}", get(workload))
        .route("/workloads/{type}/{name}/commands", post(command))
        .route("/workloads/{type}/{name}/rollout", post(rollout))
        .with_state(host.clone());
    (router, host)
}

/// Puts documents, in YAML or JSON, each in the place of the one of its kind and name.
async fn put_documents(State(host): Shared, Key(key): Key, body: String) -> Answer {
    let change = WorkspaceChange::new().put(read_str("body", &body));
    host.done(&key, |_| Ok(change.clone())).await
}

async fn remove_document(State(host): Shared, Key(key): Key, Path((kind, name)): Path<(String, String)>) -> Answer {
    let kind = Kind::parse(&kind).ok_or_else(|| Error::input(format!("no kind of document is called `{kind}`")))?;
    host.done(&key, |_| Ok(WorkspaceChange::new().remove(kind, &name))).await
}

/// Tells which deployments would lose places or gain some if documents were put.
async fn preview(State(host): Shared, body: String) -> Answer {
    let change = WorkspaceChange::new().put(read_str("body", &body)).allow_jump();
    let preview = host.planner.current().await?.preview(host.planner.now(), change)?;
    let impact = preview.impact.deployments.iter();
    let impact = impact.map(|one| json!({"deployment": one.deployment, "loses": one.loses, "gains": one.gains}));
    Ok(Json(json!({"impact": impact.collect::<Vec<_>>()})))
}

/// Decides a deployment, and says why it may run where it may, and what keeps it from elsewhere.
async fn place(State(host): Shared, Path(deployment): Path<String>) -> Answer {
    let workspace = host.planner.current().await?;
    let outcome = workspace.place(deployment.as_str())?;
    let decision = DecisionReport::new(&workspace, &outcome, Include::EVERYTHING)?;
    let explanation = ExplanationReport::new(&workspace, &outcome, None, Include::EVERYTHING)?;
    Ok(Json(json!({"decision": decision, "explanation": explanation})))
}

/// Carries out a command, in the words of scenarios: `{"promote": {"deployment": "two", "environment": "production"}}`.
async fn command(State(host): Shared, Key(key): Key, Path(named): Path<(String, String)>, body: String) -> Answer {
    let step = read_step(&named.0, &named.1, &body).map_err(Error::Input)?;
    host.done(&key, |workspace| {
        let workload = workspace.find_workload(&named.0, &named.1)?;
        let action = simulation::action(workspace, &workload, &step)?;
        let action = action.ok_or_else(|| Error::input("this is no command of a workload"))?;
        Ok(WorkspaceChange::new().command(&named.0, workload.name, action))
    })
    .await
}

/// What a host sees of a rollout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    candidate: String,
    /// Ready replicas of the holder, and of the candidate.
    old: u32,
    new: u32,
    /// All requests that the candidate has answered; those since the last report that went well, and that failed.
    requests: u64,
    succeeded: u16,
    failed: u16,
    #[serde(default)]
    latency_millis: u16,
}

async fn rollout(
    State(host): Shared,
    Key(key): Key,
    Path(named): Path<(String, String)>,
    Json(seen): Json<Seen>,
) -> Answer {
    let now = host.planner.now();
    let latency = Duration::from_millis(seen.latency_millis.into());
    let summary = {
        let of = format!("{}/{}/{}", named.0, named.1, seen.candidate);
        let new = Window::new(Duration::from_secs(60), 60).map_err(|error| Error::input(error.to_string()))?;
        let mut windows = host.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(of).or_insert(new);
        for (count, failed) in [(seen.succeeded, false), (seen.failed, true)] {
            for _ in 0..count {
                window.request(now, latency, failed).map_err(|error| Error::input(error.to_string()))?;
            }
        }
        window.summary(now)
    };
    let mut sight = Sight::default();
    (sight.old, sight.new, sight.requests, sight.summary) = (seen.old, seen.new, seen.requests, Some(summary));
    host.done(&key, |workspace| {
        let workload = workspace.find_workload(&named.0, &named.1)?;
        let candidate = workspace.state_of(&workload)?.find(&seen.candidate);
        let candidate = candidate.ok_or_else(|| Error::input(format!("there is no `{}`", seen.candidate)))?;
        let action = Action::Advance { candidate, sight: Box::new(sight.clone()) };
        Ok(WorkspaceChange::new().command(&named.0, workload.name, action))
    })
    .await
}

/// A workload's deployments, and where its endpoints lead.
async fn workload(State(host): Shared, Path((resource_type, name)): Path<(String, String)>) -> Answer {
    let workspace = host.planner.current().await?;
    let workload: Workload = workspace.find_workload(&resource_type, &name)?;
    let state = workspace.state_of(&workload)?;
    let deployments: Vec<_> = state
        .deployments()
        .map(|one| json!({"id": state.id(one.number), "name": one.name, "status": one.status, "replicas": one.replicas()}))
        .collect();
    let routes: HashMap<_, _> = state
        .desired()
        .routes
        .iter()
        .map(|route| {
            let share = |share: &siting::lifecycle::Weight| {
                let name = state.deployment(share.deployment).map(|record| record.name.to_string());
                (name.unwrap_or_default(), share.percent)
            };
            (state.endpoint_name(&route.endpoint), route.shares.iter().map(share).collect::<HashMap<_, _>>())
        })
        .collect();
    Ok(Json(json!({"deployments": deployments, "routes": routes})))
}

impl Host {
    async fn done(&self, key: &str, wanted: impl Fn(&Workspace) -> Result<WorkspaceChange, Error>) -> Answer {
        let Changed { revision, changed, effects, .. } = match self.planner.change(key, wanted).await? {
            Some(changed) => changed,
            None => {
                let revision = self.planner.current().await?.revision();
                return Ok(Json(json!({"changed": false, "revision": revision})));
            }
        };
        // For people to read. What is to be done follows from what should be.
        let effects: Vec<_> =
            effects.iter().map(|(workload, effect)| json!({"workload": workload.name, "effect": effect})).collect();
        Ok(Json(json!({"changed": changed, "revision": revision, "effects": effects})))
    }
}

/// The idempotency key of a request; one of its own, where it has none.
struct Key(String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        match parts.headers.get("idempotency-key") {
            None => Ok(Self(uuid::Uuid::new_v4().to_string())),
            Some(key) => {
                let key = key.to_str().map_err(|_| Error::input("the idempotency key is no plain text"))?;
                Ok(Self(key.to_owned()))
            }
        }
    }
}
