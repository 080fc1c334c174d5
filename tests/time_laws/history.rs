//! Generated histories: small bundles whose rows, entries, rules and settings hold for a time.

use std::fmt::Write;

use clausal::Date;
use proptest::prelude::*;

pub const DAY: i64 = 86_400;
/// How many days a history spans.
pub const SPAN: i64 = 20;
pub const COLOURS: [&str; 3] = ["red", "green", "blue"];
/// Where histories are laid: before 1970, over a leap day, over a year's end, at the end of time.
const BASES: [&str; 4] = ["1969-12-20", "2020-02-20", "2022-12-25", "9999-12-01"];

/// From (included) until (excluded), in seconds after the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Option<i64>,
    pub until: Option<i64>,
}

impl Period {
    pub const ALWAYS: Self = Self { from: None, until: None };

    pub fn holds(self, second: i64) -> bool {
        self.from.is_none_or(|from| from <= second) && self.until.is_none_or(|until| second < until)
    }

    /// The two halves, where the cut lies inside.
    pub fn split(self, cut: i64) -> Vec<Self> {
        if self.holds(cut) && self.from != Some(cut) {
            vec![Self { until: Some(cut), ..self }, Self { from: Some(cut), ..self }]
        } else {
            vec![self]
        }
    }
}

#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub colour: usize,
    pub most: i64,
    pub period: Period,
}

#[derive(Clone, Debug)]
pub struct Dated<T> {
    pub value: T,
    pub period: Period,
}

#[derive(Clone, Debug)]
pub struct History {
    pub base: &'static str,
    /// Whether rows, entries, rules and values are read by `day`, not by `at`.
    pub by_day: [bool; 4],
    pub rows: Vec<Row>,
    /// Colours that are listed.
    pub entries: Vec<Dated<usize>>,
    /// Rules that deny one number.
    pub rules: Vec<Dated<i64>>,
    /// Values of the setting `reading`.
    pub values: Vec<Dated<i64>>,
}

/// An instant of a request: seconds after the base, and whether it is written with a fraction or as a bare date.
#[derive(Clone, Copy, Debug)]
pub struct Instant {
    pub second: i64,
    pub form: u8,
}

impl Instant {
    /// The second that decides: a bare date is read from its beginning.
    pub fn second(self) -> i64 {
        if self.form == 0 { self.second.div_euclid(DAY) * DAY } else { self.second }
    }

    pub fn written(self, base: &str) -> String {
        match self.form {
            0 => date(base, self.second),
            1 => stamp(base, self.second, ".999999999Z"),
            2 => stamp(base, self.second, "+00:00"),
            _ => stamp(base, self.second, "Z"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub colour: usize,
    pub number: i64,
    pub at: Instant,
    pub day: Instant,
}

impl Question {
    pub fn json(self, history: &History) -> String {
        let (at, day) = (self.at.written(history.base), self.day.written(history.base));
        let colour = COLOURS[self.colour];
        format!(r#"{{"kind":"question","at":"{at}","day":"{day}","colour":"{colour}","number":{}}}"#, self.number)
    }

    pub fn second(self, by_day: bool) -> i64 {
        if by_day { self.day.second() } else { self.at.second() }
    }
}

fn date(base: &str, second: i64) -> String {
    Date::parse(base).unwrap().plus_days(second.div_euclid(DAY)).unwrap().to_string()
}

fn stamp(base: &str, second: i64, end: &str) -> String {
    let rest = second.rem_euclid(DAY);
    format!("{}T{:02}:{:02}:{:02}{end}", date(base, second), rest / 3600, rest / 60 % 60, rest % 60)
}

fn second() -> impl Strategy<Value = i64> {
    prop_oneof![(0..SPAN).prop_map(|day| day * DAY), 0..SPAN * DAY]
}

pub fn instant() -> impl Strategy<Value = Instant> {
    (second(), 0..5_u8).prop_map(|(second, form)| Instant { second, form })
}

pub fn question() -> impl Strategy<Value = Question> {
    (0..COLOURS.len(), 0..6_i64, instant(), instant()).prop_map(|(colour, number, at, day)| Question {
        colour,
        number,
        at,
        day,
    })
}

/// Periods that do not meet, with holes.
fn periods() -> impl Strategy<Value = Vec<Period>> {
    let cuts = prop::collection::btree_set(second(), 0..5);
    (cuts, prop::collection::vec(prop::bool::weighted(0.8), 6)).prop_map(|(cuts, kept)| {
        let cuts: Vec<i64> = cuts.into_iter().collect();
        let from = std::iter::once(None).chain(cuts.iter().copied().map(Some));
        let until = cuts.iter().copied().map(Some).chain([None]);
        let all = from.zip(until).map(|(from, until)| Period { from, until });
        all.zip(kept).filter(|(_, kept)| *kept).map(|(period, _)| period).collect()
    })
}

fn dated<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T> + Clone) -> impl Strategy<Value = Vec<Dated<T>>> {
    (periods(), prop::collection::vec(value, 6)).prop_map(|(periods, values)| {
        periods.into_iter().zip(values).map(|(period, value)| Dated { value, period }).collect()
    })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(dated(0..6_i64), COLOURS.len()).prop_map(|all| {
        let mut out = Vec::new();
        for (colour, dated) in all.into_iter().enumerate() {
            for Dated { value: most, period } in dated {
                out.push(Row { id: i64::try_from(out.len()).unwrap(), colour, most, period });
            }
        }
        out
    })
}

pub fn history() -> impl Strategy<Value = History> {
    let parts = (rows(), dated(0..COLOURS.len()), dated(0..6_i64), dated(0..6_i64));
    (prop::sample::select(&BASES[..]), any::<[bool; 4]>(), parts).prop_map(
        |(base, by_day, (rows, entries, rules, values))| History { base, by_day, rows, entries, rules, values },
    )
}

const VOCABULARY: &str = "\
types: { colour: { values: [red, green, blue] } }
stages: [all]
reasons: { information-missing: all, rule-failed: all, inside: all, outside: all, listed: all, refused: all, nothing: all }
results:
  most: { type: integer, gist: what the row gives }
  reading: { type: integer, gist: the setting }
facts:
  colour: { type: colour, gist: a colour }
  number: { type: integer, gist: a number }
  day: { type: timestamp, gist: a second clock }
kinds:
  question: { gist: a question, facts: [colour, number, day], otherwise: nothing }
";

const MESSAGES: &str = "\
reason-information-missing = { $missing }
reason-rule-failed = { $error }
reason-inside = { $number } of { $limit_most }
reason-outside = { $number } of { $limit_most }
reason-listed = { $colour }
reason-refused = { $number }
reason-nothing = nothing
";

impl History {
    /// Texts of the bundle by path, below a folder (empty, or ending with `/`).
    pub fn texts(&self, folder: &str) -> Vec<(String, String)> {
        [
            ("bundle.yaml", self.manifest()),
            ("vocabulary.yaml", VOCABULARY.to_owned()),
            ("policy.yaml", self.policy()),
            (
                "messages.ftl",
                if self.rows.is_empty() { MESSAGES.replace("$limit_most", "$most") } else { MESSAGES.into() },
            ),
        ]
        .map(|(path, text)| (format!("{folder}{path}"), text))
        .into()
    }

    fn manifest(&self) -> String {
        let mut out = String::from("bundle: laws\nversion: \"1\"\nlanguages: [en]\nvocabulary: vocabulary.yaml\n");
        out.push_str("policies: [policy.yaml]\nmessages: { en: messages.ftl }\n");
        out.push_str("settings:\n  reading:\n    type: integer\n    default: 99\n");
        if !self.values.is_empty() {
            writeln!(out, "    dated-by: {}\n    dated:", clock(self.by_day[3])).unwrap();
            for Dated { value, period } in &self.values {
                let effective = self.effective(*period).unwrap_or_else(|| "{}".into());
                writeln!(out, "      - {{ value: {value}, effective: {effective} }}").unwrap();
            }
        }
        out
    }

    fn policy(&self) -> String {
        let mut out = String::from("policy: p\nrequest: question\n");
        if !self.entries.is_empty() {
            writeln!(out, "lists:\n  listed:\n    type: colour\n    dated-by: {}\n    entries:", clock(self.by_day[1]))
                .unwrap();
            for Dated { value, period } in &self.entries {
                writeln!(
                    out,
                    "      - {{ value: {}{} }}",
                    COLOURS[*value],
                    self.dating(*period, period.from.unwrap_or(-1))
                )
                .unwrap();
            }
        }
        if !self.rows.is_empty() {
            out.push_str("tables:\n  limit:\n    by: [colour]\n    gives: { most: integer }\n");
            writeln!(out, "    dated-by: {}\n    rows:", clock(self.by_day[0])).unwrap();
            for row in &self.rows {
                out.push_str(&self.row(row, 6));
            }
        }
        out.push_str("rules:\n  - { id: reading, results: { reading: settings.reading } }\n");
        if self.rows.is_empty() {
            out.push_str("  - { id: inside, when: { number: { at-most: 3 } }, permit: inside }\n");
            out.push_str(
                "  - { id: outside, when: { number: { more-than: 3 } }, deny: outside, results: { most: 3 } }\n",
            );
        } else {
            out.push_str("  - { id: inside, when: { number: { at-most: $limit.most } }, permit: inside, results: { most: limit.most } }\n");
            out.push_str("  - { id: outside, when: { number: { more-than: $limit.most } }, deny: outside, results: { most: limit.most } }\n");
        }
        let listed = if self.entries.is_empty() { "number: 77" } else { "colour: $listed" };
        writeln!(out, "  - {{ id: listed, when: {{ {listed} }}, deny: listed }}").unwrap();
        out.push_str("  - { id: refused, when: { number: 78 }, deny: refused }\n");
        for (at, Dated { value, period }) in self.rules.iter().enumerate() {
            let clock = clock(self.by_day[2]);
            let dating = self.dating(*period, 1000 + *value);
            writeln!(
                out,
                "  - {{ id: rule-{at}, dated-by: {clock}, when: {{ number: {value} }}, deny: refused{dating} }}"
            )
            .unwrap();
        }
        out
    }

    /// A row as it is written in a table, or in `add-rows`.
    pub fn row(&self, row: &Row, indent: usize) -> String {
        let Row { id, colour, most, period } = row;
        let (colour, dating) = (COLOURS[*colour], self.dating(*period, *id));
        format!("{:indent$}- {{ id: row-{id}, colour: {colour}, most: {most}{dating} }}\n", "")
    }

    /// `effective`, and on what it rests.
    pub fn dating(&self, period: Period, id: i64) -> String {
        let evidence = format!(", certainty: high, evidence: witness {id}");
        self.effective(period)
            .map_or_else(|| evidence.clone(), |effective| format!(", effective: {effective}{evidence}"))
    }

    pub fn effective(&self, period: Period) -> Option<String> {
        let ends = [("from", period.from), ("until", period.until)];
        let ends: Vec<String> =
            ends.iter().filter_map(|(key, end)| Some(format!("{key}: \"{}\"", self.bound((*end)?)))).collect();
        (!ends.is_empty()).then(|| format!("{{ {} }}", ends.join(", ")))
    }

    /// Whole days are written as dates.
    fn bound(&self, second: i64) -> String {
        if second % DAY == 0 { date(self.base, second) } else { stamp(self.base, second, "Z") }
    }
}

fn clock(by_day: bool) -> &'static str {
    if by_day { "day" } else { "at" }
}
