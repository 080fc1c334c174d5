//! The program and the interpreter give the same bytes: for every scenario, and for thousands made from them by leaving
//! out, exchanging and spoiling what they say, under the readings of every setting.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::string_slice, clippy::arithmetic_side_effects, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use clausal::{Answer, Engine, RequestError};
use serde_json::{Map, Value as Json};

/// Numbers that are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }
}

fn requests() -> Vec<Json> {
    let paths = common::files(&common::root().join("fixtures/decide"), ".yaml");
    paths.iter().map(|path| common::yaml(path)["request"].clone()).collect()
}

/// What is written of an answer, and what is asked of it.
fn bytes(answer: &Result<Answer, RequestError>) -> String {
    match answer {
        Ok(answer) => {
            // A line is written of words made ready, the tree of what every method of a decision tells.
            let lines = ["en", "ru"].map(|language| (answer.to_json_line(language), answer.to_json(language)));
            let codes: Vec<Vec<&str>> = answer.decisions().iter().map(|one| one.reason_codes().collect()).collect();
            let results: Vec<String> =
                answer.decisions().iter().map(|one| format!("{:?} {:?}", one.outcome(), one.results())).collect();
            let names: Vec<_> = answer.decisions().iter().map(|one| (one.id(), one.kind(), one.at())).collect();
            format!("{lines:?} {codes:?} {results:?} {names:?}")
        }
        Err(error) => format!("{error:?}"),
    }
}

/// What the reading of a program gives without words: cheaper, so that many more are compared.
fn brief(answer: &Result<Answer, RequestError>) -> String {
    match answer {
        Ok(answer) => answer.decisions().iter().fold(String::new(), |text, one| {
            let codes: Vec<&str> = one.reason_codes().collect();
            format!("{text}{:?} {:?} {codes:?} {:?};", one.id(), one.outcome(), one.results())
        }),
        Err(error) => format!("{error:?}"),
    }
}

#[track_caller]
fn agree(engine: &Engine, text: &str, form: fn(&Result<Answer, RequestError>) -> String) {
    let (fast, slow) = (engine.decide_json(text.as_bytes()), engine.interpret_json(text.as_bytes()));
    assert_eq!(form(&fast), form(&slow), "{text}");
    let mut line = "before ".to_owned();
    let outcome = engine.json_lines("ru").decide(text.as_bytes(), &mut line);
    let wanted = slow.as_ref().map(|answer| answer.to_json_line("ru")).unwrap_or_default();
    assert_eq!((line, outcome.ok()), (format!("before {wanted}"), slow.ok().map(|answer| answer.outcome())), "{text}");
}

/// All places of a request, as paths of keys and positions.
fn places(value: &Json, at: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Json)> = match value {
        Json::Object(map) => map.iter().map(|(key, below)| (key.clone(), below)).collect(),
        Json::Array(items) => items.iter().enumerate().map(|(n, below)| (n.to_string(), below)).collect(),
        _ => Vec::new(),
    };
    for (key, below) in children {
        at.push(key);
        out.push(at.clone());
        places(below, at, out);
        at.pop();
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|key| format!("/{key}")).collect()
}

const ODD: [&str; 42] = [
    "\" Widgets \"",
    "\" DE\"",
    "\"2021-06-20T23:59:60Z\"",
    "\"2021-02-29T10:00:00Z\"",
    "\"2021-06-20t10:00:00z\"",
    "\"2021-06-20T10:00:00.123456789Z\"",
    "\"0000-06-20T10:00:00Z\"",
    "\"P1M15DT36H\"",
    "null",
    "true",
    "false",
    "0",
    "-1",
    "7",
    "-0",
    "1.5",
    "1e3",
    "99999999999999999999",
    "\"\"",
    "\"  \"",
    "\"DE\"",
    "\"Guinea\"",
    "\"Georgia\"",
    "\"Congo\"",
    "\"Widgets\"",
    "\"admin-agent\"",
    "[\"global-admin\"]",
    "[\"Admin agent\", \"nobody\"]",
    "[]",
    "{}",
    "\"P1M\"",
    "\"P3Y\"",
    "\"2021-06-10\"",
    "\"2021-06-10T00:00:00Z\"",
    "\"2021-07-11T09:00:00.5+02:00\"",
    "\"0.00\"",
    "\"-5\"",
    "\"tab\\there\"",
    "\"a\\u0001b\"",
    "\"Réunion\"",
    "\"cancelled\"",
    "\"JPY\"",
];

/// A request with one to three changes.
fn changed(dice: &mut Dice, all: &[Json]) -> String {
    let mut request = all[dice.below(all.len())].clone();
    for _ in 0..=dice.below(3) {
        let mut found = Vec::new();
        places(&request, &mut Vec::new(), &mut found);
        if found.is_empty() {
            break;
        }
        let path = found[dice.below(found.len())].clone();
        match dice.below(10) {
            0..4 => remove(&mut request, &path),
            4..6 => {
                let odd: Json = serde_json::from_str(ODD[dice.below(ODD.len())]).unwrap();
                *request.pointer_mut(&pointer(&path)).unwrap() = odd;
            }
            _ => {
                // What another request says at the same place.
                let other = &all[dice.below(all.len())];
                if let Some(value) = other.pointer(&pointer(&path)) {
                    *request.pointer_mut(&pointer(&path)).unwrap() = value.clone();
                }
            }
        }
    }
    written(dice, &request)
}

fn remove(request: &mut Json, path: &[String]) {
    let (last, above) = path.split_last().unwrap();
    match request.pointer_mut(&pointer(above)) {
        Some(Json::Object(map)) => drop(map.remove(last)),
        Some(Json::Array(items)) => drop(items.remove(last.parse().unwrap())),
        _ => {}
    }
}

/// Written in some order, sometimes with white space, sometimes with a key twice.
fn written(dice: &mut Dice, request: &Json) -> String {
    let Json::Object(map) = request else { return request.to_string() };
    let mut entries: Vec<(&String, &Json)> = map.iter().collect();
    if dice.below(2) == 0 {
        entries.sort_by_key(|(key, _)| *key != "kind");
    }
    let mut lines: Vec<String> =
        entries.iter().map(|(key, value)| format!("{}: {value}", Json::from(key.as_str()))).collect();
    if dice.below(50) == 0 && !lines.is_empty() {
        lines.push(lines[dice.below(lines.len())].clone());
    }
    let text = format!("{{{}}}", lines.join(if dice.below(2) == 0 { "," } else { " ,\n\t" }));
    match dice.below(60) {
        0 => text[..text.floor_char_boundary(dice.below(text.len()))].to_owned(),
        1 => format!("{text} x"),
        _ => text,
    }
}

fn engines() -> Vec<Engine> {
    let plain = Engine::embedded().unwrap();
    let timeline = Engine::load(common::root().join("policies/csp-timeline")).unwrap();
    let mut out = vec![plain.clone(), timeline];
    for (name, setting) in &plain.checked().settings {
        for choice in &setting.choices {
            if *choice != setting.value {
                out.push(Engine::builder().setting(name.to_string(), choice.to_string()).build().unwrap());
            }
        }
    }
    out
}

#[test]
fn scenarios_are_decided_alike() {
    let engine = Engine::embedded().unwrap();
    let timeline = Engine::load(common::root().join("policies/csp-timeline")).unwrap();
    let (mut read, all) = (0, requests());
    for request in &all {
        let text = request.to_string();
        agree(&engine, &text, bytes);
        agree(&timeline, &text, bytes);
        read += usize::from(engine.prepare(text.as_bytes()).is_some());
    }
    // The others fan out or spell something with an escape.
    assert!(read * 4 > all.len() * 3, "the program reads only {read} of {} scenarios", all.len());
}

#[test]
fn changed_requests_are_decided_alike() {
    let (engine, all, mut dice) = (Engine::embedded().unwrap(), requests(), Dice(1));
    let mut read = 0;
    for _ in 0..3_000 {
        let text = changed(&mut dice, &all);
        read += usize::from(engine.prepare(text.as_bytes()).is_some());
        agree(&engine, &text, brief);
    }
    assert!(read > 1_000, "the program read only {read} of 3000");
    for _ in 0..300 {
        agree(&engine, &changed(&mut dice, &all), bytes);
    }
}

/// Each place of the fullest request of each kind, with each odd value: chance leaves too many of these out.
#[test]
fn every_place_takes_every_odd_value_alike() {
    let engine = Engine::embedded().unwrap();
    let mut fullest: BTreeMap<String, (Json, Vec<Vec<String>>)> = BTreeMap::new();
    for request in requests() {
        let mut found = Vec::new();
        places(&request, &mut Vec::new(), &mut found);
        let plain = engine.prepare(request.to_string().as_bytes()).is_some();
        let kept = fullest.get(request["kind"].as_str().unwrap_or_default()).map_or(0, |(_, kept)| kept.len());
        if plain && found.len() > kept {
            fullest.insert(request["kind"].as_str().unwrap().to_owned(), (request, found));
        }
    }
    assert_eq!(fullest.len(), engine.checked().kinds.len(), "a plain request of each kind");
    for (request, found) in fullest.values() {
        for path in found {
            for odd in ODD {
                let mut request = request.clone();
                *request.pointer_mut(&pointer(path)).unwrap() = serde_json::from_str(odd).unwrap();
                agree(&engine, &request.to_string(), brief);
            }
        }
    }
}

#[test]
fn a_prepared_request_is_decided_like_its_text() {
    let (engine, all) = (Engine::embedded().unwrap(), requests());
    let mut seen = 0;
    for request in &all {
        let text = request.to_string();
        if let Some(prepared) = engine.prepare(text.as_bytes()) {
            seen += 1;
            assert_eq!(bytes(&prepared.decide(&engine)), bytes(&engine.interpret_json(text.as_bytes())), "{text}");
        }
    }
    assert!(seen > 100, "only {seen} were prepared");
}

#[test]
#[ignore = "minutes: every reading of every setting, a million pairs"]
fn a_million_pairs_agree() {
    let (engines, all, mut dice) = (engines(), requests(), Dice(2));
    assert!(engines.len() > 20, "only {} readings", engines.len());
    for at in 0..1_000_000 {
        agree(&engines[at % engines.len()], &changed(&mut dice, &all), brief);
    }
}

/// A bundle with more rules than one block holds, so that rules are found by what a request says.
fn large(rules: usize) -> Engine {
    let codes = |letter: char| (0..20).map(|n| format!("{letter}{n}")).collect::<Vec<_>>().join(", ");
    let rule = |at: usize| {
        let (market, product, least) = (at % 20, at / 20 % 20, at % 5);
        let test = match at % 4 {
            0 => format!("market: m{market}, amount: {{ more-than: {least} }}"),
            1 => format!("market: m{market}, product: p{product}"),
            2 => format!("market: [m{market}, m0], product: {{ not: p{product} }}, amount: {least}"),
            _ => format!("product: p{product}, tags: {{ any: [m{market}] }}"),
        };
        let effect = ["deny: too-much", "permit: fine", "refer: ask-us", "deny: other"][at / 4 % 4];
        format!("  - id: rule-{at}\n    clauses: [1]\n    when: {{ {test} }}\n    {effect}\n")
    };
    let vocabulary = format!(
        "types:\n  market: {{ values: [{}], unrecognised: ask }}\n  product: {{ values: [{}], unrecognised: other }}\nstages: [order]\n\
         reasons:\n  information-missing: order\n  rule-failed: order\n  too-much: order\n  other: order\n  fine: order\n  ask-us: order\n  \
         nothing: order\nfacts:\n  market: {{ type: market, gist: Where. }}\n  product: {{ type: product, gist: What. }}\n  amount: {{ \
         type: integer, gist: How many. }}\n  tags: {{ type: set of market, absent: optional, gist: More. }}\nkinds:\n  order:\n    gist: \
         An order.\n    facts: [market, product, amount, tags]\n    otherwise: nothing\n",
        codes('m'),
        codes('p')
    );
    let reasons = ["information-missing", "rule-failed", "too-much", "other", "fine", "ask-us", "nothing"];
    built(&vocabulary, &(0..rules).map(rule).collect::<String>(), &reasons)
}

/// An engine of this vocabulary and these rules; a reason may bring its message.
fn built(vocabulary: &str, rules: &str, reasons: &[&str]) -> Engine {
    let message = |reason: &&str| match reason.split_once(" = ") {
        Some(_) => format!("reason-{reason}\n"),
        None => format!("reason-{reason} = {reason}.\n"),
    };
    let messages: String = reasons.iter().map(message).collect();
    let source = "source: law\ntitle: { en: Law }\npublished: \"2021-06-02\"\nsections:\n  - { id: s, title: { en: S } }\nclauses:\n  \
                  - { clause: 1, section: s, normative: true, gist: { en: One. } }\n";
    let policy = format!("policy: all\nrequest: order\nsource: law\nrules:\n{rules}");
    let manifest = "bundle: large\nversion: \"1\"\nlanguages: [en]\nvocabulary: vocabulary.yaml\nsources: [law.yaml]\npolicies: \
                    [all.yaml]\nmessages: { en: en.ftl }\n";
    let files = [
        ("bundle.yaml", manifest),
        ("vocabulary.yaml", vocabulary),
        ("law.yaml", source),
        ("all.yaml", &policy),
        ("en.ftl", &messages),
    ];
    Engine::builder().texts(files.map(|(path, text)| (path.to_owned(), text.to_owned()))).build().unwrap()
}

#[test]
fn many_rules_are_found_by_what_a_request_says() {
    let (engine, mut dice) = (large(900), Dice(3));
    for _ in 0..400 {
        let mut request = Map::from_iter([("kind".to_owned(), "order".into()), ("at".to_owned(), "2021-07-01".into())]);
        for (key, letter) in [("market", 'm'), ("product", 'p')] {
            if dice.below(12) > 0 {
                request.insert(key.into(), format!("{letter}{}", dice.below(21)).into());
            }
        }
        if dice.below(12) > 0 {
            request.insert("amount".into(), dice.below(8).into());
        }
        if dice.below(2) > 0 {
            request.insert("tags".into(), vec![format!("m{}", dice.below(20)), "m1".to_owned()].into());
        }
        agree(&engine, &Json::Object(request).to_string(), brief);
    }
}

/// Many truths, each with a rule of its own: more states than are kept.
#[test]
fn more_states_than_are_kept_are_decided_alike() {
    const TRUTHS: usize = 14;
    let truths = (0..TRUTHS).map(|n| format!("  t{n}: {{ type: boolean, default: false, gist: One. }}\n"));
    let names = (0..TRUTHS).map(|n| format!("t{n}")).collect::<Vec<_>>().join(", ");
    let vocabulary = format!(
        "types: {{}}\nstages: [order]\nreasons:\n  information-missing: order\n  rule-failed: order\n  too-much: order\n  fine: order\n  \
         nothing: order\nfacts:\n{}kinds:\n  order:\n    gist: An order.\n    facts: [{names}]\n    otherwise: nothing\n",
        truths.collect::<String>()
    );
    let deny = |n| format!("  - id: rule-{n}\n    clauses: [1]\n    when: {{ t{n}: true }}\n    deny: too-much\n");
    let permit = "  - id: fine\n    clauses: [1]\n    when: { t0: false }\n    permit: fine\n";
    let rules = (0..TRUTHS).map(deny).collect::<String>() + permit;
    let engine = built(&vocabulary, &rules, &["information-missing", "rule-failed", "too-much", "fine", "nothing"]);
    for bits in (0_usize..1 << TRUTHS).step_by(3) {
        let mut request = Map::from_iter([("kind".to_owned(), "order".into()), ("at".to_owned(), "2021-07-01".into())]);
        request.extend((0..TRUTHS).map(|n| (format!("t{n}"), (bits >> n & 1 == 1).into())));
        agree(&engine, &Json::Object(request).to_string(), brief);
    }
}

/// What is used twice by what is used twice, and so on: as many paths through a script as there is no room for.
#[test]
fn a_script_of_many_paths_is_compiled_once_for_each_of_its_parts() {
    let vocabulary = "types: {}\nstages: [order]\nreasons:\n  information-missing: order\n  rule-failed: order\n  too-much: order\n  \
                      fine: order\n  nothing: order\nfacts:\n  n: { type: integer, gist: A number. }\nkinds:\n  order:\n    gist: \
                      An order.\n    facts: [n]\n    otherwise: nothing\n";
    let lets: String = (1..40).map(|at| format!("let a{at} = a{} + a{}; ", at - 1, at - 1)).collect();
    let rules = format!(
        "  - id: too-much\n    clauses: [1]\n    when: {{ script: \"let a0 = n + n; {lets}a39 > 5\" }}\n    deny: too-much\n  \
         - id: fine\n    clauses: [1]\n    when: {{ n: {{ at-most: 0 }} }}\n    permit: fine\n"
    );
    let engine = built(vocabulary, &rules, &["information-missing", "rule-failed", "too-much", "fine", "nothing"]);
    for n in [-1, 0, 1, 8_388_608] {
        agree(&engine, &format!(r#"{{"kind": "order", "at": "2021-07-01", "n": {n}}}"#), brief);
    }
}

#[test]
fn scripts_that_are_deep_or_build_on_one_another_do_not_exhaust_the_stack() {
    let lets = |from: &str, count: usize| {
        let more = " + 1".repeat(16);
        let steps: String = (1..count).map(|at| format!("let a{at} = a{}{more}; ", at - 1)).collect();
        format!("let a0 = {from} + 1; {steps}a{}", count - 1)
    };
    // Each fact is within the bounds of a script; all of them are thousands of additions, one on another.
    let facts: String = (1..17)
        .map(|at| {
            let from = if at == 1 { "n".to_owned() } else { format!("b{}", at - 1) };
            format!("  b{at}: {{ type: integer, gist: More., script: \"{}\" }}\n", lets(&from, 60))
        })
        .collect();
    let names: Vec<String> = (1..17).map(|at| format!("b{at}")).collect();
    let vocabulary = format!(
        "types: {{}}\nstages: [order]\nreasons:\n  information-missing: order\n  rule-failed: order\n  too-much: order\n  fine: \
         order\n  nothing: order\nfacts:\n  n: {{ type: integer, gist: A number. }}\n{facts}kinds:\n  order:\n    gist: An \
         order.\n    facts: [n, {}]\n    otherwise: nothing\n",
        names.join(", ")
    );
    let rules = String::from(
        "  - id: too-much\n    clauses: [1]\n    when: { script: b16 > 15000 }\n    deny: too-much\n  - id: fine\n    clauses: \
         [1]\n    when: { n: { at-most: 0 } }\n    permit: fine\n",
    );
    let engine = built(&vocabulary, &rules, &["information-missing", "rule-failed", "too-much", "fine", "nothing"]);
    let told = engine.certificates();
    let why = told.iter().flat_map(|kind| &kind.scripts).find_map(|script| script.interpreted.as_deref());
    assert_eq!(why, Some("too many of its steps build on one another"));
    for n in [-1, 0, 1, 8_388_608] {
        agree(&engine, &format!(r#"{{"kind": "order", "at": "2021-07-01", "n": {n}}}"#), brief);
    }
}

/// A script fails with a derived fact that it reads, whether it comes to use it or not, and also where it waits for another.
#[test]
fn a_derived_fact_that_fails_is_noticed_by_whatever_reads_it() {
    let vocabulary = "types: {}\nstages: [order]\nreasons:\n  information-missing: order\n  rule-failed: order\n  too-much: \
                      order\n  fine: order\n  nothing: order\nresults:\n  share: { type: decimal }\nfacts:\n  n: { type: integer, \
                      gist: A number. }\n  u: { type: integer, gist: Another. }\n  x: { type: integer, absent: optional, gist: A \
                      third. }\n  y: { type: integer, default: 1, gist: A fourth. }\n  part: { type: integer, gist: A part., script: \
                      \"10 / n\" }\n  some: { type: integer, gist: Some., script: \"if y == 1 { 7 } else { part }\" }\n  both: { \
                      type: integer, gist: Both., script: \"part + u\" }\nkinds:\n  order:\n    gist: An order.\n    facts: [n, u, \
                      x, y, part, some, both]\n    otherwise: nothing\n";
    let conditions = [
        "{ script: \"x != () && part > 3\" }",
        "{ script: \"y == 1 || part > 3\" }",
        "{ script: \"part > 3 && u > 1\" }",
        "{ script: \"u > 1 && part > 3\" }",
        "{ script: \"both > 3 || u > 1\" }",
        "{ some: 7 }",
        "{ some: { at-least: 3, less-than: 9 } }",
        "{ both: { at-least: 3 }, u: { at-most: 5 } }",
    ];
    for (deny, permit) in conditions.iter().flat_map(|deny| conditions.iter().map(move |permit| (deny, permit))) {
        let rules = format!(
            "  - id: too-much\n    clauses: [1]\n    when: {deny}\n    deny: too-much\n  - id: fine\n    clauses: [1]\n    when: \
             {permit}\n    permit: fine\n    results: {{ share: \"if y == 1 {{ decimal(u) }} else {{ decimal(part) }}\" }}\n"
        );
        let engine = built(vocabulary, &rules, &["information-missing", "rule-failed", "too-much", "fine", "nothing"]);
        for said in
            ["\"n\": 0", "\"n\": 2", "\"n\": 2, \"u\": 3", "\"n\": 0, \"u\": 3", "\"u\": 3", "\"u\": 0, \"n\": 20"]
        {
            for more in ["", ", \"x\": 1", ", \"y\": 2", ", \"x\": 1, \"y\": 2"] {
                agree(&engine, &format!(r#"{{"kind": "order", "at": "2021-07-01", {said}{more}}}"#), bytes);
            }
        }
    }
}

/// What is rounded again and again is found once at each step, also where its digits are too many for a word.
#[test]
fn quotients_of_quotients_are_computed_once() {
    let vocabulary = "types: {}\nstages: [order]\nreasons:\n  information-missing: order\n  rule-failed: order\n  fine: order\n  \
                      nothing: order\nresults:\n  share: { type: decimal }\nfacts:\n  n: { type: decimal, gist: A number. \
                      }\nkinds:\n  order:\n    gist: An order.\n    facts: [n]\n    otherwise: nothing\n";
    let lets: String = (1..60).map(|at| format!("let a{at} = round_half_up(a{} / decimal(1), 2); ", at - 1)).collect();
    let rules = format!(
        "  - id: fine\n    clauses: [1]\n    permit: fine\n    results: {{ share: \"let a0 = n; {lets}a59\" }}\n"
    );
    let engine = built(vocabulary, &rules, &["information-missing", "rule-failed", "fine", "nothing"]);
    for n in ["1.5", "12345678901234567890.12"] {
        agree(&engine, &format!(r#"{{"kind": "order", "at": "2021-07-01", "n": "{n}"}}"#), bytes);
    }
}

/// Numbers at the ends of what there is, also in words.
#[test]
fn the_smallest_numbers_are_told() {
    let vocabulary = "types: {}\nstages: [order]\nreasons:\n  information-missing: order\n  rule-failed: order\n  fine: order\n  \
                      nothing: order\nresults:\n  share: { type: integer }\n  price: { type: decimal }\nfacts:\n  n: { type: \
                      integer, gist: A number. }\n  d: { type: decimal, gist: A price. }\nkinds:\n  order:\n    gist: An \
                      order.\n    facts: [n, d]\n    otherwise: nothing\n";
    let rules =
        "  - id: fine\n    clauses: [1]\n    permit: fine\n    results: { share: n * 16, price: { script: d } }\n";
    let words = "fine = The share is { $share }, the price { $price }.";
    let engine = built(vocabulary, rules, &["information-missing", "rule-failed", words, "nothing"]);
    for n in [i64::MIN / 16, i64::MAX / 16, i64::MIN, 0, -1] {
        for d in ["-9223372036854775808", "9223372036854775807", "0.0000000000000000000000000001", "-0.00", "-0.5", "7"]
        {
            agree(&engine, &format!(r#"{{"kind": "order", "at": "2021-07-01", "n": {n}, "d": "{d}"}}"#), bytes);
        }
    }
}

/// Comparisons with a bound that nothing reaches, beside others: what the program leaves out makes no difference.
#[test]
fn bounds_that_nothing_reaches_make_no_difference() {
    let derived = [
        ("age", "max(days_between(date(bought), date(at)), 0)"),
        ("seconds", "0 - seconds_between(at, bought)"),
        ("part", "10 / n"),
        ("both", "part + days_between(date(bought), date(at))"),
        ("row", "if n == 0 { 10 / n } else { n }"),
        ("some", "max(row ?? 5, 0)"),
    ];
    let facts: String = derived
        .map(|(name, script)| format!("  {name}: {{ type: integer, gist: Derived., script: \"{script}\" }}\n"))
        .concat();
    let vocabulary = format!(
        "types:\n  product: {{ values: [shirt, shoe, hat], unrecognised: ask }}\nstages: [order]\nreasons:\n  \
         information-missing: order\n  rule-failed: order\n  too-much: order\n  fine: order\n  nothing: order\nfacts:\n  product: \
         {{ type: product, gist: What. }}\n  bought: {{ type: timestamp, gist: When. }}\n  sent: {{ type: timestamp, absent: \
         optional, gist: When. }}\n  n: {{ type: integer, gist: How many. }}\n{facts}kinds:\n  order:\n    gist: An order.\n    \
         facts: [product, bought, sent, n, age, seconds, part, both, row, some]\n    otherwise: nothing\n"
    );
    let conditions = [
        "{ age: { at-most: $window.calendar_days }, seconds: { at-most: $window.seconds }, at: { at-most: $window.last_instant } \
         }",
        "{ any-of: [{ age: { more-than: $window.calendar_days } }, { seconds: { more-than: $window.seconds } }, { at: { \
         more-than: $window.last_instant } }] }",
        "{ not: { age: { at-most: $window.full_days }, seconds: { at-most: $window.full_seconds } } }",
        "{ age: { at-most: $window.full_days }, seconds: { at-most: $window.full_seconds } }",
        "{ not: { seconds: { at-most: $window.seconds } } }",
        "{ not: { seconds: { more-than: $window.seconds } }, at: { at-most: $window.last_instant } }",
        "{ any-of: [{ n: 2, seconds: { more-than: $window.seconds } }, { n: 2, bought: { more-than: $window.last_instant } }] \
         }",
        "{ any-of: [{ seconds: { more-than: 999999999999 } }, { age: { more-than: 5 } }] }",
        "{ seconds: { at-most: 999999999999 }, sent: { at-most: $window.last_instant } }",
        "{ not: { bought: { more-than: $window.last_instant } }, n: { at-least: 1 } }",
        "{ part: { at-least: 3 }, seconds: { more-than: 999999999999 } }",
        "{ any-of: [{ part: { at-least: 3 }, seconds: { more-than: $window.seconds } }, { part: { at-least: 3 }, age: { at-least: \
         $window.full_days } }] }",
        "{ any-of: [{ part: { at-least: 3 }, seconds: { more-than: $window.seconds } }, { age: { at-most: $window.full_days } }] \
         }",
        "{ both: { at-most: $window.days }, age: { at-most: $window.full_days } }",
        "{ any-of: [{ both: { at-most: $window.days }, seconds: { more-than: $window.seconds } }, { age: { at-most: \
         $window.full_days } }] }",
        "{ age: { at-most: $window.calendar_days }, seconds: { more-than: 999999999999 } }",
        "{ any-of: [{ seconds: { more-than: $window.seconds } }, { n: { at-least: 3 } }] }",
        "{ some: { at-most: $window.full_days }, age: { at-most: $window.calendar_days } }",
        "{ any-of: [{ some: { less-than: 0 }, n: { at-least: 1 } }, { row: { at-least: 3 }, n: { at-least: 1 } }] }",
        "{ some: { at-least: 0 }, row: { at-least: 1 } }",
        "{ any-of: [{ not: { seconds: { more-than: $window.seconds } } }, { n: { at-least: 1 } }] }",
    ];
    let windows = "tables:\n  window:\n    by: [product]\n    gives: window\n    dated-by: bought\n    rows:\n      - { id: \
                   some-days, product: [shirt, shoe], within: P30D, clauses: [1] }\n";
    let at = ["2021-07-01T09:00:00Z", "2021-07-01", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.9999995Z"];
    let bought = [
        "",
        r#", "bought": "2021-06-20T12:00:00Z""#,
        r#", "bought": "2021-05-20T12:00:00Z""#,
        r#", "bought": "9999-12-31""#,
    ];
    let said = [
        "",
        r#", "product": "shirt""#,
        r#", "product": "hat", "sent": "2021-06-30""#,
        r#", "product": "shoe", "n": 2"#,
        r#", "product": "shoe", "n": 0"#,
    ];
    let pairs = (0..conditions.len()).flat_map(|at| [0, 1, 5].map(|by| (at, (at + by) % conditions.len())));
    for (deny, permit) in pairs.map(|(deny, permit)| (conditions[deny], conditions[permit])) {
        let rules = format!(
            "  - id: too-much\n    clauses: [1]\n    when: {deny}\n    deny: too-much\n  - id: fine\n    clauses: [1]\n    when: \
             {permit}\n    permit: fine\n{windows}"
        );
        let engine = built(&vocabulary, &rules, &["information-missing", "rule-failed", "too-much", "fine", "nothing"]);
        for (at, bought) in at.iter().flat_map(|at| bought.iter().map(move |bought| (at, bought))) {
            for said in said {
                agree(&engine, &format!(r#"{{"kind": "order", "at": "{at}"{bought}{said}}}"#), bytes);
            }
        }
    }
}
