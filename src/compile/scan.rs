//! JSON text → facts, in one pass. It reads plain requests only: anything else (escapes, unknown or repeated keys, other
//! types, lists that fan out) is left to `decide::read`, which also words every error.

use std::sync::Arc;

use crate::bundle::checked::{Bundle, FactIx, Kind, Unrecognised};
use crate::model::currency::is_code;
use crate::model::limits::RequestLimits;
use crate::model::time::{Date, Duration, Instant, Timestamp};
use crate::model::value::{Type, Value};
use crate::script::{Datum, Kept, Tag};

use super::cursor::Cursor;
use super::facts::FactTable;
use super::keys::{Keys, Place};
use super::names::{Codes, Spelled};
use super::slots::{Span, part, range};

/// How the text of a fact becomes a slot.
#[derive(Debug)]
pub struct Reading {
    type_: Type,
    codes: Option<usize>,
    unrecognised: Unrecognised,
    ignored: Datum,
    allowed: Option<Vec<bool>>,
    minimum: Option<Value>,
}

impl Reading {
    /// How a fact of a kind is read; `None` when its slot cannot hold it.
    pub fn new(bundle: &Bundle, kind: &Kind, ix: FactIx, table: &FactTable) -> Option<Self> {
        let fact = bundle.fact(ix)?;
        let meaning = kind.facts.get(&ix)?;
        let codes = table.codes_of(table.local(ix)?);
        let ignored = table.ignored(meaning, table.local(ix)?)?;
        let allowed = match (&meaning.values, codes) {
            (Some(values), Some(at)) => {
                let known = table.codes.get(at)?;
                Some(
                    (0..known.count())
                        .map(|n| u32::try_from(n).is_ok_and(|n| values.contains(&Value::Symbol(known.code(n).clone()))))
                        .collect(),
                )
            }
            _ => None,
        };
        let (type_, minimum) = (fact.type_.clone(), fact.minimum.clone());
        Some(Self { type_, codes, unrecognised: meaning.unrecognised, ignored, allowed, minimum })
    }
}

/// One reading of a text.
pub struct Scan<'t> {
    text: &'t str,
    cursor: Cursor<'t>,
    limits: &'t RequestLimits,
    codes: &'t [Arc<Codes>],
    readings: &'t [Reading],
    /// The request's id.
    pub id: Option<Span>,
    /// The decision time as written.
    pub decided_at: Option<Span>,
    /// What the data refer to.
    kept: &'t mut Kept,
}

impl<'t> Scan<'t> {
    /// Starts where the cursor is.
    pub fn new(
        text: &'t str,
        cursor: Cursor<'t>,
        limits: &'t RequestLimits,
        codes: &'t [Arc<Codes>],
        readings: &'t [Reading],
        kept: &'t mut Kept,
    ) -> Self {
        Self { text, cursor, limits, codes, readings, id: None, decided_at: None, kept }
    }

    /// Reads the whole request.
    pub fn request(&mut self, keys: &Keys, facts: &mut [Datum]) -> Option<()> {
        self.cursor.blank();
        self.cursor.expect(b'{')?;
        self.object(keys, facts)?;
        self.cursor.blank();
        (self.cursor.at == self.text.len()).then_some(())
    }

    /// Reads the value of a fact that stands at a place of the text, up to the end of its line; `None` for what is not plain.
    pub fn value_at(&mut self, from: usize, local: usize, unstated: Datum) -> Option<Datum> {
        self.cursor.at = from;
        if self.cursor.peek()? == b'n' {
            return self.cursor.word("null").map(|()| unstated);
        }
        let fact = self.fact(self.readings.get(local)?, unstated)?;
        (self.cursor.peek()? == b'\n').then_some(fact)
    }

    /// An object, its opening brace being read.
    fn object(&mut self, keys: &Keys, facts: &mut [Datum]) -> Option<()> {
        let (mut seen, mut last) = (0_u64, None);
        self.cursor.blank();
        if self.cursor.expect(b'}').is_some() {
            return Some(());
        }
        loop {
            self.cursor.blank();
            self.cursor.expect(b'"')?;
            let (at, place) = self.key(keys, last)?;
            last = Some(at);
            let bit = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
            self.cursor.blank();
            self.cursor.expect(b':')?;
            self.cursor.blank();
            self.value(place, facts)?;
            self.cursor.blank();
            if self.cursor.expect(b',').is_none() {
                return self.cursor.expect(b'}');
            }
        }
    }

    /// A key, its opening quote being read.
    fn key<'k>(&mut self, keys: &'k Keys, last: Option<usize>) -> Option<(usize, &'k Place)> {
        let from = self.cursor.at;
        if let Some((at, place, end)) = keys.expected(self.text, from, last) {
            self.cursor.at = end.wrapping_add(1);
            return Some((at, place));
        }
        self.cursor.string()?;
        let (at, place) = keys.find(self.text, from, self.cursor.at.checked_sub(1)?)?;
        keys.expect(last, at);
        Some((at, place))
    }

    fn value(&mut self, place: &Place, facts: &mut [Datum]) -> Option<()> {
        if self.cursor.peek()? == b'n' {
            return self.cursor.word("null");
        }
        let local = match place {
            Place::Object(keys) => {
                self.cursor.expect(b'{')?;
                return self.object(keys, facts);
            }
            Place::Never => return None,
            Place::Kind => {
                self.cursor.expect(b'"')?;
                return self.cursor.string().map(drop);
            }
            Place::Id => {
                self.cursor.expect(b'"')?;
                self.id = Some(self.cursor.string()?);
                return Some(());
            }
            Place::At(local) => {
                let from = u32::try_from(self.cursor.at.checked_add(1)?).ok()?;
                // White space is no time; that is for the interpreter to refuse.
                let fact = self.fact(self.readings.get(*local)?, Datum::MISSING).filter(|fact| fact.is_known())?;
                let until = u32::try_from(self.cursor.at.checked_sub(1)?).ok()?;
                self.decided_at = Some((from, until));
                *facts.get_mut(*local)? = fact;
                return Some(());
            }
            Place::Fact(local) => *local,
        };
        let unstated = *facts.get(local)?;
        let fact = self.fact(self.readings.get(local)?, unstated)?;
        *facts.get_mut(local)? = fact;
        Some(())
    }

    /// What is written; what stands there already for white space alone.
    fn fact(&mut self, reading: &Reading, unstated: Datum) -> Option<Datum> {
        let fact = match &reading.type_ {
            Type::Boolean if self.cursor.peek()? == b't' => self.cursor.word("true").map(|()| Datum::boolean(true))?,
            Type::Boolean => self.cursor.word("false").map(|()| Datum::boolean(false))?,
            Type::Integer => Datum::integer(self.cursor.integer()?)?,
            Type::Set(_) => return self.set(reading),
            type_ => {
                self.cursor.expect(b'"')?;
                let span = self.cursor.string()?;
                let text = part(self.text, span);
                let begins = text.as_bytes().first().is_some_and(u8::is_ascii_graphic);
                if !begins && text.trim().is_empty() {
                    return Some(unstated);
                }
                if matches!(type_, Type::Symbol(_)) {
                    return self.symbol(reading, span);
                }
                self.scalar(type_, text, span, reading.minimum.as_ref())?
            }
        };
        match (&reading.minimum, fact.tag()) {
            (Some(Value::Integer(least)), Tag::Integer) if fact.word() < *least => None,
            _ => Some(fact),
        }
    }

    fn symbol(&self, reading: &Reading, span: Span) -> Option<Datum> {
        match self.codes.get(reading.codes?)?.spelled(self.text, range(span)) {
            Spelled::Code(code) => {
                let allowed = reading.allowed.as_ref();
                let fine = allowed.is_none_or(|all| usize::try_from(code).is_ok_and(|at| all.get(at) == Some(&true)));
                fine.then_some(Datum::code(code))
            }
            Spelled::Unrecognised => match reading.unrecognised {
                Unrecognised::Error => None,
                Unrecognised::Other => Datum::span(Tag::Other, span),
                Unrecognised::Ask => Datum::span(Tag::Unrecognised, span),
                Unrecognised::Ignore => Some(reading.ignored),
            },
        }
    }

    fn set(&mut self, reading: &Reading) -> Option<Datum> {
        let codes = self.codes.get(reading.codes?)?;
        if codes.count() > 64 || reading.allowed.is_some() {
            return None;
        }
        self.cursor.expect(b'[')?;
        let (mut bits, mut count) = (0_u64, 0_usize);
        self.cursor.blank();
        if self.cursor.expect(b']').is_some() {
            return Datum::codes(0);
        }
        loop {
            self.cursor.blank();
            self.cursor.expect(b'"')?;
            let span = self.cursor.string()?;
            match codes.spelled(self.text, range(span)) {
                Spelled::Code(code) => bits |= 1_u64.checked_shl(code)?,
                Spelled::Unrecognised
                    if reading.unrecognised == Unrecognised::Ask || reading.unrecognised == Unrecognised::Error =>
                {
                    return None;
                }
                Spelled::Unrecognised => {}
            }
            count = count.saturating_add(1);
            self.cursor.blank();
            if self.cursor.expect(b',').is_none() {
                self.cursor.expect(b']')?;
                return Datum::codes(bits).filter(|_| count <= self.limits.elements);
            }
        }
    }

    fn scalar(&mut self, type_: &Type, text: &str, span: Span, minimum: Option<&Value>) -> Option<Datum> {
        match type_ {
            Type::Text => Datum::span(Tag::Span, span),
            // A currency is written by its code; any other spelling is left alone.
            Type::Currency => is_code(text).then(|| Datum::span(Tag::Span, span)).flatten(),
            Type::Decimal => {
                let value = Value::parse_decimal(text)?;
                match minimum {
                    Some(least) if value < *least => None,
                    _ => self.kept.value(&value),
                }
            }
            Type::Date => Date::parse(text).and_then(|date| Datum::date(date.number())),
            Type::Timestamp => match Instant::parse_plain(text) {
                Some(instant) => Datum::instant(instant),
                None => Datum::timestamp(Timestamp::parse(text)?).ok(),
            },
            Type::Duration => self.kept.value(&Value::Duration(Duration::parse(text)?)),
            Type::Boolean | Type::Integer | Type::Symbol(_) | Type::Set(_) => None,
        }
    }
}
