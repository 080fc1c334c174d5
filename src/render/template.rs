//! Messages, ready to be written: text that is already JSON, values, and choices between variants.

use std::fmt;

use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement, Variant, VariantKey};
use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use unic_langid::LanguageIdentifier;

/// How many messages may refer to one another.
const DEPTH: usize = 8;
/// Placeables of one message; Fluent stops at 100, so that a message that could reach it is left to it.
const PLACEABLES: usize = 60;

/// What a variable of a message stands for, `V` says how it is found.
#[derive(Debug)]
pub enum Piece<V> {
    /// Text as JSON writes it.
    Text(Box<str>),
    /// A variable.
    Value(V),
    /// The first variant whose key matches, else the default.
    Select(V, Vec<(Key, Vec<Piece<V>>)>, Vec<Piece<V>>),
}

/// When a variant is chosen.
#[derive(Debug)]
pub enum Key {
    /// The value is this text.
    Word(Box<str>),
    /// The value is this text, or a number of this plural category.
    Plural(Box<str>, PluralCategory),
    /// The value is this number.
    Number(i64),
}

/// A value that a variant may be chosen by.
#[derive(Clone, Copy, Debug)]
pub enum Chosen<'t> {
    /// Text.
    Text(&'t str),
    /// A whole number.
    Number(i64),
}

impl Key {
    /// Whether the variant is chosen.
    pub fn matches(&self, value: Chosen<'_>, plurals: &Plurals) -> bool {
        match (self, value) {
            (Self::Word(word) | Self::Plural(word, _), Chosen::Text(text)) => **word == *text,
            (Self::Number(wanted), Chosen::Number(number)) => *wanted == number,
            (Self::Plural(_, category), Chosen::Number(number)) => plurals.0.select(number).as_ref() == Ok(category),
            (Self::Word(_), Chosen::Number(_)) | (Self::Number(_), Chosen::Text(_)) => false,
        }
    }
}

/// The plural rules of a language.
pub struct Plurals(PluralRules);

impl fmt::Debug for Plurals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plurals").field(self.0.get_locale()).finish()
    }
}

impl Plurals {
    /// The rules of a language; `None` where Fluent would have to look for a similar one.
    pub fn of(language: &str) -> Option<Self> {
        let language: LanguageIdentifier = language.parse().ok()?;
        PluralRules::create(language, PluralRuleType::CARDINAL).ok().map(Self)
    }
}

/// Finds what messages refer to.
pub trait Messages<'b, V> {
    /// The pattern of a message.
    fn pattern(&self, id: &str) -> Option<&'b Pattern<&'b str>>;
    /// What a variable stands for.
    fn variable(&self, name: &str) -> Option<V>;
}

/// Makes templates of messages.
pub struct Maker<'m, M> {
    messages: &'m M,
    placeables: usize,
}

impl<'m, M> Maker<'m, M> {
    /// Makes templates of these.
    pub fn new(messages: &'m M) -> Self {
        Self { messages, placeables: 0 }
    }

    /// The template of a message; `None` for what is left to Fluent (functions, terms, attributes).
    pub fn message<'b, V>(&mut self, id: &str) -> Option<Vec<Piece<V>>>
    where
        M: Messages<'b, V>,
    {
        self.placeables = 0;
        let mut out = Vec::new();
        self.pattern(self.messages.pattern(id)?, DEPTH, &mut out)?;
        Some(out)
    }

    fn pattern<'b, V>(&mut self, pattern: &'b Pattern<&'b str>, depth: usize, out: &mut Vec<Piece<V>>) -> Option<()>
    where
        M: Messages<'b, V>,
    {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => push_text(out, value),
                PatternElement::Placeable { expression } => self.expression(expression, depth.checked_sub(1)?, out)?,
            }
        }
        Some(())
    }

    fn expression<'b, V>(
        &mut self,
        expression: &'b Expression<&'b str>,
        depth: usize,
        out: &mut Vec<Piece<V>>,
    ) -> Option<()>
    where
        M: Messages<'b, V>,
    {
        self.placeables = self.placeables.checked_add(1).filter(|count| *count <= PLACEABLES)?;
        match expression {
            Expression::Inline(InlineExpression::VariableReference { id }) => {
                out.push(Piece::Value(self.messages.variable(id.name)?));
                Some(())
            }
            Expression::Inline(InlineExpression::StringLiteral { value }) if !value.contains('\\') => {
                push_text(out, value);
                Some(())
            }
            Expression::Inline(InlineExpression::MessageReference { id, attribute: None }) => {
                self.pattern(self.messages.pattern(id.name)?, depth.checked_sub(1)?, out)
            }
            Expression::Inline(InlineExpression::Placeable { expression }) => {
                self.expression(expression, depth.checked_sub(1)?, out)
            }
            Expression::Inline(_) => None,
            Expression::Select { selector: InlineExpression::VariableReference { id }, variants } => {
                let select = self.select(id.name, variants, depth)?;
                out.push(select);
                Some(())
            }
            Expression::Select { .. } => None,
        }
    }

    fn select<'b, V>(&mut self, on: &str, variants: &'b [Variant<&'b str>], depth: usize) -> Option<Piece<V>>
    where
        M: Messages<'b, V>,
    {
        let on = self.messages.variable(on)?;
        let (mut keyed, mut otherwise) = (Vec::new(), None);
        for variant in variants {
            let mut text = Vec::new();
            self.pattern(&variant.value, depth, &mut text)?;
            if variant.default {
                otherwise = Some(Vec::new());
                self.pattern(&variant.value, depth, otherwise.as_mut()?)?;
            }
            keyed.push((key(&variant.key)?, text));
        }
        Some(Piece::Select(on, keyed, otherwise?))
    }
}

fn key(key: &VariantKey<&str>) -> Option<Key> {
    Some(match key {
        VariantKey::NumberLiteral { value } => Key::Number(value.parse().ok()?),
        VariantKey::Identifier { name } => {
            let category = match *name {
                "zero" => PluralCategory::ZERO,
                "one" => PluralCategory::ONE,
                "two" => PluralCategory::TWO,
                "few" => PluralCategory::FEW,
                "many" => PluralCategory::MANY,
                "other" => PluralCategory::OTHER,
                word => return Some(Key::Word(word.into())),
            };
            Key::Plural((*name).into(), category)
        }
    })
}

fn push_text<V>(out: &mut Vec<Piece<V>>, text: &str) {
    let text = escaped(text);
    if let Some(Piece::Text(before)) = out.last_mut() {
        *before = [&**before, &text].concat().into();
    } else {
        out.push(Piece::Text(text.into()));
    }
}

/// Text as it stands between the quotes of a JSON string.
pub fn escaped(text: &str) -> String {
    if !text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}
