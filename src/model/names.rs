//! Names as people write them: normalization, and the nearest known name for a mistake.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The form under which names are compared: NFKD, combining marks removed, case folded, white space collapsed.
///
/// ```
/// use clausal::normalize_name;
/// assert_eq!(normalize_name("  SÃO  Tomé and Príncipe"), normalize_name("sao tome and principe"));
/// ```
#[must_use]
pub fn normalize_name(text: &str) -> String {
    if text.is_ascii() {
        return collapse(&text.to_ascii_lowercase());
    }
    let bare: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let folded: String = caseless::default_case_fold_str(&bare).nfkd().filter(|c| !is_combining_mark(*c)).collect();
    collapse(&folded)
}

fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// From 0 to 1; a name of which one begins with the other is more like it than its letters tell.
fn likeness(mistaken: &str, name: &str) -> f64 {
    let edits = strsim::normalized_damerau_levenshtein(mistaken, name);
    let (short, long) = if mistaken.len() < name.len() { (mistaken, name) } else { (name, mistaken) };
    if short.len() < 3 || !long.starts_with(short) {
        return edits;
    }
    f64::midpoint(edits, 1.0)
}

/// The known name nearest to a mistaken one, if one is near enough to be worth suggesting.
#[must_use]
pub fn nearest<'a>(mistaken: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (likeness(mistaken, name), name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| y.cmp(x)))
        .map(|(_, name)| name)
}
