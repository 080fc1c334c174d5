//! A file's node tree, guided by the grammar: what every key and scalar is, and what its surroundings say about it.

use std::rc::Rc;
use std::sync::Arc;

use crate::bundle::draft::Draft;
use crate::bundle::grammar::{
    FileKind, Form, Key, MATCHERS, Matcher, RESULT_PREFIX, ROW_KEYS, SETTING_PREFIX, Shape, Slot, Sort,
};
use crate::bundle::yaml::{Content, Node};
use crate::decide::shape::{Shape as RequestShape, of_kind};
use crate::model::value::Type;

/// What a node is.
#[derive(Clone, Debug)]
pub enum What {
    /// A key of the grammar, or one that stands where such a key should.
    Key(&'static Shape, Option<&'static Key>),
    /// A scalar, or a key that the author named.
    Scalar(Slot),
    /// The key of a condition.
    ConditionKey,
    /// The key of a test of a fact of this type.
    MatcherKey(Type),
    /// What a fact of this type is tested for.
    Test(Type),
    /// The bound of a test of a fact of this type.
    Bound(Type),
    /// The key of a row.
    RowKey,
    /// The key of a result.
    ResultKey,
    /// A result of this type.
    Result(Type),
    /// The key of a request, with its path and the keys that may stand beside it.
    RequestKey(Arc<str>, Rc<Vec<String>>),
    /// The value of a fact in a request.
    Stated(Type),
}

/// A node, what it is, and its surroundings.
#[derive(Clone, Debug)]
pub struct Spot<'n> {
    /// The node.
    pub node: &'n Node,
    /// What it is.
    pub what: What,
    /// Its surroundings.
    pub around: Rc<Around<'n>>,
}

/// What the surroundings of a node say about it.
#[derive(Clone, Debug, Default)]
pub struct Around<'n> {
    /// The source of clauses without one.
    pub source: Option<Arc<str>>,
    /// The kinds of request that are spoken of.
    pub kinds: Vec<Arc<str>>,
    /// The type of values.
    pub value: Option<Type>,
    /// The name of what the node is part of: its policy, registry, type, table or source.
    pub owner: Option<Arc<str>>,
    /// Columns of the table: the facts that choose a row, and what it gives.
    pub by: Vec<Arc<str>>,
    /// See `by`.
    pub gives: Vec<(Arc<str>, Option<Type>)>,
    /// The mapping that a key stands in.
    pub mapping: Option<&'n Node>,
}

/// Walks a whole file.
pub fn walk<'n>(root: &'n Node, kind: FileKind, draft: &Draft) -> Vec<Spot<'n>> {
    let mut walker = Walker { draft, spots: Vec::new() };
    walker.shape(root, kind.shape(), &Rc::new(Around::default()));
    walker.spots
}

/// The value of a key of a mapping.
pub fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.content {
        Content::Mapping(entries) => entries.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value),
        _ => None,
    }
}

fn scalar(node: &Node, key: &str) -> Option<Arc<str>> {
    entry(node, key).and_then(Node::text).map(Arc::from)
}

fn one_or_many(node: &Node) -> &[Node] {
    match &node.content {
        Content::Sequence(items) => items,
        _ => std::slice::from_ref(node),
    }
}

struct Walker<'d, 'n> {
    draft: &'d Draft,
    spots: Vec<Spot<'n>>,
}

impl<'n> Walker<'_, 'n> {
    fn add(&mut self, node: &'n Node, what: What, around: &Rc<Around<'n>>) {
        self.spots.push(Spot { node, what, around: Rc::clone(around) });
    }

    fn form(&mut self, node: &'n Node, form: &'static Form, around: &Rc<Around<'n>>) {
        match form {
            Form::Scalar(slot) => {
                for item in one_or_many(node) {
                    self.add(item, What::Scalar(*slot), around);
                }
            }
            Form::List(item) | Form::ListOrOne(item) => {
                for one in one_or_many(node) {
                    self.form(one, item, around);
                }
            }
            Form::Map(slot, value) => self.map(node, *slot, value, around),
            Form::Shape(shape) => self.shape(node, shape, around),
            Form::Either(one, other) => {
                let is_mapping = matches!(node.content, Content::Mapping(_));
                self.form(node, if is_mapping { other } else { one }, around);
            }
            Form::Condition => self.condition(node, around, false),
            Form::Statement => self.condition(node, around, true),
            Form::Results => self.results(node, around),
            Form::Row => self.row(node, around),
            Form::Request => self.request(node, around),
        }
    }

    /// The entries of a mapping; a scalar in its place is a key that is being typed.
    fn entries(&mut self, node: &'n Node, key: &What, around: &Rc<Around<'n>>) -> (&'n [(Node, Node)], Rc<Around<'n>>) {
        let around = Rc::new(Around { mapping: Some(node), ..Around::clone(around) });
        match &node.content {
            Content::Mapping(entries) => (entries, around),
            Content::Scalar(..) => {
                self.add(node, key.clone(), &around);
                (&[], around)
            }
            Content::Sequence(_) => (&[], around),
        }
    }

    fn shape(&mut self, node: &'n Node, shape: &'static Shape, around: &Rc<Around<'n>>) {
        let inside = Rc::new(self.inside(node, shape, around));
        let (entries, around) = self.entries(node, &What::Key(shape, None), &inside);
        for (key, value) in entries {
            let known = key.text().and_then(|name| shape.key(name));
            self.add(key, What::Key(shape, known), &around);
            if let Some(known) = known {
                self.form(value, &known.form, &inside);
            }
        }
    }

    /// What a mapping says about what stands in it.
    fn inside(&self, node: &'n Node, shape: &Shape, around: &Around<'n>) -> Around<'n> {
        let mut inside = Around { mapping: None, ..around.clone() };
        let type_ = || scalar(node, "type").and_then(|name| self.draft.type_called(&name));
        let kinds = |node: &Node| one_or_many(node).iter().filter_map(Node::text).map(Arc::from).collect();
        match shape.what {
            "policy" => {
                inside.owner = scalar(node, "policy");
                inside.source = scalar(node, "source");
                inside.kinds = entry(node, "request").map(kinds).unwrap_or_default();
            }
            "rule" => inside.kinds = entry(node, "request").map(kinds).unwrap_or(inside.kinds),
            "registry file" => inside.source = scalar(node, "source"),
            "source" => {
                inside.source = scalar(node, "source");
                inside.owner = scalar(node, "source");
            }
            "setting" => {
                inside.source = scalar(node, "source");
                inside.value = type_();
            }
            "list" | "fact" => inside.value = type_(),
            "kind" => inside.kinds = inside.owner.clone().into_iter().collect(),
            "table" => {
                let by = entry(node, "by").map(one_or_many).unwrap_or_default();
                inside.by = by.iter().filter_map(Node::text).map(Arc::from).collect();
                inside.gives = self.columns(node);
            }
            "scenario" => {
                let request = entry(node, "request");
                inside.kinds = request.and_then(|request| scalar(request, "kind")).into_iter().collect();
            }
            _ => {}
        }
        inside
    }

    fn columns(&self, table: &Node) -> Vec<(Arc<str>, Option<Type>)> {
        let Some(Content::Mapping(gives)) = entry(table, "gives").map(|node| &node.content) else { return Vec::new() };
        let column = |(name, type_): &(Node, Node)| {
            Some((Arc::from(name.text()?), type_.text().and_then(|name| self.draft.type_called(name))))
        };
        gives.iter().filter_map(column).collect()
    }

    fn map(&mut self, node: &'n Node, slot: Slot, value: &'static Form, around: &Rc<Around<'n>>) {
        let (entries, around) = self.entries(node, &What::Scalar(slot), around);
        for (key, body) in entries {
            self.add(key, What::Scalar(slot), &around);
            let mut below = Around { mapping: None, ..Around::clone(&around) };
            let name = key.text().unwrap_or_default();
            match slot {
                Slot::Refer(Sort::Fact) => below.value = self.fact_type(name),
                Slot::Refer(Sort::Result) => below.value = self.draft.results.get(name).map(|def| def.type_.clone()),
                Slot::Define(Sort::Setting) => below.value = self.draft.settings.get(name).map(|s| s.type_.clone()),
                Slot::Define(Sort::Column) => {}
                Slot::Define(_) => below.owner = Some(name.into()),
                _ => {}
            }
            self.form(body, value, &Rc::new(below));
        }
    }

    fn fact_type(&self, path: &str) -> Option<Type> {
        self.draft.fact_index.get(path).map(|ix| self.draft.type_of(*ix))
    }

    /// A condition; one of an invariant also speaks of the decision.
    fn condition(&mut self, node: &'n Node, around: &Rc<Around<'n>>, states: bool) {
        let (entries, keys) = self.entries(node, &What::ConditionKey, around);
        for (key, body) in entries {
            self.add(key, What::ConditionKey, &keys);
            match key.text().unwrap_or_default() {
                "any-of" | "all-of" => one_or_many(body).iter().for_each(|part| self.condition(part, around, states)),
                "not" => self.condition(body, around, states),
                "reasons" if states => self.codes(body, Sort::Reason, around),
                "obligations" if states => self.codes(body, Sort::Obligation, around),
                "script" => self.add(body, What::Scalar(Slot::Script), around),
                path => {
                    let setting = path.strip_prefix(SETTING_PREFIX).and_then(|name| self.draft.settings.get(name));
                    let type_ = setting.map(|setting| setting.type_.clone()).or_else(|| self.fact_type(path));
                    let result = path.strip_prefix(RESULT_PREFIX).filter(|_| states);
                    let result = result.and_then(|name| self.draft.results.get(name)).map(|def| def.type_.clone());
                    let type_ = type_.or(result);
                    if let Some(type_) = type_ {
                        self.test(body, &type_, around);
                    }
                }
            }
        }
    }

    /// Codes, or some of them.
    fn codes(&mut self, node: &'n Node, sort: Sort, around: &Rc<Around<'n>>) {
        let lists: Vec<&'n Node> = match &node.content {
            Content::Mapping(entries) => entries.iter().map(|(_, list)| list).collect(),
            _ => vec![node],
        };
        for code in lists.into_iter().flat_map(one_or_many) {
            self.add(code, What::Scalar(Slot::Refer(sort)), around);
        }
    }

    fn test(&mut self, node: &'n Node, type_: &Type, around: &Rc<Around<'n>>) {
        let entries = match &node.content {
            Content::Mapping(entries) => entries,
            Content::Scalar(..) => return self.add(node, What::Test(type_.clone()), around),
            Content::Sequence(items) => {
                let values = Rc::new(Around { value: Some(type_.clone()), ..Around::clone(around) });
                return items.iter().for_each(|item| self.add(item, What::Scalar(Slot::Value), &values));
            }
        };
        let keys = Rc::new(Around { mapping: Some(node), ..Around::clone(around) });
        for (key, body) in entries {
            self.add(key, What::MatcherKey(type_.clone()), &keys);
            let name = key.text().unwrap_or_default();
            let Some((_, matcher, _)) = MATCHERS.iter().find(|(known, ..)| *known == name) else { continue };
            match matcher {
                Matcher::Elements => {
                    let inner = if let Type::Set(inner) = type_ { (**inner).clone() } else { type_.clone() };
                    let elements = Rc::new(Around { value: Some(inner), ..Around::clone(around) });
                    one_or_many(body).iter().for_each(|item| self.add(item, What::Scalar(Slot::Value), &elements));
                }
                Matcher::Bound => self.add(body, What::Bound(type_.clone()), around),
                Matcher::Test => self.test(body, type_, around),
                Matcher::Boolean => self.add(body, What::Scalar(Slot::Boolean), around),
            }
        }
    }

    fn results(&mut self, node: &'n Node, around: &Rc<Around<'n>>) {
        let (entries, keys) = self.entries(node, &What::ResultKey, around);
        for (key, body) in entries {
            self.add(key, What::ResultKey, &keys);
            let Some(def) = key.text().and_then(|name| self.draft.results.get(name)) else { continue };
            match entry(body, crate::bundle::grammar::RESULT_SCRIPT) {
                Some(script) => self.add(script, What::Scalar(Slot::Script), around),
                None => self.add(body, What::Result(def.type_.clone()), around),
            }
        }
    }

    fn row(&mut self, node: &'n Node, around: &Rc<Around<'n>>) {
        let (entries, keys) = self.entries(node, &What::RowKey, around);
        for (key, body) in entries {
            self.add(key, What::RowKey, &keys);
            let name = key.text().unwrap_or_default();
            let column = around.gives.iter().find(|(column, _)| &**column == name);
            let fixed = ROW_KEYS.iter().find(|(known, ..)| *known == name);
            match (column, fixed, self.fact_type(name)) {
                (Some((_, type_)), ..) => {
                    let cell = Rc::new(Around { value: type_.clone(), ..Around::clone(around) });
                    one_or_many(body).iter().for_each(|item| self.add(item, What::Scalar(Slot::Value), &cell));
                }
                (_, Some((_, form, _)), _) => self.form(body, form, around),
                (_, _, Some(type_)) => self.test(body, &type_, around),
                _ => {}
            }
        }
    }

    fn request(&mut self, node: &'n Node, around: &Rc<Around<'n>>) {
        let kind = around.kinds.first().and_then(|name| self.draft.kinds.iter().find(|kind| kind.name == *name));
        let shape = match kind {
            Some(kind) => of_kind(&self.draft.facts, kind),
            None => [("kind".to_owned(), RequestShape::Text), ("at".to_owned(), RequestShape::Text)].into(),
        };
        self.request_keys(node, "", &shape, around);
    }

    fn request_keys(
        &mut self,
        node: &'n Node,
        path: &str,
        shape: &std::collections::BTreeMap<String, RequestShape>,
        around: &Rc<Around<'n>>,
    ) {
        let names = Rc::new(shape.keys().cloned().collect::<Vec<_>>());
        let (entries, keys) = self.entries(node, &What::RequestKey(path.into(), Rc::clone(&names)), around);
        for (key, body) in entries {
            let name = key.text().unwrap_or_default();
            let below = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            self.add(key, What::RequestKey(below.as_str().into(), Rc::clone(&names)), &keys);
            match shape.get(name) {
                Some(RequestShape::Object(inner)) => self.request_keys(body, &below, inner, around),
                Some(RequestShape::List(_, inner)) => {
                    one_or_many(body).iter().for_each(|item| self.request_keys(item, &below, inner, around));
                }
                Some(RequestShape::Fact(ix)) => {
                    let type_ = self.draft.type_of(*ix);
                    one_or_many(body).iter().for_each(|item| self.add(item, What::Stated(type_.clone()), around));
                }
                Some(RequestShape::Text) if below == "kind" => {
                    self.add(body, What::Scalar(Slot::Refer(Sort::Kind)), around);
                }
                _ => {}
            }
        }
    }
}
