//! Matched rules → decision: the outcome, its reasons, results and obligations.

use smallvec::SmallVec;

use crate::model::decision::Outcome;
use crate::script::GiveUp;

use super::fact::slot;
use super::program::{Follows, ResultValue};
use super::run::Matched;
use super::slots::Slot;
use super::view::Computed;

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

/// Combines what matched.
///
/// # Errors
/// When the interpreter is needed.
pub fn combine(matched: &mut Matched<'_>) -> Result<Brief, GiveUp> {
    matched.combine()
}

impl Matched<'_> {
    fn combine(&mut self) -> Result<Brief, GiveUp> {
        in_order(&mut self.sure);
        let sure = std::mem::take(&mut self.sure);
        self.open.retain(|rule| sure.binary_search(rule).is_err());
        in_order(&mut self.open);
        let mut seen = Seen::default();
        for rule in &sure {
            seen.add(self.follows(*rule)?, true);
        }
        for rule in &self.open {
            seen.add(self.follows(*rule)?, false);
        }
        let outcome = seen.outcome();
        if outcome == Outcome::NeedsInformation && self.view.kind.asks_carry {
            return Err(GiveUp);
        }
        let mut brief = Brief { outcome, because: SmallVec::new(), results: SmallVec::new(), carry: SmallVec::new() };
        for rule in &sure {
            self.sure_rule(*rule, &mut brief)?;
        }
        if outcome == Outcome::NeedsInformation {
            self.would_not_conflict(&sure, &seen)?;
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
            brief.because.sort_unstable_by_key(|why| self.view.kind.rank(*why));
        }
        self.no_conflicts(&mut brief)?;
        Ok(brief)
    }

    fn follows(&self, rule: u32) -> Result<Follows, GiveUp> {
        self.view.kind.rule(rule).map(|rule| rule.follows).ok_or(GiveUp)
    }

    /// A rule that holds: among the reasons, with its results, when it carries the outcome. Its results are computed in
    /// any case, for a rule whose results fail is a failed rule.
    fn sure_rule(&mut self, at: u32, brief: &mut Brief) -> Result<(), GiveUp> {
        let kind = self.view.kind;
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
        for (number, result) in (0_u32..).zip(&rule.results) {
            let slot = match &result.value {
                ResultValue::Constant(_) => Slot::Missing,
                ResultValue::Beyond => return Err(GiveUp),
                ResultValue::Fact(local) => match self.view.slot(*local)? {
                    Slot::Absent | Slot::Missing | Slot::Unrecognised(_) | Slot::Other(_) => continue,
                    known => known,
                },
                ResultValue::Compute(compute) => match self.view.compute(compute)? {
                    Computed::NoRow | Computed::Open => continue,
                    Computed::Value(value) if value.is_absent() => continue,
                    Computed::Value(value) => slot(value, &self.view.scratch)?,
                },
            };
            if carries {
                brief.results.push((at, number, slot));
            }
        }
        Ok(())
    }

    fn no_conflicts(&self, brief: &mut Brief) -> Result<(), GiveUp> {
        let rank = |(rule, number, _): &(u32, u32, Slot)| self.view.kind.result(*rule, *number).map(|one| one.rank);
        if !brief.results.is_sorted_by_key(rank) {
            brief.results.sort_unstable_by_key(rank);
        }
        let twice = brief.results.windows(2).any(|pair| match pair {
            [a, b] => rank(a) == rank(b),
            _ => false,
        });
        if twice { Err(GiveUp) } else { Ok(()) }
    }

    /// While information is asked for, the rules that would carry the outcome if nothing more were open must not give one
    /// result twice: that is for the interpreter to judge.
    fn would_not_conflict(&self, sure: &[u32], seen: &Seen) -> Result<(), GiveUp> {
        let Some(outcome) = seen.settled() else { return Ok(()) };
        let mut ranks: SmallVec<[usize; 8]> = SmallVec::new();
        for rule in sure {
            let rule = self.view.kind.rule(*rule).ok_or(GiveUp)?;
            if rule.follows.carries(outcome) {
                ranks.extend(rule.results.iter().map(|result| result.rank));
            }
        }
        ranks.sort_unstable();
        let given = ranks.len();
        ranks.dedup();
        if ranks.len() == given { Ok(()) } else { Err(GiveUp) }
    }
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
