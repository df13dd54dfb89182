//! The tables and diagrams of the documentation, printed from those that the code asks.

use std::fmt::Write;

use crate::lifecycle::commands::{Class, Field};
use crate::lifecycle::state::{CAPABILITIES, Role, Status, TRANSITIONS};

/// The capability table (L2), in Markdown.
///
/// ```
/// assert!(siting::lifecycle::capability_table().contains("| live reload | yes | no | no |"));
/// ```
#[must_use]
pub fn capability_table() -> String {
    let roles = Role::ALL.map(Role::as_str).join(" | ");
    let mut text = format!("| capability | {roles} |\n| --- | --- | --- | --- |\n");
    for row in CAPABILITIES {
        let cells = Role::ALL.map(|role| if role.may(row.capability) { "yes" } else { "no" });
        line(&mut text, &format!("| {} | {} |", row.capability.as_str(), cells.join(" | ")));
    }
    text
}

/// How statuses follow one another, in Markdown. Of `push` and `delete`, which start from every
/// status, the table says so.
#[must_use]
pub fn transition_table() -> String {
    let mut text = "| from | event | to |\n| --- | --- | --- |\n".to_owned();
    for row in TRANSITIONS {
        let from: Vec<_> = row.from.iter().map(|status| status.as_str()).collect();
        let from = if row.from.len() == Status::ALL.len() - 1 { "any".to_owned() } else { from.join(", ") };
        let to = row.to.map_or("as it was", Status::as_str);
        line(&mut text, &format!("| {from} | {} | {to} |", row.event));
    }
    text
}

/// What the edit of each field entails (L11), in Markdown.
#[must_use]
pub fn field_table() -> String {
    let mut text = "| field | an edit |\n| --- | --- |\n".to_owned();
    for field in Field::ALL {
        let class = match field.class() {
            Class::Live => "is live".to_owned(),
            Class::Decided => "is live; its places are decided anew".to_owned(),
            Class::Restart => "restarts".to_owned(),
            Class::Refused(instead) => format!("is refused: {instead}"),
        };
        line(&mut text, &format!("| {} | {class} |", field.as_str()));
    }
    text
}

/// The statuses as a Mermaid diagram, without what can happen in every one of them.
#[must_use]
pub fn status_diagram() -> String {
    let mut text = "stateDiagram-v2\n    [*] --> BUILDING: push\n    [*] --> DEPLOYING: copy\n".to_owned();
    for row in TRANSITIONS.iter().filter(|row| row.from.len() < Status::ALL.len() - 1) {
        for from in row.from {
            let to = row.to.unwrap_or(*from);
            line(&mut text, &format!("    {from} --> {to}: {}", row.event));
        }
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
