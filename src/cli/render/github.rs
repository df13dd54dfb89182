//! Findings as annotations of GitHub's workflows.

use crate::analysis::{Finding, Severity};
use crate::origin::{Origin, Problem};

pub(in crate::cli) fn findings(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        annotation(command, &finding.origin, finding.code, &finding.message, finding.help.as_deref())
    };
    findings.iter().map(line).collect()
}

pub(in crate::cli) fn problems(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        annotation("error", &problem.origin, problem.code.as_str(), &problem.message, problem.help.as_deref())
    };
    problems.iter().map(line).collect()
}

/// `::error file=a.yaml,line=3,col=5,title=code::message`
fn annotation(command: &str, origin: &Origin, code: &str, message: &str, help: Option<&str>) -> String {
    let mut properties = Vec::new();
    if let Some(file) = &origin.file {
        // A path of the repository begins with no `./`.
        properties.push(format!("file={}", property(file.strip_prefix("./").unwrap_or(file))));
    }
    if origin.line > 0 {
        properties.push(format!("line={},col={}", origin.line, origin.column));
        // GitHub's columns include the last.
        if origin.length > 1 {
            properties.push(format!("endColumn={}", u64::from(origin.column) + u64::from(origin.length) - 1));
        }
    }
    properties.push(format!("title={}", property(code)));
    let help = help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    format!("::{command} {}::{}\n", properties.join(","), data(&format!("{message}{help}")))
}

/// A text after the second `::`, where only what would end the line is special.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value before it, where separators are special too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_annotation_early() {
        let origin = Origin { file: Some("a,b:50%.yaml".into()), line: 3, column: 5, length: 4 };
        assert_eq!(
            annotation("error", &origin, "unknown-name", "50% of: `a`,\r\n`b`", Some("c")),
            "::error file=a%2Cb%3A50%25.yaml,line=3,col=5,endColumn=8,title=unknown-name::\
             50%25 of: `a`,%0D%0A`b`%0Ahelp: c\n"
        );
        assert_eq!(annotation("notice", &Origin::default(), "x", "y", None), "::notice title=x::y\n");
        let here = Origin { file: Some("./a.yaml".into()), ..Origin::default() };
        assert_eq!(annotation("notice", &here, "x", "y", None), "::notice file=a.yaml,title=x::y\n");
    }
}
