//! JSON text → slots, in one pass. It reads plain requests only: anything else (escapes, unknown or repeated keys, other
//! types, lists that fan out) is left to `decide::read`, which also words every error.

use std::collections::BTreeMap;

use crate::bundle::checked::{Bundle, FactIx, Kind, Unrecognised};
use crate::decide::shape::Shape;
use crate::model::limits::RequestLimits;
use crate::model::time::{Date, Duration, Timestamp};
use crate::model::value::{Type, Value};

use super::facts::FactTable;
use super::names::{Codes, Spelled};
use super::slots::{Slot, Span, part};

/// What may stand at a place.
#[derive(Debug)]
enum Place {
    Object(Keys),
    Fact(usize),
    Id,
    Kind,
    At(usize),
    Never,
}

/// The keys of an object, at most 64.
#[derive(Debug, Default)]
pub struct Keys(Vec<(Box<str>, Place)>);

/// How the text of a fact becomes a slot.
#[derive(Debug)]
pub struct Reading {
    type_: Type,
    codes: Option<usize>,
    unrecognised: Unrecognised,
    ignored: Slot,
    allowed: Option<Vec<bool>>,
    minimum: Option<Value>,
}

/// The keys of a kind.
pub fn keys(shape: &BTreeMap<String, Shape>, table: &FactTable) -> Option<Keys> {
    top(shape, table, true)
}

fn top(shape: &BTreeMap<String, Shape>, table: &FactTable, is_top: bool) -> Option<Keys> {
    if shape.len() > 64 {
        return None;
    }
    let mut keys = Keys::default();
    for (key, below) in shape {
        let place = match below {
            Shape::Object(below) => Place::Object(top(below, table, false)?),
            Shape::Fact(ix) if is_top && key == "at" => Place::At(table.local(*ix)?),
            Shape::Fact(ix) => Place::Fact(table.local(*ix)?),
            Shape::List(..) => Place::Never,
            Shape::Text if key == "id" => Place::Id,
            Shape::Text => Place::Kind,
        };
        keys.0.push((key.as_str().into(), place));
    }
    Some(keys)
}

impl Reading {
    /// How a fact of a kind is read; `None` when its slot cannot hold it.
    pub fn new(bundle: &Bundle, kind: &Kind, ix: FactIx, table: &FactTable) -> Option<Self> {
        let fact = bundle.fact(ix)?;
        let meaning = kind.facts.get(&ix)?;
        let codes = table.codes_of(table.local(ix)?);
        let ignored = table.ignored(meaning)?;
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
    at: usize,
    limits: &'t RequestLimits,
    codes: &'t [Codes],
    readings: &'t [Reading],
    /// The request's id.
    pub id: Option<Span>,
    /// The decision time as written.
    pub decided_at: Option<Span>,
}

/// The kind that a request names, wherever it stands.
pub fn kind_of(text: &str, limits: &RequestLimits) -> Option<Span> {
    let mut scan = Scan::new(text, limits, &[], &[]);
    scan.blank();
    scan.expect(b'{')?;
    loop {
        scan.blank();
        scan.expect(b'"')?;
        let key = scan.string()?;
        scan.blank();
        scan.expect(b':')?;
        scan.blank();
        if part(text, key) == "kind" {
            scan.expect(b'"')?;
            return scan.string();
        }
        scan.skip(0)?;
        scan.blank();
        scan.expect(b',')?;
    }
}

impl<'t> Scan<'t> {
    /// Starts at the beginning.
    pub fn new(text: &'t str, limits: &'t RequestLimits, codes: &'t [Codes], readings: &'t [Reading]) -> Self {
        Self { text, at: 0, limits, codes, readings, id: None, decided_at: None }
    }

    /// Reads the whole request.
    pub fn request(&mut self, keys: &Keys, slots: &mut [Slot]) -> Option<()> {
        self.blank();
        self.expect(b'{')?;
        self.object(keys, slots)?;
        self.blank();
        (self.at == self.text.len()).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.step())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let until = self.at.checked_add(word.len())?;
        (self.text.as_bytes().get(self.at..until)? == word.as_bytes()).then(|| self.at = until)
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.step();
        }
    }

    /// A string without escapes and control characters, its opening quote being read.
    fn string(&mut self) -> Option<Span> {
        let from = self.at;
        let rest = self.text.as_bytes().get(from..)?;
        let mut plain = true;
        let mut length = 0_usize;
        for byte in rest {
            match byte {
                b'"' => break,
                b'\\' | 0..=0x1f => return None,
                0x7f..=0xff => plain = false,
                _ => {}
            }
            length = length.saturating_add(1);
        }
        let until = from.checked_add(length)?;
        if length > self.limits.text_bytes || (!plain && self.text.get(from..until)?.chars().any(char::is_control)) {
            return None;
        }
        self.at = until;
        self.expect(b'"')?;
        Some((u32::try_from(from).ok()?, u32::try_from(until).ok()?))
    }

    fn integer(&mut self) -> Option<i64> {
        let negative = self.expect(b'-').is_some();
        let from = self.at;
        let mut value = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.checked_mul(10)?.checked_add(i64::from(digit.checked_sub(b'0')?))?;
            self.step();
        }
        let digits = self.at.checked_sub(from)?;
        let leads = digits > 1 && self.text.as_bytes().get(from) == Some(&b'0');
        if digits == 0 || leads || (negative && value == 0) || matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        if negative { value.checked_neg() } else { Some(value) }
    }

    fn skip(&mut self, depth: usize) -> Option<()> {
        if depth > 16 {
            return None;
        }
        match self.peek()? {
            b'"' => {
                self.step();
                self.string().map(drop)
            }
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'{' | b'[' => self.skip_inside(depth),
            _ => self.integer().map(drop),
        }
    }

    fn skip_inside(&mut self, depth: usize) -> Option<()> {
        let (open, close) = if self.peek()? == b'{' { (b'{', b'}') } else { (b'[', b']') };
        self.step();
        self.blank();
        if self.expect(close).is_some() {
            return Some(());
        }
        loop {
            self.blank();
            if open == b'{' {
                self.expect(b'"')?;
                self.string()?;
                self.blank();
                self.expect(b':')?;
                self.blank();
            }
            self.skip(depth.saturating_add(1))?;
            self.blank();
            if self.expect(b',').is_none() {
                return self.expect(close);
            }
        }
    }

    /// An object, its opening brace being read.
    fn object(&mut self, keys: &Keys, slots: &mut [Slot]) -> Option<()> {
        let (mut seen, mut next) = (0_u64, 0_usize);
        self.blank();
        if self.expect(b'}').is_some() {
            return Some(());
        }
        loop {
            self.blank();
            self.expect(b'"')?;
            let key = self.string()?;
            let written = part(self.text, key);
            // Writers keep an order: the key is most often one after the last.
            let after = keys.0.iter().enumerate().skip(next);
            let (at, (_, place)) =
                after.chain(keys.0.iter().enumerate().take(next)).find(|(_, (known, _))| **known == *written)?;
            next = at.saturating_add(1);
            let bit = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
            self.blank();
            self.expect(b':')?;
            self.blank();
            self.value(place, slots)?;
            self.blank();
            if self.expect(b',').is_none() {
                return self.expect(b'}');
            }
        }
    }

    fn value(&mut self, place: &Place, slots: &mut [Slot]) -> Option<()> {
        if self.peek()? == b'n' {
            return self.word("null");
        }
        let local = match place {
            Place::Object(keys) => {
                self.expect(b'{')?;
                return self.object(keys, slots);
            }
            Place::Never => return None,
            Place::Kind => {
                self.expect(b'"')?;
                return self.string().map(drop);
            }
            Place::Id => {
                self.expect(b'"')?;
                self.id = Some(self.string()?);
                return Some(());
            }
            Place::At(local) => {
                let from = u32::try_from(self.at.checked_add(1)?).ok()?;
                let slot = self.fact(self.readings.get(*local)?, Slot::Missing)?;
                let until = u32::try_from(self.at.checked_sub(1)?).ok()?;
                self.decided_at = Some((from, until));
                *slots.get_mut(*local)? = slot;
                return Some(());
            }
            Place::Fact(local) => *local,
        };
        let unstated = *slots.get(local)?;
        let slot = self.fact(self.readings.get(local)?, unstated)?;
        *slots.get_mut(local)? = slot;
        Some(())
    }

    /// The slot of what is written; what stands there already for white space alone.
    fn fact(&mut self, reading: &Reading, unstated: Slot) -> Option<Slot> {
        let slot = match &reading.type_ {
            Type::Boolean if self.peek()? == b't' => self.word("true").map(|()| Slot::Boolean(true))?,
            Type::Boolean => self.word("false").map(|()| Slot::Boolean(false))?,
            Type::Integer => Slot::Integer(self.integer()?),
            Type::Set(_) => return self.set(reading),
            type_ => {
                self.expect(b'"')?;
                let span = self.string()?;
                let text = part(self.text, span);
                if text.trim().is_empty() {
                    return Some(unstated);
                }
                if matches!(type_, Type::Symbol(_)) {
                    return self.symbol(reading, text, span);
                }
                scalar(type_, text, span)?
            }
        };
        match &reading.minimum {
            Some(minimum) if !at_least(&slot, minimum) => None,
            _ => Some(slot),
        }
    }

    fn symbol(&self, reading: &Reading, text: &str, span: Span) -> Option<Slot> {
        match self.codes.get(reading.codes?)?.spelled(text) {
            Spelled::Code(code) => {
                let allowed = reading.allowed.as_ref();
                let fine = allowed.is_none_or(|all| usize::try_from(code).is_ok_and(|at| all.get(at) == Some(&true)));
                fine.then_some(Slot::Symbol(code))
            }
            Spelled::Unrecognised => match reading.unrecognised {
                Unrecognised::Error => None,
                Unrecognised::Other => Some(Slot::Other(span)),
                Unrecognised::Ask => Some(Slot::Unrecognised(span)),
                Unrecognised::Ignore => Some(reading.ignored),
            },
        }
    }

    fn set(&mut self, reading: &Reading) -> Option<Slot> {
        let codes = self.codes.get(reading.codes?)?;
        if codes.count() > 64 || reading.allowed.is_some() {
            return None;
        }
        self.expect(b'[')?;
        let (mut bits, mut count) = (0_u64, 0_usize);
        self.blank();
        if self.expect(b']').is_some() {
            return Some(Slot::Set(0));
        }
        loop {
            self.blank();
            self.expect(b'"')?;
            let span = self.string()?;
            let text = part(self.text, span);
            match codes.spelled(text) {
                Spelled::Code(code) => bits |= 1_u64.checked_shl(code)?,
                Spelled::Unrecognised
                    if reading.unrecognised == Unrecognised::Ask || reading.unrecognised == Unrecognised::Error =>
                {
                    return None;
                }
                Spelled::Unrecognised => {}
            }
            count = count.saturating_add(1);
            self.blank();
            if self.expect(b',').is_none() {
                self.expect(b']')?;
                return (count <= self.limits.elements).then_some(Slot::Set(bits));
            }
        }
    }
}

fn scalar(type_: &Type, text: &str, span: Span) -> Option<Slot> {
    match type_ {
        Type::Text => Some(Slot::Text(span)),
        // A currency is written by its code; any other spelling is left alone.
        Type::Currency => {
            let currency = iso_currency::Currency::from_code(text)?;
            (currency.code() == text).then_some(Slot::Text(span))
        }
        Type::Decimal => match Value::parse_decimal(text)? {
            Value::Decimal(decimal) => Some(Slot::Decimal(decimal)),
            _ => None,
        },
        Type::Date => Date::parse(text).map(Slot::Date),
        Type::Timestamp => Timestamp::parse(text).map(Slot::Timestamp),
        Type::Duration => Duration::parse(text).map(Slot::Duration),
        Type::Boolean | Type::Integer | Type::Symbol(_) | Type::Set(_) => None,
    }
}

fn at_least(slot: &Slot, minimum: &Value) -> bool {
    match (slot, minimum) {
        (Slot::Integer(a), Value::Integer(b)) => a >= b,
        (Slot::Decimal(a), Value::Decimal(b)) => a >= b,
        _ => false,
    }
}
