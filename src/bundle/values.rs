//! Scalars of a bundle → typed values.

use std::collections::BTreeSet;
use std::sync::Arc;

use iso_currency::Currency;

use crate::model::finding::{Code, Finding, Findings};
use crate::model::time::{Date, Duration, Timestamp};
use crate::model::value::{Type, Value};

use super::domain::Resolved;
use super::draft::Draft;
use super::reader::{boolean, integer, list, text, unknown};
use super::scalars::wanted_as_text;
use super::yaml::Node;

/// A value of the wanted type; anything else is a finding.
pub fn value(node: &Node, wanted: &Type, draft: &Draft, findings: &mut Findings) -> Option<Value> {
    let written = || node.text().unwrap_or_default();
    let out = match wanted {
        Type::Boolean => return boolean(node, findings).map(Value::Boolean),
        Type::Integer => return integer(node, findings).map(Value::Integer),
        Type::Set(inner) => {
            let items: BTreeSet<Value> =
                list(node, findings).iter().filter_map(|item| value(item, inner, draft, findings)).collect();
            return Some(Value::Set(items));
        }
        Type::Symbol(name) => return symbol(node, name, draft, findings),
        Type::Text => {
            wanted_as_text(node, findings);
            return text(node, findings).map(|t| Value::Text(t.into()));
        }
        Type::Decimal => Value::parse_decimal(written()),
        Type::Currency => Currency::from_code(written()).map(|c| Value::Text(c.code().into())),
        Type::Date => Date::parse(written()).map(Value::Date),
        Type::Timestamp => Timestamp::parse(written()).map(Value::Timestamp),
        Type::Duration => Duration::parse(written()).map(Value::Duration),
    };
    if out.is_none() {
        let article = if matches!(wanted, Type::Integer) { "an" } else { "a" };
        let shown = node.text().map_or_else(|| node.form().to_owned(), |t| format!("`{t}`"));
        findings.push(
            Finding::new(Code::TypeMismatch, &node.place, format!("{shown} is not {article} {wanted}"))
                .help(form_help(wanted)),
        );
    }
    out
}

fn form_help(wanted: &Type) -> &'static str {
    match wanted {
        Type::Decimal => "write digits with at most one point, for example `12.50`",
        Type::Currency => "write an ISO 4217 code, for example `USD`",
        Type::Date => "write a date that exists, as `YYYY-MM-DD`",
        Type::Timestamp => "write a date, or an instant as `2021-06-01T00:00:00Z`",
        Type::Duration => "write an ISO 8601 duration, for example `P30D`",
        _ => "write a value of that type",
    }
}

/// Codes of a type up to which all are listed for a mistaken one that is near to none.
const MOST_LISTED: usize = 8;

fn symbol(node: &Node, type_name: &str, draft: &Draft, findings: &mut Findings) -> Option<Value> {
    let written = text(node, findings)?;
    let domain = draft.domains.get(type_name)?;
    if let Some(entry) = domain.entry(written) {
        wanted_as_text(node, findings);
        return Some(Value::Symbol(Arc::clone(&entry.code)));
    }
    if draft.ledger.is_broken("entries of registry", type_name) {
        return None;
    }
    let codes = domain.codes().map(|code| &**code);
    let unknown = unknown(Code::UnknownValue, node, &format!("`{type_name}` has no code"), codes);
    findings.push(match domain.resolve(written) {
        Resolved::Code(code) => unknown.nearest(Some(&code)),
        Resolved::Ambiguous(codes) => {
            Finding { edit: None, ..unknown }.help(format!("it may mean any of `{}`", codes.join("`, `")))
        }
        Resolved::Unknown if unknown.help.is_none() && domain.entries.len() <= MOST_LISTED => {
            let all = domain.codes().map(|code| &**code).collect::<Vec<_>>().join("`, `");
            unknown.help(format!("it has `{all}`"))
        }
        Resolved::Unknown => unknown,
    });
    None
}
