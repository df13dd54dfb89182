//! `siting check`

use crate::analysis::{self, Finding, Severity};
use crate::cli::ExitStatus;
use crate::cli::args::{self, Format};
use crate::cli::failure::Failure;
use crate::cli::render::{self, Texts, github, sarif};
use crate::cli::session::{Loaded, Session};
use crate::manifest;
use crate::report::CheckReport;

pub(in crate::cli) fn check(session: &mut Session, args: &args::Check) -> Result<ExitStatus, Failure> {
    let loaded = scenarios_too(session.load_all(&args.load.load.paths, &args.load.what_if)).inspect_err(|failure| {
        session.annotations = args.format.map(|format| match format {
            Format::Github => github::problems(&failure.problems),
            Format::Sarif => sarif::problems(&failure.problems),
        });
    })?;
    let checked = analysis::check_all(&loaded.workspace);
    match args.format {
        Some(Format::Github) => session.out = github::findings(&checked.findings),
        Some(Format::Sarif) => session.out = sarif::findings(&checked),
        None => {
            let texts = Texts::new(&loaded.sources);
            let report = CheckReport::new(&loaded.workspace, &checked, session.include());
            session
                .answer(&report, |report, style| render::check(&checked, report.next_change.as_ref(), &texts, style))?;
        }
    }
    Ok(ExitStatus::of(!checked.findings.iter().any(matters)))
}

/// The same, unless a scenario or a policy test among the files cannot be read. Other commands have no use for them.
fn scenarios_too(loaded: Result<Loaded, Failure>) -> Result<Loaded, Failure> {
    let sources = match &loaded {
        Ok(loaded) => &loaded.sources,
        Err(failure) => &failure.sources,
    };
    let mut found = manifest::read_scenarios(sources).problems;
    found.extend(manifest::read_policy_tests(sources).problems);
    found.dedup();
    if found.is_empty() {
        return loaded;
    }
    let Failure { mut problems, sources } = match loaded {
        Ok(loaded) => Failure { problems: Vec::new(), sources: loaded.sources },
        Err(failure) => failure,
    };
    // Text that is not YAML is read by neither, and reported once.
    problems.extend(found.into_iter().filter(|problem| !problems.contains(problem)).collect::<Vec<_>>());
    problems.sort_by(|a, b| a.origin.cmp(&b.origin));
    Err(Failure { problems, sources })
}

fn matters(finding: &Finding) -> bool {
    matches!(finding.severity, Severity::Error | Severity::Warning)
}
