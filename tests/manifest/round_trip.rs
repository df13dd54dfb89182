//! Whatever specs hold, writing them and reading that back gives equal specs.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use indexmap::{IndexMap, IndexSet};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use siting::catalog::{Axis, Capacity, ChoiceKind, FlavorKind};
use siting::deployment::{Algorithm, Domain, HealthCheck, LoadBalancer, Scaling, Secret, Spread, Together};
use siting::id::Name;
use siting::inventory::{Slice, SliceNeed};
use siting::manifest::beamlit::{
    AuthConfig, LabelRequirement, LabelSelector, Metric, MetricIdentifier, MetricTarget, ModelDeployment, OauthConfig,
    ObjectReference, OffloadingBehavior, OffloadingConfig, PolicyDetails, PolicyRefType, PolicyReference, PolicyStatus,
    RemoteBackend, Scheme, ServerlessConfig, ServiceReference, Status, TargetType, TypedName,
};
use siting::manifest::spec::*;
use siting::manifest::{read_str, write_json, write_yaml};
use siting::origin::Sourced;
use siting::policy::{Enforcement, OnLoss, OnReplaced, OnViolation};
use siting::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Gpus, Money, Percent};
use siting::rollout;
use siting::time::Moment;

/// Text that other readers take for something else, and any text.
fn text() -> impl Strategy<Value = String> {
    let tricky = [
        "",
        " ",
        "no",
        "NO",
        "yes",
        "on",
        "null",
        "~",
        "true",
        "0.526",
        "1e3",
        "007",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#",
        "[",
        "{}",
        "'",
        "\"",
        "\\",
        "a\nb",
        "\n",
        "a\n",
        " a",
        "a ",
        "\t",
        "a\r\nb",
        "---",
        "...",
        "&a",
        "*a",
        "!t",
        "%",
        "@",
        "`",
        ": ",
        "?",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "é漢🙂",
        "0x1f",
        ".inf",
        "2024-01-01",
        "1:30",
        "<<",
        "=",
        "\u{7}",
        "\u{7f}",
        "\u{9c}",
        "\u{fffe}",
        "a\u{ffff}",
        "a\n\n  b\n",
    ];
    prop_oneof![
        prop::sample::select(tricky.to_vec()).prop_map(str::to_owned),
        "[a-z0-9-]{1,12}",
        "\\PC{0,12}",
        any::<String>()
    ]
}

fn name() -> impl Strategy<Value = Name> {
    text().prop_filter_map("a name", |text| Name::new(&text).ok())
}

fn unslashed() -> impl Strategy<Value = Name> {
    // Nor what is one where width makes no difference.
    name().prop_filter("no slash", |name| !siting::catalog::folded(name.as_str()).contains('/'))
}

fn sourced<T: std::fmt::Debug>(inner: impl Strategy<Value = T>) -> impl Strategy<Value = Sourced<T>> {
    inner.prop_map(Sourced::from)
}

/// A name that the built-in catalog knows by no other: of those that it does, the code is read back.
fn reference() -> impl Strategy<Value = Sourced<String>> {
    let code = |name: String, kind| ChoiceSpec::new(kind, name).name;
    // No attribute is built in.
    let kinds = || ChoiceKind::ALL.into_iter().filter(|kind| *kind != ChoiceKind::Attribute);
    name().prop_map(move |name| kinds().fold(name.to_string(), code).into())
}

fn texts() -> impl Strategy<Value = IndexMap<String, String>> {
    vec((text(), text()), 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

fn metadata() -> impl Strategy<Value = Metadata> {
    (sourced(unslashed()), of(text()), texts(), texts())
        .prop_map(|(name, display_name, labels, annotations)| Metadata { name, display_name, labels, annotations })
}

fn choices(axis: Axis, least: usize) -> impl Strategy<Value = Vec<Sourced<ChoiceSpec>>> {
    let kinds: Vec<_> = ChoiceKind::ALL.into_iter().filter(|kind| kind.axis() == axis).collect();
    let choice = (prop::sample::select(kinds), reference()).prop_map(|(kind, name)| ChoiceSpec::new(kind, name.value));
    let one = reference().prop_filter("what stands between several", |name| !name.contains('+'));
    let several = vec(one, 1..4).prop_map(|names| {
        let names: BTreeSet<String> = names.into_iter().map(|name| name.value).collect();
        ChoiceSpec::new(ChoiceKind::Attribute, Vec::from_iter(names).join("+"))
    });
    let choice = if axis == Axis::Attribute { several.boxed() } else { choice.boxed() };
    vec(sourced(choice), least..3)
}

fn policy() -> impl Strategy<Value = PolicySpec> {
    prop::sample::select(Axis::ALL.to_vec()).prop_flat_map(|axis| {
        let types = of(vec(reference(), 1..3));
        let kinds = vec![ChoiceKind::Continent, ChoiceKind::Country, ChoiceKind::Group];
        let caller = (prop::sample::select(kinds), reference());
        let caller = caller.prop_map(|(kind, name)| ChoiceSpec::new(kind, name.value));
        let callers = of(vec(sourced(caller), 1..3));
        (metadata(), choices(axis, 1), choices(axis, 0), types, (callers, of(text()))).prop_map(
            move |(metadata, options, except, resource_types, (callers, description))| PolicySpec {
                metadata,
                axis,
                options: Allowed::Listed(options),
                // What bears an attribute need not lack another (P15).
                except: if axis == Axis::Attribute { Vec::new() } else { except },
                resource_types,
                callers,
                description,
                dialect: Dialect::Native,
            },
        )
    })
}

fn beamlit_policy() -> impl Strategy<Value = PolicySpec> {
    let typed = (text(), text()).prop_map(|(kind, name)| TypedName { kind, name });
    let status = (of(text()), of(text()), of(text())).prop_map(|(created_at, updated_at, workspace)| PolicyStatus {
        created_at,
        updated_at,
        workspace,
    });
    let details = (of(text()), vec(typed, 0..2), of(status))
        .prop_map(|(namespace, other_options, status)| PolicyDetails { namespace, other_options, status });
    let policy =
        policy().prop_filter("the format has two types", |policy| matches!(policy.axis, Axis::Location | Axis::Flavor));
    (policy, details, any::<bool>()).prop_map(|(policy, details, everything)| PolicySpec {
        options: if everything && policy.axis == Axis::Flavor { Allowed::Everything } else { policy.options },
        except: Vec::new(),
        resource_types: None,
        callers: None,
        description: None,
        dialect: Dialect::Beamlit(Box::new(details)),
        ..policy
    })
}

fn attachments() -> impl Strategy<Value = Vec<AttachmentSpec>> {
    let enforcement = prop::sample::select(vec![Enforcement::Enforce, Enforcement::Audit]);
    let why = (of(moment()), of("[a-z ]{1,9}"), of("[A-Z]{2}-[0-9]"));
    vec(
        (reference(), enforcement, why).prop_map(|(policy, enforcement, (until, reason, ticket))| AttachmentSpec {
            policy,
            until,
            reason,
            ticket,
            ..AttachmentSpec::new("", enforcement)
        }),
        0..3,
    )
}

/// Up to the year 9999, which is as far as the notation goes.
fn moment() -> impl Strategy<Value = Moment> {
    (0..253_402_300_800_000_u64).prop_map(Moment::from_millis)
}

fn require() -> impl Strategy<Value = Vec<Sourced<Axis>>> {
    vec(sourced(prop::sample::select(Axis::ALL.to_vec())), 0..3)
}

/// Some limits, at least one of which is stated.
fn limits() -> impl Strategy<Value = LimitsSpec> {
    let milli = || any::<u64>().prop_map(Gpus::thousandths);
    let gpus = vec(("[a-z0-9-]{1,9}", milli()), 0..3).prop_map(|gpus| {
        let unique: IndexMap<String, Gpus> = gpus.into_iter().collect();
        unique.into_iter().map(|(code, most)| (code.into(), most)).collect::<Vec<_>>()
    });
    let cpu = any::<u64>().prop_map(Cpu::milli_cores);
    (of(milli()), gpus, cpu, of(bytes()), of(any::<u64>().prop_map(Money::micros))).prop_map(
        |(gpu, gpus, cpu, memory, price_per_hour)| LimitsSpec { gpu, gpus, cpu: Some(cpu), memory, price_per_hour },
    )
}

fn environment() -> impl Strategy<Value = EnvironmentSpec> {
    let on_violation =
        prop::sample::select(vec![OnViolation::MoveOrReport, OnViolation::MoveOrStop, OnViolation::Report]);
    let on_replaced = prop::sample::select(vec![OnReplaced::Keep, OnReplaced::ScaleToZero, OnReplaced::Deactivate]);
    let on_loss = (prop::sample::select(vec![OnLoss::Move, OnLoss::Wait]), 0..100_000_u64);
    (metadata(), attachments(), (require(), of(limits())), on_violation, on_loss, of(on_replaced)).prop_map(
        |(metadata, policies, (require, limits), on_violation, (on_loss, grace), on_replaced)| EnvironmentSpec {
            metadata,
            policies,
            require,
            limits,
            on_violation,
            on_loss,
            grace_seconds: std::time::Duration::from_secs(grace),
            on_replaced,
        },
    )
}

fn workspace() -> impl Strategy<Value = WorkspaceSpec> {
    let groups = vec((sourced(name()), vec(reference(), 1..3)), 0..3).prop_map(|groups| {
        let unique: IndexMap<Name, _> = groups.into_iter().map(|(name, countries)| (name.value, countries)).collect();
        unique.into_iter().map(|(name, countries)| GroupSpec { name: name.into(), countries }).collect::<Vec<_>>()
    });
    let parent = of("[a-z0-9]{1,5}/[a-z0-9-]{1,5}".prop_map(Sourced::from));
    let location = ("[a-z0-9]{1,5}/[a-z0-9-]{1,5}", reference(), parent)
        .prop_map(|(name, country, parent)| LocationSpec { name: name.into(), country, parent });
    let provider = (sourced(unslashed()), vec(sourced(unslashed()), 0..3), of(reference()))
        .prop_map(|(name, aliases, jurisdiction)| ProviderSpec { name, aliases, jurisdiction });
    let kind = prop::sample::select(FlavorKind::ALL.to_vec());
    let flavor = (kind, sourced(name()), of(reference()), vec(sourced(name()), 0..3), of(any::<u64>())).prop_map(
        |(kind, name, parent, aliases, memory)| FlavorSpec {
            kind,
            name,
            parent,
            aliases,
            memory: memory.map(Bytes::new),
        },
    );
    let expected = (1..=1_000_000_u32, resources())
        .prop_map(|(weight, resources)| Sourced::from(ExpectedDemandSpec { weight, resources }));
    (
        (metadata(), attachments(), (require(), of(limits())), of(reference()), of("[A-Z]{3}"), of(1..10_000_000_u64)),
        (
            vec(sourced(name()), 0..3),
            groups,
            vec(provider, 0..3),
            vec(location, 0..3),
            vec(flavor, 0..3),
            vec(expected, 0..3),
            vec(sourced(name()), 0..3),
        ),
    )
        .prop_map(|(first, second)| {
            let (metadata, policies, (require, limits), default_environment, currency, max_age) = first;
            let (resource_types, groups, providers, locations, flavors, expected_demands, attributes) = second;
            WorkspaceSpec {
                metadata,
                policies,
                require,
                limits,
                default_environment,
                currency,
                resource_types,
                groups,
                providers,
                attributes,
                locations,
                flavors,
                expected_demands,
                max_age: max_age.map(std::time::Duration::from_millis),
                severities: vec![("policy-unused".to_owned().into(), siting::manifest::spec::FindingSeverity::Off)],
            }
        })
}

fn bytes() -> impl Strategy<Value = Bytes> {
    any::<u64>().prop_map(Bytes::new)
}

fn bandwidth() -> impl Strategy<Value = Bandwidth> {
    any::<u64>().prop_map(Bandwidth::bits_per_second)
}

fn percent() -> impl Strategy<Value = Percent> {
    (1..=100_u8).prop_map(|percent| Percent::new(percent).unwrap())
}

fn gpu_need(least: u32) -> BoxedStrategy<GpuNeedSpec> {
    let types = vec(reference(), 0..3);
    let slice = of(prop_oneof![Just(SliceNeed::Any), slice().prop_map(SliceNeed::Of)]);
    (least..5, types, of(bytes()), of(1..=1000_u32), slice)
        .prop_map(|(count, types, memory, share, slice)| GpuNeedSpec {
            count,
            types: if count > 0 { types } else { Vec::new() },
            memory: memory.filter(|_| count > 0),
            share: share.and_then(GpuShare::from_thousandths).filter(|_| count == 1 && slice.is_none()),
            slice: slice.filter(|_| count > 0),
        })
        .boxed()
}

fn slice() -> BoxedStrategy<Slice> {
    let share = (1..=999_u16, 2..=1000_u16).prop_filter_map("below the whole", |(parts, of)| Slice::share(parts, of));
    let profile = (1..=9_u8, 1..=9999_u16, any::<bool>())
        .prop_map(|(compute, gigabytes, media)| format!("{compute}g.{gigabytes}gb{}", if media { "+me" } else { "" }))
        .prop_map(|text| text.parse().unwrap());
    prop_oneof![share, profile].boxed()
}

fn resources() -> impl Strategy<Value = ResourcesSpec> {
    let gpu = prop_oneof![gpu_need(0).prop_map(GpuSpec::One), vec(gpu_need(1), 1..3).prop_map(GpuSpec::AnyOf)];
    (any::<u64>(), bytes(), of(bytes()), of(bandwidth()), of(reference()), of(gpu)).prop_map(
        |(cpu, memory, storage, bandwidth, cpu_type, gpu)| ResourcesSpec {
            cpu: Cpu::milli_cores(cpu),
            memory,
            storage,
            bandwidth,
            cpu_type,
            gpu,
        },
    )
}

fn scaling() -> impl Strategy<Value = Scaling> {
    (any::<bool>(), any::<u32>(), any::<u32>(), of(percent()), of(percent()), of(percent())).prop_map(
        |(enabled, a, b, cpu, memory, gpu)| Scaling {
            enabled,
            min_replicas: Some(a.min(b)),
            max_replicas: (enabled || a % 2 == 0).then_some(a.max(b)),
            target_cpu_utilization: cpu,
            target_memory_utilization: memory,
            target_gpu_utilization: gpu,
        },
    )
}

fn load_balancer() -> impl Strategy<Value = LoadBalancer> {
    let algorithm = prop::sample::select(vec![
        Algorithm::RoundRobin,
        Algorithm::LeastConnections,
        Algorithm::IpHash,
        Algorithm::ConsistentHash,
    ]);
    let check = (text(), 1..u32::MAX)
        .prop_map(|(path, interval_seconds)| HealthCheck { path: format!("/{path}"), interval_seconds });
    (any::<bool>(), algorithm, check, any::<bool>()).prop_map(|(enabled, algorithm, check, sticky_sessions)| {
        LoadBalancer { enabled, algorithm: Some(algorithm), health_check: Some(check), sticky_sessions }
    })
}

fn point() -> impl Strategy<Value = Coordinates> {
    (-90_000_000..=90_000_000, prop_oneof![-999..=999, -180_000_000..=180_000_000])
        .prop_map(|(latitude, longitude)| Coordinates::from_micro_degrees(latitude, longitude).unwrap())
}

fn placement() -> BoxedStrategy<PreferencesSpec> {
    let near = prop_oneof![reference().prop_map(NearSpec::Country), point().prop_map(NearSpec::Coordinates)];
    let kind = prop::sample::select(vec![SiteKind::Cluster, SiteKind::Location, SiteKind::Provider]);
    let favourite =
        (kind, reference(), 1..=1000_u32).prop_map(|(kind, name, weight)| FavouriteSpec { kind, name, weight });
    let preference = prop_oneof![
        Just(PreferenceSpec::Price),
        Just(PreferenceSpec::Packing),
        near.prop_map(PreferenceSpec::Near),
        vec(favourite, 1..3).prop_map(PreferenceSpec::Favourites),
    ];
    let spread = (prop::sample::select(Domain::ALL.to_vec()), of(1..=u32::MAX), of(1..=u32::MAX)).prop_map(
        |(by, most, least)| Spread {
            by,
            max_skew: most.and_then(NonZeroU32::new),
            min_domains: most.and(least).and_then(NonZeroU32::new),
        },
    );
    // No preference stands twice.
    let together = of(prop::sample::select(Domain::ALL.to_vec()).prop_map(Together::new));
    (vec(preference, 0..5), of(spread), together)
        .prop_map(|(prefer, spread, together)| PreferencesSpec {
            together,
            prefer: prefer.into_iter().collect::<IndexSet<_>>().into_iter().collect(),
            spread,
        })
        .boxed()
}

fn running() -> BoxedStrategy<RunningSpec> {
    (metadata(), reference(), reference(), reference(), 1..=u32::MAX)
        .prop_map(|(metadata, deployment, cluster, pool, replicas)| RunningSpec {
            metadata,
            deployment,
            cluster,
            pool,
            replicas,
        })
        .boxed()
}

fn deployment() -> impl Strategy<Value = DeploymentSpec> {
    let strategies = [
        rollout::Strategy::Rolling(rollout::Rolling::default()),
        rollout::Strategy::BlueGreen(rollout::BlueGreen::default()),
        rollout::Strategy::Canary(rollout::Canary::default()),
    ];
    let rollout = prop::sample::select(strategies.map(rollout::Settings::of).to_vec());
    let resource_type = prop_oneof![Just("model".to_owned()), name().prop_map(|name| name.to_string())];
    let what = (metadata(), sourced(resource_type), sourced(name()), of(text()), of(reference()), attachments());
    let how = (
        any::<i32>(),
        of(any::<u32>()),
        of(resources()),
        of(scaling()),
        of(load_balancer()),
        of(rollout),
        texts(),
        of(text()),
        (of(placement()), of((0..=u64::MAX).prop_map(Money::micros))),
    );
    (what, how).prop_map(|(what, how)| {
        let (metadata, resource_type, workload, version, environment, policies) = what;
        let (priority, replicas, resources, scaling, load_balancer, strategy, env, description, more) = how;
        let (placement, max_price_per_hour) = more;
        DeploymentSpec {
            placement,
            metadata,
            resource_type,
            workload,
            version,
            environment,
            policies,
            priority,
            replicas,
            resources,
            max_price_per_hour,
            scaling,
            load_balancer,
            strategy,
            offloading: None,
            env: env.into_iter().map(|(key, value)| (key, Secret::new(value))).collect(),
            description,
            beamlit: None,
        }
    })
}

fn object() -> impl Strategy<Value = ObjectReference> {
    (of(text()), of(text()), of(text()), of(text()), of(text()), of(text())).prop_map(
        |(api_version, namespace, name, uid, resource_version, field_path)| ObjectReference {
            api_version,
            kind: Some("Deployment".to_owned()),
            namespace,
            name,
            uid,
            resource_version,
            field_path,
        },
    )
}

fn metric() -> impl Strategy<Value = Metric> {
    let target = prop_oneof![
        (1..1000_u32, of(text())).prop_map(|(percent, value)| MetricTarget {
            kind: TargetType::Utilization,
            value,
            average_value: None,
            average_utilization: Some(percent)
        }),
        text().prop_map(|value| MetricTarget {
            kind: TargetType::Value,
            value: Some(value),
            average_value: None,
            average_utilization: None
        }),
        text().prop_map(|value| MetricTarget {
            kind: TargetType::AverageValue,
            value: None,
            average_value: Some(value),
            average_utilization: None
        }),
    ];
    let operator = prop::sample::select(vec!["In", "NotIn", "Exists", "DoesNotExist"]);
    let requirement = (text(), operator, vec(text(), 0..3)).prop_map(|(key, operator, values)| LabelRequirement {
        key,
        operator: operator.to_owned(),
        values,
    });
    let selector = (texts(), vec(requirement, 0..2))
        .prop_map(|(match_labels, match_expressions)| LabelSelector { match_labels, match_expressions });
    let identifier = (text(), of(selector)).prop_map(|(name, selector)| MetricIdentifier { name, selector });
    (0..4_u8, text(), identifier, object(), target).prop_map(|(which, name, metric, described_object, target)| {
        match which {
            0 => Metric::Resource { name, target },
            1 => Metric::Pods { metric, target },
            2 => Metric::Object { described_object, metric, target },
            _ => Metric::External { metric, target },
        }
    })
}

fn offloading() -> impl Strategy<Value = OffloadingConfig> {
    let oauth = (of(text()), of(text()), of(text())).prop_map(|(client_id, secret, token_url)| OauthConfig {
        client_id,
        client_secret: secret.map(Secret::new),
        token_url,
    });
    let auth = of(oauth).prop_map(|oauth| AuthConfig { oauth });
    let scheme = prop::sample::select(vec![Scheme::Http, Scheme::Https]);
    let backend = (of(text()), of(auth), of(text()), texts(), of(scheme)).prop_map(
        |(host, auth_config, path_prefix, headers, scheme)| RemoteBackend {
            host,
            auth_config,
            path_prefix,
            headers_to_add: headers.into_iter().map(|(key, value)| (key, Secret::new(value))).collect(),
            scheme,
        },
    );
    let behavior = of(0..=100_u8).prop_map(|percentage| OffloadingBehavior { percentage });
    (of(backend), vec(metric(), 0..3), of(behavior)).prop_map(|(remote_backend, metrics, behavior)| OffloadingConfig {
        remote_backend,
        metrics,
        behavior,
    })
}

fn model_deployment() -> impl Strategy<Value = DeploymentSpec> {
    let service =
        (object(), of(any::<u16>())).prop_map(|(object, target_port)| ServiceReference { object, target_port });
    let ref_type = prop::sample::select(vec![PolicyRefType::Remote, PolicyRefType::Local]);
    let policy = (of(ref_type), object(), name()).prop_map(|(ref_type, object, name)| PolicyReference {
        ref_type,
        object: ObjectReference { name: Some(name.to_string()), ..object },
    });
    let serverless = (of(0..9_u32), of(0..9_u32), of(text()), of(text()), of(2..9_u32), of(text()), of(text()))
        .prop_map(|(min, max, metric, target, scale_up_minimum, scale_down_delay, stable_window)| ServerlessConfig {
            min_num_replicas: min,
            max_num_replicas: max,
            metric,
            target,
            scale_up_minimum,
            scale_down_delay: scale_down_delay.clone(),
            stable_window,
            last_pod_retention_period: scale_down_delay,
        });
    let status = (of(text()), of(any::<u16>()), of(text())).prop_map(|(text, port, other)| Status {
        offloading_status: text.clone(),
        serving_port: port,
        metric_port: port,
        workspace: other.clone(),
        created_at: text,
        updated_at: other,
    });
    let original = (
        of(text()),
        of(any::<bool>()),
        object(),
        of(service),
        vec(policy, 0..3),
        of(serverless),
        of(offloading()),
        of(status),
    );
    (metadata(), sourced(name()), of(reference()), original).prop_map(|(metadata, workload, environment, original)| {
        let (namespace, enabled, model_source_ref, service_ref, policies, serverless, offloading, status) = original;
        let attach = |policy: &PolicyReference| AttachmentSpec {
            remote: policy.ref_type != Some(PolicyRefType::Local),
            ..AttachmentSpec::enforced(policy.object.name.clone().unwrap())
        };
        let replicas = serverless.as_ref().and_then(|serverless| serverless.min_num_replicas).unwrap_or(0);
        DeploymentSpec {
            environment,
            policies: policies.iter().map(attach).collect(),
            replicas: Some(replicas),
            beamlit: Some(Box::new(ModelDeployment {
                namespace,
                enabled,
                model_source_ref,
                metric_service_ref: service_ref.clone(),
                service_ref,
                policies,
                serverless,
                offloading,
                status,
            })),
            metadata: Metadata { display_name: None, ..metadata },
            ..DeploymentSpec::of_model(workload.value.clone(), workload.value)
        }
    })
}

fn cluster() -> impl Strategy<Value = ClusterSpec> {
    let used = || {
        (any::<u64>(), bytes(), bytes(), bandwidth(), any::<u64>()).prop_map(
            |(cpu, memory, storage, bandwidth, gpu_thousandths)| UsedSpec {
                cpu: Cpu::milli_cores(cpu),
                memory,
                storage,
                bandwidth,
                gpu_thousandths,
            },
        )
    };
    let gpu = (reference(), of(slice()), of(1..u64::MAX), 1..=1024_u32)
        .prop_map(|(code, slice, memory, count)| PoolGpuSpec { code, slice, memory: memory.map(Bytes::new), count })
        .boxed();
    let size = (1..u64::MAX, 1..u64::MAX, of(bytes()), of(bandwidth()), of(gpu));
    let of_node = (used(), any::<u32>()).prop_map(|(used, replicas)| NodeUsedSpec { used, replicas });
    let used = prop_oneof![
        sourced(used()).prop_map(|used| (used, Vec::new())),
        vec(sourced(of_node), 0..3).prop_map(|nodes| (UsedSpec::default().into(), nodes)),
    ];
    let limits = (of(0..u32::MAX), of(1..u32::MAX), vec(sourced(name()), 0..3));
    let pool = (limits, reference(), size, of(any::<u64>()), proptest::sample::select(&Capacity::ALL[..]), used)
        .prop_map(
            |(
                (nodes, replicas_per_node, attributes),
                cpu_flavor,
                (cpu, memory, storage, bandwidth, gpu),
                price,
                capacity,
                (used, used_per_node),
            )| PoolSpec {
                name: Name::new("later").unwrap().into(),
                nodes,
                cpu_flavor: (capacity == Capacity::Spot || gpu.is_none()).then_some(cpu_flavor),
                cpu: Cpu::milli_cores(cpu),
                memory: Bytes::new(memory),
                storage,
                bandwidth,
                gpu,
                price_per_hour: price.map(Money::micros),
                capacity,
                attributes,
                replicas_per_node,
                used,
                used_per_node,
            },
        );
    let pools = vec(pool, 1..3).prop_map(|mut pools| {
        for (number, pool) in pools.iter_mut().enumerate() {
            pool.name = Name::new(&format!("pool {number}")).unwrap().into();
        }
        PoolsSpec::Pools(pools)
    });
    let pools = prop_oneof![pools, choices(Axis::Flavor, 1).prop_map(PoolsSpec::Flavors)];
    (
        metadata(),
        sourced(unslashed()),
        of(reference()),
        of(reference()),
        of(sourced(name())),
        of(point()),
        any::<bool>(),
        (any::<bool>(), of(moment()), vec(sourced(name()), 0..3)),
        pools,
    )
        .prop_map(|(metadata, provider, location, country, zone, coordinates, healthy, stated, pools)| {
            let (cordoned, observed_at, attributes) = stated;
            ClusterSpec {
                metadata,
                provider,
                location,
                country,
                zone,
                coordinates,
                healthy,
                cordoned,
                attributes,
                observed_at,
                pools,
            }
        })
}

/// Boxed, part by part, for test threads have small stacks.
fn all() -> impl Strategy<Value = Specs> {
    let deployments = vec(prop_oneof![deployment().boxed(), model_deployment().boxed()], 0..3);
    (
        of(workspace().boxed()),
        vec(prop_oneof![policy().boxed(), beamlit_policy().boxed()], 0..3),
        vec(environment().boxed(), 0..3),
        deployments,
        vec(cluster().boxed(), 0..3),
        vec(running(), 0..3),
    )
        .prop_map(|(workspace, mut policies, mut environments, mut deployments, mut clusters, mut running)| {
            let names = policies.iter_mut().map(|spec| &mut spec.metadata.name);
            let names = names.chain(environments.iter_mut().map(|spec| &mut spec.metadata.name));
            let names = names.chain(deployments.iter_mut().map(|spec| &mut spec.metadata.name));
            let names = names.chain(clusters.iter_mut().map(|spec| &mut spec.metadata.name));
            let names = names.chain(running.iter_mut().map(|spec| &mut spec.metadata.name));
            for (number, name) in names.enumerate() {
                let unique: String = name.as_str().chars().take(200).chain(format!(" {number}").chars()).collect();
                name.value = Name::new(&unique).unwrap();
            }
            Specs { workspace, policies, environments, deployments, clusters, running, ..Specs::default() }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_reads_back_equal(specs in all()) {
        let yaml = write_yaml(&specs);
        let reading = read_str("x.yaml", &yaml);
        prop_assert_eq!((&reading.problems, &reading.specs), (&Vec::new(), &specs), "{}", yaml);
        let json = write_json(&specs);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{}", json);
        let reading = read_str("x.json", &json);
        prop_assert_eq!((&reading.problems, &reading.specs), (&Vec::new(), &specs), "{}", json);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(apiVersion: siting.dev/v1\nkind: (Policy|Cluster|Deployment|Placement)\n)?\\PC{0,60}") {
        let _ = read_str("x.yaml", &text);
    }

    #[test]
    fn any_marks_are_read_or_refused(text in "([\\[\\]{}:,?#&*!|>'\"%@`.~<= \n\tab-]|---\n|\n\\.\\.\\.\n){0,60}") {
        let _ = read_str("x.yaml", &text);
    }

    #[test]
    fn any_broken_document_is_read_or_refused(specs in all(), cut in any::<prop::sample::Index>(), with in ".{0,3}") {
        let mut yaml = write_yaml(&specs);
        if !yaml.is_empty() {
            let mut at = cut.index(yaml.len());
            while !yaml.is_char_boundary(at) {
                at -= 1;
            }
            yaml.insert_str(at, &with);
        }
        let _ = read_str("x.yaml", &yaml);
    }
}
