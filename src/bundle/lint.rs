//! What can be said of single scalars, and of the bundle as a whole once everything resolves.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::clause::ClauseRef;
use crate::model::finding::{Code, Edit, Finding, Findings, Place};

use super::checked::{Effect, Operand};
use super::draft::Draft;
use super::messages::Messages;
use super::periods;
use super::privacy;
use super::yaml::{Content, Node, Style};

/// Scalars that people or other YAML readers take for something else.
pub fn scalars(node: &Node, findings: &mut Findings) {
    match &node.content {
        Content::Scalar(text, style) => scalar(node, text, *style, findings),
        Content::Sequence(items) => items.iter().for_each(|item| scalars(item, findings)),
        Content::Mapping(entries) => {
            for (key, value) in entries {
                scalars(key, findings);
                scalars(value, findings);
            }
        }
    }
}

fn scalar(node: &Node, text: &str, style: Style, findings: &mut Findings) {
    if let Some(odd) = text.chars().find(|c| is_invisible(*c)) {
        let message = format!("`{}` has the invisible character U+{:04X}", text.escape_debug(), u32::from(odd));
        findings.push(Finding::new(Code::MisreadScalar, &node.place, message).help("type the text anew"));
    }
    if style == Style::Quoted && text.trim() != text {
        let message = format!("`{text}` begins or ends with white space");
        findings.push(Finding::new(Code::MisreadScalar, &node.place, message).help("remove the white space"));
    }
    if style == Style::Plain && is_yaml_1_1_boolean(text) {
        let message = format!("`{text}` without quotes is a boolean to other YAML readers");
        let mut finding = Finding::new(Code::MisreadScalar, &node.place, message).help("put it in quotes");
        finding.edit = Some(Edit { place: node.place.clone(), text: format!("\"{text}\"") });
        findings.push(finding);
    }
}

/// Soft hyphens, zero-width signs, direction marks, no-break spaces: what cannot be seen in an editor.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0x00A0 | 0x00AD | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2069 | 0xFEFF)
        || (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
}

fn is_yaml_1_1_boolean(text: &str) -> bool {
    const WORDS: [&str; 18] = [
        "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "True",
        "False",
    ];
    WORDS.contains(&text)
}

/// Messages, clauses, and what nothing uses.
pub fn whole(draft: &Draft, messages: &Messages, findings: &mut Findings) {
    let wanted = wanted_messages(draft);
    for language in &draft.languages {
        for (id, place, what) in &wanted {
            if messages.get(language, id).is_none() {
                let message = format!("{what} has no message in `{language}`");
                findings.push(Finding::new(Code::MissingMessage, place, message).help(format!("add `{id} = …`")));
            }
        }
        unused_messages(language, messages, &wanted, findings);
        message_variables(language, draft, messages, findings);
        privacy::messages(language, draft, messages, findings);
    }
    privacy::decisions(draft, findings);
    clauses_without_rule(draft, findings);
    unused(draft, findings);
    periods::check(draft, findings);
}

/// The messages a caller may see: id, the place that wants it, and what it is for.
fn wanted_messages(draft: &Draft) -> Vec<(String, Place, String)> {
    let mut out = Vec::new();
    for (code, def) in &draft.reasons {
        out.push((format!("reason-{code}"), def.place.clone(), format!("the reason `{code}`")));
    }
    for (code, def) in &draft.obligations {
        let kind = if def.advice { "advice" } else { "obligation" };
        out.push((format!("{kind}-{code}"), def.place.clone(), format!("the {kind} `{code}`")));
    }
    for kind in &draft.kinds {
        for contradiction in &kind.contradictions {
            let id = &contradiction.message;
            out.push((format!("contradiction-{id}"), kind.place.clone(), format!("the contradiction `{id}`")));
        }
    }
    out
}

fn unused_messages(
    language: &Arc<str>,
    messages: &Messages,
    wanted: &[(String, Place, String)],
    findings: &mut Findings,
) {
    let wanted: BTreeSet<&str> = wanted.iter().map(|(id, _, _)| id.as_str()).collect();
    for (id, message) in messages.of_language(language) {
        if !wanted.contains(&**id) {
            findings.push(
                Finding::new(Code::Unused, &message.place, format!("nothing uses the message `{id}`"))
                    .help("remove it"),
            );
        }
    }
}

/// Variables are the facts (`order.age_days` is `$order_age_days`), the tables' columns, the results, and a few of the
/// engine's own.
fn message_variables(language: &Arc<str>, draft: &Draft, messages: &Messages, findings: &mut Findings) {
    let known = known_variables(draft);
    for (id, message) in messages.of_language(language) {
        for variable in message.variables.iter().filter(|v| !known.contains(&***v)) {
            let near =
                crate::model::names::nearest(variable, known.iter().map(String::as_str)).map(|n| format!("${n}"));
            let text = format!("the message `{id}` uses `${variable}`, which has no value");
            let mut finding = Finding::new(Code::MessageVariable, &message.place, text).nearest(near.as_deref());
            finding.edit = None;
            findings.push(finding);
        }
    }
}

/// The variables that messages may use.
pub fn known_variables(draft: &Draft) -> BTreeSet<String> {
    let facts = draft.facts.iter().flat_map(|fact| {
        let name = variable(&fact.path);
        [format!("{name}_state"), name]
    });
    let cells = draft.tables.iter().flat_map(|t| t.gives.iter().map(|(c, _)| variable(&format!("{}.{c}", t.name))));
    let results = draft.results.keys().map(|name| variable(name));
    let own = ["missing", "rule", "candidates", "error"].map(String::from);
    facts.chain(cells).chain(results).chain(own).collect()
}

/// A path as a variable of messages.
pub fn variable(path: &str) -> String {
    path.replace(['.', '-'], "_")
}

fn clauses_without_rule(draft: &Draft, findings: &mut Findings) {
    for (id, source) in &draft.sources {
        for (number, clause) in source.clauses.iter().filter(|(_, clause)| clause.normative) {
            let clause_ref = ClauseRef { source: Arc::clone(id), number: *number };
            if !draft.cited.contains(&clause_ref) {
                findings.push(
                    Finding::new(
                        Code::ClauseWithoutRule,
                        &clause.place,
                        format!("nothing cites the normative clause {number}"),
                    )
                    .help("let a rule, row, list entry or obligation cite it"),
                );
            }
        }
    }
}

fn unused(draft: &Draft, findings: &mut Findings) {
    let mut report = |kind: &'static str, name: &Arc<str>, place: &Place| {
        if !draft.used.contains(&(kind, Arc::clone(name))) {
            findings.push(
                Finding::new(Code::Unused, place, format!("nothing uses the {kind} `{name}`"))
                    .help("use it, or remove it"),
            );
        }
    };
    for list in &draft.lists {
        report("list", &list.name, &list.place);
    }
    for (code, def) in draft.reasons.iter().filter(|(code, _)| !crate::model::decision::is_engine_reason(code)) {
        report("reason", code, &def.place);
    }
    for (code, def) in &draft.obligations {
        report("obligation", code, &def.place);
    }
    for (name, def) in &draft.results {
        report("result", name, &def.place);
    }
    for table in draft.tables.iter().filter(|table| !read_by_script(draft, table)) {
        report("table", &table.name, &table.place);
    }
}

fn read_by_script(draft: &Draft, table: &super::checked::Table) -> bool {
    let reads = |reads: &[Operand]| {
        reads.iter().any(|operand| matches!(operand, Operand::Cell(ix, _) if draft.table(&table.name) == Some(*ix)))
    };
    draft.rules.iter().any(|rule| {
        rule.results.values().any(|e| matches!(e, super::checked::Expression::Script { reads: r, .. } if reads(r)))
            || matches!(&rule.effect, Effect::Ask(condition, _) if condition_reads(condition, &reads))
            || condition_reads(&rule.when, &reads)
    })
}

fn condition_reads(condition: &super::checked::Condition, reads: &impl Fn(&[Operand]) -> bool) -> bool {
    use super::checked::{Condition, Expression};
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| condition_reads(part, reads)),
        Condition::Not(inner) => condition_reads(inner, reads),
        Condition::Script(expression, _) => {
            matches!(&**expression, Expression::Script { reads: operands, .. } if reads(operands))
        }
        Condition::Fact(..) | Condition::Setting(..) => false,
    }
}
