//! Why fewer replicas fit than are wanted (D6).

use super::one_domain::OneDomain;
use super::spread::Domains;

/// Why fewer replicas fit than are wanted, as far as that is not a matter of single pairs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shortage<'a> {
    /// Even without the spread.
    pub(super) fewer: bool,
    /// The domains as they stood when none could take another replica, where more would have fitted
    /// without the spread.
    pub(super) spread: Option<&'a Domains>,
    /// The one domain that has a place for the most, where more would have fitted in several.
    pub(super) together: Option<&'a OneDomain>,
    /// Whether more would fit without the limits.
    pub(super) limits: bool,
}
