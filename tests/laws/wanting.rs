//! What an `ask` that is not met asks for: a part of the oracle.

use super::oracle::Truth::{No, Yes};
use super::oracle::{Facts, World, any};
use super::words::*;

impl World<'_> {
    /// The facts that a caller may look at again to meet what is asked for: those of every part that does not hold.
    pub fn wanting(&self, cond: &Cond) -> Facts {
        if self.condition(cond) == Yes {
            return Facts::new();
        }
        let mut out = Facts::new();
        for (fact, matcher) in &cond.tests {
            if self.test(*fact, matcher) != Yes {
                out.extend(self.about_test(*fact, matcher));
            }
        }
        if any(cond.any_of.iter().map(|one| self.condition(one)).collect()) != Yes {
            out.extend(cond.any_of.iter().flat_map(|one| self.wanting(one)));
        }
        if let Some(inner) = &cond.not
            && self.condition(inner) != No
        {
            out.extend(self.about(inner));
        }
        if let Some(script) = &cond.script
            && self.script(script) != Yes
        {
            out.extend(self.about_script(script));
        }
        out
    }

    /// Every fact that a condition speaks of.
    fn about(&self, cond: &Cond) -> Facts {
        let tests = cond.tests.iter().flat_map(|(fact, matcher)| self.about_test(*fact, matcher));
        let any_of = cond.any_of.iter().flat_map(|one| self.about(one));
        let not = cond.not.iter().flat_map(|inner| self.about(inner));
        tests.chain(any_of).chain(not).chain(cond.script.iter().flat_map(|s| self.about_script(s))).collect()
    }

    fn about_test(&self, fact: Fact, matcher: &Matcher) -> Facts {
        self.base(fact).union(&self.besides(matcher)).copied().collect()
    }

    fn about_script(&self, script: &Script) -> Facts {
        let (facts, cell): (&[Fact], bool) = match script {
            Script::Ratio(_) => (&[Fact::N], false),
            Script::Sum(_) => (&[Fact::N, Fact::M], false),
            Script::Cell => (&[Fact::N], true),
            Script::Derived(fact, _) => (&[*fact], false),
            Script::Flag => (&[Fact::Flag], false),
            Script::Broken => (&[Fact::At], false),
        };
        let mut out: Facts = facts.iter().flat_map(|fact| self.base(*fact)).collect();
        if cell {
            out.extend(self.besides(&Matcher::Table(None)));
        }
        out
    }
}
