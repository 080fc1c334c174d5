//! Which truths a condition can have at all under the readings of the bundle.

use crate::bundle::checked::{Bundle, Comparison, Condition, TableIx, Test};
use crate::bundle::window::states_bound;
use crate::model::value::Value;

/// Which truths a condition can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Some request may make it true.
    pub can_hold: bool,
    /// Some request may make it false.
    pub can_fail: bool,
}

impl Reach {
    const BOTH: Self = Self { can_hold: true, can_fail: true };

    /// Whether requests decide about it.
    pub fn varies(self) -> bool {
        self.can_hold && self.can_fail
    }

    fn not(self) -> Self {
        Self { can_hold: self.can_fail, can_fail: self.can_hold }
    }

    /// All of them.
    pub fn all(parts: impl Iterator<Item = Self>) -> Self {
        parts.fold(Self { can_hold: true, can_fail: false }, |all, part| Self {
            can_hold: all.can_hold && part.can_hold,
            can_fail: all.can_fail || part.can_fail,
        })
    }

    fn any(parts: impl Iterator<Item = Self>) -> Self {
        Self::all(parts.map(Self::not)).not()
    }
}

/// The reach of a condition. Parts are taken by themselves: that two of them exclude one another is not seen.
pub fn of(bundle: &Bundle, condition: &Condition) -> Reach {
    match condition {
        Condition::All(parts) => Reach::all(parts.iter().map(|part| of(bundle, part))),
        Condition::Any(parts) => Reach::any(parts.iter().map(|part| of(bundle, part))),
        Condition::Not(inner) => of(bundle, inner).not(),
        Condition::Setting(name, wanted, _) => match bundle.settings.get(name) {
            Some(setting) if setting.dated.is_empty() => {
                let holds = wanted.contains(&setting.value);
                Reach { can_hold: holds, can_fail: !holds }
            }
            _ => Reach::BOTH,
        },
        Condition::Fact(_, test, _) => of_test(bundle, test),
        Condition::Script(..) => Reach::BOTH,
    }
}

/// The reach of a test.
pub fn of_test(bundle: &Bundle, test: &Test) -> Reach {
    match test {
        Test::All(tests) => Reach::all(tests.iter().map(|test| of_test(bundle, test))),
        Test::Not(inner) => of_test(bundle, inner).not(),
        Test::CompareTable(comparison, table, column) => compared(bundle, *comparison, *table, *column),
        _ => Reach::BOTH,
    }
}

/// A comparison with a column in which no row states a bound: a window without an end, or a tier that does not exist.
fn compared(bundle: &Bundle, comparison: Comparison, table: TableIx, column: usize) -> Reach {
    let Some(table) = bundle.tables.get(table.0).filter(|table| table.is_window) else { return Reach::BOTH };
    let Some((name, _)) = table.gives.get(column) else { return Reach::BOTH };
    let mut cells = table.rows.iter().filter_map(|row| row.values.get(column));
    if cells.clone().any(|cell| states_bound(name, cell)) {
        return Reach::BOTH;
    }
    // Below everything there is, or above it.
    let low = cells.all(|cell| matches!(cell, Value::Integer(number) if *number < 0));
    let holds = match comparison {
        Comparison::AtMost | Comparison::LessThan => !low,
        Comparison::AtLeast | Comparison::MoreThan => low,
        Comparison::Equal => false,
    };
    Reach { can_hold: holds, can_fail: !holds }
}
