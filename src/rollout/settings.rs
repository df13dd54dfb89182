//! What a deployment says of how it would like to take over.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judge::{Check, Threshold};
use super::strategy::{BlueGreen, Canary, Rolling, Step, Strategy, Traffic};
use crate::document::{
    Every, FieldShape, Fields, Format, Item, Map, Nonempty, Record, RecordShape, Rule, Seconds, Shape, Whole, Written,
    describe_or, put_unless, take_or, words,
};
use crate::origin::ProblemCode;
use crate::quantity::Milli;

/// A strategy, what the new version is judged by on the way, and how long it may stand still.
///
/// ```
/// use std::time::Duration;
/// use siting::rollout::{Canary, Settings, Strategy};
///
/// let settings = Settings::of(Strategy::Canary(Canary::default()));
/// assert_eq!((settings.checks.len(), settings.deadline), (0, Duration::from_secs(600)));
/// assert_eq!(settings.to_string(), "canary 10%, 25%, 50%");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// How the new version takes over.
    pub strategy: Strategy,
    /// What it is judged by; without any, by nothing but its replicas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// How long nothing may move before it goes back.
    pub deadline: Duration,
    /// What follows where no request comes to judge it by.
    #[serde(default, skip_serializing_if = "WhenIdle::is_usual")]
    pub when_idle: WhenIdle,
}

words! {
    /// What a rollout does where no request comes to judge the new version by (L17).
    #[derive(Default)]
    pub enum WhenIdle {
        /// It waits until requests come, or until it is forced or cancelled.
        #[default]
        Wait = "wait",
        /// It goes on, once the time to judge has passed.
        Proceed = "proceed",
    }
}

impl WhenIdle {
    /// Whether it is what holds where nothing is stated.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Settings {
    /// The progress deadline where none is given, as in Kubernetes: ten minutes.
    pub const DEADLINE: Duration = Duration::from_secs(600);

    /// A strategy without checks and with the usual deadline.
    #[must_use]
    pub fn of(strategy: Strategy) -> Self {
        Self { strategy, checks: Vec::new(), deadline: Self::DEADLINE, when_idle: WhenIdle::Wait }
    }

    /// Whether a word is the type of a strategy.
    pub(crate) fn is_strategy(word: &str) -> bool {
        TYPES.contains(&word)
    }
}

/// In a line, every check with it: what an edit changes must show.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.strategy.fmt(f)?;
        if self.deadline != Self::DEADLINE {
            write!(f, ", deadline {}s", self.deadline.as_secs_f64())?;
        }
        if !self.when_idle.is_usual() {
            write!(f, ", when idle {}", self.when_idle.as_str())?;
        }
        self.checks.iter().try_for_each(|check| write!(f, "; {check}"))
    }
}

const TYPES: [&str; 3] = ["rolling", "blue-green", "canary"];

/// The type, which says what other options there are.
impl Format<Settings> for Settings {
    fn read(item: Item<'_>) -> Option<Settings> {
        type Take = fn(&mut Fields<'_>) -> Option<Strategy>;
        if let Some(word) = item.scalar().filter(|word| Self::is_strategy(word)) {
            item.not_a_mapping(format!("write `{{type: {word}}}`"));
            return None;
        }
        let types: [(&str, (&str, Take)); 3] = [
            ("rolling", (Rolling::WHAT, |fields| Rolling::take_fields(fields).map(Strategy::Rolling))),
            ("blue-green", (BlueGreen::WHAT, |fields| BlueGreen::take_fields(fields).map(Strategy::BlueGreen))),
            ("canary", (Canary::WHAT, |fields| Canary::take_fields(fields).map(Strategy::Canary))),
        ];
        let (what, take) = item.object("a strategy")?.required("type").and_then(|item| item.one_of(&types))?;
        let mut fields = item.object(what)?;
        fields.accept("type");
        let strategy = take(&mut fields);
        let deadline = take_or::<_, Seconds<1>>(&mut fields, DEADLINE_KEY, || Self::DEADLINE);
        let when_idle = take_or::<WhenIdle, WhenIdle>(&mut fields, "whenIdle", WhenIdle::default);
        let checks = take_or::<_, Every<Check>>(&mut fields, "checks", Vec::new);
        fields.finish();
        Some(Settings { strategy: strategy?, checks: checks?, deadline: deadline?, when_idle: when_idle? })
    }

    fn write(value: &Settings) -> Written {
        let map = Map::default().with("type", value.strategy.as_str());
        let map = match &value.strategy {
            Strategy::Rolling(options) => options.put_fields(map),
            Strategy::BlueGreen(options) => options.put_fields(map),
            Strategy::Canary(options) => options.put_fields(map),
        };
        let map = put_unless::<_, Seconds<1>>(&value.deadline, DEADLINE_KEY, map, &Self::DEADLINE);
        let map = put_unless::<WhenIdle, WhenIdle>(&value.when_idle, "whenIdle", map, &WhenIdle::default());
        put_unless::<_, Every<Check>>(&value.checks, "checks", map, &Vec::new()).into()
    }

    fn shape() -> Shape {
        fn one<R: Record>(word: &'static str) -> Shape {
            let mut record = RecordShape::new(R::WHAT);
            record.add(
                FieldShape::new("type", &["How the new version takes over."]).required(),
                Shape::Words(vec![word]),
            );
            R::describe_fields(&mut record);
            let deadline = FieldShape::new(DEADLINE_KEY, &["How long nothing may move before it goes back."]);
            describe_or::<_, Seconds<1>>(deadline, &mut record, &Settings::DEADLINE);
            let when_idle = FieldShape::new("whenIdle", &["What follows where no request comes to judge it by."]);
            describe_or::<WhenIdle, WhenIdle>(when_idle, &mut record, &WhenIdle::default());
            let checks = FieldShape::new("checks", &["What the new version is judged by; a failed one rolls back."]);
            describe_or::<_, Every<Check>>(checks, &mut record, &Vec::new());
            Shape::Record(record)
        }
        Shape::Either(vec![one::<Rolling>("rolling"), one::<BlueGreen>("blue-green"), one::<Canary>("canary")])
    }
}

const DEADLINE_KEY: &str = "progressDeadlineSeconds";

/// The fields of both ways to make a weight are known; those of the other way are refused.
impl Record for Canary {
    const WHAT: &'static str = "a canary strategy";

    fn take_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let routed = take_or::<bool, bool>(fields, "trafficRouted", || true);
        let by_replicas = ["maxSurge", "maxUnavailable"].map(|name| (name, fields.optional(name)));
        let fewest = fields.optional("minReplicas");
        let traffic = match routed {
            Some(true) => {
                for (name, item) in by_replicas {
                    foreign(
                        item,
                        name,
                        "only with `trafficRouted: false`, where the number of replicas sets the share",
                    );
                }
                let fewest = fewest.map(<Whole<1>>::read);
                fewest.map_or(Some(None), |fewest| fewest.map(Some)).map(|fewest| Traffic::Routed { fewest })
            }
            Some(false) => {
                foreign(fewest, "minReplicas", "only with `trafficRouted: true`, where a router sets the share");
                Rolling::take_fields(fields).map(Traffic::ByReplicas)
            }
            None => None,
        };
        let steps = take_or::<_, Ascending>(fields, "steps", || Canary::default().steps().to_vec());
        Canary::new(steps?, traffic?).ok()
    }

    fn put_fields(&self, map: Map) -> Map {
        let map = put_unless::<_, Ascending>(&self.steps().to_vec(), "steps", map, &Canary::default().steps().to_vec());
        match &self.traffic {
            Traffic::Routed { fewest } => map.maybe("minReplicas", *fewest),
            Traffic::ByReplicas(options) => options.put_fields(map.with("trafficRouted", false)),
        }
    }

    fn describe_fields(record: &mut RecordShape) {
        let steps = FieldShape::new("steps", &["Ascending weights, and everything after the last."]);
        describe_or::<_, Ascending>(steps, record, &Canary::default().steps().to_vec());
        const ROUTED: &[&str] = &["Whether a router makes the weight, or the number of replicas."];
        describe_or::<bool, bool>(FieldShape::new("trafficRouted", ROUTED), record, &true);
        let fewest = FieldShape::new("minReplicas", &["The fewest new replicas, where a router makes the weight."]);
        record.add(fewest, <Whole<1> as Format<u32>>::shape());
        Rolling::describe_fields(record);
        let (key, lacks) = ("trafficRouted", vec!["maxSurge", "maxUnavailable"]);
        let (needs, narrowed) = (Vec::new(), Vec::new());
        record.rules.push(Rule::Where { key, is: vec!["true"], or_absent: true, needs, lacks, narrowed });
        let (lacks, needs, narrowed) = (vec!["minReplicas"], Vec::new(), Vec::new());
        record.rules.push(Rule::Where { key, is: vec!["false"], or_absent: false, needs, lacks, narrowed });
    }
}

fn foreign(item: Option<Item<'_>>, name: &str, help: &str) {
    if let Some(item) = item {
        item.problem(ProblemCode::UnknownField, format!("`{name}` does not belong to this canary"), help);
    }
}

/// Steps, each with a weight above the one before.
struct Ascending;

impl Format<Vec<Step>> for Ascending {
    fn read(item: Item<'_>) -> Option<Vec<Step>> {
        let (mut before, mut sound) = (0, true);
        let steps = item.nonempty(|item| {
            let step = Step::read(item);
            sound &= step.is_some();
            let step = step?;
            if step.weight > before {
                before = step.weight;
                return Some(step);
            }
            let message = format!("`weight` is {}, not above the {before} of the step before", step.weight);
            let fields = item.object(Step::WHAT)?;
            fields.refuse("weight", ProblemCode::OutOfRange, message, "let the weights ascend");
            sound = false;
            None
        });
        steps.filter(|_| sound)
    }

    fn write(value: &Vec<Step>) -> Written {
        Written::list(value, Step::write)
    }

    fn shape() -> Shape {
        <Nonempty<Step> as Format<Vec<Step>>>::shape()
    }
}

/// One of the four limits.
impl Format<Threshold> for Threshold {
    fn read(item: Item<'_>) -> Option<Threshold> {
        let mut fields = item.object("a threshold")?;
        let read = WAYS.map(|(name, make)| fields.optional(name).map(|item| Milli::read(item).map(make)));
        let stated = read.iter().flatten().count();
        if stated != 1 {
            let message = if stated == 0 { "a threshold needs a limit" } else { "a threshold has one limit" };
            let help = "write one of `atMost`, `below`, `atLeast`, `above`";
            fields.problem(ProblemCode::InvalidValue, message, Some(help));
        }
        fields.finish();
        let mut read = read.into_iter().flatten();
        match (read.next(), read.next()) {
            (Some(threshold), None) => threshold,
            _ => None,
        }
    }

    fn write(value: &Threshold) -> Written {
        let (name, limit) = match value {
            Threshold::AtMost(limit) => ("atMost", limit),
            Threshold::Below(limit) => ("below", limit),
            Threshold::AtLeast(limit) => ("atLeast", limit),
            Threshold::Above(limit) => ("above", limit),
        };
        Map::default().with(name, Milli::write(limit)).into()
    }

    fn shape() -> Shape {
        let mut threshold = RecordShape::new("a threshold");
        let docs: [&[&str]; 4] = [&["Not above."], &["Below."], &["Not below."], &["Above."]];
        for ((name, _), doc) in WAYS.into_iter().zip(docs) {
            threshold.add(FieldShape::new(name, doc), Milli::shape());
        }
        threshold.rules.push(Rule::One(vec!["atMost", "below", "atLeast", "above"]));
        Shape::Record(threshold)
    }
}

type Make = fn(Milli) -> Threshold;

const WAYS: [(&str, Make); 4] = [
    ("atMost", Threshold::AtMost),
    ("below", Threshold::Below),
    ("atLeast", Threshold::AtLeast),
    ("above", Threshold::Above),
];
