//! The kinds of step: their keys, the values of these, and what they mean.

use std::sync::Arc;

use super::{CallerCountry, ENDPOINT, EndpointSpec, Happening, PushSpec, ShownSpec, endpoint_help};
use crate::deployment::{LoadBalancer, Scaling};
use crate::document::{
    FieldShape, Fields, Format, Item, Record, RecordShape, Reference, Rule, Shape, Whole, Written, document,
};
use crate::id::Name;
use crate::lifecycle::{Action, Change, Edit, Observation, PromotionStrategy, Push, PushKind};
use crate::manifest::spec::{Attached, AttachmentSpec, DeploymentSpec, OffloadingSpec, PreferencesSpec, ResourcesSpec};
use crate::origin::{ProblemCode, Sourced};
use crate::policy::{Environment, OnReplaced};
use crate::quantity::Money;
use crate::rollout;

/// A kind of step.
#[cfg_attr(not(feature = "schema"), expect(dead_code, reason = "only a schema describes it"))]
pub(super) struct Happens {
    /// The key in a step.
    pub(super) word: &'static str,
    /// What the schema says of it.
    pub(super) doc: &'static [&'static str],
    /// Reads the value.
    pub(super) read: for<'d> fn(Item<'d>) -> Option<Happening>,
    /// Describes the value.
    pub(super) shape: fn() -> Shape,
}

/// A kind of step whose value is a record.
const fn of<R: Happen>(word: &'static str, doc: &'static [&'static str]) -> Happens {
    Happens { word, doc, read: |item| R::read(item)?.happening(), shape: R::shape }
}

/// A kind of step whose value is an environment.
macro_rules! on_environment {
    ($word:literal, $action:ident, $doc:literal) => {
        Happens {
            word: $word,
            doc: &[$doc],
            read: |item| Some(Happening::Do(Action::$action { environment: Name::read(item)? })),
            shape: || Shape::Name,
        }
    };
}

/// A kind of step whose value is a deployment.
macro_rules! on_deployment {
    ($word:literal, $action:ident, $doc:literal) => {
        Happens {
            word: $word,
            doc: &[$doc],
            read: |item| Some(Happening::Do(Action::$action(item.string()?))),
            shape: || Shape::Text,
        }
    };
}

/// A kind of step whose value is `true`.
macro_rules! flag {
    ($word:literal, $happening:expr, $doc:literal) => {
        Happens {
            word: $word,
            doc: &[$doc],
            read: |item| item.boolean().and_then(|yes| yes.then_some($happening)),
            shape: || Shape::True,
        }
    };
}

/// All kinds of step, except for observations.
pub(super) const HAPPENINGS: [Happens; 25] = [
    Happens { word: "push", doc: &["A version is pushed."], read: push, shape: push_shape },
    of::<Patch>("patch", &["The draft gets another version."]),
    of::<Promote>("promote", &["A deployment is promoted."]),
    of::<Release>("release", &["A copy of one environment's holder is promoted to another."]),
    of::<Update>("updateVersion", &["A version is pushed with the settings of the holder, and promoted."]),
    Happens {
        word: "rollBack",
        doc: &["The previous holder is promoted again."],
        read: roll_back,
        shape: roll_back_shape,
    },
    on_environment!("cancel", Cancel, "The environment whose promotion is cancelled."),
    on_environment!("pause", Pause, "The environment whose rollout is paused."),
    on_environment!("resume", Resume, "The environment whose rollout is resumed."),
    on_environment!("forceForward", ForceForward, "The environment whose rollout skips soak, steps and judgement."),
    on_deployment!("activate", Activate, "The deployment that is started, by name or id."),
    on_deployment!("deactivate", Deactivate, "The deployment that is stopped, by name or id."),
    on_deployment!("wake", Wake, "The deployment that is scaled up from zero, by name or id."),
    on_deployment!("idle", Idle, "The deployment that is scaled to zero, by name or id."),
    on_deployment!("move", Move, "The deployment that is moved to where it may run, by name or id."),
    on_deployment!("delete", Delete, "The deployment that is deleted, by name or id."),
    of::<Scale>("scale", &["A deployment is scaled to a number of replicas."]),
    Happens { word: "edit", doc: &["Settings of a deployment change."], read: edit, shape: edit_shape },
    of::<Rename>("rename", &["A deployment is renamed."]),
    flag!("deleteWorkload", Happening::Do(Action::DeleteWorkload), "The workload is deleted."),
    of::<SetPolicies>("setPolicies", &["The policies of an environment are replaced."]),
    flag!("wait", Happening::Wait, "Only time passes."),
    of::<Calls>("traffic", &["The requests that an endpoint gets from this step on."]),
    Happens {
        word: "metrics",
        doc: &["The metrics that a version reports from this step on; those not given stay as they were."],
        read: |item| ShownSpec::read(item).map(Happening::Metrics),
        shape: ShownSpec::shape,
    },
    of::<Fail>("fail", &["Replicas fail and are restarted."]),
];

/// An observation as a field of a step.
pub(super) fn seen(observation: Observation) -> &'static str {
    match observation {
        Observation::TimerFired => "timerFired",
        other => other.as_str(),
    }
}

/// An observation of a deployment by the host.
pub(super) fn observed(observation: Observation, item: Item<'_>) -> Option<Happening> {
    item.string().map(|address| Happening::Observe(observation, address))
}

/// A record that is the value of a step.
trait Happen: Record {
    fn happening(self) -> Option<Happening>;
}

document! {
    /// A new version for the draft.
    struct Patch "a patch" {
        /// The draft's new version.
        version: Option<String>,
    }
}

impl Happen for Patch {
    fn happening(self) -> Option<Happening> {
        Some(Happening::Do(Action::Patch { version: self.version }))
    }
}

document! {
    /// A promotion.
    struct Promote "a promotion" {
        /// The deployment, by name or id.
        deployment: String,
        /// The environment.
        environment: Name,
        /// Its new name.
        name: Option<Name>,
        /// What happens to the replaced holder.
        on_replaced: Option<OnReplaced>,
        /// Whether to promote it even if it is unhealthy.
        force: bool = false,
        /// The rollout strategy, or `at-once`.
        by: Option<Box<PromotionStrategy>> as Option<By>,
    }
}

impl Happen for Promote {
    fn happening(self) -> Option<Happening> {
        let Self { deployment, environment, name, on_replaced, force, by } = self;
        Some(Happening::Do(Action::Promote { deployment, environment, name, on_replaced, force, by }))
    }
}

document! {
    /// A release.
    struct Release "a release" {
        /// The environment it runs in.
        from: Name,
        /// The environment it is to run in as well.
        to: Name,
        /// The name of the copy.
        name: Option<Name>,
        /// What happens to the replaced holder.
        on_replaced: Option<OnReplaced>,
        /// The rollout strategy, or `at-once`.
        by: Option<Box<PromotionStrategy>> as Option<By>,
    }
}

impl Happen for Release {
    fn happening(self) -> Option<Happening> {
        let Self { from, to, name, on_replaced, by } = self;
        Some(Happening::Do(Action::Release { from, to, name, on_replaced, by }))
    }
}

document! {
    /// A new version in an environment.
    struct Update "an update" {
        /// The environment.
        environment: Name,
        /// The new version.
        version: String,
        /// The new deployment's name.
        name: Option<Name>,
        /// What happens to the replaced holder.
        on_replaced: Option<OnReplaced>,
        /// The rollout strategy, or `at-once`.
        by: Option<Box<PromotionStrategy>> as Option<By>,
    }
}

impl Happen for Update {
    fn happening(self) -> Option<Happening> {
        let Self { environment, version, name, on_replaced, by } = self;
        Some(Happening::Do(Action::UpdateVersion { environment, version, name, on_replaced, by }))
    }
}

document! {
    /// A rollback.
    struct RollBack "a rollback" {
        /// The environment.
        environment: Name,
        /// What happens to the replaced holder.
        on_replaced: Option<OnReplaced>,
        /// The rollout strategy, or `at-once`.
        by: Option<Box<PromotionStrategy>> as Option<By>,
    }
}

fn roll_back(item: Item<'_>) -> Option<Happening> {
    let RollBack { environment, on_replaced, by } = if item.is_object() {
        RollBack::read(item)?
    } else {
        RollBack { environment: Name::read(item)?, on_replaced: None, by: None }
    };
    Some(Happening::Do(Action::RollBack { environment, on_replaced, by }))
}

fn roll_back_shape() -> Shape {
    Shape::Either(vec![Shape::Name, RollBack::shape()])
}

document! {
    /// A number of replicas.
    struct Scale "scaling a deployment" {
        /// The deployment, by name or id.
        deployment: String,
        /// The number of replicas.
        replicas: u32,
    }
}

impl Happen for Scale {
    fn happening(self) -> Option<Happening> {
        Some(Happening::Do(Action::Scale { deployment: self.deployment, replicas: self.replicas }))
    }
}

document! {
    /// Another name.
    struct Rename "a rename" {
        /// The deployment, by name or id.
        deployment: String,
        /// Its new name.
        name: Name,
    }
}

impl Happen for Rename {
    fn happening(self) -> Option<Happening> {
        Some(Happening::Do(Action::Rename { deployment: self.deployment, name: self.name }))
    }
}

document! {
    /// Other policies.
    struct SetPolicies "a change of policies" {
        /// The environment.
        environment: Sourced<String> as Sourced<Reference>,
        /// Its new policies.
        policies: Vec<AttachmentSpec> as Vec<Attached> = Vec::new(),
    }
}

impl Happen for SetPolicies {
    fn happening(self) -> Option<Happening> {
        Some(Happening::SetPolicies { environment: self.environment, policies: self.policies })
    }
}

document! {
    /// Requests.
    struct Calls "traffic" {
        /// The environment that is called; `production` if absent.
        environment: Option<Name>,
        /// The endpoint that is called instead: `workload`, `draft`, `environment/…` or `deployment/…`.
        endpoint: Option<EndpointSpec> as Option<Endpoint>,
        /// Requests a second that it gets from this step on.
        requests_per_second: u32 as Whole<0, 1_000_000>,
        /// The country that they come from, by its code; if absent, nobody knows it.
        from: Option<String> as Option<CallerCountry>,
    }
    check goes_to_one(environment, endpoint);
    rule Rule::NotBoth("environment", "endpoint");
}

fn goes_to_one(environment: &Option<Name>, endpoint: &Option<EndpointSpec>, calls: &Fields<'_>) -> Option<()> {
    if environment.is_some() && endpoint.is_some() {
        let message = "traffic goes to an environment or an endpoint, not both";
        calls.problem(ProblemCode::InvalidValue, message, Some("leave one of them out"));
        return None;
    }
    Some(())
}

struct Endpoint;

impl Format<EndpointSpec> for Endpoint {
    fn read(item: Item<'_>) -> Option<EndpointSpec> {
        let text = item.string()?;
        let found = EndpointSpec::read(&text);
        if found.is_none() {
            item.problem(ProblemCode::InvalidValue, format!("`{text}` is not an endpoint"), endpoint_help(&text));
        }
        found
    }

    fn write(value: &EndpointSpec) -> Written {
        Written::text(value)
    }

    fn shape() -> Shape {
        Shape::Pattern(ENDPOINT)
    }
}

impl Happen for Calls {
    fn happening(self) -> Option<Happening> {
        let environment = self.environment.or_else(|| Name::new(Environment::PRODUCTION).ok())?;
        let endpoint = self.endpoint.unwrap_or(EndpointSpec::Environment(environment));
        Some(Happening::Traffic { endpoint, per_second: self.requests_per_second, from: self.from })
    }
}

document! {
    /// A failure.
    struct Fail "a failure" {
        /// The deployment, by name or id.
        deployment: String,
        /// How many fail; they are ready again after the start time, if the version becomes ready.
        replicas: u32 as Whole<1>,
    }
}

impl Happen for Fail {
    fn happening(self) -> Option<Happening> {
        Some(Happening::Fail { deployment: self.deployment, replicas: self.replicas })
    }
}

/// A strategy as deployments have it, or `at-once`.
struct By;

impl Format<Box<PromotionStrategy>> for By {
    fn read(item: Item<'_>) -> Option<Box<PromotionStrategy>> {
        if item.is_object() {
            return rollout::Settings::read(item).map(PromotionStrategy::By).map(Box::new);
        }
        if let Some(word) = item.scalar().filter(|word| rollout::Settings::is_strategy(word)) {
            item.not_a_mapping(format!("write `{{type: {word}}}`, or `at-once`"));
            return None;
        }
        item.one_of(&[("at-once", ())]).map(|()| Box::new(PromotionStrategy::AtOnce))
    }

    fn write(value: &Box<PromotionStrategy>) -> Written {
        match &**value {
            PromotionStrategy::AtOnce => "at-once".into(),
            PromotionStrategy::By(settings) => rollout::Settings::write(settings),
        }
    }

    fn shape() -> Shape {
        Shape::Either(vec![Shape::Words(vec!["at-once"]), rollout::Settings::shape()])
    }
}

document! {
    /// The fields of a push other than settings.
    struct PushForm "a push" {
        /// Whether it is the draft.
        draft: bool = false,
        /// A loaded deployment whose settings it takes.
        from: Option<Sourced<String>> as Option<Sourced<Reference>>,
        /// The environment that it is promoted to once it is active.
        promote: Option<Name>,
        /// What happens to the replaced holder.
        on_replaced: Option<OnReplaced>,
        /// The rollout strategy, or `at-once`.
        by: Option<Box<PromotionStrategy>> as Option<By>,
        /// Its name.
        name: Option<Name>,
        /// The version.
        version: Option<String>,
        /// The environment that governs it.
        environment: Option<Name>,
    }
    check a_draft_is_not_promoted(draft, promote);
    check something_is_replaced(promote, on_replaced, by);
    rule Rule::Where {
        key: "draft",
        is: vec!["true"],
        or_absent: false,
        needs: Vec::new(),
        lacks: vec!["promote"],
        narrowed: Vec::new(),
    };
    rule Rule::Needs("onReplaced", "promote");
    rule Rule::Needs("by", "promote");
}

fn a_draft_is_not_promoted(draft: &bool, promote: &Option<Name>, push: &Fields<'_>) -> Option<()> {
    if *draft && promote.is_some() {
        let help = "push it without `draft`, or promote the draft once it is active";
        push.problem(ProblemCode::InvalidValue, "a push cannot promote a draft", Some(help));
        return None;
    }
    Some(())
}

fn something_is_replaced(
    promote: &Option<Name>,
    on_replaced: &Option<OnReplaced>,
    by: &Option<Box<PromotionStrategy>>,
    push: &Fields<'_>,
) -> Option<()> {
    if promote.is_none() && (on_replaced.is_some() || by.is_some()) {
        let help = "name the environment with `promote`, or leave `onReplaced` and `by` out";
        push.problem(ProblemCode::InvalidValue, "`onReplaced` and `by` need `promote`", Some(help));
        return None;
    }
    Some(())
}

fn push(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object(PushForm::WHAT)?;
    let form = PushForm::take_fields(&mut fields);
    let changes = settings(&mut fields);
    fields.finish();
    let PushForm { draft, from, promote, on_replaced, by, name, version, environment } = form?;
    let kind = match promote {
        _ if draft => PushKind::Draft,
        Some(environment) => PushKind::Promoted { environment, on_replaced, by },
        None => PushKind::Published,
    };
    let push = Push { kind, name, version, environment, settings: Arc::default() };
    Some(Happening::Push(PushSpec { from, push, changes }))
}

fn push_shape() -> Shape {
    let mut push = RecordShape::new(PushForm::WHAT);
    PushForm::describe_fields(&mut push);
    describe_settings(&mut push);
    Shape::Record(push)
}

document! {
    /// The fields of an edit other than settings.
    struct EditForm "an edit" {
        /// The deployment, by name or id.
        deployment: String,
        /// Its new name.
        name: Option<Name>,
        /// Always refused: the workload of a deployment cannot change.
        workload: Option<Name>,
        /// Always refused: the version of a deployment cannot change.
        version: Option<String>,
        /// The environment that is to govern it.
        environment: Option<Name>,
    }
}

fn edit(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object(EditForm::WHAT)?;
    let form = EditForm::take_fields(&mut fields);
    let mut changes = settings(&mut fields);
    fields.finish();
    let EditForm { deployment, name, workload, version, environment } = form?;
    changes.extend(name.map(Change::Name));
    changes.extend(workload.map(Change::Workload));
    changes.extend(version.map(Change::Version));
    changes.extend(environment.map(Change::Environment));
    Some(Happening::Do(Action::Edit { deployment, edit: Edit { changes } }))
}

fn edit_shape() -> Shape {
    let mut edit = RecordShape::new(EditForm::WHAT);
    EditForm::describe_fields(&mut edit);
    describe_settings(&mut edit);
    Shape::Record(edit)
}

/// Settings, as a deployment's spec has them; of environment variables only the names.
fn settings(fields: &mut Fields<'_>) -> Vec<Change> {
    fn given<T, F: Format<T>>(fields: &mut Fields<'_>, key: &'static str) -> Option<T> {
        fields.optional(key).and_then(F::read)
    }
    let mut changes = Vec::new();
    changes.extend(given::<_, String>(fields, "displayName").map(|text| Change::DisplayName(Some(text))));
    changes.extend(given::<_, String>(fields, "description").map(|text| Change::Description(Some(text))));
    let labels = fields.optional("labels").and_then(Item::texts);
    changes.extend(labels.map(|labels| Change::Labels(labels.into_iter().collect())));
    let [set, unset] =
        ["setEnv", "unsetEnv"].map(|key| given::<Vec<String>, Vec<String>>(fields, key).unwrap_or_default());
    if !set.is_empty() || !unset.is_empty() {
        changes.push(Change::Variables { set: set.into_iter().collect(), unset: unset.into_iter().collect() });
    }
    changes.extend(given::<i32, i32>(fields, "priority").map(Change::Priority));
    let placement = given::<PreferencesSpec, PreferencesSpec>(fields, "placement");
    changes.extend(placement.map(|found| Change::Placement(Some(found.preferred()))));
    changes.extend(given::<u32, u32>(fields, "replicas").map(|replicas| Change::Replicas(Some(replicas))));
    changes.extend(given::<Scaling, Scaling>(fields, "scaling").map(|found| Change::Scaling(Some(found))));
    let balancer = given::<LoadBalancer, LoadBalancer>(fields, "loadBalancer");
    changes.extend(balancer.map(|found| Change::LoadBalancer(Some(found))));
    let resources = given::<ResourcesSpec, ResourcesSpec>(fields, "resources");
    changes.extend(resources.map(|found| Change::Resources(Some(found.requirements()))));
    let max_price = given::<Money, Money>(fields, "maxPricePerHour");
    changes.extend(max_price.map(|most| Change::MaxPricePerHour(Some(most))));
    let strategy = given::<rollout::Settings, rollout::Settings>(fields, "strategy");
    changes.extend(strategy.map(|found| Change::Strategy(Some(found))));
    let offloading = given::<OffloadingSpec, OffloadingSpec>(fields, "offloading");
    changes.extend(offloading.map(|found| Change::Offloading(Some(found.offloading()))));
    if fields.optional("policies").is_some() {
        let policies = given::<Vec<AttachmentSpec>, Vec<Attached>>(fields, "policies").unwrap_or_default();
        changes.push(Change::Policies(policies.iter().map(AttachmentSpec::used).collect()));
    }
    changes
}

/// Describes what [`settings`] reads.
fn describe_settings(record: &mut RecordShape) {
    const OF_DEPLOYMENTS: [&str; 11] = [
        "description",
        "priority",
        "placement",
        "replicas",
        "scaling",
        "loadBalancer",
        "resources",
        "maxPricePerHour",
        "strategy",
        "offloading",
        "policies",
    ];
    let mut deployment = RecordShape::new(DeploymentSpec::WHAT);
    DeploymentSpec::describe_fields(&mut deployment);
    let common = deployment.fields.into_iter().filter(|(field, _)| OF_DEPLOYMENTS.contains(&field.key));
    // A setting that is not mentioned stays as it is.
    record.fields.extend(common.map(|(field, shape)| (FieldShape::new(field.key, field.doc), shape)));
    record.add(FieldShape::new("displayName", &["A display name."]), Shape::Text);
    let labels = Shape::Map { of: Box::new(Shape::StrictText), least: 0 };
    record.add(FieldShape::new("labels", &["Labels."]), labels);
    let names = || Shape::List { of: Box::new(Shape::Text), least: 0 };
    record.add(FieldShape::new("setEnv", &["Environment variables that are set, by name."]), names());
    record.add(FieldShape::new("unsetEnv", &["Environment variables that are removed."]), names());
}
