//! Common Expression Language: one compiled program, a context for each cluster made beforehand.

use cel::{Context, Program, Value};

use super::place::{self, Place};
use super::{Engine, Loaded};

pub(crate) struct Cel {
    program: Program,
    contexts: Vec<Context<'static, 'static>>,
}

impl Cel {
    pub(crate) fn new(places: &[Place]) -> Self {
        let program = Program::compile(&place::condition("")).expect("an expression");
        Self { program, contexts: places.iter().map(context).collect() }
    }
}

impl Engine for Cel {
    fn allows(&mut self, cluster: usize) -> bool {
        execute(&self.program, self.contexts.get(cluster).expect("a cluster"))
    }
}

/// The host joins the four policies' texts; those of others cost nothing.
pub(crate) struct Compiling {
    policies: Vec<String>,
    context: Context<'static, 'static>,
}

impl Compiling {
    pub(crate) fn new(place: &Place, unrelated: usize) -> Self {
        let others = (0..unrelated).map(|number| place::other("", number));
        let ours = place::statements().map(|statement| format!("({})", place::any("", statement)));
        Self { policies: ours.chain(others).collect(), context: context(place) }
    }
}

impl Loaded for Compiling {
    fn first_answer(&mut self) -> bool {
        let ours: Vec<_> = self.policies.iter().take(4).map(String::as_str).collect();
        let program = Program::compile(&ours.join(" && ")).expect("an expression");
        execute(&program, &self.context)
    }
}

fn context(place: &Place) -> Context<'static, 'static> {
    let mut context = Context::default();
    for (name, value) in place.attributes() {
        context.add_variable_from_value(name, value.to_owned());
    }
    context
}

fn execute(program: &Program, context: &Context<'_, '_>) -> bool {
    matches!(program.execute(context), Ok(Value::Bool(true)))
}
