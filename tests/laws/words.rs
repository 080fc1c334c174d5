//! A small language of bundles and requests, printed as the YAML and the JSON that the engine reads.
//!
//! It knows nothing of the engine: seven facts, three derived ones, a list, a table, and every form of rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

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
    fn json(&self) -> Json {
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
    fn text(self) -> String {
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

    fn print(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "  - id: {}", self.id)?;
        if let Some(period) = &self.period {
            writeln!(out, "    effective: {period}")?;
        }
        if let Some(when) = &self.when {
            writeln!(out, "    when: {when}")?;
        }
        match &self.effect {
            Effect::Permit(code) => writeln!(out, "    permit: {code}")?,
            Effect::Deny(code) => writeln!(out, "    deny: {code}")?,
            Effect::Refer(code) => writeln!(out, "    refer: {code}")?,
            Effect::Require(cond, code) => writeln!(out, "    require: {cond}\n    else: {code}")?,
            Effect::Ask(cond, code) => writeln!(out, "    ask: {cond}\n    else: {code}")?,
            Effect::Attach(outcome) => writeln!(out, "    outcome: {outcome}")?,
        }
        if !self.results.is_empty() {
            let results: Vec<String> =
                self.results.iter().map(|(name, expr)| format!("{name}: {}", expr.text())).collect();
            writeln!(out, "    results: {{ {} }}", results.join(", "))?;
        }
        if !self.duties.is_empty() {
            writeln!(out, "    obligations: [{}]", self.duties.join(", "))?;
        }
        Ok(())
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

    /// The files of the bundle.
    pub fn texts(&self) -> Vec<(String, String)> {
        let mut out = vec![
            ("bundle.yaml".into(), self.manifest()),
            ("vocabulary.yaml".into(), self.vocabulary()),
            ("en.ftl".into(), messages()),
            ("defs.yaml".into(), self.definitions()),
        ];
        out.extend(self.files.iter().map(|file| (format!("{}.yaml", file.name), file.text())));
        out
    }

    fn manifest(&self) -> String {
        let files: Vec<String> = self.files.iter().map(|file| format!("{}.yaml", file.name)).collect();
        format!(
            "bundle: laws\nversion: \"1\"\nlanguages: [en]\nvocabulary: vocabulary.yaml\nmessages: {{ en: en.ftl }}\n\
             policies: [defs.yaml, {}]\n",
            files.join(", ")
        )
    }

    fn vocabulary(&self) -> String {
        let mut out = format!(
            "types:\n  color: {{ values: [{}] }}\n  tag: {{ values: [{}] }}\nstages: [only]\nreasons:\n",
            COLORS.join(", "),
            TAGS.join(", ")
        );
        for code in codes() {
            out += &format!("  {code}: only\n");
        }
        out += "results:\n";
        for name in RESULTS {
            out += &format!("  {name}: {{ type: integer }}\n");
        }
        out += "facts:\n";
        for fact in STATED {
            let absence = match &self.absences[&fact] {
                Absence::Ask => String::new(),
                Absence::Optional => ", absent: optional".into(),
                Absence::Default(value) => format!(", default: {value}"),
                Absence::From(source) => format!(", absent: {{ from: {} }}", source.path()),
            };
            let unrecognised = match self.unrecognised.get(&fact) {
                None => "",
                Some(Unrecognised::Ask) => ", unrecognised: ask",
                Some(Unrecognised::Ignore) => ", unrecognised: ignore",
                Some(Unrecognised::Other) => ", unrecognised: other",
            };
            out += &format!("  {}: {{ type: {}{absence}{unrecognised} }}\n", fact.path(), fact.type_());
        }
        for (fact, script) in DERIVED {
            out += &format!("  {}: {{ type: integer, script: \"{script}\" }}\n", fact.path());
        }
        out + "kinds:\n  ask:\n    facts: [thing.*, n, m, day, flag]\n    otherwise: nothing-permits\n"
    }

    fn definitions(&self) -> String {
        let mut out = format!(
            "policy: defs\nlists:\n  warm:\n    type: color\n    dated-by: {}\n    entries:\n",
            self.list_dated_by.path()
        );
        for (value, period) in &self.list {
            let period = period.map(|period| format!(", effective: {period}")).unwrap_or_default();
            out += &format!("      - {{ value: {value}{period} }}\n");
        }
        let by: Vec<&str> = TABLE_BY.iter().map(|fact| fact.path()).collect();
        out += &format!(
            "tables:\n  limits:\n    by: [{}]\n    gives: {{ max: integer }}\n    dated-by: {}\n    rows:\n",
            by.join(", "),
            self.table_dated_by.path()
        );
        for row in &self.rows {
            let tests: String = row.tests.iter().map(|(fact, m)| format!("{}: {m}, ", fact.path())).collect();
            let period = row.period.map(|period| format!(", effective: {period}")).unwrap_or_default();
            out += &format!("      - {{ {tests}max: {}{period} }}\n", row.max);
        }
        out += "obligations:\n";
        for code in &DUTIES[..2] {
            out += &format!("  {code}: {{ by: caller }}\n");
        }
        format!("{out}advice:\n  {}: {{ by: caller }}\n", DUTIES[2])
    }
}

impl File {
    fn text(&self) -> String {
        let mut out = format!("policy: {}\nrequest: ask\ndated-by: {}\n", self.name, self.dated_by.path());
        if let Some(period) = &self.period {
            out += &format!("effective: {period}\n");
        }
        out += "rules:\n";
        for rule in &self.rules {
            rule.print(&mut out).unwrap();
        }
        if self.rules.is_empty() {
            out = out.replace("rules:\n", "");
        }
        out
    }
}

fn codes() -> impl Iterator<Item = &'static str> {
    let own = ["information-missing", "rule-failed", "nothing-permits"];
    own.into_iter().chain(PERMITS).chain(DENIES).chain(REFERS).chain(ASKS)
}

fn messages() -> String {
    let reasons = codes().map(|code| format!("reason-{code} = {code} {{ $missing }} {{ $rule }}\n"));
    let duties = DUTIES[..2].iter().map(|code| format!("obligation-{code} = {code}\n"));
    reasons.chain(duties).chain([format!("advice-{0} = {0}\n", DUTIES[2])]).collect()
}

/// What a request says of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    Value(Val),
    /// A color that the vocabulary does not have.
    Odd,
    /// A set of which one element is not in the vocabulary.
    OddAmong(BTreeSet<&'static str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub at: usize,
    pub said: BTreeMap<Fact, Said>,
}

impl Request {
    pub fn json(&self) -> Json {
        let mut out = json!({ "kind": "ask", "at": format!("{}T12:00:00Z", DAYS[self.at]) });
        for (fact, said) in &self.said {
            let value = match said {
                Said::Value(value) => value.json(),
                Said::Odd => json!("mauve"),
                Said::OddAmong(tags) => tags.iter().copied().chain(["odd"]).collect(),
            };
            match fact.path().split_once('.') {
                Some((branch, leaf)) => out[branch][leaf] = value,
                None => out[fact.path()] = value,
            }
        }
        out
    }
}

/// A bundle and requests; what a failure prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Case {
    pub bundle: Bundle,
    pub requests: Vec<Request>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in self.bundle.texts().iter().filter(|(name, _)| name != "en.ftl" && name != "bundle.yaml") {
            writeln!(f, "\n--- {name}\n{text}")?;
        }
        for request in &self.requests {
            writeln!(f, "--- request\n{}", request.json())?;
        }
        Ok(())
    }
}
