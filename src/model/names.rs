//! Names as people write them: normalization, and the nearest known name for a mistake.

use compact_str::CompactString;
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
    normal_name(text).into()
}

/// As [`normalize_name`]; without allocation where the name is short.
pub(crate) fn normal_name(text: &str) -> CompactString {
    lower(text).or_else(|| collapse(text.len(), text.chars().map(plain))).unwrap_or_else(|| fold(text))
}

/// ASCII in which words are one space apart; `None` for anything else.
fn lower(text: &str) -> Option<CompactString> {
    let is_apart = |pair: &[u8]| matches!(pair, [b' ', b' ']);
    let is_bare = text.is_ascii()
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.bytes().any(|byte| byte < b' ')
        && !text.as_bytes().windows(2).any(is_apart);
    is_bare.then(|| {
        let mut own = CompactString::from(text);
        own.make_ascii_lowercase();
        own
    })
}

/// The folded form of a letter for which it is known without a look into tables: ASCII, and the Russian alphabet, whose
/// words are half of those in many registries.
fn plain(c: char) -> Option<char> {
    match c {
        '\0'..='\u{7f}' => Some(c.to_ascii_lowercase()),
        'й' | 'Й' => Some('и'),
        'ё' | 'Ё' => Some('е'),
        'А'..='Я' => char::from_u32(u32::from(c).saturating_add(0x20)),
        'а'..='я' => Some(c),
        _ => None,
    }
}

fn fold(text: &str) -> CompactString {
    let bare: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let folded: String = caseless::default_case_fold_str(&bare).nfkd().filter(|c| !is_combining_mark(*c)).collect();
    collapse(folded.len(), folded.chars().map(Some)).unwrap_or_default()
}

/// Characters with one space wherever there is white space between them; `None` where one is.
fn collapse(length: usize, chars: impl Iterator<Item = Option<char>>) -> Option<CompactString> {
    let mut out = String::with_capacity(length);
    let mut apart = false;
    for c in chars {
        let c = c?;
        if c.is_whitespace() {
            apart = !out.is_empty();
        } else {
            if std::mem::take(&mut apart) {
                out.push(' ');
            }
            out.push(c);
        }
    }
    Some(out.into())
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

#[cfg(test)]
mod tests {
    use super::{fold, normalize_name};

    #[test]
    fn plain_letters_fold_as_the_tables_say() {
        for code in (0..0x500).filter_map(char::from_u32) {
            let text = format!("a{code} б{code}");
            assert_eq!(normalize_name(&text), *fold(&text), "U+{:04X}", u32::from(code));
            // Also alone, at the ends, and where ASCII is all there is.
            for text in [format!("{code}"), format!("A{code}"), format!("{code}B"), format!("A{code} {code}B")] {
                assert_eq!(normalize_name(&text), *fold(&text), "{text:?}");
            }
        }
    }
}
