//! Rules, rows and entries that cite no clause, where their neighbours do.

use crate::model::clause::ClauseRef;
use crate::model::finding::{Code, Finding, Findings, Place};

use super::draft::Draft;

/// Reports what cites nothing among others of its policy, table or list that do: most likely it was forgotten. Where
/// nothing is cited, nothing is missed.
pub fn check(draft: &Draft, findings: &mut Findings) {
    for list in &draft.lists {
        let entries = list.entries.iter().map(|entry| (entry.clauses.as_slice(), &entry.place));
        among(entries, &format!("entry of the list `{}`", list.name), findings);
    }
    for table in &draft.tables {
        let rows = table.rows.iter().map(|row| (row.clauses.as_slice(), &row.place));
        among(rows, &format!("row of the table `{}`", table.name), findings);
    }
    for (at, policy) in draft.policies.iter().enumerate() {
        let rules = draft.rules.iter().filter(|rule| rule.policy == at);
        let rules = rules.map(|rule| (rule.clauses.as_slice(), &rule.place));
        among(rules, &format!("rule of the policy `{}`", policy.name), findings);
    }
}

fn among<'d>(all: impl Iterator<Item = (&'d [ClauseRef], &'d Place)>, what: &str, findings: &mut Findings) {
    let (cite, none): (Vec<_>, Vec<_>) = all.partition(|(clauses, _)| !clauses.is_empty());
    for (_, place) in none {
        // What an overlay adds may rest on nothing that the source says.
        let Some((_, other)) = cite.iter().find(|(_, other)| other.file == place.file) else { continue };
        let message = format!("this {what} cites no clause, as others do");
        let finding = Finding::new(Code::CitesNothing, place, message);
        findings.push(finding.help("add `clauses:`").related(other, "one that does"));
    }
}
