//! Findings in the forms that people, programs, code scanners and pull requests read.

mod github;
mod human;
mod json;
mod sarif;

use clap::ValueEnum;

use crate::bundle::load::Loaded;
use crate::model::finding::{Finding, Place, Severity};

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people: the source line with a caret, and the remedy
    Human,
    /// For programs: a JSON array
    Json,
    /// For code scanners: SARIF 2.1.0
    Sarif,
    /// For pull requests: workflow commands of GitHub Actions
    Github,
}

/// What loading had to say, and the folder that was loaded, as the user named it.
pub struct Report<'a> {
    /// The findings and the texts they are about.
    pub loaded: &'a Loaded,
    /// The folder; empty for a bundle that is compiled in.
    pub root: &'a str,
}

impl Report<'_> {
    /// The whole report.
    #[must_use]
    pub fn render(&self, form: Form) -> String {
        match form {
            Form::Human => human::render(self),
            Form::Json => json::render(self),
            Form::Sarif => sarif::render(self),
            Form::Github => github::render(self),
        }
    }

    fn findings(&self) -> &[Finding] {
        &self.loaded.findings
    }

    /// The path of a file from where the user stands, so that terminals and editors can open it.
    fn path(&self, file: &str) -> String {
        if self.root.is_empty() {
            return file.to_owned();
        }
        let mut root = self.root.trim_end_matches('/');
        while let Some(rest) = root.strip_prefix("./") {
            root = rest;
        }
        match root {
            "" => format!("/{file}"),
            "." => file.to_owned(),
            _ => format!("{root}/{file}"),
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings().iter().filter(|finding| finding.severity() == severity).count()
    }

    /// The text of the file that a place is in, if it was read.
    fn text(&self, place: &Place) -> Option<&str> {
        self.loaded.files.get(&place.file).map(|text| &**text)
    }
}
