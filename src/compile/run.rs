//! Runs a program on a request. Whatever is not plain is left to the interpreter, which is also how it is judged.

use smallvec::SmallVec;

use crate::bundle::checked::Comparison;
use crate::model::decision::Outcome;
use crate::script::{Datum, GiveUp};

use super::blocks::{Block, Group};
use super::check::{Check, Compute, Periods, Predicate, Source, Tri, by_state, compare, in_force, passes, same};
use super::program::{Follows, KindProgram, Program, ResultValue, TableRow};
use super::slots::{Request, Slot};

/// Derived facts of a kind.
pub const DERIVED: usize = 16;
/// Tables whose row is kept while a request is decided.
const ROWS: usize = 8;

/// Why a rule is among the reasons: the rule, by its position in the kind, and whether it waits for facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// The rule; `None` for the reason that nothing permits.
    pub rule: Option<u32>,
    /// Whether it waits for facts.
    pub waits: bool,
}

/// A decision as the program gives it.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The outcome.
    pub outcome: Outcome,
    /// The reasons, in order.
    pub because: SmallVec<[Why; 4]>,
    /// Rule, result of the rule, value; sorted by the name of the result.
    pub results: SmallVec<[(u32, u32, Slot); 8]>,
    /// The rules whose obligations follow.
    pub carry: SmallVec<[u32; 4]>,
}

#[derive(Clone, Copy)]
enum Row {
    Unread,
    None,
    Open,
    Found(usize),
}

struct Run<'r> {
    kind: &'r KindProgram,
    request: &'r Request,
    derived: [Option<Slot>; DERIVED],
    rows: [Row; ROWS],
    sure: SmallVec<[u32; 16]>,
    open: SmallVec<[u32; 16]>,
}

/// Decides a request that was read.
///
/// # Errors
/// When the interpreter is needed.
pub fn decide(program: &Program, request: &Request) -> Result<Brief, GiveUp> {
    let kind = program.kinds.get(request.kind).and_then(Option::as_ref).ok_or(GiveUp)?;
    let mut run = Run {
        kind,
        request,
        derived: [None; DERIVED],
        rows: [Row::Unread; ROWS],
        sure: SmallVec::new(),
        open: SmallVec::new(),
    };
    run.group(&kind.contradictions)?;
    if !run.sure.is_empty() {
        return Err(GiveUp);
    }
    run.open.clear();
    run.group(&kind.rules_group)?;
    run.combine()
}

impl<'r> Run<'r> {
    fn stated(&self, local: usize) -> Slot {
        self.request.slots.get(local).copied().unwrap_or(Slot::Absent)
    }

    fn slot(&mut self, local: usize) -> Result<Slot, GiveUp> {
        let Some(at) = local.checked_sub(self.kind.table.stated) else { return Ok(self.stated(local)) };
        if let Some(slot) = self.derived.get(at).copied().flatten() {
            return Ok(slot);
        }
        let compute = self.kind.derived.get(at).and_then(Option::as_ref).ok_or(GiveUp)?;
        let slot = match self.compute(compute)? {
            Computed::Value(value) => self.settle(local, value)?,
            Computed::NoRow => Slot::Absent,
            Computed::Open => Slot::Missing,
        };
        *self.derived.get_mut(at).ok_or(GiveUp)? = Some(slot);
        Ok(slot)
    }

    fn settle(&self, local: usize, value: Datum<'r>) -> Result<Slot, GiveUp> {
        match value {
            Datum::Symbol(code) => {
                let codes = self.kind.table.codes_of(local).and_then(|at| self.kind.table.codes.get(at));
                codes.and_then(|codes| codes.position(code)).map(Slot::Symbol).ok_or(GiveUp)
            }
            other => Slot::plain(other).ok_or(GiveUp),
        }
    }

    fn group(&mut self, group: &'r Group) -> Result<(), GiveUp> {
        for block in &group.blocks {
            self.block(block)?;
        }
        for (fact, children) in &group.index {
            let slot = self.stated(*fact);
            if matches!(slot, Slot::Missing | Slot::Unrecognised) {
                return Err(GiveUp);
            }
            if let Some(Some(child)) = children.get(slot.atom()) {
                self.group(child)?;
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &'r Block) -> Result<(), GiveUp> {
        let (mut out, mut open) = (0_u64, 0_u64);
        for column in &block.columns {
            let class = self.stated(column.fact).atom();
            let (ruled_out, left_open) = column.classes.get(class).ok_or(GiveUp)?;
            out |= ruled_out;
            open |= left_open;
        }
        let mut left = block.all & !out;
        for later in &block.later {
            if left & (later.holds | later.fails) == 0 {
                continue;
            }
            match self.predicate(later.predicate)? {
                Tri::True => left &= !later.fails,
                Tri::False => left &= !later.holds,
                Tri::Open => open |= later.holds | later.fails,
            }
        }
        while left != 0 {
            let at = left.trailing_zeros();
            let rule = usize::try_from(at).ok().and_then(|at| block.rules.get(at)).ok_or(GiveUp)?;
            let bit = 1_u64.checked_shl(at).ok_or(GiveUp)?;
            if open & bit == 0 {
                self.sure.push(*rule)
            } else {
                self.open.push(*rule)
            }
            left &= !bit;
        }
        Ok(())
    }

    fn predicate(&mut self, at: u32) -> Result<Tri, GiveUp> {
        let at = usize::try_from(at).map_err(|_| GiveUp)?;
        let kind = self.kind;
        match kind.predicates.get(at).ok_or(GiveUp)? {
            Predicate::Fact(local, check) => {
                let slot = self.slot(*local)?;
                self.check(check, &slot)
            }
            Predicate::InForce(local, period) => Ok(in_force(&self.slot(*local)?, period)),
            Predicate::Script(compute) => Ok(match self.compute(compute)? {
                Computed::Value(value) => Tri::of(value == Datum::Boolean(true)),
                Computed::NoRow => Tri::False,
                Computed::Open => Tri::Open,
            }),
            Predicate::Beyond => Err(GiveUp),
        }
    }

    fn check(&mut self, check: &'r Check, slot: &Slot) -> Result<Tri, GiveUp> {
        match check {
            Check::All(tests) => {
                let mut all = Tri::True;
                for test in tests {
                    all = all.and(self.check(test, slot)?);
                }
                Ok(all)
            }
            Check::Table(comparison, table, column) => self.check_table(*comparison, *table, *column, slot),
            _ if !slot.is_known() => Ok(by_state(check, slot)),
            Check::Present(wanted) | Check::Known(wanted) => Ok(Tri::of(*wanted)),
            Check::Not(inner) => self.check(inner, slot).map(Tri::not),
            Check::Listed(entries) => {
                let mut any = Tri::False;
                for (value, code, periods) in entries {
                    let same = match (code, slot) {
                        (Some(code), Slot::Symbol(own)) => code == own,
                        _ => same(slot, value, &self.request.text),
                    };
                    if same {
                        any = any.not().and(self.applies(periods)?.not()).not();
                    }
                }
                Ok(any)
            }
            _ => Ok(passes(check, slot, &self.request.text)),
        }
    }

    fn check_table(&mut self, comparison: Comparison, table: usize, column: usize, slot: &Slot) -> Result<Tri, GiveUp> {
        match slot {
            Slot::Absent | Slot::Other => return Ok(Tri::False),
            Slot::Unrecognised => return Ok(Tri::Open),
            _ => {}
        }
        Ok(match self.row(table)? {
            Row::Found(at) if slot.is_known() => {
                let rows = self.program_rows(table)?;
                let cell = rows.get(at).and_then(|row| row.values.get(column)).ok_or(GiveUp)?;
                Tri::of(compare(comparison, slot, cell))
            }
            Row::None => Tri::False,
            _ => Tri::Open,
        })
    }

    fn program_rows(&self, table: usize) -> Result<&'r [TableRow], GiveUp> {
        self.kind.tables.get(table).and_then(Option::as_deref).ok_or(GiveUp)
    }

    fn row(&mut self, table: usize) -> Result<Row, GiveUp> {
        if let Some(known @ (Row::None | Row::Open | Row::Found(_))) = self.rows.get(table) {
            return Ok(*known);
        }
        let (mut found, mut open) = (Row::None, false);
        for (at, row) in self.program_rows(table)?.iter().enumerate() {
            let mut truth = Tri::True;
            for (local, check) in &row.tests {
                let slot = self.slot(*local)?;
                truth = truth.and(self.check(check, &slot)?);
            }
            match (truth.and(self.applies(&row.periods)?), found) {
                (Tri::True, Row::None) => found = Row::Found(at),
                (Tri::True, _) => return Err(GiveUp),
                (Tri::False, _) => {}
                (Tri::Open, _) => open = true,
            }
        }
        let row = if open { Row::Open } else { found };
        if let Some(kept) = self.rows.get_mut(table) {
            *kept = row;
        }
        Ok(row)
    }

    fn applies(&mut self, periods: &Periods) -> Result<Tri, GiveUp> {
        let mut truth = Tri::of(!periods.never);
        for (local, period) in &periods.hold {
            truth = truth.and(in_force(&self.slot(*local)?, period));
        }
        for (local, period) in &periods.fail {
            truth = truth.and(in_force(&self.slot(*local)?, period).not());
        }
        Ok(truth)
    }

    fn compute(&mut self, compute: &'r Compute) -> Result<Computed<'r>, GiveUp> {
        let mut values = [Datum::Absent; 16];
        let (mut open, mut no_row) = (false, false);
        for (value, source) in values.iter_mut().zip(&compute.reads) {
            match source {
                Source::Fixed => {}
                Source::Fact(local) => match self.slot(*local)? {
                    Slot::Missing | Slot::Unrecognised | Slot::Other => open = true,
                    slot => *value = self.datum(*local, slot)?,
                },
                Source::Cell(table, column) => match self.row(*table)? {
                    Row::Found(at) => {
                        let rows = self.program_rows(*table)?;
                        let cell = rows.get(at).and_then(|row| row.values.get(*column)).ok_or(GiveUp)?;
                        *value = Datum::of(cell).ok_or(GiveUp)?;
                    }
                    Row::None => no_row = true,
                    _ => open = true,
                },
            }
        }
        if no_row {
            return Ok(Computed::NoRow);
        }
        if open {
            return Ok(Computed::Open);
        }
        compute.script.run(&values).map(Computed::Value)
    }

    fn datum(&self, local: usize, slot: Slot) -> Result<Datum<'r>, GiveUp> {
        Ok(match slot {
            Slot::Absent => Datum::Absent,
            Slot::Boolean(b) => Datum::Boolean(b),
            Slot::Integer(i) => Datum::Integer(i),
            Slot::Decimal(d) => Datum::Decimal(d),
            Slot::Text(span) => Datum::Text(self.request.part(span)),
            Slot::Date(d) => Datum::Date(d),
            Slot::Timestamp(t) => Datum::Timestamp(t),
            Slot::Duration(d) => Datum::Duration(d),
            Slot::Symbol(code) => {
                let table = &self.kind.table;
                let codes = table.codes_of(local).and_then(|at| table.codes.get(at)).ok_or(GiveUp)?;
                Datum::Symbol(codes.code(code))
            }
            Slot::Missing | Slot::Unrecognised | Slot::Other | Slot::Set(_) => return Err(GiveUp),
        })
    }

    fn combine(mut self) -> Result<Brief, GiveUp> {
        self.sure.sort_unstable();
        self.sure.dedup();
        let sure = std::mem::take(&mut self.sure);
        self.open.retain(|rule| sure.binary_search(rule).is_err());
        self.open.sort_unstable();
        self.open.dedup();
        let mut seen = Seen::default();
        for rule in &sure {
            seen.add(self.follows(*rule)?, true);
        }
        for rule in &self.open {
            seen.add(self.follows(*rule)?, false);
        }
        let outcome = seen.outcome();
        if outcome == Outcome::NeedsInformation && self.kind.asks_carry {
            return Err(GiveUp);
        }
        let mut brief = Brief { outcome, because: SmallVec::new(), results: SmallVec::new(), carry: SmallVec::new() };
        for rule in &sure {
            self.sure_rule(*rule, &mut brief)?;
        }
        if outcome == Outcome::NeedsInformation {
            for rule in std::mem::take(&mut self.open) {
                let follows = self.follows(rule)?;
                if seen.waits_for(follows) {
                    brief.because.push(Why { rule: Some(rule), waits: follows != Follows::Unmet });
                }
            }
        }
        if outcome == Outcome::NotCovered {
            brief.because.push(Why { rule: None, waits: false });
        }
        if brief.because.len() > 1 {
            brief.because.sort_unstable_by_key(|why| self.kind.rank(*why));
        }
        self.no_conflicts(&mut brief)?;
        Ok(brief)
    }

    fn follows(&self, rule: u32) -> Result<Follows, GiveUp> {
        self.kind.rule(rule).map(|rule| rule.follows).ok_or(GiveUp)
    }

    /// A rule that holds: among the reasons, with its results, when it carries the outcome. Its results are computed in
    /// any case, for a rule whose results fail is a failed rule.
    fn sure_rule(&mut self, at: u32, brief: &mut Brief) -> Result<(), GiveUp> {
        let kind = self.kind;
        let rule = kind.rule(at).ok_or(GiveUp)?;
        let carries = rule.follows.carries(brief.outcome);
        let attached = matches!(rule.follows, Follows::Attach(_) | Follows::Oblige);
        let unmet = rule.follows == Follows::Unmet && brief.outcome == Outcome::NeedsInformation;
        if unmet || (carries && !attached) {
            brief.because.push(Why { rule: Some(at), waits: false });
        }
        if carries && rule.has_obligations {
            brief.carry.push(at);
        }
        if !carries && matches!(rule.follows, Follows::Attach(on) if on != Outcome::Permit) {
            return Ok(());
        }
        for (number, (_, value)) in (0_u32..).zip(&rule.results) {
            let slot = match value {
                ResultValue::Constant(_) => Slot::Missing,
                ResultValue::Beyond => return Err(GiveUp),
                ResultValue::Fact(local) => match self.slot(*local)? {
                    Slot::Absent | Slot::Missing | Slot::Unrecognised | Slot::Other => continue,
                    known => known,
                },
                ResultValue::Compute(compute) => match self.compute(compute)? {
                    Computed::Value(Datum::Absent) | Computed::NoRow | Computed::Open => continue,
                    Computed::Value(value) => Slot::plain(value).ok_or(GiveUp)?,
                },
            };
            if carries {
                brief.results.push((at, number, slot));
            }
        }
        Ok(())
    }

    fn no_conflicts(&self, brief: &mut Brief) -> Result<(), GiveUp> {
        let name = |(rule, number, _): &(u32, u32, Slot)| self.kind.result(*rule, *number).map(|(name, _)| name);
        brief.results.sort_by(|a, b| name(a).cmp(&name(b)).then_with(|| (a.0, a.1).cmp(&(b.0, b.1))));
        let twice = brief.results.windows(2).any(|pair| match pair {
            [a, b] => name(a) == name(b),
            _ => false,
        });
        if twice { Err(GiveUp) } else { Ok(()) }
    }
}

enum Computed<'r> {
    Value(Datum<'r>),
    NoRow,
    Open,
}

/// What the rules of a request come to.
#[derive(Default)]
struct Seen {
    denied: bool,
    permitted: bool,
    referred: bool,
    open_deny: bool,
    open_permit: bool,
    open_refer: bool,
    open_obligation: bool,
    unmet: bool,
}

impl Seen {
    fn add(&mut self, follows: Follows, sure: bool) {
        match (follows, sure) {
            (Follows::Deny, true) => self.denied = true,
            (Follows::Permit, true) => self.permitted = true,
            (Follows::Refer, true) => self.referred = true,
            (Follows::Deny, false) => self.open_deny = true,
            (Follows::Permit, false) => self.open_permit = true,
            (Follows::Refer, false) => self.open_refer = true,
            (Follows::Unmet, _) => self.unmet = true,
            (Follows::Oblige, false) => self.open_obligation = true,
            (Follows::Oblige | Follows::Attach(_), _) => {}
        }
    }

    fn outcome(&self) -> Outcome {
        if self.denied {
            return Outcome::Deny;
        }
        let settled = self.permitted || self.referred;
        let possible = settled || self.open_permit || self.open_refer;
        let open =
            self.open_deny || self.unmet || !settled || (!self.referred && (self.open_refer || self.open_obligation));
        match (possible, open) {
            (true, true) => Outcome::NeedsInformation,
            _ if self.referred => Outcome::Refer,
            _ if self.permitted => Outcome::Permit,
            _ => Outcome::NotCovered,
        }
    }

    /// Whether an open rule is among the reasons of a request that needs information.
    fn waits_for(&self, follows: Follows) -> bool {
        match follows {
            Follows::Deny | Follows::Unmet => true,
            Follows::Refer | Follows::Oblige => !self.referred,
            Follows::Permit => !self.permitted && !self.referred,
            Follows::Attach(_) => false,
        }
    }
}
