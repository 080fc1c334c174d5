//! Results that are computed, and what has to be known before.

use crate::script::GiveUp;

use super::super::check::Tri;
use super::super::slots::Slot;
use super::super::sources::Gate;
use super::super::view::View;
use super::Made;

/// What has to be known before a result is computed; where it is not, there is none.
#[derive(Debug)]
pub enum Passes {
    /// None of these facts is open, a bit for each, and a row of these tables applies.
    Known(u64, Box<[usize]>),
    /// Settings that change with the date, or facts beyond those that have a bit.
    Asked(Gate),
}

/// A result that is computed.
#[derive(Debug)]
pub struct Computed {
    /// What has to be known.
    pub passes: Passes,
    /// Its value.
    pub value: Made<Slot>,
}

impl Computed {
    /// One that needs nothing to be known.
    pub fn open(value: Made<Slot>) -> Self {
        Self { passes: Passes::Known(0, Box::default()), value }
    }

    /// Its value; [`Slot::Absent`] where there is none.
    ///
    /// # Errors
    /// When it fails, or the interpreter is needed.
    pub fn of(&self, view: &mut View<'_>) -> Result<Slot, GiveUp> {
        let passes = match &self.passes {
            Passes::Known(facts, rows) => have_rows(rows, view)? && !view.waits(*facts),
            Passes::Asked(gate) => view.pass(gate)? == Tri::True,
        };
        if passes { self.value.of(view) } else { Ok(Slot::Absent) }
    }
}

/// Whether a row of each of these tables applies.
///
/// # Errors
/// When the interpreter is needed.
#[inline]
pub fn have_rows(tables: &[usize], view: &mut View<'_>) -> Result<bool, GiveUp> {
    for table in tables {
        if view.row(*table)?.found().is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
