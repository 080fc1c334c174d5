//! Requests of one kind as columns: each distinct value is read once, a row is a number for each column.

use smallvec::SmallVec;

use crate::script::Datum;

use super::brief::Brief;
use super::cursor::Cursor;
use super::run;
use super::scan::Scan;
use super::slots::Request;
use super::{Compiled, KindProgram};

/// Columns of one kind, read.
#[derive(Debug)]
pub struct Columns<'c> {
    program: &'c KindProgram,
    /// A request that states nothing, with what all values refer to.
    blank: Request,
    columns: Vec<(usize, Vec<Option<Datum>>)>,
}

impl Compiled {
    /// Reads the distinct values of columns, by the paths of facts that a request of the kind states; `None` when the kind
    /// is left to the interpreter.
    #[must_use]
    pub fn columns(&self, kind: usize, columns: &[(&str, &[serde_json::Value])]) -> Option<Columns<'_>> {
        let program = self.kind(kind)?;
        let mut text = String::new();
        let mut spans = Vec::new();
        for (_, values) in columns {
            for value in *values {
                let from = text.len();
                text.push_str(&value.to_string());
                spans.push(from);
                // What follows a number ends it.
                text.push('\n');
            }
        }
        let mut kept = program.table.kept.clone();
        let (cursor, codes) = (Cursor::new(&text, &self.limits), &program.table.codes);
        let mut scan = Scan::new(&text, cursor, &self.limits, codes, &program.readings, &mut kept);
        let mut spans = spans.into_iter();
        let mut read = Vec::new();
        for (path, values) in columns {
            let facts = self.bundle.kinds.get(kind)?.facts.keys();
            let mut named = facts.filter(|ix| self.bundle.fact(**ix).is_some_and(|fact| *fact.path == **path));
            let local = program.table.local(*named.next()?)?;
            let unstated = program.table.initial.get(local).copied()?;
            let data = values.iter().zip(&mut spans).map(|(_, from)| scan.value_at(from, local, unstated));
            read.push((local, data.collect()));
        }
        let facts = SmallVec::from_slice(&program.table.initial);
        let blank =
            Request { text, kind, facts, numbers: SmallVec::new(), took: 0, open: 0, kept, id: None, at: (0, 0) };
        Some(Columns { program, blank, columns: read })
    }
}

impl Columns<'_> {
    /// A request to decide rows with, one after the other.
    #[must_use]
    pub fn blank(&self) -> Request {
        let Request { text, kind, facts, kept, .. } = &self.blank;
        let (text, facts, kept) = (text.clone(), facts.clone(), kept.clone());
        Request { text, kind: *kind, facts, numbers: SmallVec::new(), took: 0, open: 0, kept, id: None, at: (0, 0) }
    }

    /// What all values refer to.
    #[must_use]
    pub fn shared(&self) -> &Request {
        &self.blank
    }

    /// Decides a row: for each column the number of its value, or `None` for one that is not given. `None` when the
    /// interpreter is needed.
    #[must_use]
    pub fn brief(&self, request: &mut Request, row: impl Iterator<Item = Option<usize>>) -> Option<Brief> {
        request.facts.copy_from_slice(&self.program.table.initial);
        for ((local, data), number) in self.columns.iter().zip(row) {
            if let Some(number) = number {
                *request.facts.get_mut(*local)? = (*data.get(number)?)?;
            }
        }
        if *request.facts.get(self.program.table.decided_at()?)? == Datum::MISSING {
            return None;
        }
        self.program.settle(request);
        run::decide(self.program, request).ok()
    }
}
