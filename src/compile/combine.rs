//! Matched rules → decision: the outcome, its reasons, results and obligations.

use smallvec::SmallVec;

use crate::model::decision::Outcome;
use crate::script::GiveUp;

use super::brief::Brief;
use super::check::Tri;
use super::native::{Passes, Taking, rows_of};
use super::program::{Follows, KindProgram, ResultValue};
use super::slots::Slot;
use super::view::View;

/// Why a rule is among the reasons: the rule, by its position in the kind, and whether it waits for facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// The rule; `None` for the reason that nothing permits.
    pub rule: Option<u32>,
    /// Whether it waits for facts.
    pub waits: bool,
}

/// A result that a rule gives.
#[derive(Clone, Copy, Debug)]
pub struct Gives {
    /// The rule, by its position in the kind.
    pub rule: u32,
    /// Which of its results.
    pub number: u32,
    /// Whether it is the same for every request.
    pub is_constant: bool,
}

/// Results with their values, all but those that come to nothing.
pub fn given<'b>(given: &'b [Gives], values: &'b [Slot]) -> impl Iterator<Item = (u32, u32, Option<&'b Slot>)> {
    let mut values = values.iter();
    given.iter().filter_map(move |one| {
        let value = if one.is_constant { None } else { Some(values.next()?) };
        (value != Some(&Slot::Absent)).then_some((one.rule, one.number, value))
    })
}

/// What the rules that hold, and those that may, come to; all but the values of results.
#[derive(Clone, Debug)]
pub struct Plan {
    outcome: Outcome,
    because: SmallVec<[Why; 4]>,
    carry: SmallVec<[u32; 4]>,
    /// Sorted by the name of the result.
    given: SmallVec<[Gives; 8]>,
    /// What is computed for them, in order, by the numbers of the results.
    computed: SmallVec<[usize; 4]>,
    /// Results that are computed only because a rule whose results fail is a failed rule.
    tried: SmallVec<[usize; 2]>,
    /// What has to be known for all of these; `None` where each is asked for its own.
    known: Option<(u64, SmallVec<[usize; 1]>)>,
    /// Whether two rules may give one result.
    may_conflict: bool,
}

impl Plan {
    /// Combines rules that hold and rules that may, by their position in the kind.
    ///
    /// # Errors
    /// When the interpreter is needed.
    pub fn new(
        kind: &KindProgram,
        mut sure: SmallVec<[u32; 16]>,
        mut open: SmallVec<[u32; 16]>,
    ) -> Result<Self, GiveUp> {
        in_order(&mut sure);
        open.retain(|rule| sure.binary_search(rule).is_err());
        in_order(&mut open);
        let mut seen = Seen::default();
        for (rules, sure) in [(&sure, true), (&open, false)] {
            for rule in rules {
                seen.add(follows(kind, *rule)?, sure);
            }
        }
        let outcome = seen.outcome();
        if outcome == Outcome::NeedsInformation && kind.asks_carry {
            return Err(GiveUp);
        }
        let mut plan = Self {
            outcome,
            because: SmallVec::new(),
            carry: SmallVec::new(),
            given: SmallVec::new(),
            computed: SmallVec::new(),
            tried: SmallVec::new(),
            known: None,
            may_conflict: false,
        };
        for rule in &sure {
            plan.sure_rule(kind, *rule)?;
        }
        if outcome == Outcome::NeedsInformation {
            would_not_conflict(kind, &sure, &seen)?;
            for rule in open {
                let follows = follows(kind, rule)?;
                if seen.waits_for(follows) {
                    plan.because.push(Why { rule: Some(rule), waits: follows != Follows::Unmet });
                }
            }
        }
        if outcome == Outcome::NotCovered {
            plan.because.push(Why { rule: None, waits: false });
        }
        plan.sort(kind);
        for one in plan.given.iter().filter(|one| !one.is_constant) {
            plan.computed.push(kind.closures.number(one.rule, one.number).ok_or(GiveUp)?);
        }
        plan.known = plan.known(kind);
        Ok(plan)
    }

    /// A rule that holds: among the reasons, with its results, when it carries the outcome. Its results are computed in
    /// any case, for a rule whose results fail is a failed rule.
    fn sure_rule(&mut self, kind: &KindProgram, at: u32) -> Result<(), GiveUp> {
        let rule = kind.rule(at).ok_or(GiveUp)?;
        let carries = rule.follows.carries(self.outcome);
        let attached = matches!(rule.follows, Follows::Attach(_) | Follows::Oblige);
        let unmet = rule.follows == Follows::Unmet && self.outcome == Outcome::NeedsInformation;
        if unmet || (carries && !attached) {
            self.because.push(Why { rule: Some(at), waits: false });
        }
        if carries && rule.has_obligations {
            self.carry.push(at);
        }
        if !carries && matches!(rule.follows, Follows::Attach(on) if on != Outcome::Permit) {
            return Ok(());
        }
        for (number, result) in (0_u32..).zip(&rule.results) {
            let is_constant = matches!(result.value, ResultValue::Constant(_));
            let gives = Gives { rule: at, number, is_constant };
            match &result.value {
                _ if carries => self.given.push(gives),
                ResultValue::Constant(_) | ResultValue::Fact(_) => {}
                ResultValue::Compute(_) | ResultValue::Beyond => {
                    self.tried.push(kind.closures.number(at, number).ok_or(GiveUp)?);
                }
            }
        }
        Ok(())
    }

    /// What has to be known for all that is computed.
    fn known(&self, kind: &KindProgram) -> Option<(u64, SmallVec<[usize; 1]>)> {
        let (mut all, mut tables) = (0, SmallVec::new());
        for number in self.computed.iter().chain(&self.tried) {
            let Passes::Known(facts, rows) = &kind.closures.result(*number)?.passes else { return None };
            all |= facts;
            for row in rows {
                if !tables.contains(row) {
                    tables.push(*row);
                }
            }
        }
        Some((all, tables))
    }

    fn sort(&mut self, kind: &KindProgram) {
        if self.because.len() > 1 {
            self.because.sort_unstable_by_key(|why| kind.rank(*why));
        }
        let rank = |one: &Gives| kind.result(one.rule, one.number).map(|one| one.rank);
        if !self.given.is_sorted_by_key(rank) {
            self.given.sort_by_key(rank);
        }
        let same = |pair: &[Gives]| matches!(pair, [a, b] if rank(a) == rank(b));
        self.may_conflict = self.given.windows(2).any(same);
    }

    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The reasons, in order.
    pub fn because(&self) -> &[Why] {
        &self.because
    }

    /// The rules whose obligations follow.
    pub fn carry(&self) -> &[u32] {
        &self.carry
    }

    /// The results of its rules, sorted by their names.
    pub fn given(&self) -> &[Gives] {
        &self.given
    }

    /// Whether nothing is computed for it.
    pub fn is_plain(&self) -> bool {
        self.computed.is_empty() && self.tried.is_empty() && !self.may_conflict
    }

    /// The decision by a plan that the kind keeps; `None` when values of results are computed for it.
    #[inline(always)]
    pub fn plain(&self, kept: u32) -> Option<Brief> {
        self.is_plain().then(|| Brief::plain(kept, self.outcome))
    }

    /// Tells the values of what is computed.
    ///
    /// # Errors
    /// When the interpreter is needed.
    #[inline(never)]
    pub fn tell(&self, view: &mut View<'_>, values: &mut Vec<Slot>) -> Result<(), GiveUp> {
        let closures = &view.kind.closures;
        let known = match &self.known {
            Some((facts, tables)) => !view.waits(*facts) && rows_of(tables, view)? == Tri::True,
            None => false,
        };
        *values = Vec::with_capacity(self.computed.len());
        let mut told = Taking { values, keeps: true };
        let computed = |number: &usize| closures.result(*number).ok_or(GiveUp);
        if known {
            for number in &self.computed {
                computed(number)?.value.to(view, &mut told)?;
            }
        } else {
            for number in &self.computed {
                computed(number)?.to(view, &mut told)?;
            }
        }
        told.keeps = false;
        for number in &self.tried {
            closures.result(*number).ok_or(GiveUp)?.to(view, &mut told)?;
        }
        if self.may_conflict {
            let rank = |(rule, number, _)| view.kind.result(rule, number).map(|one| one.rank);
            let ranks: SmallVec<[_; 8]> = given(&self.given, values).map(rank).collect();
            if ranks.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
                return Err(GiveUp);
            }
        }
        Ok(())
    }
}

fn follows(kind: &KindProgram, rule: u32) -> Result<Follows, GiveUp> {
    kind.rule(rule).map(|rule| rule.follows).ok_or(GiveUp)
}

/// While information is asked for, the rules that would carry the outcome if nothing more were open must not give one
/// result twice: that is for the interpreter to judge.
fn would_not_conflict(kind: &KindProgram, sure: &[u32], seen: &Seen) -> Result<(), GiveUp> {
    let Some(outcome) = seen.settled() else { return Ok(()) };
    let mut ranks: SmallVec<[usize; 8]> = SmallVec::new();
    for rule in sure {
        let rule = kind.rule(*rule).ok_or(GiveUp)?;
        if rule.follows.carries(outcome) {
            ranks.extend(rule.results.iter().map(|result| result.rank));
        }
    }
    ranks.sort_unstable();
    let given = ranks.len();
    ranks.dedup();
    if ranks.len() == given { Ok(()) } else { Err(GiveUp) }
}

/// Sorted, each once; most often they are already.
fn in_order(rules: &mut SmallVec<[u32; 16]>) {
    if !rules.is_sorted_by(|a, b| a < b) {
        rules.sort_unstable();
        rules.dedup();
    }
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

    /// The outcome that information is asked for, if it were given already.
    fn settled(&self) -> Option<Outcome> {
        if self.unmet {
            return None;
        }
        match (self.referred, self.permitted) {
            (true, _) => Some(Outcome::Refer),
            (false, true) if !self.open_refer => Some(Outcome::Permit),
            _ => None,
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
