//! The state of a table's look-up as a number, row after row: what [`crate::decide::evaluate::lookup`] does in order.

/// No row so far.
pub const NONE: u32 = 0;
/// No row for sure, one perhaps.
pub const OPEN: u32 = 1;
/// Two rows, or one that cannot be evaluated.
pub const FAILED: u32 = 2;
const ROWS: u32 = 4;

/// The state after one more row.
/// Truths are numbers of [`super::mdd::truth`].
pub fn step(state: u32, truth: u32, row: u32) -> u32 {
    match (state, truth) {
        (FAILED, _) | (_, 1) => FAILED,
        (state, 0) => state,
        (NONE | OPEN, 2) => OPEN,
        (found, 2) => found | 1,
        (NONE | OPEN, _) => ROWS.saturating_add(row.saturating_mul(2)) | state,
        _ => FAILED,
    }
}

/// What a look-up ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No row applies.
    None,
    /// It depends on what is not known.
    Open,
    /// Two rows apply, or one cannot be evaluated.
    Failed,
    /// This row applies.
    Row(usize),
}

/// The end of a state.
pub fn found(state: u32) -> Found {
    match state {
        NONE => Found::None,
        FAILED => Found::Failed,
        open if open & 1 == 1 => Found::Open,
        row => Found::Row(usize::try_from(row.saturating_sub(ROWS) >> 1).unwrap_or(usize::MAX)),
    }
}
