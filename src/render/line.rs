//! Writes one decision from the words of its language and the slots of its request.

use std::borrow::Cow;
use std::fmt::Write;

use smallvec::SmallVec;

use crate::bundle::checked::FactIx;
use crate::compile::{Brief, Compiled, FactTable, Request, ResultValue, Slot, View};
use crate::model::decision::Outcome;
use crate::model::time::Date;
use crate::model::value::Value;

use super::resolve::{Names, Variable, shown};
use super::template::{Chosen, Piece, escaped};
use super::whole::{Part, duties, parts};
use super::words::{KindWords, Language, Pieces, ReasonWords};

/// Numbers up to here are written by Fluent as they are.
const EXACT: u64 = 1 << 53;

/// A value in words.
enum Word<'t> {
    /// As JSON writes it between quotes.
    Text(Cow<'t, str>),
    /// A whole number.
    Number(i64),
    /// What is written as it is.
    Shown(Slot),
}

impl Word<'_> {
    fn write(&self, out: &mut String) -> Option<()> {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Number(number) => push_number(*number, out),
            Self::Shown(slot) => push_shown(slot, out)?,
        }
        Some(())
    }
}

struct Writer<'w> {
    compiled: &'w Compiled,
    language: &'w Language,
    words: &'w KindWords,
    request: &'w Request,
    brief: &'w Brief,
    view: View<'w>,
    /// What the reason that is written waits for.
    missing: String,
}

/// Writes a decision; `None` for what is left to the slow way.
pub fn write(
    compiled: &Compiled,
    language: &Language,
    request: &Request,
    brief: &Brief,
    out: &mut String,
) -> Option<()> {
    let words = language.kind(compiled, request.kind)?;
    let view = View::new(compiled.kind(request.kind)?, request);
    Writer { compiled, language, words, request, brief, view, missing: String::new() }.decision(out)
}

impl<'w> Writer<'w> {
    fn decision(&mut self, out: &mut String) -> Option<()> {
        out.push('{');
        if let Some(id) = self.request.id {
            out.push_str("\"id\":\"");
            out.push_str(self.request.part(id));
            out.push_str("\",");
        }
        out.push_str(&self.words.head);
        out.push_str(self.request.part(self.request.at));
        out.push_str("\",\"outcome\":\"");
        if self.brief.outcome == Outcome::NeedsInformation {
            return self.asking(out);
        }
        if let Some((number, plan)) = self.brief.kept(self.view.kind) {
            let make = || parts(self.language, self.words, plan);
            let parts = self.words.plan(number, make)?;
            return parts.iter().try_for_each(|part| self.part(part, out));
        }
        out.push_str(self.brief.outcome.as_str());
        out.push_str("\",\"reasons\":[");
        self.reasons(out)?;
        out.push_str("],\"results\":{");
        self.results(out)?;
        out.push_str("},\"obligations\":[");
        self.duties(out)?;
        out.push_str("],\"missing\":[],");
        out.push_str(&self.language.end);
        Some(())
    }

    /// A decision that asks for information: with what each reason, and the whole, waits for.
    fn asking(&mut self, out: &mut String) -> Option<()> {
        let (words, brief) = (self.words, self.brief);
        let waits = self.compiled.waits(self.request, brief)?;
        out.push_str(brief.outcome.as_str());
        out.push_str("\",\"reasons\":[");
        for (number, (why, missing)) in brief.because(Some(self.view.kind)).iter().zip(&waits).enumerate() {
            if number > 0 {
                out.push(',');
            }
            self.missing = self.paths(&**missing).join(", ");
            let reason = match why.waits {
                true => words.waiting(self.compiled, self.language, self.request.kind, why.rule?)?,
                false => words.rule(why.rule?)?.reason.as_ref()?,
            };
            self.reason(reason, out)?;
        }
        self.missing.clear();
        out.push_str("],\"results\":{");
        self.results(out)?;
        out.push_str("},\"obligations\":[");
        self.duties(out)?;
        out.push_str("],\"missing\":[");
        for (number, path) in self.paths(waits.iter().flat_map(|waits| &**waits)).iter().enumerate() {
            out.push_str(if number > 0 { ",\"" } else { "\"" });
            out.push_str(path);
            out.push('"');
        }
        out.push_str("],");
        out.push_str(&self.language.end);
        Some(())
    }

    /// The paths of facts in order, as JSON writes them.
    fn paths<'i>(&self, facts: impl IntoIterator<Item = &'i FactIx>) -> Vec<String> {
        let mut paths: Vec<_> = facts.into_iter().map(|ix| self.compiled.bundle.path(*ix)).collect();
        paths.sort_unstable();
        paths.dedup();
        paths.iter().map(|path| escaped(path)).collect()
    }

    fn part(&mut self, part: &Part, out: &mut String) -> Option<()> {
        let words = self.words;
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Reason(rule) => self.reason(words.rule(*rule)?.reason.as_ref()?, out)?,
            Part::Otherwise => self.pieces(words.otherwise.as_ref()?, out)?,
            Part::Results => self.results(out)?,
            Part::Duty(rule, at) => self.pieces(&words.rule(*rule)?.duties.as_ref()?.get(*at)?.words, out)?,
        }
        Some(())
    }

    fn reasons(&mut self, out: &mut String) -> Option<()> {
        let (words, brief) = (self.words, self.brief);
        for (number, why) in brief.because(Some(self.view.kind)).iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            match why.rule {
                None => self.pieces(words.otherwise.as_ref()?, out)?,
                Some(rule) => self.reason(words.rule(rule)?.reason.as_ref().filter(|_| !why.waits)?, out)?,
            }
        }
        Some(())
    }

    fn reason(&mut self, reason: &'w ReasonWords, out: &mut String) -> Option<()> {
        let (head, cites, source, message) = match reason {
            ReasonWords::Fixed(pieces) => return self.pieces(pieces, out),
            ReasonWords::Citing { head, cites, source, message } => (head, cites, source, message),
        };
        out.push_str(head);
        let (cited, lines) = cites.of(&mut self.view)?;
        self.language.clauses.write(cited, out);
        out.push_str(source);
        for (number, line) in lines.iter().enumerate() {
            out.push_str(if number == 0 { ",\"evidence\":[" } else { "," });
            out.push_str(line);
        }
        if !lines.is_empty() {
            out.push(']');
        }
        self.pieces(message, out)
    }

    fn results(&mut self, out: &mut String) -> Option<()> {
        let program = self.view.kind;
        for (number, (rule, at, slot)) in self.brief.given(Some(program)).enumerate() {
            if number > 0 {
                out.push(',');
            }
            let value = &program.result(rule, at)?.value;
            let rule = self.words.rule(rule)?;
            out.push_str(rule.results.get(usize::try_from(at).ok()?)?);
            match value {
                ResultValue::Constant(_) => {}
                ResultValue::Fact(local) => self.json(slot?, Some(*local), out)?,
                ResultValue::Compute(_) => self.json(slot?, None, out)?,
                ResultValue::Beyond => return None,
            }
        }
        Some(())
    }

    /// A slot as JSON.
    fn json(&self, slot: &Slot, local: Option<usize>, out: &mut String) -> Option<()> {
        match slot {
            Slot::Boolean(b) => out.push_str(if *b { "true" } else { "false" }),
            Slot::Integer(i) => push_number(*i, out),
            Slot::Symbol(code) => {
                let codes = self.table().codes.get(self.table().codes_of(local?)?)?;
                out.push('"');
                out.push_str(&escaped(codes.code(*code)));
                out.push('"');
            }
            other => {
                out.push('"');
                match self.text(other) {
                    Some(text) => out.push_str(text),
                    None => push_shown(other, out)?,
                }
                out.push('"');
            }
        }
        Some(())
    }

    fn table(&self) -> &'w FactTable {
        &self.view.kind.table
    }

    fn duties(&mut self, out: &mut String) -> Option<()> {
        let words = self.words;
        for (number, (_, _, duty)) in duties(words, self.brief.carry(self.view.kind))?.into_iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            self.pieces(&duty.words, out)?;
        }
        Some(())
    }

    fn pieces(&mut self, pieces: &'w Pieces, out: &mut String) -> Option<()> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(variable) => self.word(variable)?.write(out)?,
                Piece::Select(variable, variants, otherwise) => {
                    let word = self.word(variable)?;
                    let mut shown = String::new();
                    let chosen = match &word {
                        Word::Text(text) => Chosen::Text(text),
                        Word::Number(number) => Chosen::Number(*number),
                        Word::Shown(slot) => {
                            push_shown(slot, &mut shown)?;
                            Chosen::Text(&shown)
                        }
                    };
                    let found = variants.iter().find(|(key, _)| key.matches(chosen, &self.words.plurals));
                    self.pieces(found.map_or(otherwise, |(_, pieces)| pieces), out)?;
                }
            }
        }
        Some(())
    }

    fn word(&mut self, variable: &'w Variable) -> Option<Word<'w>> {
        let word = match variable {
            Variable::Fixed(text) => text_word(text),
            Variable::Missing => Word::Text(Cow::Owned(self.missing.clone())),
            Variable::State(local) => text_word(state(&self.view.slot(*local).ok()?)?),
            Variable::Fact(local, names) => {
                let slot = self.view.slot(*local).ok()?;
                match &slot {
                    Slot::Symbol(code) => text_word(names.get(usize::try_from(*code).ok()?)?),
                    Slot::Set(bits) => Word::Text(self.set(*local, *bits, names)?.into()),
                    other => self.slot_word(other)?,
                }
            }
            Variable::Given { results, cells } => self.given(results, cells)?,
        };
        match word {
            Word::Number(number) if number.unsigned_abs() > EXACT => None,
            word => Some(word),
        }
    }

    fn slot_word(&self, slot: &Slot) -> Option<Word<'w>> {
        Some(match slot {
            Slot::Absent | Slot::Missing => text_word("?"),
            Slot::Integer(i) => Word::Number(*i),
            Slot::Boolean(b) => text_word(if *b { "true" } else { "false" }),
            other => match self.text(other) {
                Some(text) => text_word(text),
                None if is_shown(other) => Word::Shown(*other),
                None => return None,
            },
        })
    }

    /// What the request says in words.
    fn text(&self, slot: &Slot) -> Option<&'w str> {
        match slot {
            Slot::Unrecognised(span) | Slot::Other(span) | Slot::Text(span) => Some(self.request.part(*span)),
            _ => None,
        }
    }

    /// The names of a set's codes, in the order of the codes.
    fn set(&self, local: usize, bits: u64, names: &[Box<str>]) -> Option<String> {
        let codes = self.table().codes.get(self.table().codes_of(local)?)?;
        let mut all: SmallVec<[u32; 8]> = (0..64).filter(|at| bits >> at & 1 == 1).collect();
        all.sort_unstable_by_key(|at| codes.code(*at));
        let mut out = String::new();
        for (number, at) in all.iter().enumerate() {
            out.push_str(if number > 0 { ", " } else { "" });
            out.push_str(names.get(usize::try_from(*at).ok()?)?);
        }
        Some(out)
    }

    fn given(&mut self, results: &[(std::sync::Arc<str>, Names)], cells: &[(usize, usize, Names)]) -> Option<Word<'w>> {
        let program = self.view.kind;
        for (name, names) in results {
            for (rule, at, slot) in self.brief.given(Some(program)) {
                let result = program.result(rule, at)?;
                if result.name == *name {
                    return self.result_word(&result.value, slot, names);
                }
            }
        }
        for (table, column, names) in cells {
            if let Some(at) = self.view.row(*table).ok()?.found() {
                let row = self.compiled.bundle.tables.get(*table)?.rows.get(at)?;
                return value_word(row.values.get(*column)?, names);
            }
        }
        Some(text_word("?"))
    }

    fn result_word(&self, value: &ResultValue, slot: Option<&Slot>, names: &Names) -> Option<Word<'w>> {
        match (value, slot) {
            (ResultValue::Constant(value), _) => value_word(value, names),
            (ResultValue::Fact(local), Some(Slot::Symbol(code))) => {
                let codes = self.table().codes.get(self.table().codes_of(*local)?)?;
                value_word(&Value::Symbol(codes.code(*code).clone()), names)
            }
            (_, slot) => self.slot_word(slot?),
        }
    }
}

fn text_word(text: &str) -> Word<'_> {
    Word::Text(Cow::Borrowed(text))
}

fn value_word<'w>(value: &Value, names: &Names) -> Option<Word<'w>> {
    Some(match value {
        Value::Integer(number) => Word::Number(*number),
        other => Word::Text(Cow::Owned(shown(other, names)?.into())),
    })
}

/// What is known of a fact; `None` where it depends on what the words may mean.
fn state(slot: &Slot) -> Option<&'static str> {
    Some(match slot {
        Slot::Absent => "absent",
        Slot::Missing => "missing",
        Slot::Unrecognised(_) => return None,
        Slot::Other(_) => "unrecognised",
        Slot::Set(0) => "empty",
        _ => "known",
    })
}

fn is_shown(slot: &Slot) -> bool {
    matches!(slot, Slot::Decimal(_) | Slot::Small(_) | Slot::Date(_) | Slot::Timestamp(_) | Slot::Duration(_))
}

/// Writes what is neither of the request's words nor a code; `None` for anything else.
fn push_shown(slot: &Slot, out: &mut String) -> Option<()> {
    match slot {
        Slot::Decimal(d) => write!(out, "{d}"),
        Slot::Small(small) => write!(out, "{small}"),
        Slot::Date(number) => write!(out, "{}", Date::from_number(*number)?),
        Slot::Timestamp(t) => write!(out, "{t}"),
        Slot::Duration(d) => write!(out, "{d}"),
        _ => return None,
    }
    .ok()
}

fn push_number(number: i64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(number));
}
