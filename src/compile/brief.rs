//! A decision in brief: its outcome, where its plan is, and the values that were computed for it.

use crate::model::decision::Outcome;
use crate::script::GiveUp;

use super::combine::{Plan, Why, given};
use super::program::KindProgram;
use super::slots::Slot;
use super::view::View;

/// A decision as the program gives it; small, for it is copied into its answer.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The outcome.
    pub outcome: Outcome,
    plan: PlanRef,
    /// The values of what its plan computes, in order; [`Slot::Absent`] for what comes to nothing.
    values: Vec<Slot>,
}

/// Where the plan of a decision is.
#[derive(Clone, Debug)]
enum PlanRef {
    /// Among those that the kind keeps.
    Kept(u32),
    /// Nowhere else.
    Own(Box<Plan>),
}

impl Brief {
    /// One that says nothing yet: it is filled where it stays, for it would be copied more often if it were returned.
    pub fn empty() -> Self {
        Self { outcome: Outcome::NotCovered, plan: PlanRef::Kept(u32::MAX), values: Vec::new() }
    }

    /// What a plan says that the kind keeps, and for which nothing is computed.
    #[inline(always)]
    pub fn plain(kept: u32, outcome: Outcome) -> Self {
        Self { outcome, plan: PlanRef::Kept(kept), values: Vec::new() }
    }

    /// Takes on what a plan says that the kind keeps.
    ///
    /// # Errors
    /// When the interpreter is needed.
    pub fn follow(&mut self, kept: u32, plan: &Plan, view: &mut View<'_>) -> Result<(), GiveUp> {
        (self.outcome, self.plan) = (plan.outcome(), PlanRef::Kept(kept));
        if plan.is_plain() { Ok(()) } else { plan.tell(view, &mut self.values) }
    }

    /// Takes on what a plan says that nobody keeps.
    ///
    /// # Errors
    /// When the interpreter is needed.
    pub fn follow_own(&mut self, plan: Plan, view: &mut View<'_>) -> Result<(), GiveUp> {
        plan.tell(view, &mut self.values)?;
        (self.outcome, self.plan) = (plan.outcome(), PlanRef::Own(Box::new(plan)));
        Ok(())
    }

    /// The reasons, in order.
    #[must_use]
    pub fn because<'b>(&'b self, kind: Option<&'b KindProgram>) -> &'b [Why] {
        self.plan(kind).map(Plan::because).unwrap_or_default()
    }

    /// The rules whose obligations follow.
    #[must_use]
    pub fn carry<'b>(&'b self, kind: &'b KindProgram) -> &'b [u32] {
        self.plan(Some(kind)).map(Plan::carry).unwrap_or_default()
    }

    /// What its rules give, sorted by the name of the result: the rule, which of its results, and its value; `None` for what
    /// is constant.
    pub fn given<'b>(&'b self, kind: Option<&'b KindProgram>) -> impl Iterator<Item = (u32, u32, Option<&'b Slot>)> {
        given(self.plan(kind).map(Plan::given).unwrap_or_default(), &self.values)
    }

    /// The number of its plan, and the plan, where the kind keeps it.
    pub(crate) fn kept<'k>(&self, kind: &'k KindProgram) -> Option<(u32, &'k Plan)> {
        let PlanRef::Kept(at) = &self.plan else { return None };
        Some((*at, kind.diagram()?.plan(*at)?))
    }

    fn plan<'b>(&'b self, kind: Option<&'b KindProgram>) -> Option<&'b Plan> {
        match &self.plan {
            PlanRef::Kept(at) => kind?.diagram()?.plan(*at),
            PlanRef::Own(plan) => Some(plan),
        }
    }
}
