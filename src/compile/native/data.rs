//! Values of any sort, and what is told of results.

use rust_decimal::Decimal;

use crate::script::{Datum, GiveUp, Inputs, NodeIx, Op, Tag};

use super::super::slots::Slot;
use super::super::sources::Scripts;
use super::results::Tells;
use super::{Lower, Made, is_truth, shared};

impl Lower<'_> {
    /// A stated fact.
    pub(super) fn fact(&self, at: NodeIx) -> Option<usize> {
        let Some(Op::Input(input)) = self.graph.op(at) else { return None };
        Scripts::fact(*input).filter(|fact| *fact < self.stated)
    }

    /// A value of any sort.
    pub(super) fn datum(&self, at: NodeIx) -> Made<Datum> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) => Made::constant(*datum),
            Some(Op::Input(_)) => self.unsorted(at),
            Some(_) if self.is_whole(at) => {
                let whole = self.whole(at);
                Made::new(move |view| whole.of(view).and_then(|number| Datum::integer(number).ok_or(GiveUp)))
            }
            Some(_) if self.is_day(at) => {
                let day = self.day(at);
                Made::new(move |view| day.of(view).and_then(|number| Datum::date(number).ok_or(GiveUp)))
            }
            Some(Op::Memo(place, node)) => self.kept_datum(*place, *node),
            Some(_) if self.is_decimal(at) => {
                let decimal = self.decimal(at);
                Made::new(move |view| decimal.of(view).map(|decimal| view.scratch().keep(decimal)))
            }
            _ => self.unsorted(at),
        }
    }

    /// A value of which nothing is known that helps.
    pub(super) fn unsorted(&self, at: NodeIx) -> Made<Datum> {
        match self.graph.op(at) {
            Some(Op::Input(input)) => {
                let input = *input;
                Made::new(move |view| view.input(input))
            }
            Some(Op::Memo(place, node)) => self.kept_datum(*place, *node),
            Some(Op::If(condition, then, otherwise)) => {
                self.either(*condition, self.datum(*then), self.datum(*otherwise))
            }
            Some(Op::Then(before, last)) => self.after(before, self.datum(*last)),
            Some(Op::Required(node)) => {
                let node = self.datum(*node);
                Made::new(move |view| {
                    node.of(view).and_then(|datum| if datum.is_absent() { Err(GiveUp) } else { Ok(datum) })
                })
            }
            Some(Op::First(items)) => self.first(items),
            Some(Op::ToDecimal(node)) => {
                let node = self.datum(*node);
                Made::new(move |view| match node.of(view)? {
                    whole if whole.tag() == Tag::Integer => Ok(view.scratch().keep(Decimal::from(whole.word()))),
                    datum => Ok(datum),
                })
            }
            Some(op) if is_truth(op) => {
                let truth = self.truth(at);
                Made::new(move |view| truth.of(view).map(Datum::boolean))
            }
            _ => Made::new(move |view| view.kind.scripts.graph.value(at, view)),
        }
    }

    fn first(&self, items: &[NodeIx]) -> Made<Datum> {
        let items: Box<[Made<Datum>]> = items.iter().map(|item| self.datum(*item)).collect();
        Made::new(move |view| {
            for item in &items {
                let value = item.of(view)?;
                if !value.is_absent() {
                    return Ok(value);
                }
            }
            Ok(Datum::ABSENT)
        })
    }

    /// Computed once per request.
    fn kept_datum(&self, place: usize, node: NodeIx) -> Made<Datum> {
        let node = shared(&self.data, place, || self.datum(node));
        let places = self.graph.places();
        Made::new(move |view| {
            if let Some(known) = view.scratch().recall(place) {
                return Ok(known);
            }
            let datum = node.of(view)?;
            view.scratch().remember(place, places, datum);
            Ok(datum)
        })
    }

    /// What is told of a value.
    pub(super) fn tells(&self, at: NodeIx) -> Tells {
        match self.graph.op(at) {
            Some(Op::If(condition, then, otherwise)) => {
                let (condition, then, otherwise) = (self.truth(*condition), self.tells(*then), self.tells(*otherwise));
                Tells::new(
                    move |view, out| {
                        if condition.of(view)? { then.to(view, out) } else { otherwise.to(view, out) }
                    },
                )
            }
            Some(Op::Plain(Datum::ABSENT)) => Tells::new(|_, out| {
                out.push(Slot::Absent);
                Ok(())
            }),
            Some(_) if self.is_whole(at) => Tells::Whole(self.whole(at)),
            Some(_) if self.is_day(at) => Tells::Day(self.day(at)),
            Some(op) if self.is_decimal(at) => match self.ratio(op) {
                Some(ratio) => Tells::Ratio(ratio),
                None => {
                    let decimal = self.decimal(at);
                    Tells::new(move |view, out| decimal.of(view).map(|decimal| out.decimal(decimal)))
                }
            },
            _ => {
                let datum = self.datum(at);
                Tells::new(move |view, out| {
                    let datum = datum.of(view)?;
                    out.datum(datum, &view.scratch)
                })
            }
        }
    }
}
