//! What policies leave, as it is kept: names that are built in are told by their place in the built-in lists.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Value, json};
use siting::catalog::Catalog;
use siting::report::{CatalogReport, ScopeReport};

use crate::failure::Outcome;
use crate::kept::{damaged, typed};

/// Where the lists stand in a scope.
const LISTS: [(&str, &str); 3] = [("locations", "countries"), ("locations", "locations"), ("flavors", "flavors")];

/// The built-in names of one list, in their order, and the place of each.
struct Known {
    names: Vec<Value>,
    places: HashMap<String, usize>,
}

/// The built-in names of each of the lists.
fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let catalog = serde_json::to_value(CatalogReport::new(&Catalog::builtin(), None)).unwrap_or_default();
        let all = |key: &str| catalog.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let one = |entry: &Value, key: &str| entry.get(key).cloned().unwrap_or_default();
        let countries = all("countries").iter().map(|entry| one(entry, "code")).collect();
        let locations = all("locations").iter().map(|entry| one(entry, "name")).collect();
        let flavor = |entry: &Value| json!({"type": one(entry, "type"), "name": one(entry, "name")});
        let flavors = all("flavors").iter().map(flavor).collect();
        [countries, locations, flavors].map(Known::new).into()
    })
}

impl Known {
    fn new(mut names: Vec<Value>) -> Self {
        names.sort_by_cached_key(Value::to_string);
        let places = names.iter().enumerate().map(|(at, name)| (name.to_string(), at)).collect();
        Self { names, places }
    }

    /// A list with runs of built-in names told by the place of the first and their number.
    fn short(&self, list: &[Value]) -> Vec<Value> {
        let mut short: Vec<Value> = Vec::new();
        let mut run: Option<(usize, usize)> = None;
        for name in list {
            match (self.places.get(&name.to_string()), &mut run) {
                (Some(at), Some((first, count))) if *first + *count == *at => *count += 1,
                (found, _) => {
                    short.extend(run.take().map(|(first, count)| json!([first, count])));
                    match found {
                        Some(at) => run = Some((*at, 1)),
                        None => short.push(name.clone()),
                    }
                }
            }
        }
        short.extend(run.map(|(first, count)| json!([first, count])));
        short
    }

    /// The list that was told so.
    fn long(&self, list: &[Value]) -> Option<Vec<Value>> {
        let mut long = Vec::new();
        for entry in list {
            if let Value::Array(run) = entry {
                let number = |at: usize| usize::try_from(run.get(at)?.as_u64()?).ok();
                let (first, count) = (number(0)?, number(1)?);
                long.extend_from_slice(self.names.get(first..first.checked_add(count)?)?);
            } else {
                long.push(entry.clone());
            }
        }
        Some(long)
    }
}

/// A scope as it is kept.
pub(crate) fn written(scope: &ScopeReport) -> Outcome<Value> {
    let mut value = serde_json::to_value(scope).map_err(damaged)?;
    for ((axis, key), known) in LISTS.iter().zip(known()) {
        let list = value.get_mut(axis).and_then(|axis| axis.get_mut(key));
        if let Some(Value::Array(list)) = list {
            *list = known.short(list);
        }
    }
    Ok(value)
}

/// The scope that was kept.
pub(crate) fn read(kept: &Value) -> Outcome<ScopeReport> {
    let mut value = kept.clone();
    for ((axis, key), known) in LISTS.iter().zip(known()) {
        let list = value.get_mut(axis).and_then(|axis| axis.get_mut(key));
        if let Some(Value::Array(list)) = list {
            *list = known.long(list).ok_or_else(|| damaged("it lacks a name"))?;
        }
    }
    typed(value)
}

/// What tells the built-in names of this version from those of others.
pub(crate) fn version() -> u64 {
    let names = known().iter().flat_map(|known| &known.names);
    // FNV-1a: any hash that is the same in every process will do.
    names
        .flat_map(|name| name.to_string().into_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
        >> 16
}
