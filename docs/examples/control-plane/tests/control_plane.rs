//! The control plane, from end to end: its API, its store, a platform that loses calls, and a second planner (W1–W7).
//!
//! With `CONTROL_PLANE_POSTGRES=postgres://…` each story is told on PostgreSQL too, in a schema of its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use control_plane::api::{self, Host};
use control_plane::planner::Planner;
use control_plane::platform::{Platform, Pretend, Shares, reconcile};
use control_plane::store::Store;
use serde_json::{Value, json};
use siting::lifecycle::{DesiredDeployment, Observation};
use siting::manifest::read_str;
use siting::time::Moment;
use siting::workspace::WorkspaceChange;
use tower::ServiceExt;

const FLEET: &str = "
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe}
spec: {type: location, locations: [{type: continent, name: eu}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [europe], require: [location]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec:
  model: bert
  replicas: 2
  resources: {cpu: 4, memory: 8Gi}
  strategy:
    type: canary
    steps: [{weight: 25, soakSeconds: 60, minRequests: 10}]
    checks: [{metric: error-rate, success: {atMost: 1}, minRequests: 10}]
";

fn cluster(name: &str, country: &str, nodes: u32) -> String {
    format!(
        "---\napiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec:\n  provider: onprem\n  \
         country: {country}\n  pools: [{{name: p, nodes: {nodes}, cpuFlavor: x86, cpu: 4, memory: 16Gi}}]\n"
    )
}

fn fleet() -> String {
    format!("{FLEET}{}{}", cluster("paris", "fr", 4), cluster("ohio", "us", 4))
}

/// A platform to which every second call is lost, if that is wanted: nothing happens then, as after a crash.
#[derive(Default)]
struct Lossy {
    pretend: Pretend,
    loses: bool,
    calls: u64,
}

impl Lossy {
    fn comes(&mut self) -> bool {
        self.calls += 1;
        !self.loses || self.calls.is_multiple_of(2)
    }
}

impl Platform for Lossy {
    async fn build(&mut self, id: &str, deployment: &DesiredDeployment) {
        if self.comes() {
            self.pretend.build(id, deployment).await;
        }
    }

    async fn run(&mut self, id: &str, deployment: &DesiredDeployment) {
        if self.comes() {
            self.pretend.run(id, deployment).await;
        }
    }

    async fn route(&mut self, endpoint: &str, shares: Shares) {
        if self.comes() {
            self.pretend.route(endpoint, shares).await;
        }
    }

    async fn keep_only(&mut self, ids: &BTreeSet<String>, endpoints: &BTreeSet<String>) {
        if self.comes() {
            self.pretend.keep_only(ids, endpoints).await;
        }
    }

    async fn seen(&mut self, id: &str, deployment: &DesiredDeployment) -> Option<Observation> {
        self.pretend.seen(id, deployment).await
    }
}

/// A planner with its API, its clock, and what its platform runs.
struct Running {
    router: Router,
    host: Arc<Host>,
    seconds: Arc<AtomicU64>,
    platform: Lossy,
}

impl Running {
    async fn start(url: &str) -> Self {
        let seconds = Arc::new(AtomicU64::new(1_000_000));
        let hand = seconds.clone();
        let clock = Box::new(move || Moment::from_millis(hand.load(Ordering::Relaxed) * 1000));
        let planner = Planner::start(Store::open(url).await.unwrap(), clock, 3).await.unwrap();
        let (router, host) = api::router(planner);
        Self { router, host, seconds, platform: Lossy::default() }
    }

    /// One whose `v1` holds production.
    async fn serving(url: &str) -> Self {
        let mut running = Self::start(url).await;
        running.put(&fleet()).await;
        // Its canary would wait for calls to be judged by.
        running
            .command(json!({"push": {"version": "v1", "from": "bert/v1", "promote": "production", "by": "at-once"}}))
            .await;
        running.settle().await;
        assert_eq!(running.production().await, json!({"v1": 100}));
        running
    }

    async fn call(&self, method: &str, path: &str, body: String, key: Option<&str>) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{status}: {body:?}")))
    }

    async fn well(&self, method: &str, path: &str, body: String) -> Value {
        let (status, answer) = self.call(method, path, body, None).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn get(&self, path: &str) -> Value {
        self.well("GET", path, String::new()).await
    }

    async fn put(&self, documents: &str) -> Value {
        self.well("PUT", "/documents", documents.to_owned()).await
    }

    async fn command(&self, step: Value) -> Value {
        self.well("POST", "/workloads/model/bert/commands", step.to_string()).await
    }

    /// Reconciles for a minute.
    async fn settle(&mut self) {
        for _ in 0..60 {
            self.seconds.fetch_add(1, Ordering::Relaxed);
            reconcile(&self.host.planner, &mut self.platform).await.unwrap();
        }
    }

    async fn production(&self) -> Value {
        self.get("/workloads/model/bert").await["routes"]["environment/production"].clone()
    }

    async fn status(&self, deployment: &str) -> String {
        let told = self.get("/workloads/model/bert").await;
        let found = told["deployments"].as_array().unwrap().iter().find(|one| one["name"] == deployment).cloned();
        found.unwrap()["status"].as_str().unwrap().to_owned()
    }

    async fn state(&self) -> String {
        self.host.planner.current().await.unwrap().state().to_json()
    }

    /// The clusters that the placements of `bert/v1` name.
    async fn placed(&self) -> Vec<String> {
        let placed = self.get("/place/bert/v1").await;
        let placements = placed["decision"]["placements"].as_array().unwrap().clone();
        placements.iter().map(|placed| placed["cluster"].as_str().unwrap().to_owned()).collect()
    }
}

/// The databases on which a story is told: each is empty.
async fn databases(story: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{story}.db"));
    for left in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(format!("{}{left}", file.display()));
    }
    let mut urls = vec![format!("sqlite://{}?mode=rwc", file.display())];
    match std::env::var("CONTROL_PLANE_POSTGRES") {
        Ok(server) => {
            sqlx::any::install_default_drivers();
            let pool = sqlx::AnyPool::connect(&server).await.unwrap();
            for statement in [format!("DROP SCHEMA IF EXISTS {story} CASCADE"), format!("CREATE SCHEMA {story}")] {
                sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
            }
            let and = if server.contains('?') { '&' } else { '?' };
            urls.push(format!("{server}{and}options[search_path]={story}"));
        }
        Err(_) => println!("PostgreSQL is left out: `CONTROL_PLANE_POSTGRES` names no server"),
    }
    urls
}

#[tokio::test]
async fn policies_and_clusters_change_at_run_time() {
    for url in databases("changes").await {
        let host = Running::start(&url).await;
        assert_eq!(host.put(&fleet()).await["revision"], 1);
        assert_eq!(host.put(&fleet()).await["changed"], false);
        assert_eq!(host.placed().await, ["paris"]);
        // Ohio is not in Europe, and the answer says who says so.
        let explained = host.get("/place/bert/v1").await["explanation"]["reasons"].clone();
        let reason = explained.as_array().unwrap().iter().find(|one| one["code"] == "location-not-allowed").unwrap();
        assert_eq!(reason["policies"][0]["name"], "europe");

        let policy = FLEET.split("---").next().unwrap();
        let america = policy.replace("type: continent, name: eu", "type: country, name: us");
        let preview = host.well("POST", "/preview", america.clone()).await;
        assert_eq!(preview["impact"], json!([{"deployment": "model/bert/v1", "loses": 1, "gains": 1}]));
        host.put(&america).await;
        assert_eq!(host.placed().await, ["ohio"]);

        host.put(&cluster("ohio", "us", 1)).await;
        let refused = host.get("/place/bert/v1").await["decision"].clone();
        assert_eq!(refused["verdict"], "refused");
        let reasons = refused["refusal"]["reasons"].as_array().unwrap();
        assert!(reasons.iter().any(|reason| reason["code"] == "insufficient-capacity"));
        host.well("DELETE", "/documents/Cluster/ohio", String::new()).await;
        assert_eq!(host.host.planner.current().await.unwrap().inventory().fleet().clusters().len(), 1);
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_and_changes_nothing() {
    for url in databases("wrong").await {
        let host = Running::start(&url).await;
        host.put(&fleet()).await;
        let before = host.state().await;
        let wrong = FLEET.replace("name: eu}", "name: eux}");
        let step = json!({"promote": {"deployment": "v1", "environment": "production"}}).to_string();
        let commands = "/workloads/model/bert/commands";
        for (method, path, body, status, code) in [
            ("PUT", "/documents", wrong, 422, "unknown-name"),
            ("DELETE", "/documents/Policy/europe", String::new(), 409, "in-use"),
            ("GET", "/place/bert/v7", String::new(), 404, "unknown-name"),
            ("POST", commands, step, 409, "refused"),
            ("POST", commands, json!({"promte": {}}).to_string(), 422, "unknown-field"),
        ] {
            let (found, answer) = host.call(method, path, body, None).await;
            let codes = answer["errors"].as_array().unwrap().iter().map(|error| error["code"].clone());
            assert!(found == status && codes.into_iter().any(|told| told == code), "{found}: {answer}");
        }
        assert_eq!(host.state().await, before);
    }
}

/// L3, L4, L8.
#[tokio::test]
async fn a_workload_is_promoted_rolled_back_and_deactivated() {
    for url in databases("promoted").await {
        let mut host = Running::serving(&url).await;
        host.command(json!({"push": {"version": "v2", "from": "bert/v1", "name": "two"}})).await;
        host.settle().await;
        host.command(json!({"promote": {"deployment": "two", "environment": "production", "by": "at-once"}})).await;
        assert_eq!(host.production().await, json!({"two": 100}));
        host.command(json!({"rollBack": {"environment": "production", "by": "at-once"}})).await;
        assert_eq!(host.production().await, json!({"v1": 100}));
        host.command(json!({"deactivate": "two"})).await;
        host.settle().await;
        assert_eq!((host.status("v1").await, host.status("two").await), ("ACTIVE".into(), "INACTIVE".into()));
        assert!(host.platform.pretend.running["model/bert/bert-2"].is_empty());
    }
}

/// R1, R2: a fourth of the calls meets the new version, which fails; the holder has them all again.
#[tokio::test]
async fn a_canary_of_a_bad_version_goes_back() {
    for url in databases("canary").await {
        let mut host = Running::serving(&url).await;
        host.command(json!({"updateVersion": {"environment": "production", "version": "v2", "name": "two"}})).await;
        host.settle().await;
        for answered in (20..200).step_by(20) {
            host.seconds.fetch_add(10, Ordering::Relaxed);
            let failed = if answered == 20 { 0 } else { 10 };
            let seen = json!({
                "candidate": "two", "old": 2, "new": 1, "requests": answered, "succeeded": 20 - failed, "failed": failed,
            });
            host.well("POST", "/workloads/model/bert/rollout", seen.to_string()).await;
            if answered == 20 {
                host.settle().await;
                assert_eq!(host.production().await, json!({"v1": 75, "two": 25}));
            }
        }
        host.settle().await;
        assert_eq!(host.production().await, json!({"v1": 100}));
        assert_eq!((host.status("v1").await, host.status("two").await), ("ACTIVE".into(), "INACTIVE".into()));
    }
}

/// W4, W7: from the store alone, and from what should be alone; also in the middle of something.
#[tokio::test]
async fn a_host_that_restarts_goes_on_where_it_was() {
    for url in databases("restart").await {
        let host = Running::serving(&url).await;
        host.command(json!({"push": {"version": "v2", "from": "bert/v1", "name": "two"}})).await;
        let state = host.state().await;
        drop(host);

        let mut again = Running::start(&url).await;
        assert_eq!(again.state().await, state);
        assert!(Store::open(&url).await.unwrap().newest_snapshot().await.unwrap().is_some());
        again.settle().await;
        assert_eq!((again.status("v1").await, again.status("two").await), ("ACTIVE".into(), "ACTIVE".into()));
        let ids: Vec<_> = again.platform.pretend.running.keys().collect();
        assert_eq!(ids, ["model/bert/bert-1", "model/bert/bert-2"]);
    }
}

/// W7: effects are brought about at least once, by what should be.
#[tokio::test]
async fn every_second_call_may_be_lost() {
    for url in databases("lost").await {
        let mut host = Running::start(&url).await;
        host.platform.loses = true;
        host.put(&fleet()).await;
        host.command(json!({"push": {"version": "v1", "from": "bert/v1", "promote": "production", "by": "at-once"}}))
            .await;
        host.settle().await;
        host.command(json!({"push": {"version": "v2", "from": "bert/v1", "name": "two"}})).await;
        host.command(json!({"deactivate": "v1"})).await;
        host.settle().await;
        assert_eq!((host.status("v1").await, host.status("two").await), ("INACTIVE".into(), "ACTIVE".into()));
        let workspace = host.host.planner.current().await.unwrap();
        let (_, desired) = workspace.desired().next().unwrap();
        let running: Vec<_> = host.platform.pretend.running.values().collect();
        assert_eq!(running, desired.deployments.iter().map(|one| &one.places).collect::<Vec<_>>());
        assert_eq!(host.platform.pretend.routes.len(), desired.routes.len());
    }
}

/// Gives a command to one planner, and lets the other put documents first when that has caught up.
async fn command_behind(late: &Running, first: &Running, documents: &str, command: &Value, key: &str) {
    let others = Arc::new(AtomicU64::new(0));
    let pushed = late.host.planner.change(key, |workspace| {
        let step = command.to_string();
        let step = siting::manifest::read_step("model", "bert", &step).unwrap();
        let bert = workspace.find_workload("model", "bert")?;
        let action = siting::simulation::action(workspace, &bert, &step)?.unwrap();
        if others.fetch_add(1, Ordering::Relaxed) == 0 {
            let put = WorkspaceChange::new().put(read_str("body", documents));
            let putting = first.host.planner.change("other", |_| Ok(put.clone()));
            let put = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(putting));
            assert!(put.unwrap().is_some());
        }
        Ok(WorkspaceChange::new().command("model", bert.name, action))
    });
    assert!(pushed.await.unwrap().is_some());
}

/// W3: what was decided still holds, so the very same is appended behind the other's entry.
#[tokio::test(flavor = "multi_thread")]
async fn a_planner_that_loses_the_race_catches_up_and_rebases() {
    for url in databases("race").await {
        let (one, two) = (Running::serving(&url).await, Running::start(&url).await);
        let push = json!({"push": {"version": "v2", "from": "bert/v1", "name": "two"}});
        command_behind(&two, &one, &cluster("rome", "it", 4), &push, "push-two").await;
        assert_eq!(one.state().await, two.state().await);
        assert!(one.host.planner.current().await.unwrap().find_cluster("rome").is_ok());
        // The answer was lost, say, and the client asks again, of the other planner: it is done once.
        let revision = two.host.planner.current().await.unwrap().revision();
        let (status, again) =
            one.call("POST", "/workloads/model/bert/commands", push.to_string(), Some("push-two")).await;
        assert_eq!((status, again), (200, json!({"changed": false, "revision": revision})));
    }
}

/// W3, W6: a decision that does not hold at the head is not appended; the change is decided there.
#[tokio::test(flavor = "multi_thread")]
async fn a_planner_decides_anew_where_the_room_is_gone() {
    for url in databases("anew").await {
        let (one, two) = (Running::serving(&url).await, Running::start(&url).await);
        one.put(&cluster("rome", "it", 4)).await;
        // Paris has room for two more, which another takes first.
        let scale = json!({"scale": {"deployment": "v1", "replicas": 4}});
        command_behind(&two, &one, &cluster("paris", "fr", 2), &scale, "scale").await;
        let workspace = two.host.planner.current().await.unwrap();
        let (_, desired) = workspace.desired().next().unwrap();
        let places = desired.deployments[0].places.iter();
        let places: Vec<_> = places.map(|place| (place.cluster.as_str(), place.replicas)).collect();
        assert_eq!(places, [("paris", 2), ("rome", 2)]);
        assert_eq!(one.state().await, two.state().await);
    }
}

/// Many at once: each is done once, and all planners come to the same.
#[tokio::test(flavor = "multi_thread")]
async fn planners_that_work_at_once_come_to_the_same() {
    for url in databases("at_once").await {
        let (one, two) = (Running::start(&url).await, Running::start(&url).await);
        one.put(&fleet()).await;
        let put = async |host: &Running, who: &str| {
            for number in 0..10 {
                host.put(&cluster(&format!("{who}-{number}"), "fr", 1)).await;
                tokio::time::sleep(Duration::ZERO).await;
            }
        };
        tokio::join!(put(&one, "one"), put(&two, "two"));
        assert_eq!(one.state().await, two.state().await);
        assert_eq!(one.host.planner.current().await.unwrap().revision(), 21);
    }
}
