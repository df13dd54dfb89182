//! What YAML and JSON read an unquoted scalar as.

/// Whether YAML or JSON would read an unquoted scalar as a number.
pub(crate) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |digits: &str, good: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|byte| good(&byte));
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    if let Some(digits) = unsigned.strip_prefix("0o") {
        return all(digits, u8::is_ascii_digit);
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_or_nothing = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_fine =
        exponent.is_none_or(|exponent| all(exponent.strip_prefix(['-', '+']).unwrap_or(exponent), u8::is_ascii_digit));
    digits_or_nothing(whole)
        && digits_or_nothing(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_is_fine
}

/// Whether YAML would read an unquoted scalar as a boolean.
pub(crate) fn is_boolean(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_words() {
        for number in
            ["0", "-1", "+3", "1.5", ".5", "5.", "1e400", "1E-3", "0x1f", "0o17", ".inf", "-.INF", ".nan", "007"]
        {
            assert!(is_number(number), "{number}");
        }
        for word in ["", ".", "-", "1.2.3", "16Gi", "e3", "1e", "v1", "0x", "NO", "1_000", "inf", "2024-01-01"] {
            assert!(!is_number(word), "{word}");
        }
    }
}
