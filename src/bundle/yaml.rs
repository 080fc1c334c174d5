//! YAML text → a tree of nodes with places. Strict: one document, no anchors, aliases, tags or merge keys, bounded.

use std::collections::HashMap;
use std::sync::Arc;

use compact_str::CompactString;
use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span};

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::limits::BundleLimits;

pub use super::recorded::Style;
use super::recorded::{self, Recorded, Says, Spot, Spots};

/// What a node is.
#[derive(Clone, Debug)]
pub enum Content {
    /// A scalar's text, after YAML's own unescaping, and how it was written.
    Scalar(CompactString, Style),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the file; keys are scalars.
    Mapping(Vec<(Node, Node)>),
}

/// A node and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The value of a key, where it is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Self> {
        let Content::Mapping(entries) = &self.content else { return None };
        entries.iter().find(|(own, _)| own.text() == Some(key)).map(|(_, value)| value)
    }

    /// Whether it is a plain scalar that means nothing: empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(text, Style::Plain) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The form in words, for messages.
    pub fn form(&self) -> &'static str {
        match &self.content {
            Content::Scalar(..) if self.is_null() => "nothing",
            Content::Scalar(..) => "a scalar",
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }
}

/// Reads one file. What is wrong goes into `findings`; `None` when nothing sensible is left.
///
/// Of a file that stops being YAML somewhere, what stands before that place is given, without the item in which it is.
pub fn parse(file: &str, text: &str, limits: &BundleLimits, findings: &mut Findings) -> Option<Node> {
    let before = findings.len();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder { file: file.into(), limits, findings, stack: Vec::new(), root: None, nodes: 0 };
    match recorded::of(text) {
        Some(recorded) => builder.recorded(recorded),
        None => builder.scan(text),
    }
    let root = builder.root.take();
    if root.is_none() && builder.findings.len() == before {
        findings.push(
            Finding::new(Code::Syntax, &Place::start_of(file), "the file is empty")
                .help("write a mapping, or remove the file"),
        );
    }
    root
}

fn spots(span: &Span) -> Spots {
    let spot = |marker: Marker| Spot {
        byte: marker.byte_offset().unwrap_or_else(|| marker.index()),
        line: marker.line(),
        column: marker.col(),
    };
    (spot(span.start), spot(span.end))
}

fn refused(error: &ScanError, place: &Place) -> Finding {
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return Finding::new(Code::LimitExceeded, place, "the file nests too deeply").help("flatten the structure");
    }
    let message = format!("this is not YAML: {}", error.info().replace('\n', " "));
    Finding::new(Code::Syntax, place, message)
        .help("check the indentation, the quotes and the brackets up to this place")
}

/// Keys of a mapping up to which they are compared one by one.
const FEW: usize = 16;

enum Open {
    Sequence(Vec<Node>, Place),
    Mapping(Keyed, Place),
}

/// A mapping whose end is not reached.
#[derive(Default)]
struct Keyed {
    entries: Vec<(Node, Node)>,
    key: Option<Node>,
    /// Where each key stands, once there are many.
    index: HashMap<String, usize>,
}

struct Builder<'a> {
    file: Arc<str>,
    limits: &'a BundleLimits,
    findings: &'a mut Findings,
    stack: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

impl Builder<'_> {
    /// Takes a text apart.
    fn scan(&mut self, text: &str) {
        for item in Parser::new_from_str(text) {
            let (end, kept) = match item {
                Ok((event, span)) => (self.place(spots(&span)), self.event(event, &span)),
                Err(error) => {
                    let marker = *error.marker();
                    let place = self.place(spots(&Span::new(marker, marker)));
                    self.findings.push(refused(&error, &place));
                    (place, None)
                }
            };
            if kept.is_none() {
                return self.salvage(&end);
            }
        }
    }

    /// Takes what was written down of a text.
    fn recorded(&mut self, recorded: Recorded<'_>) {
        for (says, spots) in recorded {
            if self.says(says, self.place(spots)).is_none() {
                return self.salvage(&self.place(spots));
            }
        }
    }

    fn place(&self, (start, end): Spots) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: start.line,
            column: start.column.saturating_add(1),
            end_line: end.line,
            end_column: end.column.saturating_add(1),
            bytes: (start.byte, end.byte),
        }
    }

    /// `None` stops the parse.
    fn says(&mut self, says: Says<'_>, place: Place) -> Option<()> {
        match says {
            Says::Scalar(text, style) => self.add(Node { content: Content::Scalar(text.into(), style), place }),
            Says::Sequence => self.open(Open::Sequence(Vec::new(), place)),
            Says::Mapping => self.open(Open::Mapping(Keyed::default(), place)),
            Says::End => self.close(&place),
        }
    }

    /// `None` stops the parse.
    fn event(&mut self, event: Event<'_>, span: &Span) -> Option<()> {
        let place = self.place(spots(span));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.no_extras(anchor != 0, tag.is_some(), &place);
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                self.says(Says::Scalar(text, style), place)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.no_extras(anchor != 0, tag.is_some(), &place);
                self.says(Says::Sequence, place)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.no_extras(anchor != 0, tag.is_some(), &place);
                self.says(Says::Mapping, place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.says(Says::End, place),
            Event::Alias(_) => {
                // What follows a merge key is part of that mistake.
                let merged = matches!(self.stack.last(), Some(Open::Mapping(Keyed { key: Some(key), .. }, _)) if key.text() == Some("<<"));
                if !merged {
                    self.refuse_extra("an alias", &place);
                }
                self.add(Node { content: Content::Scalar(CompactString::default(), Style::Plain), place })
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                self.findings.push(
                    Finding::new(Code::Syntax, &place, "a second YAML document begins here")
                        .help("a bundle file holds one document; remove the `---`"),
                );
                None
            }
            _ => Some(()),
        }
    }

    fn no_extras(&mut self, anchor: bool, tag: bool, place: &Place) {
        if anchor {
            self.refuse_extra("an anchor", place);
        }
        if tag {
            self.refuse_extra("a tag", place);
        }
    }

    fn refuse_extra(&mut self, what: &str, place: &Place) {
        self.findings.push(
            Finding::new(Code::AnchorOrTag, place, format!("{what} stands here, which bundle files do not use"))
                .help("write the value out where it is needed"),
        );
    }

    fn open(&mut self, open: Open) -> Option<()> {
        if self.stack.len() >= self.limits.depth {
            let (Open::Sequence(_, place) | Open::Mapping(_, place)) = &open;
            let message = format!("the file nests more than {} levels deep", self.limits.depth);
            self.findings.push(Finding::new(Code::LimitExceeded, place, message).help("flatten the structure"));
            return None;
        }
        self.stack.push(open);
        Some(())
    }

    fn close(&mut self, end: &Place) -> Option<()> {
        let (content, start) = match self.stack.pop()? {
            Open::Sequence(items, start) => (Content::Sequence(items), start),
            Open::Mapping(keyed, start) => (Content::Mapping(keyed.entries), start),
        };
        let place = Place {
            end_line: end.end_line,
            end_column: end.end_column,
            bytes: (start.bytes.0, end.bytes.1.max(start.bytes.0)),
            ..start
        };
        self.add(Node { content, place })
    }

    fn add(&mut self, node: Node) -> Option<()> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > self.limits.nodes {
            let message = format!("the file has more than {} values", self.limits.nodes);
            self.findings
                .push(Finding::new(Code::LimitExceeded, &node.place, message).help("split it into several files"));
            return None;
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence(items, _)) => items.push(node),
            Some(Open::Mapping(keyed, _)) => match keyed.key.take() {
                Some(key) => keyed.push(key, node),
                None => {
                    check_key(&node, keyed, self.findings);
                    keyed.key = Some(node);
                }
            },
        }
        Some(())
    }

    /// Closes what is open where the file stops being readable. The innermost item of a list, or where there is none the
    /// innermost mapping, is left out: it is not whole.
    fn salvage(&mut self, end: &Place) {
        if self.root.is_some() || self.nodes > self.limits.nodes {
            return;
        }
        let list = self.stack.iter().rposition(|open| matches!(open, Open::Sequence(..)));
        let whole = list.map_or(self.stack.len().saturating_sub(1), |at| at.saturating_add(1));
        self.stack.truncate(whole.max(1));
        while !self.stack.is_empty() {
            if self.close(end).is_none() {
                return;
            }
        }
    }
}

impl Keyed {
    fn push(&mut self, key: Node, value: Node) {
        self.entries.push((key, value));
        let from = if self.entries.len() == FEW { 0 } else { self.entries.len().saturating_sub(1) };
        if self.entries.len() >= FEW {
            for (at, (key, _)) in self.entries.iter().enumerate().skip(from) {
                if let Some(text) = key.text() {
                    self.index.entry(text.to_owned()).or_insert(at);
                }
            }
        }
    }

    /// The first key of this name.
    fn find(&self, name: &str) -> Option<&Node> {
        if self.entries.len() < FEW {
            return self.entries.iter().map(|(key, _)| key).find(|key| key.text() == Some(name));
        }
        self.index.get(name).and_then(|at| self.entries.get(*at)).map(|(key, _)| key)
    }
}

fn check_key(key: &Node, keyed: &Keyed, findings: &mut Findings) {
    let Some(text) = key.text() else {
        findings.push(
            Finding::new(Code::WrongForm, &key.place, format!("a key must be a scalar, this is {}", key.form()))
                .help("write a name before the colon"),
        );
        return;
    };
    if text == "<<" {
        findings.push(
            Finding::new(Code::AnchorOrTag, &key.place, "a merge key stands here, which bundle files do not use")
                .help("write the keys out where they are needed"),
        );
    }
    if let Some(first) = keyed.find(text) {
        findings.push(
            Finding::new(Code::DuplicateKey, &key.place, format!("the key `{text}` is given twice"))
                .help("keep one of them")
                .related(&first.place, "it is given here first"),
        );
    }
}

/// Reads one file as [`parse`] does, but gives nothing where a mistake of syntax leaves only a part of it.
pub fn parse_whole(file: &str, text: &str, limits: &BundleLimits, findings: &mut Findings) -> Option<Node> {
    let mut own = Findings::default();
    let root = parse(file, text, limits, &mut own);
    let mut broken = false;
    for finding in own.into_sorted() {
        broken |= finding.code == Code::Syntax;
        findings.push(finding);
    }
    root.filter(|_| !broken)
}

/// Reads YAML that holds a request, as JSON: plain `true`, `false` and whole numbers are what they look like, nothing and
/// `null` are null, every other scalar is text. So `NO` is Norway, and an amount without quotes is a number.
pub fn to_json(file: &str, text: &str, most_bytes: usize) -> Result<serde_json::Value, Box<Finding>> {
    let limits = BundleLimits { file_bytes: most_bytes, ..BundleLimits::default() };
    let mut findings = Findings::default();
    let node = if text.len() > most_bytes {
        let message = format!("the request is larger than {most_bytes} bytes");
        findings.push(Finding::new(Code::LimitExceeded, &Place::start_of(file), message));
        None
    } else {
        parse(file, text, &limits, &mut findings)
    };
    match (node, findings.into_sorted().into_iter().next()) {
        (Some(node), None) => Ok(json(&node)),
        (_, Some(finding)) => Err(Box::new(finding)),
        (None, None) => Ok(serde_json::Value::Null),
    }
}

/// A node as JSON, by the reading of [`to_json`].
pub fn json(node: &Node) -> serde_json::Value {
    match &node.content {
        Content::Sequence(items) => items.iter().map(json).collect(),
        Content::Mapping(entries) => {
            entries.iter().map(|(key, value)| (key.text().unwrap_or_default().to_owned(), json(value))).collect()
        }
        Content::Scalar(_, Style::Plain) if node.is_null() => serde_json::Value::Null,
        Content::Scalar(text, Style::Plain) => match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => plain_number(text).unwrap_or_else(|| text.as_str().into()),
        },
        Content::Scalar(text, _) => text.as_str().into(),
    }
}

/// Digits, with at most one point: a number to a reader, and therefore not an amount.
fn plain_number(text: &str) -> Option<serde_json::Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let numeric =
        digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    if !numeric || digits.chars().filter(|c| *c == '.').count() > 1 {
        return None;
    }
    text.parse::<i64>().map(Into::into).or_else(|_| text.parse::<f64>().map(Into::into)).ok()
}

#[cfg(test)]
mod tests {
    use super::recorded::SHIPPED;
    use super::*;

    #[test]
    fn what_the_build_wrote_down_is_what_the_files_say() {
        let limits = BundleLimits::default();
        let mut recorded_files = 0;
        for (path, text, events) in SHIPPED.iter().filter(|(path, ..)| path.ends_with(".yaml")) {
            let read = |read: &dyn Fn(&mut Builder<'_>)| {
                let mut findings = Findings::default();
                let (file, findings) = ((*path).into(), &mut findings);
                let mut builder = Builder { file, limits: &limits, findings, stack: Vec::new(), root: None, nodes: 0 };
                read(&mut builder);
                (format!("{:?}", builder.root), format!("{:?}", builder.findings.len()))
            };
            let Some(own) = recorded::of(text) else {
                assert!(events.is_empty(), "{path} is not found by its text");
                continue;
            };
            recorded_files += 1;
            let own = std::cell::Cell::new(Some(own));
            let told = read(&|builder| own.take().into_iter().for_each(|own| builder.recorded(own)));
            assert_eq!(told, read(&|builder| builder.scan(text)), "{path}");
        }
        assert!(recorded_files > 30, "only {recorded_files} files were written down");
    }
}
