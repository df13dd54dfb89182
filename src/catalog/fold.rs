//! Names that look different but are the same (C7, C8).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A name in the form in which places and hardware are compared: compatibility forms of characters
/// replaced (NFKC), without case. Copied only where it may differ.
///
/// ```
/// use siting::catalog::folded;
/// assert_eq!(folded("ＡＷＳ/US-East-1"), "aws/us-east-1");
/// assert_eq!(folded("Großraum"), folded("GROSSRAUM"));
/// ```
#[must_use]
pub fn folded(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_plain {
        text.into()
    } else if text.is_ascii() {
        text.to_ascii_lowercase().into()
    } else {
        // By way of upper case, since letters such as `ß` and `ς` are only told from others in lower case. Either may
        // produce characters that have a compatibility form, so normalise once more.
        let upper = text.nfkc().collect::<String>().to_uppercase();
        upper.to_lowercase().nfkc().collect::<String>().into()
    }
}
