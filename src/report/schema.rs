//! JSON Schema (2020-12) of the reports, for those who read them elsewhere.

use std::borrow::Cow;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};

use super::{
    BeyondReport, CatalogReport, CertificateReport, CheckReport, DescriptionReport, DiffReport, DrainReport,
    DrillReport, ErrorReport, ExplanationReport, OptionsReport, PlacementReport, PolicyTestsReport, SimulationReport,
    VerificationReport,
};
use crate::id::Name;
use crate::lifecycle::{Role, Status};
use crate::quantity::{Bytes, Money};
use crate::time::Moment;

/// A kind of report, and how its schema is made: the definition, and a reference to it.
type Described = (&'static str, fn(&mut SchemaGenerator) -> Schema, fn(&mut SchemaGenerator) -> Schema);

macro_rules! reports {
    ($($kind:literal $report:ident;)+) => {
        [$(($kind, |all| $report::json_schema(all), |all| all.subschema_for::<$report>())),+]
    };
}

const REPORTS: [Described; 15] = reports! {
    "BeyondReport" BeyondReport;
    "Catalog" CatalogReport;
    "Certificate" CertificateReport;
    "CheckReport" CheckReport;
    "Description" DescriptionReport;
    "DiffReport" DiffReport;
    "DrainReport" DrainReport;
    "DrillReport" DrillReport;
    "ErrorReport" ErrorReport;
    "Explanation" ExplanationReport;
    "OptionsReport" OptionsReport;
    "PlacementReport" PlacementReport;
    "PolicyTestsReport" PolicyTestsReport;
    "SimulationReport" SimulationReport;
    "VerificationReport" VerificationReport;
};

/// The kinds of reports, as `kind` has them.
pub fn kinds() -> impl ExactSizeIterator<Item = &'static str> {
    REPORTS.iter().map(|(kind, ..)| *kind)
}

/// The schema of one kind of report, or of any. `None` if there is no such kind.
///
/// ```
/// use siting::report::schema;
/// let schema = schema(Some("OptionsReport")).unwrap();
/// assert_eq!(schema["properties"]["kind"]["enum"][0], "OptionsReport");
/// assert!(schema["required"].as_array().unwrap().contains(&"locations".into()));
/// ```
#[must_use]
pub fn schema(kind: Option<&str>) -> Option<Value> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = match kind {
        Some(kind) => {
            let (_, define, _) = REPORTS.iter().find(|(name, ..)| *name == kind)?;
            define(&mut generator).to_value()
        }
        None => {
            let all: Vec<_> = REPORTS.iter().map(|(_, _, refer)| refer(&mut generator).to_value()).collect();
            json!({"title": "a report", "oneOf": all})
        }
    };
    let definitions = generator.take_definitions(true);
    if let Value::Object(fields) = &mut schema {
        fields.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        fields.insert("$defs".to_owned(), definitions.into());
    }
    Some(schema)
}

/// Types that are written as text in a way of their own.
macro_rules! texts {
    ($($name:ident $description:literal;)+) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "description": $description})
            }
        }
    )+};
}

texts! {
    Money "An amount as a decimal without trailing zeros";
    Bytes "A number of bytes with a unit, such as `16Gi`";
    Name "A name of 1 to 253 printable characters without leading or trailing spaces";
}

/// Enums that are written as one of their words.
macro_rules! words {
    ($($name:ident $description:literal;)+) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"enum": Self::ALL.map(Self::as_str), "description": $description})
            }
        }
    )+};
}

words! {
    Role "The role of a deployment in its workload";
    Status "The status of a deployment";
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 0, "description": "Milliseconds since the host's epoch"})
    }
}
