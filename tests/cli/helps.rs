//! What is said of common slips: the message names the slip, the help what is right (C8).

use crate::support::Folder;

/// The errors of manifests, each as `message (help)`.
fn said(text: &str) -> Vec<String> {
    let folder = Folder::of(&[("it.yaml", text)]);
    let report = folder.run(&["check", "@", "-o", "json"]).json();
    let errors = report["errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &serde_json::Value, key: &str| error[key].as_str().unwrap_or_default().to_owned();
    errors.iter().map(|error| format!("{} ({})", text(error, "message"), text(error, "help"))).collect()
}

/// The only error of one document.
fn of(kind: &str, spec: &str) -> String {
    let text = format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: it}}\nspec: {spec}\n");
    let errors = said(&text);
    assert_eq!(errors.len(), 1, "{spec}: {errors:?}");
    errors[0].clone()
}

/// C4: what is called `EU` is the Union, not the continent.
#[test]
fn the_union_is_offered_before_the_continent() {
    let policy = |option: &str| of("Policy", &format!("{{type: location, locations: [{option}]}}"));
    assert_eq!(policy("{type: group, name: eu}"), "no group is called `eu` (did you mean `eu27` or `eea`?)");
    assert_eq!(
        policy("{type: country, name: EU}"),
        "no country is called `EU` (did you mean `{type: group, name: eu27}`, `{type: group, name: eea}` or \
         `{type: continent, name: eu}`?)"
    );
    assert_eq!(
        policy("{type: group, name: European Union}"),
        "no group is called `European Union` (did you mean `eu27` or `eea`?)"
    );
}

/// An option, GPUs or a strategy of which only the name stands there is shown written out.
#[test]
fn a_word_in_the_place_of_a_mapping_is_written_out() {
    let policy = |spec: &str| of("Policy", spec);
    assert_eq!(
        policy("{type: location, locations: [de]}"),
        "an entry of `locations` must be a mapping, not a string (write `{type: country, name: de}`)"
    );
    assert_eq!(
        policy("{type: location, locations: [na]}"),
        "an entry of `locations` must be a mapping, not a string (write `{type: continent, name: na}` or `{type: country, name: na}`)"
    );
    assert_eq!(
        policy("{type: flavor, flavors: [T4]}"),
        "an entry of `flavors` must be a mapping, not a string (write `{type: gpu, name: T4}`)"
    );
    assert_eq!(
        policy("{type: gpu, flavors: [{type: cpu, name: x86}]}"),
        "a cpu does not belong in this list (write `type: flavor` for a policy that lists both kinds)"
    );
    assert_eq!(
        policy("{type: gpu, flavors: [{type: country, name: de}]}"),
        "a country does not belong in this list (list it in a policy of `type: location`)"
    );
    let deployment = |spec: &str| of("Deployment", &format!("{{model: bert, {spec}}}"));
    assert_eq!(
        deployment("resources: {cpu: 1, memory: 1Gi, gpu: t4}"),
        "`gpu` must be a mapping, not a string (write `{type: t4, count: 1}`)"
    );
    assert_eq!(
        deployment("resources: {cpu: 1, memory: 1Gi, gpu: 1}"),
        "`gpu` must be a mapping, not a number (write `{count: 1}`, and `type: …` beside it where it matters)"
    );
    assert_eq!(deployment("strategy: canary"), "`strategy` must be a mapping, not a string (write `{type: canary}`)");
    let pool = "{provider: p, country: de, pools: [{name: p, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 1Gi, gpu: t4}]}";
    assert_eq!(of("Cluster", pool), "`gpu` must be a mapping, not a string (write `{type: t4, count: 1}`)");
    let by = "{model: bert, steps: [{promote: {deployment: a, environment: production, by: canary}}]}";
    assert_eq!(of("Scenario", by), "`by` must be a mapping, not a string (write `{type: canary}`, or `at-once`)");
}

/// I2: units that are none, and numbers with a comma or a percent sign.
#[test]
fn a_number_is_shown_as_it_is_written() {
    let check = |limit: &str| {
        let checks = format!("checks: [{{metric: latency-p99, success: {{atMost: {limit}}}}}]");
        of("Deployment", &format!("{{model: bert, strategy: {{type: canary, {checks}}}}}"))
    };
    assert!(
        check("250ms").ends_with("(write `250`: a latency is in milliseconds, without a unit)"),
        "{}",
        check("250ms")
    );
    assert!(check("2s").ends_with("(write `2000`: a latency is in milliseconds, without a unit)"));
    assert!(check("5%").ends_with("(write `5`: a percentage is written without `%`)"));
    let cluster = |pool: &str| {
        of("Cluster", &format!("{{provider: p, country: de, pools: [{{name: p, cpuFlavor: x86, cpu: 1, {pool}}}]}}"))
    };
    assert_eq!(
        cluster("memory: 1Gi, nodes: unlimitd"),
        "`nodes` cannot be `unlimitd` (write a whole number, or `unlimited`)"
    );
    assert_eq!(
        cluster("memory: 1Gi, nodes: 1, pricePerHour: \"1,5\""),
        "`1,5` is not a price: it has a comma (write a point: `1.5`)"
    );
    assert_eq!(
        cluster("memory: 1Gi, nodes: 1, storage: 10"),
        "`10` is not an amount of memory or storage: it has no unit (write `16Gi` or `16G`)"
    );
    // I7: machines with a part of a GPU have a slice.
    assert_eq!(
        cluster("memory: 1Gi, nodes: 1, gpu: {type: l4, count: 0.125}"),
        "`count` is a whole number; `0.125` is a part of one GPU (write `count: 1` and `slice: 1/8`)"
    );
    assert_eq!(
        of("Deployment", "{model: bert, resources: {cpu: 1, memory: 1Gi, gpu: {type: a10, count: 0.167}}}"),
        "`count` is a whole number; `0.167` is a part of one GPU \
         (write `count: 1` and `share: 0.167`; or `slice: 1/6` for a slice of its own)"
    );
    let scaling = "{model: bert, scaling: {minReplicas: 1, maxReplicas: 2, targetCpuUtilization: 70%}}";
    assert_eq!(
        of("Deployment", scaling),
        "`targetCpuUtilization` must be a whole number, not a string (write `70`, without `%`)"
    );
}

/// C5, C8: why hardware is not read, and what there is.
#[test]
fn unknown_hardware_is_told_with_the_reason() {
    let gpu = |name: &str| of("Policy", &format!("{{type: gpu, flavors: [{{type: gpu, name: {name}}}]}}"));
    for everything in ["all", "\"*\""] {
        assert!(gpu(everything).ends_with("(did you mean `any`?)"), "{}", gpu(everything));
    }
    assert!(gpu("p5.48xlarge").ends_with("(that is a machine; name the GPU that it has)"));
    assert!(gpu("Standard_ND96asr_v4").ends_with("(that is a machine; name the GPU that it has)"));
    assert!(gpu("T4 32GB").ends_with("(did you mean `t4`? It has 16Gi)"), "{}", gpu("T4 32GB"));
    assert!(gpu("H100 SXM4").ends_with("(did you mean `h100`? There is none with `sxm4`)"));
    let cluster = "{provider: p, country: de, pools: [{name: p, nodes: 1, cpuFlavor: intel, cpu: 1, memory: 1Gi}]}";
    assert_eq!(
        of("Cluster", cluster),
        "no cpu flavor is called `intel` (the cpu flavors are `arm` and `x86`; `any` is all of them)"
    );
    assert_eq!(
        of("Cluster", "{provider: gcp, location: aws/eu-north-1, flavors: [{type: cpu, name: x86}]}"),
        "the location `aws/eu-north-1` names the provider `aws`, not `gcp` \
         (write `provider: aws` and `location: eu-north-1`, or a region of `gcp`)"
    );
}

/// C8: one mistake is one error.
#[test]
fn a_mistake_makes_no_others() {
    let policy = "apiVersion: siting.dev/v1\nkind: Policy\nmetadata: {name: home}\nspec: {type: location, locations: [{type: country, name: de}]}\n";
    let deployment =
        "apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {model: m, policies: [home]}\n";
    assert_eq!(
        said(&[policy, deployment].concat()),
        ["a second document begins here (put `---` on the line before it)"]
    );
    let wrong = deployment.replace("home", "hme");
    let placement = "apiVersion: siting.dev/v1\nkind: Placement\nmetadata: {name: r}\nspec: {deployment: m/d, cluster: c, pool: p, replicas: 1}\n";
    let cluster = "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {provider: p, country: de, pools: [{name: p, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 1Gi}]}\n";
    for deployment in [wrong, deployment.replace("policies: [home]", "polices: [home]")] {
        let errors = said(&[policy, &deployment, placement, cluster].join("---\n"));
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
    let workspace =
        "apiVersion: siting.dev/v1\nkind: Workspace\nmetadata: {name: w}\nspec: {groups: {home: [de]}, polices: []}\n";
    let policy = policy.replace("type: country, name: de", "type: group, name: home");
    assert_eq!(
        said(&[workspace, &policy].join("---\n")),
        ["a workspace's spec has no field `polices` (did you mean `policies`?)"]
    );
    let indented = said("apiVersion: siting.dev/v1\nkind: Policy\nmetadata:\n  name: a\n    displayName: b\n");
    assert!(indented[0].contains("look for a wrong indentation, or a bracket"), "{indented:?}");
}

/// W8, C8: scenarios are checked when they are read.
#[test]
fn scenarios_are_checked_when_they_are_read() {
    let scenario = |steps: &str| of("Scenario", &format!("{{model: bert, fleet: unlimited, steps: [{steps}]}}"));
    assert_eq!(
        scenario("{at: 5m, wait: true}, {wait: true}, {at: 2m, wait: true}"),
        "time runs backwards: the last step was at `5m` \
         (put the steps in their order; `at` counts from the start, not from the last step)"
    );
    assert_eq!(
        scenario("{wait: true, expect: {routes: {production: x}}}"),
        "`production` is not an endpoint (write `environment/production`, `deployment/production`, `workload` or `draft`)"
    );
    assert_eq!(
        scenario("{wait: true, expect: {refused: not active}}"),
        "`not active` is not the name of a rule (write a letter and a number, such as `L6`; words of the reason go under `reason`)"
    );
}

/// C8: what a scenario names must be there, be it in a step or in what is expected of it.
#[test]
fn scenarios_name_what_there_is() {
    let step = |step: &str| {
        let steps = format!("[{{push: {{name: one, version: v1}}}}, {step}]");
        let spec = format!("{{model: bert, fleet: unlimited, host: {{}}, steps: {steps}}}");
        let text = format!("apiVersion: siting.dev/v1\nkind: Scenario\nmetadata: {{name: it}}\nspec: {spec}\n");
        let report = Folder::of(&[("it.yaml", text)]).run(&["simulate", "@", "-o", "json"]).json();
        report["scenarios"][0]["steps"][1]["differences"].to_string()
    };
    assert_eq!(step("{metrics: {version: v1, errorRate: 5}}"), "[]");
    let unknown = step("{metrics: {version: v9, errorRate: 5}}");
    assert!(unknown.contains("no step pushes a version `v9`"), "{unknown}");
    assert_eq!(step("{traffic: {environment: production, requestsPerSecond: 1}}"), "[]");
    let unknown = step("{traffic: {environment: productoin, requestsPerSecond: 1}}");
    assert!(unknown.contains("no environment is called `productoin`; did you mean `production`?"), "{unknown}");
    for expected in
        ["rolledBack: {stagng: 'no'}", "offloaded: {stagng: 'no'}", "routes: {environment/stagng: never-there}"]
    {
        let differs = step(&format!("{{wait: true, expect: {{{expected}}}}}"));
        assert!(differs.contains("no environment is called `stagng`"), "{expected}: {differs}");
    }
}
