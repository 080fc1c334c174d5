//! Scalars that people, or other YAML readers, take for something else.

use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;

use crate::model::finding::{Code, Edit, Finding, Findings};

use super::yaml::{Content, Node, Style};

/// Looks at every scalar of a file.
pub fn scalars(node: &Node, findings: &mut Findings) {
    match &node.content {
        Content::Scalar(text, style) => findings_of(node, text, *style, findings),
        Content::Sequence(items) => items.iter().for_each(|item| scalars(item, findings)),
        Content::Mapping(entries) => {
            for (key, value) in entries {
                scalars(key, findings);
                scalars(value, findings);
            }
        }
    }
}

fn findings_of(node: &Node, text: &str, style: Style, findings: &mut Findings) {
    // Many bytes are looked at together, as long as nothing stops at the first that is odd.
    let odd = |byte: u8| u8::from(byte.wrapping_sub(b' ') > b'~' - b' ');
    let plain = text.bytes().fold(0, |any, byte| any | odd(byte)) == 0 || has_plain_words(text);
    if let Some(odd) = (!plain).then(|| text.chars().find(|c| is_invisible(*c))).flatten() {
        let message = format!("`{}` has the invisible character U+{:04X}", text.escape_debug(), u32::from(odd));
        findings.push(Finding::new(Code::MisreadScalar, &node.place, message).help("type the text anew"));
    } else if let Some(word) = (!plain).then(|| mixed_word(text)).flatten() {
        let message = format!("`{word}` mixes letters of two alphabets that look alike");
        findings.push(Finding::new(Code::MisreadScalar, &node.place, message).help("type the word anew"));
    } else if style == Style::Quoted && text.trim() != text {
        let message = format!("`{text}` begins or ends with white space");
        findings.push(Finding::new(Code::MisreadScalar, &node.place, message).help("remove the white space"));
    } else if style == Style::Plain
        && let Some(other) = misread_anywhere(text)
    {
        findings.push(needs_quotes(node, text, other));
    }
}

/// A text or a code is wanted: what looks like a number or a date should say that it is none.
pub fn wanted_as_text(node: &Node, findings: &mut Findings) {
    let Content::Scalar(text, Style::Plain) = &node.content else { return };
    if let Some(other) = misread_as_text(text) {
        findings.push(needs_quotes(node, text, other));
    }
}

fn needs_quotes(node: &Node, text: &str, other: &str) -> Finding {
    let message = format!("`{text}` without quotes is {other} to other YAML readers");
    let mut finding = Finding::new(Code::MisreadScalar, &node.place, message).help("put it in quotes");
    finding.edit = Some(Edit { place: node.place.clone(), text: format!("\"{text}\"") });
    finding
}

/// Soft hyphens, zero-width signs, direction marks, no-break spaces: what cannot be seen in an editor.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0x00A0 | 0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E
        | 0x2060..=0x206F | 0x3164 | 0xFEFF | 0xFFA0 | 0xE0000..=0xE007F)
        || (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
}

/// Whether all of it can be seen and each word is of one alphabet, as far as that is told without a look into tables.
fn has_plain_words(text: &str) -> bool {
    let (mut latin, mut cyrillic) = (false, false);
    text.chars().all(|c| {
        match c {
            'a'..='z' | 'A'..='Z' => latin = true,
            _ if is_plain_cyrillic(c) => cyrillic = true,
            '\n' | ' '..='~' | '«' | '»' | '‐'..='‧' => (latin, cyrillic) = (false, false),
            _ => return false,
        }
        !(latin && cyrillic)
    })
}

/// A word whose letters are of several alphabets, of which none could have all.
fn mixed_word(text: &str) -> Option<&str> {
    let of_one = |word: &str| word.is_ascii() || word.chars().all(is_plain_cyrillic) || word.is_single_script();
    let is_letter = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphabetic(),
        false => is_plain_cyrillic(c) || c.is_alphabetic(),
    };
    text.split(|c| !is_letter(c)).find(|word| !of_one(word))
}

/// A letter of the Cyrillic alphabet and of no other: most words that are not ASCII have only such.
fn is_plain_cyrillic(c: char) -> bool {
    ('\u{410}'..='\u{44f}').contains(&c)
}

/// The known name that looks the same as a mistaken one.
pub fn look_alike<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.is_ascii() {
        return None;
    }
    let bare: String = skeleton(written).collect();
    known.into_iter().find(|name| skeleton(name).eq(bare.chars()))
}

/// Whether it begins as numbers do.
fn begins_as_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'))
}

/// What other readers take a plain scalar for that is surprising wherever it stands.
fn misread_anywhere(text: &str) -> Option<&'static str> {
    const LONGEST: usize = 5;
    const WORDS: [&str; 20] = [
        "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "True",
        "TRUE", "False", "FALSE",
    ];
    if text.len() <= LONGEST && WORDS.contains(&text) {
        return Some("a boolean");
    }
    if !begins_as_number(text) {
        return None;
    }
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    let first = bare.chars().next()?;
    if !(first.is_ascii_digit() || first == '.') {
        return None;
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let based = ["0x", "0o", "0b"].iter().any(|base| {
        bare.strip_prefix(base)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_'))
    });
    let exponent = bare
        .split_once(['e', 'E'])
        .is_some_and(|(number, power)| is_number(number) && digits(power.strip_prefix(['-', '+']).unwrap_or(power)));
    let sixty = bare.contains(':') && bare.split(':').all(digits);
    let leading_zero = digits(bare) && bare.len() > 1 && first == '0';
    let separated = bare.contains('_') && bare.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let words = matches!(bare.to_ascii_lowercase().as_str(), ".inf" | ".nan");
    (based || exponent || sixty || leading_zero || separated || words).then_some("a number")
}

/// What other readers take a plain scalar for where a text or a code is wanted.
fn misread_as_text(text: &str) -> Option<&'static str> {
    if !begins_as_number(text) {
        return matches!(text, "true" | "false").then_some("a boolean");
    }
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_date = matches!(text.split('-').collect::<Vec<_>>().as_slice(), [year, month, day]
        if year.len() == 4 && matches!(month.len(), 1 | 2)
            && [year, month].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
            && day.starts_with(|c: char| c.is_ascii_digit()));
    if is_number(bare) { Some("a number") } else { is_date.then_some("a date") }
}

/// Digits with at most one point.
fn is_number(text: &str) -> bool {
    let points = text.bytes().filter(|b| *b == b'.').count();
    points <= 1 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_neither_invisible_nor_mixed() {
        for code in (0..0x1_1000).filter_map(char::from_u32) {
            for text in [format!("{code}"), format!("a{code}b"), format!("а{code}б"), format!("a {code}б \n")] {
                let is_odd = text.chars().any(is_invisible) || mixed_word(&text).is_some();
                assert!(!(is_odd && has_plain_words(&text)), "U+{:04X} in {text:?}", u32::from(code));
            }
        }
        assert!(has_plain_words("«Отменить» — cancel,\nда") && !has_plain_words("отмeна"));
    }
}
