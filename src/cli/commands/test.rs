//! `siting test`

use crate::analysis::test_policies;
use crate::cli::ExitStatus;
use crate::cli::args::{self, Output};
use crate::cli::failure::Failure;
use crate::cli::render::{self, junit};
use crate::cli::session::Session;
use crate::manifest;
use crate::report::PolicyTestsReport;

pub(in crate::cli) fn test(session: &mut Session, args: &args::Test) -> Result<ExitStatus, Failure> {
    let loaded = session.load_and_put(&args.load.load.paths, &args.load.what_if)?;
    let reading = manifest::read_policy_tests(&loaded.sources);
    if !reading.problems.is_empty() {
        return Err(Failure { problems: reading.problems, sources: loaded.sources });
    }
    if reading.tests.is_empty() {
        let help = "describe one with `kind: PolicyTest`".to_owned();
        return Err(Failure::invalid("there are no policy tests in these files".to_owned(), help));
    }
    let results = match test_policies(&loaded.workspace, &reading.tests) {
        Ok(results) => results,
        Err(error) => return Err(Failure { problems: error.problems, sources: loaded.sources }),
    };
    let report = PolicyTestsReport::new(&loaded.workspace, &results);
    let enough = args.coverage_at_least.is_none_or(|least| report.coverage.percent >= least);
    if session.output == Output::Junit {
        session.out = junit::policy_tests(&report, args.coverage_at_least);
    } else {
        let least = args.coverage_at_least;
        session.answer(&report, |report, style| render::policy_tests(report, least, style))?;
    }
    Ok(ExitStatus::of(report.passed && enough))
}
