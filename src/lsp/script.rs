//! The names in the text of a script.

/// A name, or names joined by dots, in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// The name.
    pub text: &'t str,
    /// Its first byte.
    pub at: usize,
    /// Whether an opening bracket follows.
    pub call: bool,
    /// Whether `fn` stands before it.
    pub defined: bool,
}

/// The names of a script, without those in comments and texts.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::new();
    let mut rest = source;
    let mut after_fn = false;
    while let Some(first) = rest.chars().next() {
        let at = source.len().saturating_sub(rest.len());
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end.saturating_add(2)),
            '"' => text_length(rest),
            c if is_first(c) => {
                let word = word(rest);
                let call = rest.get(word.len()..).is_some_and(|after| after.trim_start().starts_with('('));
                if word != "fn" {
                    out.push(Token { text: word, at, call, defined: after_fn });
                }
                after_fn = word == "fn";
                word.len()
            }
            // A number with its digits, so that `1e5` holds no name.
            c if c.is_ascii_digit() => rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
    out
}

fn is_first(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn word(text: &str) -> &str {
    let mut end = 0_usize;
    let mut before = '.';
    for c in text.chars() {
        let goes_on = if before == '.' { is_first(c) } else { c == '.' || c == '_' || c.is_ascii_alphanumeric() };
        if !goes_on {
            break;
        }
        end = end.saturating_add(c.len_utf8());
        before = c;
    }
    text.get(..end).unwrap_or_default().trim_end_matches('.')
}

fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at.saturating_add(1),
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn names_are_found_and_texts_are_not() {
        assert_eq!(names("days(a.b_2, \"c.d \\\" e\") // f\n + g /* h */ - 1e5"), ["days", "a.b_2", "g"]);
        assert_eq!(names("\"never closed"), Vec::<&str>::new());
        assert_eq!(names("а.б.c. 1.x"), ["c", "x"]);
    }

    #[test]
    fn calls_and_definitions_are_told_apart() {
        let all = tokens("fn f(x) { g (x) }");
        assert_eq!(
            all.iter().map(|t| (t.text, t.call, t.defined)).collect::<Vec<_>>(),
            [("f", true, true), ("x", false, false), ("g", true, false), ("x", false, false),]
        );
        assert_eq!(all.first().map(|t| t.at), Some(3));
    }
}
