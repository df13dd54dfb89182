//! What ends with time: attachments (P16), and what is known of clusters (I8).

use siting::analysis::{check, diff};
use siting::lifecycle::{Action, Observation, Push, PushKind};
use siting::manifest::Source;
use siting::placement::Code;
use siting::policy::{Enforcement, State, Terms};
use siting::testing::{Choices, WorldOptions};
use siting::time::Moment;
use siting::workspace::{AttachmentPoint, LoadOptions, Remedy, Workspace, WorkspaceChange};

const FLEET: &str = "
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-de}
spec: {type: location, locations: [{type: country, name: de}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-fr}
spec: {type: location, locations: [{type: country, name: fr}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: berlin}
spec: {provider: onprem, country: de, flavors: [{type: cpu, name: x86}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: cpu, name: x86}]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert}
---
";

fn load(more: &str) -> Workspace {
    let text = format!("{FLEET}{more}");
    Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap()
}

fn environment(policies: &str) -> Workspace {
    load(&format!("apiVersion: siting.dev/v1\nkind: Environment\nmetadata: {{name: production}}\nspec: {policies}\n"))
}

fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

fn names(workspace: &Workspace, moment: Moment) -> Vec<String> {
    let seen = workspace.at(moment);
    let allowed = seen.allowed("v1").unwrap();
    let fleet = seen.inventory().fleet();
    allowed.iter().map(|id| fleet.cluster(id).unwrap().name.to_string()).collect()
}

const END: &str = "2027-03-31T00:00:00Z";

fn before(moment: Moment) -> Moment {
    Moment::from_millis(moment.as_millis() - 1)
}

/// P16: from `until` on, an attachment allows nothing; what another of its level allows is left, and nothing more.
#[test]
fn p16_what_has_ended_allows_nothing_and_its_level_stays_restricted() {
    let end = at(END);
    let both = environment("{policies: [only-de, {name: only-fr, until: 2027-03-31T00:00:00Z}]}");
    assert_eq!(names(&both, before(end)), ["berlin", "paris"]);
    assert_eq!(names(&both, end), ["berlin"]);

    // A level of which nothing is left that way is a conflict that says what ended, and why it was there.
    let alone = environment(
        "{policies: [{name: only-fr, until: 2027-03-31T00:00:00Z, reason: migration, ticket: PLAT-7}], require: [location]}",
    );
    assert_eq!(names(&alone, before(end)), ["paris"]);
    let decision = alone.at(end).place("v1").unwrap().decision;
    assert_eq!(decision.scope().axis(siting::catalog::Axis::Location).state(), State::Conflict);
    let [reason, ..] = decision.refusal().unwrap().reasons.as_slice() else { panic!("no reason") };
    assert_eq!(reason.code, Code::PolicyConflict);
    assert!(
        reason.message().contains("`only-fr` (ended at 2027-03-31T00:00:00Z; migration; PLAT-7) (environment)"),
        "{}",
        reason.message()
    );
    assert_eq!(reason.next(), "extend what has ended (`until`), or attach another policy at its level");
    // It stays restricted also for `require`: that is not what refuses it.
    assert!(decision.refusal().unwrap().reasons.iter().all(|reason| reason.code != Code::PolicyRequired));

    // Where nobody says which moment it is, it counts as ended, and the refusal says so.
    let unasked = alone.place("v1").unwrap().decision;
    let refusal = unasked.refusal().unwrap();
    assert!(refusal.reasons[0].message().contains("and no moment is given"), "{}", refusal.reasons[0].message());
    assert!(refusal.reasons[0].next().starts_with("say at which moment"));
}

/// P16: one that is audited ends without a trace.
#[test]
fn p16_an_audited_one_ends_without_a_trace() {
    let end = at(END);
    let audited = environment("{policies: [{name: only-fr, enforcement: audit, until: 2027-03-31T00:00:00Z}]}");
    let told = |moment| audited.at(moment).place("v1").unwrap().audit.len();
    assert_eq!((told(before(end)), told(end)), (1, 0));
    assert_eq!(names(&audited, end), ["berlin", "paris"]);
}

/// P16: what is cached for one moment is not told at another.
#[test]
fn p16_the_cache_of_allowed_clusters_knows_its_moment() {
    let end = at(END);
    let workspace = environment("{policies: [only-de, {name: only-fr, until: 2027-03-31T00:00:00Z}]}");
    let (early, late) = (workspace.at(before(end)), workspace.at(end));
    assert_eq!(early.allowed("v1").unwrap().len(), 2);
    assert_eq!(early.at(end).allowed("v1").unwrap().len(), 1, "a clone shares what was cached");
    assert_eq!(late.at(before(end)).allowed("v1").unwrap().len(), 2);
}

/// P16, W2: an attachment is made with its end and its reason, and documents that are written back have both.
#[test]
fn p16_terms_are_kept_by_changes() {
    let end = at(END);
    let mut workspace = load("");
    let terms = Terms::from(Enforcement::Enforce).until(end).reason("migration").ticket("PLAT-7");
    let point = || AttachmentPoint::Environment("production".to_owned());
    let attach = |terms: &Terms| WorkspaceChange::new().attach(point(), "only-fr", terms.clone());
    let now = at("2027-03-01T00:00:00Z");
    assert!(workspace.change(now, attach(&terms)).unwrap().changed);
    assert!(!workspace.change(now, attach(&terms)).unwrap().changed, "the same terms change nothing");
    let later = terms.clone().until(at("2027-04-30T00:00:00Z"));
    assert!(workspace.change(now, attach(&later)).unwrap().changed, "another end does");
    let written = siting::manifest::write_yaml(workspace.specs());
    for part in ["until: \"2027-04-30T00:00:00Z\"", "reason: migration", "ticket: PLAT-7"] {
        assert!(written.contains(part), "{part} in {written}");
    }
    // The state that is kept has them, too (W4).
    let restored = Workspace::restore(workspace.state()).unwrap();
    assert_eq!(names(&restored, before(at("2027-04-30T00:00:00Z"))), ["paris"]);
    assert_eq!(names(&restored, at("2027-04-30T00:00:00Z")), Vec::<String>::new());
    // Of the same change as an entry of a log: the other side has the same end (W3).
    let origin = load("");
    let entry = origin.prepare(now, "key", attach(&terms)).unwrap().unwrap();
    let mut elsewhere = load("");
    elsewhere.apply(&siting::workspace::LogEntry::from_json(&entry.to_json()).unwrap()).unwrap();
    assert_eq!(names(&elsewhere, before(end)), ["paris"]);
    assert!(names(&elsewhere, end).is_empty());
}

/// P10, P16: whether attaching leaves something is asked at the moment of the change.
#[test]
fn p10_attaching_beside_what_has_ended_is_refused_at_that_moment() {
    let workspace = environment("{policies: [{name: only-fr, until: 2027-03-31T00:00:00Z}]}");
    let attach =
        || WorkspaceChange::new().attach(AttachmentPoint::Deployment("v1".to_owned()), "only-fr", Enforcement::Enforce);
    let end = at(END);
    assert!(workspace.clone().change(before(end), attach()).is_ok());
    let refused = workspace.clone().change(end, attach()).unwrap_err();
    assert!(refused.to_string().contains("ended at 2027-03-31T00:00:00Z"), "{refused}");
}

/// P16, L13: the first accepted moment at or after the end is a policy change: what runs there violates, and moves.
#[test]
fn l13_replicas_move_when_what_allowed_them_ends() {
    let mut workspace = environment("{policies: [only-de, {name: only-fr, until: 2027-03-31T00:00:00Z}]}");
    let bert = workspace.workload("model", &"bert".parse().unwrap()).unwrap();
    workspace.set_cordoned("berlin", true).unwrap();
    let end = at(END);
    let start = Moment::from_millis(end.as_millis() - 10_000);
    workspace.carry_out(start, &bert, Action::Push(Push::new(PushKind::Published, "v1"))).unwrap();
    let number = workspace.life(&bert).unwrap().state().find("bert-1").unwrap();
    for (generation, observation) in [(1, Observation::Built), (2, Observation::Ready)] {
        workspace.carry_out(start, &bert, Action::Observe { deployment: number, generation, observation }).unwrap();
    }
    workspace.set_cordoned("berlin", false).unwrap();
    assert!(workspace.violations(before(end)).is_empty());
    let found = workspace.violations(end);
    assert_eq!((found.len(), &found[0].remedy), (1, &Remedy::Move));
    let settled = workspace.settle_violations(end);
    assert!(settled[0].1.as_ref().is_ok_and(|effects| !effects.is_empty()), "{settled:?}");
}

/// P16: what ends next, and the findings before and after.
#[test]
fn p16_check_tells_what_ends() {
    let (end, workspace) = (at(END), environment("{policies: [{name: only-fr, until: 2027-03-31T00:00:00Z}]}"));
    let found = |moment: Moment| {
        let all = check(&workspace.at(moment));
        all.into_iter().filter(|finding| finding.code.starts_with("attachment-")).collect::<Vec<_>>()
    };
    let days = |days: u64| Moment::from_millis(end.as_millis() - days * 86_400_000);
    assert!(found(days(31)).is_empty());
    assert_eq!(found(days(30))[0].code, "attachment-ends-soon");
    let ended = &found(end)[0];
    assert_eq!(ended.code, "attachment-ended");
    let help = ended.help.as_deref().unwrap();
    assert!(help.contains("nothing restricts the location at environment `production`"), "{help}");
    let next = workspace.next_change(days(30)).unwrap();
    assert_eq!((next.at, next.what), (end, vec!["`only-fr` ends at environment `production`".to_owned()]));
    assert_eq!(workspace.next_change(end), None);
}

/// A1, P16: what a later end takes away or leaves is part of the comparison.
#[test]
fn a1_a_diff_looks_at_each_later_end() {
    let now = at("2027-01-01T00:00:00Z");
    let old = environment("{policies: [only-de, {name: only-fr, until: 2027-03-31T00:00:00Z}]}").at(now);
    let new = environment("{policies: [only-de, only-fr]}").at(now);
    assert_eq!(format!("{:?}", diff(&old, &new).environments[0].fate), "Compared(Widened)");
    assert_eq!(format!("{:?}", diff(&new, &old).environments[0].fate), "Compared(Narrowed)");
}

fn aging(observed: &str) -> Workspace {
    load(&format!(
        "apiVersion: siting.dev/v1\nkind: Workspace\nmetadata: {{name: w}}\nspec: {{maxAge: 10m}}\n---
apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: oslo}}
spec: {{provider: onprem, country: 'no', {observed}flavors: [{{type: cpu, name: x86}}]}}\n"
    ))
}

/// I8: a cluster that was observed too long before the decision's moment is no candidate.
#[test]
fn i8_a_cluster_that_was_observed_too_long_ago_is_stale() {
    let workspace = aging("observedAt: 2026-11-30T04:00:00Z, ");
    let refused = |moment: &str| -> Vec<&'static str> {
        let explained = workspace.at(at(moment)).explain_cluster("v1", "oslo").unwrap();
        explained[0].reasons.iter().map(|reason| reason.code.as_str()).collect()
    };
    assert!(refused("2026-11-30T04:10:00Z").is_empty(), "of just that age it counts");
    assert_eq!(refused("2026-11-30T04:10:00.001Z"), ["stale"]);
    assert!(refused("2026-11-30T03:00:00Z").is_empty(), "before it was observed it is not too old");
    assert_eq!(workspace.next_change(at("2026-11-30T04:00:00Z")).unwrap().at, at("2026-11-30T04:10:00.001Z"));
    let codes = |workspace: &Workspace| -> Vec<_> {
        check(workspace).into_iter().filter(|it| it.subject.name == "oslo").map(|it| it.code).collect()
    };
    assert!(codes(&aging("")).contains(&"never-stale"));
    let explained = aging("").at(at("2030-01-01T00:00:00Z")).explain_cluster("v1", "oslo").unwrap();
    assert!(explained[0].reasons.is_empty(), "without `observedAt` it is never stale");
}

/// I8, W6: a decision from before is not carried out on what is stale by then.
#[test]
fn i8_what_is_stale_takes_nothing_that_was_decided_before() {
    let workspace = aging("observedAt: 2026-11-30T04:00:00Z, ");
    let early = at("2026-11-30T04:05:00Z");
    let mut workspace = workspace.at(early);
    for closed in ["berlin", "paris"] {
        workspace.set_cordoned(closed, true).unwrap();
    }
    let decision = workspace.place("v1").unwrap().decision;
    assert!(decision.is_placed());
    assert!(workspace.clone().commit("v1", &decision).is_ok());
    assert!(workspace.at(at("2026-11-30T05:00:00Z")).commit("v1", &decision).is_err());
}

/// P16: no passing of time ever adds a candidate by an attachment's end.
#[test]
fn p16_time_never_adds_a_candidate() {
    let mut lost = 0;
    for seed in 0..60 {
        let mut specs = WorldOptions::default().draw(&mut Choices::seeded(seed));
        let mut ends = (0_u64..).map(|number| Moment::from_millis((number * 7 % 5 + 1) * 1_000));
        let of_environments = specs.environments.iter_mut().map(|spec| &mut spec.policies);
        let of_deployments = specs.deployments.iter_mut().map(|spec| &mut spec.policies);
        for attached in of_environments.chain(of_deployments).flatten().filter(|attached| !attached.remote) {
            attached.until = ends.next();
        }
        let workspace = Workspace::from_specs(specs, LoadOptions::default()).unwrap();
        for id in workspace.deployment_ids() {
            let places = |second: u64| workspace.at(Moment::from_millis(second * 1_000)).allowed_pairs(id).unwrap();
            for second in 0..6 {
                let (now, later) = (places(second), places(second + 1));
                assert!(later.difference(&now).is_empty(), "seed {seed}: time adds candidates");
                lost += now.difference(&later).len();
            }
            let unasked = workspace.allowed_pairs(id).unwrap();
            assert!(unasked.difference(&places(9)).is_empty(), "seed {seed}: no moment allows more than the last");
        }
    }
    assert!(lost > 0, "nothing ever ended");
}

/// A1, I8: what a larger `maxAge`, or none, lets in comes from that, and from no cluster.
#[test]
fn a1_a_gain_by_max_age_is_its_own() {
    let aged = |max_age: &str| -> Workspace {
        format!(
            "apiVersion: siting.dev/v1\nkind: Workspace\nmetadata: {{name: w}}\nspec: {{{max_age}}}\n---
apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{model: m}}\n---
apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: c}}
spec: {{provider: p, country: de, observedAt: 2026-01-01T00:00:00Z, flavors: [{{type: gpu, name: t4}}]}}\n"
        )
        .parse()
        .unwrap()
    };
    let now: Moment = "2026-01-02T00:00:00Z".parse().unwrap();
    let (strict, loose) = (aged("maxAge: 10m").at(now), aged("").at(now));
    let found = diff(&strict, &loose);
    let causes = found.causes(&found.deployments[0]);
    let changes: Vec<_> = causes.gains.iter().flat_map(|cause| &cause.changes).map(ToString::to_string).collect();
    assert_eq!(changes, ["`maxAge` of the workspace changed"]);
}
