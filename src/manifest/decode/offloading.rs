//! Offloading of native deployments (R6).

use super::super::spec::OffloadingSpec;
use super::hpa::metric;
use super::strategy::seconds;
use crate::document::Item;
use crate::origin::ProblemCode;
use crate::traffic;

/// Reads a deployment's `offloading`. Metrics that could never be compared with their targets are refused.
pub(super) fn offloading(item: Item<'_>) -> Option<OffloadingSpec> {
    let mut fields = item.object("offloading")?;
    let percentage = fields.required("percentage").and_then(|item| item.whole(0..=100));
    let metrics = fields.optional("metrics").map(|list| {
        list.list(|item| {
            let metric = metric(item)?;
            let said = metric.spec();
            if let Err(error) = &said {
                item.problem(ProblemCode::InvalidValue, error.to_string(), error.help());
            }
            Some(said.ok().map(|_| metric))
        })
    });
    let window = fields.optional("windowSeconds").map(|item| seconds(item, 0));
    let release_window = fields.optional("releaseWindowSeconds").map(|item| seconds(item, 0));
    let release = fields.optional("releasePercent").map(|item| item.whole::<u16>(1..=100));
    fields.finish();
    let window = window.unwrap_or(Some(OffloadingSpec::WINDOW))?;
    let rule = traffic::Offloading::new(percentage?, window)?.releasing_after(release_window.unwrap_or(Some(window))?);
    let rule = match release {
        Some(stated) => rule.releasing_below(stated? * 10)?,
        None => rule,
    };
    let metrics = metrics.unwrap_or(Some(Vec::new()))?.into_iter().collect::<Option<Vec<_>>>()?;
    Some(OffloadingSpec { rule, metrics })
}
