//! Every small change of a bundle, in a fixed order: the same walk lists them and makes the one that is asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::assure::reach::{Reach, of_kind};
use crate::bundle::checked::{
    Bundle, Condition, Effect, Effective, Expression, List, ListIx, Rule, RuleIx, Setting, Table, TableIx,
};
use crate::bundle::window::states_bound;
use crate::model::finding::Place;

use super::values::{Neighbours, day};

/// One small change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change: `rule`, `effect`, `condition`, `value`, `bound`, `entry`, `row`, `date`, `setting`, `result`
    /// or `obligation`.
    pub operator: &'static str,
    /// In words.
    pub what: String,
    /// Where in the bundle.
    pub place: Place,
    /// The rule that is changed; none where it is a list, a table or a setting.
    pub rule: Option<RuleIx>,
    /// The kinds of request that may feel it.
    pub kinds: BTreeSet<Arc<str>>,
}

/// Every change of a bundle.
#[must_use]
pub fn changes(bundle: &Bundle) -> Vec<Change> {
    let mut walk = Walk::new(bundle, None);
    walk.bundle(&mut bundle.clone());
    walk.found
}

/// The bundle with one of its changes, by its position among [`changes`].
#[must_use]
pub fn changed(bundle: &Bundle, nth: usize) -> Bundle {
    let mut out = bundle.clone();
    Walk::new(bundle, Some(nth)).bundle(&mut out);
    out
}

/// A walk over a bundle: lists changes, or makes one.
pub(super) struct Walk<'b> {
    pub(super) near: Neighbours,
    before: &'b Bundle,
    target: Option<usize>,
    at: usize,
    found: Vec<Change>,
    rule: Option<RuleIx>,
    kinds: BTreeSet<Arc<str>>,
    /// What each kind reads; not needed to make a change.
    reaches: Vec<(Arc<str>, Reach)>,
}

impl<'b> Walk<'b> {
    fn new(before: &'b Bundle, target: Option<usize>) -> Self {
        let near = Neighbours::of(before);
        let listed = before.kinds.iter().filter(|_| target.is_none());
        let reaches = listed.map(|kind| (Arc::clone(&kind.name), of_kind(before, kind))).collect();
        Self { near, before, target, at: 0, found: Vec::new(), rule: None, kinds: BTreeSet::new(), reaches }
    }

    /// Comes to a change; says whether it is to be made.
    pub(super) fn comes_to(&mut self, operator: &'static str, place: &Place, what: impl FnOnce() -> String) -> bool {
        if self.target.is_none() {
            let (rule, kinds) = (self.rule, self.kinds.clone());
            self.found.push(Change { operator, what: what(), place: place.clone(), rule, kinds });
        }
        let here = self.target == Some(self.at);
        self.at = self.at.saturating_add(1);
        here
    }

    /// Whether the change that is asked for is made.
    fn is_made(&self) -> bool {
        self.target.is_some_and(|target| target < self.at)
    }

    fn bundle(&mut self, bundle: &mut Bundle) {
        for (at, rule) in bundle.rules.iter_mut().enumerate() {
            if self.is_made() {
                return;
            }
            self.rule = Some(RuleIx(at));
            let kinds = rule.kinds.iter().filter_map(|ix| self.before.kinds.get(ix.0));
            self.kinds = kinds.map(|kind| Arc::clone(&kind.name)).collect();
            self.rule(rule);
        }
        self.rule = None;
        for (at, list) in bundle.lists.iter_mut().enumerate() {
            self.kinds = self.reached(|reach| reach.lists.contains(&ListIx(at)));
            self.list(list);
        }
        for (at, table) in bundle.tables.iter_mut().enumerate() {
            self.kinds = self.reached(|reach| reach.tables.contains(&TableIx(at)));
            self.table(table);
        }
        for (name, setting) in &mut bundle.settings {
            self.kinds = self.reached(|reach| reach.settings.contains(name));
            self.setting(name, setting);
        }
    }

    fn reached(&self, is: impl Fn(&Reach) -> bool) -> BTreeSet<Arc<str>> {
        self.reaches.iter().filter(|(_, reach)| is(reach)).map(|(kind, _)| Arc::clone(kind)).collect()
    }

    fn rule(&mut self, rule: &mut Rule) {
        let (name, place) = (Arc::clone(&rule.name), rule.place.clone());
        if self.comes_to("rule", &place, || format!("the rule `{name}` is dropped")) {
            rule.when = Condition::Any(Vec::new());
            return;
        }
        self.effect(rule, &place);
        self.condition(&mut rule.when);
        if let Effect::Ask(needed, _) = &mut rule.effect {
            self.condition(needed);
        }
        for period in &mut rule.effective {
            self.period(period, &place);
        }
        self.results(rule, &place);
        for code in rule.obligations.clone() {
            if self.comes_to("obligation", &place, || format!("`{name}`: the obligation `{code}` is dropped")) {
                rule.obligations.retain(|one| *one != code);
            }
        }
    }

    fn effect(&mut self, rule: &mut Rule, place: &Place) {
        let (flipped, from, to) = match &rule.effect {
            Effect::Permit(code) => (Effect::Deny(Arc::clone(code)), "permit", "deny"),
            Effect::Deny(code) => (Effect::Permit(Arc::clone(code)), "deny", "permit"),
            Effect::Refer(code) => (Effect::Permit(Arc::clone(code)), "refer", "permit"),
            Effect::Ask(..) | Effect::Attach(_) => return,
        };
        let name = &rule.name;
        if self.comes_to("effect", place, || format!("`{name}`: `{from}` becomes `{to}`")) {
            rule.effect = flipped;
        }
    }

    fn results(&mut self, rule: &mut Rule, place: &Place) {
        let name = Arc::clone(&rule.name);
        for (result, expression) in rule.results.clone() {
            if self.comes_to("result", place, || format!("`{name}`: the result `{result}` is dropped")) {
                rule.results.remove(&result);
            }
            let Expression::Constant(value) = expression else { continue };
            let Some(type_) = self.before.results.get(&result).map(|result| &result.type_) else { continue };
            for other in self.near.others(type_, &value) {
                let what = || format!("`{name}`: `{result}` becomes `{other}` instead of `{value}`");
                if self.comes_to("result", place, what) {
                    rule.results.insert(Arc::clone(&result), Expression::Constant(other.clone()));
                }
            }
        }
    }

    pub(super) fn period(&mut self, period: &mut Effective, place: &Place) {
        for by in [1, -1] {
            for from in [true, false] {
                let bound = if from { &mut period.from } else { &mut period.until };
                let Some((old, new)) = bound.and_then(|old| Some((old, day(old, by)?))) else { continue };
                let word = if from { "from" } else { "until" };
                if self.comes_to("date", place, || format!("`{word} {old}` becomes `{word} {new}`")) {
                    *bound = Some(new);
                    return;
                }
            }
        }
    }

    fn list(&mut self, list: &mut List) {
        let name = Arc::clone(&list.name);
        for at in 0..list.entries.len() {
            let Some(entry) = list.entries.get_mut(at) else { continue };
            let (value, place) = (entry.value.clone(), entry.place.clone());
            if let Some(period) = &mut entry.effective {
                self.period(period, &place);
            }
            if self.comes_to("entry", &place, || format!("list `{name}`: `{value}` is dropped")) {
                list.entries.remove(at);
                return;
            }
        }
        let values = list.entries.iter().map(|entry| entry.value.clone()).collect();
        let Some(first) = list.entries.first().cloned() else { return };
        let Some(other) = self.near.outside(&list.type_, &values) else { return };
        if self.comes_to("entry", &list.place, || format!("list `{name}`: `{other}` is added")) {
            list.entries.push(crate::bundle::checked::ListEntry { value: other, retired: Vec::new(), ..first });
        }
    }

    fn table(&mut self, table: &mut Table) {
        let name = Arc::clone(&table.name);
        for at in 0..table.rows.len() {
            let Some(place) = table.rows.get(at).map(|row| row.place.clone()) else { continue };
            if self.comes_to("row", &place, || format!("table `{name}`: a row is dropped")) {
                table.rows.remove(at);
                return;
            }
            self.row(table, at, &place);
            let next = at.saturating_add(1);
            let (Some(one), Some(two)) = (table.rows.get(at), table.rows.get(next)) else { continue };
            let (one, two) = (one.values.clone(), two.values.clone());
            if one != two
                && self.comes_to("row", &place, || {
                    format!("table `{name}`: a row gives what the next one gives, and the other way round")
                })
            {
                for (at, values) in [(at, two), (next, one)] {
                    if let Some(row) = table.rows.get_mut(at) {
                        row.values = values;
                    }
                }
                return;
            }
        }
    }

    fn row(&mut self, table: &mut Table, at: usize, place: &Place) {
        let Table { rows, gives, is_window, name, .. } = table;
        let Some(row) = rows.get_mut(at) else { return };
        for (fact, test) in &mut row.tests {
            self.test(*fact, test, place);
        }
        if let Some(period) = &mut row.effective {
            self.period(period, place);
        }
        for (value, (column, type_)) in row.values.iter_mut().zip(gives.iter()) {
            let before = value.clone();
            for other in self.near.others(type_, &before) {
                if *is_window && !states_bound(column, &before) {
                    continue;
                }
                let what = || format!("table `{name}`: `{column}` becomes `{other}` instead of `{before}`");
                if self.comes_to("row", place, what) {
                    *value = other.clone();
                }
            }
        }
    }

    fn setting(&mut self, name: &Arc<str>, setting: &mut Setting) {
        let place = setting.place.clone();
        let before = setting.value.clone();
        let others = if setting.choices.is_empty() {
            self.near.others(&setting.type_, &before)
        } else {
            setting.choices.iter().filter(|choice| **choice != before).cloned().collect()
        };
        for other in others {
            if self.comes_to("setting", &place, || format!("the setting `{name}` is `{other}` instead of `{before}`")) {
                setting.value = other;
            }
        }
        for (_, period) in &mut setting.dated {
            self.period(period, &place);
        }
    }
}
