//! Limits on what deployments hold together (E4).

use super::known::canonical;
use crate::catalog::ChoiceKind;
use crate::document::{Format, Item, Rule, Shape, Written, document};
use crate::origin::{ProblemCode, Sourced};
use crate::quantity::{Bytes, Cpu, Milli, Money};

document! {
    /// What deployments may hold together at most (E4).
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct LimitsSpec "limits" {
        /// GPUs of any type.
        gpu: Option<Milli>,
        /// GPUs by type: a family, variant or form.
        gpus: Vec<(Sourced<String>, Milli)> as ByType = Vec::new(),
        /// Cpu, such as `512`.
        cpu: Option<Cpu>,
        /// Memory with a unit, such as `2Ti`.
        memory: Option<Bytes>,
        /// What all replicas cost an hour; a place of unknown price is none under it.
        price_per_hour: Option<Money>,
    }
    rule Rule::Some(&["gpu", "gpus", "cpu", "memory", "pricePerHour"]);
}

/// Numbers by the type of GPU.
struct ByType;

impl Format<Vec<(Sourced<String>, Milli)>> for ByType {
    fn read(item: Item<'_>) -> Option<Vec<(Sourced<String>, Milli)>> {
        let mut all: Vec<(Sourced<String>, Milli)> = Vec::new();
        for (code, item) in item.entries()? {
            let code = code.with(canonical(ChoiceKind::Gpu, code.value.to_owned()));
            if all.iter().any(|(known, _)| known.value == code.value) {
                let message = format!("`gpus` limits `{}` twice", code.value);
                item.problem(ProblemCode::InvalidValue, message, "state each type once");
                return None;
            }
            all.push((code, Milli::read(item)?));
        }
        Some(all)
    }

    fn write(value: &Vec<(Sourced<String>, Milli)>) -> Written {
        Written::Map(value.iter().map(|(code, most)| (code.value.clone(), Milli::write(most))).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(Milli::shape()) }
    }
}
