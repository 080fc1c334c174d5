//! Currency codes and their minor units (ISO 4217), found by their letters.

use std::sync::LazyLock;

use iso_currency::{Currency, IntoEnumIterator};

/// The bits that tell upper-case letters apart, and what is the same of all of them.
const BITS: u32 = 5;
const LETTER: u8 = b'A' & !LOW;
const LOW: u8 = (1 << BITS) - 1;

/// What is known of every three letters.
#[derive(Clone, Copy)]
enum Letters {
    NoCode,
    NoUnit,
    Digits(u8),
}

static CODES: LazyLock<Box<[Letters]>> = LazyLock::new(|| {
    let mut all = vec![Letters::NoCode; 1 << (3 * BITS)];
    for currency in Currency::iter() {
        if let Some(known) = place(currency.code().as_bytes()).and_then(|at| all.get_mut(at)) {
            let digits = currency.exponent().and_then(|digits| u8::try_from(digits).ok());
            *known = digits.map_or(Letters::NoUnit, Letters::Digits);
        }
    }
    all.into()
});

/// Three upper-case letters as a number, and some signs beside them, which no code has.
fn place(code: &[u8]) -> Option<usize> {
    let [a, b, c] = *code else { return None };
    let are_letters = (a & b & c) & !LOW == LETTER && (a | b | c) & !LOW == LETTER;
    let low = |byte: u8| usize::from(byte & LOW);
    are_letters.then(|| (low(a) << BITS | low(b)) << BITS | low(c))
}

fn letters(code: &[u8]) -> Letters {
    place(code).and_then(|at| CODES.get(at)).copied().unwrap_or(Letters::NoCode)
}

/// Whether it is the code of a currency, as it is written.
pub(crate) fn is_code(code: &str) -> bool {
    !matches!(letters(code.as_bytes()), Letters::NoCode)
}

/// The digits of the minor unit of a currency, by the letters of its code; `None` for one that has none, and for what is
/// no currency.
pub(crate) fn minor_units(code: &[u8]) -> Option<u16> {
    match letters(code) {
        Letters::Digits(digits) => Some(digits.into()),
        Letters::NoCode | Letters::NoUnit => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_as_they_are_written() {
        assert_eq!(["USD", "JPY", "KWD"].map(|code| minor_units(code.as_bytes())), [Some(2), Some(0), Some(3)]);
        assert!(is_code("XAU") && minor_units(b"XAU").is_none(), "gold has no minor unit");
        assert!(!is_code("usd") && !is_code("ABC") && !is_code(""), "codes are upper case, and registered");
        let bytes = || (b' '..=u8::MAX).map(char::from);
        for code in bytes().flat_map(|a| bytes().map(move |b| format!("{a}S{b}"))) {
            assert_eq!(is_code(&code), Currency::from_code(&code).is_some(), "{code}");
        }
    }
}
