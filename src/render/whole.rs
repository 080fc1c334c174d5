//! The words of a plan: an answer from its outcome to its end, as far as it is the same for every request that comes to
//! the plan. Most of an answer is; so it is written in one piece.

use crate::compile::Plan;

use super::template::Piece;
use super::words::{Duty, KindWords, Language, Pieces, ReasonWords};

/// A part of an answer.
#[derive(Debug)]
pub enum Part {
    /// The same for every request.
    Text(Box<str>),
    /// The reason of a rule, by its position in the kind.
    Reason(u32),
    /// The reason that nothing permits.
    Otherwise,
    /// The results.
    Results,
    /// An obligation or advice: the rule, and which of its own.
    Duty(u32, usize),
}

/// The parts of an answer, from its outcome on; `None` for what is left to the slow way.
pub fn parts(language: &Language, words: &KindWords, plan: &Plan) -> Option<Vec<Part>> {
    let mut parts = Parts { all: Vec::new(), text: String::new() };
    parts.text.push_str(plan.outcome().as_str());
    parts.text.push_str("\",\"reasons\":[");
    for (number, why) in plan.because().iter().enumerate() {
        parts.separate(number);
        match why.rule {
            None => parts.pieces(words.otherwise.as_ref()?, Part::Otherwise),
            Some(at) => match words.rule(at)?.reason.as_ref().filter(|_| !why.waits)? {
                ReasonWords::Fixed(pieces) => parts.pieces(pieces, Part::Reason(at)),
                ReasonWords::Citing { .. } => parts.other(Part::Reason(at)),
            },
        }
    }
    parts.text.push_str("],\"results\":{");
    parts.results(words, plan)?;
    parts.text.push_str("},\"obligations\":[");
    for (number, (rule, at, duty)) in duties(words, plan.carry())?.into_iter().enumerate() {
        parts.separate(number);
        parts.pieces(&duty.words, Part::Duty(rule, at));
    }
    parts.text.push_str("],\"missing\":[],");
    parts.text.push_str(&language.end);
    parts.end();
    Some(parts.all)
}

/// Obligations, then advice, each code once: the rule, which of its own, and its words; `None` for what is left to the
/// slow way.
pub fn duties<'w>(words: &'w KindWords, carry: &[u32]) -> Option<Vec<(u32, usize, &'w Duty)>> {
    let mut all: Vec<(u32, usize, &Duty)> = Vec::new();
    for rule in carry {
        for (at, duty) in words.rule(*rule)?.duties.as_ref()?.iter().enumerate() {
            if !all.iter().any(|(_, _, known)| known.code == duty.code) {
                all.push((*rule, at, duty));
            }
        }
    }
    all.sort_by_key(|(_, _, duty)| duty.advice);
    Some(all)
}

struct Parts {
    all: Vec<Part>,
    text: String,
}

impl Parts {
    fn separate(&mut self, number: usize) {
        if number > 0 {
            self.text.push(',');
        }
    }

    fn end(&mut self) {
        if !self.text.is_empty() {
            self.all.push(Part::Text(std::mem::take(&mut self.text).into()));
        }
    }

    fn other(&mut self, part: Part) {
        self.end();
        self.all.push(part);
    }

    /// A message that is the same for every request becomes text.
    fn pieces(&mut self, pieces: &Pieces, otherwise: Part) {
        match pieces.as_slice() {
            [Piece::Text(text)] => self.text.push_str(text),
            _ => self.other(otherwise),
        }
    }

    fn results(&mut self, words: &KindWords, plan: &Plan) -> Option<()> {
        if !plan.given().iter().all(|one| one.is_constant) {
            self.other(Part::Results);
            return Some(());
        }
        for (number, one) in plan.given().iter().enumerate() {
            self.separate(number);
            self.text.push_str(words.rule(one.rule)?.results.get(usize::try_from(one.number).ok()?)?);
        }
        Some(())
    }
}
