//! Strategies, checks and offloading as manifests write them (R1, R2, R6): every option is read, refused
//! with its place where it has no meaning, and written back.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;
use siting::deployment::Offloading;
use siting::id::Name;
use siting::manifest::spec::{DeploymentSpec, OffloadingSpec, Specs};
use siting::manifest::{read_str, write_json, write_yaml};
use siting::metrics::{Gauge, Metric, MetricSpec, Quantile, Resource, Source, Target};
use siting::quantity::Milli;
use siting::rollout::{
    BlueGreen, Canary, Check, Rolling, Settings, Span, Step, Strategy, Threshold, Traffic, WhenIdle,
};
use siting::traffic;

fn document(spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec:\n  model: m\n{spec}")
}

fn deployment(spec: &str) -> DeploymentSpec {
    let reading = read_str("d.yaml", &document(spec));
    assert_eq!(reading.problems, Vec::new(), "{spec}");
    reading.specs.deployments[0].clone()
}

fn strategy(spec: &str) -> Settings {
    deployment(&format!("  strategy: {spec}")).strategy.unwrap()
}

/// What is wrong, with its place: `line:column message (what would be right)`.
fn problems(spec: &str) -> Vec<String> {
    let found = read_str("d.yaml", &document(spec)).problems.into_iter().map(|problem| {
        let (origin, help) = (&problem.origin, problem.help.clone().unwrap_or_default());
        format!("{}:{} {} ({help})", origin.line, origin.column, problem.message)
    });
    found.collect()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn r1_a_type_alone_has_the_defaults() {
    let rolling = Rolling { surge: Span::Percent(25), unavailable: Span::Percent(25) };
    assert_eq!(strategy("{type: rolling}"), Settings::of(Strategy::Rolling(rolling)));
    let Strategy::Canary(canary) = strategy("{type: canary}").strategy else { unreachable!("a canary") };
    let step = |weight| Step { weight, soak: seconds(300), requests: 100 };
    assert_eq!(canary.steps(), [10, 25, 50].map(step));
    assert_eq!(canary.traffic, Traffic::Routed { fewest: None });
    assert_eq!(strategy("{type: blue-green}").deadline, seconds(600));
}

#[test]
fn r1_every_option_of_every_strategy_is_read() {
    let rolling = strategy("{type: rolling, maxSurge: 2, maxUnavailable: 0%, progressDeadlineSeconds: 90}");
    let options = Rolling { surge: Span::Count(2), unavailable: Span::Percent(0) };
    assert_eq!((rolling.strategy, rolling.deadline), (Strategy::Rolling(options), seconds(90)));
    let blue_green = strategy("{type: blue-green, bakeSeconds: 60, rollbackWindowSeconds: 900}").strategy;
    assert_eq!(blue_green, Strategy::BlueGreen(BlueGreen { bake: seconds(60), rollback_window: seconds(900) }));
    let canary =
        strategy("{type: canary, minReplicas: 2, steps: [{weight: 1, soakSeconds: 0, minRequests: 7}, {weight: 100}]}");
    let steps = vec![Step { weight: 1, soak: seconds(0), requests: 7 }, Step::of(100)];
    let routed = Traffic::Routed { fewest: Some(2) };
    assert_eq!(canary.strategy, Strategy::Canary(Canary::new(steps, routed).unwrap()));
    let counted = strategy("{type: canary, trafficRouted: false, maxSurge: 1, maxUnavailable: 0}").strategy;
    let by_replicas = Traffic::ByReplicas(Rolling { surge: Span::Count(1), unavailable: Span::Count(0) });
    assert_eq!(counted, Strategy::Canary(Canary::new([10, 25, 50].map(Step::of).to_vec(), by_replicas).unwrap()));
}

#[test]
fn r2_every_option_of_a_check_is_read() {
    let text = "{type: canary, checks: [
      {metric: error-rate, success: {atMost: 0.5}, failure: {above: 5}, minRequests: 20, intervalSeconds: 10,
       initialDelaySeconds: 30, count: 6, failureLimit: 2, inconclusiveLimit: 3, errorLimit: 1, successes: 2},
      {metric: latency-p99, success: {below: 250}, failureLimit: unlimited},
      {metric: {custom: tokens-per-second}, failure: {below: 2k}},
      {metric: request-rate, success: {atLeast: 1}}, {metric: cpu, success: {atMost: 90}}]}";
    let checks = strategy(text).checks;
    let all = Check {
        metric: Metric::ErrorRate,
        success: Some(Threshold::AtMost(Milli::thousandths(500))),
        failure: Some(Threshold::Above(Milli::whole(5))),
        min_requests: 20,
        interval: seconds(10),
        initial_delay: seconds(30),
        count: Some(6),
        failure_limit: Some(2),
        inconclusive_limit: 3,
        error_limit: 1,
        successes: Some(2),
    };
    assert_eq!(checks[0], all);
    let usual = Check::at_most(Metric::Latency(Quantile::P99), Milli::whole(250));
    let below = Some(Threshold::Below(Milli::whole(250)));
    assert_eq!(checks[1], Check { success: below, failure_limit: None, ..usual });
    assert_eq!(checks[2].metric, Metric::Gauge(Gauge::Custom("tokens-per-second".parse().unwrap())));
    assert_eq!((checks[2].success, checks[2].failure), (None, Some(Threshold::Below(Milli::whole(2000)))));
    assert_eq!([&checks[3].metric, &checks[4].metric], [&Metric::RequestRate, &Metric::Gauge(Gauge::Cpu)]);
}

#[test]
fn r1_what_has_no_meaning_is_refused_with_its_place() {
    let cases: [(&str, &[&str]); 12] = [
        (
            "{type: recreate}",
            &["6:20 `type` cannot be `recreate` (it must be one of `rolling`, `blue-green` and `canary`)"],
        ),
        (
            "{type: rolling, bakeSeconds: 1}",
            &[
                "6:29 a rolling strategy has no field `bakeSeconds` (its fields are `type`, `maxSurge`, `maxUnavailable`, `progressDeadlineSeconds`, `whenIdle` and `checks`)",
            ],
        ),
        (
            "{type: rolling, maxSurge: 0, maxUnavailable: 0%}",
            &[
                "6:58 `maxSurge` and `maxUnavailable` are both 0, so that no replica could ever be replaced (let one of them be above 0)",
            ],
        ),
        ("{type: rolling, maxUnavailable: 101%}", &["6:45 `101%` is more than all replicas (write at most `100%`)"]),
        (
            "{type: rolling, maxSurge: a quarter}",
            &[
                "6:39 this is neither a count nor a percentage (write a count such as `1`, or a percentage such as `25%`)",
            ],
        ),
        ("{type: rolling, maxSurge: \"25\"}", &["6:39 `maxSurge` must be a number, not a string (remove the quotes)"]),
        (
            "{type: canary, steps: [{weight: 50}, {weight: 50}]}",
            &["6:59 `weight` is 50, not above the 50 of the step before (let the weights ascend)"],
        ),
        ("{type: canary, steps: []}", &["6:35 `steps` is empty (list at least one)"]),
        (
            "{type: canary, minReplicas: 1, trafficRouted: false}",
            &[
                "6:41 `minReplicas` does not belong to this canary (only with `trafficRouted: true`, where a router sets the share)",
            ],
        ),
        (
            "{type: canary, maxSurge: 1}",
            &[
                "6:38 `maxSurge` does not belong to this canary (only with `trafficRouted: false`, where the number of replicas sets the share)",
            ],
        ),
        (
            "{type: canary, checks: [{metric: error-rate}]}",
            &["6:37 a check without a threshold judges nothing (add `success: {atMost: …}` or `failure: {above: …}`)"],
        ),
        (
            "{type: canary, checks: [{metric: cpu, success: {atMost: 1, above: 0}}]}",
            &["6:60 a threshold has one limit (write one of `atMost`, `below`, `atLeast`, `above`)"],
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(problems(&format!("  strategy: {spec}")), expected, "{spec}");
    }
}

const FOUR: &str = "  offloading:
    percentage: 50
    metrics:
      - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}}
      - {type: Pods, pods: {metric: {name: waiting}, target: {type: AverageValue, averageValue: 500m}}}
      - {type: Object, object: {describedObject: {kind: Gateway}, metric: {name: rps}, target: {type: Value, value: 2k}}}
      - {type: External, external: {metric: {name: queue}, target: {type: AverageValue, averageValue: 30}}}
    windowSeconds: 30
    releaseWindowSeconds: 120
    releasePercent: 80
";

fn four() -> Vec<MetricSpec> {
    let name = |text: &str| text.parse::<Name>().unwrap();
    [
        (Source::Resource(Resource::Cpu), Target::Utilization(90)),
        (Source::Pods(name("waiting")), Target::AverageValue(Milli::thousandths(500))),
        (Source::Object(name("rps")), Target::Value(Milli::whole(2000))),
        (Source::External(name("queue")), Target::AverageValue(Milli::whole(30))),
    ]
    .map(|(source, target)| MetricSpec::new(source, target).unwrap())
    .to_vec()
}

#[test]
fn r6_offloading_and_all_four_kinds_of_metric_are_read() {
    let rule = traffic::Offloading::new(50, seconds(30)).unwrap().releasing_below(800).unwrap();
    let wanted = Offloading { rule: rule.releasing_after(seconds(120)), metrics: four() };
    let read = deployment(FOUR);
    assert_eq!(read.offloads().as_ref(), Some(&wanted));
    assert_eq!(read.settings().offloading, Some(wanted), "a life carries it");
    let bare = deployment("  offloading: {percentage: 100}").offloads().unwrap();
    assert_eq!((bare.rule.window, bare.rule.release_window, bare.metrics.len()), (seconds(60), seconds(60), 0));
}

#[test]
fn r6_a_metric_without_a_meaning_is_refused() {
    let one = |metric: &str| problems(&format!("  offloading: {{percentage: 1, metrics: [{metric}]}}"));
    let kinds = "a resource has `Utilization` or `AverageValue`, pods have `AverageValue`, an object or an external metric has `Value` or `AverageValue`";
    assert_eq!(
        one("{type: Resource, resource: {name: cpu, target: {type: Value, value: 1}}}"),
        [format!(
            "6:41 the target of metric `cpu` is not valid: a target of this type says nothing about a metric of this kind ({kinds})"
        )]
    );
    assert_eq!(
        one("{type: External, external: {metric: {name: q}, target: {type: Value, value: 0}}}"),
        ["6:41 the target of metric `q` is not valid: the target is zero (write a target above 0)"]
    );
    assert_eq!(one("{type: External, external: {metric: {name: q}, target: {type: Value, value: much}}}").len(), 1);
    assert_eq!(problems("  offloading: {metrics: []}").len(), 1, "a percentage is needed");
    assert_eq!(problems("  offloading: {percentage: 101}").len(), 1);
}

#[test]
fn r6_a_model_deployment_says_the_same_in_its_own_fields() {
    let beamlit = |enabled: bool, config: &str| {
        let text = format!(
            "apiVersion: deployment.beamlit.com/v1alpha1\nkind: ModelDeployment\nmetadata: {{name: b}}\nspec: {{model: m, enabled: {enabled}, modelSourceRef: {{kind: Deployment, name: m}}, offloadingConfig: {config}}}"
        );
        let reading = read_str("b.yaml", &text);
        assert_eq!(reading.problems, Vec::new());
        reading.specs.deployments[0].clone()
    };
    let cpu = "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}}";
    let odd = "{type: Resource, resource: {name: cpu, target: {type: Value, value: 1}}}";
    let found = beamlit(true, &format!("{{behavior: {{percentage: 0}}, metrics: [{cpu}, {odd}]}}"));
    let offloading = found.offloads().unwrap();
    assert_eq!((offloading.rule.percentage(), offloading.rule.window), (0, seconds(5)));
    assert_eq!(offloading.metrics, four()[..1]);
    let unsaid = found.beamlit.unwrap().offloads().unwrap().1;
    assert_eq!(unsaid.len(), 1, "what has no meaning is told");
    assert_eq!(beamlit(true, "{}").offloads().unwrap().rule.percentage(), 100);
    assert_eq!(beamlit(false, "{}").offloads(), None);
}

fn span(most: u32) -> impl Generator<Value = Span> {
    prop_oneof![(1..=9_u32).prop_map(Span::Count), (1..=most).prop_map(Span::Percent)]
}

fn rolling() -> impl Generator<Value = Rolling> {
    (span(300), span(100)).prop_map(|(surge, unavailable)| Rolling { surge, unavailable })
}

fn canary() -> impl Generator<Value = Canary> {
    let steps = prop::collection::btree_map(1..=100_u8, (0..900_u64, 0..500_u64), 1..5);
    let traffic = prop_oneof![
        of(1..5_u32).prop_map(|fewest| Traffic::Routed { fewest }),
        rolling().prop_map(Traffic::ByReplicas)
    ];
    (steps, traffic).prop_map(|(steps, traffic)| {
        let steps = steps.into_iter().map(|(weight, (soak, requests))| Step { weight, soak: seconds(soak), requests });
        Canary::new(steps.collect(), traffic).unwrap()
    })
}

fn check() -> impl Generator<Value = Check> {
    let metrics = vec![
        Metric::ErrorRate,
        Metric::RequestRate,
        Metric::Latency(Quantile::P50),
        Metric::Gauge(Gauge::Gpu),
        Metric::Gauge(Gauge::Custom("no".parse().unwrap())),
    ];
    let threshold = (0..4_u8, any::<u32>()).prop_map(|(which, limit)| {
        let limit = Milli::thousandths(limit.into());
        [Threshold::AtMost, Threshold::Below, Threshold::AtLeast, Threshold::Above][usize::from(which)](limit)
    });
    let thresholds = (threshold.clone(), of(threshold), any::<bool>());
    let counts = (of(1..9_u32), of(0..9_u32), 0..9_u32, 0..9_u32, of(1..9_u32));
    let times = (0..1000_u64, 1..100_u64, 0..100_u64);
    (prop::sample::select(metrics), thresholds, counts, times).prop_map(
        |(metric, (one, other, swap), counts, times)| {
            let (count, failure_limit, inconclusive_limit, error_limit, successes) = counts;
            let (min_requests, interval, delay) = times;
            let (success, failure) = if swap { (other, Some(one)) } else { (Some(one), other) };
            Check {
                metric,
                success,
                failure,
                min_requests,
                interval: seconds(interval),
                initial_delay: seconds(delay),
                count,
                failure_limit,
                inconclusive_limit,
                error_limit,
                successes,
            }
        },
    )
}

fn settings() -> impl Generator<Value = Settings> {
    let blue_green = (0..999_u64, 0..999_u64)
        .prop_map(|(bake, window)| BlueGreen { bake: seconds(bake), rollback_window: seconds(window) });
    let strategy = prop_oneof![
        rolling().prop_map(Strategy::Rolling),
        blue_green.prop_map(Strategy::BlueGreen),
        canary().prop_map(Strategy::Canary)
    ];
    (strategy, vec(check(), 0..3), 1..5000_u64).prop_map(|(strategy, checks, deadline)| Settings {
        strategy,
        checks,
        deadline: seconds(deadline),
        when_idle: if deadline % 2 == 0 { WhenIdle::Wait } else { WhenIdle::Proceed },
    })
}

fn offloading() -> impl Generator<Value = OffloadingSpec> {
    let metrics = deployment(FOUR).offloading.unwrap().metrics;
    let metrics = prop::sample::subsequence(metrics, 0..=4);
    (0..=100_u8, metrics, 0..999_u64, 0..999_u64, 1..=100_u16).prop_map(
        |(percentage, metrics, window, release_window, release)| {
            let rule = traffic::Offloading::new(percentage, seconds(window)).unwrap();
            let rule = rule.releasing_below(release * 10).unwrap().releasing_after(seconds(release_window));
            OffloadingSpec { rule, metrics }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strategies_and_offloading_come_back_as_they_were_written(strategy in of(settings()), offloading in of(offloading())) {
        let spec = DeploymentSpec { strategy, offloading, ..DeploymentSpec::of_model("d".parse().unwrap(), "m".parse().unwrap()) };
        let specs = Specs { deployments: vec![spec], ..Specs::default() };
        for text in [write_yaml(&specs), write_json(&specs)] {
            let reading = read_str("d", &text);
            prop_assert_eq!(&reading.problems, &Vec::new(), "{}", text);
            prop_assert_eq!(&reading.specs.deployments, &specs.deployments, "{}", text);
        }
        let settings = specs.deployments[0].settings();
        let text = serde_json::to_string(&settings).unwrap();
        prop_assert_eq!(serde_json::from_str::<siting::lifecycle::Settings>(&text).unwrap(), settings);
    }

    /// L11: an edit is told by the words of its fields, so different strategies have different words.
    #[test]
    fn l11_different_strategies_read_differently(one in settings(), other in settings()) {
        prop_assert_eq!(one == other, one.to_string() == other.to_string(), "{} {}", one, other);
    }
}
