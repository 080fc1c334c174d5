//! Atoms: for each fact the finitely many classes of values that some rule tells apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::bundle::checked::{Comparison, Test};
use crate::decide::evaluate::{compare, passes};
use crate::decide::facts::State;
use crate::model::time::{Date, Duration, Timestamp};
use crate::model::value::{Type, Value};

/// Which values a class holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Atom {
    /// One value of an ordered type.
    Value(Value),
    /// Everything between two values of an ordered type, both excluded.
    Between(Option<Value>, Option<Value>),
    /// These values.
    Values(BTreeSet<Value>),
    /// Every value that no rule names.
    Rest,
    /// The fact is not given.
    Nothing,
    /// It is given in words that no registry knows.
    Unrecognised,
    /// It cannot be computed.
    Failed,
    /// It is computed, and there is no value.
    Absent,
    /// A script or a membership: it holds, or not.
    Truth(bool),
}

/// A class: what it holds, a value that stands for all of it, and the state it gives a fact on each side.
#[derive(Clone, Debug)]
pub struct Class {
    /// What it holds.
    pub atom: Atom,
    /// A value of it.
    pub value: Option<Value>,
    /// The state of the fact on each side; none where the fact is taken from another.
    pub states: Vec<Option<State>>,
}

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A fact of the request.
    Fact,
    /// Whether a fact that is a set is given.
    Set,
    /// Whether this is in the set.
    Member(Value),
    /// The value of a derived fact, where it is known from what it reads.
    Derived,
    /// What a script gives, where what it reads is known.
    Script,
}

/// A variable of the space.
#[derive(Clone, Debug)]
pub struct Var {
    /// The path of the fact, or the text of the script.
    pub name: Arc<str>,
    /// What it stands for.
    pub what: What,
    /// Its classes.
    pub classes: Arc<[Class]>,
    index: Arc<Index>,
}

/// Finds classes without looking at each.
#[derive(Debug, Default)]
struct Index {
    named: FxHashMap<Value, usize>,
    /// How many classes at the beginning are pieces of an order.
    ordered: usize,
    /// By side, the classes that do not give the fact the value that stands for them.
    odd: Vec<Vec<usize>>,
}

impl Var {
    /// A variable with these classes; what is ordered comes first.
    #[must_use]
    pub fn new(name: Arc<str>, what: What, classes: Vec<Class>) -> Self {
        let sides = classes.iter().map(|class| class.states.len()).max().unwrap_or(0);
        // What is not given may stand for a known value too: the default.
        let is_known = |class: &Class, side: usize| match (class.states.get(side), &class.value) {
            (Some(Some(State::Known(known))), Some(value)) => known == value,
            _ => false,
        };
        let odd =
            |side| (0..classes.len()).filter(|at| !classes.get(*at).is_some_and(|one| is_known(one, side))).collect();
        let mut index = Index { odd: (0..sides).map(odd).collect(), ..Index::default() };
        let ordered = |class: &&Class| matches!(class.atom, Atom::Value(_) | Atom::Between(..));
        index.ordered = classes.iter().take_while(ordered).count();
        for (at, class) in classes.iter().enumerate() {
            match &class.atom {
                Atom::Values(values) => index.named.extend(values.iter().map(|value| (value.clone(), at))),
                Atom::Value(value) => {
                    index.named.insert(value.clone(), at);
                }
                Atom::Truth(is) => {
                    index.named.insert(Value::Boolean(*is), at);
                }
                _ => {}
            }
        }
        Self { name, what, classes: classes.into(), index: Arc::new(index) }
    }

    /// The class of a value.
    #[must_use]
    pub fn class_of(&self, value: &Value) -> Option<usize> {
        self.index.named.get(value).copied().or_else(|| self.piece_of(value)).or_else(|| self.class_with(&Atom::Rest))
    }

    fn pieces(&self) -> &[Class] {
        self.classes.get(..self.index.ordered).unwrap_or_default()
    }

    /// What lies between two values and holds this one.
    fn piece_of(&self, value: &Value) -> Option<usize> {
        let is_before = |class: &Class| match &class.atom {
            Atom::Value(one) => one < value,
            Atom::Between(_, until) => until.as_ref().is_some_and(|until| until <= value),
            _ => false,
        };
        let at = self.pieces().partition_point(is_before);
        let Atom::Between(from, until) = &self.pieces().get(at)?.atom else { return None };
        let inside = from.as_ref().is_none_or(|from| from < value) && until.as_ref().is_none_or(|until| value < until);
        inside.then_some(at)
    }

    /// The class with this atom.
    #[must_use]
    pub fn class_with(&self, atom: &Atom) -> Option<usize> {
        // What is not a value comes last.
        self.classes.iter().rposition(|class| class.atom == *atom)
    }

    /// The classes that do not give the fact their own value on a side, in order.
    #[must_use]
    pub fn odd(&self, side: usize) -> &[usize] {
        self.index.odd.get(side).map(Vec::as_slice).unwrap_or_default()
    }

    /// Runs of classes, each with the class after its last, that hold values which pass a test; none where that is only told
    /// by looking at each class. What is odd on the side is left out or not, as it comes.
    #[must_use]
    pub fn passing(&self, test: &Test) -> Option<Vec<(usize, usize)>> {
        let passes = |at: &usize| {
            self.classes.get(*at).and_then(|class| class.value.as_ref()).is_some_and(|value| passes(value, test))
        };
        match test {
            Test::OneOf(values) => {
                let at: BTreeSet<usize> =
                    values.iter().filter_map(|value| self.index.named.get(value).copied()).filter(passes).collect();
                Some(at.into_iter().map(|at| (at, at.saturating_add(1))).collect())
            }
            Test::Compare(comparison, limit) if self.index.ordered > 0 => {
                let upto = self.index.ordered;
                let stands = |class: &Class| class.value.clone();
                let first = |is: bool| {
                    self.pieces().partition_point(|one| {
                        stands(one).is_some_and(|value| compare(*comparison, &value, limit)) == is
                    })
                };
                Some(match comparison {
                    Comparison::AtLeast | Comparison::MoreThan => vec![(first(false), upto)],
                    Comparison::AtMost | Comparison::LessThan => vec![(0, first(true))],
                    Comparison::Equal => return None,
                })
            }
            Test::Not(inner) => {
                let (mut out, mut next) = (Vec::new(), 0);
                for (from, upto) in self.passing(inner)? {
                    out.push((next, from));
                    next = upto;
                }
                out.push((next, self.classes.len()));
                Some(out)
            }
            _ => None,
        }
    }
}

/// What rules ask of one fact.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its type.
    pub type_: Type,
    /// Sets of values that are told from the rest.
    pub sets: BTreeSet<BTreeSet<Value>>,
    /// Values at which an order is cut.
    pub cuts: BTreeSet<Value>,
    /// Members of a set that are looked for.
    pub members: BTreeSet<Value>,
}

impl Wanted {
    /// Nothing yet.
    #[must_use]
    pub fn new(type_: &Type) -> Self {
        Self { type_: type_.clone(), sets: BTreeSet::new(), cuts: BTreeSet::new(), members: BTreeSet::new() }
    }

    /// A test tells these values from the rest.
    pub fn set(&mut self, values: &BTreeSet<Value>) {
        match &self.type_ {
            Type::Set(_) => self.members.extend(values.iter().cloned()),
            type_ if type_.is_ordered() => values.iter().for_each(|value| self.cut(value)),
            _ => {
                self.sets.insert(values.clone());
            }
        }
    }

    /// A test cuts the order here.
    pub fn cut(&mut self, value: &Value) {
        self.cuts.insert(value.clone());
        // A whole day compares by its date, an instant by its second: each is a class of its own at the boundary.
        if let Value::Timestamp(instant) = value {
            let day = instant.date();
            self.cuts.insert(Value::Timestamp(day.start()));
            self.cuts.extend(Timestamp::parse(&day.to_string()).map(Value::Timestamp));
        }
    }

    /// The classes of values, each with one that stands for it. `domain` lists the values of a symbol; `least` bounds an
    /// order.
    #[must_use]
    pub fn classes(&self, domain: &[Value], least: Option<&Value>) -> Vec<(Atom, Value)> {
        match &self.type_ {
            Type::Boolean => {
                vec![(Atom::Truth(true), Value::Boolean(true)), (Atom::Truth(false), Value::Boolean(false))]
            }
            Type::Symbol(_) => self.groups(domain),
            Type::Text | Type::Currency => {
                let named: BTreeSet<Value> = self.sets.iter().flatten().cloned().collect();
                let mut out = self.groups(&named.iter().cloned().collect::<Vec<_>>());
                out.push((Atom::Rest, self.other(&named)));
                out
            }
            Type::Set(_) => Vec::new(),
            _ => self.pieces(least),
        }
    }

    fn other(&self, named: &BTreeSet<Value>) -> Value {
        let text = |text: &str| Value::Text(text.into());
        let candidates: &[&str] =
            if self.type_ == Type::Currency { &["USD", "EUR", "JPY", "CHF", "GBP"] } else { &["x", "y", "other"] };
        candidates.iter().map(|one| text(one)).find(|one| !named.contains(one)).unwrap_or_else(|| text("another one"))
    }

    /// Values that are in the same sets are one class.
    fn groups(&self, values: &[Value]) -> Vec<(Atom, Value)> {
        let mut in_sets: BTreeMap<&Value, Vec<usize>> = values.iter().map(|value| (value, Vec::new())).collect();
        for (at, set) in self.sets.iter().enumerate() {
            for value in set {
                if let Some(sets) = in_sets.get_mut(value) {
                    sets.push(at);
                }
            }
        }
        let mut classes: BTreeMap<Vec<usize>, BTreeSet<Value>> = BTreeMap::new();
        for (value, sets) in in_sets {
            classes.entry(sets).or_default().insert(value.clone());
        }
        let mut out: Vec<_> = classes
            .into_values()
            .filter_map(|values| values.first().cloned().map(|first| (Atom::Values(values), first)))
            .collect();
        out.sort_by(|(_, a), (_, b)| a.cmp(b));
        out
    }

    /// Boundaries and what lies between.
    fn pieces(&self, least: Option<&Value>) -> Vec<(Atom, Value)> {
        let cuts: Vec<&Value> = self.cuts.iter().filter(|cut| least.is_none_or(|least| *cut >= least)).collect();
        let mut out = Vec::new();
        let mut before: Option<&Value> = None;
        for cut in cuts {
            if let Some(value) = between(before, Some(cut), least, &self.type_) {
                out.push((Atom::Between(before.cloned(), Some(cut.clone())), value));
            }
            out.push((Atom::Value(cut.clone()), cut.clone()));
            before = Some(cut);
        }
        if let Some(value) = between(before, None, least, &self.type_) {
            out.push((Atom::Between(before.cloned(), None), value));
        }
        out
    }
}

/// A value strictly between two, and not below the least.
fn between(from: Option<&Value>, until: Option<&Value>, least: Option<&Value>, type_: &Type) -> Option<Value> {
    let mut tries: Vec<Value> = Vec::new();
    match (from, until) {
        (Some(from), until) => {
            tries.extend(step(from, 1));
            tries.extend(until.and_then(|until| middle(from, until)));
        }
        (None, Some(until)) => {
            tries.extend(least.cloned());
            tries.extend(step(until, -1));
        }
        (None, None) => {
            tries.extend(least.and_then(|least| step(least, 1)));
            tries.extend(ordinary(type_));
        }
    }
    let fits = |value: &Value| {
        from.is_none_or(|from| from < value)
            && until.is_none_or(|until| value < until)
            && least.is_none_or(|least| value >= least)
    };
    tries.into_iter().find(fits)
}

fn ordinary(type_: &Type) -> Option<Value> {
    match type_ {
        Type::Integer => Some(Value::Integer(1)),
        Type::Decimal => Value::parse_decimal("100.00"),
        Type::Date => Date::parse("2021-07-01").map(Value::Date),
        Type::Timestamp => Timestamp::parse("2021-07-01T12:00:00Z").map(Value::Timestamp),
        Type::Duration => Duration::parse("P1Y").map(Value::Duration),
        _ => None,
    }
}

/// The neighbour of a value in its order.
#[must_use]
pub fn step(value: &Value, by: i64) -> Option<Value> {
    match value {
        Value::Integer(n) => n.checked_add(by).map(Value::Integer),
        Value::Decimal(d) => d.checked_add(Decimal::from(by)).map(Value::Decimal),
        Value::Date(d) => d.plus_days(by).map(Value::Date),
        Value::Timestamp(t) => {
            let instant = if t.is_whole_day() { t.date().start() } else { *t };
            instant.plus_seconds(by).map(Value::Timestamp)
        }
        Value::Duration(d) => {
            let seconds = d.seconds.checked_add(by)?;
            (seconds >= 0).then_some(Value::Duration(Duration { seconds, ..*d }))
        }
        _ => None,
    }
}

/// A value between two that are closer than one step.
fn middle(from: &Value, until: &Value) -> Option<Value> {
    match (from, until) {
        (Value::Decimal(a), Value::Decimal(b)) => a.checked_add(*b)?.checked_div(Decimal::from(2)).map(Value::Decimal),
        (Value::Timestamp(a), Value::Timestamp(_)) => {
            let text = a.date().start().plus_seconds(a.date().start().seconds_until(*a))?.to_string();
            Timestamp::parse(&text.replace('Z', ".5Z")).map(Value::Timestamp)
        }
        _ => None,
    }
}
