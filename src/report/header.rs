//! What all reports begin with, and what they can include.

use serde::{Deserialize, Serialize};

/// The `apiVersion` of every report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub(super) enum ApiVersion {
    #[default]
    #[serde(rename = "siting.dev/v1")]
    V1,
}

/// A type for each kind of report, whose only value is the kind's name: a report of another kind is not read.
macro_rules! kinds {
    ($($(#[$when:meta])? $kind:ident)+) => {
        /// The value of `kind`.
        pub(super) mod kind {
            use serde::{Deserialize, Serialize};
            $(
                $(#[$when])?
                #[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
                #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
                pub(crate) enum $kind {
                    #[default]
                    $kind,
                }
            )+
        }
    };
}

kinds! {
    Catalog CheckReport Description DiffReport DrainReport DrillReport ErrorReport Explanation OptionsReport PlacementReport
    PolicyTestsReport
    #[cfg(feature = "manifest")] BeyondReport
    #[cfg(feature = "manifest")] Certificate
    #[cfg(feature = "manifest")] SimulationReport
    #[cfg(feature = "manifest")] VerificationReport
}

/// What a report lists in addition to the answer itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Include {
    /// Every candidate of each decision.
    pub candidates: bool,
    /// Of each placement, which policies admit it (P17).
    pub admitted_by: bool,
    /// The clusters that the load left out (I6), even where there are none.
    pub quarantined: bool,
    /// Of each refusal, what would turn it into a placement (D7).
    pub remedies: Remedied,
    /// Of each value that remains, what it would leave of the others (D10).
    pub further: bool,
}

/// For which fleet the remedies of refusals are found (D7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Remedied {
    /// They are not looked for.
    #[default]
    No,
    /// For the fleet as it is: of deployments that were decided alone.
    Alone,
    /// For what the decisions before have left: of all deployments, decided in their order.
    InOrder,
}

impl Include {
    /// The answer alone.
    pub const NOTHING: Self =
        Self { candidates: false, admitted_by: false, quarantined: false, remedies: Remedied::No, further: false };
    /// All there is, of deployments that were decided alone.
    pub const EVERYTHING: Self =
        Self { candidates: true, admitted_by: true, quarantined: true, remedies: Remedied::Alone, further: true };

    /// With or without the candidates of each decision.
    #[must_use]
    pub fn candidates(self, candidates: bool) -> Self {
        Self { candidates, ..self }
    }

    /// With or without the policies that admit each placement.
    #[must_use]
    pub fn admitted_by(self, admitted_by: bool) -> Self {
        Self { admitted_by, ..self }
    }

    /// With or without the clusters that were left out.
    #[must_use]
    pub fn quarantined(self, quarantined: bool) -> Self {
        Self { quarantined, ..self }
    }

    /// With or without what each value that remains would leave of the others.
    #[must_use]
    pub fn further(self, further: bool) -> Self {
        Self { further, ..self }
    }

    /// With or without what would turn each refusal into a placement.
    #[must_use]
    pub fn remedies(self, remedies: Remedied) -> Self {
        Self { remedies, ..self }
    }
}
