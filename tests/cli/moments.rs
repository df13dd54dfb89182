//! Answers as of a moment (P16, I8).

use crate::support::Folder;

const FLEET: &str = "apiVersion: siting.dev/v1
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
kind: Environment
metadata: {name: production}
spec:
  policies:
    - only-de
    - {name: only-fr, until: 2027-03-31T00:00:00Z, reason: migration, ticket: PLAT-7}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
";

const BEFORE: &str = "2027-03-30T23:59:59.999Z";
const END: &str = "2027-03-31T00:00:00Z";

/// P16: each question is asked at the moment that is given, and the report says which it was.
#[test]
fn p16_questions_are_asked_at_a_moment() {
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let place = |at: &str| folder.run(&["place", "@/fleet.yaml", "--at", at, "-o", "json"]);
    let (before, after) = (place(BEFORE), place(END));
    assert_eq!((before.status, after.status), (0, 1), "{after:?}");
    assert_eq!(before.json()["at"], BEFORE);
    let policies = &after.json()["deployments"][0]["refusal"]["reasons"][0]["policies"];
    let ended = policies.as_array().unwrap().iter().find(|policy| policy["name"] == "only-fr").unwrap();
    assert_eq!(
        (&ended["ended"], &ended["reason"], &ended["ticket"]),
        (&END.into(), &"migration".into(), &"PLAT-7".into())
    );
    let explained = folder.run(&["explain", "@/fleet.yaml", "-d", "v1", "-c", "paris", "--at", END]);
    assert!(
        explained.out.contains("`only-fr` (ended at 2027-03-31T00:00:00Z; migration; PLAT-7)"),
        "{}",
        explained.out
    );
    // What was claimed of a moment is verified as of that moment (D8).
    std::fs::write(folder.0.join("claim.json"), &before.out).unwrap();
    let verified = folder.run(&["verify", "@/claim.json", "@/fleet.yaml", "--at", END]);
    assert_eq!(verified.status, 0, "{verified:?}");
}

/// P16: what ends next is an answer, and so is what has ended.
#[test]
fn p16_check_says_what_ends_next() {
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let check = |at: &str| folder.run(&["check", "@/fleet.yaml", "--at", at, "-o", "json"]).json();
    let codes = |report: &serde_json::Value| -> Vec<String> {
        let all = report["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned());
        all.filter(|code| code.starts_with("attachment")).collect()
    };
    let (early, soon, ended) = (check("2027-01-01T00:00:00Z"), check("2027-03-02T00:00:00Z"), check(END));
    assert_eq!(early["nextChange"]["at"], END);
    assert_eq!(early["nextChange"]["what"][0], "`only-fr` ends at environment `production`");
    assert_eq!(ended.get("nextChange"), None);
    assert_eq!((codes(&early), codes(&soon), codes(&ended)).0, Vec::<String>::new());
    assert_eq!(codes(&soon), ["attachment-ends-soon"]);
    assert_eq!(codes(&ended), ["attachment-ended"]);
    let told = folder.run(&["check", "@/fleet.yaml", "--at", "2027-01-01T00:00:00Z"]).out;
    assert!(told.contains("next, at 2027-03-31T00:00:00Z: `only-fr` ends at environment `production`"), "{told}");
}

/// A moment that is none is bad usage, and so is one where nothing changes with time.
#[test]
fn a_moment_is_read_or_refused() {
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let wrong = folder.run(&["place", "@/fleet.yaml", "--at", "tomorrow"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("2026-01-31T12:00:00Z"), "{}", wrong.err);
    let catalog = folder.run(&["catalog", "--at", END]);
    assert_eq!(catalog.status, 2);
    assert!(catalog.err.contains("this command has no `--at`"), "{}", catalog.err);
}

/// A5, P16: a certificate says what had ended at its moment, and who checks it without us reckons with it.
#[test]
fn a5_a_certificate_reckons_with_what_has_ended() {
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let certificate = folder.run(&["certify", "@/fleet.yaml", "--at", END]);
    assert_eq!(certificate.json()["environments"]["production"]["ended"][0], "only-fr");
    assert_eq!(certificate.json()["deployments"][0]["reaches"], serde_json::json!([]));
    crate::verify::checked(&folder, &certificate.out, true);
    let hidden = certificate.out.replace("\"ended\"", "\"endedx\"");
    crate::verify::checked(&folder, &hidden, false);
}
