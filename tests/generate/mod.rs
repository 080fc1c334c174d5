//! Small bundles, made by chance and always the same: every form of condition, effect, table, list and date.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fmt::Write;

use clausal::assure::space::Space;

/// Numbers that look like chance.
pub struct Dice(pub u64);

impl Dice {
    pub fn up_to(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    pub fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.up_to(all.len())]
    }
}

const VOCABULARY: &str = r#"
types:
  colour: { values: [red, green, blue], unrecognised: ask }
  shape: { values: [round, square], unrecognised: other }
  badge: { values: [gold, silver, tin], unrecognised: ignore }
  mark: { values: [a, b], unrecognised: ask }
stages: [only]
reasons:
  information-missing: only
  rule-failed: only
  r1: only
  r2: only
  r3: only
  none: only
results:
  points: { type: integer, gist: Points. }
facts:
  colour: { type: colour, gist: Colour. }
  shape: { type: shape, absent: optional, gist: Shape. }
  other_shape: { type: shape, absent: { from: shape }, gist: Another shape. }
  badges: { type: set of badge, gist: Badges. }
  marks: { type: set of mark, absent: optional, gist: Marks. }
  level: { type: integer, at-least: 0, gist: Level. }
  price: { type: decimal, absent: optional, gist: Price. }
  made: { type: date, gist: Made. }
  bought: { type: timestamp, absent: optional, gist: Bought. }
  note: { type: text, absent: optional, gist: Note. }
  second_note: { type: text, absent: optional, gist: Another. }
  vip: { type: boolean, default: false, gist: VIP. }
  age: { type: integer, script: "days_between(made, date(at))", gist: Age. }
  tone: { type: colour, script: 'if settings.mode == "x" { colour } else { () }', gist: Tone. }
  score: { type: integer, script: "100 / level", gist: Score. }
kinds:
  sale:
    gist: A sale.
    facts: [colour, shape, other_shape, badges, marks, level, price, made, bought, note, second_note, vip]
    contradictions:
      - { when: { colour: red, vip: true, level: 7 }, path: level, message: odd }
    otherwise: none
"#;

/// Every form of matcher.
fn matcher(dice: &mut Dice, scripts: bool) -> String {
    let n = dice.up_to(6);
    let number = ["0", "1", "3", "5", "10"][dice.up_to(5)];
    let word = dice.of(&["at-least", "at-most", "more-than", "less-than"]);
    let is = dice.of(&["true", "false"]);
    let choices = if scripts { 24 } else { 19 };
    match dice.up_to(choices) {
        0 => format!("colour: {}", dice.of(&["red", "green", "[red, blue]", "{ not: blue }", "$warm"])),
        1 => format!("shape: {}", dice.of(&["round", "{ not: round }", "{ known: false }", "{ present: false }"])),
        2 => format!("other_shape: {}", dice.of(&["square", "{ not: [square] }"])),
        3 => format!(
            "badges: {{ {}: [{}] }}",
            dice.of(&["any", "all", "none"]),
            dice.of(&["gold", "gold, silver", "tin"])
        ),
        4 => format!(
            "marks: {}",
            dice.of(&["{ any: [a] }", "{ none: [a, b] }", "{ present: true }", "{ not: { any: [b] } }"])
        ),
        5 | 6 => format!("level: {{ {word}: {number} }}"),
        7 => format!("price: {{ {word}: \"{number}.50\" }}"),
        8 => format!("made: {{ {word}: \"2021-0{}-01\" }}", n + 1),
        9 => format!("bought: {{ {word}: \"2021-0{}-01T1{n}:00:00Z\" }}", n + 1),
        10 => format!("bought: {{ present: {is} }}"),
        11 => format!("note: {}", dice.of(&["hello", "[hello, bye]", "{ present: true }", "{ not: bye }"])),
        12 => format!("vip: {is}"),
        13 => format!("settings.mode: {}", dice.of(&["x", "\"y\"", "[x, \"y\"]"])),
        14 => format!("level: {{ {word}: $scale.limit }}"),
        15 => format!("at: {{ {word}: \"2021-0{}-10\" }}", n + 1),
        16 => format!("price: {{ at-least: \"1.50\", not: {{ at-least: \"{number}.00\" }} }}"),
        17 => format!("tone: {}", dice.of(&["red", "[green, blue]", "{ not: red }"])),
        18 => format!(
            "script: '{}'",
            dice.of(&[
                "level > 3 && !vip",
                "shape == () || shape == \"round\"",
                "settings.mode == \"y\" && level == 5",
                "colour in [\"red\", \"green\"]",
            ])
        ),
        19 => format!("age: {{ {word}: {} }}", n * 31),
        20 => "script: 'note != () && second_note != () && note == second_note'".to_owned(),
        21 => format!("score: {{ {word}: {} }}", n * 10),
        22 => "script: 'badges != () && \"gold\" in badges && level > 1'".to_owned(),
        _ => "script: 'bought != () && is_after(bought, at)'".to_owned(),
    }
}

fn condition(dice: &mut Dice, depth: usize, scripts: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    for _ in 0..=dice.up_to(2) {
        let part = match dice.up_to(if depth == 0 { 4 } else { 7 }) {
            4 => format!("not: {}", condition(dice, depth - 1, scripts)),
            5 | 6 => {
                let (a, b) = (condition(dice, depth - 1, scripts), condition(dice, depth - 1, scripts));
                format!("any-of: [{a}, {b}]")
            }
            _ => matcher(dice, scripts),
        };
        let key = part.split(':').next().unwrap().to_owned();
        let repeats = parts.iter().any(|known| known.split(':').next() == Some(&key));
        let tests_knowledge_inside = depth < 2 && part.contains("known: false");
        if !repeats && !tests_knowledge_inside {
            parts.push(part);
        }
    }
    if parts.is_empty() {
        parts.push("vip: true".into());
    }
    format!("{{ {} }}", parts.join(", "))
}

fn effective(dice: &mut Dice) -> String {
    match dice.up_to(4) {
        0 => format!("    effective: {{ from: \"2021-0{}-01\" }}\n", 1 + dice.up_to(5)),
        1 => format!("    effective: {{ from: \"2021-01-01\", until: \"2021-0{}-15\" }}\n", 2 + dice.up_to(5)),
        _ => String::new(),
    }
}

fn rule(n: usize, dice: &mut Dice, scripts: bool) -> String {
    let mut out = format!("  - id: rule-{n}\n{}", effective(dice));
    let when = condition(dice, 2, scripts);
    let reason = dice.of(&["r1", "r2", "r3"]);
    let effect = dice.up_to(8);
    // A permit may not decide by whether a fact is known.
    let plain = |when: String| if when.contains("known: ") { "{ vip: true }".to_owned() } else { when };
    match effect {
        0..=2 => write!(out, "    when: {}\n    permit: {reason}\n", plain(when)).unwrap(),
        3 | 4 => write!(out, "    when: {when}\n    deny: {reason}\n").unwrap(),
        5 => write!(out, "    when: {}\n    refer: {reason}\n", plain(when)).unwrap(),
        6 => {
            let needed = plain(condition(dice, 1, scripts));
            write!(out, "    when: {}\n    ask: {needed}\n    else: {reason}\n", plain(when)).unwrap();
        }
        _ => writeln!(out, "    when: {}", plain(when)).unwrap(),
    }
    if effect == 7 || dice.up_to(3) == 0 {
        writeln!(out, "    results: {{ points: {} }}", dice.of(&["1", "2", "level", "100 / (level + 1)"])).unwrap();
    }
    if dice.up_to(3) == 0 {
        writeln!(out, "    obligations: [{}]", dice.of(&["o1", "o2", "o1, o2"])).unwrap();
    }
    out
}

pub fn bundle(seed: u64) -> Vec<(String, String)> {
    bundle_with(seed, 2 + (seed % 7) as usize, true)
}

pub fn bundle_with(seed: u64, rules: usize, scripts: bool) -> Vec<(String, String)> {
    let mut dice = Dice(seed.wrapping_mul(7919).wrapping_add(13));
    let dated = if dice.up_to(2) == 0 { ", dated-by: bought" } else { "" };
    let mut policy = format!(
        r#"policy: p
request: sale
lists:
  warm:
    type: colour
    entries: [red, {{ value: green, effective: {{ from: "2021-03-01" }} }}]
tables:
  scale:
    by: [colour, vip]
    gives: {{ limit: integer }}{}
    rows:
      - {{ colour: red, limit: {} }}
      - {{ colour: [green, blue], vip: true, limit: {} }}
      - {{ colour: green, vip: false, limit: 10, effective: {{ from: "2021-02-01" }} }}
obligations:
  o1: {{ by: someone }}
  o2: {{ by: someone }}
rules:
"#,
        dated.replace(", ", "\n    "),
        dice.up_to(6),
        dice.up_to(6),
    );
    for n in 0..rules {
        policy.push_str(&rule(n, &mut dice, scripts));
    }
    let mode = dice.of(&["x", "y"]);
    let manifest = format!(
        "bundle: small\nversion: \"1\"\nlanguages: [en]\nvocabulary: vocabulary.yaml\npolicies: [p.yaml]\nmessages: {{ en: en.ftl }}\nsettings:\n  mode: {{ type: text, default: \"{mode}\", choices: [x, \"y\"], gist: {{ en: Mode. }} }}\n"
    );
    let mut messages = String::new();
    for code in ["information-missing", "rule-failed", "r1", "r2", "r3", "none"] {
        writeln!(messages, "reason-{code} = {code}").unwrap();
    }
    messages.push_str("obligation-o1 = o1\nobligation-o2 = o2\ncontradiction-odd = odd\n");
    vec![
        ("bundle.yaml".into(), manifest),
        ("vocabulary.yaml".into(), VOCABULARY.into()),
        ("p.yaml".into(), policy),
        ("en.ftl".into(), messages),
    ]
}

/// A class for every variable, such that a request exists.
pub fn assignment(space: &Space<'_>, dice: &mut Dice) -> BTreeMap<usize, u32> {
    let mut out = BTreeMap::new();
    for (at, var) in space.vars.iter().enumerate() {
        out.insert(at, dice.up_to(var.classes.len()) as u32);
    }
    for (vars, found) in space.tied() {
        let row = found[dice.up_to(found.len())];
        out.extend(vars.iter().copied().zip(row.iter().copied()));
    }
    out
}
