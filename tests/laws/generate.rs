//! Strategies: small bundles with every form of rule, and requests that say everything, something or nothing.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::request::*;
use super::words::*;

/// What `known` may do where a condition stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// It may not be tested: rules that permit, and what is required.
    Never,
    /// Only `known: false`: rules that deny or refer.
    Unknown,
    /// Freely: what is asked for, and rules that only add.
    Free,
}

fn color() -> impl Strategy<Value = Val> {
    select(COLORS.as_slice()).prop_map(Val::Color)
}

fn tags() -> impl Strategy<Value = std::collections::BTreeSet<&'static str>> {
    subsequence(TAGS.to_vec(), 0..=3).prop_map(|tags| tags.into_iter().collect())
}

fn some_tags() -> impl Strategy<Value = std::collections::BTreeSet<&'static str>> {
    subsequence(TAGS.to_vec(), 1..=2).prop_map(|tags| tags.into_iter().collect())
}

/// A value of a fact that a rule may speak of.
pub fn value(fact: Fact) -> BoxedStrategy<Val> {
    match fact {
        Fact::Color | Fact::Shade => color().boxed(),
        Fact::Tags => tags().prop_map(Val::Tags).boxed(),
        Fact::Day | Fact::At => (1..DAYS.len() - 1).prop_map(Val::Day).boxed(),
        Fact::Flag => any::<bool>().prop_map(Val::Flag).boxed(),
        _ => (0..4_i64).prop_map(Val::Int).boxed(),
    }
}

fn order() -> impl Strategy<Value = Order> {
    select(vec![Order::AtLeast, Order::AtMost, Order::MoreThan, Order::LessThan])
}

fn compare(fact: Fact) -> impl Strategy<Value = Matcher> {
    (order(), value(fact)).prop_map(|(order, limit)| Matcher::Compare(order, limit))
}

fn interval(fact: Fact) -> impl Strategy<Value = Matcher> {
    let low = (select(vec![Order::AtLeast, Order::MoreThan]), value(fact));
    let high = (select(vec![Order::AtMost, Order::LessThan]), value(fact));
    (low, high)
        .prop_map(|(low, high)| Matcher::Both(vec![Matcher::Compare(low.0, low.1), Matcher::Compare(high.0, high.1)]))
}

/// A matcher of one fact without `known`.
fn plain(fact: Fact) -> BoxedStrategy<Matcher> {
    let one_of = |most: usize| {
        vec(value(fact), 1..=most).prop_map(|mut values| {
            values.sort();
            values.dedup();
            Matcher::OneOf(values)
        })
    };
    let present = any::<bool>().prop_map(Matcher::Present);
    match fact {
        Fact::Color | Fact::Shade => prop_oneof![4 => one_of(2), 3 => Just(Matcher::InList), 1 => present].boxed(),
        Fact::Tags => prop_oneof![
            3 => some_tags().prop_map(Matcher::Any),
            2 => some_tags().prop_map(Matcher::All),
            2 => some_tags().prop_map(Matcher::None),
            1 => present,
        ]
        .boxed(),
        Fact::Flag => prop_oneof![5 => one_of(1), 1 => present].boxed(),
        Fact::Day => prop_oneof![2 => one_of(2), 3 => compare(fact), 1 => interval(fact), 1 => present].boxed(),
        _ => prop_oneof![
            2 => one_of(2),
            3 => compare(fact),
            1 => interval(fact),
            3 => weighted(0.8, order()).prop_map(Matcher::Table),
            1 => present,
        ]
        .boxed(),
    }
}

fn matcher(fact: Fact, knowledge: Knowledge) -> BoxedStrategy<Matcher> {
    let inner = plain(fact);
    let not = plain(fact).prop_map(|inner| Matcher::Not(Box::new(inner)));
    match knowledge {
        Knowledge::Never => prop_oneof![4 => inner, 1 => not].boxed(),
        Knowledge::Unknown => prop_oneof![8 => inner, 2 => not, 1 => Just(Matcher::Known(false))].boxed(),
        Knowledge::Free => {
            let known = any::<bool>().prop_map(Matcher::Known);
            let not_known = any::<bool>().prop_map(|k| Matcher::Not(Box::new(Matcher::Known(k))));
            prop_oneof![12 => inner, 3 => not, 2 => known, 1 => not_known].boxed()
        }
    }
}

const TESTED: [Fact; 10] = [
    Fact::Color,
    Fact::Shade,
    Fact::Tags,
    Fact::N,
    Fact::M,
    Fact::Day,
    Fact::Flag,
    Fact::Total,
    Fact::Share,
    Fact::High,
];

fn tests(knowledge: Knowledge, most: usize) -> impl Strategy<Value = BTreeMap<Fact, Matcher>> {
    let one = select(TESTED.as_slice()).prop_flat_map(move |fact| (Just(fact), matcher(fact, knowledge)));
    vec(one, 1..=most).prop_map(|tests| tests.into_iter().collect())
}

fn script() -> impl Strategy<Value = Script> {
    prop_oneof![
        (0..8_i64).prop_map(Script::Ratio),
        (0..6_i64).prop_map(Script::Sum),
        Just(Script::Cell),
        (select(vec![Fact::Total, Fact::Share, Fact::High]), 0..5_i64).prop_map(|(fact, k)| Script::Derived(fact, k)),
        Just(Script::Flag),
    ]
}

/// A condition, at most three levels deep.
pub fn condition(knowledge: Knowledge) -> BoxedStrategy<Cond> {
    let below = if knowledge == Knowledge::Unknown { Knowledge::Never } else { knowledge };
    let leaf = |knowledge| {
        (tests(knowledge, 2), weighted(0.1, script())).prop_map(|(tests, script)| Cond {
            tests,
            script,
            ..Cond::default()
        })
    };
    let any_of = vec(leaf(knowledge), 2..=3).prop_map(|any_of| Cond { any_of, ..Cond::default() });
    let not = leaf(below).prop_map(|inner| Cond { not: Some(Box::new(inner)), ..Cond::default() });
    let only_script = script().prop_map(|script| Cond { script: Some(script), ..Cond::default() });
    let mixed = (tests(knowledge, 1), vec(leaf(knowledge), 2..=2), weighted(0.5, leaf(below)))
        .prop_map(|(tests, any_of, not)| Cond { tests, any_of, not: not.map(Box::new), script: None });
    prop_oneof![5 => leaf(knowledge), 1 => any_of, 1 => not, 1 => only_script, 1 => mixed].boxed()
}

fn period() -> impl Strategy<Value = Period> {
    (0..3_usize, 0..3_usize, 0..3_usize).prop_map(|(form, from, length)| match form {
        0 => Period { from: Some(from + 1), until: None },
        1 => Period { from: None, until: Some(from + 1) },
        _ => Period { from: Some(from), until: Some((from + length + 1).min(DAYS.len() - 1)) },
    })
}

fn dated_by() -> impl Strategy<Value = Fact> {
    prop_oneof![2 => Just(Fact::At), 1 => Just(Fact::Day)]
}

/// An effect with the condition under which it follows.
fn effect() -> BoxedStrategy<(Option<Cond>, Effect)> {
    let when = |knowledge| weighted(0.85, condition(knowledge));
    let permit = (when(Knowledge::Never), select(PERMITS.as_slice())).prop_map(|(w, c)| (w, Effect::Permit(c)));
    let refer = (when(Knowledge::Unknown), select(REFERS.as_slice())).prop_map(|(w, c)| (w, Effect::Refer(c)));
    let ask = (weighted(0.3, condition(Knowledge::Free)), condition(Knowledge::Free), select(ASKS.as_slice()))
        .prop_map(|(w, needed, c)| (w, Effect::Ask(needed, c)));
    let attach = (when(Knowledge::Free), select(vec!["permit", "deny", "refer"]))
        .prop_map(|(w, outcome)| (w, Effect::Attach(outcome)));
    prop_oneof![6 => permit, 4 => denial(), 1 => refer, 2 => ask, 2 => attach].boxed()
}

/// A rule that denies, or requires and denies otherwise.
pub fn denial() -> BoxedStrategy<(Option<Cond>, Effect)> {
    let deny = (condition(Knowledge::Unknown), select(DENIES.as_slice())).prop_map(|(w, c)| (Some(w), Effect::Deny(c)));
    let require =
        (weighted(0.3, condition(Knowledge::Unknown)), condition(Knowledge::Never), select(DENIES.as_slice()))
            .prop_map(|(w, needed, c)| (w, Effect::Require(needed, c)));
    prop_oneof![2 => deny, 1 => require].boxed()
}

fn results() -> impl Strategy<Value = BTreeMap<&'static str, Expr>> {
    let expr = prop_oneof![
        4 => (0..2_i64).prop_map(Expr::Constant),
        1 => Just(Expr::Next),
        1 => Just(Expr::Ratio),
        1 => Just(Expr::Cell),
    ];
    btree_map(select(RESULTS.as_slice()), expr, 0..=1)
}

fn rule() -> impl Strategy<Value = Rule> {
    let duties = subsequence(DUTIES.to_vec(), 0..=2);
    (effect(), weighted(0.15, period()), results(), duties, 0..3_u8).prop_map(
        |((when, effect), period, results, duties, bare)| {
            let mut rule = Rule { id: String::new(), when, period, effect, results, duties };
            if bare > 0 && !matches!(rule.effect, Effect::Attach(_)) {
                (rule.results, rule.duties) = (BTreeMap::new(), Vec::new());
            }
            if matches!(rule.effect, Effect::Attach(_)) && rule.results.is_empty() && rule.duties.is_empty() {
                rule.duties.push(DUTIES[0]);
            }
            rule
        },
    )
}

fn file(most: usize) -> impl Strategy<Value = File> {
    (weighted(0.15, period()), dated_by(), vec(rule(), 0..=most)).prop_map(|(period, dated_by, rules)| File {
        name: String::new(),
        period,
        dated_by,
        rules,
    })
}

/// Numbers files and rules, so that every rule has a name of its own.
pub fn numbered(mut files: Vec<File>) -> Vec<File> {
    for (at, file) in files.iter_mut().enumerate() {
        file.name = format!("file-{at}");
        for (at, rule) in file.rules.iter_mut().enumerate() {
            rule.id = format!("rule-{at}");
            // A rule that no date reaches is refused at load.
            rule.period = rule.period.filter(|own| file.period.is_none_or(|whole| meet(*own, whole)));
        }
    }
    files
}

fn meet(a: Period, b: Period) -> bool {
    let from = a.from.max(b.from).unwrap_or(0);
    [a.until, b.until].into_iter().flatten().all(|until| from < until)
}

fn absences() -> impl Strategy<Value = BTreeMap<Fact, Absence>> {
    let absence = |fact: Fact| {
        let source = match fact {
            Fact::Shade => Some(Fact::Color),
            Fact::M => Some(Fact::N),
            _ => None,
        };
        let from = source.map_or(Absence::Optional, Absence::From);
        prop_oneof![
            5 => Just(Absence::Ask),
            2 => Just(Absence::Optional),
            1 => value(fact).prop_map(Absence::Default),
            2 => Just(from),
        ]
        .prop_map(move |absence| (fact, absence))
    };
    STATED.map(absence).prop_map(|all| all.into_iter().collect())
}

fn unrecognised() -> impl Strategy<Value = BTreeMap<Fact, Unrecognised>> {
    let one = |fact| {
        select(vec![Unrecognised::Ask, Unrecognised::Ignore, Unrecognised::Other]).prop_map(move |mode| (fact, mode))
    };
    [Fact::Color, Fact::Shade, Fact::Tags].map(one).prop_map(|all| all.into_iter().collect())
}

fn list() -> impl Strategy<Value = Vec<(&'static str, Option<Period>)>> {
    let entry = (select(COLORS.as_slice()), weighted(0.5, period()));
    vec(entry, 1..=3).prop_map(|entries| {
        let mut out: Vec<(&'static str, Option<Period>)> = Vec::new();
        for (value, period) in entries {
            if !out.iter().any(|(known, before)| *known == value && (before.is_none() || period.is_none())) {
                out.push((value, period));
            }
        }
        out
    })
}

fn row() -> impl Strategy<Value = Row> {
    let tests = (weighted(0.8, plain(Fact::Color)), weighted(0.3, plain(Fact::Flag)));
    (tests, 0..4_i64, weighted(0.25, period())).prop_map(|((color, flag), max, period)| {
        let color = color.map(|matcher| (Fact::Color, matcher));
        let flag = flag.map(|matcher| (Fact::Flag, matcher));
        Row { tests: color.into_iter().chain(flag).collect(), max, period }
    })
}

/// Rows of one key are refused at load where their periods meet, so each key keeps its first row.
fn without_twins(rows: Vec<Row>) -> Vec<Row> {
    let mut kept: Vec<Row> = Vec::new();
    for row in rows {
        if kept.iter().all(|known| known.tests != row.tests) {
            kept.push(row);
        }
    }
    kept
}

pub fn bundle() -> impl Strategy<Value = Bundle> {
    let tables = (dated_by(), vec(row(), 1..=3));
    let lists = (dated_by(), list());
    (absences(), unrecognised(), lists, tables, vec(file(4), 1..=3)).prop_map(
        |(absences, unrecognised, (list_dated_by, list), (table_dated_by, rows), files)| Bundle {
            absences,
            unrecognised,
            list_dated_by,
            list,
            table_dated_by,
            rows: without_twins(rows),
            files: numbered(files),
        },
    )
}

fn said(fact: Fact) -> BoxedStrategy<Said> {
    let value = match fact {
        Fact::Day => (0..DAYS.len()).prop_map(Val::Day).boxed(),
        fact => value(fact),
    };
    let value = value.prop_map(Said::Value);
    match fact {
        Fact::Color | Fact::Shade => prop_oneof![7 => value, 1 => Just(Said::Odd)].boxed(),
        Fact::Tags => prop_oneof![5 => value, 1 => tags().prop_map(Said::OddAmong)].boxed(),
        _ => value.boxed(),
    }
}

pub fn request() -> impl Strategy<Value = Request> {
    let one = |fact: Fact| weighted(0.7, said(fact)).prop_map(move |said| (fact, said));
    (0..DAYS.len(), STATED.map(one)).prop_map(|(at, said)| Request {
        at,
        said: said.into_iter().filter_map(|(fact, said)| Some((fact, said?))).collect(),
    })
}

/// A bundle and so many requests.
pub fn case(requests: usize) -> impl Strategy<Value = Case> {
    (bundle(), vec(request(), requests)).prop_map(|(bundle, requests)| Case { bundle, requests })
}

/// A matcher that can go either way: for every one there is a value that passes and one that does not.
fn either_way(fact: Fact) -> BoxedStrategy<Matcher> {
    let one_of = vec(value(fact), 1..=2).prop_map(|mut values| {
        values.sort();
        values.dedup();
        Matcher::OneOf(values)
    });
    let inner = match fact {
        Fact::Color | Fact::Shade => one_of.boxed(),
        Fact::Flag => any::<bool>().prop_map(|flag| Matcher::OneOf(vec![Val::Flag(flag)])).boxed(),
        Fact::Tags => prop_oneof![
            some_tags().prop_map(Matcher::Any),
            some_tags().prop_map(Matcher::All),
            some_tags().prop_map(Matcher::None),
        ]
        .boxed(),
        fact => prop_oneof![one_of, compare(fact)].boxed(),
    };
    (inner, any::<bool>()).prop_map(|(inner, not)| if not { Matcher::Not(Box::new(inner)) } else { inner }).boxed()
}

/// Two conditions that together speak of no fact twice; the first may be empty.
fn apart() -> impl Strategy<Value = (Option<Cond>, Cond)> {
    let facts = subsequence(STATED.to_vec(), 2..=5).prop_shuffle();
    let tested =
        facts.prop_flat_map(|facts| facts.into_iter().map(|fact| (Just(fact), either_way(fact))).collect::<Vec<_>>());
    (tested, 0..3_usize, any::<[bool; 2]>()).prop_map(|(mut tests, first, [any_of, not])| {
        let one = |test: (Fact, Matcher)| Cond { tests: BTreeMap::from([test]), ..Cond::default() };
        let when: BTreeMap<_, _> = tests.drain(..first.min(tests.len() - 1)).collect();
        let mut cond = Cond::default();
        if any_of && tests.len() > 1 {
            cond.any_of = tests.drain(..2).map(one).collect();
        }
        if not && !tests.is_empty() {
            cond.not = tests.pop().map(|test| Box::new(one(test)));
        }
        cond.tests = tests.into_iter().collect();
        ((!when.is_empty()).then(|| Cond { tests: when, ..Cond::default() }), cond)
    })
}

/// A bundle whose rules speak of no fact twice and cannot fail, and so many requests.
pub fn simple_case(requests: usize) -> impl Strategy<Value = Case> {
    let effects = select(vec!["permit", "permit", "deny", "refer", "require", "ask", "attach"]);
    let rule = (apart(), effects).prop_map(|((when, cond), effect)| {
        let (when, effect) = match effect {
            "require" => (when, Effect::Require(cond, "bad")),
            "ask" => (when, Effect::Ask(cond, "wanted")),
            "permit" => (Some(cond), Effect::Permit("fine")),
            "deny" => (Some(cond), Effect::Deny("bad")),
            "refer" => (Some(cond), Effect::Refer("call")),
            _ => (Some(cond), Effect::Attach("permit")),
        };
        let mut rule = Rule::new("", when, effect);
        rule.duties.extend(matches!(rule.effect, Effect::Attach(_)).then_some(DUTIES[0]));
        rule
    });
    let file = vec(rule, 1..=4).prop_map(|rules| File { name: String::new(), period: None, dated_by: Fact::At, rules });
    (bundle(), vec(file, 1..=2), vec(request(), requests)).prop_map(|(bundle, files, requests)| {
        let mut bundle = Bundle { files: numbered(files), ..bundle };
        for absence in bundle.absences.values_mut() {
            if let Absence::From(_) = absence {
                *absence = Absence::Ask;
            }
        }
        Case { bundle, requests }
    })
}
