//! Single tests of a fact, ready to run on a slot.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::bundle::checked::{Bundle, Comparison, Effective, ListEntry, Retired, Test};
use crate::model::time::{Instant, Timestamp};
use crate::model::value::Value;
use crate::script::{Datum, GiveUp, Kept, Scratch, Tag};

use super::facts::FactTable;
use super::sources::{Compute, Dated, same_in_all};

/// A truth, given what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tri {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It depends on what is not known.
    Open,
}

impl Tri {
    /// Two-valued.
    pub fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// The opposite.
    pub fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Open => Self::Open,
        }
    }

    /// Both.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Open,
        }
    }
}

/// When something applies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Periods {
    /// Periods that must hold, and by which fact.
    pub hold: Vec<(usize, Effective)>,
    /// Periods that must not.
    pub fail: Vec<(usize, Effective)>,
    /// It never applies.
    pub never: bool,
}

impl Periods {
    /// Always.
    pub fn always() -> Self {
        Self { hold: Vec::new(), fail: Vec::new(), never: false }
    }

    /// Whether it always applies.
    pub fn are_always(&self) -> bool {
        *self == Self::always()
    }
}

/// What facts are compared with.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    value: Value,
    /// As a datum, where it is one.
    datum: Option<Datum>,
}

impl Limit {
    fn new(value: &Value) -> Self {
        Self { value: value.clone(), datum: Datum::plain(value) }
    }

    /// As a datum; `None` where it is none.
    pub fn datum(&self) -> Option<Datum> {
        self.datum
    }
}

/// A test of a fact.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// The code is one of these.
    Codes(Vec<bool>),
    /// The value is one of these.
    Values(BTreeSet<Value>),
    /// The value is this one, which needs no scratch.
    Is(Datum),
    /// It compares so with a constant.
    Compare(Comparison, Limit),
    /// It compares so with a column of a table.
    Table(Comparison, usize, usize),
    /// It compares so with what a column of a table says in every row, where a row applies.
    AnyRow(Comparison, usize, Limit),
    /// The set has one of these.
    AnyOf(u64),
    /// The set has all of these.
    AllOf(u64),
    /// The set has none of these.
    NoneOf(u64),
    /// It was given.
    Present(bool),
    /// It is known.
    Known(bool),
    /// Entries of a list, each with when it applies.
    Listed(Vec<(Value, Option<u32>, Periods)>),
    /// It is there and fails.
    Not(Box<Check>),
    /// All pass.
    All(Vec<Check>),
}

/// Something that a rule's condition is made of.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// A test of a fact.
    Fact(usize, Check),
    /// A period, by the fact that dates it.
    InForce(usize, Effective),
    /// A script.
    Script(Compute),
    /// Whether a setting that changes with the date has a wanted value.
    Setting(Dated<bool>),
    /// What only the interpreter can tell.
    Beyond,
}

impl Predicate {
    /// Whether only one of the two can hold.
    pub fn excludes(&self, other: &Self) -> bool {
        let (Self::Fact(fact, one), Self::Fact(same, other)) = (self, other) else { return false };
        let opposite = |a: &Comparison, b: &Comparison| {
            matches!((a, b), (Comparison::AtMost, Comparison::MoreThan) | (Comparison::AtLeast, Comparison::LessThan))
        };
        fact == same
            && match (one, other) {
                (Check::Compare(a, x), Check::Compare(b, y)) => opposite(a, b) && x == y,
                (Check::AnyRow(a, table, x), Check::AnyRow(b, also, y)) => opposite(a, b) && table == also && x == y,
                (Check::Table(a, table, x), Check::Table(b, also, y)) => opposite(a, b) && (table, x) == (also, y),
                _ => false,
            }
    }
}

/// When something applies, by the numbers of the facts.
pub fn periods(table: &FactTable, effective: &[Effective], retired: &[Retired]) -> Option<Periods> {
    let one = |period: &Effective| Some((table.local(period.dated_by)?, period.clone()));
    let never = retired.iter().any(|retired| retired.effective.is_none());
    let hold = effective.iter().map(one).collect::<Option<_>>()?;
    let fail = retired.iter().filter_map(|retired| retired.effective.as_ref()).map(one).collect::<Option<_>>()?;
    Some(Periods { hold, fail, never })
}

/// A test, ready to run; `None` for what only the interpreter can tell.
pub fn check(bundle: &Bundle, table: &FactTable, local: usize, test: &Test) -> Option<Check> {
    let bits = |values: &BTreeSet<Value>| {
        let codes = table.codes.get(table.codes_of(local)?)?;
        codes.positions(values)?.into_iter().try_fold(0_u64, |bits, at| Some(bits | 1_u64.checked_shl(at)?))
    };
    Some(match test {
        Test::OneOf(values) if values.iter().any(|value| matches!(value, Value::Set(_))) => return None,
        Test::OneOf(values) => one_of(table, local, values)?,
        Test::InList(list) => in_list(table, local, &bundle.lists.get(list.0)?.entries)?,
        Test::Compare(_, Value::Symbol(_) | Value::Set(_) | Value::Text(_)) => return None,
        Test::Compare(comparison, limit) => Check::Compare(*comparison, Limit::new(limit)),
        Test::CompareTable(comparison, at, column) => match same_in_all(bundle, *at, *column) {
            Some(value) => Check::AnyRow(*comparison, at.0, Limit::new(value)),
            None => Check::Table(*comparison, at.0, *column),
        },
        Test::AnyOf(values) => Check::AnyOf(bits(values)?),
        Test::AllOf(values) => Check::AllOf(bits(values)?),
        Test::NoneOf(values) => Check::NoneOf(bits(values)?),
        Test::Present(wanted) => Check::Present(*wanted),
        Test::Known(wanted) => Check::Known(*wanted),
        Test::Not(inner) => Check::Not(Box::new(check(bundle, table, local, inner)?)),
        Test::All(tests) if tests.len() == 1 => check(bundle, table, local, tests.first()?)?,
        Test::All(tests) => {
            Check::All(tests.iter().map(|test| check(bundle, table, local, test)).collect::<Option<_>>()?)
        }
    })
}

fn one_of(table: &FactTable, local: usize, values: &BTreeSet<Value>) -> Option<Check> {
    let Some(codes) = table.codes_of(local).and_then(|at| table.codes.get(at)) else {
        let only = values.first().filter(|_| values.len() == 1).and_then(Datum::plain);
        // Truth values have classes of their own.
        let only = only.filter(|only| only.tag() != Tag::Boolean);
        return Some(only.map_or_else(|| Check::Values(values.clone()), Check::Is));
    };
    let mut wanted = vec![false; codes.count()];
    for at in codes.positions(values)? {
        *wanted.get_mut(usize::try_from(at).ok()?)? = true;
    }
    Some(Check::Codes(wanted))
}

fn in_list(table: &FactTable, local: usize, entries: &[ListEntry]) -> Option<Check> {
    if entries.iter().all(|entry| entry.effective.is_none() && entry.retired.is_empty()) {
        return one_of(table, local, &entries.iter().map(|entry| entry.value.clone()).collect());
    }
    let one = |entry: &ListEntry| {
        let code = match &entry.value {
            Value::Symbol(code) => Some(table.codes.get(table.codes_of(local)?)?.position(code)?),
            Value::Set(_) => return None,
            _ => None,
        };
        Some((entry.value.clone(), code, periods(table, entry.effective.as_slice(), &entry.retired)?))
    };
    entries.iter().map(one).collect::<Option<_>>().map(Check::Listed)
}

/// The truth of a test for everything that has one class; `None` when the value itself matters.
pub fn by_class(check: &Check, fact: Datum) -> Option<Tri> {
    match check {
        Check::All(tests) => tests.iter().try_fold(Tri::True, |all, test| by_class(test, fact).map(|one| all.and(one))),
        Check::Table(..) | Check::AnyRow(..) => None,
        Check::Listed(_) if fact.is_known() => None,
        Check::Not(inner) if !matches!(fact.tag(), Tag::Absent | Tag::Missing) => by_class(inner, fact).map(Tri::not),
        _ if !fact.is_known() => Some(by_state(check, fact)),
        Check::Present(wanted) | Check::Known(wanted) => Some(Tri::of(*wanted)),
        Check::Codes(_) => Some(passes(check, fact, &Scratch::new("", &Kept::default()))),
        Check::Values(values) if values.iter().all(|value| matches!(value, Value::Boolean(_))) => {
            Some(passes(check, fact, &Scratch::new("", &Kept::default())))
        }
        _ => None,
    }
}

/// The truth of a test of what has no value.
pub fn by_state(check: &Check, fact: Datum) -> Tri {
    match (fact.tag(), check) {
        (_, Check::All(tests)) => tests.iter().fold(Tri::True, |all, test| all.and(by_state(test, fact))),
        (Tag::Absent, Check::Present(wanted)) => Tri::of(!wanted),
        (Tag::Absent, _) => Tri::False,
        (Tag::Unrecognised | Tag::Other, Check::Known(wanted)) => Tri::of(!wanted),
        (Tag::Unrecognised | Tag::Other, Check::Present(wanted)) => Tri::of(*wanted),
        (Tag::Unrecognised | Tag::Other, Check::Not(inner)) => by_state(inner, fact).not(),
        (Tag::Other, _) => Tri::False,
        _ => Tri::Open,
    }
}

/// Tests that need nothing but the value.
pub fn passes(check: &Check, fact: Datum, scratch: &Scratch<'_>) -> Tri {
    Tri::of(match (check, fact.tag()) {
        (Check::Codes(wanted), Tag::Code) => usize::try_from(fact.word()).is_ok_and(|at| wanted.get(at) == Some(&true)),
        (Check::Is(wanted), _) => fact == *wanted,
        (Check::Values(values), _) => values.iter().any(|value| same(fact, value, scratch)),
        (Check::Compare(comparison, limit), _) => within(*comparison, fact, limit, scratch),
        (Check::AnyOf(bits), Tag::Codes) => fact.word().cast_unsigned() & bits != 0,
        (Check::AllOf(bits), Tag::Codes) => fact.word().cast_unsigned() & bits == *bits,
        (Check::NoneOf(bits), Tag::Codes) => fact.word().cast_unsigned() & bits == 0,
        _ => false,
    })
}

/// Whether a fact has this value. Codes are compared by their positions, see [`Check::Codes`].
pub fn same(fact: Datum, value: &Value, scratch: &Scratch<'_>) -> bool {
    match (fact.tag(), value) {
        (Tag::Text | Tag::Span, Value::Text(wanted)) => scratch.text(fact) == Ok(wanted),
        (Tag::Decimal, Value::Decimal(wanted)) => scratch.decimal(fact) == Ok(*wanted),
        (Tag::Duration, Value::Duration(wanted)) => scratch.duration(fact) == Ok(*wanted),
        _ => Datum::plain(value) == Some(fact),
    }
}

/// Compares a fact with what it is always compared with.
#[inline]
pub fn within(comparison: Comparison, fact: Datum, limit: &Limit, scratch: &Scratch<'_>) -> bool {
    match limit.datum {
        Some(datum) if datum.tag() == fact.tag() => holds(comparison, fact.word().cmp(&datum.word())),
        _ => compare(comparison, fact, &limit.value, scratch),
    }
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::AtLeast => order.is_ge(),
        Comparison::AtMost => order.is_le(),
        Comparison::MoreThan => order.is_gt(),
        Comparison::LessThan => order.is_lt(),
        Comparison::Equal => order.is_eq(),
    }
}

/// Compares a fact with a value of its type.
pub fn compare(comparison: Comparison, fact: Datum, limit: &Value, scratch: &Scratch<'_>) -> bool {
    let order = match (fact.tag(), limit) {
        (Tag::Integer, Value::Integer(limit)) => fact.word().cmp(limit),
        (Tag::Date, Value::Date(limit)) => fact.word().cmp(&limit.number()),
        (Tag::Timestamp, Value::Timestamp(limit)) => match Datum::timestamp(*limit) {
            Ok(limit) => fact.word().cmp(&limit.word()),
            // Finer than a datum: whoever is not later is earlier.
            Err(_) => match fact.as_timestamp() {
                Ok(own) => own.cmp(limit),
                Err(_) => return false,
            },
        },
        (Tag::Decimal, Value::Decimal(limit)) => match scratch.decimal(fact) {
            Ok(own) => own.cmp(limit),
            Err(_) => return false,
        },
        (Tag::Duration, Value::Duration(limit)) => match scratch.duration(fact) {
            Ok(own) => own.cmp(limit),
            Err(_) => return false,
        },
        _ => return false,
    };
    holds(comparison, order)
}

/// Whether a period holds at the fact that dates it.
///
/// # Errors
/// When a time is finer than a datum.
pub fn in_force(fact: Datum, period: &Effective) -> Result<Tri, GiveUp> {
    let instant = match fact.tag() {
        Tag::Timestamp => fact.as_instant(),
        Tag::Date => Instant::start_of(fact.word()).ok_or(GiveUp)?,
        Tag::Missing => return Ok(Tri::Open),
        _ => return Ok(Tri::False),
    };
    let reached = |bound: Timestamp| {
        let bound = Instant::of(bound).ok_or(GiveUp)?;
        Ok(instant.seconds_until(bound) <= 0 && !bound.is_after(instant))
    };
    let begun = period.from.map_or(Ok(true), reached)?;
    Ok(Tri::of(begun && !period.until.map_or(Ok(false), reached)?))
}
