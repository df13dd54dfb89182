//! Limits on what deployments hold together (E4).

use super::known::canonical;
use crate::catalog::ChoiceKind;
use crate::document::{Fields, Format, Item, Rule, Shape, Written, document};
use crate::origin::{ProblemCode, Sourced};
use crate::quantity::{Bytes, Cpu, Gpus, Money};

document! {
    /// What deployments may hold together at most (E4).
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct LimitsSpec "limits" {
        /// GPUs of any type.
        gpu: Option<Gpus>,
        /// GPUs by type: a family, variant or form.
        gpus: Vec<(Sourced<String>, Gpus)> as ByType = Vec::new(),
        /// Cpu, such as `512`.
        cpu: Option<Cpu>,
        /// Memory with a unit, such as `2Ti`.
        memory: Option<Bytes>,
        /// What all replicas cost an hour; a place of unknown price is none under it.
        price_per_hour: Option<Money>,
    }
    check states_a_limit(gpu, gpus, cpu, memory, price_per_hour);
    rule Rule::Some(&["gpu", "gpus", "cpu", "memory", "pricePerHour"]);
}

fn states_a_limit(
    gpu: &Option<Gpus>,
    gpus: &[(Sourced<String>, Gpus)],
    cpu: &Option<Cpu>,
    memory: &Option<Bytes>,
    price_per_hour: &Option<Money>,
    at: &Fields<'_>,
) -> Option<()> {
    let states = gpu.is_some() || cpu.is_some() || memory.is_some() || price_per_hour.is_some();
    if states || !gpus.is_empty() || at.has("gpus") {
        return Some(());
    }
    let help = "write `gpu`, `gpus`, `cpu`, `memory` or `pricePerHour`, or leave `limits` out";
    at.refuse("gpu", ProblemCode::MissingField, "`limits` limits nothing", help)
}

/// Numbers by the type of GPU.
struct ByType;

impl Format<Vec<(Sourced<String>, Gpus)>> for ByType {
    fn read(item: Item<'_>) -> Option<Vec<(Sourced<String>, Gpus)>> {
        let mut all: Vec<(Sourced<String>, Gpus)> = Vec::new();
        if item.entries()?.next().is_none() {
            item.problem(ProblemCode::EmptyList, "`gpus` limits no type", "write `{h100: 16}`, or leave it out");
            return None;
        }
        for (code, item) in item.entries()? {
            let code = code.with(canonical(ChoiceKind::Gpu, code.value.to_owned()));
            if all.iter().any(|(known, _)| known.value == code.value) {
                let message = format!("`gpus` limits `{}` twice", code.value);
                item.problem(ProblemCode::InvalidValue, message, "state each type once");
                return None;
            }
            all.push((code, Gpus::read(item)?));
        }
        Some(all)
    }

    fn write(value: &Vec<(Sourced<String>, Gpus)>) -> Written {
        Written::Map(value.iter().map(|(code, most)| (code.value.clone(), Gpus::write(most))).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(Gpus::shape()), least: 1 }
    }
}
