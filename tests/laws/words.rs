//! A small language of bundles and requests, printed as the YAML and the JSON that the engine reads.
//!
//! It knows nothing of the engine: seven facts, three derived ones, a list, a table, and every form of rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value as Json, json};

/// A fact. The first seven are stated by requests, the next three derived; `At` is the decision time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Color,
    Shade,
    Tags,
    N,
    M,
    Day,
    Flag,
    /// `n + m`: never fails.
    Total,
    /// `12 / n`: fails when `n` is 0.
    Share,
    /// `n` when it is more than 1, else absent.
    High,
    At,
}

pub const STATED: [Fact; 7] = [Fact::Color, Fact::Shade, Fact::Tags, Fact::N, Fact::M, Fact::Day, Fact::Flag];
pub const DERIVED: [(Fact, &str); 3] = [
    (Fact::Total, "(n ?? 0) + (m ?? 0)"),
    (Fact::Share, "12 / (n ?? 1)"),
    (Fact::High, "if (n ?? 0) > 1 { n } else { () }"),
];
pub const COLORS: [&str; 3] = ["red", "green", "blue"];
pub const TAGS: [&str; 3] = ["x", "y", "z"];
/// The first and the last are no limits of any rule, so that every test of a day can go either way.
pub const DAYS: [&str; 6] = ["2020-10-01", "2021-01-01", "2021-04-01", "2021-07-01", "2021-10-01", "2022-01-01"];

impl Fact {
    pub fn path(self) -> &'static str {
        match self {
            Self::Color => "thing.color",
            Self::Shade => "thing.shade",
            Self::Tags => "thing.tags",
            Self::N => "n",
            Self::M => "m",
            Self::Day => "day",
            Self::Flag => "flag",
            Self::Total => "total",
            Self::Share => "share",
            Self::High => "high",
            Self::At => "at",
        }
    }

    pub fn type_(self) -> &'static str {
        match self {
            Self::Color | Self::Shade => "color",
            Self::Tags => "set of tag",
            Self::N | Self::M | Self::Total | Self::Share | Self::High => "integer",
            Self::Day => "date",
            Self::Flag => "boolean",
            Self::At => "timestamp",
        }
    }
}

/// A value; a day is its position in [`DAYS`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Val {
    Color(&'static str),
    Tags(BTreeSet<&'static str>),
    Int(i64),
    Day(usize),
    Flag(bool),
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Color(code) => f.write_str(code),
            Self::Tags(tags) => write!(f, "[{}]", tags.iter().copied().collect::<Vec<_>>().join(", ")),
            Self::Int(i) => write!(f, "{i}"),
            Self::Day(day) => f.write_str(DAYS[*day]),
            Self::Flag(b) => write!(f, "{b}"),
        }
    }
}

impl Val {
    pub fn json(&self) -> Json {
        match self {
            Self::Tags(tags) => json!(tags),
            Self::Int(i) => json!(i),
            Self::Flag(b) => json!(b),
            other => json!(other.to_string()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    Ask,
    Optional,
    Default(Val),
    From(Fact),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrecognised {
    Ask,
    Ignore,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    AtLeast,
    AtMost,
    MoreThan,
    LessThan,
}

impl Order {
    pub fn key(self) -> &'static str {
        match self {
            Self::AtLeast => "at-least",
            Self::AtMost => "at-most",
            Self::MoreThan => "more-than",
            Self::LessThan => "less-than",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    OneOf(Vec<Val>),
    /// `$warm`
    InList,
    Compare(Order, Val),
    /// `$limits.max`; equality when there is no order.
    Table(Option<Order>),
    Any(BTreeSet<&'static str>),
    All(BTreeSet<&'static str>),
    None(BTreeSet<&'static str>),
    Present(bool),
    Known(bool),
    Not(Box<Matcher>),
    /// Several keys in one mapping.
    Both(Vec<Matcher>),
}

impl Matcher {
    fn keyed(&self) -> String {
        let set = |key: &str, tags: &BTreeSet<&str>| {
            format!("{key}: [{}]", tags.iter().copied().collect::<Vec<_>>().join(", "))
        };
        match self {
            Self::OneOf(_) | Self::InList | Self::Table(None) => format!("is: {self}"),
            Self::Compare(order, limit) => format!("{}: {limit}", order.key()),
            Self::Table(Some(order)) => format!("{}: $limits.max", order.key()),
            Self::Any(tags) => set("any", tags),
            Self::All(tags) => set("all", tags),
            Self::None(tags) => set("none", tags),
            Self::Present(wanted) => format!("present: {wanted}"),
            Self::Known(wanted) => format!("known: {wanted}"),
            Self::Not(inner) => format!("not: {inner}"),
            Self::Both(parts) => parts.iter().map(Self::keyed).collect::<Vec<_>>().join(", "),
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(values) if values.len() == 1 => write!(f, "{}", values[0]),
            Self::OneOf(values) => {
                write!(f, "[{}]", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
            Self::InList => f.write_str("$warm"),
            Self::Table(None) => f.write_str("$limits.max"),
            keyed => write!(f, "{{ {} }}", keyed.keyed()),
        }
    }
}

/// A script that decides; each reads what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// Fails when `n` is 0.
    Ratio(i64),
    Sum(i64),
    /// Fails when no row of the table applies.
    Cell,
    Derived(Fact, i64),
    Flag,
    /// Fails always.
    Broken,
}

impl Script {
    pub fn text(&self) -> String {
        match self {
            Self::Ratio(k) => format!("12 / (n ?? 1) > {k}"),
            Self::Sum(k) => format!("(n ?? 0) + (m ?? 0) >= {k}"),
            Self::Cell => "limits.max >= (n ?? 0)".into(),
            Self::Derived(fact, k) => format!("({} ?? 0) > {k}", fact.path()),
            Self::Flag => "flag ?? false".into(),
            Self::Broken => "12 / days_between(date(at), date(at)) > 0".into(),
        }
    }
}

/// A condition: everything in it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cond {
    pub tests: BTreeMap<Fact, Matcher>,
    pub any_of: Vec<Cond>,
    pub not: Option<Box<Cond>>,
    pub script: Option<Script>,
}

impl fmt::Display for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> =
            self.tests.iter().map(|(fact, matcher)| format!("{}: {matcher}", fact.path())).collect();
        if !self.any_of.is_empty() {
            let alternatives: Vec<String> = self.any_of.iter().map(ToString::to_string).collect();
            parts.push(format!("any-of: [{}]", alternatives.join(", ")));
        }
        parts.extend(self.not.iter().map(|inner| format!("not: {inner}")));
        parts.extend(self.script.iter().map(|script| format!("script: \"{}\"", script.text())));
        write!(f, "{{ {} }}", parts.join(", "))
    }
}

/// From the first day to before the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub from: Option<usize>,
    pub until: Option<usize>,
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.map(|day| format!("from: {}", DAYS[day]));
        let until = self.until.map(|day| format!("until: {}", DAYS[day]));
        write!(f, "{{ {} }}", from.into_iter().chain(until).collect::<Vec<_>>().join(", "))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Permit(&'static str),
    Deny(&'static str),
    Refer(&'static str),
    Require(Cond, &'static str),
    Ask(Cond, &'static str),
    /// Adds results and obligations to decisions with this outcome.
    Attach(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expr {
    Constant(i64),
    Next,
    /// Fails when `n` is 0.
    Ratio,
    /// Fails when no row of the table applies.
    Cell,
}

impl Expr {
    pub fn text(self) -> String {
        match self {
            Self::Constant(i) => i.to_string(),
            Self::Next => "\"(n ?? 0) + 1\"".into(),
            Self::Ratio => "\"12 / (n ?? 1)\"".into(),
            Self::Cell => "limits.max".into(),
        }
    }
}

pub const RESULTS: [&str; 2] = ["first", "second"];
pub const DUTIES: [&str; 3] = ["duty-a", "duty-b", "hint"];
pub const PERMITS: [&str; 2] = ["fine", "good"];
pub const DENIES: [&str; 2] = ["bad", "wrong"];
pub const REFERS: [&str; 1] = ["call"];
pub const ASKS: [&str; 2] = ["wanted", "needed"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub when: Option<Cond>,
    pub period: Option<Period>,
    pub effect: Effect,
    pub results: BTreeMap<&'static str, Expr>,
    pub duties: Vec<&'static str>,
}

impl Rule {
    pub fn new(id: &str, when: Option<Cond>, effect: Effect) -> Self {
        Self { id: id.into(), when, period: None, effect, results: BTreeMap::new(), duties: Vec::new() }
    }
}

/// A policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub period: Option<Period>,
    pub dated_by: Fact,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub tests: BTreeMap<Fact, Matcher>,
    pub max: i64,
    pub period: Option<Period>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub absences: BTreeMap<Fact, Absence>,
    pub unrecognised: BTreeMap<Fact, Unrecognised>,
    pub list_dated_by: Fact,
    pub list: Vec<(&'static str, Option<Period>)>,
    pub table_dated_by: Fact,
    pub rows: Vec<Row>,
    pub files: Vec<File>,
}

/// The facts that choose a row of the table.
pub const TABLE_BY: [Fact; 2] = [Fact::Color, Fact::Flag];

impl Bundle {
    pub fn rules(&self) -> impl Iterator<Item = (&File, &Rule)> {
        self.files.iter().flat_map(|file| file.rules.iter().map(move |rule| (file, rule)))
    }

    /// Whether some rule tests whether a value is known.
    pub fn tests_knowledge(&self) -> bool {
        self.texts().iter().any(|(_, text)| text.contains("known: "))
    }

    /// The bundle without results; rules that only add results add a duty instead.
    pub fn without_results(mut self) -> Self {
        for rule in self.files.iter_mut().flat_map(|file| &mut file.rules) {
            rule.results.clear();
            if matches!(rule.effect, Effect::Attach(_)) && rule.duties.is_empty() {
                rule.duties.push(DUTIES[0]);
            }
        }
        self
    }
}
