//! What a scenario says of its scripted host, and of what that host measures.

use super::super::scenario::{EndpointSpec, Happening, HostSpec, ShownSpec};
use super::strategy::seconds;
use crate::document::{Fields, Item};
use crate::id::Name;
use crate::origin::{ProblemCode, Sourced};
use crate::policy::Environment;
use crate::quantity::Milli;

const U32: i64 = u32::MAX as i64;

/// `host`: how long it takes to build and to start, and how often it reports.
pub(super) fn host(item: Item<'_>) -> Option<HostSpec> {
    let usual = HostSpec::default();
    let mut fields = item.object("a scripted host")?;
    let build = fields.optional("buildSeconds").map(|item| seconds(item, 0));
    let start = fields.optional("startSeconds").map(|item| seconds(item, 0));
    let tick = fields.optional("tickSeconds").map(|item| seconds(item, 1));
    let patience = fields.optional("queueSeconds").map(|item| seconds(item, 0));
    fields.finish();
    Some(HostSpec {
        build: build.unwrap_or(Some(usual.build))?,
        start: start.unwrap_or(Some(usual.start))?,
        tick: tick.unwrap_or(Some(usual.tick))?,
        patience: patience.unwrap_or(Some(usual.patience))?,
    })
}

/// `traffic`: how many requests an environment or another endpoint gets from here on.
pub(super) fn traffic(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("traffic")?;
    let environment = fields.optional("environment").map(Item::name);
    let endpoint = fields.optional("endpoint").map(endpoint);
    let per_second = fields.required("requestsPerSecond").and_then(|item| item.whole(0..=1_000_000));
    if environment.is_some() && endpoint.is_some() {
        let help = "leave one of them out";
        fields.problem(
            ProblemCode::InvalidValue,
            "traffic goes to an environment or an endpoint, not both",
            Some(help),
        );
    }
    fields.finish();
    let endpoint = match (environment, endpoint) {
        (None, None) => EndpointSpec::Environment(Name::new(Environment::PRODUCTION).ok()?),
        (Some(named), None) => EndpointSpec::Environment(named?.value),
        (None, Some(endpoint)) => endpoint?,
        (Some(_), Some(_)) => return None,
    };
    Some(Happening::Traffic { endpoint, per_second: per_second? })
}

fn endpoint(item: Item<'_>) -> Option<EndpointSpec> {
    let text = item.string()?;
    let found = EndpointSpec::read(&text);
    if found.is_none() {
        let help = "write `workload`, `draft`, `environment/…` or `deployment/…`";
        item.problem(ProblemCode::InvalidValue, format!("`{text}` is no endpoint"), help);
    }
    found
}

/// `metrics`: what a version shows from here on; what is not mentioned stays as it was.
pub(super) fn metrics(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("metrics")?;
    let version = fields.required("version").and_then(Item::string);
    let number = |fields: &mut Fields<'_>, name| fields.optional(name).map(Item::quantity::<Milli>);
    let error_rate = number(&mut fields, "errorRate");
    let latency = number(&mut fields, "latency");
    let capacity = fields.optional("requestsPerReplica").map(|item| item.whole(1..=U32));
    let starts = fields.optional("starts").map(Item::boolean);
    let custom = fields.optional("custom").map(custom);
    fields.finish();
    let given = |field: Option<Option<Milli>>| field.map_or(Some(None), |read| read.map(Some));
    Some(Happening::Metrics(ShownSpec {
        version: version?,
        error_rate: given(error_rate)?,
        latency: given(latency)?,
        capacity: capacity.map_or(Some(None), |read| read.map(Some))?,
        starts: starts.map_or(Some(None), |read| read.map(Some))?,
        custom: custom.unwrap_or(Some(Vec::new()))?,
    }))
}

fn custom(item: Item<'_>) -> Option<Vec<(Name, Milli)>> {
    let read = |(key, item): (Sourced<&str>, Item<'_>)| Some((Name::new(key.value).ok()?, item.quantity()?));
    item.entries()?.map(read).collect()
}

/// `fail`: replicas that break, and are started again.
pub(super) fn fail(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("failing replicas")?;
    let deployment = fields.required("deployment").and_then(Item::string);
    let replicas = fields.required("replicas").and_then(|item| item.whole(1..=U32));
    fields.finish();
    Some(Happening::Fail { deployment: deployment?, replicas: replicas? })
}
