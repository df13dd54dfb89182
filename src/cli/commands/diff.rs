//! `siting diff`

use std::path::PathBuf;

use crate::analysis;
use crate::cli::ExitStatus;
use crate::cli::args::{self, Forbidden, Output};
use crate::cli::failure::Failure;
use crate::cli::git;
use crate::cli::render;
use crate::cli::session::Session;
use crate::manifest::{self, Gathered};
use crate::report::DiffReport;
use crate::workspace::Workspace;

pub(in crate::cli) fn diff(session: &mut Session, args: &args::Diff) -> Result<ExitStatus, Failure> {
    let (old, new) = sides(session, &args.paths, &args.sides)?;
    let found = analysis::diff(&old, &new);
    let report = DiffReport::new(&found);
    if session.output == Output::Markdown {
        session.out = render::diff_markdown(&report);
    } else {
        session.answer(&report, render::diff)?;
    }
    let forbidden = args.forbid == Some(Forbidden::Widened);
    if forbidden && !report.widened.is_empty() && session.output != Output::Table {
        let lines: String = report.widened.iter().map(|line| format!("forbidden: {line}\n")).collect();
        session.err.push_str(&lines);
    }
    let no = if forbidden { !report.widened.is_empty() } else { report.loses_all() };
    Ok(ExitStatus::of(!no))
}

/// The two workspaces that are compared.
pub(super) fn sides(
    session: &mut Session,
    paths: &[PathBuf],
    args: &args::Sides,
) -> Result<(Workspace, Workspace), Failure> {
    if args.what_if.is_empty() {
        let (before, after) = if args.git { of_git(paths)? } else { of_directories(paths)? };
        return Ok((session.load_gathered(before)?.workspace, session.load_gathered(after)?.workspace));
    }
    let loaded = session.load_and_put(paths, &args.what_if)?;
    let present = loaded.before.unwrap_or_else(|| loaded.workspace.clone());
    Ok((present, loaded.workspace))
}

fn of_directories(paths: &[PathBuf]) -> Result<(Gathered, Gathered), Failure> {
    let [old, new] = paths else {
        let help = "write `siting diff OLD NEW`, or `siting diff --git REV [REV] PATH…`".to_owned();
        return Err(Failure::invalid(format!("a diff is of two paths, and there are {}", paths.len()), help));
    };
    if [old, new].iter().all(|path| path.as_os_str() == "-") {
        let help = "give at least one of them as a file or directory".to_owned();
        return Err(Failure::invalid("standard input can be read once".to_owned(), help));
    }
    Ok((manifest::gather(std::slice::from_ref(old)), manifest::gather(std::slice::from_ref(new))))
}

/// The first word is a revision; the second, too, if it names one and paths follow.
fn of_git(words: &[PathBuf]) -> Result<(Gathered, Gathered), Failure> {
    let help = || "write `siting diff --git REV [REV] PATH…`".to_owned();
    let ([first, rest @ ..], Some(last)) = (words, words.last()) else {
        return Err(Failure::invalid("which revision?".to_owned(), help()));
    };
    if rest.is_empty() {
        return Err(Failure::invalid("which paths?".to_owned(), help()));
    }
    let old = git::revision(first, last)?;
    let (new, paths) = match rest {
        [second, paths @ ..] if !paths.is_empty() => match git::revision(second, last) {
            Ok(_) if second.exists() => {
                let message = format!("`{}` is a revision and a path", second.display());
                let help = format!("write `./{0}` for the path, or `refs/heads/{0}` for the branch", second.display());
                return Err(Failure::invalid(message, help));
            }
            Ok(revision) => (Some(revision), paths),
            Err(_) => (None, rest),
        },
        _ => (None, rest),
    };
    let before = git::gather(&old, paths)?;
    let after = match &new {
        Some(revision) => git::gather(revision, paths)?,
        None => manifest::gather(paths),
    };
    Ok((before, after))
}
