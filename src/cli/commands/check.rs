//! `siting check`

use crate::analysis::{self, Finding, Severity};
use crate::cli::ExitStatus;
use crate::cli::args::{self, Format};
use crate::cli::failure::Failure;
use crate::cli::render::{self, Texts, github};
use crate::cli::report::CheckReport;
use crate::cli::session::Session;

pub(in crate::cli) fn check(session: &mut Session, args: &args::Check) -> Result<ExitStatus, Failure> {
    let annotate = args.format == Some(Format::Github);
    let loaded = session.load_all(&args.load.paths).inspect_err(|failure| {
        if annotate {
            session.annotations = Some(github::problems(&failure.problems));
        }
    })?;
    let findings = analysis::check(&loaded.workspace);
    if annotate {
        session.out = github::findings(&findings);
    } else {
        let texts = Texts::new(&loaded.sources);
        let report = CheckReport::new(&loaded.workspace, &findings, session.quarantine);
        session.answer(&report, |_, style| render::check(&findings, &texts, style))?;
    }
    Ok(ExitStatus::of(!findings.iter().any(matters)))
}

fn matters(finding: &Finding) -> bool {
    matches!(finding.severity, Severity::Error | Severity::Warning)
}
