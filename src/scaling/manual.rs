//! A number of replicas by hand.

use super::Bounds;

/// The number of replicas after a wish for `wanted`: `wanted` itself where nothing scales by itself.
///
/// # Errors
/// [`Automatic`] where autoscaling is on: the number follows the load, and the bounds are what can be
/// edited.
///
/// ```
/// use siting::scaling::{Bounds, manual};
/// assert_eq!(manual::scale(5, None), Ok(5));
/// let refusal = manual::scale(5, Bounds::new(2, 4)).unwrap_err();
/// assert_eq!(
///     refusal.to_string(),
///     "the number of replicas follows the load, between `minReplicas` 2 and `maxReplicas` 4"
/// );
/// assert_eq!(refusal.help(), "set `maxReplicas` to at least 5, or both to 5, or turn autoscaling off");
/// ```
pub fn scale(wanted: u32, automatic: Option<Bounds>) -> Result<u32, Automatic> {
    automatic.map_or(Ok(wanted), |bounds| Err(Automatic { wanted, bounds }))
}

/// A wish for a number of replicas while autoscaling is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the number of replicas follows the load, between `minReplicas` {} and `maxReplicas` {}",
    .bounds.min(),
    .bounds.max()
)]
pub struct Automatic {
    wanted: u32,
    bounds: Bounds,
}

impl Automatic {
    /// The bounds within which the number follows the load.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> String {
        let wanted = self.wanted;
        let edit = if wanted > self.bounds.max() {
            format!("set `maxReplicas` to at least {wanted}, or both to {wanted}")
        } else if wanted < self.bounds.min() {
            format!("set `minReplicas` to at most {wanted}, or both to {wanted}")
        } else {
            format!("set both to {wanted}")
        };
        format!("{edit}, or turn autoscaling off")
    }
}
