//! States and entries of a log that were tampered with (W3, W4).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};
use siting::inventory::Request;
use siting::lifecycle::{Action, Number, Observation, Place, Push, PushKind};
use siting::manifest::read_str;
use siting::time::Moment;
use siting::workspace::{ChangeStep, LogEntry, Workspace, WorkspaceChange, WorkspaceState};

const DOCUMENTS: &str = "
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe}
spec: {type: location, locations: [{type: continent, name: eu}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [europe]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: m, replicas: 2, resources: {cpu: 2, memory: 1Gi}}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: run}
spec: {deployment: m/v1, cluster: paris, pool: p, replicas: 2}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: p, nodes: 4, cpuFlavor: x86, cpu: 8, memory: 64Gi}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: berlin}
spec: {provider: onprem, country: de, pools: [{name: p, nodes: 2, gpu: {type: t4, count: 4}, cpuFlavor: x86, cpu: 8, memory: 64Gi}]}
";

/// A workspace with something of everything, and entries for it.
struct Kept {
    workspace: Workspace,
    texts: Vec<String>,
}

static KEPT: LazyLock<Kept> = LazyLock::new(|| {
    let mut workspace: Workspace = DOCUMENTS.parse().expect("sound documents");
    let settings = read_str("d", DOCUMENTS).specs.deployments.first().expect("a deployment").settings();
    let push = Push { settings: settings.into(), ..Push::new(PushKind::Published, "v1") };
    let command = |action| WorkspaceChange::new().command("model", "x".parse().expect("a name"), action);
    let seen =
        |generation, observation| command(Action::Observe { deployment: Number::new(1), generation, observation });
    let place = |cluster: &str| Place {
        cluster: cluster.parse().expect("a name"),
        pool: "p".parse().expect("a name"),
        flavor: "cpu:x86".into(),
        replicas: 1,
    };
    let request = Request { cpu: "3".parse().expect("an amount"), ..Request::default() };
    let reserve = |cluster| WorkspaceChange::new().then(ChangeStep::Reserve(vec![(place(cluster), request)]));
    let changes = [
        command(Action::Push(push)),
        seen(1, Observation::Built),
        reserve("paris"),
        seen(2, Observation::Ready),
        WorkspaceChange::new().set_nodes("paris", "p", 3),
        command(Action::Scale { deployment: Number::new(1), replicas: 3 }),
        WorkspaceChange::new().then(ChangeStep::Commit { deployment: "m/v1".into(), places: vec![place("paris")] }),
        WorkspaceChange::new().put(read_str("p", DOCUMENTS)).set_nodes("berlin", "p", 3),
        WorkspaceChange::new().then(ChangeStep::SetHealthy { cluster: "paris".into(), healthy: false }),
    ];
    let mut texts = Vec::new();
    for (number, change) in (1..).zip(changes) {
        let entry = workspace.prepare(Moment::from_millis(number), &format!("key-{number}"), change);
        let entry = entry.expect("it is accepted").expect("it changes something");
        if number > 6 {
            texts.push(entry.to_json());
        } else {
            workspace.apply(&entry).expect("it was prepared here");
        }
    }
    let next = workspace.prepare(Moment::from_millis(20), "move", command(Action::Deactivate(Number::new(1))));
    texts.push(next.expect("it is accepted").expect("it changes something").to_json());
    texts.push(workspace.state().to_json());
    Kept { workspace, texts }
});

/// What is read of a text that was tampered with is refused, or is a workspace that holds no more than there is, and is
/// kept and restored as any is. An entry that is refused changes nothing.
pub fn kept(bytes: &[u8]) {
    let Kept { workspace, texts } = &*KEPT;
    if let [255, rest @ ..] = bytes {
        return kept_bytes(rest);
    }
    let mut bytes = bytes.iter().copied();
    let which = usize::from(bytes.next().unwrap_or_default()) % texts.len();
    let Some(text) = texts.get(which) else { return };
    let mut written: Value = serde_json::from_str(text).expect("it was written as JSON");
    while let (Some(high), Some(low), Some(how)) = (bytes.next(), bytes.next(), bytes.next()) {
        tamper(&mut written, usize::from(u16::from_be_bytes([high, low])), how);
    }
    let text = written.to_string();
    if which + 1 == texts.len() {
        let state = WorkspaceState::from_json(&text);
        if let Ok(state) = &state {
            let read = WorkspaceState::from_bytes(&state.to_bytes()).expect("its own bytes");
            assert_eq!(&read, state, "the binary form says the same");
        }
        if let Ok(restored) = state.and_then(Workspace::restore) {
            is_sound(&restored);
        }
        return;
    }
    let Ok(entry) = LogEntry::from_json(&text) else { return };
    let (mut after, before) = (workspace.clone(), workspace.state().to_json());
    match after.apply(&entry) {
        Ok(_) => is_sound(&after),
        Err(_) => assert_eq!(after.state().to_json(), before, "what is refused changes nothing"),
    }
}

/// The same of the bytes of a state in which others stand, under a sum that fits.
fn kept_bytes(bytes: &[u8]) {
    const HEAD: usize = 12;
    static WRITTEN: LazyLock<Vec<u8>> = LazyLock::new(|| KEPT.workspace.state().to_bytes());
    let mut written = WRITTEN.clone();
    for edit in bytes.chunks_exact(3) {
        let [high, low, byte] = [0, 1, 2].map(|at| edit.get(at).copied().unwrap_or_default());
        let at = usize::from(u16::from_be_bytes([high, low])) % written.len();
        match written.get_mut(at) {
            Some(_) if byte == 0 && at > HEAD => written.truncate(at),
            Some(there) => *there ^= byte,
            None => {}
        }
    }
    if written.len() > HEAD {
        let sum = sum(written.get(HEAD..).unwrap_or_default()).to_le_bytes();
        written.splice(HEAD - sum.len()..HEAD, sum);
    }
    if let Ok(restored) = WorkspaceState::from_bytes(&written).and_then(Workspace::restore) {
        is_sound(&restored);
    }
}

/// CRC-32, bit by bit.
fn sum(bytes: &[u8]) -> u32 {
    let byte = |sum: u32, byte: &u8| {
        let bit = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
        (0..8).fold(sum ^ u32::from(*byte), bit)
    };
    !bytes.iter().fold(u32::MAX, byte)
}

/// Puts something else at one of the places of a value, or takes it out.
fn tamper(written: &mut Value, place: usize, how: u8) {
    let mut places = Vec::new();
    list(written, String::new(), &mut places);
    let Some(pointer) = places.get(place % places.len().max(1)) else { return };
    if how % 16 == 15 {
        let Some((parent, last)) = pointer.rsplit_once('/') else { return };
        match written.pointer_mut(parent) {
            Some(Value::Object(fields)) => drop(fields.remove(&last.replace("~1", "/").replace("~0", "~"))),
            Some(Value::Array(all)) => {
                drop(last.parse().ok().filter(|at| *at < all.len()).map(|at: usize| all.remove(at)))
            }
            _ => {}
        }
        return;
    }
    let Some(found) = written.pointer_mut(pointer) else { return };
    let number = found.as_u64();
    let other = match how % 16 {
        0 => Value::Null,
        1 => json!(0),
        2 => json!(1),
        3 => json!(u64::MAX),
        4 => json!(-1),
        5 => json!(""),
        6 => json!("x"),
        7 => json!([]),
        8 => json!({}),
        9 => json!(true),
        10 => json!(number.map_or(2, |number| number.saturating_add(1))),
        11 => json!(number.map_or(3, |number| number.saturating_sub(1))),
        12 => json!(number.map_or(4, |number| number.saturating_mul(2))),
        13 => json!("paris"),
        _ => match found.clone() {
            Value::Array(all) => Value::Array([all.clone(), all].concat()),
            _ => json!(u32::MAX),
        },
    };
    *found = other;
}

/// The places of a value, each by a pointer.
fn list(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                list(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(all) => {
            for (number, value) in all.iter().enumerate() {
                list(value, format!("{at}/{number}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

/// No more is held than there is, and what is kept comes back.
fn is_sound(workspace: &Workspace) {
    let text = workspace.state().to_json();
    let restored = WorkspaceState::from_json(&text).and_then(Workspace::restore).expect("its own state");
    assert_eq!(restored.state().to_json(), text);
    let (inventory, mut held) = (workspace.inventory(), BTreeMap::<(String, String), u128>::new());
    for reservation in inventory.reservations().filter_map(|id| inventory.reservation(id)) {
        let written = serde_json::to_value(&reservation).expect("it serialises");
        let cpu = |taken: &Value| {
            let number = |value: &Value| u128::from(value.as_u64().expect("a number"));
            number(&taken["count"]) * number(&taken["part"]["cpu"])
        };
        let all = written["taken"].as_array().expect("a list").iter().map(cpu).sum::<u128>();
        *held.entry((reservation.cluster().to_string(), reservation.pool().to_string())).or_default() += all;
    }
    let closed: Value = serde_json::from_str(&text).expect("JSON");
    for pool in inventory.fleet().pools() {
        let Some(cluster) = inventory.fleet().cluster(pool.cluster) else { continue };
        let (Some(nodes), Some(shape)) = (pool.def.nodes, &pool.def.shape) else { continue };
        let gone: u128 = closed["closedNodes"].as_array().into_iter().flatten().fold(0, |all, gone| {
            let here = gone["cluster"] == cluster.name.as_str() && gone["pool"] == pool.def.name.as_str();
            let count = |stretch: &Value| u128::from(stretch[1].as_u64().unwrap_or_default());
            all + if here { gone["nodes"].as_array().into_iter().flatten().map(count).sum() } else { 0 }
        });
        let most = (u128::from(nodes) + gone) * u128::from(shape.cpu.get());
        let key = (cluster.name.to_string(), pool.def.name.to_string());
        assert!(held.get(&key).copied().unwrap_or_default() <= most, "more is held than there is: {key:?}");
    }
}
