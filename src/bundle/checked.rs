//! The checked bundle: every name resolved, every value typed. Cannot be built from a bundle with errors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::clause::ClauseRef;
use crate::model::finding::{Finding, Place};
use crate::model::time::Timestamp;
use crate::model::value::{Type, Value};
use crate::script::Script;

use super::domain::Domain;
use super::invariants::Invariant;
use super::messages::Messages;

macro_rules! index {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub usize);
    )+};
}

index! {
    /// A fact of the vocabulary.
    FactIx,
    /// A kind of request.
    KindIx,
    /// A rule.
    RuleIx,
    /// A named list of values.
    ListIx,
    /// A table.
    TableIx,
}

/// Everything that decides, and the words for it.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Name, version, digest.
    pub identity: Identity,
    /// The languages of its messages, the first is the default.
    pub languages: Vec<Arc<str>>,
    /// Source documents by id.
    pub sources: BTreeMap<Arc<str>, Source>,
    /// Enumerations and registries by the name of the type.
    pub domains: BTreeMap<Arc<str>, Arc<Domain>>,
    /// All facts.
    pub facts: Vec<Fact>,
    /// Kinds of request.
    pub kinds: Vec<Kind>,
    /// Results that decisions may carry.
    pub results: BTreeMap<Arc<str>, ResultDef>,
    /// Reason codes with their rank in the order of reasons.
    pub reasons: BTreeMap<Arc<str>, ReasonDef>,
    /// Obligations and advice by code.
    pub obligations: BTreeMap<Arc<str>, ObligationDef>,
    /// Policies in the order of the bundle.
    pub policies: Vec<Policy>,
    /// Rules of all policies, in the order of policies and files.
    pub rules: Vec<Rule>,
    /// Named lists.
    pub lists: Vec<List>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Readings of what the sources leave open.
    pub settings: BTreeMap<Arc<str>, Setting>,
    /// What must hold of every decision.
    pub invariants: Vec<Invariant>,
    /// Messages by language.
    pub messages: Arc<Messages>,
    /// Warnings that loading gave.
    pub warnings: Vec<Finding>,
    /// The text of every file, for showing places.
    pub files: BTreeMap<Arc<str>, Arc<str>>,
    /// What it promises only to tighten, where it says `mode: restrict`.
    pub restricts: Option<Restricts>,
}

/// The bundle that an overlay only tightens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restricts {
    /// Its folder, from that of the overlay.
    pub base: Arc<str>,
    /// Where the overlay names it.
    pub place: Place,
}

/// What identifies a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name.
    pub name: Arc<str>,
    /// Version.
    pub version: Arc<str>,
    /// `sha256:` and the digest of its content.
    pub digest: Arc<str>,
}

/// A source document: its numbered sentences.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its id, the part of a clause reference before `#`.
    pub id: Arc<str>,
    /// Title by language.
    pub title: BTreeMap<Arc<str>, Arc<str>>,
    /// Section titles by id.
    pub sections: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>,
    /// Sentences by number.
    pub clauses: BTreeMap<u32, Clause>,
}

/// One numbered sentence of a source document.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The section it stands in.
    pub section: Arc<str>,
    /// Whether it states something that decides.
    pub normative: bool,
    /// The requirements it carries, as the authors number them.
    pub requirements: Vec<Arc<str>>,
    /// What it says, in our words, by language.
    pub gist: BTreeMap<Arc<str>, Arc<str>>,
    /// Where it is registered.
    pub place: Place,
}

/// What the absence of a fact means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The value exists but is not known here.
    Ask,
    /// Absent is a value of its own.
    Optional,
    /// This value is taken.
    Default(Value),
    /// The value of another fact is taken.
    From(FactIx),
}

/// What a value means that no registry or enumeration knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrecognised {
    /// It is asked for again.
    Ask,
    /// It grants nothing: as if it were not given.
    Ignore,
    /// It is a value of its own, which matches nothing but `known: false`.
    Other,
    /// The request is refused as invalid.
    Error,
}

/// How much of a fact's value the record may keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// The value itself.
    #[default]
    Public,
    /// A salted commitment in the entry, and the value aside, where it can be erased.
    Erasable,
    /// A salted commitment, by which whoever knows the value can prove it.
    Private,
}

/// A fact of the vocabulary.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its dotted path in the request.
    pub path: Arc<str>,
    /// Its type.
    pub type_: Type,
    /// How it comes about when it is not read from the request.
    pub derived: Option<Arc<Derived>>,
    /// The names that a registry value may be written by, when not all.
    pub by_region: bool,
    /// What it is, by language.
    pub gist: BTreeMap<Arc<str>, Arc<str>>,
    /// The least value a request may give.
    pub minimum: Option<Value>,
    /// Whether the caller cannot change it.
    pub fixed: bool,
    /// How much of its value the record may keep.
    pub privacy: Privacy,
    /// Whether no message and no explanation shows its value: it is private, or derived from what is.
    pub hidden: bool,
    /// Where it is declared.
    pub place: Place,
}

/// The script of a derived fact.
#[derive(Debug)]
pub struct Derived {
    /// The expression.
    pub script: Script,
    /// The facts it reads, in the order of [`Script::reads`].
    pub reads: Vec<Operand>,
}

/// A kind of request.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Its name.
    pub name: Arc<str>,
    /// What absence and unrecognised values mean for each fact of the kind.
    pub facts: BTreeMap<FactIx, KindFact>,
    /// What is asked, by language.
    pub gist: BTreeMap<Arc<str>, Arc<str>>,
    /// Derived facts, each after those it reads.
    pub derived: Vec<FactIx>,
    /// How a request splits into parts.
    pub fan_out: Vec<FanOut>,
    /// What makes a request contradict itself.
    pub contradictions: Vec<Contradiction>,
    /// Rules that speak to this kind, in the order of the bundle.
    pub rules: Vec<RuleIx>,
    /// Whether some rule is to speak about every request.
    pub complete: bool,
    /// The reason when nothing permits.
    pub otherwise: Arc<str>,
    /// Where it is declared.
    pub place: Place,
}

/// What absence and unrecognised values mean for a fact of a kind.
#[derive(Clone, Debug)]
pub struct KindFact {
    /// When it is not given.
    pub absence: Absence,
    /// When no registry knows it.
    pub unrecognised: Unrecognised,
    /// The values that the kind takes, where it does not take all of the type.
    pub values: Option<BTreeSet<Value>>,
}

/// One way in which a request splits into parts.
#[derive(Clone, Debug)]
pub struct FanOut {
    /// The dotted path of the list.
    pub over: Arc<str>,
    /// The name of the part in the answer: the last segment of `over`.
    pub part: Arc<str>,
    /// The branch of facts that an element stands for, when it stands for one.
    pub branch: Option<Arc<str>>,
    /// Element path → fact.
    pub facts: BTreeMap<Arc<str>, FactIx>,
    /// The fact whose value names the part; its position in the list when it has none.
    pub label: Option<FactIx>,
    /// Facts that together make an element unique.
    pub unique_by: Vec<FactIx>,
    /// The fact that names the elements (by label) that the request is about.
    pub only: Option<FactIx>,
    /// Splits only when an element states one of these.
    pub when_stated: BTreeSet<FactIx>,
    /// Facts of the whole that a part never inherits.
    pub never_inherit: BTreeSet<FactIx>,
    /// Whether it only picks one element and never splits.
    pub pick: bool,
}

/// A condition under which a request contradicts itself.
#[derive(Clone, Debug)]
pub struct Contradiction {
    /// The condition.
    pub when: Condition,
    /// The path to blame.
    pub path: Arc<str>,
    /// The message.
    pub message: Arc<str>,
}

/// A result that decisions may carry.
#[derive(Clone, Debug)]
pub struct ResultDef {
    /// Its type.
    pub type_: Type,
    /// What it is, by language.
    pub gist: BTreeMap<Arc<str>, Arc<str>>,
    /// Where it is declared.
    pub place: Place,
}

/// A reason code.
#[derive(Clone, Debug)]
pub struct ReasonDef {
    /// Its rank: reasons are listed by rank, then in the order of the bundle.
    pub rank: usize,
    /// Where it is declared.
    pub place: Place,
}

/// An obligation or an advice.
#[derive(Clone, Debug)]
pub struct ObligationDef {
    /// Its code.
    pub code: Arc<str>,
    /// Who is to act.
    pub on: Arc<str>,
    /// Whether the caller may leave it.
    pub advice: bool,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// Where it is defined.
    pub place: Place,
}

/// One policy file.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub name: Arc<str>,
    /// Its file.
    pub file: Arc<str>,
}

/// From when to when something holds, and by which fact that is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Effective {
    /// The first instant at which it holds.
    pub from: Option<Timestamp>,
    /// The first instant at which it no longer holds.
    pub until: Option<Timestamp>,
    /// The fact that is compared.
    pub dated_by: FactIx,
}

/// Since when an overlay holds that something no longer applies, and why.
#[derive(Clone, Debug)]
pub struct Retired {
    /// The time in which it does not apply; always when silent.
    pub effective: Option<Effective>,
    /// Why.
    pub reason: Arc<str>,
    /// Where the overlay says so.
    pub place: Place,
}

/// On what a dated row, rule or entry rests.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// `high` or `medium`.
    pub certainty: Option<Arc<str>>,
    /// Where it is known from.
    pub evidence: Option<Arc<str>>,
}

impl Evidence {
    /// `high: the page of 2019-03-20`, when both are given.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        self.certainty.as_ref().zip(self.evidence.as_ref()).map(|(certainty, text)| format!("{certainty}: {text}"))
    }
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `policy/id`.
    pub name: Arc<str>,
    /// The policy it belongs to, by position.
    pub policy: usize,
    /// Where it stands.
    pub place: Place,
    /// The kinds it speaks to.
    pub kinds: Vec<KindIx>,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// What it says, by language.
    pub gist: BTreeMap<Arc<str>, Arc<str>>,
    /// When it is in force; all must hold.
    pub effective: Vec<Effective>,
    /// When overlays hold that it is not.
    pub retired: Vec<Retired>,
    /// On what it rests.
    pub evidence: Evidence,
    /// Its condition.
    pub when: Condition,
    /// What follows.
    pub effect: Effect,
    /// Results, by name.
    pub results: BTreeMap<Arc<str>, Expression>,
    /// Codes of obligations and advice.
    pub obligations: Vec<Arc<str>>,
}

/// What follows when a rule matches.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The request may go ahead.
    Permit(Arc<str>),
    /// It may not.
    Deny(Arc<str>),
    /// It is handed over.
    Refer(Arc<str>),
    /// The condition must be met before the request may go ahead.
    Ask(Condition, Arc<str>),
    /// The rule adds results and obligations to a decision with this outcome and decides nothing.
    Attach(crate::model::decision::Outcome),
}

/// A three-valued condition.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All hold; the empty one always holds.
    All(Vec<Condition>),
    /// One holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A fact passes a test.
    Fact(FactIx, Test, Place),
    /// A setting has one of these values.
    Setting(Arc<str>, BTreeSet<Value>, Place),
    /// A script says so.
    Script(Arc<Expression>, Place),
}

/// How a number, date or duration is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `at-least`
    AtLeast,
    /// `at-most`
    AtMost,
    /// `more-than`
    MoreThan,
    /// `less-than`
    LessThan,
    /// equal
    Equal,
}

/// A test of one fact.
#[derive(Clone, Debug)]
pub enum Test {
    /// The value is one of these.
    OneOf(BTreeSet<Value>),
    /// The value is in the list.
    InList(ListIx),
    /// The value compares so with a constant.
    Compare(Comparison, Value),
    /// The value compares so with a column of a table.
    CompareTable(Comparison, TableIx, usize),
    /// The set has one of these.
    AnyOf(BTreeSet<Value>),
    /// The set has all of these.
    AllOf(BTreeSet<Value>),
    /// The set has none of these.
    NoneOf(BTreeSet<Value>),
    /// The fact was given (or not).
    Present(bool),
    /// The value was given and a registry knows it (or not).
    Known(bool),
    /// The value is there and fails the test.
    Not(Box<Test>),
    /// The value passes all of these.
    All(Vec<Test>),
}

/// A value of a rule: a constant or a script.
#[derive(Clone, Debug)]
pub enum Expression {
    /// As written.
    Constant(Value),
    /// Computed.
    Script {
        /// The script.
        script: Arc<Script>,
        /// What it reads, in the order of [`Script::reads`].
        reads: Vec<Operand>,
        /// Where it stands.
        place: Place,
    },
}

/// What a script reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A fact.
    Fact(FactIx),
    /// A column of a table.
    Cell(TableIx, usize),
    /// A setting.
    Setting(Arc<str>),
}

/// A named list of values.
#[derive(Clone, Debug)]
pub struct List {
    /// Its name.
    pub name: Arc<str>,
    /// The type of its entries.
    pub type_: Type,
    /// Entries in the order of the file.
    pub entries: Vec<ListEntry>,
    /// Where it stands.
    pub place: Place,
}

/// One entry of a list.
#[derive(Clone, Debug)]
pub struct ListEntry {
    /// The value.
    pub value: Value,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// When it holds.
    pub effective: Option<Effective>,
    /// When overlays hold that it does not.
    pub retired: Vec<Retired>,
    /// On what it rests.
    pub evidence: Evidence,
    /// Where it stands.
    pub place: Place,
}

/// A table: rows chosen by tests of facts, giving values.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: Arc<str>,
    /// The facts its rows test.
    pub by: Vec<FactIx>,
    /// Names and types of the values its rows give.
    pub gives: Vec<(Arc<str>, Type)>,
    /// Rows in the order of the file.
    pub rows: Vec<Row>,
    /// The fact by which the periods of rows are read where they do not say.
    pub dated_by: FactIx,
    /// Whether its rows are windows, see `bundle/window.rs`.
    pub is_window: bool,
    /// Where it stands.
    pub place: Place,
}

impl Table {
    /// The table without its rows.
    #[must_use]
    pub fn without_rows(&self) -> Self {
        Self {
            name: Arc::clone(&self.name),
            by: self.by.clone(),
            gives: self.gives.clone(),
            rows: Vec::new(),
            dated_by: self.dated_by,
            is_window: self.is_window,
            place: self.place.clone(),
        }
    }
}

/// One row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name, by which an overlay can retire it.
    pub id: Option<Arc<str>>,
    /// Tests, all of which must pass; a fact of `by` without a test is not looked at.
    pub tests: Vec<(FactIx, Test)>,
    /// One value for each of the table's `gives`.
    pub values: Vec<Value>,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// When it holds.
    pub effective: Option<Effective>,
    /// When overlays hold that it does not.
    pub retired: Vec<Retired>,
    /// On what it rests.
    pub evidence: Evidence,
    /// Where it stands.
    pub place: Place,
}

/// A reading of what the sources leave open.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its type.
    pub type_: Type,
    /// The value in force where no dated one is.
    pub value: Value,
    /// Values that hold for a time, the first that is in force goes before.
    pub dated: Vec<(Value, Effective)>,
    /// All values it may take, when they are enumerated.
    pub choices: Vec<Value>,
    /// Where it takes the names of time zones: what it takes besides.
    pub time_zone_or: Option<Vec<Value>>,
    /// The clauses it reads.
    pub clauses: Vec<ClauseRef>,
    /// What it means, by language.
    pub gist: BTreeMap<Arc<str>, Arc<str>>,
    /// Where it is declared.
    pub place: Place,
}

impl Bundle {
    /// The fact at an index that came from this bundle.
    #[must_use]
    pub fn fact(&self, ix: FactIx) -> Option<&Fact> {
        self.facts.get(ix.0)
    }

    /// Whether no message and no explanation shows the value of a fact.
    #[must_use]
    pub fn is_private(&self, ix: FactIx) -> bool {
        self.fact(ix).is_some_and(|fact| fact.hidden)
    }

    /// The dotted path of a fact.
    #[must_use]
    pub fn path(&self, ix: FactIx) -> Arc<str> {
        self.facts.get(ix.0).map_or_else(|| Arc::from(""), |fact| Arc::clone(&fact.path))
    }

    /// The fact with this path.
    #[must_use]
    pub fn fact_at(&self, path: &str) -> Option<FactIx> {
        self.facts.iter().position(|fact| &*fact.path == path).map(FactIx)
    }

    /// The kind with this name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| &*kind.name == name)
    }

    /// The rules that speak to a kind, in the order of the bundle.
    pub fn rules_of<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a Rule> {
        kind.rules.iter().filter_map(|ix| self.rules.get(ix.0))
    }
}
