//! `siting verify` and `siting certify`

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::ExitStatus;
use crate::cli::args::{self, Output};
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::{Loaded, Session};
use crate::report::{self, CertificateReport, Evidence};

/// The largest claim that is read.
const MOST_BYTES: u64 = 1 << 30;

pub(in crate::cli) fn verify(session: &mut Session, args: &args::Verify) -> Result<ExitStatus, Failure> {
    let is_input = |path: &PathBuf| path.as_os_str() == "-";
    if is_input(&args.claim) && args.paths.iter().chain(&args.what_if).any(is_input) {
        let message = "standard input cannot be both the claim and the manifests".to_owned();
        return Err(Failure::invalid(message, "give the path of one of them".to_owned()));
    }
    let claim = claim(&args.claim)?;
    let is_diff = claim.get("kind").and_then(Value::as_str) == Some("DiffReport");
    let verified = if is_diff {
        let sides = args::Sides { git: args.git, what_if: args.what_if.clone() };
        let (old, new) = super::diff::sides(session, &args.paths, &sides)?;
        report::verify_diff(&old, &new, &claim)
    } else if args.git {
        let message = "`--git` is for diffs: other reports are about one state of the manifests".to_owned();
        return Err(Failure::invalid(message, "give the paths of the manifests alone".to_owned()));
    } else {
        let Loaded { workspace, sources, .. } = session.load_and_put(&args.paths, &args.what_if)?;
        match Evidence::of(&claim, &sources) {
            Ok(evidence) => report::verify_with(&workspace, &evidence, &claim),
            Err(problems) => return Err(Failure { problems, sources }),
        }
    };
    let help = || {
        "give what `siting place`, `explain`, `options`, `describe`, `check`, `diff`, `drill`, `drain`, `test` or \
         `simulate` printed with `-o json`, or `siting certify`"
            .to_owned()
    };
    let report = verified.map_err(|error| Failure::invalid(error.to_string(), help()))?;
    session.answer(&report, render::verification)?;
    Ok(ExitStatus::of(report.verified))
}

fn claim(path: &Path) -> Result<Value, Failure> {
    let shown = path.display();
    let unread = |error: std::io::Error| {
        Failure::invalid(format!("`{shown}` cannot be read: {error}"), "give the path of a file".to_owned())
    };
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST_BYTES).read_to_string(&mut text).map_err(unread)?;
    } else {
        let file = std::fs::File::open(path).map_err(unread)?;
        file.take(MOST_BYTES).read_to_string(&mut text).map_err(unread)?;
    }
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("`{shown}` is no JSON: {error}");
        Failure::invalid(message, "give what a command printed with `-o json`, or `siting certify`".to_owned())
    })
}

/// Prints the certificate itself: it is for programs. The table format prints it as JSON.
pub(in crate::cli) fn certify(session: &mut Session, args: &args::Certify) -> Result<ExitStatus, Failure> {
    let workspace = session.load(&args.load.paths)?.workspace;
    match CertificateReport::new(&workspace) {
        Ok(report) => {
            if session.output == Output::Table {
                session.output = Output::Json;
            }
            session.answer(&report, |_, _| String::new())?;
            Ok(ExitStatus::YES)
        }
        Err(beyond) => {
            session.answer(&beyond, render::beyond)?;
            Ok(ExitStatus::of(false))
        }
    }
}
