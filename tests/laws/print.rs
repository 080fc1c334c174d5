//! The small language as the texts of a bundle.

use std::fmt::{self, Write};

use super::words::*;

impl Bundle {
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

impl Rule {
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
