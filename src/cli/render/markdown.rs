//! Text in Markdown, such as goes into the description of a pull request: nothing of it turns into anything else.

/// Text on one line. What stands between backticks is left as it is written; elsewhere every character that Markdown
/// knows is escaped, so that a name makes no link, no image, no element, no mention.
pub(super) fn text(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let parts: Vec<&str> = text.split('`').collect();
    // Backticks that stand together, or alone, quote nothing that we can tell.
    if parts.len().is_multiple_of(2) || text.contains("``") {
        return escaped(&text);
    }
    let each = parts
        .iter()
        .enumerate()
        .map(|(at, part)| if at.is_multiple_of(2) { escaped(part) } else { format!("`{part}`") });
    each.collect()
}

/// The same in a cell of a table.
pub(super) fn cell(content: &str) -> String {
    // An escaped bar stays: a cell that ends within backticks would end all the same.
    text(content).replace("\\|", "|").replace('|', "\\|")
}

/// A name as code, which is shown as it is.
pub(super) fn code(name: &str) -> String {
    let name = name.replace(['\n', '\r'], " ");
    let longest = name.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{name}{space}{fence}")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // A mention, an address or a number that is made a link is none with an empty element in it.
            '@' | '#' => {
                escaped.push(character);
                escaped.push_str("<!-- -->");
            }
            '\\' | '*' | '_' | '[' | ']' | '`' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_no_links() {
        assert_eq!(text("`a` [x](http://y)"), "`a` \\[x\\](http:<!-- -->//y)");
        assert_eq!(text("policy `a`[x](y)`b`"), "policy `a`\\[x\\](y)`b`");
        assert_eq!(text("a ` b"), "a \\` b");
        assert_eq!(cell("a|`b|c`"), "a\\|`b\\|c`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(text("<b> @all #1"), "&lt;b> @<!-- -->all #<!-- -->1");
    }
}
