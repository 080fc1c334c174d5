//! Findings: what loading a bundle has to say, each with a stable code, a severity and a place.

use std::fmt;
use std::sync::Arc;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The bundle does not decide anything until it is mended.
    Error,
    /// The bundle decides, but probably not what its author meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A place in a file of the bundle. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, relative to the bundle's folder.
    pub file: Arc<str>,
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Line after which the place ends.
    pub end_line: usize,
    /// Column before which the place ends.
    pub end_column: usize,
    /// Bytes of the file's text.
    pub bytes: (usize, usize),
}

impl Place {
    /// The start of a file, for what is wrong with the file as a whole.
    #[must_use]
    pub fn start_of(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1, end_line: 1, end_column: 1, bytes: (0, 0) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A second place that matters to a finding, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What stands there, in a few words.
    pub message: String,
}

/// A change of the text that would mend the finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced.
    pub place: Place,
    /// By what.
    pub text: String,
}

/// One thing that loading a bundle has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of mistake.
    pub code: Code,
    /// One lower-case sentence, the author's words in backticks.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that matter.
    pub related: Vec<Related>,
    /// A change that would mend it.
    pub edit: Option<Edit>,
    /// A request that shows it, as JSON, where deciding can show it.
    pub request: Option<String>,
}

impl Finding {
    /// A finding without help.
    #[must_use]
    pub fn new(code: Code, place: &Place, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: place.clone(),
            help: None,
            related: Vec::new(),
            edit: None,
            request: None,
        }
    }

    /// With the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With a request that shows it.
    #[must_use]
    pub fn shown_by(mut self, request: impl Into<String>) -> Self {
        self.request = Some(request.into());
        self
    }

    /// With the nearest known name, as help and as an edit of the place.
    #[must_use]
    pub fn nearest(mut self, nearest: Option<&str>) -> Self {
        if let Some(name) = nearest {
            self.help = Some(format!("did you mean `{name}`?"));
            self.edit = Some(Edit { place: self.place.clone(), text: name.to_owned() });
        }
        self
    }

    /// With a second place.
    #[must_use]
    pub fn related(mut self, place: &Place, message: impl Into<String>) -> Self {
        self.related.push(Related { place: place.clone(), message: message.into() });
        self
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}[{}]: {}", self.place, self.severity(), self.code, self.message)?;
        if let Some(help) = &self.help {
            write!(f, " (help: {help})")?;
        }
        Ok(())
    }
}

/// How many findings are held; further ones are counted only, so that no bundle can fill the memory with mistakes.
const HELD: usize = 20_000;

/// The findings of one load, in a stable order, bounded.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    all: Vec<Finding>,
    dropped: usize,
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        if self.all.len() < HELD {
            self.all.push(finding);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Adds all of another file's.
    pub fn append(&mut self, other: Self) {
        self.dropped = self.dropped.saturating_add(other.dropped);
        other.all.into_iter().for_each(|finding| self.push(finding));
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.dropped > 0 || self.all.iter().any(|f| f.severity() == Severity::Error)
    }

    /// How many so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len().saturating_add(self.dropped)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were counted and not held.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Keeps those that `keep` wants.
    pub fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.all.retain(keep);
    }

    /// Those that are held, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.all.iter()
    }

    /// Sorted by place, code and message, without repetitions.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.all.sort_by(|a, b| {
            (&a.place.file, a.place.line, a.place.column, a.code, &a.message).cmp(&(
                &b.place.file,
                b.place.line,
                b.place.column,
                b.code,
                &b.message,
            ))
        });
        self.all.dedup();
        self.all
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal $severity:ident,)+) => {
        /// The kinds of findings. The text of a code never changes; each has a page in `docs/findings/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code, in alphabetical order of its text.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The stable text of the code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// How bad findings of this kind are.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// Its page in `docs/findings/`: what it is, a bad and a good example, and why it matters.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings/", $text, ".md")),)+
                }
            }

            /// What it means, in one line.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// Facts that take their values from one another, or from one that takes its own later.
    AbsenceCycle "absence-cycle" Error,
    /// The name fits two entries of one registry.
    AliasClash "alias-clash" Error,
    /// An anchor, alias, tag or merge key, which bundle files do not use.
    AnchorOrTag "anchor-or-tag" Error,
    /// A rule, row or list entry that cites no clause, where others of its policy, table or list do.
    CitesNothing "cites-nothing" Warning,
    /// A normative clause of a source that nothing in the bundle cites.
    ClauseWithoutRule "clause-without-rule" Warning,
    /// A form that could turn a refusal into a permit, in an overlay that only restricts.
    CouldWiden "could-widen" Error,
    /// Two of what must be unique have the same name.
    Duplicate "duplicate" Error,
    /// The same key twice in one mapping.
    DuplicateKey "duplicate-key" Error,
    /// A period of effect that ends before it begins.
    EffectiveReversed "effective-reversed" Error,
    /// An entry of a registry that no request can name and nothing else uses.
    EntryDecidesNothing "entry-decides-nothing" Warning,
    /// A chain of `extends` that comes back to itself.
    ExtendsCycle "extends-cycle" Error,
    /// A fact that no decision depends on.
    FactDecidesNothing "fact-decides-nothing" Warning,
    /// A fact whose path is also the beginning of another fact's path.
    FactIsBranch "fact-is-branch" Error,
    /// A file that the bundle names and that cannot be read.
    FileMissing "file-missing" Error,
    /// A construct that scripts may not use.
    ForbiddenConstruct "forbidden-construct" Error,
    /// Requests of a kind that says it is complete, about which no rule speaks.
    Gap "gap" Warning,
    /// A time between two rows of one key in which neither holds.
    HoleInTime "hole-in-time" Warning,
    /// A limit of the bundle is exceeded.
    LimitExceeded "limit-exceeded" Error,
    /// A message file that does not parse.
    MessageSyntax "message-syntax" Error,
    /// A message uses a variable that has no value there.
    MessageVariable "message-variable" Error,
    /// A scalar that YAML or people read in another way than it was meant.
    MisreadScalar "misread-scalar" Warning,
    /// A key that must be given is not.
    MissingKey "missing-key" Error,
    /// A reason, obligation or advice has no message in a language of the bundle.
    MissingMessage "missing-message" Error,
    /// Something that no date reaches: its periods exclude one another.
    NeverInForce "never-in-force" Error,
    /// A condition that no value can meet.
    NeverMatches "never-matches" Warning,
    /// Two rows of one key that are in force together.
    OverlappingRows "overlapping-rows" Error,
    /// A rule that permits or refers, and is outvoted wherever it matches.
    Overridden "overridden" Warning,
    /// A message, a result or the name of a part would show a private fact.
    PrivateShown "private-shown" Error,
    /// A rule without which every decision stays as it is.
    Redundant "redundant" Warning,
    /// A rule that no request matches.
    RuleNeverMatches "rule-never-matches" Warning,
    /// A script does not parse.
    ScriptSyntax "script-syntax" Error,
    /// A script is larger than the limit.
    ScriptTooLarge "script-too-large" Error,
    /// A setting under each of whose values every request is decided alike.
    SettingDecidesNothing "setting-decides-nothing" Warning,
    /// A file is not the YAML that bundles are written in.
    Syntax "syntax" Error,
    /// A test of whether a fact is known, where it would let not knowing decide.
    TestOfKnowledge "test-of-knowledge" Error,
    /// More findings than are shown.
    TooManyFindings "too-many-findings" Warning,
    /// A rule with more than one effect.
    TwoEffects "two-effects" Error,
    /// Two rules that match together and give one result two values, so that the request is denied.
    TwoValues "two-values" Warning,
    /// A value of another type than the one wanted.
    TypeMismatch "type-mismatch" Error,
    /// A clause that the source does not have.
    UnknownClause "unknown-clause" Error,
    /// A column that the table does not have.
    UnknownColumn "unknown-column" Error,
    /// A fact that the vocabulary does not have for this kind of request.
    UnknownFact "unknown-fact" Error,
    /// A function that is neither built in nor in the bundle's scripts.
    UnknownFunction "unknown-function" Error,
    /// A key that has no meaning here.
    UnknownKey "unknown-key" Error,
    /// A kind of request that the vocabulary does not have.
    UnknownKind "unknown-kind" Error,
    /// A language that the bundle does not speak.
    UnknownLanguage "unknown-language" Error,
    /// A list that no policy defines.
    UnknownList "unknown-list" Error,
    /// A message or term that a message refers to and that its language does not have.
    UnknownMessage "unknown-message" Error,
    /// A name that a script reads and that nothing defines.
    UnknownName "unknown-name" Error,
    /// An obligation or advice that no policy defines.
    UnknownObligation "unknown-obligation" Error,
    /// A request is permitted with a fact that is missing or not recognised, though some value of it would be denied.
    UnknownPermitted "unknown-permitted" Warning,
    /// A reason code that the vocabulary does not have.
    UnknownReason "unknown-reason" Error,
    /// A registry that the bundle does not have.
    UnknownRegistry "unknown-registry" Error,
    /// A result that the kind of request does not give.
    UnknownResult "unknown-result" Error,
    /// A row that no table has.
    UnknownRow "unknown-row" Error,
    /// A rule that no policy has.
    UnknownRule "unknown-rule" Error,
    /// A setting that the bundle does not have.
    UnknownSetting "unknown-setting" Error,
    /// A source document that the bundle does not have.
    UnknownSource "unknown-source" Error,
    /// A table that no policy defines.
    UnknownTable "unknown-table" Error,
    /// A type that the vocabulary does not have.
    UnknownType "unknown-type" Error,
    /// A value that the registry or enumeration does not have.
    UnknownValue "unknown-value" Error,
    /// A fact whose name scripts cannot read.
    UnreadableName "unreadable-name" Warning,
    /// Something that is defined and that nothing uses.
    Unused "unused" Warning,
    /// An overlay that only restricts, and lets through what its base does not.
    Widens "widens" Error,
    /// A value that is not of the form wanted here.
    WrongForm "wrong-form" Error,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
