//! Escaping for XML and HTML.

/// Text for XML and HTML, in elements and quoted attributes. Signs that XML cannot hold become U+FFFD.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(u32::from(c), 0xFFFE | 0xFFFF) => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn escapes_markup_and_what_xml_cannot_hold() {
        assert_eq!(escape("a<b>&\"'\u{1b}\u{0}\n"), "a&lt;b&gt;&amp;&quot;&#39;\u{FFFD}\u{FFFD}\n");
    }
}
