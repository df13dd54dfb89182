//! The tables and diagrams of `docs/lifecycle.md` are those that the code asks (L1, L2, L11).
//!
//! `INSTA_UPDATE=always`, which `make bless` sets, writes them into the page.

use siting::lifecycle::{capability_table, field_table, status_diagram, transition_table};

#[test]
fn the_page_shows_the_code_s_own_tables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lifecycle.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut expected = page.clone();
    for (name, text) in [
        ("capabilities", capability_table()),
        ("transitions", transition_table()),
        ("statuses", format!("```mermaid\n{}```\n", status_diagram())),
        ("fields", field_table()),
    ] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = expected.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        expected = format!("{before}{begin}\n{text}\n{end}{after}");
    }
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(path, &expected).unwrap();
    } else {
        assert!(page == expected, "docs/lifecycle.md is out of date: `make bless` writes it anew");
    }
}
