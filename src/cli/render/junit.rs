//! Tests of policies as JUnit's XML, which CI systems show.

use crate::id::is_invisible;
use crate::report::{CaseReport, PolicyTestsReport};

/// A suite for each test, and one for the coverage where it was asked for.
pub(in crate::cli) fn policy_tests(report: &PolicyTestsReport, least: Option<u32>) -> String {
    let mut suites: Vec<(String, Vec<String>, usize)> = Vec::new();
    for test in &report.tests {
        let cases = test.cases.iter().map(|case| of_case(&test.name, case)).collect();
        suites.push((test.name.clone(), cases, test.cases.iter().filter(|case| !case.passed).count()));
    }
    if let Some(least) = least {
        let percent = report.coverage.percent;
        let failures =
            if percent < least { vec![format!("{percent}% is covered, and {least}% is wanted")] } else { Vec::new() };
        let failed = failures.len();
        let case = case("coverage", &format!("at least {least}%"), None, &failures);
        suites.push(("coverage".to_owned(), vec![case], failed));
    }
    let count = |each: fn(&(String, Vec<String>, usize)) -> usize| suites.iter().map(each).sum::<usize>();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failures) = (count(|(_, cases, _)| cases.len()), count(|(_, _, failed)| *failed));
    text.push_str(&format!("<testsuites name=\"siting\" tests=\"{tests}\" failures=\"{failures}\">\n"));
    for (name, cases, failed) in &suites {
        let (name, tests) = (escaped(name), cases.len());
        text.push_str(&format!("  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\">\n"));
        text.push_str(&cases.concat());
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

fn of_case(test: &str, found: &CaseReport) -> String {
    case(test, &found.name, found.file.as_deref().zip(found.line), &found.failures)
}

fn case(test: &str, name: &str, place: Option<(&str, u32)>, failures: &[String]) -> String {
    let place = place.map(|(file, line)| format!(" file=\"{}\" line=\"{line}\"", escaped(file))).unwrap_or_default();
    let head = format!("    <testcase classname=\"{}\" name=\"{}\"{place}", escaped(test), escaped(name));
    let Some(first) = failures.first() else { return format!("{head}/>\n") };
    let all = escaped(&failures.join("\n"));
    let failure = format!("      <failure message=\"{}\">{all}</failure>\n", escaped(first));
    format!("{head}>\n{failure}    </testcase>\n")
}

/// Text as XML 1.0 has it; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => {}
            character if character.is_control() => {}
            character if is_invisible(character) => escaped.extend(character.escape_default()),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_element_early() {
        assert_eq!(escaped("a<b> & \"c\"\n\u{1}"), "a&lt;b&gt; &amp; &quot;c&quot;&#10;");
        let failed = case("t", "n", Some(("a&b.yaml", 3)), &["x \"y\"".to_owned()]);
        assert!(failed.contains("file=\"a&amp;b.yaml\" line=\"3\">\n"));
        assert!(failed.contains("<failure message=\"x &quot;y&quot;\">x &quot;y&quot;</failure>"));
        assert_eq!(case("t", "n", None, &[]), "    <testcase classname=\"t\" name=\"n\"/>\n");
    }
}
