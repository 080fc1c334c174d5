//! Currency codes and their minor units (ISO 4217), found by one hash.

use std::collections::HashMap;
use std::sync::LazyLock;

use iso_currency::{Currency, IntoEnumIterator};
use rustc_hash::FxBuildHasher;

static EXPONENTS: LazyLock<HashMap<&'static str, Option<u16>, FxBuildHasher>> =
    LazyLock::new(|| Currency::iter().map(|currency| (currency.code(), currency.exponent())).collect());

/// Whether it is the code of a currency, as it is written.
pub(crate) fn is_code(code: &str) -> bool {
    EXPONENTS.contains_key(code)
}

/// The digits of a currency's minor unit; `None` for one that has none, and for what is no currency.
pub(crate) fn minor_units(code: &str) -> Option<u16> {
    EXPONENTS.get(code).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_as_they_are_written() {
        assert_eq!([minor_units("USD"), minor_units("JPY"), minor_units("KWD")], [Some(2), Some(0), Some(3)]);
        assert!(is_code("XAU") && minor_units("XAU").is_none(), "gold has no minor unit");
        assert!(!is_code("usd") && !is_code("ABC") && !is_code(""), "codes are upper case, and registered");
    }
}
