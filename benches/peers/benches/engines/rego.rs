//! Rego by regorus: compiled for its virtual machine beforehand, an input for each cluster made
//! beforehand.

use std::fmt::Write as _;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::{Engine as Regorus, Value};
use siting::catalog::ChoiceKind;

use super::place::{self, Place};
use super::{Engine, Loaded};

pub(crate) struct Rego {
    machine: RegoVM,
    inputs: Vec<Value>,
}

impl Rego {
    pub(crate) fn new(places: &[Place]) -> Self {
        // A rule for each policy; several rules of one name are alternatives.
        let mut text = "package siting\nimport rego.v1\ndefault allow := false\n".to_owned();
        text.push_str("allow if {\n  rule0\n  rule1\n  rule2\n  rule3\n}\n");
        for (number, statement) in place::statements().enumerate() {
            for alternative in statement.options.iter().flat_map(alternatives) {
                let _ = writeln!(text, "rule{number} if {{\n  {}\n}}", alternative.join("\n  "));
            }
        }
        Self { machine: machine(text), inputs: places.iter().map(input).collect() }
    }
}

impl Engine for Rego {
    fn allows(&mut self, cluster: usize) -> bool {
        let input = self.inputs.get(cluster).expect("a cluster").clone();
        self.machine.set_input(input);
        self.machine.execute().is_ok_and(|answer| answer == Value::from(true))
    }
}

/// The ways to satisfy an option, each a list of conditions.
fn alternatives(&(kind, name): &(ChoiceKind, &str)) -> Vec<Vec<String>> {
    let is = |attribute: &str, value: &str| format!("input.{attribute} == \"{value}\"");
    match (kind.as_str(), name) {
        (kind @ ("cpu" | "gpu"), "any") => vec![vec![is("kind", kind)]],
        (kind @ ("cpu" | "gpu"), name) => {
            ["code", "family"].map(|attribute| vec![is("kind", kind), is(attribute, name)]).into()
        }
        (attribute, name) => vec![vec![is(attribute, name)]],
    }
}

/// Policies as data, by name, and one set of rules that reads them.
///
/// By the interpreter: the virtual machine answers this `every` otherwise.
pub(crate) struct Many {
    engine: Regorus,
}

const GENERIC: &str = "
package siting
import rego.v1
default allow := false
allow if {
  every name in input.policies { admits(data.policies[name].options) }
}
admits(options) if { some option in options; input.place[option.attribute] == option.value }
";

impl Many {
    pub(crate) fn new(place: &Place, unrelated: usize) -> Self {
        let mut data = "{\"policies\": {".to_owned();
        for number in 0..unrelated {
            let _ = write!(data, "\"other-{number}\": {{\"options\": [{}]}}, ", entry("country", "x"));
        }
        let options = |statement: &super::fleet::question::Statement| {
            let attribute = |kind: &str, name: &str| match (kind, name) {
                ("gpu" | "cpu", "any") => entry("kind", kind),
                ("gpu" | "cpu", name) => format!("{}, {}", entry("code", name), entry("family", name)),
                (attribute, name) => entry(attribute, name),
            };
            let options = statement.options.iter().map(|(kind, name)| attribute(kind.as_str(), name));
            format!("\"{}\": {{\"options\": [{}]}}", statement.name, options.collect::<Vec<_>>().join(", "))
        };
        data.push_str(&place::statements().map(options).collect::<Vec<_>>().join(", "));
        data.push_str("}}");
        let mut engine = Regorus::new();
        engine.add_policy("siting.rego".to_owned(), GENERIC.to_owned()).expect("a module");
        engine.add_data_json(&data).expect("data");
        let names: Vec<_> = place::statements().map(|statement| format!("\"{}\"", statement.name)).collect();
        let input = format!("{{\"policies\": [{}], \"place\": {}}}", names.join(", "), place.json());
        engine.set_input(Value::from_json_str(&input).expect("an input"));
        Self { engine }
    }
}

impl Loaded for Many {
    fn first_answer(&mut self) -> bool {
        self.engine.eval_rule("data.siting.allow".to_owned()).is_ok_and(|answer| answer == Value::from(true))
    }
}

fn entry(attribute: &str, value: &str) -> String {
    format!("{{\"attribute\": \"{attribute}\", \"value\": \"{value}\"}}")
}

fn input(place: &Place) -> Value {
    Value::from_json_str(&place.json()).expect("an input")
}

/// A module, ready to run.
fn machine(module: String) -> RegoVM {
    let rule = "data.siting.allow";
    let mut engine = Regorus::new();
    engine.add_policy("siting.rego".to_owned(), module).expect("a module");
    let policy = engine.compile_with_entrypoint(&rule.into()).expect("a rule");
    let program = Compiler::compile_from_policy(&policy, &[rule]).expect("a program");
    let mut machine = RegoVM::new();
    machine.load_program(program);
    machine
}
