//! The grammar of bundle files: which keys stand where, and what their values are.
//!
//! One table for the JSON Schemas and for the language server. The readers ask for keys by themselves; a test records
//! what they ask for and holds both in step.

mod bundle;
mod invariants;
mod policy;
mod registry;
mod scenario;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use scenario::SCENARIO;

/// Whether a key must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Must,
    /// It depends on other keys of the mapping.
    Depends,
    /// Never.
    May,
}

/// A key of a mapping.
#[derive(Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// Whether it must be given.
    pub need: Need,
    /// What it says, in one line.
    pub about: &'static str,
    /// The form of its value.
    pub form: Form,
}

/// A mapping whose keys are the grammar's.
#[derive(Debug)]
pub struct Shape {
    /// What the reader calls it in findings, without the article.
    pub what: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Its keys, in the order in which they are best written.
    pub keys: &'static [Key],
}

impl Shape {
    /// The key with this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// The form of a node.
#[derive(Debug)]
pub enum Form {
    /// A scalar.
    Scalar(Slot),
    /// A list.
    List(&'static Form),
    /// A list, or one item by itself.
    ListOrOne(&'static Form),
    /// A mapping whose keys are the author's, and the form of its values.
    Map(Slot, &'static Form),
    /// A mapping whose keys are the grammar's.
    Shape(&'static Shape),
    /// A mapping of the second form; anything else is of the first.
    Either(&'static Form, &'static Form),
    /// Facts and what they are tested for.
    Condition,
    /// A condition that may also speak of the decision.
    Statement,
    /// Results and their values.
    Results,
    /// A row of a table.
    Row,
    /// A request, as callers write it.
    Request,
}

/// What a scalar says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Free text.
    Text,
    /// A name that nothing refers to.
    Name,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// One of a few words, each with what it means.
    Word(&'static [(&'static str, &'static str)]),
    /// A date or an instant.
    Instant,
    /// A script.
    Script,
    /// A file or folder, relative to the bundle's.
    File,
    /// A language of the bundle.
    Language,
    /// The name of something that is defined here.
    Define(Sort),
    /// The name of something that is defined elsewhere.
    Refer(Sort),
    /// A fact, or `order.*` for all that begin so.
    Facts,
    /// The number of a clause that is defined here.
    ClauseNumber,
    /// A clause: its number in the source of the file, or `source#number`.
    Clause,
    /// The name of a type, `set of` before it for sets.
    Type,
    /// A value of the type that its surroundings give.
    Value,
}

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// A bundle.
    Bundle,
    /// A clause of a source document, `source#number`.
    Clause,
    /// A column of a table, `table.column`.
    Column,
    /// An entry of a registry or a value of an enumeration, `domain/code`.
    Entry,
    /// A fact, by its path.
    Fact,
    /// A function of the scripts.
    Function,
    /// A kind of request.
    Kind,
    /// A list.
    List,
    /// A message, by its id.
    Message,
    /// An obligation or an advice.
    Obligation,
    /// A policy.
    Policy,
    /// A reason.
    Reason,
    /// A registry.
    Registry,
    /// A result.
    Result,
    /// A rule, `policy/id`.
    Rule,
    /// A section of a source document, `source/section`.
    Section,
    /// A setting.
    Setting,
    /// A source document.
    Source,
    /// A stage of the order of reasons.
    Stage,
    /// A table.
    Table,
    /// A type of the vocabulary.
    Type,
}

/// The kinds of YAML files there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// `bundle.yaml`.
    Bundle,
    /// The vocabulary.
    Vocabulary,
    /// Registries.
    Registry,
    /// A source document.
    Source,
    /// A policy.
    Policy,
    /// Invariants.
    Invariants,
    /// A scenario: a request and the answer that is expected.
    Scenario,
}

impl FileKind {
    /// All kinds, in alphabetical order.
    pub const ALL: [Self; 7] =
        [Self::Bundle, Self::Invariants, Self::Policy, Self::Registry, Self::Scenario, Self::Source, Self::Vocabulary];

    /// Its name, as in `policy.schema.json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Vocabulary => "vocabulary",
            Self::Registry => "registry",
            Self::Source => "source",
            Self::Policy => "policy",
            Self::Invariants => "invariants",
            Self::Scenario => "scenario",
        }
    }

    /// The mapping that such a file is.
    #[must_use]
    pub fn shape(self) -> &'static Shape {
        match self {
            Self::Bundle => &bundle::BUNDLE,
            Self::Vocabulary => &vocabulary::VOCABULARY,
            Self::Registry => &registry::FILE,
            Self::Source => &registry::SOURCE,
            Self::Policy => &policy::POLICY,
            Self::Invariants => &invariants::INVARIANTS,
            Self::Scenario => &SCENARIO,
        }
    }
}

/// A key of a condition that is not a fact.
pub const CONDITION_KEYS: [(&str, &str); 4] = [
    ("all-of", "All of these conditions hold."),
    ("any-of", "One of these conditions holds."),
    ("not", "This condition does not hold."),
    ("script", "A boolean expression holds; for what tests of facts cannot say."),
];

/// Keys of a statement that speak of the decision.
pub const DECISION_KEYS: [(&str, &str); 3] = [
    ("outcome", "The outcome is this, or one of these."),
    ("reasons", "All of these reasons are given; or `any`, `all` or `none` of a list."),
    ("obligations", "All of these obligations and advice are given; or `any`, `all` or `none` of a list."),
];

/// What a statement's key begins with where it tests a result.
pub const RESULT_PREFIX: &str = "results.";

/// What a condition's key begins with where it tests a setting.
pub const SETTING_PREFIX: &str = "settings.";

/// What a test of a fact may say, and for which types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// One value of the set's elements, or a list of them.
    Elements,
    /// A bound, for types with an order.
    Bound,
    /// Another test.
    Test,
    /// `true` or `false`.
    Boolean,
}

/// The matchers, in the order in which they are offered.
pub const MATCHERS: [(&str, Matcher, &str); 11] = [
    ("any", Matcher::Elements, "The set has one of these."),
    ("all", Matcher::Elements, "The set has all of these."),
    ("none", Matcher::Elements, "The set has none of these."),
    ("at-least", Matcher::Bound, "The value is this or more."),
    ("at-most", Matcher::Bound, "The value is this or less."),
    ("more-than", Matcher::Bound, "The value is more than this."),
    ("less-than", Matcher::Bound, "The value is less than this."),
    ("is", Matcher::Test, "The value passes this test; useful beside other matchers."),
    ("present", Matcher::Boolean, "Whether the fact is given."),
    ("known", Matcher::Boolean, "Whether the fact is given and a registry knows it."),
    ("not", Matcher::Test, "The value is there and fails this test."),
];

/// The types that every vocabulary has, and how their values are written.
pub const BUILT_IN_TYPES: [(&str, &str); 8] = [
    ("boolean", "`true` or `false`"),
    ("integer", "a whole number"),
    ("decimal", "an exact decimal number, in quotes"),
    ("text", "free text"),
    ("currency", "an ISO 4217 code"),
    ("date", "a date, `YYYY-MM-DD`"),
    ("timestamp", "an instant, `2021-06-01T00:00:00Z`, or a date"),
    ("duration", "an ISO 8601 duration, `P30D`"),
];

pub use policy::WINDOW_ROW_KEYS;

/// Keys of a row that are neither facts nor columns.
pub const ROW_KEYS: [(&str, &Form, &str); 5] = [
    ("id", &Form::Scalar(Slot::Name), "The name by which an overlay can retire the row."),
    ("clauses", &CLAUSES, "The clauses that the row rests on."),
    ("effective", &Form::Shape(&policy::EFFECTIVE), "From when to when the row holds."),
    ("certainty", &policy::CERTAINTY, "How sure it is that it held then."),
    ("evidence", &TEXT, "On what it rests."),
];

/// The key of a result that is computed where its text would be read as a value.
pub const RESULT_SCRIPT: &str = "script";

pub(crate) const TEXT: Form = Form::Scalar(Slot::Text);
pub(crate) const TEXTS: Form = Form::List(&TEXT);
pub(crate) const BOOLEAN: Form = Form::Scalar(Slot::Boolean);
pub(crate) const VALUE: Form = Form::Scalar(Slot::Value);
pub(crate) const FILE: Form = Form::Scalar(Slot::File);
pub(crate) const TYPE: Form = Form::Scalar(Slot::Type);
pub(crate) const CLAUSES: Form = Form::List(&Form::Scalar(Slot::Clause));
pub(crate) const BY_LANGUAGE: Form = Form::Map(Slot::Language, &TEXT);
pub(crate) const GIST: Form = Form::Either(&TEXT, &BY_LANGUAGE);
pub(crate) const FACT: Form = Form::Scalar(Slot::Refer(Sort::Fact));
pub(crate) const FACTS: Form = Form::List(&FACT);
pub(crate) const REASON: Form = Form::Scalar(Slot::Refer(Sort::Reason));
pub(crate) const SOURCE: Form = Form::Scalar(Slot::Refer(Sort::Source));

pub(crate) const fn must(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, need: Need::Must, about, form }
}

pub(crate) const fn may(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, need: Need::May, about, form }
}

pub(crate) const fn depends(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, need: Need::Depends, about, form }
}
