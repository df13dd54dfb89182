//! The documentation says what the program does: commands run, output is as printed, manifests load.
//!
//! A ```` ```console ```` block begins with `$ siting …`; what follows is compared with what the command
//! prints. With `INSTA_UPDATE=always`, which `make bless` sets, the blocks are written anew instead. `fleet.yaml` in
//! a page stands for all of the page's manifests together.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Answer, Folder};
use siting::cli::ExitStatus;

const README: &str = "README.md";
const GUIDE: &str = "docs/guide.md";
const LIFECYCLE: &str = "docs/lifecycle.md";
const PULL_REQUEST: &str = "docs/pull-request.md";
const TOUR: &str = "docs/tour/README.md";
const SAID: &str = "docs/what-can-be-said.md";

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// The blocks of a page in a language, as they stand between their fences.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let fence = format!("\n```{language}\n");
    let after = text.split(&fence).skip(1);
    after.map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

/// A folder with the page's manifests as one file.
fn fleet(page: &str) -> Folder {
    let manifests = blocks(page, "yaml").into_iter().filter(|block| block.starts_with("apiVersion:"));
    Folder::of(&[("fleet.yaml", manifests.collect::<Vec<_>>().join("\n---\n"))])
}

/// A folder with the tour as a page's ```` ```diff ```` blocks change it: each begins with `--- FILE`.
fn branch(page: &str) -> Folder {
    let folder = Folder::of::<&str>(&[]);
    copy(&root().join("docs/tour"), &folder.0.join("branch"));
    for block in blocks(page, "diff") {
        let (head, lines) = block.split_once('\n').unwrap();
        let file = folder.0.join("branch").join(head.strip_prefix("--- ").unwrap());
        let side = |skipped: char| -> String {
            let kept = lines.lines().filter(|line| !line.starts_with(skipped));
            kept.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect()
        };
        let (text, before) = (fs::read_to_string(&file).unwrap(), side('+'));
        assert_eq!(text.matches(&before).count(), 1, "{page}: this stands not once in {}:\n{before}", file.display());
        fs::write(&file, text.replace(&before, &side('-'))).unwrap();
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A folder with each manifest of a page as a file of its own: the name stands in its first line, as a comment.
fn files(page: &str) -> Folder {
    let named = |block: &String| {
        let name = block.lines().next()?.strip_prefix("# ")?.to_owned();
        Some((name, block.clone()))
    };
    let all: Vec<(String, String)> = blocks(page, "yaml").iter().filter_map(named).collect();
    Folder::of(&all.iter().map(|(name, text)| (name.as_str(), text)).collect::<Vec<_>>())
}

/// Runs a line such as `siting place fleet.yaml`.
fn run(folder: &Folder, line: &str) -> Answer {
    let tour = root().join("docs/tour");
    let tour = tour.to_str().unwrap();
    let (line, file) = line.split_once(" > ").map_or((line, None), |(line, file)| (line, Some(file)));
    let words = line.split_whitespace().skip(1).map(|word| match word {
        "branch" | "certificate.json" => format!("@/{word}"),
        file if file.ends_with(".yaml") && !file.contains('/') => format!("@/{file}"),
        word => word.replace("docs/tour", tour),
    });
    let words: Vec<_> = words.collect();
    let mut answer = folder.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    if let Some(file) = file {
        fs::write(folder.0.join(file), std::mem::take(&mut answer.out)).unwrap();
    }
    let clean = |text: String| text.replace(tour, "docs/tour");
    Answer { status: answer.status, out: clean(answer.out), err: clean(answer.err) }
}

/// Runs `python3 docs/check_certificate.py FILE`; `None`, with a printed word, where there is no Python.
fn python(folder: &Folder, line: &str) -> Option<Answer> {
    let words: Vec<_> = line.split_whitespace().skip(1).collect();
    let [script, file] = words[..] else { panic!("{line}") };
    match Command::new("python3").arg(root().join(script)).arg(folder.0.join(file)).output() {
        Ok(output) => {
            let text = |bytes| String::from_utf8(bytes).unwrap();
            Some(Answer { status: 0, out: text(output.stdout), err: text(output.stderr) })
        }
        Err(error) => {
            println!("`{line}` is skipped, since there is no python3: {error}");
            None
        }
    }
}

#[test]
fn output_is_as_printed() {
    let bless = std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always");
    for page in [README, GUIDE, LIFECYCLE, PULL_REQUEST, SAID] {
        let folder = match page {
            PULL_REQUEST => branch(page),
            SAID => files(page),
            _ => fleet(page),
        };
        let path = root().join(page);
        let mut text = fs::read_to_string(&path).unwrap();
        for block in blocks(page, "console") {
            let (command, printed) = block.split_once('\n').unwrap_or((&block, ""));
            let line = command.strip_prefix("$ ").unwrap();
            let answer = if line.starts_with("python3 ") { python(&folder, line) } else { Some(run(&folder, line)) };
            let Some(answer) = answer else { continue };
            let lines = format!("{}{}", answer.err, answer.out);
            let lines: Vec<_> = lines.lines().map(str::trim_end).collect();
            let now = lines.join("\n");
            let now = now.trim_end();
            if bless {
                text = text.replace(&block, format!("{command}\n{now}").trim_end());
            } else {
                assert_eq!(printed, now, "{page}: `{command}` prints something else; `make bless` writes it anew");
            }
        }
        if bless {
            fs::write(&path, text).unwrap();
        }
    }
}

/// The table of findings lists every code that the code can find, and no other.
#[test]
fn every_finding_is_in_the_guide() {
    let is_code = |text: &str| text.contains('-') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    // Reasons of refusals that are findings, too; what is a word of policies, no code.
    let mut found: BTreeSet<String> =
        ["policy-conflict", "policy-required", "policy-unresolved"].map(str::to_owned).into();
    for entry in fs::read_dir(root().join("src/analysis")).unwrap() {
        let Ok(text) = fs::read_to_string(entry.unwrap().path()) else { continue };
        found.extend(text.split('"').skip(1).step_by(2).filter(|text| is_code(text)).map(str::to_owned));
    }
    found.remove("european-union");
    let guide = fs::read_to_string(root().join(GUIDE)).unwrap();
    let section = guide.split("### Findings").nth(1).unwrap().split("\n### ").next().unwrap().to_owned();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let listed: BTreeSet<String> =
        cells.flat_map(|cell| cell.split(", ")).map(|code| code.trim_matches('`').to_owned()).collect();
    assert_eq!(listed, found);
}

#[test]
fn commands_are_understood() {
    for page in [README, GUIDE, LIFECYCLE, TOUR] {
        let folder = fleet(page);
        let text = blocks(page, "sh").join("\n");
        for line in text.lines().filter(|line| line.starts_with("siting ") && !line.contains("my-tour")) {
            let line = line.split(" #").next().unwrap_or(line);
            let answer = run(&folder, line);
            assert_ne!(answer.status, ExitStatus::BAD.0, "{page}: `{line}`: {}", answer.err);
        }
    }
}

#[test]
fn manifests_of_the_guide_are_valid_and_complete() {
    let folder = fleet(GUIDE);
    let answer = folder.run(&["check", "@"]);
    assert_ne!(answer.status, ExitStatus::BAD.0, "{}", answer.err);
}
