//! Checked bundle → program, and deciding with it. See `docs/performance.md`.
//!
//! Conditions become alternatives of single tests. The values that tests tell apart fall into classes; a class rules out
//! some alternatives and leaves others open, as bits of a word. What is left holds, or waits for facts. A request is read
//! straight into slots. Whatever is not plain (an error, a failed script, parts, a limit) is left to [`crate::decide`], so
//! the program never says anything that the interpreter would not.

mod blocks;
mod brief;
mod certificate;
mod check;
mod columns;
mod combine;
mod cursor;
mod decided;
mod diagram;
mod fact;
mod facts;
mod heads;
mod implied;
mod keys;
mod looks;
mod measures;
mod names;
mod native;
mod normal;
mod program;
mod run;
mod scan;
mod slots;
mod sources;
mod steps;
mod view;
mod waits;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use smallvec::SmallVec;

use crate::bundle::checked::Bundle;
use crate::decide::tree::parse;
use crate::decide::{Decided, Shapes, decide, shapes};
use crate::model::limits::RequestLimits;
use crate::model::time::Date;
use crate::model::value::Value;
use crate::script::LONGEST_TEXT;

pub use brief::Brief;
pub use certificate::{KindCertificate, Part, RuleCertificate, ScriptCertificate};
pub(crate) use check::{Periods, Tri, periods};
pub use columns::Columns;
pub(crate) use combine::Plan;
pub use combine::Why;
pub(crate) use diagram::Diagram;
pub(crate) use facts::FactTable;
pub(crate) use program::{KindProgram, ResultValue, RuleProgram};
pub(crate) use run::{Told, decide_from, told};
pub(crate) use view::View;

use cursor::Cursor;
use names::CodeBook;
use program::compile_kind;

pub use slots::{Request, Slot};

/// A bundle with its program.
#[derive(Debug)]
pub struct Compiled {
    /// The bundle.
    pub bundle: Arc<Bundle>,
    /// The shapes of its requests.
    pub shapes: Shapes,
    /// Bounds on requests.
    pub limits: RequestLimits,
    /// The program of each kind, made when the first request of the kind comes; `None` for one left to the interpreter.
    kinds: Vec<OnceLock<Option<KindProgram>>>,
    book: Mutex<CodeBook>,
}

impl Compiled {
    /// Compiles a bundle.
    #[must_use]
    pub fn new(bundle: Arc<Bundle>, limits: RequestLimits) -> Self {
        let shapes = shapes(&bundle);
        let kinds = bundle.kinds.iter().map(|_| OnceLock::new()).collect();
        Self { bundle, shapes, limits, kinds, book: Mutex::default() }
    }

    /// The program of a kind; `None` when it is left to the interpreter.
    pub(crate) fn kind(&self, at: usize) -> Option<&KindProgram> {
        let compile = || {
            // Codes are only added, each whole, so a book that another thread left in a panic is as good as any.
            let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            compile_kind(&self.bundle, &self.shapes, self.bundle.kinds.get(at)?, &mut book)
        };
        self.kinds.get(at)?.get_or_init(compile).as_ref()
    }

    /// Reads a plain request; `None` when it has to be read the long way.
    #[must_use]
    pub fn read(&self, bytes: &[u8]) -> Option<Request> {
        let mut request = Request::default();
        self.read_into(bytes, &mut request).map(|()| request)
    }

    /// Reads a plain request in place of one that was read before; `None` when it has to be read the long way, and then
    /// what is left is no request.
    pub fn read_into(&self, bytes: &[u8], request: &mut Request) -> Option<()> {
        if bytes.len() > self.limits.bytes.min(LONGEST_TEXT) {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let cursor = Cursor::new(text, &self.limits);
        let named = slots::part(text, cursor.kind()?);
        request.kind = self.bundle.kinds.iter().position(|kind| &*kind.name == named)?;
        let program = self.kind(request.kind)?;
        if request.facts.len() == program.table.initial.len() {
            request.facts.copy_from_slice(&program.table.initial);
        } else {
            request.facts = SmallVec::from_slice(&program.table.initial);
        }
        request.kept.clone_from(&program.table.kept);
        let (codes, readings) = (&program.table.codes, &program.readings);
        let mut scan = scan::Scan::new(text, cursor, &self.limits, codes, readings, &mut request.kept);
        scan.request(&program.keys, &mut request.facts)?;
        (request.id, request.at) = (scan.id, scan.decided_at?);
        program.settle(request);
        request.text.clear();
        request.text.push_str(text);
        Some(())
    }

    /// Decides a request that was read; `None` when the interpreter is needed.
    #[must_use]
    pub fn brief(&self, request: &Request) -> Option<Brief> {
        run::decide(self.kind(request.kind)?, request).ok()
    }

    /// Everything about a decision, as the interpreter gives it.
    #[must_use]
    pub fn full(&self, request: &Request, brief: &Brief) -> Decided {
        if let Some(decided) = self.retold(request, brief) {
            return decided;
        }
        let tree = parse(request.text.as_bytes(), &self.limits).ok();
        let decided = tree.and_then(|tree| decide(&self.bundle, &self.shapes, &tree, &self.limits).ok());
        // What the program reads and decides the interpreter does too; the tests hold them to it.
        decided.and_then(|decided| decided.parts.into_iter().next()).unwrap_or_default()
    }

    /// The rule of the bundle behind a rule of a kind.
    #[must_use]
    pub fn rule(&self, request: &Request, at: u32) -> Option<crate::bundle::checked::RuleIx> {
        self.kind(request.kind)?.rule(at).map(|rule| rule.ix)
    }

    /// The results of a decision.
    #[must_use]
    pub fn results(&self, request: &Request, brief: &Brief) -> BTreeMap<Arc<str>, Value> {
        let kind = self.kind(request.kind);
        let one = |(rule, number, slot): (u32, u32, Option<&Slot>)| {
            let result = kind?.result(rule, number)?;
            let value = match &result.value {
                ResultValue::Constant(value) => value.clone(),
                ResultValue::Fact(local) => self.value(request, kind?.table.codes_of(*local), slot?)?,
                ResultValue::Compute(_) | ResultValue::Beyond => self.value(request, None, slot?)?,
            };
            Some((Arc::clone(&result.name), value))
        };
        brief.given(kind).filter_map(one).collect()
    }

    fn value(&self, request: &Request, codes: Option<usize>, slot: &Slot) -> Option<Value> {
        Some(match slot {
            Slot::Boolean(b) => Value::Boolean(*b),
            Slot::Integer(i) => Value::Integer(*i),
            Slot::Decimal(d) => Value::Decimal(*d),
            Slot::Small(small) => Value::Decimal((*small).into()),
            Slot::Text(span) => Value::Text(request.part(*span).into()),
            Slot::Date(number) => Value::Date(Date::from_number(*number)?),
            Slot::Timestamp(t) => Value::Timestamp(*t),
            Slot::Duration(d) => Value::Duration(*d),
            Slot::Symbol(code) => {
                let kind = self.kind(request.kind)?;
                Value::Symbol(Arc::clone(kind.table.codes.get(codes?)?.code(*code)))
            }
            Slot::Absent | Slot::Missing | Slot::Unrecognised(_) | Slot::Other(_) | Slot::Set(_) => return None,
        })
    }
}
